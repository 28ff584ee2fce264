/* SPDX-License-Identifier: Apache-2.0 */
/* cut.c - shortening a text between two characters. */
#include "cut.h"

#include <string.h>

void text_cut(char *out, size_t size, const char *text)
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
