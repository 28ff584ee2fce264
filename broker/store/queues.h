/* SPDX-License-Identifier: Apache-2.0 */
/* queues.h - deliveries that wait for agencies: one queue for each agency and stream, its items in
 * order of seq, and its dead letters. Who may read what, and when, is the core's business. */
#pragma once
#include "store/store.h"
#include "wire/msg.h"

struct queue_record {    /* the state of one queue */
    uint64_t last;       /* seq of the newest item ever put; 0: none */
    uint64_t delivered;  /* the newest ever sent */
    uint64_t acked;      /* the recipient's cursor: a replay moves it back */
    uint64_t acked_most; /* the newest ever acknowledged: what lies beyond it waits */
    uint32_t waiting;    /* items beyond acked_most */
    uint64_t bytes;      /* of them, as stored before sealing */
    uint32_t dead;       /* dead letters */
    uint16_t credit;
    int64_t created_ms;
    bool ended; /* a stream that its hub has ended; its items are kept as acknowledged ones are */
};
struct queue_item {
    uint64_t seq;
    uint64_t leaf;      /* that it follows from */
    int32_t put_on;     /* civil day */
    int32_t dead_after; /* the last civil day to deliver it; CIVIL_NONE: no end */
    uint32_t bytes;     /* as stored */
    name_t cause;       /* the agency whose message brought it about; "" nobody's */
};

/* The state; the filter of a stream (NULL: there is none) stands beside it. Sticky errors in t. */
void queues_put(struct store_txn *t, const char *agency, const char *stream,
                const struct queue_record *r);
void queues_filter_put(struct store_txn *t, const char *agency, const struct msg_subscribe *filter);
/* Return: 0; -ENOENT; -EBADMSG; -errno. */
ALM_MUST_USE int queues_filter_get(struct store_txn *t, const char *agency, const char *stream,
                                   struct msg_subscribe *out);
/* State and filter; items and dead letters stay where they are. Sticky errors in t. */
void queues_del(struct store_txn *t, const char *agency, const char *stream);
typedef int queues_visit(void *ctx, const char *agency, const char *stream,
                         const struct queue_record *r);
/* Every queue, by agency and stream. Return: 0; visit's negative; -EBADMSG; -errno. */
ALM_MUST_USE int queues_each(struct store_txn *t, queues_visit *visit, void *ctx);

/* A delivery is 74 KB, mostly room for an involvement: only what its kind uses is zeroed, or copied.
 * The rest of the struct is anybody's. */
void delivery_zero(struct msg_deliver *d, uint8_t kind);
void delivery_copy(struct msg_deliver *to, const struct msg_deliver *from);

/* Puts an item under item->seq and fills in item->bytes. Sticky errors in t. */
void queue_item_put(struct store_txn *t, const char *agency, const char *stream,
                    struct queue_item *item, const struct msg_deliver *d);
void queue_item_del(struct store_txn *t, const char *agency, const char *stream, uint64_t seq);
/**
 * queue_item_next() - the oldest item after a seq
 * @octets: emptied; out's sealed bodies are views of it. @d: may be NULL: only the item's own facts
 * Return: 0; -ENOENT none; -EBADMSG damaged (item->seq tells which); -errno.
 */
ALM_MUST_USE int queue_item_next(struct store_txn *t, const char *agency, const char *stream,
                                 uint64_t after, struct queue_item *item, struct buf *octets,
                                 struct msg_deliver *d);
typedef int queue_visit(void *ctx, const struct queue_item *item);
/* Items with after < seq <= until, in order, without their content. visit as in store_scan. */
ALM_MUST_USE int queue_items(struct store_txn *t, const char *agency, const char *stream,
                             uint64_t after, uint64_t until, queue_visit *visit, void *ctx);

/* How many of a queue one agency's messages have brought about, as long as they wait. Return: 0,
 * also when there are none; -EBADMSG; -errno. */
ALM_MUST_USE int queue_share(struct store_txn *t, const char *agency, const char *stream,
                             const char *cause, uint32_t *n);
/* n 0: forgotten. Sticky errors in t. */
void queue_share_put(struct store_txn *t, const char *agency, const char *stream, const char *cause,
                     uint32_t n);
void queue_shares_del(struct store_txn *t, const char *agency, const char *stream);

/* The item seq becomes a dead letter, content and all. Return: 0; -ENOENT; -errno. */
ALM_MUST_USE int queue_dead_put(struct store_txn *t, const char *agency, const char *stream,
                                uint64_t seq);
/* The oldest dead letter after a seq; as queue_item_next. */
ALM_MUST_USE int queue_dead_next(struct store_txn *t, const char *agency, const char *stream,
                                 uint64_t after, struct queue_item *item, struct buf *octets,
                                 struct msg_deliver *d);
void queue_dead_del(struct store_txn *t, const char *agency, const char *stream, uint64_t seq);
