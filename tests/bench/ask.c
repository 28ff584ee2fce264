/* SPDX-License-Identifier: Apache-2.0 */
/* ask.c - who asks or lodges, with so many outstanding. Command: "run KIND SECONDS WINDOW". A Busy is tried again when it
 * says so; the time then counts from the first try. */
#include "load.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_MOST  8192
#define SAMPLES_MOST 4000000
#define WARM_NS      INT64_C(200000000)
#define DRAIN_NS     INT64_C(5000000000)

struct slot {
    uint8_t id[ID_LEN];
    int64_t asked_ns, again_ns; /* again 0: waits for its reply; else when to try once more */
    uint64_t n;                 /* which of this process's messages: decides whom it is about */
    bool busy;                  /* in use */
};
struct asking {
    struct load *l;
    enum frame_kind kind;
    unsigned window, out; /* out: slots in use */
    struct slot slots[WINDOW_MOST];
    uint32_t *samples; /* microseconds / 10 would do; nanoseconds / 100 */
    size_t n_samples;
    uint64_t done, refused, busies, first_n;
    int64_t from_ns, until_ns;
};
static struct asking asking;
static uint64_t next_n; /* over all runs: no id twice */

static void ask_id(struct slot *s, unsigned at, int64_t now_ms)
{
    uint64_t r = town_mix(s->n ^ (uint64_t)load_ns());

    for (int i = 0; i < 6; i++)
        s->id[i] = (uint8_t)(now_ms >> (40 - 8 * i));
    s->id[6] = (uint8_t)(0x70 | (r & 15));
    s->id[7] = (uint8_t)(r >> 4);
    s->id[8] = 0x80;
    s->id[9] = (uint8_t)(at >> 8);
    s->id[10] = (uint8_t)at;
    for (int i = 11; i < ID_LEN; i++)
        s->id[i] = (uint8_t)(r >> (8 * (i - 9)));
}

static struct bytes ask_bare(struct asking *a, const struct slot *s, unsigned link, unsigned at)
{
    static uint8_t frame[65536];
    unsigned asker = a->l->links.all[link].agency, holder = town_holder_of((unsigned)(town_mix(s->n) % TOWN_QUESTIONS));

    frame[0] = BARE_LEG;
    frame[1] = 1;
    frame[2] = (uint8_t)(asker >> 8);
    frame[3] = (uint8_t)asker;
    frame[4] = (uint8_t)(holder >> 8);
    frame[5] = (uint8_t)holder;
    frame[8] = (uint8_t)(at >> 8);
    frame[9] = (uint8_t)at;
    memcpy(frame + 10, s->id + 10, 6);
    return bytes_of(frame, a->l->ask_bytes);
}

static struct bytes ask_frame(struct asking *a, const struct slot *s, unsigned link)
{
    struct fill f = { .id = s->id, .now_ms = clock_wall_ms(), .event = s->n };

    f.person = town_mix(s->n) % (a->l->people ? a->l->people : 1);
    f.question = (unsigned)(town_mix(s->n + 7) % TOWN_QUESTIONS);
    if (a->kind == FRAME_CONCERN) /* two agencies in turn about one person: every second one fires */
        f.person = UINT64_C(10000000) + s->n / 2;
    if (a->kind == FRAME_REFERRAL) { /* another family each time, or it would be a loop */
        f.person = UINT64_C(20000000) + s->n;
        f.receiver = TOWN_ASKERS + (unsigned)(s->n % TOWN_HOLDERS);
    }
    return stencil_fill(load_stencil(a->l, link, a->kind), &f);
}

static void ask_send(struct asking *a, unsigned at)
{
    struct slot *s = &a->slots[at];
    unsigned link = (unsigned)(s->n % a->l->links.n);

    s->again_ns = 0;
    ask_id(s, at, clock_wall_ms());
    if (link_send(&a->l->links.all[link], a->l->bare ? ask_bare(a, s, link, at) : ask_frame(a, s, link)))
        exit(70);
}

static void ask_begin(struct asking *a, unsigned at, int64_t now)
{
    struct slot *s = &a->slots[at];

    s->n = next_n++;
    s->asked_ns = now;
    if (!s->busy)
        a->out++;
    s->busy = true;
    ask_send(a, at);
}

static void ask_replied(struct asking *a, unsigned at, int64_t now)
{
    struct slot *s = &a->slots[at];

    if (now >= a->from_ns && now < a->until_ns) {
        a->done++;
        if (a->n_samples < SAMPLES_MOST)
            a->samples[a->n_samples++] = (uint32_t)((now - s->asked_ns) / 100);
    }
    if (now < a->until_ns) {
        ask_begin(a, at, now);
    } else {
        s->busy = false;
        a->out--;
    }
}

static void ask_hear_bare(struct asking *a, size_t len, int64_t now)
{
    const uint8_t *in = a->l->in;
    unsigned at = (unsigned)in[8] << 8 | in[9];

    if (len >= BARE_HEAD && in[0] == BARE_LEG && at < a->window && a->slots[at].busy && !memcmp(in + 10, a->slots[at].id + 10, 6))
        ask_replied(a, at, now);
}

