/* SPDX-License-Identifier: Apache-2.0 */
/* source_in.h - what source.c and its parts share; nobody else's. */
#pragma once
#include "host/proc.h"
#include "host/source.h"

enum link_stage {
    LINK_NONE = 0,
    LINK_OPENING,
    LINK_OPENED, /* nobody has asked for rows yet */
    LINK_LOADING,
    LINK_BUILDING,
    LINK_WHOLE, /* takes over as soon as the one before has nothing under way */
    LINK_SERVING
};
struct link { /* one worker */
    enum link_stage stage;
    struct proc proc;
    bool loads; /* it is to load; else it serves with the rows there are */
    struct work_opened opened;
    struct alm_state state;
    int64_t until_ms; /* of its stage or of the operation it works on; then it is killed */
    int64_t serving_since_ms;
    /* What it works on. */
    bool busy;
    uint8_t op;
    uint32_t seq;
    /* While loading. */
    struct index *index;
    struct alm_sink sink;
    uint64_t n_rows, n_bytes;
    unsigned long n_reports;
    int64_t told_ms; /* when progress was last logged */
    int32_t began_day;
};
struct job {    /* a question, a relation or a command */
    uint8_t op; /* enum work_type */
    uint32_t ticket;
    uint32_t seq;
    int64_t due_ms;
    bool sent;
    struct buf frame;
};
struct source {
    struct source_setup setup;
    struct link now, next;
    struct index *index;
    struct job jobs[SOURCE_JOBS_MAX]; /* oldest first */
    size_t n_jobs;
    uint32_t last_seq;
    int opened;    /* see source_opened */
    bool may_load; /* source_load was called */
    bool again;    /* a load was asked for while one was under way */
    bool settling, old;
    bool keeps_rows; /* as the backend said last */
    struct alm_state state;
    int32_t good_day; /* civil day on which what was loaded was last known to be what there is */
    unsigned fails; /* workers in a row that did not last */
    unsigned reload_fails;
    int64_t start_ms;          /* when the next worker is started; INT64_MAX: not by itself */
    int64_t look_ms, ready_ms; /* when to ask what has changed, and what is ready */
    bool forget;               /* an answer is kept: the backend is to be told */
    uint8_t forget_key[ALM_KEY_LEN];
    unsigned long restarts;
};

/* source.c */
/* A worker that cannot go on: its job fails with r, it is killed, another is planned. */
void link_fail(struct source *s, struct link *l, int r, const char *why, int64_t now_ms);
/* Loaded and built: it takes over. */
void source_swap(struct source *s, int64_t now_ms);
void load_ended(struct source *s, int r, int64_t now_ms);

/* source_jobs.c */
void jobs_fail_sent(struct source *s, int r);
void jobs_expire(struct source *s, int64_t now_ms);
/* The rows were exchanged: what names people by the ones before ends with -ESTALE. */
void jobs_outdated(struct source *s);
int64_t jobs_due_ms(const struct source *s);
bool jobs_waiting(const struct source *s); /* some are not with the worker yet */
void jobs_done(struct source *s, const struct work_done *d, int64_t now_ms);
/* The oldest that was not sent, put into the worker's buffer. Return: whether there was one. */
bool jobs_send(struct source *s, struct link *l, int64_t now_ms);
void jobs_deinit(struct source *s);
uint32_t source_seq(struct source *s);

/* source_load.c */
/* Return: 0; -EBADMSG not a frame that a load has; -errno the load cannot go on (reported). */
ALM_MUST_USE int link_load_frame(struct source *s, struct link *l, uint8_t type, struct bytes body,
                                 int64_t now_ms);
/* Return: 0 ready to serve; 1 more to do; -EAGAIN tokens are wanted; -errno. */
ALM_MUST_USE int link_build(struct source *s, struct link *l);
/* REPORT, in any stage. */
ALM_MUST_USE int link_report(struct source *s, struct link *l, struct bytes body);
