/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.c - which keys of match tokens a policy has in use, and who holds an oblivious one. */
#include "engine/tokens.h"
#include "engine/bundle.h"
#include <string.h>

const struct policy_tokens tokens_usual = {
    .keyholder = POLICY_NONE,
    .n = 1,
    .epochs = { { .scheme = POLICY_HMAC, .epoch = 1, .state = POLICY_EPOCH_CURRENT } },
};

void tokens_put(struct buf *out, const struct policy_tokens *t)
{
    buf_put_u16(out, t->keyholder);
    buf_put_u8(out, t->n);
    for (uint8_t i = 0; i < t->n; i++) {
        buf_put_u8(out, t->epochs[i].scheme);
        buf_put_u16(out, t->epochs[i].epoch);
        buf_put_u8(out, t->epochs[i].state);
        buf_put(out, t->epochs[i].public_key, sizeof(t->epochs[i].public_key));
    }
}

void tokens_read(struct reader *r, uint16_t n_agencies, struct policy_tokens *t)
{
    *t = tokens_usual;
    if (r->version < 6)
        return;
    t->keyholder = reader_index(r, n_agencies, true);
    t->n = reader_enum(r, 1, POLICY_EPOCHS_MAX);
    for (uint8_t i = 0; i < t->n && !r->bad; i++) {
        struct policy_epoch *e = &t->epochs[i];
        struct bytes key;

        e->scheme = reader_enum(r, POLICY_HMAC, POLICY_OBLIVIOUS);
        e->epoch = reader_number(r, 1, UINT16_MAX);
        e->state = reader_enum(r, POLICY_EPOCH_CURRENT, POLICY_EPOCH_PREVIOUS);
        key = cursor_take(&r->c, sizeof(e->public_key));
        if (key.len) /* else the bytes have ended, which is refused */
            memcpy(e->public_key, key.data, sizeof(e->public_key));
    }
    if (!r->bad && !tokens_sound(t))
        reader_refuse(r);
}

static bool keyed(const struct policy_epoch *e)
{
    uint8_t any = 0;

    for (size_t i = 0; i < sizeof(e->public_key); i++)
        any |= e->public_key[i];
    return any != 0;
}

bool tokens_sound(const struct policy_tokens *t)
{
    bool current = false;

    for (uint8_t i = 0; i < t->n; i++) {
        const struct policy_epoch *e = &t->epochs[i];
        bool oblivious = e->scheme == POLICY_OBLIVIOUS;

        if (e->epoch == 0 || keyed(e) != oblivious || (oblivious && t->keyholder == POLICY_NONE))
            return false;
        current = current || e->state == POLICY_EPOCH_CURRENT;
        for (uint8_t k = 0; k < i; k++)
            if (t->epochs[k].state == e->state ||
                (t->epochs[k].scheme == e->scheme && t->epochs[k].epoch == e->epoch))
                return false;
    }
    return current;
}

const struct policy_tokens *bundle_tokens(const struct bundle *b)
{
    return &b->l.tokens;
}

const struct policy_epoch *bundle_epoch(const struct bundle *b, uint8_t scheme, uint16_t epoch)
{
    for (uint8_t i = 0; i < b->l.tokens.n; i++)
        if (b->l.tokens.epochs[i].scheme == scheme && b->l.tokens.epochs[i].epoch == epoch)
            return &b->l.tokens.epochs[i];
    return NULL;
}

const struct policy_epoch *bundle_epoch_in(const struct bundle *b, uint8_t state)
{
    for (uint8_t i = 0; i < b->l.tokens.n; i++)
        if (b->l.tokens.epochs[i].state == state)
            return &b->l.tokens.epochs[i];
    return NULL;
}
