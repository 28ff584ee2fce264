/* SPDX-License-Identifier: Apache-2.0 */
/* service.c - the directory: which services meet a need here, and whether somebody is eligible. */
#include "base/attr.h"
#include "cli/flags.h"
#include "cli/print.h"
#include "cli/table.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum own { FIND = 1 };

static const struct verb verbs[] = {
    { { "service", "find", CMD_PRACTICE, "service-find", NULL, false,
        "which services meet this need here, and how to refer to them",
        "  almoner service find --need parenting-support --area north-marl\n" },
      FIND,
      NULL,
      NULL,
      NULL,
      NULL,
      NULL },
    { { "service", "eligible", CMD_PRACTICE | CMD_OF_PERSON | CMD_OF_HOME | CMD_STATES | CMD_CLAIMS,
        "service-eligible", "service", true,
        "is this family eligible: answered by those who hold the facts, before anybody refers",
        "  almoner service eligible marlham-parenting --purpose early-help --role senco "
        "--practitioner t-4 --subject isla.json\n" },
      0,
      "SERVICE",
      "say which service: see `almoner service find`",
      NULL,
      NULL,
      NULL },
};

static const struct flag flags[] = {
    { "--need", "need", FLAG_TEXT, FIND, "ID",
      "what is needed, of the policy's needs; default: any" },
    { "--area", "area", FLAG_TEXT, FIND, "ID", "where; default: anywhere" },
    { "--kind", "kind", FLAG_TEXT, FIND, "KIND",
      "that takes this kind of referral: signposting, soft, application, hard, commissioned, "
      "booked" },
};

static void print_services(const json_t *r)
{
    static const struct column columns[] = {
        { "service", "SERVICE" },   { "title", "TITLE" },          { "agency", "AGENCY" },
        { "contact", "CONTACT" },   { "referral_kinds", "TAKES" }, { "needs", "NEEDS" },
        { "criteria", "CRITERIA" },
    };
    const json_t *services = json_object_get(r, "services");

    if (json_array_size(services))
        table_print(services, columns, ALM_LEN(columns));
    else
        (void)puts("No service of the directory meets that here. Try without --area or --kind.");
}

static void print_missing(const json_t *missing)
{
    const json_t *v;
    size_t i;

    json_array_foreach((json_t *)missing, i, v)(void) printf(
        "%s%s%s", i ? ", " : "Not answered: ", json_string_value(v) ? json_string_value(v) : "",
        i + 1 == json_array_size(missing) ? ".\n" : "");
}

static void print_eligibility(const json_t *r)
{
    const char *value = text_at(r, "value"), *as_of = text_at(r, "as_of");

    if (strcmp(value, "eligible") == 0)
        (void)printf("ELIGIBLE for %s, as of %s. Whether there is a place or money is not part of "
                     "it.\n",
                     text_at(r, "service"), as_of);
    else if (strcmp(value, "not") == 0)
        (void)printf("NOT ELIGIBLE for %s, as of %s. Another may fit: almoner service find.\n",
                     text_at(r, "service"), as_of);
    else
        (void)printf(
            "CANNOT SAY whether eligible for %s, as of %s. Ask the family, or telephone.\n",
            text_at(r, "service"), as_of);
    print_missing(json_object_get(r, "missing"));
    print_complete(r);
    print_guidance(r);
}

static const struct printer printers[] = {
    { "services", print_services, EX_OK },
    { "eligibility", print_eligibility, EX_OK },
};

const struct noun noun_service = { verbs,          ALM_LEN(verbs), flags,
                                   ALM_LEN(flags), printers,       ALM_LEN(printers) };
