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

static struct override_fact overrides[POLICY_OVERRIDES_MAX];

static int compiled(const char *rules, struct conf_errors *e, struct buf *out)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    char *small = small_policy();
    int r;

    assert_non_null(small);
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
        cmocka_unit_test(wrong_rules_are_errors_with_their_line),
    };

    return cmocka_run_group_tests_name("override", tests, NULL, NULL);
}
