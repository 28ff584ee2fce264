/* SPDX-License-Identifier: Apache-2.0 */
/* test_consent.c - the second pass: gateways with dates and conditions, grants and refusals (data
 * README, "Consent"). */
#include "fixture.h"

static void help(struct fixture *x)
{
    ask(x, "school", "help", "");
}

static void nothing_on_file_is_no_consent(void **state)
{
    struct fixture *x = *state;

    help(x);
    expect_reason(x, REASON_NO_CONSENT);
    assert_int_equal(x->d.telling, TELL_NO_CONSENT_LINE);
    assert_int_equal(x->d.n_holders, 0);
    assert_int_equal(x->d.basis, 0);
}

static void a_grant_permits_what_it_covers(void **state)
{
    struct fixture *x = *state;

    help(x);
    grant(x);
    expect_holders(x, "council council-team (minds) police (recovery) surgery");
    assert_int_equal(x->d.basis, 2);
}

static void a_grant_counts_from_its_day(void **state)
{
    struct fixture *x = *state;

    help(x);
    grant(x)->given_on = x->f.day + 1;
    expect_reason(x, REASON_NO_CONSENT);
    x->consents[0].given_on = x->f.day;
    expect_reason(x, REASON_NONE);
    x->consents[0].given_on = POLICY_DAY_NONE;
    expect_reason(x, REASON_NO_CONSENT);
}

static void a_grant_counts_on_its_last_day_and_not_after(void **state)
{
    struct fixture *x = *state;

    help(x);
    grant(x)->expires_on = x->f.day;
    expect_reason(x, REASON_NONE);
    x->consents[0].expires_on = x->f.day - 1;
    expect_reason(x, REASON_CONSENT_EXPIRED);
}

static void a_withdrawal_counts_on_its_day(void **state)
{
    struct fixture *x = *state;

    help(x);
    grant(x)->withdrawn_on = x->f.day + 1;
    expect_reason(x, REASON_NONE);
    x->consents[0].withdrawn_on = x->f.day;
    expect_reason(x, REASON_CONSENT_WITHDRAWN);
}

static void a_grant_for_others_is_out_of_scope(void **state)
{
    struct fixture *x = *state;

    help(x);
    grant(x)->recipients = set_of(x, "council");
    expect_reason(x, REASON_CONSENT_SCOPE);
    x->consents[0].withdrawn_on = x->f.day; /* a dead grant for others says nothing */
    expect_reason(x, REASON_NO_CONSENT);
}

static void the_reasons_have_an_order(void **state)
{
    struct fixture *x = *state;

    help(x);
    grant(x)->recipients = set_of(x, "council");
    grant(x)->giver_authority = false;
    expect_reason(x, REASON_CONSENT_INVALID);
    grant(x)->expires_on = x->f.day - 1;
    expect_reason(x, REASON_CONSENT_EXPIRED);
    grant(x)->withdrawn_on = x->f.day;
    expect_reason(x, REASON_CONSENT_WITHDRAWN);
}

static void a_team_is_covered_through_its_organisation_and_not_the_other_way(void **state)
{
    struct fixture *x = *state;

    ask(x, "council-team", "help", "incident");
    grant(x)->recipients = set_of(x, "council");
    expect_reason(x, REASON_NONE);
    ask(x, "council", "help", "incident");
    grant(x)->recipients = set_of(x, "council-team");
    expect_reason(x, REASON_CONSENT_SCOPE);
}

static void a_carer_without_parental_responsibility_is_never_able(void **state)
{
    struct fixture *x = *state;

    help(x);
    grant(x)->capacity = FACT_CAPACITY_CARER_WITHOUT_PR;
    expect_reason(x, REASON_CONSENT_INVALID);
}

static void an_unknown_capacity_is_not_able(void **state)
{
    struct fixture *x = *state;

    help(x);
    grant(x)->capacity = 0;
    expect_reason(x, REASON_CONSENT_INVALID);
    for (unsigned capacity = POLICY_CAPACITIES; capacity < 256; capacity++) {
        x->consents[0].capacity = (uint8_t)capacity;
        expect_reason(x, REASON_CONSENT_INVALID);
    }
}

