/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h - what the files of broker/store share; nobody else includes it. */
#pragma once
#include "store/fault.h"
#include "store/store.h"
#include "store/token_epoch.h"

struct store_table_facts {
    const char *name; /* of the LMDB database; part of each value's associated data */
    uint16_t schema;  /* version of its records; 1 is the first */
};
extern const struct store_table_facts store_tables[TABLE_COUNT];
/* Values of these stand under the table's own key for ever; of all others, under periods. */
extern const bool store_fixed[TABLE_COUNT];

/* One key for each table's values, one to blind with, one for leaves' tags, one that further keys are derived from. */
struct store_keys {
    struct seal_key seal[TABLE_COUNT];
    struct secret blind, tag, subkey_root;
};
ALM_MUST_USE int store_keys_derive(struct store_keys *k, const struct secret *from);
ALM_MUST_USE int store_subkey_root(const struct secret *from, struct secret *out);
void store_keys_wipe(struct store_keys *k);

struct store_ad {
    uint8_t octets[32 + STORE_KEY_MAX];
    size_t len;
};
/* Table, schema version and key: a value moved to another place, or made for another layout, does
 * not open. */
struct bytes store_associated(struct store_ad *ad, enum table table, struct bytes key);
/* The first key that is past every key with this prefix (at most STORE_KEY_MAX bytes). Return: its
 * length, 0 when there is none. */
size_t store_past(struct bytes prefix, uint8_t out[static STORE_KEY_MAX]);

/* Under which epoch of tokens records are presented: retokens.c. */
struct token_epoch store_epoch(const struct store *s);
void store_set_epoch(struct store *s, struct token_epoch e);

/* --- Periods: periods.c. --- */

#define PERIOD_OCTETS 4 /* before each value of a personal table: which period's */
#define PERIOD_SLOTS  4

struct period_slot {
    uint32_t number; /* 0: free */
    struct secret secret;
    struct seal_key seal[TABLE_COUNT];
};
struct store_periods {
    struct secret file_key; /* seals the files */
    struct period_slot slots[PERIOD_SLOTS];
    uint32_t current, leaving;
    uint32_t missing; /* the last that was looked for in vain: said once */
};
struct store_periods *store_periods(struct store *s);
const char *store_path(const struct store *s);
const struct store_keys *store_keys(const struct store *s);
bool store_read_only(const struct store *s);
bool store_writing(const struct store *s);
/* What the tests' hook makes of a step. Return: 0 or -errno; an I/O error latches. */
int store_step_now(struct store *s, enum store_step step);
void store_latch(struct store *s, int error);
/* Loads what a store has in force, and in a store that is new makes the first period. A writer
 * destroys files that a kill left behind. Return: as store_open. */
ALM_MUST_USE int store_periods_open(struct store_txn *t, bool made);
/* A reading store follows the writer. @alone: no other transaction is open. Return: 0; -ESTALE the
 * writer has moved on since t began: begin again; -EBADMSG; -errno. */
ALM_MUST_USE int store_periods_follow(struct store_txn *t, bool alone);
/* Says which period's file is missing. Return: -EBADMSG. */
int store_periods_lost(struct store *s);
/* The key of a table's values in a period. NULL: there is none, and it was logged. */
const struct seal_key *store_period_key(struct store *s, uint32_t number, enum table table);

/* --- Looking less: absence.h. --- */

/* Is there surely no entry of a kind in TABLE_SUBJECTS that is found by this (NULL: none at all), as t sees it? */
bool store_surely_absent(const struct store_txn *t, uint8_t kind, const uint8_t *blinded);

/* --- What a transaction carries. --- */

/* Something that must be put before t ends well: the ledger's open block. Paid once. */
typedef int store_pay(void *ctx, struct store_txn *t);
void store_owe(struct store_txn *t, store_pay *pay, void *ctx);
int store_pay_now(struct store_txn *t); /* Return: the sticky error */

/* --- Rows of reliance that are not merged yet: reliance.c. --- */

struct unmerged *store_unmerged(const struct store *s); /* NULL in readers */
bool store_txn_writes(const struct store_txn *t);
/* Opening for writing: takes note of what is not merged, in *out, also when it fails. Return: 0; -EBADMSG; -errno. */
ALM_MUST_USE int reliance_open(struct store_txn *t, struct unmerged **out);
/* Before a commit: puts what the transaction noted, and merges what is due. Return: the sticky error. */
int reliance_pay(struct store_txn *t);

struct store_block { /* the block of keys that was opened last */
    struct buf octets;
    uint64_t first; /* leaf */
    uint32_t span;  /* leaves; 0: none is here */
};
/* Wiped with t. */
struct store_block *store_block_of(struct store_txn *t);

/* The writer's lock file: who writes, and whether a store was ever made here. Return: descriptor,
 * -EBUSY, -errno. */
ALM_MUST_USE int store_lock_take(const char *dir, bool *made);
/* Durable. Return: 0 or -errno. */
ALM_MUST_USE int store_lock_mark_made(int fd, const char *dir);

/* Checks what the store was made for; a writer records it in a store that is new (@made false).
 * Return: as store_open. */
ALM_MUST_USE int store_meta_check(struct store_txn *t, const struct store_options *o, bool made);
/* Records what the store is for, also in the place of what it was for. Return: 0; -EINVAL; -errno. */
ALM_MUST_USE int store_meta_write(struct store_txn *t, const struct store_options *o);
