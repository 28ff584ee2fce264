/* SPDX-License-Identifier: Apache-2.0 */
/* words.h - lines of a matrix in plain English. Appends to a buffer, whose status is asked at the
 * end. */
#pragma once
#include "analyse/matrix.h"
#include "base/bytes.h"

/* The id or word of a code; "" on AXIS_DAY, which is an interval. */
const char *words_id(const struct domain *d, enum axis x, uint16_t code);
/* The same for people: "a parent's consent". */
const char *words_phrase(const struct domain *d, enum axis x, uint16_t code);
/* "Schools (9 agencies), any role except volunteer, asking under early-help about caf-open, ..." */
void words_request(const struct matrix *m, const struct line *l, struct buf *out);
/* "permitted by consent; asks council, (minds)": masked ones in brackets */
void words_value(const struct domain *d, const struct value *v, struct buf *out);
/* "before 2026-01-01", "from 2026-01-01 to 2028-12-31"; several joined by "or"; "" for every day.
 */
void words_days(const struct matrix *m, const struct line *l, struct buf *out);
/* Example: one cell in words, with its one day. */
void words_cell(const struct domain *d, const struct cell *c, struct buf *out);
/* The sector of an agency on the list, as the later policy has it. */
const char *words_sector(const struct domain *d, uint16_t agency);
const char *words_basis(uint8_t basis); /* "as a duty" */
