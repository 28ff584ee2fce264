/* SPDX-License-Identifier: Apache-2.0 */
/* test_store.c - sealed tables: what is given back, and to whom. Damage and failures:
 * test_store_damage.c. */
#include "store_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void store_gives_back_what_was_put_also_after_reopening(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(fixture_put_one(f->store, TABLE_AGENCIES, "police", "one"), 0);
    assert_int_equal(fixture_put_one(f->store, TABLE_AGENCIES, "school", ""), 0);
    assert_int_equal(fixture_put_one(f->store, TABLE_AGENCIES, "police", "two"), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fixture_get_one(f->store, TABLE_AGENCIES, "police", "two"), 0);
        assert_int_equal(fixture_get_one(f->store, TABLE_AGENCIES, "school", ""), 0);
        assert_int_equal(fixture_get_one(f->store, TABLE_AGENCIES, "health", ""), -ENOENT);
        assert_int_equal(fixture_get_one(f->store, TABLE_OFFICERS, "police", ""), -ENOENT);
        fixture_reopen(f);
    }
}

static void store_forgets_what_was_deleted_and_does_not_mind_the_absent(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t;

    assert_int_equal(fixture_put_one(f->store, TABLE_KEYS, "k", "v"), 0);
    t = fixture_begin(f, true);
    store_del(t, TABLE_KEYS, fixture_text("k"));
    store_del(t, TABLE_KEYS, fixture_text("never there"));
    assert_false(store_has(t, TABLE_KEYS, fixture_text("k")));
    assert_int_equal(store_commit(t), 0);
    assert_int_equal(fixture_get_one(f->store, TABLE_KEYS, "k", ""), -ENOENT);
}

static void store_keeps_nothing_of_an_aborted_transaction(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t = fixture_begin(f, true);

    store_put(t, TABLE_KEYS, fixture_text("k"), fixture_text("v"));
    assert_true(store_has(t, TABLE_KEYS, fixture_text("k")));
    assert_null(store_abort(t));
    assert_int_equal(fixture_get_one(f->store, TABLE_KEYS, "k", ""), -ENOENT);
    assert_null(store_abort(NULL));
}

static void store_readers_see_the_state_at_their_beginning(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(store_abortp) struct store_txn *reader = fixture_begin(f, false);

    assert_int_equal(fixture_put_one(f->store, TABLE_KEYS, "k", "v"), 0);
    assert_false(store_has(reader, TABLE_KEYS, fixture_text("k")));
}

static void store_refuses_keys_that_are_empty_or_too_long(void **state)
{
    struct fixture *f = *state;
    uint8_t longest[STORE_KEY_MAX + 1] = { 1 };
    struct store_txn *t = fixture_begin(f, true);

    store_put(t, TABLE_KEYS, bytes_of(longest, STORE_KEY_MAX), fixture_text("v"));
    assert_int_equal(store_commit(t), 0);
    t = fixture_begin(f, true);
    store_put(t, TABLE_KEYS, bytes_of(longest, sizeof(longest)), fixture_text("v"));
    assert_int_equal(store_status(t), -EINVAL);
    assert_int_equal(store_commit(t), -EINVAL);
    t = fixture_begin(f, true);
    store_put(t, TABLE_KEYS, fixture_nothing(), fixture_text("v"));
    assert_int_equal(store_commit(t), -EINVAL);
    t = fixture_begin(f, false);
    assert_false(store_has(t, TABLE_KEYS, bytes_of(longest, sizeof(longest))));
    assert_int_equal(store_commit(t), 0);
}

