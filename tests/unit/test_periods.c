/* SPDX-License-Identifier: Apache-2.0 */
/* test_periods.c - periods of a store: begun, left and ended, killed and failing at every step,
 * with files missing, and followed by a reader. */
#include "periods_fixture.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "base/file.h"
#include "store/raw.h"

static void store_has_a_first_period_from_the_beginning(void **state)
{
    struct fixture *f = *state;
    struct store_period p = state_of(f->store);

    assert_int_equal(p.current, 1);
    assert_int_equal(p.leaving, 0);
    assert_true(p.since_ms > 0);
    assert_true(period_there(f, 1));
    fixture_reopen(f);
    assert_int_equal(state_of(f->store).current, 1);
}

static void values_open_before_while_and_after_a_period_is_left(void **state)
{
    struct fixture *f = *state;
    bool done = false;

    put_values(f->store, "one");
    assert_int_equal(store_period_begin(f->store), 0);
    assert_int_equal(check_values(f->store, "one"), 0);
    assert_true(period_there(f, 1) && period_there(f, 2));
    while (!done) {
        assert_int_equal(step(f->store, 3, &done), 0);
        assert_int_equal(check_values(f->store, "one"), 0);
    }
    assert_int_equal(store_period_end(f->store), 0);
    assert_false(period_there(f, 1));
    assert_int_equal(check_values(f->store, "one"), 0);
    fixture_reopen(f);
    assert_int_equal(check_values(f->store, "one"), 0);
    assert_int_equal(state_of(f->store).current, 2);
    assert_int_equal(state_of(f->store).leaving, 0);
    assert_int_equal(state_of(f->store).resealed, VALUES * 3 / 4); /* bundles are nobody's */
}

static void values_put_meanwhile_stand_under_the_new_period(void **state)
{
    struct fixture *f = *state;
    bool done = false;

    put_values(f->store, "one");
    assert_int_equal(store_period_begin(f->store), 0);
    assert_int_equal(step(f->store, 5, &done), 0);
    put_values(f->store, "two"); /* on both sides of where the walk stands */
    assert_int_equal(leave(f->store), 0);
    assert_int_equal(check_values(f->store, "two"), 0);
    fixture_reopen(f);
    assert_int_equal(check_values(f->store, "two"), 0);
}

static void steps_are_bounded_and_stand_in_the_store(void **state)
{
    struct fixture *f = *state;
    int steps = 0;
    bool done = false;

    put_values(f->store, "one");
    assert_int_equal(store_period_begin(f->store), 0);
    while (!done) {
        uint64_t before = state_of(f->store).resealed;

        assert_int_equal(step(f->store, 4, &done), 0);
        assert_true(state_of(f->store).resealed - before <= 4);
        fixture_reopen(f); /* restarted after each */
        steps++;
    }
    assert_true(steps >= 8);
    assert_true(state_of(f->store).done);
    assert_int_equal(step(f->store, 4, &done), 0); /* again: done stays done */
    assert_true(done);
    assert_int_equal(store_period_end(f->store), 0);
}

/* A value larger than a step may take, and steps of one value: each goes on behind the last. */
static void no_value_is_too_large_nor_a_step_too_small_to_go_on(void **state)
{
    enum { LARGE = STORE_PERIOD_STEP_BYTES + 4096, STEPS_MOST = 200 };
    struct fixture *f = *state;
    uint8_t *large = calloc(1, LARGE);
    struct store_txn *t;
    bool done = false;
    int steps = 0;

    assert_non_null(large);
    put_values(f->store, "one");
    t = fixture_begin(f, true);
    store_put(t, TABLE_CONSENTS, fixture_text("key 0 is large"), bytes_of(large, LARGE));
    store_put(t, TABLE_LATER, fixture_text("large, and the last"), bytes_of(large, LARGE));
    assert_int_equal(store_commit(t), 0);
    free(large);
    assert_int_equal(store_period_begin(f->store), 0);
    for (; !done && steps < STEPS_MOST; steps++)
        assert_int_equal(step(f->store, 1, &done), 0);
    assert_true(done);
    assert_int_equal(store_period_end(f->store), 0);
    assert_int_equal(check_values(f->store, "one"), 0);
}

