/* SPDX-License-Identifier: Apache-2.0 */
/* report_family.c - the report that a family gets: asked for with how they are reached safely and
 * what is left out for whose sake (both recorded before the first row is read), and printed as a
 * page that a parent can read.
 *
 * What an officer leaves out is told as left out where it is about somebody else; what might bring
 * serious harm (DPA 2018 Sch 3) leaves no trace on the page, or the page would tell. */
#include "base/clock.h"
#include "family.h"
#include "report.h"
#include "tokens_file.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define WIDTH 78 /* characters of a line */

static const char *const rights[] = {
    "You may ask each service named here for a copy of what it holds about you (UK GDPR Article "
    "15).",
    "If something is wrong, ask the service to correct it (Article 16). Everybody who was told is "
    "then asked not to use it (Article 19).",
    "You may have your own statement put beside what is recorded: tell any service that works with "
    "you.",
    "You may withdraw an agreement to share at any time, at any service; what was shared before "
    "then was lawful.",
    "If you are not content, complain to the service or to the partnership first: they must have a "
    "complaints procedure. You may "
    "also complain to the Information Commissioner (ico.org.uk) or go to court.",
};

struct family {
    struct officer_session *s;
    struct family_policies policies;
    json_t *redactions; /* of the query: [{"leaf","cause","text"}] */
    json_t *asked, *recorded, *read, *statements, *left_out;
    unsigned doubtful; /* rows that may be about another person */
};

static void family_deinit(struct family *f)
{
    json_decref(f->redactions);
    json_decref(f->asked);
    json_decref(f->recorded);
    json_decref(f->read);
    json_decref(f->statements);
    json_decref(f->left_out);
    family_policies_deinit(&f->policies);
}

/* --- what is asked for --- */

/* "42:third-party:names the grandmother" */
static int redaction_read(const struct officer_session *s, const char *text, json_t *list)
{
    const char *cause = strchr(text, ':'), *words = cause ? strchr(cause + 1, ':') : NULL;
    size_t len = words ? (size_t)(words - cause - 1) : 0;
    char *end = NULL;
    long long leaf = strtoll(text, &end, 10);
    bool third = len == 11 && !strncmp(cause + 1, "third-party", len);
    bool harm = len == 12 && !strncmp(cause + 1, "serious-harm", len);

    if (!words || end != cause || leaf < 0 || *text < '0' || *text > '9' || !words[1] ||
        (!third && !harm))
        return officer_fail(s, EX_USAGE,
                            "--redact takes LEAF:third-party:WORDS or LEAF:serious-harm:WORDS, the "
                            "words being why: "
                            "they are recorded, and not printed");
    return json_array_append_new(list, json_pack("{s:I, s:s, s:s}", "leaf", (json_int_t)leaf,
                                                 "cause", third ? "third-party" : "serious-harm",
                                                 "text", words + 1))
               ? officer_fail(s, EX_DATAERR, "--redact: not text in UTF-8")
               : 0;
}

static int family_query(struct family *f, json_t **out)
{
    const struct args *a = f->s->args;
    json_t *q = NULL;
    int rc;

    if (!a->safe_contact || !*a->safe_contact)
        return officer_fail(f->s, EX_USAGE,
                            "--safe-contact: say who confirmed how this family is reached safely, "
                            "and when; it is recorded. "
                            "A report in the wrong hands can cost a life");
    for (size_t i = 0; i < a->n_redact; i++) {
        rc = redaction_read(f->s, a->redact[i], f->redactions);
        if (rc)
            return rc;
    }
    rc = report_person_query(f->s, &q);
    if (rc)
        return rc;
    if (json_object_set_new(q, "family",
                            json_pack("{s:s, s:O}", "safe_contact", a->safe_contact, "redactions",
                                      f->redactions))) {
        json_decref(q);
        return officer_fail(f->s, EX_DATAERR, "--safe-contact: not text in UTF-8");
    }
    *out = q;
    return 0;
}

/* Of a home the log may hold what is others'. */
static int family_person(struct officer_session *s)
{
    ALM_CLEANUP(token_json_wipe) struct token_json t = { 0 };
    json_t *tokens = NULL;
    int rc;

    if (!s->args->tokens)
        return 0; /* said where the query is made */
    rc = tokens_file_read(s, s->args->tokens, &tokens, &t);
    json_decref(tokens);
    if (!rc && token_json_household(&t))
        rc = officer_fail(s, EX_DATAERR,
                          "these are the tokens of a home: a family report is about one person. "
                          "Make one for each");
    return rc;
}

