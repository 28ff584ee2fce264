/* SPDX-License-Identifier: Apache-2.0 */
/* facts.c - what the engine decides on, read afresh for each decision: standing, consents, shields,
 * as indexes of the bundle in force.
 *
 * "Permits are matched strictly ... prohibitions are matched broadly" (DESIGN.md section 7). A
 * withdrawal covers every grant for that subject and purpose given before it, in whatever order the
 * two arrive (section 4). */
#include "stages.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static_assert((int)FACT_CAPACITY_BEST_INTERESTS == (int)CAPACITY_BEST_INTERESTS,
              "the engine's numbers are the wire's");
static_assert((int)FACT_CAPACITY_LOCAL_AUTHORITY == (int)CAPACITY_LOCAL_AUTHORITY,
              "the engine's numbers are the wire's");
static_assert((int)FACT_CAPACITY_SELF == (int)CAPACITY_SELF, "the engine's numbers are the wire's");
static_assert((int)FACT_RELATION_SELF_CLAIMED == (int)RELATION_SELF_CLAIMED,
              "the engine's numbers are the wire's");
static_assert((int)FACT_HOUSEHOLD == (int)SUBJECT_HOUSEHOLD, "the engine's numbers are the wire's");
static_assert((int32_t)POLICY_DAY_NONE == (int32_t)CIVIL_NONE,
              "an absent day is one number everywhere");

#define WITHDRAWALS_MAX 64

struct moment { /* when somebody gave or withdrew: a civil day, and the lodger's clock within it */
    int32_t on;
    int64_t ms;
};
struct gathering {
    struct core *c;
    const struct ask *ask;
    struct moment withdrawals[WITHDRAWALS_MAX];
    uint16_t n_withdrawals;
};

static void facts_set(const struct bundle *b, const struct msg_scope *scope, struct agency_set *out)
{
    memset(out, 0, sizeof(*out));
    out->any = scope->any;
    for (uint8_t i = 0; i < scope->n && i < SCOPE_MAX; i++) {
        uint16_t index = bundle_agency(b, scope->agencies[i]);

        if (index != POLICY_NONE) /* an agency that no policy knows can neither ask nor be asked */
            agency_set_add(out, index);
    }
}

static struct consent_fact *facts_any_grant(struct core *c)
{
    for (uint16_t i = 0; i < c->facts.n_consents; i++) {
        if (!c->consents[i].refused)
            return &c->consents[i];
    }
    return NULL;
}

/* More than fit: grants are left out, for that permits less; a prohibition never is. Return: NULL
 * when there is no room. */
static struct consent_fact *facts_new_consent(struct core *c, bool permits)
{
    struct consent_fact *f;

    if (c->facts.n_consents < POLICY_CONSENTS_MAX) {
        f = &c->consents[c->facts.n_consents++];
    } else {
        f = permits ? NULL : facts_any_grant(c);
        c->facts.incomplete = c->facts.incomplete || (!permits && !f);
    }
    if (f)
        memset(f, 0, sizeof(*f));
    return f;
}

/* Nobody withdraws ahead (lodge_given()): a day that lies ahead was reached once, and the clock has been set back
 * since. "After (in commit order) a withdrawal" nothing rests on the grant. */
static int32_t facts_withdrawn_on(const struct core *c, int32_t on)
{
    return on != POLICY_DAY_NONE && on > c->day ? c->day : on;
}

