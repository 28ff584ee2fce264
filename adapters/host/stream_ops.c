/* SPDX-License-Identifier: Apache-2.0 */
/* stream_ops.c - subscriptions, and reading what was delivered: the next events, what is done, what
 * waits. */
#include "base/clock.h"
#include "base/log.h"
#include "host/events.h"
#include "host/ops.h"
#include "host/request.h"
#include "host/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define WAITERS_MAX    32
#define NEXT_MAX       32
#define WAIT_MAX_MS    60000
#define CREDIT_DEFAULT 64
#define CREDIT_MAX     1024

struct waiter { /* a reader whose stream is empty */
    bool taken;
    uint64_t client;
    name_t stream;
    int64_t n, due_ms;
};
struct waiters {
    struct waiter at[WAITERS_MAX];
};

int waiters_new(struct waiters **out)
{
    *out = calloc(1, sizeof(**out));
    return *out ? 0 : -ENOMEM;
}

struct waiters *waiters_free(struct waiters *w)
{
    free(w);
    return NULL;
}

static json_t *stream_name(const json_t *o, bool required, name_t out)
{
    json_t *wrong = request_name(o, "stream", required, out);

    if (!wrong && !out[0])
        memcpy(out, "inbox", sizeof("inbox"));
    return wrong;
}

static json_t *no_stream(const char *stream)
{
    return local_error("no-stream", EX_NOINPUT,
                       "there is no stream \"%s\" here; subscribe to it first", stream);
}

static json_t *stream_failed(int r)
{
    return local_error("inbox-failed", EX_IOERR, "the inbox could not be written: %s",
                       strerror(-r));
}

/* --- subscriptions --- */
static json_t *subscribe_filter(const json_t *o, struct msg_subscribe *s)
{
    int64_t credit = CREDIT_DEFAULT, from = 0;
    json_t *wrong = request_names(o, "areas", s->areas, FILTER_MAX, &s->n_areas);

    if (!wrong)
        wrong = request_names(o, "categories", s->categories, FILTER_MAX, &s->n_categories);
    if (!wrong)
        wrong = request_names(o, "triggers", s->triggers, FILTER_MAX, &s->n_triggers);
    if (!wrong)
        wrong = request_word(o, "severity_least", WORDS_SEVERITY, false, &s->severity_least);
    if (!wrong)
        wrong = request_number(o, "credit", 1, CREDIT_MAX, CREDIT_DEFAULT, &credit);
    if (!wrong)
        wrong = request_number(o, "from", 1, INT64_MAX, 0, &from);
    if (wrong)
        return wrong;
    s->credit = (uint16_t)credit;
    s->from = (uint64_t)from;
    if (strcmp(s->stream, "inbox") != 0)
        return NULL;
    if (s->n_areas || s->n_categories || s->n_triggers || s->severity_least ||
        request_has(o, "credit"))
        return local_error("bad-field", EX_DATAERR,
                           "inbox takes no filter: it is what is sent to this agency");
    return s->from ? NULL
                   : ops_missing("from is missing: from which seq inbox is to be read again");
}

/* The reader's mark goes back at once; what is no longer here comes again from the broker. */
static json_t *subscribe_here(struct host *h, const struct msg_subscribe *s)
{
    int r = inbox_stream(h->inbox, s->stream);

    if (r == -ENOSPC)
        return local_error("too-many-streams", EX_CANTCREAT,
                           "this adapter holds %d streams already", INBOX_STREAMS_MAX);
    if (r == 0 && s->from)
        r = inbox_again(h->inbox, s->stream, s->from);
    if (r == 0 && s->from)
        inbox_hold(h->inbox, s->stream, &h->out->id);
    return r == 0 ? NULL : stream_failed(r);
}

