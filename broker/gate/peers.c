/* SPDX-License-Identifier: Apache-2.0 */
/* peers.c - see peers.h.
 *
 * A user id is "<agency> <key in hex>": with the key in it a revoked key ends at the next frame,
 * though its connection and the agency's other keys live on. */
#include "gate/peers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEERS_FD_MAX     16384 /* descriptors above are not tracked; RLIMIT_NOFILE lies below */
#define PEERS_BURST_S    2     /* seconds' worth of frames at once */
#define PEERS_HEADROOM   4     /* times the core's rate */
#define PEERS_FRAME_UNIT 16384 /* bytes: a longer frame counts as several */
#define PEERS_BUCKETS    256

struct peers_agency {
    char name[PAIR_AGENCY_MAX];
    int next; /* of the same bucket, -1 none */
    struct wire_route route;
    int route_fd; /* the connection that the route belongs to, -1 unknown */
    bool here, allowed;
    double tokens;
    int64_t filled_ms;
};
struct peers_connection {
    bool open;
    uint32_t list;  /* the number of the list that its user was last found on */
    int agency; /* index into agencies; -1: has said nothing yet */
    int64_t since_ms;
    char user[WIRE_USER_MAX];
};
struct peers {
    struct peers_limits limits;
    struct pair_peer *list;
    size_t n_list;
    uint32_t lists; /* that came */
    struct peers_agency *agencies;
    size_t n_agencies;
    int buckets[PEERS_BUCKETS]; /* of agencies, by name */
    struct peers_connection *connections; /* by descriptor, grown as needed */
    size_t n_slots, n_open;
};

int peers_new(const struct peers_limits *limits, struct peers **out)
{
    struct peers *p = calloc(1, sizeof(*p));

    if (!p)
        return -ENOMEM;
    p->limits = *limits;
    for (size_t i = 0; i < PEERS_BUCKETS; i++)
        p->buckets[i] = -1;
    *out = p;
    return 0;
}

struct peers *peers_free(struct peers *p)
{
    if (!p)
        return NULL;
    free(p->list);
    free(p->agencies);
    free(p->connections);
    free(p);
    return NULL;
}

void peers_freep(struct peers **p)
{
    *p = peers_free(*p);
}

size_t peers_connections(const struct peers *p)
{
    return p->n_open;
}

/* FNV-1a: names are officers', nobody makes them collide. */
static size_t peers_bucket(const char *agency)
{
    uint32_t h = UINT32_C(2166136261);

    for (; *agency; agency++)
        h = (h ^ (uint8_t)*agency) * UINT32_C(16777619);
    return h % PEERS_BUCKETS;
}

static int peers_find(const struct peers *p, const char *agency)
{
    int at = p->buckets[peers_bucket(agency)];

    while (at >= 0 && strcmp(p->agencies[at].name, agency) != 0)
        at = p->agencies[at].next;
    return at;
}

static void peers_user(const struct pair_peer *peer, char user[static WIRE_USER_MAX])
{
    size_t len = strnlen(peer->agency, PAIR_AGENCY_MAX - 1);

    memcpy(user, peer->agency, len);
    user[len] = ' ';
    hex_encode(peer->key, PAIR_KEY_LEN, user + len + 1);
}

static const struct pair_peer *peers_of_user(const struct peers *p, const char *user)
{
    const char *space = strchr(user, ' ');
    uint8_t key[PAIR_KEY_LEN];

    if (!space || hex_decode(space + 1, key, sizeof(key)))
        return NULL;
    for (size_t i = 0; i < p->n_list; i++) {
        const struct pair_peer *at = &p->list[i];

        if (!memcmp(at->key, key, sizeof(key)) &&
            !strncmp(at->agency, user, (size_t)(space - user)) && !at->agency[space - user])
            return at;
    }
    return NULL;
}

static void peers_cut_add(struct peers_cut *cut, int fd)
{
    if (fd >= 0 && cut->n < PEERS_CUT_MAX)
        cut->fds[cut->n++] = fd;
}

static struct peers_connection *peers_connection_at(struct peers *p, int fd)
{
    if (fd < 0 || (size_t)fd >= p->n_slots || !p->connections[fd].open)
        return NULL;
    return &p->connections[fd];
}

