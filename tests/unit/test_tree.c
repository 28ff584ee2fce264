/* SPDX-License-Identifier: Apache-2.0 */
/* test_tree.c - the tree of RFC 9162 against certificate-transparency's published vectors, and
 * against itself written naively. */
#include "tree/tree.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define N_MAX 40

/* The entries and roots of certificate-transparency's reference tree (merkle_tree_test). */
static const char *const entries[] = { "",
                                       "00",
                                       "10",
                                       "2021",
                                       "3031",
                                       "40414243",
                                       "5051525354555657",
                                       "606162636465666768696a6b6c6d6e6f" };
static const char *const roots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", /* the empty tree */
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static struct kept {
    uint8_t nodes[7][N_MAX][SHA256_LEN];
    bool have[7][N_MAX];
    uint8_t leaves[N_MAX][SHA256_LEN];
    uint8_t roots[N_MAX + 1][SHA256_LEN];
    struct tree_frontier frontier;
    int fetch_left; /* fetches until one fails; -1 never */
} kept;

static int keep(void *ctx, unsigned level, uint64_t index, const uint8_t hash[static SHA256_LEN])
{
    struct kept *k = ctx;

    assert_false(k->have[level][index]); /* a node is written once and never changes */
    k->have[level][index] = true;
    memcpy(k->nodes[level][index], hash, SHA256_LEN);
    return 0;
}

static int give(void *ctx, unsigned level, uint64_t index, uint8_t out[static SHA256_LEN])
{
    struct kept *k = ctx;

    if (k->fetch_left == 0)
        return -EIO;
    if (k->fetch_left > 0)
        k->fetch_left--;
    if (level >= 7 || index >= N_MAX || !k->have[level][index])
        return -ENOENT;
    memcpy(out, k->nodes[level][index], SHA256_LEN);
    return 0;
}

static void check_hex(const uint8_t hash[static SHA256_LEN], const char *hex)
{
    char text[2 * SHA256_LEN + 1];

    hex_encode(hash, SHA256_LEN, text);
    assert_string_equal(text, hex);
}

static void entry_hash(size_t i, uint8_t out[static SHA256_LEN])
{
    uint8_t octets[16];
    char own[16];
    size_t len;

    if (i < ALM_LEN(entries)) {
        len = strlen(entries[i]) / 2;
        assert_int_equal(hex_decode(entries[i], octets, len), 0);
        assert_int_equal(tree_leaf_hash(bytes_of(octets, len), out), 0);
        return;
    }
    (void)snprintf(own, sizeof(own), "entry %zu", i);
    assert_int_equal(tree_leaf_hash(bytes_str(own), out), 0);
}

/* MTH exactly as RFC 9162 writes it: slow, and nothing shared with the code under test but the
 * hashes. */
static void naive_root(size_t start, size_t n, uint8_t out[static SHA256_LEN])
{
    uint8_t left[SHA256_LEN], right[SHA256_LEN];
    size_t k = 1;

    if (n == 1) {
        memcpy(out, kept.leaves[start], SHA256_LEN);
        return;
    }
    while (2 * k < n)
        k *= 2;
    naive_root(start, k, left);
    naive_root(start + k, n - k, right);
    assert_int_equal(tree_node_hash(left, right, out), 0);
}

static int grow(void **state)
{
    (void)state;
    assert_int_equal(crypto_init(), 0);
    kept.fetch_left = -1;
    assert_int_equal(tree_root(&kept.frontier, kept.roots[0]), 0);
    for (size_t i = 0; i < N_MAX; i++) {
        entry_hash(i, kept.leaves[i]);
        assert_int_equal(tree_append(&kept.frontier, kept.leaves[i], keep, &kept), 0);
        assert_int_equal(tree_root(&kept.frontier, kept.roots[i + 1]), 0);
    }
    return 0;
}

static void tree_gives_the_published_roots(void **state)
{
    (void)state;
    for (size_t n = 0; n < ALM_LEN(roots); n++)
        check_hex(kept.roots[n], roots[n]);
}

static void tree_root_is_the_same_grown_naive_and_from_kept_nodes(void **state)
{
    uint8_t hash[SHA256_LEN];

    (void)state;
    for (size_t n = 1; n <= N_MAX; n++) {
        naive_root(0, n, hash);
        assert_memory_equal(hash, kept.roots[n], SHA256_LEN);
        assert_int_equal(tree_root_at(n, give, &kept, hash), 0);
        assert_memory_equal(hash, kept.roots[n], SHA256_LEN);
    }
    assert_int_equal(tree_root_at(0, give, &kept, hash), 0);
    check_hex(hash, roots[0]);
}

