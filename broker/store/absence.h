/* SPDX-License-Identifier: Apache-2.0 */
/* absence.h - what of the index by tokens is surely not there, known without looking. For
 * broker/store alone.
 *
 * Of each kind of entry a set of 32 bits of what it is found by. Whatever was put is in it, so that
 * "not there" is certain; "perhaps" means look. Nothing is ever taken out while the store is open. */
#pragma once
#include "store/pages.h"

#define ABSENCE_AT_ONCE 32768 /* entries that opening a store walks over: some four milliseconds */
#define ABSENCE_A_STEP  1024  /* and each write transaction after that, until all are known */
#define ABSENCE_MOST    (UINT64_C(96) << 20) /* bytes, of all kinds together; a set doubles, and is there twice meanwhile */

struct absence; /* opaque: absence.c */
/* Kinds of which all entries are known, a bit each. */
typedef uint32_t absence_kinds;

/* @most: bytes that it may take. */
ALM_MUST_USE int absence_new(uint64_t most, struct absence **out);
struct absence *absence_free(struct absence *a); /* accepts NULL, returns NULL */
/* A key of the index is about to be put, whether or not that succeeds or is kept. */
void absence_put(struct absence *a, struct bytes key);
/**
 * absence_fill() - walks on over the entries that were there when the store was opened
 * @txn: has changed nothing yet: what it sees is what is committed. An entry that a transaction had
 *       deleted when the walk came by, and that came back when it was aborted, would be missed.
 * @most: entries of this step.
 * A kind that cannot be read, or for which there is no room, stays unknown for good.
 */
void absence_fill(struct absence *a, struct pages *p, struct MDB_txn *txn, size_t most);
/* What a transaction that begins now may believe. */
absence_kinds absence_known(const struct absence *a);
/* Is there surely no entry of this kind found by this? @known: as absence_known said when the
 * transaction began: one that is older may see what was deleted before the walk came by. */
bool absence_sure(const struct absence *a, absence_kinds known, uint8_t kind,
                  const uint8_t blinded[static SHA256_LEN]);
/* Is there surely no entry of this kind at all? */
bool absence_of_all(const struct absence *a, absence_kinds known, uint8_t kind);
uint64_t absence_bytes(const struct absence *a); /* taken by its sets */