static void a_step_that_was_rolled_back_is_taken_again(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t;
    bool done = false;

    put_values(f->store, "one");
    assert_int_equal(store_period_begin(f->store), 0);
    t = fixture_begin(f, true);
    assert_int_equal(store_period_step(t, 1000, &done), 0);
    assert_true(done);
    t = store_abort(t);
    assert_int_equal(state_of(f->store).resealed, 0);
    assert_int_equal(store_period_end(f->store), -EBUSY); /* they still stand under it */
    assert_int_equal(leave(f->store), 0);
    assert_int_equal(check_values(f->store, "one"), 0);
}

static void what_does_not_fit_the_order_is_refused(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t;
    bool done = false;

    put_values(f->store, "one");
    assert_int_equal(store_period_end(f->store), 0); /* none is left: nothing to do */
    t = fixture_begin(f, true);
    assert_int_equal(store_period_step(t, 1, &done), -EINVAL);
    assert_int_equal(store_period_begin(f->store), -EBUSY);
    assert_int_equal(store_period_end(f->store), -EBUSY);
    t = store_abort(t);
    assert_int_equal(store_period_begin(f->store), 0);
    assert_int_equal(store_period_begin(f->store), -EBUSY);
    assert_int_equal(store_period_end(f->store), -EBUSY);
    assert_int_equal(leave(f->store), 0);
    assert_int_equal(state_of(f->store).current, 2);
}

/* --- Killed. --- */

static int kill_at(void *ctx, enum store_step s)
{
    int *countdown = ctx;

    (void)s;
    if (--*countdown == 0)
        _exit(99); /* nothing is tidied up, as after a kill */
    return 0;
}

/* A whole change of period in a child that ends at the nth step. Return: whether it got through. */
static bool change_killed_at(struct fixture *f, int n)
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        struct store *s = NULL;

        if (store_open(&f->options, &s))
            _exit(1);
        store_fault_hook(s, kill_at, &n);
        if (store_period_begin(s) || leave(s))
            _exit(2);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_true(WEXITSTATUS(status) == 99 || WEXITSTATUS(status) == 0);
    return WEXITSTATUS(status) == 0;
}

static void check_files(const struct fixture *f, const struct store_period *p)
{
    for (uint32_t n = 1; n <= p->current + 2; n++) {
        bool wanted = n == p->current || (n == p->leaving && !p->done);

        if (wanted || n != p->leaving)
            assert_int_equal(period_there(f, n), wanted);
    }
}

static void change_that_is_killed_at_any_step_is_gone_on_with(void **state)
{
    struct fixture *f = *state;
    bool through = false;
    int n = 0;

    put_values(f->store, "one");
    while (!through) {
        struct store_period p;

        f->store = store_close(f->store);
        through = change_killed_at(f, ++n);
        fixture_open(f);
        p = state_of(f->store);
        check_files(f, &p);
        assert_int_equal(check_values(f->store, "one"), 0);
        if (p.leaving)
            assert_int_equal(leave(f->store), 0);
        p = state_of(f->store);
        check_files(f, &p);
        assert_int_equal(p.leaving, 0);
        n += n > 30 && n % 5 ? 3 : 0; /* the steps in the middle are alike */
    }
    assert_true(n > 60);
    assert_int_equal(check_values(f->store, "one"), 0);
}

/* --- Failing. --- */

