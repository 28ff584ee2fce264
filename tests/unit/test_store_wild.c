/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_wild.c - pages that point anywhere: whoever opens, reads and writes such a store gets an error, or what
 * was put; it neither dies, nor waits for ever, nor reads anything else. LMDB believes its pages. */
#include "store_fixture.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/file.h"
#include "drawn.h"
#include "store/raw.h"
#include "store/wild.h"

#define PAGE    4096
#define WILD    65
#define RECORDS 1500
#define SECONDS 60 /* a child's; it takes milliseconds */

static const enum table tables[] = { TABLE_LOG, TABLE_AGENCIES, TABLE_SUBJECTS, TABLE_CONSENTS,
                                     TABLE_QUEUES };

static void key_of(int i, char out[static 32])
{
    (void)snprintf(out, 32, "key-%08d", i * 7919 % RECORDS);
}

/* What is put under a key, and so what is read there. */
static struct bytes value_of(struct bytes key, uint8_t out[static 512])
{
    size_t len = 20 + (size_t)(key.data[key.len - 1] - '0') * 40;

    for (size_t i = 0; i < len; i++)
        out[i] = key.data[i % key.len];
    return bytes_of(out, len);
}

static int put_some(struct store *s, int from, int n)
{
    struct store_txn *t = NULL;
    int r = store_begin(s, true, &t);

    if (r < 0)
        return r;
    for (int i = from; i < from + n; i++) {
        uint8_t value[512];
        char key[32];

        key_of(i, key);
        store_put(t, tables[i % (int)ALM_LEN(tables)], bytes_str(key), value_of(bytes_str(key), value));
    }
    return store_commit(t);
}

static int del_some(struct store *s, int from, int n)
{
    struct store_txn *t = NULL;
    int r = store_begin(s, true, &t);

    if (r < 0)
        return r;
    for (int i = from; i < from + n; i++) {
        char key[32];

        key_of(i, key);
        store_del(t, tables[i % (int)ALM_LEN(tables)], bytes_str(key));
    }
    return store_commit(t);
}

/* Some records in each of several tables, some pages free. */
static void fill(struct fixture *f)
{
    for (int i = 0; i < RECORDS; i += 100)
        assert_int_equal(put_some(f->store, i, 100), 0);
    assert_int_equal(del_some(f->store, 300, 400), 0);
    assert_int_equal(put_some(f->store, 300, 5), 0);
}

struct read_all {
    int n, wrong;
};

static int read_one(void *ctx, struct bytes key, struct bytes value)
{
    struct read_all *all = ctx;
    uint8_t value_put[512];

    if (key.len == 12 && key.data[11] >= '0' && key.data[11] <= '9')
        all->wrong += !bytes_equal(value, value_of(key, value_put));
    return ++all->n > 100 * RECORDS ? -ELOOP : 0;
}

static int count_one(void *ctx, struct bytes key, struct bytes value)
{
    struct read_all *all = ctx;

    (void)key, (void)value;
    return ++all->n > 100 * RECORDS ? -ELOOP : 0;
}

/* Return: 0; 20 a value that nobody put, or a walk without an end. */
static int read_tables(struct store *s)
{
    for (size_t i = 0; i < ALM_LEN(tables); i++) {
        struct read_all values = { 0 }, raw = { 0 };
        struct store_txn *t = NULL;
        int r[2] = { 0, 0 };

        if (store_begin(s, false, &t) < 0)
            return 0;
        r[0] = store_scan(t, tables[i], fixture_nothing(), fixture_nothing(), true, read_one, &values);
        r[1] = store_scan_raw(t, tables[i], fixture_nothing(), fixture_nothing(), count_one, &raw);
        t = store_abort(t);
        if (values.wrong || r[0] == -ELOOP || r[1] == -ELOOP)
            return 20;
    }
    return 0;
}

static int get_some(struct store *s)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    buf_init(&b, 1 << 20);
    if (store_begin(s, false, &t) < 0)
        return 0;
    for (int i = 0; i < RECORDS; i += 3) {
        uint8_t value[512];
        char key[32];

        key_of(i, key);
        buf_reset(&b);
        if (store_get(t, tables[i % (int)ALM_LEN(tables)], bytes_str(key), &b) == 0 &&
            !bytes_equal(buf_view(&b), value_of(bytes_str(key), value)))
            return 21;
    }
    return 0;
}

