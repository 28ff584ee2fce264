/* SPDX-License-Identifier: Apache-2.0 */
/* core_keeping.h - what the tests of retention and erasure share: a town whose policy has a clock of
 * its own for each class, and what there is to see of a store: which records, which leaves, and
 * what anybody could still open of copies of it. All in this header, for two tests. */
#pragma once
#include "core_worry.h"

#include "core/retention.h"
#include "local/token_json.h"
#include "store/ledger_keys.h"
#include "store/periods.h"
#include "store/raw.h"
#include "tree/tree.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

/* Days: all different, and shorter than the town's own periods. */
enum { KEEP_DECISIONS = 40, KEEP_CONSENTS = 45, KEEP_SHIELDS = 50, KEEP_CONCERNS = 5, KEEP_ALLEGED = 25,
       KEEP_UNFOUNDED = 2, KEEP_REFERRALS = 60, KEEP_OVERRIDES = 55, KEEP_OFFICERS = 400, KEEP_OTHER = 35 };

static inline void keeping_clocks(struct layout *l)
{
    static const struct policy_clock clocks[] = {
        { RETENTION_DECISIONS, 0, 0, KEEP_DECISIONS },
        { RETENTION_CONSENTS, 0, 0, KEEP_CONSENTS },
        { RETENTION_SHIELDS, 0, 0, KEEP_SHIELDS },
        { RETENTION_CONCERNS, 0, 0, KEEP_CONCERNS },
        { RETENTION_CONCERNS, 0, CONCERN_UNFOUNDED, KEEP_UNFOUNDED },
        { RETENTION_CONCERNS, CONCERN_ALLEGED, 0, KEEP_ALLEGED },
        { RETENTION_CONCERNS, CONCERN_ALLEGED, CONCERN_UNFOUNDED, KEEP_UNFOUNDED },
        { RETENTION_REFERRALS, 0, 0, KEEP_REFERRALS },
        { RETENTION_OVERRIDES, 0, 0, KEEP_OVERRIDES },
        { RETENTION_OFFICERS, 0, 0, KEEP_OFFICERS },
        { RETENTION_OTHER, 0, 0, KEEP_OTHER },
    };

    l->retention = (struct policy_retention){ .n = ALM_LEN(clocks), .backup_days = 35, .receipts_days = 40 };
    memcpy(l->retention.clocks, clocks, sizeof(clocks));
}

static inline void keeping_policy(struct layout *l)
{
    worry_policy(l);
    keeping_clocks(l);
}

static inline int keeping_setup(void **state)
{
    town_policy_more = keeping_policy;
    return town_setup(state);
}

static inline bool keeping_busy(const struct town *t)
{
    const struct retention *k = t->core->retention;

    return !k->loaded || k->hot || k->erasing || k->leaving || k->s.phase ||
           k->s.forgot_in == k->current ||
           k->s.day != t->core->day;
}

/* Until nothing more is to be forgotten, and the period after it is over. */
static inline void keeping_settle(struct town *t)
{
    for (int i = 0; i < 5000 && keeping_busy(t); i++)
        assert_true(core_turn(t->core, 0) >= 0);
    assert_false(keeping_busy(t));
    assert_false(t->core->retention->stuck);
    town_turn(t);
}

static inline void keeping_day(struct town *t, int32_t day)
{
    worry_day(t, day);
    keeping_settle(t);
}

/* --- what is there --- */

static inline struct store_txn *keeping_read(struct town *t)
{
    struct store_txn *txn = NULL;

    assert_int_equal(store_begin(t->core->store, false, &txn), 0);
    return txn;
}

static inline bool keeping_has(struct town *t, enum lodged_kind kind, const struct id *id)
{
    ALM_CLEANUP(store_abortp) struct store_txn *txn = keeping_read(t);
    struct id ids[64];
    size_t n = 0;

    assert_int_equal(lodged_ids(txn, kind, &(struct id){ 0 }, ALM_LEN(ids), ids, &n), 0);
    for (size_t i = 0; i < n; i++)
        if (id_equal(&ids[i], id))
            return true;
    return false;
}

static inline size_t keeping_count(struct town *t, enum lodged_kind kind)
{
    ALM_CLEANUP(store_abortp) struct store_txn *txn = keeping_read(t);
    struct id ids[64];
    size_t n = 0;

    assert_int_equal(lodged_ids(txn, kind, &(struct id){ 0 }, ALM_LEN(ids), ids, &n), 0);
    return n;
}