static void store_error_sticks_and_fails_the_commit_of_everything(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t = fixture_begin(f, true);

    store_put(t, TABLE_KEYS, fixture_text("before"), fixture_text("v"));
    store_fail(t, 0);
    store_fail(t, -ECANCELED);
    store_fail(t, -EIO);
    store_put(t, TABLE_KEYS, fixture_text("after"), fixture_text("v"));
    assert_int_equal(store_status(t), -ECANCELED);
    assert_int_equal(store_commit(t), -ECANCELED);
    assert_int_equal(fixture_get_one(f->store, TABLE_KEYS, "before", ""), -ENOENT);
    assert_int_equal(fixture_get_one(f->store, TABLE_KEYS, "after", ""), -ENOENT);
}

static void store_does_not_write_in_a_reading_transaction(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t = fixture_begin(f, false);

    store_put(t, TABLE_KEYS, fixture_text("k"), fixture_text("v"));
    assert_int_equal(store_commit(t), -EROFS);
    t = fixture_begin(f, false);
    store_del(t, TABLE_KEYS, fixture_text("k"));
    assert_int_equal(store_commit(t), -EROFS);
}

static void store_refuses_a_second_write_transaction_instead_of_waiting_for_ever(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t = fixture_begin(f, true), *second = NULL;

    assert_int_equal(store_begin(f->store, true, &second), -EBUSY);
    assert_null(second);
    t = store_abort(t);
    t = fixture_begin(f, true);
    t = store_abort(t);
}

/* --- Walking. --- */

static void put_letters(struct fixture *f)
{
    static const char *const keys[] = { "a", "ab", "abc", "ac", "b", "\xff", "\xff\xff" };
    struct store_txn *t = fixture_begin(f, true);

    for (size_t i = 0; i < ALM_LEN(keys); i++)
        store_put(t, TABLE_HEADS, fixture_text(keys[i]), fixture_text("v"));
    assert_int_equal(store_commit(t), 0);
}

static void check_scan(struct fixture *f, const char *prefix, const char *from, bool values,
                       const char *want)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = fixture_begin(f, false);
    struct fixture_seen s = { 0 };

    assert_int_equal(store_scan(t, TABLE_HEADS, fixture_text(prefix), fixture_text(from), values,
                                fixture_see, &s),
                     0);
    assert_string_equal(s.keys, want);
}

static void store_scan_visits_a_prefix_in_order_from_where_it_is_told(void **state)
{
    struct fixture *f = *state;

    check_scan(f, "", "", true, "");
    put_letters(f);
    check_scan(f, "", "", false, "a ab abc ac b \xff \xff\xff ");
    check_scan(f, "ab", "", true, "ab=v abc=v ");
    check_scan(f, "a", "abb", false, "abc ac ");
    check_scan(f, "a", "b", false, "");
    check_scan(f, "x", "", false, "");
    check_scan(f, "\xff", "", false, "\xff \xff\xff ");
}

static void store_scan_stops_and_fails_as_the_visitor_says(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    struct fixture_seen stops = { .stop_at = 2 }, fails = { .fail_at = 3 };

    put_letters(f);
    t = fixture_begin(f, false);
    assert_int_equal(
        store_scan(t, TABLE_HEADS, fixture_nothing(), fixture_nothing(), true, fixture_see, &stops),
        0);
    assert_string_equal(stops.keys, "a=v ab=v ");
    assert_int_equal(
        store_scan(t, TABLE_HEADS, fixture_nothing(), fixture_nothing(), true, fixture_see, &fails),
        -ECANCELED);
}

static void store_scan_survives_deleting_what_it_visits(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t;
    struct fixture_seen s = { 0 };

    put_letters(f);
    t = fixture_begin(f, true);
    s.t = t;
    assert_int_equal(
        store_scan(t, TABLE_HEADS, fixture_nothing(), fixture_nothing(), true, fixture_see, &s), 0);
    assert_int_equal(s.n, 7);
    assert_int_equal(store_commit(t), 0);
    check_scan(f, "", "", false, "");
}

static void check_last(struct fixture *f, const char *prefix, const char *want)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = fixture_begin(f, false);
    ALM_CLEANUP(buf_deinit) struct buf key = { 0 };

    buf_init(&key, STORE_KEY_MAX);
    assert_int_equal(store_last(t, TABLE_HEADS, fixture_text(prefix), &key), want ? 0 : -ENOENT);
    if (want)
        assert_true(bytes_equal(buf_view(&key), fixture_text(want)));
}

