/* SPDX-License-Identifier: Apache-2.0 */
/* table.h - one CSV file read strictly: bytes checked, header mapped by name, every row as long as
 * the header, as many rows as there should be.
 *
 * The only user of <csv.h>. Knows nothing of what the columns mean. */
#pragma once
#include "base/attr.h"
#include "csv/decode.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_COLUMNS_MAX 16           /* columns that we read of one file */
#define TABLE_FILE_MAX    (256u << 20) /* bytes */
#define TABLE_FIELDS_MAX  512          /* columns of a file, read or not */
#define TABLE_ERRORS_MAX  50           /* told of one file */

/* What is wrong, where (a path), on which line (0: none). */
typedef void table_report_fn(void *ctx, const char *where, unsigned long line, const char *text);
/* fields[i] is column i's text, "" when the file has no such column; borrowed for the call.
 * Return: NULL to go on, or what is wrong with the row (it is told, with the line, and reading goes
 * on). */
typedef const char *table_row_fn(void *ctx, const char *const fields[]);
/* A bad row, in the row function's ctx; fields NULL where it has not as many as the header. Return:
 * whether it may be left out; false: it is an error of the file. */
typedef bool table_reject_fn(void *ctx, unsigned long line, const char *wrong,
                             const char *const fields[]);

struct table_column {
    const char *name; /* ours */
    bool required;
    const char *header; /* what the file calls it */
};
struct table {                /* zeroed: UTF-8, commas, any number of rows, bad rows are errors */
    const char *path, *label; /* label: the path for messages */
    size_t n_columns;
    struct table_column columns[TABLE_COLUMNS_MAX];
    enum encoding encoding;
    char delimiter;      /* 0: comma */
    const char *trailer; /* what the last row begins with; its second field counts the others */
    uint64_t rows_least; /* fewer: the file is cut off */
    bool counted;        /* rows_exactly holds: a manifest says so */
    uint64_t rows_exactly;
    table_reject_fn *reject; /* NULL: none may be left out */
    const int *broken;       /* not NULL: once it points to other than 0, that is the result */
};

/* Positive results: the caller handles each by name. */
enum table_outcome {
    TABLE_ABSENT = 1,   /* no such file */
    TABLE_LACKS_COLUMN, /* one that is required */
    TABLE_CHANGED       /* it was written while it was read: not to be used */
};
/**
 * table_read() - read a whole file
 * Return: 0; a table_outcome (reported; of the first two no row was given); -EINVAL bad content
 * (reported); -ENOMEM; -errno; *broken. Source: RFC 4180.
 */
ALM_MUST_USE int table_read(const struct table *t, table_report_fn *report, void *report_ctx,
                            table_row_fn *row, void *row_ctx);