static void a_parent_needs_authority_and_ends_before_the_sixteenth_birthday(void **state)
{
    struct fixture *x = *state;

    help(x);
    grant(x)->capacity = FACT_CAPACITY_PARENT;
    expect_reason(x, REASON_NONE);
    x->consents[0].giver_authority = false;
    expect_reason(x, REASON_CONSENT_INVALID);
    x->consents[0].giver_authority = true;
    x->consents[0].able_until = x->f.day;
    expect_reason(x, REASON_NONE);
    x->consents[0].able_until = x->f.day - 1;
    expect_reason(x, REASON_CONSENT_INVALID);
}

static void a_disputed_parents_grant_is_invalid_and_the_childs_own_is_not(void **state)
{
    struct fixture *x = *state;

    help(x);
    grant(x)->capacity = FACT_CAPACITY_PARENT;
    x->consents[0].disputed = true;
    expect_reason(x, REASON_CONSENT_INVALID);
    x->consents[0].capacity = FACT_CAPACITY_GILLICK;
    expect_reason(x, REASON_NONE);
}

static void a_young_person_is_able_from_their_birthday(void **state)
{
    struct fixture *x = *state;

    help(x);
    grant(x)->able_from = x->f.day + 1;
    expect_reason(x, REASON_CONSENT_INVALID);
    x->consents[0].able_from = x->f.day;
    expect_reason(x, REASON_NONE);
}

static void grants_are_added_together(void **state)
{
    struct fixture *x = *state;

    help(x);
    grant(x)->sources = set_of(x, "council");
    grant(x)->sources = set_of(x, "surgery");
    x->consents[1].sensitive_sources = set_of(x, "minds");
    expect_holders(x, "council council-team minds surgery");
}

static void a_refusal_of_everything_ends_it(void **state)
{
    struct fixture *x = *state;

    help(x);
    grant(x);
    refusal(x);
    expect_reason(x, REASON_CONSENT_REFUSED);
    assert_int_equal(x->d.telling, TELL_NO_CONSENT_LINE);
}

static void a_refusal_stands_before_any_grant_too(void **state)
{
    struct fixture *x = *state;

    help(x);
    refusal(x);
    expect_reason(x, REASON_CONSENT_REFUSED);
}

static void a_later_grant_by_the_subject_undoes_a_refusal(void **state)
{
    struct fixture *x = *state;

    help(x);
    refusal(x);
    grant(x)->given_on = x->consents[0].given_on + 1;
    expect_reason(x, REASON_NONE);
    x->consents[1].given_on = x->consents[0].given_on;
    expect_reason(x, REASON_CONSENT_REFUSED);
    x->consents[1].given_ms = 1; /* later on the same day */
    expect_reason(x, REASON_NONE);
}

static void a_parents_later_grant_does_not_undo_the_childs_refusal(void **state)
{
    struct fixture *x = *state;

    help(x);
    refusal(x)->capacity = FACT_CAPACITY_GILLICK;
    grant(x)->given_on = x->consents[0].given_on + 1;
    x->consents[1].capacity = FACT_CAPACITY_PARENT;
    expect_reason(x, REASON_CONSENT_REFUSED);
}

static void a_later_grant_that_may_be_anothers_does_not_undo_a_refusal(void **state)
{
    struct fixture *x = *state;

    help(x);
    refusal(x);
    grant(x)->given_on = x->consents[0].given_on + 1;
    x->consents[1].match = FACT_BROAD;
    expect_reason(x, REASON_CONSENT_REFUSED);
}

static void a_refusal_that_is_dead_or_for_others_or_a_parents_does_not_count(void **state)
{
    struct fixture *x = *state;

    help(x);
    grant(x);
    refusal(x)->withdrawn_on = x->f.day;
    expect_reason(x, REASON_NONE);
    x->consents[1].withdrawn_on = POLICY_DAY_NONE;
    x->consents[1].recipients = set_of(x, "council");
    expect_reason(x, REASON_NONE);
    x->consents[1].recipients = set_of(x, "*");
    x->consents[1].capacity = FACT_CAPACITY_PARENT;
    expect_reason(x, REASON_NONE);
    x->consents[1].capacity = FACT_CAPACITY_SELF;
    expect_reason(x, REASON_CONSENT_REFUSED);
}

