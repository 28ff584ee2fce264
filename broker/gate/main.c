/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - almoner-gate: frames from agencies to the core and back; no files, no decisions. */
#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"
#include "gate/peers.h"
#include "gate/wire.h"
#include "pair/child.h"
#include "pair/pair.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GATE_QUEUE_MAX                                                                             \
    (8 * 1024 * 1024) /* bytes waiting for the core; then frames wait in libzmq, then in TCP */
#define GATE_SELF_TEST_MS 4000 /* bound; it takes 20 ms on a quiet machine */
#define GATE_NOISE_MS     60000

struct gate {
    char name[32];
    struct wire *wire;
    struct peers *peers;
    struct pair *pair;
    struct wire_settings wire_settings;
    struct peers_limits limits;
    bool behind;                   /* the core has not taken all we sent */
    bool failed;                   /* the pair is broken */
    uint32_t n_refused, n_dropped; /* since the last noise */
    int64_t noise_ms;
};

static void gate_cut(const struct peers_cut *cut)
{
    for (size_t i = 0; i < cut->n; i++)
        wire_cut(cut->fds[i]);
}

static enum wire_status gate_admit(void *ctx, const uint8_t key[static WIRE_KEY_LEN],
                                   char user[static WIRE_USER_MAX])
{
    const struct gate *g = ctx;

    return peers_admit_key(g->peers, key, user);
}

static void gate_frame(void *ctx, const char *user, const struct wire_route *route, int fd,
                       struct bytes frame)
{
    struct gate *g = ctx;
    struct pair_msg m = { .type = PAIR_IN, .frame = frame };
    struct peers_cut cut = { .n = 0 };
    enum peers_verdict verdict =
        peers_admit_frame(g->peers, user, route, fd, frame.len, clock_mono_ms(), m.agency, &cut);
    int r;

    gate_cut(&cut);
    if (verdict != PEERS_PASS) {
        g->n_dropped++;
        return;
    }
    r = pair_lend(g->pair, &m); /* libzmq's own memory, until the turn's flush */
    if (r) /* full although we stopped reading: one turn's worth above the mark */
        g->n_dropped++;
}

/* An honest client sends neither several parts nor a routing id: the connection goes, so that it
 * cannot fill our memory. */
static void gate_fault(void *ctx, enum wire_fault fault, int fd)
{
    struct gate *g = ctx;

    (void)fault;
    g->n_dropped++;
    wire_cut(fd);
}

static void gate_accepted(void *ctx, int fd)
{
    struct gate *g = ctx;
    struct peers_cut cut = { .n = 0 };

    peers_accepted(g->peers, fd, clock_mono_ms(), &cut);
    g->n_refused += (uint32_t)cut.n;
    gate_cut(&cut);
}

static void gate_closed(void *ctx, int fd)
{
    struct gate *g = ctx;

    peers_closed(g->peers, fd);
}

static void gate_refused(void *ctx)
{
    struct gate *g = ctx;

    g->n_refused++;
}

static const struct wire_calls gate_calls = {
    .admit = gate_admit,
    .frame = gate_frame,
    .fault = gate_fault,
    .accepted = gate_accepted,
    .closed = gate_closed,
    .refused = gate_refused,
};

static void gate_unreachable(struct gate *g, const struct pair_msg *m)
{
    struct pair_msg back = { .type = PAIR_UNREACHABLE, .ref = m->ref };

    snprintf(back.agency, sizeof(back.agency), "%s", m->agency);
    if (pair_put(g->pair, &back)) /* the core's deadline tells it then */
        g->n_dropped++;
}

static void gate_out(struct gate *g, const struct pair_msg *m)
{
    struct wire_route route;
    int r = -EHOSTUNREACH;

    if (peers_route(g->peers, m->agency, &route)) {
        r = wire_send(g->wire, &route, m->frame);
        if (r == -EHOSTUNREACH)
            peers_lost(g->peers, m->agency);
    }
    if (r)
        gate_unreachable(g, m);
}

static void gate_allow(struct gate *g, const struct pair_msg *m)
{
    struct peers_cut cut = { .n = 0 };

    if (peers_allow(g->peers, m->peers, m->n_peers, &cut)) {
        log_error("gate-list-lost", "peers=%u", m->n_peers);
        g->failed = true; /* the old list may hold what was revoked: begin again with none */
        return;
    }
    gate_cut(&cut);
    log_line(LOG_DEBUG, "gate-allow", "peers=%u cut=%zu", m->n_peers, cut.n);
}

/* From the core. discard: what was meant for an earlier gate. Return: messages, 0 none, or -errno.
 */
static int gate_hear(struct gate *g, bool discard)
{
    const struct pair_msg *msgs;
    int n = pair_recv(g->pair, &msgs);

    for (int i = 0; i < n; i++) {
        if (msgs[i].type == PAIR_OUT && discard)
            gate_unreachable(g, &msgs[i]);
        else if (msgs[i].type == PAIR_OUT)
            gate_out(g, &msgs[i]);
        else if (msgs[i].type == PAIR_ALLOW && !discard)
            gate_allow(g, &msgs[i]);
        else if (msgs[i].type != PAIR_ALLOW)
            return -EBADMSG;
    }
    return n;
}

static void gate_noise(struct gate *g, int64_t now_ms)
{
    struct pair_msg m = { .type = PAIR_NOISE,
                          .n_refused = g->n_refused,
                          .n_dropped = g->n_dropped };

    if (now_ms - g->noise_ms < GATE_NOISE_MS || (!g->n_refused && !g->n_dropped))
        return;
    log_warn("gate-noise", "refused=%u dropped=%u connections=%zu", g->n_refused, g->n_dropped,
             peers_connections(g->peers));
    if (pair_put(g->pair, &m))
        return; /* the next minute's count has it */
    g->n_refused = g->n_dropped = 0;
    g->noise_ms = now_ms;
}

