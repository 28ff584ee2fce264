/* SPDX-License-Identifier: Apache-2.0 */
/* unmerged.h - rows of reliance that are durable, and not in their table yet: what reliance.c knows of
 * them in memory. No table is touched here.
 *
 * Three sorts: fresh ones are of the open write transaction, and nobody's when that is aborted; of the
 * others the growing generation takes what is committed, and a frozen one is merged. Each row knows the
 * record of TABLE_RELIANCE_NEW in which it lies. Generations are in order of key (a skip list), and equal
 * keys in the order in which they came: the last one holds. */
#pragma once
#include "store/reliance.h"

#define UNMERGED_ROWS    32768 /* a generation that has as many is full, or has been since the batch before */
#define UNMERGED_RECORDS 4096  /* the same */
#define UNMERGED_LEVELS  8
#define UNMERGED_END     UINT32_MAX

struct unmerged_row {
    struct id consent;
    struct reliance told;
    uint64_t record;
    uint32_t next[UNMERGED_LEVELS]; /* on each level the place of the next row; the first has all */
    bool forgotten;                 /* it is no longer in its record */
};
struct unmerged_at { /* how far a generation has been merged */
    uint64_t begin;  /* the first record of it that is left */
    uint32_t row;    /* the next in order; UNMERGED_END: all are merged */
    uint32_t steps;  /* rows and records behind it */
};
struct unmerged_generation {
    struct unmerged_row *rows; /* owned; in the order in which they came */
    uint32_t n, room;
    uint32_t first[UNMERGED_LEVELS];
    uint64_t first_record, end; /* the records that are, or were, its own */
    struct unmerged_at at;
};
struct unmerged_place {
    bool growing; /* in that generation; or else in the frozen one */
    uint32_t row;
};
struct unmerged {
    struct unmerged_generation frozen, growing;
    struct unmerged_at kept; /* of the frozen one, as committed */
    struct unmerged_row *fresh; /* owned */
    uint32_t n_fresh, fresh_room;
    struct unmerged_place *forgotten; /* owned; rows that the open transaction forgot */
    uint32_t n_forgotten, forgotten_room;
    uint64_t heights; /* what these are drawn from */
    uint64_t noted;   /* rows since the store was opened */
    uint32_t most_rows, most_records; /* UNMERGED_ROWS and UNMERGED_RECORDS, but in tests */
};

ALM_MUST_USE int unmerged_new(struct unmerged **out);
struct unmerged *unmerged_free(struct unmerged *u);
/* By consent, then agency. */
int unmerged_compare(const struct unmerged_row *a, const struct unmerged_row *b);
/* A row of a record that was read, while nothing else is known yet. Return: 0 or -ENOMEM. */
ALM_MUST_USE int unmerged_load(struct unmerged *u, uint64_t record, const struct id *consent, const struct reliance *r);
/* The records that were read: [first, end). */
void unmerged_loaded(struct unmerged *u, uint64_t first, uint64_t end);
/* A fresh row. Return: 0 or -ENOMEM. */
ALM_MUST_USE int unmerged_note(struct unmerged *u, const struct id *consent, const struct reliance *r);
/* The first row of a generation about this consent. Return: UNMERGED_END: there is none. */
uint32_t unmerged_first(const struct unmerged_generation *g, const struct id *consent);
/* Fresh rows about it are gone. */
void unmerged_forget_fresh(struct unmerged *u, const struct id *consent);
/* Takes note that the open transaction forgot the row at a place of a generation. Return: 0 or -ENOMEM. */
ALM_MUST_USE int unmerged_forgot(struct unmerged *u, struct unmerged_generation *g, uint32_t row);
/* The growing generation is frozen, where no other is, and the open transaction knows nothing of either. */
void unmerged_freeze(struct unmerged *u);
/* How many steps into the frozen generation merging must have come, so that it is done with when the growing one is full. */
uint32_t unmerged_due(const struct unmerged *u);
/* Whether the growing one will be full with what is fresh, so that nothing may be left of the other, or the other is too large: what is due is not put off. */
bool unmerged_pressing(const struct unmerged *u);
bool unmerged_none(const struct unmerged_generation *g);
/* A write transaction has ended; @kept: and is committed. Accepts NULL. */
void unmerged_settle(struct unmerged *u, bool kept);
