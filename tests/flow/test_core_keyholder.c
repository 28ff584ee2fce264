/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_keyholder.c - requests for oblivious tokens: to the keyholder and to nobody else, back to who
 * asked and to nobody else, and nothing of them kept. The court holds the key. */
#include "core_epochs.h"

static int holder_setup(void **state)
{
    int r;

    epoch_plan = (struct epoch_plan){ .current = 1, .keyholder = true };
    town_policy_more = epoch_policy;
    r = town_setup(state);
    epoch_plan.keyholder = true;
    return r;
}

static struct msg *request(struct town *t, uint16_t n)
{
    struct msg *m = town_msg(t, MSG_TOKEN_REQUEST);

    m->token_request.epoch = 9;
    m->token_request.n = n;
    for (uint16_t i = 0; i < n; i++)
        memset(m->token_request.points[i], 0x91 + i % 100, TOKEN_POINT_LEN);
    return m;
}

static const char *ask(struct town *t, enum town_agency who, uint16_t n)
{
    static char word[64];

    town_forget(t);
    town_say(t, who, request(t, n));
    town_turn(t);
    (void)snprintf(word, sizeof(word), "%s", town_refusal(t, who));
    if (!*word && town_heard(t, who, MSG_BUSY))
        return "busy";
    return word;
}

/* The keyholder's answer to the last request that it heard. */
static struct msg *evaluated(struct town *t)
{
    struct id put;
    uint16_t n;
    struct msg *m;

    assert_true(town_heard(t, TOWN_COURT, MSG_TOKEN_REQUEST) > 0);
    put = t->msg.id;
    n = t->msg.token_request.n;
    m = town_msg(t, MSG_TOKENS);
    m->in_reply_to = put;
    m->tokens.epoch = 9;
    m->tokens.n = n;
    for (uint16_t i = 0; i < n; i++)
        memset(m->tokens.points[i], 0x21 + i % 100, TOKEN_POINT_LEN);
    memset(m->tokens.proof, 5, sizeof(m->tokens.proof));
    return m;
}

static void a_request_goes_to_the_keyholder_and_its_answer_to_who_asked_alone(void **state)
{
    struct town *t = *state;
    uint8_t point[TOKEN_POINT_LEN];
    struct msg *m = request(t, 3);

    assert_int_equal(id_new(town_wall, &m->id), 0);
    worry_last = m->id;
    town_forget(t);
    town_say(t, TOWN_SCHOOL, m);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COURT, MSG_TOKEN_REQUEST), 1);
    assert_string_equal(t->msg.token_request.agency, "school");
    assert_int_equal(t->msg.token_request.n, 3);
    assert_int_equal(t->msg.token_request.points[2][0], 0x93);
    assert_false(id_equal(&t->msg.id, &worry_last));
    town_say(t, TOWN_COURT, evaluated(t));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_TOKENS), 1);
    assert_true(id_equal(&t->msg.in_reply_to, &worry_last));
    assert_int_equal(t->msg.tokens.n, 3);
    assert_int_equal(t->msg.tokens.points[1][9], 0x22);
    assert_int_equal(t->msg.tokens.proof[63], 5);
    for (int a = 0; a < TOWN_N; a++)
        if (a != TOWN_SCHOOL)
            assert_int_equal(town_heard(t, (enum town_agency)a, MSG_TOKENS), 0);
    /* One leaf a minute, with numbers alone. */
    town_mono += 61000;
    town_wall += 61000;
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_TOKENS_ASKED, &t->core->clear), 1);
    assert_string_equal(t->core->clear.detail, "requests 1, points 3, not answered 0");
    memset(point, 0x91, sizeof(point));
    assert_false(town_log_holds(t, bytes_of(point, sizeof(point))));
    memset(point, 0x21, sizeof(point));
    assert_false(town_log_holds(t, bytes_of(point, sizeof(point))));
}

