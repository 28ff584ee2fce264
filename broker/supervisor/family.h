/* SPDX-License-Identifier: Apache-2.0 */
/* family.h - the children: started, restarted with back-off, told to stop in order.
 *
 * The states of a child:
 *
 *     waiting ──start──► starting ──says ready──► ready
 *        ▲                  │                       │
 *        └──── ends: back-off ◄─────────────────────┘      while stopping: ──told──► leaving
 * ──ends──► gone
 */
#pragma once
#include "base/attr.h"
#include "supervisor/settings.h"
#include "supervisor/spawn.h"
#include <poll.h>

struct family;
/* settings and libexec: borrowed for the family's life. Return: 0, -ENOMEM, -errno. */
ALM_MUST_USE int family_new(const struct settings *settings, const char *libexec,
                            struct family **out);
struct family *family_free(struct family *f); /* kills whoever is left */
void family_freep(struct family **f);

/* Starts who is due. Never fails: a child that cannot be started counts as one that ended. */
void family_tend(struct family *f, int64_t now_ms);
/* Milliseconds until family_tend must be called again; -1: nothing is due. */
int family_wait_ms(const struct family *f, int64_t now_ms);
/* The channels to poll: at most family_size() entries; afterwards give them back to family_hear. */
size_t family_size(const struct family *f);
size_t family_polled(const struct family *f, struct pollfd *out);
void family_hear(struct family *f, const struct pollfd *polled, size_t n, int64_t now_ms);
/* SIGCHLD: collects who has ended. */
void family_reap(struct family *f, int64_t now_ms);
/* Begins a clean stop: gates and reader, then the core, then the signer; each killed after five
 * seconds. */
void family_stop(struct family *f, int64_t now_ms);
bool family_stopping(const struct family *f);
bool family_gone(const struct family *f);
/* Every child is ready. */
bool family_ready(const struct family *f);
/* 0, or the exit code with which a child ended in a way that starting again cannot mend; the family
 * is then stopping. */
int family_verdict(const struct family *f);
