/* SPDX-License-Identifier: Apache-2.0 */
/* links.c - see links.h. */
#include "links.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

#define FRAME_MOST 65536

static int link_open(struct links *l, struct link *k, const char *address, const char *server)
{
    static const int zero = 0, many = 20000, ivl = 200;
    struct town_agency who;
    char public_key[41], secret_key[41];

    if (town_agency_at(k->agency, &who) || !zmq_z85_encode(public_key, who.curve_public, 32) ||
        !zmq_z85_encode(secret_key, who.curve_secret, 32))
        return -EIO;
    k->socket = zmq_socket(l->context, ZMQ_DEALER);
    if (!k->socket || zmq_setsockopt(k->socket, ZMQ_LINGER, &zero, sizeof(zero)) ||
        zmq_setsockopt(k->socket, ZMQ_SNDHWM, &many, sizeof(many)) || zmq_setsockopt(k->socket, ZMQ_RCVHWM, &many, sizeof(many)) ||
        zmq_setsockopt(k->socket, ZMQ_RECONNECT_IVL, &ivl, sizeof(ivl)) ||
        zmq_setsockopt(k->socket, ZMQ_CURVE_SERVERKEY, server, 41) ||
        zmq_setsockopt(k->socket, ZMQ_CURVE_PUBLICKEY, public_key, 41) ||
        zmq_setsockopt(k->socket, ZMQ_CURVE_SECRETKEY, secret_key, 41) || zmq_connect(k->socket, address))
        return -errno;
    return 0;
}

int links_open(struct links *l, unsigned first, unsigned n, unsigned copies)
{
    *l = (struct links){ .context = zmq_ctx_new(), .all = calloc((size_t)n * copies, sizeof(struct link)), .most = n * copies };
    if (!l->context || !l->all)
        return -ENOMEM;
    (void)zmq_ctx_set(l->context, ZMQ_MAX_SOCKETS, LINKS_MOST + 8);
    for (unsigned i = 0; i < l->most; i++)
        l->all[i].agency = first + i % n;
    return 0;
}

int links_connect(struct links *l, const char *address, const char *server)
{
    int r = link_open(l, &l->all[l->n], address, server);

    l->n += r == 0;
    return r;
}

void links_close(struct links *l)
{
    for (unsigned i = 0; i < l->n; i++)
        (void)zmq_close(l->all[i].socket);
    if (l->context)
        (void)zmq_ctx_term(l->context);
    free(l->all);
}

int link_send(struct link *k, struct bytes frame)
{
    while (zmq_send(k->socket, frame.data, frame.len, 0) < 0) {
        if (errno != EINTR)
            return -errno;
    }
    return 0;
}

size_t link_receive(struct link *k, uint8_t *out)
{
    int n = zmq_recv(k->socket, out, FRAME_MOST, ZMQ_DONTWAIT);

    return n > 0 && n <= FRAME_MOST ? (size_t)n : 0;
}

bool links_wait(struct links *l, int timeout_ms, bool with_stdin)
{
    static zmq_pollitem_t items[LINKS_MOST + 1];
    int n = 0;

    for (unsigned i = 0; i < l->n && i < LINKS_MOST; i++)
        items[n++] = (zmq_pollitem_t){ l->all[i].socket, -1, ZMQ_POLLIN, 0 };
    if (with_stdin)
        items[n++] = (zmq_pollitem_t){ NULL, STDIN_FILENO, ZMQ_POLLIN, 0 };
    (void)zmq_poll(items, n, timeout_ms);
    return with_stdin && items[n - 1].revents;
}
