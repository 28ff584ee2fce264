/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c - a DEALER with CURVE, and a monitor that tells how the handshake went. */
#include "lib/wire.h"

#include "wire/wire.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#define CONNECT_TIMEOUT_MS   5000
#define HANDSHAKE_MS         10000 /* a gate that never answers; a wrong server key shows so too */
#define HEARTBEAT_MS         5000  /* of the socket; the lease watches the application */
#define HEARTBEAT_TIMEOUT_MS 15000
#define QUEUE_FRAMES         1000

struct channels {
    void *context;
    unsigned n_opened; /* names monitors */
};
struct channel {
    void *socket, *monitor;
    zmq_msg_t in;
    bool up, handshaking;
};

int channels_new(struct channels **out)
{
    struct channels *c = calloc(1, sizeof(*c));

    if (!c)
        return -ENOMEM;
    c->context = zmq_ctx_new();
    if (!c->context) {
        free(c);
        return -ENOMEM;
    }
    *out = c;
    return 0;
}

struct channels *channels_free(struct channels *c)
{
    if (c)
        (void)zmq_ctx_term(c->context); /* at once: every socket has linger 0 */
    free(c);
    return NULL;
}

static int channel_options(void *socket, const struct channel_keys *keys)
{
    static const int zero = 0, never = -1, one = 1;
    static const int connect_ms = CONNECT_TIMEOUT_MS, handshake_ms = HANDSHAKE_MS,
                     heartbeat_ms = HEARTBEAT_MS, heartbeat_timeout_ms = HEARTBEAT_TIMEOUT_MS,
                     queue = QUEUE_FRAMES;
    static const int64_t frame_max = WIRE_FRAME_MAX;
    const struct {
        int option;
        const void *value;
        size_t len;
    } options[] = {
        { ZMQ_LINGER, &zero, sizeof(zero) },
        { ZMQ_RECONNECT_IVL, &never, sizeof(never) }, /* a new channel is made instead */
        { ZMQ_IMMEDIATE, &one,
          sizeof(one) }, /* nothing is queued for a connection that is not up */
        { ZMQ_CONNECT_TIMEOUT, &connect_ms, sizeof(connect_ms) },
        { ZMQ_HANDSHAKE_IVL, &handshake_ms, sizeof(handshake_ms) },
        { ZMQ_HEARTBEAT_IVL, &heartbeat_ms, sizeof(heartbeat_ms) },
        { ZMQ_HEARTBEAT_TIMEOUT, &heartbeat_timeout_ms, sizeof(heartbeat_timeout_ms) },
        { ZMQ_MAXMSGSIZE, &frame_max, sizeof(frame_max) },
        { ZMQ_SNDHWM, &queue, sizeof(queue) },
        { ZMQ_RCVHWM, &queue, sizeof(queue) },
        { ZMQ_IPV6, &one, sizeof(one) },
        { ZMQ_CURVE_SERVERKEY, keys->server_public, strlen(keys->server_public) + 1 },
        { ZMQ_CURVE_PUBLICKEY, keys->public_key, strlen(keys->public_key) + 1 },
        { ZMQ_CURVE_SECRETKEY, keys->secret_key, strlen(keys->secret_key) + 1 },
    };

    for (size_t i = 0; i < ALM_LEN(options); i++) {
        if (zmq_setsockopt(socket, options[i].option, options[i].value, options[i].len) != 0)
            return -errno;
    }
    return 0;
}

static int channel_watch(struct channels *all, struct channel *c)
{
    static const int events = ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECTED |
                              ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                              ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                              ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_CONNECT_RETRIED;
    static const int zero = 0;
    char name[48];

    (void)snprintf(name, sizeof(name), "inproc://monitor-%u", all->n_opened++);
    if (zmq_socket_monitor(c->socket, name, events) != 0)
        return -errno;
    c->monitor = zmq_socket(all->context, ZMQ_PAIR);
    if (!c->monitor || zmq_setsockopt(c->monitor, ZMQ_LINGER, &zero, sizeof(zero)) != 0 ||
        zmq_connect(c->monitor, name) != 0)
        return -errno;
    return 0;
}

static int channel_start(struct channels *all, const char *address, const struct channel_keys *keys,
                         struct channel *c)
{
    int r;

