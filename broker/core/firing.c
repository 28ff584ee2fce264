/* SPDX-License-Identifier: Apache-2.0 */
/* firing.c - what a concern brings about: an episode of a rule and a person or home, its delivery
 * to hubs, what hubs do with it, and what contributors then hear.
 *
 *   (none) --a concern crosses, for some hub--> open --acted--> acted --closed--> closed
 *                                                 |                                 |
 *                                                 +--closed / over_on--> over       +--a concern,
 * the number still reached: a new one
 *
 * "One firing per episode": a hub that got it takes no second; another hub gets it when it crosses
 * for that one too, for a reader's own concerns do not count towards what it reads. */
#include "concern.h"
#include "deliver.h"
#include "due.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct firing { /* of one rule, about whom the concern is */
    uint16_t question;
    const struct policy_question *q;
    struct concern_about about;
    size_t added;    /* place of the concern */
    bool again;      /* an episode of it was closed before */
    unsigned n_sent; /* streams */
    bool shielded;   /* it would have been for a hub, but for a shield */
};

uint16_t firing_index(const struct core *c, uint16_t slot)
{
    return c->agencies.slots[slot].index;
}

bool firing_reader(const struct core *c, uint16_t question, uint16_t slot)
{
    const struct agency *a = &c->agencies.slots[slot];

    return a->reg.standing && a->index != POLICY_NONE &&
           threshold_reads(c->bundle, a->index, question, c->day);
}

/* --- episodes --- */

struct seeking {
    struct core *c;
    const struct firing *f;
    struct episode_record *out;
    bool open, closed;
};

static bool episode_over(const struct core *c, const struct episode_record *e)
{
    return e->step == FIRING_CLOSED || c->day >= e->over_on;
}

static int episode_visit(void *ctx, const struct episode_record *e)
{
    struct seeking *s = ctx;

    if (strcmp(e->rule, s->f->q->id) != 0)
        return 0;
    if (!s->f->about.household && (e->subject_kind != s->f->about.kind ||
                                   match_strict(&e->subject, s->f->about.subject) != MATCH_YES))
        return 0;
    if (episode_over(s->c, e)) {
        s->closed = true;
    } else if (!s->open || e->leaf > s->out->leaf) {
        s->open = true;
        *s->out = *e;
    }
    return 0;
}

/* The open one into c->episode_record. Return: 1 found; 0 none; negative: the batch has failed. */
static int episode_find(struct core *c, struct firing *f)
{
    struct seeking s = { .c = c, .f = f, .out = &c->episode_record };
    struct store_txn *t = batch_txn(c);
    int r = -EIO;

    if (t)
        r = f->about.household ? episodes_at(t, f->about.household, episode_visit, &s)
                               : episodes_about(t, f->about.subject, episode_visit, &s);
    if (r) {
        batch_fail(c, r, "episode");
        return r;
    }
    f->again = s.closed;
    return s.open;
}

static bool episode_has(const struct episode_record *e, const char *hub)
{
    for (uint8_t i = 0; i < e->n_hubs; i++)
        if (!strcmp(e->hubs[i], hub))
            return true;
    return false;
}

/* One place for each lodging agency; another concern takes that of one that was withdrawn. */
static void episode_join(struct core *c, struct episode_record *e, const struct concern_who *who)
{
    const char *agency = c->agencies.slots[who->slot].reg.id;

    for (uint8_t i = 0; i < e->n; i++) {
        if (strcmp(e->contributors[i].agency, agency) != 0)
            continue;
        if (e->contributors[i].gone)
            e->contributors[i].concern = who->id;
        e->contributors[i].gone = false;
        return;
    }
    if (e->n == EPISODE_CONTRIBUTORS_MAX) {
        log_warn("episode-full", "rule=%s", e->rule);
        return;
    }
    e->contributors[e->n] = (struct episode_contributor){ .concern = who->id };
    text_cut(e->contributors[e->n].agency, sizeof(e->contributors[0].agency), agency);
    e->n++;
}

/* Whoever lodged what lies in the window. */
static void episode_joined(struct core *c, const struct firing *f, int32_t on)
{
    for (size_t i = c->concerns->n; i-- > 0;) {
        const struct concern_fact *fact = &c->concerns->facts[i];

        if (threshold_counts(&f->q->threshold, fact) &&
            threshold_within(&f->q->threshold, fact, on))
            episode_join(c, &c->episode_record, concern_who_of(c, i));
    }
}

