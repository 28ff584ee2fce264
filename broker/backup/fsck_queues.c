/* SPDX-License-Identifier: Apache-2.0 */
/* fsck_queues.c - each queue's cursor and counts against what lies in it. */
#include <errno.h>
#include <string.h>

#include "backup/fsck_parts.h"
#include "store/queues.h"

#define CAUSES_MAX                                                                                 \
    256 /* agencies that one queue's deliveries follow from; more are not counted apart */

struct tally {
    struct fsck *f;
    const struct queue_record *state;
    struct bytes key;
    uint64_t waiting, bytes;
    bool beyond;
    struct {
        name_t cause;
        uint32_t n;
    } causes[CAUSES_MAX];
    size_t n_causes;
};

static void tally_cause(struct tally *w, const char *cause)
{
    size_t i = 0;

    if (!*cause)
        return;
    while (i < w->n_causes && strcmp(w->causes[i].cause, cause) != 0)
        i++;
    if (i == CAUSES_MAX)
        return;
    if (i == w->n_causes) {
        if (text_copy(w->causes[i].cause, sizeof(w->causes[i].cause), cause))
            return;
        w->n_causes++;
    }
    w->causes[i].n++;
}

static int tally_one(void *ctx, const struct queue_item *item)
{
    struct tally *w = ctx;

    w->beyond |= item->seq > w->state->last;
    if (item->seq <= w->state->acked_most)
        return 0;
    w->waiting++;
    w->bytes += item->bytes;
    tally_cause(w, item->cause);
    if (item->leaf != UINT64_MAX && item->leaf >= w->f->leaves)
        fsck_say(w->f, TABLE_QUEUES, w->key, ADVICE_TAKEN,
                 "a delivery follows from a leaf that the log does not have");
    return 0;
}

static int count_dead(struct fsck *f, const char *agency, const char *stream, uint64_t *n)
{
    ALM_CLEANUP(buf_deinit) struct buf octets = { 0 };
    struct queue_item item = { .seq = 0 };
    int r;

    buf_init(&octets, STORE_VALUE_MAX);
    while ((r = queue_dead_next(f->t, agency, stream, item.seq, &item, &octets, NULL)) == 0)
        ++*n;
    return r == -ENOENT ? 0 : r;
}

static int shares_check(struct tally *w, const char *agency, const char *stream)
{
    for (size_t i = 0; i < w->n_causes; i++) {
        uint32_t n = 0;
        int r = queue_share(w->f->t, agency, stream, w->causes[i].cause, &n);

        if (!fsck_good(w->f, r, TABLE_QUEUES, w->key, NULL))
            return w->f->failed;
        if (n != w->causes[i].n)
            fsck_say(w->f, TABLE_QUEUES, w->key, ADVICE_COUNTS,
                     "one agency's share of it is not the number of its deliveries");
    }
    return 0;
}

/* The key, as the queue's state has it: for messages. */
static struct bytes name_key(const char *agency, const char *stream, struct buf *out)
{
    buf_init(out, STORE_KEY_MAX);
    buf_put_u8(out, 's');
    buf_put(out, agency, strlen(agency) + 1);
    buf_put(out, stream, strlen(stream) + 1);
    return buf_view(out);
}

static int queue_one(void *ctx, const char *agency, const char *stream,
                     const struct queue_record *state)
{
    ALM_CLEANUP(buf_deinit) struct buf key = { 0 };
    struct fsck *f = ctx;
    static struct tally w;
    uint64_t dead = 0;
    int r;

    w = (struct tally){ .f = f, .state = state, .key = name_key(agency, stream, &key) };
    r = queue_items(f->t, agency, stream, 0, UINT64_MAX, tally_one, &w);
    if (!fsck_good(f, r, TABLE_QUEUES, w.key, NULL))
        return f->failed;
    if (w.beyond)
        fsck_say(f, TABLE_QUEUES, w.key, ADVICE_COUNTS,
                 "a delivery lies in it with a number that it never gave");
    if (w.waiting != state->waiting || w.bytes != state->bytes)
        fsck_say(f, TABLE_QUEUES, w.key, ADVICE_COUNTS,
                 "what waits beyond its cursor is not what its state says");
    r = count_dead(f, agency, stream, &dead);
    if (!fsck_good(f, r, TABLE_QUEUES, w.key, NULL))
        return f->failed;
    if (dead != state->dead)
        fsck_say(f, TABLE_QUEUES, w.key, ADVICE_COUNTS,
                 "its dead letters are not as many as its state says");
    return shares_check(&w, agency, stream);
}

int fsck_queues(struct fsck *f)
{
    int r = queues_each(f->t, queue_one, f);

    /* A state that does not read was said by the sweep. */
    return r == -EBADMSG && !store_latched(store_of(f->t)) ? 0 : r;
}
