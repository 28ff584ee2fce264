/* SPDX-License-Identifier: Apache-2.0 */
/* subjects.h - which records are about whoever has a token: the index over consents and shields.
 * For broker/store alone. */
#pragma once
#include "store/consents.h"

enum subjects_kind { SUBJECTS_CONSENT = 'c', SUBJECTS_SHIELD = 's', SUBJECTS_LODGER = 'l', SUBJECTS_OVERRIDE = 'o', SUBJECTS_CONCERN = 'n', SUBJECTS_EPISODE = 'e', SUBJECTS_WATCH = 'w', SUBJECTS_DISPUTE = 'd', SUBJECTS_REFERRAL = 'r', SUBJECTS_RECALL = 'k', SUBJECTS_STATEMENT = 't' };

/* A key begins with its kind, so that all entries of one lie together, and the HMAC of what finds the
 * record; then for a lodger the leaf, then the id. */
#define SUBJECTS_FOUND_BY (1 + SHA256_LEN)

/* Whether any token of the set finds a person: a strong one or NAME_DOB. (A home's token is indexed
 * too, as a set of its own: see subjects_home().) */
bool subjects_findable(const struct token_set *subject);
/* The set by which records about a home are indexed. */
struct token_set subjects_home(const struct token *home);
/* The tables whose records are found by something else once this key of the index comes or goes, a bit
 * each: those of its kind; all that have an index where the key has no known kind. */
uint64_t subjects_tables(struct bytes key);
/* Sticky errors in t. */
void subjects_add(struct store_txn *t, enum subjects_kind kind, const struct token_set *subject,
                  const struct id *id);
void subjects_remove(struct store_txn *t, enum subjects_kind kind, const struct token_set *subject,
                     const struct id *id);

/* Is this key of the index one of those that a record with these tokens is found by? A failure counts as
 * no, and is sticky in t. */
bool subjects_makes(struct store_txn *t, enum subjects_kind kind, const struct token_set *subject,
                    struct bytes key);

/* Ids found, each once, ascending. */
struct subjects_found {
    struct buf ids; /* n times ID_LEN bytes */
    size_t n;
};
void subjects_found_deinit(struct subjects_found *f); /* for ALM_CLEANUP; safe on a zeroed struct */
struct id subjects_found_at(const struct subjects_found *f, size_t i);
ALM_MUST_USE int subjects_find(struct store_txn *t, enum subjects_kind kind,
                               const struct token_set *subject, struct subjects_found *out);

/* A lodger's records by leaf: the same table, an agency's name in place of a token. */
void subjects_lodger_add(struct store_txn *t, const char *lodger, uint64_t leaf,
                         const struct id *id);
void subjects_lodger_remove(struct store_txn *t, const char *lodger, uint64_t leaf,
                            const struct id *id);
/* Is this one of them? A failure counts as no, and is sticky in t. */
bool subjects_lodger_has(struct store_txn *t, const char *lodger, uint64_t leaf,
                         const struct id *id);
/* Ids in order of leaf (not of id). */
ALM_MUST_USE int subjects_lodger_find(struct store_txn *t, const char *lodger,
                                      struct subjects_found *out);
