/* SPDX-License-Identifier: Apache-2.0 */
/* fair.h - inside the core only: frames that wait to be decided, one line for each agency, and who
 * comes into the next batch.
 *
 * Each agency that has something waiting gets an even share of a batch, whatever waits of others; a
 * line that is full takes no more, and its agency is told Busy. What was chosen keeps the order in
 * which it came.
 *
 * Within a line what is lodged may pass what is asked and answered, never the other way round: a
 * withdrawal does not wait behind its own agency's thousand questions, and a question that rests on
 * a consent stays behind it. What is lodged keeps its order, and so does the rest. While some passes,
 * every second place of the line's share stays with what it passes. */
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
    struct fair_frame *next;              /* of its row, its choice or the spare ones */
    struct fair_frame *earlier, *later;   /* of all that wait, in order of arrival */
    uint64_t seq;                         /* the same as a number */
    uint16_t slot, gate;
    uint8_t row, class;
    uint8_t type; /* as it was put */
    size_t len;
    uint8_t octets[];
};
enum fair_row { FAIR_LODGED = 0, FAIR_ASKED, FAIR_ROWS };
struct fair;
ALM_MUST_USE int fair_new(struct fair **out);
struct fair *fair_free(struct fair *f);
/* Copies a frame to the end of its agency's line, of row: lodged, or all else (asked, answered, a lease). type: what the caller
 * read of it, for whoever takes it out. Return: 0; -ENOBUFS that line is full; -EMSGSIZE longer than any frame; -ENOMEM. */
ALM_MUST_USE int fair_put(struct fair *f, uint16_t slot, uint16_t gate, enum fair_row row, uint8_t type, struct bytes frame);
size_t fair_waiting(const struct fair *f); /* frames */
bool fair_full(const struct fair *f);      /* no more is to be read from gates */
/* The next batch's, at most max: all that waits if it fits; else a frame of each line in turn, beginning where the last choice
 * ended, until max; in order of arrival. They are fair's until fair_done(), however often is chosen before. Return: how many. */
size_t fair_choose(struct fair *f, const struct fair_frame **out, size_t max);
void fair_done(struct fair *f); /* all that was chosen is over */
