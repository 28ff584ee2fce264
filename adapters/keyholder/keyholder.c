/* SPDX-License-Identifier: Apache-2.0 */
/* keyholder.c - a session like an adapter's, without rows, local socket or inbox: a batch of blinded
 * points comes in, a batch of evaluated ones and a proof go out. It never sees an identifier, and
 * logs how many points an agency had evaluated, never a point. */
#include "keyholder/keyholder.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "keyholder/config.h"
#include "lib/session.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#define OUTBOX_MAX      1     /* a session needs one; nothing is ever lodged */
#define TELL_MS         60000 /* how often the log says who asked how much, and budgets are saved */
#define UNABLE_RETRY_MS 60000 /* an epoch without a key: only a person can change that */

struct keyholder {
    struct keyholder_config config;
    struct conf *conf;
    struct conf_errors *errors;
    struct budget *budget;
    struct outbox *outbox;
    struct session *session;
    struct msg *out;
    char budget_path[PATH_MAX];
    int signals; /* signalfd */
    bool stopping;
    int64_t told_ms;
};

/* --- answering --- */
static void answer_send(struct keyholder *k, const struct msg *request)
{
    int r = session_send(k->session, k->out);

    if (r != 0)
        log_warn("tokens-not-sent", "agency=%s error=%s", request->token_request.agency,
                 LOG_Q(strerror(-r)));
}

static void answer_busy(struct keyholder *k, const struct msg *request, uint32_t retry_ms)
{
    if (session_prepare(k->session, MSG_BUSY, k->out) != 0)
        return;
    k->out->in_reply_to = request->id;
    k->out->busy.retry_after_ms = retry_ms;
    answer_send(k, request);
}

static void answer_make(struct keyholder *k, const struct msg *request,
                        const struct keyholder_key *key)
{
    const struct msg_token_request *q = &request->token_request;
    struct msg_tokens *t = &k->out->tokens;
    int r = session_prepare(k->session, MSG_TOKENS, k->out);

    k->out->in_reply_to = request->id;
    t->epoch = q->epoch;
    t->n = q->n;
    if (r == 0)
        r = oprf_evaluate(OPRF_VERIFIABLE, &key->key, q->points, q->n, NULL, t->points, t->proof);
    if (r == 0) {
        answer_send(k, request);
        return;
    }
    log_warn("tokens-refused", "agency=%s reason=%s", q->agency,
             r == -EBADMSG ? "bad-point" : "unable");
    answer_busy(k, request, UNABLE_RETRY_MS);
}

static void take_request(void *ctx, const struct msg *m)
{
    struct keyholder *k = ctx;
    const struct msg_token_request *q = &m->token_request;
    const struct keyholder_key *key = keyholder_key_of(&k->config, q->epoch);
    uint32_t retry_ms = UNABLE_RETRY_MS;
    int r;

    r = budget_take(k->budget, q->agency, q->n, clock_mono_ms(), civil_today(clock_wall_ms()),
                    &retry_ms);
    if (r != 0) {
        log_line(LOG_DEBUG, "tokens-busy", "agency=%s reason=%s", q->agency,
                 budget_refusal_word(r));
        answer_busy(k, m, retry_ms);
    } else if (!key) {
        log_error("tokens-no-key", "agency=%s epoch=%u", q->agency, q->epoch);
        answer_busy(k, m, UNABLE_RETRY_MS);
    } else {
        answer_make(k, m, key);
    }
}

static void take_reply(void *ctx, const struct msg *m)
{
    (void)ctx;
    (void)m; /* nothing is asked */
}

static void take_question(void *ctx, const struct msg *m)
{
    (void)ctx;
    (void)m;
    log_warn("frame-dropped", "fault=wrong-direction type=%u", m->type);
}

static void lost(void *ctx)
{
    (void)ctx;
}

