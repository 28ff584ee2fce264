/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h - a CURVE ROUTER that trusts nobody: admits keys one by one, hands up single frames with
 * who sent them.
 *
 * The only user of <zmq.h> in the broker. It decides nothing: whom to admit, whom to cut and where
 * a frame goes are its owner's calls. Threads: one loop; libzmq has its own I/O thread inside. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#define WIRE_KEY_LEN   32  /* a CURVE public key, raw */
#define WIRE_USER_MAX  160 /* bytes of a user id with NUL; ZAP allows 255 */
#define WIRE_ROUTE_LEN 5   /* of a routing id that libzmq chose: 0 and four bytes */
#define WIRE_Z85_LEN   40  /* characters of a key */

/* ZAP status codes (ZeroMQ RFC 27). */
enum wire_status { WIRE_ADMIT = 200, WIRE_LATER = 300, WIRE_NEVER = 400 };

struct wire_route {
    uint8_t octets[WIRE_ROUTE_LEN];
};

/* Why a message was thrown away. */
enum wire_fault {
    WIRE_FAULT_PARTS = 1, /* not exactly one body frame */
    WIRE_FAULT_SIZE,      /* empty, or longer than allowed */
    WIRE_FAULT_ROUTE,     /* the peer chose its own routing id */
    WIRE_FAULT_USER,      /* no User-Id: must not happen with CURVE */
};

/* What the owner is told, from within wire_poll. All must be set. */
struct wire_calls {
    /* May this key come in? Fills user (NUL-terminated, printable) for WIRE_ADMIT. */
    enum wire_status (*admit)(void *ctx, const uint8_t key[static WIRE_KEY_LEN],
                              char user[static WIRE_USER_MAX]);
    /* One frame. fd: the connection's descriptor, a handle for wire_cut, or -1. frame: borrowed until
     * the next wire_poll. */
    void (*frame)(void *ctx, const char *user, const struct wire_route *route, int fd,
                  struct bytes frame);
    void (*fault)(void *ctx, enum wire_fault fault, int fd); /* fd may be -1 */
    void (*accepted)(void *ctx, int fd); /* a TCP connection, not yet anybody's */
    void (*closed)(void *ctx, int fd);
    void (*refused)(void *ctx); /* a handshake failed, for whatever reason */
};
struct wire_settings {
    const char *bind;         /* tcp://ADDRESS:PORT */
    const char *curve_public; /* Z85 */
    const char *curve_secret; /* Z85; not kept after wire_open */
    size_t frame_max;         /* bytes */
};

struct wire;
/* Binds. Return: 0; -EADDRINUSE and other -errno of bind; -EINVAL (a key or an address); -ENOTSUP
 * (libzmq without CURVE or enforced ZAP domains). */
ALM_MUST_USE int wire_open(const struct wire_settings *s, const struct wire_calls *calls, void *ctx,
                           struct wire **out);
struct wire *wire_close(struct wire *w);
void wire_closep(struct wire **w);

/**
 * wire_self_test() - prove on the bound endpoint that only an admitted key comes in
 * @bound_ms: the whole test may take this long
 *
 * Four probes at once: NULL, PLAIN and a CURVE key that nobody knows must be refused; a key made
 * for the occasion and admitted only here must get in and be named rightly in its frame (else "all
 * were refused" would prove nothing). The owner's admit is asked about the unknown key as about any
 * other; only how it is told "no" is the quick way.
 *
 * Return: 0; -EPERM something was let in that must not be; -ETIMEDOUT a probe had no outcome in
 * time; -EPROTO the admitted probe failed; -errno. Source: DESIGN.md section 3, "ZAP fails open
 * unless".
 */
ALM_MUST_USE int wire_self_test(struct wire *w, int bound_ms);

/* What a turn of the loop serves besides watching connections come and go; the rest waits where it
 * is. */
enum wire_serve { WIRE_KEYS = 1, WIRE_FRAMES = 2 };
/* Waits for traffic or one of the descriptors, and makes the calls. serve: WIRE_KEYS asks admit
 * about who connects (without it they wait, until the handshake's time is up); WIRE_FRAMES takes
 * frames. Return: 0 or -errno; extra[].revents are set. */
ALM_MUST_USE int wire_poll(struct wire *w, unsigned serve, struct pollfd *extra, size_t n_extra,
                           int timeout_ms);
/* Return: 0 handed to libzmq; -EHOSTUNREACH no such connection now; -EAGAIN its queue is full;
 * -errno. */
ALM_MUST_USE int wire_send(struct wire *w, const struct wire_route *route, struct bytes frame);
/* Ends a connection: libzmq sees end of file and cleans up. A descriptor that is closed by now is
 * no error. */
void wire_cut(int fd);
