/* SPDX-License-Identifier: Apache-2.0 */
/* parts.h - what tree.c and proof.c share; nobody else includes it. */
#pragma once
#include "tree/tree.h"

/* MTH of leaves start .. start + n - 1, where start is a multiple of the largest power of two not
 * above n. */
ALM_MUST_USE int tree_range_hash(uint64_t start, uint64_t n, tree_fetch *fetch, void *ctx,
                                 uint8_t out[static SHA256_LEN]);
