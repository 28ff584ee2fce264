/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.c - appends records to the log and grows the tree over them, in the caller's transaction:
 * record and nodes are there together or not at all. */
#include "store/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/ledger_codec.h"
#include "tree/note.h"
#include "tree/tree.h"

#define HEAD_LAYOUT 1
#define PART_LABEL  "almoner/ledger/v1/sealed-part"
#define INDEX_LEN   8
#define NODE_LEN    (1 + INDEX_LEN)

struct ledger {
    struct tree_frontier committed, growing; /* growing runs ahead inside the open transaction */
    struct secret part_key;
    struct buf clear, sealed, record; /* reused by every append */
};

/* --- Keys: big-endian, so that the table's order is the log's. --- */

struct index_key {
    uint8_t octets[INDEX_LEN];
};

static struct bytes index_key_of(struct index_key *k, uint64_t index)
{
    for (size_t i = 0; i < INDEX_LEN; i++)
        k->octets[i] = (uint8_t)(index >> (56 - 8 * i));
    return bytes_of(k->octets, INDEX_LEN);
}

struct node_key {
    uint8_t octets[NODE_LEN];
};

static struct bytes node_key_of(struct node_key *k, unsigned level, uint64_t index)
{
    struct index_key tail;

    k->octets[0] = (uint8_t)level;
    memcpy(k->octets + 1, index_key_of(&tail, index).data, INDEX_LEN);
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
    struct index_key k;
    int r;

    buf_init(&b, STORE_VALUE_MAX);
    r = store_get(t, TABLE_LOG, index_key_of(&k, size - 1), &b);
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
    r = store_subkey(s, PART_LABEL, &l->part_key);
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

struct ledger *ledger_close(struct ledger *l)
{
    if (!l)
        return NULL;
    secret_wipe(&l->part_key);
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
}

static int ledger_keep_node(void *ctx, unsigned level, uint64_t index,
                            const uint8_t hash[static SHA256_LEN])
{
    struct store_txn *t = ctx;
    struct node_key k;

    store_put(t, TABLE_TREE, node_key_of(&k, level, index), bytes_of(hash, SHA256_LEN));
    return store_status(t);
}

/* What binds a sealed part to its record: the nonce, which no other record has. */
static struct bytes part_associated(const uint8_t nonce[static 32])
{
    return bytes_of(nonce, 32);
}

static int ledger_append_now(struct ledger *l, struct store_txn *t,
                             const struct ledger_clear *clear, struct bytes sealed_part)
{
    struct ledger_record record = { .leaf = l->growing.size };
    uint8_t leaf_hash[SHA256_LEN];
    struct index_key k;
    int r = crypto_random(record.nonce, sizeof(record.nonce));

    buf_reset(&l->clear);
    buf_reset(&l->sealed);
    buf_reset(&l->record);
    ledger_clear_encode(clear, &l->clear);
    if (r == 0)
        r = buf_status(&l->clear);
    if (r == 0)
        r = seal(&l->part_key, part_associated(record.nonce), sealed_part, &l->sealed);
    if (r < 0)
        return r;
    record.clear_octets = buf_view(&l->clear);
    record.sealed_octets = buf_view(&l->sealed);
    ledger_record_encode(&record, &l->record);
    r = buf_status(&l->record);
    if (r == 0)
        r = ledger_leaf_hash(record.nonce, record.clear_octets, record.sealed_octets, leaf_hash);
    if (r < 0)
        return r;
    store_put(t, TABLE_LOG, index_key_of(&k, record.leaf), buf_view(&l->record));
    return store_status(t) ? store_status(t)
                           : tree_append(&l->growing, leaf_hash, ledger_keep_node, t);
}

void ledger_append(struct ledger *l, struct store_txn *t, const struct ledger_clear *clear,
                   struct bytes sealed_part, uint64_t *leaf)
{
    *leaf = l->growing.size;
    if (store_status(t))
        return;
    if (clear->event == 0 || clear->event >= EVENT_COUNT)
        store_fail(t, -EINVAL); /* it could never be read back */
    else
        store_fail(t, ledger_append_now(l, t, clear, sealed_part));
}

/* --- Heads. --- */

void ledger_head_put(struct store_txn *t, uint64_t size, const char *note)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct index_key k;

    buf_init(&b, NOTE_MAX + 1);
    buf_put_u8(&b, HEAD_LAYOUT);
    buf_put(&b, note, strlen(note));
    if (buf_status(&b))
        store_fail(t, buf_status(&b));
    else
        store_put(t, TABLE_HEADS, index_key_of(&k, size), buf_view(&b));
}

int ledger_head_latest(struct store_txn *t, uint64_t *size, struct buf *note)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct index_key k;
    uint64_t n;
    int r = count_by_last(t, TABLE_HEADS, bytes_of(NULL, 0), &n);

    if (r < 0)
        return r;
    if (n == 0)
        return -ENOENT;
    buf_init(&b, NOTE_MAX + 1);
    r = store_get(t, TABLE_HEADS, index_key_of(&k, n - 1), &b);
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
    struct index_key k;

    if (from >= until)
        return 0;
    return store_scan(t, TABLE_LOG, bytes_of(NULL, 0), index_key_of(&k, from), true,
                      ledger_walk_one, &w);
}

int ledger_sealed_open(struct store_txn *t, const struct ledger_record *r, struct buf *out)
{
    ALM_CLEANUP(secret_wipe) struct secret key = { 0 };
    int status;

    if (r->erased)
        return -ENODATA;
    status = store_subkey(store_of(t), PART_LABEL, &key);
    return status < 0 ? status : seal_open(&key, part_associated(r->nonce), r->sealed_octets, out);
}

int ledger_erase(struct store_txn *t, uint64_t leaf)
{
    ALM_CLEANUP(buf_deinit) struct buf old = { 0 }, b = { 0 };
    struct ledger_record record;
    struct index_key k;
    int r;

    buf_init(&old, STORE_VALUE_MAX);
    r = store_get(t, TABLE_LOG, index_key_of(&k, leaf), &old);
    if (r == 0)
        r = ledger_record_decode(leaf, buf_view(&old), &record);
    if (r < 0 || record.erased)
        return r;
    record.erased = true;
    buf_init(&b, LEDGER_CLEAR_MAX + 256);
    ledger_record_encode(&record, &b);
    r = buf_status(&b);
    if (r == 0)
        store_put(t, TABLE_LOG, index_key_of(&k, leaf), buf_view(&b));
    return r;
}
