/* SPDX-License-Identifier: Apache-2.0 */
/* test_base_crypto.c - published vectors, and everything that must not verify or open. */
#include "base/crypto.h"

#include "base/clock.h"
#include "base/id.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void from_hex(const char *hex, void *out, size_t len)
{
    assert_int_equal(hex_decode(hex, out, len), 0);
}

static void assert_hex(const void *data, size_t len, const char *want)
{
    char text[2 * 64 + 1];

    assert_true(len <= 64);
    hex_encode(data, len, text);
    assert_string_equal(text, want);
}

static int start(void **state)
{
    (void)state;
    return crypto_init();
}

static void crypto_refuses_to_work_before_init(void **state)
{
    struct hmac *h = NULL;
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct secret key = { { 1 } }, other = { { 2 } };
    uint8_t out[SHA256_LEN];

    (void)state; /* the first of the tests: crypto_init has not run yet */
    buf_init(&b, 100);
    assert_int_equal(crypto_sha256(bytes_str("abc"), out), -ENOTSUP);
    assert_int_equal(crypto_hmac(&key, bytes_str("abc"), out), -ENOTSUP);
    assert_int_equal(hmac_new(&key, &h), -ENOTSUP);
    assert_int_equal(crypto_derive(&key, "label", &other), -ENOTSUP);
    assert_int_equal(seal(&key, bytes_str(""), bytes_str("abc"), &b), -ENOTSUP);
    assert_int_equal(seal_open(&key, bytes_str(""), bytes_str("abc"), &b), -ENOTSUP);
}

