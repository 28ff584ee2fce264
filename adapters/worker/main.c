/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the main loop of every backend's program: one operation after the other, as the host
 * asks.
 *
 *     begin -> open -> OPENED -> [load -> rows -> LOADED] -> (operation -> DONE)* -> close
 *
 * Nothing here has a deadline of its own: the host has, and kills. */
#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/log.h"
#include "conf/conf.h"
#include "worker/process.h"
#include "worker/tell.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>

struct worker {
    const struct alm_backend *ops;
    void *backend;
    const char *path; /* of the configuration */
    char dir[PATH_MAX];
    struct conf *conf;
    struct conf_errors *errors;
    struct frames in;
    struct teller tell;
    struct work_begin begin;
    bool begun, loaded;
    struct work_question question; /* large: not on the stack */
    struct work_subject subject;
    char reply[ALM_COMMAND_MAX];
};

/* --- opening --- */
static void dir_of(const char *path, char out[static PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 1;

    if (len >= PATH_MAX)
        len = PATH_MAX - 1;
    memcpy(out, slash ? path : ".", len);
    out[len] = '\0';
    if (slash == path)
        memcpy(out, "/", 2);
}

static int worker_open_backend(struct worker *w)
{
    struct alm_setup setup = { .dir = w->dir, .exercise = w->begin.exercise };
    int r = conf_errors_new(&w->errors);

    if (r == 0)
        r = conf_load(w->path, w->errors, &w->conf);
    if (r != 0)
        return r;
    setup.root = conf_root(w->conf);
    setup.errors = w->errors;
    setup.limits = w->begin.limits;
    dir_of(w->path, w->dir);
    return w->ops->open(&setup, &w->backend);
}

static int worker_open(struct worker *w)
{
    struct work_opened o = { .keeps_rows = w->ops->keeps_rows,
                             .changes = w->ops->changed != NULL,
                             .commands = w->ops->command != NULL,
                             .by_hand = w->ops->ready != NULL };

    o.result = worker_open_backend(w);
    if (text_copy(o.name, sizeof(o.name), w->ops->name) != 0)
        return -EINVAL;
    for (size_t i = 0; w->errors && conf_errors_at(w->errors, i); i++)
        teller_report(&w->tell, "", 0, conf_errors_at(w->errors, i));
    if (o.result > 0)
        o.result = -EINVAL;
    work_put_opened(&w->tell.out, &o);
    return o.result;
}

static int worker_begin(struct worker *w, struct bytes body)
{
    int r = work_get_begin(body, &w->begin);

    if (r != 0 || w->begun)
        return -EBADMSG;
    w->begun = true;
    log_init("source", (enum log_level)w->begin.log);
    r = process_limit(&w->begin.limits);
    if (r != 0) {
        log_error("worker-not-limited", "error=%s", LOG_Q(strerror(-r)));
        return r;
    }
    if (civil_set_zone(w->begin.zone) != 0)
        return -EINVAL;
    w->tell.limits = w->begin.limits;
    r = worker_open(w);
    return r == 0 ? 0 : teller_flush(&w->tell) ? -EPIPE : r;
}

/* --- operations --- */
static struct alm_state worker_state(const struct worker *w)
{
    struct alm_state s = { .data_day = ALM_DAY_NONE };

    w->ops->describe(w->backend, &s);
    return s;
}

static int worker_load(struct worker *w, struct bytes body)
{
    struct work_loaded l = { 0 };
    struct alm_sink sink;
    bool strict;

    if (work_get_load(body, &strict) != 0 || w->loaded)
        return -EBADMSG;
    teller_sink(&w->tell, &sink);
    l.result = w->ops->load(w->backend, &sink, strict);
    if (l.result > 0)
        l.result = -EINVAL; /* a backend that passed a fault on */
    w->loaded = l.result == 0;
    l.state = worker_state(w);
    refs_deinit(&w->tell.people);
    refs_deinit(&w->tell.homes);
    work_put_loaded(&w->tell.out, &l);
    return 0;
}

static void text_mend(char *text, size_t size)
{
    text[size - 1] = '\0';
    if (!utf8_valid(text, strlen(text)))
        text[0] = '\0';
}

/* What a backend wrote, made fit for the codec: a value that is none is "cannot say". */
static void answer_mend(struct alm_answer *a)
{
    text_mend(a->service, sizeof(a->service));
    text_mend(a->contact_route, sizeof(a->contact_route));
    text_mend(a->lead_professional, sizeof(a->lead_professional));
    text_mend(a->by, sizeof(a->by));
    if (a->value >= ALM_YES && a->value <= ALM_CANNOT_SAY && a->cause <= ALM_UNSUPPORTED)
        return;
    log_error("answer-invalid", "value=%u cause=%u", (unsigned)a->value, (unsigned)a->cause);
    a->value = ALM_CANNOT_SAY;
    a->cause = ALM_FAILED;
}

static int op_answer(struct worker *w, struct bytes body, struct work_done *d)
{
    if (work_get_answer(body, &d->seq, &w->question) != 0)
        return -EBADMSG;
    d->answer = (struct alm_answer){ .data_as_of = ALM_DAY_NONE, .since = ALM_DAY_NONE };
    if (w->ops->keeps_rows && !w->loaded)
        d->result = -EINVAL;
    else
        d->result = w->ops->answer(w->backend, &w->question.q, &d->answer);
    if (d->result == ALM_LATER && !w->question.q.by_hand)
        d->result = -EINVAL; /* nobody waits for later */
    answer_mend(&d->answer);
    return 0;
}

static int op_relate(struct worker *w, struct bytes body, struct work_done *d)
{
    if (work_get_relate(body, &d->seq, &w->subject) != 0)
        return -EBADMSG;
    d->relation = (struct alm_relationship){ ALM_RELATION_NONE, ALM_DAY_NONE, ALM_DAY_NONE };
    if (w->ops->keeps_rows && !w->loaded)
        d->result = -EINVAL;
    else
        d->result = w->ops->relate(w->backend, &w->subject.s, &d->relation);
    if (d->relation.kind < ALM_RELATION_NONE || d->relation.kind > ALM_REFERRAL)
        d->result = -EINVAL;
    if (d->result > 0)
        d->result = -EINVAL;
    return 0;
}

static int op_changed(struct worker *w, struct bytes body, struct work_done *d)
{
    if (work_get_plain(body, &d->seq) != 0)
        return -EBADMSG;
    d->result = w->ops->changed ? w->ops->changed(w->backend) : 0;
    return 0;
}

static int op_command(struct worker *w, struct bytes body, struct work_done *d)
{
    char request[ALM_COMMAND_MAX];
    struct bytes json;

    if (work_get_command(body, &d->seq, &json) != 0)
        return -EBADMSG;
    memcpy(request, json.data, json.len);
    request[json.len] = '\0';
    w->reply[0] = '\0';
    d->result = w->ops->command ? w->ops->command(w->backend, request, w->reply, sizeof(w->reply))
                                : -ENOSYS;
    w->reply[sizeof(w->reply) - 1] = '\0';
    d->reply = bytes_str(w->reply);
    if (d->result > 0 || (d->result == 0 && !utf8_valid(d->reply.data, d->reply.len)))
        d->result = -EINVAL;
    crypto_wipe(request, sizeof(request));
    return 0;
}

static int op_ready(struct worker *w, struct bytes body, struct work_done *d)
{
    if (work_get_plain(body, &d->seq) != 0)
        return -EBADMSG;
    d->ready.answer = (struct alm_answer){ .data_as_of = ALM_DAY_NONE, .since = ALM_DAY_NONE };
    d->result = w->ops->ready ? w->ops->ready(w->backend, &d->ready) : 0;
    answer_mend(&d->ready.answer);
    return 0;
}

static int op_sent(struct worker *w, struct bytes body, struct work_done *d)
{
    uint8_t key[ALM_KEY_LEN];

    if (work_get_sent(body, &d->seq, key) != 0)
        return -EBADMSG;
    d->result = w->ops->sent ? w->ops->sent(w->backend, key) : 0;
    return 0;
}

static int (*const operations[])(struct worker *w, struct bytes body, struct work_done *d) = {
    [WORK_ANSWER] = op_answer,   [WORK_RELATE] = op_relate, [WORK_CHANGED] = op_changed,
    [WORK_COMMAND] = op_command, [WORK_READY] = op_ready,   [WORK_SENT] = op_sent,
};

static int worker_operation(struct worker *w, uint8_t type, struct bytes body)
{
    struct work_done d = { .of = type };
    int r;

    if (type >= ALM_LEN(operations) || !operations[type])
        return -EBADMSG;
    r = operations[type](w, body, &d);
    if (r != 0)
        return r;
    if (d.result > 1)
        d.result = 1;
    d.state = worker_state(w);
    work_put_done(&w->tell.out, &d);
    if (d.reply.len)
        crypto_wipe(w->reply, sizeof(w->reply));
    return 0;
}

static int worker_frame(struct worker *w, uint8_t type, struct bytes body)
{
    int r;

    if (!w->begun && type != WORK_BEGIN)
        return -EBADMSG;
    if (type == WORK_BEGIN)
        r = worker_begin(w, body);
    else if (type == WORK_LOAD)
        r = worker_load(w, body);
    else
        r = worker_operation(w, type, body);
    return r == 0 ? teller_flush(&w->tell) : r;
}

/* Until the host closes its end. Return: an exit code. */
static int worker_serve(struct worker *w)
{
    uint8_t type = 0;
    struct bytes body;
    int r = 0, got;

    while (r == 0) {
        got = frames_next(&w->in, &type, &body);
        if (got > 0)
            r = worker_frame(w, type, body);
        else
            r = got < 0 ? got : frames_fill(&w->in, FRAME_FD);
    }
    switch (r) {
    case -EPIPE:
        return EX_OK;
    case -EINVAL:
        return EX_CONFIG; /* told */
    case -EBADMSG:
        log_error("worker-frame-refused", "type=%u", (unsigned)type);
        return EX_PROTOCOL;
    default:
        log_error("worker-failed", "error=%s", LOG_Q(strerror(-r)));
        return EX_OSERR;
    }
}

static bool started_by_host(void)
{
    int type = 0;
    socklen_t len = sizeof(type);

    return getsockopt(FRAME_FD, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM;
}

int alm_backend_main(const struct alm_backend *backend, int argc, char *argv[])
{
    struct worker *w;
    int r;

    if (argc != 2 || !started_by_host()) {
        (void)fprintf(
            stderr,
            "almoner-source-%s reads the source of an agency's adapter; almoner-adapter(8) "
            "starts it\n",
            backend->name);
        return EX_USAGE;
    }
    w = calloc(1, sizeof(*w));
    if (!w || crypto_init() != 0)
        return EX_OSERR;
    w->ops = backend;
    w->path = argv[1];
    teller_init(&w->tell, FRAME_FD);
    r = worker_serve(w);
    backend->close(w->backend);
    conf_free(w->conf);
    conf_errors_free(w->errors);
    frames_deinit(&w->in);
    teller_deinit(&w->tell);
    crypto_wipe(w, sizeof(*w));
    free(w);
    return r;
}
