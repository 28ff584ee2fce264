/* SPDX-License-Identifier: Apache-2.0 */
/* suppress.h - small numbers in a table, and what would reveal them (DOMAIN.md section 7: "cells
 * suppressed with secondary suppression"). Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SUPPRESS_UNDER 10
#define SUPPRESS_ROUND 5
#define GRID_COLUMNS   8   /* with the total */
#define GRID_ROWS      257 /* so too */

struct grid { /* the last row is the total of the others; with `totals` so is the last column */
    size_t rows, columns; /* at most GRID_ROWS, GRID_COLUMNS */
    bool totals;
    uint64_t (*n)[GRID_COLUMNS]; /* borrowed: rows of them */
    bool (*hidden)[GRID_COLUMNS];
};
void grid_add_up(struct grid *g); /* the totals, from the rest */
/**
 * grid_suppress() - hide cells from 1 to SUPPRESS_UNDER - 1, then, in each row and column of which
 * exactly one is hidden, the least of the others too, until no hidden one can be worked out from
 * its row or column, nor from the sums of several of them together. Cells that are hidden already
 * stay so. Return: true when it hid one more.
 */
bool grid_suppress(struct grid *g);
uint64_t grid_round(uint64_t n); /* to the nearest multiple of SUPPRESS_ROUND */
