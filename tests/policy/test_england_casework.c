/* SPDX-License-Identifier: Apache-2.0 */
/* test_england_casework.c - the England starter: its thresholds, referrals, services, limits,
 * wordings and pins, and what must hold of them whoever edits the text. */
#include "base/file.h"
#include "engine/casework.h"
#include "engine/catalogue.h"
#include "fixture.h"
#include "wire/msg.h"
#include <dirent.h>
#include <stdio.h>
#include <string.h>

static struct bundle *england;

static int set_up(void **state)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };

    (void)state;
    buf_init(&out, 1 << 23);
    if (crypto_init() < 0 || conf_errors_new(&e) < 0)
        return -1;
    if (policy_compile(ALM_RULES "/england", e, &out) < 0) {
        for (size_t i = 0; conf_errors_at(e, i); i++)
            print_message("# %s\n", conf_errors_at(e, i));
        return -1;
    }
    return bundle_decode(buf_view(&out), &england);
}

static int tear_down(void **state)
{
    (void)state;
    england = bundle_free(england);
    return 0;
}

static const struct policy_question *question(const char *id)
{
    uint16_t i = bundle_question(england, id);

    if (i == POLICY_NONE)
        fail_msg("the starter has no question %s", id);
    return bundle_question_at(england, i);
}

/* "more than 2 or 3 separate agencies" (the Leicestershire report) */
static void thresholds_take_more_than_two_agencies_or_a_serious_worry(void **state)
{
    const struct policy_threshold *t = &question("concerns-3-agencies-12m")->threshold;

    (void)state;
    assert_int_equal(t->min_agencies, 3);
    assert_false(t->household);
    assert_true(t->independent && t->named && !t->own_count);
    t = &question("concerns-home-4-agencies-12m")->threshold;
    assert_int_equal(t->min_agencies, 4);
    assert_true(t->household && !t->named);
    assert_int_equal(t->bypass, 0);
    t = &question("serious-concerns-2-agencies-6m")->threshold;
    assert_int_equal(t->min_agencies, 2);
    assert_false(t->levels & 1 << (SEVERITY_LOW - 1));
    assert_false((t->categories >> bundle_category(england, "money-and-debt")) & 1);
    assert_true((t->categories >> bundle_category(england, "neglect")) & 1);
}

/* "Severity 4 or a s47 indicator bypasses to a hard alert." */
static void a_critical_concern_about_a_person_bypasses_the_count(void **state)
{
    (void)state;
    assert_int_equal(question("concerns-3-agencies-12m")->threshold.bypass, SEVERITY_CRITICAL);
    assert_int_equal(question("serious-concerns-2-agencies-6m")->threshold.bypass,
                     SEVERITY_CRITICAL);
}

static void somebody_decides_on_each_firing_and_a_hub_reads_it(void **state)
{
    uint16_t monitor = bundle_purpose(england, "concern-monitoring");

    (void)state;
    for (uint16_t q = 0; q < bundle_n_questions(england); q++) {
        const struct policy_question *v = bundle_question_at(england, q);
        uint16_t role = bundle_role(england, v->threshold.decide_role);

        if (v->kind != QUESTION_THRESHOLD)
            continue;
        assert_true(bundle_lists(england, monitor, q));
        assert_true(bundle_role_asks(england, monitor, role));
        assert_in_range(v->threshold.decide_hours, 1, 168);
        assert_true(v->threshold.window_days <= bundle_concern_rules(england)->most_days);
    }
    assert_int_equal(bundle_place(england, bundle_agency(england, "example-hub"), monitor),
                     PLACE_FULL);
}

