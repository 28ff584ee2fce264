/* SPDX-License-Identifier: Apache-2.0 */
/* test_ledger_keys.c - record keys, classes and tags: kept, merged and found. */
#include "keys_fixture.h"

static void keys_of_every_record_open_it_wherever_blocks_end(void **state)
{
    static const uint64_t sizes[] = { 1, 31, 32, 33, 1023, 1024, 1025, 1056, 2048, 2100 };
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);

    for (size_t i = 0; i < ALM_LEN(sizes); i++) {
        assert_int_equal(append(f, l, sizes[i] - ledger_size(l)), 0);
        l = ledger_close(l);
        fixture_reopen(f);
        l = open_ledger(f);
        assert_int_equal(ledger_size(l), sizes[i]);
        assert_int_equal(open_all(f, sizes[i]), 0);
    }
}

static void keys_appended_one_in_a_batch_are_as_those_of_one_batch(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct store_txn *t;

    for (int i = 0; i < 70; i++)
        assert_int_equal(append(f, l, 1), 0);
    assert_int_equal(open_all(f, 70), 0);
    t = fixture_begin(f, false);
    for (uint64_t i = 0; i < 70; i++)
        assert_int_equal(find_one(t, 1000 + i), i);
    t = store_abort(t);
}

static void search_gives_every_leaf_with_a_tag_in_order_and_no_other(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    const uint64_t tags[] = { 5000, 3, 1000 + 2050, 1000 + 7, UINT64_MAX };
    struct seen s = { 0 };
    struct store_txn *t;
    uint64_t next = 0;

    assert_int_equal(append(f, l, 2100), 0);
    t = fixture_begin(f, false);
    assert_int_equal(ledger_find(t, tags, ALM_LEN(tags), &next, 60, 1, see, &s), 0);
    assert_int_equal(next, 60);
    assert_int_equal(s.n, 10); /* 3, 7, 10, 17, 24, ..., 59 */
    assert_int_equal(s.leaves[0], 3);
    assert_int_equal(s.leaves[1], 7);
    assert_int_equal(s.leaves[2], 10);
    s.n = 0;
    next = 2048;
    assert_int_equal(ledger_find(t, tags + 2, 3, &next, UINT64_MAX, 1, see, &s), 1);
    assert_int_equal(next, 2080); /* a small block: the log's end */
    assert_int_equal(s.n, 1);
    assert_int_equal(s.leaves[0], 2050);
    assert_int_equal(ledger_find(t, tags + 2, 3, &next, UINT64_MAX, 1, see, &s), 0);
    assert_int_equal(next, 2100);
    assert_int_equal(ledger_find(t, tags, 5, &next, UINT64_MAX, 1, see, &s), 0);
    assert_int_equal(s.n, 1);
    t = store_abort(t);
}

static void search_in_steps_of_any_size_finds_the_same(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    const uint64_t tags[] = { 1000 + 5, 1000 + 1023, 1000 + 1024, 1000 + 2099 };
    struct store_txn *t;

    assert_int_equal(append(f, l, 2100), 0);
    t = fixture_begin(f, false);
    for (size_t blocks = 1; blocks < 5; blocks++) {
        struct seen s = { 0 };
        uint64_t next = 0;
        int r;

        while ((r = ledger_find(t, tags, 4, &next, UINT64_MAX, blocks, see, &s)) == 1)
            ;
        assert_int_equal(r, 0);
        assert_int_equal(s.n, 4);
        assert_int_equal(s.leaves[3], 2099);
    }
    t = store_abort(t);
}

static void one_leaf_is_looked_at_for_tags_across_blocks_and_forgotten_ones_have_none(void **state)
{
    const uint64_t tags[] = { 3, 1005, 1000 + LEDGER_KEYS_BLOCK, 2000000 };
    struct fixture *f = *state;
    struct ledger *l = open_ledger(f);
    struct store_txn *t;

    assert_int_equal(append(f, l, LEDGER_KEYS_BLOCK + 40), 0);
    t = fixture_begin(f, true);
    assert_int_equal(ledger_forget(t, 10), 0); /* 10 % 7 is 3 */
    for (uint64_t i = 0; i < LEDGER_KEYS_BLOCK + 40; i++) {
        bool has = (i % 7 == 3 && i != 10) || i == 5 || i == LEDGER_KEYS_BLOCK;

        assert_int_equal(ledger_tagged(t, i, tags, ALM_LEN(tags)), has);
        assert_int_equal(ledger_tagged(t, i, tags, 0), 0);
    }
    assert_int_equal(ledger_tagged(t, LEDGER_KEYS_BLOCK + 40, tags, ALM_LEN(tags)), -ENOENT);
    t = store_abort(t);
    l = ledger_close(l);
}

