/* SPDX-License-Identifier: Apache-2.0 */
/* event_print.c - one event as whoever watches a stream reads it: what it is, whom it is about by
 * our own rows, by when to act, and what to type next. */
#include "base/attr.h"
#include "cli/follow.h"
#include "cli/print.h"
#include "cli/table.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void print_about(const json_t *o)
{
    const json_t *s = json_object_get(o, "subject");
    const char *known = text_at(s, "known"), *home = text_at(s, "home_ref");

    if (!json_is_object(s))
        return;
    if (strcmp(text_at(s, "kind"), "household") == 0)
        (void)printf("   About a household%s%s\n",
                     *home ? ": our reference " : " that our own rows do not show", home);
    else if (strcmp(known, "yes") == 0)
        (void)printf("   About %s: our reference %s%s%s\n",
                     strcmp(text_at(s, "kind"), "unborn") == 0 ? "an unborn child of"
                                                               : "somebody known here",
                     text_at(s, "ref"), *home ? ", home " : "", home);
    else
        (void)printf("   About somebody %s\n", strcmp(known, "ambiguous") == 0
                                                   ? "whom our own rows do not show for certain"
                                                   : "not known to us");
}

static void print_desks(const json_t *firing)
{
    const json_t *by;
    size_t i;

    json_array_foreach(json_object_get(firing, "contributors"), i, by)(void)
        printf("   Telephone %s: %s\n", text_at(by, "name"), text_at(by, "contact_route"));
    if (json_is_true(json_object_get(firing, "masked")))
        (void)printf("   One or more services are not named: almoner contact %s --text '...'\n",
                     text_at(firing, "episode"));
}

static void print_firing(const json_t *o)
{
    char by[TIME_TEXT];

    (void)printf("FIRING: %s\n", *text_at(o, "title") ? text_at(o, "title") : text_at(o, "rule"));
    print_about(o);
    (void)printf("   %s, %s%s%s, on %s%s\n", text_at(o, "category"), text_at(o, "severity"),
                 *text_at(o, "area") ? ", " : "", text_at(o, "area"), text_at(o, "fired_on"),
                 json_is_true(json_object_get(o, "bypass")) ? " (by its severity alone)" : "");
    print_desks(o);
    if (*text_at(o, "decide_by"))
        (void)printf("   Decide by %s%s%s\n", time_at(o, "decide_by", by),
                     *text_at(o, "decide_role") ? ": " : "", text_at(o, "decide_role"));
    (void)printf("   When you have acted: almoner firing acted %s\n", text_at(o, "episode"));
}

static void print_referral_event(const json_t *o, const char *from)
{
    const char *origin = text_at(o, "origin");

    (void)printf("REFERRAL (%s)%s%s from %s: %s\n", text_at(o, "referral_kind"),
                 *text_at(o, "service") ? " to " : "", text_at(o, "service"),
                 strcmp(origin, "agency") == 0 ? from : origin, text_at(o, "reason"));
    print_about(o);
    if (json_is_true(json_object_get(o, "has_body")))
        (void)printf("   Its text: almoner referral read %s\n", text_at(o, "referral"));
    (void)printf("   Decide: almoner referral accept %s   (or reject, more-info, redirect)\n",
                 text_at(o, "referral"));
}

static void print_update(const json_t *o, const char *from)
{
    static const char *const more[] = { "reason", "redirect_to", "to_kind", "outcome" };

    (void)printf("REFERRAL %s: %s", text_at(o, "referral"), text_at(o, "step"));
    for (size_t i = 0; i < ALM_LEN(more); i++)
        if (*text_at(o, more[i]))
            (void)printf(", %s", text_at(o, more[i]));
    (void)printf(" (by %s, on %s)\n", from, text_at(o, "on"));
    if (json_is_true(json_object_get(o, "has_body")))
        (void)printf("   Its text: almoner referral read %s\n", text_at(o, "referral"));
}

static void print_watch(const json_t *o)
{
    (void)printf("WATCH %s: reappeared on %s; ", text_at(o, "watch"), text_at(o, "on"));
    if (json_is_true(json_object_get(o, "masked")))
        (void)printf(
            "a service that is not named. Ask to be called back: almoner contact %s --text "
            "'...'\n",
            text_at(o, "watch"));
    else
        (void)printf("telephone %s: %s\n", text_at(o, "agency"), text_at(o, "contact_route"));
}

static void print_notice(const json_t *o)
{
    char due[TIME_TEXT];

    (void)printf("NOTICE (%s): %s\n", text_at(o, "notice"), text_at(o, "text"));
    print_about(o);
    if (*text_at(o, "contact_route"))
        (void)printf("   Telephone%s%s: %s\n", *text_at(o, "agency") ? " " : "",
                     text_at(o, "agency"), text_at(o, "contact_route"));
    if (*text_at(o, "due"))
        (void)printf("   Due %s\n", time_at(o, "due", due));
    (void)printf("   About %s\n", text_at(o, "about"));
}

static void print_stop(const json_t *o)
{
    char due[TIME_TEXT];

    (void)printf("TAKEN BACK (%s): %s\n", text_at(o, "cause"), text_at(o, "text"));
    (void)printf("   Your question %s, %s, told on %s%s\n", text_at(o, "message"),
                 *text_at(o, "question") ? text_at(o, "question") : "who is involved",
                 text_at(o, "told_on"), number_at(o, "replies") > 1 ? ", and earlier ones" : "");
    if (*text_at(o, "due"))
        (void)printf("   Say by %s what you did with it: almoner recall done %s --done "
                     "stopped|never-used|passed-on|cannot\n",
                     time_at(o, "due", due), text_at(o, "recall"));
}

/* To a question of our own that somebody has answered by hand, or whose time is over. */
static void print_final(const json_t *o, void (*part)(const json_t *reply))
{
    (void)printf("FINAL ANSWER to question %s:\n", text_at(o, "query"));
    part(o);
    if (*text_at(o, "guidance"))
        (void)printf("Please note: %s\n", text_at(o, "guidance"));
}

void event_print(const json_t *event)
{
    const char *type = text_at(event, "type"), *from = text_at(event, "from");
    char at[TIME_TEXT];

    (void)printf("%lld  %s%s  ", number_at(event, "seq"), time_at(event, "at", at),
                 json_is_true(json_object_get(event, "again")) ? " (again)" : "");
    if (strcmp(type, "firing") == 0)
        print_firing(json_object_get(event, "firing"));
    else if (strcmp(type, "referral") == 0)
        print_referral_event(json_object_get(event, "referral"), from);
    else if (strcmp(type, "referral-update") == 0)
        print_update(json_object_get(event, "referral_update"), from);
    else if (strcmp(type, "watch") == 0)
        print_watch(json_object_get(event, "watch"));
    else if (strcmp(type, "notice") == 0)
        print_notice(json_object_get(event, "notice"));
    else if (strcmp(type, "stop-using") == 0)
        print_stop(json_object_get(event, "stop_using"));
    else if (strcmp(type, "insight") == 0)
        print_final(json_object_get(event, "insight"), print_insight_part);
    else if (strcmp(type, "involvement") == 0)
        print_final(json_object_get(event, "involvement"), print_involvement_part);
    else
        (void)printf("%s\n", type); /* of a newer adapter: --json shows it whole */
}
