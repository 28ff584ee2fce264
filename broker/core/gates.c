/* SPDX-License-Identifier: Apache-2.0 */
/* gates.c - the pairs: whom each gate may admit, what it brought, what it is to take away. */
#include "stages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ALLOW_MAX   1000  /* of one datagram: pair.h */
#define CUT_LEAF_MS 60000 /* between two leaves about one gate */
#define DRAIN_MOST  64    /* system calls a turn */
#define NOTE_MS     1000  /* between two log lines of what one gate says of itself */

int gates_open(struct core *c, const int *fds)
{
    c->gates = calloc(c->set.n_gates ? c->set.n_gates : 1, sizeof(*c->gates));
    if (!c->gates)
        return -ENOMEM;
    for (size_t i = 0; i < c->set.n_gates; i++) {
        int r = pair_open(fds[i], GATE_QUEUE_BYTES, &c->gates[i].pair);

        if (r)
            return r;
    }
    return 0;
}

void gates_close(struct core *c)
{
    for (size_t i = 0; c->gates && i < c->set.n_gates; i++)
        pair_close(c->gates[i].pair);
    free(c->gates);
    c->gates = NULL;
}

/* A list that could not be handed over is owed: the one before may hold a key that was revoked. */
static void gates_allowed(struct gate *g, size_t i, int r)
{
    if (r && !g->allow_due)
        log_error("gate-allow-failed", "gate=%zu error=%d", i, -r);
    g->allow_due = r != 0;
}

/* Every key of the agencies that this gate serves. A suspended agency may still connect: it hears
 * why it is refused. An empty list admits nobody. */
void gates_allow(struct core *c, size_t i)
{
    struct pair_peer *peers = calloc(ALLOW_MAX, sizeof(*peers));
    struct pair_msg m = { .type = PAIR_ALLOW, .peers = peers };

    if (!peers) {
        gates_allowed(&c->gates[i], i, -ENOMEM);
        return;
    }
    for (uint16_t s = 0; s < c->agencies.n && !c->agencies.broken; s++) {
        const struct agency *a = &c->agencies.slots[s];

        for (uint8_t k = 0; a->gate == i && k < a->reg.n_curve && m.n_peers < ALLOW_MAX; k++) {
            memcpy(peers[m.n_peers].agency, a->reg.id, sizeof(a->reg.id));
            memcpy(peers[m.n_peers++].key, a->reg.curve[k], PAIR_KEY_LEN);
        }
    }
    gates_allowed(&c->gates[i], i, pair_put(c->gates[i].pair, &m));
    free(peers);
}

void gates_allow_all(struct core *c)
{
    for (size_t i = 0; i < c->set.n_gates; i++)
        gates_allow(c, i);
}

/* A gate that lies has been taken over: its process ends, and with it every connection it holds. Its leaf is the next
 * batch's, and the next one's where that fails. */
void gates_cut(struct core *c, size_t i, const char *why)
{
    struct gate *g = &c->gates[i];

    if (c->batch.close_gates[i / 64] >> (i % 64) & 1)
        return; /* once a batch */
    c->batch.close_gates[i / 64] |= UINT64_C(1) << (i % 64);
    log_warn("gate-refused", "gate=%zu why=%s", i, LOG_Q(why));
    if (g->cut_why || (g->cut_told && c->mono_ms - g->cut_ms < CUT_LEAF_MS))
        g->cut_more++; /* whoever has taken it over does it again as soon as it is back */
    else
        g->cut_why = why;
}

static void gates_record_cut(struct core *c, size_t i)
{
    struct gate *g = &c->gates[i];
    struct ledger_clear *l = record_begin(c, EVENT_REJECTED, AGENCY_NONE);

    text_cut(l->reason, sizeof(l->reason), "gate");
    buf_reset(&c->scratch);
    buf_printf(&c->scratch, "the gate of %s %s", c->set.gates[i], g->cut_why);
    if (g->cut_more)
        buf_printf(&c->scratch, "; %u more since the last", g->cut_more);
    buf_put_u8(&c->scratch, 0);
    if (!buf_status(&c->scratch))
        text_cut(l->detail, sizeof(l->detail), (const char *)c->scratch.data);
    if (record_end(c) == LEAF_NONE)
        return;
    g->cut_recorded = true;
    g->cut_said = g->cut_more;
}

