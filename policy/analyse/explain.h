/* SPDX-License-Identifier: Apache-2.0 */
/* explain.h - one decision taken apart: its clauses, and what it would be if one fact were another.
 */
#pragma once
#include "analyse/matrix.h"

struct alternative { /* the same cell but for one axis */
    enum axis axis;
    uint16_t at; /* position on the axis */
    uint8_t outcome, reason;
};
struct explanation {
    struct cell c;
    struct decision made;
    size_t n;
    struct alternative *alternatives; /* only those that come to another outcome or reason */
    /* Of a refusal that no one fact undoes: two that do together, one example for each pair of
     * axes. Who asks, what and when stay as they are. */
    size_t n_pairs;
    struct alternative pairs[AXIS_COUNT * AXIS_COUNT][2];
};
/* Decides the cell with policy 0 of the domain, and each cell that differs from it in one fact.
 * Return: 0 or -ENOMEM. */
ALM_MUST_USE int explain_cell(const struct domain *d, const struct cell *c,
                              struct explanation **out);
struct explanation *explanation_free(struct explanation *e);
void explanation_freep(struct explanation **e);

/* What a record says of a decision: the clear part of its leaf. */
struct recorded {
    bool permitted;
    enum reason reason;
    uint8_t telling; /* enum telling; 0: not looked at */
};
/* The cell of a line that is nearest to the usual: the best value of each axis that has it. */
struct cell explain_usual(const struct matrix *m, const struct line *l);
/* The value of policy k in the line is what was recorded. */
bool explain_fits(const struct matrix *m, const struct line *l, size_t k, const struct recorded *r);
