/* SPDX-License-Identifier: Apache-2.0 */
/* explore.c - decides every cell of a domain by deciding few of them.
 *
 * The axes are walked in the order of the engine's checks. A decision's own trace says which
 * clauses were looked at; the table below says which axes each clause reads. Where nothing from
 * some axis on is read, all cells below are that one decision. A clause that the table does not
 * know reads everything, so a new rule makes this slower, never wrong. Of the values of an axis
 * that are alike (kinds.c) one is decided. */
#include "analyse/explorer.h"
#include "engine/clause.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NOTHING (1u << AXIS_COUNT) /* known, and reads no axis */
#define ALL     (NOTHING - 1)

/* What the clause about consent is does not matter unless CLAUSE_CONSENT_NEEDED was met, so that
 * stands for the clauses of the third pass that look at grants again. */
static const uint32_t reads[CLAUSE_COUNT] = {
    [CLAUSE_AGENCY_STANDING] = NOTHING,
    [CLAUSE_PRACTITIONER_STANDING] = NOTHING,
    [CLAUSE_PURPOSE_KNOWN] = READS(AXIS_PURPOSE),
    [CLAUSE_PROTOCOL_DATES] = READS(AXIS_PURPOSE) | READS(AXIS_DAY),
    [CLAUSE_PURPOSE_DATES] = READS(AXIS_PURPOSE) | READS(AXIS_DAY),
    [CLAUSE_PARTY] = READS(AXIS_PURPOSE) | READS(AXIS_AGENCY),
    [CLAUSE_ROLE] = READS(AXIS_PURPOSE) | READS(AXIS_ROLE),
    [CLAUSE_QUESTION_LISTED] = READS(AXIS_PURPOSE) | READS(AXIS_ASKED),
    [CLAUSE_QUESTION_OPEN_CLASS] = READS(AXIS_ASKED),
    [CLAUSE_INVOLVEMENT_ALLOWED] = READS(AXIS_PURPOSE) | READS(AXIS_ASKED),
    [CLAUSE_ASK_FULL] = READS(AXIS_PURPOSE) | READS(AXIS_AGENCY) | READS(AXIS_ASKED),
    [CLAUSE_QUESTION_SUBJECT] = READS(AXIS_ASKED) | READS(AXIS_SUBJECT),
    [CLAUSE_QUESTION_PARAMETER] = READS(AXIS_ASKED),
    [CLAUSE_REFERRAL_PARTY] = READS(AXIS_ASKED) | READS(AXIS_RELATION),
    [CLAUSE_RELATIONSHIP] = READS(AXIS_ASKED) | READS(AXIS_RELATION),
    [CLAUSE_WITHIN_QUOTA] = NOTHING, /* of what was asked before, and no part of a cell */
    [CLAUSE_BASIS_LISTED] = READS(AXIS_OVERRIDE),
    [CLAUSE_BASIS_IN_FORCE] = READS(AXIS_DAY),
    [CLAUSE_GATEWAY_DUTY] = READS(AXIS_DAY) | READS(AXIS_STATED),
    [CLAUSE_GATEWAY_POWER] = READS(AXIS_DAY) | READS(AXIS_STATED),
    [CLAUSE_GATEWAY_CONSENT] = READS(AXIS_DAY) | READS(AXIS_STATED),
    [CLAUSE_FACTS_WHOLE] = READS(AXIS_RECORD),
    [CLAUSE_CONSENT_NEEDED] = READS(AXIS_CONSENT) | READS(AXIS_SUBJECT),
    [CLAUSE_NOT_REFUSED] = READS(AXIS_CONSENT),
    [CLAUSE_CONSENT_VALID] = READS(AXIS_CONSENT),
    [CLAUSE_HOLDERS_LISTED] = NOTHING,
    [CLAUSE_SENSITIVE_NAMED] = NOTHING,
    [CLAUSE_SOURCES_COVERED] = NOTHING,
    [CLAUSE_NO_SHIELD] = READS(AXIS_RECORD),
    [CLAUSE_NO_CONFLICT] = NOTHING,
    [CLAUSE_CONTRIBUTORS] =
        READS(AXIS_DAY) | READS(AXIS_AGENCY) | READS(AXIS_ASKED) | READS(AXIS_STATED),
    [CLAUSE_FACTORS_COVERED] = NOTHING,
    [CLAUSE_OVERRIDE_ALLOWED] = NOTHING, /* fails for all alike */
    [CLAUSE_OVERRIDE_EXACT] = READS(AXIS_OVERRIDE),
    [CLAUSE_OVERRIDE_IN_TIME] = READS(AXIS_OVERRIDE),
    [CLAUSE_OVERRIDE_APPROVED] = READS(AXIS_OVERRIDE),
    [CLAUSE_OVERRIDE_GATEWAY] = READS(AXIS_OVERRIDE) | READS(AXIS_DAY) | READS(AXIS_STATED),
};