/* --- from rows to entries --- */

static const json_t *redacted(const struct family *f, json_int_t leaf)
{
    const json_t *r;
    size_t i;

    json_array_foreach(f->redactions, i,
                       r) if (json_integer_value(json_object_get(r, "leaf")) == leaf) return r;
    return NULL;
}

static json_t *entry_of(json_t *list, const json_t *leaf)
{
    json_t *e;
    size_t i;

    if (!json_is_integer(leaf))
        return NULL;
    json_array_foreach(
        list, i, e) if (json_equal(json_object_get(e, "leaf"), (json_t *)(uintptr_t)leaf)) return e;
    return NULL;
}

static void leave_out(struct family *f, const char *on, const json_t *why)
{
    if (!strcmp(reply_text(why, "cause"), "third-party"))
        (void)json_array_append_new(
            f->left_out, json_pack("{s:s, s:s}", "on", on, "because", "it is about somebody else"));
}

/* A row of an entry takes the whole entry with it. */
static void take_row(struct family *f, const json_t *row)
{
    json_t *into = entry_of(f->asked, json_object_get(row, "about")), *entry;
    enum family_part part;

    if (!strcmp(reply_text(row, "match"), "conflict")) {
        f->doubtful++;
        return;
    }
    part = family_entry(&f->policies, row, into, &entry);
    if (redacted(f, json_integer_value(json_object_get(row, "leaf")))) {
        if (into && part == FAMILY_ASKED && !entry)
            (void)json_object_set_new(into, "redacted_by",
                                      json_deep_copy(json_object_get(row, "leaf")));
        else if (entry)
            (void)json_object_set_new(entry, "redacted_by",
                                      json_deep_copy(json_object_get(row, "leaf")));
    }
    if (entry)
        (void)json_array_append_new(part == FAMILY_ASKED  ? f->asked
                                    : part == FAMILY_READ ? f->read
                                                          : f->recorded,
                                    entry);
}

static void take_redacted(struct family *f, json_t *list)
{
    for (size_t i = json_array_size(list); i-- > 0;) {
        json_t *e = json_array_get(list, i);
        const json_t *by = json_object_get(e, "redacted_by");

        if (!by)
            continue;
        leave_out(f, reply_text(e, "on"), redacted(f, json_integer_value(by)));
        (void)json_array_remove(list, i);
    }
}

static void take_statements(struct family *f, const json_t *report)
{
    json_t *o;
    size_t i;

    json_array_foreach(json_object_get(report, "statements"), i, o)
    {
        const json_t *why = redacted(f, json_integer_value(json_object_get(o, "leaf")));
        char on[11];

        if (!strcmp(reply_text(o, "match"), "conflict")) {
            f->doubtful++;
            continue;
        }
        (void)snprintf(on, sizeof(on), "%.10s", reply_text(o, "at"));
        if (why)
            leave_out(f, on, why);
        else
            (void)json_array_append_new(f->statements, json_pack("{s:O, s:s, s:s}", "leaf",
                                                                 json_object_get(o, "leaf"), "on",
                                                                 on, "text", reply_text(o, "text")));
    }
}

static bool leaf_read(const struct report_reply *r, json_int_t leaf)
{
    const json_t *lists[] = { r->rows, json_object_get(r->report, "statements") }, *o;
    size_t i;

    for (size_t k = 0; k < ALM_LEN(lists); k++)
        json_array_foreach((json_t *)(uintptr_t)lists[k], i,
                           o) if (json_integer_value(json_object_get(o, "leaf")) ==
                                  leaf) return true;
    return false;
}

/* Before anything is printed: who mistyped a number would hand out what was to be left out. */
static int redactions_met(const struct family *f, const struct report_reply *r)
{
    const json_t *o;
    size_t i;

    json_array_foreach(f->redactions, i, o)
    {
        json_int_t leaf = json_integer_value(json_object_get(o, "leaf"));

        if (!leaf_read(r, leaf))
            return officer_fail(f->s, EX_DATAERR,
                                "--redact: leaf %lld is not in this report, so nothing was printed",
                                (long long)leaf);
    }
    return 0;
}

