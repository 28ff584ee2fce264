/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.h - one child process: its settings as JSON on a memfd, its descriptors, its limits,
 * nothing else of ours. */
#pragma once
#include "base/attr.h"
#include "supervisor/settings.h"
#include <stdbool.h>
#include <sys/types.h>

/* Every descriptor of the supervisor that a child may be handed lies at or above this, so that
 * placing one at its number in the child never hits another. */
#define SPAWN_FD_LEAST 600

enum spawn_kind { SPAWN_CORE = 1, SPAWN_SIGNER, SPAWN_READER, SPAWN_GATE };

/* The pairs and the shared page: kept open over every child's life. */
struct spawn_pairs {
    int (*gates)[2]; /* [i][0] the core's end, [i][1] the gate's */
    size_t n_gates;
    int signer[2], reader[2]; /* [0] the core's end */
    int shared;               /* memfd of struct child_shared */
};
/* Return: 0, -errno, -ENOMEM. On failure p is closed. */
ALM_MUST_USE int spawn_pairs_open(size_t n_gates, struct spawn_pairs *p);
void spawn_pairs_close(struct spawn_pairs *p);

struct spawn_request {
    enum spawn_kind kind;
    uint16_t gate; /* SPAWN_GATE */
    const struct settings *settings;
    const struct spawn_pairs *pairs;
    const char *libexec;
    const char *const *suspend; /* SPAWN_CORE: agency ids */
    size_t n_suspend;
};
/* Starts it. *channel: our end of its descriptor 4, non-blocking. Return: 0, -errno, -ENOMEM. A
 * program that cannot be executed ends with 127. */
ALM_MUST_USE int spawn_child(const struct spawn_request *request, pid_t *pid, int *channel);
