/* SPDX-License-Identifier: Apache-2.0 */
/* test_ledger_forget.c - record keys rolled back, forgotten, killed in the middle and damaged. */
#include "keys_fixture.h"

#include <sys/wait.h>

/* --- Rolled back. --- */

static void appends_that_were_rolled_back_leave_the_keys_of_the_others(void **state)
{
    static const uint64_t before[] = { 0, 5, 31, 32, 1000, 1023, 1024 }, lost[] = { 1, 40, 1100 };
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    uint64_t size = 0;

    for (size_t i = 0; i < ALM_LEN(before); i++) {
        while (size % 1024 != before[i] % 1024) {
            assert_int_equal(append(f, l, 1), 0);
            size++;
        }
        for (size_t k = 0; k < ALM_LEN(lost); k++) {
            struct store_txn *t = fixture_begin(f, true);

            append_in(l, t, lost[k]);
            assert_int_equal(store_status(t), 0);
            t = store_abort(t);
            ledger_settle(l, -ECANCELED);
        }
        assert_int_equal(append(f, l, 2), 0);
        size += 2;
        assert_int_equal(open_all(f, size), 0);
    }
}

/* --- Forgotten. --- */

static void forgotten_record_opens_no_more_and_is_not_found_and_the_others_are(void **state)
{
    static const uint64_t gone[] = { 0, 5, 1023, 1024, 2047, 2050, 2079, 2099 };
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct store_txn *t;
    uint8_t class;
    bool forgotten;

    assert_int_equal(append(f, l, 2100), 0);
    t = fixture_begin(f, true);
    for (size_t i = 0; i < ALM_LEN(gone); i++)
        assert_int_equal(ledger_forget(t, gone[i]), 0);
    assert_int_equal(ledger_forget(t, 5), 0); /* again */
    assert_int_equal(ledger_forget(t, 2100), -ENOENT);
    assert_int_equal(ledger_forget(t, 4000), -ENOENT);
    assert_int_equal(ledger_forget(t, UINT64_MAX), -ENOENT);
    assert_int_equal(store_commit(t), 0);
    l = ledger_close(l);
    fixture_reopen(f);
    l = open_ledger(f);
    assert_int_equal(open_all(f, 2100), ALM_LEN(gone));
    t = fixture_begin(f, false);
    for (size_t i = 0; i < ALM_LEN(gone); i++) {
        assert_int_equal(find_one(t, 1000 + gone[i]), UINT64_MAX);
        assert_int_equal(ledger_class_of(t, gone[i], &class, &forgotten), 0);
        assert_true(forgotten);
        assert_int_equal(class, gone[i] % 2 ? CLASS_CONCERN : CLASS_DECISION);
    }
    assert_int_equal(find_one(t, 1006), 6);
    assert_int_equal(find_one(t, 1000 + 2098), 2098);
    t = store_abort(t);
    assert_int_equal(append(f, l, 1500), 0); /* its block becomes part of a big one */
    assert_int_equal(open_all(f, 3600), ALM_LEN(gone));
}

static void forgetting_in_the_open_block_holds_for_what_is_appended_after(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct store_txn *t = fixture_begin(f, true);

    append_in(l, t, 10);
    assert_int_equal(ledger_forget(t, 9), 0); /* not flushed by anybody yet */
    append_in(l, t, 10);
    assert_int_equal(ledger_forget(t, 3), 0);
    append_in(l, t, 30);
    assert_int_equal(ledger_forget(t, 49), 0);
    assert_int_equal(store_commit(t), 0);
    ledger_settle(l, 0);
    assert_int_equal(append(f, l, 1100), 0);
    assert_int_equal(open_all(f, 1150), 3);
    t = fixture_begin(f, false);
    assert_int_equal(find_one(t, 1009), UINT64_MAX);
    assert_int_equal(find_one(t, 1003), UINT64_MAX);
    assert_int_equal(find_one(t, 1010), 10);
    t = store_abort(t);
}

static void forgetting_that_was_rolled_back_forgot_nothing(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct store_txn *t;

    assert_int_equal(append(f, l, 40), 0);
    t = fixture_begin(f, true);
    assert_int_equal(ledger_forget(t, 3), 0);
    assert_int_equal(ledger_forget(t, 39), 0);
    t = store_abort(t);
    assert_int_equal(append(f, l, 1), 0);
    assert_int_equal(open_all(f, 41), 0);
}

static int choose_third(void *ctx, uint64_t leaf, uint8_t class)
{
    int *fail = ctx;

    (void)class;
    return leaf == 100 && *fail ? *fail : leaf % 3 == 0;
}

