/* SPDX-License-Identifier: Apache-2.0 */
/* watches.h - step-down watches as stored: found by id, by the person's tokens, by the home's
 * token, and by their last day. Plain records; what counts as reappearance is the core's. */
#pragma once
#include "store/store.h"
#include "wire/msg.h"

#define WATCH_SEEN_MAX 32 /* agencies whose last telling is remembered */

struct watch_seen { /* whose reappearance was told last on which day */
    char agency[64];
    int32_t on;
};
struct watch_record {
    struct id id;
    char agency[64]; /* the previous lead */
    name_t practitioner, role, purpose;
    struct msg_watch watch; /* household: the home of now */
    int32_t home_since;     /* first day at that home, by what the lead said */
    bool ended;
    uint64_t leaf;
    uint8_t n_seen;
    struct watch_seen seen[WATCH_SEEN_MAX];
};
/* Over a record of the same id: the whole record and its index entries anew; one that ended is
 * found by its id alone. Sticky errors in t; -EINVAL a person that could never be found. */
void watches_put(struct store_txn *t, const struct watch_record *r);
bool watches_findable(const struct msg_watch *w);
ALM_MUST_USE int watches_get(struct store_txn *t, const struct id *id, struct watch_record *out);
typedef int watches_visit(void *ctx, const struct watch_record *r);
/* Each record once that shares an indexed token with the person; the caller matches. */
ALM_MUST_USE int watches_about(struct store_txn *t, const struct token_set *subject,
                               watches_visit *visit, void *ctx);
/* Each record once whose person lives in this home now. */
ALM_MUST_USE int watches_at(struct store_txn *t, const struct token *home, watches_visit *visit,
                            void *ctx);
/* Forgets watches whose last day is before the day; visit, if not NULL, sees each just before. */
ALM_MUST_USE int watches_sweep(struct store_txn *t, int32_t day, size_t most, watches_visit *visit,
                               void *ctx, size_t *n);
