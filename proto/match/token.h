/* SPDX-License-Identifier: Apache-2.0 */
/* token.h - match tokens: what stands for a person outside an adapter, and how sets of them compare.
 *
 * Pure: no keys, no identifiers, no I/O. Making tokens from identifiers is adapters/lib/tokens. */
#pragma once
#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOKEN_LEN 32     /* bytes of a token's value */
#define TOKEN_SET_MAX 24 /* tokens about one person */

/* Numbers are on the wire and in the store: never reuse one. 0 is refused everywhere. */
enum token_kind {
    TOKEN_NHS = 1,           /* strong */
    TOKEN_UPN = 2,           /* strong */
    TOKEN_NAME_DOB = 3,      /* folded given name, family name and birth date */
    TOKEN_PHONETIC_DOB = 4,  /* phonetic given and family name and birth date: only ever "possible" */
    TOKEN_NAME_POSTCODE = 5, /* folded names and the postcode of a present or former home: the "one more" */
    TOKEN_DOB_HOME = 6,      /* birth date and a home's address */
    TOKEN_HOME = 7,          /* a household: the address alone; never part of a person's set */
};
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
};
/**
 * match_strict() - is it the same person, for a permit or an answer (DESIGN.md section 7)
 * MATCH_YES: a strong token agrees and none of the same kind disagrees, or NAME_DOB and one more agree (and no strong
 * kind that both hold disagrees).
 * A kind held several times agrees if any pair does; it disagrees if both hold it and no pair agrees.
 * Sets of different scheme or epoch, or one unborn and one not, never agree. Threads: pure.
 */
enum match match_strict(const struct token_set *a, const struct token_set *b);
/**
 * match_broad() - might it be the same person, for a prohibition
 * MATCH_YES: any strong token or NAME_DOB agrees; MATCH_CONFLICT: so, and another strong kind disagrees.
 * Never MATCH_POSSIBLE on phonetics alone: that is MATCH_NONE here. Unborn and born are different subjects.
 */
enum match match_broad(const struct token_set *a, const struct token_set *b);
