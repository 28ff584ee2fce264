/* SPDX-License-Identifier: Apache-2.0 */
/* due.h - inside the core only: what somebody must decide or do, and by when.
 *
 * The due clock is the wall clock in life; in an exercise it stands at the first millisecond of
 * the civil day (as UTC) until an officer sets the next, and everything that falls due within a
 * day is due at its last millisecond. An item is late when its instant has passed. Kept in the
 * store in order of time: what is not late costs nothing. */
#pragma once
#include "state.h"

struct due {
    uint8_t kind;    /* enum due_kind */
    struct id about; /* the episode, referral, override ... */
    char agency[64]; /* whose it is */
    name_t role;     /* who decides there; "" anybody */
    int64_t due_ms;  /* due_in_hours(), due_end_of() */
    text_t text;     /* for people; it names no subject */
    bool told;       /* it is late, and that was told */
};
int64_t due_now(const struct core *c);
int64_t due_in_hours(const struct core *c, uint32_t hours); /* from now */
int64_t due_end_of(const struct core *c, int32_t day); /* the last millisecond of the civil day */
/* In the batch: puts it, or moves the one of the same kind, about and agency to another time (it
 * is then not late any more). */
void due_put(struct core *c, const struct due *d);
/* In the batch: done by this agency; nothing happens where there is none. */
void due_done(struct core *c, uint8_t kind, const struct id *about, const char *agency);
/* In the batch: tells of what became late since, once each: its agency and the hubs (stages.h,
 * notices), a leaf, an alert. At most some of them; the rest waits for the next batch. */
void due_sweep(struct core *c);
void due_query_take(struct core *c, struct work *w);
/* {"open": n, "overdue": n}; null when it cannot be read. */
json_t *due_status(struct core *c);
