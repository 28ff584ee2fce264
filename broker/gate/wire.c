/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c - libzmq, and nothing else of the gate. See wire.h.
 *
 * Choices, each against something that libzmq 4.3.4 does by itself:
 *  - ZAP domain and ZMQ_ZAP_ENFORCE_DOMAIN before bind: without both, an absent handler admits
 * everybody;
 *  - ROUTER_MANDATORY: without it a frame for a peer that has gone is dropped silently;
 *  - ROUTER_HANDOVER stays off: with it any enrolled peer could take another's routing id and get
 * its frames. Peers with a routing id of their own choosing are refused altogether, so that an id
 * never passes from one agency to another;
 *  - srand before the ROUTER is made: its sequence of routing ids starts at rand();
 *  - MAXMSGSIZE is of the encrypted frame, so it is our limit and CURVE's overhead. */
#include "gate/wire.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <zmq.h>

#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN                                                                     \
    93 /* the header shows it only for drafts; the library has it since 4.3.0 */
#endif
#define WIRE_ZAP       "inproc://zeromq.zap.01" /* RFC 27 */
#define WIRE_DOMAIN    "almoner"
#define WIRE_OVERHEAD  64   /* bytes; CURVE adds 33 to a frame */
#define WIRE_RCVHWM    512  /* frames waiting from one peer */
#define WIRE_SNDHWM    4096 /* and for one: what two turns of the core may have for a single agency */
#define WIRE_TURN      64   /* frames, ZAP requests of one turn of the loop */
#define WIRE_LENT      (2 * WIRE_TURN) /* a call of wire_poll serves what is due before it waits and after */
#define WIRE_EVENTS    4096 /* monitor events of one turn */
#define WIRE_EXTRA_MAX 8
#define WIRE_PROBE     "self-test"

enum probe_kind { PROBE_NULL, PROBE_PLAIN, PROBE_UNKNOWN, PROBE_ADMITTED, PROBE_KINDS };
enum probe_outcome { PROBE_WAITING = 0, PROBE_REFUSED, PROBE_IN };
static const char *const probe_names[] = { "null", "plain", "unknown-key", "admitted-key" };

struct wire_probe {
    void *socket, *monitor;
    enum probe_outcome outcome;
    uint8_t key[WIRE_KEY_LEN]; /* of the CURVE probes */
};
struct wire_probes {
    struct wire_probe all[PROBE_KINDS];
    bool named; /* the admitted probe's frame carried its User-Id */
};

/* A socket that is read here. libzmq's descriptor says only that something has happened to the socket since it was last used,
 * for whatever: so one is read until nothing comes, and is due again after each use that may have taken the sign away. */
struct wire_source {
    void *socket;
    int fd;
    bool due; /* there may be messages, although its descriptor is silent */
};

struct wire {
    void *context, *router, *zap, *monitor;
    struct wire_source frames, keys, events;
    zmq_msg_t lent[WIRE_LENT]; /* bodies that were handed up in this call of wire_poll */
    size_t n_lent;
    const struct wire_calls *calls;
    void *ctx;
    size_t frame_max;
    struct wire_probes *probes; /* during the self-test, else NULL */
};

static int wire_option(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof(value)) ? -errno : 0;
}

struct wire_option_row {
    int option, value;
};

static int wire_options(void *socket, const struct wire_option_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int r = wire_option(socket, rows[i].option, rows[i].value);

        if (r)
            return r;
    }
    return 0;
}

