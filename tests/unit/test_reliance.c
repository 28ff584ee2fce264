/* SPDX-License-Identifier: Apache-2.0 */
/* test_reliance.c - who was told on a consent is found before, while and after it is merged, and is
 * forgotten everywhere. */
#include "reliance_fixture.h"

#include <sys/stat.h>

#include "store/lodged.h"
#include "store/periods.h"

struct told {
    char text[512];
};

static int tell(void *ctx, const struct reliance *r)
{
    struct told *l = ctx;
    size_t len = strlen(l->text);
    uint32_t agency = (uint32_t)strtoul(r->agency + 1, NULL, 10);
    struct reliance same = relied(agency, r->leaf);

    assert_true(id_equal(&same.message, &r->message));
    assert_int_equal(same.on, r->on);
    (void)snprintf(l->text + len, sizeof(l->text) - len, "%s:%u ", r->agency, (unsigned)r->leaf);
    return 0;
}

static void check_in(struct store_txn *t, uint32_t consent, const char *want)
{
    struct told l = { .text = "" };
    struct id id = consent_id(consent);

    assert_int_equal(reliance_each(t, &id, tell, &l), 0);
    assert_string_equal(l.text, want);
}

/* In both sorts of transactions. */
static void check(struct fixture *f, uint32_t consent, const char *want)
{
    for (int write = 0; write < 2; write++) {
        struct store_txn *t = fixture_begin(f, write);

        check_in(t, consent, want);
        store_abort(t);
    }
}

static void forget_in(struct store_txn *t, uint32_t consent)
{
    struct id id = consent_id(consent);

    reliance_forget(t, &id);
}

static void forget(struct fixture *f, uint32_t consent)
{
    struct store_txn *t = fixture_begin(f, true);

    forget_in(t, consent);
    check_in(t, consent, "");
    assert_int_equal(store_commit(t), 0);
}

static void rows_are_found_before_while_and_after_they_are_merged(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t = fixture_begin(f, true);

    rely(t, 1, 5, 10);
    rely(t, 1, 3, 11);
    rely(t, 2, 3, 11);
    check_in(t, 1, "a3:11 a5:10 "); /* in the transaction that puts them */
    assert_int_equal(store_commit(t), 0);
    check(f, 1, "a3:11 a5:10 ");
    rely_once(f, 1, 5, 12); /* the latest holds */
    check(f, 1, "a3:11 a5:12 ");
    assert_int_equal(table_count(f, TABLE_RELIANCE), 0);
    assert_int_equal(table_count(f, TABLE_RELIANCE_NEW), 2);
    for (uint32_t step = 0; step < 6; step++) { /* four rows, two values */
        assert_true(reliance_waits(f->store));
        merge(f, 1);
        check(f, 1, "a3:11 a5:12 ");
        check(f, 2, "a3:11 ");
        check(f, 3, "");
    }
    assert_false(reliance_waits(f->store));
    assert_int_equal(table_count(f, TABLE_RELIANCE), 3);
    assert_int_equal(table_count(f, TABLE_RELIANCE_NEW), 0);
    rely_once(f, 1, 3, 13); /* over what is merged */
    check(f, 1, "a3:13 a5:12 ");
    merge_all(f);
    check(f, 1, "a3:13 a5:12 ");
    assert_int_equal(reliance_noted(f->store), 5);
}

static void restart_at_any_step_of_merging_finds_the_same(void **state)
{
    struct fixture *f = *state;

    for (uint32_t step = 0; step < 8; step++) {
        char want[64];

        rely_once(f, 1, 5, 10 + step);
        rely_once(f, 1, 3, 11 + step);
        merge(f, step);
        rely_once(f, 1, 5, 12 + step); /* beside a generation that is frozen */
        fixture_reopen(f);
        (void)snprintf(want, sizeof(want), "a3:%u a5:%u ", 11 + step, 12 + step);
        check(f, 1, want);
        merge(f, step);
        check(f, 1, want);
        fixture_reopen(f);
        check(f, 1, want);
        merge_all(f);
        check(f, 1, want);
    }
    assert_int_equal(table_count(f, TABLE_RELIANCE), 2);
}

