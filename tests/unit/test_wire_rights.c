/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire_rights.c - corrections, recalls and statements on the wire. */
#include "wire_fixture.h"
#include "wire_sample_parts.h"

static void stop_using(bool full)
{
    wire_sample(MSG_DELIVER, false, &sent);
    memset(&sent.deliver.notice, 0, sizeof(sent.deliver.notice));
    sent.deliver.has_notice = false;
    sent.deliver.kind = DELIVERY_STOP_USING;
    sent.deliver.has_stop = true;
    sample_stop_using(&sent.deliver.stop, full);
}

static void a_recall_comes_back_the_same_and_has_one_size(void **state)
{
    (void)state;
    for (int full = 0; full < 2; full++) {
        stop_using(full);
        assert_int_equal(assert_comes_back(&sent), 4096);
    }
}

/* Of whatever cause, a watcher sees what they see of any notice. */
static void a_recall_is_as_long_as_a_notice(void **state)
{
    size_t notice;

    (void)state;
    wire_sample(MSG_DELIVER, false, &sent);
    notice = assert_comes_back(&sent);
    stop_using(true);
    assert_int_equal(assert_comes_back(&sent), notice);
}

static void a_correction_of_a_person_of_no_question_is_of_who_is_involved(void **state)
{
    (void)state;
    wire_sample(MSG_CORRECTION, true, &sent);
    memset(sent.correction.question, 0, sizeof(sent.correction.question));
    (void)assert_comes_back(&sent);
}

static void the_longest_statement_of_the_most_tokens_has_the_size_of_the_shortest(void **state)
{
    size_t shortest;

    (void)state;
    wire_sample(MSG_STATEMENT, false, &sent);
    shortest = assert_comes_back(&sent);
    wire_sample(MSG_STATEMENT, true, &sent);
    assert_int_equal(strlen(sent.statement.text), 2000);
    assert_int_equal(assert_comes_back(&sent), shortest);
}

