/* SPDX-License-Identifier: Apache-2.0 */
/* test_casework.c - what a policy says of concerns, thresholds, referrals, services, limits,
 * wordings and the evaluation: from the text into the bundle and out of it. */
#include "base/file.h"
#include "engine/casework.h"
#include "engine/catalogue.h"
#include "fixture.h"
#include "wire/msg.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct bundle *policy;

static char *text_of(const char *path)
{
    struct buf text = { 0 };

    buf_init(&text, 1 << 20);
    assert_int_equal(file_read(path, 1 << 20, &text), 0);
    buf_put_u8(&text, 0);
    assert_int_equal(buf_status(&text), 0);
    return (char *)text.data;
}

static int set_up(void **state)
{
    char *text;

    (void)state;
    if (crypto_init() < 0)
        return -1;
    text = text_of(ALM_CASEWORK_POLICY);
    policy = bundle_of(text);
    free(text);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    policy = bundle_free(policy);
    return 0;
}

static const struct policy_threshold *threshold(const char *id)
{
    return &bundle_question_at(policy, bundle_question(policy, id))->threshold;
}

/* The engine knows no messages: what it shares with them is held together here. */
static void the_numbers_are_those_of_the_messages(void **state)
{
    (void)state;
    assert_int_equal(SEVERITY_LOW, 1);
    assert_int_equal(SEVERITY_CRITICAL, 4);
    assert_int_equal(REFERRAL_SIGNPOSTING, 1);
    assert_int_equal(REFERRAL_HARD, 4);
    assert_int_equal(REFERRAL_BOOKED, REFERRAL_KINDS);
    assert_int_equal(casework_referrals.made[REFERRAL_SIGNPOSTING - 1], 0);
    assert_int_equal(casework_referrals.made[REFERRAL_SOFT - 1], MADE_ELIGIBILITY_CHECKED);
    assert_int_equal(casework_referrals.made[REFERRAL_APPLICATION - 1],
                     MADE_ELIGIBILITY_CHECKED | MADE_FORM_VERIFIED);
    assert_int_equal(casework_referrals.made[REFERRAL_HARD - 1], MADE_ELIGIBILITY_DECIDED);
    assert_int_equal(casework_referrals.made[REFERRAL_COMMISSIONED - 1],
                     MADE_ELIGIBILITY_DECIDED | MADE_ASSESSED | MADE_BUDGET_PERMITTED);
    assert_int_equal(casework_referrals.made[REFERRAL_BOOKED - 1],
                     MADE_ELIGIBILITY_DECIDED | MADE_ASSESSED | MADE_BUDGET_PERMITTED |
                         MADE_SLOT_AGREED);
}

static void a_threshold_says_all_that_the_text_said(void **state)
{
    const struct policy_threshold *t = threshold("fired-full");

    (void)state;
    assert_true(t->household);
    assert_int_equal(t->levels, 14);
    assert_int_equal(t->min_agencies, 2);
    assert_int_equal(t->window_days, 90);
    assert_int_equal(t->categories, UINT64_C(1) << bundle_category(policy, "absence") |
                                        UINT64_C(1) << bundle_category(policy, "neglect"));
    assert_false(t->independent);
    assert_true(t->own_count);
    assert_false(t->named);
    assert_int_equal(t->bypass, SEVERITY_HIGH);
    assert_string_equal(t->decide_role, "manager");
    assert_int_equal(t->decide_hours, 12);
}

static void a_threshold_that_says_little_has_the_usual_rules(void **state)
{
    const struct policy_threshold *t = threshold("fired-usual");

    (void)state;
    assert_false(t->household);
    assert_int_equal(t->levels, 3);
    assert_int_equal(t->categories, CASEWORK_ALL_CATEGORIES);
    assert_true(t->independent);
    assert_false(t->own_count);
    assert_true(t->named);
    assert_int_equal(t->bypass, 0);
    assert_string_equal(t->decide_role, "social-worker");
    assert_int_equal(t->decide_hours, 24);
    t = threshold("fired-critical");
    assert_int_equal(t->min_agencies, 1);
    assert_int_equal(t->window_days, 0);
    assert_int_equal(t->decide_hours, 24);
    assert_string_equal(threshold("plan")->decide_role, "");
}

