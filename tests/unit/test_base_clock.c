/* SPDX-License-Identifier: Apache-2.0 */
/* test_base_clock.c - civil days in the partnership's zone, birthdays, and text of instants. */
#include "base/clock.h"

#include "base/attr.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int32_t day_of(const char *text)
{
    int32_t day = CIVIL_NONE;

    assert_int_equal(civil_parse(text, &day), 0);
    return day;
}

static void assert_today(int64_t wall_ms, const char *want)
{
    char text[CIVIL_TEXT];

    civil_format(civil_today(wall_ms), text);
    assert_string_equal(text, want);
}

static void civil_days_count_from_1970(void **state)
{
    (void)state;
    assert_int_equal(day_of("1970-01-01"), 0);
    assert_int_equal(day_of("1969-12-31"), -1);
    assert_int_equal(day_of("2000-03-01"), 11017);
    assert_int_equal(day_of("2026-05-03"), 20576);
}

static void civil_parse_and_format_agree_on_every_day(void **state)
{
    char text[CIVIL_TEXT];
    int32_t last = day_of("2999-12-31"), back;

    (void)state;
    for (int32_t day = day_of("1900-01-01"); day <= last; day++) {
        civil_format(day, text);
        assert_int_equal(civil_parse(text, &back), 0);
        assert_int_equal(back, day);
    }
}

static void civil_parse_refuses_what_is_not_a_day(void **state)
{
    static const char *const bad[] = {
        "",           "2026-5-3",         "2026-05-3",  "2026-05-03 ", " 2026-05-03", "2026/05/03",
        "2026-13-01", "2026-00-01",       "2026-01-00", "2026-01-32",  "2026-04-31",  "2026-02-29",
        "1900-02-29", "1899-12-31",       "3000-01-01", "20260503",    "2026-05-0x",  "-026-05-03",
        "+026-05-03", "2026-05-03T00:00", "03-05-2026", "2026-0 -03",
    };
    int32_t day = 7;

    (void)state;
    for (size_t i = 0; i < ALM_LEN(bad); i++)
        assert_int_equal(civil_parse(bad[i], &day), -EINVAL);
    assert_int_equal(day, 7);
    assert_int_equal(civil_parse("2000-02-29", &day), 0);
    assert_int_equal(civil_parse("2024-02-29", &day), 0);
}

static void civil_format_gives_nothing_for_no_date(void **state)
{
    char text[CIVIL_TEXT] = "x";

    (void)state;
    civil_format(CIVIL_NONE, text);
    assert_string_equal(text, "");
    civil_format(INT32_MAX, text);
    assert_string_equal(text, "");
    civil_format(INT32_MIN + 1, text);
    assert_string_equal(text, "");
}

static void civil_birthday_falls_on_same_month_and_day(void **state)
{
    (void)state;
    assert_int_equal(civil_add_years(day_of("2010-05-03"), 16), day_of("2026-05-03"));
    assert_int_equal(civil_add_years(day_of("2026-05-03"), -10), day_of("2016-05-03"));
    assert_int_equal(civil_add_years(day_of("2026-12-31"), 0), day_of("2026-12-31"));
}

static void civil_leap_day_birthday_is_first_of_march_in_common_years(void **state)
{
    (void)state;
    assert_int_equal(civil_add_years(day_of("2008-02-29"), 18), day_of("2026-03-01"));
    assert_int_equal(civil_add_years(day_of("2008-02-29"), 16), day_of("2024-02-29"));
    assert_int_equal(civil_add_years(day_of("2000-02-29"), -100), day_of("1900-03-01"));
}

static void civil_add_years_gives_no_date_out_of_range(void **state)
{
    (void)state;
    assert_int_equal(civil_add_years(CIVIL_NONE, 16), CIVIL_NONE);
    assert_int_equal(civil_add_years(day_of("2026-05-03"), 8000), CIVIL_NONE);
    assert_int_equal(civil_add_years(day_of("2026-05-03"), INT32_MAX), CIVIL_NONE);
    assert_int_equal(civil_add_years(INT32_MAX, INT32_MIN), CIVIL_NONE);
}

static void civil_day_changes_at_midnight_in_the_zone(void **state)
{
    (void)state;
    assert_int_equal(civil_set_zone("Europe/London"), 0);
    assert_today(1767225599999, "2025-12-31"); /* 2025-12-31T23:59:59.999Z, GMT */
    assert_today(1767225600000, "2026-01-01");
    assert_today(1782860399999, "2026-06-30"); /* 2026-06-30T22:59:59.999Z, BST */
    assert_today(1782860400000, "2026-07-01");
    assert_today(1774745999999, "2026-03-29"); /* the millisecond before the clocks go forward */
    assert_today(1792889999999, "2026-10-25"); /* and back: still that day, once */
}

