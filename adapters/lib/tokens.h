/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.h - makes match tokens from identifiers, with the partnership's key (HMAC scheme).
 *
 * The one place where identifiers become tokens; comparing them is proto/match. The input is fixed
 * in adapters/README.md. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"
#include "base/crypto.h"
#include "match/token.h"

struct tokens_key {
    struct secret key; /* wiped by its owner */
    uint8_t scheme;    /* TOKEN_HMAC */
    uint16_t epoch;    /* from 1 */
};

struct identity { /* of a person, as typed or as a row has it; "" is "not known" */
    const char *given, *family;
    int32_t born;
    const char *nhs, *upn;
    bool unborn; /* these are the mother's, the subject is her unborn child */
};

/* Adds unless it is there. Return: false when the set is full. */
bool token_set_add(struct token_set *s, const struct token *t);

/**
 * tokens_identity() - NAME_DOB, PHONETIC_DOB and each strong token known
 * @out: written whole. Return: ALM_OK; ALM_BAD_NAME, ALM_BAD_BORN, ALM_BAD_NHS, ALM_BAD_UPN;
 * -errno. Threads: reentrant.
 */
ALM_MUST_USE int tokens_identity(const struct tokens_key *k, const struct identity *who,
                                 struct token_set *out);
/* A household's token. Only for an address with a postcode. Return: ALM_OK; ALM_BAD_ADDRESS,
 * ALM_BAD_POSTCODE; -errno. */
ALM_MUST_USE int tokens_home(const struct tokens_key *k, const char *address, const char *postcode,
                             struct token *out);
/* NAME_POSTCODE and DOB_HOME: a person joined with a present or former home. Return: as both above.
 */
ALM_MUST_USE int tokens_at_home(const struct tokens_key *k, const struct identity *who,
                                const char *address, const char *postcode,
                                struct token out[static 2]);
/**
 * tokens_origin() - the token of an event (a police log number), the same whichever agency names it
 * @text: as people write it: only letters and digits count, without case
 * @out: 32 bytes; keyed apart from every token of a person or home
 * Return: 0; ALM_BAD_NAME no letter or digit in it; -errno.
 */
ALM_MUST_USE int tokens_origin(const struct tokens_key *k, const char *text, uint8_t out[static TOKEN_LEN]);
