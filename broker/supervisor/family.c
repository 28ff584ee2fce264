/* SPDX-License-Identifier: Apache-2.0 */
/* family.c - see family.h. */
#include "supervisor/family.h"

#include "pair/child.h"
#include "supervisor/blame.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#define FAMILY_STOP_MS    5000  /* a child that was told to stop is killed after that */
#define FAMILY_HEALTHY_MS 60000 /* having run for that long, a child's record is clean again */
#define FAMILY_BACK_OFF_MS                                                                         \
    100 /* after the second end in a row; doubles. The first restart is immediate */
#define FAMILY_GATE_MOST_MS                                                                        \
    500 /* a gate is back within a second, however often it is brought down */
#define FAMILY_MOST_MS     5000
#define FAMILY_FAULTS_MOST 3 /* starts that may end in a fault, of a child that was never ready */

enum child_state { CHILD_WAITING = 0, CHILD_STARTING, CHILD_IS_READY, CHILD_LEAVING, CHILD_GONE };
/* The order of stopping: a stage begins when the one before is gone. */
enum family_stage { STAGE_SERVING = 0, STAGE_EDGES, STAGE_CORE, STAGE_SIGNER, STAGE_DONE };

struct child {
    enum spawn_kind kind;
    uint16_t gate;
    char name[16];
    enum child_state state;
    bool ever_ready, close_ordered;
    unsigned faults; /* that ended it before it was ever ready */
    pid_t pid;
    int channel;
    int64_t started_ms, due_ms; /* due: when to start (waiting) or to kill (leaving) */
    unsigned ends_in_a_row;
};
struct family {
    const struct settings *settings;
    const char *libexec;
    struct spawn_pairs pairs;
    struct child_shared *shared;
    struct child *children;
    size_t n;
    enum family_stage stage;
    int verdict;
    struct blame blame;
};

static void family_add(struct family *f, enum spawn_kind kind, uint16_t gate, const char *name)
{
    struct child *c = &f->children[f->n++];

    *c = (struct child){ .kind = kind, .gate = gate, .channel = -1 };
    if (kind == SPAWN_GATE)
        snprintf(c->name, sizeof(c->name), "gate-%u", gate);
    else
        snprintf(c->name, sizeof(c->name), "%s", name);
}

static int family_open(struct family *f)
{
    int r = spawn_pairs_open(f->settings->n_gates, &f->pairs);

    if (r)
        return r;
    f->shared =
        mmap(NULL, sizeof(*f->shared), PROT_READ | PROT_WRITE, MAP_SHARED, f->pairs.shared, 0);
    if (f->shared == MAP_FAILED) {
        f->shared = NULL;
        return -errno;
    }
    f->children = calloc(3 + f->settings->n_gates, sizeof(*f->children));
    if (!f->children)
        return -ENOMEM;
    family_add(f, SPAWN_SIGNER, 0, "signer");
    family_add(f, SPAWN_CORE, 0, "core");
    for (size_t i = 0; i < f->settings->n_gates; i++)
        family_add(f, SPAWN_GATE, (uint16_t)i, NULL);
    family_add(f, SPAWN_READER, 0, "reader");
    return 0;
}

int family_new(const struct settings *settings, const char *libexec, struct family **out)
{
    ALM_CLEANUP(family_freep) struct family *f = calloc(1, sizeof(*f));
    int r;

    if (!f)
        return -ENOMEM;
    f->settings = settings;
    f->libexec = libexec;
    f->pairs = (struct spawn_pairs){ .signer = { -1, -1 }, .reader = { -1, -1 }, .shared = -1 };
    r = family_open(f);
    if (r)
        return r;
    *out = f;
    f = NULL;
    return 0;
}

struct family *family_free(struct family *f)
{
    if (!f)
        return NULL;
    for (size_t i = 0; i < f->n; i++) {
        if (f->children[i].pid > 0) {
            kill(f->children[i].pid, SIGKILL);
            (void)waitpid(f->children[i].pid, NULL, 0);
        }
        if (f->children[i].channel >= 0)
            close(f->children[i].channel);
    }
    if (f->shared)
        munmap(f->shared, sizeof(*f->shared));
    spawn_pairs_close(&f->pairs);
    free(f->children);
    free(f);
    return NULL;
}

