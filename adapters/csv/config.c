/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - reads `csv` and `questions` of an adapter's configuration; every table of columns
 * stands here. */
#include "csv/config.h"

#include "base/bytes.h"
#include "conf/conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct columns {
    const char *name;
    bool required;
};
/* clang-format off: a table, one row a line */
static const struct columns columns_people[] = {
    { "person_id", true },     { "given_name", true },  { "family_name", true },
    { "date_of_birth", true }, { "nhs_number", false }, { "upn", false },
    { "unborn", false },
};
static const struct columns columns_homes[] = {
    { "household_id", true },
    { "address_line", true },
    { "postcode", true },
    { "shielded_from", false },
};
static const struct columns columns_residences[] = {
    { "person_id", true },
    { "household_id", true },
    { "from_date", true },
    { "to_date", true },
};
static const struct columns columns_contacts[] = {
    { "contact_id", false }, { "person_id", true }, { "household_id", true },
    { "date", true },        { "kind", true },
};
static const struct columns columns_involvements[] = {
    { "involvement_id", false },    { "person_id", true }, { "service", false },
    { "start_date", true },         { "end_date", true },  { "contact_route", false },
    { "lead_professional", false },
};
static const struct columns columns_referrals[] = {
    { "referral_id", false }, { "person_id", true }, { "household_id", true },
    { "sent_date", true },    { "decision", false }, { "decided_date", false },
    { "closed_date", false },
};

static const struct {
    const char *key;
    const struct columns *columns;
    size_t n;
    bool asking; /* in the group relationships */
} files[CSV_FILE_COUNT] = {
    [CSV_PEOPLE] = { "people", columns_people, ALM_LEN(columns_people), false },
    [CSV_HOMES] = { "homes", columns_homes, ALM_LEN(columns_homes), false },
    [CSV_RESIDENCES] = { "residences", columns_residences, ALM_LEN(columns_residences), false },
    [CSV_CONTACTS] = { "contacts", columns_contacts, ALM_LEN(columns_contacts), false },
    [CSV_INVOLVEMENTS] = { "involvements", columns_involvements, ALM_LEN(columns_involvements),
                           false },
    [CSV_ASKING_PEOPLE] = { "people", columns_people, ALM_LEN(columns_people), true },
    [CSV_ASKING_RESIDENCES] = { "residences", columns_residences, ALM_LEN(columns_residences),
                                true },
    [CSV_ASKING_INVOLVEMENTS] = { "involvements", columns_involvements,
                                  ALM_LEN(columns_involvements), true },
    [CSV_ASKING_REFERRALS] = { "referrals", columns_referrals, ALM_LEN(columns_referrals), true },
};
/* clang-format on */
static const char *const keys_csv[] = { "people",       "homes",         "residences", "contacts",
                                        "involvements", "relationships", NULL };
static const char *const keys_asking[] = { "people", "residences", "involvements", "referrals",
                                           NULL };
static const char *const keys_file[] = { "columns", NULL };

struct csv_scalars {
    char data_as_of[8];
    int64_t max_age_days, reload_s;
};
static const struct setting settings_csv[] = {
    { .key = "data_as_of",
      .type = SETTING_CHOICE,
      .offset = offsetof(struct csv_scalars, data_as_of),
      .size = 8,
      .choices = { "day", "file", "mode" },
      .fallback = "mode",
      .help = "up to which day the rows are complete: day (today), file (the oldest file's), mode "
              "(day in an exercise, else file)" },
    { .key = "max_age_days",
      .type = SETTING_INT,
      .offset = offsetof(struct csv_scalars, max_age_days),
      .min = 0,
      .max = 3650,
      .fallback = "0",
      .help = "days after which the rows are stale; 0: no limit" },
    { .key = "reload_s",
      .type = SETTING_INT,
      .offset = offsetof(struct csv_scalars, reload_s),
      .min = -1,
      .max = 86400,
      .fallback = "-1",
      .help =
          "seconds between looks at the files; 0: only on SIGHUP; -1: 60 live, 0 in an exercise" },
};
struct csv_file_scalars {
    char file[PATH_MAX];
};
static const struct setting settings_file[] = {
    { .key = "file",
      .type = SETTING_STRING,
      .offset = offsetof(struct csv_file_scalars, file),
      .size = PATH_MAX,
      .min = 1,
      .max = 1024,
      .help = "path of the CSV file" },
};
struct question_scalars {
    char id[CSV_WORD_MAX], rule[CSV_WORD_MAX];
    int64_t window_days;
};
static const struct setting settings_question[] = {
    { .key = "id",
      .type = SETTING_STRING,
      .offset = offsetof(struct question_scalars, id),
      .size = CSV_WORD_MAX,
      .min = 1,
      .max = CSV_WORD_MAX - 1,
      .help = "the catalogue's id" },
    { .key = "rule",
      .type = SETTING_CHOICE,
      .offset = offsetof(struct question_scalars, rule),
      .size = CSV_WORD_MAX,
      .choices = { "state", "window", "ever", "involvement", "residence" },
      .help = "how the rows answer it" },
    { .key = "window_days",
      .type = SETTING_INT,
      .offset = offsetof(struct question_scalars, window_days),
      .min = -1,
      .max = 36500,
      .fallback = "-1",
      .help = "days back, rule window" },
};
static const char *const keys_question[] = { "kinds", "end_kinds", "services", NULL };

