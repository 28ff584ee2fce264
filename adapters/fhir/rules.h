/* SPDX-License-Identifier: Apache-2.0 */
/* rules.h - the questions, answered from what the server says now. */
#pragma once
#include "almoner/adapter.h"
#include "fhir/client.h"

/* Writes out whole. Return: 0; -ENOMEM. */
ALM_MUST_USE int rules_answer(struct call *call, const struct alm_question *q,
                              struct alm_answer *out);
/* A household's question of the rules state, window and ever, for rules_answer alone (household.c).
 * *value: enum alm_value. Return: 0; FETCH_FAILED; -ENOMEM. */
struct fhir_question;
ALM_MUST_USE int rules_household(struct call *call, const struct fhir_question *config,
                                 const struct alm_question *q, uint8_t *value, bool *unclear);
/* Why this agency may ask. Return: 0; -EIO the server does not say; -ENOMEM. */
ALM_MUST_USE int rules_relationship(struct call *call, const struct alm_subject *s,
                                    struct alm_relationship *out);
