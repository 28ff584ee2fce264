/* SPDX-License-Identifier: Apache-2.0 */
/* index.h - ids to index numbers in constant time. */
#pragma once
#include "base/attr.h"
#include <stdint.h>

struct index {
    const char **keys; /* borrowed texts; NULL: empty slot */
    uint16_t *values;
    uint32_t mask; /* slots - 1; slots are a power of two, at least twice the ids */
};
/* Room for n ids. Return: 0 or -ENOMEM. */
ALM_MUST_USE int index_init(struct index *x, uint16_t n);
void index_deinit(struct index *x);
/* Return: 0, or 1 when the id is already there (nothing changes). */
ALM_MUST_USE int index_add(struct index *x, const char *id, uint16_t value);
/* UINT16_MAX when absent; id may be NULL */
uint16_t index_find(const struct index *x, const char *id);