static void facts_consent(struct core *c, const struct consent_record *r, uint8_t match)
{
    const struct msg_consent *m = &r->consent;
    struct consent_fact *f = facts_new_consent(c, m->decision == CONSENT_GRANTED);

    if (!f)
        return;
    f->refused = m->decision != CONSENT_GRANTED;
    f->match = match;
    f->capacity = m->capacity;
    f->giver_authority = m->giver_authority;
    f->given_on = m->given_on;
    f->given_ms = m->given_ms;
    f->expires_on = m->expires_on;
    f->withdrawn_on = f->refused ? r->withdrawn_on : facts_withdrawn_on(c, r->withdrawn_on);
    f->able_from = m->able_from;
    f->able_until = m->able_until;
    f->competence = m->competence_by[0] && m->competence_role[0] && m->competence_on != CIVIL_NONE;
    f->stage = m->stage;
    f->review_on = m->review_on;
    c->consent_ids[f - c->consents] = r->id;
    facts_set(c->bundle, &m->recipients, &f->recipients);
    facts_set(c->bundle, &m->sources, &f->sources);
    facts_set(c->bundle, &m->sensitive_sources, &f->sensitive_sources);
}

/* A withdrawal or dispute that may be this person's and may be another's: nothing may rest on a
 * grant given before, and nothing may be said for certain. */
static void facts_doubtful(struct core *c, int32_t on, int64_t ms)
{
    struct consent_fact *f = facts_new_consent(c, false);

    if (!f)
        return;
    f->refused = true;
    f->match = FACT_CONFLICT;
    f->capacity = FACT_CAPACITY_SELF;
    f->giver_authority = true;
    f->given_on = on;
    f->given_ms = ms;
    f->expires_on = f->withdrawn_on = f->able_from = f->able_until = POLICY_DAY_NONE;
    f->review_on = POLICY_DAY_NONE;
    f->recipients.any = f->sources.any = true;
}

static void facts_withdrawal(struct gathering *g, const struct consent_record *r, enum match match)
{
    if (match == MATCH_CONFLICT) {
        facts_doubtful(g->c, r->consent.given_on, r->consent.given_ms);
    } else if (g->n_withdrawals < WITHDRAWALS_MAX) {
        g->withdrawals[g->n_withdrawals++] =
            (struct moment){ r->consent.given_on, r->consent.given_ms };
    } else if (withdrawal_covers(r->consent.given_on, r->consent.given_ms, g->withdrawals[0].on,
                                 g->withdrawals[0].ms)) {
        /* More than fit: the latest is never left out, and covers all that the others cover. */
        g->withdrawals[0] = (struct moment){ r->consent.given_on, r->consent.given_ms };
    }
}

static int facts_visit_consent(void *ctx, const struct consent_record *r)
{
    struct gathering *g = ctx;
    enum match match;

    if (!r->is_withdrawal && r->consent.decision == CONSENT_NOT_POSSIBLE)
        return 0; /* "a third": it gives nothing and takes nothing away */
    if (!r->is_withdrawal && r->consent.decision == CONSENT_GRANTED) {
        if (match_strict(&r->consent.subject, &g->ask->subject) == MATCH_YES)
            facts_consent(g->c, r, FACT_STRICT);
        return 0;
    }
    match = match_broad(&r->consent.subject, &g->ask->subject);
    if (match != MATCH_YES && match != MATCH_CONFLICT)
        return 0;
    if (r->is_withdrawal)
        facts_withdrawal(g, r, match);
    else if (refusal_live(g->c, r)) /* else it takes nothing away, and must fill no place */
        facts_consent(g->c, r, match == MATCH_CONFLICT ? FACT_CONFLICT : FACT_BROAD);
    return 0;
}

/* "covers every grant for that subject and purpose given before it, whenever that arrives" */
static void facts_apply_withdrawals(struct gathering *g)
{
    for (uint16_t i = 0; i < g->c->facts.n_consents; i++) {
        struct consent_fact *f = &g->c->consents[i];

        for (uint16_t j = 0; j < g->n_withdrawals && !f->refused; j++) {
            const struct moment *w = &g->withdrawals[j];
            int32_t on = facts_withdrawn_on(g->c, w->on);

            if (withdrawal_covers(w->on, w->ms, f->given_on, f->given_ms) &&
                (f->withdrawn_on == POLICY_DAY_NONE || on < f->withdrawn_on))
                f->withdrawn_on = on;
        }
    }
}