/* Which lists and numbers each rule takes: one that it does not take is an error, not ignored. */
static const struct {
    const char *word;
    bool kinds, end_kinds, window, services_allowed;
    enum csv_file needs;
} rules[] = {
    [CSV_STATE] = { "state", true, true, false, false, CSV_CONTACTS },
    [CSV_WINDOW] = { "window", true, false, true, false, CSV_CONTACTS },
    [CSV_EVER] = { "ever", true, false, false, false, CSV_CONTACTS },
    [CSV_INVOLVEMENT] = { "involvement", false, false, false, true, CSV_INVOLVEMENTS },
    [CSV_RESIDENCE] = { "residence", false, false, false, false, CSV_RESIDENCES },
};

static void source_columns(enum csv_file f, const struct conf_node *columns, struct conf_errors *e,
                           struct csv_source *s)
{
    const char *known[TABLE_COLUMNS_MAX + 1] = { 0 };

    for (size_t i = 0; i < files[f].n; i++) {
        const struct conf_node *n = columns ? conf_child(columns, files[f].columns[i].name) : NULL;
        const char *header = files[f].columns[i].name;

        known[i] = header;
        if (n && conf_string(n, e, &header) && (!*header || strlen(header) >= CSV_WORD_MAX))
            conf_fail(e, n, "a column's name has 1 to %d bytes", CSV_WORD_MAX - 1);
        if (text_copy(s->headers[i], CSV_WORD_MAX, header) != 0)
            continue;
        s->table.columns[i] = (struct table_column){ files[f].columns[i].name,
                                                     files[f].columns[i].required, s->headers[i] };
    }
    s->table.n_columns = files[f].n;
    if (columns)
        conf_only(columns, e, known);
}

static void source_read(enum csv_file f, const struct conf_node *group,
                        const struct alm_setup *setup, struct csv_source *s)
{
    struct csv_file_scalars v = { 0 };
    const struct conf_node *columns;
    int n;

    if (conf_type_of(group) != CONF_GROUP) {
        conf_fail(setup->errors, group, "%s is a group: { file = \"...\"; }", files[f].key);
        return;
    }
    settings_read(settings_file, ALM_LEN(settings_file), group, keys_file, setup->errors, &v);
    columns = conf_child(group, "columns");
    if (columns && conf_type_of(columns) != CONF_GROUP) {
        conf_fail(setup->errors, columns, "columns is a group: { %s = \"...\"; }",
                  files[f].columns[0].name);
        columns = NULL;
    }
    source_columns(f, columns, setup->errors, s);
    n = snprintf(s->path, sizeof(s->path), "%s%s%s", v.file[0] == '/' ? "" : setup->dir,
                 v.file[0] == '/' ? "" : "/", v.file);
    if (n < 0 || (size_t)n >= sizeof(s->path))
        conf_fail(setup->errors, group, "the path is too long");
    (void)snprintf(s->label, sizeof(s->label), "%.255s", s->path);
    s->table.path = s->path;
    s->table.label = s->label;
    s->given = true;
}

static void sources_read(const struct conf_node *csv, const struct alm_setup *setup,
                         struct csv_config *c)
{
    const struct conf_node *asking = conf_child(csv, "relationships");

    if (asking && conf_type_of(asking) != CONF_GROUP) {
        conf_fail(setup->errors, asking, "relationships is a group of files");
        asking = NULL;
    }
    if (asking)
        conf_only(asking, setup->errors, keys_asking);
    for (int f = 0; f < CSV_FILE_COUNT; f++) {
        const struct conf_node *group = files[f].asking ? asking : csv;
        const struct conf_node *n = group ? conf_child(group, files[f].key) : NULL;

        if (n)
            source_read((enum csv_file)f, n, setup, &c->files[f]);
        else if (f == CSV_PEOPLE)
            conf_fail(setup->errors, csv,
                      "csv needs people = { file = \"...\"; }: without it nobody is known");
    }
}

static void words_read(const struct conf_node *list, struct conf_errors *e, struct tally_words *out)
{
    if (!list)
        return;
    if (conf_type_of(list) != CONF_LIST || conf_len(list) > TALLY_KINDS_MAX) {
        conf_fail(e, list, "%s is a list of at most %d texts", conf_name(list), TALLY_KINDS_MAX);
        return;
    }
    for (size_t i = 0; i < conf_len(list); i++) {
        const char *word = NULL;

        if (!conf_string(conf_at(list, i), e, &word))
            continue;
        if (tally_words_add(out, word) != 0)
            conf_fail(e, conf_at(list, i), "a text of 1 to %d bytes", TALLY_WORD_MAX - 1);
    }
}

