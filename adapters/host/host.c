/* SPDX-License-Identifier: Apache-2.0 */
/* host.c - opens what the configuration names, turns the loop, and closes in the opposite order. */
#include "host/host.h"
#include "host/keyring.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#define CLIENTS_MAX 64
#define FDS_MAX     (SESSION_FDS + SOURCE_FDS + CLIENTS_MAX + 2)
#define PRUNE_MS    3600000
#define TURN_MS     1000  /* a turn of the loop at least so often */
#define HOLD_MS     5000  /* commands wait so long for rows that were asked for (SIGHUP, the start) */
#define BEGIN_MS    15000 /* the broker waits so long for the first rows */

static const char *const levels[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"
};

/* --- configuration --- */
static void errors_print(const struct conf_errors *e)
{
    size_t n = conf_errors_count(e), i = 0;

    for (; conf_errors_at(e, i); i++)
        (void)fprintf(stderr, "%s\n", conf_errors_at(e, i));
    if (n > i)
        (void)fprintf(stderr, "... and %zu more\n", n - i);
}

static void log_start(const char *level)
{
    for (size_t i = LOG_DEBUG; i < ALM_LEN(levels); i++) {
        if (strcmp(levels[i], level) == 0)
            log_init("adapter", (enum log_level)i);
    }
}

