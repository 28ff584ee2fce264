/* SPDX-License-Identifier: Apache-2.0 */
/* client.h - a FHIR server asked: a resource by its id, or every page of a search, checked before
 * anybody sees it. */
#pragma once
#include "base/attr.h"
#include "fhir/config.h"
#include "fhir/grant.h"
#include "fhir/http.h"
#include <jansson.h>

struct client {
    const struct fhir_config *config; /* borrowed */
    struct http *http;
    struct grant grant;
    int64_t told_ms; /* when trouble was last logged */
    char why[160];   /* of the last trouble: never a query */
};
ALM_MUST_USE int client_open(const struct fhir_config *config, struct client *c);
void client_close(struct client *c);

struct call { /* one load, answer or relationship: what it may cost */
    struct client *client;
    int64_t until_ms; /* monotonic */
    uint64_t bytes_left;
    int64_t pages_most; /* of one search */
    bool partial;       /* a page was missing: what came is not all */
};
enum fetch {
    FETCH_OK = 0,
    FETCH_ABSENT = 1, /* no such resource */
    FETCH_FAILED,     /* nothing to go by; client.why says why */
    FETCH_PARTIAL     /* what on was told is good, and not all: call.partial is set too */
};

/* One resource of a search, borrowed. Return: 0; anything else ends the search with it. */
typedef int resource_fn(void *ctx, const json_t *resource);
/**
 * fetch_all() - every resource of a search, page by page
 * @query: parameters as fetch_query made them, without _count
 * Pages are followed on the server's own origin only. An OperationOutcome that is an error, an
 * entry of another type and a page that is not a searchset all fail the search. Return: enum fetch;
 * what on returned; -ENOMEM.
 */
ALM_MUST_USE int fetch_all(struct call *call, const char *type, const char *query, resource_fn *on,
                           void *ctx);
/* Return: enum fetch, *out a new reference on FETCH_OK; -ENOMEM. */
ALM_MUST_USE int fetch_one(struct call *call, const char *type, const char *id, json_t **out);
/* Writes parameters: those of a configuration, with value (of FHIR's own escaping) in place of
 * {patient}, {location} or {value}. Return: 0; -ENOSPC; -ENOMEM. */
ALM_MUST_USE int fetch_query(const char *query, const char *value, struct buf *out);
/* A value of a search parameter: '\' before ',', '|', '$' and '\'. */
void fetch_value(const char *text, struct buf *out);
/* Says why what came was refused. Return: FETCH_FAILED. */
int fetch_refuse(struct call *call, const char *type, const char *why);
