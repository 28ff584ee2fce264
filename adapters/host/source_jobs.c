/* SPDX-License-Identifier: Apache-2.0 */
/* source_jobs.c - what is asked of the source: a queue with deadlines, one at a time with the
 * worker. */
#include "host/source_in.h"

#include "base/clock.h"
#include "base/crypto.h"

#include <errno.h>
#include <string.h>

#define FRAME_BYTES (ALM_COMMAND_MAX + 4096u)

uint32_t source_seq(struct source *s)
{
    s->last_seq++;
    if (s->last_seq == 0)
        s->last_seq = 1;
    return s->last_seq;
}

/* --- putting --- */
static int job_new(struct source *s, uint8_t op, uint32_t ticket, int64_t due_ms, struct job **out)
{
    struct job *j = &s->jobs[s->n_jobs];

    if (s->n_jobs == SOURCE_JOBS_MAX)
        return -ENOBUFS;
    if (op != WORK_COMMAND && !s->index)
        return -ENXIO;
    *j = (struct job){ .op = op, .ticket = ticket, .seq = source_seq(s), .due_ms = due_ms };
    buf_init(&j->frame, FRAME_BYTES);
    *out = j;
    return 0;
}

static int job_put(struct source *s, struct job *j, int r)
{
    if (r == 0)
        r = buf_status(&j->frame);
    if (r == 0)
        s->n_jobs++;
    else
        buf_deinit(&j->frame);
    return r;
}

int source_answer(struct source *s, uint32_t ticket, const struct alm_question *q, int64_t due_ms)
{
    struct job *j;
    int r = job_new(s, WORK_ANSWER, ticket, due_ms, &j);

    return r ? r : job_put(s, j, work_put_answer(&j->frame, j->seq, q));
}

int source_relate(struct source *s, uint32_t ticket, const struct alm_subject *subject,
                  int64_t due_ms)
{
    struct job *j;
    int r = job_new(s, WORK_RELATE, ticket, due_ms, &j);

    return r ? r : job_put(s, j, work_put_relate(&j->frame, j->seq, subject));
}

int source_command(struct source *s, uint32_t ticket, struct bytes json, int64_t due_ms)
{
    struct job *j;
    int r;

    if (s->now.stage == LINK_SERVING && !s->now.opened.commands)
        return -ENOSYS;
    if (json.len >= ALM_COMMAND_MAX)
        return -EINVAL;
    r = job_new(s, WORK_COMMAND, ticket, due_ms, &j);
    if (r == 0)
        work_put_command(&j->frame, j->seq, json);
    return r ? r : job_put(s, j, 0);
}

/* --- ending --- */
static void job_take(struct source *s, size_t i, struct job *out)
{
    *out = s->jobs[i];
    memmove(&s->jobs[i], &s->jobs[i + 1], (s->n_jobs - i - 1) * sizeof(s->jobs[0]));
    s->n_jobs--;
}

static void job_wipe(struct job *j)
{
    if (j->frame.data) /* our references, and a command's text */
        crypto_wipe(j->frame.data, j->frame.cap);
    buf_deinit(&j->frame);
}

static void job_tell(struct source *s, const struct job *j, int r, const struct work_done *d)
{
    const struct source_events *e = &s->setup.events;
    struct bytes none = { NULL, 0 };

    if (j->op == WORK_ANSWER)
        e->answered(e->ctx, j->ticket, r, r == 0 && d ? &d->answer : NULL);
    else if (j->op == WORK_RELATE)
        e->related(e->ctx, j->ticket, r, r == 0 && d ? &d->relation : NULL);
    else
        e->commanded(e->ctx, j->ticket, r, r == 0 && d ? d->reply : none);
}

/* The event may put new jobs: nothing of the queue is held over it. */
static void job_end(struct source *s, size_t i, int r, const struct work_done *d)
{
    struct job j;

    job_take(s, i, &j);
    job_tell(s, &j, r, d);
    job_wipe(&j);
}

void jobs_fail_sent(struct source *s, int r)
{
    for (size_t i = 0; i < s->n_jobs; i++) {
        if (s->jobs[i].sent) {
            job_end(s, i, r, NULL);
            return; /* one at a time is with the worker */
        }
    }
}

void jobs_expire(struct source *s, int64_t now_ms)
{
    for (size_t i = 0; i < s->n_jobs;) {
        if (s->jobs[i].due_ms <= now_ms)
            job_end(s, i, -ETIMEDOUT,
                    NULL); /* if it is with the worker, that may still come back */
        else
            i++;
    }
}

/* Events may put new jobs, at the end of the queue: those name people by the rows of now. */
void jobs_outdated(struct source *s)
{
    uint32_t last = s->last_seq;

    for (size_t i = 0; i < s->n_jobs;) {
        const struct job *j = &s->jobs[i];

        if (j->op == WORK_COMMAND || j->sent || (int32_t)(j->seq - last) > 0)
            i++;
        else
            job_end(s, i, -ESTALE, NULL);
    }
}

int64_t jobs_due_ms(const struct source *s)
{
    int64_t due = INT64_MAX;

    for (size_t i = 0; i < s->n_jobs; i++) {
        if (s->jobs[i].due_ms < due)
            due = s->jobs[i].due_ms;
    }
    return due;
}

bool jobs_waiting(const struct source *s)
{
    for (size_t i = 0; i < s->n_jobs; i++) {
        if (!s->jobs[i].sent)
            return true;
    }
    return false;
}

void jobs_done(struct source *s, const struct work_done *d, int64_t now_ms)
{
    for (size_t i = 0; i < s->n_jobs; i++) {
        if (s->jobs[i].seq != d->seq)
            continue;
        if (s->jobs[i].op == WORK_COMMAND)
            s->ready_ms = now_ms; /* somebody may just have answered */
        job_end(s, i, d->result, d);
        return;
    }
}

bool jobs_send(struct source *s, struct link *l, int64_t now_ms)
{
    int64_t most = s->setup.limits.deadline_ms - s->setup.limits.deadline_ms / 10;

    for (size_t i = 0; i < s->n_jobs; i++) {
        struct job *j = &s->jobs[i];
        int64_t within = j->due_ms - now_ms;

        if (j->sent)
            continue;
        if (j->op ==
            WORK_ANSWER) /* a driver's own timeout lies below ours, so that it comes back */
            work_set_within(&j->frame, within, most);
        buf_put(&l->proc.out, j->frame.data, j->frame.len);
        j->sent = true;
        l->op = j->op;
        l->seq = j->seq;
        return true;
    }
    return false;
}

void jobs_deinit(struct source *s)
{
    while (s->n_jobs)
        job_wipe(&s->jobs[--s->n_jobs]);
}
