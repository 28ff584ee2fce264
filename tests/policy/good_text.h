/* SPDX-License-Identifier: Apache-2.0 */
/* good_text.h - small.policy with more groups in it, for the tests of those groups: what is good, for
 * each to spoil, and what a policy means that says nothing of them. */
#pragma once
#include "bad_text.h"
#include "fixture.h"
#include <stdio.h>

static char *good;

/* more: written after it; change: of its text first, NULL nothing. For a group's set-up. */
static inline int good_text(const struct bad *change, const char *more)
{
    char *small = small_policy(), *text = change ? bad_text(small, change) : NULL;

    if (asprintf(&good, "%s%s", text ? text : small, more) < 0)
        good = NULL;
    free(text);
    free(small);
    return good && crypto_init() == 0 ? 0 : -1;
}

static inline int good_text_free(void **state)
{
    (void)state;
    free(good);
    good = NULL;
    return 0;
}

static inline void small_means(void (*usual)(const struct bundle *b))
{
    char *small = small_policy();
    struct bundle *b = bundle_of(small);

    usual(b);
    bundle_free(b);
    free(small);
}
