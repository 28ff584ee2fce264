/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.c - see spawn.h. */
#include "supervisor/spawn.h"

#include "base/file.h"
#include "supervisor/spawn_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define SPAWN_GATE_MEMORY                                                                          \
    (UINT64_C(1)                                                                                   \
     << 30) /* bytes of address space: stacks, arenas, queues of 512 frames for a few agencies */
#define SPAWN_GATE_FDS_MORE                                                                        \
    160 /* beside its connections: libzmq's own, and room to accept before cutting */
#define SPAWN_MAP_MAX (8 + CHILD_GATES_MAX)
#define SPAWN_FD_MAX  (CHILD_FD_GATES + CHILD_GATES_MAX)

static const char *const spawn_programs[] = {
    [SPAWN_CORE] = "almoner-core",
    [SPAWN_SIGNER] = "almoner-signer",
    [SPAWN_READER] = "almoner-reader",
    [SPAWN_GATE] = "almoner-gate",
};

/* --- descriptors
 * ------------------------------------------------------------------------------------------ */

/* Moves a descriptor out of the children's numbers; the old one is closed whatever happens. */
static int spawn_lift(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, SPAWN_FD_LEAST), r = -errno;

    close(fd);
    return high < 0 ? r : high;
}

static int spawn_pair(int out[2])
{
    int low[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, low))
        return -errno;
    out[0] = spawn_lift(low[0]);
    out[1] = spawn_lift(low[1]);
    return out[0] < 0 ? out[0] : out[1] < 0 ? out[1] : 0;
}

static int spawn_memory(const char *name, const void *data, size_t len)
{
    ALM_CLEANUP(fd_closep) int fd = memfd_create(name, MFD_CLOEXEC);
    size_t at = 0;
    int out;

    if (fd < 0)
        return -errno;
    while (at < len) {
        ssize_t n = write(fd, (const char *)data + at, len - at);

        if (n < 0 && errno != EINTR)
            return -errno;
        at += n > 0 ? (size_t)n : 0;
    }
    if (lseek(fd, 0, SEEK_SET) < 0)
        return -errno;
    out = fd;
    fd = -1;
    return spawn_lift(out);
}

static void spawn_close_two(int pair[2])
{
    fd_closep(&pair[0]);
    fd_closep(&pair[1]);
}

void spawn_pairs_close(struct spawn_pairs *p)
{
    for (size_t i = 0; i < p->n_gates; i++)
        spawn_close_two(p->gates[i]);
    free(p->gates);
    p->gates = NULL;
    p->n_gates = 0;
    spawn_close_two(p->signer);
    spawn_close_two(p->reader);
    fd_closep(&p->shared);
}

int spawn_pairs_open(size_t n_gates, struct spawn_pairs *p)
{
    const struct child_shared empty = { .deciding = 0 };
    int r = 0;

    *p = (struct spawn_pairs){ .signer = { -1, -1 }, .reader = { -1, -1 }, .shared = -1 };
    p->gates = calloc(n_gates ? n_gates : 1, sizeof(*p->gates));
    if (!p->gates)
        return -ENOMEM;
    for (; !r && p->n_gates < n_gates; p->n_gates++) {
        p->gates[p->n_gates][0] = p->gates[p->n_gates][1] = -1;
        r = spawn_pair(p->gates[p->n_gates]);
    }
    if (!r)
        r = spawn_pair(p->signer);
    if (!r)
        r = spawn_pair(p->reader);
    if (!r) {
        p->shared = spawn_memory("almoner-shared", &empty, sizeof(empty));
        r = p->shared < 0 ? p->shared : 0;
    }
    if (r)
        spawn_pairs_close(p);
    return r;
}

/* --- the child, between fork and exec
 * --------------------------------------------------------------------- */

struct spawn_map { /* which of our descriptors becomes which number */
    int from[SPAWN_MAP_MAX], to[SPAWN_MAP_MAX];
    size_t n;
};

static void spawn_map_add(struct spawn_map *m, int from, int to)
{
    m->from[m->n] = from;
    m->to[m->n] = to;
    m->n++;
}

static void spawn_map_make(const struct spawn_request *r, int settings, int channel,
                           struct spawn_map *m)
{
    m->n = 0;
    spawn_map_add(m, settings, CHILD_FD_SETTINGS);
    spawn_map_add(m, channel, CHILD_FD_SUPERVISOR);
    switch (r->kind) {
    case SPAWN_CORE:
        spawn_map_add(m, r->pairs->shared, CHILD_FD_SHARED);
        spawn_map_add(m, r->pairs->signer[0], CHILD_FD_SIGNER);
        spawn_map_add(m, r->pairs->reader[0], CHILD_FD_READER);
        for (size_t i = 0; i < r->pairs->n_gates; i++)
            spawn_map_add(m, r->pairs->gates[i][0], CHILD_FD_GATES + (int)i);
        break;
    case SPAWN_SIGNER:
        spawn_map_add(m, r->pairs->signer[1], CHILD_FD_SIGNER);
        break;
    case SPAWN_READER:
        spawn_map_add(m, r->pairs->reader[1], CHILD_FD_READER);
        break;
    case SPAWN_GATE:
        spawn_map_add(m, r->pairs->gates[r->gate][1], CHILD_FD_GATES);
        break;
    }
}

