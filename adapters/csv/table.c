/* SPDX-License-Identifier: Apache-2.0 */
/* table.c - a CSV file fed to libcsv line by line, so that each error can name its line. */
#include "csv/table.h"

#include "base/bytes.h"
#include "rows/watch.h"

#include <csv.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW_BYTES_MAX (1u << 20)
#define COLUMN_NONE   SIZE_MAX

struct reading {
    const struct table *t;
    table_report_fn *report;
    void *report_ctx;
    table_row_fn *row;
    void *row_ctx;
    struct csv_parser parser;
    struct buf text;             /* the row's fields, each NUL-terminated */
    size_t at[TABLE_FIELDS_MAX]; /* where each starts */
    size_t n_fields, n_header;
    size_t column[TABLE_COLUMNS_MAX]; /* our column -> field, or COLUMN_NONE */
    unsigned long line, row_line;     /* the line being fed; the one on which the row began */
    bool in_row, header_seen, lacks, trailer_seen;
    uint64_t n_rows; /* without header and trailer */
    size_t n_errors;
};

static void reading_fail(struct reading *r, unsigned long line, const char *text)
{
    if (r->n_errors < TABLE_ERRORS_MAX)
        r->report(r->report_ctx, r->t->label, line, text);
    else if (r->n_errors == TABLE_ERRORS_MAX)
        r->report(r->report_ctx, r->t->label, line, "more errors follow; correct these first");
    r->n_errors++;
}

static int reading_broken(const struct reading *r)
{
    return r->t->broken ? *r->t->broken : 0;
}

static void reading_field(void *field, size_t len, void *ctx)
{
    struct reading *r = ctx;

    if (r->n_fields < TABLE_FIELDS_MAX)
        r->at[r->n_fields] = r->text.len;
    r->n_fields++;
    buf_put(&r->text, field, len);
    buf_put_u8(&r->text, 0);
}

static const char *reading_text(const struct reading *r, size_t i)
{
    return (const char *)r->text.data + r->at[i];
}

static size_t header_find(const struct reading *r, const char *name)
{
    for (size_t i = 0; i < r->n_fields; i++) {
        if (strcmp(reading_text(r, i), name) == 0)
            return i;
    }
    return COLUMN_NONE;
}

static void header_check_repeats(struct reading *r)
{
    for (size_t i = 0; i < r->n_fields; i++) {
        if (*reading_text(r, i) && header_find(r, reading_text(r, i)) != i)
            reading_fail(r, r->row_line, "two columns have the same name; rename or remove one");
    }
}

static void reading_header(struct reading *r)
{
    bool semicolons = r->n_fields == 1 && r->t->delimiter != ';' && strchr(reading_text(r, 0), ';');

    r->header_seen = true;
    r->n_header = r->n_fields;
    header_check_repeats(r);
    for (size_t i = 0; i < r->t->n_columns; i++) {
        const struct table_column *c = &r->t->columns[i];
        char text[256];

        r->column[i] = header_find(r, c->header);
        if (r->column[i] != COLUMN_NONE || !c->required)
            continue;
        (void)snprintf(
            text, sizeof(text),
            "the header has no column %.64s; %s; or say with columns = { %s = \"...\"; "
            "} what it is called",
            c->header,
            semicolons ? "save the file with commas, or say delimiter = \";\"" : "add it", c->name);
        r->report(r->report_ctx, r->t->label, r->row_line, text);
        r->lacks = true;
    }
}

static void reading_bad_row(struct reading *r, const char *wrong, const char *const fields[])
{
    if (!r->t->reject || !r->t->reject(r->row_ctx, r->row_line, wrong, fields))
        reading_fail(r, r->row_line, wrong);
}

static void reading_row(struct reading *r)
{
    const char *fields[TABLE_COLUMNS_MAX], *wrong;

    r->n_rows++;
    if (r->n_fields != r->n_header) {
        char text[128];

        (void)snprintf(text, sizeof(text),
                       "the row has %zu fields and the header %zu; quote fields that hold a comma",
                       r->n_fields, r->n_header);
        reading_bad_row(r, text, NULL);
        return;
    }
    for (size_t i = 0; i < r->t->n_columns; i++)
        fields[i] = r->column[i] == COLUMN_NONE ? "" : reading_text(r, r->column[i]);
    wrong = r->row(r->row_ctx, fields);
    if (wrong && !reading_broken(r))
        reading_bad_row(r, wrong, fields);
}

static bool count_read(const char *text, uint64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoull(text, &end, 10);
    return !errno && end != text && !*end && text[0] != '-';
}

/* Return: whether the row is the trailer, or stands after it. */
static bool reading_trailer(struct reading *r)
{
    uint64_t n;

    if (!r->t->trailer || !*r->t->trailer)
        return false;
    if (r->trailer_seen) {
        reading_fail(r, r->row_line, "a row after the trailer: two files in one?");
        return true;
    }
    if (r->n_fields == 0 || strcmp(reading_text(r, 0), r->t->trailer) != 0)
        return false;
    r->trailer_seen = true;
    if (r->n_fields < 2 || !count_read(reading_text(r, 1), &n))
        reading_fail(r, r->row_line, "the trailer's second field is the number of rows");
    else if (n != r->n_rows)
        reading_fail(r, r->row_line,
                     "the trailer counts another number of rows: the file is not whole");
    return true;
}

