/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - the rules between fields: which of Body's fields go with which type, and what one field
 * asks of another.
 *
 * The same on the way in and out: what we would refuse we cannot send. That is also a second fence
 * for promise 3: a Question with a practitioner or a case in it does not encode. */
#include "wire/check.h"
#include "wire/convert.h"
#include <string.h>

enum { MUST = 1, MAY, NOT }; /* an empty place, 0, refuses */


/* DESIGN.md section 7: "a message about a person carries the name-and-birth-date tokens and each
 * strong one known". A strong one alone would find a holder's record and miss the shield or refusal
 * that somebody lodged without that number. */
enum wire_fault check_person(const struct token_set *set)
{
    bool named = false;

    for (size_t i = 0; i < set->n; i++) {
        if (set->tokens[i].kind == TOKEN_HOME)
            return WIRE_BAD_VALUE; /* a home is not a person: it would match everybody who lived
                                      there */
        /* Sets of different epochs are not compared: a set of two would be compared in part. */
        if (set->tokens[i].scheme != set->tokens[0].scheme ||
            set->tokens[i].epoch != set->tokens[0].epoch)
            return WIRE_BAD_VALUE;
        named |= set->tokens[i].kind == TOKEN_NAME_DOB;
    }
    return named ? WIRE_OK : WIRE_MISSING_FIELD;
}

enum wire_fault check_subject(uint8_t kind, const struct token_set *set,
                              const struct token *household)
{
    if (kind == SUBJECT_HOUSEHOLD) {
        if (household->kind == 0)
            return WIRE_MISSING_FIELD;
        return household->kind == TOKEN_HOME && set->n == 0 ? WIRE_OK : WIRE_BAD_VALUE;
    }
    if (household->kind != 0 || set->unborn != (kind == SUBJECT_UNBORN))
        return set->n ? WIRE_BAD_VALUE : WIRE_MISSING_FIELD;
    return check_person(set);
}

enum wire_fault check_homes(const struct msg_home *homes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct msg_home *h = &homes[i];

        if (h->token.kind != TOKEN_HOME || (h->until != CIVIL_NONE && h->until < h->from))
            return WIRE_BAD_VALUE;
    }
    return WIRE_OK;
}

static enum wire_fault check_parameter(bool has, const struct token *t)
{
    return !has || t->kind == TOKEN_HOME ? WIRE_OK : WIRE_BAD_VALUE;
}

enum wire_fault check_relationship(const struct msg_relationship *r)
{
    /* DESIGN.md section 2: "self-claimed needs a reason and alerts". */
    if (r->kind == RELATION_SELF_CLAIMED && !r->reason[0])
        return WIRE_MISSING_FIELD;
    if (r->since != CIVIL_NONE && r->until != CIVIL_NONE && r->until < r->since)
        return WIRE_BAD_VALUE;
    return WIRE_OK;
}

static enum wire_fault check_policy(const char *hex)
{
    size_t len = strlen(hex);

    return len == 0 || (len == 64 && strspn(hex, "0123456789abcdef") == len) ? WIRE_OK
                                                                             : WIRE_BAD_VALUE;
}

static enum wire_fault check_hello(const struct msg *m)
{
    return m->hello.version_least <= m->hello.version_most ? WIRE_OK : WIRE_BAD_VALUE;
}

static enum wire_fault check_welcome(const struct msg *m)
{
    return check_policy(m->welcome.policy);
}

static enum wire_fault check_lease(const struct msg *m)
{
    return check_policy(m->lease.policy);
}

static enum wire_fault check_catalogue(const struct msg *m)
{
    const struct msg_catalogue *c = &m->catalogue;

    for (size_t i = 0; i < c->n_capacities; i++) {
        const struct msg_catalogue_capacity *a = &c->capacities[i];

        if (a->before_age && a->before_age <= a->from_age)
            return WIRE_BAD_VALUE;
    }
    if (c->page >= c->pages)
        return WIRE_BAD_VALUE;
    return check_epochs(c->epochs, c->n_epochs);
}

static enum wire_fault check_insight_query(const struct msg *m)
{
    const struct msg_insight_query *q = &m->insight_query;
    enum wire_fault f = check_subject(q->subject_kind, &q->subject, &q->household);

    if (!f)
        f = check_parameter(q->has_parameter, &q->parameter);
    if (!f)
        f = check_homes(q->homes, q->n_homes);
    return f ? f : check_relationship(&q->relationship);
}

static enum wire_fault check_involvement_query(const struct msg *m)
{
    static const struct token none;
    const struct msg_involvement_query *q = &m->involvement_query;
    enum wire_fault f;

    if (q->subject_kind == SUBJECT_HOUSEHOLD)
        return WIRE_BAD_VALUE; /* for a family the adapter asks once per person */
    f = check_subject(q->subject_kind, &q->subject, &none);
    return f ? f : check_relationship(&q->relationship);
}

