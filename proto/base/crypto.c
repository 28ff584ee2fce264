/* SPDX-License-Identifier: Apache-2.0 */
/* crypto.c - OpenSSL 3, and libsodium for signatures to be checked, behind a handful of functions.
 * The only file of proto/base with <openssl/...> or <sodium.h>.
 *
 * Algorithms are fetched once: an implicit fetch costs about 1 microsecond a hash and 3 a MAC. */
#include "base/crypto.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>

#define SEAL_NONCES    64
#define SEAL_NONCE_LEN 12 /* bytes, NIST SP 800-38D's recommended length */
#define SEAL_TAG_LEN   16

static struct {
    EVP_MD *sha256;
    EVP_MAC *hmac;
    EVP_KDF *hkdf;
    EVP_CIPHER *aes_gcm;
    int status; /* -ENOTSUP until all four are there */
} crypto = { .status = -ENOTSUP };

static pthread_once_t crypto_once = PTHREAD_ONCE_INIT;

/* Nonces of seals are drawn many at once: one call of OpenSSL's for 12 bytes costs as much as for 768.
 * They are no secret, and no two processes may have the same: a child begins anew. */
static _Thread_local struct {
    uint8_t octets[SEAL_NONCES * SEAL_NONCE_LEN];
    size_t left;
} seal_nonces;

static void seal_nonces_drop(void)
{
    seal_nonces.left = 0;
}

