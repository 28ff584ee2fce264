/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_changes.c - how often what a table says may have become something else: what a kept
 * decision rests on. */
#include "store_fixture.h"

#include "store/consents.h"
#include "store/raw.h"
#include "store/retokens.h"

#define ONE(table) ((uint64_t)1 << (table))
#define ALL        (UINT64_MAX >> (64 - TABLE_COUNT))
#define FACTS      (ONE(TABLE_CONSENTS) | ONE(TABLE_SHIELDS) | ONE(TABLE_AGENCIES))

static struct shield_record shield_of(uint8_t who)
{
    struct shield_record r = { .id = { { who } },
                               .owner = "council",
                               .shield = { .subject = { .n = 1 }, .level = 2, .until = CIVIL_NONE } };

    r.shield.subject.tokens[0] =
        (struct token){ .kind = TOKEN_NHS, .scheme = TOKEN_HMAC, .epoch = 1, .value = { who } };
    return r;
}

static void each_put_and_delete_counts_for_its_table_alone(void **state)
{
    struct fixture *f = *state;
    uint64_t facts = store_changes(f->store, FACTS), keys = store_changes(f->store, ONE(TABLE_KEYS));
    struct store_txn *t = fixture_begin(f, true);

    store_put(t, TABLE_AGENCIES, fixture_text("police"), fixture_text("v"));
    assert_int_equal(store_changes(f->store, FACTS), facts + 1);
    store_del(t, TABLE_AGENCIES, fixture_text("police"));
    assert_int_equal(store_changes(f->store, FACTS), facts + 2);
    store_del(t, TABLE_AGENCIES, fixture_text("never there"));
    assert_int_equal(store_changes(f->store, FACTS), facts + 3);
    assert_int_equal(store_commit(t), 0);
    assert_int_equal(store_changes(f->store, FACTS), facts + 3);
    assert_int_equal(store_changes(f->store, ONE(TABLE_KEYS)), keys);
}

static void a_raw_put_counts(void **state)
{
    struct fixture *f = *state;
    uint64_t before = store_changes(f->store, FACTS);
    struct store_txn *t = fixture_begin(f, true);

    store_put_raw(t, TABLE_CONSENTS, fixture_text("id"), fixture_text("whatever lay there"));
    assert_int_equal(store_changes(f->store, FACTS), before + 1);
    assert_int_equal(store_commit(t), 0);
}

static void what_is_aborted_counts_when_it_is_put_and_when_it_is_taken_back(void **state)
{
    struct fixture *f = *state;
    uint64_t before = store_changes(f->store, FACTS), put;
    struct store_txn *t = fixture_begin(f, true);

    store_put(t, TABLE_CONSENTS, fixture_text("id"), fixture_text("v"));
    put = store_changes(f->store, FACTS);
    assert_true(put > before);
    t = store_abort(t);
    assert_true(store_changes(f->store, FACTS) > put);
}

static void what_a_commit_could_not_keep_counts_as_taken_back(void **state)
{
    static const enum store_step steps[] = { STORE_STEP_COMMIT, STORE_STEP_PUT };

    for (size_t i = 0; i < ALM_LEN(steps); i++) {
        struct fixture *f = *state;
        struct fixture_fault fault = { .step = steps[i], .countdown = 2, .error = ENOSPC };
        struct store_txn *t = fixture_begin(f, true);
        uint64_t put;

        if (steps[i] == STORE_STEP_COMMIT)
            fault.countdown = 1;
        store_fault_hook(f->store, fixture_fault, &fault);
        store_put(t, TABLE_CONSENTS, fixture_text("id"), fixture_text("v"));
        store_put(t, TABLE_SHIELDS, fixture_text("id"), fixture_text("v"));
        put = store_changes(f->store, FACTS);
        assert_int_equal(store_commit(t), -ENOSPC);
        assert_true(store_changes(f->store, FACTS) >= put + 2);
        store_fault_hook(f->store, NULL, NULL);
    }
}

static void an_aborted_reader_takes_nothing_back(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t = fixture_begin(f, true), *reader = fixture_begin(f, false);
    uint64_t put;

    store_put(t, TABLE_CONSENTS, fixture_text("id"), fixture_text("v"));
    put = store_changes(f->store, ALL);
    reader = store_abort(reader);
    assert_int_equal(store_changes(f->store, ALL), put);
    assert_int_equal(store_commit(t), 0);
    assert_int_equal(store_changes(f->store, ALL), put);
}

/* A further set changes the index and TABLE_RETOKENS, not the record. */
static void a_retoken_counts_for_the_kind_that_is_found_by_it(void **state)
{
    struct fixture *f = *state;
    struct shield_record shield = shield_of(1);
    struct retoken other = { .subject = shield.shield.subject };
    struct store_txn *t = fixture_begin(f, true);
    uint64_t shields, consents;

    shields_put(t, f->store, &shield);
    assert_int_equal(store_commit(t), 0);
    shields = store_changes(f->store, ONE(TABLE_SHIELDS));
    consents = store_changes(f->store, ONE(TABLE_CONSENTS));
    other.subject.tokens[0].epoch = 2;
    t = fixture_begin(f, true);
    retokens_put(t, SUBJECTS_SHIELD, &shield.id, &other);
    assert_true(store_changes(f->store, ONE(TABLE_SHIELDS)) > shields);
    shields = store_changes(f->store, ONE(TABLE_SHIELDS));
    retokens_drop(t, SUBJECTS_SHIELD, &shield.id);
    assert_true(store_changes(f->store, ONE(TABLE_SHIELDS)) > shields);
    assert_int_equal(store_commit(t), 0);
    assert_int_equal(store_changes(f->store, ONE(TABLE_CONSENTS)), consents);
}

