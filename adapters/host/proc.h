/* SPDX-License-Identifier: Apache-2.0 */
/* proc.h - one worker process as the host holds it: frames both ways, and what it says on standard
 * error as lines of our log.
 *
 * Knows nothing of what the frames mean. A process that is let go of is reaped in the background.
 * Threads: one loop. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include "worker/frame.h"
#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

#define PROC_FDS 2

struct proc { /* zeroed: none */
    bool open;
    pid_t pid;
    int fd, said;
    struct frames in;
    struct buf out;
    char line[1024]; /* being read of what it says */
    size_t line_len;
    int64_t minute_ms; /* lines are rationed */
    unsigned n_lines, n_left_out;
};
/* Return: 0; -errno. */
ALM_MUST_USE int proc_open(struct proc *p, const char *program, const char *config);
/* grace_ms 0: killed. Else it is told by a closed socket, and killed if it has not ended by then.
 */
void proc_close(struct proc *p, int64_t now_ms, int64_t grace_ms);
/* Return: how many of fds were set. */
size_t proc_poll_fds(const struct proc *p, struct pollfd fds[static PROC_FDS]);
/* What it said so far. */
void proc_take_lines(struct proc *p, int64_t now_ms);
/* p->out is what goes next. Return: 0 (all of it, or as much as fits now); -EPIPE; -errno. */
ALM_MUST_USE int proc_write(struct proc *p);

/* Ends the processes let go of. wait: until all have, at most a second. */
void proc_reap(int64_t now_ms, bool wait);
