/* SPDX-License-Identifier: Apache-2.0 */
/* inforce.h - what a reading needs of the policy in force and of what is recorded about somebody now. */
#pragma once
#include "engine/engine.h"
#include "reader.h"

/* The bundle in force. Return: 0; -ENOENT none; -errno. */
ALM_MUST_USE int inforce_bundle(struct store_txn *t, struct bundle **out);
/* Whether a shield, in force on this day, matches one of these tokens broadly or nearly: then what is recorded is not opened
 * without somebody's agreement. Tokens of the current key only: none of them, -EKEYREJECTED. Return: 0 or 1; negative. */
ALM_MUST_USE int inforce_shielded(struct store_txn *t, struct store *s, const struct token_set *set,
                                  int32_t day);
