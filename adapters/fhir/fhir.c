/* SPDX-License-Identifier: Apache-2.0 */
/* fhir.c - the FHIR backend's operations (include/almoner/adapter.h). Keeps no rows: a reference is
 * the id of a Patient, and each answer asks the server. */
#include "fhir/fhir.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "fhir/client.h"
#include "fhir/load.h"
#include "fhir/probe.h"
#include "fhir/rules.h"

#include <errno.h>
#include <stdlib.h>

#define SPARE_MS 20                  /* at least; for telling the host before it gives us up */
#define LOAD_MS  (24 * 3600 * 1000L) /* the host's worker.load_s comes long before */

struct fhir_backend {
    struct fhir_config *config;
    struct client client;
    struct alm_limits limits;
    int64_t loaded_ms; /* when the load began */
};

static void backend_close(void *backend)
{
    struct fhir_backend *b = backend;

    if (!b)
        return;
    client_close(&b->client);
    fhir_config_free(b->config);
    free(b);
}

static int backend_open(const struct alm_setup *setup, void **out)
{
    struct fhir_backend *b = calloc(1, sizeof(*b));
    int r;

    if (!b)
        return -ENOMEM;
    b->limits = setup->limits;
    b->loaded_ms = clock_mono_ms();
    r = crypto_init();
    if (r == 0)
        r = fhir_config_read(setup, &b->config);
    if (r == 0)
        r = client_open(b->config, &b->client);
    if (r != 0) {
        backend_close(b);
        return r;
    }
    *out = b;
    return 0;
}

static int backend_load(void *backend, const struct alm_sink *sink, bool strict)
{
    struct fhir_backend *b = backend;
    struct call call = { .client = &b->client,
                         .until_ms = clock_mono_ms() + LOAD_MS,
                         .bytes_left = b->limits.bytes_most,
                         .pages_most = b->config->pages_most };

    int r;

    b->loaded_ms = clock_mono_ms();
    r = load_people(&call, sink, b->limits.rows_most);
    /* A page that is missing fails every load; what a check asks besides is whether the searches
     * work. */
    return r == 0 && strict ? probe_searches(&call, sink) : r;
}

/* The host gives a worker up when its time is over; a server that is late costs this question
 * alone. */
static struct call call_begin(struct fhir_backend *b, int64_t within_ms)
{
    int64_t ms =
        within_ms > 0 && within_ms < b->limits.deadline_ms ? within_ms : b->limits.deadline_ms;
    int64_t spare = ms / 10 > SPARE_MS ? ms / 10 : SPARE_MS;

    return (struct call){ .client = &b->client,
                          .until_ms = clock_mono_ms() + ms - spare,
                          .bytes_left = b->limits.bytes_most,
                          .pages_most = b->config->answer_pages };
}

static int backend_answer(void *backend, const struct alm_question *q, struct alm_answer *out)
{
    struct call call = call_begin(backend, q->within_ms);

    return rules_answer(&call, q, out);
}

static int backend_relate(void *backend, const struct alm_subject *s, struct alm_relationship *out)
{
    struct call call = call_begin(backend, 0);

    return rules_relationship(&call, s, out);
}

static void backend_describe(void *backend, struct alm_state *out)
{
    (void)backend;
    /* Asked anew each time: complete up to whichever day is asked about. */
    *out = (struct alm_state){ .data_day = ALM_DAY_NONE };
}

static int backend_changed(void *backend)
{
    const struct fhir_backend *b = backend;

    return b->config->reload_s && clock_mono_ms() - b->loaded_ms >= b->config->reload_s * 1000;
}

const struct alm_backend backend_fhir = {
    .name = "fhir",
    .keeps_rows = false,
    .open = backend_open,
    .load = backend_load,
    .answer = backend_answer,
    .relate = backend_relate,
    .describe = backend_describe,
    .changed = backend_changed,
    .close = backend_close,
};
