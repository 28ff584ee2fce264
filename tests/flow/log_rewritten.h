/* SPDX-License-Identifier: Apache-2.0 */
/* log_rewritten.h - a log that somebody with the store's key changed: makes all that is kept of its tree
 * anew from its records, so that the store agrees with itself. For tests of who notices all the same. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h> /* after those above, which it needs */

#include "store/ledger_rows.h"

struct log_rewriting {
    struct store_txn *txn;
    struct tree_frontier tree;
    struct ledger_row row;
};

static inline struct bytes log_number_key(uint64_t number, uint8_t key[static 8])
{
    for (int i = 0; i < 8; i++)
        key[i] = (uint8_t)(number >> (56 - 8 * i));
    return bytes_of(key, 8);
}

static inline int log_grow_anew(void *ctx, const struct ledger_record *r)
{
    struct log_rewriting *w = ctx;
    uint8_t hash[SHA256_LEN], key[8], octets[sizeof(w->row)];
    const size_t leaves = sizeof(w->row.leaves), above = SHA256_LEN;

    assert_int_equal(ledger_record_hash(r, hash), 0);
    assert_int_equal(tree_append(&w->tree, hash, row_keep, &w->row), 0);
    if (!row_whole(w->tree.size))
        return 0;
    memcpy(octets, w->row.leaves, leaves);
    memcpy(octets + leaves, w->row.above, w->row.n_above * above);
    store_put(w->txn, TABLE_TREE, log_number_key(w->tree.size / ROW_LEAVES - 1, key),
              bytes_of(octets, leaves + w->row.n_above * above));
    return store_status(w->txn);
}

/* The root that stands with the newest leaves' keys, of a log that ends within its first thousand. */
static inline void log_root_anew(struct log_rewriting *w)
{
    struct buf block = { 0 };
    uint8_t key[9] = { 0 };

    assert_in_range(w->tree.size, 1, 1023);
    (void)log_number_key((w->tree.size - 1) / ROW_LEAVES, key + 1);
    buf_init(&block, 1 << 20);
    assert_int_equal(store_get(w->txn, TABLE_LEAF_KEYS, bytes_of(key, 9), &block), 0);
    assert_int_equal(tree_root(&w->tree, block.data + 1), 0);
    store_put(w->txn, TABLE_LEAF_KEYS, bytes_of(key, 9), buf_view(&block));
    buf_deinit(&block);
}

/* Return: how many leaves there are. */
static inline uint64_t log_tree_anew(struct store_txn *txn)
{
    static struct log_rewriting w;

    memset(&w, 0, sizeof(w));
    w.txn = txn;
    assert_int_equal(ledger_each(txn, 0, UINT64_MAX, log_grow_anew, &w), 0);
    log_root_anew(&w);
    return w.tree.size;
}
