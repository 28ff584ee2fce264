/* SPDX-License-Identifier: Apache-2.0 */
/* ages.h - on which days the giver of a consent is able, worked out here so that no birth date goes
 * to the broker. Pure. */
#pragma once
#include "wire/msg.h"

struct ages_care {       /* for a local authority's consent */
    int32_t from, until; /* first and last day looked after; CIVIL_NONE: not known, still */
};
/**
 * ages_able() - first and last day on which consent in this capacity stands, by the subject's birth
 * date
 * @from, @until: CIVIL_NONE where unbounded. until before from: never able.
 * Source: data README, "Consent": self at 16 or over; Gillick at 12 or over; a parent while the
 * subject is under 16; a local authority while under 16 and looked after. A birthday on 29 February
 * falls on 1 March in a common year (civil_add_years).
 */
void ages_able(uint8_t capacity, int32_t born, const struct ages_care *care, int32_t *from,
               int32_t *until);
