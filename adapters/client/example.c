/* SPDX-License-Identifier: Apache-2.0 */
/* example.c - a school's own system asks a question, lodges a concern and follows its inbox.
 *
 *     cc example.c $(pkg-config --cflags --libs almoner) -o example
 *     ./example /run/almoner/elm-school.sock
 *
 * Made-up people alone: run it against an exercise (deploy/quickstart), never a live adapter. */
#include <almoner/client.h>

#include <stdio.h>
#include <string.h>

#define QUIET_MS 2000 /* followed until nothing came for so long */
#define TRIES    5

static int say(const struct alm_client *client, const char *what)
{
    const struct alm_problem *p = alm_problem(client);

    (void)fprintf(stderr, "%s: %s: %s (%s)\n", what, alm_result_word(p->result), p->text, p->word);
    if (*p->way_forward)
        (void)fprintf(stderr, "what can be done: %s\n", p->way_forward);
    return p->exit_code;
}

static int ask(struct alm_client *client, const struct alm_typed_person *ben)
{
    const struct alm_practice practice = { .practitioner = "t-4",
                                           .role = "senco",
                                           .purpose = "child-protection",
                                           .basis = "safeguarding-child" };
    const struct alm_ask question = { .practice = &practice,
                                      .question = "cp-plan-current",
                                      .person = ben };
    struct alm_insight insight;

    if (alm_ask(client, &question, &insight) != ALM_CALL_DONE)
        return say(client, "ask");
    /* "no" is a no only when every holder has answered. */
    (void)printf("asked: %s (%s answered, as of %s)\n",
                 insight.said == ALM_SAID_YES ? "yes"
                 : insight.said == ALM_SAID_NO && strcmp(insight.completeness, "all") == 0
                     ? "no"
                     : "unclear",
                 insight.completeness, insight.as_of);
    return 0;
}

/* The id is ours, made once and kept (a real system writes it down before the first try): whatever
 * happens in between, the concern is lodged once. */
static int lodge(struct alm_client *client, const struct alm_typed_person *ben)
{
    const struct alm_practice practice = { .practitioner = "t-4",
                                           .role = "senco",
                                           .purpose = "concern-monitoring",
                                           .basis = "public-task" };
    char id[ALM_ID_TEXT];
    struct alm_concern concern = {
        .id = id, .practice = &practice, .person = ben, .category = "attendance", .severity = "low"
    };
    struct alm_receipt receipt;
    enum alm_result result = alm_id_new(id);

    for (int i = 0; i < TRIES; i++) {
        result = alm_concern_lodge(client, &concern, &receipt);
        if (result != ALM_CALL_TIMEOUT && result != ALM_CALL_LOST && result != ALM_CALL_TRY_LATER)
            break;
    }
    if (result != ALM_CALL_DONE)
        return say(client, "lodge");
    (void)printf("lodged: %s%s\n", receipt.message_id,
                 receipt.queued ? " (waits in the outbox)" : "");
    return 0;
}

/* Done only once it is handled: whoever is killed in between gets the same event again. */
static int follow(struct alm_client *client, const char *stream)
{
    struct alm_event event;
    enum alm_result result;

    for (;;) {
        unsigned long long seq;

        result = alm_stream_next(client, stream, QUIET_MS, &event);
        if (result != ALM_CALL_DONE)
            break;
        (void)printf("event %llu: %s from %s\n", (unsigned long long)event.seq, event.type,
                     event.from);
        if (fflush(stdout) != 0)
            return 74;
        seq = event.seq; /* the event is the client's, and ends with the next call */
        if (alm_stream_done(client, stream, seq) != ALM_CALL_DONE)
            return say(client, "done");
    }
    return result == ALM_CALL_NOTHING ? 0 : say(client, "follow");
}

int main(int argc, char **argv)
{
    const struct alm_typed_home home = { .address = "2 Hazel Court", .postcode = "ZZ9 9ZA" };
    const struct alm_typed_person ben = { .given_name = "Ben",
                                          .family_name = "Brook",
                                          .date_of_birth = "2012-05-06",
                                          .n_homes = 1,
                                          .homes = &home };
    struct alm_client *client;
    int r;

    if (argc < 2 || argc > 3) {
        (void)fprintf(stderr, "usage: example SOCKET [STREAM]\n");
        return 64;
    }
    if (alm_open(argv[1], &client) != ALM_CALL_DONE) {
        (void)fprintf(stderr, "example: this path cannot be a socket's\n");
        return 64;
    }
    (void)alm_timeout(client, 30000);
    r = ask(client, &ben);
    if (r == 0)
        r = lodge(client, &ben);
    if (r == 0)
        r = follow(client, argc > 2 ? argv[2] : "inbox");
    alm_close(client);
    return r;
}
