/* SPDX-License-Identifier: Apache-2.0 */
/* test_ledger.c - the log: records and tree are one, what was committed is proved, what was changed
 * is noticed. */
#include "ledger_fixture.h"

#include "tree/tree.h"

static const struct ledger_private nothing;

static void ledger_begins_empty_with_the_empty_trees_root(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    uint8_t root[SHA256_LEN], empty[SHA256_LEN];

    assert_int_equal(ledger_size(l), 0);
    ledger_root(l, root);
    assert_int_equal(crypto_sha256(bytes_of(NULL, 0), empty), 0);
    assert_memory_equal(root, empty, SHA256_LEN);
}

static int count_record(void *ctx, const struct ledger_record *r)
{
    uint64_t *next = ctx;

    assert_int_equal(r->leaf, *next);
    ++*next;
    return 0;
}

static void ledger_goes_on_after_reopening_with_the_same_root(void **state)
{
    struct fixture *f = *state;
    uint8_t before[SHA256_LEN], after[SHA256_LEN];
    uint64_t next = 0;
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;

    for (int round = 0; round < 7; round++) {
        ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);

        if (round) {
            ledger_root(l, after);
            assert_memory_equal(before, after, SHA256_LEN);
        }
        assert_int_equal(append(f, l, round + 1), 0);
        ledger_root(l, before);
        l = ledger_close(l);
        fixture_reopen(f);
    }
    t = fixture_begin(f, false);
    assert_int_equal(ledger_count(t, &next), 0);
    assert_int_equal(next, 28);
    next = 0;
    assert_int_equal(ledger_each(t, 0, UINT64_MAX, count_record, &next), 0);
    assert_int_equal(next, 28);
}

struct proving {
    struct store_txn *t;
    uint8_t root[SHA256_LEN];
    uint64_t size;
};

static int prove_record(void *ctx, const struct ledger_record *r)
{
    struct proving *p = ctx;
    struct tree_proof proof;
    uint8_t hash[SHA256_LEN], again[SHA256_LEN];

    assert_int_equal(ledger_record_hash(r, hash), 0);
    assert_int_equal(ledger_leaf_hash(r->nonce, r->clear_octets, r->sealed_octets, again), 0);
    assert_memory_equal(hash, again, SHA256_LEN);
    assert_int_equal(tree_prove_inclusion(r->leaf, p->size, ledger_node, p->t, &proof), 0);
    assert_int_equal(tree_check_inclusion(hash, r->leaf, p->size, &proof, p->root), 0);
    return 0;
}

static void ledger_proves_every_record_from_the_nodes_kept(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    struct proving p = { 0 };
    uint8_t old_root[SHA256_LEN];
    struct tree_proof proof;

    assert_int_equal(append(f, l, 11), 0);
    ledger_root(l, old_root);
    assert_int_equal(append(f, l, 12), 0);
    p.size = ledger_size(l);
    ledger_root(l, p.root);
    t = fixture_begin(f, false);
    p.t = t;
    assert_int_equal(ledger_each(t, 0, p.size, prove_record, &p), 0);
    assert_int_equal(tree_prove_consistency(11, 23, ledger_node, t, &proof), 0);
    assert_int_equal(tree_check_consistency(11, 23, old_root, p.root, &proof), 0);
    assert_int_equal(tree_root_at(11, ledger_node, t, p.root), 0);
    assert_memory_equal(old_root, p.root, SHA256_LEN);
}

static void ledger_rolls_back_what_was_not_committed(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct fixture_fault fault = { .step = STORE_STEP_COMMIT, .countdown = 1, .error = ENOSPC };
    uint8_t before[SHA256_LEN], after[SHA256_LEN];

    assert_int_equal(append(f, l, 5), 0);
    ledger_root(l, before);
    store_fault_hook(f->store, fixture_fault, &fault);
    assert_int_equal(append(f, l, 3), -ENOSPC);
    assert_int_equal(ledger_size(l), 5);
    ledger_root(l, after);
    assert_memory_equal(before, after, SHA256_LEN);
    assert_int_equal(append(f, l, 1), 0);
    assert_int_equal(ledger_size(l), 6);
    l = ledger_close(l);
    fixture_reopen(f);
    l = open_ledger(f);
    assert_int_equal(ledger_size(l), 6);
}

