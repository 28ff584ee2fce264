/* SPDX-License-Identifier: Apache-2.0 */
/* wire_sample.c - one good message of every type. */
#include "wire_sample_parts.h"
#include <stdio.h>
#include <string.h>

void sample_text(char *out, size_t size, bool full, const char *little)
{
    if (full) {
        memset(out, 'z', size - 1);
        out[size - 1] = '\0';
        return;
    }
    (void)snprintf(out, size, "%s", little);
}
int32_t sample_day(bool full)
{
    return full ? FULL_DAY : SAMPLE_DAY;
}

int32_t sample_spare_day(bool full)
{
    return full ? FULL_DAY : CIVIL_NONE;
}

struct id sample_id(uint8_t seed)
{
    struct id id;

    memset(id.octets, seed, sizeof(id.octets));
    id.octets[6] = 0x70 | (seed & 0x0f); /* version 7 */
    id.octets[8] = 0x80 | (seed & 0x3f); /* variant */
    return id;
}

struct token sample_token(uint8_t kind, uint8_t seed, bool full)
{
    struct token t = { .kind = kind, .scheme = TOKEN_HMAC, .epoch = full ? UINT16_MAX : 1 };

    memset(t.value, seed + 1, sizeof(t.value));
    return t;
}

void sample_person(struct token_set *out, bool full, bool unborn)
{
    out->n = full ? TOKEN_SET_MAX : 2;
    out->unborn = unborn;
    for (uint8_t i = 0; i < out->n; i++)
        out->tokens[i] = sample_token(i % 2 ? TOKEN_NAME_POSTCODE : TOKEN_NAME_DOB, i, full);
}

uint8_t sample_homes(struct msg_home homes[static HOMES_MAX], bool full)
{
    for (uint8_t i = 0; full && i < HOMES_MAX; i++)
        homes[i] = (struct msg_home){ sample_token(TOKEN_HOME, i, full), FULL_DAY, FULL_DAY };
    return full ? HOMES_MAX : 0;
}

void sample_relationship(struct msg_relationship *out, bool full)
{
    out->kind = full ? RELATION_SELF_CLAIMED : RELATION_INVOLVED;
    out->since = sample_spare_day(full);
    out->until = sample_spare_day(full);
    SPARE(out->reason);
}

static void sample_scope(struct msg_scope *out, bool full)
{
    out->n = full ? SCOPE_MAX : 1;
    for (uint8_t i = 0; i < out->n; i++)
        TEXT(out->agencies[i], "marlham-police");
}

void sample_body(struct msg *m, bool full, bool from_agency)
{
    m->id = sample_id(1);
    m->sent_ms = full ? FULL_MS : 1600000000000;
    if (from_agency)
        TEXT(m->sender, "tansy-lane-primary");
}

void sample_asker(struct msg *m, bool full)
{
    TEXT(m->practitioner.ref, "p-17");
    TEXT(m->practitioner.role, "head-teacher");
    m->practitioner.login = LOGIN_TWO_FACTOR;
    TEXT(m->purpose, "early-help");
    SPARE(m->basis);
    SPARE(m->case_ref);
}

static void sample_hello(struct msg *m, bool full)
{
    sample_body(m, full, true);
    m->hello = (struct msg_hello){ .version_least = 1,
                                   .version_most = full ? UINT32_MAX : 1,
                                   .mode = MODE_EXERCISE };
    TEXT(m->hello.software, "almoner/0.1.0");
}

static void sample_welcome(struct msg *m, bool full)
{
    struct msg_welcome *w = &m->welcome;

    sample_body(m, full, false);
    w->version = full ? UINT32_MAX : 1;
    w->mode = MODE_EXERCISE;
    TEXT(w->origin, WIRE_SAMPLE_ORIGIN);
    memset(w->policy, 'a', full ? sizeof(w->policy) - 1 : 0);
    w->civil_day = sample_day(full);
    w->frame_max_bytes = w->deadline_ms = w->lease_ms = w->freshness_ms = full ? UINT32_MAX : 65536;
}

