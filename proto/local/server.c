/* SPDX-License-Identifier: Apache-2.0 */
/* server.c - the answering end of a local socket, for one poll loop; never blocks and never trusts
 * who connected.
 *
 *   client:  reading --whole request--> asked --local_reply(last)--> reading
 *               |  malformed, too long                 | replies wait in out, sent as the peer
 * reads
 *               +--> error reply, closing --> gone <---+ hung up, too slow, replies past OUT_MAX
 */
#include "base/file.h"
#include "local/frame.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define IDLE_MS 30000 /* to send a whole request, or to read on from a reply */
#define OUT_MAX (2u * (LOCAL_MESSAGE_MAX + FRAME_HEAD)) /* replies waiting for one client, bytes   \
                                                         */
#define READ_CHUNK  65536
#define STEP_READS  16 /* chunks of one client a step: a fast writer does not starve the others */
#define CLIENTS_MAX 4096

struct client {
    int fd;          /* -1: free */
    uint64_t ticket; /* of the request being answered; 0: none */
    struct buf in, out;
    size_t sent;      /* of out */
    int64_t since_ms; /* start of the present wait */
    bool closing;     /* when out is sent */
    bool gone;        /* reaped at the end of a step */
};
struct local_server {
    int fd;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    dev_t dev;
    ino_t ino;
    uint64_t serial; /* of tickets; never 0, never used again */
    int64_t now_ms;
    size_t n_clients;
    struct client clients[];
};

/* --- opening --- */

/* Return: 0 nobody is there (any dead socket may go); -EADDRINUSE somebody listens; -EEXIST not a
 * socket; -errno. */
static int server_probe(const char *path)
{
    ALM_CLEANUP(fd_closep) int fd = -1;
    struct sockaddr_un a;
    struct stat st;
    int rc = frame_address(path, &a);

    if (rc)
        return rc;
    if (lstat(path, &st))
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(st.st_mode))
        return -EEXIST;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (!connect(fd, (const struct sockaddr *)&a, sizeof(a)) ||
        errno == EAGAIN) /* EAGAIN: alive, its backlog is full */
        return -EADDRINUSE;
    return errno == ECONNREFUSED || errno == ENOENT ? 0 : -errno;
}

/* Bound beside and renamed over the dead one, so that the path never stands there with the wrong
 * mode. */
static int server_bind(struct local_server *s, unsigned mode)
{
    char beside[sizeof(s->path)];
    struct sockaddr_un a;
    struct stat st;
    int rc, n = snprintf(beside, sizeof(beside), "%s.new", s->path);

    if (n < 0 || (size_t)n >= sizeof(beside))
        return -ENAMETOOLONG;
    rc = frame_address(beside, &a);
    if (rc)
        return rc;
    s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd < 0)
        return -errno;
    if (unlink(beside) && errno != ENOENT)
        return -errno;
    if (bind(s->fd, (const struct sockaddr *)&a, sizeof(a)))
        return -errno;
    if (chmod(beside, mode) || listen(s->fd, 64) || stat(beside, &st) || rename(beside, s->path)) {
        rc = -errno;
        (void)unlink(beside);
        return rc;
    }
    s->dev = st.st_dev;
    s->ino = st.st_ino;
    return 0;
}

int local_server_open(const char *socket_path, unsigned mode, size_t max_clients,
                      struct local_server **out)
{
    ALM_CLEANUP(local_server_closep) struct local_server *s = NULL;
    int rc;

    if (!max_clients || max_clients > CLIENTS_MAX)
        return -EINVAL;
    s = calloc(1, sizeof(*s) + max_clients * sizeof(s->clients[0]));
    if (!s)
        return -ENOMEM;
    s->fd = -1;
    s->n_clients = max_clients;
    for (size_t i = 0; i < max_clients; i++)
        s->clients[i].fd = -1;
    if (text_copy(s->path, sizeof(s->path), socket_path))
        return -ENAMETOOLONG;
    rc = server_probe(socket_path);
    if (rc)
        return rc;
    rc = server_bind(s, mode ? mode : 0600);
    if (rc)
        return rc;
    *out = s;
    s = NULL;
    return 0;
}

static void client_drop(struct client *c)
{
    fd_closep(&c->fd);
    buf_deinit(&c->in);
    buf_deinit(&c->out);
    *c = (struct client){ .fd = -1 };
}

struct local_server *local_server_close(struct local_server *s)
{
    struct stat st;

