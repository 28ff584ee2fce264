/* SPDX-License-Identifier: Apache-2.0 */
/* event.c - resources as events and periods. */
#include "fhir/event.h"

#include "base/clock.h"

#include <string.h>

struct roles {
    const struct fhir_question *q;
    const struct fhir_search *s;
    struct event *out;
};

static void role_take(struct roles *r, const char *kind)
{
    enum tally_role role = tally_role_of(&r->q->kinds, &r->q->end_kinds, kind);

    r->out->start = r->out->start || role == TALLY_START;
    r->out->end = r->out->end || role == TALLY_END;
}

/* A CodeableConcept, a Coding or a code. */
static bool role_of(void *ctx, const json_t *value)
{
    struct roles *r = ctx;
    const char *system = path_text(value, "system");

    if (json_is_object(value) && json_object_get(value, "coding"))
        return path_each(value, "coding", role_of, ctx);
    if (*r->s->system && strcmp(system, r->s->system) != 0)
        return true;
    role_take(r, json_is_string(value) ? json_string_value(value) : path_text(value, "code"));
    return true;
}

static void roles_read(struct roles *r, const json_t *resource)
{
    if (!r->s->n_kinds)
        (void)path_each(resource, r->s->code, role_of, r);
    for (size_t i = 0; i < r->s->n_kinds; i++) {
        if (fhir_coded(resource, r->s->code, r->s->kinds[i].coded) ||
            path_has(resource, r->s->code, r->s->kinds[i].coded))
            role_take(r, r->s->kinds[i].kind);
    }
}

static bool any_of(const json_t *resource, const char *path, const struct tally_words *words)
{
    for (size_t i = 0; *path && i < words->n; i++) {
        if (path_has(resource, path, words->at[i]))
            return true;
    }
    return false;
}

/* When it ended, by what it says; a period that is over and does not say when is unclear. */
static void span_end(const struct fhir_search *s, const json_t *resource, int32_t as_of,
                     struct event *out)
{
    const char *text = path_text(resource, s->end);
    int32_t first, last;

    out->span = true;
    if (!*text) {
        out->open = true;
        out->unclear = out->unclear || any_of(resource, s->over_at, &s->over);
    } else if (fhir_days(text, &first, &last) != 0) {
        out->unclear = true;
    } else {
        /* "The end value includes any matching date/time" (FHIR R4, Period): it holds on that day.
         */
        out->open = as_of <= last;
        out->unclear = out->unclear || (first < as_of && as_of <= last && first != last);
    }
    out->open = out->open && !out->unclear;
}

/* A date of which only year or month is known. Return: false when it lies ahead whatever it is. */
static bool date_vague(const struct fhir_question *q, int32_t first, int32_t last, int32_t as_of,
                       struct event *out)
{
    if (first > as_of)
        return false;
    out->date = first;
    if (q->rule == FHIR_EVER && last <= as_of)
        return true;
    if (q->rule == FHIR_WINDOW && (int64_t)as_of - last > q->window_days)
        return false;
    out->unclear = true;
    return true;
}

bool event_read(const struct fhir_config *c, const struct fhir_question *q,
                const struct fhir_search *s, const json_t *resource, int32_t as_of,
                struct event *out)
{
    struct roles r = { q, s, out };
    const char *text;
    int32_t first, last;

    *out = (struct event){ .date = CIVIL_NONE };
    if (record_restricted(c, resource) || any_of(resource, s->status, &s->ignored))
        return false;
    roles_read(&r, resource);
    if (!out->start && !out->end)
        return false;
    text = path_text(resource, s->date);
    if (fhir_days(text, &first, &last) != 0)
        out->unclear = q->rule != FHIR_EVER || *text;
    else if (first != last && !date_vague(q, first, last, as_of, out))
        return false;
    else if (first > as_of)
        return false;
    else
        out->date = first;
    if (*s->end && q->rule == FHIR_STATE)
        span_end(s, resource, as_of, out);
    return true;
}

struct count count_new(const struct fhir_question *q, int32_t as_of)
{
    enum tally_rule rule = q->rule == FHIR_STATE    ? TALLY_STATE
                           : q->rule == FHIR_WINDOW ? TALLY_WINDOW
                                                    : TALLY_EVER;

    return (struct count){ tally_new(rule, q->window_days, as_of), false, false, false };
}

void count_add(struct count *c, const struct event *e)
{
    c->unclear = c->unclear || e->unclear;
    c->end_unclear = c->end_unclear || (e->unclear && e->end && !e->span);
    if (e->unclear)
        return;
    if (e->span) {
        c->open = c->open || (e->start && e->open);
        return;
    }
    if (e->start)
        tally_add(&c->tally, TALLY_START, e->date);
    if (e->end)
        tally_add(&c->tally, TALLY_END, e->date);
}

bool count_holds(const struct count *c)
{
    return c->open || tally_holds(&c->tally);
}

bool count_sure(const struct count *c, bool partial)
{
    bool doubt = c->tally.rule == TALLY_STATE && (partial || c->end_unclear);

    return c->open || (tally_holds(&c->tally) && !doubt);
}

bool span_read(const struct fhir_config *c, const struct fhir_search *s, const json_t *resource,
               struct span *out)
{
    const char *end = *s->end ? path_text(resource, s->end) : "";
    int32_t first, last;

    if (record_restricted(c, resource) || any_of(resource, s->status, &s->ignored))
        return false;
    *out = (struct span){ ALM_DAY_NONE, ALM_DAY_NONE, false };
    if (fhir_days(path_text(resource, s->date), &first, &last) == 0)
        out->start = first; /* "2021": from its first day (FHIR R4, Period) */
    else
        out->unclear = true;
    if (*end && fhir_days(end, &first, &last) == 0)
        out->end = last + 1;
    else
        out->unclear = out->unclear || *end || any_of(resource, s->over_at, &s->over);
    return true;
}

static bool anything(void *ctx, const json_t *value)
{
    (void)value;
    *(bool *)ctx = true;
    return false;
}

enum event_subject event_subject(const struct fhir_config *c, const struct fhir_search *s,
                                 const json_t *resource, char id[static FHIR_ID_MAX])
{
    const char *reference = path_text(resource, s->subject);
    char subject[PATH_MAX_LEN], place[FHIR_ID_MAX];
    size_t len = strlen(s->subject), tail = strlen(".reference");
    bool any = false;

    if (fhir_reference(reference, c->base, "Patient", id))
        return EVENT_PATIENT;
    /* The home itself is the subject of a Flag. */
    if (fhir_reference(reference, c->base, "Location", place))
        return EVENT_HOME;
    if (*reference)
        return EVENT_OTHER;
    text_take(subject, sizeof(subject), s->subject);
    if (len > tail && strcmp(subject + len - tail, ".reference") == 0)
        subject[len - tail] = '\0';
    (void)path_each(resource, subject, anything, &any);
    return any ? EVENT_UNTOLD : EVENT_HOME;
}
