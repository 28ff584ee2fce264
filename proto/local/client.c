/* SPDX-License-Identifier: Apache-2.0 */
/* client.c - one question over a local socket and its replies, waiting with a deadline. */
#include "base/clock.h"
#include "base/file.h"
#include "local/frame.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define CONNECT_WAIT_MS 5000 /* a live server with a full backlog */
#define SEND_WAIT_MS    10000

struct local_call {
    int fd;
    struct buf in; /* bytes received and not yet given out */
};

static int client_wait(int fd, short events, int64_t until_ms)
{
    struct pollfd p = { .fd = fd, .events = events };

    for (;;) {
        int64_t left = until_ms < 0 ? -1 : until_ms - clock_mono_ms();
        int rc;

        if (until_ms >= 0 && left < 0)
            left = 0;
        rc = poll(&p, 1, (int)left);
        if (rc > 0)
            return 0;
        if (!rc)
            return -ETIMEDOUT;
        if (errno != EINTR)
            return -errno;
    }
}

/* A server that has seen enough answers and hangs up while we still send: not a failure here, its
 * reply tells why. */
static int client_send(int fd, struct bytes data, int64_t until_ms)
{
    while (data.len) {
        ssize_t n = send(fd, data.data, data.len, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n >= 0) {
            data.data += n;
            data.len -= (size_t)n;
            continue;
        }
        if (errno == EPIPE || errno == ECONNRESET)
            return 0;
        if (errno == EAGAIN) {
            int rc = client_wait(fd, POLLOUT, until_ms);

            if (rc)
                return rc;
        } else if (errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}

/* wait_ms > 0 */
static int client_connect(const char *path, int wait_ms, int *out)
{
    ALM_CLEANUP(fd_closep) int fd = -1;
    struct timeval wait = { .tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000L };
    struct sockaddr_un a;
    int rc = frame_address(path, &a);

    if (rc)
        return rc;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)))
        return -errno;
    while (connect(fd, (const struct sockaddr *)&a, sizeof(a)))
        if (errno != EINTR)
            return errno == EAGAIN ? -ETIMEDOUT : -errno;
    *out = fd;
    fd = -1;
    return 0;
}

static int call_open(const char *socket_path, const json_t *request, int connect_ms,
                     int64_t until_ms, struct local_call **out)
{
    ALM_CLEANUP(local_call_closep) struct local_call *c = calloc(1, sizeof(*c));
    ALM_CLEANUP(buf_deinit) struct buf message = { 0 };
    int rc;

    if (!c)
        return -ENOMEM;
    c->fd = -1;
    buf_init(&c->in, LOCAL_MESSAGE_MAX + FRAME_HEAD);
    buf_init(&message, LOCAL_MESSAGE_MAX + FRAME_HEAD);
    rc = frame_encode(request, &message);
    if (rc)
        return rc;
    rc = client_connect(socket_path, connect_ms, &c->fd);
    if (rc)
        return rc;
    rc = client_send(c->fd, buf_view(&message), until_ms);
    if (rc)
        return rc;
    *out = c;
    c = NULL;
    return 0;
}

int local_call_open(const char *socket_path, const json_t *request, struct local_call **out)
{
    return call_open(socket_path, request, CONNECT_WAIT_MS,
                     clock_mono_ms() + CONNECT_WAIT_MS + SEND_WAIT_MS, out);
}

int local_call_open_within(const char *socket_path, const json_t *request, int timeout_ms,
                           struct local_call **out)
{
    if (timeout_ms <= 0)
        return -ETIMEDOUT;
    return call_open(socket_path, request, timeout_ms, clock_mono_ms() + timeout_ms, out);
}

/* Receives until in holds at least need bytes. */
static int client_fill(struct local_call *c, size_t need, int64_t until_ms)
{
    while (c->in.len < need) {
        size_t room = need - c->in.len;
        ssize_t n;
        int rc = buf_room(&c->in, room);

        if (rc)
            return rc;
        n = recv(c->fd, c->in.data + c->in.len, room, MSG_DONTWAIT);
        if (n > 0) {
            c->in.len += (size_t)n;
            continue;
        }
        if (!n || errno == ECONNRESET)
            return -ECONNRESET;
        if (errno == EAGAIN) {
            rc = client_wait(c->fd, POLLIN, until_ms);
            if (rc)
                return rc;
        } else if (errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}

int local_call_next(struct local_call *c, int timeout_ms, json_t **reply)
{
    int64_t until_ms = timeout_ms < 0 ? -1 : clock_mono_ms() + timeout_ms;
    struct cursor head;
    char why[128];
    uint32_t len;
    json_t *o;
    int rc = client_fill(c, FRAME_HEAD, until_ms);

    if (rc)
        return rc;
    head = cursor_of(bytes_of(c->in.data, FRAME_HEAD));
    len = cursor_u32(&head);
    if (!len || len > LOCAL_MESSAGE_MAX)
        return -EBADMSG;
    rc = client_fill(c, FRAME_HEAD + (size_t)len, until_ms);
    if (rc)
        return rc; /* what came so far is kept: after -ETIMEDOUT the caller may ask again */
    rc = frame_parse(bytes_of(c->in.data + FRAME_HEAD, len), &o, why, sizeof(why));
    if (rc)
        return rc;
    buf_reset(&c->in); /* never more than one message is received ahead */
    *reply = o;
    return json_is_true(json_object_get(o, "more")) ? 1 : 0;
}

struct local_call *local_call_close(struct local_call *c)
{
    if (!c)
        return NULL;
    fd_closep(&c->fd);
    buf_deinit(&c->in);
    free(c);
    return NULL;
}

void local_call_closep(struct local_call **c)
{
    *c = local_call_close(*c);
}

int local_ask(const char *socket_path, const json_t *request, int timeout_ms, json_t **reply)
{
    ALM_CLEANUP(local_call_closep) struct local_call *c = NULL;
    int rc = local_call_open(socket_path, request, &c);

    if (rc)
        return rc;
    rc = local_call_next(c, timeout_ms, reply);
    return rc < 0 ? rc : 0;
}
