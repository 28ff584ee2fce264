/* SPDX-License-Identifier: Apache-2.0 */
/* sealing.c - sealing keys: what a referral's text is sealed to, so that only its receiver reads
 * it. */
#include "base/attr.h"
#include "cli/flags.h"
#include "cli/table.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum own { PUBLISH = 1, ACCEPT = 2 };

static const struct verb verbs[] = {
    { { "sealing", "publish", CMD_PRACTICE | CMD_LODGES, "sealing-publish", NULL, false,
        "publish this agency's sealing key (keys.seal of the adapter), or the one that takes over "
        "from it",
        "  almoner key new seal marlham-parenting     # once; then keys.seal in the adapter's "
        "configuration\n"
        "  almoner sealing publish --practitioner it-1\n" },
      PUBLISH,
      NULL,
      NULL,
      NULL,
      NULL,
      NULL },
    { { "sealing", "list", CMD_PRACTICE, "sealing-list", "agency", false,
        "an agency's sealing keys, and which one is trusted here",
        "  almoner sealing list marlham-parenting\n" },
      0,
      "[AGENCY]",
      NULL,
      NULL,
      NULL,
      NULL },
    { { "sealing", "accept", CMD_PRACTICE, "sealing-accept", "agency", true,
        "trust a sealing key that changed unannounced, after hearing it by telephone",
        "  almoner sealing accept marlham-parenting --key "
        "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f --practitioner it-1\n" },
      ACCEPT,
      "AGENCY",
      "say whose: `almoner sealing list AGENCY` shows its keys",
      NULL,
      NULL,
      NULL },
};

static const struct flag flags[] = {
    { "--from", "from", FLAG_TEXT, PUBLISH, "DATE", "first day of its use; default: today" },
    { "--key", "key", FLAG_TEXT, ACCEPT, "HEX",
      "the whole key, 64 hexadecimal digits, as they read it to you" },
};

static const struct {
    const char *state, *text;
} states[] = {
    { "none", "It has published none: nothing can be sealed to it yet." },
    { "new", "Not used by us yet; the newest is trusted when it is first used." },
    { "pinned", "The newest is the one trusted here." },
    { "changed",
      "IT CHANGED UNANNOUNCED: nothing is sealed to it. Telephone them, compare the newest key "
      "whole, then: almoner sealing accept AGENCY --key HEX" },
};

static void print_keys(const json_t *r)
{
    static const struct column columns[] = { { "from", "FROM" },
                                             { "key", "KEY" },
                                             { "previous", "TAKES OVER FROM" } };
    const json_t *keys = json_object_get(r, "keys");

    (void)printf("%s\n", text_at(r, "agency"));
    if (json_array_size(keys))
        table_print(keys, columns, ALM_LEN(columns));
    for (size_t i = 0; i < ALM_LEN(states); i++)
        if (strcmp(states[i].state, text_at(r, "state")) == 0)
            (void)printf("%s\n", states[i].text);
}

static const struct printer printers[] = { { "sealing-keys", print_keys, EX_OK } };

const struct noun noun_sealing = { verbs,          ALM_LEN(verbs), flags,
                                   ALM_LEN(flags), printers,       ALM_LEN(printers) };
