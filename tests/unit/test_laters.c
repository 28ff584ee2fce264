/* SPDX-License-Identifier: Apache-2.0 */
/* test_laters.c - queries whose final reply comes later: what finds them, in which order, and that
 * nothing is left of them. */
#include "store_fixture.h"

#include "store/laters.h"
#include "store/queues_codec.h"

static struct later_ref ref(uint64_t leaf, const char *asker, int64_t until_ms)
{
    struct later_ref r = { .leaf = leaf, .until_ms = until_ms };

    (void)snprintf(r.asker, sizeof(r.asker), "%s", asker);
    memset(r.query.octets, (int)leaf, ID_LEN);
    return r;
}

static struct id question(uint8_t n)
{
    struct id id;

    memset(id.octets, 0x80 + n, ID_LEN);
    return id;
}

static struct store_txn *begin(struct fixture *f)
{
    struct store_txn *t = NULL;

    assert_int_equal(store_begin(f->store, true, &t), 0);
    return t;
}

static void put(struct store_txn *t, const struct later_ref *r, const char *record)
{
    laters_put(t, r->leaf, bytes_str(record));
    laters_open(t, r);
}

static size_t waiting(struct store_txn *t, const char *asker)
{
    size_t n;

    assert_int_equal(laters_waiting(t, asker, &n), 0);
    return n;
}

static size_t asked(struct store_txn *t, const char *desk, const char *asker)
{
    size_t n;

    assert_int_equal(laters_asked(t, desk, asker, &n), 0);
    return n;
}

static void a_record_is_found_by_its_leaf_its_query_and_its_questions(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct fixture *f = *state;
    struct later_ref r = ref(7, "council", 1000);
    struct id q = question(1), other = question(2);
    struct store_txn *t = begin(f);
    uint64_t leaf = 0;

    put(t, &r, "record");
    laters_ask(t, &r, "charity", &q);
    assert_int_equal(store_commit(t), 0);
    fixture_reopen(f);
    t = begin(f);
    buf_init(&b, LATER_RECORD_MAX);
    assert_int_equal(laters_get(t, 7, &b), 0);
    assert_true(bytes_equal(buf_view(&b), bytes_str("record")));
    assert_int_equal(laters_of_query(t, "council", &r.query, &leaf), 0);
    assert_int_equal(leaf, 7);
    assert_int_equal(laters_of_question(t, &q, &leaf), 0);
    assert_int_equal(leaf, 7);
    assert_int_equal(laters_of_question(t, &other, &leaf), -ENOENT);
    assert_int_equal(laters_of_query(t, "counci", &r.query, &leaf), -ENOENT);
    assert_int_equal(laters_of_query(t, "police", &r.query, &leaf), -ENOENT);
    store_abort(t);
}

static void two_agencies_may_choose_the_same_id(void **state)
{
    struct later_ref one = ref(7, "council", 1000), two = ref(8, "police", 1000);
    struct store_txn *t = begin(*state);
    uint64_t leaf = 0;

    two.query = one.query;
    put(t, &one, "one");
    put(t, &two, "two");
    assert_int_equal(laters_of_query(t, "council", &one.query, &leaf), 0);
    assert_int_equal(leaf, 7);
    assert_int_equal(laters_of_query(t, "police", &one.query, &leaf), 0);
    assert_int_equal(leaf, 8);
    store_abort(t);
}

static void the_first_to_end_comes_first(void **state)
{
    struct later_ref late = ref(1, "council", 9000), soon = ref(2, "council", 300),
                     before_1970 = ref(3, "council", -5);
    struct store_txn *t = begin(*state);
    int64_t until = 0;
    uint64_t leaf = 0;

    assert_int_equal(laters_first(t, &until, &leaf), -ENOENT);
    put(t, &late, "");
    put(t, &soon, "");
    put(t, &before_1970, "");
    assert_int_equal(laters_first(t, &until, &leaf), 0);
    assert_int_equal(leaf, 3);
    assert_int_equal(until, -5);
    laters_shut(t, &before_1970);
    assert_int_equal(laters_first(t, &until, &leaf), 0);
    assert_int_equal(leaf, 2);
    assert_int_equal(until, 300);
    laters_shut(t, &soon);
    laters_shut(t, &late);
    assert_int_equal(laters_first(t, &until, &leaf), -ENOENT);
    store_abort(t);
}

static void what_waits_and_what_is_out_is_counted_by_whole_names(void **state)
{
    struct later_ref one = ref(1, "school", 1000), two = ref(2, "school-nursery", 1000);
    struct id a = question(1), b = question(2), c = question(3);
    struct store_txn *t = begin(*state);

    put(t, &one, "");
    put(t, &two, "");
    laters_ask(t, &one, "desk", &a);
    laters_ask(t, &one, "desk-two", &b);
    laters_ask(t, &two, "desk", &c);
    assert_int_equal(waiting(t, "school"), 1);
    assert_int_equal(waiting(t, "school-nursery"), 1);
    assert_int_equal(waiting(t, "police"), 0);
    assert_int_equal(asked(t, "desk", NULL), 2);
    assert_int_equal(asked(t, "desk", "school"), 1);
    assert_int_equal(asked(t, "desk-two", NULL), 1);
    assert_int_equal(asked(t, "des", NULL), 0);
    laters_answered(t, &one, "desk", &a);
    assert_int_equal(asked(t, "desk", NULL), 1);
    laters_shut(t, &one);
    assert_int_equal(waiting(t, "school"), 1); /* it is kept until it is acknowledged */
    laters_erase(t, &one);
    assert_int_equal(waiting(t, "school"), 0);
    store_abort(t);
}

