/* SPDX-License-Identifier: Apache-2.0 */
/* contacts.h - for a while: which agencies stood masked in the reply to a query, so that the hub
 * can ask them to call; and on which day a shield's owner was last told of an asker. */
#pragma once
#include "store/store.h"
#include "wire/msg.h"

#define CONTACTS_MAX 64 /* masked agencies of one reply */

struct contact_record {
    name_t asker;
    int32_t put_on;
    bool asked; /* the asker has asked the hubs for contact */
    struct token_set subject; /* as the masked ones were asked; n 0: they were not asked about it,
                                 or the record is of layout 1 */
    uint8_t n;
    struct {
        name_t agency;
        struct id question; /* under which it was asked: by it, it knows whom this is about */
    } masked[CONTACTS_MAX];
};
/* query: the id of the asker's message. Sticky errors in t. */
void contacts_put(struct store_txn *t, const struct id *query, const struct contact_record *r);
/* Return: 0; -ENOENT; -EBADMSG; -errno. */
ALM_MUST_USE int contacts_get(struct store_txn *t, const struct id *query,
                              struct contact_record *out);
/* Forgets those put before the day, at most `most`; *n how many. Return: 0 or -errno. */
ALM_MUST_USE int contacts_sweep(struct store_txn *t, int32_t day, size_t most, size_t *n);

/* Ids of queries after @after (zero: from the start), in order. Return: 0 or -errno. */
ALM_MUST_USE int contacts_ids(struct store_txn *t, const struct id *after, size_t most,
                              struct id *out, size_t *n);
void contacts_del(struct store_txn *t, const struct id *query, int32_t put_on);

/* When the shield's owner was last told that this agency asked. Return: 0; -ENOENT never; -errno.
 */
ALM_MUST_USE int attempts_get(struct store_txn *t, const struct id *shield, const char *asker,
                              int32_t *day);
void attempts_put(struct store_txn *t, const struct id *shield, const char *asker, int32_t day);
