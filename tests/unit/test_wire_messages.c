/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire_messages.c - every message goes out and comes back the same; what breaks a bound does
 * not go out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/arena.h"
#include "wire/convert.h"
#include "wire/shape.h"
#include "wire_sample.h"
#include "wire_views.h"
#include <errno.h>
#include <string.h>

static struct msg sent, got; /* too large for a stack in tests */

static int encode(const struct msg *m, struct buf *out)
{
    struct wire_context ctx = wire_sample_context();

    buf_init(out, WIRE_FRAME_MAX);
    return wire_encode(m, &ctx, NULL, out);
}

static void assert_round_trip(const struct msg *m)
{
    ALM_CLEANUP(buf_deinit) struct buf frame;
    struct wire_envelope e;
    uint8_t type;

    assert_int_equal(encode(m, &frame), 0);
    assert_string_equal(wire_fault_word(wire_open(buf_view(&frame), &e)), "ok");
    assert_int_equal(wire_peek(e.body, &type), WIRE_OK);
    assert_int_equal(type, m->type);
    memset(&got, 0, sizeof(got)); /* what lies beyond its type's own arm stays as it was */
    memset(&got, 0xff, offsetof(struct msg, hello));
    assert_string_equal(wire_fault_word(wire_decode(e.body, &got)), "ok");
    wire_views_same(&got, m);
    assert_memory_equal(&got, m, sizeof(got));
}

static void rows_agree_with_generated_descriptors(void **state)
{
    (void)state;
    assert_null(shape_check(&wire_shape_body));
    assert_null(shape_check(&wire_shape_envelope));
}

static void every_message_comes_back_the_same(void **state)
{
    (void)state;
    for (uint8_t type = MSG_HELLO; type <= MSG_COSIGNATURE; type++) {
        if (!wire_sample_has(type))
            continue;
        wire_sample(type, false, &sent);
        assert_round_trip(&sent);
    }
}

static void every_message_with_all_at_its_limit_comes_back_the_same(void **state)
{
    (void)state;
    for (uint8_t type = MSG_HELLO; type <= MSG_COSIGNATURE; type++) {
        if (!wire_sample_has(type))
            continue;
        wire_sample(type, true, &sent);
        assert_round_trip(&sent);
    }
}

static void days_before_1970_and_absent_days_come_back(void **state)
{
    static const int32_t days[] = { -25567, -1, 0, 1, 376199 };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(days); i++) {
        wire_sample(MSG_SHIELD, false, &sent);
        sent.shield.from = days[i];
        assert_int_equal(sent.shield.until, CIVIL_NONE);
        assert_round_trip(&sent);
    }
}

/* clang-format off: one a line */
/* Every way to break a sample that an encoder must not send. */
#define BREAKS(name, type, change)                                                                 \
    static void break_##name(struct msg *m)                                                        \
    {                                                                                              \
        change;                                                                                    \
    }
BREAKS(no_id, MSG_HELLO, memset(&m->id, 0, sizeof(m->id)))
BREAKS(id_not_v7, MSG_HELLO, m->id.octets[6] = 0x40)
BREAKS(no_time, MSG_HELLO, m->sent_ms = 0)
BREAKS(time_before_1970, MSG_HELLO, m->sent_ms = -1)
BREAKS(time_past_9999, MSG_HELLO, m->sent_ms = INT64_MAX)
BREAKS(no_sender, MSG_HELLO, m->sender[0] = '\0')
BREAKS(sender_upper_case, MSG_HELLO, m->sender[0] = 'T')
BREAKS(sender_unended, MSG_HELLO, memset(m->sender, 'a', sizeof(m->sender)))
BREAKS(versions_crossed, MSG_HELLO, m->hello.version_least = 2)
BREAKS(mode_unknown, MSG_HELLO, m->hello.mode = 3)
BREAKS(mode_unset, MSG_HELLO, m->hello.mode = 0)
BREAKS(type_none, MSG_HELLO, m->type = 0)
BREAKS(type_unknown, MSG_HELLO, m->type = 56)
BREAKS(type_below, MSG_HELLO, m->type = 19)
BREAKS(type_great, MSG_HELLO, m->type = 255)
BREAKS(welcome_sender, MSG_WELCOME, memcpy(m->sender, "x", 2))
BREAKS(origin_space, MSG_WELCOME, m->welcome.origin[0] = ' ')
BREAKS(policy_short, MSG_WELCOME, memcpy(m->welcome.policy, "abc", 4))
BREAKS(page_past_pages, MSG_CATALOGUE, m->catalogue.page = 1)
BREAKS(ages_that_end_before_they_begin, MSG_CATALOGUE,
       m->catalogue.capacities[0].from_age = m->catalogue.capacities[0].before_age = 16)