static void a_refusal_takes_the_agencies_it_names_out_whoever_granted(void **state)
{
    struct fixture *x = *state;

    help(x);
    grant(x)->capacity = FACT_CAPACITY_PARENT;
    x->consents[0].sensitive_sources = set_of(x, "minds recovery");
    refusal(x)->capacity = FACT_CAPACITY_GILLICK;
    x->consents[1].sources = set_of(x, "council"); /* its team goes too */
    x->consents[1].sensitive_sources = set_of(x, "minds");
    expect_holders(x, "police recovery surgery");
}

static void a_refusal_that_fits_broadly_counts(void **state)
{
    struct fixture *x = *state;

    help(x);
    grant(x);
    refusal(x)->match = FACT_BROAD;
    expect_reason(x, REASON_CONSENT_REFUSED);
}

static void a_refusal_in_conflict_is_hidden_and_asks_the_same_holders(void **state)
{
    struct fixture *x = *state;

    help(x);
    grant(x);
    refusal(x)->match = FACT_CONFLICT;
    expect_reason(x, REASON_MATCH_CONFLICT);
    assert_int_equal(x->d.telling, TELL_HIDDEN);
    expect_asked(x, "council council-team (minds) police (recovery) surgery");
}

static void a_partial_refusal_in_conflict_matters_only_for_its_holders(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "help", "plan");
    grant(x);
    refusal(x)->match = FACT_CONFLICT;
    x->consents[1].sources = set_of(x, "surgery");
    expect_holders(x, "council council-team");
    x->consents[1].sources = set_of(x, "council");
    expect_reason(x, REASON_MATCH_CONFLICT);
}

static void a_conflict_behind_a_told_refusal_changes_nothing(void **state)
{
    struct fixture *x = *state;

    help(x);
    refusal(x)->match = FACT_CONFLICT;
    expect_reason(x, REASON_NO_CONSENT);
}

static void a_grant_that_fits_only_broadly_is_as_if_absent(void **state)
{
    struct fixture *x = *state;

    help(x);
    grant(x)->match = FACT_BROAD;
    expect_reason(x, REASON_NO_CONSENT);
    x->consents[0].match = FACT_CONFLICT;
    expect_reason(x, REASON_NO_CONSENT);
    x->consents[0].match = 0;
    expect_reason(x, REASON_NO_CONSENT);
}

static void a_star_in_sensitive_sources_of_a_grant_names_nobody(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "help", "minds-current");
    grant(x)->sensitive_sources = set_of(x, "*");
    expect_reason(x, REASON_SENSITIVE_SERVICE);
}

static void a_refusal_of_all_sensitive_sources_takes_them_out(void **state)
{
    struct fixture *x = *state;

    help(x);
    grant(x)->sensitive_sources = set_of(x, "minds recovery");
    refusal(x)->sources = set_of(x, "");
    x->consents[1].sensitive_sources = set_of(x, "*");
    expect_holders(x, "council council-team police surgery");
}

static void consents_do_not_matter_where_the_purpose_does_not_rest_on_them(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "");
    refusal(x);
    expect_holders(x, "council council-team minds police recovery surgery");
}

static void too_many_consents_or_unread_facts_are_hidden_refusals(void **state)
{
    struct fixture *x = *state;

    help(x);
    x->f.n_consents = POLICY_CONSENTS_MAX + 1;
    expect_reason(x, REASON_FACTS_INCOMPLETE);
    assert_int_equal(x->d.telling, TELL_HIDDEN);
    assert_true(x->d.n_holders > 0);
    x->f.n_consents = 1;
    x->f.consents = NULL;
    expect_reason(x, REASON_FACTS_INCOMPLETE);
    help(x);
    x->f.incomplete = true;
    expect_reason(x, REASON_FACTS_INCOMPLETE);
}

static void a_basis_that_the_purpose_does_not_list_is_refused(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "plan");
    x->f.basis_given = true;
    x->f.basis = bundle_gateway(x->b, "power");
    expect_reason(x, REASON_NONE);
    x->f.basis = bundle_gateway(x->b, "consent");
    expect_reason(x, REASON_BASIS_NOT_LISTED);
    x->f.basis = POLICY_NONE;
    expect_reason(x, REASON_BASIS_NOT_LISTED);
}

static void a_claimed_basis_must_be_in_force(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "plan");
    x->f.basis_given = true;
    x->f.basis = bundle_gateway(x->b, "duty");
    x->f.day = on("2025-06-30");
    expect_reason(x, REASON_NONE);
    x->f.day = on("2025-07-01");
    expect_reason(x, REASON_GATEWAY_NOT_IN_FORCE);
}