/* Everything that the configuration says, all its errors in one run. Return: an exit code. */
static int host_configure(struct host *h, const char *path, const char *libexec)
{
    int r, s = 0;

    if (access(path, R_OK) != 0) {
        (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return EX_NOINPUT;
    }
    if (conf_errors_new(&h->errors) != 0)
        return EX_OSERR;
    r = conf_load(path, h->errors, &h->conf);
    if (r == 0) {
        r = host_config_read(path, libexec, h->conf, h->errors, &h->config);
        if (h->config.program[0])
            s = host_source_open(h, path);
        r = r ? r : s;
    }
    if (r == 0)
        return EX_OK;
    errors_print(h->errors);
    if (r == -ENOMEM)
        return EX_OSERR;
    if (r == -EINVAL)
        return EX_CONFIG;
    (void)fprintf(stderr, "%s: %s\n", h->config.program, strerror(-r));
    return EX_OSERR;
}

/* --- opening --- */
static int prepare_answer(void *ctx, struct msg *m)
{
    return session_prepare(((struct host *)ctx)->session, MSG_ANSWER, m);
}

static int send_answer(void *ctx, const struct msg *m, const char *purpose)
{
    return session_send_for(((struct host *)ctx)->session, m, purpose);
}

static void take_question(void *ctx, const struct msg *m)
{
    answering_take(((struct host *)ctx)->answering, m, clock_mono_ms());
}

static void take_cosign(void *ctx, const struct msg_cosign *ask, struct msg_cosignature *reply)
{
    witness_take(((struct host *)ctx)->witness, ask, clock_wall_ms() / 1000, reply);
}

static int keep_answer(void *ctx, const struct msg *m)
{
    return session_lodge(((struct host *)ctx)->session, m);
}

static const struct index *index_now(void *ctx)
{
    return source_index(((struct host *)ctx)->source);
}

static int32_t data_day(void *ctx, int32_t day)
{
    return source_data_day(((struct host *)ctx)->source, day);
}

static int32_t rows_day(void *ctx, bool found)
{
    return source_rows_day(((struct host *)ctx)->source, found);
}

static int put_question(void *ctx, uint32_t ticket, const struct alm_question *q, int64_t due_ms)
{
    return source_answer(((struct host *)ctx)->source, ticket, q, due_ms);
}

/* Read while the rest opens; commands wait a little for it. */
static int host_rows(struct host *h)
{
    int64_t now = clock_mono_ms();

    source_load(h->source, now);
    h->hold_ms = now + BEGIN_MS;
    return EX_OK;
}

static int host_outbox(struct host *h)
{
    int r = outbox_open(h->config.outbox, (size_t)h->config.outbox_max, &h->outbox);

    if (r == 0)
        return EX_OK;
    log_error("outbox-not-opened", "path=%s text=%s", LOG_Q(h->config.outbox),
              LOG_Q(r == -EBUSY ? "another adapter holds it" : strerror(-r)));
    return EX_CANTCREAT;
}

static int folder_failed(const char *path, int r)
{
    log_error("folder-not-opened", "path=%s text=%s", LOG_Q(path),
              LOG_Q(r == -EBUSY ? "another adapter holds it" : strerror(-r)));
    return EX_CANTCREAT;
}

static int host_folders(struct host *h)
{
    int r = inbox_open(h->config.inbox, (size_t)h->config.inbox_max, h->config.inbox_keep_days,
                       &h->inbox);

    if (r != 0)
        return folder_failed(h->config.inbox, r);
    r = recalls_open(h->config.recalls, &h->recalls);
    if (r != 0)
        return folder_failed(h->config.recalls, r);
    r = asked_open(h->config.asked, &h->asked);
    if (r != 0)
        return folder_failed(h->config.asked, r);
    r = pins_open(h->config.pins, &h->pins);
    return r == 0 ? EX_OK : folder_failed(h->config.pins, r);
}

/* A state that is not this log's ends the witness, not the adapter: answering goes on. */
static int host_witness(struct host *h)
{
    const struct witness_setup setup = { h->config.agency, h->config.witness_state,
                                         &h->config.witness_log, &h->config.sign };
    int r = h->config.witness_vkey[0] ? witness_open(&setup, &h->witness) : 0;

    if (r == -ENOMEM)
        return EX_OSERR;
    if (r)
        log_error("witness-not-opened", "path=%s text=%s", LOG_Q(h->config.witness_state),
                  LOG_Q(r == -EBADMSG ? "not a head of this log: a person must see why"
                                      : strerror(-r)));
    h->witness_failed = r != 0;
    return EX_OK;
}

static int host_session(struct host *h)
{
    struct session_setup setup = {
        .agency = h->config.agency,
        .address = h->config.address,
        .context.mode = host_config_exercise(&h->config) ? MODE_EXERCISE : MODE_LIVE,
        .origin_before = h->config.origin_before,
        .keys = { h->config.server_key, h->config.curve.public_key, h->config.curve.secret_key },
        .sign = &h->config.sign,
        .outbox = h->outbox,
        .inbox = h->inbox,
        .recalls = h->recalls,
        .events = { h, take_question, ops_reply, ops_settled, ops_lost, keyring_learnt, NULL,
                    h->witness ? take_cosign : NULL },
    };
    const struct answering_setup answering = { .contact_route = h->config.contact_route,
                                               .lead_professional = h->config.lead_professional,
                                               .ctx = h,
                                               .index = index_now,
                                               .data_day = data_day,
                                               .rows_day = rows_day,
                                               .put = put_question,
                                               .prepare = prepare_answer,
                                               .send = send_answer,
                                               .keep = keep_answer };

    memcpy(setup.context.origin, h->config.origin,
           sizeof(setup.context.origin)); /* both WIRE_ORIGIN_MAX */
    h->out = calloc(1, sizeof(*h->out));
    h->seen = calloc(1, sizeof(*h->seen));
    buf_init(&h->sealed, SEALED_MAX);
    if (!h->out || !h->seen || waiters_new(&h->waiters) != 0 ||
        session_new(&setup, &h->session) != 0 || answering_new(&answering, &h->answering) != 0)
        return EX_OSERR;
    return EX_OK;
}

static int host_socket(struct host *h)
{
    int r = local_server_open(h->config.socket,
                              strcmp(h->config.socket_mode, "0660") == 0 ? 0660 : 0600, CLIENTS_MAX,
                              &h->server);

    if (r == 0)
        return EX_OK;
    log_error("socket-not-opened", "path=%s text=%s", LOG_Q(h->config.socket),
              LOG_Q(r == -EADDRINUSE ? "another adapter serves it" : strerror(-r)));
    return r == -EADDRINUSE ? EX_UNAVAILABLE : EX_CANTCREAT;
}

static int host_signals(struct host *h)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    (void)signal(SIGPIPE, SIG_IGN); /* a client that hangs up is an error code, not our end */
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) /* before ZeroMQ's threads, which inherit it */
        return EX_OSERR;
    h->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return h->signals < 0 ? EX_OSERR : EX_OK;
}