static void two_agencies_ask_at_once_and_each_gets_its_own(void **state)
{
    struct town *t = *state;
    struct msg *m;

    assert_string_equal(ask(t, TOWN_SCHOOL, 1), "");
    m = evaluated(t); /* of the school's, kept until later */
    {
        struct msg school = *m;

        assert_string_equal(ask(t, TOWN_POLICE, 2), "");
        town_say(t, TOWN_COURT, evaluated(t));
        town_turn(t);
        assert_int_equal(town_heard(t, TOWN_POLICE, MSG_TOKENS), 1);
        assert_int_equal(t->msg.tokens.n, 2);
        assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_TOKENS), 0);
        town_forget(t);
        town_say(t, TOWN_COURT, &school);
        town_turn(t);
    }
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_TOKENS), 1);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_TOKENS), 0);
}

static void nobody_but_the_keyholder_answers(void **state)
{
    struct town *t = *state;
    struct msg *m;

    assert_string_equal(ask(t, TOWN_SCHOOL, 1), "");
    m = evaluated(t);
    town_forget(t);
    town_say(t, TOWN_POLICE, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_POLICE), "not-the-keyholder");
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_TOKENS), 0);
    m = town_msg(t, MSG_BUSY);
    m->busy.retry_after_ms = 9;
    assert_int_equal(id_new(town_wall, &m->in_reply_to), 0);
    town_forget(t);
    town_say(t, TOWN_POLICE, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_POLICE), "not-the-keyholder");
}

static void an_answer_that_was_not_asked_for_goes_nowhere(void **state)
{
    struct town *t = *state;
    struct msg *m;

    assert_string_equal(ask(t, TOWN_SCHOOL, 2), "");
    m = evaluated(t);
    m->tokens.n = 1;
    town_say(t, TOWN_COURT, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COURT), "tokens-mismatch");
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_TOKENS), 0);
    assert_string_equal(ask(t, TOWN_SCHOOL, 2), "");
    m = evaluated(t);
    m->tokens.epoch = 8;
    town_say(t, TOWN_COURT, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COURT), "tokens-mismatch");
    assert_string_equal(ask(t, TOWN_SCHOOL, 2), "");
    m = evaluated(t);
    assert_int_equal(id_new(town_wall, &m->in_reply_to), 0);
    town_say(t, TOWN_COURT, m);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_TOKENS), 0);
    town_say(t, TOWN_COURT, evaluated(t));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_TOKENS), 1);
    town_forget(t);
    assert_string_equal(ask(t, TOWN_POLICE, 1), "");
    m = evaluated(t);
    town_say(t, TOWN_COURT, m);
    town_turn(t);
    town_forget(t);
    m->id = (struct id){ 0 };
    town_say(t, TOWN_COURT, m); /* once more */
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_TOKENS), 0);
}

static void a_key_that_the_policy_does_not_list_is_not_asked_for(void **state)
{
    struct town *t = *state;
    struct msg *m = request(t, 1);

    m->token_request.epoch = 1; /* of the hash */
    town_say(t, TOWN_SCHOOL, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_SCHOOL), "token-epoch");
    assert_int_equal(town_heard(t, TOWN_COURT, MSG_TOKEN_REQUEST), 0);
    assert_string_equal(ask(t, TOWN_COURT, 1), "keyholder-asks");
    assert_string_equal(epoch_activate(t, (struct epoch_plan){ .current = 1 }), "ok");
    assert_string_equal(ask(t, TOWN_SCHOOL, 1), "token-epoch");
    assert_int_equal(town_heard(t, TOWN_COURT, MSG_TOKEN_REQUEST), 0);
}

static void who_asks_too_often_at_once_is_told_busy_and_others_are_not(void **state)
{
    struct town *t = *state;

    for (int i = 0; i < RELAYS_AGENCY_MAX; i++)
        assert_string_equal(ask(t, TOWN_SCHOOL, 1), "");
    assert_string_equal(ask(t, TOWN_SCHOOL, 1), "busy");
    assert_string_equal(ask(t, TOWN_POLICE, 1), "");
}

