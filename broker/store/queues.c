/* SPDX-License-Identifier: Apache-2.0 */
/* queues.c - TABLE_QUEUES. Keys: a letter, agency 0 stream 0, and for items and dead letters the
 * seq, big-endian, so that one range scan reads a queue in order.
 *
 *   's' state   u8 1, u64 last, u64 delivered, u64 acked, u64 acked_most, u32 waiting, u64 bytes,
 *               u32 dead, u16 credit, i64 created, u8 ended
 *   'f' filter  u8 1, u8 severity, three times (u8 n, n x text)
 *   'i' item, 'x' dead letter   u8 1, u64 leaf, i32 put on, i32 dead after, text cause, the
 * delivery 'n' share, then the cause   u32 how many wait */
#include "store/queues.h"

#include <errno.h>
#include <string.h>

#include "store/queues_codec.h"

#define QUEUE_LAYOUT     1
#define QUEUE_KEY_MAX    (1 + 3 * NAME_MAX_LEN)
#define QUEUE_RECORD_MAX 4096
#define QUEUE_ITEM_MAX   32768

enum queue_letter {
    QUEUE_STATE = 's',
    QUEUE_FILTER = 'f',
    QUEUE_ITEM = 'i',
    QUEUE_DEAD = 'x',
    QUEUE_SHARE = 'n'
};

struct queue_key {
    uint8_t octets[QUEUE_KEY_MAX];
    size_t len;
};

/* Both ids hold no NUL, so one agency's or stream's keys never begin another's. */
static struct bytes queue_key(struct queue_key *k, enum queue_letter letter, const char *agency,
                              const char *stream)
{
    size_t a = strnlen(agency, NAME_MAX_LEN - 1), s = strnlen(stream, NAME_MAX_LEN - 1);

    k->octets[0] = (uint8_t)letter;
    memcpy(k->octets + 1, agency, a);
    k->octets[1 + a] = 0;
    memcpy(k->octets + 2 + a, stream, s);
    k->octets[2 + a + s] = 0;
    k->len = 3 + a + s;
    return bytes_of(k->octets, k->len);
}

static struct bytes queue_key_seq(struct queue_key *k, enum queue_letter letter, const char *agency,
                                  const char *stream, uint64_t seq)
{
    (void)queue_key(k, letter, agency, stream);
    for (int i = 0; i < 8; i++)
        k->octets[k->len + (size_t)i] = (uint8_t)(seq >> (56 - 8 * i));
    k->len += 8;
    return bytes_of(k->octets, k->len);
}

static uint64_t queue_seq_of(struct bytes key)
{
    uint64_t seq = 0;

    for (size_t i = key.len - 8; i < key.len; i++)
        seq = seq << 8 | key.data[i];
    return seq;
}

static void queue_store(struct store_txn *t, struct bytes key, struct buf *b)
{
    if (buf_status(b))
        store_fail(t, buf_status(b));
    else
        store_put(t, TABLE_QUEUES, key, buf_view(b));
}

/* --- the state --- */

void queues_put(struct store_txn *t, const char *agency, const char *stream,
                const struct queue_record *r)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct queue_key k;

    buf_init(&b, QUEUE_RECORD_MAX);
    buf_put_u8(&b, QUEUE_LAYOUT);
    buf_put_u64(&b, r->last);
    buf_put_u64(&b, r->delivered);
    buf_put_u64(&b, r->acked);
    buf_put_u64(&b, r->acked_most);
    buf_put_u32(&b, r->waiting);
    buf_put_u64(&b, r->bytes);
    buf_put_u32(&b, r->dead);
    buf_put_u16(&b, r->credit);
    buf_put_i64(&b, r->created_ms);
    buf_put_u8(&b, r->ended);
    queue_store(t, queue_key(&k, QUEUE_STATE, agency, stream), &b);
}

static int queue_state_decode(struct bytes value, struct queue_record *r)
{
    struct cursor c = cursor_of(value);
    uint8_t ended;

    if (cursor_u8(&c) != QUEUE_LAYOUT)
        return -EBADMSG;
    r->last = cursor_u64(&c);
    r->delivered = cursor_u64(&c);
    r->acked = cursor_u64(&c);
    r->acked_most = cursor_u64(&c);
    r->waiting = cursor_u32(&c);
    r->bytes = cursor_u64(&c);
    r->dead = cursor_u32(&c);
    r->credit = cursor_u16(&c);
    r->created_ms = cursor_i64(&c);
    ended = cursor_u8(&c);
    r->ended = ended == 1;
    if (cursor_end(&c) || ended > 1 || r->delivered > r->last || r->acked_most > r->delivered ||
        r->acked > r->acked_most)
        return -EBADMSG;
    return 0;
}

