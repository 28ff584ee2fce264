/* SPDX-License-Identifier: Apache-2.0 */
/* print.h - what was measured, as tables for people or JSON for programs. */
#pragma once
#include "evaluate/figures.h"
#include "evaluate/scale.h"

struct report_pass { /* one reading of the file: with or without the identifier */
    bool with_identifier;
    size_t n_refused[ALM_FAULT_COUNT]; /* records of which the adapter would refuse the row */
    size_t n_number_alone;             /* without names or birth date, found by their number */
    size_t n_no_home;                  /* of the others, those without tokens of a home */
    struct pairs pairs;
    struct figures strict, broad;
    struct lookups lookups;
};
struct report {
    const char *file; /* NULL: nothing was read */
    const struct records *records;
    const char *postcode, *identifier, *left_out; /* words of the options */
    uint64_t seed;
    size_t samples;
    const struct report_pass *passes;
    size_t n_passes;
    const struct scale *scale; /* NULL: not asked for */
};
/* Both: Return: 0; -EIO standard output cannot be written; -ENOMEM. */
ALM_MUST_USE int report_table(const struct report *r);
ALM_MUST_USE int report_json(const struct report *r);
