/* SPDX-License-Identifier: Apache-2.0 */
/* test_process.c - that a process which holds people's data leaves no core file, however it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/process.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a child of ours that runs f leaves. Return: its status of wait(2). */
static int child(int (*f)(void))
{
    pid_t pid = fork();
    int status = -1;

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(f());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void unlimited(void)
{
    struct rlimit l;

    if (getrlimit(RLIMIT_CORE, &l) == 0) {
        l.rlim_cur = l.rlim_max;
        (void)setrlimit(RLIMIT_CORE, &l);
    }
}

static int what_is_left(void)
{
    struct rlimit l;

    unlimited();
    if (process_private() || getrlimit(RLIMIT_CORE, &l))
        return 1;
    if (l.rlim_cur != 0 || l.rlim_max != 0)
        return 2;
#ifndef ALM_SANITIZED
    if (prctl(PR_GET_DUMPABLE) != 0)
        return 3;
#endif
    return process_private() ? 4 : 0;
}

static int ends_badly(void)
{
    unlimited();
    if (process_private())
        return 1;
    (void)signal(SIGABRT, SIG_DFL);
    (void)kill(getpid(), SIGABRT);
    return 2;
}

static void a_private_process_has_no_core_and_is_closed_to_others(void **state)
{
    (void)state;
    assert_int_equal(child(what_is_left), 0);
}

static void one_that_ends_badly_leaves_no_core(void **state)
{
    int status = child(ends_badly);

    (void)state;
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_false(WCOREDUMP(status));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_private_process_has_no_core_and_is_closed_to_others),
        cmocka_unit_test(one_that_ends_badly_leaves_no_core),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
