/* SPDX-License-Identifier: Apache-2.0 */
/* retention.h - inside the core only: what is forgotten when its clock has run out, what is kept in
 * spite of it, and what goes before its time.
 *
 * retention.c    the job: where it stands, its leaves, the period that ends what was forgotten
 * retention_records.c  lodged records, receipts: when each has ended; forgetting one
 * retention_leaves.c   leaves of the log
 * hold.c         legal holds
 * erase.c, erase_waiting.c  a person's records, when two officers order it
 *
 * All of it runs in the batch, a bounded step a turn, and goes on after a kill where the last
 * commit left it. */
#pragma once
#include "deliver.h"
#include "state.h"
#include "store/holds.h"
#include "store/ledger_keys.h"
#include "store/lodged.h"

#define RETENTION_STEP      64 /* records, or leaves that are read, of one turn */
#define RETENTION_STEP_BUSY 16 /* of a turn that has frames to decide */
#define RECEIPT_AT_MAX 96
#define ABOUT_KEYS_MAX 8 /* keys of one person's tokens */

enum retention_phase {
    RETENTION_IDLE = 0,
    RETENTION_RECORDS,
    RETENTION_RECEIPTS,
    RETENTION_LEAVES,
    RETENTION_DEAD /* letters: before the log */
};
struct retention_counts {
    uint64_t records, receipts, leaves, held;
};
struct retention_state { /* TABLE_META, "retention" */
    uint8_t phase;       /* enum retention_phase */
    int32_t day;  /* civil day of the run under way, or of the last; CIVIL_NONE: there was none */
    uint8_t kind; /* enum lodged_kind */
    struct id after;
    uint8_t receipt[RECEIPT_AT_MAX]; /* the last key that was looked at */
    uint8_t receipt_len;
    uint64_t next;                  /* leaf */
    bool begun;                     /* the run has its first leaf */
    struct retention_counts counts; /* of the run under way, or of the last */
    int64_t ended_ms;               /* of the last run; 0: none */
    uint32_t forgot_in; /* the period in force when something was forgotten last; 0: nothing was. As
                           long as it is in force, copies of that may open */
    uint32_t period;    /* whose beginning is on the log, or the first; 0: not known */
};
struct about_sets { /* one person's tokens, a set for each key */
    bool unborn;
    uint8_t n;
    struct token_set sets[ABOUT_KEYS_MAX];
};
struct hold { /* as it is asked of */
    struct hold_record record;
    struct about_sets about;
};
struct retention {    /* opaque elsewhere: c->retention */
    bool loaded, hot; /* hot: the next turn has something to do */
    bool stuck;       /* a step met damage: nothing more on this day */
    int32_t stuck_day;
    int32_t doubted_day; /* so far from the last run's that an officer is waited for */
    bool stepped;        /* a step is part of this batch */
    int64_t step_ms;     /* monotonic: none is made before */
    int64_t paced_ms;    /* the same, of turns that have something else to do */
    struct retention_state s;
    bool erasing;
    struct erasure_record erasure; /* in hand; phase 0: none */
    struct about_sets erasing_about;
    struct deliver_place place; /* how far the queues have been gone through */
    uint64_t *find;             /* owned: tags by which its leaves are found */
    size_t n_find;
    bool dead_due;          /* this step has taken a dead letter */
    uint32_t current;       /* the period in force */
    bool leaving, resealed; /* a period is being left; nothing is sealed under it any more */
    int64_t again_ms;       /* monotonic: a new period is not tried before */
    /* cuts: by class the first leaf that is not due, for this day and policy */
    int32_t cut_day;
    uint8_t cut_policy[POLICY_HASH_LEN];
    uint64_t cuts[RETENTION_CLASSES + 1];
    /* holds */
    bool holds_loaded;
    struct hold *holds; /* owned */
    size_t n_holds;
    uint64_t *tags; /* owned: of all of them, in ascending order */
    size_t n_tags;
};