static int wire_secure(const struct wire *w, const struct wire_settings *s)
{
    const struct wire_option_row rows[] = {
        { ZMQ_ZAP_ENFORCE_DOMAIN, 1 },
        { ZMQ_CURVE_SERVER, 1 },
        { ZMQ_ROUTER_MANDATORY, 1 },
        { ZMQ_ROUTER_HANDOVER, 0 },
        { ZMQ_LINGER, 0 },
        { ZMQ_HANDSHAKE_IVL, 2000 }, /* ms; frees idle connects */
        { ZMQ_SNDHWM, WIRE_SNDHWM },
        { ZMQ_RCVHWM, WIRE_RCVHWM },
        { ZMQ_BACKLOG, 128 },
        { ZMQ_HEARTBEAT_IVL, 5000 }, /* ms; off by default */
        { ZMQ_HEARTBEAT_TIMEOUT, 15000 },
        { ZMQ_HEARTBEAT_TTL, 30000 },
        { ZMQ_IPV6, strchr(s->bind, '[') != NULL },
    };
    int64_t max = (int64_t)s->frame_max + WIRE_OVERHEAD;

    if (zmq_setsockopt(w->router, ZMQ_ZAP_DOMAIN, WIRE_DOMAIN, strlen(WIRE_DOMAIN)) ||
        zmq_setsockopt(w->router, ZMQ_MAXMSGSIZE, &max, sizeof(max)) ||
        zmq_setsockopt(w->router, ZMQ_CURVE_PUBLICKEY, s->curve_public, WIRE_Z85_LEN + 1) ||
        zmq_setsockopt(w->router, ZMQ_CURVE_SECRETKEY, s->curve_secret, WIRE_Z85_LEN + 1))
        return -errno;
    return wire_options(w->router, rows, ALM_LEN(rows));
}

/* A socket's events, on a PAIR that the caller closes. */
static int wire_watch(void *context, void *socket, const char *name, int events, void **out)
{
    char where[64];
    void *monitor;

    snprintf(where, sizeof(where), "inproc://watch-%s", name);
    if (zmq_socket_monitor(socket, where, events))
        return -errno;
    monitor = zmq_socket(context, ZMQ_PAIR);
    if (!monitor)
        return -errno;
    if (wire_option(monitor, ZMQ_LINGER, 0) || zmq_connect(monitor, where)) {
        int r = -errno;

        zmq_close(monitor);
        return r;
    }
    *out = monitor;
    return 0;
}

static int wire_seed(void)
{
    unsigned seed;

    if (crypto_random(&seed, sizeof(seed)))
        return -EIO;
    srand(seed);
    return 0;
}

static int wire_set_up(struct wire *w, const struct wire_settings *s)
{
    int r;

    w->zap = zmq_socket(w->context,
                        ZMQ_REP); /* first: starts the context, so that nothing reseeds after us */
    if (!w->zap || zmq_bind(w->zap, WIRE_ZAP))
        return -errno;
    r = wire_seed();
    if (r)
        return r;
    w->router = zmq_socket(w->context, ZMQ_ROUTER);
    if (!w->router)
        return -errno;
    r = wire_secure(w, s);
    if (r)
        return r;
    r = wire_watch(w->context, w->router, "gate",
                   ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED |
                       ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                       ZMQ_EVENT_HANDSHAKE_FAILED_AUTH,
                   &w->monitor);
    if (r)
        return r;
    return zmq_bind(w->router, s->bind) ? -errno : 0;
}

static int wire_source(void *socket, struct wire_source *out)
{
    size_t len = sizeof(out->fd);

    *out = (struct wire_source){ .socket = socket, .due = true };
    return zmq_getsockopt(socket, ZMQ_FD, &out->fd, &len) ? -errno : 0;
}

int wire_open(const struct wire_settings *s, const struct wire_calls *calls, void *ctx,
              struct wire **out)
{
    ALM_CLEANUP(wire_closep) struct wire *w = calloc(1, sizeof(*w));
    int r;

    if (!w)
        return -ENOMEM;
    if (!zmq_has("curve"))
        return -ENOTSUP;
    if (strlen(s->curve_public) != WIRE_Z85_LEN || strlen(s->curve_secret) != WIRE_Z85_LEN)
        return -EINVAL;
    w->calls = calls;
    w->ctx = ctx;
    w->frame_max = s->frame_max;
    w->context = zmq_ctx_new();
    if (!w->context)
        return -errno;
    r = wire_set_up(w, s);
    if (!r)
        r = wire_source(w->router, &w->frames);
    if (!r)
        r = wire_source(w->zap, &w->keys);
    if (!r)
        r = wire_source(w->monitor, &w->events);
    if (r)
        return r;
    *out = w;
    w = NULL;
    return 0;
}

static void wire_close_socket(void **socket)
{
    if (*socket)
        zmq_close(*socket);
    *socket = NULL;
}

/* The events end first: libzmq's thread would wait for ever to tell a reader that has gone. */
static void wire_close_watched(void **socket, void **monitor)
{
    if (*socket && *monitor)
        (void)zmq_socket_monitor(*socket, NULL, 0);
    wire_close_socket(socket);
    wire_close_socket(monitor);
}

