/* SPDX-License-Identifier: Apache-2.0 */
/* print.c - one printer per kind of reply. An answer never stands without its day and how complete
 * it is: a "no" that reads like "this child is safe" would be worse than none (DESIGN.md promise
 * 4). */
#include "cli/print.h"

#include "base/attr.h"
#include "cli/flags.h"
#include "cli/table.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* --- answers --- */
static const struct {
    const char *word, *sentence;
} completeness[] = {
    { "all", "All services that the protocol lists for this have answered." },
    { "most", "Most, not all, of the services that the protocol lists for this have answered." },
    { "some", "Only some of the services that the protocol lists for this have answered." },
    { "none", "None of the services that the protocol lists for this has answered." },
};

void print_complete(const json_t *r)
{
    for (size_t i = 0; i < ALM_LEN(completeness); i++) {
        if (strcmp(completeness[i].word, text_at(r, "completeness")) == 0)
            (void)printf("%s\n", completeness[i].sentence);
    }
}

void print_guidance(const json_t *r)
{
    if (*text_at(r, "guidance"))
        (void)printf("Please note: %s\n", text_at(r, "guidance"));
    if (json_is_true(json_object_get(r, "review_due")))
        (void)puts("The agreement that this rests on is past its review: ask them whether it still "
                   "holds.");
    (void)printf("Rule: %s   Message: %s\n", text_at(r, "rule"), text_at(r, "message_id"));
}

/* Some agencies answer by hand: what is not said yet may still come. */
static void print_later(const json_t *r)
{
    char by[TIME_TEXT];

    if (!*text_at(r, "later_by"))
        return;
    (void)printf("Somebody answers this by hand, by %s: the final answer comes to your inbox then, "
                 "about question %s.\nSee it: almoner stream follow\n",
                 time_at(r, "later_by", by), text_at(r, "message_id"));
}

void print_insight_part(const json_t *r)
{
    const char *answer = text_at(r, "answer"), *as_of = text_at(r, "as_of");

    if (strcmp(answer, "yes") == 0)
        (void)printf("YES, as of %s.\n", as_of);
    else if (strcmp(answer, "no") == 0)
        (void)printf(
            "No record of it, as of %s. That is all it means: not that nothing is wrong.\n", as_of);
    else
        (void)printf("CANNOT SAY, as of %s. Treat it as not known: somebody did not answer, or not "
                     "clearly. Telephone if it matters.\n",
                     as_of);
    print_complete(r);
}

static void print_insight(const json_t *r)
{
    print_insight_part(r);
    print_later(r);
    print_guidance(r);
}

void print_involvement_part(const json_t *r)
{
    static const struct column columns[] = {
        { "name", "AGENCY" },           { "service", "SERVICE" },
        { "contact_route", "CONTACT" }, { "lead_professional", "LEAD" },
        { "since", "SINCE" },
    };
    const json_t *involved = json_object_get(r, "involved");

    if (json_array_size(involved))
        table_print(involved, columns, ALM_LEN(columns));
    else
        (void)puts("No involvement that you may be told of. That is all it means: not that nobody "
                   "is worried.");
    if (json_is_true(json_object_get(r, "masked")))
        (void)puts("And one or more sensitive services, not named: the hub puts you in touch.");
    (void)printf("As of %s. ", text_at(r, "as_of"));
    print_complete(r);
}

static void print_involvement(const json_t *r)
{
    print_involvement_part(r);
    print_later(r);
    print_guidance(r);
}

static void print_refusal(const json_t *r)
{
    (void)printf("Not shared: %s\n",
                 *text_at(r, "text") ? text_at(r, "text") : text_at(r, "reason"));
    if (*text_at(r, "way_forward"))
        (void)printf("What you can do: %s\n", text_at(r, "way_forward"));
    (void)printf("Reason: %s   Message: %s\n", text_at(r, "reason"), text_at(r, "message_id"));
}

static void print_receipt(const json_t *r)
{
    if (json_is_true(json_object_get(r, "queued")))
        (void)puts("Kept safely here; the broker has not confirmed it yet. It is sent as soon as "
                   "the broker can be reached.");
    else
        (void)printf("Recorded by the broker, entry %lld of its log.\n",
                     (long long)json_integer_value(json_object_get(r, "leaf")));
    (void)printf("Id: %s\n", text_at(r, "message_id"));
}

static void print_busy(const json_t *r)
{
    (void)printf("The broker is busy. Try again in %lld s.\n",
                 (long long)(json_integer_value(json_object_get(r, "retry_after_ms")) + 999) /
                     1000);
}

