/* SPDX-License-Identifier: Apache-2.0 */
/* fsck_log.c - every leaf in order: its record reads, its sealed part opens or was forgotten, its
 * hash is the tree's, the tree computed anew is the tree kept and has the roots that were signed,
 * and what was disclosed was decided. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backup/fsck_parts.h"
#include "store/ledger_codec.h"
#include "store/ledger_keys.h"
#include "store/ledger_rows.h"
#include "tree/tree.h"

#define MISSING_MOST (1u << 20) /* leaves: beyond it a last key is no leaf's */

struct walk {
    struct fsck *f;
    struct tree_frontier tree;
    uint64_t head_next; /* size of the next head to hold the tree against; UINT64_MAX: no more */
    struct buf note, value, opened;
    struct ledger_row row; /* as the leaves make it */
    bool unknown;          /* a leaf's hash is known to nobody: no root can be had from here on */
};

/* --- heads --- */

struct head_found {
    uint64_t size;
    struct buf *note;
    bool there;
};

static int head_one(void *ctx, struct bytes key, struct bytes value)
{
    struct head_found *h = ctx;

    h->there = true;
    h->size = key.len == 8 ? fsck_u64(key, 0) : 0;
    buf_reset(h->note);
    if (value.len)
        buf_put(h->note, value.data + 1, value.len - 1); /* its layout stands before it */
    return buf_status(h->note) ? buf_status(h->note) : 1;
}

/* The first head of a tree of at least this size. One that does not open is left to the sweep. */
static int head_find(struct walk *w, uint64_t from)
{
    struct head_found h = { .note = &w->note };
    uint8_t key[LEDGER_INDEX_KEY];
    int r = store_scan(w->f->t, TABLE_HEADS, bytes_of(NULL, 0), ledger_index_key(from, key), true,
                       head_one, &h);

    while (r == -EBADMSG && !store_latched(store_of(w->f->t)) && from < w->f->leaves) {
        h.there = false;
        r = store_scan(w->f->t, TABLE_HEADS, bytes_of(NULL, 0), ledger_index_key(++from, key), true,
                       head_one, &h);
    }
    w->head_next = h.there && r == 0 ? h.size : UINT64_MAX;
    return r == -EBADMSG && !store_latched(store_of(w->f->t)) ? 0 : r;
}

static int head_check(struct walk *w)
{
    struct fsck *f = w->f;
    struct checkpoint head;
    uint8_t root[SHA256_LEN], key[LEDGER_INDEX_KEY];
    struct bytes at = ledger_index_key(w->head_next, key);
    int r = checkpoint_open(buf_view(&w->note), &f->o->key, f->o->origin, &head);

    f->counts->heads++;
    if (r == -ENOMEM)
        return r;
    if (r || head.size != w->head_next) {
        fsck_say(f, TABLE_HEADS, at, ADVICE_FORGED,
                 "this head is not signed by the broker's own key (audit.key), or of another size");
        return 0;
    }
    r = w->unknown ? 0 : tree_root(&w->tree, root);
    if (r == 0 && !w->unknown && memcmp(root, head.root, sizeof(root)) != 0)
        fsck_say(f, TABLE_HEADS, at, ADVICE_FORGED,
                 "the leaves do not make the root that was signed: a leaf under it was altered");
    return r;
}

static int heads_to(struct walk *w)
{
    int r = 0;

    while (r == 0 && w->head_next <= w->tree.size) {
        if (w->head_next == w->tree.size)
            r = head_check(w);
        if (r == 0)
            r = head_find(w, w->head_next + 1);
    }
    return r;
}

/* --- the tree --- */

/* The row that was just filled, against the one that is kept. */
static int row_check(struct walk *w)
{
    uint64_t number = w->tree.size / ROW_LEAVES - 1, first = number * ROW_LEAVES;
    struct fsck *f = w->f;
    struct ledger_row kept;
    int r = row_get(f->t, number, &kept);

    if (r == -ENOENT)
        fsck_say_leaf(f, TABLE_TREE, first, ADVICE_TAKEN, "a hash of the tree is missing");
    if (r == -ENOENT || (r == -EBADMSG && !store_latched(store_of(f->t))))
        return 0; /* what does not open is said by the sweep */
    for (size_t i = 0; r == 0 && i < ROW_LEAVES; i++) {
        if (memcmp(kept.leaves[i], w->row.leaves[i], SHA256_LEN) != 0)
            fsck_say_leaf(f, TABLE_TREE, first + i, ADVICE_FORGED,
                          "the tree's hash of this leaf is not its record's");
    }
    if (r == 0 && memcmp(kept.above, w->row.above, (size_t)kept.n_above * SHA256_LEN) != 0)
        fsck_say_leaf(f, TABLE_TREE, first, ADVICE_FORGED,
                      "a hash of the tree is not that of the two below it");
    return r;
}

static int leaf_grow(struct walk *w, const uint8_t hash[static SHA256_LEN])
{
    int r = tree_append(&w->tree, hash, w->unknown ? NULL : row_keep, &w->row);

    return r || w->unknown || !row_whole(w->tree.size) ? r : row_check(w);
}

