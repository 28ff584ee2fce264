/* SPDX-License-Identifier: Apache-2.0 */
/* fair.h - inside the core only: frames that wait to be decided, one line for each agency, and who
 * comes into the next batch.
 *
 * Each agency that has something waiting gets an even share of a batch, whatever waits of others; a
 * line that is full takes no more, and its agency is told Busy. What was chosen keeps the order in
 * which it came. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAIR_LINES      512                   /* agencies */
#define FAIR_LINE_MOST  1024                  /* frames of one agency that wait */
#define FAIR_LINE_BYTES ((size_t)8 << 20)     /* and their bytes */
#define FAIR_MOST_BYTES ((size_t)64 << 20)    /* of all: beyond it the gates keep what they have */

struct fair_frame {
    struct fair_frame *next;
    uint64_t seq; /* in order of arrival */
    uint16_t slot, gate;
    size_t len;
    uint8_t octets[];
};
struct fair;
ALM_MUST_USE int fair_new(struct fair **out);
struct fair *fair_free(struct fair *f);
/* Copies a frame to the end of its agency's line. Return: 0; -ENOBUFS that line is full; -ENOMEM. */
ALM_MUST_USE int fair_put(struct fair *f, uint16_t slot, uint16_t gate, struct bytes frame);
size_t fair_waiting(const struct fair *f); /* frames */
bool fair_full(const struct fair *f);      /* no more is to be read from gates */
/* The next batch's, at most max: a frame of each line in turn, beginning where the last choice
 * ended, until the lines or max end; then in order of arrival. They are fair's until fair_done().
 * Return: how many. */
size_t fair_choose(struct fair *f, const struct fair_frame **out, size_t max);
void fair_done(struct fair *f); /* what was chosen is over */
