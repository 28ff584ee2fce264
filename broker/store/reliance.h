/* SPDX-License-Identifier: Apache-2.0 */
/* reliance.h - which agencies were told something on the strength of a consent, so that they can
 * hear when it is gone: one row for each consent and agency, the latest. */
#pragma once
#include "base/id.h"
#include "store/store.h"

struct reliance {
    char agency[64];
    struct id message; /* its own query, by which it knows what it was told */
    int32_t on;        /* civil day */
    uint64_t leaf;     /* of the disclosure */
};
/* Sticky errors in t. */
void reliance_put(struct store_txn *t, const struct id *consent, const struct reliance *r);
/* In order of agency. Return: 0; visit's negative; -errno. visit changes nothing in the store. */
typedef int reliance_visit(void *ctx, const struct reliance *r);
ALM_MUST_USE int reliance_each(struct store_txn *t, const struct id *consent, reliance_visit *visit,
                               void *ctx);
