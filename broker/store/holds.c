/* SPDX-License-Identifier: Apache-2.0 */
/* holds.c - see holds.h. */
#include "store/holds.h"

#include "store/fields.h"

#include <errno.h>
#include <string.h>

#define HOLD_LAYOUT 1
#define RECORD_MAX  8192
#define RECORD_KEY  (1 + ID_LEN)
#define FOUND_KEY   (RECORD_KEY + 8)

static struct bytes record_key(char letter, const struct id *id, uint8_t key[static FOUND_KEY])
{
    key[0] = (uint8_t)letter;
    memcpy(key + 1, id->octets, ID_LEN);
    return bytes_of(key, RECORD_KEY);
}

static struct bytes found_key(const struct id *id, uint64_t leaf, uint8_t key[static FOUND_KEY])
{
    (void)record_key('f', id, key);
    for (int i = 0; i < 8; i++)
        key[RECORD_KEY + i] = (uint8_t)(leaf >> (56 - 8 * i));
    return bytes_of(key, FOUND_KEY);
}

static void put_about(struct buf *b, const struct about_whom *a)
{
    buf_put_u8(b, a->unborn);
    buf_put_u8(b, a->n);
    for (uint8_t i = 0; i < a->n && i < ABOUT_TOKENS_MAX; i++)
        field_put_token(b, &a->tokens[i]);
}

static int take_about(struct cursor *c, struct about_whom *a)
{
    a->unborn = field_take_bool(c);
    a->n = cursor_u8(c);
    if (a->n == 0 || a->n > ABOUT_TOKENS_MAX)
        return -EBADMSG;
    for (uint8_t i = 0; i < a->n; i++)
        field_take_token(c, &a->tokens[i]);
    return cursor_end(c);
}

static void record_put(struct store_txn *t, char letter, const struct id *id, struct buf *b)
{
    uint8_t key[FOUND_KEY];

    if (buf_status(b))
        store_fail(t, buf_status(b));
    else
        store_put(t, TABLE_HOLDS, record_key(letter, id, key), buf_view(b));
}

/* --- holds --- */

void holds_put(struct store_txn *t, const struct hold_record *r)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    buf_init(&b, RECORD_MAX);
    buf_put_u8(&b, HOLD_LAYOUT);
    PUT_TEXT(&b, r->officer);
    buf_put_i64(&b, r->put_ms);
    buf_put_i32(&b, r->put_on);
    buf_put_i32(&b, r->review_on);
    buf_put_u64(&b, r->leaf);
    put_about(&b, &r->about);
    record_put(t, 'h', &r->id, &b);
}

static int hold_decode(struct bytes octets, const struct id *id, struct hold_record *out)
{
    struct cursor c = cursor_of(octets);

    memset(out, 0, sizeof(*out));
    out->id = *id;
    if (cursor_u8(&c) != HOLD_LAYOUT)
        return -EBADMSG;
    cursor_text(&c, out->officer, sizeof(out->officer));
    out->put_ms = cursor_i64(&c);
    out->put_on = cursor_i32(&c);
    out->review_on = cursor_i32(&c);
    out->leaf = cursor_u64(&c);
    return take_about(&c, &out->about);
}

int holds_get(struct store_txn *t, const struct id *id, struct hold_record *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    uint8_t key[FOUND_KEY];
    int r;

    buf_init(&b, RECORD_MAX);
    r = store_get(t, TABLE_HOLDS, record_key('h', id, key), &b);
    return r < 0 ? r : hold_decode(buf_view(&b), id, out);
}

void holds_del(struct store_txn *t, const struct id *id)
{
    uint8_t key[FOUND_KEY];

    store_del(t, TABLE_HOLDS, record_key('h', id, key));
}

struct visiting {
    holds_visit *visit;
    void *ctx;
};

static int hold_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct visiting *v = ctx;
    struct hold_record record;
    struct id id;
    int r;

    if (key.len != RECORD_KEY)
        return -EBADMSG;
    memcpy(id.octets, key.data + 1, ID_LEN);
    r = hold_decode(value, &id, &record);
    return r < 0 ? r : v->visit(v->ctx, &record);
}

int holds_each(struct store_txn *t, holds_visit *visit, void *ctx)
{
    struct visiting v = { visit, ctx };
    int r = store_scan(t, TABLE_HOLDS, bytes_str("h"), bytes_of(NULL, 0), true, hold_visit, &v);

    return r < 0 ? r : 0;
}