static int same_node(void *ctx, unsigned level, uint64_t index,
                     const uint8_t hash[static SHA256_LEN])
{
    uint8_t kept[SHA256_LEN];

    assert_int_equal(ledger_node(ctx, level, index, kept), 0);
    assert_memory_equal(kept, hash, SHA256_LEN);
    return 0;
}

struct regrowing {
    struct store_txn *t;
    struct tree_frontier tree;
};

static int regrow(void *ctx, const struct ledger_record *r)
{
    struct regrowing *w = ctx;
    uint8_t hash[SHA256_LEN];

    assert_int_equal(ledger_record_hash(r, hash), 0);
    assert_int_equal(tree_append(&w->tree, hash, same_node, w->t), 0);
    return 0;
}

/* Every hash of the tree, made anew from the records, is the one that is given. */
static void check_tree(struct fixture *f, struct ledger *l)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = fixture_begin(f, false);
    struct regrowing w = { .t = t };
    uint8_t root[SHA256_LEN], again[SHA256_LEN];

    assert_int_equal(ledger_each(t, 0, UINT64_MAX, regrow, &w), 0);
    assert_int_equal(w.tree.size, ledger_size(l));
    ledger_root(l, root);
    assert_int_equal(tree_root(&w.tree, again), 0);
    assert_memory_equal(root, again, SHA256_LEN);
}

static void ledger_gives_every_hash_of_the_tree_whatever_the_batches_were(void **state)
{
    static const int batches[] = { 1, 30, 1, 1, 31, 64, 5, 900, 32, 1 }; /* 1,066 */
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);

    for (size_t i = 0; i < ALM_LEN(batches); i++) {
        assert_int_equal(append(f, l, batches[i]), 0);
        check_tree(f, l);
    }
    l = ledger_close(l);
    fixture_reopen(f);
    l = open_ledger(f);
    assert_int_equal(append(f, l, 30), 0);
    check_tree(f, l);
}

static void ledger_has_no_hash_of_what_is_not_full(void **state)
{
    static const struct {
        unsigned level;
        uint64_t index;
    } none[] = { { 0, 70 },         { 1, 35 },
                 { 2, 17 },         { 3, 8 },
                 { 5, 2 },          { 6, 1 },
                 { 7, 0 },          { 4, 4 },
                 { 0, UINT64_MAX }, { 5, UINT64_MAX },
                 { 63, 0 },         { 63, 1 },
                 { 64, 0 },         { 4, UINT64_MAX / 2 },
                 { 200, 0 } };
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    uint8_t hash[SHA256_LEN];

    assert_int_equal(append(f, l, 70), 0);
    t = fixture_begin(f, false);
    for (size_t i = 0; i < ALM_LEN(none); i++)
        assert_int_equal(ledger_node(t, none[i].level, none[i].index, hash), -ENOENT);
    assert_int_equal(ledger_node(t, 6, 0, hash), 0);
    assert_int_equal(ledger_node(t, 1, 34, hash), 0);
}

