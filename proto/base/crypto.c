/* SPDX-License-Identifier: Apache-2.0 */
/* crypto.c - OpenSSL 3, and libsodium for signatures to be checked, behind a handful of functions.
 * The only file of proto/base with <openssl/...> or <sodium.h>.
 *
 * Algorithms are fetched once: an implicit fetch costs about 1 microsecond a hash and 3 a MAC. Hashes
 * and MACs go past EVP altogether, by the functions below it that OpenSSL 3 calls deprecated and has:
 * a MAC of a token takes 0.3 microseconds and no allocation, through EVP with everything fetched 1.4,
 * and a round trip of the broker takes some forty of them. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/crypto.h"

#include <assert.h>
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>

#define SEAL_NONCE_LEN 12 /* bytes, NIST SP 800-38D's recommended length */
#define SEAL_TAG_LEN   16
#define SEAL_BRIEF_MAX 4096 /* bytes */
#define RANDOM_PAGE    1024 /* bytes drawn at once */

static struct {
    EVP_KDF *hkdf;
    EVP_CIPHER *aes_gcm;
    int status; /* -ENOTSUP until all are there */
} crypto = { .status = -ENOTSUP };

/* Random octets are drawn by the page: each draw from OpenSSL takes a microsecond, and a record needs
 * several. What was handed out is wiped from the page; a child of fork() draws its own. */
static _Thread_local struct {
    uint8_t octets[RANDOM_PAGE];
    size_t left;
} crypto_page;

static void crypto_forget_page(void)
{
    crypto_wipe(&crypto_page, sizeof(crypto_page));
}

static pthread_once_t crypto_once = PTHREAD_ONCE_INIT;

static void crypto_fetch(void)
{
    if (pthread_atfork(NULL, NULL, crypto_forget_page) != 0)
        return;
    crypto.hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    crypto.aes_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    if (crypto.hkdf && crypto.aes_gcm && sodium_init() >= 0)
        crypto.status = 0;
    ERR_clear_error();
}

int crypto_init(void)
{
    if (pthread_once(&crypto_once, crypto_fetch) != 0)
        return -ENOTSUP;
    return crypto.status;
}

/* Ends a failed call: OpenSSL's per-thread error queue must not fill up with a peer's mistakes. */
static int crypto_fail(int r)
{
    ERR_clear_error();
    return r;
}

