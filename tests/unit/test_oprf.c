/* SPDX-License-Identifier: Apache-2.0 */
/* test_oprf.c - the vectors of RFC 9497, and what a hostile peer may send in the place of a point. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/oprf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 2

struct vector {
    enum oprf_mode mode;
    struct secret key;
    uint8_t public_key[32], seed[32], info[64];
    size_t info_len, n, n_input, n_blind, n_blinded, n_evaluated, n_output;
    uint8_t input[BATCH][64];
    size_t input_len[BATCH];
    struct secret blind[BATCH], proof_scalar;
    oprf_point blinded[BATCH], evaluated[BATCH];
    uint8_t output[BATCH][OPRF_OUT_LEN], proof[OPRF_PROOF_LEN];
};

static int setup(void **state)
{
    (void)state;
    return crypto_init() || oprf_init();
}

static void vector_holds(const struct vector *v)
{
    oprf_point blinded[BATCH], evaluated[BATCH], public_key;
    uint8_t proof[OPRF_PROOF_LEN], out[OPRF_OUT_LEN];
    bool verifiable = v->mode == OPRF_VERIFIABLE;
    struct secret derived, kept;

    assert_int_equal(v->n_input, v->n);
    assert_int_equal(v->n_output, v->n);
    assert_int_equal(oprf_key_derive(v->mode, v->seed, bytes_of(v->info, v->info_len), &derived), 0);
    assert_memory_equal(derived.octets, v->key.octets, 32);
    for (size_t i = 0; i < v->n; i++) {
        assert_int_equal(oprf_blind(v->mode, bytes_of(v->input[i], v->input_len[i]), &v->blind[i],
                                    &kept, blinded[i]),
                         0);
        assert_memory_equal(blinded[i], v->blinded[i], OPRF_POINT_LEN);
    }
    assert_int_equal(oprf_evaluate(v->mode, &v->key, (const oprf_point *)blinded, v->n,
                                   &v->proof_scalar, evaluated, verifiable ? proof : NULL),
                     0);
    for (size_t i = 0; i < v->n; i++) {
        assert_memory_equal(evaluated[i], v->evaluated[i], OPRF_POINT_LEN);
        assert_int_equal(oprf_finalize(bytes_of(v->input[i], v->input_len[i]), &v->blind[i],
                                       evaluated[i], out),
                         0);
        assert_memory_equal(out, v->output[i], OPRF_OUT_LEN);
    }
    if (!verifiable)
        return;
    assert_int_equal(oprf_public(&v->key, public_key), 0);
    assert_memory_equal(public_key, v->public_key, 32);
    assert_memory_equal(proof, v->proof, OPRF_PROOF_LEN);
    assert_int_equal(oprf_verify(public_key, (const oprf_point *)blinded,
                                 (const oprf_point *)evaluated, v->n, proof),
                     0);
}

static size_t hex_into(const char *hex, void *out, size_t max)
{
    size_t len = strlen(hex) / 2;

    assert_true(len <= max);
    assert_int_equal(hex_decode(hex, out, len), 0);
    return len;
}

static void vector_word(struct vector *v, const char *word, const char *value)
{
    if (!strcmp(word, "suite"))
        v->mode = value[0] == '1' ? OPRF_VERIFIABLE : OPRF_PLAIN;
    else if (!strcmp(word, "seed"))
        (void)hex_into(value, v->seed, sizeof(v->seed));
    else if (!strcmp(word, "keyInfo"))
        v->info_len = hex_into(value, v->info, sizeof(v->info));
    else if (!strcmp(word, "skSm"))
        (void)hex_into(value, v->key.octets, 32);
    else if (!strcmp(word, "pkSm"))
        (void)hex_into(value, v->public_key, 32);
    else if (!strcmp(word, "Input"))
        v->input_len[v->n_input] = hex_into(value, v->input[v->n_input], 64), v->n_input++;
    else if (!strcmp(word, "Blind"))
        (void)hex_into(value, v->blind[v->n_blind++].octets, 32);
    else if (!strcmp(word, "BlindedElement"))
        (void)hex_into(value, v->blinded[v->n_blinded++], 32);
    else if (!strcmp(word, "EvaluationElement"))
        (void)hex_into(value, v->evaluated[v->n_evaluated++], 32);
    else if (!strcmp(word, "Output"))
        (void)hex_into(value, v->output[v->n_output++], OPRF_OUT_LEN);
    else if (!strcmp(word, "Proof"))
        (void)hex_into(value, v->proof, OPRF_PROOF_LEN);
    else if (!strcmp(word, "ProofScalar"))
        (void)hex_into(value, v->proof_scalar.octets, 32);
    else
        fail_msg("a word that is not known: %s", word);
}

/* Source: RFC 9497 appendix A.1 */
static void every_vector_of_the_rfc_holds(void **state)
{
    static struct vector v;
    char line[1024];
    FILE *file = fopen(TEST_VECTORS "/rfc9497-ristretto255.txt", "re");
    size_t n = 0;

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        char *value = strchr(line, ' ');
        bool begins;

        if (line[0] == '#' || !value)
            continue;
        *value++ = '\0';
        value[strcspn(value, "\n")] = '\0';
        begins = !strcmp(line, "vector");
        if ((begins || !strcmp(line, "suite")) && v.n) {
            vector_holds(&v);
            n++;
            v.n = 0;
        }
        if (begins) {
            v.n = (size_t)strtoul(value, NULL, 10);
            assert_true(v.n >= 1 && v.n <= BATCH);
            v.n_input = v.n_blind = v.n_blinded = v.n_evaluated = v.n_output = 0;
        } else {
            vector_word(&v, line, value);
        }
    }
    (void)fclose(file);
    if (v.n) {
        vector_holds(&v);
        n++;
    }
    assert_int_equal(n, 5);
}

