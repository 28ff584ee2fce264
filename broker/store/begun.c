/* SPDX-License-Identifier: Apache-2.0 */
/* begun.c - see begun.h.
 *
 * TABLE_META "begun-anew", layout 1: u8 layout, text from, u64 leaves, u64 head, i64 made (ms). */
#include "store/begun.h"

#include <errno.h>
#include <string.h>

#include "store/heads.h"
#include "store/internal.h"
#include "store/ledger.h"

#define BEGUN_KEY    "begun-anew"
#define BEGUN_LAYOUT 1
#define BEGUN_MAX    512
#define STEP_RECORDS 2048 /* taken out in one transaction: a log has a head each second */

void begun_put(struct store_txn *t, const struct begun *b)
{
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };

    buf_init(&out, BEGUN_MAX);
    buf_put_u8(&out, BEGUN_LAYOUT);
    buf_put_text(&out, b->from);
    buf_put_u64(&out, b->leaves);
    buf_put_u64(&out, b->head);
    buf_put_i64(&out, b->made_ms);
    store_fail(t, buf_status(&out));
    store_put(t, TABLE_META, bytes_str(BEGUN_KEY), buf_view(&out));
}

int begun_get(struct store_txn *t, struct begun *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct cursor c;
    int r;

    buf_init(&b, BEGUN_MAX);
    r = store_get(t, TABLE_META, bytes_str(BEGUN_KEY), &b);
    if (r)
        return r;
    c = cursor_of(buf_view(&b));
    if (cursor_u8(&c) != BEGUN_LAYOUT)
        return -EBADMSG;
    *out = (struct begun){ .leaves = 0 };
    cursor_text(&c, out->from, sizeof(out->from));
    out->leaves = cursor_u64(&c);
    out->head = cursor_u64(&c);
    out->made_ms = cursor_i64(&c);
    return cursor_end(&c);
}

void begun_drop(struct store_txn *t)
{
    store_del(t, TABLE_META, bytes_str(BEGUN_KEY));
}

/* --- what is bound to the origin before --- */

struct taking {
    struct store_txn *t;
    begun_head *head;
    void *ctx;
    size_t n;
    struct buf keys; /* each with its length before it */
    uint64_t newest;
};

static int taking_key(void *ctx, struct bytes key, struct bytes value)
{
    struct taking *k = ctx;

    (void)value;
    buf_put_var(&k->keys, key.data, key.len);
    k->n++;
    return buf_status(&k->keys) ? buf_status(&k->keys) : k->n == STEP_RECORDS;
}

static int taking_head(void *ctx, struct bytes key, struct bytes value)
{
    struct taking *k = ctx;
    struct cursor c = cursor_of(key);
    uint64_t size = cursor_u64(&c);
    int r = cursor_end(&c) || value.len == 0 ? -EBADMSG : 0;

    /* the layout stands before the note */
    if (r == 0)
        r = k->head(k->ctx, size, bytes_of(value.data + 1, value.len - 1));
    k->newest = size;
    return r;
}

static int heads_tell(struct store *s, struct taking *k)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    int r = store_begin(s, false, &t);

    return r ? r : store_scan(t, TABLE_HEADS, bytes_of(NULL, 0), bytes_of(NULL, 0), true, taking_head, k);
}

static int step_take(struct store_txn *t, enum table table, struct bytes prefix, struct taking *k)
{
    struct cursor c;
    int r;

    k->n = 0;
    buf_reset(&k->keys);
    r = store_scan(t, table, prefix, bytes_of(NULL, 0), true, taking_key, k);
    c = cursor_of(buf_view(&k->keys));
    for (size_t i = 0; r >= 0 && i < k->n; i++)
        store_del(t, table, cursor_var(&c, STORE_KEY_MAX));
    return r < 0 ? r : c.failed ? -EBADMSG : 0;
}

static int table_take(struct store *s, enum table table, struct bytes prefix, struct taking *k)
{
    int r;

    do {
        struct store_txn *t = NULL;

        r = store_begin(s, true, &t);
        if (r)
            return r;
        r = step_take(t, table, prefix, k);
        store_fail(t, r);
        r = store_commit(t);
    } while (r == 0 && k->n == STEP_RECORDS);
    return r;
}

static int origin_move(struct store *s, const struct store_options *to, const struct begun *b)
{
    struct store_txn *t = NULL;
    int r = store_begin(s, true, &t);

    if (r)
        return r;
    heads_witnessed_drop(t);
    begun_put(t, b);
    store_fail(t, store_meta_write(t, to));
    return store_commit(t);
}

int begun_anew(struct store *s, const struct store_options *to, begun_head *head, void *ctx, struct begun *b)
{
    struct taking k = { .head = head, .ctx = ctx };
    int r = strcmp(to->origin, b->from) == 0 ? -EINVAL : 0;

    buf_init(&k.keys, STEP_RECORDS * (STORE_KEY_MAX + sizeof(uint32_t)));
    if (r == 0)
        r = heads_tell(s, &k);
    b->head = k.newest;
    if (r == 0) {
        ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;

        r = store_begin(s, false, &t);
        if (r == 0)
            r = ledger_count(t, &b->leaves);
    }
    if (r == 0)
        r = table_take(s, TABLE_HEADS, bytes_of(NULL, 0), &k);
    if (r == 0)
        r = table_take(s, TABLE_SEALING, bytes_of(NULL, 0), &k);
    if (r == 0)
        r = table_take(s, TABLE_META, bytes_str(HEADS_WITNESS_PREFIX), &k);
    buf_deinit(&k.keys);
    return r ? r : origin_move(s, to, b);
}
