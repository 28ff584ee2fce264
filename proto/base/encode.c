/* SPDX-License-Identifier: Apache-2.0 */
/* encode.c - bytes as text: hex, base64, UTF-8. Every decoder is strict: one text for one value, so
 * that nothing can be said in two ways. */
#include "base/bytes.h"

#include <errno.h>
#include <string.h>

void hex_encode(const void *data, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *p = data;

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    out[2 * len] = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int hex_decode(const char *text, void *out, size_t out_len)
{
    uint8_t *p = out;

    if (strlen(text) != 2 * out_len)
        return -EINVAL;
    for (size_t i = 0; i < out_len; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return -EINVAL;
        p[i] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int base64_encode(const void *data, size_t len, char *out, size_t out_size)
{
    const uint8_t *p = data;
    size_t at = 0;

    if (len > INT32_MAX / 2 || (len + 2) / 3 * 4 + 1 > out_size)
        return -ENOSPC;
    for (size_t i = 0; i < len; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        uint32_t v = (uint32_t)p[i] << 16;

        if (n > 1)
            v |= (uint32_t)p[i + 1] << 8;
        if (n > 2)
            v |= p[i + 2];
        out[at++] = base64_digits[v >> 18];
        out[at++] = base64_digits[v >> 12 & 63];
        out[at++] = n > 1 ? base64_digits[v >> 6 & 63] : '=';
        out[at++] = n > 2 ? base64_digits[v & 63] : '=';
    }
    out[at] = '\0';
    return (int)at;
}

/* A digit's value and 1; 0: it is none. A table, because the text is as good as random: a branch guessed
 * wrongly for each character costs more than all the rest. */
static const uint8_t base64_values[UINT8_MAX + 1] = {
    ['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6, ['G'] = 7, ['H'] = 8,
    ['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

static int base64_digit(char c)
{
    return base64_values[(unsigned char)c] - 1;
}

/* Decodes a group of four. Return: bytes (1 to 3) or -EINVAL. Left-over bits must be zero (RFC 4648
 * section 3.5: "decoders MAY choose to reject" them; we do, or two texts would mean one value). */
static int base64_group(const char *text, bool last, uint8_t out[static 3])
{
    int n = 3;
    uint32_t v = 0;

    if (last && text[3] == '=')
        n = text[2] == '=' ? 1 : 2;
    for (int i = 0; i < 4; i++) {
        int digit = i > n ? 0 : base64_digit(text[i]);

        if (digit < 0)
            return -EINVAL;
        v = v << 6 | (uint32_t)digit;
    }
    if ((n == 1 && v & 0xffff) || (n == 2 && v & 0xff))
        return -EINVAL;
    out[0] = (uint8_t)(v >> 16);
    out[1] = (uint8_t)(v >> 8);
    out[2] = (uint8_t)v;
    return n;
}

int base64_decode(const char *text, size_t text_len, void *out, size_t out_size)
{
    uint8_t *p = out;
    size_t at = 0;

    if (text_len % 4 || text_len > INT32_MAX)
        return -EINVAL;
    for (size_t i = 0; i < text_len; i += 4) {
        uint8_t group[3];
        int n = base64_group(text + i, i + 4 == text_len, group);

        if (n < 0)
            return n;
        if ((size_t)n > out_size - at)
            return -ENOSPC;
        memcpy(p + at, group, (size_t)n);
        at += (size_t)n;
    }
    return (int)at;
}

/* The well-formed sequences (RFC 3629 section 4, "UTF8-octets"): the first byte, how many follow,
 * and the range of the second; any later byte is 80..BF. */
static const struct utf8_row {
    uint8_t first_min, first_max, n_tail, second_min, second_max;
} utf8_rows[] = {
    { 0x01, 0x7f, 0, 0, 0 },       { 0xc2, 0xdf, 1, 0x80, 0xbf }, { 0xe0, 0xe0, 2, 0xa0, 0xbf },
    { 0xe1, 0xec, 2, 0x80, 0xbf }, { 0xed, 0xed, 2, 0x80, 0x9f }, { 0xee, 0xef, 2, 0x80, 0xbf },
    { 0xf0, 0xf0, 3, 0x90, 0xbf }, { 0xf1, 0xf3, 3, 0x80, 0xbf }, { 0xf4, 0xf4, 3, 0x80, 0x8f },
};

/* Return: bytes of the sequence at p, 0 when it is not well formed. */
static size_t utf8_sequence(const uint8_t *p, size_t left)
{
    for (size_t i = 0; i < ALM_LEN(utf8_rows); i++) {
        const struct utf8_row *row = &utf8_rows[i];

        if (p[0] < row->first_min || p[0] > row->first_max)
            continue;
        if (left <= row->n_tail)
            return 0;
        if (row->n_tail && (p[1] < row->second_min || p[1] > row->second_max))
            return 0;
        for (size_t k = 2; k <= row->n_tail; k++) {
            if (p[k] < 0x80 || p[k] > 0xbf)
                return 0;
        }
        return (size_t)row->n_tail + 1;
    }
    return 0;
}

bool utf8_valid(const void *data, size_t len)
{
    const uint8_t *p = data;

    while (len) {
        size_t n = utf8_sequence(p, len);

        if (n == 0)
            return false;
        p += n;
        len -= n;
    }
    return true;
}

int text_copy(char *out, size_t out_size, const char *text)
{
    size_t len = strlen(text);

    if (len >= out_size) {
        if (out_size)
            out[0] = '\0';
        return -ENOSPC;
    }
    memcpy(out, text, len + 1);
    return 0;
}
