/* SPDX-License-Identifier: Apache-2.0 */
/* referral_send.c - what the stages of a referral share: its record and its life, who its parties
 * are, the decision afresh, deliveries, and what falls due. */
#include "due.h"
#include "referral.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void referral_life(const struct referral_record *r, struct life *out)
{
    *out = (struct life){
        .state = r->state,
        .kind = r->kind,
        .due = r->due,
        .sent_on = r->sent_on,
        .since = r->since,
        .last_on = r->last_on,
        .due_on = r->due_on,
    };
}

void referral_life_keep(struct referral_record *r, const struct life *l)
{
    r->state = l->state;
    r->kind = l->kind;
    r->due = l->due;
    r->sent_on = l->sent_on;
    r->since = l->since;
    r->last_on = l->last_on;
    r->due_on = l->due_on;
    r->running = life_open(l->state) || l->due != LIFE_DUE_NOTHING;
    r->decided = r->decided || l->state == LIFE_ACCEPTED || l->state == LIFE_DELIVERING;
}

int referral_load(struct core *c, const struct id *id)
{
    struct store_txn *t = batch_txn(c);
    int r = t ? referrals_get(t, id, &c->referral) : -EIO;

    if (r && r != -ENOENT)
        batch_fail(c, r, "referral");
    return r;
}

static bool referral_is(const struct core *c, uint16_t slot, const char *agency)
{
    return strcmp(c->agencies.slots[slot].reg.id, agency) == 0;
}

static bool referral_of_house(const struct core *c, uint16_t slot, const char *agency)
{
    return agency[0] && (referral_is(c, slot, agency) ||
                         agencies_colleagues(&c->agencies, c->bundle, slot,
                                             agencies_find(&c->agencies, agency)));
}

uint8_t referral_parties(const struct core *c, uint16_t slot)
{
    uint8_t by = 0;

    if (referral_is(c, slot, c->referral.from))
        by |= LIFE_BY_SENDER;
    if (!c->referral.hidden && referral_is(c, slot, c->referral.to))
        by |= LIFE_BY_RECEIVER;
    return by;
}

bool referral_known_to(const struct core *c, uint16_t slot)
{
    const struct referral_record *r = &c->referral;
    bool known =
        referral_of_house(c, slot, r->from) || (!r->hidden && referral_of_house(c, slot, r->to));

    for (uint8_t i = 0; i < r->n_steps && !known;
         i++) /* whoever had it, but for whom it never reached */
        known = (!r->hidden || strcmp(r->steps[i].to, r->to) != 0) &&
                referral_of_house(c, slot, r->steps[i].to);
    return known;
}

bool referral_passed_on(const struct core *c, uint16_t slot)
{
    return referral_known_to(c, slot) && !referral_of_house(c, slot, c->referral.from) &&
           (c->referral.hidden || !referral_of_house(c, slot, c->referral.to));
}

bool referral_gone_from(struct core *c, uint16_t slot, const struct id *id)
{
    const struct referral_record *r = &c->referral;
    bool ours;

    if (referral_load(c, id))
        return false;
    ours = referral_of_house(c, slot, r->from);
    for (uint8_t i = 0; i < r->n_steps && !ours; i++)
        ours = strcmp(r->steps[i].to, r->to) != 0 && referral_of_house(c, slot, r->steps[i].to);
    return ours;
}

void referral_ask(const struct core *c, struct ask *out)
{
    const struct referral_record *r = &c->referral;

    memset(out, 0, sizeof(*out));
    out->id = r->id;
    out->agency = agencies_find(&c->agencies, r->from);
    memcpy(out->practitioner.ref, r->practitioner, sizeof(name_t));
    memcpy(out->practitioner.role, r->role, sizeof(name_t));
    memcpy(out->purpose, r->purpose, sizeof(name_t));
    memcpy(out->basis, r->basis, sizeof(name_t));
    out->subject_kind = r->subject_kind;
    out->subject = r->subject;
}

void referral_judge(struct core *c, const struct ask *ask, uint16_t receiver_slot, bool *party)
{
    memset(&c->facts, 0, sizeof(c->facts));
    memset(&c->decision, 0, sizeof(c->decision));
    *party = true;
    if (ask->agency == AGENCY_NONE || receiver_slot == AGENCY_NONE)
        return; /* an all-zero decision refuses */
    if (c->bundle)
        facts_gather(c, ask);
    referral_decide(c->bundle, &c->facts, c->agencies.slots[receiver_slot].index, &c->decision,
                    party);
}

uint8_t referral_state_now(const struct core *c)
{
    struct life life;

    referral_life(&c->referral, &life);
    return referral_shown(bundle_referral_rules(c->bundle), &life, c->day);
}

