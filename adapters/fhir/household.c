/* SPDX-License-Identifier: Apache-2.0 */
/* household.c - the questions of state, window and ever about a home.
 *
 * Source: data README: "For a household subject, contacts with that household id count, and it is
 * in a state when anyone in it (or it itself) is." */
#include "base/bytes.h"
#include "fhir/event.h"
#include "fhir/place.h"
#include "fhir/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PEOPLE_MAX 256 /* whom the events of one home are about */

struct met { /* somebody whom an event at the home is about */
    char id[FHIR_ID_MAX];
    bool seen;      /* the record came, and is not restricted */
    bool elsewhere; /* lives in another home on the day, and not in this one */
    struct count count;
};
struct holding {
    struct call *call;
    const struct fhir_config *config;
    const struct fhir_question *question;
    const struct fhir_search *search;
    int32_t as_of;
    const char *ref; /* the home */
    struct places places;
    struct count itself;
    size_t n;
    struct met people[PEOPLE_MAX];
};

static struct met *met_of(struct holding *h, const char *id)
{
    for (size_t i = 0; i < h->n; i++) {
        if (strcmp(h->people[i].id, id) == 0)
            return &h->people[i];
    }
    if (h->n == PEOPLE_MAX) {
        h->call->partial = true;
        return NULL;
    }
    h->people[h->n] = (struct met){ .count = count_new(h->question, h->as_of) };
    text_take(h->people[h->n].id, FHIR_ID_MAX, id);
    return &h->people[h->n++];
}

static bool home_other(void *ctx, const json_t *value)
{
    const struct holding *h = ctx;

    return !json_is_string(value) ||
           !places_home(&h->places, h->config->base, json_string_value(value));
}

static int event_take(void *ctx, const json_t *resource)
{
    struct holding *h = ctx;
    struct event e;
    char id[FHIR_ID_MAX];
    struct met *met;

    if (path_each(resource, h->search->location, home_other, h))
        return fetch_refuse(h->call, h->search->resource,
                            "the server sent what is about another home");
    if (!event_read(h->config, h->question, h->search, resource, h->as_of, &e))
        return 0;
    switch (event_subject(h->config, h->search, resource, id)) {
    case EVENT_HOME:
        count_add(&h->itself, &e);
        break;
    case EVENT_PATIENT:
        met = met_of(h, id);
        if (met)
            count_add(&met->count, &e);
        break;
    case EVENT_UNTOLD: /* whether they are restricted nobody can see */
        h->itself.unclear = true;
        break;
    case EVENT_OTHER:
        break;
    }
    return 0;
}

static int events_find(struct holding *h)
{
    ALM_CLEANUP(buf_deinit) struct buf value = { 0 };
    ALM_CLEANUP(buf_deinit) struct buf query = { 0 };
    int r = FETCH_OK;

    buf_init(&value, 32768);
    buf_init(&query, 32768);
    if (places_value(&h->places, NULL, &value) == 0)
        return FETCH_OK;
    for (size_t i = 0; r == FETCH_OK && i < h->config->n_searches; i++) {
        h->search = &h->config->searches[i];
        if (!(h->question->searches & (UINT64_C(1) << i)) || !h->search->by_location)
            continue;
        buf_reset(&query);
        if (buf_status(&value) != 0 ||
            fetch_query(h->search->query, (const char *)value.data, &query) != 0)
            return -ENOMEM;
        r = fetch_all(h->call, h->search->resource, (const char *)query.data, event_take, h);
        r = r == FETCH_PARTIAL ? FETCH_OK : r;
    }
    return r;
}

static int person_take(void *ctx, const json_t *resource)
{
    struct holding *h = ctx;
    struct home homes[ALM_STAYS_MAX];
    size_t n = homes_read(resource, homes, ALM_LEN(homes));
    bool here = false, elsewhere = false;

    for (size_t i = 0; i < n; i++) {
        bool open = day_within(homes[i].from, homes[i].until, h->as_of);

        here = here || (open && strcmp(homes[i].ref, h->ref) == 0);
        elsewhere = elsewhere || (open && strcmp(homes[i].ref, h->ref) != 0);
    }
    for (size_t i = 0; i < h->n; i++) {
        if (strcmp(h->people[i].id, path_text(resource, "id")) == 0) {
            h->people[i].seen = !record_restricted(h->config, resource);
            h->people[i].elsewhere = elsewhere && !here;
            return 0;
        }
    }
    return fetch_refuse(h->call, "Patient", "the server sent a record that was not asked for");
}

/* Whoever is restricted, or no longer there, has no part in what a home is said to be. */
static int people_find(struct holding *h)
{
    ALM_CLEANUP(buf_deinit) struct buf ids = { 0 };
    ALM_CLEANUP(buf_deinit) struct buf query = { 0 };
    int r;

    if (!h->n)
        return FETCH_OK;
    buf_init(&ids, 32768);
    buf_init(&query, 32768);
    for (size_t i = 0; i < h->n; i++)
        buf_printf(&ids, "%s%s", i ? "," : "", h->people[i].id);
    buf_put_u8(&ids, 0);
    if (buf_status(&ids) != 0 || fetch_query("_id={value}", (const char *)ids.data, &query) != 0)
        return -ENOMEM;
    r = fetch_all(h->call, "Patient", (const char *)query.data, person_take, h);
    return r == FETCH_PARTIAL ? FETCH_OK : r;
}

static bool home_holds(const struct holding *h, bool *unclear)
{
    bool state = h->question->rule == FHIR_STATE;

    *unclear = *unclear || h->itself.unclear;
    if (count_sure(&h->itself, h->call->partial))
        return true;
    for (size_t i = 0; i < h->n; i++) {
        const struct met *m = &h->people[i];

        if (!m->seen || (state && m->elsewhere))
            continue;
        *unclear = *unclear || m->count.unclear;
        if (count_sure(&m->count, h->call->partial))
            return true;
    }
    return false;
}

/* One home. Return: as rules_household; *holds. */
static int home_answer(struct holding *h, bool *holds, bool *unclear)
{
    int r;

    h->itself = count_new(h->question, h->as_of);
    places_add(h->call, &h->places, h->ref, ALM_DAY_NONE, ALM_DAY_NONE);
    r = places_locate(h->call, &h->places);
    if (r == FETCH_OK || r == FETCH_PARTIAL)
        r = events_find(h);
    if (r == FETCH_OK)
        r = people_find(h);
    if (r == FETCH_OK)
        *holds = home_holds(h, unclear);
    return r;
}

int rules_household(struct call *call, const struct fhir_question *config,
                    const struct alm_question *q, uint8_t *value, bool *unclear)
{
    struct holding *h = malloc(sizeof(*h));
    int r = h ? FETCH_OK : -ENOMEM;

    *value = ALM_NOT_KNOWN;
    for (size_t i = 0; r == FETCH_OK && *value != ALM_YES && i < q->household.n; i++) {
        bool holds = false;

        memset(h, 0, sizeof(*h));
        h->call = call;
        h->config = call->client->config;
        h->question = config;
        h->as_of = q->as_of;
        h->ref = q->household.homes[i];
        r = home_answer(h, &holds, unclear);
        *value = holds ? ALM_YES : ALM_NO;
    }
    free(h);
    return r;
}
