/* SPDX-License-Identifier: Apache-2.0 */
/* blinded.c - a small table of what was blinded, each in its one place: what comes to the same place
 * takes it. Whoever chooses tokens to meet there loses the time that they would have saved. */
#include "store/blinded.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLINDED_PLACES 512 /* a power of two; a question about one person has some forty tokens */
#define BLINDED_DATA   64  /* bytes; what is longer is worked out each time */

struct blinded_place {
    uint8_t data[BLINDED_DATA], out[SHA256_LEN];
    uint64_t len; /* 0: free; a word, so that wiping goes by words */
};
struct blinded {
    struct blinded_place places[BLINDED_PLACES];
    uint16_t used[BLINDED_PLACES]; /* those that are not free: only these are wiped */
    size_t n_used;
};

int blinded_new(struct blinded **out)
{
    *out = calloc(1, sizeof(**out));
    return *out ? 0 : -ENOMEM;
}

void blinded_wipe(struct blinded *b)
{
    for (size_t i = 0; i < b->n_used; i++)
        crypto_wipe(&b->places[b->used[i]], sizeof(b->places[0]));
    b->n_used = 0;
}

struct blinded *blinded_free(struct blinded *b)
{
    if (b)
        blinded_wipe(b);
    free(b);
    return NULL;
}

/* Most of what comes here holds 32 octets that look random. */
static size_t blinded_at(struct bytes data)
{
    uint64_t mixed = data.len, word;
    size_t i = 0;

    for (; data.len - i >= sizeof(word); i += sizeof(word)) {
        memcpy(&word, data.data + i, sizeof(word));
        mixed = (mixed ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        mixed ^= mixed >> 29;
    }
    for (; i < data.len; i++)
        mixed = (mixed ^ data.data[i]) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(mixed >> 40) % BLINDED_PLACES;
}

int blinded_make(struct blinded *b, const struct hmac *h, struct bytes data,
                 uint8_t out[static SHA256_LEN])
{
    struct blinded_place *p;
    size_t at;
    int r;

    if (data.len == 0 || data.len > BLINDED_DATA)
        return hmac_make(h, data, out);
    at = blinded_at(data);
    p = &b->places[at];
    if (p->len == data.len && memcmp(p->data, data.data, data.len) == 0) {
        memcpy(out, p->out, SHA256_LEN);
        return 0;
    }
    r = hmac_make(h, data, out);
    if (r < 0)
        return r;
    if (!p->len)
        b->used[b->n_used++] = (uint16_t)at;
    memcpy(p->data, data.data, data.len);
    memcpy(p->out, out, SHA256_LEN);
    p->len = data.len;
    return 0;
}
