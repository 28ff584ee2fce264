/* SPDX-License-Identifier: Apache-2.0 */
/* load.h - one process of the load: who asks, who is asked, who only listens. Commands come on
 * standard input, one a line, and each is answered with a line of JSON. */
#pragma once
#include "frames.h"
#include "links.h"

#include <stdio.h>

#define BARE_HEAD 16 /* bytes: kind, leg, u16 asker, u16 holder, u16 0, u64 tag */
enum bare_kind { BARE_HELLO = 0xb0, BARE_LEG = 0xb1 };

struct load {
    struct links links;
    struct stencil (*stencils)[FRAME_KINDS]; /* by link; made when first needed */
    const char *address, *server, *role;
    unsigned first, n, copies;
    bool sign; /* queries and answers; what is durable is signed always */
    bool bare; /* frames of these sizes, for what stands in for the broker */
    size_t ask_bytes, answer_bytes;
    uint64_t people;
    uint8_t in[65536];
};
int64_t load_ns(void);
/* Return: the link's frame of this kind, or NULL. */
struct stencil *load_stencil(struct load *l, unsigned link, enum frame_kind kind);
/* The next command: waits so long at most. Return: 1 there is one; 0 none; -1 the end. */
int load_command(struct load *l, int timeout_ms, char *line, size_t size);

int ask_loop(struct load *l);
int hold_loop(struct load *l);
