/* SPDX-License-Identifier: Apache-2.0 */
/* tree.h - the Merkle tree of RFC 9162 section 2.1 (SHA-256): grown leaf by leaf, proved and
 * verified.
 *
 * Pure: where node hashes are kept is the caller's business. A node is named by level (0: leaves)
 * and index within the level; only the nodes over a full 2^level leaves are kept, and those never
 * change. Threads: pure. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include "base/crypto.h"
#include <stddef.h>
#include <stdint.h>

#define TREE_LEVELS    64
#define TREE_PROOF_MAX 66 /* hashes of any proof about fewer than 2^64 leaves */

/* RFC 9162 section 2.1.1: SHA-256(0x00 || entry), SHA-256(0x01 || left || right). Return: 0 or
 * -errno. */
ALM_MUST_USE int tree_leaf_hash(struct bytes entry, uint8_t out[static SHA256_LEN]);
ALM_MUST_USE int tree_node_hash(const uint8_t left[static SHA256_LEN],
                                const uint8_t right[static SHA256_LEN],
                                uint8_t out[static SHA256_LEN]);

/* All that is needed to grow: the full subtrees from which the root is made. Zeroed: the empty
 * tree. */
struct tree_frontier {
    uint64_t size; /* leaves */
    uint8_t hashes[TREE_LEVELS]
                  [SHA256_LEN]; /* hashes[level] counts where bit level of size is set */
};
/* Told of each node that became full, the leaf first. Return: 0, or negative: the append fails with
 * it. */
typedef int tree_emit(void *ctx, unsigned level, uint64_t index,
                      const uint8_t hash[static SHA256_LEN]);
/* Gives a full node's hash. Return: 0, or negative (also for a node that is missing): the caller
 * fails with it. */
typedef int tree_fetch(void *ctx, unsigned level, uint64_t index, uint8_t out[static SHA256_LEN]);

/* Return: 0; emit's failure, -EOVERFLOW or -errno, and f is then as it was. emit may be NULL. */
ALM_MUST_USE int tree_append(struct tree_frontier *f, const uint8_t leaf[static SHA256_LEN],
                             tree_emit *emit, void *ctx);
/* Of an empty tree: SHA-256 of nothing. Return: 0 or -errno. */
ALM_MUST_USE int tree_root(const struct tree_frontier *f, uint8_t out[static SHA256_LEN]);
/* The frontier of a kept tree of this size. Return: 0 or -errno; f is written whole or not at all.
 */
ALM_MUST_USE int tree_frontier_load(uint64_t size, tree_fetch *fetch, void *ctx,
                                    struct tree_frontier *f);
/* The root when the tree had this size, from the nodes kept. */
ALM_MUST_USE int tree_root_at(uint64_t size, tree_fetch *fetch, void *ctx,
                              uint8_t out[static SHA256_LEN]);

struct tree_proof {
    size_t n;
    uint8_t hashes[TREE_PROOF_MAX][SHA256_LEN]; /* in RFC 9162's order */
};
/* RFC 9162 section 2.1.3.1: that leaf `index` is in the tree of `size`. Return: 0; -EINVAL unless
 * index < size; -errno. */
ALM_MUST_USE int tree_prove_inclusion(uint64_t index, uint64_t size, tree_fetch *fetch, void *ctx,
                                      struct tree_proof *out);
/* RFC 9162 section 2.1.4.1: that the tree of `second` continues that of `first`. Empty when first
 * is 0 or equals second. Return: 0; -EINVAL unless first <= second; -errno. */
ALM_MUST_USE int tree_prove_consistency(uint64_t first, uint64_t second, tree_fetch *fetch,
                                        void *ctx, struct tree_proof *out);
/* RFC 9162 section 2.1.3.2. Return: 0 proved; -EBADMSG not; -errno. Any proof is safe to check. */
ALM_MUST_USE int tree_check_inclusion(const uint8_t leaf[static SHA256_LEN], uint64_t index,
                                      uint64_t size, const struct tree_proof *proof,
                                      const uint8_t root[static SHA256_LEN]);
/* RFC 9162 section 2.1.4.2. Return: 0 proved; -EBADMSG not; -errno. */
ALM_MUST_USE int tree_check_consistency(uint64_t first, uint64_t second,
                                        const uint8_t first_root[static SHA256_LEN],
                                        const uint8_t second_root[static SHA256_LEN],
                                        const struct tree_proof *proof);
