/* SPDX-License-Identifier: Apache-2.0 */
/* process.c - see process.h.
 *
 * RLIMIT_CORE alone is not enough: the kernel disregards it where core_pattern is a pipe, so that a
 * crash would lie in the collector's folder for weeks (core(5)). */
#include "base/process.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>

int process_private(void)
{
    static const struct rlimit none = { 0, 0 };
    int r = setrlimit(RLIMIT_CORE, &none) ? -errno : 0;

#ifndef ALM_SANITIZED
    if (prctl(PR_SET_DUMPABLE, 0))
        r = -errno;
#endif
    return r;
}
