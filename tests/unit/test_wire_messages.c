/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire_messages.c - every message goes out and comes back the same; what breaks a bound does
 * not go out. */
#include "wire/arena.h"
#include "wire/convert.h"
#include "wire_fixture.h"

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
        (void)assert_comes_back(&sent);
    }
}

static void every_message_with_all_at_its_limit_comes_back_the_same(void **state)
{
    (void)state;
    for (uint8_t type = MSG_HELLO; type <= MSG_COSIGNATURE; type++) {
        if (!wire_sample_has(type))
            continue;
        wire_sample(type, true, &sent);
        (void)assert_comes_back(&sent);
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
        (void)assert_comes_back(&sent);
    }
}

/* clang-format off: one a line */
/* Every way to break a sample that an encoder must not send. */
#define BREAKS(X)                                                                                  \
    X(no_id, MSG_HELLO, 0, memset(&m->id, 0, sizeof(m->id)))                                       \
    X(id_not_v7, MSG_HELLO, 0, m->id.octets[6] = 0x40)                                             \
    X(no_time, MSG_HELLO, 0, m->sent_ms = 0)                                                       \
    X(time_before_1970, MSG_HELLO, 0, m->sent_ms = -1)                                             \
    X(time_past_9999, MSG_HELLO, 0, m->sent_ms = INT64_MAX)                                        \
    X(no_sender, MSG_HELLO, 0, m->sender[0] = '\0')                                                \
    X(sender_upper_case, MSG_HELLO, 0, m->sender[0] = 'T')                                         \
    X(sender_unended, MSG_HELLO, 0, memset(m->sender, 'a', sizeof(m->sender)))                     \
    X(versions_crossed, MSG_HELLO, 0, m->hello.version_least = 2)                                  \
    X(mode_unknown, MSG_HELLO, 0, m->hello.mode = 3)                                               \
    X(mode_unset, MSG_HELLO, 0, m->hello.mode = 0)                                                 \
    X(type_none, MSG_HELLO, 0, m->type = 0)                                                        \
    X(type_unknown, MSG_HELLO, 0, m->type = 56)                                                    \
    X(type_below, MSG_HELLO, 0, m->type = 19)                                                      \
    X(type_great, MSG_HELLO, 0, m->type = 255)                                                     \
    X(welcome_sender, MSG_WELCOME, 0, memcpy(m->sender, "x", 2))                                   \
    X(origin_space, MSG_WELCOME, 0, m->welcome.origin[0] = ' ')                                    \
    X(policy_short, MSG_WELCOME, 0, memcpy(m->welcome.policy, "abc", 4))                           \
    X(page_past_pages, MSG_CATALOGUE, 0, m->catalogue.page = 1)                                    \
    X(ages_that_end_before_they_begin, MSG_CATALOGUE, 0, m->catalogue.capacities[0].from_age = m->catalogue.capacities[0].before_age = 16) \
    X(no_wording, MSG_CATALOGUE, 0, m->catalogue.questions[0].wording[0] = '\0')                   \
    X(entries_past_array, MSG_CATALOGUE, 1, m->catalogue.n_purposes = LIST_MAX + 1)                \
    X(no_practitioner, MSG_INSIGHT_QUERY, 0, memset(&m->practitioner, 0, sizeof(m->practitioner))) \
    X(no_role, MSG_INSIGHT_QUERY, 0, m->practitioner.role[0] = '\0')                               \
    X(no_login, MSG_INSIGHT_QUERY, 0, m->practitioner.login = 0)                                   \
    X(no_purpose, MSG_INSIGHT_QUERY, 0, m->purpose[0] = '\0')                                      \
    X(no_question, MSG_INSIGHT_QUERY, 0, m->insight_query.question[0] = '\0')                      \
    X(no_tokens, MSG_INSIGHT_QUERY, 0, memset(&m->insight_query.subject, 0, sizeof(m->insight_query.subject))) \
    X(tokens_past_array, MSG_INSIGHT_QUERY, 1, m->insight_query.subject.n = TOKEN_SET_MAX + 1)     \
    X(home_in_person, MSG_INSIGHT_QUERY, 0, m->insight_query.subject.tokens[0].kind = TOKEN_HOME)  \
    X(person_who_cannot_be_found, MSG_CONSENT, 0, m->consent.subject.tokens[0].kind = TOKEN_PHONETIC_DOB) \
    X(number_without_a_name, MSG_CONSENT, 0, m->consent.subject.tokens[0].kind = TOKEN_NHS)        \
    X(token_kind, MSG_INSIGHT_QUERY, 0, m->insight_query.subject.tokens[1].kind = TOKEN_KIND_COUNT) \
    X(token_scheme, MSG_INSIGHT_QUERY, 0, m->insight_query.subject.tokens[1].scheme = 0)           \
    X(token_epoch, MSG_INSIGHT_QUERY, 0, m->insight_query.subject.tokens[1].epoch = 0)             \
    X(token_zero, MSG_INSIGHT_QUERY, 0, memset(m->insight_query.subject.tokens[1].value, 0, TOKEN_LEN)) \
    X(unborn_person, MSG_INSIGHT_QUERY, 0, m->insight_query.subject.unborn = true)                 \
    X(person_as_unborn, MSG_INSIGHT_QUERY, 0, m->insight_query.subject_kind = SUBJECT_UNBORN)      \
    X(person_as_household, MSG_INSIGHT_QUERY, 0, m->insight_query.subject_kind = SUBJECT_HOUSEHOLD) \
    X(both_subjects, MSG_INSIGHT_QUERY, 0, m->insight_query.household = m->insight_query.subject.tokens[0]) \
    X(no_relationship, MSG_INSIGHT_QUERY, 0, m->insight_query.relationship.kind = 0)               \
    X(claimed_without_reason, MSG_INSIGHT_QUERY, 0, m->insight_query.relationship.kind = RELATION_SELF_CLAIMED) \
    X(since_out_of_range, MSG_INSIGHT_QUERY, 0, m->insight_query.relationship.since = INT32_MAX)   \
    X(since_too_early, MSG_INSIGHT_QUERY, 0, m->insight_query.relationship.since = INT32_MIN + 1)  \
    X(related_backwards, MSG_INSIGHT_QUERY, 0, (m->insight_query.relationship.since = 10, m->insight_query.relationship.until = 9)) \
    X(parameter_not_home, MSG_INSIGHT_QUERY, 0, (m->insight_query.has_parameter = true, m->insight_query.parameter = m->insight_query.subject.tokens[0])) \
    X(parameter_empty, MSG_INSIGHT_QUERY, 0, m->insight_query.has_parameter = true)                \
    X(home_empty, MSG_INSIGHT_QUERY, 0, m->insight_query.n_homes = 1)                              \
    X(query_replies, MSG_INSIGHT_QUERY, 0, m->in_reply_to = m->id)                                 \
    X(household_involvement, MSG_INVOLVEMENT_QUERY, 0, m->involvement_query.subject_kind = SUBJECT_HOUSEHOLD) \
    X(question_names_practitioner, MSG_QUESTION, 0, memcpy(m->practitioner.ref, "p", 2))           \
    X(question_names_case, MSG_QUESTION, 0, memcpy(m->case_ref, "c", 2))                           \
    X(question_names_basis, MSG_QUESTION, 0, memcpy(m->basis, "b", 2))                             \
    X(question_of_none, MSG_QUESTION, 0, m->question.question[0] = '\0')                           \
    X(question_of_two, MSG_QUESTION, 0, m->question.involvement = true)                            \
    X(question_undated, MSG_QUESTION, 0, m->question.as_of = CIVIL_NONE)                           \
    X(question_without_household, MSG_QUESTION, 0, memset(&m->question.household, 0, sizeof(m->question.household))) \
    X(answer_to_nothing, MSG_ANSWER, 0, memset(&m->in_reply_to, 0, sizeof(m->in_reply_to)))        \
    X(answer_undated, MSG_ANSWER, 0, m->answer.data_as_of = CIVIL_NONE)                            \
    X(answer_no_with_cause, MSG_ANSWER, 0, m->answer.cause = CAUSE_STALE)                          \
    X(answer_unsure_without_cause, MSG_ANSWER, 0, m->answer.value = ANSWER_CANNOT_SAY)             \
    X(answer_by_hand_at_no_time, MSG_ANSWER, 0, memcpy(m->answer.by, "dw", 3))                     \
    X(answer_by_nobody_at_a_time, MSG_ANSWER, 0, m->answer.by_ms = 1)                              \
    X(answer_escape, MSG_ANSWER, 0, memcpy(m->answer.service, "\x1b[2J", 5))                       \
    X(answer_c1, MSG_ANSWER, 0, memcpy(m->answer.service, "\xc2\x9b", 3))                          \
    X(answer_bad_utf8, MSG_ANSWER, 0, memcpy(m->answer.service, "\xc3", 2))                        \
    X(involved_unsorted, MSG_INVOLVEMENT, 1, m->involvement.involved[0].agency[62] = '\0'; m->involvement.involved[1].agency[0] = 'a') \
    X(involved_masked_but_named, MSG_INVOLVEMENT, 1, m->involvement.involved[0].visibility = VISIBLE_MASKED) \
    X(involved_unnamed, MSG_INVOLVEMENT, 1, m->involvement.involved[0].agency_name[0] = '\0')      \
    X(consent_for_nobody, MSG_CONSENT, 0, m->consent.subject.n = 0)                                \
    X(consent_any_and_some, MSG_CONSENT, 0, m->consent.recipients.any = true)                      \
    X(consent_any_sensitive, MSG_CONSENT, 0, m->consent.sensitive_sources.any = true)              \
    X(consent_empty_name, MSG_CONSENT, 0, m->consent.recipients.agencies[0][0] = '\0')             \
    X(consent_scope_past_array, MSG_CONSENT, 1, m->consent.sources.n = SCOPE_MAX + 1)              \
    X(consent_undated, MSG_CONSENT, 0, m->consent.given_on = CIVIL_NONE)                           \
    X(withdrawal_of_nothing, MSG_WITHDRAWAL, 0, m->withdrawal.has_consent = false)                 \
    X(withdrawal_of_zero, MSG_WITHDRAWAL, 0, memset(&m->withdrawal.consent, 0, sizeof(m->withdrawal.consent))) \
    X(shield_backwards, MSG_SHIELD, 0, m->shield.until = m->shield.from - 1)                       \
    X(shield_level, MSG_SHIELD, 0, m->shield.level = 4)                                            \
    X(shield_without_reason, MSG_SHIELD, 0, m->shield.reason[0] = '\0')                            \
    X(refusal_without_reason, MSG_REFUSAL, 0, m->refusal.reason[0] = '\0')                         \
    X(busy_for_no_time, MSG_BUSY, 0, m->busy.retry_after_ms = 0)                                   \
    X(override_of_nobody, MSG_OVERRIDE, 0, m->override.subject.n = 0)                              \
    X(override_without_gateway, MSG_OVERRIDE, 0, m->basis[0] = '\0')                               \
    X(override_of_no_question, MSG_OVERRIDE, 0, m->override.question[0] = '\0')                    \
    X(override_of_two, MSG_OVERRIDE, 0, m->override.involvement = true)                            \
    X(override_without_reason, MSG_OVERRIDE, 0, m->override.para18 = 0)                            \
    X(override_reason_unknown, MSG_OVERRIDE, 0, m->override.para18 = 4)                            \
    X(override_untold, MSG_OVERRIDE, 0, m->override.not_told[0] = '\0')                            \
    X(override_unneeded, MSG_OVERRIDE, 0, m->override.necessity[0] = '\0')                         \
    X(override_unmeasured, MSG_OVERRIDE, 0, m->override.proportionality[0] = '\0')                 \
    X(override_for_no_time, MSG_OVERRIDE, 0, m->override.hours = 0)                                \
    X(override_danger_next_week, MSG_OVERRIDE, 0, m->override.immediate_danger = true; m->override.immediacy = IMMEDIACY_WEEKS) \
    X(override_by_a_party, MSG_OVERRIDE, 0, m->override.no_part = false)                           \
    X(approval_of_nothing, MSG_APPROVAL, 0, memset(&m->approval.override, 0, sizeof(m->approval.override))) \
    X(approval_undecided, MSG_APPROVAL, 0, m->approval.decision = 0)                               \
    X(approval_by_a_party, MSG_APPROVAL, 0, m->approval.no_part = false)                           \
    X(approval_unsaid, MSG_APPROVAL, 0, m->approval.reason[0] = '\0')                              \
    X(review_by_a_party, MSG_OVERRIDE_REVIEW, 0, m->override_review.no_part = false)               \
    X(review_without_finding, MSG_OVERRIDE_REVIEW, 0, m->override_review.finding = 0)              \
    X(view_with_practitioner, MSG_OVERRIDE_VIEW, 0, memcpy(m->practitioner.ref, "p", 2))

WIRE_BREAKS(BREAKS)
/* clang-format on */
static void what_breaks_a_bound_is_not_sent(void **state)
{
    (void)state;
    assert_none_is_sent(breaks, ALM_LEN(breaks));
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
