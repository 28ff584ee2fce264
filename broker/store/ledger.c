/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.c - appends records to the log and grows the tree over them, in the caller's transaction:
 * record and nodes are there together or not at all. */
#include "store/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/ledger_blocks.h"
#include "store/ledger_codec.h"
#include "store/ledger_rows.h"
#include "tree/note.h"
#include "tree/tree.h"

#define HEAD_LAYOUT 1
#define KEYS_POOL   32 /* records' keys and nonces that are drawn at once */

struct ledger {
    struct grown {
        struct tree_frontier tree;
        struct ledger_row row; /* that it ends within */
    } committed, growing;      /* growing runs ahead inside the open transaction */
    struct buf record;         /* reused by every append */
    struct drawn {
        struct secret key;
        uint8_t nonce[32];
    } pool[KEYS_POOL];
    size_t drawn;            /* of the pool; the rest is not used yet */
    struct store_block tail; /* the open block; span 0: not read since the last flush */
    struct buf merged;       /* where 32 small blocks become one */
};

/* --- Opening. --- */

/* Where the log ends with a full row, its last record must be the one that the row ends with. */
static int ledger_check_last(struct store_txn *t, uint64_t size)
{
    uint8_t of_record[1][SHA256_LEN], of_tree[SHA256_LEN];
    int r = row_read(t, size - 1, 1, of_record);

    if (r == 0)
        r = ledger_node(t, 0, size - 1, of_tree);
    if (r == 0 && memcmp(of_record[0], of_tree, sizeof(of_tree)) != 0)
        r = -EBADMSG;
    return r;
}

/* Log, rows, blocks of keys and signed heads must agree on how much there is, and the records that
 * are in no full row yet on what: a store that lost its end, or has another, is not gone on with.
 */
static int ledger_load(struct store_txn *t, struct grown *g)
{
    uint64_t size, rows, head_size = 0;
    uint8_t root[SHA256_LEN];
    int r = ledger_count(t, &size);

    if (r == 0)
        r = row_count(t, &rows);
    if (r == 0)
        r = ledger_numbered(t, TABLE_HEADS, &head_size); /* one more than the head's size */
    if (r < 0)
        return r;
    if (size / ROW_LEAVES != rows || (head_size && head_size - 1 > size))
        return -EBADMSG;
    r = tree_frontier_load(size, ledger_node, t, &g->tree);
    if (r == 0)
        r = row_open(t, size, &g->row);
    if (r == 0)
        r = tree_root(&g->tree, root);
    if (r == 0)
        r = ledger_check_end(t, size, root);
    if (r == 0 && row_whole(size))
        r = ledger_check_last(t, size);
    return r == -ENOENT ? -EBADMSG : r;
}

/* Made once, as large as they may become: what grows leaves copies of records' keys in memory that was given back. */
static int ledger_rooms(struct ledger *l)
{
    int r;

    buf_init(&l->tail.octets, BLOCK_MAX);
    buf_init(&l->merged, BLOCK_MAX);
    r = buf_room(&l->tail.octets, BLOCK_HEAD + BLOCK_SMALL * BLOCK_ENTRY_MAX);
    return r < 0 ? r : buf_room(&l->merged, BLOCK_MAX);
}

int ledger_open(struct store *s, struct ledger **out)
{
    ALM_CLEANUP(ledger_closep) struct ledger *l = calloc(1, sizeof(*l));
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    int r;

    if (!l)
        return -ENOMEM;
    buf_init(&l->record, STORE_VALUE_MAX);
    l->drawn = KEYS_POOL;
    r = ledger_rooms(l);
    if (r == 0)
        r = store_begin(s, false, &t);
    if (r == 0)
        r = ledger_load(t, &l->committed);
    if (r < 0)
        return r;
    l->growing = l->committed;
    *out = l;
    l = NULL;
    return 0;
}

