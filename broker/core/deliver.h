/* SPDX-License-Identifier: Apache-2.0 */
/* deliver.h - inside the core only: durable deliveries to agencies. One queue for each agency and
 * stream; the stream "inbox" always exists, hubs add streams of firings by Subscribe.
 *
 * A put is part of the open batch: with it, it is durable or has never been. What was put leaves
 * after a commit, oldest first, in order, as far as the recipient's credit goes, and is there until
 * it is acknowledged; before each sending the kind's check is asked again. */
#pragma once
#include "base/attr.h"
#include "base/id.h"
#include "wire/msg.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define INBOX "inbox"

struct core;
struct work;
struct store_txn;
struct deliveries; /* opaque: deliver.c */
struct deliver_terms {
    uint64_t leaf;            /* that this delivery follows from; LEAF_NONE */
    int64_t undelivered_days; /* then it lies in the dead letters; 0: the policy's */
};

/**
 * deliver_begin() - c->delivery, zeroed as far as its kind goes, for the caller to fill in and put
 * @event: of the delivery, the same however often it is delivered; NULL: a new id
 *
 * Days are CIVIL_NONE, at_ms is now. There is one c->delivery: notice_put() uses it too, so put
 * what was begun before anything else is begun.
 */
struct msg_deliver *deliver_begin(struct core *c, uint8_t kind, const struct id *event);
/* c->delivery into slot's inbox. What finds the queue full goes to the dead letters with an alert:
 * nothing is lost, and nobody's batch fails. Ask deliver_admit() before accepting what people
 * send. */
void deliver_put(struct core *c, uint16_t slot, const struct deliver_terms *t);
/* c->delivery.firing, as slot may see it, into each of its streams whose filter takes it, where it is a
 * hub (one that is suspended gets it when it no longer is). Return: how many streams. */
unsigned deliver_firing(struct core *c, uint16_t slot, const struct deliver_terms *t);
/* firing_still.c: queues are gone through from here on; nothing that was weighed before counts. */
void firing_pass(struct core *c);
/* Is there room in slot's inbox for one more? false: the sender of w has been told Busy, and
 * operators are alerted; nothing may have been recorded yet. */
bool deliver_admit(struct core *c, const struct work *w, uint16_t slot);

/* For notices that say more than their text: fill in agency, contact_route, due_ms, then
 * notice_send(). */
struct msg_notice *notice_begin(struct core *c, uint8_t kind, const struct id *about);
void notice_send(struct core *c, uint16_t slot);
/* Both at once. text: a format; at most TEXT_MAX_LEN - 1 bytes come of it; it names nobody. */
void notice_put(struct core *c, uint16_t slot, uint8_t kind, const struct id *about,
                const char *text, ...) ALM_PRINTF(5, 6);

/* --- the core's own calls --- */
ALM_MUST_USE int deliver_init(struct core *c);
void deliver_deinit(struct core *c);
/* Every queue as the transaction sees it, at start. */
ALM_MUST_USE int deliver_load(struct core *c, struct store_txn *t);
void deliver_here(struct core *c, uint16_t slot); /* its adapter is (again) there: send anew */
void deliver_changed(struct core *c);             /* policy or standing may let others receive */
/* ref: of a PAIR_OUT with DELIVER_REF. As that gate says, of its own agencies alone. */
void deliver_unreachable(struct core *c, uint16_t gate, uint64_t ref);
void deliver_due(struct core *c);   /* in the batch: what is ready, into c->out */
void deliver_sweep(struct core *c); /* in the batch: dead letters, old acknowledged ones */
void deliver_settle(struct core *c,
                    bool kept);             /* after the commit, or when the batch is taken back */
void deliver_hold(struct core *c);          /* after a failed batch: nothing for a second */
/* Takes out what is about somebody, waiting or dead, looking at no more than `most` items from *p on
 * (zero: the first). about: 1 it goes, 0, negative fail. *n counts. Return: 1 there may be more; 0
 * that was all; negative. */
struct deliver_place {
    uint16_t slot;
    unsigned queue;
    bool dead;
    uint64_t after;
};
struct queue_item; /* store/queues.h */
typedef int deliver_about(void *ctx, const struct queue_item *item, bool dead,
                          const struct msg_deliver *d);
ALM_MUST_USE int deliver_purge(struct core *c, struct store_txn *t, struct deliver_place *p,
                               unsigned most, deliver_about *about, void *ctx, uint64_t *n);
bool deliver_waiting(const struct core *c); /* the next turn has something to send */
void subscribe_take(struct core *c, struct work *w);
void ack_take(struct core *c, struct work *w);
void stream_query_take(struct core *c, struct work *w);
void contact_take(struct core *c, struct work *w);
/* After a reply about involvement was composed of c->heard's first n: whom it masked. */
struct pending;
void contact_keep(struct core *c, const struct pending *p, uint16_t n);
void contact_sweep(struct core *c); /* in the batch */
/* For control: each queue with last, acked, waiting and oldest; counts of dead letters. NULL when
 * they cannot be read. */
json_t *deliver_status(struct core *c);
json_t *deliver_dead(struct core *c);
