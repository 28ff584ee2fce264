/* SPDX-License-Identifier: Apache-2.0 */
/* core_turns.c - round trips through a core held in this process between socket pairs, with nothing
 * else: for instruction counts, which are the same on a busy machine.
 *
 *   bench_core DIR STORE-KEY-FILE [ROUNDS] [BATCH] [signed | concern HUBS | referral]
 *
 * DIR: a store that bench_grow made, with as many hubs as are named here. Prints microseconds of CPU
 * in core_turn for each round trip, or for each message that was lodged: two agencies in turn lodge a
 * concern about one person, so every second one fires, and goes to each hub. Under `valgrind --tool=callgrind --toggle-collect=counted_turn` the rest is left out. */
#include "frames.h"
#include "load.h"

#include "base/clock.h"
#include "base/file.h"
#include "core/core.h"
#include "pair/pair.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH_MOST 1024
#define PEOPLE     150000
#define GATE_TURN  64 /* frames: gate/wire.c */
#define SETTLE_TURNS 20

static struct stencil asks[TOWN_ASKERS], answers[TOWN_AGENCIES];
static double core_s;

static double cpu_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *what, int r)
{
    (void)fprintf(stderr, "bench_core: %s: %s\n", what, strerror(-r));
    exit(70);
}

static int two_ends(int *far_end)
{
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
        fail("socketpair", -errno);
    *far_end = fds[1];
    return fds[0];
}

static void turns(struct core *c, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (core_turn(c, 0) < 0)
            fail("core_turn", -EIO);
    }
}

/* A name of its own, for callgrind to begin and end at. */
__attribute__((noinline)) void counted_turn(struct core *c);
void counted_turn(struct core *c)
{
    double began = cpu_s();

    turns(c, 1);
    core_s += cpu_s() - began;
}

static struct pair *said_to;
static unsigned n_said;

/* A gate hands over what one turn of its loop took in. */
static void hand_over(struct core *c)
{
    while (n_said && pair_flush(said_to) == 1)
        counted_turn(c);
    n_said = 0;
}

static void one_turn(struct core *c)
{
    hand_over(c);
    counted_turn(c);
}

static void say(struct core *c, struct pair *gate, const char *agency, struct bytes frame)
{
    struct pair_msg m = { .type = PAIR_IN, .frame = frame };

    (void)snprintf(m.agency, sizeof(m.agency), "%s", agency);
    if (pair_put(gate, &m))
        fail("pair_put", -ENOBUFS);
    said_to = gate;
    if (++n_said == GATE_TURN)
        hand_over(c);
}

static void greet(struct core *c, struct pair *gate)
{
    struct stencil s;
    struct town_agency who;
    struct id id;
    struct fill f = { .id = id.octets, .now_ms = clock_wall_ms() };

    for (unsigned i = 0; i < TOWN_AGENCIES; i++) {
        if (town_agency_at(i, &who) || stencil_make(FRAME_HELLO, &who, true, &s) || id_new(f.now_ms, &id))
            fail("hello", -EIO);
        say(c, gate, who.name, stencil_fill(&s, &f));
        stencil_free(&s);
    }
    hand_over(c);
    turns(c, SETTLE_TURNS); /* what a start has left to do, among it a look at every record's tokens */
}

static void stencils(bool sign)
{
    struct town_agency who;

    for (unsigned i = 0; i < TOWN_AGENCIES; i++) {
        if (town_agency_at(i, &who) || stencil_make(FRAME_ANSWER, &who, sign, &answers[i]) ||
            (i < TOWN_ASKERS && stencil_make(FRAME_INSIGHT, &who, sign, &asks[i])))
            fail("stencil", -EINVAL);
    }
}

static void ask(struct core *c, struct pair *gate, uint64_t n)
{
    struct id id;
    struct fill f = { .id = id.octets, .now_ms = clock_wall_ms(), .person = town_mix(n) % PEOPLE,
                      .question = (unsigned)(town_mix(n + 7) % TOWN_QUESTIONS) };
    char name[TOWN_NAME];

    town_agency_name((unsigned)(n % TOWN_ASKERS), name);
    if (id_new(f.now_ms, &id))
        fail("id", -EIO);
    say(c, gate, name, stencil_fill(&asks[n % TOWN_ASKERS], &f));
}

struct question {
    char agency[TOWN_NAME];
    uint8_t id[ID_LEN];
};

/* Takes all that the core sent. Return: questions among it; replies are counted. */
static unsigned take(struct pair *gate, struct question *out, uint64_t *replies, uint64_t *others)
{
    const struct pair_msg *m = NULL;
    unsigned n = 0;
    int got;

    while ((got = pair_recv(gate, &m)) > 0) {
        for (int i = 0; i < got; i++) {
            struct glance g;

            if (m[i].type != PAIR_OUT || !frame_glance(m[i].frame, &g))
                continue;
            *replies += g.type == MSG_INSIGHT;
            *others += g.type != MSG_INSIGHT && g.type != MSG_QUESTION;
            if (g.type == MSG_QUESTION && n < BATCH_MOST) {
                memcpy(out[n].agency, m[i].agency, TOWN_NAME);
                memcpy(out[n++].id, g.id, ID_LEN);
            }
        }
    }
    return n;
}

