/* SPDX-License-Identifier: Apache-2.0 */
/* linter.h - inside the analysis only: what the parts of the lint share. */
#pragma once
#include "analyse/lint.h"
#include "base/attr.h"

struct linter {
    const struct matrix *m;
    const struct bundle *b;
    int32_t today;
    struct lints *out;
    int status; /* sticky */
};
ALM_PRINTF(4, 5)
void lint_add(struct linter *x, enum lint_kind kind, const char *id, const char *fmt, ...);
/* Marks the positions of an axis in lines that permit and ask somebody; with a purpose, only its
 * lines. */
void lint_permitted(const struct matrix *m, enum axis a, uint16_t purpose, bool *out);
/* lint_casework.c: thresholds, categories, needs, services, referrals. */
void lint_casework(struct linter *x);
/* lint_tokens.c: the keyholder, and desks. */
void lint_tokens(struct linter *x);
/* lint_oversight.c: witnesses, retention. */
void lint_oversight(struct linter *x);
