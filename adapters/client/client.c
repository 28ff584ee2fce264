/* SPDX-License-Identifier: Apache-2.0 */
/* client.c - a client, one call, and what became of it. */
#include "client/client.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/id.h"
#include "local/local.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const struct alm_problem no_problem = {
    .word = "", .text = "", .way_forward = "", .message_id = ""
};

static const struct { /* by enum alm_result */
    const char *word;
    int exit_code;
} results[] = {
    [ALM_CALL_DONE] = { "done", EX_OK },
    [ALM_CALL_NOTHING] = { "nothing", EX_OK },
    [ALM_CALL_ARGUMENT] = { "argument", EX_USAGE },
    [ALM_CALL_NO_ADAPTER] = { "no-adapter", EX_UNAVAILABLE },
    [ALM_CALL_NOT_ALLOWED] = { "not-allowed", EX_UNAVAILABLE },
    [ALM_CALL_TIMEOUT] = { "timeout", EX_TEMPFAIL },
    [ALM_CALL_LOST] = { "lost", EX_TEMPFAIL },
    [ALM_CALL_GARBLED] = { "garbled", EX_SOFTWARE },
    [ALM_CALL_REFUSED] = { "refused", EX_NOPERM },
    [ALM_CALL_TRY_LATER] = { "try-later", EX_TEMPFAIL },
    [ALM_CALL_BAD_REQUEST] = { "bad-request", EX_DATAERR },
    [ALM_CALL_NO_SUCH] = { "no-such", EX_NOINPUT },
    [ALM_CALL_UNAVAILABLE] = { "unavailable", EX_UNAVAILABLE },
    [ALM_CALL_FAILED] = { "failed", EX_SOFTWARE },
    [ALM_CALL_MEMORY] = { "memory", EX_OSERR },
    [ALM_CALL_SYSTEM] = { "system", EX_OSERR },
};

const char *alm_result_word(enum alm_result result)
{
    return (size_t)result < ALM_LEN(results) ? results[result].word : "unknown";
}

const char *alm_version(void)
{
    return ALM_VERSION;
}

enum alm_result alm_id_new(char out[ALM_ID_TEXT])
{
    struct id id;

    if (!out)
        return ALM_CALL_ARGUMENT;
    out[0] = '\0';
    if (id_new(clock_wall_ms(), &id) != 0)
        return ALM_CALL_SYSTEM;
    id_format(&id, out);
    return ALM_CALL_DONE;
}

enum alm_result alm_open(const char *socket_path, struct alm_client **out)
{
    struct alm_client *c;

    if (!out)
        return ALM_CALL_ARGUMENT;
    *out = NULL;
    if (!socket_path || !*socket_path || strlen(socket_path) >= sizeof(c->socket))
        return ALM_CALL_ARGUMENT;
    c = calloc(1, sizeof(*c));
    if (!c)
        return ALM_CALL_MEMORY;
    memcpy(c->socket, socket_path, strlen(socket_path) + 1);
    c->timeout_ms = ALM_TIMEOUT_MS;
    c->problem = no_problem;
    *out = c;
    return ALM_CALL_DONE;
}

void client_begin(struct alm_client *c)
{
    json_decref(c->reply);
    free(c->text);
    free(c->event);
    free(c->list);
    c->reply = NULL;
    c->text = c->event = NULL;
    c->list = NULL;
    c->problem = no_problem;
}

void alm_close(struct alm_client *c)
{
    if (c)
        client_begin(c);
    free(c);
}

enum alm_result alm_timeout(struct alm_client *c, int timeout_ms)
{
    if (!c || timeout_ms < 1 || timeout_ms > ALM_TIMEOUT_MAX_MS)
        return ALM_CALL_ARGUMENT;
    c->timeout_ms = timeout_ms;
    return ALM_CALL_DONE;
}

const struct alm_problem *alm_problem(const struct alm_client *c)
{
    static const struct alm_problem no_client = { .result = ALM_CALL_ARGUMENT,
                                                  .word = "argument",
                                                  .text = "there is no client",
                                                  .way_forward = "",
                                                  .message_id = "",
                                                  .exit_code = EX_USAGE };

    return c ? &c->problem : &no_client;
}

/* The text is made when it is first asked for: most callers never do. */
const char *alm_reply(const struct alm_client *client)
{
    struct alm_client *c = (struct alm_client *)(uintptr_t)client;

    if (!c || !c->reply)
        return NULL;
    if (!c->text)
        c->text = json_dumps(c->reply, JSON_COMPACT);
    return c->text;
}

enum alm_result client_fail(struct alm_client *c, enum alm_result result, const char *word,
                            const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(c->why, sizeof(c->why), fmt, args);
    va_end(args);
    c->problem = no_problem;
    c->problem.result = result;
    c->problem.word = word;
    c->problem.text = c->why;
    c->problem.exit_code = results[result].exit_code;
    return result;
}

/* --- replies --- */
const char *reply_text(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text ? text : "";
}

uint64_t reply_number(const json_t *o, const char *key)
{
    json_int_t n = json_integer_value(json_object_get(o, key));

    return n > 0 ? (uint64_t)n : 0;
}

bool reply_true(const json_t *o, const char *key)
{
    return json_is_true(json_object_get(o, key));
}

enum alm_result reply_is(struct alm_client *c, const char *kind)
{
    if (strcmp(reply_text(c->reply, "kind"), kind) == 0)
        return ALM_CALL_DONE;
    return client_fail(c, ALM_CALL_GARBLED, "other-kind",
                       "the adapter's reply is of another kind than what was asked");
}

