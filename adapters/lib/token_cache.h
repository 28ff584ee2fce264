/* SPDX-License-Identifier: Apache-2.0 */
/* token_cache.h - values of our own rows' tokens under one epoch, on disk, so that a restart does not
 * have a million points evaluated anew.
 *
 * Sealed with a key that is itself a value of the key holder's: whoever steals the disk has to ask the
 * key holder, which counts and logs. Under the values lie keyed digests of what they stand for, so
 * the open file holds no identifier either. What was appended is on disk; what is damaged is found,
 * cut off, and fetched anew. Threads: one loop. */
#pragma once
#include "base/attr.h"
#include "base/crypto.h"
#include "lib/memo.h"

#define TOKEN_CACHE_SALT 16

struct token_cache; /* opaque: token_cache.c */
/* The file is made if absent. Return: 0, salt set: what the sealing key's input has beside our name
 * and the epoch; -errno. A file of another epoch, or none of ours, is made anew. */
ALM_MUST_USE int token_cache_open(const char *path, uint16_t epoch, struct token_cache **out,
                                  uint8_t salt[static TOKEN_CACHE_SALT]);
struct token_cache *token_cache_close(struct token_cache *c);
/* The sealing key came. *tags: the key of the memo that the values go into. Return: 0 or -errno. */
ALM_MUST_USE int token_cache_unlock(struct token_cache *c, const struct secret *key,
                                    struct secret *tags);
bool token_cache_unlocked(const struct token_cache *c);
/* Everything in it into the memo. Return: 0; -EBADMSG some was damaged: what stood before it is taken,
 * the rest cut off; -errno. */
ALM_MUST_USE int token_cache_load(struct token_cache *c, struct memo *into);
/* Kept until token_cache_flush. */
void token_cache_note(struct token_cache *c, const uint8_t tag[static MEMO_TAG_LEN],
                      const uint8_t value[static TOKEN_LEN]);
size_t token_cache_n_noted(const struct token_cache *c);
/* What was noted, as one segment, synced. Return: 0; -errno: it stays noted. */
ALM_MUST_USE int token_cache_flush(struct token_cache *c);
/* Only what the memo's owner found in it since it was loaded: who left our rows leaves the cache.
 * Return: 0; -errno: the file is as it was. */
ALM_MUST_USE int token_cache_rewrite(struct token_cache *c, const struct memo *from);
