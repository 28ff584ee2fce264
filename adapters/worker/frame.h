/* SPDX-License-Identifier: Apache-2.0 */
/* frame.h - frames on the socket between the host and a worker: a length, a type, a body; both ways
 * bounded.
 *
 *   u32 length of what follows (big-endian, 1 to FRAME_MAX) | u8 type | body
 *
 * Both ends are programs of ours, but the worker's end shares its process with a driver: the host
 * believes no frame and decodes it strictly (codec.h). Threads: each end belongs to one loop. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"

#define FRAME_MAX (96u * 1024) /* bytes of type and body */
#define FRAME_FD  3            /* the worker's end */

struct frames { /* what was read and not taken yet; zeroed is empty */
    uint8_t *data;
    size_t at, len; /* taken so far, read so far */
};
void frames_deinit(struct frames *f);
/* Reads once what fd has. Return: 0; -EAGAIN nothing now; -EPIPE the other end has gone; -ENOMEM;
 * -errno. */
ALM_MUST_USE int frames_fill(struct frames *f, int fd);
/* The next whole frame; body is borrowed until the next frames_fill. Return: 1; 0 none yet;
 * -EBADMSG a length that no frame has: nothing after it can be read. */
ALM_MUST_USE int frames_next(struct frames *f, uint8_t *type, struct bytes *body);

/* Writing: what is put between begin and end is one frame's body. Return: where it begins. */
size_t frame_begin(struct buf *out, uint8_t type);
void frame_end(struct buf *out, size_t begun);
