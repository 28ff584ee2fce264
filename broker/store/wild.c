/* SPDX-License-Identifier: Apache-2.0 */
/* wild.c - see wild.h. A handler does nothing here that a fault inside LMDB does not allow: it takes no memory and
 * no lock. */
#include "store/wild.h"

#include "base/log.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

/* The core checks signatures on threads of its own, which are never in LMDB: theirs is NULL. */
static _Thread_local struct wild_call *wild_now;
static struct sigaction wild_before_bus, wild_before_segv;
static int wild_code;

void wild_enter(struct wild_call *call)
{
    wild_now = call;
}

void wild_leave(void)
{
    wild_now = NULL;
}

void wild_back(void)
{
    struct wild_call *call = wild_now;

    wild_now = NULL;
    if (call)
        longjmp(call->back, 1);
}

void wild_exits(int code)
{
    wild_code = code;
}

static void wild_fault(int signal, siginfo_t *info, void *context)
{
    bool faulted = info->si_code > 0; /* the kernel's own finding, not somebody's kill() */

    (void)context;
    if (faulted && signal == SIGBUS)
        wild_back();
    if (faulted && wild_now && wild_code) {
        log_error("store-wild", "%s", "todo=\"a page of the data file is damaged: almoner fsck, almoner restore\"");
        _exit(wild_code);
    }
    /* Not ours: it happens again when we return, to whoever watched before us. */
    (void)sigaction(signal, signal == SIGBUS ? &wild_before_bus : &wild_before_segv, NULL);
    if (!faulted)
        (void)raise(signal);
}

static void wild_watch_one(int signal, struct sigaction *before)
{
    struct sigaction now = { .sa_sigaction = wild_fault,
                             /* left by a jump, it would stay blocked */
                             .sa_flags = SA_SIGINFO | SA_NODEFER };
    struct sigaction there;

    (void)sigemptyset(&now.sa_mask);
    if (sigaction(signal, &now, &there) == 0 && there.sa_sigaction != wild_fault)
        *before = there;
}

void wild_watch(void)
{
    wild_watch_one(SIGBUS, &wild_before_bus);
    wild_watch_one(SIGSEGV, &wild_before_segv);
}
