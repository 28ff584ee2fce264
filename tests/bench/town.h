/* SPDX-License-Identifier: Apache-2.0 */
/* town.h - the town of the measurements: agencies, people and a policy that follow from numbers, so
 * that who grows the store and who asks need to tell each other nothing.
 *
 * Agencies 0 to TOWN_ASKERS - 1 ask, the next TOWN_HOLDERS are asked, more only keep a connection.
 * A rule is a question that a purpose lists: TOWN_PURPOSES times TOWN_QUESTIONS of them. */
#pragma once
#include "base/bytes.h"
#include "base/crypto.h"
#include "match/token.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOWN_ORIGIN    "bench.example/almoner"
#define TOWN_ASKERS    4
#define TOWN_HOLDERS   50
#define TOWN_AGENCIES  (TOWN_ASKERS + TOWN_HOLDERS) /* with a part in the work */
#define TOWN_MOST      512                          /* agencies of a policy */
#define TOWN_PURPOSES  10  /* of insights: the odd ones rest on consent */
#define TOWN_QUESTIONS 100 /* each of one holder */
#define TOWN_TOKENS    7   /* of a person */
#define TOWN_NAME      16
#define TOWN_FROM      18000 /* civil days on which everything is in force */
#define TOWN_UNTIL     60000

struct town_agency {
    char name[TOWN_NAME];
    uint8_t curve_public[32], curve_secret[32];
    struct secret sign;
    uint8_t sign_public[SIGN_PUBLIC_LEN];
};
/* Return: 0, or -EIO: the libraries failed. */
ALM_MUST_USE int town_agency_at(unsigned i, struct town_agency *out);
void town_agency_name(unsigned i, char out[static TOWN_NAME]);

/* Half the people have consented: the even ones, each to one purpose. */
unsigned town_purpose_of(uint64_t person); /* under which they may be asked about */
void town_purpose_name(unsigned i, char out[static TOWN_NAME]);
void town_question_name(unsigned i, char out[static TOWN_NAME]);
unsigned town_holder_of(unsigned question); /* the agency that is asked */
void town_token_value(uint64_t person, unsigned k, uint8_t out[static TOKEN_LEN]);
void town_person(uint64_t person, struct token_set *out);
uint64_t town_mix(uint64_t n); /* splitmix64: scatters a counter */

struct town_shape {
    unsigned agencies; /* at least TOWN_AGENCIES */
    unsigned hubs;     /* of the holders, the first ones: firings come to them */
    uint16_t within_days; /* of a relationship, for purposes that rest on consent; 0: none is wanted */
};
/* Appends the compiled policy. Return: 0; -ENOMEM; -errno. */
ALM_MUST_USE int town_policy(const struct town_shape *shape, struct buf *out);
