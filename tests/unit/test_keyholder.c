/* SPDX-License-Identifier: Apache-2.0 */
/* test_keyholder.c - budgets of the key holder: so many points a second and a day, for each and all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/file.h"
#include "keyholder/budget.h"
#include "temp_dir.h"

#include <errno.h>

static struct budget *b;
static uint32_t retry_ms;

static int setup(void **state)
{
    if (temp_dir_setup(state) != 0)
        return -1;
    return budget_new((struct budget_limits){ 100, 1000 }, (struct budget_limits){ 1000, 1500 }, &b);
}

static int teardown(void **state)
{
    b = budget_free(b);
    return temp_dir_teardown(state);
}

static int take(const char *agency, unsigned n, int64_t now_ms, int32_t day)
{
    return budget_take(b, agency, n, now_ms, day, &retry_ms);
}

static void agency_beyond_its_rate_waits_and_others_do_not(void **state)
{
    (void)state;
    assert_int_equal(take("greedy", 200, 1000, 1), 0); /* two seconds' worth are saved up */
    assert_int_equal(take("greedy", 50, 1000, 1), BUDGET_RATE);
    assert_in_range(retry_ms, 400, 600);
    assert_int_equal(take("modest", 50, 1000, 1), 0);
    assert_int_equal(take("greedy", 50, 1000 + retry_ms, 1), 0);
}

static void refused_request_takes_nothing(void **state)
{
    (void)state;
    assert_int_equal(take("a", 150, 1000, 1), 0);
    for (int i = 0; i < 50; i++)
        assert_int_equal(take("a", 100, 1000, 1), BUDGET_RATE);
    assert_int_equal(take("a", 50, 1000, 1), 0);
}

static void batch_larger_than_can_be_saved_up_is_let_through_and_owed(void **state)
{
    (void)state;
    assert_int_equal(take("a", 256, 1000, 1), 0);
    assert_int_equal(take("a", 1, 1000, 1), BUDGET_RATE);
    assert_int_equal(take("a", 1, 1500, 1), BUDGET_RATE); /* 56 are owed: 6 still */
    assert_int_equal(take("a", 1, 1700, 1), 0);
}

static void day_that_is_used_up_ends_at_midnight(void **state)
{
    int64_t now = 1000;

    (void)state;
    for (int i = 0; i < 5; i++, now += 10000)
        assert_int_equal(take("a", 200, now, 7), 0);
    assert_int_equal(take("a", 1, now, 7), BUDGET_DAY);
    assert_int_equal(take("a", 1, now, 6), BUDGET_DAY); /* a clock that went back gives nothing */
    assert_int_equal(take("a", 1, now, 8), 0);
}

static void clock_that_ran_years_ahead_stops_nobody_for_longer_than_a_day(void **state)
{
    int64_t now = 1000;

    (void)state;
    for (int i = 0; i < 5; i++, now += 10000)
        assert_int_equal(take("a", 200, now, 20000), 0);
    assert_int_equal(take("a", 1, now, 7), BUDGET_DAY); /* put right: it gives nothing by itself */
    assert_int_equal(take("a", 1, now, 8), 0);
}

static void many_names_have_no_more_than_all_together(void **state)
{
    char name[8] = "a";
    int r = 0, taken = 0;

    (void)state;
    for (char c = 'a'; c <= 'z'; c++) {
        name[0] = c;
        r = take(name, 100, 1000 + (c - 'a') * 5000, 1);
        taken += r == 0;
    }
    assert_int_equal(r, BUDGET_ALL_DAY);
    assert_int_equal(taken, 15);
}

static void what_was_used_today_survives_a_restart(void **state)
{
    char path[128];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/budget", temp_dir);
    assert_int_equal(budget_load(b, path), 0); /* none yet */
    for (int i = 0; i < 5; i++)
        assert_int_equal(take("a", 200, 1000 + i * 10000, 7), 0);
    assert_int_equal(budget_save(b, path), 0);
    b = budget_free(b);
    assert_int_equal(budget_new((struct budget_limits){ 100, 1000 },
                                (struct budget_limits){ 1000, 1500 }, &b),
                     0);
    assert_int_equal(budget_set(b, "a", (struct budget_limits){ 100, 1001 }), 0);
    assert_int_equal(budget_load(b, path), 0);
    assert_int_equal(take("a", 2, 1000, 7), BUDGET_DAY);
    assert_int_equal(take("a", 1, 1000, 7), 0);
    assert_int_equal(take("a", 2, 1000, 8), 0);
}

static void damaged_file_is_named(void **state)
{
    static const char *const texts[] = { "a 7", "a 7 -5\n", "a b c\n", "a 7 5 9\n", "a 7 5" };
    char path[128];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/budget", temp_dir);
    for (size_t i = 0; i < ALM_LEN(texts); i++) {
        assert_int_equal(file_write(path, bytes_str(texts[i]), 0600), 0);
        assert_int_equal(budget_load(b, path), -EBADMSG);
    }
}

static void limits_of_ones_own_are_given_once(void **state)
{
    char endless[NAME_MAX_LEN + 1];

    (void)state;
    memset(endless, 'a', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    assert_int_equal(budget_set(b, "a", (struct budget_limits){ 5, 10 }), 0);
    assert_int_equal(budget_set(b, "a", (struct budget_limits){ 5, 10 }), -EEXIST);
    assert_int_equal(budget_set(b, endless, (struct budget_limits){ 5, 10 }), -EINVAL);
    assert_int_equal(take("a", 10, 1000, 1), 0);
    assert_int_equal(take("a", 1, 9000, 1), BUDGET_DAY);
}

static void tell(void *ctx, const struct budget_use *u)
{
    unsigned *sums = ctx;

    sums[0]++;
    sums[1] += (unsigned)u->points;
    sums[2] += (unsigned)u->refused;
}

static void counts_are_told_once(void **state)
{
    unsigned sums[3] = { 0 };

    (void)state;
    assert_int_equal(take("a", 200, 1000, 1), 0);
    assert_int_equal(take("a", 1, 1000, 1), BUDGET_RATE);
    assert_int_equal(take("c", 7, 1000, 1), 0);
    budget_tell(b, tell, sums);
    assert_int_equal(sums[0], 2);
    assert_int_equal(sums[1], 207);
    assert_int_equal(sums[2], 1);
    budget_tell(b, tell, sums);
    assert_int_equal(sums[0], 2);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(agency_beyond_its_rate_waits_and_others_do_not),
        T(refused_request_takes_nothing),
        T(batch_larger_than_can_be_saved_up_is_let_through_and_owed),
        T(day_that_is_used_up_ends_at_midnight),
        T(clock_that_ran_years_ahead_stops_nobody_for_longer_than_a_day),
        T(many_names_have_no_more_than_all_together),
        T(what_was_used_today_survives_a_restart),
        T(damaged_file_is_named),
        T(limits_of_ones_own_are_given_once),
        T(counts_are_told_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
