/* SPDX-License-Identifier: Apache-2.0 */
/* cut.h - a copy that may be shortened, for lines that were checked before or are for people. */
#pragma once
#include <stddef.h>
#include <string.h>

/* As much of text as fits, never half a UTF-8 character; NUL-terminated. size > 0. */
static inline void text_cut(char *out, size_t size, const char *text)
{
    size_t len = strnlen(text, size);

    if (len == size) {
        len--;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
    }
    memcpy(out, text, len);
    out[len] = '\0';
}
