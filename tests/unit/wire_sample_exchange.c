/* SPDX-License-Identifier: Apache-2.0 */
/* wire_sample_exchange.c - one good message of every type of concerns, deliveries, referrals and
 * watches. */
#include "wire_sample_parts.h"
#include <string.h>

static const uint8_t sample_bytes[SEALED_MAX] = { 1, 2, 3 };

static void sample_lodger(struct msg *m, bool full)
{
    sample_body(m, full, true);
    if (full)
        sample_asker(m, full);
}

static void sample_reply(struct msg *m, bool full)
{
    sample_body(m, full, false);
    m->in_reply_to = sample_id(2);
}

/* Every list, page or not, has names that differ and stand in order. */
static void sample_name(name_t out, uint8_t i, bool full)
{
    sample_text(out, NAME_MAX_LEN, full, "police");
    out[0] = (char)('a' + i / 26);
    out[1] = (char)('a' + i % 26);
}

static uint8_t sample_names(name_t *out, uint8_t most, bool full)
{
    for (uint8_t i = 0; full && i < most; i++)
        sample_name(out[i], i, full);
    return full ? most : 0;
}

static uint8_t sample_contributors(struct msg_contributor out[static CONTRIBUTORS_MAX], bool full)
{
    uint8_t n = full ? CONTRIBUTORS_MAX : 2;

    for (uint8_t i = 0; i < n; i++) {
        sample_name(out[i].agency, i, full);
        TEXT(out[i].agency_name, "Marlham Police");
        SPARE(out[i].contact_route);
    }
    return n;
}

static bool sample_household(struct token *out, bool has)
{
    if (has)
        *out = sample_token(TOKEN_HOME, 9, has);
    return has;
}

static struct bytes sample_sealed(bool full, uint8_t to[static 32])
{
    if (!full)
        return (struct bytes){ 0 };
    memset(to, 0xee, 32);
    return bytes_of(sample_bytes, sizeof(sample_bytes));
}

static void sample_concern(struct msg *m, bool full)
{
    struct msg_concern *c = &m->concern;

    sample_lodger(m, full);
    TEXT(m->purpose, "safeguarding");
    TEXT(m->basis, "children-act-2004-s11");
    TEXT(c->category, "neglect");
    SPARE(c->area);
    c->severity = full ? SEVERITY_CRITICAL : SEVERITY_LOW;
    c->subject_kind = full ? SUBJECT_PERSON : SUBJECT_HOUSEHOLD;
    if (full)
        sample_person(&c->subject, full, false);
    c->has_household = sample_household(&c->household, true);
    c->observed_on = sample_day(full);
    c->has_origin = full;
    memset(c->origin, full ? 0xab : 0, sizeof(c->origin));
    c->expires_on = sample_spare_day(full);
    SPARE(c->contact_route);
    c->part = full ? PART_ALLEGED : 0;
}

static void sample_concern_change(struct msg *m, bool full)
{
    sample_lodger(m, full);
    m->concern_change.concern = sample_id(3);
    m->concern_change.withdraw = !full;
    m->concern_change.severity = full ? SEVERITY_HIGH : 0;
    SPARE(m->concern_change.category);
    m->concern_change.expires_on = sample_spare_day(full);
    m->concern_change.outcome = full ? OUTCOME_UNFOUNDED : 0;
}

static void sample_threshold_state(struct msg *m, bool full)
{
    struct msg_threshold_state *t = &m->threshold_state;

    sample_reply(m, full);
    t->fired = t->masked = full;
    t->fired_on = sample_spare_day(full);
    t->n = full ? sample_contributors(t->contributors, full) : 0;
    t->as_of = sample_day(full);
    SPARE(t->policy_rule);
    SPARE(t->guidance);
}

static void sample_subscribe(struct msg *m, bool full)
{
    struct msg_subscribe *s = &m->subscribe;

    sample_lodger(m, full);
    TEXT(s->stream, "hub");
    s->credit = full ? CREDIT_MOST : 1;
    s->from = full ? UINT64_MAX : 0;
    s->n_areas = sample_names(s->areas, FILTER_MAX, full);
    s->n_categories = sample_names(s->categories, FILTER_MAX, full);
    s->n_triggers = sample_names(s->triggers, FILTER_MAX, full);
    s->severity_least = full ? SEVERITY_CRITICAL : 0;
}

