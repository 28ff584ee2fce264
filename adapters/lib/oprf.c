/* SPDX-License-Identifier: Apache-2.0 */
/* oprf.c - RFC 9497 with ristretto255 (RFC 9496), SHA-512 and expand_message_xmd (RFC 9380). */
#include "lib/oprf.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#define SUITE      "ristretto255-SHA512"
#define SCALAR_LEN crypto_core_ristretto255_SCALARBYTES
#define DST_MAX    64 /* bytes of a domain separation tag; the longest here is 41 */

_Static_assert(crypto_core_ristretto255_BYTES == OPRF_POINT_LEN, "elements as on the wire");
_Static_assert(SCALAR_LEN == sizeof(((struct secret *)0)->octets), "a scalar is a secret");
_Static_assert(crypto_hash_sha512_BYTES == OPRF_OUT_LEN, "the value is a hash");
_Static_assert(crypto_core_ristretto255_HASHBYTES == crypto_hash_sha512_BYTES,
               "one block of expand_message_xmd is all that a hash to the group takes");

int oprf_init(void)
{
    return sodium_init() < 0 ? -ENOTSUP : 0;
}

/* --- hashing (section 4.1) --- */
struct dst { /* a domain separation tag */
    uint8_t octets[DST_MAX];
    size_t len;
};

/* word || "OPRFV1-" || mode || "-" || suite. Source: RFC 9497 section 3.1, CreateContextString. */
static struct dst dst_make(const char *word, enum oprf_mode mode)
{
    struct dst d = { .len = 0 };
    const struct bytes parts[] = { bytes_str(word), bytes_str("OPRFV1-"),
                                   bytes_of((uint8_t[]){ (uint8_t)mode }, 1), bytes_str("-" SUITE) };

    for (size_t i = 0; i < ALM_LEN(parts); i++) {
        memcpy(d.octets + d.len, parts[i].data, parts[i].len);
        d.len += parts[i].len;
    }
    return d;
}

typedef crypto_hash_sha512_state sha512;

static void put(sha512 *h, const void *data, size_t len)
{
    (void)crypto_hash_sha512_update(h, data, len);
}

static void put_u16(sha512 *h, size_t v)
{
    const uint8_t octets[2] = { (uint8_t)(v >> 8), (uint8_t)v };

    put(h, octets, sizeof(octets));
}

static void put_sized(sha512 *h, const void *data, size_t len)
{
    put_u16(h, len);
    put(h, data, len);
}

/* expand_message_xmd of RFC 9380 section 5.3.1 for 64 bytes: ell is 1. The message is what has been
 * put since expand_begin. */
static void expand_begin(sha512 *h)
{
    static const uint8_t z_pad[128];

    (void)crypto_hash_sha512_init(h);
    put(h, z_pad, sizeof(z_pad));
}

static void expand_end(sha512 *h, const struct dst *d, uint8_t out[static 64])
{
    const uint8_t len = (uint8_t)d->len, zero = 0, one = 1;
    uint8_t b0[64];

    put_u16(h, 64);
    put(h, &zero, 1);
    put(h, d->octets, d->len);
    put(h, &len, 1);
    (void)crypto_hash_sha512_final(h, b0);
    (void)crypto_hash_sha512_init(h);
    put(h, b0, sizeof(b0));
    put(h, &one, 1);
    put(h, d->octets, d->len);
    put(h, &len, 1);
    (void)crypto_hash_sha512_final(h, out);
    sodium_memzero(b0, sizeof(b0));
    sodium_memzero(h, sizeof(*h));
}

/* "interpreted ... as a 512-bit integer in little-endian order ... reduced modulo the order" */
static void scalar_end(sha512 *h, const struct dst *d, uint8_t out[static SCALAR_LEN])
{
    uint8_t wide[64];

    expand_end(h, d, wide);
    crypto_core_ristretto255_scalar_reduce(out, wide);
    sodium_memzero(wide, sizeof(wide));
}

static int group_hash(enum oprf_mode mode, struct bytes input, oprf_point out)
{
    const struct dst d = dst_make("HashToGroup-", mode);
    uint8_t wide[64];
    sha512 h;
    int r;

    expand_begin(&h);
    put(&h, input.data, input.len);
    expand_end(&h, &d, wide);
    r = crypto_core_ristretto255_from_hash(out, wide);
    sodium_memzero(wide, sizeof(wide));
    return r == 0 && !sodium_is_zero(out, OPRF_POINT_LEN) ? 0 : -EINVAL;
}

/* --- keys --- */
int oprf_key_new(struct secret *key)
{
    if (oprf_init() != 0)
        return -EIO;
    crypto_core_ristretto255_scalar_random(key->octets); /* never zero */
    return 0;
}

int oprf_key_derive(enum oprf_mode mode, const uint8_t seed[static 32], struct bytes info,
                    struct secret *key)
{
    const struct dst d = dst_make("DeriveKeyPair", mode);

