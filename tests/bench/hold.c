/* SPDX-License-Identifier: Apache-2.0 */
/* hold.c - who is asked: answers every question at once, takes every delivery and acknowledges it.
 * Commands: "subscribe" (each link becomes a hub's), "count". */
#include "load.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

#define LEASE_NS INT64_C(20000000000)

struct holding {
    struct load *l;
    uint64_t answered, delivered;
    uint64_t acked[2][LINKS_MOST], seen[2][LINKS_MOST]; /* of the stream of firings, of the inbox; by link */
};
static struct holding holding;

static void hold_send(struct holding *h, unsigned link, enum frame_kind kind, const uint8_t *reply_to, uint64_t n)
{
    struct id id;
    struct fill f = { .now_ms = clock_wall_ms(), .id = id.octets, .reply_to = reply_to, .event = n };
    uint64_t r = town_mix((uint64_t)load_ns() ^ n ^ (uint64_t)link << 48);

    for (int i = 0; i < ID_LEN; i++)
        id.octets[i] = i < 6 ? (uint8_t)(f.now_ms >> (40 - 8 * i)) : (uint8_t)(r >> (4 * (i - 6)));
    id.octets[6] = (uint8_t)(0x70 | (id.octets[6] & 15));
    id.octets[8] = (uint8_t)(0x80 | (id.octets[8] & 63));
    if (link_send(&h->l->links.all[link], stencil_fill(load_stencil(h->l, link, kind), &f)))
        exit(70);
}

static void hold_bare(struct holding *h, unsigned link, size_t len)
{
    if (len < BARE_HEAD || h->l->in[0] != BARE_LEG)
        return;
    h->l->in[1] = 3;
    h->answered++;
    if (link_send(&h->l->links.all[link], bytes_of(h->l->in, h->l->answer_bytes)))
        exit(70);
}

static void hold_hear(struct holding *h, unsigned link, size_t len)
{
    struct glance g;

    if (!frame_glance(bytes_of(h->l->in, len), &g))
        return;
    if (g.type == MSG_QUESTION && g.id) {
        h->answered++;
        hold_send(h, link, FRAME_ANSWER, g.id, h->answered);
    } else if (g.type == MSG_DELIVER) {
        uint64_t seq = frame_number(g.payload, 2), *seen = &h->seen[frame_in_inbox(g.payload)][link];

        h->delivered += seq > *seen;
        if (seq > *seen)
            *seen = seq;
    }
}

static void hold_acks(struct holding *h)
{
    static const enum frame_kind kinds[] = { FRAME_ACK, FRAME_ACK_INBOX };

    for (unsigned i = 0; i < h->l->links.n; i++) {
        for (unsigned k = 0; k < ALM_LEN(kinds); k++) {
            if (h->seen[k][i] == h->acked[k][i])
                continue;
            hold_send(h, i, kinds[k], NULL, h->seen[k][i]);
            h->acked[k][i] = h->seen[k][i];
        }
    }
}

static unsigned hold_receive(struct holding *h)
{
    unsigned got = 0;

    for (unsigned i = 0; i < h->l->links.n; i++) {
        size_t len;

        for (unsigned k = 0; k < 64 && (len = link_receive(&h->l->links.all[i], h->l->in)) > 0; k++, got++) {
            if (h->l->bare)
                hold_bare(h, i, len);
            else
                hold_hear(h, i, len);
        }
    }
    return got;
}

static bool hold_command(struct holding *h, const char *line)
{
    if (!strcmp(line, "subscribe")) {
        for (unsigned i = 0; i < h->l->links.n; i++)
            hold_send(h, i, FRAME_SUBSCRIBE, NULL, i);
    } else if (strcmp(line, "count") != 0) {
        return false;
    }
    (void)printf("{\"answered\": %llu, \"delivered\": %llu}\n", (unsigned long long)h->answered, (unsigned long long)h->delivered);
    (void)fflush(stdout);
    return true;
}

int hold_loop(struct load *l)
{
    int64_t leased = load_ns();
    char line[64];
    int r = 0;

    holding.l = l;
    while (r >= 0) {
        unsigned got = hold_receive(&holding);

        hold_acks(&holding);
        if (got)
            continue;
        r = load_command(l, 1000, line, sizeof(line));
        if (r == 1 && !hold_command(&holding, line))
            break;
        if (!l->bare && load_ns() - leased > LEASE_NS) {
            leased = load_ns();
            for (unsigned i = 0; i < l->links.n; i++)
                hold_send(&holding, i, FRAME_LEASE, NULL, 0);
        }
    }
    return 0;
}