void peers_closed(struct peers *p, int fd)
{
    struct peers_connection *c = peers_connection_at(p, fd);

    if (!c)
        return;
    if (c->agency >= 0 && p->agencies[c->agency].route_fd == fd)
        p->agencies[c->agency].here = false;
    c->open = false;
    p->n_open--;
}

static struct peers_connection *peers_open(struct peers *p, int fd, int64_t now_ms)
{
    if (fd < 0 || fd >= PEERS_FD_MAX)
        return NULL;
    if ((size_t)fd >= p->n_slots) {
        size_t n = (size_t)fd + 64;
        struct peers_connection *more = realloc(p->connections, n * sizeof(*more));

        if (!more)
            return NULL;
        memset(more + p->n_slots, 0, (n - p->n_slots) * sizeof(*more));
        p->connections = more;
        p->n_slots = n;
    }
    peers_closed(
        p, fd); /* a number used again: its former owner has gone, whether we heard of it or not */
    p->connections[fd] =
        (struct peers_connection){ .open = true, .agency = -1, .since_ms = now_ms };
    p->n_open++;
    return &p->connections[fd];
}

/* The oldest open connection of an agency (-1: of those that have said nothing), or -1. */
static int peers_oldest(const struct peers *p, int agency, size_t *n)
{
    int oldest = -1;

    *n = 0;
    for (size_t fd = 0; fd < p->n_slots; fd++) {
        if (!p->connections[fd].open || p->connections[fd].agency != agency)
            continue;
        ++*n;
        if (oldest < 0 || p->connections[fd].since_ms < p->connections[oldest].since_ms)
            oldest = (int)fd;
    }
    return oldest;
}

static void peers_drop(struct peers *p, int fd, struct peers_cut *cut)
{
    peers_cut_add(cut, fd);
    peers_closed(p, fd);
}

void peers_accepted(struct peers *p, int fd, int64_t now_ms, struct peers_cut *cut)
{
    size_t n_silent;

    if (!peers_open(p, fd, now_ms)) {
        peers_cut_add(cut, fd);
        return;
    }
    if (p->n_open > (size_t)p->limits.connections)
        peers_drop(p, peers_oldest(p, -1, &n_silent), cut); /* there is one: the new one at least */
}

void peers_cut_silent(struct peers *p, struct peers_cut *cut)
{
    for (size_t fd = 0; fd < p->n_slots && cut->n < PEERS_CUT_MAX; fd++) {
        if (p->connections[fd].open && p->connections[fd].agency < 0)
            peers_drop(p, (int)fd, cut);
    }
}

bool peers_listed(const struct peers *p)
{
    return p->lists > 0;
}

enum wire_status peers_admit_key(const struct peers *p, const uint8_t key[static WIRE_KEY_LEN],
                                 char user[static WIRE_USER_MAX])
{
    if (!peers_listed(p))
        return WIRE_LATER;
    for (size_t i = 0; i < p->n_list; i++) {
        if (!memcmp(p->list[i].key, key, WIRE_KEY_LEN)) {
            peers_user(&p->list[i], user);
            return WIRE_ADMIT;
        }
    }
    return WIRE_NEVER;
}

static int peers_grow(struct peers *p, const char *name)
{
    struct peers_agency *more = realloc(p->agencies, (p->n_agencies + 1) * sizeof(*more));
    size_t bucket = peers_bucket(name);

    if (!more)
        return -ENOMEM;
    p->agencies = more;
    more[p->n_agencies] = (struct peers_agency){ .route_fd = -1, .next = p->buckets[bucket] };
    more[p->n_agencies].tokens =
        (double)(p->limits.messages_per_s * PEERS_HEADROOM * PEERS_BURST_S);
    snprintf(more[p->n_agencies].name, PAIR_AGENCY_MAX, "%s", name);
    p->buckets[bucket] = (int)p->n_agencies++;
    return 0;
}

static int peers_know(struct peers *p, const struct pair_peer *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (peers_find(p, list[i].agency) < 0 && peers_grow(p, list[i].agency))
            return -ENOMEM;
    }
    return 0;
}

