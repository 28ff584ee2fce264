/* SPDX-License-Identifier: Apache-2.0 */
/* core_town_messages.c - what the town's agencies say: messages as they are usually filled in, for a
 * test to change one thing of. */
#include "core_town.h"

#include <stdio.h>
#include <string.h>

struct msg *town_msg(struct town *t, uint8_t type)
{
    memset(&t->msg, 0, sizeof(t->msg));
    t->msg.type = type;
    return &t->msg;
}

void town_hello(struct town *t, enum town_agency who)
{
    struct msg *m = town_msg(t, MSG_HELLO);

    m->hello = (struct msg_hello){ .version_least = 1, .version_most = 1, .mode = town_mode };
    (void)snprintf(m->hello.software, sizeof(m->hello.software), "town/1");
    town_say(t, who, m);
}

struct msg *town_lease(struct town *t)
{
    struct msg *m = town_msg(t, MSG_LEASE);

    m->lease.civil_day = CIVIL_NONE;
    return m;
}

static void town_token(uint8_t kind, unsigned value, struct token *out)
{
    memset(out, 0, sizeof(*out));
    out->kind = kind;
    out->scheme = TOKEN_HMAC;
    out->epoch = 1;
    memset(out->value, (int)(0x40 + value), TOKEN_LEN);
    out->value[0] = kind;
}

void town_person(enum town_person p, struct token_set *out)
{
    memset(out, 0, sizeof(*out));
    out->n = 3;
    town_token(TOKEN_NHS, p, &out->tokens[0]);
    town_token(TOKEN_UPN, p, &out->tokens[1]);
    town_token(TOKEN_NAME_DOB, p, &out->tokens[2]);
}

void town_home(unsigned number, struct token *out)
{
    town_token(TOKEN_HOME, 100 + number, out);
}

void town_practitioner(struct msg *m, const char *ref)
{
    (void)snprintf(m->practitioner.ref, sizeof(m->practitioner.ref), "%s", ref);
    (void)snprintf(m->practitioner.role, sizeof(m->practitioner.role), "social-worker");
    m->practitioner.login = LOGIN_TWO_FACTOR;
}

static void town_asker(struct msg *m, const char *purpose)
{
    (void)snprintf(m->purpose, sizeof(m->purpose), "%s", purpose);
    town_practitioner(m, "worker-7");
    (void)snprintf(m->case_ref, sizeof(m->case_ref), "case-1234567");
}

static void town_relationship(struct msg_relationship *r)
{
    r->kind = RELATION_INVOLVED;
    r->since = TOWN_DAY - 100;
    r->until = CIVIL_NONE;
}

struct msg *town_insight(struct town *t, const char *purpose, const char *question,
                         enum town_person p)
{
    struct msg *m = town_msg(t, MSG_INSIGHT_QUERY);

    town_asker(m, purpose);
    (void)snprintf(m->insight_query.question, sizeof(m->insight_query.question), "%s", question);
    m->insight_query.subject_kind = SUBJECT_PERSON;
    town_person(p, &m->insight_query.subject);
    town_relationship(&m->insight_query.relationship);
    if (!strcmp(question, "lives-at")) {
        m->insight_query.has_parameter = true;
        town_home(1, &m->insight_query.parameter);
    }
    return m;
}

struct msg *town_involvement(struct town *t, const char *purpose, enum town_person p)
{
    struct msg *m = town_msg(t, MSG_INVOLVEMENT_QUERY);

    town_asker(m, purpose);
    m->involvement_query.subject_kind = SUBJECT_PERSON;
    town_person(p, &m->involvement_query.subject);
    town_relationship(&m->involvement_query.relationship);
    return m;
}

struct msg *town_consent(struct town *t, const char *purpose, enum town_person p)
{
    struct msg *m = town_msg(t, MSG_CONSENT);
    struct msg_consent *c = &m->consent;

