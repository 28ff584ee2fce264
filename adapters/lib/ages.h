/* SPDX-License-Identifier: Apache-2.0 */
/* ages.h - on which days the giver of a consent is able, worked out here so that no birth date goes
 * to the broker. Pure. */
#pragma once
#include "wire/msg.h"

#define AGES_CAPACITIES (CAPACITY_BEST_INTERESTS + 1)

struct ages_rule { /* of the subject, in years; before 0: no upper end */
    uint8_t from, before;
};
/* By enum consent_capacity. Used where the partnership's policy has not told its own. */
extern const struct ages_rule ages_usual[AGES_CAPACITIES];

struct ages_care {
    int32_t from,
        until;     /* a care order's first and last day; CIVIL_NONE: none or not known, still */
    bool own_only; /* a care leaver, or somebody with a learning disability: to 25 nobody consents
                      for them */
};
/**
 * ages_able() - first and last day on which consent in this capacity stands, by the birth date of
 * the subject (of an unborn child: of its mother, who alone gives it)
 * @rules: AGES_CAPACITIES of them
 * @from, @until: CIVIL_NONE where unbounded. until before from: never able.
 * Source: DOMAIN.md section 2: "18+ themselves if capacity, else attorney/deputy or best-interests
 * record; 16-17 themselves; ... On the 16th and 18th birthday parental consent lapses; re-seek.
 * Care leavers/LD to 25 only with their own consent (ContactPoint rule). A local authority consents
 * only with a care order." A birthday on 29 February falls on 1 March in a common year
 * (civil_add_years).
 */
void ages_able(const struct ages_rule *rules, uint8_t capacity, int32_t born,
               const struct ages_care *care, int32_t *from, int32_t *until);
