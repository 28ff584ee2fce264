/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox.c - the allow-lists. A new library version may need another call: the journal shows
 * SIGSYS, strace the call. */
#include "sandbox/sandbox.h"

#include "base/log.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

/* What any running C program with threads needs. */
static const int sandbox_common[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(close),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(futex),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(mprotect),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(tgkill),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(rseq),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(fcntl),
    SCMP_SYS(fstat),
    SCMP_SYS(lseek),
    SCMP_SYS(prlimit64), /* pthread_getattr_np, malloc: reading; raising needs a privilege that we
                            lack */
};
/* Calls that libraries try out of curiosity: refused quietly. */
static const int sandbox_refused[] = {
    SCMP_SYS(open),     SCMP_SYS(openat),     SCMP_SYS(stat),      SCMP_SYS(newfstatat),
    SCMP_SYS(statx),    SCMP_SYS(access),     SCMP_SYS(faccessat), SCMP_SYS(faccessat2),
    SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(socket),    SCMP_SYS(connect),
    SCMP_SYS(uname),    SCMP_SYS(sysinfo),
};
static const int sandbox_gate[] = {
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(getpeername),
    SCMP_SYS(getsockname),
    SCMP_SYS(shutdown),
    SCMP_SYS(eventfd2),
    SCMP_SYS(mlock),
    SCMP_SYS(munlock), /* libsodium's guarded memory for CURVE keys */
    /* A thread of libzmq's begins with these, and on a busy machine it begins after the sandbox. */
    SCMP_SYS(sched_getparam),
    SCMP_SYS(sched_getscheduler),
};
/* A call with one value of one argument only. */
struct sandbox_narrow {
    int call;
    unsigned argument;
    scmp_datum_t value;
};
static const struct sandbox_narrow sandbox_gate_narrow[] = {
    { SCMP_SYS(sched_setscheduler), 1, SCHED_OTHER }, /* the same: what it begins with */
    { SCMP_SYS(prctl), 0, PR_SET_NAME },
};
static const int sandbox_signer[] = {
    SCMP_SYS(openat),    SCMP_SYS(fsync),      SCMP_SYS(fdatasync), SCMP_SYS(rename),
    SCMP_SYS(renameat),  SCMP_SYS(renameat2),  SCMP_SYS(unlink),    SCMP_SYS(unlinkat),
    SCMP_SYS(fchmod),    SCMP_SYS(newfstatat), SCMP_SYS(open),      SCMP_SYS(umask),
    SCMP_SYS(ftruncate),
};
static const int sandbox_reader[] = {
    SCMP_SYS(openat),      SCMP_SYS(open),        SCMP_SYS(newfstatat), SCMP_SYS(stat),
    SCMP_SYS(accept),      SCMP_SYS(accept4),     SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),
    SCMP_SYS(getpeername), SCMP_SYS(getsockname), SCMP_SYS(shutdown),   SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),    SCMP_SYS(flock),       SCMP_SYS(msync),      SCMP_SYS(fstatfs),
    SCMP_SYS(getuid),      SCMP_SYS(geteuid),     SCMP_SYS(ftruncate),  SCMP_SYS(access),
    SCMP_SYS(uname),       SCMP_SYS(sysinfo),     SCMP_SYS(getdents64), SCMP_SYS(statx),
};

struct sandbox_list {
    const int *calls;
    size_t n;
    const char *name;
    const struct sandbox_narrow *narrow; /* NULL: none */
    size_t n_narrow;
};
static const struct sandbox_list sandbox_lists[] = {
    [SANDBOX_GATE] = { sandbox_gate, ALM_LEN(sandbox_gate), "gate", sandbox_gate_narrow,
                       ALM_LEN(sandbox_gate_narrow) },
    [SANDBOX_SIGNER] = { sandbox_signer, ALM_LEN(sandbox_signer), "signer", NULL, 0 },
    [SANDBOX_READER] = { sandbox_reader, ALM_LEN(sandbox_reader), "reader", NULL, 0 },
};

#ifdef ALM_SANITIZED
int sandbox_enter(enum sandbox_kind kind)
{
    (void)sandbox_common, (void)sandbox_refused;
    log_warn("sandbox-off", "kind=%s reason=sanitizers", sandbox_lists[kind].name);
    return 0;
}
#else
static int sandbox_allow(scmp_filter_ctx filter, const int *calls, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);

        if (r && r != -EDOM) /* EDOM: not a call of this architecture */
            return r;
    }
    return 0;
}

static int sandbox_allow_narrow(scmp_filter_ctx filter, const struct sandbox_list *list)
{
    for (size_t i = 0; i < list->n_narrow; i++) {
        const struct sandbox_narrow *n = &list->narrow[i];
        int r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, n->call, 1,
                                 SCMP_CMP(n->argument, SCMP_CMP_EQ, n->value));

        if (r && r != -EDOM)
            return r;
    }
    return 0;
}

static int sandbox_has(const struct sandbox_list *list, int call)
{
    for (size_t i = 0; i < list->n; i++) {
        if (list->calls[i] == call)
            return 1;
    }
    return 0;
}

static int sandbox_refuse_rest(scmp_filter_ctx filter, const struct sandbox_list *list)
{
    for (size_t i = 0; i < ALM_LEN(sandbox_refused); i++) {
        int r;

        if (sandbox_has(list, sandbox_refused[i]))
            continue;
        r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), sandbox_refused[i], 0);
        if (r && r != -EDOM)
            return r;
    }
    return 0;
}

int sandbox_enter(enum sandbox_kind kind)
{
    const struct sandbox_list *list = &sandbox_lists[kind];
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int r;

    if (!filter)
        return -ENOMEM;
    /* All threads: a library's threads are older than this call. */
    r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (!r)
        r = sandbox_allow(filter, sandbox_common, ALM_LEN(sandbox_common));
    if (!r)
        r = sandbox_allow(filter, list->calls, list->n);
    if (!r)
        r = sandbox_allow_narrow(filter, list);
    if (!r)
        r = sandbox_refuse_rest(filter, list);
    if (!r)
        r = seccomp_load(filter);
    seccomp_release(filter);
    if (r)
        log_error("sandbox-failed", "kind=%s error=%d", list->name, -r);
    else
        log_line(LOG_DEBUG, "sandbox-on", "kind=%s", list->name);
    return r;
}
#endif
