/* SPDX-License-Identifier: Apache-2.0 */
/* referral.c - a referral as it is sent: what its kind must have, the service's permission, consent
 * and basis, loops; the leaf, the receiver's inbox, what falls due (DOMAIN.md section 6).
 *
 * Whether it is refused never depends on a shield: what is hidden is accepted alike and waits, as
 * for a receiver who does not answer, while the shield's owner is told (README.md, "Referrals"). */
#include "referral.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static_assert((int)LIFE_STEP_FEEDBACK == (int)STEP_FEEDBACK, "the engine's numbers are the wire's");
static_assert((int)LIFE_STEP_RECEIVED == (int)STEP_RECEIVED, "the engine's numbers are the wire's");
static_assert((int)LIFE_STEP_DELIVERING == (int)STEP_DELIVERING,
              "the engine's numbers are the wire's");
static_assert((int)LIFE_EXPIRED == (int)REFERRAL_EXPIRED, "the engine's numbers are the wire's");
static_assert((int)LIFE_SENT == (int)REFERRAL_SENT, "the engine's numbers are the wire's");
static_assert((int)LIFE_DELIVERING == (int)REFERRAL_DELIVERING,
              "the engine's numbers are the wire's");
static_assert((int)LIFE_BOOKED == (int)REFERRAL_BOOKED, "the engine's numbers are the wire's");
static_assert((int)LIFE_MADE_SLOT_AGREED == (int)MADE_SLOT_AGREED,
              "the engine's numbers are the wire's");

#define SENT_DAYS_MAX 30 /* as given_on (DESIGN.md section 4) */

struct sending { /* a referral being lodged */
    struct core *c;
    struct work *w;
    const struct msg_referral *m;
    uint16_t to;      /* slot */
    uint16_t service; /* index, or POLICY_NONE */
    const struct policy_referral_rules *rules;
    struct ask ask;
    bool hidden, loop;
};

/* Each: NULL to go on, or the word that is told. */
static const char *sending_dates(struct sending *s)
{
    if (s->m->sent_on == CIVIL_NONE || s->m->sent_on > s->c->day)
        return "sent-in-the-future";
    return s->m->sent_on < s->c->day - SENT_DAYS_MAX ? "sent-too-long-ago" : NULL;
}

static const char *sending_receiver(struct sending *s)
{
    const struct agencies *a = &s->c->agencies;

    s->to = agencies_find(a, s->m->to);
    if (s->to == AGENCY_NONE || a->slots[s->to].index == POLICY_NONE)
        return "unknown-receiver";
    if (!agency_active(&a->slots[s->to]))
        return "receiver-suspended";
    if (s->m->origin == ORIGIN_AGENCY)
        return s->to == s->w->agency ? "receiver-is-sender" : NULL;
    return s->to == s->w->agency ? NULL : "origin-needs-receiver";
}

static bool sending_area_fits(const struct sending *s, const struct policy_service *service)
{
    uint16_t sender = s->c->agencies.slots[s->w->agency].index;

    for (uint8_t i = 0; i < service->n_areas; i++)
        if (bundle_agency_in(s->c->bundle, sender, service->areas[i]))
            return true;
    return service->n_areas == 0;
}

/* "where the agency has no list" the service is not named; what a service must agree to needs one
 */
static const char *sending_service(struct sending *s)
{
    const struct policy_service *service;

    s->service = POLICY_NONE;
    if (!s->m->service[0])
        return s->m->kind >= REFERRAL_HARD ? "service-required" : NULL;
    s->service = bundle_service(s->c->bundle, s->m->service);
    if (s->service == POLICY_NONE)
        return "unknown-service";
    service = bundle_service_at(s->c->bundle, s->service);
    if (service->agency != s->c->agencies.slots[s->to].index)
        return "not-the-services-agency";
    if (!(service->kinds >> (s->m->kind - 1) & 1))
        return "kind-not-taken";
    return sending_area_fits(s, service) ? NULL : "area-not-taken";
}

/* "Must be true before send" */
static const char *sending_made(struct sending *s)
{
    static const struct {
        uint16_t bit;
        const char *word;
    } words[] = {
        { MADE_ELIGIBILITY_CHECKED, "eligibility-not-checked" },
        { MADE_FORM_VERIFIED, "form-not-verified" },
        { MADE_ELIGIBILITY_DECIDED, "eligibility-not-decided" },
        { MADE_ASSESSED, "not-assessed" },
        { MADE_BUDGET_PERMITTED, "budget-not-permitted" },
        { MADE_SLOT_AGREED, "slot-not-agreed" },
    };
    uint16_t missing = referral_missing(s->rules, s->m->kind, s->m->made);

    for (size_t i = 0; i < ALM_LEN(words); i++)
        if (missing & words[i].bit)
            return words[i].word;
    return missing ? "kind-not-taken" : NULL;
}

