/* SPDX-License-Identifier: Apache-2.0 */
/* ages.c - birthdays into days. */
#include "lib/ages.h"

#define AGE_OWN_ONLY 25 /* until then a care leaver's own consent is the only one */

const struct ages_rule ages_usual[AGES_CAPACITIES] = {
    [CAPACITY_SELF] = { 16, 0 },
    [CAPACITY_GILLICK] = { 12, 0 },
    [CAPACITY_PARENT] = { 0, 16 },
    [CAPACITY_CARER_WITHOUT_PR] = { 0, 0 }, /* never able: the broker says so, whatever the days */
    [CAPACITY_LOCAL_AUTHORITY] = { 0, 16 },
    [CAPACITY_ATTORNEY] = { 18, 0 },
    [CAPACITY_DEPUTY] = { 18, 0 },
    [CAPACITY_BEST_INTERESTS] = { 18, 0 },
};

static int32_t earlier(int32_t a, int32_t b) /* of two ends; CIVIL_NONE is no end */
{
    if (a == CIVIL_NONE || b == CIVIL_NONE)
        return a == CIVIL_NONE ? b : a;
    return a < b ? a : b;
}

static int32_t later(int32_t a, int32_t b) /* of two beginnings */
{
    if (a == CIVIL_NONE || b == CIVIL_NONE)
        return a == CIVIL_NONE ? b : a;
    return a > b ? a : b;
}

static int32_t birthday(int32_t born, unsigned age)
{
    return age ? civil_add_years(born, (int)age) : CIVIL_NONE;
}

static int32_t day_before(int32_t day)
{
    return day == CIVIL_NONE ? CIVIL_NONE : day - 1;
}

static bool for_another_adult(uint8_t capacity)
{
    return capacity == CAPACITY_ATTORNEY || capacity == CAPACITY_DEPUTY ||
           capacity == CAPACITY_BEST_INTERESTS;
}

void ages_able(const struct ages_rule *rules, uint8_t capacity, int32_t born,
               const struct ages_care *care, int32_t *from, int32_t *until)
{
    *from = *until = CIVIL_NONE;
    if (capacity == 0 || capacity >= AGES_CAPACITIES)
        return;
    *from = birthday(born, rules[capacity].from);
    *until = day_before(birthday(born, rules[capacity].before));
    if (capacity == CAPACITY_LOCAL_AUTHORITY) {
        *from = later(*from, care->from);
        *until = earlier(*until, care->until);
    }
    if (care->own_only && for_another_adult(capacity))
        *from = later(*from, birthday(born, AGE_OWN_ONLY));
}
