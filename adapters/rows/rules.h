/* SPDX-License-Identifier: Apache-2.0 */
/* rules.h - what the rows say to a question, and why this agency may ask one. Pure: rows in, answer
 * out. */
#pragma once
#include "rows/rows.h"

/* See alm_backend.answer and .relate. Source: data README, "Insights" and "Order of checks", 6. */
void rules_answer(const struct alm_rows *rows, const struct alm_question *q,
                  struct alm_answer *out);
void rules_relationship(const struct alm_rows *rows, const struct alm_subject *s,
                        struct alm_relationship *out);
/* The day up to which the rows are complete, as told on this day. */
int32_t rules_data_day(const struct alm_rows *rows, int32_t today);
/* See alm_backend.describe. */
void rules_describe(const struct alm_rows *rows, struct alm_state *out);
