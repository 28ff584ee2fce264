/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.h - makes match tokens from identifiers: with the partnership's key (HMAC scheme), or by
 * way of the key holder (oblivious scheme).
 *
 * The one place where identifiers become tokens; comparing them is proto/match. The input is fixed
 * in adapters/README.md.
 *
 * Under the oblivious scheme a value is looked up in the key's memo. What is not there is noted as
 * wanted, and the maker returns -EAGAIN once it has noted all that it needs: fetch (lib/fetch), and
 * call it again. Under the HMAC scheme nothing ever returns -EAGAIN. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"
#include "base/crypto.h"
#include "match/token.h"

#define TOKENS_AT_HOME 4 /* what joins a person with one home */

struct memo;
struct tokens_key {
    struct secret key; /* TOKEN_HMAC: wiped by its owner */
    uint8_t scheme;    /* enum token_scheme; 0: which one is not known yet (-EAGAIN) */
    uint16_t epoch;    /* from 1 */
    struct memo *memo; /* TOKEN_OBLIVIOUS: borrowed; NULL: not there yet (-EAGAIN) */
};
bool tokens_key_is(const struct tokens_key *k,
                   const struct token *t); /* t is of k's scheme and epoch */

struct identity { /* of a person, as typed or as a row has it; "" is "not known" */
    const char *given, *family;
    int32_t born;
    const char *nhs, *upn;
    bool unborn; /* these are the mother's, the subject is her unborn child */
};

/* Adds unless it is there. Return: false when the set is full. */
bool token_set_add(struct token_set *s, const struct token *t);
/* All of a home's, or none. Return: false when they do not fit. */
bool token_set_add_home(struct token_set *s, const struct token at_home[static TOKENS_AT_HOME]);

/* Whether tokens can be made of it, without a key: the faults of the makers below. */
ALM_MUST_USE int tokens_identity_check(const struct identity *who);
ALM_MUST_USE int tokens_home_check(const char *address, const char *postcode);

/**
 * tokens_identity() - NAME_DOB, PHONETIC_DOB, GIVEN_DOB and each strong token known
 * @out: written whole. Return: ALM_OK; ALM_BAD_NAME, ALM_BAD_BORN, ALM_BAD_NHS, ALM_BAD_UPN;
 * -EAGAIN (oblivious: out lacks some); -errno. Threads: reentrant, but for the memo.
 */
ALM_MUST_USE int tokens_identity(const struct tokens_key *k, const struct identity *who,
                                 struct token_set *out);
/* A row whose names or birth date are not known, but a number is: it may be found by that, and
 * nobody asks or lodges with it. */
bool identity_number_alone(const struct identity *who);
/* Of a row in an index: as tokens_identity(), or the strong tokens alone of a number alone. */
ALM_MUST_USE int tokens_row(const struct tokens_key *k, const struct identity *who,
                            struct token_set *out);
ALM_MUST_USE int tokens_row_check(const struct identity *who);
/* A household's token. Only for an address with a postcode. Return: ALM_OK; ALM_BAD_ADDRESS,
 * ALM_BAD_POSTCODE; -EAGAIN; -errno. */
ALM_MUST_USE int tokens_home(const struct tokens_key *k, const char *address, const char *postcode,
                             struct token *out);
/* NAME_POSTCODE, DOB_HOME, DOB_POSTCODE and DOB_STREET: a person joined with a present or former
 * home. Return: as both above. */
ALM_MUST_USE int tokens_at_home(const struct tokens_key *k, const struct identity *who,
                                const char *address, const char *postcode,
                                struct token out[static TOKENS_AT_HOME]);
/**
 * tokens_origin() - the token of an event (a police log number), the same whichever agency names it
 * @text: as people write it: only letters and digits count, without case
 * @out: 32 bytes; keyed apart from every token of a person or home
 * Return: 0; ALM_BAD_NAME no letter or digit in it; -EAGAIN; -errno.
 */
ALM_MUST_USE int tokens_origin(const struct tokens_key *k, const char *text,
                               uint8_t out[static TOKEN_LEN]);