static void wire_take_back(struct wire *w)
{
    while (w->n_lent)
        zmq_msg_close(&w->lent[--w->n_lent]);
}

struct wire *wire_close(struct wire *w)
{
    if (!w)
        return NULL;
    wire_take_back(w);
    wire_close_watched(&w->router, &w->monitor);
    wire_close_socket(&w->zap);
    if (w->context)
        zmq_ctx_term(w->context);
    free(w);
    return NULL;
}

void wire_closep(struct wire **w)
{
    *w = wire_close(*w);
}

/* --- ZAP: who may come in
 * ------------------------------------------------------------------------------------ */

enum zap_part {
    ZAP_VERSION,
    ZAP_REQUEST,
    ZAP_DOMAIN,
    ZAP_ADDRESS,
    ZAP_IDENTITY,
    ZAP_MECHANISM,
    ZAP_KEY,
    ZAP_PARTS
};

static bool wire_part_is(zmq_msg_t *part, const char *text)
{
    return zmq_msg_size(part) == strlen(text) && !memcmp(zmq_msg_data(part), text, strlen(text));
}

static bool wire_is_probe(const struct wire *w, enum probe_kind kind,
                          const uint8_t key[static WIRE_KEY_LEN])
{
    return w->probes && crypto_equal(key, w->probes->all[kind].key, WIRE_KEY_LEN);
}

static enum wire_status wire_admit(struct wire *w, zmq_msg_t parts[static ZAP_PARTS], size_t n,
                                   char user[static WIRE_USER_MAX])
{
    const uint8_t *key;
    enum wire_status status;

    if (n != ZAP_PARTS || !wire_part_is(&parts[ZAP_VERSION], "1.0") ||
        !wire_part_is(&parts[ZAP_DOMAIN], WIRE_DOMAIN) ||
        !wire_part_is(&parts[ZAP_MECHANISM], "CURVE") ||
        zmq_msg_size(&parts[ZAP_KEY]) != WIRE_KEY_LEN)
        return WIRE_NEVER;
    key = zmq_msg_data(&parts[ZAP_KEY]);
    if (wire_is_probe(w, PROBE_ADMITTED, key)) {
        snprintf(user, WIRE_USER_MAX, "%s", WIRE_PROBE);
        return WIRE_ADMIT;
    }
    status = w->calls->admit(w->ctx, key, user);
    /* "Later" leaves a connection hanging until HANDSHAKE_IVL: the probe need not wait for that. */
    return status == WIRE_LATER && wire_is_probe(w, PROBE_UNKNOWN, key) ? WIRE_NEVER : status;
}

static void wire_zap_reply(struct wire *w, zmq_msg_t *request, enum wire_status status,
                           const char *user)
{
    char code[4];
    const struct bytes frames[] = {
        bytes_str("1.0"),
        bytes_of(zmq_msg_data(request), zmq_msg_size(request)),
        bytes_of(code, 3),
        bytes_str(status == WIRE_ADMIT ? "OK" : "no"),
        bytes_str(status == WIRE_ADMIT ? user : ""),
        bytes_str(""),
    };

    snprintf(code, sizeof(code), "%03u", (unsigned)status % 1000);
    for (size_t i = 0; i < ALM_LEN(frames); i++) {
        int more = i + 1 < ALM_LEN(frames) ? ZMQ_SNDMORE : 0;

        /* Fails only if the asking connection has gone, and then nobody waits for it. */
        if (zmq_send(w->zap, frames[i].data, frames[i].len, ZMQ_DONTWAIT | more) < 0)
            return;
    }
}

/* Receives one whole message into at most max parts (the rest is thrown away). Return: parts in
 * all, 0 nothing there. */