static void answer(struct core *c, struct pair *gate, const struct question *q)
{
    struct id id;
    struct fill f = { .id = id.octets, .now_ms = clock_wall_ms(), .reply_to = q->id };
    unsigned i = (unsigned)strtoul(q->agency + 7, NULL, 10);

    if (i >= TOWN_AGENCIES || id_new(f.now_ms, &id))
        fail("answer", -EIO);
    say(c, gate, q->agency, stencil_fill(&answers[i], &f));
}

static void rounds(struct core *c, struct pair *gate, unsigned n, unsigned batch)
{
    static struct question questions[BATCH_MOST];
    uint64_t replies = 0, others = 0;

    for (unsigned i = 0; i < 100; i++) { /* welcomes and catalogues */
        one_turn(c);
        (void)take(gate, questions, &replies, &others);
    }
    replies = others = 0;
    for (unsigned r = 0; r < n; r++) {
        unsigned out = 0;
        uint64_t wanted = replies + others + batch;

        for (unsigned i = 0; i < batch; i++)
            ask(c, gate, (uint64_t)r * batch + i);
        for (unsigned k = 0; k < 1000 && replies + others < wanted; k++) {
            one_turn(c);
            out = take(gate, questions, &replies, &others);
            for (unsigned i = 0; i < out; i++)
                answer(c, gate, &questions[i]);
        }
    }
    (void)printf("{\"round_trips\": %llu, \"others\": %llu, \"core_us\": %.2f}\n", (unsigned long long)replies,
                 (unsigned long long)others, core_s * 1e6 / (double)(replies ? replies : 1));
}

/* --- what is lodged, and what comes of it --- */

struct stream {
    uint64_t seen, acked;
};
static struct stream streams[2][TOWN_AGENCIES]; /* of firings, and the inbox */
static struct stencil lodged[TOWN_ASKERS], acks[2][TOWN_AGENCIES];

static unsigned agency_of(const char *name)
{
    unsigned long i = strtoul(name + 7, NULL, 10);

    return i < TOWN_AGENCIES ? (unsigned)i : 0;
}

static void subscribe(struct core *c, struct pair *gate, unsigned hubs)
{
    for (unsigned i = TOWN_ASKERS; i < TOWN_ASKERS + hubs; i++) {
        struct town_agency who;
        struct stencil s;
        struct id id;
        struct fill f = { .id = id.octets, .now_ms = clock_wall_ms() };

        if (town_agency_at(i, &who) || stencil_make(FRAME_SUBSCRIBE, &who, true, &s) || id_new(f.now_ms, &id))
            fail("subscribe", -EIO);
        say(c, gate, who.name, stencil_fill(&s, &f));
        stencil_free(&s);
    }
}

static void lodge(struct core *c, struct pair *gate, enum frame_kind kind, uint64_t n)
{
    struct id id;
    struct fill f = { .id = id.octets, .now_ms = clock_wall_ms(), .event = n };
    char name[TOWN_NAME];

    f.person = kind == FRAME_CONCERN ? UINT64_C(10000000) + n / 2 : UINT64_C(20000000) + n;
    f.receiver = TOWN_ASKERS + (unsigned)(n % TOWN_HOLDERS);
    town_agency_name((unsigned)(n % TOWN_ASKERS), name);
    if (id_new(f.now_ms, &id))
        fail("id", -EIO);
    say(c, gate, name, stencil_fill(&lodged[n % TOWN_ASKERS], &f));
}

static void hear(struct pair *gate, uint64_t *receipts, uint64_t *others, uint64_t *deliveries)
{
    const struct pair_msg *m = NULL;
    int got;

    while ((got = pair_recv(gate, &m)) > 0) {
        for (int i = 0; i < got; i++) {
            struct stream *in;
            struct glance g;

            if (m[i].type != PAIR_OUT || !frame_glance(m[i].frame, &g))
                continue;
            *receipts += g.type == MSG_RECEIPT;
            *others += g.type == MSG_REFUSAL || g.type == MSG_BUSY;
            *deliveries += g.type == MSG_DELIVER;
            if (g.type != MSG_DELIVER)
                continue;
            in = &streams[frame_in_inbox(g.payload)][agency_of(m[i].agency)];
            if (frame_number(g.payload, 2) > in->seen)
                in->seen = frame_number(g.payload, 2);
        }
    }
}

static void acknowledge(struct core *c, struct pair *gate)
{
    for (unsigned at = 0; at < 2 * TOWN_AGENCIES; at++) {
        unsigned k = at / TOWN_AGENCIES, i = at % TOWN_AGENCIES;
        struct stream *in = &streams[k][i];
        struct id id;
        struct fill f = { .id = id.octets, .now_ms = clock_wall_ms(), .event = in->seen };
        char name[TOWN_NAME];

        if (in->seen == in->acked)
            continue;
        in->acked = in->seen;
        town_agency_name(i, name);
        if (id_new(f.now_ms, &id))
            fail("id", -EIO);
        say(c, gate, name, stencil_fill(&acks[k][i], &f));
    }
}

