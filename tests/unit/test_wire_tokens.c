/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire_tokens.c - the messages about tokens themselves: which epochs, which points, whose. */
#include "wire_fixture.h"

/* clang-format off: one a line */
#define BREAKS(X)                                                                                  \
    X(retoken_of_no_kind, MSG_RETOKEN, 0, m->retoken.record_kind = 0)                              \
    X(retoken_of_an_unknown_kind, MSG_RETOKEN, 0, m->retoken.record_kind = RETOKEN_WITHDRAWAL + 1) \
    X(retoken_of_no_record, MSG_RETOKEN, 0, memset(&m->retoken.record, 0, ID_LEN))                 \
    X(retoken_of_nobody, MSG_RETOKEN, 0, m->retoken.subject.n = 0)                                 \
    X(retoken_without_name_and_birth_date, MSG_RETOKEN, 0, m->retoken.subject.tokens[0].kind = TOKEN_NHS) \
    X(retoken_by_nobody, MSG_RETOKEN, 0, m->sender[0] = '\0')                                      \
    X(retoken_of_two_epochs, MSG_RETOKEN, 0, m->retoken.subject.tokens[1].epoch = 2)               \
    X(retoken_of_two_schemes, MSG_RETOKEN, 0, m->retoken.subject.tokens[1].scheme = TOKEN_OBLIVIOUS) \
    X(retoken_with_a_home_of_another_epoch, MSG_RETOKEN, 1, m->retoken.household.epoch = 1)        \
    X(retoken_with_no_home, MSG_RETOKEN, 1, m->retoken.household.kind = TOKEN_NHS)                 \
    X(retoken_of_a_consent_with_a_home, MSG_RETOKEN, 1, (m->retoken.record_kind = RETOKEN_CONSENT, m->retoken.has_origin = false)) \
    X(retoken_of_a_watch_with_an_event, MSG_RETOKEN, 1, m->retoken.record_kind = RETOKEN_WATCH)    \
    X(retoken_with_an_event_of_zeroes, MSG_RETOKEN, 1, memset(m->retoken.origin, 0, 32))           \
    X(request_for_nothing, MSG_TOKEN_REQUEST, 0, m->token_request.n = 0)                           \
    X(request_of_too_many, MSG_TOKEN_REQUEST, 1, m->token_request.n = TOKEN_POINTS_MAX + 1)        \
    X(request_of_the_identity, MSG_TOKEN_REQUEST, 1, memset(m->token_request.points[255], 0, 32))  \
    X(request_of_no_epoch, MSG_TOKEN_REQUEST, 0, m->token_request.epoch = 0)                       \
    X(request_for_another, MSG_TOKEN_REQUEST, 0, memcpy(m->token_request.agency, "refuge", 7))     \
    X(request_passed_on_for_nobody, MSG_TOKEN_REQUEST, 1, m->token_request.agency[0] = '\0')       \
    X(request_by_a_practitioner, MSG_TOKEN_REQUEST, 0, memcpy(m->practitioner.ref, "p", 2))        \
    X(tokens_of_nothing, MSG_TOKENS, 0, m->tokens.n = 0)                                           \
    X(tokens_of_too_many, MSG_TOKENS, 1, m->tokens.n = UINT16_MAX)                                 \
    X(tokens_of_the_identity, MSG_TOKENS, 0, memset(m->tokens.points[0], 0, 32))                   \
    X(tokens_without_proof, MSG_TOKENS, 0, memset(m->tokens.proof, 0, 64))                         \
    X(tokens_to_no_request, MSG_TOKENS, 0, memset(&m->in_reply_to, 0, ID_LEN))                     \
    X(epoch_of_no_scheme, MSG_CATALOGUE, 0, m->catalogue.epochs[0].scheme = 0)                     \
    X(epoch_zero, MSG_CATALOGUE, 0, m->catalogue.epochs[0].epoch = 0)                              \
    X(epoch_of_no_state, MSG_CATALOGUE, 0, m->catalogue.epochs[0].state = 0)                       \
    X(epochs_past_array, MSG_CATALOGUE, 1, m->catalogue.n_epochs = TOKEN_EPOCHS_MAX + 1)           \
    X(two_epochs_current, MSG_CATALOGUE, 1, m->catalogue.epochs[1].state = EPOCH_CURRENT)          \
    X(one_epoch_twice, MSG_CATALOGUE, 1, m->catalogue.epochs[1].epoch = m->catalogue.epochs[2].epoch) \
    X(oblivious_without_its_key, MSG_CATALOGUE, 1, memset(m->catalogue.epochs[1].public_key, 0, 32)) \
    X(hmac_with_a_key, MSG_CATALOGUE, 0, m->catalogue.epochs[0].public_key[3] = 1)

