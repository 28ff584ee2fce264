/* SPDX-License-Identifier: Apache-2.0 */
/* test_client.c - libalmoner against sockets that answer well, badly, late or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "almoner/adapter.h" /* both public headers together: no name of theirs is the same */
#include "almoner/client.h"
#include "temp_dir.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LONG_MS 20000 /* never waited out: a slow machine has time */

/* A socket that hears one request and sends these bytes. */
struct fake {
    int listener;
    pthread_t thread;
    const char *body; /* JSON, framed by us; NULL: raw */
    const void *raw;
    size_t raw_len;
    char seen[4096];
    char path[108];
};

static struct fake f;
static struct alm_client *client;

static void fake_hear(int fd)
{
    uint8_t head[4];
    size_t len, got = 0;

    if (recv(fd, head, sizeof(head), MSG_WAITALL) != 4)
        return;
    len = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    while (got < len) {
        char *at = f.seen + (got < sizeof(f.seen) - 1 ? got : 0);
        size_t room = got < sizeof(f.seen) - 1 ? sizeof(f.seen) - 1 - got : sizeof(f.seen) - 1;
        ssize_t n = recv(fd, at, room < len - got ? room : len - got, 0);

        if (n <= 0)
            return;
        got += (size_t)n;
    }
    f.seen[len < sizeof(f.seen) ? len : sizeof(f.seen) - 1] = '\0';
}

static void *fake_run(void *ctx)
{
    int fd = accept(f.listener, NULL, NULL);
    size_t len = f.body ? strlen(f.body) : 0;
    const uint8_t head[4] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
                              (uint8_t)len };

    (void)ctx;
    if (fd < 0)
        return NULL;
    fake_hear(fd);
    if (f.body) {
        (void)send(fd, head, sizeof(head), MSG_NOSIGNAL);
        (void)send(fd, f.body, len, MSG_NOSIGNAL);
    } else if (f.raw_len) {
        (void)send(fd, f.raw, f.raw_len, MSG_NOSIGNAL);
    }
    (void)close(fd);
    return NULL;
}

