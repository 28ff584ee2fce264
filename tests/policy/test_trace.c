/* SPDX-License-Identifier: Apache-2.0 */
/* test_trace.c - what a decision leaves in the log: each clause once it was looked at, with its
 * verdict, and nothing of what was not; and facts at the bounds of what is taken. */
#include "engine/decide.h"
#include "engine/referral.h"
#include "fixture.h"
#include <string.h>

static int result_of(const struct decision *d, enum clause_id rule)
{
    for (uint16_t i = 0; i < d->n_clauses; i++)
        if (d->clauses[i].rule == rule)
            return d->clauses[i].result;
    return -1;
}

static void expect_result(struct fixture *x, enum reason r, enum clause_id rule, int result)
{
    expect_reason(x, r);
    if (result_of(&x->d, rule) != result)
        fail_msg("%s: %d where %d was expected", clause_text(rule), result_of(&x->d, rule), result);
}

static void a_full_trace_takes_no_more_clauses(void **state)
{
    struct fixture *x = *state;
    struct choice c = { .b = x->b, .f = &x->f, .out = &x->d };

    memset(&x->d, 0, sizeof(x->d));
    for (unsigned i = 0; i < POLICY_TRACE_MAX + 5; i++)
        assert_int_equal(trace(&c, PASS_GATES, CLAUSE_ROLE, CANNOT_TELL), CANNOT_TELL);
    assert_int_equal(x->d.n_clauses, POLICY_TRACE_MAX);
    assert_int_equal(x->d.clauses[POLICY_TRACE_MAX - 1].rule, CLAUSE_ROLE);
}

static void every_clause_has_a_text_and_no_other_number_has(void **state)
{
    (void)state;
    for (uint16_t rule = CLAUSE_NONE + 1; rule < CLAUSE_COUNT; rule++)
        assert_true(strlen(clause_text(rule)) > 10);
    assert_string_equal(clause_text(CLAUSE_COUNT), clause_text(CLAUSE_NONE));
    assert_string_equal(clause_text(UINT16_MAX), clause_text(CLAUSE_NONE));
}

static void that_consent_is_needed_is_recorded_where_it_is(void **state)
{
    struct fixture *x = *state;

    ask(x, "council", "help", "plan");
    expect_result(x, REASON_NO_CONSENT, CLAUSE_CONSENT_NEEDED, HOLDS);
    ask(x, "council", "protect", "plan");
    expect_result(x, REASON_NONE, CLAUSE_CONSENT_NEEDED, -1);
}

static void a_party_of_a_referral_is_known_or_known_not_to_be_or_neither(void **state)
{
    struct fixture *x = *state;

    ask(x, "council", "monitor", "referral-state");
    expect_result(x, REASON_NOT_REFERRAL_PARTY, CLAUSE_REFERRAL_PARTY, CANNOT_TELL);
    x->f.referral_party = 2;
    expect_result(x, REASON_NOT_REFERRAL_PARTY, CLAUSE_REFERRAL_PARTY, FAILS);
    x->f.referral_party = 1;
    expect_result(x, REASON_NONE, CLAUSE_REFERRAL_PARTY, HOLDS);
}

/* A relationship since no day is none that could be checked. */
static void a_relationship_without_a_first_day_permits_nothing(void **state)
{
    static const uint8_t relations[] = { FACT_RELATION_INVOLVED, FACT_RELATION_WAS_INVOLVED,
                                         FACT_RELATION_SAME_HOME, FACT_RELATION_REFERRAL };
    struct fixture *x = *state;

    for (size_t i = 0; i < ALM_LEN(relations); i++) {
        ask(x, "council", "order", "incident");
        x->f.relation = relations[i];
        x->f.relation_since = on("2022-05-01");
        expect_result(x, REASON_NONE, CLAUSE_RELATIONSHIP, HOLDS);
        x->f.relation_since = POLICY_DAY_NONE;
        expect_result(x, REASON_NO_RELATIONSHIP, CLAUSE_RELATIONSHIP, CANNOT_TELL);
        x->f.relation_since = x->f.day + 1;
        expect_result(x, REASON_NO_RELATIONSHIP, CLAUSE_RELATIONSHIP, FAILS);
    }
}

