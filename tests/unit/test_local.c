/* SPDX-License-Identifier: Apache-2.0 */
/* test_local.c - the local sockets: what a peer that cuts short, floods, stalls or lies can and
 * cannot do. */
#include "base/clock.h"
#include "local/local.h"
#include "alloc_fail.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64], path[96];
static struct local_server *server;
static unsigned n_requests;
static uint64_t held; /* a ticket kept for later by the "hold" request */

static void answer(void *ctx, uint64_t client, json_t *request)
{
    char op[32] = "";
    json_t *r;

    (void)ctx;
    n_requests++;
    if (local_get_text(request, "op", op, sizeof(op)))
        op[0] = '\0';
    if (!strcmp(op, "hold")) {
        held = client;
        return;
    }
    if (!strcmp(op, "flood")) { /* far more than the peer will read */
        ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

        buf_init(&b, 2u << 20);
        assert_int_equal(buf_room(&b, 1u << 20), 0);
        memset(b.data, 'x', 1u << 20);
        r = json_pack("{s:b, s:s#}", "ok", 1, "pad", b.data, (size_t)1u << 20);
        for (int i = 0; i < 32; i++)
            local_reply(server, client, r, i == 31);
        json_decref(r);
        return;
    }
    r = json_pack("{s:b, s:s}", "ok", 1, "op", op);
    if (!strcmp(op, "three")) {
        local_reply(server, client, r, false);
        local_reply(server, client, r, false);
    }
    local_reply(server, client, r, true);
    json_decref(r);
}

static int64_t later_ms; /* added to the clock that the server sees */

static void step(void)
{
    struct pollfd fds[64];
    size_t n = local_server_poll_fds(server, fds, 64);

    (void)poll(fds, (nfds_t)n, 5);
    local_server_step(server, fds, n, clock_mono_ms() + later_ms, answer, NULL);
}
static void steps(int n)
{
    while (n--)
        step();
}

static int up(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/almoner-local-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    (void)snprintf(path, sizeof(path), "%s/s", dir);
    n_requests = 0;
    held = 0;
    later_ms = 0;
    return local_server_open(path, 0600, 8, &server);
}
static int down(void **state)
{
    (void)state;
    server = local_server_close(server);
    (void)unlink(path);
    (void)rmdir(dir);
    return 0;
}

static int raw_connect(void)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    memcpy(a.sun_path, path, strlen(path));
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    return fd;
}
static void raw_send(int fd, const char *json)
{
    size_t len = strlen(json);
    uint8_t head[4] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
                        (uint8_t)len };

    assert_int_equal(send(fd, head, 4, MSG_NOSIGNAL), 4);
    assert_int_equal(send(fd, json, len, MSG_NOSIGNAL), (ssize_t)len);
}
/* What came back within a few steps, as text after the length; "" for a hang-up. */
static const char *raw_reply(int fd)
{
    static char text[8192];
    ssize_t n = 0;

    for (int i = 0; i < 20; i++) {
        step();
        n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
        if (n >= 0)
            break;
    }
    text[n > 0 ? n : 0] = '\0';
    return n > 4 ? text + 4 : "";
}
static bool raw_hung_up(int fd)
{
    char c[64];
    ssize_t n;

    for (int i = 0; i < 20; i++) {
        step();
        while ((n = recv(fd, c, sizeof(c), MSG_DONTWAIT)) > 0)
            ;
        if (n == 0 || (n < 0 && errno == ECONNRESET))
            return true;
    }
    return false;
}

static void local_answers_a_request_and_another_on_the_same_connection(void **state)
{
    int fd = raw_connect();

    (void)state;
    raw_send(fd, "{\"op\":\"one\"}");
    assert_non_null(strstr(raw_reply(fd), "\"op\":\"one\""));
    raw_send(fd, "{\"op\":\"two\"}");
    assert_non_null(strstr(raw_reply(fd), "\"op\":\"two\""));
    close(fd);
}

static void local_answers_two_requests_sent_at_once_in_order(void **state)
{
    int fd = raw_connect();

    (void)state;
    raw_send(fd, "{\"op\":\"a\"}");
    raw_send(fd, "{\"op\":\"b\"}");
    assert_non_null(strstr(raw_reply(fd), "\"op\":\"a\""));
    steps(3);
    assert_int_equal(n_requests, 2);
    close(fd);
}

