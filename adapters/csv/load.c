/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - files into rows, in an order in which references are known. */
#include "csv/load.h"

#include "csv/manifest.h"
#include "rows/load.h"
#include "rows/rejects.h"

#include <errno.h>
#include <sys/stat.h>

struct loading {
    const struct csv_config *config;
    const struct alm_sink *sink;
    bool strict;
    struct alm_rows *rows;
    struct manifest manifest;
    struct rejects rejects;
};
struct filling { /* ctx of one file's rows */
    struct loading *l;
    struct rows_load to;
    const char *label;
};

static const char *filling_row(void *ctx, const char *const fields[])
{
    struct filling *f = ctx;

    return rows_row(&f->to, fields);
}

static bool filling_reject(void *ctx, unsigned long line, const char *wrong,
                           const char *const fields[])
{
    struct filling *f = ctx;

    if (!rejects_add(&f->l->rejects, f->label, line, wrong))
        return false;
    f->l->sink->report(f->l->sink->ctx, f->label, line, wrong);
    rows_reject(&f->to, fields);
    return true;
}

/* Before reading: a file written meanwhile is older than it looks, never newer. */
static void source_written(struct alm_rows *rows, const char *path)
{
    struct stat st;

    if (stat(path, &st) == 0)
        rows_written(rows, (int64_t)st.st_mtime * 1000);
}

static int load_file(struct loading *l, enum rows_file file)
{
    const struct csv_source *s = &l->config->files[file];
    struct filling f = { l, rows_begin(l->rows, l->sink, file), s->label };
    struct table t = s->table;
    int r;

    t.broken = &f.to.broken;
    t.reject = l->config->rows.rejects[0] && !l->strict ? filling_reject : NULL;
    t.counted = manifest_rows(&l->manifest, s->path, &t.rows_exactly);
    source_written(l->rows, s->path);
    r = table_read(&t, l->sink->report, l->sink->ctx, filling_row, &f);
    rows_end(&f.to);
    if (r == 0 && f.to.broken)
        r = f.to.broken;
    if (r == TABLE_CHANGED)
        return -EAGAIN;
    if (r > 0)
        rows_miss(l->rows, file);
    return r;
}

static int load_files(struct loading *l)
{
    bool bad = false;

    for (size_t i = 0; i < ROWS_FILE_COUNT; i++) {
        enum rows_file f = rows_order[i];
        int r;

        if (!l->config->files[f].given || !rows_worth_reading(l->rows, f))
            continue;
        r = load_file(l, f);
        if (r < 0 && r != -EINVAL)
            return r;
        bad = bad || r == -EINVAL || (l->strict && r > 0);
        if (r == -EINVAL && f == ROWS_PEOPLE)
            break; /* else every row about a person whose line was bad is an error of its own */
    }
    return bad ? -EINVAL : 0;
}

/* A file that rests unread because the people are missing is configured all the same. */
static void note_given(struct loading *l)
{
    for (size_t f = 0; f < ROWS_FILE_COUNT; f++)
        l->rows->given[f] = l->config->files[f].given;
}

static int load_all(struct loading *l)
{
    int r = rows_new(&l->config->rows, &l->rows);

    if (r != 0)
        return r;
    note_given(l);
    r = manifest_read(&l->manifest, l->config, l->sink);
    if (r == 0)
        r = load_files(l);
    if (r == 0 && l->config->rows.rejects[0] && !l->strict)
        r = rejects_write(&l->rejects, l->config->rows.rejects, l->sink);
    return r == 0 ? rows_index(l->rows) : r;
}

int csv_load_rows(const struct csv_config *c, const struct alm_sink *sink, bool strict,
                  struct alm_rows **out)
{
    struct loading l = { .config = c, .sink = sink, .strict = strict };
    int r;

    rejects_init(&l.rejects, c->rows.rejects_most);
    r = load_all(&l);
    rejects_deinit(&l.rejects);
    if (r != 0) {
        rows_free(l.rows);
        return r;
    }
    *out = l.rows;
    return 0;
}