static void search_stops_where_told_and_goes_on_behind(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct seen s = { .stop_at = 2 };
    struct store_txn *t;
    uint64_t next = 0, tag = 4;

    assert_int_equal(append(f, l, 40), 0);
    t = fixture_begin(f, false);
    assert_int_equal(ledger_find(t, &tag, 1, &next, UINT64_MAX, 9, see, &s), 1);
    assert_int_equal(next, 12); /* behind 11 */
    s.stop_at = 0;
    assert_int_equal(ledger_find(t, &tag, 1, &next, UINT64_MAX, 9, see, &s), 0);
    assert_int_equal(s.n, 6); /* 4, 11, 18, 25, 32, 39 */
    s = (struct seen){ .fail = -ECANCELED };
    next = 0;
    assert_int_equal(ledger_find(t, &tag, 1, &next, UINT64_MAX, 9, see, &s), -ECANCELED);
    s = (struct seen){ 0 };
    next = 0;
    assert_int_equal(ledger_find(t, NULL, 0, &next, UINT64_MAX, 9, see, &s), 0);
    assert_int_equal(s.n, 40); /* no tags: every leaf */
    t = store_abort(t);
}

static void search_sees_what_its_own_transaction_has_appended(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct store_txn *t = fixture_begin(f, true);
    uint8_t class;
    bool forgotten;

    append_in(l, t, 3);
    assert_int_equal(find_one(t, 1002), 2);
    append_in(l, t, 3);
    assert_int_equal(ledger_class_of(t, 5, &class, &forgotten), 0);
    assert_int_equal(class, CLASS_CONCERN);
    assert_false(forgotten);
    assert_int_equal(ledger_class_of(t, 6, &class, &forgotten), -ENOENT);
    assert_int_equal(ledger_class_of(t, 600, &class, &forgotten), -ENOENT);
    ledger_flush(l, t);
    ledger_flush(l, t); /* nothing is owed: no harm */
    assert_int_equal(store_commit(t), 0);
    ledger_settle(l, 0);
    assert_int_equal(open_all(f, 6), 0);
}

static void class_is_the_events_unless_the_writer_says_another(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct ledger_clear c = clear_of(EVENT_DISCLOSED);
    struct ledger_private p = { .class = CLASS_OVERRIDE };
    struct store_txn *t = fixture_begin(f, true);
    uint8_t class;
    bool forgotten;
    uint64_t leaf;

    ledger_append(l, t, &c, &p, &leaf);
    p.class = 0;
    ledger_append(l, t, &c, &p, &leaf);
    assert_int_equal(ledger_class_of(t, 0, &class, &forgotten), 0);
    assert_int_equal(class, CLASS_OVERRIDE);
    assert_int_equal(ledger_class_of(t, 1, &class, &forgotten), 0);
    assert_int_equal(class, CLASS_DECISION);
    assert_int_equal(store_commit(t), 0);
}

static void every_event_and_class_has_its_word_and_every_event_a_class(void **state)
{
    (void)state;
    for (uint8_t e = 1; e < EVENT_COUNT; e++) {
        assert_string_not_equal(ledger_event_word(e), "unknown");
        assert_in_range(ledger_event_class(e), CLASS_DECISION, CLASS_COUNT - 1);
    }
    for (uint8_t c = 1; c < CLASS_COUNT; c++)
        assert_string_not_equal(ledger_class_word(c), "unknown");
    assert_string_equal(ledger_class_word(0), "unknown");
    assert_string_equal(ledger_class_word(CLASS_COUNT), "unknown");
    assert_int_equal(ledger_event_class(0), CLASS_OTHER);
    assert_int_equal(ledger_event_class(UINT8_MAX), CLASS_OTHER);
}

static void append_with_too_many_tags_or_no_known_class_is_refused(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct ledger_clear c = clear_of(EVENT_DECIDED);
    struct ledger_private many = { .n_tags = LEDGER_TAGS_MAX + 1 }, odd = { .class = CLASS_COUNT };
    const struct ledger_private *bad[] = { &many, &odd };

    for (size_t i = 0; i < ALM_LEN(bad); i++) {
        struct store_txn *t = fixture_begin(f, true);
        uint64_t leaf;

        ledger_append(l, t, &c, bad[i], &leaf);
        assert_int_equal(store_commit(t), -EINVAL);
        ledger_settle(l, -EINVAL);
    }
    assert_int_equal(ledger_size(l), 0);
}