int peers_allow(struct peers *p, const struct pair_peer *list, size_t n, struct peers_cut *cut)
{
    struct pair_peer *copy = calloc(n + 1, sizeof(*copy));

    if (!copy || peers_know(p, list, n)) {
        free(copy);
        return -ENOMEM;
    }
    if (n)
        memcpy(copy, list, n * sizeof(*copy));
    free(p->list);
    p->list = copy;
    p->n_list = n;
    p->lists++;
    for (size_t i = 0; i < p->n_agencies; i++)
        p->agencies[i].allowed = false;
    for (size_t i = 0; i < n; i++)
        p->agencies[peers_find(p, list[i].agency)].allowed = true;
    for (size_t fd = 0; fd < p->n_slots; fd++) {
        if (p->connections[fd].open && p->connections[fd].agency >= 0 &&
            !peers_of_user(p, p->connections[fd].user))
            peers_drop(p, (int)fd, cut);
    }
    return 0;
}

static bool peers_take(struct peers *p, struct peers_agency *a, size_t len, int64_t now_ms)
{
    double rate = (double)(p->limits.messages_per_s * PEERS_HEADROOM),
           cost = 1 + (double)(len / PEERS_FRAME_UNIT);

    if (now_ms > a->filled_ms) {
        a->tokens += rate * (double)(now_ms - a->filled_ms) / 1000;
        a->filled_ms = now_ms;
    }
    if (a->tokens > rate * PEERS_BURST_S)
        a->tokens = rate * PEERS_BURST_S;
    if (a->tokens < cost)
        return false;
    a->tokens -= cost;
    return true;
}

/* Notes that the connection is the agency's; newest wins. */
static void peers_belongs(struct peers *p, int fd, int agency, const char *user, int64_t now_ms,
                          struct peers_cut *cut)
{
    struct peers_connection *c = peers_connection_at(p, fd);
    size_t n;
    int oldest;

    if (!c)
        c = peers_open(p, fd, now_ms);
    if (!c)
        return;
    if (c->agency == agency && !strcmp(c->user, user)) {
        c->list = p->lists;
        return;
    }
    c->agency = agency;
    c->list = p->lists;
    c->since_ms = now_ms;
    snprintf(c->user, sizeof(c->user), "%s", user);
    oldest = peers_oldest(p, agency, &n);
    if (n > (size_t)p->limits.connections_per_agency && oldest != fd)
        peers_drop(p, oldest, cut);
}

/* The agency whose key the user's is on the list in force, -1: nobody's. What was found of a connection stands until the next
 * list. */
static int peers_whose(struct peers *p, const char *user, int fd, int64_t now_ms, struct peers_cut *cut)
{
    const struct peers_connection *c = peers_connection_at(p, fd);
    const struct pair_peer *peer;
    int at;

    if (c && c->agency >= 0 && c->list == p->lists && !strcmp(c->user, user))
        return c->agency;
    peer = peers_of_user(p, user);
    at = peer ? peers_find(p, peer->agency) : -1;
    if (at < 0)
        peers_drop(p, fd, cut);
    else
        peers_belongs(p, fd, at, user, now_ms, cut);
    return at;
}

enum peers_verdict peers_admit_frame(struct peers *p, const char *user,
                                     const struct wire_route *route, int fd, size_t len,
                                     int64_t now_ms, char agency[static PAIR_AGENCY_MAX],
                                     struct peers_cut *cut)
{
    int at = peers_whose(p, user, fd, now_ms, cut);
    struct peers_agency *a;

    if (at < 0)
        return PEERS_STRANGER;
    a = &p->agencies[at];
    memcpy(agency, a->name, sizeof(a->name));
    a->route = *route;
    a->route_fd = fd;
    a->here = true;
    return peers_take(p, a, len, now_ms) ? PEERS_PASS : PEERS_TOO_FAST;
}

bool peers_route(const struct peers *p, const char *agency, struct wire_route *out)
{
    int at = peers_find(p, agency);

    if (at < 0 || !p->agencies[at].here || !p->agencies[at].allowed)
        return false;
    *out = p->agencies[at].route;
    return true;
}

void peers_lost(struct peers *p, const char *agency)
{
    int at = peers_find(p, agency);

    if (at >= 0)
        p->agencies[at].here = false;
}
