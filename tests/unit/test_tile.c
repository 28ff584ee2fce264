/* SPDX-License-Identifier: Apache-2.0 */
/* test_tile.c - tiles: their names as C2SP tlog-tiles writes them, and a tree read back from them.
 */
#include "tree/tile.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SIZE_MAX_LEAVES 66000 /* past one full tile of level 1 */

static struct {
    uint8_t hashes[3][(SIZE_MAX_LEAVES + 255) / 256][TILE_WIDTH][SHA256_LEN];
    unsigned widths[3][(SIZE_MAX_LEAVES + 255) / 256];
    size_t n;
    int fail_at; /* the emission that fails; -1 none */
} * kept;

static int keep(void *ctx, unsigned level, uint64_t n, unsigned width,
                const uint8_t (*hashes)[SHA256_LEN])
{
    (void)ctx;
    if (kept->fail_at >= 0 && kept->n == (size_t)kept->fail_at)
        return -ENOSPC;
    assert_true(level < 3);
    kept->n++;
    kept->widths[level][n] = width;
    memcpy(kept->hashes[level][n], hashes, (size_t)width * SHA256_LEN);
    return 0;
}

static int give(void *ctx, unsigned level, uint64_t n, unsigned width,
                uint8_t (*hashes)[SHA256_LEN])
{
    (void)ctx;
    if (kept->widths[level][n] != width)
        return -EIO;
    memcpy(hashes, kept->hashes[level][n], (size_t)width * SHA256_LEN);
    return 0;
}

static void leaf_of(uint64_t i, uint8_t out[static SHA256_LEN])
{
    assert_int_equal(tree_leaf_hash(bytes_of(&i, sizeof(i)), out), 0);
}

static void grow(struct tile_grower *g, uint64_t size)
{
    uint8_t leaf[SHA256_LEN];

    memset(kept, 0, sizeof(*kept));
    memset(g, 0, sizeof(*g));
    kept->fail_at = -1;
    for (uint64_t i = 0; i < size; i++) {
        leaf_of(i, leaf);
        assert_int_equal(tile_append(g, leaf, keep, NULL), 0);
    }
    assert_int_equal(tile_finish(g, keep, NULL), 0);
}

static int setup(void **state)
{
    (void)state;
    kept = calloc(1, sizeof(*kept));
    return !kept || crypto_init();
}
static int teardown(void **state)
{
    (void)state;
    free(kept);
    return 0;
}

static void tiles_are_named_as_the_specification_names_them(void **state)
{
    static const struct {
        uint64_t n;
        unsigned width;
        const char *path;
    } rows[] = {
        { 0, 256, "tile/0/000" },
        { 0, 1, "tile/0/000.p/1" },
        { 273, 112, "tile/0/273.p/112" },
        { 999, 256, "tile/0/999" },
        { 1000, 256, "tile/0/x001/000" },
        { 1234067, 256, "tile/0/x001/x234/067" },
        { 1234067, 8, "tile/0/x001/x234/067.p/8" },
        { UINT64_MAX, 255, "tile/0/x018/x446/x744/x073/x709/x551/615.p/255" },
    };
    char out[TILE_PATH_MAX];

    (void)state;
    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        tile_path("tile/0", rows[i].n, rows[i].width, out);
        assert_string_equal(out, rows[i].path);
    }
    tile_path("tile/entries", UINT64_MAX, 255, out);
    assert_string_equal(out, "tile/entries/x018/x446/x744/x073/x709/x551/615.p/255");
}

/* The specification's example: a tree of 70,000 leaves. */
static void widths_are_those_of_the_specifications_example(void **state)
{
    (void)state;
    assert_int_equal(tile_width(70000, 0, 272), 256);
    assert_int_equal(tile_width(70000, 0, 273), 112);
    assert_int_equal(tile_width(70000, 0, 274), 0);
    assert_int_equal(tile_width(70000, 1, 0), 256);
    assert_int_equal(tile_width(70000, 1, 1), 17);
    assert_int_equal(tile_width(70000, 2, 0), 1);
    assert_int_equal(tile_width(70000, 3, 0), 0);
    assert_int_equal(tile_width(0, 0, 0), 0);
    assert_int_equal(tile_width(256, 0, 1), 0);
    assert_int_equal(tile_width(UINT64_MAX, 8, 0), 0);
    assert_int_equal(tile_width(1, 0, UINT64_MAX), 0);
}

