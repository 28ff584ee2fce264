/* SPDX-License-Identifier: Apache-2.0 */
/* witness.h - an agency as a witness of the broker's log: cosigns a signed head only if it continues
 * the last one that it cosigned, and has that on disk before it says so.
 *
 * Source: C2SP tlog-witness (old size, consistency, "MUST persist the new checkpoint before
 * responding"), in the messages Cosign and Cosignature. Knows nothing of people, rows or sessions.
 * Threads: one loop. */
#pragma once
#include "base/attr.h"
#include "base/crypto.h"
#include "tree/cosign.h"
#include "wire/msg.h"
#include <limits.h>

/* Beside the state, once: a head that the log's key signed and that does not continue ours. With the
 * state it is the proof that the log was altered. */
#define WITNESS_FORK_SUFFIX ".fork"
/* And an origin: the state of a log that we were a witness of before, with its evidence. */
#define WITNESS_ASIDE ".of-"

struct witness_setup {         /* borrowed while the witness is open */
    const char *agency;        /* under whose name we sign */
    const char *state;         /* file; private, made when first needed */
    const struct note_key *log; /* the log's verifier key, whose name is its origin */
    const struct secret *sign;
};
struct witness_held { /* what we stand by */
    bool any;
    struct checkpoint head;
    int64_t signed_s; /* Unix seconds of our cosignature */
    char root[45];    /* base64, as in the head */
};
struct witness_about {
    struct witness_held held;
    char vkey[NOTE_VKEY_MAX];   /* ours: what auditors are given */
    char trouble[TEXT_MAX_LEN]; /* for people; "" none. A fork seen stays until the adapter ends */
    bool forked;                /* evidence lies beside the state */
    uint64_t n_signed, n_refused; /* since we were opened */
};
struct witness; /* opaque: witness.c */

/**
 * witness_open() - begin, with what was cosigned last
 * A state of another origin, with our own line, is moved beside (WITNESS_ASIDE), and one of this origin back from there.
 * Return: 0, also where there is no state yet; -EEXIST what would be moved aside lies there already; -EBADMSG the state is no head of this log: beginning
 * afresh would vouch for a second history, so that is a person's decision; -EINVAL; -errno.
 */
ALM_MUST_USE int witness_open(const struct witness_setup *setup, struct witness **out);
struct witness *witness_close(struct witness *w);

/**
 * witness_take() - judge one Cosign
 * @ask:   as it came: any is safe
 * @at_s:  Unix seconds now
 * @reply: written whole; its note is good until the next call
 * When reply is SIGNED the head is on disk.
 */
void witness_take(struct witness *w, const struct msg_cosign *ask, int64_t at_s,
                  struct msg_cosignature *reply);
void witness_about(const struct witness *w, struct witness_about *out);