static void tree_frontier_can_be_loaded_and_grown_on(void **state)
{
    (void)state;
    for (size_t n = 0; n < N_MAX; n++) {
        struct tree_frontier f;
        uint8_t hash[SHA256_LEN];

        assert_int_equal(tree_frontier_load(n, give, &kept, &f), 0);
        assert_int_equal(f.size, n);
        assert_int_equal(tree_append(&f, kept.leaves[n], NULL, NULL), 0);
        assert_int_equal(tree_root(&f, hash), 0);
        assert_memory_equal(hash, kept.roots[n + 1], SHA256_LEN);
    }
}

/* Published with the reference tree: paths of (leaf, size), leaf counted from 0. */
static const struct {
    uint64_t index, size;
    const char *path[3];
} paths[] = {
    { 0, 1, { NULL } },
    { 0,
      8,
      { "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4" } },
    { 5,
      8,
      { "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" } },
    { 2, 3, { "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" } },
    { 1,
      5,
      { "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b" } },
};

static void tree_gives_the_published_inclusion_paths(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALM_LEN(paths); i++) {
        struct tree_proof proof;
        size_t n = 0;

        assert_int_equal(tree_prove_inclusion(paths[i].index, paths[i].size, give, &kept, &proof),
                         0);
        for (; n < 3 && paths[i].path[n]; n++)
            check_hex(proof.hashes[n], paths[i].path[n]);
        assert_int_equal(proof.n, n);
    }
}

static const struct {
    uint64_t first, second;
    const char *path[4];
} consistencies[] = {
    { 1, 1, { NULL } },
    { 1,
      8,
      { "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4" } },
    { 6,
      8,
      { "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" } },
    { 2,
      5,
      { "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b" } },
};

static void tree_gives_the_published_consistency_proofs(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALM_LEN(consistencies); i++) {
        struct tree_proof proof;
        size_t n = 0;

        assert_int_equal(tree_prove_consistency(consistencies[i].first, consistencies[i].second,
                                                give, &kept, &proof),
                         0);
        for (; n < 4 && consistencies[i].path[n]; n++)
            check_hex(proof.hashes[n], consistencies[i].path[n]);
        assert_int_equal(proof.n, n);
    }
}

static void tree_inclusion_holds_for_every_leaf_and_for_no_other_place(void **state)
{
    (void)state;
    for (uint64_t size = 1; size <= N_MAX; size++) {
        for (uint64_t index = 0; index < size; index++) {
            struct tree_proof p;

            assert_int_equal(tree_prove_inclusion(index, size, give, &kept, &p), 0);
            assert_int_equal(
                tree_check_inclusion(kept.leaves[index], index, size, &p, kept.roots[size]), 0);
            for (uint64_t other = 0; other < size; other++) {
                if (other != index)
                    assert_int_equal(
                        tree_check_inclusion(kept.leaves[other], other, size, &p, kept.roots[size]),
                        -EBADMSG);
            }
            assert_int_equal(
                tree_check_inclusion(kept.leaves[index], index, size, &p, kept.roots[size - 1]),
                -EBADMSG);
            assert_int_equal(
                tree_check_inclusion(kept.leaves[index], size, size, &p, kept.roots[size]),
                -EBADMSG);
        }
    }
}

