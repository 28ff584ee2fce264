/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_blocks.c - see ledger_blocks.h.
 *
 * A block: u8 layout 2, 32-byte root of the tree that ends with its last leaf, then for each leaf
 * u8 class, 32-byte key, u8 n, n x u64 tag; of a forgotten one the class with FORGOTTEN set, and
 * nothing else. */
#include "store/ledger_blocks.h"
#include "store/ledger_rows.h"

#include <errno.h>
#include <string.h>

#define BLOCK_LAYOUT 2
#define FORGOTTEN    0x80

struct bytes block_key(enum block_tier tier, uint64_t number, uint8_t out[static BLOCK_KEY])
{
    out[0] = (uint8_t)tier;
    for (size_t i = 0; i < 8; i++)
        out[1 + i] = (uint8_t)(number >> (56 - 8 * i));
    return bytes_of(out, BLOCK_KEY);
}

void block_begin(struct buf *b)
{
    static const uint8_t none[SHA256_LEN];

    buf_reset(b);
    buf_put_u8(b, BLOCK_LAYOUT);
    buf_put(b, none, sizeof(none));
}

void block_set_root(struct buf *b, const uint8_t root[static SHA256_LEN])
{
    if (b->len >= BLOCK_HEAD)
        memcpy(b->data + 1, root, SHA256_LEN);
}

const uint8_t *block_root(const struct store_block *b)
{
    return b->octets.data + 1;
}

void block_put(struct buf *b, const struct block_entry *e)
{
    buf_put_u8(b, e->forgotten ? e->class | FORGOTTEN : e->class);
    if (e->forgotten)
        return;
    buf_put(b, e->key, sizeof(struct secret));
    buf_put_u8(b, e->n_tags);
    buf_put(b, e->tags, (size_t)e->n_tags * 8);
}

int block_join(struct buf *b, struct bytes other)
{
    if (other.len < BLOCK_HEAD || other.data[0] != BLOCK_LAYOUT)
        return -EBADMSG;
    buf_put(b, other.data + BLOCK_HEAD, other.len - BLOCK_HEAD);
    return buf_status(b);
}

int block_walk_init(struct block_walk *w, const struct store_block *b)
{
    *w = (struct block_walk){ .at = cursor_of(buf_view(&b->octets)),
                              .next = b->first,
                              .left = b->span };
    if (cursor_u8(&w->at) != BLOCK_LAYOUT)
        return -EBADMSG;
    (void)cursor_take(&w->at, SHA256_LEN);
    return w->at.failed ? -EBADMSG : 0;
}

int block_walk_next(struct block_walk *w, struct block_entry *e)
{
    if (w->at.left == 0)
        return 0;
    if (w->left == 0)
        return -EBADMSG;
    w->left--;
    *e = (struct block_entry){ .leaf = w->next++, .class = cursor_u8(&w->at) };
    e->forgotten = e->class & FORGOTTEN;
    e->class &= (uint8_t)~FORGOTTEN;
    if (e->forgotten)
        return 1;
    e->key = cursor_take(&w->at, sizeof(struct secret)).data;
    e->n_tags = cursor_u8(&w->at);
    e->tags = cursor_take(&w->at, (size_t)e->n_tags * 8).data;
    return w->at.failed || e->n_tags > LEDGER_TAGS_MAX ? -EBADMSG : 1;
}

int block_count(const struct store_block *b)
{
    struct block_walk w;
    struct block_entry e;
    int n = 0, r = block_walk_init(&w, b);

    while (r == 0 && (r = block_walk_next(&w, &e)) == 1) {
        n++;
        r = 0;
        if (w.at.left == 0)
            break;
    }
    return r < 0 ? r : n;
}

static int block_read_tier(struct store_txn *t, enum block_tier tier, uint64_t leaf,
                           struct store_block *b)
{
    uint32_t span = tier == TIER_BIG ? LEDGER_KEYS_BLOCK : BLOCK_SMALL;
    uint8_t key[BLOCK_KEY];
    int r;

    buf_reset(&b->octets);
    b->span = 0;
    r = store_get(t, TABLE_LEAF_KEYS, block_key(tier, leaf / span, key), &b->octets);
    if (r < 0)
        return r;
    b->first = leaf - leaf % span;
    b->span = span;
    return 0;
}

int block_read(struct store_txn *t, uint64_t leaf, struct store_block *b)
{
    int r = block_read_tier(t, TIER_BIG, leaf, b);

    return r == -ENOENT ? block_read_tier(t, TIER_SMALL, leaf, b) : r;
}

int block_look_up(struct store_txn *t, uint64_t leaf, struct block_entry *e)
{
    struct store_block *b = store_block_of(t);
    struct block_walk w;
    int r = store_pay_now(t);

    if (r == 0 && (leaf < b->first || leaf - b->first >= b->span)) {
        if (!b->octets.max)
            buf_init(&b->octets, BLOCK_MAX);
        r = block_read(t, leaf, b);
    }
    if (r == 0)
        r = block_walk_init(&w, b);
    if (r < 0)
        return r;
    while ((r = block_walk_next(&w, e)) == 1) {
        if (e->leaf == leaf)
            return 0;
    }
    return r < 0 ? r : -ENOENT;
}

void block_unlook(struct store_txn *t)
{
    store_block_of(t)->span = 0;
}

/* The number of the last block of a tier, and one more; 0: there is none. */
static int blocks_of_tier(struct store_txn *t, enum block_tier tier, uint64_t *n)
{
    ALM_CLEANUP(buf_deinit) struct buf key = { 0 };
    const uint8_t prefix = (uint8_t)tier;
    struct cursor c;
    int r;

    buf_init(&key, STORE_KEY_MAX);
    *n = 0;
    r = store_last(t, TABLE_LEAF_KEYS, bytes_of(&prefix, 1), &key);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    c = cursor_of(buf_view(&key));
    (void)cursor_u8(&c);
    *n = cursor_u64(&c) + 1;
    return cursor_end(&c);
}

static int block_check_last(struct store_txn *t, uint64_t size,
                            const uint8_t root[static SHA256_LEN])
{
    struct block_entry e;
    int r = block_look_up(t, size - 1, &e);

    if (r == 0) {
        r = block_count(store_block_of(t));
        r = r < 0 || store_block_of(t)->first + (uint64_t)r == size ? r : -EBADMSG;
    }
    if (r >= 0 && memcmp(block_root(store_block_of(t)), root, SHA256_LEN) != 0)
        r = -EBADMSG;
    return r < 0 ? r : 0;
}

uint64_t ledger_blocks(uint64_t size)
{
    return size / LEDGER_KEYS_BLOCK + (size % LEDGER_KEYS_BLOCK + BLOCK_SMALL - 1) / BLOCK_SMALL;
}

int ledger_check_end(struct store_txn *t, uint64_t size, const uint8_t root[static SHA256_LEN])
{
    uint64_t small = 0, big = 0;
    int r = blocks_of_tier(t, TIER_SMALL, &small);

    if (r == 0)
        r = blocks_of_tier(t, TIER_BIG, &big);
    if (r < 0)
        return r;
    if (big != size / LEDGER_KEYS_BLOCK ||
        small != (size % LEDGER_KEYS_BLOCK ? (size + BLOCK_SMALL - 1) / BLOCK_SMALL : 0))
        return -EBADMSG;
    return size ? block_check_last(t, size, root) : 0;
}