static void sample_lease(struct msg *m, bool full)
{
    sample_body(m, full, full);
    m->lease.civil_day = sample_spare_day(full);
    memset(m->lease.policy, 'a', full ? sizeof(m->lease.policy) - 1 : 0);
}

static void sample_catalogue(struct msg *m, bool full)
{
    struct msg_catalogue *c = &m->catalogue;

    sample_body(m, full, false);
    c->page = full ? UINT16_MAX - 1 : 0;
    c->pages = full ? UINT16_MAX : 1;
    c->n_questions = c->n_purposes = full ? LIST_MAX : 1;
    for (size_t i = 0; i < c->n_questions; i++) {
        struct msg_catalogue_question *q = &c->questions[i];
        struct msg_catalogue_purpose *p = &c->purposes[i];

        TEXT(q->id, "cp-plan-current");
        TEXT(q->wording, "Is this child subject of a child protection plan?");
        q->uses_homes = q->home_parameter = q->sensitive = q->household = full;
        TEXT(p->id, "early-help");
        SPARE(p->title);
        p->consent = p->past_shield = p->involvement = p->unsigned_queries = full;
    }
    c->n_epochs = sample_epochs(c->epochs, full);
    c->n_capacities = full ? CAPACITIES_MAX : 1;
    for (size_t i = 0; i < c->n_capacities; i++)
        c->capacities[i] = (struct msg_catalogue_capacity){
            full ? CAPACITY_BEST_INTERESTS : CAPACITY_SELF, full ? AGE_MOST - 1 : 0,
            full ? AGE_MOST : 0
        };
}

static void sample_insight_query(struct msg *m, bool full)
{
    struct msg_insight_query *q = &m->insight_query;

    sample_body(m, full, true);
    sample_asker(m, full);
    TEXT(q->question, "cp-plan-current");
    q->subject_kind = SUBJECT_PERSON;
    sample_person(&q->subject, full, false);
    q->has_parameter = full;
    if (full)
        q->parameter = sample_token(TOKEN_HOME, 9, full);
    q->n_homes = sample_homes(q->homes, full);
    sample_relationship(&q->relationship, full);
    q->statements = full ? STATEMENTS_MOST : 0;
    q->has_referral = full;
    if (full)
        q->referral = sample_id(5);
}

static void sample_involvement_query(struct msg *m, bool full)
{
    sample_body(m, full, true);
    sample_asker(m, full);
    m->involvement_query.subject_kind = SUBJECT_UNBORN;
    sample_person(&m->involvement_query.subject, full, true);
    sample_relationship(&m->involvement_query.relationship, full);
    m->involvement_query.statements = full ? STATEMENTS_MOST : 0;
}

static void sample_question(struct msg *m, bool full)
{
    struct msg_question *q = &m->question;

    sample_body(m, full, false);
    TEXT(m->purpose, "early-help");
    TEXT(q->question, "cp-plan-current");
    q->subject_kind = full ? SUBJECT_PERSON : SUBJECT_HOUSEHOLD;
    if (full)
        sample_person(&q->subject, full, false);
    else
        q->household = sample_token(TOKEN_HOME, 3, full);
    q->has_parameter = full;
    if (full)
        q->parameter = sample_token(TOKEN_HOME, 9, full);
    q->n_homes = sample_homes(q->homes, full);
    q->as_of = sample_day(full);
    q->deadline_ms = full ? UINT32_MAX : 2000;
    SPARE(q->asking_agency);
    TEXT(q->asking_sector, "education");
}

static void sample_answer(struct msg *m, bool full)
{
    struct msg_answer *a = &m->answer;

    sample_body(m, full, true);
    m->in_reply_to = sample_id(2);
    a->value = full ? ANSWER_CANNOT_SAY : ANSWER_NO;
    a->cause = full ? CAUSE_PARTIAL : CAUSE_NONE;
    a->data_as_of = sample_day(full);
    SPARE(a->service);
    SPARE(a->contact_route);
    SPARE(a->lead_professional);
    a->since = sample_spare_day(full);
    if (full) {
        TEXT(a->by, "dw");
        a->by_ms = FULL_MS;
    }
}