static void episode_open(struct core *c, const struct firing *f,
                         const struct threshold_found *found)
{
    const struct concern_record *r = &c->concern_record;
    struct episode_record *e = &c->episode_record;
    const struct policy_threshold *rule = &f->q->threshold;
    struct ledger_clear *l;
    int bad;

    memset(e, 0, sizeof(*e));
    bad = id_new(c->wall_ms, &e->id);
    if (bad)
        batch_fail(c, bad, "episode");
    text_cut(e->rule, sizeof(e->rule), f->q->id);
    e->subject_kind = f->about.household ? SUBJECT_HOUSEHOLD : f->about.kind;
    if (f->about.household)
        e->household = *f->about.household;
    else
        e->subject = *f->about.subject;
    memcpy(e->category, r->concern.category, sizeof(e->category));
    memcpy(e->area, r->concern.area, sizeof(e->area));
    e->severity = r->concern.severity;
    e->bypass = found->bypass;
    e->fired_on = found->fired_on;
    e->opened_on = c->day;
    e->opened_ms = c->wall_ms;
    e->over_on = c->day + bundle_concern_rules(c->bundle)->closed_days;
    text_cut(e->decide_role, sizeof(e->decide_role), rule->decide_role);
    e->decide_by_ms = rule->decide_hours ? due_in_hours(c, rule->decide_hours) : 0;
    l = record_begin(c, EVENT_FIRED, AGENCY_NONE);
    text_cut(l->purpose, sizeof(l->purpose), r->purpose);
    text_cut(l->question, sizeof(l->question), e->rule);
    l->about = r->leaf;
    l->outcome = 1;
    (void)snprintf(l->detail, sizeof(l->detail), "%s, area %s, severity %u%s", e->category,
                   e->area[0] ? e->area : "none", e->severity, e->bypass ? ", by severity" : "");
    record_tokens(c, &e->subject);
    if (f->about.household) {
        struct token_set home = { .n = 1, .tokens = { e->household } };

        record_tokens(c, &home);
    }
    record_id(c, l, &e->id);
    e->leaf = record_end(c);
}

/* --- delivering --- */

/* A firing about a person names no home: where a person lives is not what it tells. */
static void firing_fill(const struct core *c, const struct firing *f, struct msg_firing *out)
{
    const struct episode_record *e = &c->episode_record;

    out->episode = e->id;
    memcpy(out->rule, e->rule, sizeof(out->rule));
    text_cut(out->title, sizeof(out->title), f->q->wording);
    out->subject_kind = e->subject_kind;
    out->subject = e->subject;
    out->has_household = e->subject_kind == SUBJECT_HOUSEHOLD;
    out->household = e->household;
    memcpy(out->category, e->category, sizeof(out->category));
    memcpy(out->area, e->area, sizeof(out->area));
    out->severity = e->severity;
    out->bypass = e->bypass;
    memcpy(out->decide_role, e->decide_role, sizeof(out->decide_role));
    out->decide_by_ms = e->decide_by_ms;
}

void firing_contributors(const struct core *c, const struct policy_threshold *rule,
                         const struct threshold_found *found, uint16_t leave_out,
                         struct msg_firing *out)
{
    struct concern_named named = { .out = out->contributors };

    concern_name(c, rule, found, leave_out, &named);
    out->n = named.n;
    out->masked = named.masked;
}

static void firing_due(struct core *c, uint16_t slot)
{
    const struct episode_record *e = &c->episode_record;
    struct due d = { .kind = DUE_FIRING, .about = e->id, .due_ms = e->decide_by_ms };

    if (!e->decide_by_ms)
        return;
    text_cut(d.agency, sizeof(d.agency), c->agencies.slots[slot].reg.id);
    memcpy(d.role, e->decide_role, sizeof(d.role));
    (void)snprintf(d.text, sizeof(d.text), "Decide what to do about the firing of %s.", e->rule);
    due_put(c, &d);
}

