/* SPDX-License-Identifier: Apache-2.0 */
/* test_rules.c - the rule packs that we ship compile, and decide a few things as their text says.
 */
#include "base/file.h"
#include "fixture.h"
#include <string.h>

static int set_up(void **state)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
    struct fixture *x = calloc(1, sizeof(*x));
    int r;

    buf_init(&out, 1 << 20);
    if (!x || crypto_init() < 0 || conf_errors_new(&e) < 0)
        return -1;
    r = policy_compile(ALM_RULES "/england", e, &out);
    for (size_t i = 0; conf_errors_at(e, i); i++)
        print_message("# %s\n", conf_errors_at(e, i));
    if (r == 0)
        r = bundle_decode(buf_view(&out), &x->b);
    *state = x;
    return r;
}

static void asked_in_2026(struct fixture *x, const char *who, const char *purpose,
                          const char *question)
{
    ask(x, who, purpose, question);
    x->f.day = on("2026-11-22");
    x->f.relation_since = on("2026-09-01");
}

static void the_england_starter_compiles_with_its_catalogue(void **state)
{
    struct fixture *x = *state;

    assert_true(bundle_n_questions(x->b) >= 20);
    for (uint16_t i = 0; i < bundle_n_questions(x->b); i++)
        assert_true(*bundle_question_at(x->b, i)->owner && *bundle_question_at(x->b, i)->decision);
}

static void a_section_47_enquiry_needs_no_consent_and_names_services(void **state)
{
    struct fixture *x = *state;

    asked_in_2026(x, "example-council-childrens-services", "safeguard.s47",
                  "mental-health-current");
    expect_holders(x, "example-camhs");
    assert_int_equal(x->d.basis, 1);
}

static void early_help_needs_consent_and_masks_services(void **state)
{
    struct fixture *x = *state;

    asked_in_2026(x, "example-primary", "early-help", "");
    expect_reason(x, REASON_NO_CONSENT);
    grant(x);
    decide(x);
    assert_int_equal(x->d.outcome, OUTCOME_PERMIT);
    for (uint16_t i = 0; i < x->d.n_holders; i++)
        assert_int_equal(x->d.visibility[i] == HOLDER_MASKED,
                         bundle_agency_at(x->b, x->d.holders[i])->sensitive);
}

static void a_gateway_that_has_not_commenced_permits_nothing(void **state)
{
    struct fixture *x = *state;

    asked_in_2026(x, "example-primary", "safeguard.s47", "cp-plan-current");
    x->f.basis_given = true;
    x->f.basis = bundle_gateway(x->b, "ca2004-s16la");
    expect_reason(x, REASON_GATEWAY_NOT_IN_FORCE);
}

static void the_starter_runs_out_with_its_protocols(void **state)
{
    struct fixture *x = *state;

    asked_in_2026(x, "example-primary", "safeguard.s47", "cp-plan-current");
    x->f.day = on("2029-01-01");
    expect_reason(x, REASON_PROTOCOL_NOT_IN_FORCE);
}

static void a_volunteer_may_ask_nothing_about_a_person(void **state)
{
    struct fixture *x = *state;

    for (uint16_t p = 0; p < bundle_n_purposes(x->b); p++)
        for (uint16_t q = 0; q < bundle_n_questions(x->b); q++) {
            asked_in_2026(x, "example-council-childrens-services", bundle_purpose_at(x->b, p)->id,
                          bundle_question_at(x->b, q)->id);
            grant(x);
            x->f.role = bundle_role(x->b, "volunteer");
            decide(x);
            assert_int_equal(x->d.outcome, OUTCOME_REFUSE);
        }
}

/* What policy/README.md shows an officer as a whole policy must be one. */
static void the_whole_policy_of_the_manual_compiles(void **state)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    ALM_CLEANUP(buf_deinit) struct buf manual = { 0 }, out = { 0 };
    char *from, *to;
    int r;

    (void)state;
    buf_init(&manual, 1 << 20);
    buf_init(&out, 1 << 20);
    assert_int_equal(conf_errors_new(&e), 0);
    assert_int_equal(file_read(ALM_RULES "/../README.md", 1 << 20, &manual), 0);
    buf_put_u8(&manual, 0);
    from = strstr((char *)manual.data, "## A whole policy");
    assert_non_null(from);
    from = strstr(from, "```\n");
    assert_non_null(from);
    from += 4;
    to = strstr(from, "```");
    assert_non_null(to);
    *to = '\0';
    r = compile_text(from, e, &out);
    for (size_t i = 0; conf_errors_at(e, i); i++)
        print_message("# %s\n", conf_errors_at(e, i));
    assert_int_equal(r, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_england_starter_compiles_with_its_catalogue),
        cmocka_unit_test(a_section_47_enquiry_needs_no_consent_and_names_services),
        cmocka_unit_test(early_help_needs_consent_and_masks_services),
        cmocka_unit_test(a_gateway_that_has_not_commenced_permits_nothing),
        cmocka_unit_test(the_starter_runs_out_with_its_protocols),
        cmocka_unit_test(the_whole_policy_of_the_manual_compiles),
        cmocka_unit_test(a_volunteer_may_ask_nothing_about_a_person),
    };

    return cmocka_run_group_tests_name("rules", tests, set_up, fixture_free);
}
