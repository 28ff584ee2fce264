/* SPDX-License-Identifier: Apache-2.0 */
/* laters.c - TABLE_LATER:
 *   'r' u64 leaf                     the core's record
 *   'i' asker 0 query id             u8 1, u64 leaf
 *   'a' asker 0 u64 leaf             empty: waits, or its final reply is not acknowledged
 *   't' u64 ms (biased) u64 leaf     empty: waits, in order of time
 *   'q' question id                  u8 1, u64 leaf
 *   'd' desk 0 asker 0 question id   u8 1, u64 leaf: is out */
#include "store/laters.h"

#include <errno.h>
#include <string.h>

#define LATER_LAYOUT  1
#define LATER_KEY_MAX (1 + 2 * NAME_MAX_LEN + ID_LEN + 8)
#define MS_BIAS       (UINT64_C(1) << 63)

struct later_key {
    uint8_t octets[LATER_KEY_MAX];
    size_t len;
};

static struct later_key key_of(char letter)
{
    return (struct later_key){ { (uint8_t)letter }, 1 };
}

static void key_put(struct later_key *k, const void *octets, size_t len)
{
    if (len > sizeof(k->octets) - k->len)
        len = sizeof(k->octets) - k->len; /* no name is so long */
    memcpy(k->octets + k->len, octets, len);
    k->len += len;
}

static void key_put_name(struct later_key *k, const char *name)
{
    key_put(k, name, strnlen(name, NAME_MAX_LEN - 1));
    key_put(k, "", 1);
}

static void key_put_u64(struct later_key *k, uint64_t n)
{
    uint8_t octets[8];

    for (int i = 0; i < 8; i++)
        octets[i] = (uint8_t)(n >> (56 - 8 * i));
    key_put(k, octets, sizeof(octets));
}

static struct bytes key_view(const struct later_key *k)
{
    return bytes_of(k->octets, k->len);
}

static uint64_t key_u64(const uint8_t *octets)
{
    uint64_t n = 0;

    for (int i = 0; i < 8; i++)
        n = n << 8 | octets[i];
    return n;
}

static struct later_key key_record(uint64_t leaf)
{
    struct later_key k = key_of('r');

    key_put_u64(&k, leaf);
    return k;
}

static struct later_key key_query(const char *asker, const struct id *query)
{
    struct later_key k = key_of('i');

    key_put_name(&k, asker);
    key_put(&k, query->octets, ID_LEN);
    return k;
}

static struct later_key key_waits(const struct later_ref *r)
{
    struct later_key k = key_of('a');

    key_put_name(&k, r->asker);
    key_put_u64(&k, r->leaf);
    return k;
}

static struct later_key key_time(const struct later_ref *r)
{
    struct later_key k = key_of('t');

    key_put_u64(&k, (uint64_t)r->until_ms ^ MS_BIAS);
    key_put_u64(&k, r->leaf);
    return k;
}

static struct later_key key_question(const struct id *question)
{
    struct later_key k = key_of('q');

    key_put(&k, question->octets, ID_LEN);
    return k;
}

static struct later_key key_out(const char *desk, const char *asker, const struct id *question)
{
    struct later_key k = key_of('d');

    key_put_name(&k, desk);
    if (asker)
        key_put_name(&k, asker);
    if (question)
        key_put(&k, question->octets, ID_LEN);
    return k;
}

static void later_put_key(struct store_txn *t, struct later_key k, struct bytes value)
{
    store_put(t, TABLE_LATER, key_view(&k), value);
}

static void later_del_key(struct store_txn *t, struct later_key k)
{
    store_del(t, TABLE_LATER, key_view(&k));
}

static void later_put_leaf(struct store_txn *t, struct later_key k, uint64_t leaf)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    buf_init(&b, 16);
    buf_put_u8(&b, LATER_LAYOUT);
    buf_put_u64(&b, leaf);
    if (buf_status(&b))
        store_fail(t, buf_status(&b));
    else
        later_put_key(t, k, buf_view(&b));
}

static int later_take_leaf(struct bytes value, uint64_t *leaf)
{
    struct cursor at = cursor_of(value);

    if (cursor_u8(&at) != LATER_LAYOUT)
        return -EBADMSG;
    *leaf = cursor_u64(&at);
    return cursor_end(&at);
}

static int later_get_leaf(struct store_txn *t, struct later_key k, uint64_t *leaf)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    int r;

    buf_init(&b, 64);
    r = store_get(t, TABLE_LATER, key_view(&k), &b);
    return r ? r : later_take_leaf(buf_view(&b), leaf);
}

void laters_put(struct store_txn *t, uint64_t leaf, struct bytes record)
{
    later_put_key(t, key_record(leaf), record);
}

int laters_get(struct store_txn *t, uint64_t leaf, struct buf *out)
{
    struct later_key k = key_record(leaf);

    return store_get(t, TABLE_LATER, key_view(&k), out);
}