static enum wire_fault check_question(const struct msg *m)
{
    const struct msg_question *q = &m->question;
    enum wire_fault f = check_subject(q->subject_kind, &q->subject, &q->household);

    if (f)
        return f;
    if (!q->involvement && !q->question[0])
        return WIRE_MISSING_FIELD;
    if (q->involvement && (q->question[0] || q->subject_kind == SUBJECT_HOUSEHOLD))
        return WIRE_BAD_VALUE;
    f = check_parameter(q->has_parameter, &q->parameter);
    return f ? f : check_homes(q->homes, q->n_homes);
}

static enum wire_fault check_answer(const struct msg *m)
{
    const struct msg_answer *a = &m->answer;

    if ((a->by[0] != '\0') != (a->by_ms != 0))
        return WIRE_MISSING_FIELD;
    if (a->value == ANSWER_CANNOT_SAY)
        return a->cause == CAUSE_NONE ? WIRE_MISSING_FIELD : WIRE_OK;
    if (a->cause != CAUSE_NONE)
        return WIRE_BAD_VALUE;
    return a->data_as_of == CIVIL_NONE ? WIRE_MISSING_FIELD : WIRE_OK;
}

static enum wire_fault check_involved(const struct msg_involved *i)
{
    if (i->visibility == VISIBLE_NAMED)
        return i->agency[0] && i->agency_name[0] ? WIRE_OK : WIRE_MISSING_FIELD;
    /* Masked: not one field may say which service it is. */
    if (i->agency[0] || i->agency_name[0] || i->service[0] || i->contact_route[0] ||
        i->lead_professional[0] || i->since_band)
        return WIRE_BAD_VALUE;
    return WIRE_OK;
}

enum wire_fault check_involvement_part(const struct msg_involvement *v)
{
    for (size_t i = 0; i < v->n; i++) {
        enum wire_fault f = check_involved(&v->involved[i]);

        if (f)
            return f;
        /* The order in which holders answered must not show. */
        if (i > 0 && strcmp(v->involved[i - 1].agency, v->involved[i].agency) > 0)
            return WIRE_BAD_VALUE;
    }
    return WIRE_OK;
}

static enum wire_fault check_involvement(const struct msg *m)
{
    return check_involvement_part(&m->involvement);
}

static enum wire_fault check_scope(const struct msg_scope *s)
{
    return s->any && s->n ? WIRE_BAD_VALUE : WIRE_OK;
}

static enum wire_fault check_consent(const struct msg *m)
{
    const struct msg_consent *c = &m->consent;
    enum wire_fault f = check_person(&c->subject);

    if (!f)
        f = check_scope(&c->recipients);
    if (!f)
        f = check_scope(&c->sources);
    if (f)
        return f;
    if (c->sensitive_sources.any)
        return WIRE_BAD_VALUE; /* sensitive services are named one by one */
    if (c->decision != CONSENT_NOT_POSSIBLE)
        return c->not_possible[0] ? WIRE_BAD_VALUE : WIRE_OK;
    return c->not_possible[0] ? WIRE_OK : WIRE_MISSING_FIELD;
}

static enum wire_fault check_withdrawal(const struct msg *m)
{
    const struct msg_withdrawal *w = &m->withdrawal;

    if (w->subject.n)
        return w->has_consent || w->purpose[0] ? check_person(&w->subject) : WIRE_MISSING_FIELD;
    return w->has_consent ? WIRE_OK : WIRE_MISSING_FIELD;
}

static enum wire_fault check_dispute(const struct msg *m)
{
    return check_person(&m->dispute.subject);
}

static enum wire_fault check_shield(const struct msg *m)
{
    const struct msg_shield *s = &m->shield;

    if (s->until != CIVIL_NONE && s->until < s->from)
        return WIRE_BAD_VALUE;
    return check_person(&s->subject);
}

/* Exactly one question about exactly one person, with every reason that DOMAIN.md section 3 asks for:
 * "whether the person was told or why not", and nobody alone but "for immediate danger". */
static enum wire_fault check_override(const struct msg *m)
{
    const struct msg_override *o = &m->override;
    enum wire_fault f = check_person(&o->subject);

    if (f)
        return f;
    if (!o->no_part || (!o->involvement && !o->question[0]))
        return WIRE_MISSING_FIELD;
    if (o->involvement && (o->question[0] || o->has_parameter))
        return WIRE_BAD_VALUE;
    if (o->told != TOLD_YES && !o->not_told[0])
        return WIRE_MISSING_FIELD;
    if (o->immediate_danger && o->immediacy != IMMEDIACY_NOW)
        return WIRE_BAD_VALUE;
    return check_parameter(o->has_parameter, &o->parameter);
}

