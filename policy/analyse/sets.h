/* SPDX-License-Identifier: Apache-2.0 */
/* sets.h - sets of positions on one axis, each kept once: two sets are equal when their numbers
 * are. */
#pragma once
#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sets {
    uint16_t n_values; /* positions are below this */
    size_t words;
    uint64_t *bits; /* set i at bits + i * words */
    uint32_t n, cap;
    uint32_t *slots; /* open addressing: number + 1, 0 empty */
    uint32_t n_slots;
};
ALM_MUST_USE int sets_init(struct sets *s, uint16_t n_values);
void sets_deinit(struct sets *s);
/* The number of a set. Return: 0 or -ENOMEM. bits: s->words words, copied. */
ALM_MUST_USE int sets_number(struct sets *s, const uint64_t *bits, uint32_t *out);
ALM_MUST_USE int sets_union(struct sets *s, uint32_t a, uint32_t b, uint32_t *out);
/* Every position from 0 on. */
ALM_MUST_USE int sets_full(struct sets *s, uint32_t *out);
bool sets_has(const struct sets *s, uint32_t set, uint16_t value);
uint16_t sets_count(const struct sets *s, uint32_t set);
/* The least position in it; n_values when it is empty. */
uint16_t sets_first(const struct sets *s, uint32_t set);
