/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.c - reading a manifest. */
#include "csv/manifest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MANIFEST_FILE, MANIFEST_ROWS };

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static const char *manifest_row(void *ctx, const char *const fields[])
{
    struct manifest *m = ctx;
    char *end;
    uint64_t n;

    errno = 0;
    n = strtoull(fields[MANIFEST_ROWS], &end, 10);
    if (errno || end == fields[MANIFEST_ROWS] || *end || fields[MANIFEST_ROWS][0] == '-')
        return "rows is a number";
    for (size_t f = 0; f < ALM_LEN(m->files); f++) {
        if (!m->files[f].path || strcmp(base_name(m->files[f].path), fields[MANIFEST_FILE]) != 0)
            continue;
        if (m->files[f].listed && m->files[f].rows != n)
            return "this file stands on an earlier line with another number";
        m->files[f].listed = true;
        m->files[f].rows = n;
    }
    return NULL;
}

static int manifest_whole(const struct manifest *m, const struct alm_sink *sink)
{
    int r = 0;

    for (size_t f = 0; f < ALM_LEN(m->files); f++) {
        if (!m->files[f].path || m->files[f].listed)
            continue;
        sink->report(sink->ctx, m->files[f].path, 0, "the manifest does not list this file");
        r = -EINVAL;
    }
    return r;
}

int manifest_read(struct manifest *m, const struct csv_config *c, const struct alm_sink *sink)
{
    const struct table t = { .path = c->manifest,
                             .label = c->manifest,
                             .n_columns = 2,
                             .columns = { { "file", true, "file" }, { "rows", true, "rows" } } };
    int r;

    memset(m, 0, sizeof(*m));
    if (!c->manifest[0])
        return 0;
    for (size_t f = 0; f < ALM_LEN(m->files); f++)
        m->files[f].path = c->files[f].given ? c->files[f].path : NULL;
    m->given = true;
    r = table_read(&t, sink->report, sink->ctx, manifest_row, m);
    if (r == TABLE_CHANGED)
        return -EAGAIN;
    if (r > 0)
        return -EINVAL;
    return r == 0 ? manifest_whole(m, sink) : r;
}

bool manifest_rows(const struct manifest *m, const char *path, uint64_t *rows)
{
    for (size_t f = 0; m->given && f < ALM_LEN(m->files); f++) {
        if (m->files[f].path && strcmp(m->files[f].path, path) == 0 && m->files[f].listed) {
            *rows = m->files[f].rows;
            return true;
        }
    }
    return false;
}
