/* SPDX-License-Identifier: Apache-2.0 */
/* consents_codec.h - consents and shields as bytes: the layouts in README.md. For broker/store
 * alone. */
#pragma once
#include "store/consents.h"

#define CONSENT_RECORD_MAX                                                                         \
    32768 /* bytes; the largest that fits struct consent_record is about 15,000 */

/* One person's tokens, as in every record that has them. */
void subject_encode(const struct token_set *s, struct buf *out);
void subject_decode(struct cursor *c, struct token_set *out);
/* Appends to out, whose status tells. */
void consent_encode(const struct consent_record *r, struct buf *out);
/* out is written whole. Return: 0 or -EBADMSG. */
ALM_MUST_USE int consent_decode(struct bytes octets, struct consent_record *out);
void shield_encode(const struct shield_record *r, struct buf *out);
ALM_MUST_USE int shield_decode(struct bytes octets, struct shield_record *out);