/* The record and its keys; with a row that is full, and with a block that is. */
static void ledger_append_that_fails_at_any_put_leaves_record_and_tree_as_they_were(void **state)
{
    static const struct {
        int leaves, puts;
    } cases[] = { { 7, 2 }, { 31, 3 }, { 1023, 4 } };
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    uint8_t before[SHA256_LEN], after[SHA256_LEN];

    for (size_t i = 0; i < ALM_LEN(cases); i++) {
        uint64_t size = (uint64_t)cases[i].leaves;
        int step = 0, r = -1;

        assert_int_equal(append(f, l, (int)(size - ledger_size(l))), 0);
        ledger_root(l, before);
        while (r != 0) {
            struct fixture_fault fault = { .step = STORE_STEP_PUT,
                                           .countdown = ++step,
                                           .error = ENOMEM };

            store_fault_hook(f->store, fixture_fault, &fault);
            r = append(f, l, 1);
            store_fault_hook(f->store, NULL, NULL);
            if (r) {
                ALM_CLEANUP(ledger_closep) struct ledger *fresh = open_ledger(f);

                assert_int_equal(r, -ENOMEM);
                ledger_root(l, after);
                assert_memory_equal(before, after, SHA256_LEN);
                assert_int_equal(ledger_size(l), size);
                assert_int_equal(ledger_size(fresh), size);
            }
        }
        assert_int_equal(step, cases[i].puts + 1);
        assert_int_equal(ledger_size(l), size + 1);
        check_tree(f, l);
    }
}

static void
ledger_whose_batch_over_a_rows_end_was_taken_back_goes_on_with_the_row_of_before(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct fixture_fault fault = { .step = STORE_STEP_COMMIT, .countdown = 1, .error = ENOSPC };

    assert_int_equal(append(f, l, 20), 0);
    store_fault_hook(f->store, fixture_fault, &fault);
    assert_int_equal(append(f, l, 50), -ENOSPC); /* into the row after the next */
    store_fault_hook(f->store, NULL, NULL);
    assert_int_equal(append(f, l, 12), 0);
    check_tree(f, l);
    assert_int_equal(append(f, l, 40), 0);
    check_tree(f, l);
}

static void ledger_appends_nothing_in_a_transaction_that_has_failed(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct store_txn *t = fixture_begin(f, true);
    struct ledger_clear c = clear_of(EVENT_REFUSED, "school"), bad = clear_of(0, "school");
    uint64_t leaf = 9;

    store_fail(t, -ECANCELED);
    ledger_append(l, t, &c, &nothing, &leaf);
    assert_int_equal(ledger_size(l), 0);
    t = store_abort(t);
    ledger_settle(l, -ECANCELED);
    t = fixture_begin(f, true);
    ledger_append(l, t, &bad, &nothing, &leaf);
    assert_int_equal(store_commit(t), -EINVAL);
    ledger_settle(l, -EINVAL);
    t = fixture_begin(f, true);
    bad.event = EVENT_COUNT;
    ledger_append(l, t, &bad, &nothing, &leaf);
    assert_int_equal(store_commit(t), -EINVAL);
}

/* What is no text is refused when it is read, and with it all that is read after it: of a log with
 * such a leaf among its last the broker did not start. */
static void ledger_refuses_a_text_that_it_would_not_read_back(void **state)
{
    static const char *const bad[] = { "\xc3", "a name cut in its \xe2\x80", "\xff", "\xc0\x80" };
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct ledger_clear good = clear_of(EVENT_DECIDED, "school");
    struct store_txn *t;
    uint64_t leaf;

    (void)snprintf(good.detail, sizeof(good.detail), "Ynys M\xc3\xb4n");
    for (size_t i = 0; i < ALM_LEN(bad); i++) {
        struct ledger_clear texts[3] = { good, good, good };

        (void)snprintf(texts[0].detail, sizeof(texts[0].detail), "%s", bad[i]);
        (void)snprintf(texts[1].role, sizeof(texts[1].role), "%s", bad[i]);
        texts[2].n_holders = 2;
        (void)snprintf(texts[2].holders[1], sizeof(texts[2].holders[1]), "%s", bad[i]);
        for (size_t k = 0; k < ALM_LEN(texts); k++) {
            t = fixture_begin(f, true);
            ledger_append(l, t, &texts[k], &nothing, &leaf);
            assert_int_equal(store_commit(t), -EINVAL);
            ledger_settle(l, -EINVAL);
        }
    }
    /* what lies behind the holders that count is nobody's */
    (void)snprintf(good.holders[3], sizeof(good.holders[3]), "\xc3");
    t = fixture_begin(f, true);
    ledger_append(l, t, &good, &nothing, &leaf);
    assert_int_equal(store_commit(t), 0);
    ledger_settle(l, 0);
    l = ledger_close(l);
    fixture_reopen(f);
    l = open_ledger(f);
    assert_int_equal(ledger_size(l), 1);
}

