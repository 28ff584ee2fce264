/* SPDX-License-Identifier: Apache-2.0 */
/* check_exchange.c - the rules between fields of concerns, deliveries, referrals and watches.
 *
 * Parts of a Deliver keep the rules of the message that they came in as: what an agency may not send,
 * the broker does not hand on. */
#include "wire/check.h"
#include <string.h>

/* As check_subject(), where a person's home may stand beside the person. */
static enum wire_fault check_subject_home(uint8_t kind, const struct token_set *set, bool has,
                                          const struct token *household)
{
    static const struct token none;

    if (has && household->kind != TOKEN_HOME)
        return WIRE_BAD_VALUE;
    return check_subject(kind, set, kind == SUBJECT_HOUSEHOLD && has ? household : &none);
}

enum wire_fault check_concern(const struct msg *m)
{
    const struct msg_concern *c = &m->concern;

    if (c->expires_on != CIVIL_NONE && c->expires_on < c->observed_on)
        return WIRE_BAD_VALUE;
    if (c->part && c->subject_kind == SUBJECT_HOUSEHOLD)
        return WIRE_BAD_VALUE; /* a home has no part in anything */
    return check_subject_home(c->subject_kind, &c->subject, c->has_household, &c->household);
}

enum wire_fault check_concern_change(const struct msg *m)
{
    const struct msg_concern_change *c = &m->concern_change;
    bool amends =
        c->severity || c->category[0] || c->expires_on != CIVIL_NONE || c->outcome;

    if (c->withdraw)
        return amends ? WIRE_BAD_VALUE : WIRE_OK;
    return amends ? WIRE_OK : WIRE_MISSING_FIELD;
}

/* The order in which concerns came must not show. */
static enum wire_fault check_contributors(const struct msg_contributor *c, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (strcmp(c[i - 1].agency, c[i].agency) >= 0)
            return WIRE_BAD_VALUE;
    }
    return WIRE_OK;
}

enum wire_fault check_threshold_state(const struct msg *m)
{
    const struct msg_threshold_state *t = &m->threshold_state;

    if (t->fired && t->fired_on == CIVIL_NONE)
        return WIRE_MISSING_FIELD;
    if (!t->fired && (t->fired_on != CIVIL_NONE || t->masked || t->n))
        return WIRE_BAD_VALUE;
    return check_contributors(t->contributors, t->n);
}

enum wire_fault check_subscribe(const struct msg *m)
{
    const struct msg_subscribe *s = &m->subscribe;

    if (!s->end)
        return s->credit ? WIRE_OK : WIRE_MISSING_FIELD;
    if (s->credit || s->from || s->n_areas || s->n_categories || s->n_triggers || s->severity_least)
        return WIRE_BAD_VALUE;
    return WIRE_OK;
}

static enum wire_fault check_firing(const struct msg_firing *f)
{
    enum wire_fault fault = check_subject_home(f->subject_kind, &f->subject, f->has_household,
                                               &f->household);

    return fault ? fault : check_contributors(f->contributors, f->n);
}

static bool check_all_zero(const uint8_t *octets, size_t len)
{
    uint8_t any = 0;

    for (size_t i = 0; i < len; i++)
        any |= octets[i];
    return any == 0;
}

/* A sealed body says to which key, so that the reader need not try them all. */
static enum wire_fault check_sealed(struct bytes sealed, const uint8_t to[static 32])
{
    if (check_all_zero(to, 32))
        return sealed.len ? WIRE_MISSING_FIELD : WIRE_OK;
    return sealed.len ? WIRE_OK : WIRE_MISSING_FIELD;
}

static enum wire_fault check_referral_part(const struct msg_referral *r)
{
    bool priced = r->kind == REFERRAL_COMMISSIONED || r->kind == REFERRAL_BOOKED;
    enum wire_fault f = check_subject_home(r->subject_kind, &r->subject, r->has_household,
                                           &r->household);

