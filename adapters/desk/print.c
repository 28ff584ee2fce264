/* SPDX-License-Identifier: Apache-2.0 */
/* print.c - replies of the desk for people. */
#include "desk/front.h"

#include <string.h>
#include <sysexits.h>

int print_failed(const json_t *reply, bool as_json)
{
    const json_t *code = json_object_get(reply, "exit");

    if (as_json)
        (void)json_dumpf(reply, stdout, JSON_COMPACT), (void)putchar('\n');
    else
        (void)fprintf(stderr, "almoner desk: %s\n", desk_text(reply, "message"));
    return json_is_integer(code) ? (int)json_integer_value(code) : EX_SOFTWARE;
}

static void print_about(const json_t *q)
{
    bool home = strcmp(desk_text(q, "about"), "home") == 0;

    if (home && *desk_text(q, "home"))
        (void)printf("  About the home %s\n", desk_text(q, "home"));
    else if (home)
        (void)printf("  About a home that is no longer on the list\n");
    else if (json_is_true(json_object_get(q, "on_list")))
        (void)printf("  About %s, born %s\n", desk_text(q, "name"), desk_text(q, "born"));
    else
        (void)printf("  About somebody who is no longer on the list\n");
}

void print_question(const json_t *q)
{
    char due[24];

    desk_time(q, "due_ms", due);
    (void)printf("%.8s  %s\n", desk_text(q, "id"), desk_text(q, "wording"));
    print_about(q);
    if (*desk_text(q, "at_home"))
        (void)printf("  At the home %s\n", desk_text(q, "at_home"));
    (void)printf("  As of %s. Asked by %s", desk_text(q, "as_of"), desk_text(q, "asker"));
    if (*desk_text(q, "purpose"))
        (void)printf(", for %s", desk_text(q, "purpose"));
    if (strcmp(desk_text(q, "state"), "open") == 0)
        (void)printf(". Answer by %s.\n", due);
    else if (*desk_text(q, "answer") && *desk_text(q, "answered_by"))
        (void)printf(". Answered \"%s\" by %s.\n", desk_text(q, "answer"), desk_text(q, "answered_by"));
    else
        (void)printf(". %s\n", "Nobody answered in time.");
}

void print_statement(const json_t *reply)
{
    const json_t *s = json_object_get(reply, "statement");
    char until[24], at[24];

    if (!s) {
        (void)printf("Nobody has stated lately that the list of people is complete, or it has become shorter "
                     "since: questions\nabout whoever is not in it wait.\n  almoner desk complete\n");
        return;
    }
    desk_time(s, "until_ms", until);
    desk_time(s, "at_ms", at);
    (void)printf("%s stated on %s that the list is complete (%lld people); this holds until %s.\n",
                 desk_text(s, "name"), at,
                 (long long)json_integer_value(json_object_get(s, "people")), until);
}

void print_unknown(const json_t *reply)
{
    long long n = (long long)json_integer_value(json_object_get(reply, "unknown"));

    if (n)
        (void)printf("%lld question%s about people who are not on our list wait%s: \"not known to us\" is said "
                     "when you\nanswer a question or state that the list is complete.\n\n",
                     n, n == 1 ? "" : "s", n == 1 ? "s" : "");
}

void print_more(const json_t *reply)
{
    long long waiting = (long long)json_integer_value(json_object_get(reply, "waiting"));
    size_t shown = json_array_size(json_object_get(reply, "questions"));

    if (waiting > (long long)shown)
        (void)printf("%lld questions wait; these are the %zu most urgent. Answer them, and look again.\n\n",
                     waiting, shown);
}

void print_questions(const json_t *reply)
{
    const json_t *rows = json_object_get(reply, "questions"), *q;
    size_t i;

    print_unknown(reply);
    print_more(reply);
    json_array_foreach(rows, i, q)
    {
        print_question(q);
        (void)putchar('\n');
    }
    if (json_array_size(rows) == 0)
        (void)printf("No question waits.\n");
    else
        (void)printf("Answer with: almoner desk answer ID yes|no|not-known|cannot-say\n");
    print_statement(reply);
}

void print_statements(const json_t *reply)
{
    const json_t *rows = json_object_get(reply, "statements"), *s;
    size_t i;

    json_array_foreach(rows, i, s)
    {
        char at[24], until[24];

        desk_time(s, "at_ms", at);
        desk_time(s, "until_ms", until);
        (void)printf("%s  %s (%s): the list of %lld people is complete; until %s\n", at,
                     desk_text(s, "name"), desk_text(s, "by"),
                     (long long)json_integer_value(json_object_get(s, "people")), until);
    }
    if (json_array_size(rows) == 0)
        (void)printf("Nobody has stated that the list is complete.\n");
}