uint32_t explorer_reads(uint16_t rule)
{
    return rule < CLAUSE_COUNT ? reads[rule] : 0;
}

static uint32_t reads_of(const struct decision *made)
{
    uint32_t read = 0;

    if (made->n_clauses == POLICY_TRACE_MAX)
        return ALL; /* the trace may be cut */
    for (uint16_t i = 0; i < made->n_clauses; i++) {
        uint32_t one = explorer_reads(made->clauses[i].rule);

        read |= one ? one : ALL;
    }
    return read & ALL;
}

void explorer_decide(struct explorer *x)
{
    x->read = 0;
    x->decided = x->c;
    for (size_t k = 0; k < x->d->n_bundles; k++) {
        domain_situate(x->d, k, &x->c, domain_code(x->d, AXIS_AGENCY, &x->c), &x->now[k]);
        policy_decide(x->d->b[k], &x->now[k].f, &x->made[k]);
        x->read |= reads_of(&x->made[k]);
        x->m->n_decided++;
    }
}

/* --- a decision as a value --- */

/* Another agency of the same place, from another organisation: who stands in for "anybody else". */
static uint16_t partner_of(const struct explorer *x, size_t k, uint16_t asker)
{
    const struct domain *d = x->d;
    uint16_t purpose = d->purposes.index[k][domain_code(d, AXIS_PURPOSE, &x->c)];
    enum policy_place place = bundle_place(d->b[k], d->agencies.index[k][asker], purpose);

    for (uint16_t i = 0; i < d->agencies.n; i++)
        if (d->agencies.index[k][i] != POLICY_NONE && !value_same_organisation(d, k, asker, i) &&
            bundle_place(d->b[k], d->agencies.index[k][i], purpose) == place)
            return i;
    return POLICY_NONE;
}

static uint16_t unite(const struct seen *a, uint16_t n_a, const struct seen *b, uint16_t n_b,
                      struct seen *out)
{
    uint16_t n = 0, i = 0, j = 0;

    while (i < n_a || j < n_b) {
        if (j == n_b || (i < n_a && a[i].agency <= b[j].agency)) {
            j = (uint16_t)(j + (j < n_b && a[i].agency == b[j].agency));
            out[n++] = a[i++];
        } else {
            out[n++] = b[j++];
        }
    }
    return n;
}

/* Writes "X, less the asker's own organisation" where that is what the asker gets: X is what the
 * asker and a partner get together. */
static void generalise(struct explorer *x, size_t k, struct value *v)
{
    uint16_t asker = domain_code(x->d, AXIS_AGENCY, &x->c), partner = partner_of(x, k, asker);
    struct seen all[2 * POLICY_AGENCIES_MAX], own[POLICY_AGENCIES_MAX];
    struct situation s;
    struct decision made;
    struct value other, wide, back;

    if (partner == POLICY_NONE || v->outcome != OUTCOME_PERMIT)
        return;
    domain_situate(x->d, k, &x->c, partner, &s);
    policy_decide(x->d->b[k], &s.f, &made);
    x->m->n_decided++;
    value_make(x->d, k, &s.f, &made, x->partner_seen, &other);
    wide = *v;
    wide.n = unite(v->seen, v->n, other.seen, other.n, all);
    if (wide.n > POLICY_AGENCIES_MAX)
        return;
    wide.seen = all;
    wide.but_own = true;
    value_for(x->d, &wide, k, asker, own, &back);
    if (!value_equal(&back, v))
        return;
    memcpy(x->seen[k], all, wide.n * sizeof(*all));
    v->n = wide.n;
    v->but_own = true;
}

