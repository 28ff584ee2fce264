/* SPDX-License-Identifier: Apache-2.0 */
/* chunks.c - libsodium's sealed box around a file key; AES-256-GCM around each chunk, with the
 * header's proof, the chunk's number and whether it is the last as associated data. */
#include "backup/chunks.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAGIC       "ALMONER-BACKUP\r\n" /* a transfer as text would spoil it, and be seen */
#define MAGIC_LEN   16
#define VERSION     1
#define FRONT_LEN   (MAGIC_LEN + 2 + 2) /* magic, version, length of the body */
#define BOX_LEN     (sizeof(struct secret) + crypto_box_SEALBYTES)
#define CHUNK_FRONT (8 + 1 + 4) /* number, is it the last, length of what is sealed */
#define CHUNK_MOST  (BACKUP_CHUNK_BYTES + SEAL_OVERHEAD)
#define AD_LABEL    "almoner/backup/v1/chunk" /* and its NUL */
#define AD_LEN      (sizeof(AD_LABEL) + SHA256_LEN + 8 + 1)

_Static_assert(crypto_box_PUBLICKEYBYTES == BACKUP_PUBLIC_LEN &&
                   crypto_box_SECRETKEYBYTES == sizeof(struct secret),
               "keys as libsodium has them");

struct backup_writer {
    int fd;
    struct secret chunk_key;
    uint8_t proof[SHA256_LEN]; /* of the header */
    uint64_t n, octets;
    struct buf plain, out;
};
struct backup_reader {
    int fd;
    struct backup_header header;
    struct secret chunk_key;
    uint8_t proof[SHA256_LEN];
    uint64_t n, offset, at; /* at: octets read */
    bool ended;
    struct buf in, plain;
};

const char *backup_damage_words(enum backup_damage d)
{
    static const char *const words[] = {
        [BACKUP_NOT_ONE] = "this is no backup of almoner's",
        [BACKUP_NEWER] = "this backup was made by a newer program",
        [BACKUP_OTHER_KEY] = "it was sealed to another key, or its header is altered",
        [BACKUP_HEADER] = "its header is altered",
        [BACKUP_CUT] = "the file ends before its last chunk: it was cut short, or never finished",
        [BACKUP_CHUNK_MOVED] = "another chunk stands where this one belongs",
        [BACKUP_CHUNK_ALTERED] = "the chunk is altered, or another file's",
        [BACKUP_APPENDED] = "something follows the last chunk",
    };

    return d > 0 && (size_t)d < ALM_LEN(words) ? words[d] : "";
}

int backup_public(const struct secret *key, uint8_t out[static BACKUP_PUBLIC_LEN])
{
    if (sodium_init() < 0)
        return -EINVAL;
    return crypto_scalarmult_base(out, key->octets) == 0 ? 0 : -EINVAL;
}

/* --- what both ends compute --- */

static int keys_of(const struct secret *file_key, struct secret *header_key,
                   struct secret *chunk_key)
{
    int r = crypto_derive(file_key, "almoner/backup/v1/header", header_key);

    return r ? r : crypto_derive(file_key, "almoner/backup/v1/chunks", chunk_key);
}

static struct bytes chunk_ad(uint8_t ad[static AD_LEN], const uint8_t proof[static SHA256_LEN],
                             uint64_t n, bool last)
{
    uint8_t *at = ad;

    memcpy(at, AD_LABEL, sizeof(AD_LABEL));
    at += sizeof(AD_LABEL);
    memcpy(at, proof, SHA256_LEN);
    at += SHA256_LEN;
    for (int i = 0; i < 8; i++)
        *at++ = (uint8_t)(n >> (56 - 8 * i));
    *at = last;
    return bytes_of(ad, AD_LEN);
}

/* --- writing --- */

static int write_all(int fd, struct bytes b)
{
    while (b.len) {
        ssize_t n = write(fd, b.data, b.len);

        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0) {
            b.data += n;
            b.len -= (size_t)n;
        }
    }
    return 0;
}