/* Into the hub's streams; inbox: into its inbox. Return: how many got it. */
static unsigned firing_send(struct core *c, const struct firing *f, uint16_t slot,
                            const struct threshold_found *found, bool inbox)
{
    const struct deliver_terms terms = { .leaf = c->episode_record.leaf };
    struct msg_deliver *d = deliver_begin(c, DELIVERY_FIRING, &c->episode_record.id);
    unsigned n = 1;

    d->has_firing = true;
    firing_fill(c, f, &d->firing);
    d->firing.fired_on = found->fired_on;
    d->firing.bypass = found->bypass;
    firing_contributors(c, &f->q->threshold, found,
                        concern_left_out(c, &f->q->threshold, firing_index(c, slot)), &d->firing);
    if (inbox)
        deliver_put(c, slot, &terms);
    else
        n = deliver_firing(c, slot, &terms);
    return n;
}

static void firing_sent(struct core *c, uint16_t slot)
{
    struct episode_record *e = &c->episode_record;

    text_cut(e->hubs[e->n_hubs++], sizeof(e->hubs[0]), c->agencies.slots[slot].reg.id);
    firing_due(c, slot);
}

/* A hub that the episode could not remember would hear of it at each further concern, and could not
 * answer: it is not told at all, and somebody has to know that. */
static bool firing_has_room(const struct core *c, const struct firing *f)
{
    if (c->episode_record.n_hubs < EPISODE_HUBS_MAX)
        return true;
    log_error("firing-hubs-full", "rule=%s hubs=%d", f->q->id, EPISODE_HUBS_MAX);
    return false;
}

/* What it is for this reader: newly crossed, or still reached where an episode was closed. */
static bool firing_for(struct core *c, const struct firing *f, uint16_t slot,
                       struct threshold_found *found)
{
    const struct policy_threshold *rule = &f->q->threshold;
    const struct concern_room *room = c->concerns;
    uint16_t leave_out = concern_left_out(c, rule, firing_index(c, slot));
    const struct concern_fact *added = &room->facts[f->added];

    if (threshold_crossed(rule, room->facts, room->n, leave_out, c->day, f->added, found))
        return false;
    if (found->fired || !f->again || !threshold_counts(rule, added) ||
        added->organisation == leave_out)
        return found->fired;
    if (threshold_stands(rule, room->facts, room->n, leave_out, added->observed, found))
        return false;
    found->by = (uint16_t)f->added;
    return found->fired;
}

/* Each hub that it has not reached. A hub that follows no stream which takes it has it in its inbox
 * when nobody else took it: a firing that nobody reads helps nobody. */
static void firing_hubs_reach(struct core *c, struct firing *f, bool *open, bool inbox)
{
    for (uint16_t s = 0; s < c->agencies.n; s++) {
        struct threshold_found found;

        if (!firing_reader(c, f->question, s) ||
            (*open && episode_has(&c->episode_record, c->agencies.slots[s].reg.id)) ||
            !firing_for(c, f, s, &found))
            continue;
        if (concern_shielded(c, f->question, s, &f->about)) {
            f->shielded = true;
            continue;
        }
        if (!*open)
            episode_open(c, f, &found);
        *open = true;
        episode_joined(c, f, found.fired_on);
        if (!firing_has_room(c, f))
            return;
        if (firing_send(c, f, s, &found, inbox)) {
            f->n_sent++;
            firing_sent(c, s);
        }
    }
}

/* --- contributors hear --- */

/* About their own concern; who else, how many and what about they are not told. */
static void firing_tell_joined(struct core *c, struct episode_contributor *who, uint16_t hub)
{
    uint16_t slot = agencies_find(&c->agencies, who->agency);
    struct concern_record own;
    struct msg_notice *n;

    if (who->told || who->gone || slot == AGENCY_NONE)
        return;
    who->told = true;
    n = notice_begin(c, NOTICE_JOINED_OTHERS, &who->concern);
    if (hub != AGENCY_NONE && firing_index(c, hub) != POLICY_NONE &&
        !bundle_agency_at(c->bundle, firing_index(c, hub))->sensitive) {
        text_cut(n->agency, sizeof(n->agency), c->agencies.slots[hub].reg.id);
        text_cut(n->contact_route, sizeof(n->contact_route),
                 bundle_agency_at(c->bundle, firing_index(c, hub))->contact);
    }
    /* what cannot be read names nobody: that it joined others is still worth telling */
    if (!concerns_get(batch_txn(c), &who->concern, &own) && !strcmp(own.agency, who->agency))
        n->subject = own.concern.subject;
    text_cut(n->text, sizeof(n->text), "A concern that you lodged joined others, and is acted on.");
    notice_send(c, slot);
}