static void forgetting_many_asks_of_each_leaf_of_one_block_once(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    struct store_txn *t;
    uint64_t next = 0;
    int fail = 0;

    assert_int_equal(append(f, l, 1060), 0);
    t = fixture_begin(f, true);
    assert_int_equal(ledger_forget_in(t, 30, 61, choose_third, &fail, &next), 11); /* 30 to 60 */
    assert_int_equal(next, 61);
    assert_int_equal(ledger_forget_in(t, 30, 62, choose_third, &fail, &next), 0);
    assert_int_equal(ledger_forget_in(t, 0, UINT64_MAX, choose_third, &fail, &next), 342 - 11);
    assert_int_equal(next, 1024);
    assert_int_equal(ledger_forget_in(t, 1024, UINT64_MAX, choose_third, &fail, &next), 10);
    assert_int_equal(next, 1056);
    assert_int_equal(ledger_forget_in(t, 1056, UINT64_MAX, choose_third, &fail, &next), 2);
    assert_int_equal(next, 1060);
    assert_int_equal(ledger_forget_in(t, 1060, UINT64_MAX, choose_third, &fail, &next), -ENOENT);
    assert_int_equal(store_commit(t), 0);
    assert_int_equal(open_all(f, 1060), 354);
    fail = -ECANCELED;
    t = fixture_begin(f, true);
    assert_int_equal(ledger_forget_in(t, 64, UINT64_MAX, choose_third, &fail, &next), -ECANCELED);
    assert_int_equal(next, 64);
    t = store_abort(t);
    assert_int_equal(append(f, l, 1), 0);
}

/* --- Killed. --- */

struct killer {
    int countdown; /* steps until the end */
};

static int kill_at(void *ctx, enum store_step step)
{
    struct killer *k = ctx;

    (void)step;
    if (--k->countdown == 0)
        _exit(99); /* nothing is tidied up, as after a kill */
    return 0;
}

/* Appends past the merge of 1,024 in one batch; ends at the given step. Return: whether it got to
 * the end. */
static bool append_killed_at(struct fixture *f, int step)
{
    struct killer k = { .countdown = step };
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        struct store *s = NULL;
        struct ledger *l = NULL;
        struct store_txn *t = NULL;

        if (store_open(&f->options, &s) || ledger_open(s, &l))
            _exit(1);
        store_fault_hook(s, kill_at, &k);
        if (store_begin(s, true, &t))
            _exit(2);
        append_in(l, t, 4);
        _exit(store_commit(t) ? 3 : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_true(WEXITSTATUS(status) == 99 || WEXITSTATUS(status) == 0);
    return WEXITSTATUS(status) == 0;
}

static void merge_that_is_killed_at_any_step_is_done_wholly_or_not_at_all(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    int step = 0;

    assert_int_equal(append(f, l, 1022), 0);
    do {
        bool done;

        l = ledger_close(l);
        f->store = store_close(f->store);
        done = append_killed_at(f, ++step);
        fixture_open(f);
        l = open_ledger(f);
        assert_int_equal(ledger_size(l), done ? 1026 : 1022);
        if (step % 20 == 1 || done)
            assert_int_equal(open_all(f, ledger_size(l)), 0);
    } while (ledger_size(l) == 1022);
    assert_true(step > 64); /* at least 32 blocks were read and deleted */
    assert_int_equal(append(f, l, 10), 0);
    assert_int_equal(open_all(f, 1036), 0);
}

static void merge_that_fails_at_any_step_rolls_back(void **state)
{
    static const enum store_step kinds[] = { STORE_STEP_GET, STORE_STEP_PUT, STORE_STEP_DEL,
                                             STORE_STEP_COMMIT };
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);

    assert_int_equal(append(f, l, 1023), 0);
    for (size_t i = 0; i < ALM_LEN(kinds); i++) {
        struct fixture_fault full = { .step = kinds[i], .countdown = 1, .error = ENOSPC };

        store_fault_hook(f->store, fixture_fault, &full);
        assert_int_equal(append(f, l, 1), -ENOSPC);
        store_fault_hook(f->store, NULL, NULL);
        assert_int_equal(open_all(f, 1023), 0);
    }
    assert_int_equal(append(f, l, 1), 0);
    assert_int_equal(open_all(f, 1024), 0);
}

/* --- Damaged. --- */

static void block_key_of(uint8_t tier, uint8_t number, uint8_t out[static 9])
{
    memset(out, 0, 9);
    out[0] = tier;
    out[8] = number;
}