/* "grants by parents then stop": whenever they were given, until it is lifted. */
static void facts_apply_disputes(struct core *c, enum disputed disputed)
{
    bool parent = false;

    for (uint16_t i = 0; disputed != DISPUTED_NOT && i < c->facts.n_consents; i++) {
        struct consent_fact *f = &c->consents[i];

        if (f->refused || f->capacity != FACT_CAPACITY_PARENT)
            continue;
        parent = true;
        f->disputed = disputed == DISPUTED;
    }
    if (parent && disputed == DISPUTED_PERHAPS)
        facts_doubtful(c, 0, 0); /* whatever they say for themselves is given later, and stands */
}

/* A near match "is quarantined": what is only possible, or in conflict, is hidden as the shield's own
 * person is. Return: FACT_BROAD, FACT_CONFLICT or 0. */
static uint8_t facts_shield_match(const struct token_set *shield, const struct token_set *asked)
{
    if (match_broad(shield, asked) == MATCH_YES)
        return FACT_BROAD;
    return match_near(shield, asked) ? FACT_CONFLICT : 0;
}

/* What a shield does is said by its level and how well it matches: another like it adds nothing, so
 * that no number of shields makes the facts incomplete. */
static bool facts_shield_known(const struct core *c, uint8_t level, uint8_t match)
{
    for (uint16_t i = 0; i < c->facts.n_shields; i++) {
        if (c->shields[i].level == level && c->shields[i].match == match)
            return true;
    }
    return false;
}

static int facts_visit_shield(void *ctx, const struct shield_record *r)
{
    struct gathering *g = ctx;
    struct facts *f = &g->c->facts;
    uint8_t match;

    if (r->lifted || !shield_in_force(g->c, &r->shield))
        return 0;
    match = facts_shield_match(&r->shield.subject, &g->ask->subject);
    if (!match || facts_shield_known(g->c, r->shield.level, match))
        return 0;
    if (f->n_shields == POLICY_SHIELDS_MAX) {
        f->incomplete = true;
        return 0;
    }
    g->c->shields[f->n_shields++] = (struct shield_fact){
        .level = r->shield.level,
        .match = match,
        .from = r->shield.from < g->c->day ? r->shield.from : g->c->day, /* it is in force */
        .until = r->shield.until,
    };
    return 0;
}

/* No consent, refusal or withdrawal says anything about a purpose that does not rest on consent: so
 * many lodged by one agency that they cannot all be weighed must not hide a child from those who
 * ask under a duty. */
static bool facts_rest_on_consent(const struct core *c)
{
    return c->facts.purpose != POLICY_NONE &&
           bundle_purpose_at(c->bundle, c->facts.purpose)->consent;
}

/* Under the epoch before, whether every prohibition is seen is counted anew by the clock. */
static bool facts_epoch_lasts(const struct core *c, const struct token_set *subject)
{
    struct token_epoch now = token_set_epoch(subject);
    const struct policy_epoch *e = bundle_epoch(c->bundle, now.scheme, now.epoch);

    return e && e->state == POLICY_EPOCH_CURRENT;
}

static void facts_about_subject(struct core *c, const struct ask *ask, struct store_txn *t)
{
    struct gathering g = { .c = c, .ask = ask };

    if (ask->subject_kind == SUBJECT_HOUSEHOLD)
        return; /* nobody consents for an address, and a shield is a person's */
    if (ask->subject.n == 0 || !epochs_complete(c, &ask->subject))
        c->facts.incomplete = true;
    c->footing.lasts = c->footing.lasts && facts_epoch_lasts(c, &ask->subject);
    if (facts_rest_on_consent(c) &&
        consents_about(t, c->store, &ask->subject, ask->purpose, facts_visit_consent, &g))
        c->facts.incomplete = true;
    facts_apply_withdrawals(&g);
    if (facts_rest_on_consent(c))
        facts_apply_disputes(c, disputes_gather(c, ask, t));
    overrides_gather(c, ask, t);
    if (shields_about(t, c->store, &ask->subject, facts_visit_shield, &g))
        c->facts.incomplete = true;
}

