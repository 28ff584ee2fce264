/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_blocks.h - blocks of leaves' keys, classes and tags as bytes, and where they lie. For
 * broker/store alone. */
#pragma once
#include "store/internal.h"
#include "store/ledger.h"
#include "store/ledger_keys.h"

#define BLOCK_SMALL     32 /* leaves of a block at the log's end */
#define BLOCK_KEY       9  /* bytes: u8 tier, u64 number */
#define BLOCK_HEAD      (1 + SHA256_LEN)
#define BLOCK_ENTRY_MAX (1 + sizeof(struct secret) + 1 + LEDGER_TAGS_MAX * 8)
#define BLOCK_MAX       (BLOCK_HEAD + LEDGER_KEYS_BLOCK * BLOCK_ENTRY_MAX)

enum block_tier { TIER_SMALL = 0, TIER_BIG = 1 };

struct block_entry { /* views into the block */
    uint64_t leaf;
    uint8_t class;
    bool forgotten;     /* key is then NULL and there are no tags */
    const uint8_t *key; /* 32 bytes */
    const uint8_t *tags;
    uint8_t n_tags;
};
struct block_walk {
    struct cursor at;
    uint64_t next;
    uint32_t left; /* entries that the block may still have */
};

struct bytes block_key(enum block_tier tier, uint64_t number, uint8_t out[static BLOCK_KEY]);
void block_begin(struct buf *b); /* an empty one */
/* The root of the tree that ends with the block's last leaf, 32 bytes: what is in no full row of the tree yet is held against it. */
void block_set_root(struct buf *b, const uint8_t root[static SHA256_LEN]);
const uint8_t *block_root(const struct store_block *b); /* of a block that was read */
void block_put(struct buf *b, const struct block_entry *e);
/* Appends the entries of one block to another. Return: 0, -EBADMSG. */
ALM_MUST_USE int block_join(struct buf *b, struct bytes other);
/* Return: 0; -EBADMSG of another layout. */
ALM_MUST_USE int block_walk_init(struct block_walk *w, const struct store_block *b);
/* Return: 1 an entry; 0 the end; -EBADMSG. */
ALM_MUST_USE int block_walk_next(struct block_walk *w, struct block_entry *e);
/* How many entries a block has, all well formed. Return: that many, -EBADMSG. */
ALM_MUST_USE int block_count(const struct store_block *b);

/* Reads the block that a leaf lies in. Return: 0; -ENOENT there is none; -EBADMSG; -errno. */
ALM_MUST_USE int block_read(struct store_txn *t, uint64_t leaf, struct store_block *b);
/* The same by way of t, which keeps the last one. *e's views are good until another is looked up in
 * t. Return: 0; -ENOENT no such leaf; -EBADMSG; -errno. */
ALM_MUST_USE int block_look_up(struct store_txn *t, uint64_t leaf, struct block_entry *e);
void block_unlook(struct store_txn *t);
