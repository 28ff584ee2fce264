/* SPDX-License-Identifier: Apache-2.0 */
/* report.h - what the parts of a report share: report.c walks, each kind takes leaves and says what comes of them. */
#pragma once
#include "inforce.h"
#include "tally.h"
#include "base/id.h"

struct kept; /* of unanswered: a decision, and what came of it */
struct drawn; /* of a sample: one agency's */
struct report {
    bool walked; /* every leaf was looked at: what was kept is shown */
    uint64_t first, end, rows; /* leaves of the period: first <= leaf < end */
    struct tally tally;
    struct policy_office_hours hours;
    int32_t today;
    uint8_t scheme; /* of the current key; 0: there is no policy */
    uint16_t epoch;
    struct kept *kept; /* owned */
    size_t n_kept, cap_kept, shown;
    struct drawn *drawn; /* owned */
    size_t n_drawn;
    struct id last; /* of overrides: the last one shown */
};
struct taking { /* one slice */
    struct reader *r;
    struct reading *g;
    struct report *s;
    struct store_txn *t;
    struct page *p;
};
/* A row of a leaf: its clear part, and with `opened` who asked and (with claim) the reason they gave, unless a shield hides the person. */
ALM_MUST_USE int report_row(const struct taking *w, const struct ledger_record *r, bool claim,
                            json_t **out);
ALM_MUST_USE int report_put(const struct taking *w, json_t *row, const struct ledger_record *r);

/* report_sample.c */
ALM_MUST_USE int sample_take(const struct taking *w, const struct ledger_record *r);
ALM_MUST_USE int sample_show(const struct taking *w); /* 1 more to show; 0 */
void sample_free(struct report *s);
/* report_unanswered.c */
ALM_MUST_USE int unanswered_take(const struct taking *w, const struct ledger_record *r);
ALM_MUST_USE int unanswered_show(const struct taking *w);
bool unanswered_goes_on(const struct report *s); /* past the period: something is open */
/* report_overrides.c: all at once, page by page */
ALM_MUST_USE int overrides_show(const struct taking *w);