static void a_silent_keyholder_is_a_busy_at_the_deadline(void **state)
{
    struct town *t = *state;
    struct msg *m;

    assert_string_equal(ask(t, TOWN_SCHOOL, 1), "");
    m = evaluated(t);
    town_mono += RELAY_DEADLINE_MS + 1;
    town_forget(t);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_BUSY), 1);
    town_forget(t);
    town_say(t, TOWN_COURT, m); /* too late: it asks again */
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_TOKENS), 0);
}

static void a_keyholder_that_will_not_is_heard_by_who_asked(void **state)
{
    struct town *t = *state;
    struct id put;
    struct msg *m;

    assert_string_equal(ask(t, TOWN_SCHOOL, 1), "");
    assert_int_equal(town_heard(t, TOWN_COURT, MSG_TOKEN_REQUEST), 1);
    put = t->msg.id;
    m = town_msg(t, MSG_BUSY);
    m->in_reply_to = put;
    m->busy.retry_after_ms = 77;
    town_say(t, TOWN_COURT, m);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_BUSY), 1);
    assert_int_equal(t->msg.busy.retry_after_ms, 77);
}

static void a_suspended_or_absent_keyholder_is_not_asked(void **state)
{
    struct town *t = *state;
    const int one[] = { 0, -1 };

    assert_string_equal(town_change(t, "agency-suspend",
                                    json_pack("{s:s,s:s}", "agency", "court", "reason", "stolen"),
                                    one),
                        "ok");
    assert_string_equal(ask(t, TOWN_SCHOOL, 1), "busy");
    assert_int_equal(town_heard(t, TOWN_COURT, MSG_TOKEN_REQUEST), 0);
}

/* "After ... a suspension ... no answer rests on what it ended" (promise 6). */
static void who_was_suspended_meanwhile_gets_no_tokens(void **state)
{
    struct town *t = *state;
    const int one[] = { 0, -1 };
    struct msg *m;

    assert_string_equal(ask(t, TOWN_SCHOOL, 1), "");
    m = evaluated(t);
    assert_string_equal(town_change(t, "agency-suspend",
                                    json_pack("{s:s,s:s}", "agency", "school", "reason", "stolen"),
                                    one),
                        "ok");
    town_forget(t);
    town_say(t, TOWN_COURT, m);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_TOKENS), 0);
    town_mono += RELAY_DEADLINE_MS + 1; /* and nothing is left under way */
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_BUSY), 0);
}

static void a_restart_forgets_what_was_on_its_way_and_it_is_asked_again(void **state)
{
    struct town *t = *state;
    struct msg kept;

    assert_string_equal(ask(t, TOWN_SCHOOL, 1), "");
    kept = *evaluated(t);
    town_reopen(t);
    town_turn(t);
    town_forget(t);
    town_say(t, TOWN_COURT, &kept);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_TOKENS), 0);
    assert_string_equal(ask(t, TOWN_SCHOOL, 1), "");
    town_say(t, TOWN_COURT, evaluated(t));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_TOKENS), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, holder_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_goes_to_the_keyholder_and_its_answer_to_who_asked_alone),
        TEST(two_agencies_ask_at_once_and_each_gets_its_own),
        TEST(nobody_but_the_keyholder_answers),
        TEST(an_answer_that_was_not_asked_for_goes_nowhere),
        TEST(a_key_that_the_policy_does_not_list_is_not_asked_for),
        TEST(who_asks_too_often_at_once_is_told_busy_and_others_are_not),
        TEST(a_silent_keyholder_is_a_busy_at_the_deadline),
        TEST(a_keyholder_that_will_not_is_heard_by_who_asked),
        TEST(a_suspended_or_absent_keyholder_is_not_asked),
        TEST(who_was_suspended_meanwhile_gets_no_tokens),
        TEST(a_restart_forgets_what_was_on_its_way_and_it_is_asked_again),
    };

    if (crypto_init() < 0)
        return 70;
    return cmocka_run_group_tests_name("core_keyholder", tests, NULL, NULL);
}
