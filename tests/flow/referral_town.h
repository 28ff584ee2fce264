/* SPDX-License-Identifier: Apache-2.0 */
/* referral_town.h - referrals in the town of core_town.h: built, sent, moved and heard of. */
#pragma once
#include <stdio.h>
#include <string.h>

#include "core_town.h"

#define SAFEGUARDING "safeguarding"

/* Somebody of the agency does something: the reason of the Refusal, or "". */
static inline const char *says(struct town *t, enum town_agency from, struct msg *m)
{
    static name_t said;

    town_forget(t);
    town_say(t, from, m);
    town_turn(t);
    if (!town_heard(t, from, MSG_REFUSAL))
        return "";
    (void)snprintf(said, sizeof(said), "%s", t->msg.refusal.reason);
    return said;
}

static inline void by_worker(struct msg *m, const char *purpose)
{
    (void)snprintf(m->purpose, sizeof(m->purpose), "%s", purpose);
    town_practitioner(m, "worker-7");
}

static inline struct msg *referral_msg(struct town *t, enum town_agency to, uint8_t kind)
{
    struct msg *m = town_msg(t, MSG_REFERRAL);
    struct msg_referral *r = &m->referral;

    by_worker(m, SAFEGUARDING);
    r->kind = kind;
    r->origin = ORIGIN_AGENCY;
    (void)snprintf(r->to, sizeof(r->to), "%s", town_names[to]);
    (void)snprintf(r->reason, sizeof(r->reason), "hunger");
    r->subject_kind = SUBJECT_PERSON;
    town_person(TOWN_TESS, &r->subject);
    r->sent_on = t->core->day;
    r->made = MADE_MOST;
    return m;
}

/* A soft referral of Tess from the school to the charity. Return: its id. */
static inline struct id referred(struct town *t)
{
    struct msg *m = referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT);
    struct id id;

    assert_int_equal(id_new(town_wall, &id), 0);
    m->id = id;
    assert_string_equal(says(t, TOWN_SCHOOL, m), "");
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_RECEIPT), 1);
    return id;
}

static inline struct msg *step_msg(struct town *t, struct id referral, uint8_t step)
{
    struct msg *m = town_msg(t, MSG_REFERRAL_UPDATE);

    by_worker(m, SAFEGUARDING);
    m->referral_update.referral = referral;
    m->referral_update.step = step;
    m->referral_update.on = t->core->day;
    if (step == STEP_REJECTED || step == STEP_DOWNGRADED || step == STEP_REVOKED)
        (void)snprintf(m->referral_update.reason, sizeof(m->referral_update.reason), "full");
    if (step == STEP_DOWNGRADED)
        m->referral_update.kind = REFERRAL_SIGNPOSTING;
    if (step == STEP_CLOSED)
        (void)snprintf(m->referral_update.outcome, sizeof(m->referral_update.outcome), "fed");
    return m;
}

static inline const char *steps(struct town *t, enum town_agency who, struct id referral,
                                uint8_t step)
{
    return says(t, who, step_msg(t, referral, step));
}

/* What the asker is told of its state; 0 refused. The whole reply is then in t->msg. */
static inline uint8_t state_for(struct town *t, enum town_agency who, struct id referral)
{
    struct msg *m = town_insight(t, SAFEGUARDING, "referral-state", TOWN_TESS);

    m->insight_query.has_referral = true;
    m->insight_query.referral = referral;
    town_forget(t);
    town_say(t, who, m);
    town_turn(t);
    return town_heard(t, who, MSG_REFERRAL_STATE) ? t->msg.referral_state.state : 0;
}

/* Deliveries of this kind that the agency has heard since; the last of them in t->msg. */
static inline size_t delivered(struct town *t, enum town_agency who, uint8_t kind)
{
    static struct msg last;
    size_t n = 0;

    for (size_t i = 0; i < t->n_heard; i++) {
        struct wire_envelope e;
        uint8_t type;

        if (t->heard[i].to != who)
            continue;
        assert_int_equal(wire_open(bytes_of(t->heard[i].octets, t->heard[i].len), &e), WIRE_OK);
        assert_int_equal(wire_peek(e.body, &type), WIRE_OK);
        if (type != MSG_DELIVER)
            continue;
        assert_int_equal(wire_decode(e.body, &t->msg), WIRE_OK);
        if (t->msg.deliver.kind != kind)
            continue;
        last = t->msg;
        n++;
    }
    if (n)
        t->msg = last;
    return n;
}

/* Everybody says that they are there, the head is signed, and the day is set. */
static inline void day_passes(struct town *t, int32_t days)
{
    int32_t day = t->core->day + days;

    town_wall += (int64_t)days * 86400000;
    for (int a = 0; a < TOWN_N; a++)
        town_say(t, (enum town_agency)a, town_lease(t));
    town_turn(t);
    town_forget(t);
    town_day(t, day);
    town_turn(t);
    town_turn(t);
}
