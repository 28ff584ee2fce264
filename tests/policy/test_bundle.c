/* SPDX-License-Identifier: Apache-2.0 */
/* test_bundle.c - compiled bytes: what decodes, and that nothing else does. Reasons: each has its
 * words. */
#include "alloc_fail.h"
#include "base/bytes.h"
#include "engine/index.h"
#include "fixture.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct buf compiled;

static int set_up(void **state)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;

    (void)state;
    buf_init(&compiled, 1 << 20);
    if (crypto_init() < 0 || conf_errors_new(&e) < 0)
        return -1;
    return policy_compile(ALM_SMALL_POLICY, e, &compiled);
}

static int tear_down(void **state)
{
    (void)state;
    buf_deinit(&compiled);
    return 0;
}

static void ids_find_their_entries_and_unknown_ids_nothing(void **state)
{
    ALM_CLEANUP(bundle_freep) struct bundle *b = NULL;

    (void)state;
    assert_int_equal(bundle_decode(buf_view(&compiled), &b), 0);
    assert_int_equal(bundle_n_agencies(b), 10);
    for (uint16_t i = 0; i < bundle_n_agencies(b); i++)
        assert_int_equal(bundle_agency(b, bundle_agency_at(b, i)->id), i);
    for (uint16_t i = 0; i < bundle_n_purposes(b); i++)
        assert_int_equal(bundle_purpose(b, bundle_purpose_at(b, i)->id), i);
    for (uint16_t i = 0; i < bundle_n_questions(b); i++)
        assert_int_equal(bundle_question(b, bundle_question_at(b, i)->id), i);
    assert_int_equal(bundle_agency(b, "nobody"), POLICY_NONE);
    assert_int_equal(bundle_agency(b, ""), POLICY_NONE);
    assert_int_equal(bundle_agency(b, NULL), POLICY_NONE);
    assert_int_equal(bundle_role(b, "council"), POLICY_NONE);
}

static uint32_t fnv(const char *id)
{
    uint32_t h = 2166136261u;

    for (; *id; id++)
        h = (h ^ (uint8_t)*id) * 16777619u;
    return h;
}

/* Ids that all begin at every other slot: the rest of the table is free, and must be looked at. */
static void ids_that_crowd_half_of_the_slots_are_found_and_others_not(void **state)
{
    static char ids[5][8];
    struct index x;
    uint16_t n = 0;

    (void)state;
    for (unsigned i = 0; n < ALM_LEN(ids); i++) {
        (void)snprintf(ids[n], sizeof(ids[n]), "id%u", i);
        n += fnv(ids[n]) % 2 == 0;
    }
    assert_int_equal(index_init(&x, 4), 0);
    for (uint16_t i = 0; i < 4; i++)
        assert_int_equal(index_add(&x, ids[i], i), 0);
    assert_int_equal(index_add(&x, ids[3], 9), 1);
    for (uint16_t i = 0; i < 4; i++)
        assert_int_equal(index_find(&x, ids[i]), i);
    assert_int_equal(index_find(&x, ids[4]), UINT16_MAX);
    index_deinit(&x);
    assert_int_equal(index_find(&x, ids[0]), UINT16_MAX);
}

static void the_bundle_tells_what_the_text_said(void **state)
{
    ALM_CLEANUP(bundle_freep) struct bundle *b = NULL;
    const struct policy_agency *a;
    const struct policy_question *q;
    const struct policy_purpose *p;

    (void)state;
    assert_int_equal(bundle_decode(buf_view(&compiled), &b), 0);
    assert_string_equal(bundle_name(b), "Small partnership");
    a = bundle_agency_at(b, bundle_agency(b, "council-team"));
    assert_int_equal(a->organisation, bundle_agency(b, "council"));
    assert_true(a->shield_owner);
    a = bundle_agency_at(b, bundle_agency(b, "hub"));
    assert_true(a->hub);
    assert_string_equal(a->contact, "01632 960000");
    assert_int_equal(a->organisation, bundle_agency(b, "hub"));
    q = bundle_question_at(b, bundle_question(b, "lives-at"));
    assert_true(q->home_parameter && q->uses_homes && q->unknown_cannot_say &&
                q->reveals_location && !q->household);
    p = bundle_purpose_at(b, bundle_purpose(b, "help"));
    assert_int_equal(p->parent, bundle_purpose(b, "protect"));
    assert_true(p->consent && p->involvement && !p->past_shield);
    assert_int_equal(bundle_consent_rules(b)->grace_days, 14);
    assert_int_equal(bundle_consent_rules(b)->capacities[FACT_CAPACITY_PARENT].before_age, 16);
    assert_false(bundle_consent_rules(b)->capacities[FACT_CAPACITY_CARER_WITHOUT_PR].able);
}