/* type=test source=FIPS 180-4 examples */
static void sha256_agrees_with_fips_180(void **state)
{
    struct bytes parts[] = { bytes_str("a"), bytes_of(NULL, 0), bytes_str("bc") };
    uint8_t out[SHA256_LEN];

    (void)state;
    assert_int_equal(crypto_sha256(bytes_str("abc"), out), 0);
    assert_hex(out, sizeof(out),
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(crypto_sha256(bytes_of(NULL, 0), out), 0);
    assert_hex(out, sizeof(out),
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_int_equal(crypto_sha256_parts(parts, ALM_LEN(parts), out), 0);
    assert_hex(out, sizeof(out),
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* type=test source=RFC 4231 section 4. Its short keys are ours with zeroes after: HMAC pads just
 * so. */
static void hmac_agrees_with_rfc_4231(void **state)
{
    struct secret key = { { 0 } };
    uint8_t out[SHA256_LEN];

    (void)state;
    memset(key.octets, 0x0b, 20);
    assert_int_equal(crypto_hmac(&key, bytes_str("Hi There"), out), 0);
    assert_hex(out, sizeof(out),
               "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    memset(key.octets, 0, sizeof(key.octets));
    memcpy(key.octets, "Jefe", 4);
    assert_int_equal(crypto_hmac(&key, bytes_str("what do ya want for nothing?"), out), 0);
    assert_hex(out, sizeof(out),
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

/* HKDF of RFC 5869 sections 2.2 and 2.3 out of HMACs, for at most 32 bytes of output. */
static void hkdf_by_hand(const struct secret *salt, struct bytes ikm, struct bytes info,
                         uint8_t out[static SHA256_LEN])
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct secret prk;

    buf_init(&b, 200);
    assert_int_equal(crypto_hmac(salt, ikm, prk.octets), 0);
    buf_put(&b, info.data, info.len);
    buf_put_u8(&b, 1);
    assert_int_equal(buf_status(&b), 0);
    assert_int_equal(crypto_hmac(&prk, buf_view(&b), out), 0);
}

/* type=test source=RFC 5869 appendix A.1; then ours, whose key is always 32 bytes, against that. */
static void hmac_under_one_key_agrees_with_the_other_each_time(void **state)
{
    struct secret key = { .octets = { 9, 8, 7 } };
    struct hmac *h = NULL;
    uint8_t octets[200] = { 0 }, want[SHA256_LEN], got[SHA256_LEN];

    (void)state;
    assert_int_equal(hmac_new(&key, &h), 0);
    for (size_t len = 0; len < sizeof(octets); len += 13) {
        octets[0]++;
        assert_int_equal(crypto_hmac(&key, bytes_of(octets, len), want), 0);
        assert_int_equal(hmac_make(h, bytes_of(octets, len), got), 0);
        assert_memory_equal(want, got, sizeof(want));
    }
    h = hmac_free(h);
    assert_null(h);
    h = hmac_free(h);
}

static void derive_agrees_with_rfc_5869(void **state)
{
    struct secret salt = { { 0 } }, from, derived;
    uint8_t ikm[22], info[10], out[SHA256_LEN];

    (void)state;
    memset(ikm, 0x0b, sizeof(ikm));
    from_hex("000102030405060708090a0b0c", salt.octets, 13);
    from_hex("f0f1f2f3f4f5f6f7f8f9", info, sizeof(info));
    hkdf_by_hand(&salt, bytes_of(ikm, sizeof(ikm)), bytes_of(info, sizeof(info)), out);
    assert_hex(out, sizeof(out),
               "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");

    memset(salt.octets, 0,
           sizeof(salt.octets)); /* "if not provided, [...] a string of HashLen zeros" */
    memset(from.octets, 0x5a, sizeof(from.octets));
    hkdf_by_hand(&salt, bytes_of(from.octets, sizeof(from.octets)), bytes_str("store"), out);
    assert_int_equal(crypto_derive(&from, "store", &derived), 0);
    assert_memory_equal(derived.octets, out, sizeof(out));
}

static void derive_gives_another_key_for_another_label(void **state)
{
    struct secret from = { { 7 } }, a, b;

    (void)state;
    assert_int_equal(crypto_derive(&from, "store", &a), 0);
    assert_int_equal(crypto_derive(&from, "tokens", &b), 0);
    assert_false(secret_equal(&a, &b));
    assert_false(secret_equal(&a, &from));
    assert_int_equal(crypto_derive(&from, "store", &b), 0);
    assert_true(secret_equal(&a, &b));
}

/* type=test source=RFC 8032 section 7.1 */
static const struct {
    const char *secret, *public_key, *message, *sig;
    size_t n_message;
} sign_vectors[] = {
    { "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
      "b46b"
      "d25bf5f0595bbe24655141438e7a100b",
      0 },
    { "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
      "1d8c"
      "387b2eaeb4302aeeb00d291612bb0c00",
      1 },
    { "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
      "c659"
      "4a7c15e9716ed28dc027beceea1ec40a",
      2 },
};

static void sign_agrees_with_rfc_8032(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALM_LEN(sign_vectors); i++) {
        uint8_t public_key[SIGN_PUBLIC_LEN], sig[SIGN_LEN], message[4];
        struct bytes m = bytes_of(message, sign_vectors[i].n_message);
        struct secret secret;

        from_hex(sign_vectors[i].secret, secret.octets, sizeof(secret.octets));
        from_hex(sign_vectors[i].message, message, m.len);
        assert_int_equal(sign_public(&secret, public_key), 0);
        assert_hex(public_key, sizeof(public_key), sign_vectors[i].public_key);
        assert_int_equal(sign_make(&secret, m, sig), 0);
        assert_hex(sig, sizeof(sig), sign_vectors[i].sig);
        assert_int_equal(sign_check(public_key, m, sig), 0);
    }
}

static void sign_check_refuses_every_flipped_bit_of_a_signature(void **state)
{
    uint8_t public_key[SIGN_PUBLIC_LEN], sig[SIGN_LEN];
    struct secret secret;

    (void)state;
    assert_int_equal(sign_keypair(&secret, public_key), 0);
    assert_int_equal(sign_make(&secret, bytes_str("message"), sig), 0);
    for (size_t bit = 0; bit < 8 * sizeof(sig); bit++) {
        sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(sign_check(public_key, bytes_str("message"), sig), -EBADMSG);
        sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(sign_check(public_key, bytes_str("message"), sig), 0);
}

static void sign_check_refuses_another_message_or_key(void **state)
{
    uint8_t public_key[SIGN_PUBLIC_LEN], other_key[SIGN_PUBLIC_LEN], sig[SIGN_LEN];
    struct secret secret, other;

    (void)state;
    assert_int_equal(sign_keypair(&secret, public_key), 0);
    assert_int_equal(sign_keypair(&other, other_key), 0);
    assert_false(secret_equal(&secret, &other));
    assert_int_equal(sign_make(&secret, bytes_str("message"), sig), 0);
    assert_int_equal(sign_check(public_key, bytes_str("messagf"), sig), -EBADMSG);
    assert_int_equal(sign_check(public_key, bytes_str("messag"), sig), -EBADMSG);
    assert_int_equal(sign_check(public_key, bytes_of(NULL, 0), sig), -EBADMSG);
    assert_int_equal(sign_check(other_key, bytes_str("message"), sig), -EBADMSG);
}

static void sign_check_refuses_absurd_keys(void **state)
{
    uint8_t key[SIGN_PUBLIC_LEN], sig[SIGN_LEN] = { 0 };

    (void)state;
    memset(key, 0xff, sizeof(key)); /* no point of the curve */
    assert_true(sign_check(key, bytes_str("message"), sig) < 0);
    memset(sig, 0xff, sizeof(sig)); /* S out of range: malleable */
    assert_true(sign_check(key, bytes_str("message"), sig) < 0);
}

/* type=test source=McGrew and Viega, "The Galois/Counter Mode of Operation", test case 16 */
static void seal_open_agrees_with_a_published_vector(void **state)
{
    static const char sealed_hex[] = "cafebabefacedbaddecaf888"
                                     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d"
                                     "1aa8cb08e48590dbb3da7b08b1056828838"
                                     "c5f61e6393ba7a0abcc9f662"
                                     "76fc6ece0f4e1768cddf8853bb2d551b";
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
    uint8_t sealed[88], associated[20];
    struct secret key;

    (void)state;
    buf_init(&out, 100);
    from_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", key.octets, 32);
    from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2", associated, sizeof(associated));
    from_hex(sealed_hex, sealed, sizeof(sealed));
    assert_int_equal(seal_open(&key, bytes_of(associated, sizeof(associated)),
                               bytes_of(sealed, sizeof(sealed)), &out),
                     0);
    assert_hex(
        out.data, out.len,
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e24"
        "49a6b525b16aedf5aa0de657ba637b39");
}

static void seal_opens_what_it_sealed(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf sealed = { 0 };
    ALM_CLEANUP(buf_deinit) struct buf plain = { 0 };
    struct secret key = { { 9 } };

    (void)state;
    buf_init(&sealed, 1000);
    buf_init(&plain, 1000);
    buf_put(&sealed, "head", 4); /* it appends */
    assert_int_equal(seal(&key, bytes_str("table/key"), bytes_str("value"), &sealed), 0);
    assert_int_equal(sealed.len, 4 + 5 + SEAL_OVERHEAD);
    assert_int_equal(
        seal_open(&key, bytes_str("table/key"), bytes_of(sealed.data + 4, sealed.len - 4), &plain),
        0);
    assert_true(bytes_equal(buf_view(&plain), bytes_str("value")));
}

static void seal_carries_nothing_too(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf sealed = { 0 };
    ALM_CLEANUP(buf_deinit) struct buf plain = { 0 };
    struct secret key = { { 9 } };

    (void)state;
    buf_init(&sealed, 1000);
    buf_init(&plain, 1000);
    assert_int_equal(seal(&key, bytes_of(NULL, 0), bytes_of(NULL, 0), &sealed), 0);
    assert_int_equal(sealed.len, SEAL_OVERHEAD);
    assert_int_equal(seal_open(&key, bytes_of(NULL, 0), buf_view(&sealed), &plain), 0);
    assert_int_equal(plain.len, 0);
}

static void seal_never_says_the_same_twice(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf a = { 0 };
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct secret key = { { 9 } };

    (void)state;
    buf_init(&a, 100);
    buf_init(&b, 100);
    assert_int_equal(seal(&key, bytes_str("x"), bytes_str("value"), &a), 0);
    assert_int_equal(seal(&key, bytes_str("x"), bytes_str("value"), &b), 0);
    assert_false(bytes_equal(buf_view(&a), buf_view(&b)));
}

/* Nonces are drawn ahead: a child that went on with its parent's would seal under the same. */
static void seal_has_other_nonces_in_a_forked_child(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct secret key = { .octets = { 1 } };
    uint8_t theirs[64 * 12];
    int ends[2], status;
    pid_t pid;

    (void)state;
    buf_init(&b, 1 << 16);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(seal(&key, bytes_str(""), bytes_str(""), &b), 0); /* there is a stock */
    pid = fork();
    assert_true(pid >= 0);
    for (size_t i = 0; i < 64; i++) {
        buf_reset(&b);
        assert_int_equal(seal(&key, bytes_str(""), bytes_str(""), &b), 0);
        if (pid == 0 && write(ends[1], b.data, 12) != 12)
            _exit(1);
        if (pid)
            memcpy(theirs + i * 12, b.data, 12);
    }
    if (pid == 0)
        _exit(0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    for (size_t i = 0; i < 64; i++) {
        uint8_t its[12];

        assert_int_equal(read(ends[0], its, sizeof(its)), sizeof(its));
        for (size_t k = 0; k < 64; k++)
            assert_memory_not_equal(its, theirs + k * 12, 12);
    }
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void seal_open_refuses_every_flipped_bit(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf sealed = { 0 };
    ALM_CLEANUP(buf_deinit) struct buf plain = { 0 };
    struct secret key = { { 9 } };

    (void)state;
    buf_init(&sealed, 1000);
    buf_init(&plain, 1000);
    assert_int_equal(seal(&key, bytes_str("x"), bytes_str("value"), &sealed), 0);
    for (size_t bit = 0; bit < 8 * sealed.len; bit++) {
        sealed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(seal_open(&key, bytes_str("x"), buf_view(&sealed), &plain), -EBADMSG);
        assert_int_equal(plain.len, 0);
        sealed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void seal_open_refuses_other_place_other_key_and_cut_text(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf sealed = { 0 };
    ALM_CLEANUP(buf_deinit) struct buf plain = { 0 };
    struct secret key = { { 9 } }, other = { { 8 } };

    (void)state;
    buf_init(&sealed, 1000);
    buf_init(&plain, 1000);
    assert_int_equal(seal(&key, bytes_str("x"), bytes_str("value"), &sealed), 0);
    assert_int_equal(seal_open(&key, bytes_str("y"), buf_view(&sealed), &plain), -EBADMSG);
    assert_int_equal(seal_open(&key, bytes_str(""), buf_view(&sealed), &plain), -EBADMSG);
    assert_int_equal(seal_open(&other, bytes_str("x"), buf_view(&sealed), &plain), -EBADMSG);
    for (size_t len = 0; len < sealed.len; len++)
        assert_int_equal(seal_open(&key, bytes_str("x"), bytes_of(sealed.data, len), &plain),
                         -EBADMSG);
    assert_int_equal(plain.len, 0);
}

/* The vectors that came with SipHash: bytes 0, 1, 2, ... under the key 00 01 ... 0f. */
static void short_mac_agrees_with_published_vectors(void **state)
{
    static const struct {
        size_t len;
        uint64_t mac;
    } vectors[] = { { 0, 0x726fdb47dd0e0e31 },
                    { 1, 0x74f839c593dc67fd },
                    { 8, 0x93f5f5799a932462 },
                    { 15, 0xa129ca6149be45e5 } };
    struct secret key = { { 0 } };
    uint8_t octets[16];

    (void)state;
    for (uint8_t i = 0; i < 16; i++)
        key.octets[i] = octets[i] = i;
    for (size_t i = 0; i < ALM_LEN(vectors); i++)
        assert_true(crypto_short_mac(&key, bytes_of(octets, vectors[i].len)) == vectors[i].mac);
    assert_true(crypto_short_mac(&key, bytes_of(NULL, 0)) == vectors[0].mac);
    key.octets[15] ^= 1;
    assert_false(crypto_short_mac(&key, bytes_of(octets, 15)) == vectors[3].mac);
}

static void a_key_made_ready_seals_and_opens_as_the_key_itself_does(void **state)
{
    static const size_t lengths[] = { 0, 1, 200, 4096, 4097, 4068, 40000 };
    static uint8_t value[40000];
    ALM_CLEANUP(seal_key_wipe) struct seal_key ready;
    ALM_CLEANUP(buf_deinit) struct buf sealed = { 0 };
    ALM_CLEANUP(buf_deinit) struct buf plain = { 0 };
    struct secret key = { { 9 } };

    (void)state;
    seal_key_init(&ready, &key);
    for (size_t i = 0; i < ALM_LEN(lengths); i++) {
        struct bytes v = bytes_of(value, lengths[i]);

        memset(value, (int)i + 1, sizeof(value));
        buf_init(&sealed, 100000);
        buf_init(&plain, 100000);
        assert_int_equal(seal_with(&ready, bytes_str("x"), v, &sealed), 0);
        assert_int_equal(seal_open(&key, bytes_str("x"), buf_view(&sealed), &plain), 0);
        assert_true(bytes_equal(buf_view(&plain), v));
        buf_reset(&sealed);
        buf_reset(&plain);
        assert_int_equal(seal(&key, bytes_str("x"), v, &sealed), 0);
        assert_int_equal(seal_open_with(&ready, bytes_str("x"), buf_view(&sealed), &plain), 0);
        assert_true(bytes_equal(buf_view(&plain), v));
        buf_deinit(&sealed);
        buf_deinit(&plain);
    }
}

static void a_key_made_ready_refuses_other_place_other_key_and_every_flipped_bit(void **state)
{
    ALM_CLEANUP(seal_key_wipe) struct seal_key ready, other;
    ALM_CLEANUP(buf_deinit) struct buf sealed = { 0 };
    ALM_CLEANUP(buf_deinit) struct buf plain = { 0 };
    struct secret key = { { 9 } }, another = { { 8 } };

    (void)state;
    seal_key_init(&ready, &key);
    seal_key_init(&other, &another);
    buf_init(&sealed, 1000);
    buf_init(&plain, 1000);
    assert_int_equal(seal_with(&ready, bytes_str("x"), bytes_str("value"), &sealed), 0);
    assert_int_equal(seal_open_with(&ready, bytes_str("y"), buf_view(&sealed), &plain), -EBADMSG);
    assert_int_equal(seal_open_with(&other, bytes_str("x"), buf_view(&sealed), &plain), -EBADMSG);
    assert_int_equal(seal_open_with(&ready, bytes_str("x"), bytes_of(sealed.data, 27), &plain),
                     -EBADMSG);
    for (size_t bit = 0; bit < 8 * sealed.len; bit++) {
        sealed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(seal_open_with(&ready, bytes_str("x"), buf_view(&sealed), &plain),
                         -EBADMSG);
        sealed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(plain.len, 0);
}

static void a_key_that_was_wiped_neither_seals_nor_opens(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf sealed = { 0 };
    ALM_CLEANUP(buf_deinit) struct buf plain = { 0 };
    struct secret key = { { 9 } };
    struct seal_key ready;

    (void)state;
    buf_init(&sealed, 1000);
    buf_init(&plain, 1000);
    seal_key_init(&ready, &key);
    assert_int_equal(seal_with(&ready, bytes_str("x"), bytes_str("value"), &sealed), 0);
    seal_key_wipe(&ready);
    assert_int_equal(seal_open_with(&ready, bytes_str("x"), buf_view(&sealed), &plain), -EINVAL);
    assert_int_equal(seal_with(&ready, bytes_str("x"), bytes_str("value"), &sealed), -EINVAL);
    assert_int_equal(plain.len, 0);
    for (size_t i = 0; i < sizeof(ready); i++)
        assert_int_equal(((const uint8_t *)&ready)[i], 0);
}

static void seal_minds_the_room_it_has(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf sealed = { 0 };
    struct secret key = { { 9 } };

    (void)state;
    buf_init(&sealed, SEAL_OVERHEAD + 4);
    assert_int_equal(seal(&key, bytes_str("x"), bytes_str("value"), &sealed), -E2BIG);
    assert_int_equal(sealed.len, 0);
}

static void crypto_wipe_leaves_zeroes(void **state)
{
    static const struct secret zero;
    struct secret s;

    (void)state;
    assert_int_equal(crypto_random(s.octets, sizeof(s.octets)), 0);
    assert_false(secret_equal(&s, &zero));
    secret_wipe(&s);
    assert_true(secret_equal(&s, &zero));
}

static void id_carries_time_version_and_variant(void **state)
{
    struct id id;
    char text[ID_TEXT];

    (void)state;
    assert_int_equal(id_new(0x0123456789ab, &id), 0);
    id_format(&id, text);
    assert_int_equal(strncmp(text, "01234567-89ab-7", 15), 0);
    assert_true(id_is_v7(&id));
    assert_false(id_is_zero(&id));
}

static void id_differs_within_one_millisecond(void **state)
{
    struct id a, b;

    (void)state;
    assert_int_equal(id_new(1777803072345, &a), 0);
    assert_int_equal(id_new(1777803072345, &b), 0);
    assert_false(id_equal(&a, &b));
    assert_int_equal(id_new(-5, &a), 0); /* a clock before 1970 must not spoil the version bits */
    assert_true(id_is_v7(&a));
}

static void id_text_goes_there_and_back(void **state)
{
    static const char example[] =
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"; /* RFC 9562 appendix A.6 */
    struct id id;
    char text[ID_TEXT];

    (void)state;
    assert_int_equal(id_parse(example, &id), 0);
    assert_true(id_is_v7(&id));
    id_format(&id, text);
    assert_string_equal(text, example);
}

static void id_parse_refuses_other_forms(void **state)
{
    static const char *const bad[] = {
        "",
        "017f22e279b07cc398c4dc0c0c07398f",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
        "017f22e2-79b0-7cc3-98c4_dc0c0c07398f",
        "017f22e27-9b0-7cc3-98c4-dc0c0c07398f",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
        "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}",
        "017f22e2-79b0-7cc3-98c4-dc0c0c0739 f",
    };
    struct id id;

    (void)state;
    for (size_t i = 0; i < ALM_LEN(bad); i++)
        assert_int_equal(id_parse(bad[i], &id), -EINVAL);
}

static void id_knows_what_is_not_version_7(void **state)
{
    struct id id;

    (void)state;
    assert_int_equal(id_parse("017f22e2-79b0-4cc3-98c4-dc0c0c07398f", &id), 0);
    assert_false(id_is_v7(&id));
    assert_int_equal(id_parse("017f22e2-79b0-7cc3-d8c4-dc0c0c07398f", &id), 0);
    assert_false(id_is_v7(&id));
    assert_int_equal(id_parse("00000000-0000-0000-0000-000000000000", &id), 0);
    assert_true(id_is_zero(&id));
    assert_false(id_is_v7(&id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crypto_refuses_to_work_before_init),
        cmocka_unit_test_setup(sha256_agrees_with_fips_180, start),
        cmocka_unit_test_setup(hmac_agrees_with_rfc_4231, start),
        cmocka_unit_test_setup(hmac_under_one_key_agrees_with_the_other_each_time, start),
        cmocka_unit_test_setup(derive_agrees_with_rfc_5869, start),
        cmocka_unit_test_setup(derive_gives_another_key_for_another_label, start),
        cmocka_unit_test_setup(sign_agrees_with_rfc_8032, start),
        cmocka_unit_test_setup(sign_check_refuses_every_flipped_bit_of_a_signature, start),
        cmocka_unit_test_setup(sign_check_refuses_another_message_or_key, start),
        cmocka_unit_test_setup(sign_check_refuses_absurd_keys, start),
        cmocka_unit_test_setup(seal_open_agrees_with_a_published_vector, start),
        cmocka_unit_test_setup(seal_opens_what_it_sealed, start),
        cmocka_unit_test_setup(seal_carries_nothing_too, start),
        cmocka_unit_test_setup(seal_never_says_the_same_twice, start),
        cmocka_unit_test_setup(seal_has_other_nonces_in_a_forked_child, start),
        cmocka_unit_test_setup(seal_open_refuses_every_flipped_bit, start),
        cmocka_unit_test_setup(seal_open_refuses_other_place_other_key_and_cut_text, start),
        cmocka_unit_test_setup(short_mac_agrees_with_published_vectors, start),
        cmocka_unit_test_setup(a_key_made_ready_seals_and_opens_as_the_key_itself_does, start),
        cmocka_unit_test_setup(
            a_key_made_ready_refuses_other_place_other_key_and_every_flipped_bit, start),
        cmocka_unit_test_setup(a_key_that_was_wiped_neither_seals_nor_opens, start),
        cmocka_unit_test_setup(seal_minds_the_room_it_has, start),
        cmocka_unit_test_setup(crypto_wipe_leaves_zeroes, start),
        cmocka_unit_test_setup(id_carries_time_version_and_variant, start),
        cmocka_unit_test_setup(id_differs_within_one_millisecond, start),
        cmocka_unit_test_setup(id_text_goes_there_and_back, start),
        cmocka_unit_test_setup(id_parse_refuses_other_forms, start),
        cmocka_unit_test_setup(id_knows_what_is_not_version_7, start),
    };

    return cmocka_run_group_tests_name("base_crypto", tests, NULL, NULL);
}
