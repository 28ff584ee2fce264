/* SPDX-License-Identifier: Apache-2.0 */
/* override.c - the last basis: an approved override of one exact question (DOMAIN.md section 3). It
 * stands in for a consent that is not there, under a gateway of its own; it opens no gate, adds no
 * holder, and passes no shield or sensitive service that the policy does not name the purpose for.
 */
#include "engine/override.h"
#include "engine/catalogue.h"
#include <string.h>

static bool bit(const uint64_t *words, size_t n_words, uint16_t i)
{
    return i < 64 * n_words && ((words[i / 64] >> (i % 64)) & 1);
}
#define BIT(words, i) bit(words, ALM_LEN(words), i)

static bool past_sensitive(const struct choice *c)
{
    return BIT(c->b->l.overrides.past_sensitive, c->f->purpose);
}

/* Closed classes never come here: a gate has refused them. A composite, a threshold and a
 * referral's state are no exact question to a holder. */
static bool kind_open(const struct bundle *b, uint16_t question)
{
    return question == POLICY_NONE || b->l.questions[question].kind == QUESTION_HOLDERS;
}

static enum verdict allowed(const struct choice *c, const struct override_fact *o, enum reason why)
{
    (void)o;
    if (!BIT(c->b->l.overrides.purposes, c->f->purpose) ||
        !kind_open(c->b, c->f->involvement ? POLICY_NONE : c->f->question))
        return FAILS;
    if (why == REASON_SENSITIVE_SERVICE)
        return past_sensitive(c) ? HOLDS : FAILS;
    return (c->b->l.overrides.reasons >> why) & 1 ? HOLDS : FAILS;
}

static enum verdict exact(const struct choice *c, const struct override_fact *o, enum reason why)
{
    uint16_t question = c->f->involvement ? POLICY_NONE : c->f->question;

    (void)why;
    if (o->match != FACT_STRICT)
        return CANNOT_TELL; /* a permit: it must surely be this person's */
    return o->agency == c->f->agency && o->purpose == c->f->purpose && o->question == question &&
                   o->same_parameter
               ? HOLDS
               : FAILS;
}

static enum verdict in_time(const struct choice *c, const struct override_fact *o, enum reason why)
{
    (void)c;
    (void)why;
    return o->in_time ? HOLDS : FAILS;
}

/* "One-person only for immediate danger ... else two persons" */
static enum verdict approved(const struct choice *c, const struct override_fact *o, enum reason why)
{
    (void)why;
    if (o->ended)
        return FAILS;
    if (o->approved)
        return HOLDS;
    return o->immediate_danger && BIT(c->b->l.overrides.alone, c->f->purpose) ? HOLDS : FAILS;
}

static enum verdict gateway(const struct choice *c, const struct override_fact *o, enum reason why)
{
    uint8_t class = c->question ? c->question->data_class : 0;
    const struct lay_gateway *g;

    (void)why;
    if (!bundle_override_gateway(c->b, o->gateway, c->f->day))
        return FAILS;
    g = &c->b->l.gateways[o->gateway];
    if (class && ((g->excluded_classes >> (class - 1)) & 1))
        return FAILS;
    /* nothing was said about a condition: it is not met */
    return (g->conditions & (o->conditions | c->f->conditions)) == g->conditions ? HOLDS
                                                                                 : CANNOT_TELL;
}

static const struct {
    enum clause_id clause;
    enum verdict (*holds)(const struct choice *c, const struct override_fact *o, enum reason why);
} conditions[] = {
    { CLAUSE_OVERRIDE_ALLOWED, allowed }, { CLAUSE_OVERRIDE_EXACT, exact },
    { CLAUSE_OVERRIDE_IN_TIME, in_time }, { CLAUSE_OVERRIDE_APPROVED, approved },
    { CLAUSE_OVERRIDE_GATEWAY, gateway },
};

static size_t held(const struct choice *c, const struct override_fact *o, enum reason why)
{
    size_t n = 0;

    while (n < ALM_LEN(conditions) && conditions[n].holds(c, o, why) == HOLDS)
        n++;
    return n;
}

/* The one that holds, else the one that comes nearest, for the trace. */
static const struct override_fact *nearest(const struct choice *c, enum reason why)
{
    const struct override_fact *best = &c->f->overrides[0];
    size_t most = held(c, best, why);

    for (uint16_t i = 1; i < c->f->n_overrides; i++) {
        size_t n = held(c, &c->f->overrides[i], why);

        if (n > most) {
            most = n;
            best = &c->f->overrides[i];
        }
    }
    return best;
}

/* What consent left closed is open; what else closes it stays: the override's gateway covers fewer
 * of the holders, never more. */
