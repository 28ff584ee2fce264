/* SPDX-License-Identifier: Apache-2.0 */
/* laters.h - queries whose final reply comes later, because somebody answers by hand: the record of
 * each, and what finds it. What is in a record is the core's (broker/core/later_codec.c).
 *
 * A record is known by the leaf of its query's decision, which nobody chooses. It is open until its
 * final reply is due, and erased when that has been acknowledged. Puts and deletions keep a sticky
 * error in t. */
#pragma once
#include "base/id.h"
#include "store/store.h"
#include "wire/msg.h"

#define LATER_RECORD_MAX (1 << 20) /* bytes of a record */

struct later_ref {
    uint64_t leaf;
    name_t asker;
    struct id query; /* of the asker's choice; the same agency has it but once */
    int64_t until_ms;
};

void laters_put(struct store_txn *t, uint64_t leaf, struct bytes record);
/* Appends the record. Return: 0; -ENOENT; -EBADMSG; -errno. */
ALM_MUST_USE int laters_get(struct store_txn *t, uint64_t leaf, struct buf *out);
/* It is among those that wait, and is found by its query. */
void laters_open(struct store_txn *t, const struct later_ref *r);
/* Its final reply is due: its time is looked at no more. It is still counted, and found by its query. */
void laters_shut(struct store_txn *t, const struct later_ref *r);
/* Nothing of it is left; its questions' entries are taken away by laters_over(). */
void laters_erase(struct store_txn *t, const struct later_ref *r);

/* A question is out to a desk. */
void laters_ask(struct store_txn *t, const struct later_ref *r, const char *desk,
                const struct id *question);
/* It was answered: it is no longer put, and is still found by its id. */
void laters_answered(struct store_txn *t, const struct later_ref *r, const char *desk,
                     const struct id *question);
void laters_over(struct store_txn *t, const struct later_ref *r, const char *desk,
                 const struct id *question);

/* The record that a question, or an agency's query, belongs to. Return: 0; -ENOENT; -EBADMSG;
 * -errno. */
ALM_MUST_USE int laters_of_question(struct store_txn *t, const struct id *question, uint64_t *leaf);
ALM_MUST_USE int laters_of_query(struct store_txn *t, const char *asker, const struct id *query,
                                 uint64_t *leaf);
/* Of those that wait the one whose time ends first. Return: 0; -ENOENT none waits; -errno. */
ALM_MUST_USE int laters_first(struct store_txn *t, int64_t *until_ms, uint64_t *leaf);
/* How many of an agency's queries wait, or have a final reply that was not acknowledged. Return: 0 or
 * -errno. */
ALM_MUST_USE int laters_waiting(struct store_txn *t, const char *asker, size_t *n);
/* How many questions are out to a desk; asker: this agency's alone, NULL: everybody's. */
ALM_MUST_USE int laters_asked(struct store_txn *t, const char *desk, const char *asker, size_t *n);
typedef int later_visit(void *ctx, const struct id *question, uint64_t leaf);
/* Each question that is out to a desk; visit as in store_scan. */
ALM_MUST_USE int laters_each(struct store_txn *t, const char *desk, later_visit *visit, void *ctx);
/* Leaves of records from a leaf on, in order, at most @most. Return: 0 or -errno. */
ALM_MUST_USE int laters_leaves(struct store_txn *t, uint64_t from, size_t most, uint64_t *out,
                               size_t *n);
