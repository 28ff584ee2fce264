/* SPDX-License-Identifier: Apache-2.0 */
/* tally.c - counting dated events. */
#include "lib/tally.h"

#include "base/bytes.h"
#include "base/clock.h"

#include <errno.h>
#include <string.h>

int tally_words_add(struct tally_words *words, const char *word)
{
    if (words->n == TALLY_KINDS_MAX)
        return -ENOBUFS;
    if (!*word || text_copy(words->at[words->n], TALLY_WORD_MAX, word) != 0)
        return -EINVAL;
    words->n++;
    return 0;
}

bool tally_words_have(const struct tally_words *words, const char *word)
{
    for (size_t i = 0; i < words->n; i++) {
        if (strcmp(words->at[i], word) == 0)
            return true;
    }
    return false;
}

enum tally_role tally_role_of(const struct tally_words *kinds, const struct tally_words *end_kinds,
                              const char *kind)
{
    if (tally_words_have(kinds, kind))
        return TALLY_START;
    return tally_words_have(end_kinds, kind) ? TALLY_END : TALLY_NO_ROLE;
}

struct tally tally_new(enum tally_rule rule, int32_t window_days, int32_t as_of)
{
    return (struct tally){ rule, window_days, as_of, false, CIVIL_NONE, CIVIL_NONE };
}

void tally_add(struct tally *t, enum tally_role role, int32_t date)
{
    bool undated = date == CIVIL_NONE;

    if (!undated && date > t->as_of) /* "Only records dated on or before the as-of day D count." */
        return;
    if (t->rule != TALLY_EVER && undated)
        return;
    /* In 64 bits: window and days come from outside. */
    if (t->rule == TALLY_WINDOW && (int64_t)t->as_of - date > t->window_days)
        return;
    if (role == TALLY_START && date > t->last_start)
        t->last_start = date;
    if (role == TALLY_END && date > t->last_end)
        t->last_end = date;
    t->any = t->any || role == TALLY_START;
}

bool tally_holds(const struct tally *t)
{
    if (t->rule == TALLY_STATE)
        return t->last_start != CIVIL_NONE && t->last_start >= t->last_end;
    return t->any;
}
