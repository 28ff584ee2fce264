/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - the CSV backend's part of an adapter's configuration: files, columns, encodings, what
 * a whole extract is, and what becomes of bad rows. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"
#include "csv/table.h"
#include "rows/config.h"
#include <limits.h>

#define CSV_WORD_MAX ROWS_WORD_MAX /* bytes of a header, with NUL */

struct csv_source { /* one file */
    bool given;
    char path[PATH_MAX], label[256];
    char headers[TABLE_COLUMNS_MAX][CSV_WORD_MAX];
    char trailer[CSV_WORD_MAX];
    struct table table; /* points into the above: a csv_config is never copied */
};
struct csv_config {
    struct rows_config rows;
    struct csv_source files[ROWS_FILE_COUNT];
    char manifest[PATH_MAX]; /* "": none */
};

/* Return: 0, *out set; -EINVAL with errors added to setup->errors; -ENOMEM. */
ALM_MUST_USE int csv_config_read(const struct alm_setup *setup, struct csv_config **out);
struct csv_config *csv_config_free(struct csv_config *c);