BREAKS(no_wording, MSG_CATALOGUE, m->catalogue.questions[0].wording[0] = '\0')
BREAKS(entries_past_array, MSG_CATALOGUE, m->catalogue.n_purposes = LIST_MAX + 1)
BREAKS(no_practitioner, MSG_INSIGHT_QUERY, memset(&m->practitioner, 0, sizeof(m->practitioner)))
BREAKS(no_role, MSG_INSIGHT_QUERY, m->practitioner.role[0] = '\0')
BREAKS(no_login, MSG_INSIGHT_QUERY, m->practitioner.login = 0)
BREAKS(no_purpose, MSG_INSIGHT_QUERY, m->purpose[0] = '\0')
BREAKS(no_question, MSG_INSIGHT_QUERY, m->insight_query.question[0] = '\0')
BREAKS(no_tokens, MSG_INSIGHT_QUERY,
       memset(&m->insight_query.subject, 0, sizeof(m->insight_query.subject)))
BREAKS(tokens_past_array, MSG_INSIGHT_QUERY, m->insight_query.subject.n = TOKEN_SET_MAX + 1)
BREAKS(home_in_person, MSG_INSIGHT_QUERY, m->insight_query.subject.tokens[0].kind = TOKEN_HOME)
BREAKS(person_who_cannot_be_found, MSG_CONSENT, m->consent.subject.tokens[0].kind = TOKEN_PHONETIC_DOB)
BREAKS(number_without_a_name, MSG_CONSENT, m->consent.subject.tokens[0].kind = TOKEN_NHS)
BREAKS(token_kind, MSG_INSIGHT_QUERY, m->insight_query.subject.tokens[1].kind = TOKEN_KIND_COUNT)
BREAKS(token_scheme, MSG_INSIGHT_QUERY, m->insight_query.subject.tokens[1].scheme = 0)
BREAKS(token_epoch, MSG_INSIGHT_QUERY, m->insight_query.subject.tokens[1].epoch = 0)
BREAKS(token_zero, MSG_INSIGHT_QUERY,
       memset(m->insight_query.subject.tokens[1].value, 0, TOKEN_LEN))
BREAKS(unborn_person, MSG_INSIGHT_QUERY, m->insight_query.subject.unborn = true)
BREAKS(person_as_unborn, MSG_INSIGHT_QUERY, m->insight_query.subject_kind = SUBJECT_UNBORN)
BREAKS(person_as_household, MSG_INSIGHT_QUERY, m->insight_query.subject_kind = SUBJECT_HOUSEHOLD)
BREAKS(both_subjects, MSG_INSIGHT_QUERY,
       m->insight_query.household = m->insight_query.subject.tokens[0])
BREAKS(no_relationship, MSG_INSIGHT_QUERY, m->insight_query.relationship.kind = 0)
BREAKS(claimed_without_reason, MSG_INSIGHT_QUERY,
       m->insight_query.relationship.kind = RELATION_SELF_CLAIMED)
BREAKS(since_out_of_range, MSG_INSIGHT_QUERY, m->insight_query.relationship.since = INT32_MAX)
BREAKS(since_too_early, MSG_INSIGHT_QUERY, m->insight_query.relationship.since = INT32_MIN + 1)
BREAKS(related_backwards, MSG_INSIGHT_QUERY,
       (m->insight_query.relationship.since = 10, m->insight_query.relationship.until = 9))
BREAKS(parameter_not_home, MSG_INSIGHT_QUERY,
       (m->insight_query.has_parameter = true,
        m->insight_query.parameter = m->insight_query.subject.tokens[0]))
BREAKS(parameter_empty, MSG_INSIGHT_QUERY, m->insight_query.has_parameter = true)
BREAKS(home_empty, MSG_INSIGHT_QUERY, m->insight_query.n_homes = 1)
BREAKS(query_replies, MSG_INSIGHT_QUERY, m->in_reply_to = m->id)
BREAKS(household_involvement, MSG_INVOLVEMENT_QUERY,
       m->involvement_query.subject_kind = SUBJECT_HOUSEHOLD)
