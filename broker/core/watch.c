/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c - step-down: whoever led a case that was closed is told when the subject appears again at
 * one of the agencies watched for (DOMAIN.md section 5).
 *
 * A person is watched, not an address. The home counts only where something is said about a home
 * and about nobody in particular, and only the home that the lead last named: a move takes the
 * watch along, and whoever lives there next is not watched. The agency at which the subject appears
 * gets what it gets without a watch. */
#include "concern.h"
#include "deliver.h"
#include "due.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REVIEW_DAYS                                                                                \
    183 /* "review <= 6 months": past it a watch tells nothing until it is renewed */
#define WATCH_DAYS   366
#define WATCHES_MOST 8 /* of one lead about one person */

/* --- lodging --- */

/* Who may lodge concerns may watch: for the purpose named, or for any that watches concerns. */
static const char *watch_agency_wrong(const struct core *c, uint16_t slot)
{
    uint16_t index = c->agencies.slots[slot].index;
    uint16_t basis = bundle_gateway(c->bundle, c->in.basis);
    bool given = c->in.basis[0] != '\0';

    if (c->in.purpose[0]) {
        enum reason r = threshold_lodges(c->bundle, index, bundle_purpose(c->bundle, c->in.purpose),
                                         basis, given, c->day);

        return r == REASON_NONE ? NULL : reason_word(r);
    }
    for (uint16_t p = 0; p < bundle_n_purposes(c->bundle); p++)
        if (threshold_lodges(c->bundle, index, p, basis, given, c->day) == REASON_NONE)
            return NULL;
    return "not-a-party";
}

static const char *watch_dates_wrong(const struct core *c, struct msg_watch *m)
{
    if (m->from == CIVIL_NONE || m->from > c->day + REVIEW_DAYS)
        return "bad-dates";
    if (m->until == CIVIL_NONE)
        m->until = m->from + REVIEW_DAYS;
    if (m->review_on == CIVIL_NONE)
        m->review_on = m->until < m->from + REVIEW_DAYS ? m->until : m->from + REVIEW_DAYS;
    if (m->until < m->from || m->until < c->day || m->review_on < m->from)
        return "bad-dates";
    return (int64_t)m->review_on - m->from > REVIEW_DAYS || (int64_t)m->until - m->from > WATCH_DAYS
               ? "watch-too-long"
               : NULL;
}

static const char *watch_wrong(const struct core *c, const struct work *w, struct msg_watch *m)
{
    const char *wrong;

    if (!c->bundle)
        return "no-policy";
    wrong = watch_agency_wrong(c, w->agency);
    for (uint8_t i = 0; i < m->agencies.n && !wrong; i++)
        if (bundle_agency(c->bundle, m->agencies.agencies[i]) == POLICY_NONE)
            wrong = "unknown-agency";
    if (!wrong)
        wrong = watch_dates_wrong(c, m);
    return wrong ? wrong : watches_findable(m) ? NULL : "nobody-named";
}

struct counting {
    const char *agency;
    unsigned n;
};

static int watch_count(void *ctx, const struct watch_record *r)
{
    struct counting *k = ctx;

    k->n += !strcmp(r->agency, k->agency);
    return 0;
}

static bool watch_has_place(struct core *c, struct work *w)
{
    struct counting k = { .agency = c->agencies.slots[w->agency].reg.id };
    struct store_txn *t = batch_txn(c);
    int r = t ? watches_get(t, &w->id, &c->watch_record) : -EIO;

    if (!r) {
        intake_reject(c, w, "id-reused");
        return false;
    }
    if (r == -ENOENT)
        r = watches_about(t, &c->in.watch.subject, watch_count, &k);
    if (r) {
        batch_fail(c, r, "watch");
        return false;
    }
    if (k.n >= WATCHES_MOST)
        lodge_refuse(c, w, "too-many-watches");
    return k.n < WATCHES_MOST;
}

static void watch_review_due(struct core *c)
{
    const struct watch_record *r = &c->watch_record;
    struct due d = { .kind = DUE_REVIEW, .about = r->id };

    d.due_ms = due_end_of(c, r->watch.review_on);
    text_cut(d.agency, sizeof(d.agency), r->agency);
    text_cut(d.text, sizeof(d.text), "Review the watch: move its last day, or end it.");
    due_put(c, &d);
}

void watch_take(struct core *c, struct work *w)
{
    struct watch_record *r = &c->watch_record;
    struct msg_watch *m = &c->in.watch;
    struct store_txn *t;
    const char *wrong;

    if (!lodge_begin(c, w))
        return;
    wrong = watch_wrong(c, w, m);
    if (wrong) {
        lodge_refuse(c, w, wrong);
        return;
    }
    if (!watch_has_place(c, w))
        return;
    lodge_record(c, w, EVENT_WATCH_LODGED, c->in.purpose);
    record_tokens(c, &m->subject);
    memset(r, 0, sizeof(*r));
    r->leaf = lodge_recorded(c, w);
    r->id = w->id;
    text_cut(r->agency, sizeof(r->agency), c->agencies.slots[w->agency].reg.id);
    memcpy(r->practitioner, c->in.practitioner.ref, sizeof(name_t));
    memcpy(r->role, c->in.practitioner.role, sizeof(name_t));
    memcpy(r->purpose, c->in.purpose, sizeof(name_t));
    r->watch = *m;
    r->home_since = m->from;
    t = batch_txn(c);
    if (!t)
        return;
    watches_put(t, r);
    watch_review_due(c);
}

