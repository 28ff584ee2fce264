/* SPDX-License-Identifier: Apache-2.0 */
/* bench_engine.c - decisions per second with 20, 200 and 2,000 rules. A rule is a question that a
 * purpose lists. Agencies, roles and the mix of requests are the same for each size; purposes,
 * questions, gateways and protocols grow. Sizes take turns in one run; CPU time of the thread. */
#include "base/bytes.h"
#include "base/crypto.h"
#include "engine/layout.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SEED     20261122u
#define REQUESTS 4096
#define AGENCIES 50
#define ROLES    12
#define SECTORS  10
#define RUNS_MAX 99
#define DAY      20000 /* 2024-10-04 */

struct size {
    unsigned rules;
    uint16_t purposes, questions, gateways, protocols;
    struct bundle *b;
    struct facts *facts;
    double per_s[RUNS_MAX];
    unsigned permitted;
};
static struct size sizes[] = {
    { .rules = 20, .purposes = 2, .questions = 10, .gateways = 4, .protocols = 1 },
    { .rules = 200, .purposes = 10, .questions = 20, .gateways = 20, .protocols = 4 },
    { .rules = 2000, .purposes = 20, .questions = 100, .gateways = 80, .protocols = 8 },
};

/* The same requests on every machine and in every size: splitmix64. */
static uint64_t random_state;
static uint32_t random_below(uint32_t n)
{
    uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ (z >> 31)) >> 32) % n;
}

static const char *name(const char *noun, unsigned i)
{
    char *text = NULL;

    if (asprintf(&text, "%s-%03u", noun, i) < 0)
        abort();
    return text; /* kept until the end: the layout borrows it */
}

static void *zeroed(size_t n, size_t of)
{
    void *p = calloc(n, of);

    if (!p)
        abort();
    return p;
}

static void fill_agencies(struct layout *l)
{
    l->n_sectors = SECTORS;
    l->n_roles = ROLES;
    l->n_agencies = AGENCIES;
    l->agencies = zeroed(AGENCIES, sizeof(*l->agencies));
    for (uint16_t i = 0; i < SECTORS; i++)
        l->sectors[i] = name("sector", i);
    for (uint16_t i = 0; i < ROLES; i++)
        l->roles[i] = name("role", i);
    for (uint16_t i = 0; i < AGENCIES; i++)
        l->agencies[i] = (struct lay_agency){
            .id = name("agency", i),
            .name = "Agency",
            .controller = "",
            .contact = "",
            .sector = i % SECTORS,
            .organisation = i % 5 == 4 ? (uint16_t)(i - 1) : i, /* each fifth is a team */
            .regime = i % SECTORS == 0 ? REGIME_LAW_ENFORCEMENT : REGIME_UKGDPR,
            .sensitive = i % SECTORS == 7,
        };
}

static void fill_law(struct layout *l, const struct size *s)
{
    l->n_gateways = s->gateways;
    l->gateways = zeroed(s->gateways, sizeof(*l->gateways));
    for (uint16_t i = 0; i < s->gateways; i++)
        l->gateways[i] = (struct lay_gateway){
            .id = name("gateway", i),
            .title = "Gateway",
            .statute = "Act",
            .section = "s1",
            .from = DAY - 1000 - i,
            .until = POLICY_DAY_NONE,
            .kind = i % 4 == 0   ? GATEWAY_CONSENT
                    : i % 4 == 1 ? GATEWAY_DUTY
                                 : GATEWAY_POWER,
            .excluded_sectors = i % 4 == 3 ? 1u << (i % SECTORS) : 0,
            .conditions = i % 4 == 2 ? CONDITION_NECESSITY : 0,
        };
    l->n_protocols = s->protocols;
    l->protocols = zeroed(s->protocols, sizeof(*l->protocols));
    for (uint16_t p = 0; p < s->protocols; p++) {
        struct lay_party *parties = zeroed(AGENCIES, sizeof(*parties));

        for (uint16_t i = 0; i < AGENCIES; i++)
            parties[i] =
                (struct lay_party){ i, i % 6 == 5 ? ASK_INSIGHT_ONLY : ASK_FULL, i % 7 != 6 };
        l->protocols[p] = (struct lay_protocol){ .id = name("protocol", p),
                                                 .title = "Protocol",
                                                 .from = DAY - 500,
                                                 .until = DAY + 500,
                                                 .review = DAY + 400,
                                                 .n_parties = AGENCIES,
                                                 .parties = parties };
    }
}

