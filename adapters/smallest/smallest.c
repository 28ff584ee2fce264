/* SPDX-License-Identifier: Apache-2.0 */
/* smallest.c - the smallest backend that is of use: a text file, one person a line, and one fact
 * about them, that we work with them since a day.
 *
 *     backend = "smallest";
 *     smallest = { file = "people.txt"; };
 *     questions = ( { id = "with-us"; } );
 *
 *     # reference; given name; family name; born; with us since
 *     17; Isla; Example; 2014-05-14; 2021-09-01
 *
 * Written to be read beside adapters/README.md, "Writing a backend". */
#include "almoner/adapter.h"
#include "base/bytes.h"
#include "base/civil.h"
#include "conf/conf.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define QUESTIONS_MAX 16

struct smallest_settings { /* filled in from the group by the table below */
    char file[PATH_MAX];
};
struct person {
    char ref[ALM_REF_MAX];
    int32_t since;
};
struct smallest {
    char path[PATH_MAX];
    char questions[QUESTIONS_MAX][64]; /* ids that this backend answers, all alike */
    size_t n_questions;
    struct person *people; /* of the one load of a worker's life */
    size_t n, cap;
    bool missing;            /* there was no file */
    struct timespec written; /* of the file, when load began */
};

/* --- open: the configuration, and nothing else --- */
static const struct setting settings[] = {
    { .key = "file",
      .type = SETTING_STRING,
      .offset = offsetof(struct smallest_settings, file),
      .size = PATH_MAX,
      .min = 1,
      .max = 1024,
      .help = "path of the text file" },
};

static void questions_read(const struct alm_setup *setup, struct smallest *s)
{
    static const char *const known[] = { "id", NULL };
    const struct conf_node *list = conf_child(setup->root, "questions");

    for (size_t i = 0; list && i < conf_len(list); i++) {
        const struct conf_node *q = conf_at(list, i), *n = NULL;
        const char *id = NULL;

        if (conf_type_of(q) == CONF_GROUP) {
            conf_only(q, setup->errors, known);
            n = conf_child(q, "id");
        }
        if (!n)
            conf_fail(setup->errors, q, "a question is a group: { id = \"...\"; }");
        else if (conf_string(n, setup->errors, &id) &&
                 (s->n_questions == QUESTIONS_MAX ||
                  text_copy(s->questions[s->n_questions++], sizeof(s->questions[0]), id) != 0))
            conf_fail(setup->errors, n, "too many questions, or an id that is too long");
    }
}

static int smallest_open(const struct alm_setup *setup, void **out)
{
    const struct conf_node *group = conf_child(setup->root, "smallest");
    size_t before = conf_errors_count(setup->errors);
    struct smallest_settings v = { 0 };
    struct smallest *s = calloc(1, sizeof(*s));

    if (!s)
        return -ENOMEM;
    if (group && conf_type_of(group) == CONF_GROUP)
        settings_read(settings, 1, group, NULL, setup->errors, &v);
    else
        conf_fail(setup->errors, group ? group : setup->root,
                  "backend = \"smallest\" needs smallest = { file = \"...\"; };");
    if (snprintf(s->path, sizeof(s->path), "%s%s%s", v.file[0] == '/' ? "" : setup->dir,
                 v.file[0] == '/' ? "" : "/", v.file) >= (int)sizeof(s->path))
        conf_fail(setup->errors, group, "the path is too long");
    questions_read(setup, s);
    if (conf_errors_count(setup->errors) > before) {
        free(s);
        return -EINVAL; /* told, with file and line */
    }
    *out = s;
    return 0;
}

/* --- load: every row, once --- */
static char *trimmed(char *text)
{
    text += strspn(text, " \t");
    for (size_t len = strlen(text); len && strchr(" \t\r\n", text[len - 1]); len--)
        text[len - 1] = '\0';
    return text;
}

/* Return: NULL, what is wrong with the line, or "" for the sink's own error in *r. */
static const char *line_take(struct smallest *s, const struct alm_sink *sink, char *line, int *r)
{
    char *field[5], *rest = line;
    struct person to = { .since = ALM_DAY_NONE };
    struct alm_person told = { .nhs = "", .upn = "" };

    for (size_t i = 0; i < 5; i++) {
        char *part = strsep(&rest, ";");

        if (!part)
            return "a line has five fields: reference; given name; family name; born; with us "
                   "since";
        field[i] = trimmed(part);
    }
    if (rest || civil_parse(field[3], &told.born) != 0 || civil_parse(field[4], &to.since) != 0)
        return "the last two of five fields are days: YYYY-MM-DD";
    told.ref = field[0];
    told.given = field[1];
    told.family = field[2];
    *r = sink->person(sink->ctx, &told); /* it checks the rest: names, and references that repeat */
    if (*r != 0)
        return *r > 0 ? alm_fault_text((enum alm_fault) * r) : "";
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 64;
        struct person *grown = reallocarray(s->people, cap, sizeof(*grown));

        *r = grown ? 0 : -ENOMEM;
        if (!grown)
            return "";
        s->people = grown;
        s->cap = cap;
    }
    if (text_copy(to.ref, sizeof(to.ref), field[0]) == 0) /* the sink looked at its length */
        s->people[s->n++] = to;
    return NULL;
}

