/* SPDX-License-Identifier: Apache-2.0 */
/* consent.c - which grants count, and what refusals take away: the data README's section "Consent",
 * DOMAIN.md section 2.
 *
 * Permits are matched strictly, prohibitions broadly (DESIGN.md section 7): a grant counts only
 * when its tokens are surely the subject's; a refusal counts whenever they may be. */
#include "engine/decide.h"
#include <string.h>

static bool given(const struct choice *c, const struct consent_fact *k)
{
    return k->given_on != POLICY_DAY_NONE && k->given_on <= c->f->day;
}

static bool withdrawn(const struct choice *c, const struct consent_fact *k)
{
    return k->withdrawn_on != POLICY_DAY_NONE && k->withdrawn_on <= c->f->day;
}

/* "Past review_at: still valid but answers carry review_due; grace then lapse is a policy
 * parameter." A refusal is not reviewed away. */
static bool review_due(const struct choice *c, const struct consent_fact *k)
{
    return !k->refused && k->review_on != POLICY_DAY_NONE && k->review_on < c->f->day;
}

static bool lapsed(const struct choice *c, const struct consent_fact *k)
{
    return review_due(c, k) &&
           c->f->day - (int64_t)k->review_on > (int64_t)c->b->l.consent.grace_days;
}

static bool expired(const struct choice *c, const struct consent_fact *k)
{
    return (k->expires_on != POLICY_DAY_NONE && k->expires_on < c->f->day) || lapsed(c, k);
}

static bool live(const struct choice *c, const struct consent_fact *k)
{
    return !withdrawn(c, k) && !expired(c, k);
}

/* "when `recipients` is `*` or names the agency or the agency it is a team of" */
static bool covers_asker(const struct choice *c, const struct consent_fact *k)
{
    uint16_t asker = c->f->agency;

    return agency_set_has(&k->recipients, asker) ||
           agency_set_has(&k->recipients, c->b->l.agencies[asker].organisation);
}

/* "stage 1 names+addresses to the steering group; stage 2 each named service may release". What a
 * later stage may mean is not known: it carries nothing. */
static bool carries_question(const struct choice *c, const struct consent_fact *k)
{
    if (k->stage == 1)
        return c->question && c->question->stage == 1;
    return k->stage == 0 || k->stage == 2;
}

static bool covers(const struct choice *c, const struct consent_fact *k)
{
    return covers_asker(c, k) && carries_question(c, k);
}

static bool by_subject(const struct consent_fact *k)
{
    return k->capacity == FACT_CAPACITY_SELF || k->capacity == FACT_CAPACITY_GILLICK;
}

/* "Gillick-competent for this decision, recorded by a named professional with date": a judgement
 * that nobody put their name to counts for nothing. So too what is in the best interests of
 * somebody who lacks capacity. */
static bool judged(const struct consent_fact *k)
{
    if (k->capacity == FACT_CAPACITY_GILLICK || k->capacity == FACT_CAPACITY_BEST_INTERESTS)
        return k->competence;
    return true;
}

/* "An unborn child is a subject linked to the mother; consent is hers." */
static bool may_give(const struct choice *c, const struct consent_fact *k)
{
    bool of_a_child =
        k->capacity == FACT_CAPACITY_PARENT || k->capacity == FACT_CAPACITY_LOCAL_AUTHORITY;

    if (of_a_child && c->f->subject_kind == FACT_UNBORN)
        return false;
    return k->giver_authority && !(k->capacity == FACT_CAPACITY_PARENT && k->disputed);
}

static bool able(const struct choice *c, const struct consent_fact *k)
{
    const struct policy_consent_rules *rules = &c->b->l.consent;

    if (k->capacity == 0 || k->capacity >= ALM_LEN(rules->capacities) ||
        !rules->capacities[k->capacity].able)
        return false;
    if (!may_give(c, k) || !judged(k))
        return false;
    if (k->able_from != POLICY_DAY_NONE && c->f->day < k->able_from)
        return false;
    return k->able_until == POLICY_DAY_NONE || c->f->day <= k->able_until;
}

static bool usable_grant(const struct choice *c, const struct consent_fact *k)
{
    return !k->refused && k->match == FACT_STRICT && given(c, k);
}

static bool later(const struct consent_fact *a, const struct consent_fact *than)
{
    return a->given_on > than->given_on ||
           (a->given_on == than->given_on && a->given_ms > than->given_ms);
}

static bool granted_again(const struct choice *c, const struct consent_fact *refusal)
{
    for (uint16_t i = 0; i < c->f->n_consents; i++) {
        const struct consent_fact *k = &c->f->consents[i];

        if (usable_grant(c, k) && by_subject(k) && judged(k) && later(k, refusal))
            return true;
    }
    return false;
}