static size_t wire_receive(void *socket, zmq_msg_t *parts, size_t max)
{
    size_t n = 0;
    int more = 1;

    while (more) {
        zmq_msg_t spare, *at = n < max ? &parts[n] : &spare;

        zmq_msg_init(at);
        if (zmq_msg_recv(at, socket, n ? 0 : ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(at);
            return n;
        }
        more = zmq_msg_more(at);
        if (at == &spare)
            zmq_msg_close(&spare);
        n++;
    }
    return n;
}

static void wire_release(zmq_msg_t *parts, size_t n, size_t max)
{
    for (size_t i = 0; i < n && i < max; i++)
        zmq_msg_close(&parts[i]);
}

static void wire_serve_zap(struct wire *w)
{
    for (int turn = 0; turn < WIRE_TURN; turn++) {
        zmq_msg_t parts[ZAP_PARTS];
        char user[WIRE_USER_MAX] = "";
        size_t n = wire_receive(w->zap, parts, ZAP_PARTS);

        w->keys.due = n > 0;
        if (n == 0)
            return;
        w->events.due = true; /* that it was accepted, which is to be known before what it says */
        if (n > ZAP_REQUEST)
            wire_zap_reply(w, &parts[ZAP_REQUEST], wire_admit(w, parts, n, user), user);
        wire_release(parts, n, ZAP_PARTS);
    }
}

/* --- events and frames
 * ----------------------------------------------------------------------------------------- */

/* One monitor event: frames of (u16 event, i32 value, in our byte order) and the endpoint. Return:
 * the event, 0 none. */
static unsigned wire_event(void *monitor, int32_t *value)
{
    zmq_msg_t parts[2];
    uint16_t event = 0;
    size_t n = wire_receive(monitor, parts, 2);

    if (n > 0 && zmq_msg_size(&parts[0]) >= sizeof(event) + sizeof(*value)) {
        const uint8_t *data = zmq_msg_data(&parts[0]);

        memcpy(&event, data, sizeof(event));
        memcpy(value, data + sizeof(event), sizeof(*value));
    }
    wire_release(parts, n, 2);
    return event;
}

static void wire_serve_events(struct wire *w)
{
    for (int turn = 0; turn < WIRE_EVENTS; turn++) {
        int32_t value = -1;
        unsigned event = wire_event(w->monitor, &value);

        w->events.due = event != 0;
        switch (event) {
        case 0:
            return;
        case ZMQ_EVENT_ACCEPTED:
            w->calls->accepted(w->ctx, value);
            break;
        case ZMQ_EVENT_DISCONNECTED:
            w->calls->closed(w->ctx, value);
            break;
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
            w->calls->refused(w->ctx);
            break;
        default: /* the listener's own end */
            break;
        }
    }
}

static void wire_frame(struct wire *w, zmq_msg_t *route, zmq_msg_t *body, size_t n)
{
    int fd = n > 1 ? zmq_msg_get(body, ZMQ_SRCFD) : -1;
    const char *user = n > 1 ? zmq_msg_gets(body, "User-Id") : NULL;
    struct wire_route from;

    if (n != 2) {
        w->calls->fault(w->ctx, WIRE_FAULT_PARTS, fd);
    } else if (!user || !user[0]) {
        w->calls->fault(w->ctx, WIRE_FAULT_USER, fd);
    } else if (w->probes) {
        w->probes->named = w->probes->named || !strcmp(user, WIRE_PROBE);
    } else if (zmq_msg_size(route) != WIRE_ROUTE_LEN ||
               *(const uint8_t *)zmq_msg_data(route) != 0) {
        w->calls->fault(w->ctx, WIRE_FAULT_ROUTE, fd);
    } else if (zmq_msg_size(body) == 0 || zmq_msg_size(body) > w->frame_max) {
        w->calls->fault(w->ctx, WIRE_FAULT_SIZE, fd);
    } else {
        memcpy(from.octets, zmq_msg_data(route), WIRE_ROUTE_LEN);
        w->calls->frame(w->ctx, user, &from, fd, bytes_of(zmq_msg_data(body), zmq_msg_size(body)));
    }
}

/* Return: whether there were any. Bodies are kept until the next call of wire_poll. */
static bool wire_serve_frames(struct wire *w)
{
    for (int turn = 0; turn < WIRE_TURN; turn++) {
        zmq_msg_t parts[2], *body = &parts[1];
        size_t n = wire_receive(w->router, parts, 2);

        w->frames.due = n > 0;
        if (n == 0)
            return turn > 0;
        if (n == 2) { /* first: a short body stands in the message itself */
            assert(w->n_lent < WIRE_LENT);
            body = &w->lent[w->n_lent++];
            zmq_msg_init(body);
            zmq_msg_move(body, &parts[1]);
        }
        wire_frame(w, &parts[0], body, n);
        wire_release(parts, n, 2);
    }
    return true;
}

/* The descriptors of one turn: extra ones first, then those of the sources that are served. Return: how many. */
static size_t wire_poll_set(const struct wire *w, unsigned serve, const struct pollfd *extra, size_t n_extra,
                            struct pollfd *fds)
{
    size_t n = 0;

    for (; n < n_extra; n++)
        fds[n] = extra[n];
    fds[n++] = (struct pollfd){ .fd = w->events.fd, .events = POLLIN };
    fds[n++] = (struct pollfd){ .fd = serve & WIRE_KEYS ? w->keys.fd : -1, .events = POLLIN };
    fds[n++] = (struct pollfd){ .fd = serve & WIRE_FRAMES ? w->frames.fd : -1, .events = POLLIN };
    return n;
}

static bool wire_due(const struct wire *w, unsigned serve)
{
    return w->events.due || (serve & WIRE_KEYS && w->keys.due) || (serve & WIRE_FRAMES && w->frames.due);
}

/* What is due. Return: whether frames were handed up. */
static bool wire_serve(struct wire *w, unsigned serve)
{
    if (serve & WIRE_KEYS && w->keys.due)
        wire_serve_zap(w);
    if (w->events.due)
        wire_serve_events(w); /* before the frames: a connection is known before what it says */
    return serve & WIRE_FRAMES && w->frames.due && wire_serve_frames(w);
}

/* Not zmq_poll: it asks each socket twice whether anything has come, by system calls of its own. */
int wire_poll(struct wire *w, unsigned serve, struct pollfd *extra, size_t n_extra, int timeout_ms)
{
    struct pollfd fds[WIRE_EXTRA_MAX + 3];
    bool served;
    size_t n;

    if (n_extra > WIRE_EXTRA_MAX)
        return -EINVAL;
    wire_take_back(w);
    served = wire_serve(w, serve); /* then, as a rule, nothing is due */
    n = wire_poll_set(w, serve, extra, n_extra, fds);
    if (poll(fds, n, served || wire_due(w, serve) ? 0 : timeout_ms) < 0)
        return errno == EINTR ? 0 : -errno;
    for (size_t i = 0; i < n_extra; i++)
        extra[i].revents = fds[i].revents;
    w->events.due |= fds[n_extra].revents != 0;
    w->keys.due |= fds[n_extra + 1].revents != 0;
    w->frames.due |= fds[n_extra + 2].revents != 0;
    (void)wire_serve(w, serve);
    return 0;
}

int wire_send(struct wire *w, const struct wire_route *route, struct bytes frame)
{
    w->frames.due = true; /* sending takes signs of what has come away, now and then */
    if (zmq_send(w->router, route->octets, WIRE_ROUTE_LEN, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        return -errno;
    return zmq_send(w->router, frame.data, frame.len, ZMQ_DONTWAIT) < 0 ? -errno : 0;
}

void wire_cut(int fd)
{
    if (fd >= 0)
        (void)shutdown(fd, SHUT_RDWR); /* never close: the descriptor is libzmq's */
}

/* --- the self-test
 * ------------------------------------------------------------------------------------------------
 */

static void wire_probes_close(struct wire_probes *p)
{
    for (size_t i = 0; i < PROBE_KINDS; i++)
        wire_close_watched(&p->all[i].socket, &p->all[i].monitor);
}

static int wire_probe_keys(const struct wire *w, void *socket, const char *public_key,
                           const char *secret_key)
{
    char server[WIRE_Z85_LEN + 1];
    size_t len = sizeof(server);

    if (zmq_getsockopt(w->router, ZMQ_CURVE_PUBLICKEY, server, &len) ||
        zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server, sizeof(server)) ||
        zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public_key, WIRE_Z85_LEN + 1) ||
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key, WIRE_Z85_LEN + 1))
        return -errno;
    return 0;
}

