/* SPDX-License-Identifier: Apache-2.0 */
/* reader.h - what the reader's parts share: a reading from its signed query to its last row.
 *
 *   free --query checked, 'L' sent--> asked --'K'--> walking --last row--> free
 *                                       |              |  ^
 *                                'D', timeout,     follow: waits at the end of the log for more
 *                                client gone
 *
 * A slice of work is bounded (rows looked at, one page sent) and so is its snapshot; a page goes
 * out only when the client has taken the one before. So a slow officer holds no snapshot and takes
 * no turn from another. */
#pragma once
#include "base/attr.h"
#include "base/id.h"
#include "local/local.h"
#include "store/ledger.h"
#include "store/registry.h"
#include "store/store.h"
#include <jansson.h>
#include <stdbool.h>

#define READER_CLIENTS  32
#define QUERY_TEXT_MAX  4096   /* bytes of a signed query */
#define QUERY_ROWS_MAX  100000 /* of one list or tail */
#define QUERY_SHAPE_MAX 180    /* bytes of what the reading's leaf says of it, with NUL */
#define QUERY_FRESH_MS  300000
#define SLICE_LEAVES    512           /* looked at in one slice */
#define PAGE_BYTES      (256u * 1024) /* of octets in one page */
#define ASK_MS          5000          /* for the core to record a reading */

enum query_read { READ_TAIL = 1, READ_LIST, READ_SHOW, READ_EXPORT, READ_HEAD, READ_STATS };
struct query { /* checked: query.c */
    uint8_t read;
    uint64_t from, count, leaf;
    bool follow;
    /* filters: "" or 0 any; days CIVIL_NONE any */
    char agency[64], reason[64];
    uint8_t event;
    int32_t since, until;
    struct id nonce;
    int64_t at_ms;
};
/**
 * query_parse() - read the signed text strictly
 * @why: on -EINVAL a sentence for people
 * Return: 0, -EINVAL, -ENOMEM. Pure.
 */
ALM_MUST_USE int query_parse(const char *text, struct query *out, char *why, size_t why_size);
/* Does a record pass the filters? Pure. */
bool query_wants(const struct query *q, const struct ledger_clear *c);
/* What the reading's leaf says: "from=3 count=20 agency=x"; never a nonce. */
void query_shape(const struct query *q, char out[static QUERY_SHAPE_MAX]);
const char *query_command(const struct query *q); /* "audit tail" */

/* rows.c: a record's clear part by name; with octets, the exact bytes in base64 instead. New
 * reference; NULL without memory. */
json_t *row_clear(const struct ledger_record *r);
json_t *row_octets(const struct ledger_record *r);
size_t row_size(const struct ledger_record *r, bool octets); /* about, for paging */

/* nonces.c: which signed queries were used already, inside their freshness. */
struct nonces;
ALM_MUST_USE int nonces_new(size_t capacity, struct nonces **out);
struct nonces *nonces_free(struct nonces *n);
enum nonce_refusal { NONCE_SEEN = 1, NONCE_FULL };
/* Return: 0 admitted until expires_ms; NONCE_SEEN; NONCE_FULL (refuse: none is forgotten early). */
ALM_MUST_USE int nonces_admit(struct nonces *n, const struct id *nonce, int64_t expires_ms,
                              int64_t now_ms);

enum reading_state { READING_FREE = 0, READING_ASKED, READING_WALKING };
struct reading {
    uint8_t state;
    uint64_t client;  /* ticket of proto/local */
    uint32_t ref;     /* between us and the core */
    int64_t asked_ms; /* monotonic */
    char officer[REGISTRY_ID_MAX];
    struct query query;
    uint64_t leaf; /* that records this reading */
    uint64_t at,
        end; /* next leaf to look at; the log's size when the reading began (a follower's moves) */
    uint64_t sent;   /* rows */
    bool searching;  /* a tail's first half: backwards, for the leaves that fit */
    uint64_t *found; /* owned: their numbers, newest first */
    uint64_t n_found;
    bool followed; /* the first rows are out */
    struct stats *stats; /* owned; of READ_STATS */
};
struct reader {
    struct store *store;         /* borrowed */
    struct local_server *server; /* borrowed */
    struct nonces *nonces;       /* borrowed */
    int core;                    /* descriptor of the pair */
    uint8_t mode;
    const char *origin;
    uint32_t next_ref;
    bool broken; /* the store failed: the process must end */
    struct reading readings[READER_CLIENTS];
};
/* readings.c */
void reader_on_request(void *ctx, uint64_t client, json_t *request); /* ctx: struct reader */
/* What the core said about readings asked for; drains the pair. */
void reader_on_core(struct reader *r, int64_t mono_ms);
/* One slice of every reading that can go on. Return: ms until the next call is due: 0 at once; -1
 * nothing to do. */
int reader_turn(struct reader *r, int64_t mono_ms);
void reader_drop(struct reader *r); /* frees every reading */

/* stats.c: one slice of counting. Return: 1 more to come; 0 *out is the tables, a new reference; -ERANGE
 * the last day is not over; negative. */
ALM_MUST_USE int stats_slice(struct reader *r, struct reading *g, json_t **out);
struct stats *stats_free(struct stats *s); /* accepts NULL */

/* walk.c: one slice; *page is a new array (perhaps empty). Return: 1 more to come; 0 done;
 * negative. */
ALM_MUST_USE int walk_slice(struct reader *r, struct reading *g, json_t **page);
