/* SPDX-License-Identifier: Apache-2.0 */
/* pending.h - commands that wait for the broker: which message of ours, which client, until when.
 */
#pragma once
#include "base/attr.h"
#include "base/id.h"
#include <jansson.h>
#include <stddef.h>

#define PENDING_MAX 256
enum pending_kind { PENDING_FREE = 0, PENDING_QUERY, PENDING_LODGED, PENDING_LIST };
struct pending {
    uint8_t kind; /* enum pending_kind */
    struct id id;
    uint64_t client;
    int64_t due_ms; /* monotonic */
    json_t *list;   /* PENDING_LIST: entries so far; owned */
    uint16_t page;
};
struct pendings { /* zeroed is empty */
    struct pending at[PENDING_MAX];
};
/* Return: the new place, or NULL when all are taken. */
struct pending *pending_add(struct pendings *p, uint8_t kind, const struct id *id, uint64_t client,
                            int64_t due_ms);
struct pending *pending_find(struct pendings *p, const struct id *id); /* or NULL */
void pending_drop(struct pending *p);
/* The next that is due by now; NULL for none. INT64_MAX: any. */
struct pending *pending_due(struct pendings *p, int64_t now_ms);
int64_t pending_next_ms(const struct pendings *p); /* when the first is due; INT64_MAX for none */
void pendings_deinit(struct pendings *p);
