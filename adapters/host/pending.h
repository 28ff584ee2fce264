/* SPDX-License-Identifier: Apache-2.0 */
/* pending.h - commands that wait for the broker: which message of ours, which client, until when,
 * and what to do with the reply.
 */
#pragma once
#include "base/attr.h"
#include "base/crypto.h"
#include "base/id.h"
#include "wire/msg.h"
#include <jansson.h>
#include <stddef.h>

#define PENDING_MAX 256
enum pending_kind { PENDING_FREE = 0, PENDING_QUERY, PENDING_LODGED };

struct asked_id { /* an id that the caller chose */
    bool has;
    struct id id;
    uint8_t content[SHA256_LEN]; /* keyed digest of the request */
};
struct host;
struct pending;
/* What follows the broker's reply, instead of telling it: m is borrowed, p is dropped after it.
 * Return: NULL when the client has been answered or will be; otherwise an error reply. */
typedef json_t *pending_next(struct host *h, struct pending *p, const struct msg *m);

struct pending {
    uint8_t kind; /* enum pending_kind */
    struct id id;
    uint64_t client;
    int64_t due_ms; /* monotonic */
    pending_next *next;
    const void *how; /* of next: a table's row */
    json_t
        *request; /* the command, while steps remain; owned. Texts in it are wiped when dropped */
    json_t *list; /* entries so far; owned */
    uint16_t page;
    name_t agency; /* of next: whom it is for */
    struct asked_id asked;
};
struct pendings { /* zeroed is empty */
    struct pending at[PENDING_MAX];
};
/* Return: the new place, or NULL when all are taken. */
struct pending *pending_add(struct pendings *p, uint8_t kind, const struct id *id, uint64_t client,
                            int64_t due_ms);
struct pending *pending_find(struct pendings *p, const struct id *id); /* or NULL */
void pending_drop(struct pending *p);
/* Out of the table, into the caller's hands, who drops it. */
void pending_take(struct pending *p, struct pending *out);
/* The next that is due by now; NULL for none. INT64_MAX: any. */
struct pending *pending_due(struct pendings *p, int64_t now_ms);
int64_t pending_next_ms(const struct pendings *p); /* when the first is due; INT64_MAX for none */
bool pendings_any_steps(const struct pendings *p); /* a command has steps before it */
void pendings_deinit(struct pendings *p);
/* A request's text for people only: overwritten where it lies, if nobody else holds the request. */
void pending_wipe_texts(json_t *request);
