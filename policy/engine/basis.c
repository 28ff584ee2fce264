/* SPDX-License-Identifier: Apache-2.0 */
/* basis.c - the second pass: why it is lawful. Gateways are data with dates; a purpose that rests
 * on consent needs one besides. */
#include "engine/override.h"

#include <string.h>

static bool in_force(const struct lay_gateway *g, int32_t day)
{
    return day >= g->from && (g->until == POLICY_DAY_NONE || day <= g->until);
}

/* "The one claimed is recorded, and refused if the purpose does not list it; it never selects a
 * rule" (DESIGN.md section 2). */
static enum reason claimed_check(struct choice *c)
{
    bool listed = false;

    if (!c->f->basis_given)
        return REASON_NONE;
    for (uint16_t i = 0; i < c->purpose->n_bases; i++)
        listed = listed || c->purpose->bases[i] == c->f->basis;
    listed = listed || override_claims(c, c->f->basis);
    if (trace(c, PASS_BASIS, CLAUSE_BASIS_LISTED, listed ? HOLDS : FAILS) != HOLDS)
        return REASON_BASIS_NOT_LISTED;
    if (trace(c, PASS_BASIS, CLAUSE_BASIS_IN_FORCE,
              in_force(&c->b->l.gateways[c->f->basis], c->f->day) ? HOLDS : FAILS) != HOLDS)
        return REASON_GATEWAY_NOT_IN_FORCE;
    return REASON_NONE;
}

/* "Never patient information": what a gateway excludes it does not open, whoever holds it. */
static bool class_excluded(const struct choice *c, const struct lay_gateway *g)
{
    uint8_t class = c->question ? c->question->data_class : 0;

    return class && ((g->excluded_classes >> (class - 1)) & 1);
}

/* Looks for gateways of a kind that hold, and adds the agencies that they cover. */
static enum verdict gateways_of(struct choice *c, enum gateway_kind kind)
{
    enum verdict v = FAILS;

    for (uint16_t i = 0; i < c->purpose->n_bases; i++) {
        uint16_t index = c->purpose->bases[i];
        const struct lay_gateway *g = &c->b->l.gateways[index];

        if (g->kind != kind || !in_force(g, c->f->day) || class_excluded(c, g))
            continue;
        if ((g->conditions & c->f->conditions) != g->conditions) {
            v = v == HOLDS ? HOLDS
                           : CANNOT_TELL; /* nothing was said about a condition: it is not met */
            continue;
        }
        v = HOLDS;
        mask_or(&c->covered, &c->b->gateway_holders[index]);
    }
    return v;
}

/* Strongest first: duty, valid consent, power (DOMAIN.md section 3). A purpose either rests on
 * consent or does not ask for it. */
enum reason basis_check(struct choice *c)
{
    enum reason r = claimed_check(c);
    enum verdict duty, power;

    if (r != REASON_NONE)
        return r;
    if (c->purpose->consent) {
        c->out->basis = GATEWAY_CONSENT;
        return trace(c, PASS_BASIS, CLAUSE_GATEWAY_CONSENT, gateways_of(c, GATEWAY_CONSENT)) ==
                       HOLDS
                   ? REASON_NONE
                   : REASON_GATEWAY_NOT_IN_FORCE;
    }
    duty = trace(c, PASS_BASIS, CLAUSE_GATEWAY_DUTY, gateways_of(c, GATEWAY_DUTY));
    power = trace(c, PASS_BASIS, CLAUSE_GATEWAY_POWER, gateways_of(c, GATEWAY_POWER));
    c->out->basis = duty == HOLDS ? GATEWAY_DUTY : power == HOLDS ? GATEWAY_POWER : 0;
    return c->out->basis ? REASON_NONE : REASON_GATEWAY_NOT_IN_FORCE;
}

/* Once more over the few bases of one purpose, when it is to be written down: what is decided and
 * never recorded does not pay for it. */
size_t policy_laws(const struct bundle *b, const struct facts *f, const struct decision *d,
                   uint16_t out[static POLICY_LAWS_MAX])
{
    struct choice c = { .b = b, .f = f };
    size_t n = 0;

    if (!b || d->outcome != OUTCOME_PERMIT || f->purpose >= b->l.n_purposes)
        return 0;
    if (d->basis == GATEWAY_OVERRIDE) {
        if (d->overridden && d->overridden <= f->n_overrides)
            out[n++] = f->overrides[d->overridden - 1].gateway;
        return n;
    }
    c.purpose = &b->l.purposes[f->purpose];
    if (f->question < b->l.n_questions)
        c.question = &b->l.questions[f->question];
    for (uint16_t i = 0; i < c.purpose->n_bases && n < POLICY_LAWS_MAX; i++) {
        const struct lay_gateway *g = &b->l.gateways[c.purpose->bases[i]];

        if (g->kind == d->basis && in_force(g, f->day) && !class_excluded(&c, g) &&
            (g->conditions & f->conditions) == g->conditions)
            out[n++] = c.purpose->bases[i];
    }
    return n;
}

const char *policy_law_next(const char *detail, const char **at, size_t *len)
{
    const char *id = *at;

    if (!id) {
        id = strstr(detail, "law=");
        id = id ? id + 4 : "";
    }
    while (*id == ',')
        id++;
    *len = strcspn(id, ", ;");
    *at = id + *len;
    return *len ? id : NULL;
}
