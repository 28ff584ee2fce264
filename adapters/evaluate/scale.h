/* SPDX-License-Identifier: Apache-2.0 */
/* scale.h - an index of generated people, built as an adapter builds its own: what it and a lookup
 * cost. */
#pragma once
#include "lib/tokens.h"

#define SCALE_PEOPLE_MAX 5000000u

struct scale {
    size_t people, homes, lookups;
    double build_s, finish_s; /* being told people, homes and stays; making their tokens */
    double people_per_s;      /* of both together, as it went on this machine */
    double build_cpu_s;       /* processor time of both, which other work does not lengthen much */
    double median_us, p99_us, most_us; /* of one index_find; tokens were made before */
    double tokens_us;                  /* mean cost of making one asker's tokens */
    long peak_kib;                     /* of this process, ever */
    size_t n_one, n_ambiguous, n_unknown, n_wrong;
};
/**
 * scale_measure() - half of the lookups are about people who are in the index, half about others
 * @people: 1 to SCALE_PEOPLE_MAX; @lookups: at least 2
 * Return: 0; -errno.
 */
ALM_MUST_USE int scale_measure(const struct tokens_key *k, size_t people, size_t lookups,
                               uint64_t seed, struct scale *out);
