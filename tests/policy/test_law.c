/* SPDX-License-Identifier: Apache-2.0 */
/* test_law.c - law as data: days in force, countries, conditions that a request must state, what a
 * gateway excludes, and that consent is one kind of basis among others (DOMAIN.md sections 1, 2).
 */
#include "base/file.h"
#include "fixture.h"
#include <string.h>

/* "Was this lawful on ...?": the same facts, decided by another day. */
static enum reason reason_on(struct fixture *x, const char *day)
{
    x->f.day = on(day);
    decide(x);
    return (enum reason)x->d.reason;
}

static void the_same_request_is_lawful_by_the_day_it_is_decided_on(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "plan");
    x->f.basis_given = true;
    x->f.basis = bundle_gateway(x->b, "duty");
    assert_int_equal(reason_on(x, "2025-05-03"), REASON_NONE);
    assert_int_equal(reason_on(x, "2025-06-30"), REASON_NONE);
    assert_int_equal(reason_on(x, "2025-07-01"), REASON_GATEWAY_NOT_IN_FORCE);
    assert_int_equal(reason_on(x, "2019-12-31"), REASON_PROTOCOL_NOT_IN_FORCE);
    assert_int_equal(reason_on(x, "2025-05-03"), REASON_NONE); /* nothing is remembered */
}

static void a_repealed_gateway_covers_nobody(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "ward");
    expect_holders(x, "police surgery"); /* by the duty */
    x->f.day = on("2025-07-01");
    expect_reason(x, REASON_GATEWAY_NOT_IN_FORCE); /* the power excludes the class */
    assert_int_equal(x->d.basis, 0);
    assert_int_equal(x->d.n_holders, 0);
}

static void an_excluded_class_closes_its_gateway_and_not_the_next(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "order", "ward");
    expect_holders(x, "police"); /* by the policing power, which excludes no class */
    assert_int_equal(x->d.basis, 3);
    ask(x, "school", "order", "incident");
    expect_holders(x, "police");
}

/* Who is involved is of no class: no gateway excludes it as one. */
static void who_is_involved_is_of_no_excluded_class(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "");
    x->f.day = on("2025-07-01"); /* the power is left, which excludes every class there is */
    expect_reason(x, REASON_NONE);
    ask(x, "school", "protect", "plan"); /* nor is a question that names none */
    x->f.day = on("2025-07-01");
    expect_reason(x, REASON_NONE);
}

static void each_condition_must_be_stated_and_others_do_not_stand_in(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "task", "incident");
    for (uint32_t stated = 0; stated < 16; stated++) {
        const uint32_t needed = CONDITION_NECESSITY | CONDITION_PUBLIC_TASK_STATEMENT;

        x->f.conditions = stated;
        expect_reason(x, (stated & needed) == needed ? REASON_NONE : REASON_GATEWAY_NOT_IN_FORCE);
    }
}

static uint8_t verdict_of(const struct fixture *x, const char *text)
{
    for (uint16_t i = 0; i < x->d.n_clauses; i++)
        if (strstr(clause_text(x->d.clauses[i].rule), text))
            return x->d.clauses[i].result;
    fail_msg("no clause says \"%s\"", text);
    return 0;
}

/* What explain shows: a condition that nobody stated is not the same as a law not in force. */
static void a_condition_left_out_reads_as_cannot_tell_and_a_repeal_as_fails(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "task", "incident");
    decide(x);
    assert_int_equal(verdict_of(x, "a power of this purpose"), 2);
    assert_int_equal(verdict_of(x, "a duty of this purpose"), 0);
    ask(x, "school", "protect", "incident");
    decide(x);
    assert_int_equal(verdict_of(x, "a duty of this purpose"), 1);
    assert_int_equal(verdict_of(x, "a power of this purpose"), 1);
    x->f.day = on("2025-07-01");
    decide(x);
    assert_int_equal(verdict_of(x, "a duty of this purpose"), 0);
}