static int wire_probe_mechanism(const struct wire *w, struct wire_probe *p, enum probe_kind kind)
{
    char public_key[WIRE_Z85_LEN + 1], secret_key[WIRE_Z85_LEN + 1];
    int r;

    if (kind == PROBE_NULL)
        return 0;
    if (kind == PROBE_PLAIN)
        return zmq_setsockopt(p->socket, ZMQ_PLAIN_USERNAME, WIRE_PROBE, strlen(WIRE_PROBE)) ||
                       zmq_setsockopt(p->socket, ZMQ_PLAIN_PASSWORD, WIRE_PROBE, strlen(WIRE_PROBE))
                   ? -errno
                   : 0;
    if (zmq_curve_keypair(public_key, secret_key) || !zmq_z85_decode(p->key, public_key))
        return -errno;
    r = wire_probe_keys(w, p->socket, public_key, secret_key);
    crypto_wipe(secret_key, sizeof(secret_key));
    return r;
}

static int wire_probe_open(const struct wire *w, enum probe_kind kind, const char *where,
                           struct wire_probe *p)
{
    const struct wire_option_row rows[] = { { ZMQ_LINGER, 0 },
                                            { ZMQ_RECONNECT_IVL, -1 },
                                            { ZMQ_IPV6, where[6] == '[' } };
    int r;

