/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - reports on the log: about one person, one practitioner, and those that count or choose. What is shown is the reader's
 * (broker/reader/REPORTS.md); here it is asked for and laid out. */
#include "report.h"
#include "base/clock.h"
#include "tokens_file.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define EACH_MOST 50 /* of a sample: broker/reader/REPORTS.md */

void report_reply_deinit(struct report_reply *r)
{
    json_decref(r->rows);
    json_decref(r->report);
    *r = (struct report_reply){ 0 };
}

static int keep_row(void *ctx, const json_t *row)
{
    return json_array_append(ctx, (json_t *)(uintptr_t)row) ? EX_OSERR : 0;
}

int report_read(struct officer_session *s, json_t *query, struct report_reply *out)
{
    json_t *last = NULL;
    int rc;

    *out = (struct report_reply){ .rows = json_array() };
    if (!out->rows) {
        json_decref(query);
        return officer_fail(s, EX_OSERR, "short of memory");
    }
    rc = audit_read(s, query, 0, keep_row, out->rows, &last);
    out->reading = json_integer_value(json_object_get(last, "reading"));
    out->report = json_incref(json_object_get(last, "report"));
    json_decref(last);
    if (!rc && !out->report)
        rc = officer_fail(s, EX_PROTOCOL, "the broker sent no report: is it of another version?");
    return rc;
}

json_t *report_object(const struct officer_session *s, const struct report_reply *r)
{
    static const char *const moved[] = { "since", "until", "first_leaf", "leaves" };
    json_t *o, *period = json_object(), *v;
    const char *key;
    char made[25];

    clock_format_utc(clock_wall_ms(), made);
    o = json_pack("{s:s, s:s, s:s, s:s, s:I, s:s}", "schema", REPORT_SCHEMA, "origin", s->origin,
                  "mode", s->mode == 1 ? "live" : "exercise", "made", made, "reading", r->reading,
                  "officer", s->args->officer[0]);
    if (!o || !period) {
        json_decref(o);
        json_decref(period);
        return NULL;
    }
    json_object_foreach(r->report, key, v)
    {
        bool of_period = false;

        for (size_t i = 0; i < ALM_LEN(moved); i++)
            of_period = of_period || !strcmp(moved[i], key);
        if (strcmp(key, "rows") != 0)
            (void)json_object_set(of_period ? period : o, key, v);
    }
    (void)json_object_set_new(o, "period", period);
    (void)json_object_set(o, "rows", r->rows);
    return o;
}

/* --- what is asked --- */

/* Ready to be read: the day's bounds, and whether sealed parts are opened. */
static int ask_common(const struct officer_session *s, json_t *q)
{
    int rc = q ? officer_put_day(s, q, "since", s->args->since)
               : officer_fail(s, EX_DATAERR, "not text in UTF-8");

    if (!rc)
        rc = officer_put_day(s, q, "until", s->args->until);
    if (!rc && s->args->since && s->args->until && strcmp(s->args->since, s->args->until) > 0)
        rc = officer_fail(s, EX_USAGE, "--since is after --until: no day is in between");
    if (!rc && s->args->opened)
        rc = json_object_set_new(q, "opened", json_true()) ? EX_OSERR : 0;
    if (!rc && s->args->csv && s->args->json)
        rc = officer_fail(s, EX_USAGE, "--csv or --json, not both");
    return rc;
}

static int ask_person(struct officer_session *s, json_t *q)
{
    const struct args *a = s->args;
    json_t *tokens = NULL;
    int rc;

    if (!a->tokens)
        return officer_fail(s, EX_USAGE,
                            "about whom? Give --tokens FILE: an agency that knows the person makes "
                            "it with \"almoner subject tokens\"");
    rc = tokens_file_read(s, a->tokens, &tokens, NULL);
    if (!rc && json_object_set_new(q, "tokens", tokens))
        rc = EX_OSERR;
    if (!rc && a->shield_agreed) {
        rc = officer_check_id(s, "--shield-agreed", a->shield_agreed);
        if (!rc && !a->opened)
            rc = officer_fail(s, EX_USAGE, "--shield-agreed goes with --opened");
        if (!rc)
            (void)json_object_set_new(q, "shield_agreed", json_string(a->shield_agreed));
    }
    return rc;
}

