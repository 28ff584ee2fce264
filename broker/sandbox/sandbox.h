/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox.h - seccomp allow-lists by process: what each may still ask of the kernel once it is set
 * up. */
#pragma once
#include "base/attr.h"

enum sandbox_kind {
    SANDBOX_GATE = 1, /* network on sockets it already has, accept; no files, no new sockets */
    SANDBOX_SIGNER,   /* its pair, and files by rename; no network at all */
    SANDBOX_READER, /* accept on a Unix socket, files read-only and LMDB's lock file; no network, no
                       writing to others */
};

/**
 * sandbox_enter() - give up every system call that the kind does not need, in all threads, for ever
 *
 * Anything else ends the process (SIGSYS), but for opening files, new sockets and the like, which
 * fail with EACCES so that a library's harmless curiosity (a locale, a time zone) does not. In
 * sanitizer builds it prints event=sandbox-off and does nothing: the sanitizers need calls that no
 * gate should have.
 *
 * Return: 0; -errno when the filter could not be loaded: the caller must not go on.
 */
ALM_MUST_USE int sandbox_enter(enum sandbox_kind kind);
