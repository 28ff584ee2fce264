/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_outcome.c - what answers and referrals led to, and decisions not to share. */
#include "referral_town.h"

static struct msg *outcome_msg(struct town *t, struct id about)
{
    struct msg *m = town_msg(t, MSG_OUTCOME);

    by_worker(m, SAFEGUARDING);
    m->outcome.about = about;
    m->outcome.effect = EFFECT_SOONER;
    m->outcome.minutes_saved = 45;
    (void)snprintf(m->outcome.area, sizeof(name_t), "north");
    return m;
}

static void an_outcome_of_ones_own_referral_is_a_leaf_that_names_no_person(void **state)
{
    struct town *t = *state;
    struct id id = referred(t);
    struct ledger_clear leaf, sent;

    assert_string_equal(says(t, TOWN_SCHOOL, outcome_msg(t, id)), "");
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_RECEIPT), 1);
    assert_int_equal(town_leaves(t, EVENT_OUTCOME, &leaf), 1);
    assert_string_equal(leaf.detail, "effect=sooner minutes=45 area=north arm=pilot");
    assert_string_equal(leaf.purpose, SAFEGUARDING);
    assert_int_equal(town_leaves(t, EVENT_REFERRAL_SENT, &sent), 1);
    assert_int_not_equal(leaf.about, LEAF_NONE);
    assert_string_equal(says(t, TOWN_CHARITY, outcome_msg(t, id)), ""); /* it was sent to it */
}

static void an_outcome_of_anothers_or_of_nothing_is_refused_alike(void **state)
{
    struct town *t = *state;
    struct id id = referred(t), nothing;

    assert_string_equal(says(t, TOWN_POLICE, outcome_msg(t, id)), "not-yours-to-judge");
    assert_int_equal(id_new(town_wall, &nothing), 0);
    assert_string_equal(says(t, TOWN_POLICE, outcome_msg(t, nothing)), "not-yours-to-judge");
    assert_int_equal(town_leaves(t, EVENT_OUTCOME, NULL), 0);
}

static void an_outcome_of_ones_own_question_is_taken(void **state)
{
    struct town *t = *state;
    struct msg *m = town_insight(t, SAFEGUARDING, "plan", TOWN_TESS);
    struct id id;

    assert_int_equal(id_new(town_wall, &id), 0);
    m->id = id;
    town_say(t, TOWN_SCHOOL, m);
    town_turn(t);
    assert_string_equal(says(t, TOWN_SCHOOL, outcome_msg(t, id)), "");
    assert_string_equal(says(t, TOWN_POLICE, outcome_msg(t, id)), "not-yours-to-judge");
}

static void an_area_that_no_policy_knows_is_refused(void **state)
{
    struct town *t = *state;
    struct id id = referred(t);
    struct msg *m = outcome_msg(t, id);

    (void)snprintf(m->outcome.area, sizeof(name_t), "moon");
    assert_string_equal(says(t, TOWN_SCHOOL, m), "unknown-area");
    m = outcome_msg(t, id);
    m->outcome.area[0] = '\0';
    assert_string_equal(says(t, TOWN_SCHOOL, m), "");
}

static void an_agency_gives_one_outcome_of_a_thing_and_its_purpose_is_that_things(void **state)
{
    struct town *t = *state;
    struct id id = referred(t);
    struct msg *m = outcome_msg(t, id);
    struct ledger_clear leaf;

    m->purpose[0] = '\0';
    m->outcome.area[0] = '\0';
    assert_string_equal(says(t, TOWN_SCHOOL, m), "");
    assert_int_equal(town_leaves(t, EVENT_OUTCOME, &leaf), 1);
    assert_string_equal(leaf.purpose, SAFEGUARDING);
    assert_non_null(strstr(leaf.detail, "arm=neither"));
    assert_string_equal(says(t, TOWN_SCHOOL, outcome_msg(t, id)), "outcome-given");
    assert_string_equal(says(t, TOWN_CHARITY, outcome_msg(t, id)), ""); /* the other's view */
    town_reopen(t);
    assert_string_equal(says(t, TOWN_CHARITY, outcome_msg(t, id)), "outcome-given");
}

static void the_same_outcome_again_counts_once(void **state)
{
    struct town *t = *state;
    struct id id = referred(t);
    struct msg *m = outcome_msg(t, id), again;

    assert_int_equal(id_new(town_wall, &m->id), 0);
    m->sent_ms = town_wall;
    again = *m;
    assert_string_equal(says(t, TOWN_SCHOOL, m), "");
    t->msg = again;
    assert_string_equal(says(t, TOWN_SCHOOL, &t->msg), "");
    t->msg = again;
    t->msg.outcome.minutes_saved = 46;
    assert_string_equal(says(t, TOWN_SCHOOL, &t->msg), "id-reused");
    assert_int_equal(town_leaves(t, EVENT_OUTCOME, NULL), 1);
}

static struct msg *not_shared_msg(struct town *t)
{
    struct msg *m = town_msg(t, MSG_NOT_SHARED);

    by_worker(m, SAFEGUARDING);
    (void)snprintf(m->not_shared.question, sizeof(name_t), "plan");
    (void)snprintf(m->not_shared.reason, sizeof(name_t), "not-proportionate");
    (void)snprintf(m->not_shared.text, sizeof(text_t), "The mother asked us not to");
    return m;
}

static void a_decision_not_to_share_is_recorded_and_its_words_are_sealed(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;

    assert_string_equal(says(t, TOWN_SCHOOL, not_shared_msg(t)), "");
    assert_int_equal(town_leaves(t, EVENT_NOT_SHARED, &leaf), 1);
    assert_string_equal(leaf.reason, "not-proportionate");
    assert_string_equal(leaf.question, "plan");
    assert_string_equal(leaf.purpose, SAFEGUARDING);
    assert_string_equal(leaf.detail, "");
    town_reopen(t);
    assert_int_equal(town_leaves(t, EVENT_NOT_SHARED, NULL), 1);
}

static void what_was_not_shared_is_about_ones_own_or_about_nothing(void **state)
{
    struct town *t = *state;
    struct id id = referred(t);
    struct msg *m = not_shared_msg(t);

    m->not_shared.has_about = true;
    m->not_shared.about = id;
    assert_string_equal(says(t, TOWN_POLICE, m), "not-yours-to-judge");
    m = not_shared_msg(t);
    m->not_shared.has_about = true;
    m->not_shared.about = id;
    assert_string_equal(says(t, TOWN_CHARITY, m), "");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, town_setup, town_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_outcome_of_ones_own_referral_is_a_leaf_that_names_no_person),
        TEST(an_outcome_of_anothers_or_of_nothing_is_refused_alike),
        TEST(an_outcome_of_ones_own_question_is_taken),
        TEST(an_area_that_no_policy_knows_is_refused),
        TEST(an_agency_gives_one_outcome_of_a_thing_and_its_purpose_is_that_things),
        TEST(the_same_outcome_again_counts_once),
        TEST(a_decision_not_to_share_is_recorded_and_its_words_are_sealed),
        TEST(what_was_not_shared_is_about_ones_own_or_about_nothing),
    };

    return cmocka_run_group_tests_name("core_outcome", tests, NULL, NULL);
}
