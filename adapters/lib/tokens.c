/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.c - HMAC-SHA256 over kind, scheme, epoch and the parts, each with its length, so that no
 * two inputs run together. */
#include "lib/tokens.h"

#include "base/clock.h"
#include "lib/fold.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define TOKEN_DOMAIN    "almoner/token/v1" /* its NUL is hashed too */
#define TOKEN_PARTS_MAX 3

static int token_make(const struct tokens_key *k, uint8_t kind, const char *const parts[], size_t n,
                      struct token *out)
{
    uint8_t input[sizeof(TOKEN_DOMAIN) + 4 + TOKEN_PARTS_MAX * (2 + FOLD_OUT_MAX)];
    size_t at = sizeof(TOKEN_DOMAIN);
    int r;

    assert(n <= TOKEN_PARTS_MAX);
    memcpy(input, TOKEN_DOMAIN, sizeof(TOKEN_DOMAIN));
    input[at++] = kind;
    input[at++] = k->scheme;
    input[at++] = (uint8_t)(k->epoch >> 8);
    input[at++] = (uint8_t)k->epoch;
    for (size_t i = 0; i < n; i++) {
        size_t len = strnlen(parts[i], FOLD_OUT_MAX);

        input[at++] = (uint8_t)(len >> 8);
        input[at++] = (uint8_t)len;
        memcpy(input + at, parts[i], len);
        at += len;
    }
    memset(out, 0, sizeof(*out));
    out->kind = kind;
    out->scheme = k->scheme;
    out->epoch = k->epoch;
    r = crypto_hmac(&k->key, bytes_of(input, at), out->value);
    crypto_wipe(input, sizeof(input)); /* it spelt a person out */
    return r;
}

bool token_set_add(struct token_set *s, const struct token *t)
{
    for (size_t i = 0; i < s->n; i++) {
        if (token_equal(&s->tokens[i], t))
            return true;
    }
    if (s->n >= TOKEN_SET_MAX)
        return false;
    s->tokens[s->n++] = *t;
    return true;
}

struct names { /* folded */
    char given[FOLD_OUT_MAX], family[FOLD_OUT_MAX];
    char born[CIVIL_TEXT];
};

static int names_make(const struct identity *who, struct names *out)
{
    if (who->born == CIVIL_NONE)
        return ALM_BAD_BORN;
    civil_format(who->born, out->born);
    if (fold_name(who->given, out->given) != ALM_OK ||
        fold_name(who->family, out->family) != ALM_OK)
        return ALM_BAD_NAME;
    return ALM_OK;
}

static int tokens_add(const struct tokens_key *k, uint8_t kind, const char *const parts[], size_t n,
                      struct token_set *out)
{
    struct token t;
    int r = token_make(k, kind, parts, n, &t);

    if (r != 0)
        return r;
    return token_set_add(out, &t) ? 0 : -ENOSPC;
}

static int tokens_strong(const struct tokens_key *k, const struct identity *who,
                         struct token_set *out)
{
    char nhs[NHS_TEXT], upn[UPN_TEXT];
    int r = 0;

    if (who->nhs && who->nhs[0]) {
        r = fold_nhs(who->nhs, nhs);
        if (r == ALM_OK)
            r = tokens_add(k, TOKEN_NHS, (const char *[]){ nhs }, 1, out);
        crypto_wipe(nhs, sizeof(nhs));
    }
    if (r == 0 && who->upn && who->upn[0]) {
        r = fold_upn(who->upn, upn);
        if (r == ALM_OK)
            r = tokens_add(k, TOKEN_UPN, (const char *[]){ upn }, 1, out);
        crypto_wipe(upn, sizeof(upn));
    }
    return r;
}

int tokens_identity(const struct tokens_key *k, const struct identity *who, struct token_set *out)
{
    struct names plain, sound;
    int r = names_make(who, &plain);

    memset(out, 0, sizeof(*out));
    out->unborn = who->unborn;
    if (r != ALM_OK)
        return r;
    fold_phonetic(plain.given, sound.given);
    fold_phonetic(plain.family, sound.family);
    r = tokens_strong(k, who, out);
    if (r == 0)
        r = tokens_add(k, TOKEN_NAME_DOB, (const char *[]){ plain.given, plain.family, plain.born },
                       3, out);
    if (r == 0)
        r = tokens_add(k, TOKEN_PHONETIC_DOB,
                       (const char *[]){ sound.given, sound.family, plain.born }, 3, out);
    crypto_wipe(&plain, sizeof(plain));
    crypto_wipe(&sound, sizeof(sound));
    return r;
}

int tokens_home(const struct tokens_key *k, const char *address, const char *postcode,
                struct token *out)
{
    char where[FOLD_OUT_MAX], code[POSTCODE_TEXT];

    if (fold_postcode(postcode, code) != ALM_OK)
        return ALM_BAD_POSTCODE;
    if (fold_address(address, where) != ALM_OK)
        return ALM_BAD_ADDRESS;
    return token_make(k, TOKEN_HOME, (const char *[]){ where, code }, 2, out);
}

int tokens_at_home(const struct tokens_key *k, const struct identity *who, const char *address,
                   const char *postcode, struct token out[static 2])
{
    char where[FOLD_OUT_MAX], code[POSTCODE_TEXT];
    struct names plain;
    int r = names_make(who, &plain);

    if (r != ALM_OK)
        return r;
    if (fold_postcode(postcode, code) != ALM_OK)
        return ALM_BAD_POSTCODE;
    if (fold_address(address, where) != ALM_OK)
        return ALM_BAD_ADDRESS;
    r = token_make(k, TOKEN_NAME_POSTCODE, (const char *[]){ plain.given, plain.family, code }, 3,
                   &out[0]);
    if (r == 0)
        r = token_make(k, TOKEN_DOB_HOME, (const char *[]){ plain.born, where, code }, 3, &out[1]);
    crypto_wipe(&plain, sizeof(plain));
    return r;
}

#define ORIGIN_DOMAIN   "almoner/origin/v1" /* its NUL is hashed too */
#define ORIGIN_TEXT_MAX 256

/* "MP-2021/0815" and "mp 2021 0815" are one number. Bytes past ASCII stand for themselves. */
int tokens_origin(const struct tokens_key *k, const char *text, uint8_t out[static TOKEN_LEN])
{
    uint8_t input[sizeof(ORIGIN_DOMAIN) + 2 + ORIGIN_TEXT_MAX];
    size_t at = sizeof(ORIGIN_DOMAIN), begin;
    int r;

    memcpy(input, ORIGIN_DOMAIN, sizeof(ORIGIN_DOMAIN));
    input[at++] = (uint8_t)(k->epoch >> 8);
    input[at++] = (uint8_t)k->epoch;
    begin = at;
    for (; *text && at < sizeof(input); text++) {
        unsigned char c = (unsigned char)*text;

        if (c >= 'a' && c <= 'z')
            c = (unsigned char)(c - 'a' + 'A');
        if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80)
            input[at++] = c;
    }
    if (*text || at == begin)
        return ALM_BAD_NAME;
    r = crypto_hmac(&k->key, bytes_of(input, at), out);
    crypto_wipe(input, sizeof(input));
    return r;
}
