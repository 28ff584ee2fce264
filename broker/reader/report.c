/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - reports over a period: refusals by reason, self-claimed relationships, what happened out of hours, samples, what was
 * never answered, overrides. Counted and chosen where the log is read; a slice looks at a bounded number of leaves. */
#include "report.h"
#include "base/clock.h"
#include "sealed.h"
#include "wire/msg.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define REPORT_LEAVES   2048 /* looked at in one slice */
#define SELF_CLAIMED    "self-claimed relationship" /* in a leaf's detail: broker/core/query.c */
#define TOLD_LINE       2
#define TOLD_HIDDEN     3

struct report *report_free(struct report *s)
{
    if (s) {
        tally_deinit(&s->tally);
        sample_free(s);
        free(s->kept);
    }
    free(s);
    return NULL;
}

/* --- a row --- */

struct shielding {
    const struct taking *w;
    bool hidden;
};

/* One that cannot be compared, being under another key, is as good as hidden. */
static int shield_one(void *ctx, const struct token_set *set)
{
    struct shielding *h = ctx;
    const struct report *s = h->w->s;

    if (!s->scheme)
        return 0; /* nobody has lodged anything yet */
    h->hidden = h->hidden || !set->n || set->tokens[0].scheme != s->scheme ||
                set->tokens[0].epoch != s->epoch ||
                inforce_shielded(h->w->t, h->w->r->store, set, s->today) != 0;
    return 0;
}

static int row_opened(const struct taking *w, const struct ledger_record *r, bool claim,
                      json_t *row)
{
    ALM_CLEANUP(buf_deinit) struct buf plain = { 0 };
    struct shielding h = { w, false };
    json_t *o = NULL;
    int rc;

    buf_init(&plain, STORE_VALUE_MAX);
    rc = r->erased ? -ENODATA : ledger_sealed_open(w->t, r, &plain);
    if (rc && rc != -ENODATA)
        return rc;
    if (!rc && claim)
        rc = sealed_tokens(buf_view(&plain), shield_one, &h);
    if (!rc)
        o = sealed_json(buf_view(&plain), claim && !h.hidden ? SEALED_ASKER | SEALED_CLAIM : SEALED_ASKER,
                        false);
    if (plain.data)
        crypto_wipe(plain.data, plain.len);
    if (o && h.hidden)
        (void)json_object_set_new(o, "withheld", json_true());
    return json_object_set_new(row, "opened", o ? o : json_null()) ? -ENOMEM : 0;
}

int report_row(const struct taking *w, const struct ledger_record *r, bool claim, json_t **out)
{
    int rc;

    *out = row_clear(r);
    rc = *out ? 0 : -ENOMEM;
    if (!rc && w->g->query.opened)
        rc = row_opened(w, r, claim, *out);
    if (rc) {
        json_decref(*out);
        *out = NULL;
    }
    return rc;
}

int report_put(const struct taking *w, json_t *row, const struct ledger_record *r)
{
    w->s->rows++;
    return page_put(w->p, row, row_size(r, w->g->query.opened));
}

/* --- leaf by leaf --- */

static int refusals_take(const struct taking *w, const struct ledger_record *r)
{
    const struct ledger_clear *c = &r->clear;
    size_t column = c->told == TOLD_HIDDEN ? 2 : c->told == TOLD_LINE ? 1 : 0;
    int rc;

    if (c->event != EVENT_REFUSED && c->event != EVENT_NOT_DISCLOSED)
        return 0;
    rc = tally_add(&w->s->tally, c->reason, column, 1);
    return rc ? rc : tally_add(&w->s->tally, c->reason, 3, 1);
}

static bool asks(uint8_t event)
{
    return event == EVENT_DECIDED || event == EVENT_REFUSED;
}

static int self_claimed_take(const struct taking *w, const struct ledger_record *r)
{
    json_t *row;
    int rc;

    if (!asks(r->clear.event) || !strstr(r->clear.detail, SELF_CLAIMED))
        return 0;
    rc = report_row(w, r, true, &row);
    if (!rc)
        rc = report_put(w, row, r);
    return rc ? rc : tally_add(&w->s->tally, r->clear.agency, 0, 1);
}

static int hours_take(const struct taking *w, const struct ledger_record *r)
{
    static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
    const struct policy_office_hours *h = &w->s->hours;
    char day[CIVIL_TEXT], local[48];
    int32_t d;
    int minute, weekday, rc;
    json_t *row;

    if (!asks(r->clear.event) || civil_minute(r->clear.at_ms, &d, &minute))
        return 0;
    weekday = civil_weekday(d);
    if (h->days & (1u << weekday) && minute >= h->from_min && minute < h->until_min)
        return 0;
    civil_format(d, day);
    (void)snprintf(local, sizeof(local), "%s %s %02d:%02d", days[weekday], day, minute / 60,
                   minute % 60);
    rc = report_row(w, r, false, &row);
    if (!rc && json_object_set_new(row, "local", json_string(local)))
        rc = -ENOMEM;
    if (!rc)
        rc = report_put(w, row, r);
    return rc ? rc : tally_add(&w->s->tally, r->clear.agency, 0, 1);
}

static int report_one(void *ctx, const struct ledger_record *r)
{
    static int (*const take[])(const struct taking *w, const struct ledger_record *r) = {
        [REPORT_REFUSALS] = refusals_take,
        [REPORT_SELF_CLAIMED] = self_claimed_take,
        [REPORT_OUT_OF_HOURS] = hours_take,
        [REPORT_SAMPLE] = sample_take,
        [REPORT_UNANSWERED] = unanswered_take,
    };
    const struct taking *w = ctx;
    const struct query *q = &w->g->query;
    int rc = 0;

    w->g->at = r->leaf + 1;
    if (q->report == REPORT_UNANSWERED || query_wants(q, &r->clear))
        rc = take[q->report](w, r);
    return rc ? rc : page_is_full(w->p);
}