static json_t *op_subscribe(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { OPS_PRACTICE, "stream",   "areas",
                                        "categories", "triggers", "severity_least",
                                        "credit",     "from",     NULL };
    struct msg_subscribe *s = &h->out->subscribe;
    json_t *wrong = lodge_begin(h, o, keys, MSG_SUBSCRIBE);

    if (!wrong)
        wrong = request_name(o, "stream", true, s->stream);
    if (!wrong && strcmp(s->stream, INBOX_SENT) == 0)
        wrong = local_error("bad-field", EX_DATAERR, "%s is the adapter's own; choose another name",
                            INBOX_SENT);
    if (!wrong)
        wrong = subscribe_filter(o, s);
    if (!wrong)
        wrong = subscribe_here(h, s);
    return wrong ? wrong : ops_lodge(h, client);
}

static json_t *op_end(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { OPS_PRACTICE, "stream", NULL };
    struct msg_subscribe *s = &h->out->subscribe;
    json_t *wrong = lodge_begin(h, o, keys, MSG_SUBSCRIBE);

    if (!wrong)
        wrong = request_name(o, "stream", true, s->stream);
    if (!wrong && strcmp(s->stream, "inbox") == 0)
        wrong = local_error("bad-field", EX_DATAERR,
                            "inbox cannot be ended: it is what is sent to this agency");
    s->end = true;
    return wrong ? wrong : ops_lodge(h, client);
}

/* --- reading --- */
static json_t *event_read(struct host *h, const char *stream, const struct inbox_item *item,
                          struct buf *body)
{
    int r = inbox_body(h->inbox, stream, item, body);

    if (r == -EBADMSG)
        return event_damaged(stream, item);
    if (r != 0)
        return NULL; /* an error of the disk: the same comes next time */
    if (wire_decode(buf_view(body), h->seen) != WIRE_OK || h->seen->type != MSG_DELIVER) {
        log_error("inbox-unreadable", "stream=%s seq=%llu", stream, (unsigned long long)item->seq);
        return event_damaged(stream, item);
    }
    return event_json(h, &h->seen->deliver);
}

static json_t *events_reply(struct host *h, const char *stream, int64_t n)
{
    ALM_CLEANUP(buf_deinit) struct buf body;
    size_t waiting = inbox_waiting(h->inbox, stream);
    json_t *list = json_array();
    struct inbox_item item;

    buf_init(&body, WIRE_FRAME_MAX);
    for (size_t i = 0; list && i < (size_t)n && inbox_at(h->inbox, stream, i, &item); i++) {
        json_t *event = event_read(h, stream, &item, &body);

        if (!event) {
            json_decref(list);
            return local_error("inbox-failed", EX_IOERR,
                               "an event could not be read; the log says which");
        }
        (void)json_array_append_new(list, event);
    }
    crypto_wipe(h->seen, sizeof(*h->seen));
    return json_pack("{s:b, s:s, s:s, s:o, s:I}", "ok", 1, "kind", "events", "stream", stream,
                     "events", list, "waiting", (json_int_t)waiting);
}

static json_t *wait_for(struct host *h, uint64_t client, const char *stream, int64_t n,
                        int64_t wait_ms)
{
    for (size_t i = 0; i < WAITERS_MAX; i++) {
        struct waiter *w = &h->waiters->at[i];

        if (w->taken)
            continue;
        *w = (struct waiter){
            .taken = true, .client = client, .n = n, .due_ms = clock_mono_ms() + wait_ms
        };
        (void)snprintf(w->stream, sizeof(w->stream), "%s", stream);
        return NULL;
    }
    return local_error("busy", EX_TEMPFAIL, "too many readers wait for events already");
}

static json_t *op_next(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { OPS_PRACTICE, "stream", "n", "wait_ms", NULL };
    int64_t n, wait_ms;
    name_t stream;
    json_t *wrong = request_only(o, keys);

    if (!wrong)
        wrong = stream_name(o, false, stream);
    if (!wrong)
        wrong = request_number(o, "n", 1, NEXT_MAX, 1, &n);
    if (!wrong)
        wrong = request_number(o, "wait_ms", 0, WAIT_MAX_MS, 0, &wait_ms);
    if (wrong)
        return wrong;
    if (!inbox_has_stream(h->inbox, stream))
        return no_stream(stream);
    if (wait_ms && !inbox_waiting(h->inbox, stream))
        return wait_for(h, client, stream, n, wait_ms);
    ops_reply_now(h, client, events_reply(h, stream, n));
    return NULL;
}

