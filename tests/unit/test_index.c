/* SPDX-License-Identifier: Apache-2.0 */
/* test_index.c - the index in steps, under two keys, and what it and a memo do while tokens are
 * wanted. The fetching is played: a value is the hash of its input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "lib/ask.h"
#include "lib/index.h"
#include "lib/memo.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct tokens_key hmac, oblivious;

static int setup(void **state)
{
    (void)state;
    if (crypto_init() != 0)
        return -1;
    hmac = (struct tokens_key){ .scheme = TOKEN_HMAC, .epoch = 1 };
    memset(hmac.key.octets, 7, sizeof(hmac.key.octets));
    oblivious = (struct tokens_key){ .scheme = TOKEN_OBLIVIOUS, .epoch = 2 };
    return memo_new(NULL, &oblivious.memo);
}

static int teardown(void **state)
{
    (void)state;
    oblivious.memo = memo_free(oblivious.memo);
    return 0;
}

/* As the key holder would: every want gets its value. Return: how many there were. */
static size_t wants_fetch(struct memo *m)
{
    struct memo_want w;
    size_t n = 0;

    for (; memo_take(m, &w, 1) == 1; n++) {
        uint8_t value[TOKEN_LEN];

        assert_int_equal(crypto_sha256(bytes_of(w.input, w.len), value), 0);
        assert_int_equal(memo_put(m, w.tag, value), 0);
        memo_want_wipe(&w);
    }
    return n;
}

static void people_tell(struct index *x, size_t n)
{
    struct alm_sink sink;
    char ref[24];

    index_sink(x, &sink);
    for (size_t i = 0; i < n; i++) {
        /* a year apart and more: a day and month that change places are one birth date */
        struct alm_person p = { ref, "Ann", "Lee", 400 * (int32_t)i, "", "", false, false };

        (void)snprintf(ref, sizeof(ref), "p%zu", i);
        assert_int_equal(sink.person(sink.ctx, &p), 0);
    }
    assert_int_equal(
        sink.home(sink.ctx, &(struct alm_home){ "h1", "1 Row", "ZZ7 8ZA", ALM_DAY_NONE }), 0);
    assert_int_equal(sink.home(sink.ctx, &(struct alm_home){ "h2", "2 Row", "ZZ7 8ZA", 5 }), 0);
    assert_int_equal(
        sink.home(sink.ctx, &(struct alm_home){ "h3", "No fixed address", "", ALM_DAY_NONE }), 0);
    for (size_t i = 0; i < n; i++) {
        struct alm_stay s = { i % 2 ? "h2" : "h1", 1, ALM_DAY_NONE };

        (void)snprintf(ref, sizeof(ref), "p%zu", i);
        assert_int_equal(sink.stay(sink.ctx, ref, &s), 0);
    }
}

static enum index_known find(const struct index *x, const struct tokens_key *k, int32_t born,
                             size_t *person)
{
    struct identity who = { "Ann", "Lee", 400 * born, "", "", false };
    struct token_set set;
    struct token at_home[TOKENS_AT_HOME];
    const char *home = born % 2 ? "2 Row" : "1 Row";

    while (tokens_identity(k, &who, &set) == -EAGAIN ||
           tokens_at_home(k, &who, home, "ZZ7 8ZA", at_home) == -EAGAIN)
        (void)wants_fetch(k->memo);
    assert_true(token_set_add_home(&set, at_home));
    return index_find(x, &set, false, person);
}

static void index_built_in_steps_of_one_finds_as_one_built_at_once(void **state)
{
    ALM_CLEANUP(index_freep) struct index *small = NULL, *whole = NULL;
    size_t a, b, steps = 0;

    (void)state;
    assert_int_equal(index_new(&hmac, &small), 0);
    assert_int_equal(index_new(&hmac, &whole), 0);
    people_tell(small, 50);
    people_tell(whole, 50);
    assert_int_equal(index_finish(whole), 0);
    while (index_step(small, 1) == INDEX_MORE)
        steps++;
    assert_true(steps >= 53);
    assert_true(index_done(small));
    for (int32_t i = 0; i < 50; i++) {
        assert_int_equal(find(small, &hmac, i, &a), INDEX_ONE);
        assert_int_equal(find(whole, &hmac, i, &b), INDEX_ONE);
        assert_string_equal(index_person_ref(small, a), index_person_ref(whole, b));
    }
    /* a name and a postcode agree with everybody's: possible */
    assert_int_equal(find(small, &hmac, 50, &a), INDEX_POSSIBLE);
}

