/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.h - finds a backend's program and starts it as a worker: a socket, a pipe for what it says,
 * and nothing else of ours. */
#pragma once
#include "base/attr.h"
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SPAWN_NAME_MAX  32  /* bytes of a backend's name, with NUL */
#define SPAWN_THERE_MAX 256 /* bytes of a list of names */

/* Small letters, digits and hyphens, starting with none of the last. Pure. */
bool spawn_name_valid(const char *name);
/* libexec/almoner-source-NAME. Return: 0; -ENOENT no such program: there lists the names that are
 * ("csv, odbc"), "" for none; -ENAMETOOLONG. */
ALM_MUST_USE int spawn_find(const char *libexec, const char *name, char path[static PATH_MAX],
                            char there[static SPAWN_THERE_MAX]);

struct spawned {
    pid_t pid;
    int fd;   /* our end of the socket, non-blocking; owned */
    int said; /* what the worker writes to standard output and error, non-blocking; owned */
};
/**
 * spawn_start() - start program with one argument, the configuration's path
 *
 * The worker gets descriptors 0 (nothing to read), 1 and 2 (the pipe) and 3 (the socket); a session
 * of its own; the default signal mask; SIGKILL when we end; and of the environment what drivers
 * read.
 *
 * Return: 0; -errno. Threads: safe beside others (nothing but system calls between fork and exec).
 */
ALM_MUST_USE int spawn_start(const char *program, const char *config, struct spawned *out);