static int gate_flush(struct gate *g)
{
    int r = pair_flush(g->pair);

    g->behind = r == 1;
    return r < 0 ? r : 0;
}

/* Return: 1 stopped, 0 go on, -errno. */
static int gate_turn(struct gate *g)
{
    struct pollfd extra[] = {
        { .fd = CHILD_FD_SUPERVISOR, .events = POLLIN },
        { .fd = pair_fd(g->pair), .events = (short)(g->behind ? POLLIN | POLLOUT : POLLIN) },
    };
    /* Who comes before the first list waits for it, a moment as a rule: told "later" they would
     * stay away for seconds. */
    unsigned serve = (peers_listed(g->peers) ? WIRE_KEYS : 0U) | (g->behind ? 0U : WIRE_FRAMES);
    int r = wire_poll(g->wire, serve, extra, ALM_LEN(extra), GATE_NOISE_MS);

    if (!r && extra[0].revents)
        r = child_heard();
    if (r == CHILD_STOP)
        return 1;
    if (!r && extra[1].revents) {
        r = gate_hear(g, false);
        r = r > 0 ? 0 : r;
    }
    if (!r && g->failed)
        r = -ENOMEM;
    gate_noise(g, clock_mono_ms());
    return r ? r : gate_flush(g);
}

/* Throws away what was queued for an earlier gate, then says that this one is ready. */
static int gate_ready(struct gate *g)
{
    const struct pair_msg ready = { .type = PAIR_READY };
    int r;

    while ((r = gate_hear(g, true)) > 0) {
    }
    if (!r)
        r = pair_put(g->pair, &ready);
    if (!r)
        r = gate_flush(g);
    if (!r)
        r = child_say(CHILD_READY, 0);
    if (!r)
        log_info("gate-ready", "bind=%s", g->wire_settings.bind);
    return r;
}

static int gate_serve(struct gate *g)
{
    int r = gate_ready(g);

    while (!r)
        r = gate_turn(g);
    if (r == 1 || r == -ECONNRESET)
        return EXIT_SUCCESS;
    log_error("gate-failed", "error=%d", -r);
    return EXIT_FAILURE;
}

static int gate_settings(struct gate *g, const json_t *settings)
{
    const json_t *limits = json_object_get(settings, "limits");
    enum log_level level;
    const char *name;
    int64_t frame_max = 0;

    if (child_text(settings, "name", &name) || child_log_level(settings, &level) ||
        child_text(settings, "bind", &g->wire_settings.bind) ||
        child_text(settings, "curve_public", &g->wire_settings.curve_public) ||
        child_text(settings, "curve_secret", &g->wire_settings.curve_secret) ||
        child_int(limits, "frame_bytes", 1, PAIR_FRAME_MAX, &frame_max) ||
        child_int(limits, "messages_per_s", 1, 1000000, &g->limits.messages_per_s) ||
        child_int(limits, "connections", 1, 10000, &g->limits.connections) ||
        child_int(limits, "connections_per_agency", 1, 1000, &g->limits.connections_per_agency))
        return -EINVAL;
    if (text_copy(g->name, sizeof(g->name), name))
        return -EINVAL;
    g->wire_settings.frame_max = (size_t)frame_max;
    log_init(g->name, level);
    return 0;
}

static int gate_set_up(struct gate *g)
{
    struct pair *pair = NULL;
    struct peers_cut cut = { .n = 0 };
    int r = peers_new(&g->limits, &g->peers);

    if (!r)
        r = pair_open(CHILD_FD_GATES, GATE_QUEUE_MAX, &pair);
    g->pair = pair;
    if (!r)
        r = crypto_init();
    if (r) {
        log_error("gate-failed", "error=%d", -r);
        return EXIT_FAILURE;
    }
    r = wire_open(&g->wire_settings, &gate_calls, g, &g->wire);
    if (r) {
        log_error("gate-bind-failed", "bind=%s reason=%s", g->wire_settings.bind,
                  LOG_Q(strerror(-r)));
        return CHILD_EXIT_CONFIG;
    }
    r = wire_self_test(g->wire, GATE_SELF_TEST_MS);
    if (r)
        return CHILD_EXIT_SELF_TEST;
    peers_cut_silent(g->peers,
                     &cut); /* whoever was told "later" while the test ran comes back at once */
    gate_cut(&cut);
    g->n_refused = g->n_dropped = 0; /* the test's own */
    return sandbox_enter(SANDBOX_GATE) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int gate_run(struct gate *g)
{
    json_t *settings = NULL;
    int r = child_settings(&settings);

    if (r || gate_settings(g, settings)) {
        log_error("child-settings", "error=%d", r ? -r : EINVAL);
        json_decref(settings);
        return CHILD_EXIT_CONFIG;
    }
    r = gate_set_up(g);
    if (r == EXIT_SUCCESS)
        r = gate_serve(g);
    json_decref(settings);
    return r;
}

int main(void)
{
    struct gate g = { .noise_ms = 0 };
    int r;

    log_init("gate", LOG_INFO);
    (void)mallopt(M_ARENA_MAX, 2); /* three threads share RLIMIT_AS */
    signal(SIGPIPE, SIG_IGN);
    g.noise_ms = clock_mono_ms();
    r = gate_run(&g);
    g.wire = wire_close(g.wire);
    g.pair = pair_close(g.pair);
    g.peers = peers_free(g.peers);
    return r;
}
