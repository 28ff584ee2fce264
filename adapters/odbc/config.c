/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - reads `odbc` and `questions` of an adapter's configuration; every table of fields and
 * parameters stands here. */
#include "odbc/config.h"

#include "base/bytes.h"
#include "conf/conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* clang-format off: tables, one row a line */
static const struct odbc_field fields_people[] = {
    { "person_id", true },     { "given_name", true },  { "family_name", true },
    { "date_of_birth", true }, { "nhs_number", false }, { "upn", false },
    { "unborn", false },
};
static const struct odbc_field fields_homes[] = {
    { "household_id", true },
    { "address_line", true },
    { "postcode", true },
    { "shielded_from", false },
};
static const struct odbc_field fields_residences[] = {
    { "person_id", true },
    { "household_id", true },
    { "from_date", true },
    { "to_date", true },
};
static const struct odbc_field fields_involvement[] = {
    { "service", false },
    { "start_date", true },
    { "contact_route", false },
    { "lead_professional", false },
};
static const struct odbc_field fields_relationship[] = {
    { "kind", true },
    { "since", true },
    { "until", false },
};
#define BIT(p) (1u << (p))
#define ASKED                                                                                      \
    (BIT(ODBC_PERSON) | BIT(ODBC_DAY) | BIT(ODBC_PLACE) | BIT(ODBC_PLACE_FROM) |                   \
     BIT(ODBC_PLACE_UNTIL))
static const struct {
    const char *key;
    const struct odbc_field *fields;
    size_t n_fields;
    unsigned takes; /* parameters, as bits */
    bool asking;    /* in the group relationships */
} kinds[ODBC_KIND_COUNT] = {
    [ODBC_PEOPLE] = { "people", fields_people, ALM_LEN(fields_people), 0, false },
    [ODBC_ASKING_PEOPLE] = { "people", fields_people, ALM_LEN(fields_people), 0, true },
    [ODBC_HOMES] = { "homes", fields_homes, ALM_LEN(fields_homes), 0, false },
    [ODBC_RESIDENCES] = { "residences", fields_residences, ALM_LEN(fields_residences), 0, false },
    [ODBC_ASKING_RESIDENCES] = { "residences", fields_residences, ALM_LEN(fields_residences), 0,
                                 true },
    [ODBC_AS_OF] = { "as_of", NULL, 0, 0, false },
    [ODBC_CHANGED] = { "changed", NULL, 0, 0, false },
    [ODBC_INVOLVEMENT] = { "involvement", fields_involvement, ALM_LEN(fields_involvement),
                           BIT(ODBC_PERSON) | BIT(ODBC_DAY), false },
    [ODBC_RELATIONSHIP] = { "statements", fields_relationship, ALM_LEN(fields_relationship), ASKED,
                            true },
    [ODBC_QUESTION] = { "question", NULL, 0, ASKED | BIT(ODBC_HOUSEHOLD) | BIT(ODBC_HOME), false },
};
static const char *const parameters[ODBC_PARAMETER_COUNT] = {
    [ODBC_PERSON] = "person",
    [ODBC_DAY] = "as_of",
    [ODBC_HOUSEHOLD] = "household",
    [ODBC_HOME] = "home",
    [ODBC_PLACE] = "place",
    [ODBC_PLACE_FROM] = "place_from",
    [ODBC_PLACE_UNTIL] = "place_until",
};
/* clang-format on */
static const char *const keys_odbc[] = { "on_connect",  "people",        "homes",
                                         "residences",  "as_of",         "changed",
                                         "involvement", "relationships", NULL };
static const char *const keys_asking[] = { "people", "residences", "statements", NULL };
static const char *const keys_statement[] = { "sql", "columns", NULL };
static const char *const keys_put[] = { "sql", "columns", "parameters", NULL };
static const char *const keys_question[] = { "sql", "parameters", NULL };

