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

#define TOKEN_DOMAIN    "almoner/token/v2" /* its NUL is hashed too */
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
        return k->memo ? memo_find(k->memo, input, out) : -EAGAIN;
    case 0: /* not known yet: the broker will say */
        return -EAGAIN;
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
    if (!t->kind)
        return true; /* nothing: the home of somebody known by a number alone */
    for (size_t i = 0; i < s->n; i++) {
        if (token_equal(&s->tokens[i], t))
            return true;
    }
    if (s->n >= TOKEN_SET_MAX)
        return false;
    s->tokens[s->n++] = *t;
    return true;
}

struct names {                /* folded */
    const char *least, *most; /* given and family, in order of their bytes */
    struct given given;
    char family[FOLD_OUT_MAX];
    char born[CIVIL_TEXT];
};

/* Given and family name change places too often to tell people apart by: in neither order alone. */
static void names_order(struct names *n)
{
    bool as_is = strcmp(n->given.plain, n->family) <= 0;

    n->least = as_is ? n->given.plain : n->family;
    n->most = as_is ? n->family : n->given.plain;
}

static int names_make(const struct identity *who, struct names *out)
{
    if (who->born == CIVIL_NONE)
        return ALM_BAD_BORN;
    civil_format(who->born, out->born);
    if (fold_given(who->given, &out->given) != ALM_OK ||
        fold_name(who->family, out->family) != ALM_OK)
        return ALM_BAD_NAME;
    names_order(out);
    return ALM_OK;
}

/* Day and month in either order: "2011-07-04" for the 7th of April too. */
static void born_turned(const char *born, char out[static CIVIL_TEXT])
{
    memcpy(out, born, CIVIL_TEXT);
    if (memcmp(born + 8, "12", 2) <= 0 && memcmp(born + 8, born + 5, 2) < 0) {
        memcpy(out + 5, born + 8, 2);
        memcpy(out + 8, born + 5, 2);
    }
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

static int tokens_sound(struct making *m, const struct names *plain)
{
    char given[FOLD_OUT_MAX], family[FOLD_OUT_MAX], born[CIVIL_TEXT];
    bool as_is;
    int r;

    fold_phonetic(plain->given.first, given);
    fold_phonetic(plain->family, family);
    born_turned(plain->born, born);
    as_is = strcmp(given, family) <= 0;
    r = tokens_add(m, TOKEN_PHONETIC_DOB,
                   (const char *[]){ as_is ? given : family, as_is ? family : given, born }, 3);
    crypto_wipe(given, sizeof(given));
    crypto_wipe(family, sizeof(family));
    return r;
}

static int tokens_named(struct making *m, const struct names *plain)
{
    int r = tokens_add(m, TOKEN_NAME_DOB,
                       (const char *[]){ plain->least, plain->most, plain->born }, 3);

    if (r == 0)
        r = tokens_sound(m, plain);
    if (r == 0)
        r = tokens_add(m, TOKEN_GIVEN_DOB, (const char *[]){ plain->given.formal, plain->born }, 2);
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

bool identity_number_alone(const struct identity *who)
{
    bool number = (who->nhs && who->nhs[0]) || (who->upn && who->upn[0]);

    return number && (!who->given[0] || !who->family[0] || who->born == CIVIL_NONE);
}

int tokens_row_check(const struct identity *who)
{
    struct numbers known = { "", "" };
    int r;

    if (!identity_number_alone(who))
        return tokens_identity_check(who);
    r = numbers_make(who, &known);
    crypto_wipe(&known, sizeof(known));
    return r;
}

int tokens_row(const struct tokens_key *k, const struct identity *who, struct token_set *out)
{
    struct making m = { k, out, false };
    struct numbers known = { "", "" };
    int r;

    if (!identity_number_alone(who))
        return tokens_identity(k, who, out);
    memset(out, 0, sizeof(*out));
    out->unborn = who->unborn;
    r = numbers_make(who, &known);
    if (r == ALM_OK)
        r = tokens_strong(&m, &known);
    crypto_wipe(&known, sizeof(known));
    return r == 0 && m.wanted ? -EAGAIN : r;
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
                   const char *postcode, struct token out[static TOKENS_AT_HOME])
{
    struct place at;
    struct names plain;
    char door[FOLD_OUT_MAX];
    bool wanted = false;
    int r = names_make(who, &plain);

    if (r == ALM_OK)
        r = place_make(address, postcode, &at);
    if (r != ALM_OK)
        return r;
    fold_door(at.where, door);
    const struct {
        uint8_t kind, n;
        const char *parts[TOKEN_PARTS_MAX];
    } made[TOKENS_AT_HOME] = {
        { TOKEN_NAME_POSTCODE, 3, { plain.least, plain.most, at.code } },
        { TOKEN_DOB_HOME, 3, { plain.born, door, at.code } },
        { TOKEN_DOB_POSTCODE, 2, { plain.born, at.code } },
        { TOKEN_DOB_STREET, 2, { plain.born, at.where } },
    };
    for (size_t i = 0; i < TOKENS_AT_HOME && (r == 0 || r == -EAGAIN); i++) {
        r = token_make(k, made[i].kind, made[i].parts, made[i].n, &out[i]);
        wanted = wanted || r == -EAGAIN; /* all are noted */
    }
    crypto_wipe(&plain, sizeof(plain));
    crypto_wipe(&at, sizeof(at));
    crypto_wipe(door, sizeof(door));
    return wanted && (r == 0 || r == -EAGAIN) ? -EAGAIN : r;
}

bool token_set_add_home(struct token_set *s, const struct token at_home[static TOKENS_AT_HOME])
{
    struct token_set with = *s;

    for (size_t i = 0; i < TOKENS_AT_HOME; i++) {
        if (!token_set_add(&with, &at_home[i]))
            return false;
    }
    *s = with;
    return true;
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
