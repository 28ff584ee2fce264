/* SPDX-License-Identifier: Apache-2.0 */
/* source.c - workers started, watched, exchanged and replaced. */
#include "host/source_in.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_MS      60000 /* a worker reads its configuration and reaches for nothing */
#define LEAVE_MS     2000  /* a worker that was replaced may end by itself */
#define READ_MS      10    /* of a load, then the loop has its turn */
#define LOOK_MS      2000
#define READY_MS     1000
#define RELOAD_MS    5000 /* a load that failed, tried again while the rows before still serve */
#define RELOAD_MOST  300000
#define BACKOFF_MOST 12 /* doublings */

static int64_t backoff(int64_t first_ms, int64_t most_ms, unsigned n)
{
    int64_t ms = first_ms << (n < BACKOFF_MOST ? n : BACKOFF_MOST);

    return ms < most_ms ? ms : most_ms;
}

/* --- starting --- */
static int link_begin(struct source *s, struct link *l)
{
    struct work_begin b = { .exercise = s->setup.exercise,
                            .log = s->setup.log,
                            .limits = { s->setup.limits.deadline_ms, s->setup.limits.rows_most,
                                        s->setup.limits.bytes_most } };
    int r = text_copy(b.zone, sizeof(b.zone), s->setup.zone);

    if (r != 0)
        return r;
    work_put_begin(&l->proc.out, &b);
    return proc_write(&l->proc);
}

static void link_close(struct link *l, int64_t now_ms, int64_t grace_ms)
{
    proc_close(&l->proc, now_ms, grace_ms);
    l->index = index_free(l->index);
    memset(l, 0, sizeof(*l));
}

static int source_start(struct source *s, bool loads, int64_t now_ms)
{
    struct link *l = &s->next;
    int r = proc_open(&l->proc, s->setup.program, s->setup.config);

    s->start_ms = INT64_MAX;
    if (r != 0)
        return r;
    l->stage = LINK_OPENING;
    l->loads = loads;
    l->until_ms = now_ms + OPEN_MS;
    l->told_ms = now_ms;
    r = link_begin(s, l);
    if (r != 0)
        link_close(l, now_ms, 0);
    else
        log_line(LOG_DEBUG, "source-started", "backend=%s pid=%ld", s->setup.name,
                 (long)l->proc.pid);
    return r;
}

static int link_load(struct source *s, struct link *l, int64_t now_ms)
{
    int r = s->setup.events.index_new ? s->setup.events.index_new(s->setup.events.ctx, &l->index)
                                      : index_new(s->setup.key, &l->index);

    if (r != 0)
        return r;
    index_sink(l->index, &l->sink);
    work_put_load(&l->proc.out, s->setup.strict);
    l->stage = LINK_LOADING;
    l->until_ms = now_ms + s->setup.limits.load_ms;
    l->told_ms = now_ms;
    l->began_day = civil_today(clock_wall_ms());
    return 0;
}

/* --- ending --- */
static void source_plan(struct source *s, int64_t now_ms, int r)
{
    bool serving = s->now.stage == LINK_SERVING;

    if (serving && r == -EINVAL)
        return; /* the rows are wrong: until they change, or SIGHUP */
    if (serving)
        s->start_ms = now_ms + backoff(RELOAD_MS, RELOAD_MOST, s->reload_fails++);
    else /* the first time at once: a hang costs one "cannot say" */
        s->start_ms =
            now_ms + (s->fails <= 1 ? 0
                                    : backoff(s->setup.limits.restart_ms,
                                              s->setup.limits.restart_most_ms, s->fails - 2));
}

void load_ended(struct source *s, int r, int64_t now_ms)
{
    s->old = r != 0 && s->index;
    s->settling = s->again;
    if (r == 0)
        s->reload_fails = 0;
    else
        source_plan(s, now_ms, r);
    if (s->again) {
        s->again = false;
        s->start_ms = now_ms;
    }
    s->setup.events.loaded(s->setup.events.ctx, r);
}

void link_fail(struct source *s, struct link *l, int r, const char *why, int64_t now_ms)
{
    bool serving = l == &s->now, loads = l->loads, first = s->opened == 1;

    log_warn("source-lost", "backend=%s pid=%ld why=%s", s->setup.name, (long)l->proc.pid, why);
    link_close(l, now_ms, 0);
    s->fails++;
    s->restarts++;
    if (first)
        s->opened = r;
    if (serving) {
        if (s->next.stage == LINK_NONE)
            source_plan(s, now_ms, r == -EINVAL ? -EIO : r);
        jobs_fail_sent(s, r);
    } else if (loads && !first) {
        load_ended(s, r, now_ms);
    } else if (!first) {
        source_plan(s, now_ms, -EIO);
    }
}

