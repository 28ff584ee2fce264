/* SPDX-License-Identifier: Apache-2.0 */
/* test_override.c - an override in the place of a consent: each condition that is missing refuses
 * as if it were not there, and it opens no gate. */
#include "fixture.h"
#include <stdio.h>
#include <string.h>

#define RULES                                                                                      \
    "overrides = { purposes = [ \"help\" ]; gateways = [ \"duty\", \"power\", \"stated\" ];"       \
    " reasons = [ \"no-consent\", \"consent-refused\", \"consent-withdrawn\", "                    \
    "\"consent-expired\", \"consent-invalid\", \"consent-scope\" ];"                               \
    " approvers = [ \"hubs\", \"holders\" ]; most_hours = 72; review_hours = 48;"                  \
    " unreviewed_limit = 2; "
#define ALL  RULES "alone = [ \"help\" ]; past_sensitive = [ \"help\" ]; };\n"
#define SOME RULES "};\n"
/* one reason and one kind of approver only */
#define NARROW(approver)                                                                           \
    "overrides = { purposes = [ \"help\" ]; gateways = [ \"duty\", \"power\" ];"                   \
    " reasons = [ \"no-consent\" ]; approvers = [ \"" approver "\" ]; };\n"

static struct override_fact overrides[POLICY_OVERRIDES_MAX];

/* The policy in which "ward", of patients' data, may be asked for help, and the power excludes
 * patients' data alone. */
static void with_ward(char *policy)
{
    static const struct {
        const char *find, *put; /* of the same length */
    } change[] = {
        { "purposes = [ \"protect\", \"order\" ]; data_class",
          "purposes = [ \"protect\", \"help\"  ]; data_class" },
        { "excluded_classes = [ \"family\", \"patient\" ]",
          "excluded_classes = [           \"patient\" ]" },
    };

    for (size_t i = 0; i < ALM_LEN(change); i++) {
        char *at = strstr(policy, change[i].find);

        assert_non_null(at);
        assert_int_equal(strlen(change[i].find), strlen(change[i].put));
        memcpy(at, change[i].put, strlen(change[i].put));
    }
}

static bool ward; /* start_ward() is compiling */

static int compiled(const char *rules, struct conf_errors *e, struct buf *out)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    char *small = small_policy();
    int r;

    assert_non_null(small);
    if (ward)
        with_ward(small);
    buf_init(&text, 1 << 20);
    buf_printf(&text, "%s\n%s", small, rules);
    buf_put_u8(&text, 0);
    assert_int_equal(buf_status(&text), 0);
    free(small);
    buf_init(out, 1 << 20);
    r = compile_text((const char *)text.data, e, out);
    return r;
}

static int start(void **state, const char *rules)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
    struct fixture *x = calloc(1, sizeof(*x));

    if (!x || crypto_init() < 0 || conf_errors_new(&e) < 0 || compiled(rules, e, &out) < 0 ||
        bundle_decode(buf_view(&out), &x->b) < 0) {
        for (size_t i = 0; e && i < conf_errors_count(e); i++)
            print_message("# %s\n", conf_errors_at(e, i));
        return -1;
    }
    *state = x;
    return 0;
}

static int start_all(void **state)
{
    return start(state, ALL);
}

static int start_some(void **state)
{
    return start(state, SOME);
}

static int start_holders(void **state)
{
    return start(state, NARROW("holders"));
}

static int start_hubs(void **state)
{
    return start(state, NARROW("hubs"));
}

static int start_ward(void **state)
{
    int r;

    ward = true;
    r = start(state, ALL);
    ward = false;
    return r;
}

/* The school asks about an incident, for help, without any consent, under an override that holds.
 */
static struct override_fact * override(struct fixture *x, const char *question)
{
    ask(x, "school", "help", question);
    x->f.overrides = overrides;
    x->f.n_overrides = 1;
    overrides[0] = (struct override_fact){
        .match = FACT_STRICT,
        .agency = agency(x, "school"),
        .purpose = bundle_purpose(x->b, "help"),
        .question = *question ? bundle_question(x->b, question) : POLICY_NONE,
        .gateway = bundle_gateway(x->b, "duty"),
        .same_parameter = true,
        .in_time = true,
        .approved = true,
    };
    return &overrides[0];
}

