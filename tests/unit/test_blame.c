/* SPDX-License-Identifier: Apache-2.0 */
/* test_blame.c - which agency ends the core too often. */
#include "supervisor/blame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool died(struct blame *b, const char *agency, int64_t at_ms)
{
    char name[BLAME_NAME_MAX] = { 0 };

    memcpy(name, agency, strlen(agency));
    return blame_note(b, name, at_ms);
}

static void blame_suspends_at_the_second_death_within_ten_minutes(void **state)
{
    struct blame b = { .n = 0 };

    (void)state;
    assert_false(died(&b, "hospital", 1000));
    assert_true(died(&b, "hospital", 1000 + 600000));
    assert_int_equal(b.n_suspend, 1);
    assert_string_equal(b.suspend[0], "hospital");
    assert_true(died(&b, "hospital", 1000 + 600001));
    assert_int_equal(b.n_suspend, 1);
    blame_handed(&b);
    assert_int_equal(b.n_suspend, 0);
}

static void blame_does_not_suspend_after_ten_minutes(void **state)
{
    struct blame b = { .n = 0 };

    (void)state;
    assert_false(died(&b, "hospital", 1000));
    assert_false(died(&b, "hospital", 1000 + 600001));
}

static void blame_does_not_take_one_agency_for_another(void **state)
{
    struct blame b = { .n = 0 };

    (void)state;
    assert_false(died(&b, "hospital", 0));
    assert_false(died(&b, "hospital-2", 1));
    assert_false(died(&b, "hospita", 2));
    assert_int_equal(b.n_suspend, 0);
}

static void blame_ignores_what_is_no_id(void **state)
{
    char unended[BLAME_NAME_MAX];
    struct blame b = { .n = 0 };

    (void)state;
    memset(unended, 'a', sizeof(unended));
    for (int i = 0; i < 2; i++) {
        assert_false(died(&b, "", i));
        assert_false(died(&b, "two words", i));
        assert_false(died(&b, "line\nbreak", i));
        assert_false(died(&b, "caf\xc3\xa9", i));
        assert_false(blame_note(&b, unended, i));
    }
    assert_int_equal(b.n, 0);
}

static void blame_keeps_its_bounds_with_many_agencies(void **state)
{
    struct blame b = { .n = 0 };
    char name[BLAME_NAME_MAX];

    (void)state;
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 3 * BLAME_KEPT; i++) {
            snprintf(name, sizeof(name), "agency-%d", i);
            (void)died(&b, name, i);
            (void)died(&b, name, i);
        }
    }
    assert_int_equal(b.n_suspend, BLAME_KEPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blame_suspends_at_the_second_death_within_ten_minutes),
        cmocka_unit_test(blame_does_not_suspend_after_ten_minutes),
        cmocka_unit_test(blame_does_not_take_one_agency_for_another),
        cmocka_unit_test(blame_ignores_what_is_no_id),
        cmocka_unit_test(blame_keeps_its_bounds_with_many_agencies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
