/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c - step-down watches, and what an agency has to decide by when. */
#include "base/attr.h"
#include "cli/flags.h"
#include "cli/table.h"

#include <stdio.h>
#include <sysexits.h>

enum own { ADD = 1, MOVE = 2, DUE = 4 };

#define ID     "0193f1c2-7d10-7a44-9c1e-3f1d2b4c5a6b"
#define WHICH  "say which watch: the id that its receipt printed"
#define LODGES (CMD_PRACTICE | CMD_LODGES)

static const struct verb verbs[] = {
    { { "watch", "add", LODGES | CMD_OF_PERSON | CMD_AT_HOME, "watch-add", NULL, false,
        "step-down: be told if one of these agencies meets this person again; nobody else is",
        "  almoner watch add --agencies marlshire-police,osierbank-gp --until 2027-05-31 "
        "--review-on 2027-02-28 \\\n"
        "      --at-home '14 Nowhere Close; ZZ7 8ZA' --practitioner sw-17 --subject isla.json\n" },
      ADD,
      NULL,
      NULL,
      NULL,
      NULL,
      NULL },
    { { "watch", "move", LODGES | CMD_AT_HOME, "watch-move", "watch", true,
        "carry a watch to a new address (whoever moves into the old one is not watched), or change "
        "its last day",
        "  almoner watch move " ID " --at-home '3 Pretend Road; ZZ7 8ZB' --practitioner sw-17\n" },
      MOVE,
      "ID",
      WHICH,
      NULL,
      NULL,
      NULL },
    { { "watch", "end", LODGES, "watch-end", "watch", true, "end a watch",
        "  almoner watch end " ID " --practitioner sw-17\n" },
      0,
      "ID",
      WHICH,
      NULL,
      NULL,
      NULL },
    { { "due", NULL, CMD_PRACTICE, "due", NULL, false,
        "what this agency has to decide, and by when; earliest first",
        "  almoner due --overdue\n" },
      DUE,
      NULL,
      NULL,
      NULL,
      NULL,
      NULL },
};

static const struct flag flags[] = {
    { "--agencies", "agencies", FLAG_LIST, ADD, "IDS",
      "whose concerns and questions count: a,b or '*'" },
    { "--from", "from", FLAG_TEXT, ADD, "DATE", "first day; default: today" },
    { "--until", "until", FLAG_TEXT, ADD | MOVE, "DATE", "last day" },
    { "--review-on", "review_on", FLAG_TEXT, ADD, "DATE",
      "when to look whether it is still needed" },
    { "--moved-on", "moved_on", FLAG_TEXT, MOVE, "DATE", "default: today" },
    { "--overdue", "overdue", FLAG_YES, DUE, NULL, "only what is late" },
};

static void print_due(const json_t *r)
{
    static const struct column columns[] = {
        { "due", "DUE" },  { "overdue", "LATE" }, { "due_kind", "WHAT" },
        { "role", "WHO" }, { "about", "ID" },     { "text", "ABOUT" },
    };
    const json_t *due = json_object_get(r, "due");

    if (json_array_size(due))
        table_print(due, columns, ALM_LEN(columns));
    else
        (void)puts("Nothing is due.");
}

static const struct printer printers[] = { { "due", print_due, EX_OK } };

const struct noun noun_watch = { verbs,          ALM_LEN(verbs), flags,
                                 ALM_LEN(flags), printers,       ALM_LEN(printers) };
