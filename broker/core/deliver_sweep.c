/* SPDX-License-Identifier: Apache-2.0 */
/* deliver_sweep.c - once each civil day, a few hundred items a batch: what was not delivered in
 * time becomes a dead letter, in one transaction with its leaf, an alert and a notice to who sent
 * it; what was acknowledged long ago is forgotten. */
#include "change.h"
#include "deliver_queue.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SWEEP_BATCH 256

static const char *const sweep_kinds[] = {
    [DELIVERY_FIRING] = "firing",
    [DELIVERY_REFERRAL] = "referral",
    [DELIVERY_REFERRAL_UPDATE] = "referral update",
    [DELIVERY_WATCH] = "watch",
    [DELIVERY_NOTICE] = "notice",
    [DELIVERY_INSIGHT] = "final reply",
    [DELIVERY_INVOLVEMENT] = "final reply",
    [DELIVERY_STOP_USING] = "recall",
};

/* Who sent it hears of it, where somebody did: c->delivery is the dead one, and then the notice. */
static void dead_tell(struct core *c, const struct queue *q)
{
    const struct msg_deliver *d = &c->delivery;
    uint16_t from = d->from[0] ? agencies_find(&c->agencies, d->from) : AGENCY_NONE;
    struct id about = d->kind == DELIVERY_REFERRAL ? d->referral_id : d->update.referral;

    if (from == AGENCY_NONE || from == q->slot ||
        (d->kind != DELIVERY_REFERRAL && d->kind != DELIVERY_REFERRAL_UPDATE))
        return;
    notice_put(c, from, NOTICE_UNDELIVERED, &about, "It could not be delivered to %s: telephone.",
               queue_agency(c, q));
}

static void dead_record(struct core *c, const struct queue *q, const struct queue_item *item,
                        const char *why)
{
    const struct msg_deliver *d = &c->delivery;
    struct ledger_clear *l = record_begin(c, EVENT_DEAD_LETTER, q->slot);
    uint64_t leaf;

    l->about = item->leaf;
    text_cut(l->reason, sizeof(l->reason), why);
    buf_reset(&c->scratch);
    buf_printf(&c->scratch, "stream %s, %s", q->stream,
               d->kind < ALM_LEN(sweep_kinds) && sweep_kinds[d->kind] ? sweep_kinds[d->kind] : "");
    buf_put_u8(&c->scratch, 0);
    if (!buf_status(&c->scratch))
        text_cut(l->detail, sizeof(l->detail), (const char *)c->scratch.data);
    record_id(c, l, &d->event);
    leaf = record_end(c);
    log_error("dead-letter", "agency=%s stream=%s why=%s leaf=%llu", queue_agency(c, q), q->stream,
              why, (unsigned long long)leaf);
}

void queue_kill(struct core *c, struct queue *q, const struct queue_item *item, const char *why)
{
    struct store_txn *t = batch_txn(c);
    int r = t ? queue_dead_put(t, queue_agency(c, q), q->stream, item->seq) : 0;

    if (!t)
        return;
    if (r) {
        batch_fail(c, r, "dead-letter");
        return;
    }
    queue_less(c, q, item);
    q->now.r.dead++;
    dead_record(c, q, item, why);
    dead_tell(c, q);
}

/* --- back into the queue --- */

#define REQUEUE_MOST 500 /* of one change */

/* Return: 0; -ENOENT no more; -ENOSPC the queue is full; -errno. */
static int dead_back(struct core *c, struct store_txn *t, struct queue *q)
{
    struct queue_item item;
    struct deliver_terms terms = { 0 };
    int r = queue_dead_next(t, queue_agency(c, q), q->stream, 0, &item, &c->deliveries->octets,
                            &c->delivery);

    if (r)
        return r;
    if (queue_full(c, q))
        return -ENOSPC;
    terms.leaf = item.leaf;
    queue_dead_del(t, queue_agency(c, q), q->stream, item.seq);
    queue_put(c, q, &terms);
    if (q->now.r.dead)
        q->now.r.dead--;
    return store_status(t);
}

