/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h - what the files of broker/store share; nobody else includes it. */
#pragma once
#include "store/store.h"

struct store_table_facts {
    const char *name; /* of the LMDB database; part of each value's associated data */
    uint16_t schema;  /* version of its records; 1 is the first */
};
extern const struct store_table_facts store_tables[TABLE_COUNT];

/* The writer's lock file: who writes, and whether a store was ever made here. Return: descriptor, -EBUSY, -errno. */
ALM_MUST_USE int store_lock_take(const char *dir, bool *made);
/* Durable. Return: 0 or -errno. */
ALM_MUST_USE int store_lock_mark_made(int fd, const char *dir);

/* Checks what the store was made for; a writer records it in a store that is new (@made false).
 * Return: as store_open. */
ALM_MUST_USE int store_meta_check(struct store_txn *t, const struct store_options *o, bool made);