static bool facts_practitioner(struct core *c, const struct ask *ask, struct store_txn *t)
{
    uint8_t standing = 0;

    if (!ask->practitioner.ref[0])
        return false;
    if (registry_practitioner_get(t, c->agencies.slots[ask->agency].reg.id, ask->practitioner.ref,
                                  &standing)) {
        c->facts.incomplete = true;
        return false;
    }
    return standing == STANDING_ACTIVE;
}

/* "consent" may be claimed where the purpose rests on consent, whether or not the policy names a
 * gateway so. */
static void facts_basis(struct core *c, const struct ask *ask, struct facts *f)
{
    f->basis = bundle_gateway(c->bundle, ask->basis);
    f->basis_given = ask->basis[0] != '\0';
    if (f->basis == POLICY_NONE && !strcmp(ask->basis, "consent") && f->purpose != POLICY_NONE &&
        bundle_purpose_at(c->bundle, f->purpose)->consent)
        f->basis_given = false;
}

/* The hint is where the question stood when the query came: it holds while the policy is the same, and
 * mostly beyond. */
uint16_t ask_question(const struct core *c, const struct ask *ask)
{
    uint16_t at = ask->question_hint;

    if (!c->bundle || ask->involvement)
        return POLICY_NONE;
    if (at < bundle_n_questions(c->bundle) &&
        !strcmp(bundle_question_at(c->bundle, at)->id, ask->question))
        return at;
    return bundle_question(c->bundle, ask->question);
}

void facts_gather(struct core *c, const struct ask *ask)
{
    struct facts *f = &c->facts;
    struct store_txn *t = batch_txn(c);

    memset(f, 0, sizeof(*f));
    c->footing = footing_now(c); /* before anything is read */
    c->footing.lasts = !ask->has_referral;
    f->day = c->day;
    f->agency = c->agencies.slots[ask->agency].index;
    f->agency_standing = agency_active(&c->agencies.slots[ask->agency]);
    f->role = bundle_role(c->bundle, ask->practitioner.role);
    f->purpose = bundle_purpose(c->bundle, ask->purpose);
    facts_basis(c, ask, f);
    f->involvement = ask->involvement;
    f->question = ask_question(c, ask);
    f->has_parameter = ask->has_parameter;
    f->subject_kind = ask->subject_kind;
    f->referral_party = referral_party(c, ask);
    f->relation = ask->relation;
    f->relation_since = ask->relation_since;
    f->relation_until = ask->relation_until;
    f->relation_reason = ask->relation_reason;
    f->conditions = ask->statements;
    f->consents = c->consents;
    f->shields = c->shields;
    if (!t) {
        f->incomplete = true;
        return;
    }
    f->practitioner_standing = facts_practitioner(c, ask, t);
    facts_about_subject(c, ask, t);
}

void decide_alert(const struct core *c, const struct ask *ask, uint64_t leaf)
{
    if (c->decision.outcome != OUTCOME_PERMIT && c->decision.reason == REASON_FACTS_INCOMPLETE)
        log_error("facts-incomplete", "agency=%s leaf=%llu", c->agencies.slots[ask->agency].reg.id,
                  (unsigned long long)leaf);
}

void decide(struct core *c, const struct ask *ask)
{
    memset(&c->facts, 0, sizeof(c->facts));
    if (c->bundle)
        facts_gather(c, ask);
    policy_decide(c->bundle, &c->facts, &c->decision);
}

void decide_first(struct core *c, const struct ask *ask)
{
    memset(&c->facts, 0, sizeof(c->facts));
    if (c->bundle) {
        facts_gather(c, ask);
        c->facts.over_quota = quotas_over(c, ask);
    }
    policy_decide(c->bundle, &c->facts, &c->decision);
}