/* Is the sealed part of this leaf still there? */
static inline bool keeping_leaf(struct town *t, uint64_t leaf)
{
    ALM_CLEANUP(store_abortp) struct store_txn *txn = keeping_read(t);
    bool forgotten = false;
    uint8_t class = 0;

    assert_int_equal(ledger_class_of(txn, leaf, &class, &forgotten), 0);
    return !forgotten;
}

static inline uint64_t keeping_last(struct town *t)
{
    ALM_CLEANUP(store_abortp) struct store_txn *txn = keeping_read(t);
    uint64_t size = 0;

    assert_int_equal(ledger_count(txn, &size), 0);
    return size - 1;
}

struct keeping_event {
    uint8_t event;
    uint64_t leaf;
};

static inline int keeping_event_visit(void *ctx, const struct ledger_record *r)
{
    struct keeping_event *e = ctx;

    if (r->clear.event == e->event)
        e->leaf = r->leaf;
    return 0;
}

/* The last leaf of an event. */
static inline uint64_t keeping_leaf_of(struct town *t, uint8_t event)
{
    struct store_txn *txn = keeping_read(t);
    struct keeping_event e = { event, UINT64_MAX };
    int r = ledger_each(txn, 0, UINT64_MAX, keeping_event_visit, &e);

    store_abort(txn); /* before a test may fail */
    assert_int_equal(r, 0);
    assert_true(e.leaf != UINT64_MAX);
    return e.leaf;
}

/* --- the tree --- */

static inline int keeping_hash(void *ctx, const struct ledger_record *r)
{
    uint8_t hash[SHA256_LEN];

    assert_int_equal(ledger_record_hash(r, hash), 0);
    assert_int_equal(tree_append(ctx, hash, NULL, NULL), 0);
    return 0;
}

/* The root made anew of every record that there is: forgotten or not, the tree proves it. */
static inline void keeping_root(struct town *t, uint8_t root[static SHA256_LEN], uint64_t until)
{
    ALM_CLEANUP(store_abortp) struct store_txn *txn = keeping_read(t);
    struct tree_frontier f = { .size = 0 };
    uint8_t kept[SHA256_LEN];

    assert_int_equal(ledger_each(txn, 0, until, keeping_hash, &f), 0);
    assert_int_equal(tree_root(&f, root), 0);
    assert_int_equal(tree_root_at(f.size, ledger_node, txn, kept), 0);
    assert_memory_equal(root, kept, SHA256_LEN);
}

/* --- what could be opened --- */

#define KEEPING_VALUES_MAX 4096

struct keeping_value {
    enum table table;
    size_t key_len, len;
    uint8_t *octets; /* owned: key, then the value as it lay on disk */
};
struct keeping_values {
    size_t n;
    enum table table; /* being read */
    struct keeping_value at[KEEPING_VALUES_MAX];
};

static inline int keeping_value_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct keeping_values *v = ctx;
    struct keeping_value *at = &v->at[v->n++];

    assert_true(v->n < KEEPING_VALUES_MAX);
    *at = (struct keeping_value){ v->table, key.len, value.len, malloc(key.len + value.len + 1) };
    assert_non_null(at->octets);
    memcpy(at->octets, key.data, key.len);
    memcpy(at->octets + key.len, value.data, value.len);
    return 0;
}

/* Every value of a personal table, as a thief of the disk has it today. */
static inline struct keeping_values *keeping_copy(struct town *t)
{
    ALM_CLEANUP(store_abortp) struct store_txn *txn = keeping_read(t);
    struct keeping_values *v = calloc(1, sizeof(*v));

    assert_non_null(v);
    for (v->table = 0; v->table < TABLE_COUNT; v->table++)
        if (store_table_personal(v->table))
            assert_int_equal(store_scan_raw(txn, v->table, bytes_of(NULL, 0), bytes_of(NULL, 0),
                                            keeping_value_visit, v),
                             0);
    return v;
}

static inline void keeping_copy_free(struct keeping_values *v)
{
    for (size_t i = 0; i < v->n; i++)
        free(v->at[i].octets);
    free(v);
}

/* How many of them open with all the keys that there are now. */
static inline size_t keeping_open(struct town *t, const struct keeping_values *v)
{
    ALM_CLEANUP(store_abortp) struct store_txn *txn = keeping_read(t);
    size_t n = 0;

    for (size_t i = 0; i < v->n; i++) {
        ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
        const struct keeping_value *at = &v->at[i];

        buf_init(&out, STORE_VALUE_MAX);
        n += store_raw_open(txn, at->table, bytes_of(at->octets, at->key_len),
                            bytes_of(at->octets + at->key_len, at->len), &out) == 0;
    }
    return n;
}