    if (f)
        return f;
    if (r->pounds && !priced)
        return WIRE_BAD_VALUE;
    return check_sealed(r->sealed, r->sealed_to);
}

enum wire_fault check_referral(const struct msg *m)
{
    const struct msg_referral *r = &m->referral;

    /* Nobody's agency sent it: whoever received it lodges it, of itself. */
    if (r->origin != ORIGIN_AGENCY && strcmp(r->to, m->sender) != 0)
        return WIRE_BAD_VALUE;
    return check_referral_part(r);
}

/* What a step must and must not bring along. */
static enum wire_fault check_update_part(const struct msg_referral_update *u)
{
    bool explained = u->step == STEP_REJECTED || u->step == STEP_DOWNGRADED || u->step == STEP_REVOKED;

    if ((explained && !u->reason[0]) || (u->step == STEP_REDIRECTED && !u->redirect_to[0]) ||
        (u->step == STEP_DOWNGRADED && !u->kind))
        return WIRE_MISSING_FIELD;
    if ((u->redirect_to[0] && u->step != STEP_REDIRECTED) ||
        (u->kind && u->step != STEP_DOWNGRADED) ||
        (u->outcome[0] && u->step != STEP_CLOSED && u->step != STEP_FEEDBACK))
        return WIRE_BAD_VALUE;
    return check_sealed(u->sealed, u->sealed_to);
}

enum wire_fault check_referral_update(const struct msg *m)
{
    return check_update_part(&m->referral_update);
}

static enum wire_fault check_state_part(const struct msg_referral_state *s)
{
    if (s->state == REFERRAL_NONE) {
        bool more = s->kind || s->from[0] || s->to[0] || s->service[0] || s->since != CIVIL_NONE ||
                    s->due_on != CIVIL_NONE || s->due_role[0];

        return more ? WIRE_BAD_VALUE : WIRE_OK;
    }
    return s->kind && s->to[0] && s->since != CIVIL_NONE ? WIRE_OK : WIRE_MISSING_FIELD;
}

enum wire_fault check_referral_state(const struct msg *m)
{
    return check_state_part(&m->referral_state);
}

enum wire_fault check_referral_list(const struct msg *m)
{
    for (size_t i = 0; i < m->referral_list.n; i++) {
        enum wire_fault f = check_state_part(&m->referral_list.entries[i]);

        if (f)
            return f;
    }
    return WIRE_OK;
}

enum wire_fault check_sealing_key(const struct msg *m)
{
    const struct msg_sealing_key *k = &m->sealing_key;

    return k->has_previous && memcmp(k->key, k->previous, sizeof(k->key)) == 0 ? WIRE_BAD_VALUE
                                                                                : WIRE_OK;
}

static enum wire_fault check_watch_event(const struct msg_watch_event *w)
{
    if (w->masked)
        return w->agency[0] || w->contact_route[0] ? WIRE_BAD_VALUE : WIRE_OK;
    return w->agency[0] ? WIRE_OK : WIRE_MISSING_FIELD;
}

/* The scanner has seen that a subject that is there has tokens. */
static enum wire_fault check_notice(const struct msg_notice *n)
{
    return n->subject.n ? check_person(&n->subject) : WIRE_OK;
}

/* Exactly one part is there, and it is that of the kind. */
static enum wire_fault check_deliver_parts(const struct msg_deliver *d)
{
    const bool has[] = { [DELIVERY_FIRING] = d->has_firing,
                         [DELIVERY_REFERRAL] = d->has_referral,
                         [DELIVERY_REFERRAL_UPDATE] = d->has_update,
                         [DELIVERY_WATCH] = d->has_watch,
                         [DELIVERY_NOTICE] = d->has_notice,
                         [DELIVERY_INSIGHT] = d->has_insight,
                         [DELIVERY_INVOLVEMENT] = d->has_involvement,
                         [DELIVERY_STOP_USING] = d->has_stop };

