/* SPDX-License-Identifier: Apache-2.0 */
/* deliver.c - what is put for agencies, and the queues in memory. Sending is deliver_send.c's,
 * forgetting deliver_sweep.c's.
 *
 * A batch that fails leaves the store as it was; queue_touch() keeps what memory was, and
 * deliver_settle() puts it back. */
#include "deliver_queue.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FULL_BUSY_MS 60000
#define FULL_SAY_MS  60000
#define ITEM_MOST    32768 /* bytes that one more delivery may take */

/* --- the table --- */

int deliver_init(struct core *c)
{
    struct deliveries *d = calloc(1, sizeof(*d));

    if (!d)
        return -ENOMEM;
    buf_init(&d->octets, ITEM_MOST);
    d->ready_end = &d->ready;
    d->shares_held = SHARES_HELD;
    d->swept_day = d->sweep_day = d->contacts_day = POLICY_DAY_NONE;
    c->deliveries = d;
    return 0;
}

void deliver_deinit(struct core *c)
{
    struct deliveries *d = c->deliveries;

    if (!d)
        return;
    for (size_t s = 0; s < AGENCIES_MAX; s++) {
        while (d->of[s]) {
            struct queue *q = d->of[s];

            d->of[s] = q->next;
            if (q->touched && q->before.filter != q->now.filter)
                free(q->before.filter);
            free(q->now.filter);
            free(q->shares.of);
            free(q);
        }
    }
    buf_deinit(&d->octets);
    free(d);
    c->deliveries = NULL;
}

struct queue *queue_find(const struct core *c, uint16_t slot, const char *stream)
{
    struct queue *q = slot < AGENCIES_MAX ? c->deliveries->of[slot] : NULL;

    while (q && strcmp(q->stream, stream) != 0)
        q = q->next;
    return q;
}

struct queue *queue_make(struct core *c, uint16_t slot, const char *stream)
{
    struct queue *q = queue_find(c, slot, stream);

    if (q || slot >= AGENCIES_MAX)
        return q;
    q = calloc(1, sizeof(*q));
    if (!q)
        return NULL;
    if (text_copy(q->stream, sizeof(q->stream), stream)) {
        free(q);
        return NULL;
    }
    q->slot = slot;
    q->now.r.credit = INBOX_CREDIT;
    q->now.r.created_ms = c->wall_ms;
    q->next = c->deliveries->of[slot];
    c->deliveries->of[slot] = q;
    return q;
}

const char *queue_agency(const struct core *c, const struct queue *q)
{
    return c->agencies.slots[q->slot].reg.id;
}

bool queue_is_inbox(const struct queue *q)
{
    return !strcmp(q->stream, INBOX);
}

void queue_touch(struct core *c, struct queue *q)
{
    if (q->touched)
        return;
    q->touched = true;
    q->before = q->now;
    q->next_touched = c->deliveries->touched;
    c->deliveries->touched = q;
}

void queue_changed(struct core *c, struct queue *q)
{
    queue_touch(c, q);
    q->dirty = true;
    q->now.kept = true;
}

void queue_ready(struct core *c, struct queue *q)
{
    struct deliveries *d = c->deliveries;

    if (q->ready)
        return;
    q->ready = true;
    q->next_ready = NULL;
    *d->ready_end = q;
    d->ready_end = &q->next_ready;
}

static void queue_await_no_more(struct core *c, struct queue *q)
{
    struct deliveries *d = c->deliveries;

    if (!q->awaited)
        return;
    q->awaited = false;
    *(q->prev_awaited ? &q->prev_awaited->next_awaited : &d->awaited) = q->next_awaited;
    *(q->next_awaited ? &q->next_awaited->prev_awaited : &d->awaited_last) = q->prev_awaited;
}

/* Everybody waits equally long, so the list is in order of time and only its head is looked at. */
void queue_await(struct core *c, struct queue *q)
{
    struct deliveries *d = c->deliveries;

    queue_await_no_more(c, q);
    if (!q->now.flying)
        return;
    q->awaited = true;
    q->resend_ms = c->mono_ms + RESEND_MS;
    q->next_awaited = NULL;
    q->prev_awaited = d->awaited_last;
    *(d->awaited_last ? &d->awaited_last->next_awaited : &d->awaited) = q;
    d->awaited_last = q;
}

