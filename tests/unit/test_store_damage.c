/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_damage.c - sealed tables damaged, tampered with, full, failing at each step and
 * killed. */
#include "store_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/file.h"

/* --- A damaged or tampered file. Keys stand in clear before their sealed value, so the tests can
 * find both. --- */

static void file_path(const struct fixture *f, char out[static 128])
{
    (void)snprintf(out, 128, "%s/data.mdb", f->dir);
}

static struct buf load_file(const struct fixture *f)
{
    struct buf b;
    char path[128];

    buf_init(&b, 64 << 20);
    file_path(f, path);
    assert_int_equal(file_read(path, 64 << 20, &b), 0);
    return b;
}

static void save_file(const struct fixture *f, const struct buf *b)
{
    char path[128];

    file_path(f, path);
    assert_int_equal(file_write(path, buf_view(b), 0600), 0);
}

static uint8_t *find_after(const struct buf *b, uint8_t *from, const char *key)
{
    uint8_t *at = memmem(from, (size_t)(b->data + b->len - from), key, strlen(key));

    return at ? at + strlen(key) : NULL;
}

static void store_leaves_no_value_in_clear_on_disk(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    assert_int_equal(
        fixture_put_one(f->store, TABLE_AGENCIES, "find-this-key", "the value nobody may read"), 0);
    f->store = store_close(f->store);
    b = load_file(f);
    assert_non_null(find_after(&b, b.data, "find-this-key"));
    assert_null(memmem(b.data, b.len, "nobody may", 10));
    fixture_open(f);
}

static void store_notices_a_flipped_bit_anywhere_in_a_value(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(fixture_put_one(f->store, TABLE_AGENCIES, "find-this-key", "value"), 0);
    for (size_t i = 0; i < SEAL_OVERHEAD + 5; i += 4) {
        ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

        f->store = store_close(f->store);
        b = load_file(f);
        find_after(&b, b.data, "find-this-key")[i] ^= 0x20;
        save_file(f, &b);
        fixture_open(f);
        assert_int_equal(fixture_get_one(f->store, TABLE_AGENCIES, "find-this-key", ""), -EBADMSG);
        f->store = store_close(f->store);
        find_after(&b, b.data, "find-this-key")[i] ^= 0x20;
        save_file(f, &b);
        fixture_open(f);
        assert_int_equal(fixture_get_one(f->store, TABLE_AGENCIES, "find-this-key", "value"), 0);
    }
}

static void swap(uint8_t *a, uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t kept = a[i];

        a[i] = b[i];
        b[i] = kept;
    }
}

/* Wherever the key stands: LMDB leaves pages of earlier transactions about. */
static void overwrite(struct buf *b, const char *key, const uint8_t *value)
{
    for (uint8_t *at = find_after(b, b->data, key); at; at = find_after(b, at, key))
        memcpy(at, value, SEAL_OVERHEAD + 7);
}

static void store_notices_values_swapped_between_keys_and_tables(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    assert_int_equal(fixture_put_one(f->store, TABLE_AGENCIES, "agency-aaaa", "value-a"), 0);
    assert_int_equal(fixture_put_one(f->store, TABLE_AGENCIES, "agency-bbbb", "value-b"), 0);
    assert_int_equal(fixture_put_one(f->store, TABLE_OFFICERS, "same-key-in-two-tables", "value-c"),
                     0);
    assert_int_equal(fixture_put_one(f->store, TABLE_KEYS, "same-key-in-two-tables", "value-d"), 0);
    f->store = store_close(f->store);
    b = load_file(f);
    {
        uint8_t *first = find_after(&b, b.data, "same-key-in-two-tables"), a[64], c[64];

        swap(first, find_after(&b, first, "same-key-in-two-tables"), SEAL_OVERHEAD + 7);
        memcpy(a, find_after(&b, b.data, "agency-aaaa"), sizeof(a));
        memcpy(c, find_after(&b, b.data, "agency-bbbb"), sizeof(c));
        overwrite(&b, "agency-aaaa", c);
        overwrite(&b, "agency-bbbb", a);
    }
    save_file(f, &b);
    fixture_open(f);
    assert_int_equal(fixture_get_one(f->store, TABLE_AGENCIES, "agency-aaaa", ""), -EBADMSG);
    assert_int_equal(fixture_get_one(f->store, TABLE_AGENCIES, "agency-bbbb", ""), -EBADMSG);
    assert_int_equal(fixture_get_one(f->store, TABLE_OFFICERS, "same-key-in-two-tables", ""),
                     -EBADMSG);
    assert_int_equal(fixture_get_one(f->store, TABLE_KEYS, "same-key-in-two-tables", ""), -EBADMSG);
}