static void ask_hear(struct asking *a, size_t len, int64_t now)
{
    struct glance g;
    unsigned at;

    if (!frame_glance(bytes_of(a->l->in, len), &g) || !g.reply_to)
        return;
    at = (unsigned)g.reply_to[9] << 8 | g.reply_to[10];
    if (at >= a->window || !a->slots[at].busy || memcmp(g.reply_to, a->slots[at].id, ID_LEN) != 0)
        return;
    if (g.type == MSG_BUSY) {
        a->busies += now >= a->from_ns && now < a->until_ns;
        a->slots[at].again_ns = now + (int64_t)frame_number(g.payload, 1) * 1000000 + 1;
        return;
    }
    if (g.type == MSG_REFUSAL)
        a->refused++;
    ask_replied(a, at, now);
}

/* Return: frames taken. */
static unsigned ask_receive(struct asking *a)
{
    unsigned got = 0;

    for (unsigned i = 0; i < a->l->links.n; i++) {
        size_t len;

        for (unsigned k = 0; k < 64 && (len = link_receive(&a->l->links.all[i], a->l->in)) > 0; k++, got++) {
            if (a->l->bare)
                ask_hear_bare(a, len, load_ns());
            else
                ask_hear(a, len, load_ns());
        }
    }
    return got;
}

static void ask_again(struct asking *a, int64_t now)
{
    for (unsigned at = 0; at < a->window; at++) {
        struct slot *s = &a->slots[at];

        if (!s->busy || !s->again_ns || s->again_ns > now)
            continue;
        if (now < a->until_ns) {
            ask_send(a, at);
        } else {
            s->busy = false;
            a->out--;
        }
    }
}

static int by_value(const void *x, const void *y)
{
    const uint32_t *a = x, *b = y;

    return (*a > *b) - (*a < *b);
}

static double ask_quantile(const struct asking *a, double q)
{
    size_t at = (size_t)(q * (double)a->n_samples);

    return a->n_samples ? a->samples[at < a->n_samples ? at : a->n_samples - 1] / 10.0 : 0;
}

static void ask_report(struct asking *a)
{
    double seconds = (double)(a->until_ns - a->from_ns) / 1e9;

    qsort(a->samples, a->n_samples, sizeof(a->samples[0]), by_value);
    (void)printf("{\"per_s\": %.1f, \"done\": %llu, \"p50_us\": %.1f, \"p99_us\": %.1f, \"refused\": %llu, \"busy\": %llu, "
                 "\"unanswered\": %u, \"begun\": %llu}\n",
                 (double)a->done / seconds, (unsigned long long)a->done, ask_quantile(a, 0.5), ask_quantile(a, 0.99),
                 (unsigned long long)a->refused, (unsigned long long)a->busies, a->out, (unsigned long long)(next_n - a->first_n));
    (void)fflush(stdout);
}

static void ask_run(struct asking *a)
{
    int64_t now = load_ns(), looked = now;

    for (unsigned at = 0; at < a->window; at++)
        ask_begin(a, at, load_ns());
    while (a->out && now < a->until_ns + DRAIN_NS) {
        if (!ask_receive(a))
            (void)links_wait(&a->l->links, 5, false);
        now = load_ns();
        if (now - looked > 1000000) {
            ask_again(a, now);
            looked = now;
        }
    }
    ask_report(a);
}

static bool ask_command(struct load *l, const char *line)
{
    char kind[32];
    double seconds;
    unsigned window;

    if (sscanf(line, "run %31s %lf %u", kind, &seconds, &window) != 3 || window < 1 || window > WINDOW_MOST ||
        (!l->bare && frame_kind_of(kind) < 0))
        return false;
    memset(asking.slots, 0, sizeof(asking.slots));
    asking.l = l;
    asking.kind = l->bare ? FRAME_INSIGHT : (enum frame_kind)frame_kind_of(kind);
    asking.window = window;
    asking.out = 0;
    asking.n_samples = 0;
    asking.done = asking.refused = asking.busies = 0;
    asking.first_n = next_n;
    asking.from_ns = load_ns() + WARM_NS;
    asking.until_ns = asking.from_ns + (int64_t)(seconds * 1e9);
    ask_run(&asking);
    return true;
}

int ask_loop(struct load *l)
{
    char line[256];
    int r;

    next_n = (uint64_t)clock_wall_ms() << 16 & UINT64_C(0xffffffffffff); /* another process begins elsewhere */
    asking.samples = calloc(SAMPLES_MOST, sizeof(*asking.samples));
    if (!asking.samples)
        return 70;
    while ((r = load_command(l, 10000, line, sizeof(line))) >= 0) {
        if (r == 0) { /* what nobody waits for any more */
            for (unsigned i = 0; i < l->links.n; i++) {
                while (link_receive(&l->links.all[i], l->in) > 0) {
                }
            }
        } else if (!ask_command(l, line)) {
            break;
        }
    }
    free(asking.samples);
    return 0;
}