static int host_open(struct host *h)
{
    int (*const steps[])(struct host * h) = { host_signals, host_outbox,  keyring_open, host_rows,
                                              host_folders, host_witness, host_session, host_socket };

    for (size_t i = 0; i < ALM_LEN(steps); i++) {
        int r = steps[i](h);

        if (r != EX_OK)
            return r;
    }
    return EX_OK;
}

/* --- the loop --- */
static void host_take_signals(struct host *h)
{
    struct signalfd_siginfo info;

    while (read(h->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGHUP) {
            source_load(h->source, clock_mono_ms());
            h->hold_ms = clock_mono_ms() + HOLD_MS;
        } else {
            h->stopping = true;
        }
    }
}

/* A command that follows a signal, or the start, finds the rows that were asked for. */
static bool host_holds(const struct host *h, int64_t now_ms)
{
    if (ring_wanting(h->ring) || !h->serving.scheme)
        return false; /* what is wanted comes by way of the broker */
    return source_settling(h->source) && now_ms < h->hold_ms;
}

/* The broker is spoken to when there are rows, or reading them takes long: what is asked before that
 * would be "cannot say". */
static bool host_begun(struct host *h, int64_t now_ms)
{
    h->begun = h->begun || !host_holds(h, now_ms);
    return h->begun;
}

