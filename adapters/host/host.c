/* SPDX-License-Identifier: Apache-2.0 */
/* host.c - opens what the configuration names, turns the loop, and closes in the opposite order. */
#include "host/host.h"

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
#define FDS_MAX     (SESSION_FDS + CLIENTS_MAX + 2)
#define PRUNE_MS    3600000
#define LOOK_MS     1000 /* how often the backend is asked whether its rows have changed */

static const struct alm_backend_ops *const backends[] = { &alm_backend_csv };
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

static int host_backend(struct host *h)
{
    const struct alm_setup setup = { .root = conf_root(h->conf),
                                     .dir = h->config.dir,
                                     .errors = h->errors,
                                     .exercise = host_config_exercise(&h->config) };

    for (size_t i = 0; i < ALM_LEN(backends); i++) {
        if (strcmp(backends[i]->name, h->config.backend) == 0)
            h->holdings.ops = backends[i];
    }
    if (!h->holdings.ops)
        return -EINVAL; /* the table of settings told it */
    h->holdings.key = &h->config.token;
    return h->holdings.ops->open(&setup, &h->holdings.backend);
}

/* Everything that the configuration says, all its errors in one run. Return: an exit code. */
static int host_configure(struct host *h, const char *path)
{
    int r, s;

    if (access(path, R_OK) != 0) {
        (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return EX_NOINPUT;
    }
    if (conf_errors_new(&h->errors) != 0)
        return EX_OSERR;
    r = conf_load(path, h->errors, &h->conf);
    if (r == 0) {
        r = host_config_read(path, h->conf, h->errors, &h->config);
        s = host_backend(h);
        r = r ? r : s;
    }
    if (r == -ENOMEM)
        return EX_OSERR;
    if (r == 0)
        return EX_OK;
    errors_print(h->errors);
    return EX_CONFIG;
}

/* --- opening --- */
static int prepare_answer(void *ctx, struct msg *m)
{
    return session_prepare(((struct host *)ctx)->session, MSG_ANSWER, m);
}

static int send_answer(void *ctx, const struct msg *m)
{
    return session_send(((struct host *)ctx)->session, m);
}

static void take_question(void *ctx, const struct msg *m)
{
    answering_take(((struct host *)ctx)->answering, m, clock_mono_ms());
}

static int host_rows(struct host *h)
{
    int r = holdings_load(&h->holdings, false, NULL, NULL);

    if (r == 0)
        return EX_OK;
    log_error("rows-not-loaded", "error=%s text=%s", LOG_Q(strerror(-r)),
              LOG_Q("correct the rows named above, or see almoner-adapter --check"));
    return r == -EINVAL ? EX_DATAERR : EX_IOERR;
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
    r = asked_open(h->config.asked, &h->asked);
    if (r != 0)
        return folder_failed(h->config.asked, r);
    r = pins_open(h->config.pins, &h->pins);
    return r == 0 ? EX_OK : folder_failed(h->config.pins, r);
}

static int host_session(struct host *h)
{
    struct session_setup setup = {
        .agency = h->config.agency,
        .address = h->config.address,
        .context.mode = host_config_exercise(&h->config) ? MODE_EXERCISE : MODE_LIVE,
        .keys = { h->config.server_key, h->config.curve.public_key, h->config.curve.secret_key },
        .sign = &h->config.sign,
        .outbox = h->outbox,
        .inbox = h->inbox,
        .events = { h, take_question, ops_reply, ops_settled, ops_lost },
    };
    struct answering_setup answering = {
        &h->holdings,
        h->config.contact_route,
        h->config.lead_professional,
        prepare_answer,
        send_answer,
        h,
    };

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
    int (*const steps[])(struct host * h) = { host_signals, host_rows,    host_outbox,
                                              host_folders, host_session, host_socket };

    for (size_t i = 0; i < ALM_LEN(steps); i++) {
        int r = steps[i](h);

        if (r != EX_OK)
            return r;
    }
    return EX_OK;
}

/* --- the loop --- */
static void host_reload(struct host *h)
{
    int r = holdings_load(&h->holdings, false, NULL, NULL);

    if (r == 0)
        log_info("rows-loaded", "people=%zu", index_n_people(h->holdings.index));
    else
        log_error("rows-not-loaded", "error=%s text=%s", LOG_Q(strerror(-r)),
                  LOG_Q("going on with the rows of the load before"));
}

static void host_take_signals(struct host *h)
{
    struct signalfd_siginfo info;

    while (read(h->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGHUP)
            host_reload(h);
        else
            h->stopping = true;
    }
}

static void host_look(struct host *h, int64_t now_ms)
{
    if (now_ms - h->looked_ms < LOOK_MS)
        return;
    h->looked_ms = now_ms;
    if (h->holdings.ops->changed(h->holdings.backend))
        host_reload(h);
}

/* Old records and done deliveries, once an hour. */
static void host_prune(struct host *h, int64_t now_ms)
{
    if (h->pruned_ms && now_ms - h->pruned_ms < PRUNE_MS)
        return;
    h->pruned_ms = now_ms;
    inbox_prune(h->inbox, clock_wall_ms());
    asked_prune(h->asked, clock_wall_ms());
}

static int host_wait_ms(const struct host *h, bool more, int64_t due_ms)
{
    int64_t now = clock_mono_ms();
    int64_t wait = session_wait_ms(h->session, now);

    if (due_ms - now < wait)
        wait = due_ms - now;
    if (LOOK_MS < wait)
        wait = LOOK_MS;
    return more || wait < 0 ? 0 : (int)wait;
}

/* One turn. Signals first: a reload that was asked for is done before the command that follows it
 * is served. */
static bool host_turn(struct host *h, int wait_ms, int64_t *due_ms)
{
    struct pollfd fds[FDS_MAX] = { { .fd = h->signals, .events = POLLIN } };
    size_t n = 1 + session_poll_fds(h->session, fds + 1);
    size_t n_local = local_server_poll_fds(h->server, fds + n, FDS_MAX - n);
    int64_t woken_ms;
    bool more;

    if (poll(fds, n + n_local, wait_ms) < 0 && errno != EINTR)
        log_error("poll", "error=%s", LOG_Q(strerror(errno)));
    host_take_signals(h);
    host_look(h, clock_mono_ms());
    local_server_step(h->server, fds + n, n_local, clock_mono_ms(), ops_request, h);
    session_step(h->session, clock_mono_ms());
    more = answering_step(h->answering, clock_mono_ms());
    session_step(h->session, clock_mono_ms()); /* ZeroMQ's descriptor wakes once: nothing may be
                                                  left unread after a send */
    *due_ms = ops_expire(h, clock_mono_ms());
    woken_ms = streams_wake(h, clock_mono_ms());
    if (woken_ms < *due_ms)
        *due_ms = woken_ms;
    host_prune(h, clock_mono_ms());
    return more || answering_waiting(h->answering);
}

static int host_loop(struct host *h)
{
    int64_t due_ms = INT64_MAX;
    bool more = true;

    log_info("adapter-ready", "agency=%s mode=%s people=%zu", h->config.agency, h->config.mode,
             index_n_people(h->holdings.index));
    while (!h->stopping) {
        more = host_turn(h, host_wait_ms(h, more, due_ms), &due_ms);
        if (session_state(h->session) == SESSION_STOPPED)
            return EX_CONFIG;
    }
    log_info("adapter-stopped", "agency=%s outbox=%zu", h->config.agency,
             outbox_count(h->outbox).waiting);
    return EX_OK;
}

static void host_close(struct host *h)
{
    if (h->session)
        ops_lost(h); /* who still waits is told: queued, or not connected */
    pendings_deinit(&h->pendings);
    h->server = local_server_close(h->server);
    h->session = session_free(h->session);
    h->answering = answering_free(h->answering);
    h->outbox = outbox_close(h->outbox);
    h->inbox = inbox_close(h->inbox);
    h->asked = asked_close(h->asked);
    h->pins = pins_close(h->pins);
    h->waiters = waiters_free(h->waiters);
    buf_deinit(&h->sealed);
    if (h->holdings.ops) {
        holdings_deinit(&h->holdings);
        h->holdings.ops->close(h->holdings.backend);
    }
    free(h->out);
    free(h->seen);
    h->conf = conf_free(h->conf);
    h->errors = conf_errors_free(h->errors);
    host_config_wipe(&h->config);
    fd_closep(&h->signals);
}

int host_run(const char *path)
{
    struct host *h = calloc(1, sizeof(*h)); /* too large for a stack */
    int r;

    if (!h)
        return EX_OSERR;
    h->signals = -1;
    log_init("adapter", LOG_INFO);
    r = host_configure(h, path);
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
static void check_report(void *ctx, const char *file, unsigned long line, const char *text)
{
    size_t *n = ctx;

    (*n)++;
    if (line)
        (void)fprintf(stderr, "%s:%lu: %s\n", file, line, text);
    else
        (void)fprintf(stderr, "%s: %s\n", file, text);
}

static int check_rows(struct host *h)
{
    size_t n_errors = 0;
    int r = holdings_load(&h->holdings, true, check_report, &n_errors);

    if (r == 0) {
        (void)printf("%s: the configuration and every row can be read; %zu people\n",
                     h->config.agency, index_n_people(h->holdings.index));
        return EX_OK;
    }
    (void)fprintf(stderr, "%zu error%s in the rows\n", n_errors, n_errors == 1 ? "" : "s");
    return r == -EINVAL ? EX_DATAERR : EX_IOERR;
}

int host_check(const char *path)
{
    struct host *h = calloc(1, sizeof(*h));
    int r;

    if (!h)
        return EX_OSERR;
    h->signals = -1;
    log_init("adapter", LOG_ERROR);
    r = host_configure(h, path);
    if (r == EX_OK)
        r = check_rows(h);
    host_close(h);
    free(h);
    return r;
}
