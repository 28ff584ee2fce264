/* SPDX-License-Identifier: Apache-2.0 */
/* reliance.h - inside the core only: whom an answer told on the strength of which consent, and who
 * hears that it is gone. */
#pragma once
#include "agencies.h"
#include "pending.h"
#include "store/consents.h"
#include "store/reliance.h"

struct core;
struct reliance_quiet {
    uint64_t noted; /* rows, when it was looked at last */
    int64_t since_ms; /* monotonic: no other came */
};
struct reliance_ended { /* of one ending: bits by slot, and what each was told last */
    uint64_t told[(AGENCIES_MAX + 63) / 64];
    struct reliance latest[AGENCIES_MAX];
};
/* In the batch, after c->decision permitted it: ask's agency was told. */
void reliance_record(struct core *c, const struct ask *ask, uint64_t leaf);
/* Has the store merge rows that wait, while nobody is told anything on a consent. */
void reliance_tick(struct core *c);
/* A batch failed: not again at once. */
void reliance_take_back(struct core *c);
/* One consent after another, then the notices: one for each agency. Ended nothing retroactively. */
void reliance_begin(struct reliance_ended *e);
void reliance_of(struct core *c, const struct id *consent, struct reliance_ended *e);
/* only: to the agencies that it names or whose organisation it names; NULL: to all. */
void reliance_tell(struct core *c, const struct reliance_ended *e, const struct msg_scope *only);
/* Of every grant about the person for the purpose ("matched broadly": a prohibition), in this
 * capacity; 0: in any. The notices too. */
void reliance_end(struct core *c, const struct token_set *subject, const char *purpose,
                  uint8_t capacity, const struct msg_scope *only);