static void print_consents(const json_t *r)
{
    static const struct column columns[] = {
        { "id", "ID" },
        { "purpose", "PURPOSE" },
        { "decision", "DECISION" },
        { "capacity", "BY" },
        { "given_on", "GIVEN" },
        { "expires_on", "EXPIRES" },
        { "withdrawn_on", "WITHDRAWN" },
    };
    const json_t *list = json_object_get(r, "consents");

    if (json_array_size(list))
        table_print(list, columns, ALM_LEN(columns));
    else
        (void)puts("This agency has recorded no consents.");
}

static void print_questions(const json_t *r)
{
    static const struct column purposes[] = {
        { "id", "PURPOSE" },
        { "consent", "CONSENT" },
        { "involvement", "WHO" },
        { "title", "TITLE" },
    };
    static const struct column questions[] = {
        { "id", "QUESTION" },         { "sensitive", "SENSITIVE" },
        { "household", "HOUSEHOLD" }, { "home_parameter", "AT-HOME" },
        { "wording", "WORDING" },
    };

    table_print(json_object_get(r, "purposes"), purposes, ALM_LEN(purposes));
    (void)puts("");
    table_print(json_object_get(r, "questions"), questions, ALM_LEN(questions));
}

/* What is to be said of rows that are not as they should be. */
static const char *rows_said(const char *rows)
{
    static const struct {
        const char *word, *said;
    } all[] = {
        { "old", "; the last reading failed, these are the rows before it: see the log" },
        { "partial", "; something is missing at the source (a file, a column, a page): see the log" },
        { "stale", "; older than the configuration allows: questions are \"cannot say\"" },
        { "loading", "; being read for the first time" },
        { "none", "; none could be read yet, it is tried again: see the log" },
    };

    for (size_t i = 0; i < ALM_LEN(all); i++) {
        if (strcmp(rows, all[i].word) == 0)
            return all[i].said;
    }
    return "";
}

static void print_source(const json_t *r)
{
    const json_t *source = json_object_get(r, "source");

    (void)printf("Source: %s, %s", text_at(r, "backend"), text_at(source, "worker"));
    if (number_at(source, "restarts"))
        (void)printf(", replaced %lld times since the start: see the log",
                     number_at(source, "restarts"));
    if (json_is_true(json_object_get(source, "loading")))
        (void)printf(", reading (%lld rows so far)", number_at(source, "rows_loading"));
    (void)puts("");
}

/* A line a key; the usual single one of the scheme hmac says nothing worth a line. */
static void print_tokens(const json_t *t)
{
    const json_t *keys = json_object_get(t, "keys"), *k = NULL;
    size_t i;

    json_array_foreach((json_t *)keys, i, k)
    {
        const char *scheme = text_at(k, "scheme");
        bool ready = json_is_true(json_object_get(k, "ready"));

        if (json_array_size(keys) == 1 && ready && strcmp(scheme, "hmac") == 0)
            break;
        (void)printf("Tokens: %s %lld (%s), %s", scheme, number_at(k, "epoch"),
                     text_at(k, "state"),
                     ready                                          ? "ready"
                     : json_is_true(json_object_get(k, "usable")) ? "not ready yet"
                                                                    : "cannot be used here");
        if (!ready)
            (void)printf(": %lld of %lld people and homes", number_at(k, "indexed"),
                         number_at(k, "of"));
        (void)puts("");
    }
    if (json_is_true(json_object_get(t, "carrying")))
        (void)printf("Carried to the next key: %lld of %lld records\n", number_at(t, "carried"),
                     number_at(t, "records"));
    if (number_at(t, "lost"))
        (void)printf("%lld records cannot be carried: withdraw them and lodge them anew (the log "
                     "names them)\n",
                     number_at(t, "lost"));
    if (*text_at(t, "text"))
        (void)printf("%s\n", text_at(t, "text"));
}

static void print_status(const json_t *r)
{
    (void)printf("%s (%s, %s): %s\n", text_at(r, "agency"), text_at(r, "mode"),
                 text_at(r, "origin"), text_at(r, "text"));
    (void)printf("Day of the broker: %s\n",
                 *text_at(r, "civil_day") ? text_at(r, "civil_day") : "not known yet");
    (void)printf("Rows: %lld people, complete up to %s%s\n", number_at(r, "people"),
                 *text_at(r, "data_as_of") ? text_at(r, "data_as_of") : "?",
                 rows_said(text_at(r, "rows")));
    print_source(r);
    (void)printf("Outbox: %lld waiting", number_at(r, "outbox"));
    if (number_at(r, "outbox_refused"))
        (void)printf(", %lld refused by the broker", number_at(r, "outbox_refused"));
    if (number_at(r, "outbox_bad"))
        (void)printf(", %lld damaged", number_at(r, "outbox_bad"));
    (void)puts("");
    print_tokens(json_object_get(r, "tokens"));
}

