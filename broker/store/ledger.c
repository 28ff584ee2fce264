/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.c - appends records to the log and grows the tree over them, in the caller's transaction:
 * record and nodes are there together or not at all. */
#include "store/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/ledger_blocks.h"
#include "store/ledger_codec.h"
#include "tree/note.h"
#include "tree/tree.h"

#define HEAD_LAYOUT 1
#define KEYS_POOL   32 /* records' keys and nonces that are drawn at once */
#define NODE_LEN    (1 + LEDGER_INDEX_KEY)

struct ledger {
    struct tree_frontier committed, growing; /* growing runs ahead inside the open transaction */
    struct buf clear, sealed, record;        /* reused by every append */
    struct drawn {
        struct secret key;
        uint8_t nonce[32];
    } pool[KEYS_POOL];
    size_t drawn;            /* of the pool; the rest is not used yet */
    struct store_block tail; /* the open block; span 0: not read since the last flush */
    struct buf merged;       /* where 32 small blocks become one */
};

/* --- Keys: big-endian, so that the table's order is the log's. --- */

struct node_key {
    uint8_t octets[NODE_LEN];
};

static struct bytes node_key_of(struct node_key *k, unsigned level, uint64_t index)
{
    k->octets[0] = (uint8_t)level;
    (void)ledger_index_key(index, k->octets + 1);
    return bytes_of(k->octets, NODE_LEN);
}

/* How many numbered keys a table has under a prefix, going by the last. */
static int count_by_last(struct store_txn *t, enum table table, struct bytes prefix, uint64_t *n)
{
    ALM_CLEANUP(buf_deinit) struct buf key = { 0 };
    struct cursor c;
    int r;

    buf_init(&key, STORE_KEY_MAX);
    r = store_last(t, table, prefix, &key);
    *n = 0;
    if (r == -ENOENT)
        return 0;
    if (r < 0)
        return r;
    c = cursor_of(buf_view(&key));
    (void)cursor_take(&c, prefix.len);
    *n = cursor_u64(&c) + 1;
    return cursor_end(&c);
}

int ledger_count(struct store_txn *t, uint64_t *size)
{
    return count_by_last(t, TABLE_LOG, bytes_of(NULL, 0), size);
}

int ledger_node(void *ctx, unsigned level, uint64_t index, uint8_t out[static SHA256_LEN])
{
    ALM_CLEANUP(buf_deinit) struct buf hash = { 0 };
    struct store_txn *t = ctx;
    struct node_key k;
    int r;

    buf_init(&hash, SHA256_LEN);
    r = store_get(t, TABLE_TREE, node_key_of(&k, level, index), &hash);
    if (r < 0)
        return r;
    if (hash.len != SHA256_LEN)
        return -EBADMSG;
    memcpy(out, hash.data, SHA256_LEN);
    return 0;
}

/* --- Opening. --- */

/* The last record must be the one that the tree ends with. */
static int ledger_check_last(struct store_txn *t, uint64_t size)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    uint8_t of_record[SHA256_LEN], of_tree[SHA256_LEN];
    struct ledger_record record;
    uint8_t k[LEDGER_INDEX_KEY];
    int r;

    buf_init(&b, STORE_VALUE_MAX);
    r = store_get(t, TABLE_LOG, ledger_index_key(size - 1, k), &b);
    if (r == 0)
        r = ledger_record_decode(size - 1, buf_view(&b), &record);
    if (r == 0)
        r = ledger_record_hash(&record, of_record);
    if (r == 0)
        r = ledger_node(t, 0, size - 1, of_tree);
    if (r == 0 && memcmp(of_record, of_tree, sizeof(of_tree)) != 0)
        r = -EBADMSG;
    return r;
}

/* Log, tree and signed heads must agree on how much there is: a store that lost its end is not gone
 * on with. */
static int ledger_load(struct store_txn *t, struct tree_frontier *f)
{
    static const uint8_t leaves = 0;
    uint64_t size, tree_size, head_size = 0;
    int r = ledger_count(t, &size);

    if (r == 0)
        r = count_by_last(t, TABLE_TREE, bytes_of(&leaves, 1), &tree_size);
    if (r == 0)
        r = count_by_last(t, TABLE_HEADS, bytes_of(NULL, 0),
                          &head_size); /* one more than the head's size */
    if (r < 0)
        return r;
    if (size != tree_size || (head_size && head_size - 1 > size))
        return -EBADMSG;
    r = tree_frontier_load(size, ledger_node, t, f);
    if (r == 0)
        r = block_check_end(t, size);
    if (r == 0 && size)
        r = ledger_check_last(t, size);
    return r == -ENOENT ? -EBADMSG : r;
}

