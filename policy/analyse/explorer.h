/* SPDX-License-Identifier: Apache-2.0 */
/* explorer.h - inside explore.c and kinds.c only: the state of a walk over the axes. */
#pragma once
#include "analyse/matrix.h"

#define READS(axis) (1u << (axis)) /* as a bit of what a clause reads */

struct explorer {
    struct matrix *m;
    const struct domain *d;
    struct cell c;
    struct line shape;
    bool all;                          /* two policies: keep what they decide alike too */
    bool relative;                     /* the answer may leave the asker's own organisation out */
    uint32_t full[AXIS_COUNT];         /* every position; on AXIS_ASKED those of this walk */
    uint16_t *like_asker, *like_asked; /* by position: the first that is alike in this walk */
    struct cell decided;               /* what stands in now, made and read is of this cell */
    struct situation now[2];           /* by policy */
    struct decision made[2];
    uint32_t read; /* axes that the last decisions read */
    struct seen seen[2][POLICY_AGENCIES_MAX], partner_seen[POLICY_AGENCIES_MAX];
};

/* Decides the present cell, with each policy. */
void explorer_decide(struct explorer *x);
/* The axes that a clause reads, as bits; 0 for a clause that is not known. */
uint32_t explorer_reads(uint16_t rule);

/* kinds.c: a number for the value at the axis's present position; equal numbers go together. The
 * axes before it stand where they are walked, those after it anywhere. */
uint64_t explorer_kind(struct explorer *x, enum axis a);
/* Before a walk, for the purpose that it is of. */
void explorer_find_likes(struct explorer *x);