struct queues_walk {
    queues_visit *visit;
    void *ctx;
};

/* agency 0 stream 0, after the letter. */
static int queue_names(struct bytes key, name_t agency, name_t stream)
{
    const uint8_t *at = key.data + 1, *end = key.data + key.len, *nul;

    nul = key.len > 1 ? memchr(at, 0, (size_t)(end - at)) : NULL;
    if (!nul || nul - at >= NAME_MAX_LEN)
        return -EBADMSG;
    memcpy(agency, at, (size_t)(nul - at) + 1);
    at = nul + 1;
    nul = at < end ? memchr(at, 0, (size_t)(end - at)) : NULL;
    if (!nul || nul - at >= NAME_MAX_LEN || nul + 1 != end)
        return -EBADMSG;
    memcpy(stream, at, (size_t)(nul - at) + 1);
    return 0;
}

static int queues_walk_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct queues_walk *w = ctx;
    struct queue_record r = { 0 };
    name_t agency = "", stream = "";
    int e = queue_names(key, agency, stream);

    if (!e)
        e = queue_state_decode(value, &r);
    return e ? e : w->visit(w->ctx, agency, stream, &r);
}

int queues_each(struct store_txn *t, queues_visit *visit, void *ctx)
{
    struct queues_walk w = { visit, ctx };
    const uint8_t letter = QUEUE_STATE;

    return store_scan(t, TABLE_QUEUES, bytes_of(&letter, 1), bytes_of(NULL, 0), true,
                      queues_walk_visit, &w);
}

void queues_del(struct store_txn *t, const char *agency, const char *stream)
{
    struct queue_key k;

    store_del(t, TABLE_QUEUES, queue_key(&k, QUEUE_STATE, agency, stream));
    store_del(t, TABLE_QUEUES, queue_key(&k, QUEUE_FILTER, agency, stream));
}

/* --- the filter --- */

static void put_names(struct buf *b, uint8_t n, const name_t *names)
{
    buf_put_u8(b, n);
    for (uint8_t i = 0; i < n && i < FILTER_MAX; i++)
        buf_put_var(b, names[i], strnlen(names[i], NAME_MAX_LEN - 1));
}

static void take_names(struct cursor *c, uint8_t *n, name_t *names)
{
    *n = cursor_u8(c);
    if (*n > FILTER_MAX) {
        c->failed = true;
        *n = 0;
    }
    for (uint8_t i = 0; i < *n; i++)
        cursor_text(c, names[i], sizeof(names[i]));
}

void queues_filter_put(struct store_txn *t, const char *agency, const struct msg_subscribe *filter)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct queue_key k;

    buf_init(&b, QUEUE_RECORD_MAX);
    buf_put_u8(&b, QUEUE_LAYOUT);
    buf_put_u8(&b, filter->severity_least);
    put_names(&b, filter->n_areas, filter->areas);
    put_names(&b, filter->n_categories, filter->categories);
    put_names(&b, filter->n_triggers, filter->triggers);
    queue_store(t, queue_key(&k, QUEUE_FILTER, agency, filter->stream), &b);
}

int queues_filter_get(struct store_txn *t, const char *agency, const char *stream,
                      struct msg_subscribe *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct queue_key k;
    struct cursor c;
    int r;

    memset(out, 0, sizeof(*out));
    buf_init(&b, QUEUE_RECORD_MAX);
    r = store_get(t, TABLE_QUEUES, queue_key(&k, QUEUE_FILTER, agency, stream), &b);
    if (r)
        return r;
    c = cursor_of(buf_view(&b));
    if (cursor_u8(&c) != QUEUE_LAYOUT || text_copy(out->stream, sizeof(out->stream), stream))
        return -EBADMSG;
    out->severity_least = cursor_u8(&c);
    take_names(&c, &out->n_areas, out->areas);
    take_names(&c, &out->n_categories, out->categories);
    take_names(&c, &out->n_triggers, out->triggers);
    return cursor_end(&c);
}

/* --- items --- */