static void every_kind_of_the_index_counts_for_its_table_and_an_unknown_one_for_all(void **state)
{
    static const struct {
        uint8_t kind;
        uint64_t tables;
    } kinds[] = {
        { SUBJECTS_CONSENT, ONE(TABLE_CONSENTS) },   { SUBJECTS_SHIELD, ONE(TABLE_SHIELDS) },
        { SUBJECTS_OVERRIDE, ONE(TABLE_OVERRIDES) }, { SUBJECTS_CONCERN, ONE(TABLE_CONCERNS) },
        { SUBJECTS_EPISODE, ONE(TABLE_EPISODES) },   { SUBJECTS_WATCH, ONE(TABLE_WATCHES) },
        { SUBJECTS_DISPUTE, ONE(TABLE_DISPUTES) },   { SUBJECTS_REFERRAL, ONE(TABLE_REFERRALS) },
        { SUBJECTS_RECALL, ONE(TABLE_RECALLS) },     { SUBJECTS_STATEMENT, ONE(TABLE_STATEMENTS) },
    };
    struct fixture *f = *state;
    struct token_set one = shield_of(1).shield.subject;
    struct id id = { { 1 } };
    struct store_txn *t = fixture_begin(f, true);
    uint64_t all = 0, before;

    for (size_t i = 0; i < ALM_LEN(kinds); i++) {
        before = store_changes(f->store, kinds[i].tables);
        subjects_add(t, kinds[i].kind, &one, &id);
        assert_int_equal(store_changes(f->store, kinds[i].tables), before + 1);
        subjects_remove(t, kinds[i].kind, &one, &id);
        assert_int_equal(store_changes(f->store, kinds[i].tables), before + 2);
        all |= kinds[i].tables;
    }
    before = store_changes(f->store, all);
    store_put(t, TABLE_SUBJECTS, fixture_text("~nobody's"), fixture_nothing());
    assert_int_equal(store_changes(f->store, all), before + ALM_LEN(kinds));
    t = store_abort(t);
}

static void another_epoch_of_presented_tokens_counts_for_all_and_the_same_for_none(void **state)
{
    struct fixture *f = *state;
    uint64_t before = store_changes(f->store, ONE(TABLE_CONSENTS));

    retokens_current(f->store, (struct token_epoch){ TOKEN_HMAC, 2 });
    assert_true(store_changes(f->store, ONE(TABLE_CONSENTS)) > before);
    before = store_changes(f->store, ALL);
    retokens_current(f->store, (struct token_epoch){ TOKEN_HMAC, 2 });
    assert_int_equal(store_changes(f->store, ALL), before);
}

static void it_never_goes_back(void **state)
{
    struct fixture *f = *state;
    uint64_t last = store_changes(f->store, ALL);

    for (int i = 0; i < 20; i++) {
        struct store_txn *t = fixture_begin(f, true);
        struct shield_record shield = shield_of((uint8_t)(i / 2));

        shields_put(t, f->store, &shield);
        assert_true(store_changes(f->store, ALL) > last);
        last = store_changes(f->store, ALL);
        if (i % 2)
            t = store_abort(t);
        else
            assert_int_equal(store_commit(t), 0);
        assert_true(store_changes(f->store, ALL) >= last);
        last = store_changes(f->store, ALL);
    }
}

static void a_reading_store_never_gives_the_same_answer_twice(void **state)
{
    struct fixture *f = *state;
    struct store_options o = f->options;
    ALM_CLEANUP(store_closep) struct store *reader = NULL;
    uint64_t last = 0;

    o.read_only = true;
    assert_int_equal(store_open(&o, &reader), 0);
    for (uint64_t tables = 1; tables < ONE(TABLE_COUNT); tables = tables << 1 | 1) {
        uint64_t now = store_changes(reader, tables);

        assert_true(now > last);
        last = now;
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_put_and_delete_counts_for_its_table_alone),
        TEST(a_raw_put_counts),
        TEST(what_is_aborted_counts_when_it_is_put_and_when_it_is_taken_back),
        TEST(what_a_commit_could_not_keep_counts_as_taken_back),
        TEST(an_aborted_reader_takes_nothing_back),
        TEST(a_retoken_counts_for_the_kind_that_is_found_by_it),
        TEST(every_kind_of_the_index_counts_for_its_table_and_an_unknown_one_for_all),
        TEST(another_epoch_of_presented_tokens_counts_for_all_and_the_same_for_none),
        TEST(it_never_goes_back),
        TEST(a_reading_store_never_gives_the_same_answer_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
