/* SPDX-License-Identifier: Apache-2.0 */
/* test_gates.c - each gate on its own, in the order of the data README's "Order of checks". */
#include "fixture.h"
#include <string.h>

static void a_bare_question_is_put_to_the_listed_holders(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "plan");
    expect_holders(x, "council council-team");
    assert_string_equal(x->d.rule, "protect/plan");
    assert_int_equal(x->d.n_listed, 2);
    assert_int_equal(x->d.telling, 0);
    assert_int_equal(x->d.basis, 1);
}

static void an_all_zero_decision_is_a_refusal(void **state)
{
    struct decision d = { 0 };

    (void)state;
    assert_int_equal(d.outcome, OUTCOME_REFUSE);
    assert_int_equal(d.reason, REASON_DENY);
}

static void all_zero_facts_are_refused(void **state)
{
    struct fixture *x = *state;

    memset(&x->f, 0, sizeof(x->f));
    expect_reason(x, REASON_AGENCY_SUSPENDED);
    assert_int_equal(x->d.n_holders, 0);
}

static void no_bundle_refuses(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "plan");
    policy_decide(NULL, &x->f, &x->d);
    assert_int_equal(x->d.outcome, OUTCOME_REFUSE);
    assert_int_equal(x->d.reason, REASON_NO_POLICY);
}

static void a_suspended_agency_is_refused_before_all_else(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "nothing", "plan");
    x->f.agency_standing = false;
    expect_reason(x, REASON_AGENCY_SUSPENDED);
}

static void a_suspended_practitioner_is_refused(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "plan");
    x->f.practitioner_standing = false;
    expect_reason(x, REASON_PRACTITIONER_SUSPENDED);
    assert_int_equal(x->d.telling, TELL_REASON);
}

static void an_unknown_purpose_is_outside_the_protocols(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "eviction", "plan");
    expect_reason(x, REASON_PURPOSE_OUTSIDE_PROTOCOL);
    x->f.purpose = 60000;
    expect_reason(x, REASON_PURPOSE_OUTSIDE_PROTOCOL);
}

static void a_protocol_is_in_force_on_its_first_and_last_day_only(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "monitor", "fired");
    x->f.day = on("2019-12-31");
    expect_reason(x, REASON_PROTOCOL_NOT_IN_FORCE);
    x->f.day = on("2020-01-01");
    expect_reason(x, REASON_NONE);
    x->f.day = on("2026-12-31");
    expect_reason(x, REASON_NONE);
    x->f.day = on("2027-01-01");
    expect_reason(x, REASON_PROTOCOL_NOT_IN_FORCE);
}

static void a_purpose_has_dates_of_its_own(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "help", "plan");
    grant(x)->given_on = on("2020-06-01");
    x->f.relation_since = on("2020-06-01");
    x->f.day = on("2020-12-31");
    expect_reason(x, REASON_PROTOCOL_NOT_IN_FORCE);
    x->f.day = on("2021-01-01");
    expect_reason(x, REASON_NONE);
    x->f.day = on("2025-12-31");
    expect_reason(x, REASON_NONE);
    x->f.day = on("2026-01-01");
    expect_reason(x, REASON_PROTOCOL_NOT_IN_FORCE);
}

static void an_agency_without_a_row_is_no_party(void **state)
{
    struct fixture *x = *state;

    ask(x, "outsider", "protect", "plan");
    expect_reason(x, REASON_NOT_A_PARTY);
    ask(x, "nobody-at-all", "protect", "plan");
    expect_reason(x, REASON_NOT_A_PARTY);
}

static void an_agency_whose_ask_is_no_is_no_party(void **state)
{
    struct fixture *x = *state;

    ask(x, "surgery", "protect", "plan");
    expect_reason(x, REASON_NOT_A_PARTY);
}

static void a_team_has_its_organisations_place(void **state)
{
    struct fixture *x = *state;

    ask(x, "council-team", "protect", "");
    expect_reason(x, REASON_NONE);
}

static void a_teams_own_row_comes_first(void **state)
{
    struct fixture *x = *state;

    ask(x, "police", "protect", ""); /* insight only */
    expect_reason(x, REASON_QUESTION_NOT_PERMITTED);
    ask(x, "police-dau", "protect", ""); /* full, and answers nothing itself */
    expect_reason(x, REASON_NONE);
    ask(x, "school", "protect", "incident");
    expect_holders(x, "police surgery");
}

static void excluded_and_unlisted_and_unknown_roles_are_refused(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "plan");
    x->f.role = bundle_role(x->b, "volunteer");
    expect_reason(x, REASON_ROLE_NOT_PERMITTED);
    x->f.role = POLICY_NONE;
    expect_reason(x, REASON_ROLE_NOT_PERMITTED);
    ask(x, "school", "help", "plan");
    x->f.role = bundle_role(x->b, "volunteer");
    expect_reason(x, REASON_ROLE_NOT_PERMITTED);
}