/* --- one rule --- */

static void firing_rule(struct core *c, struct firing *f)
{
    struct store_txn *t = batch_txn(c);
    uint8_t before;
    int found;
    bool open;

    if (!t || !concern_gather(c, f->question, &f->about))
        return;
    f->added = concern_place(c, &c->concern_record.id);
    if (f->added == SIZE_MAX || !threshold_counts(&f->q->threshold, &c->concerns->facts[f->added]))
        return;
    found = episode_find(c, f);
    if (found < 0)
        return;
    open = found == 1;
    before = open ? c->episode_record.n_hubs : 0;
    if (open)
        episode_join(c, &c->episode_record, concern_who_of(c, f->added));
    firing_hubs_reach(c, f, &open, false);
    if (open && !f->n_sent && !before)
        firing_hubs_reach(c, f, &open, true);
    if (f->shielded && !f->n_sent && !before) /* somebody has to be telephoned */
        log_error("firing-shielded", "question=%s leaf=%llu", f->q->id,
                  (unsigned long long)c->concern_record.leaf);
    if (!open || c->batch.error)
        return;
    for (uint8_t i = 0; i < c->episode_record.n && c->episode_record.step == FIRING_ACTED; i++)
        firing_tell_joined(c, &c->episode_record.contributors[i], AGENCY_NONE);
    episodes_put(t, &c->episode_record);
    c->batch.wrote = true;
}

void firing_evaluate(struct core *c)
{
    const struct msg_concern *m = &c->concern_record.concern;
    uint16_t purpose = bundle_purpose(c->bundle, c->concern_record.purpose);

    for (uint16_t q = 0; q < bundle_n_questions(c->bundle) && !c->batch.error; q++) {
        struct firing f = { .question = q, .q = bundle_question_at(c->bundle, q) };
        bool household;

        if (!threshold_feeds(c->bundle, purpose, q, c->day))
            continue;
        household = f.q->threshold.household;
        if (household ? !m->has_household : m->subject_kind == SUBJECT_HOUSEHOLD)
            continue;
        f.about = (struct concern_about){ .kind = household ? SUBJECT_HOUSEHOLD : m->subject_kind,
                                          .subject = &m->subject,
                                          .household = household ? &m->household : NULL };
        firing_rule(c, &f);
    }
}

/* --- a concern is taken back --- */

struct withdrawing {
    struct core *c;
};

/* What was delivered is not undone; whoever got it hears that it rests on less, not on whose: once
 * for each agency and episode, so that nobody fills a hub's inbox by lodging and taking back. */
static int withdrawn_visit(void *ctx, const struct episode_record *found)
{
    struct core *c = ((struct withdrawing *)ctx)->c;
    struct episode_record *e = &c->episode_record;
    struct store_txn *t = batch_txn(c);
    struct episode_contributor *who = NULL;
    bool said;

    if (!t || episode_over(c, found))
        return t ? 0 : -EIO;
    *e = *found;
    for (uint8_t i = 0; i < e->n; i++)
        if (id_equal(&e->contributors[i].concern, &c->concern_record.id))
            who = &e->contributors[i];
    if (!who || who->gone)
        return 0;
    said = who->said;
    who->gone = who->said = true;
    for (uint8_t i = 0; i < e->n_hubs && !said; i++) {
        uint16_t slot = agencies_find(&c->agencies, e->hubs[i]);

        if (slot != AGENCY_NONE)
            notice_put(c, slot, NOTICE_WITHDRAWN, &e->id,
                       "A concern that this firing counted was taken back by who had lodged it.");
    }
    episodes_put(t, e);
    return 0;
}

void firing_withdrawn(struct core *c)
{
    const struct msg_concern *m = &c->concern_record.concern;
    struct withdrawing wd = { .c = c };
    struct store_txn *t = batch_txn(c);
    int r = t ? 0 : -EIO;

    if (!r && m->subject_kind != SUBJECT_HOUSEHOLD)
        r = episodes_about(t, &m->subject, withdrawn_visit, &wd);
    if (!r && m->has_household)
        r = episodes_at(t, &m->household, withdrawn_visit, &wd);
    if (r)
        batch_fail(c, r, "episode");
}

/* --- what a hub does with it --- */

