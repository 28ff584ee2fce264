/* SPDX-License-Identifier: Apache-2.0 */
/* deliver_check.c - may this leave, now? Asked before each sending, also of what was delivered
 * before: "basis and consent are checked again at delivery" (DESIGN.md section 4), "after (in
 * commit order) a withdrawal, refusal, shield, suspension or revocation no answer or delivery rests
 * on what it ended" (promise 6). */
#include "deliver_queue.h"

#include <string.h>

struct deliver_check {
    bool known;
    bool (*still)(struct core *c, uint16_t slot, struct msg_deliver *d, const char **why);
};
/* By kind; an empty place delivers nothing. A notice rests on nothing but its reader's standing. */
static const struct deliver_check deliver_checks[] = {
    [DELIVERY_FIRING] = { true, firing_still },
    [DELIVERY_REFERRAL] = { true, referral_still },
    [DELIVERY_REFERRAL_UPDATE] = { true, referral_still },
    [DELIVERY_WATCH] = { true, watch_still },
    [DELIVERY_NOTICE] = { true, NULL },
    [DELIVERY_INSIGHT] = { true, later_still },
    [DELIVERY_INVOLVEMENT] = { true, later_still },
    [DELIVERY_STOP_USING] = { true, NULL },
};

/* What waits for an agency that is away, suspended or in no policy stays, until it is dead: none of
 * it is lost by a mistake that officers put right. A delivery needs a signed head like any other
 * disclosure; deliver_due() has asked. */
bool deliver_may(const struct core *c, const struct queue *q)
{
    const struct agency *a = &c->agencies.slots[q->slot];

    if (c->agencies.broken || !c->bundle || a->presence != PRESENCE_HERE || !agency_active(a) ||
        a->index == POLICY_NONE || q->now.r.ended)
        return false;
    return queue_is_inbox(q) || bundle_hub(c->bundle, a->index);
}

bool deliver_still(struct core *c, const struct queue *q, const char **why)
{
    struct msg_deliver *d = &c->delivery;

    *why = "no-such-kind";
    if (d->kind >= ALM_LEN(deliver_checks) || !deliver_checks[d->kind].known)
        return false;
    return !deliver_checks[d->kind].still || deliver_checks[d->kind].still(c, q->slot, d, why);
}