void family_freep(struct family **f)
{
    *f = family_free(*f);
}

static struct child *family_core(struct family *f)
{
    for (size_t i = 0; i < f->n; i++) {
        if (f->children[i].kind == SPAWN_CORE)
            return &f->children[i];
    }
    return NULL;
}

/* --- starting
 * ---------------------------------------------------------------------------------------------------
 */

static void child_back_off(struct child *c, int64_t now_ms)
{
    int64_t most = c->kind == SPAWN_GATE ? FAMILY_GATE_MOST_MS : FAMILY_MOST_MS, wait = 0;

    if (now_ms - c->started_ms >= FAMILY_HEALTHY_MS)
        c->ends_in_a_row = 0;
    if (c->ends_in_a_row > 0)
        wait = FAMILY_BACK_OFF_MS << (c->ends_in_a_row > 10 ? 10 : c->ends_in_a_row - 1);
    c->ends_in_a_row++;
    c->state = CHILD_WAITING;
    c->due_ms = now_ms + (wait < most ? wait : most);
}

static void family_start(struct family *f, struct child *c, int64_t now_ms)
{
    const char *suspend[BLAME_KEPT];
    struct spawn_request request = { .kind = c->kind,
                                     .gate = c->gate,
                                     .settings = f->settings,
                                     .pairs = &f->pairs,
                                     .libexec = f->libexec };
    int r;

    if (c->kind == SPAWN_CORE) {
        for (size_t i = 0; i < f->blame.n_suspend; i++)
            suspend[i] = f->blame.suspend[i];
        request.suspend = suspend;
        request.n_suspend = f->blame.n_suspend;
        f->shared->deciding = f->shared->check_crashed = 0;
    }
    c->started_ms = now_ms;
    r = spawn_child(&request, &c->pid, &c->channel);
    if (r) {
        log_error("child-not-started", "child=%s reason=%s", c->name, LOG_Q(strerror(-r)));
        child_back_off(c, now_ms);
        return;
    }
    c->state = CHILD_STARTING;
    log_line(LOG_DEBUG, "child-started", "child=%s pid=%d restarts=%u", c->name, (int)c->pid,
             c->ends_in_a_row);
}

/* The reader opens a store that the core may have to make first. */
static bool family_may_start(struct family *f, const struct child *c)
{
    const struct child *core = family_core(f);

    return c->kind != SPAWN_READER || (core && core->ever_ready);
}

static void family_kill_late(struct child *c, int64_t now_ms)
{
    if (c->state != CHILD_LEAVING || now_ms < c->due_ms)
        return;
    log_warn("child-killed", "child=%s reason=\"did not stop in time\"", c->name);
    kill(c->pid, SIGKILL);
    c->due_ms = now_ms + FAMILY_STOP_MS;
}

void family_tend(struct family *f, int64_t now_ms)
{
    for (size_t i = 0; i < f->n; i++) {
        struct child *c = &f->children[i];

        if (f->stage == STAGE_SERVING && c->state == CHILD_WAITING && now_ms >= c->due_ms &&
            family_may_start(f, c))
            family_start(f, c, now_ms);
        family_kill_late(c, now_ms);
    }
}

int family_wait_ms(const struct family *f, int64_t now_ms)
{
    int64_t least = -1;

    for (size_t i = 0; i < f->n; i++) {
        const struct child *c = &f->children[i];
        int64_t wait = c->due_ms > now_ms ? c->due_ms - now_ms : 0;
        bool waiting = c->state == CHILD_WAITING && f->stage == STAGE_SERVING && c->due_ms > now_ms;

        if ((waiting || c->state == CHILD_LEAVING) && (least < 0 || wait < least))
            least = wait;
    }
    return (int)least;
}

/* --- stopping
 * ------------------------------------------------------------------------------------------------------
 */

static enum family_stage child_stage(const struct child *c)
{
    switch (c->kind) {
    case SPAWN_CORE:
        return STAGE_CORE;
    case SPAWN_SIGNER:
        return STAGE_SIGNER;
    case SPAWN_READER:
    case SPAWN_GATE:
        return STAGE_EDGES;
    }
    return STAGE_EDGES;
}

