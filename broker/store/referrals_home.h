/* SPDX-License-Identifier: Apache-2.0 */
/* referrals_home.h - what finds a referral by its home and by agency. For broker/store and its fsck alone. */
#pragma once
#include "base/id.h"
#include "match/token.h"
#include "store/referrals.h"

void referrals_home(struct store_txn *t, const struct id *id, const struct token *home, bool in);
/* Does this home find it? A failure counts as no, and is sticky in t. */
bool referrals_at_home(struct store_txn *t, const struct id *id, const struct token *home);
/* Is it in the list of each agency that it was sent by, or ever sent to? As above. */
bool referrals_listed(struct store_txn *t, const struct referral_record *r);
