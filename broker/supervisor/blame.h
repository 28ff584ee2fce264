/* SPDX-License-Identifier: Apache-2.0 */
/* blame.h - which agency's messages were being decided when the core died, and which has done it
 * too often. Pure. */
#pragma once
#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLAME_NAME_MAX  64     /* bytes of an agency's id with NUL */
#define BLAME_WINDOW_MS 600000 /* two deaths within ten minutes (DESIGN.md section 3) */
#define BLAME_KEPT      64     /* deaths remembered */

struct blame_death {
    char agency[BLAME_NAME_MAX];
    int64_t at_ms;
};
struct blame {
    struct blame_death deaths[BLAME_KEPT];
    size_t n; /* ever: the oldest is overwritten */
    char suspend[BLAME_KEPT][BLAME_NAME_MAX];
    size_t n_suspend; /* for the next core */
};
/* Notes a death. agency comes from memory that the dead core wrote: anything, not even ended, is
 * safe; what is not an agency's id is ignored. Return: true if the agency is now to be suspended.
 */
bool blame_note(struct blame *b, const char agency[static BLAME_NAME_MAX], int64_t now_ms);
/* The core has taken the suspensions over. */
void blame_handed(struct blame *b);