/* A referral is sent for a purpose: within the protocol's days and the purpose's own. */
static void a_referral_is_sent_within_the_days_of_its_purpose(void **state)
{
    static const struct {
        const char *day;
        enum reason r;
    } days[] = { { "2019-12-31", REASON_PROTOCOL_NOT_IN_FORCE },
                 { "2020-12-31", REASON_PROTOCOL_NOT_IN_FORCE },
                 { "2021-01-01", REASON_NONE },
                 { "2025-12-31", REASON_NONE },
                 { "2026-01-01", REASON_PROTOCOL_NOT_IN_FORCE } };
    struct fixture *x = *state;

    for (size_t i = 0; i < ALM_LEN(days); i++) {
        struct choice c = { .b = x->b, .f = &x->f, .out = &x->d };

        memset(&x->d, 0, sizeof(x->d));
        ask(x, "council", "help", "plan");
        x->f.day = on(days[i].day);
        assert_int_equal(gates_check_referral(&c), days[i].r);
    }
}

/* The number after the last question is no question, whatever the next purpose lists. */
static void a_question_just_out_of_range_is_none(void **state)
{
    struct fixture *x = *state;

    for (uint16_t p = 0; p < bundle_n_purposes(x->b); p++) {
        ask(x, "council", "protect", "plan");
        x->f.purpose = p;
        x->f.question = (uint16_t)bundle_n_questions(x->b);
        grant(x);
        expect_result(x, REASON_QUESTION_NOT_PERMITTED, CLAUSE_QUESTION_LISTED, FAILS);
    }
}

static void a_refusal_rests_on_nothing(void **state)
{
    struct fixture *x = *state;

    ask(x, "council", "help", "plan");
    grant(x);
    expect_reason(x, REASON_NONE);
    assert_int_equal(x->d.basis, GATEWAY_CONSENT);
    x->f.basis_given = true;
    x->f.basis = bundle_gateway(x->b, "duty");
    expect_reason(x, REASON_BASIS_NOT_LISTED);
    assert_int_equal(x->d.basis, 0);
    ask(x, "council", "help", "plan");
    expect_reason(x, REASON_NO_CONSENT);
    assert_int_equal(x->d.basis, 0);
    ask(x, "council", "protect", "plan");
    x->f.day = on("2025-07-01"); /* the duty is repealed, and the power does not open its class */
    expect_reason(x, REASON_NONE);
    assert_int_equal(x->d.basis, GATEWAY_POWER);
}

/* Where consent itself is not in force the claimed basis is not kept either. */
static void a_basis_that_is_not_in_force_is_not_recorded_as_one(void **state)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
    struct fixture *x = *state;
    char *text = small_policy(), *at;
    struct bundle *b = x->b;

    assert_non_null(text);
    at = strstr(text, "from = \"2018-01-01\"; kind = \"consent\"");
    assert_non_null(at);
    memcpy(at, "from = \"2024-01-01\"", 19);
    buf_init(&out, 1 << 20);
    assert_int_equal(conf_errors_new(&e), 0);
    assert_int_equal(compile_text(text, e, &out), 0);
    assert_int_equal(bundle_decode(buf_view(&out), &x->b), 0);
    ask(x, "council", "help", "plan");
    grant(x);
    expect_reason(x, REASON_GATEWAY_NOT_IN_FORCE);
    assert_int_equal(x->d.basis, 0);
    bundle_free(x->b);
    x->b = b;
    free(text);
}

/* As many facts as are taken, in arrays of exactly so many: the last counts, and nothing after it
 * is read. */
static void as_many_consents_and_shields_as_may_be_are_read_to_the_last(void **state)
{
    struct fixture *x = *state;
    struct consent_fact *consents = calloc(POLICY_CONSENTS_MAX, sizeof(*consents));
    struct shield_fact *shields = calloc(POLICY_SHIELDS_MAX, sizeof(*shields));

    assert_true(consents && shields);
    ask(x, "council", "help", "incident");
    consents[POLICY_CONSENTS_MAX - 1] = *grant(x);
    x->f.consents = consents;
    x->f.n_consents = POLICY_CONSENTS_MAX;
    x->f.shields = shields;
    x->f.n_shields = POLICY_SHIELDS_MAX;
    for (unsigned i = 0; i < POLICY_SHIELDS_MAX; i++) /* of the past */
        shields[i] = (struct shield_fact){
            .level = 3, .match = FACT_BROAD, .from = x->f.day - 9, .until = x->f.day - 1
        };
    expect_result(x, REASON_NONE, CLAUSE_FACTS_WHOLE, HOLDS);
    shields[POLICY_SHIELDS_MAX - 1].until = x->f.day;
    expect_reason(x, REASON_SHIELDED_EXISTENCE);
    shields[POLICY_SHIELDS_MAX - 1].until = x->f.day - 1;
    x->f.n_shields++;
    expect_result(x, REASON_FACTS_INCOMPLETE, CLAUSE_FACTS_WHOLE, CANNOT_TELL);
    x->f.n_shields = 0;
    x->f.n_consents++;
    expect_result(x, REASON_FACTS_INCOMPLETE, CLAUSE_FACTS_WHOLE, CANNOT_TELL);
    free(consents);
    free(shields);
}

