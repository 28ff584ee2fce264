/* SPDX-License-Identifier: Apache-2.0 */
/* concern.c - concerns and what follows from them: firings, calls back, outcomes, and a decision
 * not to share. Free text about a person has no place in any of them but a call back's. */
#include "base/attr.h"
#include "cli/flags.h"
#include "cli/print.h"
#include "cli/table.h"

#include <stdbool.h>
#include <stdio.h>
#include <sysexits.h>

enum own { LODGE = 1, AMEND = 2, FIRING = 4, CONTACT = 8, OUTCOME = 16, NOT_SHARED = 32 };

#define ID      "0193f1c2-7d10-7a44-9c1e-3f1d2b4c5a6b"
#define WHICH   "say which concern: the id that its receipt printed"
#define EPISODE "say which firing: its episode, as `almoner stream follow` printed it"
#define LODGES  (CMD_PRACTICE | CMD_LODGES)

static const struct verb verbs[] = {
    { { "concern", "lodge", LODGES | CMD_OF_PERSON | CMD_OF_HOME | CMD_AT_HOME, "concern-lodge",
        NULL, false, "lodge a concern: it may add up with those of others",
        "  almoner concern lodge --category child-distress --severity low --area north-marl \\\n"
        "      --purpose concern-monitoring --basis public-task --practitioner t-4 \\\n"
        "      --at-home '14 Nowhere Close; ZZ7 8ZA' --subject isla.json\n"
        "  almoner concern lodge --category domestic-incident --severity medium --origin "
        "log-2026-4471 \\\n"
        "      --purpose concern-monitoring --basis public-task --practitioner pc-9 --household "
        "'14 Nowhere Close; ZZ7 8ZA'\n"
        "\nWhat happened stays in your own system: no free text is sent. Give --origin where "
        "others "
        "may report the same\nevent, so that it does not count twice.\n" },
      LODGE,
      NULL,
      NULL,
      NULL,
      NULL,
      NULL },
    { { "concern", "amend", LODGES, "concern-amend", "concern", true,
        "change a concern that this agency lodged, or say what it turned out to be",
        "  almoner concern amend " ID " --severity medium --practitioner t-4\n"
        "  almoner concern amend " ID " --found unfounded --practitioner t-4\n" },
      AMEND,
      "ID",
      WHICH,
      NULL,
      NULL,
      NULL },
    { { "concern", "withdraw", LODGES, "concern-withdraw", "concern", true,
        "withdraw a concern that this agency lodged",
        "  almoner concern withdraw " ID " --practitioner t-4\n" },
      0,
      "ID",
      WHICH,
      NULL,
      NULL,
      NULL },
    { { "firing", "acted", LODGES, "firing-acted", "episode", true,
        "the hub has acted on a firing; contributors now hear that theirs joined others",
        "  almoner firing acted " ID " --outcome early-help-offered --practitioner hub-2\n" },
      FIRING,
      "EPISODE",
      EPISODE,
      NULL,
      NULL,
      NULL },
    { { "firing", "close", LODGES, "firing-close", "episode", true,
        "the matter is over; new concerns may fire again",
        "  almoner firing close " ID " --outcome no-further-action --practitioner hub-2\n" },
      FIRING,
      "EPISODE",
      EPISODE,
      NULL,
      NULL,
      NULL },
    { { "contact", NULL, LODGES, "contact", "about", true,
        "ask to be called back by whoever may not be named; whether they do is their choice",
        "  almoner contact " ID " --text 'the hub has a strategy meeting on Thursday' "
        "--practitioner hub-2\n" },
      CONTACT,
      "ID",
      "say about what: a firing's episode, or the message id of your own `almoner who`",
      NULL,
      NULL,
      NULL },
    { { "outcome", NULL, LODGES, "outcome", "about", true,
        "record what an answer, firing or referral led to",
        "  almoner outcome " ID " --effect sooner --minutes 45 --area north-marl --practitioner "
        "t-4\n" },
      OUTCOME,
      "ID",
      "say of what: the id of the answer, firing or referral",
      NULL,
      NULL,
      NULL },
    { { "not-shared", NULL, LODGES, "not-shared", NULL, false,
        "record a decision not to share, as a disclosure would be",
        "  almoner not-shared --reason not-necessary --question caf-open --practitioner t-4\n" },
      NOT_SHARED,
      NULL,
      NULL,
      NULL,
      NULL,
      NULL },
};

static const struct flag flags[] = {
    { "--category", "category", FLAG_TEXT, LODGE | AMEND, "ID",
      "what it is about, of the policy's categories" },
    { "--severity", "severity", FLAG_TEXT, LODGE | AMEND, "HOW", "low, medium, high or critical" },
    { "--area", "area", FLAG_TEXT, LODGE | OUTCOME, "ID", "which area, of the policy's" },
    { "--observed-on", "observed_on", FLAG_TEXT, LODGE, "DATE", "default: today" },
    { "--origin", "origin", FLAG_TEXT, LODGE, "REF",
      "the event it comes from, as every agency writes it: counted once" },
    { "--expires-on", "expires_on", FLAG_TEXT, LODGE | AMEND, "DATE",
      "last day it counts; default: the policy's" },
    { "--part", "part", FLAG_TEXT, LODGE, "WHICH",
      "at-risk or alleged: the person's part in it; how long it is kept may depend on it" },
    { "--found", "found", FLAG_TEXT, AMEND, "HOW",
      "founded or unfounded: what it turned out to be; how long it is kept may depend on it" },
    { "--contact-route", "contact_route", FLAG_TEXT, LODGE | CONTACT, "TEXT",
      "a desk to telephone; default: the adapter's" },
    { "--outcome", "outcome", FLAG_TEXT, FIRING, "CODE", "what came of it, in a word" },
    { "--text", "text", FLAG_TEXT, CONTACT | NOT_SHARED, "TEXT", "for people; names nobody" },
    { "--effect", "effect", FLAG_TEXT, OUTCOME, "WHAT", "sooner, different or no-use" },
    { "--minutes", "minutes", FLAG_TEXT, OUTCOME, "N", "minutes saved" },
    { "--reason", "reason", FLAG_TEXT, NOT_SHARED, "CODE", "why not, in a word" },
    { "--about", "about", FLAG_TEXT, NOT_SHARED, "ID", "the message that it answers" },
    { "--question", "question", FLAG_TEXT, NOT_SHARED, "ID", "what would have been told" },
};

static void print_threshold(const json_t *r)
{
    static const struct column columns[] = { { "name", "AGENCY" }, { "contact_route", "CONTACT" } };
    const json_t *by = json_object_get(r, "contributors");

    if (!json_is_true(json_object_get(r, "fired"))) {
        (void)printf("Not met, as of %s. That is all it means: not that nobody is worried.\n",
                     text_at(r, "as_of"));
        print_guidance(r);
        return;
    }
    (void)printf("MET on %s (as of %s): concerns of several agencies add up.\n",
                 text_at(r, "fired_on"), text_at(r, "as_of"));
    if (json_array_size(by))
        table_print(by, columns, ALM_LEN(columns));
    if (json_is_true(json_object_get(r, "masked")))
        (void)puts("And one or more services, not named. Ask to be called back: almoner contact.");
    print_guidance(r);
}

static const struct printer printers[] = { { "threshold", print_threshold, EX_OK } };

const struct noun noun_concern = { verbs,          ALM_LEN(verbs), flags,
                                   ALM_LEN(flags), printers,       ALM_LEN(printers) };
