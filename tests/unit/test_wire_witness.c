/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire_witness.c - what goes between the broker and its witnesses, on the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire_sample.h"
#include "wire_views.h"
#include <errno.h>
#include <string.h>

static struct msg sent, got; /* too large for a stack in tests */

static int encode(const struct msg *m, struct buf *out)
{
    struct wire_context ctx = wire_sample_context();

    buf_init(out, WIRE_FRAME_MAX);
    return wire_encode(m, &ctx, NULL, out);
}

static size_t body_of(const struct msg *m)
{
    ALM_CLEANUP(buf_deinit) struct buf frame;
    struct wire_envelope e;

    assert_int_equal(encode(m, &frame), 0);
    assert_int_equal(wire_open(buf_view(&frame), &e), WIRE_OK);
    memset(&got, 0, sizeof(got)); /* what lies beyond its type's own arm stays as it was */
    memset(&got, 0xff, offsetof(struct msg, hello));
    assert_string_equal(wire_fault_word(wire_decode(e.body, &got)), "ok");
    wire_views_same(&got, m);
    assert_memory_equal(&got, m, sizeof(got));
    return e.body.len;
}

/* clang-format off: one a line */
#define BREAKS(X)                                                                                  \
    X(head_past_its_limit, MSG_COSIGN, 1, m->cosign.note.len++)                                    \
    X(proof_without_a_head, MSG_COSIGN, 1, m->cosign.note.len = 0)                                 \
    X(old_size_without_a_head, MSG_COSIGN, 0, m->cosign.old_size = 1)                              \
    X(proof_from_nothing, MSG_COSIGN, 1, m->cosign.old_size = 0)                                   \
    X(proof_too_long, MSG_COSIGN, 1, m->cosign.n_proof++)                                          \
    X(proof_of_zeroes, MSG_COSIGN, 1, memset(m->cosign.proof[3], 0, COSIGN_HASH_LEN))              \
    X(cosign_by_an_agency, MSG_COSIGN, 1, memcpy(m->sender, "health", 7))                          \
    X(cosign_in_reply, MSG_COSIGN, 1, m->in_reply_to = m->id)                                      \
    X(cosignature_of_no_status, MSG_COSIGNATURE, 1, m->cosignature.status = 0)                     \
    X(cosignature_of_an_unknown_status, MSG_COSIGNATURE, 1, m->cosignature.status = COSIGN_REFUSED + 1) \
    X(signed_without_a_line, MSG_COSIGNATURE, 1, m->cosignature.note.len = 0)                      \
    X(signed_nothing, MSG_COSIGNATURE, 0, m->cosignature.status = COSIGN_SIGNED)                   \
    X(line_of_no_size, MSG_COSIGNATURE, 1, m->cosignature.size = 0)                                \
    X(size_without_its_head, MSG_COSIGNATURE, 0, m->cosignature.size = 9)                          \
    X(cosignature_of_nobody, MSG_COSIGNATURE, 1, m->sender[0] = '\0')                              \
    X(cosignature_to_nothing, MSG_COSIGNATURE, 1, memset(&m->in_reply_to, 0, ID_LEN))              \
    X(cosignature_by_a_practitioner, MSG_COSIGNATURE, 1, memcpy(m->practitioner.ref, "p", 2))

#define FUNCTION(name, type, full, change)                                                         \
    static void break_##name(struct msg *m)                                                        \
    {                                                                                              \
        change;                                                                                    \
    }
#define ENTRY(name, type, full, change) { #name, type, full, break_##name },
BREAKS(FUNCTION)
static const struct {
    const char *what;
    uint8_t type;
    bool full;
    void (*change)(struct msg *m);
} breaks[] = { BREAKS(ENTRY) };

/* clang-format on */
static void what_breaks_a_bound_is_not_sent(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALM_LEN(breaks); i++) {
        ALM_CLEANUP(buf_deinit) struct buf frame;
        int r;

        wire_sample(breaks[i].type, breaks[i].full, &sent);
        breaks[i].change(&sent);
        r = encode(&sent, &frame);
        if (r != -EINVAL || frame.len != 0)
            fail_msg("%s: %d, %zu bytes", breaks[i].what, r, frame.len);
    }
}

static void a_head_of_any_length_goes_out_in_one_size(void **state)
{
    static const size_t lengths[] = { 1, 200, 4096 };

    (void)state;
    wire_sample(MSG_COSIGN, false, &sent);
    assert_int_equal(body_of(&sent), 8192);
    wire_sample(MSG_COSIGN, true, &sent);
    for (size_t i = 0; i < ALM_LEN(lengths); i++) {
        sent.cosign.note.len = lengths[i];
        assert_int_equal(body_of(&sent), 8192);
    }
    assert_int_equal(got.cosign.n_proof, COSIGN_PROOF_MAX);
}

static void a_first_head_has_neither_an_old_size_nor_a_proof(void **state)
{
    (void)state;
    wire_sample(MSG_COSIGN, true, &sent);
    sent.cosign.old_size = 0;
    sent.cosign.n_proof = 0;
    memset(sent.cosign.proof, 0, sizeof(sent.cosign.proof));
    (void)body_of(&sent);
    assert_int_equal(got.cosign.old_size, 0);
}

static void a_line_and_a_refusal_are_of_one_size(void **state)
{
    (void)state;
    wire_sample(MSG_COSIGNATURE, false, &sent);
    assert_int_equal(body_of(&sent), 1024);
    wire_sample(MSG_COSIGNATURE, true, &sent);
    sent.cosignature.note.len = 240;
    assert_int_equal(body_of(&sent), 1024);
    wire_sample(MSG_COSIGNATURE, true, &sent);
    assert_int_equal(body_of(&sent), 8192);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_breaks_a_bound_is_not_sent),
        cmocka_unit_test(a_head_of_any_length_goes_out_in_one_size),
        cmocka_unit_test(a_first_head_has_neither_an_old_size_nor_a_proof),
        cmocka_unit_test(a_line_and_a_refusal_are_of_one_size),
    };

    return cmocka_run_group_tests_name("wire_witness", tests, NULL, NULL);
}
