/* SPDX-License-Identifier: Apache-2.0 */
/* test_sandbox.c - what each kind of process can no longer do, each tried in a process of its own.
 */
#include "sandbox/sandbox.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

typedef int attempt(void); /* 0 done, an errno refused */

static int try_open_read(void)
{
    return open("/etc/passwd", O_RDONLY) < 0 ? errno : 0;
}

static int try_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0;
}

static int try_connect(void)
{
    return connect(0, NULL, 0) ? errno : 0;
}

static int try_exec(void)
{
    char *argv[] = { NULL };

    return execve("/bin/true", argv, argv) ? errno : 0;
}

static int try_fork(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    return pid < 0 ? errno : 0;
}

static int try_kill(void)
{
    return kill(getppid(), 0) ? errno : 0;
}

static int try_ptrace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) ? errno : 0;
}

static int try_bind(void)
{
    return bind(0, NULL, 0) ? errno : 0;
}

static int try_rename(void)
{
    return rename("/nonexistent/a", "/nonexistent/b") ? errno : 0;
}

static int try_memory(void)
{
    char *p = malloc(1 << 20);

    if (!p)
        return ENOMEM;
    memset(p, 1, 1 << 20);
    free(p);
    return 0;
}

static int try_log(void)
{
    log_info("sandbox-test", "a=%d", 1);
    return 0;
}

/* What libzmq's threads begin with. */
static int try_begin_thread(void)
{
    struct sched_param param;
    int policy;

    return pthread_getschedparam(pthread_self(), &policy, &param) ||
           pthread_setschedparam(pthread_self(), policy, &param) ||
           pthread_setname_np(pthread_self(), "late");
}

static int try_real_time(void)
{
    struct sched_param param = { .sched_priority = 1 };

    return pthread_setschedparam(pthread_self(), SCHED_FIFO, &param);
}

static int try_prctl(void)
{
    return prctl(PR_SET_DUMPABLE, 1) ? errno : 0;
}

static void *thread_open(void *arg)
{
    int *out = arg;

    while (!__atomic_load_n(&out[0], __ATOMIC_ACQUIRE))
        usleep(1000);
    __atomic_store_n(&out[1], try_open_read() + 1, __ATOMIC_RELEASE);
    return NULL;
}

/* Return: what the attempt gave in a sandboxed child, or -signal. */
static int in_sandbox(enum sandbox_kind kind, attempt *try)
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(sandbox_enter(kind) ? 255 : try());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

struct row {
    const char *what;
    attempt *try;
    int gate, signer, reader;
};
#define DIES (-SIGSYS)
static const struct row rows[] = {
    { "memory", try_memory, 0, 0, 0 },
    { "log", try_log, 0, 0, 0 },
    { "open a file", try_open_read, EACCES, 0, 0 },
    { "make a socket", try_socket, EACCES, EACCES, EACCES },
    { "connect", try_connect, EACCES, EACCES, EACCES },
    { "bind", try_bind, DIES, DIES, DIES },
    { "execute", try_exec, DIES, DIES, DIES },
    { "fork", try_fork, DIES, DIES, DIES },
    { "signal others", try_kill, DIES, DIES, DIES },
    { "trace", try_ptrace, DIES, DIES, DIES },
    { "rename", try_rename, DIES, ENOENT, DIES },
    { "a library's thread that begins late", try_begin_thread, 0, DIES, DIES },
    { "another priority", try_real_time, DIES, DIES, DIES },
    { "another use of prctl", try_prctl, DIES, DIES, DIES },
};

static void sandbox_refuses_what_a_kind_does_not_need(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        int gate = in_sandbox(SANDBOX_GATE, rows[i].try),
            signer = in_sandbox(SANDBOX_SIGNER, rows[i].try),
            reader = in_sandbox(SANDBOX_READER, rows[i].try);

        if (gate != rows[i].gate || signer != rows[i].signer || reader != rows[i].reader)
            fail_msg("%s: gate %d, signer %d, reader %d", rows[i].what, gate, signer, reader);
    }
}

static int try_in_older_thread(void)
{
    pthread_t thread;
    int shared[2] = { 0, 0 }, r;

    if (pthread_create(&thread, NULL, thread_open, shared))
        return 254;
    r = sandbox_enter(SANDBOX_GATE);
    __atomic_store_n(&shared[0], 1, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&shared[1], __ATOMIC_ACQUIRE))
        usleep(1000);
    return r ? 255 : shared[1] - 1;
}

static void sandbox_holds_in_threads_that_are_older_than_it(void **state)
{
    int status;
    pid_t pid;

    (void)state;
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(try_in_older_thread());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EACCES);
}

static void sandbox_is_off_with_a_line_in_sanitizer_builds(void **state)
{
    (void)state;
    assert_int_equal(in_sandbox(SANDBOX_GATE, try_open_read), 0);
}

int main(void)
{
    /* cmocka's TAP shows a skipped test as a failed one, so each build lists its own. */
#ifdef ALM_SANITIZED
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sandbox_is_off_with_a_line_in_sanitizer_builds),
    };

    (void)sandbox_refuses_what_a_kind_does_not_need;
    (void)sandbox_holds_in_threads_that_are_older_than_it;
#else
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sandbox_refuses_what_a_kind_does_not_need),
        cmocka_unit_test(sandbox_holds_in_threads_that_are_older_than_it),
    };

    (void)sandbox_is_off_with_a_line_in_sanitizer_builds;
#endif
    return cmocka_run_group_tests(tests, NULL, NULL);
}
