/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - reads `ctf` and `questions`; which section each kind comes from. */
#include "ctf/config.h"

#include "base/bytes.h"
#include "ctf/reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ctf_scalars {
    struct rows_scalars rows;
    char file[PATH_MAX], service[ALM_TEXT_MAX], contact_route[ALM_TEXT_MAX];
    int64_t expected_least;
    bool whole;
};
/* clang-format off: a table, one row a setting */
static const struct setting settings_ctf[] = {
    ROWS_SETTINGS(struct ctf_scalars, rows),
    { .key = "file",
      .type = SETTING_STRING,
      .offset = offsetof(struct ctf_scalars, file),
      .size = PATH_MAX,
      .min = 1,
      .max = 1024,
      .help = "path of the transfer file" },
    { .key = "service",
      .type = SETTING_STRING,
      .offset = offsetof(struct ctf_scalars, service),
      .size = ALM_TEXT_MAX,
      .min = 1,
      .max = ALM_TEXT_MAX - 1,
      .fallback = "school",
      .help = "what being on roll is called, when others ask who is involved" },
    { .key = "contact_route",
      .type = SETTING_STRING,
      .offset = offsetof(struct ctf_scalars, contact_route),
      .size = ALM_TEXT_MAX,
      .max = ALM_TEXT_MAX - 1,
      .fallback = "",
      .help = "a desk to telephone; \"\": the adapter's" },
    { .key = "expected_least",
      .type = SETTING_INT,
      .offset = offsetof(struct ctf_scalars, expected_least),
      .min = 0,
      .max = INT32_MAX,
      .fallback = "0",
      .help = "fewer pupils than this, and the file is not taken" },
    { .key = "whole",
      .type = SETTING_BOOL,
      .offset = offsetof(struct ctf_scalars, whole),
      .fallback = "false",
      .help = "the file holds every pupil of the school, also where its header says partial" },
};
static const struct {
    const char *word;
    unsigned section;
} words[] = {
    { "address", CTF_ADDRESS },       { "looked-after", CTF_CARE }, { "sen", CTF_SEN },
    { "attendance", CTF_ATTENDANCE }, { "history", CTF_HISTORY },
};
static const struct {
    const char *kind; /* ends in "-": with any code */
    unsigned section;
} kinds[] = {
    { KIND_SEN, CTF_SEN }, /* KIND_SEN_END, too */
    { KIND_IN_CARE, CTF_CARE },
    { KIND_NOT_IN_CARE, CTF_CARE },
    { KIND_PERSISTENT, CTF_ATTENDANCE },
    { KIND_SEVERE, CTF_ATTENDANCE },
};
/* clang-format on */

unsigned ctf_section_of_kind(const char *kind)
{
    for (size_t i = 0; i < ALM_LEN(kinds); i++) {
        size_t len = strlen(kinds[i].kind);
        bool open = kinds[i].kind[len - 1] == '-';

        if (open ? strncmp(kind, kinds[i].kind, len) == 0 && kind[len]
                 : strcmp(kind, kinds[i].kind) == 0)
            return kinds[i].section;
    }
    return 0;
}

static unsigned section_named(const char *word)
{
    for (size_t i = 0; i < ALM_LEN(words); i++) {
        if (strcmp(words[i].word, word) == 0)
            return words[i].section;
    }
    return 0;
}

static void complete_read(const struct conf_node *list, struct conf_errors *e, struct ctf_config *c)
{
    if (!list)
        return;
    if (conf_type_of(list) != CONF_LIST) {
        conf_fail(e, list, "complete is a list of sections");
        return;
    }
    for (size_t i = 0; i < conf_len(list); i++) {
        const char *word = NULL;
        unsigned section;

        if (!conf_string(conf_at(list, i), e, &word))
            continue;
        section = section_named(word);
        if (!section)
            conf_fail(e, conf_at(list, i),
                      "sections are: address, looked-after, sen, attendance, history");
        c->complete |= section;
    }
}