void crypto_wipe(void *data, size_t len)
{
    OPENSSL_cleanse(data, len);
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

void secret_wipe(struct secret *s)
{
    crypto_wipe(s->octets, sizeof(s->octets));
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
    return crypto_equal(a->octets, b->octets, sizeof(a->octets));
}

static int crypto_draw(uint8_t *out, size_t len)
{
    while (len) {
        int n = len > 1 << 20 ? 1 << 20 : (int)len;

        if (RAND_bytes(out, n) != 1)
            return crypto_fail(-EIO);
        out += n;
        len -= (size_t)n;
    }
    return 0;
}

int crypto_random(void *out, size_t len)
{
    uint8_t *from;
    int r;

    /* before crypto_init() nobody has asked to be told of fork() */
    if (len > RANDOM_PAGE / 8 || crypto.status)
        return crypto_draw(out, len);
    if (len > crypto_page.left) {
        r = crypto_draw(crypto_page.octets, sizeof(crypto_page.octets));
        if (r)
            return r;
        crypto_page.left = sizeof(crypto_page.octets);
    }
    if (!len)
        return 0;
    crypto_page.left -= len;
    from = crypto_page.octets + crypto_page.left;
    memcpy(out, from, len);
    crypto_wipe(from, len);
    return 0;
}

static void md_ctx_freep(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

static void kdf_ctx_freep(EVP_KDF_CTX **ctx)
{
    EVP_KDF_CTX_free(*ctx);
}

static void cipher_ctx_freep(EVP_CIPHER_CTX **ctx)
{
    EVP_CIPHER_CTX_free(*ctx);
}

static void pkey_freep(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

int crypto_sha256_parts(const struct bytes *parts, size_t n, uint8_t out[static SHA256_LEN])
{
    SHA256_CTX ctx;

    if (crypto.status)
        return crypto.status;
    if (SHA256_Init(&ctx) != 1)
        return -EIO;
    for (size_t i = 0; i < n; i++) {
        if (parts[i].len && SHA256_Update(&ctx, parts[i].data, parts[i].len) != 1)
            return -EIO;
    }
    return SHA256_Final(out, &ctx) == 1 ? 0 : -EIO;
}

int crypto_sha256(struct bytes data, uint8_t out[static SHA256_LEN])
{
    return crypto_sha256_parts(&data, 1, out);
}

/* RFC 2104, with a key shorter than a block: both hashes as they are after the key's block. */
struct hmac {
    SHA256_CTX inner, outer;
};

static bool hmac_begin(struct hmac *h, const struct secret *key)
{
    uint8_t block[SHA256_CBLOCK];
    bool ok;

    memset(block, 0x36, sizeof(block));
    for (size_t i = 0; i < sizeof(key->octets); i++)
        block[i] ^= key->octets[i];
    ok = SHA256_Init(&h->inner) == 1 && SHA256_Update(&h->inner, block, sizeof(block)) == 1;
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] ^= 0x36 ^ 0x5c;
    ok = ok && SHA256_Init(&h->outer) == 1 && SHA256_Update(&h->outer, block, sizeof(block)) == 1;
    crypto_wipe(block, sizeof(block));
    return ok;
}

int hmac_make(const struct hmac *h, struct bytes data, uint8_t out[static SHA256_LEN])
{
    SHA256_CTX ctx = h->inner;
    bool ok = (!data.len || SHA256_Update(&ctx, data.data, data.len) == 1) &&
              SHA256_Final(out, &ctx) == 1; /* which wipes ctx */

    ctx = h->outer;
    ok = ok && SHA256_Update(&ctx, out, SHA256_LEN) == 1 && SHA256_Final(out, &ctx) == 1;
    return ok ? 0 : -EIO;
}

int crypto_hmac(const struct secret *key, struct bytes data, uint8_t out[static SHA256_LEN])
{
    struct hmac h;
    int r = crypto.status;

    if (!r && !hmac_begin(&h, key))
        r = -EIO;
    if (!r)
        r = hmac_make(&h, data, out);
    crypto_wipe(&h, sizeof(h));
    return r;
}

int hmac_new(const struct secret *key, struct hmac **out)
{
    struct hmac *h;

    if (crypto.status)
        return crypto.status;
    h = OPENSSL_zalloc(sizeof(*h));
    if (!h || !hmac_begin(h, key)) {
        (void)hmac_free(h);
        return crypto_fail(-ENOMEM);
    }
    *out = h;
    return 0;
}

struct hmac *hmac_free(struct hmac *h)
{
    OPENSSL_clear_free(h, sizeof(*h));
    return NULL;
}

uint64_t crypto_short_mac(const struct secret *key, struct bytes data)
{
    uint8_t out[crypto_shorthash_siphash24_BYTES];
    uint64_t mac = 0;

    static_assert(crypto_shorthash_siphash24_KEYBYTES <= sizeof(key->octets), "a key's worth");
    (void)crypto_shorthash_siphash24(out, data.len ? data.data : out, data.len, key->octets);
    for (size_t i = sizeof(out); i > 0; i--) /* as its authors write it: the first byte is the least */
        mac = mac << 8 | out[i - 1];
    return mac;
}

int crypto_derive(const struct secret *from, const char *label, struct secret *out)
{
    ALM_CLEANUP(kdf_ctx_freep) EVP_KDF_CTX *ctx = NULL;
    char digest[] = "SHA256";
    struct secret key = *from; /* OSSL_PARAM wants it writable */
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                            OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.octets,
                                                              sizeof(key.octets)),
                            OSSL_PARAM_construct_octet_string(
                                OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)label, strlen(label)),
                            OSSL_PARAM_construct_end() };
    int r = crypto.status;

    if (r == 0) {
        ctx = EVP_KDF_CTX_new(crypto.hkdf);
        if (!ctx)
            r = crypto_fail(-ENOMEM);
        else if (EVP_KDF_derive(ctx, out->octets, sizeof(out->octets), params) != 1)
            r = crypto_fail(-EIO);
    }
    secret_wipe(&key);
    if (r)
        secret_wipe(out);
    return r;
}

static EVP_PKEY *sign_private_key(const struct secret *secret)
{
    return EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, secret->octets,
                                           sizeof(secret->octets));
}

int sign_public(const struct secret *secret, uint8_t public_key[static SIGN_PUBLIC_LEN])
{
    ALM_CLEANUP(pkey_freep) EVP_PKEY *key = sign_private_key(secret);
    size_t len = SIGN_PUBLIC_LEN;

    if (!key)
        return crypto_fail(-ENOMEM);
    if (EVP_PKEY_get_raw_public_key(key, public_key, &len) != 1 || len != SIGN_PUBLIC_LEN)
        return crypto_fail(-EIO);
    return 0;
}

