/* SPDX-License-Identifier: Apache-2.0 */
/* bench_search.c - how long an officer waits for a report: a log of years made through the ledger's own interface, read by the
 * reader in a process of its own, over its socket.
 *
 * bench_search DIR LEAVES: DIR is a new directory, removed by whoever calls. Every other leaf is a question with seven tokens that find
 * somebody, and after each comes its answer. A line for each figure. */
#include "base/clock.h"
#include "reader/reader.h"
#include "store/ledger_keys.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ORIGIN        "bench.example/almoner"
#define BATCH         4096
#define PEOPLE        100003
#define PRACTITIONERS 20011
#define AGENCIES      199
#define TOKENS        7
#define FIRST_DAY     18000
#define DAYS          2190 /* six years */
#define ROUNDS        3

struct bench {
    char path[256], socket[300];
    struct secret key, alice;
    uint64_t leaves;
    struct store *store;
    struct ledger *ledger;
    uint64_t tags[PEOPLE][TOKENS]; /* made when first needed */
    uint64_t practitioners[PRACTITIONERS];
};
static struct bench b;

static void die(const char *what, int r)
{
    (void)fprintf(stderr, "%s: %s\n", what, strerror(-r));
    exit(1);
}

static void must(const char *what, int r)
{
    if (r)
        die(what, r);
}

/* --- the log --- */

static const uint8_t kinds[TOKENS] = { TOKEN_NHS,      TOKEN_UPN,      TOKEN_NAME_DOB, TOKEN_NAME_DOB,
                                       TOKEN_NAME_DOB, TOKEN_NAME_DOB, TOKEN_NAME_DOB };

static struct token token_of(uint64_t person, size_t i)
{
    struct token t = { .kind = kinds[i], .scheme = TOKEN_HMAC, .epoch = 1 };

    memcpy(t.value, &person, sizeof(person));
    t.value[30] = (uint8_t)i;
    t.value[31] = 1;
    return t;
}

static void agency_of(uint64_t practitioner, char out[static 64])
{
    (void)snprintf(out, 64, "agency-%03" PRIu64, practitioner % AGENCIES);
}

static void practitioner_of(uint64_t practitioner, char out[static 64])
{
    (void)snprintf(out, 64, "p-%05" PRIu64, practitioner);
}

static void block(struct buf *out, char tag, const struct buf *in)
{
    buf_put_u8(out, (uint8_t)tag);
    buf_put_u32(out, (uint32_t)in->len);
    buf_put(out, in->data, in->len);
}

static void seal_asker(struct buf *out, uint64_t practitioner)
{
    ALM_CLEANUP(buf_deinit) struct buf in = { 0 };
    char ref[64];

    buf_init(&in, 4096);
    practitioner_of(practitioner, ref);
    buf_put_text(&in, ref);
    buf_put_u8(&in, 1);
    block(out, 'P', &in);
}

static void seal_tokens(struct buf *out, uint64_t person)
{
    ALM_CLEANUP(buf_deinit) struct buf in = { 0 };

    buf_init(&in, 4096);
    buf_put_u8(&in, 0);
    buf_put_u8(&in, TOKENS);
    for (size_t i = 0; i < TOKENS; i++) {
        struct token t = token_of(person, i);

        buf_put_u8(&in, t.kind);
        buf_put_u8(&in, t.scheme);
        buf_put_u16(&in, t.epoch);
        buf_put(&in, t.value, TOKEN_LEN);
    }
    block(out, 'T', &in);
}

static void seal_answers(struct buf *out)
{
    ALM_CLEANUP(buf_deinit) struct buf in = { 0 };

    buf_init(&in, 4096);
    buf_put_u16(&in, 2);
    for (int i = 0; i < 2; i++) {
        buf_put_text(&in, i ? "marlham-police" : "marlham-childrens");
        buf_put_u8(&in, 1);
        buf_put_u8(&in, 2);
    }
    buf_put_u8(&in, 2);
    block(out, 'A', &in);
}

