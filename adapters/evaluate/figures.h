/* SPDX-License-Identifier: Apache-2.0 */
/* figures.h - precision, recall and F of counts, each with an interval of 95 %. Pure. */
#pragma once
#include "evaluate/pairs.h"

struct figure {
    double value, low, high; /* 0 to 1; value NAN where nothing was counted, then 0 to 1 */
};
struct figures {
    struct figure precision, recall; /* Wilson, over pairs */
    struct figure f;                 /* percentiles of samples of people */
};
/* Chance that is the same for the same seed, on every machine: splitmix64. Not for keys. */
uint64_t chance_next(uint64_t *state);
size_t chance_below(uint64_t *state, size_t n); /* n > 0 */

/* Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
 * 1927; z = 1.96. */
struct figure figure_wilson(uint64_t k, uint64_t n);
/**
 * figures_of() - of one decision function
 * @samples: how many times people are drawn anew, with replacement; at least 1
 * Pairs of one person stand or fall together, so that F is sampled by person. Return: 0 or -ENOMEM.
 */
ALM_MUST_USE int figures_of(const struct person_tally *of, size_t n_people, size_t samples,
                            uint64_t seed, struct figures *out);
