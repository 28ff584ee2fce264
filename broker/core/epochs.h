/* SPDX-License-Identifier: Apache-2.0 */
/* epochs.h - inside the core only: under which keys of match tokens may be asked and lodged, what
 * must be carried before the key changes, and what an old key leaves behind. README.md, "Epochs". */
#pragma once
#include "store/retokens.h"
#include "wire/msg.h"

struct bundle;
struct core;
struct json_t; /* of jansson */

#define LACKING_UNKNOWN (-1)
struct epochs { /* in memory; known anew after each change of policy */
    /* Prohibitions in force that have no tokens of the previous epoch; LACKING_UNKNOWN */
    int64_t lacking;
    int32_t counted_on;  /* civil day of that count */
    int64_t again_ms;    /* monotonic; not counted again before */
    bool settled;        /* nothing of an epoch that is not listed is left in the store */
    bool stepped;        /* in the batch that is not committed yet */
    int64_t hold_ms;     /* monotonic; no further step before */
    bool stuck;          /* a damaged record is in the way: operators were told, and all else goes on */
};

void epochs_changed(struct core *c); /* the policy in force may be another */
void epochs_take_back(struct core *c); /* a batch failed */
/* May what is in c->in be asked, or lodged? NULL, or why not (a told word): it follows from the
 * policy and from the message's epoch, never from whom it is about. */
const char *epochs_query_wrong(struct core *c);
const char *epochs_lodge_wrong(struct core *c);
/* Is every prohibition weighed when it is decided about somebody under this set? Else nothing may be
 * decided but a refusal. */
bool epochs_complete(struct core *c, const struct token_set *subject);
void epochs_lodged(struct core *c); /* c->in is being recorded: does it lack the previous epoch? */
void epochs_carried(struct core *c, const struct survey_record *before, struct token_epoch to);
/* Would b, put in force, leave a prohibition or a concern unseen? NULL: no. Else the error to reply. */
struct json_t *epochs_refuse(struct core *c, const struct bundle *b);
/* Would this record, which has no tokens of the epoch to come, hold b up? Asked of what is not over. */
bool epochs_holds_up(const struct core *c, const struct bundle *b, const struct survey_record *r);
const char *epochs_scheme(uint8_t scheme); /* "hmac", "oblivious" */
struct json_t *tokens_status(struct core *c); /* tokens_status.c: for the control socket */
void epochs_tick(struct core *c);           /* in the batch: another step of settling */
bool epochs_unsettled(const struct core *c); /* there is more to do at once */
