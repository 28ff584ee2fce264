/* SPDX-License-Identifier: Apache-2.0 */
/* consent.c - grants and refusals as they are lodged, and the lodger's change of when the giver is
 * able. */
#include "stages.h"

#include <errno.h>
#include <string.h>

struct looking { /* for withdrawals that came before the grant they cover */
    const struct consent_record *grant;
    int32_t withdrawn_on;
    int64_t withdrawn_ms;
};

static int consent_visit(void *ctx, const struct consent_record *r)
{
    struct looking *l = ctx;
    const struct msg_consent *grant = &l->grant->consent;

    if (!r->is_withdrawal || match_broad(&r->consent.subject, &grant->subject) != MATCH_YES)
        return 0;
    if (!withdrawal_covers(r->consent.given_on, r->consent.given_ms, grant->given_on,
                           grant->given_ms))
        return 0;
    if (l->withdrawn_on == CIVIL_NONE || r->consent.given_on < l->withdrawn_on) {
        l->withdrawn_on = r->consent.given_on;
        l->withdrawn_ms = r->consent.given_ms;
    }
    return 0;
}

/* "A withdrawal or refusal covers every grant ... given before it, whenever that arrives." */
bool consent_covered(struct core *c, struct consent_record *record)
{
    struct looking l = { .grant = record, .withdrawn_on = CIVIL_NONE };
    struct store_txn *t = batch_txn(c);
    int r;

    if (!t || record->consent.decision != CONSENT_GRANTED)
        return false;
    r = consents_about(t, c->store, &record->consent.subject, record->consent.purpose,
                       consent_visit, &l);
    if (r) {
        batch_fail(c, r, "consent");
        return false;
    }
    if (l.withdrawn_on == CIVIL_NONE)
        return false;
    record->withdrawn_on = l.withdrawn_on;
    record->withdrawn_ms = l.withdrawn_ms;
    return true;
}

static bool before(int32_t day, int32_t than) /* both given */
{
    return day != CIVIL_NONE && than != CIVIL_NONE && day < than;
}

/* "Gillick-competent for this decision, recorded by a named professional with date" */
static const char *consent_unjudged(const struct msg_consent *m)
{
    if (m->capacity != CAPACITY_GILLICK && m->capacity != CAPACITY_BEST_INTERESTS)
        return NULL;
    if (!m->competence_by[0] || !m->competence_role[0] || m->competence_on == CIVIL_NONE)
        return "competence-missing";
    return m->competence_on > m->given_on ? "bad-dates" : NULL;
}

/* What only a grant must have. NULL: it has it. */
static const char *grant_wrong(const struct core *c, const struct msg_consent *m)
{
    const char *unjudged = consent_unjudged(m);

    if (unjudged)
        return unjudged;
    if (!bundle_wording(c->bundle, m->wording_version, m->given_on))
        return "wording-not-approved";
    if (m->method == METHOD_RECORDED_VERBAL && !m->witness[0] &&
        bundle_consent_rules(c->bundle)->witness_verbal)
        return "witness-missing";
    if (m->stage == 2 && (m->sources.any || !m->sources.n))
        return "stage-names-services";
    if (m->subject.unborn &&
        (m->capacity == CAPACITY_PARENT || m->capacity == CAPACITY_LOCAL_AUTHORITY))
        return "unborn-mother-only";
    return NULL;
}

static const char *consent_wrong(const struct core *c, const struct msg_consent *m)
{
    if (m->sensitive_sources.any)
        return "sensitive-sources-any";
    if (before(m->able_until, m->able_from) || before(m->expires_on, m->given_on) ||
        before(m->review_on, m->given_on))
        return "bad-dates";
    return m->decision == CONSENT_GRANTED ? grant_wrong(c, m) : NULL;
}

static bool consent_sound(struct core *c, struct work *w)
{
    const struct msg_consent *m = &c->in.consent;
    const char *wrong = consent_wrong(c, m);

    if (wrong) {
        lodge_refuse(c, w, wrong);
        return false;
    }
    return lodge_given(c, w, m->given_on, m->given_ms);
}

bool refusal_live(const struct core *c, const struct consent_record *r)
{
    bool taken_back = r->withdrawn_on != CIVIL_NONE && r->withdrawn_on <= c->day;
    bool expired = r->consent.expires_on != CIVIL_NONE && r->consent.expires_on < c->day;

    return !taken_back && !expired;
}

struct counting { /* refusals that the lodger has made already */
    const struct core *c;
    const struct msg_consent *refusal;
    const char *lodger;
    unsigned n;
};

