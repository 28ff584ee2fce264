/* SPDX-License-Identifier: Apache-2.0 */
/* policy_replay.h - counting flips, and showing the counts so that few cannot be picked out. */
#pragma once
#include "bundles.h"

#define SMALL_NUMBER 5 /* counts below it, but zero, are not shown */

enum flip {
    FLIP_SAME,
    FLIP_PERMITTED,
    FLIP_REFUSED,
    FLIP_OTHER,
    FLIP_DEPENDS,
    FLIP_NOT,
    FLIP_COUNT
};
const char *flip_word(enum flip f);   /* "now-permitted" */
const char *flip_phrase(enum flip f); /* what it means, for people */

struct tally {
    char key[96];
    uint64_t n[FLIP_COUNT];
    bool hidden[FLIP_COUNT]; /* not to be shown */
};
struct tallies {
    struct tally *at;
    size_t n, cap;
};
ALM_MUST_USE int tallies_add(struct tallies *t, const char *key, enum flip f, uint64_t n);
void tallies_deinit(struct tallies *t);
/**
 * tallies_suppress() - hide counts of 1 to 4, and in a column where only one is hidden the next
 * smallest too, since the total would tell it
 */
void tallies_suppress(struct tallies *t);
/* "12", "" for none, "<5", or "*" for one hidden so that another cannot be worked out */
const char *tally_text(const struct tally *t, enum flip f, char out[static 24]);
