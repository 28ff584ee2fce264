/* SPDX-License-Identifier: Apache-2.0 */
/* matrix.c - lines found, counted, put in order, and what a difference comes to. */
#include "analyse/matrix.h"
#include <stdlib.h>
#include <string.h>

struct matrix *matrix_free(struct matrix *m)
{
    if (!m)
        return NULL;
    for (size_t a = 0; a < AXIS_COUNT; a++)
        sets_deinit(&m->sets[a]);
    values_deinit(&m->values);
    free(m->lines);
    free(m);
    return NULL;
}

void matrix_freep(struct matrix **m)
{
    *m = matrix_free(*m);
}

const struct line *matrix_find(const struct matrix *m, const struct cell *c)
{
    for (size_t i = 0; i < m->n; i++) {
        bool in = true;

        for (size_t a = 0; a < AXIS_COUNT && in; a++)
            in = sets_has(&m->sets[a], m->lines[i].set[a], c->at[a]);
        if (in)
            return &m->lines[i];
    }
    return NULL;
}

double matrix_cells(const struct matrix *m, const struct line *l)
{
    double n = 1;

    for (size_t a = 0; a < AXIS_COUNT; a++)
        n *= sets_count(&m->sets[a], l->set[a]);
    return n;
}

struct cell matrix_first(const struct matrix *m, const struct line *l)
{
    struct cell c;

    for (size_t a = 0; a < AXIS_COUNT; a++)
        c.at[a] = sets_first(&m->sets[a], l->set[a]);
    return c;
}

/* --- order --- */

static int by_number(long x, long y)
{
    return (x > y) - (x < y);
}

/* By purpose, permits first, then what is asked, who asks, and the rest; a line's first cell is its
 * own, so no two are equal. */
static int for_people(const void *a, const void *b, void *ctx)
{
    static const enum axis order[] = { AXIS_ASKED,  AXIS_AGENCY,   AXIS_ROLE,   AXIS_SUBJECT,
                                       AXIS_DAY,    AXIS_RELATION, AXIS_STATED, AXIS_CONSENT,
                                       AXIS_RECORD, AXIS_OVERRIDE };
    const struct matrix *m = ctx;
    struct cell x = matrix_first(m, a), y = matrix_first(m, b);
    const struct line *l = a, *k = b;
    int r = by_number(x.at[AXIS_PURPOSE], y.at[AXIS_PURPOSE]);

    if (r == 0)
        r = by_number(m->values.at[k->value[0]].outcome, m->values.at[l->value[0]].outcome);
    if (r == 0 && m->values.at[l->value[0]].outcome != OUTCOME_PERMIT)
        r = by_number(m->values.at[l->value[0]].reason, m->values.at[k->value[0]].reason);
    for (size_t i = 0; i < ALM_LEN(order) && r == 0; i++)
        r = by_number(x.at[order[i]], y.at[order[i]]);
    return r;
}

void matrix_order(struct matrix *m)
{
    if (m->n)
        qsort_r(m->lines, m->n, sizeof(*m->lines), for_people, m);
}

/* --- differences --- */

static const struct {
    const char *word, *phrase;
} effects[EFFECT_COUNT] = {
    [EFFECT_PERMITTED] = { "now-permitted", "now permitted" },
    [EFFECT_REFUSED] = { "now-refused", "now refused" },
    [EFFECT_REASON] = { "other-reason", "refused for another reason" },
    [EFFECT_HOLDERS] = { "other-holders", "permitted; others are asked" },
    [EFFECT_VISIBILITY] = { "other-visibility", "permitted; others are named or masked" },
    [EFFECT_BASIS] = { "other-basis", "permitted on another legal basis" },
};

const char *effect_word(enum effect e)
{
    return effects[e].word;
}

const char *effect_phrase(enum effect e)
{
    return effects[e].phrase;
}

/* What one asker of the line gets, so that "less the asker's own" does not look like a difference.
 */
static bool same_holders(const struct value *a, const struct value *b)
{
    if (a->n != b->n || a->broker != b->broker)
        return false;
    for (uint16_t i = 0; i < a->n; i++)
        if (a->seen[i].agency != b->seen[i].agency || a->seen[i].factors != b->seen[i].factors)
            return false;
    return true;
}

static bool same_visibility(const struct value *a, const struct value *b)
{
    for (uint16_t i = 0; i < a->n; i++)
        if (a->seen[i].visibility != b->seen[i].visibility)
            return false;
    return true;
}

enum effect effect_of(const struct matrix *m, const struct line *l)
{
    struct cell c = matrix_first(m, l);
    uint16_t asker = domain_code(m->d, AXIS_AGENCY, &c);
    struct seen seen[2][POLICY_AGENCIES_MAX];
    struct value v[2];

    for (size_t k = 0; k < 2; k++)
        value_for(m->d, &m->values.at[l->value[k]], k, asker, seen[k], &v[k]);
    if (v[0].outcome != v[1].outcome)
        return v[1].outcome == OUTCOME_PERMIT ? EFFECT_PERMITTED : EFFECT_REFUSED;
    if (v[0].outcome != OUTCOME_PERMIT)
        return EFFECT_REASON;
    if (!same_holders(&v[0], &v[1]))
        return EFFECT_HOLDERS;
    return same_visibility(&v[0], &v[1]) ? EFFECT_BASIS : EFFECT_VISIBILITY;
}