void queue_rewind(struct core *c, struct queue *q)
{
    queue_touch(c, q);
    q->now.sent = q->now.r.acked;
    q->now.flying = 0;
    queue_await(c, q);
    if (q->now.sent < q->now.r.last)
        queue_ready(c, q);
}

/* --- shares: how many of a queue an agency's messages have brought about --- */

void queue_shares_forget(struct queue *q)
{
    q->shares.n = 0;
}

static void queue_shares_store(struct core *c, struct queue *q)
{
    struct store_txn *t = batch_txn(c);

    for (size_t i = 0; t && i < q->shares.n; i++) {
        struct share *s = &q->shares.of[i];

        if (s->dirty)
            queue_share_put(t, queue_agency(c, q), q->stream, s->cause, s->waiting);
        s->dirty = false;
    }
}

static bool queue_shares_grow(struct core *c, struct queue *q)
{
    struct queue_shares *s = &q->shares;
    size_t room = s->room ? 2 * s->room : 4;
    struct share *grown;

    if (s->n >= c->deliveries->shares_held) { /* what is forgotten is read again */
        queue_shares_store(c, q);
        queue_shares_forget(q);
    }
    if (s->n < s->room)
        return true;
    grown = realloc(s->of, room * sizeof(*grown));
    if (!grown) {
        batch_fail(c, -ENOMEM, "share");
        return false;
    }
    s->of = grown;
    s->room = room;
    return true;
}

/* NULL: the batch has failed. */
static struct share *queue_share_of(struct core *c, struct queue *q, const char *cause)
{
    struct store_txn *t = batch_txn(c);
    struct share *s;
    int r;

    for (size_t i = 0; i < q->shares.n; i++) {
        if (!strcmp(q->shares.of[i].cause, cause))
            return &q->shares.of[i];
    }
    if (!t || !queue_shares_grow(c, q))
        return NULL;
    s = &q->shares.of[q->shares.n];
    *s = (struct share){ 0 };
    text_cut(s->cause, sizeof(s->cause), cause);
    r = queue_share(t, queue_agency(c, q), q->stream, cause, &s->waiting);
    if (r) {
        batch_fail(c, r, "share");
        return NULL;
    }
    q->shares.n++;
    return s;
}

/* One fewer, or one more. The queue has been touched: what the batch takes back is read again. */
static void queue_share_move(struct core *c, struct queue *q, const char *cause, bool more)
{
    struct share *s = cause[0] ? queue_share_of(c, q, cause) : NULL;

    if (!s || (!more && !s->waiting))
        return;
    s->waiting = more ? s->waiting + 1 : s->waiting - 1;
    s->dirty = true;
}

void queue_less(struct core *c, struct queue *q, const struct queue_item *item)
{
    struct queue_record *r = &q->now.r;

    queue_changed(c, q);
    if (queue_is_inbox(q) && item->leaf != LEAF_NONE)
        later_done(c, q->slot, item->leaf);
    if (item->seq > r->acked && item->seq <= q->now.sent && q->now.flying)
        q->now.flying--;
    if (item->seq <= r->acked_most)
        return;
    queue_share_move(c, q, item->cause, false);
    if (r->waiting)
        r->waiting--;
    r->bytes = r->bytes > item->bytes ? r->bytes - item->bytes : 0;
    if (!r->waiting)
        r->bytes = 0;
}

bool queue_full(const struct core *c, const struct queue *q)
{
    const struct core_limits *l = &c->set.limits;

    return q->now.r.waiting >= l->queue_items || q->now.r.bytes + ITEM_MOST > l->queue_bytes;
}

/* "One hostile agency harms only itself ... cannot fill ... the others" (promise 7): what its
 * messages bring about takes a quarter of a queue at most. */
static bool queue_share_full(struct core *c, struct queue *q, const char *cause)
{
    const struct share *s = cause[0] ? queue_share_of(c, q, cause) : NULL;

    return s && s->waiting >= (c->set.limits.queue_items + 3) / 4;
}

static const char *deliver_cause(const struct core *c)
{
    return c->batch.current ? c->agencies.slots[c->batch.current->agency].reg.id : "";
}

