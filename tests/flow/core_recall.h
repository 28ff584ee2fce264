/* SPDX-License-Identifier: Apache-2.0 */
/* core_recall.h - what the tests of answers that are taken back say to one core, and what they look
 * for. */
#pragma once
#include "core_consent.h"

/* The council asks the police under a duty whether there was noise, or whatever question. */
static inline struct id asked(struct town *t, enum town_agency who, const char *question,
                              enum town_person p, uint8_t value)
{
    struct msg *m = town_insight(t, "safeguarding", question, p);
    struct id id;

    town_forget(t);
    town_say(t, who, m);
    id = m->id;
    town_turn(t);
    for (int a = 0; a < TOWN_N; a++) {
        if (town_heard(t, (enum town_agency)a, MSG_QUESTION))
            town_answer(t, (enum town_agency)a, value);
    }
    town_turn(t);
    assert_int_equal(town_heard(t, who, MSG_INSIGHT), 1);
    town_forget(t);
    return id;
}

static inline struct msg *correction(struct town *t, const char *question, enum town_person p)
{
    struct msg *m = town_msg(t, MSG_CORRECTION);

    m->correction.subject_kind = SUBJECT_PERSON;
    town_person(p, &m->correction.subject);
    (void)snprintf(m->correction.question, sizeof(name_t), "%s", question);
    m->correction.from = m->correction.until = TOWN_DAY;
    m->correction.kind = CORRECTION_WRONG_ANSWER;
    (void)snprintf(m->correction.reason, sizeof(m->correction.reason), "it was the house opposite");
    return m;
}

/* Takes a delivery as an adapter does. */
static inline void takes(struct town *t, enum town_agency who)
{
    struct msg *m;
    uint64_t seq = t->msg.deliver.seq;

    m = town_msg(t, MSG_ACK);
    (void)snprintf(m->ack.stream, sizeof(m->ack.stream), "inbox");
    m->ack.seq = seq;
    town_say(t, who, m);
    town_turn(t);
}

/* How many StopUsing the agency has heard since the last town_forget; the last in t->msg. */
static inline size_t stops(struct town *t, enum town_agency who)
{
    size_t n = town_heard(t, who, MSG_DELIVER);

    if (n)
        assert_int_equal(t->msg.deliver.kind, DELIVERY_STOP_USING);
    return n;
}

static inline struct id corrects(struct town *t, enum town_agency who, struct msg *m)
{
    struct id id;

    town_forget(t);
    town_say(t, who, m);
    id = m->id;
    town_turn(t);
    assert_string_equal(town_refusal(t, who), "");
    assert_int_equal(town_heard(t, who, MSG_RECEIPT), 1);
    return id;
}

static inline struct msg_correction_state counts(struct town *t, enum town_agency who,
                                                 const struct id *id)
{
    struct msg *m = town_msg(t, MSG_CORRECTION_QUERY);

    m->correction_query.has_correction = true;
    m->correction_query.correction = *id;
    town_forget(t);
    town_say(t, who, m);
    town_turn(t);
    assert_int_equal(town_heard(t, who, MSG_CORRECTION_LIST), 1);
    assert_int_equal(t->msg.correction_list.n, 1);
    assert_true(id_equal(&t->msg.correction_list.entries[0].correction, id));
    return t->msg.correction_list.entries[0];
}

static inline struct msg *ack_of(struct town *t, const struct id *recall, uint8_t done,
                                 const char *text)
{
    struct msg *m = town_msg(t, MSG_ACK_OF);

    m->ack_of.recall = *recall;
    m->ack_of.done = done;
    (void)snprintf(m->ack_of.text, sizeof(m->ack_of.text), "%s", text);
    return m;
}
