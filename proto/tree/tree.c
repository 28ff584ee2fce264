/* SPDX-License-Identifier: Apache-2.0 */
/* tree.c - hashes, growth and roots of the tree of RFC 9162. Keeps no nodes: the caller does. */
#include "tree/tree.h"

#include <errno.h>
#include <string.h>

#include "tree/parts.h"

int tree_leaf_hash(struct bytes entry, uint8_t out[static SHA256_LEN])
{
    static const uint8_t prefix =
        0x00; /* "second preimage resistance" needs leaves and nodes told apart */
    struct bytes parts[] = { bytes_of(&prefix, 1), entry };

    return crypto_sha256_parts(parts, ALM_LEN(parts), out);
}

int tree_node_hash(const uint8_t left[static SHA256_LEN], const uint8_t right[static SHA256_LEN],
                   uint8_t out[static SHA256_LEN])
{
    uint8_t octets[1 + 2 * SHA256_LEN] = { 0x01 };

    memcpy(octets + 1, left, SHA256_LEN);
    memcpy(octets + 1 + SHA256_LEN, right, SHA256_LEN);
    return crypto_sha256(bytes_of(octets, sizeof(octets)), out);
}

int tree_append(struct tree_frontier *f, const uint8_t leaf[static SHA256_LEN], tree_emit *emit,
                void *ctx)
{
    uint8_t hash[SHA256_LEN];
    unsigned level = 0;
    int r;

    if (f->size == UINT64_MAX)
        return -EOVERFLOW;
    memcpy(hash, leaf, sizeof(hash));
    r = emit ? emit(ctx, 0, f->size, hash) : 0;
    /* Like adding one in binary: each set bit is a full subtree that the carry joins. */
    for (; r == 0 && f->size >> level & 1; level++) {
        r = tree_node_hash(f->hashes[level], hash, hash);
        if (r == 0 && emit)
            r = emit(ctx, level + 1, f->size >> (level + 1), hash);
    }
    if (r < 0)
        return r;
    memcpy(f->hashes[level], hash, sizeof(hash));
    f->size++;
    return 0;
}

int tree_root(const struct tree_frontier *f, uint8_t out[static SHA256_LEN])
{
    uint8_t hash[SHA256_LEN];
    bool any = false;
    int r = 0;

    if (f->size == 0)
        return crypto_sha256(bytes_of(NULL, 0), out);
    for (unsigned level = 0; level < TREE_LEVELS && r == 0; level++) {
        if (!(f->size >> level & 1))
            continue;
        if (any)
            r = tree_node_hash(f->hashes[level], hash, hash);
        else
            memcpy(hash, f->hashes[level], sizeof(hash));
        any = true;
    }
    if (r == 0)
        memcpy(out, hash, sizeof(hash));
    return r;
}

int tree_range_hash(uint64_t start, uint64_t n, tree_fetch *fetch, void *ctx,
                    uint8_t out[static SHA256_LEN])
{
    struct tree_frontier f = { .size = n };
    int r;

    /* start is a multiple of the largest power of two in n, so the set bits of n, from the highest,
     * are full nodes. */
    for (unsigned level = TREE_LEVELS; level-- > 0;) {
        if (!(n >> level & 1))
            continue;
        r = fetch(ctx, level, start >> level, f.hashes[level]);
        if (r < 0)
            return r;
        start += UINT64_C(1) << level;
    }
    return tree_root(&f, out);
}

int tree_frontier_load(uint64_t size, tree_fetch *fetch, void *ctx, struct tree_frontier *f)
{
    struct tree_frontier loaded = { .size = size };
    int r;

    for (unsigned level = 0; level < TREE_LEVELS; level++) {
        if (!(size >> level & 1))
            continue;
        r = fetch(ctx, level, (size >> level) - 1, loaded.hashes[level]);
        if (r < 0)
            return r;
    }
    *f = loaded;
    return 0;
}

int tree_root_at(uint64_t size, tree_fetch *fetch, void *ctx, uint8_t out[static SHA256_LEN])
{
    return tree_range_hash(0, size, fetch, ctx, out);
}