/* How many of them still lie somewhere in the data file, byte for byte. */
static inline size_t keeping_on_disk(struct town *t, const struct keeping_values *v)
{
    char path[4200];
    FILE *f;
    long size;
    uint8_t *octets;
    size_t n = 0;

    (void)snprintf(path, sizeof(path), "%s/data.mdb", t->core->set.store_path);
    f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    size = ftell(f);
    assert_int_equal(fseek(f, 0, SEEK_SET), 0);
    octets = malloc((size_t)size);
    assert_non_null(octets);
    assert_int_equal(fread(octets, 1, (size_t)size, f), (size_t)size);
    (void)fclose(f);
    for (size_t i = 0; i < v->n; i++)
        n += v->at[i].len && memmem(octets, (size_t)size, v->at[i].octets + v->at[i].key_len, v->at[i].len);
    free(octets);
    return n;
}

struct keeping_needle {
    struct store_txn *txn;
    struct bytes needle;
    size_t n;
};

static inline int keeping_needle_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct keeping_needle *k = ctx;

    k->n += memmem(key.data, key.len, k->needle.data, k->needle.len) != NULL;
    k->n += value.len && memmem(value.data, value.len, k->needle.data, k->needle.len) != NULL;
    return 0;
}

static inline int keeping_sealed_visit(void *ctx, const struct ledger_record *r)
{
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
    struct keeping_needle *k = ctx;
    int e;

    buf_init(&out, STORE_VALUE_MAX);
    e = ledger_sealed_open(k->txn, r, &out);
    if (e == -ENODATA)
        return 0;
    assert_int_equal(e, 0);
    k->n += memmem(out.data, out.len, k->needle.data, k->needle.len) != NULL;
    return 0;
}

/* In how many values and sealed parts of leaves, opened, a person's number stands. */
static inline size_t keeping_named(struct town *t, enum town_person p)
{
    ALM_CLEANUP(store_abortp) struct store_txn *txn = keeping_read(t);
    struct keeping_needle k = { .txn = txn };
    struct token_set who;

    town_person(p, &who);
    k.needle = bytes_of(who.tokens[0].value, TOKEN_LEN);
    for (enum table table = 0; table < TABLE_COUNT; table++)
        assert_int_equal(store_scan(txn, table, bytes_of(NULL, 0), bytes_of(NULL, 0), true,
                                    keeping_needle_visit, &k),
                         0);
    assert_int_equal(ledger_each(txn, 0, UINT64_MAX, keeping_sealed_visit, &k), 0);
    return k.n;
}

/* --- what officers bring --- */

static inline json_t *keeping_tokens(struct town *t, const struct token_set *who)
{
    struct token_json *o = calloc(1, sizeof(*o));
    json_t *out;

    assert_non_null(o);
    o->mode = t->core->set.wire.mode;
    (void)snprintf(o->origin, sizeof(o->origin), "%s", t->core->set.wire.origin);
    (void)snprintf(o->agency, sizeof(o->agency), "council");
    o->scheme = TOKEN_HMAC;
    o->epoch = who->tokens[0].epoch;
    o->unborn = who->unborn;
    o->n = who->n;
    memcpy(o->tokens, who->tokens, who->n * sizeof(o->tokens[0]));
    out = token_json_write(o);
    assert_non_null(out);
    free(o);
    return out;
}

static inline json_t *keeping_person(struct town *t, enum town_person p)
{
    struct token_set who;

    town_person(p, &who);
    return keeping_tokens(t, &who);
}

/* A second after what came before. */
static inline struct id keeping_said(struct town *t, enum town_agency from, struct msg *m)
{
    town_wall += 1000;
    assert_string_equal(worry_say(t, from, m), "");
    return worry_last;
}

/* The council asks, and the school says yes. Return: the leaf of the decision. */
static inline uint64_t keeping_asked(struct town *t, enum town_person p)
{
    town_wall += 1000;
    town_forget(t);
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "truancy", p));
    town_turn(t);
    town_answer(t, TOWN_SCHOOL, ANSWER_YES);
    town_turn(t);
    town_mono += 5000;
    town_turn(t);
    return keeping_leaf_of(t, EVENT_DECIDED);
}
