/* SPDX-License-Identifier: Apache-2.0 */
/* value.c - rules for single values. Control characters are refused in every text: what an agency
 * sends is printed on other agencies' terminals. */
#include "wire/value.h"
#include "wire/shape.h"
#include <string.h>

static bool value_is_name(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

        if (!word && (i == 0 || (c != '.' && c != '_' && c != '-')))
            return false;
    }
    return len > 0;
}

static bool value_is_ref(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] < 0x21 || text[i] > 0x7e)
            return false;
    }
    return len > 0;
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
