/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_relied.c - whoever was told something on a consent hears that it is gone, a moment ago or
 * long ago, also when the core ended between; and a core that nobody asks ends with nothing to merge. */
#include "core_consent.h"

#include <stdlib.h>

#include "store/raw.h"
#include "store/reliance.h"

#define QUIET_MS 11000

static uint64_t rows(struct town *t, enum table table)
{
    struct store_txn *txn = NULL;
    uint64_t n = 0;

    assert_int_equal(store_begin(t->core->store, false, &txn), 0);
    assert_int_equal(store_raw_count(txn, table, &n), 0);
    store_abort(txn);
    return n;
}

/* Nobody says anything for a while. */
static void quiet(struct town *t)
{
    for (int i = 0; i < 3; i++) {
        town_mono += QUIET_MS;
        town_wall += QUIET_MS;
        town_turn(t);
    }
    town_forget(t);
}

static void withdrawn(struct town *t)
{
    town_say(t, TOWN_SCHOOL, town_withdraw(t, PURPOSE, TOWN_TESS));
    town_turn(t);
}

static void told_a_moment_ago_it_hears_of_a_withdrawal(void **state)
{
    struct town *t = *state;
    struct id id;

    (void)lodged(t, TOWN_COUNCIL, consent_by(t, CAPACITY_SELF));
    (void)told(t, TOWN_COUNCIL);
    id = told(t, TOWN_COUNCIL);
    assert_int_equal(rows(t, TABLE_RELIANCE), 0);
    assert_int_equal(rows(t, TABLE_RELIANCE_NEW), 2);
    withdrawn(t);
    assert_int_equal(notices(t, TOWN_COUNCIL), 1);
    assert_true(id_equal(&t->msg.deliver.stop.message, &id)); /* the latest */
}

static void told_long_ago_it_hears_of_a_withdrawal(void **state)
{
    struct town *t = *state;
    struct id id;

    (void)lodged(t, TOWN_COUNCIL, consent_by(t, CAPACITY_SELF));
    id = told(t, TOWN_COUNCIL);
    quiet(t);
    assert_int_equal(rows(t, TABLE_RELIANCE), 1);
    assert_int_equal(rows(t, TABLE_RELIANCE_NEW), 0);
    comes_back(t, TOWN_COUNCIL);
    comes_back(t, TOWN_SCHOOL);
    withdrawn(t);
    assert_int_equal(notices(t, TOWN_COUNCIL), 1);
    assert_true(id_equal(&t->msg.deliver.stop.message, &id));
}

static void told_before_the_core_ended_it_hears_of_a_withdrawal_after(void **state)
{
    struct town *t = *state;

    for (int merged = 0; merged < 2; merged++) {
        struct id id;

        (void)lodged(t, TOWN_COUNCIL, consent_by(t, CAPACITY_SELF));
        id = told(t, TOWN_COUNCIL);
        if (merged)
            quiet(t);
        town_reopen(t);
        for (int who = 0; who < TOWN_N; who++)
            comes_back(t, (enum town_agency)who);
        withdrawn(t);
        assert_int_equal(notices(t, TOWN_COUNCIL), 1);
        assert_true(id_equal(&t->msg.deliver.stop.message, &id));
    }
}

static void a_core_that_nobody_asks_merges_all_and_then_writes_nothing(void **state)
{
    const uint64_t both = UINT64_C(1) << TABLE_RELIANCE | UINT64_C(1) << TABLE_RELIANCE_NEW;
    struct town *t = *state;
    uint64_t changes;

    (void)lodged(t, TOWN_COUNCIL, consent_by(t, CAPACITY_SELF));
    (void)told(t, TOWN_COUNCIL);
    town_turn(t);
    assert_true(reliance_waits(t->core->store)); /* the next may come at once */
    quiet(t);
    assert_false(reliance_waits(t->core->store));
    changes = store_changes(t->core->store, both);
    quiet(t);
    assert_int_equal(store_changes(t->core->store, both), changes);
}

#define RELIED_TEST(name) cmocka_unit_test_setup_teardown(name, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RELIED_TEST(told_a_moment_ago_it_hears_of_a_withdrawal),
        RELIED_TEST(told_long_ago_it_hears_of_a_withdrawal),
        RELIED_TEST(told_before_the_core_ended_it_hears_of_a_withdrawal_after),
        RELIED_TEST(a_core_that_nobody_asks_merges_all_and_then_writes_nothing),
    };

    return cmocka_run_group_tests_name("core relied", tests, NULL, NULL);
}
