/* SPDX-License-Identifier: Apache-2.0 */
/* later_town.h - the town with people who answer by hand: the charity within a day, the police
 * within three, and the clinic, which is sensitive, within two. The council asks. */
#pragma once
#include "core_town.h"
#include "core_town_policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/layout.h"
#include "store/fault.h"

#define HOUR_MS INT64_C(3600000)

static unsigned desk_hours[TOWN_N]; /* for the next policy, as are the epochs of tokens by state */
static uint16_t desk_epochs[POLICY_EPOCH_PREVIOUS + 1];

static inline void desks(struct layout *l)
{
    l->tokens.keyholder = POLICY_NONE;
    for (uint8_t s = 1; s <= POLICY_EPOCH_PREVIOUS; s++)
        if (desk_epochs[s])
            l->tokens.epochs[l->tokens.n++] =
                (struct policy_epoch){ .scheme = POLICY_HMAC, .epoch = desk_epochs[s], .state = s };
    for (size_t a = 0; a < l->n_agencies; a++)
        l->agencies[a].desk_hours = (uint16_t)desk_hours[a];
}

static inline int with_desks(void **state, unsigned charity, unsigned police, unsigned clinic)
{
    memset(desk_hours, 0, sizeof(desk_hours));
    memset(desk_epochs, 0, sizeof(desk_epochs));
    desk_hours[TOWN_CHARITY] = charity;
    desk_hours[TOWN_POLICE] = police;
    desk_hours[TOWN_CLINIC] = clinic;
    town_policy_more = desks;
    return town_setup(state);
}

static inline int one_desk(void **state)
{
    return with_desks(state, 24, 0, 0);
}

static inline int two_desks(void **state)
{
    return with_desks(state, 24, 72, 0);
}

static inline int no_desks_after(void **state)
{
    memset(desk_hours, 0, sizeof(desk_hours));
    town_teardown(state);
    return 0;
}

/* Wall time alone: everybody goes on saying that they are there, and heads are signed. */
static inline void hours_pass(struct town *t, int64_t hours)
{
    town_wall += hours * HOUR_MS;
    t->core->heads.signed_ms = town_mono;
    town_turn(t);
}

static inline void asks(struct town *t, struct msg *m)
{
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
}

static inline void asks_insight(struct town *t, const char *question, enum town_person p)
{
    asks(t, town_insight(t, "safeguarding", question, p));
}

static inline void deadline_passes(struct town *t)
{
    town_mono += 2001;
    town_turn(t);
}

/* The id of the last question that it heard. */
static inline struct id question_of(struct town *t, enum town_agency who)
{
    assert_true(town_heard(t, who, MSG_QUESTION) > 0);
    return t->msg.id;
}

/* The council asks what the charity answers by hand, and the deadline passes. Return: the question's
 * id. */
static inline struct id awaited(struct town *t)
{
    struct id q;

    asks_insight(t, "arrears", TOWN_TESS);
    q = question_of(t, TOWN_CHARITY);
    deadline_passes(t);
    return q;
}

/* What the police answer by hand too, or would by machine. */
static inline void awaited_of_both(struct town *t, struct id *charity, struct id *police)
{
    asks_insight(t, "truancy", TOWN_TESS);
    *charity = question_of(t, TOWN_CHARITY);
    *police = question_of(t, TOWN_POLICE);
    deadline_passes(t);
}

static inline struct msg *answer_msg(struct town *t, const struct id *question, uint8_t value)
{
    struct msg *m = town_msg(t, MSG_ANSWER);

    m->in_reply_to = *question;
    m->answer.value = value;
    m->answer.cause = value == ANSWER_CANNOT_SAY ? CAUSE_PARTIAL : CAUSE_NONE;
    m->answer.data_as_of = value == ANSWER_CANNOT_SAY ? CIVIL_NONE : TOWN_DAY;
    m->answer.since = CIVIL_NONE;
    return m;
}

static inline void answers(struct town *t, enum town_agency who, const struct id *question,
                           uint8_t value)
{
    town_say(t, who, answer_msg(t, question, value));
    town_turn(t);
}

/* The one Insight by the deadline. */
static inline void told(struct town *t, uint8_t value, uint8_t completeness, int64_t later_by_ms)
{
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, value);
    assert_int_equal(t->msg.insight.completeness, completeness);
    assert_int_equal(t->msg.insight.later_by_ms, later_by_ms);
}

/* How many final replies came; the last of them in t->msg. */
static inline size_t finals(struct town *t, uint8_t kind)
{
    size_t n = town_heard(t, TOWN_COUNCIL, MSG_DELIVER);

    if (n)
        assert_int_equal(t->msg.deliver.kind, kind);
    return n;
}

static inline void finally(struct town *t, uint8_t value, uint8_t completeness)
{
    assert_int_equal(finals(t, DELIVERY_INSIGHT), 1);
    assert_int_equal(t->msg.deliver.insight.value, value);
    assert_int_equal(t->msg.deliver.insight.completeness, completeness);
    assert_string_equal(t->msg.deliver.stream, "inbox");
}

static inline void acknowledged(struct town *t)
{
    uint64_t seq;
    struct msg *m;

    assert_true(town_heard(t, TOWN_COUNCIL, MSG_DELIVER) > 0);
    seq = t->msg.deliver.seq;
    m = town_msg(t, MSG_ACK);
    (void)snprintf(m->ack.stream, sizeof(m->ack.stream), "inbox");
    m->ack.seq = seq;
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
}

static inline void hello(struct town *t, enum town_agency who)
{
    town_forget(t);
    town_hello(t, who);
    town_turn(t);
}

/* Three leases missed; the others go on sending theirs. */
static inline void falls_silent(struct town *t, enum town_agency who)
{
    town_mono += 20000;
    t->core->heads.signed_ms = town_mono;
    for (int a = 0; a < TOWN_N; a++) {
        if (a != (int)who)
            town_say(t, (enum town_agency)a, town_lease(t));
    }
    town_turn(t);
    town_forget(t);
}

static inline int entry_counted(void *ctx, struct bytes key, struct bytes value)
{
    (void)key;
    (void)value;
    ++*(size_t *)ctx;
    return 0;
}

/* Entries of the table of what waits. */
static inline size_t kept(struct town *t)
{
    ALM_CLEANUP(store_abortp) struct store_txn *txn = NULL;
    size_t n = 0;

    assert_int_equal(store_begin(t->core->store, false, &txn), 0);
    assert_int_equal(store_scan(txn, TABLE_LATER, bytes_of(NULL, 0), bytes_of(NULL, 0), false,
                                entry_counted, &n),
                     0);
    return n;
}

static inline void suspends(struct town *t, const char *kind, enum town_agency who)
{
    static const int two[] = { 0, 1, -1 };

    assert_string_equal(
        town_change(t, kind,
                    json_pack("{s:s,s:s}", "agency", town_names[who], "reason", "under review"),
                    two),
        "ok");
}

static inline void lodges(struct town *t, enum town_agency who, struct msg *m)
{
    town_say(t, who, m);
    town_turn(t);
    assert_true(town_heard(t, who, MSG_RECEIPT) > 0);
    town_forget(t);
}

#define ONE_DESK(f)  cmocka_unit_test_setup_teardown(f, one_desk, no_desks_after)
#define TWO_DESKS(f) cmocka_unit_test_setup_teardown(f, two_desks, no_desks_after)
