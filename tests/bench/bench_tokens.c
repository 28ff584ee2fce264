/* SPDX-License-Identifier: Apache-2.0 */
/* bench_tokens.c [PEOPLE] [--json] - oblivious tokens a second on the key holder's and on the adapter's
 * side, in full batches, and an index built of people made by chance with a key holder in the same
 * process. CPU time of one thread. */
#include "base/clock.h"
#include "lib/fetch.h"
#include "lib/index.h"
#include "lib/token_cache.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS      20
#define PEOPLE_USUAL 2000
#define STEP        256

static struct secret key;
static oprf_point public_key;

static double seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static _Noreturn void fail(const char *what)
{
    (void)fprintf(stderr, "bench_tokens: %s\n", what);
    exit(1);
}

/* --- both sides of a batch --- */
struct sides { /* seconds spent */
    double blind, evaluate, verify, finalize;
};

static void batch_measure(struct sides *s)
{
    static struct secret blinds[OPRF_BATCH_MAX];
    static oprf_point blinded[OPRF_BATCH_MAX], evaluated[OPRF_BATCH_MAX];
    uint8_t proof[OPRF_PROOF_LEN], out[OPRF_OUT_LEN];
    double at = seconds(), now;

    for (uint32_t i = 0; i < OPRF_BATCH_MAX; i++) {
        if (oprf_blind(OPRF_VERIFIABLE, bytes_of(&i, sizeof(i)), NULL, &blinds[i], blinded[i]) != 0)
            fail("blind");
    }
    now = seconds();
    s->blind += now - at;
    if (oprf_evaluate(OPRF_VERIFIABLE, &key, (const oprf_point *)blinded, OPRF_BATCH_MAX, NULL,
                      evaluated, proof) != 0)
        fail("evaluate");
    at = seconds();
    s->evaluate += at - now;
    if (oprf_verify(public_key, (const oprf_point *)blinded, (const oprf_point *)evaluated,
                    OPRF_BATCH_MAX, proof) != 0)
        fail("verify");
    now = seconds();
    s->verify += now - at;
    for (uint32_t i = 0; i < OPRF_BATCH_MAX; i++) {
        if (oprf_finalize(bytes_of(&i, sizeof(i)), &blinds[i], evaluated[i], out) != 0)
            fail("finalize");
    }
    s->finalize += seconds() - now;
}

/* --- an index, with the key holder in the same process --- */
static struct fetch *fetch;
static struct msg *request, *reply;
static bool waits;
static double keyholder_s;

static int prepare(void *ctx, struct msg *m)
{
    (void)ctx;
    memset(m, 0, sizeof(*m));
    m->type = MSG_TOKEN_REQUEST;
    return id_new(1, &m->id);
}

static int send_it(void *ctx, const struct msg *m)
{
    (void)ctx;
    *request = *m;
    waits = true;
    return 0;
}

static void answer(void)
{
    double at = seconds();

    memset(reply, 0, sizeof(*reply));
    reply->type = MSG_TOKENS;
    reply->in_reply_to = request->id;
    reply->tokens.epoch = request->token_request.epoch;
    reply->tokens.n = request->token_request.n;
    if (oprf_evaluate(OPRF_VERIFIABLE, &key, (const oprf_point *)request->token_request.points,
                      request->token_request.n, NULL, reply->tokens.points,
                      reply->tokens.proof) != 0)
        fail("evaluate");
    waits = false;
    keyholder_s += seconds() - at;
    (void)fetch_reply(fetch, reply, 1);
}

static void people_tell(struct index *x, size_t n)
{
    struct alm_sink sink;
    char ref[24], home[24], given[24], family[24], address[40];

    index_sink(x, &sink);
    for (size_t i = 0; i < n; i++) {
        struct alm_person p = { ref, given, family, (int32_t)(i % 30000), "", "", false, false };
        struct alm_home h = { home, address, "ZZ7 8ZA", ALM_DAY_NONE };

        (void)snprintf(ref, sizeof(ref), "p%zu", i);
        (void)snprintf(home, sizeof(home), "h%zu", i);
        (void)snprintf(address, sizeof(address), "%zu Nowhere Road", i);
        (void)snprintf(given, sizeof(given), "Ann%c%c", (char)('a' + i % 26),
                       (char)('a' + i / 26 % 26));
        (void)snprintf(family, sizeof(family), "Lee%c%c", (char)('a' + i / 676 % 26),
                       (char)('a' + i / 17576 % 26));
        if (sink.person(sink.ctx, &p) != 0 || (i % 3 == 0 && sink.home(sink.ctx, &h) != 0))
            fail("a row");
    }
    for (size_t i = 0; i < n; i++) {
        struct alm_stay s = { home, ALM_DAY_NONE, ALM_DAY_NONE };

        (void)snprintf(ref, sizeof(ref), "p%zu", i);
        (void)snprintf(home, sizeof(home), "h%zu", i / 3 * 3);
        if (sink.stay(sink.ctx, ref, &s) != 0)
            fail("a stay");
    }
}

struct built {
    double first_s, again_s; /* the adapter's CPU: with every value fetched; from the cache */
    uint64_t values;
    long cache_bytes, most_kib;
};

