/* SPDX-License-Identifier: Apache-2.0 */
/* raw.h - values as they lie on disk, sealed: for a backup, a restore and fsck, and nobody else. What
 * is copied so opens in another store of the same key and periods, under the same table and record key,
 * and in no other place. */
#pragma once
#include "store/store.h"

/* Bytes of a value as it lies on disk: with its period, nonce and tag. */
#define STORE_RAW_MAX (STORE_VALUE_MAX + SEAL_OVERHEAD + 4)

const char *store_table_name(enum table table); /* "log"; the database's name, for ever */
uint16_t store_table_schema(enum table table);
bool store_table_personal(enum table table); /* its values stand under periods' keys (periods.h) */
/* Return: enum table; -ENOENT this program knows no such table. */
ALM_MUST_USE int store_table_of(const char *name);

/* As store_scan, with values as they lie on disk. */
ALM_MUST_USE int store_scan_raw(struct store_txn *t, enum table table, struct bytes prefix, struct bytes from, store_visit *visit,
                                void *ctx);
/* Puts a value as it lay on disk. Sticky error in t. */
void store_put_raw(struct store_txn *t, enum table table, struct bytes key, struct bytes value);
/* The period that a value of a personal table is sealed under. Return: 0; -EBADMSG. */
ALM_MUST_USE int store_raw_period(struct bytes value, uint32_t *period);
/* Opens a value as store_get does. Return: 0; -EBADMSG; -errno. */
ALM_MUST_USE int store_raw_open(struct store_txn *t, enum table table, struct bytes key, struct bytes value, struct buf *out);
/* How many records a table has. Return: 0 or -errno. */
ALM_MUST_USE int store_raw_count(struct store_txn *t, enum table table, uint64_t *n);
/* How much of the room that the store may take is taken, in bytes: pages that are free inside it count as taken. Return: 0 or -errno. */
ALM_MUST_USE int store_raw_room(struct store_txn *t, uint64_t *taken, uint64_t *most);
