/* SPDX-License-Identifier: Apache-2.0 */
/* follow.c - follows a stream. At least once: an event is done when it was printed and flushed, or
 * when its command exited 0, and not before; until then the adapter gives it again, first. */
#include "cli/follow.h"

#include "base/clock.h"
#include "cli/flags.h"
#include "cli/say.h"
#include "cli/table.h"
#include "local/local.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS  500 /* one call waits so long at most, so that a signal is soon seen */
#define PAGE_MAX 32
#define NEVER    (-1)

struct follow {
    const struct command_line *c;
    const char *stream, *exec; /* exec NULL: print */
    long long count;           /* still wanted; NEVER: no end */
    int64_t wait_ms;           /* NEVER: no end */
    int64_t quiet_ms;          /* monotonic: since when nothing came */
    json_t *subscribe;         /* owned: the request that makes or changes the subscription */
    bool change;               /* a filter was given: subscribe before reading */
    bool heard; /* the adapter has answered before: one that restarts is waited for */
    bool told;  /* that it is away */
};

static volatile sig_atomic_t stopped;

static void on_stop(int signal)
{
    (void)signal;
    stopped = 1;
}

/* --- what was asked for --- */

static int number_of(const struct follow *f, const char *key, double max, double *out)
{
    const char *text = json_string_value(json_object_get(f->c->request, key));
    char *end, why[80];

    *out = NEVER;
    if (!text)
        return 0;
    errno = 0;
    *out = strtod(text, &end);
    if (!errno && end != text && !*end && *out >= 0 && *out <= max)
        return 0;
    (void)snprintf(why, sizeof(why), "--%s: a number from 0 to %.0f", key, max);
    return say_failed(f->c, EX_USAGE, "usage", why);
}

/* What the subscription is: the stream, and its filter where one was given. */
static int subscription_of(struct follow *f)
{
    static const char *const kept[] = {
        "stream",       "areas", "categories", "triggers", "severity_least", "credit", "from",
        "practitioner", "role",  "purpose",    "login",    "basis",          "case"
    };

    f->subscribe = json_object();
    for (size_t i = 0; f->subscribe && i < sizeof(kept) / sizeof(kept[0]); i++) {
        json_t *v = json_object_get(f->c->request, kept[i]);

        if (v && json_object_set(f->subscribe, kept[i], v) != 0)
            return -ENOMEM;
        f->change = f->change || (v && i > 0 && i < 7);
    }
    if (!f->subscribe ||
        json_object_set_new(f->subscribe, "op", json_string("stream-subscribe")) != 0)
        return -ENOMEM;
    return json_object_set_new(f->subscribe, "stream", json_string(f->stream));
}

static int follow_begin(struct follow *f)
{
    double count, wait;
    int r = number_of(f, "count", 1e9, &count);

    if (r == 0)
        r = number_of(f, "wait", 1e6, &wait);
    if (r)
        return r;
    f->count = count < 0 ? NEVER : (long long)count;
    f->wait_ms = wait < 0 ? NEVER : (int64_t)(wait * 1000);
    f->stream = json_string_value(json_object_get(f->c->request, "stream"));
    if (!f->stream)
        f->stream = "inbox";
    f->exec = json_string_value(json_object_get(f->c->request, "exec"));
    if (subscription_of(f) != 0)
        return say_failed(f->c, EX_OSERR, "internal", "not enough memory");
    f->quiet_ms = clock_mono_ms();
    return 0;
}

static void follow_deinit(struct follow *f)
{
    json_decref(f->subscribe);
}

/* --- what becomes of an event --- */