static void civil_day_before_1970_is_rounded_downwards(void **state)
{
    (void)state;
    assert_int_equal(civil_set_zone("UTC"), 0);
    assert_int_equal(civil_today(-1), -1);
    assert_int_equal(civil_today(-86400000), -1);
    assert_int_equal(civil_today(-86400001), -2);
}

static void civil_day_of_an_absurd_instant_is_no_date(void **state)
{
    (void)state;
    assert_int_equal(civil_today(INT64_MAX), CIVIL_NONE);
    assert_int_equal(civil_today(INT64_MIN), CIVIL_NONE);
}

static void civil_set_zone_refuses_what_is_no_zone(void **state)
{
    static const char *const bad[] = {
        "",
        "Europe/Lundon",
        "/usr/share/zoneinfo/Europe/London",
        "../zoneinfo/UTC",
        "Europe",
        "zone.tab",
        "tzdata.zi",
        "UTC\n",
        "A/very/long/name/that/goes/on/and/on/and/on/and/on/and/on/and/on",
    };

    (void)state;
    assert_int_equal(civil_set_zone("Europe/London"), 0);
    for (size_t i = 0; i < ALM_LEN(bad); i++)
        assert_int_equal(civil_set_zone(bad[i]), -EINVAL);
    assert_today(1782860400000, "2026-07-01"); /* the zone chosen before still holds */
}

static void clock_format_utc_writes_milliseconds(void **state)
{
    char text[25];

    (void)state;
    clock_format_utc(1777803072345, text);
    assert_string_equal(text, "2026-05-03T10:11:12.345Z");
    clock_format_utc(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    clock_format_utc(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    clock_format_utc(INT64_MAX, text);
    assert_string_equal(text, "");
    clock_format_utc(INT64_MIN, text);
    assert_string_equal(text, "");
}

static void clock_monotonic_never_goes_back(void **state)
{
    int64_t before = clock_mono_ms();

    (void)state;
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_mono_ms();

        assert_true(now >= before);
        before = now;
    }
    assert_true(clock_wall_ms() > 1700000000000);
}

static void minutes_and_weekdays_are_those_of_the_zones_clocks(void **state)
{
    static const struct {
        int64_t ms;
        const char *day;
        int minute, weekday;
    } cases[] = {
        { INT64_C(1728027000000), "2024-10-04", 8 * 60 + 30, 4 },  /* 07:30 UTC, summer time */
        { INT64_C(1731054600000), "2024-11-08", 8 * 60 + 30, 4 },  /* 08:30 UTC, winter time */
        { INT64_C(1728082799999), "2024-10-04", 23 * 60 + 59, 4 }, /* the last of a day of summer time */
        { INT64_C(1728082800000), "2024-10-05", 0, 5 },
        { INT64_C(-1), "1970-01-01", 59, 3 }, /* Britain was an hour ahead all that winter */
    };
    char text[CIVIL_TEXT];
    int32_t day;
    int minute;

    (void)state;
    assert_int_equal(civil_set_zone("Europe/London"), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(civil_minute(cases[i].ms, &day, &minute), 0);
        civil_format(day, text);
        assert_string_equal(text, cases[i].day);
        assert_int_equal(minute, cases[i].minute);
        assert_int_equal(civil_weekday(day), cases[i].weekday);
    }
    assert_int_equal(civil_minute(INT64_MAX, &day, &minute), -EINVAL);
    assert_int_equal(day, CIVIL_NONE);
    assert_int_equal(civil_weekday(CIVIL_NONE), 0);
    assert_int_equal(civil_weekday(-3), 0); /* 29 December 1969, a Monday */
    assert_int_equal(civil_weekday(-4), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(civil_days_count_from_1970),
        cmocka_unit_test(civil_parse_and_format_agree_on_every_day),
        cmocka_unit_test(civil_parse_refuses_what_is_not_a_day),
        cmocka_unit_test(civil_format_gives_nothing_for_no_date),
        cmocka_unit_test(civil_birthday_falls_on_same_month_and_day),
        cmocka_unit_test(civil_leap_day_birthday_is_first_of_march_in_common_years),
        cmocka_unit_test(civil_add_years_gives_no_date_out_of_range),
        cmocka_unit_test(civil_day_changes_at_midnight_in_the_zone),
        cmocka_unit_test(civil_day_before_1970_is_rounded_downwards),
        cmocka_unit_test(civil_day_of_an_absurd_instant_is_no_date),
        cmocka_unit_test(civil_set_zone_refuses_what_is_no_zone),
        cmocka_unit_test(clock_format_utc_writes_milliseconds),
        cmocka_unit_test(clock_monotonic_never_goes_back),
        cmocka_unit_test(minutes_and_weekdays_are_those_of_the_zones_clocks),
    };

    return cmocka_run_group_tests_name("base_clock", tests, NULL, NULL);
}