static void full_disk_while_a_period_is_made_leaves_the_old_one_in_force(void **state)
{
    static const enum store_step at[] = { STORE_STEP_PERIOD_FILE, STORE_STEP_PERIOD_MADE,
                                          STORE_STEP_PUT, STORE_STEP_COMMIT };
    struct fixture *f = *state;

    put_values(f->store, "one");
    for (size_t i = 0; i < ALM_LEN(at); i++) {
        struct fixture_fault full = { .step = at[i], .countdown = 1, .error = ENOSPC };

        store_fault_hook(f->store, fixture_fault, &full);
        assert_int_equal(store_period_begin(f->store), -ENOSPC);
        store_fault_hook(f->store, NULL, NULL);
        assert_int_equal(store_latched(f->store), 0);
        assert_int_equal(state_of(f->store).current, 1);
        assert_int_equal(check_values(f->store, "one"), 0);
        put_values(f->store, "one");
    }
    fixture_reopen(f);
    assert_false(period_there(f, 2)); /* what was made in vain is gone */
    assert_int_equal(store_period_begin(f->store), 0);
    assert_int_equal(leave(f->store), 0);
    assert_int_equal(check_values(f->store, "one"), 0);
}

static void full_disk_while_sealing_anew_rolls_the_step_back(void **state)
{
    struct fixture *f = *state;
    struct fixture_fault full = { .step = STORE_STEP_PUT, .countdown = 3, .error = ENOSPC };
    bool done = false;

    put_values(f->store, "one");
    assert_int_equal(store_period_begin(f->store), 0);
    store_fault_hook(f->store, fixture_fault, &full);
    assert_int_equal(step(f->store, 9, &done), -ENOSPC);
    assert_false(done);
    store_fault_hook(f->store, NULL, NULL);
    assert_int_equal(state_of(f->store).resealed, 0);
    assert_int_equal(leave(f->store), 0);
    assert_int_equal(check_values(f->store, "one"), 0);
}

static void failed_write_of_a_periods_file_latches(void **state)
{
    static const enum store_step at[] = { STORE_STEP_PERIOD_FILE, STORE_STEP_PERIOD_WIPE,
                                          STORE_STEP_PERIOD_WIPED, STORE_STEP_PERIOD_GONE };
    struct fixture *f = *state;

    put_values(f->store, "one");
    for (size_t i = 0; i < ALM_LEN(at); i++) {
        struct fixture_fault bad = { .step = at[i], .countdown = 1, .error = EIO };
        struct store_txn *t = NULL;
        int r;

        store_fault_hook(f->store, fixture_fault, &bad);
        r = store_period_begin(f->store);
        if (r == 0)
            r = leave(f->store);
        assert_int_equal(r, -EIO);
        assert_int_equal(store_begin(f->store, false, &t), -EIO);
        fixture_reopen(f);
        assert_int_equal(check_values(f->store, "one"), 0);
        if (state_of(f->store).leaving)
            assert_int_equal(leave(f->store), 0);
    }
}

/* --- Missing and damaged. --- */

static void store_whose_periods_file_is_missing_or_damaged_is_not_opened(void **state)
{
    struct fixture *f = *state;
    char path[128], aside[160];
    struct store *s = NULL;

    put_values(f->store, "one");
    assert_int_equal(store_period_begin(f->store), 0);
    f->store = store_close(f->store);
    for (uint32_t n = 1; n <= 2; n++) {
        ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

        period_path(f->dir, n, path);
        (void)snprintf(aside, sizeof(aside), "%s/aside", f->dir);
        assert_int_equal(rename(path, aside), 0);
        assert_int_equal(store_open(&f->options, &s), -EBADMSG);
        assert_int_equal(rename(aside, path), 0);
        buf_init(&b, 4096);
        assert_int_equal(file_read(path, 4096, &b), 0);
        for (size_t i = 0; i < b.len; i += 5) {
            b.data[i] ^= 1;
            assert_int_equal(file_write(path, buf_view(&b), 0600), 0);
            assert_int_equal(store_open(&f->options, &s), -EBADMSG);
            b.data[i] ^= 1;
        }
        assert_int_equal(file_write(path, bytes_of(b.data, b.len - 1), 0600), 0);
        assert_int_equal(store_open(&f->options, &s), -EBADMSG);
        assert_int_equal(file_write(path, buf_view(&b), 0644), 0);
        assert_int_equal(store_open(&f->options, &s), -EPERM);
        assert_int_equal(file_write(path, buf_view(&b), 0600), 0);
    }
    fixture_open(f);
    assert_int_equal(check_values(f->store, "one"), 0);
}

