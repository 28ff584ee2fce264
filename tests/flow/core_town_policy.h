/* SPDX-License-Identifier: Apache-2.0 */
/* core_town_policy.h - the town's policy as compiled bytes. */
#pragma once
#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

#define TOWN_GRACE 14 /* days past a consent's review */
/* The next policy lists wordings ("w-1" is approved now), and asks for a witness of what is spoken. */
extern bool town_strict_consent;
/* Whoever wants more of the next policy changes its layout here; the town forgets it at its end. */
struct layout;
extern void (*town_policy_more)(struct layout *l);

/* What the next policy limits and asks for; zeroes: nothing. */
extern struct town_extras {
    uint32_t practitioner, agency, subject; /* permitted questions of a day */
    uint16_t pin_days;                      /* of "plan" */
    uint32_t conditions;                    /* of the duty: enum gateway_condition */
    bool households;                        /* "strain" and its factors may be asked about them */
} town_extras;
void town_policy(struct buf *out);
