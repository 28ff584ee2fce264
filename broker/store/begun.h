/* SPDX-License-Identifier: Apache-2.0 */
/* begun.h - a log that begins with the leaves of another origin's, whose own cannot be gone on with:
 * what says so until the core has recorded it. */
#pragma once
#include "store/store.h"
#include "tree/note.h"

struct begun {
    char from[NOTE_NAME_MAX]; /* the origin before */
    uint64_t leaves;          /* of it, with which this log begins */
    uint64_t head;            /* leaves of the newest head that was signed under it; 0 none */
    int64_t made_ms;          /* when the backup was made that they are from: Unix ms */
};
/* Sticky error in t. */
void begun_put(struct store_txn *t, const struct begun *b);
/* Return: 0; -ENOENT it began with its own, or it is recorded; -EBADMSG; -errno. */
ALM_MUST_USE int begun_get(struct store_txn *t, struct begun *out);
void begun_drop(struct store_txn *t); /* with the leaf that records it, in one transaction */

typedef int begun_head(void *ctx, uint64_t size, struct bytes note);
/**
 * begun_anew() - a store of one origin becomes that of another
 * @s:    opened for writing, under the origin before; of no broker that runs, and of no use if this fails
 * @to:   the same mode, and the other origin
 * @head: told each signed head, oldest first, before any is taken out
 * @b:    from and made_ms are the caller's; leaves and head are filled in
 * Leaves and tree stay. Heads, what witnesses had signed, and agencies' sealing keys, whose
 * announcements are signed for the origin before, are taken out. begun_get() tells of it from then on.
 * Return: 0; -EINVAL no other origin; @head's error; -errno.
 */
ALM_MUST_USE int begun_anew(struct store *s, const struct store_options *to, begun_head *head, void *ctx, struct begun *b);
