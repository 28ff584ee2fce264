/* SPDX-License-Identifier: Apache-2.0 */
/* rights.c - answers that were wrong, what was taken back from us, and what a family says of it. */
#include "base/attr.h"
#include "cli/flags.h"
#include "cli/table.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum own { CORRECT = 1, DONE = 2, STATE = 4 };

#define ID     "0193f1c2-7d10-7a44-9c1e-3f1d2b4c5a6b"
#define LODGES (CMD_PRACTICE | CMD_LODGES)

static const struct verb verbs[] = {
    { { "correction", "lodge", LODGES | CMD_OF_PERSON | CMD_OF_HOME, "correction-lodge", "question",
        false, "take back an answer that we gave and that was wrong: whoever was told hears of it",
        "  almoner correction lodge truancy --from 2022-01-10 --kind wrong-person \\\n"
        "      --reason 'the register had his cousin' --practitioner t-4 --subject isla.json\n"
        "  almoner correction lodge noise --from 2022-01-03 --until 2022-01-07 --kind wrong-answer "
        "\\\n"
        "      --reason 'the house opposite' --practitioner pc-9 --household '14 Nowhere Close; "
        "ZZ7 "
        "8ZA'\n"
        "\nWithout a question: who is involved. Correct your own records first: what is asked from "
        "now on is answered from them.\nThe reason stays in the broker's log, sealed; nobody who "
        "was told hears it, nor who took the answer back.\n" },
      CORRECT,
      "[QUESTION]",
      NULL,
      NULL,
      NULL,
      NULL },
    { { "correction", "show", CMD_PRACTICE, "correction-show", "correction", false,
        "how many heard of a correction of ours, and have said what they did",
        "  almoner correction show\n  almoner correction show " ID "\n" },
      0,
      "ID",
      NULL,
      NULL,
      NULL,
      NULL },
    { { "recall", "list", CMD_PRACTICE, "recall-list", NULL, false,
        "what was taken back from us, and by when to say what we did with it",
        "  almoner recall list\n" },
      0,
      NULL,
      NULL,
      NULL,
      NULL,
      NULL },
    { { "recall", "done", LODGES, "recall-done", "recall", true,
        "say what we did with something that was taken back",
        "  almoner recall done " ID " --done never-used --practitioner t-4\n"
        "  almoner recall done " ID " --done passed-on --text 'the housing office, on 7 January' "
        "--practitioner t-4\n" },
      DONE,
      "ID",
      "say which: the id that `almoner recall list` prints",
      NULL,
      NULL,
      NULL },
    { { "statement", "add", LODGES | CMD_OF_PERSON, "statement-add", NULL, false,
        "lodge what a family says of what is said of them",
        "  almoner statement add --body statement.txt --practitioner t-4 --subject isla.json\n"
        "\nIn their words, at most 2,000 bytes. It stands in the report that the family gets; "
        "whoever was told something\nof this person hears that there is one, not what it says.\n" },
      STATE,
      NULL,
      NULL,
      NULL,
      NULL,
      NULL },
};

static const struct flag flags[] = {
    { "--from", "from", FLAG_TEXT, CORRECT, "DATE", "the first day on which it was answered so" },
    { "--until", "until", FLAG_TEXT, CORRECT, "DATE", "the last; default: today" },
    { "--kind", "kind", FLAG_TEXT, CORRECT, "WHY",
      "wrong-answer, wrong-person, or changed-since: right then, and not now" },
    { "--reason", "reason", FLAG_TEXT, CORRECT, "TEXT", "for the log: how it came to be wrong" },
    { "--previous-key", "previous_key", FLAG_YES, CORRECT, NULL,
      "it was asked before the partnership changed the key of its tokens" },
    { "--done", "done", FLAG_TEXT, DONE, "WHAT", "stopped, never-used, passed-on or cannot" },
    { "--text", "text", FLAG_TEXT, DONE, "TEXT",
      "passed-on: to which services; cannot: why. Names no client" },
    { "--about", "about", FLAG_TEXT, STATE, "ID",
      "the message id of a question that it speaks of" },
    { "--body", "body", FLAG_BODY, STATE, "FILE", "what the family says (-: standard input)" },
};

static const char *asked(const json_t *o)
{
    return *text_at(o, "question") ? text_at(o, "question") : "who is involved";
}

static void print_corrections(const json_t *r)
{
    const json_t *list = json_object_get(r, "corrections"), *o;
    char due[TIME_TEXT];
    size_t i;

    if (!json_array_size(list))
        (void)puts("This agency has taken nothing back.");
    json_array_foreach(list, i, o)
    {
        (void)printf("%s  %s, lodged on %s\n", text_at(o, "correction"), asked(o),
                     text_at(o, "lodged_on"));
        (void)printf("   %lld told, %lld have said what they did, %lld late%s%s%s\n",
                     number_at(o, "told"), number_at(o, "acknowledged"), number_at(o, "overdue"),
                     *text_at(o, "due") ? "; due by " : "", time_at(o, "due", due),
                     json_is_true(json_object_get(o, "searching"))
                         ? "; the search for those who were told goes on"
                         : "");
        /* A question mistyped is one that nobody asked, and the broker cannot tell it from one of an earlier policy. */
        if (!number_at(o, "told") && !json_is_true(json_object_get(o, "searching")))
            (void)puts("   Nobody is counted. If somebody was told, look whether the question, the days and "
                       "the person are right, and lodge another.");
    }
}

static void print_recalls(const json_t *r)
{
    const json_t *list = json_object_get(r, "recalls"), *o;
    char due[TIME_TEXT];
    size_t i;

    if (!json_array_size(list))
        (void)puts("Nothing that was taken back waits here.");
    json_array_foreach(list, i, o)
    {
        bool statement = strcmp(text_at(o, "cause"), "statement") == 0;

        (void)printf("%s  %s, told on %s (your question %s)\n", text_at(o, "recall"), asked(o),
                     text_at(o, "told_on"), text_at(o, "message"));
        (void)printf("   %s\n", text_at(o, "text"));
        if (statement)
            (void)printf("   When you have read it: almoner recall done %s\n",
                         text_at(o, "recall"));
        else
            (void)printf("   %s %s: almoner recall done %s --done stopped|never-used|passed-on|"
                         "cannot\n",
                         json_is_true(json_object_get(o, "overdue")) ? "LATE, was due"
                                                                     : "Say what you did by",
                         time_at(o, "due", due), text_at(o, "recall"));
    }
}

static void print_seen(const json_t *r)
{
    (void)printf("Read: %s. Nobody waits to hear of it.\n", text_at(r, "recall"));
}

static const struct printer printers[] = { { "corrections", print_corrections, EX_OK },
                                           { "recalls", print_recalls, EX_OK },
                                           { "recall-seen", print_seen, EX_OK } };

const struct noun noun_rights = { verbs,          ALM_LEN(verbs), flags,
                                  ALM_LEN(flags), printers,       ALM_LEN(printers) };
