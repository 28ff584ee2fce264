/* SPDX-License-Identifier: Apache-2.0 */
/* override.c - an override as whoever approves or reviews it reads it. */
#include "base/attr.h"
#include "cli/print.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *key, *title;
} lines[] = {
    { "agency", "Asked for by" },
    { "question", "Question" },
    { "purpose", "Purpose" },
    { "basis", "Rests on" },
    { "para18", "Without consent" },
    { "harm", "Harm" },
    { "likelihood", "Likelihood" },
    { "immediacy", "Immediacy" },
    { "told", "Person told" },
    { "not_told", "Why not told" },
    { "necessity", "Less will not do" },
    { "proportionality", "In proportion" },
    { "requested", "Asked at" },
    { "until", "In force until" },
    { "approver", "Decided by" },
    { "review_due", "Review due" },
    { "finding", "Review found" },
};

void print_override(const json_t *r)
{
    const char *state = json_string_value(json_object_get(r, "state"));
    const char *id = json_string_value(json_object_get(r, "override"));

    (void)printf("Override %s: %s\n", id ? id : "", state ? state : "");
    for (size_t i = 0; i < ALM_LEN(lines); i++) {
        const char *text = json_string_value(json_object_get(r, lines[i].key));

        if (text && *text)
            (void)printf("  %-17s %s\n", lines[i].title, text);
    }
    (void)printf("  %-17s %d\n", "Hours", (int)json_integer_value(json_object_get(r, "hours")));
    if (json_is_true(json_object_get(r, "immediate_danger")))
        (void)puts("  One person acted alone: immediate danger.");
}