    if (info.len > OPRF_INPUT_MAX)
        return -EINVAL;
    for (unsigned counter = 0; counter <= UINT8_MAX; counter++) {
        const uint8_t octet = (uint8_t)counter;
        sha512 h;

        expand_begin(&h);
        put(&h, seed, 32);
        put_sized(&h, info.data, info.len);
        put(&h, &octet, 1);
        scalar_end(&h, &d, key->octets);
        if (!sodium_is_zero(key->octets, SCALAR_LEN))
            return 0;
    }
    return -EIO;
}

/* Canonical: reducing changes nothing. */
static bool scalar_good(const uint8_t s[static SCALAR_LEN])
{
    uint8_t wide[64] = { 0 }, reduced[SCALAR_LEN];
    bool good;

    memcpy(wide, s, SCALAR_LEN);
    crypto_core_ristretto255_scalar_reduce(reduced, wide);
    good = sodium_memcmp(reduced, s, SCALAR_LEN) == 0;
    sodium_memzero(wide, sizeof(wide));
    sodium_memzero(reduced, sizeof(reduced));
    return good;
}

int oprf_public(const struct secret *key, oprf_point out)
{
    if (!scalar_good(key->octets) || sodium_is_zero(key->octets, SCALAR_LEN))
        return -EINVAL;
    return crypto_scalarmult_ristretto255_base(out, key->octets) == 0 ? 0 : -EINVAL;
}

bool oprf_point_good(const oprf_point p)
{
    return !sodium_is_zero(p, OPRF_POINT_LEN) && crypto_core_ristretto255_is_valid_point(p) == 1;
}

static bool points_good(const oprf_point *points, size_t n)
{
    bool good = true;

    for (size_t i = 0; i < n; i++)
        good = good && oprf_point_good(points[i]);
    return good;
}

/* --- blinding --- */
int oprf_blind(enum oprf_mode mode, struct bytes input, const struct secret *given,
               struct secret *blind, oprf_point out)
{
    oprf_point plain;
    int r = input.len > OPRF_INPUT_MAX ? -EINVAL : 0;

    if (r == 0 && given)
        *blind = *given;
    else if (r == 0)
        r = oprf_key_new(blind);
    if (r == 0)
        r = group_hash(mode, input, plain);
    if (r == 0 && crypto_scalarmult_ristretto255(out, blind->octets, plain) != 0)
        r = -EINVAL;
    sodium_memzero(plain, sizeof(plain)); /* with it a guess could be tested */
    return r;
}

int oprf_finalize(struct bytes input, const struct secret *blind, const oprf_point evaluated,
                  uint8_t out[static OPRF_OUT_LEN])
{
    struct secret inverse;
    oprf_point plain;
    sha512 h;
    int r = 0;

    if (input.len > OPRF_INPUT_MAX)
        return -EINVAL;
    if (!oprf_point_good(evaluated))
        return -EBADMSG;
    if (crypto_core_ristretto255_scalar_invert(inverse.octets, blind->octets) != 0 ||
        crypto_scalarmult_ristretto255(plain, inverse.octets, evaluated) != 0)
        r = -EINVAL;
    if (r == 0) {
        (void)crypto_hash_sha512_init(&h);
        put_sized(&h, input.data, input.len);
        put_sized(&h, plain, sizeof(plain));
        put(&h, "Finalize", 8);
        (void)crypto_hash_sha512_final(&h, out);
        sodium_memzero(&h, sizeof(h));
    }
    sodium_memzero(&inverse, sizeof(inverse));
    sodium_memzero(plain, sizeof(plain));
    return r;
}

/* --- proofs (section 2.2), mode 0x01 only --- */
struct composites {
    oprf_point m, z;
};

static void composite_scalar(const uint8_t seed[static 64], size_t i, const oprf_point c,
                             const oprf_point d, uint8_t out[static SCALAR_LEN])
{
    const struct dst dst = dst_make("HashToScalar-", OPRF_VERIFIABLE);
    sha512 h;

    expand_begin(&h);
    put_sized(&h, seed, 64);
    put_u16(&h, i);
    put_sized(&h, c, OPRF_POINT_LEN);
    put_sized(&h, d, OPRF_POINT_LEN);
    put(&h, "Composite", 9);
    scalar_end(&h, &dst, out);
}

static int sum_add(oprf_point sum, const uint8_t scalar[static SCALAR_LEN], const oprf_point p)
{
    oprf_point product;

    if (crypto_scalarmult_ristretto255(product, scalar, p) != 0)
        return -EBADMSG; /* the identity: nobody comes by that by chance */
    return crypto_core_ristretto255_add(sum, sum, product) == 0 ? 0 : -EBADMSG;
}

/* key: whoever proves; z is then k * m, "ComputeCompositesFast". NULL: whoever verifies. */
static int composites_make(const oprf_point public_key, const struct secret *key,
                           const oprf_point *c, const oprf_point *d, size_t n,
                           struct composites *out)
{
    const struct dst seed_dst = dst_make("Seed-", OPRF_VERIFIABLE);
    uint8_t seed[64], scalar[SCALAR_LEN];
    sha512 h;
    int r = 0;

