/* SPDX-License-Identifier: Apache-2.0 */
/* match.c - whether two sets of tokens are the same person: the one decision that adapters and
 * broker share.
 *
 * Must not know identifiers, keys or where a set came from. */
#include "match/token.h"

#include "base/crypto.h"

/* What a kind says of two people. Apart: not held by both under one scheme and epoch, so it says
 * nothing. */
struct verdict {
    unsigned agree, disagree; /* bits by kind */
};

#define KIND_BIT(kind) (1u << (kind))

static const unsigned kinds_strong = KIND_BIT(TOKEN_NHS) | KIND_BIT(TOKEN_UPN);
/* Kinds that may stand beside NAME_DOB as the "one more". Not PHONETIC_DOB: it agrees whenever
 * NAME_DOB does. */
static const unsigned kinds_one_more = KIND_BIT(TOKEN_NHS) | KIND_BIT(TOKEN_UPN) |
                                       KIND_BIT(TOKEN_NAME_POSTCODE) | KIND_BIT(TOKEN_DOB_HOME);

bool token_kind_strong(uint8_t kind)
{
    return kind == TOKEN_NHS || kind == TOKEN_UPN;
}

static bool token_comparable(const struct token *a, const struct token *b)
{
    return a->kind == b->kind && a->scheme == b->scheme && a->epoch == b->epoch;
}

bool token_equal(const struct token *a, const struct token *b)
{
    return token_comparable(a, b) && crypto_equal(a->value, b->value, TOKEN_LEN);
}

/* A home is not a person, and kinds of a later version say nothing here. */
static bool token_about_person(const struct token *t)
{
    return t->kind >= TOKEN_NHS && t->kind <= TOKEN_DOB_HOME;
}

static size_t token_set_len(const struct token_set *s)
{
    return s->n < TOKEN_SET_MAX ? s->n : TOKEN_SET_MAX;
}

/* Every pair is looked at, whatever has been found: how long it takes shows counts, not values. */
static struct verdict verdict_of(const struct token_set *a, const struct token_set *b)
{
    struct verdict v = { 0 };
    size_t n_a = token_set_len(a), n_b = token_set_len(b);

    for (size_t i = 0; i < n_a; i++) {
        const struct token *t = &a->tokens[i];

        if (!token_about_person(t))
            continue;
        for (size_t j = 0; j < n_b; j++) {
            if (!token_comparable(t, &b->tokens[j]))
                continue;
            if (crypto_equal(t->value, b->tokens[j].value, TOKEN_LEN))
                v.agree |= KIND_BIT(t->kind);
            else
                v.disagree |= KIND_BIT(t->kind);
        }
    }
    v.disagree &= ~v.agree; /* "a kind held several times agrees if any pair does" */
    return v;
}

/* One birth date at one home and nothing else, under names that do not even sound alike. Were that
 * "possible", a holder that knows one twin could never say no about the other. */
static bool twins(const struct verdict *v)
{
    return v->agree == KIND_BIT(TOKEN_DOB_HOME) && v->disagree & KIND_BIT(TOKEN_PHONETIC_DOB);
}

enum match match_strict(const struct token_set *a, const struct token_set *b)
{
    struct verdict v;
    bool name_dob, conflict;

    if (a->unborn != b->unborn)
        return MATCH_NONE;
    v = verdict_of(a, b);
    name_dob = v.agree & KIND_BIT(TOKEN_NAME_DOB);
    conflict = v.disagree & kinds_strong;
    if (v.agree & kinds_strong || (name_dob && v.agree & kinds_one_more))
        return conflict ? MATCH_CONFLICT : MATCH_YES;
    if (name_dob)
        return conflict ? MATCH_CONFLICT : MATCH_POSSIBLE;
    /* Twins share birthday, home and a name's sound: with different strong tokens they are two
     * people. */
    return v.agree && !conflict && !twins(&v) ? MATCH_POSSIBLE : MATCH_NONE;
}

enum match match_broad(const struct token_set *a, const struct token_set *b)
{
    struct verdict v;

    if (a->unborn != b->unborn)
        return MATCH_NONE;
    v = verdict_of(a, b);
    if (!(v.agree & (kinds_strong | KIND_BIT(TOKEN_NAME_DOB))))
        return MATCH_NONE;
    return v.disagree & kinds_strong ? MATCH_CONFLICT : MATCH_YES;
}