static void sample_firing(struct msg_firing *f, bool full)
{
    f->episode = sample_id(3);
    TEXT(f->rule, "three-agencies");
    TEXT(f->title, "Have three agencies been concerned within a year?");
    f->subject_kind = full ? SUBJECT_PERSON : SUBJECT_HOUSEHOLD;
    if (full)
        sample_person(&f->subject, full, false);
    f->has_household = sample_household(&f->household, true);
    TEXT(f->category, "neglect");
    SPARE(f->area);
    f->severity = SEVERITY_MEDIUM;
    f->fired_on = sample_day(full);
    f->bypass = f->masked = full;
    SPARE(f->decide_role);
    f->decide_by_ms = full ? FULL_MS : 0;
    f->n = sample_contributors(f->contributors, full);
}

static void sample_firing_update(struct msg *m, bool full)
{
    sample_lodger(m, full);
    m->firing_update.episode = sample_id(3);
    m->firing_update.step = FIRING_CLOSED;
    SPARE(m->firing_update.outcome);
}

static void sample_contact_request(struct msg *m, bool full)
{
    sample_lodger(m, full);
    m->contact_request.about = sample_id(3);
    TEXT(m->contact_request.contact_route, "duty desk 01632 960000");
    SPARE(m->contact_request.text);
}

static void sample_deliver(struct msg *m, bool full)
{
    struct msg_deliver *d = &m->deliver;

    sample_body(m, full, false);
    TEXT(d->stream, "inbox");
    d->seq = full ? UINT64_MAX : 1;
    d->event = sample_id(4);
    d->at_ms = full ? FULL_MS : LITTLE_MS;
    d->again = full;
    d->kind = full ? DELIVERY_FIRING : DELIVERY_NOTICE;
    d->has_firing = full;
    if (full) {
        sample_firing(&d->firing, full);
        return;
    }
    d->has_notice = true;
    d->notice.kind = NOTICE_OVERDUE;
    d->notice.about = sample_id(3);
}

static void sample_ack(struct msg *m, bool full)
{
    sample_body(m, full, true);
    TEXT(m->ack.stream, "inbox");
    m->ack.seq = full ? UINT64_MAX : 1;
}

static void sample_stream_query(struct msg *m, bool full)
{
    sample_lodger(m, full);
    m->stream_query.page = full ? UINT16_MAX : 0;
}

static void sample_stream_status(struct msg *m, bool full)
{
    struct msg_stream_status *s = &m->stream_status;

    sample_reply(m, full);
    s->n = full ? LIST_MAX : 0;
    for (uint8_t i = 0; i < s->n; i++) {
        sample_name(s->entries[i].stream, i, full);
        s->entries[i].last = s->entries[i].acked = UINT64_MAX;
        s->entries[i].oldest_ms = FULL_MS;
        s->entries[i].credit = CREDIT_MOST;
    }
}

static void sample_due_query(struct msg *m, bool full)
{
    sample_lodger(m, full);
    m->due_query.page = full ? UINT16_MAX : 0;
    m->due_query.overdue_only = full;
}

static void sample_due_list(struct msg *m, bool full)
{
    struct msg_due_list *l = &m->due_list;

    sample_reply(m, full);
    l->page = full ? UINT16_MAX - 1 : 0;
    l->pages = full ? UINT16_MAX : 0;
    l->n = full ? LIST_MAX : 0;
    for (uint8_t i = 0; i < l->n; i++) {
        l->entries[i].kind = DUE_REVIEW;
        l->entries[i].about = sample_id(i);
        SPARE(l->entries[i].role);
        l->entries[i].due_ms = FULL_MS;
        l->entries[i].overdue = true;
        SPARE(l->entries[i].text);
    }
}

static void sample_referral(struct msg *m, bool full)
{
    struct msg_referral *r = &m->referral;

    sample_body(m, full, true);
    sample_asker(m, full);
    r->kind = full ? REFERRAL_BOOKED : REFERRAL_SIGNPOSTING;
    r->origin = full ? ORIGIN_NOT_STATED : ORIGIN_AGENCY;
    TEXT(r->to, "marlham-housing");
    SPARE(r->service);
    r->subject_kind = full ? SUBJECT_UNBORN : SUBJECT_HOUSEHOLD;
    if (full)
        sample_person(&r->subject, full, true);
    r->has_household = sample_household(&r->household, true);
    TEXT(r->reason, "rent-arrears");
    r->sent_on = sample_day(full);
    r->made = full ? MADE_MOST : 0;
    r->pounds = full ? UINT32_MAX : 0;
    r->sealed = sample_sealed(full, r->sealed_to);
}