/* Something else than a fault of the process: what load or open gave. */
static void link_refused(struct source *s, struct link *l, int r, int64_t now_ms)
{
    bool first = s->opened == 1;

    link_close(l, now_ms, LEAVE_MS);
    if (first) {
        s->opened = r;
        return;
    }
    s->fails++;
    load_ended(s, r, now_ms);
}

void source_swap(struct source *s, int64_t now_ms)
{
    bool loaded = s->next.index != NULL;

    if (s->now.stage == LINK_SERVING && s->now.busy) {
        s->next.stage = LINK_WHOLE;
        s->next.until_ms = INT64_MAX;
        return;
    }
    if (s->now.stage != LINK_NONE)
        link_close(&s->now, now_ms, LEAVE_MS);
    s->now = s->next;
    memset(&s->next, 0, sizeof(s->next));
    if (loaded) {
        index_free(s->index);
        s->index = s->now.index;
        s->now.index = NULL;
        s->state = s->now.state;
        s->good_day = s->now.began_day;
    }
    s->now.stage = LINK_SERVING;
    s->now.until_ms = INT64_MAX;
    s->now.serving_since_ms = now_ms;
    s->look_ms = now_ms + LOOK_MS;
    s->ready_ms = now_ms;
    if (loaded) {
        jobs_outdated(s);
        load_ended(s, 0, now_ms);
    }
}

/* --- frames --- */
static int frame_opened(struct source *s, struct link *l, struct bytes body, int64_t now_ms)
{
    struct work_opened o;

    if (work_get_opened(body, &o) != 0 || (o.result == 0 && strcmp(o.name, s->setup.name) != 0))
        return -EBADMSG;
    if (o.result != 0) {
        link_refused(s, l, o.result, now_ms);
        return 0;
    }
    l->opened = o;
    s->opened = 0;
    s->keeps_rows = o.keeps_rows;
    if (!l->loads) {
        source_swap(s, now_ms);
        return 0;
    }
    l->stage = LINK_OPENED;
    l->until_ms = INT64_MAX;
    return s->may_load ? link_load(s, l, now_ms) : 0;
}

static void done_changed(struct source *s, int result, int64_t now_ms)
{
    s->look_ms = now_ms + LOOK_MS;
    if (result == 0 && !s->old && s->keeps_rows)
        s->good_day = civil_today(clock_wall_ms());
    if (result == 1 && s->next.stage == LINK_NONE && s->start_ms == INT64_MAX)
        s->start_ms =
            s->reload_fails ? now_ms + backoff(RELOAD_MS, RELOAD_MOST, s->reload_fails) : now_ms;
}

static void done_ready(struct source *s, const struct work_done *d, int64_t now_ms)
{
    s->ready_ms = now_ms + READY_MS;
    if (d->result != 1 || !s->setup.events.ready(s->setup.events.ctx, &d->ready))
        return;
    s->forget = true;
    memcpy(s->forget_key, d->ready.key, ALM_KEY_LEN);
}

static int frame_done(struct source *s, struct link *l, struct bytes body, int64_t now_ms)
{
    struct work_done d;

    if (work_get_done(body, &d) != 0 || !l->busy || d.seq != l->seq || d.of != l->op)
        return -EBADMSG;
    l->busy = false;
    l->until_ms = INT64_MAX;
    s->state = d.state;
    if (d.of == WORK_CHANGED) {
        done_changed(s, d.result, now_ms);
    } else if (d.of == WORK_READY) {
        done_ready(s, &d, now_ms);
    } else if (d.of == WORK_SENT) {
        s->forget = s->forget && d.result != 0;
        s->ready_ms = now_ms + (d.result ? READY_MS : 0); /* there may be more */
    } else {
        jobs_done(s, &d, now_ms);
    }
    return 0;
}

static int link_frame(struct source *s, struct link *l, uint8_t type, struct bytes body,
                      int64_t now_ms)
{
    switch (l->stage) {
    case LINK_OPENING:
        if (type == WORK_REPORT)
            return link_report(s, l, body);
        return type == WORK_OPENED ? frame_opened(s, l, body, now_ms) : -EBADMSG;
    case LINK_LOADING:
        return link_load_frame(s, l, type, body, now_ms);
    case LINK_SERVING:
        return type == WORK_DONE ? frame_done(s, l, body, now_ms) : -EBADMSG;
    case LINK_NONE:
    case LINK_OPENED:
    case LINK_BUILDING:
    case LINK_WHOLE:
    default:
        return -EBADMSG; /* nothing was asked */
    }
}

