/* SPDX-License-Identifier: Apache-2.0 */
/* concerns.h - concerns and the episodes of thresholds that they fired, as stored: found by id, by
 * the person's tokens, by the home's token, and by the day they end. Plain records; what counts is
 * policy.
 *
 * Schema note: a concern that was withdrawn is found by its id alone until its last day. */
#pragma once
#include "store/store.h"
#include "wire/msg.h"

struct concern_record {
    struct id id;
    char agency[64]; /* the reporter's */
    name_t practitioner, role, purpose, basis;
    struct msg_concern concern; /* expires_on is a day, never CIVIL_NONE */
    int32_t lodged_on;
    bool withdrawn;
    uint8_t outcome; /* enum concerned_outcome, as its reporter stated; 0: not yet */
    uint64_t leaf; /* that recorded it: also its order */
};
/* Over a record of the same id: the whole record and its index entries anew. Sticky errors in t;
 * -EINVAL a person that could never be found (ask concerns_findable first), or no last day. */
void concerns_put(struct store_txn *t, const struct concern_record *r);
bool concerns_findable(const struct msg_concern *c);
ALM_MUST_USE int concerns_get(struct store_txn *t, const struct id *id, struct concern_record *out);
typedef int concerns_visit(void *ctx, const struct concern_record *r);
/* Each record once that shares an indexed token with the person; the caller matches. Return: 0;
 * visit's negative; -errno. */
ALM_MUST_USE int concerns_about(struct store_txn *t, const struct token_set *subject,
                                concerns_visit *visit, void *ctx);
/* Each record once that names this home, whether it is about the home or about a person there. */
ALM_MUST_USE int concerns_at(struct store_txn *t, const struct token *home, concerns_visit *visit,
                             void *ctx);
/* Forgets concerns whose last day is before the day, at most `most`; *n how many. Return: 0 or
 * -errno. */
ALM_MUST_USE int concerns_sweep(struct store_txn *t, int32_t day, size_t most, size_t *n);

#define EPISODE_HUBS_MAX         200 /* with as many contributors a record stays within LASTING_RECORD_MAX */
#define EPISODE_CONTRIBUTORS_MAX 64
struct episode_contributor { /* one concern of each lodging agency */
    struct id concern;
    char agency[64];
    bool told; /* that its concern joined others */
    bool gone; /* it was withdrawn */
    bool said; /* the hubs were told of that, once */
};
struct episode_record { /* of one rule and one person or home; a hub gets it once */
    struct id id;
    name_t rule; /* the threshold's question */
    uint8_t subject_kind;
    struct token_set subject; /* n 0 for a household */
    struct token household;   /* kind 0 for a person */
    name_t category, area;
    uint8_t severity;
    bool bypass;
    int32_t fired_on, opened_on,
        over_on; /* over_on: the first day it is over, unless closed before */
    int64_t opened_ms;
    name_t decide_role;
    int64_t decide_by_ms; /* 0: none */
    uint8_t step;         /* enum firing_step; 0: nobody has acted */
    name_t outcome;
    uint64_t leaf;
    uint8_t n_hubs;
    char hubs[EPISODE_HUBS_MAX][64]; /* agencies it went to */
    uint8_t n;
    struct episode_contributor contributors[EPISODE_CONTRIBUTORS_MAX];
};
void episodes_put(struct store_txn *t, const struct episode_record *r); /* as concerns_put */
ALM_MUST_USE int episodes_get(struct store_txn *t, const struct id *id, struct episode_record *out);
typedef int episodes_visit(void *ctx, const struct episode_record *r);
ALM_MUST_USE int episodes_about(struct store_txn *t, const struct token_set *subject,
                                episodes_visit *visit, void *ctx);
ALM_MUST_USE int episodes_at(struct store_txn *t, const struct token *home, episodes_visit *visit,
                             void *ctx);
/* Forgets episodes that were over before the day, as concerns_sweep; visit, if not NULL, sees each
 * just before. */
ALM_MUST_USE int episodes_sweep(struct store_txn *t, int32_t day, size_t most,
                                episodes_visit *visit, void *ctx, size_t *n);