void queue_store_all(struct core *c)
{
    for (struct queue *q = c->deliveries->touched; q; q = q->next_touched) {
        struct store_txn *t = q->dirty ? batch_txn(c) : NULL;

        if (!t)
            continue;
        queues_put(t, queue_agency(c, q), q->stream, &q->now.r);
        queue_shares_store(c, q);
        q->dirty = false;
        c->batch.wrote = true;
    }
}

/* --- at start --- */

static int deliver_load_one(void *ctx, const char *agency, const char *stream,
                            const struct queue_record *r)
{
    struct core *c = ctx;
    uint16_t slot = agencies_find(&c->agencies, agency);
    struct queue *q;

    if (slot == AGENCY_NONE) { /* what waits for nobody stays where it is */
        log_warn("queue-of-nobody", "agency=%s", agency);
        return 0;
    }
    q = queue_make(c, slot, stream);
    if (!q)
        return -ENOMEM;
    q->now.r = *r;
    q->now.kept = true;
    q->now.sent = r->acked;
    return 0;
}

static int deliver_load_filter(struct core *c, struct store_txn *t, struct queue *q)
{
    int r;

    if (queue_is_inbox(q))
        return 0;
    q->now.filter = calloc(1, sizeof(*q->now.filter));
    if (!q->now.filter)
        return -ENOMEM;
    r = queues_filter_get(t, queue_agency(c, q), q->stream, q->now.filter);
    return r == -ENOENT ? -EBADMSG : r;
}

int deliver_load(struct core *c, struct store_txn *t)
{
    int r = queues_each(t, deliver_load_one, c);

    for (uint16_t s = 0; s < c->agencies.n && !r; s++) {
        for (struct queue *q = c->deliveries->of[s]; q && !r; q = q->next)
            r = deliver_load_filter(c, t, q);
    }
    return r;
}

/* --- the end of a batch --- */

static void deliver_take_back(struct core *c, struct queue *q)
{
    if (q->now.filter != q->before.filter)
        free(q->now.filter);
    q->now = q->before;
    queue_shares_forget(q);
    queue_await(c, q);
    if (q->now.sent < q->now.r.last)
        queue_ready(c, q);
}

void deliver_settle(struct core *c, bool kept)
{
    struct deliveries *d = c->deliveries;

    while (d->touched) {
        struct queue *q = d->touched;

        d->touched = q->next_touched;
        if (!kept)
            deliver_take_back(c, q);
        else if (q->now.filter != q->before.filter)
            free(q->before.filter);
        q->before.filter = NULL;
        q->touched = q->dirty = false;
    }
    if (!kept) /* what was half done is looked at again */
        d->swept_day = d->sweep_day = d->contacts_day = POLICY_DAY_NONE;
}

/* --- putting --- */

struct msg_deliver *deliver_begin(struct core *c, uint8_t kind, const struct id *event)
{
    struct msg_deliver *d = &c->delivery;
    int r = 0;

    delivery_zero(d, kind);
    d->at_ms = c->wall_ms;
    d->firing.fired_on = d->referral.sent_on = d->update.on = d->watch.on = CIVIL_NONE;
    if (event)
        d->event = *event;
    else
        r = id_new(c->wall_ms, &d->event);
    if (r)
        batch_fail(c, r, "deliver");
    return d;
}

static int32_t deliver_dead_after(const struct core *c, const struct deliver_terms *t)
{
    int64_t days = t ? t->undelivered_days : 0, day;

    if (!days && c->bundle)
        days = bundle_referral_rules(c->bundle)->undelivered_days;
    day = (int64_t)c->day + (days > 0 ? days : DEFAULT_DAYS);
    return day > INT32_MAX ? CIVIL_NONE : (int32_t)day;
}

/* Once a minute for each queue: a full one is met again and again. */
static void queue_say_full(struct core *c, struct queue *q)
{
    if (q->full_said_ms && c->mono_ms - q->full_said_ms < FULL_SAY_MS)
        return;
    q->full_said_ms = c->mono_ms;
    log_error("queue-full", "agency=%s stream=%s waiting=%u", queue_agency(c, q), q->stream,
              q->now.r.waiting);
}