struct odbc_scalars {
    char connection[1024], password_file[PATH_MAX], password_key[32];
    int64_t max_age_days, reload_s, as_of_s;
};
static const struct setting settings_odbc[] = {
    { .key = "connection",
      .type = SETTING_STRING,
      .offset = offsetof(struct odbc_scalars, connection),
      .size = 1024,
      .min = 1,
      .max = 1023,
      .help = "a data source's name, or a driver connection string, without the password" },
    { .key = "password_file",
      .type = SETTING_STRING,
      .offset = offsetof(struct odbc_scalars, password_file),
      .size = PATH_MAX,
      .max = 1024,
      .fallback = "",
      .help = "a private file (0600) that holds the password; none: the driver's own means" },
    { .key = "password_key",
      .type = SETTING_STRING,
      .offset = offsetof(struct odbc_scalars, password_key),
      .size = 32,
      .min = 1,
      .max = 31,
      .fallback = "PWD",
      .help = "what the driver calls the password in a connection string" },
    { .key = "max_age_days",
      .type = SETTING_INT,
      .offset = offsetof(struct odbc_scalars, max_age_days),
      .min = 0,
      .max = 3650,
      .fallback = "0",
      .help = "days after which the data are stale, by as_of; 0: no limit" },
    { .key = "as_of_s",
      .type = SETTING_INT,
      .offset = offsetof(struct odbc_scalars, as_of_s),
      .min = 0,
      .max = 86400,
      .fallback = "30",
      .help = "seconds for which a date that as_of gave is believed; 0: asked for each answer" },
    { .key = "reload_s",
      .type = SETTING_INT,
      .offset = offsetof(struct odbc_scalars, reload_s),
      .min = -1,
      .max = 86400,
      .fallback = "-1",
      .help =
          "seconds between looks for changes; 0: only on SIGHUP; -1: 600 live, 0 in an exercise" },
};
struct question_scalars {
    char id[ODBC_ID_MAX], answers[ODBC_ID_MAX];
};
static const struct setting settings_question[] = {
    { .key = "id",
      .type = SETTING_STRING,
      .offset = offsetof(struct question_scalars, id),
      .size = ODBC_ID_MAX,
      .min = 1,
      .max = ODBC_ID_MAX - 1,
      .help = "the catalogue's id" },
    { .key = "answers",
      .type = SETTING_CHOICE,
      .offset = offsetof(struct question_scalars, answers),
      .size = ODBC_ID_MAX,
      .choices = { "rows", "value", "events" },
      .help = "what the statement's result means" },
};
static const char *const answers_words[] = {
    [ODBC_ROWS] = "rows", [ODBC_VALUE] = "value", [ODBC_EVENTS] = "events"
};

size_t odbc_fields(uint8_t kind, const struct odbc_field **out)
{
    *out = kinds[kind].fields;
    return kinds[kind].n_fields;
}

/* Room for one more statement, with its place in the configuration. */
static struct odbc_statement *statement_new(struct odbc_config *c, uint8_t kind,
                                            const struct conf_node *at, struct conf_errors *e)
{
    struct odbc_statement *s;

    if (c->n_statements == ODBC_STATEMENTS_MAX) {
        conf_fail(e, at, "at most %d statements", ODBC_STATEMENTS_MAX);
        return NULL;
    }
    s = &c->statements[c->n_statements++];
    s->kind = kind;
    s->file = conf_file(at);
    s->line = conf_line(at);
    (void)snprintf(s->label, sizeof(s->label), "%s%s", kinds[kind].asking ? "relationships." : "",
                   kinds[kind].key);
    return s;
}

static void sql_read(const struct conf_node *at, const struct conf_node *text,
                     struct conf_errors *e, struct odbc_statement *s)
{
    const char *sql = NULL;

    if (!text)
        conf_fail(e, at, "needs sql = \"SELECT ...\";");
    else if (conf_string(text, e, &sql) && !*sql)
        conf_fail(e, text, "sql is empty");
    s->sql = sql ? sql : "";
}

