/* SPDX-License-Identifier: Apache-2.0 */
/* test_transforms.c - the third pass: holders, names and masks, sensitive services, shields (data
 * README, "Who is involved" and "Insights"). */
#include "fixture.h"
#include <string.h>

static void the_askers_own_organisation_is_left_out_of_who_is_involved(void **state)
{
    struct fixture *x = *state;

    ask(x, "council-team", "protect", "");
    expect_holders(x, "minds police recovery school surgery");
    assert_int_equal(x->d.n_listed, 5);
}

static void the_askers_own_organisation_may_answer_an_insight(void **state)
{
    struct fixture *x = *state;

    ask(x, "council", "protect", "plan");
    expect_holders(x, "council council-team");
}

static void a_team_whose_own_row_does_not_answer_is_not_asked(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "incident");
    expect_holders(x, "police surgery");
}

static void sensitive_services_are_named_masked_or_left_out_as_the_purpose_says(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "");
    expect_holders(x, "council council-team minds police recovery surgery");
    ask(x, "school", "task", "");
    x->f.conditions = UINT32_MAX;
    expect_holders(x, "council council-team (minds) police (recovery) surgery");
    ask(x, "school", "order", "");
    expect_holders(x, "council council-team police");
}

static void a_mask_needs_a_consent_for_all_sources(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "help", "");
    grant(x)->sources = set_of(x, "council surgery");
    expect_holders(x, "council council-team surgery");
}

static void a_sensitive_service_named_among_the_ordinary_sources_stays_hidden(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "help", "");
    grant(x)->sources = set_of(x, "council minds");
    expect_holders(x, "council council-team");
}

static void a_consent_that_reaches_nobody_lists_nobody_as_involved(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "help", "");
    grant(x)->sources = set_of(x, "");
    expect_holders(x, "");
}

static void an_insight_without_any_holder_is_permitted_and_has_none(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "club");
    expect_holders(x, "");
    assert_int_equal(x->d.n_listed, 0);
    ask(x, "school", "help", "club"); /* before the reach of the consent */
    grant(x)->sources = set_of(x, "council");
    expect_holders(x, "");
}

static void an_insight_asks_only_sources_that_the_consent_covers(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "help", "incident");
    grant(x)->sources = set_of(x, "police council");
    expect_holders(x, "police");
    assert_int_equal(x->d.n_listed, 2);
    x->consents[0].sources = set_of(x, "council");
    expect_reason(x, REASON_CONSENT_SCOPE);
    assert_int_equal(x->d.telling, TELL_NO_CONSENT_LINE);
}

static void a_team_may_answer_when_its_organisation_is_a_source(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "help", "plan");
    grant(x)->sources = set_of(x, "council");
    expect_holders(x, "council council-team");
    x->consents[0].sources = set_of(x, "council-team");
    expect_holders(x, "council-team");
}

static void a_refused_source_is_not_asked(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "help", "incident");
    grant(x);
    refusal(x)->sources = set_of(x, "police");
    expect_holders(x, "surgery");
    x->consents[1].sources = set_of(x, "police surgery");
    expect_reason(x, REASON_CONSENT_SCOPE);
}

static void a_sensitive_question_needs_the_service_named(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "help", "minds-current");
    grant(x);
    expect_reason(x, REASON_SENSITIVE_SERVICE);
    x->consents[0].sensitive_sources = set_of(x, "recovery");
    expect_holders(x, "recovery");
    refusal(x)->sources = set_of(x, "");
    x->consents[1].sensitive_sources = set_of(x, "recovery");
    expect_reason(x, REASON_SENSITIVE_SERVICE);
}

static void a_sensitive_question_is_settled_before_the_scope(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "help", "minds-current");
    grant(x)->sources = set_of(x, "");
    expect_reason(x, REASON_SENSITIVE_SERVICE);
}

static void a_sensitive_question_without_consent_depends_on_the_purpose(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "minds-current");
    expect_holders(x, "minds recovery");
    ask(x, "school", "order", "minds-current");
    expect_reason(x, REASON_SENSITIVE_SERVICE);
}

static void a_location_shield_hides_only_what_reveals_a_location(void **state)
{
    struct fixture *x = *state;

    ask(x, "council", "order", "lives-at");
    shield(x, 1);
    expect_reason(x, REASON_SHIELDED_ADDRESS);
    assert_int_equal(x->d.telling, TELL_HIDDEN);
    ask(x, "council", "order", "incident");
    shield(x, 1);
    expect_reason(x, REASON_NONE);
    ask(x, "council", "order", "");
    shield(x, 1);
    expect_reason(x, REASON_NONE);
}

static void a_hidden_refusal_lists_the_same_holders_as_a_permit(void **state)
{
    struct fixture *x = *state;
    static struct decision open;

    ask(x, "council", "order", "lives-at");
    expect_reason(x, REASON_NONE);
    open = x->d;
    shield(x, 1);
    expect_reason(x, REASON_SHIELDED_ADDRESS);
    assert_int_equal(x->d.n_holders, open.n_holders);
    assert_int_equal(x->d.n_listed, open.n_listed);
    assert_memory_equal(x->d.holders, open.holders, sizeof(open.holders));
    assert_memory_equal(x->d.visibility, open.visibility, sizeof(open.visibility));
}

static void a_purpose_that_sees_past_a_shield_sees_past_its_level_only(void **state)
{
    struct fixture *x = *state;

    ask(x, "council", "protect", "lives-at");
    shield(x, 1);
    expect_reason(x, REASON_NONE);
    x->shields[0].level = 2;
    expect_reason(x, REASON_SHIELDED_IDENTITY);
    x->shields[0].level = 3;
    expect_reason(x, REASON_SHIELDED_EXISTENCE);
}

