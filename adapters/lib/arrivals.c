/* SPDX-License-Identifier: Apache-2.0 */
/* arrivals.c - between session and inbox: how much a step takes, and when to ask again. */
#include "lib/arrivals.h"

#include "base/log.h"

#include <errno.h>
#include <string.h>

#define STEP_MAX   64
#define STALLED_MS 15000 /* then a full disk may have room again */

void arrivals_connected(struct arrivals *a)
{
    a->stalled_ms = 0;
    if (a->inbox)
        inbox_connected(a->inbox);
}

static const char *stalled_text(int r)
{
    switch (r) {
    case -ENOBUFS:
        return "the inbox is full (inbox_max); what is delivered waits at the broker until it is "
               "read";
    case -ENOSPC:
    case -EDQUOT:
        return "the disk with the inbox is full; what is delivered waits at the broker until there "
               "is room";
    default:
        return "what was delivered could not be stored and waits at the broker; the log says why";
    }
}

const char *arrivals_take(struct arrivals *a, const struct msg_deliver *d, struct bytes body,
                          int64_t now_ms)
{
    int r;

    if (!a->inbox)
        return NULL;
    a->n++;
    /* before the inbox, which says that it is here: what is taken back is kept until it is done */
    r = a->recalls && d->has_stop ? recalls_keep(a->recalls, &d->stop.recall, body) : 0;
    if (r == 0)
        r = inbox_take(a->inbox, d->stream, d->seq, &d->event, body);
    if (r >= 0 || r == -ESTALE)
        return NULL;
    log_error("delivery-not-stored", "stream=%s error=%s", d->stream, LOG_Q(strerror(-r)));
    if (!a->stalled_ms)
        a->stalled_ms = now_ms + STALLED_MS;
    return stalled_text(r);
}

void arrivals_sync(struct arrivals *a)
{
    if (a->inbox && a->n)
        inbox_sync(a->inbox);
}

bool arrivals_ack(const struct arrivals *a, struct msg_ack *out)
{
    return a->inbox && inbox_ack_due(a->inbox, out->stream, &out->seq);
}

bool arrivals_enough(const struct arrivals *a)
{
    return a->n >= STEP_MAX;
}
