/* SPDX-License-Identifier: Apache-2.0 */
/* recalls.c - what was taken back from agencies, as officers see it: counts and agencies, never
 * whom it is about. */
#include "officer.h"
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static void outstanding_text(const json_t *list, char *out, size_t size)
{
    const json_t *o;
    size_t i, at = 0;

    out[0] = '\0';
    json_array_foreach((json_t *)(uintptr_t)list, i, o)
    {
        int n = at < size - 1
                    ? snprintf(out + at, size - at, "%s%s%s", i ? " " : "", reply_text(o, "agency"),
                               json_is_true(json_object_get(o, "gone")) ? " (left)" : "")
                    : 0;

        at += n > 0 ? (size_t)n : 0;
    }
}

static void recalls_print(const json_t *reply)
{
    const json_t *list = json_object_get(reply, "recalls");
    static const char *const titles[] = { "recall",   "cause",          "lodged",     "by",
                                          "question", "told/done/late", "outstanding" };
    struct table *t = table_new(ALM_LEN(titles), titles);
    const json_t *o;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)list, i, o)
    {
        char counts[64], who[1024];

        (void)snprintf(counts, sizeof(counts), "%lld/%lld/%lld%s",
                       (long long)json_integer_value(json_object_get(o, "told")),
                       (long long)json_integer_value(json_object_get(o, "acknowledged")),
                       (long long)json_integer_value(json_object_get(o, "overdue")),
                       json_is_true(json_object_get(o, "damaged"))     ? " damaged"
                       : json_is_true(json_object_get(o, "searching")) ? " ..."
                                                                       : "");
        outstanding_text(json_object_get(o, "outstanding"), who, sizeof(who));
        if (t)
            table_row(t, (const char *const[]){ reply_text(o, "recall"), reply_text(o, "cause"),
                                                reply_text(o, "lodged_on"), reply_text(o, "lodger"),
                                                reply_text(o, "question"), counts, who });
    }
    table_print(t);
}

int command_audit_recalls(struct officer_session *s)
{
    return reply_show_list(s, "recalls", "recalls", "nothing was taken back", recalls_print);
}
