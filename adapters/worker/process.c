/* SPDX-License-Identifier: Apache-2.0 */
/* process.c - limits of a worker. */
#include "worker/process.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Address space beside what the rows may take: libraries, and a driver's threads, each of which
 * reserves (not uses) 64 MiB with glibc. */
#define MEMORY_BESIDE (768ull << 20)
#define FILES_MOST    256

/* At most this; a limit of the system's that is lower stays. */
static int limit(__rlimit_resource_t what, uint64_t most)
{
    struct rlimit l;

    if (getrlimit(what, &l) != 0)
        return -errno;
    if (l.rlim_max == RLIM_INFINITY || l.rlim_max > most)
        l.rlim_max = most;
    l.rlim_cur = l.rlim_max;
    return setrlimit(what, &l) == 0 ? 0 : -errno;
}

static int limit_memory(const struct alm_limits *limits)
{
#ifdef ALM_SANITIZED
    (void)limits; /* the sanitizers reserve terabytes that they never touch */
    return 0;
#else
    return limit(RLIMIT_AS, limits->bytes_most + MEMORY_BESIDE);
#endif
}

int process_limit(const struct alm_limits *limits)
{
    int r = limit(RLIMIT_CORE, 0); /* a core file would hold people's data */

    (void)umask(077);
    (void)signal(SIGPIPE, SIG_IGN); /* a source that hangs up is an error code, not our end */
    if (r == 0)
        r = limit(RLIMIT_NOFILE, FILES_MOST);
    if (r == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        r = -errno;
    if (r == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        r = -errno;
    if (r == 0)
        r = limit_memory(limits);
    return r;
}