/* What the open block held is read anew when it is next needed: whoever forgets writes it too. */
static void tail_leave(struct ledger *l)
{
    l->tail.span = 0;
    if (l->tail.octets.data)
        crypto_wipe(l->tail.octets.data, l->tail.octets.cap);
}

struct ledger *ledger_close(struct ledger *l)
{
    if (!l)
        return NULL;
    crypto_wipe(l->pool, sizeof(l->pool));
    tail_leave(l);
    if (l->merged.data)
        crypto_wipe(l->merged.data, l->merged.cap);
    buf_deinit(&l->tail.octets);
    buf_deinit(&l->merged);
    buf_deinit(&l->record);
    free(l);
    return NULL;
}

void ledger_closep(struct ledger **l)
{
    *l = ledger_close(*l);
}

/* --- Growing. --- */

uint64_t ledger_size(const struct ledger *l)
{
    return l->growing.tree.size;
}

void ledger_root(const struct ledger *l, uint8_t root[static SHA256_LEN])
{
    if (tree_root(&l->growing.tree, root) < 0)
        memset(root, 0,
               SHA256_LEN); /* no tree has this root: what is signed with it verifies nothing */
}

void ledger_settle(struct ledger *l, int commit_result)
{
    if (commit_result == 0)
        l->committed = l->growing;
    else
        l->growing = l->committed;
    tail_leave(l);
}

/* The tree, and the row that its last leaf makes whole. */
static int tree_grow(struct ledger *l, struct store_txn *t, const uint8_t leaf[static SHA256_LEN])
{
    struct grown *g = &l->growing;
    int r = tree_append(&g->tree, leaf, row_keep, &g->row);

    if (r == 0 && row_whole(g->tree.size)) {
        row_put(t, g->tree.size / ROW_LEAVES - 1, &g->row);
        r = store_status(t);
    }
    return r;
}

/* --- The open block of keys. --- */

static int tail_put(struct ledger *l, struct store_txn *t)
{
    uint8_t key[BLOCK_KEY], root[SHA256_LEN];
    int r = tree_root(&l->growing.tree, root);

    if (r < 0)
        return r;
    block_set_root(&l->tail.octets, root);
    store_put(t, TABLE_LEAF_KEYS, block_key(TIER_SMALL, l->tail.first / BLOCK_SMALL, key),
              buf_view(&l->tail.octets));
    return store_status(t);
}

static int tail_flush(void *ctx, struct store_txn *t)
{
    struct ledger *l = ctx;
    int r = tail_put(l, t);

    tail_leave(l);
    block_unlook(t);
    return r;
}

void ledger_flush(struct ledger *l, struct store_txn *t)
{
    (void)l; /* t knows what it owes */
    (void)store_pay_now(t);
}

/* 32 small blocks, of which the last is the tail, become a big one. */
static int tail_merge(struct ledger *l, struct store_txn *t)
{
    struct store_block *small = &l->tail;
    uint64_t number = small->first / LEDGER_KEYS_BLOCK,
             first = number * (LEDGER_KEYS_BLOCK / BLOCK_SMALL);
    uint8_t key[BLOCK_KEY];
    int r = tail_put(l, t);

    block_begin(&l->merged);
    block_set_root(&l->merged, block_root(small));
    for (uint64_t i = first; i < first + LEDGER_KEYS_BLOCK / BLOCK_SMALL && r == 0; i++) {
        buf_reset(&small->octets);
        r = store_get(t, TABLE_LEAF_KEYS, block_key(TIER_SMALL, i, key), &small->octets);
        if (r == 0)
            r = block_join(&l->merged, buf_view(&small->octets));
        store_del(t, TABLE_LEAF_KEYS, bytes_of(key, sizeof(key)));
    }
    if (r == 0) {
        store_put(t, TABLE_LEAF_KEYS, block_key(TIER_BIG, number, key), buf_view(&l->merged));
        r = store_status(t);
    }
    crypto_wipe(l->merged.data, l->merged.len);
    return r == -ENOENT ? -EBADMSG : r;
}

