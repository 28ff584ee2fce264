/* SPDX-License-Identifier: Apache-2.0 */
/* bench_ledger.c - what a leaf of the log costs with its key and its tags, a search over all of
 * them, forgetting a person, and sealing every block anew for a new period.
 *
 * bench_ledger DIR LEAVES: DIR is a new directory, removed by whoever calls. One line for each
 * figure. CPU time of this thread where a figure is of computing, wall time where the disk is
 * waited for. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "store/ledger_keys.h"
#include "store/periods.h"

#define BATCH     4096 /* leaves of one transaction */
#define TOKENS    7    /* that find: what a query of our own agencies has */
#define PERSONS   100003
#define SEALED    420 /* bytes of a sealed part with that many tokens */
#define STEP      64  /* values that one step seals anew */
#define SAMPLE    200000
#define SINGLES   2000
#define FIND_STEP 64 /* blocks */

static double cpu_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double wall_now(void)
{
    return (double)clock_mono_ms() / 1e3;
}

static void die(const char *what, int r)
{
    (void)fprintf(stderr, "%s: %s\n", what, strerror(-r));
    exit(1);
}

static struct token_set tokens_of(uint64_t person)
{
    struct token_set set = { .n = TOKENS };
    static const uint8_t kinds[TOKENS] = { TOKEN_NHS,      TOKEN_UPN,      TOKEN_NAME_DOB,
                                           TOKEN_NAME_DOB, TOKEN_NAME_DOB, TOKEN_NAME_DOB,
                                           TOKEN_NAME_DOB };

    for (uint8_t i = 0; i < TOKENS; i++) {
        struct token *t = &set.tokens[i];

        *t = (struct token){ .kind = kinds[i], .scheme = TOKEN_HMAC, .epoch = 1 };
        memcpy(t->value, &person, sizeof(person));
        t->value[31] = i;
    }
    return set;
}

struct bench {
    struct store *store;
    struct ledger *ledger;
    uint64_t tags[PERSONS][TOKENS]; /* filled when first needed */
    uint8_t sealed[SEALED];
};
static struct bench b;

enum how { WITHOUT_TAGS, WITH_TAGS, WITH_TAGS_MADE };

static void tags_for(struct ledger_private *p, uint64_t person, enum how how)
{
    struct token_set set;
    int r = 0;

    p->n_tags = 0;
    if (how == WITHOUT_TAGS)
        return;
    if (how == WITH_TAGS && b.tags[person][0]) {
        p->n_tags = TOKENS;
        memcpy(p->tags, b.tags[person], sizeof(b.tags[person]));
        return;
    }
    set = tokens_of(person);
    r = ledger_tag_add_set(b.store, p, &set);
    if (r)
        die("tags", r);
    if (how == WITH_TAGS)
        memcpy(b.tags[person], p->tags, sizeof(b.tags[person]));
}

static void append(uint64_t n, enum how how)
{
    struct ledger_clear c = {
        .event = EVENT_DECIDED, .mode = 2, .about = UINT64_MAX, .outcome = 1
    };
    struct ledger_private p = { .sealed_part = bytes_of(b.sealed, sizeof(b.sealed)) };

    (void)snprintf(c.agency, sizeof(c.agency), "childrens-social-care");
    (void)snprintf(c.role, sizeof(c.role), "social-worker");
    (void)snprintf(c.purpose, sizeof(c.purpose), "safeguarding");
    (void)snprintf(c.question, sizeof(c.question), "attendance-concern");
    (void)snprintf(c.rule, sizeof(c.rule), "safeguarding-enquiry");
    memset(c.policy, 'a', 64);
    while (n) {
        uint64_t in_batch = n < BATCH ? n : BATCH, leaf;
        struct store_txn *t = NULL;
        int r = store_begin(b.store, true, &t);

        for (uint64_t i = 0; r == 0 && i < in_batch; i++) {
            tags_for(&p, ledger_size(b.ledger) * 7919 % PERSONS, how);
            ledger_append(b.ledger, t, &c, &p, &leaf);
        }
        if (r == 0)
            r = store_commit(t);
        ledger_settle(b.ledger, r);
        if (r)
            die("append", r);
        n -= in_batch;
    }
}

static void bench_append(void)
{
    static const struct {
        enum how how;
        const char *name;
    } rows[] = { { WITHOUT_TAGS, "leaf, key, no tags" },
                 { WITH_TAGS, "leaf, key, 7 tags made before" },
                 { WITH_TAGS_MADE, "leaf, key, 7 tags made with it" } };

    for (uint64_t i = 0; i < PERSONS; i++) {
        struct ledger_private p = { .class = 0 };

        tags_for(&p, i, WITH_TAGS);
    }
    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        double cpu = cpu_now();

        append(SAMPLE, rows[i].how);
        printf("%-34s %6.2f us CPU a leaf\n", rows[i].name, (cpu_now() - cpu) / SAMPLE * 1e6);
    }
}

/* The block at the end is read, sealed and put once for each batch, however small. */
static void bench_single(void)
{
    double cpu = cpu_now(), wall = wall_now();

    for (int i = 0; i < SINGLES; i++)
        append(1, WITH_TAGS_MADE);
    printf("%-34s %6.2f us CPU, %.0f us with its commit\n", "a batch of one such leaf",
           (cpu_now() - cpu) / SINGLES * 1e6, (wall_now() - wall) / SINGLES * 1e6);
}

