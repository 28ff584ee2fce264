/* SPDX-License-Identifier: Apache-2.0 */
/* kinds.c - values of an axis that no decision can tell apart. Which askers, questions, statements
 * and overrides are alike the engine says (engine/alike.c, engine/override.c), beside its checks;
 * dates are compared with those that the purpose names, and what one gate alone reads, by that
 * gate's verdict. */
#include "analyse/explorer.h"

typedef uint64_t kind_of(struct explorer *x, enum axis a);

/* The purpose of the walk in policy k, or POLICY_NONE. */
static uint16_t purpose_in(const struct explorer *x, size_t k)
{
    return x->d->purposes.index[k][domain_code(x->d, AXIS_PURPOSE, &x->c)];
}

static uint64_t each(struct explorer *x, enum axis a)
{
    return x->c.at[a];
}

static uint64_t day_kind(struct explorer *x, enum axis a)
{
    const struct domain *d = x->d;
    int32_t day = d->on[domain_code(d, a, &x->c)];
    uint64_t n = 0;

    for (size_t k = 0; k < d->n_bundles; k++) {
        const struct bundle *b = d->b[k];
        uint16_t p = purpose_in(x, k);
        struct policy_terms t;

        if (p == POLICY_NONE)
            continue;
        t = bundle_terms(b, p);
        n += (day >= bundle_purpose_at(b, p)->from) + (day > bundle_purpose_at(b, p)->until) +
             (day >= bundle_protocol_at(b, t.protocol).from) +
             (day > bundle_protocol_at(b, t.protocol).until);
        for (uint16_t i = 0; i < t.n_bases; i++) {
            struct policy_gateway g = bundle_gateway_at(b, t.bases[i]);

            n += (day >= g.from) + (g.until != POLICY_DAY_NONE && day > g.until);
        }
    }
    for (uint16_t i = 0; i < 2 * d->overriding.n; i++) {
        uint16_t g = d->overriding.index[i % 2][i / 2];
        struct policy_gateway law;

        if (i % 2 >= d->n_bundles || g == POLICY_NONE)
            continue;
        law = bundle_gateway_at(d->b[i % 2], g);
        n += (day >= law.from) + (law.until != POLICY_DAY_NONE && day > law.until);
    }
    return n; /* it only grows with the day: equal means that no date lies between */
}

/* For axes that one gate alone reads: what that gate said. */
static uint64_t verdict_kind(struct explorer *x, enum axis a)
{
    uint64_t kind = 1;

    explorer_decide(x);
    for (size_t k = 0; k < x->d->n_bundles; k++) {
        for (uint16_t i = 0; i < x->made[k].n_clauses; i++) {
            const struct clause *c = &x->made[k].clauses[i];
            uint32_t reads = explorer_reads(c->rule);

            if (!reads)
                return UINT64_C(1) << 63 | x->c.at[a]; /* unknown: it may read anything */
            if (reads & READS(a))
                kind = kind * 4 + c->result;
        }
        kind = kind * 4 + 3; /* no result: where policy k ends */
    }
    return kind;
}

/* "An unborn child is a subject linked to the mother; consent is hers": where a purpose rests on
 * consent, what a grant is worth depends on whom it is about. */
static uint64_t subject_kind(struct explorer *x, enum axis a)
{
    for (size_t k = 0; k < x->d->n_bundles; k++) {
        uint16_t p = purpose_in(x, k);

        if (p != POLICY_NONE && bundle_purpose_at(x->d->b[k], p)->consent)
            return each(x, a);
    }
    return verdict_kind(x, a);
}

/* The first set of statements that is as good as this one. */
static uint64_t stated_kind(struct explorer *x, enum axis a)
{
    const struct domain *d = x->d;
    int32_t day = d->on[domain_code(d, AXIS_DAY, &x->c)];
    uint16_t i;

    for (i = 0; i < x->c.at[a]; i++) {
        bool alike = true;

        for (size_t k = 0; k < d->n_bundles && alike; k++)
            alike = bundle_statements_alike(d->b[k], purpose_in(x, k), day, d->axis[a].codes[i],
                                            domain_code(d, a, &x->c));
        if (alike)
            break;
    }
    return i;
}

/* A basis that is claimed may be the override's own gateway. */
static uint64_t override_kind(struct explorer *x, enum axis a)
{
    uint64_t kind = 0;

    if (x->d->basis)
        return each(x, a);
    for (size_t k = 0; k < x->d->n_bundles; k++) {
        const struct facts *f = &x->now[k].f;
        struct override_fact o;
        bool any = domain_override(x->d, k, domain_code(x->d, a, &x->c), f, &o);

        kind = kind << 16 | (any ? policy_override_reach(x->d->b[k], f, &o) : POLICY_NONE);
    }
    return kind;
}

/* Askers and questions: the first that is alike. */
static uint64_t like_kind(struct explorer *x, enum axis a)
{
    return (a == AXIS_AGENCY ? x->like_asker : x->like_asked)[x->c.at[a]];
}

uint64_t explorer_kind(struct explorer *x, enum axis a)
{
    static kind_of *const kinds[AXIS_COUNT] = {
        [AXIS_PURPOSE] = each,
        [AXIS_DAY] = day_kind,
        [AXIS_AGENCY] = like_kind,
        [AXIS_ROLE] = verdict_kind,
        [AXIS_ASKED] = like_kind,
        [AXIS_SUBJECT] = subject_kind,
        [AXIS_RELATION] = verdict_kind,
        [AXIS_STATED] = stated_kind,
        [AXIS_RECORD] = each,
        [AXIS_CONSENT] = each,
        [AXIS_OVERRIDE] = override_kind,
    };

    return kinds[a](x, a);
}

/* --- askers and questions --- */

typedef bool are_alike(const struct explorer *x, uint16_t one, uint16_t other);

static bool askers_alike(const struct explorer *x, uint16_t one, uint16_t other)
{
    const struct id_list *l = &x->d->agencies;

    for (size_t k = 0; k < x->d->n_bundles; k++)
        if (!bundle_askers_alike(x->d->b[k], purpose_in(x, k), x->relative, l->index[k][one],
                                 l->index[k][other]))
            return false;
    return true;
}

static bool asked_alike(const struct explorer *x, uint16_t one, uint16_t other)
{
    const struct id_list *l = &x->d->questions;

    if (one == ASKED_INVOLVEMENT || other == ASKED_INVOLVEMENT)
        return one == other;
    for (size_t k = 0; k < x->d->n_bundles; k++)
        if (!bundle_questions_alike(x->d->b[k], purpose_in(x, k), l->index[k][one - 1],
                                    l->index[k][other - 1]))
            return false;
    return true;
}

static void find_likes(const struct explorer *x, enum axis a, are_alike *alike, uint16_t *first)
{
    const struct axis_values *v = &x->d->axis[a];

    for (uint16_t i = 0; i < v->n; i++) {
        uint16_t j = 0;

        while (j < i && (first[j] != j || !alike(x, v->codes[j], v->codes[i])))
            j++;
        first[i] = j;
    }
}

void explorer_find_likes(struct explorer *x)
{
    find_likes(x, AXIS_AGENCY, askers_alike, x->like_asker);
    find_likes(x, AXIS_ASKED, asked_alike, x->like_asked);
}
