/* SPDX-License-Identifier: Apache-2.0 */
/* civil.c - civil days as numbers and as text. */
#include "base/civil.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A year is taken to start in March, so that the leap day is its last; 400 years (an era) are always
 * 146097 days. */
int64_t civil_from_ymd(int64_t year, int month, int mday)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + mday - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

struct civil_ymd {
    int64_t year;
    int month, mday;
};

static struct civil_ymd civil_to_ymd(int32_t day)
{
    int64_t shifted = (int64_t)day + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int march_month = (int)((5 * day_of_year + 2) / 153);
    struct civil_ymd d = {
        .month = march_month < 10 ? march_month + 3 : march_month - 9,
        .mday = (int)(day_of_year - (153 * march_month + 2) / 5) + 1,
    };

    d.year = year_of_era + era * 400 + (d.month <= 2 ? 1 : 0);
    return d;
}

static int civil_month_days(int64_t year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

/* Reads exactly n digits. Return: their value, or -1. */
static int civil_digits(const char *text, int n)
{
    int v = 0;

    for (int i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        v = v * 10 + (text[i] - '0');
    }
    return v;
}

int civil_parse(const char *text, int32_t *out)
{
    int year, month, mday;

    if (strlen(text) != CIVIL_TEXT - 1 || text[4] != '-' || text[7] != '-')
        return -EINVAL;
    year = civil_digits(text, 4);
    month = civil_digits(text + 5, 2);
    mday = civil_digits(text + 8, 2);
    if (year < 1900 || year > 2999 || month < 1 || month > 12 || mday < 1 ||
        mday > civil_month_days(year, month))
        return -EINVAL;
    *out = (int32_t)civil_from_ymd(year, month, mday);
    return 0;
}

void civil_format(int32_t day, char out[static CIVIL_TEXT])
{
    struct civil_ymd d = civil_to_ymd(day);

    out[0] = '\0';
    if (day == CIVIL_NONE || d.year < CIVIL_YEAR_MIN || d.year > CIVIL_YEAR_MAX)
        return;
    /* unsigned with a modulus: gcc can then see that the text fits */
    (void)snprintf(out, CIVIL_TEXT, "%04u-%02u-%02u", (unsigned)d.year % 10000u,
                   (unsigned)d.month % 100u, (unsigned)d.mday % 100u);
}

int32_t civil_add_years(int32_t day, int years)
{
    struct civil_ymd d = civil_to_ymd(day);
    int64_t year = d.year + years;

    if (day == CIVIL_NONE || year < CIVIL_YEAR_MIN || year > CIVIL_YEAR_MAX)
        return CIVIL_NONE;
    if (d.mday > civil_month_days(year, d.month)) { /* only 29 February */
        d.month = 3;
        d.mday = 1;
    }
    return (int32_t)civil_from_ymd(year, d.month, d.mday);
}

int civil_weekday(int32_t day)
{
    int64_t since_monday = (int64_t)day + 3; /* 1970-01-01 was a Thursday */

    return day == CIVIL_NONE ? 0 : (int)((since_monday % 7 + 7) % 7);
}