/* A kind that no transfer file holds would be answered "no" for everybody. */
static unsigned kinds_need(const struct tally_words *list, const struct alm_setup *setup,
                           const struct conf_node *at)
{
    unsigned needs = 0;

    for (size_t i = 0; i < list->n; i++) {
        unsigned section = ctf_section_of_kind(list->at[i]);

        if (!section)
            conf_fail(setup->errors, at,
                      "a transfer file has no kind \"%s\": it has sen-CODE, sen-end, in-care, "
                      "not-in-care, persistent-absence, severe-absence",
                      list->at[i]);
        needs |= section;
    }
    return needs;
}

static unsigned question_needs(const struct rows_question *q, const struct alm_setup *setup,
                               const struct conf_node *at)
{
    switch ((enum rows_rule)q->rule) {
    case RULE_INVOLVEMENT:
        return CTF_HISTORY;
    case RULE_RESIDENCE:
        return CTF_ADDRESS;
    case RULE_STATE:
    case RULE_WINDOW:
    case RULE_EVER:
    default:
        return kinds_need(&q->kinds, setup, at) | kinds_need(&q->end_kinds, setup, at);
    }
}

static int questions_read(const struct alm_setup *setup, struct ctf_config *c)
{
    static const bool given[ROWS_FILE_COUNT] = { [ROWS_PEOPLE] = true,
                                                 [ROWS_HOMES] = true,
                                                 [ROWS_RESIDENCES] = true,
                                                 [ROWS_CONTACTS] = true,
                                                 [ROWS_INVOLVEMENTS] = true };
    const struct conf_node *at = conf_child(setup->root, "questions");
    int r = rows_questions_read(setup, "ctf", given, &c->rows);

    if (r != 0)
        return r;
    c->needs = calloc(c->rows.n_questions + 1, sizeof(*c->needs));
    if (!c->needs)
        return -ENOMEM;
    for (size_t i = 0; i < c->rows.n_questions; i++)
        c->needs[i] = question_needs(&c->rows.questions[i], setup, at);
    return 0;
}

static int ctf_config_fill(const struct alm_setup *setup, struct ctf_config *c)
{
    static const char *const keys[] = { "complete", NULL };
    const struct conf_node *ctf = conf_child(setup->root, "ctf");
    struct ctf_scalars v = { 0 };

    if (!ctf || conf_type_of(ctf) != CONF_GROUP) {
        conf_fail(setup->errors, ctf ? ctf : setup->root,
                  "backend = \"ctf\" needs a group ctf = { file = \"...\"; }");
        return 0;
    }
    settings_read(settings_ctf, ALM_LEN(settings_ctf), ctf, keys, setup->errors, &v);
    rows_scalars_take(&v.rows, ctf, setup, &c->rows);
    rows_path(v.file, ctf, setup, c->path);
    (void)snprintf(c->label, sizeof(c->label), "%.255s", c->path);
    memcpy(c->service, v.service, sizeof(c->service));
    memcpy(c->contact_route, v.contact_route, sizeof(c->contact_route));
    c->pupils_least = (uint64_t)v.expected_least;
    c->whole = v.whole;
    complete_read(conf_child(ctf, "complete"), setup->errors, c);
    return questions_read(setup, c);
}

int ctf_config_read(const struct alm_setup *setup, struct ctf_config **out)
{
    struct ctf_config *c = calloc(1, sizeof(*c));
    size_t before = conf_errors_count(setup->errors);
    int r;

    if (!c)
        return -ENOMEM;
    r = ctf_config_fill(setup, c);
    if (r == 0 && conf_errors_count(setup->errors) > before)
        r = -EINVAL;
    if (r != 0) {
        ctf_config_free(c);
        return r;
    }
    *out = c;
    return 0;
}

struct ctf_config *ctf_config_free(struct ctf_config *c)
{
    if (c) {
        rows_config_deinit(&c->rows);
        free(c->needs);
    }
    free(c);
    return NULL;
}
