/* SPDX-License-Identifier: Apache-2.0 */
/* ages.c - birthdays into days. */
#include "lib/ages.h"

#define AGE_SELF    16
#define AGE_GILLICK 12

static int32_t earlier(int32_t a, int32_t b) /* of two ends; CIVIL_NONE is no end */
{
    if (a == CIVIL_NONE || b == CIVIL_NONE)
        return a == CIVIL_NONE ? b : a;
    return a < b ? a : b;
}

void ages_able(uint8_t capacity, int32_t born, const struct ages_care *care, int32_t *from,
               int32_t *until)
{
    int32_t sixteen = civil_add_years(born, AGE_SELF);
    int32_t last_child_day = sixteen == CIVIL_NONE ? CIVIL_NONE : sixteen - 1;

    *from = *until = CIVIL_NONE;
    switch ((enum consent_capacity)capacity) {
    case CAPACITY_SELF:
        *from = sixteen;
        break;
    case CAPACITY_GILLICK:
        *from = civil_add_years(born, AGE_GILLICK);
        break;
    case CAPACITY_PARENT:
        *until = last_child_day;
        break;
    case CAPACITY_LOCAL_AUTHORITY:
        *from = care->from;
        *until = earlier(last_child_day, care->until);
        break;
    case CAPACITY_CARER_WITHOUT_PR: /* never able: the broker's rule says so, whatever the days */
        break;
    }
}
