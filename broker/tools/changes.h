/* SPDX-License-Identifier: Apache-2.0 */
/* changes.h - what two policies say differently without deciding differently: words, contact
 * routes, look-back, what a composite or a threshold counts. */
#pragma once
#include "engine/engine.h"
#include <jansson.h>

/* [{"kind","id","key","before","after"}, ...]; before or after null where the entry is new or gone.
 * New reference; NULL without memory. */
json_t *changes_of(const struct bundle *a, const struct bundle *b);
