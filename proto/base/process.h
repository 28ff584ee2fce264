/* SPDX-License-Identifier: Apache-2.0 */
/* process.h - a process that holds people's data or keys leaves nothing of its memory behind. */
#pragma once
#include "base/attr.h"

/* No core file, neither of our own nor by the system's collector, and no other process of this user may
 * look in. Undone by exec: called first of all in main. A sanitizer's build stays traceable, for its leak
 * checker traces its own process. Return: 0; -errno of what failed (the other is done all the same). */
ALM_MUST_USE int process_private(void);
