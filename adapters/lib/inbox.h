/* SPDX-License-Identifier: Apache-2.0 */
/* inbox.h - what the broker delivered to us: a folder a stream, one file a delivery, on disk before
 * it is acknowledged.
 *
 * A delivery is known by stream, seq and event id: one that comes again is not stored twice, and is
 * acknowledged again. What the local reader has done with lies in done/: that is the reader's mark,
 * apart from what the broker was told. Files hold tokens and sealed texts, so the folder is the
 * owner's alone; nothing is opened or resolved here.
 *
 *   STREAM/SEQ-EVENT.msg        not done: magic, when it came, SHA-256 of the body, the Body as
 * received STREAM/done/SEQ-EVENT.msg   done by the reader; kept for inbox_keep_days
 *
 * Threads: one loop. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include "base/id.h"
#include "wire/msg.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INBOX_STREAMS_MAX 64
/* Beyond max, so much is still stored, unacknowledged: what the broker had under way. */
#define INBOX_SLACK 1024

struct inbox; /* opaque: inbox.c */
struct inbox_item {
    uint64_t seq;
    struct id event;
    bool damaged; /* its file cannot be read back whole; the broker can be asked for it again */
};
enum inbox_taken { INBOX_STORED = 0, INBOX_KNOWN = 1 };

/**
 * inbox_open() - open or make the folder, and list what waits in it
 * @max:       deliveries not done, a stream: beyond it nothing is acknowledged, and the broker
 * keeps the rest
 * @keep_days: done ones are kept so long
 * Return: 0; -EBUSY another adapter holds it; -errno. A damaged file is told by name and stays
 * where it is.
 */
ALM_MUST_USE int inbox_open(const char *dir, size_t max, int64_t keep_days, struct inbox **out);
struct inbox *inbox_close(struct inbox *ib);
void inbox_closep(struct inbox **ib);

/* --- from the broker --- */
/* A new connection: the broker sends again what it has no acknowledgement for. */
void inbox_connected(struct inbox *ib);
/**
 * inbox_take() - store one delivery; durable after inbox_sync
 * Return: INBOX_STORED; INBOX_KNOWN it is here already; -ENOBUFS no room; -errno. After an error
 * nothing more of the stream is taken (-ESTALE) until the next connection: an acknowledgement
 * covers everything before it.
 */
ALM_MUST_USE int inbox_take(struct inbox *ib, const char *stream, uint64_t seq,
                            const struct id *event, struct bytes body);
void inbox_sync(struct inbox *ib); /* what could not be made durable is not acknowledged */
/* A stream whose acknowledgement is to be sent, and up to where. Return: whether there is one. */
bool inbox_ack_due(const struct inbox *ib, name_t stream, uint64_t *seq);
void inbox_acked(struct inbox *ib, const char *stream, uint64_t seq); /* it was sent */
/* The stream is to be played again: until inbox_release() nothing of it is acknowledged, for that
 * would take the cursor forward again. id: of the message that asks for it. */
void inbox_hold(struct inbox *ib, const char *stream, const struct id *id);
void inbox_release(struct inbox *ib, const struct id *id); /* the broker has spoken to it */
bool inbox_stalled(
    const struct inbox *ib); /* something was not taken: connect anew when it may be better */

/* --- for the local reader --- */
/* Makes the stream's folder, so that it can be read before anything came. Return: 0; -ENOSPC too
 * many; -errno. */
ALM_MUST_USE int inbox_stream(struct inbox *ib, const char *stream);
bool inbox_has_stream(const struct inbox *ib, const char *stream);
size_t inbox_waiting(const struct inbox *ib, const char *stream); /* not done */
/* The i-th that is not done, oldest first. Return: whether there is one. */
bool inbox_at(const struct inbox *ib, const char *stream, size_t i, struct inbox_item *out);
/* Its Body, emptied first. Return: 0; -EBADMSG damaged (told in the log, by name); -ENOENT; -errno.
 */
ALM_MUST_USE int inbox_body(struct inbox *ib, const char *stream, const struct inbox_item *item,
                            struct buf *body);
/* Everything of the stream up to seq is done. Return: 0 and that is on disk; -ENOENT no such
 * stream; -errno. */
ALM_MUST_USE int inbox_done(struct inbox *ib, const char *stream, uint64_t seq);
/* What was done, from seq on, is to be read again. Return: as inbox_done. */
ALM_MUST_USE int inbox_again(struct inbox *ib, const char *stream, uint64_t seq);
/* What we sent ourselves, kept with what is done under a name that no hub may subscribe to: never
 * read as an event, never acknowledged. seq orders it. Return: 0, also when it is here already;
 * -errno. */
#define INBOX_SENT "sent-by-us"
ALM_MUST_USE int inbox_keep(struct inbox *ib, uint64_t seq, const struct id *event,
                            struct bytes body);
/* All that is here of a stream, done or not, oldest first, until visit returns false. Damaged ones
 * are passed over. Return: 0; -ENOENT; -errno. */
typedef bool inbox_visit(void *ctx, const struct inbox_item *item, struct bytes body);
ALM_MUST_USE int inbox_walk(struct inbox *ib, const char *stream, inbox_visit *visit, void *ctx);
/* Deletes what was done keep_days ago or longer, and the oldest of more than max. wall_ms: now. */
void inbox_prune(struct inbox *ib, int64_t wall_ms);

struct inbox_stream_state {
    const char *stream;
    size_t waiting, bad;
    uint64_t last; /* seq of the latest here; 0 none */
    uint64_t done; /* everything up to it is done */
    bool full;     /* acknowledgements are held back */
};
size_t inbox_n_streams(const struct inbox *ib);
struct inbox_stream_state inbox_state(const struct inbox *ib, size_t i);
struct inbox_counts {
    size_t waiting, bad;
    bool full;
};
struct inbox_counts inbox_count(const struct inbox *ib);
