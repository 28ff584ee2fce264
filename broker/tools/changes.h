/* SPDX-License-Identifier: Apache-2.0 */
/* changes.h - what two policies say differently without deciding differently: words, contact
 * routes, look-back, what a composite or a threshold counts. */
#pragma once
#include "engine/engine.h"
#include <jansson.h>

#define CHANGE_GROUP_TEXT 12 /* digits of a group's id */

/* [{"kind","id","key","before","after","group"}, ...]; before or after null where the entry is new
 * or gone; group, an id to acknowledge, where the change is of a term and not of a word: what a
 * threshold counts, a service, a limit. New reference; NULL without memory. */
json_t *changes_of(const struct bundle *a, const struct bundle *b);
/* How long each class is kept: an object of days. NULL when short of memory. */
json_t *changes_retention(const struct bundle *b);
