/* SPDX-License-Identifier: Apache-2.0 */
/* test_source.c - rows exchanged while questions wait: nobody is answered for by the wrong rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "temp_dir.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "host/source.h"
#include "lib/tokens.h"

#include <errno.h>
#include <poll.h>

#define PATIENCE_MS 60000 /* a machine may be busy */
#define NOT_YET     1

static const char *program, *program_rows;
static struct tokens_key key;
static struct source *source;
static int loads, failed, results[8]; /* by ticket */

static void answered(void *ctx, uint32_t ticket, int r, const struct alm_answer *answer)
{
    (void)ctx;
    (void)answer;
    assert_in_range(ticket, 1, 7);
    assert_int_equal(results[ticket], NOT_YET);
    results[ticket] = r;
}

static void related(void *ctx, uint32_t ticket, int r, const struct alm_relationship *found)
{
    (void)found;
    answered(ctx, ticket, r, NULL);
}

static void commanded(void *ctx, uint32_t ticket, int r, struct bytes reply)
{
    (void)reply;
    answered(ctx, ticket, r, NULL);
}

static bool ready(void *ctx, const struct alm_ready *said)
{
    (void)ctx;
    (void)said;
    return false;
}

static void report(void *ctx, const char *where, unsigned long line, const char *text)
{
    (void)ctx;
    (void)fprintf(stderr, "%s:%lu: %s\n", where, line, text);
}

static void loaded(void *ctx, int r)
{
    (void)ctx;
    loads += r == 0;
    failed += r != 0;
}

static void turn(void)
{
    struct pollfd fds[SOURCE_FDS];
    size_t n = source_poll_fds(source, fds);

    (void)poll(fds, n, 5);
    (void)source_step(source, clock_mono_ms());
}

#define UNTIL(condition)                                                                           \
    do {                                                                                           \
        int64_t until_ms = clock_mono_ms() + PATIENCE_MS;                                          \
                                                                                                   \
        while (!(condition)) {                                                                     \
            assert_true(clock_mono_ms() < until_ms);                                               \
            turn();                                                                                \
        }                                                                                          \
    } while (0)

static int begin(void **state, const char *name, const char *path)
{
    struct source_setup s = { .program = path,
                              .name = name,
                              .zone = "Europe/London",
                              .log = 1,
                              .limits = { PATIENCE_MS, PATIENCE_MS, 100, 1000, 1000, 1 << 24 },
                              .key = &key,
                              .events = { NULL, answered, related, commanded, ready, report, loaded,
                                          NULL, NULL } };

    key.scheme = 1;
    key.epoch = 1;
    for (size_t i = 0; i < ALM_LEN(results); i++)
        results[i] = NOT_YET;
    loads = failed = 0;
    if (temp_dir_setup(state) != 0 || crypto_init() != 0)
        return -1;
    s.config = temp_text("adapter.conf", "");
    (void)temp_text("behave", "as usual");
    if (source_new(&s, clock_mono_ms(), &source) != 0)
        return -1;
    UNTIL(source_opened(source) == 0);
    source_load(source, clock_mono_ms());
    UNTIL(loads == 1);
    return 0;
}

static int setup(void **state)
{
    return begin(state, "bad-rows", program_rows);
}

static int setup_asked_anew(void **state)
{
    return begin(state, "bad", program);
}

static int teardown(void **state)
{
    source = source_free(source);
    return temp_dir_teardown(state);
}

static void put(uint32_t ticket, const char *id)
{
    static const uint8_t name[ALM_KEY_LEN] = { 1 };
    const struct alm_question q = { .key = name,
                                    .purpose = "",
                                    .asker = "",
                                    .id = id,
                                    .person = "p1",
                                    .within_ms = PATIENCE_MS };

    assert_int_equal(source_answer(source, ticket, &q, clock_mono_ms() + 2 * PATIENCE_MS), 0);
}

/* "p1" was Isla when this was put, and is somebody else in the rows that the next worker has. */
static void what_waits_over_an_exchange_of_rows_is_put_anew_and_never_to_the_new_rows(void **state)
{
    const struct alm_subject s = { .person = "p1", .day = 0 };

    (void)state;
    put(1, "wait");
    UNTIL(access(temp_path("behave.at"), F_OK) == 0);
    put(2, "fine");
    assert_int_equal(source_relate(source, 3, &s, clock_mono_ms() + 2 * PATIENCE_MS), 0);
    (void)temp_text("behave", "other");
    source_load(source, clock_mono_ms());
    UNTIL(source_index_coming(source) && index_done(source_index_coming(source)));
    assert_int_equal(loads, 1); /* the worker that is at a question goes last */
    (void)temp_text("behave.go", "");
    UNTIL(loads == 2 && results[1] != NOT_YET);
    assert_int_equal(results[1], 0);
    UNTIL(results[2] != NOT_YET && results[3] != NOT_YET);
    assert_int_equal(results[2], -ESTALE);
    assert_int_equal(results[3], -ESTALE);
    put(4, "fine");
    UNTIL(results[4] != NOT_YET);
    assert_int_equal(results[4], 0);
}

static void commands_wait_over_an_exchange_and_are_done(void **state)
{
    (void)state;
    put(1, "wait");
    UNTIL(access(temp_path("behave.at"), F_OK) == 0);
    assert_int_equal(source_command(source, 2, bytes_str("{}"), clock_mono_ms() + 2 * PATIENCE_MS), 0);
    source_load(source, clock_mono_ms());
    UNTIL(source_index_coming(source) && index_done(source_index_coming(source)));
    (void)temp_text("behave.go", "");
    UNTIL(loads == 2 && results[2] != NOT_YET);
    assert_int_equal(results[2], 0);
}

static void rows_whose_exchange_failed_are_of_no_later_day(void **state)
{
    int32_t today = civil_today(clock_wall_ms());

    (void)state;
    assert_int_equal(source_rows_day(source, true), ALM_DAY_NONE);
    assert_int_equal(source_rows_day(source, false), ALM_DAY_NONE); /* rows and people are one load */
    (void)temp_text("behave", "wrong");
    source_load(source, clock_mono_ms());
    UNTIL(failed == 1);
    assert_in_range(source_rows_day(source, true), today, today + 1);
    (void)temp_text("behave", "as usual");
    source_load(source, clock_mono_ms());
    UNTIL(loads == 2);
    assert_int_equal(source_rows_day(source, true), ALM_DAY_NONE);
}

static void where_no_rows_are_kept_who_is_not_found_is_as_old_as_the_load(void **state)
{
    int32_t today = civil_today(clock_wall_ms());

    (void)state;
    assert_int_equal(source_rows_day(source, true), ALM_DAY_NONE); /* the source itself says it */
    assert_in_range(source_rows_day(source, false), today - 1, today);
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            what_waits_over_an_exchange_of_rows_is_put_anew_and_never_to_the_new_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(commands_wait_over_an_exchange_and_are_done, setup, teardown),
        cmocka_unit_test_setup_teardown(rows_whose_exchange_failed_are_of_no_later_day, setup, teardown),
        cmocka_unit_test_setup_teardown(
            where_no_rows_are_kept_who_is_not_found_is_as_old_as_the_load, setup_asked_anew, teardown),
    };

    if (argc != 3)
        return 2;
    program = argv[1];
    program_rows = argv[2];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