static bool write_whole(int fd, const char *text, size_t len)
{
    while (len) {
        ssize_t n = write(fd, text, len);

        if (n < 0 && errno != EINTR)
            return false; /* it read no further: its exit code is what counts */
        text += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* In the child: only async-signal-safe calls. */
static void become(const char *command, const int pipe_fds[2])
{
    (void)signal(SIGPIPE, SIG_DFL);
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    if (dup2(pipe_fds[0], STDIN_FILENO) < 0)
        _exit(EX_OSERR);
    (void)close(pipe_fds[0]);
    (void)close(pipe_fds[1]);
    (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

/* Return: the command's exit code; 128 and more when a signal ended it; -errno. */
static int exec_event(const char *command, const char *text)
{
    int fds[2], status = 0;
    pid_t child;

    if (fflush(stdout) != 0 || pipe2(fds, O_CLOEXEC) != 0)
        return -errno;
    child = fork();
    if (child == 0)
        become(command, fds);
    (void)close(fds[0]);
    if (child > 0 && write_whole(fds[1], text, strlen(text)))
        (void)write_whole(fds[1], "\n", 1);
    (void)close(fds[1]);
    if (child < 0)
        return -EAGAIN;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int handle(const struct follow *f, const json_t *event)
{
    char *text = json_dumps(event, JSON_COMPACT), why[160];
    int r = 0, code;

    if (!text)
        return say_failed(f->c, EX_OSERR, "internal", "not enough memory");
    if (f->exec) {
        code = exec_event(f->exec, text);
        (void)snprintf(why, sizeof(why),
                       "the command of --exec ended with %d at event %lld: that event is not done, "
                       "and comes first next time",
                       code, number_at(event, "seq"));
        if (code != 0)
            r = say_failed(f->c, EX_TEMPFAIL, "exec-failed", why);
    } else {
        if (f->c->json)
            (void)puts(text);
        else
            event_print(event);
        if (fflush(stdout) != 0 || ferror(stdout))
            r = say_failed(f->c, EX_IOERR, "not-written",
                           "standard output cannot be written: the last event is not done");
    }
    free(text);
    return r;
}

/* --- speaking to the adapter --- */

static void pause_ms(int64_t ms)
{
    const struct timespec t = { ms / 1000, (ms % 1000) * 1000000L };

    (void)nanosleep(&t, NULL);
}

/* One request, one reply whose "ok" is true. An adapter that was there and restarts is waited for.
 * Return: 0 with *reply (owned); 1 stopped meanwhile, or an error whose word is *word; else the
 * exit code, told. */
static int call(struct follow *f, const json_t *request, int wait_ms, const char *word,
                json_t **reply)
{
    int r, code;

    for (;;) {
        *reply = NULL;
        r = local_ask(f->c->socket, request, wait_ms + f->c->timeout_ms, reply);
        if (r == 0 || !f->heard || f->wait_ms != NEVER || r == -EACCES)
            break;
        if (!f->told)
            (void)fputs("almoner: the adapter is away; following goes on when it is back\n",
                        stderr);
        f->told = true;
        if (stopped)
            return 1;
        pause_ms(LOOK_MS);
    }
    if (r != 0)
        return stopped ? 1 : say_call_failed(f->c, r);
    f->heard = true;
    f->told = false;
    if (json_is_true(json_object_get(*reply, "ok")) &&
        strcmp(text_at(*reply, "kind"), "refusal") != 0 &&
        strcmp(text_at(*reply, "kind"), "busy") != 0)
        return 0;
    code = word && strcmp(text_at(*reply, "error"), word) == 0 ? 1 : say_reply(f->c, *reply);
    json_decref(*reply);
    *reply = NULL;
    return code;
}

static int subscribe(struct follow *f)
{
    json_t *reply;
    int r = call(f, f->subscribe, 0, NULL, &reply);

    f->change = false;
    if (r == 0)
        json_decref(reply);
    return r;
}

static int done(struct follow *f, const json_t *event)
{
    json_t *reply, *request = json_pack("{s:s, s:s, s:I}", "op", "stream-done", "stream", f->stream,
                                        "seq", (json_int_t)number_at(event, "seq"));
    int r = request ? call(f, request, 0, NULL, &reply)
                    : say_failed(f->c, EX_OSERR, "internal", "not enough memory");

    json_decref(request);
    if (r == 0)
        json_decref(reply);
    return r;
}

/* Return: 0 go on; else stop with it: 1 for no fault. Those printed are done together, those
 * executed one by one. */
static int take(struct follow *f, const json_t *events)
{
    const json_t *event, *last = NULL;
    size_t i;
    int r = 0, d = 0;

    json_array_foreach((json_t *)events, i, event)
    {
        if (stopped || f->count == 0)
            break;
        r = handle(f, event);
        if (r)
            break;
        last = event;
        f->count -= f->count > 0;
        if (f->exec) {
            d = done(f, event);
            last = NULL;
        }
        if (d)
            return d;
    }
    if (last)
        d = done(f, last);
    if (json_array_size(events))
        f->quiet_ms = clock_mono_ms();
    return r ? r : d;
}

static int look_ms(const struct follow *f)
{
    int64_t left = f->wait_ms == NEVER ? LOOK_MS : f->quiet_ms + f->wait_ms - clock_mono_ms();

    return left < 0 ? 0 : left > LOOK_MS ? LOOK_MS : (int)left;
}

/* One look. Return: 0 go on; 1 it is over; else an exit code. */
static int follow_once(struct follow *f)
{
    int wait_ms = look_ms(f), r;
    long long most = f->exec ? 1 : PAGE_MAX;
    json_t *reply, *request;

    most = f->count > 0 && f->count < most ? f->count : most;
    request = json_pack("{s:s, s:s, s:I, s:i}", "op", "stream-next", "stream", f->stream, "n",
                        (json_int_t)most, "wait_ms", wait_ms);
    r = request ? call(f, request, wait_ms, "no-stream", &reply)
                : say_failed(f->c, EX_OSERR, "internal", "not enough memory");
    json_decref(request);
    if (r == 1)
        return stopped ? 1 : subscribe(f);
    if (r)
        return r;
    r = take(f, json_object_get(reply, "events"));
    if (!r && !json_array_size(json_object_get(reply, "events")) && f->wait_ms != NEVER &&
        clock_mono_ms() - f->quiet_ms >= f->wait_ms)
        r = 1;
    json_decref(reply);
    return r;
}

int follow_run(const struct command_line *c)
{
    const struct sigaction stop = { .sa_handler = on_stop };
    struct follow f = { .c = c };
    int r = follow_begin(&f);

    (void)sigaction(SIGINT, &stop, NULL);
    (void)sigaction(SIGTERM, &stop, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    if (r == 0 && f.change)
        r = subscribe(&f);
    while (r == 0 && !stopped && f.count != 0)
        r = follow_once(&f);
    follow_deinit(&f);
    return r == 1 ? EX_OK : r;
}
