/* SPDX-License-Identifier: Apache-2.0 */
/* fsck_parts.h - what the files of the examination share; nobody else includes it. */
#pragma once
#include "backup/fsck.h"
#include "base/id.h"
#include "match/token.h"
#include "store/ledger.h"
#include "store/raw.h"

struct fsck {
    struct store_txn *t;
    const struct fsck_options *o;
    struct fsck_counts *counts;
    uint64_t leaves;
    uint8_t *events; /* of each leaf; 0: it could not be read */
    uint64_t of;     /* records in all, for progress */
    int failed;      /* not a finding: memory, the disk */
};

enum fsck_advice {
    ADVICE_DAMAGED, /* a value is altered */
    ADVICE_TAKEN,   /* something is missing that was there */
    ADVICE_STRAY,   /* something finds nothing */
    ADVICE_UNFOUND, /* a record that nothing finds */
    ADVICE_FORGED,  /* the log is not what was signed */
    ADVICE_COUNTS,  /* numbers disagree */
};
void fsck_say(struct fsck *f, enum table table, struct bytes key, enum fsck_advice advice,
              const char *what);
void fsck_say_leaf(struct fsck *f, enum table table, uint64_t leaf, enum fsck_advice advice,
                   const char *what);
/* Whether a look-up came off. -ENOENT and -EBADMSG are findings, said with these words (missing
 * NULL: -ENOENT is none); all else ends the examination. */
bool fsck_good(struct fsck *f, int r, enum table table, struct bytes key, const char *missing);
uint64_t fsck_u64(struct bytes key, size_t at); /* big-endian; at + 8 <= key.len */
/* A leaf that a record names: is there one, and of this event (0: any)? */
void fsck_names_leaf(struct fsck *f, enum table table, struct bytes key, uint64_t leaf,
                     uint8_t event);

/* fsck_log.c: log, tree, heads, record keys. Return: 0 or what ended it. */
ALM_MUST_USE int fsck_log(struct fsck *f);
/* fsck_records.c: one opened record of any table, against what finds it and what it names. */
void fsck_record(struct fsck *f, enum table table, struct bytes key, struct bytes value);
/* fsck_found.c: is each token of a set in the index, for this record, and its home? And an entry of
 * the index: is its record there? */
void fsck_indexed(struct fsck *f, enum table table, struct bytes key, int kind,
                  const struct token_set *subject, const struct id *id);
void fsck_home(struct fsck *f, enum table table, struct bytes key, int kind,
               const struct token *home, const struct id *id);
/* All that a set finds a record by that it was carried to another epoch with: what asks under that
 * epoch finds it by these alone. */
void fsck_carried(struct fsck *f, struct bytes key);
void fsck_subject(struct fsck *f, struct bytes key);
/* fsck_queues.c: queues' states against what is in them. Return: 0 or what ended it. */
ALM_MUST_USE int fsck_queues(struct fsck *f);
