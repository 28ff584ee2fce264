/* SPDX-License-Identifier: Apache-2.0 */
/* table.h - one CSV file read strictly: bytes checked, header mapped by name, every row as long as
 * the header.
 *
 * The only user of <csv.h>. Knows nothing of what the columns mean. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"

#define TABLE_COLUMNS_MAX 12           /* columns that we read of one file */
#define TABLE_FILE_MAX    (256u << 20) /* bytes */
#define TABLE_FIELDS_MAX  512          /* columns of a file, read or not */
#define TABLE_ERRORS_MAX  50           /* told of one file */

struct table_column {
    const char *name; /* ours */
    bool required;
    const char *header; /* what the file calls it */
};
struct table {
    const char *path, *label; /* label: the path for messages */
    size_t n_columns;
    struct table_column columns[TABLE_COLUMNS_MAX];
};
/* fields[i] is column i's text, "" when the file has no such column; borrowed for the call.
 * Return: NULL to go on, or what is wrong with the row (it is told, with the line, and reading goes
 * on). */
typedef const char *table_row_fn(void *ctx, const char *const fields[]);

/* Positive results: the caller handles each by name. */
enum table_outcome { TABLE_ABSENT = 1, /* no such file */ TABLE_LACKS_COLUMN };
/**
 * table_read() - read a whole file
 * Return: 0; TABLE_ABSENT or TABLE_LACKS_COLUMN (reported; no row was given); -EINVAL bad content
 * (reported); -ENOMEM; -errno. Source: RFC 4180.
 */
ALM_MUST_USE int table_read(const struct table *t, alm_report_fn *report, void *report_ctx,
                            table_row_fn *row, void *row_ctx);
