/* SPDX-License-Identifier: Apache-2.0 */
/* policy_explain.h - rows of the log read for their decisions, for explain and replay. */
#pragma once
#include "analyse/explain.h"
#include "bundles.h"

struct logged { /* a decision as its leaf's clear part has it; texts "" where it has none */
    int64_t leaf;
    char agency[64], role[64], purpose[64], question[64], basis[64], reason[64], policy[65];
    int32_t day;
    bool permitted;
    uint8_t telling; /* enum telling; 0: not said */
};
/* Return: 0 a decision; 1 another event, or one that was refused before it came to deciding. */
ALM_MUST_USE int logged_read(const json_t *row, struct logged *out);
/* A domain of that decision alone, over its own policy and, if b is not NULL, another: what the
 * clear part does not hold stays open. Return: 0; 1 an id that neither policy knows (*unknown says
 * which kind); -ENOMEM. */
ALM_MUST_USE int logged_domain(const struct logged *l, const struct bundle *a,
                               const struct bundle *b, struct domain **out, const char **unknown);
void logged_recorded(const struct logged *l, struct recorded *out);