/* As broadly as decisions weigh refusals: one in doubt counts too. */
static int refusal_visit(void *ctx, const struct consent_record *r)
{
    struct counting *v = ctx;
    enum match match;

    if (r->is_withdrawal || r->consent.decision != v->refusal->decision ||
        strcmp(r->lodger, v->lodger) != 0 || !refusal_live(v->c, r))
        return 0;
    match = match_broad(&r->consent.subject, &v->refusal->subject);
    if (match == MATCH_YES || match == MATCH_CONFLICT)
        v->n++;
    return 0;
}

/* "One hostile agency harms only itself": refusals are never left out of a decision, so that heaps
 * of narrow ones would leave it without all facts, and hide the person. */
static bool refusal_has_place(struct core *c, struct work *w)
{
    const struct msg_consent *m = &c->in.consent;
    struct counting v = { .c = c, .refusal = m, .lodger = c->agencies.slots[w->agency].reg.id };
    struct store_txn *t = batch_txn(c);
    int r;

    if (m->decision == CONSENT_GRANTED)
        return true;
    if (!t)
        return false;
    r = consents_about(t, c->store, &m->subject, m->purpose, refusal_visit, &v);
    if (r) {
        batch_fail(c, r, "consent");
        return false;
    }
    if (v.n >= REFUSALS_MAX)
        lodge_refuse(c, w, "too-many-refusals");
    return v.n < REFUSALS_MAX;
}

/* "Refusal is a recorded state distinct from absence; asked_not_possible(reason) is a third." */
static uint8_t consent_event(uint8_t decision)
{
    switch ((enum consent_decision)decision) {
    case CONSENT_GRANTED:
        return EVENT_CONSENT_LODGED;
    case CONSENT_REFUSED:
        return EVENT_REFUSAL_LODGED;
    case CONSENT_NOT_POSSIBLE:
        return EVENT_CONSENT_NOT_POSSIBLE;
    }
    return EVENT_REFUSED;
}

/* What the person's own refusal of everything ends, those hear of whom it speaks. */
static void refusal_tell(struct core *c, const struct msg_consent *m)
{
    if (m->decision == CONSENT_REFUSED && m->sources.any &&
        (m->capacity == CAPACITY_SELF || m->capacity == CAPACITY_GILLICK))
        reliance_end(c, &m->subject, m->purpose, 0, &m->recipients);
}

void lodge_consent(struct core *c, struct work *w)
{
    struct consent_record *r = &c->record;
    const struct msg_consent *m = &c->in.consent;
    struct store_txn *t;

    if (!lodge_begin(c, w) || !lodge_party(c, w, m->purpose) || !consent_sound(c, w) ||
        !lodge_id_free(c, w) || !refusal_has_place(c, w))
        return;
    lodge_record(c, w, consent_event(m->decision), m->purpose);
    record_competence(c, m);
    record_tokens(c, &m->subject);
    memset(r, 0, sizeof(*r));
    r->leaf = lodge_recorded(c, w);
    r->id = w->id;
    memcpy(r->lodger, c->agencies.slots[w->agency].reg.id, sizeof(r->lodger));
    r->consent = *m;
    r->withdrawn_on = CIVIL_NONE;
    (void)consent_covered(c, r);
    t = batch_txn(c);
    if (t)
        consents_put(t, c->store, r);
    reseek_answered(c, r);
    reseek_put(c, r);
    refusal_tell(c, m);
}

/* The lodger alone: "it sends a change when the status ends early". Another's consent and none look
 * the same. */
void lodge_change(struct core *c, struct work *w)
{
    const struct msg_consent_change *m = &c->in.consent_change;
    struct store_txn *t;
    int r;

    if (!lodge_begin(c, w))
        return;
    t = batch_txn(c);
    if (!t)
        return;
    r = consents_get(t, &m->consent, &c->record);
    if (r && r != -ENOENT) {
        batch_fail(c, r, "consent");
        return;
    }
    if (r || c->record.is_withdrawal ||
        strcmp(c->record.lodger, c->agencies.slots[w->agency].reg.id) != 0) {
        lodge_refuse(c, w, "unknown-consent");
        return;
    }
    record_id(c, lodge_record(c, w, EVENT_CONSENT_CHANGED, c->record.consent.purpose), &m->consent);
    c->record.consent.able_until = m->able_until;
    consents_put(t, c->store, &c->record);
    reseek_done(c, &c->record);
    reseek_put(c, &c->record);
    lodge_recorded(c, w);
    if (c->record.consent.decision == CONSENT_GRANTED && m->able_until < c->day) {
        reliance_begin(&c->ended);
        reliance_of(c, &m->consent, &c->ended);
        reliance_tell(c, &c->ended, NULL);
    }
}
