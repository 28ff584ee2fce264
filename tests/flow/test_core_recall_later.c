/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_recall_later.c - what was taken back while somebody still answers by hand, under the
 * key before, and as a criterion of a service. */
#include "later_town.h"

#include "store/ledger_keys.h"

static struct msg *correction(struct town *t, const char *question)
{
    struct msg *m = town_msg(t, MSG_CORRECTION);

    m->correction.subject_kind = SUBJECT_PERSON;
    town_person(TOWN_TESS, &m->correction.subject);
    (void)snprintf(m->correction.question, sizeof(name_t), "%s", question);
    m->correction.from = m->correction.until = TOWN_DAY;
    m->correction.kind = CORRECTION_WRONG_ANSWER;
    (void)snprintf(m->correction.reason, sizeof(m->correction.reason), "another child's");
    return m;
}

static void says(struct town *t, enum town_agency who, struct msg *m)
{
    town_forget(t);
    town_say(t, who, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, who), "");
}

/* Deliveries of a kind that the council has heard; the last of them in t->msg. */
static size_t of_kind(struct town *t, uint8_t kind)
{
    static struct msg m;
    struct msg last = { .type = 0 };
    size_t n = 0;

    for (size_t i = 0; i < t->n_heard; i++) {
        struct wire_envelope e;

        if (t->heard[i].to != TOWN_COUNCIL)
            continue;
        assert_int_equal(wire_open(bytes_of(t->heard[i].octets, t->heard[i].len), &e), WIRE_OK);
        assert_int_equal(wire_decode(e.body, &m), WIRE_OK);
        if (m.type != MSG_DELIVER || m.deliver.kind != kind)
            continue;
        last = m;
        n++;
    }
    t->msg = last;
    return n;
}

/* The police said yes and take it back; days later the last desk answers, and the reply rests on
 * what the others say alone. */
static void a_final_reply_rests_on_nothing_that_was_taken_back(void **state)
{
    static const enum town_agency others[] = { TOWN_SCHOOL, TOWN_NURSERY };
    struct town *t = *state;
    struct id charity, police, q;

    asks_insight(t, "truancy", TOWN_TESS);
    charity = question_of(t, TOWN_CHARITY);
    police = question_of(t, TOWN_POLICE);
    for (size_t i = 0; i < ALM_LEN(others); i++) {
        q = question_of(t, others[i]);
        answers(t, others[i], &q, ANSWER_NO);
    }
    deadline_passes(t);
    answers(t, TOWN_POLICE, &police, ANSWER_YES);
    says(t, TOWN_POLICE, correction(t, "truancy"));
    assert_int_equal(of_kind(t, DELIVERY_STOP_USING), 1); /* of what it was told by the deadline */
    hours_pass(t, 1);
    answers(t, TOWN_CHARITY, &charity, ANSWER_NO);
    assert_int_equal(of_kind(t, DELIVERY_INSIGHT), 1);
    assert_int_equal(t->msg.deliver.insight.value, INSIGHT_CANNOT_SAY);
    assert_int_equal(t->msg.deliver.insight.completeness, COMPLETE_MOST);
}

static void what_is_asked_after_a_correction_is_answered_by_whoever_corrected(void **state)
{
    struct town *t = *state;
    struct id police;

    says(t, TOWN_POLICE, correction(t, "noise"));
    town_forget(t);
    asks_insight(t, "noise", TOWN_TESS);
    police = question_of(t, TOWN_POLICE);
    answers(t, TOWN_POLICE, &police, ANSWER_NO);
    hours_pass(t, 1);
    assert_int_equal(of_kind(t, DELIVERY_STOP_USING), 0);
}

static void epochs_are(struct town *t, uint16_t current, uint16_t next, uint16_t previous)
{
    desk_epochs[POLICY_EPOCH_CURRENT] = current;
    desk_epochs[POLICY_EPOCH_NEXT] = next;
    desk_epochs[POLICY_EPOCH_PREVIOUS] = previous;
    town_activate(t);
    town_turn(t);
}

