/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_referral_life.c - what each party does with a referral, what it is told of its state,
 * and what time does to it. */
#include "referral_town.h"

/* --- its life --- */

static void each_step_reaches_the_other_party_and_is_a_leaf(void **state)
{
    struct town *t = *state;
    struct id id = referred(t);
    struct ledger_clear leaf;

    assert_string_equal(steps(t, TOWN_CHARITY, id, STEP_RECEIVED), "");
    assert_int_equal(delivered(t, TOWN_SCHOOL, DELIVERY_REFERRAL_UPDATE), 1);
    assert_int_equal(t->msg.deliver.update.step, STEP_RECEIVED);
    assert_string_equal(t->msg.deliver.from, "charity");
    assert_string_equal(steps(t, TOWN_CHARITY, id, STEP_MORE_INFO), "");
    assert_string_equal(steps(t, TOWN_SCHOOL, id, STEP_INFO_GIVEN), "");
    assert_int_equal(delivered(t, TOWN_CHARITY, DELIVERY_REFERRAL_UPDATE), 1);
    assert_int_equal(delivered(t, TOWN_SCHOOL, DELIVERY_REFERRAL_UPDATE), 0);
    assert_string_equal(steps(t, TOWN_CHARITY, id, STEP_ACCEPTED), "");
    assert_string_equal(steps(t, TOWN_CHARITY, id, STEP_DELIVERING), "");
    assert_int_equal(state_for(t, TOWN_SCHOOL, id), REFERRAL_DELIVERING);
    assert_string_equal(steps(t, TOWN_CHARITY, id, STEP_CLOSED), "");
    assert_int_equal(town_leaves(t, EVENT_REFERRAL_STEP, &leaf), 6);
    assert_non_null(strstr(leaf.detail, "step=closed state=closed"));
    assert_int_equal(state_for(t, TOWN_CHARITY, id), REFERRAL_CLOSED);
    assert_int_equal(t->msg.referral_state.due_on, TOWN_DAY + 14); /* feedback */
    assert_string_equal(steps(t, TOWN_CHARITY, id, STEP_FEEDBACK), "");
    assert_int_equal(state_for(t, TOWN_SCHOOL, id), REFERRAL_CLOSED);
    assert_int_equal(t->msg.referral_state.due_on, CIVIL_NONE);
}

static void a_step_that_is_not_the_partys_or_not_from_here_is_refused(void **state)
{
    struct town *t = *state;
    struct id id = referred(t), nobodys;
    struct msg *m;

    assert_string_equal(steps(t, TOWN_SCHOOL, id, STEP_ACCEPTED), "step-not-yours");
    assert_string_equal(steps(t, TOWN_CHARITY, id, STEP_WITHDRAWN), "step-not-yours");
    assert_string_equal(steps(t, TOWN_CHARITY, id, STEP_PLANNED), "step-not-allowed");
    assert_string_equal(steps(t, TOWN_CHARITY, id, STEP_FEEDBACK), "step-not-allowed");
    assert_string_equal(steps(t, TOWN_POLICE, id, STEP_ACCEPTED), "unknown-referral");
    assert_int_equal(id_new(town_wall, &nobodys), 0);
    assert_string_equal(steps(t, TOWN_CHARITY, nobodys, STEP_ACCEPTED), "unknown-referral");
    m = step_msg(t, id, STEP_ACCEPTED);
    m->referral_update.on = TOWN_DAY + 1;
    assert_string_equal(says(t, TOWN_CHARITY, m), "bad-dates");
    m = step_msg(t, id, STEP_ACCEPTED);
    m->referral_update.on = TOWN_DAY - 1; /* before it was sent */
    assert_string_equal(says(t, TOWN_CHARITY, m), "bad-dates");
    m = step_msg(t, id, STEP_CLOSED);
    m->referral_update.outcome[0] = '\0';
    assert_string_equal(says(t, TOWN_CHARITY, m), "outcome-required");
    m = step_msg(t, id, STEP_DOWNGRADED);
    m->referral_update.kind = REFERRAL_HARD; /* no lesser one */
    assert_string_equal(says(t, TOWN_CHARITY, m), "lesser-kind-required");
    assert_int_equal(state_for(t, TOWN_SCHOOL, id), REFERRAL_SENT);
    assert_int_equal(town_leaves(t, EVENT_REFERRAL_STEP, NULL), 0);
}

