/* SPDX-License-Identifier: Apache-2.0 */
/* table.c - columns as wide as their widest cell, for a terminal. */
#include "officer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELL_MAX 160 /* bytes with NUL */

struct line {
    struct line *next;
    char cells[TABLE_COLUMNS][CELL_MAX];
};
struct table {
    size_t n_columns, width[TABLE_COLUMNS];
    struct line *first, **last;
    bool short_of_memory;
};

const char *printable(const char *text, char *out, size_t size)
{
    size_t n = 0;

    for (; text && *text && n + 1 < size; text++)
        out[n++] = (unsigned char)*text < 0x20 || *text == 0x7f
                       ? '?'
                       : *text; /* what is shown must not drive the terminal */
    while (n && text && *text && ((unsigned char)out[n - 1] & 0xc0) == 0x80)
        n--; /* cut between characters, not inside one */
    out[n] = '\0';
    return out;
}

static size_t columns_of(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) !=
             0x80; /* one column a character: names of agencies, not CJK */
    return n;
}

struct table *table_new(size_t n_columns, const char *const *titles)
{
    struct table *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    t->n_columns = n_columns < TABLE_COLUMNS ? n_columns : TABLE_COLUMNS;
    t->last = &t->first;
    table_row(t, titles);
    return t;
}

void table_row(struct table *t, const char *const *cells)
{
    struct line *l = calloc(1, sizeof(*l));

    if (!l) {
        t->short_of_memory = true;
        return;
    }
    for (size_t i = 0; i < t->n_columns; i++) {
        size_t w = columns_of(printable(cells[i], l->cells[i], CELL_MAX));

        if (w > t->width[i])
            t->width[i] = w;
    }
    *t->last = l;
    t->last = &l->next;
}

void table_print(struct table *t)
{
    if (!t)
        return;
    for (struct line *l = t->first, *next; l; l = next) {
        size_t used = t->n_columns;

        next = l->next;
        while (used && !l->cells[used - 1][0])
            used--; /* no trailing blanks */
        for (size_t i = 0; i < used; i++) {
            (void)fputs(l->cells[i], stdout);
            for (size_t w = columns_of(l->cells[i]); i + 1 < used && w < t->width[i] + 2; w++)
                (void)fputc(' ', stdout);
        }
        (void)fputc('\n', stdout);
        free(l);
    }
    if (t->short_of_memory)
        (void)fprintf(stderr, "almoner: short of memory: the table is not whole\n");
    free(t);
}