    if (!s)
        return NULL;
    for (size_t i = 0; i < s->n_clients; i++)
        client_drop(&s->clients[i]);
    /* another server may have replaced it meanwhile: unlink only our own */
    if (s->ino && !lstat(s->path, &st) && st.st_dev == s->dev && st.st_ino == s->ino)
        (void)unlink(s->path);
    fd_closep(&s->fd);
    free(s);
    return NULL;
}

void local_server_closep(struct local_server **s)
{
    *s = local_server_close(*s);
}

/* --- sending --- */

static void client_write(struct local_server *s, struct client *c)
{
    while (c->sent < c->out.len) {
        ssize_t n =
            send(c->fd, c->out.data + c->sent, c->out.len - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n > 0) {
            c->sent += (size_t)n;
            c->since_ms = s->now_ms;
        } else if (n < 0 && errno == EAGAIN) {
            return;
        } else if (n < 0 && errno != EINTR) {
            c->gone = true;
            return;
        }
    }
    buf_reset(&c->out);
    c->sent = 0;
    if (c->closing)
        c->gone = true;
}

/* Queues one message; a client whose unread replies fill OUT_MAX is let go, so that it costs the
 * others nothing. */
static void client_put(struct local_server *s, struct client *c, const json_t *reply)
{
    int rc;

    if (c->sent) { /* what is sent makes room */
        memmove(c->out.data, c->out.data + c->sent, c->out.len - c->sent);
        c->out.len -= c->sent;
        c->sent = 0;
    }
    rc = frame_encode(reply, &c->out);
    if (rc == -EMSGSIZE) {
        json_t *e =
            local_error("too-long", 70, "the reply is longer than %u bytes: ask for less at a time",
                        LOCAL_MESSAGE_MAX);

        c->closing = true;
        rc = e ? frame_encode(e, &c->out) : -ENOMEM;
        json_decref(e);
    }
    if (rc)
        c->gone = true;
    else
        client_write(s, c);
}

static void client_refuse(struct local_server *s, struct client *c, const char *word,
                          const char *text)
{
    json_t *e = local_error(word, 65, "%s", text);

    c->closing = true;
    if (e)
        client_put(s, c, e);
    else
        c->gone = true;
    json_decref(e);
}

static struct client *server_find(const struct local_server *s, uint64_t ticket)
{
    struct client *clients =
        (struct client *)(uintptr_t)s->clients; /* callers that only ask do not write */
    size_t slot = (size_t)(ticket & 0xffff);

    if (slot >= s->n_clients || !ticket || clients[slot].ticket != ticket || clients[slot].gone)
        return NULL;
    return &clients[slot];
}

void local_reply(struct local_server *s, uint64_t client, const json_t *reply, bool last)
{
    struct client *c = server_find(s, client);
    json_t *copy;

    if (!c)
        return; /* it went away: nobody is left to tell */
    /* "more" is ours to say: whether another message follows on this socket */
    copy = json_copy((json_t *)(uintptr_t)reply); /* shallow; does not change it */
    if (!copy || json_object_set_new(copy, "more", json_boolean(!last)))
        c->gone = true;
    else
        client_put(s, c, copy);
    json_decref(copy);
    if (last) {
        c->ticket = 0;
        c->since_ms = s->now_ms;
    }
}

bool local_client_alive(const struct local_server *s, uint64_t client)
{
    return server_find(s, client) != NULL;
}

size_t local_client_pending(const struct local_server *s, uint64_t client)
{
    const struct client *c = server_find(s, client);

    return c ? c->out.len - c->sent : 0;
}

/* --- receiving --- */

static void client_take(struct local_server *s, struct client *c, local_on_request *on, void *ctx)
{
    while (!c->gone && !c->closing && !c->ticket && c->in.len >= FRAME_HEAD) {
        struct cursor head = cursor_of(buf_view(&c->in));
        uint32_t len = cursor_u32(&head);
        char why[128], text[192];
        json_t *request = NULL;
        size_t whole = FRAME_HEAD + (size_t)len;
        int rc;

        if (!len || len > LOCAL_MESSAGE_MAX) {
            client_refuse(s, c, "bad-length", "the message's length is zero or more than 4 MiB");
            return;
        }
        if (c->in.len < whole)
            return;
        rc = frame_parse(bytes_of(c->in.data + FRAME_HEAD, len), &request, why, sizeof(why));
        if (rc) {
            (void)snprintf(text, sizeof(text), "the message is %s",
                           rc == -ENOMEM ? "more than there is memory for" : why);
            client_refuse(s, c, "bad-message", text);
            return;
        }
        memmove(c->in.data, c->in.data + whole, c->in.len - whole);
        c->in.len -= whole;
        c->since_ms = s->now_ms;
        c->ticket = (++s->serial << 16) | (uint64_t)(c - s->clients);
        on(ctx, c->ticket, request);
        json_decref(request);
    }
}