static int family_gather(struct family *f, const struct report_reply *r)
{
    const json_t *row;
    size_t i;
    int rc = redactions_met(f, r);

    if (rc)
        return rc;
    json_array_foreach(r->rows, i, row) take_row(f, row);
    take_redacted(f, f->asked);
    take_redacted(f, f->recorded);
    take_redacted(f, f->read);
    take_statements(f, r->report);
    if (f->doubtful)
        (void)fprintf(stderr,
                      "%u entries may be about another person and are left out; look at them: "
                      "almoner report person\n",
                      f->doubtful);
    return 0;
}

/* --- the page --- */

/* Words up to WIDTH, each line after the first under the first's text. */
static void say(const char *label, const char *text)
{
    char shown[2 * 1024 + 512], *at;
    size_t column;

    if (!*text)
        return;
    (void)printable(text, shown, sizeof(shown));
    column = (size_t)printf("   %-10s", label);
    for (at = shown; *at;) {
        size_t n = strcspn(at, " ");

        if (column + 1 + n > WIDTH)
            column = (size_t)printf("\n   %-10s", "") - 1;
        column += (size_t)printf(" %.*s", (int)n, at);
        at += n + strspn(at + n, " ");
    }
    (void)putchar('\n');
}

static void say_list(const char *label, const json_t *list)
{
    char line[1024] = "";
    const json_t *v;
    size_t i, at = 0;

    json_array_foreach((json_t *)(uintptr_t)list, i, v)
    {
        int n = at < sizeof(line) - 1 ? snprintf(line + at, sizeof(line) - at, "%s%s",
                                                 i ? ", " : "", json_string_value(v))
                                      : 0;

        at += n > 0 ? (size_t)n : 0;
    }
    say(label, line);
}

static void heading(const char *text)
{
    (void)printf("\n%s\n", text);
    for (size_t i = strlen(text); i-- > 0;)
        (void)putchar('-');
    (void)putchar('\n');
}

static void print_asked(const json_t *list)
{
    const json_t *e;
    size_t i;

    heading("Who asked about this person");
    if (!json_array_size(list))
        (void)puts("Nobody, in this time.");
    json_array_foreach((json_t *)(uintptr_t)list, i, e)
    {
        char shown[160];

        (void)printf("\n%s  %s asked  [%lld]\n", reply_text(e, "on"),
                     printable(reply_text(e, "who"), shown, sizeof(shown)),
                     (long long)json_integer_value(json_object_get(e, "leaf")));
        say("what:", reply_text(e, "asked"));
        say("why:", reply_text(e, "purpose"));
        say("law:", reply_text(e, "law"));
        say_list("asked of:", json_object_get(e, "asked_of"));
        say("answer:", reply_text(e, "answer"));
    }
}

static void print_recorded(const json_t *list)
{
    const json_t *e;
    size_t i;

    if (!json_array_size(list))
        return;
    heading("What else was recorded");
    json_array_foreach((json_t *)(uintptr_t)list, i, e)
    {
        const char *text = reply_text(e, "text");
        char line[2048];
        bool whole = *text >= 'A' && *text <= 'Z'; /* a sentence of its own */

        (void)snprintf(line, sizeof(line), "%s%s%s  [%lld]", whole ? "" : reply_text(e, "who"),
                       whole ? "" : " ", text,
                       (long long)json_integer_value(json_object_get(e, "leaf")));
        say(reply_text(e, "on"), line);
    }
}

static void print_read(const json_t *list)
{
    const json_t *e;
    size_t i;

    heading("Who has read this record");
    if (!json_array_size(list))
        (void)puts("Nobody, before this report was made.");
    json_array_foreach((json_t *)(uintptr_t)list, i, e)
    {
        char line[200];

        (void)snprintf(line, sizeof(line), "an officer of information governance: %s",
                       reply_text(e, "who"));
        say(reply_text(e, "on"), line);
    }
}

static void print_rest(const struct family *f)
{
    const json_t *e;
    size_t i;

    if (json_array_size(f->statements))
        heading("What the family says");
    json_array_foreach(f->statements, i, e) say(reply_text(e, "on"), reply_text(e, "text"));
    if (json_array_size(f->left_out))
        heading("What is left out");
    json_array_foreach(f->left_out, i, e)
    {
        char line[200];

        (void)snprintf(line, sizeof(line), "one entry, because %s", reply_text(e, "because"));
        say(reply_text(e, "on"), line);
    }
    heading("Your rights");
    for (i = 0; i < ALM_LEN(rights); i++)
        say("*", rights[i]);
}

