/* SPDX-License-Identifier: Apache-2.0 */
/* composite.c - questions made of other questions: who contributes, what the answers come to, and
 * which two askings may not stand beside each other.
 *
 * "A composite question (k of n, weighted band) reveals only whether the threshold is met: never
 * which factor or agency" (DESIGN.md promise 4). So no yes may prove any one factor or any one
 * agency: neither may be needed by itself, and four organisations at least could contribute. */
#include "engine/composite.h"
#include <string.h>

#define CONTRIBUTORS_LEAST 4 /* organisations; a team counts with its organisation */

static bool is_composite(const struct lay_question *q)
{
    return q->kind == QUESTION_COMPOSITE;
}

/* --- what the answers come to --- */

enum factor_value composite_value(const struct policy_composite *k, const enum factor_value *values)
{
    uint32_t yes = 0, unknown = 0;

    for (uint8_t i = 0; i < k->n; i++) {
        if (values[i] == FACTOR_YES)
            yes += k->factors[i].weight;
        else if (values[i] != FACTOR_NO)
            unknown += k->factors[i].weight;
    }
    if (yes >= k->needed)
        return FACTOR_YES;
    return yes + unknown < k->needed ? FACTOR_NO : FACTOR_UNKNOWN;
}

/* --- the bundle --- */

static bool factor_sound(const struct layout *l, const struct policy_composite *k, uint8_t i)
{
    const struct lay_question *q;

    if (k->factors[i].question >= l->n_questions || !k->factors[i].weight ||
        k->factors[i].weight > COMPOSITE_WEIGHT_MAX)
        return false;
    q = &l->questions[k->factors[i].question];
    for (uint8_t j = 0; j < i; j++)
        if (k->factors[j].question == k->factors[i].question)
            return false;
    return q->kind == QUESTION_HOLDERS && !q->home_parameter && !q->closed_class;
}

bool composite_weights_sound(const struct policy_composite *k)
{
    uint32_t total = 0, heaviest = 0;

    for (uint8_t i = 0; i < k->n; i++) {
        total += k->factors[i].weight;
        if (k->factors[i].weight > heaviest)
            heaviest = k->factors[i].weight;
    }
    /* k of n: 2 <= k, k < n. Weighted: no factor is enough, and none is indispensable. */
    return k->needed > heaviest && total - heaviest >= k->needed;
}

bool composites_sound(const struct layout *l)
{
    for (uint16_t q = 0; q < l->n_questions; q++) {
        const struct policy_composite *k = &l->questions[q].composite;

        if (!is_composite(&l->questions[q])) {
            if (k->n || k->needed)
                return false;
            continue;
        }
        for (uint8_t i = 0; i < k->n; i++)
            if (!factor_sound(l, k, i))
                return false;
        if (!composite_weights_sound(k) || l->questions[q].home_parameter)
            return false;
    }
    return true;
}

static struct cell *cell_of(const struct bundle *b, uint16_t purpose, uint16_t question)
{
    return &b->cells[(size_t)purpose * b->l.n_questions + question];
}

/* The union of its factors' holders; how many are listed depends on who asks: list(). */
static void derive_cell(struct bundle *b, uint16_t purpose, uint16_t question)
{
    const struct policy_composite *k = &b->l.questions[question].composite;
    struct cell *c = cell_of(b, purpose, question);

    if (!c->listed)
        return;
    for (uint8_t i = 0; i < k->n; i++) {
        const struct mask *m = &cell_of(b, purpose, k->factors[i].question)->holders;

        for (size_t w = 0; w < SET_WORDS; w++)
            c->holders.bits[w] |= m->bits[w];
    }
}

/* What one factor needs or shows, the composite needs or shows. */
static void derive_question(struct bundle *b, uint16_t question)
{
    struct lay_question *q = &b->l.questions[question];

    for (uint8_t i = 0; i < q->composite.n; i++) {
        const struct lay_question *f = &b->l.questions[q->composite.factors[i].question];

        q->uses_homes = q->uses_homes || f->uses_homes;
        q->reveals_location = q->reveals_location || f->reveals_location;
        q->sensitive = q->sensitive || f->sensitive;
        q->household = q->household && f->household;
        b->factors[q->composite.factors[i].question / 64] |=
            UINT64_C(1) << (q->composite.factors[i].question % 64);
    }
}

void composites_derive(struct bundle *b)
{
    for (uint16_t q = 0; q < b->l.n_questions; q++) {
        if (!is_composite(&b->l.questions[q]))
            continue;
        derive_question(b, q);
        for (uint16_t p = 0; p < b->l.n_purposes; p++)
            derive_cell(b, p, q);
    }
}

const struct policy_composite_rules *bundle_composite_rules(const struct bundle *b)
{
    return &b->l.composites;
}

bool bundle_differences(const struct bundle *b, uint16_t question)
{
    return question < b->l.n_questions && (is_composite(&b->l.questions[question]) ||
                                           ((b->factors[question / 64] >> (question % 64)) & 1));
}

