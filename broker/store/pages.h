/* SPDX-License-Identifier: Apache-2.0 */
/* pages.h - LMDB, and nothing else of the store: tables of keys and values, cursors, transactions.
 * For store.c, absence.c and fill.c alone. Codes are errno's; an I/O error or a damaged page latches. Views are good
 * inside the transaction only, and until its next write. */
#pragma once
#include "store/fault.h"
#include "store/store.h"

struct pages;
struct MDB_txn; /* LMDB's own, never looked into here */
struct MDB_cursor;

struct pages_options {
    const char *path;
    size_t map_bytes; /* 0: 16 GiB */
    bool read_only;
    bool made; /* a store was once made here: an absent or empty data file is damage */
};
ALM_MUST_USE int pages_open(const struct pages_options *o, struct pages **out);
struct pages *pages_close(struct pages *p);
int pages_latched(const struct pages *p);
void pages_latch(struct pages *p, int error); /* the first stays */
/* A call of LMDB was left half-way: its state is not to be touched again. */
bool pages_wrecked(const struct pages *p);
/* Clears slots of readers that were killed, which hold pages back. */
void pages_check_readers(struct pages *p);
/* What the tests' hook says of a step. */
int pages_faulted(struct pages *p, enum store_step step);
void pages_fault_hook(struct pages *p, store_fault *fault, void *ctx);
/* Told of each put and delete before it is tried, whoever asked for it; in a transaction that fails,
 * too. */
typedef void pages_change(void *ctx, enum table table, struct bytes key, bool put);
void pages_watch(struct pages *p, pages_change *change, void *ctx);
/* As store_changes(). */
void pages_changed(struct pages *p, uint64_t tables);
uint64_t pages_changes(const struct pages *p, uint64_t tables);

/* @alone: this process has no other transaction open. */
ALM_MUST_USE int pages_begin(struct pages *p, bool write, bool alone, struct MDB_txn **out);
ALM_MUST_USE int pages_commit(struct pages *p, struct MDB_txn **txn, bool write); /* *txn is NULL where LMDB consumed it */
void pages_abort(struct pages *p, struct MDB_txn *txn);                           /* accepts NULL */
ALM_MUST_USE int pages_open_tables(struct pages *p, struct MDB_txn *txn, bool create);

ALM_MUST_USE int pages_get(struct pages *p, struct MDB_txn *txn, enum table table, struct bytes key, struct bytes *value);
ALM_MUST_USE int pages_put(struct pages *p, struct MDB_txn *txn, enum table table, struct bytes key, struct bytes value);
ALM_MUST_USE int pages_del(struct pages *p, struct MDB_txn *txn, enum table table, struct bytes key); /* absent is fine */
/* Keys of a table in ascending order: pages are filled to the brim. Return: 0; -EINVAL out of order; -errno. */
ALM_MUST_USE int pages_append(struct pages *p, struct MDB_txn *txn, enum table table, struct bytes key, struct bytes value);

ALM_MUST_USE int pages_count(struct pages *p, struct MDB_txn *txn, enum table table, uint64_t *n);
/* Bytes taken of the map, pages that are free in it with them, and the map's own. */
ALM_MUST_USE int pages_room(struct pages *p, uint64_t *taken, uint64_t *most);

enum pages_to { PAGES_FIRST, PAGES_LAST, PAGES_NEXT, PAGES_PREV, PAGES_FROM /* the first key not before this one */ };
/* The write transaction's are kept, one of each table, for whoever asks next while the table has not
 * changed. All are to be closed before their transaction ends. */
ALM_MUST_USE int pages_cursor(struct pages *p, struct MDB_txn *txn, enum table table, struct MDB_cursor **out);
void pages_cursor_close(struct pages *p, enum table table, struct MDB_cursor *cursor); /* accepts NULL */
/* key: in for PAGES_FROM, out always. Return: 0 there; -ENOENT no such; -errno. */
ALM_MUST_USE int pages_move(struct pages *p, struct MDB_cursor *cursor, enum pages_to to, struct bytes *key, struct bytes *value);