static struct ledger_clear full_clear(void)
{
    struct ledger_clear c = { .event = EVENT_DISCLOSED,
                              .at_ms = -1,
                              .civil_day = INT32_MIN,
                              .mode = 1,
                              .about = 41,
                              .outcome = 2,
                              .told = 3,
                              .completeness = 4,
                              .n_holders = 300 };

    memset(c.message.octets, 9, ID_LEN);
    memset(c.agency, 'a', sizeof(c.agency) - 1);
    memset(c.role, 'b', sizeof(c.role) - 1);
    memset(c.purpose, 'c', sizeof(c.purpose) - 1);
    memset(c.question, 'd', sizeof(c.question) - 1);
    memset(c.basis, 'e', sizeof(c.basis) - 1);
    memset(c.rule, 'f', sizeof(c.rule) - 1);
    memset(c.reason, 'g', sizeof(c.reason) - 1);
    memset(c.policy, 'h', sizeof(c.policy) - 1);
    memset(c.officer, 'i', sizeof(c.officer) - 1);
    memset(c.detail, 'j', sizeof(c.detail) - 1);
    for (size_t i = 0; i < ALM_LEN(c.holders); i++)
        memset(c.holders[i], 'k', sizeof(c.holders[i]) - 1);
    return c;
}

struct one {
    struct ledger_record record;
    uint8_t octets[8192];
    struct store_txn *t;
    struct buf part;
    int opened;
};

static int keep_one(void *ctx, const struct ledger_record *r)
{
    struct one *o = ctx;

    o->record = *r; /* its views end with the visit */
    assert_true(r->clear_octets.len <= sizeof(o->octets));
    memcpy(o->octets, r->clear_octets.data, r->clear_octets.len);
    o->opened = ledger_sealed_open(o->t, r, &o->part);
    return 0;
}

static void ledger_gives_back_both_parts_as_appended(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct ledger_clear c = full_clear(), again;
    struct store_txn *t = fixture_begin(f, true);
    struct one o = { 0 };
    uint64_t leaf;

    ledger_append(l, t, &c, &answer, &leaf);
    assert_int_equal(store_commit(t), 0);
    ledger_settle(l, 0);
    o.t = t = fixture_begin(f, false);
    buf_init(&o.part, 4096);
    assert_int_equal(ledger_each(t, 0, 1, keep_one, &o), 0);
    assert_int_equal(o.opened, 0);
    assert_memory_equal(&o.record.clear, &c, sizeof(c));
    assert_true(bytes_equal(buf_view(&o.part), bytes_str("tokens and the answer")));
    assert_null(memmem(o.octets, o.record.clear_octets.len, "tokens", 6));
    assert_int_equal(ledger_clear_decode(bytes_of(o.octets, o.record.clear_octets.len), &again), 0);
    assert_memory_equal(&again, &c, sizeof(c));
    buf_deinit(&o.part);
    t = store_abort(t);
}

