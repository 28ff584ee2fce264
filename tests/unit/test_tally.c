/* SPDX-License-Identifier: Apache-2.0 */
/* test_tally.c - what dated events come to, whatever order they stand in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/clock.h"
#include "lib/tally.h"

#include <errno.h>
#include <string.h>

static void state_ended_and_begun_on_one_day_is_on(void **state)
{
    struct tally t = tally_new(TALLY_STATE, 0, 100);

    (void)state;
    tally_add(&t, TALLY_START, 50);
    tally_add(&t, TALLY_END, 50);
    assert_true(tally_holds(&t));
}

static void state_is_off_after_a_later_end_whatever_the_order(void **state)
{
    struct tally t = tally_new(TALLY_STATE, 0, 100);

    (void)state;
    tally_add(&t, TALLY_END, 51);
    tally_add(&t, TALLY_START, 50);
    tally_add(&t, TALLY_START, 10);
    assert_false(tally_holds(&t));
}

static void events_after_the_day_do_not_count(void **state)
{
    static const enum tally_rule rules[] = { TALLY_STATE, TALLY_WINDOW, TALLY_EVER };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(rules); i++) {
        struct tally t = tally_new(rules[i], 10, 100);

        tally_add(&t, TALLY_START, 101);
        assert_false(tally_holds(&t));
        tally_add(&t, TALLY_START, 100);
        assert_true(tally_holds(&t));
    }
}

static void window_holds_its_last_day_and_not_the_one_before(void **state)
{
    struct tally in = tally_new(TALLY_WINDOW, 30, 100), out = tally_new(TALLY_WINDOW, 30, 100);

    (void)state;
    tally_add(&in, TALLY_START, 70);
    tally_add(&out, TALLY_START, 69);
    assert_true(tally_holds(&in));
    assert_false(tally_holds(&out));
}

static void ends_and_unknown_kinds_are_no_event_of_a_window(void **state)
{
    struct tally t = tally_new(TALLY_WINDOW, 30, 100);

    (void)state;
    tally_add(&t, TALLY_END, 100);
    tally_add(&t, TALLY_NO_ROLE, 100);
    assert_false(tally_holds(&t));
}

static void undated_event_counts_for_ever_alone(void **state)
{
    struct tally on = tally_new(TALLY_STATE, 0, 100), near = tally_new(TALLY_WINDOW, 30, 100),
                 once = tally_new(TALLY_EVER, 0, 100);

    (void)state;
    tally_add(&on, TALLY_START, CIVIL_NONE);
    tally_add(&near, TALLY_START, CIVIL_NONE);
    tally_add(&once, TALLY_START, CIVIL_NONE);
    assert_false(tally_holds(&on));
    assert_false(tally_holds(&near));
    assert_true(tally_holds(&once));
}

static void days_at_the_ends_of_their_range_do_not_overflow(void **state)
{
    struct tally t = tally_new(TALLY_WINDOW, INT32_MAX, INT32_MAX);

    (void)state;
    tally_add(&t, TALLY_START, INT32_MIN + 1);
    assert_false(tally_holds(&t));
    tally_add(&t, TALLY_START, 0);
    assert_true(tally_holds(&t));
}

static void kind_that_is_start_and_end_is_a_start(void **state)
{
    struct tally_words kinds = { 0 }, ends = { 0 };

    (void)state;
    assert_int_equal(tally_words_add(&kinds, "both"), 0);
    assert_int_equal(tally_words_add(&ends, "both"), 0);
    assert_int_equal(tally_words_add(&ends, "end"), 0);
    assert_int_equal(tally_role_of(&kinds, &ends, "both"), TALLY_START);
    assert_int_equal(tally_role_of(&kinds, &ends, "end"), TALLY_END);
    assert_int_equal(tally_role_of(&kinds, &ends, "Both"), TALLY_NO_ROLE);
}

static void words_refuse_what_is_empty_or_too_long_or_too_many(void **state)
{
    struct tally_words words = { 0 };
    char longer[TALLY_WORD_MAX + 1];

    (void)state;
    memset(longer, 'a', sizeof(longer));
    longer[TALLY_WORD_MAX] = '\0';
    assert_int_equal(tally_words_add(&words, ""), -EINVAL);
    assert_int_equal(tally_words_add(&words, longer), -EINVAL);
    assert_int_equal(words.n, 0);
    for (size_t i = 0; i < TALLY_KINDS_MAX; i++)
        assert_int_equal(tally_words_add(&words, "kind"), 0);
    assert_int_equal(tally_words_add(&words, "kind"), -ENOBUFS);
    assert_int_equal(words.n, TALLY_KINDS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_ended_and_begun_on_one_day_is_on),
        cmocka_unit_test(state_is_off_after_a_later_end_whatever_the_order),
        cmocka_unit_test(events_after_the_day_do_not_count),
        cmocka_unit_test(window_holds_its_last_day_and_not_the_one_before),
        cmocka_unit_test(ends_and_unknown_kinds_are_no_event_of_a_window),
        cmocka_unit_test(undated_event_counts_for_ever_alone),
        cmocka_unit_test(days_at_the_ends_of_their_range_do_not_overflow),
        cmocka_unit_test(kind_that_is_start_and_end_is_a_start),
        cmocka_unit_test(words_refuse_what_is_empty_or_too_long_or_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
