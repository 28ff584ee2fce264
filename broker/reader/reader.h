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
#include "local/token_json.h"
#include "store/ledger.h"
#include "store/registry.h"
#include "store/store.h"
#include <jansson.h>
#include <stdbool.h>

#define READER_CLIENTS  32
#define QUERY_TEXT_MAX  49152  /* bytes of a signed query: tokens, words of a family report */
#define QUERY_ROWS_MAX  100000 /* of one list or tail */
#define QUERY_SHAPE_MAX 230    /* bytes of what the reading's leaf says of it, with NUL */
#define REDACTIONS_MAX  200    /* of a family report */
#define SAMPLE_MAX      50     /* leaves of one agency */
#define QUERY_FRESH_MS  300000
#define SLICE_LEAVES    512           /* looked at in one slice */
#define PAGE_BYTES      (256u * 1024) /* of octets in one page */
#define ASK_MS          5000          /* for the core to record a reading */
#define PROGRESS_MS     1000          /* so often a reading that shows nothing says how far it is */

enum query_read {
    READ_TAIL = 1,
    READ_LIST,
    READ_SHOW,
    READ_EXPORT,
    READ_HEAD,
    READ_STATS,
    READ_BACKUP,
    READ_PERSON,       /* of a person or home, by tokens */
    READ_PRACTITIONER, /* of one practitioner of an agency */
    READ_REPORT
};
enum report_kind {
    REPORT_OVERRIDES = 1,
    REPORT_REFUSALS,
    REPORT_SELF_CLAIMED,
    REPORT_OUT_OF_HOURS,
    REPORT_SAMPLE,
    REPORT_UNANSWERED
};
struct query { /* checked: query.c */
    uint8_t read;
    uint64_t from, count, leaf;
    bool follow;
    /* filters: "" or 0 any; days CIVIL_NONE any */
    char agency[64], reason[64], rule[96], basis[64], question[64], purpose[64], role[64];
    uint8_t event;
    int32_t since, until; /* of a backup: until is the last day of its key */
    char to[20];          /* of a backup: its key's fingerprint */
    struct id nonce;
    int64_t at_ms;
    /* of a person, a practitioner, a report */
    uint8_t report;         /* enum report_kind */
    bool opened;            /* with what the sealed parts say */
    char shield_agreed[64]; /* who agreed that a shielded person's records are opened; "" nobody */
    char practitioner[64];
    uint16_t each;            /* of a sample: leaves of an agency */
    struct token_json tokens; /* n 0: none */
    bool family;              /* for a family report: safe_contact and redactions are in sealed */
    /* Owned: what the reading's leaf keeps under seal, {"tokens", "practitioner", "family"}; NULL nothing. */
    json_t *sealed;
};
void query_deinit(struct query *q); /* for ALM_CLEANUP; safe on a zeroed one */
/**
 * query_parse() - read the signed text strictly
 * @why: on -EINVAL a sentence for people
 * Return: 0, -EINVAL, -ENOMEM. Pure.
 */
ALM_MUST_USE int query_parse(const char *text, struct query *out, char *why, size_t why_size);
/* Does a record pass the filters? Pure. */
bool query_wants(const struct query *q, const struct ledger_clear *c);
/* What the reading's leaf says in its clear part: "from=3 count=20 agency=x"; never a nonce, a token, a
 * practitioner or words of a family report. */
void query_shape(const struct query *q, char out[static QUERY_SHAPE_MAX]);
const char *query_command(const struct query *q); /* "audit tail" */

/* query_about.c: the keys that say whom a reading is about, and how. As query_parse. */
ALM_MUST_USE int query_about(const json_t *o, struct query *q, char *why, size_t why_size);
/* What of them stands in the clear part of the reading's leaf, appended. */
void query_about_shape(const struct query *q, struct buf *b);
const char *report_word(uint8_t kind); /* "out-of-hours"; "" of no kind */

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
    uint64_t lowest; /* of a tail: no leaf before it is looked at */
    uint64_t sent;   /* rows */
    bool searching;  /* a tail's first half: backwards, for the leaves that fit */
    uint64_t *found; /* owned: their numbers, newest first */
    uint64_t n_found;
    bool followed; /* the first rows are out */
    struct stats *stats; /* owned; of READ_STATS */
    struct backup_read *backup; /* owned; of READ_BACKUP */
    struct search *search;      /* owned; of READ_PERSON, READ_PRACTITIONER */
    struct report *report;      /* owned; of READ_REPORT */
    int64_t told_ms;            /* monotonic: when something was last sent */
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

/* backup_read.c: one page of a backup, over one snapshot for all of them. *row: a new reference, {octets
 * (base64), records, of}. Return: 1 more to come; 0 this was the last; -EBUSY another backup is under
 * way; -ENOSPC the store is nearly full, so that a snapshot may not hold pages back; -ETIMEDOUT it took
 * too long; negative. */
ALM_MUST_USE int backup_slice(struct reader *r, struct reading *g, int64_t mono_ms, json_t **row);
/* Whether whoever asked has taken no page for too long. */
bool backup_stalled(const struct reading *g, int64_t mono_ms);
struct backup_read *backup_read_free(struct backup_read *b); /* accepts NULL; ends the snapshot */
/* What to say to people when it fails, or when the core denied it with this word (else NULL). */
json_t *backup_error(int rc);
json_t *backup_denied(struct bytes word);

/* bounds.c: the leaves of the query's days, by bisection: days do not go back in the log. Sets g->at and
 * g->end. Return: 0 or negative. */
ALM_MUST_USE int bounds_of(struct store_txn *t, struct reading *g);
/* The civil day of the reading's own leaf, which is today. Return: 0; -EBADMSG; negative. */
ALM_MUST_USE int bounds_today(struct store_txn *t, const struct reading *g, int32_t *day);

/* What a slice hands over: rows of one page, and at the end what the last reply has besides. */
struct page {
    json_t *rows; /* a new array */
    size_t bytes;
    json_t *last;  /* new reference: "report" of the last reply; NULL none */
    json_t *error; /* new reference: the reading ends with this; then -ECANCELED is returned */
};
bool page_is_full(const struct page *p);
/* Takes row. Return: 0; -ENOMEM. */
ALM_MUST_USE int page_put(struct page *p, json_t *row, size_t size);
/* search.c, report.c: one slice. Return: 1 more to come; 0 done; -ECANCELED with page->error; negative. */
ALM_MUST_USE int search_slice(struct reader *r, struct reading *g, struct page *page);
struct search *search_free(struct search *s); /* accepts NULL */
ALM_MUST_USE int report_slice(struct reader *r, struct reading *g, struct page *page);
struct report *report_free(struct report *s); /* accepts NULL */

/* walk.c: one slice; *page is a new array (perhaps empty). Return: 1 more to come; 0 done;
 * negative. */
ALM_MUST_USE int walk_slice(struct reader *r, struct reading *g, json_t **page);