/* --- one leaf --- */

struct promise {
    uint8_t event;
    uint8_t rests_on[3]; /* 0: no more */
    const char *what;
};
/* What each of these rests on: a decision (a refusal that hides is answered too); what an
 * override's reviewer is shown rests on the override. */
static const struct promise promises[] = {
    { EVENT_DISCLOSED,
      { EVENT_DECIDED, EVENT_REFUSED, EVENT_OVERRIDE_REQUESTED },
      "something was disclosed without a decision that permits it" },
    { EVENT_NOT_DISCLOSED, { EVENT_DECIDED }, "a decision that was not disclosed is not there" },
    { EVENT_PUT_TO_DESK, { EVENT_DECIDED }, "a question was put to a desk without a decision" },
    { EVENT_ANSWERED_BY_HAND,
      { EVENT_DECIDED },
      "a question was answered by hand without a decision" },
    { EVENT_LAPSED, { EVENT_DECIDED }, "a question lapsed that no decision had put" },
};

static bool rests(const struct fsck *f, const struct promise *p, uint64_t leaf, uint64_t about)
{
    if (about >= leaf)
        return false;
    if (!f->events[about])
        return true; /* its record does not read, which was said */
    for (size_t i = 0; i < ALM_LEN(p->rests_on); i++) {
        if (p->rests_on[i] && p->rests_on[i] == f->events[about])
            return true;
    }
    return false;
}

static void decided_check(struct fsck *f, const struct ledger_record *r)
{
    uint64_t about = r->clear.about;

    if (about != UINT64_MAX && about >= r->leaf)
        fsck_say_leaf(f, TABLE_LOG, r->leaf, ADVICE_COUNTS,
                      "it is about a leaf that came after it");
    /* a list of what an agency itself lodged, or has to do, is by no rule and needs no decision */
    if (about == UINT64_MAX && r->clear.event == EVENT_DISCLOSED && !r->clear.rule[0])
        return;
    for (size_t i = 0; i < ALM_LEN(promises); i++) {
        if (promises[i].event == r->clear.event && !rests(f, &promises[i], r->leaf, about))
            fsck_say_leaf(f, TABLE_LOG, r->leaf, ADVICE_FORGED, promises[i].what);
    }
}

static int part_check(struct walk *w, const struct ledger_record *record)
{
    struct fsck *f = w->f;
    bool forgotten = false;
    uint8_t class;
    int r = ledger_class_of(f->t, record->leaf, &class, &forgotten);

    if (r == -ENOENT || (r == -EBADMSG && !store_latched(store_of(f->t)))) {
        fsck_say_leaf(f, TABLE_LEAF_KEYS, record->leaf, ADVICE_TAKEN,
                      "the key of its sealed part is gone");
        return 0;
    }
    if (r)
        return r;
    if (forgotten != record->erased)
        fsck_say_leaf(f, TABLE_LEAF_KEYS, record->leaf, ADVICE_COUNTS,
                      record->erased ? "it was forgotten, and its key is still there"
                                     : "its key was forgotten, and its sealed part is still there");
    f->counts->forgotten += record->erased;
    if (forgotten || record->erased)
        return 0;
    buf_reset(&w->opened);
    r = ledger_sealed_open(f->t, record, &w->opened);
    if (r == -EBADMSG && !store_latched(store_of(f->t))) {
        fsck_say_leaf(f, TABLE_LOG, record->leaf, ADVICE_DAMAGED, "its sealed part does not open");
        r = 0;
    }
    return r;
}

/* The hash of a leaf whose record cannot be read: the tree's, so that what follows can be examined.
 */
static int leaf_unread(struct walk *w, const char *what)
{
    uint8_t hash[SHA256_LEN];
    uint64_t leaf = w->tree.size;
    int r = ledger_node(w->f->t, 0, leaf, hash);

    if (what)
        fsck_say_leaf(w->f, TABLE_LOG, leaf, ADVICE_TAKEN, what);
    if (r == -ENOENT || (r == -EBADMSG && !store_latched(store_of(w->f->t)))) {
        w->unknown = true;
        memset(hash, 0, sizeof(hash));
        r = 0;
    }
    return r ? r : leaf_grow(w, hash);
}

static int leaf_read(struct walk *w, struct bytes value)
{
    struct fsck *f = w->f;
    struct ledger_record record;
    uint8_t hash[SHA256_LEN];
    uint64_t leaf = w->tree.size;
    int r = ledger_record_decode(leaf, value, &record);

    if (r == 0)
        r = ledger_record_hash(&record, hash);
    if (r == -EBADMSG) {
        fsck_say_leaf(f, TABLE_LOG, leaf, ADVICE_DAMAGED, "its record does not read");
        return leaf_unread(w, NULL);
    }
    if (r)
        return r;
    f->events[leaf] = record.clear.event;
    decided_check(f, &record);
    r = part_check(w, &record);
    return r ? r : leaf_grow(w, hash);
}