static void tags_of(struct ledger_private *p, uint64_t person, uint64_t practitioner)
{
    uint64_t *tags = b.tags[person], *who = &b.practitioners[practitioner];
    char agency[64], ref[64];
    int r = 0;

    agency_of(practitioner, agency);
    practitioner_of(practitioner, ref);
    for (size_t i = 0; i < TOKENS; i++) {
        struct token t = token_of(person, i);

        if (!tags[i] && !r)
            r = ledger_tag_token(b.store, &t, false, &tags[i]);
        p->tags[p->n_tags++] = tags[i];
    }
    if (!*who && !r)
        r = ledger_tag_practitioner(b.store, agency, ref, who);
    p->tags[p->n_tags++] = *who;
    must("tag", r);
}

static void leaf_put(struct store_txn *t, struct buf *sealed, uint64_t leaf)
{
    bool answer = leaf % 2;
    uint64_t question = leaf / 2, person = question * 7919 % PEOPLE, practitioner = question * 104729 % PRACTITIONERS, tag, at;
    struct ledger_private p = { .class = 0 };
    struct ledger_clear c = { .event = answer ? EVENT_DISCLOSED : EVENT_DECIDED,
                              .civil_day = FIRST_DAY + (int32_t)(leaf * DAYS / b.leaves),
                              .mode = 2,
                              .about = answer ? leaf - 1 : UINT64_MAX,
                              .outcome = 1,
                              .completeness = answer,
                              .n_holders = 2 };

    c.at_ms = (int64_t)c.civil_day * 86400000 + 43200000;
    agency_of(practitioner, c.agency);
    (void)snprintf(c.role, sizeof(c.role), "social-worker");
    (void)snprintf(c.purpose, sizeof(c.purpose), "child-protection");
    (void)snprintf(c.question, sizeof(c.question), "cp-plan-current");
    (void)snprintf(c.rule, sizeof(c.rule), "child-protection/cp-plan-current");
    (void)snprintf(c.policy, sizeof(c.policy), "%064d", 7);
    (void)snprintf(c.holders[0], sizeof(c.holders[0]), "marlham-childrens");
    (void)snprintf(c.holders[1], sizeof(c.holders[1]), "marlham-police");
    buf_reset(sealed);
    buf_put_u8(sealed, 1);
    seal_asker(sealed, practitioner);
    if (answer) {
        seal_answers(sealed);
        must("tag", ledger_tag_about(b.store, leaf - 1, &tag));
        p.tags[p.n_tags++] = tag;
        p.tags[p.n_tags++] = b.practitioners[practitioner];
    } else {
        seal_tokens(sealed, person);
        tags_of(&p, person, practitioner);
    }
    p.sealed_part = buf_view(sealed);
    ledger_append(b.ledger, t, &c, &p, &at);
}

static void log_make(void)
{
    ALM_CLEANUP(buf_deinit) struct buf sealed = { 0 };
    int64_t began = clock_mono_ms();
    struct stat st;
    char file[300];

    buf_init(&sealed, 16384);
    while (ledger_size(b.ledger) < b.leaves) {
        struct store_txn *t = NULL;
        int r = store_begin(b.store, true, &t);

        must("begin", r);
        for (unsigned i = 0; i < BATCH && ledger_size(b.ledger) < b.leaves; i++)
            leaf_put(t, &sealed, ledger_size(b.ledger));
        ledger_flush(b.ledger, t);
        r = store_commit(t);
        ledger_settle(b.ledger, r);
        must("commit", r);
    }
    (void)snprintf(file, sizeof(file), "%s/data.mdb", b.path);
    if (stat(file, &st))
        st.st_size = 0;
    (void)printf("%-44s %8.1f s; file %jd MiB\n", "the log made", (double)(clock_mono_ms() - began) / 1e3, (intmax_t)st.st_size >> 20);
}