static void local_client_reads_every_reply_until_the_last(void **state)
{
    ALM_CLEANUP(local_call_closep) struct local_call *c = NULL;
    json_t *q = json_pack("{s:s}", "op", "three"), *r = NULL;

    (void)state;
    assert_int_equal(local_call_open(path, q, &c), 0);
    steps(5);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(local_call_next(c, 1000, &r), i < 2 ? 1 : 0);
        assert_true(json_is_true(json_object_get(r, "ok")));
        json_decref(r);
    }
    json_decref(q);
}

static void local_client_times_out_while_the_server_thinks(void **state)
{
    ALM_CLEANUP(local_call_closep) struct local_call *c = NULL;
    json_t *q = json_pack("{s:s}", "op", "hold"), *r = NULL, *ok = json_pack("{s:b}", "ok", 1);

    (void)state;
    assert_int_equal(local_call_open(path, q, &c), 0);
    steps(5);
    assert_int_equal(local_call_next(c, 20, &r), -ETIMEDOUT);
    assert_true(local_client_alive(server, held));
    local_reply(server, held, ok, true); /* and may ask again */
    assert_false(local_client_alive(server, held));
    assert_int_equal(local_call_next(c, 1000, &r), 0);
    json_decref(r);
    json_decref(ok);
    json_decref(q);
}

static void local_drops_a_reply_to_a_client_that_went_away(void **state)
{
    int fd = raw_connect();
    json_t *ok = json_pack("{s:b}", "ok", 1);

    (void)state;
    raw_send(fd, "{\"op\":\"hold\"}");
    steps(5);
    assert_true(local_client_alive(server, held));
    close(fd);
    steps(5);
    assert_false(local_client_alive(server, held));
    local_reply(server, held, ok, true);
    json_decref(ok);
}

static void local_refuses_malformed_messages_and_hangs_up(void **state)
{
    static const struct {
        const char *json, *says;
    } bad[] = {
        { "{\"op\":\"x\",\"op\":\"y\"}", "twice" },
        { "{\"op\":\"\xff\xfe\"}", "UTF-8" },
        { "{\"op\":\"\xc0\xaf\"}", "UTF-8" },
        { "{\"op\":\"a\\u0000b\"}", "not well-formed" },
        { "[1,2]", "not an object" },
        { "\"text\"", "not well-formed" },
        { "{\"op\":", "not well-formed" },
        { "{} {}", "not well-formed" },
        { "{\"op\":1e999}", "not well-formed" },
        { "nonsense", "not well-formed" },
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(bad); i++) {
        int fd = raw_connect();
        const char *r;

        raw_send(fd, bad[i].json);
        r = raw_reply(fd);
        assert_non_null(strstr(r, "\"ok\":false"));
        if (!strstr(r, bad[i].says))
            fail_msg("%s: said %s", bad[i].json, r);
        assert_true(raw_hung_up(fd));
        close(fd);
    }
    assert_int_equal(n_requests, 0);
}

static void local_refuses_deep_nesting(void **state)
{
    char deep[10002];
    int fd = raw_connect();

    (void)state;
    memset(deep, '[', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    raw_send(fd, deep);
    assert_non_null(strstr(raw_reply(fd), "not well-formed"));
    close(fd);
}

static void local_refuses_lengths_of_zero_and_past_the_maximum(void **state)
{
    static const uint8_t heads[][4] = { { 0, 0, 0, 0 },
                                        { 0xff, 0xff, 0xff, 0xff },
                                        { 0x00, 0x40, 0x00, 0x01 } };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(heads); i++) {
        int fd = raw_connect();

        assert_int_equal(send(fd, heads[i], 4, MSG_NOSIGNAL), 4);
        assert_non_null(strstr(raw_reply(fd), "bad-length"));
        assert_true(raw_hung_up(fd));
        close(fd);
    }
}

static void local_forgets_a_request_cut_short(void **state)
{
    int fd = raw_connect();

    (void)state;
    assert_int_equal(send(fd, "\0\0\0\x10{\"op\":", 10, MSG_NOSIGNAL), 10);
    steps(3);
    close(fd);
    steps(3);
    assert_int_equal(n_requests, 0);
}

