/* SPDX-License-Identifier: Apache-2.0 */
/* concern_facts.c - concerns as the engine weighs them: read afresh each time, as indexes of the
 * bundle in force; and what a reader sees of those who lodged them. */
#include "concern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct gathering {
    struct core *c;
    uint16_t question;
    const struct concern_about *about;
};

bool concern_live(const struct core *c, const struct concern_record *r)
{
    return !r->withdrawn && r->concern.expires_on >= c->day && r->concern.observed_on <= c->day;
}

/* "Permits are matched strictly" (DESIGN.md section 7): another's concern must not fire. At a home
 * it is the home's token that found it. */
static bool concern_fits(const struct concern_about *about, const struct concern_record *r)
{
    if (about->household)
        return true;
    return r->concern.subject_kind == about->kind &&
           match_strict(&r->concern.subject, about->subject) == MATCH_YES;
}

static uint16_t concern_origin(struct concern_room *room, const struct msg_concern *m)
{
    if (!m->has_origin)
        return ORIGIN_OWN;
    for (size_t i = 0; i < room->n_origins; i++)
        if (!memcmp(room->origins[i], m->origin, sizeof(m->origin)))
            return (uint16_t)i;
    memcpy(room->origins[room->n_origins], m->origin, sizeof(m->origin));
    return (uint16_t)room->n_origins++;
}

/* An agency that is suspended, or that the policy knows no more, adds to nothing: nothing may rest
 * on what a suspension ended (promise 6). */
static bool concern_of_standing(const struct core *c, const struct concern_record *r,
                                uint16_t *slot)
{
    *slot = agencies_find(&c->agencies, r->agency);
    return *slot != AGENCY_NONE && agency_active(&c->agencies.slots[*slot]) &&
           c->agencies.slots[*slot].index != POLICY_NONE;
}

static int concern_gather_visit(void *ctx, const struct concern_record *r)
{
    struct gathering *g = ctx;
    struct core *c = g->c;
    struct concern_room *room = c->concerns;
    uint16_t slot, category = bundle_category(c->bundle, r->concern.category);
    struct concern_who *who;

    if (!concern_live(c, r) || !concern_fits(g->about, r) || !concern_of_standing(c, r, &slot) ||
        category == POLICY_NONE ||
        !threshold_feeds(c->bundle, bundle_purpose(c->bundle, r->purpose), g->question, c->day))
        return 0;
    if (room->n == THRESHOLD_FACTS_MAX) {
        room->whole = false;
        return 1;
    }
    who = &room->whos[room->n];
    *who =
        (struct concern_who){ .id = r->id, .slot = slot, .agency = c->agencies.slots[slot].index };
    memcpy(who->contact_route, r->concern.contact_route, sizeof(who->contact_route));
    room->facts[room->n] = (struct concern_fact){
        .observed = r->concern.observed_on,
        .order = r->leaf * THRESHOLD_FACTS_MAX + room->n,
        .organisation = bundle_agency_at(c->bundle, who->agency)->organisation,
        .origin = concern_origin(room, &r->concern),
        .category = category,
        .severity = r->concern.severity,
    };
    room->n++;
    return 0;
}

static bool concern_room(struct core *c)
{
    if (!c->concerns)
        c->concerns = calloc(1, sizeof(*c->concerns));
    if (!c->concerns) {
        batch_fail(c, -ENOMEM, "concerns");
        return false;
    }
    c->concerns->n = c->concerns->n_origins = 0;
    c->concerns->whole = true;
    return true;
}

bool concern_gather(struct core *c, uint16_t question, const struct concern_about *about)
{
    struct gathering g = { .c = c, .question = question, .about = about };
    struct store_txn *t = batch_txn(c);
    int r;

    if (!t || !concern_room(c))
        return false;
    r = about->household ? concerns_at(t, about->household, concern_gather_visit, &g)
                         : concerns_about(t, about->subject, concern_gather_visit, &g);
    if (r) {
        batch_fail(c, r, "concerns");
        return false;
    }
    if (!c->concerns->whole)
        log_error("concerns-incomplete", "question=%s",
                  bundle_question_at(c->bundle, question)->id);
    threshold_sort(c->concerns->facts, c->concerns->n);
    return c->concerns->whole;
}

const struct concern_who *concern_who_of(const struct core *c, size_t fact)
{
    return &c->concerns->whos[c->concerns->facts[fact].order % THRESHOLD_FACTS_MAX];
}

size_t concern_place(const struct core *c, const struct id *id)
{
    for (size_t i = 0; i < c->concerns->n; i++)
        if (id_equal(&concern_who_of(c, i)->id, id))
            return i;
    return SIZE_MAX;
}

