/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_walks.c - walks over a table of many pages, beside changes, within each other and one
 * after the other, against a plain list of what is there: what is kept between walks to save time
 * must not skip a record. */
#include "drawn.h"
#include "store_fixture.h"

#include "store/raw.h"

#define KEYS   4096 /* of three octets: 00 up to 0f, then 00 up to ff */
#define PREFIX 2    /* octets that walks go by */
#define NEST_MOST 3

static bool there[KEYS], kept[KEYS];

static struct bytes key_of(unsigned n, uint8_t key[static 3])
{
    key[0] = (uint8_t)(n >> 8);
    key[1] = (uint8_t)(n >> 4 & 15);
    key[2] = (uint8_t)(n & 15);
    return bytes_of(key, 3);
}

static unsigned number_of(struct bytes key)
{
    assert_int_equal(key.len, 3);
    return (unsigned)key.data[0] << 8 | (unsigned)key.data[1] << 4 | key.data[2];
}

static void change(struct store_txn *t, unsigned n, bool in)
{
    uint8_t key[3], value[200] = { 0 };

    if (in)
        store_put(t, TABLE_CONCERNS, key_of(n, key), bytes_of(value, draw(sizeof(value))));
    else
        store_del(t, TABLE_CONCERNS, key_of(n, key));
    assert_int_equal(store_status(t), 0);
    there[n] = in;
}

struct walking {
    struct store_txn *t;
    unsigned next, end; /* the first that may come, and the first that may not */
    unsigned depth, stop_at, n;
    bool write;
};

static void walk(struct store_txn *t, unsigned depth, bool write);

static int walking_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct walking *w = ctx;
    unsigned n = number_of(key);

    (void)value;
    assert_true(n >= w->next && n < w->end);
    for (; w->next < n; w->next++)
        assert_false(there[w->next]);
    assert_true(there[n]);
    w->next = n + 1;
    if (w->write && draw(4) == 0)
        change(w->t, draw(2) ? n : draw(KEYS), draw(2));
    if (w->depth < NEST_MOST && draw(20) == 0)
        walk(w->t, w->depth + 1, w->write);
    return ++w->n == w->stop_at;
}

/* All below a prefix of some octets, from somewhere in it. */
static void walk(struct store_txn *t, unsigned depth, bool write)
{
    struct walking w = { .t = t, .depth = depth, .write = write && draw(3) == 0 };
    unsigned n = draw(KEYS), octets = draw(3) + (depth == 0), width;
    uint8_t key[3], from[3];
    struct bytes prefix, begin = fixture_nothing();

    if (octets > 3)
        octets = 3;
    if (octets == 0 && draw(8))
        octets = 1;
    width = octets == 0 ? KEYS : octets == 1 ? 256 : octets == 2 ? 16 : 1;
    n -= n % width;
    prefix = bytes_of(key_of(n, key).data, octets);
    w.next = n;
    w.end = n + width;
    if (draw(3) == 0) {
        w.next = n + draw(width);
        begin = key_of(w.next, from);
    }
    w.stop_at = draw(4) ? 0 : 1 + draw(5);
    assert_int_equal(store_scan(t, TABLE_CONCERNS, prefix, begin, draw(2), walking_visit, &w), 0);
    if (w.n != w.stop_at || !w.stop_at) {
        for (; w.next < w.end; w.next++)
            assert_false(there[w.next]);
    }
}

static void last(struct store_txn *t)
{
    ALM_CLEANUP(buf_deinit) struct buf found = { 0 };
    unsigned n = draw(KEYS), octets = draw(3), width = octets == 0 ? KEYS : octets == 1 ? 256 : 16;
    uint8_t key[3];
    int r, want;

    buf_init(&found, STORE_KEY_MAX);
    n -= n % width;
    r = store_last(t, TABLE_CONCERNS, bytes_of(key_of(n, key).data, octets), &found);
    for (want = (int)(n + width) - 1; want >= (int)n && !there[want]; want--)
        ;
    assert_int_equal(r, want < (int)n ? -ENOENT : 0);
    if (r == 0)
        assert_int_equal(number_of(buf_view(&found)), want);
}

