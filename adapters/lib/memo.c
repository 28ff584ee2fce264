/* SPDX-License-Identifier: Apache-2.0 */
/* memo.c - a table of values by digest (open addressing), and a list of wants beside it. */
#include "lib/memo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_LEAST 64

enum slot_state { SLOT_FREE = 0, SLOT_VALUE, SLOT_USED, SLOT_WANTED, SLOT_GIVEN_UP };
struct slot {
    uint8_t state; /* enum slot_state */
    uint8_t tag[MEMO_TAG_LEN];
    uint8_t value[TOKEN_LEN];
};
struct memo {
    struct secret key;
    const struct memo *behind;
    struct slot *slots;
    size_t n_slots, n_taken; /* taken: not free, whatever their state */
    size_t n_values, n_open;
    struct memo_want wants[MEMO_WANTS_MAX]; /* a ring: what has not been taken */
    size_t first, n_wants;
};

int memo_new(const struct secret *key, struct memo **out)
{
    struct memo *m = calloc(1, sizeof(*m));
    int r;

    if (!m)
        return -ENOMEM;
    if (key)
        m->key = *key;
    r = key ? 0 : crypto_random(m->key.octets, sizeof(m->key.octets));
    if (r != 0) {
        memo_free(m);
        return r;
    }
    *out = m;
    return 0;
}

void memo_want_wipe(struct memo_want *w)
{
    if (w->input)
        crypto_wipe(w->input, w->len);
    free(w->input);
    *w = (struct memo_want){ .input = NULL };
}

void memo_wipe(struct memo *m)
{
    for (; m->n_wants; m->n_wants--) {
        memo_want_wipe(&m->wants[m->first]);
        m->first = (m->first + 1) % MEMO_WANTS_MAX;
    }
    if (m->slots)
        crypto_wipe(m->slots, m->n_slots * sizeof(*m->slots));
    free(m->slots);
    m->slots = NULL;
    m->n_slots = m->n_taken = m->n_values = m->n_open = 0;
}

struct memo *memo_free(struct memo *m)
{
    if (!m)
        return NULL;
    memo_wipe(m);
    secret_wipe(&m->key);
    free(m);
    return NULL;
}

void memo_behind(struct memo *m, const struct memo *behind)
{
    m->behind = behind;
}

size_t memo_count(const struct memo *m)
{
    return m->n_values;
}

size_t memo_n_wants(const struct memo *m)
{
    return m->n_wants;
}

size_t memo_n_open(const struct memo *m)
{
    return m->n_open;
}

/* The tag's slot, or the free one where it belongs. The table is never full. */
static struct slot *slot_of(const struct memo *m, const uint8_t tag[static MEMO_TAG_LEN])
{
    uint64_t hash;
    size_t i;

    memcpy(&hash, tag, sizeof(hash));
    for (i = (size_t)hash & (m->n_slots - 1); m->slots[i].state != SLOT_FREE;
         i = (i + 1) & (m->n_slots - 1)) {
        if (memcmp(m->slots[i].tag, tag, MEMO_TAG_LEN) == 0)
            break;
    }
    return &m->slots[i];
}

/* Room for one more, at most three quarters full. */
static int slots_grow(struct memo *m)
{
    struct memo larger = *m;

    if (m->n_slots && m->n_taken + 1 <= m->n_slots / 4 * 3)
        return 0;
    larger.n_slots = m->n_slots ? m->n_slots * 2 : SLOTS_LEAST;
    larger.slots = calloc(larger.n_slots, sizeof(*larger.slots));
    if (!larger.slots) {
        secret_wipe(&larger.key);
        return -ENOMEM;
    }
    for (size_t i = 0; i < m->n_slots; i++) {
        if (m->slots[i].state != SLOT_FREE)
            *slot_of(&larger, m->slots[i].tag) = m->slots[i];
    }
    if (m->slots)
        crypto_wipe(m->slots, m->n_slots * sizeof(*m->slots));
    free(m->slots);
    m->slots = larger.slots;
    m->n_slots = larger.n_slots;
    secret_wipe(&larger.key);
    return 0;
}

static int tag_of(const struct memo *m, struct bytes input, uint8_t tag[static MEMO_TAG_LEN])
{
    uint8_t digest[SHA256_LEN];
    int r = crypto_hmac(&m->key, input, digest);

    memcpy(tag, digest, MEMO_TAG_LEN);
    crypto_wipe(digest, sizeof(digest));
    return r;
}

