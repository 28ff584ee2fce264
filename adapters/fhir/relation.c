/* SPDX-License-Identifier: Apache-2.0 */
/* relation.c - why this agency may ask: the server's word for a relationship with the subject.
 *
 * Source: data README, "Order of checks", 6: "the asking organisation needs an involvement, open on
 * D or ended at most 365 days before, with the subject or anyone who lives with the subject on D;
 * or a referral made to it about one of them or their household within 365 days that is neither
 * closed nor declined". */
#include "base/bytes.h"
#include "base/clock.h"
#include "fhir/event.h"
#include "fhir/place.h"
#include "fhir/rules.h"
#include "fhir/who.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RELATION_DAYS  365
#define HOUSEMATES_MAX 128

enum { RANK_REFERRAL = 1, RANK_HOME_ENDED, RANK_HOME_OPEN, RANK_ENDED, RANK_OPEN };

struct relating {
    struct call *call;
    const struct fhir_config *config;
    int32_t day;
    bool known;
    struct who who;
    struct places places; /* where the subject lives on the day */
    size_t n_mates;
    char mates[HOUSEMATES_MAX][FHIR_ID_MAX];
    const struct fhir_search *search;
    bool of_subject;
    int rank; /* of the best so far; 0: none */
    struct alm_relationship best;
};

/* Keeps the higher rank; of the same rank, the later beginning. */
static void relating_offer(struct relating *r, int rank, enum alm_relation kind, int32_t since,
                           int32_t until)
{
    if (rank < r->rank || (rank == r->rank && since <= r->best.since))
        return;
    r->rank = rank;
    r->best = (struct alm_relationship){ (uint8_t)kind, since, until };
}

static bool about_us(const struct relating *r, const json_t *resource)
{
    char id[FHIR_ID_MAX];

    if (r->of_subject)
        return who_is(&r->who, r->config, resource, r->search->subject);
    if (!fhir_reference(path_text(resource, r->search->subject), r->config->base, "Patient", id))
        return false;
    for (size_t i = 0; i < r->n_mates; i++) {
        if (strcmp(r->mates[i], id) == 0)
            return true;
    }
    return false;
}

static int involvement_take(void *ctx, const json_t *resource)
{
    struct relating *r = ctx;
    struct span v;
    bool open;

    if (!about_us(r, resource))
        return fetch_refuse(r->call, r->search->resource,
                            "the server sent what is about another person");
    /* An unclear one is no ground: the asker says another, or asks by self-claim. */
    if (!span_read(r->config, r->search, resource, &v) || v.unclear)
        return 0;
    open = day_within(v.start, v.end, r->day);
    if (v.start > r->day || (!open && r->day - v.end > RELATION_DAYS))
        return 0;
    if (r->of_subject)
        relating_offer(r, open ? RANK_OPEN : RANK_ENDED, open ? ALM_INVOLVED : ALM_WAS_INVOLVED,
                       v.start, open ? CIVIL_NONE : v.end);
    else
        relating_offer(r, open ? RANK_HOME_OPEN : RANK_HOME_ENDED, ALM_SAME_HOME, v.start,
                       open ? CIVIL_NONE : v.end);
    return 0;
}

/* Requests say how they stand now, not since when: one that is over is no ground. */
static void referral_offer(struct relating *r, const json_t *resource)
{
    struct span v;

    if (!span_read(r->config, r->search, resource, &v) || v.unclear)
        return;
    if (v.start <= r->day && r->day - v.start <= RELATION_DAYS &&
        (v.end == ALM_DAY_NONE || r->day < v.end))
        relating_offer(r, RANK_REFERRAL, ALM_REFERRAL, v.start, CIVIL_NONE);
}

static int referral_take(void *ctx, const json_t *resource)
{
    struct relating *r = ctx;

    if (!about_us(r, resource))
        return fetch_refuse(r->call, r->search->resource,
                            "the server sent what is about another person");
    referral_offer(r, resource);
    return 0;
}

static bool home_other(void *ctx, const json_t *value)
{
    const struct relating *r = ctx;

    return !json_is_string(value) ||
           !places_home(&r->places, r->config->base, json_string_value(value));
}

static int home_referral_take(void *ctx, const json_t *resource)
{
    struct relating *r = ctx;

    if (path_each(resource, r->search->location, home_other, r))
        return fetch_refuse(r->call, r->search->resource,
                            "the server sent what is about another home");
    referral_offer(r, resource);
    return 0;
}

/* Every search of a list. Return: FETCH_OK; FETCH_FAILED; -ENOMEM. */
static int searches_run(struct relating *r, enum fhir_list list, bool by_location,
                        const char *value, resource_fn *on)
{
    for (size_t i = 0; i < r->config->n_searches; i++) {
        ALM_CLEANUP(buf_deinit) struct buf query = { 0 };
        int result;

        r->search = &r->config->searches[i];
        if (r->search->list != list || r->search->by_location != by_location)
            continue;
        buf_init(&query, 32768);
        if (fetch_query(r->search->query, value, &query) != 0)
            return -ENOMEM;
        result = fetch_all(r->call, r->search->resource, (const char *)query.data, on, r);
        if (result != FETCH_OK && result != FETCH_PARTIAL)
            return result;
    }
    return FETCH_OK;
}

