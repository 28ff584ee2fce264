/* SPDX-License-Identifier: Apache-2.0 */
/* load.h - rows in, one at a time, as texts: checked, numbered, kept, and told to the sink. */
#pragma once
#include "rows/rows.h"

struct rows_load { /* of one file */
    struct alm_rows *rows;
    const struct alm_sink *sink;
    enum rows_file file;
    struct refs ids; /* of this file's rows, to find repeats */
    int broken; /* 0; negative: give the load up (no memory, the sink's limits, the host has gone)
                 */
};
/* People before rows about them, homes before stays in them: in this order. */
extern const enum rows_file rows_order[ROWS_FILE_COUNT];
struct rows_load rows_begin(struct alm_rows *rows, const struct alm_sink *sink, enum rows_file f);
void rows_end(struct rows_load *l);
/* When the people are not known, rows about them would all be errors: they are left unread. */
bool rows_worth_reading(const struct alm_rows *rows, enum rows_file f);

/**
 * rows_row() - one row
 * @fields: by column number of the file; "" where it holds nothing; borrowed
 * Return: NULL; or what is wrong with it, for people, without its content (static text). After
 * l->broken is set the result means nothing.
 */
const char *rows_row(struct rows_load *l, const char *const fields[]);
/* A row is left out because of a fault. fields NULL: where it stands is known, what it is not.
 * Whatever answer could rest on it is partial from now on. */
void rows_reject(struct rows_load *l, const char *const fields[]);
