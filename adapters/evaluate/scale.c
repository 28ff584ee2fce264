/* SPDX-License-Identifier: Apache-2.0 */
/* scale.c - people made by chance: some hundreds of given and thousands of family names, the common
 * ones far more often, three to a home, birth dates over ninety years. */
#include "evaluate/scale.h"

#include "base/clock.h"
#include "evaluate/figures.h"
#include "lib/fold.h"
#include "lib/index.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define HOME_SIZE 3
#define NAME_TEXT 24

struct someone {
    char given[NAME_TEXT], family[NAME_TEXT], address[48], postcode[12], nhs[NHS_TEXT];
    int32_t born;
};

static const char *const syllables[] = { "ba", "car", "da",  "el", "fi",  "gor", "han",
                                         "is", "jo",  "kel", "lo", "mar", "ni",  "or",
                                         "pe", "ron", "sa",  "ti", "ul",  "win" };
#define N_SYLLABLES 20

/* A name by its rank: the product of two chances makes low ranks common. */
static void name_make(uint64_t *chance, size_t n, char out[static NAME_TEXT])
{
    size_t rank = chance_below(chance, n) * chance_below(chance, n) / n;

    (void)snprintf(out, NAME_TEXT, "%s%s%s", syllables[rank % N_SYLLABLES],
                   syllables[rank / N_SYLLABLES % N_SYLLABLES],
                   syllables[rank / (N_SYLLABLES * N_SYLLABLES) % N_SYLLABLES]);
}

static void home_make(size_t home, struct someone *out)
{
    (void)snprintf(out->address, sizeof(out->address), "%zu %s%s Road", home % 60 + 1,
                   syllables[home / 60 % N_SYLLABLES], syllables[home / 1200 % N_SYLLABLES]);
    (void)snprintf(out->postcode, sizeof(out->postcode), "ZZ%zu %zu%c%c", home / 20 % 99 + 1,
                   home / 1980 % 10, (char)('A' + home / 19800 % 26),
                   (char)('A' + home / 514800 % 26));
}

/* A number of its own; "" for one in eleven, whose check digit would be 10: not everybody's is
 * known. */
static void nhs_make(size_t number, char out[static NHS_TEXT])
{
    char digits[24], folded[NHS_TEXT];

    for (size_t check = 0; check < 10; check++) {
        (void)snprintf(digits, sizeof(digits), "%09zu%zu", 900000000 + number % 100000000, check);
        if (fold_nhs(digits, folded) == ALM_OK) {
            memcpy(out, folded, NHS_TEXT);
            return;
        }
    }
    out[0] = '\0';
}

/* The same person for the same number and seed. */
static void someone_make(uint64_t seed, size_t number, struct someone *out)
{
    uint64_t one = seed ^ (number * 0x2545f4914f6cdd1du),
             family = seed ^ ~((number / HOME_SIZE) * 0x9e3779b97f4a7c15u);

    name_make(&one, 500, out->given);
    name_make(&family, 8000, out->family);
    out->born = (int32_t)(civil_from_ymd(1936, 1, 1) + (int64_t)chance_below(&one, 32872));
    home_make(number / HOME_SIZE, out);
    nhs_make(number, out->nhs);
}

static double seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double processor_seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int index_tell(const struct alm_sink *sink, const struct someone *who, size_t number)
{
    char ref[24], home[24];
    struct alm_person person = {
        ref, who->given, who->family, who->born, who->nhs, "", false, false
    };
    struct alm_home at = { home, who->address, who->postcode, ALM_DAY_NONE };
    struct alm_stay stay = { home, ALM_DAY_NONE, ALM_DAY_NONE };
    int e;

    (void)snprintf(ref, sizeof(ref), "p%zu", number);
    (void)snprintf(home, sizeof(home), "h%zu", number / HOME_SIZE);
    e = sink->person(sink->ctx, &person);
    if (e == 0 && number % HOME_SIZE == 0)
        e = sink->home(sink->ctx, &at);
    return e == 0 ? sink->stay(sink->ctx, ref, &stay) : e;
}