static void fill_purposes(struct layout *l, const struct size *s)
{
    l->n_purposes = s->purposes;
    l->purposes = zeroed(s->purposes, sizeof(*l->purposes));
    for (uint16_t i = 0; i < s->purposes; i++) {
        struct lay_purpose *p = &l->purposes[i];

        *p = (struct lay_purpose){ .id = name("purpose", i),
                                   .title = "Purpose",
                                   .parent = i ? (uint16_t)(i - 1) : POLICY_NONE,
                                   .protocol = i % s->protocols,
                                   .from = DAY - 500,
                                   .until = DAY + 500,
                                   .consent = i % 2 == 1,
                                   .relationship = i % 2 == 1,
                                   .involvement = true,
                                   .within_days = 365,
                                   .sensitive = i % 2 ? SENSITIVE_MASKED : SENSITIVE_NAMED,
                                   .past_shield = i % 2 ? 0 : 1,
                                   .roles = { 0x7ff }, /* not the last */
                                   .n_bases = 4 };
        for (uint16_t k = 0; k < 4; k++)
            p->bases[k] = (uint16_t)((4 * i + k) % s->gateways);
    }
}

static void fill_questions(struct layout *l, const struct size *s)
{
    l->n_questions = s->questions;
    l->questions = zeroed(s->questions, sizeof(*l->questions));
    for (uint16_t i = 0; i < s->questions; i++)
        l->questions[i] =
            (struct lay_question){ .id = name("question", i),
                                   .wording = "Question?",
                                   .owner = "owner",
                                   .decision = "decision",
                                   .kind = QUESTION_HOLDERS,
                                   .sectors = 1u << (i % SECTORS) | 1u << ((i + 3) % SECTORS),
                                   .purposes = { (UINT64_C(1) << s->purposes) - 1 },
                                   .sensitive = i % 10 == 7 };
}

static void make_bundle(struct size *s)
{
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
    struct layout *l = zeroed(1, sizeof(*l));

    l->id = "bench";
    l->name = "Bench";
    l->country = "england";
    fill_agencies(l);
    fill_law(l, s);
    fill_purposes(l, s);
    fill_questions(l, s);
    for (size_t i = 1; i < ALM_LEN(l->consent.capacities); i++)
        l->consent.capacities[i].able = true;
    buf_init(&out, LAYOUT_BUNDLE_MAX);
    if (layout_encode(l, &out) < 0 || bundle_decode(buf_view(&out), &s->b) < 0)
        abort();
}

static struct consent_fact random_consent(void)
{
    struct consent_fact k = { .refused = random_below(8) == 0,
                              .match = FACT_STRICT,
                              .capacity = FACT_CAPACITY_SELF,
                              .giver_authority = true,
                              .given_on = DAY - 1 - (int32_t)random_below(400),
                              .expires_on = DAY - 40 + (int32_t)random_below(400),
                              .withdrawn_on = POLICY_DAY_NONE,
                              .able_from = POLICY_DAY_NONE,
                              .able_until = POLICY_DAY_NONE,
                              .review_on = POLICY_DAY_NONE };

    k.recipients.any = random_below(2) == 0;
    k.sources.any = !k.refused && random_below(2) == 0;
    for (unsigned i = 0; i < 6; i++) {
        agency_set_add(&k.recipients, (uint16_t)random_below(AGENCIES));
        agency_set_add(&k.sources, (uint16_t)random_below(AGENCIES));
    }
    agency_set_add(&k.sensitive_sources, (uint16_t)(7 + 10 * random_below(5)));
    return k;
}

/* One request in ten asks who is involved; one in ten fails at a gate; half rest on consent, with
 * one to three on file; one in twenty meets a shield. */
