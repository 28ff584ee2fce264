/* SPDX-License-Identifier: Apache-2.0 */
/* confine.h - what the core gives up once it is open: programs, other processes, and any network
 * but the descriptors it has. */
#pragma once
#include "base/attr.h"

/**
 * confine_enter() - a list of refused system calls, for ever
 *
 * A list of what is refused and not, as in the other processes, of what is allowed: the core maps
 * and syncs files through LMDB, and must not end over a call that a library's next version makes.
 * In sanitizer builds it prints event=sandbox-off and does nothing. Return: 0; -errno: the caller
 * must not go on.
 */
ALM_MUST_USE int confine_enter(void);
