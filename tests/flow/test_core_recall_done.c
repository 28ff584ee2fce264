/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_recall_done.c - what those who were told say they did, what their lodger hears of that,
 * and a family's own statement. */
#include "core_recall.h"

#include "store/statements.h"

/* --- what they did --- */

static void what_was_done_is_recorded_once_and_counted(void **state)
{
    struct town *t = *state;
    struct msg_correction_state n;
    struct ledger_clear leaf;
    struct id recall;

    (void)asked(t, TOWN_COUNCIL, "noise", TOWN_TESS, ANSWER_YES);
    (void)asked(t, TOWN_CHARITY, "noise", TOWN_TESS, ANSWER_YES);
    recall = corrects(t, TOWN_POLICE, correction(t, "noise", TOWN_TESS));
    (void)lodged(t, TOWN_COUNCIL, ack_of(t, &recall, DONE_PASSED_ON, "the housing office"));
    assert_int_equal(town_leaves(t, EVENT_RECALL_ACKNOWLEDGED, &leaf), 1);
    assert_string_equal(leaf.detail, "done=passed-on");
    n = counts(t, TOWN_POLICE, &recall);
    assert_int_equal(n.told, 2);
    assert_int_equal(n.acknowledged, 1);
    assert_int_equal(n.overdue, 0);
    refused(t, TOWN_COUNCIL, ack_of(t, &recall, DONE_STOPPED, ""), "already-acknowledged");
    assert_int_equal(counts(t, TOWN_POLICE, &recall).acknowledged, 1);
}

static void what_is_not_ones_own_recall_is_none(void **state)
{
    struct town *t = *state;
    struct id recall;

    (void)asked(t, TOWN_COUNCIL, "noise", TOWN_TESS, ANSWER_YES);
    recall = corrects(t, TOWN_POLICE, correction(t, "noise", TOWN_TESS));
    refused(t, TOWN_SCHOOL, ack_of(t, &recall, DONE_STOPPED, ""), "unknown-recall");
    refused(t, TOWN_POLICE, ack_of(t, &recall, DONE_STOPPED, ""), "unknown-recall");
    recall.octets[15] ^= 1;
    refused(t, TOWN_COUNCIL, ack_of(t, &recall, DONE_STOPPED, ""), "unknown-recall");
}

static void what_is_not_acknowledged_in_a_week_is_late_told_once_and_listed(void **state)
{
    struct town *t = *state;
    struct msg_correction_state n;
    struct id recall;

    (void)asked(t, TOWN_COUNCIL, "noise", TOWN_TESS, ANSWER_YES);
    recall = corrects(t, TOWN_POLICE, correction(t, "noise", TOWN_TESS));
    assert_int_equal(stops(t, TOWN_COUNCIL), 1);
    takes(t, TOWN_COUNCIL);
    town_day(t, TOWN_DAY + 8);
    town_forget(t);
    town_turn(t);
    n = counts(t, TOWN_POLICE, &recall);
    assert_int_equal(n.overdue, 1);
    town_say(t, TOWN_COUNCIL, town_msg(t, MSG_DUE_QUERY));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_DUE_LIST), 1);
    assert_int_equal(t->msg.due_list.n, 1);
    assert_int_equal(t->msg.due_list.entries[0].kind, DUE_RECALL);
    assert_true(t->msg.due_list.entries[0].overdue);
    assert_int_equal(town_leaves(t, EVENT_OVERDUE, NULL), 1);
    (void)lodged(t, TOWN_COUNCIL, ack_of(t, &recall, DONE_NEVER_USED, ""));
    n = counts(t, TOWN_POLICE, &recall);
    assert_int_equal(n.overdue, 0);
    assert_int_equal(n.acknowledged, 1);
}

static void a_consent_that_ended_is_acknowledged_likewise(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;
    struct id recall;

    (void)lodged(t, TOWN_COUNCIL, consent_by(t, CAPACITY_SELF));
    (void)told(t, TOWN_COUNCIL);
    town_wall += 1000;
    town_say(t, TOWN_SCHOOL, town_withdraw(t, PURPOSE, TOWN_TESS));
    town_turn(t);
    assert_int_equal(notices(t, TOWN_COUNCIL), 1);
    assert_string_equal(t->msg.deliver.stop.question, "noise");
    recall = t->msg.deliver.stop.recall;
    (void)lodged(t, TOWN_COUNCIL, ack_of(t, &recall, DONE_STOPPED, ""));
    assert_int_equal(town_leaves(t, EVENT_RECALL_ACKNOWLEDGED, &leaf), 1);
    refused(t, TOWN_CHARITY, ack_of(t, &recall, DONE_STOPPED, ""), "unknown-recall");
}

/* --- statements --- */