static void fake_listen(void)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };

    memset(&f, 0, sizeof(f));
    (void)snprintf(f.path, sizeof(f.path), "%s", temp_path("fake.sock"));
    memcpy(a.sun_path, f.path, strlen(f.path) + 1);
    (void)unlink(f.path);
    f.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(f.listener >= 0);
    assert_int_equal(bind(f.listener, (const struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(f.listener, 4), 0);
    alm_close(client);
    assert_int_equal(alm_open(f.path, &client), ALM_CALL_DONE);
    assert_int_equal(alm_timeout(client, LONG_MS), ALM_CALL_DONE);
}

static void fake_says(const char *body)
{
    fake_listen();
    f.body = body;
    assert_int_equal(pthread_create(&f.thread, NULL, fake_run, NULL), 0);
}

static void fake_sends(const void *raw, size_t len)
{
    fake_listen();
    f.raw = raw;
    f.raw_len = len;
    assert_int_equal(pthread_create(&f.thread, NULL, fake_run, NULL), 0);
}

static void fake_ends(void)
{
    assert_int_equal(pthread_join(f.thread, NULL), 0);
    (void)close(f.listener);
    (void)unlink(f.path);
}

static const struct alm_practice practice = { .practitioner = "t-4",
                                              .role = "senco",
                                              .purpose = "early-help" };
static const struct alm_typed_home home = { .address = "2 Hazel Court", .postcode = "ZZ9 9ZA" };
static const struct alm_typed_person ben = { .given_name = "Ben",
                                             .family_name = "Brook",
                                             .date_of_birth = "2012-05-06",
                                             .n_homes = 1,
                                             .homes = &home };
static const struct alm_ask ask_ben = { .practice = &practice,
                                        .question = "cp-plan-current",
                                        .person = &ben };

static int teardown(void **state)
{
    alm_close(client);
    client = NULL;
    return temp_dir_teardown(state);
}

/* --- what goes right --- */
static void ask_sends_what_was_typed_and_gives_the_answer(void **state)
{
    struct alm_insight i;

    (void)state;
    fake_says("{\"ok\":true,\"kind\":\"insight\",\"message_id\":\"m-1\",\"answer\":\"no\","
              "\"completeness\":\"all\",\"as_of\":\"2026-11-21\",\"rule\":\"r\",\"guidance\":\"g\","
              "\"review_due\":true,\"later_by\":\"2026-11-22T12:00:00.000Z\",\"more\":false}");
    assert_int_equal(alm_ask(client, &ask_ben, &i), ALM_CALL_DONE);
    fake_ends();
    assert_int_equal(i.said, ALM_SAID_NO);
    assert_string_equal(i.completeness, "all");
    assert_string_equal(i.as_of, "2026-11-21");
    assert_true(i.review_due);
    assert_string_equal(i.later_by, "2026-11-22T12:00:00.000Z");
    assert_non_null(strstr(f.seen, "\"op\":\"ask\""));
    assert_non_null(strstr(f.seen, "\"given_name\":\"Ben\""));
    assert_non_null(strstr(f.seen, "\"postcode\":\"ZZ9 9ZA\""));
    assert_null(strstr(f.seen, "nhs_number")); /* what is not given is not sent */
    assert_null(strstr(alm_reply(client), "\"more\""));
    assert_int_equal(alm_problem(client)->result, ALM_CALL_DONE);
}

static void threshold_is_neither_yes_nor_no(void **state)
{
    struct alm_insight i;

    (void)state;
    fake_says("{\"ok\":true,\"kind\":\"threshold\",\"message_id\":\"m\",\"fired\":false}");
    assert_int_equal(alm_ask(client, &ask_ben, &i), ALM_CALL_DONE);
    fake_ends();
    assert_string_equal(i.kind, "threshold");
    assert_int_equal(i.said, ALM_SAID_NONE);
    assert_non_null(strstr(alm_reply(client), "\"fired\":false"));
}

static void who_lists_every_service_that_may_be_named(void **state)
{
    struct alm_involvement v;

    (void)state;
    fake_says("{\"ok\":true,\"kind\":\"involvement\",\"message_id\":\"m\",\"masked\":true,"
              "\"completeness\":\"most\",\"involved\":[{\"agency\":\"a\",\"name\":\"A\"},"
              "{\"agency\":\"b\",\"since\":\"unknown\"}]}");
    assert_int_equal(alm_who(client, &ask_ben, &v), ALM_CALL_DONE);
    fake_ends();
    assert_int_equal(v.n, 2);
    assert_true(v.masked);
    assert_string_equal(v.services[0].name, "A");
    assert_string_equal(v.services[1].contact_route, "");
    assert_string_equal(v.services[1].since, "unknown");
}

static void concern_carries_the_callers_id(void **state)
{
    char id[ALM_ID_TEXT];
    const struct alm_concern c = { .id = id,
                                   .practice = &practice,
                                   .household = &home,
                                   .category = "attendance",
                                   .severity = "low" };
    struct alm_receipt r;

    (void)state;
    assert_int_equal(alm_id_new(id), ALM_CALL_DONE);
    assert_int_equal(strlen(id), 36);
    assert_int_equal(id[14], '7');
    fake_says("{\"ok\":true,\"kind\":\"receipt\",\"message_id\":\"m\",\"queued\":true}");
    assert_int_equal(alm_concern_lodge(client, &c, &r), ALM_CALL_DONE);
    fake_ends();
    assert_non_null(strstr(f.seen, id));
    assert_non_null(strstr(f.seen, "\"household\":{"));
    assert_true(r.queued);
    assert_int_equal(r.leaf, 0);
}

static void stream_gives_one_event_and_then_nothing(void **state)
{
    struct alm_event e;

    (void)state;
    fake_says("{\"ok\":true,\"kind\":\"events\",\"stream\":\"inbox\",\"waiting\":3,\"events\":[{"
              "\"stream\":\"inbox\",\"seq\":7,\"event\":\"e-7\",\"type\":\"notice\",\"from\":\"\","
              "\"at\":\"2026-11-22T00:00:00Z\",\"again\":true,\"notice\":{\"text\":\"x\"}}]}");
    assert_int_equal(alm_stream_next(client, NULL, 10, &e), ALM_CALL_DONE);
    fake_ends();
    assert_int_equal(e.seq, 7);
    assert_int_equal(e.waiting, 3);
    assert_true(e.again);
    assert_non_null(strstr(e.json, "\"notice\":{\"text\":\"x\"}"));
    fake_says("{\"ok\":true,\"kind\":\"events\",\"stream\":\"inbox\",\"waiting\":0,\"events\":[]}");
    assert_int_equal(alm_stream_next(client, NULL, 0, &e), ALM_CALL_NOTHING);
    fake_ends();
    assert_int_equal(alm_problem(client)->result, ALM_CALL_DONE);
}

static void any_operation_can_be_called_by_its_json(void **state)
{
    const char *reply;

    (void)state;
    fake_says("{\"ok\":true,\"kind\":\"services\",\"services\":[]}");
    assert_int_equal(alm_call(client, "{\"op\":\"service-find\",\"need\":\"parenting\"}", &reply),
                     ALM_CALL_DONE);
    fake_ends();
    assert_non_null(strstr(f.seen, "service-find"));
    assert_non_null(strstr(reply, "\"services\":[]"));
}

/* --- what goes wrong --- */
static void refusal_says_the_way_forward(void **state)
{
    struct alm_insight i;

    (void)state;
    fake_says("{\"ok\":true,\"kind\":\"refusal\",\"message_id\":\"m-9\",\"reason\":\"no-consent\","
              "\"text\":\"nobody agreed\",\"way_forward\":\"ask for consent\"}");
    assert_int_equal(alm_ask(client, &ask_ben, &i), ALM_CALL_REFUSED);
    fake_ends();
    assert_string_equal(alm_problem(client)->word, "no-consent");
    assert_string_equal(alm_problem(client)->way_forward, "ask for consent");
    assert_string_equal(alm_problem(client)->message_id, "m-9");
    assert_int_equal(alm_problem(client)->exit_code, 77);
    assert_int_equal(i.said, ALM_SAID_NONE);
}

static void each_error_of_the_adapter_is_a_result_of_its_own(void **state)
{
    static const struct {
        int exit_code;
        enum alm_result result;
    } all[] = { { 64, ALM_CALL_BAD_REQUEST }, { 65, ALM_CALL_BAD_REQUEST },
                { 66, ALM_CALL_NO_SUCH },     { 69, ALM_CALL_UNAVAILABLE },
                { 75, ALM_CALL_TRY_LATER },   { 77, ALM_CALL_REFUSED },
                { 78, ALM_CALL_UNAVAILABLE }, { 70, ALM_CALL_FAILED },
                { 0, ALM_CALL_FAILED } };
    struct alm_standing s;
    char body[128];

    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        (void)snprintf(body, sizeof(body),
                       "{\"ok\":false,\"error\":\"some-word\",\"message\":\"why\",\"exit\":%d}",
                       all[i].exit_code);
        fake_says(body);
        assert_int_equal(alm_status(client, &s), all[i].result);
        fake_ends();
        assert_string_equal(alm_problem(client)->word, "some-word");
        assert_string_equal(alm_problem(client)->text, "why");
    }
}

