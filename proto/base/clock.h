/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - the only place where time is read, and which civil day it is.
 *
 * Expiry, birthdays and in-force dates are civil days in the partnership's zone, both ends included
 * (DESIGN.md section 6; their arithmetic is in civil.h); freshness, deadlines and back-off use the
 * monotonic clock. */
#pragma once
#include "base/attr.h"
#include "base/civil.h"
#include <stdint.h>

int64_t clock_wall_ms(void); /* Unix milliseconds */
int64_t clock_mono_ms(void); /* since an arbitrary start; never goes back */

/* Chooses the zone of civil days for the process, e.g. "Europe/London". Call once, before threads.
 * Return: 0, or -EINVAL when the system does not know the zone (the one chosen before still holds). */
ALM_MUST_USE int civil_set_zone(const char *name);
/* The civil day of an instant: days since 1970-01-01; CIVIL_NONE outside the years 1 to 9999. */
int32_t civil_today(int64_t wall_ms);

/* The same day, and the minute of it by that zone's clocks, 0 to 1439. Return: 0; -EINVAL outside those years. */
ALM_MUST_USE int civil_minute(int64_t wall_ms, int32_t *day, int *minute);

/* "2026-05-03T10:11:12.345Z", 25 bytes with NUL; "" outside the years 1 to 9999. */
void clock_format_utc(int64_t wall_ms, char out[static 25]);
