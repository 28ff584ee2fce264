/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire_witness.c - what goes between the broker and its witnesses, on the wire. */
#include "wire_fixture.h"

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

WIRE_BREAKS(BREAKS)

/* clang-format on */
static void what_breaks_a_bound_is_not_sent(void **state)
{
    (void)state;
    assert_none_is_sent(breaks, ALM_LEN(breaks));
}

static void a_head_of_any_length_goes_out_in_one_size(void **state)
{
    static const size_t lengths[] = { 1, 200, 4096 };

    (void)state;
    wire_sample(MSG_COSIGN, false, &sent);
    assert_int_equal(assert_comes_back(&sent), 8192);
    wire_sample(MSG_COSIGN, true, &sent);
    for (size_t i = 0; i < ALM_LEN(lengths); i++) {
        sent.cosign.note.len = lengths[i];
        assert_int_equal(assert_comes_back(&sent), 8192);
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
    (void)assert_comes_back(&sent);
    assert_int_equal(got.cosign.old_size, 0);
}

static void a_line_and_a_refusal_are_of_one_size(void **state)
{
    (void)state;
    wire_sample(MSG_COSIGNATURE, false, &sent);
    assert_int_equal(assert_comes_back(&sent), 1024);
    wire_sample(MSG_COSIGNATURE, true, &sent);
    sent.cosignature.note.len = 240;
    assert_int_equal(assert_comes_back(&sent), 1024);
    wire_sample(MSG_COSIGNATURE, true, &sent);
    assert_int_equal(assert_comes_back(&sent), 8192);
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