static void file_of_one_period_does_not_stand_for_another(void **state)
{
    struct fixture *f = *state;
    char one[128], two[128];
    struct store *s = NULL;

    assert_int_equal(store_period_begin(f->store), 0);
    f->store = store_close(f->store);
    period_path(f->dir, 1, one);
    period_path(f->dir, 2, two);
    assert_int_equal(unlink(two), 0);
    assert_int_equal(link(one, two), 0);
    assert_int_equal(store_open(&f->options, &s), -EBADMSG);
}

static void files_that_a_kill_left_are_destroyed_at_the_next_start(void **state)
{
    struct fixture *f = *state;
    char path[160];

    put_values(f->store, "one");
    f->store = store_close(f->store);
    for (int i = 0; i < 3; i++) {
        static const char *const left[] = { "00000002.key", "00000001.key.Ab3dEf", "99999999.key" };

        (void)snprintf(path, sizeof(path), "%s/periods/%s", f->dir, left[i]);
        assert_int_equal(file_write(path, fixture_text("left behind"), 0600), 0);
        fixture_open(f);
        assert_int_equal(access(path, F_OK), -1);
        f->store = store_close(f->store);
    }
    fixture_open(f);
    assert_int_equal(check_values(f->store, "one"), 0);
}

static void value_that_does_not_open_keeps_the_old_period(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t;
    bool done = false;

    put_values(f->store, "one");
    t = fixture_begin(f, true);
    store_put_raw(t, TABLE_DUE, fixture_text("rotten"),
                  bytes_of("\0\0\0\1 and then nothing that was ever sealed by anybody", 50));
    assert_int_equal(store_commit(t), 0);
    assert_int_equal(store_period_begin(f->store), 0);
    assert_int_equal(step(f->store, 1000, &done), -EBADMSG);
    assert_false(done);
    assert_int_equal(store_period_end(f->store), -EBUSY);
    assert_true(period_there(f, 1));
    t = fixture_begin(f, true);
    store_del(t, TABLE_DUE, fixture_text("rotten"));
    assert_int_equal(store_commit(t), 0);
    assert_int_equal(leave(f->store), 0);
}

static void value_of_a_period_that_never_was_is_damage(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct store_txn *t = fixture_begin(f, true);

    store_put_raw(t, TABLE_DUE, fixture_text("a"),
                  bytes_of("\0\0\0\7 and then nothing that was ever sealed by anybody", 50));
    store_put_raw(t, TABLE_DUE, fixture_text("b"), bytes_of("\0\0\0", 3));
    buf_init(&b, 4096);
    assert_int_equal(store_get(t, TABLE_DUE, fixture_text("a"), &b), -EBADMSG);
    assert_int_equal(store_get(t, TABLE_DUE, fixture_text("b"), &b), -EBADMSG);
    t = store_abort(t);
}

/* --- A reader. --- */

static void said(int fd, char want)
{
    char c = 0;

    if (read(fd, &c, 1) != 1 || c != want)
        _exit(20);
}

static void say(int fd, char what)
{
    assert_int_equal(write(fd, &what, 1), 1);
}

static int read_along(struct fixture *f, int from, int to)
{
    struct secret secret;
    struct store *s = NULL;
    struct store_txn *old = NULL, *t = NULL;
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    f->options.read_only = true;
    if (store_open(&f->options, &s) || check_values(s, "one"))
        return 1;
    say(to, 'r');
    said(from, 'b'); /* a period was begun, and values were put */
    if (check_values(s, "two"))
        return 2;
    if (store_begin(s, false, &old)) /* a snapshot that outlives the period */
        return 3;
    say(to, 'r');
    said(from, 'e'); /* it was left and ended */
    buf_init(&b, 4096);
    if (store_get(old, TABLE_RETOKENS, fixture_text("key 2"), &b))
        return 4;
    if (store_begin(s, false, &t)) /* one more beside it */
        return 5;
    t = store_abort(t);
    old = store_abort(old);
    if (check_values(s, "two") || store_period_begin(s) != -EROFS || store_period_end(s) != -EROFS)
        return 6;
    if (store_period_secret(s, 1, &secret) != -ENOENT || store_period_secret(s, 2, &secret))
        return 7; /* the old one is in its memory no more */
    s = store_close(s);
    return store_open(&f->options, &s) || check_values(s, "two") ? 8 : 0;
}

