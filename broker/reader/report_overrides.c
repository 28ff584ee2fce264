/* SPDX-License-Identifier: Apache-2.0 */
/* report_overrides.c - overrides as they stand, those to be reviewed among them. Read from their records: the log has their steps,
 * and keeps them longer. */
#include "report.h"
#include "base/clock.h"
#include "store/lodged.h"
#include "store/overrides.h"
#include <errno.h>
#include <string.h>

#define STEP_IDS 64

/* in-force, to-review and overdue ones wait for somebody; the others are over. */
static const char *override_state(const struct override_record *o, int64_t now)
{
    if (o->finding)
        return "reviewed";
    if (o->vetoed && !o->from_ms)
        return "vetoed";
    if (!o->from_ms)
        return o->approval == APPROVAL_REFUSE ? "refused" : "waiting";
    if (o->review_due_ms && o->review_due_ms <= now)
        return "overdue";
    return !o->vetoed && o->until_ms > now ? "in-force" : "to-review";
}

static json_t *when(int64_t ms)
{
    char text[25] = "";

    if (ms)
        clock_format_utc(ms, text);
    return json_string(text);
}

static const char *finding_word(uint8_t finding)
{
    return finding == FINDING_JUSTIFIED ? "justified" : finding ? "not-justified" : "";
}

static const char *approval_word(uint8_t approval)
{
    return approval == APPROVAL_APPROVE ? "approved" : approval == APPROVAL_REFUSE ? "refused" : "";
}

static json_t *override_opened(const struct override_record *o)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "practitioner", o->practitioner, "approver",
                     o->approver_ref, "approval_reason", o->approval_reason, "reviewer",
                     o->reviewer_ref, "review_reason", o->review_reason);
}

static json_t *override_row(const struct override_record *o, int64_t now, bool opened)
{
    char id[ID_TEXT];
    json_t *row;

    id_format(&o->id, id);
    row = json_pack(
        "{s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:s, s:s, s:o, s:b, "
        "s:s, s:s, s:o}",
        "override", id, "leaf", (json_int_t)o->leaf, "state", override_state(o, now), "agency",
        o->agency, "role", o->role, "purpose", o->purpose, "question",
        o->override.involvement ? "who-is-involved" : o->override.question, "basis", o->gateway,
        "alone", o->override.immediate_danger, "requested", when(o->requested_ms), "from",
        when(o->from_ms), "until", when(o->until_ms), "review_due", when(o->review_due_ms),
        "approval", approval_word(o->approval), "approver", o->approver, "approved",
        when(o->approved_ms), "vetoed", o->vetoed, "finding", finding_word(o->finding), "reviewer",
        o->reviewer, "reviewed", when(o->reviewed_ms));
    if (row && opened)
        (void)json_object_set_new(row, "opened", override_opened(o));
    return row;
}

static bool override_wanted(const struct query *q, const struct override_record *o)
{
    int32_t day = civil_today(o->requested_ms);

    return (!q->agency[0] || !strcmp(q->agency, o->agency)) &&
           (!q->purpose[0] || !strcmp(q->purpose, o->purpose)) &&
           (!q->role[0] || !strcmp(q->role, o->role)) &&
           (!q->basis[0] || !strcmp(q->basis, o->gateway)) &&
           (!q->question[0] ||
            !strcmp(q->question,
                    o->override.involvement ? "who-is-involved" : o->override.question)) &&
           (q->since == CIVIL_NONE || day >= q->since) && (q->until == CIVIL_NONE || day <= q->until);
}

static int override_show(const struct taking *w, const struct id *id, int64_t now)
{
    struct override_record o;
    json_t *row;
    int rc = overrides_get(w->t, id, &o);

    if (rc)
        return rc == -ENOENT ? 0 : rc; /* forgotten meanwhile: each slice sees the store anew */
    if (!override_wanted(&w->g->query, &o)) {
        crypto_wipe(&o, sizeof(o));
        return 0;
    }
    row = override_row(&o, now, w->g->query.opened);
    rc = tally_add(&w->s->tally, override_state(&o, now), 0, 1);
    crypto_wipe(&o, sizeof(o));
    w->s->rows++;
    if (rc) {
        json_decref(row);
        return rc;
    }
    return page_put(w->p, row, 1500);
}

int overrides_show(const struct taking *w)
{
    int64_t now = clock_wall_ms();
    struct id ids[STEP_IDS];
    size_t n;

    do {
        int rc = lodged_ids(w->t, LODGED_OVERRIDE, &w->s->last, ALM_LEN(ids), ids, &n);

        for (size_t i = 0; !rc && i < n; i++)
            rc = override_show(w, &ids[i], now);
        if (rc)
            return rc;
        if (n)
            w->s->last = ids[n - 1];
        if (n && page_is_full(w->p))
            return 1;
    } while (n);
    return 0;
}
