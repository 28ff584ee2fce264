/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c - the five rules of a question, asked of the server about one person.
 *
 * Source: data README, "Insights". What cannot be told is never "no". */
#include "fhir/rules.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "fhir/event.h"
#include "fhir/place.h"
#include "fhir/who.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct asking { /* one answer under way */
    struct call *call;
    const struct fhir_config *config;
    const struct fhir_question *question; /* NULL: who is involved */
    const struct alm_question *q;
    const struct fhir_search *search; /* the one whose resources come */
    bool known;
    struct who who;
    struct places places;
    struct count count;
    bool unclear; /* something that may matter cannot be told */
    struct alm_answer *out;
};

static void asking_deinit(struct asking *a)
{
    who_deinit(&a->who);
}

/* --- state, window, ever --- */

static int person_event(void *ctx, const json_t *resource)
{
    struct asking *a = ctx;
    struct event e;

    if (!who_is(&a->who, a->config, resource, a->search->subject))
        return fetch_refuse(a->call, a->search->resource,
                            "the server sent what is about another person");
    if (event_read(a->config, a->question, a->search, resource, a->q->as_of, &e))
        count_add(&a->count, &e);
    return 0;
}

struct at_homes { /* what one resource says of the homes asked about */
    struct asking *a;
    const struct event *e;
    bool named; /* one of them */
};

/* "bears only a household id and the person lived there on its date" */
static bool home_event(void *ctx, const json_t *value)
{
    struct at_homes *h = ctx;
    const struct places *p = &h->a->places;
    const char *ref =
        json_is_string(value) ? places_home(p, h->a->config->base, json_string_value(value)) : NULL;

    h->named = h->named || ref;
    for (size_t i = 0; ref && h->e && i < p->n; i++) {
        if (strcmp(p->at[i].ref, ref) == 0 &&
            (h->e->date == CIVIL_NONE || day_within(p->at[i].from, p->at[i].until, h->e->date)))
            count_add(&h->a->count, h->e);
    }
    return true;
}

static int household_event(void *ctx, const json_t *resource)
{
    struct asking *a = ctx;
    struct event e;
    char id[FHIR_ID_MAX];
    struct at_homes h = { a, NULL, false };

    if (event_read(a->config, a->question, a->search, resource, a->q->as_of, &e) &&
        event_subject(a->config, a->search, resource, id) == EVENT_HOME)
        h.e = &e;
    (void)path_each(resource, a->search->location, home_event, &h);
    return h.named ? 0
                   : fetch_refuse(a->call, a->search->resource,
                                  "the server sent what is about another home");
}

static int search_run(struct asking *a, const struct fhir_search *s, const char *value,
                      resource_fn *on)
{
    ALM_CLEANUP(buf_deinit) struct buf query = { 0 };
    int r;

    buf_init(&query, 32768);
    r = fetch_query(s->query, value, &query);
    if (r != 0)
        return r == -ENOSPC ? fetch_refuse(a->call, s->resource, "too many homes at once") : r;
    a->search = s;
    r = fetch_all(a->call, s->resource, (const char *)query.data, on, a);
    return r == FETCH_PARTIAL ? FETCH_OK : r; /* call.partial says so */
}

/* Every search of the question of one kind. */
static int searches_run(struct asking *a, bool by_location, const char *value, resource_fn *on)
{
    for (size_t i = 0; i < a->config->n_searches; i++) {
        const struct fhir_search *s = &a->config->searches[i];
        int r;

        if (!(a->question->searches & (UINT64_C(1) << i)) || s->by_location != by_location)
            continue;
        r = search_run(a, s, value, on);
        if (r != FETCH_OK)
            return r;
    }
    return FETCH_OK;
}

static bool has_by_location(const struct asking *a)
{
    for (size_t i = 0; i < a->config->n_searches; i++) {
        if (a->question->searches & (UINT64_C(1) << i) && a->config->searches[i].by_location)
            return true;
    }
    return false;
}

/* Our own record says who lived where; what the question brought counts for homes of which it says
 * nothing. */
static void homes_gather(struct asking *a)
{
    struct home *own = calloc(ALM_STAYS_MAX, sizeof(*own));
    size_t n = own && a->known ? homes_read(a->who.patient, own, ALM_STAYS_MAX) : 0;

    a->call->partial = a->call->partial || !own;
    for (size_t i = 0; i < n; i++)
        places_add(a->call, &a->places, own[i].ref, own[i].from, own[i].until);
    for (size_t i = 0; i < a->q->n_places; i++) {
        const struct alm_place *p = &a->q->places[i];

        for (size_t j = 0; j < p->n; j++) {
            bool held = false;

            for (size_t k = 0; k < n; k++)
                held = held || strcmp(own[k].ref, p->homes[j]) == 0;
            if (!held)
                places_add(a->call, &a->places, p->homes[j], p->from, p->until);
        }
    }
    free(own);
}

