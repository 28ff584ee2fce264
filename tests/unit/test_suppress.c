/* SPDX-License-Identifier: Apache-2.0 */
/* test_suppress.c - small numbers in a table, and whatever would reveal them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reader/suppress.h"

#define ROWS 6

static uint64_t n[ROWS][GRID_COLUMNS];
static bool hidden[ROWS][GRID_COLUMNS];

/* rows x columns numbers, without the totals; a single column has no total beside it */
static struct grid grid_of(size_t rows, size_t columns, const uint64_t *numbers)
{
    struct grid g = { .rows = rows + 1,
                      .columns = columns + (columns > 1),
                      .totals = columns > 1,
                      .n = n,
                      .hidden = hidden };

    memset(n, 0, sizeof(n));
    memset(hidden, 0, sizeof(hidden));
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++)
            n[r][c] = numbers[r * columns + c];
    grid_add_up(&g);
    return g;
}

/* Could somebody work a hidden cell out: exactly one hidden in a row or column. */
static bool leaks(const struct grid *g)
{
    for (size_t r = 0; g->totals && r < g->rows; r++) {
        size_t h = 0;

        for (size_t c = 0; c < g->columns; c++)
            h += hidden[r][c];
        if (h == 1)
            return true;
    }
    for (size_t c = 0; c < g->columns; c++) {
        size_t h = 0;

        for (size_t r = 0; r < g->rows; r++)
            h += hidden[r][c];
        if (h == 1)
            return true;
    }
    return false;
}

static void the_last_row_and_column_are_the_totals(void **state)
{
    struct grid g = grid_of(2, 2, (const uint64_t[]){ 10, 20, 30, 40 });

    (void)state;
    assert_int_equal(n[0][2], 30);
    assert_int_equal(n[2][0], 40);
    assert_int_equal(n[2][2], 100);
    assert_false(grid_suppress(&g));
}

static void one_to_nine_are_hidden_and_zero_and_ten_are_not(void **state)
{
    struct grid g = grid_of(4, 1, (const uint64_t[]){ 0, 1, 9, 10 });

    (void)state;
    assert_true(grid_suppress(&g));
    assert_false(hidden[0][0]);
    assert_true(hidden[1][0]);
    assert_true(hidden[2][0]);
    assert_false(hidden[3][0]);
    assert_false(hidden[4][0]);
}

static void a_single_hidden_cell_takes_the_least_of_the_others_with_it(void **state)
{
    struct grid g = grid_of(3, 1, (const uint64_t[]){ 4, 50, 30 });

    (void)state;
    assert_true(grid_suppress(&g));
    assert_true(hidden[0][0]);
    assert_false(hidden[1][0]);
    assert_true(hidden[2][0]);
    assert_false(hidden[3][0]);
    g = grid_of(3, 1, (const uint64_t[]){ 4, 0, 30 }); /* a zero would hide nothing */
    assert_true(grid_suppress(&g));
    assert_false(hidden[1][0]);
    assert_true(hidden[2][0]);
}

static void a_total_under_ten_is_hidden_too(void **state)
{
    struct grid g = grid_of(2, 1, (const uint64_t[]){ 4, 0 });

    (void)state;
    assert_true(grid_suppress(&g));
    assert_true(hidden[0][0]);
    assert_true(hidden[2][0]);
}

static void hiding_goes_on_until_no_row_or_column_gives_a_cell_away(void **state)
{
    struct grid g = grid_of(3, 3, (const uint64_t[]){ 3, 40, 60, 70, 80, 90, 20, 35, 45 });

    (void)state;
    assert_true(grid_suppress(&g));
    assert_false(leaks(&g));
    assert_false(grid_suppress(&g)); /* and then it is done */
}

static void no_table_of_random_numbers_gives_a_hidden_cell_away(void **state)
{
    uint32_t seed = 7;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        uint64_t numbers[25];
        size_t rows = 1 + (size_t)i % 5, columns = 1 + (size_t)(i / 5) % 5;
        struct grid g;

        for (size_t k = 0; k < 25; k++) {
            seed = seed * 1664525 + 1013904223;
            numbers[k] = (seed >> 16) % 4 ? (seed >> 20) % 40 : 0;
        }
        g = grid_of(rows, columns, numbers);
        (void)grid_suppress(&g);
        assert_false(leaks(&g));
        for (size_t r = 0; r < g.rows; r++)
            for (size_t c = 0; c < g.columns; c++)
                assert_true(hidden[r][c] || !n[r][c] || n[r][c] >= SUPPRESS_UNDER);
    }
}

static void numbers_are_rounded_to_the_nearest_five(void **state)
{
    (void)state;
    assert_int_equal(grid_round(0), 0);
    assert_int_equal(grid_round(12), 10);
    assert_int_equal(grid_round(13), 15);
    assert_int_equal(grid_round(17), 15);
    assert_int_equal(grid_round(18), 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_row_and_column_are_the_totals),
        cmocka_unit_test(one_to_nine_are_hidden_and_zero_and_ten_are_not),
        cmocka_unit_test(a_single_hidden_cell_takes_the_least_of_the_others_with_it),
        cmocka_unit_test(a_total_under_ten_is_hidden_too),
        cmocka_unit_test(hiding_goes_on_until_no_row_or_column_gives_a_cell_away),
        cmocka_unit_test(no_table_of_random_numbers_gives_a_hidden_cell_away),
        cmocka_unit_test(numbers_are_rounded_to_the_nearest_five),
    };

    return cmocka_run_group_tests_name("suppress", tests, NULL, NULL);
}
