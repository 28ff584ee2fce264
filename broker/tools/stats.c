/* SPDX-License-Identifier: Apache-2.0 */
/* stats.c - the partnership's figures: fixed tables that the reader counts, hides small numbers of
 * and rounds. Nothing is worked out here: what the reader left out cannot come back. */
#include "audit.h"
#include "base/clock.h"
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define STATS_MS 600000 /* a log of years */
#define HIDDEN   "*"

static const char *cell_text(const json_t *cell, char out[static 24])
{
    if (!json_is_integer(cell))
        return HIDDEN;
    (void)snprintf(out, 24, "%" JSON_INTEGER_FORMAT, json_integer_value(cell));
    return out;
}

static void table_of(const json_t *o, struct table *t)
{
    json_t *row, *cell;
    size_t i, c;

    json_array_foreach(json_object_get(o, "rows"), i, row)
    {
        char texts[TABLE_COLUMNS][24];
        const char *cells[TABLE_COLUMNS] = { reply_text(row, "row") };

        json_array_foreach(json_object_get(row, "cells"), c, cell)
        {
            if (c + 1 < TABLE_COLUMNS)
                cells[c + 1] = cell_text(cell, texts[c + 1]);
        }
        table_row(t, cells);
    }
}

static void print_one(const json_t *o)
{
    const char *titles[TABLE_COLUMNS] = { reply_text(o, "rows_are") };
    size_t n = 1, i;
    json_t *column;
    struct table *t;

    json_array_foreach(json_object_get(o, "columns"), i, column)
    {
        if (n < TABLE_COLUMNS)
            titles[n++] = json_string_value(column);
    }
    (void)printf("\n%s\n\n", reply_text(o, "title"));
    t = table_new(n, titles);
    if (t)
        table_of(o, t);
    table_print(t);
}

static void print_tables(const json_t *stats)
{
    json_t *o;
    size_t i;

    (void)printf("From %s to %s.\n",
                 *reply_text(stats, "since") ? reply_text(stats, "since") : "the beginning",
                 reply_text(stats, "until"));
    json_array_foreach(json_object_get(stats, "tables"), i, o) print_one(o);
    (void)printf("\n%s: under %" JSON_INTEGER_FORMAT
                 ", or hidden so that such a number cannot be worked out. Numbers are rounded to "
                 "%" JSON_INTEGER_FORMAT ", so they need not add up.\n",
                 HIDDEN, json_integer_value(json_object_get(stats, "suppressed_under")),
                 json_integer_value(json_object_get(stats, "rounded_to")));
}

/* Ids hold nothing that CSV would have to quote; a hidden cell is empty. */
static void csv_one(const json_t *o)
{
    const json_t *columns = json_object_get(o, "columns");
    json_t *row, *cell;
    size_t i, c;

    json_array_foreach(json_object_get(o, "rows"), i, row)
    {
        json_array_foreach(json_object_get(row, "cells"), c, cell)
        {
            char text[24], shown[128];
            const char *column = json_string_value(json_array_get(columns, c));

            (void)printf("%s,%s,%s,%s\n", reply_text(o, "table"),
                         printable(reply_text(row, "row"), shown, sizeof(shown)), column ? column : "",
                         json_is_integer(cell) ? cell_text(cell, text) : "");
        }
    }
}

static void print_csv(const json_t *stats)
{
    json_t *o;
    size_t i;

    (void)printf("table,row,column,number\n");
    json_array_foreach(json_object_get(stats, "tables"), i, o) csv_one(o);
}

int command_stats(struct officer_session *s)
{
    json_t *query, *reply = NULL, *stats, *o;
    int rc;

    if (!s->args->until)
        return officer_fail(s, EX_USAGE,
                            "up to which day? Give --until DATE, a day that is over: then the same "
                            "figures can be printed again");
    if (s->args->csv && s->args->json)
        return officer_fail(s, EX_USAGE, "--csv or --json, not both");
    query = json_pack("{s:s}", "read", "stats");
    rc = officer_put_day(s, query, "since", s->args->since);
    if (!rc)
        rc = officer_put_day(s, query, "until", s->args->until);
    if (rc) {
        json_decref(query);
        return rc;
    }
    rc = audit_read(s, query, STATS_MS, NULL, NULL, &reply);
    if (rc)
        return rc;
    stats = json_object_get(reply, "stats");
    if (s->args->json) { /* without the reading's leaf: the same whenever it is printed */
        o = json_pack("{s:b, s:O}", "ok", 1, "stats", stats);
        reply_print(o);
        json_decref(o);
    } else if (s->args->csv) {
        print_csv(stats);
    } else {
        print_tables(stats);
    }
    json_decref(reply);
    return 0;
}
