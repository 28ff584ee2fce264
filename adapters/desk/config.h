/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - the group `desk` of an adapter's configuration, and the wording of questions. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"
#include "csv/table.h"
#include <limits.h>

#define DESK_QUESTIONS_MAX 512
#define DESK_WORD_MAX      64
#define DESK_WORDING_MAX   512

enum desk_column {
    DESK_ID,
    DESK_GIVEN,
    DESK_FAMILY,
    DESK_BORN,
    DESK_NHS,
    DESK_UPN,
    DESK_UNBORN,
    DESK_ADDRESS,
    DESK_POSTCODE,
    DESK_HOME_FROM,
    DESK_HOME_UNTIL,
    DESK_SINCE,
    DESK_UNTIL,
    DESK_COLUMNS
};
struct desk_question {
    char id[DESK_WORD_MAX], wording[DESK_WORDING_MAX];
};
struct desk_config {
    char people[PATH_MAX], label[256]; /* the list of whom the organisation works with; its name in errors */
    char headers[DESK_COLUMNS][DESK_WORD_MAX];
    struct table table; /* points into the above: never copied */
    char book[PATH_MAX];
    char service[ALM_TEXT_MAX]; /* what who-is-involved tells, unless the answer says another */
    int64_t statement_days;     /* how long "this list is complete" holds */
    int64_t keep_days;          /* of questions that are over */
    int64_t open_most;          /* questions that wait */
    int64_t reload_s;
    char unknown[16]; /* "by-hand": whoever is not on the list is answered when somebody sits at the desk,
                         as the others are; "at-once": by the last statement */
    size_t n_questions;
    struct desk_question *questions;
    bool exercise;
};
/* Return: 0, *out set; -EINVAL with errors added to setup->errors; -ENOMEM. */
ALM_MUST_USE int desk_config_read(const struct alm_setup *setup, struct desk_config **out);
struct desk_config *desk_config_free(struct desk_config *c);
/* What a person reads; the id where the configuration has no wording. */
const char *desk_wording(const struct desk_config *c, const char *id);