static uint8_t verdict_of(const struct fixture *x, const char *text)
{
    for (uint16_t i = 0; i < x->d.n_clauses; i++)
        if (strcmp(clause_text(x->d.clauses[i].rule), text) == 0)
            return x->d.clauses[i].result;
    return 9;
}

static void an_approved_override_stands_in_for_a_consent(void **state)
{
    struct fixture *x = *state;

    override(x, "incident");
    expect_holders(x, "police surgery");
    assert_int_equal(x->d.basis, GATEWAY_OVERRIDE);
    assert_int_equal(verdict_of(x,
                                "another agency approved the override, or one person acts alone in "
                                "immediate danger; nobody has ended it"),
                     1);
}

static void without_an_override_the_line_on_consent_stays(void **state)
{
    struct fixture *x = *state;

    override(x, "incident");
    x->f.n_overrides = 0;
    expect_reason(x, REASON_NO_CONSENT);
    assert_int_equal(x->d.basis, 0);
    assert_int_equal(x->d.telling, TELL_NO_CONSENT_LINE);
}

static void each_condition_that_is_missing_refuses(void **state)
{
    struct fixture *x = *state;

#define MISSING(change)                                                                            \
    do {                                                                                           \
        struct override_fact *o = override(x, "incident");                                         \
        change;                                                                                    \
        expect_reason(x, REASON_NO_CONSENT);                                                       \
    } while (0)
    MISSING(o->match = FACT_BROAD);
    MISSING(o->match = FACT_CONFLICT);
    MISSING(o->agency = agency(x, "council"));
    MISSING(o->purpose = bundle_purpose(x->b, "protect"));
    MISSING(o->question = bundle_question(x->b, "plan"));
    MISSING(o->question = POLICY_NONE);
    MISSING(o->same_parameter = false);
    MISSING(o->in_time = false);
    MISSING(o->approved = false);
    MISSING(o->ended = true);
    MISSING(o->immediate_danger = true; o->approved = false; o->ended = true);
    MISSING(o->gateway = bundle_gateway(x->b, "consent"));
    MISSING(o->gateway = bundle_gateway(x->b, "policing"));
    MISSING(o->gateway = POLICY_NONE);
    MISSING(o->gateway = bundle_gateway(x->b, "stated"));
    MISSING(o->gateway = bundle_gateway(x->b, "stated"); o->conditions = CONDITION_NECESSITY);
    MISSING((void)o; x->f.day = on("2025-07-01"); x->f.relation_since = on("2025-06-01"));
    MISSING((void)o; x->f.n_overrides = POLICY_OVERRIDES_MAX + 1);
    MISSING((void)o; x->f.overrides = NULL);
#undef MISSING
}

static void a_gateway_with_its_conditions_stated_carries(void **state)
{
    struct fixture *x = *state;
    struct override_fact *o = override(x, "incident");

    o->gateway = bundle_gateway(x->b, "stated");
    o->conditions = CONDITION_NECESSITY;
    x->f.conditions = CONDITION_PUBLIC_TASK_STATEMENT;
    expect_holders(x, "police surgery");
}

static void a_gateway_that_excludes_a_sector_covers_fewer(void **state)
{
    struct fixture *x = *state;

    override(x, "incident")->gateway = bundle_gateway(x->b, "power");
    expect_holders(x, "police");
}

static void refused_withdrawn_expired_and_narrow_consents_are_passed(void **state)
{
    struct fixture *x = *state;

    override(x, "incident");
    refusal(x);
    expect_holders(x, "police surgery");
    override(x, "incident");
    grant(x)->withdrawn_on = x->f.day;
    expect_holders(x, "police surgery");
    override(x, "incident");
    grant(x)->expires_on = x->f.day - 1;
    expect_holders(x, "police surgery");
    override(x, "incident");
    grant(x)->giver_authority = false;
    expect_holders(x, "police surgery");
    override(x, "incident");
    grant(x)->recipients = set_of(x, "council");
    expect_holders(x, "police surgery");
    override(x, "incident");
    grant(x)->sources = set_of(x, "school");
    expect_holders(x, "police surgery");
}

