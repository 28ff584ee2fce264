/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.h - brings the values that memos want from the key holder, by way of the broker: blinded in
 * batches, verified against the epoch's public key, a few batches under way at once.
 *
 * A batch that got no answer is blinded anew before it is sent again, so that no two points that
 * leave us are ever the same. One batch at most is worked on in a step (some 75 ms, tests/bench). Threads: one
 * loop. */
#pragma once
#include "base/attr.h"
#include "lib/memo.h"
#include "lib/oprf.h"
#include "wire/msg.h"

#define FETCH_SOURCES_MAX 12
#define FETCH_UNDER_WAY   4 /* batches; one of them is kept for sources that somebody waits for */

struct fetch_setup { /* borrowed functions; ctx is theirs */
    void *ctx;
    int (*prepare)(void *ctx, struct msg *m); /* an empty MSG_TOKEN_REQUEST with an id */
    int (*send)(void *ctx, const struct msg *m);
};
struct fetch_source {
    uint16_t epoch;
    const uint8_t *public_key; /* OPRF_POINT_LEN bytes */
    struct memo *memo;
    bool waited_for; /* by a person at a command: goes first */
    /* Each value as it comes, before the memo has it; NULL: nobody's business. */
    void (*came)(void *ctx, const uint8_t tag[static MEMO_TAG_LEN],
                 const uint8_t value[static TOKEN_LEN]);
    void *ctx;
};
enum fetch_trouble {
    FETCH_WELL = 0,
    FETCH_SILENT,  /* a request was not answered in time */
    FETCH_BUSY,    /* our rate or budget, or the key holder is away */
    FETCH_REFUSED, /* the broker refuses */
    FETCH_FALSE    /* a proof did not hold: another key than the policy names */
};

struct fetch; /* opaque: fetch.c */
ALM_MUST_USE int fetch_new(const struct fetch_setup *setup, struct fetch **out);
struct fetch *fetch_free(struct fetch *f);
/* What source points to is borrowed until fetch_drop. Return: 0; -ENOSPC. */
ALM_MUST_USE int fetch_add(struct fetch *f, const struct fetch_source *source);
/* Nothing of this memo is fetched or put any more; its inputs under way are wiped. */
void fetch_drop(struct fetch *f, const struct memo *memo);
/* Likewise what is under way alone: the memo goes on being served. Call before memo_wipe. */
void fetch_forget(struct fetch *f, const struct memo *memo);
/* now_ms: monotonic; connected: whether it is worth sending. Return: whether there is more to do at
 * once. */
bool fetch_step(struct fetch *f, int64_t now_ms, bool connected);
/* A Tokens, Busy or Refusal. Return: whether it was in reply to one of ours (and is taken). */
bool fetch_reply(struct fetch *f, const struct msg *m, int64_t now_ms);
void fetch_lost(struct fetch *f, int64_t now_ms); /* the connection went: all is asked again */
int64_t fetch_wait_ms(const struct fetch *f, int64_t now_ms); /* until something is due; -1 never */
enum fetch_trouble fetch_trouble(const struct fetch *f);
const char *fetch_text(const struct fetch *f); /* for people: "" while all is well */
struct fetch_counts {
    uint64_t values, requests; /* since the start */
};
struct fetch_counts fetch_count(const struct fetch *f);
