/* SPDX-License-Identifier: Apache-2.0 */
/* policy_diff.h - the difference of two policies as groups that an officer can acknowledge. */
#pragma once
#include "bundles.h"

#define DIFF_ID_TEXT 13 /* twelve hexadecimal digits and NUL */

struct diff {
    struct domain *d;
    struct matrix *m;          /* a line is a group */
    char (*ids)[DIFF_ID_TEXT]; /* by line */
    json_t *changed;           /* changes.h */
    size_t groups[EFFECT_COUNT];
    double cells[EFFECT_COUNT];
};
ALM_MUST_USE int diff_new(const struct officer_session *s, const struct bundle *a,
                          const struct bundle *b, struct diff *out);
void diff_deinit(struct diff *f);
/* from, to: hashes */
ALM_MUST_USE int diff_print(const struct officer_session *s, const struct diff *f, const char *from,
                            const char *to);