/* --- contributors --- */

struct contributors {
    struct mask of[POLICY_FACTORS_MAX]; /* by factor */
    struct mask any;
};

static void add_contributor(struct contributors *k, uint8_t factor, uint16_t agency)
{
    mask_add(&k->of[factor], agency);
    mask_add(&k->any, agency);
}

static bool own(const struct choice *c, uint16_t agency)
{
    return mask_has(&c->b->organisations[c->f->agency], agency);
}

/* The choice for one factor, on the same facts. Return: false where no gateway opens its class of
 * data, or it is not listed for the purpose. */
static bool factor_choice(const struct choice *c, uint8_t i, struct decision *scratch,
                          struct choice *out)
{
    uint16_t q = c->question->composite.factors[i].question;

    memset(scratch, 0, sizeof(*scratch));
    *out = *c;
    out->out = scratch;
    out->question = &c->b->l.questions[q];
    out->cell = cell_of(c->b, c->f->purpose, q);
    memset(&out->covered, 0, sizeof(out->covered));
    return out->cell->listed && basis_check(out) == REASON_NONE;
}

/* "The asker never a contributor": it and its organisation are left out. By policy and the request
 * alone, whoever the subject is. */
static void possible_contributors(const struct choice *c, struct contributors *out)
{
    struct decision scratch;
    struct choice f;

    memset(out, 0, sizeof(*out));
    for (uint8_t i = 0; i < c->question->composite.n; i++) {
        if (!factor_choice(c, i, &scratch, &f))
            continue;
        for (uint16_t a = 0; a < c->b->l.n_agencies; a++)
            if (mask_has(&f.cell->holders, a) && mask_has(&f.covered, a) && !own(c, a))
                add_contributor(out, i, a);
    }
}

/* The same after consent, refusals and the rule on sensitive services. why: of the first factor
 * that they close. */
static void permitted_contributors(const struct choice *c, struct contributors *out,
                                   enum reason *why)
{
    struct decision scratch;
    struct choice f;

    memset(out, 0, sizeof(*out));
    *why = REASON_NONE;
    for (uint8_t i = 0; i < c->question->composite.n; i++) {
        enum reason r;

        if (!factor_choice(c, i, &scratch, &f))
            continue;
        r = transforms_holders(&f);
        if (*why == REASON_NONE)
            *why = r;
        for (uint16_t h = 0; h < scratch.n_holders; h++)
            if (!own(c, scratch.holders[h]))
                add_contributor(out, i, scratch.holders[h]);
    }
}

/* Can the threshold be reached by what others than this organisation contribute? POLICY_NONE: by
 * all. */
static bool reached_without(const struct choice *c, const struct contributors *k,
                            uint16_t organisation)
{
    const struct policy_composite *q = &c->question->composite;
    uint32_t weight = 0;

    for (uint8_t i = 0; i < q->n; i++) {
        uint64_t left = 0;

        for (size_t w = 0; w < SET_WORDS; w++)
            left |= k->of[i].bits[w] &
                    (organisation == POLICY_NONE ? UINT64_MAX
                                                 : ~c->b->organisations[organisation].bits[w]);
        if (left)
            weight += q->factors[i].weight;
    }
    return weight >= q->needed;
}

static bool enough(const struct choice *c, const struct contributors *k)
{
    struct mask seen = { 0 };

    for (uint16_t a = 0; a < c->b->l.n_agencies; a++) {
        uint16_t organisation = c->b->l.agencies[a].organisation;

        if (!mask_has(&k->any, a) || mask_has(&seen, organisation))
            continue;
        mask_add(&seen, organisation);
        if (!reached_without(c, k, organisation))
            return false; /* a yes would prove that it said yes */
    }
    return mask_count(&seen) >= CONTRIBUTORS_LEAST && reached_without(c, k, POLICY_NONE);
}

enum reason composite_possible(struct choice *c)
{
    struct contributors k;

    possible_contributors(c, &k);
    return trace(c, PASS_TRANSFORMS, CLAUSE_CONTRIBUTORS, enough(c, &k) ? HOLDS : FAILS) == HOLDS
               ? REASON_NONE
               : REASON_TOO_FEW_CONTRIBUTORS;
}

/* Who is listed, by the bundle alone: the base of completeness, and of what differs. */
static struct mask listed(const struct choice *c)
{
    struct mask m = c->cell->holders;

    for (size_t w = 0; w < SET_WORDS; w++)
        m.bits[w] &= ~c->b->organisations[c->f->agency].bits[w];
    return m;
}

static void list(struct choice *c, const struct contributors *k)
{
    struct mask all = listed(c);

    c->out->n_listed = mask_count(&all);
    for (uint16_t a = 0; a < c->b->l.n_agencies; a++) {
        uint16_t n = c->out->n_holders;

        if (!mask_has(&k->any, a))
            continue;
        c->out->holders[n] = a;
        c->out->visibility[n] = HOLDER_NAMED;
        for (uint8_t i = 0; i < c->question->composite.n; i++)
            if (mask_has(&k->of[i], a))
                c->out->factors[n] |= (uint16_t)(1u << i);
        c->out->n_holders++;
    }
}

