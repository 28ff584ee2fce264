/* SPDX-License-Identifier: Apache-2.0 */
/* parts.c - what a decision's look-ups cost, each by itself: in a store with 75,000 people's
 * consents, and in the engine. CPU time of the one thread.
 *
 *   bench_parts DIR STORE-KEY-FILE [RUNS] - DIR: a store that bench_grow made, into which it puts
 *   pins. Prints JSON. */
#include "town.h"

#include "base/clock.h"
#include "base/file.h"
#include "engine/engine.h"
#include "store/consents.h"
#include "store/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RUNS_MOST 99
#define EACH      4000 /* of one run */
#define PEOPLE    150000
#define PINS      1000
#define PIN_BYTES 264 /* of a pin about somebody with seven tokens: broker/core/pins.c */

struct parts {
    struct store *store;
    struct store_txn *txn;
    struct bundle *bundle, *unrelated; /* the policy, and the same without a relationship */
    struct buf value;
    int32_t day;
    uint64_t found;
};

static int seen(void *ctx, const struct consent_record *r)
{
    (void)r;
    ++*(uint64_t *)ctx;
    return 0;
}

static int seen_shield(void *ctx, const struct shield_record *r)
{
    (void)r;
    ++*(uint64_t *)ctx;
    return 0;
}

static void look_up_consents(struct parts *p, uint64_t person)
{
    struct token_set who;
    char purpose[TOWN_NAME];

    town_person(person, &who);
    town_purpose_name(town_purpose_of(person), purpose);
    if (consents_about(p->txn, p->store, &who, purpose, seen, &p->found))
        exit(70);
}

static void part_consents(struct parts *p, uint64_t n)
{
    look_up_consents(p, town_mix(n) % PEOPLE & ~UINT64_C(1)); /* the even people have one */
}

static void part_no_consents(struct parts *p, uint64_t n)
{
    look_up_consents(p, town_mix(n) % PEOPLE | 1);
}

static void part_shields(struct parts *p, uint64_t n)
{
    struct token_set who;

    town_person(town_mix(n) % PEOPLE, &who);
    if (shields_about(p->txn, p->store, &who, seen_shield, &p->found))
        exit(70);
}

static void part_practitioner(struct parts *p, uint64_t n)
{
    uint8_t standing;

    if (registry_practitioner_get(p->txn, n % 2 ? "agency-000" : "agency-001", "p.one", &standing))
        exit(70);
}

/* A pin is found by the HMAC of who asked what of whom. */
static int pin_key(const struct parts *p, uint64_t n, uint8_t key[static 1 + SHA256_LEN])
{
    uint8_t octets[64] = { 'p' };

    memcpy(octets + 1, &n, sizeof(n));
    key[0] = 'p';
    return store_blind(p->store, bytes_of(octets, sizeof(octets)), key + 1);
}

static void look_up_pin(struct parts *p, uint64_t n)
{
    uint8_t key[1 + SHA256_LEN];

    buf_reset(&p->value);
    if (pin_key(p, n, key))
        exit(70);
    p->found += store_get(p->txn, TABLE_ASKED, bytes_of(key, sizeof(key)), &p->value) == 0;
}

static void part_pin(struct parts *p, uint64_t n)
{
    look_up_pin(p, n % PINS);
}

static void part_no_pin(struct parts *p, uint64_t n)
{
    look_up_pin(p, PINS + n);
}

static int pins_put(struct parts *p)
{
    static const uint8_t value[PIN_BYTES];
    struct store_txn *t = NULL;
    uint8_t key[1 + SHA256_LEN];
    int r = store_begin(p->store, true, &t);

    for (uint64_t n = 0; !r && n < PINS; n++) {
        r = pin_key(p, n, key);
        store_put(t, TABLE_ASKED, bytes_of(key, sizeof(key)), bytes_of(value, sizeof(value)));
    }
    if (!r)
        return store_commit(t);
    store_abort(t);
    return r;
}

static void decide_one(struct parts *p, const struct bundle *b, uint64_t n, bool consent)
{
    static struct decision d;
    struct consent_fact grant = { .match = FACT_STRICT, .capacity = FACT_CAPACITY_SELF, .giver_authority = true, .given_on = p->day - 30,
                                  .expires_on = POLICY_DAY_NONE, .withdrawn_on = POLICY_DAY_NONE, .able_from = POLICY_DAY_NONE,
                                  .able_until = POLICY_DAY_NONE, .review_on = POLICY_DAY_NONE };
    struct facts f = { .day = p->day, .agency_standing = true, .practitioner_standing = true, .basis = POLICY_NONE, .subject_kind = FACT_PERSON,
                       .relation = FACT_RELATION_INVOLVED, .relation_since = p->day - 100, .relation_until = POLICY_DAY_NONE,
                       .n_consents = consent, .consents = &grant };

    grant.recipients.any = grant.sources.any = true;
    f.agency = (uint16_t)(n % TOWN_ASKERS);
    f.purpose = (uint16_t)(2 * (n % (TOWN_PURPOSES / 2)) + consent);
    f.question = (uint16_t)(town_mix(n) % TOWN_QUESTIONS);
    policy_decide(b, &f, &d);
    p->found += d.outcome == OUTCOME_PERMIT;
}

