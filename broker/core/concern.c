/* SPDX-License-Identifier: Apache-2.0 */
/* concern.c - concerns as they are lodged, amended and withdrawn by their reporter (DOMAIN.md
 * section 5). Free text never comes here: it stays with the reporter. What concerns add up to is
 * firing.c's. */
#include "concern.h"
#include "due.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SWEEP_MOST 128 /* records of one batch; the rest waits for the next */

/* --- what is wrong --- */

static const char *concern_dates_wrong(const struct core *c, const struct msg_concern *m)
{
    int32_t most = bundle_concern_rules(c->bundle)->most_days;

    if (m->observed_on == CIVIL_NONE || m->observed_on > c->day)
        return "observed-in-the-future";
    if ((int64_t)c->day - m->observed_on > most)
        return "observed-too-long-ago";
    if (m->expires_on == CIVIL_NONE)
        return NULL;
    return m->expires_on < c->day || (int64_t)m->expires_on - m->observed_on > most ? "bad-expiry"
                                                                                    : NULL;
}

static const char *concern_words_wrong(const struct core *c, const struct msg_concern *m)
{
    if (bundle_category(c->bundle, m->category) == POLICY_NONE)
        return "unknown-category";
    if (m->area[0] && bundle_area(c->bundle, m->area) == POLICY_NONE)
        return "unknown-area";
    return NULL;
}

static const char *concern_wrong(const struct core *c, const struct work *w)
{
    const struct msg_concern *m = &c->in.concern;
    enum reason reason;
    const char *wrong;

    if (!c->bundle)
        return "no-policy";
    reason = threshold_lodges(
        c->bundle, c->agencies.slots[w->agency].index, bundle_purpose(c->bundle, c->in.purpose),
        bundle_gateway(c->bundle, c->in.basis), c->in.basis[0] != '\0', c->day);
    if (reason != REASON_NONE)
        return reason_word(reason);
    wrong = concern_words_wrong(c, m);
    if (!wrong)
        wrong = concern_dates_wrong(c, m);
    return wrong ? wrong : concerns_findable(m) ? NULL : "nobody-named";
}

struct counting {
    const struct core *c;
    const char *agency;
    unsigned n;
};

static int concern_count(void *ctx, const struct concern_record *r)
{
    struct counting *k = ctx;

    k->n += concern_live(k->c, r) && !strcmp(r->agency, k->agency);
    return 0;
}

/* One agency's own alone are counted: whether it may lodge must not tell it how many others have
 * (promise 5), and none of them may fill what is weighed at once. */
static bool concern_has_place(struct core *c, struct work *w)
{
    const struct msg_concern *m = &c->in.concern;
    struct counting person = { .c = c, .agency = c->agencies.slots[w->agency].reg.id };
    struct counting home = person;
    struct store_txn *t = batch_txn(c);
    int r = t ? 0 : -EIO;

    if (!r && m->subject_kind != SUBJECT_HOUSEHOLD)
        r = concerns_about(t, &m->subject, concern_count, &person);
    if (!r && m->has_household)
        r = concerns_at(t, &m->household, concern_count, &home);
    if (r) {
        batch_fail(c, r, "concern");
        return false;
    }
    if (person.n < CONCERNS_OWN_MAX && home.n < CONCERNS_HOME_MAX)
        return true;
    lodge_refuse(c, w, "too-many-concerns");
    return false;
}

static bool concern_id_free(struct core *c, struct work *w)
{
    struct store_txn *t = batch_txn(c);
    int r = t ? concerns_get(t, &w->id, &c->concern_record) : -EIO;

    if (r == -ENOENT)
        return true;
    if (r)
        batch_fail(c, r, "concern");
    else
        intake_reject(c, w, "id-reused");
    return false;
}

/* --- the leaf --- */

static void concern_tokens(struct core *c, const struct msg_concern *m)
{
    struct token_set home = { .n = 1, .tokens = { m->household } };

    record_tokens(c, &m->subject);
    if (m->has_household)
        record_tokens(c, &home);
}

