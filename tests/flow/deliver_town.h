/* SPDX-License-Identifier: Apache-2.0 */
/* deliver_town.h - for the tests of deliveries: what is delivered is put by hand, in a batch of its
 * own, and what a firing rests on is the test's to say (the linker wraps firing_still). */
#pragma once
#include "core_town.h"

#include "core/deliver_queue.h"

extern const int one_officer[], two_officers[];
extern const char *firings_end; /* why firings no longer stand; NULL: they do */

int two_hubs(void **state);
uint16_t slot_of(struct town *t, enum town_agency a);
void put_done(struct town *t);
void put_notice(struct town *t, enum town_agency to, unsigned n);
struct msg_firing *firing(struct town *t, const char *area, uint8_t severity);
unsigned put_firing(struct town *t, const char *area, uint8_t severity);
struct msg *subscribe_msg(struct town *t, const char *stream, uint16_t credit);
const char *say(struct town *t, enum town_agency from, struct msg *m);
void subscribed(struct town *t, enum town_agency who, const char *stream, uint16_t credit);
void ack(struct town *t, enum town_agency who, const char *stream, uint64_t seq);
const char *acked(struct town *t, enum town_agency who, const char *stream, uint64_t seq);
void comes_back(struct town *t, enum town_agency who);
void falls_silent(struct town *t, enum town_agency who);
void head_signed(struct town *t);
void minute_passes(struct town *t);
const struct queue_now *queue(struct town *t, enum town_agency who, const char *stream);
const char *seqs(struct town *t, enum town_agency who, const char *stream);

#define HUBS_TEST(f) cmocka_unit_test_setup_teardown(f, two_hubs, town_teardown)
