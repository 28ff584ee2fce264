/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_limits.c - what an agency may use up, and when sharing stops: rates, waiting queries,
 * stray answers, signed heads. */
#include "core_town.h"

#include "store/fault.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

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

static void what_an_agency_ran_into_is_recorded_in_the_next_minute_where_a_batch_fails(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;

    t->core->set.limits.messages_per_s = 1;
    for (int i = 0; i < 10; i++)
        town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "truancy", TOWN_TESS));
    town_turn(t);
    store_fault_hook(t->core->store, town_fail_commits, NULL);
    town_mono += 61000;
    town_turn(t);
    store_fault_hook(t->core->store, NULL, NULL);
    assert_int_equal(town_leaves(t, EVENT_LIMITED, NULL), 0);
    town_mono += 61000;
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_LIMITED, &leaf), 1);
    assert_non_null(strstr(leaf.detail, "rate 8"));
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

/* --- noise: what comes without end and is never decided --- */

static void say_garbage(struct town *t, int times)
{
    for (int i = 0; i < times; i++)
        town_say_frame(t, 0, TOWN_COUNCIL, bytes_of("\xff\xff\xff\xff", 4));
    town_turn(t);
    town_forget(t);
}

static void say_badly_signed(struct town *t, int times)
{
    uint8_t frame[WIRE_FRAME_MAX];

    for (int i = 0; i < times; i++) {
        struct msg *m = town_insight(t, "safeguarding", "truancy", TOWN_TESS);
        struct bytes good;

        (void)snprintf(m->sender, sizeof(m->sender), "council");
        m->sent_ms = town_wall;
        assert_int_equal(id_new(town_wall, &m->id), 0);
        good = town_sign(t, m, &t->keys[TOWN_POLICE]);
        memcpy(frame, good.data, good.len);
        town_say_frame(t, 0, TOWN_COUNCIL, bytes_of(frame, good.len));
        town_turn(t);
        town_forget(t);
    }
}

static void say_strays(struct town *t, int times)
{
    for (int i = 0; i < times; i++) {
        struct msg *m = town_msg(t, MSG_ANSWER);

        assert_int_equal(id_new(town_wall, &m->in_reply_to), 0);
        m->answer.value = ANSWER_NO;
        m->answer.data_as_of = TOWN_DAY;
        m->answer.since = CIVIL_NONE;
        town_say(t, TOWN_COUNCIL, m);
        town_turn(t);
        town_forget(t);
    }
}

static void say_while_suspended(struct town *t, int times)
{
    for (int i = 0; i < times; i++) {
        town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "truancy", TOWN_TESS));
        town_turn(t);
        town_forget(t);
    }
}

static void say_again(struct town *t, int times)
{
    static struct msg same;

    if (times == 3)
        same = *town_insight(t, "safeguarding", "truancy", TOWN_TESS);
    for (int i = 0; i < times; i++) {
        struct msg m = same;

        town_say(t, TOWN_COUNCIL, &m);
        same = m;
        town_turn(t);
        town_forget(t);
    }
}

static const struct noise_row {
    void (*say)(struct town *t, int times);
    uint8_t event;
    const char *word; /* in the aggregated leaf */
} noises[] = {
    { say_garbage, EVENT_REJECTED, "more rejected" },
    { say_badly_signed, EVENT_REJECTED, "more rejected" },
    { say_again, EVENT_REJECTED, "more rejected" },
    { say_strays, EVENT_STRAY_ANSWER, "more stray answers" },
    { say_while_suspended, EVENT_REFUSED, "more while suspended" },
};

static const struct noise_row *noise_begin(struct town *t, size_t i)
{
    const int one[] = { 0, -1 };

    if (noises[i].say == say_while_suspended)
        assert_string_equal(
            town_change(t, "agency-suspend",
                        json_pack("{s:s,s:s}", "agency", "council", "reason", "noise"), one),
            "ok");
    return &noises[i];
}

static void a_few_mistakes_have_a_leaf_each(struct town *t, size_t i)
{
    const struct noise_row *n = noise_begin(t, i);
    size_t before = town_leaves(t, n->event, NULL);

    n->say(t, 3);
    if (n->say == say_again)
        n->say(t, 1); /* the first of them was no repeat */
    assert_int_equal(town_leaves(t, n->event, NULL) - before, 3);
    town_mono += 61000;
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_LIMITED, NULL), 0);
}

