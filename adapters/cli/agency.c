/* SPDX-License-Identifier: Apache-2.0 */
/* agency.c - almoner-agency: asks this agency's adapter what a command line says, and prints the
 * reply. Holds no key, opens no network. */
#include "base/clock.h"
#include "cli/flags.h"
#include "cli/print.h"
#include "local/local.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#define LOOK_AGAIN_MS 50 /* between two looks of --wait-... */

static int fail(const struct command_line *c, int code, const char *word, const char *message)
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

static int fail_call(const struct command_line *c, int r)
{
    char text[400];

    switch (r) {
    case -ENOENT:
    case -ECONNREFUSED:
        (void)snprintf(
            text, sizeof(text),
            "no adapter listens at %.200s; start it with almoner-adapter, or say --socket PATH",
            c->socket);
        return fail(c, EX_UNAVAILABLE, "adapter-not-running", text);
    case -EACCES:
        (void)snprintf(text, sizeof(text),
                       "%.200s is not yours to use: ask whoever runs the adapter (socket_mode)",
                       c->socket);
        return fail(c, EX_UNAVAILABLE, "adapter-not-allowed", text);
    case -ETIMEDOUT:
        return fail(c, EX_TEMPFAIL, "no-answer",
                    "the adapter did not answer in time; try again, or with a longer --timeout");
    default:
        (void)snprintf(text, sizeof(text), "speaking to the adapter at %.200s failed: %s",
                       c->socket, strerror(-r));
        return fail(c, EX_UNAVAILABLE, "adapter-failed", text);
    }
}

static int show(const struct command_line *c, json_t *reply)
{
    const char *word = json_string_value(json_object_get(reply, "error"));
    const char *message = json_string_value(json_object_get(reply, "message"));

    (void)json_object_del(reply, "more"); /* of the socket's framing */
    if (!c->json && !json_is_true(json_object_get(reply, "ok")))
        return fail(c, print_exit(reply), word ? word : "failed",
                    message ? message : "the adapter could not do it");
    if (c->json) {
        (void)json_dumpf(reply, stdout, JSON_COMPACT);
        (void)puts("");
    } else {
        print_reply(reply);
    }
    return print_exit(reply);
}

/* Whether a status is what --wait-... waits for. ISO days compare as text. */
static bool status_is_it(const struct command_line *c, const json_t *status)
{
    const char *day = json_string_value(json_object_get(status, "civil_day"));

    if (c->wait_connected && !json_is_true(json_object_get(status, "connected")))
        return false;
    if (c->wait_sent && json_integer_value(json_object_get(status, "outbox")) != 0)
        return false;
    return !c->wait_day || (day && strcmp(day, c->wait_day) >= 0);
}

static void wait_a_little(void)
{
    const struct timespec pause = { 0, LOOK_AGAIN_MS * 1000000L };

    (void)nanosleep(&pause, NULL);
}

static int run_waiting(const struct command_line *c)
{
    int64_t end = clock_mono_ms() + c->timeout_ms;
    json_t *status = NULL;
    int r, code;

    for (;;) {
        json_decref(status);
        status = NULL;
        r = local_ask(c->socket, c->request, c->timeout_ms, &status);
        if (r == 0 && (!json_is_true(json_object_get(status, "ok")) || status_is_it(c, status)))
            break;
        if (clock_mono_ms() >= end)
            break;
        wait_a_little();
    }
    if (r != 0)
        return fail_call(c, r);
    code = show(c, status);
    if (code == EX_OK && !status_is_it(c, status)) {
        if (!c->json)
            (void)fputs("almoner: waited in vain; try again, or with a longer --timeout\n", stderr);
        code = EX_TEMPFAIL;
    }
    json_decref(status);
    return code;
}

static int run(const struct command_line *c)
{
    json_t *reply = NULL;
    int32_t day;
    int r;

    if (c->wait_day && civil_parse(c->wait_day, &day) != 0)
        return fail(c, EX_USAGE, "usage", "--wait-day: a day that exists, written YYYY-MM-DD");
    if (c->wait_connected || c->wait_sent || c->wait_day)
        return run_waiting(c);
    r = local_ask(c->socket, c->request, c->timeout_ms, &reply);
    if (r != 0)
        return fail_call(c, r);
    r = show(c, reply);
    json_decref(reply);
    return r;
}

int main(int argc, char **argv)
{
    struct command_line c;
    int r = flags_read(argc, argv, &c);

    if (r != 0)
        r = fail(&c, r, r == EX_USAGE ? "usage" : "bad-input", c.wrong);
    else if (c.help)
        flags_help(c.command);
    else
        r = run(&c);
    command_line_deinit(&c);
    return r;
}
