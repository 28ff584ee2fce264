/* SPDX-License-Identifier: Apache-2.0 */
/* id.c - UUIDv7 ids: 48 bits of Unix milliseconds, then version, variant and 74 random bits. */
#include "base/id.h"

#include "base/bytes.h"
#include "base/crypto.h"

#include <errno.h>
#include <string.h>

int id_new(int64_t wall_ms, struct id *out)
{
    struct id id;
    uint64_t ms = wall_ms > 0 ? (uint64_t)wall_ms : 0;
    int r = crypto_random(id.octets, sizeof(id.octets));

    if (r < 0)
        return r;
    for (int i = 0; i < 6; i++)
        id.octets[i] = (uint8_t)(ms >> (8 * (5 - i)));
    id.octets[6] = (uint8_t)(0x70 | (id.octets[6] & 0x0f)); /* version 7 */
    id.octets[8] = (uint8_t)(0x80 | (id.octets[8] & 0x3f)); /* variant 10 */
    *out = id;
    return 0;
}

bool id_equal(const struct id *a, const struct id *b)
{
    return memcmp(a->octets, b->octets, ID_LEN) == 0;
}

bool id_is_zero(const struct id *a)
{
    static const struct id zero;

    return id_equal(a, &zero);
}

bool id_is_v7(const struct id *a)
{
    return (a->octets[6] & 0xf0) == 0x70 && (a->octets[8] & 0xc0) == 0x80;
}

/* Where the canonical form has its hyphens: before these octets. */
static bool id_hyphen_before(int octet)
{
    return octet == 4 || octet == 6 || octet == 8 || octet == 10;
}

void id_format(const struct id *a, char out[static ID_TEXT])
{
    char *p = out;

    for (int i = 0; i < ID_LEN; i++) {
        if (id_hyphen_before(i))
            *p++ = '-';
        hex_encode(&a->octets[i], 1, p);
        p += 2;
    }
}

int id_parse(const char *text, struct id *out)
{
    char hex[2 * ID_LEN + 1];
    size_t at = 0;
    struct id id;

    if (strlen(text) != ID_TEXT - 1)
        return -EINVAL;
    for (int i = 0; i < ID_LEN; i++) {
        if (id_hyphen_before(i) && *text++ != '-')
            return -EINVAL;
        hex[at++] = *text++;
        hex[at++] = *text++;
    }
    hex[at] = '\0';
    if (hex_decode(hex, id.octets, sizeof(id.octets)) < 0)
        return -EINVAL;
    *out = id;
    return 0;
}