void queue_put(struct core *c, struct queue *q, const struct deliver_terms *terms)
{
    struct store_txn *t = batch_txn(c);
    struct queue_item item = { .leaf = terms ? terms->leaf : LEAF_NONE,
                               .put_on = c->day,
                               .dead_after = deliver_dead_after(c, terms) };
    bool full = queue_full(c, q) || queue_share_full(c, q, deliver_cause(c));

    if (!t)
        return;
    queue_changed(c, q);
    text_cut(item.cause, sizeof(item.cause), deliver_cause(c));
    queue_share_move(c, q, item.cause, true);
    item.seq = ++q->now.r.last;
    queue_item_put(t, queue_agency(c, q), q->stream, &item, &c->delivery);
    q->now.r.waiting++;
    q->now.r.bytes += item.bytes;
    c->batch.wrote = true;
    if (full) {
        queue_say_full(c, q);
        queue_kill(c, q, &item, "queue-full");
    } else {
        queue_ready(c, q);
    }
}

void deliver_put(struct core *c, uint16_t slot, const struct deliver_terms *t)
{
    struct queue *q;

    if (slot == AGENCY_NONE) {
        log_error("delivery-to-nobody", "kind=%u", c->delivery.kind);
        return;
    }
    q = queue_make(c, slot, INBOX);
    if (q)
        queue_put(c, q, t);
    else
        batch_fail(c, -ENOMEM, "deliver");
}

bool deliver_admit(struct core *c, const struct work *w, uint16_t slot)
{
    struct queue *q = slot == AGENCY_NONE ? NULL : queue_find(c, slot, INBOX);

    if (!q || !(queue_full(c, q) || queue_share_full(c, q, c->agencies.slots[w->agency].reg.id)))
        return true;
    queue_say_full(c, q);
    tell_busy(c, w->agency, &w->id, FULL_BUSY_MS);
    return false;
}

/* --- firings --- */

static bool filter_names(uint8_t n, const name_t *names, const char *name)
{
    for (uint8_t i = 0; i < n; i++) {
        if (!strcmp(names[i], name))
            return true;
    }
    return n == 0; /* none named: all */
}

static bool filter_takes(const struct msg_subscribe *s, const struct msg_firing *f)
{
    return filter_names(s->n_areas, s->areas, f->area) &&
           filter_names(s->n_categories, s->categories, f->category) &&
           filter_names(s->n_triggers, s->triggers, f->rule) && f->severity >= s->severity_least;
}

static bool deliver_reads_firings(const struct core *c, const struct queue *q)
{
    const struct agency *a = &c->agencies.slots[q->slot];

    /* also while it is suspended: deliver_may() holds it, and nothing is lost by a mistake */
    return a->reg.standing && c->bundle && a->index != POLICY_NONE &&
           bundle_hub(c->bundle, a->index);
}

unsigned deliver_firing(struct core *c, uint16_t slot, const struct deliver_terms *t)
{
    unsigned n = 0;

    for (struct queue *q = slot < AGENCIES_MAX ? c->deliveries->of[slot] : NULL; q; q = q->next) {
        if (!q->now.filter || q->now.r.ended || !deliver_reads_firings(c, q) ||
            !filter_takes(q->now.filter, &c->delivery.firing))
            continue;
        queue_put(c, q, t);
        n++;
    }
    return n;
}

/* --- notices --- */

struct msg_notice *notice_begin(struct core *c, uint8_t kind, const struct id *about)
{
    struct msg_notice *n = &deliver_begin(c, DELIVERY_NOTICE, NULL)->notice;

    c->delivery.has_notice = true;
    n->kind = kind;
    if (about)
        n->about = *about;
    return n;
}

void notice_send(struct core *c, uint16_t slot)
{
    const struct deliver_terms t = { .leaf = LEAF_NONE };

    deliver_put(c, slot, &t);
}

void notice_put(struct core *c, uint16_t slot, uint8_t kind, const struct id *about,
                const char *text, ...)
{
    struct msg_notice *n = notice_begin(c, kind, about);
    va_list args;

    va_start(args, text);
    (void)vsnprintf(n->text, sizeof(n->text), text, args);
    va_end(args);
    notice_send(c, slot);
}