static void print_page(const struct family *f, const struct report_reply *r)
{
    const char *since = reply_text(r->report, "since"), *until = reply_text(r->report, "until");
    char today[CIVIL_TEXT];

    civil_format(civil_today(clock_wall_ms()), today);
    (void)printf(
        "WHO ASKED ABOUT YOU, AND WHAT THEY WERE TOLD\n\nMade on %s by %s%s. It covers %s%s%s.\n",
        today, f->s->origin, f->s->mode == 1 ? "" : " (an exercise: nothing in it is real)",
        *since ? since : "everything that is kept",
        *until   ? " to "
        : *since ? " until today"
                 : "",
        until);
    (void)puts(
        "Services ask each other single questions through this partnership. What they keep about\n"
        "you in their own records is not here: ask them. Nobody else is named on this page.");
    print_asked(f->asked);
    print_recorded(f->recorded);
    print_read(f->read);
    print_rest(f);
}

/* --- for programs --- */

static void part_csv(json_t *rows, const json_t *list, const char *part)
{
    json_t *e;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)list, i, e)
    {
        json_t *row = json_deep_copy(e);

        (void)json_object_set_new(row, "part", json_string(part));
        (void)json_array_append_new(rows, row);
    }
}

static void print_csv(const struct family *f)
{
    static const struct report_column columns[] = {
        { "part", "part" }, { "entry", "leaf" },        { "on", "on" },
        { "who", "who" },   { "asked", "asked" },       { "why", "purpose" },
        { "law", "law" },   { "asked_of", "asked_of" }, { "answer", "answer" },
        { "text", "text" }, { "because", "because" },
    };
    json_t *rows = json_array();

    part_csv(rows, f->asked, "asked");
    part_csv(rows, f->recorded, "recorded");
    part_csv(rows, f->read, "read");
    part_csv(rows, f->statements, "statement");
    part_csv(rows, f->left_out, "left-out");
    report_csv(rows, columns, ALM_LEN(columns));
    json_decref(rows);
}

static int print_object(const struct family *f, const struct report_reply *r)
{
    json_t *o = report_object(f->s, r), *list = json_array();

    for (size_t i = 0; list && i < ALM_LEN(rights); i++)
        (void)json_array_append_new(list, json_string(rights[i]));
    if (!o) {
        json_decref(list);
        return officer_fail(f->s, EX_OSERR, "short of memory");
    }
    (void)json_object_del(o, "rows"); /* they hold others' names */
    (void)json_object_del(o, "statements");
    (void)json_object_set_new(o, "report", json_string("family"));
    (void)json_object_set(o, "asked", f->asked);
    (void)json_object_set(o, "recorded", f->recorded);
    (void)json_object_set(o, "read_by", f->read);
    (void)json_object_set(o, "says", f->statements);
    (void)json_object_set(o, "left_out", f->left_out);
    (void)json_object_set_new(o, "rights", list);
    print_json(o);
    json_decref(o);
    return 0;
}

static int family_run(struct family *f)
{
    ALM_CLEANUP(report_reply_deinit) struct report_reply r = { 0 };
    json_t *q = NULL;
    int rc = family_person(f->s);

    if (!rc)
        rc = family_query(f, &q);
    if (!rc)
        rc = report_read(f->s, q, &r);
    if (!rc)
        rc = family_gather(f, &r);
    if (rc)
        return rc;
    if (f->s->args->json)
        return print_object(f, &r);
    if (f->s->args->csv)
        print_csv(f);
    else
        print_page(f, &r);
    return 0;
}

int command_report_family(struct officer_session *s)
{
    const struct args *given = s->args;
    struct args args = *given;
    struct family f = { .s = s,
                        .policies.s = s,
                        .redactions = json_array(),
                        .asked = json_array(),
                        .recorded = json_array(),
                        .read = json_array(),
                        .statements = json_array(),
                        .left_out = json_array() };
    int rc;

    args.opened = true; /* what was answered is what it is for */
    s->args = &args;
    rc = family_run(&f);
    family_deinit(&f);
    s->args = given;
    return rc;
}
