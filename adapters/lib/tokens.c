/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.c - kind, scheme, epoch and the parts, each with its length, so that no two inputs run
 * together; keyed by HMAC-SHA256, or looked up in what the key holder gave. */
#include "lib/tokens.h"

#include "base/clock.h"
#include "lib/fold.h"
#include "lib/memo.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define TOKEN_DOMAIN    "almoner/token/v1" /* its NUL is hashed too */
#define TOKEN_PARTS_MAX 3
#define TOKEN_INPUT_MAX (sizeof(TOKEN_DOMAIN) + 4 + TOKEN_PARTS_MAX * (2 + FOLD_OUT_MAX))
_Static_assert(TOKEN_INPUT_MAX <= MEMO_INPUT_MAX, "an input can be wanted");

bool tokens_key_is(const struct tokens_key *k, const struct token *t)
{
    return k->scheme == t->scheme && k->epoch == t->epoch;
}

/* The scheme. Return: 0; -EAGAIN; -ENOKEY; -errno. */
static int value_make(const struct tokens_key *k, struct bytes input, uint8_t out[static TOKEN_LEN])
{
    switch (k->scheme) {
    case TOKEN_HMAC:
        return crypto_hmac(&k->key, input, out);
    case TOKEN_OBLIVIOUS:
        return k->memo ? memo_find(k->memo, input, out) : -ENOKEY;
    default:
        return -ENOKEY;
    }
}

static int token_make(const struct tokens_key *k, uint8_t kind, const char *const parts[], size_t n,
                      struct token *out)
{
    uint8_t input[TOKEN_INPUT_MAX];
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
    r = value_make(k, bytes_of(input, at), out->value);
    crypto_wipe(input, at); /* it spelt a person out */
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

/* A set being made: what is wanted does not stop it, so that everything wanted is noted at once. */
struct making {
    const struct tokens_key *key;
    struct token_set *out;
    bool wanted;
};

static int tokens_add(struct making *m, uint8_t kind, const char *const parts[], size_t n)
{
    struct token t;
    int r = token_make(m->key, kind, parts, n, &t);

    m->wanted = m->wanted || r == -EAGAIN;
    if (r != 0)
        return r == -EAGAIN ? 0 : r;
    return token_set_add(m->out, &t) ? 0 : -ENOSPC;
}

struct numbers { /* folded; "" not known */
    char nhs[NHS_TEXT], upn[UPN_TEXT];
};

static int numbers_make(const struct identity *who, struct numbers *out)
{
    int r = ALM_OK;

    *out = (struct numbers){ "", "" };
    if (who->nhs && who->nhs[0])
        r = fold_nhs(who->nhs, out->nhs);
    if (r == ALM_OK && who->upn && who->upn[0])
        r = fold_upn(who->upn, out->upn);
    return r;
}

static int tokens_strong(struct making *m, const struct numbers *known)
{
    int r = 0;

    if (known->nhs[0])
        r = tokens_add(m, TOKEN_NHS, (const char *[]){ known->nhs }, 1);
    if (r == 0 && known->upn[0])
        r = tokens_add(m, TOKEN_UPN, (const char *[]){ known->upn }, 1);
    return r;
}

static int tokens_named(struct making *m, const struct names *plain)
{
    struct names sound;
    int r = tokens_add(m, TOKEN_NAME_DOB,
                       (const char *[]){ plain->given, plain->family, plain->born }, 3);

    fold_phonetic(plain->given, sound.given);
    fold_phonetic(plain->family, sound.family);
    if (r == 0)
        r = tokens_add(m, TOKEN_PHONETIC_DOB,
                       (const char *[]){ sound.given, sound.family, plain->born }, 3);
    crypto_wipe(&sound, sizeof(sound));
    return r;
}

int tokens_identity_check(const struct identity *who)
{
    struct names plain;
    struct numbers known = { "", "" };
    int r = names_make(who, &plain);

    if (r == ALM_OK)
        r = numbers_make(who, &known);
    crypto_wipe(&plain, sizeof(plain));
    crypto_wipe(&known, sizeof(known));
    return r;
}

int tokens_identity(const struct tokens_key *k, const struct identity *who, struct token_set *out)
{
    struct making m = { k, out, false };
    struct names plain;
    struct numbers known = { "", "" };
    int r = names_make(who, &plain);

    memset(out, 0, sizeof(*out));
    out->unborn = who->unborn;
    if (r == ALM_OK)
        r = numbers_make(who, &known);
    if (r == ALM_OK)
        r = tokens_strong(&m, &known);
    if (r == ALM_OK)
        r = tokens_named(&m, &plain);
    crypto_wipe(&plain, sizeof(plain));
    crypto_wipe(&known, sizeof(known));
    return r == 0 && m.wanted ? -EAGAIN : r;
}

struct place { /* folded */
    char where[FOLD_OUT_MAX], code[POSTCODE_TEXT];
};

static int place_make(const char *address, const char *postcode, struct place *out)
{
    if (fold_postcode(postcode, out->code) != ALM_OK)
        return ALM_BAD_POSTCODE;
    return fold_address(address, out->where) == ALM_OK ? ALM_OK : ALM_BAD_ADDRESS;
}

int tokens_home_check(const char *address, const char *postcode)
{
    struct place at;

    return place_make(address, postcode, &at);
}

int tokens_home(const struct tokens_key *k, const char *address, const char *postcode,
                struct token *out)
{
    struct place at;
    int r = place_make(address, postcode, &at);

    if (r == ALM_OK)
        r = token_make(k, TOKEN_HOME, (const char *[]){ at.where, at.code }, 2, out);
    crypto_wipe(&at, sizeof(at));
    return r;
}

int tokens_at_home(const struct tokens_key *k, const struct identity *who, const char *address,
                   const char *postcode, struct token out[static 2])
{
    struct place at;
    struct names plain;
    int r = names_make(who, &plain), s;

    if (r == ALM_OK)
        r = place_make(address, postcode, &at);
    if (r != ALM_OK)
        return r;
    r = token_make(k, TOKEN_NAME_POSTCODE, (const char *[]){ plain.given, plain.family, at.code },
                   3, &out[0]);
    s = r == 0 || r == -EAGAIN /* both are noted */
            ? token_make(k, TOKEN_DOB_HOME, (const char *[]){ plain.born, at.where, at.code }, 3,
                         &out[1])
            : 0;
    crypto_wipe(&plain, sizeof(plain));
    crypto_wipe(&at, sizeof(at));
    return r ? r : s;
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
    r = value_make(k, bytes_of(input, at), out);
    crypto_wipe(input, at);
    return r;
}
