/* SPDX-License-Identifier: Apache-2.0 */
/* reliance.c - rows under a consent's id and an agency's. */
#include "store/reliance.h"

#include "store/lodged.h"

#include <errno.h>
#include <string.h>

#define RELIANCE_LAYOUT 1
#define RELIANCE_MAX    64 /* bytes of a row */

void reliance_put(struct store_txn *t, const struct id *consent, const struct reliance *r)
{
    ALM_CLEANUP(buf_deinit) struct buf key = { 0 }, b = { 0 };

    buf_init(&key, STORE_KEY_MAX);
    buf_put(&key, consent->octets, ID_LEN);
    buf_put(&key, r->agency, strnlen(r->agency, sizeof(r->agency) - 1));
    buf_init(&b, RELIANCE_MAX);
    buf_put_u8(&b, RELIANCE_LAYOUT);
    buf_put(&b, r->message.octets, ID_LEN);
    buf_put_i32(&b, r->on);
    buf_put_u64(&b, r->leaf);
    if (buf_status(&key) || buf_status(&b))
        store_fail(t, buf_status(&key) ? buf_status(&key) : buf_status(&b));
    else
        store_put(t, TABLE_RELIANCE, buf_view(&key), buf_view(&b));
}

struct visiting {
    reliance_visit *visit;
    void *ctx;
};

static int reliance_one(void *ctx, struct bytes key, struct bytes value)
{
    struct visiting *v = ctx;
    struct reliance r = { .on = 0 };
    struct cursor c = cursor_of(value);
    struct bytes id;

    if (key.len <= ID_LEN || key.len - ID_LEN >= sizeof(r.agency) ||
        cursor_u8(&c) != RELIANCE_LAYOUT)
        return -EBADMSG;
    memcpy(r.agency, key.data + ID_LEN, key.len - ID_LEN);
    id = cursor_take(&c, ID_LEN);
    if (id.len)
        memcpy(r.message.octets, id.data, ID_LEN);
    r.on = cursor_i32(&c);
    r.leaf = cursor_u64(&c);
    return cursor_end(&c) < 0 ? -EBADMSG : v->visit(v->ctx, &r);
}

int reliance_each(struct store_txn *t, const struct id *consent, reliance_visit *visit, void *ctx)
{
    struct visiting v = { visit, ctx };
    int r = store_scan(t, TABLE_RELIANCE, bytes_of(consent->octets, ID_LEN),
                       (struct bytes){ NULL, 0 }, true, reliance_one, &v);

    return r < 0 ? r : 0;
}

/* --- forgetting --- */

static int reliance_drop(void *ctx, struct bytes key, struct bytes value)
{
    struct store_txn *t = ctx;
    uint8_t copy[STORE_KEY_MAX]; /* the view ends when the entry is deleted */

    (void)value;
    memcpy(copy, key.data, key.len);
    store_del(t, TABLE_RELIANCE, bytes_of(copy, key.len));
    return store_status(t);
}

void reliance_forget(struct store_txn *t, const struct id *consent)
{
    int r = store_scan(t, TABLE_RELIANCE, bytes_of(consent->octets, ID_LEN), bytes_of(NULL, 0), false,
                       reliance_drop, t);

    store_fail(t, r < 0 ? r : 0);
}
