/* SPDX-License-Identifier: Apache-2.0 */
/* records.h - labelled rows of people, and the tokens that an adapter would make of each.
 *
 * Labels: "rec-N-org" and "rec-N-dup-M" are the same person, other N another one. Rows may be real
 * people's: identifiers are wiped when the records are freed, and no message ever holds one. */
#pragma once
#include "csv/table.h"
#include "lib/tokens.h"

#define RECORDS_MAX 100000u

enum column { /* of the file, by our names */
              COLUMN_RECORD,
              COLUMN_GIVEN,
              COLUMN_FAMILY,
              COLUMN_HOUSE,
              COLUMN_STREET,
              COLUMN_POSTCODE,
              COLUMN_BORN,
              COLUMN_IDENTIFIER,
              COLUMN_COUNT
};
/* Ours and, until it is mapped, the FEBRL data sets' name; all required but the identifier. */
void records_columns(struct table_column out[static COLUMN_COUNT]);

/* How the file writes what the product accepts in British form only. A form other than that is
 * brought one to one into the British form, here and nowhere else, so that the adapter's own code
 * makes the tokens. */
enum written { WRITTEN_DIGITS = 0, WRITTEN_BRITISH };
struct records_forms {
    uint8_t postcode;   /* digits: four digits (or three) of an Australian postcode */
    uint8_t identifier; /* digits: up to seven digits without a check digit; British: NHS numbers */
};

struct record {
    size_t person; /* from 0, in the order of first mention */
    bool original; /* rec-N-org */
    char *given, *family, *address;
    char postcode[ALM_FIELD_MAX],
        nhs[ALM_FIELD_MAX]; /* in the British form; "" when there is none */
    int32_t born;           /* CIVIL_NONE: empty, or no such day */
};
struct records {
    struct record *at;
    size_t n, cap, n_people;
    size_t n_no_postcode, n_no_identifier; /* rows whose own cannot be used */
};

/**
 * records_read() - read a labelled CSV file
 * @t: its path, label and columns (records_columns), COLUMN_COUNT of them
 * @out: to be freed with records_deinit, whatever comes back
 * Return: as table_read; -EINVAL also when there is no row.
 */
ALM_MUST_USE int records_read(const struct table *t, const struct records_forms *forms,
                              table_report_fn *report, void *report_ctx, struct records *out);
void records_deinit(struct records *r); /* wipes */

struct made { /* the tokens of a record; fault: the adapter would refuse the row, and there are none
               */
    struct token_set set;
    uint8_t fault;
    bool home; /* of them some are from the home */
    bool asks; /* somebody can ask with it: not a number alone, by which it is only found */
};
/* without: bits by token kind that are left out, to see what each is good for. Return: 0; -errno.
 */
ALM_MUST_USE int record_tokens(const struct tokens_key *k, const struct record *r,
                               bool with_identifier, unsigned without, struct made *out);