static void a_repealed_duty_leaves_the_power(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "incident");
    expect_holders(x, "police surgery");
    assert_int_equal(x->d.basis, 1);
    x->f.day = on("2025-07-01");
    expect_holders(x, "police"); /* the power never covers health */
    assert_int_equal(x->d.basis, 3);
    assert_int_equal(x->d.n_listed, 2);
}

static void a_condition_that_is_not_stated_is_not_met(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "task", "incident");
    expect_reason(x, REASON_GATEWAY_NOT_IN_FORCE);
    x->f.conditions = CONDITION_NECESSITY;
    expect_reason(x, REASON_GATEWAY_NOT_IN_FORCE);
    x->f.conditions |= CONDITION_PUBLIC_TASK_STATEMENT;
    expect_reason(x, REASON_NONE);
}

static void a_gateway_of_one_regime_covers_its_agencies_only(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "order", "incident");
    expect_holders(x, "police"); /* health is outside both */
}

static void competence_that_nobody_put_their_name_to_counts_for_nothing(void **state)
{
    static const uint8_t judged[] = { FACT_CAPACITY_GILLICK, FACT_CAPACITY_BEST_INTERESTS };
    static const uint8_t others[] = { FACT_CAPACITY_SELF, FACT_CAPACITY_PARENT,
                                      FACT_CAPACITY_LOCAL_AUTHORITY, FACT_CAPACITY_ATTORNEY,
                                      FACT_CAPACITY_DEPUTY };
    struct fixture *x = *state;

    for (size_t i = 0; i < ALM_LEN(judged); i++) {
        help(x);
        grant(x)->capacity = judged[i];
        expect_reason(x, REASON_NONE);
        x->consents[0].competence = false;
        expect_reason(x, REASON_CONSENT_INVALID);
    }
    for (size_t i = 0; i < ALM_LEN(others); i++) {
        help(x);
        grant(x)->capacity = others[i];
        x->consents[0].competence = false;
        expect_reason(x, REASON_NONE);
    }
}

static void a_grant_without_competence_does_not_undo_a_refusal(void **state)
{
    struct fixture *x = *state;

    help(x);
    refusal(x)->capacity = FACT_CAPACITY_GILLICK;
    grant(x)->capacity = FACT_CAPACITY_GILLICK;
    x->consents[1].given_on = x->consents[0].given_on + 1;
    expect_reason(x, REASON_NONE);
    x->consents[1].competence = false;
    expect_reason(x, REASON_CONSENT_REFUSED);
}

static void others_consent_for_an_adult_who_lacks_capacity(void **state)
{
    static const uint8_t capacities[] = { FACT_CAPACITY_ATTORNEY, FACT_CAPACITY_DEPUTY,
                                          FACT_CAPACITY_BEST_INTERESTS };
    struct fixture *x = *state;

    for (size_t i = 0; i < ALM_LEN(capacities); i++) {
        help(x);
        grant(x)->capacity = capacities[i];
        x->consents[0].able_from = x->f.day; /* their eighteenth birthday */
        expect_reason(x, REASON_NONE);
        x->consents[0].able_from = x->f.day + 1;
        expect_reason(x, REASON_CONSENT_INVALID);
        x->consents[0].able_from = POLICY_DAY_NONE;
        x->consents[0].giver_authority = false;
        expect_reason(x, REASON_CONSENT_INVALID);
        x->consents[0].giver_authority = true;
        refusal(x); /* their own outranks it */
        expect_reason(x, REASON_CONSENT_REFUSED);
    }
}

static void consent_about_an_unborn_child_is_the_mothers_alone(void **state)
{
    static const struct {
        uint8_t capacity;
        enum reason reason;
    } who[] = {
        { FACT_CAPACITY_SELF, REASON_NONE },
        { FACT_CAPACITY_GILLICK, REASON_NONE },
        { FACT_CAPACITY_ATTORNEY, REASON_NONE },
        { FACT_CAPACITY_BEST_INTERESTS, REASON_NONE },
        { FACT_CAPACITY_PARENT, REASON_CONSENT_INVALID },
        { FACT_CAPACITY_LOCAL_AUTHORITY, REASON_CONSENT_INVALID },
        { FACT_CAPACITY_CARER_WITHOUT_PR, REASON_CONSENT_INVALID },
    };
    struct fixture *x = *state;

    for (size_t i = 0; i < ALM_LEN(who); i++) {
        help(x);
        x->f.subject_kind = FACT_UNBORN;
        grant(x)->capacity = who[i].capacity;
        expect_reason(x, who[i].reason);
    }
}

