/* SPDX-License-Identifier: Apache-2.0 */
/* stream.c - what a hub follows: Subscribe, and what is told of streams. An agency's inbox is a
 * stream too: whoever it is may ask for other credit, or for what it has had to be sent again. */
#include "deliver_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_MAX 512 /* queues that status names */

/* --- Subscribe --- */

static bool stream_known(uint8_t n, const name_t *names, const struct bundle *b,
                         uint16_t (*find)(const struct bundle *b, const char *id))
{
    for (uint8_t i = 0; i < n; i++) {
        if (find(b, names[i]) == POLICY_NONE)
            return false;
    }
    return true;
}

static uint16_t stream_trigger(const struct bundle *b, const char *id)
{
    uint16_t q = bundle_question(b, id);

    return q != POLICY_NONE && bundle_question_at(b, q)->kind == QUESTION_THRESHOLD ? q
                                                                                    : POLICY_NONE;
}

static unsigned stream_count(const struct core *c, uint16_t slot)
{
    unsigned n = 0;

    for (const struct queue *q = c->deliveries->of[slot]; q; q = q->next)
        n += !queue_is_inbox(q) && q->now.kept;
    return n;
}

static const char *stream_filter_fault(const struct core *c, const struct msg_subscribe *s)
{
    if (!stream_known(s->n_areas, s->areas, c->bundle, bundle_area))
        return "unknown-area";
    if (!stream_known(s->n_categories, s->categories, c->bundle, bundle_category))
        return "unknown-category";
    if (!stream_known(s->n_triggers, s->triggers, c->bundle, stream_trigger))
        return "unknown-trigger";
    return NULL;
}

static const char *stream_inbox_fault(const struct msg_subscribe *s)
{
    if (s->end || s->n_areas || s->n_categories || s->n_triggers || s->severity_least)
        return "inbox-is-whole";
    return s->credit < 1 || s->credit > CREDIT_MAX ? "bad-credit" : NULL;
}

/* All from the request and the asker's own facts: each reason is told. */
static const char *stream_fault(const struct core *c, uint16_t slot, const struct msg_subscribe *s)
{
    const struct agency *a = &c->agencies.slots[slot];
    const struct queue *q = queue_find(c, slot, s->stream);

    if (!c->bundle)
        return "no-policy";
    if (!strcmp(s->stream, INBOX))
        return stream_inbox_fault(s);
    if (a->index == POLICY_NONE || !bundle_hub(c->bundle, a->index))
        return "not-a-hub";
    if (s->end)
        return q && q->now.kept && !q->now.r.ended ? NULL : "unknown-stream";
    if (s->credit < 1 || s->credit > CREDIT_MAX)
        return "bad-credit";
    if (!(q && q->now.kept) && stream_count(c, slot) >= STREAMS_MAX)
        return "too-many-streams";
    return stream_filter_fault(c, s);
}

/* What waits counts as acknowledged, and is forgotten as such. Seqs go on if it is subscribed
 * again. */
static void stream_end(struct core *c, struct store_txn *t, struct queue *q)
{
    struct queue_record *r = &q->now.r;

    queue_changed(c, q);
    r->ended = true;
    r->acked = r->acked_most = r->delivered = r->last;
    r->waiting = 0;
    r->bytes = 0;
    queue_shares_forget(q);
    queue_shares_del(t, queue_agency(c, q), q->stream);
    queue_rewind(c, q);
}

static void stream_set(struct core *c, struct queue *q, const struct msg_subscribe *s)
{
    struct queue_record *r = &q->now.r;

    queue_changed(c, q);
    r->ended = false;
    r->credit = s->credit;
    /* Only backwards: what was never acknowledged is not skipped. */
    if (s->from && s->from - 1 < r->acked)
        r->acked = s->from - 1;
    q->now.probing = false;
    queue_rewind(c, q);
}

static bool stream_filter(struct core *c, struct store_txn *t, struct queue *q,
                          const struct msg_subscribe *s)
{
    struct msg_subscribe *filter;

    if (queue_is_inbox(q))
        return true;
    filter = malloc(sizeof(*filter));
    if (!filter) {
        batch_fail(c, -ENOMEM, "subscribe");
        return false;
    }
    *filter = *s;
    queue_touch(c, q);
    if (q->now.filter != q->before.filter)
        free(q->now.filter); /* changed twice in one batch */
    q->now.filter = filter;
    queues_filter_put(t, queue_agency(c, q), filter);
    return true;
}