static int spawn_place(const struct spawn_map *m)
{
    bool wanted[SPAWN_FD_MAX] = { false };

    for (size_t i = 0; i < m->n; i++) {
        if (dup2(m->from[i], m->to[i]) < 0)
            return -errno;
        wanted[m->to[i]] = true;
    }
    for (int fd = STDERR_FILENO + 1; fd < SPAWN_FD_MAX; fd++) {
        if (!wanted[fd])
            close(fd);
    }
    return close_range(SPAWN_FD_MAX, ~0U, 0) ? -errno : 0;
}

static int spawn_limit(int what, uint64_t value)
{
    const struct rlimit limit = { value, value };

    return setrlimit(what, &limit) ? -errno : 0;
}

static int spawn_confine(const struct spawn_request *r, pid_t parent)
{
    sigset_t none;
    int rc = spawn_limit(RLIMIT_CORE, 0);

    sigemptyset(&none);
    if (setpgid(0, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL) ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || sigprocmask(SIG_SETMASK, &none, NULL))
        return -errno;
    if (getppid() != parent)
        return -ESRCH; /* it went before the prctl */
    if (!rc && r->kind == SPAWN_GATE)
        rc = spawn_limit(RLIMIT_NOFILE,
                         (uint64_t)r->settings->limits.connections + SPAWN_GATE_FDS_MORE);
#ifndef ALM_SANITIZED /* the sanitizers reserve terabytes of addresses */
    if (!rc && r->kind == SPAWN_GATE)
        rc = spawn_limit(RLIMIT_AS, SPAWN_GATE_MEMORY);
#endif
    return rc;
}

/* The environment's few harmless names. */
static void spawn_environment(char *out[static 8])
{
    static const char *const names[] = { "PATH=",         "LANG=",          "TZ=",
                                         "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "LSAN_OPTIONS=" };
    size_t n = 0;

    for (size_t i = 0; i < ALM_LEN(names); i++) {
        for (char **p = environ; *p; p++) {
            if (!strncmp(*p, names[i], strlen(names[i]))) {
                out[n++] = *p;
                break;
            }
        }
    }
    out[n] = NULL;
}

ALM_NORETURN static void spawn_become(const struct spawn_request *r, const struct spawn_map *m,
                                      const char *path, char *environment[], pid_t parent)
{
    char *argv[] = { (char *)(uintptr_t)spawn_programs[r->kind], NULL };
    int rc = spawn_place(m);

    if (!rc)
        rc = spawn_confine(r, parent);
    if (!rc) {
        execve(path, argv, environment);
        rc = -errno;
    }
    log_error("child-not-started", "program=%s reason=%s", spawn_programs[r->kind],
              LOG_Q(strerror(-rc)));
    _exit(127);
}

/* --- starting
 * ------------------------------------------------------------------------------------------------
 */

static int spawn_settings_memory(const struct spawn_request *r)
{
    ALM_CLEANUP(spawn_settings_free) char *text = NULL;
    int rc = spawn_settings_text(r, &text);

    return rc ? rc : spawn_memory("almoner-settings", text, strlen(text));
}

int spawn_child(const struct spawn_request *r, pid_t *pid, int *channel)
{
    ALM_CLEANUP(fd_closep) int settings = spawn_settings_memory(r);
    char *environment[8], path[SETTINGS_PATH + 32];
    struct spawn_map map;
    int ends[2] = { -1, -1 }, rc;
    pid_t parent = getpid(), child;

    if (settings < 0)
        return settings;
    if (snprintf(path, sizeof(path), "%s/%s", r->libexec, spawn_programs[r->kind]) >=
        (int)sizeof(path))
        return -ENAMETOOLONG;
    rc = spawn_pair(ends);
    if (!rc && fcntl(ends[0], F_SETFL, O_NONBLOCK))
        rc = -errno;
    if (rc) {
        spawn_close_two(ends);
        return rc;
    }
    spawn_environment(environment);
    spawn_map_make(r, settings, ends[1], &map);
    child = fork();
    if (child == 0)
        spawn_become(r, &map, path, environment, parent);
    rc = -errno;
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return rc;
    }
    *pid = child;
    *channel = ends[0];
    return 0;
}
