/* SPDX-License-Identifier: Apache-2.0 */
/* arena.c - memory for one message, within a budget. */
#include "wire/arena.h"
#include <stdlib.h>
#include <string.h>

struct arena_chunk {
    struct arena_chunk *next;
    _Alignas(max_align_t) uint8_t data[];
};

void arena_init(struct arena *a, size_t budget_bytes)
{
    a->left = budget_bytes;
    a->at = a->first;
    a->room = sizeof(a->first);
    a->chunks = NULL;
}

void arena_deinit(struct arena *a)
{
    struct arena_chunk *next;

    for (struct arena_chunk *c = a->chunks; c; c = next) {
        next = c->next;
        free(c);
    }
    a->chunks = NULL;
    a->room = 0;
    a->left = 0;
}

static int arena_grow(struct arena *a, size_t size)
{
    size_t bytes = size > ARENA_CHUNK_BYTES ? size : ARENA_CHUNK_BYTES;
    struct arena_chunk *c = malloc(sizeof(*c) + bytes);

    if (!c)
        return -1;
    c->next = a->chunks;
    a->chunks = c;
    a->at = c->data;
    a->room = bytes;
    return 0;
}

void *arena_raw(struct arena *a, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    size_t bytes;
    void *out;

    if (size == 0)
        size = 1; /* distinct pieces have distinct addresses, as malloc's */
    if (size > a->left)
        return NULL; /* before it is rounded up: no overflow */
    bytes = (size + align - 1) / align * align;
    if (bytes > a->left || (bytes > a->room && arena_grow(a, bytes) < 0))
        return NULL;
    a->left -= bytes;
    a->room -= bytes;
    out = a->at;
    a->at += bytes;
    return out;
}

void *arena_take(struct arena *a, size_t size)
{
    void *out = arena_raw(a, size);

    return out ? memset(out, 0, size) : NULL;
}
