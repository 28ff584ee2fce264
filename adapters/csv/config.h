/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - the CSV backend's part of an adapter's configuration: files, columns, questions. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"
#include "csv/table.h"
#include "lib/tally.h"
#include <limits.h>

#define CSV_QUESTIONS_MAX 512
#define CSV_WORD_MAX      TALLY_WORD_MAX /* bytes of a service, an id or a header, with NUL */

enum csv_file { /* in the order in which they are read */
                CSV_PEOPLE,
                CSV_HOMES,
                CSV_RESIDENCES,
                CSV_CONTACTS,
                CSV_INVOLVEMENTS,
                CSV_ASKING_PEOPLE,
                CSV_ASKING_RESIDENCES,
                CSV_ASKING_INVOLVEMENTS,
                CSV_ASKING_REFERRALS,
                CSV_FILE_COUNT
};
enum csv_rule { /* the first three as they are tallied */
                CSV_STATE = TALLY_STATE,
                CSV_WINDOW = TALLY_WINDOW,
                CSV_EVER = TALLY_EVER,
                CSV_INVOLVEMENT,
                CSV_RESIDENCE
};

struct csv_question {
    char id[CSV_WORD_MAX];
    uint8_t rule; /* enum csv_rule */
    struct tally_words kinds, end_kinds, services;
    int32_t window_days;
};
struct csv_source { /* one file */
    bool given;
    char path[PATH_MAX], label[256];
    char headers[TABLE_COLUMNS_MAX][CSV_WORD_MAX];
    struct table table; /* points into the above: a csv_config is never copied */
};
struct csv_config {
    struct csv_source files[CSV_FILE_COUNT];
    bool by_file_date;    /* data_as_of = "file" */
    int32_t max_age_days; /* 0: no limit */
    int32_t reload_s;     /* 0: never by itself */
    size_t n_questions;
    struct csv_question *questions;
};

/* Columns by number, for each file in the order of its table. */
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

/* Return: 0, *out set; -EINVAL with errors added to setup->errors; -ENOMEM. */
ALM_MUST_USE int csv_config_read(const struct alm_setup *setup, struct csv_config **out);
struct csv_config *csv_config_free(struct csv_config *c);
