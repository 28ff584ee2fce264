/* SPDX-License-Identifier: Apache-2.0 */
/* ring.h - the keys of match tokens that are in use: which epochs the policy lists, what is needed to
 * make tokens of each, and what is kept of them on disk.
 *
 * Owns memos and caches, and tells the fetching about them. A key holder's public key is pinned when
 * an epoch is first seen: a later one for the same epoch is not used, whoever says so. In its folder:
 *
 *   epochs          what the policy listed last: which key is the current one before the broker is reached
 *   epoch-N.pub     the pinned public key
 *   epoch-N.cache   tokens of our own rows (token_cache.h)
 *
 * Threads: one loop. */
#pragma once
#include "base/attr.h"
#include "lib/fetch.h"
#include "lib/index.h"
#include "lib/tokens.h"

#define RING_MAX INDEX_KEYS_MAX

struct ring_setup { /* borrowed for the ring's life */
    const char *agency, *dir;
    const struct secret *hmac; /* the partnership's key; NULL: none here */
    uint16_t hmac_epoch;       /* which it is; the current one until the policy says otherwise */
    const struct secret *hmac_next; /* another one, while keys change; NULL: none */
    uint16_t hmac_next_epoch;
    struct fetch *fetch;
};
struct ring; /* opaque: ring.c */
ALM_MUST_USE int ring_new(const struct ring_setup *setup, struct ring **out);
struct ring *ring_free(struct ring *r); /* before it: every index, and before fetch_free */

/**
 * ring_update() - what the policy in force lists
 * @n: 0: an older broker, or no policy: as before
 * @serving, @coming: indexes that may hold keys which go; NULL: none
 * Return: 0 nothing new; 1 there is a key that no index has: load the rows again; -errno: what was
 * there stays.
 */
ALM_MUST_USE int ring_update(struct ring *r, const struct msg_catalogue_epoch *epochs, size_t n,
                             struct index *serving, struct index *coming);
/* For what is asked and lodged: its memo is forgotten after each command (ring_forget). Never NULL;
 * -EAGAIN is all that one that is not known yet gives. */
const struct tokens_key *ring_current(const struct ring *r);
/* The key before it, while the policy still lists that; for what is typed, likewise. NULL: none, or it
 * is not usable here. */
const struct tokens_key *ring_previous(const struct ring *r);
/* To carry records to: the next key, or where there is none the current one, for what was lodged under
 * a key before it. *next: which. NULL: its tokens cannot be made, or not yet. */
const struct tokens_key *ring_carry_to(const struct ring *r, bool *next);
/* The current key, for what we lodged once and make anew: its values stay. NULL: not yet. */
const struct tokens_key *ring_anew(const struct ring *r);
/* Of the same scheme and epoch as the current one, at an address that stays. */
const struct tokens_key *ring_serving(const struct ring *r);
/* An index with every key in use. As index_new. */
ALM_MUST_USE int ring_index_new(struct ring *r, struct index **out);
/* What does itself: caches unlocked, written, rid of who left. coming: NULL when no load is under
 * way. */
void ring_step(struct ring *r, int64_t now_ms, const struct index *serving,
               const struct index *coming);
/* No command waits any more: what was typed leaves nothing behind. */
void ring_forget(struct ring *r);
/* A key for what is sealed on our disk, as long as this epoch is in use, or its shared key is in the
 * configuration: under the oblivious scheme it came from the key holder. Return: 0; -EAGAIN not yet; -ENOENT no such epoch. */
ALM_MUST_USE int ring_disk_key(const struct ring *r, uint8_t scheme, uint16_t epoch,
                               struct secret *out);
bool ring_wanting(const struct ring *r); /* values are under way */
const char *ring_text(const struct ring *r); /* for people: what is wrong with the keys, or "" */

struct ring_view {
    uint8_t scheme, state; /* enum token_scheme, enum token_epoch_state */
    uint16_t epoch;
    bool usable;  /* we can make its tokens, if the key holder does its part */
    bool unlocked; /* HMAC, or the cache's key has come */
    const struct tokens_key *key; /* of rows: for index_ready, index_progress */
};
size_t ring_view(const struct ring *r, struct ring_view out[static RING_MAX]);