static void sample_referral_update(struct msg *m, bool full)
{
    struct msg_referral_update *u = &m->referral_update;

    sample_lodger(m, full);
    u->referral = sample_id(3);
    u->step = full ? STEP_CLOSED : STEP_RECEIVED;
    u->on = sample_day(full);
    SPARE(u->reason);
    SPARE(u->outcome);
    u->sealed = sample_sealed(full, u->sealed_to);
}

static void sample_state_part(struct msg_referral_state *s, bool full)
{
    s->referral = sample_id(3);
    s->state = full ? REFERRAL_EXPIRED : REFERRAL_NONE;
    s->kind = full ? REFERRAL_BOOKED : 0;
    SPARE(s->from);
    SPARE(s->to);
    SPARE(s->service);
    s->since = s->due_on = sample_spare_day(full);
    SPARE(s->due_role);
    s->as_of = sample_day(full);
    SPARE(s->policy_rule);
}

static void sample_referral_state(struct msg *m, bool full)
{
    sample_reply(m, full);
    sample_state_part(&m->referral_state, full);
}

static void sample_referral_query(struct msg *m, bool full)
{
    sample_lodger(m, full);
    m->referral_query.page = full ? UINT16_MAX : 0;
    m->referral_query.open_only = full;
}

static void sample_referral_list(struct msg *m, bool full)
{
    struct msg_referral_list *l = &m->referral_list;

    sample_reply(m, full);
    l->page = full ? UINT16_MAX - 1 : 0;
    l->pages = full ? UINT16_MAX : 0;
    l->n = full ? LIST_MAX : 0;
    for (uint8_t i = 0; i < l->n; i++)
        sample_state_part(&l->entries[i], full);
}

static void sample_sealing_key(struct msg *m, bool full)
{
    sample_lodger(m, full);
    memset(m->sealing_key.key, 0x11, 32);
    m->sealing_key.has_previous = full;
    memset(m->sealing_key.previous, full ? 0x22 : 0, 32);
    m->sealing_key.from = sample_day(full);
}

static void sample_sealing_key_query(struct msg *m, bool full)
{
    sample_lodger(m, full);
    TEXT(m->sealing_key_query.agency, "marlham-housing");
}

static void sample_sealing_keys(struct msg *m, bool full)
{
    struct msg_sealing_keys *k = &m->sealing_keys;

    sample_reply(m, full);
    TEXT(k->agency, "marlham-housing");
    memset(k->sign_key, 0x33, 32);
    k->n = full ? SEALING_KEYS_MAX : 0;
    for (uint8_t i = 0; i < k->n; i++) {
        k->keys[i].body = bytes_of(sample_bytes + i, SEALING_BODY_MAX - i);
        memset(k->keys[i].signature, 0x44, sizeof(k->keys[i].signature));
    }
}

static void sample_directory_query(struct msg *m, bool full)
{
    sample_lodger(m, full);
    SPARE(m->directory_query.need);
    SPARE(m->directory_query.area);
    m->directory_query.kind = full ? REFERRAL_BOOKED : 0;
    m->directory_query.page = full ? UINT16_MAX : 0;
}

static void sample_directory(struct msg *m, bool full)
{
    struct msg_directory *d = &m->directory;

    sample_reply(m, full);
    d->page = full ? UINT16_MAX - 1 : 0;
    d->pages = full ? UINT16_MAX : 0;
    d->n = full ? FILTER_MAX : 0;
    for (uint8_t i = 0; i < d->n; i++) {
        struct msg_service *s = &d->services[i];

        sample_name(s->id, i, full);
        TEXT(s->agency, "");
        TEXT(s->title, "");
        TEXT(s->contact, "");
        s->n_needs = sample_names(s->needs, FILTER_MAX, full);
        s->kinds = KINDS_MOST;
        s->criteria = true;
    }
}