static void categories_areas_and_needs_are_found_by_id(void **state)
{
    static const char *const categories[] = { "absence", "debt", "domestic-abuse", "neglect" };
    static const char *const areas[] = { "north", "south", "west" };
    static const char *const needs[] = { "debt-advice", "housing", "parenting" };

    (void)state;
    assert_int_equal(bundle_n_categories(policy), 4);
    assert_int_equal(bundle_n_areas(policy), 3);
    assert_int_equal(bundle_n_needs(policy), 3);
    for (uint16_t i = 0; i < 4; i++) {
        assert_int_equal(bundle_category(policy, categories[i]), i);
        assert_string_equal(bundle_category_id(policy, i), categories[i]);
    }
    for (uint16_t i = 0; i < 3; i++) {
        assert_int_equal(bundle_area(policy, areas[i]), i);
        assert_string_equal(bundle_area_id(policy, i), areas[i]);
        assert_int_equal(bundle_need(policy, needs[i]), i);
        assert_string_equal(bundle_need_id(policy, i), needs[i]);
    }
    assert_int_equal(bundle_category(policy, "north"), POLICY_NONE);
    assert_int_equal(bundle_area(policy, "east"), POLICY_NONE);
    assert_int_equal(bundle_need(policy, NULL), POLICY_NONE);
    assert_string_equal(bundle_category_id(policy, 4), "");
    assert_string_equal(bundle_area_id(policy, 3), "");
    assert_string_equal(bundle_need_id(policy, 3), "");
    assert_string_equal(bundle_need_id(policy, POLICY_NONE), "");
}

static void an_agency_works_in_its_areas_or_everywhere(void **state)
{
    uint16_t council = bundle_agency(policy, "council"), police = bundle_agency(policy, "police");

    (void)state;
    assert_true(bundle_agency_in(policy, council, 0) && bundle_agency_in(policy, council, 1));
    assert_false(bundle_agency_in(policy, council, 2));
    assert_false(bundle_agency_in(policy, council, 3));
    assert_false(bundle_agency_in(policy, council, POLICY_NONE));
    assert_true(bundle_agency_in(policy, police, 0) && bundle_agency_in(policy, police, 2));
    assert_false(bundle_agency_in(policy, 7, 0));
    assert_false(bundle_agency_in(policy, POLICY_NONE, 0));
}

static void the_rules_of_concerns_and_referrals_are_read_back(void **state)
{
    const struct policy_referral_rules *r = bundle_referral_rules(policy);

    (void)state;
    assert_int_equal(bundle_concern_rules(policy)->most_days, 300);
    assert_int_equal(bundle_concern_rules(policy)->closed_days, 60);
    assert_int_equal(r->decide_days, 10);
    assert_int_equal(r->info_days, 7);
    assert_int_equal(r->feedback_days, 14);
    assert_int_equal(r->expire_days, 200);
    assert_int_equal(r->undelivered_days, 5);
    assert_int_equal(r->loop_days, 45);
    assert_string_equal(r->decide_role, "manager");
    assert_int_equal(r->made[REFERRAL_SOFT - 1], 0);
    assert_int_equal(r->made[REFERRAL_HARD - 1], MADE_ELIGIBILITY_DECIDED | MADE_ASSESSED);
    for (size_t k = 0; k < REFERRAL_KINDS; k++) /* those the text does not name */
        if (k != REFERRAL_SOFT - 1 && k != REFERRAL_HARD - 1)
            assert_int_equal(r->made[k], casework_referrals.made[k]);
}