static void jobs(struct core *c, struct pair *gate, enum frame_kind kind, unsigned n, unsigned batch)
{
    uint64_t receipts = 0, others = 0, deliveries = 0, next = (uint64_t)clock_wall_ms() << 8, done;

    for (unsigned i = 0; i < 100; i++) {
        one_turn(c);
        hear(gate, &receipts, &others, &deliveries);
    }
    receipts = others = deliveries = 0;
    core_s = 0;
    for (unsigned r = 0; r < n; r++) {
        uint64_t wanted = receipts + others + batch;

        for (unsigned i = 0; i < batch; i++)
            lodge(c, gate, kind, next++);
        for (unsigned quiet = 0; quiet < 3;) { /* until nothing more comes of it */
            done = receipts + others + deliveries;
            one_turn(c);
            hear(gate, &receipts, &others, &deliveries);
            acknowledge(c, gate);
            quiet = done == receipts + others + deliveries && receipts + others >= wanted ? quiet + 1 : 0;
        }
    }
    done = receipts ? receipts : 1;
    (void)printf("{\"lodged\": %llu, \"others\": %llu, \"deliveries\": %llu, \"core_us\": %.2f, \"us_a_delivery\": %.2f}\n",
                 (unsigned long long)receipts, (unsigned long long)others, (unsigned long long)deliveries,
                 core_s * 1e6 / (double)done, core_s * 1e6 / (double)(deliveries ? deliveries : 1));
}

static void job_stencils(enum frame_kind kind)
{
    struct town_agency who;

    for (unsigned i = 0; i < TOWN_AGENCIES; i++) {
        if (town_agency_at(i, &who) || stencil_make(FRAME_ACK, &who, true, &acks[0][i]) ||
            stencil_make(FRAME_ACK_INBOX, &who, true, &acks[1][i]) ||
            (i < TOWN_ASKERS && stencil_make(kind, &who, true, &lodged[i])))
            fail("stencil", -EINVAL);
    }
}

static void settings(struct core_settings *s, const char *dir, const char *key)
{
    core_settings_init(s);
    s->wire.mode = MODE_LIVE;
    s->map_bytes = (uint64_t)8 << 30;
    s->n_gates = 1;
    s->gates = calloc(1, sizeof(*s->gates));
    s->limits.messages_per_s = 1000000;
    s->limits.daily_bytes = UINT64_C(1) << 50;
    s->limits.pending_agency = 4 * BATCH_MOST;
    s->limits.deadline_ms = 600000; /* valgrind is slow */
    s->limits.lease_ms = 600000;
    s->limits.head_limit_ms = 86400000;
    s->limits.queue_items = 100000;
    s->limits.queue_bytes = UINT64_C(1) << 30;
    if (!s->gates || text_copy(s->store_path, sizeof(s->store_path), dir) || file_read_secret(key, &s->store_key))
        fail("settings", -EINVAL);
    (void)snprintf(s->wire.origin, sizeof(s->wire.origin), "%s", TOWN_ORIGIN);
    (void)snprintf(s->gates[0], sizeof(s->gates[0]), "*");
}

int main(int argc, char **argv)
{
    static const struct core_clock clock = { clock_wall_ms, clock_mono_ms };
    unsigned n = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 20, batch = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 256;
    enum frame_kind kind = argc > 5 && !strcmp(argv[5], "concern") ? FRAME_CONCERN
                           : argc > 5 && !strcmp(argv[5], "referral") ? FRAME_REFERRAL
                                                                      : FRAME_HELLO; /* FRAME_HELLO, 0: round trips */
    unsigned hubs = argc > 6 ? (unsigned)strtoul(argv[6], NULL, 10) : 0;
    struct core_settings s;
    struct core *c = NULL;
    struct pair *gate = NULL;
    int gates[1], far_end, others[3], r;
    struct core_ends ends = { .gates = gates };

    if (argc < 3 || batch < 1 || batch > BATCH_MOST) {
        (void)fprintf(stderr, "usage: bench_core DIR STORE-KEY-FILE [ROUNDS] [BATCH] [signed | concern HUBS | referral]\n");
        return 64;
    }
    log_init("bench", LOG_ERROR);
    if (crypto_init() || civil_set_zone("Europe/London"))
        return 70;
    settings(&s, argv[1], argv[2]);
    stencils(argc > 5 && !kind);
    ends.supervisor = two_ends(&others[0]);
    ends.signer = two_ends(&others[1]);
    ends.reader = two_ends(&others[2]);
    gates[0] = two_ends(&far_end);
    r = pair_open(far_end, (size_t)64 << 20, &gate);
    if (!r)
        r = core_open(&s, &ends, &clock, &c);
    if (r)
        fail("core_open", r);
    greet(c, gate);
    core_s = 0;
    if (kind) {
        job_stencils(kind);
        subscribe(c, gate, hubs < TOWN_HOLDERS ? hubs : TOWN_HOLDERS);
        jobs(c, gate, kind, n, batch);
    } else {
        rounds(c, gate, n, batch);
    }
    c = core_close(c);
    gate = pair_close(gate);
    return 0;
}
