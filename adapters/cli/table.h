/* SPDX-License-Identifier: Apache-2.0 */
/* table.h - fields of a reply as text, and tables as wide as their widest cells. */
#pragma once
#include <jansson.h>
#include <stddef.h>

#define TIME_TEXT 24
struct column {
    const char *key, *title;
};
const char *text_at(const json_t *o, const char *key); /* "" when absent */
long long number_at(const json_t *o, const char *key); /* 0 when absent */
/* A UTC time to the minute, as people read it; what is none is left as it is. */
const char *time_at(const json_t *o, const char *key, char out[static TIME_TEXT]);
/* At most nine columns. A number is shown as one, a list with commas, true as "yes". */
void table_print(const json_t *rows, const struct column *columns, size_t n);