static uint64_t all_leaves(struct town *t)
{
    return ledger_size(t->core->ledger);
}

/* The flood goes on for minutes: after the first of them one leaf a minute. */
static void a_flood_is_one_leaf_a_minute(struct town *t, size_t i)
{
    const struct noise_row *n = noise_begin(t, i);
    struct ledger_clear leaf;
    uint64_t before;

    n->say(t, 3);
    town_mono += 3000; /* what was asked lawfully is answered */
    town_turn(t);
    n->say(t, 60);
    assert_true(town_leaves(t, n->event, NULL) <= BUDGET_SINGLES);
    for (int minute = 1; minute < 4; minute++) {
        before = all_leaves(t);
        town_mono += 61000;
        town_turn(t);
        n->say(t, 60);
        assert_int_equal(all_leaves(t) - before, 1);
        assert_int_equal(town_leaves(t, EVENT_LIMITED, &leaf), (size_t)minute);
        assert_string_equal(leaf.agency, "council");
        assert_non_null(strstr(leaf.detail, n->word));
    }
    for (int minute = 0; minute < 3; minute++) { /* it is quiet again */
        town_mono += 61000;
        town_turn(t);
    }
    before = town_leaves(t, n->event, NULL);
    n->say(t, 1);
    assert_int_equal(town_leaves(t, n->event, NULL) - before, 1);
}

#define NOISE_TESTS(what, i)                                                                       \
    static void few_##what##_have_a_leaf_each(void **state)                                        \
    {                                                                                              \
        a_few_mistakes_have_a_leaf_each(*state, i);                                                \
    }                                                                                              \
    static void flood_of_##what##_is_one_leaf_a_minute(void **state)                               \
    {                                                                                              \
        a_flood_is_one_leaf_a_minute(*state, i);                                                   \
    }
NOISE_TESTS(garbage, 0)
NOISE_TESTS(bad_signatures, 1)
NOISE_TESTS(replayed_queries, 2)
NOISE_TESTS(stray_answers, 3)
NOISE_TESTS(messages_while_suspended, 4)

static void a_gate_that_is_cut_again_and_again_is_one_leaf_a_minute(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;

    for (int i = 0; i < 20; i++) {
        town_say_frame(t, 1, TOWN_COUNCIL, bytes_of("\xff\xff\xff\xff", 4));
        town_turn(t);
        town_mono += 1000;
    }
    assert_int_equal(town_leaves(t, EVENT_REJECTED, NULL), 1);
    town_mono += 61000;
    town_say_frame(t, 1, TOWN_COUNCIL, bytes_of("\xff\xff\xff\xff", 4));
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_REJECTED, &leaf), 2);
    assert_non_null(strstr(leaf.detail, "19 more since the last"));
}

static void a_withdrawal_does_not_wait_behind_its_own_agencys_questions(void **state)
{
    struct town *t = *state;

    for (int i = 0; i < 40; i++)
        town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "truancy", TOWN_TESS));
    town_say(t, TOWN_COUNCIL, town_withdraw(t, "early-help", TOWN_TESS));
    t->core->batch_most = 2; /* a machine that takes long */
    assert_int_equal(core_turn(t->core, 0), CORE_GOES_ON);
    assert_true(fair_waiting(t->core->fair) >= 37);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_RECEIPT), 1);
    for (int i = 0; i < 40; i++)
        town_turn(t);
    assert_int_equal(fair_waiting(t->core->fair), 0);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 40); /* and none of them is lost for it */
}

