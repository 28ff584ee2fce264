/* SPDX-License-Identifier: Apache-2.0 */
/* source.h - this agency's own source of rows as the host sees it: a worker that answers, at times
 * a second one that loads, and the index made from what the last load told.
 *
 *   worker:  OPENING --opened--> LOADING --loaded--> BUILDING --index ready--> SERVING
 *               |  (rows are there already, or none are kept)                    ^
 *               +----------------------------------------------------------------+
 *
 * Nothing here waits. A worker that does not come back within worker.deadline_ms is killed: what it
 * hung on fails, the rest goes to the next one, which is started at once, or after a while that
 * doubles when it keeps happening. Rows that were loaded stay good until a whole load replaces
 * them; index and worker are exchanged together. Threads: one loop. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"
#include "lib/index.h"
#include "worker/codec.h"
#include <poll.h>

#define SOURCE_JOBS_MAX 512
#define SOURCE_FDS      4

struct source_limits { /* settings of the group `worker` */
    int64_t deadline_ms, load_ms, restart_ms, restart_most_ms;
    uint64_t rows_most, bytes_most;
};
/* Called from source_step; results: 0, or what went wrong: -ETIMEDOUT the source did not answer in
 * time; -EPIPE its worker ended; -ESTALE (answered, related) the rows were exchanged before it was
 * with a worker, and what it says of whom is of the rows before; else what the backend returned. */
struct source_events {
    void *ctx;
    /* r also ALM_LATER. answer: NULL unless r is 0. */
    void (*answered)(void *ctx, uint32_t ticket, int r, const struct alm_answer *answer);
    void (*related)(void *ctx, uint32_t ticket, int r, const struct alm_relationship *found);
    void (*commanded)(void *ctx, uint32_t ticket, int r, struct bytes reply);
    /* Return: whether it is kept durably; else it comes again. */
    bool (*ready)(void *ctx, const struct alm_ready *ready);
    /* What a backend reports of configuration ("" and 0: it is in the text) or rows. */
    void (*report)(void *ctx, const char *where, unsigned long line, const char *text);
    /* A load ended: 0, index and rows are new; else the ones before stay. */
    void (*loaded)(void *ctx, int r);
    /* An index for a load; NULL: of key alone. */
    int (*index_new)(void *ctx, struct index **out);
    /* index_step wants tokens that its keys' memos lack. NULL: cannot be. */
    void (*wanting)(void *ctx, struct index *index);
};
struct source_setup {
    const char *program, *config, *name; /* borrowed */
    const char *zone;
    bool exercise, strict;
    uint8_t log; /* enum log_level */
    struct source_limits limits;
    const struct tokens_key *key; /* whose tokens must be there before an index serves; borrowed */
    struct source_events events;
};
struct source; /* opaque: source.c */
/* Starts a first worker, which opens its configuration. Return: 0; -ENOMEM; -errno. */
ALM_MUST_USE int source_new(const struct source_setup *setup, int64_t now_ms, struct source **out);
struct source *source_free(struct source *s); /* ends the workers */

size_t source_poll_fds(const struct source *s, struct pollfd fds[static SOURCE_FDS]);
int64_t source_due_ms(const struct source *s); /* when source_step has something to do by itself */
/* A bounded piece of work. Return: whether there is more at once. */
bool source_step(struct source *s, int64_t now_ms);

/* Whether the first worker has opened: 1 not yet; 0; -EINVAL its configuration is wrong (reported);
 * -errno. */
int source_opened(const struct source *s);
/* Read everything anew; source_settling is true until that is over. */
void source_load(struct source *s, int64_t now_ms);
bool source_settling(const struct source *s);
/* The worker and index that answer; NULL before a first load. Good until the next step. */
struct index *source_index(const struct source *s);
/* How a load in progress is going, for whoever adds keys to it; NULL: none. */
struct index *source_index_coming(const struct source *s);

/**
 * source_answer(), source_relate(), source_command() - put in the queue
 * @ticket: of the caller, told back by the event; may repeat only when it was told
 * @due_ms: monotonic: by then the event has come
 * Return: 0; -ENOBUFS too many wait; -ENXIO there are no rows yet; -ENOSYS the backend has none of
 * it; -EINVAL; -ENOMEM. An event comes only for 0, and never before the return.
 */
ALM_MUST_USE int source_answer(struct source *s, uint32_t ticket, const struct alm_question *q,
                               int64_t due_ms);
ALM_MUST_USE int source_relate(struct source *s, uint32_t ticket, const struct alm_subject *subject,
                               int64_t due_ms);
ALM_MUST_USE int source_command(struct source *s, uint32_t ticket, struct bytes json,
                                int64_t due_ms);

struct source_status {
    const char *worker;     /* "starting", "serving", "restarting" */
    const char *rows;       /* "loading", "none", "old", "stale", "partial", "ok" */
    int32_t data_day;       /* ALM_DAY_NONE: up to whichever day is asked about */
    unsigned long restarts; /* workers that had to be replaced */
    uint64_t rows_loading;  /* told so far by a load in progress */
    bool loading;
};
void source_status(const struct source *s, struct source_status *out);
/* What describe said last, as told on this day. */
int32_t source_data_day(const struct source *s, int32_t day);
/* No answer is of a later day than this; ALM_DAY_NONE: any. Where the last load failed, rows that are
 * kept are as old as they are; where none are kept, who is not found is not found by a list of people
 * that is as old as its load. Live only: in an exercise days are the exercise's. */
int32_t source_rows_day(const struct source *s, bool found);
