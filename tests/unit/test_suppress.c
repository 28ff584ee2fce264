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

/* --- all that can be worked out from a table, by elimination modulo a prime --- */

#define PRIME 1000003
#define CELLS (ROWS * GRID_COLUMNS)

static int64_t equations[ROWS + GRID_COLUMNS][CELLS];

static int64_t power(int64_t a, unsigned e)
{
    int64_t out = 1;

    for (; e; e >>= 1, a = a * a % PRIME)
        out = e & 1 ? out * a % PRIME : out;
    return out;
}

/* Each row and each column says that its cells less its total are nothing; what is shown is known.
 */
static size_t equations_of(const struct grid *g)
{
    size_t e = 0;

    memset(equations, 0, sizeof(equations));
    for (size_t r = 0; g->totals && r < g->rows; r++, e++)
        for (size_t c = 0; c < g->columns; c++)
            equations[e][r * GRID_COLUMNS + c] = !hidden[r][c]         ? 0
                                                 : c + 1 == g->columns ? PRIME - 1
                                                                       : 1;
    for (size_t c = 0; c < g->columns; c++, e++)
        for (size_t r = 0; r < g->rows; r++)
            equations[e][r * GRID_COLUMNS + c] = !hidden[r][c]      ? 0
                                                 : r + 1 == g->rows ? PRIME - 1
                                                                    : 1;
    return e;
}

static void take_off(int64_t *from, const int64_t *what, int64_t times)
{
    for (size_t i = 0; i < CELLS; i++)
        from[i] = ((from[i] - times * what[i]) % PRIME + PRIME) % PRIME;
}

/* Reduced as far as it goes: a cell can be worked out when an equation is about it alone. */
static bool works_out(const struct grid *g)
{
    size_t n_equations = equations_of(g), done = 0;

    for (size_t i = 0; i < CELLS && done < n_equations; i++) {
        int64_t pivot[CELLS];
        size_t at = done;

        while (at < n_equations && !equations[at][i])
            at++;
        if (at == n_equations)
            continue;
        memcpy(pivot, equations[at], sizeof(pivot));
        memcpy(equations[at], equations[done], sizeof(pivot));
        take_off(pivot, pivot, 1 - power(pivot[i], PRIME - 2));
        memcpy(equations[done], pivot, sizeof(pivot));
        for (size_t e = 0; e < n_equations; e++)
            if (e != done)
                take_off(equations[e], pivot, equations[e][i]);
        done++;
    }
    for (size_t e = 0; e < done; e++) {
        size_t cells = 0;

        for (size_t i = 0; i < CELLS; i++)
            cells += equations[e][i] != 0;
        if (cells == 1)
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

/* Two squares of small numbers and one more that joins them: each row and column hides two or
 * more, and yet the joining one would be the sum of two rows less that of two columns. */
static void no_sum_of_several_rows_and_columns_gives_a_cell_away(void **state)
{
    struct grid g =
        grid_of(4, 4, (const uint64_t[]){ 3, 4, 50, 60, 5, 6, 7, 70, 80, 90, 2, 8, 55, 65, 9, 1 });

    (void)state;
    for (size_t r = 0; r < 4; r++) /* by its rows and columns alone this would do */
        for (size_t c = 0; c < 4; c++)
            hidden[r][c] = n[r][c] < SUPPRESS_UNDER;
    assert_false(leaks(&g));
    assert_true(works_out(&g));
    assert_true(grid_suppress(&g));
    assert_false(leaks(&g));
    assert_false(works_out(&g));
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
        assert_false(works_out(&g));
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
        cmocka_unit_test(no_sum_of_several_rows_and_columns_gives_a_cell_away),
        cmocka_unit_test(no_table_of_random_numbers_gives_a_hidden_cell_away),
        cmocka_unit_test(numbers_are_rounded_to_the_nearest_five),
    };

    return cmocka_run_group_tests_name("suppress", tests, NULL, NULL);
}