static void a_service_is_read_back_whole(void **state)
{
    const struct policy_service *s;
    uint16_t i = bundle_service(policy, "family-centre");

    (void)state;
    assert_int_equal(bundle_n_services(policy), 2);
    assert_int_equal(bundle_service(policy, "debt-desk"), 0);
    assert_int_equal(bundle_service(policy, "nowhere"), POLICY_NONE);
    s = bundle_service_at(policy, i);
    assert_string_equal(s->id, "family-centre");
    assert_string_equal(s->title, "Family centre");
    assert_string_equal(s->contact, "centre desk");
    assert_int_equal(s->agency, bundle_agency(policy, "council-team"));
    assert_int_equal(s->kinds, 1 << (REFERRAL_SOFT - 1) | 1 << (REFERRAL_APPLICATION - 1) |
                                   1 << (REFERRAL_BOOKED - 1));
    assert_int_equal(s->n_needs, 2);
    assert_int_equal(s->needs[0], bundle_need(policy, "parenting"));
    assert_int_equal(s->needs[1], bundle_need(policy, "housing"));
    assert_int_equal(s->n_areas, 2);
    assert_int_equal(s->areas[0], bundle_area(policy, "south"));
    assert_int_equal(s->n_criteria, 2);
    assert_int_equal(s->criteria[0].question, bundle_question(policy, "plan"));
    assert_false(s->criteria[0].wanted);
    assert_int_equal(s->criteria[1].question, bundle_question(policy, "benefit"));
    assert_true(s->criteria[1].wanted);
    s = bundle_service_at(policy, 0);
    assert_string_equal(s->contact, "");
    assert_int_equal(s->n_areas + s->n_criteria, 0);
    assert_int_equal(bundle_n_permits(policy, 0), 0);
    assert_int_equal(bundle_n_permits(policy, i), 2);
    assert_string_equal(bundle_permit_at(policy, i, 0).agreed, "minute 4 of 2021-12-01");
    assert_int_equal(bundle_permit_at(policy, i, 0).pounds, 500);
    assert_string_equal(bundle_permit_at(policy, i, 1).agreed, "");
    assert_int_equal(bundle_permit_at(policy, i, 1).until, POLICY_DAY_NONE);
}

static bool permits(const char *who, const char *role, enum service_step step, const char *day,
                    uint32_t pounds)
{
    return bundle_service_permits(policy, bundle_service(policy, "family-centre"),
                                  bundle_agency(policy, who), bundle_role(policy, role), step,
                                  on(day), pounds);
}

/* "Permission matrix: (role, service, step, limit, valid period)" */
static void a_permission_is_of_one_agency_role_step_period_and_sum(void **state)
{
    (void)state;
    assert_true(permits("school", "teacher", SERVICE_COMMISSION, "2022-05-03", 500));
    assert_true(permits("school", "teacher", SERVICE_COMMISSION, "2022-05-03", 0));
    assert_true(permits("school", "teacher", SERVICE_ELIGIBILITY, "2022-01-01", 0));
    assert_true(permits("school", "teacher", SERVICE_ELIGIBILITY, "2022-12-31", 0));
    assert_true(permits("school-office", "teacher", SERVICE_ELIGIBILITY, "2022-12-31", 0));
    assert_false(permits("school", "teacher", SERVICE_COMMISSION, "2022-05-03", 501));
    assert_false(permits("school", "teacher", SERVICE_ELIGIBILITY, "2021-12-31", 0));
    assert_false(permits("school", "teacher", SERVICE_ELIGIBILITY, "2023-01-01", 0));
    assert_false(permits("school", "teacher", SERVICE_ASSESS, "2022-05-03", 0));
    assert_false(permits("school", "teacher", SERVICE_BOOK, "2022-05-03", 0));
    assert_false(permits("school", "manager", SERVICE_ELIGIBILITY, "2022-05-03", 0));
    assert_false(permits("police", "teacher", SERVICE_ELIGIBILITY, "2022-05-03", 0));
    assert_true(permits("police", "manager", SERVICE_ASSESS, "2022-03-01", 0));
    assert_true(permits("police", "manager", SERVICE_DIAGNOSE, "2040-03-01", 0));
    assert_true(permits("police", "manager", SERVICE_BOOK, "2022-03-01", 0));
    assert_false(permits("police", "manager", SERVICE_BOOK, "2022-03-01", 1));
    assert_false(permits("police", "manager", SERVICE_ASSESS, "2022-02-28", 0));
    assert_false(permits("council", "manager", SERVICE_ASSESS, "2022-05-03", 0));
}

