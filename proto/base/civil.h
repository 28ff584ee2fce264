/* SPDX-License-Identifier: Apache-2.0 */
/* civil.h - arithmetic on civil days. Pure: no clock, no zone, so that policy/engine may use it. */
#pragma once
#include "base/attr.h"
#include <stdint.h>

#define CIVIL_NONE INT32_MIN /* no date given */
#define CIVIL_TEXT 11        /* "2026-05-03" and NUL */
#define CIVIL_YEAR_MIN 1     /* of results; civil_parse takes 1900 to 2999 */
#define CIVIL_YEAR_MAX 9999

/* "YYYY-MM-DD", years 1900 to 2999, a day that exists. Return: 0 or -EINVAL. */
ALM_MUST_USE int civil_parse(const char *text, int32_t *out);
void civil_format(int32_t day, char out[static CIVIL_TEXT]); /* CIVIL_NONE gives "" */
/* The birthday: same month and day, years later; 29 February becomes 1 March in a common year.
 * CIVIL_NONE stays so, and is the result outside the years 1 to 9999. */
int32_t civil_add_years(int32_t day, int years);
int civil_weekday(int32_t day); /* 0 Monday to 6 Sunday; 0 for CIVIL_NONE */
/* Days since 1970-01-01 in the proleptic Gregorian calendar. month 1 to 12, mday 1 to 31. */
int64_t civil_from_ymd(int64_t year, int month, int mday);