/* The first message of each is good: it must not be decided either. */
static void a_gate_whose_datagram_is_bad_in_any_place_is_cut_and_nothing_of_it_is_decided(void **state)
{
    static const uint8_t no_type[10] = { 0 }, a_list[12] = { PAIR_ALLOW }, outwards[] = { PAIR_OUT, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
    const struct bytes tails[] = { bytes_of(no_type, 10), bytes_of(no_type, 3), bytes_of(a_list, 12), bytes_of(outwards, 10) };
    struct town *t = *state;

    for (size_t i = 0; i < ALM_LEN(tails); i++) {
        ALM_CLEANUP(buf_deinit) struct buf run = { 0 };
        struct msg *m = town_insight(t, "safeguarding", "truancy", TOWN_TESS);
        struct bytes frame;
        uint8_t said[8] = { 0 };

        (void)snprintf(m->sender, sizeof(m->sender), "council");
        m->sent_ms = town_wall;
        assert_int_equal(id_new(town_wall, &m->id), 0);
        frame = town_sign(t, m, &t->keys[TOWN_COUNCIL]);
        buf_init(&run, PAIR_RUN_BYTES);
        buf_put_u8(&run, PAIR_IN);
        buf_put_u64(&run, 0);
        buf_put_u8(&run, 7);
        buf_put(&run, "council", 7);
        buf_put_var(&run, frame.data, frame.len);
        buf_put(&run, tails[i].data, tails[i].len);
        assert_int_equal(buf_status(&run), 0);
        assert_int_equal(send(pair_fd(t->gates[0]), run.data, run.len, 0), (ssize_t)run.len);
        town_turn(t);
        assert_int_equal(recv(t->supervisor, said, sizeof(said), MSG_DONTWAIT), 3);
        assert_int_equal(said[0], CHILD_CLOSE_GATE);
        assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 0);
        assert_int_equal(fair_waiting(t->core->fair), 0);
    }
    ask_truancy(t); /* what comes after is another gate's */
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 1);
}

/* A run of messages that cost it nothing, for as long as somebody takes them. */
static pid_t flood_with_runs(int fd, uint8_t type)
{
    uint8_t run[PAIR_RUN_MOST * 10] = { 0 };
    pid_t child;

    for (size_t i = 0; i < PAIR_RUN_MOST; i++)
        run[i * 10] = type;
    child = fork();
    if (child == 0) {
        (void)alarm(140); /* whatever becomes of the test */
        for (;;)
            (void)send(fd, run, sizeof(run), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    return child;
}

static void a_gate_that_never_stops_talking_keeps_no_turn_from_its_end(void **state)
{
    struct town *t = *state;
    pid_t child = flood_with_runs(pair_fd(t->gates[1]), PAIR_READY);

    assert_true(child > 0);
    (void)alarm(120); /* a turn that does not end, ends the test */
    for (int i = 0; i < 3; i++)
        ask_truancy(t);
    (void)alarm(0);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(town_heard(t, TOWN_POLICE, MSG_QUESTION) >= 1);
}

#define TOWN_TEST(f) cmocka_unit_test_setup_teardown(f, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOWN_TEST(what_an_agency_ran_into_is_recorded_in_the_next_minute_where_a_batch_fails),
        TOWN_TEST(agency_over_its_rate_gets_busy_and_one_leaf_a_minute),
        TOWN_TEST(a_silent_holder_has_no_free_strays),
        TOWN_TEST(late_questions_leave_those_still_due_free),
        TOWN_TEST(waiting_queries_of_an_agency_are_bounded),
        TOWN_TEST(no_signed_head_for_too_long_stops_sharing_and_not_withdrawing),
        TOWN_TEST(signed_head_is_stored_and_sharing_resumes),
        TOWN_TEST(few_garbage_have_a_leaf_each),
        TOWN_TEST(few_bad_signatures_have_a_leaf_each),
        TOWN_TEST(few_replayed_queries_have_a_leaf_each),
        TOWN_TEST(few_stray_answers_have_a_leaf_each),
        TOWN_TEST(few_messages_while_suspended_have_a_leaf_each),
        TOWN_TEST(flood_of_garbage_is_one_leaf_a_minute),
        TOWN_TEST(flood_of_bad_signatures_is_one_leaf_a_minute),
        TOWN_TEST(flood_of_replayed_queries_is_one_leaf_a_minute),
        TOWN_TEST(flood_of_stray_answers_is_one_leaf_a_minute),
        TOWN_TEST(flood_of_messages_while_suspended_is_one_leaf_a_minute),
        TOWN_TEST(a_gate_that_is_cut_again_and_again_is_one_leaf_a_minute),
        TOWN_TEST(a_withdrawal_does_not_wait_behind_its_own_agencys_questions),
        TOWN_TEST(a_gate_whose_datagram_is_bad_in_any_place_is_cut_and_nothing_of_it_is_decided),
        TOWN_TEST(a_gate_that_never_stops_talking_keeps_no_turn_from_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