static void registry_make(void)
{
    struct registry_officer o = { .standing = STANDING_ACTIVE };
    struct store_txn *t = NULL;

    (void)snprintf(o.id, sizeof(o.id), "alice");
    must("key", sign_public(&b.alice, o.sign));
    must("begin", store_begin(b.store, true, &t));
    registry_officer_put(t, &o);
    for (uint64_t i = 0; i < AGENCIES; i++) {
        struct registry_agency a = { .standing = STANDING_ACTIVE };

        agency_of(i, a.id);
        registry_agency_put(t, &a);
    }
    must("commit", store_commit(t));
}

/* --- the reader's process, with a core that says yes --- */

static void core_turn(int core)
{
    static uint8_t said[65536];
    uint8_t reply[13] = { 'K' };

    while (recv(core, said, sizeof(said), MSG_DONTWAIT) > 0) {
        memcpy(reply + 1, said + 1, 4);
        if (send(core, reply, sizeof(reply), 0) < 0)
            exit(1);
    }
}

static void reader_process(void)
{
    static struct reader r;
    struct store_options o = { .path = b.path, .key = &b.key, .mode = 2, .origin = ORIGIN, .map_bytes = (size_t)64 << 30, .read_only = true };
    struct pollfd fds[READER_CLIENTS + 2];
    int pair[2], wait = 0;

    must("store", store_open(&o, &r.store));
    must("socket", local_server_open(b.socket, 0600, READER_CLIENTS, &r.server));
    must("nonces", nonces_new(256, &r.nonces));
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
        die("pair", -errno);
    r.core = pair[0];
    r.mode = 2;
    r.origin = ORIGIN;
    for (;;) {
        size_t n = local_server_poll_fds(r.server, fds, ALM_LEN(fds));

        (void)poll(fds, (nfds_t)n, wait < 0 || wait > 100 ? 100 : wait);
        local_server_step(r.server, fds, n, clock_mono_ms(), reader_on_request, &r);
        core_turn(pair[1]);
        reader_on_core(&r, clock_mono_ms());
        wait = reader_turn(&r, clock_mono_ms());
    }
}

/* --- the officer --- */

static json_t *signed_query(json_t *query)
{
    ALM_CLEANUP(buf_deinit) struct buf message = { 0 };
    char at[25], nonce[ID_TEXT], sig_text[96], *text;
    uint8_t sig[SIGN_LEN];
    struct id id;
    json_t *o;

    clock_format_utc(clock_wall_ms(), at);
    must("id", id_new(clock_wall_ms(), &id));
    id_format(&id, nonce);
    (void)json_object_set_new(query, "at", json_string(at));
    (void)json_object_set_new(query, "nonce", json_string(nonce));
    text = json_dumps(query, JSON_COMPACT);
    buf_init(&message, 1 << 20);
    buf_put(&message, "almoner/read/v1", 16);
    buf_put_u8(&message, 2);
    buf_put_u8(&message, (uint8_t)strlen(ORIGIN));
    buf_put(&message, ORIGIN, strlen(ORIGIN));
    buf_put(&message, text, strlen(text));
    must("sign", sign_make(&b.alice, buf_view(&message), sig));
    if (base64_encode(sig, sizeof(sig), sig_text, sizeof(sig_text)) < 0)
        die("sign", -EINVAL);
    o = json_pack("{s:s, s:s, s:s, s:s}", "op", "audit-list", "officer", "alice", "sig", sig_text, "query", text);
    free(text);
    json_decref(query);
    return o;
}

/* Return: rows. */
static size_t ask(json_t *query)
{
    struct local_call *c = NULL;
    json_t *request = signed_query(query), *reply = NULL;
    size_t rows = 0;
    int more;

    must("connect", local_call_open(b.socket, request, &c));
    json_decref(request);
    do {
        more = local_call_next(c, 600000, &reply);
        if (more < 0)
            die("reply", more);
        if (!json_is_true(json_object_get(reply, "ok"))) {
            (void)fprintf(stderr, "refused: %s\n", json_string_value(json_object_get(reply, "message")));
            exit(1);
        }
        rows += json_array_size(json_object_get(reply, "rows"));
        json_decref(reply);
    } while (more);
    c = local_call_close(c);
    return rows;
}

