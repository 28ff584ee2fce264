/* SPDX-License-Identifier: Apache-2.0 */
/* compose.h - the least that helps: from holders' answers to a reply. Pure. */
#pragma once
#include "engine/engine.h"
#include "pending.h"
#include "wire/msg.h"

struct heard { /* what one holder of the fresh decision has said */
    bool answered;
    uint8_t value;      /* enum answer_value */
    uint8_t visibility; /* enum holder_visibility; involvement only */
    const struct policy_agency *agency;
    const struct involved_detail *detail; /* NULL unless an involvement's YES */
};
/* It has answered, and can say. */
bool compose_counts(const struct heard *h);
/* DESIGN.md promise 4: all, most, some or none of the holders that the protocol lists, whoever was
 * asked. */
uint8_t compose_completeness(uint16_t n_answered, uint16_t n_listed);
/**
 * compose_insight() - yes, no or cannot say
 * @unknown_cannot_say: not knowing the person is then no "no" (residence questions)
 */
void compose_insight(const struct heard *heard, uint16_t n, uint16_t n_listed,
                     bool unknown_cannot_say, struct msg_insight *out);
/* The named, sorted by agency id; the sensitive as one flag. */
void compose_involvement(const struct heard *heard, uint16_t n, uint16_t n_listed, int32_t day,
                         struct msg_involvement *out);
uint8_t compose_since_band(int32_t since, int32_t day); /* enum since_band */