int report_person_query(struct officer_session *s, json_t **out)
{
    json_t *q = json_pack("{s:s}", "read", "person");
    int rc = ask_common(s, q);

    if (!rc)
        rc = ask_person(s, q);
    if (rc) {
        json_decref(q);
        return rc;
    }
    *out = q;
    return 0;
}

/* --- what is shown --- */

static const struct report_column of_leaf[] = {
    { "leaf", "leaf" }, { "time (UTC)", "time" },         { "event", "event" },
    { "who", "who" },   { "purpose/question", "asked" }, { "came of it", "came" },
    { "match", "match" },
};
static const struct report_column of_leaf_opened[] = {
    { "leaf", "leaf" }, { "time (UTC)", "time" },         { "event", "event" },
    { "who", "who" },   { "purpose/question", "asked" }, { "came of it", "came" },
    { "practitioner", "opened.practitioner" },           { "told", "opened.told" },
};
static const struct report_column of_hours[] = {
    { "leaf", "leaf" },     { "local time", "local" },          { "agency", "agency" },
    { "role", "role" },     { "purpose/question", "asked" },   { "came of it", "came" },
    { "practitioner", "opened.practitioner" },
};
static const struct report_column of_claim[] = {
    { "leaf", "leaf" }, { "time (UTC)", "time" },       { "agency", "agency" },
    { "role", "role" }, { "purpose/question", "asked" }, { "practitioner", "opened.practitioner" },
    { "said", "opened.reason" },
};
static const struct report_column of_sample[] = {
    { "leaf", "leaf" },       { "time (UTC)", "time" },       { "agency", "agency" },
    { "role", "role" },       { "purpose/question", "asked" }, { "message", "message" },
    { "practitioner", "opened.practitioner" },                { "case", "opened.case" },
};
static const struct report_column of_unanswered[] = {
    { "leaf", "leaf" }, { "time (UTC)", "time" },       { "agency", "agency" },
    { "purpose/question", "asked" }, { "why", "why" }, { "no answer from", "no_answer" },
};
static const struct report_column of_override[] = {
    { "override", "override" }, { "state", "state" },         { "agency", "agency" },
    { "purpose/question", "asked" }, { "requested", "requested" }, { "approver", "approver" },
    { "review due", "review_due" }, { "finding", "finding" },
};
static const struct report_column csv_leaf[] = {
    { "leaf", "leaf" },
    { "at", "at" },
    { "day", "day" },
    { "event", "event" },
    { "class", "class" },
    { "match", "match" },
    { "agency", "agency" },
    { "role", "role" },
    { "purpose", "purpose" },
    { "question", "question" },
    { "basis", "basis" },
    { "rule", "rule" },
    { "outcome", "outcome" },
    { "reason", "reason" },
    { "told", "told" },
    { "completeness", "completeness" },
    { "officer", "officer" },
    { "detail", "detail" },
    { "message", "message" },
    { "about", "about" },
    { "local", "local" },
    { "why", "why" },
    { "no_answer", "no_answer" },
    { "practitioner", "opened.practitioner" },
    { "case", "opened.case" },
    { "answer_told", "opened.told" },
    { "answers", "opened.answers" },
};
static const struct report_column csv_override[] = {
    { "override", "override" },   { "leaf", "leaf" },           { "state", "state" },
    { "agency", "agency" },       { "role", "role" },           { "purpose", "purpose" },
    { "question", "question" },   { "basis", "basis" },         { "alone", "alone" },
    { "requested", "requested" }, { "from", "from" },           { "until", "until" },
    { "review_due", "review_due" }, { "approval", "approval" }, { "approver", "approver" },
    { "approved", "approved" },   { "vetoed", "vetoed" },       { "finding", "finding" },
    { "reviewer", "reviewer" },   { "reviewed", "reviewed" },   { "practitioner", "opened.practitioner" },
};