static void local_closes_a_client_that_never_finishes_its_request(void **state)
{
    int fd = raw_connect();

    (void)state;
    assert_int_equal(send(fd, "\0\0\0\x40{", 5, MSG_NOSIGNAL), 5);
    steps(3);
    later_ms = 29000;
    assert_int_equal(send(fd, "\"", 1, MSG_NOSIGNAL), 1); /* a byte now and then buys no time */
    steps(3);
    later_ms = 31000;
    assert_true(raw_hung_up(fd));
    close(fd);
}

static void local_slow_reader_is_let_go_and_others_are_served(void **state)
{
    int slow = raw_connect(), fd;

    (void)state;
    raw_send(slow, "{\"op\":\"flood\"}");
    steps(5);
    fd = raw_connect();
    raw_send(fd, "{\"op\":\"still here\"}");
    assert_non_null(strstr(raw_reply(fd), "still here"));
    assert_true(raw_hung_up(slow));
    close(fd);
    close(slow);
}

static void local_says_busy_past_the_greatest_number_of_clients(void **state)
{
    int fds[9];

    (void)state;
    for (size_t i = 0; i < 9; i++) {
        fds[i] = raw_connect();
        steps(2);
    }
    assert_non_null(strstr(raw_reply(fds[8]), "busy"));
    close(fds[3]);
    steps(3);
    close(fds[8]);
    fds[8] = raw_connect(); /* a place is free again */
    steps(2);
    raw_send(fds[8], "{\"op\":\"in\"}");
    assert_non_null(strstr(raw_reply(fds[8]), "\"op\":\"in\""));
    for (size_t i = 0; i < 9; i++)
        if (i != 3)
            close(fds[i]);
}

static void local_serves_every_one_of_many_clients(void **state)
{
    int fds[8];

    (void)state;
    for (size_t i = 0; i < 8; i++)
        fds[i] = raw_connect();
    for (size_t i = 0; i < 8; i++)
        raw_send(fds[i], "{\"op\":\"many\"}");
    for (size_t i = 0; i < 8; i++)
        assert_non_null(strstr(raw_reply(fds[i]), "many"));
    for (size_t i = 0; i < 8; i++)
        close(fds[i]);
}

static void local_never_replaces_a_live_socket(void **state)
{
    struct local_server *second = NULL;

    (void)state;
    assert_int_equal(local_server_open(path, 0600, 1, &second), -EADDRINUSE);
    assert_null(second);
}

