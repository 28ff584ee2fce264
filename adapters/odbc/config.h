/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - the ODBC backend's part of an adapter's configuration: a connection, and statements
 * whose words for people, homes and days are an agency's own. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"
#include "odbc/db.h"
#include <limits.h>

#define ODBC_STATEMENTS_MAX 1024 /* of all kinds together */
#define ODBC_CONNECT_MAX    16   /* statements of on_connect */
#define ODBC_ID_MAX         64   /* bytes of a question's id, with NUL */
#define ODBC_FIELDS_MAX     8    /* columns that a statement is read for */

enum odbc_kind {
    ODBC_PEOPLE, /* those that load reads come first, in the order in which it reads them */
    ODBC_ASKING_PEOPLE,
    ODBC_HOMES,
    ODBC_RESIDENCES,
    ODBC_ASKING_RESIDENCES,
    ODBC_AS_OF,
    ODBC_CHANGED,
    ODBC_INVOLVEMENT,
    ODBC_RELATIONSHIP,
    ODBC_QUESTION,
    ODBC_KIND_COUNT
};
#define ODBC_LOADED ODBC_AS_OF /* kinds before this one */

enum odbc_parameter { /* what a `?` stands for */
                      ODBC_PERSON,
                      ODBC_DAY,
                      ODBC_HOUSEHOLD,
                      ODBC_HOME,
                      ODBC_PLACE,
                      ODBC_PLACE_FROM,
                      ODBC_PLACE_UNTIL,
                      ODBC_PARAMETER_COUNT
};
enum odbc_answers { ODBC_ROWS = 1, ODBC_VALUE, ODBC_EVENTS };

struct odbc_statement {
    uint8_t kind;           /* enum odbc_kind */
    uint8_t answers;        /* enum odbc_answers, of a question */
    char id[ODBC_ID_MAX];   /* of a question */
    char label[96];         /* "people", "question lives-at": for reports and the log */
    const char *file, *sql; /* of the configuration, which outlives us */
    unsigned line;
    size_t n_parameters;
    uint8_t parameters[DB_VALUES_MAX]; /* enum odbc_parameter, as the ? stand */
    bool uses[ODBC_PARAMETER_COUNT];
    char columns[ODBC_FIELDS_MAX][DB_NAME_MAX]; /* what the source calls each field of the kind */
};
struct odbc_config {
    char connection[1024], password_file[PATH_MAX], password_key[32];
    size_t n_on_connect;
    const char *on_connect[ODBC_CONNECT_MAX];
    int32_t max_age_days; /* 0: no limit */
    int32_t reload_s;     /* 0: never by itself */
    int32_t as_of_s;      /* how long a date of the data is believed */
    const struct odbc_statement
        *only[ODBC_KIND_COUNT]; /* kinds that stand once; NULL: not configured */
    size_t n_statements;
    struct odbc_statement *statements;
};

/* Fields by number, for each kind in the order of its table. */
enum { PERSON_ID, PERSON_GIVEN, PERSON_FAMILY, PERSON_BORN, PERSON_NHS, PERSON_UPN, PERSON_UNBORN };
enum { HOME_ID, HOME_ADDRESS, HOME_POSTCODE, HOME_SHIELDED };
enum { STAY_PERSON, STAY_HOME, STAY_FROM, STAY_UNTIL };
enum { INVOLVED_SERVICE, INVOLVED_SINCE, INVOLVED_ROUTE, INVOLVED_LEAD };
enum { RELATION_KIND, RELATION_SINCE, RELATION_UNTIL };

struct odbc_field {
    const char *name;
    bool required;
};
/* The fields of a kind; those without names are read by position. Return: how many. */
size_t odbc_fields(uint8_t kind, const struct odbc_field **out);

/* Return: 0, *out set; -EINVAL with errors added to setup->errors; -ENOMEM. */
ALM_MUST_USE int odbc_config_read(const struct alm_setup *setup, struct odbc_config **out);
struct odbc_config *odbc_config_free(struct odbc_config *c);