static enum wire_fault check_approval(const struct msg *m)
{
    const struct msg_approval *a = &m->approval;

    return a->decision != APPROVAL_APPROVE || a->no_part ? WIRE_OK : WIRE_MISSING_FIELD;
}

static enum wire_fault check_override_review(const struct msg *m)
{
    return m->override_review.no_part ? WIRE_OK : WIRE_MISSING_FIELD;
}

/* Body's own fields by type, and the payload's rule. Broker to adapter: no sender; and no
 * practitioner, basis or case ever leaves the broker. */
static const struct {
    uint8_t sender, reply, practitioner, purpose, basis, case_ref;
    enum wire_fault (*payload)(const struct msg *m);
} check_rules[] = {
    [MSG_HELLO] = { MUST, NOT, NOT, NOT, NOT, NOT, check_hello },
    [MSG_WELCOME] = { NOT, MAY, NOT, NOT, NOT, NOT, check_welcome },
    [MSG_LEASE] = { MAY, MAY, NOT, NOT, NOT, NOT, check_lease },
    [MSG_CATALOGUE] = { NOT, MAY, NOT, NOT, NOT, NOT, check_catalogue },
    [MSG_INSIGHT_QUERY] = { MUST, NOT, MUST, MUST, MAY, MAY, check_insight_query },
    [MSG_INVOLVEMENT_QUERY] = { MUST, NOT, MUST, MUST, MAY, MAY, check_involvement_query },
    [MSG_QUESTION] = { NOT, NOT, NOT, MUST, NOT, NOT, check_question },
    [MSG_ANSWER] = { MUST, MUST, NOT, MAY, NOT, NOT, check_answer },
    [MSG_INSIGHT] = { NOT, MUST, NOT, MAY, NOT, NOT, NULL },
    [MSG_INVOLVEMENT] = { NOT, MUST, NOT, MAY, NOT, NOT, check_involvement },
    [MSG_CONSENT] = { MUST, NOT, MAY, MAY, MAY, MAY, check_consent },
    [MSG_WITHDRAWAL] = { MUST, NOT, MAY, MAY, MAY, MAY, check_withdrawal },
    [MSG_CONSENT_CHANGE] = { MUST, NOT, MAY, MAY, MAY, MAY, NULL },
    [MSG_SHIELD] = { MUST, NOT, MAY, MAY, MAY, MAY, check_shield },
    [MSG_CONSENT_LIST_QUERY] = { MUST, NOT, MAY, MAY, MAY, MAY, NULL },
    [MSG_CONSENT_LIST] = { NOT, MUST, NOT, MAY, NOT, NOT, NULL },
    [MSG_RECEIPT] = { NOT, MUST, NOT, MAY, NOT, NOT, NULL },
    [MSG_REFUSAL] = { NOT, MAY, NOT, MAY, NOT, NOT, NULL },
    [MSG_BUSY] = { MAY, MAY, NOT, MAY, NOT, NOT, NULL }, /* a sender: the keyholder's, to the broker */
    [MSG_OVERRIDE] = { MUST, NOT, MUST, MUST, MUST, MAY, check_override },
    [MSG_APPROVAL] = { MUST, NOT, MUST, MAY, NOT, MAY, check_approval },
    [MSG_OVERRIDE_REVIEW] = { MUST, NOT, MUST, MAY, NOT, MAY, check_override_review },
    [MSG_OVERRIDE_QUERY] = { MUST, NOT, MUST, MAY, NOT, MAY, NULL },
    [MSG_OVERRIDE_VIEW] = { NOT, MUST, NOT, MAY, NOT, NOT, NULL },
    [MSG_RETOKEN] = { MUST, NOT, MAY, MAY, MAY, MAY, check_retoken },
    [MSG_TOKEN_REQUEST] = { MAY, NOT, NOT, NOT, NOT, NOT, check_token_request },
    [MSG_TOKENS] = { MAY, MUST, NOT, NOT, NOT, NOT, NULL },
    [MSG_DISPUTE] = { MUST, NOT, MAY, MAY, MAY, MAY, check_dispute },
    [MSG_CONCERN] = { MUST, NOT, MAY, MUST, MUST, MAY, check_concern },
    [MSG_CONCERN_CHANGE] = { MUST, NOT, MAY, MAY, MAY, MAY, check_concern_change },
    [MSG_THRESHOLD_STATE] = { NOT, MUST, NOT, MAY, NOT, NOT, check_threshold_state },
    [MSG_SUBSCRIBE] = { MUST, NOT, MAY, MAY, MAY, MAY, check_subscribe },
    [MSG_FIRING_UPDATE] = { MUST, NOT, MAY, MAY, MAY, MAY, NULL },
    [MSG_CONTACT_REQUEST] = { MUST, NOT, MAY, MAY, MAY, MAY, NULL },
    [MSG_DELIVER] = { NOT, NOT, NOT, MAY, NOT, NOT, check_deliver },
    [MSG_ACK] = { MUST, NOT, NOT, NOT, NOT, NOT, NULL },
    [MSG_STREAM_QUERY] = { MUST, NOT, MAY, MAY, MAY, MAY, NULL },
    [MSG_STREAM_STATUS] = { NOT, MUST, NOT, MAY, NOT, NOT, check_stream_status },
    [MSG_DUE_QUERY] = { MUST, NOT, MAY, MAY, MAY, MAY, NULL },
    [MSG_DUE_LIST] = { NOT, MUST, NOT, MAY, NOT, NOT, NULL },
    [MSG_REFERRAL] = { MUST, NOT, MUST, MUST, MAY, MAY, check_referral },
    [MSG_REFERRAL_UPDATE] = { MUST, NOT, MAY, MAY, MAY, MAY, check_referral_update },
    [MSG_REFERRAL_STATE] = { NOT, MUST, NOT, MAY, NOT, NOT, check_referral_state },
    [MSG_REFERRAL_QUERY] = { MUST, NOT, MAY, MAY, MAY, MAY, NULL },
    [MSG_REFERRAL_LIST] = { NOT, MUST, NOT, MAY, NOT, NOT, check_referral_list },
    [MSG_SEALING_KEY] = { MUST, NOT, MAY, MAY, MAY, MAY, check_sealing_key },
    [MSG_SEALING_KEY_QUERY] = { MUST, NOT, MAY, MAY, MAY, MAY, NULL },
    [MSG_SEALING_KEYS] = { NOT, MUST, NOT, MAY, NOT, NOT, NULL },
    [MSG_DIRECTORY_QUERY] = { MUST, NOT, MAY, MAY, MAY, MAY, NULL },
    [MSG_DIRECTORY] = { NOT, MUST, NOT, MAY, NOT, NOT, NULL },
    [MSG_ELIGIBILITY_QUERY] = { MUST, NOT, MUST, MUST, MAY, MAY, check_eligibility_query },
    [MSG_ELIGIBILITY] = { NOT, MUST, NOT, MAY, NOT, NOT, check_eligibility },
    [MSG_WATCH] = { MUST, NOT, MAY, MAY, MAY, MAY, check_watch },
    [MSG_WATCH_CHANGE] = { MUST, NOT, MAY, MAY, MAY, MAY, check_watch_change },
    [MSG_NOT_SHARED] = { MUST, NOT, MAY, MAY, MAY, MAY, NULL },
    [MSG_OUTCOME] = { MUST, NOT, MAY, MAY, MAY, MAY, NULL },
    [MSG_COSIGN] = { NOT, NOT, NOT, NOT, NOT, NOT, check_cosign },
    [MSG_COSIGNATURE] = { MUST, MUST, NOT, NOT, NOT, NOT, check_cosignature },
    [MSG_CORRECTION] = { MUST, NOT, MAY, MAY, MAY, MAY, check_correction },
    [MSG_ACK_OF] = { MUST, NOT, MAY, MAY, MAY, MAY, check_ack_of },
    [MSG_STATEMENT] = { MUST, NOT, MAY, MAY, MAY, MAY, check_statement },
    [MSG_CORRECTION_QUERY] = { MUST, NOT, MAY, MAY, MAY, MAY, check_correction_query },
    [MSG_CORRECTION_LIST] = { NOT, MUST, NOT, MAY, NOT, NOT, check_correction_list },
};

