/* SPDX-License-Identifier: Apache-2.0 */
/* keyholder.h - inside the core only: requests for oblivious tokens on their way to the keyholder and
 * back. The core sees blinded points, hands them on and keeps none. */
#pragma once
#include "base/id.h"
#include <stdbool.h>
#include <stdint.h>

#define RELAYS_MAX        512 /* on their way, of all agencies together */
#define RELAYS_AGENCY_MAX 8   /* of one agency */
#define RELAY_DEADLINE_MS 10000

struct core;
struct work;
enum relay_state {
    RELAY_FREE = 0,
    RELAY_NEW,  /* put in this batch, which is not yet committed */
    RELAY_OUT,  /* the keyholder has it */
    RELAY_DONE, /* answered in this batch, which is not yet committed */
};
struct relay {
    uint8_t state; /* enum relay_state */
    uint16_t asker, epoch, n;
    struct id asked, put; /* the asker's id; ours towards the keyholder */
    int64_t deadline_ms;  /* monotonic */
};
struct relay_count { /* of one agency, since its last leaf */
    uint32_t requests, points, refused;
    uint32_t said_requests, said_points, said_refused; /* in the leaf that is not committed yet */
};
struct relays {
    bool any; /* some place is taken: else nobody need look at them each turn */
    struct relay at[RELAYS_MAX];
    struct relay_count counts[]; /* by slot */
};
ALM_MUST_USE int relays_new(struct relays **out);

void token_request_take(struct core *c, struct work *w);
void tokens_take(struct core *c, struct work *w);
void keyholder_busy_take(struct core *c, struct work *w); /* it will not, or not now */
void keyholder_tick(struct core *c);   /* in the batch: whose time has ended */
void keyholder_minute(struct core *c); /* in the batch: one leaf an agency that asked */
void keyholder_settle(struct core *c, bool committed);
