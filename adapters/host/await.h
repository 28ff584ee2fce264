/* SPDX-License-Identifier: Apache-2.0 */
/* await.h - commands that need what takes a while: parked with their request, and run again from
 * the start when it has come.
 *
 * An operation asks for what it needs where it needs it. What is not there yet is asked for, and
 * the operation returns an error reply as if it had failed; whoever runs it sees that something is
 * awaited, throws that reply away, and runs it again later, when the same call finds what it asked
 * for. So an operation must send and lodge nothing before it has all that it needs. Threads: one
 * loop. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"
#include "base/crypto.h"
#include "host/pending.h"

#define AWAIT_MAX      64 /* commands parked */
#define AWAIT_RUNS_MAX 8  /* of one command: each time it found that it needs something else */

enum await_need {
    AWAIT_NOTHING = 0,
    AWAIT_RELATION, /* our own source's word on why we may ask */
    AWAIT_TOKENS,   /* the key holder's */
    AWAIT_COMMAND   /* the source's reply, which is the command's */
};
struct awaited_relation {
    uint8_t of[SHA256_LEN]; /* of the subject asked about */
    int result;
    struct alm_relationship found;
};
struct op;
struct awaiting { /* one command: what it has got so far, and what it needs next */
    uint8_t need; /* enum await_need; a place is free while there is no op */
    bool here;    /* what it needs has come: run it */
    uint8_t runs;
    uint64_t client;
    json_t *request; /* owned; texts in it are wiped when dropped */
    const struct op *op;
    struct asked_id asked;
    int64_t due_ms;  /* then it is given up */
    uint32_t ticket; /* of AWAIT_RELATION, AWAIT_COMMAND */
    bool has_relation;
    struct awaited_relation relation;
};
struct awaits { /* zeroed is empty */
    struct awaiting parked[AWAIT_MAX];
    struct awaiting *running; /* the command being served; NULL: none that can be parked */
    uint32_t last_ticket;
};
struct host;

/* The command being served needs this, by then. Return: false when it cannot be parked: say so. */
bool await_want(struct host *h, enum await_need need, int64_t due_ms);
/* What commands parked for this need has come (or cannot come: they find out). */
void await_come(struct host *h, enum await_need need);

/* An asker_relate: ctx is the host. */
int await_relate(void *ctx, const struct alm_subject *s, struct alm_relationship *out);
/* Events of the source. */
void await_related(struct host *h, uint32_t ticket, int r, const struct alm_relationship *found);
void await_commanded(struct host *h, uint32_t ticket, int r, struct bytes reply);

/* Runs op for the first time. What it answered at once is told. */
void await_run(struct host *h, uint64_t client, json_t *request, const struct op *op);
/* Runs what can go on; gives up what is overdue. */
void await_step(struct host *h, int64_t now_ms);
bool awaits_any(const struct awaits *w); /* a command is parked, or being served */
int64_t await_due_ms(const struct awaits *w);
void awaits_deinit(struct awaits *w);

/* The operation "source": a command of the backend's own. */
json_t *op_source(struct host *h, uint64_t client, const json_t *o);