static bool slot_read(struct slot *s, uint8_t value[static TOKEN_LEN])
{
    if (s->state != SLOT_VALUE && s->state != SLOT_USED)
        return false;
    s->state = SLOT_USED;
    memcpy(value, s->value, TOKEN_LEN);
    return true;
}

static int found_behind(const struct memo *m, struct bytes input, uint8_t value[static TOKEN_LEN])
{
    const struct memo *b = m->behind;
    uint8_t tag[MEMO_TAG_LEN];
    const struct slot *s;
    int r;

    if (!b || !b->n_slots)
        return -ENOENT;
    r = tag_of(b, input, tag);
    if (r != 0)
        return r;
    s = slot_of(b, tag);
    if (s->state != SLOT_VALUE && s->state != SLOT_USED)
        return -ENOENT;
    memcpy(value, s->value, TOKEN_LEN);
    return 0;
}

static int want_add(struct memo *m, const uint8_t tag[static MEMO_TAG_LEN], struct bytes input)
{
    struct memo_want *w = &m->wants[(m->first + m->n_wants) % MEMO_WANTS_MAX];
    struct slot *s;

    if (m->n_wants == MEMO_WANTS_MAX)
        return 0; /* the next time */
    if (slots_grow(m) != 0)
        return -ENOMEM;
    w->input = malloc(input.len ? input.len : 1);
    if (!w->input)
        return -ENOMEM;
    memcpy(w->input, input.data, input.len);
    w->len = input.len;
    memcpy(w->tag, tag, MEMO_TAG_LEN);
    m->n_wants++;
    s = slot_of(m, tag);
    m->n_taken += s->state == SLOT_FREE;
    m->n_open++;
    s->state = SLOT_WANTED;
    memcpy(s->tag, tag, MEMO_TAG_LEN);
    return 0;
}

int memo_find(struct memo *m, struct bytes input, uint8_t value[static TOKEN_LEN])
{
    uint8_t tag[MEMO_TAG_LEN];
    struct slot *s = NULL;
    int r;

    if (input.len > MEMO_INPUT_MAX)
        return -EINVAL;
    r = tag_of(m, input, tag);
    if (r != 0)
        return r;
    if (m->n_slots)
        s = slot_of(m, tag);
    if (s && slot_read(s, value))
        return 0;
    if (s && s->state == SLOT_WANTED)
        return -EAGAIN;
    r = found_behind(m, input, value);
    if (r == -ENOENT) {
        r = want_add(m, tag, input);
        return r ? r : -EAGAIN;
    }
    return r;
}

size_t memo_take(struct memo *m, struct memo_want *out, size_t max)
{
    size_t n = 0;

    for (; n < max && m->n_wants; n++) {
        out[n] = m->wants[m->first];
        m->wants[m->first] = (struct memo_want){ .input = NULL };
        m->first = (m->first + 1) % MEMO_WANTS_MAX;
        m->n_wants--;
    }
    return n;
}

int memo_put(struct memo *m, const uint8_t tag[static MEMO_TAG_LEN],
             const uint8_t value[static TOKEN_LEN])
{
    struct slot *s;

    if (slots_grow(m) != 0)
        return -ENOMEM;
    s = slot_of(m, tag);
    m->n_taken += s->state == SLOT_FREE;
    m->n_open -= s->state == SLOT_WANTED;
    m->n_values += s->state != SLOT_VALUE && s->state != SLOT_USED;
    s->state = SLOT_VALUE;
    memcpy(s->tag, tag, MEMO_TAG_LEN);
    memcpy(s->value, value, TOKEN_LEN);
    return 0;
}

void memo_give_up(struct memo *m, const uint8_t tag[static MEMO_TAG_LEN])
{
    struct slot *s = m->n_slots ? slot_of(m, tag) : NULL;

    if (!s || s->state != SLOT_WANTED)
        return;
    s->state = SLOT_GIVEN_UP; /* not free: others may lie behind it */
    m->n_open--;
}

int memo_each(const struct memo *m, bool used_only, memo_visit *visit, void *ctx)
{
    for (size_t i = 0; i < m->n_slots; i++) {
        const struct slot *s = &m->slots[i];
        int r = 0;

        if (s->state == SLOT_USED || (s->state == SLOT_VALUE && !used_only))
            r = visit(ctx, s->tag, s->value);
        if (r != 0)
            return r;
    }
    return 0;
}