/* Old records and done deliveries, once an hour. */
static void host_prune(struct host *h, int64_t now_ms)
{
    if (h->pruned_ms && now_ms - h->pruned_ms < PRUNE_MS)
        return;
    h->pruned_ms = now_ms;
    inbox_prune(h->inbox, clock_wall_ms());
    asked_prune(h->asked, clock_wall_ms());
    keyring_prune(h);
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int host_wait_ms(const struct host *h, bool more, int64_t due_ms)
{
    int64_t now = clock_mono_ms(), due = sooner(due_ms, now + TURN_MS);

    if (h->begun)
        due = sooner(due, now + session_wait_ms(h->session, now));
    due = sooner(due, source_due_ms(h->source));
    due = sooner(due, answering_due_ms(h->answering));
    due = sooner(due, await_due_ms(&h->awaits));
    due = sooner(due, keyring_due_ms(h, now));
    return more || due < now ? 0 : (int)(due - now);
}

/* The session twice: ZeroMQ's descriptor wakes once, and nothing may be left unread after a send. */
static bool host_serve(struct host *h, const struct pollfd *local, size_t n_local)
{
    bool more;

    if (host_begun(h, clock_mono_ms()))
        session_step(h->session, clock_mono_ms());
    more = answering_step(h->answering, clock_mono_ms());
    more = source_step(h->source, clock_mono_ms()) || more;
    if (n_local)
        local_server_step(h->server, local, n_local, clock_mono_ms(), ops_request, h);
    more = keyring_step(h, clock_mono_ms()) || more;
    await_step(h, clock_mono_ms());
    if (h->begun)
        session_step(h->session, clock_mono_ms());
    return more;
}

/* One turn. Signals first: a reload that was asked for is done before the command that follows it
 * is served. */
static bool host_turn(struct host *h, int wait_ms, int64_t *due_ms)
{
    struct pollfd fds[FDS_MAX] = { { .fd = h->signals, .events = POLLIN } };
    size_t n = 1 + source_poll_fds(h->source, fds + 1), n_local = 0;
    bool more;

    if (h->begun)
        n += session_poll_fds(h->session, fds + n);
    if (!host_holds(h, clock_mono_ms()))
        n_local = local_server_poll_fds(h->server, fds + n, FDS_MAX - n);
    if (poll(fds, n + n_local, wait_ms) < 0 && errno != EINTR)
        log_error("poll", "error=%s", LOG_Q(strerror(errno)));
    host_take_signals(h);
    if (host_holds(h, clock_mono_ms()))
        n_local = 0; /* a signal came with them */
    more = host_serve(h, fds + n, n_local);
    *due_ms = sooner(ops_expire(h, clock_mono_ms()), streams_wake(h, clock_mono_ms()));
    host_prune(h, clock_mono_ms());
    return more;
}

static int host_loop(struct host *h)
{
    int64_t due_ms = INT64_MAX;
    bool more = true;

    log_info("adapter-ready", "agency=%s mode=%s backend=%s", h->config.agency, h->config.mode,
             h->config.backend);
    while (!h->stopping) {
        more = host_turn(h, host_wait_ms(h, more, due_ms), &due_ms);
        if (session_state(h->session) == SESSION_STOPPED)
            return EX_CONFIG;
    }
    log_info("adapter-stopped", "agency=%s outbox=%zu", h->config.agency,
             outbox_count(h->outbox).waiting);
    return h->exit;
}

static void host_close(struct host *h)
{
    if (h->session)
        ops_lost(h); /* who still waits is told: queued, or not connected */
    awaits_deinit(&h->awaits);
    pendings_deinit(&h->pendings);
    h->server = local_server_close(h->server);
    h->session = session_free(h->session);
    h->source = source_free(h->source);
    keyring_close(h);
    h->answering = answering_free(h->answering);
    h->outbox = outbox_close(h->outbox);
    h->witness = witness_close(h->witness);
    h->inbox = inbox_close(h->inbox);
    h->recalls = recalls_close(h->recalls);
    h->asked = asked_close(h->asked);
    h->pins = pins_close(h->pins);
    h->waiters = waiters_free(h->waiters);
    buf_deinit(&h->sealed);
    free(h->out);
    free(h->seen);
    h->conf = conf_free(h->conf);
    h->errors = conf_errors_free(h->errors);
    host_config_wipe(&h->config);
    fd_closep(&h->signals);
}

int host_run(const char *path, const char *libexec)
{
    struct host *h = calloc(1, sizeof(*h)); /* too large for a stack */
    int r;

    if (!h)
        return EX_OSERR;
    h->signals = -1;
    log_init("adapter", LOG_INFO);
    r = host_configure(h, path, libexec);
    if (r == EX_OK) {
        log_start(h->config.log);
        r = host_open(h);
    }
    if (r == EX_OK)
        r = host_loop(h);
    host_close(h);
    free(h);
    return r;
}

/* --- --check --- */
static int check_rows(struct host *h)
{
    source_load(h->source, clock_mono_ms());
    while (!h->stopping)
        rows_turn(h);
    if (h->exit == EX_OK) {
        (void)printf("%s: the configuration and every row can be read; %zu people\n",
                     h->config.agency, index_n_people(source_index(h->source)));
        return EX_OK;
    }
    (void)fprintf(stderr, "%zu error%s in the rows\n", h->n_reports, h->n_reports == 1 ? "" : "s");
    return h->exit;
}

int host_check(const char *path, const char *libexec)
{
    struct host *h = calloc(1, sizeof(*h));
    int r;

    if (!h)
        return EX_OSERR;
    h->signals = -1;
    h->checking = true;
    log_init("adapter", LOG_ERROR);
    r = host_configure(h, path, libexec);
    if (r == EX_OK)
        r = check_rows(h);
    host_close(h);
    free(h);
    return r;
}
