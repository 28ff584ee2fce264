/* SPDX-License-Identifier: Apache-2.0 */
/* fsck.h - a store that no broker has open, gone through from end to end: does every value open,
 * does the log make the tree and the tree the signed heads, does each disclosure have its decision,
 * and do indexes, queues and records agree? It changes nothing. */
#pragma once
#include "base/attr.h"
#include "store/store.h"
#include "tree/note.h"
#include <stdbool.h>

#define FSCK_RECORD_MAX 160 /* a record's place, as people are shown it, with NUL */

struct fsck_finding {   /* texts are good during the call */
    const char *table;  /* "log" */
    const char *record; /* "leaf 17", or the key: what can be printed as it is, the rest as \xx */
    const char *what;   /* a sentence */
    const char *todo;   /* what to do about it */
};
struct fsck_options {
    struct note_key key; /* that signed the heads */
    const char *origin;
    void (*found)(void *ctx, const struct fsck_finding *f);
    void (*progress)(void *ctx, const char *table, uint64_t done, uint64_t of); /* may be NULL */
    void *ctx;
};
struct fsck_counts {
    uint64_t records, leaves, forgotten, heads, findings;
};
/**
 * fsck_run() - examine a store in one reading transaction
 * @s: opened by the caller; nobody writes meanwhile
 * @counts: filled in
 * Memory: one octet a leaf, and the largest value.
 * Return: 0 it was gone through (counts->findings tells what came of it); -EBADMSG LMDB's own pages
 * make no sense, which was found and told too, and ended it; -errno.
 */
ALM_MUST_USE int fsck_run(struct store *s, const struct fsck_options *o,
                          struct fsck_counts *counts);