/* --- what is no vector's --- */
struct exchange {
    struct secret key, blind[3];
    oprf_point public_key, blinded[3], evaluated[3];
    uint8_t proof[OPRF_PROOF_LEN];
};

static struct exchange exchange_make(void)
{
    struct exchange e;

    assert_int_equal(oprf_key_new(&e.key), 0);
    assert_int_equal(oprf_public(&e.key, e.public_key), 0);
    for (uint8_t i = 0; i < 3; i++)
        assert_int_equal(oprf_blind(OPRF_VERIFIABLE, bytes_of(&i, 1), NULL, &e.blind[i],
                                    e.blinded[i]),
                         0);
    assert_int_equal(oprf_evaluate(OPRF_VERIFIABLE, &e.key, (const oprf_point *)e.blinded, 3, NULL,
                                   e.evaluated, e.proof),
                     0);
    return e;
}

static int verify(const struct exchange *e)
{
    return oprf_verify(e->public_key, e->blinded, e->evaluated, 3, e->proof);
}

static void one_input_has_one_value_however_it_is_blinded(void **state)
{
    struct exchange e = exchange_make(), f;
    uint8_t first[OPRF_OUT_LEN], second[OPRF_OUT_LEN], input = 1;

    (void)state;
    f = e;
    assert_int_equal(oprf_blind(OPRF_VERIFIABLE, bytes_of(&input, 1), NULL, &f.blind[1],
                                f.blinded[1]),
                     0);
    assert_memory_not_equal(f.blinded[1], e.blinded[1], OPRF_POINT_LEN);
    assert_int_equal(oprf_evaluate(OPRF_VERIFIABLE, &f.key, (const oprf_point *)f.blinded, 3, NULL,
                                   f.evaluated, f.proof),
                     0);
    assert_int_equal(verify(&f), 0);
    assert_int_equal(oprf_finalize(bytes_of(&input, 1), &e.blind[1], e.evaluated[1], first), 0);
    assert_int_equal(oprf_finalize(bytes_of(&input, 1), &f.blind[1], f.evaluated[1], second), 0);
    assert_memory_equal(first, second, OPRF_OUT_LEN);
}

static void a_batch_by_another_key_fails_its_proof(void **state)
{
    struct exchange e = exchange_make(), other = exchange_make();

    (void)state;
    assert_int_equal(verify(&e), 0);
    memcpy(e.public_key, other.public_key, sizeof(e.public_key));
    assert_int_equal(verify(&e), -EBADMSG);
}

static void one_element_by_another_key_fails_the_whole_batch(void **state)
{
    struct exchange e = exchange_make();
    struct secret other;

    (void)state;
    assert_int_equal(oprf_key_new(&other), 0);
    assert_int_equal(oprf_evaluate(OPRF_PLAIN, &other, (const oprf_point *)&e.blinded[2], 1, NULL,
                                   &e.evaluated[2], NULL),
                     0);
    assert_int_equal(verify(&e), -EBADMSG);
}

static void elements_that_changed_places_fail_the_proof(void **state)
{
    struct exchange e = exchange_make(), f = e;

    (void)state;
    memcpy(f.evaluated[0], e.evaluated[1], OPRF_POINT_LEN);
    memcpy(f.evaluated[1], e.evaluated[0], OPRF_POINT_LEN);
    assert_int_equal(verify(&f), -EBADMSG);
}