static void sample_insight(struct msg *m, bool full)
{
    sample_body(m, full, false);
    m->in_reply_to = sample_id(2);
    m->insight.value = INSIGHT_NO;
    m->insight.completeness = COMPLETE_MOST;
    m->insight.as_of = sample_day(full);
    SPARE(m->insight.policy_rule);
    SPARE(m->insight.guidance);
    m->insight.review_due = full;
    m->insight.later_by_ms = full ? FULL_MS : 0;
}

static void sample_involvement(struct msg *m, bool full)
{
    struct msg_involvement *v = &m->involvement;

    sample_body(m, full, false);
    m->in_reply_to = sample_id(2);
    v->completeness = COMPLETE_ALL;
    v->as_of = sample_day(full);
    SPARE(v->policy_rule);
    SPARE(v->guidance);
    v->masked = v->review_due = full;
    v->later_by_ms = full ? FULL_MS : 0;
    v->n = full ? INVOLVED_MAX : 0;
    for (size_t i = 0; i < v->n; i++) {
        struct msg_involved *e = &v->involved[i];

        e->visibility = VISIBLE_NAMED;
        TEXT(e->agency, "marlham-police");
        TEXT(e->agency_name, "Marlham Police");
        TEXT(e->service, "");
        TEXT(e->contact_route, "");
        TEXT(e->lead_professional, "");
        e->since_band = SINCE_OVER_3_YEARS;
    }
}

static void sample_consent(struct msg *m, bool full)
{
    struct msg_consent *c = &m->consent;

    sample_body(m, full, true);
    if (full)
        sample_asker(m, full);
    c->decision = full ? CONSENT_NOT_POSSIBLE : CONSENT_GRANTED;
    sample_person(&c->subject, full, full);
    TEXT(c->purpose, "early-help");
    c->capacity = CAPACITY_PARENT;
    c->giver_authority = full;
    SPARE(c->giver_ref);
    sample_scope(&c->recipients, full);
    c->sources.any = !full;
    if (full) {
        sample_scope(&c->sources, full);
        sample_scope(&c->sensitive_sources, full);
    }
    c->given_on = sample_day(full);
    c->given_ms = full ? FULL_MS : 1600000000000;
    c->expires_on = c->review_on = c->able_from = c->able_until = sample_spare_day(full);
    c->method = METHOD_SIGNED;
    SPARE(c->wording_version);
    SPARE(c->competence_by);
    SPARE(c->competence_role);
    c->competence_on = sample_spare_day(full);
    SPARE(c->witness);
    SPARE(c->language);
    SPARE(c->conditions);
    c->safe_contact = c->has_family = full;
    if (full)
        c->family = sample_id(6);
    c->stage = full ? CONSENT_STAGE_MOST : 0;
    SPARE(c->not_possible);
}

static void sample_dispute(struct msg *m, bool full)
{
    sample_body(m, full, true);
    if (full)
        sample_asker(m, full);
    sample_person(&m->dispute.subject, full, false);
    TEXT(m->dispute.purpose, "early-help");
    m->dispute.on = sample_day(full);
}

static void sample_withdrawal(struct msg *m, bool full)
{
    struct msg_withdrawal *w = &m->withdrawal;

    sample_body(m, full, true);
    if (full)
        sample_asker(m, full);
    w->has_consent = true;
    w->consent = sample_id(3);
    if (full)
        sample_person(&w->subject, full, false);
    SPARE(w->purpose);
    w->given_on = sample_day(full);
    w->given_ms = full ? FULL_MS : 1600000000000;
}

static void sample_consent_change(struct msg *m, bool full)
{
    sample_body(m, full, true);
    if (full)
        sample_asker(m, full);
    m->consent_change.consent = sample_id(3);
    m->consent_change.able_until = sample_day(full);
}

