/* SPDX-License-Identifier: Apache-2.0 */
/* say.c - a reply, or what went wrong, to whoever ran the command: in words, or as JSON. */
#include "cli/say.h"

#include "cli/flags.h"
#include "cli/print.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

int say_failed(const struct command_line *c, int code, const char *word, const char *message)
{
    json_t *error;

    if (!c->json) {
        (void)fprintf(stderr, "almoner: %s\n", message);
        return code;
    }
    error =
        json_pack("{s:b, s:s, s:s, s:i}", "ok", 0, "error", word, "message", message, "exit", code);
    (void)json_dumpf(error, stdout, JSON_COMPACT);
    (void)puts("");
    json_decref(error);
    return code;
}

int say_call_failed(const struct command_line *c, int r)
{
    char text[400];

    switch (r) {
    case -ENOENT:
    case -ECONNREFUSED:
        (void)snprintf(
            text, sizeof(text),
            "no adapter listens at %.200s; start it with almoner-adapter, or say --socket PATH",
            c->socket);
        return say_failed(c, EX_UNAVAILABLE, "adapter-not-running", text);
    case -EACCES:
        (void)snprintf(text, sizeof(text),
                       "%.200s is not yours to use: ask whoever runs the adapter (socket_mode)",
                       c->socket);
        return say_failed(c, EX_UNAVAILABLE, "adapter-not-allowed", text);
    case -ETIMEDOUT:
        return say_failed(
            c, EX_TEMPFAIL, "no-answer",
            "the adapter did not answer in time; try again, or with a longer --timeout");
    default:
        (void)snprintf(text, sizeof(text), "speaking to the adapter at %.200s failed: %s",
                       c->socket, strerror(-r));
        return say_failed(c, EX_UNAVAILABLE, "adapter-failed", text);
    }
}

int say_reply(const struct command_line *c, json_t *reply)
{
    const char *word = json_string_value(json_object_get(reply, "error"));
    const char *message = json_string_value(json_object_get(reply, "message"));

    (void)json_object_del(reply, "more"); /* of the socket's framing */
    if (!c->json && !json_is_true(json_object_get(reply, "ok")))
        return say_failed(c, print_exit(reply), word ? word : "failed",
                          message ? message : "the adapter could not do it");
    if (c->json) {
        (void)json_dumpf(reply, stdout, JSON_COMPACT);
        (void)puts("");
    } else {
        print_reply(reply);
    }
    return print_exit(reply);
}
