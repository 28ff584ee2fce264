/* SPDX-License-Identifier: Apache-2.0 */
/* test_worker_frames.c - what host and worker say to each other: there and back unchanged, and
 * nothing else is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "temp_dir.h"

#include "base/bytes.h"
#include "host/spawn.h"
#include "worker/codec.h"
#include "worker/tell.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>

static struct buf out;

static int setup(void **state)
{
    (void)state;
    buf_init(&out, 1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    buf_deinit(&out);
    return 0;
}

/* The one frame that was put, past its head. */
static struct bytes body(void)
{
    assert_int_equal(buf_status(&out), 0);
    return bytes_of(out.data + 5, out.len - 5);
}

/* --- framing --- */
static void frames_come_whole_however_they_are_cut(void **state)
{
    struct frames in = { 0 };
    struct bytes got;
    uint8_t type = 0;
    int fds[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    work_put_plain(&out, WORK_CHANGED, 7);
    work_put_load(&out, true);
    for (size_t i = 0; i < out.len; i++) {
        assert_int_equal(write(fds[1], out.data + i, 1), 1);
        assert_int_equal(frames_fill(&in, fds[0]), 0);
        if (i == 8) {
            assert_int_equal(frames_next(&in, &type, &got), 1);
            assert_int_equal(type, WORK_CHANGED);
            assert_int_equal(got.len, 4);
        } else if (i + 1 < out.len) {
            assert_int_equal(frames_next(&in, &type, &got), 0);
        }
    }
    assert_int_equal(frames_next(&in, &type, &got), 1);
    assert_int_equal(type, WORK_LOAD);
    assert_int_equal(frames_fill(&in, fds[0]), -EAGAIN);
    close(fds[1]);
    assert_int_equal(frames_fill(&in, fds[0]), -EPIPE);
    close(fds[0]);
    frames_deinit(&in);
}

static int framed(const void *data, size_t len)
{
    struct frames in = { 0 };
    struct bytes got;
    uint8_t type;
    int fds[2], r;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    assert_int_equal(write(fds[1], data, len), (ssize_t)len);
    assert_int_equal(frames_fill(&in, fds[0]), 0);
    r = frames_next(&in, &type, &got);
    close(fds[0]);
    close(fds[1]);
    frames_deinit(&in);
    return r;
}

static void lengths_that_no_frame_has_are_refused(void **state)
{
    static const uint8_t none[] = { 0, 0, 0, 0 }, large[] = { 0, 1, 0x80, 1, 34 },
                         huge[] = { 0xff, 0xff, 0xff, 0xff, 34 }, most[] = { 0, 1, 0x80, 0, 34 };

    (void)state;
    assert_int_equal(framed(none, sizeof(none)), -EBADMSG);
    assert_int_equal(framed(large, sizeof(large)), -EBADMSG);
    assert_int_equal(framed(huge, sizeof(huge)), -EBADMSG);
    assert_int_equal(framed(most, sizeof(most)), 0); /* the rest may come */
}

/* --- the host's readings: each takes what was put, and neither less nor more --- */
typedef int reader_fn(struct bytes body);

static int read_opened(struct bytes b)
{
    struct work_opened o;

    return work_get_opened(b, &o);
}

static int read_person(struct bytes b)
{
    struct work_person p;

    return work_get_person(b, &p);
}

static int read_home(struct bytes b)
{
    struct work_home h;

    return work_get_home(b, &h);
}

static int read_stay(struct bytes b)
{
    struct work_stay s;

    return work_get_stay(b, &s);
}

static int read_report(struct bytes b)
{
    struct work_report r;

    return work_get_report(b, &r);
}

static int read_loaded(struct bytes b)
{
    struct work_loaded l;

    return work_get_loaded(b, &l);
}

static int read_done(struct bytes b)
{
    struct work_done d;

    return work_get_done(b, &d);
}

static void neither_less_nor_more(reader_fn *reader)
{
    struct bytes whole = body();

    assert_int_equal(reader(whole), 0);
    for (size_t len = 0; len < whole.len; len++)
        assert_int_equal(reader(bytes_of(whole.data, len)), -EBADMSG);
    buf_put_u8(&out, 0);
    assert_int_equal(reader(body()), -EBADMSG);
    buf_reset(&out);
}

static const struct alm_answer answer = { .value = ALM_YES,
                                          .data_as_of = 19000,
                                          .service = "support",
                                          .contact_route = "0300",
                                          .lead_professional = "Ms L",
                                          .since = 18000,
                                          .by = "t-1",
                                          .by_ms = 5 };

static void rows_and_results_are_taken_whole_or_not_at_all(void **state)
{
    static const struct alm_person person = { "p1",         "Zo\xc3\xab", "Lee", 5,
                                              "9991010017", NULL,         true,  false };
    static const struct alm_home home = { "h1", "1 Row", "ZZ7 8ZA", ALM_DAY_NONE };
    static const struct alm_stay stay = { "h1", 1, ALM_DAY_NONE };
    static const struct work_opened opened = { 0, true, true, false, true, "csv" };
    static const struct work_loaded loaded = { -EINVAL, { true, false, 19000 } };
    struct work_done done = { .seq = 9, .of = WORK_ANSWER, .answer = answer };

    (void)state;
    work_put_person(&out, &person);
    neither_less_nor_more(read_person);
    work_put_home(&out, &home);
    neither_less_nor_more(read_home);
    work_put_stay(&out, "p1", &stay);
    neither_less_nor_more(read_stay);
    work_put_report(&out, "people.csv", 17, "no such day");
    neither_less_nor_more(read_report);
    work_put_opened(&out, &opened);
    neither_less_nor_more(read_opened);
    work_put_loaded(&out, &loaded);
    neither_less_nor_more(read_loaded);
    work_put_done(&out, &done);
    neither_less_nor_more(read_done);
    done = (struct work_done){ .of = WORK_RELATE, .relation = { ALM_REFERRAL, 1, ALM_DAY_NONE } };
    work_put_done(&out, &done);
    neither_less_nor_more(read_done);
    done = (struct work_done){ .of = WORK_READY, .result = 1, .ready.answer = answer };
    work_put_done(&out, &done);
    neither_less_nor_more(read_done);
    done = (struct work_done){ .of = WORK_COMMAND, .reply = bytes_str("{\"ok\":true}") };
    work_put_done(&out, &done);
    neither_less_nor_more(read_done);
    done = (struct work_done){ .of = WORK_CHANGED, .result = 1 };
    work_put_done(&out, &done);
    neither_less_nor_more(read_done);
}

/* A person's body with one text in place of the family name. */
static int person_with_family(const void *text, size_t len)
{
    int r;

    buf_reset(&out);
    buf_put_text(&out, "p1");
    buf_put_text(&out, "Ann");
    buf_put_var(&out, text, len);
    buf_put_text(&out, "");
    buf_put_text(&out, "");
    buf_put_i32(&out, 5);
    buf_put_u8(&out, 0);
    buf_put_u8(&out, 0);
    r = read_person(buf_view(&out));
    buf_reset(&out);
    return r;
}

static void texts_are_bounded_utf8_without_nul(void **state)
{
    char longest[ALM_FIELD_MAX];

    (void)state;
    memset(longest, 'x', sizeof(longest));
    assert_int_equal(person_with_family("Lee", 3), 0);
    assert_int_equal(person_with_family(longest, sizeof(longest) - 1), 0);
    assert_int_equal(person_with_family(longest, sizeof(longest)), -EBADMSG);
    assert_int_equal(person_with_family("L\0e", 3), -EBADMSG);
    assert_int_equal(person_with_family("L\xff", 2), -EBADMSG);
    assert_int_equal(person_with_family("\xc3", 1), -EBADMSG);
    assert_int_equal(person_with_family("\xed\xa0\x80", 3), -EBADMSG); /* a surrogate */
}

/* Where a byte of the good body is changed to one that no such place may hold. */
static void refused_with(struct work_done d, size_t at, uint8_t octet)
{
    buf_reset(&out);
    work_put_done(&out, &d);
    out.data[5 + at] = octet;
    assert_int_equal(read_done(body()), -EBADMSG);
}

static void numbers_outside_their_enumeration_are_refused(void **state)
{
    const struct work_done a = { .seq = 1, .of = WORK_ANSWER, .answer = answer },
                           r = { .seq = 1, .of = WORK_RELATE, .relation = { ALM_INVOLVED, 1, 2 } };

    (void)state;
    refused_with(a, 4, 0);           /* an operation: none */
    refused_with(a, 4, WORK_OPENED); /* not one that is answered so */
    refused_with(a, 8, 2);           /* a result past 1 */
    refused_with(a, 9, 2);           /* partial: neither true nor false */
    refused_with(a, 10, 7);          /* stale */
    refused_with(a, 15, 0);          /* a value */
    refused_with(a, 15, 5);
    refused_with(a, 16, 6); /* a cause */
    refused_with(r, 15, 0); /* a relationship */
    refused_with(r, 15, 6);
}

static void report_of_any_bytes_is_cut_to_what_can_be_shown(void **state)
{
    char text[2000];
    struct work_report r;

    (void)state;
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    memcpy(text + WORK_REPORT_MAX - 2, "\xc3\xab", 2); /* a character on the edge */
    work_put_report(&out, NULL, 5000000000UL, text);
    assert_int_equal(work_get_report(body(), &r), 0);
    assert_int_equal(strlen(r.text), WORK_REPORT_MAX - 2);
    assert_int_equal(r.line, UINT32_MAX);
    assert_string_equal(r.where, "");
    buf_reset(&out);
    work_put_report(&out, "x", 1, "bytes \xff of a driver");
    assert_int_equal(work_get_report(body(), &r), 0);
    assert_string_equal(r.text, "bytes ");
}

/* --- the worker's readings --- */
static struct work_question question;

static void question_comes_back_as_it_was_put(void **state)
{
    static const uint8_t key[ALM_KEY_LEN] = { 1, 2, 3 };
    const struct alm_place places[2] = { { { "h1", "h2" }, 2, 5, ALM_DAY_NONE },
                                         { { "h3" }, 1, 1, 2 } };
    const struct alm_question q = { .key = key,
                                    .within_ms = 1234,
                                    .purpose = "help",
                                    .asker = "police",
                                    .id = "called",
                                    .as_of = 19000,
                                    .person = "p1",
                                    .has_parameter = true,
                                    .parameter = places[1],
                                    .n_places = 2,
                                    .places = places };
    uint32_t seq;

    (void)state;
    assert_int_equal(work_put_answer(&out, 77, &q), 0);
    work_set_within(&out, 5000, 99);
    assert_int_equal(work_get_answer(body(), &seq, &question), 0);
    assert_int_equal(seq, 77);
    assert_memory_equal(question.q.key, key, sizeof(key));
    assert_int_equal(question.q.within_ms, 99);
    assert_string_equal(question.q.person, "p1");
    assert_string_equal(question.q.asker, "police");
    assert_int_equal(question.q.n_places, 2);
    assert_string_equal(question.q.places[0].homes[1], "h2");
    assert_int_equal(question.q.places[1].until, 2);
    assert_string_equal(question.q.parameter.homes[0], "h3");
    assert_int_equal(question.q.household.n, 0);
    for (size_t len = 0; len < out.len - 5; len++)
        assert_int_equal(work_get_answer(bytes_of(out.data + 5, len), &seq, &question), -EBADMSG);
}

static void time_of_a_driver_is_bounded_and_a_persons_is_not(void **state)
{
    static const uint8_t key[ALM_KEY_LEN];
    struct alm_question q = { .key = key, .purpose = "", .asker = "", .id = "called" };
    uint32_t seq;

    (void)state;
    for (int by_hand = 0; by_hand < 2; by_hand++) {
        q.by_hand = by_hand;
        assert_int_equal(work_put_answer(&out, 1, &q), 0);
        work_set_within(&out, 3600000, 1350);
        assert_int_equal(work_get_answer(body(), &seq, &question), 0);
        assert_int_equal(question.q.within_ms, by_hand ? 3600000 : 1350);
        buf_reset(&out);
    }
}

static void unknown_person_is_none_and_not_an_empty_reference(void **state)
{
    static const uint8_t key[ALM_KEY_LEN];
    const struct alm_question q = { .key = key, .purpose = "", .asker = "", .id = "called" };
    uint32_t seq;

    (void)state;
    assert_int_equal(work_put_answer(&out, 1, &q), 0);
    assert_int_equal(work_get_answer(body(), &seq, &question), 0);
    assert_null(question.q.person);
}

static void question_past_its_bounds_is_never_put(void **state)
{
    static const uint8_t key[ALM_KEY_LEN];
    static const struct alm_place many[WORK_PLACES_MAX + 1];
    char longest[ALM_REF_MAX + 1];
    struct alm_question q = { .key = key, .purpose = "", .asker = "", .id = "called" };

    (void)state;
    memset(longest, 'r', sizeof(longest));
    longest[ALM_REF_MAX] = '\0';
    q.person = longest;
    assert_int_equal(work_put_answer(&out, 1, &q), -EINVAL);
    q.person = NULL;
    q.places = many;
    q.n_places = WORK_PLACES_MAX + 1;
    assert_int_equal(work_put_answer(&out, 1, &q), -EINVAL);
    q.n_places = 0;
    q.household.n = ALM_SAME_HOME_MAX + 1;
    assert_int_equal(work_put_answer(&out, 1, &q), -EINVAL);
    assert_int_equal(out.len, 0);
}

static void worker_of_another_release_is_refused(void **state)
{
    const struct work_begin b = { .log = 2, .zone = "Europe/London", .limits = { 1500, 10, 20 } };
    struct work_begin got;

    (void)state;
    work_put_begin(&out, &b);
    assert_int_equal(work_get_begin(body(), &got), 0);
    assert_string_equal(got.zone, "Europe/London");
    assert_int_equal(got.limits.rows_most, 10);
    out.data[6]++; /* the version */
    assert_int_equal(work_get_begin(body(), &got), -EBADMSG);
}

/* --- the sink --- */
static void sink_takes_what_the_host_will_take(void **state)
{
    const struct alm_person good = { "p1", "Ann", "Lee", 5, "9991010017", "", false, false };
    const struct alm_home home = { "h1", "1 Row", "ZZ7 8ZA", ALM_DAY_NONE },
                          nowhere = { "nfa", "No fixed address", "", ALM_DAY_NONE };
    struct alm_person p = good;
    struct alm_home h = home;
    char longest[ALM_FIELD_MAX + 1];

    (void)state;
    memset(longest, 'x', sizeof(longest));
    longest[ALM_FIELD_MAX] = '\0';
    assert_int_equal(tell_check_person(&good), ALM_OK);
    p.ref = "";
    assert_int_equal(tell_check_person(&p), ALM_BAD_REFERENCE);
    p.ref = "\xff";
    assert_int_equal(tell_check_person(&p), ALM_BAD_REFERENCE);
    p = good;
    p.nhs = "9991010018";
    assert_int_equal(tell_check_person(&p), ALM_BAD_NHS);
    p = good;
    p.given = "";
    p.born = ALM_DAY_NONE;
    assert_int_equal(tell_check_person(&p), ALM_OK); /* found by the number alone */
    p.nhs = "";
    assert_int_equal(tell_check_person(&p), ALM_BAD_BORN);
    p.born = 5;
    assert_int_equal(tell_check_person(&p), ALM_BAD_NAME);
    assert_int_equal(tell_check_home(&home), ALM_OK);
    assert_int_equal(tell_check_home(&nowhere), ALM_OK);
    h.postcode = "nonsense";
    assert_int_equal(tell_check_home(&h), ALM_BAD_POSTCODE);
    h = nowhere;
    h.address = longest;
    assert_int_equal(tell_check_home(&h), ALM_BAD_ADDRESS);
}

static void sink_counts_and_knows_who_was_told(void **state)
{
    const struct alm_person p = { "p1", "Ann", "Lee", 5, "", "", false, false };
    const struct alm_home h = { "h1", "1 Row", "ZZ7 8ZA", ALM_DAY_NONE };
    const struct alm_stay s = { "h1", 1, ALM_DAY_NONE };
    struct teller t;
    struct alm_sink sink;
    int fds[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    teller_init(&t, fds[0]);
    t.limits.rows_most = 3;
    teller_sink(&t, &sink);
    assert_int_equal(sink.stay(sink.ctx, "p1", &s), ALM_NO_PERSON);
    assert_int_equal(sink.person(sink.ctx, &p), 0);
    assert_int_equal(sink.person(sink.ctx, &p), ALM_REPEATED);
    assert_int_equal(sink.home(sink.ctx, &h), 0);
    assert_int_equal(sink.stay(sink.ctx, "p1", &s), 0);
    assert_int_equal(sink.stay(sink.ctx, "p1", &s), -ENOBUFS);
    assert_int_equal(sink.stay(sink.ctx, "p1", &s), -ENOBUFS);
    close(fds[1]);
    assert_int_equal(teller_flush(&t), -EPIPE);
    assert_int_equal(teller_flush(&t), -EPIPE); /* and stays so */
    close(fds[0]);
    teller_deinit(&t);
}

/* --- programs --- */
static void backend_is_found_by_a_plain_name_alone(void **state)
{
    char path[PATH_MAX], there[SPAWN_THERE_MAX];

    (void)state;
    assert_true(spawn_name_valid("csv") && spawn_name_valid("sql-2"));
    assert_false(spawn_name_valid("") || spawn_name_valid("../csv") || spawn_name_valid("-x") ||
                 spawn_name_valid("CSV") || spawn_name_valid("a b") ||
                 spawn_name_valid("a-name-of-a-backend-that-is-too-long"));
    assert_int_equal(temp_dir_setup(state), 0);
    assert_int_equal(chmod(temp_text("almoner-source-one", "#!/bin/true\n"), 0700), 0);
    assert_int_equal(chmod(temp_text("almoner-source-two", "#!/bin/true\n"), 0700), 0);
    assert_int_equal(spawn_find(temp_dir, "one", path, there), 0);
    assert_int_equal(spawn_find(temp_dir, "three", path, there), -ENOENT);
    assert_string_equal(there, "one, two");
    assert_int_equal(spawn_find("/nowhere", "one", path, there), -ENOENT);
    assert_string_equal(there, "");
    assert_int_equal(temp_dir_teardown(state), 0);
}

#define PLAIN(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLAIN(frames_come_whole_however_they_are_cut),
        PLAIN(lengths_that_no_frame_has_are_refused),
        PLAIN(rows_and_results_are_taken_whole_or_not_at_all),
        PLAIN(texts_are_bounded_utf8_without_nul),
        PLAIN(numbers_outside_their_enumeration_are_refused),
        PLAIN(report_of_any_bytes_is_cut_to_what_can_be_shown),
        PLAIN(question_comes_back_as_it_was_put),
        PLAIN(time_of_a_driver_is_bounded_and_a_persons_is_not),
        PLAIN(unknown_person_is_none_and_not_an_empty_reference),
        PLAIN(question_past_its_bounds_is_never_put),
        PLAIN(worker_of_another_release_is_refused),
        PLAIN(sink_takes_what_the_host_will_take),
        PLAIN(sink_counts_and_knows_who_was_told),
        PLAIN(backend_is_found_by_a_plain_name_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