/* --- changing: the lead alone --- */

static bool watch_find(struct core *c, struct work *w)
{
    struct store_txn *t = batch_txn(c);
    int r = t ? watches_get(t, &c->in.watch_change.watch, &c->watch_record) : -EIO;

    if (r && r != -ENOENT) {
        batch_fail(c, r, "watch");
        return false;
    }
    if (r && intake_after_lodged(w))
        return false;
    if (r || strcmp(c->watch_record.agency, c->agencies.slots[w->agency].reg.id) != 0) {
        lodge_refuse(c, w, "unknown-watch");
        return false;
    }
    if (c->watch_record.ended || c->watch_record.watch.until < c->day) {
        lodge_refuse(c, w, "watch-over");
        return false;
    }
    return true;
}

static const char *watch_change_apply(const struct core *c, struct watch_record *r,
                                      const struct msg_watch_change *m)
{
    if (m->has_household) {
        if (m->moved_on == CIVIL_NONE || m->moved_on > c->day)
            return "bad-dates";
        r->watch.has_household = true;
        r->watch.household = m->household;
        r->home_since = m->moved_on;
    }
    if (m->until == CIVIL_NONE)
        return NULL;
    if (m->until < c->day)
        return "bad-dates";
    if ((int64_t)m->until - c->day > WATCH_DAYS)
        return "watch-too-long";
    r->watch.until = m->until;
    r->watch.review_on = m->until < c->day + REVIEW_DAYS ? m->until : c->day + REVIEW_DAYS;
    return NULL;
}

void watch_change_take(struct core *c, struct work *w)
{
    const struct msg_watch_change *m = &c->in.watch_change;
    struct watch_record *r = &c->watch_record;
    struct store_txn *t;
    struct ledger_clear *l;
    const char *wrong;

    if (!lodge_begin(c, w) || !watch_find(c, w))
        return;
    wrong = m->end ? NULL : watch_change_apply(c, r, m);
    if (wrong) {
        lodge_refuse(c, w, wrong);
        return;
    }
    l = lodge_record(c, w, EVENT_WATCH_CHANGED, r->purpose);
    l->about = r->leaf;
    text_cut(l->detail, sizeof(l->detail),
             m->end             ? "ended"
             : m->has_household ? "moved"
                                : "another last day");
    record_id(c, l, &r->id);
    (void)lodge_recorded(c, w);
    t = batch_txn(c);
    if (!t)
        return;
    r->ended = m->end;
    watches_put(t, r);
    if (m->end)
        due_done(c, DUE_REVIEW, &r->id, r->agency);
    else
        watch_review_due(c);
}

/* --- appearing again --- */

struct appearing {
    struct core *c;
    uint16_t slot; /* of the agency at which */
    const struct token_set *subject;
    const struct token *household; /* NULL: about the person */
};

static bool watch_in_force(const struct core *c, const struct watch_record *r)
{
    return !r->ended && r->watch.from <= c->day && c->day <= r->watch.until &&
           c->day <= r->watch.review_on;
}

static bool watch_lists(const struct core *c, const struct msg_scope *scope, uint16_t index)
{
    const char *organisation =
        bundle_agency_at(c->bundle, bundle_agency_at(c->bundle, index)->organisation)->id;

    if (scope->any)
        return true;
    for (uint8_t i = 0; i < scope->n; i++)
        if (!strcmp(scope->agencies[i], bundle_agency_at(c->bundle, index)->id) ||
            !strcmp(scope->agencies[i], organisation))
            return true;
    return false;
}

/* A permit, so strictly: somebody else's reappearance is nobody's business. */
static bool watch_fits(const struct appearing *a, const struct watch_record *r)
{
    if (a->household)
        return r->watch.has_household && r->home_since <= a->c->day &&
               token_equal(&r->watch.household, a->household);
    return match_strict(&r->watch.subject, a->subject) == MATCH_YES;
}

/* "Once per agency and day". Return: false: it was told today. */
static bool watch_first_today(const struct core *c, struct watch_record *r, const char *agency)
{
    struct watch_seen *place = &r->seen[0];

    for (uint8_t i = 0; i < r->n_seen; i++) {
        if (!strcmp(r->seen[i].agency, agency)) {
            if (r->seen[i].on == c->day)
                return false;
            r->seen[i].on = c->day;
            return true;
        }
        if (r->seen[i].on < place->on)
            place = &r->seen[i]; /* longest ago: makes room */
    }
    if (r->n_seen < WATCH_SEEN_MAX)
        place = &r->seen[r->n_seen++];
    text_cut(place->agency, sizeof(place->agency), agency);
    place->on = c->day;
    return true;
}