static void half_built_index_says_that_it_cannot_say(void **state)
{
    ALM_CLEANUP(index_freep) struct index *x = NULL;
    struct token home;
    size_t person;

    (void)state;
    assert_int_equal(index_new(&hmac, &x), 0);
    people_tell(x, 50);
    assert_int_equal(index_step(x, 40), INDEX_MORE);
    assert_int_equal(index_step(x, 40), INDEX_MORE);
    assert_false(index_ready(x, &hmac));
    assert_int_equal(find(x, &hmac, 49, &person), INDEX_NOT_READY);
    assert_int_equal(find(x, &hmac, 1, &person), INDEX_NOT_READY);
    assert_int_equal(tokens_home(&hmac, "1 Row", "ZZ7 8ZA", &home), 0);
    assert_true(index_home_shielded(x, &home, NULL, 1)); /* as long as nobody knows better */
    assert_int_equal(index_finish(x), 0);
    assert_false(index_home_shielded(x, &home, NULL, 1));
}

static void wanted_tokens_stop_a_step_and_the_same_step_goes_on_when_they_came(void **state)
{
    ALM_CLEANUP(index_freep) struct index *x = NULL;
    size_t person, waits = 0;
    int r;

    (void)state;
    assert_int_equal(index_new(&oblivious, &x), 0);
    people_tell(x, 20);
    assert_int_equal(index_step(x, 8), -EAGAIN);
    assert_int_equal(index_step(x, 8), -EAGAIN);      /* nothing came */
    assert_int_equal(wants_fetch(oblivious.memo), 2); /* and nothing was wanted twice */
    while ((r = index_step(x, 8)) != 0) {
        if (r == -EAGAIN) {
            assert_true(wants_fetch(oblivious.memo) > 0);
            waits++;
        } else {
            assert_int_equal(r, INDEX_MORE);
        }
    }
    assert_int_equal(waits, 3);
    assert_int_equal(find(x, &oblivious, 7, &person), INDEX_ONE);
    assert_string_equal(index_person_ref(x, person), "p7");
}

static void two_keys_answer_side_by_side_and_the_first_does_not_wait_for_the_second(void **state)
{
    ALM_CLEANUP(index_freep) struct index *x = NULL;
    size_t person;
    int r;

    (void)state;
    assert_int_equal(index_new(&hmac, &x), 0);
    assert_int_equal(index_add_key(x, &oblivious), 0);
    assert_int_equal(index_add_key(x, &oblivious), -EEXIST);
    people_tell(x, 10);
    while ((r = index_step(x, 4)) == INDEX_MORE)
        ;
    assert_int_equal(r, -EAGAIN);
    assert_true(index_ready(x, &hmac));
    assert_int_equal(find(x, &hmac, 3, &person), INDEX_ONE);
    assert_int_equal(find(x, &oblivious, 3, &person), INDEX_NOT_READY);
    while ((r = index_finish(x)) == -EAGAIN)
        (void)wants_fetch(oblivious.memo);
    assert_int_equal(r, 0);
    assert_int_equal(find(x, &hmac, 3, &person), INDEX_ONE);
    assert_int_equal(find(x, &oblivious, 3, &person), INDEX_ONE);
    index_drop_key(x, TOKEN_HMAC, 1);
    assert_int_equal(find(x, &hmac, 3, &person), INDEX_NOT_READY);
    assert_int_equal(find(x, &oblivious, 3, &person), INDEX_ONE);
}

static void key_that_comes_when_identifiers_are_wiped_needs_a_new_load(void **state)
{
    ALM_CLEANUP(index_freep) struct index *x = NULL;

    (void)state;
    assert_int_equal(index_new(&hmac, &x), 0);
    people_tell(x, 3);
    assert_int_equal(index_finish(x), 0);
    assert_int_equal(index_add_key(x, &oblivious), -EBUSY);
}

static void row_with_a_fault_is_refused_before_any_token_is_wanted(void **state)
{
    ALM_CLEANUP(index_freep) struct index *x = NULL;
    struct alm_sink sink;
    struct alm_person bad = { "a", "Ann", "Lee", 1, "9991010018", "", false, false };
    struct alm_home home = { "h", "", "ZZ7 8ZA", ALM_DAY_NONE };

    (void)state;
    assert_int_equal(index_new(&oblivious, &x), 0);
    index_sink(x, &sink);
    assert_int_equal(sink.person(sink.ctx, &bad), ALM_BAD_NHS);
    assert_int_equal(sink.home(sink.ctx, &home), ALM_BAD_ADDRESS);
    assert_int_equal(memo_n_open(oblivious.memo), 0);
}

static void row_told_after_building_began_is_refused(void **state)
{
    ALM_CLEANUP(index_freep) struct index *x = NULL;
    struct alm_sink sink;
    struct alm_person late = { "late", "Ann", "Lee", 1, "", "", false, false };

    (void)state;
    assert_int_equal(index_new(&hmac, &x), 0);
    people_tell(x, 3);
    assert_int_equal(index_step(x, 1), INDEX_MORE);
    index_sink(x, &sink);
    assert_int_equal(sink.person(sink.ctx, &late), -EINVAL);
}

static void key_without_a_memo_makes_nothing(void **state)
{
    struct tokens_key k = { .scheme = TOKEN_OBLIVIOUS, .epoch = 2 };
    struct identity who = { "Ann", "Lee", 1, "", "", false };
    struct token_set set;

    (void)state;
    assert_int_equal(tokens_identity(&k, &who, &set), -EAGAIN);
    k.scheme = 9;
    assert_int_equal(tokens_identity(&k, &who, &set), -ENOKEY);
}

