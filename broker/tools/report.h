/* SPDX-License-Identifier: Apache-2.0 */
/* report.h - what the reports share: a signed reading into rows, and those as a table, as CSV or as the versioned JSON
 * (broker/reader/REPORTS.md). */
#pragma once
#include "audit.h"

#define REPORT_SCHEMA "almoner/report/1"

struct report_reply {
    json_t *rows;   /* owned: an array */
    json_t *report; /* owned: the last reply's "report" */
    json_int_t reading;
};
void report_reply_deinit(struct report_reply *r);
/* Signs and sends the query (taken), gathers all rows, telling on standard error how far it is. Return: an exit code. */
ALM_MUST_USE int report_read(struct officer_session *s, json_t *query, struct report_reply *out);
/* {"schema", "report", "origin", "mode", "made", "reading", "officer", "period", "rows", ...}: new reference; NULL without memory. */
json_t *report_object(const struct officer_session *s, const struct report_reply *r);

struct report_column {
    const char *title, *path; /* "opened.practitioner"; "outcome", "asked", "time" are worked out of several */
};
/* Rows as a table: at most TABLE_COLUMNS columns. */
void report_table(const json_t *rows, const struct report_column *columns, size_t n);
/* Rows as CSV (RFC 4180), with a line of titles; what a spreadsheet would take for a formula gets an apostrophe. */
void report_csv(const json_t *rows, const struct report_column *columns, size_t n);
/* The reader's tables ("tables"), and as CSV: table,row,column,number. */
void report_tables(const json_t *tables);
void report_tables_csv(const json_t *tables);
/* The query of `report person` from the options, without what a family report adds: a new reference. Return: an exit code. */
ALM_MUST_USE int report_person_query(struct officer_session *s, json_t **out);