static int scale_build(uint64_t seed, struct scale *out, struct index *x)
{
    struct alm_sink sink;
    struct someone who;
    double begin = seconds(), told, cpu = processor_seconds();
    int e = 0;

    index_sink(x, &sink);
    for (size_t i = 0; e == 0 && i < out->people; i++) {
        someone_make(seed, i, &who);
        e = index_tell(&sink, &who, i);
    }
    told = seconds();
    if (e == 0)
        e = index_finish(x);
    out->build_s = told - begin;
    out->finish_s = seconds() - told;
    out->build_cpu_s = processor_seconds() - cpu;
    out->people_per_s = (double)out->people / (out->build_s + out->finish_s);
    return e > 0 ? -EPROTO : e;
}

/* What an asker knows: names, birth date and home; the number is known to every second asker. */
static int asker_tokens(const struct tokens_key *k, const struct someone *who, bool number,
                        struct token_set *out)
{
    struct identity id = { who->given, who->family, who->born, number ? who->nhs : "", "", false };
    struct token home[TOKENS_AT_HOME];
    int e = tokens_identity(k, &id, out);

    if (e == 0)
        e = tokens_at_home(k, &id, who->address, who->postcode, home);
    if (e == 0 && !token_set_add_home(out, home))
        e = -ENOSPC;
    return e > 0 ? -EPROTO : e;
}

static void scale_count(const struct index *x, const struct token_set *set, size_t number,
                        struct scale *out, double *us)
{
    double begin = seconds();
    size_t person = 0;
    enum index_known known = index_find(x, set, false, &person);

    *us = (seconds() - begin) * 1e6;
    out->n_one += known == INDEX_ONE;
    out->n_ambiguous += index_ambiguous(known);
    out->n_unknown += known == INDEX_UNKNOWN;
    out->n_wrong +=
        known == INDEX_ONE && strtoul(index_person_ref(x, person) + 1, NULL, 10) != number;
}

static int us_order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static int scale_ask(const struct tokens_key *k, uint64_t seed, const struct index *x,
                     struct scale *out)
{
    double *us = calloc(out->lookups, sizeof(*us)), making = 0;
    uint64_t chance = seed + 1;
    int e = us ? 0 : -ENOMEM;

    for (size_t i = 0; e == 0 && i < out->lookups; i++) {
        /* People past the end of the index are nobody whom it holds. */
        size_t number = chance_below(&chance, out->people) + (i % 2 ? out->people + HOME_SIZE : 0);
        struct someone who;
        struct token_set set;
        double begin;

        someone_make(seed, number, &who);
        begin = seconds();
        e = asker_tokens(k, &who, i % 4 < 2, &set);
        making += seconds() - begin;
        if (e == 0)
            scale_count(x, &set, number, out, &us[i]);
    }
    if (e == 0) {
        qsort(us, out->lookups, sizeof(*us), us_order);
        out->median_us = us[out->lookups / 2];
        out->p99_us = us[out->lookups * 99 / 100];
        out->most_us = us[out->lookups - 1];
        out->tokens_us = making * 1e6 / (double)out->lookups;
    }
    free(us);
    return e;
}

int scale_measure(const struct tokens_key *k, size_t people, size_t lookups, uint64_t seed,
                  struct scale *out)
{
    ALM_CLEANUP(index_freep) struct index *x = NULL;
    struct rusage used;
    int e = index_new(k, &x);

    *out = (struct scale){ .people = people,
                           .homes = (people + HOME_SIZE - 1) / HOME_SIZE,
                           .lookups = lookups };
    if (e == 0)
        e = scale_build(seed, out, x);
    if (e == 0)
        e = scale_ask(k, seed, x, out);
    if (getrusage(RUSAGE_SELF, &used) == 0)
        out->peak_kib = used.ru_maxrss;
    return e;
}