static void store_last_finds_the_end_of_a_prefix(void **state)
{
    struct fixture *f = *state;

    check_last(f, "", NULL);
    check_last(f, "a", NULL);
    put_letters(f);
    check_last(f, "", "\xff\xff");
    check_last(f, "a", "ac");
    check_last(f, "ab", "abc");
    check_last(f, "abc", "abc");
    check_last(f, "\xff\xff", "\xff\xff");
    check_last(f, "aa", NULL);
    check_last(f, "c", NULL);
}

/* --- Who may open it. --- */

static void store_is_not_opened_with_another_key(void **state)
{
    struct fixture *f = *state;
    struct secret other = f->key;
    struct store *s = NULL;

    other.octets[31] ^= 1;
    f->store = store_close(f->store);
    f->options.key = &other;
    assert_int_equal(store_open(&f->options, &s), -EBADMSG);
    f->options.read_only = true;
    assert_int_equal(store_open(&f->options, &s), -EBADMSG);
    assert_null(s);
    f->options.key = &f->key;
    f->options.read_only = false;
    fixture_open(f);
}

static void store_that_rehearsed_is_not_opened_live_nor_for_another_origin(void **state)
{
    struct fixture *f = *state;
    struct store *s = NULL;

    f->store = store_close(f->store);
    f->options.mode = 1;
    assert_int_equal(store_open(&f->options, &s), -EXDEV);
    f->options.mode = 2;
    f->options.origin = "elsewhere.example/almoner";
    assert_int_equal(store_open(&f->options, &s), -EXDEV);
    f->options.read_only = true;
    assert_int_equal(store_open(&f->options, &s), -EXDEV);
}

static void put_meta(struct fixture *f, uint8_t layout, const char *table, uint16_t schema)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct store_txn *t = fixture_begin(f, true);

    buf_init(&b, 256);
    buf_put_u8(&b, layout);
    buf_put_u8(&b, 2);
    buf_put_text(&b, FIXTURE_ORIGIN);
    buf_put_u8(&b, 1);
    buf_put_text(&b, table);
    buf_put_u16(&b, schema);
    store_put(t, TABLE_META, fixture_text("store"), buf_view(&b));
    assert_int_equal(store_commit(t), 0);
    f->store = store_close(f->store);
}

static void store_of_a_newer_program_or_of_an_earlier_layout_is_refused(void **state)
{
    static const struct {
        uint8_t layout;
        const char *table;
        uint16_t schema;
        int want;
    } rows[] = {
        { 2, "agencies", 1, 0 },        { 2, "agencies", 2, -EPROTO },
        { 3, "agencies", 1, -EPROTO },  { 2, "to-come", 1, -EPROTO },
        { 2, "agencies", 0, -EBADMSG }, { 0, "agencies", 1, -EBADMSG },
        { 1, "agencies", 1, -EPROTONOSUPPORT }, { 2, "subjects", 1, -EPROTONOSUPPORT },
        { 2, "tree", 1, -EPROTONOSUPPORT }, { 2, "leaf-keys", 1, -EPROTONOSUPPORT },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        struct store *s = NULL;

        put_meta(f, rows[i].layout, rows[i].table, rows[i].schema);
        assert_int_equal(store_open(&f->options, &s), rows[i].want);
        s = store_close(s);
        fixture_remove(f);
        fixture_open(f);
    }
}

