/* SPDX-License-Identifier: Apache-2.0 */
/* tile.h - the tree cut into tiles of 256 hashes, as C2SP tlog-tiles lays them out: names, growth,
 * and nodes read back.
 *
 * Tile n of tile level L holds the nodes of tree level 8L from 256n on. Only the last tile of a
 * level may be narrower, and its name says so. Pure: who writes and reads the files is the caller's
 * business. */
#pragma once
#include "tree/tree.h"

#define TILE_WIDTH    256
#define TILE_LEVELS   8 /* 8 tree levels each */
#define TILE_PATH_MAX 64
#define TILE_BYTES    (TILE_WIDTH * SHA256_LEN)

/* "tile/0", 1234067, 256 -> "tile/0/x001/x234/067"; narrower: ".p/<width>" follows. kind: at most
 * 16 characters; width 1..256. */
void tile_path(const char *kind, uint64_t n, unsigned width, char out[static TILE_PATH_MAX]);
/* "tile/<level>" as a kind; level < TILE_LEVELS. */
void tile_kind(unsigned level, char out[static 16]);
/* How wide the tile is in a tree of `size`: 0 there is none, to 256. */
unsigned tile_width(uint64_t size, unsigned level, uint64_t n);

/* Grows a tree and the last tile of each level beside it: 64 KiB, whatever the size. Zeroed: the
 * empty tree. */
struct tile_grower {
    struct tree_frontier tree;
    uint8_t rows[TILE_LEVELS][TILE_WIDTH][SHA256_LEN];
};
/* Told of a tile that is full, or of a narrower one at the end. Return: 0, or negative: the caller
 * fails with it. */
typedef int tile_emit(void *ctx, unsigned level, uint64_t n, unsigned width,
                      const uint8_t (*hashes)[SHA256_LEN]);
/* Return: 0; emit's failure, -EOVERFLOW or -errno, after which the grower is not to be gone on
 * with. */
ALM_MUST_USE int tile_append(struct tile_grower *g, const uint8_t leaf[static SHA256_LEN],
                             tile_emit *emit, void *ctx);
/* Emits the last, narrower tile of each level that has one. Return: 0 or emit's failure. */
ALM_MUST_USE int tile_finish(const struct tile_grower *g, tile_emit *emit, void *ctx);

/* Gives a tile's hashes: width of them. Return: 0, or negative: the caller fails with it. */
typedef int tile_read(void *ctx, unsigned level, uint64_t n, unsigned width,
                      uint8_t (*hashes)[SHA256_LEN]);
struct tile_source {
    tile_read *read;
    void *ctx;
    uint64_t size; /* of the tree */
};
/* A tree_fetch (tree/tree.h) over tiles; ctx is the struct tile_source. Return: 0; -ENOENT the node
 * is not in a tree of this size; read's failure. */
ALM_MUST_USE int tile_node(void *ctx, unsigned level, uint64_t index,
                           uint8_t out[static SHA256_LEN]);