void queue_item_put(struct store_txn *t, const char *agency, const char *stream,
                    struct queue_item *item, const struct msg_deliver *d)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct queue_key k;

    buf_init(&b, QUEUE_ITEM_MAX);
    buf_put_u8(&b, QUEUE_LAYOUT);
    buf_put_u64(&b, item->leaf);
    buf_put_i32(&b, item->put_on);
    buf_put_i32(&b, item->dead_after);
    buf_put_var(&b, item->cause, strnlen(item->cause, sizeof(item->cause) - 1));
    delivery_encode(d, &b);
    item->bytes = (uint32_t)b.len;
    queue_store(t, queue_key_seq(&k, QUEUE_ITEM, agency, stream, item->seq), &b);
}

void queue_item_del(struct store_txn *t, const char *agency, const char *stream, uint64_t seq)
{
    struct queue_key k;

    store_del(t, TABLE_QUEUES, queue_key_seq(&k, QUEUE_ITEM, agency, stream, seq));
}

void queue_dead_del(struct store_txn *t, const char *agency, const char *stream, uint64_t seq)
{
    struct queue_key k;

    store_del(t, TABLE_QUEUES, queue_key_seq(&k, QUEUE_DEAD, agency, stream, seq));
}

static int queue_item_decode(struct bytes value, struct queue_item *item, struct bytes *delivery)
{
    struct cursor c = cursor_of(value);

    if (cursor_u8(&c) != QUEUE_LAYOUT)
        return -EBADMSG;
    item->leaf = cursor_u64(&c);
    item->put_on = cursor_i32(&c);
    item->dead_after = cursor_i32(&c);
    cursor_text(&c, item->cause, sizeof(item->cause));
    item->bytes = (uint32_t)value.len;
    if (c.failed)
        return -EBADMSG;
    *delivery = bytes_of(c.at, c.left);
    return 0;
}

struct queue_walk {
    size_t key_len;
    uint64_t until;
    queue_visit *visit;
    void *ctx;
};

static int queue_walk_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct queue_walk *w = ctx;
    struct queue_item item = { 0 };
    struct bytes delivery;
    int r;

    if (key.len != w->key_len)
        return -EBADMSG;
    item.seq = queue_seq_of(key);
    if (item.seq > w->until)
        return 1;
    r = queue_item_decode(value, &item, &delivery);
    return r ? r : w->visit(w->ctx, &item);
}

int queue_items(struct store_txn *t, const char *agency, const char *stream, uint64_t after,
                uint64_t until, queue_visit *visit, void *ctx)
{
    struct queue_walk w = { .until = until, .visit = visit, .ctx = ctx };
    struct queue_key prefix, from;

    if (after == UINT64_MAX)
        return 0;
    (void)queue_key(&prefix, QUEUE_ITEM, agency, stream);
    (void)queue_key_seq(&from, QUEUE_ITEM, agency, stream, after + 1);
    w.key_len = from.len;
    return store_scan(t, TABLE_QUEUES, bytes_of(prefix.octets, prefix.len),
                      bytes_of(from.octets, from.len), true, queue_walk_visit, &w);
}

struct queue_first { /* the first key of a range */
    size_t key_len;
    bool found;
    uint64_t seq;
};

static int queue_first_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct queue_first *f = ctx;

    (void)value;
    if (key.len != f->key_len)
        return -EBADMSG;
    f->found = true;
    f->seq = queue_seq_of(key);
    return 1;
}

/* The first seq after one. Return: 0; -ENOENT; -errno. */
static int queue_seek(struct store_txn *t, enum queue_letter letter, const char *agency,
                      const char *stream, uint64_t after, uint64_t *seq)
{
    struct queue_first f = { 0 };
    struct queue_key prefix, at;
    int r;

    (void)queue_key(&prefix, letter, agency, stream);
    (void)queue_key_seq(&at, letter, agency, stream, after + 1);
    f.key_len = at.len;
    r = store_scan(t, TABLE_QUEUES, bytes_of(prefix.octets, prefix.len),
                   bytes_of(at.octets, at.len), false, queue_first_visit, &f);
    *seq = f.seq;
    return r ? r : f.found ? 0 : -ENOENT;
}

/* Its key first, then its value: so that a damaged one can be named and passed. Items mostly have
 * the next number, and then nothing is searched. */
