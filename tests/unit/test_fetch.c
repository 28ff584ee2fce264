/* SPDX-License-Identifier: Apache-2.0 */
/* test_fetch.c - values fetched from a key holder that this test plays, well and badly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/fetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SENT_MAX 64

static struct secret key, other_key;
static oprf_point public_key;
static struct memo *rows, *typed;
static struct fetch *fetch;
static struct msg *sent, *reply;
static size_t n_sent;
static int send_result;
static uint8_t next_id;

static int prepare(void *ctx, struct msg *m)
{
    (void)ctx;
    memset(m, 0, sizeof(*m));
    m->type = MSG_TOKEN_REQUEST;
    m->id.octets[0] = ++next_id;
    return 0;
}

static int send_it(void *ctx, const struct msg *m)
{
    (void)ctx;
    if (send_result == 0 && n_sent < SENT_MAX)
        sent[n_sent++] = *m;
    return send_result;
}

static int setup(void **state)
{
    const struct fetch_setup s = { NULL, prepare, send_it };
    struct fetch_source source = { .epoch = 2, .public_key = public_key };

    (void)state;
    n_sent = 0;
    send_result = 0;
    sent = calloc(SENT_MAX, sizeof(*sent));
    reply = calloc(1, sizeof(*reply));
    if (!sent || !reply || crypto_init() != 0 || oprf_init() != 0 || oprf_key_new(&key) != 0 ||
        oprf_key_new(&other_key) != 0 || oprf_public(&key, public_key) != 0 ||
        memo_new(NULL, &rows) != 0 || memo_new(NULL, &typed) != 0 || fetch_new(&s, &fetch) != 0)
        return -1;
    source.memo = rows;
    if (fetch_add(fetch, &source) != 0)
        return -1;
    source.memo = typed;
    source.waited_for = true;
    return fetch_add(fetch, &source);
}

static int teardown(void **state)
{
    (void)state;
    fetch = fetch_free(fetch);
    rows = memo_free(rows);
    typed = memo_free(typed);
    free(sent);
    free(reply);
    return 0;
}

static void want(struct memo *m, const char *what, size_t n)
{
    uint8_t value[TOKEN_LEN];
    char text[32];

    for (size_t i = 0; i < n; i++) {
        int len = snprintf(text, sizeof(text), "%s%zu", what, i);

        assert_int_equal(memo_find(m, bytes_of(text, (size_t)len), value), -EAGAIN);
    }
}

static void turn(int64_t now_ms)
{
    for (int i = 0; i < 8; i++)
        (void)fetch_step(fetch, now_ms, true);
}

/* As the key holder does; with: another key than it should have. */
static const struct msg *answer(const struct msg *q, const struct secret *with)
{
    memset(reply, 0, sizeof(*reply));
    reply->type = MSG_TOKENS;
    reply->in_reply_to = q->id;
    reply->tokens.epoch = q->token_request.epoch;
    reply->tokens.n = q->token_request.n;
    assert_int_equal(oprf_evaluate(OPRF_VERIFIABLE, with, q->token_request.points,
                                   q->token_request.n, NULL, reply->tokens.points,
                                   reply->tokens.proof),
                     0);
    return reply;
}

static void value_is_the_functions(struct memo *m, const char *input)
{
    uint8_t value[TOKEN_LEN], whole[OPRF_OUT_LEN];
    struct secret blind;
    oprf_point blinded, evaluated;

    assert_int_equal(memo_find(m, bytes_str(input), value), 0);
    assert_int_equal(oprf_blind(OPRF_VERIFIABLE, bytes_str(input), NULL, &blind, blinded), 0);
    assert_int_equal(oprf_evaluate(OPRF_PLAIN, &key, (const oprf_point *)&blinded, 1, NULL,
                                   &evaluated, NULL),
                     0);
    assert_int_equal(oprf_finalize(bytes_str(input), &blind, evaluated, whole), 0);
    assert_memory_equal(value, whole, TOKEN_LEN);
}

static void wants_come_in_batches_and_become_values(void **state)
{
    (void)state;
    want(rows, "r", 300);
    turn(1000);
    assert_int_equal(n_sent, 2);
    assert_int_equal(sent[0].token_request.n, 256);
    assert_int_equal(sent[1].token_request.n, 44);
    assert_true(fetch_reply(fetch, answer(&sent[1], &key), 1001));
    assert_true(fetch_reply(fetch, answer(&sent[0], &key), 1001));
    turn(1002);
    assert_int_equal(memo_n_open(rows), 0);
    value_is_the_functions(rows, "r0");
    value_is_the_functions(rows, "r299");
    assert_int_equal(fetch_count(fetch).values, 300);
    assert_string_equal(fetch_text(fetch), "");
}

static void whoever_is_waited_for_does_not_stand_behind_rows(void **state)
{
    (void)state;
    want(rows, "r", 5000);
    turn(1000);
    assert_int_equal(n_sent, 3); /* one place is kept */
    want(typed, "t", 4);
    turn(1001);
    assert_int_equal(n_sent, 4);
    assert_int_equal(sent[3].token_request.n, 4);
}

