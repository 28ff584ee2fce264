/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - see load.h.
 *
 *   bench_load ask|hold|keep --to ADDRESS --server KEY --first N --n N [--copies N] [--signed]
 *              [--bare ASK,ANSWER] [--people N] */
#include "load.h"
#include "sizes.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define GREET_MS 120000
#define TOGETHER 64

int64_t load_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct stencil *load_stencil(struct load *l, unsigned link, enum frame_kind kind)
{
    struct stencil *s = &l->stencils[link][kind];
    bool query = kind == FRAME_INSIGHT || kind == FRAME_WHO_5 || kind == FRAME_WHO_20 || kind == FRAME_WHO_50 || kind == FRAME_ANSWER;
    struct town_agency who;

    if (s->frame.len)
        return s;
    if (town_agency_at(l->links.all[link].agency, &who) || stencil_make(kind, &who, !query || l->sign, s)) {
        (void)fprintf(stderr, "bench_load: a frame cannot be made (%d)\n", (int)kind);
        exit(70);
    }
    return s;
}

int load_command(struct load *l, int timeout_ms, char *line, size_t size)
{
    static char kept[4096];
    static size_t len;
    char *end;
    ssize_t got;

    if (!memchr(kept, '\n', len)) {
        if (!links_wait(&l->links, timeout_ms, true))
            return 0;
        got = read(STDIN_FILENO, kept + len, sizeof(kept) - len);
        if (got <= 0)
            return -1;
        len += (size_t)got;
    }
    end = memchr(kept, '\n', len);
    if (!end)
        return 0;
    *end = '\0';
    if (text_copy(line, size, kept))
        line[0] = '\0';
    len -= (size_t)(end + 1 - kept);
    memmove(kept, end + 1, len);
    return 1;
}

static bool greeted(const struct load *l, size_t len)
{
    struct glance g;

    if (l->bare)
        return len >= BARE_HEAD && l->in[0] == BARE_HELLO;
    return frame_glance(bytes_of(l->in, len), &g) && g.type == MSG_WELCOME;
}

static void greet_one(struct load *l, unsigned i)
{
    uint8_t bare[BARE_HEAD] = { BARE_HELLO, 0, (uint8_t)(l->links.all[i].agency >> 8), (uint8_t)l->links.all[i].agency };
    struct id id;
    struct fill f = { .now_ms = clock_wall_ms(), .id = id.octets };

    if (id_new(f.now_ms, &id) ||
        link_send(&l->links.all[i], l->bare ? bytes_of(bare, sizeof(bare)) : stencil_fill(load_stencil(l, i, FRAME_HELLO), &f)))
        exit(70);
}

/* Each connection takes two descriptors. */
static void more_descriptors(void)
{
    struct rlimit l;

    if (getrlimit(RLIMIT_NOFILE, &l))
        return;
    l.rlim_cur = l.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &l);
}

/* Everybody says hello and is welcomed, before anything is measured: so many at a time, or the last
 * handshakes would outlast what a gate gives them. */
static int greet_next(struct load *l, int64_t until)
{
    unsigned first = l->links.n, waiting;
    bool here[TOGETHER] = { false };
    size_t len;
    int r = 0;

    while (!r && l->links.n < l->links.most && l->links.n < first + TOGETHER) {
        r = links_connect(&l->links, l->address, l->server);
        if (!r)
            greet_one(l, l->links.n - 1);
    }
    waiting = l->links.n - first;
    while (!r && waiting && clock_mono_ms() < until) {
        (void)links_wait(&l->links, 100, false);
        for (unsigned i = 0; i < l->links.n; i++) {
            while ((len = link_receive(&l->links.all[i], l->in)) > 0) {
                if (i >= first && !here[i - first] && greeted(l, len)) {
                    here[i - first] = true;
                    waiting--;
                }
            }
        }
    }
    return r ? r : waiting ? -ETIMEDOUT : 0;
}

static int greet(struct load *l)
{
    int64_t until = clock_mono_ms() + GREET_MS;
    int r = 0;

    while (!r && l->links.n < l->links.most)
        r = greet_next(l, until);
    return r;
}

static bool options(struct load *l, int argc, char **argv)
{
    static const struct option names[] = {
        { "to", 1, NULL, 't' },     { "server", 1, NULL, 's' }, { "first", 1, NULL, 'f' },  { "n", 1, NULL, 'n' },
        { "copies", 1, NULL, 'c' }, { "signed", 0, NULL, 'S' }, { "bare", 1, NULL, 'b' },   { "people", 1, NULL, 'p' },
        { NULL, 0, NULL, 0 },
    };
    int c;

    while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
        char *end = NULL;
        uint64_t n = optarg ? strtoull(optarg, &end, 10) : 0;

        switch (c) {
        case 't': l->address = optarg; break;
        case 's': l->server = optarg; break;
        case 'f': l->first = (unsigned)n; break;
        case 'n': l->n = (unsigned)n; break;
        case 'c': l->copies = (unsigned)n; break;
        case 'S': l->sign = true; break;
        case 'p': l->people = n; break;
        case 'b':
            l->bare = true;
            l->ask_bytes = n;
            l->answer_bytes = *end == ',' ? strtoull(end + 1, NULL, 10) : n;
            break;
        default: return false;
        }
    }
    l->role = argv[optind];
    return l->address && l->server && l->role && l->n && l->copies && l->n * l->copies <= LINKS_MOST &&
           (!l->bare || (l->ask_bytes >= BARE_HEAD && l->answer_bytes >= BARE_HEAD && l->ask_bytes <= 65536 && l->answer_bytes <= 65536));
}

static int print_sizes(void)
{
    struct frame_sizes s;

    if (frame_sizes(&s))
        return 70;
    (void)printf("{\"ask\": %zu, \"question\": %zu, \"answer\": %zu, \"reply\": %zu}\n", s.ask, s.question, s.answer, s.reply);
    return 0;
}

int main(int argc, char **argv)
{
    static struct load l = { .n = 1, .copies = 1, .people = 150000 };
    bool sizes = argc == 2 && !strcmp(argv[1], "sizes");
    int r;

    if (!sizes && !options(&l, argc, argv)) {
        (void)fprintf(stderr, "usage: bench_load ask|hold|keep --to ADDRESS --server KEY --first N --n N [--copies N] [--signed]"
                              " [--bare ASK,ANSWER] [--people N]\n       bench_load sizes\n");
        return 64;
    }
    if (crypto_init() || sodium_init() < 0 || civil_set_zone("Europe/London"))
        return 70;
    if (sizes)
        return print_sizes();
    more_descriptors();
    r = links_open(&l.links, l.first, l.n, l.copies);
    l.stencils = calloc(l.links.most ? l.links.most : 1, sizeof(*l.stencils));
    if (!r && l.stencils)
        r = greet(&l);
    if (r || !l.stencils) {
        (void)fprintf(stderr, "bench_load: not connected: %s\n", strerror(-r));
        return 69;
    }
    (void)printf("{\"ready\": %u}\n", l.links.n);
    (void)fflush(stdout);
    r = !strcmp(l.role, "ask") ? ask_loop(&l) : hold_loop(&l);
    for (unsigned i = 0; i < l.links.n; i++) {
        for (unsigned k = 0; k < FRAME_KINDS; k++)
            stencil_free(&l.stencils[i][k]);
    }
    free(l.stencils);
    links_close(&l.links);
    return r;
}
