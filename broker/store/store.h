/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - sealed, versioned tables over one LMDB environment. The only user of <lmdb.h> is pages.c.
 *
 * Values are AEAD-sealed with table and key as associated data, which also detects bit rot and swapped records. A run of puts keeps a
 * sticky error in its transaction and is checked once, at commit. The first I/O error latches: every later begin fails until the
 * process is restarted (LMDB "succeeds" after a failed sync). Threads: one writer transaction at a time; a handle belongs to one thread. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include "base/crypto.h"
#include <stdbool.h>
#include <stdint.h>

enum table { /* each a named LMDB database with its schema version in TABLE_META */
    TABLE_META = 0, /* schema versions, mode the store was made for, origin */
    TABLE_AGENCIES, /* agency id -> registry record */
    TABLE_KEYS,     /* CURVE or signing public key -> agency */
    TABLE_PRACTITIONERS, /* HMAC(agency 0 ref) -> agency, ref, standing */
    TABLE_OFFICERS,
    TABLE_BUNDLES,  /* hash -> compiled bundle; "active" -> hash */
    TABLE_CONSENTS, /* consent id -> record */
    TABLE_SHIELDS,  /* shield id -> record */
    TABLE_SUBJECTS, /* record kind, HMAC(token), id -> "": which records are about whoever has this token */
    TABLE_RECEIPTS, /* agency 0 message id -> SHA-256 of the body, leaf, time: same id again */
    TABLE_LOG,      /* leaf index (u64 BE) -> record */
    TABLE_TREE,     /* RFC 9162 node hashes: row of 32 leaves (u64 BE) -> theirs and of what it fills (ledger_rows.h) */
    TABLE_HEADS,    /* tree size -> signed note */
    TABLE_QUOTAS,   /* agency -> daily bytes */
    TABLE_ASKED,    /* what was asked, for composite questions and quotas, and answers that stand: the core's */
    TABLE_OVERRIDES, /* override id -> record with its approval, veto and review */
    TABLE_CONCERNS, /* 'r' concern id -> record; 'd' last day, id -> empty */
    TABLE_EPISODES, /* the same of thresholds' episodes */
    TABLE_WATCHES,  /* the same of watches */
    TABLE_DUE,      /* what is due, by time and by agency: the core's */
    TABLE_QUEUES,   /* deliveries: queues, what waits in them, dead letters (queues.c) */
    TABLE_CONTACTS, /* through whom contact can be asked for, and which shields' owners were told (contacts.c) */
    TABLE_REFERRALS, /* 'r' referral id -> record; 'h', 'a', 'o': by home, by agency, running (referrals.c) */
    TABLE_SEALING,   /* agency 0 n -> sealing key as lodged */
    TABLE_DISPUTES,  /* dispute id -> record */
    TABLE_RELIANCE,  /* consent id, agency -> what that agency was told last on the strength of it */
    TABLE_LATER,     /* queries whose final reply comes later (laters.c) */
    TABLE_RETOKENS,  /* tokens of records under further epochs (retokens.c) */
    TABLE_LEAF_KEYS, /* blocks of leaves' record keys, classes and tags (ledger_keys.c) */
    TABLE_RECALLS,    /* what is taken back from whoever was told it (recalls.c) */
    TABLE_STATEMENTS, /* statement id -> record: what families say */
    TABLE_HOLDS,      /* legal holds; erasures that are not done (holds.c) */
    TABLE_RELIANCE_NEW, /* u64 number -> what one commit adds to TABLE_RELIANCE, not merged yet (reliance.c) */
    TABLE_COUNT
};
struct store;
struct store_txn;
struct store_options {
    const char *path;      /* a directory; made if absent (writer) */
    const struct secret *key;
    uint8_t mode;          /* 1 live, 2 exercise: a store ever used in the other is refused (-EXDEV) */
    const char *origin;    /* another origin's store is refused (-EXDEV) */
    size_t map_bytes;      /* address space; 0: 16 GiB */
    bool read_only;        /* the reader: still needs to write the lock file */
};
#define STORE_KEY_MAX 511          /* bytes of a key: LMDB's own limit */
#define STORE_VALUE_MAX (16 << 20) /* bytes of a value before sealing */
/* Return: 0; -EXDEV made for another mode or origin; -EBADMSG not this key, or damaged; -EPROTO newer schema than this program;
 * -EPROTONOSUPPORT made by an earlier version of it, with values that this one does not read;
 * -EBUSY another writer has it; -errno. */
