/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h - one CURVE connection to the broker's gate: bytes out, bytes in, up or down. Knows
 * nothing of what the frames say.
 *
 * The only user of <zmq.h> in an adapter. A channel is one attempt: when it is down, or cannot come
 * up, close it and open another (libzmq ends a session for good after a protocol error of the
 * handshake, so its own reconnecting cannot be relied on). */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include <poll.h>
#include <stdint.h>

struct channel;  /* opaque: wire.c */
struct channels; /* a ZeroMQ context: opaque */

struct channel_keys { /* Z85 text, 40 characters and NUL each; borrowed for channel_open */
    const char *server_public, *public_key, *secret_key;
};
ALM_MUST_USE int channels_new(struct channels **out);
struct channels *channels_free(struct channels *c); /* every channel was closed before */
/* Return: 0 under way; -EINVAL address or keys; -errno. */
ALM_MUST_USE int channel_open(struct channels *all, const char *address,
                              const struct channel_keys *keys, struct channel **out);
struct channel *channel_close(
    struct channel *c); /* unsent frames are dropped: what must not be lost lies in the outbox */

enum channel_event {
    CHANNEL_NOTHING = 0,
    CHANNEL_UP, /* CURVE handshake done: the gate holds the key it should, and admits ours */
    CHANNEL_UNREACHABLE,  /* nobody listens, or the network is away */
    CHANNEL_NOT_ADMITTED, /* the gate refuses our key: not enrolled, suspended or revoked */
    CHANNEL_WRONG_SERVER, /* the handshake failed: most often a wrong broker.public_key */
    CHANNEL_LOST,         /* it was up */
};
#define CHANNEL_FDS 2
/* Return: how many of fds were set. The descriptors only wake: call channel_event and
 * channel_receive until they have nothing. */
size_t channel_poll_fds(const struct channel *c, struct pollfd fds[static CHANNEL_FDS]);
enum channel_event channel_event(struct channel *c);
/* Return: 0; -EAGAIN the queue is full; -errno. */
ALM_MUST_USE int channel_send(struct channel *c, struct bytes frame);
/* The next frame, borrowed until the next call. Return: 0; -EAGAIN none; -EBADMSG a message of
 * several frames or too large was dropped. */
ALM_MUST_USE int channel_receive(struct channel *c, struct bytes *frame);
