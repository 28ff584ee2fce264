/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h - what the files of broker/store share; nobody else includes it. */
#pragma once
#include "store/store.h"
#include "store/token_epoch.h"

struct store_table_facts {
    const char *name; /* of the LMDB database; part of each value's associated data */
    uint16_t schema;  /* version of its records; 1 is the first */
};
extern const struct store_table_facts store_tables[TABLE_COUNT];

/* One key for each table's values, one to blind with, one that further keys are derived from. */
struct store_keys {
    struct secret seal[TABLE_COUNT], blind, subkey_root;
};
ALM_MUST_USE int store_keys_derive(struct store_keys *k, const struct secret *from);
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

/* The writer's lock file: who writes, and whether a store was ever made here. Return: descriptor,
 * -EBUSY, -errno. */
ALM_MUST_USE int store_lock_take(const char *dir, bool *made);
/* Durable. Return: 0 or -errno. */
ALM_MUST_USE int store_lock_mark_made(int fd, const char *dir);

/* Checks what the store was made for; a writer records it in a store that is new (@made false).
 * Return: as store_open. */
ALM_MUST_USE int store_meta_check(struct store_txn *t, const struct store_options *o, bool made);