struct layout {
    const char *report;
    const struct report_column *table;
    size_t n;
    const char *none; /* when there is no row */
};
#define COLUMNS(c) c, ALM_LEN(c)
static const struct layout layouts[] = {
    { "person", COLUMNS(of_leaf),
      "nothing is recorded under these tokens in that period (also not where other tokens of the "
      "person were used: make them with all that is known)" },
    { "practitioner", COLUMNS(of_leaf),
      "nothing is recorded of such a practitioner: is it the reference that the agency's adapter "
      "vouches with?" },
    { "overrides", COLUMNS(of_override), "no override" },
    { "refusals", NULL, 0, NULL },
    { "self-claimed", COLUMNS(of_claim), "no self-claimed relationship" },
    { "out-of-hours", COLUMNS(of_hours), "no question out of hours" },
    { "sample", COLUMNS(of_sample), "no permitted question" },
    { "unanswered", COLUMNS(of_unanswered), "every permitted question was answered by all" },
};

static const struct layout *layout_of(const char *report)
{
    for (size_t i = 0; i < ALM_LEN(layouts); i++)
        if (!strcmp(layouts[i].report, report))
            return &layouts[i];
    return NULL;
}

static void show_statements(const json_t *list)
{
    const json_t *o;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)list, i, o)
    {
        char shown[2048];
        const char *text = json_string_value(json_object_get(o, "text")),
                   *at = json_string_value(json_object_get(o, "at"));

        (void)printf("\nThe family says (%.10s):\n  %s\n", at ? at : "",
                     printable(text ? text : "", shown, sizeof(shown)));
    }
}

static void show(const struct officer_session *s, const struct layout *l,
                 const struct report_reply *r)
{
    const json_t *tables = json_object_get(r->report, "tables");
    bool opened = s->args->opened && (l->table == of_leaf);

    if (s->args->csv && !l->table) {
        report_tables_csv(tables);
    } else if (s->args->csv && l->table == of_override) {
        report_csv(r->rows, COLUMNS(csv_override));
    } else if (s->args->csv) {
        report_csv(r->rows, COLUMNS(csv_leaf));
    } else {
        if (l->table && !json_array_size(r->rows))
            (void)printf("%s\n", l->none);
        else if (opened)
            report_table(r->rows, COLUMNS(of_leaf_opened));
        else if (l->table)
            report_table(r->rows, l->table, l->n);
        show_statements(json_object_get(r->report, "statements"));
        report_tables(tables);
    }
}

/* Sends the query (taken) and prints what came. */
static int report_run(struct officer_session *s, const char *report, json_t *query)
{
    ALM_CLEANUP(report_reply_deinit) struct report_reply r = { 0 };
    int rc = report_read(s, query, &r);
    json_t *o;

    if (rc)
        return rc;
    if (!s->args->json) {
        show(s, layout_of(report), &r);
        return 0;
    }
    o = report_object(s, &r);
    if (o)
        print_json(o);
    else
        rc = officer_fail(s, EX_OSERR, "short of memory");
    json_decref(o);
    return rc;
}

int command_report_person(struct officer_session *s)
{
    json_t *q = NULL;
    int rc = report_person_query(s, &q);

    return rc ? rc : report_run(s, "person", q);
}

int command_report_practitioner(struct officer_session *s)
{
    const struct args *a = s->args;
    json_t *q = json_pack("{s:s, s:s, s:s}", "read", "practitioner", "agency", a->operands[2],
                          "practitioner", a->operands[3]);
    int rc = ask_common(s, q);

    if (!rc)
        rc = officer_check_id(s, "AGENCY", a->operands[2]);
    if (rc) {
        json_decref(q);
        return rc;
    }
    return report_run(s, "practitioner", q);
}

/* Every other report, by its name. */
int command_report(struct officer_session *s)
{
    const char *report = s->args->operands[1];
    json_t *q = json_pack("{s:s, s:s}", "read", "report", "report", report);
    int rc = ask_common(s, q);

    if (!rc)
        rc = audit_filters(s, q);
    if (!rc && s->args->each >= 0 && (s->args->each < 1 || s->args->each > EACH_MOST))
        rc = officer_fail(s, EX_USAGE, "--each: 1 to %d of each agency", EACH_MOST);
    if (!rc && s->args->each >= 0)
        rc = json_object_set_new(q, "each", json_integer(s->args->each)) ? EX_OSERR : 0;
    if (rc) {
        json_decref(q);
        return rc;
    }
    return report_run(s, report, q);
}