/* Which law decided, as the log says it: nothing that was not in force, was excluded or not stated. */
static void the_laws_that_carried_a_decision_are_named_and_no_others(void **state)
{
    static const struct {
        const char *purpose, *question, *day;
        uint32_t stated;
        const char *law; /* NULL: none, for it is refused */
    } rows[] = {
        { "protect", "plan", "2025-06-30", 0, "duty" },
        { "protect", "plan", "2025-07-01", 0, "power" }, /* the duty is repealed */
        { "protect", "ward", "2025-07-01", 0, NULL },    /* and the power excludes patients' data */
        { "order", "ward", "2025-05-03", 0, "policing" },
        { "task", "incident", "2025-05-03", CONDITION_NECESSITY, NULL },
        { "task", "incident", "2025-05-03",
          CONDITION_NECESSITY | CONDITION_PUBLIC_TASK_STATEMENT, "stated" },
    };
    struct fixture *x = *state;

    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        uint16_t laws[POLICY_LAWS_MAX];

        ask(x, "school", rows[i].purpose, rows[i].question);
        x->f.day = on(rows[i].day);
        x->f.conditions = rows[i].stated;
        decide(x);
        assert_int_equal(policy_laws(x->b, &x->f, &x->d, laws), rows[i].law ? 1 : 0);
        if (rows[i].law)
            assert_int_equal(laws[0], bundle_gateway(x->b, rows[i].law));
    }
    ask(x, "school", "order", "incident");
    decide(x);
    {
        uint16_t laws[POLICY_LAWS_MAX];

        assert_int_equal(policy_laws(x->b, &x->f, &x->d, laws), 2);
        assert_int_equal(laws[0], bundle_gateway(x->b, "power"));
        assert_int_equal(laws[1], bundle_gateway(x->b, "policing"));
        assert_int_equal(policy_laws(NULL, &x->f, &x->d, laws), 0);
        x->f.purpose = POLICY_NONE;
        assert_int_equal(policy_laws(x->b, &x->f, &x->d, laws), 0);
    }
}

static void what_a_record_says_carried_it_is_read_as_whole_names(void **state)
{
    static const struct {
        const char *detail, *laws;
    } rows[] = {
        { "", "" },
        { "law=", "" },
        { "the law is an ass", "" },
        { "law=duty", "duty|" },
        { "law=duty,power", "duty|power|" },
        { "review is due law=duty,power", "duty|power|" },
        { "law=duty; self-claimed relationship", "duty|" },
        { "law=duty and,more", "duty|" },
        { "law=,duty,,power,", "duty|power|" },
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        const char *at = NULL, *id, *wanted = rows[i].laws;
        size_t len;

        for (unsigned k = 0; k < 8 && (id = policy_law_next(rows[i].detail, &at, &len)) != NULL; k++) {
            assert_int_equal(len, strcspn(wanted, "|"));
            assert_memory_equal(id, wanted, len);
            wanted += len + 1;
        }
        assert_string_equal(wanted, "");
        assert_null(policy_law_next(rows[i].detail, &at, &len));
    }
}

static void consent_is_not_asked_for_where_the_basis_is_another(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "protect", "incident");
    decide(x);
    assert_int_equal(x->d.outcome, OUTCOME_PERMIT);
    for (uint16_t i = 0; i < x->d.n_clauses; i++) {
        assert_null(strstr(clause_text(x->d.clauses[i].rule), "rests on consent"));
        assert_null(strstr(clause_text(x->d.clauses[i].rule), "valid consent"));
    }
    x->f.basis_given = true; /* nor is it taken for the basis when somebody claims it */
    x->f.basis = bundle_gateway(x->b, "consent");
    expect_reason(x, REASON_BASIS_NOT_LISTED);
}

static void a_consent_on_file_opens_nothing_that_does_not_rest_on_it(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "task", "incident"); /* its condition is not stated */
    grant(x);
    expect_reason(x, REASON_GATEWAY_NOT_IN_FORCE);
}