static void sample_eligibility_query(struct msg *m, bool full)
{
    struct msg_eligibility_query *q = &m->eligibility_query;

    sample_body(m, full, true);
    sample_asker(m, full);
    TEXT(q->service, "debt-advice");
    q->subject_kind = full ? SUBJECT_PERSON : SUBJECT_HOUSEHOLD;
    if (full)
        sample_person(&q->subject, full, false);
    else
        q->household = sample_token(TOKEN_HOME, 3, full);
    q->n_homes = sample_homes(q->homes, full);
    sample_relationship(&q->relationship, full);
    q->statements = full ? STATEMENTS_MOST : 0;
}

static void sample_eligibility(struct msg *m, bool full)
{
    struct msg_eligibility *e = &m->eligibility;

    sample_reply(m, full);
    e->value = full ? ELIGIBLE_CANNOT_SAY : ELIGIBLE_NO;
    e->completeness = COMPLETE_ALL;
    e->n_missing = sample_names(e->missing, FILTER_MAX, full);
    e->as_of = sample_day(full);
    SPARE(e->policy_rule);
    SPARE(e->guidance);
}

static void sample_watch(struct msg *m, bool full)
{
    struct msg_watch *w = &m->watch;

    sample_lodger(m, full);
    sample_person(&w->subject, full, full);
    w->has_household = sample_household(&w->household, full);
    w->agencies.any = !full;
    w->agencies.n = sample_names(w->agencies.agencies, WATCH_AGENCIES_MAX, full);
    w->from = sample_day(full);
    w->until = w->review_on = sample_spare_day(full);
}

static void sample_watch_change(struct msg *m, bool full)
{
    struct msg_watch_change *w = &m->watch_change;

    sample_lodger(m, full);
    w->watch = sample_id(3);
    w->end = !full;
    w->has_household = sample_household(&w->household, full);
    w->moved_on = w->until = sample_spare_day(full);
}

static void sample_not_shared(struct msg *m, bool full)
{
    sample_lodger(m, full);
    m->not_shared.has_about = full;
    if (full)
        m->not_shared.about = sample_id(3);
    SPARE(m->not_shared.question);
    TEXT(m->not_shared.reason, "not-necessary");
    SPARE(m->not_shared.text);
}

static void sample_outcome(struct msg *m, bool full)
{
    sample_lodger(m, full);
    m->outcome.about = sample_id(3);
    m->outcome.effect = EFFECT_NO_USE;
    m->outcome.minutes_saved = full ? MINUTES_MOST : 0;
    SPARE(m->outcome.area);
}

static void (*const sample_makers[])(struct msg *m, bool full) = {
    [MSG_CONCERN] = sample_concern,
    [MSG_CONCERN_CHANGE] = sample_concern_change,
    [MSG_THRESHOLD_STATE] = sample_threshold_state,
    [MSG_SUBSCRIBE] = sample_subscribe,
    [MSG_FIRING_UPDATE] = sample_firing_update,
    [MSG_CONTACT_REQUEST] = sample_contact_request,
    [MSG_DELIVER] = sample_deliver,
    [MSG_ACK] = sample_ack,
    [MSG_STREAM_QUERY] = sample_stream_query,
    [MSG_STREAM_STATUS] = sample_stream_status,
    [MSG_DUE_QUERY] = sample_due_query,
    [MSG_DUE_LIST] = sample_due_list,
    [MSG_REFERRAL] = sample_referral,
    [MSG_REFERRAL_UPDATE] = sample_referral_update,
    [MSG_REFERRAL_STATE] = sample_referral_state,
    [MSG_REFERRAL_QUERY] = sample_referral_query,
    [MSG_REFERRAL_LIST] = sample_referral_list,
    [MSG_SEALING_KEY] = sample_sealing_key,
    [MSG_SEALING_KEY_QUERY] = sample_sealing_key_query,
    [MSG_SEALING_KEYS] = sample_sealing_keys,
    [MSG_DIRECTORY_QUERY] = sample_directory_query,
    [MSG_DIRECTORY] = sample_directory,
    [MSG_ELIGIBILITY_QUERY] = sample_eligibility_query,
    [MSG_ELIGIBILITY] = sample_eligibility,
    [MSG_WATCH] = sample_watch,
    [MSG_WATCH_CHANGE] = sample_watch_change,
    [MSG_NOT_SHARED] = sample_not_shared,
    [MSG_OUTCOME] = sample_outcome,
};

void (*sample_exchange(uint8_t type))(struct msg *m, bool full)
{
    return type < ALM_LEN(sample_makers) ? sample_makers[type] : NULL;
}
