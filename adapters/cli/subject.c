/* SPDX-License-Identifier: Apache-2.0 */
/* subject.c - homes written in one text, subjects written as JSON. Nothing is checked but the form:
 * the adapter does the rest. */
#include "cli/subject.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define SUBJECT_FILE_MAX (1u << 20) /* bytes */
#define TEXT_FILE_MAX    16000      /* bytes: what a sealed body holds */
#define PARTS_MAX        5

/* The next part up to ';', without the spaces around it. Return: whether there was one. */
static int part_next(const char **text, json_t **out)
{
    const char *at = *text;
    size_t len;

    if (!at)
        return 0;
    len = strcspn(at, ";");
    *text = at[len] ? at + len + 1 : NULL;
    while (len && (*at == ' ' || *at == '\t')) {
        at++;
        len--;
    }
    while (len && (at[len - 1] == ' ' || at[len - 1] == '\t'))
        len--;
    *out = json_stringn(at, len);
    return 1;
}

static int parts_read(const char *text, const char *const keys[], json_t **out, char *why,
                      size_t why_size)
{
    json_t *home = json_object(), *part;
    size_t n = 0;

    while (home && part_next(&text, &part)) {
        if (n == PARTS_MAX || !keys[n]) {
            json_decref(part);
            json_decref(home);
            (void)snprintf(why, why_size, "a home has fewer parts: 'address; postcode%s; ref'",
                           keys[2] && keys[2][0] == 'f' ? "; from; until" : "");
            return EX_USAGE;
        }
        if (!part || json_object_set_new(home, keys[n++], part) != 0) {
            json_decref(home);
            (void)snprintf(why, why_size, "a home is not text in UTF-8");
            return EX_DATAERR;
        }
    }
    *out = home;
    return home ? 0 : EX_OSERR;
}

int subject_add_home(json_t *person, const char *text, char *why, size_t why_size)
{
    static const char *const keys[PARTS_MAX + 1] = { "address", "postcode", "from",
                                                     "until",   "ref",      NULL };
    json_t *homes = json_object_get(person, "homes"), *home;
    int r = parts_read(text, keys, &home, why, why_size);

    if (r)
        return r;
    if (!homes) {
        homes = json_array();
        (void)json_object_set_new(person, "homes", homes);
    }
    return json_array_append_new(homes, home) == 0 ? 0 : EX_OSERR;
}

int subject_place(const char *text, json_t **out, char *why, size_t why_size)
{
    static const char *const keys[PARTS_MAX + 1] = { "address", "postcode", "ref", NULL };

    return parts_read(text, keys, out, why, why_size);
}

/* Reads all of a stream, bounded. Return: bytes, or -1. */
static long stream_read(FILE *f, char *out, size_t max)
{
    size_t n = fread(out, 1, max, f);

    return ferror(f) || n == max ? -1 : (long)n;
}

static int file_text(const char *path, char *out, size_t max, long *len, char *why, size_t why_size)
{
    int standard = strcmp(path, "-") == 0;
    FILE *f = standard ? stdin : fopen(path, "re");

    if (!f) {
        (void)snprintf(why, why_size, "%.100s: no such file, or it may not be read", path);
        return EX_NOINPUT;
    }
    *len = stream_read(f, out, max);
    if (!standard)
        (void)fclose(f);
    if (*len >= 0)
        return 0;
    (void)snprintf(why, why_size, "%.100s: cannot be read, or is too large (at most %zu bytes)",
                   path, max - 1);
    return EX_NOINPUT;
}

int subject_text(const char *path, json_t **out, char *why, size_t why_size)
{
    static char text[TEXT_FILE_MAX + 1];
    long len;
    int r = file_text(path, text, sizeof(text), &len, why, why_size);

    if (r)
        return r;
    *out = json_stringn(text, (size_t)len);
    if (*out && len)
        return 0;
    json_decref(*out);
    *out = NULL;
    (void)snprintf(why, why_size, "%.100s: %s", path, len ? "not text in UTF-8" : "is empty");
    return EX_DATAERR;
}

int subject_file(json_t *request, const char *path, char *why, size_t why_size)
{
    static char text[SUBJECT_FILE_MAX];
    const char *key = "subject";
    json_error_t at;
    json_t *o, *household;
    long len;
    int r = file_text(path, text, sizeof(text), &len, why, why_size);

    if (r)
        return r;
    o = json_loadb(text, (size_t)len, JSON_REJECT_DUPLICATES, &at);
    if (!json_is_object(o)) {
        (void)snprintf(why, why_size, "%.100s:%d: not a JSON object: %.60s", path, o ? 1 : at.line,
                       o ? "another kind of value" : at.text);
        json_decref(o);
        return EX_DATAERR;
    }
    household = json_object_get(o, "household");
    if (household && json_object_size(o) == 1) {
        key = "household";
        json_incref(household);
        json_decref(o);
        o = household;
    }
    if (json_object_get(request, key)) {
        json_decref(o);
        (void)snprintf(why, why_size, "the subject is given twice");
        return EX_USAGE;
    }
    return json_object_set_new(request, key, o) == 0 ? 0 : EX_OSERR;
}