uint16_t concern_left_out(const struct core *c, const struct policy_threshold *rule,
                          uint16_t reader)
{
    if (rule->own_count || reader >= bundle_n_agencies(c->bundle))
        return POLICY_NONE;
    return bundle_agency_at(c->bundle, reader)->organisation;
}

/* --- who is named --- */

/* The latest concern in the window by which an organisation may be named: lodged by an agency that
 * is not sensitive. Return: SIZE_MAX: there is none, or the organisation itself is sensitive. */
static size_t concern_names(const struct core *c, const struct policy_threshold *rule,
                            const struct threshold_found *found, uint16_t organisation)
{
    if (bundle_agency_at(c->bundle, organisation)->sensitive)
        return SIZE_MAX;
    for (size_t i = c->concerns->n; i-- > 0;) {
        const struct concern_fact *f = &c->concerns->facts[i];

        if (f->organisation == organisation && threshold_counts(rule, f) &&
            threshold_within(rule, f, found->fired_on) &&
            !bundle_agency_at(c->bundle, concern_who_of(c, i)->agency)->sensitive)
            return i;
    }
    return SIZE_MAX;
}

static void concern_name_one(const struct core *c, uint16_t organisation, size_t fact,
                             struct concern_named *out)
{
    const struct policy_agency *a = bundle_agency_at(c->bundle, organisation);
    const struct concern_who *who = concern_who_of(c, fact);
    size_t at = out->n;

    while (at > 0 && strcmp(out->out[at - 1].agency, a->id) > 0) {
        out->out[at] = out->out[at - 1];
        at--;
    }
    memset(&out->out[at], 0, sizeof(out->out[at]));
    text_cut(out->out[at].agency, sizeof(out->out[at].agency), a->id);
    text_cut(out->out[at].agency_name, sizeof(out->out[at].agency_name), a->name);
    text_cut(out->out[at].contact_route, sizeof(out->out[at].contact_route),
             who->contact_route[0] ? who->contact_route
                                   : bundle_agency_at(c->bundle, who->agency)->contact);
    out->n++;
}

void concern_name(const struct core *c, const struct policy_threshold *rule,
                  const struct threshold_found *found, uint16_t leave_out,
                  struct concern_named *out)
{
    for (uint16_t o = 0; o < bundle_n_agencies(c->bundle); o++) {
        size_t fact;

        if (o == leave_out || !agency_set_has(&found->organisations, o))
            continue;
        fact = rule->named ? concern_names(c, rule, found, o) : SIZE_MAX;
        if (fact == SIZE_MAX || out->n == CONTRIBUTORS_MAX)
            out->masked = true;
        else
            concern_name_one(c, o, fact, out);
    }
}

/* --- shields --- */

struct shielding {
    const struct core *c;
    const struct concern_about *about;
    uint8_t past;  /* level that the reader's purposes see past */
    uint16_t slot; /* the reader */
    bool hidden, any;
};

static int concern_shield_visit(void *ctx, const struct shield_record *r)
{
    struct shielding *s = ctx;
    bool close = shield_near(&r->shield.subject, s->about->subject);
    bool live = !r->lifted && shield_in_force(s->c, &r->shield);

    if (live && close)
        s->any = true;
    if (live && close && r->shield.level >= 2 &&
        r->shield.level > s->past &&
        !agencies_colleagues(&s->c->agencies, s->c->bundle, s->slot,
                             agencies_find(&s->c->agencies, r->owner)))
        s->hidden = true;
    return 0;
}

static uint8_t concern_sees_past(const struct core *c, uint16_t question, uint16_t slot)
{
    uint8_t past = 0;

    for (uint16_t p = 0; p < bundle_n_purposes(c->bundle); p++) {
        uint8_t level = bundle_purpose_at(c->bundle, p)->past_shield_level;

        if (threshold_feeds(c->bundle, p, question, c->day) &&
            bundle_party(c->bundle, c->agencies.slots[slot].index, p) && level > past)
            past = level;
    }
    return past;
}

bool concern_shields(struct core *c, uint16_t question, uint16_t slot,
                     const struct concern_about *about, bool *any)
{
    struct shielding s = { .c = c, .about = about, .slot = slot };
    struct store_txn *t = batch_txn(c);
    int r;

    *any = !about->household;
    if (about->household)
        return false; /* a shield is a person's */
    if (!t)
        return true;
    s.past = concern_sees_past(c, question, slot);
    r = shields_about(t, c->store, about->subject, concern_shield_visit, &s);
    *any = r || s.any;
    return r || s.hidden;
}

bool concern_shielded(struct core *c, uint16_t question, uint16_t slot,
                      const struct concern_about *about)
{
    bool any;

    return concern_shields(c, question, slot, about, &any);
}
