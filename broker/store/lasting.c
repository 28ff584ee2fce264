/* SPDX-License-Identifier: Apache-2.0 */
/* lasting.c - see lasting.h. */
#include "store/lasting.h"

#include <errno.h>
#include <string.h>

#define RECORD_KEY (1 + ID_LEN)
#define DAY_KEY    (1 + 4 + ID_LEN)

static struct bytes record_key(const struct id *id, uint8_t out[static RECORD_KEY])
{
    out[0] = 'r';
    memcpy(out + 1, id->octets, ID_LEN);
    return bytes_of(out, RECORD_KEY);
}

/* Days before 1970 come first. */
static struct bytes day_key(int32_t day, const struct id *id, uint8_t out[static DAY_KEY])
{
    uint32_t order = (uint32_t)day ^ 0x80000000u;

    out[0] = 'd';
    for (int i = 0; i < 4; i++)
        out[1 + i] = (uint8_t)(order >> (24 - 8 * i));
    memcpy(out + 5, id->octets, ID_LEN);
    return bytes_of(out, DAY_KEY);
}

static int32_t day_of(const uint8_t *key)
{
    uint32_t order = 0;

    for (int i = 1; i <= 4; i++)
        order = order << 8 | key[i];
    return (int32_t)(order ^ 0x80000000u);
}

/* The last day that a stored record has. */
static int last_day(struct store_txn *t, enum table table, const struct id *id, int32_t *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    uint8_t key[RECORD_KEY];
    struct cursor c;
    int r;

    buf_init(&b, LASTING_RECORD_MAX + 4);
    r = store_get(t, table, record_key(id, key), &b);
    if (r)
        return r;
    c = cursor_of(buf_view(&b));
    *out = cursor_i32(&c);
    return c.failed ? -EBADMSG : 0;
}

void lasting_put(struct store_txn *t, enum table table, const struct id *id, int32_t last,
                 struct bytes record)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    uint8_t key[RECORD_KEY], by_day[DAY_KEY];
    int32_t before = 0;
    int r = last_day(t, table, id, &before);

    if (last == CIVIL_NONE || record.len > LASTING_RECORD_MAX) {
        store_fail(t, -EINVAL);
        return;
    }
    if (r && r != -ENOENT) {
        store_fail(t, r);
        return;
    }
    if (!r && before != last)
        store_del(t, table, day_key(before, id, by_day));
    buf_init(&b, LASTING_RECORD_MAX + 4);
    buf_put_i32(&b, last);
    buf_put(&b, record.data, record.len);
    if (buf_status(&b)) {
        store_fail(t, buf_status(&b));
        return;
    }
    store_put(t, table, record_key(id, key), buf_view(&b));
    store_put(t, table, day_key(last, id, by_day), bytes_of(NULL, 0));
}

int lasting_get(struct store_txn *t, enum table table, const struct id *id, struct buf *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    uint8_t key[RECORD_KEY];
    int r;

    buf_init(&b, LASTING_RECORD_MAX + 4);
    r = store_get(t, table, record_key(id, key), &b);
    if (r)
        return r;
    if (b.len < 4)
        return -EBADMSG;
    buf_put(out, b.data + 4, b.len - 4);
    return buf_status(out);
}

void lasting_del(struct store_txn *t, enum table table, const struct id *id)
{
    uint8_t key[RECORD_KEY], by_day[DAY_KEY];
    int32_t last = 0;
    int r = last_day(t, table, id, &last);

    if (r) {
        store_fail(t, r == -ENOENT ? 0 : r);
        return;
    }
    store_del(t, table, record_key(id, key));
    store_del(t, table, day_key(last, id, by_day));
}

/* --- forgetting --- */

#define SWEEP_MOST 256

struct sweeping {
    int32_t day;
    size_t most, n;
    struct id ids[SWEEP_MOST];
};

static int sweep_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct sweeping *s = ctx;

    (void)value;
    if (key.len != DAY_KEY)
        return -EBADMSG;
    if (s->n == s->most || day_of(key.data) >= s->day)
        return 1;
    memcpy(s->ids[s->n++].octets, key.data + 5, ID_LEN);
    return 0;
}

int lasting_sweep(struct store_txn *t, enum table table, int32_t day, size_t most,
                  lasting_forget *forget, void *ctx, size_t *n)
{
    struct sweeping s = { .day = day, .most = most < SWEEP_MOST ? most : SWEEP_MOST };
    int r = store_scan(t, table, bytes_str("d"), bytes_of(NULL, 0), false, sweep_visit, &s);

    *n = 0;
    for (size_t i = 0; i < s.n && r >= 0; i++) {
        r = forget(ctx, t, &s.ids[i]);
        if (r >= 0)
            lasting_del(t, table, &s.ids[i]);
    }
    if (r < 0)
        return r;
    *n = s.n;
    return store_status(t);
}

/* --- fields --- */

void lasting_put_text(struct buf *b, const char *text, size_t size)
{
    buf_put_var(b, text, strnlen(text, size - 1));
}

void lasting_put_token(struct buf *b, const struct token *token)
{
    buf_put_u8(b, token->kind);
    buf_put_u8(b, token->scheme);
    buf_put_u16(b, token->epoch);
    buf_put(b, token->value, TOKEN_LEN);
}

void lasting_take_token(struct cursor *c, struct token *out)
{
    struct bytes value;

    out->kind = cursor_u8(c);
    out->scheme = cursor_u8(c);
    out->epoch = cursor_u16(c);
    value = cursor_take(c, TOKEN_LEN);
    if (value.len)
        memcpy(out->value, value.data, TOKEN_LEN);
}

void lasting_put_set(struct buf *b, const struct token_set *set)
{
    uint8_t n = set->n < TOKEN_SET_MAX ? set->n : TOKEN_SET_MAX;

    buf_put_u8(b, set->unborn);
    buf_put_u8(b, n);
    for (uint8_t i = 0; i < n; i++)
        lasting_put_token(b, &set->tokens[i]);
}

void lasting_take_set(struct cursor *c, struct token_set *out)
{
    out->unborn = lasting_take_bool(c);
    out->n = cursor_u8(c);
    if (out->n > TOKEN_SET_MAX) {
        c->failed = true;
        out->n = 0;
    }
    for (uint8_t i = 0; i < out->n; i++)
        lasting_take_token(c, &out->tokens[i]);
}

void lasting_put_id(struct buf *b, const struct id *id)
{
    buf_put(b, id->octets, ID_LEN);
}

void lasting_take_id(struct cursor *c, struct id *out)
{
    struct bytes id = cursor_take(c, ID_LEN);

    if (id.len)
        memcpy(out->octets, id.data, ID_LEN);
}

bool lasting_take_bool(struct cursor *c)
{
    uint8_t v = cursor_u8(c);

    if (v > 1)
        c->failed = true;
    return v == 1;
}
