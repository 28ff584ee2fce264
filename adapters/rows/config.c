/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - `questions` of an adapter's configuration, and the scalars that backends with rows
 * share. */
#include "rows/config.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const keys_of_files[ROWS_FILE_COUNT] = {
    [ROWS_PEOPLE] = "people",
    [ROWS_HOMES] = "homes",
    [ROWS_RESIDENCES] = "residences",
    [ROWS_CONTACTS] = "contacts",
    [ROWS_INVOLVEMENTS] = "involvements",
    [ROWS_ASKING_PEOPLE] = "people",
    [ROWS_ASKING_RESIDENCES] = "residences",
    [ROWS_ASKING_INVOLVEMENTS] = "involvements",
    [ROWS_ASKING_REFERRALS] = "referrals",
};

const char *rows_file_key(enum rows_file f)
{
    return keys_of_files[f];
}

void rows_path(const char *text, const struct conf_node *at, const struct alm_setup *setup,
               char out[static PATH_MAX])
{
    int n = 0;

    out[0] = '\0';
    if (*text)
        n = snprintf(out, PATH_MAX, "%s%s%s", text[0] == '/' ? "" : setup->dir,
                     text[0] == '/' ? "" : "/", text);
    if (n < 0 || n >= PATH_MAX)
        conf_fail(setup->errors, at, "the path is too long");
}

void rows_scalars_take(const struct rows_scalars *v, const struct conf_node *at,
                       const struct alm_setup *setup, struct rows_config *c)
{
    bool exercise = setup->exercise, reject = strcmp(v->bad_rows, "reject") == 0;

    c->by_file_date =
        strcmp(v->data_as_of, "file") == 0 || (strcmp(v->data_as_of, "mode") == 0 && !exercise);
    c->max_age_days = (int32_t)v->max_age_days;
    c->reload_s = v->reload_s >= 0 ? (int32_t)v->reload_s : exercise ? 0 : 60;
    c->settle_s = (int32_t)v->settle_s;
    if (reject != (v->rejects[0] != '\0'))
        conf_fail(setup->errors, at, "%s",
                  reject
                      ? "bad_rows = \"reject\" needs rejects = \"PATH\": where the rejected rows "
                        "are named"
                      : "rejects is for bad_rows = \"reject\"");
    rows_path(v->rejects, at, setup, c->rejects);
    c->rejects_most = (uint64_t)v->rejects_most;
}

void rows_config_deinit(struct rows_config *c)
{
    free(c->questions);
    c->questions = NULL;
    c->n_questions = 0;
}

/* --- questions --- */
struct reading {
    struct conf_errors *e;
    const char *group;
    const bool *given;
    struct rows_config *c;
};
struct question_scalars {
    char id[ROWS_WORD_MAX], rule[ROWS_WORD_MAX];
    int64_t window_days;
};
static const struct setting settings_question[] = {
    { .key = "id",
      .type = SETTING_STRING,
      .offset = offsetof(struct question_scalars, id),
      .size = ROWS_WORD_MAX,
      .min = 1,
      .max = ROWS_WORD_MAX - 1,
      .help = "the catalogue's id" },
    { .key = "rule",
      .type = SETTING_CHOICE,
      .offset = offsetof(struct question_scalars, rule),
      .size = ROWS_WORD_MAX,
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
    enum rows_file needs;
} rules[] = {
    [RULE_STATE] = { "state", true, true, false, false, ROWS_CONTACTS },
    [RULE_WINDOW] = { "window", true, false, true, false, ROWS_CONTACTS },
    [RULE_EVER] = { "ever", true, false, false, false, ROWS_CONTACTS },
    [RULE_INVOLVEMENT] = { "involvement", false, false, false, true, ROWS_INVOLVEMENTS },
    [RULE_RESIDENCE] = { "residence", false, false, false, false, ROWS_RESIDENCES },
};

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

static void question_check(const struct rows_question *q, int64_t window_days,
                           const struct reading *rd, const struct conf_node *at)
{
    struct conf_errors *e = rd->e;

    takes(rules[q->rule].kinds, rules[q->rule].kinds, q->kinds.n > 0, "kinds", at, e);
    takes(rules[q->rule].end_kinds, rules[q->rule].end_kinds, q->end_kinds.n > 0, "end_kinds", at,
          e);
    takes(rules[q->rule].window, rules[q->rule].window, window_days >= 0, "window_days", at, e);
    takes(rules[q->rule].services_allowed, false, q->services.n > 0, "services", at, e);
    if (!rd->given[rules[q->rule].needs])
        conf_fail(e, at, "rule %s needs %s.%s", rules[q->rule].word, rd->group,
                  keys_of_files[rules[q->rule].needs]);
}

static void question_read(const struct conf_node *n, const struct reading *rd)
{
    struct rows_config *c = rd->c;
    struct conf_errors *e = rd->e;
    struct question_scalars v = { 0 };
    struct rows_question *q = &c->questions[c->n_questions];

    if (conf_type_of(n) != CONF_GROUP) {
        conf_fail(e, n, "a question is a group: { id = \"...\"; rule = \"...\"; }");
        return;
    }
    settings_read(settings_question, ALM_LEN(settings_question), n, keys_question, e, &v);
    for (uint8_t r = RULE_STATE; r <= RULE_RESIDENCE; r++)
        q->rule = strcmp(v.rule, rules[r].word) == 0 ? r : q->rule;
    if (!q->rule || !v.id[0])
        return; /* told already */
    memcpy(q->id, v.id, sizeof(q->id));
    q->window_days = (int32_t)v.window_days;
    words_read(conf_child(n, "kinds"), e, &q->kinds);
    words_read(conf_child(n, "end_kinds"), e, &q->end_kinds);
    words_read(conf_child(n, "services"), e, &q->services);
    question_check(q, v.window_days, rd, n);
    for (size_t i = 0; i < c->n_questions; i++) {
        if (strcmp(c->questions[i].id, q->id) == 0)
            conf_fail(e, n, "this question is configured twice");
    }
    c->n_questions++;
}

int rows_questions_read(const struct alm_setup *setup, const char *group,
                        const bool given[ROWS_FILE_COUNT], struct rows_config *c)
{
    const struct conf_node *list = conf_child(setup->root, "questions");
    const struct reading rd = { setup->errors, group, given, c };
    struct conf_errors *e = setup->errors;

    if (!list)
        return 0;
    if (conf_type_of(list) != CONF_LIST || conf_len(list) > ROWS_QUESTIONS_MAX) {
        conf_fail(e, list, "questions is a list of at most %d groups", ROWS_QUESTIONS_MAX);
        return 0;
    }
    c->questions = calloc(conf_len(list) + 1, sizeof(*c->questions));
    if (!c->questions)
        return -ENOMEM;
    for (size_t i = 0; i < conf_len(list); i++)
        question_read(conf_at(list, i), &rd);
    return 0;
}