    p->socket = zmq_socket(w->context, ZMQ_DEALER);
    if (!p->socket)
        return -errno;
    r = wire_options(p->socket, rows, ALM_LEN(rows));
    if (!r)
        r = wire_probe_mechanism(w, p, kind);
    if (!r)
        r = wire_watch(w->context, p->socket, probe_names[kind],
                       ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                           ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                           ZMQ_EVENT_DISCONNECTED,
                       &p->monitor);
    if (!r && zmq_connect(p->socket, where))
        r = -errno;
    if (!r && kind == PROBE_ADMITTED &&
        zmq_send(p->socket, WIRE_PROBE, strlen(WIRE_PROBE), ZMQ_DONTWAIT) < 0)
        r = -errno;
    return r;
}

/* Success is remembered over anything that follows: a probe that was in for a moment was in. */
static void wire_probe_look(struct wire_probe *p)
{
    int32_t value = 0;
    unsigned event;

    while ((event = wire_event(p->monitor, &value)) != 0) {
        if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
            p->outcome = PROBE_IN;
        else if (p->outcome == PROBE_WAITING)
            p->outcome = PROBE_REFUSED;
    }
}

/* Return: 1 all have an outcome, 0 not yet, negative a verdict. */
static int wire_probes_judge(struct wire_probes *p)
{
    bool waiting = false;

    for (int kind = 0; kind < PROBE_KINDS; kind++) {
        wire_probe_look(&p->all[kind]);
        if (p->all[kind].outcome == PROBE_IN && kind != PROBE_ADMITTED) {
            log_error("gate-self-test-failed", "probe=%s outcome=let-in", probe_names[kind]);
            return -EPERM;
        }
        if (p->all[kind].outcome == PROBE_REFUSED && kind == PROBE_ADMITTED) {
            log_error("gate-self-test-failed", "probe=%s outcome=refused", probe_names[kind]);
            return -EPROTO;
        }
        waiting = waiting || p->all[kind].outcome == PROBE_WAITING;
    }
    return !waiting && p->named;
}

static int wire_probes_run(struct wire *w, struct wire_probes *p, int64_t until_ms)
{
    int r;

    while ((r = wire_probes_judge(p)) == 0) {
        if (clock_mono_ms() >= until_ms) {
            log_error("gate-self-test-failed", "probe=any outcome=no-answer named=%d", p->named);
            return -ETIMEDOUT;
        }
        r = wire_poll(w, WIRE_KEYS | WIRE_FRAMES, NULL, 0, 5);
        if (r)
            return r;
    }
    return r < 0 ? r : 0;
}

int wire_self_test(struct wire *w, int bound_ms)
{
    ALM_CLEANUP(wire_probes_close) struct wire_probes probes = { 0 };
    int64_t until_ms = clock_mono_ms() + bound_ms;
    char where[256];
    size_t len = sizeof(where);
    int r = zmq_getsockopt(w->router, ZMQ_LAST_ENDPOINT, where, &len) ? -errno : 0;

    for (int kind = 0; !r && kind < PROBE_KINDS; kind++)
        r = wire_probe_open(w, (enum probe_kind)kind, where, &probes.all[kind]);
    if (r)
        return r;
    w->probes = &probes; /* nobody was served since the sockets were made: wire_poll has not run */
    r = wire_probes_run(w, &probes, until_ms);
    w->probes = NULL;
    return r;
}
