/* SPDX-License-Identifier: Apache-2.0 */
/* tally.h - dated events about somebody, counted up to a day: is the state on, was there one in the
 * window, was there ever one.
 *
 * Pure: a backend says which events are about whom; this says what they come to. Source: data
 * README, "Insights" (state, window, ever). */
#pragma once
#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TALLY_KINDS_MAX 32
#define TALLY_WORD_MAX  64 /* bytes of a kind, with NUL */

enum tally_rule { TALLY_STATE = 1, TALLY_WINDOW, TALLY_EVER };
/* An event as the question sees it. */
enum tally_role { TALLY_NO_ROLE = 0, TALLY_START, TALLY_END };

struct tally_words { /* as configured; zeroed is empty */
    size_t n;
    char at[TALLY_KINDS_MAX][TALLY_WORD_MAX];
};
/* Return: 0; -ENOBUFS TALLY_KINDS_MAX are in it; -EINVAL empty, or TALLY_WORD_MAX bytes or more. */
ALM_MUST_USE int tally_words_add(struct tally_words *words, const char *word);
bool tally_words_have(const struct tally_words *words, const char *word);
/* The role of an event of this kind: a start before an end, where it is configured as both. */
enum tally_role tally_role_of(const struct tally_words *kinds, const struct tally_words *end_kinds,
                              const char *kind);

struct tally { /* one question about one person or home */
    enum tally_rule rule;
    int32_t window_days; /* TALLY_WINDOW only */
    int32_t as_of;
    bool any;                     /* a start, on or before as_of; in the window */
    int32_t last_start, last_end; /* CIVIL_NONE: none */
};
struct tally tally_new(enum tally_rule rule, int32_t window_days, int32_t as_of);
/* Events come in any order. One without a date (CIVIL_NONE) counts under TALLY_EVER alone: of the
 * others nobody can tell. */
void tally_add(struct tally *t, enum tally_role role, int32_t date);
/* "is the last one a start (an end comes before a start on the same day)?"; else: was there any. */
bool tally_holds(const struct tally *t);