BREAKS(question_names_practitioner, MSG_QUESTION, memcpy(m->practitioner.ref, "p", 2))
BREAKS(question_names_case, MSG_QUESTION, memcpy(m->case_ref, "c", 2))
BREAKS(question_names_basis, MSG_QUESTION, memcpy(m->basis, "b", 2))
BREAKS(question_of_none, MSG_QUESTION, m->question.question[0] = '\0')
BREAKS(question_of_two, MSG_QUESTION, m->question.involvement = true)
BREAKS(question_undated, MSG_QUESTION, m->question.as_of = CIVIL_NONE)
BREAKS(question_without_household, MSG_QUESTION,
       memset(&m->question.household, 0, sizeof(m->question.household)))
BREAKS(answer_to_nothing, MSG_ANSWER, memset(&m->in_reply_to, 0, sizeof(m->in_reply_to)))
BREAKS(answer_undated, MSG_ANSWER, m->answer.data_as_of = CIVIL_NONE)
BREAKS(answer_no_with_cause, MSG_ANSWER, m->answer.cause = CAUSE_STALE)
BREAKS(answer_unsure_without_cause, MSG_ANSWER, m->answer.value = ANSWER_CANNOT_SAY)
BREAKS(answer_by_hand_at_no_time, MSG_ANSWER, memcpy(m->answer.by, "dw", 3))
BREAKS(answer_by_nobody_at_a_time, MSG_ANSWER, m->answer.by_ms = 1)
BREAKS(answer_escape, MSG_ANSWER, memcpy(m->answer.service, "\x1b[2J", 5))
BREAKS(answer_c1, MSG_ANSWER, memcpy(m->answer.service, "\xc2\x9b", 3))
BREAKS(answer_bad_utf8, MSG_ANSWER, memcpy(m->answer.service, "\xc3", 2))
BREAKS(involved_unsorted, MSG_INVOLVEMENT, m->involvement.involved[0].agency[62] = '\0';
       m->involvement.involved[1].agency[0] = 'a')
BREAKS(involved_masked_but_named, MSG_INVOLVEMENT,
       m->involvement.involved[0].visibility = VISIBLE_MASKED)
BREAKS(involved_unnamed, MSG_INVOLVEMENT, m->involvement.involved[0].agency_name[0] = '\0')
BREAKS(consent_for_nobody, MSG_CONSENT, m->consent.subject.n = 0)
BREAKS(consent_any_and_some, MSG_CONSENT, m->consent.recipients.any = true)
BREAKS(consent_any_sensitive, MSG_CONSENT, m->consent.sensitive_sources.any = true)
BREAKS(consent_empty_name, MSG_CONSENT, m->consent.recipients.agencies[0][0] = '\0')
BREAKS(consent_scope_past_array, MSG_CONSENT, m->consent.sources.n = SCOPE_MAX + 1)
BREAKS(consent_undated, MSG_CONSENT, m->consent.given_on = CIVIL_NONE)
BREAKS(withdrawal_of_nothing, MSG_WITHDRAWAL, m->withdrawal.has_consent = false)
BREAKS(withdrawal_of_zero, MSG_WITHDRAWAL,
       memset(&m->withdrawal.consent, 0, sizeof(m->withdrawal.consent)))
BREAKS(shield_backwards, MSG_SHIELD, m->shield.until = m->shield.from - 1)
BREAKS(shield_level, MSG_SHIELD, m->shield.level = 4)
BREAKS(shield_without_reason, MSG_SHIELD, m->shield.reason[0] = '\0')
BREAKS(refusal_without_reason, MSG_REFUSAL, m->refusal.reason[0] = '\0')
BREAKS(busy_for_no_time, MSG_BUSY, m->busy.retry_after_ms = 0)
BREAKS(override_of_nobody, MSG_OVERRIDE, m->override.subject.n = 0)
BREAKS(override_without_gateway, MSG_OVERRIDE, m->basis[0] = '\0')
BREAKS(override_of_no_question, MSG_OVERRIDE, m->override.question[0] = '\0')
BREAKS(override_of_two, MSG_OVERRIDE, m->override.involvement = true)
BREAKS(override_without_reason, MSG_OVERRIDE, m->override.para18 = 0)
BREAKS(override_reason_unknown, MSG_OVERRIDE, m->override.para18 = 4)
BREAKS(override_untold, MSG_OVERRIDE, m->override.not_told[0] = '\0')
BREAKS(override_unneeded, MSG_OVERRIDE, m->override.necessity[0] = '\0')
BREAKS(override_unmeasured, MSG_OVERRIDE, m->override.proportionality[0] = '\0')
BREAKS(override_for_no_time, MSG_OVERRIDE, m->override.hours = 0)
BREAKS(override_danger_next_week, MSG_OVERRIDE, m->override.immediate_danger = true;
       m->override.immediacy = IMMEDIACY_WEEKS)
