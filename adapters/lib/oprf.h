/* SPDX-License-Identifier: Apache-2.0 */
/* oprf.h - an oblivious pseudorandom function: a value that needs one party's key and another's
 * input, of which neither learns the other's.
 *
 * RFC 9497, suite ristretto255-SHA512, over libsodium, whose group operations take the same time
 * whatever the secrets. Here the key holder evaluates, an adapter blinds, verifies and finalizes.
 * Points are checked wherever they enter: only canonical encodings, never the identity.
 * Threads: reentrant once oprf_init has returned 0. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include "base/crypto.h"

#define OPRF_POINT_LEN 32  /* bytes: an encoded element, or a public key */
#define OPRF_OUT_LEN   64  /* bytes of the function's value */
#define OPRF_PROOF_LEN 64  /* bytes: c and s */
#define OPRF_BATCH_MAX 256 /* elements under one proof */
#define OPRF_INPUT_MAX 65535

enum oprf_mode { OPRF_PLAIN = 0, OPRF_VERIFIABLE = 1 }; /* numbers of the RFC, section 3.1 */
typedef uint8_t oprf_point[OPRF_POINT_LEN];

ALM_MUST_USE int oprf_init(void); /* Return: 0 or -ENOTSUP. Idempotent. */

/* --- keys (section 3.2) --- */
ALM_MUST_USE int oprf_key_new(struct secret *key); /* by chance. Return: 0 or -EIO */
/* From a seed of 32 bytes. Return: 0; -EINVAL info is too long; -EIO none was found. */
ALM_MUST_USE int oprf_key_derive(enum oprf_mode mode, const uint8_t seed[static 32],
                                 struct bytes info, struct secret *key);
/* Return: 0; -EINVAL the key is no scalar other than zero. */
ALM_MUST_USE int oprf_public(const struct secret *key, oprf_point out);
bool oprf_point_good(const oprf_point p); /* canonical, and not the identity */

/* --- whoever has the input (section 3.3) --- */
/**
 * oprf_blind() - an input hidden behind a scalar made by chance
 * @given: NULL; a test's scalar
 * @blind: the scalar: keep it for oprf_finalize, wipe it after
 * Return: 0; -EINVAL the input is too long, or maps to the identity; -EIO.
 */
ALM_MUST_USE int oprf_blind(enum oprf_mode mode, struct bytes input, const struct secret *given,
                            struct secret *blind, oprf_point out);
/* The batch was evaluated with the key of this public key, every element of it. Return: 0; -EBADMSG
 * no, or an element or the key is not good; -EINVAL n is 0 or over OPRF_BATCH_MAX. */
ALM_MUST_USE int oprf_verify(const oprf_point public_key, const oprf_point *blinded,
                             const oprf_point *evaluated, size_t n,
                             const uint8_t proof[static OPRF_PROOF_LEN]);
/* Return: 0; -EBADMSG the element is not good; -EINVAL. */
ALM_MUST_USE int oprf_finalize(struct bytes input, const struct secret *blind,
                               const oprf_point evaluated, uint8_t out[static OPRF_OUT_LEN]);

/* --- whoever has the key --- */
/**
 * oprf_evaluate() - a batch of blinded elements, and the proof that this key was used for each
 * @given: NULL; a test's scalar of the proof
 * @proof: only where mode is OPRF_VERIFIABLE; otherwise NULL
 * Return: 0; -EBADMSG a blinded element is not good: nothing is evaluated; -EINVAL n is 0 or over
 * OPRF_BATCH_MAX, or the key is no scalar.
 */
ALM_MUST_USE int oprf_evaluate(enum oprf_mode mode, const struct secret *key,
                               const oprf_point *blinded, size_t n, const struct secret *given,
                               oprf_point *evaluated, uint8_t *proof);
