/* SPDX-License-Identifier: Apache-2.0 */
/* lodge.c - concerns lodged, streams followed. */
#include "client/client.h"

#include <stdlib.h>
#include <string.h>

static enum alm_result receipt_read(struct request *r, struct alm_receipt *out)
{
    struct alm_client *c = r->client;
    enum alm_result result = request_call(r, 0);

    if (result == ALM_CALL_DONE)
        result = reply_is(c, "receipt");
    if (result != ALM_CALL_DONE)
        return result;
    *out = (struct alm_receipt){ .message_id = reply_text(c->reply, "message_id"),
                                 .queued = reply_true(c->reply, "queued"),
                                 .leaf = reply_number(c->reply, "leaf"),
                                 .at = reply_text(c->reply, "at") };
    return ALM_CALL_DONE;
}

enum alm_result alm_concern_lodge(struct alm_client *c, const struct alm_concern *concern,
                                  struct alm_receipt *out)
{
    struct request r;

    if (!c || !concern || !out)
        return ALM_CALL_ARGUMENT;
    memset(out, 0, sizeof(*out));
    r = request_new(c, "concern-lodge");
    request_text(&r, "id", concern->id);
    request_practice(&r, concern->practice);
    request_person(&r, concern->person);
    request_home(&r, "household", concern->household);
    request_home(&r, "at_home", concern->at_home);
    request_text(&r, "category", concern->category);
    request_text(&r, "severity", concern->severity);
    request_text(&r, "area", concern->area);
    request_text(&r, "observed_on", concern->observed_on);
    request_text(&r, "expires_on", concern->expires_on);
    request_text(&r, "origin", concern->origin);
    request_text(&r, "contact_route", concern->contact_route);
    return receipt_read(&r, out);
}

enum alm_result alm_concern_withdraw(struct alm_client *c, const struct alm_practice *practice,
                                     const char *concern, const char *id, struct alm_receipt *out)
{
    struct request r;

    if (!c || !out)
        return ALM_CALL_ARGUMENT;
    memset(out, 0, sizeof(*out));
    r = request_new(c, "concern-withdraw");
    request_text(&r, "id", id);
    request_practice(&r, practice);
    request_text(&r, "concern", concern);
    return receipt_read(&r, out);
}

enum alm_result alm_stream_subscribe(struct alm_client *c, const struct alm_subscription *s,
                                     struct alm_receipt *out)
{
    struct request r;

    if (!c || !s || !out)
        return ALM_CALL_ARGUMENT;
    memset(out, 0, sizeof(*out));
    r = request_new(c, "stream-subscribe");
    request_practice(&r, s->practice);
    request_text(&r, "stream", s->stream);
    request_list(&r, "areas", s->areas);
    request_list(&r, "categories", s->categories);
    request_list(&r, "triggers", s->triggers);
    request_text(&r, "severity_least", s->severity_least);
    request_number(&r, "credit", s->credit);
    request_number(&r, "from", s->from);
    return receipt_read(&r, out);
}

static enum alm_result event_read(struct alm_client *c, struct alm_event *out)
{
    const json_t *events = json_object_get(c->reply, "events");
    const json_t *e = json_array_get(events, 0);

    if (!json_is_array(events))
        return client_fail(c, ALM_CALL_GARBLED, "no-events", "the adapter's reply has no events");
    if (!e)
        return ALM_CALL_NOTHING;
    if (!reply_number(e, "seq"))
        return client_fail(c, ALM_CALL_GARBLED, "no-seq", "the adapter's event has no number");
    c->event = json_dumps(e, JSON_COMPACT);
    if (!c->event)
        return client_fail(c, ALM_CALL_MEMORY, "memory", "not enough memory");
    *out = (struct alm_event){ .seq = reply_number(e, "seq"),
                               .event = reply_text(e, "event"),
                               .type = reply_text(e, "type"),
                               .at = reply_text(e, "at"),
                               .from = reply_text(e, "from"),
                               .again = reply_true(e, "again"),
                               .waiting = reply_number(c->reply, "waiting"),
                               .json = c->event };
    return ALM_CALL_DONE;
}

enum alm_result alm_stream_next(struct alm_client *c, const char *stream, int wait_ms,
                                struct alm_event *out)
{
    enum alm_result result;
    struct request r;

    if (!c || !out)
        return ALM_CALL_ARGUMENT;
    memset(out, 0, sizeof(*out));
    r = request_new(c, "stream-next");
    if (wait_ms < 0 || wait_ms > ALM_WAIT_MAX_MS)
        request_fault(&r, "wait_ms is 0 to 60000");
    request_text(&r, "stream", stream);
    request_number(&r, "n", 1);
    request_number(&r, "wait_ms", wait_ms > 0 ? (uint64_t)wait_ms : 0);
    result = request_call(&r, wait_ms);
    if (result == ALM_CALL_DONE)
        result = reply_is(c, "events");
    return result == ALM_CALL_DONE ? event_read(c, out) : result;
}

enum alm_result alm_stream_done(struct alm_client *c, const char *stream, uint64_t seq)
{
    enum alm_result result;
    struct request r;

    if (!c)
        return ALM_CALL_ARGUMENT;
    r = request_new(c, "stream-done");
    if (!seq)
        request_fault(&r, "seq is the number of an event: 1 or more");
    request_text(&r, "stream", stream);
    request_number(&r, "seq", seq);
    result = request_call(&r, 0);
    return result == ALM_CALL_DONE ? reply_is(c, "done") : result;
}