static int queue_value(struct store_txn *t, enum queue_letter letter, const char *agency,
                       const char *stream, uint64_t after, uint64_t *seq, struct buf *octets)
{
    struct queue_key at;
    int r = -ENOENT;

    buf_reset(octets);
    if (letter == QUEUE_ITEM)
        r = store_get(t, TABLE_QUEUES, queue_key_seq(&at, letter, agency, stream, after + 1),
                      octets);
    *seq = after + 1;
    if (r != -ENOENT)
        return r;
    *seq = 0;
    r = queue_seek(t, letter, agency, stream, after, seq);
    if (r)
        return r;
    r = store_get(t, TABLE_QUEUES, queue_key_seq(&at, letter, agency, stream, *seq), octets);
    return r == -ENOENT ? -EBADMSG : r;
}

static int queue_next(struct store_txn *t, enum queue_letter letter, const char *agency,
                      const char *stream, uint64_t after, struct queue_item *item,
                      struct buf *octets, struct msg_deliver *d)
{
    struct bytes delivery;
    int r;

    memset(item, 0, sizeof(*item));
    if (after == UINT64_MAX)
        return -ENOENT;
    r = queue_value(t, letter, agency, stream, after, &item->seq, octets);
    if (r && store_latched(store_of(t))) /* the table's page, not an item's: nothing is passed */
        item->seq = 0;
    if (!r)
        r = queue_item_decode(buf_view(octets), item, &delivery);
    if (!r && d)
        r = delivery_decode(delivery, d);
    if (r || !d)
        return r;
    d->seq = item->seq;
    return text_copy(d->stream, sizeof(d->stream), stream) ? -EBADMSG : 0;
}

int queue_item_next(struct store_txn *t, const char *agency, const char *stream, uint64_t after,
                    struct queue_item *item, struct buf *octets, struct msg_deliver *d)
{
    return queue_next(t, QUEUE_ITEM, agency, stream, after, item, octets, d);
}

/* --- shares --- */

static struct bytes queue_share_key(struct queue_key *k, const char *agency, const char *stream,
                                    const char *cause)
{
    size_t len = strnlen(cause, NAME_MAX_LEN - 1);

    (void)queue_key(k, QUEUE_SHARE, agency, stream);
    memcpy(k->octets + k->len, cause, len);
    k->len += len;
    return bytes_of(k->octets, k->len);
}

int queue_share(struct store_txn *t, const char *agency, const char *stream, const char *cause,
                uint32_t *n)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct queue_key k;
    struct cursor c;
    int r;

    *n = 0;
    buf_init(&b, 16);
    r = store_get(t, TABLE_QUEUES, queue_share_key(&k, agency, stream, cause), &b);
    if (r)
        return r == -ENOENT ? 0 : r;
    c = cursor_of(buf_view(&b));
    *n = cursor_u32(&c);
    return cursor_end(&c);
}

void queue_share_put(struct store_txn *t, const char *agency, const char *stream, const char *cause,
                     uint32_t n)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct queue_key k;

    buf_init(&b, 16);
    buf_put_u32(&b, n);
    if (n)
        queue_store(t, queue_share_key(&k, agency, stream, cause), &b);
    else
        store_del(t, TABLE_QUEUES, queue_share_key(&k, agency, stream, cause));
}

static int queue_share_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct queue_key k;

    (void)value;
    if (key.len > sizeof(k.octets))
        return -EBADMSG;
    memcpy(k.octets, key.data, key.len); /* the view ends when the entry is deleted */
    store_del(ctx, TABLE_QUEUES, bytes_of(k.octets, key.len));
    return 0;
}

void queue_shares_del(struct store_txn *t, const char *agency, const char *stream)
{
    struct queue_key k;

    store_fail(t, store_scan(t, TABLE_QUEUES, queue_key(&k, QUEUE_SHARE, agency, stream),
                             bytes_of(NULL, 0), false, queue_share_visit, t));
}

/* --- dead letters --- */

int queue_dead_put(struct store_txn *t, const char *agency, const char *stream, uint64_t seq)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct queue_key k;
    int r;

    buf_init(&b, QUEUE_ITEM_MAX);
    r = store_get(t, TABLE_QUEUES, queue_key_seq(&k, QUEUE_ITEM, agency, stream, seq), &b);
    if (r)
        return r;
    queue_item_del(t, agency, stream, seq);
    queue_store(t, queue_key_seq(&k, QUEUE_DEAD, agency, stream, seq), &b);
    return store_status(t);
}

int queue_dead_next(struct store_txn *t, const char *agency, const char *stream, uint64_t after,
                    struct queue_item *item, struct buf *octets, struct msg_deliver *d)
{
    return queue_next(t, QUEUE_DEAD, agency, stream, after, item, octets, d);
}
