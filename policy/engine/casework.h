/* SPDX-License-Identifier: Apache-2.0 */
/* casework.h - inside the engine only: reads what a bundle says of concerns, referrals, services,
 * limits, wordings and the evaluation. A bundle older than these has the defaults. */
#pragma once
#include "engine/reader.h"

/* What a policy means that says nothing (DOMAIN.md sections 5 and 6). */
extern const struct policy_concern_rules casework_concerns;
extern const struct policy_referral_rules casework_referrals;
#define CASEWORK_ALL_CATEGORIES UINT64_MAX /* of a threshold that lists none */

/* The part of a question: how long an answer stands, and what a threshold counts. */
void casework_read_question(struct reader *r, const struct layout *l, struct lay_question *q);
/* Return: 0 or -ENOMEM; what is wrong is in r->bad. */
ALM_MUST_USE int casework_read(struct reader *r, struct layout *l);
/* Between the parts: criteria that holders answer, purposes that allow pinning. */
bool casework_sound(const struct layout *l);
void casework_deinit(struct layout *l);