/* --- hold.c --- */
/* Return: MATCH_YES, MATCH_CONFLICT (doubtful) or MATCH_NONE, "matched broadly". */
enum match about_match(const struct about_sets *about, const struct token_set *subject);
void about_sort(const struct about_whom *whom, struct about_sets *out);
/* The tokens object of a change. NULL: read; else why not, as the reply. */
json_t *about_read(struct core *c, const json_t *body, struct about_whom *out);
/* Return: 0 or -errno. */
ALM_MUST_USE int holds_load(struct core *c, struct store_txn *t);
bool holds_cover(const struct core *c, const struct token_set *subject, const struct token *home);
/* Is anybody of them held? */
bool holds_meet(const struct core *c, const struct about_sets *about);
struct lodged_facts;
/* Is this record held, under whatever key that it has tokens of? After lodged_look() of the same,
 * whose facts and rooms are as they were. Return: 1 held; 0; -errno. */
ALM_MUST_USE int holds_record(struct core *c, struct store_txn *t, enum lodged_kind kind,
                              const struct id *id, struct lodged_facts *f);
/* NULL: each hold has tokens of a key that this policy lists; else why it is not put in force. */
json_t *holds_refuse(struct core *c, struct store_txn *t, const struct bundle *b);
/* Whether any of these finds a person in the log, or is a home. */
bool holds_findable(const struct about_whom *whom);
/* Return: 1 held; 0; -errno. Of a leaf, or of what it follows from. */
ALM_MUST_USE int holds_leaf(struct core *c, struct store_txn *t, uint64_t leaf);
void holds_forget(struct core *c); /* from memory */

/* --- retention_records.c --- */
struct lodged_facts {
    const struct token_set *subject; /* NULL: of nobody */
    const struct token *home;        /* NULL: none */
    bool prohibits;                  /* and is in force */
    int32_t ended;                   /* civil day; CIVIL_NONE: it has not */
    uint32_t days;                   /* its clock from there */
};
/* Views are of the core's own rooms. Return: 0; -ENOENT; -errno. */
ALM_MUST_USE int lodged_look(struct core *c, struct store_txn *t, enum lodged_kind kind,
                             const struct id *id, struct lodged_facts *out);
bool lodged_due(const struct lodged_facts *f, int32_t day);
/* Whether a look failed over damage, which is then said: whose it is nobody can tell, and it stays.
 */
bool lodged_damaged(int r, enum lodged_kind kind);
/* After lodged_look() of the same: with what is due of it. Return: 0 or -errno. */
ALM_MUST_USE int lodged_erase(struct core *c, struct store_txn *t, enum lodged_kind kind,
                              const struct id *id);
/* Receipts older than the policy keeps them, from s->receipt on. *done: the end was reached. */
ALM_MUST_USE int receipts_step(struct core *c, struct store_txn *t, struct retention_state *s,
                               bool *done);

/* --- retention_leaves.c --- */
ALM_MUST_USE int leaves_step(struct core *c, struct store_txn *t, struct retention_state *s,
                             bool *done);
/* Is the record on file that this leaf lodged? Return: 1; 0; -errno. */
ALM_MUST_USE int leaf_on_file(struct core *c, struct store_txn *t, const struct ledger_clear *l,
                              uint8_t class);
ALM_MUST_USE int leaf_read(struct store_txn *t, uint64_t leaf, struct ledger_clear *out);

/* --- erase.c, erase_waiting.c --- */
/* One step of the erasure in hand. Return: 1 a step was made; 0 there is none; -errno. */
ALM_MUST_USE int erase_step(struct core *c, struct store_txn *t);
/* What waits about them: deliveries, contacts, questions to desks, askings. *done: all of it. */
ALM_MUST_USE int erase_waiting(struct core *c, struct store_txn *t, struct erasure_record *e,
                               const struct about_sets *about, bool *done);

/* --- retention.c --- */
/* Records or leaves that this step may look at: few where frames wait for the batch. */
size_t retention_most(const struct core *c);
/* The run's first leaf, before the first thing is forgotten in it. */
void retention_begun(struct core *c);
void retention_dirty(struct core *c); /* something was forgotten */
void retention_erase(struct core *c); /* an erasure was ordered, in this batch */
void retention_kept(struct core *c, struct store_txn *t);   /* where it stands, after its step */
void retention_erased(struct core *c, struct store_txn *t); /* the one in hand is done */