/* "Lodged under current only" holds of what is matched with what comes; a correction looks back. */
static void what_was_asked_under_the_key_before_is_taken_back_by_that_key(void **state)
{
    struct town *t = *state;
    struct id police;
    struct msg *m;

    asks_insight(t, "noise", TOWN_TESS);
    police = question_of(t, TOWN_POLICE);
    answers(t, TOWN_POLICE, &police, ANSWER_YES);
    epochs_are(t, 1, 2, 0);
    epochs_are(t, 2, 0, 1);
    says(t, TOWN_POLICE, correction(t, "noise"));
    assert_int_equal(of_kind(t, DELIVERY_STOP_USING), 1);
    m = town_msg(t, MSG_STATEMENT);
    town_person(TOWN_TESS, &m->statement.subject);
    (void)snprintf(m->statement.text, sizeof(m->statement.text), "x");
    town_forget(t);
    town_say(t, TOWN_SCHOOL, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_SCHOOL), "token-epoch");
    m = correction(t, "noise");
    for (uint8_t i = 0; i < m->correction.subject.n; i++)
        m->correction.subject.tokens[i].epoch = 7;
    town_forget(t);
    town_say(t, TOWN_POLICE, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_POLICE), "token-epoch");
}

static struct msg *eligible(struct town *t)
{
    struct msg *m = town_msg(t, MSG_ELIGIBILITY_QUERY);

    (void)snprintf(m->purpose, sizeof(m->purpose), "safeguarding");
    (void)snprintf(m->practitioner.ref, sizeof(name_t), "p-1");
    (void)snprintf(m->practitioner.role, sizeof(name_t), "social-worker");
    m->practitioner.login = LOGIN_TWO_FACTOR;
    (void)snprintf(m->eligibility_query.service, sizeof(name_t), "meals");
    m->eligibility_query.subject_kind = SUBJECT_PERSON;
    town_person(TOWN_TESS, &m->eligibility_query.subject);
    m->eligibility_query.relationship.kind = RELATION_INVOLVED;
    m->eligibility_query.relationship.since = TOWN_DAY - 100;
    m->eligibility_query.relationship.until = CIVIL_NONE;
    return m;
}

static void a_criterion_of_a_service_takes_the_eligibility_back(void **state)
{
    struct town *t = *state;
    struct msg *m = eligible(t);
    struct id query;

    town_say(t, TOWN_COUNCIL, m);
    query = m->id;
    town_turn(t);
    deadline_passes(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_ELIGIBILITY), 1);
    says(t, TOWN_POLICE, correction(t, "truancy"));
    assert_int_equal(of_kind(t, DELIVERY_STOP_USING), 1);
    assert_true(id_equal(&t->msg.deliver.stop.message, &query));
    assert_string_equal(t->msg.deliver.stop.question, "eligible");
}

/* Who was told by a record that was forgotten since is known to nobody any more. */
static void what_was_forgotten_is_not_searched_for(void **state)
{
    struct town *t = *state;
    struct store_txn *txn;
    struct ledger_clear leaf;
    struct id police;

    asks_insight(t, "noise", TOWN_TESS);
    police = question_of(t, TOWN_POLICE);
    answers(t, TOWN_POLICE, &police, ANSWER_YES);
    assert_int_equal(town_leaves(t, EVENT_DISCLOSED, &leaf), 1);
    assert_int_equal(store_begin(t->core->store, true, &txn), 0);
    assert_int_equal(ledger_forget(txn, leaf.about), 0);
    assert_int_equal(store_commit(txn), 0);
    says(t, TOWN_POLICE, correction(t, "noise"));
    assert_int_equal(of_kind(t, DELIVERY_STOP_USING), 0);
    assert_int_equal(town_leaves(t, EVENT_RECALLED, &leaf), 1);
    assert_string_equal(leaf.detail, "told=0 gone=0");
}

int main(void)
{
#define TEST(f, setup) cmocka_unit_test_setup_teardown(f, setup, no_desks_after)
    const struct CMUnitTest tests[] = {
        TEST(a_final_reply_rests_on_nothing_that_was_taken_back, two_desks),
        TEST(what_is_asked_after_a_correction_is_answered_by_whoever_corrected, one_desk),
        TEST(what_was_asked_under_the_key_before_is_taken_back_by_that_key, one_desk),
        TEST(a_criterion_of_a_service_takes_the_eligibility_back, one_desk),
        TEST(what_was_forgotten_is_not_searched_for, one_desk),
    };

    (void)with_desks;
    (void)told;
    (void)finally;
    (void)acknowledged;
    (void)hello;
    return cmocka_run_group_tests_name("core_recall_later", tests, NULL, NULL);
}
