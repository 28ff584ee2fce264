/* SPDX-License-Identifier: Apache-2.0 */
/* holds.h - legal holds: about whom nothing may be forgotten for now; and erasures that officers
 * ordered and that are not done. What either means is the core's business.
 *
 * TABLE_HOLDS: 'h' id -> hold; 'e' id -> erasure; 'f' id, u64 leaf -> empty: found by it, not yet
 * forgotten. Sticky errors in t; functions that return int: 0; -ENOENT; -EBADMSG; -errno. */
#pragma once
#include "base/id.h"
#include "match/token.h"
#include "store/store.h"

#define ABOUT_TOKENS_MAX (3 * TOKEN_SET_MAX) /* of one person, under three keys */

struct about_whom { /* a person's tokens, or a home's, of one key or more */
    bool unborn;
    uint8_t n;
    struct token tokens[ABOUT_TOKENS_MAX];
};
struct hold_record {
    struct id id;
    char officer[64]; /* who put it */
    int64_t put_ms;
    int32_t put_on, review_on; /* civil days */
    uint64_t leaf;
    struct about_whom about;
};
void holds_put(struct store_txn *t, const struct hold_record *r);
ALM_MUST_USE int holds_get(struct store_txn *t, const struct id *id, struct hold_record *out);
void holds_del(struct store_txn *t, const struct id *id);
/* In order of id. visit: 0 go on, 1 stop, negative fail. Return: 0; visit's negative; -errno. */
typedef int holds_visit(void *ctx, const struct hold_record *r);
ALM_MUST_USE int holds_each(struct store_txn *t, holds_visit *visit, void *ctx);

enum erasure_phase { ERASURE_RECORDS = 1, ERASURE_WAITING, ERASURE_FIND, ERASURE_FORGET };
struct erasure_record {
    struct id id;
    char cause[64];    /* the word of it */
    bool prohibitions; /* those in force go too */
    int64_t ordered_ms;
    uint64_t leaf; /* of the order */
    uint8_t phase; /* enum erasure_phase: where it stands */
    uint8_t kind;  /* enum lodged_kind, in ERASURE_RECORDS; which stage, in ERASURE_WAITING */
    struct id after;
    uint64_t next; /* leaf, in ERASURE_WAITING and ERASURE_FIND; before them 1: consents once more */
    uint64_t n_records, n_waiting, n_leaves, n_kept, n_doubtful;
    struct about_whom about;
};
void erasures_put(struct store_txn *t, const struct erasure_record *r);
ALM_MUST_USE int erasures_first(struct store_txn *t, struct erasure_record *out);
void erasures_del(struct store_txn *t, const struct id *id);
void erasure_found_put(struct store_txn *t, const struct id *erasure, uint64_t leaf);
void erasure_found_del(struct store_txn *t, const struct id *erasure, uint64_t leaf);
/* In order, at most @most into @out. Return: 0 or -errno. */
ALM_MUST_USE int erasure_found(struct store_txn *t, const struct id *erasure, uint64_t from,
                               size_t most, uint64_t *out, size_t *n);
