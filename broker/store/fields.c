/* SPDX-License-Identifier: Apache-2.0 */
/* fields.c - the fields that records share. */
#include "store/fields.h"

#include <string.h>

void field_put_text(struct buf *b, const char *text, size_t size)
{
    buf_put_var(b, text, strnlen(text, size - 1));
}

void field_put_token(struct buf *b, const struct token *token)
{
    buf_put_u8(b, token->kind);
    buf_put_u8(b, token->scheme);
    buf_put_u16(b, token->epoch);
    buf_put(b, token->value, TOKEN_LEN);
}

void field_take_token(struct cursor *c, struct token *out)
{
    struct bytes value;

    out->kind = cursor_u8(c);
    out->scheme = cursor_u8(c);
    out->epoch = cursor_u16(c);
    value = cursor_take(c, TOKEN_LEN);
    if (value.len)
        memcpy(out->value, value.data, TOKEN_LEN);
}

void field_put_set(struct buf *b, const struct token_set *set)
{
    uint8_t n = set->n < TOKEN_SET_MAX ? set->n : TOKEN_SET_MAX;

    buf_put_u8(b, set->unborn);
    buf_put_u8(b, n);
    for (uint8_t i = 0; i < n; i++)
        field_put_token(b, &set->tokens[i]);
}

void field_take_set(struct cursor *c, struct token_set *out)
{
    out->unborn = field_take_bool(c);
    out->n = cursor_u8(c);
    if (out->n > TOKEN_SET_MAX) {
        c->failed = true;
        out->n = 0;
    }
    for (uint8_t i = 0; i < out->n; i++)
        field_take_token(c, &out->tokens[i]);
}

void field_put_id(struct buf *b, const struct id *id)
{
    buf_put(b, id->octets, ID_LEN);
}

void field_take_id(struct cursor *c, struct id *out)
{
    struct bytes id = cursor_take(c, ID_LEN);

    if (id.len)
        memcpy(out->octets, id.data, ID_LEN);
}

bool field_take_bool(struct cursor *c)
{
    uint8_t v = cursor_u8(c);

    if (v > 1)
        c->failed = true;
    return v == 1;
}

void field_put_day(uint8_t out[static 4], int32_t day)
{
    uint32_t order = (uint32_t)day ^ 0x80000000u;

    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(order >> (24 - 8 * i));
}

int32_t field_take_day(const uint8_t octets[static 4])
{
    uint32_t order = 0;

    for (int i = 0; i < 4; i++)
        order = order << 8 | octets[i];
    return (int32_t)(order ^ 0x80000000u);
}
