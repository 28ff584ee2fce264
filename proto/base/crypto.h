/* SPDX-License-Identifier: Apache-2.0 */
/* crypto.h - the few primitives we use, over OpenSSL 3; algorithms are fetched once (crypto_init).
 *
 * Nothing here invents cryptography. Threads: after crypto_init every function is reentrant. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include <stdbool.h>

#define SHA256_LEN 32      /* bytes */
#define SIGN_PUBLIC_LEN 32 /* Ed25519, RFC 8032 */
#define SIGN_LEN 64        /* bytes of a signature */
#define SEAL_KEY_LEN 32
#define SEAL_OVERHEAD 28 /* 12-byte random nonce, 16-byte tag: AES-256-GCM */

/* A 32-byte secret: wiped by secret_wipe on every path, never printed, compared in constant time. */
struct secret {
    uint8_t octets[32];
};
void secret_wipe(struct secret *s); /* for ALM_CLEANUP */
bool secret_equal(const struct secret *a, const struct secret *b);
/* Constant-time comparison of public-length data such as tokens and tags. */
bool crypto_equal(const void *a, const void *b, size_t len);
void crypto_wipe(void *data, size_t len);

/* Until it has returned 0, hashing, derivation and sealing give -ENOTSUP.
 * Return: 0 or -ENOTSUP. Idempotent. */
ALM_MUST_USE int crypto_init(void);
ALM_MUST_USE int crypto_random(void *out, size_t len); /* Return: 0 or -EIO */
ALM_MUST_USE int crypto_sha256(struct bytes data, uint8_t out[static SHA256_LEN]);
/* SHA-256 over several pieces in turn. */
ALM_MUST_USE int crypto_sha256_parts(const struct bytes *parts, size_t n, uint8_t out[static SHA256_LEN]);
ALM_MUST_USE int crypto_hmac(const struct secret *key, struct bytes data, uint8_t out[static SHA256_LEN]);
/* The same under one key again and again, in a quarter of the time and without allocation. One thread at a time. */
struct hmac;
ALM_MUST_USE int hmac_new(const struct secret *key, struct hmac **out); /* Return: 0, -ENOMEM, -ENOTSUP */
ALM_MUST_USE int hmac_make(const struct hmac *h, struct bytes data, uint8_t out[static SHA256_LEN]);
struct hmac *hmac_free(struct hmac *h); /* wipes the key; accepts NULL */
/* SipHash-2-4 under the key's first 16 bytes: 64 bits that nobody can tell from others without the key, a fifth of hmac_make's time. For
 * what finds and proves nothing: of so few bits some agree by chance. Never fails. */
uint64_t crypto_short_mac(const struct secret *key, struct bytes data);
/* HKDF-SHA256 (RFC 5869), no salt, info = label: one 32-byte key from another, separated by label. */
ALM_MUST_USE int crypto_derive(const struct secret *from, const char *label, struct secret *out);

/* Ed25519: secret is the 32-byte seed. */
ALM_MUST_USE int sign_keypair(struct secret *secret, uint8_t public_key[static SIGN_PUBLIC_LEN]);
ALM_MUST_USE int sign_public(const struct secret *secret, uint8_t public_key[static SIGN_PUBLIC_LEN]);
ALM_MUST_USE int sign_make(const struct secret *secret, struct bytes message, uint8_t sig[static SIGN_LEN]);
/* Return: 0 good; -EBADMSG not by this key. */
ALM_MUST_USE int sign_check(const uint8_t public_key[static SIGN_PUBLIC_LEN], struct bytes message,
                            const uint8_t sig[static SIGN_LEN]);

/* AEAD with associated data. Appends nonce, ciphertext and tag to out. */
ALM_MUST_USE int seal(const struct secret *key, struct bytes associated, struct bytes plain, struct buf *out);
/* Appends the plain bytes to out. Return: 0; -EBADMSG tampered, rotted or another key. */
ALM_MUST_USE int seal_open(const struct secret *key, struct bytes associated, struct bytes sealed, struct buf *out);

/* A key that seals many short values, made ready once: for a value of a few octets the key's schedule is half the work. Whoever holds one
 * wipes it. Threads: what is ready may be used by several at once. */
struct seal_key {
    _Alignas(16) uint8_t state[512]; /* crypto.c's own */
    struct secret key;
    uint8_t how; /* 0: none, and it neither seals nor opens */
};
void seal_key_init(struct seal_key *k, const struct secret *key);
void seal_key_wipe(struct seal_key *k); /* for ALM_CLEANUP */
/* As seal() and seal_open(); what the one sealed the other opens. -EINVAL: k holds no key. */
ALM_MUST_USE int seal_with(const struct seal_key *k, struct bytes associated, struct bytes plain, struct buf *out);
ALM_MUST_USE int seal_open_with(const struct seal_key *k, struct bytes associated, struct bytes sealed, struct buf *out);