static void print_subject(const json_t *r)
{
    const json_t *relation = json_object_get(r, "relationship");

    (void)printf("Known here: %s\n", text_at(r, "known"));
    (void)printf("Why we might ask: %s%s%s\n", text_at(relation, "kind"),
                 *text_at(relation, "since") ? ", since " : "", text_at(relation, "since"));
    (void)printf("Homes known: %lld\nNothing was sent.\n", number_at(r, "homes"));
}

static void print_fhir(const json_t *r)
{
    (void)json_dumpf(json_object_get(r, "fhir"), stdout, JSON_INDENT(2));
    (void)puts("");
}

static void print_agencies(const char *title, const json_t *list)
{
    const json_t *id;
    size_t i;

    if (!json_array_size(list))
        return;
    (void)printf("%s", title);
    json_array_foreach((json_t *)list, i, id)
        (void)printf("%s%s", i ? ", " : "",
                     strcmp(json_string_value(id), "*") == 0 ? "all of the protocol"
                                                             : json_string_value(id));
    (void)puts("");
}

/* The fields that the person wants to read back; all of them are in --json. */
static void print_consent_receipt(const json_t *r)
{
    static const struct {
        const char *key, *title;
    } lines[] = {
        { "given_on", "Given on" },         { "capacity", "By" },
        { "giver_ref", "Giver" },           { "method", "How" },
        { "wording", "Wording" },           { "language", "Language" },
        { "competence_by", "Judged by" },   { "competence_role", "Judged as" },
        { "competence_on", "Judged on" },   { "witness", "Witness" },
        { "conditions", "Conditions" },     { "stage", "Stage" },
        { "family", "Family" },             { "expires_on", "Last day" },
        { "review_on", "To be reviewed" },  { "able_until", "Theirs to give until" },
        { "not_possible", "Not possible" },
    };
    const json_t *record = json_object_get(json_object_get(r, "receipt"), "record");

    (void)printf("Receipt of consent %s\nDecision: %s (%s)\nPurpose: %s\n", text_at(record, "id"),
                 text_at(record, "decision"), text_at(r, "status"), text_at(record, "purpose"));
    for (size_t i = 0; i < ALM_LEN(lines); i++)
        if (*text_at(record, lines[i].key))
            (void)printf("%s: %s\n", lines[i].title, text_at(record, lines[i].key));
    print_agencies("May be told: ", json_object_get(record, "recipients"));
    print_agencies("May answer: ", json_object_get(record, "sources"));
    print_agencies("Sensitive services that may answer: ",
                   json_object_get(record, "sensitive_sources"));
    (void)puts("It can be withdrawn at any time, with any agency of the protocol.");
}

static const struct printer kinds[] = {
    { "insight", print_insight, EX_OK },     { "involvement", print_involvement, EX_OK },
    { "refusal", print_refusal, EX_NOPERM }, { "receipt", print_receipt, EX_OK },
    { "busy", print_busy, EX_TEMPFAIL },     { "consents", print_consents, EX_OK },
    { "questions", print_questions, EX_OK }, { "status", print_status, EX_OK },
    { "subject", print_subject, EX_OK },     { "override", print_override, EX_OK },
    { "consent-fhir", print_fhir, EX_OK },   { "consent-receipt", print_consent_receipt, EX_OK },
};

static const struct printer *printer_of(const json_t *reply)
{
    const char *kind = text_at(reply, "kind");

    for (size_t i = 0; i < ALM_LEN(kinds); i++)
        if (strcmp(kinds[i].kind, kind) == 0)
            return &kinds[i];
    for (size_t n = 0; nouns[n]; n++)
        for (size_t i = 0; i < nouns[n]->n_printers; i++)
            if (strcmp(nouns[n]->printers[i].kind, kind) == 0)
                return &nouns[n]->printers[i];
    return NULL;
}

void print_reply(const json_t *reply)
{
    const struct printer *p = printer_of(reply);

    if (p) {
        p->print(reply);
        return;
    }
    (void)json_dumpf(reply, stdout, JSON_INDENT(2));
    (void)puts("");
}

int print_exit(const json_t *reply)
{
    const struct printer *p = printer_of(reply);

    if (!json_is_true(json_object_get(reply, "ok"))) {
        json_int_t code = json_integer_value(json_object_get(reply, "exit"));

        return code > 0 && code < 256 ? (int)code : EX_SOFTWARE;
    }
    return p ? p->exit : EX_OK;
}
