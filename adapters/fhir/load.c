/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - people, their homes and who lived where, out of Patients and Locations.
 *
 * A page that does not come fails the whole load: people who are missing would be "not known". What
 * is wrong with single records is counted and reported, never named. */
#include "fhir/load.h"

#include "base/clock.h"
#include "fhir/record.h"
#include "lib/refs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAULT_BORN = ALM_FAULT_COUNT, FAULT_NAME, FAULT_POSTCODE, FAULT_HOMES, FAULTS };

struct stay { /* by number in people and homes */
    uint32_t person, home;
    int32_t from, until;
};
struct loading {
    struct call *call;
    const struct fhir_config *config;
    const struct alm_sink *sink;
    const char *resource;
    uint64_t rows_left;
    bool asking; /* people who serve working out a relationship */
    struct refs people, homes;
    struct home *at; /* by number in homes */
    int32_t *shielded;
    size_t cap_homes;
    struct stay *stays;
    size_t n_stays, cap_stays;
    unsigned long faults[FAULTS];
    unsigned long restricted;
};

static void loading_deinit(struct loading *l)
{
    refs_deinit(&l->people);
    refs_deinit(&l->homes);
    free(l->at);
    free(l->shielded);
    free(l->stays);
}

static int home_keep(struct loading *l, const struct home *h, int32_t shielded)
{
    size_t at;
    int r = refs_add(&l->homes, h->ref, &at);

    if (r == ALM_REPEATED) {
        if (shielded != ALM_DAY_NONE)
            l->shielded[at] = shielded;
        return 0;
    }
    if (r != 0)
        return r;
    if (at >= l->cap_homes) {
        size_t cap = l->cap_homes ? l->cap_homes * 2 : 64;
        struct home *homes = reallocarray(l->at, cap, sizeof(*homes));
        int32_t *shields;

        if (!homes)
            return -ENOMEM;
        l->at = homes;
        shields = reallocarray(l->shielded, cap, sizeof(*shields));
        if (!shields)
            return -ENOMEM;
        l->shielded = shields;
        l->cap_homes = cap;
    }
    l->at[at] = *h;
    l->shielded[at] = shielded;
    return 0;
}

static int stay_keep(struct loading *l, const char *person, const struct home *h)
{
    size_t who, where;

    if (l->n_stays == l->cap_stays) {
        size_t cap = l->cap_stays ? l->cap_stays * 2 : 256;
        struct stay *grown = reallocarray(l->stays, cap, sizeof(*grown));

        if (!grown)
            return -ENOMEM;
        l->stays = grown;
        l->cap_stays = cap;
    }
    if (!refs_find(&l->people, person, &who) || !refs_find(&l->homes, h->ref, &where))
        return -EINVAL; /* both were just added */
    l->stays[l->n_stays++] = (struct stay){ (uint32_t)who, (uint32_t)where, h->from, h->until };
    return 0;
}

static int homes_keep(struct loading *l, const json_t *resource, const char *person)
{
    const json_t *addresses = json_object_get(resource, "address");
    size_t n = 0;
    int r = 0;

    for (size_t i = 0; r == 0 && i < json_array_size(addresses); i++) {
        struct home h;

        if (!home_read(json_array_get(addresses, i), &h))
            continue;
        if (n++ == ALM_STAYS_MAX) {
            l->faults[FAULT_HOMES]++;
            break;
        }
        l->faults[FAULT_POSTCODE] +=
            !*h.postcode && *path_text(json_array_get(addresses, i), "postalCode");
        r = home_keep(l, &h, ALM_DAY_NONE);
        if (r == 0)
            r = stay_keep(l, person, &h);
    }
    return r;
}

static int row_count(struct loading *l)
{
    if (l->rows_left == 0) {
        l->sink->report(
            l->sink->ctx, l->resource, 0,
            "more records than worker.rows_most allows; raise it, or narrow the search");
        return -ENOBUFS;
    }
    l->rows_left--;
    return 0;
}

/* Which count a record that is passed over goes to. */
static size_t fault_of(int fault)
{
    return fault == ALM_BAD_BORN ? FAULT_BORN : fault == ALM_BAD_NAME ? FAULT_NAME : (size_t)fault;
}

/* Whether somebody can be found by a number alone is the sink's to say; without one nobody is. */
/* Who has neither a number nor a name and birth date can be found by nobody. */
static int findable(const struct alm_person *told)
{
    if (*told->nhs || *told->upn)
        return ALM_OK;
    return told->family[0] == '\0' ? ALM_BAD_NAME : told->born == ALM_DAY_NONE ? ALM_BAD_BORN : ALM_OK;
}