static void log_whose_blocks_of_keys_are_gone_short_or_too_many_is_not_opened(void **state)
{
    static const struct {
        uint8_t tier, number;
        bool put;
    } bad[] = { { 0, 33, false }, { 1, 0, false }, { 0, 34, true }, { 1, 1, true } };
    struct fixture *f = *state;
    struct ledger *l = open_ledger(f);

    assert_int_equal(append(f, l, 1060), 0); /* small 32 and 33, and big 0 */
    l = ledger_close(l);
    for (size_t i = 0; i < ALM_LEN(bad); i++) {
        ALM_CLEANUP(buf_deinit) struct buf was = { 0 };
        uint8_t key[9], of[9];
        struct store_txn *t = fixture_begin(f, true);

        block_key_of(bad[i].tier, bad[i].number, key);
        block_key_of(0, 33, of);
        buf_init(&was, 1 << 20);
        assert_int_equal(store_get(t, TABLE_LEAF_KEYS, bytes_of(bad[i].put ? of : key, 9), &was),
                         0);
        if (bad[i].put)
            store_put(t, TABLE_LEAF_KEYS, bytes_of(key, 9), buf_view(&was));
        else
            store_del(t, TABLE_LEAF_KEYS, bytes_of(key, 9));
        assert_int_equal(store_commit(t), 0);
        assert_int_equal(ledger_open(f->store, &l), -EBADMSG);
        t = fixture_begin(f, true);
        if (bad[i].put)
            store_del(t, TABLE_LEAF_KEYS, bytes_of(key, 9));
        else
            store_put(t, TABLE_LEAF_KEYS, bytes_of(key, 9), buf_view(&was));
        assert_int_equal(store_commit(t), 0);
        l = open_ledger(f);
        l = ledger_close(l);
    }
}

static void block_that_is_cut_short_or_of_another_layout_is_damage(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(buf_deinit) struct buf was = { 0 };
    struct ledger *l = open_ledger(f);
    uint8_t key[9];
    struct store_txn *t;

    assert_int_equal(append(f, l, 20), 0);
    l = ledger_close(l);
    block_key_of(0, 0, key);
    buf_init(&was, 1 << 20);
    t = fixture_begin(f, false);
    assert_int_equal(store_get(t, TABLE_LEAF_KEYS, bytes_of(key, 9), &was), 0);
    t = store_abort(t);
    for (size_t len = 0; len < was.len; len += 7) {
        t = fixture_begin(f, true);
        store_put(t, TABLE_LEAF_KEYS, bytes_of(key, 9), bytes_of(was.data, len));
        assert_int_equal(store_commit(t), 0);
        assert_int_equal(ledger_open(f->store, &l), -EBADMSG);
    }
    for (uint8_t layout = 1; layout <= 3; layout += 2) {
        was.data[0] = layout;
        t = fixture_begin(f, true);
        store_put(t, TABLE_LEAF_KEYS, bytes_of(key, 9), buf_view(&was));
        assert_int_equal(store_commit(t), 0);
        assert_int_equal(ledger_open(f->store, &l), -EBADMSG);
    }
}

static void search_and_forgetting_meet_a_missing_block_as_damage(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(ledger_closep) struct ledger *l = open_ledger(f);
    uint8_t key[9];
    struct store_txn *t;
    struct seen s = { 0 };
    struct opened o = { 0 };
    uint64_t next = 0, tag = 1040;

    assert_int_equal(append(f, l, 1090), 0);
    t = fixture_begin(f, true);
    block_key_of(0, 32, key);
    store_del(t, TABLE_LEAF_KEYS, bytes_of(key, 9));
    assert_int_equal(store_commit(t), 0);
    t = fixture_begin(f, true);
    assert_int_equal(ledger_find(t, &tag, 1, &next, UINT64_MAX, 10, see, &s), -EBADMSG);
    assert_int_equal(next, 1024);
    assert_int_equal(ledger_forget(t, 1030), -ENOENT);
    o.t = t;
    assert_int_equal(ledger_each(t, 1030, 1031, open_one, &o), 0);
    assert_int_equal(o.failed, -EBADMSG);
    t = store_abort(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KEYS_TEST(appends_that_were_rolled_back_leave_the_keys_of_the_others),
        KEYS_TEST(forgotten_record_opens_no_more_and_is_not_found_and_the_others_are),
        KEYS_TEST(forgetting_in_the_open_block_holds_for_what_is_appended_after),
        KEYS_TEST(forgetting_that_was_rolled_back_forgot_nothing),
        KEYS_TEST(forgetting_many_asks_of_each_leaf_of_one_block_once),
        KEYS_TEST(merge_that_is_killed_at_any_step_is_done_wholly_or_not_at_all),
        KEYS_TEST(merge_that_fails_at_any_step_rolls_back),
        KEYS_TEST(log_whose_blocks_of_keys_are_gone_short_or_too_many_is_not_opened),
        KEYS_TEST(block_that_is_cut_short_or_of_another_layout_is_damage),
        KEYS_TEST(search_and_forgetting_meet_a_missing_block_as_damage),
    };

    return cmocka_run_group_tests_name("ledger_forget", tests, NULL, NULL);
}
