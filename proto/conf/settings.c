/* SPDX-License-Identifier: Apache-2.0 */
/* settings.c - groups read by a table, and unknown keys with a hint at the nearest known one. */
#include "conf/conf.h"

#include "base/bytes.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MAX 48 /* longer names are not compared for a hint */

static size_t key_least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance: how many letters to change, add or drop. SIZE_MAX for long names. */
static size_t key_distance(const char *a, const char *b)
{
    size_t row[KEY_MAX + 1], n_a = strlen(a), n_b = strlen(b);

    if (n_a > KEY_MAX || n_b > KEY_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= n_b; j++)
        row[j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);

            diagonal = row[j];
            row[j] = key_least(change, key_least(row[j], row[j - 1]) + 1);
        }
    }
    return row[n_b];
}

/* Keeps the known key nearest to name in *best; a hint further off than a third would mislead. */
static void key_nearer(const char *name, const char *known, const char **best, size_t *distance)
{
    size_t d = key_distance(name, known);

    if (d < *distance && d <= 1 + strlen(known) / 3) {
        *best = known;
        *distance = d;
    }
}

static void key_unknown(const struct conf_node *n, struct conf_errors *e, const char *hint)
{
    if (hint)
        conf_fail(e, n, "unknown key %.60s (did you mean %s?)", conf_name(n), hint);
    else
        conf_fail(e, n, "unknown key %.60s", conf_name(n));
}

/* One child against a table's keys and a list of further ones, either of which may be empty. */
static void key_check(const struct conf_node *child, struct conf_errors *e,
                      const struct setting *table, size_t n_table, const char *const *known)
{
    const char *name = conf_name(child), *hint = NULL;
    size_t distance = SIZE_MAX;

    for (size_t i = 0; i < n_table; i++) {
        if (strcmp(name, table[i].key) == 0)
            return;
        key_nearer(name, table[i].key, &hint, &distance);
    }
    for (; known && *known; known++) {
        if (strcmp(name, *known) == 0)
            return;
        key_nearer(name, *known, &hint, &distance);
    }
    key_unknown(child, e, hint);
}

void conf_only(const struct conf_node *group, struct conf_errors *e, const char *const known[])
{
    if (conf_type_of(group) != CONF_GROUP)
        return; /* elements of lists have no names */
    for (size_t i = 0; i < conf_len(group); i++)
        key_check(conf_at(group, i), e, NULL, 0, known);
}

static char *setting_text(const struct setting *s, void *target)
{
    return (char *)target + s->offset;
}

static void setting_put_int(const struct setting *s, void *target, int64_t v)
{
    memcpy((char *)target + s->offset, &v, sizeof(v));
}

static void setting_put_bool(const struct setting *s, void *target, bool v)
{
    memcpy((char *)target + s->offset, &v, sizeof(v));
}

static bool setting_has_choice(const struct setting *s, const char *word)
{
    for (size_t i = 0; i < ALM_LEN(s->choices) && s->choices[i]; i++) {
        if (strcmp(s->choices[i], word) == 0)
            return true;
    }
    return false;
}

static void setting_fail_choice(const struct setting *s, const struct conf_node *n,
                                struct conf_errors *e)
{
    ALM_CLEANUP(buf_deinit) struct buf words = { 0 };

    buf_init(&words, 400);
    for (size_t i = 0; i < ALM_LEN(s->choices) && s->choices[i]; i++)
        buf_printf(&words, "%s%s", i ? ", " : "", s->choices[i]);
    buf_put_u8(&words, 0);
    conf_fail(e, n, "%s must be one of: %s", s->key,
              buf_status(&words) == 0 ? (const char *)words.data : "the words of the manual");
}

static void setting_read_string(const struct setting *s, const struct conf_node *n,
                                struct conf_errors *e, void *target)
{
    const char *text;
    size_t len;

    if (!conf_string(n, e, &text))
        return;
    len = strlen(text);
    if (len < (size_t)s->min || (s->max && len > (size_t)s->max) || len >= s->size) {
        size_t max = s->max && (size_t)s->max < s->size ? (size_t)s->max : s->size - 1;

        conf_fail(e, n, "%s must be %lld to %zu bytes long", s->key, (long long)s->min, max);
        return;
    }
    memcpy(setting_text(s, target), text, len + 1);
}

static void setting_read_choice(const struct setting *s, const struct conf_node *n,
                                struct conf_errors *e, void *target)
{
    const char *text;

    if (!conf_string(n, e, &text))
        return;
    if (!setting_has_choice(s, text) || text_copy(setting_text(s, target), s->size, text) < 0)
        setting_fail_choice(s, n, e);
}

static void setting_read(const struct setting *s, const struct conf_node *n, struct conf_errors *e,
                         void *target)
{
    int64_t number;
    bool flag;

    switch (s->type) {
    case SETTING_STRING:
        setting_read_string(s, n, e, target);
        break;
    case SETTING_CHOICE:
        setting_read_choice(s, n, e, target);
        break;
    case SETTING_INT:
        if (conf_int(n, e, s->min, s->max, &number))
            setting_put_int(s, target, number);
        break;
    case SETTING_BOOL:
        if (conf_bool(n, e, &flag))
            setting_put_bool(s, target, flag);
        break;
    }
}

/* Defaults are our own text: a bad one is our mistake. */
static void setting_default(const struct setting *s, void *target)
{
    char *end = NULL;
    int64_t number;
    int r;

    switch (s->type) {
    case SETTING_STRING:
    case SETTING_CHOICE:
        assert(s->type == SETTING_STRING || setting_has_choice(s, s->fallback));
        r = text_copy(setting_text(s, target), s->size, s->fallback);
        assert(r == 0);
        (void)r;
        break;
    case SETTING_INT:
        errno = 0;
        number = strtoll(s->fallback, &end, 10);
        assert(errno == 0 && end != s->fallback && *end == '\0');
        setting_put_int(s, target, number);
        break;
    case SETTING_BOOL:
        assert(strcmp(s->fallback, "true") == 0 || strcmp(s->fallback, "false") == 0);
        setting_put_bool(s, target, s->fallback[0] == 't');
        break;
    }
}

void settings_read(const struct setting *table, size_t n, const struct conf_node *group,
                   const char *const also_known[], struct conf_errors *e, void *target)
{
    if (group && conf_type_of(group) != CONF_GROUP) {
        conf_fail(e, group, "%s must be a group { }", conf_name(group) ? conf_name(group) : "this");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const struct conf_node *child = group ? conf_child(group, table[i].key) : NULL;

        if (table[i].fallback) /* first, so that a wrong value still leaves something sane behind */
            setting_default(&table[i], target);
        if (child)
            setting_read(&table[i], child, e, target);
        else if (!table[i].fallback)
            conf_fail(e, group, "%s is missing", table[i].key);
    }
    for (size_t i = 0; group && i < conf_len(group); i++)
        key_check(conf_at(group, i), e, table, n, also_known);
}

void conf_path_absolute(const struct conf_node *at, struct conf_errors *e, const char *dir, char *path, size_t size)
{
    char whole[PATH_MAX];
    int n;

    if (!path[0] || path[0] == '/')
        return;
    n = snprintf(whole, sizeof(whole), "%s/%s", dir, path);
    if (n < 0 || (size_t)n >= sizeof(whole) || (size_t)n >= size)
        conf_fail(e, at, "the path is too long");
    else
        memcpy(path, whole, (size_t)n + 1);
}