    memset(out, 0, sizeof(*out)); /* the identity */
    (void)crypto_hash_sha512_init(&h);
    put_sized(&h, public_key, OPRF_POINT_LEN);
    put_sized(&h, seed_dst.octets, seed_dst.len);
    (void)crypto_hash_sha512_final(&h, seed);
    for (size_t i = 0; r == 0 && i < n; i++) {
        composite_scalar(seed, i, c[i], d[i], scalar);
        r = sum_add(out->m, scalar, c[i]);
        if (r == 0 && !key)
            r = sum_add(out->z, scalar, d[i]);
    }
    if (r == 0 && key && crypto_scalarmult_ristretto255(out->z, key->octets, out->m) != 0)
        r = -EBADMSG;
    return r;
}

static void challenge(const oprf_point public_key, const struct composites *at, const oprf_point t2,
                      const oprf_point t3, uint8_t out[static SCALAR_LEN])
{
    const struct dst dst = dst_make("HashToScalar-", OPRF_VERIFIABLE);
    sha512 h;

    expand_begin(&h);
    put_sized(&h, public_key, OPRF_POINT_LEN);
    put_sized(&h, at->m, OPRF_POINT_LEN);
    put_sized(&h, at->z, OPRF_POINT_LEN);
    put_sized(&h, t2, OPRF_POINT_LEN);
    put_sized(&h, t3, OPRF_POINT_LEN);
    put(&h, "Challenge", 9);
    scalar_end(&h, &dst, out);
}

static int proof_make(const struct secret *key, const oprf_point *c, const oprf_point *d, size_t n,
                      const struct secret *given, uint8_t proof[static OPRF_PROOF_LEN])
{
    ALM_CLEANUP(secret_wipe) struct secret chance = { { 0 } };
    uint8_t product[SCALAR_LEN];
    oprf_point public_key, t2, t3;
    struct composites at;
    int r = oprf_public(key, public_key);

    if (r == 0)
        r = composites_make(public_key, key, c, d, n, &at);
    if (r == 0 && given)
        chance = *given;
    else if (r == 0)
        r = oprf_key_new(&chance);
    if (r == 0 && (crypto_scalarmult_ristretto255_base(t2, chance.octets) != 0 ||
                   crypto_scalarmult_ristretto255(t3, chance.octets, at.m) != 0))
        r = -EINVAL;
    if (r != 0)
        return r;
    challenge(public_key, &at, t2, t3, proof);
    crypto_core_ristretto255_scalar_mul(product, proof, key->octets);
    crypto_core_ristretto255_scalar_sub(proof + SCALAR_LEN, chance.octets, product);
    sodium_memzero(product, sizeof(product));
    return 0;
}

int oprf_verify(const oprf_point public_key, const oprf_point *blinded, const oprf_point *evaluated,
                size_t n, const uint8_t proof[static OPRF_PROOF_LEN])
{
    const uint8_t *c = proof, *s = proof + SCALAR_LEN;
    uint8_t expected[SCALAR_LEN];
    oprf_point t2, t3;
    struct composites at;

    if (!n || n > OPRF_BATCH_MAX)
        return -EINVAL;
    if (!oprf_point_good(public_key) || !points_good(blinded, n) || !points_good(evaluated, n) ||
        !scalar_good(c) || !scalar_good(s) || sodium_is_zero(c, SCALAR_LEN) ||
        sodium_is_zero(s, SCALAR_LEN))
        return -EBADMSG;
    if (composites_make(public_key, NULL, blinded, evaluated, n, &at) != 0 ||
        crypto_scalarmult_ristretto255_base(t2, s) != 0 || sum_add(t2, c, public_key) != 0)
        return -EBADMSG;
    memset(t3, 0, sizeof(t3));
    if (sum_add(t3, s, at.m) != 0 || sum_add(t3, c, at.z) != 0)
        return -EBADMSG;
    challenge(public_key, &at, t2, t3, expected);
    return sodium_memcmp(expected, c, SCALAR_LEN) == 0 ? 0 : -EBADMSG;
}

int oprf_evaluate(enum oprf_mode mode, const struct secret *key, const oprf_point *blinded, size_t n,
                  const struct secret *given, oprf_point *evaluated, uint8_t *proof)
{
    if (!n || n > OPRF_BATCH_MAX || (mode == OPRF_VERIFIABLE) != (proof != NULL) ||
        !scalar_good(key->octets) || sodium_is_zero(key->octets, SCALAR_LEN))
        return -EINVAL;
    if (!points_good(blinded, n))
        return -EBADMSG;
    for (size_t i = 0; i < n; i++) {
        if (crypto_scalarmult_ristretto255(evaluated[i], key->octets, blinded[i]) != 0)
            return -EBADMSG;
    }
    if (!proof)
        return 0;
    /* the cast adds const to what an array holds, which C11 does not do by itself */
    return proof_make(key, blinded, (const oprf_point *)evaluated, n, given, proof);
}
