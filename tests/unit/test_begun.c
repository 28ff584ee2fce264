/* SPDX-License-Identifier: Apache-2.0 */
/* test_begun.c - a store that becomes that of another origin: what stays, what is taken out, and what
 * is refused. */
#include "store_fixture.h"

#include "store/begun.h"
#include "store/heads.h"
#include "store/ledger.h"
#include "store/raw.h"

#define NEXT   "marlham.example/next"
#define HEADS  5000 /* more than are taken out in one transaction */
#define LEAVES 7

struct told {
    uint64_t n, last;
    int fails;
    bool in_order;
};

static int told_head(void *ctx, uint64_t size, struct bytes note)
{
    struct told *t = ctx;

    t->in_order = (t->n == 0 || size > t->last) && bytes_equal(note, bytes_str("a note"));
    t->last = size;
    t->n++;
    return t->in_order ? t->fails : -EBADMSG;
}

static void leaves_make(struct fixture *f)
{
    struct ledger_clear c = { .event = EVENT_DECIDED, .mode = 2, .about = UINT64_MAX };
    const struct ledger_private p = { .class = 0 };
    struct ledger *l = NULL;
    struct store_txn *t;
    uint64_t leaf;

    assert_int_equal(ledger_open(f->store, &l), 0);
    t = fixture_begin(f, true);
    for (int i = 0; i < LEAVES; i++)
        ledger_append(l, t, &c, &p, &leaf);
    ledger_flush(l, t);
    assert_int_equal(store_commit(t), 0);
    ledger_close(l);
}

static void heads_make(struct fixture *f, uint64_t n)
{
    struct head_witness w = { .agency = "school", .size = 3, .vkey = "school+key" };
    struct store_txn *t = fixture_begin(f, true);

    for (uint64_t i = 0; i < n; i++)
        ledger_head_put(t, i, "a note");
    heads_witness_put(t, &w);
    heads_witnessed_put(t, 3);
    store_put(t, TABLE_SEALING, bytes_str("school key"), bytes_str("as announced"));
    assert_int_equal(store_commit(t), 0);
}

static int become(struct fixture *f, const char *to, struct told *told, struct begun *b)
{
    struct store_options o = f->options;

    o.origin = to;
    *b = (struct begun){ .from = FIXTURE_ORIGIN, .made_ms = 1779573024000 };
    return begun_anew(f->store, &o, told_head, told, b);
}

static uint64_t count(struct fixture *f, enum table table)
{
    struct store_txn *t = fixture_begin(f, false);
    uint64_t n = 99;

    assert_int_equal(store_raw_count(t, table, &n), 0);
    store_abort(t);
    return n;
}

static int get(struct fixture *f, struct begun *out)
{
    struct store_txn *t = fixture_begin(f, false);
    int r = begun_get(t, out);

    store_abort(t);
    return r;
}

static void the_same_origin_is_no_other(void **state)
{
    struct told told = { 0 };
    struct begun b;

    assert_int_equal(become(*state, FIXTURE_ORIGIN, &told, &b), -EINVAL);
    assert_int_equal(told.n, 0);
}

static void nothing_is_taken_out_before_all_heads_were_told(void **state)
{
    struct fixture *f = *state;
    struct told told = { .fails = -EIO };
    struct begun b;

    leaves_make(f);
    heads_make(f, LEAVES);
    assert_int_equal(become(f, NEXT, &told, &b), -EIO);
    assert_int_equal(count(f, TABLE_HEADS), LEAVES);
    assert_int_equal(count(f, TABLE_SEALING), 1);
    fixture_reopen(f); /* under its own origin still */
    assert_int_equal(get(f, &b), -ENOENT);
}

static void a_commit_that_fails_leaves_it_under_its_own_origin(void **state)
{
    struct fixture *f = *state;
    struct fixture_fault fault = { .step = STORE_STEP_COMMIT, .countdown = 3, .error = ENOSPC };
    struct told told = { 0 };
    struct begun b;

    leaves_make(f);
    heads_make(f, LEAVES);
    store_fault_hook(f->store, fixture_fault, &fault);
    assert_true(become(f, NEXT, &told, &b) < 0);
    fixture_reopen(f);
}

static void an_origin_that_is_too_long_is_refused(void **state)
{
    char long_one[400];
    struct told told = { 0 };
    struct begun b;

    memset(long_one, 'o', sizeof(long_one) - 1);
    long_one[sizeof(long_one) - 1] = '\0';
    assert_int_equal(become(*state, long_one, &told, &b), -EINVAL);
    fixture_reopen(*state);
}

static void a_record_that_makes_no_sense_is_damage(void **state)
{
    static const char *const bad[] = { "", "\1", "\2\0\0\0\0", "\1\0\0\0\1x too short" };
    struct fixture *f = *state;
    struct begun b;

    for (size_t i = 0; i < ALM_LEN(bad); i++) {
        struct store_txn *t = fixture_begin(f, true);

        store_put(t, TABLE_META, bytes_str("begun-anew"), bytes_of(bad[i], i == 2 ? 5 : strlen(bad[i])));
        assert_int_equal(store_commit(t), 0);
        assert_int_equal(get(f, &b), -EBADMSG);
    }
}

static void leaves_stay_and_what_was_signed_goes(void **state)
{
    struct fixture *f = *state;
    struct told told = { 0 };
    struct begun b, got;
    struct head_witness w;
    struct ledger *l = NULL;
    struct store_txn *t;
    uint8_t before[SHA256_LEN], after[SHA256_LEN];

    leaves_make(f);
    assert_int_equal(ledger_open(f->store, &l), 0);
    ledger_root(l, before);
    l = ledger_close(l);
    heads_make(f, HEADS); /* more than leaves: which heads are good is not this one's to say */
    assert_int_equal(become(f, NEXT, &told, &b), 0);
    assert_true(told.n == HEADS && told.in_order);
    assert_true(b.leaves == LEAVES && b.head == HEADS - 1);
    assert_int_equal(count(f, TABLE_HEADS), 0);
    assert_int_equal(count(f, TABLE_SEALING), 0);
    f->store = store_close(f->store);
    assert_int_equal(store_open(&f->options, &f->store), -EXDEV);
    f->options.origin = NEXT;
    fixture_open(f);
    assert_int_equal(ledger_open(f->store, &l), 0);
    ledger_root(l, after);
    assert_true(ledger_size(l) == LEAVES && !memcmp(before, after, sizeof(before)));
    ledger_close(l);
    assert_int_equal(get(f, &got), 0);
    assert_string_equal(got.from, FIXTURE_ORIGIN);
    assert_true(got.leaves == b.leaves && got.head == b.head && got.made_ms == b.made_ms);
    t = fixture_begin(f, true);
    assert_int_equal(heads_witness_get(t, "school", &w), -ENOENT);
    begun_drop(t);
    assert_int_equal(store_commit(t), 0);
    assert_int_equal(get(f, &got), -ENOENT);
}

#define BEGUN_TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BEGUN_TEST(the_same_origin_is_no_other),
        BEGUN_TEST(nothing_is_taken_out_before_all_heads_were_told),
        BEGUN_TEST(a_commit_that_fails_leaves_it_under_its_own_origin),
        BEGUN_TEST(an_origin_that_is_too_long_is_refused),
        BEGUN_TEST(a_record_that_makes_no_sense_is_damage),
        BEGUN_TEST(leaves_stay_and_what_was_signed_goes),
    };

    return cmocka_run_group_tests_name("begun", tests, NULL, NULL);
}