static void tags_of_different_things_differ_and_of_the_same_agree(void **state)
{
    struct fixture *f = *state;
    struct token a = { .kind = TOKEN_NHS, .scheme = 1, .epoch = 1, .value = { 1 } }, b = a;
    struct id id = { .octets = { 1, 2, 3 } };
    uint64_t t[10];

    assert_int_equal(ledger_tag_token(f->store, &a, false, &t[0]), 0);
    assert_int_equal(ledger_tag_token(f->store, &a, true, &t[1]), 0);
    b.epoch = 2;
    assert_int_equal(ledger_tag_token(f->store, &b, false, &t[2]), 0);
    b = a;
    b.kind = TOKEN_UPN;
    assert_int_equal(ledger_tag_token(f->store, &b, false, &t[3]), 0);
    assert_int_equal(ledger_tag_practitioner(f->store, "school", "p1", &t[4]), 0);
    assert_int_equal(ledger_tag_practitioner(f->store, "schoo", "lp1", &t[5]), 0);
    assert_int_equal(ledger_tag_about(f->store, 7, &t[6]), 0);
    assert_int_equal(ledger_tag_about(f->store, 8, &t[7]), 0);
    assert_int_equal(ledger_tag_message(f->store, "school", &id, &t[8]), 0);
    assert_int_equal(ledger_tag_message(f->store, "health", &id, &t[9]), 0);
    for (size_t i = 0; i < ALM_LEN(t); i++) {
        for (size_t k = 0; k < i; k++)
            assert_true(t[i] != t[k]);
    }
    assert_int_equal(ledger_tag_token(f->store, &a, false, &t[1]), 0);
    assert_true(t[0] == t[1]);
}

static void tags_of_a_set_are_of_kinds_that_find_and_are_not_counted_twice(void **state)
{
    struct fixture *f = *state;
    struct ledger_private p = { 0 };
    struct token_set set = { .n = 4,
                             .tokens = { { .kind = TOKEN_NHS, .scheme = 1, .epoch = 1 },
                                         { .kind = TOKEN_NHS, .scheme = 1, .epoch = 1 },
                                         { .kind = TOKEN_PHONETIC_DOB, .scheme = 1, .epoch = 1 },
                                         { .kind = TOKEN_HOME, .scheme = 1, .epoch = 1 } } };

    assert_int_equal(ledger_tag_add_set(f->store, &p, &set), 0);
    assert_int_equal(p.n_tags, 2);
    for (uint64_t i = 0; i < LEDGER_TAGS_MAX - 2; i++)
        assert_int_equal(ledger_tag_add(&p, i), 0);
    assert_int_equal(ledger_tag_add(&p, 3), 0);
    assert_int_equal(ledger_tag_add(&p, 999), -E2BIG);
    set.tokens[0].epoch = 9;
    assert_int_equal(ledger_tag_add_set(f->store, &p, &set), -E2BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KEYS_TEST(keys_of_every_record_open_it_wherever_blocks_end),
        KEYS_TEST(keys_appended_one_in_a_batch_are_as_those_of_one_batch),
        KEYS_TEST(search_gives_every_leaf_with_a_tag_in_order_and_no_other),
        KEYS_TEST(search_in_steps_of_any_size_finds_the_same),
        KEYS_TEST(one_leaf_is_looked_at_for_tags_across_blocks_and_forgotten_ones_have_none),
        KEYS_TEST(search_stops_where_told_and_goes_on_behind),
        KEYS_TEST(search_sees_what_its_own_transaction_has_appended),
        KEYS_TEST(class_is_the_events_unless_the_writer_says_another),
        cmocka_unit_test(every_event_and_class_has_its_word_and_every_event_a_class),
        KEYS_TEST(append_with_too_many_tags_or_no_known_class_is_refused),
        KEYS_TEST(tags_of_different_things_differ_and_of_the_same_agree),
        KEYS_TEST(tags_of_a_set_are_of_kinds_that_find_and_are_not_counted_twice),
    };

    return cmocka_run_group_tests_name("ledger_keys", tests, NULL, NULL);
}
