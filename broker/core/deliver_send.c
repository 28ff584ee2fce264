/* SPDX-License-Identifier: Apache-2.0 */
/* deliver_send.c - from the queues to the adapters, as credit goes; acknowledgements back.
 *
 * Only queues on the ready list are looked at: what a turn costs does not grow with the queues
 * there are. Nothing is read from the store for an agency that is away or out of credit. */
#include "deliver_queue.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define OUT_BYTES_DELIVER ((size_t)16 << 20) /* of one batch; queries' frames come first */
#define HOLD_MS           1000

/* --- who is there --- */

void deliver_here(struct core *c, uint16_t slot)
{
    for (struct queue *q = c->deliveries->of[slot]; q; q = q->next)
        queue_rewind(c, q);
}

void deliver_changed(struct core *c)
{
    for (uint16_t s = 0; s < c->agencies.n; s++) {
        for (struct queue *q = c->deliveries->of[s]; q; q = q->next) {
            if (q->now.sent < q->now.r.last)
                queue_ready(c, q);
        }
    }
}

/* The gate has nobody there: when somebody comes, it is sent again. A ref can be made up, so that a gate which was taken
 * over would silence everybody else's agencies. */
void deliver_unreachable(struct core *c, uint16_t gate, uint64_t ref)
{
    uint16_t slot = (uint16_t)ref;

    if (!(ref & DELIVER_REF) || slot >= c->agencies.n || c->agencies.slots[slot].gate != gate)
        return;
    c->agencies.slots[slot].presence = PRESENCE_GONE;
}

/* --- sending --- */

static void deliver_record(struct core *c, const struct queue *q, const struct queue_item *last,
                           unsigned n)
{
    struct ledger_clear *l;

    if (!n)
        return;
    l = record_begin(c, EVENT_DELIVERED, q->slot);
    l->outcome = 1;
    if (n == 1)
        l->about = last->leaf;
    buf_reset(&c->scratch);
    buf_printf(&c->scratch, "stream %s, %u up to %llu", q->stream, n,
               (unsigned long long)last->seq);
    buf_put_u8(&c->scratch, 0);
    if (!buf_status(&c->scratch))
        text_cut(l->detail, sizeof(l->detail), (const char *)c->scratch.data);
    for (unsigned i = 0; i < n; i++)
        record_id(c, l, &c->deliveries->ids[i]);
    (void)record_end(c);
}

/* "the cursor passes it": gone from the queue, with a leaf that says why. */
static void deliver_drop(struct core *c, struct queue *q, const struct queue_item *item,
                         const char *why)
{
    struct store_txn *t = batch_txn(c);
    struct ledger_clear *l = record_begin(c, EVENT_NOT_DELIVERED, q->slot);

    l->about = item->leaf;
    text_cut(l->reason, sizeof(l->reason), why);
    text_cut(l->detail, sizeof(l->detail), q->stream);
    record_id(c, l, &c->delivery.event);
    (void)record_end(c);
    if (!t)
        return;
    queue_less(c, q, item);
    queue_item_del(t, queue_agency(c, q), q->stream, item->seq);
}

/* Return: 0 it leaves with this batch; -ENOSPC no room in the batch; another: it can never be
 * encoded. */
static int deliver_out(struct core *c, struct queue *q, const struct queue_item *item)
{
    struct msg *m = &c->reply;
    int r;

    memset(m, 0, offsetof(struct msg, deliver)); /* not its whole type: what is sent is copied over it */
    m->type = MSG_DELIVER;
    m->sent_ms = c->wall_ms;
    r = id_new(c->wall_ms, &m->id);
    delivery_copy(&m->deliver, &c->delivery);
    m->deliver.again = item->seq <= q->now.r.delivered;
    return r ? r : out_put(c, q->slot, m, DELIVER_REF | q->slot);
}

struct deliver_turn { /* of one queue */
    unsigned n_first;
    struct queue_item last_first;
};

/* Return: true: go on with the next. */
static bool deliver_one(struct core *c, struct queue *q, const struct queue_item *item,
                        struct deliver_turn *turn)
{
    const char *why = NULL;
    int r;

    if (!deliver_still(c, q, &why)) {
        deliver_drop(c, q, item, why);
        q->now.sent = item->seq;
        return true;
    }
    r = deliver_out(c, q, item);
    if (r == -ENOSPC)
        return false;
    if (r) {
        log_error("delivery-not-encoded", "agency=%s stream=%s error=%d", queue_agency(c, q),
                  q->stream, -r);
        queue_kill(c, q, item, "not-encoded");
        q->now.sent = item->seq;
        return true;
    }
    later_told(c, item->seq <= q->now.r.delivered);
    q->now.sent = item->seq;
    q->now.flying++;
    if (item->seq <= q->now.r.delivered)
        return true;
    queue_changed(c, q);
    q->now.r.delivered = item->seq;
    c->deliveries->ids[turn->n_first++] = c->delivery.event;
    turn->last_first = *item;
    return true;
}

static unsigned deliver_credit(const struct queue *q)
{
    return q->now.probing ? 1 : q->now.r.credit;
}

static bool deliver_more(const struct core *c, const struct queue *q)
{
    return q->now.sent < q->now.r.last && q->now.flying < deliver_credit(q) && !c->batch.error;
}

/* A damaged item is passed and told of, so that it holds up nobody and nothing else. */
static void deliver_damaged(struct core *c, struct queue *q, const struct queue_item *item)
{
    log_error("delivery-damaged", "agency=%s stream=%s seq=%llu", queue_agency(c, q), q->stream,
              (unsigned long long)item->seq);
    delivery_zero(&c->delivery, 0);
    deliver_drop(c, q, item, "damaged");
    q->now.sent = item->seq;
}

