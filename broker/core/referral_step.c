/* SPDX-License-Identifier: Apache-2.0 */
/* referral_step.c - what a party does with a referral: the engine's table says whether, the leaf
 * and the other party hear of it; and what the broker itself does, day by day. */
#include "referral.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define STEPS_ROOM  8  /* of the history, kept for steps that end it */
#define SWEEP_BATCH 64 /* referrals looked at in one batch */

struct stepping {
    struct core *c;
    struct work *w;
    const struct msg_referral_update *m;
    uint8_t by, tell;
    uint16_t other, next; /* slots: the other party; REDIRECTED: to whom */
    struct life now, after;
    bool hidden; /* from the next receiver */
};

static const char *step_known(struct stepping *s)
{
    if (referral_load(s->c, &s->m->referral) || !referral_known_to(s->c, s->w->agency))
        return "unknown-referral"; /* another's, and none: alike */
    s->by = referral_parties(s->c, s->w->agency);
    return s->by ? NULL : "step-not-yours";
}

static bool step_ends(uint8_t step)
{
    return step == STEP_CLOSED || step == STEP_REJECTED || step == STEP_WITHDRAWN ||
           step == STEP_REVOKED || step == STEP_FEEDBACK;
}

static const char *step_allowed(struct stepping *s)
{
    const struct policy_referral_rules *rules = bundle_referral_rules(s->c->bundle);
    struct life_move move = {
        .step = s->m->step,
        .by = s->by,
        .on = s->m->on,
        .reason = s->m->reason[0] != '\0',
        .outcome = s->m->outcome[0] != '\0',
        .redirect = s->m->redirect_to[0] != '\0',
        .kind = s->m->kind,
    };
    int r;

    if (s->m->step >= LIFE_STEP_SENT_ON)
        return life_refusal_word(LIFE_NOT_FROM_HERE); /* the broker's own */
    if (s->m->on == CIVIL_NONE || s->m->on > s->c->day)
        return "bad-dates";
    if (s->c->referral.n_steps >= REFERRAL_STEPS_MAX - (step_ends(s->m->step) ? 0 : STEPS_ROOM))
        return "too-many-steps";
    referral_life(&s->c->referral, &s->now);
    if (referral_shown(rules, &s->now, s->c->day) == LIFE_EXPIRED)
        return life_refusal_word(LIFE_NOT_FROM_HERE);
    r = referral_next(rules, &s->now, &move, &s->after, &s->tell);
    return r ? life_refusal_word((enum life_refusal)r) : NULL;
}

/* Whoever sent it, has it or had it: back to them is going round. */
static bool step_goes_round(const struct stepping *s)
{
    const struct referral_record *r = &s->c->referral;
    bool round = !strcmp(s->m->redirect_to, r->from) || !strcmp(s->m->redirect_to, r->to);

    for (uint8_t i = 0; i < r->n_steps && !round; i++)
        round = !strcmp(s->m->redirect_to, r->steps[i].to);
    return round;
}

static const char *step_redirect(struct stepping *s)
{
    const struct agencies *a = &s->c->agencies;

    if (s->m->step != STEP_REDIRECTED)
        return NULL;
    s->next = agencies_find(a, s->m->redirect_to);
    if (s->next == AGENCY_NONE || a->slots[s->next].index == POLICY_NONE)
        return "unknown-receiver";
    if (step_goes_round(s))
        return "referral-loop";
    return agency_active(&a->slots[s->next]) ? NULL : "receiver-suspended";
}

/* Sealed to whom it goes to: the next receiver, else the other party. */
static const char *step_sealed(struct stepping *s)
{
    const struct referral_record *r = &s->c->referral;
    const char *to = s->next != AGENCY_NONE     ? s->m->redirect_to
                     : s->by & LIFE_BY_RECEIVER ? r->from
                                                : r->to;

    if (!s->m->sealed.len)
        return NULL;
    return r->origin == ORIGIN_AGENCY || s->next != AGENCY_NONE
               ? sealing_fits(s->c, to, s->m->sealed_to) ? NULL : "unannounced-key"
               : "sealed-to-oneself";
}

/* To another agency is a new sharing: decided for it as if the sender had named it. */
static const char *step_shared(struct stepping *s)
{
    struct core *c = s->c;
    struct ask ask;
    bool party;

    if (s->next == AGENCY_NONE)
        return NULL;
    referral_ask(c, &ask);
    referral_judge(c, &ask, s->next, &party);
    s->hidden = c->decision.outcome != OUTCOME_PERMIT && c->decision.telling == TELL_HIDDEN;
    if (c->decision.outcome == OUTCOME_PERMIT || s->hidden)
        return NULL;
    if (!party)
        return "receiver-not-a-party";
    return c->decision.telling == TELL_NO_CONSENT_LINE ? "redirect-without-consent"
                                                       : "redirect-not-permitted";
}

static const char *(*const step_checks[])(struct stepping *s) = {
    step_known, step_allowed, step_redirect, step_sealed, step_shared,
};

