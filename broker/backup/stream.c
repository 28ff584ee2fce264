/* SPDX-License-Identifier: Apache-2.0 */
/* stream.c - items: u8 kind, u32 length, body. The running hash takes each item whole. */
#include "backup/stream.h"

#include <errno.h>
#include <string.h>

void stream_maker_init(struct stream_maker *m)
{
    memset(m, 0, sizeof(*m));
    buf_init(&m->item, STREAM_ITEM_MAX);
}

void stream_maker_deinit(struct stream_maker *m)
{
    buf_deinit(&m->item);
}

static int chain_take(uint8_t chain[static SHA256_LEN], struct bytes item)
{
    struct bytes parts[] = { bytes_of(chain, SHA256_LEN), item };
    uint8_t next[SHA256_LEN];
    int r = crypto_sha256_parts(parts, ALM_LEN(parts), next);

    if (r == 0)
        memcpy(chain, next, SHA256_LEN);
    return r;
}

/* --- making --- */

static void item_open(struct stream_maker *m, enum stream_kind kind)
{
    buf_reset(&m->item);
    buf_put_u8(&m->item, (uint8_t)kind);
    buf_put_u32(&m->item, 0); /* filled in at its end */
}

static int item_close(struct stream_maker *m, struct buf *out)
{
    size_t len = m->item.len - STREAM_FRONT;
    int r = buf_status(&m->item);

    if (r)
        return r;
    for (int i = 0; i < 4; i++)
        m->item.data[1 + i] = (uint8_t)(len >> (24 - 8 * i));
    r = chain_take(m->chain, buf_view(&m->item));
    if (r)
        return r;
    buf_put(out, m->item.data, m->item.len);
    return buf_status(out);
}

int stream_begin(struct stream_maker *m, const struct stream_begin *b, struct buf *out)
{
    item_open(m, STREAM_BEGIN);
    buf_put_u8(&m->item, STREAM_VERSION);
    buf_put_u8(&m->item, b->mode);
    buf_put_text(&m->item, b->origin);
    buf_put_i64(&m->item, b->at_ms);
    buf_put_u64(&m->item, b->reading);
    buf_put_u64(&m->item, b->leaves);
    buf_put_u64(&m->item, b->head_size);
    buf_put_var(&m->item, b->note.data, b->note.len);
    buf_put_u8(&m->item, b->n_tables);
    for (size_t i = 0; i < b->n_tables; i++) {
        buf_put_text(&m->item, b->tables[i].name);
        buf_put_u16(&m->item, b->tables[i].schema);
    }
    return item_close(m, out);
}

static struct bytes period_ad(uint8_t ad[static 4], uint32_t number)
{
    for (int i = 0; i < 4; i++)
        ad[i] = (uint8_t)(number >> (24 - 8 * i));
    return bytes_of(ad, 4);
}

int stream_period(struct stream_maker *m, const struct secret *key, const struct stream_period *p,
                  struct buf *out)
{
    uint8_t ad[4];
    int r;

    item_open(m, STREAM_PERIOD);
    buf_put_u32(&m->item, p->number);
    r = seal(key, period_ad(ad, p->number), bytes_of(p->secret.octets, sizeof(p->secret.octets)),
             &m->item);
    return r ? r : item_close(m, out);
}

int stream_table(struct stream_maker *m, const char *name, struct buf *out)
{
    item_open(m, STREAM_TABLE);
    buf_put_text(&m->item, name);
    return item_close(m, out);
}

int stream_record(struct stream_maker *m, struct bytes key, struct bytes value, struct buf *out)
{
    item_open(m, STREAM_RECORD);
    buf_put_u16(&m->item, (uint16_t)key.len);
    buf_put(&m->item, key.data, key.len);
    buf_put(&m->item, value.data, value.len);
    m->records++;
    return item_close(m, out);
}

int stream_finish(struct stream_maker *m, const struct secret *key, struct buf *out)
{
    uint8_t proof[SHA256_LEN];
    int r = crypto_hmac(key, bytes_of(m->chain, SHA256_LEN), proof);

    if (r)
        return r;
    item_open(m, STREAM_END);
    buf_put_u64(&m->item, m->records);
    buf_put(&m->item, proof, sizeof(proof));
    return item_close(m, out);
}

/* --- reading --- */

void stream_parser_init(struct stream_parser *p)
{
    memset(p, 0, sizeof(*p));
    buf_init(&p->held, STREAM_ITEM_MAX + STREAM_FRONT + (1u << 20));
}

void stream_parser_deinit(struct stream_parser *p)
{
    buf_deinit(&p->held);
}

/* May this kind follow that one? */
static bool follows(uint8_t before, uint8_t kind)
{
    static const uint8_t after[] = {
        [0] = 1 << STREAM_BEGIN,
        [STREAM_BEGIN] = 1 << STREAM_PERIOD | 1 << STREAM_TABLE,
        [STREAM_PERIOD] = 1 << STREAM_PERIOD | 1 << STREAM_TABLE,
        [STREAM_TABLE] = 1 << STREAM_TABLE | 1 << STREAM_RECORD | 1 << STREAM_END,
        [STREAM_RECORD] = 1 << STREAM_TABLE | 1 << STREAM_RECORD | 1 << STREAM_END,
        [STREAM_END] = 0,
    };

    return kind >= STREAM_BEGIN && kind <= STREAM_END && before < ALM_LEN(after) &&
           after[before] & 1 << kind;
}

