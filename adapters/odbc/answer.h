/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h - which statements a question puts, how often, and what their results come to together.
 */
#pragma once
#include "odbc/source.h"

/* See alm_backend.answer and .relate. until_ms: on the monotonic clock.
 * Return: 0, *out set; DB_LOST: the connection went, nothing is set, and asking again connects
 * anew; -ENOMEM. */
ALM_MUST_USE int answer_question(struct odbc_source *s, const struct alm_question *q,
                                 int64_t until_ms, struct alm_answer *out);
/* Also a trouble of db.h: our own source cannot say. */
ALM_MUST_USE int answer_relation(struct odbc_source *s, const struct alm_subject *subject,
                                 int64_t until_ms, struct alm_relationship *out);