static void header_encode(const struct backup_header *h, const uint8_t box[static BOX_LEN],
                          struct buf *out)
{
    size_t body = 1 + 4 + strlen(h->origin) + ID_LEN + 8 + BACKUP_PUBLIC_LEN + 4 + 4 + BOX_LEN;

    buf_put(out, MAGIC, MAGIC_LEN);
    buf_put_u16(out, VERSION);
    buf_put_u16(out, (uint16_t)body);
    buf_put_u8(out, h->mode);
    buf_put_text(out, h->origin);
    buf_put(out, h->id.octets, ID_LEN);
    buf_put_i64(out, h->made_ms);
    buf_put(out, h->to, BACKUP_PUBLIC_LEN);
    buf_put_i32(out, h->expires_on);
    buf_put_u32(out, BACKUP_CHUNK_BYTES);
    buf_put(out, box, BOX_LEN);
}

static int header_write(struct backup_writer *w, const struct backup_header *h)
{
    ALM_CLEANUP(secret_wipe) struct secret file_key = { 0 }, header_key = { 0 };
    uint8_t box[BOX_LEN];
    int r = crypto_random(file_key.octets, sizeof(file_key.octets));

    if (r == 0)
        r = keys_of(&file_key, &header_key, &w->chunk_key);
    if (r == 0 && crypto_box_seal(box, file_key.octets, sizeof(file_key.octets), h->to) != 0)
        r = -EINVAL; /* a point of small order is no key */
    if (r)
        return r;
    header_encode(h, box, &w->out);
    r = buf_status(&w->out);
    if (r == 0)
        r = crypto_hmac(&header_key, buf_view(&w->out), w->proof);
    buf_put(&w->out, w->proof, sizeof(w->proof));
    if (r == 0)
        r = buf_status(&w->out);
    if (r == 0)
        r = write_all(w->fd, buf_view(&w->out));
    w->octets = w->out.len;
    return r;
}

int backup_writer_open(int fd, const struct backup_header *h, struct backup_writer **out)
{
    ALM_CLEANUP(backup_writer_freep) struct backup_writer *w = calloc(1, sizeof(*w));
    int r;

    if (!w)
        return -ENOMEM;
    if (sodium_init() < 0 || strlen(h->origin) >= BACKUP_ORIGIN_MAX)
        return -EINVAL;
    w->fd = fd;
    buf_init(&w->plain, BACKUP_CHUNK_BYTES);
    buf_init(&w->out, CHUNK_MOST + CHUNK_FRONT);
    r = buf_room(&w->plain, BACKUP_CHUNK_BYTES); /* all at once: a buf that grows leaves copies */
    if (r == 0)
        r = header_write(w, h);
    if (r)
        return r;
    *out = w;
    w = NULL;
    return 0;
}

static int chunk_write(struct backup_writer *w, bool last)
{
    uint8_t ad[AD_LEN];
    int r;

    buf_reset(&w->out);
    buf_put_u64(&w->out, w->n);
    buf_put_u8(&w->out, last);
    buf_put_u32(&w->out, (uint32_t)(w->plain.len + SEAL_OVERHEAD));
    r = buf_status(&w->out);
    if (r == 0)
        r = seal(&w->chunk_key, chunk_ad(ad, w->proof, w->n, last), buf_view(&w->plain), &w->out);
    if (r == 0)
        r = write_all(w->fd, buf_view(&w->out));
    if (r)
        return r;
    w->n++;
    w->octets += w->out.len;
    buf_reset(&w->plain);
    return 0;
}

int backup_writer_put(struct backup_writer *w, struct bytes plain)
{
    while (plain.len) {
        size_t room = BACKUP_CHUNK_BYTES - w->plain.len;
        size_t n = plain.len < room ? plain.len : room;
        int r;

        if (!room) { /* only now: the last chunk may be a full one */
            r = chunk_write(w, false);
            if (r)
                return r;
            continue;
        }
        buf_put(&w->plain, plain.data, n);
        r = buf_status(&w->plain);
        if (r)
            return r;
        plain.data += n;
        plain.len -= n;
    }
    return 0;
}

