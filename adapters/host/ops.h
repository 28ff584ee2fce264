/* SPDX-License-Identifier: Apache-2.0 */
/* ops.h - the operations of the local socket as tables, one a file, and what they share: asking the
 * broker, lodging, lists that come in pages, steps that follow one another. */
#pragma once
#include "host/host.h"
#include "local/local.h"

/* Return: NULL when a reply was given or will be; otherwise the error reply. */
typedef json_t *op_run(struct host *h, uint64_t client, const json_t *o);
struct op {
    const char *name;
    op_run *run;
    bool lodges; /* takes an id of the caller's choosing */
};
struct op_table {
    const struct op *ops;
    size_t n;
};
extern const struct op_table ops_concerns, ops_streams, ops_referrals, ops_sealing, ops_services,
    ops_receipts, ops_overrides, ops_tokens, ops_witness, ops_rights;

#define OPS_PRACTICE "op", "purpose", "role", "practitioner", "login", "basis", "case"

/* --- calls.c --- */
void ops_reply_now(struct host *h, uint64_t client,
                   json_t *reply); /* takes reply; NULL: no memory */
json_t *ops_missing(const char *what);
json_t *ops_not_connected(const struct host *h);
json_t *ops_send_failed(int r);
/* h->out begun: an id (the caller's, if it chose one), our name, the time. */
json_t *ops_prepare(struct host *h, uint8_t type);
/* h->out begun as a query: connected, keys known, practice read. asking: purpose, role and
 * practitioner must be there. */
json_t *ops_query_begin(struct host *h, const json_t *o, const char *const keys[], uint8_t type,
                        bool asking);
/* Sends h->out and remembers who waits. *out may be filled in further when NULL was returned. */
json_t *ops_query(struct host *h, uint64_t client, struct pending **out);
/* h->out is made: into the outbox, and wait a little for its receipt. */
json_t *ops_lodge(struct host *h, uint64_t client);
/* Takes the caller's id out of the request. *answered: the same was asked before, and the client
 * has its answer. */
json_t *ops_asked(struct host *h, uint64_t client, json_t *request, bool *answered);

struct paged {            /* a list that comes in pages */
    uint8_t query, reply; /* enum msg_type */
    /* Fills in h->out, which is begun, from the request. */
    void (*ask)(struct msg *query, uint16_t page, const json_t *o);
    /* Adds the page's entries. Return: pages in all. */
    uint16_t (*add)(json_t *list, const struct msg *m);
    /* All are there, in p->list. NULL when answered or still being worked on. Absent:
     * {"ok":true,"kind":kind,key:list}. */
    json_t *(*whole)(struct host *h, struct pending *p);
    const char *kind, *key;
};
/* of: the client, its request, and what its steps know; only read. */
json_t *ops_pages(struct host *h, const struct pending *of, const struct paged *how);
/* A query in h->out whose reply next gets. */
json_t *ops_step(struct host *h, const struct pending *of, pending_next *next);
/* Where a command with steps begins: o is kept as long as they last. */
struct pending ops_first(const struct host *h, uint64_t client, const json_t *o);