static void store_scan_fails_at_a_damaged_value_instead_of_passing_over_it(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    struct fixture_seen s = { 0 };

    assert_int_equal(fixture_put_one(f->store, TABLE_HEADS, "key-1", "v"), 0);
    assert_int_equal(fixture_put_one(f->store, TABLE_HEADS, "key-2", "v"), 0);
    assert_int_equal(fixture_put_one(f->store, TABLE_HEADS, "key-3", "v"), 0);
    f->store = store_close(f->store);
    b = load_file(f);
    for (uint8_t *at = find_after(&b, b.data, "key-2"); at; at = find_after(&b, at, "key-2"))
        at[3] ^= 1;
    save_file(f, &b);
    fixture_open(f);
    t = fixture_begin(f, false);
    assert_int_equal(
        store_scan(t, TABLE_HEADS, fixture_nothing(), fixture_nothing(), true, fixture_see, &s),
        -EBADMSG);
    assert_int_equal(s.n, 1);
}

static void store_whose_data_file_is_gone_or_emptied_is_not_begun_anew(void **state)
{
    struct fixture *f = *state;
    struct store *s = NULL;
    char path[128];

    f->store = store_close(f->store);
    file_path(f, path);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(store_open(&f->options, &s), -EBADMSG);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(store_open(&f->options, &s), -EBADMSG);
}

/* Made anew it would be empty: nobody shielded, nothing withdrawn. */
static void store_with_a_table_whose_name_is_damaged_is_not_given_an_empty_one(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct store *s = NULL;

    assert_int_equal(fixture_put_one(f->store, TABLE_SHIELDS, "whom", "nobody is to find"), 0);
    f->store = store_close(f->store);
    b = load_file(f);
    for (uint8_t *at = find_after(&b, b.data, "shields"); at; at = find_after(&b, at, "shields"))
        at[-1] ^= 1;
    save_file(f, &b);
    assert_int_equal(store_open(&f->options, &s), -EBADMSG);
    for (uint8_t *at = find_after(&b, b.data, "shieldr"); at; at = find_after(&b, at, "shieldr"))
        at[-1] ^= 1;
    save_file(f, &b);
    fixture_open(f);
    assert_int_equal(fixture_get_one(f->store, TABLE_SHIELDS, "whom", "nobody is to find"), 0);
}

static void store_refuses_a_file_that_is_not_one(void **state)
{
    struct fixture *f = *state;
    struct store *s = NULL;
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    f->store = store_close(f->store);
    buf_init(&b, 1 << 20);
    for (int i = 0; i < 20000; i++)
        buf_put_u8(&b, (uint8_t)(i * 7));
    save_file(f, &b);
    assert_int_equal(store_open(&f->options, &s), -EBADMSG);
    b.len = 100;
    save_file(f, &b);
    assert_true(store_open(&f->options, &s) < 0);
}

static void put_many(struct fixture *f, int n)
{
    struct store_txn *t = fixture_begin(f, true);

    for (int i = 0; i < n; i++) {
        char key[32];

        (void)snprintf(key, sizeof(key), "key-%08d", i);
        store_put(t, TABLE_LOG, fixture_text(key),
                  fixture_text("a value of some length, so that several pages are filled"));
    }
    assert_int_equal(store_commit(t), 0);
}