void gates_record(struct core *c)
{
    for (size_t i = 0; i < c->set.n_gates; i++) {
        if (c->gates[i].cut_why)
            gates_record_cut(c, i);
    }
}

void gates_settle(struct core *c, bool kept)
{
    for (size_t i = 0; i < c->set.n_gates; i++) {
        struct gate *g = &c->gates[i];

        if (g->cut_recorded && kept) {
            g->cut_told = true;
            g->cut_ms = c->mono_ms;
            g->cut_more -= g->cut_said;
            g->cut_why = NULL;
        }
        g->cut_recorded = false;
    }
}

/* Whoever has taken a gate over would fill the log with what it says of itself. */
static bool gates_noted(const struct core *c, struct gate *g)
{
    if (g->noted_ms && c->mono_ms - g->noted_ms < NOTE_MS)
        return true;
    g->noted_ms = c->mono_ms;
    return false;
}

/* A gate that starts again holds none of the old connections. Said more than once in a turn it is sent one list: that
 * comes after all of them. */
static void gates_ready(struct core *c, size_t i)
{
    struct gate *g = &c->gates[i];

    if (g->seen)
        g->restarts++;
    g->ready = g->seen = true;
    for (uint16_t s = 0; s < c->agencies.n; s++) {
        if (c->agencies.slots[s].gate == i)
            c->agencies.slots[s].presence = PRESENCE_GONE;
    }
    if (g->ready_turn == c->gate_turn + 1)
        return;
    g->ready_turn = c->gate_turn + 1;
    if (!gates_noted(c, g))
        log_info("gate-ready", "gate=%zu", i);
    gates_allow(c, i);
}

static void gates_take(struct core *c, size_t i, const struct pair_msg *m)
{
    c->gates[i].ready = true; /* also one that was there before this core */
    switch ((enum pair_type)m->type) {
    case PAIR_READY:
        gates_ready(c, i);
        break;
    case PAIR_IN:
        intake_frame(c, (uint16_t)i, m);
        break;
    case PAIR_UNREACHABLE:
        deliver_unreachable(c, (uint16_t)i, m->ref);
        answer_unreachable(c, (uint16_t)i, m->ref);
        break;
    case PAIR_NOISE:
        if (!gates_noted(c, &c->gates[i]))
            log_info("gate-noise", "gate=%zu refused=%u dropped=%u", i, m->n_refused, m->n_dropped);
        break;
    case PAIR_ALLOW:
    case PAIR_OUT:
    default:
        gates_cut(c, i, "breaks the pair's protocol");
        break;
    }
}

bool gates_may_drain(const struct core *c)
{
    /* half a batch is left to whoever is not told Busy */
    return !fair_full(c->fair) && c->batch.n_works < BATCH_WORKS / 2;
}

/* Whether these are all frames. What else a gate says, it says seldom. */
static bool gates_frames(const struct pair_msg *m, int n)
{
    for (int k = 0; k < n; k++) {
        if (m[k].type != PAIR_IN)
            return false;
    }
    return n > 0;
}

/* All the frames that it brought: of the next batch each agency has its share (fair.c), and what one
 * system call takes would be too small a batch. The rest comes with the next turn: a gate that was
 * taken over brings more for as long as somebody takes it. */
void gates_drain(struct core *c, size_t i)
{
    const struct pair_msg *m = NULL;
    struct pair *p = c->gates[i].pair;
    int n, calls = 0;

    do {
        n = pair_recv(p, &m);
        if (n == -EBADMSG)
            gates_cut(c, i, "breaks the pair's protocol");
        else if (n < 0)
            log_error("gate-lost", "gate=%zu error=%d", i, -n);
        for (int k = 0; k < n; k++)
            gates_take(c, i, &m[k]);
    } while (gates_frames(m, n) && pair_more(p) && ++calls < DRAIN_MOST && gates_may_drain(c));
}

void gates_flush(struct core *c)
{
    for (size_t i = 0; i < c->set.n_gates; i++) {
        int r = pair_flush(c->gates[i].pair);

        if (r < 0)
            log_error("gate-lost", "gate=%zu error=%d", i, -r);
        if (c->gates[i].allow_due)
            gates_allow(c, i);
    }
}
