/* SPDX-License-Identifier: Apache-2.0 */
/* questions.c - the questions of a configuration: by which rule, from which searches. */
#include "base/bytes.h"
#include "conf/conf.h"
#include "fhir/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct scalars {
    char id[TALLY_WORD_MAX], rule[16];
    int64_t window_days;
};
static const struct setting settings_question[] = {
    { .key = "id",
      .type = SETTING_STRING,
      .offset = offsetof(struct scalars, id),
      .size = TALLY_WORD_MAX,
      .min = 1,
      .max = TALLY_WORD_MAX - 1,
      .help = "the catalogue's id" },
    { .key = "rule",
      .type = SETTING_CHOICE,
      .offset = offsetof(struct scalars, rule),
      .size = 16,
      .choices = { "state", "window", "ever", "involvement", "residence" },
      .help = "how the resources answer it" },
    { .key = "window_days",
      .type = SETTING_INT,
      .offset = offsetof(struct scalars, window_days),
      .min = -1,
      .max = 36500,
      .fallback = "-1",
      .help = "days back, rule window" },
};
static const char *const keys_question[] = { "kinds", "end_kinds", "services", "searches", NULL };

/* What each rule takes and needs: one that it does not take is an error, not ignored. end_kinds may
 * be missing where the ends are those of the resources' own periods. */
static const struct {
    const char *word;
    bool kinds, end_kinds, window, services;
} rules[] = {
    [FHIR_STATE] = { "state", true, true, false, false },
    [FHIR_WINDOW] = { "window", true, false, true, false },
    [FHIR_EVER] = { "ever", true, false, false, false },
    [FHIR_INVOLVEMENT] = { "involvement", false, false, false, true },
    [FHIR_RESIDENCE] = { "residence", false, false, false, false },
};

static uint64_t searches_of(const struct fhir_config *c, enum fhir_list list)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < c->n_searches; i++) {
        if (c->searches[i].list == list && !c->searches[i].own)
            bits |= UINT64_C(1) << i;
    }
    return bits;
}

static uint64_t search_named(const struct fhir_config *c, const char *name)
{
    for (size_t i = 0; i < c->n_searches; i++) {
        if (c->searches[i].list == FHIR_EVENTS && strcmp(c->searches[i].name, name) == 0)
            return UINT64_C(1) << i;
    }
    return 0;
}

/* Names of fhir.searches, groups of its own, or both. */
static uint64_t searches_read(const struct conf_node *list, struct conf_errors *e,
                              struct fhir_config *c)
{
    uint64_t bits = 0;

    if (conf_type_of(list) != CONF_LIST) {
        conf_fail(e, list, "searches is a list of names of fhir.searches, or of groups");
        return 0;
    }
    for (size_t i = 0; i < conf_len(list); i++) {
        const struct conf_node *n = conf_at(list, i);
        const char *name = NULL;
        size_t before = c->n_searches;

        if (conf_type_of(n) == CONF_GROUP) {
            fhir_search_read(n, FHIR_EVENTS, e, c);
            if (c->n_searches > before) {
                c->searches[before].own = true;
                bits |= UINT64_C(1) << before;
            }
        } else if (conf_string(n, e, &name)) {
            if (!*name || !search_named(c, name))
                conf_fail(e, n, "no search of fhir.searches has this name");
            else
                bits |= search_named(c, name);
        }
    }
    return bits;
}

static bool any_interval(const struct fhir_config *c, uint64_t searches)
{
    for (size_t i = 0; i < c->n_searches; i++) {
        if (searches & (UINT64_C(1) << i) && *c->searches[i].end)
            return true;
    }
    return false;
}

static void question_check(const struct fhir_question *q, const struct fhir_config *c,
                           const struct conf_node *at, struct conf_errors *e)
{
    bool events = rules[q->rule].kinds, ends = rules[q->rule].end_kinds;

    if (events && !q->kinds.n)
        conf_fail(e, at, "this rule needs kinds");
    if (!events && (q->kinds.n || conf_child(at, "searches")))
        conf_fail(e, at, "this rule takes neither kinds nor searches");
    if (ends && !q->end_kinds.n && !any_interval(c, q->searches))
        conf_fail(e, at, "this rule needs end_kinds, or a search with an end");
    if (!ends && q->end_kinds.n)
        conf_fail(e, at, "this rule takes no end_kinds");
    if (rules[q->rule].window != (q->window_days >= 0))
        conf_fail(e, at, "this rule %s window_days", rules[q->rule].window ? "needs" : "takes no");
    if (!rules[q->rule].services && q->services.n)
        conf_fail(e, at, "this rule takes no services");
    if (events && !q->searches)
        conf_fail(e, at, "rule %s needs fhir.searches", rules[q->rule].word);
    if (q->rule == FHIR_INVOLVEMENT && !q->searches)
        conf_fail(e, at, "rule involvement needs fhir.involvements");
}

static void question_read(const struct conf_node *n, struct conf_errors *e, struct fhir_config *c)
{
    struct scalars v = { 0 };
    struct fhir_question *q = &c->questions[c->n_questions];

    if (conf_type_of(n) != CONF_GROUP) {
        conf_fail(e, n, "a question is a group: { id = \"...\"; rule = \"...\"; }");
        return;
    }
    settings_read(settings_question, ALM_LEN(settings_question), n, keys_question, e, &v);
    for (uint8_t r = FHIR_STATE; r <= FHIR_RESIDENCE; r++)
        q->rule = strcmp(v.rule, rules[r].word) == 0 ? r : q->rule;
    if (!q->rule || !v.id[0])
        return; /* told already */
    memcpy(q->id, v.id, sizeof(q->id));
    q->window_days = (int32_t)v.window_days;
    fhir_words_read(conf_child(n, "kinds"), e, &q->kinds);
    fhir_words_read(conf_child(n, "end_kinds"), e, &q->end_kinds);
    fhir_words_read(conf_child(n, "services"), e, &q->services);
    q->searches = q->rule == FHIR_INVOLVEMENT ? searches_of(c, FHIR_INVOLVEMENTS)
                  : !rules[q->rule].kinds     ? 0
                  : conf_child(n, "searches") ? searches_read(conf_child(n, "searches"), e, c)
                                              : searches_of(c, FHIR_EVENTS);
    question_check(q, c, n, e);
    for (size_t i = 0; i < c->n_questions; i++) {
        if (strcmp(c->questions[i].id, q->id) == 0)
            conf_fail(e, n, "this question is configured twice");
    }
    c->n_questions++;
}

int fhir_questions_read(const struct alm_setup *setup, struct fhir_config *c)
{
    const struct conf_node *list = conf_child(setup->root, "questions");

    if (!list)
        return 0;
    if (conf_type_of(list) != CONF_LIST || conf_len(list) > FHIR_QUESTIONS_MAX) {
        conf_fail(setup->errors, list, "questions is a list of at most %d groups",
                  FHIR_QUESTIONS_MAX);
        return 0;
    }
    c->questions = calloc(conf_len(list) + 1, sizeof(*c->questions));
    if (!c->questions)
        return -ENOMEM;
    for (size_t i = 0; i < conf_len(list); i++)
        question_read(conf_at(list, i), setup->errors, c);
    return 0;
}

const struct fhir_question *fhir_question_find(const struct fhir_config *c, const char *id)
{
    for (size_t i = 0; i < c->n_questions; i++) {
        if (strcmp(c->questions[i].id, id) == 0)
            return &c->questions[i];
    }
    return NULL;
}
