/* SPDX-License-Identifier: Apache-2.0 */
/* notify.c - see notify.h. */
#include "supervisor/notify.h"

#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void notify_manager(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    ALM_CLEANUP(fd_closep) int fd = -1;
    size_t len = path ? strlen(path) : 0;

    if (len == 0)
        return;
    if ((path[0] != '/' && path[0] != '@') || len >= sizeof(to.sun_path)) {
        log_warn("notify-failed", "reason=\"NOTIFY_SOCKET is not a Unix socket's path\"");
        return;
    }
    memcpy(to.sun_path, path, len);
    if (path[0] == '@')
        to.sun_path[0] = '\0'; /* the abstract namespace */
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to,
                         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
        log_warn("notify-failed", "reason=%s", LOG_Q(strerror(errno)));
}