static void a_question_outside_the_catalogue_or_the_purpose_is_refused(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "no-such-question");
    expect_reason(x, REASON_QUESTION_NOT_PERMITTED);
    ask(x, "school", "order", "plan");
    expect_reason(x, REASON_QUESTION_NOT_PERMITTED);
    x->f.question = 60000;
    expect_reason(x, REASON_QUESTION_NOT_PERMITTED);
}

static void a_closed_class_is_never_asked(void **state)
{
    struct fixture *x = *state;

    ask(x, "council", "protect", "adopted");
    expect_reason(x, REASON_QUESTION_NOT_PERMITTED);
}

static void who_is_involved_needs_the_purpose_to_admit_it(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "monitor", "");
    expect_reason(x, REASON_QUESTION_NOT_PERMITTED);
}

static void who_is_involved_is_about_persons(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "");
    x->f.subject_kind = FACT_HOUSEHOLD;
    expect_reason(x, REASON_QUESTION_NOT_PERMITTED);
    x->f.subject_kind = FACT_UNBORN;
    expect_reason(x, REASON_NONE);
}

static void
a_household_is_asked_about_only_without_consent_and_where_the_question_allows(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "plan");
    x->f.subject_kind = FACT_HOUSEHOLD;
    expect_reason(x, REASON_NONE);
    ask(x, "school", "help", "plan");
    grant(x);
    x->f.subject_kind = FACT_HOUSEHOLD;
    expect_reason(x, REASON_QUESTION_NOT_PERMITTED);
    ask(x, "school", "protect", "club");
    x->f.subject_kind = FACT_HOUSEHOLD;
    expect_reason(x, REASON_QUESTION_NOT_PERMITTED);
}

static void an_unknown_kind_of_subject_is_refused(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "plan");
    x->f.subject_kind = 0;
    expect_reason(x, REASON_QUESTION_NOT_PERMITTED);
    assert_int_equal(x->d.clauses[x->d.n_clauses - 1].result, 2);
}

static void a_parameter_is_given_where_and_only_where_the_question_takes_one(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "lives-at");
    expect_reason(x, REASON_NONE);
    x->f.has_parameter = false;
    expect_reason(x, REASON_QUESTION_NOT_PERMITTED);
    ask(x, "school", "protect", "plan");
    x->f.has_parameter = true;
    expect_reason(x, REASON_QUESTION_NOT_PERMITTED);
    ask(x, "school", "protect", "");
    x->f.has_parameter = true;
    expect_reason(x, REASON_QUESTION_NOT_PERMITTED);
}

static void an_ended_involvement_counts_for_the_set_days(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "order", "incident");
    x->f.relation = FACT_RELATION_WAS_INVOLVED;
    x->f.relation_until = x->f.day - 30;
    expect_reason(x, REASON_NONE);
    x->f.relation_until = x->f.day - 31;
    expect_reason(x, REASON_NO_RELATIONSHIP);
}

static void a_relationship_of_the_future_or_without_a_date_does_not_count(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "order", "incident");
    x->f.relation_since = x->f.day + 1;
    expect_reason(x, REASON_NO_RELATIONSHIP);
    x->f.relation_since = POLICY_DAY_NONE;
    expect_reason(x, REASON_NO_RELATIONSHIP);
    ask(x, "school", "order", "incident");
    x->f.relation = FACT_RELATION_NONE;
    expect_reason(x, REASON_NO_RELATIONSHIP);
    x->f.relation = 77;
    expect_reason(x, REASON_NO_RELATIONSHIP);
}

static void a_referral_counts_while_it_is_open_and_recent(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "order", "incident");
    x->f.relation = FACT_RELATION_REFERRAL;
    x->f.relation_since = x->f.day - 30;
    expect_reason(x, REASON_NONE);
    x->f.relation_since = x->f.day - 31;
    expect_reason(x, REASON_NO_RELATIONSHIP);
    x->f.relation_since = x->f.day - 10;
    x->f.relation_until = x->f.day;
    expect_reason(x, REASON_NO_RELATIONSHIP);
    x->f.relation_until = x->f.day + 1;
    expect_reason(x, REASON_NONE);
    x->f.relation_since = x->f.day; /* on its own day, and not before */
    expect_reason(x, REASON_NONE);
    x->f.relation_since = x->f.day + 1;
    expect_reason(x, REASON_NO_RELATIONSHIP);
}

