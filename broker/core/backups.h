/* SPDX-License-Identifier: Apache-2.0 */
/* backups.h - until when somebody's backup can still open what this store has since erased. A
 * backup holds the secrets of its periods; it ends with the private key that it was sealed to, and
 * that key has a last day, which the policy bounds ("retention": backup_days). */
#pragma once
#include "base/attr.h"
#include "core.h"
#include "store/store.h"
#include <jansson.h>

struct reading_work;
struct backups_state {
    uint32_t n;    /* backups that were ever begun */
    uint64_t leaf; /* of the latest */
    int64_t at_ms;
    int32_t until; /* the latest of all their keys' last days: a calendar's, also in an exercise */
};
/* Return: 0; -ENOENT none was ever begun; -EBADMSG; -errno. */
ALM_MUST_USE int backups_get(struct store_txn *t, struct backups_state *out);
bool backups_is(const struct reading_work *w); /* a reading that is a backup */
/* Why it may not be begun, as a word for the reader; NULL: it may. */
const char *backups_refused(const struct core *c, const struct reading_work *w);
/* Keeps that it was begun, in the batch's transaction, once its leaf is recorded. */
void backups_begun(struct core *c, const struct reading_work *w);
/* For status: {made, last, leaf, until}; null where none was; never NULL but without memory. */
json_t *backups_status(struct core *c);
