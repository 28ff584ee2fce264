/* SPDX-License-Identifier: Apache-2.0 */
/* proc.c - a worker's descriptors and its end. */
#include "host/proc.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/log.h"
#include "host/spawn.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUT_MAX      (4u * FRAME_MAX)
#define LINES_MOST   60 /* a minute, of one worker */
#define LINES_MS     60000
#define LEAVING_MAX  16
#define LAST_WAIT_MS 1000

/* Processes that were let go of and have not ended yet. */
static struct {
    pid_t pid;
    int64_t kill_ms;
} leaving[LEAVING_MAX];

int proc_open(struct proc *p, const char *program, const char *config)
{
    struct spawned s;
    int r = spawn_start(program, config, &s);

    if (r != 0)
        return r;
    memset(p, 0, sizeof(*p));
    p->open = true;
    p->pid = s.pid;
    p->fd = s.fd;
    p->said = s.said;
    buf_init(&p->out, OUT_MAX);
    return 0;
}

static void proc_leave(pid_t pid, int64_t kill_ms)
{
    for (size_t i = 0; i < LEAVING_MAX; i++) {
        if (leaving[i].pid)
            continue;
        leaving[i].pid = pid;
        leaving[i].kill_ms = kill_ms;
        return;
    }
    (void)kill(pid, SIGKILL); /* too many: wait for this one here */
    (void)waitpid(pid, NULL, 0);
}

void proc_close(struct proc *p, int64_t now_ms, int64_t grace_ms)
{
    if (!p->open)
        return;
    proc_take_lines(p, now_ms);
    if (grace_ms == 0)
        (void)kill(p->pid, SIGKILL);
    fd_closep(&p->fd);
    fd_closep(&p->said);
    proc_leave(p->pid, now_ms + grace_ms);
    if (p->in.data) /* people's rows lay in it */
        crypto_wipe(p->in.data, p->in.len);
    frames_deinit(&p->in);
    buf_deinit(&p->out);
    memset(p, 0, sizeof(*p));
    proc_reap(now_ms, false);
}

static bool proc_ended(size_t i)
{
    int status;
    pid_t pid = waitpid(leaving[i].pid, &status, WNOHANG);

    if (pid == 0)
        return false;
    if (pid > 0 && WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
        log_warn("source-ended", "pid=%ld signal=%d", (long)pid, WTERMSIG(status));
    else if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) != 0)
        log_warn("source-ended", "pid=%ld exit=%d", (long)pid, WEXITSTATUS(status));
    leaving[i].pid = 0;
    return true;
}

static size_t leaving_reap(int64_t now_ms)
{
    size_t left = 0;

    for (size_t i = 0; i < LEAVING_MAX; i++) {
        if (!leaving[i].pid || proc_ended(i))
            continue;
        left++;
        if (leaving[i].kill_ms <= now_ms)
            (void)kill(leaving[i].pid, SIGKILL);
    }
    return left;
}

void proc_reap(int64_t now_ms, bool wait)
{
    int64_t until_ms = now_ms + LAST_WAIT_MS;

    while (leaving_reap(wait ? clock_mono_ms() : now_ms) && wait) {
        if (clock_mono_ms() >= until_ms)
            return;
        (void)poll(NULL, 0, 5);
    }
}

size_t proc_poll_fds(const struct proc *p, struct pollfd fds[static PROC_FDS])
{
    size_t n = 0;

    if (!p->open)
        return 0;
    fds[n++] = (struct pollfd){ .fd = p->fd, .events = POLLIN };
    if (p->out.len)
        fds[0].events |= POLLOUT;
    if (p->said >= 0)
        fds[n++] = (struct pollfd){ .fd = p->said, .events = POLLIN };
    return n;
}

/* A worker's own log lines are passed on as they are; whatever a driver prints is quoted. */
static void line_log(struct proc *p, int64_t now_ms)
{
    if (now_ms - p->minute_ms >= LINES_MS) {
        if (p->n_left_out)
            log_warn("source-said-more", "pid=%ld lines=%u", (long)p->pid, p->n_left_out);
        p->minute_ms = now_ms;
        p->n_lines = p->n_left_out = 0;
    }
    p->line[p->line_len] = '\0';
    for (size_t i = 0; i < p->line_len; i++) {
        if ((unsigned char)p->line[i] < 0x20 || p->line[i] == 0x7f)
            p->line[i] = '?';
    }
    if (p->n_lines >= LINES_MOST)
        p->n_left_out++;
    else if (strncmp(p->line, "ts=", 3) == 0)
        (void)fprintf(stderr, "%s\n", p->line);
    else if (p->line_len)
        log_warn("source-said", "pid=%ld text=%s", (long)p->pid, LOG_Q(p->line));
    p->n_lines++;
    p->line_len = 0;
}

void proc_take_lines(struct proc *p, int64_t now_ms)
{
    char chunk[4096];
    ssize_t n;

    if (!p->open || p->said < 0)
        return;
    for (int turn = 0; turn < 16 && (n = read(p->said, chunk, sizeof(chunk))) > 0; turn++) {
        for (ssize_t i = 0; i < n; i++) {
            if (chunk[i] == '\n' || p->line_len == sizeof(p->line) - 1)
                line_log(p, now_ms);
            if (chunk[i] != '\n')
                p->line[p->line_len++] = chunk[i];
        }
    }
    if (n == 0) /* closed: its end is told by the socket */
        fd_closep(&p->said);
}

int proc_write(struct proc *p)
{
    size_t at = 0;
    int r = buf_status(&p->out);

    while (r == 0 && at < p->out.len) {
        ssize_t n = send(p->fd, p->out.data + at, p->out.len - at, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n >= 0)
            at += (size_t)n;
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            break;
        else if (errno != EINTR)
            r = errno == ECONNRESET ? -EPIPE : -errno;
    }
    if (r != 0)
        return r;
    if (at)
        memmove(p->out.data, p->out.data + at, p->out.len - at);
    p->out.len -= at;
    return 0;
}