static void a_party_may_lodge_and_a_stranger_may_not(void **state)
{
    ALM_CLEANUP(bundle_freep) struct bundle *b = NULL;
    uint16_t help;

    (void)state;
    assert_int_equal(bundle_decode(buf_view(&compiled), &b), 0);
    help = bundle_purpose(b, "help");
    assert_true(bundle_party(b, bundle_agency(b, "surgery"), help));
    assert_true(bundle_party(b, bundle_agency(b, "council-team"), help));
    assert_false(bundle_party(b, bundle_agency(b, "outsider"), help));
    assert_false(bundle_party(b, POLICY_NONE, help));
    assert_false(bundle_party(b, bundle_agency(b, "surgery"), POLICY_NONE));
    assert_true(bundle_lists(b, help, bundle_question(b, "plan")));
    assert_false(bundle_lists(b, help, bundle_question(b, "fired")));
    assert_false(bundle_lists(b, POLICY_NONE, POLICY_NONE));
}

static void the_hash_is_that_of_the_bytes(void **state)
{
    ALM_CLEANUP(bundle_freep) struct bundle *b = NULL;
    uint8_t hash[POLICY_HASH_LEN];

    (void)state;
    assert_int_equal(bundle_decode(buf_view(&compiled), &b), 0);
    assert_int_equal(crypto_sha256(buf_view(&compiled), hash), 0);
    assert_memory_equal(hash, bundle_hash(b), sizeof(hash));
}

static void every_shorter_or_longer_text_is_refused(void **state)
{
    struct bundle *b = NULL;
    uint8_t *longer = malloc(compiled.len + 1);

    (void)state;
    assert_non_null(longer);
    memcpy(longer, compiled.data, compiled.len);
    longer[compiled.len] = 0;
    for (size_t n = 0; n < compiled.len; n++)
        assert_int_equal(bundle_decode(bytes_of(longer, n), &b), -EBADMSG);
    assert_int_equal(bundle_decode(bytes_of(longer, compiled.len + 1), &b), -EBADMSG);
    assert_null(b);
    free(longer);
}

/* Whatever byte rots: refused, or a bundle that decides without harm (and has another hash, which
 * the store would notice). */
static void every_changed_byte_is_refused_or_harmless(void **state)
{
    uint8_t *copy = malloc(compiled.len);
    static struct decision d;
    unsigned refused = 0;

    (void)state;
    assert_non_null(copy);
    memcpy(copy, compiled.data, compiled.len);
    for (size_t i = 0; i < compiled.len; i++) {
        ALM_CLEANUP(bundle_freep) struct bundle *b = NULL;
        struct facts f = { .agency_standing = true,
                           .practitioner_standing = true,
                           .day = 19000,
                           .involvement = true };
        int r;

        copy[i] ^= 0xff;
        r = bundle_decode(bytes_of(copy, compiled.len), &b);
        assert_true(r == 0 || r == -EBADMSG);
        refused += r != 0;
        if (r == 0)
            policy_decide(b, &f, &d);
        copy[i] = compiled.data[i];
    }
    assert_true(refused > compiled.len / 4);
    free(copy);
}

static void each_failed_allocation_of_a_decode_is_reported(void **state)
{
    struct bundle *b = NULL;
    long n = 0;

    (void)state;
    for (;; n++) {
        int r;

        alloc_fail_nth(n);
        r = bundle_decode(buf_view(&compiled), &b);
        if (!alloc_failed())
            break;
        assert_int_equal(r, -ENOMEM);
        assert_null(b);
    }
    alloc_fail_nth(-1);
    assert_true(n > 10);
    bundle_free(b);
}

