/* SPDX-License-Identifier: Apache-2.0 */
/* matrix.h - every cell of a domain decided, and the cells gathered into lines.
 *
 * Each cell is in exactly one line; no two lines could be one. With two policies only the cells
 * that they decide differently are there. policy_decide() decides; nothing here knows a rule. */
#pragma once
#include "analyse/domain.h"
#include "analyse/sets.h"
#include "analyse/value.h"

struct line {
    uint32_t set[AXIS_COUNT]; /* numbers in matrix.sets[axis]: the line holds for their product */
    uint32_t value[2];        /* by policy; numbers in matrix.values */
};
struct matrix {
    const struct domain *d; /* borrowed */
    struct sets sets[AXIS_COUNT];
    struct values values;
    struct line *lines;
    size_t n, cap;
    uint64_t n_decided; /* how often policy_decide() was called */
};
/* Called between purposes. Return: false to give up. */
typedef bool matrix_progress(void *ctx, size_t done, size_t all);
/**
 * matrix_new() - decide the domain
 * @progress: may be NULL
 *
 * Return: 0; -ENOMEM; -ECANCELED when progress said so.
 */
ALM_MUST_USE int matrix_new(const struct domain *d, matrix_progress *progress, void *ctx,
                            struct matrix **out);
/* With two policies, also the cells that they decide alike. */
ALM_MUST_USE int matrix_new_all(const struct domain *d, struct matrix **out);
struct matrix *matrix_free(struct matrix *m);
void matrix_freep(struct matrix **m);
/* The line that holds for the cell: NULL when none does (two policies that agree there). */
const struct line *matrix_find(const struct matrix *m, const struct cell *c);
double matrix_cells(const struct matrix *m, const struct line *l);
/* The first cell of a line. */
struct cell matrix_first(const struct matrix *m, const struct line *l);

/* In the order in which people read them. */
void matrix_order(struct matrix *m);

/* merge.c: gathers lines from `from` on that differ on one axis alone. */
ALM_MUST_USE int matrix_merge(struct matrix *m, size_t from, enum axis x);
/* Until no two lines differ on one axis alone. */
ALM_MUST_USE int matrix_settle(struct matrix *m);

/* effect of a difference, strongest first */
enum effect {
    EFFECT_PERMITTED,
    EFFECT_REFUSED,
    EFFECT_REASON,
    EFFECT_HOLDERS,
    EFFECT_VISIBILITY,
    EFFECT_BASIS,
    EFFECT_COUNT
};
const char *effect_word(enum effect e);
const char *effect_phrase(enum effect e);
enum effect effect_of(const struct matrix *m, const struct line *l);
