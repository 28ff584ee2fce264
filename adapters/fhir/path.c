/* SPDX-License-Identifier: Apache-2.0 */
/* path.c - reading at a path. */
#include "fhir/path.h"

#include "base/bytes.h"
#include "base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PATH_DEEP 16 /* names of one path */

static bool walk(const json_t *at, const char *path, const char *end, path_fn *on, void *ctx,
                 int deep, bool *any)
{
    size_t len = 0;
    char name[PATH_MAX_LEN];

    if (json_is_array(at)) {
        for (size_t i = 0; i < json_array_size(at); i++) {
            if (!walk(json_array_get(at, i), path, end, on, ctx, deep, any))
                return false;
        }
        return true;
    }
    if (path >= end) {
        if (!at || json_is_null(at))
            return true;
        *any = true;
        return on(ctx, at);
    }
    while (path + len < end && path[len] != '.')
        len++;
    if (!json_is_object(at) || len >= sizeof(name) || deep == PATH_DEEP)
        return true;
    memcpy(name, path, len);
    name[len] = '\0';
    path += len;
    return walk(json_object_get(at, name), path < end ? path + 1 : end, end, on, ctx, deep + 1,
                any);
}

bool path_each(const json_t *from, const char *path, path_fn *on, void *ctx)
{
    while (*path) {
        size_t len = strcspn(path, "|");
        bool any = false;

        if (!walk(from, path, path + len, on, ctx, 0, &any))
            return false;
        if (any)
            return true;
        path += len + (path[len] == '|');
    }
    return true;
}

static bool text_first(void *ctx, const json_t *value)
{
    const char **out = ctx;

    if (!json_is_string(value))
        return true;
    *out = json_string_value(value);
    return false;
}

const char *path_text(const json_t *from, const char *path)
{
    const char *text = "";

    (void)path_each(from, path, text_first, &text);
    return text;
}

static bool text_other(void *ctx, const json_t *value)
{
    return !json_is_string(value) || strcmp(json_string_value(value), ctx) != 0;
}

bool path_has(const json_t *from, const char *path, const char *text)
{
    return !path_each(from, path, text_other, (void *)text);
}

void text_take(char *out, size_t size, const char *text)
{
    if (text_copy(out, size, text) != 0)
        out[0] = '\0';
}

bool path_valid(const char *path)
{
    bool name = false;

    for (; *path; path++) {
        bool part = *path == '.' || *path == '|';

        if (part && !name)
            return false;
        if (!part && !isalnum((unsigned char)*path) && *path != '_')
            return false;
        name = !part;
    }
    return name;
}

static bool digits(const char **at, int n, int *out)
{
    *out = 0;
    for (int i = 0; i < n; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        *out = *out * 10 + (**at - '0');
    }
    return true;
}

/* "hh:mm:ss(.fff)(Z|+hh:mm)" after the T; a zone is required where there is a time. Return: false;
 * true with the UTC milliseconds within the day, which may lie outside it. */
static bool time_of_day(const char *at, int64_t *ms)
{
    int h, m, s, zone_h = 0, zone_m = 0, sign;

    if (!digits(&at, 2, &h) || *at++ != ':' || !digits(&at, 2, &m) || *at++ != ':' ||
        !digits(&at, 2, &s) || h > 23 || m > 59 || s > 60)
        return false;
    if (*at == '.') {
        at++;
        at += strspn(at, "0123456789");
    }
    sign = *at == '-' ? -1 : 1;
    if (*at == 'Z')
        at++;
    else if ((*at != '+' && *at != '-') || (at++, !digits(&at, 2, &zone_h)) || *at++ != ':' ||
             !digits(&at, 2, &zone_m) || zone_h > 14 || zone_m > 59)
        return false;
    *ms = ((int64_t)(h * 60 + m - sign * (zone_h * 60 + zone_m)) * 60 + s) * 1000;
    return *at == '\0';
}

static int days_of_year(int year, int month, int32_t *first, int32_t *last)
{
    if (year < 1900 || year > 2999 || month > 12 || month < 0)
        return -EINVAL;
    *first = (int32_t)civil_from_ymd(year, month ? month : 1, 1);
    *last = (int32_t)(month && month < 12 ? civil_from_ymd(year, month + 1, 1)
                                          : civil_from_ymd(year + 1, 1, 1)) -
            1;
    return 0;
}

int fhir_days(const char *text, int32_t *first, int32_t *last)
{
    const char *at = text;
    int year, month = 0;
    char day[CIVIL_TEXT];
    int64_t ms;

    if (!digits(&at, 4, &year))
        return -EINVAL;
    if (!*at)
        return days_of_year(year, 0, first, last);
    if (*at++ != '-' || !digits(&at, 2, &month) || month == 0)
        return -EINVAL;
    if (!*at)
        return days_of_year(year, month, first, last);
    if (strlen(text) < 10)
        return -EINVAL;
    memcpy(day, text, 10);
    day[10] = '\0';
    if (civil_parse(day, first) != 0)
        return -EINVAL;
    *last = *first;
    if (!text[10])
        return 0;
    if (text[10] != 'T' || !time_of_day(text + 11, &ms))
        return -EINVAL;
    *first = civil_today((int64_t)*first * 86400000 + ms);
    *last = *first;
    return 0;
}

bool fhir_id_valid(const char *id)
{
    size_t len = strlen(id);

    if (len == 0 || len >= FHIR_ID_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)id[i]) && id[i] != '-' && id[i] != '.')
            return false;
    }
    return true;
}

bool fhir_reference(const char *reference, const char *base, const char *type,
                    char out[static FHIR_ID_MAX])
{
    size_t n_base = strlen(base), n_type = strlen(type), len;

    if (strncmp(reference, base, n_base) == 0 && reference[n_base] == '/')
        reference += n_base + 1;
    if (strncmp(reference, type, n_type) != 0 || reference[n_type] != '/')
        return false;
    reference += n_type + 1;
    len = strcspn(reference, "/");
    if (reference[len] && strncmp(reference + len, "/_history/", 10) != 0)
        return false;
    if (len >= FHIR_ID_MAX)
        return false;
    memcpy(out, reference, len);
    out[len] = '\0';
    return fhir_id_valid(out);
}

struct coded {
    const char *system, *code;
    size_t n_system;
    bool found;
};

static bool coding_other(void *ctx, const json_t *value)
{
    struct coded *c = ctx;
    const char *system, *code;

    if (json_is_object(value) && json_object_get(value, "coding"))
        return path_each(value, "coding", coding_other, ctx);
    system = path_text(value, "system");
    code = path_text(value, "code");
    c->found = strcmp(code, c->code) == 0 &&
               (c->n_system == 0 ||
                (strlen(system) == c->n_system && strncmp(system, c->system, c->n_system) == 0));
    return !c->found;
}

bool fhir_coded(const json_t *from, const char *path, const char *coded)
{
    const char *bar = strrchr(coded, '|');
    struct coded c = { coded, bar ? bar + 1 : coded, bar ? (size_t)(bar - coded) : 0, false };

    (void)path_each(from, path, coding_other, &c);
    return c.found;
}
