/* SPDX-License-Identifier: Apache-2.0 */
/* pins.c - chains of announcements, verified as the broker verified them: over the received bytes.
 */
#include "lib/pins.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIN_MAGIC "ALMPIN1" /* with its NUL */
#define PIN_MAX   (sizeof(PIN_MAGIC) + 64 + SHA256_LEN)

struct pins {
    char dir[PATH_MAX - 128];
};

int pins_open(const char *dir, struct pins **out)
{
    struct pins *p = calloc(1, sizeof(*p));
    int r = p ? text_copy(p->dir, sizeof(p->dir), dir) : -ENOMEM;

    if (r == 0)
        r = file_mkdirs(dir, 0700);
    if (r != 0) {
        free(p);
        return r;
    }
    *out = p;
    return 0;
}

struct pins *pins_close(struct pins *p)
{
    free(p);
    return NULL;
}

void pins_closep(struct pins **p)
{
    *p = pins_close(*p);
}

/* An agency's id is a file's name here: no slash, no leading dot. */
static int pin_path(const struct pins *p, const char *agency, char out[static PATH_MAX])
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
    int n;

    if (!agency[0] || agency[0] == '.' || strspn(agency, good) != strlen(agency) ||
        strlen(agency) >= NAME_MAX_LEN)
        return -EINVAL;
    n = snprintf(out, PATH_MAX, "%s/%s", p->dir, agency);
    return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int pins_find(const struct pins *p, const char *agency, struct pin *out)
{
    ALM_CLEANUP(buf_deinit) struct buf file;
    uint8_t sum[SHA256_LEN];
    char path[PATH_MAX];
    int r = pin_path(p, agency, path);

    buf_init(&file, PIN_MAX);
    if (r == 0)
        r = file_read(path, PIN_MAX, &file);
    if (r != 0)
        return r == -E2BIG || r == -EISDIR || r == -EINVAL ? -EBADMSG : r;
    if (file.len != PIN_MAX || memcmp(file.data, PIN_MAGIC, sizeof(PIN_MAGIC)) != 0)
        return -EBADMSG;
    r = crypto_sha256(bytes_of(file.data, PIN_MAX - SHA256_LEN), sum);
    if (r != 0)
        return r;
    if (memcmp(sum, file.data + PIN_MAX - SHA256_LEN, SHA256_LEN) != 0)
        return -EBADMSG;
    memcpy(out->sign_key, file.data + sizeof(PIN_MAGIC), 32);
    memcpy(out->key, file.data + sizeof(PIN_MAGIC) + 32, 32);
    return 0;
}

static int pin_write(const struct pins *p, const char *agency, const struct pin *pin)
{
    ALM_CLEANUP(buf_deinit) struct buf file;
    uint8_t sum[SHA256_LEN];
    char path[PATH_MAX];
    int r = pin_path(p, agency, path);

    buf_init(&file, PIN_MAX);
    buf_put(&file, PIN_MAGIC, sizeof(PIN_MAGIC));
    buf_put(&file, pin->sign_key, sizeof(pin->sign_key));
    buf_put(&file, pin->key, sizeof(pin->key));
    if (r == 0)
        r = buf_status(&file);
    if (r == 0)
        r = crypto_sha256(buf_view(&file), sum);
    buf_put(&file, sum, sizeof(sum));
    return r == 0 ? file_write(path, buf_view(&file), 0600) : r;
}

/* One announcement: signed by the key told, by this agency, and naming the one before. */
static bool link_read(const struct wire_context *ctx, const struct msg_sealing_keys *keys, size_t i,
                      struct msg *scratch, struct pins_chain *out)
{
    const struct msg_sealing_signed *s = &keys->keys[i];
    uint8_t key_id[WIRE_KEY_ID_LEN];
    const struct wire_envelope e = { .body = s->body,
                                     .key_id = { key_id, sizeof(key_id) },
                                     .signature = { s->signature, SIGN_LEN } };
    struct pins_link *to = &out->links[out->n];

    wire_key_id(keys->sign_key, key_id);
    if (wire_verify(&e, ctx, keys->sign_key) != 0 || wire_decode(s->body, scratch) != WIRE_OK ||
        scratch->type != MSG_SEALING_KEY || strcmp(scratch->sender, keys->agency) != 0)
        return false;
    to->has_previous = scratch->sealing_key.has_previous;
    to->from = scratch->sealing_key.from;
    memcpy(to->key, scratch->sealing_key.key, 32);
    memcpy(to->previous, scratch->sealing_key.previous, 32);
    if (out->n && (!to->has_previous || memcmp(to->previous, out->links[out->n - 1].key, 32) != 0))
        return false;
    out->n++;
    return true;
}

static int link_find(const struct pins_chain *c, const uint8_t key[static 32])
{
    for (int i = 0; i < c->n; i++) {
        if (memcmp(c->links[i].key, key, 32) == 0)
            return i;
    }
    return -1;
}

/* The chain holds together, so it only has to hold the pinned key, under the pinned signing key. */
static enum pins_state chain_state(const struct pins_chain *c)
{
    if (c->forged)
        return PINS_CHANGED;
    if (c->has_pin &&
        (memcmp(c->pin.sign_key, c->sign_key, 32) != 0 || link_find(c, c->pin.key) < 0))
        return PINS_CHANGED; /* also when what we pinned is no longer told */
    if (c->current < 0)
        return PINS_NONE;
    return c->has_pin ? PINS_PINNED : PINS_NEW;
}

int pins_check(const struct pins *p, const struct wire_context *ctx,
               const struct msg_sealing_keys *keys, int32_t day, struct pins_chain *out)
{
    struct msg *scratch = calloc(1, sizeof(*scratch));
    int r;

    memset(out, 0, sizeof(*out));
    out->current = -1;
    if (!scratch)
        return -ENOMEM;
    memcpy(out->sign_key, keys->sign_key, sizeof(out->sign_key));
    for (size_t i = 0; i < keys->n && !out->forged; i++) {
        bool good = link_read(ctx, keys, i, scratch, out);

        /* Announcements of an earlier signing key prove nothing to us, and do no harm before the
         * first good one. */
        out->forged = !good && (out->n || i + 1u == keys->n);
    }
    free(scratch);
    r = pins_find(p, keys->agency, &out->pin);
    if (r != 0 && r != -ENOENT)
        return r;
    out->has_pin = r == 0;
    for (int i = 0; i < out->n && !out->forged; i++) {
        if (out->links[i].from <= day)
            out->current = i;
    }
    out->state = chain_state(out);
    return 0;
}

int pins_use(const struct pins *p, const char *agency, const struct pins_chain *chain)
{
    struct pin pin;

    if ((chain->state != PINS_NEW && chain->state != PINS_PINNED) || chain->current < 0)
        return -EPERM;
    if (chain->has_pin && link_find(chain, chain->pin.key) >= chain->current)
        return 0; /* pinned already; or pinned for a day that has not come */
    memcpy(pin.sign_key, chain->sign_key, sizeof(pin.sign_key));
    memcpy(pin.key, chain->links[chain->current].key, sizeof(pin.key));
    return pin_write(p, agency, &pin);
}

int pins_accept(const struct pins *p, const char *agency, const struct pins_chain *chain,
                const uint8_t key[static 32])
{
    struct pin pin;

    if (chain->forged)
        return -EPERM;
    if (!chain->n || memcmp(chain->links[chain->n - 1].key, key, 32) != 0)
        return -ENOENT;
    memcpy(pin.sign_key, chain->sign_key, sizeof(pin.sign_key));
    memcpy(pin.key, key, sizeof(pin.key));
    return pin_write(p, agency, &pin);
}
