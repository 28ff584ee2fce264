/* SPDX-License-Identifier: Apache-2.0 */
/* core.h - the core as a library: opened over descriptors it is given, turned by its owner. main.c
 * is one owner, the flow tests another. */
#pragma once
#include "base/attr.h"
#include "settings.h"
#include <stdbool.h>
#include <stdint.h>

struct core;
struct core_clock { /* injected, so that tests hold time in their hands */
    int64_t (*wall_ms)(void);
    int64_t (*mono_ms)(void);
};
struct core_ends { /* descriptors; -1 where there is none (tests). The core takes the gates',
                      signer's and reader's. */
    int supervisor, signer, reader;
    const int *gates;            /* settings' n_gates of them; borrowed during core_open */
    struct child_shared *shared; /* borrowed for the core's life; NULL: none */
};
enum core_turned { CORE_GOES_ON = 0, CORE_STOPPED = 1 };
/**
 * core_open() - open store, log and policy, suspend whom the supervisor says, tell the gates whom
 * to admit
 * @settings: taken (its lists too), zeroed for the caller
 * Return: 0; -EXDEV a store of another mode or origin; -EBADMSG damaged or another key's;
 * -EADDRINUSE another core serves the control socket; -errno. Threads: one core belongs to one
 * thread.
 */
ALM_MUST_USE int core_open(struct core_settings *settings, const struct core_ends *ends,
                           const struct core_clock *clock, struct core **out);
struct core *core_close(struct core *c);
void core_closep(struct core **c);
/**
 * core_turn() - wait for something to do (at most timeout_ms), then: drain, decide, record, commit,
 * send Return: CORE_GOES_ON; CORE_STOPPED the supervisor said stop (or has gone); -EIO the store
 * failed for good: every sender has been told Busy, and the process must end to be started again;
 * -errno.
 */
ALM_MUST_USE int core_turn(struct core *c, int timeout_ms);
