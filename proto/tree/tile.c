/* SPDX-License-Identifier: Apache-2.0 */
/* tile.c - see tile.h. Source: C2SP tlog-tiles, "Merkle Tree" and "Partial Tiles". */
#include "tree/tile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void tile_path(const char *kind, uint64_t n, unsigned width, char out[static TILE_PATH_MAX])
{
    unsigned parts[7]; /* of three digits: 2^64 has twenty */
    size_t n_parts = 0, len;

    do {
        parts[n_parts++] = (unsigned)(n % 1000);
        n /= 1000;
    } while (n);
    (void)snprintf(out, TILE_PATH_MAX, "%.16s", kind);
    while (n_parts) {
        len = strlen(out);
        n_parts--;
        (void)snprintf(out + len, TILE_PATH_MAX - len, "/%s%03u", n_parts ? "x" : "",
                       parts[n_parts]);
    }
    len = strlen(out);
    if (width < TILE_WIDTH)
        (void)snprintf(out + len, TILE_PATH_MAX - len, ".p/%u", width);
}

void tile_kind(unsigned level, char out[static 16])
{
    (void)snprintf(out, 16, "tile/%u", level % TILE_LEVELS);
}

unsigned tile_width(uint64_t size, unsigned level, uint64_t n)
{
    uint64_t nodes = level < TILE_LEVELS ? size >> (8 * level) : 0;

    if (n > nodes / TILE_WIDTH)
        return 0;
    return nodes - n * TILE_WIDTH < TILE_WIDTH ? (unsigned)(nodes - n * TILE_WIDTH) : TILE_WIDTH;
}

struct tile_growing {
    struct tile_grower *g;
    tile_emit *emit;
    void *ctx;
};

static int tile_keep(void *ctx, unsigned level, uint64_t index,
                     const uint8_t hash[static SHA256_LEN])
{
    struct tile_growing *w = ctx;
    unsigned row = level / 8;

    if (level % 8)
        return 0;
    memcpy(w->g->rows[row][index % TILE_WIDTH], hash, SHA256_LEN);
    if (index % TILE_WIDTH != TILE_WIDTH - 1 || !w->emit)
        return 0;
    return w->emit(w->ctx, row, index / TILE_WIDTH, TILE_WIDTH,
                   (const uint8_t(*)[SHA256_LEN])w->g->rows[row]);
}

int tile_append(struct tile_grower *g, const uint8_t leaf[static SHA256_LEN], tile_emit *emit,
                void *ctx)
{
    struct tile_growing w = { .g = g, .emit = emit, .ctx = ctx };

    return tree_append(&g->tree, leaf, tile_keep, &w);
}

int tile_finish(const struct tile_grower *g, tile_emit *emit, void *ctx)
{
    int r = 0;

    for (unsigned level = 0; level < TILE_LEVELS && !r; level++) {
        uint64_t nodes = g->tree.size >> (8 * level);

        if (nodes % TILE_WIDTH)
            r = emit(ctx, level, nodes / TILE_WIDTH, (unsigned)(nodes % TILE_WIDTH),
                     (const uint8_t(*)[SHA256_LEN])g->rows[level]);
    }
    return r;
}

int tile_node(void *ctx, unsigned level, uint64_t index, uint8_t out[static SHA256_LEN])
{
    const struct tile_source *s = ctx;
    unsigned span = 1u << level % 8, row = level / 8, width;
    uint8_t hashes[TILE_WIDTH][SHA256_LEN];
    uint64_t first;
    size_t at;
    int r;

    if (level >= TREE_LEVELS || index > UINT64_MAX >> level % 8)
        return -ENOENT;
    first = index << level % 8;
    at = (size_t)(first % TILE_WIDTH);
    width = tile_width(s->size, row, first / TILE_WIDTH);
    if (width < at + span)
        return -ENOENT;
    r = s->read(s->ctx, row, first / TILE_WIDTH, width, hashes);
    for (; r == 0 && span > 1; span /= 2) {
        for (unsigned i = 0; r == 0 && i < span / 2; i++)
            r = tree_node_hash(hashes[at + 2 * i], hashes[at + 2 * i + 1], hashes[at + i]);
    }
    if (r == 0)
        memcpy(out, hashes[at], SHA256_LEN);
    return r;
}
