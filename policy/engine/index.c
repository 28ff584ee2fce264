/* SPDX-License-Identifier: Apache-2.0 */
/* index.c - open addressing over FNV-1a. Ids come from a compiled policy, not from peers, so no
 * keyed hash is needed. */
#include "engine/index.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t hash_of(const char *id)
{
    uint32_t h = 2166136261u;

    for (; *id; id++)
        h = (h ^ (uint8_t)*id) * 16777619u;
    return h;
}

int index_init(struct index *x, uint16_t n)
{
    uint32_t slots = 8;

    while (slots < 2u * n)
        slots *= 2;
    x->mask = slots - 1;
    x->keys = calloc(slots, sizeof(*x->keys));
    x->values = calloc(slots, sizeof(*x->values));
    return x->keys && x->values ? 0 : -ENOMEM;
}

void index_deinit(struct index *x)
{
    free(x->keys);
    free(x->values);
    memset(x, 0, sizeof(*x));
}

/* The slot that holds id, or the empty one where it would go. The table is never full. */
static uint32_t slot_of(const struct index *x, const char *id)
{
    uint32_t i = hash_of(id) & x->mask;

    while (x->keys[i] && strcmp(x->keys[i], id) != 0)
        i = (i + 1) & x->mask;
    return i;
}

int index_add(struct index *x, const char *id, uint16_t value)
{
    uint32_t i = slot_of(x, id);

    if (x->keys[i])
        return 1;
    x->keys[i] = id;
    x->values[i] = value;
    return 0;
}

uint16_t index_find(const struct index *x, const char *id)
{
    uint32_t i;

    if (!x->keys || !id)
        return UINT16_MAX;
    i = slot_of(x, id);
    return x->keys[i] ? x->values[i] : UINT16_MAX;
}