static void a_tree_read_from_its_tiles_has_its_root_and_proves_its_leaves(void **state)
{
    static const uint64_t sizes[] = { 1, 2, 255, 256, 257, 511, 512, 65536, 65537, 65999 };
    struct tile_grower *g = malloc(sizeof(*g));

    (void)state;
    assert_non_null(g);
    for (size_t i = 0; i < ALM_LEN(sizes); i++) {
        struct tile_source source = { .read = give, .size = sizes[i] };
        uint64_t some[] = { 0, sizes[i] / 2, sizes[i] - 1 };
        uint8_t root[SHA256_LEN], read[SHA256_LEN], leaf[SHA256_LEN];
        struct tree_proof proof;

        grow(g, sizes[i]);
        assert_int_equal(tree_root(&g->tree, root), 0);
        assert_int_equal(tree_root_at(sizes[i], tile_node, &source, read), 0);
        assert_memory_equal(root, read, SHA256_LEN);
        for (size_t j = 0; j < ALM_LEN(some); j++) {
            assert_int_equal(tree_prove_inclusion(some[j], sizes[i], tile_node, &source, &proof),
                             0);
            leaf_of(some[j], leaf);
            assert_int_equal(tree_check_inclusion(leaf, some[j], sizes[i], &proof, root), 0);
        }
    }
    free(g);
}

static void nodes_that_are_not_in_the_tree_are_not_found(void **state)
{
    struct tile_source source = { .read = give, .size = 300 };
    struct tile_grower *g = malloc(sizeof(*g));
    uint8_t hash[SHA256_LEN];

    (void)state;
    assert_non_null(g);
    grow(g, 300);
    assert_int_equal(tile_node(&source, 0, 299, hash), 0);
    assert_int_equal(tile_node(&source, 0, 300, hash), -ENOENT);
    assert_int_equal(tile_node(&source, 5, 9, hash), -ENOENT); /* 288 to 319 */
    assert_int_equal(tile_node(&source, 8, 0, hash), 0);
    assert_int_equal(tile_node(&source, 8, 1, hash), -ENOENT);
    assert_int_equal(tile_node(&source, 16, 0, hash), -ENOENT);
    assert_int_equal(tile_node(&source, 64, 0, hash), -ENOENT);
    assert_int_equal(tile_node(&source, 7, UINT64_MAX, hash), -ENOENT);
    source.size = 301; /* tiles of another tree */
    assert_int_equal(tile_node(&source, 0, 299, hash), -EIO);
    free(g);
}

static void growth_fails_with_the_tile_that_cannot_be_kept(void **state)
{
    struct tile_grower *g = calloc(1, sizeof(*g));
    uint8_t leaf[SHA256_LEN];

    (void)state;
    assert_non_null(g);
    memset(kept, 0, sizeof(*kept));
    leaf_of(0, leaf);
    for (int i = 0; i < 255; i++)
        assert_int_equal(tile_append(g, leaf, keep, NULL), 0);
    assert_int_equal(tile_append(g, leaf, keep, NULL), -ENOSPC);
    assert_int_equal(tile_finish(g, keep, NULL), -ENOSPC);
    free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_are_named_as_the_specification_names_them),
        cmocka_unit_test(widths_are_those_of_the_specifications_example),
        cmocka_unit_test(a_tree_read_from_its_tiles_has_its_root_and_proves_its_leaves),
        cmocka_unit_test(nodes_that_are_not_in_the_tree_are_not_found),
        cmocka_unit_test(growth_fails_with_the_tile_that_cannot_be_kept),
    };

    return cmocka_run_group_tests_name("tile", tests, setup, teardown);
}