/* --- opening --- */
static void errors_print(const struct conf_errors *e)
{
    size_t n = conf_errors_count(e), i = 0;

    for (; conf_errors_at(e, i); i++)
        (void)fprintf(stderr, "%s\n", conf_errors_at(e, i));
    if (n > i)
        (void)fprintf(stderr, "... and %zu more\n", n - i);
}

static int open_config(struct keyholder *k, const char *path)
{
    int r;

    if (access(path, R_OK) != 0) {
        (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return EX_NOINPUT;
    }
    if (conf_errors_new(&k->errors) != 0)
        return EX_OSERR;
    r = conf_load(path, k->errors, &k->conf);
    if (r == 0)
        r = keyholder_config_read(path, k->conf, k->errors, &k->config);
    if (r == 0)
        return EX_OK;
    errors_print(k->errors);
    return r == -ENOMEM ? EX_OSERR : EX_CONFIG;
}

static int open_budget(struct keyholder *k)
{
    const struct keyholder_config *c = &k->config;
    int n = snprintf(k->budget_path, sizeof(k->budget_path), "%.2000s/budget", c->state);
    int r = n < 0 || (size_t)n >= sizeof(k->budget_path) ? -ENAMETOOLONG : 0;

    if (r == 0)
        r = budget_new(c->usual, c->all, &k->budget);
    for (size_t i = 0; r == 0 && i < c->n_own; i++)
        r = budget_set(k->budget, c->own[i].agency, c->own[i].limits);
    if (r == 0)
        r = file_mkdirs(c->state, 0700);
    if (r == 0)
        r = budget_load(k->budget, k->budget_path);
    if (r == -EBADMSG) {
        log_error("budget-damaged", "path=%s text=%s", LOG_Q(k->budget_path),
                  LOG_Q("what was used today is not known; counting begins anew"));
        r = 0;
    }
    if (r == 0)
        return EX_OK;
    log_error("folder-not-opened", "path=%s text=%s", LOG_Q(c->state), LOG_Q(strerror(-r)));
    return EX_CANTCREAT;
}

static int open_session(struct keyholder *k)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%.2000s/outbox", k->config.state), r;
    struct session_setup setup = {
        .agency = k->config.agency,
        .address = k->config.address,
        .context.mode = strcmp(k->config.mode, "exercise") == 0 ? MODE_EXERCISE : MODE_LIVE,
        .keys = { k->config.server_key, k->config.curve.public_key, k->config.curve.secret_key },
        .sign = &k->config.sign,
        .events = { .ctx = k,
                    .question = take_question,
                    .reply = take_reply,
                    .lost = lost,
                    .token_request = take_request },
    };

    r = n < 0 || (size_t)n >= sizeof(path) ? -ENAMETOOLONG : outbox_open(path, OUTBOX_MAX, &k->outbox);
    if (r != 0) {
        log_error("folder-not-opened", "path=%s text=%s", LOG_Q(path),
                  LOG_Q(r == -EBUSY ? "another key holder holds it" : strerror(-r)));
        return EX_CANTCREAT;
    }
    setup.outbox = k->outbox;
    memcpy(setup.context.origin, k->config.origin, sizeof(setup.context.origin));
    k->out = calloc(1, sizeof(*k->out));
    return k->out && session_new(&setup, &k->session) == 0 ? EX_OK : EX_OSERR;
}

static int open_signals(struct keyholder *k)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    (void)signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) /* before ZeroMQ's threads, which inherit it */
        return EX_OSERR;
    k->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return k->signals < 0 ? EX_OSERR : EX_OK;
}

/* --- the loop --- */
static void tell_use(void *ctx, const struct budget_use *u)
{
    (void)ctx;
    log_line(u->refused ? LOG_WARN : LOG_INFO, "tokens-evaluated",
             "agency=%s points=%" PRIu64 " requests=%" PRIu64 " refused=%" PRIu64
             " used_today=%" PRId64 " of=%" PRId64,
             u->agency, u->points, u->requests, u->refused, u->used, u->limits.per_day);
}