static void tree_inclusion_fails_when_any_bit_of_the_path_is_changed(void **state)
{
    struct tree_proof p;

    (void)state;
    assert_int_equal(tree_prove_inclusion(21, 37, give, &kept, &p), 0);
    for (size_t i = 0; i < p.n; i++) {
        for (size_t bit = 0; bit < 256; bit += 5) {
            p.hashes[i][bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(tree_check_inclusion(kept.leaves[21], 21, 37, &p, kept.roots[37]),
                             -EBADMSG);
            p.hashes[i][bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
    p.n--;
    assert_int_equal(tree_check_inclusion(kept.leaves[21], 21, 37, &p, kept.roots[37]), -EBADMSG);
    p.n += 2;
    memset(p.hashes[p.n - 1], 0, SHA256_LEN);
    assert_int_equal(tree_check_inclusion(kept.leaves[21], 21, 37, &p, kept.roots[37]), -EBADMSG);
    p.n = SIZE_MAX;
    assert_int_equal(tree_check_inclusion(kept.leaves[21], 21, 37, &p, kept.roots[37]), -EBADMSG);
}

static void tree_consistency_holds_between_every_two_sizes_and_no_others(void **state)
{
    (void)state;
    for (uint64_t second = 0; second <= N_MAX; second++) {
        for (uint64_t first = 0; first <= second; first++) {
            struct tree_proof p;

            assert_int_equal(tree_prove_consistency(first, second, give, &kept, &p), 0);
            assert_int_equal(
                tree_check_consistency(first, second, kept.roots[first], kept.roots[second], &p),
                0);
            if (first)
                assert_int_equal(tree_check_consistency(first, second, kept.roots[first - 1],
                                                        kept.roots[second], &p),
                                 -EBADMSG);
            if (first && second < N_MAX)
                assert_int_equal(tree_check_consistency(first, second, kept.roots[first],
                                                        kept.roots[second + 1], &p),
                                 -EBADMSG);
            if (first)
                assert_int_equal(tree_check_consistency(second + 1, first, kept.roots[first],
                                                        kept.roots[second], &p),
                                 -EBADMSG);
        }
    }
}

static void tree_consistency_fails_when_history_was_rewritten(void **state)
{
    struct tree_frontier f = { 0 };
    struct tree_proof p;
    uint8_t changed[SHA256_LEN], root[SHA256_LEN];

    (void)state;
    memcpy(changed, kept.leaves[3], sizeof(changed));
    changed[0] ^= 1;
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(tree_append(&f, i == 3 ? changed : kept.leaves[i], NULL, NULL), 0);
    assert_int_equal(tree_root(&f, root), 0);
    assert_int_equal(tree_prove_consistency(11, 20, give, &kept, &p), 0);
    assert_int_equal(tree_check_consistency(11, 20, kept.roots[11], root, &p), -EBADMSG);
    for (size_t i = 0; i < p.n; i++) {
        p.hashes[i][7] ^= 0x10;
        assert_int_equal(tree_check_consistency(11, 20, kept.roots[11], kept.roots[20], &p),
                         -EBADMSG);
        p.hashes[i][7] ^= 0x10;
    }
    p.n = 0;
    assert_int_equal(tree_check_consistency(11, 20, kept.roots[11], kept.roots[20], &p), -EBADMSG);
    p.n = SIZE_MAX;
    assert_int_equal(tree_check_consistency(11, 20, kept.roots[11], kept.roots[20], &p), -EBADMSG);
}

static void tree_refuses_proofs_about_leaves_that_are_not_there(void **state)
{
    struct tree_proof p;

    (void)state;
    assert_int_equal(tree_prove_inclusion(5, 5, give, &kept, &p), -EINVAL);
    assert_int_equal(tree_prove_inclusion(0, 0, give, &kept, &p), -EINVAL);
    assert_int_equal(tree_prove_consistency(6, 5, give, &kept, &p), -EINVAL);
    assert_int_equal(tree_prove_inclusion(0, N_MAX + 8, give, &kept, &p), -ENOENT);
    assert_int_equal(tree_prove_inclusion(UINT64_MAX - 1, UINT64_MAX, give, &kept, &p), -ENOENT);
}

static void tree_proofs_fail_with_the_fetch_that_fails(void **state)
{
    struct tree_proof p;
    struct tree_frontier f = { .size = 99 };

    (void)state;
    for (int n = 0; n < 5; n++) {
        kept.fetch_left = n;
        assert_int_equal(tree_prove_inclusion(21, 37, give, &kept, &p), -EIO);
        kept.fetch_left = n;
        assert_int_equal(tree_prove_consistency(11, 37, give, &kept, &p), -EIO);
    }
    kept.fetch_left = 1;
    assert_int_equal(tree_frontier_load(37, give, &kept, &f), -EIO);
    assert_int_equal(f.size, 99); /* written whole or not at all */
    kept.fetch_left = -1;
}

static int refuse_second(void *ctx, unsigned level, uint64_t index,
                         const uint8_t hash[static SHA256_LEN])
{
    (void)ctx, (void)index, (void)hash;
    return level == 1 ? -ENOSPC : 0;
}

static void tree_append_leaves_the_frontier_as_it_was_when_a_node_cannot_be_kept(void **state)
{
    struct tree_frontier f = { 0 }, before;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(tree_append(&f, kept.leaves[i], NULL, NULL), 0);
    before = f;
    assert_int_equal(tree_append(&f, kept.leaves[3], refuse_second, NULL), -ENOSPC);
    assert_memory_equal(&before, &f, sizeof(f));
    f.size = UINT64_MAX;
    assert_int_equal(tree_append(&f, kept.leaves[3], NULL, NULL), -EOVERFLOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tree_gives_the_published_roots),
        cmocka_unit_test(tree_root_is_the_same_grown_naive_and_from_kept_nodes),
        cmocka_unit_test(tree_frontier_can_be_loaded_and_grown_on),
        cmocka_unit_test(tree_gives_the_published_inclusion_paths),
        cmocka_unit_test(tree_gives_the_published_consistency_proofs),
        cmocka_unit_test(tree_inclusion_holds_for_every_leaf_and_for_no_other_place),
        cmocka_unit_test(tree_inclusion_fails_when_any_bit_of_the_path_is_changed),
        cmocka_unit_test(tree_consistency_holds_between_every_two_sizes_and_no_others),
        cmocka_unit_test(tree_consistency_fails_when_history_was_rewritten),
        cmocka_unit_test(tree_refuses_proofs_about_leaves_that_are_not_there),
        cmocka_unit_test(tree_proofs_fail_with_the_fetch_that_fails),
        cmocka_unit_test(tree_append_leaves_the_frontier_as_it_was_when_a_node_cannot_be_kept),
    };

    return cmocka_run_group_tests_name("tree", tests, grow, NULL);
}