static void a_dispute_stops_parents_alone(void **state)
{
    struct fixture *x = *state;

    for (uint8_t capacity = FACT_CAPACITY_SELF; capacity < POLICY_CAPACITIES; capacity++) {
        help(x);
        grant(x)->capacity = capacity;
        x->consents[0].disputed = true;
        expect_reason(x,
                      capacity == FACT_CAPACITY_PARENT || capacity == FACT_CAPACITY_CARER_WITHOUT_PR
                          ? REASON_CONSENT_INVALID
                          : REASON_NONE);
    }
}

static void past_its_review_a_grant_carries_for_the_grace_and_says_so(void **state)
{
    static const struct {
        int32_t ago; /* the review day, before today; the policy's grace is 14 days */
        enum reason reason;
        bool due;
    } rows[] = {
        { -1, REASON_NONE, false },
        { 0, REASON_NONE, false },
        { 1, REASON_NONE, true },
        { 14, REASON_NONE, true },
        { 15, REASON_CONSENT_EXPIRED, false },
        { 400, REASON_CONSENT_EXPIRED, false },
    };
    struct fixture *x = *state;

    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        help(x);
        grant(x)->review_on = x->f.day - rows[i].ago;
        expect_reason(x, rows[i].reason);
        assert_int_equal(x->d.review_due, rows[i].due);
        assert_int_equal(x->d.grants, rows[i].reason == REASON_NONE);
    }
}

static void a_review_that_is_due_is_said_when_any_grant_added_is_past_it(void **state)
{
    struct fixture *x = *state;

    help(x);
    grant(x);
    grant(x)->review_on = x->f.day - 3;
    expect_reason(x, REASON_NONE);
    assert_true(x->d.review_due);
    assert_int_equal(x->d.grants, 3);
    x->consents[1].withdrawn_on = x->f.day; /* it does not carry: its review says nothing */
    expect_reason(x, REASON_NONE);
    assert_false(x->d.review_due);
    assert_int_equal(x->d.grants, 1);
}

static void a_review_day_at_either_end_of_time_does_not_run_over(void **state)
{
    struct fixture *x = *state;

    help(x);
    grant(x)->review_on = POLICY_DAY_NONE + 1;
    expect_reason(x, REASON_CONSENT_EXPIRED);
    x->consents[0].review_on = INT32_MAX;
    expect_reason(x, REASON_NONE);
    assert_false(x->d.review_due);
}

static void a_refusal_is_not_reviewed_away(void **state)
{
    struct fixture *x = *state;

    help(x);
    refusal(x)->review_on = x->f.day - 400;
    expect_reason(x, REASON_CONSENT_REFUSED);
}

static void the_first_stage_carries_only_what_the_policy_marks(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "help", "plan"); /* marked */
    grant(x)->stage = 1;
    expect_reason(x, REASON_NONE);
    ask(x, "school", "help", "incident");
    grant(x)->stage = 1;
    expect_reason(x, REASON_CONSENT_SCOPE);
    ask(x, "school", "help", ""); /* who is involved is no name and address */
    grant(x)->stage = 1;
    expect_reason(x, REASON_CONSENT_SCOPE);
    grant(x)->sources = set_of(x, "police");
    expect_reason(x, REASON_NONE); /* a grant that is not staged carries it */
    assert_int_equal(x->d.grants, 2);
}

static void the_second_stage_names_each_service(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "help", "incident");
    grant(x)->stage = 2;
    x->consents[0].sources = set_of(x, "police");
    expect_holders(x, "police");
    x->consents[0].sources = set_of(x, "*");
    expect_reason(x, REASON_CONSENT_SCOPE);
}

static void a_stage_that_nobody_knows_carries_nothing(void **state)
{
    struct fixture *x = *state;

    for (unsigned stage = 3; stage < 256; stage++) {
        help(x);
        grant(x)->stage = (uint8_t)stage;
        expect_reason(x, REASON_CONSENT_SCOPE);
    }
}

