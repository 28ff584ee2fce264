/* SPDX-License-Identifier: Apache-2.0 */
/* merge.c - two lines that are alike but on one axis become one, until there are none. Lines never
 * overlap, so their union on that axis holds for exactly the cells of both. */
#include "analyse/matrix.h"
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b, void *but)
{
    const struct line *x = a, *y = b;
    int axis = *(const int *)but;

    for (int i = 0; i < AXIS_COUNT; i++)
        if (i != axis && x->set[i] != y->set[i])
            return x->set[i] < y->set[i] ? -1 : 1;
    for (size_t k = 0; k < 2; k++)
        if (x->value[k] != y->value[k])
            return x->value[k] < y->value[k] ? -1 : 1;
    return 0;
}

int matrix_merge(struct matrix *m, size_t from, enum axis x)
{
    size_t n = from;
    int but = (int)x;

    if (m->n - from < 2)
        return 0;
    qsort_r(m->lines + from, m->n - from, sizeof(*m->lines), compare, &but);
    for (size_t i = from; i < m->n; i++) {
        struct line *last = n > from ? &m->lines[n - 1] : NULL;
        int r;

        if (!last || compare(last, &m->lines[i], &but) != 0) {
            m->lines[n++] = m->lines[i];
            continue;
        }
        r = sets_union(&m->sets[x], last->set[x], m->lines[i].set[x], &last->set[x]);
        if (r < 0)
            return r;
    }
    m->n = n;
    return 0;
}

int matrix_settle(struct matrix *m)
{
    static const enum axis order[] = { AXIS_OVERRIDE, AXIS_CONSENT, AXIS_RECORD, AXIS_STATED,
                                       AXIS_RELATION, AXIS_SUBJECT, AXIS_ROLE,   AXIS_ASKED,
                                       AXIS_AGENCY,   AXIS_DAY,     AXIS_PURPOSE };
    size_t before;

    do {
        before = m->n;
        for (size_t i = 0; i < ALM_LEN(order); i++) {
            int r = matrix_merge(m, 0, order[i]);

            if (r < 0)
                return r;
        }
    } while (m->n < before);
    return 0;
}