static void columns_read(const struct conf_node *group, struct conf_errors *e,
                         struct odbc_statement *s)
{
    const struct conf_node *columns = conf_child(group, "columns");
    const char *known[ODBC_FIELDS_MAX + 1] = { 0 };

    if (columns && conf_type_of(columns) != CONF_GROUP) {
        conf_fail(e, columns, "columns is a group: { %s = \"...\"; }",
                  kinds[s->kind].fields[0].name);
        columns = NULL;
    }
    for (size_t i = 0; i < kinds[s->kind].n_fields; i++) {
        const struct conf_node *n =
            columns ? conf_child(columns, kinds[s->kind].fields[i].name) : NULL;
        const char *name = kinds[s->kind].fields[i].name;

        known[i] = name;
        if (n && !conf_string(n, e, &name))
            continue;
        if (!*name || text_copy(s->columns[i], DB_NAME_MAX, name) != 0)
            conf_fail(e, n, "a column's name has 1 to %d bytes", DB_NAME_MAX - 1);
    }
    if (columns)
        conf_only(columns, e, known);
}

static void parameter_add(const struct conf_node *n, struct conf_errors *e,
                          struct odbc_statement *s)
{
    const char *word = NULL;

    if (!conf_string(n, e, &word))
        return;
    for (uint8_t p = 0; p < ODBC_PARAMETER_COUNT; p++) {
        if (strcmp(word, parameters[p]) != 0)
            continue;
        if (!(kinds[s->kind].takes & BIT(p)))
            conf_fail(e, n, "%s takes no parameter %s", s->label, word);
        s->parameters[s->n_parameters++] = p;
        s->uses[p] = true;
        return;
    }
    conf_fail(e, n,
              "no such parameter; known are person, as_of, household, home, place, place_from, "
              "place_until");
}

/* A statement about nobody gives everybody the same answer. */
static void subject_check(const struct conf_node *at, struct conf_errors *e,
                          const struct odbc_statement *s)
{
    bool person = s->uses[ODBC_PERSON] || s->uses[ODBC_PLACE];

    if (!person && !s->uses[ODBC_HOUSEHOLD])
        conf_fail(e, at, "%s: parameters name nobody; add person%s", s->label,
                  s->kind == ODBC_QUESTION ? ", place or household" : "");
    if (person && s->uses[ODBC_HOUSEHOLD])
        conf_fail(e, at, "%s: is about a person or a household; write a statement for each",
                  s->label);
    if ((s->uses[ODBC_PLACE_FROM] || s->uses[ODBC_PLACE_UNTIL]) && !s->uses[ODBC_PLACE])
        conf_fail(e, at, "%s: place_from and place_until go with place", s->label);
}

static void parameters_read(const struct conf_node *group, struct conf_errors *e,
                            struct odbc_statement *s)
{
    const struct conf_node *list = conf_child(group, "parameters");

    if (list && (conf_type_of(list) != CONF_LIST || conf_len(list) > DB_VALUES_MAX)) {
        conf_fail(e, list, "parameters is a list of at most %d words", DB_VALUES_MAX);
        return;
    }
    for (size_t i = 0; list && i < conf_len(list); i++)
        parameter_add(conf_at(list, i), e, s);
    subject_check(list ? list : group, e, s);
}

/* people, homes, residences, involvement: { sql; columns; } and, where it is put about somebody,
 * parameters. */
static void group_read(uint8_t kind, const struct conf_node *group, struct conf_errors *e,
                       struct odbc_config *c)
{
    struct odbc_statement *s = statement_new(c, kind, group, e);

    if (!s)
        return;
    if (conf_type_of(group) != CONF_GROUP) {
        conf_fail(e, group, "%s is a group: { sql = \"SELECT ...\"; }", s->label);
        return;
    }
    conf_only(group, e, kinds[kind].takes ? keys_put : keys_statement);
    sql_read(group, conf_child(group, "sql"), e, s);
    columns_read(group, e, s);
    if (kinds[kind].takes)
        parameters_read(group, e, s);
}

