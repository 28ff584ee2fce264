/* SPDX-License-Identifier: Apache-2.0 */
/* csv.c - the CSV backend's operations (include/almoner/adapter.h). */
#include "csv/backend.h"

#include "base/clock.h"
#include "csv/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

struct csv_backend {
    struct csv_config *config;
    int64_t looked_ms;                       /* when changed() last looked */
    struct timespec written[CSV_FILE_COUNT]; /* when the last load began */
    off_t sizes[CSV_FILE_COUNT];
    struct alm_rows *rows; /* of the one load of a worker's life */
};

static int csv_open(const struct alm_setup *setup, void **out)
{
    struct csv_backend *b = calloc(1, sizeof(*b));
    int r;

    if (!b)
        return -ENOMEM;
    r = csv_config_read(setup, &b->config);
    if (r != 0) {
        free(b);
        return r;
    }
    *out = b;
    return 0;
}

/* Notes size and time of each file. Return: whether any differs from what was noted. */
static bool csv_look(struct csv_backend *b)
{
    bool changed = false;

    for (int f = 0; f < CSV_FILE_COUNT; f++) {
        struct stat st = { 0 };

        if (!b->config->files[f].given)
            continue;
        if (stat(b->config->files[f].path, &st) != 0)
            st = (struct stat){ 0 };
        changed = changed || st.st_size != b->sizes[f] ||
                  st.st_mtim.tv_sec != b->written[f].tv_sec ||
                  st.st_mtim.tv_nsec != b->written[f].tv_nsec;
        b->sizes[f] = st.st_size;
        b->written[f] = st.st_mtim;
    }
    return changed;
}

static int csv_load(void *backend, const struct alm_sink *sink, bool strict, alm_report_fn *report,
                    void *ctx, struct alm_rows **out)
{
    struct csv_backend *b = backend;

    (void)csv_look(b);
    return rows_load(b->config, sink, strict, report, ctx, out);
}

static bool csv_changed(void *backend)
{
    struct csv_backend *b = backend;
    int64_t now = clock_mono_ms();

    if (!b->config->reload_s || now - b->looked_ms < (int64_t)b->config->reload_s * 1000)
        return false;
    b->looked_ms = now;
    return csv_look(b);
}

static void csv_describe(const struct alm_rows *rows, int32_t today, bool *partial, int32_t *day)
{
    *partial = rows->partial;
    *day = rules_data_day(rows, today);
}

static void csv_close(void *backend)
{
    struct csv_backend *b = backend;

    if (b)
        csv_config_free(b->config);
    free(b);
}

const struct alm_backend_ops alm_backend_csv = {
    .name = "csv",
    .open = csv_open,
    .load = csv_load,
    .rows_free = rows_free,
    .changed = csv_changed,
    .answer = rules_answer,
    .homes = rules_homes,
    .relationship = rules_relationship,
    .describe = csv_describe,
    .close = csv_close,
};

/* --- as a worker's backend --- */
static int source_load(void *backend, const struct alm_sink *sink, bool strict)
{
    struct csv_backend *b = backend;

    (void)csv_look(b);
    return rows_load(b->config, sink, strict, sink->report, sink->ctx, &b->rows);
}

static int source_answer(void *backend, const struct alm_question *q, struct alm_answer *out)
{
    const struct csv_backend *b = backend;

    rules_answer(b->rows, q, out);
    return 0;
}

static int source_relate(void *backend, const struct alm_subject *s, struct alm_relationship *out)
{
    const struct csv_backend *b = backend;

    rules_relationship(b->rows, s, out);
    return 0;
}

static int source_changed(void *backend)
{
    return csv_changed(backend);
}

static void source_describe(void *backend, struct alm_state *out)
{
    const struct csv_backend *b = backend;
    int32_t today = civil_today(clock_wall_ms());

    if (!b->rows)
        return;
    out->partial = b->rows->partial;
    if (b->config->by_file_date)
        out->data_day = b->rows->file_day;
    out->stale = b->config->max_age_days && out->data_day != CIVIL_NONE &&
                 today - out->data_day > b->config->max_age_days;
}

static void source_close(void *backend)
{
    struct csv_backend *b = backend;

    if (b)
        rows_free(b->rows);
    csv_close(b);
}

const struct alm_backend backend_csv = {
    .name = "csv",
    .keeps_rows = true,
    .open = csv_open,
    .load = source_load,
    .answer = source_answer,
    .relate = source_relate,
    .describe = source_describe,
    .changed = source_changed,
    .close = source_close,
};
