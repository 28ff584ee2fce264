/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire_again.c - one frame under many ids: what another encoding would have made, and nothing
 * that we did not make. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire_sample.h"
#include <errno.h>
#include <string.h>

static struct msg sent;

static struct id other_id(uint8_t seed)
{
    struct id id;

    memset(id.octets, seed, sizeof(id.octets));
    id.octets[6] = 0x70 | (seed & 0x0f);
    id.octets[8] = 0x80 | (seed & 0x3f);
    return id;
}

static void frame_of(uint8_t type, bool full, const struct secret *key, struct buf *out)
{
    struct wire_context ctx = wire_sample_context();

    buf_init(out, 4 * WIRE_FRAME_MAX);
    wire_sample(type, full, &sent);
    assert_int_equal(wire_encode(&sent, &ctx, key, out), 0);
}

static void every_message_again_is_what_encoding_it_would_have_made(void **state)
{
    struct wire_context ctx = wire_sample_context();

    (void)state;
    for (unsigned type = 1; type <= UINT8_MAX; type++) {
        for (int full = 0; full <= 1 && wire_sample_has((uint8_t)type); full++) {
            ALM_CLEANUP(buf_deinit) struct buf frame, again, made;

            frame_of((uint8_t)type, full, NULL, &frame);
            buf_init(&again, WIRE_FRAME_MAX);
            buf_init(&made, WIRE_FRAME_MAX);
            sent.id = other_id(0xa5);
            assert_int_equal(wire_encode(&sent, &ctx, NULL, &made), 0);
            assert_int_equal(wire_encode_as(buf_view(&frame), &sent.id, &again), 0);
            assert_true(bytes_equal(buf_view(&again), buf_view(&made)));
        }
    }
}

static void the_first_frame_stays_as_it_was_and_the_next_ones_follow_it(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf frame, all;
    size_t len;

    (void)state;
    frame_of(MSG_QUESTION, true, NULL, &frame);
    len = frame.len;
    buf_init(&all, 64 * WIRE_FRAME_MAX);
    buf_put(&all, frame.data, frame.len);
    for (uint8_t i = 1; i <= 50; i++) { /* the buffer that grows holds the frame copied from */
        struct id id = other_id(i);
        struct wire_envelope e;
        struct id got;

        assert_int_equal(wire_encode_as(bytes_of(all.data, len), &id, &all), 0);
        assert_int_equal(all.len, (i + 1) * len);
        assert_int_equal(wire_open(bytes_of(all.data + i * len, len), &e), WIRE_OK);
        assert_true(wire_peek_id(e.body, &got) && id_equal(&got, &id));
    }
    assert_memory_equal(all.data, frame.data, len);
}

static void a_signed_frame_is_never_made_again(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf frame, out;
    struct secret key = wire_sample_key();
    struct id id = other_id(7);

    (void)state;
    frame_of(MSG_INSIGHT_QUERY, false, &key, &frame);
    buf_init(&out, WIRE_FRAME_MAX);
    assert_int_equal(wire_encode_as(buf_view(&frame), &id, &out), -EINVAL);
    assert_int_equal(out.len, 0);
}

static void an_id_that_is_no_uuid_v7_is_refused(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf frame, out;
    struct id id = { 0 };

    (void)state;
    frame_of(MSG_QUESTION, false, NULL, &frame);
    buf_init(&out, WIRE_FRAME_MAX);
    assert_int_equal(wire_encode_as(buf_view(&frame), &id, &out), -EINVAL);
    id = other_id(9);
    id.octets[6] = 0x40; /* version 4 */
    assert_int_equal(wire_encode_as(buf_view(&frame), &id, &out), -EINVAL);
    id = other_id(9);
    id.octets[8] = 0xc0; /* another variant */
    assert_int_equal(wire_encode_as(buf_view(&frame), &id, &out), -EINVAL);
    assert_int_equal(out.len, 0);
}

static void what_is_no_frame_of_ours_is_refused(void **state)
{
    static const uint8_t no_body[] = { 0x08, 0x01 };
    /* version 1 and a body with in_reply_to but no id; with an id of 15 bytes; with two fields that
     * run out. */
    static const uint8_t no_id[] = { 0x08, 0x01, 0x1a, 0x02, 0x20, 0x01 };
    static const uint8_t short_id[] = { 0x08, 0x01, 0x1a, 0x05, 0x0a, 0x03, 'a', 'b', 'c' };
    static const uint8_t cut[] = { 0x08, 0x01, 0x1a, 0x02, 0x0a, 0x10 };
    ALM_CLEANUP(buf_deinit) struct buf frame, out;
    struct id id = other_id(3);

    (void)state;
    frame_of(MSG_QUESTION, false, NULL, &frame);
    buf_init(&out, WIRE_FRAME_MAX);
    assert_int_equal(wire_encode_as(bytes_of(NULL, 0), &id, &out), -EINVAL);
    assert_int_equal(wire_encode_as(bytes_of(no_body, sizeof(no_body)), &id, &out), -EINVAL);
    assert_int_equal(wire_encode_as(bytes_of(no_id, sizeof(no_id)), &id, &out), -EINVAL);
    assert_int_equal(wire_encode_as(bytes_of(short_id, sizeof(short_id)), &id, &out), -EINVAL);
    assert_int_equal(wire_encode_as(bytes_of(cut, sizeof(cut)), &id, &out), -EINVAL);
    assert_int_equal(wire_encode_as(bytes_of(frame.data, frame.len - 1), &id, &out), -EINVAL);
    assert_int_equal(wire_encode_as(bytes_of(frame.data + 1, frame.len - 1), &id, &out), -EINVAL);
    assert_int_equal(out.len, 0);
    assert_int_equal(buf_status(&out), 0);
}

static void a_buffer_too_small_gets_no_half_frame(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf frame, out;
    struct id id = other_id(3);

    (void)state;
    frame_of(MSG_QUESTION, false, NULL, &frame);
    buf_init(&out, frame.len + 10);
    buf_put(&out, "0123456789a", 11);
    assert_int_equal(wire_encode_as(buf_view(&frame), &id, &out), -E2BIG);
    assert_int_equal(out.len, 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_again_is_what_encoding_it_would_have_made),
        cmocka_unit_test(the_first_frame_stays_as_it_was_and_the_next_ones_follow_it),
        cmocka_unit_test(a_signed_frame_is_never_made_again),
        cmocka_unit_test(an_id_that_is_no_uuid_v7_is_refused),
        cmocka_unit_test(what_is_no_frame_of_ours_is_refused),
        cmocka_unit_test(a_buffer_too_small_gets_no_half_frame),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