static int homes_count(struct asking *a)
{
    ALM_CLEANUP(buf_deinit) struct buf value = { 0 };
    int r;

    if (!has_by_location(a))
        return FETCH_OK;
    homes_gather(a);
    r = places_locate(a->call, &a->places);
    if (r < 0 || r == FETCH_FAILED)
        return r;
    buf_init(&value, 32768);
    if (places_value(&a->places, NULL, &value) == 0)
        return FETCH_OK;
    if (buf_status(&value) != 0)
        return -ENOMEM;
    return searches_run(a, true, (const char *)value.data, household_event);
}

static int answer_events(struct asking *a)
{
    ALM_CLEANUP(buf_deinit) struct buf value = { 0 };
    int r = FETCH_OK;

    if (a->q->about_household)
        return rules_household(a->call, a->question, a->q, &a->out->value, &a->unclear);
    a->count = count_new(a->question, a->q->as_of);
    buf_init(&value, 4096);
    if (a->known) {
        who_value(&a->who, &value);
        r = buf_status(&value) == 0 ? searches_run(a, false, (const char *)value.data, person_event)
                                    : -ENOMEM;
    }
    if (r == FETCH_OK)
        r = homes_count(a);
    a->unclear = a->unclear || a->count.unclear;
    a->out->value = count_sure(&a->count, a->call->partial) ? ALM_YES : a->known ? ALM_NO : ALM_NOT_KNOWN;
    return r;
}

/* --- involvement, and who is involved --- */

/* Whole entries of a list: "care" is not in "healthcare". */
static bool listed(const char *list, const char *entry)
{
    size_t len = strlen(entry);

    for (const char *at = strstr(list, entry); at; at = strstr(at + 1, entry)) {
        bool begins = at == list || (at - list >= 2 && at[-2] == ',' && at[-1] == ' ');
        bool ends = !at[len] || (at[len] == ',' && at[len + 1] == ' ');

        if (begins && ends)
            return true;
    }
    return false;
}

/* Several open at once: every service is named, once, and the longest-standing gives the day. */
static void involvement_describe(struct asking *a, const json_t *resource, int32_t start)
{
    struct alm_answer *out = a->out;
    const char *service = path_text(resource, a->search->service);
    size_t len = strlen(out->service);

    if (*service && !listed(out->service, service) &&
        len + strlen(service) + 3 < sizeof(out->service)) {
        if (len)
            memcpy(out->service + len, ", ", 3);
        memcpy(out->service + len + (len ? 2 : 0), service, strlen(service) + 1);
    }
    if (!*out->contact_route)
        text_take(out->contact_route, ALM_TEXT_MAX, path_text(resource, a->search->route));
    if (!*out->lead_professional)
        text_take(out->lead_professional, ALM_TEXT_MAX, path_text(resource, a->search->lead));
    if (out->since == CIVIL_NONE || start < out->since)
        out->since = start;
}

static bool service_counts(const struct asking *a, const json_t *resource)
{
    const struct fhir_question *q = a->question;

    if (!q || q->services.n == 0)
        return true;
    for (size_t i = 0; i < q->services.n; i++) {
        if (strcmp(path_text(resource, a->search->service), q->services.at[i]) == 0 ||
            fhir_coded(resource, a->search->code, q->services.at[i]))
            return true;
    }
    return false;
}

static int involvement_take(void *ctx, const json_t *resource)
{
    struct asking *a = ctx;
    struct span v;

    if (!who_is(&a->who, a->config, resource, a->search->subject))
        return fetch_refuse(a->call, a->search->resource,
                            "the server sent what is about another person");
    if (!service_counts(a, resource) || !span_read(a->config, a->search, resource, &v) ||
        (v.start != ALM_DAY_NONE && v.start > a->q->as_of) ||
        (v.end != ALM_DAY_NONE && a->q->as_of >= v.end))
        return 0;
    if (v.unclear) {
        a->unclear = true;
        return 0;
    }
    a->out->value = ALM_YES;
    if (!a->question)
        involvement_describe(a, resource, v.start);
    return 0;
}

