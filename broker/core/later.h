/* SPDX-License-Identifier: Apache-2.0 */
/* later.h - inside later*.c only: a query that waits for answers by hand, as it stands in the
 * store.
 *
 * In memory it is a struct pending that is in no table: what it takes to decide it again, and a
 * place for each holder. The store has the truth; nothing of it stays in memory between batches. */
#pragma once
#include "stages.h"

#include "store/laters.h"

#define LATER_HOUR_MS (INT64_C(3600) * 1000)
#define LATER_LEAST_MS                                                                             \
    60000 /* of a desk's time: a question that is put with less is answered by no person */

/* Hours in which people of this agency answer; 0: its adapter answers, or it is in no policy. */
uint16_t later_hours(const struct core *c, uint16_t slot);
struct later_ref later_ref_of(const struct core *c, const struct pending *p);
/* Is its query still in memory, before its deadline? Then the reply is release.c's. */
bool later_alive(const struct core *c, const struct pending *p);
/* Is it about tokens of a key that may still be asked under? Else nobody would be found by them,
 * and "not known" would be no answer. It follows from the policy, never from whom it is about. */
bool later_epoch(struct core *c, const struct pending *p);
/* A leaf about one desk of it. */
struct ledger_clear *later_record(struct core *c, const struct pending *p, uint8_t event,
                                  uint16_t slot);
void later_store(struct core *c, const struct pending *p);
/* Return: 0; -ENOENT; -EBADMSG damaged; -errno. */
ALM_MUST_USE int later_load(struct core *c, uint64_t leaf, struct pending **out);
/* Nobody is waited for any more: its final reply goes into the asker's inbox. */
void later_ready(struct core *c, struct pending *p);

void later_unsent(struct core *c); /* later_answer.c: the batch failed */

/* --- later_codec.c --- */
void later_encode(const struct core *c, const struct pending *p, struct buf *out);
/* Return: 0; -EBADMSG; -ENOMEM. Agencies that are no members any more have no slot. */
ALM_MUST_USE int later_decode(const struct core *c, struct bytes octets, struct pending **out);