/* "k of n: k is at least 2 and less than n", by weight: no sign is enough, and none is needed. */
static void composites_prove_no_sign_by_themselves(void **state)
{
    static const char *const ids[] = { "signs-of-strain-2", "risk-band-high" };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(ids); i++) {
        const struct policy_question *q = question(ids[i]);
        uint32_t total = 0, heaviest = 0;

        assert_int_equal(q->kind, QUESTION_COMPOSITE);
        for (uint8_t k = 0; k < q->composite->n; k++) {
            uint16_t weight = q->composite->factors[k].weight;

            total += weight;
            heaviest = weight > heaviest ? weight : heaviest;
        }
        assert_true(q->composite->needed > heaviest);
        assert_true(total - heaviest >= q->composite->needed);
        assert_true(q->composite->n >= 5);
    }
    assert_int_equal(question("signs-of-strain-2")->composite->needed, 2);
}

static void each_kind_of_referral_asks_what_it_stands_for(void **state)
{
    const struct policy_referral_rules *r = bundle_referral_rules(england);

    (void)state;
    assert_memory_equal(r->made, casework_referrals.made, sizeof(r->made));
    assert_int_equal(r->decide_days, 28);
    assert_string_equal(r->decide_role, "hub-navigator");
    assert_true(r->feedback_days < r->decide_days);
    assert_true(r->undelivered_days < r->decide_days); /* or it is overdue before it is dead */
}

static void every_need_is_met_and_every_service_can_be_found(void **state)
{
    bool met[LAYOUT_NEEDS_MAX] = { false };

    (void)state;
    assert_in_range(bundle_n_needs(england), 15, 25);
    assert_in_range(bundle_n_services(england), 5, 20);
    for (uint16_t i = 0; i < bundle_n_services(england); i++) {
        const struct policy_service *s = bundle_service_at(england, i);

        assert_int_equal(strncmp(s->id, "example-", 8), 0);
        assert_true(*s->contact);
        assert_true(
            bundle_party(england, s->agency, bundle_purpose(england, "service-eligibility")));
        for (uint8_t k = 0; k < s->n_needs; k++)
            met[s->needs[k]] = true;
    }
    for (uint16_t n = 0; n < bundle_n_needs(england); n++)
        if (!met[n])
            fail_msg("no service meets %s", bundle_need_id(england, n));
}

/* "each evaluated at the owner": under service-eligibility, and never a sensitive fact. */
static void every_criterion_may_be_asked_to_settle_eligibility(void **state)
{
    uint16_t eligibility = bundle_purpose(england, "service-eligibility");

    (void)state;
    for (uint16_t i = 0; i < bundle_n_services(england); i++) {
        const struct policy_service *s = bundle_service_at(england, i);

        for (uint8_t k = 0; k < s->n_criteria; k++) {
            uint16_t q = s->criteria[k].question;

            if (!bundle_n_holders(england, eligibility, q))
                fail_msg("%s: %s", s->id, bundle_question_at(england, q)->id);
            assert_false(bundle_question_at(england, q)->sensitive);
        }
    }
}

static bool permits(const char *service, const char *agency, const char *role,
                    enum service_step step, const char *day, uint32_t pounds)
{
    return bundle_service_permits(england, bundle_service(england, service),
                                  bundle_agency(england, agency), bundle_role(england, role), step,
                                  on(day), pounds);
}

static void permissions_end_and_are_agreed(void **state)
{
    (void)state;
    assert_true(permits("example-tenancy-support", "example-council-early-help",
                        "early-help-worker", SERVICE_COMMISSION, "2026-11-22", 300));
    assert_false(permits("example-tenancy-support", "example-council-early-help",
                         "early-help-worker", SERVICE_COMMISSION, "2026-11-22", 301));
    assert_false(permits("example-tenancy-support", "example-council-early-help",
                         "early-help-worker", SERVICE_COMMISSION, "2027-01-01", 0));
    assert_false(permits("example-tenancy-support", "example-primary",
                         "designated-safeguarding-lead", SERVICE_COMMISSION, "2026-11-22", 0));
    assert_true(permits("example-family-support", "example-primary", "designated-safeguarding-lead",
                        SERVICE_ELIGIBILITY, "2026-11-22", 0));
    for (uint16_t i = 0; i < bundle_n_services(england); i++)
        for (uint16_t k = 0; k < bundle_n_permits(england, i); k++) {
            assert_true(*bundle_permit_at(england, i, k).agreed);
            assert_true(bundle_permit_at(england, i, k).until != POLICY_DAY_NONE);
        }
}

