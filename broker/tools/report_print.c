/* SPDX-License-Identifier: Apache-2.0 */
/* report_print.c - rows and tables of a report for people and for spreadsheets. */
#include "report.h"
#include <stdio.h>
#include <string.h>

#define CELL_MAX 1024 /* bytes of a cell with NUL */

/* The value at "a.b". */
static const json_t *value_at(const json_t *row, const char *path)
{
    char key[40];
    size_t n;

    while ((n = strcspn(path, ".")) < sizeof(key)) {
        memcpy(key, path, n);
        key[n] = '\0';
        row = json_object_get(row, key);
        if (!path[n])
            return row;
        path += n + 1;
    }
    return NULL;
}

static void cell_list(const json_t *list, char out[static CELL_MAX])
{
    const json_t *v;
    size_t i, at = 0;

    json_array_foreach((json_t *)(uintptr_t)list, i, v)
    {
        const char *text = json_is_object(v) ? reply_text(v, "agency") : json_string_value(v);
        const char *value = json_is_object(v) ? reply_text(v, "value") : "";
        int n = at < CELL_MAX - 1 ? snprintf(out + at, CELL_MAX - at, "%s%s%s%s", i ? " " : "",
                                             text ? text : "", *value ? "=" : "", value)
                                  : 0;

        at += n > 0 ? (size_t)n : 0;
    }
}

/* Some cells say in a word what several fields do. */
static bool cell_special(const json_t *row, const char *path, char out[static CELL_MAX])
{
    if (!strcmp(path, "time")) {
        (void)snprintf(out, CELL_MAX, "%.19s", reply_text(row, "at"));
        if (strlen(out) > 10)
            out[10] = ' ';
    } else if (!strcmp(path, "asked")) {
        (void)snprintf(out, CELL_MAX, "%s%s%s", reply_text(row, "purpose"),
                       *reply_text(row, "question") ? "/" : "", reply_text(row, "question"));
    } else if (!strcmp(path, "came")) {
        (void)snprintf(out, CELL_MAX, "%s",
                       *reply_text(row, "reason")    ? reply_text(row, "reason")
                       : *reply_text(row, "outcome") ? reply_text(row, "outcome")
                                                  : reply_text(row, "detail"));
    } else if (!strcmp(path, "who")) {
        (void)snprintf(out, CELL_MAX, "%s",
                       *reply_text(row, "officer") ? reply_text(row, "officer") : reply_text(row, "agency"));
    } else {
        return false;
    }
    return true;
}

static const char *cell_of(const json_t *row, const char *path, char out[static CELL_MAX])
{
    const json_t *v;

    out[0] = '\0';
    if (cell_special(row, path, out))
        return out;
    v = value_at(row, path);
    if (json_is_string(v))
        (void)snprintf(out, CELL_MAX, "%s", json_string_value(v));
    else if (json_is_integer(v))
        (void)snprintf(out, CELL_MAX, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    else if (json_is_boolean(v))
        (void)snprintf(out, CELL_MAX, "%s", json_is_true(v) ? "yes" : "no");
    else if (json_is_array(v))
        cell_list(v, out);
    return out;
}

void report_table(const json_t *rows, const struct report_column *columns, size_t n)
{
    const char *titles[TABLE_COLUMNS];
    struct table *t;
    const json_t *row;
    size_t i;

    n = n < TABLE_COLUMNS ? n : TABLE_COLUMNS;
    for (i = 0; i < n; i++)
        titles[i] = columns[i].title;
    t = table_new(n, titles);
    json_array_foreach((json_t *)(uintptr_t)rows, i, row)
    {
        char texts[TABLE_COLUMNS][CELL_MAX];
        const char *cells[TABLE_COLUMNS];

        for (size_t c = 0; c < n; c++)
            cells[c] = cell_of(row, columns[c].path, texts[c]);
        if (t)
            table_row(t, cells);
    }
    table_print(t);
}

static void csv_cell(const char *text)
{
    bool quote = strpbrk(text, ",\"\r\n") != NULL, formula = *text && strchr("=+-@\t", *text);

    if (quote || formula)
        (void)putchar('"');
    if (formula)
        (void)putchar('\'');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"')
            (void)putchar('"');
        (void)putchar(c < 0x20 || c == 0x7f ? ' ' : c);
    }
    if (quote || formula)
        (void)putchar('"');
}

void report_csv(const json_t *rows, const struct report_column *columns, size_t n)
{
    const json_t *row;
    size_t i;

    for (size_t c = 0; c < n; c++)
        (void)printf("%s%s", c ? "," : "", columns[c].title);
    (void)fputs("\r\n", stdout);
    json_array_foreach((json_t *)(uintptr_t)rows, i, row)
    {
        char text[CELL_MAX];

        for (size_t c = 0; c < n; c++) {
            if (c)
                (void)putchar(',');
            csv_cell(cell_of(row, columns[c].path, text));
        }
        (void)fputs("\r\n", stdout);
    }
}

/* --- tables that the reader counted --- */

static void table_one(const json_t *o)
{
    const char *titles[TABLE_COLUMNS] = { reply_text(o, "rows_are") };
    const json_t *row, *v;
    struct table *t;
    size_t n = 1, i, c;

    json_array_foreach(json_object_get(o, "columns"), i, v)
    {
        if (n < TABLE_COLUMNS)
            titles[n++] = json_string_value(v);
    }
    (void)printf("\n%s\n\n", reply_text(o, "title"));
    t = table_new(n, titles);
    json_array_foreach(json_object_get(o, "rows"), i, row)
    {
        char texts[TABLE_COLUMNS][24];
        const char *cells[TABLE_COLUMNS] = { reply_text(row, "row") };

        json_array_foreach(json_object_get(row, "cells"), c, v)
        {
            if (c + 1 >= n)
                break;
            (void)snprintf(texts[c], sizeof(texts[c]), "%" JSON_INTEGER_FORMAT,
                           json_integer_value(v));
            cells[c + 1] = texts[c];
        }
        if (t)
            table_row(t, cells);
    }
    table_print(t);
}

void report_tables(const json_t *tables)
{
    const json_t *o;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)tables, i, o) table_one(o);
}

void report_tables_csv(const json_t *tables)
{
    const json_t *o, *row, *v;
    size_t i, k, c;

    (void)fputs("table,row,column,number\r\n", stdout);
    json_array_foreach((json_t *)(uintptr_t)tables, i, o)
    {
        json_array_foreach(json_object_get(o, "rows"), k, row)
        {
            json_array_foreach(json_object_get(row, "cells"), c, v)
            {
                const char *column =
                    json_string_value(json_array_get(json_object_get(o, "columns"), c));

                csv_cell(reply_text(o, "table"));
                (void)putchar(',');
                csv_cell(reply_text(row, "row"));
                (void)putchar(',');
                csv_cell(column ? column : "");
                (void)printf(",%" JSON_INTEGER_FORMAT "\r\n", json_integer_value(v));
            }
        }
    }
}