static void note(void *ctx, const uint8_t tag[static MEMO_TAG_LEN],
                 const uint8_t value[static TOKEN_LEN])
{
    struct token_cache *c = ctx;

    token_cache_note(c, tag, value);
    if (token_cache_n_noted(c) >= 1024 && token_cache_flush(c) != 0)
        fail("cache");
}

/* Return: CPU seconds of the adapter's side. */
static double build(const char *path, size_t people)
{
    static const struct secret disk = { { 3 } };
    struct secret tags;
    uint8_t salt[TOKEN_CACHE_SALT];
    struct token_cache *cache = NULL;
    struct tokens_key k = { .scheme = TOKEN_OBLIVIOUS, .epoch = 2 };
    struct fetch_source source = { .epoch = 2, .public_key = public_key, .came = note };
    struct index *x = NULL;
    double begin = seconds(), held = keyholder_s;
    int r;

    if (token_cache_open(path, 2, &cache, salt) != 0 ||
        token_cache_unlock(cache, &disk, &tags) != 0 || memo_new(&tags, &k.memo) != 0 ||
        token_cache_load(cache, k.memo) != 0 || index_new(&k, &x) != 0)
        fail("cache");
    source.memo = k.memo;
    source.ctx = cache;
    if (fetch_add(fetch, &source) != 0)
        fail("fetch");
    people_tell(x, people);
    while ((r = index_step(x, STEP)) != 0) {
        if (r < 0 && r != -EAGAIN)
            fail("index");
        if (r == -EAGAIN)
            (void)fetch_step(fetch, 1, true);
        if (waits)
            answer();
    }
    if (token_cache_flush(cache) != 0 || token_cache_rewrite(cache, k.memo) != 0)
        fail("cache");
    fetch_drop(fetch, k.memo);
    index_free(x);
    memo_free(k.memo);
    token_cache_close(cache);
    return seconds() - begin - (keyholder_s - held);
}

static void index_measure(size_t people, struct built *out)
{
    const struct fetch_setup s = { NULL, prepare, send_it };
    char path[] = "/tmp/alm-bench-XXXXXX";
    int fd = mkstemp(path);
    struct rusage use;
    struct stat st;

    request = calloc(1, sizeof(*request));
    reply = calloc(1, sizeof(*reply));
    if (fd < 0 || !request || !reply || fetch_new(&s, &fetch) != 0)
        fail("memory, or a file in /tmp");
    (void)close(fd);
    out->first_s = build(path, people);
    out->values = fetch_count(fetch).values;
    out->again_s = build(path, people);
    out->cache_bytes = stat(path, &st) == 0 ? (long)st.st_size : 0;
    out->most_kib = getrusage(RUSAGE_SELF, &use) == 0 ? use.ru_maxrss : 0;
    fetch = fetch_free(fetch);
    free(request);
    free(reply);
    (void)unlink(path);
}

int main(int argc, char **argv)
{
    bool json = argc > 1 && strcmp(argv[argc - 1], "--json") == 0;
    size_t people = argc > 1 + json ? (size_t)strtoul(argv[1], NULL, 10) : PEOPLE_USUAL;
    double n = (double)ROUNDS * OPRF_BATCH_MAX, adapter;
    struct sides s = { 0 };
    struct built b = { 0 };

    if (!people || crypto_init() != 0 || oprf_init() != 0 || oprf_key_new(&key) != 0 ||
        oprf_public(&key, public_key) != 0)
        fail("usage: bench_tokens [PEOPLE] [--json]");
    for (int i = 0; i < ROUNDS; i++)
        batch_measure(&s);
    index_measure(people, &b);
    adapter = s.blind + s.verify + s.finalize;
    if (json) {
        (void)printf("{\"keyholder_per_s\":%.0f,\"adapter_per_s\":%.0f,\"people\":%zu,\"values\":%" PRIu64
                     ",\"first_s\":%.3f,\"again_s\":%.3f,\"cache_bytes\":%ld,\"most_kib\":%ld}\n",
                     n / s.evaluate, n / adapter, people, b.values, b.first_s, b.again_s,
                     b.cache_bytes, b.most_kib);
        return 0;
    }
    (void)printf("side        tokens/s  ms a batch of %d\n"
                 "key holder  %8.0f  %.1f\n"
                 "adapter     %8.0f  %.1f (blind %.1f, verify %.1f, finalize %.1f)\n\n"
                 "people  tokens  first index  from the cache  cache        most memory\n"
                 "%6zu  %6" PRIu64 "  %9.2f s  %12.3f s  %5.1f MiB  %8.1f MiB\n",
                 OPRF_BATCH_MAX, n / s.evaluate, 1000 * s.evaluate / ROUNDS, n / adapter,
                 1000 * adapter / ROUNDS, 1000 * s.blind / ROUNDS, 1000 * s.verify / ROUNDS,
                 1000 * s.finalize / ROUNDS, people, b.values, b.first_s, b.again_s,
                 (double)b.cache_bytes / 1048576, (double)b.most_kib / 1024);
    return 0;
}