static void crypto_fetch(void)
{
    if (pthread_atfork(NULL, NULL, seal_nonces_drop) != 0)
        return;

    crypto.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    crypto.hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    crypto.hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    crypto.aes_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    if (crypto.sha256 && crypto.hmac && crypto.hkdf && crypto.aes_gcm && sodium_init() >= 0)
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

int crypto_random(void *out, size_t len)
{
    uint8_t *p = out;

    while (len) {
        int n = len > 1 << 20 ? 1 << 20 : (int)len;

        if (RAND_bytes(p, n) != 1)
            return crypto_fail(-EIO);
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

static void md_ctx_freep(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

static void mac_ctx_freep(EVP_MAC_CTX **ctx)
{
    EVP_MAC_CTX_free(*ctx);
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
    ALM_CLEANUP(md_ctx_freep) EVP_MD_CTX *ctx = NULL;

    if (crypto.status)
        return crypto.status;
    ctx = EVP_MD_CTX_new();
    if (!ctx || EVP_DigestInit_ex2(ctx, crypto.sha256, NULL) != 1)
        return crypto_fail(-ENOMEM);
    for (size_t i = 0; i < n; i++) {
        if (parts[i].len && EVP_DigestUpdate(ctx, parts[i].data, parts[i].len) != 1)
            return crypto_fail(-EIO);
    }
    if (EVP_DigestFinal_ex(ctx, out, NULL) != 1)
        return crypto_fail(-EIO);
    return 0;
}

int crypto_sha256(struct bytes data, uint8_t out[static SHA256_LEN])
{
    return crypto_sha256_parts(&data, 1, out);
}

int crypto_hmac(const struct secret *key, struct bytes data, uint8_t out[static SHA256_LEN])
{
    ALM_CLEANUP(mac_ctx_freep) EVP_MAC_CTX *ctx = NULL;
    char digest[] = "SHA256";
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                            OSSL_PARAM_construct_end() };
    size_t len = 0;

    if (crypto.status)
        return crypto.status;
    ctx = EVP_MAC_CTX_new(crypto.hmac);
    if (!ctx || EVP_MAC_init(ctx, key->octets, sizeof(key->octets), params) != 1)
        return crypto_fail(-ENOMEM);
    if ((data.len && EVP_MAC_update(ctx, data.data, data.len) != 1) ||
        EVP_MAC_final(ctx, out, &len, SHA256_LEN) != 1 || len != SHA256_LEN)
        return crypto_fail(-EIO);
    return 0;
}

struct hmac {
    EVP_MAC_CTX *ctx;
};

int hmac_new(const struct secret *key, struct hmac **out)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                            OSSL_PARAM_construct_end() };
    struct hmac *h;

    if (crypto.status)
        return crypto.status;
    h = OPENSSL_zalloc(sizeof(*h));
    if (!h)
        return crypto_fail(-ENOMEM);
    h->ctx = EVP_MAC_CTX_new(crypto.hmac);
    if (!h->ctx || EVP_MAC_init(h->ctx, key->octets, sizeof(key->octets), params) != 1) {
        (void)hmac_free(h);
        return crypto_fail(-ENOMEM);
    }
    *out = h;
    return 0;
}

int hmac_make(struct hmac *h, struct bytes data, uint8_t out[static SHA256_LEN])
{
    size_t len = 0;

    /* No key: the one it was made with. */
    if (EVP_MAC_init(h->ctx, NULL, 0, NULL) != 1 ||
        (data.len && EVP_MAC_update(h->ctx, data.data, data.len) != 1) ||
        EVP_MAC_final(h->ctx, out, &len, SHA256_LEN) != 1 || len != SHA256_LEN)
        return crypto_fail(-EIO);
    return 0;
}

struct hmac *hmac_free(struct hmac *h)
{
    if (!h)
        return NULL;
    EVP_MAC_CTX_free(h->ctx);
    OPENSSL_free(h);
    return NULL;
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

static int seal_nonce(uint8_t out[static SEAL_NONCE_LEN])
{
    if (seal_nonces.left == 0) {
        int r = crypto_random(seal_nonces.octets, sizeof(seal_nonces.octets));

        if (r < 0)
            return r;
        seal_nonces.left = SEAL_NONCES;
    }
    seal_nonces.left--;
    memcpy(out, seal_nonces.octets + seal_nonces.left * SEAL_NONCE_LEN, SEAL_NONCE_LEN);
    return 0;
}

/* Fills octets with nonce, ciphertext and tag: plain.len + SEAL_OVERHEAD bytes. */
static int seal_into(EVP_CIPHER_CTX *ctx, const struct secret *key, struct bytes associated,
                     struct bytes plain, uint8_t *octets)
{
    uint8_t *text = octets + SEAL_NONCE_LEN;
    int n = 0, r = seal_nonce(octets);

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

int seal(const struct secret *key, struct bytes associated, struct bytes plain, struct buf *out)
{
    ALM_CLEANUP(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = NULL;
    size_t before = out->len;
    int r;

    if (crypto.status)
        return crypto.status;
    if (plain.len > INT32_MAX - SEAL_OVERHEAD || associated.len > INT32_MAX)
        return -E2BIG;
    r = buf_room(out, plain.len + SEAL_OVERHEAD);
    if (r < 0)
        return r;
    ctx = EVP_CIPHER_CTX_new();
    if (!ctx)
        return crypto_fail(-ENOMEM);
    r = seal_into(ctx, key, associated, plain, out->data + before);
    if (r < 0)
        return crypto_fail(r);
    out->len = before + plain.len + SEAL_OVERHEAD;
    return 0;
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

int seal_open(const struct secret *key, struct bytes associated, struct bytes sealed,
              struct buf *out)
{
    ALM_CLEANUP(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = NULL;
    size_t before = out->len, len;
    int r;

    if (crypto.status)
        return crypto.status;
    if (sealed.len < SEAL_OVERHEAD || sealed.len > INT32_MAX || associated.len > INT32_MAX)
        return -EBADMSG;
    len = sealed.len - SEAL_OVERHEAD;
    r = buf_room(out, len);
    if (r < 0)
        return r;
    ctx = EVP_CIPHER_CTX_new();
    if (!ctx)
        return crypto_fail(-ENOMEM);
    r = seal_open_into(ctx, key, associated, sealed, out->data + before);
    if (r < 0) {
        crypto_wipe(out->data + before, len); /* nothing unauthenticated stays readable */
        return crypto_fail(r);
    }
    out->len = before + len;
    return 0;
}