static void a_consent_that_holds_carries_before_an_override(void **state)
{
    struct fixture *x = *state;

    override(x, "incident");
    grant(x);
    expect_holders(x, "police surgery");
    assert_int_equal(x->d.basis, GATEWAY_CONSENT);
}

static void no_gate_opens_for_an_override(void **state)
{
    struct fixture *x = *state;

    override(x, "incident");
    x->f.role = bundle_role(x->b, "volunteer");
    expect_reason(x, REASON_ROLE_NOT_PERMITTED);
    override(x, "incident");
    x->f.relation = FACT_RELATION_NONE;
    expect_reason(x, REASON_NO_RELATIONSHIP);
    override(x, "incident");
    x->f.practitioner_standing = false;
    expect_reason(x, REASON_PRACTITIONER_SUSPENDED);
    override(x, "adopted");
    expect_reason(x, REASON_QUESTION_NOT_PERMITTED);
    override(x, "incident")->agency = agency(x, "outsider");
    x->f.agency = agency(x, "outsider");
    expect_reason(x, REASON_NOT_A_PARTY);
}

static void a_shield_hides_from_an_override_too(void **state)
{
    struct fixture *x = *state;

    override(x, "incident");
    shield(x, 3);
    expect_reason(x, REASON_SHIELDED_EXISTENCE);
    assert_int_equal(x->d.telling, TELL_HIDDEN);
    assert_int_equal(x->d.basis, 0);
}

static void sensitive_services_are_reached_where_the_policy_says_so(void **state)
{
    struct fixture *x = *state;

    override(x, "minds-current");
    expect_holders(x, "minds recovery");
}

static void sensitive_services_stay_closed_where_the_policy_does_not(void **state)
{
    struct fixture *x = *state;

    override(x, "minds-current");
    expect_reason(x, REASON_SENSITIVE_SERVICE);
    override(x, "");
    expect_holders(x, "council council-team (minds) police (recovery) surgery");
}

static void one_person_alone_only_where_the_policy_says_so(void **state)
{
    struct fixture *x = *state;
    struct override_fact *o = override(x, "incident");
    bool may = bundle_override_alone(x->b, bundle_purpose(x->b, "help"));

    o->approved = false;
    o->immediate_danger = true;
    expect_reason(x, may ? REASON_NONE : REASON_NO_CONSENT);
}

static void the_one_that_holds_is_found_among_others(void **state)
{
    struct fixture *x = *state;

    override(x, "incident");
    overrides[2] = overrides[1] = overrides[0];
    overrides[0].in_time = false;
    overrides[1].ended = true;
    x->f.n_overrides = 3;
    expect_holders(x, "police surgery");
}

static void the_gateway_of_an_override_may_be_claimed(void **state)
{
    struct fixture *x = *state;

    override(x, "incident");
    x->f.basis_given = true;
    x->f.basis = bundle_gateway(x->b, "duty");
    expect_holders(x, "police surgery");
    x->f.basis = bundle_gateway(x->b, "policing");
    expect_reason(x, REASON_BASIS_NOT_LISTED);
    override(x, "incident")->match = FACT_BROAD;
    x->f.basis_given = true;
    x->f.basis = bundle_gateway(x->b, "duty");
    expect_reason(x, REASON_BASIS_NOT_LISTED);
}

static void hubs_and_holders_may_approve_and_nobody_else(void **state)
{
    struct fixture *x = *state;
    uint16_t help = bundle_purpose(x->b, "help"), q = bundle_question(x->b, "incident");

    assert_true(bundle_override_approver(x->b, agency(x, "hub"), help, q));
    assert_true(bundle_override_approver(x->b, agency(x, "police"), help, q));
    assert_true(bundle_override_approver(x->b, agency(x, "minds"), help, POLICY_NONE));
    assert_false(bundle_override_approver(x->b, agency(x, "council"), help, q));
    assert_false(bundle_override_approver(x->b, agency(x, "outsider"), help, q));
    assert_false(bundle_override_approver(x->b, POLICY_NONE, help, q));
    assert_false(
        bundle_override_approver(x->b, agency(x, "hub"), bundle_purpose(x->b, "protect"), q));
    assert_true(bundle_same_organisation(x->b, agency(x, "police"), agency(x, "police-dau")));
    assert_false(bundle_same_organisation(x->b, agency(x, "police"), agency(x, "hub")));
}