static void ledger_clear_part_is_refused_cut_short_or_changed_in_form(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct ledger_clear c = clear_of(EVENT_DECIDED, "school"), out;
    struct store_txn *t = fixture_begin(f, true);
    struct one o = { 0 };
    uint64_t leaf;
    size_t len;

    c.n_holders = 2;
    (void)snprintf(c.holders[0], sizeof(c.holders[0]), "health");
    (void)snprintf(c.holders[1], sizeof(c.holders[1]), "police");
    ledger_append(l, t, &c, &nothing, &leaf);
    assert_int_equal(store_commit(t), 0);
    o.t = t = fixture_begin(f, false);
    buf_init(&o.part, 4096);
    assert_int_equal(ledger_each(t, 0, 1, keep_one, &o), 0);
    len = o.record.clear_octets.len;
    for (size_t i = 0; i < len; i++)
        assert_int_equal(ledger_clear_decode(bytes_of(o.octets, i), &out), -EBADMSG);
    assert_int_equal(ledger_clear_decode(bytes_of(o.octets, len), &out), 0);
    assert_int_equal(ledger_clear_decode(bytes_of(o.octets, len + 1), &out), -EBADMSG);
    o.octets[0] = 2; /* a later layout */
    assert_int_equal(ledger_clear_decode(bytes_of(o.octets, len), &out), -EBADMSG);
    o.octets[0] = 1;
    o.octets[1] = EVENT_COUNT;
    assert_int_equal(ledger_clear_decode(bytes_of(o.octets, len), &out), -EBADMSG);
    o.octets[1] = EVENT_DECIDED;
    o.octets[len - 1] = 0xff; /* not UTF-8 */
    assert_int_equal(ledger_clear_decode(bytes_of(o.octets, len), &out), -EBADMSG);
    o.octets[len - 1] = 0;
    assert_int_equal(ledger_clear_decode(bytes_of(o.octets, len), &out), -EBADMSG);
    buf_deinit(&o.part);
    t = store_abort(t);
}

static void ledger_record_that_lost_its_sealed_part_is_still_proved(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct store_txn *t;
    struct one before = { 0 }, after = { 0 };
    uint8_t hash[SHA256_LEN], again[SHA256_LEN];

    assert_int_equal(append(f, l, 5), 0);
    before.t = t = fixture_begin(f, true);
    buf_init(&before.part, 4096);
    buf_init(&after.part, 4096);
    assert_int_equal(ledger_each(t, 4, 5, keep_one, &before), 0);
    assert_int_equal(ledger_forget(t, 4), 0);
    assert_int_equal(ledger_forget(t, 4), 0);
    assert_int_equal(ledger_forget(t, 5), -ENOENT);
    assert_int_equal(store_commit(t), 0);
    l = ledger_close(l);
    fixture_reopen(f);
    l = open_ledger(f); /* the last record is checked against the tree */
    after.t = t = fixture_begin(f, false);
    assert_int_equal(ledger_each(t, 4, 5, keep_one, &after), 0);
    assert_true(after.record.erased);
    assert_int_equal(after.opened, -ENODATA);
    assert_int_equal(after.record.sealed_octets.len, 0);
    assert_memory_equal(after.record.sealed_hash, before.record.sealed_hash, SHA256_LEN);
    after.record.clear_octets.data = after.octets;
    assert_int_equal(ledger_record_hash(&after.record, hash), 0);
    assert_int_equal(ledger_node(t, 0, 4, again), 0);
    assert_memory_equal(hash, again, SHA256_LEN);
    buf_deinit(&before.part);
    buf_deinit(&after.part);
    t = store_abort(t);
}

static int open_under_another_nonce(void *ctx, const struct ledger_record *r)
{
    struct one *o = ctx;
    struct ledger_record other = *r;

    assert_int_equal(ledger_sealed_open(o->t, r, &o->part), 0);
    other.nonce[0] ^= 1;
    o->opened = ledger_sealed_open(o->t, &other, &o->part);
    return 0;
}

static void ledger_sealed_part_of_one_record_does_not_open_in_another(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    struct one o = { 0 };

    assert_int_equal(append(f, l, 1), 0);
    o.t = t = fixture_begin(f, false);
    buf_init(&o.part, 4096);
    assert_int_equal(ledger_each(t, 0, 1, open_under_another_nonce, &o), 0);
    assert_int_equal(o.opened, -EBADMSG);
    buf_deinit(&o.part);
}

static int stop_or_fail(void *ctx, const struct ledger_record *r)
{
    uint64_t *mode = ctx;

    return r->leaf == 3 ? (*mode ? -ECANCELED : 1) : 0;
}