static int count(void *ctx, uint64_t leaf, uint8_t class)
{
    (void)leaf, (void)class;
    ++*(uint64_t *)ctx;
    return 0;
}

static void find(const char *name, size_t persons)
{
    uint64_t *tags = calloc(persons * TOKENS, sizeof(*tags)), next = 0, found = 0, steps = 0;
    double wall = wall_now(), cpu = cpu_now(), longest = 0;
    struct store_txn *t = NULL;
    int r = tags ? store_begin(b.store, false, &t) : -ENOMEM;

    for (size_t i = 0; i < persons; i++)
        memcpy(tags + i * TOKENS, b.tags[i], sizeof(b.tags[i]));
    while (r >= 0) {
        double before = wall_now();

        r = ledger_find(t, tags, persons * TOKENS, &next, UINT64_MAX, FIND_STEP, count, &found);
        steps++;
        longest = wall_now() - before > longest ? wall_now() - before : longest;
        if (r != 1)
            break;
    }
    if (r)
        die("find", r);
    printf("%-34s %6.2f s, %.2f s CPU; %" PRIu64 " found, longest of %" PRIu64 " steps %.0f ms\n",
           name, wall_now() - wall, cpu_now() - cpu, found, steps, longest * 1e3);
    t = store_abort(t);
    free(tags);
}

static int collect(void *ctx, uint64_t leaf, uint8_t class)
{
    uint64_t *leaves = ctx;

    (void)class;
    if (leaves[0] < 1000)
        leaves[++leaves[0]] = leaf;
    return 0;
}

static void forget_one_person(void)
{
    uint64_t leaves[1001] = { 0 }, next = 0;
    struct store_txn *t = NULL;
    int r = store_begin(b.store, true, &t);
    double cpu;

    if (r == 0)
        r = ledger_find(t, b.tags[1], TOKENS, &next, UINT64_MAX, SIZE_MAX, collect, leaves);
    cpu = cpu_now();
    for (uint64_t i = 1; r >= 0 && i <= leaves[0]; i++)
        r = ledger_forget(t, leaves[i]);
    printf("%-34s %6.2f us CPU a leaf, of %" PRIu64 "\n", "forgetting a person's leaves",
           (cpu_now() - cpu) / (double)(leaves[0] ? leaves[0] : 1) * 1e6, leaves[0]);
    if (r < 0)
        die("forget", r);
    r = store_commit(t);
    if (r)
        die("forget", r);
}

static uint64_t file_mib(const char *dir)
{
    char path[4096];
    struct stat st = { 0 };

    (void)snprintf(path, sizeof(path), "%s/data.mdb", dir);
    (void)stat(path, &st);
    return (uint64_t)st.st_blocks / 2048;
}

static void reseal(const char *dir)
{
    double wall = wall_now(), cpu = cpu_now(), longest = 0;
    uint64_t steps = 0, before = file_mib(dir);
    bool done = false;
    int r = store_period_begin(b.store);

    while (r == 0 && !done) {
        double step = wall_now();
        struct store_txn *t = NULL;

        r = store_begin(b.store, true, &t);
        if (r == 0)
            r = store_period_step(t, STEP, &done);
        longest = wall_now() - step > longest ? wall_now() - step : longest;
        if (r == 0)
            r = store_commit(t);
        steps++;
    }
    if (r == 0)
        r = store_period_end(b.store);
    if (r)
        die("period", r);
    printf("%-34s %6.2f s, %.2f s CPU; %" PRIu64
           " steps, longest %.1f ms without its commit; file %" PRIu64 " to %" PRIu64 " MiB\n",
           "a new period", wall_now() - wall, cpu_now() - cpu, steps, longest * 1e3, before,
           file_mib(dir));
}

int main(int argc, char **argv)
{
    static const struct secret key = { .octets = { 1 } };
    uint64_t leaves = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
    struct store_options o = {
        .key = &key, .mode = 2, .origin = "bench.example/almoner", .map_bytes = (size_t)64 << 30
    };
    double wall;
    int r;

    if (!leaves || leaves < 4 * SAMPLE) {
        (void)fprintf(stderr, "usage: bench_ledger DIR LEAVES (at least %d)\n", 4 * SAMPLE);
        return 64;
    }
    o.path = argv[1];
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    r = crypto_init();
    if (r == 0)
        r = store_open(&o, &b.store);
    if (r == 0)
        r = ledger_open(b.store, &b.ledger);
    if (r)
        die("open", r);
    bench_append();
    bench_single();
    wall = wall_now();
    append(leaves - ledger_size(b.ledger), WITH_TAGS);
    printf("%-34s %6.0f s; file %" PRIu64 " MiB\n", "to all the leaves", wall_now() - wall,
           file_mib(o.path));
    find("all leaves of one person", 1);
    find("the same again", 1);
    find("all leaves of 100 people", 100);
    forget_one_person();
    reseal(o.path);
    find("one person's, forgotten", 2);
    b.ledger = ledger_close(b.ledger);
    b.store = store_close(b.store);
    return 0;
}