static void what_is_out_of_range_is_permitted_nothing(void **state)
{
    uint16_t centre = bundle_service(policy, "family-centre");
    uint16_t police = bundle_agency(policy, "police"), manager = bundle_role(policy, "manager");
    int32_t day = on("2022-05-03");

    (void)state;
    assert_true(bundle_service_permits(policy, centre, police, manager, SERVICE_BOOK, day, 0));
    assert_false(bundle_service_permits(policy, 2, police, manager, SERVICE_BOOK, day, 0));
    assert_false(
        bundle_service_permits(policy, POLICY_NONE, police, manager, SERVICE_BOOK, day, 0));
    assert_false(bundle_service_permits(policy, centre, 7, manager, SERVICE_BOOK, day, 0));
    assert_false(
        bundle_service_permits(policy, centre, POLICY_NONE, manager, SERVICE_BOOK, day, 0));
    assert_false(bundle_service_permits(policy, centre, police, POLICY_NONE, SERVICE_BOOK, day, 0));
    assert_false(
        bundle_service_permits(policy, centre, police, manager, (enum service_step)0, day, 0));
    assert_false(
        bundle_service_permits(policy, centre, police, manager, (enum service_step)6, day, 0));
    assert_false(
        bundle_service_permits(policy, centre, police, manager, SERVICE_BOOK, POLICY_DAY_NONE, 0));
}

static void limits_pins_stages_and_the_evaluation_are_read_back(void **state)
{
    (void)state;
    assert_int_equal(bundle_limits(policy)->practitioner, 40);
    assert_int_equal(bundle_limits(policy)->agency, 600);
    assert_int_equal(bundle_limits(policy)->subject, 9);
    assert_int_equal(bundle_area_arm(policy, bundle_area(policy, "north")), AREA_PILOT);
    assert_int_equal(bundle_area_arm(policy, bundle_area(policy, "south")), AREA_CONTROL);
    assert_int_equal(bundle_area_arm(policy, bundle_area(policy, "west")), AREA_NEITHER);
    assert_int_equal(bundle_area_arm(policy, 3), AREA_NEITHER);
    assert_int_equal(bundle_area_arm(policy, POLICY_NONE), AREA_NEITHER);
    assert_int_equal(bundle_question_at(policy, bundle_question(policy, "benefit"))->pin_days, 30);
    assert_int_equal(bundle_question_at(policy, bundle_question(policy, "plan"))->pin_days, 0);
    assert_int_equal(bundle_question_at(policy, bundle_question(policy, "plan"))->stage, 1);
    assert_int_equal(bundle_question_at(policy, bundle_question(policy, "seen"))->stage, 0);
    assert_true(bundle_purpose_at(policy, bundle_purpose(policy, "help"))->pinning);
    assert_false(bundle_purpose_at(policy, bundle_purpose(policy, "s17"))->pinning);
    assert_false(bundle_purpose_at(policy, bundle_purpose(policy, "monitor"))->pinning);
}

static void a_wording_counts_on_the_days_of_its_approval(void **state)
{
    int32_t from, until;

    (void)state;
    assert_true(bundle_consent_rules(policy)->witness_verbal);
    assert_int_equal(bundle_n_wordings(policy), 2);
    assert_string_equal(bundle_wording_at(policy, 0, &from, &until), "a-2022");
    assert_int_equal(from, on("2022-07-01"));
    assert_int_equal(until, POLICY_DAY_NONE);
    assert_true(bundle_wording(policy, "a-2022", on("2022-07-01")));
    assert_true(bundle_wording(policy, "a-2022", on("2032-07-01")));
    assert_false(bundle_wording(policy, "a-2022", on("2022-06-30")));
    assert_true(bundle_wording(policy, "b-2021", on("2021-01-01")));
    assert_true(bundle_wording(policy, "b-2021", on("2022-06-30")));
    assert_false(bundle_wording(policy, "b-2021", on("2022-07-01")));
    assert_false(bundle_wording(policy, "b-2021", on("2020-12-31")));
    assert_false(bundle_wording(policy, "c-2023", on("2023-01-01")));
    assert_false(bundle_wording(policy, "", on("2023-01-01")));
}

