/* SPDX-License-Identifier: Apache-2.0 */
/* figures.c - Wilson's interval, and a bootstrap over people. */
#include "evaluate/figures.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

uint64_t chance_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

size_t chance_below(uint64_t *state, size_t n)
{
    return (size_t)(chance_next(state) % n); /* the unevenness of n in 2^64 does not matter here */
}

struct figure figure_wilson(uint64_t k, uint64_t n)
{
    const double z = 1.959964, total = (double)n;
    double p, middle, half, under;

    if (n == 0)
        return (struct figure){ NAN, 0, 1 };
    p = (double)k / total;
    under = 1 + z * z / total;
    middle = (p + z * z / (2 * total)) / under;
    half = z * sqrt(p * (1 - p) / total + z * z / (4 * total * total)) / under;
    return (struct figure){ p, k ? fmax(0, middle - half) : 0,
                            k == n ? 1 : fmin(1, middle + half) };
}

static double f_of(const struct person_tally *t)
{
    uint64_t all = 2 * t->found + t->missed + t->wrong;

    return all ? 2 * (double)t->found / (double)all : NAN;
}

static void tally_add(struct person_tally *sum, const struct person_tally *one)
{
    sum->found += one->found;
    sum->missed += one->missed;
    sum->wrong += one->wrong;
}

static int double_order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static int f_sample(const struct person_tally *of, size_t n_people, size_t samples, uint64_t seed,
                    struct figure *out)
{
    double *drawn = calloc(samples, sizeof(*drawn));
    size_t n = 0;

    if (!drawn)
        return -ENOMEM;
    for (size_t s = 0; s < samples; s++) {
        struct person_tally sum = { 0 };
        double f;

        for (size_t i = 0; i < n_people; i++)
            tally_add(&sum, &of[chance_below(&seed, n_people)]);
        f = f_of(&sum);
        if (!isnan(f))
            drawn[n++] = f;
    }
    qsort(drawn, n, sizeof(*drawn), double_order);
    out->low = n ? drawn[(size_t)(0.025 * (double)(n - 1))] : 0;
    out->high = n ? drawn[(size_t)(0.975 * (double)(n - 1) + 0.5)] : 1;
    free(drawn);
    return 0;
}

int figures_of(const struct person_tally *of, size_t n_people, size_t samples, uint64_t seed,
               struct figures *out)
{
    struct person_tally sum = { 0 };

    for (size_t i = 0; i < n_people; i++)
        tally_add(&sum, &of[i]);
    out->precision = figure_wilson(sum.found, sum.found + sum.wrong);
    out->recall = figure_wilson(sum.found, sum.found + sum.missed);
    out->f.value = f_of(&sum);
    return f_sample(of, n_people, samples, seed, &out->f);
}
