/* SPDX-License-Identifier: Apache-2.0 */
/* receipts.c - "Same id again": which ids an agency has used, for what bytes, and the receipt it
 * got.
 *
 * TABLE_RECEIPTS, agency 0 id -> u8 version 1, SHA-256 of the body, u64 leaf, i64 time.
 *
 * A query's id is nearly always new and above all that its agency has used, for ids begin with the time. So
 * there is kept in memory, of each agency that asks, an id at and above which the table once held none of its,
 * and a few bits of every id put since. What is above the one and not among the others is surely new; all else is looked
 * up. Nothing rests on a clock: an id out of order only costs the look. */
#include "stages.h"

#include <errno.h>
#include <string.h>

#define RECEIPT_VERSION 1
#define RECEIPT_KEY_MAX (REGISTRY_ID_MAX + ID_LEN)

static struct bytes receipts_key(const char *agency, const struct id *id,
                                 uint8_t key[static RECEIPT_KEY_MAX])
{
    size_t len = strlen(agency) + 1;

    memcpy(key, agency, len);
    memcpy(key + len, id->octets, ID_LEN);
    return bytes_of(key, len + ID_LEN);
}

static int receipts_decode(struct bytes value, struct receipt *out)
{
    struct cursor at = cursor_of(value);
    struct bytes body;

    if (cursor_u8(&at) != RECEIPT_VERSION)
        return -EBADMSG;
    body = cursor_take(&at, SHA256_LEN);
    out->leaf = cursor_u64(&at);
    out->at_ms = cursor_i64(&at);
    if (cursor_end(&at))
        return -EBADMSG;
    memcpy(out->body, body.data, SHA256_LEN);
    return 0;
}

int receipts_time(struct bytes value, int64_t *at_ms)
{
    struct receipt r = { .at_ms = 0 };
    int e = receipts_decode(value, &r);

    *at_ms = r.at_ms;
    return e;
}

static const uint8_t receipts_nothing[SHA256_LEN] = { /* FIPS 180-4: of no bytes at all */
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
};

/* Of a query nothing is hashed: the same id again gets no answer whatever it says. */
static int receipts_digest(struct bytes body, uint8_t out[static SHA256_LEN])
{
    if (body.len)
        return crypto_sha256(body, out);
    memcpy(out, receipts_nothing, SHA256_LEN);
    return 0;
}

static void receipts_fresh(const struct core *c, const uint8_t digest[static SHA256_LEN], struct receipt *out)
{
    memcpy(out->body, digest, SHA256_LEN);
    out->leaf = LEAF_NONE;
    out->at_ms = c->wall_ms;
}

enum receipt_found receipts_find(struct core *c, const char *agency, const struct id *id,
                                 struct bytes body, struct receipt *out)
{
    uint8_t key[RECEIPT_KEY_MAX], digest[SHA256_LEN];
    struct store_txn *t = batch_txn(c);
    int r;

    if (!t)
        return RECEIPT_OTHER;
    r = receipts_digest(body, digest);
    if (!r) {
        buf_reset(&c->scratch);
        r = store_get(t, TABLE_RECEIPTS, receipts_key(agency, id, key), &c->scratch);
    }
    if (r == -ENOENT) {
        receipts_fresh(c, digest, out);
        return RECEIPT_NEW;
    }
    if (!r)
        r = receipts_decode(buf_view(&c->scratch), out);
    if (r) {
        batch_fail(c, r, "receipts");
        return RECEIPT_OTHER;
    }
    return memcmp(out->body, digest, SHA256_LEN) == 0 ? RECEIPT_SAME : RECEIPT_OTHER;
}

/* --- what is surely new --- */

void receipts_forget(struct core *c)
{
    c->newest = (struct receipts_newest){ .n_sure = c->newest.n_sure };
}

static uint64_t *receipts_since(struct receipts_newest *n, const struct id *id, uint64_t *bit)
{
    unsigned at = (unsigned)id->octets[ID_LEN - 2] << 8 | id->octets[ID_LEN - 1];

    *bit = UINT64_C(1) << (at % 64);
    return &n->since[at / 64];
}

/* Whether or not the put succeeds. Where most of the bits would be set everything is begun anew: the next
 * look of each agency tells. */
static void receipts_note(struct core *c, const struct id *id)
{
    uint64_t bit, *word = receipts_since(&c->newest, id, &bit);

    if (c->newest.n_since++ == RECEIPTS_SINCE_MOST)
        receipts_forget(c);
    *word |= bit;
}

static int receipts_any(void *ctx, struct bytes key, struct bytes value)
{
    (void)key;
    (void)value;
    *(bool *)ctx = true;
    return 1;
}

/* Has this agency used neither this id nor any above it? What cannot be read has. */
static bool receipts_none_from(struct core *c, const char *agency, const struct id *id)
{
    uint8_t key[RECEIPT_KEY_MAX];
    struct bytes from = receipts_key(agency, id, key);
    struct store_txn *t = batch_txn(c);
    bool any = false;

    return t && store_scan(t, TABLE_RECEIPTS, bytes_of(key, from.len - ID_LEN), from, false,
                           receipts_any, &any) == 0 && !any;
}

static bool receipts_surely_new(struct core *c, uint16_t slot, const struct id *id)
{
    struct receipts_newest *n = &c->newest;
    uint64_t bit, *word = receipts_since(n, id, &bit);

    if (n->known[slot])
        return memcmp(id->octets, n->above[slot].octets, ID_LEN) >= 0 && !(*word & bit);
    if (!receipts_none_from(c, c->agencies.slots[slot].reg.id, id))
        return false;
    n->known[slot] = true;
    n->above[slot] = *id;
    return true;
}

enum receipt_found receipts_query(struct core *c, uint16_t slot, const struct id *id, struct receipt *out)
{
    if (!batch_txn(c) || !receipts_surely_new(c, slot, id))
        return receipts_find(c, c->agencies.slots[slot].reg.id, id, bytes_of(NULL, 0), out);
    c->newest.n_sure++;
    receipts_fresh(c, receipts_nothing, out);
    return RECEIPT_NEW;
}

void receipts_put(struct core *c, const char *agency, const struct id *id, const struct receipt *r)
{
    uint8_t key[RECEIPT_KEY_MAX];
    struct store_txn *t = batch_txn(c);

    if (!t)
        return;
    buf_reset(&c->scratch);
    buf_put_u8(&c->scratch, RECEIPT_VERSION);
    buf_put(&c->scratch, r->body, SHA256_LEN);
    buf_put_u64(&c->scratch, r->leaf);
    buf_put_i64(&c->scratch, r->at_ms);
    if (buf_status(&c->scratch)) {
        batch_fail(c, buf_status(&c->scratch), "receipts");
        return;
    }
    receipts_note(c, id);
    store_put(t, TABLE_RECEIPTS, receipts_key(agency, id, key), buf_view(&c->scratch));
    c->batch.wrote = true;
}
