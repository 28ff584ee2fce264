/* SPDX-License-Identifier: Apache-2.0 */
/* tally.c - see tally.h. */
#include "tally.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int tally_compare(const void *a, const void *b)
{
    return strcmp(((const struct tally_row *)a)->name, ((const struct tally_row *)b)->name);
}

int tally_add(struct tally *t, const char *name, size_t column, uint64_t n)
{
    size_t i = 0;

    name = *name ? name : "(not said)";
    while (i < t->n && strncmp(t->at[i].name, name, TALLY_NAME - 1) != 0)
        i++;
    if (i == TALLY_NAMES) {
        i = TALLY_NAMES - 1;
        name = "(others)";
        memset(t->at[i].name, 0, TALLY_NAME);
        memcpy(t->at[i].name, name, strlen(name));
    }
    if (i == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 32;
        struct tally_row *at = realloc(t->at, cap * sizeof(*at));

        if (!at)
            return -ENOMEM;
        t->at = at;
        t->cap = cap;
    }
    if (i == t->n) {
        t->at[t->n++] = (struct tally_row){ { 0 }, { 0 } };
        memcpy(t->at[i].name, name, strnlen(name, TALLY_NAME - 1));
    }
    t->at[i].n[column] += n;
    return 0;
}

void tally_deinit(struct tally *t)
{
    free(t->at);
    *t = (struct tally){ 0 };
}

static json_t *row_json(const char *name, const uint64_t *n, size_t columns)
{
    json_t *cells = json_array();

    for (size_t c = 0; cells && c < columns; c++)
        (void)json_array_append_new(cells, json_integer((json_int_t)n[c]));
    return json_pack("{s:s, s:o}", "row", name, "cells", cells);
}

json_t *tally_json(struct tally *t, const struct tally_words *w)
{
    uint64_t total[TALLY_COLUMNS] = { 0 };
    json_t *rows = json_array(), *columns = json_array();

    if (t->n)
        qsort(t->at, t->n, sizeof(*t->at), tally_compare);
    for (size_t c = 0; columns && c < w->n_columns; c++)
        (void)json_array_append_new(columns, json_string(w->columns[c]));
    for (size_t i = 0; rows && i < t->n; i++) {
        for (size_t c = 0; c < w->n_columns; c++)
            total[c] += t->at[i].n[c];
        (void)json_array_append_new(rows, row_json(t->at[i].name, t->at[i].n, w->n_columns));
    }
    if (rows)
        (void)json_array_append_new(rows, row_json("total", total, w->n_columns));
    return json_pack("{s:s, s:s, s:s, s:o, s:o}", "table", w->id, "title", w->title, "rows_are",
                     w->rows_are, "columns", columns, "rows", rows);
}