/* As for a question. */
static void a_referral_takes_as_many_facts_as_a_question(void **state)
{
    struct fixture *x = *state;
    struct consent_fact *consents = calloc(POLICY_CONSENTS_MAX, sizeof(*consents));
    struct shield_fact *shields = calloc(POLICY_SHIELDS_MAX, sizeof(*shields));
    uint16_t surgery = agency(x, "surgery");
    bool party;

    assert_true(consents && shields);
    ask(x, "council", "help", "plan");
    consents[POLICY_CONSENTS_MAX - 1] = *grant(x);
    x->f.consents = consents;
    x->f.n_consents = POLICY_CONSENTS_MAX;
    for (unsigned i = 0; i < POLICY_SHIELDS_MAX; i++)
        shields[i] = (struct shield_fact){
            .level = 3, .match = FACT_BROAD, .from = x->f.day - 9, .until = x->f.day - 1
        };
    x->f.shields = shields;
    x->f.n_shields = POLICY_SHIELDS_MAX;
    referral_decide(x->b, &x->f, surgery, &x->d, &party);
    assert_int_equal(x->d.reason, REASON_NONE);
    x->f.n_shields++;
    referral_decide(x->b, &x->f, surgery, &x->d, &party);
    assert_int_equal(x->d.reason, REASON_FACTS_INCOMPLETE);
    x->f.n_shields = 0;
    x->f.n_consents++;
    referral_decide(x->b, &x->f, surgery, &x->d, &party);
    assert_int_equal(x->d.reason, REASON_FACTS_INCOMPLETE);
    assert_true(referral_receiver(x->b, surgery, x->f.purpose));
    assert_false(referral_receiver(x->b, surgery, (uint16_t)bundle_n_purposes(x->b)));
    assert_false(referral_receiver(x->b, POLICY_NONE, x->f.purpose));
    free(consents);
    free(shields);
}

static void expect_referral(struct fixture *x, enum reason r, int told)
{
    bool party;

    memset(&x->d, 0xa5, sizeof(x->d)); /* written whole, or this shows */
    referral_decide(x->b, &x->f, agency(x, "surgery"), &x->d, &party);
    assert_in_range(x->d.n_clauses, 1, POLICY_TRACE_MAX);
    assert_int_equal(x->d.n_holders + x->d.n_listed + x->d.overridden, 0);
    assert_string_equal(reason_word((enum reason)x->d.reason), reason_word(r));
    assert_int_equal(x->d.telling, told);
    if (r != REASON_NONE)
        assert_int_equal(x->d.basis, 0);
}

/* A shield is recorded behind what is told; a record that may be another person's is not. */
static void a_referral_records_the_shield_behind_what_is_told(void **state)
{
    struct fixture *x = *state;

    ask(x, "council", "help", "plan");
    expect_referral(x, REASON_NO_CONSENT, TELL_NO_CONSENT_LINE);
    shield(x, 3)->match = FACT_CONFLICT;
    expect_referral(x, REASON_NO_CONSENT, TELL_NO_CONSENT_LINE);
    x->shields[0].match = FACT_BROAD;
    expect_referral(x, REASON_SHIELDED_EXISTENCE, TELL_NO_CONSENT_LINE);
    grant(x);
    expect_referral(x, REASON_SHIELDED_EXISTENCE, TELL_HIDDEN);
    x->shields[0].match = FACT_CONFLICT;
    expect_referral(x, REASON_NEAR_SHIELDED, TELL_HIDDEN);
}