/* "Permission matrix: (role, service, step, limit, valid period), with the owning service's
 * signature". The owner needs none of its own. */
static const char *sending_permitted(struct sending *s)
{
    static const struct {
        uint8_t from_kind, to_kind;
        enum service_step step;
        bool pounds;
    } needed[] = {
        { REFERRAL_HARD, REFERRAL_HARD, SERVICE_ELIGIBILITY, false },
        { REFERRAL_COMMISSIONED, REFERRAL_BOOKED, SERVICE_ASSESS, false },
        { REFERRAL_COMMISSIONED, REFERRAL_BOOKED, SERVICE_COMMISSION, true },
        { REFERRAL_BOOKED, REFERRAL_BOOKED, SERVICE_BOOK, false },
    };
    uint16_t sender = s->c->agencies.slots[s->w->agency].index;
    uint16_t role = bundle_role(s->c->bundle, s->c->in.practitioner.role);

    if (s->m->kind < REFERRAL_HARD ||
        agencies_colleagues(&s->c->agencies, s->c->bundle, s->w->agency, s->to))
        return NULL;
    for (size_t i = 0; i < ALM_LEN(needed); i++) {
        if (s->m->kind < needed[i].from_kind || s->m->kind > needed[i].to_kind)
            continue;
        if (role == POLICY_NONE ||
            !bundle_service_permits(s->c->bundle, s->service, sender, role, needed[i].step,
                                    s->c->day, needed[i].pounds ? s->m->pounds : 0))
            return "not-permitted-by-service";
    }
    return NULL;
}

static const char *sending_sealed(struct sending *s)
{
    if (!s->m->sealed.len || s->m->origin != ORIGIN_AGENCY)
        return s->m->sealed.len ? "sealed-to-oneself" : NULL;
    return sealing_fits(s->c, s->m->to, s->m->sealed_to) ? NULL : "unannounced-key";
}

static const char *sending_findable(struct sending *s)
{
    return s->m->subject_kind == SUBJECT_HOUSEHOLD || consents_findable(&s->m->subject)
               ? NULL
               : "subject-not-identified";
}

static const char *(*const sending_checks[])(struct sending *s) = {
    sending_dates,     sending_receiver, sending_service,  sending_made,
    sending_permitted, sending_sealed,   sending_findable,
};

static void sending_ask(struct sending *s)
{
    const struct msg *m = &s->c->in;
    struct ask *a = &s->ask;

    memset(a, 0, sizeof(*a));
    a->id = m->id;
    a->agency = s->w->agency;
    a->practitioner = m->practitioner;
    memcpy(a->purpose, m->purpose, sizeof(a->purpose));
    memcpy(a->basis, m->basis, sizeof(a->basis));
    memcpy(a->case_ref, m->case_ref, sizeof(a->case_ref));
    a->subject_kind = s->m->subject_kind;
    if (a->subject_kind != SUBJECT_HOUSEHOLD)
        a->subject = s->m->subject;
}

static void sending_refuse(struct sending *s, bool receiver_party)
{
    struct core *c = s->c;
    struct ledger_clear *l;

    if (!receiver_party) {
        lodge_refuse(c, s->w, "receiver-not-a-party");
        return;
    }
    l = record_begin(c, EVENT_REFUSED, s->w->agency);
    record_ask(c, &s->ask);
    record_tokens(c, &s->ask.subject);
    text_cut(l->question, sizeof(l->question), "refer");
    memcpy(l->rule, c->decision.rule, sizeof(l->rule));
    l->told = c->decision.telling;
    text_cut(l->reason, sizeof(l->reason), reason_word((enum reason)c->decision.reason));
    (void)record_end(c);
    tell_decision(c, s->w->agency, &s->w->id, &c->decision);
}

static bool sending_decided(struct sending *s)
{
    const struct decision *d = &s->c->decision;
    bool party, hides;

    referral_judge(s->c, &s->ask, s->to, &party);
    hides = d->outcome != OUTCOME_PERMIT && d->telling == TELL_HIDDEN;
    /* what came from the family itself goes to nobody, so that there is nothing to hide */
    s->hidden = hides && s->m->origin == ORIGIN_AGENCY;
    if (d->outcome == OUTCOME_PERMIT || hides)
        return true;
    sending_refuse(s, party);
    return false;
}

/* An id is the sender's choice: it must not fall on another's record. */
static bool sending_id_free(struct sending *s)
{
    int r = referral_load(s->c, &s->w->id);

    if (r == 0)
        intake_reject(s->c, s->w, "id-reused");
    return r == -ENOENT && lodge_id_free(s->c, s->w);
}

/* Told only of what the sender's own organisation took part in: that another agency referred the
 * family there is not the sender's to know. The receiver, who has both, hears of either. */