static struct ledger_clear *step_record_begin(struct core *c, struct ledger_clear *l, uint8_t step,
                                              const struct life *after, const char *to)
{
    const struct referral_record *r = &c->referral;

    l->about = r->leaf;
    text_cut(l->question, sizeof(l->question), "refer");
    text_cut(l->purpose, sizeof(l->purpose), r->purpose);
    (void)snprintf(l->detail, sizeof(l->detail), "step=%s state=%s kind=%s from=%s to=%s",
                   life_step_word(step), life_state_word(after->state), life_kind_word(after->kind),
                   r->from, to);
    record_id(c, l, &r->id);
    return l;
}

static bool step_has_room(struct stepping *s)
{
    struct core *c = s->c;

    if (c->referral.origin != ORIGIN_AGENCY && s->next == AGENCY_NONE)
        return true;
    if (s->tell && s->other != AGENCY_NONE && !deliver_admit(c, s->w, s->other))
        return false;
    return s->next == AGENCY_NONE || deliver_admit(c, s->w, s->next);
}

static void step_tell(struct stepping *s, const struct id *event, uint64_t leaf)
{
    struct deliver_terms terms = {
        .leaf = leaf,
        .undelivered_days = bundle_referral_rules(s->c->bundle)->undelivered_days,
    };
    struct msg_deliver *d;

    if (!s->tell || s->other == AGENCY_NONE || s->c->referral.origin != ORIGIN_AGENCY)
        return;
    d = deliver_begin(s->c, DELIVERY_REFERRAL_UPDATE, event);
    memcpy(d->from, s->c->agencies.slots[s->w->agency].reg.id, sizeof(d->from));
    d->has_update = true;
    d->update = *s->m;
    if (s->next != AGENCY_NONE) { /* sealed to the next receiver, not to this one */
        d->update.sealed = (struct bytes){ 0 };
        memset(d->update.sealed_to, 0, sizeof(d->update.sealed_to));
    }
    deliver_put(s->c, s->other, &terms);
}

/* "the sealed body cannot be re-sealed": the redirecting agency brings another, or none. What the
 * old service permitted or priced does not bind the next. */
static void step_send_on(struct stepping *s)
{
    struct core *c = s->c;
    struct referral_record *r = &c->referral;
    bool by_us;

    memcpy(r->to, s->m->redirect_to, sizeof(r->to));
    r->hidden = s->hidden;
    memset(r->service, 0, sizeof(r->service));
    r->pounds = 0;
    r->sealed = s->m->sealed.len > 0;
    if (r->kind > REFERRAL_APPLICATION)
        r->kind = REFERRAL_APPLICATION;
    referral_by_broker(c, LIFE_STEP_SENT_ON, "");
    referral_send(c, s->next, &s->m->sealed, s->m->sealed_to);
    if (s->hidden) {
        struct ask ask;

        referral_ask(c, &ask);
        shield_attempted(c, &ask);
    } else if (referral_loop(c, s->next, &by_us)) {
        notice_put(
            c, s->next, NOTICE_REVIEW_DUE, &r->id,
            "This family was referred to you before, not long ago: see whether the need is met.");
    }
}

static void step_done(struct stepping *s)
{
    struct core *c = s->c;
    struct id event = c->in.id;
    struct ledger_clear *l = lodge_record(c, s->w, EVENT_REFERRAL_STEP, c->referral.purpose);
    uint64_t leaf;

    step_record_begin(c, l, s->m->step, &s->after,
                      s->next != AGENCY_NONE ? s->m->redirect_to : c->referral.to);
    if (s->tell && s->other != AGENCY_NONE) {
        l->n_holders = 1;
        text_cut(l->holders[0], sizeof(l->holders[0]), c->agencies.slots[s->other].reg.id);
    }
    leaf = lodge_recorded(c, s->w);
    referral_step_put(c, &s->after, s->m->step, c->agencies.slots[s->w->agency].reg.id, leaf, s->m);
    step_tell(s, &event, leaf);
    if (s->next != AGENCY_NONE)
        step_send_on(s);
}

void referral_update_take(struct core *c, struct work *w)
{
    struct stepping s = { .c = c, .w = w, .m = &c->in.referral_update, .next = AGENCY_NONE };

    if (!lodge_begin(c, w))
        return;
    if (!c->bundle) {
        lodge_refuse(c, w, "no-policy");
        return;
    }
    for (size_t i = 0; i < ALM_LEN(step_checks); i++) {
        const char *word = step_checks[i](&s);

        if (word && !c->batch.error)
            lodge_refuse(c, w, word);
        if (word)
            return;
    }
    s.other =
        agencies_find(&c->agencies, s.by & LIFE_BY_RECEIVER ? c->referral.from : c->referral.to);
    if (s.other == w->agency)
        s.other = AGENCY_NONE; /* nobody's agency sent it */
    if (step_has_room(&s))
        step_done(&s);
}

/* --- the broker's own steps --- */