static void what_may_be_overridden_is_what_the_policy_lists(void **state)
{
    struct fixture *x = *state;
    uint16_t help = bundle_purpose(x->b, "help");

    assert_true(bundle_override_open(x->b, help, bundle_question(x->b, "incident")));
    assert_true(bundle_override_open(x->b, help, POLICY_NONE));
    assert_false(bundle_override_open(x->b, help, bundle_question(x->b, "ward")));
    assert_false(bundle_override_open(x->b, help, bundle_question(x->b, "adopted")));
    assert_false(bundle_override_open(x->b, help, 4000));
    assert_false(bundle_override_open(x->b, bundle_purpose(x->b, "protect"), POLICY_NONE));
    assert_false(bundle_override_open(x->b, POLICY_NONE, POLICY_NONE));
    assert_true(bundle_override_gateway(x->b, bundle_gateway(x->b, "duty"), on("2022-05-03")));
    assert_false(bundle_override_gateway(x->b, bundle_gateway(x->b, "duty"), on("2025-07-01")));
    assert_int_equal(bundle_override_rules(x->b)->most_hours, 72);
    assert_int_equal(bundle_override_rules(x->b)->review_hours, 48);
    assert_int_equal(bundle_override_rules(x->b)->unreviewed_limit, 2);
}

static void the_first_that_holds_carries_before_any_later_one(void **state)
{
    struct fixture *x = *state;

    override(x, "incident");
    overrides[1] = overrides[2] = overrides[0];
    overrides[0].agency = agency(x, "council");
    overrides[2].in_time = false; /* nearer than the first, but it does not hold */
    x->f.n_overrides = 3;
    expect_holders(x, "police surgery");
    overrides[0] = overrides[2] = overrides[1];
    overrides[1].gateway = overrides[2].gateway =
        bundle_gateway(x->b, "power"); /* which covers fewer holders */
    expect_holders(x, "police surgery");
}

static void none_beyond_those_given_is_looked_at(void **state)
{
    struct fixture *x = *state;

    override(x, "incident");
    overrides[1] = overrides[0];
    overrides[0].in_time = false;
    expect_reason(x, REASON_NO_CONSENT);
    x->f.n_overrides = 2;
    expect_holders(x, "police surgery");
}

static void as_many_as_there_may_be_are_all_looked_at(void **state)
{
    struct fixture *x = *state;

    override(x, "incident");
    for (size_t i = 1; i < POLICY_OVERRIDES_MAX; i++)
        overrides[i] = overrides[0];
    for (size_t i = 0; i + 1 < POLICY_OVERRIDES_MAX; i++)
        overrides[i].same_parameter = false;
    x->f.n_overrides = POLICY_OVERRIDES_MAX;
    expect_holders(x, "police surgery");
    x->f.basis_given = true;
    x->f.basis = bundle_gateway(x->b, "duty");
    expect_holders(x, "police surgery");
}

static void a_reason_that_the_policy_does_not_list_stays(void **state)
{
    struct fixture *x = *state;

    override(x, "incident");
    expect_holders(x, "police surgery");
    override(x, "incident");
    grant(x)->expires_on = x->f.day - 1;
    expect_reason(x, REASON_CONSENT_EXPIRED);
    override(x, "incident");
    grant(x)->sources = set_of(x, "school");
    expect_reason(x, REASON_CONSENT_SCOPE);
}

static void a_purpose_that_the_policy_does_not_list_has_no_override(void **state)
{
    struct fixture *x = *state;

    override(x, "minds-current");
    x->f.purpose = bundle_purpose(x->b, "order");
    x->f.relation_since = x->f.day - 1;
    overrides[0].purpose = x->f.purpose;
    expect_reason(x, REASON_SENSITIVE_SERVICE);
    assert_int_equal(
        verdict_of(x, "the policy lets an override pass this refusal for this purpose"), 0);
    assert_int_equal(
        verdict_of(x, "the override is the agency's, of this question about this subject"), 9);
}