int sign_keypair(struct secret *secret, uint8_t public_key[static SIGN_PUBLIC_LEN])
{
    int r = crypto_random(secret->octets, sizeof(secret->octets));

    if (r == 0)
        r = sign_public(secret, public_key);
    if (r)
        secret_wipe(secret);
    return r;
}

int sign_make(const struct secret *secret, struct bytes message, uint8_t sig[static SIGN_LEN])
{
    ALM_CLEANUP(pkey_freep) EVP_PKEY *key = sign_private_key(secret);
    ALM_CLEANUP(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = SIGN_LEN;

    if (!key || !ctx)
        return crypto_fail(-ENOMEM);
    if (EVP_DigestSignInit_ex(ctx, NULL, NULL, NULL, NULL, key, NULL) != 1 ||
        EVP_DigestSign(ctx, sig, &len, message.len ? message.data : (const uint8_t *)"",
                       message.len) != 1 ||
        len != SIGN_LEN)
        return crypto_fail(-EIO);
    return 0;
}

/* libsodium's, which takes 109 us where OpenSSL 3.0 takes 254, and refuses more: keys and points of
 * small order, numbers that are not written the one way. Whatever sign_make() makes passes both. */
int sign_check(const uint8_t public_key[static SIGN_PUBLIC_LEN], struct bytes message,
               const uint8_t sig[static SIGN_LEN])
{
    return crypto_sign_verify_detached(sig, message.len ? message.data : (const uint8_t *)"",
                                       message.len, public_key)
               ? -EBADMSG
               : 0;
}

static bool seal_associate(EVP_CIPHER_CTX *ctx, bool sealing, struct bytes associated)
{
    int n = 0;

    if (!associated.len)
        return true;
    return (sealing ? EVP_EncryptUpdate(ctx, NULL, &n, associated.data, (int)associated.len)
                    : EVP_DecryptUpdate(ctx, NULL, &n, associated.data, (int)associated.len)) == 1;
}

/* Fills octets with nonce, ciphertext and tag: plain.len + SEAL_OVERHEAD bytes. */
static int seal_into(EVP_CIPHER_CTX *ctx, const struct secret *key, struct bytes associated,
                     struct bytes plain, uint8_t *octets)
{
    uint8_t *text = octets + SEAL_NONCE_LEN;
    int n = 0, r = crypto_random(octets, SEAL_NONCE_LEN);

    if (r < 0)
        return r;
    if (EVP_EncryptInit_ex2(ctx, crypto.aes_gcm, key->octets, octets, NULL) != 1 ||
        !seal_associate(ctx, true, associated))
        return -EIO;
    if (plain.len && EVP_EncryptUpdate(ctx, text, &n, plain.data, (int)plain.len) != 1)
        return -EIO;
    if (EVP_EncryptFinal_ex(ctx, text + n, &n) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG_LEN, text + plain.len) != 1)
        return -EIO;
    return 0;
}

/* Records are short, and then OpenSSL takes longer to make itself ready than to seal: libsodium's
 * AES-256-GCM takes 0.5 microseconds for 200 bytes where EVP takes 1.1, and keeps no key. It has one
 * only for processors that have AES instructions, and is the slower for what is long. */
static bool seal_briefly(size_t len)
{
    return len <= SEAL_BRIEF_MAX && crypto_aead_aes256gcm_is_available();
}

enum { SEAL_KEY_NONE, SEAL_KEY_PLAIN, SEAL_KEY_READY };
static_assert(sizeof(crypto_aead_aes256gcm_state) <= sizeof(((struct seal_key *)NULL)->state) &&
                  _Alignof(crypto_aead_aes256gcm_state) <= _Alignof(struct seal_key),
              "a key that is ready has room for libsodium's");

static const crypto_aead_aes256gcm_state *seal_state(const struct seal_key *k)
{
    return (const void *)k->state;
}

void seal_key_init(struct seal_key *k, const struct secret *key)
{
    k->key = *key;
    k->how = SEAL_KEY_PLAIN;
    if (crypto_aead_aes256gcm_is_available() &&
        crypto_aead_aes256gcm_beforenm((void *)k->state, key->octets) == 0)
        k->how = SEAL_KEY_READY;
}

void seal_key_wipe(struct seal_key *k)
{
    crypto_wipe(k, sizeof(*k));
}

/* A key as it is given: made ready for the one value where that is how it is sealed. */
static void seal_key_once(struct seal_key *k, const struct secret *key, size_t len)
{
    if (seal_briefly(len)) {
        seal_key_init(k, key);
    } else {
        k->key = *key;
        k->how = SEAL_KEY_PLAIN;
    }
}