static void busy_broker_tells_when_to_come_back(void **state)
{
    struct alm_insight i;

    (void)state;
    fake_says("{\"ok\":true,\"kind\":\"busy\",\"message_id\":\"m\",\"retry_after_ms\":1500}");
    assert_int_equal(alm_ask(client, &ask_ben, &i), ALM_CALL_TRY_LATER);
    fake_ends();
    assert_int_equal(alm_problem(client)->retry_after_ms, 1500);
}

static void socket_that_nobody_serves_is_no_adapter(void **state)
{
    struct alm_standing s;

    (void)state;
    fake_listen();
    (void)close(f.listener);
    assert_int_equal(alm_status(client, &s), ALM_CALL_NO_ADAPTER);
    (void)unlink(f.path);
    assert_int_equal(alm_status(client, &s), ALM_CALL_NO_ADAPTER);
    assert_non_null(strstr(alm_problem(client)->text, "almoner-adapter"));
    assert_null(alm_reply(client));
}

static void socket_of_somebody_else_is_not_allowed(void **state)
{
    struct alm_standing s;
    uid_t was = geteuid();
    enum alm_result result;

    (void)state;
    fake_listen();
    assert_int_equal(chmod(f.path, 0), 0);
    if (was == 0)
        assert_int_equal(seteuid(65534), 0); /* root may open any: nobody may not */
    result = alm_status(client, &s);
    assert_int_equal(seteuid(was), 0);
    assert_int_equal(result, ALM_CALL_NOT_ALLOWED);
    (void)close(f.listener);
}

