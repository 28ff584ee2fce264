/* SPDX-License-Identifier: Apache-2.0 */
/* refs.c - a small hash table of texts. The texts are the agency's own, not a peer's: a plain hash
 * (FNV-1a) will do. */
#include "lib/refs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void refs_deinit(struct refs *r)
{
    for (size_t i = 0; i < r->n; i++)
        free(r->texts[i]);
    free(r->texts);
    free(r->slots);
    *r = (struct refs){ 0 };
}

static size_t refs_hash(const char *text)
{
    uint64_t h = 14695981039346656037u;

    for (; *text; text++)
        h = (h ^ (uint8_t)*text) * 1099511628211u;
    return (size_t)(h ^ h >> 32);
}

/* The slot that holds the text, or the free one where it would go. n_slots is a power of two and
 * never full. */
static size_t refs_slot(const struct refs *r, const char *text)
{
    size_t at = refs_hash(text) & (r->n_slots - 1);

    while (r->slots[at] && strcmp(r->texts[r->slots[at] - 1], text) != 0)
        at = (at + 1) & (r->n_slots - 1);
    return at;
}

static int refs_grow(struct refs *r)
{
    size_t cap = r->cap ? r->cap * 2 : 64;
    char **texts = reallocarray(r->texts, cap, sizeof(*texts));
    uint32_t *slots = calloc(cap * 2, sizeof(*slots));

    if (texts)
        r->texts = texts;
    if (!texts || !slots) {
        free(slots);
        return -ENOMEM;
    }
    free(r->slots);
    r->slots = slots;
    r->cap = cap;
    r->n_slots = cap * 2;
    for (size_t i = 0; i < r->n; i++)
        r->slots[refs_slot(r, r->texts[i])] = (uint32_t)i + 1;
    return 0;
}

int refs_add(struct refs *r, const char *text, size_t *number)
{
    size_t len = strnlen(text, ALM_REF_MAX);

    if (len == 0 || len == ALM_REF_MAX)
        return ALM_BAD_REFERENCE;
    if (refs_find(r, text, number))
        return ALM_REPEATED;
    if (r->n == r->cap && refs_grow(r) != 0)
        return -ENOMEM;
    r->texts[r->n] = strdup(text);
    if (!r->texts[r->n])
        return -ENOMEM;
    r->slots[refs_slot(r, text)] = (uint32_t)r->n + 1;
    *number = r->n++;
    return 0;
}

bool refs_find(const struct refs *r, const char *text, size_t *number)
{
    size_t at;

    if (!r->n_slots)
        return false;
    at = refs_slot(r, text);
    if (!r->slots[at])
        return false;
    *number = r->slots[at] - 1;
    return true;
}

const char *refs_at(const struct refs *r, size_t number)
{
    return r->texts[number];
}

size_t refs_count(const struct refs *r)
{
    return r->n;
}
