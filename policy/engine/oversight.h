/* SPDX-License-Identifier: Apache-2.0 */
/* oversight.h - inside the engine only: the bytes of what a policy says of witnesses, of how long
 * records are kept, and of office hours. */
#pragma once
#include "engine/reader.h"

/* What a policy means that says nothing. */
extern const struct policy_witnesses witnesses_usual;
extern const struct policy_retention retention_usual;
extern const struct policy_office_hours office_hours_usual;

void witnesses_put(struct buf *out, const struct policy_witnesses *w);
void retention_put(struct buf *out, const struct policy_retention *r);
void office_hours_put(struct buf *out, const struct policy_office_hours *o);
/* A bundle older than these has the usual. */
void witnesses_read(struct reader *r, uint16_t n_agencies, struct policy_witnesses *w);
void retention_read(struct reader *r, struct policy_retention *v);
void office_hours_read(struct reader *r, struct policy_office_hours *o);

/* Puts clocks in order: by class, part and outcome. */
void retention_sort(struct policy_retention *r);
/* Every class has its own clock, none twice, and of two that meet on one concern a third says which
 * (retention_torn): what the compiler and the bytes are held to. */
bool retention_sound(const struct policy_retention *r);
/* Two clocks for concerns, one of a part and one of an outcome, without one for both. Return: false
 * when there are none; else the first such pair. */
bool retention_torn(const struct policy_retention *r, uint8_t *part, uint8_t *outcome);
/* NULL: there is no clock of just this. */
const struct policy_clock *retention_clock(const struct policy_retention *r, uint8_t class,
                                           uint8_t part, uint8_t outcome);