static void local_replaces_a_dead_socket(void **state)
{
    char dead[128];
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    struct local_server *s = NULL;
    struct stat st;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    (void)snprintf(dead, sizeof(dead), "%s/dead", dir);
    memcpy(a.sun_path, dead, strlen(dead));
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    close(fd);
    assert_int_equal(local_server_open(dead, 0620, 1, &s), 0);
    assert_int_equal(stat(dead, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0620);
    s = local_server_close(s);
    assert_int_equal(access(dead, F_OK), -1); /* and cleans up after itself */
}

static void local_never_replaces_a_file(void **state)
{
    char file[128];
    struct local_server *s = NULL;
    int fd;

    (void)state;
    (void)snprintf(file, sizeof(file), "%s/file", dir);
    fd = open(file, O_CREAT | O_WRONLY, 0600);
    close(fd);
    assert_int_equal(local_server_open(file, 0600, 1, &s), -EEXIST);
    assert_int_equal(unlink(file), 0);
}

static void local_refuses_paths_that_a_socket_cannot_have(void **state)
{
    char wide[200];
    struct local_server *s = NULL;
    struct local_call *c = NULL;
    json_t *q = json_object();

    (void)state;
    memset(wide, 'a', sizeof(wide) - 1);
    wide[sizeof(wide) - 1] = '\0';
    assert_int_equal(local_server_open(wide, 0600, 1, &s), -ENAMETOOLONG);
    assert_int_equal(local_server_open("/nonexistent/dir/s", 0600, 1, &s), -ENOENT);
    assert_int_equal(local_call_open(wide, q, &c), -ENAMETOOLONG);
    assert_int_equal(local_call_open("/nonexistent/s", q, &c), -ENOENT);
    json_decref(q);
}

static void local_client_tells_a_dead_socket_and_a_server_that_hangs_up(void **state)
{
    struct local_call *c = NULL;
    json_t *q = json_pack("{s:s}", "op", "hold"), *r = NULL;

    (void)state;
    assert_int_equal(local_call_open(path, q, &c), 0);
    steps(3);
    server = local_server_close(server);
    assert_int_equal(local_call_next(c, 1000, &r), -ECONNRESET);
    c = local_call_close(c);
    assert_int_equal(local_call_open(path, q, &c), -ENOENT);
    json_decref(q);
}

/* A peer that plays the server, badly. */
static int bad_server(const void *octets, size_t len, json_t **reply)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    char p[128], skip[256];
    struct local_call *c = NULL;
    json_t *q = json_object();
    int l = socket(AF_UNIX, SOCK_STREAM, 0), fd, rc;

    (void)snprintf(p, sizeof(p), "%s/bad", dir);
    memcpy(a.sun_path, p, strlen(p));
    assert_int_equal(bind(l, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(l, 1), 0);
    assert_int_equal(local_call_open(p, q, &c), 0);
    fd = accept(l, NULL, NULL);
    assert_true(recv(fd, skip, sizeof(skip), 0) > 0);
    assert_int_equal(send(fd, octets, len, MSG_NOSIGNAL), (ssize_t)len);
    close(fd);
    rc = local_call_next(c, 1000, reply);
    c = local_call_close(c);
    json_decref(q);
    close(l);
    (void)unlink(p);
    return rc;
}

static void local_client_refuses_what_a_bad_server_sends(void **state)
{
    json_t *r = NULL;

    (void)state;
    assert_int_equal(bad_server("\xff\xff\xff\xff", 4, &r), -EBADMSG);
    assert_int_equal(bad_server("\0\0\0\0", 4, &r), -EBADMSG);
    assert_int_equal(bad_server("\0\0\0\x02[]", 6, &r), -EBADMSG);
    assert_int_equal(bad_server("\0\0\0\x09{\"a\":1,\"a\":1}", 13, &r), -EBADMSG);
    assert_int_equal(bad_server("\0\0", 2, &r), -ECONNRESET);
    assert_int_equal(bad_server("\0\0\0\x09{\"a\"", 8, &r), -ECONNRESET);
    assert_null(r);
}

static void local_reads_fields_strictly(void **state)
{
    json_t *o = json_pack("{s:s, s:i, s:b, s:s, s:s, s:f}", "text", "abc", "int", 7, "bool", 1,
                          "day", "2026-05-03", "noday", "2026-02-30", "real", 1.5);
    char out[4];
    int64_t i = 0;
    int32_t day = 0;
    bool b = false;

    (void)state;
    assert_int_equal(local_get_text(o, "text", out, sizeof(out)), 0);
    assert_string_equal(out, "abc");
    assert_int_equal(local_get_text(o, "text", out, 3), -EINVAL);
    assert_int_equal(local_get_text(o, "int", out, sizeof(out)), -EINVAL);
    assert_int_equal(local_get_text(o, "none", out, sizeof(out)), -ENOENT);
    assert_int_equal(local_get_int(o, "int", 0, 7, &i), 0);
    assert_int_equal(i, 7);
    assert_int_equal(local_get_int(o, "int", 0, 6, &i), -EINVAL);
    assert_int_equal(local_get_int(o, "int", 8, 9, &i), -EINVAL);
    assert_int_equal(local_get_int(o, "real", 0, 9, &i), -EINVAL);
    assert_int_equal(local_get_int(o, "text", 0, 9, &i), -EINVAL);
    assert_int_equal(local_get_int(o, "none", 0, 9, &i), -ENOENT);
    assert_int_equal(local_get_bool(o, "bool", &b), 0);
    assert_true(b);
    assert_int_equal(local_get_bool(o, "int", &b), -EINVAL);
    assert_int_equal(local_get_bool(o, "none", &b), -ENOENT);
    assert_int_equal(local_get_day(o, "day", &day), 0);
    assert_int_equal(local_get_day(o, "noday", &day), -EINVAL);
    assert_int_equal(local_get_day(o, "text", &day), -EINVAL);
    assert_int_equal(local_get_day(o, "none", &day), -ENOENT);
    json_decref(o);
}

/* Each allocation of a whole exchange fails once: the client gets an error or the reply, and the
 * server serves the next one. */
static void local_survives_any_failed_allocation(void **state)
{
    json_t *q = json_pack("{s:s}", "op", "x");

    (void)state;
    for (long n = 0, went = 1; went && n < 100; n++) {
        ALM_CLEANUP(local_call_closep) struct local_call *c = NULL;
        json_t *r = NULL;
        int rc;

        alloc_fail_nth(n);
        rc = local_call_open(path, q, &c);
        if (rc) {
            assert_int_equal(rc, -ENOMEM);
            assert_null(c);
        } else {
            steps(4);
            rc = local_call_next(c, 100, &r);
            assert_true(rc == 0 || rc == -ENOMEM || rc == -ECONNRESET);
            json_decref(r);
        }
        went = alloc_failed();
        alloc_fail_nth(-1);
        steps(2);
    }
    json_decref(q);
    local_answers_a_request_and_another_on_the_same_connection(state);
}

static void local_server_that_cannot_have_memory_leaves_nothing_behind(void **state)
{
    char other[128];
    struct local_server *s = NULL;

    (void)state;
    (void)snprintf(other, sizeof(other), "%s/other", dir);
    alloc_fail_nth(0);
    assert_int_equal(local_server_open(other, 0600, 1, &s), -ENOMEM);
    alloc_fail_nth(-1);
    assert_null(s);
    assert_int_equal(access(other, F_OK), -1);
}

static void local_error_survives_a_message_that_is_not_utf8(void **state)
{
    json_t *e = local_error("bad-file", 65, "file %s", "caf\xe9");

    (void)state;
    assert_non_null(e);
    assert_string_equal(json_string_value(json_object_get(e, "message")), "file caf?");
    assert_int_equal(json_integer_value(json_object_get(e, "exit")), 65);
    json_decref(e);
}

static void local_has_a_word_for_each_exit_code(void **state)
{
    (void)state;
    assert_string_equal(local_exit_word(64), "usage");
    assert_string_equal(local_exit_word(65), "bad-data");
    assert_string_equal(local_exit_word(78), "configuration");
    for (int code = 1; code < 256; code++) {
        const char *word = local_exit_word(code);

        assert_true(*word && strspn(word, "abcdefghijklmnopqrstuvwxyz-") == strlen(word));
        assert_int_equal(!strcmp(word, "failed"), code < 64 || code > 78 || code == 67 || code == 68 || code == 72);
    }
}

int main(void)
{
#define LOCAL_TEST(f) cmocka_unit_test_setup_teardown(f, up, down)
    const struct CMUnitTest tests[] = {
        LOCAL_TEST(local_answers_a_request_and_another_on_the_same_connection),
        LOCAL_TEST(local_answers_two_requests_sent_at_once_in_order),
        LOCAL_TEST(local_client_reads_every_reply_until_the_last),
        LOCAL_TEST(local_client_times_out_while_the_server_thinks),
        LOCAL_TEST(local_drops_a_reply_to_a_client_that_went_away),
        LOCAL_TEST(local_refuses_malformed_messages_and_hangs_up),
        LOCAL_TEST(local_refuses_deep_nesting),
        LOCAL_TEST(local_refuses_lengths_of_zero_and_past_the_maximum),
        LOCAL_TEST(local_forgets_a_request_cut_short),
        LOCAL_TEST(local_closes_a_client_that_never_finishes_its_request),
        LOCAL_TEST(local_slow_reader_is_let_go_and_others_are_served),
        LOCAL_TEST(local_says_busy_past_the_greatest_number_of_clients),
        LOCAL_TEST(local_serves_every_one_of_many_clients),
        LOCAL_TEST(local_never_replaces_a_live_socket),
        LOCAL_TEST(local_replaces_a_dead_socket),
        LOCAL_TEST(local_never_replaces_a_file),
        LOCAL_TEST(local_refuses_paths_that_a_socket_cannot_have),
        LOCAL_TEST(local_client_tells_a_dead_socket_and_a_server_that_hangs_up),
        LOCAL_TEST(local_client_refuses_what_a_bad_server_sends),
        LOCAL_TEST(local_survives_any_failed_allocation),
        LOCAL_TEST(local_server_that_cannot_have_memory_leaves_nothing_behind),
        cmocka_unit_test(local_reads_fields_strictly),
        cmocka_unit_test(local_error_survives_a_message_that_is_not_utf8),
        cmocka_unit_test(local_has_a_word_for_each_exit_code),
    };

    return cmocka_run_group_tests_name("local", tests, NULL, NULL);
}