static void once_read(uint8_t kind, const struct conf_node *in, struct conf_errors *e,
                      struct odbc_config *c)
{
    const struct conf_node *n = in ? conf_child(in, kinds[kind].key) : NULL;
    size_t at = c->n_statements;

    if (!n)
        return;
    if (kinds[kind].n_fields > 0) {
        group_read(kind, n, e, c);
    } else { /* as_of, changed: only the statement */
        struct odbc_statement *s = statement_new(c, kind, n, e);

        if (s)
            sql_read(n, n, e, s);
    }
    if (c->n_statements > at)
        c->only[kind] = &c->statements[at];
}

static void relationships_read(const struct conf_node *odbc, struct conf_errors *e,
                               struct odbc_config *c)
{
    const struct conf_node *asking = conf_child(odbc, "relationships"), *list;

    if (asking && conf_type_of(asking) != CONF_GROUP) {
        conf_fail(e, asking,
                  "relationships is a group: { people; residences; statements = ( ... ); }");
        return;
    }
    if (!asking)
        return;
    conf_only(asking, e, keys_asking);
    once_read(ODBC_ASKING_PEOPLE, asking, e, c);
    once_read(ODBC_ASKING_RESIDENCES, asking, e, c);
    list = conf_child(asking, "statements");
    if (list && conf_type_of(list) != CONF_LIST)
        conf_fail(e, list, "statements is a list of groups: ( { sql; parameters; } )");
    else
        for (size_t i = 0; list && i < conf_len(list); i++)
            group_read(ODBC_RELATIONSHIP, conf_at(list, i), e, c);
}

static void question_read(const struct conf_node *n, struct conf_errors *e, struct odbc_config *c)
{
    struct odbc_statement *s = statement_new(c, ODBC_QUESTION, n, e);
    struct question_scalars v = { 0 };

    if (!s)
        return;
    if (conf_type_of(n) != CONF_GROUP) {
        conf_fail(e, n, "a question is a group: { id; sql; parameters; answers; }");
        return;
    }
    settings_read(settings_question, ALM_LEN(settings_question), n, keys_question, e, &v);
    memcpy(s->id, v.id, sizeof(s->id));
    (void)snprintf(s->label, sizeof(s->label), "question %s", v.id);
    for (uint8_t a = ODBC_ROWS; a <= ODBC_EVENTS; a++)
        s->answers = strcmp(v.answers, answers_words[a]) == 0 ? a : s->answers;
    sql_read(n, conf_child(n, "sql"), e, s);
    parameters_read(n, e, s);
    for (const struct odbc_statement *t = c->statements; t < s; t++) {
        if (t->kind == ODBC_QUESTION && strcmp(t->id, s->id) == 0 &&
            t->uses[ODBC_HOUSEHOLD] == s->uses[ODBC_HOUSEHOLD] && t->answers != s->answers)
            conf_fail(e, n, "every statement of %s answers in the same way", s->label);
    }
}

static void questions_read(const struct conf_node *root, struct conf_errors *e,
                           struct odbc_config *c)
{
    const struct conf_node *list = conf_child(root, "questions");

    if (list && conf_type_of(list) != CONF_LIST) {
        conf_fail(e, list, "questions is a list of groups");
        return;
    }
    for (size_t i = 0; list && i < conf_len(list); i++)
        question_read(conf_at(list, i), e, c);
}

static void on_connect_read(const struct conf_node *odbc, struct conf_errors *e,
                            struct odbc_config *c)
{
    const struct conf_node *list = conf_child(odbc, "on_connect");

    if (list && (conf_type_of(list) != CONF_LIST || conf_len(list) > ODBC_CONNECT_MAX)) {
        conf_fail(e, list, "on_connect is a list of at most %d statements", ODBC_CONNECT_MAX);
        return;
    }
    for (size_t i = 0; list && i < conf_len(list); i++)
        c->n_on_connect += conf_string(conf_at(list, i), e, &c->on_connect[c->n_on_connect]);
}