static int patient_tell(struct loading *l, const struct patient *p)
{
    struct alm_person told = { p->id,  p->given, p->family, p->born,
                               p->nhs, p->upn,   p->unborn, l->asking };
    size_t at;
    int r;

    for (;;) {
        r = findable(&told);
        if (r == ALM_OK)
            r = l->sink->person(l->sink->ctx, &told);
        if (r > 0 && r < ALM_FAULT_COUNT)
            l->faults[fault_of(r)]++;
        /* A number that is none takes nobody's name away: without it they are found by that. */
        if (r == ALM_BAD_NHS && *told.nhs)
            told.nhs = "";
        else if (r == ALM_BAD_UPN && *told.upn)
            told.upn = "";
        else
            break;
    }
    return r != 0 ? r : refs_add(&l->people, p->id, &at);
}

static int patient_take(void *ctx, const json_t *resource)
{
    struct loading *l = ctx;
    struct patient p;
    size_t at;
    int r = row_count(l);

    if (r != 0)
        return r;
    patient_read(l->config, resource, &p);
    l->restricted += p.restricted;
    /* Repeated ones are usual: pages shift while records are written. */
    if (p.restricted || p.gone || refs_find(&l->people, p.id, &at))
        return 0;
    r = patient_tell(l, &p);
    if (r != 0)
        return r > 0 ? 0 : r;
    return homes_keep(l, resource, p.id);
}

static int location_take(void *ctx, const json_t *resource)
{
    struct loading *l = ctx;
    struct home h;
    int r = row_count(l);

    if (r != 0 || !home_read(json_object_get(resource, "address"), &h))
        return r;
    /* From whenever the label is there, which nobody says: from the first day that can be written.
     */
    return home_keep(l, &h,
                     record_restricted(l->config, resource) ? (int32_t)civil_from_ymd(1900, 1, 1)
                                                            : ALM_DAY_NONE);
}

static int search_load(struct loading *l, const char *type, const char *search, resource_fn *on)
{
    ALM_CLEANUP(buf_deinit) struct buf query = { 0 };
    int r;

    buf_init(&query, 4096);
    if (fetch_query(search, "", &query) != 0)
        return -ENOMEM;
    l->resource = type;
    l->call->partial = false;
    r = fetch_all(l->call, type, (const char *)query.data, on, l);
    if (r < 0)
        return r;
    if (r != FETCH_OK || l->call->partial) {
        l->sink->report(l->sink->ctx, type, 0,
                        l->call->client->why[0] ? l->call->client->why
                                                : "not everything came; tried again");
        return -EAGAIN;
    }
    return 0;
}

static int homes_tell(struct loading *l)
{
    for (size_t i = 0; i < refs_count(&l->homes); i++) {
        const struct home *h = &l->at[i];
        struct alm_home told = { h->ref, h->address, h->postcode, l->shielded[i] };
        int r = l->sink->home(l->sink->ctx, &told);

        if (r < 0)
            return r;
        l->faults[r > 0 && r < ALM_FAULT_COUNT ? r : 0]++;
    }
    return 0;
}

static int stays_tell(struct loading *l)
{
    for (size_t i = 0; i < l->n_stays; i++) {
        const struct stay *s = &l->stays[i];
        struct alm_stay told = { refs_at(&l->homes, s->home), s->from, s->until };
        int r = l->sink->stay(l->sink->ctx, refs_at(&l->people, s->person), &told);

        if (r < 0)
            return r;
    }
    return 0;
}

static void faults_report(const struct loading *l)
{
    static const char *const own[] = {
        [FAULT_BORN - ALM_FAULT_COUNT] =
            "without a whole birth date; they cannot be found when others ask",
        [FAULT_NAME - ALM_FAULT_COUNT] =
            "without an official or usual name; they cannot be found when others ask",
        [FAULT_POSTCODE - ALM_FAULT_COUNT] =
            "with a postcode that is none; the address is not found by others",
        [FAULT_HOMES - ALM_FAULT_COUNT] = "with more addresses than are taken (64)",
    };
    char text[256];

    for (size_t i = 1; i < FAULTS; i++) {
        const char *what =
            i < ALM_FAULT_COUNT ? alm_fault_text((enum alm_fault)i) : own[i - ALM_FAULT_COUNT];

        if (!l->faults[i])
            continue;
        (void)snprintf(text, sizeof(text), "%lu records passed over or cut: %s", l->faults[i],
                       what);
        l->sink->report(l->sink->ctx, "Patient", 0, text);
    }
}

static int load_all(struct loading *l)
{
    const struct fhir_config *c = l->config;
    int r = search_load(l, "Patient", c->people, patient_take);

    if (r == 0 && c->has_asking_people) {
        l->asking = true;
        r = search_load(l, "Patient", c->asking_people, patient_take);
    }
    if (r == 0 && c->has_locations)
        r = search_load(l, "Location", c->locations, location_take);
    if (r == 0)
        r = homes_tell(l);
    return r == 0 ? stays_tell(l) : r;
}

int load_people(struct call *call, const struct alm_sink *sink, uint64_t rows_most)
{
    ALM_CLEANUP(loading_deinit)
    struct loading l = { .call = call,
                         .config = call->client->config,
                         .sink = sink,
                         .resource = "Patient",
                         .rows_left = rows_most };
    int r = load_all(&l);

    if (r == 0)
        faults_report(&l);
    return r;
}