/* decides: who decides on every threshold; "" in bundles of versions that did not ask. */
static void expect_usual(const struct bundle *b, const char *decides)
{
    const struct policy_referral_rules *r = bundle_referral_rules(b);
    const struct policy_limits *l = bundle_limits(b);

    assert_int_equal(bundle_concern_rules(b)->most_days, 365);
    assert_int_equal(bundle_concern_rules(b)->closed_days, 180);
    assert_int_equal(r->decide_days, 28);
    assert_int_equal(r->info_days, 28);
    assert_int_equal(r->feedback_days, 28);
    assert_int_equal(r->expire_days, 365);
    assert_int_equal(r->undelivered_days, 30);
    assert_int_equal(r->loop_days, 90);
    assert_string_equal(r->decide_role, "");
    assert_memory_equal(r->made, casework_referrals.made, sizeof(r->made));
    assert_int_equal(l->practitioner + l->agency + l->subject, 0);
    assert_int_equal(bundle_n_services(b) + bundle_n_needs(b) + bundle_n_categories(b), 0);
    assert_int_equal(bundle_area_arm(b, 0), AREA_NEITHER);
    assert_true(bundle_wording(b, "anything", 19000));
    assert_false(bundle_consent_rules(b)->witness_verbal);
    for (uint16_t i = 0; i < bundle_n_purposes(b); i++)
        assert_false(bundle_purpose_at(b, i)->pinning);
    for (uint16_t i = 0; i < bundle_n_questions(b); i++) {
        const struct policy_question *q = bundle_question_at(b, i);

        assert_int_equal(q->pin_days, 0);
        assert_string_equal(q->threshold.decide_role, q->kind == QUESTION_THRESHOLD ? decides : "");
        if (q->kind != QUESTION_THRESHOLD)
            continue;
        assert_int_equal(q->threshold.categories, CASEWORK_ALL_CATEGORIES);
        assert_true(q->threshold.independent && q->threshold.named);
        assert_false(q->threshold.own_count);
    }
}

static void a_policy_without_these_groups_has_the_usual_rules(void **state)
{
    char *text = text_of(ALM_SMALL_POLICY);
    struct bundle *b = bundle_of(text);

    (void)state;
    expect_usual(b, "social-worker");
    bundle_free(b);
    free(text);
}

/* Bundles of a store that was written before: each version is read, with the usual rules. */
static void bundles_of_every_earlier_version_are_read(void **state)
{
    static const struct {
        const char *path;
        uint16_t version;
    } old[] = { { ALM_BUNDLE_V1, 1 },
                { ALM_BUNDLE_V2, 2 },
                { ALM_BUNDLE_V4, 4 },
                { ALM_BUNDLE_V4_COMPOSITE, 4 } };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(old); i++) {
        ALM_CLEANUP(buf_deinit) struct buf bytes = { 0 };
        struct bundle *b = NULL;

        old_bundle(old[i].path, old[i].version, &bytes);
        assert_int_equal(bundle_decode(buf_view(&bytes), &b), 0);
        expect_usual(b, "");
        b = bundle_free(b);
        bytes.data[5] = LAYOUT_VERSION + 1; /* of a program that is not written yet */
        assert_int_equal(bundle_decode(buf_view(&bytes), &b), -EBADMSG);
        bytes.data[5] = 0;
        assert_int_equal(bundle_decode(buf_view(&bytes), &b), -EBADMSG);
    }
}

/* The bytes of composite-v4, and where its composite rules (60 days, 3) stand. */
static size_t old_composite(struct buf *bytes)
{
    static const uint8_t rules[] = { 0, 60, 0, 3 };

    old_bundle(ALM_BUNDLE_V4_COMPOSITE, 4, bytes);
    for (size_t i = bytes->len - sizeof(rules); i > 0; i--)
        if (memcmp(bytes->data + i, rules, sizeof(rules)) == 0)
            return i;
    fail_msg("composite-v4 has no rules of composites");
    return 0;
}

