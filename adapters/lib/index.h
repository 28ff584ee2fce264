/* SPDX-License-Identifier: Apache-2.0 */
/* index.h - the people and homes of this agency, found by token: the only thing that turns tokens
 * back into local references.
 *
 * Told once per load by a backend (it is an alm_sink), then built in bounded steps for each token
 * key in use (two or three while keys rotate), then immutable. Keeps identifiers until every key is
 * done; after that tokens and references. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"
#include "lib/tokens.h"

/* Homes of a person that make tokens, newest first: with the person's own five they fill a set. */
#define INDEX_HOMES_MAX 7

#define INDEX_KEYS_MAX 3 /* current, next, previous */
#define INDEX_MORE     1 /* of index_step */

struct index; /* opaque: index.c */
/* proto/match's words for several records, and one of our own. */
enum index_known {
    INDEX_UNKNOWN = MATCH_NONE,
    INDEX_POSSIBLE = MATCH_POSSIBLE,
    INDEX_CONFLICT = MATCH_CONFLICT,
    INDEX_ONE = MATCH_YES,
    INDEX_MANY = MATCH_MANY,
    INDEX_NOT_READY = MATCH_OUTCOMES
};
/* Neither one of our people nor nobody: "cannot say". */
static inline bool index_ambiguous(enum index_known k)
{
    return k == INDEX_POSSIBLE || k == INDEX_CONFLICT || k == INDEX_MANY;
}

/* key: borrowed until index_step returns 0, or index_drop_key. */
ALM_MUST_USE int index_new(const struct tokens_key *key, struct index **out);
struct index *index_free(struct index *x);
void index_freep(struct index **x);
/* Another epoch's, after the first in order. Return: 0; -EEXIST; -ENOSPC; -EBUSY the identifiers
 * are wiped: load again. */
ALM_MUST_USE int index_add_key(struct index *x, const struct tokens_key *key);
/* Forgets what was built for it; the key's memo may go. */
void index_drop_key(struct index *x, uint8_t scheme, uint16_t epoch);
void index_sink(struct index *x, struct alm_sink *out); /* to be told people, homes and stays */

/**
 * index_step() - after all is told: makes tokens of at most `most` people and homes, key after key
 * Return: 0 every key is done, and every identifier wiped; INDEX_MORE; -EAGAIN tokens are wanted in
 * the memo of a key: fetch them, then call again; -ENOMEM; -errno.
 */
ALM_MUST_USE int index_step(struct index *x, size_t most);
/* All steps at once. Return: 0; -EAGAIN as above, to be called again; -ENOMEM; -errno. */
ALM_MUST_USE int index_finish(struct index *x);
/* Whether people can be looked up by tokens of this key. */
bool index_ready(const struct index *x, const struct tokens_key *key);
/* Likewise by this token of a question: where not, "cannot say" and never "no". */
bool index_ready_for(const struct index *x, const struct token *t);
bool index_done(const struct index *x); /* every key is, and identifiers are wiped */
struct index_progress {
    size_t done, all; /* people and homes */
};
struct index_progress index_progress(const struct index *x, const struct tokens_key *key);

/**
 * index_find() - which of our people is this
 * @asking:  also people who only serve asking (alm_person.asking_only)
 * @person:  set for INDEX_ONE: a number for the functions below
 *
 * Return: INDEX_ONE when exactly one matches (match_strict), whatever else is merely possible;
 * INDEX_MANY when several do, or so many share a token that nobody looks; else INDEX_CONFLICT,
 * INDEX_POSSIBLE or INDEX_UNKNOWN (match_of_tally); INDEX_NOT_READY nothing can be said yet of
 * tokens of this scheme and epoch. Threads: pure. Source: DESIGN.md section 7, "possible, many,
 * conflict are cannot say".
 */
enum index_known index_find(const struct index *x, const struct token_set *subject, bool asking,
                            size_t *person);
size_t index_n_people(const struct index *x); /* asking_only ones left out */
const char *index_person_ref(const struct index *x, size_t person);
/* The person's own tokens, without those made from homes. Empty when the key is not ready. */
void index_person_tokens(const struct index *x, const struct tokens_key *key, size_t person,
                         struct token_set *out);

struct index_home {                             /* a person's stay in a home that has a token */
    struct token home, at_home[TOKENS_AT_HOME]; /* TOKEN_HOME; what joins them */
    int32_t from, until, shielded_from;
};
/* Newest first. Return: how many of max were set; 0 when the key is not ready. */
size_t index_person_homes(const struct index *x, const struct tokens_key *key, size_t person,
                          struct index_home *out, size_t max);
/* References of the homes with this token. Return: how many of max were set. */
size_t index_homes_find(const struct index *x, const struct token *home, const char **refs,
                        size_t max);
/* Whether a home of ours with this token, or with this reference (may be NULL), is shielded on the
 * day. True also when nothing can be said yet of tokens of this scheme and epoch. */
bool index_home_shielded(const struct index *x, const struct token *home, const char *ref,
                         int32_t day);
bool index_home_known(const struct index *x, const char *ref,
                      const char **own); /* *own: our copy of the reference */
