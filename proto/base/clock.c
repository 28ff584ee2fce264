/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c - the two clocks, and what day it is in the zone. No other file reads a clock. */
#include "base/clock.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_read_ms(clockid_t which)
{
    struct timespec t = { 0 };

    (void)clock_gettime(which, &t); /* cannot fail for these two clocks (clock_gettime(2)) */
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void)
{
    return clock_read_ms(CLOCK_REALTIME);
}

int64_t clock_mono_ms(void)
{
    return clock_read_ms(CLOCK_MONOTONIC);
}

/* A zone name is relative, without dots, so that it cannot leave the zone folder. */
static bool civil_zone_name_good(const char *name)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    size_t len = strlen(name);

    return len > 0 && len < 64 && name[0] != '/' && strspn(name, allowed) == len;
}

int civil_set_zone(const char *name)
{
    ALM_CLEANUP(fd_closep) int fd = -1;
    char path[96], magic[4];

    if (!civil_zone_name_good(name))
        return -EINVAL;
    (void)snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    /* glibc takes a zone it cannot read for UTC without a word, so look for RFC 8536's magic first.
     */
    if (fd < 0 || read(fd, magic, sizeof(magic)) != sizeof(magic) || memcmp(magic, "TZif", 4) != 0)
        return -EINVAL;
    if (setenv("TZ", name, 1) != 0)
        return -EINVAL;
    tzset();
    return 0;
}

static int civil_local(int64_t wall_ms, struct tm *local)
{
    /* towards minus infinity: the last millisecond of 1969 belongs to 1969 */
    int64_t wall_s = wall_ms / 1000 - (wall_ms % 1000 < 0 ? 1 : 0);
    time_t t = (time_t)wall_s;

    if (!localtime_r(&t, local) || local->tm_year < CIVIL_YEAR_MIN - 1900 ||
        local->tm_year > CIVIL_YEAR_MAX - 1900)
        return -EINVAL;
    return 0;
}

static int32_t civil_of(const struct tm *local)
{
    return (int32_t)civil_from_ymd((int64_t)local->tm_year + 1900, local->tm_mon + 1,
                                   local->tm_mday);
}

int32_t civil_today(int64_t wall_ms)
{
    struct tm local;

    return civil_local(wall_ms, &local) ? CIVIL_NONE : civil_of(&local);
}

int civil_minute(int64_t wall_ms, int32_t *day, int *minute)
{
    struct tm local;
    int rc = civil_local(wall_ms, &local);

    *day = rc ? CIVIL_NONE : civil_of(&local);
    *minute = rc ? 0 : local.tm_hour * 60 + local.tm_min;
    return rc;
}

void clock_format_utc(int64_t wall_ms, char out[static 25])
{
    int64_t wall_s = wall_ms / 1000 - (wall_ms % 1000 < 0 ? 1 : 0);
    unsigned ms = (unsigned)(wall_ms - wall_s * 1000);
    time_t t = (time_t)wall_s;
    struct tm utc;

    out[0] = '\0';
    if (!gmtime_r(&t, &utc) || utc.tm_year < CIVIL_YEAR_MIN - 1900 ||
        utc.tm_year > CIVIL_YEAR_MAX - 1900)
        return;
    (void)snprintf(out, 25, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
                   (unsigned)(utc.tm_year + 1900) % 10000u, (unsigned)(utc.tm_mon + 1) % 100u,
                   (unsigned)utc.tm_mday % 100u, (unsigned)utc.tm_hour % 100u,
                   (unsigned)utc.tm_min % 100u, (unsigned)utc.tm_sec % 100u, ms % 1000u);
}