/* --- the whole --- */

static const struct tally_words *report_words(uint8_t kind)
{
    static const struct tally_words words[] = {
        [REPORT_REFUSALS] = { "refusals",
                              "Refusals, and how they were told",
                              "reason",
                              4,
                              { "reason told", "no-consent line", "hidden", "all" } },
        [REPORT_SELF_CLAIMED] = { "agencies", "Self-claimed relationships", "agency", 1, { "questions" } },
        [REPORT_OUT_OF_HOURS] = { "agencies", "Questions out of hours", "agency", 1, { "questions" } },
        [REPORT_SAMPLE] = { "agencies", "Questions to be justified again", "agency", 2, { "permitted", "drawn" } },
        [REPORT_UNANSWERED] = { "holders", "Who was asked, and did not answer", "agency", 2, { "asked", "no answer" } },
        [REPORT_OVERRIDES] = { "overrides", "Overrides, by how they stand", "state", 1, { "overrides" } },
    };

    return &words[kind];
}

static json_t *report_last(const struct reading *g)
{
    const struct query *q = &g->query;
    struct report *s = g->report;
    char since[CIVIL_TEXT], until[CIVIL_TEXT];
    json_t *o;

    civil_format(q->since, since);
    civil_format(q->until, until);
    o = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:b, s:[o]}", "report", report_word(q->report),
                  "since", since, "until", until, "first_leaf", (json_int_t)s->first, "leaves",
                  (json_int_t)(s->end > s->first ? s->end - s->first : 0), "rows",
                  (json_int_t)s->rows, "opened", q->opened, "tables",
                  tally_json(&s->tally, report_words(q->report)));
    if (o && q->report == REPORT_OUT_OF_HOURS)
        (void)json_object_set_new(o, "office_hours",
                                  json_pack("{s:i, s:i, s:i}", "from_minute", s->hours.from_min,
                                            "until_minute", s->hours.until_min, "days",
                                            s->hours.days));
    return o;
}

static int report_policy(struct store_txn *t, struct report *s)
{
    static const struct policy_office_hours usual = { 8 * 60 + 30, 18 * 60, 0x1f };
    ALM_CLEANUP(bundle_freep) struct bundle *b = NULL;
    int rc = inforce_bundle(t, &b);

    s->hours = rc ? usual : *bundle_office_hours(b);
    s->scheme = rc ? 0 : bundle_epoch_in(b, POLICY_EPOCH_CURRENT)->scheme;
    s->epoch = rc ? 0 : bundle_epoch_in(b, POLICY_EPOCH_CURRENT)->epoch;
    return rc == -ENOENT ? 0 : rc;
}

static int report_begin(const struct taking *w)
{
    struct reading *g = w->g;
    struct registry_agency agency;
    int rc = g->query.agency[0] ? registry_agency_get(w->t, g->query.agency, &agency) : 0;

    if (rc == -ENOENT) {
        w->p->error = local_error("no-such-agency", EX_DATAERR,
                                  "no such agency was ever enrolled: \"almoner agency list\" shows "
                                  "them");
        return w->p->error ? -ECANCELED : -ENOMEM;
    }
    if (!rc)
        rc = bounds_of(w->t, g);
    if (!rc)
        rc = bounds_today(w->t, g, &w->s->today);
    if (!rc)
        rc = report_policy(w->t, w->s);
    w->s->first = g->at;
    w->s->end = g->end;
    w->s->walked = g->query.report == REPORT_OVERRIDES;
    return rc;
}

static int report_walk(struct taking *w)
{
    struct reading *g = w->g;
    uint64_t until = g->end - g->at > REPORT_LEAVES ? g->at + REPORT_LEAVES : g->end;
    int rc = ledger_each(w->t, g->at, until, report_one, w);

    if (rc < 0)
        return rc;
    if (g->at < g->end)
        return 1;
    if (g->query.report == REPORT_UNANSWERED && unanswered_goes_on(w->s)) {
        uint64_t size;

        rc = ledger_count(w->t, &size); /* what came of the last days' questions may lie behind them */
        if (rc)
            return rc;
        g->end = size;
        if (g->at < g->end)
            return 1;
    }
    w->s->walked = true;
    return 0;
}

static int report_show(const struct taking *w)
{
    switch (w->g->query.report) {
    case REPORT_OVERRIDES:
        return overrides_show(w);
    case REPORT_SAMPLE:
        return sample_show(w);
    case REPORT_UNANSWERED:
        return unanswered_show(w);
    default:
        return 0; /* shown on the way */
    }
}

int report_slice(struct reader *r, struct reading *g, struct page *p)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    struct taking w = { .r = r, .g = g, .p = p };
    int rc = store_begin(r->store, false, &t);

    w.t = t;
    if (!rc && !g->report) {
        w.s = g->report = calloc(1, sizeof(*g->report));
        rc = w.s ? report_begin(&w) : -ENOMEM;
    }
    w.s = g->report;
    if (!rc && !w.s->walked)
        rc = report_walk(&w);
    if (!rc && w.s->walked)
        rc = report_show(&w);
    if (rc)
        return rc;
    p->last = report_last(g);
    return p->last ? 0 : -ENOMEM;
}
