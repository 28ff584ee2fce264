/* SPDX-License-Identifier: Apache-2.0 */
/* peers.h - who may use this gate, on which connections they are, and how much they may send.
 *
 * Pure: no sockets, no clock. Connections are known by descriptor. Threads: one loop. */
#pragma once
#include "base/attr.h"
#include "gate/wire.h"
#include "pair/pair.h"

struct peers; /* opaque: peers.c */

struct peers_limits {
    int64_t messages_per_s; /* of an agency; the gate lets four times that through, the core answers
                               "busy" long before */
    int64_t connections;    /* in all */
    int64_t connections_per_agency;
};
ALM_MUST_USE int peers_new(const struct peers_limits *limits, struct peers **out);
struct peers *peers_free(struct peers *p);
void peers_freep(struct peers **p);

/* A descriptor's list to cut, at most PEERS_CUT_MAX; the owner cuts them (wire_cut). */
#define PEERS_CUT_MAX 64
struct peers_cut {
    int fds[PEERS_CUT_MAX];
    size_t n;
};

/* Takes over the whole list (copied). Connections of keys that are no longer on it are forgotten
 * and put into cut (as many as fit: the rest get nowhere, peers_admit_frame refuses their frames).
 * Return: 0 or -ENOMEM (the old list then holds). */
ALM_MUST_USE int peers_allow(struct peers *p, const struct pair_peer *list, size_t n,
                             struct peers_cut *cut);

/* Whether a list came yet. */
bool peers_listed(const struct peers *p);
/* May this key connect? WIRE_LATER before the first list, WIRE_NEVER if it is not on it; else its
 * user id. */
enum wire_status peers_admit_key(const struct peers *p, const uint8_t key[static WIRE_KEY_LEN],
                                 char user[static WIRE_USER_MAX]);

enum peers_verdict { PEERS_PASS = 0, PEERS_STRANGER, PEERS_TOO_FAST };
/**
 * peers_admit_frame() - is a frame of this user to go to the core, and as whose
 * @user:   what peers_admit_key gave when the connection was made
 * @route:  becomes where frames for the agency go
 * @fd:     its connection, or -1; a connection not known yet is taken as accepted now
 * @agency: set unless PEERS_STRANGER
 * @cut:    the agency's oldest connections beyond its limit: the newest wins; all of a stranger's
 *
 * Return: PEERS_PASS; PEERS_STRANGER that key is not, or no longer, that agency's; PEERS_TOO_FAST
 * beyond the rate.
 */
enum peers_verdict peers_admit_frame(struct peers *p, const char *user,
                                     const struct wire_route *route, int fd, size_t len,
                                     int64_t now_ms, char agency[static PAIR_AGENCY_MAX],
                                     struct peers_cut *cut);
/* Where an agency is. Return: false if it is nowhere, or no longer allowed. */
bool peers_route(const struct peers *p, const char *agency, struct wire_route *out);
/* A frame for it could not be routed: it is nowhere until it speaks again. */
void peers_lost(struct peers *p, const char *agency);

/* A TCP connection came: beyond the limit the oldest that has said nothing yet is cut, which may be
 * this one. */
void peers_accepted(struct peers *p, int fd, int64_t now_ms, struct peers_cut *cut);
void peers_closed(struct peers *p, int fd);
/* Cuts all that have said nothing yet (as many as fit). */
void peers_cut_silent(struct peers *p, struct peers_cut *cut);
size_t peers_connections(const struct peers *p);