static void a_downgrade_keeps_the_state_and_says_why(void **state)
{
    struct town *t = *state;
    struct id id = referred(t);

    assert_string_equal(steps(t, TOWN_CHARITY, id, STEP_DOWNGRADED), "");
    assert_int_equal(delivered(t, TOWN_SCHOOL, DELIVERY_REFERRAL_UPDATE), 1);
    assert_string_equal(t->msg.deliver.update.reason, "full");
    assert_int_equal(state_for(t, TOWN_SCHOOL, id), REFERRAL_SENT);
    assert_int_equal(t->msg.referral_state.kind, REFERRAL_SIGNPOSTING);
}

static void a_redirected_referral_goes_on_to_the_next_and_is_out_of_the_firsts_hands(void **state)
{
    struct town *t = *state;
    struct id id = referred(t);
    struct msg *m = step_msg(t, id, STEP_REDIRECTED);

    (void)snprintf(m->referral_update.redirect_to, sizeof(name_t), "council");
    assert_string_equal(says(t, TOWN_CHARITY, m), "");
    assert_int_equal(delivered(t, TOWN_COUNCIL, DELIVERY_REFERRAL), 1);
    assert_string_equal(t->msg.deliver.from, "school");
    assert_int_equal(t->msg.deliver.referral.sealed.len, 0);
    assert_int_equal(delivered(t, TOWN_SCHOOL, DELIVERY_REFERRAL_UPDATE), 1);
    assert_string_equal(t->msg.deliver.update.redirect_to, "council");
    assert_int_equal(state_for(t, TOWN_SCHOOL, id), REFERRAL_SENT);
    assert_string_equal(t->msg.referral_state.to, "council");
    assert_int_equal(state_for(t, TOWN_CHARITY, id), REFERRAL_REDIRECTED);
    assert_string_equal(steps(t, TOWN_CHARITY, id, STEP_ACCEPTED), "step-not-yours");
    assert_int_equal(town_leaves(t, EVENT_REFERRAL_STEP, NULL), 2); /* each hop a leaf */
    m = step_msg(t, id, STEP_REDIRECTED);
    (void)snprintf(m->referral_update.redirect_to, sizeof(name_t), "charity");
    assert_string_equal(says(t, TOWN_COUNCIL, m), "referral-loop");
    m = step_msg(t, id, STEP_REDIRECTED);
    (void)snprintf(m->referral_update.redirect_to, sizeof(name_t), "school");
    assert_string_equal(says(t, TOWN_COUNCIL, m), "referral-loop");
    m = step_msg(t, id, STEP_REDIRECTED);
    (void)snprintf(m->referral_update.redirect_to, sizeof(name_t), "court");
    assert_string_equal(says(t, TOWN_COUNCIL, m), "receiver-not-a-party");
    assert_string_equal(steps(t, TOWN_COUNCIL, id, STEP_ACCEPTED), "");
}

static void a_withdrawn_referral_takes_no_further_step(void **state)
{
    struct town *t = *state;
    struct id id = referred(t);

    assert_string_equal(steps(t, TOWN_CHARITY, id, STEP_RECEIVED), "");
    assert_string_equal(steps(t, TOWN_SCHOOL, id, STEP_WITHDRAWN), "");
    assert_int_equal(delivered(t, TOWN_CHARITY, DELIVERY_REFERRAL_UPDATE), 1);
    assert_string_equal(steps(t, TOWN_CHARITY, id, STEP_ACCEPTED), "step-not-allowed");
    assert_string_equal(steps(t, TOWN_SCHOOL, id, STEP_WITHDRAWN), "step-not-allowed");
    assert_int_equal(state_for(t, TOWN_CHARITY, id), REFERRAL_WITHDRAWN);
}

/* --- the state question, the list, time --- */

