/* SPDX-License-Identifier: Apache-2.0 */
/* token.h - match tokens: what stands for a person outside an adapter, and how sets of them
 * compare.
 *
 * Pure: no keys, no identifiers, no I/O. Making tokens from identifiers is adapters/lib/tokens. */
#pragma once
#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOKEN_LEN 32 /* bytes of a token's value */
/* Tokens about one person: five of their own, four for each of seven homes, and room for what an
 * asker knows otherwise. More would not fit the size to which questions are padded. */
#define TOKEN_SET_MAX 36

/* What each joins and weighs is in kinds.c, how identifiers become its parts in adapters/README.md.
 * Numbers are on the wire and in the store: never reuse one. 0 is refused everywhere. */
enum token_kind {
    TOKEN_NHS = 1,           /* strong */
    TOKEN_UPN = 2,           /* strong */
    TOKEN_NAME_DOB = 3,      /* both names and the birth date */
    TOKEN_PHONETIC_DOB = 4,  /* their sounds and the birth date */
    TOKEN_NAME_POSTCODE = 5, /* both names and the postcode of a present or former home */
    TOKEN_DOB_HOME = 6,      /* birth date, and number and postcode of a home */
    TOKEN_HOME = 7,          /* a household: the address alone; never part of a person's set */
    TOKEN_GIVEN_DOB = 8,     /* given names and birth date */
    TOKEN_DOB_POSTCODE = 9,  /* birth date and the postcode of a home */
    TOKEN_DOB_STREET = 10,   /* birth date and a home's address without its postcode */
    TOKEN_KIND_COUNT         /* not a kind */
};
struct token_kind_facts {
    const char *name, *joins; /* a word; what goes into it, for people to read */
    bool person;              /* may be part of a person's set */
    bool strong;        /* one number for one person: it decides, and where it differs it forbids */
    bool finds;         /* the broker finds consents and refusals by it */
    bool alone;         /* worth a doubt even where nothing else agrees */
    bool of_home;       /* made once for each home */
    uint8_t who, where; /* points of evidence; where > 0: may be the "one more" */
};
/* Never NULL: a number that is no kind has no weight and is part of no set. */
const struct token_kind_facts *token_kind_facts(uint8_t kind);
enum token_scheme { TOKEN_HMAC = 1, TOKEN_OBLIVIOUS = 2 };

struct token {
    uint8_t kind;   /* enum token_kind */
    uint8_t scheme; /* enum token_scheme */
    uint16_t epoch; /* of the scheme's key, from 1 */
    uint8_t value[TOKEN_LEN];
};

struct token_set { /* one person's tokens; unborn: the mother's tokens, about her unborn child */
    struct token tokens[TOKEN_SET_MAX];
    uint8_t n;
    bool unborn;
};

bool token_equal(const struct token *a, const struct token *b); /* constant time over the value */
bool token_kind_strong(uint8_t kind);

enum match {
    MATCH_NONE = 0,
    MATCH_POSSIBLE, /* something agrees, not enough: "cannot say" */
    MATCH_CONFLICT, /* would match, but a strong token of a shared kind disagrees: "cannot say" */
    MATCH_YES,
    MATCH_MANY,    /* of several records: more than one matches: "cannot say" */
    MATCH_OUTCOMES /* not an outcome */
};
const char *match_word(enum match m); /* "match", "none", "possible", "many", "conflict" */
/**
 * match_strict() - is it the same person, for a permit or an answer (DESIGN.md section 7)
 * MATCH_YES: a strong token agrees and none of the same kind disagrees, or NAME_DOB and one more
 * agree, or the kinds that agree weigh as much (README.md), and no strong kind that both hold
 * disagrees. A kind held several times agrees if any pair does; it disagrees if both hold it and no
 * pair agrees. Sets of different scheme or epoch, or one unborn and one not, never agree.
 * Return: never MATCH_MANY. Threads: pure.
 */
enum match match_strict(const struct token_set *a, const struct token_set *b);
/**
 * match_broad() - might it be the same person, for a prohibition
 * MATCH_YES: any strong token or NAME_DOB agrees; MATCH_CONFLICT: so, and another strong kind
 * disagrees. Never MATCH_POSSIBLE on phonetics alone: that is MATCH_NONE here. Unborn and born are
 * different subjects.
 */
enum match match_broad(const struct token_set *a, const struct token_set *b);
/**
 * match_near() - is it near enough that what is shielded about one must not be told of the other
 * True where the strict decision is anything but none and the broad one is no match: what is only
 * possible, and what is in conflict. Source: DESIGN.md section 7, "a near match to a shielded
 * record is quarantined".
 */
bool match_near(const struct token_set *a, const struct token_set *b);

/* One record asked about among several: each strict decision is counted, then the whole is one. */
struct match_tally {
    size_t n_match, n_possible, n_conflict; /* all 0 to begin with */
};
void match_count(struct match_tally *t, enum match m);
/* Return: MATCH_YES exactly one matches, whatever else is merely possible; MATCH_MANY; else
 * MATCH_CONFLICT, MATCH_POSSIBLE or MATCH_NONE. */
enum match match_of_tally(const struct match_tally *t);
