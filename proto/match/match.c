/* SPDX-License-Identifier: Apache-2.0 */
/* match.c - whether two sets of tokens are the same person: the one decision that adapters and
 * broker share.
 *
 * Must not know identifiers, keys or where a set came from. */
#include "match/token.h"

#include "base/crypto.h"

#define KIND_BIT(kind) (1u << (kind))

/* Points of evidence (kinds.c). Names that are surely one person's; the least that may stand for
 * them where a home says the rest; a home; and what both must come to together. */
#define WHO_SURE    6
#define WHO_LEAST   4
#define WHERE_LEAST 2
#define BOTH_LEAST  8

/* What the kinds say of two people. A kind not held by both under one scheme and epoch says
 * nothing. */
struct verdict {
    unsigned agree, disagree; /* bits by kind */
    unsigned who, where;      /* points of the kinds that agree */
    bool strong, differs;     /* a strong kind agrees; one that both hold does not */
    bool alone;               /* a kind agrees that is worth a doubt by itself */
};

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
    return token_kind_facts(t->kind)->person;
}

static size_t token_set_len(const struct token_set *s)
{
    return s->n < TOKEN_SET_MAX ? s->n : TOKEN_SET_MAX;
}

static void verdict_weigh(struct verdict *v)
{
    for (uint8_t kind = 1; kind < TOKEN_KIND_COUNT; kind++) {
        const struct token_kind_facts *f = token_kind_facts(kind);

        v->differs = v->differs || (f->strong && v->disagree & KIND_BIT(kind));
        if (!(v->agree & KIND_BIT(kind)))
            continue;
        v->strong = v->strong || f->strong;
        v->alone = v->alone || f->alone;
        v->who += f->who;
        v->where += f->where;
    }
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
    verdict_weigh(&v);
    return v;
}

/* Names that are one person's, at one home: the "one more" of NAME_DOB, or as much in its place. */
static bool verdict_enough(const struct verdict *v)
{
    return v->who >= WHO_LEAST && v->where >= WHERE_LEAST && v->who + v->where >= BOTH_LEAST;
}

/* Something agrees, and what does is not what two people of one family or street have in common:
 * one birth date at one home, under names that do not even sound alike, is twins. Were that
 * "possible", a holder that knows one twin could never say no about the other. */
static bool verdict_doubt(const struct verdict *v)
{
    if (v->alone || (v->who && v->where))
        return true;
    return v->where && !(v->disagree & KIND_BIT(TOKEN_PHONETIC_DOB));
}

enum match match_strict(const struct token_set *a, const struct token_set *b)
{
    struct verdict v;

    if (a->unborn != b->unborn)
        return MATCH_NONE;
    v = verdict_of(a, b);
    if (v.strong)
        return v.differs ? MATCH_CONFLICT : MATCH_YES;
    if (v.agree & KIND_BIT(TOKEN_NAME_DOB) || (verdict_enough(&v) && v.who >= WHO_SURE)) {
        if (v.differs)
            return MATCH_CONFLICT;
        return verdict_enough(&v) ? MATCH_YES : MATCH_POSSIBLE;
    }
    /* Twins, or a family that adopted: with different strong tokens they are two people. */
    if (v.differs)
        return MATCH_NONE;
    if (verdict_enough(&v))
        return MATCH_YES;
    return verdict_doubt(&v) ? MATCH_POSSIBLE : MATCH_NONE;
}

enum match match_broad(const struct token_set *a, const struct token_set *b)
{
    struct verdict v;

    if (a->unborn != b->unborn)
        return MATCH_NONE;
    v = verdict_of(a, b);
    if (!v.strong && !(v.agree & KIND_BIT(TOKEN_NAME_DOB)))
        return MATCH_NONE;
    return v.differs ? MATCH_CONFLICT : MATCH_YES;
}

bool match_near(const struct token_set *a, const struct token_set *b)
{
    enum match m = match_strict(a, b);

    if (match_broad(a, b) == MATCH_YES)
        return false;
    /* Held apart by no number and told apart by no name: the broad decision has no word for it. */
    return m != MATCH_NONE;
}

void match_count(struct match_tally *t, enum match m)
{
    t->n_match += m == MATCH_YES;
    t->n_conflict += m == MATCH_CONFLICT;
    t->n_possible += m == MATCH_POSSIBLE;
}

enum match match_of_tally(const struct match_tally *t)
{
    if (t->n_match)
        return t->n_match == 1 ? MATCH_YES : MATCH_MANY;
    if (t->n_conflict)
        return MATCH_CONFLICT;
    return t->n_possible ? MATCH_POSSIBLE : MATCH_NONE;
}

const char *match_word(enum match m)
{
    static const char *const words[MATCH_OUTCOMES] = {
        [MATCH_NONE] = "none", [MATCH_POSSIBLE] = "possible", [MATCH_CONFLICT] = "conflict",
        [MATCH_YES] = "match", [MATCH_MANY] = "many",
    };

    return (unsigned)m < MATCH_OUTCOMES ? words[m] : "unknown";
}
