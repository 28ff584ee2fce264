/* SPDX-License-Identifier: Apache-2.0 */
/* bytes.h - borrowed views, growable bounded buffers and checked readers of bytes. */
#pragma once
#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes { /* a borrowed view: never freed */
    const uint8_t *data;
    size_t len;
};
struct bytes bytes_of(const void *data, size_t len);
struct bytes bytes_str(const char *text); /* without the NUL */
bool bytes_equal(struct bytes a, struct bytes b); /* not constant-time: never for secrets */

/* A writer with a sticky error: put what you like, ask buf_status() once. */
struct buf {
    uint8_t *data; /* owned; NULL until the first put */
    size_t len, cap, max;
    int status; /* 0, -ENOMEM, or -E2BIG when a put would pass max */
};
void buf_init(struct buf *b, size_t max_bytes);
void buf_deinit(struct buf *b); /* for ALM_CLEANUP; safe on a zeroed struct */
void buf_reset(struct buf *b);  /* empty it, keep the memory and clear the status */
void buf_put(struct buf *b, const void *data, size_t len);
void buf_put_u8(struct buf *b, uint8_t v);
void buf_put_u16(struct buf *b, uint16_t v); /* all integers big-endian */
void buf_put_u32(struct buf *b, uint32_t v);
void buf_put_u64(struct buf *b, uint64_t v);
void buf_put_i32(struct buf *b, int32_t v);
void buf_put_i64(struct buf *b, int64_t v);
void buf_put_var(struct buf *b, const void *data, size_t len); /* u32 length, then the bytes */
void buf_put_text(struct buf *b, const char *text);            /* as buf_put_var, without NUL */
void buf_printf(struct buf *b, const char *fmt, ...) ALM_PRINTF(2, 3); /* appends, no NUL counted */
ALM_MUST_USE int buf_status(const struct buf *b);
/* Makes room for n more bytes, to be written at data + len by the caller, who then adds to len.
 * Return: the buffer's status. */
ALM_MUST_USE int buf_room(struct buf *b, size_t n);
struct bytes buf_view(const struct buf *b);

/* A reader with a sticky error: reading past the end gives zeroes and sets failed. */
struct cursor {
    const uint8_t *at;
    size_t left;
    bool failed;
};
struct cursor cursor_of(struct bytes b);
uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_u16(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);
int32_t cursor_i32(struct cursor *c);
int64_t cursor_i64(struct cursor *c);
struct bytes cursor_take(struct cursor *c, size_t len);
struct bytes cursor_var(struct cursor *c, size_t max_len); /* longer than max_len: failed */
/* Copies a text written by buf_put_text into out (NUL-terminated); too long or with a NUL: failed. */
void cursor_text(struct cursor *c, char *out, size_t out_size);
/* Return: 0 everything was read and nothing failed; -EBADMSG otherwise. */
ALM_MUST_USE int cursor_end(const struct cursor *c);

/* Hex and base64 (standard alphabet, padded). out of hex_encode holds 2*len+1 chars. */
void hex_encode(const void *data, size_t len, char *out);
ALM_MUST_USE int hex_decode(const char *text, void *out, size_t out_len); /* exact length or -EINVAL */
/* Return: characters written without NUL, or -ENOSPC. */
ALM_MUST_USE int base64_encode(const void *data, size_t len, char *out, size_t out_size);
/* Return: bytes written, or -EINVAL (any character outside the alphabet, wrong padding), -ENOSPC. */
ALM_MUST_USE int base64_decode(const char *text, size_t text_len, void *out, size_t out_size);
/* Strict UTF-8 (RFC 3629): no overlong forms, surrogates or values past U+10FFFF; NUL is refused too. */
bool utf8_valid(const void *data, size_t len);
/* Copies text, NUL-terminated. Return: 0, or -ENOSPC (out then holds ""). */
ALM_MUST_USE int text_copy(char *out, size_t out_size, const char *text);