static struct msg *statement(struct town *t, enum town_person p, const char *text)
{
    struct msg *m = town_msg(t, MSG_STATEMENT);

    town_person(p, &m->statement.subject);
    (void)snprintf(m->statement.text, sizeof(m->statement.text), "%s", text);
    return m;
}

static int statement_seen(void *ctx, const struct statement_record *r)
{
    memcpy(ctx, r->statement.text, sizeof(r->statement.text));
    return 0;
}

static void a_statement_is_kept_and_those_who_were_told_hear_that_there_is_one(void **state)
{
    static char text[STATEMENT_MAX_LEN];
    struct town *t = *state;
    struct token_set tess;
    struct store_txn *txn;
    struct id id;

    (void)asked(t, TOWN_COUNCIL, "noise", TOWN_TESS, ANSWER_YES);
    (void)asked(t, TOWN_CHARITY, "truancy", TOWN_TESS, ANSWER_NO);
    (void)asked(t, TOWN_CLINIC, "noise", TOWN_SAM, ANSWER_YES);
    town_forget(t);
    town_say(t, TOWN_SCHOOL, statement(t, TOWN_TESS, "It was the neighbours, and we said so."));
    id = t->msg.id;
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_RECEIPT), 1);
    assert_int_equal(stops(t, TOWN_COUNCIL), 1);
    assert_int_equal(t->msg.deliver.stop.cause, STOP_STATEMENT);
    assert_int_equal(t->msg.deliver.stop.due_ms, 0);
    assert_true(id_equal(&t->msg.deliver.stop.recall, &id));
    assert_null(strstr(t->msg.deliver.stop.text, "neighbours"));
    assert_int_equal(stops(t, TOWN_CHARITY), 1);
    assert_int_equal(stops(t, TOWN_CLINIC), 0);
    assert_false(town_log_holds(t, bytes_str("neighbours")));
    town_person(TOWN_TESS, &tess);
    assert_int_equal(store_begin(t->core->store, false, &txn), 0);
    assert_int_equal(statements_about(txn, &tess, statement_seen, text), 0);
    (void)store_abort(txn);
    assert_string_equal(text, "It was the neighbours, and we said so.");
}

/* "Nobody knows" is what an asker hears of whom a shield hides: a statement would tell. */
static void of_a_statement_whoever_was_told_that_nobody_knows_the_person_hears_nothing(void **state)
{
    struct town *t = *state;

    (void)lodged(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    (void)asked(t, TOWN_CHARITY, "noise", TOWN_TESS, ANSWER_NO);
    town_forget(t);
    town_say(t, TOWN_COUNCIL, statement(t, TOWN_TESS, "We moved because of him."));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_RECEIPT), 1);
    assert_int_equal(stops(t, TOWN_CHARITY), 0);
}

static void one_agency_lodges_so_many_statements_of_a_person_and_no_more(void **state)
{
    struct town *t = *state;

    for (int i = 0; i < 16; i++)
        (void)lodged(t, TOWN_SCHOOL, statement(t, TOWN_TESS, "We said so."));
    refused(t, TOWN_SCHOOL, statement(t, TOWN_TESS, "And again."), "too-many-statements");
    (void)lodged(t, TOWN_COUNCIL, statement(t, TOWN_TESS, "They said so."));
    (void)lodged(t, TOWN_SCHOOL, statement(t, TOWN_SAM, "So did we."));
}

/* Each is a search of the whole log, and the next waits for it. */
static void no_more_than_four_statements_of_one_agency_are_searched_for_at_a_time(void **state)
{
    struct town *t = *state;

    for (int i = 0; i < 6; i++)
        town_say(t, TOWN_SCHOOL, statement(t, TOWN_TESS, "We said so."));
    town_say(t, TOWN_COUNCIL, statement(t, TOWN_TESS, "They said so."));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_RECEIPT), 4);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_BUSY), 2);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_RECEIPT), 1);
    (void)lodged(t, TOWN_SCHOOL, statement(t, TOWN_TESS, "And this."));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, town_setup, town_teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_was_done_is_recorded_once_and_counted),
        TEST(what_is_not_ones_own_recall_is_none),
        TEST(what_is_not_acknowledged_in_a_week_is_late_told_once_and_listed),
        TEST(a_consent_that_ended_is_acknowledged_likewise),
        TEST(a_statement_is_kept_and_those_who_were_told_hear_that_there_is_one),
        TEST(of_a_statement_whoever_was_told_that_nobody_knows_the_person_hears_nothing),
        TEST(one_agency_lodges_so_many_statements_of_a_person_and_no_more),
        TEST(no_more_than_four_statements_of_one_agency_are_searched_for_at_a_time),
    };

    return cmocka_run_group_tests_name("core_recall_done", tests, NULL, NULL);
}