static void
a_consent_that_names_no_sensitive_service_is_passed_where_the_policy_says_so(void **state)
{
    struct fixture *x = *state;
    bool may = bundle_override_rules(x->b)->past_sensitive[0] != 0;

    override(x, "minds-current");
    grant(x);
    if (may) {
        expect_holders(x, "minds recovery");
        assert_int_equal(x->d.basis, GATEWAY_OVERRIDE);
    } else {
        expect_reason(x, REASON_SENSITIVE_SERVICE);
        assert_int_equal(x->d.basis, 0);
        assert_int_equal(
            verdict_of(x, "the policy lets an override pass this refusal for this purpose"), 0);
    }
}

static void a_gateway_opens_no_class_of_data_that_it_excludes(void **state)
{
    struct fixture *x = *state;

    override(x, "ward");
    expect_holders(x, "police surgery");
    override(x, "ward")->gateway = bundle_gateway(x->b, "power");
    expect_reason(x, REASON_NO_CONSENT);
    override(x, "incident")->gateway = bundle_gateway(x->b, "power"); /* of no class */
    expect_holders(x, "police");
}

static void who_is_involved_is_of_no_class_of_data(void **state)
{
    struct fixture *x = *state;

    override(x, "")->gateway = bundle_gateway(x->b, "power"); /* which excludes every class */
    expect_reason(x, REASON_NONE);
    assert_int_equal(x->d.basis, GATEWAY_OVERRIDE);
}

static void a_gateway_carries_on_its_first_and_last_days(void **state)
{
    struct fixture *x = *state;
    uint16_t duty = bundle_gateway(x->b, "duty");

    assert_true(bundle_override_gateway(x->b, duty, on("2018-01-01")));
    assert_false(bundle_override_gateway(x->b, duty, on("2017-12-31")));
    assert_true(bundle_override_gateway(x->b, duty, on("2025-06-30")));
}

static void only_the_kind_of_approver_that_the_policy_lists_may_approve(void **state)
{
    struct fixture *x = *state;
    uint16_t help = bundle_purpose(x->b, "help"), q = bundle_question(x->b, "incident");
    bool hubs = bundle_override_rules(x->b)->approvers == APPROVER_HUBS;

    assert_int_equal(bundle_override_approver(x->b, agency(x, "hub"), help, q), hubs);
    assert_int_equal(bundle_override_approver(x->b, agency(x, "police"), help, q), !hubs);
}

static void what_is_past_the_end_of_the_bundle_is_nothing(void **state)
{
    struct fixture *x = *state;
    uint16_t help = bundle_purpose(x->b, "help"), q = bundle_question(x->b, "incident");
    uint16_t end = (uint16_t)bundle_n_agencies(x->b), police = agency(x, "police");

    assert_true(bundle_override_alone(x->b, help));
    assert_false(bundle_override_alone(x->b, (uint16_t)bundle_n_purposes(x->b)));
    for (uint32_t i = 64; i <= POLICY_NONE; i++)
        assert_false(bundle_override_alone(x->b, (uint16_t)i));
    assert_false(bundle_override_open(x->b, help, (uint16_t)bundle_n_questions(x->b)));
    assert_false(bundle_override_approver(x->b, end, help, q));
    assert_true(bundle_hub(x->b, agency(x, "hub")));
    assert_false(bundle_hub(x->b, police));
    assert_false(bundle_hub(x->b, end));
    assert_false(bundle_hub(x->b, POLICY_NONE));
    /* what is not known is taken as the same: nobody approves for themselves */
    assert_true(bundle_same_organisation(x->b, end, police));
    assert_true(bundle_same_organisation(x->b, police, end));
    assert_true(bundle_same_organisation(x->b, POLICY_NONE, POLICY_NONE));
}