static void facts_that_are_said_to_be_there_and_are_not_are_not_whole(void **state)
{
    struct fixture *x = *state;

    ask(x, "council", "protect", "plan");
    x->f.consents = NULL;
    x->f.shields = NULL;
    expect_referral(x, REASON_NONE, 0);
    expect_reason(x, REASON_NONE);
    x->f.n_shields = 1;
    expect_referral(x, REASON_FACTS_INCOMPLETE, TELL_HIDDEN);
    expect_reason(x, REASON_FACTS_INCOMPLETE);
    x->f.n_shields = 0;
    x->f.n_consents = 1;
    expect_referral(x, REASON_FACTS_INCOMPLETE, TELL_HIDDEN);
    expect_reason(x, REASON_FACTS_INCOMPLETE);
}

/* A refusal of everything, and what came after it: two facts in an array of two. */
static void what_was_granted_after_a_refusal_is_read_to_the_last(void **state)
{
    struct fixture *x = *state;
    struct consent_fact *two = calloc(2, sizeof(*two));

    assert_non_null(two);
    ask(x, "council", "help", "incident");
    two[1] = *grant(x);
    two[0] = *refusal(x);
    x->f.consents = two;
    x->f.n_consents = 2;
    expect_reason(x, REASON_CONSENT_REFUSED);
    two[1].given_on = two[0].given_on + 1;
    expect_reason(x, REASON_NONE);
    free(two);
}

/* An override is looked at only where consent has closed something. */
static void an_override_leaves_no_trace_where_none_was_needed(void **state)
{
    static const char rules[] = "overrides = { purposes = [ \"help\" ]; gateways = [ \"power\" ]; "
                                "reasons = [ \"no-consent\" ]; "
                                "approvers = [ \"hubs\" ]; };\n";
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 }, more = { 0 };
    struct override_fact o = { .match = FACT_STRICT, .in_time = true, .approved = true };
    struct fixture *x = *state;
    char *text = small_policy();
    struct bundle *b = x->b;

    assert_non_null(text);
    buf_init(&out, 1 << 20);
    buf_init(&more, 1 << 20);
    buf_printf(&more, "%s%s", text, rules);
    buf_put_u8(&more, 0);
    assert_int_equal(conf_errors_new(&e), 0);
    assert_int_equal(compile_text((const char *)more.data, e, &out), 0);
    assert_int_equal(bundle_decode(buf_view(&out), &x->b), 0);
    ask(x, "council", "help", "incident");
    o.agency = x->f.agency;
    o.purpose = x->f.purpose;
    o.question = x->f.question;
    o.gateway = bundle_gateway(x->b, "power");
    o.same_parameter = true;
    x->f.overrides = &o;
    x->f.n_overrides = 1;
    expect_result(x, REASON_NONE, CLAUSE_OVERRIDE_ALLOWED, HOLDS);
    assert_int_equal(x->d.basis, GATEWAY_OVERRIDE);
    grant(x);
    expect_result(x, REASON_NONE, CLAUSE_OVERRIDE_ALLOWED, -1);
    assert_int_equal(x->d.basis, GATEWAY_CONSENT);
    bundle_free(x->b);
    x->b = b;
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_trace_takes_no_more_clauses),
        cmocka_unit_test(every_clause_has_a_text_and_no_other_number_has),
        cmocka_unit_test(that_consent_is_needed_is_recorded_where_it_is),
        cmocka_unit_test(a_party_of_a_referral_is_known_or_known_not_to_be_or_neither),
        cmocka_unit_test(a_relationship_without_a_first_day_permits_nothing),
        cmocka_unit_test(a_referral_is_sent_within_the_days_of_its_purpose),
        cmocka_unit_test(a_question_just_out_of_range_is_none),
        cmocka_unit_test(a_refusal_rests_on_nothing),
        cmocka_unit_test(a_basis_that_is_not_in_force_is_not_recorded_as_one),
        cmocka_unit_test(as_many_consents_and_shields_as_may_be_are_read_to_the_last),
        cmocka_unit_test(a_referral_takes_as_many_facts_as_a_question),
        cmocka_unit_test(a_referral_records_the_shield_behind_what_is_told),
        cmocka_unit_test(facts_that_are_said_to_be_there_and_are_not_are_not_whole),
        cmocka_unit_test(what_was_granted_after_a_refusal_is_read_to_the_last),
        cmocka_unit_test(an_override_leaves_no_trace_where_none_was_needed),
    };

    return cmocka_run_group_tests_name("trace", tests, fixture_new, fixture_free);
}