/* Begins the block that the leaf opens, or reads what there is of it. */
static int tail_open(struct ledger *l, struct store_txn *t, uint64_t leaf)
{
    uint8_t key[BLOCK_KEY];
    int r, n;

    if (leaf % BLOCK_SMALL == 0) {
        block_begin(&l->tail.octets);
        l->tail.first = leaf;
        l->tail.span = BLOCK_SMALL;
        return buf_status(&l->tail.octets);
    }
    if (l->tail.span)
        return 0;
    buf_reset(&l->tail.octets);
    r = store_get(t, TABLE_LEAF_KEYS, block_key(TIER_SMALL, leaf / BLOCK_SMALL, key),
                  &l->tail.octets);
    if (r < 0)
        return r == -ENOENT ? -EBADMSG : r;
    l->tail.first = leaf - leaf % BLOCK_SMALL;
    l->tail.span = BLOCK_SMALL;
    n = block_count(&l->tail);
    if (n == (int)(leaf % BLOCK_SMALL))
        return 0;
    l->tail.span = 0;
    return n < 0 ? n : -EBADMSG;
}

static int tail_append(struct ledger *l, struct store_txn *t, uint64_t leaf,
                       const struct block_entry *entry)
{
    int r = tail_open(l, t, leaf);

    if (r < 0)
        return r;
    block_put(&l->tail.octets, entry);
    r = buf_status(&l->tail.octets);
    if (r < 0)
        return r;
    if ((leaf + 1) % BLOCK_SMALL) {
        store_owe(t, tail_flush, l);
        return 0;
    }
    store_owe(t, NULL, NULL);
    r = (leaf + 1) % LEDGER_KEYS_BLOCK ? tail_put(l, t) : tail_merge(l, t);
    tail_leave(l);
    block_unlook(t);
    return r;
}

/* --- Appending. --- */

/* Drawn in one call for many, which costs what one costs. */
static int drawn_take(struct ledger *l, struct drawn *out)
{
    if (l->drawn == KEYS_POOL) {
        int r = crypto_random(l->pool, sizeof(l->pool));

        if (r < 0)
            return r;
        l->drawn = 0;
    }
    *out = l->pool[l->drawn];
    crypto_wipe(&l->pool[l->drawn++], sizeof(*out));
    return 0;
}

static void drawn_wipe(struct drawn *d)
{
    crypto_wipe(d, sizeof(*d));
}

static bool private_good(const struct ledger_private *p)
{
    return p->class < CLASS_COUNT && p->n_tags <= LEDGER_TAGS_MAX;
}

static int keys_append(struct ledger *l, struct store_txn *t, uint64_t leaf,
                       const struct ledger_clear *clear, const struct ledger_private *p,
                       const struct secret *key)
{
    uint8_t tags[LEDGER_TAGS_MAX * 8];
    struct block_entry entry = { .class = p->class ? p->class : ledger_event_class(clear->event),
                                 .key = key->octets,
                                 .tags = tags,
                                 .n_tags = p->n_tags };

    for (size_t i = 0; i < p->n_tags; i++)
        (void)ledger_index_key(p->tags[i], tags + i * 8);
    return tail_append(l, t, leaf, &entry);
}

/* Encodes and seals the record in its place, l->record. */
static int record_make(struct ledger *l, const struct ledger_clear *clear, struct bytes part,
                       const struct drawn *of, uint8_t leaf_hash[static SHA256_LEN])
{
    struct buf *b = &l->record;
    size_t clear_len, sealed_len = part.len + SEAL_OVERHEAD;
    int r;

    buf_reset(b);
    clear_len = ledger_record_begin(of->nonce, clear, b);
    ledger_record_sealed(sealed_len, b);
    r = buf_status(b);
    /* The nonce, which no other record has, binds a sealed part to its record. */
    if (r == 0)
        r = seal(&of->key, bytes_of(of->nonce, sizeof(of->nonce)), part, b);
    if (r < 0)
        return r;
    return ledger_leaf_hash(of->nonce, ledger_record_clear(b, clear_len),
                            bytes_of(b->data + b->len - sealed_len, sealed_len), leaf_hash);
}

