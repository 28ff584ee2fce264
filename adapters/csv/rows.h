/* SPDX-License-Identifier: Apache-2.0 */
/* rows.h - one load of an agency's rows in memory, with the few indexes that the rules need.
 * Immutable once loaded. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"
#include "csv/config.h"
#include "lib/refs.h"

#define ROW_NONE UINT32_MAX /* no person, no home, no text */

/* Rows by key: sorted pairs. */
struct link {
    uint32_t key, row;
};
struct links {
    struct link *at;
    size_t n;
};
ALM_MUST_USE int links_new(struct links *l, size_t max);
void links_add(struct links *l, uint32_t key, size_t row); /* ROW_NONE keys are left out */
void links_sort(struct links *l);
/* The rows of one key are l->at[first .. first+n). Return: n. */
size_t links_range(const struct links *l, uint32_t key, size_t *first);

struct row_stay {
    uint32_t person, home;
    int32_t from, until;
    bool asking; /* only for working out a relationship */
};
struct row_contact {
    uint32_t person, home; /* person ROW_NONE: about the whole household */
    uint32_t kind;
    int32_t date;
};
struct row_involvement {
    uint32_t person;
    uint32_t service, route, lead; /* texts; ROW_NONE */
    int32_t start, end;
    bool asking;
};
struct row_referral {
    uint32_t person, home;
    int32_t sent, declined, closed; /* CIVIL_NONE: not */
};
struct array {
    void *at;
    size_t n, cap;
};
struct alm_rows {
    const struct csv_config *config;
    struct refs people, homes, words; /* words: kinds, services, contact routes, leads */
    bool *asking_only;                /* by person */
    size_t cap_asking_only;
    struct array stays, contacts, involvements, referrals;
    struct links stays_by_person, stays_by_home, contacts_by_person, contacts_by_home,
        involvements_by_person, referrals_by_person, referrals_by_home;
    bool missing[CSV_FILE_COUNT]; /* the file, or a column that it must have */
    bool partial;                 /* any of them */
    int32_t file_day;             /* the day of the oldest file, CIVIL_NONE: no file */
    unsigned long passed_over;    /* rows of relationships about people in no people file */
};

/* Loads; see alm_backend_ops.load. */
ALM_MUST_USE int rows_load(const struct csv_config *c, const struct alm_sink *sink, bool strict,
                           alm_report_fn *report, void *ctx, struct alm_rows **out);
void rows_free(struct alm_rows *rows);
/* Sorted indexes over all arrays. */
ALM_MUST_USE int rows_index(struct alm_rows *rows);
/* Room for one more element of size bytes; NULL without memory. */
void *array_add(struct array *a, size_t size);

static inline bool day_within(int32_t from, int32_t until,
                              int32_t day) /* "from <= D and (no end, or D < end)" */
{
    return (from == ALM_DAY_NONE || from <= day) && (until == ALM_DAY_NONE || day < until);
}