static void takes(bool allowed, bool needed, bool given, const char *key,
                  const struct conf_node *at, struct conf_errors *e)
{
    if (given && !allowed)
        conf_fail(e, at, "this rule takes no %s", key);
    if (needed && !given)
        conf_fail(e, at, "this rule needs %s", key);
}

static void question_check(const struct csv_question *q, int64_t window_days,
                           const struct csv_config *c, const struct conf_node *at,
                           struct conf_errors *e)
{
    takes(rules[q->rule].kinds, rules[q->rule].kinds, q->kinds.n > 0, "kinds", at, e);
    takes(rules[q->rule].end_kinds, rules[q->rule].end_kinds, q->end_kinds.n > 0, "end_kinds", at,
          e);
    takes(rules[q->rule].window, rules[q->rule].window, window_days >= 0, "window_days", at, e);
    takes(rules[q->rule].services_allowed, false, q->services.n > 0, "services", at, e);
    if (!c->files[rules[q->rule].needs].given)
        conf_fail(e, at, "rule %s needs csv.%s", rules[q->rule].word,
                  files[rules[q->rule].needs].key);
}

static void question_read(const struct conf_node *n, struct conf_errors *e, struct csv_config *c)
{
    struct question_scalars v = { 0 };
    struct csv_question *q = &c->questions[c->n_questions];

    if (conf_type_of(n) != CONF_GROUP) {
        conf_fail(e, n, "a question is a group: { id = \"...\"; rule = \"...\"; }");
        return;
    }
    settings_read(settings_question, ALM_LEN(settings_question), n, keys_question, e, &v);
    for (uint8_t r = CSV_STATE; r <= CSV_RESIDENCE; r++)
        q->rule = strcmp(v.rule, rules[r].word) == 0 ? r : q->rule;
    if (!q->rule || !v.id[0])
        return; /* told already */
    memcpy(q->id, v.id, sizeof(q->id));
    q->window_days = (int32_t)v.window_days;
    words_read(conf_child(n, "kinds"), e, &q->kinds);
    words_read(conf_child(n, "end_kinds"), e, &q->end_kinds);
    words_read(conf_child(n, "services"), e, &q->services);
    question_check(q, v.window_days, c, n, e);
    for (size_t i = 0; i < c->n_questions; i++) {
        if (strcmp(c->questions[i].id, q->id) == 0)
            conf_fail(e, n, "this question is configured twice");
    }
    c->n_questions++;
}

static int questions_read(const struct conf_node *root, struct conf_errors *e, struct csv_config *c)
{
    const struct conf_node *list = conf_child(root, "questions");

    if (!list)
        return 0;
    if (conf_type_of(list) != CONF_LIST || conf_len(list) > CSV_QUESTIONS_MAX) {
        conf_fail(e, list, "questions is a list of at most %d groups", CSV_QUESTIONS_MAX);
        return 0;
    }
    c->questions = calloc(conf_len(list) + 1, sizeof(*c->questions));
    if (!c->questions)
        return -ENOMEM;
    for (size_t i = 0; i < conf_len(list); i++)
        question_read(conf_at(list, i), e, c);
    return 0;
}

static int csv_config_fill(const struct alm_setup *setup, struct csv_config *c)
{
    const struct conf_node *csv = conf_child(setup->root, "csv");
    struct csv_scalars v = { 0 };

    if (!csv || conf_type_of(csv) != CONF_GROUP) {
        conf_fail(setup->errors, csv ? csv : setup->root,
                  "backend = \"csv\" needs a group csv = { people = { file = \"...\"; }; }");
        return 0;
    }
    settings_read(settings_csv, ALM_LEN(settings_csv), csv, keys_csv, setup->errors, &v);
    c->by_file_date = strcmp(v.data_as_of, "file") == 0 ||
                      (strcmp(v.data_as_of, "mode") == 0 && !setup->exercise);
    c->max_age_days = (int32_t)v.max_age_days;
    c->reload_s = v.reload_s >= 0 ? (int32_t)v.reload_s : setup->exercise ? 0 : 60;
    sources_read(csv, setup, c);
    return questions_read(setup->root, setup->errors, c);
}

int csv_config_read(const struct alm_setup *setup, struct csv_config **out)
{
    struct csv_config *c = calloc(1, sizeof(*c));
    size_t before = conf_errors_count(setup->errors);
    int r;

    if (!c)
        return -ENOMEM;
    r = csv_config_fill(setup, c);
    if (r == 0 && conf_errors_count(setup->errors) > before)
        r = -EINVAL;
    if (r != 0) {
        csv_config_free(c);
        return r;
    }
    *out = c;
    return 0;
}

struct csv_config *csv_config_free(struct csv_config *c)
{
    if (c)
        free(c->questions);
    free(c);
    return NULL;
}