/* A connection string ends up in backups and tickets; a password must not. */
static void connection_check(const struct conf_node *odbc, struct conf_errors *e,
                             const struct odbc_config *c)
{
    static const char *const words[] = { "pwd", "password" };
    const char *at = c->connection;

    while (at) {
        at += strspn(at, "; \t");
        for (size_t i = 0; i < ALM_LEN(words); i++) {
            size_t len = strlen(words[i]);

            if (strncasecmp(at, words[i], len) == 0 && at[len + strspn(at + len, " \t")] == '=')
                conf_fail(e, conf_child(odbc, "connection"),
                          "no password belongs here: write it to a file of mode 0600 and name that "
                          "as password_file");
        }
        at = strchr(at, ';');
    }
}

static void scalars_read(const struct conf_node *odbc, const struct alm_setup *setup,
                         struct odbc_config *c)
{
    struct odbc_scalars v = { 0 };
    int n = 0;

    settings_read(settings_odbc, ALM_LEN(settings_odbc), odbc, keys_odbc, setup->errors, &v);
    memcpy(c->connection, v.connection, sizeof(c->connection));
    memcpy(c->password_key, v.password_key, sizeof(c->password_key));
    if (v.password_file[0])
        n = snprintf(c->password_file, sizeof(c->password_file), "%s%s%s",
                     v.password_file[0] == '/' ? "" : setup->dir,
                     v.password_file[0] == '/' ? "" : "/", v.password_file);
    if (n < 0 || (size_t)n >= sizeof(c->password_file))
        conf_fail(setup->errors, odbc, "the path of password_file is too long");
    c->max_age_days = (int32_t)v.max_age_days;
    c->as_of_s = (int32_t)v.as_of_s;
    c->reload_s = v.reload_s >= 0 ? (int32_t)v.reload_s : setup->exercise ? 0 : 600;
    connection_check(odbc, setup->errors, c);
}

static void config_fill(const struct alm_setup *setup, struct odbc_config *c)
{
    const struct conf_node *odbc = conf_child(setup->root, "odbc");

    if (!odbc || conf_type_of(odbc) != CONF_GROUP) {
        conf_fail(setup->errors, odbc ? odbc : setup->root,
                  "backend odbc needs a group odbc = { ... };");
        return;
    }
    scalars_read(odbc, setup, c);
    on_connect_read(odbc, setup->errors, c);
    for (uint8_t k = 0; k < ODBC_KIND_COUNT; k++) {
        if (!kinds[k].asking && k != ODBC_QUESTION)
            once_read(k, odbc, setup->errors, c);
    }
    relationships_read(odbc, setup->errors, c);
    questions_read(setup->root, setup->errors, c);
    if (!c->only[ODBC_PEOPLE])
        conf_fail(setup->errors, odbc,
                  "odbc needs people = { sql = \"SELECT ...\"; }: without it nobody is known");
    if (c->max_age_days && !c->only[ODBC_AS_OF])
        conf_fail(setup->errors, odbc,
                  "max_age_days needs as_of = \"SELECT ...\": the day of the data");
}

int odbc_config_read(const struct alm_setup *setup, struct odbc_config **out)
{
    struct odbc_config *c = calloc(1, sizeof(*c));
    size_t before = conf_errors_count(setup->errors);

    if (c)
        c->statements = calloc(ODBC_STATEMENTS_MAX, sizeof(*c->statements));
    if (!c || !c->statements) {
        odbc_config_free(c);
        return -ENOMEM;
    }
    config_fill(setup, c);
    if (conf_errors_count(setup->errors) > before) {
        odbc_config_free(c);
        return -EINVAL;
    }
    *out = c;
    return 0;
}

struct odbc_config *odbc_config_free(struct odbc_config *c)
{
    if (c)
        free(c->statements);
    free(c);
    return NULL;
}
