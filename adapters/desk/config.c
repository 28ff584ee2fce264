/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - reads the group `desk` and `questions`. */
#include "desk/config.h"

#include "base/bytes.h"
#include "conf/conf.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    bool required;
} columns[DESK_COLUMNS] = {
    [DESK_ID] = { "person_id", true },
    [DESK_GIVEN] = { "given_name", true },
    [DESK_FAMILY] = { "family_name", true },
    [DESK_BORN] = { "date_of_birth", true },
    [DESK_NHS] = { "nhs_number", false },
    [DESK_UPN] = { "upn", false },
    [DESK_UNBORN] = { "unborn", false },
    [DESK_ADDRESS] = { "address_line", false },
    [DESK_POSTCODE] = { "postcode", false },
    [DESK_HOME_FROM] = { "home_from", false },
    [DESK_HOME_UNTIL] = { "home_until", false },
    [DESK_SINCE] = { "start_date", false },
    [DESK_UNTIL] = { "end_date", false },
};

static const struct setting settings_desk[] = {
    { .key = "book",
      .type = SETTING_STRING,
      .offset = offsetof(struct desk_config, book),
      .size = PATH_MAX,
      .min = 1,
      .max = PATH_MAX - 1,
      .help = "folder for questions, answers and statements" },
    { .key = "service",
      .type = SETTING_STRING,
      .offset = offsetof(struct desk_config, service),
      .size = ALM_TEXT_MAX,
      .min = 0,
      .max = ALM_TEXT_MAX - 1,
      .fallback = "",
      .help = "what who-is-involved tells of us" },
    { .key = "statement_days",
      .type = SETTING_INT,
      .offset = offsetof(struct desk_config, statement_days),
      .min = 1,
      .max = 31,
      .fallback = "7",
      .help = "days for which the statement that the list is complete holds" },
    { .key = "keep_days",
      .type = SETTING_INT,
      .offset = offsetof(struct desk_config, keep_days),
      .min = 1,
      .max = 3650,
      .fallback = "365",
      .help = "days for which questions that are over are kept" },
    { .key = "unknown",
      .type = SETTING_CHOICE,
      .offset = offsetof(struct desk_config, unknown),
      .size = sizeof(((struct desk_config *)NULL)->unknown),
      .choices = { "by-hand", "at-once" },
      .fallback = "by-hand",
      .help = "when questions about people who are not on the list are answered" },
    { .key = "open_most",
      .type = SETTING_INT,
      .offset = offsetof(struct desk_config, open_most),
      .min = 1,
      .max = 1000,
      .fallback = "400",
      .help = "questions that may wait; more are answered cannot say" },
    { .key = "reload_s",
      .type = SETTING_INT,
      .offset = offsetof(struct desk_config, reload_s),
      .min = 0,
      .max = 86400,
      .fallback = "10",
      .help = "seconds between two looks whether the list has changed; 0: only on SIGHUP" },
};

static const struct setting settings_people[] = {
    { .key = "file",
      .type = SETTING_STRING,
      .offset = 0,
      .size = PATH_MAX,
      .min = 1,
      .max = PATH_MAX - 1,
      .help = "the list of whom the organisation works with, CSV" },
};

static const struct setting settings_question[] = {
    { .key = "id",
      .type = SETTING_STRING,
      .offset = offsetof(struct desk_question, id),
      .size = DESK_WORD_MAX,
      .min = 1,
      .max = DESK_WORD_MAX - 1,
      .help = "of the catalogue" },
    { .key = "wording",
      .type = SETTING_STRING,
      .offset = offsetof(struct desk_question, wording),
      .size = DESK_WORDING_MAX,
      .min = 1,
      .max = DESK_WORDING_MAX - 1,
      .help = "the question as a person reads it" },
};

static void column_read(const struct conf_node *given, struct conf_errors *e, size_t i,
                        struct desk_config *c)
{
    const struct conf_node *n = given ? conf_child(given, columns[i].name) : NULL;
    const char *header = columns[i].name;

    if (n && conf_string(n, e, &header) &&
        (!*header || strlen(header) >= DESK_WORD_MAX)) {
        conf_fail(e, n, "a header of 1 to %d bytes", DESK_WORD_MAX - 1);
        header = columns[i].name;
    }
    if (text_copy(c->headers[i], DESK_WORD_MAX, header) != 0)
        c->headers[i][0] = '\0';
    c->table.columns[i] =
        (struct table_column){ columns[i].name, columns[i].required, c->headers[i] };
}

