/* SPDX-License-Identifier: Apache-2.0 */
/* stream.c - the streams of a hub, and every agency's inbox. */
#include "base/attr.h"
#include "cli/flags.h"
#include "cli/follow.h"
#include "cli/table.h"

#include <stdio.h>
#include <sysexits.h>

enum own { FOLLOW = 1 };

static const struct verb verbs[] = {
    { { "stream", "follow", CMD_PRACTICE, "stream-next", NULL, false,
        "events as they come, oldest first, each until it is done; without --stream: this agency's "
        "inbox",
        "  almoner stream follow --wait 0                                # what is here now\n"
        "  almoner stream follow --stream north --areas north-marl --severity-least medium\n"
        "  almoner stream follow --stream north --json --exec './to-case-system'   # once per "
        "event; "
        "done when it exits 0\n" },
      FOLLOW,
      NULL,
      NULL,
      NULL,
      NULL,
      follow_run },
    { { "stream", "status", CMD_PRACTICE, "stream-status", NULL, false,
        "what waits on each of this agency's streams", "  almoner stream status\n" },
      0,
      NULL,
      NULL,
      NULL,
      NULL,
      NULL },
    { { "stream", "end", CMD_PRACTICE, "stream-end", "stream", true,
        "end a subscription; what waits on it is not delivered",
        "  almoner stream end north --practitioner hub-2\n" },
      0,
      "STREAM",
      "say which stream: see `almoner stream status`",
      NULL,
      NULL,
      NULL },
};

/* clang-format off: a table, one row a line */
static const struct flag flags[] = {
    { "--stream", "stream", FLAG_TEXT, FOLLOW, "NAME",
      "inbox (default), or a subscription to firings; made when it is not there" },
    { "--areas", "areas", FLAG_LIST, FOLLOW, "IDS", "only firings of these areas" },
    { "--categories", "categories", FLAG_LIST, FOLLOW, "IDS", "only of these categories" },
    { "--triggers", "triggers", FLAG_LIST, FOLLOW, "IDS", "only of these threshold questions" },
    { "--severity-least", "severity_least", FLAG_TEXT, FOLLOW, "HOW",
      "low, medium, high or critical, and above" },
    { "--credit", "credit", FLAG_TEXT, FOLLOW, "N",
      "how many the broker may send ahead, 1 to 1024; default 64" },
    { "--from", "from", FLAG_TEXT, FOLLOW, "SEQ", "play again from this one" },
    { "--count", "count", FLAG_TEXT, FOLLOW, "N", "stop after so many" },
    { "--wait", "wait", FLAG_TEXT, FOLLOW, "S",
      "stop when nothing new came for so long; 0: what is here now" },
    { "--exec", "exec", FLAG_TEXT, FOLLOW, "CMD",
      "a command per event, its JSON on standard input; done when it exits 0" },
};
/* clang-format on */

static void print_streams(const json_t *r)
{
    static const struct column columns[] = {
        { "stream", "STREAM" }, { "lag", "NOT DONE" }, { "last", "LAST" },
        { "acked", "HERE" },    { "done", "DONE" },    { "oldest", "OLDEST WAITING" },
        { "credit", "CREDIT" },
    };

    table_print(json_object_get(r, "streams"), columns, ALM_LEN(columns));
}

static const struct printer printers[] = { { "streams", print_streams, EX_OK } };

const struct noun noun_stream = { verbs,          ALM_LEN(verbs), flags,
                                  ALM_LEN(flags), printers,       ALM_LEN(printers) };