static void broker_tell(struct core *c, const char *agency, uint8_t step)
{
    uint16_t slot = agencies_find(&c->agencies, agency);

    if (slot == AGENCY_NONE)
        return;
    if (step == LIFE_STEP_EXPIRED)
        notice_put(c, slot, NOTICE_OVERDUE, &c->referral.id,
                   "A referral has expired: nothing was heard of it for too long. If the need is "
                   "still there, send a new one.");
    else
        notice_put(c, slot, NOTICE_WITHDRAWN, &c->referral.id,
                   "A referral was ended: what it rests on is not there any more.");
}

void referral_by_broker(struct core *c, uint8_t step, const char *reason)
{
    struct life_move move = {
        .step = step, .by = LIFE_BY_BROKER, .on = c->day, .reason = reason[0] != '\0'
    };
    struct msg_referral_update u = { .on = c->day };
    struct life now, after;
    struct ledger_clear *l;
    uint8_t tell;
    uint64_t leaf;

    referral_life(&c->referral, &now);
    if (referral_next(bundle_referral_rules(c->bundle), &now, &move, &after, &tell))
        return;
    l = record_begin(c, EVENT_REFERRAL_STEP, AGENCY_NONE);
    l->outcome = 1;
    text_cut(l->reason, sizeof(l->reason), reason);
    step_record_begin(c, l, step, &after, c->referral.to);
    leaf = record_end(c);
    text_cut(u.reason, sizeof(u.reason), reason);
    if (step == LIFE_STEP_SENT_ON)
        memcpy(u.redirect_to, c->referral.to, sizeof(u.redirect_to));
    referral_step_put(c, &after, step, "", leaf, &u);
    if (step == LIFE_STEP_SENT_ON)
        return;
    broker_tell(c, c->referral.from, step);
    if (strcmp(c->referral.from, c->referral.to) != 0 && step == LIFE_STEP_EXPIRED &&
        !c->referral.hidden)
        broker_tell(c, c->referral.to, step);
}

/* Not yet in the receiver's hands, and the consent that it rests on is gone. */
static const char *sweep_revoked(struct core *c)
{
    struct ask ask;
    bool party;

    if (c->referral.state != REFERRAL_SENT || c->referral.origin != ORIGIN_AGENCY)
        return NULL;
    referral_ask(c, &ask);
    referral_judge(c, &ask, agencies_find(&c->agencies, c->referral.to), &party);
    return c->decision.outcome != OUTCOME_PERMIT && c->decision.telling == TELL_NO_CONSENT_LINE
               ? "no-consent-on-file"
               : NULL;
}

/* The receiver hears of its own lateness by the due clock; this is for whoever waits for it. */
static void sweep_late(struct core *c)
{
    struct store_txn *t = batch_txn(c);
    uint16_t slot = agencies_find(&c->agencies, c->referral.from);

    if (!t)
        return;
    c->referral.late_told = true;
    referrals_put(t, &c->referral);
    c->batch.wrote = true;
    if (slot == AGENCY_NONE || c->referral.origin != ORIGIN_AGENCY)
        return;
    notice_put(c, slot, NOTICE_OVERDUE, &c->referral.id,
               c->referral.due == LIFE_DUE_FEEDBACK
                   ? "You have not heard what came of a referral of yours: telephone the service."
                   : "A referral of yours has not been decided in time: telephone the service.");
}

static void sweep_one(struct core *c)
{
    const struct policy_referral_rules *rules = bundle_referral_rules(c->bundle);
    const char *revoked = sweep_revoked(c);
    struct life life;

    referral_life(&c->referral, &life);
    if (referral_shown(rules, &life, c->day) == LIFE_EXPIRED)
        referral_by_broker(c, LIFE_STEP_EXPIRED, "");
    else if (revoked)
        referral_by_broker(c, LIFE_STEP_REVOKED, revoked);
    else if (life.due != LIFE_DUE_INFO && referral_late(&life, c->day) && !c->referral.late_told)
        sweep_late(c);
}

struct sweeping {
    struct id ids[SWEEP_BATCH];
    size_t n;
};

static int sweep_visit(void *ctx, const struct referral_record *r)
{
    struct sweeping *s = ctx;

    if (s->n < ALM_LEN(s->ids))
        s->ids[s->n++] = r->id;
    return 0;
}

void referrals_sweep(struct core *c)
{
    struct sweeping s = { .n = 0 };
    struct store_txn *t;
    struct id last;
    int r;

    if (c->referrals_swept == c->day || !c->bundle || (t = batch_txn(c)) == NULL)
        return;
    r = referrals_running(t, &c->referrals_at, SWEEP_BATCH, sweep_visit, &s, &last);
    if (r) {
        batch_fail(c, r, "referral");
        return;
    }
    for (size_t i = 0; i < s.n && !c->batch.error; i++)
        if (!referral_load(c, &s.ids[i]))
            sweep_one(c);
    if (c->batch.error)
        return;
    c->referrals_at = last;
    if (id_is_zero(&last))
        c->referrals_swept = c->day;
}