/* Clear: what statistics need; who it is about is sealed. */
static void concern_detail(struct ledger_clear *l, const struct msg_concern *m)
{
    static const char *const kinds[] = {
        [SUBJECT_PERSON] = "person", [SUBJECT_UNBORN] = "unborn", [SUBJECT_HOUSEHOLD] = "household"
    };

    (void)snprintf(l->detail, sizeof(l->detail), "%s, area %s, severity %u, %s", m->category,
                   m->area[0] ? m->area : "none", m->severity,
                   m->subject_kind < ALM_LEN(kinds) ? kinds[m->subject_kind] : "");
}

static void concern_seen(struct core *c, const struct work *w, const struct msg_concern *m)
{
    static const struct token nowhere;
    static const struct token_set nobody;
    bool home = m->subject_kind == SUBJECT_HOUSEHOLD;

    watch_seen(c, w->agency, home ? &nobody : &m->subject, home ? &m->household : &nowhere);
}

/* --- lodging --- */

void concern_take(struct core *c, struct work *w)
{
    struct concern_record *r = &c->concern_record;
    const struct msg_concern *m = &c->in.concern;
    struct store_txn *t;
    const char *wrong;

    if (!lodge_begin(c, w))
        return;
    wrong = concern_wrong(c, w);
    if (wrong) {
        lodge_refuse(c, w, wrong);
        return;
    }
    if (!concern_id_free(c, w) || !concern_has_place(c, w))
        return;
    concern_detail(lodge_record(c, w, EVENT_CONCERN_LODGED, c->in.purpose), m);
    concern_tokens(c, m);
    memset(r, 0, sizeof(*r));
    r->leaf = lodge_recorded(c, w);
    r->id = w->id;
    text_cut(r->agency, sizeof(r->agency), c->agencies.slots[w->agency].reg.id);
    memcpy(r->practitioner, c->in.practitioner.ref, sizeof(name_t));
    memcpy(r->role, c->in.practitioner.role, sizeof(name_t));
    memcpy(r->purpose, c->in.purpose, sizeof(name_t));
    memcpy(r->basis, c->in.basis, sizeof(name_t));
    r->concern = *m;
    if (r->concern.expires_on == CIVIL_NONE)
        r->concern.expires_on = m->observed_on + bundle_concern_rules(c->bundle)->most_days;
    r->lodged_on = c->day;
    t = batch_txn(c);
    if (!t)
        return;
    concerns_put(t, r);
    concern_seen(c, w, m);
    firing_evaluate(c);
}

/* --- amending and withdrawing: the reporter alone --- */

/* What it turned out to be is often known later: said as long as the record is there. */
static bool concern_late(const struct core *c)
{
    const struct msg_concern_change *m = &c->in.concern_change;

    return m->outcome && !m->withdraw && !m->severity && !m->category[0] &&
           m->expires_on == CIVIL_NONE;
}

/* Another's concern and none look the same. */
static bool concern_find(struct core *c, struct work *w)
{
    struct store_txn *t = batch_txn(c);
    int r = t ? concerns_get(t, &c->in.concern_change.concern, &c->concern_record) : -EIO;

    if (r && r != -ENOENT) {
        batch_fail(c, r, "concern");
        return false;
    }
    if (r && intake_after_lodged(w))
        return false;
    if (r || strcmp(c->concern_record.agency, c->agencies.slots[w->agency].reg.id) != 0 ||
        (c->concern_record.concern.expires_on < c->day && !concern_late(c))) {
        lodge_refuse(c, w, "unknown-concern");
        return false;
    }
    if (!c->concern_record.withdrawn || concern_late(c))
        return true;
    lodge_refuse(c, w, "concern-withdrawn");
    return false;
}

