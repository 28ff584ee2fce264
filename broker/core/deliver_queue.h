/* SPDX-License-Identifier: Apache-2.0 */
/* deliver_queue.h - inside deliver*.c and stream.c only: the queues in memory. What lies in them is
 * in the store; memory holds a few numbers and a filter for each. */
#pragma once
#include "stages.h"

#include "store/contacts.h"
#include "store/queues.h"

#define STREAMS_MAX   16 /* of one agency, ended ones that still hold something included */
#define INBOX_CREDIT  64
#define CREDIT_MAX    1024
#define DELIVER_REF   (UINT64_C(1) << 62) /* no question's: those have the top bit (id.h, UUIDv7) */
#define DELIVER_BATCH 256                 /* deliveries of one batch */
#define DELIVER_TURN  32                  /* of one queue before the next has its turn */
#define RESEND_MS     60000
#define DEFAULT_DAYS  28 /* where no policy says when a delivery is dead */

struct queue_now { /* what a batch changes, and takes back if it fails */
    struct queue_record r;
    struct msg_subscribe *filter; /* owned; NULL: takes no firings */
    bool kept;                    /* it stands in the store */
    bool probing;                 /* nothing was acknowledged in time: one at a time */
    uint64_t sent;                /* to the adapter as it is there now; up to this seq */
    uint32_t flying;              /* of them, not acknowledged */
};
#define SHARES_HELD 64 /* of one queue in memory; the rest is in the store */
struct queue_shares { /* how many wait of whose messages: read when first needed, put with the batch */
    size_t n, room;
    struct share {
        name_t cause;
        uint32_t waiting;
        bool dirty;
    } * of; /* owned */
};
struct queue {
    uint16_t slot;
    name_t stream;
    struct queue_now now, before; /* before: as it was when this batch first touched it */
    struct queue_shares shares;
    bool touched, dirty;
    bool ready, awaited;  /* on the lists */
    int64_t resend_ms;    /* monotonic; awaited */
    int64_t full_said_ms; /* monotonic; operators were told that it is full */
    struct queue *next;   /* of the same agency */
    struct queue *next_touched, *next_ready, *next_awaited, *prev_awaited;
};
struct deliveries {
    struct queue *of[AGENCIES_MAX]; /* owned: each agency's queues */
    struct queue *touched, *ready, **ready_end;
    struct queue *awaited, *awaited_last; /* acknowledgements, the longest awaited first */
    int64_t hold_ms;               /* monotonic; after a failed batch nothing is sent before */
    size_t shares_held;            /* of one queue; SHARES_HELD */
    struct buf octets;             /* of the item in hand */
    struct id ids[DELIVER_TURN];   /* events first sent in this turn of a queue */
    struct contact_record contact; /* contact.c: in hand */
    int32_t contacts_day;          /* contact.c: done with this day */
    int32_t swept_day;             /* deliver_sweep.c: done with this day */
    int32_t sweep_day;             /* under way */
    uint16_t sweep_slot;
    unsigned sweep_queue; /* how many queues of the slot are done */
    uint64_t sweep_after;
};

struct queue *queue_find(const struct core *c, uint16_t slot, const char *stream);
/* Also when it is not there yet. NULL: no memory. */
struct queue *queue_make(struct core *c, uint16_t slot, const char *stream);
const char *queue_agency(const struct core *c, const struct queue *q);
bool queue_is_inbox(const struct queue *q);
void queue_touch(struct core *c, struct queue *q);   /* before the first change of a batch */
void queue_changed(struct core *c, struct queue *q); /* touched, and to be stored with the batch */
void queue_ready(struct core *c, struct queue *q);
void queue_await(struct core *c, struct queue *q);  /* anew, or no longer when nothing is flying */
void queue_rewind(struct core *c, struct queue *q); /* everything not acknowledged is sent again */
/* The item is no longer among those that wait; it is deleted by the caller. */
void queue_less(struct core *c, struct queue *q, const struct queue_item *item);
/* c->delivery, under the next seq. */
void queue_put(struct core *c, struct queue *q, const struct deliver_terms *terms);
bool queue_full(const struct core *c, const struct queue *q);
void queue_store_all(struct core *c); /* what is dirty, at the end of the batch */
void queue_shares_forget(struct queue *q); /* they are read again; nothing is put */

/* --- deliver_sweep.c --- */
/* The item becomes a dead letter, with its leaf, an alert, and a notice to who sent it. */
void queue_kill(struct core *c, struct queue *q, const struct queue_item *item, const char *why);

/* --- deliver_check.c --- */
bool deliver_may(const struct core *c, const struct queue *q); /* is it its turn at all */
bool deliver_still(struct core *c, const struct queue *q, const char **why);
