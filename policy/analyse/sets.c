/* SPDX-License-Identifier: Apache-2.0 */
/* sets.c - bit sets in one array, found again by hash. */
#include "analyse/sets.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int sets_init(struct sets *s, uint16_t n_values)
{
    *s = (struct sets){ .n_values = n_values, .words = n_values / 64u + 1, .n_slots = 64 };
    s->slots = calloc(s->n_slots, sizeof(*s->slots));
    return s->slots ? 0 : -ENOMEM;
}

void sets_deinit(struct sets *s)
{
    free(s->bits);
    free(s->slots);
    *s = (struct sets){ .bits = NULL };
}

static const uint64_t *bits_of(const struct sets *s, uint32_t set)
{
    return s->bits + set * s->words;
}

static uint32_t hash_of(const struct sets *s, const uint64_t *bits)
{
    uint64_t h = UINT64_C(0x9e3779b97f4a7c15);

    for (size_t w = 0; w < s->words; w++) {
        h = (h ^ bits[w]) * UINT64_C(0xff51afd7ed558ccd);
        h ^= h >> 32;
    }
    return (uint32_t)h;
}

/* The slot where the set is, or where it belongs. */
static uint32_t *slot_of(const struct sets *s, const uint64_t *bits)
{
    uint32_t i = hash_of(s, bits) & (s->n_slots - 1);

    while (s->slots[i] && memcmp(bits_of(s, s->slots[i] - 1), bits, s->words * sizeof(*bits)) != 0)
        i = (i + 1) & (s->n_slots - 1);
    return &s->slots[i];
}

static int grow(struct sets *s)
{
    if (s->n == s->cap) {
        uint32_t cap = s->cap ? 2 * s->cap : 64;
        uint64_t *bits = realloc(s->bits, cap * s->words * sizeof(*bits));

        if (!bits)
            return -ENOMEM;
        s->bits = bits;
        s->cap = cap;
    }
    if (2 * (s->n + 1) > s->n_slots) {
        uint32_t *old = s->slots, *slots = calloc(2 * (size_t)s->n_slots, sizeof(*slots));

        if (!slots)
            return -ENOMEM;
        s->slots = slots;
        s->n_slots *= 2;
        free(old);
        for (uint32_t i = 0; i < s->n; i++)
            *slot_of(s, bits_of(s, i)) = i + 1;
    }
    return 0;
}

int sets_number(struct sets *s, const uint64_t *bits, uint32_t *out)
{
    uint32_t *slot;
    int r = grow(s);

    if (r < 0)
        return r;
    slot = slot_of(s, bits);
    if (!*slot) {
        memcpy(s->bits + s->n * s->words, bits, s->words * sizeof(*bits));
        *slot = ++s->n;
    }
    *out = *slot - 1;
    return 0;
}

#define WORDS_MAX (UINT16_MAX / 64 + 1)

int sets_union(struct sets *s, uint32_t a, uint32_t b, uint32_t *out)
{
    uint64_t bits[WORDS_MAX];

    for (size_t w = 0; w < s->words; w++)
        bits[w] = bits_of(s, a)[w] | bits_of(s, b)[w];
    return sets_number(s, bits, out);
}

int sets_full(struct sets *s, uint32_t *out)
{
    uint64_t bits[WORDS_MAX] = { 0 };

    for (uint32_t i = 0; i < s->n_values; i++)
        bits[i / 64] |= UINT64_C(1) << (i % 64);
    return sets_number(s, bits, out);
}

bool sets_has(const struct sets *s, uint32_t set, uint16_t value)
{
    return value < s->n_values && (bits_of(s, set)[value / 64] >> (value % 64)) & 1;
}

uint16_t sets_count(const struct sets *s, uint32_t set)
{
    unsigned n = 0;

    for (size_t w = 0; w < s->words; w++)
        n += (unsigned)__builtin_popcountll(bits_of(s, set)[w]);
    return (uint16_t)n;
}

uint16_t sets_first(const struct sets *s, uint32_t set)
{
    for (size_t w = 0; w < s->words; w++)
        if (bits_of(s, set)[w])
            return (uint16_t)(64 * w + (unsigned)__builtin_ctzll(bits_of(s, set)[w]));
    return s->n_values;
}