static void a_staged_refusal_refuses_like_any(void **state)
{
    struct fixture *x = *state;

    help(x);
    grant(x);
    refusal(x)->stage = 1;
    expect_reason(x, REASON_CONSENT_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_on_file_is_no_consent),
        cmocka_unit_test(a_grant_permits_what_it_covers),
        cmocka_unit_test(a_grant_counts_from_its_day),
        cmocka_unit_test(a_grant_counts_on_its_last_day_and_not_after),
        cmocka_unit_test(a_withdrawal_counts_on_its_day),
        cmocka_unit_test(a_grant_for_others_is_out_of_scope),
        cmocka_unit_test(the_reasons_have_an_order),
        cmocka_unit_test(a_team_is_covered_through_its_organisation_and_not_the_other_way),
        cmocka_unit_test(a_carer_without_parental_responsibility_is_never_able),
        cmocka_unit_test(an_unknown_capacity_is_not_able),
        cmocka_unit_test(a_parent_needs_authority_and_ends_before_the_sixteenth_birthday),
        cmocka_unit_test(a_disputed_parents_grant_is_invalid_and_the_childs_own_is_not),
        cmocka_unit_test(a_young_person_is_able_from_their_birthday),
        cmocka_unit_test(grants_are_added_together),
        cmocka_unit_test(a_refusal_of_everything_ends_it),
        cmocka_unit_test(a_refusal_stands_before_any_grant_too),
        cmocka_unit_test(a_later_grant_by_the_subject_undoes_a_refusal),
        cmocka_unit_test(a_parents_later_grant_does_not_undo_the_childs_refusal),
        cmocka_unit_test(a_later_grant_that_may_be_anothers_does_not_undo_a_refusal),
        cmocka_unit_test(a_refusal_that_is_dead_or_for_others_or_a_parents_does_not_count),
        cmocka_unit_test(a_refusal_takes_the_agencies_it_names_out_whoever_granted),
        cmocka_unit_test(a_refusal_that_fits_broadly_counts),
        cmocka_unit_test(a_refusal_in_conflict_is_hidden_and_asks_the_same_holders),
        cmocka_unit_test(a_partial_refusal_in_conflict_matters_only_for_its_holders),
        cmocka_unit_test(a_conflict_behind_a_told_refusal_changes_nothing),
        cmocka_unit_test(a_grant_that_fits_only_broadly_is_as_if_absent),
        cmocka_unit_test(a_star_in_sensitive_sources_of_a_grant_names_nobody),
        cmocka_unit_test(a_refusal_of_all_sensitive_sources_takes_them_out),
        cmocka_unit_test(consents_do_not_matter_where_the_purpose_does_not_rest_on_them),
        cmocka_unit_test(too_many_consents_or_unread_facts_are_hidden_refusals),
        cmocka_unit_test(a_basis_that_the_purpose_does_not_list_is_refused),
        cmocka_unit_test(a_claimed_basis_must_be_in_force),
        cmocka_unit_test(a_repealed_duty_leaves_the_power),
        cmocka_unit_test(a_condition_that_is_not_stated_is_not_met),
        cmocka_unit_test(a_gateway_of_one_regime_covers_its_agencies_only),
        cmocka_unit_test(competence_that_nobody_put_their_name_to_counts_for_nothing),
        cmocka_unit_test(a_grant_without_competence_does_not_undo_a_refusal),
        cmocka_unit_test(others_consent_for_an_adult_who_lacks_capacity),
        cmocka_unit_test(consent_about_an_unborn_child_is_the_mothers_alone),
        cmocka_unit_test(a_dispute_stops_parents_alone),
        cmocka_unit_test(past_its_review_a_grant_carries_for_the_grace_and_says_so),
        cmocka_unit_test(a_review_that_is_due_is_said_when_any_grant_added_is_past_it),
        cmocka_unit_test(a_review_day_at_either_end_of_time_does_not_run_over),
        cmocka_unit_test(a_refusal_is_not_reviewed_away),
        cmocka_unit_test(the_first_stage_carries_only_what_the_policy_marks),
        cmocka_unit_test(the_second_stage_names_each_service),
        cmocka_unit_test(a_stage_that_nobody_knows_carries_nothing),
        cmocka_unit_test(a_staged_refusal_refuses_like_any),
    };

    return cmocka_run_group_tests_name("consent", tests, fixture_new, fixture_free);
}
