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
/* Sticky errors in t; -EINVAL: an agency without a name.
 *
 * What a transaction puts is durable with it, and found from then on; but it comes into TABLE_RELIANCE
 * later, in order of key with what came before and after (README.md, "Rows that are merged later"). */
void reliance_put(struct store_txn *t, const struct id *consent, const struct reliance *r);
/* In order of agency, in writing and in reading transactions; these read all that is not merged yet.
 * Return: 0; visit's negative; -EBADMSG; -errno. visit changes nothing in the store. */
typedef int reliance_visit(void *ctx, const struct reliance *r);
ALM_MUST_USE int reliance_each(struct store_txn *t, const struct id *consent, reliance_visit *visit,
                               void *ctx);

/* --- merging --- */

/* How many rows were put and committed since the store was opened; 0 in a store that only reads. */
uint64_t reliance_noted(const struct store *s);
/* Whether anything is to be merged yet. */
bool reliance_waits(const struct store *s);
/* Merges up to @steps rows, beyond those that are merged as others are put. For idle times. Sticky errors in t. */
void reliance_merge(struct store_txn *t, uint32_t steps);
/* The rows of one value of TABLE_RELIANCE_NEW, as they came. Return: 0; -EBADMSG; what visit gave. */
typedef int reliance_row(void *ctx, const struct id *consent, const struct reliance *r);
ALM_MUST_USE int reliance_rows(struct bytes value, reliance_row *visit, void *ctx);