enum reason composite_holders(struct choice *c)
{
    struct contributors k;
    enum reason why;

    permitted_contributors(c, &k, &why);
    if (trace(c, PASS_TRANSFORMS, CLAUSE_FACTORS_COVERED, enough(c, &k) ? HOLDS : FAILS) != HOLDS)
        return why == REASON_NONE ? REASON_CONSENT_SCOPE : why;
    list(c, &k);
    return REASON_NONE;
}

void composite_list_all(struct choice *c)
{
    struct contributors k;

    possible_contributors(c, &k);
    list(c, &k);
}

/* --- differencing pairs --- */

static unsigned differ_by(const struct bundle *b, const struct agency_set *one,
                          const struct agency_set *other)
{
    struct mask organisations = { 0 };

    for (uint16_t i = 0; i < b->l.n_agencies; i++)
        if (((one->bits[i / 64] ^ other->bits[i / 64]) >> (i % 64)) & 1)
            mask_add(&organisations, b->l.agencies[i].organisation);
    return mask_count(&organisations);
}

static bool factor_of(const struct bundle *b, uint16_t composite, uint16_t question)
{
    const struct policy_composite *k = &b->l.questions[composite].composite;

    for (uint8_t i = 0; i < k->n; i++)
        if (k->factors[i].question == question)
            return true;
    return false;
}

/* The same question of the same contributors is no pair: it tells no more than it told. */
static bool close_sets(const struct bundle *b, bool same_question, const struct agency_set *one,
                       const struct agency_set *other)
{
    unsigned n = differ_by(b, one, other);

    return n < b->l.composites.differ_by && !(same_question && n == 0);
}

static enum reason pair(const struct bundle *b, const struct facts *f,
                        const struct earlier_fact *now, const struct earlier_fact *then)
{
    bool composite = is_composite(&b->l.questions[now->question]);
    bool same = now->question == then->question;

    if (then->question >= b->l.n_questions)
        return REASON_NONE; /* no longer in the catalogue */
    /* A plain question under a duty or power is never refused for a composite asked before: what it would
     * answer protects somebody, and may lawfully be had by itself. */
    if (!composite && !b->l.purposes[f->purpose].consent)
        return REASON_NONE;
    /* Of a household and its member: what differs is what the others of the household hold. */
    if (then->kin)
        return same ? REASON_DIFFERENCING : REASON_NONE;
    if (composite != is_composite(&b->l.questions[then->question]))
        return composite ? (factor_of(b, now->question, then->question) ? REASON_DIFFERENCING
                                                                        : REASON_NONE)
                         : (factor_of(b, then->question, now->question) ? REASON_DIFFERENCING
                                                                        : REASON_NONE);
    if (!composite)
        return REASON_NONE;
    if (close_sets(b, same, &now->listed, &then->listed))
        return REASON_DIFFERENCING;
    if (!close_sets(b, same, &now->asked, &then->asked))
        return REASON_NONE;
    /* Only what the subject agreed to makes them close: that may be told by the one line alone. */
    return b->l.purposes[f->purpose].consent ? REASON_CONSENT_SCOPE : REASON_DIFFERENCING;
}

void policy_asked(const struct bundle *b, const struct facts *f, const struct decision *d,
                  struct earlier_fact *out)
{
    struct choice c = { .b = b, .f = f };

    memset(out, 0, sizeof(*out));
    out->question = f->question;
    if (!is_composite(&b->l.questions[f->question]))
        return;
    c.cell = cell_of(b, f->purpose, f->question);
    memcpy(out->listed.bits, listed(&c).bits, sizeof(out->listed.bits));
    for (uint16_t i = 0; i < d->n_holders; i++)
        agency_set_add(&out->asked, d->holders[i]);
}

void policy_difference(const struct bundle *b, const struct facts *f,
                       const struct earlier_fact *earlier, size_t n, bool whole, struct decision *d)
{
    struct choice c = { .b = b, .f = f, .out = d };
    enum reason r = whole ? REASON_NONE : REASON_DIFFERENCING;
    struct earlier_fact now;

    if ((d->outcome != OUTCOME_PERMIT && d->telling != TELL_HIDDEN) ||
        !bundle_differences(b, f->question))
        return;
    policy_asked(b, f, d, &now);
    for (size_t i = 0; i < n && r == REASON_NONE; i++)
        r = pair(b, f, &now, &earlier[i]);
    if (trace(&c, PASS_TRANSFORMS, CLAUSE_NO_DIFFERENCING, r == REASON_NONE ? HOLDS : FAILS) ==
        HOLDS)
        return;
    d->outcome = OUTCOME_REFUSE;
    d->reason = (uint8_t)r;
    d->telling = (uint8_t)reason_telling(r);
    d->basis = 0;
    d->n_holders = 0;
}
