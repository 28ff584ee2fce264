/* SPDX-License-Identifier: Apache-2.0 */
/* confine.c - "core: no sockets but the pairs and the control socket" (DESIGN.md section 3). */
#include "confine.h"

#include "base/log.h"

#include <errno.h>
#include <seccomp.h>
#include <stddef.h>

#ifdef ALM_SANITIZED
int confine_enter(void)
{
    log_warn("sandbox-off", "kind=%s reason=sanitizers", "core");
    return 0;
}
#else
static const int confine_refused[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(socket),
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(listen),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(setns),
    SCMP_SYS(unshare),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(kexec_load),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
};

int confine_enter(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int r = 0;

    if (!filter)
        return -ENOMEM;
    r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1); /* the threads of verify.c are there already */
    for (size_t i = 0; i < ALM_LEN(confine_refused) && !r; i++) {
        r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), confine_refused[i], 0);
        if (r == -EDOM) /* not a call of this architecture */
            r = 0;
    }
    if (!r)
        r = seccomp_load(filter);
    seccomp_release(filter);
    if (r)
        log_error("sandbox-failed", "kind=core error=%d", -r);
    return r;
}
#endif