static void no_state_of_a_consent_blocks_a_purpose_that_rests_on_a_duty(void **state)
{
    struct fixture *x = *state;

    for (unsigned which = 0; which < 6; which++) {
        struct consent_fact *k;

        ask(x, "school", "protect", "incident");
        k = which < 3 ? grant(x) : refusal(x);
        if (which % 3 == 0)
            k->withdrawn_on = k->given_on;
        if (which % 3 == 1)
            k->expires_on = k->given_on;
        if (which % 3 == 2)
            k->match = FACT_CONFLICT;
        expect_holders(x, "police surgery");
        assert_int_equal(x->d.basis, 1);
    }
}

static void consent_needs_its_gateway_and_a_grant_both(void **state)
{
    struct fixture *x = *state;

    ask(x, "school", "help", "incident");
    x->f.basis_given = true;
    x->f.basis = bundle_gateway(x->b, "consent");
    expect_reason(x, REASON_NO_CONSENT);
    grant(x);
    expect_reason(x, REASON_NONE);
    assert_int_equal(x->d.basis, 2);
    x->f.basis = bundle_gateway(x->b, "duty"); /* the claimed one never selects the rule */
    expect_reason(x, REASON_BASIS_NOT_LISTED);
}

/* A leaf names the bundle of its day, which must be readable for as long as the leaf is. */
static void a_bundle_of_the_first_version_still_decides(void **state)
{
    ALM_CLEANUP(bundle_freep) struct bundle *old = old_bundle_read(ALM_BUNDLE_V1, 1);
    struct fixture *x = *state;
    struct bundle *mine = x->b;

    x->b = old;
    ask(x, "school", "protect", "incident");
    expect_holders(x, "police surgery");
    x->b = mine;
}

static void a_bundle_of_the_second_version_keeps_its_excluded_classes(void **state)
{
    ALM_CLEANUP(bundle_freep) struct bundle *old = old_bundle_read(ALM_BUNDLE_V2, 2);
    struct fixture *x = *state;
    struct bundle *mine = x->b;

    x->b = old;
    ask(x, "school", "protect", "ward");
    expect_holders(x, "police surgery");
    x->f.day = on("2025-07-01");
    expect_reason(x, REASON_GATEWAY_NOT_IN_FORCE);
    x->b = mine;
}

static void an_unknown_version_is_refused(void **state)
{
    ALM_CLEANUP(bundle_freep) struct bundle *b = NULL;
    ALM_CLEANUP(buf_deinit) struct buf bytes = { 0 };

    (void)state;
    old_bundle(ALM_BUNDLE_V1, 1, &bytes);
    for (unsigned v = 0; v < 5; v++) {
        bytes.data[4] = 0; /* big-endian */
        bytes.data[5] = (uint8_t)v;
        if (v != 1)
            assert_true(bundle_decode(buf_view(&bytes), &b) < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_request_is_lawful_by_the_day_it_is_decided_on),
        cmocka_unit_test(a_repealed_gateway_covers_nobody),
        cmocka_unit_test(an_excluded_class_closes_its_gateway_and_not_the_next),
        cmocka_unit_test(who_is_involved_is_of_no_excluded_class),
        cmocka_unit_test(each_condition_must_be_stated_and_others_do_not_stand_in),
        cmocka_unit_test(a_condition_left_out_reads_as_cannot_tell_and_a_repeal_as_fails),
        cmocka_unit_test(what_a_record_says_carried_it_is_read_as_whole_names),
        cmocka_unit_test(the_laws_that_carried_a_decision_are_named_and_no_others),
        cmocka_unit_test(consent_is_not_asked_for_where_the_basis_is_another),
        cmocka_unit_test(a_consent_on_file_opens_nothing_that_does_not_rest_on_it),
        cmocka_unit_test(no_state_of_a_consent_blocks_a_purpose_that_rests_on_a_duty),
        cmocka_unit_test(consent_needs_its_gateway_and_a_grant_both),
        cmocka_unit_test(a_bundle_of_the_first_version_still_decides),
        cmocka_unit_test(a_bundle_of_the_second_version_keeps_its_excluded_classes),
        cmocka_unit_test(an_unknown_version_is_refused),
    };

    return cmocka_run_group_tests_name("law", tests, fixture_new, fixture_free);
}