static void only_its_parties_may_ask_after_a_referral(void **state)
{
    struct town *t = *state;
    struct id id = referred(t), nobodys;

    assert_int_equal(state_for(t, TOWN_SCHOOL, id), REFERRAL_SENT);
    assert_string_equal(t->msg.referral_state.from, "school");
    assert_string_equal(t->msg.referral_state.policy_rule, "safeguarding/referral-state");
    assert_int_equal(state_for(t, TOWN_NURSERY, id), REFERRAL_SENT); /* the school's team */
    assert_int_equal(state_for(t, TOWN_CHARITY, id), REFERRAL_SENT);
    assert_int_equal(state_for(t, TOWN_POLICE, id), 0);
    assert_string_equal(town_refusal(t, TOWN_POLICE), "not-referral-party");
    assert_int_equal(id_new(town_wall, &nobodys), 0);
    assert_int_equal(state_for(t, TOWN_POLICE, nobodys), REFERRAL_NONE);
    town_forget(t);
    town_say(t, TOWN_SCHOOL, town_insight(t, SAFEGUARDING, "referral-state", TOWN_TESS));
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_SCHOOL), "not-referral-party"); /* of none */
}

static void
an_undecided_referral_is_overdue_after_its_days_and_its_sender_hears_so_once(void **state)
{
    struct town *t = *state;
    struct id id = referred(t);

    day_passes(t, 28);
    assert_int_equal(delivered(t, TOWN_SCHOOL, DELIVERY_NOTICE), 0);
    assert_int_equal(state_for(t, TOWN_SCHOOL, id), REFERRAL_SENT);
    assert_int_equal(t->msg.referral_state.due_on, TOWN_DAY + 28);
    day_passes(t, 1);
    assert_int_equal(delivered(t, TOWN_SCHOOL, DELIVERY_NOTICE), 1);
    assert_int_equal(t->msg.deliver.notice.kind, NOTICE_OVERDUE);
    assert_int_equal(state_for(t, TOWN_CHARITY, id), REFERRAL_OVERDUE);
    assert_int_equal(t->msg.referral_state.since, TOWN_DAY + 29);
    day_passes(t, 1);
    assert_int_equal(delivered(t, TOWN_SCHOOL, DELIVERY_NOTICE), 0);
    assert_string_equal(steps(t, TOWN_CHARITY, id, STEP_ACCEPTED), ""); /* late is not never */
    assert_int_equal(state_for(t, TOWN_SCHOOL, id), REFERRAL_ACCEPTED);
}

static void an_open_referral_of_which_nothing_is_heard_expires_and_both_are_told(void **state)
{
    struct town *t = *state;
    struct id id = referred(t);
    struct ledger_clear leaf;

    assert_string_equal(steps(t, TOWN_CHARITY, id, STEP_ACCEPTED), "");
    day_passes(t, 200);
    assert_int_equal(state_for(t, TOWN_SCHOOL, id), REFERRAL_ACCEPTED);
    day_passes(t, 1);
    assert_true(delivered(t, TOWN_SCHOOL, DELIVERY_NOTICE) >= 1);
    assert_true(delivered(t, TOWN_CHARITY, DELIVERY_NOTICE) >= 1);
    assert_int_equal(state_for(t, TOWN_SCHOOL, id), REFERRAL_EXPIRED);
    (void)town_leaves(t, EVENT_REFERRAL_STEP, &leaf);
    assert_non_null(strstr(leaf.detail, "step=expired"));
    assert_string_equal(leaf.agency, "");
    assert_string_equal(steps(t, TOWN_CHARITY, id, STEP_DELIVERING), "step-not-allowed");
}

static void feedback_that_does_not_come_is_told_to_whoever_waits(void **state)
{
    struct town *t = *state;
    struct id id = referred(t);

    assert_string_equal(steps(t, TOWN_CHARITY, id, STEP_REJECTED), "");
    assert_int_equal(state_for(t, TOWN_SCHOOL, id), REFERRAL_REJECTED);
    assert_int_equal(t->msg.referral_state.due_on, TOWN_DAY + 14);
    day_passes(t, 15);
    assert_int_equal(delivered(t, TOWN_SCHOOL, DELIVERY_NOTICE), 1);
    assert_int_equal(state_for(t, TOWN_SCHOOL, id), REFERRAL_REJECTED); /* not "overdue" */
}