static void store_has_one_writer_and_any_number_of_readers(void **state)
{
    struct fixture *f = *state;
    struct store *second = NULL;
    pid_t pid;
    int status;

    assert_int_equal(fixture_put_one(f->store, TABLE_KEYS, "k", "v"), 0);
    pid = fork(); /* LMDB allows an environment once a process */
    if (pid == 0) {
        struct store *reader = NULL;
        struct store_txn *t = NULL;
        struct store_options options = f->options;

        if (store_open(&options, &second) != -EBUSY)
            _exit(1);
        options.read_only = true;
        if (store_open(&options, &reader) != 0 ||
            fixture_get_one(reader, TABLE_KEYS, "k", "v") != 0)
            _exit(2);
        if (store_begin(reader, true, &t) != -EROFS)
            _exit(3);
        store_close(reader);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    fixture_reopen(f);
}

static void store_reader_does_not_make_a_store(void **state)
{
    struct fixture *f = *state;
    struct store *s = NULL;

    f->store = store_close(f->store);
    fixture_remove(f);
    f->options.read_only = true;
    assert_int_equal(store_open(&f->options, &s), -ENOENT);
    assert_null(s);
}

static void store_files_are_private_to_their_owner(void **state)
{
    static const char *const names[] = { "data.mdb", "lock.mdb", "writer", "periods",
                                         "periods/00000001.key" };
    struct fixture *f = *state;

    for (size_t i = 0; i < ALM_LEN(names); i++) {
        char path[128];
        struct stat st;

        (void)snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 077, 0);
    }
}

static void store_blinds_the_same_way_each_time_and_differently_under_another_key(void **state)
{
    struct fixture *f = *state;
    uint8_t first[SHA256_LEN], again[SHA256_LEN], other[SHA256_LEN];
    struct secret a, b;

    assert_int_equal(store_blind(f->store, fixture_text("token"), first), 0);
    assert_int_equal(store_subkey(f->store, "one", &a), 0);
    assert_int_equal(store_subkey(f->store, "two", &b), 0);
    assert_false(secret_equal(&a, &b));
    fixture_reopen(f);
    assert_int_equal(store_blind(f->store, fixture_text("token"), again), 0);
    assert_memory_equal(first, again, SHA256_LEN);
    assert_int_equal(store_blind(f->store, fixture_text("tokem"), other), 0);
    assert_memory_not_equal(first, other, SHA256_LEN);
    f->store = store_close(f->store);
    fixture_remove(f);
    f->key.octets[0] ^= 1;
    fixture_open(f);
    assert_int_equal(store_blind(f->store, fixture_text("token"), other), 0);
    assert_memory_not_equal(first, other, SHA256_LEN);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(store_gives_back_what_was_put_also_after_reopening),
        STORE_TEST(store_forgets_what_was_deleted_and_does_not_mind_the_absent),
        STORE_TEST(store_keeps_nothing_of_an_aborted_transaction),
        STORE_TEST(store_readers_see_the_state_at_their_beginning),
        STORE_TEST(store_refuses_keys_that_are_empty_or_too_long),
        STORE_TEST(store_error_sticks_and_fails_the_commit_of_everything),
        STORE_TEST(store_does_not_write_in_a_reading_transaction),
        STORE_TEST(store_refuses_a_second_write_transaction_instead_of_waiting_for_ever),
        STORE_TEST(store_scan_visits_a_prefix_in_order_from_where_it_is_told),
        STORE_TEST(store_scan_stops_and_fails_as_the_visitor_says),
        STORE_TEST(store_scan_survives_deleting_what_it_visits),
        STORE_TEST(store_last_finds_the_end_of_a_prefix),
        STORE_TEST(store_is_not_opened_with_another_key),
        STORE_TEST(store_that_rehearsed_is_not_opened_live_nor_for_another_origin),
        STORE_TEST(store_of_a_newer_program_or_of_an_earlier_layout_is_refused),
        STORE_TEST(store_has_one_writer_and_any_number_of_readers),
        STORE_TEST(store_reader_does_not_make_a_store),
        STORE_TEST(store_files_are_private_to_their_owner),
        STORE_TEST(store_blinds_the_same_way_each_time_and_differently_under_another_key),
    };

    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