void laters_open(struct store_txn *t, const struct later_ref *r)
{
    later_put_leaf(t, key_query(r->asker, &r->query), r->leaf);
    later_put_key(t, key_waits(r), bytes_of(NULL, 0));
    later_put_key(t, key_time(r), bytes_of(NULL, 0));
}

void laters_shut(struct store_txn *t, const struct later_ref *r)
{
    later_del_key(t, key_time(r));
}

void laters_erase(struct store_txn *t, const struct later_ref *r)
{
    laters_shut(t, r);
    later_del_key(t, key_waits(r));
    later_del_key(t, key_query(r->asker, &r->query));
    later_del_key(t, key_record(r->leaf));
}

void laters_ask(struct store_txn *t, const struct later_ref *r, const char *desk,
                const struct id *question)
{
    later_put_leaf(t, key_question(question), r->leaf);
    later_put_leaf(t, key_out(desk, r->asker, question), r->leaf);
}

void laters_answered(struct store_txn *t, const struct later_ref *r, const char *desk,
                     const struct id *question)
{
    later_del_key(t, key_out(desk, r->asker, question));
}

void laters_over(struct store_txn *t, const struct later_ref *r, const char *desk,
                 const struct id *question)
{
    laters_answered(t, r, desk, question);
    later_del_key(t, key_question(question));
}

int laters_of_question(struct store_txn *t, const struct id *question, uint64_t *leaf)
{
    return later_get_leaf(t, key_question(question), leaf);
}

int laters_of_query(struct store_txn *t, const char *asker, const struct id *query, uint64_t *leaf)
{
    return later_get_leaf(t, key_query(asker, query), leaf);
}

struct later_earliest {
    int64_t until_ms;
    uint64_t leaf;
    bool found;
};

static int later_first_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct later_earliest *e = ctx;

    (void)value;
    if (key.len != 1 + 8 + 8)
        return -EBADMSG;
    e->until_ms = (int64_t)(key_u64(key.data + 1) ^ MS_BIAS);
    e->leaf = key_u64(key.data + 9);
    e->found = true;
    return 1;
}

int laters_first(struct store_txn *t, int64_t *until_ms, uint64_t *leaf)
{
    struct later_earliest e = { 0 };
    struct later_key k = key_of('t');
    int r =
        store_scan(t, TABLE_LATER, key_view(&k), bytes_of(NULL, 0), false, later_first_visit, &e);

    if (r)
        return r;
    if (!e.found)
        return -ENOENT;
    *until_ms = e.until_ms;
    *leaf = e.leaf;
    return 0;
}

static int later_count_visit(void *ctx, struct bytes key, struct bytes value)
{
    (void)key;
    (void)value;
    ++*(size_t *)ctx;
    return 0;
}

static int later_count(struct store_txn *t, struct later_key k, size_t *n)
{
    *n = 0;
    return store_scan(t, TABLE_LATER, key_view(&k), bytes_of(NULL, 0), false, later_count_visit, n);
}

int laters_waiting(struct store_txn *t, const char *asker, size_t *n)
{
    struct later_key k = key_of('a');

    key_put_name(&k, asker);
    return later_count(t, k, n);
}

int laters_asked(struct store_txn *t, const char *desk, const char *asker, size_t *n)
{
    return later_count(t, key_out(desk, asker, NULL), n);
}

struct later_round {
    later_visit *visit;
    void *ctx;
};

static int later_each_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct later_round *round = ctx;
    struct id question;
    uint64_t leaf;
    int r = later_take_leaf(value, &leaf);

    if (r || key.len < ID_LEN)
        return r ? r : -EBADMSG;
    memcpy(question.octets, key.data + key.len - ID_LEN, ID_LEN);
    return round->visit(round->ctx, &question, leaf);
}

int laters_each(struct store_txn *t, const char *desk, later_visit *visit, void *ctx)
{
    struct later_round round = { visit, ctx };
    struct later_key k = key_out(desk, NULL, NULL);

    return store_scan(t, TABLE_LATER, key_view(&k), bytes_of(NULL, 0), true, later_each_visit,
                      &round);
}

struct leaves_listing {
    size_t most, n;
    uint64_t *out;
};

static int leaves_list(void *ctx, struct bytes key, struct bytes value)
{
    struct leaves_listing *l = ctx;

    (void)value;
    if (key.len != 1 + 8)
        return -EBADMSG;
    if (l->n == l->most)
        return 1;
    l->out[l->n++] = key_u64(key.data + 1);
    return 0;
}

int laters_leaves(struct store_txn *t, uint64_t from, size_t most, uint64_t *out, size_t *n)
{
    struct leaves_listing l = { .most = most, .out = out };
    struct later_key k = key_record(from);
    int r = store_scan(t, TABLE_LATER, bytes_str("r"), key_view(&k), false, leaves_list, &l);

    *n = l.n;
    return r < 0 ? r : 0;
}
