/* SPDX-License-Identifier: Apache-2.0 */
/* tally.h - counts by name: agencies, reasons. Names beyond TALLY_NAMES count as others. */
#pragma once
#include "base/attr.h"
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#define TALLY_NAMES   1024
#define TALLY_COLUMNS 4
#define TALLY_NAME    64

struct tally_row {
    char name[TALLY_NAME];
    uint64_t n[TALLY_COLUMNS];
};
struct tally {
    size_t n, cap;
    struct tally_row *at; /* owned */
};
/* Return: 0; -ENOMEM. */
ALM_MUST_USE int tally_add(struct tally *t, const char *name, size_t column, uint64_t n);
void tally_deinit(struct tally *t);
struct tally_words {
    const char *id, *title, *rows_are;
    size_t n_columns;
    const char *columns[TALLY_COLUMNS];
};
/* {"table","title","rows_are","columns","rows":[{"row","cells"}]}: rows by name, then a total. New
 * reference. */
json_t *tally_json(struct tally *t, const struct tally_words *w);