static void adapter_that_hangs_costs_the_timeout_and_no_more(void **state)
{
    struct alm_standing s;

    (void)state;
    fake_listen(); /* accepted by nobody */
    assert_int_equal(alm_timeout(client, 100), ALM_CALL_DONE);
    assert_int_equal(alm_status(client, &s), ALM_CALL_TIMEOUT);
    assert_non_null(strstr(alm_problem(client)->text, "same id"));
    for (int i = 0; i < 6; i++) /* the backlog fills: connecting itself has a deadline, too */
        assert_int_equal(alm_status(client, &s), ALM_CALL_TIMEOUT);
    (void)close(f.listener);
}

static void adapter_that_hangs_up_is_told_as_lost(void **state)
{
    struct alm_standing s;

    (void)state;
    fake_sends("", 0);
    assert_int_equal(alm_status(client, &s), ALM_CALL_LOST);
    fake_ends();
    fake_sends("\0\0\1\0{\"ok\":tr", 12); /* cut off within a reply */
    assert_int_equal(alm_status(client, &s), ALM_CALL_LOST);
    fake_ends();
}

static void frames_that_are_no_reply_are_garbled(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } all[] = {
        { "HTTP/1.1 400 Bad Request\r\n\r\n", 28 },           /* a length of 1.2 GB */
        { "\0\0\0\0", 4 },                                    /* nothing */
        { "\0\0\0\2[]", 6 },                                  /* no object */
        { "\0\0\0\2{]", 6 },                                  /* no JSON */
        { "\0\0\0\4\"\xff\xfe\"", 8 },                        /* no UTF-8 */
        { "\0\0\0\x17{\"ok\":true,\"ok\":false}  ", 27 },     /* a key twice */
        { "\0\0\0\2{}", 6 },                                  /* not even "ok" */
        { "\0\0\0\x0c{\"ok\":\"yes\"}", 16 },                 /* of another type */
        { "\0\0\0\x0c{\"ok\":false}", 16 },                   /* an error without its word */
        { "\0\0\0\x19{\"ok\":true,\"kind\":\"other\"}", 29 }, /* of another kind */
    };
    struct alm_standing s;

    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        fake_sends(all[i].bytes, all[i].len);
        assert_int_equal(alm_status(client, &s), ALM_CALL_GARBLED);
        fake_ends();
        assert_string_equal(alm_result_word(alm_problem(client)->result), "garbled");
    }
}

static void answer_in_a_word_that_is_not_known_is_never_a_no(void **state)
{
    struct alm_insight i;

    (void)state;
    fake_says("{\"ok\":true,\"kind\":\"insight\",\"answer\":\"perhaps\"}");
    assert_int_equal(alm_ask(client, &ask_ben, &i), ALM_CALL_GARBLED);
    fake_ends();
    fake_says("{\"ok\":true,\"kind\":\"insight\"}");
    assert_int_equal(alm_ask(client, &ask_ben, &i), ALM_CALL_GARBLED);
    fake_ends();
}

static void events_without_a_number_are_garbled(void **state)
{
    struct alm_event e;

    (void)state;
    fake_says("{\"ok\":true,\"kind\":\"events\",\"events\":[{\"type\":\"notice\"}]}");
    assert_int_equal(alm_stream_next(client, NULL, 0, &e), ALM_CALL_GARBLED);
    fake_ends();
    fake_says("{\"ok\":true,\"kind\":\"events\"}");
    assert_int_equal(alm_stream_next(client, NULL, 0, &e), ALM_CALL_GARBLED);
    fake_ends();
}

