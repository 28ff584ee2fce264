/* SPDX-License-Identifier: Apache-2.0 */
/* refs.h - references (short texts) numbered in the order in which they came: text to number and
 * back. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"

struct refs { /* zeroed is empty */
    char **texts;
    uint32_t *slots; /* open addressing; number + 1, 0 is free */
    size_t n, cap, n_slots;
};
void refs_deinit(struct refs *r);
/* Return: 0, *number set; ALM_REPEATED (*number is the earlier one's); ALM_BAD_REFERENCE empty or
 * ALM_REF_MAX or longer; -ENOMEM. */
ALM_MUST_USE int refs_add(struct refs *r, const char *text, size_t *number);
bool refs_find(const struct refs *r, const char *text, size_t *number);
const char *refs_at(const struct refs *r, size_t number); /* number < refs_count */
size_t refs_count(const struct refs *r);