static void batch_made_with_another_key_is_not_used(void **state)
{
    uint8_t value[TOKEN_LEN];

    (void)state;
    want(typed, "t", 2);
    turn(1000);
    assert_true(fetch_reply(fetch, answer(&sent[0], &other_key), 1001));
    turn(1002);
    assert_int_equal(fetch_trouble(fetch), FETCH_FALSE);
    assert_int_equal(memo_find(typed, bytes_str("t0"), value), -EAGAIN);
    assert_int_equal(n_sent, 1); /* not at once */
    turn(1002 + 30000);
    assert_int_equal(n_sent, 2);
    assert_true(fetch_reply(fetch, answer(&sent[1], &key), 33000));
    turn(33001);
    assert_int_equal(fetch_trouble(fetch), FETCH_WELL);
    value_is_the_functions(typed, "t1");
}

static void reply_of_another_length_or_epoch_is_not_used(void **state)
{
    (void)state;
    want(typed, "t", 2);
    turn(1000);
    (void)answer(&sent[0], &key);
    reply->tokens.n = 1;
    assert_true(fetch_reply(fetch, reply, 1001));
    assert_int_equal(fetch_trouble(fetch), FETCH_FALSE);
    turn(40000);
    (void)answer(&sent[1], &key);
    reply->tokens.epoch = 3;
    assert_true(fetch_reply(fetch, reply, 40001));
    turn(40002);
    assert_int_equal(memo_n_open(typed), 2);
}

static void points_never_repeat_however_often_they_are_asked_again(void **state)
{
    (void)state;
    want(typed, "t", 3);
    turn(1000);
    turn(10000); /* silent */
    assert_int_equal(fetch_trouble(fetch), FETCH_SILENT);
    turn(20000);
    fetch_lost(fetch, 20001);
    turn(20002);
    memset(reply, 0, sizeof(*reply));
    reply->type = MSG_BUSY;
    reply->in_reply_to = sent[n_sent - 1].id;
    reply->busy.retry_after_ms = 1000;
    assert_true(fetch_reply(fetch, reply, 20003));
    assert_int_equal(fetch_trouble(fetch), FETCH_BUSY);
    turn(20004);
    assert_true(n_sent >= 3);
    turn(22000);
    for (size_t i = 0; i < 3 * n_sent; i++) {
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(sent[i / 3].token_request.points[i % 3],
                                    sent[j / 3].token_request.points[j % 3], OPRF_POINT_LEN);
    }
}

static void nothing_is_sent_while_there_is_no_connection(void **state)
{
    (void)state;
    want(typed, "t", 1);
    for (int i = 0; i < 8; i++)
        (void)fetch_step(fetch, 1000, false);
    assert_int_equal(n_sent, 0);
    send_result = -ENOTCONN;
    turn(1000);
    assert_int_equal(n_sent, 0);
    send_result = 0;
    turn(3000);
    assert_int_equal(n_sent, 1);
}

static void what_was_typed_is_forgotten_with_its_memo_and_a_late_reply_changes_nothing(void **state)
{
    uint8_t value[TOKEN_LEN];

    (void)state;
    want(typed, "t", 2);
    turn(1000);
    fetch_forget(fetch, typed);
    memo_wipe(typed);
    assert_true(fetch_reply(fetch, answer(&sent[0], &key), 1001));
    turn(1002);
    assert_int_equal(memo_count(typed), 0);
    assert_int_equal(memo_find(typed, bytes_str("t0"), value), -EAGAIN);
    turn(1003);
    assert_int_equal(n_sent, 2); /* it is still served */
    fetch_drop(fetch, typed);
    turn(1004);
    assert_int_equal(fetch_wait_ms(fetch, 1004), -1);
}

static void refusals_and_what_was_never_asked_are_told_apart(void **state)
{
    (void)state;
    want(typed, "t", 1);
    turn(1000);
    memset(reply, 0, sizeof(*reply));
    reply->type = MSG_REFUSAL;
    reply->in_reply_to.octets[0] = 200;
    assert_false(fetch_reply(fetch, reply, 1001)); /* a command's */
    reply->in_reply_to = sent[0].id;
    assert_true(fetch_reply(fetch, reply, 1001));
    assert_int_equal(fetch_trouble(fetch), FETCH_REFUSED);
    reply->type = MSG_TOKENS;
    reply->in_reply_to.octets[0] = 201;
    assert_true(fetch_reply(fetch, reply, 1002)); /* nobody else's either */
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(wants_come_in_batches_and_become_values),
        T(whoever_is_waited_for_does_not_stand_behind_rows),
        T(batch_made_with_another_key_is_not_used),
        T(reply_of_another_length_or_epoch_is_not_used),
        T(points_never_repeat_however_often_they_are_asked_again),
        T(nothing_is_sent_while_there_is_no_connection),
        T(what_was_typed_is_forgotten_with_its_memo_and_a_late_reply_changes_nothing),
        T(refusals_and_what_was_never_asked_are_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