int ledger_open(struct store *s, struct ledger **out)
{
    ALM_CLEANUP(ledger_closep) struct ledger *l = calloc(1, sizeof(*l));
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    int r;

    if (!l)
        return -ENOMEM;
    buf_init(&l->clear, LEDGER_CLEAR_MAX);
    buf_init(&l->sealed, STORE_VALUE_MAX);
    buf_init(&l->record, STORE_VALUE_MAX);
    buf_init(&l->tail.octets, BLOCK_MAX);
    buf_init(&l->merged, BLOCK_MAX);
    l->drawn = KEYS_POOL;
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
    buf_deinit(&l->clear);
    buf_deinit(&l->sealed);
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
    return l->growing.size;
}

void ledger_root(const struct ledger *l, uint8_t root[static SHA256_LEN])
{
    if (tree_root(&l->growing, root) < 0)
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

static int ledger_keep_node(void *ctx, unsigned level, uint64_t index,
                            const uint8_t hash[static SHA256_LEN])
{
    struct store_txn *t = ctx;
    struct node_key k;

    store_put(t, TABLE_TREE, node_key_of(&k, level, index), bytes_of(hash, SHA256_LEN));
    return store_status(t);
}

/* --- The open block of keys. --- */

static int tail_put(struct ledger *l, struct store_txn *t)
{
    uint8_t key[BLOCK_KEY];

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
    for (uint64_t i = first; i < first + LEDGER_KEYS_BLOCK / BLOCK_SMALL && r == 0; i++) {
        buf_reset(&small->octets);
        r = store_get(t, TABLE_LEAF_KEYS, block_key(TIER_SMALL, i, key), &small->octets);
        if (r == 0)
            r = block_join(&l->merged, buf_view(&small->octets));
        store_del(t, TABLE_LEAF_KEYS, bytes_of(key, sizeof(key)));
    }
    if (r < 0)
        return r == -ENOENT ? -EBADMSG : r;
    store_put(t, TABLE_LEAF_KEYS, block_key(TIER_BIG, number, key), buf_view(&l->merged));
    crypto_wipe(l->merged.data, l->merged.len);
    return store_status(t);
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

static int keys_append(struct ledger *l, struct store_txn *t, const struct ledger_clear *clear,
                       const struct ledger_private *p, const struct secret *key)
{
    uint8_t tags[LEDGER_TAGS_MAX * 8];
    struct block_entry entry = { .class = p->class ? p->class : ledger_event_class(clear->event),
                                 .key = key->octets,
                                 .tags = tags,
                                 .n_tags = p->n_tags };

    for (size_t i = 0; i < p->n_tags; i++)
        (void)ledger_index_key(p->tags[i], tags + i * 8);
    return tail_append(l, t, l->growing.size, &entry);
}

static int ledger_append_now(struct ledger *l, struct store_txn *t,
                             const struct ledger_clear *clear, const struct ledger_private *p)
{
    ALM_CLEANUP(drawn_wipe) struct drawn of = { .nonce = { 0 } };
    struct ledger_record record = { .leaf = l->growing.size };
    uint8_t leaf_hash[SHA256_LEN], k[LEDGER_INDEX_KEY];
    int r = drawn_take(l, &of);

    memcpy(record.nonce, of.nonce, sizeof(record.nonce));
    buf_reset(&l->clear);
    buf_reset(&l->sealed);
    buf_reset(&l->record);
    ledger_clear_encode(clear, &l->clear);
    if (r == 0)
        r = buf_status(&l->clear);
    /* The nonce, which no other record has, binds a sealed part to its record. */
    if (r == 0)
        r = seal(&of.key, bytes_of(record.nonce, sizeof(record.nonce)), p->sealed_part, &l->sealed);
    if (r < 0)
        return r;
    record.clear_octets = buf_view(&l->clear);
    record.sealed_octets = buf_view(&l->sealed);
    ledger_record_encode(&record, &l->record);
    r = buf_status(&l->record);
    if (r == 0)
        r = ledger_leaf_hash(record.nonce, record.clear_octets, record.sealed_octets, leaf_hash);
    if (r == 0)
        r = keys_append(l, t, clear, p, &of.key);
    if (r < 0)
        return r;
    store_put(t, TABLE_LOG, ledger_index_key(record.leaf, k), buf_view(&l->record));
    return store_status(t) ? store_status(t)
                           : tree_append(&l->growing, leaf_hash, ledger_keep_node, t);
}

void ledger_append(struct ledger *l, struct store_txn *t, const struct ledger_clear *clear,
                   const struct ledger_private *priv, uint64_t *leaf)
{
    *leaf = l->growing.size;
    if (store_status(t))
        return;
    if (clear->event == 0 || clear->event >= EVENT_COUNT || !private_good(priv))
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
    int r = count_by_last(t, TABLE_HEADS, bytes_of(NULL, 0), &n);

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
