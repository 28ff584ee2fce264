/* SPDX-License-Identifier: Apache-2.0 */
/* verify.h - inside the core only: signatures of a batch, checked by threads beside the core's own.
 *
 * The threads know frames and public keys, and nothing else: no store, no policy, no state of the core. What they find is
 * a fact about octets; whether the key still counts is looked up when the message is decided. One thread, the core's,
 * posts and asks; it takes part in what is not yet begun. With no threads it does all of it when it asks. */
#pragma once
#include "base/attr.h"
#include "wire/wire.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VERIFY_THREADS_MAX 4
#define VERIFY_CHECKS_MAX  1024 /* of one batch */
#define VERIFY_NONE        UINT32_MAX
#define VERIFY_NAME_MAX    64 /* bytes of an agency's id with NUL */

struct verify; /* opaque: verify.c */
/**
 * verify_new() - start the threads
 * @threads: at most VERIFY_THREADS_MAX; 0 is none
 * @ctx:     borrowed for its life
 * @out:     set on success; end it with verify_free()
 * Return: 0; -EINVAL; -ENOMEM; -EAGAIN no thread could be had.
 * Threads: before confine_enter(), which then holds for them too. They block every signal.
 */
ALM_MUST_USE int verify_new(unsigned threads, const struct wire_context *ctx, struct verify **out);
struct verify *verify_free(struct verify *v); /* what has not begun never does; waits for what has */
unsigned verify_threads(const struct verify *v);
/**
 * verify_post() - a check that a thread may begin from now on
 * @e:      copied; the octets that it shows stay where they are until verify_settle()
 * @key:    copied
 * @agency: whose message it is, should checking it end this process; copied
 * Return: its number; VERIFY_NONE there is no thread, or no room: whoever asks checks for itself.
 */
ALM_MUST_USE uint32_t verify_post(struct verify *v, const struct wire_envelope *e,
                                  const uint8_t key[static SIGN_PUBLIC_LEN], const char *agency);
void verify_go(struct verify *v); /* wakes threads for what was posted */
/* Waits for it, or does it. key: the one that counts now; another than was posted is checked anew. Return: as
 * wire_verify(). */
ALM_MUST_USE int verify_result(struct verify *v, uint32_t check, const struct wire_envelope *e,
                               const uint8_t key[static SIGN_PUBLIC_LEN]);
/* All that was posted is over: what has begun is waited for, the rest is left. The octets may go. */
void verify_settle(struct verify *v);

/* --- whose message a crash came over --- */
struct verify_blame { /* of memory that outlives the process */
    volatile uint32_t *crashed; /* 1: name is of the check that ended it */
    char *name;                 /* VERIFY_NAME_MAX bytes */
};
/* A signal that ends the process while a thread checks a signature writes down whose it was; it is called once. In
 * sanitizer builds, which catch these signals themselves, it does nothing. */
void verify_blame_to(struct verify_blame to);
