/* SPDX-License-Identifier: Apache-2.0 */
/* value.c - rules for single values. Control characters are refused in every text: what an agency
 * sends is printed on other agencies' terminals. */
#include "wire/value.h"
#include "wire/shape.h"
#include <string.h>

/* What each character may be part of. */
enum { IN_NAME = 1, STARTS_NAME = 2 };
static const uint8_t value_classes[256] = {
    ['a'] = 3, ['b'] = 3, ['c'] = 3, ['d'] = 3, ['e'] = 3, ['f'] = 3, ['g'] = 3, ['h'] = 3,
    ['i'] = 3, ['j'] = 3, ['k'] = 3, ['l'] = 3, ['m'] = 3, ['n'] = 3, ['o'] = 3, ['p'] = 3,
    ['q'] = 3, ['r'] = 3, ['s'] = 3, ['t'] = 3, ['u'] = 3, ['v'] = 3, ['w'] = 3, ['x'] = 3,
    ['y'] = 3, ['z'] = 3, ['0'] = 3, ['1'] = 3, ['2'] = 3, ['3'] = 3, ['4'] = 3, ['5'] = 3,
    ['6'] = 3, ['7'] = 3, ['8'] = 3, ['9'] = 3, ['.'] = 1, ['_'] = 1, ['-'] = 1,
};

static bool value_is_name(const char *text, size_t len)
{
    const uint8_t *at = (const uint8_t *)text;
    uint8_t all = IN_NAME;

    for (size_t i = 0; i < len; i++)
        all &= value_classes[at[i]];
    return len > 0 && all && value_classes[at[0]] & STARTS_NAME;
}

static bool value_is_ref(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] < 0x21 || text[i] > 0x7e)
            return false;
    }
    return len > 0;
}

/* Eight at a time: a high bit, or a byte from which 1 cannot be taken without a borrow. */
bool value_is_ascii(const void *data, size_t len)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
    const uint8_t *at = data;
    uint64_t bad = 0;

    for (; len >= sizeof(uint64_t); at += sizeof(uint64_t), len -= sizeof(uint64_t)) {
        uint64_t w;

        memcpy(&w, at, sizeof(w));
        bad |= w | (w - ones);
    }
    for (; len > 0; at++, len--)
        bad |= *at & 0x80 || *at == 0 ? highs : 0;
    return (bad & highs) == 0;
}

static bool value_is_line(const char *text, size_t len)
{
    const uint8_t *at = (const uint8_t *)text;

    for (size_t i = 0; i < len; i++) {
        if (at[i] < 0x20 || at[i] == 0x7f)
            return false;
        /* U+0080 to U+009F in UTF-8: some terminals obey them as they do ESC. */
        if (at[i] == 0xc2 && i + 1 < len && at[i + 1] < 0xa0)
            return false;
    }
    return true;
}

enum wire_fault value_text(uint8_t kind, const char *text, size_t len)
{
    if (kind == SHAPE_NAME)
        return value_is_name(text, len) ? WIRE_OK : WIRE_BAD_ID;
    if (kind == SHAPE_REF)
        return value_is_ref(text, len) ? WIRE_OK : WIRE_BAD_VALUE;
    return value_is_line(text, len) ? WIRE_OK : WIRE_BAD_VALUE;
}

enum wire_fault value_id(const struct id *id)
{
    return id_is_v7(id) ? WIRE_OK : WIRE_BAD_ID;
}

enum wire_fault value_ms(int64_t ms)
{
    return ms > 0 && ms <= WIRE_MS_MOST ? WIRE_OK : WIRE_BAD_VALUE;
}

enum wire_fault value_day(int32_t day)
{
    return day >= WIRE_DAY_LEAST && day <= WIRE_DAY_MOST ? WIRE_OK : WIRE_BAD_VALUE;
}

enum wire_fault value_day_in(uint32_t number, int32_t *out)
{
    if (number < WIRE_DAY_LEAST + WIRE_DAY_OFFSET || number > WIRE_DAY_MOST + WIRE_DAY_OFFSET)
        return WIRE_BAD_VALUE;
    *out = (int32_t)number - WIRE_DAY_OFFSET;
    return WIRE_OK;
}
