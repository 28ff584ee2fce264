/* SPDX-License-Identifier: Apache-2.0 */
/* lasting.h - records that last until a day: found by id, forgotten in order of that day. For
 * broker/store alone.
 *
 * One table: 'r', id -> i32 last day, then the record; 'd', u32 day, id -> empty. */
#pragma once
#include "store/store.h"
#include "store/subjects.h"

#define LASTING_RECORD_MAX 32768 /* bytes of a record */

/* Over a record of the same id. Sticky errors in t; -EINVAL without a last day. */
void lasting_put(struct store_txn *t, enum table table, const struct id *id, int32_t last,
                 struct bytes record);
/* The record into out. Return: 0; -ENOENT; -EBADMSG; -errno. */
ALM_MUST_USE int lasting_get(struct store_txn *t, enum table table, const struct id *id,
                             struct buf *out);
void lasting_del(struct store_txn *t, enum table table, const struct id *id);
/* Takes a record out of what finds it, before it is forgotten. Return: 0 or -errno. */
typedef int lasting_forget(void *ctx, struct store_txn *t, const struct id *id);
/* Forgets records whose last day is before the day, oldest first, at most `most`; *n how many.
 * Return: 0 or -errno. */
ALM_MUST_USE int lasting_sweep(struct store_txn *t, enum table table, int32_t day, size_t most,
                               lasting_forget *forget, void *ctx, size_t *n);
