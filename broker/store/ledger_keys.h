/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_keys.h - what opens a log record and what finds it: a key of its own, its class, its tags.
 *
 * Each record's sealed part stands under a random key of that record alone, so that forgetting one
 * is exact to the record. Keys, classes and tags lie in blocks in the order of the log
 * (README.md, "leaf-keys"): one is never looked up by a person, so a search reads them all, in
 * sequence. A forgotten record's key and tags are gone from its block at once, and from what is left
 * of the block's old copies when the period ends in which they were sealed (periods.h).
 *
 * Functions that read keys in a write transaction first flush what was appended in it. */
#pragma once
#include "base/id.h"
#include "match/token.h"
#include "store/ledger.h"

#define LEDGER_KEYS_BLOCK 1024 /* leaves of a full block: the step of ledger_find and ledger_forget_in */

/* A tag: a MAC of 8 bytes under a key derived from the store key, with the sort of thing in it. It
 * finds; it proves nothing: whoever acts on a find looks into the sealed part. Return: 0; -EINVAL what it is of is longer than anything is. */
ALM_MUST_USE int ledger_tag_token(struct store *s, const struct token *token, bool unborn, uint64_t *tag);
ALM_MUST_USE int ledger_tag_practitioner(struct store *s, const char *agency, const char *ref, uint64_t *tag);
ALM_MUST_USE int ledger_tag_about(struct store *s, uint64_t leaf, uint64_t *tag); /* leaves that name it as their `about` */
ALM_MUST_USE int ledger_tag_message(struct store *s, const char *agency, const struct id *message, uint64_t *tag);
/* Whether a token of this kind is worth a tag: it finds a person, or is a home. */
bool ledger_tag_worth(const struct token *token);
/* Adds a tag unless it is there. Return: 0; -E2BIG more than LEDGER_TAGS_MAX. */
ALM_MUST_USE int ledger_tag_add(struct ledger_private *p, uint64_t tag);
/* Adds the tags of those tokens of a set that are worth one. Return: 0; -E2BIG; -errno. */
ALM_MUST_USE int ledger_tag_add_set(struct store *s, struct ledger_private *p, const struct token_set *set);

/* Return: 0 go on; 1 stop behind this leaf; negative: fail. */
typedef int ledger_found(void *ctx, uint64_t leaf, uint8_t class);
/**
 * ledger_find() - one step of a search by tags
 * Looks at up to @blocks blocks (of LEDGER_KEYS_BLOCK leaves, or 32 at the log's end) from leaf
 * *@next on and below @until, and calls @visit for each leaf, in order, that has one of the @n tags
 * (in any order) and is not forgotten. *@next is where to go on. With @n 0, every leaf that is not
 * forgotten.
 * Return: 1 there is more; 0 the end was reached; -EBADMSG damage; what visit gave; -errno.
 */
ALM_MUST_USE int ledger_find(struct store_txn *t, const uint64_t *tags, size_t n, uint64_t *next, uint64_t until, size_t blocks,
                             ledger_found *visit, void *ctx);
/* Whether a leaf that is not forgotten has one of these tags, which are in ascending order. Cheapest in order of leaves.
 * Return: 1; 0; -ENOENT no such leaf; -EBADMSG; -errno. */
ALM_MUST_USE int ledger_tagged(struct store_txn *t, uint64_t leaf, const uint64_t *sorted, size_t n);
/* Return: 0; -ENOENT no such leaf; -EBADMSG; -errno. */
ALM_MUST_USE int ledger_class_of(struct store_txn *t, uint64_t leaf, uint8_t *class, bool *forgotten);
/* Forgets one record, in the open write transaction: its key and tags go, its sealed octets give way to their hash, its class and its
 * clear part stay, and the tree still proves it. What LMDB's free pages and old copies hold of it goes with the period.
 * Return: 0 (also when it was forgotten before); -ENOENT; -EBADMSG; -errno. */
ALM_MUST_USE int ledger_forget(struct store_txn *t, uint64_t leaf);
/* Return: 1 forget this leaf; 0 keep it; negative: fail. It may read in the transaction, and not write. */
typedef int ledger_choose(void *ctx, uint64_t leaf, uint8_t class);
/* The same for many: asks of each leaf of one block (the one that @leaf lies in, from @leaf on and below @until) that is not
 * forgotten, and writes the block once. *next: the first leaf that it did not ask of. A failure in between must abort t.
 * Return: how many were forgotten; -ENOENT no such leaf; -EBADMSG; what choose gave; -errno. */
ALM_MUST_USE int ledger_forget_in(struct store_txn *t, uint64_t leaf, uint64_t until, ledger_choose *choose, void *ctx, uint64_t *next);
