/* SPDX-License-Identifier: Apache-2.0 */
/* blinded.h - what was blinded lately, so that a token that several kinds of records are looked for
 * by is worked out once. For broker/store alone.
 *
 * It holds tokens in clear beside what stands in keys: whoever has one wipes it as soon as the
 * transaction ends in which they came. */
#pragma once
#include "base/bytes.h"
#include "base/crypto.h"

struct blinded; /* opaque: blinded.c */
ALM_MUST_USE int blinded_new(struct blinded **out);
struct blinded *blinded_free(struct blinded *b); /* wipes it; accepts NULL, returns NULL */
void blinded_wipe(struct blinded *b);
/* As hmac_make; always with the same @h. */
ALM_MUST_USE int blinded_make(struct blinded *b, const struct hmac *h, struct bytes data,
                              uint8_t out[static SHA256_LEN]);
