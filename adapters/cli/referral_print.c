/* SPDX-License-Identifier: Apache-2.0 */
/* referral_print.c - referrals in plain words. */
#include "base/attr.h"
#include "cli/print.h"
#include "cli/referral.h"
#include "cli/table.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *state, *text;
} states[] = {
    { "none", "no such referral has been sent" },
    { "sent", "sent; not decided yet" },
    { "overdue", "OVERDUE: sent, and not decided in time" },
    { "received", "received; not decided yet" },
    { "more-info", "the receiver asks for more information" },
    { "redirected", "redirected to another agency" },
    { "eligibility", "accepted; eligibility is being decided" },
    { "assessment", "accepted; being assessed" },
    { "diagnosis", "accepted; diagnosis" },
    { "delivering", "support has begun" },
};

static const char *state_text(const char *state)
{
    for (size_t i = 0; i < ALM_LEN(states); i++)
        if (strcmp(states[i].state, state) == 0)
            return states[i].text;
    return state;
}

static const char *sender(const json_t *r)
{
    return *text_at(r, "from") ? text_at(r, "from") : "the person, or nobody named";
}

void print_referrals(const json_t *r)
{
    static const struct column columns[] = {
        { "state", "STATE" },     { "since", "SINCE" },        { "due_on", "DUE" },
        { "due_role", "WHO" },    { "from", "FROM" },          { "to", "TO" },
        { "service", "SERVICE" }, { "referral_kind", "KIND" }, { "referral", "ID" },
    };
    const json_t *list = json_object_get(r, "referrals");

    if (json_array_size(list))
        table_print(list, columns, ALM_LEN(columns));
    else
        (void)puts("No referrals.");
}

static void print_standing(const json_t *r)
{
    (void)printf("%s, since %s.\n", state_text(text_at(r, "state")),
                 *text_at(r, "since") ? text_at(r, "since") : "a day not known here");
    (void)printf("From %s to %s%s%s, %s.\n", sender(r), text_at(r, "to"),
                 *text_at(r, "service") ? ", " : "", text_at(r, "service"),
                 text_at(r, "referral_kind"));
    if (*text_at(r, "due_on"))
        (void)printf("Due on %s%s%s.\n", text_at(r, "due_on"),
                     *text_at(r, "due_role") ? ", by " : "", text_at(r, "due_role"));
}

void print_referral_state(const json_t *r)
{
    (void)printf("As of %s: ", text_at(r, "as_of"));
    if (strcmp(text_at(r, "state"), "none") == 0)
        (void)printf("%s.\n", state_text("none"));
    else
        print_standing(r);
    (void)printf("Rule: %s   Message: %s\n", text_at(r, "rule"), text_at(r, "message_id"));
}

static void print_subject_of(const json_t *r)
{
    const json_t *subject = json_object_get(r, "subject");

    if (!json_is_object(subject))
        return;
    if (*text_at(subject, "ref"))
        (void)printf("About: %s, our reference %s\n", text_at(subject, "kind"),
                     text_at(subject, "ref"));
    else
        (void)printf("About: a %s whom our own rows do not show for certain\n",
                     text_at(subject, "kind"));
}

void print_referral(const json_t *r)
{
    static const struct column columns[] = {
        { "on", "ON" },           { "step", "STEP" },      { "from", "BY" },
        { "reason", "REASON" },   { "redirect_to", "TO" }, { "to_kind", "KIND" },
        { "outcome", "OUTCOME" }, { "has_body", "TEXT" },
    };
    const json_t *history = json_object_get(r, "history");

    (void)printf("Referral %s: ", text_at(r, "referral"));
    print_standing(r);
    print_subject_of(r);
    if (*text_at(r, "reason"))
        (void)printf("Reason: %s\n", text_at(r, "reason"));
    if (*text_at(r, "sent_on"))
        (void)printf("Sent: %s\n", text_at(r, "sent_on"));
    if (json_array_size(history))
        table_print(history, columns, ALM_LEN(columns));
    if (json_is_true(json_object_get(r, "has_body")))
        (void)printf("It came with a sealed text: almoner referral read %s\n",
                     text_at(r, "referral"));
}

/* Another agency wrote it: nothing in it may command our terminal. */
static void print_plain(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        bool c1 = p[0] == 0xC2 && p[1] >= 0x80 && p[1] < 0xA0; /* the other control characters */

        (void)fputc((*p < ' ' && *p != '\n' && *p != '\t') || *p == 0x7F || c1 ? '?' : *p, stdout);
        p += c1;
    }
    (void)fputc('\n', stdout);
}

void print_referral_texts(const json_t *r)
{
    const json_t *t;
    size_t i;

    json_array_foreach(json_object_get(r, "texts"), i, t)
    {
        (void)printf("%s--- %s, %s, %s\n", i ? "\n" : "", text_at(t, "on"), text_at(t, "from"),
                     text_at(t, "step"));
        print_plain(text_at(t, "text"));
    }
}