static void one_transaction(struct fixture *f, unsigned round)
{
    struct store_txn *t = fixture_begin(f, true);
    unsigned changes = round < 8 ? 400 : draw(3) ? draw(40) : 0;

    memcpy(kept, there, sizeof(kept));
    for (unsigned i = 0; i < changes + 60; i++) {
        if (draw(changes + 60) < changes)
            change(t, draw(KEYS), draw(round % 9 < 6 ? 4 : 2) != 0);
        else if (draw(4) == 0)
            last(t);
        else
            walk(t, 0, round % 3 != 0);
    }
    if (draw(4)) {
        assert_int_equal(store_commit(t), 0);
        return;
    }
    t = store_abort(t);
    memcpy(there, kept, sizeof(kept));
}

static void walks_of_any_sort_miss_nothing_and_invent_nothing(void **state)
{
    struct fixture *f = *state;
    unsigned rounds = draw_anew(150);

    memset(there, 0, sizeof(there));
    for (unsigned round = 0; round < rounds; round++) {
        struct store_txn *t;

        one_transaction(f, round);
        t = fixture_begin(f, false);
        walk(t, 0, false);
        last(t);
        t = store_abort(t);
        if (draw(20) == 0)
            fixture_reopen(f);
    }
}

static int visit_and_fail(void *ctx, struct bytes key, struct bytes value)
{
    struct store_txn *t = ctx;

    (void)key;
    (void)value;
    store_put(t, TABLE_CONCERNS, fixture_text("a"), fixture_text("v"));
    return -ECANCELED;
}

static void a_walk_that_failed_leaves_the_next_one_whole(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t = fixture_begin(f, true);
    struct fixture_seen s = { .keys = "" };

    store_put(t, TABLE_CONCERNS, fixture_text("b"), fixture_text("v"));
    for (int i = 0; i < 3; i++)
        assert_int_equal(store_scan(t, TABLE_CONCERNS, fixture_nothing(), fixture_nothing(), false,
                                    visit_and_fail, t), -ECANCELED);
    assert_int_equal(store_scan(t, TABLE_CONCERNS, fixture_nothing(), fixture_nothing(), false,
                                fixture_see, &s), 0);
    assert_string_equal(s.keys, "a b ");
    assert_int_equal(store_commit(t), 0);
}

static void a_walk_after_a_commit_that_failed_sees_what_was_before(void **state)
{
    struct fixture *f = *state;
    struct fixture_fault fault = { .step = STORE_STEP_COMMIT, .countdown = 1, .error = ENOSPC };
    struct fixture_seen before = { .keys = "" }, after = { .keys = "" };
    struct store_txn *t = fixture_begin(f, true);

    store_put(t, TABLE_CONCERNS, fixture_text("a"), fixture_text("v"));
    assert_int_equal(store_scan(t, TABLE_CONCERNS, fixture_nothing(), fixture_nothing(), false,
                                fixture_see, &before), 0);
    store_fault_hook(f->store, fixture_fault, &fault);
    assert_int_equal(store_commit(t), -ENOSPC);
    store_fault_hook(f->store, NULL, NULL);
    t = fixture_begin(f, true);
    assert_int_equal(store_scan(t, TABLE_CONCERNS, fixture_nothing(), fixture_nothing(), false,
                                fixture_see, &after), 0);
    assert_string_equal(before.keys, "a ");
    assert_string_equal(after.keys, "");
    t = store_abort(t);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(walks_of_any_sort_miss_nothing_and_invent_nothing),
        TEST(a_walk_that_failed_leaves_the_next_one_whole),
        TEST(a_walk_after_a_commit_that_failed_sees_what_was_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