static enum wire_fault check_presence(uint8_t rule, bool there)
{
    if (rule == MUST && !there)
        return WIRE_MISSING_FIELD;
    if (rule == NOT && there)
        return WIRE_BAD_VALUE;
    return rule ? WIRE_OK : WIRE_MISSING_FIELD;
}

enum wire_fault check_msg(const struct msg *m)
{
    enum wire_fault f;

    if (m->type >= ALM_LEN(check_rules) || !check_rules[m->type].sender)
        return WIRE_MISSING_FIELD; /* no payload */
    f = check_presence(check_rules[m->type].sender, m->sender[0]);
    if (!f)
        f = check_presence(check_rules[m->type].reply, !id_is_zero(&m->in_reply_to));
    if (!f)
        f = check_presence(check_rules[m->type].practitioner, m->practitioner.ref[0] ||
                                                                  m->practitioner.role[0] ||
                                                                  m->practitioner.login);
    if (!f)
        f = check_presence(check_rules[m->type].purpose, m->purpose[0]);
    if (!f)
        f = check_presence(check_rules[m->type].basis, m->basis[0]);
    if (!f)
        f = check_presence(check_rules[m->type].case_ref, m->case_ref[0]);
    if (f || !check_rules[m->type].payload)
        return f;
    return check_rules[m->type].payload(m);
}