static void identity_and_existence_shields_hide_every_question(void **state)
{
    struct fixture *x = *state;

    ask(x, "council", "order", "incident");
    shield(x, 2);
    expect_reason(x, REASON_SHIELDED_IDENTITY);
    ask(x, "council", "order", "");
    shield(x, 1);
    shield(x, 3);
    expect_reason(x, REASON_SHIELDED_EXISTENCE);
}

static void a_shield_has_dates_with_both_ends_included(void **state)
{
    struct fixture *x = *state;

    ask(x, "council", "order", "lives-at");
    shield(x, 1)->from = x->f.day + 1;
    expect_reason(x, REASON_NONE);
    x->shields[0].from = x->f.day;
    x->shields[0].until = x->f.day;
    expect_reason(x, REASON_SHIELDED_ADDRESS);
    x->shields[0].until = x->f.day - 1;
    expect_reason(x, REASON_NONE);
}

static void an_unknown_shield_level_hides_everything(void **state)
{
    struct fixture *x = *state;

    ask(x, "council", "order", "incident");
    shield(x, 9);
    expect_reason(x, REASON_SHIELDED_EXISTENCE);
    x->shields[0].level = 0;
    expect_reason(x, REASON_SHIELDED_EXISTENCE);
}

static void a_shield_of_somebody_near_is_cannot_say_and_counted_apart(void **state)
{
    struct fixture *x = *state;

    ask(x, "council", "order", "lives-at");
    shield(x, 1)->match = FACT_CONFLICT;
    expect_reason(x, REASON_NEAR_SHIELDED);
    assert_int_equal(x->d.telling, TELL_HIDDEN);
}

/* Without the shield this would be told as the one line on consent; were it "cannot say" with the
 * shield, the shield would show. */
static void a_shield_behind_a_told_refusal_is_recorded_and_does_not_show(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "help", "lives-at");
    grant(x)->sources = set_of(x, "");
    expect_reason(x, REASON_CONSENT_SCOPE);
    assert_int_equal(x->d.telling, TELL_NO_CONSENT_LINE);
    shield(x, 1);
    expect_reason(x, REASON_SHIELDED_ADDRESS);
    assert_int_equal(x->d.telling, TELL_NO_CONSENT_LINE);
    assert_int_equal(x->d.n_holders, 0);
}

static void a_shield_does_not_matter_to_what_the_broker_answers_itself(void **state)
{
    struct fixture *x = *state;

    ask(x, "council", "monitor", "fired");
    shield(x, 3);
    expect_reason(x, REASON_NONE);
}

/* Promise 5: "whether something is refused never depends on the fact asked about". The engine is
 * given no holder's knowledge at all; what is left is that no told reason may depend on a shield.
 */
static void no_told_refusal_depends_on_a_shield(void **state)
{
    static const char *const purposes[] = { "protect", "help", "order", "task", "monitor" };
    static const char *const questions[] = { "",     "plan",     "incident", "minds-current",
                                             "club", "lives-at", "adopted" };
    struct fixture *x = *state;

    for (size_t p = 0; p < ALM_LEN(purposes); p++)
        for (size_t q = 0; q < ALM_LEN(questions); q++)
            for (uint8_t level = 1; level <= 3; level++) {
                uint8_t told;

                ask(x, "school", purposes[p], questions[q]);
                grant(x)->sources = set_of(x, level == 2 ? "" : "*");
                decide(x);
                told = x->d.telling;
                shield(x, level);
                decide(x);
                assert_true(x->d.telling == told || (told == 0 && x->d.telling == TELL_HIDDEN));
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_askers_own_organisation_is_left_out_of_who_is_involved),
        cmocka_unit_test(the_askers_own_organisation_may_answer_an_insight),
        cmocka_unit_test(a_team_whose_own_row_does_not_answer_is_not_asked),
        cmocka_unit_test(sensitive_services_are_named_masked_or_left_out_as_the_purpose_says),
        cmocka_unit_test(a_mask_needs_a_consent_for_all_sources),
        cmocka_unit_test(a_sensitive_service_named_among_the_ordinary_sources_stays_hidden),
        cmocka_unit_test(a_consent_that_reaches_nobody_lists_nobody_as_involved),
        cmocka_unit_test(an_insight_without_any_holder_is_permitted_and_has_none),
        cmocka_unit_test(an_insight_asks_only_sources_that_the_consent_covers),
        cmocka_unit_test(a_team_may_answer_when_its_organisation_is_a_source),
        cmocka_unit_test(a_refused_source_is_not_asked),
        cmocka_unit_test(a_sensitive_question_needs_the_service_named),
        cmocka_unit_test(a_sensitive_question_is_settled_before_the_scope),
        cmocka_unit_test(a_sensitive_question_without_consent_depends_on_the_purpose),
        cmocka_unit_test(a_location_shield_hides_only_what_reveals_a_location),
        cmocka_unit_test(a_hidden_refusal_lists_the_same_holders_as_a_permit),
        cmocka_unit_test(a_purpose_that_sees_past_a_shield_sees_past_its_level_only),
        cmocka_unit_test(identity_and_existence_shields_hide_every_question),
        cmocka_unit_test(a_shield_has_dates_with_both_ends_included),
        cmocka_unit_test(an_unknown_shield_level_hides_everything),
        cmocka_unit_test(a_shield_of_somebody_near_is_cannot_say_and_counted_apart),
        cmocka_unit_test(a_shield_behind_a_told_refusal_is_recorded_and_does_not_show),
        cmocka_unit_test(a_shield_does_not_matter_to_what_the_broker_answers_itself),
        cmocka_unit_test(no_told_refusal_depends_on_a_shield),
    };

    return cmocka_run_group_tests_name("transforms", tests, fixture_new, fixture_free);
}