/* What a failed load gave, or that the worker went wrong. */
static void link_wrong(struct source *s, struct link *l, int r, int64_t now_ms)
{
    bool loading = l->stage == LINK_LOADING || l->stage == LINK_BUILDING;

    if (r == -EBADMSG)
        link_fail(s, l, -EIO, "garbage", now_ms);
    else if (r == -EPIPE)
        link_fail(s, l, r, "ended", now_ms);
    else if (loading)
        link_refused(s, l, r, now_ms);
    else
        link_fail(s, l, r, "failed", now_ms);
}

/* Frames until there is none, or its time is up. Return: whether more may be there. */
static bool link_read(struct source *s, struct link *l, int64_t now_ms)
{
    int64_t until_ms = clock_mono_ms() + READ_MS;
    pid_t pid = l->proc.pid;
    struct bytes body;
    uint8_t type;
    int r = 0, n;

    while (r == 0 && clock_mono_ms() < until_ms) {
        n = frames_next(&l->proc.in, &type, &body);
        if (n > 0)
            r = link_frame(s, l, type, body, now_ms);
        else
            r = n < 0 ? n : frames_fill(&l->proc.in, l->proc.fd);
        if (!l->proc.open || l->proc.pid != pid)
            return true; /* a frame ended it, or moved it on */
    }
    if (r != 0 && r != -EAGAIN)
        link_wrong(s, l, r, now_ms);
    return r == 0;
}

/* --- the worker that serves --- */
static bool serve_next(struct source *s, struct link *l, int64_t now_ms)
{
    if (s->forget) {
        l->seq = source_seq(s);
        l->op = WORK_SENT;
        work_put_sent(&l->proc.out, l->seq, s->forget_key);
        return true;
    }
    /* These first, though questions never end: they come once in a second or two. */
    if (l->opened.by_hand && s->ready_ms <= now_ms)
        l->op = WORK_READY;
    else if (l->opened.changes && s->look_ms <= now_ms && s->next.stage == LINK_NONE)
        l->op = WORK_CHANGED;
    else
        return jobs_send(s, l, now_ms);
    l->seq = source_seq(s);
    work_put_plain(&l->proc.out, (enum work_type)l->op, l->seq);
    return true;
}

static void serve_step(struct source *s, int64_t now_ms)
{
    struct link *l = &s->now;

    if (s->fails && now_ms - l->serving_since_ms > s->setup.limits.restart_most_ms)
        s->fails = 0; /* it has lasted */
    if (l->busy || s->next.stage == LINK_WHOLE || !serve_next(s, l, now_ms))
        return;
    l->busy = true;
    l->until_ms = now_ms + s->setup.limits.deadline_ms;
}

static void link_write(struct source *s, struct link *l, int64_t now_ms)
{
    int r = l->proc.open && l->proc.out.len ? proc_write(&l->proc) : 0;

    if (r != 0)
        link_wrong(s, l, r == -ECONNRESET ? -EPIPE : r, now_ms);
}

static bool link_step(struct source *s, struct link *l, int64_t now_ms)
{
    bool more;

    if (!l->proc.open)
        return false;
    proc_take_lines(&l->proc, now_ms);
    more = link_read(s, l, now_ms);
    if (l->proc.open && l->until_ms <= now_ms)
        link_fail(s, l, -ETIMEDOUT, "deadline", now_ms);
    return more;
}

static bool next_step(struct source *s, int64_t now_ms)
{
    struct link *l = &s->next;
    int r;

    if (l->stage == LINK_BUILDING) {
        r = link_build(s, l);
        if (r == 0)
            source_swap(s, now_ms);
        else if (r < 0 && r != -EAGAIN)
            link_refused(s, l, r, now_ms);
        return r == INDEX_MORE;
    }
    if (l->stage == LINK_WHOLE)
        source_swap(s, now_ms);
    return false;
}

/* Rows that serve already, under keys that do not yet. */
static bool index_on(struct source *s)
{
    int r = 0;

    if (!s->index || index_done(s->index))
        return false;
    r = index_step(s->index, 256);
    if (r == -EAGAIN && s->setup.events.wanting)
        s->setup.events.wanting(s->setup.events.ctx, s->index);
    return r == INDEX_MORE;
}