static void reading_end_of_row(int end, void *ctx)
{
    struct reading *r = ctx;

    (void)end;
    if (buf_status(&r->text) != 0 || r->n_fields > TABLE_FIELDS_MAX)
        reading_fail(r, r->row_line, "the row is too long; is a quote missing?");
    else if (!r->header_seen)
        reading_header(r);
    else if (!r->lacks && !reading_trailer(r))
        reading_row(r);
    buf_reset(&r->text);
    r->n_fields = 0;
    r->in_row = false;
}

/* Return: 0; -EINVAL the line cannot be read on from. */
static int reading_line(struct reading *r, const uint8_t *data, size_t len)
{
    bool blank = len == 0 || data[0] == '\n' || data[0] == '\r';

    r->line++;
    if (!r->in_row && !blank) {
        r->in_row = true;
        r->row_line = r->line;
    }
    if (memchr(data, '\0', len))
        reading_fail(r, r->line, "a NUL byte; save the file again as CSV (UTF-8)");
    else if (!utf8_valid(data, len))
        reading_fail(r, r->line,
                     "bytes that are not UTF-8; save the file again as CSV (UTF-8), or say which "
                     "encoding it has");
    else if (csv_parse(&r->parser, data, len, reading_field, reading_end_of_row, r) == len)
        return 0;
    else if (csv_error(&r->parser) == CSV_EPARSE)
        reading_fail(
            r, r->line,
            "a stray quote; put the whole field in quotes and double each quote inside it");
    else
        return -ENOMEM;
    return -EINVAL; /* where rows end is no longer known */
}

/* "a file that is cut off is not taken" */
static void reading_check_count(struct reading *r)
{
    char text[160];

    if (r->t->trailer && *r->t->trailer && !r->trailer_seen)
        reading_fail(r, r->line, "the last row is not the trailer: the file is cut off");
    if (r->n_rows < r->t->rows_least) {
        (void)snprintf(text, sizeof(text),
                       "%llu rows, and expected_least is %llu: the file is cut off, or of another "
                       "extract",
                       (unsigned long long)r->n_rows, (unsigned long long)r->t->rows_least);
        reading_fail(r, 0, text);
    }
    if (r->t->counted && r->n_rows != r->t->rows_exactly) {
        (void)snprintf(
            text, sizeof(text),
            "%llu rows, and the manifest says %llu: the file is not whole, or not of this "
            "manifest",
            (unsigned long long)r->n_rows, (unsigned long long)r->t->rows_exactly);
        reading_fail(r, 0, text);
    }
}

static int reading_all(struct reading *r, struct bytes file)
{
    int e = 0;

    while (file.len && e == 0 && !reading_broken(r)) {
        const uint8_t *newline = memchr(file.data, '\n', file.len);
        size_t len = newline ? (size_t)(newline - file.data) + 1 : file.len;

        e = reading_line(r, file.data, len);
        file = bytes_of(file.data + len, file.len - len);
    }
    if (reading_broken(r))
        return reading_broken(r);
    if (e == 0 && csv_fini(&r->parser, reading_field, reading_end_of_row, r) != 0) {
        reading_fail(r, r->row_line, "a quote that opens here is never closed");
        e = -EINVAL;
    }
    if (e == 0 && !r->header_seen) {
        reading_fail(r, 1, "the file is empty; its first line must name the columns");
        e = -EINVAL;
    }
    if (e == 0 && !r->lacks)
        reading_check_count(r);
    return e;
}

static int table_parse(const struct table *t, struct bytes file, table_report_fn *report,
                       void *report_ctx, table_row_fn *row, void *row_ctx)
{
    struct reading r = {
        .t = t, .report = report, .report_ctx = report_ctx, .row = row, .row_ctx = row_ctx
    };
    int e;

    if (csv_init(&r.parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return -ENOMEM;
    if (t->delimiter)
        csv_set_delim(&r.parser, (unsigned char)t->delimiter);
    buf_init(&r.text, ROW_BYTES_MAX);
    e = reading_all(&r, file);
    csv_free(&r.parser);
    buf_deinit(&r.text);
    if (e == 0 && r.n_errors)
        e = -EINVAL;
    return e == 0 && r.lacks ? TABLE_LACKS_COLUMN : e;
}

/* Return: an error, told. */
static int table_undecoded(const struct table *t, table_report_fn *report, void *ctx, int e,
                           unsigned long line)
{
    if (e == -EILSEQ)
        report(ctx, t->label, line,
               "bytes that the file's encoding does not have; say which encoding it is");
    else if (e == -E2BIG)
        report(ctx, t->label, 0, "too large once it is UTF-8");
    else if (e == -EINVAL)
        report(ctx, t->label, 0, "this system's iconv does not know the encoding");
    return e == -ENOMEM ? e : -EINVAL;
}

int table_read(const struct table *t, table_report_fn *report, void *report_ctx, table_row_fn *row,
               void *row_ctx)
{
    ALM_CLEANUP(buf_deinit) struct buf file;
    ALM_CLEANUP(buf_deinit) struct buf kept;
    struct bytes text;
    unsigned long line;
    int e;

    buf_init(&file, TABLE_FILE_MAX);
    buf_init(&kept, 2 * (size_t)TABLE_FILE_MAX);
    e = take_file(t->path, t->label, report, report_ctx, &file);
    if (e > 0)
        return e == TAKE_ABSENT ? TABLE_ABSENT : TABLE_CHANGED;
    if (e == 0) {
        e = decode_text(buf_view(&file), t->encoding, &kept, &text, &line);
        if (e != 0)
            return table_undecoded(t, report, report_ctx, e, line);
    }
    return e == 0 ? table_parse(t, text, report, report_ctx, row, row_ctx) : e;
}