static void wrong_rules_are_errors_with_their_line(void **state)
{
    static const struct {
        const char *rules, *error;
    } wrong[] = {
        { "overrides = { purposes = [ \"protect\" ]; gateways = [ \"duty\" ]; reasons = [ "
          "\"no-consent\" ]; approvers = [ \"hubs\" ]; };",
          "does not rest on consent" },
        { "overrides = { purposes = [ \"help\" ]; gateways = [ \"consent\" ]; reasons = [ "
          "\"no-consent\" ]; approvers = [ \"hubs\" ]; };",
          "is a consent" },
        { "overrides = { purposes = [ \"help\" ]; gateways = [ \"duty\" ]; reasons = [ "
          "\"shielded-address\" ]; approvers = [ \"hubs\" ]; };",
          "none of its words" },
        { "overrides = { purposes = [ \"help\" ]; gateways = [ \"duty\" ]; reasons = [ "
          "\"no-consent\" ]; approvers = [ \"anybody\" ]; };",
          "none of its words" },
        { "overrides = { purposes = [ \"help\" ]; gateways = [ \"duty\" ]; reasons = [ "
          "\"no-consent\" ]; approvers = [ \"hubs\" ]; most_hours = 1000; };",
          "most_hours" },
        { "overrides = { gateways = [ \"duty\" ]; reasons = [ \"no-consent\" ]; approvers = [ "
          "\"hubs\" ]; };",
          "purposes is missing" },
        { "overrides = { purposes = [ \"help\" ]; gateways = [ \"duty\" ]; reasons = [ "
          "\"no-consent\" ]; };",
          "approvers is missing" },
        { "overrides = { purposes = [ \"help\" ]; gateways = [ \"duty\" ]; reasons = [ "
          "\"no-consent\" ]; approvers = [ \"hubs\" ]; alone = [ \"protect\" ]; };",
          "not among its purposes" },
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(wrong); i++) {
        ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
        ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
        bool said = false;

        assert_int_equal(conf_errors_new(&e), 0);
        assert_true(compiled(wrong[i].rules, e, &out) < 0);
        for (size_t k = 0; k < conf_errors_count(e); k++)
            said = said || (strstr(conf_errors_at(e, k), wrong[i].error) &&
                            strstr(conf_errors_at(e, k), ".policy:"));
        if (!said)
            fail_msg("%s: %s", wrong[i].error,
                     conf_errors_count(e) ? conf_errors_at(e, 0) : "no error");
    }
}

#define WITH(test, rules) cmocka_unit_test_setup_teardown(test, start_##rules, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(an_approved_override_stands_in_for_a_consent, all),
        WITH(without_an_override_the_line_on_consent_stays, all),
        WITH(each_condition_that_is_missing_refuses, all),
        WITH(a_gateway_with_its_conditions_stated_carries, all),
        WITH(a_gateway_that_excludes_a_sector_covers_fewer, all),
        WITH(refused_withdrawn_expired_and_narrow_consents_are_passed, all),
        WITH(a_consent_that_holds_carries_before_an_override, all),
        WITH(no_gate_opens_for_an_override, all),
        WITH(a_shield_hides_from_an_override_too, all),
        WITH(sensitive_services_are_reached_where_the_policy_says_so, all),
        WITH(sensitive_services_stay_closed_where_the_policy_does_not, some),
        WITH(one_person_alone_only_where_the_policy_says_so, all),
        WITH(one_person_alone_only_where_the_policy_says_so, some),
        WITH(the_one_that_holds_is_found_among_others, all),
        WITH(the_gateway_of_an_override_may_be_claimed, all),
        WITH(hubs_and_holders_may_approve_and_nobody_else, all),
        WITH(what_may_be_overridden_is_what_the_policy_lists, all),
        WITH(the_first_that_holds_carries_before_any_later_one, all),
        WITH(none_beyond_those_given_is_looked_at, all),
        WITH(as_many_as_there_may_be_are_all_looked_at, all),
        WITH(a_reason_that_the_policy_does_not_list_stays, holders),
        WITH(a_purpose_that_the_policy_does_not_list_has_no_override, all),
        WITH(a_consent_that_names_no_sensitive_service_is_passed_where_the_policy_says_so, all),
        WITH(a_consent_that_names_no_sensitive_service_is_passed_where_the_policy_says_so, some),
        WITH(a_gateway_opens_no_class_of_data_that_it_excludes, ward),
        WITH(who_is_involved_is_of_no_class_of_data, all),
        WITH(a_gateway_carries_on_its_first_and_last_days, all),
        WITH(only_the_kind_of_approver_that_the_policy_lists_may_approve, hubs),
        WITH(only_the_kind_of_approver_that_the_policy_lists_may_approve, holders),
        WITH(what_is_past_the_end_of_the_bundle_is_nothing, all),
        cmocka_unit_test(wrong_rules_are_errors_with_their_line),
    };

    return cmocka_run_group_tests_name("override", tests, NULL, NULL);
}
