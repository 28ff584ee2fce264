/* SPDX-License-Identifier: Apache-2.0 */
/* random_policy.h - policy text from seeds, one for each part of it, so that two policies can share
 * all parts but one. */
#pragma once
#include "base/bytes.h"
#include <stdint.h>

#define RANDOM_PARTS                                                                               \
    6 /* agencies with protocols, gateways, purposes, questions, consent, overrides */

struct random {
    uint64_t state;
};
uint64_t random_next(struct random *r);
unsigned random_below(struct random *r, unsigned n); /* n > 0 */
/* Text that usually compiles; the compiler may find a purpose that nothing makes lawful. */
void random_policy(const uint64_t seeds[static RANDOM_PARTS], struct buf *out);
