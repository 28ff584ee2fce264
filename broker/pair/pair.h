/* SPDX-License-Identifier: Apache-2.0 */
/* pair.h - what a gate and the core say to each other over a SOCK_SEQPACKET pair: many messages a
 * datagram, many datagrams a system call.
 *
 * The supervisor makes each pair and keeps both ends open, so that a crash of one side is not seen as a hang-up by the other: the new
 * process is handed the same end. A new core sends PAIR_ALLOW first; a new gate says PAIR_READY after its self-test. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include <stdbool.h>
#include <stdint.h>

#define PAIR_AGENCY_MAX 64 /* bytes of an agency id with NUL */
#define PAIR_KEY_LEN 32    /* a CURVE public key, raw */
#define PAIR_FRAME_MAX 65536
#define PAIR_RUN_MOST 64   /* messages of one datagram */
#define PAIR_RUN_BYTES ((size_t)80 << 10) /* of a datagram of several: the kernel finds that without a large block */
#define PAIR_DATAGRAMS 8   /* a system call */
#define PAIR_BATCH (PAIR_DATAGRAMS * PAIR_RUN_MOST) /* messages that pair_recv gives at most */

enum pair_type {
    PAIR_READY = 1,  /* gate -> core: self-test passed, bound */
    PAIR_ALLOW,      /* core -> gate: the whole list of who may connect; an empty list admits nobody */
    PAIR_IN,         /* gate -> core: a frame from an agency (ZAP User-Id) */
    PAIR_OUT,        /* core -> gate: a frame for an agency */
    PAIR_UNREACHABLE,/* gate -> core: a PAIR_OUT's agency has no live connection; ref of that PAIR_OUT */
    PAIR_NOISE,      /* gate -> core, at most one a minute: counts of refused handshakes and dropped frames */
};
struct pair_peer { /* one entry of PAIR_ALLOW */
    char agency[PAIR_AGENCY_MAX];
    uint8_t key[PAIR_KEY_LEN];
};
struct pair_msg {
    uint8_t type;
    uint64_t ref;               /* chosen by the core on PAIR_OUT; echoed in PAIR_UNREACHABLE */
    char agency[PAIR_AGENCY_MAX]; /* IN, OUT, UNREACHABLE */
    struct bytes frame;         /* IN, OUT; borrowed: from pair_recv valid until the next pair_recv on that channel */
    const struct pair_peer *peers; /* ALLOW */
    uint16_t n_peers;              /* at most 1000 (fits one datagram) */
    uint32_t n_refused, n_dropped; /* NOISE */
};

struct pair; /* a channel: one descriptor, a receive arena, a bounded send queue */
/* Takes fd (set non-blocking here). Return: 0, -ENOMEM, -errno. */
ALM_MUST_USE int pair_open(int fd, size_t queue_max_bytes, struct pair **out);
struct pair *pair_close(struct pair *p);
void pair_closep(struct pair **p);
int pair_fd(const struct pair *p);
/* Receives up to PAIR_DATAGRAMS datagrams. Return: number of messages in *out (borrowed array, until the next call), at most
 * PAIR_BATCH, 0 none now; -EBADMSG the peer broke the protocol (nothing of these datagrams is handed over); -ECONNRESET hung
 * up; -errno. */
ALM_MUST_USE int pair_recv(struct pair *p, const struct pair_msg **out);
/* Whether the last pair_recv took as much as it can at once: there may be more. */
bool pair_more(const struct pair *p);
/* Queues a copy; pair_flush sends. Return: 0; -ENOBUFS the queue is full (drop and count: a slow gate harms only itself); -EMSGSIZE;
 * -EINVAL; -ENOMEM. */
ALM_MUST_USE int pair_put(struct pair *p, const struct pair_msg *m);
/* The same without copying the frame (IN, OUT): it must stay as it is until the next pair_flush, which is over with it. */
ALM_MUST_USE int pair_lend(struct pair *p, const struct pair_msg *m);
/* Sends what it can, and copies what was lent and could not go. Return: 0 all sent; 1 some left (poll for POLLOUT); -ENOMEM what was
 * lent and could not be copied is lost; -errno. */
ALM_MUST_USE int pair_flush(struct pair *p);