static bool firing_known(struct core *c, struct work *w)
{
    struct store_txn *t = batch_txn(c);
    int r = t ? episodes_get(t, &c->in.firing_update.episode, &c->episode_record) : -EIO;

    if (r && r != -ENOENT) {
        batch_fail(c, r, "episode");
        return false;
    }
    if (r || !episode_has(&c->episode_record, c->agencies.slots[w->agency].reg.id)) {
        lodge_refuse(c, w, "unknown-firing");
        return false;
    }
    return true;
}

/* The decision is taken, whichever hub took it. */
static void firing_settled(struct core *c)
{
    for (uint8_t i = 0; i < c->episode_record.n_hubs; i++)
        due_done(c, DUE_FIRING, &c->episode_record.id, c->episode_record.hubs[i]);
}

void firing_update_take(struct core *c, struct work *w)
{
    const struct msg_firing_update *m = &c->in.firing_update;
    struct episode_record *e = &c->episode_record;
    struct store_txn *t;
    struct ledger_clear *l;

    if (!lodge_begin(c, w) || !firing_known(c, w))
        return;
    if (!c->bundle || e->step == FIRING_CLOSED) {
        lodge_refuse(c, w, c->bundle ? "firing-closed" : "no-policy");
        return;
    }
    l = lodge_record(c, w, EVENT_FIRING_UPDATED, c->in.purpose);
    l->about = e->leaf;
    text_cut(l->question, sizeof(l->question), e->rule);
    (void)snprintf(l->detail, sizeof(l->detail), "%s%s%s",
                   m->step == FIRING_ACTED ? "acted" : "closed", m->outcome[0] ? ", " : "",
                   m->outcome);
    record_id(c, l, &e->id);
    (void)lodge_recorded(c, w);
    t = batch_txn(c);
    if (!t)
        return;
    e->step = m->step;
    if (m->outcome[0])
        memcpy(e->outcome, m->outcome, sizeof(e->outcome));
    for (uint8_t i = 0; i < e->n && m->step == FIRING_ACTED; i++)
        firing_tell_joined(c, &e->contributors[i], w->agency);
    firing_settled(c);
    episodes_put(t, e);
}

void firing_hubs(struct core *c, const struct id *episode, firing_hub *visit, void *ctx)
{
    struct store_txn *t = batch_txn(c);

    if (!t || episodes_get(t, episode, &c->episode_record))
        return; /* over and forgotten */
    for (uint8_t i = 0; i < c->episode_record.n_hubs; i++) {
        uint16_t slot = agencies_find(&c->agencies, c->episode_record.hubs[i]);

        if (slot != AGENCY_NONE)
            visit(ctx, slot);
    }
}

/* --- contact through the broker --- */

static bool firing_unnamed(const struct core *c, const struct policy_threshold *rule, uint16_t slot)
{
    uint16_t index = firing_index(c, slot);
    const struct policy_agency *a;

    if (index == POLICY_NONE)
        return false; /* nobody whom the policy knows is asked */
    a = bundle_agency_at(c->bundle, index);
    return !rule->named || a->sensitive || bundle_agency_at(c->bundle, a->organisation)->sensitive;
}

int firing_contacts(struct core *c, uint16_t hub, const struct id *episode, firing_contact *visit,
                    void *ctx)
{
    struct store_txn *t = batch_txn(c);
    const struct episode_record *e = &c->episode_record;
    uint16_t question;
    int r = t ? episodes_get(t, episode, &c->episode_record) : -EIO;

    if (r)
        return r;
    question = c->bundle ? bundle_question(c->bundle, e->rule) : POLICY_NONE;
    if (question == POLICY_NONE || !episode_has(e, c->agencies.slots[hub].reg.id))
        return -ENOENT;
    for (uint8_t i = 0; i < e->n && !r; i++) {
        uint16_t slot = agencies_find(&c->agencies, e->contributors[i].agency);
        struct concern_record record;

        if (slot == AGENCY_NONE || !agency_active(&c->agencies.slots[slot]) ||
            !firing_unnamed(c, &bundle_question_at(c->bundle, question)->threshold, slot))
            continue;
        r = concerns_get(t, &e->contributors[i].concern, &record);
        if (!r && concern_live(c, &record))
            r = visit(ctx, slot, &record);
        r = r == -ENOENT ? 0 : r;
    }
    return r < 0 ? r : 0;
}
