/* SPDX-License-Identifier: Apache-2.0 */
/* deliver_purge.c - takes out of the queues, and out of the dead letters, what is about somebody
 * whose records are erased. Some items of a turn; where it stands is the caller's. */
#include "deliver_queue.h"

#include <errno.h>

static struct queue *place_queue(const struct core *c, struct deliver_place *p)
{
    for (; p->slot < c->agencies.n; p->slot++, p->queue = 0, p->after = 0, p->dead = false) {
        struct queue *q = c->deliveries->of[p->slot];

        for (unsigned i = 0; q && i < p->queue; i++)
            q = q->next;
        if (q)
            return q;
    }
    return NULL;
}

static void place_next(struct deliver_place *p)
{
    p->after = 0;
    if (p->dead)
        p->queue++;
    p->dead = !p->dead;
}

static int purge_read(struct core *c, struct store_txn *t, const struct queue *q,
                      const struct deliver_place *p, struct queue_item *item)
{
    const char *agency = queue_agency(c, q);

    item->seq = 0;
    return p->dead ? queue_dead_next(t, agency, q->stream, p->after, item, &c->deliveries->octets,
                                     &c->delivery)
                   : queue_item_next(t, agency, q->stream, p->after, item, &c->deliveries->octets,
                                     &c->delivery);
}

static void purge_one(struct core *c, struct store_txn *t, struct queue *q, bool dead,
                      const struct queue_item *item)
{
    const char *agency = queue_agency(c, q);

    c->batch.wrote = true;
    if (!dead) {
        queue_less(c, q, item);
        queue_item_del(t, agency, q->stream, item->seq);
        return;
    }
    queue_changed(c, q);
    if (q->now.r.dead)
        q->now.r.dead--;
    queue_dead_del(t, agency, q->stream, item->seq);
}

int deliver_purge(struct core *c, struct store_txn *t, struct deliver_place *p, unsigned most,
                  deliver_about *about, void *ctx, uint64_t *n)
{
    struct queue *q;

    for (; most && (q = place_queue(c, p)) != NULL; most--) {
        struct queue_item item;
        int r = purge_read(c, t, q, p, &item);

        if (r == -ENOENT || (r == -EBADMSG && !item.seq)) {
            place_next(p);
            continue;
        }
        if (r && r != -EBADMSG)
            return r;
        p->after = item.seq; /* deliver_send.c tells of one that is damaged */
        if (r)
            continue;
        r = about(ctx, &item, p->dead, &c->delivery);
        if (r < 0)
            return r;
        if (r) {
            purge_one(c, t, q, p->dead, &item);
            ++*n;
        }
    }
    return most == 0;
}
