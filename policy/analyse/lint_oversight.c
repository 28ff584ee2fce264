/* SPDX-License-Identifier: Apache-2.0 */
/* lint_oversight.c - a log that nobody outside can vouch for, and clocks that are surprising. */
#include "analyse/linter.h"

static void lint_witnesses(struct linter *x)
{
    const struct policy_witnesses *w = bundle_witnesses(x->b);
    uint16_t first;
    bool alone = true;

    if (w->n == 0) {
        lint_add(
            x, LINT_OVERSIGHT, "witnesses",
            "is left out: nobody but whoever runs the broker could show that the log was changed");
        return;
    }
    first = bundle_agency_at(x->b, w->agencies[0])->organisation;
    for (uint8_t i = 1; i < w->n; i++)
        alone = alone && bundle_agency_at(x->b, w->agencies[i])->organisation == first;
    if (w->n > 1 && alone)
        lint_add(x, LINT_OVERSIGHT, "witnesses", "names agencies of one organisation alone");
    if (w->need == w->n)
        lint_add(x, LINT_OVERSIGHT, "witnesses",
                 "needs them all: one that is away for %u hours stops all sharing",
                 (unsigned)w->outage_hours);
}

static void lint_retention(struct linter *x)
{
    const struct policy_retention *r = bundle_retention(x->b);

    if (bundle_retention_days(x->b, RETENTION_DECISIONS, 0, 0) < 366)
        lint_add(x, LINT_OVERSIGHT, "retention",
                 "keeps decisions for less than a year: nobody can show after that who asked what");
    if (bundle_retention_days(x->b, RETENTION_OFFICERS, 0, 0) <
        bundle_retention_days(x->b, RETENTION_DECISIONS, 0, 0))
        lint_add(x, LINT_OVERSIGHT, "retention",
                 "keeps what officers did for less time than the decisions that they could read");
    for (uint8_t i = 0; i < r->n; i++)
        if (r->clocks[i].class == RETENTION_CONCERNS && r->clocks[i].outcome == CONCERN_UNFOUNDED &&
            r->clocks[i].days >
                bundle_retention_days(x->b, RETENTION_CONCERNS, r->clocks[i].part, CONCERN_FOUNDED))
            lint_add(x, LINT_OVERSIGHT, "retention",
                     "keeps an unfounded concern longer than a founded one");
}

void lint_oversight(struct linter *x)
{
    lint_witnesses(x);
    lint_retention(x);
}