static json_t *person_query(uint64_t person, bool opened)
{
    struct token_json t = { .mode = 2, .origin = ORIGIN, .agency = "agency-001", .scheme = TOKEN_HMAC, .epoch = 1, .n = TOKENS };

    for (size_t i = 0; i < TOKENS; i++)
        t.tokens[i] = token_of(person, i);
    return json_pack("{s:s, s:o, s:b}", "read", "person", "tokens", token_json_write(&t), "opened", opened);
}

static json_t *practitioner_query(uint64_t practitioner)
{
    char agency[64], ref[64];

    agency_of(practitioner, agency);
    practitioner_of(practitioner, ref);
    return json_pack("{s:s, s:s, s:s}", "read", "practitioner", "agency", agency, "practitioner", ref);
}

static json_t *query_of(int what, uint64_t round)
{
    json_t *q;
    char day[CIVIL_TEXT];

    switch (what) {
    case 0:
        return person_query(1000 + round, false);
    case 1:
        return person_query(2000 + round, true);
    case 2:
        return practitioner_query(3000 + round);
    case 3:
        civil_format(FIRST_DAY + DAYS - 31, day);
        q = person_query(4000 + round, false);
        (void)json_object_set_new(q, "since", json_string(day));
        return q;
    case 4:
        civil_format(FIRST_DAY + DAYS - 31, day);
        return json_pack("{s:s, s:s, s:s}", "read", "report", "report", "unanswered", "since", day);
    default:
        return json_pack("{s:s, s:s}", "read", "report", "report", "refusals");
    }
}

/* Of another process, in seconds. */
static double cpu_of(pid_t pid)
{
    struct timespec t = { 0, 0 };
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
        return 0;
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void measure(pid_t reader)
{
    static const char *const names[] = { "a person", "a person, opened", "a practitioner", "a person, the last month",
                                         "what was unanswered, the last month", "refusals by reason, all years" };

    for (int what = 0; what < (int)ALM_LEN(names); what++) {
        int rounds = what == ALM_LEN(names) - 1 ? 1 : ROUNDS;

        for (int i = 0; i < rounds; i++) {
            int64_t began = clock_mono_ms();
            double cpu = cpu_of(reader);
            size_t rows = ask(query_of(what, (uint64_t)i));

            (void)printf("%-44s %8.2f s, %.2f s CPU of the reader; %zu rows\n", names[what],
                         (double)(clock_mono_ms() - began) / 1e3, cpu_of(reader) - cpu, rows);
            (void)fflush(stdout);
        }
    }
}

static void reader_wait(void)
{
    for (int i = 0; i < 600 && access(b.socket, F_OK); i++) {
        const struct timespec pause = { 0, 100000000 };

        (void)nanosleep(&pause, NULL);
    }
}

int main(int argc, char **argv)
{
    struct store_options o = { .path = b.path, .key = &b.key, .mode = 2, .origin = ORIGIN, .map_bytes = (size_t)64 << 30 };
    pid_t child;
    int status;

    if (argc != 3 || (b.leaves = strtoull(argv[2], NULL, 10)) < 2) {
        (void)fprintf(stderr, "usage: bench_search DIR LEAVES\n");
        return 64;
    }
    (void)snprintf(b.path, sizeof(b.path), "%s", argv[1]);
    (void)snprintf(b.socket, sizeof(b.socket), "%s/officers", argv[1]);
    if (crypto_init() || crypto_random(&b.key, sizeof(b.key)) || crypto_random(&b.alice, sizeof(b.alice)))
        return 1;
    must("store", store_open(&o, &b.store));
    must("ledger", ledger_open(b.store, &b.ledger));
    registry_make();
    log_make();
    b.ledger = ledger_close(b.ledger);
    b.store = store_close(b.store); /* the environment is not to be open on both sides of a fork */
    (void)fflush(stdout);
    child = fork();
    if (child < 0)
        die("fork", -errno);
    if (!child)
        reader_process();
    reader_wait();
    measure(child);
    (void)kill(child, SIGTERM);
    (void)waitpid(child, &status, 0);
    return 0;
}