    if (d->kind >= ALM_LEN(has) || !has[d->kind])
        return WIRE_MISSING_FIELD;
    for (size_t i = 0; i < ALM_LEN(has); i++) {
        if (has[i] && i != d->kind)
            return WIRE_BAD_VALUE;
    }
    return WIRE_OK;
}

/* The reply that comes later is the final one, and says to which query. */
static enum wire_fault check_deliver_reply(const struct msg_deliver *d)
{
    bool reply = d->has_insight || d->has_involvement;

    if (reply == id_is_zero(&d->query))
        return reply ? WIRE_MISSING_FIELD : WIRE_BAD_VALUE;
    if ((d->has_insight && d->insight.later_by_ms) ||
        (d->has_involvement && d->involvement.later_by_ms))
        return WIRE_BAD_VALUE;
    return d->has_involvement ? check_involvement_part(&d->involvement) : WIRE_OK;
}

enum wire_fault check_deliver(const struct msg *m)
{
    const struct msg_deliver *d = &m->deliver;
    enum wire_fault f = check_deliver_parts(d);
    bool referral = d->kind == DELIVERY_REFERRAL;

    if (!f)
        f = check_deliver_reply(d);
    if (f)
        return f;
    if (d->from[0] && !referral && d->kind != DELIVERY_REFERRAL_UPDATE)
        return WIRE_BAD_VALUE;
    if (referral == id_is_zero(&d->referral_id))
        return referral ? WIRE_MISSING_FIELD : WIRE_BAD_VALUE;
    if (d->has_firing)
        return check_firing(&d->firing);
    if (referral)
        return check_referral_part(&d->referral);
    if (d->has_update)
        return check_update_part(&d->update);
    if (d->has_notice)
        return check_notice(&d->notice);
    if (d->has_stop)
        return check_stop_using(&d->stop);
    return d->has_watch ? check_watch_event(&d->watch) : WIRE_OK;
}

enum wire_fault check_stream_status(const struct msg *m)
{
    for (size_t i = 0; i < m->stream_status.n; i++) {
        if (m->stream_status.entries[i].acked > m->stream_status.entries[i].last)
            return WIRE_BAD_VALUE;
    }
    return WIRE_OK;
}

enum wire_fault check_eligibility_query(const struct msg *m)
{
    const struct msg_eligibility_query *q = &m->eligibility_query;
    enum wire_fault f = check_subject(q->subject_kind, &q->subject, &q->household);

    if (!f)
        f = check_homes(q->homes, q->n_homes);
    return f ? f : check_relationship(&q->relationship);
}

enum wire_fault check_eligibility(const struct msg *m)
{
    const struct msg_eligibility *e = &m->eligibility;

    return e->n_missing && e->value != ELIGIBLE_CANNOT_SAY ? WIRE_BAD_VALUE : WIRE_OK;
}

enum wire_fault check_watch(const struct msg *m)
{
    const struct msg_watch *w = &m->watch;

    if (w->agencies.any && w->agencies.n)
        return WIRE_BAD_VALUE;
    if (!w->agencies.any && w->agencies.n == 0)
        return WIRE_MISSING_FIELD;
    if (w->agencies.n > WATCH_AGENCIES_MAX)
        return WIRE_TOO_MANY;
    if (w->has_household && w->household.kind != TOKEN_HOME)
        return WIRE_BAD_VALUE;
    if (w->until != CIVIL_NONE && w->until < w->from)
        return WIRE_BAD_VALUE;
    return check_person(&w->subject);
}

enum wire_fault check_watch_change(const struct msg *m)
{
    const struct msg_watch_change *w = &m->watch_change;
    bool moved = w->moved_on != CIVIL_NONE, until = w->until != CIVIL_NONE;

    if (w->end)
        return w->has_household || moved || until ? WIRE_BAD_VALUE : WIRE_OK;
    if (w->has_household && w->household.kind != TOKEN_HOME)
        return WIRE_BAD_VALUE;
    if (moved && !w->has_household)
        return WIRE_BAD_VALUE;
    return (w->has_household ? moved : until) ? WIRE_OK : WIRE_MISSING_FIELD;
}