static void client_read(struct local_server *s, struct client *c, local_on_request *on, void *ctx)
{
    for (int i = 0; i < STEP_READS && !c->gone && !c->closing && !c->ticket; i++) {
        ssize_t n;

        if (buf_room(&c->in, READ_CHUNK)) {
            client_refuse(s, c, "bad-length",
                          "more than one message of the greatest length at once");
            return;
        }
        n = recv(c->fd, c->in.data + c->in.len, READ_CHUNK, MSG_DONTWAIT);
        if (n > 0) {
            c->in.len += (size_t)n;
            client_take(s, c, on, ctx);
        } else if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        } else { /* hung up; a request cut short is nobody's any more */
            c->gone = true;
        }
    }
}

static void server_admit(struct local_server *s, int fd)
{
    struct client *c = NULL;

    for (size_t i = 0; i < s->n_clients && !c; i++)
        if (s->clients[i].fd < 0)
            c = &s->clients[i];
    if (!c) {
        struct client one = { .fd = fd };

        buf_init(&one.out, OUT_MAX);
        client_refuse(s, &one, "busy", "too many connections: try again in a moment");
        client_drop(&one);
        return;
    }
    *c = (struct client){ .fd = fd, .since_ms = s->now_ms };
    buf_init(&c->in, LOCAL_MESSAGE_MAX + FRAME_HEAD + READ_CHUNK);
    buf_init(&c->out, OUT_MAX);
}

static void server_accept(struct local_server *s)
{
    for (size_t i = 0; i <= s->n_clients; i++) {
        int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0)
            return; /* none left, or no descriptors: the backlog keeps them */
        server_admit(s, fd);
    }
}

/* --- the loop's side --- */

size_t local_server_poll_fds(struct local_server *s, struct pollfd *fds, size_t max)
{
    size_t n = 0;

    if (max)
        fds[n++] = (struct pollfd){ .fd = s->fd, .events = POLLIN };
    for (size_t i = 0; i < s->n_clients && n < max; i++) {
        const struct client *c = &s->clients[i];
        short events = 0;

        if (c->fd < 0)
            continue;
        if (!c->ticket && !c->closing && !c->gone)
            events |= POLLIN;
        if (c->sent < c->out.len || c->gone)
            events |= POLLOUT; /* a gone one is reaped by the next step */
        fds[n++] = (struct pollfd){ .fd = c->fd, .events = events };
    }
    return n;
}

static void server_ready(struct local_server *s, const struct pollfd *p, local_on_request *on,
                         void *ctx)
{
    for (size_t i = 0; i < s->n_clients; i++) {
        struct client *c = &s->clients[i];

        if (c->fd != p->fd)
            continue;
        if (p->revents & POLLOUT && !c->gone)
            client_write(s, c);
        if (p->revents & POLLIN && !c->gone && !c->ticket)
            client_read(s, c, on, ctx);
        else if (p->revents & (POLLHUP | POLLERR | POLLNVAL))
            c->gone = true;
        return;
    }
}

void local_server_step(struct local_server *s, const struct pollfd *fds, size_t n, int64_t mono_ms,
                       local_on_request *on, void *ctx)
{
    bool knock = false;

    s->now_ms = mono_ms;
    for (size_t i = 0; i < n; i++) {
        if (fds[i].fd < 0 || !fds[i].revents)
            continue;
        if (fds[i].fd == s->fd)
            knock = true;
        else
            server_ready(s, &fds[i], on, ctx);
    }
    for (size_t i = 0; i < s->n_clients; i++) {
        struct client *c = &s->clients[i];

        if (c->fd < 0)
            continue;
        if (!c->ticket && !c->gone) /* a second request that came with the first */
            client_take(s, c, on, ctx);
        if ((!c->ticket || c->out.len) && mono_ms - c->since_ms > IDLE_MS)
            c->gone = true;
        if (c->gone)
            client_drop(c);
    }
    if (knock) /* last: a new descriptor may bear the number of one dropped above */
        server_accept(s);
}
