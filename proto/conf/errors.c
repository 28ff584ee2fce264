/* SPDX-License-Identifier: Apache-2.0 */
/* errors.c - the errors of a run, gathered so that a person can mend all of them at once. */
#include "conf/conf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define CONF_ERRORS_KEPT 100
#define CONF_ERROR_MAX   512 /* bytes of one error with place and NUL; longer is cut */

struct conf_errors {
    char *text[CONF_ERRORS_KEPT];
    size_t n_kept, n_all;
};

int conf_errors_new(struct conf_errors **out)
{
    struct conf_errors *e = calloc(1, sizeof(*e));

    if (!e)
        return -ENOMEM;
    *out = e;
    return 0;
}

struct conf_errors *conf_errors_free(struct conf_errors *e)
{
    if (!e)
        return NULL;
    for (size_t i = 0; i < e->n_kept; i++)
        free(e->text[i]);
    free(e);
    return NULL;
}

void conf_errors_freep(struct conf_errors **e)
{
    *e = conf_errors_free(*e);
}

size_t conf_errors_count(const struct conf_errors *e)
{
    return e->n_all;
}

const char *conf_errors_at(const struct conf_errors *e, size_t i)
{
    return i < e->n_kept ? e->text[i] : NULL;
}

ALM_PRINTF(4, 0)
static void conf_errors_add(struct conf_errors *e, const char *file, unsigned line, const char *fmt,
                            va_list args)
{
    char text[CONF_ERROR_MAX];
    size_t room = sizeof(text);
    int n = 0;

    e->n_all++; /* counted whatever happens below: an error that cannot be kept is still an error */
    if (e->n_kept == CONF_ERRORS_KEPT)
        return;
    if (file && line)
        n = snprintf(text, room, "%s:%u: ", file, line);
    else if (file)
        n = snprintf(text, room, "%s: ", file); /* of the file as a whole */
    if (n < 0 || (size_t)n >= room)
        n = 0;
    (void)vsnprintf(text + n, room - (size_t)n, fmt, args);
    for (char *p = text; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?'; /* text quoted from a file must not move a terminal's cursor */
    }
    e->text[e->n_kept] = malloc(room);
    if (!e->text[e->n_kept])
        return;
    (void)snprintf(e->text[e->n_kept++], room, "%s", text);
}

void conf_fail(struct conf_errors *e, const struct conf_node *at, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    conf_errors_add(e, at ? conf_file(at) : NULL, at ? conf_line(at) : 0, fmt, args);
    va_end(args);
}

void conf_fail_at(struct conf_errors *e, const char *file, unsigned line, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    conf_errors_add(e, file, line, fmt, args);
    va_end(args);
}