/* Oldest first, under new numbers, with all their days anew. */
json_t *change_dead_requeue(struct core *c, struct change *ch)
{
    struct store_txn *t = batch_txn(c);
    struct queue *q;
    name_t stream;
    unsigned n = 0;
    int r = 0;

    if (local_get_text(ch->body, "agency", ch->agency, sizeof(ch->agency)) ||
        local_get_text(ch->body, "stream", stream, sizeof(stream)))
        return local_error("bad-change", 65, "\"agency\" and \"stream\" must be given");
    q = queue_find(c, agencies_find(&c->agencies, ch->agency), stream);
    if (!q || !q->now.r.dead || q->now.r.ended)
        return local_error("nothing-there", 65, "%s has no dead letters in stream %s", ch->agency,
                           stream);
    while (t && !r && n < REQUEUE_MOST) {
        r = dead_back(c, t, q);
        n += r == 0;
    }
    if (r && r != -ENOENT && r != -ENOSPC)
        batch_fail(c, r, "requeue");
    if (!n)
        return local_error("queue-full", 75, "the queue of %s is full: try again later",
                           ch->agency);
    (void)snprintf(ch->detail, sizeof(ch->detail), "stream %.40s, %u of %u", stream, n,
                   n + q->now.r.dead);
    return NULL;
}

/* --- the day's round --- */

static struct queue *sweep_at(struct core *c)
{
    struct deliveries *d = c->deliveries;

    while (d->sweep_slot < c->agencies.n) {
        struct queue *q = d->of[d->sweep_slot];

        for (unsigned i = 0; q && i < d->sweep_queue; i++)
            q = q->next;
        if (q)
            return q;
        d->sweep_slot++;
        d->sweep_queue = 0;
    }
    return NULL;
}

static void sweep_next(struct deliveries *d)
{
    d->sweep_queue++;
    d->sweep_after = 0;
}

static void sweep_forget(struct core *c, struct store_txn *t, struct queue *q,
                         const struct queue_item *item)
{
    queue_less(c, q, item);
    queue_item_del(t, queue_agency(c, q), q->stream, item->seq);
    c->batch.wrote = true;
}

/* Return: the seq to go on after. */
static uint64_t sweep_item(struct core *c, struct store_txn *t, struct queue *q,
                           const struct queue_item *item)
{
    if (item->seq > q->now.r.acked_most) {
        if (item->dead_after != CIVIL_NONE && item->dead_after < c->day)
            queue_kill(c, q, item, "undelivered");
        return item->seq;
    }
    if ((int64_t)c->day - item->put_on <= c->set.limits.queue_days)
        return q->now.r.acked_most; /* and so are those after it: on to what waits */
    sweep_forget(c, t, q, item);
    return item->seq;
}

/* An ended stream that holds nothing any more. Its place in memory goes at the next start. */
static void sweep_empty(struct core *c, struct store_txn *t, struct queue *q)
{
    struct queue_item item;
    int r =
        queue_item_next(t, queue_agency(c, q), q->stream, 0, &item, &c->deliveries->octets, NULL);

    if (r != -ENOENT || q->now.r.dead)
        return;
    queue_touch(c, q);
    queues_del(t, queue_agency(c, q), q->stream);
    q->now.kept = q->dirty = false;
    c->batch.wrote = true;
}

/* Return: false: the queue is done. */
static bool sweep_step(struct core *c, struct store_txn *t, struct queue *q)
{
    struct deliveries *d = c->deliveries;
    struct queue_item item;
    int r = queue_item_next(t, queue_agency(c, q), q->stream, d->sweep_after, &item, &d->octets,
                            &c->delivery);

    if (r == -ENOENT) {
        if (q->now.r.ended && q->now.kept)
            sweep_empty(c, t, q);
        return false;
    }
    if (r == -EBADMSG && item.seq) { /* deliver_send.c tells of it when it comes to it */
        d->sweep_after = item.seq;
        return true;
    }
    if (r) {
        batch_fail(c, r, "queues-sweep");
        return false;
    }
    d->sweep_after = sweep_item(c, t, q, &item);
    return true;
}

static bool sweep_begin(struct core *c)
{
    struct deliveries *d = c->deliveries;

    if (!c->day_known || d->swept_day == c->day || c->batch.error)
        return false;
    if (d->sweep_day != c->day) {
        d->sweep_day = c->day;
        d->sweep_slot = 0;
        d->sweep_queue = 0;
        d->sweep_after = 0;
    }
    return true;
}

void deliver_sweep(struct core *c)
{
    struct deliveries *d = c->deliveries;
    struct queue *q;
    unsigned n = 0;

    if (!sweep_begin(c))
        return;
    while ((q = sweep_at(c)) != NULL && n++ < SWEEP_BATCH) {
        struct store_txn *t = q->now.kept ? batch_txn(c) : NULL;

        if (c->batch.error)
            return;
        if (!t || !sweep_step(c, t, q))
            sweep_next(d);
    }
    if (!q)
        d->swept_day = c->day;
}
