/* SPDX-License-Identifier: Apache-2.0 */
/* forward.c - baselines (i) and (ii): a CURVE ROUTER in one loop that hands each frame on; with
 * --log DIR a hash chain and a durable record for each round trip, one commit a batch, before the
 * replies leave.
 *
 *   bench_forward --bind ADDRESS --secret KEYFILE --sizes QUESTION,REPLY [--log DIR] */
#include "bare_log.h"
#include "load.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#define ROUTE 5
#define BATCH 1024

static uint8_t routes[TOWN_MOST][ROUTE];
static uint8_t zeroes[65536];
static volatile sig_atomic_t stopping;

struct held {
    unsigned to;
    size_t len;
    uint8_t head[BARE_HEAD];
};
static struct held held[BATCH];

static void on_signal(int n)
{
    (void)n;
    stopping = 1;
}

static int set_up(void *router, const char *bind, const char *secret_hex)
{
    static const int one = 1, zero = 0, many = 20000;
    uint8_t secret[32];
    char text[41];

    if (hex_decode(secret_hex, secret, sizeof(secret)) || !zmq_z85_encode(text, secret, 32))
        return -EINVAL;
    if (zmq_setsockopt(router, ZMQ_CURVE_SERVER, &one, sizeof(one)) || zmq_setsockopt(router, ZMQ_CURVE_SECRETKEY, text, 41) ||
        zmq_setsockopt(router, ZMQ_LINGER, &zero, sizeof(zero)) || zmq_setsockopt(router, ZMQ_SNDHWM, &many, sizeof(many)) ||
        zmq_setsockopt(router, ZMQ_RCVHWM, &many, sizeof(many)) || zmq_bind(router, bind))
        return -errno;
    return 0;
}

static void hand_on(void *router, unsigned to, const uint8_t *head, size_t len)
{
    memcpy(zeroes, head, BARE_HEAD);
    if (to < TOWN_MOST && zmq_send(router, routes[to], ROUTE, ZMQ_SNDMORE) == ROUTE)
        (void)zmq_send(router, zeroes, len, 0);
}

/* Return: 1 a frame was taken; 0 none waits. */
static int take(void *router, const size_t sizes[2], struct bare_log *log, unsigned *n_held)
{
    static uint8_t in[65536];
    uint8_t route[ROUTE];
    int len;

    if (zmq_recv(router, route, ROUTE, ZMQ_DONTWAIT) != ROUTE)
        return 0;
    len = zmq_recv(router, in, sizeof(in), 0);
    if (len < BARE_HEAD)
        return 1;
    if (in[0] == BARE_HELLO) {
        memcpy(routes[((unsigned)in[2] << 8 | in[3]) % TOWN_MOST], route, ROUTE);
        hand_on(router, ((unsigned)in[2] << 8 | in[3]) % TOWN_MOST, in, BARE_HEAD);
    } else if (in[1] == 1) {
        in[1] = 2;
        hand_on(router, (unsigned)in[4] << 8 | in[5], in, sizes[0]);
    } else {
        struct held *h = &held[(*n_held)++];

        h->to = (unsigned)in[2] << 8 | in[3];
        h->len = sizes[1];
        memcpy(h->head, in, BARE_HEAD);
        if (log && bare_log_add(log, bytes_of(in, (size_t)len)))
            exit(74);
    }
    return 1;
}

static void turn(void *router, const size_t sizes[2], struct bare_log *log)
{
    zmq_pollitem_t item = { router, -1, ZMQ_POLLIN, 0 };
    unsigned n_held = 0;

    (void)zmq_poll(&item, 1, 200);
    for (unsigned i = 0; i < BATCH && take(router, sizes, log, &n_held); i++) {
    }
    if (log && bare_log_commit(log))
        exit(74);
    for (unsigned i = 0; i < n_held; i++)
        hand_on(router, held[i].to, held[i].head, held[i].len);
}

int main(int argc, char **argv)
{
    static const struct option names[] = { { "bind", 1, NULL, 'b' }, { "secret", 1, NULL, 's' }, { "sizes", 1, NULL, 'z' },
                                           { "log", 1, NULL, 'l' },  { NULL, 0, NULL, 0 } };
    const char *bind = NULL, *secret = NULL, *dir = NULL;
    size_t sizes[2] = { 256, 256 };
    struct bare_log *log = NULL;
    void *context = zmq_ctx_new(), *router = context ? zmq_socket(context, ZMQ_ROUTER) : NULL;
    char *end;
    int c;

    while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (c == 'b')
            bind = optarg;
        else if (c == 's')
            secret = optarg;
        else if (c == 'l')
            dir = optarg;
        else if (c == 'z') {
            sizes[0] = strtoull(optarg, &end, 10);
            sizes[1] = *end == ',' ? strtoull(end + 1, NULL, 10) : sizes[0];
        }
    }
    if (!bind || !secret || !router || sizes[0] < BARE_HEAD || sizes[1] < BARE_HEAD || sizes[0] > sizeof(zeroes) ||
        sizes[1] > sizeof(zeroes)) {
        (void)fprintf(stderr, "usage: bench_forward --bind ADDRESS --secret HEX --sizes QUESTION,REPLY [--log DIR]\n");
        return 64;
    }
    (void)signal(SIGTERM, on_signal);
    if (crypto_init() || set_up(router, bind, secret) || (dir && bare_log_open(dir, &log)))
        return 70;
    while (!stopping)
        turn(router, sizes, log);
    bare_log_close(log);
    (void)zmq_close(router);
    (void)zmq_ctx_term(context);
    return 0;
}