static void people_read(const struct conf_node *desk, const struct alm_setup *setup,
                        struct desk_config *c)
{
    static const char *const also[] = { "columns", NULL };
    const struct conf_node *people = conf_child(desk, "people"), *given;
    const char *known[DESK_COLUMNS + 1] = { 0 };

    if (!people || conf_type_of(people) != CONF_GROUP) {
        conf_fail(setup->errors, people ? people : desk,
                  "desk needs people = { file = \"...\"; }: without it nobody is known");
        return;
    }
    settings_read(settings_people, ALM_LEN(settings_people), people, also, setup->errors, c->people);
    given = conf_child(people, "columns");
    if (given && conf_type_of(given) != CONF_GROUP) {
        conf_fail(setup->errors, given, "columns is a group: { %s = \"...\"; }", columns[0].name);
        given = NULL;
    }
    for (size_t i = 0; i < DESK_COLUMNS; i++) {
        column_read(given, setup->errors, i, c);
        known[i] = columns[i].name;
    }
    if (given)
        conf_only(given, setup->errors, known);
    conf_path_absolute(people, setup->errors, setup->dir, c->people, PATH_MAX);
    (void)snprintf(c->label, sizeof(c->label), "%.255s", c->people);
    c->table.path = c->people;
    c->table.label = c->label;
    c->table.n_columns = DESK_COLUMNS;
}

static int questions_read(const struct alm_setup *setup, struct desk_config *c)
{
    const struct conf_node *list = conf_child(setup->root, "questions");

    if (!list)
        return 0;
    if (conf_type_of(list) != CONF_LIST || conf_len(list) > DESK_QUESTIONS_MAX) {
        conf_fail(setup->errors, list, "questions is a list of at most %d groups",
                  DESK_QUESTIONS_MAX);
        return 0;
    }
    c->questions = calloc(conf_len(list) + 1, sizeof(*c->questions));
    if (!c->questions)
        return -ENOMEM;
    for (size_t i = 0; i < conf_len(list); i++) {
        struct desk_question *q = &c->questions[c->n_questions];

        if (conf_type_of(conf_at(list, i)) != CONF_GROUP) {
            conf_fail(setup->errors, conf_at(list, i),
                      "a question is a group: { id = \"...\"; wording = \"...\"; }");
            continue;
        }
        settings_read(settings_question, ALM_LEN(settings_question), conf_at(list, i), NULL,
                      setup->errors, q);
        if (q->id[0] && strcmp(desk_wording(c, q->id), q->id) != 0)
            conf_fail(setup->errors, conf_at(list, i), "this question is configured twice");
        c->n_questions++;
    }
    return 0;
}

static int desk_config_fill(const struct alm_setup *setup, struct desk_config *c)
{
    static const char *const also[] = { "people", NULL };
    const struct conf_node *desk = conf_child(setup->root, "desk");

    if (!desk || conf_type_of(desk) != CONF_GROUP) {
        conf_fail(setup->errors, desk ? desk : setup->root,
                  "backend = \"desk\" needs a group desk = { people = { file = \"...\"; }; book = "
                  "\"...\"; }");
        return 0;
    }
    c->exercise = setup->exercise;
    settings_read(settings_desk, ALM_LEN(settings_desk), desk, also, setup->errors, c);
    conf_path_absolute(desk, setup->errors, setup->dir, c->book, PATH_MAX);
    people_read(desk, setup, c);
    return questions_read(setup, c);
}

int desk_config_read(const struct alm_setup *setup, struct desk_config **out)
{
    struct desk_config *c = calloc(1, sizeof(*c));
    size_t before = conf_errors_count(setup->errors);
    int r;

    if (!c)
        return -ENOMEM;
    r = desk_config_fill(setup, c);
    if (r == 0 && conf_errors_count(setup->errors) > before)
        r = -EINVAL;
    if (r != 0) {
        desk_config_free(c);
        return r;
    }
    *out = c;
    return 0;
}

struct desk_config *desk_config_free(struct desk_config *c)
{
    if (c)
        free(c->questions);
    free(c);
    return NULL;
}

const char *desk_wording(const struct desk_config *c, const char *id)
{
    for (size_t i = 0; i < c->n_questions; i++) {
        if (strcmp(c->questions[i].id, id) == 0)
            return c->questions[i].wording;
    }
    return id;
}
