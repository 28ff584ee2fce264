/* SPDX-License-Identifier: Apache-2.0 */
/* test_ledger_tampered.c - a log changed by somebody who has the store's key: only the tree notices. */
#include "ledger_fixture.h"

static int count_record(void *ctx, const struct ledger_record *r)
{
    uint64_t *next = ctx;

    assert_int_equal(r->leaf, *next);
    ++*next;
    return 0;
}

static void del_key(struct fixture *f, enum table table, const uint8_t *key, size_t len)
{
    struct store_txn *t = fixture_begin(f, true);

    store_del(t, table, bytes_of(key, len));
    assert_int_equal(store_commit(t), 0);
}

static void ledger_whose_last_record_was_taken_away_is_not_gone_on_with(void **state)
{
    struct fixture *f = *state;
    const uint8_t key[8] = { 0, 0, 0, 0, 0, 0, 0, 3 };
    struct ledger *l = open_ledger(f);

    assert_int_equal(append(f, l, 4), 0);
    l = ledger_close(l);
    del_key(f, TABLE_LOG, key, sizeof(key));
    assert_int_equal(ledger_open(f->store, &l), -EBADMSG);
    assert_null(l);
}

static void ledger_with_a_gap_is_noticed_by_its_reader(void **state)
{
    struct fixture *f = *state;
    const uint8_t key[8] = { 0, 0, 0, 0, 0, 0, 0, 2 };
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    uint64_t next = 0;

    assert_int_equal(append(f, l, 4), 0);
    del_key(f, TABLE_LOG, key, sizeof(key));
    t = fixture_begin(f, false);
    assert_int_equal(ledger_each(t, 0, 4, count_record, &next), -EBADMSG);
    assert_int_equal(next, 2);
    next = 2;
    assert_int_equal(ledger_each(t, 2, 4, count_record, &next), -EBADMSG);
}

static void ledger_whose_tree_lost_a_row_is_not_gone_on_with(void **state)
{
    static const struct {
        int leaves;
        uint8_t row;
    } lost[] = { { 32, 0 }, { 40, 0 }, { 70, 1 }, { 100, 1 } };

    for (size_t i = 0; i < ALM_LEN(lost); i++) {
        uint8_t key[8] = { [7] = lost[i].row }, hash[SHA256_LEN];
        void *fresh = NULL;
        struct fixture *f;
        struct store_txn *t;
        struct ledger *l;

        (void)fixture_setup(&fresh);
        f = fresh;
        l = open_ledger(f);
        assert_int_equal(append(f, l, lost[i].leaves), 0);
        l = ledger_close(l);
        del_key(f, TABLE_TREE, key, sizeof(key));
        t = fixture_begin(f, false); /* nor is it made up from the records */
        assert_int_equal(ledger_node(t, 0, lost[i].row * 32u, hash), -ENOENT);
        t = store_abort(t);
        assert_int_equal(ledger_open(f->store, &l), -EBADMSG);
        (void)fixture_teardown(&fresh);
    }
    (void)state;
}

/* Changes one octet of a value, which then opens as if it had been put so. */
static void rewrite(struct fixture *f, enum table table, uint8_t number, size_t at)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    const uint8_t key[8] = { [7] = number };
    struct store_txn *t = fixture_begin(f, true);

    buf_init(&b, 1 << 16);
    assert_int_equal(store_get(t, table, bytes_of(key, 8), &b), 0);
    b.data[at] ^= 1;
    store_put(t, table, bytes_of(key, 8), buf_view(&b));
    assert_int_equal(store_commit(t), 0);
}

static void ledger_whose_last_records_were_rewritten_is_not_gone_on_with(void **state)
{
    static const struct {
        int leaves;
        enum table table;
        uint8_t number;
        size_t at;
        bool noticed;
    } cases[] = {
        { 2, TABLE_LOG, 1, 1, true },   /* the nonce */
        { 2, TABLE_LOG, 0, 1, true },   /* of one before it */
        { 40, TABLE_LOG, 32, 1, true }, /* of the first that is in no full row */
        { 40, TABLE_LOG, 39, 1, true },       { 32, TABLE_LOG, 31, 1, true },
        { 40, TABLE_LOG, 31, 1, false },      /* the tree still proves the one that was */
        { 40, TABLE_TREE, 0, 32 * 32, true }, /* the hash over the row */
        { 70, TABLE_TREE, 1, 33 * 32, true }, /* and over both */
        { 32, TABLE_TREE, 0, 31 * 32, true },
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(cases); i++) {
        void *fresh = NULL;
        struct fixture *f;
        struct ledger *l;
        int r;

        (void)fixture_setup(&fresh);
        f = fresh;
        l = open_ledger(f);
        assert_int_equal(append(f, l, cases[i].leaves), 0);
        l = ledger_close(l);
        rewrite(f, cases[i].table, cases[i].number, cases[i].at);
        r = ledger_open(f->store, &l);
        if (r != (cases[i].noticed ? -EBADMSG : 0))
            fail_msg("case %zu: %d", i, r);
        l = ledger_close(l);
        (void)fixture_teardown(&fresh);
    }
}

static void ledger_with_a_row_of_another_length_is_damage(void **state)
{
    static const size_t lengths[] = { 0, 32, 1024, 1055, 1057, 1088, 5000 };
    struct fixture *f = *state;
    static uint8_t octets[5000];
    const uint8_t key[8] = { 0 };
    struct ledger *l = open_ledger(f);

    assert_int_equal(append(f, l, 33), 0);
    l = ledger_close(l);
    for (size_t i = 0; i < ALM_LEN(lengths); i++) {
        struct store_txn *t = fixture_begin(f, true);
        uint8_t hash[SHA256_LEN];

        store_put(t, TABLE_TREE, bytes_of(key, 8), bytes_of(octets, lengths[i]));
        assert_int_equal(ledger_node(t, 0, 3, hash), -EBADMSG);
        assert_int_equal(ledger_node(t, 5, 0, hash), -EBADMSG);
        assert_int_equal(store_commit(t), 0);
        assert_int_equal(ledger_open(f->store, &l), -EBADMSG);
    }
}

static void ledger_shorter_than_a_signed_head_is_not_gone_on_with(void **state)
{
    struct fixture *f = *state;
    struct ledger *l = open_ledger(f);
    struct store_txn *t;

    assert_int_equal(append(f, l, 2), 0);
    l = ledger_close(l);
    t = fixture_begin(f, true);
    ledger_head_put(t, 2, "a note\n");
    assert_int_equal(store_commit(t), 0);
    l = open_ledger(f);
    l = ledger_close(l);
    t = fixture_begin(f, true);
    ledger_head_put(t, 3, "a note about a leaf that is lost\n");
    assert_int_equal(store_commit(t), 0);
    assert_int_equal(ledger_open(f->store, &l), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEDGER_TEST(ledger_whose_last_record_was_taken_away_is_not_gone_on_with),
        LEDGER_TEST(ledger_with_a_gap_is_noticed_by_its_reader),
        LEDGER_TEST(ledger_whose_tree_lost_a_row_is_not_gone_on_with),
        LEDGER_TEST(ledger_whose_last_records_were_rewritten_is_not_gone_on_with),
        LEDGER_TEST(ledger_with_a_row_of_another_length_is_damage),
        LEDGER_TEST(ledger_shorter_than_a_signed_head_is_not_gone_on_with),
    };

    return cmocka_run_group_tests_name("ledger_tampered", tests, NULL, NULL);
}
