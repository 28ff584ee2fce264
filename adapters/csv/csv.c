/* SPDX-License-Identifier: Apache-2.0 */
/* csv.c - the CSV backend's operations (include/almoner/adapter.h). */
#include "csv/backend.h"

#include "base/clock.h"
#include "csv/load.h"
#include "rows/rules.h"
#include "rows/watch.h"

#include <errno.h>
#include <stdlib.h>

struct csv_backend {
    struct csv_config *config;
    struct alm_rows *rows; /* of the one load of a worker's life */
    struct watch watch;
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
    for (size_t f = 0; f < ROWS_FILE_COUNT; f++)
        watch_add(&b->watch, b->config->files[f].path);
    watch_add(&b->watch, b->config->manifest);
    *out = b;
    return 0;
}

/* Files that were exchanged meanwhile may not belong together. */
static int csv_load(void *backend, const struct alm_sink *sink, bool strict)
{
    struct csv_backend *b = backend;
    int r;

    watch_begin(&b->watch);
    r = csv_load_rows(b->config, sink, strict, &b->rows);
    if ((r == 0 || r == -EINVAL) && !watch_held(&b->watch)) {
        sink->report(sink->ctx, "csv", 0,
                     "files were exchanged while they were read; they are read again");
        r = -EAGAIN;
    }
    return r;
}

static int csv_changed(void *backend)
{
    struct csv_backend *b = backend;
    const struct rows_config *c = &b->config->rows;

    return watch_changed(&b->watch, clock_mono_ms(), c->reload_s, c->settle_s);
}

static int csv_answer(void *backend, const struct alm_question *q, struct alm_answer *out)
{
    const struct csv_backend *b = backend;

    rules_answer(b->rows, q, out);
    return 0;
}

static int csv_relate(void *backend, const struct alm_subject *s, struct alm_relationship *out)
{
    const struct csv_backend *b = backend;

    rules_relationship(b->rows, s, out);
    return 0;
}

static void csv_describe(void *backend, struct alm_state *out)
{
    const struct csv_backend *b = backend;

    if (b->rows)
        rules_describe(b->rows, out);
}

static void csv_close(void *backend)
{
    struct csv_backend *b = backend;

    if (!b)
        return;
    rows_free(b->rows);
    csv_config_free(b->config);
    free(b);
}

const struct alm_backend backend_csv = {
    .name = "csv",
    .keeps_rows = true,
    .open = csv_open,
    .load = csv_load,
    .answer = csv_answer,
    .relate = csv_relate,
    .describe = csv_describe,
    .changed = csv_changed,
    .close = csv_close,
};