static void take_the_place_of_consent(struct choice *c, const struct override_fact *o)
{
    const struct mask *reach = &c->b->gateway_holders[o->gateway];
    struct mask named = c->grants.sensitive;

    memset(&c->grants, 0, sizeof(c->grants));
    c->grants.sources_any = true;
    c->grants.sensitive = past_sensitive(c) ? c->b->sensitive : named;
    for (size_t w = 0; w < SET_WORDS; w++)
        c->covered.bits[w] &= reach->bits[w];
    c->out->n_holders = 0;
    c->out->basis = GATEWAY_OVERRIDE;
}

bool override_carries(struct choice *c, enum reason why)
{
    const struct override_fact *o;

    if (!c->f->n_overrides || c->f->n_overrides > POLICY_OVERRIDES_MAX || !c->f->overrides ||
        c->out->basis == GATEWAY_OVERRIDE)
        return false;
    o = nearest(c, why);
    for (size_t i = 0; i < ALM_LEN(conditions); i++)
        if (trace(c, PASS_BASIS, conditions[i].clause, conditions[i].holds(c, o, why)) != HOLDS)
            return false;
    take_the_place_of_consent(c, o);
    c->out->overridden = (uint16_t)(o - c->f->overrides + 1);
    return true;
}

/* All conditions but the first look at the override and not at the reason it is to pass, and the
 * first looks at the reason and not at the override. */
uint16_t policy_override_reach(const struct bundle *b, const struct facts *f,
                               const struct override_fact *o)
{
    struct choice c = { .b = b, .f = f };
    uint16_t first = 0;

    if (f->purpose >= b->l.n_purposes)
        return POLICY_NONE;
    if (!f->involvement && f->question < b->l.n_questions)
        c.question = &b->l.questions[f->question];
    for (size_t i = 1; i < ALM_LEN(conditions); i++)
        if (conditions[i].holds(&c, o, REASON_NONE) != HOLDS)
            return POLICY_NONE;
    while (memcmp(&b->gateway_holders[first], &b->gateway_holders[o->gateway],
                  sizeof(*b->gateway_holders)) != 0)
        first++;
    return first;
}

bool override_claims(const struct choice *c, uint16_t claimed)
{
    for (uint16_t i = 0;
         c->f->overrides && i < c->f->n_overrides && c->f->n_overrides <= POLICY_OVERRIDES_MAX; i++)
        if (c->f->overrides[i].gateway == claimed &&
            exact(c, &c->f->overrides[i], REASON_NONE) == HOLDS &&
            bundle_override_gateway(c->b, claimed, c->f->day))
            return true;
    return false;
}

/* --- what may be asked for at all --- */

const struct policy_override_rules *bundle_override_rules(const struct bundle *b)
{
    return &b->l.overrides;
}

bool bundle_override_open(const struct bundle *b, uint16_t purpose, uint16_t question)
{
    if (purpose >= b->l.n_purposes || !BIT(b->l.overrides.purposes, purpose))
        return false;
    if (question == POLICY_NONE)
        return b->l.purposes[purpose].involvement;
    return question < b->l.n_questions && kind_open(b, question) &&
           !b->l.questions[question].closed_class && bundle_lists(b, purpose, question);
}

bool bundle_override_alone(const struct bundle *b, uint16_t purpose)
{
    return BIT(b->l.overrides.alone, purpose);
}

bool bundle_override_gateway(const struct bundle *b, uint16_t index, int32_t day)
{
    const struct lay_gateway *g;

    if (index >= b->l.n_gateways || !BIT(b->l.overrides.gateways, index))
        return false;
    g = &b->l.gateways[index];
    return g->kind != GATEWAY_CONSENT && day >= g->from &&
           (g->until == POLICY_DAY_NONE || day <= g->until);
}

bool bundle_same_organisation(const struct bundle *b, uint16_t one, uint16_t other)
{
    return one >= b->l.n_agencies || other >= b->l.n_agencies ||
           b->l.agencies[one].organisation == b->l.agencies[other].organisation;
}

bool bundle_hub(const struct bundle *b, uint16_t agency)
{
    return agency < b->l.n_agencies && b->l.agencies[agency].hub;
}

/* "signed by another agency (the hub or the holder's)" */
bool bundle_override_approver(const struct bundle *b, uint16_t agency, uint16_t purpose,
                              uint16_t question)
{
    uint8_t who = b->l.overrides.approvers;
    const struct mask *holders;

    if (agency >= b->l.n_agencies || !bundle_override_open(b, purpose, question))
        return false;
    if ((who & APPROVER_HUBS) && b->l.agencies[agency].hub)
        return true;
    holders = question == POLICY_NONE
                  ? &b->protocols[b->l.purposes[purpose].protocol].answer
                  : &b->cells[(size_t)purpose * b->l.n_questions + question].holders;
    return (who & APPROVER_HOLDERS) && mask_has(holders, agency);
}