static bool above_or_at(uint16_t purpose, uint16_t lower)
{
    for (uint16_t p = lower; p != POLICY_NONE; p = bundle_purpose_at(england, p)->parent)
        if (p == purpose)
            return true;
    return false;
}

/* DESIGN.md section 4: pinning is "refused for purposes at or above s.17". */
static void nothing_is_pinned_at_or_above_s17(void **state)
{
    uint16_t s17 = bundle_purpose(england, "s17");
    unsigned pinned = 0;

    (void)state;
    for (uint16_t p = 0; p < bundle_n_purposes(england); p++)
        if (above_or_at(p, s17))
            assert_false(bundle_purpose_at(england, p)->pinning);
    for (uint16_t q = 0; q < bundle_n_questions(england); q++) {
        if (!bundle_question_at(england, q)->pin_days)
            continue;
        pinned++;
        for (uint16_t p = 0; p < bundle_n_purposes(england); p++)
            assert_false(bundle_lists(england, p, q) && above_or_at(p, s17));
    }
    assert_true(pinned > 0);
}

static void limits_wordings_and_areas_are_there(void **state)
{
    const struct policy_limits *l = bundle_limits(england);

    (void)state;
    assert_true(l->practitioner && l->subject && l->practitioner < l->agency);
    assert_true(bundle_wording(england, "example-2026-1", on("2026-01-01")));
    assert_false(bundle_wording(england, "example-2026-1", on("2025-12-31")));
    assert_false(bundle_wording(england, "example-2025-1", on("2026-01-01")));
    assert_true(bundle_consent_rules(england)->witness_verbal);
    assert_int_equal(bundle_area_arm(england, bundle_area(england, "north")), AREA_PILOT);
    assert_int_equal(bundle_area_arm(england, bundle_area(england, "south")), AREA_CONTROL);
    assert_in_range(bundle_n_categories(england), 12, 20);
}

static void every_file_is_marked_for_review(void **state)
{
    DIR *d = opendir(ALM_RULES "/england");
    struct dirent *entry;
    unsigned files = 0;

    (void)state;
    assert_non_null(d);
    while ((entry = readdir(d)) != NULL) {
        ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
        char path[512];

        if (entry->d_name[0] == '.')
            continue;
        buf_init(&text, 1 << 20);
        (void)snprintf(path, sizeof(path), ALM_RULES "/england/%.200s", entry->d_name);
        assert_int_equal(file_read(path, 1 << 20, &text), 0);
        buf_put_u8(&text, 0);
        if (!strstr((const char *)text.data, "FOR REVIEW BY AN INFORMATION-GOVERNANCE LAWYER"))
            fail_msg("%s is not marked for review", entry->d_name);
        files++;
    }
    (void)closedir(d);
    assert_true(files > 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thresholds_take_more_than_two_agencies_or_a_serious_worry),
        cmocka_unit_test(a_critical_concern_about_a_person_bypasses_the_count),
        cmocka_unit_test(somebody_decides_on_each_firing_and_a_hub_reads_it),
        cmocka_unit_test(composites_prove_no_sign_by_themselves),
        cmocka_unit_test(each_kind_of_referral_asks_what_it_stands_for),
        cmocka_unit_test(every_need_is_met_and_every_service_can_be_found),
        cmocka_unit_test(every_criterion_may_be_asked_to_settle_eligibility),
        cmocka_unit_test(permissions_end_and_are_agreed),
        cmocka_unit_test(nothing_is_pinned_at_or_above_s17),
        cmocka_unit_test(limits_wordings_and_areas_are_there),
        cmocka_unit_test(every_file_is_marked_for_review),
    };

    return cmocka_run_group_tests_name("england_casework", tests, set_up, tear_down);
}
