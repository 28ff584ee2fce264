/* SPDX-License-Identifier: Apache-2.0 */
/* answers.c - "a holder is not trusted either": an answer counts from an agency that was asked,
 * once, before the reply goes. */
#include "stages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void answer_stray(struct core *c, const struct work *w, const char *why)
{
    struct ledger_clear *l;

    if (!limits_single(c, w->agency, LIMITED_STRAY))
        return;
    l = record_begin(c, EVENT_STRAY_ANSWER, w->agency);
    l->message = w->id;
    text_cut(l->detail, sizeof(l->detail), why);
    (void)record_end(c);
}

bool answer_detail(struct pending_holder *h, const struct msg_answer *a)
{
    if (!h->owner->ask.involvement || a->value != ANSWER_YES)
        return true;
    h->detail = calloc(1, sizeof(*h->detail));
    if (!h->detail)
        return false;
    memcpy(h->detail->service, a->service, sizeof(h->detail->service));
    memcpy(h->detail->contact_route, a->contact_route, sizeof(h->detail->contact_route));
    memcpy(h->detail->lead_professional, a->lead_professional,
           sizeof(h->detail->lead_professional));
    h->detail->since = a->since;
    return true;
}

void answer_take(struct core *c, struct work *w)
{
    struct pending_holder *h = pending_find(c->pending, &c->in.in_reply_to);
    const struct msg_answer *a = &c->in.answer;
    enum later_answered by_hand;

    /* What somebody states by hand is kept, and so is signed. */
    if (!w->is_signed && h && (a->by[0] || h->desk || !intake_signed_enough(c, w, h->owner->ask.purpose))) {
        intake_reject(c, w, "unsigned");
        return;
    }
    if (!w->is_signed && !h) {
        answer_stray(c, w, "nobody is waiting for it, and it is not signed");
        return;
    }
    by_hand = later_answer(c, w, h);
    if (by_hand == LATER_DONE || (by_hand == LATER_TAKEN && (!h || h->state != HOLDER_WAITING)))
        return;
    if (!h || h->agency != w->agency) {
        answer_stray(c, w,
                     h ? "asked of another agency"
                       : "nobody is waiting for it: never asked, or too late");
        return;
    }
    if (h->state != HOLDER_WAITING) {
        answer_stray(c, w, "answered before");
        return;
    }
    if (!answer_detail(h, a)) {
        batch_fail(c, -ENOMEM, "answer");
        return;
    }
    h->value = a->value;
    h->cause = a->cause;
    c->batch.answered[c->batch.n_answered] = h;
    c->batch.answered_deadline_ms[c->batch.n_answered++] = h->owner->deadline_ms;
    pending_settle(c->pending, h, HOLDER_ANSWERED);
}

/* The gate has nobody there: not worth waiting for. */
void answer_unreachable(struct core *c, uint16_t gate, uint64_t ref)
{
    struct pending_holder *h = pending_find_ref(c->pending, ref);

    if (!h || c->agencies.slots[h->agency].gate != gate)
        return;
    c->agencies.slots[h->agency].presence = PRESENCE_GONE;
    if (h->state != HOLDER_WAITING)
        return;
    questions_not_due(c, h);
    pending_settle(c->pending, h, HOLDER_SILENT);
}