static void sample_shield(struct msg *m, bool full)
{
    struct msg_shield *s = &m->shield;

    sample_body(m, full, true);
    if (full)
        sample_asker(m, full);
    sample_person(&s->subject, full, false);
    s->level = 1;
    s->from = sample_day(full);
    s->until = s->review_on = sample_spare_day(full);
    TEXT(s->reason, "threat from a former partner");
}

static void sample_consent_list_query(struct msg *m, bool full)
{
    sample_body(m, full, true);
    if (full)
        sample_asker(m, full);
    m->consent_list_query.page = full ? UINT16_MAX : 0;
}

static void sample_consent_list(struct msg *m, bool full)
{
    struct msg_consent_list *l = &m->consent_list;

    sample_body(m, full, false);
    m->in_reply_to = sample_id(2);
    l->page = full ? UINT16_MAX - 1 : 0;
    l->pages = full ? UINT16_MAX : 0;
    l->n = full ? LIST_MAX : 0;
    for (size_t i = 0; i < l->n; i++) {
        struct msg_consent_entry *e = &l->entries[i];

        e->id = sample_id((uint8_t)(4 + i));
        TEXT(e->purpose, "");
        e->decision = CONSENT_REFUSED;
        e->capacity = CAPACITY_SELF;
        e->given_on = e->expires_on = e->withdrawn_on = FULL_DAY;
    }
}

static void sample_receipt(struct msg *m, bool full)
{
    sample_body(m, full, false);
    m->in_reply_to = sample_id(2);
    m->receipt.leaf = full ? UINT64_MAX : 0;
    m->receipt.at_ms = full ? FULL_MS : 1600000000001;
}

static void sample_refusal(struct msg *m, bool full)
{
    sample_body(m, full, false);
    if (full)
        m->in_reply_to = sample_id(2);
    TEXT(m->refusal.reason, "no-consent-on-file");
    SPARE(m->refusal.text);
    SPARE(m->refusal.way_forward);
}

static void sample_busy(struct msg *m, bool full)
{
    sample_body(m, full, false);
    m->busy.retry_after_ms = full ? UINT32_MAX : 250;
}

static void sample_override(struct msg *m, bool full)
{
    struct msg_override *o = &m->override;

    sample_body(m, full, true);
    sample_asker(m, full);
    TEXT(m->basis, "children-act-1989-s47");
    sample_person(&o->subject, full, false);
    TEXT(o->question, "cp-plan-current");
    o->has_parameter = full;
    if (full)
        o->parameter = sample_token(TOKEN_HOME, 9, full);
    o->para18 = PARA18_WOULD_PREJUDICE;
    o->harm = HARM_NEGLECT;
    o->likelihood = LIKELIHOOD_LIKELY;
    o->immediacy = IMMEDIACY_NOW;
    o->told = TOLD_NOT_SAFE;
    TEXT(o->not_told, "it would put the child at risk");
    TEXT(o->necessity, "nobody else can say");
    TEXT(o->proportionality, "one question, of two services");
    o->hours = full ? UINT16_MAX : 72;
    o->immediate_danger = full;
    o->no_part = true;
}

static void sample_approval(struct msg *m, bool full)
{
    sample_body(m, full, true);
    sample_asker(m, full);
    memset(m->basis, 0, sizeof(m->basis));
    m->approval.override = sample_id(3);
    m->approval.decision = APPROVAL_APPROVE;
    m->approval.senior = full;
    m->approval.no_part = true;
    TEXT(m->approval.reason, "I have spoken to the asker");
}

static void sample_override_review(struct msg *m, bool full)
{
    sample_body(m, full, true);
    sample_asker(m, full);
    memset(m->basis, 0, sizeof(m->basis));
    m->override_review.override = sample_id(3);
    m->override_review.finding = FINDING_JUSTIFIED;
    m->override_review.no_part = true;
    TEXT(m->override_review.reason, "the danger was real");
}

