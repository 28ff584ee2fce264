/* SPDX-License-Identifier: Apache-2.0 */
/* recall.h - inside the core only: what is taken back from whoever was told it.
 *
 * A correction, or a statement of the family, begins a search of the log for everybody who was told;
 * a consent that ended knows them already. Each agency hears of it once, through its inbox, and
 * (but of a statement) says what it did. */
#pragma once
#include "state.h"
#include "store/recalls.h"

struct recalls; /* opaque: recall.c. The search at hand; lost with the process, and found again in the store */

/* Into the batch: the search begins in the turns to come. Of r phase, next and leaf are filled in. */
void recall_begin(struct core *c, struct recall_record *r, uint64_t leaf);
void recall_step(struct core *c); /* in the batch: a bounded part of the search, or of the telling */
bool recall_waiting(const struct core *c); /* there is more to be done at once */
void recall_forget(struct core *c);        /* the batch failed, or the core ends: what is in memory goes */

/* --- recall_tell.c --- */
/* One party is told now: p->state becomes PARTY_TOLD, or PARTY_GONE where it is no member any more. Into the store. */
void recall_tell(struct core *c, const struct recall_record *r, struct recall_party *p);
/* Nobody is left to be told: a leaf with the counts. */
void recall_told(struct core *c, struct recall_record *r);
void ack_of_take(struct core *c, struct work *w);
struct recall_counts {
    uint32_t told, acknowledged, overdue, gone;
    uint32_t done[DONE_CANNOT + 1]; /* by enum stop_done */
    int64_t due_ms;                 /* the latest of those that are outstanding; 0: none is */
};
/* open_only: of those whose reply hid nobody. Return: 0 or -errno. */
ALM_MUST_USE int recall_count(const struct core *c, struct store_txn *t, const struct id *recall,
                              bool open_only, struct recall_counts *out);
json_t *recalls_status(struct core *c); /* for officers (CONTROL.md, recalls) */

/* --- correction.c, statement.c --- */
void correction_take(struct core *c, struct work *w);
/* May its sender have one more searched for? Else it was told Busy, or the batch failed. */
bool recall_room(struct core *c, struct work *w);
void correction_query_take(struct core *c, struct work *w);
/* What slot said of this was taken back since the question was decided: no reply rests on it. */
bool correction_covers(struct core *c, const struct pending *p, const struct pending_holder *said,
                       uint16_t slot);
void statement_take(struct core *c, struct work *w);
