/* SPDX-License-Identifier: Apache-2.0 */
/* pins.h - other agencies' sealing keys: what the broker hands out is verified, and held to what we
 * used before.
 *
 * At first use the agency's signing key and sealing key are pinned, durably, one small file an
 * agency. From then on another sealing key is good only if the chain leads to it: each announcement
 * signed by the pinned signing key and naming the key before it, and its first day has come.
 * Anything else is refused until somebody has telephoned. Source: issue text of the sealed body:
 * "an unannounced change of key is refused". Threads: one loop. */
#pragma once
#include "base/attr.h"
#include "base/crypto.h"
#include "wire/msg.h"
#include "wire/wire.h"

struct pins; /* opaque: pins.c */
ALM_MUST_USE int pins_open(const char *dir,
                           struct pins **out); /* made if absent (0700). Return: 0; -errno */
struct pins *pins_close(struct pins *p);
void pins_closep(struct pins **p);

struct pin {
    uint8_t sign_key[32], key[32];
};
struct pins_link { /* one announcement of a chain, verified */
    uint8_t key[32], previous[32];
    bool has_previous;
    int32_t from;
};
enum pins_state {
    PINS_NONE = 0, /* the agency has published no key whose day has come */
    PINS_NEW,      /* never used by us */
    PINS_PINNED,   /* the pinned one, or one that follows from it */
    PINS_CHANGED,  /* another, unannounced; or announcements that do not hold together */
};
struct pins_chain {
    enum pins_state state;
    bool has_pin, forged; /* forged: a signature, sender or link is not good */
    struct pin pin;       /* as pinned before */
    uint8_t sign_key[32]; /* as the broker tells it */
    uint8_t n;
    struct pins_link links[SEALING_KEYS_MAX]; /* oldest first; those before a forged one */
    int current;                              /* in use on the day; -1 none */
};
/**
 * pins_check() - what the broker tells of an agency's keys, against its signatures and our pin
 * @ctx: mode and origin, which signatures bind
 * @day: today; a key counts from its first day
 * Return: 0, out is set; -EBADMSG our pin's file is damaged; -errno. Writes nothing.
 */
ALM_MUST_USE int pins_check(const struct pins *p, const struct wire_context *ctx,
                            const struct msg_sealing_keys *keys, int32_t day,
                            struct pins_chain *out);
/* The chain's current key is used from now on (state NEW or PINNED): pinned if it was not. Return:
 * 0 and durable; -EPERM another state; -errno. */
ALM_MUST_USE int pins_use(const struct pins *p, const char *agency, const struct pins_chain *chain);
/* Somebody has telephoned: this key and the signing key told with it are the agency's. Return: 0
 * and durable; -ENOENT it is not the newest of the chain; -EPERM forged; -errno. */
ALM_MUST_USE int pins_accept(const struct pins *p, const char *agency,
                             const struct pins_chain *chain, const uint8_t key[static 32]);
/* Return: 0; -ENOENT; -EBADMSG damaged; -errno. */
ALM_MUST_USE int pins_find(const struct pins *p, const char *agency, struct pin *out);
