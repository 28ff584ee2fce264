/* SPDX-License-Identifier: Apache-2.0 */
/* host.h - one running adapter: everything that its loop holds together. */
#pragma once
#include "host/answering.h"
#include "host/await.h"
#include "host/config.h"
#include "host/pending.h"
#include "host/source.h"
#include "lib/asked.h"
#include "lib/book.h"
#include "lib/fetch.h"
#include "lib/inbox.h"
#include "lib/recalls.h"
#include "lib/pins.h"
#include "lib/ring.h"
#include "lib/session.h"
#include "lib/witness.h"
#include "local/local.h"

struct host {
    struct host_config config;
    struct conf *conf;
    struct conf_errors *errors;
    struct source *source;
    struct outbox *outbox;
    struct inbox *inbox;
    struct recalls *recalls;
    struct asked *asked;
    struct pins *pins;
    struct witness *witness;     /* NULL: we are none, or */
    bool witness_failed;         /* its state could not be read */
    struct fetch *fetch;         /* keyring.c: these, up to lodging */
    struct ring *ring;
    struct tokens_key serving;   /* scheme and epoch of the current key: the source borrows it */
    struct book *book;
    struct secret book_key;
    int64_t book_due_ms;
    size_t unlocked, listed;     /* which keys were, when the book's was last wrapped: their sums */
    struct book_subject lodging; /* whom the message being made is about */
    struct session *session;
    struct local_server *server;
    struct answering *answering;
    struct pendings pendings;
    struct awaits awaits;
    struct msg *out;          /* the message being made */
    struct buf sealed;        /* its sealed text */
    struct msg *seen;         /* a delivery being read back */
    struct asked_id asked_id; /* of the command being served */
    char person[ALM_REF_MAX]; /* our own reference of whom it is about; "" not known */
    struct waiters *waiters;  /* readers of streams that wait for the next delivery */
    int signals;              /* signalfd */
    bool stopping;
    int exit;          /* with which code, when stopping */
    bool begun;        /* the broker is spoken to */
    bool checking;     /* --check: reports are for whoever typed it */
    size_t n_reports;  /* of a check */
    int64_t hold_ms;   /* until then commands wait for rows that are being read */
    int64_t pruned_ms; /* when folders were last rid of what is old */
};

/* host.c: opens what the configuration names, turns the loop, closes. libexec: where the backends'
 * programs are. Return: an exit code. */
int host_run(const char *path, const char *libexec);
int host_check(const char *path, const char *libexec);
/* rows.c: the source's events, and how it begins. */
int host_source_open(struct host *h, const char *path); /* its configuration's errors are in h->errors */
void rows_turn(struct host *h); /* waits for the source alone, and lets it work */

/* ops.c: a command's request; see local_on_request. */
void ops_request(void *ctx, uint64_t client, json_t *request);
/* A reply of the broker's to something that a command sent. */
void ops_reply(void *ctx, const struct msg *m);
/* What the broker said to a message of the outbox, before that forgets it. */
bool ops_settled(void *ctx, const struct id *id, const struct msg *m);
/* stream_ops.c: readers that wait. */
struct waiters;
ALM_MUST_USE int waiters_new(struct waiters **out);
struct waiters *waiters_free(struct waiters *w);
/* Something new lies in the inbox, or a reader has waited long enough. Return: when the next one
 * will have. */
int64_t streams_wake(struct host *h, int64_t now_ms);
/* The connection went: what waits for the broker is told. */
void ops_lost(void *ctx);
/* Commands that waited too long. Return: when the next one will have. */
int64_t ops_expire(struct host *h, int64_t now_ms);

/* consent.c, lodge.c: consents, disputes, withdrawals, changes, shields: made from a request into
 * h->out. NULL or an error reply. */
json_t *lodge_consent(struct host *h, const json_t *o, uint8_t decision);
void receipt_keep(const struct host *h); /* receipt.c: what is in h->out, a consent */
json_t *lodge_dispute(struct host *h, const json_t *o);
json_t *lodge_withdrawal(struct host *h, const json_t *o);
json_t *lodge_change(struct host *h, const json_t *o);
json_t *lodge_shield(struct host *h, const json_t *o);

/* What lodging has in common: the keys known, a day, an id; and whom it is about. */
json_t *lodge_begin(struct host *h, const json_t *o, const char *const keys[], uint8_t type);
json_t *lodge_subject(struct host *h, const json_t *o, bool optional, bool *given,
                      struct token_set *out, int32_t *born);

/* override.c: likewise into h->out */
json_t *override_request(struct host *h, const json_t *o);
json_t *override_approval(struct host *h, const json_t *o, uint8_t decision);
json_t *override_review(struct host *h, const json_t *o);
json_t *override_query(struct host *h, const json_t *o);

/* What the operations share (ops.c). */
int32_t host_day(const struct host *h); /* CIVIL_NONE: an exercise whose day is not known yet */
struct asker host_asker(const struct host *h); /* no relationship is worked out */
struct asker host_asker_related(struct host *h); /* with it: for what goes to the broker as a query */
json_t *ops_wrong(struct host *h, int r, const char *which); /* of ask_work_out */
json_t *ops_no_day(void);
