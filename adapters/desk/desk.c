/* SPDX-License-Identifier: Apache-2.0 */
/* desk.c - a person as a source: the operations of include/almoner/adapter.h.
 *
 * Whoever is on the organisation's list is asked about by hand; about everybody else the last statement
 * that the list is complete answers. */
#include "desk/desk.h"
#include "desk/backend.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DAY_MS 86400000LL

static void desk_close(void *backend)
{
    struct desk *d = backend;

    if (!d)
        return;
    d->book = book_close(d->book);
    d->people = register_free(d->people);
    d->config = desk_config_free(d->config);
    free(d);
}

static int desk_open(const struct alm_setup *setup, void **out)
{
    struct desk *d = calloc(1, sizeof(*d));
    int r;

    if (!d)
        return -ENOMEM;
    r = crypto_init();
    if (r == 0)
        r = desk_config_read(setup, &d->config);
    if (r != 0) {
        desk_close(d);
        return r;
    }
    *out = d;
    return 0;
}

/* Notes size and time of the list. Return: whether either differs from what was noted. */
static bool list_look(struct desk *d)
{
    struct stat st = { 0 };
    int64_t written;
    bool changed;

    if (stat(d->config->people, &st) != 0)
        st = (struct stat){ 0 };
    written = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    changed = written != d->list_written_ns || (int64_t)st.st_size != d->list_size;
    d->list_written_ns = written;
    d->list_size = st.st_size;
    return changed;
}

/* Whoever was taken off the list, or is missing from a file that was cut off, was known when it was stated:
 * "not known" about them would be said in somebody's name who never said it. */
static bool list_shorter(const struct desk *d, const struct book_statement *s)
{
    return d->people && d->people->n_people < s->people;
}

static int desk_load(void *backend, const struct alm_sink *sink, bool strict)
{
    struct desk *d = backend;
    struct book_statement s;
    int r;

    (void)list_look(d);
    r = register_load(d->config, sink, strict, &d->people);
    if (r != 0)
        return r;
    r = book_open(d->config->book, d->config->keep_days, clock_wall_ms(), &d->book);
    if (r != 0) {
        sink->report(sink->ctx, d->config->book, 0, strerror(-r));
        return -EINVAL;
    }
    if (book_statements(d->book, &s, 1) > 0 && list_shorter(d, &s))
        log_warn("desk-list-shorter", "people=%zu stated=%llu", d->people->n_people, (unsigned long long)s.people);
    return 0;
}

static int desk_changed(void *backend)
{
    struct desk *d = backend;
    int64_t now = clock_mono_ms();

    if (!d->config->reload_s || now - d->looked_ms < d->config->reload_s * 1000)
        return 0;
    d->looked_ms = now;
    return list_look(d);
}

static void desk_describe(void *backend, struct alm_state *out)
{
    const struct desk *d = backend;
    struct book_statement s;

    *out = (struct alm_state){ .data_day = ALM_DAY_NONE };
    if (d->config->exercise)
        return;
    if (desk_statement(d, clock_wall_ms(), &s))
        out->data_day = civil_today(s.at_ms);
    else
        out->partial = true; /* whether somebody is missing from the list nobody has said */
}

bool desk_statement(const struct desk *d, int64_t now_ms, struct book_statement *out)
{
    int r = d->book ? book_statements(d->book, out, 1) : -ENOENT;

    if (r < 0 && r != -ENOENT)
        log_error("desk-statements-unreadable", "error=%s",
                  LOG_Q(r == -EBADMSG ? "a line does not follow from the one before" : strerror(-r)));
    return r > 0 && out->at_ms <= now_ms && now_ms - out->at_ms <= d->config->statement_days * DAY_MS &&
           !list_shorter(d, out);
}

void desk_not_known(const struct desk *d, const struct book_statement *by, struct alm_answer *out)
{
    out->value = ALM_NOT_KNOWN;
    out->by_ms = by->at_ms;
    memcpy(out->by, by->by, sizeof(out->by));
    out->data_as_of = d->config->exercise ? ALM_DAY_NONE : civil_today(by->at_ms);
}

/* Of somebody who is not on the list. */
static void answer_by_statement(const struct desk *d, int64_t now_ms, struct alm_answer *out)
{
    struct book_statement s;

    if (desk_statement(d, now_ms, &s)) {
        desk_not_known(d, &s, out);
        return;
    }
    out->value = ALM_CANNOT_SAY;
    out->cause = ALM_STALE;
}

static void cannot_say(struct alm_answer *out, enum alm_cause cause)
{
    out->value = ALM_CANNOT_SAY;
    out->cause = (uint8_t)cause;
}

/* Nobody, and no home, on the list. */
static bool unknown(const struct alm_question *q)
{
    return q->about_household ? q->household.n == 0 : !q->person;
}