static int answer_involvement(struct asking *a)
{
    ALM_CLEANUP(buf_deinit) struct buf value = { 0 };
    int r = FETCH_OK;

    a->out->value = a->known ? ALM_NO : ALM_NOT_KNOWN;
    if (!a->known)
        return FETCH_OK;
    buf_init(&value, 4096);
    who_value(&a->who, &value);
    if (buf_status(&value) != 0)
        return -ENOMEM;
    for (size_t i = 0; r == FETCH_OK && i < a->config->n_searches; i++) {
        const struct fhir_search *s = &a->config->searches[i];

        if (s->list == FHIR_INVOLVEMENTS)
            r = search_run(a, s, (const char *)value.data, involvement_take);
    }
    return r;
}

/* --- residence --- */

/* "yes if one holds it as the home on D, no if one holds another home and none this one, else
 * not-known" */
static int answer_residence(struct asking *a)
{
    struct home *homes = calloc(ALM_STAYS_MAX, sizeof(*homes));
    size_t n;

    if (!homes)
        return -ENOMEM;
    n = a->known ? homes_read(a->who.patient, homes, ALM_STAYS_MAX) : 0;
    a->out->value = ALM_NOT_KNOWN;
    for (size_t i = 0; i < n; i++) {
        if (!day_within(homes[i].from, homes[i].until, a->q->as_of))
            continue;
        if (a->out->value == ALM_NOT_KNOWN)
            a->out->value = ALM_NO;
        for (size_t j = 0; j < a->q->parameter.n; j++) {
            if (strcmp(homes[i].ref, a->q->parameter.homes[j]) == 0)
                a->out->value = ALM_YES;
        }
    }
    free(homes);
    return FETCH_OK;
}

/* --- all of them --- */

static int (*const rule_table[])(struct asking *a) = {
    [FHIR_STATE] = answer_events,        [FHIR_WINDOW] = answer_events,
    [FHIR_EVER] = answer_events,         [FHIR_INVOLVEMENT] = answer_involvement,
    [FHIR_RESIDENCE] = answer_residence,
};

static bool has_list(const struct fhir_config *c, enum fhir_list list)
{
    for (size_t i = 0; i < c->n_searches; i++) {
        if (c->searches[i].list == list)
            return true;
    }
    return false;
}

/* A question that the rule cannot be asked of: about a household where the rule is a person's or no
 * search is a home's, without its home, or with nothing to ask. */
static bool question_fits(const struct asking *a, uint8_t rule)
{
    bool of_person = rule == FHIR_INVOLVEMENT || rule == FHIR_RESIDENCE;

    if (rule == FHIR_INVOLVEMENT && !has_list(a->config, FHIR_INVOLVEMENTS))
        return false;
    if (a->q->about_household)
        return !of_person && has_by_location(a);
    return rule != FHIR_RESIDENCE || a->q->has_parameter;
}

static void cannot_say(struct alm_answer *out, enum alm_cause cause)
{
    *out = (struct alm_answer){ .value = ALM_CANNOT_SAY,
                                .cause = (uint8_t)cause,
                                .data_as_of = out->data_as_of,
                                .since = CIVIL_NONE };
}

static int who_settle(struct asking *a)
{
    int r;

    if (!a->q->person || a->q->about_household)
        return WHO_KNOWN;
    r = who_find(a->call, a->q->person, &a->who);
    a->known = r == WHO_KNOWN;
    return r == WHO_NONE ? WHO_KNOWN : r;
}

static int answer_now(struct asking *a, uint8_t rule)
{
    int r = who_settle(a);

    if (r == WHO_MANY || r == WHO_FAILED) {
        cannot_say(a->out, r == WHO_MANY ? ALM_AMBIGUOUS : ALM_FAILED);
        return 0;
    }
    if (r == WHO_KNOWN)
        r = rule_table[rule](a);
    if (r < 0)
        return r;
    if (r != FETCH_OK)
        cannot_say(a->out, ALM_FAILED);
    else if (a->out->value != ALM_YES && (a->call->partial || a->unclear))
        cannot_say(a->out, ALM_PARTIAL);
    return 0;
}

int rules_answer(struct call *call, const struct alm_question *q, struct alm_answer *out)
{
    const struct fhir_config *config = call->client->config;
    ALM_CLEANUP(asking_deinit)
    struct asking a = { .call = call,
                        .config = config,
                        .question = q->involvement ? NULL : fhir_question_find(config, q->id),
                        .q = q,
                        .out = out };
    uint8_t rule = q->involvement ? FHIR_INVOLVEMENT : a.question ? a.question->rule : 0;

    *out = (struct alm_answer){ .data_as_of = q->as_of, .since = CIVIL_NONE };
    if (!rule || !question_fits(&a, rule)) {
        cannot_say(out, ALM_UNSUPPORTED);
        return 0;
    }
    return answer_now(&a, rule);
}
