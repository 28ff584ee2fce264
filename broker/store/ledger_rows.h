/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_rows.h - the log's tree as it is kept: rows of 32 leaves' hashes, put when they are full. For
 * broker/store and its fsck alone.
 *
 * A row is a value of TABLE_TREE under its number: the hashes of its leaves, and behind them those of
 * the larger subtrees that its last leaf fills, from the smallest. So every hash of the tree stands in
 * one row or is made of the hashes of one; a row is written once, after all that were before it. What
 * is not a full row yet is not kept a second time: its hashes are those of the log's own records. */
#pragma once
#include "store/ledger.h"
#include "tree/tree.h"

#define ROW_LEVEL  5 /* the first level whose hashes are kept behind the leaves */
#define ROW_LEAVES 32

struct ledger_row {
    uint8_t leaves[ROW_LEAVES][SHA256_LEN];
    uint8_t above[TREE_LEVELS][SHA256_LEN]; /* of levels ROW_LEVEL, ROW_LEVEL + 1, ... */
    unsigned n_above;                       /* follows from the row's number: 1 + the zeroes it + 1 ends with */
};

/* A tree_emit (tree/tree.h): remembers a hash in the row that it belongs to; ctx is the struct
 * ledger_row. The row is whole when the last of its leaves was emitted. */
tree_emit row_keep;
/* Whether a tree of this size ends with a whole row, which is to be put. */
bool row_whole(uint64_t size);
/* Puts a row, behind all that are there. Sticky error in t. */
void row_put(struct store_txn *t, uint64_t number, const struct ledger_row *row);
/* Return: 0; -ENOENT there is none; -EBADMSG; -errno. */
ALM_MUST_USE int row_get(struct store_txn *t, uint64_t number, struct ledger_row *row);
/* The leaf hashes of n records, as they are. Return: 0; -EBADMSG also where one is missing; -errno. */
ALM_MUST_USE int row_read(struct store_txn *t, uint64_t from, size_t n, uint8_t (*hashes)[SHA256_LEN]);
/* Fills in the leaves of the row that a log of this size ends within, from their records. Return: 0;
 * -EBADMSG; -errno. */
ALM_MUST_USE int row_open(struct store_txn *t, uint64_t size, struct ledger_row *row);
/* How many rows there are, going by the last. Return: 0; -EBADMSG; -errno. */
ALM_MUST_USE int row_count(struct store_txn *t, uint64_t *n);

/* How many numbered keys a table has, going by the last. Return: 0; -EBADMSG; -errno. */
ALM_MUST_USE int ledger_numbered(struct store_txn *t, enum table table, uint64_t *n);
/* How many blocks of keys a log of so many leaves has. */
uint64_t ledger_blocks(uint64_t size);
/* That the blocks of keys are those of a log of so many leaves, whose tree has this root. Return: 0; -EBADMSG; -errno. */
ALM_MUST_USE int ledger_check_end(struct store_txn *t, uint64_t size, const uint8_t root[static SHA256_LEN]);