BREAKS(override_by_a_party, MSG_OVERRIDE, m->override.no_part = false)
BREAKS(approval_of_nothing, MSG_APPROVAL,
       memset(&m->approval.override, 0, sizeof(m->approval.override)))
BREAKS(approval_undecided, MSG_APPROVAL, m->approval.decision = 0)
BREAKS(approval_by_a_party, MSG_APPROVAL, m->approval.no_part = false)
BREAKS(approval_unsaid, MSG_APPROVAL, m->approval.reason[0] = '\0')
BREAKS(review_by_a_party, MSG_OVERRIDE_REVIEW, m->override_review.no_part = false)
BREAKS(review_without_finding, MSG_OVERRIDE_REVIEW, m->override_review.finding = 0)
BREAKS(view_with_practitioner, MSG_OVERRIDE_VIEW, memcpy(m->practitioner.ref, "p", 2))

static const struct {
    const char *what;
    uint8_t type;
    bool full;
    void (*change)(struct msg *m);
} breaks[] = {
#define B(name, type)                                                                              \
    {                                                                                              \
#name, type, false, break_##name                                                           \
    }
#define F(name, type)                                                                              \
    {                                                                                              \
#name, type, true, break_##name                                                            \
    }
    B(no_id, MSG_HELLO),
    B(id_not_v7, MSG_HELLO),
    B(no_time, MSG_HELLO),
    B(time_before_1970, MSG_HELLO),
    B(time_past_9999, MSG_HELLO),
    B(no_sender, MSG_HELLO),
    B(sender_upper_case, MSG_HELLO),
    B(sender_unended, MSG_HELLO),
    B(versions_crossed, MSG_HELLO),
    B(mode_unknown, MSG_HELLO),
    B(mode_unset, MSG_HELLO),
    B(type_none, MSG_HELLO),
    B(type_unknown, MSG_HELLO),
    B(type_below, MSG_HELLO),
    B(type_great, MSG_HELLO),
    B(welcome_sender, MSG_WELCOME),
    B(origin_space, MSG_WELCOME),
    B(policy_short, MSG_WELCOME),
    B(page_past_pages, MSG_CATALOGUE),
    B(ages_that_end_before_they_begin, MSG_CATALOGUE),
    B(no_wording, MSG_CATALOGUE),
    F(entries_past_array, MSG_CATALOGUE),
    B(no_practitioner, MSG_INSIGHT_QUERY),
    B(no_role, MSG_INSIGHT_QUERY),
    B(no_login, MSG_INSIGHT_QUERY),
    B(no_purpose, MSG_INSIGHT_QUERY),
    B(no_question, MSG_INSIGHT_QUERY),
    B(no_tokens, MSG_INSIGHT_QUERY),
    F(tokens_past_array, MSG_INSIGHT_QUERY),
    B(home_in_person, MSG_INSIGHT_QUERY),
    B(person_who_cannot_be_found, MSG_CONSENT),
    B(number_without_a_name, MSG_CONSENT),
    B(token_kind, MSG_INSIGHT_QUERY),
    B(token_scheme, MSG_INSIGHT_QUERY),
    B(token_epoch, MSG_INSIGHT_QUERY),
    B(token_zero, MSG_INSIGHT_QUERY),
    B(unborn_person, MSG_INSIGHT_QUERY),
    B(person_as_unborn, MSG_INSIGHT_QUERY),
    B(person_as_household, MSG_INSIGHT_QUERY),
    B(both_subjects, MSG_INSIGHT_QUERY),
    B(no_relationship, MSG_INSIGHT_QUERY),
    B(claimed_without_reason, MSG_INSIGHT_QUERY),
    B(since_out_of_range, MSG_INSIGHT_QUERY),
    B(since_too_early, MSG_INSIGHT_QUERY),
    B(related_backwards, MSG_INSIGHT_QUERY),
    B(parameter_not_home, MSG_INSIGHT_QUERY),
    B(parameter_empty, MSG_INSIGHT_QUERY),
    B(home_empty, MSG_INSIGHT_QUERY),
    B(query_replies, MSG_INSIGHT_QUERY),
    B(household_involvement, MSG_INVOLVEMENT_QUERY),
    B(question_names_practitioner, MSG_QUESTION),
    B(question_names_case, MSG_QUESTION),
    B(question_names_basis, MSG_QUESTION),
    B(question_of_none, MSG_QUESTION),
    B(question_of_two, MSG_QUESTION),
    B(question_undated, MSG_QUESTION),
    B(question_without_household, MSG_QUESTION),
    B(answer_to_nothing, MSG_ANSWER),
    B(answer_by_hand_at_no_time, MSG_ANSWER),
    B(answer_by_nobody_at_a_time, MSG_ANSWER),
    B(answer_undated, MSG_ANSWER),
    B(answer_no_with_cause, MSG_ANSWER),
    B(answer_unsure_without_cause, MSG_ANSWER),
    B(answer_escape, MSG_ANSWER),
    B(answer_c1, MSG_ANSWER),
    B(answer_bad_utf8, MSG_ANSWER),
    F(involved_unsorted, MSG_INVOLVEMENT),
    F(involved_masked_but_named, MSG_INVOLVEMENT),
    F(involved_unnamed, MSG_INVOLVEMENT),
    B(consent_for_nobody, MSG_CONSENT),
    B(consent_any_and_some, MSG_CONSENT),
    B(consent_any_sensitive, MSG_CONSENT),
    B(consent_empty_name, MSG_CONSENT),
    F(consent_scope_past_array, MSG_CONSENT),
    B(consent_undated, MSG_CONSENT),
    B(withdrawal_of_nothing, MSG_WITHDRAWAL),
    B(withdrawal_of_zero, MSG_WITHDRAWAL),
    B(shield_backwards, MSG_SHIELD),
    B(shield_level, MSG_SHIELD),
    B(shield_without_reason, MSG_SHIELD),
    B(refusal_without_reason, MSG_REFUSAL),
    B(busy_for_no_time, MSG_BUSY),
    B(override_of_nobody, MSG_OVERRIDE),
    B(override_without_gateway, MSG_OVERRIDE),
    B(override_of_no_question, MSG_OVERRIDE),
    B(override_of_two, MSG_OVERRIDE),
    B(override_without_reason, MSG_OVERRIDE),
    B(override_reason_unknown, MSG_OVERRIDE),
    B(override_untold, MSG_OVERRIDE),
    B(override_unneeded, MSG_OVERRIDE),
    B(override_unmeasured, MSG_OVERRIDE),
    B(override_for_no_time, MSG_OVERRIDE),
    B(override_danger_next_week, MSG_OVERRIDE),
    B(override_by_a_party, MSG_OVERRIDE),
    B(approval_of_nothing, MSG_APPROVAL),
    B(approval_undecided, MSG_APPROVAL),
    B(approval_by_a_party, MSG_APPROVAL),
    B(approval_unsaid, MSG_APPROVAL),
    B(review_by_a_party, MSG_OVERRIDE_REVIEW),
    B(review_without_finding, MSG_OVERRIDE_REVIEW),
    B(view_with_practitioner, MSG_OVERRIDE_VIEW),
};

