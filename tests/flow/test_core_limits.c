/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_limits.c - what an agency may use up, and when sharing stops: rates, waiting queries,
 * stray answers, signed heads. */
#include "core_town.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static void ask_truancy(struct town *t)
{
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "truancy", TOWN_TESS));
    town_turn(t);
}

static uint64_t answers_due(struct town *t, enum town_agency who)
{
    uint16_t slot = agencies_find(&t->core->agencies, town_names[who]);

    assert_int_not_equal(slot, AGENCY_NONE);
    return t->core->agencies.slots[slot].budget.answers_due;
}

static void agency_over_its_rate_gets_busy_and_one_leaf_a_minute(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;

    t->core->set.limits.messages_per_s = 1;
    for (int i = 0; i < 10; i++)
        town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "truancy", TOWN_TESS));
    town_turn(t);
    assert_true(town_heard(t, TOWN_COUNCIL, MSG_BUSY) >= 8);
    assert_true(t->msg.busy.retry_after_ms > 0);
    assert_int_equal(town_leaves(t, EVENT_LIMITED, NULL), 0);
    town_mono += 61000;
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_LIMITED, &leaf), 1);
    assert_string_equal(leaf.agency, "council");
}

static void a_silent_holder_has_no_free_strays(void **state)
{
    struct town *t = *state;

    for (int i = 0; i < 5; i++)
        ask_truancy(t);
    assert_int_equal(answers_due(t, TOWN_POLICE), 5);
    town_answer(t, TOWN_SCHOOL, ANSWER_NO);
    town_turn(t);
    assert_int_equal(answers_due(t, TOWN_SCHOOL), 4);
    town_mono += 3000; /* their deadline */
    town_turn(t);
    assert_int_equal(answers_due(t, TOWN_POLICE), 0);
    assert_int_equal(answers_due(t, TOWN_SCHOOL), 0);
    t->core->set.limits.messages_per_s = 1;
    for (int i = 0; i < 5; i++)
        town_answer(t, TOWN_POLICE, ANSWER_NO);
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_STRAY_ANSWER, NULL), 2); /* what its rate has */
}

static void late_questions_leave_those_still_due_free(void **state)
{
    struct town *t = *state;

    ask_truancy(t);
    town_mono += 1500;
    ask_truancy(t);
    town_mono += 1500; /* the first one's deadline only */
    town_turn(t);
    assert_int_equal(answers_due(t, TOWN_POLICE), 1);
    town_answer(t, TOWN_POLICE, ANSWER_NO);
    town_turn(t);
    assert_int_equal(answers_due(t, TOWN_POLICE), 0);
    town_mono += 3000;
    town_turn(t);
    assert_int_equal(answers_due(t, TOWN_POLICE), 0);
}

static void waiting_queries_of_an_agency_are_bounded(void **state)
{
    struct town *t = *state;

    t->core->set.limits.pending_agency = 2;
    for (int i = 0; i < 3; i++)
        town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "truancy", TOWN_TESS));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_BUSY), 1);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_QUESTION), 2);
}

static void no_signed_head_for_too_long_stops_sharing_and_not_withdrawing(void **state)
{
    struct town *t = *state;

    town_mono += 121000;
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "truancy", TOWN_TESS));
    town_say(t, TOWN_SCHOOL, town_withdraw(t, "early-help", TOWN_TESS));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_BUSY), 1);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_QUESTION), 0);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_RECEIPT), 1);
    town_mono += 61000;
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_LIMITED, NULL), 1);
}

static void signed_head_is_stored_and_sharing_resumes(void **state)
{
    struct town *t = *state;
    uint8_t asked[4096], said[2048];
    struct checkpoint head = { 0 };
    struct note_key key;
    ALM_CLEANUP(buf_deinit) struct buf note = { 0 };
    ssize_t n = 0, got;
    uint8_t public_key[32];

    town_mono += 121000;
    town_turn(t);
    while ((got = recv(t->signer, asked, sizeof(asked), MSG_DONTWAIT)) > 0)
        n = got;
    assert_int_equal(n, 51); /* a proof from nothing is empty */
    assert_int_equal(asked[0], 'H');
    for (int i = 0; i < 8; i++)
        head.size = head.size << 8 | asked[1 + i];
    memcpy(head.root, asked + 9, 32);
    (void)snprintf(head.origin, sizeof(head.origin), "town.example/almoner");
    assert_int_equal(sign_public(&t->audit, public_key), 0);
    assert_int_equal(note_key_init(&key, head.origin, public_key), 0);
    buf_init(&note, 1500);
    assert_int_equal(checkpoint_sign(&head, &key, &t->audit, &note), 0);
    memcpy(said, asked, 41);
    said[0] = 'N';
    said[41] = (uint8_t)(note.len >> 8);
    said[42] = (uint8_t)note.len;
    memcpy(said + 43, note.data, note.len);
    said[60] ^= 1; /* a bad note first */
    assert_true(send(t->signer, said, 43 + note.len, 0) > 0);
    town_turn(t);
    assert_false(t->core->heads.signed_ms == town_mono);
    said[60] ^= 1;
    t->core->heads.waiting = true; /* as if it had asked again */
    assert_true(send(t->signer, said, 43 + note.len, 0) > 0);
    town_turn(t);
    assert_int_equal(t->core->heads.signed_size, head.size);
    town_say(t, TOWN_SCHOOL, town_lease(t)); /* its lease had run out */
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "truancy", TOWN_TESS));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_QUESTION), 1);
}

#define TOWN_TEST(f) cmocka_unit_test_setup_teardown(f, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOWN_TEST(agency_over_its_rate_gets_busy_and_one_leaf_a_minute),
        TOWN_TEST(a_silent_holder_has_no_free_strays),
        TOWN_TEST(late_questions_leave_those_still_due_free),
        TOWN_TEST(waiting_queries_of_an_agency_are_bounded),
        TOWN_TEST(no_signed_head_for_too_long_stops_sharing_and_not_withdrawing),
        TOWN_TEST(signed_head_is_stored_and_sharing_resumes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
