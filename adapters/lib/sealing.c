/* SPDX-License-Identifier: Apache-2.0 */
/* sealing.c - crypto_box_seal around: magic, referral, writer, text, zeroes up to whole KiB. */
#include "lib/sealing.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SEALING_MAGIC "ALMSEAL1" /* its NUL is in the box too */
#define SEALING_STEP  1024
#define PLAIN_MAX     15360 /* bytes before sealing: with crypto_box_SEALBYTES within SEALED_MAX */

_Static_assert(PLAIN_MAX % SEALING_STEP == 0 && PLAIN_MAX + crypto_box_SEALBYTES <= SEALED_MAX,
               "a box fits its message");
_Static_assert(crypto_box_PUBLICKEYBYTES == 32 && crypto_box_SECRETKEYBYTES == 32,
               "keys as on the wire");

int sealing_public(const struct secret *secret, uint8_t out[static 32])
{
    if (sodium_init() < 0)
        return -EINVAL;
    return crypto_scalarmult_base(out, secret->octets) == 0 ? 0 : -EINVAL;
}

static int plain_make(const struct id *about, const char *from, struct bytes text,
                      struct buf *plain)
{
    static const uint8_t zeroes[SEALING_STEP];

    buf_put(plain, SEALING_MAGIC, sizeof(SEALING_MAGIC));
    buf_put(plain, about->octets, ID_LEN);
    buf_put_text(plain, from);
    buf_put_var(plain, text.data, text.len);
    if (plain->len % SEALING_STEP)
        buf_put(plain, zeroes, SEALING_STEP - plain->len % SEALING_STEP);
    return buf_status(plain);
}

/* A buf that grows leaves its old bytes behind: all the room is made beforehand. */
static int plain_room(struct buf *plain)
{
    buf_init(plain, PLAIN_MAX);
    return buf_room(plain, PLAIN_MAX);
}

int sealing_seal(const uint8_t to[static 32], const struct id *about, const char *from,
                 struct bytes text, struct buf *out)
{
    ALM_CLEANUP(buf_deinit) struct buf plain;
    int r = plain_room(&plain);

    if (r != 0)
        return r;
    if (text.len > SEALING_TEXT_MAX)
        return -E2BIG;
    if (sodium_init() < 0 || !utf8_valid(text.data, text.len))
        return -EINVAL;
    r = plain_make(about, from, text, &plain);
    buf_reset(out);
    if (r == 0)
        r = buf_room(out, plain.len + crypto_box_SEALBYTES);
    if (r == 0 && crypto_box_seal(out->data, plain.data, plain.len, to) != 0)
        r = -EINVAL; /* a point of small order is no key */
    if (r == 0)
        out->len = plain.len + crypto_box_SEALBYTES;
    crypto_wipe(plain.data, plain.cap);
    return r;
}

/* Everything around the text is as it was made for this referral. */
static int plain_read(const struct buf *plain, const struct id *about, name_t from,
                      struct bytes *text)
{
    struct cursor c = cursor_of(buf_view(plain));
    struct bytes magic = cursor_take(&c, sizeof(SEALING_MAGIC)), id = cursor_take(&c, ID_LEN);

    cursor_text(&c, from, NAME_MAX_LEN);
    *text = cursor_var(&c, SEALING_TEXT_MAX);
    if (c.failed || memcmp(magic.data, SEALING_MAGIC, sizeof(SEALING_MAGIC)) != 0 ||
        memcmp(id.data, about->octets, ID_LEN) != 0 ||
        !utf8_valid((const uint8_t *)from, strlen(from)) || !utf8_valid(text->data, text->len))
        return -EBADMSG;
    while (c.left) {
        if (cursor_u8(&c) != 0)
            return -EBADMSG;
    }
    return 0;
}

int sealing_open(const struct secret *secret, const struct id *about, struct bytes sealed,
                 name_t from, struct buf *out)
{
    ALM_CLEANUP(buf_deinit) struct buf plain;
    uint8_t public_key[32];
    struct bytes text = { 0 };
    int r = plain_room(&plain);

    if (r == 0)
        r = sealing_public(secret, public_key);
    if (r != 0)
        return r;
    if (sealed.len < crypto_box_SEALBYTES || sealed.len - crypto_box_SEALBYTES > PLAIN_MAX)
        return -EBADMSG;
    plain.len = sealed.len - crypto_box_SEALBYTES;
    r = crypto_box_seal_open(plain.data, sealed.data, sealed.len, public_key, secret->octets) == 0
            ? 0
            : -EBADMSG;
    if (r == 0)
        r = plain_read(&plain, about, from, &text);
    buf_reset(out);
    if (r == 0)
        r = buf_room(out, text.len + 1);
    if (r == 0)
        buf_put(out, text.data, text.len);
    crypto_wipe(plain.data, plain.cap);
    return r == 0 ? buf_status(out) : r;
}