/* --- what falls due --- */

static bool due_whose(const struct referral_record *r, uint8_t due, struct due *out)
{
    switch (due) {
    case LIFE_DUE_DECISION:
        if (r->hidden)
            return false; /* nothing is due of whom it never reached */
        out->kind = DUE_REFERRAL;
        memcpy(out->agency, r->to, sizeof(out->agency));
        text_cut(out->text, sizeof(out->text), "A referral waits for your decision.");
        return true;
    case LIFE_DUE_INFO:
        out->kind = DUE_REFERRAL;
        memcpy(out->agency, r->from, sizeof(out->agency));
        text_cut(out->text, sizeof(out->text), "The receiver of your referral asked for more.");
        return true;
    case LIFE_DUE_FEEDBACK:
        out->kind = DUE_FEEDBACK;
        memcpy(out->agency, r->to, sizeof(out->agency));
        text_cut(out->text, sizeof(out->text), "Tell whoever referred the family what came of it.");
        return true;
    case LIFE_DUE_NOTHING:
    default:
        return false;
    }
}

void referral_due_move(struct core *c, const struct life *before)
{
    const struct referral_record *r = &c->referral;
    struct due was = { .about = r->id }, now = { .about = r->id };
    bool had = due_whose(r, before->due, &was), has = due_whose(r, r->due, &now);

    if (had && (!has || was.kind != now.kind || strcmp(was.agency, now.agency) != 0))
        due_done(c, was.kind, &was.about, was.agency);
    if (!has || (had && before->due == r->due && before->due_on == r->due_on))
        return;
    text_cut(now.role, sizeof(now.role), bundle_referral_rules(c->bundle)->decide_role);
    now.due_ms = due_end_of(c, r->due_on);
    due_put(c, &now);
}

void referral_step_put(struct core *c, const struct life *next, uint8_t step, const char *by,
                       uint64_t leaf, const struct msg_referral_update *u)
{
    struct referral_record *r = &c->referral;
    struct store_txn *t = batch_txn(c);
    struct referral_step_record *s;
    struct life before, now = *next;

    referral_life(r, &before);
    if (now.due == LIFE_DUE_FEEDBACK && r->origin != ORIGIN_AGENCY) { /* nobody waits for it */
        now.due = LIFE_DUE_NOTHING;
        now.due_on = CIVIL_NONE;
    }
    if (now.due != before.due || now.due_on != before.due_on)
        r->late_told = false;
    referral_life_keep(r, &now);
    s = &r->steps[r->n_steps < REFERRAL_STEPS_MAX ? r->n_steps++ : REFERRAL_STEPS_MAX - 1];
    *s = (struct referral_step_record){
        .step = step, .on = now.last_on, .at_ms = c->wall_ms, .leaf = leaf, .kind = now.kind
    };
    text_cut(s->by, sizeof(s->by), by);
    if (u) {
        s->on = u->on;
        memcpy(s->reason, u->reason, sizeof(s->reason));
        memcpy(s->outcome, u->outcome, sizeof(s->outcome));
        memcpy(s->to, u->redirect_to, sizeof(s->to));
    }
    referral_due_move(c, &before);
    if (t)
        referrals_put(t, r);
}

/* --- deliveries --- */

/* A person's home goes along only where the purpose sees past shields: whoever resolves the
 * person's tokens needs no address for it. */
static bool referral_home_goes(const struct core *c)
{
    uint16_t p = bundle_purpose(c->bundle, c->referral.purpose);

    return c->referral.has_household &&
           (c->referral.subject_kind == SUBJECT_HOUSEHOLD ||
            (p != POLICY_NONE && bundle_purpose_at(c->bundle, p)->past_shield));
}

void referral_send(struct core *c, uint16_t slot, const struct bytes *sealed,
                   const uint8_t sealed_to[static 32])
{
    const struct referral_record *r = &c->referral;
    struct deliver_terms terms = {
        .leaf = r->steps[r->n_steps - 1].leaf,
        .undelivered_days = bundle_referral_rules(c->bundle)->undelivered_days,
    };
    struct msg_deliver *d = deliver_begin(c, DELIVERY_REFERRAL, &r->id);
    struct msg_referral *m = &d->referral;

    memcpy(d->from, r->from, sizeof(d->from));
    d->referral_id = r->id;
    d->has_referral = true;
    m->kind = r->kind;
    m->origin = r->origin;
    memcpy(m->to, r->to, sizeof(m->to));
    memcpy(m->service, r->service, sizeof(m->service));
    memcpy(m->reason, r->reason, sizeof(m->reason));
    m->subject_kind = r->subject_kind;
    m->subject = r->subject;
    m->has_household = referral_home_goes(c);
    if (m->has_household)
        m->household = r->household;
    m->sent_on = r->sent_on;
    m->made = r->made;
    m->pounds = r->pounds;
    m->sealed = *sealed;
    if (sealed->len)
        memcpy(m->sealed_to, sealed_to, sizeof(m->sealed_to));
    deliver_put(c, slot, &terms);
}