/* Return: octets of the item at this place; 0 it is not whole yet; -EBADMSG; -E2BIG. */
static int64_t item_at(const struct stream_parser *p, size_t at)
{
    struct cursor c = cursor_of(bytes_of(p->held.data + at, p->held.len - at));
    uint8_t kind = cursor_u8(&c);
    uint32_t len = cursor_u32(&c);

    if (c.failed)
        return 0;
    if (!follows(p->last, kind))
        return -EBADMSG;
    if (len > STREAM_ITEM_MAX - STREAM_FRONT)
        return -E2BIG;
    return c.left < len ? 0 : (int64_t)len + STREAM_FRONT;
}

static int item_take(struct stream_parser *p, struct bytes item, stream_visit *visit, void *ctx)
{
    enum stream_kind kind = (enum stream_kind)item.data[0];
    int r;

    p->last = item.data[0];
    if (kind == STREAM_RECORD)
        p->records++;
    if (kind != STREAM_END) { /* the end proves what came before it */
        r = chain_take(p->chain, item);
        if (r)
            return r;
    }
    return visit(ctx, kind, bytes_of(item.data + STREAM_FRONT, item.len - STREAM_FRONT));
}

int stream_feed(struct stream_parser *p, struct bytes octets, stream_visit *visit, void *ctx)
{
    size_t at = 0;
    int64_t n = 0;
    int r;

    buf_put(&p->held, octets.data, octets.len);
    r = buf_status(&p->held);
    while (r == 0 && p->held.len > at) {
        n = item_at(p, at);
        if (n <= 0)
            break;
        r = item_take(p, bytes_of(p->held.data + at, (size_t)n), visit, ctx);
        at += (size_t)n;
    }
    if (r == 0 && n < 0)
        r = (int)n;
    if (at) {
        memmove(p->held.data, p->held.data + at, p->held.len - at);
        p->held.len -= at;
    }
    return r;
}

int stream_ended(const struct stream_parser *p)
{
    return p->last == STREAM_END && !p->held.len ? 0 : -EBADMSG;
}

int stream_prove(const struct stream_parser *p, const struct secret *key,
                 const struct stream_end *end)
{
    uint8_t proof[SHA256_LEN];
    int r = crypto_hmac(key, bytes_of(p->chain, SHA256_LEN), proof);

    if (r)
        return r;
    return end->records == p->records && crypto_equal(proof, end->proof, SHA256_LEN) ? 0 : -EBADMSG;
}

/* --- bodies --- */

int stream_begin_decode(struct bytes body, struct stream_begin *out)
{
    struct cursor c = cursor_of(body);

    memset(out, 0, sizeof(*out));
    if (cursor_u8(&c) != STREAM_VERSION)
        return -EBADMSG;
    out->mode = cursor_u8(&c);
    cursor_text(&c, out->origin, sizeof(out->origin));
    out->at_ms = cursor_i64(&c);
    out->reading = cursor_u64(&c);
    out->leaves = cursor_u64(&c);
    out->head_size = cursor_u64(&c);
    out->note = cursor_var(&c, STREAM_NOTE_MAX);
    out->n_tables = cursor_u8(&c);
    if (out->n_tables > STREAM_TABLES_MAX)
        return -EBADMSG;
    for (size_t i = 0; i < out->n_tables; i++) {
        cursor_text(&c, out->tables[i].name, STREAM_NAME_MAX);
        out->tables[i].schema = cursor_u16(&c);
    }
    return cursor_end(&c);
}

int stream_period_decode(struct bytes body, const struct secret *key, struct stream_period *out)
{
    ALM_CLEANUP(buf_deinit) struct buf plain = { 0 };
    struct cursor c = cursor_of(body);
    uint8_t ad[4];
    int r;

    out->number = cursor_u32(&c);
    if (c.failed || c.left != sizeof(out->secret.octets) + SEAL_OVERHEAD)
        return -EBADMSG;
    buf_init(&plain, sizeof(out->secret.octets));
    r = buf_room(&plain, sizeof(out->secret.octets));
    if (r == 0)
        r = seal_open(key, period_ad(ad, out->number), bytes_of(c.at, c.left), &plain);
    if (r == 0)
        memcpy(out->secret.octets, plain.data, sizeof(out->secret.octets));
    if (plain.data)
        crypto_wipe(plain.data, plain.cap);
    return r;
}

int stream_table_decode(struct bytes body, char out[static STREAM_NAME_MAX])
{
    struct cursor c = cursor_of(body);

    cursor_text(&c, out, STREAM_NAME_MAX);
    return cursor_end(&c);
}

int stream_record_decode(struct bytes body, struct stream_record *out)
{
    struct cursor c = cursor_of(body);
    uint16_t len = cursor_u16(&c);

    out->key = cursor_take(&c, len);
    out->value = cursor_take(&c, c.left);
    if (c.failed || len == 0 || len > STREAM_KEY_MAX || !out->value.len)
        return -EBADMSG;
    return 0;
}

int stream_end_decode(struct bytes body, struct stream_end *out)
{
    struct cursor c = cursor_of(body);
    struct bytes proof;

    out->records = cursor_u64(&c);
    proof = cursor_take(&c, SHA256_LEN);
    if (cursor_end(&c))
        return -EBADMSG;
    memcpy(out->proof, proof.data, SHA256_LEN);
    return 0;
}