static int ledger_append_now(struct ledger *l, struct store_txn *t,
                             const struct ledger_clear *clear, const struct ledger_private *p)
{
    ALM_CLEANUP(drawn_wipe) struct drawn of;
    uint8_t leaf_hash[SHA256_LEN], k[LEDGER_INDEX_KEY];
    uint64_t leaf = l->growing.tree.size;
    int r = drawn_take(l, &of);

    if (r == 0)
        r = record_make(l, clear, p->sealed_part, &of, leaf_hash);
    if (r < 0)
        return r;
    store_append(t, TABLE_LOG, ledger_index_key(leaf, k), buf_view(&l->record));
    r = store_status(t);
    if (r == 0)
        r = tree_grow(l, t, leaf_hash);
    return r == 0 ? keys_append(l, t, leaf, clear, p, &of.key) : r;
}

void ledger_append(struct ledger *l, struct store_txn *t, const struct ledger_clear *clear,
                   const struct ledger_private *priv, uint64_t *leaf)
{
    *leaf = l->growing.tree.size;
    if (store_status(t))
        return;
    if (!ledger_clear_good(clear) || !private_good(priv))
        store_fail(t, -EINVAL); /* it could never be read back */
    else
        store_fail(t, ledger_append_now(l, t, clear, priv));
}

/* --- Heads. --- */

void ledger_head_put(struct store_txn *t, uint64_t size, const char *note)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    uint8_t k[LEDGER_INDEX_KEY];

    buf_init(&b, NOTE_MAX + 1);
    buf_put_u8(&b, HEAD_LAYOUT);
    buf_put(&b, note, strlen(note));
    if (buf_status(&b))
        store_fail(t, buf_status(&b));
    else
        store_put(t, TABLE_HEADS, ledger_index_key(size, k), buf_view(&b));
}

int ledger_head_latest(struct store_txn *t, uint64_t *size, struct buf *note)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    uint8_t k[LEDGER_INDEX_KEY];
    uint64_t n;
    int r = ledger_numbered(t, TABLE_HEADS, &n);

    if (r < 0)
        return r;
    if (n == 0)
        return -ENOENT;
    buf_init(&b, NOTE_MAX + 1);
    r = store_get(t, TABLE_HEADS, ledger_index_key(n - 1, k), &b);
    if (r < 0)
        return r;
    if (b.len == 0 || b.data[0] != HEAD_LAYOUT)
        return -EBADMSG;
    *size = n - 1;
    buf_put(note, b.data + 1, b.len - 1);
    return buf_status(note);
}

/* --- Reading. --- */

struct ledger_walk {
    uint64_t next, until;
    ledger_visit *visit;
    void *ctx;
    struct ledger_record record;
};

static int ledger_walk_one(void *ctx, struct bytes key, struct bytes value)
{
    struct ledger_walk *w = ctx;
    struct cursor c = cursor_of(key);
    uint64_t leaf = cursor_u64(&c);
    int r = cursor_end(&c);

    if (r < 0 || leaf != w->next)
        return -EBADMSG;
    if (leaf >= w->until)
        return 1;
    w->next++;
    r = ledger_record_decode(leaf, value, &w->record);
    return r < 0 ? r : w->visit(w->ctx, &w->record);
}

int ledger_each(struct store_txn *t, uint64_t from, uint64_t until, ledger_visit *visit, void *ctx)
{
    struct ledger_walk w = { .next = from, .until = until, .visit = visit, .ctx = ctx };
    uint8_t k[LEDGER_INDEX_KEY];

    if (from >= until)
        return 0;
    return store_scan(t, TABLE_LOG, bytes_of(NULL, 0), ledger_index_key(from, k), true,
                      ledger_walk_one, &w);
}
