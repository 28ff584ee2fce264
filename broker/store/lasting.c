/* SPDX-License-Identifier: Apache-2.0 */
/* lasting.c - see lasting.h. */
#include "store/lasting.h"

#include "store/fields.h"

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
    out[0] = 'd';
    field_put_day(out + 1, day);
    memcpy(out + 5, id->octets, ID_LEN);
    return bytes_of(out, DAY_KEY);
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
    if (s->n == s->most || field_take_day(key.data + 1) >= s->day)
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
