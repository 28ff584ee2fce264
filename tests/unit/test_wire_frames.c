/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire_frames.c - signatures over received bytes, and padding: what length must not tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire_sample.h"
#include <errno.h>
#include <string.h>

static struct msg sent, got;

static void frame_of(const struct msg *m, const struct secret *key, struct buf *out)
{
    struct wire_context ctx = wire_sample_context();

    buf_init(out, WIRE_FRAME_MAX);
    assert_int_equal(wire_encode(m, &ctx, key, out), 0);
}

static size_t frame_len(const struct msg *m)
{
    ALM_CLEANUP(buf_deinit) struct buf frame;

    frame_of(m, NULL, &frame);
    return frame.len;
}

struct signed_frame {
    struct buf frame;
    struct wire_envelope e;
    struct secret key;
    uint8_t public_key[SIGN_PUBLIC_LEN];
};

static void signed_frame_init(struct signed_frame *s)
{
    s->key = wire_sample_key();
    assert_int_equal(sign_public(&s->key, s->public_key), 0);
    wire_sample(MSG_INSIGHT_QUERY, false, &sent);
    frame_of(&sent, &s->key, &s->frame);
    assert_int_equal(wire_open(buf_view(&s->frame), &s->e), WIRE_OK);
}

static void a_signed_frame_verifies(void **state)
{
    struct signed_frame s;
    struct wire_context ctx = wire_sample_context();
    uint8_t id[WIRE_KEY_ID_LEN];

    (void)state;
    signed_frame_init(&s);
    assert_int_equal(wire_verify(&s.e, &ctx, s.public_key), 0);
    wire_key_id(s.public_key, id);
    assert_true(bytes_equal(s.e.key_id, bytes_of(id, sizeof(id))));
    assert_int_equal(wire_decode(s.e.body, &got), WIRE_OK);
    buf_deinit(&s.frame);
}

/* proto/wire/README.md, "Signatures": the bytes that another language must sign. */
static void the_signed_bytes_are_those_of_the_readme(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf input;
    struct signed_frame s;

    (void)state;
    signed_frame_init(&s);
    buf_init(&input, WIRE_FRAME_MAX);
    buf_put(&input, "almoner/v1\0\x02\x17" WIRE_SAMPLE_ORIGIN, 11 + 1 + 1 + 23);
    buf_put(&input, s.e.body.data, s.e.body.len);
    assert_int_equal(sign_check(s.public_key, buf_view(&input), s.e.signature.data), 0);
    buf_deinit(&s.frame);
}

static void a_signature_for_another_mode_origin_or_key_is_refused(void **state)
{
    struct signed_frame s;
    struct wire_context ctx = wire_sample_context();
    uint8_t other[SIGN_PUBLIC_LEN] = { 1 };

    (void)state;
    signed_frame_init(&s);
    assert_int_equal(wire_verify(&s.e, &ctx, other), -EBADMSG);
    ctx.mode = MODE_LIVE;
    assert_int_equal(wire_verify(&s.e, &ctx, s.public_key), -EBADMSG);
    ctx.mode = 0;
    assert_int_equal(wire_verify(&s.e, &ctx, s.public_key), -EBADMSG);
    ctx = wire_sample_context();
    ctx.origin[0] = 'M';
    assert_int_equal(wire_verify(&s.e, &ctx, s.public_key), -EBADMSG);
    ctx.origin[0] = '\0';
    assert_int_equal(wire_verify(&s.e, &ctx, s.public_key), -EBADMSG);
    memset(ctx.origin, 'a', sizeof(ctx.origin)); /* without an end */
    assert_int_equal(wire_verify(&s.e, &ctx, s.public_key), -EBADMSG);
    buf_deinit(&s.frame);
}

static void one_changed_byte_anywhere_breaks_the_frame(void **state)
{
    struct signed_frame s;
    struct wire_context ctx = wire_sample_context();

    (void)state;
    signed_frame_init(&s);
    for (size_t i = 0; i < s.frame.len; i += i < 300 ? 1 : 37) {
        struct wire_envelope e;
        uint8_t key_id[WIRE_KEY_ID_LEN];

        wire_key_id(s.public_key, key_id);
        s.frame.data[i] ^= 0x01;
        if (wire_open(buf_view(&s.frame), &e) == WIRE_OK &&
            bytes_equal(e.key_id, bytes_of(key_id, sizeof(key_id))))
            assert_int_equal(wire_verify(&e, &ctx, s.public_key), -EBADMSG);
        s.frame.data[i] ^= 0x01;
    }
    buf_deinit(&s.frame);
}