static int lines_take(struct smallest *s, const struct alm_sink *sink, FILE *f)
{
    char line[1024];
    int r = 0, bad = 0;

    for (unsigned long n = 1; fgets(line, sizeof(line), f); n++) {
        const char *wrong;

        if (line[0] == '#' || !trimmed(line)[0])
            continue;
        wrong = line_take(s, sink, line, &r);
        if (r < 0)
            return r; /* the host has gone, or there are too many: nothing more can be told */
        if (wrong)
            sink->report(sink->ctx, s->path, n, wrong);
        bad += wrong != NULL;
    }
    if (ferror(f)) { /* whoever stands on the rest would be "not known" */
        sink->report(sink->ctx, s->path, 0, "cannot be read to its end; is it a file, and its disk whole?");
        return -EIO;
    }
    return bad ? -EINVAL : 0;
}

static int smallest_load(void *backend, const struct alm_sink *sink, bool strict)
{
    struct smallest *s = backend;
    struct stat st;
    FILE *f;
    int r;

    if (stat(s->path, &st) == 0)
        s->written = st.st_mtim; /* before reading: what is written meanwhile is a change */
    f = fopen(s->path, "r");
    if (!f) {
        sink->report(sink->ctx, s->path, 0, "there is no such file, or it cannot be read");
        s->missing = true;
        return strict ? -EINVAL : 0; /* answers are "partial" then, and never "no" */
    }
    r = lines_take(s, sink, f);
    (void)fclose(f);
    return r;
}

/* --- answer and relate: from what load read --- */
static const struct person *person_find(const struct smallest *s, const char *ref)
{
    for (size_t i = 0; ref && i < s->n; i++) {
        if (strcmp(s->people[i].ref, ref) == 0)
            return &s->people[i];
    }
    return NULL;
}

static bool question_is_ours(const struct smallest *s, const struct alm_question *q)
{
    for (size_t i = 0; !q->involvement && !q->about_household && i < s->n_questions; i++) {
        if (strcmp(s->questions[i], q->id) == 0)
            return true;
    }
    return false;
}

static int smallest_answer(void *backend, const struct alm_question *q, struct alm_answer *out)
{
    const struct smallest *s = backend;
    const struct person *p = person_find(s, q->person);

    out->value = ALM_CANNOT_SAY;
    if (!question_is_ours(s, q))
        out->cause = ALM_UNSUPPORTED;
    else if (s->missing)
        out->cause = ALM_PARTIAL;
    else if (!p)
        out->value = ALM_NOT_KNOWN;
    else
        out->value = p->since <= q->as_of ? ALM_YES : ALM_NO;
    return 0;
}

static int smallest_relate(void *backend, const struct alm_subject *subject,
                           struct alm_relationship *out)
{
    const struct person *p = person_find(backend, subject->person);

    *out = (struct alm_relationship){ ALM_RELATION_NONE, ALM_DAY_NONE, ALM_DAY_NONE };
    if (p && p->since <= subject->day)
        *out = (struct alm_relationship){ ALM_INVOLVED, p->since, ALM_DAY_NONE };
    return 0;
}

/* --- what else the host wants to know --- */
static void smallest_describe(void *backend, struct alm_state *out)
{
    const struct smallest *s = backend;

    out->partial = s->missing;
    out->data_day = ALM_DAY_NONE; /* whoever keeps the file keeps it up to date */
}

static int smallest_changed(void *backend)
{
    const struct smallest *s = backend;
    struct stat st;

    return stat(s->path, &st) == 0 &&
           (st.st_mtim.tv_sec != s->written.tv_sec || st.st_mtim.tv_nsec != s->written.tv_nsec);
}

static void smallest_close(void *backend)
{
    struct smallest *s = backend;

    if (s)
        free(s->people);
    free(s);
}

static const struct alm_backend smallest = {
    .name = "smallest",
    .keeps_rows = true,
    .open = smallest_open,
    .load = smallest_load,
    .answer = smallest_answer,
    .relate = smallest_relate,
    .describe = smallest_describe,
    .changed = smallest_changed,
    .close = smallest_close,
};

int main(int argc, char *argv[])
{
    return alm_backend_main(&smallest, argc, argv);
}