WIRE_BREAKS(BREAKS)

/* clang-format on */
static void what_breaks_a_bound_is_not_sent(void **state)
{
    (void)state;
    assert_none_is_sent(breaks, ALM_LEN(breaks));
}

static void a_set_of_two_epochs_is_not_sent_in_any_message(void **state)
{
    static const uint8_t types[] = { MSG_INSIGHT_QUERY, MSG_INVOLVEMENT_QUERY, MSG_CONSENT,
                                     MSG_SHIELD,        MSG_WATCH,             MSG_DISPUTE };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(types); i++) {
        ALM_CLEANUP(buf_deinit) struct buf frame;
        struct token_set *sets[] = { &sent.insight_query.subject, &sent.involvement_query.subject,
                                     &sent.consent.subject,       &sent.shield.subject,
                                     &sent.watch.subject,         &sent.dispute.subject };

        wire_sample(types[i], false, &sent);
        sets[i]->tokens[0].epoch = 2;
        assert_int_equal(encode(&sent, &frame), -EINVAL);
    }
}

/* A TokenRequest's Body in hex, by hand: epoch 1, of agency "a" and points as given. */
static enum wire_fault hand_made(size_t len, uint8_t fill)
{
    static const char head[] = "0a1001010101010171018101010101010101" "1a0161" "2001" "da03";
    ALM_CLEANUP(buf_deinit) struct buf raw, payload;
    uint8_t octets[64];

    buf_init(&raw, WIRE_FRAME_MAX);
    buf_init(&payload, WIRE_FRAME_MAX);
    assert_int_equal(hex_decode(head, octets, (sizeof(head) - 1) / 2), 0);
    buf_put(&raw, octets, (sizeof(head) - 1) / 2);
    buf_put_u8(&payload, 0x08);
    buf_put_u8(&payload, 1);
    buf_put_u8(&payload, 0x1a);
    buf_put_u8(&payload, (uint8_t)(len < 128 ? len : len % 128 + 128));
    if (len >= 128)
        buf_put_u8(&payload, (uint8_t)(len / 128));
    for (size_t i = 0; i < len; i++)
        buf_put_u8(&payload, fill);
    buf_put_u8(&raw, (uint8_t)(payload.len < 128 ? payload.len : payload.len % 128 + 128));
    if (payload.len >= 128)
        buf_put_u8(&raw, (uint8_t)(payload.len / 128));
    buf_put(&raw, payload.data, payload.len);
    assert_int_equal(buf_status(&raw), 0);
    return wire_decode(buf_view(&raw), &got);
}

static void points_are_whole_or_the_request_is_refused(void **state)
{
    (void)state;
    assert_int_equal(hand_made(32, 7), WIRE_OK);
    assert_int_equal(got.token_request.n, 1);
    assert_int_equal(hand_made(96, 7), WIRE_OK);
    assert_int_equal(got.token_request.n, 3);
    assert_int_equal(hand_made(31, 7), WIRE_BAD_VALUE);
    assert_int_equal(hand_made(33, 7), WIRE_BAD_VALUE);
    assert_int_equal(hand_made(0, 7), WIRE_BAD_VALUE);
    assert_int_equal(hand_made(32, 0), WIRE_BAD_VALUE);
}

static void points_past_the_most_are_refused(void **state)
{
    (void)state;
    assert_int_equal(hand_made((size_t)TOKEN_POINTS_MAX * TOKEN_POINT_LEN, 7), WIRE_OK);
    assert_int_equal(got.token_request.n, TOKEN_POINTS_MAX);
    assert_int_equal(hand_made((size_t)(TOKEN_POINTS_MAX + 1) * TOKEN_POINT_LEN, 7), WIRE_TOO_LONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_breaks_a_bound_is_not_sent),
        cmocka_unit_test(a_set_of_two_epochs_is_not_sent_in_any_message),
        cmocka_unit_test(points_are_whole_or_the_request_is_refused),
        cmocka_unit_test(points_past_the_most_are_refused),
    };

    return cmocka_run_group_tests_name("wire_tokens", tests, NULL, NULL);
}