static void keyholder_tell(struct keyholder *k)
{
    int r;

    budget_tell(k->budget, tell_use, k);
    r = budget_save(k->budget, k->budget_path);
    if (r != 0)
        log_error("budget-not-saved", "path=%s error=%s", LOG_Q(k->budget_path),
                  LOG_Q(strerror(-r)));
}

static void keyholder_turn(struct keyholder *k)
{
    struct pollfd fds[1 + SESSION_FDS] = { { .fd = k->signals, .events = POLLIN } };
    size_t n = 1 + session_poll_fds(k->session, fds + 1);
    struct signalfd_siginfo info;
    int64_t now = clock_mono_ms();
    int64_t wait = session_wait_ms(k->session, now);

    if (k->told_ms + TELL_MS - now < wait)
        wait = k->told_ms + TELL_MS > now ? k->told_ms + TELL_MS - now : 0;
    if (poll(fds, n, (int)wait) < 0 && errno != EINTR)
        log_error("poll", "error=%s", LOG_Q(strerror(errno)));
    while (read(k->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
        k->stopping = true;
    session_step(k->session, clock_mono_ms());
    if (clock_mono_ms() - k->told_ms >= TELL_MS) {
        k->told_ms = clock_mono_ms();
        keyholder_tell(k);
    }
}

static int keyholder_loop(struct keyholder *k)
{
    for (size_t i = 0; i < k->config.n_keys; i++)
        log_info("tokens-key", "epoch=%u", k->config.keys[i].epoch);
    log_info("keyholder-ready", "agency=%s mode=%s", k->config.agency, k->config.mode);
    k->told_ms = clock_mono_ms();
    while (!k->stopping) {
        keyholder_turn(k);
        if (session_state(k->session) == SESSION_STOPPED)
            return EX_CONFIG;
    }
    keyholder_tell(k);
    log_info("keyholder-stopped", "agency=%s", k->config.agency);
    return EX_OK;
}

static void keyholder_close(struct keyholder *k)
{
    k->session = session_free(k->session);
    k->outbox = outbox_close(k->outbox);
    k->budget = budget_free(k->budget);
    free(k->out);
    k->conf = conf_free(k->conf);
    k->errors = conf_errors_free(k->errors);
    keyholder_config_wipe(&k->config);
    fd_closep(&k->signals);
}

static void log_start(const char *level)
{
    static const char *const levels[] = {
        [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"
    };

    for (size_t i = LOG_DEBUG; i < ALM_LEN(levels); i++) {
        if (strcmp(levels[i], level) == 0)
            log_init("keyholder", (enum log_level)i);
    }
}

static int keyholder_with(const char *path, int (*then)(struct keyholder *k))
{
    struct keyholder *k = calloc(1, sizeof(*k)); /* too large for a stack */
    int r;

    if (!k)
        return EX_OSERR;
    k->signals = -1;
    log_init("keyholder", LOG_INFO);
    r = open_config(k, path);
    if (r == EX_OK)
        r = then(k);
    keyholder_close(k);
    free(k);
    return r;
}

static int run(struct keyholder *k)
{
    int (*const steps[])(struct keyholder * k) = { open_signals, open_budget, open_session,
                                                   keyholder_loop };
    int r = EX_OK;

    log_start(k->config.log);
    for (size_t i = 0; r == EX_OK && i < ALM_LEN(steps); i++)
        r = steps[i](k);
    return r;
}

static int check(struct keyholder *k)
{
    char hex[2 * OPRF_POINT_LEN + 1];

    for (size_t i = 0; i < k->config.n_keys; i++) {
        hex_encode(k->config.keys[i].public_key, OPRF_POINT_LEN, hex);
        (void)printf("%s: epoch %u, public_key \"%s\"\n", k->config.agency,
                     k->config.keys[i].epoch, hex);
    }
    return EX_OK;
}

int keyholder_run(const char *path)
{
    return keyholder_with(path, run);
}

int keyholder_check(const char *path)
{
    return keyholder_with(path, check);
}