static void sample_override_query(struct msg *m, bool full)
{
    sample_body(m, full, true);
    sample_asker(m, full);
    memset(m->basis, 0, sizeof(m->basis));
    m->override_query.override = sample_id(3);
}

static void sample_override_view(struct msg *m, bool full)
{
    struct msg_override_view *v = &m->override_view;

    sample_body(m, full, false);
    m->in_reply_to = sample_id(2);
    v->override = sample_id(3);
    v->state = full ? OVERRIDE_NOT_JUSTIFIED : OVERRIDE_WAITING;
    TEXT(v->agency, "marlham-police");
    TEXT(v->purpose, "early-help");
    TEXT(v->basis, "children-act-1989-s47");
    SPARE(v->question);
    v->para18 = PARA18_CANNOT_BE_GIVEN;
    v->harm = HARM_SELF;
    v->likelihood = LIKELIHOOD_CERTAIN;
    v->immediacy = IMMEDIACY_WEEKS;
    v->told = TOLD_YES;
    SPARE(v->not_told);
    SPARE(v->necessity);
    SPARE(v->proportionality);
    v->hours = full ? UINT16_MAX : 1;
    v->immediate_danger = full;
    v->requested_ms = full ? FULL_MS : 1600000000000;
    v->until_ms = v->review_due_ms = full ? FULL_MS : 0;
    SPARE(v->approver);
    v->finding = full ? FINDING_NOT_JUSTIFIED : 0;
}

static void (*const sample_makers[])(struct msg *m, bool full) = {
    [MSG_HELLO] = sample_hello,
    [MSG_WELCOME] = sample_welcome,
    [MSG_LEASE] = sample_lease,
    [MSG_CATALOGUE] = sample_catalogue,
    [MSG_INSIGHT_QUERY] = sample_insight_query,
    [MSG_INVOLVEMENT_QUERY] = sample_involvement_query,
    [MSG_QUESTION] = sample_question,
    [MSG_ANSWER] = sample_answer,
    [MSG_INSIGHT] = sample_insight,
    [MSG_INVOLVEMENT] = sample_involvement,
    [MSG_CONSENT] = sample_consent,
    [MSG_WITHDRAWAL] = sample_withdrawal,
    [MSG_CONSENT_CHANGE] = sample_consent_change,
    [MSG_SHIELD] = sample_shield,
    [MSG_CONSENT_LIST_QUERY] = sample_consent_list_query,
    [MSG_CONSENT_LIST] = sample_consent_list,
    [MSG_RECEIPT] = sample_receipt,
    [MSG_REFUSAL] = sample_refusal,
    [MSG_BUSY] = sample_busy,
    [MSG_OVERRIDE] = sample_override,
    [MSG_APPROVAL] = sample_approval,
    [MSG_OVERRIDE_REVIEW] = sample_override_review,
    [MSG_OVERRIDE_QUERY] = sample_override_query,
    [MSG_OVERRIDE_VIEW] = sample_override_view,
    [MSG_DISPUTE] = sample_dispute,
};

static void (*sample_maker(uint8_t type))(struct msg *m, bool full)
{
    if (type < ALM_LEN(sample_makers) && sample_makers[type])
        return sample_makers[type];
    if (sample_exchange(type))
        return sample_exchange(type);
    if (sample_witness(type))
        return sample_witness(type);
    return sample_tokens(type) ? sample_tokens(type) : sample_rights(type);
}

bool wire_sample_has(uint8_t type)
{
    return sample_maker(type) != NULL;
}

void wire_sample(uint8_t type, bool full, struct msg *out)
{
    memset(out, 0, sizeof(*out));
    out->type = type;
    sample_maker(type)(out, full);
}

struct wire_context wire_sample_context(void)
{
    struct wire_context ctx = { .mode = MODE_EXERCISE, .origin = WIRE_SAMPLE_ORIGIN };

    return ctx;
}

struct secret wire_sample_key(void)
{
    struct secret key;

    memset(key.octets, 7, sizeof(key.octets));
    return key;
}
