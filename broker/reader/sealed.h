/* SPDX-License-Identifier: Apache-2.0 */
/* sealed.h - a record's sealed part as its writer laid it out (broker/core/record.c), read for officers: what was answered and who
 * asked, never a token. Pure. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include "match/token.h"
#include <jansson.h>
#include <stdbool.h>

enum sealed_what {
    SEALED_ASKER = 1, /* practitioner, login, case */
    SEALED_CLAIM = 2, /* the reason of a self-claimed relationship, or another text of the practitioner's */
    SEALED_ALL = 7    /* answers, statements, ids, words of a family report as well */
};
/**
 * sealed_json() - what is asked for of it, by name; blocks of a newer writer are passed over
 * @involvement: the question was who is involved: what was told is a list, not a value
 * Return: a new reference; NULL without memory, or when it is no sealed part.
 */
json_t *sealed_json(struct bytes plain, enum sealed_what what, bool involvement);
/* Each set of tokens in it, in order. visit: 0 to go on, else what is returned. Return: 0; -EBADMSG;
 * visit's. */
typedef int sealed_tokens_visit(void *ctx, const struct token_set *set);
ALM_MUST_USE int sealed_tokens(struct bytes plain, sealed_tokens_visit *visit, void *ctx);
/* The agencies that are recorded as asked and did not answer, appended to list. Return: 0; -EBADMSG. */
ALM_MUST_USE int sealed_silent(struct bytes plain, json_t *list);