/* As a broker would: it opens, reads, writes and reads again. Return: 0 whatever it was told, unless
 * that was wrong. */
static int use(const struct fixture *f, bool write)
{
    struct store_options o = f->options;
    struct store *s = NULL;
    int r;

    o.read_only = !write;
    if (store_open(&o, &s) < 0)
        return 0;
    r = get_some(s);
    for (int round = 0; write && r == 0 && round < 3; round++) {
        (void)put_some(s, round * 40, 40);
        (void)del_some(s, 700 + round * 40, 40);
        r = read_tables(s);
    }
    return r ? r : read_tables(s);
}

static int read_only(const struct fixture *f)
{
    return use(f, false);
}

static int written_too(const struct fixture *f)
{
    return use(f, true);
}

typedef int work_of(const struct fixture *f);

/* A process as the core and the reader are: without the harness's own handlers of signals, and without a leak checker,
 * since after damage LMDB's memory is left alone. Return: how it ended. */
static int in_child(const struct fixture *f, work_of *work)
{
    static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS };
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        for (size_t i = 0; i < ALM_LEN(faults); i++)
            (void)signal(faults[i], SIG_DFL);
        (void)alarm(SECONDS);
        wild_exits(WILD);
        _exit(work(f));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static bool exited(int status, int code)
{
    return WIFEXITED(status) && WEXITSTATUS(status) == code;
}

static bool ended_by(int status, int signal)
{
#ifdef ALM_SANITIZED /* which report it, and exit */
    if (exited(status, 1))
        return true;
#endif
    return WIFSIGNALED(status) && WTERMSIG(status) == signal;
}

/* Of memory that LMDB wrote over with such a page in hand: the allocator may find it before anybody else, or nobody. */
static bool died(int status)
{
    return ended_by(status, SIGABRT) || ended_by(status, SIGSEGV);
}

/* Return: how often that is no wonder: twice in 1,500 rounds of writing, but the sanitizers find each. */
static unsigned deaths_most(unsigned rounds)
{
#ifdef ALM_SANITIZED
    return rounds;
#else
    return 2 + rounds / 50;
#endif
}

static void path_of(const struct fixture *f, char out[static 128])
{
    (void)snprintf(out, 128, "%s/data.mdb", f->dir);
}

static void load(const struct fixture *f, struct buf *out)
{
    char path[128];

    path_of(f, path);
    buf_init(out, 64 << 20);
    assert_int_equal(file_read(path, 64 << 20, out), 0);
}

static void save(const struct fixture *f, const struct buf *b)
{
    char path[128];

    path_of(f, path);
    assert_int_equal(file_write(path, buf_view(b), 0600), 0);
}

/* --- Harm at random. --- */

enum harm { HARM_BIT, HARM_BITS, HARM_STRIDE, HARM_PAGE, HARM_HEADERS, HARM_OFFSETS, HARM_KINDS };

/* Past LMDB's two meta pages, which are looked at by LMDB itself. */
static void harm(enum harm kind, struct buf *b)
{
    uint32_t pages = (uint32_t)(b->len / PAGE) - 2;
    size_t page = (size_t)(2 + draw(pages)) * PAGE;

    switch (kind) {
    case HARM_BIT:
        b->data[page + draw(PAGE)] ^= (uint8_t)(1u << draw(8));
        break;
    case HARM_BITS:
        for (int i = 0; i < 200; i++)
            b->data[(2 + draw(pages)) * (size_t)PAGE + draw(PAGE)] ^= (uint8_t)(1u << draw(8));
        break;
    case HARM_STRIDE:
        for (size_t at = 2 * PAGE + draw(PAGE); at < b->len; at += 97)
            b->data[at] ^= 0x10;
        break;
    case HARM_PAGE:
        for (size_t i = 0; i < PAGE; i++)
            b->data[page + i] = (uint8_t)draw(256);
        break;
    case HARM_HEADERS: /* number, flags, bounds */
        for (int i = 0; i < 3; i++)
            b->data[(2 + draw(pages)) * (size_t)PAGE + draw(16)] = (uint8_t)draw(256);
        break;
    case HARM_OFFSETS: /* of nodes, and what is first in the nodes */
        for (int i = 0; i < 20; i++)
            b->data[(2 + draw(pages)) * (size_t)PAGE + 16 + draw(64)] = (uint8_t)(draw(2) ? 255 : draw(256));
        break;
    case HARM_KINDS:
        break;
    }
}