static void source_restart(struct source *s, int64_t now_ms)
{
    bool serving = s->now.stage == LINK_SERVING;

    if (s->next.stage != LINK_NONE || s->start_ms > now_ms)
        return;
    if (source_start(s, serving || s->keeps_rows || !s->index, now_ms) != 0) {
        s->fails++;
        source_plan(s, now_ms, -EIO);
    }
}

bool source_step(struct source *s, int64_t now_ms)
{
    bool more = false;

    if (s->now.stage == LINK_SERVING)
        more = link_step(s, &s->now, now_ms);
    more = link_step(s, &s->next, now_ms) || more;
    more = next_step(s, now_ms) || more;
    more = index_on(s) || more;
    jobs_expire(s, now_ms);
    source_restart(s, now_ms);
    if (s->now.stage == LINK_SERVING)
        serve_step(s, now_ms);
    link_write(s, &s->now, now_ms);
    link_write(s, &s->next, now_ms);
    proc_reap(now_ms, false);
    return more;
}

/* --- what others see --- */
int source_new(const struct source_setup *setup, int64_t now_ms, struct source **out)
{
    struct source *s = calloc(1, sizeof(*s));
    int r;

    if (!s)
        return -ENOMEM;
    s->setup = *setup;
    s->opened = 1;
    s->keeps_rows = true;
    s->state.data_day = ALM_DAY_NONE;
    r = source_start(s, true, now_ms);
    if (r != 0) {
        free(s);
        return r;
    }
    *out = s;
    return 0;
}

struct source *source_free(struct source *s)
{
    int64_t now_ms = clock_mono_ms();

    if (!s)
        return NULL;
    link_close(&s->now, now_ms, 500);
    link_close(&s->next, now_ms, 0);
    proc_reap(now_ms, true);
    jobs_deinit(s);
    index_free(s->index);
    crypto_wipe(s, sizeof(*s));
    free(s);
    return NULL;
}

int source_opened(const struct source *s)
{
    return s->opened;
}

void source_load(struct source *s, int64_t now_ms)
{
    s->may_load = true;
    s->settling = true;
    if (s->next.stage == LINK_OPENED) {
        int r = link_load(s, &s->next, now_ms);

        if (r != 0)
            link_refused(s, &s->next, r, now_ms);
    } else if (s->next.stage != LINK_NONE) {
        s->again = true; /* what is being read may be older than what was meant */
    } else {
        s->start_ms = now_ms;
    }
}

bool source_settling(const struct source *s)
{
    return s->settling;
}

struct index *source_index(const struct source *s)
{
    return s->index;
}

struct index *source_index_coming(const struct source *s)
{
    return s->next.index;
}

size_t source_poll_fds(const struct source *s, struct pollfd fds[static SOURCE_FDS])
{
    size_t n = proc_poll_fds(&s->now.proc, fds);

    return n + proc_poll_fds(&s->next.proc, fds + n);
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t source_due_ms(const struct source *s)
{
    int64_t due = sooner(jobs_due_ms(s), s->start_ms);

    if (s->now.stage == LINK_SERVING && !s->now.busy && (s->forget || jobs_waiting(s)))
        return 0; /* what was put since the last step */
    if (s->now.stage == LINK_SERVING)
        due = sooner(due, s->now.until_ms);
    if (s->next.stage != LINK_NONE)
        due = sooner(due, s->next.until_ms);
    if (s->now.stage == LINK_SERVING && !s->now.busy && s->now.opened.by_hand)
        due = sooner(due, s->ready_ms);
    return due;
}

int32_t source_data_day(const struct source *s, int32_t day)
{
    return s->state.data_day == ALM_DAY_NONE || s->state.data_day > day ? day : s->state.data_day;
}

int32_t source_rows_day(const struct source *s, bool found)
{
    if (s->setup.exercise || !s->index)
        return ALM_DAY_NONE;
    return (s->keeps_rows ? s->old : !found) ? s->good_day : ALM_DAY_NONE;
}

static const char *rows_word(const struct source *s)
{
    if (!s->index)
        return s->next.stage == LINK_NONE ? "none" : "loading";
    if (s->old)
        return "old";
    if (s->state.stale)
        return "stale";
    return s->state.partial ? "partial" : "ok";
}

void source_status(const struct source *s, struct source_status *out)
{
    bool serving = s->now.stage == LINK_SERVING;

    *out = (struct source_status){ .worker = serving    ? "serving"
                                             : s->index ? "restarting"
                                                        : "starting",
                                   .rows = rows_word(s),
                                   .data_day = s->state.data_day,
                                   .restarts = s->restarts,
                                   .rows_loading = s->next.n_rows,
                                   .loading = s->next.stage != LINK_NONE && s->next.loads };
}