static void what_is_aborted_was_never_noted_merged_or_forgotten(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t;

    rely_once(f, 1, 5, 10);
    t = fixture_begin(f, true);
    rely(t, 1, 5, 11);
    rely(t, 2, 5, 11);
    t = store_abort(t);
    check(f, 1, "a5:10 ");
    check(f, 2, "");
    t = fixture_begin(f, true);
    forget_in(t, 1);
    rely(t, 1, 6, 12);
    check_in(t, 1, "a6:12 ");
    t = store_abort(t);
    check(f, 1, "a5:10 ");
    t = fixture_begin(f, true);
    reliance_merge(t, UINT32_MAX);
    check_in(t, 1, "a5:10 ");
    reliance_merge(t, UINT32_MAX); /* again: what is done may still be taken back */
    t = store_abort(t);
    assert_true(reliance_waits(f->store));
    assert_int_equal(table_count(f, TABLE_RELIANCE_NEW), 1);
    check(f, 1, "a5:10 ");
    fixture_reopen(f);
    check(f, 1, "a5:10 ");
    merge_all(f);
    check(f, 1, "a5:10 ");
    assert_int_equal(table_count(f, TABLE_RELIANCE), 1);
}

static void a_full_disk_takes_back_what_was_noted(void **state)
{
    static const enum store_step steps[] = { STORE_STEP_PUT, STORE_STEP_COMMIT, STORE_STEP_DEL };
    struct fixture *f = *state;

    rely_once(f, 1, 5, 10);
    rely_once(f, 2, 5, 11);
    for (size_t i = 0; i < ALM_LEN(steps); i++) {
        struct fixture_fault fault = { .step = steps[i], .error = ENOSPC, .countdown = 1 };
        struct store_txn *t = fixture_begin(f, true);

        store_fault_hook(f->store, fixture_fault, &fault);
        reliance_merge(t, UINT32_MAX);
        rely(t, 1, 5, 12);
        forget_in(t, 2);
        assert_int_equal(store_commit(t), -ENOSPC);
        store_fault_hook(f->store, NULL, NULL);
        check(f, 1, "a5:10 ");
        check(f, 2, "a5:11 ");
    }
    fixture_reopen(f);
    check(f, 1, "a5:10 ");
    rely_once(f, 1, 5, 12); /* room came again */
    merge_all(f);
    check(f, 1, "a5:12 ");
    check(f, 2, "a5:11 ");
}

static void rows_are_forgotten_wherever_they_are(void **state)
{
    struct fixture *f = *state;

    for (uint32_t step = 0; step < 9; step++) {
        struct store_txn *t;

        rely_once(f, 1, 5, 10);
        merge_all(f);
        t = fixture_begin(f, true);
        rely(t, 1, 6, 11);
        rely(t, 2, 6, 11);
        assert_int_equal(store_commit(t), 0);
        rely_once(f, 1, 6, 12);
        merge(f, step % 5);
        rely_once(f, 1, 7, 13);
        if (step % 2)
            fixture_reopen(f);
        forget(f, 1);
        check(f, 1, "");
        fixture_reopen(f);
        check(f, 1, "");
        check(f, 2, "a6:11 ");
        merge_all(f);
        check(f, 1, "");
        check(f, 2, "a6:11 ");
        assert_int_equal(table_count(f, TABLE_RELIANCE), 1);
    }
}

static int holds_text(void *ctx, struct bytes key, struct bytes value)
{
    const struct id *id = ctx;

    (void)key;
    assert_null(memmem(value.data, value.len, id->octets, ID_LEN));
    return 0;
}

/* Not only not found: an erasure must leave none of it. */
static void what_is_forgotten_stands_in_no_value(void **state)
{
    struct fixture *f = *state;
    struct id gone = consent_id(1);
    struct store_txn *t = fixture_begin(f, true);

    rely(t, 1, 5, 10);
    rely(t, 2, 5, 10);
    assert_int_equal(store_commit(t), 0);
    merge(f, 1); /* merged, and still in the value that it came in */
    forget(f, 1);
    t = fixture_begin(f, false);
    assert_int_equal(store_scan(t, TABLE_RELIANCE_NEW, fixture_nothing(), fixture_nothing(), true,
                                holds_text, &gone),
                     0);
    store_abort(t);
    check(f, 2, "a5:10 ");
}

static void rows_that_wait_are_sealed_anew_with_a_period(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t;
    bool done = false;

    rely_once(f, 1, 5, 10);
    assert_int_equal(store_period_begin(f->store), 0);
    while (!done) {
        t = fixture_begin(f, true);
        assert_int_equal(store_period_step(t, 10, &done), 0);
        rely(t, 1, 6, 11);
        assert_int_equal(store_commit(t), 0);
    }
    assert_int_equal(store_period_end(f->store), 0);
    fixture_reopen(f);
    check(f, 1, "a5:10 a6:11 ");
    merge_all(f);
    check(f, 1, "a5:10 a6:11 ");
}

