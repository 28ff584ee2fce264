/* SPDX-License-Identifier: Apache-2.0 */
/* bundles.h - where the policy commands get policies from: a folder of text, a compiled file, a
 * bundle in the broker's store by its hash, or the one in force. */
#pragma once
#include "analyse/matrix.h"
#include "compile/compile.h"
#include "engine/engine.h"
#include "officer.h"

#define BUNDLE_MAX (3u << 20) /* bytes: as base64 it fits one message of proto/local */

struct compiled {
    struct buf bytes;
    struct bundle *bundle;
    char hash[2 * POLICY_HASH_LEN + 1];
};
void compiled_deinit(struct compiled *c);
/* Policy text: every error is printed, with file and line. */
ALM_MUST_USE int policy_load(const struct officer_session *s, const char *path,
                             struct compiled *out);
/* Policy text, a file of compiled bytes, or, where no such file is, 64 hexadecimal digits: that
 * bundle of the broker's store. */
ALM_MUST_USE int policy_open(const struct officer_session *s, const char *what,
                             struct compiled *out);
/* The policy in force, from the broker. */
ALM_MUST_USE int policy_open_active(const struct officer_session *s, struct compiled *out);
/* Operand nth (from 2) or --active, exactly one of them. */
ALM_MUST_USE int policy_open_operand(const struct officer_session *s, size_t nth,
                                     struct compiled *out);
/* A domain over one or two policies with the session's filters; what a filter names must be known.
 */
ALM_MUST_USE int policy_domain(const struct officer_session *s, const struct bundle *a,
                               const struct bundle *b, struct domain **out);
/* matrix_new() with progress on standard error once it takes over two seconds. */
ALM_MUST_USE int policy_matrix(const struct officer_session *s, const struct domain *d,
                               struct matrix **out);
/* What every line of the matrix, a difference or a flip is in JSON. New references. */
json_t *json_line(const struct matrix *m, const struct line *l);
json_t *json_value(const struct domain *d, const struct value *v);
json_t *json_cell(const struct domain *d, const struct cell *c);
json_t *policy_summary(const struct compiled *c); /* name, hash, counts; policy.c */
/* A text that is not NUL-terminated, as JSON. */
json_t *json_buf(const struct buf *b);