static void each_failed_allocation_of_a_compile_is_reported(void **state)
{
    long n = 0;

    (void)state;
    for (;; n++) {
        ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
        ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
        int r;

        assert_int_equal(conf_errors_new(&e), 0);
        buf_init(&out, 1 << 20);
        alloc_fail_nth(n);
        r = policy_compile(ALM_SMALL_POLICY, e, &out);
        if (!alloc_failed()) {
            assert_int_equal(r, 0);
            break;
        }
        alloc_fail_nth(-1);
        if (r == 0 || out.len != 0)
            fail_msg("allocation %ld failed and the compiler gave %d with %zu bytes", n, r,
                     out.len);
    }
    alloc_fail_nth(-1);
    assert_true(n > 50);
}

static void agency_sets_take_any_index(void **state)
{
    struct agency_set s = { .any = false };

    (void)state;
    agency_set_add(&s, 0);
    agency_set_add(&s, 511);
    agency_set_add(&s, 512); /* no such place: nothing */
    agency_set_add(&s, POLICY_NONE);
    assert_true(agency_set_has(&s, 0) && agency_set_has(&s, 511));
    assert_false(agency_set_has(&s, 1) || agency_set_has(&s, 512) ||
                 agency_set_has(&s, POLICY_NONE));
    s.any = true;
    assert_true(agency_set_has(&s, 77));
}

static void every_reason_has_a_word_of_its_own_and_a_text(void **state)
{
    (void)state;
    for (unsigned r = 0; r < REASON_COUNT; r++) {
        assert_true(*reason_word((enum reason)r) && *reason_text((enum reason)r));
        assert_int_equal(reason_from_word(reason_word((enum reason)r)), r);
        if (r != REASON_NONE)
            assert_true(*reason_way_forward((enum reason)r));
    }
    assert_int_equal(reason_from_word("no-such-reason"), REASON_DENY);
    assert_int_equal(reason_from_word(NULL), REASON_DENY);
    assert_string_equal(reason_word((enum reason)9999), "deny");
}

/* DESIGN.md promise 5: "no consent on file lets you have this" "stands alike for never asked,
 * refused, withdrawn, expired, invalid, given to others and sensitive service not named"; shields
 * and quarantined matches are hidden. */
static void reasons_are_told_as_promised(void **state)
{
    static const enum reason line[] = { REASON_NO_CONSENT,        REASON_CONSENT_REFUSED,
                                        REASON_CONSENT_WITHDRAWN, REASON_CONSENT_EXPIRED,
                                        REASON_CONSENT_INVALID,   REASON_CONSENT_SCOPE,
                                        REASON_SENSITIVE_SERVICE };
    static const enum reason hidden[] = { REASON_SHIELDED_ADDRESS, REASON_SHIELDED_IDENTITY,
                                          REASON_SHIELDED_EXISTENCE, REASON_MATCH_CONFLICT,
                                          REASON_NEAR_SHIELDED,
                                          REASON_FACTS_INCOMPLETE };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(line); i++) {
        assert_int_equal(reason_telling(line[i]), TELL_NO_CONSENT_LINE);
        assert_string_equal(reason_way_forward(line[i]), reason_way_forward(REASON_NO_CONSENT));
    }
    for (size_t i = 0; i < ALM_LEN(hidden); i++)
        assert_int_equal(reason_telling(hidden[i]), TELL_HIDDEN);
    assert_int_equal(reason_telling(REASON_NO_RELATIONSHIP), TELL_REASON);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_find_their_entries_and_unknown_ids_nothing),
        cmocka_unit_test(ids_that_crowd_half_of_the_slots_are_found_and_others_not),
        cmocka_unit_test(the_bundle_tells_what_the_text_said),
        cmocka_unit_test(a_party_may_lodge_and_a_stranger_may_not),
        cmocka_unit_test(the_hash_is_that_of_the_bytes),
        cmocka_unit_test(every_shorter_or_longer_text_is_refused),
        cmocka_unit_test(every_changed_byte_is_refused_or_harmless),
        cmocka_unit_test(each_failed_allocation_of_a_decode_is_reported),
        cmocka_unit_test(each_failed_allocation_of_a_compile_is_reported),
        cmocka_unit_test(agency_sets_take_any_index),
        cmocka_unit_test(every_reason_has_a_word_of_its_own_and_a_text),
        cmocka_unit_test(reasons_are_told_as_promised),
    };

    return cmocka_run_group_tests_name("bundle", tests, set_up, tear_down);
}