static void child_tell_stop(struct child *c, int64_t now_ms)
{
    const uint8_t stop = CHILD_STOP;

    if (c->state == CHILD_WAITING) {
        c->state = CHILD_GONE;
        return;
    }
    if (c->state != CHILD_STARTING && c->state != CHILD_IS_READY)
        return;
    if (send(c->channel, &stop, sizeof(stop), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        kill(c->pid, SIGKILL);
    c->state = CHILD_LEAVING;
    c->due_ms = now_ms + FAMILY_STOP_MS;
}

static void family_advance(struct family *f, int64_t now_ms)
{
    while (f->stage != STAGE_SERVING && f->stage != STAGE_DONE) {
        bool left = false;

        for (size_t i = 0; i < f->n; i++) {
            if (child_stage(&f->children[i]) != f->stage)
                continue;
            child_tell_stop(&f->children[i], now_ms);
            left = left || f->children[i].state != CHILD_GONE;
        }
        if (left)
            return;
        f->stage = (enum family_stage)(f->stage + 1);
    }
}

void family_stop(struct family *f, int64_t now_ms)
{
    if (f->stage != STAGE_SERVING)
        return;
    f->stage = STAGE_EDGES;
    family_advance(f, now_ms);
}

bool family_stopping(const struct family *f)
{
    return f->stage != STAGE_SERVING;
}

bool family_gone(const struct family *f)
{
    return f->stage == STAGE_DONE;
}

bool family_ready(const struct family *f)
{
    for (size_t i = 0; i < f->n; i++) {
        if (f->children[i].state != CHILD_IS_READY)
            return false;
    }
    return true;
}

int family_verdict(const struct family *f)
{
    return f->verdict;
}

/* --- hearing
 * -------------------------------------------------------------------------------------------------------
 */

size_t family_size(const struct family *f)
{
    return f->n;
}

size_t family_polled(const struct family *f, struct pollfd *out)
{
    size_t n = 0;

    for (size_t i = 0; i < f->n; i++) {
        if (f->children[i].channel >= 0)
            out[n++] = (struct pollfd){ .fd = f->children[i].channel, .events = POLLIN };
    }
    return n;
}

static void family_close_gate(struct family *f, uint16_t gate)
{
    for (size_t i = 0; i < f->n; i++) {
        struct child *c = &f->children[i];

        if (c->kind != SPAWN_GATE || c->gate != gate || c->pid <= 0)
            continue;
        log_error("gate-closed-by-core", "gate=%s organisation=%s", c->name,
                  f->settings->gates[gate].organisation);
        c->close_ordered = true;
        kill(c->pid, SIGKILL);
    }
}

static void child_said_ready(struct family *f, struct child *c, int64_t now_ms)
{
    if (c->state != CHILD_STARTING)
        return;
    c->state = CHILD_IS_READY;
    c->ever_ready = true;
    if (c->kind == SPAWN_CORE)
        blame_handed(&f->blame);
    log_line(c->ends_in_a_row ? LOG_INFO : LOG_DEBUG, "child-ready", "child=%s ms=%lld restarts=%u",
             c->name, (long long)(now_ms - c->started_ms), c->ends_in_a_row);
}

static void child_hear(struct family *f, struct child *c, int64_t now_ms)
{
    uint8_t said[8];
    ssize_t n;

    while ((n = recv(c->channel, said, sizeof(said), MSG_DONTWAIT)) > 0) {
        if (said[0] == CHILD_READY && n == 1)
            child_said_ready(f, c, now_ms);
        else if (said[0] == CHILD_CLOSE_GATE && n == 3 && c->kind == SPAWN_CORE)
            family_close_gate(f, (uint16_t)(said[1] << 8 | said[2]));
        else
            log_warn("child-said-nonsense", "child=%s bytes=%zd", c->name, n);
    }
    if (n == 0) { /* its end follows as SIGCHLD; do not poll what is always readable */
        close(c->channel);
        c->channel = -1;
    }
}

void family_hear(struct family *f, const struct pollfd *polled, size_t n, int64_t now_ms)
{
    for (size_t at = 0; at < n; at++) {
        for (size_t i = 0; polled[at].revents && i < f->n; i++) {
            if (f->children[i].channel == polled[at].fd) {
                child_hear(f, &f->children[i], now_ms);
                break;
            }
        }
    }
}

/* --- ends
 * ------------------------------------------------------------------------------------------------------------
 */

/* A process's own doing. Any other signal came from somebody: an operator, a service manager that signals all processes
 * of a service, a machine short of memory. */
static bool child_faulted(int status)
{
    if (!WIFSIGNALED(status))
        return false;
    switch (WTERMSIG(status)) {
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGABRT:
    case SIGTRAP:
    case SIGSYS:
        return true;
    default:
        return false;
    }
}

/* What a message may end the core by: a fault, an abort, a forbidden system call, an exit. A core under load decides
 * most of the time, so whoever is in hand then would be suspended for anything else. Nor is it a message's doing that
 * a page of the store cannot be read, or leads nowhere. */
static bool family_of_a_message(int status)
{
    if (WIFEXITED(status))
        return WEXITSTATUS(status) != CHILD_EXIT_DATA;
    return child_faulted(status) && WTERMSIG(status) != SIGBUS;
}

static void family_blame(struct family *f, int status, int64_t now_ms)
{
    bool deciding = f->shared->deciding || f->shared->check_crashed;
    char agency[BLAME_NAME_MAX];

    memcpy(agency, f->shared->check_crashed ? f->shared->check_agency : f->shared->agency, sizeof(agency));
    f->shared->deciding = f->shared->check_crashed = 0;
    agency[sizeof(agency) - 1] = '\0';
    if (!deciding || !family_of_a_message(status))
        return;
    if (blame_note(&f->blame, agency, now_ms))
        log_error("agency-suspended",
                  "agency=%s reason=\"its messages ended the core twice in ten minutes\"", agency);
    else
        log_warn("core-died-deciding", "agency=%s", agency);
}

/* Ends that another start would only repeat: told before the child was ever ready. A fault may be none of these, so it
 * is tried again; who opens the store and faults each time has most likely met a damaged page of it. */
static int child_verdict(struct child *c, int status)
{
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

    if (c->ever_ready)
        return 0;
    if (child_faulted(status) && ++c->faults >= FAMILY_FAULTS_MOST)
        return c->kind == SPAWN_CORE || c->kind == SPAWN_READER ? CHILD_EXIT_DATA : EX_SOFTWARE;
    return code == CHILD_EXIT_CONFIG || code == CHILD_EXIT_DATA || code == CHILD_EXIT_SELF_TEST ||
                   code == 127
               ? code
               : 0;
}

static void child_log_end(const struct child *c, int status, int64_t now_ms)
{
    bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0 && c->state == CHILD_LEAVING;

    if (clean)
        log_line(LOG_DEBUG, "child-stopped", "child=%s", c->name);
    else
        log_error("child-ended", "child=%s %s=%d ran_ms=%lld", c->name,
                  WIFSIGNALED(status) ? "signal" : "code",
                  WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
                  (long long)(now_ms - c->started_ms));
}

static void child_ended(struct family *f, struct child *c, int status, int64_t now_ms)
{
    int verdict = child_verdict(c, status);

    if (c->channel >= 0)
        child_hear(f, c, now_ms); /* its last words: the core may have closed a gate */
    if (c->channel >= 0)
        close(c->channel);
    c->channel = -1;
    child_log_end(c, status, now_ms);
    c->pid = 0;
    if (c->kind == SPAWN_CORE)
        family_blame(f, status, now_ms);
    if (f->stage != STAGE_SERVING) {
        c->state = CHILD_GONE;
        family_advance(f, now_ms);
        return;
    }
    child_back_off(c, now_ms);
    if (c->close_ordered)
        c->due_ms = now_ms; /* the core ended it, not a fault of its own */
    c->close_ordered = false;
    if (verdict) {
        f->verdict = verdict == 127 ? EX_SOFTWARE : verdict;
        log_error("almonerd-gives-up", "child=%s code=%d", c->name, verdict);
        family_stop(f, now_ms);
    }
}

void family_reap(struct family *f, int64_t now_ms)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (size_t i = 0; i < f->n; i++) {
            if (f->children[i].pid == pid) {
                child_ended(f, &f->children[i], status, now_ms);
                break;
            }
        }
    }
}
