/* SPDX-License-Identifier: Apache-2.0 */
/* lodged.h - every record that an agency lodged, of whatever kind: gone through in order, and
 * forgotten with everything that finds it. When one may be forgotten is the core's business. */
#pragma once
#include "base/id.h"
#include "store/store.h"

enum lodged_kind { /* in the order in which they are gone through; numbers are kept by the core */
                   LODGED_CONSENT = 1, /* grants, refusals, withdrawals */
                   LODGED_OVERTAKEN,   /* a withdrawal that waits for its grant */
                   LODGED_SHIELD,
                   LODGED_DISPUTE,
                   LODGED_OVERRIDE,
                   LODGED_CONCERN,
                   LODGED_REFERRAL,
                   LODGED_STATEMENT,
                   LODGED_RECALL,
                   LODGED_EPISODE,
                   LODGED_WATCH,
                   LODGED_END
};
/* Ids of a kind after @after (zero: from the start), in order, at most @most into @out; *n how
 * many. Return: 0 or -errno. */
ALM_MUST_USE int lodged_ids(struct store_txn *t, enum lodged_kind kind, const struct id *after,
                            size_t most, struct id *out, size_t *n);
/* Takes a record out of the store: itself, its further sets of tokens, what finds it, and of a
 * consent whom it told, of a shield who asked.
 * Return: 0; -ENOENT; -EBADMSG; -errno, which is then also sticky in t. */
ALM_MUST_USE int lodged_forget(struct store_txn *t, enum lodged_kind kind, const struct id *id);
/* When a withdrawal that waits for its grant took effect. Return: 0; -ENOENT; -EBADMSG; -errno. */
ALM_MUST_USE int overtaken_get(struct store_txn *t, const struct id *id, int32_t *on);

/* --- Each in the file of its table; for broker/store alone. --- */
typedef int record_forget(struct store_txn *t, const struct id *id);
record_forget consents_forget, overtaken_forget, shields_forget, disputes_forget, overrides_forget,
    concerns_forget, referrals_forget, episodes_forget, watches_forget;
void reliance_forget(struct store_txn *t, const struct id *consent);
void attempts_forget(struct store_txn *t, const struct id *shield);