static void deliver_queue(struct core *c, struct queue *q, unsigned *left)
{
    struct deliver_turn turn = { 0 };
    struct store_txn *t = batch_txn(c);
    unsigned most = *left < DELIVER_TURN ? *left : DELIVER_TURN;
    bool on = t != NULL;

    queue_touch(c, q);
    while (on && most && deliver_more(c, q)) {
        struct queue_item item;
        int r = queue_item_next(t, queue_agency(c, q), q->stream, q->now.sent, &item,
                                &c->deliveries->octets, &c->delivery);

        if (r == -ENOENT) {
            q->now.sent = q->now.r.last;
        } else if (r == -EBADMSG && item.seq) {
            deliver_damaged(c, q, &item);
        } else if (r) {
            batch_fail(c, r, "deliver");
            return;
        } else {
            on = deliver_one(c, q, &item, &turn);
        }
        most--;
        (*left)--;
    }
    deliver_record(c, q, &turn.last_first, turn.n_first);
    queue_await(c, q);
    if (deliver_more(c, q))
        queue_ready(c, q);
}

static struct queue *deliver_take_ready(struct deliveries *d)
{
    struct queue *q = d->ready;

    d->ready = q->next_ready;
    if (!d->ready)
        d->ready_end = &d->ready;
    q->ready = false;
    return q;
}

/* What was sent and not acknowledged in a minute is sent again, the oldest first and one at a time
 * until something is acknowledged: whoever never reads costs one frame a minute. */
static void deliver_again(struct core *c)
{
    struct deliveries *d = c->deliveries;

    while (d->awaited && d->awaited->resend_ms <= c->mono_ms) {
        struct queue *q = d->awaited;

        queue_touch(c, q);
        q->now.probing = true;
        queue_rewind(c, q); /* also leaves the list: nothing is flying */
    }
}

/* After a failed batch: not at once again, or a full disk would be met a thousand times a second.
 */
void deliver_hold(struct core *c)
{
    c->deliveries->hold_ms = c->mono_ms + HOLD_MS;
}

bool deliver_waiting(const struct core *c)
{
    const struct deliveries *d = c->deliveries;

    return (d->ready || (c->day_known && d->swept_day != c->day)) && c->mono_ms >= d->hold_ms;
}

void deliver_due(struct core *c)
{
    struct deliveries *d = c->deliveries;
    unsigned left = DELIVER_BATCH;
    size_t out = c->out.bytes.len;

    firing_pass(c);
    if (!c->batch.error && c->mono_ms >= d->hold_ms)
        deliver_again(c);
    /* "if no head has been signed for 120 s the core stops sharing" */
    if (d->ready && !heads_fresh(c))
        deliver_hold(c);
    while (d->ready && left && !c->batch.error && c->mono_ms >= d->hold_ms &&
           c->out.bytes.len - out < OUT_BYTES_DELIVER && c->out.n < OUT_ENTRIES) {
        struct queue *q = deliver_take_ready(d);

        if (deliver_may(c, q))
            deliver_queue(c, q, &left);
    }
    queue_store_all(c);
}

/* --- acknowledgements --- */

struct ack_count {
    struct core *c;
    struct queue *q;
};

static int ack_visit(void *ctx, const struct queue_item *item)
{
    struct ack_count *a = ctx;

    queue_less(a->c, a->q, item);
    return 0;
}

/* Those in the air, and of the rest those never acknowledged before: never more than a credit's
 * worth, whatever is acknowledged. */
static int ack_count(struct core *c, struct queue *q, uint64_t seq)
{
    struct ack_count a = { c, q };
    struct store_txn *t = batch_txn(c);
    uint64_t from = q->now.r.acked, sent = q->now.sent < seq ? q->now.sent : seq;
    int r = 0;

    if (!t)
        return -EIO;
    if (sent > from) {
        r = queue_items(t, queue_agency(c, q), q->stream, from, sent, ack_visit, &a);
        from = sent;
    }
    if (from < q->now.r.acked_most)
        from = q->now.r.acked_most;
    if (!r && seq > from)
        r = queue_items(t, queue_agency(c, q), q->stream, from, seq, ack_visit, &a);
    return r;
}

static void ack_move(struct core *c, struct queue *q, uint64_t seq)
{
    struct queue_now *n = &q->now;

    queue_changed(c, q);
    n->r.acked = seq;
    if (seq > n->r.acked_most)
        n->r.acked_most = seq;
    if (n->sent <= seq) {
        n->sent = seq;
        n->flying = 0;
    }
    n->probing = false;
    queue_await(c, q);
    if (n->sent < n->r.last)
        queue_ready(c, q);
}

void ack_take(struct core *c, struct work *w)
{
    struct queue *q = queue_find(c, w->agency, c->in.ack.stream);
    uint64_t seq = c->in.ack.seq;
    int r;

    if (!q || (!q->now.kept && seq)) {
        intake_reject(c, w, "unknown-stream");
        return;
    }
    if (seq > q->now.r.delivered) {
        intake_reject(c, w, "ack-beyond-sent");
        return;
    }
    if (seq <= q->now.r.acked)
        return; /* said before, or overtaken by a later one */
    r = ack_count(c, q, seq);
    if (r)
        batch_fail(c, r, "ack");
    else
        ack_move(c, q, seq);
}
