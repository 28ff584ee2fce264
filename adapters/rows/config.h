/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - what every backend that keeps rows takes from a configuration: how old rows may be,
 * how often to look, and the questions with their rules. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"
#include "conf/conf.h"
#include "lib/tally.h"
#include "rows/rows.h"
#include <limits.h>

#define ROWS_QUESTIONS_MAX 512
#define ROWS_WORD_MAX      TALLY_WORD_MAX /* bytes of a service, an id or a header, with NUL */

enum rows_rule { /* the first three as they are tallied */
                 RULE_STATE = TALLY_STATE,
                 RULE_WINDOW = TALLY_WINDOW,
                 RULE_EVER = TALLY_EVER,
                 RULE_INVOLVEMENT,
                 RULE_RESIDENCE
};
struct rows_question {
    char id[ROWS_WORD_MAX];
    uint8_t rule; /* enum rows_rule */
    struct tally_words kinds, end_kinds, services;
    int32_t window_days;
};
struct rows_config {
    bool by_file_date;      /* data_as_of = "file" */
    int32_t max_age_days;   /* 0: no limit */
    int32_t reload_s;       /* 0: never by itself */
    int32_t settle_s;       /* a new file must have lain unchanged for so long */
    char rejects[PATH_MAX]; /* "": bad rows are errors of the whole load */
    uint64_t rejects_most;  /* of one load */
    size_t n_questions;
    struct rows_question *questions;
};
void rows_config_deinit(struct rows_config *c);

/* Scalars of a backend's group, as rows of its table of settings: { ROWS_SETTINGS(struct x, y) }.
 */
struct rows_scalars {
    char data_as_of[8], bad_rows[8], rejects[PATH_MAX];
    int64_t max_age_days, reload_s, settle_s, rejects_most;
};
/* clang-format off */
#define ROWS_SETTINGS(outer, member)                                                                \
    { .key = "data_as_of", .type = SETTING_CHOICE, .offset = offsetof(outer, member.data_as_of),    \
      .size = 8, .choices = { "day", "file", "mode" }, .fallback = "mode",                          \
      .help = "up to which day the rows are complete: day (today), file (the oldest file's), mode " \
              "(day in an exercise, else file)" },                                                  \
    { .key = "max_age_days", .type = SETTING_INT, .offset = offsetof(outer, member.max_age_days),   \
      .min = 0, .max = 3650, .fallback = "0",                                                       \
      .help = "days after which the rows are stale; 0: no limit" },                                 \
    { .key = "reload_s", .type = SETTING_INT, .offset = offsetof(outer, member.reload_s),           \
      .min = -1, .max = 86400, .fallback = "-1",                                                    \
      .help = "seconds between looks at the files; 0: only on SIGHUP; -1: 60 live, 0 in an "        \
              "exercise" },                                                                         \
    { .key = "settle_s", .type = SETTING_INT, .offset = offsetof(outer, member.settle_s),           \
      .min = 0, .max = 3600, .fallback = "5",                                                       \
      .help = "seconds that a new file must have lain unchanged before it is taken" },              \
    { .key = "bad_rows", .type = SETTING_CHOICE, .offset = offsetof(outer, member.bad_rows),        \
      .size = 8, .choices = { "refuse", "reject" }, .fallback = "refuse",                           \
      .help = "refuse: a bad row refuses the whole load; reject: it is left out, and what could "   \
              "rest on it is partial" },                                                            \
    { .key = "rejects", .type = SETTING_STRING, .offset = offsetof(outer, member.rejects),          \
      .size = PATH_MAX, .max = 1024, .fallback = "",                                                \
      .help = "the file that names the rejected rows: line and reason, never the content" },        \
    { .key = "rejects_most", .type = SETTING_INT, .offset = offsetof(outer, member.rejects_most),   \
      .min = 1, .max = 100000, .fallback = "100",                                                   \
      .help = "rejected rows of one load; more refuse it" }
/* clang-format on */
/* at: the backend's group, for errors. */
void rows_scalars_take(const struct rows_scalars *v, const struct conf_node *at,
                       const struct alm_setup *setup, struct rows_config *c);
/* A path of the configuration, relative to its folder; "" stays "". */
void rows_path(const char *text, const struct conf_node *at, const struct alm_setup *setup,
               char out[static PATH_MAX]);

/**
 * rows_questions_read() - the list `questions` of a configuration
 * @group: of the backend, for messages
 * @given: which files there are; a rule that needs another one is an error
 * Return: 0, errors added where something is wrong; -ENOMEM.
 */
ALM_MUST_USE int rows_questions_read(const struct alm_setup *setup, const char *group,
                                     const bool given[ROWS_FILE_COUNT], struct rows_config *c);
/* As a configuration calls it: "people"; those of relationships without that word. */
const char *rows_file_key(enum rows_file f);