static void an_agency_lists_its_own_newest_first(void **state)
{
    struct town *t = *state;
    struct id first = referred(t), second;
    struct msg *m = referral_msg(t, TOWN_SCHOOL, REFERRAL_SOFT);

    town_wall += 5;
    assert_int_equal(id_new(town_wall, &second), 0);
    m->id = second;
    assert_string_equal(says(t, TOWN_CHARITY, m), "");
    assert_string_equal(steps(t, TOWN_CHARITY, first, STEP_REJECTED), "");
    assert_string_equal(steps(t, TOWN_CHARITY, first, STEP_FEEDBACK), "");
    m = town_msg(t, MSG_REFERRAL_QUERY);
    by_worker(m, "");
    assert_string_equal(says(t, TOWN_SCHOOL, m), "");
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_REFERRAL_LIST), 1);
    assert_int_equal(t->msg.referral_list.n, 2);
    assert_memory_equal(&t->msg.referral_list.entries[0].referral, &second, sizeof(second));
    assert_int_equal(t->msg.referral_list.entries[1].state, REFERRAL_REJECTED);
    m = town_msg(t, MSG_REFERRAL_QUERY);
    by_worker(m, "");
    m->referral_query.open_only = true;
    assert_string_equal(says(t, TOWN_SCHOOL, m), "");
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_REFERRAL_LIST), 1);
    assert_int_equal(t->msg.referral_list.n, 1);
    m = town_msg(t, MSG_REFERRAL_QUERY);
    by_worker(m, "");
    assert_string_equal(says(t, TOWN_POLICE, m), "");
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_REFERRAL_LIST), 1);
    assert_int_equal(t->msg.referral_list.n, 0);
}

static void a_referral_and_its_steps_outlive_the_core(void **state)
{
    struct town *t = *state;
    struct id id = referred(t);

    assert_string_equal(steps(t, TOWN_CHARITY, id, STEP_ACCEPTED), "");
    town_reopen(t);
    assert_int_equal(state_for(t, TOWN_SCHOOL, id), REFERRAL_ACCEPTED);
    assert_string_equal(steps(t, TOWN_CHARITY, id, STEP_DELIVERING), "");
    assert_int_equal(state_for(t, TOWN_SCHOOL, id), REFERRAL_DELIVERING);
}

static void promise_6_a_referral_that_waits_is_not_delivered_once_its_consent_is_gone(void **state)
{
    struct town *t = *state;
    struct msg *m = town_consent(t, "early-help", TOWN_TESS);
    struct id id;

    assert_string_equal(says(t, TOWN_COUNCIL, m), "");
    town_mono += 20000; /* the charity has gone silent */
    for (int a = 0; a < TOWN_N; a++)
        if (a != TOWN_CHARITY)
            town_say(t, (enum town_agency)a, town_lease(t));
    town_turn(t);
    m = referral_msg(t, TOWN_CHARITY, REFERRAL_SOFT);
    (void)snprintf(m->purpose, sizeof(m->purpose), "early-help");
    assert_int_equal(id_new(town_wall, &id), 0);
    m->id = id;
    assert_string_equal(says(t, TOWN_SCHOOL, m), "");
    assert_int_equal(delivered(t, TOWN_CHARITY, DELIVERY_REFERRAL), 0);
    assert_string_equal(says(t, TOWN_COUNCIL, town_withdraw(t, "early-help", TOWN_TESS)), "");
    town_forget(t);
    town_say(t, TOWN_CHARITY, town_lease(t));
    town_turn(t);
    assert_int_equal(delivered(t, TOWN_CHARITY, DELIVERY_REFERRAL), 0);
    assert_int_equal(town_leaves(t, EVENT_NOT_DELIVERED, NULL), 1);
    day_passes(t, 1);
    assert_int_equal(state_for(t, TOWN_SCHOOL, id), REFERRAL_REVOKED);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, town_setup, town_teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_step_reaches_the_other_party_and_is_a_leaf),
        TEST(a_step_that_is_not_the_partys_or_not_from_here_is_refused),
        TEST(a_downgrade_keeps_the_state_and_says_why),
        TEST(a_redirected_referral_goes_on_to_the_next_and_is_out_of_the_firsts_hands),
        TEST(a_withdrawn_referral_takes_no_further_step),
        TEST(only_its_parties_may_ask_after_a_referral),
        TEST(an_undecided_referral_is_overdue_after_its_days_and_its_sender_hears_so_once),
        TEST(an_open_referral_of_which_nothing_is_heard_expires_and_both_are_told),
        TEST(feedback_that_does_not_come_is_told_to_whoever_waits),
        TEST(an_agency_lists_its_own_newest_first),
        TEST(a_referral_and_its_steps_outlive_the_core),
        TEST(promise_6_a_referral_that_waits_is_not_delivered_once_its_consent_is_gone),
    };

    return cmocka_run_group_tests_name("core_referral_life", tests, NULL, NULL);
}
