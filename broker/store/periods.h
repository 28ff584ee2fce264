/* SPDX-License-Identifier: Apache-2.0 */
/* periods.h - so that what was erased cannot be opened in what is left of it.
 *
 * Each value of a personal table is sealed under a key made of the table's key and the secret of a
 * period. A secret is a file beside the store, never in it. Erasing ends with a new period: what is
 * still there is sealed anew under its secret, and then the old one is destroyed, so that LMDB's
 * free pages, what a disk keeps of them and old copies of the data file hold nothing that opens.
 *
 * The order: store_period_begin; store_period_step in as many transactions as it takes, each with
 * other work in between; store_period_end. A kill at any point is gone on from after the next
 * store_open. Only the writer calls these; a reading store finds new periods by itself. */
#pragma once
#include "store/store.h"

struct store_period {
    uint32_t current;  /* what is put is sealed under it; from 1 */
    uint32_t leaving;  /* 0: none */
    bool done;         /* nothing is sealed under the one that is left: store_period_end may be called */
    int64_t since_ms;  /* Unix ms: when the current one began */
    uint64_t resealed; /* values, since then */
};
/* A new secret, durable before anything is sealed under it. A full disk leaves the old period in force. No write transaction may be
 * open. Return: 0; -EBUSY one is being left already, or a write transaction is open; -EROFS; -ENOSPC; -errno. */
ALM_MUST_USE int store_period_begin(struct store *s);
/* Seals up to @records values anew in t, and no more than about STORE_PERIOD_STEP_BYTES. *done: nothing is left under the old period once
 * t is committed. Return: 0; -EINVAL none is being left; -EBADMSG a value does not open (it stays, and so does the old secret); -errno,
 * which is then also sticky in t. */
ALM_MUST_USE int store_period_step(struct store_txn *t, size_t records, bool *done);
#define STORE_PERIOD_STEP_BYTES (512u << 10) /* about a millisecond */
/* The old secret is overwritten, synced, unlinked. May be called again after a failure. No write transaction may be open.
 * Return: 0 (also when none is left); -EBUSY values are still sealed under it, or a write transaction is open; -EROFS; -errno. */
ALM_MUST_USE int store_period_end(struct store *s);
/* As this transaction sees it. Return: 0; -EBADMSG; -errno. */
ALM_MUST_USE int store_period_state(struct store_txn *t, struct store_period *out);
/* The secret of a period that this store has in force or is leaving, for a backup: who has it and the store key opens what is sealed under
 * it. Return: 0; -ENOENT. */
ALM_MUST_USE int store_period_secret(const struct store *s, uint32_t number, struct secret *out);
/* For a restore: makes the file of a period before the store is opened. Return: 0; -EEXIST; -errno. */
ALM_MUST_USE int store_period_restore(const char *dir, const struct secret *store_key, uint32_t number, const struct secret *period);
