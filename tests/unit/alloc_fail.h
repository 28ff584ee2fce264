/* SPDX-License-Identifier: Apache-2.0 */
/* alloc_fail.h - makes one allocation of the code under test fail. Link with dep_alloc_fail, which
 * wraps malloc, calloc, realloc and strdup of our own objects; libraries' own allocations are not
 * touched. */
#pragma once
#include <stdbool.h>

/* The nth (from 0) allocation from now on fails, once; -1: none does. */
void alloc_fail_nth(long n);
/* Whether it has come to that: a loop over n may stop when it has not. */
bool alloc_failed(void);
