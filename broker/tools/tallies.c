/* SPDX-License-Identifier: Apache-2.0 */
/* tallies.c - counts by key, with small numbers and what would reveal them hidden (DOMAIN.md
 * section 7: "cells <5 (parameter) suppressed with secondary suppression"). */
#include "policy_replay.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word, *phrase;
} flips[FLIP_COUNT] = {
    [FLIP_SAME] = { "same", "decided alike" },
    [FLIP_PERMITTED] = { "now-permitted", "refused then, permitted by the draft" },
    [FLIP_REFUSED] = { "now-refused", "permitted then, refused by the draft" },
    [FLIP_OTHER] = { "otherwise", "the same outcome, for another reason or asking others" },
    [FLIP_DEPENDS] = { "depends", "depends on facts that the clear part does not hold" },
    [FLIP_NOT] = { "not-replayed", "could not be replayed" },
};

const char *flip_word(enum flip f)
{
    return flips[f].word;
}

const char *flip_phrase(enum flip f)
{
    return flips[f].phrase;
}

int tallies_add(struct tallies *t, const char *key, enum flip f, uint64_t n)
{
    size_t i = 0;

    while (i < t->n && strcmp(t->at[i].key, key) != 0)
        i++;
    if (i == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 64;
        struct tally *at = realloc(t->at, cap * sizeof(*at));

        if (!at)
            return -ENOMEM;
        t->at = at;
        t->cap = cap;
    }
    if (i == t->n) {
        t->at[t->n] = (struct tally){ .n = { 0 } };
        (void)snprintf(t->at[t->n++].key, sizeof(t->at[i].key), "%s", key);
    }
    t->at[i].n[f] += n;
    return 0;
}

void tallies_deinit(struct tallies *t)
{
    free(t->at);
    *t = (struct tallies){ .at = NULL };
}

static void suppress_column(struct tallies *t, enum flip f)
{
    struct tally *next = NULL;
    size_t hidden = 0;

    for (size_t i = 0; i < t->n; i++) {
        uint64_t n = t->at[i].n[f];

        t->at[i].hidden[f] = n > 0 && n < SMALL_NUMBER;
        hidden += t->at[i].hidden[f];
        if (n >= SMALL_NUMBER && (!next || n < next->n[f]))
            next = &t->at[i];
    }
    if (hidden == 1 && next)
        next->hidden[f] = true;
}

void tallies_suppress(struct tallies *t)
{
    for (int f = 0; f < FLIP_COUNT; f++)
        suppress_column(t, (enum flip)f);
}

const char *tally_text(const struct tally *t, enum flip f, char out[static 24])
{
    if (t->hidden[f])
        (void)snprintf(out, 24, "%s", t->n[f] < SMALL_NUMBER ? "<5" : "*");
    else if (t->n[f])
        (void)snprintf(out, 24, "%llu", (unsigned long long)t->n[f]);
    else
        out[0] = '\0';
    return out;
}