static void callers_mistakes_reach_no_socket(void **state)
{
    const struct alm_typed_person lost = { .given_name = "Ben", .n_homes = 1 };
    const struct alm_typed_person latin = { .given_name = "Zo\xeb" };
    struct alm_ask ask = ask_ben;
    struct alm_insight i;
    struct alm_event e;
    struct alm_client *none;
    char longer[200];

    (void)state;
    memset(longer, 'a', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(alm_open(NULL, &none), ALM_CALL_ARGUMENT);
    assert_int_equal(alm_open("", &none), ALM_CALL_ARGUMENT);
    assert_int_equal(alm_open(longer, &none), ALM_CALL_ARGUMENT);
    assert_null(none);
    assert_int_equal(alm_open("/nowhere", NULL), ALM_CALL_ARGUMENT);
    fake_listen();
    (void)close(f.listener);
    (void)unlink(f.path); /* anything that called would hear ALM_CALL_NO_ADAPTER */
    assert_int_equal(alm_timeout(client, 0), ALM_CALL_ARGUMENT);
    assert_int_equal(alm_timeout(client, ALM_TIMEOUT_MAX_MS + 1), ALM_CALL_ARGUMENT);
    assert_int_equal(alm_ask(client, NULL, &i), ALM_CALL_ARGUMENT);
    assert_int_equal(alm_ask(NULL, &ask, &i), ALM_CALL_ARGUMENT);
    ask.practice = NULL;
    assert_int_equal(alm_ask(client, &ask, &i), ALM_CALL_ARGUMENT);
    ask = ask_ben;
    ask.person = &lost;
    assert_int_equal(alm_ask(client, &ask, &i), ALM_CALL_ARGUMENT);
    ask.person = &latin;
    assert_int_equal(alm_ask(client, &ask, &i), ALM_CALL_ARGUMENT);
    assert_string_equal(alm_problem(client)->word, "not-utf8");
    assert_int_equal(alm_stream_next(client, NULL, -1, &e), ALM_CALL_ARGUMENT);
    assert_int_equal(alm_stream_next(client, NULL, ALM_WAIT_MAX_MS + 1, &e), ALM_CALL_ARGUMENT);
    assert_int_equal(alm_stream_done(client, NULL, 0), ALM_CALL_ARGUMENT);
    assert_int_equal(alm_stream_done(client, NULL, UINT64_MAX), ALM_CALL_ARGUMENT);
    assert_int_equal(alm_call(client, NULL, NULL), ALM_CALL_ARGUMENT);
    assert_int_equal(alm_call(client, "[]", NULL), ALM_CALL_ARGUMENT);
    assert_int_equal(alm_call(client, "{\"op\":\"a\",\"op\":\"b\"}", NULL), ALM_CALL_ARGUMENT);
    assert_int_equal(alm_call(client, "{\"op\":\"status\"", NULL), ALM_CALL_ARGUMENT);
    assert_int_equal(alm_problem(NULL)->result, ALM_CALL_ARGUMENT);
    alm_close(NULL);
}

static void request_past_the_greatest_is_the_callers_mistake(void **state)
{
    size_t size = (4u << 20) + 100;
    char *big = malloc(size);

    (void)state;
    assert_non_null(big);
    (void)snprintf(big, size, "{\"op\":\"");
    memset(big + 7, 'a', size - 10);
    memcpy(big + size - 3, "\"}", 3);
    fake_listen();
    assert_int_equal(alm_call(client, big, NULL), ALM_CALL_ARGUMENT);
    assert_string_equal(alm_problem(client)->word, "too-long");
    (void)close(f.listener);
    free(big);
}

static void words_of_results_are_all_different(void **state)
{
    (void)state;
    for (int i = 0; i <= ALM_CALL_SYSTEM; i++) {
        for (int j = 0; j < i; j++)
            assert_string_not_equal(alm_result_word((enum alm_result)i),
                                    alm_result_word((enum alm_result)j));
    }
    assert_string_equal(alm_result_word((enum alm_result)99), "unknown");
    assert_true(*alm_version());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ask_sends_what_was_typed_and_gives_the_answer),
        cmocka_unit_test(threshold_is_neither_yes_nor_no),
        cmocka_unit_test(who_lists_every_service_that_may_be_named),
        cmocka_unit_test(concern_carries_the_callers_id),
        cmocka_unit_test(stream_gives_one_event_and_then_nothing),
        cmocka_unit_test(any_operation_can_be_called_by_its_json),
        cmocka_unit_test(refusal_says_the_way_forward),
        cmocka_unit_test(each_error_of_the_adapter_is_a_result_of_its_own),
        cmocka_unit_test(busy_broker_tells_when_to_come_back),
        cmocka_unit_test(socket_that_nobody_serves_is_no_adapter),
        cmocka_unit_test(socket_of_somebody_else_is_not_allowed),
        cmocka_unit_test(adapter_that_hangs_costs_the_timeout_and_no_more),
        cmocka_unit_test(adapter_that_hangs_up_is_told_as_lost),
        cmocka_unit_test(frames_that_are_no_reply_are_garbled),
        cmocka_unit_test(answer_in_a_word_that_is_not_known_is_never_a_no),
        cmocka_unit_test(events_without_a_number_are_garbled),
        cmocka_unit_test(callers_mistakes_reach_no_socket),
        cmocka_unit_test(request_past_the_greatest_is_the_callers_mistake),
        cmocka_unit_test(words_of_results_are_all_different),
    };

    return cmocka_run_group_tests(tests, temp_dir_setup, teardown);
}
