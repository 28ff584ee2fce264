/* SPDX-License-Identifier: Apache-2.0 */
/* arrivals.h - a session's deliveries: into the inbox, then acknowledged. Only for session.c. */
#pragma once
#include "lib/inbox.h"
#include "lib/recalls.h"

struct arrivals {
    struct inbox *inbox; /* borrowed; NULL: what is delivered is left with the broker */
    const struct recalls *recalls; /* borrowed; NULL: what is taken back lies in the inbox alone */
    int n;               /* in this step */
    int64_t
        stalled_ms; /* when to connect anew for what could not be stored; 0: nothing is stalled */
};
void arrivals_connected(struct arrivals *a);
/* One delivery; body as received. Return: NULL, or for people what is wrong and why it is not lost.
 */
const char *arrivals_take(struct arrivals *a, const struct msg_deliver *d, struct bytes body,
                          int64_t now_ms);
/* "acknowledged when it is durable there": syncs what came in this step. */
void arrivals_sync(struct arrivals *a);
/* An Ack that is to be sent, filled in; inbox_acked() when it was. Return: whether there is one. */
bool arrivals_ack(const struct arrivals *a, struct msg_ack *out);
bool arrivals_enough(
    const struct arrivals *a); /* for one step: each is an fsync, and questions wait meanwhile */