ALM_MUST_USE int store_open(const struct store_options *o, struct store **out);
struct store *store_close(struct store *s);
void store_closep(struct store **s);

ALM_MUST_USE int store_begin(struct store *s, bool write, struct store_txn **out);
/* Every begin after a latched I/O error or a damaged page gives that error again: stop sharing and restart. 0: none. */
int store_latched(const struct store *s);
struct store *store_of(const struct store_txn *t); /* borrowed */
/* Durable when it returns 0. Consumes the transaction even when it fails. A disk that is full is -ENOSPC (LMDB says EIO). */
ALM_MUST_USE int store_commit(struct store_txn *t);
struct store_txn *store_abort(struct store_txn *t); /* accepts NULL */
void store_abortp(struct store_txn **t);
int store_status(const struct store_txn *t); /* the sticky error */
/* Makes the transaction fail at commit, for a caller that met an error of its own. The first error stays; 0 is ignored. */
void store_fail(struct store_txn *t, int error);

void store_put(struct store_txn *t, enum table table, struct bytes key, struct bytes value);
/* A record that comes after all that are in the table, whose pages it fills to the brim. -EINVAL, sticky: it does not. */
void store_append(struct store_txn *t, enum table table, struct bytes key, struct bytes value);
void store_del(struct store_txn *t, enum table table, struct bytes key); /* absent is fine */
/* Appends the opened value to out. Return: 0; -ENOENT; -EBADMSG damaged; -errno. */
ALM_MUST_USE int store_get(struct store_txn *t, enum table table, struct bytes key, struct buf *out);
/* Without opening the value. A failure counts as absent and is sticky: nothing decided on it is committed. */
bool store_has(struct store_txn *t, enum table table, struct bytes key);
/* Calls visit for each record whose key starts with prefix, in key order from `from` (empty: the first); visit returns 0 to go on, 1 to
 * stop, negative to fail. value is NULL-data when !values. Views are valid during the call only. Return: 0, or what failed. */
typedef int store_visit(void *ctx, struct bytes key, struct bytes value);
ALM_MUST_USE int store_scan(struct store_txn *t, enum table table, struct bytes prefix, struct bytes from, bool values, store_visit *visit, void *ctx);
/* The last key of a table with this prefix. Return: 0, -ENOENT, -errno. */
ALM_MUST_USE int store_last(struct store_txn *t, enum table table, struct bytes prefix, struct buf *key_out);
/* HMAC of a token (or any identifier) under a key derived from the store key: what stands in keys. */
ALM_MUST_USE int store_blind(const struct store *s, struct bytes data, uint8_t out[static SHA256_LEN]);
/**
 * store_changes() - how often what some tables say may have become something else
 * @tables: those asked about, a bit each: 1 << TABLE_CONSENTS | ...
 *
 * Counts every put and every delete since the store was opened, raw ones and those of transactions
 * that failed or were aborted, and for these once more when they are taken back. Adding or removing
 * what finds a record in TABLE_SUBJECTS counts as a change of the table that its kind is kept in (a
 * lodger's entries: of those that have such); another epoch under which records are presented, of all. So: two equal answers of one open store, and whatever
 * was read from these tables in its write transactions between the two is so still.
 * Return: never goes back; in a store opened to read another at every call, since its writer is
 * another process.
 */
uint64_t store_changes(const struct store *s, uint64_t tables);
/* A key of its own for another use, derived from the store key by label. */
ALM_MUST_USE int store_subkey(const struct store *s, const char *label, struct secret *out);