static bool sending_no_loop(struct sending *s)
{
    bool by_us = false;

    s->loop = referral_loop(s->c, s->w->agency, &by_us);
    if (s->m->kind != REFERRAL_SIGNPOSTING || !by_us)
        return true;
    lodge_refuse(s->c, s->w, "referral-loop");
    return false;
}

static uint64_t sending_record(struct sending *s)
{
    struct core *c = s->c;
    struct ledger_clear *l = lodge_record(c, s->w, EVENT_REFERRAL_SENT, c->in.purpose);

    text_cut(l->question, sizeof(l->question), "refer");
    memcpy(l->rule, c->decision.rule, sizeof(l->rule));
    (void)snprintf(l->detail, sizeof(l->detail),
                   "kind=%s to=%s service=%s reason=%s origin=%u sealed=%d",
                   life_kind_word(s->m->kind), s->m->to, s->m->service[0] ? s->m->service : "-",
                   s->m->reason, s->m->origin, s->m->sealed.len > 0);
    l->n_holders = 1;
    text_cut(l->holders[0], sizeof(l->holders[0]), s->m->to);
    if (s->hidden) {
        l->told = TELL_HIDDEN;
        text_cut(l->reason, sizeof(l->reason), reason_word((enum reason)c->decision.reason));
    }
    record_tokens(c, &s->ask.subject);
    record_id(c, l, &c->in.id);
    return lodge_recorded(c, s->w);
}

static void sending_fill(struct sending *s)
{
    struct core *c = s->c;
    struct referral_record *r = &c->referral;
    struct life life;

    memset(r, 0, sizeof(*r));
    r->id = c->in.id;
    memcpy(r->from, c->in.sender, sizeof(r->from));
    memcpy(r->to, s->m->to, sizeof(r->to));
    memcpy(r->purpose, c->in.purpose, sizeof(r->purpose));
    memcpy(r->basis, c->in.basis, sizeof(r->basis));
    memcpy(r->role, c->in.practitioner.role, sizeof(r->role));
    memcpy(r->practitioner, c->in.practitioner.ref, sizeof(r->practitioner));
    memcpy(r->service, s->m->service, sizeof(r->service));
    memcpy(r->reason, s->m->reason, sizeof(r->reason));
    r->origin = s->m->origin;
    r->subject_kind = s->m->subject_kind;
    r->subject = s->ask.subject;
    r->has_household = s->m->has_household;
    r->household = s->m->household;
    r->made = s->m->made;
    r->pounds = s->m->pounds;
    r->sealed = s->m->sealed.len > 0;
    r->lodged_ms = c->wall_ms;
    referral_begin(s->rules, s->m->kind, s->m->sent_on, &life);
    referral_life_keep(r, &life);
    r->n_steps = 1;
    r->steps[0] = (struct referral_step_record){ .on = s->m->sent_on, .at_ms = c->wall_ms };
    memcpy(r->steps[0].by, r->from, sizeof(r->steps[0].by));
    memcpy(r->steps[0].to, r->to, sizeof(r->steps[0].to));
}

static void sending_done(struct sending *s)
{
    static const struct life nothing = { .due_on = CIVIL_NONE };
    struct core *c = s->c;
    struct store_txn *t;

    c->referral.hidden = s->hidden;
    c->referral.leaf = c->referral.steps[0].leaf = sending_record(s);
    t = batch_txn(c);
    if (!t)
        return;
    referrals_put(t, &c->referral);
    referral_due_move(c, &nothing);
    if (c->referral.origin == ORIGIN_AGENCY)
        referral_send(c, s->to, &s->m->sealed, s->m->sealed_to);
    if (s->loop && c->referral.origin == ORIGIN_AGENCY && !s->hidden)
        notice_put(
            c, s->to, NOTICE_REVIEW_DUE, &c->referral.id,
            "This family was referred to you before, not long ago: see whether the need is met.");
    if (s->hidden)
        shield_attempted(c, &s->ask);
    else
        watch_seen(c, s->w->agency, &c->referral.subject, &c->referral.household);
}

void referral_take(struct core *c, struct work *w)
{
    struct sending s = { .c = c, .w = w, .m = &c->in.referral };

    if (!lodge_begin(c, w))
        return;
    if (!c->bundle) {
        lodge_refuse(c, w, "no-policy");
        return;
    }
    s.rules = bundle_referral_rules(c->bundle);
    for (size_t i = 0; i < ALM_LEN(sending_checks); i++) {
        const char *word = sending_checks[i](&s);

        if (word && !c->batch.error)
            lodge_refuse(c, w, word);
        if (word)
            return;
    }
    sending_ask(&s);
    if (!sending_decided(&s) || !sending_id_free(&s))
        return;
    sending_fill(&s);
    if (!sending_no_loop(&s))
        return;
    if (s.m->origin == ORIGIN_AGENCY && !deliver_admit(c, w, s.to))
        return;
    sending_done(&s);
}
