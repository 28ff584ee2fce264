/* SPDX-License-Identifier: Apache-2.0 */
/* heads.c - see heads.h. Nothing here is about a person. */
#include "store/heads.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HEAD_LAYOUT       1 /* ledger.c's, of TABLE_HEADS */
#define WITNESS_LAYOUT    1
#define WITNESS_VALUE_MAX 1024
#define WITNESSED_KEY     "witnessed-head"

static struct bytes witness_key(const char *agency, char text[static REGISTRY_ID_MAX + 16])
{
    (void)snprintf(text, REGISTRY_ID_MAX + 16, HEADS_WITNESS_PREFIX "%s", agency);
    return bytes_str(text);
}

/* Layout 1: u8 layout, u64 size, i64 at_ms, i64 said_s, text vkey. */
void heads_witness_put(struct store_txn *t, const struct head_witness *w)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    char key[REGISTRY_ID_MAX + 16];

    buf_init(&b, WITNESS_VALUE_MAX);
    buf_put_u8(&b, WITNESS_LAYOUT);
    buf_put_u64(&b, w->size);
    buf_put_i64(&b, w->at_ms);
    buf_put_i64(&b, w->said_s);
    buf_put_text(&b, w->vkey);
    store_fail(t, buf_status(&b));
    store_put(t, TABLE_META, witness_key(w->agency, key), buf_view(&b));
}

int heads_witness_get(struct store_txn *t, const char *agency, struct head_witness *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    char key[REGISTRY_ID_MAX + 16];
    struct cursor c;
    int r;

    buf_init(&b, WITNESS_VALUE_MAX);
    r = store_get(t, TABLE_META, witness_key(agency, key), &b);
    if (r)
        return r;
    c = cursor_of(buf_view(&b));
    if (cursor_u8(&c) != WITNESS_LAYOUT)
        return -EBADMSG;
    *out = (struct head_witness){ .size = cursor_u64(&c) };
    out->at_ms = cursor_i64(&c);
    out->said_s = cursor_i64(&c);
    cursor_text(&c, out->vkey, sizeof(out->vkey));
    if (cursor_end(&c))
        return -EBADMSG;
    return text_copy(out->agency, sizeof(out->agency), agency);
}

int heads_get(struct store_txn *t, uint64_t size, struct buf *note)
{
    ALM_CLEANUP(buf_deinit) struct buf key = { 0 }, b = { 0 };
    int r;

    buf_init(&key, sizeof(size));
    buf_init(&b, NOTE_MAX + 1);
    buf_put_u64(&key, size);
    r = buf_status(&key);
    if (!r)
        r = store_get(t, TABLE_HEADS, buf_view(&key), &b);
    if (r)
        return r;
    if (b.len == 0 || b.data[0] != HEAD_LAYOUT)
        return -EBADMSG;
    buf_put(note, b.data + 1, b.len - 1);
    return buf_status(note);
}

void heads_witnessed_put(struct store_txn *t, uint64_t size)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    buf_init(&b, sizeof(size));
    buf_put_u64(&b, size);
    store_fail(t, buf_status(&b));
    store_put(t, TABLE_META, bytes_str(WITNESSED_KEY), buf_view(&b));
}

void heads_witnessed_drop(struct store_txn *t)
{
    store_del(t, TABLE_META, bytes_str(WITNESSED_KEY));
}

int heads_witnessed(struct store_txn *t, uint64_t *size, struct buf *note)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct cursor c;
    int r;

    buf_init(&b, sizeof(*size));
    r = store_get(t, TABLE_META, bytes_str(WITNESSED_KEY), &b);
    if (r)
        return r;
    c = cursor_of(buf_view(&b));
    *size = cursor_u64(&c);
    return cursor_end(&c) ? -EBADMSG : heads_get(t, *size, note);
}