static void an_unsigned_frame_never_verifies(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf frame;
    struct wire_context ctx = wire_sample_context();
    struct secret key = wire_sample_key();
    uint8_t public_key[SIGN_PUBLIC_LEN];
    struct wire_envelope e;

    (void)state;
    assert_int_equal(sign_public(&key, public_key), 0);
    wire_sample(MSG_INSIGHT_QUERY, false, &sent);
    frame_of(&sent, NULL, &frame);
    assert_int_equal(wire_open(buf_view(&frame), &e), WIRE_OK);
    assert_int_equal(e.signature.len, 0);
    assert_int_equal(wire_verify(&e, &ctx, public_key), -EBADMSG);
}

static void signing_without_an_origin_or_a_mode_is_refused(void **state)
{
    struct secret key = wire_sample_key();
    struct wire_context ctx = { 0 };
    ALM_CLEANUP(buf_deinit) struct buf out;

    (void)state;
    buf_init(&out, WIRE_FRAME_MAX);
    wire_sample(MSG_HELLO, false, &sent);
    assert_int_equal(wire_encode(&sent, &ctx, &key, &out), -EINVAL);
    ctx.mode = MODE_LIVE;
    assert_int_equal(wire_encode(&sent, &ctx, &key, &out), -EINVAL);
    assert_int_equal(out.len, 0);
}

static void a_buffer_too_small_gets_no_half_frame(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf out;
    struct wire_context ctx = wire_sample_context();

    (void)state;
    buf_init(&out, 100);
    wire_sample(MSG_HELLO, false, &sent);
    assert_int_equal(wire_encode(&sent, &ctx, NULL, &out), -E2BIG);
    assert_int_equal(out.len, 0);
}

static void yes_no_and_cannot_say_have_one_size(void **state)
{
    size_t len;

    (void)state;
    wire_sample(MSG_INSIGHT, false, &sent);
    len = frame_len(&sent);
    for (uint8_t v = INSIGHT_YES; v <= INSIGHT_CANNOT_SAY; v++) {
        for (uint8_t c = COMPLETE_ALL; c <= COMPLETE_NONE; c++) {
            sent.insight.value = v;
            sent.insight.completeness = c;
            assert_int_equal(frame_len(&sent), len);
        }
    }
}

static void replies_have_one_size_whatever_they_say(void **state)
{
    static const uint8_t types[] = { MSG_INSIGHT, MSG_REFUSAL, MSG_BUSY, MSG_RECEIPT, MSG_WELCOME,
                                     MSG_REFERRAL_STATE, MSG_ELIGIBILITY };
    size_t len;

    (void)state;
    wire_sample(MSG_INSIGHT, false, &sent);
    len = frame_len(&sent);
    for (size_t i = 0; i < ALM_LEN(types); i++) {
        wire_sample(types[i], false, &sent);
        assert_int_equal(frame_len(&sent), len);
        wire_sample(types[i], true, &sent);
        assert_int_equal(frame_len(&sent), len);
    }
}

static void messages_between_agencies_have_one_size_at_least_and_at_most(void **state)
{
    static const uint8_t types[] = { MSG_HELLO,
                                     MSG_WELCOME,
                                     MSG_LEASE,
                                     MSG_INSIGHT_QUERY,
                                     MSG_INVOLVEMENT_QUERY,
                                     MSG_QUESTION,
                                     MSG_ANSWER,
                                     MSG_WITHDRAWAL,
                                     MSG_CONSENT_CHANGE,
                                     MSG_SHIELD,
                                     MSG_CONSENT_LIST_QUERY,
                                     MSG_CONSENT_LIST };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(types); i++) {
        size_t len;

        wire_sample(types[i], false, &sent);
        len = frame_len(&sent);
        wire_sample(types[i], true, &sent);
        assert_int_equal(frame_len(&sent), len);
    }
}

