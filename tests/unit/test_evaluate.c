/* SPDX-License-Identifier: Apache-2.0 */
/* test_evaluate.c - intervals and samples against values worked out elsewhere; counts of nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "evaluate/figures.h"
#include "evaluate/scale.h"

#include <math.h>

#define assert_near(a, b) assert_true(fabs((a) - (b)) < 0.0001)

static void figures_wilson_is_as_published(void **state)
{
    /* roots of (p - k/n)^2 = z^2 p (1 - p) / n, solved apart from our code */
    static const struct {
        uint64_t k, n;
        double low, high;
    } rows[] = {
        { 8, 10, 0.4902, 0.9433 }, { 0, 10, 0, 0.2775 }, { 10, 10, 0.7225, 1 },
        { 1, 1, 0.2065, 1 },       { 0, 1, 0, 0.7935 },  { 50, 100, 0.4038, 0.5962 },
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        struct figure f = figure_wilson(rows[i].k, rows[i].n);

        assert_near(f.value, (double)rows[i].k / (double)rows[i].n);
        assert_near(f.low, rows[i].low);
        assert_near(f.high, rows[i].high);
    }
}

static void figures_of_nothing_claim_nothing(void **state)
{
    struct figure f = figure_wilson(0, 0);
    struct person_tally none[3] = { { 0 } };
    struct figures all;

    (void)state;
    assert_true(isnan(f.value) && f.low <= 0 && f.high >= 1);
    assert_int_equal(figures_of(none, 3, 10, 1, &all), 0);
    assert_true(isnan(all.precision.value) && isnan(all.recall.value) && isnan(all.f.value));
    assert_true(all.f.low <= 0 && all.f.high >= 1);
    assert_int_equal(figures_of(none, 0, 10, 1, &all), 0);
    assert_true(isnan(all.f.value));
}

static void figures_count_what_was_found_missed_and_wrong(void **state)
{
    static const struct person_tally of[] = { { 3, 1, 0 }, { 3, 1, 2 } };
    struct figures f;

    (void)state;
    assert_int_equal(figures_of(of, 2, 500, 1, &f), 0);
    assert_near(f.precision.value, 6.0 / 8);
    assert_near(f.recall.value, 6.0 / 8);
    assert_near(f.f.value, 12.0 / 16);
    assert_near(f.f.low, 6.0 / 9);  /* the second person drawn twice */
    assert_near(f.f.high, 6.0 / 7); /* the first */
}

static void figures_of_the_wrong_alone_are_zero_and_not_one(void **state)
{
    static const struct person_tally of[] = { { 0, 4, 0 }, { 0, 0, 5 } };
    struct figures f;

    (void)state;
    assert_int_equal(figures_of(of, 2, 100, 1, &f), 0);
    assert_near(f.precision.value, 0);
    assert_near(f.recall.value, 0);
    assert_near(f.f.value, 0);
    assert_near(f.f.high, 0);
}

static void chance_is_splitmix64(void **state)
{
    uint64_t seed = 0;

    (void)state;
    assert_true(chance_next(&seed) == 0xe220a8397b1dcdafu);
    assert_true(chance_next(&seed) == 0x6e789e6aa1b965f4u);
    for (int i = 0; i < 100; i++)
        assert_int_equal(chance_below(&seed, 1), 0);
}

static void scale_refuses_nothing_but_finds_each_of_few(void **state)
{
    struct tokens_key key = { .scheme = TOKEN_HMAC, .epoch = 1 };
    struct scale s;

    (void)state;
    for (size_t people = 1; people < 12; people++) {
        assert_int_equal(scale_measure(&key, people, 8, people, &s), 0);
        assert_int_equal(s.n_one, 4);
        assert_int_equal(s.n_unknown, 4);
        assert_int_equal(s.n_wrong + s.n_ambiguous, 0);
    }
}

static int crypto_ready(void **state)
{
    (void)state;
    return crypto_init();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_wilson_is_as_published),
        cmocka_unit_test(figures_of_nothing_claim_nothing),
        cmocka_unit_test(figures_count_what_was_found_missed_and_wrong),
        cmocka_unit_test(figures_of_the_wrong_alone_are_zero_and_not_one),
        cmocka_unit_test(chance_is_splitmix64),
        cmocka_unit_test(scale_refuses_nothing_but_finds_each_of_few),
    };

    return cmocka_run_group_tests_name("evaluate", tests, crypto_ready, NULL);
}
