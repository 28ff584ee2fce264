/* SPDX-License-Identifier: Apache-2.0 */
/* consents.h - consents, withdrawals and shields as stored, found by the subject's tokens. Plain records; what they mean is policy. */
#pragma once
#include "store/store.h"
#include "wire/msg.h"

struct consent_record {
    struct id id;
    char lodger[64];
    bool is_withdrawal;        /* of every earlier grant for subject and purpose */
    struct msg_consent consent; /* for a withdrawal: subject, purpose, given_on, given_ms only */
    int32_t withdrawn_on;      /* a grant withdrawn by id: first day not valid; else CIVIL_NONE */
    int64_t withdrawn_ms;
    uint64_t leaf;             /* index of the leaf that recorded it; also its order of commit */
};
struct shield_record {
    struct id id;
    char owner[64];
    struct msg_shield shield;
    bool lifted;
    uint64_t leaf;
};
/* Writes the record and its index entries (each strong and NAME_DOB token, HMACed). Over a record of the same id it keeps that one's
 * withdrawal, if any; another lodger's record is never overwritten: the transaction fails with -EEXIST, so ask consents_get first and
 * reject the message instead. A subject without a strong or NAME_DOB token could never be found: -EINVAL (withdrawals by id have none
 * and need no record). */
bool consents_findable(const struct token_set *subject); /* ask before consents_put and shields_put */
void consents_put(struct store_txn *t, struct store *s, const struct consent_record *r);
ALM_MUST_USE int consents_get(struct store_txn *t, const struct id *id, struct consent_record *out);
/* A withdrawal of one grant, by id; the earliest one stays. Return: 0; -ENOENT unknown, and kept: a withdrawal that overtook its grant
 * is applied when that comes; -EINVAL it is no grant (a refusal ends only by a new grant), nothing changed; -errno. */
ALM_MUST_USE int consents_withdraw(struct store_txn *t, struct store *s, const struct id *id, int32_t on, int64_t ms, uint64_t leaf);
/* Each record once, in order of id. Every consent, refusal and withdrawal whose tokens share an indexed token with the subject, for this purpose ("" any); the caller
 * matches (strict or broad). Return: 0; visit's negative; -errno. */
typedef int consents_visit(void *ctx, const struct consent_record *r);
ALM_MUST_USE int consents_about(struct store_txn *t, struct store *s, const struct token_set *subject, const char *purpose, consents_visit *visit, void *ctx);
/* A lodger's own grants and refusals (not withdrawals), latest leaf first, from the given offset; total counts all of them. */
ALM_MUST_USE int consents_by_lodger(struct store_txn *t, const char *lodger, size_t offset, size_t max, consents_visit *visit, void *ctx, size_t *total);

/* As consents_put: another owner's record is never overwritten (-EEXIST). */
void shields_put(struct store_txn *t, struct store *s, const struct shield_record *r);
ALM_MUST_USE int shields_get(struct store_txn *t, const struct id *id, struct shield_record *out);
typedef int shields_visit(void *ctx, const struct shield_record *r);
ALM_MUST_USE int shields_about(struct store_txn *t, struct store *s, const struct token_set *subject, shields_visit *visit, void *ctx);
