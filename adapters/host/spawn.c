/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.c - from a backend's name to a running worker. */
#include "host/spawn.h"

#include "base/bytes.h"
#include "base/file.h"
#include "worker/frame.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#define PREFIX  "almoner-source-"
#define ENV_MAX 64

/* What drivers and their libraries read. Nothing else of our environment reaches a worker: it may
 * hold what is none of a driver's business. */
static const char *const kept[] = { "PATH",
                                    "HOME",
                                    "LANG",
                                    "LANGUAGE",
                                    "TZ",
                                    "TMPDIR",
                                    "ODBCINI",
                                    "ODBCSYSINI",
                                    "ODBCINSTINI",
                                    "ODBCINSTLIBDIR",
                                    "SSL_CERT_FILE",
                                    "SSL_CERT_DIR",
                                    "CURL_CA_BUNDLE",
                                    "OPENSSL_CONF",
                                    "KRB5_CONFIG",
                                    "KRB5CCNAME",
                                    "ORACLE_HOME",
                                    "TNS_ADMIN",
                                    "NLS_LANG",
                                    "FREETDSCONF",
                                    "http_proxy",
                                    "https_proxy",
                                    "HTTPS_PROXY",
                                    "no_proxy",
                                    "NO_PROXY",
                                    "ASAN_OPTIONS",
                                    "UBSAN_OPTIONS",
                                    "LSAN_OPTIONS",
                                    NULL };
static const char *const kept_prefixes[] = { "LC_", "PG", NULL };

bool spawn_name_valid(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    size_t len = strlen(name);

    return len > 0 && len < SPAWN_NAME_MAX && name[0] != '-' && strspn(name, letters) == len;
}

static void there_add(char there[static SPAWN_THERE_MAX], const char *name)
{
    size_t at = strlen(there);
    int n = snprintf(there + at, SPAWN_THERE_MAX - at, "%s%s", at ? ", " : "", name);

    if (n < 0 || (size_t)n >= SPAWN_THERE_MAX - at)
        there[at] = '\0';
}

static void there_list(const char *libexec, char there[static SPAWN_THERE_MAX])
{
    struct dirent **found = NULL;
    int n = scandir(libexec, &found, NULL, alphasort);

    there[0] = '\0';
    for (int i = 0; i < n; i++) {
        const char *name = found[i]->d_name;

        if (strncmp(name, PREFIX, sizeof(PREFIX) - 1) == 0)
            there_add(there, name + sizeof(PREFIX) - 1);
        free(found[i]);
    }
    free(found);
}

int spawn_find(const char *libexec, const char *name, char path[static PATH_MAX],
               char there[static SPAWN_THERE_MAX])
{
    int n = snprintf(path, PATH_MAX, "%s/" PREFIX "%s", libexec, name);

    there[0] = '\0';
    if (n < 0 || n >= PATH_MAX)
        return -ENAMETOOLONG;
    if (access(path, X_OK) == 0)
        return 0;
    there_list(libexec, there);
    return -ENOENT;
}

/* --- before fork: everything that needs memory --- */
static bool env_kept(const char *entry)
{
    size_t len = strcspn(entry, "=");

    for (size_t i = 0; kept[i]; i++) {
        if (strlen(kept[i]) == len && strncmp(entry, kept[i], len) == 0)
            return true;
    }
    for (size_t i = 0; kept_prefixes[i]; i++) {
        if (strncmp(entry, kept_prefixes[i], strlen(kept_prefixes[i])) == 0)
            return true;
    }
    return false;
}

static void env_choose(char *out[static ENV_MAX])
{
    size_t n = 0;

    for (char **e = environ; *e && n < ENV_MAX - 1; e++) {
        if (env_kept(*e))
            out[n++] = *e;
    }
    out[n] = NULL;
}

struct ends { /* 0: ours, 1: the worker's */
    int socket[2], said[2];
    int nothing;
};

static void ends_close(struct ends *e)
{
    for (int i = 0; i < 2; i++) {
        fd_closep(&e->socket[i]);
        fd_closep(&e->said[i]);
    }
    fd_closep(&e->nothing);
}

static int ends_open(struct ends *e)
{
    *e = (struct ends){ { -1, -1 }, { -1, -1 }, -1 };
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, e->socket) != 0 ||
        pipe2(e->said, O_CLOEXEC) != 0)
        return -errno;
    e->nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (e->nothing < 0 || fcntl(e->socket[0], F_SETFL, O_NONBLOCK) != 0 ||
        fcntl(e->said[0], F_SETFL, O_NONBLOCK) != 0)
        return -errno;
    return 0;
}

/* --- between fork and exec: system calls alone --- */
static ALM_NORETURN void child_run(const char *program, char *const argv[], char *const env[],
                                   const struct ends *e, pid_t parent)
{
    /* Numbers that dup2 below does not overwrite. */
    int socket = fcntl(e->socket[1], F_DUPFD, 10), said = fcntl(e->said[1], F_DUPFD, 10),
        nothing = fcntl(e->nothing, F_DUPFD, 10);
    sigset_t none;

    sigemptyset(&none);
    (void)setsid();
    if (socket < 0 || said < 0 || nothing < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
        getppid() != parent || dup2(nothing, 0) < 0 || dup2(said, 1) < 0 || dup2(said, 2) < 0 ||
        dup2(socket, FRAME_FD) < 0 || syscall(SYS_close_range, FRAME_FD + 1, ~0U, 0) != 0 ||
        sigprocmask(SIG_SETMASK, &none, NULL) != 0)
        _exit(EX_OSERR);
    (void)execve(program, argv, env);
    _exit(EX_UNAVAILABLE);
}

int spawn_start(const char *program, const char *config, struct spawned *out)
{
    char *env[ENV_MAX];
    char *argv[] = { (char *)program, (char *)config, NULL };
    pid_t parent = getpid(), pid;
    struct ends e;
    int r = ends_open(&e);

    if (r != 0) {
        ends_close(&e);
        return r;
    }
    env_choose(env);
    pid = fork();
    if (pid == 0)
        child_run(program, argv, env, &e, parent);
    r = pid < 0 ? -errno : 0;
    if (r == 0) {
        *out = (struct spawned){ pid, e.socket[0], e.said[0] };
        e.socket[0] = e.said[0] = -1;
    }
    ends_close(&e);
    return r;
}