static int grounds_of(struct relating *r, const char *patients)
{
    int result = searches_run(r, FHIR_INVOLVEMENTS, false, patients, involvement_take);

    if (result == FETCH_OK)
        result = searches_run(r, FHIR_ASKING_INVOLVEMENTS, false, patients, involvement_take);
    if (result == FETCH_OK)
        result = searches_run(r, FHIR_ASKING_REFERRALS, false, patients, referral_take);
    return result;
}

static void places_gather(struct relating *r, const struct alm_subject *s)
{
    struct home *own = calloc(ALM_STAYS_MAX, sizeof(*own));
    size_t n = own && r->known ? homes_read(r->who.patient, own, ALM_STAYS_MAX) : 0;

    for (size_t i = 0; i < n; i++) {
        if (day_within(own[i].from, own[i].until, r->day))
            places_add(r->call, &r->places, own[i].ref, ALM_DAY_NONE, ALM_DAY_NONE);
    }
    free(own);
    for (size_t i = 0; i < s->n_places; i++) {
        for (size_t j = 0; j < s->places[i].n; j++) {
            if (day_within(s->places[i].from, s->places[i].until, r->day))
                places_add(r->call, &r->places, s->places[i].homes[j], ALM_DAY_NONE, ALM_DAY_NONE);
        }
    }
}

static int mate_take(void *ctx, const json_t *resource)
{
    struct relating *r = ctx;
    const char *id = path_text(resource, "id");

    for (size_t i = 0; i < r->n_mates; i++) {
        if (strcmp(r->mates[i], id) == 0)
            return 0;
    }
    for (size_t i = 0; i < r->who.n; i++) {
        if (strcmp(r->who.ids[i], id) == 0)
            return 0;
    }
    if (r->n_mates < HOUSEMATES_MAX)
        text_take(r->mates[r->n_mates++], FHIR_ID_MAX, id);
    return 0;
}

static int mates_find(struct relating *r)
{
    for (size_t i = 0; i < r->places.n; i++) {
        int result = place_people(r->call, &r->places.at[i], r->day, mate_take, r);

        if (result != FETCH_OK && result != FETCH_PARTIAL)
            return result;
    }
    return FETCH_OK;
}

static int subject_relate(struct relating *r)
{
    ALM_CLEANUP(buf_deinit) struct buf value = { 0 };

    buf_init(&value, 4096);
    who_value(&r->who, &value);
    r->of_subject = true;
    return buf_status(&value) == 0 ? grounds_of(r, (const char *)value.data) : -ENOMEM;
}

static int mates_relate(struct relating *r)
{
    ALM_CLEANUP(buf_deinit) struct buf value = { 0 };
    int result = mates_find(r);

    if (result != FETCH_OK || !r->n_mates)
        return result;
    buf_init(&value, 32768);
    for (size_t i = 0; i < r->n_mates; i++)
        buf_printf(&value, "%sPatient/%s", i ? "," : "", r->mates[i]);
    buf_put_u8(&value, 0);
    r->of_subject = false;
    return buf_status(&value) == 0 ? grounds_of(r, (const char *)value.data) : -ENOMEM;
}

static int homes_relate(struct relating *r)
{
    ALM_CLEANUP(buf_deinit) struct buf value = { 0 };
    int result = places_locate(r->call, &r->places);

    if (result != FETCH_OK && result != FETCH_PARTIAL)
        return result;
    buf_init(&value, 32768);
    if (!places_value(&r->places, NULL, &value))
        return FETCH_OK;
    return buf_status(&value) == 0 ? searches_run(r, FHIR_ASKING_REFERRALS, true,
                                                  (const char *)value.data, home_referral_take)
                                   : -ENOMEM;
}

static bool asks_by_home(const struct fhir_config *c)
{
    for (size_t i = 0; i < c->n_searches; i++) {
        if (c->searches[i].list == FHIR_ASKING_REFERRALS && c->searches[i].by_location)
            return true;
    }
    return false;
}

static int relate_now(struct relating *r, const struct alm_subject *s)
{
    int result = s->person ? who_find(r->call, s->person, &r->who) : WHO_NONE;

    /* Of several records nobody can say which: our own source does not name this person. */
    if (result < 0 || result == WHO_FAILED)
        return result;
    r->known = result == WHO_KNOWN;
    result = r->known ? subject_relate(r) : FETCH_OK;
    if (result != FETCH_OK || r->rank >= RANK_ENDED)
        return result; /* nothing outranks the subject's own but its own */
    places_gather(r, s);
    result = mates_relate(r);
    return result == FETCH_OK && asks_by_home(r->config) ? homes_relate(r) : result;
}

int rules_relationship(struct call *call, const struct alm_subject *s, struct alm_relationship *out)
{
    struct relating *r = calloc(1, sizeof(*r));
    int result;

    *out = (struct alm_relationship){ ALM_RELATION_NONE, CIVIL_NONE, CIVIL_NONE };
    if (!r)
        return -ENOMEM;
    r->call = call;
    r->config = call->client->config;
    r->day = s->day;
    r->best = *out;
    result = relate_now(r, s);
    if (result == FETCH_OK)
        *out = r->best;
    who_deinit(&r->who);
    free(r);
    return result < 0 ? result : result == FETCH_OK ? 0 : -EIO;
}
