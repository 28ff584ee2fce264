/* SPDX-License-Identifier: Apache-2.0 */
/* outbox.h - durable messages that the broker has not receipted yet: a folder, one file a message,
 * oldest first.
 *
 * What outbox_put accepted is on disk and is sent again until outbox_done or outbox_refuse,
 * whatever is killed in between (DESIGN.md promise 6). The frame is kept as signed: a repeat is the
 * same bytes. Frames hold tokens, so the folder is the owner's alone.
 *
 *   ID.msg            waiting: magic, type, SHA-256 of the frame, frame
 *   refused/ID        the broker refused it: reason, type and day as text, for the operator
 *   bad/NAME          could not be read back whole; never sent */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include "base/id.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outbox; /* opaque: outbox.c */
/**
 * outbox_open() - open or make the folder, and list what waits in it
 * @max: messages at most
 * Return: 0; -EBUSY another adapter holds it; -errno. Damaged files are moved to bad/ with a log
 * line.
 */
ALM_MUST_USE int outbox_open(const char *dir, size_t max, struct outbox **out);
struct outbox *outbox_close(struct outbox *o);
void outbox_closep(struct outbox **o);
/* Return: 0 durable; -ENOBUFS max reached; -ENOSPC, -EDQUOT the disk is full; -EEXIST this id waits
 * already; -errno. */
ALM_MUST_USE int outbox_put(struct outbox *o, const struct id *id, uint8_t type,
                            struct bytes frame);
/* Another frame in the place of the one under this id: the old or the new is on disk, whatever happens.
 * Return: 0; -ENOENT none lies there; -errno. */
ALM_MUST_USE int outbox_replace(struct outbox *o, const struct id *id, uint8_t type,
                                struct bytes frame);
/**
 * outbox_next() - the oldest message that is to be sent now
 * @now_ms: monotonic. A message sent is due again after again_ms, so that one lost on the way is
 * repeated.
 * @frame:  emptied, then filled
 * Return: 0; -ENOENT nothing is due. Damaged files on the way are set aside.
 */
ALM_MUST_USE int outbox_next(struct outbox *o, int64_t now_ms, int64_t again_ms, struct id *id,
                             struct buf *frame);
/* Not before this time (the broker is busy, or the connection is new: now). */
void outbox_hold(struct outbox *o, const struct id *id, int64_t until_ms);
void outbox_all_due(
    struct outbox *o); /* after a new connection: nothing that was under way may have arrived */
/* A waiting message's type and frame, emptied first. Return: 0; -ENOENT; -EBADMSG; -errno. */
ALM_MUST_USE int outbox_frame(const struct outbox *o, const struct id *id, uint8_t *type,
                              struct buf *frame);
bool outbox_has(const struct outbox *o, const struct id *id);
/* Receipted: forget it. Return: 0; -ENOENT; -errno (it will be sent again, which is harmless). */
ALM_MUST_USE int outbox_done(struct outbox *o, const struct id *id);
/* Refused for good: kept for the operator under refused/. reason: a word of the broker's. */
ALM_MUST_USE int outbox_refuse(struct outbox *o, const struct id *id, const char *reason);
/* Milliseconds until something is due, 0 now, -1 never. */
int64_t outbox_wait_ms(const struct outbox *o, int64_t now_ms);
struct outbox_counts {
    size_t waiting, refused, bad;
};
struct outbox_counts outbox_count(const struct outbox *o);
