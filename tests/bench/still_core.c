/* SPDX-License-Identifier: Apache-2.0 */
/* still_core.c - baseline (iii): what stands in the core's place behind the product's own gates. It
 * hands every leg on, with one record each and one durable commit a batch, and decides nothing.
 * Started by almonerd as almoner-core, from a folder of its own (--libexec). */
#include "bare_log.h"
#include "load.h"
#include "sizes.h"

#include "pair/child.h"
#include "pair/pair.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BATCH      1024
#define QUEUE_MAX  ((size_t)64 << 20)

static uint8_t zeroes[65536];
static struct frame_sizes sizes; /* what goes out is as long as the product's own */
static struct held {
    unsigned to;
    size_t len;
    uint8_t head[BARE_HEAD];
} held[BATCH + PAIR_BATCH];
static unsigned n_held;
static struct bare_log *record;

static void allow(struct pair *p)
{
    static struct pair_peer peers[TOWN_AGENCIES];
    struct pair_msg m = { .type = PAIR_ALLOW, .peers = peers, .n_peers = TOWN_AGENCIES };
    struct town_agency who;

    for (unsigned i = 0; i < TOWN_AGENCIES; i++) {
        if (town_agency_at(i, &who))
            exit(70);
        memcpy(peers[i].agency, who.name, sizeof(who.name));
        memcpy(peers[i].key, who.curve_public, PAIR_KEY_LEN);
    }
    if (pair_put(p, &m))
        exit(70);
}

static void keep(unsigned to, size_t len, const uint8_t *head)
{
    held[n_held].to = to;
    held[n_held].len = len;
    memcpy(held[n_held++].head, head, BARE_HEAD);
}

static void take(struct pair *p, const struct pair_msg *m)
{
    uint8_t head[BARE_HEAD];

    if (m->type == PAIR_READY)
        allow(p);
    if (m->type != PAIR_IN || m->frame.len < BARE_HEAD)
        return;
    memcpy(head, m->frame.data, BARE_HEAD);
    if (head[0] == BARE_HELLO) {
        keep((unsigned)head[2] << 8 | head[3], BARE_HEAD, head);
        return;
    }
    if (bare_log_add(record, m->frame))
        exit(74);
    if (head[1] == 1) {
        head[1] = 2;
        keep((unsigned)head[4] << 8 | head[5], sizes.question, head);
    } else {
        keep((unsigned)head[2] << 8 | head[3], sizes.reply, head);
    }
}

static void send_held(struct pair *p)
{
    for (unsigned i = 0; i < n_held; i++) {
        struct pair_msg m = { .type = PAIR_OUT, .frame = bytes_of(zeroes, held[i].len) };

        memcpy(zeroes, held[i].head, BARE_HEAD);
        town_agency_name(held[i].to, m.agency);
        if (pair_put(p, &m))
            exit(70);
    }
    n_held = 0;
}

static int turn(struct pair *p)
{
    const struct pair_msg *m = NULL;
    bool behind = pair_flush(p) == 1;
    struct pollfd fds[2] = { { .fd = pair_fd(p), .events = (short)(POLLIN | (behind ? POLLOUT : 0)) },
                             { .fd = CHILD_FD_SUPERVISOR, .events = POLLIN } };
    int n;

    (void)poll(fds, 2, 1000);
    while (n_held < BATCH && (n = pair_recv(p, &m)) > 0) {
        for (int i = 0; i < n; i++)
            take(p, &m[i]);
    }
    if (bare_log_commit(record))
        exit(74);
    send_held(p);
    return fds[1].revents ? child_heard() : 0;
}

int main(void)
{
    json_t *settings = NULL;
    struct pair *p = NULL;
    const char *data;
    char dir[4200];
    int r;

    log_init("core", LOG_INFO);
    if (child_settings(&settings) || child_text(settings, "data_dir", &data) || crypto_init() ||
        civil_set_zone("Europe/London") || frame_sizes(&sizes) || pair_open(CHILD_FD_GATES, QUEUE_MAX, &p))
        return CHILD_EXIT_CONFIG;
    (void)snprintf(dir, sizeof(dir), "%s/still", data);
    if ((mkdir(dir, 0700) && errno != EEXIST) || bare_log_open(dir, &record) || child_say(CHILD_READY, 0))
        return 70;
    allow(p);
    do {
        r = turn(p);
    } while (r != CHILD_STOP && r != -ECONNRESET);
    bare_log_close(record);
    pair_close(p);
    json_decref(settings);
    return 0;
}