static void a_self_claimed_relationship_needs_a_reason_and_a_purpose_that_takes_it(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "order", "incident");
    x->f.relation = FACT_RELATION_SELF_CLAIMED;
    expect_reason(x, REASON_NO_RELATIONSHIP);
    x->f.relation_reason = true;
    expect_reason(x, REASON_NONE);
    ask(x, "school", "help", "plan");
    grant(x);
    x->f.relation = FACT_RELATION_SELF_CLAIMED;
    x->f.relation_reason = true;
    expect_reason(x, REASON_NO_RELATIONSHIP);
}

static void the_extreme_dates_do_not_overflow(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "order", "incident");
    x->f.relation_since = INT32_MIN + 1;
    x->f.relation_until = INT32_MIN + 1;
    expect_reason(x, REASON_NO_RELATIONSHIP);
    x->f.day = INT32_MAX;
    expect_reason(x, REASON_PROTOCOL_NOT_IN_FORCE);
}

static void a_threshold_is_permitted_without_holders(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "monitor", "fired");
    x->f.relation = FACT_RELATION_NONE;
    expect_holders(x, "");
    assert_int_equal(bundle_question_at(x->b, x->f.question)->kind, QUESTION_THRESHOLD);
    assert_int_equal(bundle_question_at(x->b, x->f.question)->threshold.min_agencies, 2);
    assert_int_equal(bundle_question_at(x->b, x->f.question)->threshold.levels, 3);
}

static void only_its_sender_and_receiver_follow_a_referral(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "monitor", "referral-state");
    expect_reason(x, REASON_NOT_REFERRAL_PARTY); /* not known: refused */
    x->f.referral_party = 2;
    expect_reason(x, REASON_NOT_REFERRAL_PARTY);
    x->f.referral_party = 1;
    expect_reason(x, REASON_NONE);
}

static void the_first_gate_that_fails_gives_the_reason(void **state)
{
    struct fixture *x = *state;

    ask(x, "outsider", "protect", "no-such-question");
    x->f.role = POLICY_NONE;
    expect_reason(x, REASON_NOT_A_PARTY);
    x->f.day = on("2030-01-01");
    expect_reason(x, REASON_PROTOCOL_NOT_IN_FORCE);
}

static void every_clause_hit_has_a_text(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "help", "");
    grant(x);
    decide(x);
    assert_true(x->d.n_clauses > 10);
    for (uint16_t i = 0; i < x->d.n_clauses; i++)
        assert_string_not_equal(clause_text(x->d.clauses[i].rule), clause_text(UINT16_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bare_question_is_put_to_the_listed_holders),
        cmocka_unit_test(an_all_zero_decision_is_a_refusal),
        cmocka_unit_test(all_zero_facts_are_refused),
        cmocka_unit_test(no_bundle_refuses),
        cmocka_unit_test(a_suspended_agency_is_refused_before_all_else),
        cmocka_unit_test(a_suspended_practitioner_is_refused),
        cmocka_unit_test(an_unknown_purpose_is_outside_the_protocols),
        cmocka_unit_test(a_protocol_is_in_force_on_its_first_and_last_day_only),
        cmocka_unit_test(a_purpose_has_dates_of_its_own),
        cmocka_unit_test(an_agency_without_a_row_is_no_party),
        cmocka_unit_test(an_agency_whose_ask_is_no_is_no_party),
        cmocka_unit_test(a_team_has_its_organisations_place),
        cmocka_unit_test(a_teams_own_row_comes_first),
        cmocka_unit_test(excluded_and_unlisted_and_unknown_roles_are_refused),
        cmocka_unit_test(a_question_outside_the_catalogue_or_the_purpose_is_refused),
        cmocka_unit_test(a_closed_class_is_never_asked),
        cmocka_unit_test(who_is_involved_needs_the_purpose_to_admit_it),
        cmocka_unit_test(who_is_involved_is_about_persons),
        cmocka_unit_test(
            a_household_is_asked_about_only_without_consent_and_where_the_question_allows),
        cmocka_unit_test(an_unknown_kind_of_subject_is_refused),
        cmocka_unit_test(a_parameter_is_given_where_and_only_where_the_question_takes_one),
        cmocka_unit_test(an_ended_involvement_counts_for_the_set_days),
        cmocka_unit_test(a_relationship_of_the_future_or_without_a_date_does_not_count),
        cmocka_unit_test(a_referral_counts_while_it_is_open_and_recent),
        cmocka_unit_test(a_self_claimed_relationship_needs_a_reason_and_a_purpose_that_takes_it),
        cmocka_unit_test(the_extreme_dates_do_not_overflow),
        cmocka_unit_test(a_threshold_is_permitted_without_holders),
        cmocka_unit_test(only_its_sender_and_receiver_follow_a_referral),
        cmocka_unit_test(the_first_gate_that_fails_gives_the_reason),
        cmocka_unit_test(every_clause_hit_has_a_text),
    };

    return cmocka_run_group_tests_name("gates", tests, fixture_new, fixture_free);
}
