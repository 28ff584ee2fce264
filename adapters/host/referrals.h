/* SPDX-License-Identifier: Apache-2.0 */
/* referrals.h - what we know of our referrals: the broker's list joined with our own inbox
 * (referrals.c). */
#pragma once
#include "host/ops.h"

void referrals_ask_all(struct msg *query, uint16_t page, const json_t *o);
uint16_t referrals_add(json_t *list, const struct msg *m); /* as struct paged's add */
/* The entry with this id, borrowed, or NULL. */
json_t *referrals_find(const json_t *list, const char *referral);
json_t *reply_referral_state(const struct msg *m, const struct id *message);
op_run referrals_list, referrals_show, referrals_read;
