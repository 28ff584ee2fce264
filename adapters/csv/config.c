/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - reads `csv` of an adapter's configuration; every table of columns stands here. */
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
    const struct columns *columns;
    size_t n;
} files[ROWS_FILE_COUNT] = {
    [ROWS_PEOPLE] = { columns_people, ALM_LEN(columns_people) },
    [ROWS_HOMES] = { columns_homes, ALM_LEN(columns_homes) },
    [ROWS_RESIDENCES] = { columns_residences, ALM_LEN(columns_residences) },
    [ROWS_CONTACTS] = { columns_contacts, ALM_LEN(columns_contacts) },
    [ROWS_INVOLVEMENTS] = { columns_involvements, ALM_LEN(columns_involvements) },
    [ROWS_ASKING_PEOPLE] = { columns_people, ALM_LEN(columns_people) },
    [ROWS_ASKING_RESIDENCES] = { columns_residences, ALM_LEN(columns_residences) },
    [ROWS_ASKING_INVOLVEMENTS] = { columns_involvements, ALM_LEN(columns_involvements) },
    [ROWS_ASKING_REFERRALS] = { columns_referrals, ALM_LEN(columns_referrals) },
};
/* clang-format on */
static const char *const keys_csv[] = { "people",       "homes",         "residences", "contacts",
                                        "involvements", "relationships", NULL };
static const char *const keys_asking[] = { "people", "residences", "involvements", "referrals",
                                           NULL };
static const char *const keys_file[] = { "columns", NULL };

struct csv_scalars {
    struct rows_scalars rows;
    char encoding[16], delimiter[4];
    char manifest[PATH_MAX];
};
/* clang-format off: a table, one row a setting */
#define FORM_SETTINGS(outer)                                                                       \
    { .key = "encoding",                                                                           \
      .type = SETTING_CHOICE,                                                                      \
      .offset = offsetof(outer, encoding),                                                         \
      .size = 16,                                                                                  \
      .choices = { DECODE_WORDS },                                                                 \
      .fallback = "utf-8",                                                                         \
      .help = "of the files; a byte-order mark is believed before it" },                           \
    {                                                                                              \
        .key = "delimiter", .type = SETTING_CHOICE, .offset = offsetof(outer, delimiter),          \
        .size = 4, .choices = { ",", ";", "|", "\t" }, .fallback = ",",                            \
        .help = "between two fields"                                                               \
    }
static const struct setting settings_csv[] = {
    ROWS_SETTINGS(struct csv_scalars, rows),
    FORM_SETTINGS(struct csv_scalars),
    { .key = "manifest",
      .type = SETTING_STRING,
      .offset = offsetof(struct csv_scalars, manifest),
      .size = PATH_MAX,
      .max = 1024,
      .fallback = "",
      .help = "a CSV file (file,rows) that says how many rows each file has" },
};
struct csv_file_scalars {
    char file[PATH_MAX], encoding[16], delimiter[4], trailer[CSV_WORD_MAX];
    int64_t expected_least;
};
static const struct setting settings_file[] = {
    { .key = "file",
      .type = SETTING_STRING,
      .offset = offsetof(struct csv_file_scalars, file),
      .size = PATH_MAX,
      .min = 1,
      .max = 1024,
      .help = "path of the CSV file" },
    FORM_SETTINGS(struct csv_file_scalars),
    { .key = "expected_least",
      .type = SETTING_INT,
      .offset = offsetof(struct csv_file_scalars, expected_least),
      .min = 0,
      .max = INT32_MAX,
      .fallback = "0",
      .help = "fewer rows than this, and the file is cut off: it is not taken" },
    { .key = "trailer",
      .type = SETTING_STRING,
      .offset = offsetof(struct csv_file_scalars, trailer),
      .size = CSV_WORD_MAX,
      .max = CSV_WORD_MAX - 1,
      .fallback = "",
      .help = "what the last row begins with; its second field is the number of rows before it" },
};
/* clang-format on */

static void source_columns(enum rows_file f, const struct conf_node *columns, struct conf_errors *e,
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

/* all: of the group csv, for what this file does not say itself */
static void source_form(const struct conf_node *group, const struct csv_scalars *all,
                        const struct csv_file_scalars *v, struct csv_source *s)
{
    s->table.encoding = encoding_of(conf_child(group, "encoding") ? v->encoding : all->encoding);
    s->table.delimiter = conf_child(group, "delimiter") ? v->delimiter[0] : all->delimiter[0];
    s->table.rows_least = (uint64_t)v->expected_least;
    memcpy(s->trailer, v->trailer, sizeof(s->trailer));
    s->table.trailer = s->trailer;
}

static void source_read(enum rows_file f, const struct conf_node *group,
                        const struct alm_setup *setup, const struct csv_scalars *all,
                        struct csv_source *s)
{
    struct csv_file_scalars v = { 0 };
    const struct conf_node *columns;

    if (conf_type_of(group) != CONF_GROUP) {
        conf_fail(setup->errors, group, "%s is a group: { file = \"...\"; }", rows_file_key(f));
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
    source_form(group, all, &v, s);
    rows_path(v.file, group, setup, s->path);
    (void)snprintf(s->label, sizeof(s->label), "%.255s", s->path);
    s->table.path = s->path;
    s->table.label = s->label;
    s->given = true;
}

static void sources_read(const struct conf_node *csv, const struct alm_setup *setup,
                         const struct csv_scalars *all, struct csv_config *c)
{
    const struct conf_node *asking = conf_child(csv, "relationships");

    if (asking && conf_type_of(asking) != CONF_GROUP) {
        conf_fail(setup->errors, asking, "relationships is a group of files");
        asking = NULL;
    }
    if (asking)
        conf_only(asking, setup->errors, keys_asking);
    for (int i = 0; i < ROWS_FILE_COUNT; i++) {
        enum rows_file f = (enum rows_file)i;
        const struct conf_node *group = f >= ROWS_ASKING_PEOPLE ? asking : csv;
        const struct conf_node *n = group ? conf_child(group, rows_file_key(f)) : NULL;

        if (n)
            source_read(f, n, setup, all, &c->files[f]);
        else if (f == ROWS_PEOPLE)
            conf_fail(setup->errors, csv,
                      "csv needs people = { file = \"...\"; }: without it nobody is known");
    }
}

static int csv_config_fill(const struct alm_setup *setup, struct csv_config *c)
{
    const struct conf_node *csv = conf_child(setup->root, "csv");
    bool given[ROWS_FILE_COUNT];
    struct csv_scalars v = { 0 };

    if (!csv || conf_type_of(csv) != CONF_GROUP) {
        conf_fail(setup->errors, csv ? csv : setup->root,
                  "backend = \"csv\" needs a group csv = { people = { file = \"...\"; }; }");
        return 0;
    }
    settings_read(settings_csv, ALM_LEN(settings_csv), csv, keys_csv, setup->errors, &v);
    rows_scalars_take(&v.rows, csv, setup, &c->rows);
    rows_path(v.manifest, csv, setup, c->manifest);
    sources_read(csv, setup, &v, c);
    for (int f = 0; f < ROWS_FILE_COUNT; f++)
        given[f] = c->files[f].given;
    return rows_questions_read(setup, "csv", given, &c->rows);
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
        rows_config_deinit(&c->rows);
    free(c);
    return NULL;
}
