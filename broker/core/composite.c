/* SPDX-License-Identifier: Apache-2.0 */
/* composite.c - a question made of others: each factor's question to its holders, and of what comes
 * back only whether the threshold is met.
 *
 * "A composite question reveals only whether the threshold is met: never which factor or agency"
 * (DESIGN.md promise 4). What holders say of a factor stays in the waiting query and goes with it:
 * no record, frame or log line has it. */
#include "stages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct policy_composite *composite_of(const struct core *c, const struct ask *ask)
{
    uint16_t q = ask_question(c, ask);

    return q == POLICY_NONE ? NULL : bundle_question_at(c->bundle, q)->composite;
}

bool composite_asked(const struct core *c, const struct ask *ask)
{
    return composite_of(c, ask) != NULL;
}

static const struct policy_question *composite_factor(const struct core *c,
                                                      const struct policy_composite *k, uint8_t i)
{
    return bundle_question_at(c->bundle, k->factors[i].question);
}

uint16_t composite_places(const struct core *c)
{
    unsigned n = 0;

    for (uint16_t h = 0; h < c->decision.n_holders; h++)
        n += (unsigned)__builtin_popcount(c->decision.factors[h]);
    return (uint16_t)n;
}

int composite_prepare(const struct core *c, struct pending *p)
{
    const struct policy_composite *k = composite_of(c, &p->ask);
    uint16_t place = 0;

    p->factors = calloc(POLICY_FACTORS_MAX, sizeof(name_t));
    if (!p->factors)
        return -ENOMEM;
    for (uint8_t i = 0; i < k->n; i++)
        text_cut(p->factors[i], sizeof(name_t), composite_factor(c, k, i)->id);
    for (uint16_t h = 0; h < c->decision.n_holders; h++)
        for (uint8_t i = 0; i < k->n; i++)
            if (c->decision.factors[h] >> i & 1) {
                p->holders[place].agency = c->agencies.by_index[c->decision.holders[h]];
                p->holders[place++].factor = i;
            }
    return 0;
}

/* c->reply is the question, but for what differs from factor to factor. */
void composite_put(struct core *c, struct pending *p)
{
    const struct policy_composite *k = composite_of(c, &p->ask);
    uint8_t n_homes = c->reply.question.n_homes;
    size_t same[POLICY_FACTORS_MAX];

    memset(same, 0xff, sizeof(same)); /* OUT_NONE */
    for (uint16_t i = 0; i < p->n_holders; i++) {
        uint8_t factor = p->holders[i].factor;

        memcpy(c->reply.question.question, p->factors[factor], sizeof(name_t));
        /* homes go only to a question that uses them (DESIGN.md section 2) */
        c->reply.question.n_homes = composite_factor(c, k, factor)->uses_homes ? n_homes : 0;
        questions_put_one(c, p, i, p->holders[i].agency, &same[factor]);
    }
}

/* What a holder was asked of this factor; NULL: it was not. The places of a holder stand together.
 */
static const struct pending_holder *composite_place(const struct core *c, const struct pending *p,
                                                    uint16_t slot, const char *factor)
{
    for (uint16_t i = c->holder_of[slot]; i < p->n_holders && p->holders[i].agency == slot; i++)
        if (!strcmp(p->factors[p->holders[i].factor], factor))
            return &p->holders[i];
    return NULL;
}

static void composite_hear_one(struct core *c, const struct pending *p, uint16_t holder,
                               const char *factor, bool hidden, struct heard *h)
{
    uint16_t slot = c->agencies.by_index[c->decision.holders[holder]];
    const struct pending_holder *said;

    *h = (struct heard){ .agency = bundle_agency_at(c->bundle, c->decision.holders[holder]) };
    if (slot == AGENCY_NONE || !agency_active(&c->agencies.slots[slot]) || !p->factors)
        return;
    said = composite_place(c, p, slot, factor);
    if (said)
        release_said(c, p, said, slot, hidden, h);
}

/* "A factor is yes if any holder says yes, no if all have answered and none holds it". missed:
 * holders that left some factor open. */
static enum factor_value composite_hear(struct core *c, const struct pending *p,
                                        const struct policy_question *factor, uint8_t i,
                                        bool hidden, bool *missed)
{
    struct msg_insight said = { 0 };
    uint16_t n = 0;

    for (uint16_t h = 0; h < c->decision.n_holders; h++) {
        if (!(c->decision.factors[h] >> i & 1))
            continue;
        composite_hear_one(c, p, h, factor->id, hidden, &c->heard[n]);
        missed[h] = missed[h] || !compose_counts(&c->heard[n]);
        n++;
    }
    compose_insight(c->heard, n, n, factor->unknown_cannot_say, &said);
    return said.value == INSIGHT_YES  ? FACTOR_YES
           : said.value == INSIGHT_NO ? FACTOR_NO
                                      : FACTOR_UNKNOWN;
}

void composite_compose(struct core *c, const struct pending *p, bool hidden,
                       struct msg_insight *out)
{
    static const uint8_t values[] = {
        [FACTOR_UNKNOWN] = INSIGHT_CANNOT_SAY, [FACTOR_NO] = INSIGHT_NO, [FACTOR_YES] = INSIGHT_YES
    };
    const struct policy_composite *k = bundle_question_at(c->bundle, c->facts.question)->composite;
    enum factor_value factors[POLICY_FACTORS_MAX] = { FACTOR_UNKNOWN };
    bool missed[POLICY_AGENCIES_MAX] = { false };
    uint16_t answered = 0;

    memset(c->holder_of, 0xff, sizeof(c->holder_of));
    for (uint16_t i = p->n_holders; i-- > 0;)
        if (p->holders[i].agency != AGENCY_NONE)
            c->holder_of[p->holders[i].agency] = i; /* its first place */
    for (uint8_t i = 0; i < k->n; i++)
        factors[i] = composite_hear(c, p, composite_factor(c, k, i), i, hidden, missed);
    for (uint16_t h = 0; h < c->decision.n_holders; h++)
        answered = (uint16_t)(answered + !missed[h]);
    out->value = values[composite_value(k, factors)];
    out->completeness = compose_completeness(answered, c->decision.n_listed);
    crypto_wipe(c->heard, sizeof(c->heard));
    crypto_wipe(factors, sizeof(factors));
}