static void generations_that_fill_are_merged_before_the_next_is_full(void **state)
{
    struct fixture *f = *state;
    struct unmerged *u = store_unmerged(f->store);

    u->most_rows = 300;
    u->most_records = 40;
    for (uint32_t i = 0; i < 400; i++) {
        struct store_txn *t = fixture_begin(f, true);

        for (uint32_t k = 0; k < 1 + i % 20; k++)
            rely(t, (i * 7 + k * 13) % 500, k % 3, i + 1);
        assert_int_equal(store_commit(t), 0);
        assert_true(u->growing.n < 300);
        assert_true(table_count(f, TABLE_RELIANCE_NEW) <= 2 * 40);
    }
    assert_true(table_count(f, TABLE_RELIANCE) > 0);
    merge_all(f);
}

/* What was merged of a generation is begun again by who opens the store. */
static void restarts_in_a_row_do_not_let_values_pile_up(void **state)
{
    struct fixture *f = *state;

    for (uint32_t i = 0; i < 60; i++) {
        fixture_reopen(f);
        store_unmerged(f->store)->most_rows = 30;
        store_unmerged(f->store)->most_records = 10;
        for (uint32_t k = 0; k < 6; k++)
            rely_once(f, i, k, i + 1);
        assert_true(table_count(f, TABLE_RELIANCE_NEW) <= 3 * 10);
    }
    check(f, 59, "a0:60 a1:60 a2:60 a3:60 a4:60 a5:60 ");
    check(f, 0, "a0:1 a1:1 a2:1 a3:1 a4:1 a5:1 ");
}

static void a_damaged_value_of_waiting_rows_keeps_the_store_from_opening(void **state)
{
    static const struct {
        const char *octets;
        size_t len;
    } wrong[] = { { "", 0 }, { "\2", 1 }, { "\1x", 2 }, { "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 21 } };
    static const uint8_t key[] = { 0, 0, 0, 0, 0, 0, 0, 9 };
    struct fixture *f = *state;

    for (size_t i = 0; i < ALM_LEN(wrong); i++) {
        struct store_txn *t = fixture_begin(f, true);
        struct told l = { .text = "" };
        struct id id = consent_id(1);

        store_put(t, TABLE_RELIANCE_NEW, bytes_of(key, sizeof(key)),
                  bytes_of(wrong[i].octets, wrong[i].len));
        assert_int_equal(store_commit(t), 0);
        t = fixture_begin(f, false);
        assert_int_equal(reliance_each(t, &id, tell, &l), -EBADMSG);
        store_abort(t);
        f->store = store_close(f->store);
        assert_int_equal(store_open(&f->options, &f->store), -EBADMSG);
        f->options.read_only = true; /* who examines it can read it */
        fixture_open(f);
        f->store = store_close(f->store);
        f->options.read_only = false;
        fixture_remove(f);
        assert_int_equal(mkdir(f->dir, 0700), 0);
        fixture_open(f);
    }
}

static void nothing_is_put_without_a_name_or_while_reading(void **state)
{
    struct fixture *f = *state;
    struct reliance r = { .leaf = 1 };
    struct id id = consent_id(1);
    struct store_txn *t = fixture_begin(f, true);

    reliance_put(t, &id, &r);
    assert_int_equal(store_commit(t), -EINVAL);
    t = fixture_begin(f, false);
    rely(t, 1, 5, 10);
    assert_int_equal(store_status(t), -EROFS);
    store_abort(t);
    t = fixture_begin(f, false);
    reliance_merge(t, 1);
    assert_int_equal(store_status(t), -EROFS);
    store_abort(t);
    check(f, 1, "");
    assert_false(reliance_waits(f->store));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RELIANCE_TEST(rows_are_found_before_while_and_after_they_are_merged),
        RELIANCE_TEST(restart_at_any_step_of_merging_finds_the_same),
        RELIANCE_TEST(what_is_aborted_was_never_noted_merged_or_forgotten),
        RELIANCE_TEST(a_full_disk_takes_back_what_was_noted),
        RELIANCE_TEST(rows_are_forgotten_wherever_they_are),
        RELIANCE_TEST(what_is_forgotten_stands_in_no_value),
        RELIANCE_TEST(rows_that_wait_are_sealed_anew_with_a_period),
        RELIANCE_TEST(generations_that_fill_are_merged_before_the_next_is_full),
        RELIANCE_TEST(restarts_in_a_row_do_not_let_values_pile_up),
        RELIANCE_TEST(a_damaged_value_of_waiting_rows_keeps_the_store_from_opening),
        RELIANCE_TEST(nothing_is_put_without_a_name_or_while_reading),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