static void harmed(struct fixture *f, unsigned rounds, bool write)
{
    ALM_CLEANUP(buf_deinit) struct buf whole = { 0 }, b = { 0 };
    unsigned deaths = 0;

    fill(f);
    f->store = store_close(f->store);
    load(f, &whole);
    buf_init(&b, 64 << 20);
    for (unsigned i = 0; i < rounds; i++) {
        uint32_t seed = drawn;
        enum harm kind = (enum harm)(i % HARM_KINDS);
        int status;

        buf_reset(&b);
        buf_put(&b, whole.data, whole.len);
        harm(kind, &b);
        save(f, &b);
        status = in_child(f, write ? written_too : read_only);
        if (exited(status, 0) || exited(status, WILD))
            continue;
        if (write && died(status) && ++deaths <= deaths_most(rounds))
            continue;
        fail_msg("round %u, ALM_SEED=%u, harm %d: %s %d", i, seed, kind, WIFSIGNALED(status) ? "signal" : "exit",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
}

static void a_store_whose_pages_point_anywhere_is_read_right_or_not_at_all(void **state)
{
    harmed(*state, draw_anew(90), false);
}

static void a_store_whose_pages_point_anywhere_is_written_to_without_end_or_invention(void **state)
{
    harmed(*state, draw_anew(90), true);
}

/* --- What leads nowhere, one by one. --- */

/* Of a disk that gives an error, the same signal comes. */
static int cut_short_while_open(const struct fixture *f)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct store_txn *t = NULL;
    struct store *s = NULL;
    char path[128];
    int r;

    path_of(f, path);
    buf_init(&b, 1 << 20);
    if (store_open(&f->options, &s) < 0 || store_begin(s, false, &t) < 0)
        return 30;
    if (store_get(t, TABLE_LOG, bytes_str("key-00000000"), &b) != 0 || truncate(path, 2 * PAGE) < 0)
        return 31;
    buf_reset(&b);
    r = store_get(t, TABLE_LOG, bytes_str("key-00000000"), &b);
    t = store_abort(t);
    if (r != -EBADMSG || store_latched(s) != -EBADMSG || store_begin(s, true, &t) != -EBADMSG)
        return 32;
    s = store_close(s);
    return 0;
}

static void a_file_that_is_cut_short_while_it_is_open_is_damage_and_not_the_end_of_the_process(void **state)
{
    struct fixture *f = *state;

    fill(f);
    f->store = store_close(f->store);
    assert_true(exited(in_child(f, cut_short_while_open), 0));
}

/* LMDB's meta page, of which the later of two counts: after a header of 16 bytes u32 magic, u32 version, address, size of
 * the map, then for its table of free pages (and another) 40 bytes and the number of its root; last, its transaction.
 * A leaf: offsets of nodes from byte 16 on; a node: 8 bytes, the last two its key's length, then key and value. */
#define META_FREE_ROOT   (16 + 24 + 40)
#define META_TRANSACTION (16 + 24 + 2 * 48 + 8)
#define LEAF_OFFSETS     16
#define NODE_HEAD        8

static uint64_t number_at(const struct buf *b, size_t at)
{
    uint64_t n;

    memcpy(&n, b->data + at, sizeof(n));
    return n;
}

/* Return: where the numbers of the first transaction's free pages stand, their count before them. */
static size_t free_pages_of(const struct buf *b)
{
    size_t meta = number_at(b, META_TRANSACTION) > number_at(b, PAGE + META_TRANSACTION) ? 0 : PAGE;
    size_t leaf = number_at(b, meta + META_FREE_ROOT) * PAGE;
    uint16_t node, key;

    assert_true(leaf >= 2 * PAGE && leaf + PAGE <= b->len);
    memcpy(&node, b->data + leaf + LEAF_OFFSETS, sizeof(node));
    memcpy(&key, b->data + leaf + node + NODE_HEAD - sizeof(key), sizeof(key));
    assert_int_equal(key, 8);
    return leaf + node + NODE_HEAD + key;
}

static void a_list_of_free_pages_that_cannot_be_is_found_before_anything_is_written(void **state)
{
    static const struct {
        size_t at; /* 0: the count */
        uint64_t value;
    } wrong[] = { { 0, 4000 }, { 0, UINT64_MAX }, { 1, UINT64_MAX / PAGE }, { 1, 100000 }, { 1, 1 }, { 1, 0 } };
    struct fixture *f = *state;
    ALM_CLEANUP(buf_deinit) struct buf whole = { 0 };
    size_t at;

    fill(f);
    f->store = store_close(f->store);
    load(f, &whole);
    at = free_pages_of(&whole);
    assert_true(number_at(&whole, at) > 0);
    for (size_t i = 0; i < ALM_LEN(wrong); i++) {
        uint64_t kept = number_at(&whole, at + wrong[i].at * 8);
        struct store_options reader = f->options;
        struct store *s = NULL;

        memcpy(whole.data + at + wrong[i].at * 8, &wrong[i].value, 8);
        save(f, &whole);
        assert_int_equal(store_open(&f->options, &s), -EBADMSG);
        reader.read_only = true; /* it writes nothing, and may be what finds out how bad it is */
        assert_int_equal(store_open(&reader, &s), 0);
        s = store_close(s);
        memcpy(whole.data + at + wrong[i].at * 8, &kept, 8);
    }
    save(f, &whole);
    fixture_open(f);
}

/* --- The handlers by themselves. --- */

static volatile uintptr_t nowhere = 8;

static void faults(void)
{
    *(volatile int *)nowhere = 1;
}

static void is_sent_a_signal(void)
{
    (void)kill(getpid(), SIGBUS);
}

/* Return: only if it does: 40 by the jump, as if LMDB had met it; 41 it went on. */
static int in_a_call(void (*what)(void), bool left)
{
    struct wild_call call;

    wild_watch();
    if (setjmp(call.back))
        return 40;
    wild_enter(&call);
    if (left)
        wild_leave();
    what();
    return 41;
}

static int faults_in_a_call(const struct fixture *f)
{
    (void)f;
    return in_a_call(faults, false);
}

static int faults_outside(const struct fixture *f)
{
    (void)f;
    return in_a_call(faults, true);
}

static int is_sent_one_in_a_call(const struct fixture *f)
{
    (void)f;
    return in_a_call(is_sent_a_signal, false);
}

static void a_fault_past_the_map_ends_the_process_with_its_own_status(void **state)
{
    assert_true(exited(in_child(*state, faults_in_a_call), WILD));
}

static void a_fault_of_anybody_elses_ends_it_as_ever(void **state)
{
    assert_true(ended_by(in_child(*state, faults_outside), SIGSEGV));
}

static void a_signal_that_somebody_sends_ends_it_as_ever(void **state)
{
    assert_true(ended_by(in_child(*state, is_sent_one_in_a_call), SIGBUS));
}

#define WILD_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WILD_TEST(a_store_whose_pages_point_anywhere_is_read_right_or_not_at_all),
        WILD_TEST(a_store_whose_pages_point_anywhere_is_written_to_without_end_or_invention),
        WILD_TEST(a_file_that_is_cut_short_while_it_is_open_is_damage_and_not_the_end_of_the_process),
        WILD_TEST(a_list_of_free_pages_that_cannot_be_is_found_before_anything_is_written),
        WILD_TEST(a_fault_past_the_map_ends_the_process_with_its_own_status),
        WILD_TEST(a_fault_of_anybody_elses_ends_it_as_ever),
        WILD_TEST(a_signal_that_somebody_sends_ends_it_as_ever),
    };

    return cmocka_run_group_tests_name("store_wild", tests, NULL, NULL);
}