static void stream_record(struct core *c, struct work *w, const struct msg_subscribe *s)
{
    struct ledger_clear *l = lodge_record(c, w, EVENT_SUBSCRIBED, c->in.purpose);

    buf_reset(&c->scratch);
    buf_printf(&c->scratch,
               "%s %s, %u areas, %u categories, %u triggers, severity %u, credit %u, from %llu",
               s->end ? "end of stream" : "stream", s->stream, s->n_areas, s->n_categories,
               s->n_triggers, s->severity_least, s->credit, (unsigned long long)s->from);
    buf_put_u8(&c->scratch, 0);
    if (!buf_status(&c->scratch))
        text_cut(l->detail, sizeof(l->detail), (const char *)c->scratch.data);
    (void)lodge_recorded(c, w);
}

void subscribe_take(struct core *c, struct work *w)
{
    const struct msg_subscribe *s = &c->in.subscribe;
    struct store_txn *t;
    const char *word;
    struct queue *q;

    if (!lodge_begin(c, w))
        return;
    word = stream_fault(c, w->agency, s);
    if (word) {
        lodge_refuse(c, w, word);
        return;
    }
    q = queue_make(c, w->agency, s->stream);
    t = batch_txn(c);
    if (!q)
        batch_fail(c, -ENOMEM, "subscribe");
    if (!q || !t)
        return;
    if (s->end)
        stream_end(c, t, q);
    else if (stream_filter(c, t, q, s))
        stream_set(c, q, s);
    stream_record(c, w, s);
}

/* --- what is told of streams --- */

/* When the oldest that waits happened; 0: nothing does. */
static int stream_oldest(struct core *c, struct store_txn *t, const struct queue *q, int64_t *at_ms)
{
    struct queue_item item;
    int r;

    *at_ms = 0;
    if (!q->now.r.waiting)
        return 0;
    r = queue_item_next(t, queue_agency(c, q), q->stream, q->now.r.acked_most, &item,
                        &c->deliveries->octets, &c->delivery);
    if (!r)
        *at_ms = c->delivery.at_ms;
    return r == -ENOENT || r == -EBADMSG ? 0 : r;
}

void stream_query_take(struct core *c, struct work *w)
{
    struct msg_stream_status *s = &tell_begin(c, MSG_STREAM_STATUS, &w->id)->stream_status;
    struct store_txn *t = batch_txn(c);
    int r = t ? 0 : -EIO;

    for (struct queue *q = c->deliveries->of[w->agency]; q && !r && s->n < LIST_MAX; q = q->next) {
        struct msg_stream_entry *e = &s->entries[s->n];

        if (!q->now.kept || q->now.r.ended)
            continue;
        memcpy(e->stream, q->stream, sizeof(e->stream));
        e->last = q->now.r.last;
        e->acked = q->now.r.acked;
        e->credit = q->now.r.credit;
        r = stream_oldest(c, t, q, &e->oldest_ms);
        s->n++;
    }
    if (r)
        batch_fail(c, r, "stream-query");
    else if (tell_send(c, w->agency))
        lodge_refuse(c, w, "internal");
}

static json_t *stream_json(struct core *c, struct store_txn *t, const struct queue *q)
{
    const struct queue_record *r = &q->now.r;
    int64_t oldest_ms;

    if (stream_oldest(c, t, q, &oldest_ms))
        return NULL;
    return json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:i,s:b,s:I}", "agency", queue_agency(c, q),
                     "stream", q->stream, "last", (json_int_t)r->last, "acked",
                     (json_int_t)r->acked, "waiting", (json_int_t)r->waiting, "bytes",
                     (json_int_t)r->bytes, "oldest_ms", (json_int_t)oldest_ms, "credit",
                     (int)r->credit, "ended", r->ended, "dead", (json_int_t)r->dead);
}

static json_t *stream_list(struct core *c, bool (*wanted)(const struct queue *q))
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    json_t *list = json_array();

    if (!list || store_begin(c->store, false, &t)) {
        json_decref(list);
        return NULL;
    }
    for (uint16_t s = 0; s < c->agencies.n; s++) {
        for (const struct queue *q = c->deliveries->of[s]; q; q = q->next) {
            if (q->now.kept && wanted(q) && json_array_size(list) < STATUS_MAX)
                (void)json_array_append_new(list, stream_json(c, t, q));
        }
    }
    return list;
}

static bool stream_lags(const struct queue *q)
{
    return !queue_is_inbox(q) || q->now.r.waiting;
}

static bool stream_has_dead(const struct queue *q)
{
    return q->now.r.dead;
}

json_t *deliver_status(struct core *c)
{
    return stream_list(c, stream_lags);
}

json_t *deliver_dead(struct core *c)
{
    return stream_list(c, stream_has_dead);
}