/* --- erasures --- */

void erasures_put(struct store_txn *t, const struct erasure_record *r)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    buf_init(&b, RECORD_MAX);
    buf_put_u8(&b, HOLD_LAYOUT);
    PUT_TEXT(&b, r->cause);
    buf_put_u8(&b, r->prohibitions);
    buf_put_i64(&b, r->ordered_ms);
    buf_put_u64(&b, r->leaf);
    buf_put_u8(&b, r->phase);
    buf_put_u8(&b, r->kind);
    field_put_id(&b, &r->after);
    buf_put_u64(&b, r->next);
    buf_put_u64(&b, r->n_records);
    buf_put_u64(&b, r->n_waiting);
    buf_put_u64(&b, r->n_leaves);
    buf_put_u64(&b, r->n_kept);
    buf_put_u64(&b, r->n_doubtful);
    put_about(&b, &r->about);
    record_put(t, 'e', &r->id, &b);
}

static int erasure_decode(struct bytes octets, struct erasure_record *out)
{
    struct cursor c = cursor_of(octets);

    if (cursor_u8(&c) != HOLD_LAYOUT)
        return -EBADMSG;
    cursor_text(&c, out->cause, sizeof(out->cause));
    out->prohibitions = field_take_bool(&c);
    out->ordered_ms = cursor_i64(&c);
    out->leaf = cursor_u64(&c);
    out->phase = cursor_u8(&c);
    out->kind = cursor_u8(&c);
    field_take_id(&c, &out->after);
    out->next = cursor_u64(&c);
    out->n_records = cursor_u64(&c);
    out->n_waiting = cursor_u64(&c);
    out->n_leaves = cursor_u64(&c);
    out->n_kept = cursor_u64(&c);
    out->n_doubtful = cursor_u64(&c);
    if (out->phase < ERASURE_RECORDS || out->phase > ERASURE_FORGET)
        return -EBADMSG;
    return take_about(&c, &out->about);
}

static int erasure_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct erasure_record *out = ctx;
    int r;

    if (key.len != RECORD_KEY)
        return -EBADMSG;
    memcpy(out->id.octets, key.data + 1, ID_LEN);
    r = erasure_decode(value, out);
    return r < 0 ? r : 1;
}

int erasures_first(struct store_txn *t, struct erasure_record *out)
{
    int r;

    memset(out, 0, sizeof(*out));
    r = store_scan(t, TABLE_HOLDS, bytes_str("e"), bytes_of(NULL, 0), true, erasure_visit, out);
    if (r < 0)
        return r;
    return out->phase ? 0 : -ENOENT;
}

void erasures_del(struct store_txn *t, const struct id *id)
{
    uint8_t key[FOUND_KEY];

    store_del(t, TABLE_HOLDS, record_key('e', id, key));
}

void erasure_found_put(struct store_txn *t, const struct id *erasure, uint64_t leaf)
{
    uint8_t key[FOUND_KEY];

    store_put(t, TABLE_HOLDS, found_key(erasure, leaf, key), bytes_of(NULL, 0));
}

void erasure_found_del(struct store_txn *t, const struct id *erasure, uint64_t leaf)
{
    uint8_t key[FOUND_KEY];

    store_del(t, TABLE_HOLDS, found_key(erasure, leaf, key));
}

struct listing {
    size_t most, n;
    uint64_t *out;
};

static int found_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct listing *l = ctx;
    uint64_t leaf = 0;

    (void)value;
    if (key.len != FOUND_KEY)
        return -EBADMSG;
    if (l->n == l->most)
        return 1;
    for (size_t i = RECORD_KEY; i < FOUND_KEY; i++)
        leaf = leaf << 8 | key.data[i];
    l->out[l->n++] = leaf;
    return 0;
}

int erasure_found(struct store_txn *t, const struct id *erasure, uint64_t from, size_t most,
                  uint64_t *out, size_t *n)
{
    struct listing l = { .most = most, .out = out };
    uint8_t prefix[FOUND_KEY], at[FOUND_KEY];
    int r = store_scan(t, TABLE_HOLDS, record_key('f', erasure, prefix),
                       found_key(erasure, from, at), false, found_visit, &l);

    *n = l.n;
    return r < 0 ? r : 0;
}