static int seal_brief(const struct seal_key *k, struct bytes associated, struct bytes plain,
                      uint8_t *octets)
{
    int r = crypto_random(octets, SEAL_NONCE_LEN);

    if (!r && crypto_aead_aes256gcm_encrypt_afternm(octets + SEAL_NONCE_LEN, NULL, plain.data,
                                                    plain.len, associated.data, associated.len,
                                                    NULL, octets, seal_state(k)))
        r = -EIO;
    return r;
}

int seal_with(const struct seal_key *k, struct bytes associated, struct bytes plain,
              struct buf *out)
{
    ALM_CLEANUP(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = NULL;
    size_t before = out->len;
    int r;

    if (crypto.status || k->how == SEAL_KEY_NONE)
        return crypto.status ? crypto.status : -EINVAL;
    if (plain.len > INT32_MAX - SEAL_OVERHEAD || associated.len > INT32_MAX)
        return -E2BIG;
    r = buf_room(out, plain.len + SEAL_OVERHEAD);
    if (r < 0)
        return r;
    if (k->how == SEAL_KEY_READY && seal_briefly(plain.len)) {
        r = seal_brief(k, associated, plain, out->data + before);
    } else {
        ctx = EVP_CIPHER_CTX_new();
        if (!ctx)
            return crypto_fail(-ENOMEM);
        r = seal_into(ctx, &k->key, associated, plain, out->data + before);
    }
    if (r < 0)
        return crypto_fail(r);
    out->len = before + plain.len + SEAL_OVERHEAD;
    return 0;
}

int seal(const struct secret *key, struct bytes associated, struct bytes plain, struct buf *out)
{
    ALM_CLEANUP(seal_key_wipe) struct seal_key k;

    seal_key_once(&k, key, plain.len);
    return seal_with(&k, associated, plain, out);
}

static int seal_open_into(EVP_CIPHER_CTX *ctx, const struct secret *key, struct bytes associated,
                          struct bytes sealed, uint8_t *plain)
{
    size_t len = sealed.len - SEAL_OVERHEAD;
    const uint8_t *text = sealed.data + SEAL_NONCE_LEN;
    uint8_t tag[SEAL_TAG_LEN];
    int n = 0;

    memcpy(tag, text + len, sizeof(tag)); /* OpenSSL wants it writable */
    if (EVP_DecryptInit_ex2(ctx, crypto.aes_gcm, key->octets, sealed.data, NULL) != 1 ||
        !seal_associate(ctx, false, associated))
        return -EIO;
    if (len && EVP_DecryptUpdate(ctx, plain, &n, text, (int)len) != 1)
        return -EIO;
    if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_LEN, tag) != 1)
        return -EIO;
    return EVP_DecryptFinal_ex(ctx, plain + n, &n) == 1 ? 0 : -EBADMSG;
}

int seal_open_with(const struct seal_key *k, struct bytes associated, struct bytes sealed,
                   struct buf *out)
{
    ALM_CLEANUP(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = NULL;
    size_t before = out->len, len;
    int r;

    if (crypto.status || k->how == SEAL_KEY_NONE)
        return crypto.status ? crypto.status : -EINVAL;
    if (sealed.len < SEAL_OVERHEAD || sealed.len > INT32_MAX || associated.len > INT32_MAX)
        return -EBADMSG;
    len = sealed.len - SEAL_OVERHEAD;
    r = buf_room(out, len);
    if (r < 0)
        return r;
    if (k->how == SEAL_KEY_READY && seal_briefly(len)) {
        r = crypto_aead_aes256gcm_decrypt_afternm(
                out->data + before, NULL, NULL, sealed.data + SEAL_NONCE_LEN, len + SEAL_TAG_LEN,
                associated.data, associated.len, sealed.data, seal_state(k))
                ? -EBADMSG
                : 0;
    } else {
        ctx = EVP_CIPHER_CTX_new();
        if (!ctx)
            return crypto_fail(-ENOMEM);
        r = seal_open_into(ctx, &k->key, associated, sealed, out->data + before);
    }
    if (r < 0) {
        crypto_wipe(out->data + before, len); /* nothing unauthenticated stays readable */
        return crypto_fail(r);
    }
    out->len = before + len;
    return 0;
}

int seal_open(const struct secret *key, struct bytes associated, struct bytes sealed,
              struct buf *out)
{
    ALM_CLEANUP(seal_key_wipe) struct seal_key k;

    seal_key_once(&k, key, sealed.len);
    return seal_open_with(&k, associated, sealed, out);
}