/* What may be lodged anew may be said of the one that is there; taking back is always open. */
static const char *concern_change_wrong(struct core *c, const struct work *w,
                                        const struct msg_concern *m)
{
    const struct concern_record *r = &c->concern_record;
    enum reason reason;
    const char *wrong;

    if (!c->bundle)
        return "no-policy";
    reason = threshold_lodges(c->bundle, c->agencies.slots[w->agency].index,
                              bundle_purpose(c->bundle, r->purpose),
                              bundle_gateway(c->bundle, r->basis), r->basis[0] != '\0', c->day);
    if (reason != REASON_NONE)
        return reason_word(reason);
    wrong = concern_words_wrong(c, m);
    return wrong ? wrong : concern_dates_wrong(c, m);
}

static void concern_record_change(struct core *c, struct work *w, uint8_t event)
{
    struct ledger_clear *l = lodge_record(c, w, event, c->concern_record.purpose);

    l->about = c->concern_record.leaf;
    concern_detail(l, &c->concern_record.concern);
    record_id(c, l, &c->concern_record.id);
    (void)lodge_recorded(c, w);
}

static void concern_withdraw(struct core *c, struct work *w)
{
    struct store_txn *t = batch_txn(c);

    concern_record_change(c, w, EVENT_CONCERN_WITHDRAWN);
    c->concern_record.withdrawn = true;
    if (!t)
        return;
    concerns_put(t, &c->concern_record);
    firing_withdrawn(c);
}

void concern_change_take(struct core *c, struct work *w)
{
    const struct msg_concern_change *m = &c->in.concern_change;
    struct msg_concern after;
    struct store_txn *t;
    const char *wrong;

    if (!lodge_begin(c, w) || !concern_find(c, w))
        return;
    if (m->withdraw) {
        concern_withdraw(c, w);
        return;
    }
    if (m->outcome)
        c->concern_record.outcome = m->outcome;
    after = c->concern_record.concern;
    if (m->severity)
        after.severity = m->severity;
    if (m->category[0])
        memcpy(after.category, m->category, sizeof(after.category));
    if (m->expires_on != CIVIL_NONE)
        after.expires_on = m->expires_on;
    wrong = concern_late(c) ? NULL : concern_change_wrong(c, w, &after);
    if (wrong) {
        lodge_refuse(c, w, wrong);
        return;
    }
    c->concern_record.concern = after;
    concern_record_change(c, w, EVENT_CONCERN_CHANGED);
    t = batch_txn(c);
    if (!t)
        return;
    concerns_put(t, &c->concern_record);
    if (m->severity || m->category[0]) /* another last day alone brings nothing about */
        firing_evaluate(c);
}

/* --- forgetting: "holding a sealed concern is itself processing: it needs its own retention"; the
 * concerns themselves go as the policy's clocks say: retention.c --- */

/* Nothing is due any more about what is over. */
static int episode_passes(void *ctx, const struct episode_record *e)
{
    for (uint8_t i = 0; i < e->n_hubs; i++)
        due_done(ctx, DUE_FIRING, &e->id, e->hubs[i]);
    return 0;
}

static int watch_passes(void *ctx, const struct watch_record *r)
{
    due_done(ctx, DUE_REVIEW, &r->id, r->agency);
    return 0;
}

void concerns_tick(struct core *c)
{
    size_t episodes = 0, watches = 0;
    struct store_txn *t;
    int r;

    if (c->concerns_swept_day == c->day || c->batch.error)
        return;
    t = batch_txn(c);
    if (!t)
        return;
    if (holds_any(c)) { /* then each is looked at: retention.c */
        c->concerns_swept_day = c->day;
        return;
    }
    r = episodes_sweep(t, c->day, SWEEP_MOST, episode_passes, c, &episodes);
    if (!r)
        r = watches_sweep(t, c->day, SWEEP_MOST, watch_passes, c, &watches);
    if (r) {
        batch_fail(c, r, "sweep");
        return;
    }
    if (episodes + watches)
        c->batch.wrote = true;
    if (episodes < SWEEP_MOST && watches < SWEEP_MOST)
        c->concerns_swept_day = c->day;
}
