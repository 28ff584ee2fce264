/* SPDX-License-Identifier: Apache-2.0 */
/* bytes.c - views, bounded growable buffers and checked readers. Knows nothing of what the bytes
 * mean. */
#include "base/bytes.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bytes bytes_of(const void *data, size_t len)
{
    return (struct bytes){ .data = data, .len = len };
}

struct bytes bytes_str(const char *text)
{
    return bytes_of(text, strlen(text));
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    /* memcmp must not see NULL, even for no bytes */
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

void buf_init(struct buf *b, size_t max_bytes)
{
    *b = (struct buf){ .max = max_bytes };
}

void buf_deinit(struct buf *b)
{
    free(b->data);
    *b = (struct buf){ 0 };
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->status = 0;
}

/* Makes room for extra bytes and one more, so that buf_printf may let vsnprintf end with its NUL.
 */
static bool buf_reserve(struct buf *b, size_t extra)
{
    size_t need, cap;
    uint8_t *grown;

    if (b->status)
        return false;
    if (extra > b->max - b->len || b->max > SIZE_MAX / 2) {
        b->status = -E2BIG;
        return false;
    }
    need = b->len + extra + 1;
    if (need <= b->cap)
        return true;
    cap = b->cap * 2 > 64 ? b->cap * 2 : 64;
    if (cap > b->max + 1)
        cap = b->max + 1;
    if (cap < need)
        cap = need;
    grown = realloc(b->data, cap);
    if (!grown) {
        b->status = -ENOMEM;
        return false;
    }
    b->data = grown;
    b->cap = cap;
    return true;
}

void buf_put(struct buf *b, const void *data, size_t len)
{
    if (!buf_reserve(b, len) || len == 0)
        return;
    memcpy(b->data + b->len, data, len);
    b->len += len;
}

static void buf_put_big_endian(struct buf *b, uint64_t v, size_t n)
{
    uint8_t octets[8];

    for (size_t i = 0; i < n; i++)
        octets[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
    buf_put(b, octets, n);
}

void buf_put_u8(struct buf *b, uint8_t v)
{
    buf_put(b, &v, 1);
}

void buf_put_u16(struct buf *b, uint16_t v)
{
    buf_put_big_endian(b, v, 2);
}

void buf_put_u32(struct buf *b, uint32_t v)
{
    buf_put_big_endian(b, v, 4);
}

void buf_put_u64(struct buf *b, uint64_t v)
{
    buf_put_big_endian(b, v, 8);
}

void buf_put_i32(struct buf *b, int32_t v)
{
    buf_put_big_endian(b, (uint32_t)v, 4);
}

void buf_put_i64(struct buf *b, int64_t v)
{
    buf_put_big_endian(b, (uint64_t)v, 8);
}

void buf_put_var(struct buf *b, const void *data, size_t len)
{
    if (len > UINT32_MAX) {
        if (!b->status)
            b->status = -E2BIG;
        return;
    }
    buf_put_u32(b, (uint32_t)len);
    buf_put(b, data, len);
}

void buf_put_text(struct buf *b, const char *text)
{
    buf_put_var(b, text, strlen(text));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0) {
        if (!b->status)
            b->status = -E2BIG; /* glibc fails only past INT_MAX characters */
        return;
    }
    if (!buf_reserve(b, (size_t)n))
        return;
    va_start(args, fmt);
    (void)vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, args);
    va_end(args);
    b->len += (size_t)n;
}

int buf_room(struct buf *b, size_t n)
{
    (void)buf_reserve(b, n);
    return b->status;
}

int buf_status(const struct buf *b)
{
    return b->status;
}

struct bytes buf_view(const struct buf *b)
{
    return bytes_of(b->data, b->len);
}

struct cursor cursor_of(struct bytes b)
{
    return (struct cursor){ .at = b.data, .left = b.len };
}

struct bytes cursor_take(struct cursor *c, size_t len)
{
    struct bytes taken = { 0 };

    if (c->failed || len > c->left) {
        c->failed = true;
        return taken;
    }
    if (len == 0)
        return taken;
    taken = bytes_of(c->at, len);
    c->at += len;
    c->left -= len;
    return taken;
}

static uint64_t cursor_big_endian(struct cursor *c, size_t n)
{
    struct bytes b = cursor_take(c, n);
    uint64_t v = 0;

    for (size_t i = 0; i < b.len; i++)
        v = v << 8 | b.data[i];
    return v;
}

uint8_t cursor_u8(struct cursor *c)
{
    return (uint8_t)cursor_big_endian(c, 1);
}

uint16_t cursor_u16(struct cursor *c)
{
    return (uint16_t)cursor_big_endian(c, 2);
}

uint32_t cursor_u32(struct cursor *c)
{
    return (uint32_t)cursor_big_endian(c, 4);
}

uint64_t cursor_u64(struct cursor *c)
{
    return cursor_big_endian(c, 8);
}

int32_t cursor_i32(struct cursor *c)
{
    return (int32_t)cursor_u32(c);
}

int64_t cursor_i64(struct cursor *c)
{
    return (int64_t)cursor_u64(c);
}

struct bytes cursor_var(struct cursor *c, size_t max_len)
{
    uint32_t len = cursor_u32(c);

    if (len > max_len)
        c->failed = true;
    return cursor_take(c, len);
}

void cursor_text(struct cursor *c, char *out, size_t out_size)
{
    struct bytes b = cursor_var(c, out_size - 1);

    out[0] = '\0';
    if (c->failed)
        return;
    if (b.len && memchr(b.data, 0, b.len)) {
        c->failed = true;
        return;
    }
    if (b.len)
        memcpy(out, b.data, b.len);
    out[b.len] = '\0';
}

int cursor_end(const struct cursor *c)
{
    return c->failed || c->left ? -EBADMSG : 0;
}
