/* SPDX-License-Identifier: Apache-2.0 */
/* deliveries.c - what waits for agencies, as operators see it: counts and ages, never content; and
 * dead letters put back. */
#include "base/clock.h"
#include "officer.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* "3 d", "2 h", "5 min": how long the oldest has waited. */
static void print_age(int64_t since_ms, char *out, size_t size)
{
    int64_t s = since_ms ? (clock_wall_ms() - since_ms) / 1000 : 0;

    if (!since_ms)
        (void)snprintf(out, size, "-");
    else if (s >= 2 * 86400)
        (void)snprintf(out, size, "%" PRId64 " d", s / 86400);
    else if (s >= 2 * 3600)
        (void)snprintf(out, size, "%" PRId64 " h", s / 3600);
    else
        (void)snprintf(out, size, "%" PRId64 " min", s < 0 ? 0 : s / 60);
}

void print_streams(const json_t *streams)
{
    static const char *const titles[] = { "stream of", "stream", "last",   "acknowledged",
                                          "waiting",   "oldest", "credit", "dead letters" };
    struct table *t = json_array_size(streams) ? table_new(ALM_LEN(titles), titles) : NULL;
    json_t *q;
    size_t i;

    json_array_foreach(streams, i, q)
    {
        static const char *const keys[] = { "last", "acked", "waiting", "credit", "dead" };
        char text[ALM_LEN(keys)][24], age[24];

        for (size_t k = 0; k < ALM_LEN(keys); k++)
            (void)snprintf(text[k], sizeof(text[k]), "%" JSON_INTEGER_FORMAT,
                           reply_number(q, keys[k]));
        print_age((int64_t)reply_number(q, "oldest_ms"), age, sizeof(age));
        if (t)
            table_row(
                t, (const char *const[]){
                       reply_text(q, "agency"), reply_text(q, "stream"), text[0], text[1], text[2], age,
                       json_is_true(json_object_get(q, "ended")) ? "ended" : text[3], text[4] });
    }
    table_print(t);
}

static void print_dead(const json_t *reply)
{
    print_streams(json_object_get(reply, "dead_letters"));
}

int command_dead_list(struct officer_session *s)
{
    return reply_show_list(s, "dead-letters", "dead_letters", "no dead letters", print_dead);
}

int command_dead_requeue(struct officer_session *s)
{
    int rc = officer_check_id(s, "agency", s->args->operands[2]);

    if (!rc)
        rc = officer_check_id(s, "stream", s->args->operands[3]);
    return rc ? rc
              : change_run(s, "dead-letters-requeue", 1,
                           json_pack("{s:s, s:s}", "agency", s->args->operands[2], "stream",
                                     s->args->operands[3]));
}
