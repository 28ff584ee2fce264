/* SPDX-License-Identifier: Apache-2.0 */
/* witness.c - what this agency has vouched for of the broker's log. */
#include "base/attr.h"
#include "cli/flags.h"
#include "cli/print.h"
#include "cli/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const struct verb verbs[] = {
    { { "witness", "show", CMD_QUESTIONS, "witness-show", NULL, false,
        "the head of the broker's log that this agency cosigned last, and its own verifier key",
        "  almoner witness show\n"
        "\nHand the verifier key to whoever audits the log: almoner audit verify --witness takes it. "
        "NOT CONTINUED means\nthat the broker showed a log that was altered since; keep both files, and "
        "call the officers.\n" },
      0,
      NULL,
      NULL,
      NULL,
      NULL,
      NULL },
};

static void print_witness(const json_t *r)
{
    const json_t *held = json_object_get(r, "held");

    (void)printf("log           %s\nour key       %s\n", text_at(r, "log"), text_at(r, "vkey"));
    if (json_is_object(held))
        (void)printf("cosigned      %" JSON_INTEGER_FORMAT " leaves, at %s\nroot          %s\n",
                     json_integer_value(json_object_get(held, "size")), text_at(held, "signed_at"),
                     text_at(held, "root"));
    else
        (void)puts("cosigned      nothing yet");
    (void)printf("kept in       %s\nsince start   %" JSON_INTEGER_FORMAT " signed, %" JSON_INTEGER_FORMAT
                 " refused\n",
                 text_at(r, "state"), json_integer_value(json_object_get(r, "signed")),
                 json_integer_value(json_object_get(r, "refused")));
    if (json_is_true(json_object_get(r, "forked")))
        (void)printf("NOT CONTINUED %s.fork\n", text_at(r, "state"));
    if (*text_at(r, "trouble"))
        (void)printf("trouble       %s\n", text_at(r, "trouble"));
}

static const struct printer printers[] = {
    { "witness", print_witness, EX_OK },
};

const struct noun noun_witness = { verbs, ALM_LEN(verbs), NULL, 0, printers, ALM_LEN(printers) };
