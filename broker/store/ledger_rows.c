/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_rows.c - see ledger_rows.h. */
#include "store/ledger_rows.h"

#include <errno.h>
#include <string.h>

#include "store/ledger_codec.h"

#define ROW_LEAVES_OCTETS (ROW_LEAVES * SHA256_LEN)
#define ROW_OCTETS_MAX    (ROW_LEAVES_OCTETS + TREE_LEVELS * SHA256_LEN)

int ledger_numbered(struct store_txn *t, enum table table, uint64_t *n)
{
    ALM_CLEANUP(buf_deinit) struct buf key = { 0 };
    struct cursor c;
    int r;

    buf_init(&key, STORE_KEY_MAX);
    r = store_last(t, table, bytes_of(NULL, 0), &key);
    *n = 0;
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    c = cursor_of(buf_view(&key));
    *n = cursor_u64(&c) + 1;
    return cursor_end(&c);
}

int ledger_count(struct store_txn *t, uint64_t *size)
{
    return ledger_numbered(t, TABLE_LOG, size);
}

int row_count(struct store_txn *t, uint64_t *n)
{
    return ledger_numbered(t, TABLE_TREE, n);
}

/* --- A row as a value. --- */

bool row_whole(uint64_t size)
{
    return size && size % ROW_LEAVES == 0;
}

/* How many larger subtrees end where this row ends. */
static unsigned row_above(uint64_t number)
{
    unsigned n = 1;

    for (; number & 1; number >>= 1)
        n++;
    return n;
}

int row_keep(void *ctx, unsigned level, uint64_t index, const uint8_t hash[static SHA256_LEN])
{
    struct ledger_row *row = ctx;

    if (level == 0) {
        memcpy(row->leaves[index % ROW_LEAVES], hash, SHA256_LEN);
        row->n_above = 0;
    } else if (level >= ROW_LEVEL && row->n_above < TREE_LEVELS) {
        memcpy(row->above[row->n_above++], hash, SHA256_LEN);
    }
    return 0;
}

void row_put(struct store_txn *t, uint64_t number, const struct ledger_row *row)
{
    uint8_t octets[ROW_OCTETS_MAX], key[LEDGER_INDEX_KEY];
    size_t above = (size_t)row->n_above * SHA256_LEN;

    memcpy(octets, row->leaves, ROW_LEAVES_OCTETS);
    memcpy(octets + ROW_LEAVES_OCTETS, row->above, above);
    store_append(t, TABLE_TREE, ledger_index_key(number, key),
                 bytes_of(octets, ROW_LEAVES_OCTETS + above));
}

int row_get(struct store_txn *t, uint64_t number, struct ledger_row *row)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    uint8_t key[LEDGER_INDEX_KEY];
    int r;

    buf_init(&b, ROW_OCTETS_MAX);
    r = store_get(t, TABLE_TREE, ledger_index_key(number, key), &b);
    if (r < 0)
        return r == -E2BIG ? -EBADMSG : r;
    row->n_above = row_above(number);
    if (b.len != ROW_LEAVES_OCTETS + (size_t)row->n_above * SHA256_LEN)
        return -EBADMSG;
    memcpy(row->leaves, b.data, ROW_LEAVES_OCTETS);
    memcpy(row->above, b.data + ROW_LEAVES_OCTETS, b.len - ROW_LEAVES_OCTETS);
    return 0;
}

/* --- Leaves that are in no full row: their records are there. --- */

struct row_reading {
    uint8_t (*hashes)[SHA256_LEN];
    size_t n;
};

static int row_read_one(void *ctx, const struct ledger_record *record)
{
    struct row_reading *w = ctx;

    return ledger_record_hash(record, w->hashes[w->n++]);
}

int row_read(struct store_txn *t, uint64_t from, size_t n, uint8_t (*hashes)[SHA256_LEN])
{
    struct row_reading w = { .hashes = hashes };
    int r = ledger_each(t, from, from + n, row_read_one, &w);

    return r == 0 && w.n != n ? -EBADMSG : r;
}

int row_open(struct store_txn *t, uint64_t size, struct ledger_row *row)
{
    size_t n = (size_t)(size % ROW_LEAVES);

    row->n_above = 0;
    return row_read(t, size - n, n, row->leaves);
}

/* --- One hash. --- */

/* The hash over n leaves, a power of two. Works in hashes. */
static int row_join(uint8_t (*hashes)[SHA256_LEN], size_t n, uint8_t out[static SHA256_LEN])
{
    int r = 0;

    for (; n > 1 && r == 0; n /= 2) {
        for (size_t i = 0; i < n / 2 && r == 0; i++)
            r = tree_node_hash(hashes[2 * i], hashes[2 * i + 1], hashes[i]);
    }
    memcpy(out, hashes[0], SHA256_LEN);
    return r;
}

static int node_above(struct store_txn *t, unsigned level, uint64_t index,
                      uint8_t out[static SHA256_LEN])
{
    unsigned up = level - ROW_LEVEL;
    struct ledger_row row;
    int r;

    if (level >= TREE_LEVELS || index >= UINT64_MAX >> level)
        return -ENOENT;
    r = row_get(t, ((index + 1) << up) - 1, &row);
    if (r == 0)
        memcpy(out, row.above[up], SHA256_LEN);
    return r;
}

/* Not of a row that ought to be there and is not: that hash is missing, and is not made up. */
static int node_of_records(struct store_txn *t, uint64_t first, size_t n,
                           uint8_t out[static SHA256_LEN])
{
    uint8_t hashes[ROW_LEAVES][SHA256_LEN];
    uint64_t size;
    int r = ledger_count(t, &size);

    if (r < 0)
        return r;
    if (first + n > size || first / ROW_LEAVES != size / ROW_LEAVES)
        return -ENOENT;
    r = row_read(t, first, n, hashes);
    return r == 0 ? row_join(hashes, n, out) : r;
}

int ledger_node(void *ctx, unsigned level, uint64_t index, uint8_t out[static SHA256_LEN])
{
    struct store_txn *t = ctx;
    struct ledger_row row;
    uint64_t first;
    int r;

    if (level >= ROW_LEVEL)
        return node_above(t, level, index, out);
    if (index >= UINT64_MAX >> ROW_LEVEL)
        return -ENOENT;
    first = index << level;
    r = row_get(t, first / ROW_LEAVES, &row);
    if (r == -ENOENT)
        return node_of_records(t, first, (size_t)1 << level, out);
    return r < 0 ? r : row_join(row.leaves + first % ROW_LEAVES, (size_t)1 << level, out);
}