/* Version 3 ended with the rules of composites. */
static void a_bundle_of_version_3_is_read_and_overrides_nothing(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf bytes = { 0 };
    size_t at = old_composite(&bytes);
    struct bundle *b = NULL;

    (void)state;
    bytes.data[5] = 3;
    assert_int_equal(bundle_decode(bytes_of(bytes.data, at + 4), &b), 0);
    assert_int_equal(bundle_composite_rules(b)->keep_days, 60);
    assert_int_equal(bundle_composite_rules(b)->differ_by, 3);
    assert_int_equal(bundle_question_at(b, bundle_question(b, "strain"))->kind, QUESTION_COMPOSITE);
    for (uint16_t p = 0; p < bundle_n_purposes(b); p++)
        assert_false(bundle_override_open(b, p, 0));
    expect_usual(b, "");
    bundle_free(b);
}

static void rules_of_composites_that_keep_or_tell_nothing_are_refused(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf bytes = { 0 };
    size_t at = old_composite(&bytes);
    struct bundle *b = NULL;

    (void)state;
    bytes.data[at + 1] = 0;
    assert_int_equal(bundle_decode(buf_view(&bytes), &b), -EBADMSG);
    bytes.data[at + 1] = 60;
    bytes.data[at + 3] = 0;
    assert_int_equal(bundle_decode(buf_view(&bytes), &b), -EBADMSG);
    bytes.data[at + 1] = 0;
    assert_int_equal(bundle_decode(buf_view(&bytes), &b), -EBADMSG);
}

/* Until version 5 there was no critical concern. */
static void levels_of_an_earlier_version_are_three(void **state)
{
    static const uint8_t fired[] = { 3, 0, 2, 0, 180 }; /* low and medium, two agencies, 180 days */
    ALM_CLEANUP(buf_deinit) struct buf bytes = { 0 };
    struct bundle *b = NULL;
    size_t at = 0;

    (void)state;
    old_bundle(ALM_BUNDLE_V4, 4, &bytes);
    while (at + sizeof(fired) < bytes.len && memcmp(bytes.data + at, fired, sizeof(fired)) != 0)
        at++;
    assert_true(at + sizeof(fired) < bytes.len);
    bytes.data[at] = 7;
    assert_int_equal(bundle_decode(buf_view(&bytes), &b), 0);
    bundle_free(b);
    b = NULL;
    for (unsigned levels = 8; levels < 16; levels++) {
        bytes.data[at] = (uint8_t)levels;
        assert_int_equal(bundle_decode(buf_view(&bytes), &b), -EBADMSG);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_numbers_are_those_of_the_messages),
        cmocka_unit_test(a_threshold_says_all_that_the_text_said),
        cmocka_unit_test(a_threshold_that_says_little_has_the_usual_rules),
        cmocka_unit_test(categories_areas_and_needs_are_found_by_id),
        cmocka_unit_test(an_agency_works_in_its_areas_or_everywhere),
        cmocka_unit_test(the_rules_of_concerns_and_referrals_are_read_back),
        cmocka_unit_test(a_service_is_read_back_whole),
        cmocka_unit_test(a_permission_is_of_one_agency_role_step_period_and_sum),
        cmocka_unit_test(what_is_out_of_range_is_permitted_nothing),
        cmocka_unit_test(limits_pins_stages_and_the_evaluation_are_read_back),
        cmocka_unit_test(a_wording_counts_on_the_days_of_its_approval),
        cmocka_unit_test(a_policy_without_these_groups_has_the_usual_rules),
        cmocka_unit_test(bundles_of_every_earlier_version_are_read),
        cmocka_unit_test(a_bundle_of_version_3_is_read_and_overrides_nothing),
        cmocka_unit_test(rules_of_composites_that_keep_or_tell_nothing_are_refused),
        cmocka_unit_test(levels_of_an_earlier_version_are_three),
    };

    return cmocka_run_group_tests_name("casework", tests, set_up, tear_down);
}
