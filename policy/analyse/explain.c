/* SPDX-License-Identifier: Apache-2.0 */
/* explain.c - decides a cell and its neighbours. */
#include "analyse/explain.h"
#include <errno.h>
#include <stdlib.h>

struct explanation *explanation_free(struct explanation *e)
{
    if (!e)
        return NULL;
    free(e->alternatives);
    free(e);
    return NULL;
}

void explanation_freep(struct explanation **e)
{
    *e = explanation_free(*e);
}

static void decide(const struct domain *d, const struct cell *c, struct decision *out)
{
    struct situation s;

    domain_situate(d, 0, c, domain_code(d, AXIS_AGENCY, c), &s);
    policy_decide(d->b[0], &s.f, out);
}

static bool permits_with(const struct domain *d, const struct cell *c, enum axis a, uint16_t i,
                         enum axis b, uint16_t j)
{
    struct decision made;
    struct cell other = *c;

    other.at[a] = i;
    other.at[b] = j;
    decide(d, &other, &made);
    return made.outcome == OUTCOME_PERMIT;
}

static bool pair_of(const struct domain *d, struct explanation *e, enum axis a, enum axis b)
{
    for (uint16_t i = 0; i < d->axis[a].n; i++)
        for (uint16_t j = 0; j < d->axis[b].n; j++)
            if (permits_with(d, &e->c, a, i, b, j)) {
                e->pairs[e->n_pairs][0] = (struct alternative){ .axis = a, .at = i };
                e->pairs[e->n_pairs++][1] = (struct alternative){ .axis = b, .at = j };
                return true;
            }
    return false;
}

static void find_pairs(const struct domain *d, struct explanation *e)
{
    static const enum axis may_change[] = { AXIS_ROLE,   AXIS_PURPOSE, AXIS_SUBJECT, AXIS_RELATION,
                                            AXIS_STATED, AXIS_RECORD,  AXIS_CONSENT };

    for (size_t i = 0; i < e->n; i++)
        if (e->alternatives[i].outcome == OUTCOME_PERMIT)
            return;
    for (size_t a = 0; a < ALM_LEN(may_change); a++)
        for (size_t b = a + 1; b < ALM_LEN(may_change); b++)
            (void)pair_of(d, e, may_change[a], may_change[b]);
}

int explain_cell(const struct domain *d, const struct cell *c, struct explanation **out)
{
    ALM_CLEANUP(explanation_freep) struct explanation *e = calloc(1, sizeof(*e));
    struct decision made;
    size_t most = 1;

    if (!e)
        return -ENOMEM;
    for (size_t a = 0; a < AXIS_COUNT; a++)
        most += d->axis[a].n;
    e->alternatives = calloc(most, sizeof(*e->alternatives));
    if (!e->alternatives)
        return -ENOMEM;
    e->c = *c;
    decide(d, c, &e->made);
    for (size_t a = 0; a < AXIS_COUNT; a++)
        for (uint16_t i = 0; i < d->axis[a].n; i++) {
            struct cell other = *c;

            other.at[a] = i;
            decide(d, &other, &made);
            if (made.outcome != e->made.outcome || made.reason != e->made.reason)
                e->alternatives[e->n++] = (struct alternative){
                    .axis = (enum axis)a, .at = i, .outcome = made.outcome, .reason = made.reason
                };
        }
    if (e->made.outcome != OUTCOME_PERMIT)
        find_pairs(d, e);
    *out = e;
    e = NULL;
    return 0;
}

struct cell explain_usual(const struct matrix *m, const struct line *l)
{
    struct cell c = matrix_first(m, l);

    for (size_t a = 0; a < AXIS_COUNT; a++)
        if (sets_has(&m->sets[a], l->set[a], m->d->axis[a].best))
            c.at[a] = m->d->axis[a].best;
    return c;
}

bool explain_fits(const struct matrix *m, const struct line *l, size_t k, const struct recorded *r)
{
    const struct value *v = &m->values.at[l->value[k]];

    return (v->outcome == OUTCOME_PERMIT) == r->permitted &&
           (r->permitted || v->reason == (uint8_t)r->reason) &&
           (r->permitted || !r->telling || v->telling == r->telling);
}
