/* SPDX-License-Identifier: Apache-2.0 */
/* lint.h - what a policy that compiles may still have wrong: rules that nothing can reach, parts
 * that nothing uses, gaps in the law, and protocols due for review. */
#pragma once
#include "analyse/matrix.h"

#define LINT_TEXT       400
#define LINT_REVIEW_DAY 90 /* days before a review date from which it is near */

enum lint_kind {
    LINT_PROTOCOL,
    LINT_GATEWAY,
    LINT_PURPOSE,
    LINT_QUESTION,
    LINT_AGENCY,
    LINT_ROLE,
    LINT_SERVICE,
    LINT_NEED,
    LINT_CATEGORY,
    LINT_REFERRALS,
    LINT_OVERSIGHT
};
struct lint {
    enum lint_kind kind;
    char id[64], text[LINT_TEXT];
};
struct lints {
    struct lint *at;
    size_t n, cap;
};
/**
 * lint_policy() - look through a policy
 * @m:     its whole matrix
 * @today: civil day, for review dates and protocols that have ended
 * Return: 0 or -ENOMEM.
 */
ALM_MUST_USE int lint_policy(const struct matrix *m, int32_t today, struct lints *out);
void lints_deinit(struct lints *l);