int backup_writer_finish(struct backup_writer *w)
{
    return chunk_write(w, true);
}

uint64_t backup_writer_octets(const struct backup_writer *w)
{
    return w->octets;
}

static void buf_wipe(struct buf *b)
{
    if (b->data)
        crypto_wipe(b->data, b->cap);
    buf_deinit(b);
}

struct backup_writer *backup_writer_free(struct backup_writer *w)
{
    if (!w)
        return NULL;
    secret_wipe(&w->chunk_key);
    buf_wipe(&w->plain);
    buf_deinit(&w->out);
    free(w);
    return NULL;
}

void backup_writer_freep(struct backup_writer **w)
{
    *w = backup_writer_free(*w);
}

/* --- reading --- */

/* Return: octets read, fewer than asked for only at the end of the file; -errno. */
static ssize_t read_some(struct backup_reader *r, size_t len)
{
    size_t got = 0;
    int room;

    buf_reset(&r->in);
    room = buf_room(&r->in, len);
    if (room)
        return room;
    while (got < len) {
        ssize_t n = read(r->fd, r->in.data + got, len - got);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    r->in.len = got;
    r->at += got;
    return (ssize_t)got;
}

static int header_body(struct backup_reader *r, struct cursor *c, struct bytes *box)
{
    struct backup_header *h = &r->header;
    struct bytes id, to;

    h->mode = cursor_u8(c);
    cursor_text(c, h->origin, sizeof(h->origin));
    id = cursor_take(c, ID_LEN);
    h->made_ms = cursor_i64(c);
    to = cursor_take(c, BACKUP_PUBLIC_LEN);
    h->expires_on = cursor_i32(c);
    if (cursor_u32(c) != BACKUP_CHUNK_BYTES)
        return BACKUP_HEADER;
    *box = cursor_take(c, BOX_LEN);
    if (cursor_end(c))
        return BACKUP_HEADER;
    memcpy(h->id.octets, id.data, ID_LEN);
    memcpy(h->to, to.data, BACKUP_PUBLIC_LEN);
    return 0;
}

static int header_prove(struct backup_reader *r, const struct secret *key, struct bytes box,
                        struct bytes proved, const uint8_t proof[static SHA256_LEN])
{
    ALM_CLEANUP(secret_wipe) struct secret file_key = { 0 }, header_key = { 0 };
    uint8_t public_key[BACKUP_PUBLIC_LEN], again[SHA256_LEN];
    int e = backup_public(key, public_key);

    if (e)
        return e;
    if (crypto_box_seal_open(file_key.octets, box.data, box.len, public_key, key->octets) != 0)
        return BACKUP_OTHER_KEY;
    e = keys_of(&file_key, &header_key, &r->chunk_key);
    if (e == 0)
        e = crypto_hmac(&header_key, proved, again);
    if (e)
        return e;
    if (!crypto_equal(again, proof, SHA256_LEN))
        return BACKUP_HEADER;
    memcpy(r->proof, again, SHA256_LEN);
    return 0;
}

static int header_read(struct backup_reader *r, const struct secret *key)
{
    uint8_t whole[FRONT_LEN + BACKUP_HEADER_MAX];
    struct cursor c;
    struct bytes box = { 0 };
    uint16_t version, len;
    ssize_t n = read_some(r, FRONT_LEN);
    int e;

    if (n < 0)
        return (int)n;
    if (n < FRONT_LEN || memcmp(r->in.data, MAGIC, MAGIC_LEN) != 0)
        return BACKUP_NOT_ONE;
    memcpy(whole, r->in.data, FRONT_LEN);
    c = cursor_of(bytes_of(whole + MAGIC_LEN, 4));
    version = cursor_u16(&c);
    len = cursor_u16(&c);
    if (version != VERSION)
        return version > VERSION ? BACKUP_NEWER : BACKUP_NOT_ONE;
    if (len > BACKUP_HEADER_MAX - SHA256_LEN)
        return BACKUP_HEADER;
    n = read_some(r, (size_t)len + SHA256_LEN);
    if (n < 0)
        return (int)n;
    if ((size_t)n < (size_t)len + SHA256_LEN)
        return BACKUP_CUT;
    memcpy(whole + FRONT_LEN, r->in.data, len);
    c = cursor_of(bytes_of(whole + FRONT_LEN, len));
    e = header_body(r, &c, &box);
    return e ? e
             : header_prove(r, key, box, bytes_of(whole, FRONT_LEN + (size_t)len),
                            r->in.data + len);
}

int backup_reader_open(int fd, const struct secret *key, struct backup_reader **out)
{
    ALM_CLEANUP(backup_reader_freep) struct backup_reader *r = calloc(1, sizeof(*r));
    int e;

    if (!r)
        return -ENOMEM;
    r->fd = fd;
    buf_init(&r->in, CHUNK_MOST + CHUNK_FRONT);
    buf_init(&r->plain, BACKUP_CHUNK_BYTES);
    e = buf_room(&r->plain, BACKUP_CHUNK_BYTES);
    if (e == 0)
        e = header_read(r, key);
    if (e < 0 || e == BACKUP_NOT_ONE || e == BACKUP_NEWER)
        return e;
    r->ended = e != 0; /* nothing is read past a header that does not hold */
    *out = r;
    r = NULL;
    return e;
}

const struct backup_header *backup_reader_header(const struct backup_reader *r)
{
    return &r->header;
}

/* Nothing may follow the last chunk. */
static int reader_end(struct backup_reader *r)
{
    ssize_t n = read_some(r, 1);

    r->ended = true;
    return n < 0 ? (int)n : n > 0 ? BACKUP_APPENDED : 0;
}

int backup_reader_next(struct backup_reader *r, struct bytes *plain, bool *last)
{
    uint8_t ad[AD_LEN];
    struct cursor c;
    uint64_t n_said;
    uint32_t len;
    uint8_t is_last;
    ssize_t n;

    if (r->ended)
        return -EINVAL;
    r->offset = r->at;
    n = read_some(r, CHUNK_FRONT);
    if (n < 0)
        return (int)n;
    if (n < CHUNK_FRONT)
        return BACKUP_CUT;
    c = cursor_of(buf_view(&r->in));
    n_said = cursor_u64(&c);
    is_last = cursor_u8(&c);
    len = cursor_u32(&c);
    if (is_last > 1 || len < SEAL_OVERHEAD || len > CHUNK_MOST || (!is_last && len != CHUNK_MOST))
        return BACKUP_CHUNK_ALTERED;
    n = read_some(r, len);
    if (n < 0)
        return (int)n;
    if ((size_t)n < len)
        return BACKUP_CUT;
    buf_reset(&r->plain);
    if (seal_open(&r->chunk_key, chunk_ad(ad, r->proof, n_said, is_last), buf_view(&r->in),
                  &r->plain))
        return BACKUP_CHUNK_ALTERED;
    if (n_said != r->n)
        return BACKUP_CHUNK_MOVED; /* one of this file's, but not here */
    r->n++;
    *plain = buf_view(&r->plain);
    *last = is_last;
    return is_last ? reader_end(r) : 0;
}

uint64_t backup_reader_chunk(const struct backup_reader *r)
{
    return r->n;
}

uint64_t backup_reader_offset(const struct backup_reader *r)
{
    return r->offset;
}

struct backup_reader *backup_reader_free(struct backup_reader *r)
{
    if (!r)
        return NULL;
    secret_wipe(&r->chunk_key);
    buf_wipe(&r->plain);
    buf_deinit(&r->in);
    free(r);
    return NULL;
}

void backup_reader_freep(struct backup_reader **r)
{
    *r = backup_reader_free(*r);
}