    c->socket = zmq_socket(all->context, ZMQ_DEALER);
    if (!c->socket)
        return -errno;
    r = channel_options(c->socket, keys);
    if (r == 0)
        r = channel_watch(all, c);
    if (r == 0 && zmq_connect(c->socket, address) != 0)
        r = -errno;
    return r;
}

int channel_open(struct channels *all, const char *address, const struct channel_keys *keys,
                 struct channel **out)
{
    struct channel *c = calloc(1, sizeof(*c));
    int r;

    if (!c)
        return -ENOMEM;
    (void)zmq_msg_init(&c->in); /* cannot fail */
    r = channel_start(all, address, keys, c);
    if (r != 0) {
        channel_close(c);
        return r;
    }
    *out = c;
    return 0;
}

struct channel *channel_close(struct channel *c)
{
    if (!c)
        return NULL;
    if (c->socket) {
        (void)zmq_socket_monitor(c->socket, NULL, 0);
        (void)zmq_close(c->socket);
    }
    if (c->monitor)
        (void)zmq_close(c->monitor);
    (void)zmq_msg_close(&c->in);
    free(c);
    return NULL;
}

size_t channel_poll_fds(const struct channel *c, struct pollfd fds[static CHANNEL_FDS])
{
    void *sockets[CHANNEL_FDS] = { c->socket, c->monitor };
    size_t n = 0;

    for (size_t i = 0; i < CHANNEL_FDS; i++) {
        int fd;
        size_t len = sizeof(fd);

        if (zmq_getsockopt(sockets[i], ZMQ_FD, &fd, &len) == 0)
            fds[n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
    }
    return n;
}

/* What one monitor event means for us; those that mean nothing by themselves are left to the next.
 */
static enum channel_event channel_meaning(struct channel *c, uint16_t event)
{
    switch (event) {
    case ZMQ_EVENT_CONNECTED:
        c->handshaking = true;
        return CHANNEL_NOTHING;
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        c->up = true;
        c->handshaking = false;
        return CHANNEL_UP;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        return CHANNEL_NOT_ADMITTED;
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        return CHANNEL_WRONG_SERVER;
    case ZMQ_EVENT_DISCONNECTED: /* a gate that cannot read our hello closes without a word */
        return c->up ? CHANNEL_LOST : c->handshaking ? CHANNEL_WRONG_SERVER : CHANNEL_UNREACHABLE;
    default: /* closed or retried before it was connected */
        return c->up || c->handshaking ? CHANNEL_NOTHING : CHANNEL_UNREACHABLE;
    }
}

/* Return: 0, *event set; -EAGAIN no event waits. */
static int monitor_receive(void *monitor, uint16_t *event)
{
    uint8_t first[6];
    char address[256];
    int n = zmq_recv(monitor, first, sizeof(first), ZMQ_DONTWAIT);

    if (n < 0)
        return -EAGAIN;
    (void)zmq_recv(monitor, address, sizeof(address),
                   ZMQ_DONTWAIT); /* the second frame: which address */
    if (n != (int)sizeof(first))
        return -EAGAIN;
    memcpy(event, first, sizeof(*event)); /* in our own byte order, as zmq_socket_monitor says */
    return 0;
}

enum channel_event channel_event(struct channel *c)
{
    uint16_t event;

    while (monitor_receive(c->monitor, &event) == 0) {
        enum channel_event meaning = channel_meaning(c, event);

        if (meaning != CHANNEL_NOTHING)
            return meaning;
    }
    return CHANNEL_NOTHING;
}

int channel_send(struct channel *c, struct bytes frame)
{
    return zmq_send(c->socket, frame.data, frame.len, ZMQ_DONTWAIT) < 0 ? -errno : 0;
}

/* Takes what is left of a message of several frames. */
static int channel_drain(struct channel *c)
{
    while (zmq_msg_more(&c->in)) {
        if (zmq_msg_recv(&c->in, c->socket, ZMQ_DONTWAIT) < 0)
            break;
    }
    return -EBADMSG;
}

int channel_receive(struct channel *c, struct bytes *frame)
{
    if (zmq_msg_recv(&c->in, c->socket, ZMQ_DONTWAIT) < 0)
        return errno == EAGAIN || errno == EINTR ? -EAGAIN : -errno;
    if (zmq_msg_more(&c->in)) /* exactly one body frame */
        return channel_drain(c);
    *frame = bytes_of(zmq_msg_data(&c->in), zmq_msg_size(&c->in));
    return 0;
}
