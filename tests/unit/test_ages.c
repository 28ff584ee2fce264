/* SPDX-License-Identifier: Apache-2.0 */
/* test_ages.c - the days on which the giver of a consent is able. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/ages.h"

static int32_t day_of(const char *text)
{
    int32_t day = CIVIL_NONE;

    if (text[0])
        assert_int_equal(civil_parse(text, &day), 0);
    return day;
}

/* clang-format off: a table, one row a line */
static const struct {
    uint8_t capacity;
    const char *born, *care_from, *care_until, *from, *until;
} rows[] = {
    { CAPACITY_SELF, "2006-05-14", "", "", "2022-05-14", "" },
    { CAPACITY_SELF, "2008-02-29", "", "", "2024-02-29",
      "" }, /* 29 February, sixteen in a leap year */
    { CAPACITY_GILLICK, "2008-02-29", "", "", "2020-02-29", "" },
    { CAPACITY_GILLICK, "2009-12-31", "", "", "2021-12-31", "" },
    { CAPACITY_PARENT, "2006-05-14", "", "", "",
      "2022-05-13" }, /* the day before the sixteenth birthday */
    { CAPACITY_PARENT, "2008-02-29", "", "", "", "2024-02-28" },
    { CAPACITY_PARENT, "2006-01-01", "", "", "", "2021-12-31" },
    { CAPACITY_LOCAL_AUTHORITY, "2012-06-01", "2019-08-01", "", "2019-08-01", "2028-05-31" },
    { CAPACITY_LOCAL_AUTHORITY, "2012-06-01", "2019-08-01", "2020-01-31", "2019-08-01",
      "2020-01-31" },
    { CAPACITY_LOCAL_AUTHORITY, "2005-06-01", "2019-08-01", "2023-01-31", "2019-08-01",
      "2021-05-31" }, /* sixteen before care ends */
    { CAPACITY_LOCAL_AUTHORITY, "2012-06-01", "", "", "", "2028-05-31" },
    { CAPACITY_CARER_WITHOUT_PR, "2012-06-01", "", "", "", "" },
    { CAPACITY_ATTORNEY, "2008-02-29", "", "", "2026-03-01", "" },
    { CAPACITY_DEPUTY, "1990-06-01", "", "", "2008-06-01", "" },
    { CAPACITY_BEST_INTERESTS, "1990-06-01", "2000-01-01", "2000-12-31", "2008-06-01",
      "" }, /* care of long ago says nothing */
};
/* clang-format on */

static void days_follow_from_the_birth_date(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ages_care care = { day_of(rows[i].care_from), day_of(rows[i].care_until), false };
        int32_t from = 1, until = 1;

        ages_able(ages_usual, rows[i].capacity, day_of(rows[i].born), &care, &from, &until);
        assert_int_equal(from, day_of(rows[i].from));
        assert_int_equal(until, day_of(rows[i].until));
    }
}

static void a_care_leaver_is_consented_for_by_nobody_else_before_twenty_five(void **state)
{
    static const struct {
        uint8_t capacity;
        const char *from;
    } who[] = { { CAPACITY_SELF, "2017-05-14" },
                { CAPACITY_ATTORNEY, "2026-05-14" },
                { CAPACITY_DEPUTY, "2026-05-14" },
                { CAPACITY_BEST_INTERESTS, "2026-05-14" } };
    struct ages_care leaver = { CIVIL_NONE, CIVIL_NONE, true };
    int32_t from, until;

    (void)state;
    for (size_t i = 0; i < sizeof(who) / sizeof(who[0]); i++) {
        ages_able(ages_usual, who[i].capacity, day_of("2001-05-14"), &leaver, &from, &until);
        assert_int_equal(from, day_of(who[i].from));
        assert_int_equal(until, CIVIL_NONE);
    }
}

static void ages_are_the_policys_where_it_has_told_them(void **state)
{
    struct ages_rule rules[AGES_CAPACITIES] = { [CAPACITY_LOCAL_AUTHORITY] = { 0, 18 } };
    struct ages_care care = { day_of("2019-08-01"), CIVIL_NONE, false };
    int32_t from, until;

    (void)state;
    ages_able(rules, CAPACITY_LOCAL_AUTHORITY, day_of("2012-06-01"), &care, &from, &until);
    assert_int_equal(from, day_of("2019-08-01"));
    assert_int_equal(until, day_of("2030-05-31"));
    ages_able(rules, CAPACITY_GILLICK, day_of("2012-06-01"), &care, &from, &until);
    assert_int_equal(from,
                     CIVIL_NONE); /* no rule of its own: the broker's policy never finds it able */
}

static void an_unknown_capacity_has_no_days(void **state)
{
    struct ages_care care = { CIVIL_NONE, CIVIL_NONE, false };
    int32_t from = 1, until = 1;

    (void)state;
    ages_able(ages_usual, 0, day_of("2012-06-01"), &care, &from, &until);
    assert_int_equal(from, CIVIL_NONE);
    ages_able(ages_usual, AGES_CAPACITIES, day_of("2012-06-01"), &care, &from, &until);
    assert_int_equal(until, CIVIL_NONE);
}

static void leap_day_child_of_a_common_year_comes_of_age_on_1_march(void **state)
{
    (void)state; /* 1900 was no leap year; 1884 was: the only sixteenth birthday of that kind this
                    side of 2100 */
    assert_int_equal(civil_add_years(day_of("2004-02-29"), 14), day_of("2018-03-01"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_follow_from_the_birth_date),
        cmocka_unit_test(a_care_leaver_is_consented_for_by_nobody_else_before_twenty_five),
        cmocka_unit_test(ages_are_the_policys_where_it_has_told_them),
        cmocka_unit_test(an_unknown_capacity_has_no_days),
        cmocka_unit_test(leap_day_child_of_a_common_year_comes_of_age_on_1_march),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
