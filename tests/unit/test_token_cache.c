/* SPDX-License-Identifier: Apache-2.0 */
/* test_token_cache.c - tokens of our rows on disk: what a restart finds, and what a thief or a bad
 * disk does not change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/file.h"
#include "lib/token_cache.h"
#include "temp_dir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct secret seal_key = { { 1, 2, 3 } };
static char path[128];
static struct token_cache *c;
static struct memo *m;

static void shut(void)
{
    c = token_cache_close(c);
    m = memo_free(m);
}

/* Return: of the load. */
static int open_up(uint16_t epoch, const struct secret *key)
{
    uint8_t salt[TOKEN_CACHE_SALT];
    struct secret tags;

    assert_int_equal(token_cache_open(path, epoch, &c, salt), 0);
    assert_false(token_cache_unlocked(c));
    assert_int_equal(token_cache_unlock(c, key, &tags), 0);
    assert_int_equal(memo_new(&tags, &m), 0);
    return token_cache_load(c, m);
}

static int setup(void **state)
{
    if (crypto_init() != 0 || temp_dir_setup(state) != 0)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/cache", temp_dir);
    return 0;
}

static int teardown(void **state)
{
    shut();
    return temp_dir_teardown(state);
}

/* What the fetching does: the memo wants it, and it comes. */
static void come(const char *input)
{
    struct memo_want w;
    uint8_t value[TOKEN_LEN];

    assert_int_equal(memo_find(m, bytes_str(input), value), -EAGAIN);
    assert_int_equal(memo_take(m, &w, 1), 1);
    assert_int_equal(crypto_sha256(bytes_str(input), value), 0);
    token_cache_note(c, w.tag, value);
    assert_int_equal(memo_put(m, w.tag, value), 0);
    memo_want_wipe(&w);
}

static bool holds(const char *input)
{
    uint8_t value[TOKEN_LEN], expected[TOKEN_LEN];
    int r = memo_find(m, bytes_str(input), value);

    assert_int_equal(crypto_sha256(bytes_str(input), expected), 0);
    return r == 0 && memcmp(value, expected, TOKEN_LEN) == 0;
}

static void many_come(size_t n)
{
    char text[24];

    for (size_t i = 0; i < n; i++) {
        (void)snprintf(text, sizeof(text), "p%zu", i);
        come(text);
    }
    assert_int_equal(token_cache_flush(c), 0);
}

static long size_of(void)
{
    struct stat st;

    return stat(path, &st) == 0 ? (long)st.st_size : -1;
}

static void byte_flip(long at)
{
    FILE *f = fopen(path, "r+be");
    int old;

    assert_non_null(f);
    assert_int_equal(fseek(f, at, at < 0 ? SEEK_END : SEEK_SET), 0);
    old = fgetc(f);
    assert_int_equal(fseek(f, at, at < 0 ? SEEK_END : SEEK_SET), 0);
    (void)fputc(old ^ 1, f);
    assert_int_equal(fclose(f), 0);
}

static void what_was_flushed_is_there_after_a_restart(void **state)
{
    (void)state;
    assert_int_equal(open_up(2, &seal_key), 0);
    many_come(3000);
    come("late"); /* noted, not flushed */
    shut();
    assert_int_equal(open_up(2, &seal_key), 0);
    assert_int_equal(memo_count(m), 3000);
    assert_true(holds("p0") && holds("p2999"));
    assert_false(holds("late"));
}

static void nothing_can_be_read_without_the_key(void **state)
{
    static const struct secret wrong = { { 9 } };

    (void)state;
    assert_int_equal(open_up(2, &seal_key), 0);
    many_come(10);
    shut();
    assert_int_equal(open_up(2, &wrong), -EBADMSG);
    assert_int_equal(memo_count(m), 0);
}

static void flipped_byte_costs_what_stands_behind_it_and_nothing_before(void **state)
{
    (void)state;
    assert_int_equal(open_up(2, &seal_key), 0);
    many_come(2000);
    come("after");
    assert_int_equal(token_cache_flush(c), 0);
    shut();
    byte_flip(-10);
    assert_int_equal(open_up(2, &seal_key), -EBADMSG);
    assert_int_equal(memo_count(m), 2000);
    assert_false(holds("after"));
    shut();
    assert_int_equal(open_up(2, &seal_key), 0); /* it was cut off */
    assert_int_equal(memo_count(m), 2000);
    shut();
    byte_flip(60);
    assert_int_equal(open_up(2, &seal_key), -EBADMSG);
    assert_int_equal(memo_count(m), 0);
}

static void file_that_was_cut_short_keeps_its_beginning(void **state)
{
    (void)state;
    assert_int_equal(open_up(2, &seal_key), 0);
    many_come(1500);
    shut();
    assert_int_equal(truncate(path, size_of() - 7), 0);
    assert_int_equal(open_up(2, &seal_key), -EBADMSG);
    assert_int_equal(memo_count(m), 1024);
    come("again");
    assert_int_equal(token_cache_flush(c), 0);
    shut();
    assert_int_equal(open_up(2, &seal_key), 0);
    assert_int_equal(memo_count(m), 1025);
}

static void file_of_another_epoch_or_of_somebody_else_is_made_anew(void **state)
{
    (void)state;
    assert_int_equal(open_up(2, &seal_key), 0);
    many_come(10);
    shut();
    assert_int_equal(open_up(3, &seal_key), 0);
    assert_int_equal(memo_count(m), 0);
    shut();
    assert_int_equal(file_write(path, bytes_str("not ours at all, but long enough for one"), 0600), 0);
    assert_int_equal(open_up(3, &seal_key), 0);
    assert_int_equal(memo_count(m), 0);
}

static void rewriting_leaves_out_who_was_not_found_any_more(void **state)
{
    long before;

    (void)state;
    assert_int_equal(open_up(2, &seal_key), 0);
    many_come(3000);
    shut();
    before = size_of();
    assert_int_equal(open_up(2, &seal_key), 0);
    assert_true(holds("p7") && holds("p8"));
    assert_int_equal(token_cache_rewrite(c, m), 0);
    assert_true(size_of() < before / 100);
    come("new");
    assert_int_equal(token_cache_flush(c), 0);
    shut();
    assert_int_equal(open_up(2, &seal_key), 0);
    assert_int_equal(memo_count(m), 3);
    assert_true(holds("p7") && holds("new"));
}

static void salt_stays_as_long_as_the_file(void **state)
{
    uint8_t first[TOKEN_CACHE_SALT], second[TOKEN_CACHE_SALT];

    (void)state;
    assert_int_equal(token_cache_open(path, 2, &c, first), 0);
    c = token_cache_close(c);
    assert_int_equal(token_cache_open(path, 2, &c, second), 0);
    assert_memory_equal(first, second, sizeof(first));
    c = token_cache_close(c);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(token_cache_open(path, 2, &c, second), 0);
    assert_memory_not_equal(first, second, sizeof(first));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(what_was_flushed_is_there_after_a_restart),
        T(nothing_can_be_read_without_the_key),
        T(flipped_byte_costs_what_stands_behind_it_and_nothing_before),
        T(file_that_was_cut_short_keeps_its_beginning),
        T(file_of_another_epoch_or_of_somebody_else_is_made_anew),
        T(rewriting_leaves_out_who_was_not_found_any_more),
        T(salt_stays_as_long_as_the_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
