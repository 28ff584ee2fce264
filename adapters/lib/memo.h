/* SPDX-License-Identifier: Apache-2.0 */
/* memo.h - token values that were fetched from the key holder, by what they stand for, and inputs
 * whose values are still wanted.
 *
 * Inputs spell people out. A value is kept under a keyed digest of its input; the input itself only
 * while its value is on the way. Everything is wiped when it goes. Threads: one loop. */
#pragma once
#include "base/attr.h"
#include "base/crypto.h"
#include "match/token.h"

#define MEMO_INPUT_MAX 2600 /* bytes: tokens.c, three folded parts */
#define MEMO_WANTS_MAX 8192 /* wanted at once; what does not fit is wanted the next time */
#define MEMO_TAG_LEN   16

struct memo; /* opaque: memo.c */
/* key: of the digests; NULL: one made by chance, when nothing of it is ever kept. Return: 0;
 * -ENOMEM; -EIO. */
ALM_MUST_USE int memo_new(const struct secret *key, struct memo **out);
struct memo *memo_free(struct memo *m);
/* Looked in when m has no value; never written. behind: borrowed, or NULL. */
void memo_behind(struct memo *m, const struct memo *behind);
void memo_wipe(struct memo *m); /* forgets all values and wants */
size_t memo_count(const struct memo *m); /* values held */

/* Return: 0 with *value set; -EAGAIN wanted now (noted once, however often it is looked for);
 * -EINVAL input too long; -ENOMEM. */
ALM_MUST_USE int memo_find(struct memo *m, struct bytes input, uint8_t value[static TOKEN_LEN]);

/* Wants, oldest first: what has not been asked for yet. */
struct memo_want {
    uint8_t tag[MEMO_TAG_LEN];
    uint8_t *input; /* owned by whoever took it: memo_want_wipe */
    size_t len;
};
size_t memo_n_wants(const struct memo *m); /* not taken */
size_t memo_n_open(const struct memo *m);  /* taken or not: values that have not come */
/* Takes up to max. Return: how many. */
size_t memo_take(struct memo *m, struct memo_want *out, size_t max);
void memo_want_wipe(struct memo_want *w);
/* The value came. Return: 0; -ENOMEM. */
ALM_MUST_USE int memo_put(struct memo *m, const uint8_t tag[static MEMO_TAG_LEN],
                          const uint8_t value[static TOKEN_LEN]);
/* It could not be fetched: whoever looks for it again wants it again. */
void memo_give_up(struct memo *m, const uint8_t tag[static MEMO_TAG_LEN]);

/* For a cache: every value that was found (used) since the memo began, or all. */
typedef int memo_visit(void *ctx, const uint8_t tag[static MEMO_TAG_LEN],
                       const uint8_t value[static TOKEN_LEN]);
ALM_MUST_USE int memo_each(const struct memo *m, bool used_only, memo_visit *visit, void *ctx);