/* Adds the agencies of a set; with teams, those of a named organisation too. */
static void mask_add_set(const struct bundle *b, struct mask *m, const struct agency_set *s,
                         bool teams)
{
    struct mask named;

    memcpy(named.bits, s->bits, sizeof(named.bits));
    for (uint16_t i = mask_next(&named, 0); i < b->l.n_agencies; i = mask_next(&named, i + 1)) {
        mask_add(m, i);
        if (teams && b->l.agencies[i].organisation == i)
            mask_or(m, &b->organisations[i]);
    }
}

static bool conflicting(const struct consent_fact *k)
{
    return k->match != FACT_STRICT && k->match != FACT_BROAD;
}

/* A live refusal by the subject that covers the asker. Return: true when it refuses everything. */
static bool apply_refusal(struct choice *c, const struct consent_fact *k)
{
    struct mask *m = conflicting(k) ? &c->grants.conflict_sources : &c->grants.refused;

    mask_add_set(c->b, m, &k->sources, true);
    mask_add_set(c->b, m, &k->sensitive_sources, true);
    if (k->sensitive_sources.any)
        mask_or(m, &c->b->sensitive);
    if (!k->sources.any || granted_again(c, k))
        return false;
    if (!conflicting(k))
        return true;
    c->grants.conflict = true;
    return false;
}

static bool refused_everything(struct choice *c)
{
    bool all = false;

    for (uint16_t i = 0; i < c->f->n_consents; i++) {
        const struct consent_fact *k = &c->f->consents[i];

        if (k->refused && by_subject(k) && given(c, k) && live(c, k) && covers_asker(c, k))
            all = apply_refusal(c, k) || all;
    }
    return all;
}

/* Return: how many grants are live, able and cover the asker. */
static unsigned add_grants(struct choice *c)
{
    unsigned n = 0;

    for (uint16_t i = 0; i < c->f->n_consents; i++) {
        const struct consent_fact *k = &c->f->consents[i];

        if (!usable_grant(c, k) || !live(c, k) || !able(c, k) || !covers(c, k))
            continue;
        n++;
        c->out->grants |= UINT64_C(1) << i;
        c->out->review_due = c->out->review_due || review_due(c, k);
        /* "stage 2 each named service": there is no "all of them" in that stage. */
        c->grants.sources_any = c->grants.sources_any || (k->sources.any && k->stage != 2);
        mask_add_set(c->b, &c->grants.sources, &k->sources, true);
        mask_add_set(c->b, &c->grants.sensitive, &k->sensitive_sources,
                     false); /* by its own name only */
    }
    return n;
}

/* "the reason is the first that applies: among grants that cover the asker, consent-withdrawn,
 * consent-expired, consent-invalid (live but not able); then consent-scope (a live and able grant
 * exists, for other recipients); then no-consent" */
static enum reason why_none(const struct choice *c)
{
    bool seen[REASON_COUNT] = { false };
    static const enum reason order[] = { REASON_CONSENT_WITHDRAWN, REASON_CONSENT_EXPIRED,
                                         REASON_CONSENT_INVALID, REASON_CONSENT_SCOPE };

    for (uint16_t i = 0; i < c->f->n_consents; i++) {
        const struct consent_fact *k = &c->f->consents[i];

        if (!usable_grant(c, k))
            continue;
        if (!covers(c, k))
            seen[REASON_CONSENT_SCOPE] = seen[REASON_CONSENT_SCOPE] || (live(c, k) && able(c, k));
        else if (withdrawn(c, k))
            seen[REASON_CONSENT_WITHDRAWN] = true;
        else if (expired(c, k))
            seen[REASON_CONSENT_EXPIRED] = true;
        else
            seen[REASON_CONSENT_INVALID] = true;
    }
    for (size_t i = 0; i < ALM_LEN(order); i++)
        if (seen[order[i]])
            return order[i];
    return REASON_NO_CONSENT;
}

enum reason consent_check(struct choice *c)
{
    if (!c->purpose->consent)
        return REASON_NONE;
    trace(c, PASS_BASIS, CLAUSE_CONSENT_NEEDED, HOLDS);
    if (trace(c, PASS_BASIS, CLAUSE_NOT_REFUSED, refused_everything(c) ? FAILS : HOLDS) != HOLDS)
        return REASON_CONSENT_REFUSED;
    if (trace(c, PASS_BASIS, CLAUSE_CONSENT_VALID, add_grants(c) ? HOLDS : FAILS) != HOLDS)
        return why_none(c);
    return REASON_NONE;
}