    (void)snprintf(m->purpose, sizeof(m->purpose), "%s", purpose);
    (void)snprintf(c->purpose, sizeof(c->purpose), "%s", purpose);
    c->decision = CONSENT_GRANTED;
    town_person(p, &c->subject);
    c->capacity = CAPACITY_SELF;
    c->giver_authority = true;
    c->recipients.any = c->sources.any = true;
    c->given_on = TOWN_DAY - 1;
    c->given_ms = town_wall - 86400000;
    c->expires_on = c->review_on = c->able_from = c->able_until = CIVIL_NONE;
    c->method = METHOD_SIGNED;
    return m;
}

struct msg *town_withdraw(struct town *t, const char *purpose, enum town_person p)
{
    struct msg *m = town_msg(t, MSG_WITHDRAWAL);

    (void)snprintf(m->purpose, sizeof(m->purpose), "%s", purpose);
    (void)snprintf(m->withdrawal.purpose, sizeof(m->withdrawal.purpose), "%s", purpose);
    town_person(p, &m->withdrawal.subject);
    m->withdrawal.given_on = TOWN_DAY;
    m->withdrawal.given_ms = town_wall;
    return m;
}

struct msg *town_shield(struct town *t, enum town_person p, uint8_t level)
{
    struct msg *m = town_msg(t, MSG_SHIELD);

    town_person(p, &m->shield.subject);
    m->shield.level = level;
    m->shield.from = TOWN_DAY - 10;
    m->shield.until = m->shield.review_on = CIVIL_NONE;
    (void)snprintf(m->shield.reason, sizeof(m->shield.reason), "threats");
    return m;
}

struct msg *town_override(struct town *t, const char *purpose, const char *question,
                          enum town_person p)
{
    struct msg *m = town_msg(t, MSG_OVERRIDE);
    struct msg_override *o = &m->override;

    (void)snprintf(m->purpose, sizeof(m->purpose), "%s", purpose);
    (void)snprintf(m->basis, sizeof(m->basis), "safeguarding");
    town_practitioner(m, "worker-7");
    town_person(p, &o->subject);
    (void)snprintf(o->question, sizeof(o->question), "%s", question);
    o->involvement = !*question;
    o->para18 = PARA18_WOULD_PREJUDICE;
    o->harm = HARM_NEGLECT;
    o->likelihood = LIKELIHOOD_LIKELY;
    o->immediacy = IMMEDIACY_NOW;
    o->told = TOLD_YES;
    (void)snprintf(o->necessity, sizeof(o->necessity), "nobody else can say");
    (void)snprintf(o->proportionality, sizeof(o->proportionality), "one question");
    o->hours = 24;
    o->no_part = true;
    return m;
}

struct msg *town_approval(struct town *t, const struct id *override, const char *ref,
                          uint8_t decision)
{
    struct msg *m = town_msg(t, MSG_APPROVAL);

    town_practitioner(m, ref);
    m->approval.override = *override;
    m->approval.decision = decision;
    m->approval.senior = m->approval.no_part = true;
    (void)snprintf(m->approval.reason, sizeof(m->approval.reason), "I was told why");
    return m;
}

void town_answer(struct town *t, enum town_agency who, uint8_t value)
{
    struct id question;
    bool involvement;
    struct msg *m;

    assert_true(town_heard(t, who, MSG_QUESTION) > 0);
    question = t->msg.id;
    involvement = t->msg.question.involvement;
    m = town_msg(t, MSG_ANSWER);
    m->in_reply_to = question;
    m->answer.value = value;
    m->answer.cause = value == ANSWER_CANNOT_SAY ? CAUSE_AMBIGUOUS : CAUSE_NONE;
    m->answer.data_as_of = value == ANSWER_CANNOT_SAY ? CIVIL_NONE : TOWN_DAY;
    m->answer.since = CIVIL_NONE;
    if (involvement && value == ANSWER_YES) {
        (void)snprintf(m->answer.service, sizeof(m->answer.service), "the %s", town_names[who]);
        (void)snprintf(m->answer.contact_route, sizeof(m->answer.contact_route), "desk of %s",
                       town_names[who]);
        m->answer.since = TOWN_DAY - 400;
    }
    town_say(t, who, m);
}