static enum alm_result result_of_exit(int exit_code)
{
    switch (exit_code) {
    case EX_USAGE:
    case EX_DATAERR:
        return ALM_CALL_BAD_REQUEST;
    case EX_NOINPUT:
        return ALM_CALL_NO_SUCH;
    case EX_UNAVAILABLE:
    case EX_CONFIG:
        return ALM_CALL_UNAVAILABLE;
    case EX_TEMPFAIL:
        return ALM_CALL_TRY_LATER;
    case EX_NOPERM:
        return ALM_CALL_REFUSED;
    default:
        return ALM_CALL_FAILED;
    }
}

static enum alm_result client_told(struct alm_client *c, enum alm_result result, const char *word,
                                   const char *text, int exit_code)
{
    c->problem =
        (struct alm_problem){ .result = result,
                              .word = word,
                              .text = text,
                              .way_forward = reply_text(c->reply, "way_forward"),
                              .message_id = reply_text(c->reply, "message_id"),
                              .retry_after_ms = (int64_t)reply_number(c->reply, "retry_after_ms"),
                              .exit_code = exit_code };
    return result;
}

static enum alm_result client_reply(struct alm_client *c)
{
    const char *kind = reply_text(c->reply, "kind");
    const json_t *ok = json_object_get(c->reply, "ok");
    int exit_code = (int)json_integer_value(json_object_get(c->reply, "exit"));

    (void)json_object_del(c->reply, "more"); /* of the socket's framing */
    if (json_is_false(ok) && *reply_text(c->reply, "error"))
        return client_told(c, result_of_exit(exit_code), reply_text(c->reply, "error"),
                           reply_text(c->reply, "message"), exit_code);
    if (!json_is_true(ok))
        return client_fail(c, ALM_CALL_GARBLED, "no-reply",
                           "what came is no reply of an adapter: is this its socket?");
    if (strcmp(kind, "refusal") == 0)
        return client_told(c, ALM_CALL_REFUSED, reply_text(c->reply, "reason"),
                           reply_text(c->reply, "text"), EX_NOPERM);
    if (strcmp(kind, "busy") == 0)
        return client_told(c, ALM_CALL_TRY_LATER, "busy", "the broker is busy: try again later",
                           EX_TEMPFAIL);
    return ALM_CALL_DONE;
}

static enum alm_result client_lost(struct alm_client *c, int r)
{
    switch (r) {
    case -ENOENT:
    case -ECONNREFUSED:
        return client_fail(c, ALM_CALL_NO_ADAPTER, "adapter-not-running",
                           "no adapter listens at %.180s; start it with almoner-adapter",
                           c->socket);
    case -EACCES:
        return client_fail(c, ALM_CALL_NOT_ALLOWED, "adapter-not-allowed",
                           "%.150s is not ours to use: ask whoever runs the adapter (socket_mode)",
                           c->socket);
    case -ETIMEDOUT:
        return client_fail(c, ALM_CALL_TIMEOUT, "no-answer",
                           "the adapter did not answer in time; it may have heard: repeat with "
                           "the same id");
    case -ECONNRESET:
    case -EPIPE:
        return client_fail(c, ALM_CALL_LOST, "connection-lost",
                           "the adapter hung up before it answered; it may have heard: repeat "
                           "with the same id");
    case -EBADMSG:
        return client_fail(c, ALM_CALL_GARBLED, "no-reply",
                           "what came is no reply of an adapter: is this its socket?");
    case -EMSGSIZE:
        return client_fail(c, ALM_CALL_ARGUMENT, "too-long", "the request is past %u bytes",
                           LOCAL_MESSAGE_MAX);
    case -ENOMEM:
        return client_fail(c, ALM_CALL_MEMORY, "memory", "not enough memory");
    default:
        return client_fail(c, ALM_CALL_SYSTEM, "system", "speaking to the adapter failed: %s",
                           strerror(-r));
    }
}

enum alm_result client_exchange(struct alm_client *c, const json_t *request, int extra_ms)
{
    ALM_CLEANUP(local_call_closep) struct local_call *call = NULL;
    int64_t until_ms = clock_mono_ms() + c->timeout_ms;
    int64_t left_ms;
    int r = local_call_open_within(c->socket, request, c->timeout_ms, &call);

    if (r != 0)
        return client_lost(c, r);
    left_ms = until_ms + extra_ms - clock_mono_ms();
    r = local_call_next(call, left_ms > 0 ? (int)left_ms : 0, &c->reply);
    return r < 0 ? client_lost(c, r) : client_reply(c);
}

enum alm_result alm_call(struct alm_client *c, const char *request_json, const char **reply_json)
{
    enum alm_result result;
    json_error_t error;
    json_t *request;

    if (reply_json)
        *reply_json = NULL;
    if (!c)
        return ALM_CALL_ARGUMENT;
    client_begin(c);
    request = request_json ? json_loads(request_json, JSON_REJECT_DUPLICATES, &error) : NULL;
    if (!json_is_object(request)) {
        json_decref(request);
        return client_fail(c, ALM_CALL_ARGUMENT, "no-json",
                           "a request is one JSON object in UTF-8, no key twice");
    }
    result = client_exchange(c, request, 0);
    json_decref(request);
    if (reply_json && c->reply) {
        *reply_json = alm_reply(c);
        if (!*reply_json)
            return client_fail(c, ALM_CALL_MEMORY, "memory", "not enough memory");
    }
    return result;
}
