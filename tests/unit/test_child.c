/* SPDX-License-Identifier: Apache-2.0 */
/* test_child.c - a child's settings, and that nobody reads its secrets out of its memory. */
#include "pair/child.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CANNOT_TEST 100

/* In the child process. Return: its exit code: 10 * whether it may be dumped + what went wrong. */
static int take_settings(const char *text, int fds[2])
{
    json_t *object = NULL;
    size_t len = strlen(text);
    int r;

    if (write(fds[1], text, len) != (ssize_t)len || dup2(fds[0], CHILD_FD_SETTINGS) < 0)
        return CANNOT_TEST;
    if (fds[0] != CHILD_FD_SETTINGS)
        close(fds[0]);
    if (fds[1] != CHILD_FD_SETTINGS)
        close(fds[1]);
    r = child_settings(&object);
    json_decref(object);
    return 10 * (prctl(PR_GET_DUMPABLE) != 0) + (r == -EINVAL ? 2 : r != 0);
}

static int code_after(const char *text)
{
    int fds[2], status = 0;
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        /* The end that is written to must not lie where the settings go. */
        if (fds[1] == CHILD_FD_SETTINGS && (fds[1] = dup(fds[1])) < 0)
            _exit(CANNOT_TEST);
        _exit(take_settings(text, fds));
    }
    close(fds[0]);
    close(fds[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void child_that_has_read_its_secrets_cannot_be_dumped_or_traced(void **state)
{
    (void)state;
    assert_int_equal(prctl(PR_GET_DUMPABLE), 1); /* as after each exec */
    assert_int_equal(code_after("{\"audit_key\":\"00\"}"), 0);
}

static void child_whose_settings_are_bad_cannot_be_dumped_either(void **state)
{
    (void)state;
    assert_int_equal(code_after("{\"audit_key\":\"00\","), 2);
    assert_int_equal(code_after("[]"), 2);
    assert_int_equal(code_after(""), 2);
    assert_int_equal(code_after("{\"a\":1,\"a\":2}"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(child_that_has_read_its_secrets_cannot_be_dumped_or_traced),
        cmocka_unit_test(child_whose_settings_are_bad_cannot_be_dumped_either),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
