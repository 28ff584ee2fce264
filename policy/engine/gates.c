/* SPDX-License-Identifier: Apache-2.0 */
/* gates.c - the first pass: who asks, for what, about whom. Any gate that does not hold refuses, in
 * the order of the data README's "Order of checks" (1 to 6); nothing here looks at a consent, a
 * shield or what a holder knows. */
#include "engine/decide.h"

static enum verdict from_bool(bool b)
{
    return b ? HOLDS : FAILS;
}

static bool day_within(int32_t day, int32_t from, int32_t until)
{
    return day >= from &&
           (until == POLICY_DAY_NONE || day <= until); /* both ends included: DESIGN.md section 6 */
}

static enum verdict agency_standing(struct choice *c)
{
    return from_bool(c->f->agency_standing);
}

static enum verdict practitioner_standing(struct choice *c)
{
    return from_bool(c->f->practitioner_standing);
}

static enum verdict purpose_known(struct choice *c)
{
    uint16_t p = c->f->purpose;

    if (p >= c->b->l.n_purposes)
        return FAILS;
    c->purpose = &c->b->l.purposes[p];
    c->protocol = &c->b->protocols[c->purpose->protocol];
    if (!c->f->involvement && c->f->question < c->b->l.n_questions) {
        c->question = &c->b->l.questions[c->f->question];
        c->cell = &c->b->cells[(size_t)p * c->b->l.n_questions + c->f->question];
    }
    return HOLDS;
}

static enum verdict protocol_dates(struct choice *c)
{
    const struct lay_protocol *p = &c->b->l.protocols[c->purpose->protocol];

    return from_bool(day_within(c->f->day, p->from, p->until));
}

static enum verdict purpose_dates(struct choice *c)
{
    return from_bool(day_within(c->f->day, c->purpose->from, c->purpose->until));
}

static uint8_t ask_of(const struct choice *c)
{
    if (c->f->agency >= c->b->l.n_agencies || !mask_has(&c->protocol->party, c->f->agency))
        return ASK_NO;
    return c->protocol->ask[c->f->agency];
}

static enum verdict party(struct choice *c)
{
    return from_bool(ask_of(c) != ASK_NO);
}

static enum verdict role(struct choice *c)
{
    uint16_t r = c->f->role;

    return from_bool(r < c->b->l.n_roles && ((c->purpose->roles[r / 64] >> (r % 64)) & 1));
}

static enum verdict question_listed(struct choice *c)
{
    return from_bool(c->f->involvement || (c->cell && c->cell->listed));
}

static enum verdict question_open_class(struct choice *c)
{
    return from_bool(!c->question || !c->question->closed_class);
}

/* "a household may be its subject only for purposes without consent, and not for involvement or
 * residence questions" */
static enum verdict question_subject(struct choice *c)
{
    switch (c->f->subject_kind) {
    case FACT_PERSON:
    case FACT_UNBORN:
        return HOLDS;
    case FACT_HOUSEHOLD:
        return from_bool(c->question && c->question->household && !c->purpose->consent);
    default:
        return CANNOT_TELL;
    }
}

static enum verdict question_parameter(struct choice *c)
{
    if (!c->question)
        return from_bool(!c->f->has_parameter);
    if (c->question->kind == QUESTION_REFERRAL)
        return HOLDS; /* which referral is asked about is settled by the referral-party gate */
    return from_bool(c->question->home_parameter == c->f->has_parameter);
}

static enum verdict involvement_allowed(struct choice *c)
{
    return from_bool(!c->f->involvement || c->purpose->involvement);
}

static enum verdict ask_full(struct choice *c)
{
    return from_bool(!c->f->involvement || ask_of(c) == ASK_FULL);
}

static enum verdict referral_party(struct choice *c)
{
    if (!c->question || c->question->kind != QUESTION_REFERRAL || c->f->referral_party == 1)
        return HOLDS;
    return c->f->referral_party == 2 ? FAILS : CANNOT_TELL;
}

static enum verdict within(const struct choice *c, int32_t event)
{
    return from_bool((int64_t)c->f->day - event <= c->purpose->within_days);
}

/* Open on the day, or ended at most within_days before. The broker checks the dates: DESIGN.md
 * section 2. */
static enum verdict involved(const struct choice *c)
{
    int32_t since = c->f->relation_since, until = c->f->relation_until;

    if (since == POLICY_DAY_NONE)
        return CANNOT_TELL;
    if (since > c->f->day)
        return FAILS;
    return until == POLICY_DAY_NONE || until > c->f->day ? HOLDS : within(c, until);
}

/* "a referral made to it ... within 365 days that is neither closed nor declined" */
static enum verdict referred(const struct choice *c)
{
    int32_t since = c->f->relation_since, until = c->f->relation_until;

