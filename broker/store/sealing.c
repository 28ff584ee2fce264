/* SPDX-License-Identifier: Apache-2.0 */
/* sealing.c - agencies' sealing keys as lodged, oldest first: a chain that peers verify
 * themselves. */
#include <errno.h>
#include <string.h>

#include "store/referrals.h"

#define SEALING_LAYOUT     1
#define SEALING_RECORD_MAX (SEALING_BODY_MAX + 1024)
#define SEALING_PREFIX_MAX (NAME_MAX_LEN + 1)

static struct bytes sealing_prefix(const char *agency, uint8_t out[static SEALING_PREFIX_MAX])
{
    size_t len = strnlen(agency, NAME_MAX_LEN - 1);

    memcpy(out, agency, len);
    out[len] = 0; /* no agency's id has it: one id's keys are never another's prefix */
    return bytes_of(out, len + 1);
}

/* By leaf, so in order of commit. */
void sealing_put(struct store_txn *t, const struct sealing_record *r)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    uint8_t key[SEALING_PREFIX_MAX + sizeof(r->leaf)];
    size_t len = sealing_prefix(r->agency, key).len;

    for (size_t i = 0; i < sizeof(r->leaf); i++)
        key[len + i] = (uint8_t)(r->leaf >> (56 - 8 * i));
    buf_init(&b, SEALING_RECORD_MAX);
    buf_put_u8(&b, SEALING_LAYOUT);
    buf_put(&b, r->key.key, sizeof(r->key.key));
    buf_put_u8(&b, r->key.has_previous);
    buf_put(&b, r->key.previous, sizeof(r->key.previous));
    buf_put_i32(&b, r->key.from);
    buf_put(&b, r->sign_key, sizeof(r->sign_key));
    buf_put(&b, r->signature, sizeof(r->signature));
    buf_put_var(&b, r->body.data, r->body.len);
    buf_put_u64(&b, r->leaf);
    if (buf_status(&b))
        store_fail(t, buf_status(&b));
    else
        store_put(t, TABLE_SEALING, bytes_of(key, len + sizeof(r->leaf)), buf_view(&b));
}

static void take(struct cursor *c, uint8_t *out, size_t len)
{
    struct bytes b = cursor_take(c, len);

    if (b.len == len)
        memcpy(out, b.data, len);
}

static int sealing_decode(struct bytes octets, struct sealing_record *out)
{
    struct cursor c = cursor_of(octets);
    uint8_t previous;

    if (cursor_u8(&c) != SEALING_LAYOUT)
        return -EBADMSG;
    take(&c, out->key.key, sizeof(out->key.key));
    previous = cursor_u8(&c);
    out->key.has_previous = previous == 1;
    take(&c, out->key.previous, sizeof(out->key.previous));
    out->key.from = cursor_i32(&c);
    take(&c, out->sign_key, sizeof(out->sign_key));
    take(&c, out->signature, sizeof(out->signature));
    out->body = cursor_var(&c, SEALING_BODY_MAX);
    out->leaf = cursor_u64(&c);
    return previous > 1 ? -EBADMSG : cursor_end(&c);
}

struct sealing_scan {
    const char *agency;
    sealing_visit *visit;
    void *ctx;
};

static int sealing_one(void *ctx, struct bytes key, struct bytes value)
{
    struct sealing_scan *s = ctx;
    struct sealing_record r = { 0 };
    int e = sealing_decode(value, &r);

    (void)key;
    if (e)
        return e;
    memcpy(r.agency, s->agency, strnlen(s->agency, sizeof(r.agency) - 1));
    return s->visit(s->ctx, &r);
}

int sealing_each(struct store_txn *t, const char *agency, sealing_visit *visit, void *ctx)
{
    struct sealing_scan s = { .agency = agency, .visit = visit, .ctx = ctx };
    uint8_t prefix[SEALING_PREFIX_MAX];

    return store_scan(t, TABLE_SEALING, sealing_prefix(agency, prefix), bytes_of(NULL, 0), true,
                      sealing_one, &s);
}
