/* SPDX-License-Identifier: Apache-2.0 */
/* index.h - the people and homes of this agency, found by token: the only thing that turns tokens
 * back into local references.
 *
 * Built once per load from what a backend tells (it is an alm_sink), then immutable. Keeps tokens
 * and references, no identifiers. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"
#include "lib/tokens.h"

#define INDEX_HOMES_MAX                                                                            \
    10 /* homes of a person that make tokens, newest first: with 4 other tokens they fill a set */

struct index; /* opaque: index.c */
enum index_known { INDEX_UNKNOWN = 0, INDEX_ONE, INDEX_AMBIGUOUS };

/* key: borrowed until index_finish. */
ALM_MUST_USE int index_new(const struct tokens_key *key, struct index **out);
struct index *index_free(struct index *x);
void index_freep(struct index **x);
void index_sink(struct index *x, struct alm_sink *out); /* to be told people, homes and stays */
/* Sorts for finding and wipes every identifier. Return: 0 or -ENOMEM. */
ALM_MUST_USE int index_finish(struct index *x);

/**
 * index_find() - which of our people is this
 * @asking:  also people who only serve asking (alm_person.asking_only)
 * @person:  set for INDEX_ONE: a number for the functions below
 *
 * Return: INDEX_ONE when exactly one matches (match_strict), whatever else is merely possible;
 * INDEX_AMBIGUOUS when several match, or none does and one is possible or in conflict;
 * INDEX_UNKNOWN. Threads: pure. Source: DESIGN.md section 7, "possible, many, conflict are cannot
 * say".
 */
enum index_known index_find(const struct index *x, const struct token_set *subject, bool asking,
                            size_t *person);
size_t index_n_people(const struct index *x); /* asking_only ones left out */
const char *index_person_ref(const struct index *x, size_t person);
/* The person's own tokens, without those made from homes. */
void index_person_tokens(const struct index *x, size_t person, struct token_set *out);

struct index_home {                /* a person's stay in a home that has a token */
    struct token home, at_home[2]; /* TOKEN_HOME; NAME_POSTCODE and DOB_HOME */
    int32_t from, until, shielded_from;
};
/* Newest first. Return: how many of max were set. */
size_t index_person_homes(const struct index *x, size_t person, struct index_home *out, size_t max);
/* References of the homes with this token. Return: how many of max were set. */
size_t index_homes_find(const struct index *x, const struct token *home, const char **refs,
                        size_t max);
/* Whether a home of ours with this token, or with this reference (may be NULL), is shielded on the
 * day. */
bool index_home_shielded(const struct index *x, const struct token *home, const char *ref,
                         int32_t day);
bool index_home_known(const struct index *x, const char *ref,
                      const char **own); /* *own: our copy of the reference */
