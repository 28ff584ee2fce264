/* SPDX-License-Identifier: Apache-2.0 */
/* core_consent.h - what the tests of consents and of disputes say to one core, and what they look
 * for: consent for early help about Tess, asked about by the council. */
#pragma once
#include "core_town.h"
#include "core_town_policy.h"

#include <stdio.h>
#include <string.h>

#define PURPOSE "early-help"

static const int consent_officer[] = { 0, -1 };

static inline void refused(struct town *t, enum town_agency who, struct msg *m, const char *reason)
{
    struct ledger_clear leaf;

    town_forget(t);
    town_say(t, who, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, who), reason);
    assert_int_equal(town_heard(t, who, MSG_RECEIPT), 0);
    assert_true(town_leaves(t, EVENT_REFUSED, &leaf) > 0);
    assert_string_equal(leaf.reason, reason);
    town_forget(t);
}

static inline struct id lodged(struct town *t, enum town_agency who, struct msg *m)
{
    struct id id;

    town_forget(t);
    town_say(t, who, m);
    id = m->id;
    town_turn(t);
    assert_string_equal(town_refusal(t, who), "");
    assert_int_equal(town_heard(t, who, MSG_RECEIPT), 1);
    town_forget(t);
    return id;
}

/* Put to the police? Else it was refused by the one line. */
static inline bool asked_of(struct town *t, enum town_agency who, struct msg *m)
{
    bool asked;

    town_forget(t);
    town_say(t, who, m);
    town_turn(t);
    asked = town_heard(t, TOWN_POLICE, MSG_QUESTION) > 0;
    if (!asked)
        assert_string_equal(town_refusal(t, who), "no-consent-on-file");
    town_forget(t);
    return asked;
}

static inline bool noise_asked(struct town *t)
{
    return asked_of(t, TOWN_COUNCIL, town_insight(t, PURPOSE, "noise", TOWN_TESS));
}

/* Asked by who, and answered: who was told. Return: the id of the question. */
static inline struct id told(struct town *t, enum town_agency who)
{
    struct msg *m = town_insight(t, PURPOSE, "noise", TOWN_TESS);
    struct id id;

    town_forget(t);
    town_say(t, who, m);
    id = m->id;
    town_turn(t);
    town_answer(t, TOWN_POLICE, ANSWER_NO);
    town_turn(t);
    assert_int_equal(town_heard(t, who, MSG_INSIGHT), 1);
    assert_true(id_equal(&t->msg.in_reply_to, &id));
    town_forget(t);
    return id;
}

static inline struct msg *consent_by(struct town *t, uint8_t capacity)
{
    struct msg *m = town_consent(t, PURPOSE, TOWN_TESS);

    town_wall += 1000; /* later than whatever was lodged before */
    m->consent.capacity = capacity;
    m->consent.competence_on = CIVIL_NONE;
    m->consent.given_on = TOWN_DAY;
    m->consent.given_ms = town_wall;
    return m;
}

static inline struct msg *judged(struct msg *m)
{
    (void)snprintf(m->consent.competence_by, sizeof(name_t), "nurse-77");
    (void)snprintf(m->consent.competence_role, sizeof(name_t), "school-nurse");
    m->consent.competence_on = m->consent.given_on;
    return m;
}

static inline struct msg *dispute(struct town *t, const char *purpose, enum town_person p)
{
    struct msg *m = town_msg(t, MSG_DISPUTE);

    (void)snprintf(m->purpose, sizeof(m->purpose), "%s", purpose);
    (void)snprintf(m->dispute.purpose, sizeof(m->dispute.purpose), "%s", purpose);
    town_person(p, &m->dispute.subject);
    m->dispute.on = TOWN_DAY;
    return m;
}

static inline const char *lift(struct town *t, const struct id *id, const int *officers)
{
    static char word[64];
    char text[ID_TEXT];

    id_format(id, text);
    (void)snprintf(word, sizeof(word), "%s",
                   town_change(t, "dispute-lift",
                               json_pack("{s:s,s:s}", "dispute", text, "reason", "court order"),
                               officers));
    return word;
}

/* How often an agency has heard that what it was told rests on nothing any more. */
static inline size_t notices(struct town *t, enum town_agency who)
{
    size_t n = town_heard(t, who, MSG_DELIVER);

    if (n) {
        assert_int_equal(t->msg.deliver.kind, DELIVERY_STOP_USING);
        assert_int_equal(t->msg.deliver.stop.cause, STOP_CONSENT_ENDED);
    }
    return n;
}

static inline void comes_back(struct town *t, enum town_agency who)
{
    town_hello(t, who);
    town_turn(t);
    town_forget(t);
}
