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
};
/* clang-format on */

static void days_follow_from_the_birth_date(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ages_care care = { day_of(rows[i].care_from), day_of(rows[i].care_until) };
        int32_t from = 1, until = 1;

        ages_able(rows[i].capacity, day_of(rows[i].born), &care, &from, &until);
        assert_int_equal(from, day_of(rows[i].from));
        assert_int_equal(until, day_of(rows[i].until));
    }
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
        cmocka_unit_test(leap_day_child_of_a_common_year_comes_of_age_on_1_march),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