static int push(struct explorer *x)
{
    struct matrix *m = x->m;
    struct value v[2];
    int r = 0;

    for (size_t k = 0; k < x->d->n_bundles; k++)
        value_make(x->d, k, &x->now[k].f, &x->made[k], x->seen[k], &v[k]);
    if (x->d->n_bundles == 2 && !x->all && value_equal(&v[0], &v[1]))
        return 0;
    if (m->n == m->cap) {
        size_t cap = m->cap ? 2 * m->cap : 1024;
        struct line *lines = realloc(m->lines, cap * sizeof(*lines));

        if (!lines)
            return -ENOMEM;
        m->lines = lines;
        m->cap = cap;
    }
    x->shape.value[1] = 0;
    for (size_t k = 0; k < x->d->n_bundles && r == 0; k++) {
        if (x->relative)
            generalise(x, k, &v[k]);
        r = values_number(&m->values, &v[k], &x->shape.value[k]);
    }
    if (r == 0)
        m->lines[m->n++] = x->shape;
    return r;
}

struct group {
    uint64_t kind;
    uint16_t at;
};

static int by_kind(const void *a, const void *b)
{
    const struct group *x = a, *y = b;

    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static int walk(struct explorer *x, enum axis a);

/* at: the position of the group that is decided for all of it. */
static int walk_group(struct explorer *x, enum axis a, const struct group *g, size_t n, uint16_t at)
{
    struct sets *s = &x->m->sets[a];
    uint64_t *bits = calloc(s->words, sizeof(*bits));
    int r;

    if (!bits)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        bits[g[i].at / 64] |= UINT64_C(1) << (g[i].at % 64);
    r = sets_number(s, bits, &x->shape.set[a]);
    free(bits);
    if (r < 0)
        return r;
    x->c.at[a] = at;
    return walk(x, a + 1);
}

static size_t groups_of(struct explorer *x, enum axis a, struct group *groups)
{
    const struct axis_values *v = &x->d->axis[a];
    uint16_t was = x->c.at[a];
    size_t n = 0;

    for (uint16_t i = 0; i < v->n; i++)
        if (sets_has(&x->m->sets[a], x->full[a], i)) {
            x->c.at[a] = groups[n].at = i;
            groups[n++].kind = explorer_kind(x, a);
        }
    x->c.at[a] = was;
    qsort(groups, n, sizeof(*groups), by_kind);
    return n;
}

static size_t group_end(const struct group *groups, size_t n, size_t from)
{
    size_t end = from + 1;

    while (end < n && groups[end].kind == groups[from].kind)
        end++;
    return end;
}

/* The group that the axis stands at comes first: what was just decided is its decision. */
static int walk_groups(struct explorer *x, enum axis a, const struct group *groups, size_t n)
{
    uint16_t was = x->c.at[a];
    size_t first = n, end;
    int r = 0;

    for (size_t i = 0; i < n && first == n; i = end) {
        end = group_end(groups, n, i);
        for (size_t j = i; j < end; j++)
            first = groups[j].at == was ? i : first;
    }
    if (first < n)
        r = walk_group(x, a, &groups[first], group_end(groups, n, first) - first, was);
    for (size_t i = 0; i < n && r == 0; i = end) {
        end = group_end(groups, n, i);
        if (i != first)
            r = walk_group(x, a, &groups[i], end - i, groups[i].at);
    }
    x->c.at[a] = was;
    return r;
}

static int walk_axis(struct explorer *x, enum axis a)
{
    struct group *groups = calloc(x->d->axis[a].n + 1u, sizeof(*groups));
    size_t from = x->m->n;
    int r = -ENOMEM;

    if (groups)
        r = walk_groups(x, a, groups, groups_of(x, a, groups));
    free(groups);
    return r ? r : matrix_merge(x->m, from, a);
}

static int walk(struct explorer *x, enum axis a)
{
    uint32_t below = ALL & ~(READS(a) - 1);

    if (memcmp(&x->decided, &x->c, sizeof(x->c)) != 0)
        explorer_decide(x);
    if (x->read & below)
        return walk_axis(x, a);
    for (; a < AXIS_COUNT; a++)
        x->shape.set[a] = x->full[a];
    return push(x);
}

/* --- the whole domain --- */

/* Who is involved leaves out the asker's own organisation, and a kind of question that is not
 * known here may: then each asker is decided by itself. */
static bool asked_is_relative(const struct domain *d, uint16_t code)
{
    for (size_t k = 0; code != ASKED_INVOLVEMENT && k < d->n_bundles; k++) {
        uint16_t q = d->questions.index[k][code - 1];

        if (q != POLICY_NONE && bundle_question_at(d->b[k], q)->kind > QUESTION_REFERRAL)
            return true;
    }
    return code == ASKED_INVOLVEMENT;
}

static int restrict_asked(struct explorer *x, bool relative, bool *any)
{
    struct sets *s = &x->m->sets[AXIS_ASKED];
    const struct axis_values *v = &x->d->axis[AXIS_ASKED];
    uint64_t *bits = calloc(s->words, sizeof(*bits));
    int r;

    if (!bits)
        return -ENOMEM;
    *any = false;
    for (uint16_t i = v->n; i-- > 0;)
        if (asked_is_relative(x->d, v->codes[i]) == relative) {
            bits[i / 64] |= UINT64_C(1) << (i % 64);
            x->c.at[AXIS_ASKED] = i;
            *any = true;
        }
    x->relative = relative;
    r = sets_number(s, bits, &x->full[AXIS_ASKED]);
    free(bits);
    return r;
}

static int explore_purpose(struct explorer *x, uint16_t purpose)
{
    struct sets *s = &x->m->sets[AXIS_PURPOSE];
    uint64_t bits[UINT16_MAX / 64 + 1] = { 0 };
    bool any;
    int r;

    bits[purpose / 64] = UINT64_C(1) << (purpose % 64);
    r = sets_number(s, bits, &x->shape.set[AXIS_PURPOSE]);
    for (int relative = 0; relative < 2 && r == 0; relative++) {
        for (size_t a = 0; a < AXIS_COUNT; a++)
            x->c.at[a] = x->d->axis[a].best;
        x->c.at[AXIS_PURPOSE] = purpose;
        r = restrict_asked(x, relative, &any);
        if (r == 0)
            explorer_find_likes(x);
        if (r == 0 && any)
            r = walk(x, AXIS_DAY);
    }
    return r;
}

static struct explorer *explorer_free(struct explorer *x)
{
    if (!x)
        return NULL;
    free(x->like_asker);
    free(x->like_asked);
    free(x);
    return NULL;
}

static struct explorer *explorer_new(struct matrix *m, bool all)
{
    struct explorer *x = calloc(1, sizeof(*x));

    if (!x)
        return NULL;
    x->m = m;
    x->d = m->d;
    x->all = all;
    x->like_asker = calloc(x->d->axis[AXIS_AGENCY].n + 1u, sizeof(*x->like_asker));
    x->like_asked = calloc(x->d->axis[AXIS_ASKED].n + 1u, sizeof(*x->like_asked));
    x->decided.at[AXIS_PURPOSE] = POLICY_NONE; /* no cell's */
    return x->like_asker && x->like_asked ? x : explorer_free(x);
}

static int explore(struct matrix *m, bool all, matrix_progress *progress, void *ctx)
{
    struct explorer *x = explorer_new(m, all);
    uint16_t n = m->d->axis[AXIS_PURPOSE].n;
    int r = x ? 0 : -ENOMEM;

    for (size_t a = 0; a < AXIS_COUNT && r == 0; a++)
        r = sets_full(&m->sets[a], &x->full[a]);
    for (uint16_t p = 0; p < n && r == 0; p++) {
        if (progress && !progress(ctx, p, n))
            r = -ECANCELED;
        if (r == 0)
            r = explore_purpose(x, p);
    }
    x = explorer_free(x);
    return r;
}

static int matrix_make(const struct domain *d, bool all, matrix_progress *progress, void *ctx,
                       struct matrix **out)
{
    ALM_CLEANUP(matrix_freep) struct matrix *m = calloc(1, sizeof(*m));
    int r = m ? values_init(&m->values) : -ENOMEM;

    if (m)
        m->d = d;
    for (size_t a = 0; a < AXIS_COUNT && r == 0; a++)
        r = sets_init(&m->sets[a], d->axis[a].n);
    if (r == 0 && domain_cells(d) > 0)
        r = explore(m, all, progress, ctx);
    if (r == 0)
        r = matrix_settle(m);
    if (r < 0)
        return r;
    *out = m;
    m = NULL;
    return 0;
}

int matrix_new(const struct domain *d, matrix_progress *progress, void *ctx, struct matrix **out)
{
    return matrix_make(d, false, progress, ctx, out);
}

int matrix_new_all(const struct domain *d, struct matrix **out)
{
    return matrix_make(d, true, NULL, NULL, out);
}