static void reader_finds_new_periods_and_reads_an_old_snapshot_to_its_end(void **state)
{
    struct fixture *f = *state;
    int down[2], up[2], status;
    bool done = false;
    pid_t pid;

    put_values(f->store, "one");
    assert_int_equal(pipe(down), 0);
    assert_int_equal(pipe(up), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(read_along(f, down[0], up[1]));
    said(up[0], 'r');
    assert_int_equal(store_period_begin(f->store), 0);
    put_values(f->store, "two");
    assert_int_equal(step(f->store, 5, &done), 0);
    say(down[1], 'b');
    said(up[0], 'r');
    assert_int_equal(leave(f->store), 0);
    say(down[1], 'e');
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    for (int i = 0; i < 2; i++) {
        (void)close(down[i]);
        (void)close(up[i]);
    }
}

static int read_while_changing(struct fixture *f, int stop)
{
    struct store *s = NULL;
    char c;

    f->options.read_only = true;
    if (fcntl(stop, F_SETFL, O_NONBLOCK) < 0 || store_open(&f->options, &s))
        return 1;
    while (read(stop, &c, 1) < 0) {
        if (check_values(s, "one"))
            return 2;
        s = store_close(s);
        if (store_open(&f->options, &s))
            return 3;
    }
    return 0;
}

static void reader_that_is_overtaken_again_and_again_reads_on(void **state)
{
    struct fixture *f = *state;
    int stop[2], status;
    pid_t pid;

    put_values(f->store, "one");
    assert_int_equal(pipe(stop), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(read_while_changing(f, stop[0]));
    for (int i = 0; i < 20; i++) {
        assert_int_equal(store_period_begin(f->store), 0);
        assert_int_equal(leave(f->store), 0);
    }
    say(stop[1], 's');
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    (void)close(stop[0]);
    (void)close(stop[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PERIOD_TEST(store_has_a_first_period_from_the_beginning),
        PERIOD_TEST(values_open_before_while_and_after_a_period_is_left),
        PERIOD_TEST(values_put_meanwhile_stand_under_the_new_period),
        PERIOD_TEST(steps_are_bounded_and_stand_in_the_store),
        PERIOD_TEST(no_value_is_too_large_nor_a_step_too_small_to_go_on),
        PERIOD_TEST(a_step_that_was_rolled_back_is_taken_again),
        PERIOD_TEST(what_does_not_fit_the_order_is_refused),
        PERIOD_TEST(change_that_is_killed_at_any_step_is_gone_on_with),
        PERIOD_TEST(full_disk_while_a_period_is_made_leaves_the_old_one_in_force),
        PERIOD_TEST(full_disk_while_sealing_anew_rolls_the_step_back),
        PERIOD_TEST(failed_write_of_a_periods_file_latches),
        PERIOD_TEST(store_whose_periods_file_is_missing_or_damaged_is_not_opened),
        PERIOD_TEST(file_of_one_period_does_not_stand_for_another),
        PERIOD_TEST(files_that_a_kill_left_are_destroyed_at_the_next_start),
        PERIOD_TEST(value_that_does_not_open_keeps_the_old_period),
        PERIOD_TEST(value_of_a_period_that_never_was_is_damage),
        PERIOD_TEST(reader_finds_new_periods_and_reads_an_old_snapshot_to_its_end),
        PERIOD_TEST(reader_that_is_overtaken_again_and_again_reads_on),
    };

    return cmocka_run_group_tests_name("periods", tests, NULL, NULL);
}
