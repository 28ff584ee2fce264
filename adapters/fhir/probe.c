/* SPDX-License-Identifier: Apache-2.0 */
/* probe.c - searches about nobody. */
#include "fhir/probe.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdio.h>

#define NOBODY "almoner-check" /* no record has this id */

static int anything(void *ctx, const json_t *resource)
{
    (void)resource;
    return fetch_refuse(ctx, "search",
                        "asked about nobody, the server sends records: it leaves out a parameter "
                        "that it does not know");
}

static int probe_one(struct call *call, const char *type, const char *query, const char *value)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };

    buf_init(&text, 4096);
    if (fetch_query(query, value, &text) != 0)
        return -ENOMEM;
    return fetch_all(call, type, (const char *)text.data, anything, call);
}

static int probe_told(struct call *call, const struct alm_sink *sink, const char *type,
                      const char *name, int r)
{
    char text[256];

    if (r < 0 || r == FETCH_OK)
        return r;
    (void)snprintf(text, sizeof(text), "search %.64s about nobody: %s", name, call->client->why);
    sink->report(sink->ctx, type, 0, text);
    return -EINVAL;
}

int probe_searches(struct call *call, const struct alm_sink *sink)
{
    const struct fhir_config *c = call->client->config;
    ALM_CLEANUP(buf_deinit) struct buf number = { 0 };
    int r, worst = 0;

    buf_init(&number, 1024);
    fetch_value(c->nhs_system, &number);
    buf_printf(&number, "|%s", NOBODY);
    buf_put_u8(&number, 0);
    if (buf_status(&number) != 0)
        return -ENOMEM;
    r = probe_one(call, "Patient", "identifier={value}", (const char *)number.data);
    worst = probe_told(call, sink, "Patient", "by identifier", r);
    for (size_t i = 0; worst != -ENOMEM && i < c->n_searches; i++) {
        const struct fhir_search *s = &c->searches[i];

        r = probe_one(call, s->resource, s->query,
                      s->by_location ? "Location/" NOBODY : "Patient/" NOBODY);
        r = probe_told(call, sink, s->resource, *s->name ? s->name : s->resource, r);
        worst = r < 0 ? r : worst;
    }
    return worst;
}
