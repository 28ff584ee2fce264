/* SPDX-License-Identifier: Apache-2.0 */
/* arena.h - private to proto/wire: memory for one message, freed all at once, never beyond a
 * budget.
 *
 * protobuf-c allocates many small pieces and amplifies what it is sent; with a budget the worst
 * frame costs a known amount. Threads: one arena belongs to one call. */
#pragma once
#include "base/attr.h"
#include <stddef.h>
#include <stdint.h>

#define ARENA_FIRST_BYTES 12288
#define ARENA_CHUNK_BYTES 32768

struct arena_chunk;
struct arena {
    size_t left; /* bytes of the budget not yet taken */
    uint8_t *at; /* free space of the current chunk */
    size_t room;
    struct arena_chunk *chunks; /* owned */
    _Alignas(
        max_align_t) uint8_t first[ARENA_FIRST_BYTES]; /* enough for most messages: no malloc */
};
void arena_init(struct arena *a, size_t budget_bytes);
void arena_deinit(struct arena *a); /* for ALM_CLEANUP */
/* Zeroed, aligned for any type. NULL when the budget or the memory is used up. size 0 is valid. */
ALM_MUST_USE void *arena_take(struct arena *a, size_t size);
/* The same, not zeroed: for what is written whole, as by protobuf-c, which expects no more of malloc. */
ALM_MUST_USE void *arena_raw(struct arena *a, size_t size);