static void every_flipped_byte_of_a_proof_is_found(void **state)
{
    struct exchange e = exchange_make();

    (void)state;
    for (size_t i = 0; i < OPRF_PROOF_LEN; i++) {
        e.proof[i] ^= 1;
        assert_int_equal(verify(&e), -EBADMSG);
        e.proof[i] ^= 1;
    }
    memset(e.proof, 0, sizeof(e.proof));
    assert_int_equal(verify(&e), -EBADMSG);
}

/* Source: RFC 9496 section A.3, and RFC 9497 section 2.1: "invalid" includes the identity */
static void points_that_are_none_are_refused_wherever_they_enter(void **state)
{
    static const char *const bad[] = {
        "0000000000000000000000000000000000000000000000000000000000000000", /* the identity */
        "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", /* not canonical */
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0100000000000000000000000000000000000000000000000000000000000000", /* negative */
        "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20",
        "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371", /* not a square */
        "4eac077a713c57b4f4397629a4145982c661f48044dd3f96427d40b147d9742f",
        "e5",
    };
    struct exchange e = exchange_make(), f;
    uint8_t out[OPRF_OUT_LEN], input = 0;

    (void)state;
    for (size_t i = 0; i < ALM_LEN(bad); i++) {
        oprf_point p = { 0 };

        assert_int_equal(hex_decode(bad[i], p, strlen(bad[i]) / 2), 0);
        assert_false(oprf_point_good(p));
        f = e;
        memcpy(f.blinded[2], p, sizeof(p));
        assert_int_equal(oprf_evaluate(OPRF_VERIFIABLE, &f.key, (const oprf_point *)f.blinded, 3,
                                       NULL, f.evaluated, f.proof),
                         -EBADMSG);
        f = e;
        memcpy(f.evaluated[0], p, sizeof(p));
        assert_int_equal(verify(&f), -EBADMSG);
        assert_int_equal(oprf_finalize(bytes_of(&input, 1), &e.blind[0], p, out), -EBADMSG);
        f = e;
        memcpy(f.public_key, p, sizeof(p));
        assert_int_equal(verify(&f), -EBADMSG);
    }
}

static void a_key_that_is_no_scalar_is_refused(void **state)
{
    struct exchange e = exchange_make();
    struct secret key;
    oprf_point out;

    (void)state;
    memset(key.octets, 0, sizeof(key.octets));
    assert_int_equal(oprf_public(&key, out), -EINVAL);
    assert_int_equal(oprf_evaluate(OPRF_PLAIN, &key, (const oprf_point *)e.blinded, 1, NULL,
                                   e.evaluated, NULL),
                     -EINVAL);
    memset(key.octets, 0xff, sizeof(key.octets));
    assert_int_equal(oprf_public(&key, out), -EINVAL);
}

static void batches_have_bounds(void **state)
{
    struct exchange e = exchange_make();

    (void)state;
    assert_int_equal(oprf_evaluate(OPRF_VERIFIABLE, &e.key, (const oprf_point *)e.blinded, 0, NULL,
                                   e.evaluated, e.proof),
                     -EINVAL);
    assert_int_equal(oprf_evaluate(OPRF_VERIFIABLE, &e.key, (const oprf_point *)e.blinded,
                                   OPRF_BATCH_MAX + 1, NULL, e.evaluated, e.proof),
                     -EINVAL);
    assert_int_equal(oprf_evaluate(OPRF_VERIFIABLE, &e.key, (const oprf_point *)e.blinded, 3, NULL,
                                   e.evaluated, NULL),
                     -EINVAL);
    assert_int_equal(oprf_verify(e.public_key, (const oprf_point *)e.blinded,
                                 (const oprf_point *)e.evaluated, 0, e.proof),
                     -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_of_the_rfc_holds),
        cmocka_unit_test(one_input_has_one_value_however_it_is_blinded),
        cmocka_unit_test(a_batch_by_another_key_fails_its_proof),
        cmocka_unit_test(one_element_by_another_key_fails_the_whole_batch),
        cmocka_unit_test(elements_that_changed_places_fail_the_proof),
        cmocka_unit_test(every_flipped_byte_of_a_proof_is_found),
        cmocka_unit_test(points_that_are_none_are_refused_wherever_they_enter),
        cmocka_unit_test(a_key_that_is_no_scalar_is_refused),
        cmocka_unit_test(batches_have_bounds),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
