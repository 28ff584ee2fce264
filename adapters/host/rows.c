/* SPDX-License-Identifier: Apache-2.0 */
/* rows.c - the host's side of its source: how it begins, and what is made of what it tells. */
#include "base/clock.h"
#include "base/log.h"
#include "host/keyring.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define TURN_MS 1000

static const char *const levels[] = { "", "debug", "info", "warn", "error" };

static uint8_t rows_level(const struct host *h)
{
    for (uint8_t i = LOG_DEBUG; i <= LOG_ERROR; i++) {
        if (!h->checking && strcmp(levels[i], h->config.log) == 0)
            return i;
    }
    return h->checking ? LOG_ERROR : LOG_INFO;
}

/* --- events --- */
static void report_print(const char *where, unsigned long line, const char *text)
{
    char plain[1200];

    if (line)
        (void)snprintf(plain, sizeof(plain), "%s:%lu: %s", where, line, text);
    else
        (void)snprintf(plain, sizeof(plain), "%s%s%s", where, where[0] ? ": " : "", text);
    for (char *c = plain; *c; c++) { /* a source's own bytes, on somebody's terminal */
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    }
    (void)fprintf(stderr, "%s\n", plain);
}

/* File, line and what to do: never what stood there. */
static void rows_report(void *ctx, const char *where, unsigned long line, const char *text)
{
    struct host *h = ctx;

    h->n_reports++;
    if (!h->source || source_opened(h->source) == 1)
        conf_fail(h->errors, NULL, "%s",
                  text); /* of the configuration: all its errors go together */
    else if (h->checking)
        report_print(where, line, text);
    else
        log_error("row-refused", "file=%s line=%lu text=%s", LOG_Q(where), line, LOG_Q(text));
}

/* Rows that are wrong, or too many, do not mend themselves: an adapter does not start with them. A
 * source that is away is tried again. */
static bool rows_hopeless(int r)
{
    return r == -EINVAL || r == -ENOBUFS || r == -EPROTO;
}

static void rows_failed(struct host *h, int r)
{
    bool first = !source_index(h->source);

    if (h->checking || (first && rows_hopeless(r))) {
        h->stopping = true;
        h->exit = rows_hopeless(r) ? EX_DATAERR : EX_IOERR;
    }
    if (!h->checking)
        log_error("rows-not-loaded", "error=%s text=%s", LOG_Q(strerror(-r)),
                  LOG_Q(!first ? "going on with the rows of the load before"
                        : h->stopping
                            ? "correct the rows named above, or see almoner-adapter --check"
                            : "the source is tried again; until then nothing can be said"));
}

static void rows_loaded(void *ctx, int r)
{
    struct host *h = ctx;

    if (r != 0) {
        rows_failed(h, r);
        return;
    }
    log_info("rows-loaded", "people=%zu", index_n_people(source_index(h->source)));
    h->stopping = h->stopping || h->checking;
}

static void question_answered(void *ctx, uint32_t ticket, int r, const struct alm_answer *answer)
{
    answering_came(((struct host *)ctx)->answering, ticket, r, answer);
}

static void subject_related(void *ctx, uint32_t ticket, int r, const struct alm_relationship *found)
{
    await_related(ctx, ticket, r, found);
}

static void command_done(void *ctx, uint32_t ticket, int r, struct bytes reply)
{
    await_commanded(ctx, ticket, r, reply);
}

static bool answer_ready(void *ctx, const struct alm_ready *ready)
{
    return answering_ready(((struct host *)ctx)->answering, ready);
}

/* --- the beginning --- */
void rows_turn(struct host *h)
{
    struct pollfd fds[SOURCE_FDS];
    size_t n = source_poll_fds(h->source, fds);
    int64_t now = clock_mono_ms(), due = source_due_ms(h->source);
    int64_t wait = due - now < TURN_MS ? due - now : TURN_MS;

    (void)poll(fds, n, wait < 0 ? 0 : (int)wait);
    while (source_step(h->source, clock_mono_ms()) && !h->stopping)
        continue;
}

int host_source_open(struct host *h, const char *path)
{
    const struct host_config *c = &h->config;
    struct source_setup setup = {
        .program = c->program,
        .config = path,
        .name = c->backend,
        .zone = c->zone,
        .exercise = host_config_exercise(c),
        .strict = h->checking,
        .log = rows_level(h),
        .limits = { .deadline_ms = c->deadline_ms,
                    .load_ms = c->load_s * 1000,
                    .restart_ms = c->restart_ms,
                    .restart_most_ms = c->restart_most_s * 1000,
                    .rows_most = (uint64_t)c->rows_most,
                    .bytes_most = (uint64_t)c->bytes_most },
        .key = h->checking ? &c->token : &h->serving,
        .events = { .ctx = h,
                    .answered = question_answered,
                    .related = subject_related,
                    .commanded = command_done,
                    .ready = answer_ready,
                    .report = rows_report,
                    .loaded = rows_loaded,
                    .index_new = h->checking ? NULL : keyring_index_new },
    };
    int r = source_new(&setup, clock_mono_ms(), &h->source);

    while (r == 0 && source_opened(h->source) == 1)
        rows_turn(h);
    return r ? r : source_opened(h->source);
}
