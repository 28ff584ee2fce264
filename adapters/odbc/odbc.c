/* SPDX-License-Identifier: Apache-2.0 */
/* odbc.c - the ODBC backend's operations (include/almoner/adapter.h). */
#include "odbc/backend.h"

#include "base/clock.h"
#include "odbc/answer.h"
#include "odbc/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK_MAX 512

struct odbc_backend {
    struct odbc_config *config;
    struct odbc_source source;
    int64_t looked_ms;   /* when `changed` last looked */
    char mark[MARK_MAX]; /* of the rows that were loaded; "": none were, by this process */
};

static void odbc_close(void *backend)
{
    struct odbc_backend *b = backend;

    if (!b)
        return;
    if (b->config)
        source_deinit(&b->source);
    odbc_config_free(b->config);
    free(b);
}

static int odbc_open(const struct alm_setup *setup, void **out)
{
    struct odbc_backend *b = calloc(1, sizeof(*b));
    int r;

    if (!b)
        return -ENOMEM;
    r = odbc_config_read(setup, &b->config);
    if (r == 0) {
        r = source_init(&b->source, b->config, &setup->limits);
        if (r != 0)
            b->config = odbc_config_free(b->config);
    }
    if (r != 0) {
        odbc_close(b);
        return r;
    }
    b->looked_ms = clock_mono_ms();
    *out = b;
    return 0;
}

static int64_t until(const struct odbc_backend *b, int64_t within_ms)
{
    int64_t most = b->source.limits.deadline_ms;

    return clock_mono_ms() + (within_ms > 0 && within_ms < most ? within_ms : most);
}

static int mark_take(struct odbc_backend *b, char out[static MARK_MAX])
{
    out[0] = '\0';
    return b->config->only[ODBC_CHANGED] ? source_mark(&b->source, until(b, 0), out, MARK_MAX) : 0;
}

static int odbc_load(void *backend, const struct alm_sink *sink, bool strict)
{
    struct odbc_backend *b = backend;
    int r = source_connect(&b->source, 0, true);

    if (r < 0)
        return r;
    if (r > 0) {
        const struct db_error *e = db_last_error(b->source.db);
        char text[384];

        (void)snprintf(text, sizeof(text), "no connection%s%s%s%s",
                       e->state[0] ? ", SQLSTATE " : "", e->state, e->text[0] ? ": " : "", e->text);
        sink->report(sink->ctx, "odbc", 0, text);
        return -EAGAIN;
    }
    b->looked_ms = clock_mono_ms();
    /* Before the rows: what changes meanwhile is seen as a change afterwards. Whatever is wrong
     * with the statement itself, load_try tells. */
    if (mark_take(b, b->mark) != 0)
        b->mark[0] = '\0';
    r = load_rows(&b->source, sink, strict);
    return r != 0 ? r : load_try(&b->source, sink, strict);
}

/* A connection that was lost is made anew, once. */
static int odbc_answer(void *backend, const struct alm_question *q, struct alm_answer *out)
{
    struct odbc_backend *b = backend;
    int64_t until_ms = until(b, q->within_ms);
    int r = answer_question(&b->source, q, until_ms, out);

    if (r == DB_LOST)
        r = answer_question(&b->source, q, until_ms, out);
    if (r > 0)
        *out = (struct alm_answer){ .value = ALM_CANNOT_SAY,
                                    .cause = ALM_FAILED,
                                    .data_as_of = ALM_DAY_NONE,
                                    .since = ALM_DAY_NONE };
    return r < 0 ? r : 0;
}

static int odbc_relate(void *backend, const struct alm_subject *s, struct alm_relationship *out)
{
    struct odbc_backend *b = backend;
    int64_t until_ms = until(b, 0);
    int r = answer_relation(&b->source, s, until_ms, out);

    if (r == DB_LOST)
        r = answer_relation(&b->source, s, until_ms, out);
    return r > 0 ? -EIO : r;
}

static void odbc_describe(void *backend, struct alm_state *out)
{
    const struct odbc_backend *b = backend;
    int32_t today = civil_today(clock_wall_ms()), day = b->source.data_day;

    *out = (struct alm_state){ .data_day = ALM_DAY_NONE };
    if (b->config->only[ODBC_AS_OF] && day != ALM_DAY_NONE)
        out->data_day = day;
    out->stale =
        b->config->max_age_days && day != ALM_DAY_NONE && today - day > b->config->max_age_days;
    for (size_t i = 0; i < b->config->n_statements; i++)
        out->partial = out->partial || b->source.missing[i];
}

static int odbc_changed(void *backend)
{
    struct odbc_backend *b = backend;
    int64_t now = clock_mono_ms();
    char mark[MARK_MAX];
    int r;

    if (!b->config->reload_s || now - b->looked_ms < (int64_t)b->config->reload_s * 1000)
        return 0;
    b->looked_ms = now;
    if (!b->config->only[ODBC_CHANGED])
        return 1; /* nothing says whether: the rows are read again at this interval */
    r = mark_take(b, mark);
    if (r != 0)
        return r < 0 ? r : -EIO;
    return strcmp(mark, b->mark) != 0;
}

const struct alm_backend backend_odbc = {
    .name = "odbc",
    .keeps_rows = false,
    .open = odbc_open,
    .load = odbc_load,
    .answer = odbc_answer,
    .relate = odbc_relate,
    .describe = odbc_describe,
    .changed = odbc_changed,
    .close = odbc_close,
};