/* clang-format on */
static void what_breaks_a_bound_is_not_sent(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALM_LEN(breaks); i++) {
        ALM_CLEANUP(buf_deinit) struct buf frame;
        int r;

        wire_sample(breaks[i].type, breaks[i].full, &sent);
        breaks[i].change(&sent);
        r = encode(&sent, &frame);
        if (r != -EINVAL || frame.len != 0)
            fail_msg("%s: %d, %zu bytes", breaks[i].what, r, frame.len);
    }
}

static void arena_stops_at_its_budget(void **state)
{
    ALM_CLEANUP(arena_deinit) struct arena a;
    size_t taken = 0;

    (void)state;
    arena_init(&a, 100000);
    assert_non_null(arena_take(&a, 0));
    while (arena_take(&a, 1000))
        taken += 1000;
    assert_in_range(taken, 90000, 100000);
    assert_null(arena_take(&a, SIZE_MAX));
    assert_null(arena_take(&a, SIZE_MAX - 3));
}

static void encoder_reports_a_budget_too_small(void **state)
{
    ProtobufCMessage *pb;
    size_t most;

    (void)state;
    wire_sample(MSG_CONSENT, true, &sent);
    for (size_t budget = 0; budget < 3000; budget += 100) {
        ALM_CLEANUP(arena_deinit) struct arena a;

        arena_init(&a, budget);
        assert_int_equal(convert_out(&wire_shape_body, &sent, &a, &pb, &most), -ENOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_agree_with_generated_descriptors),
        cmocka_unit_test(every_message_comes_back_the_same),
        cmocka_unit_test(every_message_with_all_at_its_limit_comes_back_the_same),
        cmocka_unit_test(days_before_1970_and_absent_days_come_back),
        cmocka_unit_test(what_breaks_a_bound_is_not_sent),
        cmocka_unit_test(arena_stops_at_its_budget),
        cmocka_unit_test(encoder_reports_a_budget_too_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
