/* SPDX-License-Identifier: Apache-2.0 */
/* links.h - many CURVE connections of one process, each an agency's. */
#pragma once
#include "town.h"

#define LINKS_MOST 4096

struct link {
    void *socket;
    unsigned agency;
};
struct links {
    void *context;
    struct link *all;
    unsigned n, most; /* connected, and to be */
};
/* For agencies first to first + n - 1, copies times each; none is connected yet. Return: 0; -ENOMEM. */
ALM_MUST_USE int links_open(struct links *l, unsigned first, unsigned n, unsigned copies);
/* Connects the next one. server: the gate's key, Z85. Return: 0 or -errno. */
ALM_MUST_USE int links_connect(struct links *l, const char *address, const char *server);
void links_close(struct links *l);
/* Return: 0, or -errno; a full queue is waited for. */
ALM_MUST_USE int link_send(struct link *k, struct bytes frame);
/* The next frame, copied into out (of at least 65,536 bytes). Return: its length; 0 none waits. */
size_t link_receive(struct link *k, uint8_t *out);
/* Waits until one of them, or standard input, has something. Return: whether standard input has. */
bool links_wait(struct links *l, int timeout_ms, bool with_stdin);
