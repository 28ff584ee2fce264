/* SPDX-License-Identifier: Apache-2.0 */
/* index_face.h - the index's inside: rows as they were told, and the tokens that one key makes of
 * them. Only index.c and index_face.c include it. */
#pragma once
#include "lib/index.h"

#define FACE_NONE UINT32_MAX
#define TEXTS_MAX 4

struct texts { /* identifiers of one row, one allocation */
    char *all; /* NUL-terminated one after another; NULL when wiped */
    uint16_t at[TEXTS_MAX], len;
};
/* of: NULL stands for "". Return: 0 or -ENOMEM. */
ALM_MUST_USE int texts_keep(struct texts *t, const char *const of[static TEXTS_MAX]);
void texts_wipe(struct texts *t);
const char *texts_at(const struct texts *t, size_t i); /* "" when wiped */

struct home_entry {
    struct texts texts; /* address, postcode */
    bool has_token;
    int32_t shielded_from;
};
struct stay_entry {
    uint32_t home;
    int32_t from, until;
};
struct person_entry {
    struct texts texts; /* given, family, nhs, upn */
    int32_t born;
    bool unborn, asking_only;
    uint32_t n_stays;
    struct stay_entry *stays; /* in homes with a token, newest first once all is told */
};
struct index_people {
    struct person_entry *people;
    struct home_entry *homes;
    size_t n_people, n_homes;
};
size_t stays_used(const struct person_entry *e); /* those that a person is found by */

struct posting {
    uint32_t token, whose, next; /* token: place in the pool; next: in the same chain */
};
struct postings { /* chains by a token's first bytes */
    struct posting *at;
    uint32_t *heads;
    size_t n, cap, n_heads;
};
struct face_person {
    uint32_t own,
        stays; /* places in the pool: n_own tokens; TOKENS_AT_HOME a stay, as the stays lie */
    uint8_t n_own;
};
struct face {
    const struct tokens_key *key; /* scheme and epoch are read as long as the face lives */
    struct token *pool;
    size_t n_pool, cap_pool;
    uint32_t *homes; /* home -> place in the pool, or FACE_NONE */
    struct face_person *people;
    struct postings by_person, by_home;
    size_t homes_left, people_left;
    bool begun, ready;
    bool waiting; /* for tokens that are wanted: no use in trying before they are all there */
};
/* Tokens of at most `most` people or homes. Return: 0, ready is set after the last; -EAGAIN;
 * -errno. */
ALM_MUST_USE int face_step(struct face *f, const struct index_people *rows, size_t most);
void face_deinit(struct face *f);
/* Places in p->at of postings with this token, first told first; FACE_NONE: no more. */
uint32_t face_first(const struct face *f, const struct postings *p, const struct token *t);
uint32_t face_next(const struct face *f, const struct postings *p, uint32_t at);