struct heard {
    uint64_t leaves;
    unsigned n;
};

static int hear(void *ctx, const struct id *q, uint64_t leaf)
{
    struct heard *h = ctx;

    assert_true(q->octets[0] > 0x80);
    h->leaves += leaf;
    h->n++;
    return 0;
}

static void each_question_of_a_desk_that_is_out_is_visited(void **state)
{
    struct later_ref one = ref(10, "council", 1000), two = ref(200, "police", 1000);
    struct id a = question(1), b = question(2), c = question(3);
    struct store_txn *t = begin(*state);
    struct heard h = { 0 };

    laters_ask(t, &one, "desk", &a);
    laters_ask(t, &two, "desk", &b);
    laters_ask(t, &two, "elsewhere", &c);
    assert_int_equal(laters_each(t, "desk", hear, &h), 0);
    assert_int_equal(h.n, 2);
    assert_int_equal(h.leaves, 210);
    laters_answered(t, &one, "desk", &a);
    h = (struct heard){ 0 };
    assert_int_equal(laters_each(t, "desk", hear, &h), 0);
    assert_int_equal(h.n, 1);
    store_abort(t);
}

static void a_question_that_was_answered_is_known_until_it_is_over(void **state)
{
    struct later_ref r = ref(5, "council", 1000);
    struct id q = question(1);
    struct store_txn *t = begin(*state);
    uint64_t leaf = 0;

    laters_ask(t, &r, "desk", &q);
    laters_answered(t, &r, "desk", &q);
    assert_int_equal(laters_of_question(t, &q, &leaf), 0);
    laters_over(t, &r, "desk", &q);
    assert_int_equal(laters_of_question(t, &q, &leaf), -ENOENT);
    store_abort(t);
}

static int count(void *ctx, struct bytes key, struct bytes value)
{
    (void)key;
    (void)value;
    ++*(int *)ctx;
    return 0;
}

static void nothing_is_left_of_what_is_erased(void **state)
{
    struct later_ref r = ref(5, "council", 1000);
    struct id q = question(1), p = question(2);
    struct store_txn *t = begin(*state);
    int n = 0;

    put(t, &r, "record");
    laters_ask(t, &r, "desk", &q);
    laters_ask(t, &r, "other", &p);
    laters_answered(t, &r, "other", &p);
    laters_over(t, &r, "desk", &q);
    laters_over(t, &r, "other", &p);
    laters_erase(t, &r);
    laters_erase(t, &r); /* twice is as good as once */
    assert_int_equal(
        store_scan(t, TABLE_LATER, bytes_of(NULL, 0), bytes_of(NULL, 0), false, count, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(store_commit(t), 0);
}

static void an_entry_of_another_layout_is_damage(void **state)
{
    struct later_ref r = ref(5, "council", 1000);
    struct id q = question(1);
    struct store_txn *t = begin(*state);
    uint8_t key[1 + ID_LEN] = { 'q' }, value[] = { 2, 0, 0, 0, 0, 0, 0, 0, 5 };
    uint64_t leaf = 0;

    laters_ask(t, &r, "desk", &q);
    memcpy(key + 1, q.octets, ID_LEN);
    store_put(t, TABLE_LATER, bytes_of(key, sizeof(key)), bytes_of(value, sizeof(value)));
    assert_int_equal(laters_of_question(t, &q, &leaf), -EBADMSG);
    store_put(t, TABLE_LATER, bytes_of(key, sizeof(key)), bytes_of(value, 1));
    assert_int_equal(laters_of_question(t, &q, &leaf), -EBADMSG);
    store_abort(t);
}

/* What a query was told is in no queue: a delivery of its final reply names the query alone. */
static void a_queued_reply_holds_the_querys_id_and_nothing_else(void **state)
{
    static const uint8_t kinds[] = { DELIVERY_INSIGHT, DELIVERY_INVOLVEMENT };
    static struct msg_deliver sent, got;

    (void)state;
    for (size_t i = 0; i < ALM_LEN(kinds); i++) {
        ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

        memset(&sent, 0, sizeof(sent));
        sent.kind = kinds[i];
        sent.query = question(9);
        sent.insight.value = INSIGHT_YES;
        sent.involvement.n = 1;
        buf_init(&b, 4096);
        delivery_encode(&sent, &b);
        assert_true(b.len < 64);
        assert_int_equal(delivery_decode(buf_view(&b), &got), 0);
        assert_int_equal(got.has_insight, i == 0);
        assert_int_equal(got.has_involvement, i == 1);
        assert_true(id_equal(&got.query, &sent.query));
        assert_int_equal(got.insight.value, 0);
        assert_int_equal(got.involvement.n, 0);
    }
}

#define LATER_TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LATER_TEST(a_record_is_found_by_its_leaf_its_query_and_its_questions),
        LATER_TEST(two_agencies_may_choose_the_same_id),
        LATER_TEST(the_first_to_end_comes_first),
        LATER_TEST(what_waits_and_what_is_out_is_counted_by_whole_names),
        LATER_TEST(each_question_of_a_desk_that_is_out_is_visited),
        LATER_TEST(a_question_that_was_answered_is_known_until_it_is_over),
        LATER_TEST(nothing_is_left_of_what_is_erased),
        LATER_TEST(an_entry_of_another_layout_is_damage),
        LATER_TEST(a_queued_reply_holds_the_querys_id_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
