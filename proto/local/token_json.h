/* SPDX-License-Identifier: Apache-2.0 */
/* token_json.h - the match tokens of one person, or of one home, as a JSON object: what an agency's adapter makes
 * (`almoner subject tokens`) and an officer hands to the broker to search, hold or erase by.
 *
 *   {"almoner":"tokens/1", "mode":"live"|"exercise", "origin":.., "agency":.., "scheme":"hmac"|"oblivious", "epoch":N,
 *    "unborn":false, "tokens":[{"kind":"nhs", "scheme":"hmac", "epoch":N, "value":"<64 hex digits>"}, ...]}
 *
 * scheme and epoch outside the list are those of the key that was current; the list may have tokens of earlier keys too,
 * under which older records stand. Kinds by their names in proto/match. Of a person: no token of kind home; of a home: that
 * kind alone. Each key must be there, no other, nothing twice. Pure. */
#pragma once
#include "base/attr.h"
#include "match/token.h"
#include <jansson.h>
#include <stddef.h>

#define TOKEN_JSON_MAX      (3 * TOKEN_SET_MAX) /* tokens: of three keys */
#define TOKEN_JSON_TEXT_MAX 16384               /* bytes of such an object written compactly */

struct token_json {
    uint8_t mode; /* 1 live, 2 exercise */
    char origin[128], agency[64];
    uint8_t scheme; /* enum token_scheme */
    uint16_t epoch;
    bool unborn; /* the tokens are the mother's */
    uint8_t n;   /* 1 to TOKEN_JSON_MAX */
    struct token tokens[TOKEN_JSON_MAX];
};
/**
 * token_json_read() - strictly
 * @out: written whole when 0 is returned, else zeroed
 * @why: a sentence for people; it repeats no value
 * Return: 0; -EINVAL.
 */
ALM_MUST_USE int token_json_read(const json_t *o, struct token_json *out, char *why,
                                 size_t why_size);
/* New reference; NULL without memory, or if it is not what token_json_read would take. */
json_t *token_json_write(const struct token_json *in);
bool token_json_household(const struct token_json *in); /* of a home */
/* Whether one of its tokens is of this key. */
bool token_json_has_key(const struct token_json *in, uint8_t scheme, uint16_t epoch);
/* A person's tokens of one key, for comparing; out->n is 0 where there are none, or of a home. */
void token_json_set(const struct token_json *in, uint8_t scheme, uint16_t epoch,
                    struct token_set *out);
void token_json_wipe(struct token_json *t); /* for ALM_CLEANUP */
