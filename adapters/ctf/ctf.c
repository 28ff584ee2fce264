/* SPDX-License-Identifier: Apache-2.0 */
/* ctf.c - the transfer-file backend's operations (include/almoner/adapter.h). */
#include "ctf/backend.h"

#include "base/clock.h"
#include "ctf/load.h"
#include "rows/rules.h"
#include "rows/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct ctf_backend {
    struct ctf_config *config;
    struct ctf_rows loaded; /* of the one load of a worker's life */
    struct watch watch;
};

static int ctf_open(const struct alm_setup *setup, void **out)
{
    struct ctf_backend *b = calloc(1, sizeof(*b));
    int r;

    if (!b)
        return -ENOMEM;
    r = ctf_config_read(setup, &b->config);
    if (r != 0) {
        free(b);
        return r;
    }
    watch_add(&b->watch, b->config->path);
    *out = b;
    return 0;
}

static int ctf_load(void *backend, const struct alm_sink *sink, bool strict)
{
    struct ctf_backend *b = backend;

    watch_begin(&b->watch);
    return ctf_load_rows(b->config, sink, strict, &b->loaded);
}

static int ctf_changed(void *backend)
{
    struct ctf_backend *b = backend;
    const struct rows_config *c = &b->config->rows;

    return watch_changed(&b->watch, clock_mono_ms(), c->reload_s, c->settle_s);
}

/* Which sections a question rests on. */
static unsigned needs(const struct ctf_config *c, const struct alm_question *q)
{
    if (q->involvement)
        return CTF_HISTORY;
    for (size_t i = 0; i < c->rows.n_questions; i++) {
        if (strcmp(c->rows.questions[i].id, q->id) == 0)
            return c->needs[i];
    }
    return 0;
}

/* A section that the file does not have for this pupil is unknown, not nothing. */
static bool lacks(const struct ctf_backend *b, const struct alm_question *q)
{
    size_t at;

    if (!q->person || !refs_find(&b->loaded.rows->people, q->person, &at))
        return false;
    return (needs(b->config, q) & ~b->config->complete & ~(unsigned)b->loaded.sections[at]) != 0;
}

static void cannot_say(struct alm_answer *out, enum alm_cause cause)
{
    out->value = ALM_CANNOT_SAY;
    out->cause = (uint8_t)cause;
}

static int ctf_answer(void *backend, const struct alm_question *q, struct alm_answer *out)
{
    const struct ctf_backend *b = backend;

    rules_answer(b->loaded.rows, q, out);
    if (q->about_household) /* nothing in the file is about a home as such */
        cannot_say(out, ALM_UNSUPPORTED);
    else if ((out->value == ALM_NO || out->value == ALM_NOT_KNOWN) && lacks(b, q))
        cannot_say(out, ALM_PARTIAL);
    return 0;
}

static int ctf_relate(void *backend, const struct alm_subject *s, struct alm_relationship *out)
{
    const struct ctf_backend *b = backend;

    rules_relationship(b->loaded.rows, s, out);
    return 0;
}

static void ctf_describe(void *backend, struct alm_state *out)
{
    const struct ctf_backend *b = backend;

    if (b->loaded.rows)
        rules_describe(b->loaded.rows, out);
}

static void ctf_close(void *backend)
{
    struct ctf_backend *b = backend;

    if (!b)
        return;
    ctf_rows_deinit(&b->loaded);
    ctf_config_free(b->config);
    free(b);
}

const struct alm_backend backend_ctf = {
    .name = "ctf",
    .keeps_rows = true,
    .open = ctf_open,
    .load = ctf_load,
    .answer = ctf_answer,
    .relate = ctf_relate,
    .describe = ctf_describe,
    .changed = ctf_changed,
    .close = ctf_close,
};