static void typed_person_wants_all_tokens_in_one_round(void **state)
{
    ALM_CLEANUP(index_freep) struct index *x = NULL;
    ALM_CLEANUP(asked_subject_wipe) struct asked_subject typed = { .born = 900, .n_homes = 1 };
    struct token_set set;
    struct identity who;
    struct token at_home[TOKENS_AT_HOME], home;

    (void)state;
    assert_int_equal(text_copy(typed.given, sizeof(typed.given), "Bo"), 0);
    assert_int_equal(text_copy(typed.family, sizeof(typed.family), "Ray"), 0);
    who = (struct identity){ typed.given, typed.family, typed.born, "9991010017", "", false };
    assert_int_equal(index_new(&oblivious, &x), 0);
    assert_int_equal(index_finish(x), 0);
    assert_int_equal(tokens_identity(&oblivious, &who, &set), -EAGAIN);
    assert_int_equal(tokens_at_home(&oblivious, &who, "1 Row", "ZZ7 8ZA", at_home), -EAGAIN);
    assert_int_equal(tokens_home(&oblivious, "1 Row", "ZZ7 8ZA", &home), -EAGAIN);
    assert_int_equal(wants_fetch(oblivious.memo), 9);
    assert_int_equal(tokens_identity(&oblivious, &who, &set), 0);
    assert_int_equal(set.n, 4);
    assert_int_equal(set.tokens[0].scheme, TOKEN_OBLIVIOUS);
    assert_int_equal(tokens_at_home(&oblivious, &who, "1 Row", "ZZ7 8ZA", at_home), 0);
    memo_wipe(oblivious.memo);
    assert_int_equal(tokens_identity(&oblivious, &who, &set), -EAGAIN); /* forgotten */
}

static void memo_that_gave_up_wants_again(void **state)
{
    struct memo_want w;
    uint8_t value[TOKEN_LEN];

    (void)state;
    assert_int_equal(memo_find(oblivious.memo, bytes_str("x"), value), -EAGAIN);
    assert_int_equal(memo_take(oblivious.memo, &w, 1), 1);
    assert_int_equal(memo_find(oblivious.memo, bytes_str("x"), value), -EAGAIN);
    assert_int_equal(memo_n_wants(oblivious.memo), 0); /* under way */
    memo_give_up(oblivious.memo, w.tag);
    memo_want_wipe(&w);
    assert_int_equal(memo_n_open(oblivious.memo), 0);
    assert_int_equal(memo_find(oblivious.memo, bytes_str("x"), value), -EAGAIN);
    assert_int_equal(memo_n_wants(oblivious.memo), 1);
}

static void memo_looks_behind_itself_and_bounds_what_it_wants(void **state)
{
    struct memo *front = NULL;
    uint8_t value[TOKEN_LEN], found[TOKEN_LEN];
    char text[24];

    (void)state;
    assert_int_equal(memo_new(NULL, &front), 0);
    memo_behind(front, oblivious.memo);
    assert_int_equal(memo_find(oblivious.memo, bytes_str("x"), value), -EAGAIN);
    assert_int_equal(wants_fetch(oblivious.memo), 1);
    assert_int_equal(memo_find(oblivious.memo, bytes_str("x"), value), 0);
    assert_int_equal(memo_find(front, bytes_str("x"), found), 0);
    assert_memory_equal(value, found, TOKEN_LEN);
    for (int i = 0; i < MEMO_WANTS_MAX + 10; i++) {
        (void)snprintf(text, sizeof(text), "%d", i);
        assert_int_equal(memo_find(front, bytes_str(text), value), -EAGAIN);
    }
    assert_int_equal(wants_fetch(front), MEMO_WANTS_MAX);
    assert_int_equal(memo_find(front, bytes_str("0"), value), 0);
    assert_int_equal(memo_find(front, bytes_str(text), value), -EAGAIN);
    front = memo_free(front);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(index_built_in_steps_of_one_finds_as_one_built_at_once,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(half_built_index_says_that_it_cannot_say, setup, teardown),
        cmocka_unit_test_setup_teardown(
            wanted_tokens_stop_a_step_and_the_same_step_goes_on_when_they_came, setup, teardown),
        cmocka_unit_test_setup_teardown(
            two_keys_answer_side_by_side_and_the_first_does_not_wait_for_the_second, setup,
            teardown),
        cmocka_unit_test_setup_teardown(key_that_comes_when_identifiers_are_wiped_needs_a_new_load,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(row_with_a_fault_is_refused_before_any_token_is_wanted,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(row_told_after_building_began_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(key_without_a_memo_makes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(typed_person_wants_all_tokens_in_one_round, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(memo_that_gave_up_wants_again, setup, teardown),
        cmocka_unit_test_setup_teardown(memo_looks_behind_itself_and_bounds_what_it_wants, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
