/* SPDX-License-Identifier: Apache-2.0 */
/* agency.c - almoner-agency: asks this agency's adapter what a command line says, and prints the
 * reply. Holds no key, opens no network. */
#include "base/clock.h"
#include "base/process.h"
#include "cli/flags.h"
#include "cli/print.h"
#include "cli/say.h"
#include "local/local.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#define LOOK_AGAIN_MS 50 /* between two looks of --wait-... */

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
        return say_call_failed(c, r);
    code = say_reply(c, status);
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
        return say_failed(c, EX_USAGE, "usage",
                          "--wait-day: a day that exists, written YYYY-MM-DD");
    if (c->wait_connected || c->wait_sent || c->wait_day)
        return run_waiting(c);
    r = local_ask(c->socket, c->request, c->timeout_ms, &reply);
    if (r != 0)
        return say_call_failed(c, r);
    r = say_reply(c, reply);
    json_decref(reply);
    return r;
}

int main(int argc, char **argv)
{
    struct command_line c;
    int r;

    if (process_private() != 0) {
        (void)fputs("almoner: cannot keep core files and other processes out\n", stderr);
        return EX_OSERR;
    }
    r = flags_read(argc, argv, &c);
    if (r != 0)
        r = say_failed(&c, r, r == EX_USAGE ? "usage" : "bad-input", c.wrong);
    else if (c.help)
        flags_help(&c);
    else
        r = c.verb && c.verb->run ? c.verb->run(&c) : run(&c);
    if (fflush(stdout) && !r) { /* whoever reads us must not take nothing for an answer */
        (void)fputs("almoner: it was done, but the output cannot be written\n", stderr);
        r = EX_IOERR;
    }
    command_line_deinit(&c);
    return r;
}
