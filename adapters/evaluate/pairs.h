/* SPDX-License-Identifier: Apache-2.0 */
/* pairs.h - every two records decided by the one decision function, and held against the truth. */
#pragma once
#include "evaluate/records.h"

#define MATCH_COUNT (MATCH_YES + 1)
#define KIND_COUNT  TOKEN_KIND_COUNT

struct tally {                                       /* pairs, of one decision function */
    uint64_t same[MATCH_COUNT], others[MATCH_COUNT]; /* by enum match; of one person, of two */
};
struct kind_tally { /* pairs, of one token kind */
    uint64_t agrees_same, differs_same, agrees_others,
        needed; /* needed: not a strict match without it */
};
struct person_tally { /* pairs of one person; of two, it is the one of the first record */
    uint64_t found, missed, wrong;
};
struct pairs { /* of records */
    uint64_t n;
    struct tally strict, broad;
    struct kind_tally kinds[KIND_COUNT];
    struct person_tally *strict_of, *broad_of; /* n_people each, for the bootstrap */
};
/* A copy asked about, among the originals: what an adapter that holds those would say. */
enum looked {
    LOOKED_RIGHT = 0,
    LOOKED_WRONG,
    LOOKED_POSSIBLE,
    LOOKED_MANY,
    LOOKED_CONFLICT,
    LOOKED_NONE,
    LOOKED_NOT_ASKED, /* it has no names or no birth date: nobody asks with a number alone */
    LOOKED_COUNT
};
struct lookups {
    uint64_t n, by[LOOKED_COUNT];
    uint64_t n_number_alone; /* originals that are found by their number alone */
    uint64_t n_unlike;       /* where the adapter's index says something else: a fault of ours */
};

/**
 * pairs_decide() - decide each record against all others
 * @made: tokens of records, as many. Pairs that share no token are none by the decision's own
 * table, and are counted without being decided; and so are two records of which neither can ask.
 * @out: to be freed with pairs_deinit. Return: 0 or -ENOMEM.
 */
ALM_MUST_USE int pairs_decide(const struct records *rs, const struct made *made, struct pairs *out);
void pairs_deinit(struct pairs *p);
/* Copies among originals, and (all_kinds: none was left out) the same through the adapter's index.
 * Return: 0; -errno. */
ALM_MUST_USE int lookups_decide(const struct tokens_key *k, const struct records *rs,
                                const struct made *made, bool with_identifier, bool all_kinds,
                                struct lookups *out);
