/* SPDX-License-Identifier: Apache-2.0 */
/* rejects.c - the rejects file. */
#include "rows/rejects.h"

#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REJECTS_BYTES_MAX (64u << 20)

void rejects_init(struct rejects *r, uint64_t most)
{
    *r = (struct rejects){ .most = most };
    buf_init(&r->text, REJECTS_BYTES_MAX);
}

void rejects_deinit(struct rejects *r)
{
    buf_deinit(&r->text);
}

bool rejects_add(struct rejects *r, const char *label, unsigned long line, const char *wrong)
{
    if (r->n >= r->most)
        return false;
    r->n++;
    buf_printf(&r->text, "%s:%lu: %s\n", label, line, wrong);
    return buf_status(&r->text) == 0;
}

int rejects_write(const struct rejects *r, const char *path, const struct alm_sink *sink)
{
    int e = file_write(path, buf_view(&r->text), 0600);
    char text[160];

    if (e == 0)
        return 0;
    (void)snprintf(text, sizeof(text), "the rejects file cannot be written: %s", strerror(-e));
    sink->report(sink->ctx, path, 0, text);
    return -EINVAL;
}