static void ledger_each_keeps_to_its_range_and_to_what_the_visitor_says(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    uint64_t next = 2, mode = 0;

    assert_int_equal(append(f, l, 6), 0);
    t = fixture_begin(f, false);
    assert_int_equal(ledger_each(t, 2, 5, count_record, &next), 0);
    assert_int_equal(next, 5);
    assert_int_equal(ledger_each(t, 6, 100, count_record, &next), 0);
    assert_int_equal(ledger_each(t, 4, 4, count_record, &next), 0);
    assert_int_equal(ledger_each(t, 5, 4, count_record, &next), 0);
    assert_int_equal(next, 5);
    assert_int_equal(ledger_each(t, 0, 6, stop_or_fail, &mode), 0);
    mode = 1;
    assert_int_equal(ledger_each(t, 0, 6, stop_or_fail, &mode), -ECANCELED);
}

static void ledger_gives_the_latest_head(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(buf_deinit) struct buf note = { 0 };
    ALM_CLEANUP(store_abortp) struct store_txn *t = fixture_begin(f, true);
    uint64_t size = 9;

    buf_init(&note, 1024);
    assert_int_equal(ledger_head_latest(t, &size, &note), -ENOENT);
    ledger_head_put(t, 0, "of nothing\n");
    assert_int_equal(ledger_head_latest(t, &size, &note), 0);
    assert_int_equal(size, 0);
    ledger_head_put(t, 255, "first\n");
    ledger_head_put(t, 256, "second\n");
    buf_reset(&note);
    assert_int_equal(ledger_head_latest(t, &size, &note), 0);
    assert_int_equal(size, 256);
    assert_true(bytes_equal(buf_view(&note), bytes_str("second\n")));
}

static void ledger_has_a_word_for_every_event(void **state)
{
    (void)state;
    for (uint8_t i = 1; i < EVENT_COUNT; i++) {
        assert_string_not_equal(ledger_event_word(i), "unknown");
        for (uint8_t j = 1; j < i; j++)
            assert_string_not_equal(ledger_event_word(i), ledger_event_word(j));
    }
    assert_string_equal(ledger_event_word(0), "unknown");
    assert_string_equal(ledger_event_word(UINT8_MAX), "unknown");
    assert_string_equal(ledger_event_word(EVENT_DECIDED), "decided");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEDGER_TEST(ledger_begins_empty_with_the_empty_trees_root),
        LEDGER_TEST(ledger_goes_on_after_reopening_with_the_same_root),
        LEDGER_TEST(ledger_proves_every_record_from_the_nodes_kept),
        LEDGER_TEST(ledger_rolls_back_what_was_not_committed),
        LEDGER_TEST(ledger_gives_every_hash_of_the_tree_whatever_the_batches_were),
        LEDGER_TEST(ledger_has_no_hash_of_what_is_not_full),
        LEDGER_TEST(
            ledger_whose_batch_over_a_rows_end_was_taken_back_goes_on_with_the_row_of_before),
        LEDGER_TEST(ledger_append_that_fails_at_any_put_leaves_record_and_tree_as_they_were),
        LEDGER_TEST(ledger_refuses_a_text_that_it_would_not_read_back),
        LEDGER_TEST(ledger_appends_nothing_in_a_transaction_that_has_failed),
        LEDGER_TEST(ledger_gives_back_both_parts_as_appended),
        LEDGER_TEST(ledger_clear_part_is_refused_cut_short_or_changed_in_form),
        LEDGER_TEST(ledger_record_that_lost_its_sealed_part_is_still_proved),
        LEDGER_TEST(ledger_sealed_part_of_one_record_does_not_open_in_another),
        LEDGER_TEST(ledger_each_keeps_to_its_range_and_to_what_the_visitor_says),
        LEDGER_TEST(ledger_gives_the_latest_head),
        LEDGER_TEST(ledger_has_a_word_for_every_event),
    };

    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