int64_t streams_wake(struct host *h, int64_t now_ms)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < WAITERS_MAX; i++) {
        struct waiter *w = &h->waiters->at[i];

        if (!w->taken)
            continue;
        if (inbox_waiting(h->inbox, w->stream) || w->due_ms <= now_ms) {
            w->taken = false;
            ops_reply_now(h, w->client, events_reply(h, w->stream, w->n));
        } else if (!local_client_alive(h->server, w->client)) {
            w->taken = false;
        } else if (w->due_ms < next) {
            next = w->due_ms;
        }
    }
    return next;
}

static json_t *op_done(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { OPS_PRACTICE, "stream", "seq", NULL };
    int64_t seq;
    name_t stream;
    json_t *wrong = request_only(o, keys);
    int r;

    if (!wrong)
        wrong = stream_name(o, false, stream);
    if (!wrong)
        wrong = request_number(o, "seq", 1, INT64_MAX, 0, &seq);
    if (!wrong && !seq)
        wrong = ops_missing("seq is missing: everything up to it is done");
    if (wrong)
        return wrong;
    r = inbox_done(h->inbox, stream, (uint64_t)seq);
    if (r == -ENOENT)
        return no_stream(stream);
    if (r != 0)
        return stream_failed(r);
    ops_reply_now(h, client,
                  json_pack("{s:b, s:s, s:s, s:I}", "ok", 1, "kind", "done", "stream", stream,
                            "seq", (json_int_t)seq));
    return NULL;
}

/* --- how it stands: the broker's cursor beside the reader's --- */
static uint64_t done_here(const struct host *h, const struct msg_stream_entry *e)
{
    for (size_t i = 0; i < inbox_n_streams(h->inbox); i++) {
        struct inbox_stream_state s = inbox_state(h->inbox, i);

        if (strcmp(s.stream, e->stream) != 0)
            continue;
        if (s.waiting)
            return s.done;
        return s.last > e->acked ? s.last : e->acked; /* all that came is done */
    }
    return e->acked;
}

static json_t *status_came(struct host *h, struct pending *p, const struct msg *m)
{
    const struct msg_stream_status *s = &m->stream_status;
    json_t *list = json_array();

    if (m->type != MSG_STREAM_STATUS) {
        json_decref(list);
        return local_error("internal", EX_SOFTWARE, "the broker's reply is of another kind");
    }
    for (size_t i = 0; list && i < s->n; i++) {
        const struct msg_stream_entry *e = &s->entries[i];
        uint64_t done = done_here(h, e);

        (void)json_array_append_new(
            list,
            json_pack("{s:s,s:I,s:I,s:I,s:I,s:o,s:i}", "stream", e->stream, "last",
                      (json_int_t)e->last, "acked", (json_int_t)e->acked, "done", (json_int_t)done,
                      "lag", (json_int_t)(e->last > done ? e->last - done : 0), "oldest",
                      event_time(e->oldest_ms), "credit", (int)e->credit));
    }
    ops_reply_now(h, p->client,
                  json_pack("{s:b, s:s, s:o}", "ok", 1, "kind", "streams", "streams", list));
    return NULL;
}

static json_t *op_status(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { OPS_PRACTICE, NULL };
    const struct pending of = ops_first(h, client, o);
    json_t *wrong = ops_query_begin(h, o, keys, MSG_STREAM_QUERY, false);

    return wrong ? wrong : ops_step(h, &of, status_came);
}

static const struct op streams[] = {
    { "stream-subscribe", op_subscribe, true }, { "stream-end", op_end, true },
    { "stream-next", op_next, false },          { "stream-done", op_done, false },
    { "stream-status", op_status, false },
};
const struct op_table ops_streams = { streams, ALM_LEN(streams) };
