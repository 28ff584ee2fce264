/* SPDX-License-Identifier: Apache-2.0 */
/* tell.h - a worker's end of the socket: frames gathered and written, and the sink that a backend
 * tells its rows to.
 *
 * The sink takes a row only if the host's index will: what is wrong comes back as an alm_fault
 * while the backend still knows file and line. Threads: one. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"
#include "lib/refs.h"
#include "worker/codec.h"

struct teller {
    int fd;
    struct buf out;            /* gathered until it is worth a write */
    struct refs people, homes; /* told so far, to find repeats and strangers */
    struct alm_limits limits;
    uint64_t n_rows, n_bytes;
    bool full;  /* a limit was met, and reported */
    int broken; /* the first error of writing; sticky */
};
void teller_init(struct teller *t, int fd);
void teller_deinit(struct teller *t);
/* Writes what was gathered; waits for the host to read. Return: 0; -EPIPE the host has gone;
 * -ENOMEM; -errno. */
ALM_MUST_USE int teller_flush(struct teller *t);
void teller_sink(struct teller *t, struct alm_sink *out);
void teller_report(struct teller *t, const char *where, unsigned long line, const char *text);

/* Whether the host can take it. Return: ALM_OK or what is wrong. Pure. */
ALM_MUST_USE enum alm_fault tell_check_person(const struct alm_person *p);
ALM_MUST_USE enum alm_fault tell_check_home(const struct alm_home *h);
