/* SPDX-License-Identifier: Apache-2.0 */
/* reader.c - single values of a bundle's bytes. */
#include "engine/reader.h"
#include <string.h>

#define DAY_LEAST (-25567) /* 1900-01-01 */
#define DAY_MOST  376200   /* 2999-12-31 and a little */

void reader_refuse(struct reader *r)
{
    r->bad = true;
}

const char *reader_text(struct reader *r, size_t max)
{
    struct bytes b = cursor_var(&r->c, max);
    char *at = r->text;

    if (r->c.failed || !utf8_valid(b.data, b.len)) {
        reader_refuse(r);
        return "";
    }
    if (b.len)
        memcpy(at, b.data, b.len);
    at[b.len] = '\0';
    r->text += b.len + 1;
    return at;
}

const char *reader_id(struct reader *r, size_t max)
{
    const char *id = reader_text(r, max);

    if (!layout_id_valid(id, max))
        reader_refuse(r);
    return id;
}

bool reader_bool(struct reader *r)
{
    uint8_t v = cursor_u8(&r->c);

    if (v > 1)
        reader_refuse(r);
    return v == 1;
}

uint8_t reader_enum(struct reader *r, uint8_t least, uint8_t most)
{
    uint8_t v = cursor_u8(&r->c);

    if (v < least || v > most)
        reader_refuse(r);
    return v;
}

uint16_t reader_count(struct reader *r, uint16_t max)
{
    uint16_t n = cursor_u16(&r->c);

    /* Each entry takes at least two bytes: a count beyond what is left would only make us allocate.
     */
    if (n > max || r->c.failed || n > r->c.left) {
        reader_refuse(r);
        return 0;
    }
    return n;
}

uint16_t reader_index(struct reader *r, uint16_t n, bool none_allowed)
{
    uint16_t v = cursor_u16(&r->c);

    if (v >= n && !(none_allowed && v == POLICY_NONE)) {
        reader_refuse(r);
        return 0;
    }
    return v;
}

uint64_t reader_bits(struct reader *r, uint16_t n)
{
    uint64_t v = cursor_u64(&r->c);

    if (n < 64 && v >> n)
        reader_refuse(r);
    return v;
}

void reader_wide_bits(struct reader *r, uint64_t *out, size_t words, uint16_t n)
{
    for (size_t w = 0; w < words; w++) {
        uint16_t here = n > 64 * (w + 1) ? 64 : n > 64 * w ? (uint16_t)(n - 64 * w) : 0;

        out[w] = reader_bits(r, here);
        if (here == 0 && out[w])
            reader_refuse(r);
    }
}

int32_t reader_day(struct reader *r, bool none_allowed)
{
    int32_t v = cursor_i32(&r->c);

    if ((v < DAY_LEAST || v > DAY_MOST) && !(none_allowed && v == POLICY_DAY_NONE))
        reader_refuse(r);
    return v;
}

void reader_order(struct reader *r, int32_t from, int32_t until)
{
    if (until != POLICY_DAY_NONE && from > until)
        reader_refuse(r);
}

void reader_names(struct reader *r, const char **out, uint16_t *n, uint16_t max)
{
    *n = reader_count(r, max);
    for (uint16_t i = 0; i < *n && !r->bad; i++)
        out[i] = reader_id(r, LAYOUT_ID_MAX);
}

uint16_t reader_number(struct reader *r, uint16_t least, uint16_t most)
{
    uint16_t v = cursor_u16(&r->c);

    if (v < least || v > most) {
        reader_refuse(r);
        return least;
    }
    return v;
}
