/* SPDX-License-Identifier: Apache-2.0 */
/* referrals_codec.h - a referral's record as bytes and back. For broker/store alone. */
#pragma once
#include "store/referrals.h"

#define REFERRAL_RECORD_MAX 65536 /* bytes encoded */
void referral_encode(const struct referral_record *r, struct buf *out);
ALM_MUST_USE int referral_decode(struct bytes octets, struct referral_record *out); /* -EBADMSG */