/* A text that does not fit is a question that we could not show as it was asked. */
static int question_new(const struct alm_question *q, int64_t now_ms, struct book_question *out)
{
    const char *about = unknown(q) ? "" : q->about_household ? q->household.homes[0] : q->person;
    const char *place = q->has_parameter && q->parameter.n ? q->parameter.homes[0] : "";

    memset(out, 0, sizeof(*out));
    hex_encode(q->key, ALM_KEY_LEN, out->key);
    out->involvement = q->involvement;
    out->household = q->about_household;
    out->as_of = q->as_of;
    out->asked_ms = now_ms;
    out->due_ms = now_ms + q->within_ms;
    out->answer.since = ALM_DAY_NONE;
    out->answer.data_as_of = ALM_DAY_NONE;
    return text_copy(out->question, sizeof(out->question), q->id) ||
                   text_copy(out->about, sizeof(out->about), about) ||
                   text_copy(out->place, sizeof(out->place), place) ||
                   text_copy(out->purpose, sizeof(out->purpose), q->purpose ? q->purpose : "") ||
                   text_copy(out->asker, sizeof(out->asker), q->asker ? q->asker : "")
               ? -EINVAL
               : 0;
}

/* The same question again gets what was answered, or waits on. */
static int answer_known(const struct book_question *known, struct alm_answer *out)
{
    if (known->state == BOOK_OPEN)
        return ALM_LATER;
    if (known->state == BOOK_OVER && known->end == BOOK_LAPSED)
        cannot_say(out, ALM_FAILED);
    else
        *out = known->answer;
    return 0;
}

static int desk_answer(void *backend, const struct alm_question *q, struct alm_answer *out)
{
    struct desk *d = backend;
    int64_t now = clock_wall_ms();
    struct book_question question;
    char key[BOOK_KEY_TEXT];
    int r;

    if (!d->book)
        return -ENODATA;
    /* An answer that comes at once where a listed person's takes hours would tell who is on the list. */
    if (unknown(q) && (!q->by_hand || strcmp(d->config->unknown, "at-once") == 0)) {
        answer_by_statement(d, now, out);
        return 0;
    }
    hex_encode(q->key, ALM_KEY_LEN, key);
    r = book_find(d->book, key, &question);
    if (r == 0)
        return answer_known(&question, out);
    if (r != -ENOENT)
        return r;
    if (!q->by_hand) { /* nobody answers by hand within two seconds: the policy's desk_hours says so */
        log_warn("desk-not-by-hand", "question=%s", q->involvement ? "who-is-involved" : q->id);
        cannot_say(out, ALM_UNSUPPORTED);
        return 0;
    }
    r = question_new(q, now, &question);
    if (r == 0)
        r = book_ask(d->book, &question, (size_t)d->config->open_most);
    if (r == -ENOBUFS)
        log_warn("desk-full", "open_most=%lld", (long long)d->config->open_most);
    return r == 0 ? ALM_LATER : r;
}

static int desk_relate(void *backend, const struct alm_subject *s, struct alm_relationship *out)
{
    const struct desk *d = backend;

    if (!d->people)
        return -ENODATA;
    register_relate(d->people, s, out);
    return 0;
}

int desk_lapse(struct desk *d, int64_t now_ms)
{
    for (;;) {
        struct book_question q;
        int n = book_list(d->book, BOOK_OPEN, &q, 1); /* the one due first */

        if (n <= 0)
            return n;
        if (q.due_ms > now_ms)
            return 0;
        q.end = BOOK_LAPSED;
        cannot_say(&q.answer, ALM_FAILED);
        n = book_move(d->book, &q, BOOK_OVER);
        if (n != 0)
            return n;
        log_warn("desk-question-lapsed", "key=%s", q.key);
    }
}

static int desk_ready(void *backend, struct alm_ready *out)
{
    struct desk *d = backend;
    struct book_question q;
    int n;

    if (!d->book)
        return 0;
    n = desk_lapse(d, clock_wall_ms());
    if (n == 0)
        n = book_list(d->book, BOOK_GIVEN, &q, 1);
    if (n <= 0)
        return n;
    out->answer = q.answer;
    return hex_decode(q.key, out->key, sizeof(out->key)) == 0 ? 1 : -EBADMSG;
}

static int desk_sent(void *backend, const uint8_t key[ALM_KEY_LEN])
{
    struct desk *d = backend;
    struct book_question q;
    char text[BOOK_KEY_TEXT];
    int r;

    hex_encode(key, ALM_KEY_LEN, text);
    if (!d->book)
        return -ENODATA;
    r = book_find(d->book, text, &q);
    if (r != 0 || q.state == BOOK_OVER)
        return r;
    return q.state == BOOK_GIVEN ? book_move(d->book, &q, BOOK_OVER) : -EINVAL;
}

const struct alm_backend backend_desk = {
    .name = "desk",
    .keeps_rows = true,
    .open = desk_open,
    .load = desk_load,
    .answer = desk_answer,
    .relate = desk_relate,
    .describe = desk_describe,
    .changed = desk_changed,
    .command = desk_command,
    .ready = desk_ready,
    .sent = desk_sent,
    .close = desk_close,
};