/* clang-format off: one a line */
#define BREAKS(X)                                                                                  \
    X(correction_of_nobody, MSG_CORRECTION, 1, m->correction.subject.n = 0)                        \
    X(correction_of_no_home, MSG_CORRECTION, 0, m->correction.household.kind = 0)                  \
    X(correction_of_a_number_as_home, MSG_CORRECTION, 0, m->correction.household.kind = TOKEN_NHS) \
    X(correction_of_a_home_and_a_person, MSG_CORRECTION, 1, m->correction.subject_kind = SUBJECT_HOUSEHOLD) \
    X(correction_without_name_and_birth_date, MSG_CORRECTION, 1, (m->correction.subject.n = 1, m->correction.subject.tokens[0].kind = TOKEN_UPN)) \
    X(correction_of_somebody_born, MSG_CORRECTION, 1, m->correction.subject_kind = SUBJECT_PERSON) \
    X(correction_of_who_is_involved_with_a_home, MSG_CORRECTION, 0, m->correction.question[0] = '\0') \
    X(correction_until_before_from, MSG_CORRECTION, 0, m->correction.until--)                      \
    X(correction_from_no_day, MSG_CORRECTION, 0, m->correction.from = CIVIL_NONE)                  \
    X(correction_until_no_day, MSG_CORRECTION, 0, m->correction.until = CIVIL_NONE)                \
    X(correction_of_no_kind, MSG_CORRECTION, 0, m->correction.kind = 0)                            \
    X(correction_of_an_unknown_kind, MSG_CORRECTION, 0, m->correction.kind = CORRECTION_CHANGED_SINCE + 1) \
    X(correction_without_reason, MSG_CORRECTION, 0, m->correction.reason[0] = '\0')                \
    X(correction_by_nobody, MSG_CORRECTION, 0, m->sender[0] = '\0')                                \
    X(correction_in_reply, MSG_CORRECTION, 0, m->in_reply_to = m->id)                              \
    X(ack_of_no_recall, MSG_ACK_OF, 0, memset(&m->ack_of.recall, 0, ID_LEN))                       \
    X(ack_of_nothing_done, MSG_ACK_OF, 0, m->ack_of.done = 0)                                      \
    X(ack_of_something_unknown, MSG_ACK_OF, 0, m->ack_of.done = DONE_CANNOT + 1)                   \
    X(ack_passed_on_to_nobody, MSG_ACK_OF, 0, m->ack_of.done = DONE_PASSED_ON)                     \
    X(ack_cannot_and_says_not_why, MSG_ACK_OF, 1, m->ack_of.text[0] = '\0')                        \
    X(ack_with_an_escape, MSG_ACK_OF, 0, memcpy(m->ack_of.text, "\x1b[2J", 5))                     \
    X(statement_of_nobody, MSG_STATEMENT, 0, m->statement.subject.n = 0)                           \
    X(statement_of_nothing, MSG_STATEMENT, 0, m->statement.text[0] = '\0')                         \
    X(statement_about_no_id, MSG_STATEMENT, 1, memset(&m->statement.about, 0, ID_LEN))             \
    X(statement_of_two_lines, MSG_STATEMENT, 0, memcpy(m->statement.text, "a\nb", 4))              \
    X(statement_too_long, MSG_STATEMENT, 1, m->statement.text[STATEMENT_MAX_LEN - 1] = 'z')        \
    X(query_of_one_on_a_page, MSG_CORRECTION_QUERY, 1, m->correction_query.page = 1)               \
    X(query_of_no_id, MSG_CORRECTION_QUERY, 1, memset(&m->correction_query.correction, 0, ID_LEN)) \
    X(list_unasked, MSG_CORRECTION_LIST, 0, memset(&m->in_reply_to, 0, ID_LEN))                    \
    X(list_tells_who_asked, MSG_CORRECTION_LIST, 0, memcpy(m->practitioner.ref, "p", 2))           \
    X(list_past_array, MSG_CORRECTION_LIST, 1, m->correction_list.n = LIST_MAX + 1)                \
    X(list_acknowledged_more_than_told, MSG_CORRECTION_LIST, 1, m->correction_list.entries[2].told = 0) \
    X(list_overdue_more_than_outstanding, MSG_CORRECTION_LIST, 1, m->correction_list.entries[2].acknowledged++) \
    X(recall_beside_a_notice, MSG_DELIVER, 0, (m->deliver.has_stop = true, sample_stop_using(&m->deliver.stop, true))) \
    X(recall_with_another_part, MSG_DELIVER, 0, m->deliver.kind = DELIVERY_STOP_USING)

WIRE_BREAKS(BREAKS)

/* clang-format on */
static void what_breaks_a_bound_is_not_sent(void **state)
{
    (void)state;
    assert_none_is_sent(breaks, ALM_LEN(breaks));
}

static void assert_stop_refused(const char *what)
{
    ALM_CLEANUP(buf_deinit) struct buf frame;

    if (encode(&sent, &frame) != -EINVAL)
        fail_msg("%s", what);
}

static void a_recall_expects_an_answer_and_a_statement_none(void **state)
{
    (void)state;
    stop_using(true);
    sent.deliver.stop.due_ms = 0;
    assert_stop_refused("a recall that is due never");
    stop_using(false);
    sent.deliver.stop.due_ms = 1;
    assert_stop_refused("a statement that is due");
    stop_using(true);
    sent.deliver.stop.replies = 0;
    assert_stop_refused("a recall of no reply");
    stop_using(true);
    memset(&sent.deliver.stop.message, 0, ID_LEN);
    assert_stop_refused("a recall of no query");
    stop_using(true);
    sent.deliver.stop.cause = STOP_STATEMENT + 1;
    assert_stop_refused("a recall of an unknown cause");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recall_comes_back_the_same_and_has_one_size),
        cmocka_unit_test(a_recall_is_as_long_as_a_notice),
        cmocka_unit_test(a_correction_of_a_person_of_no_question_is_of_who_is_involved),
        cmocka_unit_test(the_longest_statement_of_the_most_tokens_has_the_size_of_the_shortest),
        cmocka_unit_test(what_breaks_a_bound_is_not_sent),
        cmocka_unit_test(a_recall_expects_an_answer_and_a_statement_none),
    };

    return cmocka_run_group_tests_name("wire_rights", tests, NULL, NULL);
}