static struct facts random_request(const struct size *s)
{
    uint16_t n_consents = (uint16_t)(1 + random_below(3));
    struct consent_fact *consents = zeroed(n_consents, sizeof(*consents));
    struct shield_fact *shield = zeroed(1, sizeof(*shield));
    struct facts f = { .day = DAY,
                       .agency = (uint16_t)random_below(AGENCIES),
                       .agency_standing = true,
                       .practitioner_standing = true,
                       .role = (uint16_t)random_below(ROLES),
                       .basis = POLICY_NONE,
                       .involvement = random_below(10) == 0,
                       .subject_kind = FACT_PERSON,
                       .relation = FACT_RELATION_INVOLVED,
                       .relation_since = DAY - 100,
                       .relation_until = POLICY_DAY_NONE,
                       .n_consents = n_consents,
                       .n_shields = random_below(20) == 0,
                       .consents = consents,
                       .shields = shield };
    /* Drawn for the largest size, so that each size sees the same requests. */
    uint32_t purpose = random_below(2000), question = random_below(2000);

    f.purpose = (uint16_t)(purpose % s->purposes);
    f.question = f.involvement ? POLICY_NONE : (uint16_t)(question % s->questions);
    for (uint16_t i = 0; i < n_consents; i++)
        consents[i] = random_consent();
    *shield = (struct shield_fact){
        .level = 2, .match = FACT_BROAD, .from = DAY - 10, .until = POLICY_DAY_NONE
    };
    return f;
}

static double cpu_s(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) < 0)
        abort();
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double measure(struct size *s, unsigned decisions)
{
    static struct decision d;
    unsigned permitted = 0;
    double began = cpu_s();

    for (unsigned i = 0; i < decisions; i++) {
        policy_decide(s->b, &s->facts[i % REQUESTS], &d);
        permitted += d.outcome == OUTCOME_PERMIT;
    }
    s->permitted = permitted;
    return decisions / (cpu_s() - began);
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void print_results(unsigned runs, unsigned decisions, bool json)
{
    double first = 0;

    if (json)
        printf("{\"benchmark\": \"engine\", \"runs\": %u, \"decisions\": %u, \"sizes\": [", runs,
               decisions);
    else
        printf("rules  decisions/s (median)  lowest     highest    to 20 rules  permitted\n");
    for (size_t i = 0; i < ALM_LEN(sizes); i++) {
        struct size *s = &sizes[i];
        double median, share = 100.0 * s->permitted / decisions;

        qsort(s->per_s, runs, sizeof(s->per_s[0]), by_value);
        median = s->per_s[runs / 2];
        first = i == 0 ? median : first;
        if (json)
            printf("%s{\"rules\": %u, \"median_per_s\": %.0f, \"lowest_per_s\": %.0f, "
                   "\"highest_per_s\": %.0f, \"to_20_rules\": %.3f, \"permitted_percent\": %.1f}",
                   i ? ", " : "", s->rules, median, s->per_s[0], s->per_s[runs - 1], median / first,
                   share);
        else
            printf("%5u  %20.0f  %9.0f  %9.0f  %11.2f  %7.1f %%\n", s->rules, median, s->per_s[0],
                   s->per_s[runs - 1], median / first, share);
    }
    if (json)
        printf("]}\n");
}

int main(int argc, char **argv)
{
    bool json = argc > 1 && strcmp(argv[argc - 1], "--json") == 0;
    unsigned runs = argc > 1 && *argv[1] != '-' ? (unsigned)strtoul(argv[1], NULL, 10) : 9;
    const unsigned decisions = 50 * REQUESTS;

    if (runs < 1 || runs > RUNS_MAX || crypto_init() < 0) {
        (void)fprintf(stderr, "usage: bench_engine [RUNS, 1 to %d] [--json]\n", RUNS_MAX);
        return 64;
    }
    for (size_t i = 0; i < ALM_LEN(sizes); i++) {
        make_bundle(&sizes[i]);
        sizes[i].facts = zeroed(REQUESTS, sizeof(*sizes[i].facts));
        random_state = SEED;
        for (unsigned k = 0; k < REQUESTS; k++)
            sizes[i].facts[k] = random_request(&sizes[i]);
        (void)measure(&sizes[i], REQUESTS); /* warm up */
    }
    for (unsigned r = 0; r < runs; r++)
        for (size_t i = 0; i < ALM_LEN(sizes); i++)
            sizes[i].per_s[r] = measure(&sizes[i], decisions);
    print_results(runs, decisions, json);
    return 0;
}