/* All that a message may have at once, each at its limit: what the samples leave out as well. */
static void make_largest(uint8_t type)
{
    wire_sample(type, true, &sent);
    if (type != MSG_WELCOME) {
        memset(sent.purpose, 'p', NAME_MAX_LEN - 1);
        sent.purpose[NAME_MAX_LEN - 1] = '\0';
    }
    if (type == MSG_INSIGHT_QUERY || type == MSG_QUESTION) {
        struct msg_insight_query *q = &sent.insight_query;

        *(type == MSG_QUESTION ? &sent.question.subject.unborn : &q->subject.unborn) = true;
        *(type == MSG_QUESTION ? &sent.question.subject_kind : &q->subject_kind) = SUBJECT_UNBORN;
    }
}

/* DESIGN.md section 4: "Bodies are padded to one size per message type": that holds only while the
 * largest there can be fits it. */
static void what_passes_most_often_fits_its_one_size_at_its_largest(void **state)
{
    static const struct {
        uint8_t type;
        size_t bytes;
    } sizes[] = {
        { MSG_INSIGHT_QUERY, 4096 }, { MSG_QUESTION, 3264 },       { MSG_ANSWER, 704 },
        { MSG_INSIGHT, 1792 },       { MSG_REFUSAL, 1792 },        { MSG_BUSY, 1792 },
        { MSG_RECEIPT, 1792 },       { MSG_REFERRAL_STATE, 1792 }, { MSG_ELIGIBILITY, 1792 },
        { MSG_WELCOME, 1792 },
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(sizes); i++) {
        for (int largest = 0; largest <= 1; largest++) {
            ALM_CLEANUP(buf_deinit) struct buf frame;
            struct wire_envelope e;

            if (largest)
                make_largest(sizes[i].type);
            else
                wire_sample(sizes[i].type, false, &sent);
            frame_of(&sent, NULL, &frame);
            assert_int_equal(wire_open(buf_view(&frame), &e), WIRE_OK);
            assert_int_equal(e.body.len, sizes[i].bytes);
        }
    }
}

/* Lengths just below a size leave 0, 1, 2 or 130 bytes: each a special case of padding. */
static void every_length_reaches_one_of_its_sizes(void **state)
{
    size_t small = 0, large = 0;
    struct wire_envelope e;

    (void)state;
    for (size_t n = 10; n <= 30; n++) {
        wire_sample(MSG_CONSENT, true, &sent);
        sent.consent.subject.n = 1;
        sent.consent.sources.n = 15;
        sent.consent.recipients.n = (uint8_t)n;
        sent.consent.sensitive_sources.n = 15;
        for (size_t len = 0; len < 250; len++) {
            ALM_CLEANUP(buf_deinit) struct buf frame;

            memset(sent.case_ref, 0, NAME_MAX_LEN);
            memset(sent.basis, 0, NAME_MAX_LEN);
            memset(sent.purpose, 0, NAME_MAX_LEN);
            memset(sent.consent.giver_ref, 0, NAME_MAX_LEN);
            for (size_t k = 0; k < len; k++) {
                char *const fields[] = { sent.case_ref, sent.basis, sent.purpose,
                                         sent.consent.giver_ref };

                fields[k / 63][k % 63] = 'z';
            }
            frame_of(&sent, NULL, &frame);
            assert_int_equal(wire_open(buf_view(&frame), &e), WIRE_OK);
            assert_int_equal(wire_decode(e.body, &got), WIRE_OK);
            assert_true(e.body.len == 4096 || e.body.len == 16384);
            small += e.body.len == 4096;
            large += e.body.len == 16384;
        }
    }
    assert_true(small > 130 && large > 130);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signed_frame_verifies),
        cmocka_unit_test(the_signed_bytes_are_those_of_the_readme),
        cmocka_unit_test(a_signature_for_another_mode_origin_or_key_is_refused),
        cmocka_unit_test(one_changed_byte_anywhere_breaks_the_frame),
        cmocka_unit_test(an_unsigned_frame_never_verifies),
        cmocka_unit_test(signing_without_an_origin_or_a_mode_is_refused),
        cmocka_unit_test(a_buffer_too_small_gets_no_half_frame),
        cmocka_unit_test(yes_no_and_cannot_say_have_one_size),
        cmocka_unit_test(replies_have_one_size_whatever_they_say),
        cmocka_unit_test(messages_between_agencies_have_one_size_at_least_and_at_most),
        cmocka_unit_test(what_passes_most_often_fits_its_one_size_at_its_largest),
        cmocka_unit_test(every_length_reaches_one_of_its_sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