static int leaf_one(void *ctx, struct bytes key, struct bytes sealed)
{
    struct walk *w = ctx;
    struct fsck *f = w->f;
    uint64_t leaf;
    int r = 0;

    if (key.len != LEDGER_INDEX_KEY) {
        fsck_say(f, TABLE_LOG, key, ADVICE_STRAY, "no leaf has such a key");
        return 0;
    }
    leaf = fsck_u64(key, 0);
    if (leaf >= f->leaves) {
        fsck_say(f, TABLE_LOG, key, ADVICE_STRAY, "no log has so many leaves");
        return 0;
    }
    while (r == 0 && w->tree.size < leaf) {
        r = leaf_unread(w, "a leaf is missing");
        if (r == 0)
            r = heads_to(w);
    }
    if (r)
        return r;
    buf_reset(&w->value);
    r = store_raw_open(f->t, TABLE_LOG, key, sealed, &w->value);
    if (r == -EBADMSG)
        r = leaf_unread(w, NULL); /* the sweep says so */
    else if (r == 0)
        r = leaf_read(w, buf_view(&w->value));
    if (r == 0)
        r = heads_to(w);
    if (f->o->progress && leaf % 4096 == 0)
        f->o->progress(f->o->ctx, "log, tree and heads", leaf, f->leaves);
    return r;
}

/* --- the end --- */

/* The keys of the last leaves stand beside the root that they make. */
static int end_check(struct walk *w)
{
    struct fsck *f = w->f;
    uint8_t root[SHA256_LEN];
    int r = tree_root(&w->tree, root);

    if (r == 0)
        r = ledger_check_end(f->t, f->leaves, root);
    if (r != -ENOENT && (r != -EBADMSG || store_latched(store_of(f->t))))
        return r;
    fsck_say_leaf(f, TABLE_LEAF_KEYS, f->leaves, ADVICE_TAKEN,
                  "the keys at the log's end are of other leaves than it has: its newest are gone, "
                  "or were altered");
    return 0;
}

static int log_end(struct walk *w)
{
    struct fsck *f = w->f;
    uint64_t kept = 0, blocks = 0;
    int r = store_raw_count(f->t, TABLE_TREE, &kept);

    if (r == 0 && !w->unknown && kept > f->leaves / ROW_LEAVES)
        fsck_say_leaf(
            f, TABLE_TREE, f->leaves, ADVICE_TAKEN,
            "the tree has hashes of more leaves than the log: its newest leaves are gone");
    if (r == 0)
        r = store_raw_count(f->t, TABLE_LEAF_KEYS, &blocks);
    if (r == 0 && blocks > ledger_blocks(f->leaves))
        fsck_say_leaf(f, TABLE_LEAF_KEYS, f->leaves, ADVICE_COUNTS,
                      "there are blocks of keys that no leaf needs: keys of what was forgotten may "
                      "be in them");
    if (r == 0 && w->head_next != UINT64_MAX)
        fsck_say_leaf(f, TABLE_LOG, w->head_next - 1, ADVICE_FORGED,
                      "a signed head says that the log had this leaf: its newest leaves are gone");
    return r || w->unknown ? r : end_check(w);
}

static int log_walk(struct walk *w)
{
    struct fsck *f = w->f;
    int r = head_find(w, 0);

    if (r == 0)
        r = heads_to(w); /* of the empty log */
    if (r == 0)
        r = store_scan_raw(f->t, TABLE_LOG, bytes_of(NULL, 0), bytes_of(NULL, 0), leaf_one, w);
    return r ? r : log_end(w);
}

int fsck_log(struct fsck *f)
{
    struct walk *w = calloc(1, sizeof(*w));
    uint64_t kept = 0;
    int r = w ? ledger_count(f->t, &f->leaves) : -ENOMEM;

    if (r == 0)
        r = store_raw_count(f->t, TABLE_LOG, &kept);
    if (r == 0 && f->leaves > 2 * kept + MISSING_MOST)
        f->leaves = kept; /* its last key is a stray, and is said to be one */
    if (r == 0) {
        f->counts->leaves = f->leaves;
        f->events = calloc(f->leaves ? (size_t)f->leaves : 1, 1);
        r = f->events ? 0 : -ENOMEM;
    }
    if (r == 0) {
        w->f = f;
        buf_init(&w->note, NOTE_MAX + 1);
        buf_init(&w->value, STORE_VALUE_MAX);
        buf_init(&w->opened, STORE_VALUE_MAX);
        r = log_walk(w);
        if (w->opened.data)
            crypto_wipe(w->opened.data, w->opened.cap);
        buf_deinit(&w->note);
        buf_deinit(&w->value);
        buf_deinit(&w->opened);
    }
    free(w);
    if (r == -EBADMSG)
        fsck_say(f, TABLE_LOG, bytes_of(NULL, 0), ADVICE_DAMAGED,
                 "the data file's pages make no sense here; what follows cannot be examined");
    return r;
}
