/* SPDX-License-Identifier: Apache-2.0 */
/* referrals_home.h - what finds a referral by its home. For broker/store alone. */
#pragma once
#include "base/id.h"
#include "match/token.h"
#include "store/store.h"

void referrals_home(struct store_txn *t, const struct id *id, const struct token *home, bool in);