static void part_duty(struct parts *p, uint64_t n)
{
    decide_one(p, p->bundle, n, false);
}

static void part_consent(struct parts *p, uint64_t n)
{
    decide_one(p, p->unrelated, n, true);
}

static void part_relationship(struct parts *p, uint64_t n)
{
    decide_one(p, p->bundle, n, true);
}

static struct row {
    const char *what;
    void (*part)(struct parts *p, uint64_t n);
    double per_s[RUNS_MOST];
    uint64_t found;
} rows[] = {
    { "a decision under a duty", part_duty, { 0 }, 0 },
    { "a decision on a consent", part_consent, { 0 }, 0 },
    { "a decision on a consent and a relationship", part_relationship, { 0 }, 0 },
    { "consent: a person's looked up, of 75,000", part_consents, { 0 }, 0 },
    { "consent: looked up, a person has none", part_no_consents, { 0 }, 0 },
    { "shields: looked up, a person has none", part_shields, { 0 }, 0 },
    { "relationship: the practitioner's standing looked up", part_practitioner, { 0 }, 0 },
    { "pin: looked up and read, of 1,000", part_pin, { 0 }, 0 },
    { "pin: looked up, there is none", part_no_pin, { 0 }, 0 },
};

static double cpu_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void measure(struct parts *p, struct row *row, unsigned run)
{
    double began = cpu_s();

    p->found = 0;
    for (uint64_t n = 0; n < EACH; n++)
        row->part(p, n + (uint64_t)run * EACH);
    row->per_s[run] = EACH / (cpu_s() - began);
    row->found = p->found;
}

static int open_all(struct parts *p, const char *dir, const char *key_file)
{
    ALM_CLEANUP(secret_wipe) struct secret key;
    ALM_CLEANUP(buf_deinit) struct buf compiled;
    struct store_options o = { .path = dir, .key = &key, .mode = 1, .origin = TOWN_ORIGIN, .map_bytes = (size_t)4 << 30 };
    const struct town_shape unrelated = { .agencies = TOWN_AGENCIES };
    uint8_t hash[SHA256_LEN];
    int r = file_read_secret(key_file, &key);

    buf_init(&compiled, (size_t)8 << 20);
    buf_init(&p->value, 4096);
    if (!r)
        r = store_open(&o, &p->store);
    if (!r)
        r = pins_put(p);
    if (!r)
        r = store_begin(p->store, false, &p->txn);
    if (!r)
        r = registry_bundle_active(p->txn, hash);
    if (!r)
        r = registry_bundle_get(p->txn, hash, &compiled);
    if (!r)
        r = bundle_decode(buf_view(&compiled), &p->bundle);
    buf_reset(&compiled);
    if (!r)
        r = town_policy(&unrelated, &compiled);
    return r ? r : bundle_decode(buf_view(&compiled), &p->unrelated);
}

int main(int argc, char **argv)
{
    unsigned runs = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 7;
    struct parts p = { 0 };

    if (argc < 3 || runs < 1 || runs > RUNS_MOST) {
        (void)fprintf(stderr, "usage: bench_parts DIR STORE-KEY-FILE [RUNS, 1 to %d]\n", RUNS_MOST);
        return 64;
    }
    if (crypto_init() || civil_set_zone("Europe/London") || open_all(&p, argv[1], argv[2]))
        return 70;
    p.day = civil_today(clock_wall_ms());
    for (unsigned run = 0; run < runs; run++)
        for (size_t i = 0; i < ALM_LEN(rows); i++)
            measure(&p, &rows[i], run);
    (void)printf("{\"benchmark\": \"parts\", \"runs\": %u, \"rows\": [", runs);
    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        qsort(rows[i].per_s, runs, sizeof(rows[i].per_s[0]), by_value);
        (void)printf("%s{\"what\": \"%s\", \"median_per_s\": %.0f, \"lowest_per_s\": %.0f, \"highest_per_s\": %.0f, \"us\": %.3f, \"found\": %llu}",
                     i ? ", " : "", rows[i].what, rows[i].per_s[runs / 2], rows[i].per_s[0], rows[i].per_s[runs - 1],
                     1e6 / rows[i].per_s[runs / 2], (unsigned long long)rows[i].found);
    }
    (void)printf("]}\n");
    bundle_free(p.unrelated);
    bundle_free(p.bundle);
    buf_deinit(&p.value);
    store_abort(p.txn);
    store_close(p.store);
    return 0;
}
