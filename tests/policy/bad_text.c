/* SPDX-License-Identifier: Apache-2.0 */
#include "bad_text.h"
#include "fixture.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

char *bad_text(const char *text, const struct bad *b)
{
    const char *at = strstr(text, b->find);
    size_t before, size = strlen(text) + strlen(b->replace) + 1;
    char *out = malloc(size);

    if (!at)
        fail_msg("%s: the policy has no \"%s\"", b->name, b->find);
    assert_non_null(out);
    before = (size_t)(at - text);
    memcpy(out, text, before);
    (void)snprintf(out + before, size - before, "%s%s", b->replace, at + strlen(b->find));
    return out;
}

static unsigned line_of(const char *text, const char *what)
{
    const char *at = strstr(text, what);
    unsigned line = 1;

    if (!at)
        fail_msg("the changed text has no \"%s\"", what);
    for (const char *c = text; c < at; c++)
        line += *c == '\n';
    return line;
}

/* Does any of the errors say so, in that line? */
static bool said(const struct conf_errors *e, const char *text, const struct bad *b)
{
    char place[32] = ".policy:";

    if (b->line_of)
        (void)snprintf(place, sizeof(place), ".policy:%u: ", line_of(text, b->line_of));
    for (size_t i = 0; conf_errors_at(e, i); i++)
        if (strstr(conf_errors_at(e, i), b->says) &&
            (!b->line_of || strstr(conf_errors_at(e, i), place)))
            return true;
    return false;
}

void expect_errors(const char *text, const struct bad *table, size_t n)
{
    unsigned wrong = 0;

    for (size_t i = 0; i < n; i++) {
        ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
        ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
        char *bad = bad_text(text, &table[i]);

        buf_init(&out, 1 << 20);
        assert_int_equal(conf_errors_new(&e), 0);
        if (compile_text(bad, e, &out) != -EINVAL || out.len != 0 || !said(e, bad, &table[i])) {
            wrong++;
            print_message("# %s: %zu errors, the first: %s\n", table[i].name, conf_errors_count(e),
                          conf_errors_count(e) ? conf_errors_at(e, 0) : "none");
        }
        free(bad);
    }
    assert_int_equal(wrong, 0);
}
