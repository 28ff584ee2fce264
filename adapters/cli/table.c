/* SPDX-License-Identifier: Apache-2.0 */
/* table.c - fields of a reply as text, and tables as wide as their widest cells. */
#include "cli/table.h"

#include "base/attr.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS_MAX 9
#define CELL_TEXT   512 /* of a list or number */

const char *text_at(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text ? text : "";
}

long long number_at(const json_t *o, const char *key)
{
    return (long long)json_integer_value(json_object_get(o, key));
}

const char *time_at(const json_t *o, const char *key, char out[static TIME_TEXT])
{
    const char *text = text_at(o, key);

    if (strlen(text) < 16 || text[10] != 'T') {
        (void)snprintf(out, TIME_TEXT, "%.*s", TIME_TEXT - 1, text);
        return out;
    }
    (void)snprintf(out, TIME_TEXT, "%.10s %.5s UTC", text, text + 11);
    return out;
}

static size_t text_width(const char *text) /* characters, not bytes */
{
    size_t n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

/* Words of the JSON that read better another way. */
static const struct {
    const char *word, *text;
} readable[] = {
    { "under-3-months", "under 3 months" },
    { "3-to-12-months", "3 to 12 months" },
    { "1-to-3-years", "1 to 3 years" },
    { "over-3-years", "over 3 years" },
    { "unknown", "not known" },
};

/* "a, b, c", as much as goes in. */
static const char *list_text(const json_t *list, char out[static CELL_TEXT])
{
    size_t at = 0, i;
    const json_t *v;

    out[0] = '\0';
    json_array_foreach((json_t *)list, i, v)
    {
        if (!json_is_string(v) || at >= CELL_TEXT)
            continue;
        at += (size_t)snprintf(out + at, CELL_TEXT - at, "%s%s", at ? ", " : "",
                               json_string_value(v));
    }
    return out;
}

/* out: room for what is not a text of the row itself. */
static const char *cell_text(const json_t *row, const char *key, char out[static CELL_TEXT])
{
    const json_t *v = json_object_get(row, key);
    const char *text = json_is_string(v) ? json_string_value(v) : "";

    if (json_is_boolean(v))
        return json_is_true(v) ? "yes" : "";
    if (json_is_array(v))
        return list_text(v, out);
    if (json_is_integer(v)) {
        (void)snprintf(out, CELL_TEXT, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
        return out;
    }
    if (strlen(text) > 16 && text[10] == 'T' && text[strlen(text) - 1] == 'Z')
        return time_at(row, key, out);
    for (size_t i = 0; strcmp(key, "since") == 0 && i < ALM_LEN(readable); i++) {
        if (strcmp(readable[i].word, text) == 0)
            return readable[i].text;
    }
    return text;
}

static void cell_print(const char *text, size_t width, bool last)
{
    size_t used = text_width(text);

    (void)fputs(text, stdout);
    if (last)
        (void)fputc('\n', stdout);
    else
        (void)printf("%*s", (int)(width > used ? width - used : 0) + 2, "");
}

void table_print(const json_t *rows, const struct column *columns, size_t n)
{
    size_t width[COLUMNS_MAX], i;
    char text[CELL_TEXT];
    const json_t *row;

    for (size_t c = 0; c < n; c++) {
        width[c] = text_width(columns[c].title);
        json_array_foreach((json_t *)rows, i, row)
        {
            size_t w = text_width(cell_text(row, columns[c].key, text));

            width[c] = w > width[c] ? w : width[c];
        }
    }
    for (size_t c = 0; c < n; c++)
        cell_print(columns[c].title, width[c], c + 1 == n);
    json_array_foreach((json_t *)rows, i, row)
    {
        for (size_t c = 0; c < n; c++)
            cell_print(cell_text(row, columns[c].key, text), width[c], c + 1 == n);
    }
}
