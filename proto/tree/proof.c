/* SPDX-License-Identifier: Apache-2.0 */
/* proof.c - inclusion and consistency proofs of RFC 9162 sections 2.1.3 and 2.1.4: made from kept
 * nodes, checked from nothing. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "tree/parts.h"

/* "k be the largest power of two smaller than n", n > 1. */
static uint64_t proof_split(uint64_t n)
{
    return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

/* The nodes are kept as full subtrees, so each hash of a proof costs at most log n fetches. */
static int proof_add(struct tree_proof *p, uint64_t start, uint64_t n, tree_fetch *fetch, void *ctx)
{
    int r = tree_range_hash(start, n, fetch, ctx, p->hashes[p->n]);

    if (r == 0)
        p->n++;
    return r;
}

/* Found from the root down; the RFC lists from the leaf up. */
static void proof_reverse(struct tree_proof *p)
{
    for (size_t i = 0, j = p->n; i + 1 < j; i++) {
        uint8_t kept[SHA256_LEN];

        j--;
        memcpy(kept, p->hashes[i], sizeof(kept));
        memcpy(p->hashes[i], p->hashes[j], sizeof(kept));
        memcpy(p->hashes[j], kept, sizeof(kept));
    }
}

int tree_prove_inclusion(uint64_t index, uint64_t size, tree_fetch *fetch, void *ctx,
                         struct tree_proof *out)
{
    uint64_t start = 0, n = size;
    int r = 0;

    out->n = 0;
    if (index >= size)
        return -EINVAL;
    while (n > 1 && r == 0) {
        uint64_t k = proof_split(n);

        if (index < k) {
            r = proof_add(out, start + k, n - k, fetch, ctx);
            n = k;
        } else {
            r = proof_add(out, start, k, fetch, ctx);
            start += k;
            index -= k;
            n -= k;
        }
    }
    proof_reverse(out);
    return r;
}

int tree_prove_consistency(uint64_t first, uint64_t second, tree_fetch *fetch, void *ctx,
                           struct tree_proof *out)
{
    uint64_t start = 0, m = first, n = second;
    int r = 0;

    out->n = 0;
    if (first > second)
        return -EINVAL;
    if (first == 0)
        return 0;
    while (m != n && r == 0) {
        uint64_t k = proof_split(n);

        if (m <= k) {
            r = proof_add(out, start + k, n - k, fetch, ctx);
            n = k;
        } else {
            r = proof_add(out, start, k, fetch, ctx);
            start += k;
            m -= k;
            n -= k;
        }
    }
    /* The subtree that both trees share whole is left out only where it is the first tree itself.
     */
    if (r == 0 && start > 0)
        r = proof_add(out, start, m, fetch, ctx);
    proof_reverse(out);
    return r;
}

int tree_check_inclusion(const uint8_t leaf[static SHA256_LEN], uint64_t index, uint64_t size,
                         const struct tree_proof *proof, const uint8_t root[static SHA256_LEN])
{
    uint64_t fn = index, sn = size - 1;
    uint8_t hash[SHA256_LEN];

    if (index >= size || proof->n > TREE_PROOF_MAX)
        return -EBADMSG;
    memcpy(hash, leaf, sizeof(hash));
    for (size_t i = 0; i < proof->n; i++) {
        bool right = fn & 1 ||
                     fn == sn; /* we are the right child, or the last of a level that is not full */
        int r;

        if (sn == 0)
            return -EBADMSG;
        r = right ? tree_node_hash(proof->hashes[i], hash, hash)
                  : tree_node_hash(hash, proof->hashes[i], hash);
        if (r < 0)
            return r;
        while (right && !(fn & 1) && fn != 0) {
            fn >>= 1;
            sn >>= 1;
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && memcmp(hash, root, sizeof(hash)) == 0 ? 0 : -EBADMSG;
}

/* The empty tree, and a tree and itself, need no hashes: RFC 9162 defines proofs for 0 < first <
 * second only. */
static int proof_check_trivial(uint64_t first, uint64_t second,
                               const uint8_t first_root[static SHA256_LEN],
                               const uint8_t second_root[static SHA256_LEN],
                               const struct tree_proof *proof)
{
    uint8_t empty[SHA256_LEN];
    int r;

    if (proof->n || (first == second && memcmp(first_root, second_root, SHA256_LEN) != 0))
        return -EBADMSG;
    if (first)
        return 0;
    r = crypto_sha256(bytes_of(NULL, 0), empty);
    if (r < 0)
        return r;
    return memcmp(first_root, empty, sizeof(empty)) == 0 ? 0 : -EBADMSG;
}

/* One step of RFC 9162 section 2.1.4.2: c goes into both hashes where it is on the left, into the
 * second alone on the right. */
static int proof_step(bool left, const uint8_t c[static SHA256_LEN], uint8_t fr[static SHA256_LEN],
                      uint8_t sr[static SHA256_LEN])
{
    int r;

    if (!left)
        return tree_node_hash(sr, c, sr);
    r = tree_node_hash(c, fr, fr);
    return r < 0 ? r : tree_node_hash(c, sr, sr);
}

int tree_check_consistency(uint64_t first, uint64_t second,
                           const uint8_t first_root[static SHA256_LEN],
                           const uint8_t second_root[static SHA256_LEN],
                           const struct tree_proof *proof)
{
    uint64_t fn = first - 1, sn = second - 1;
    uint8_t fr[SHA256_LEN], sr[SHA256_LEN];
    bool whole = (first & (first - 1)) ==
                 0; /* a power of two: its root is the first hash, and is not sent */
    size_t i = whole ? 0 : 1;

    if (first > second || proof->n > TREE_PROOF_MAX)
        return -EBADMSG;
    if (first == second || first == 0)
        return proof_check_trivial(first, second, first_root, second_root, proof);
    if (proof->n == 0)
        return -EBADMSG;
    memcpy(fr, whole ? first_root : proof->hashes[0], sizeof(fr));
    memcpy(sr, fr, sizeof(sr));
    for (; fn & 1; fn >>= 1)
        sn >>= 1;
    for (; i < proof->n; i++) {
        bool left = fn & 1 || fn == sn;
        int r;

        if (sn == 0)
            return -EBADMSG;
        r = proof_step(left, proof->hashes[i], fr, sr);
        if (r < 0)
            return r;
        while (left && !(fn & 1) && fn != 0) {
            fn >>= 1;
            sn >>= 1;
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && memcmp(fr, first_root, sizeof(fr)) == 0 &&
                   memcmp(sr, second_root, sizeof(sr)) == 0
               ? 0
               : -EBADMSG;
}