    if (since == POLICY_DAY_NONE)
        return CANNOT_TELL;
    if (since > c->f->day || (until != POLICY_DAY_NONE && until <= c->f->day))
        return FAILS;
    return within(c, since);
}

static enum verdict relationship(struct choice *c)
{
    if (!c->purpose->relationship || question_of_broker(c))
        return HOLDS;
    switch (c->f->relation) {
    case FACT_RELATION_INVOLVED:
    case FACT_RELATION_WAS_INVOLVED:
    case FACT_RELATION_SAME_HOME:
        return involved(c);
    case FACT_RELATION_REFERRAL:
        return referred(c);
    case FACT_RELATION_SELF_CLAIMED:
        return from_bool(c->purpose->self_claimed && c->f->relation_reason);
    case FACT_RELATION_NONE:
        return FAILS;
    default:
        return CANNOT_TELL;
    }
}

/* After all other gates: who may not ask at all learns nothing of what colleagues asked. */
static enum verdict within_quota(struct choice *c)
{
    return from_bool(!c->f->over_quota);
}

struct gate {
    enum clause_id clause;
    enum verdict (*holds)(struct choice *c);
    enum reason otherwise;
};
static const struct gate gates[] = {
    { CLAUSE_AGENCY_STANDING, agency_standing, REASON_AGENCY_SUSPENDED },
    { CLAUSE_PRACTITIONER_STANDING, practitioner_standing, REASON_PRACTITIONER_SUSPENDED },
    { CLAUSE_PURPOSE_KNOWN, purpose_known, REASON_PURPOSE_OUTSIDE_PROTOCOL },
    { CLAUSE_PROTOCOL_DATES, protocol_dates, REASON_PROTOCOL_NOT_IN_FORCE },
    { CLAUSE_PURPOSE_DATES, purpose_dates, REASON_PROTOCOL_NOT_IN_FORCE },
    { CLAUSE_PARTY, party, REASON_NOT_A_PARTY },
    { CLAUSE_ROLE, role, REASON_ROLE_NOT_PERMITTED },
    { CLAUSE_QUESTION_LISTED, question_listed, REASON_QUESTION_NOT_PERMITTED },
    { CLAUSE_QUESTION_OPEN_CLASS, question_open_class, REASON_QUESTION_NOT_PERMITTED },
    { CLAUSE_INVOLVEMENT_ALLOWED, involvement_allowed, REASON_QUESTION_NOT_PERMITTED },
    { CLAUSE_ASK_FULL, ask_full, REASON_QUESTION_NOT_PERMITTED },
    { CLAUSE_QUESTION_SUBJECT, question_subject, REASON_QUESTION_NOT_PERMITTED },
    { CLAUSE_QUESTION_PARAMETER, question_parameter, REASON_QUESTION_NOT_PERMITTED },
    { CLAUSE_REFERRAL_PARTY, referral_party, REASON_NOT_REFERRAL_PARTY },
    { CLAUSE_RELATIONSHIP, relationship, REASON_NO_RELATIONSHIP },
    { CLAUSE_WITHIN_QUOTA, within_quota, REASON_OVER_QUOTA },
};

static enum reason gates_each(struct choice *c, const struct gate *gate, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (trace(c, PASS_GATES, gate[i].clause, gate[i].holds(c)) != HOLDS)
            return gate[i].otherwise;
    return REASON_NONE;
}

enum reason gates_check(struct choice *c)
{
    return gates_each(c, gates, ALM_LEN(gates));
}

/* A referral names a purpose and no question, and any party may send one. */
static enum verdict sending_party(struct choice *c)
{
    return from_bool(c->f->agency < c->b->l.n_agencies &&
                     mask_has(&c->protocol->party, c->f->agency));
}

static const struct gate referral_gates[] = {
    { CLAUSE_AGENCY_STANDING, agency_standing, REASON_AGENCY_SUSPENDED },
    { CLAUSE_PRACTITIONER_STANDING, practitioner_standing, REASON_PRACTITIONER_SUSPENDED },
    { CLAUSE_PURPOSE_KNOWN, purpose_known, REASON_PURPOSE_OUTSIDE_PROTOCOL },
    { CLAUSE_PROTOCOL_DATES, protocol_dates, REASON_PROTOCOL_NOT_IN_FORCE },
    { CLAUSE_PURPOSE_DATES, purpose_dates, REASON_PROTOCOL_NOT_IN_FORCE },
    { CLAUSE_PARTY, sending_party, REASON_NOT_A_PARTY },
    { CLAUSE_ROLE, role, REASON_ROLE_NOT_PERMITTED },
};

enum reason gates_check_referral(struct choice *c)
{
    return gates_each(c, referral_gates, ALM_LEN(referral_gates));
}
