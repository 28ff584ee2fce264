/* SPDX-License-Identifier: Apache-2.0 */
/* compose.c - "Answers are yes, no or cannot say" (DESIGN.md promise 4). Knows no store, clock or
 * network. */
#include "compose.h"

#include "base/clock.h"
#include "cut.h"

#include <stdlib.h>
#include <string.h>

bool compose_counts(const struct heard *h)
{
    return h->answered &&
           (h->value == ANSWER_YES || h->value == ANSWER_NO || h->value == ANSWER_NOT_KNOWN);
}

static uint16_t heard_count(const struct heard *heard, uint16_t n)
{
    uint16_t answered = 0;

    for (uint16_t i = 0; i < n; i++)
        answered = (uint16_t)(answered + compose_counts(&heard[i]));
    return answered;
}

uint8_t compose_completeness(uint16_t n_answered, uint16_t n_listed)
{
    if (n_answered == 0 || n_listed == 0)
        return COMPLETE_NONE;
    if (n_answered >= n_listed)
        return COMPLETE_ALL;
    return 2u * n_answered > n_listed ? COMPLETE_MOST : COMPLETE_SOME;
}

struct tally {
    uint16_t yes, no, not_known, unsaid; /* unsaid: silent, or cannot say */
};

static struct tally compose_tally(const struct heard *heard, uint16_t n)
{
    struct tally t = { 0 };

    for (uint16_t i = 0; i < n; i++) {
        if (!compose_counts(&heard[i]))
            t.unsaid++;
        else if (heard[i].value == ANSWER_YES)
            t.yes++;
        else if (heard[i].value == ANSWER_NO)
            t.no++;
        else
            t.not_known++;
    }
    return t;
}

/* "No: every holder that may answer has answered and none holds it (not knowing the person counts
 * as not holding it)." */
static uint8_t compose_value(struct tally t, bool unknown_cannot_say)
{
    if (t.yes)
        return INSIGHT_YES;
    if (t.unsaid)
        return INSIGHT_CANNOT_SAY; /* "somebody did not answer ... and nobody said yes" */
    if (t.no)
        return INSIGHT_NO;
    return t.not_known && !unknown_cannot_say ? INSIGHT_NO : INSIGHT_CANNOT_SAY;
}

void compose_insight(const struct heard *heard, uint16_t n, uint16_t n_listed,
                     bool unknown_cannot_say, struct msg_insight *out)
{
    out->value = compose_value(compose_tally(heard, n), unknown_cannot_say);
    out->completeness = compose_completeness(heard_count(heard, n), n_listed);
}

uint8_t compose_since_band(int32_t since, int32_t day)
{
    if (since == CIVIL_NONE || since > day)
        return SINCE_UNKNOWN;
    if (day < civil_add_years(since, 1))
        return day - since < 92 ? SINCE_UNDER_3_MONTHS : SINCE_3_TO_12_MONTHS;
    return day < civil_add_years(since, 3) ? SINCE_1_TO_3_YEARS : SINCE_OVER_3_YEARS;
}

static void compose_entry(const struct heard *h, int32_t day, struct msg_involved *out)
{
    memset(out, 0, sizeof(*out));
    out->visibility = VISIBLE_NAMED;
    text_cut(out->agency, sizeof(out->agency), h->agency->id);
    text_cut(out->agency_name, sizeof(out->agency_name), h->agency->name);
    out->since_band = compose_since_band(h->detail ? h->detail->since : CIVIL_NONE, day);
    if (!h->detail)
        return;
    text_cut(out->service, sizeof(out->service), h->detail->service);
    text_cut(out->contact_route, sizeof(out->contact_route), h->detail->contact_route);
    text_cut(out->lead_professional, sizeof(out->lead_professional), h->detail->lead_professional);
}

static int compose_by_agency(const void *a, const void *b)
{
    return strcmp(((const struct msg_involved *)a)->agency,
                  ((const struct msg_involved *)b)->agency);
}

void compose_involvement(const struct heard *heard, uint16_t n, uint16_t n_listed, int32_t day,
                         struct msg_involvement *out)
{
    uint16_t answered = heard_count(heard, n);

    out->n = 0;
    out->masked = false;
    for (uint16_t i = 0; i < n; i++) {
        if (!compose_counts(&heard[i]) || heard[i].value != ANSWER_YES)
            continue;
        if (heard[i].visibility == HOLDER_MASKED)
            out->masked = true;
        else if (heard[i].visibility == HOLDER_NAMED && out->n < INVOLVED_MAX)
            compose_entry(&heard[i], day, &out->involved[out->n++]);
        else if (heard[i].visibility == HOLDER_NAMED)
            answered--; /* no room for it: the list is not whole */
    }
    qsort(out->involved, out->n, sizeof(out->involved[0]), compose_by_agency);
    out->completeness = compose_completeness(answered, n_listed);
}