/* --- asked before each sending --- */

static bool referral_acted(const struct referral_record *r)
{
    for (uint8_t i = 1; i < r->n_steps; i++)
        if (!strcmp(r->steps[i].by, r->to))
            return true;
    return false;
}

static bool referral_still_may(struct core *c, uint16_t slot, bool *hidden, const char **why)
{
    struct ask ask;
    bool party;

    referral_ask(c, &ask);
    referral_judge(c, &ask, slot, &party);
    *hidden = c->decision.telling == TELL_HIDDEN;
    *why = reason_word((enum reason)c->decision.reason);
    return c->decision.outcome == OUTCOME_PERMIT;
}

/* What was taken back reaches whoever has it, but for one whom a shield kept it from. */
static bool update_still(struct core *c, uint16_t slot, const struct msg_referral_update *u,
                         const char **why)
{
    uint8_t by = referral_parties(c, slot);
    bool hidden = false, may;

    if (by & LIFE_BY_SENDER)
        return true;
    *why = "no-party";
    if (!(by & LIFE_BY_RECEIVER))
        return false;
    may = referral_still_may(c, slot, &hidden, why);
    if (u->step == STEP_WITHDRAWN || u->step == STEP_REVOKED)
        return !hidden || referral_acted(&c->referral);
    return may;
}

bool referral_still(struct core *c, uint16_t slot, struct msg_deliver *d, const char **why)
{
    const struct id *id = d->kind == DELIVERY_REFERRAL ? &d->referral_id : &d->update.referral;
    bool hidden;

    *why = "unknown-referral";
    if (!c->bundle || referral_load(c, id))
        return false;
    if (d->kind == DELIVERY_REFERRAL_UPDATE)
        return update_still(c, slot, &d->update, why);
    if (c->referral.hidden && referral_is(c, slot, c->referral.to)) {
        if (referral_still_may(c, slot, &hidden, why))
            *why = "hidden-when-sent";
        return false;
    }
    *why = "passed-on";
    if (!(referral_parties(c, slot) & LIFE_BY_RECEIVER))
        return false;
    *why = life_state_word(c->referral.state);
    if (!life_open(c->referral.state))
        return false;
    return referral_still_may(c, slot, &hidden, why);
}

/* --- loops --- */

struct looping { /* c->referral is the one that is weighed */
    const struct core *c;
    uint16_t slot, loop_days;
    bool found, by_us;
};

static bool loop_same_family(const struct referral_record *a, const struct referral_record *b)
{
    if (a->has_household && b->has_household && token_equal(&a->household, &b->household))
        return true;
    return a->subject_kind != SUBJECT_HOUSEHOLD && b->subject_kind != SUBJECT_HOUSEHOLD &&
           match_strict(&a->subject, &b->subject) == MATCH_YES;
}

static bool loop_same_service(const struct referral_record *a, const struct referral_record *b)
{
    return a->service[0] && b->service[0] ? !strcmp(a->service, b->service) : !strcmp(a->to, b->to);
}

static int loop_visit(void *ctx, const struct referral_record *r)
{
    struct looping *l = ctx;
    const struct referral_record *at = &l->c->referral;
    bool taken_back = r->state == REFERRAL_WITHDRAWN || r->state == REFERRAL_REVOKED;

    if (taken_back || id_equal(&r->id, &at->id) || !loop_same_service(r, at) ||
        !loop_same_family(r, at) || (int64_t)l->c->day - r->sent_on > l->loop_days)
        return 0;
    l->found = l->found || !r->hidden; /* what never reached it, the receiver is not told of */
    l->by_us = l->by_us || referral_of_house(l->c, l->slot, r->from);
    return 0;
}

bool referral_loop(struct core *c, uint16_t slot, bool *by_us)
{
    static const struct token no_home;
    const struct referral_record *at = &c->referral;
    struct looping l = { .c = c,
                         .slot = slot,
                         .loop_days = bundle_referral_rules(c->bundle)->loop_days };
    struct store_txn *t = batch_txn(c);
    int r;

    *by_us = false;
    if (!t || !l.loop_days)
        return false;
    r = referrals_about(t, &at->subject, at->has_household ? &at->household : &no_home, loop_visit,
                        &l);
    if (r)
        batch_fail(c, r, "referral");
    *by_us = l.by_us;
    return l.found;
}