struct hiding {
    const struct core *c;
    const struct watch_record *r;
    bool hidden;
};

static int watch_shield_visit(void *ctx, const struct shield_record *s)
{
    struct hiding *h = ctx;
    bool close = shield_near(&s->shield.subject, &h->r->watch.subject);
    bool live = !s->lifted && shield_in_force(h->c, &s->shield);

    if (live && s->shield.level >= 2 && close &&
        !agencies_colleagues(&h->c->agencies, h->c->bundle,
                             agencies_find(&h->c->agencies, h->r->agency),
                             agencies_find(&h->c->agencies, s->owner)))
        h->hidden = true;
    return 0;
}

/* Whom a shield hides does not appear again, but to the shield's owner. Errors count as hidden. */
static bool watch_hidden(struct core *c, struct store_txn *t, const struct watch_record *r)
{
    struct hiding h = { .c = c, .r = r };

    return !epochs_complete(c, &r->watch.subject) ||
           shields_about(t, c->store, &r->watch.subject, watch_shield_visit, &h) || h.hidden;
}

static bool watch_masks(const struct core *c, uint16_t index)
{
    const struct policy_agency *a = bundle_agency_at(c->bundle, index);

    return a->sensitive || bundle_agency_at(c->bundle, a->organisation)->sensitive;
}

static void watch_event_name(const struct core *c, uint16_t index, struct msg_watch_event *e)
{
    e->masked = watch_masks(c, index);
    if (e->masked)
        return;
    text_cut(e->agency, sizeof(e->agency), bundle_agency_at(c->bundle, index)->id);
    text_cut(e->contact_route, sizeof(e->contact_route),
             bundle_agency_at(c->bundle, index)->contact);
}

static void watch_tell(struct core *c, const struct watch_record *r, uint16_t lead, uint16_t index)
{
    struct ledger_clear *l = record_begin(c, EVENT_REAPPEARED, lead);
    struct deliver_terms terms = { .leaf = LEAF_NONE };
    struct msg_deliver *d;

    l->about = r->leaf;
    l->outcome = 1;
    text_cut(l->purpose, sizeof(l->purpose), r->purpose);
    record_id(c, l, &r->id);
    terms.leaf = record_end(c);
    d = deliver_begin(c, DELIVERY_WATCH, NULL);
    d->has_watch = true;
    d->watch.watch = r->id;
    d->watch.on = c->day;
    watch_event_name(c, index, &d->watch);
    deliver_put(c, lead, &terms);
}

static int watch_visit(void *ctx, const struct watch_record *found)
{
    struct appearing *a = ctx;
    struct core *c = a->c;
    struct watch_record *r = &c->watch_record;
    struct store_txn *t = batch_txn(c);
    uint16_t lead = agencies_find(&c->agencies, found->agency);
    uint16_t index = c->agencies.slots[a->slot].index;

    if (!t)
        return -EIO;
    if (!watch_in_force(c, found) || !watch_fits(a, found) || lead == AGENCY_NONE ||
        agencies_colleagues(&c->agencies, c->bundle, lead, a->slot) ||
        !watch_lists(c, &found->watch.agencies, index) || watch_hidden(c, t, found))
        return 0;
    *r = *found;
    if (!watch_first_today(c, r, c->agencies.slots[a->slot].reg.id))
        return 0;
    watches_put(t, r);
    watch_tell(c, r, lead, index);
    return 0;
}

void watch_seen(struct core *c, uint16_t slot, const struct token_set *subject,
                const struct token *household)
{
    struct appearing a = { .c = c, .slot = slot, .subject = subject };
    struct store_txn *t = batch_txn(c);
    int r = 0;

    if (!t || !c->bundle || c->agencies.slots[slot].index == POLICY_NONE)
        return;
    if (subject->n) {
        r = watches_about(t, subject, watch_visit, &a);
    } else if (household->kind == TOKEN_HOME) {
        a.household = household;
        r = watches_at(t, household, watch_visit, &a);
    }
    if (r)
        batch_fail(c, r, "watch");
}

/* --- at delivery --- */

bool watch_still(struct core *c, uint16_t slot, struct msg_deliver *d, const char **why)
{
    struct store_txn *t = batch_txn(c);
    const struct watch_record *r = &c->watch_record;
    uint16_t index;

    *why = "watch-over";
    if (!t || watches_get(t, &d->watch.watch, &c->watch_record) || r->ended ||
        r->watch.until < c->day || strcmp(r->agency, c->agencies.slots[slot].reg.id) != 0)
        return false;
    *why = "shielded";
    if (watch_hidden(c, t, r))
        return false;
    *why = NULL;
    index = c->bundle ? bundle_agency(c->bundle, d->watch.agency) : POLICY_NONE;
    if (!d->watch.masked && (index == POLICY_NONE || watch_masks(c, index))) {
        /* sensitive by now, or not of the policy any more */
        d->watch.masked = true;
        memset(d->watch.agency, 0, sizeof(d->watch.agency));
        memset(d->watch.contact_route, 0, sizeof(d->watch.contact_route));
    }
    return true;
}
