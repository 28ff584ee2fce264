/* SPDX-License-Identifier: Apache-2.0 */
/* rows.h - one load of an agency's rows in memory, with the few indexes that the rules need.
 * Immutable once loaded. Where the rows come from (CSV, a school's transfer file) is not known
 * here. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"
#include "lib/refs.h"

#define ROW_NONE UINT32_MAX /* no person, no home, no text */

enum rows_file { /* in the order in which they are read */
                 ROWS_PEOPLE,
                 ROWS_HOMES,
                 ROWS_RESIDENCES,
                 ROWS_CONTACTS,
                 ROWS_INVOLVEMENTS,
                 ROWS_ASKING_PEOPLE,
                 ROWS_ASKING_RESIDENCES,
                 ROWS_ASKING_INVOLVEMENTS,
                 ROWS_ASKING_REFERRALS,
                 ROWS_FILE_COUNT
};
/* Columns by number, for each of them. */
enum { PEOPLE_ID, PEOPLE_GIVEN, PEOPLE_FAMILY, PEOPLE_BORN, PEOPLE_NHS, PEOPLE_UPN, PEOPLE_UNBORN };
enum { HOMES_ID, HOMES_ADDRESS, HOMES_POSTCODE, HOMES_SHIELDED };
enum { STAYS_PERSON, STAYS_HOME, STAYS_FROM, STAYS_UNTIL };
enum { CONTACTS_ID, CONTACTS_PERSON, CONTACTS_HOME, CONTACTS_DATE, CONTACTS_KIND };
enum {
    INVOLVED_ID,
    INVOLVED_PERSON,
    INVOLVED_SERVICE,
    INVOLVED_START,
    INVOLVED_END,
    INVOLVED_ROUTE,
    INVOLVED_LEAD
};
enum {
    REFERRALS_ID,
    REFERRALS_PERSON,
    REFERRALS_HOME,
    REFERRALS_SENT,
    REFERRALS_DECISION,
    REFERRALS_DECIDED,
    REFERRALS_CLOSED
};
#define ROWS_COLUMNS_MAX 7

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
struct row_flags { /* of a person */
    bool asking_only;
    uint16_t rejected; /* 1 << enum rows_file: a row about this person in it was */
};
struct rows_config;
struct alm_rows {
    const struct rows_config *config;
    struct refs people, homes, words; /* words: kinds, services, contact routes, leads */
    struct row_flags *flags;          /* by person */
    size_t cap_flags;
    struct array stays, contacts, involvements, referrals;
    struct links stays_by_person, stays_by_home, contacts_by_person, contacts_by_home,
        involvements_by_person, referrals_by_person, referrals_by_home;
    bool given[ROWS_FILE_COUNT];    /* configured at all */
    bool missing[ROWS_FILE_COUNT];  /* the file, or a column that it must have */
    bool rejected[ROWS_FILE_COUNT]; /* a row of it */
    bool unplaced[ROWS_FILE_COUNT]; /* one of whom nobody can say whom it is about */
    struct refs lost;               /* people whose own row was rejected */
    bool partial;                   /* any of them */
    int32_t file_day;               /* the day of the oldest file, CIVIL_NONE: no file */
    unsigned long passed_over;      /* rows of relationships about people in no people file */
};

ALM_MUST_USE int rows_new(const struct rows_config *c, struct alm_rows **out);
void rows_free(struct alm_rows *rows);
/* Sorted indexes over all arrays. */
ALM_MUST_USE int rows_index(struct alm_rows *rows);
/* The file, or a column or section of it, is not there: what rests on it is partial. */
void rows_miss(struct alm_rows *rows, enum rows_file f);
/* The rows are as old as their oldest source. */
void rows_written(struct alm_rows *rows, int64_t wall_ms);
/* Room for one more element of size bytes; NULL without memory. */
void *array_add(struct array *a, size_t size);

static inline bool day_within(int32_t from, int32_t until,
                              int32_t day) /* "from <= D and (no end, or D < end)" */
{
    return (from == ALM_DAY_NONE || from <= day) && (until == ALM_DAY_NONE || day < until);
}