/* Runs in a child, because after damage the store leaves LMDB's memory alone, which a leak checker
 * would count. Return: 0 when all that is read from the store is right or an error. */
static int read_damaged(struct fixture *f)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct store *s = NULL;
    struct store_txn *t = NULL;
    struct fixture_seen seen = { 0 };
    int r = store_open(&f->options, &s);

    if (r < 0)
        return r == -EBADMSG ? 0 : 10;
    if (store_begin(s, false, &t) < 0)
        return 11;
    buf_init(&b, 1 << 20);
    r = store_get(t, TABLE_LOG, fixture_text("key-00000100"), &b);
    if (r == 0)
        r = store_scan(t, TABLE_LOG, fixture_nothing(), fixture_nothing(), true, fixture_see,
                       &seen);
    t = store_abort(t);
    if (r != -EBADMSG)
        return 12;
    return store_latched(s) == -EBADMSG && store_begin(s, false, &t) == -EBADMSG &&
                   store_begin(s, true, &t) == -EBADMSG
               ? 0
               : 13;
}

static void check_in_child(struct fixture *f, int (*work)(struct fixture *f))
{
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(work(f));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        fail_msg("child: %s %d", WIFSIGNALED(status) ? "signal" : "exit",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* LMDB's page header: number u64, pad u16, flags u16, lower u16, upper u16. */
#define PAGE        4096
#define PAGE_FLAGS  10
#define PAGE_LOWER  12
#define PAGE_BRANCH 0x01

static void store_leaves_a_damaged_tree_with_an_error_not_an_assertion(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    int n = 0;

    put_many(f, 2000);
    f->store = store_close(f->store);
    b = load_file(f);
    for (size_t at = 2 * PAGE; at + PAGE <= b.len; at += PAGE) {
        if (b.data[at + PAGE_FLAGS] != PAGE_BRANCH)
            continue;
        b.data[at + PAGE_LOWER] = 16 + 2; /* one key: "NUMKEYS(mp) > 1" is what LMDB asserts */
        b.data[at + PAGE_LOWER + 1] = 0;
        n++;
    }
    assert_true(n > 0);
    save_file(f, &b);
    check_in_child(f, read_damaged);
}

static void store_reads_a_file_that_was_cut_short_as_damage_not_as_a_bus_error(void **state)
{
    struct fixture *f = *state;
    char path[128];

    put_many(f, 2000);
    f->store = store_close(f->store);
    file_path(f, path);
    assert_int_equal(truncate(path, 20 * PAGE), 0);
    check_in_child(f, read_damaged);
}

/* --- Failing at each step. --- */

static void store_is_full_when_its_map_is_and_goes_on_with_what_fits(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(buf_deinit) struct buf big = { 0 };
    struct store_txn *t;
    int r = 0;

    f->store = store_close(f->store);
    fixture_remove(f);
    f->options.map_bytes = 1 << 20;
    fixture_open(f);
    assert_int_equal(fixture_put_one(f->store, TABLE_KEYS, "k", "v"), 0);
    buf_init(&big, 1 << 20);
    for (int i = 0; i < 40000; i++)
        buf_put_u8(&big, 1);
    for (int i = 0; i < 100 && r == 0; i++) {
        uint8_t key = (uint8_t)(i + 1);

        t = fixture_begin(f, true);
        store_put(t, TABLE_LOG, bytes_of(&key, 1), buf_view(&big));
        r = store_commit(t);
    }
    assert_int_equal(r, -ENOSPC);
    assert_int_equal(store_latched(f->store), 0);
    assert_int_equal(fixture_get_one(f->store, TABLE_KEYS, "k", "v"), 0);
    t = fixture_begin(f, true);
    store_del(t, TABLE_LOG, fixture_text("\x01"));
    assert_int_equal(store_commit(t), 0);
    assert_int_equal(fixture_put_one(f->store, TABLE_KEYS, "k", "w"), 0);
}

/* LMDB refuses everything in a transaction after a put that failed: that is no new error, and none of the disk's. */
static void store_that_is_full_says_so_also_to_who_reads_on_and_goes_on_afterwards(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(buf_deinit) struct buf big = { 0 }, got = { 0 };
    struct store_txn *t;

    f->store = store_close(f->store);
    fixture_remove(f);
    f->options.map_bytes = 1 << 20;
    fixture_open(f);
    assert_int_equal(fixture_put_one(f->store, TABLE_KEYS, "k", "v"), 0);
    buf_init(&big, 1 << 20);
    buf_init(&got, STORE_VALUE_MAX);
    for (int i = 0; i < 40000; i++)
        buf_put_u8(&big, 1);
    t = fixture_begin(f, true);
    for (uint8_t key = 1; key < 100 && !store_status(t); key++)
        store_put(t, TABLE_LOG, bytes_of(&key, 1), buf_view(&big));
    assert_int_equal(store_status(t), -ENOSPC);
    assert_int_equal(store_get(t, TABLE_KEYS, fixture_text("k"), &got), -ENOSPC);
    assert_int_equal(store_last(t, TABLE_LOG, fixture_nothing(), &got), -ENOSPC);
    assert_false(store_has(t, TABLE_KEYS, fixture_text("k")));
    assert_int_equal(store_commit(t), -ENOSPC);
    assert_int_equal(store_latched(f->store), 0);
    assert_int_equal(fixture_put_one(f->store, TABLE_KEYS, "k", "w"), 0);
    assert_int_equal(fixture_get_one(f->store, TABLE_KEYS, "k", "w"), 0);
}

static void store_latches_the_first_io_error_of_a_commit(void **state)
{
    struct fixture *f = *state;
    struct fixture_fault fault = { .step = STORE_STEP_COMMIT, .countdown = 1, .error = EIO };
    struct store_txn *t = NULL;

    assert_int_equal(fixture_put_one(f->store, TABLE_KEYS, "k", "old"), 0);
    store_fault_hook(f->store, fixture_fault, &fault);
    assert_int_equal(fixture_put_one(f->store, TABLE_KEYS, "k", "new"), -EIO);
    assert_int_equal(store_begin(f->store, true, &t), -EIO);
    assert_int_equal(store_begin(f->store, false, &t), -EIO);
    assert_int_equal(store_latched(f->store), -EIO);
    fixture_reopen(f);
    assert_int_equal(fixture_get_one(f->store, TABLE_KEYS, "k", "old"), 0);
    assert_int_equal(fixture_put_one(f->store, TABLE_KEYS, "k", "new"), 0);
}

static void store_calls_an_io_error_on_a_full_disk_a_full_disk_and_does_not_latch(void **state)
{
    struct fixture *f = *state;
    struct fixture_fault fault = {
        .step = STORE_STEP_COMMIT, .countdown = 1, .error = EIO, .disk_full = true
    };

    store_fault_hook(f->store, fixture_fault, &fault);
    assert_int_equal(fixture_put_one(f->store, TABLE_KEYS, "k", "v"), -ENOSPC);
    assert_int_equal(store_latched(f->store), 0);
    assert_int_equal(fixture_put_one(f->store, TABLE_KEYS, "k", "v"), 0);
    fault = (struct fixture_fault){ .step = STORE_STEP_COMMIT, .countdown = 1, .error = ENOSPC };
    assert_int_equal(fixture_put_one(f->store, TABLE_KEYS, "k", "w"), -ENOSPC);
    assert_int_equal(fixture_get_one(f->store, TABLE_KEYS, "k", "v"), 0);
}

static void store_commits_nothing_when_any_put_fails(void **state)
{
    struct fixture *f = *state;

    for (int step = 1; step <= 4; step++) {
        struct fixture_fault fault = { .step = STORE_STEP_PUT, .countdown = step, .error = ENOMEM };
        struct store_txn *t = fixture_begin(f, true);

        store_fault_hook(f->store, fixture_fault, &fault);
        store_put(t, TABLE_LOG, fixture_text("1"), fixture_text("v"));
        store_put(t, TABLE_TREE, fixture_text("2"), fixture_text("v"));
        store_put(t, TABLE_RECEIPTS, fixture_text("3"), fixture_text("v"));
        store_put(t, TABLE_QUOTAS, fixture_text("4"), fixture_text("v"));
        assert_int_equal(store_commit(t), -ENOMEM);
        store_fault_hook(f->store, NULL, NULL);
        assert_int_equal(fixture_get_one(f->store, TABLE_LOG, "1", ""), -ENOENT);
        assert_int_equal(fixture_get_one(f->store, TABLE_TREE, "2", ""), -ENOENT);
        assert_int_equal(fixture_get_one(f->store, TABLE_RECEIPTS, "3", ""), -ENOENT);
        assert_int_equal(fixture_get_one(f->store, TABLE_QUOTAS, "4", ""), -ENOENT);
    }
}

static void store_reports_a_failed_begin_get_and_delete(void **state)
{
    struct fixture *f = *state;
    struct fixture_fault fault = { .step = STORE_STEP_BEGIN, .countdown = 1, .error = ENOMEM };
    struct store_txn *t = NULL;

    store_fault_hook(f->store, fixture_fault, &fault);
    assert_int_equal(store_begin(f->store, true, &t), -ENOMEM);
    fault = (struct fixture_fault){ .step = STORE_STEP_GET, .countdown = 1, .error = ENOMEM };
    assert_int_equal(fixture_get_one(f->store, TABLE_KEYS, "k", ""), -ENOMEM);
    fault = (struct fixture_fault){ .step = STORE_STEP_DEL, .countdown = 1, .error = ENOMEM };
    t = fixture_begin(f, true);
    store_del(t, TABLE_KEYS, fixture_text("k"));
    assert_int_equal(store_commit(t), -ENOMEM);
}

static void store_that_could_not_look_says_absent_and_commits_nothing(void **state)
{
    struct fixture *f = *state;
    struct fixture_fault fault = { .step = STORE_STEP_GET, .countdown = 1, .error = ENOMEM };
    struct store_txn *t;

    assert_int_equal(fixture_put_one(f->store, TABLE_KEYS, "k", "v"), 0);
    store_fault_hook(f->store, fixture_fault, &fault);
    t = fixture_begin(f, true);
    assert_false(store_has(t, TABLE_KEYS, fixture_text("k")));
    store_put(t, TABLE_KEYS, fixture_text("l"), fixture_text("v"));
    assert_int_equal(store_commit(t), -ENOMEM);
}

/* A file that may not grow gives LMDB a short write: the same as a disk that fills up in the middle
 * of a commit. */
static int fill_for_real(struct fixture *f)
{
    struct rlimit limit = { .rlim_cur = 64 * PAGE, .rlim_max = 64 * PAGE };
    struct fixture_fault full = { .disk_full = true };
    struct store *s = NULL;
    struct store_txn *t = NULL;
    int r;

    (void)signal(SIGXFSZ, SIG_IGN);
    if (store_open(&f->options, &s) < 0 || fixture_put_one(s, TABLE_KEYS, "k", "v") < 0)
        return 10;
    if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
        return 11;
    store_fault_hook(s, fixture_fault, &full);
    if (store_begin(s, true, &t) < 0)
        return 12;
    for (int i = 0; i < 3000; i++) {
        uint8_t key[2] = { (uint8_t)(i >> 8), (uint8_t)i };

        store_put(t, TABLE_LOG, bytes_of(key, 2),
                  fixture_text("a value of some length, so that several pages are filled"));
    }
    r = store_commit(t);
    if (r != -ENOSPC && r != -EFBIG)
        return 13;
    if (fixture_get_one(s, TABLE_KEYS, "k", "v") != 0 ||
        fixture_put_one(s, TABLE_KEYS, "k", "w") != 0)
        return 14;
    store_close(s);
    return 0;
}

static void store_survives_a_write_cut_short(void **state)
{
    struct fixture *f = *state;

    f->store = store_close(f->store);
    check_in_child(f, fill_for_real);
    fixture_open(f);
    assert_int_equal(fixture_get_one(f->store, TABLE_KEYS, "k", "w"), 0);
    assert_int_equal(fixture_get_one(f->store, TABLE_LOG, "a", ""), -ENOENT);
}

/* --- Killed at any moment. --- */

static void write_until_killed(struct fixture *f, uint32_t from, int ack)
{
    struct store *s = NULL;

    if (store_open(&f->options, &s) < 0)
        _exit(1);
    for (uint32_t i = from;; i++) {
        char key[16];
        struct store_txn *t = NULL;

        (void)snprintf(key, sizeof(key), "%08u", i);
        if (store_begin(s, true, &t) < 0)
            _exit(2);
        store_put(t, TABLE_LOG, fixture_text(key), fixture_text(key));
        store_put(t, TABLE_RECEIPTS, fixture_text(key), fixture_text(key));
        if (store_commit(t) < 0 || write(ack, &i, sizeof(i)) != sizeof(i))
            _exit(3);
    }
}

static void store_loses_nothing_acknowledged_when_its_writer_is_killed(void **state)
{
    struct fixture *f = *state;
    uint32_t next = 0;

    f->store = store_close(f->store);
    for (int round = 0; round < 10; round++) {
        uint32_t acked = next, i;
        int ends[2], status;
        pid_t pid;

        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        pid = fork();
        if (pid == 0)
            write_until_killed(f, next, ends[1]);
        (void)close(ends[1]);
        assert_int_equal(read(ends[0], &i, sizeof(i)), sizeof(i)); /* it is under way */
        acked = i;
        (void)usleep((useconds_t)(1000 + 3777 * round));
        assert_int_equal(kill(pid, SIGKILL), 0);
        while (read(ends[0], &i, sizeof(i)) == (ssize_t)sizeof(i))
            acked = i;
        (void)close(ends[0]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        fixture_open(f);
        for (i = next; i <= acked; i++) {
            char key[16];

            (void)snprintf(key, sizeof(key), "%08u", i);
            assert_int_equal(fixture_get_one(f->store, TABLE_LOG, key, key), 0);
            assert_int_equal(fixture_get_one(f->store, TABLE_RECEIPTS, key, key), 0);
        }
        f->store = store_close(f->store);
        next = acked + 1;
    }
    fixture_open(f);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(store_leaves_no_value_in_clear_on_disk),
        STORE_TEST(store_notices_a_flipped_bit_anywhere_in_a_value),
        STORE_TEST(store_notices_values_swapped_between_keys_and_tables),
        STORE_TEST(store_scan_fails_at_a_damaged_value_instead_of_passing_over_it),
        STORE_TEST(store_whose_data_file_is_gone_or_emptied_is_not_begun_anew),
        STORE_TEST(store_with_a_table_whose_name_is_damaged_is_not_given_an_empty_one),
        STORE_TEST(store_refuses_a_file_that_is_not_one),
        STORE_TEST(store_leaves_a_damaged_tree_with_an_error_not_an_assertion),
        STORE_TEST(store_reads_a_file_that_was_cut_short_as_damage_not_as_a_bus_error),
        STORE_TEST(store_is_full_when_its_map_is_and_goes_on_with_what_fits),
        STORE_TEST(store_that_is_full_says_so_also_to_who_reads_on_and_goes_on_afterwards),
        STORE_TEST(store_latches_the_first_io_error_of_a_commit),
        STORE_TEST(store_calls_an_io_error_on_a_full_disk_a_full_disk_and_does_not_latch),
        STORE_TEST(store_commits_nothing_when_any_put_fails),
        STORE_TEST(store_reports_a_failed_begin_get_and_delete),
        STORE_TEST(store_that_could_not_look_says_absent_and_commits_nothing),
        STORE_TEST(store_survives_a_write_cut_short),
        STORE_TEST(store_loses_nothing_acknowledged_when_its_writer_is_killed),
    };

    return cmocka_run_group_tests_name("store_damage", tests, NULL, NULL);
}
