/* SPDX-License-Identifier: Apache-2.0 */
/* test_queues.c - deliveries kept: states, filters, items in order, dead letters; contacts and
 * attempts. */
#include "store_fixture.h"

#include "store/contacts.h"
#include "store/queues.h"
#include "store/queues_codec.h"

#define ITEM_MAX 32768

static struct msg_deliver sent, got;
static struct queue_item item;
static struct buf octets;

#define text_of(to, from) assert_int_equal(text_copy(to, sizeof(to), from), 0)

static int setup(void **state)
{
    buf_init(&octets, ITEM_MAX);
    return fixture_setup(state);
}

static int teardown(void **state)
{
    buf_deinit(&octets);
    return fixture_teardown(state);
}

static struct msg_deliver *delivery(uint8_t kind, uint8_t n)
{
    memset(&sent, 0, sizeof(sent));
    sent.kind = kind;
    sent.event.octets[0] = n;
    sent.at_ms = 1000 + n;
    return &sent;
}

static void put(struct store_txn *t, const char *agency, const char *stream, uint64_t seq)
{
    struct queue_item i = { .seq = seq, .leaf = 7, .put_on = 19000, .dead_after = 19014 };

    (void)delivery(DELIVERY_NOTICE, (uint8_t)seq);
    sent.notice.kind = NOTICE_OVERDUE;
    sent.has_notice = true;
    queue_item_put(t, agency, stream, &i, &sent);
    assert_true(i.bytes > 0);
}

static int next(struct store_txn *t, const char *agency, const char *stream, uint64_t after)
{
    return queue_item_next(t, agency, stream, after, &item, &octets, &got);
}

static void tokens(struct token_set *s)
{
    s->n = 2;
    s->unborn = true;
    for (int i = 0; i < 2; i++) {
        s->tokens[i] = (struct token){ .kind = TOKEN_NHS, .scheme = TOKEN_HMAC, .epoch = 3 };
        memset(s->tokens[i].value, 0x30 + i, TOKEN_LEN);
    }
}

/* What comes back of one delivery is what was put. */
static void round_trip(struct fixture *f, const struct msg_deliver *d)
{
    struct queue_item i = { .seq = 1, .leaf = 9, .put_on = 1, .dead_after = CIVIL_NONE };
    struct store_txn *t = fixture_begin(f, true);

    queue_item_put(t, "school", "inbox", &i, d);
    assert_int_equal(store_commit(t), 0);
    t = fixture_begin(f, false);
    assert_int_equal(next(t, "school", "inbox", 0), 0);
    assert_int_equal(item.leaf, 9);
    assert_int_equal(item.dead_after, CIVIL_NONE);
    assert_int_equal(item.bytes, i.bytes);
    assert_string_equal(got.stream, "inbox");
    assert_int_equal(got.seq, 1);
    store_abort(t);
}

static void every_kind_of_delivery_comes_back_as_it_was_put(void **state)
{
    struct msg_deliver *d = delivery(DELIVERY_FIRING, 1);
    uint8_t body[SEALED_MAX];

    d->has_firing = true;
    d->firing.subject_kind = SUBJECT_UNBORN;
    tokens(&d->firing.subject);
    d->firing.severity = SEVERITY_HIGH;
    d->firing.decide_by_ms = 99;
    d->firing.n = CONTRIBUTORS_MAX;
    for (int i = 0; i < CONTRIBUTORS_MAX; i++)
        memset(d->firing.contributors[i].contact_route, 'c', 127);
    round_trip(*state, d);
    assert_memory_equal(&got.firing, &d->firing, sizeof(got.firing));

    d = delivery(DELIVERY_REFERRAL, 2);
    d->has_referral = true;
    d->referral.kind = REFERRAL_BOOKED;
    tokens(&d->referral.subject);
    d->referral.pounds = 250;
    memset(body, 0x5a, sizeof(body));
    d->referral.sealed = bytes_of(body, sizeof(body));
    memset(d->referral.sealed_to, 4, 32);
    round_trip(*state, d);
    assert_true(bytes_equal(got.referral.sealed, d->referral.sealed));
    assert_int_equal(got.referral.pounds, 250);

    d = delivery(DELIVERY_REFERRAL_UPDATE, 3);
    d->has_update = true;
    d->update.step = STEP_REJECTED;
    text_of(d->update.reason, "full");
    round_trip(*state, d);
    assert_string_equal(got.update.reason, "full");

    d = delivery(DELIVERY_WATCH, 4);
    d->has_watch = true;
    d->watch.masked = true;
    d->watch.on = -5;
    round_trip(*state, d);
    assert_memory_equal(&got.watch, &d->watch, sizeof(got.watch));

    d = delivery(DELIVERY_NOTICE, 5);
    d->has_notice = true;
    d->notice.kind = NOTICE_KEY_CHANGED;
    memset(d->notice.text, 't', TEXT_MAX_LEN - 1);
    round_trip(*state, d);
    assert_memory_equal(&got.notice, &d->notice, sizeof(got.notice));

    tokens(&d->notice.subject);
    round_trip(*state, d);
    assert_memory_equal(&got.notice, &d->notice, sizeof(got.notice));
}

/* Layout 1 is what lies in queues since before notices said whom they are about: it is read. One
 * that promises a subject and has none, or is no notice, is damage. */
static void
a_notice_of_the_older_layout_is_read_and_one_that_contradicts_itself_is_not(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct msg_deliver *d = delivery(DELIVERY_NOTICE, 5);

    (void)state;
    buf_init(&b, ITEM_MAX);
    d->has_notice = true;
    d->notice.kind = NOTICE_OVERDUE;
    delivery_encode(d, &b);
    assert_int_equal(b.data[0], 1);
    assert_int_equal(delivery_decode(buf_view(&b), &got), 0);
    assert_int_equal(got.notice.subject.n, 0);
    b.data[0] = 2;
    assert_int_equal(delivery_decode(buf_view(&b), &got), -EBADMSG);
    buf_put(&b, "\0\0", 2); /* a subject without tokens */
    assert_int_equal(delivery_decode(buf_view(&b), &got), -EBADMSG);
    b.data[0] = 1;
    assert_int_equal(delivery_decode(buf_view(&b), &got), -EBADMSG);
    b.data[0] = 3;
    assert_int_equal(delivery_decode(buf_view(&b), &got), -EBADMSG);
    b.len = 0;
    d = delivery(DELIVERY_WATCH, 5);
    d->has_watch = true;
    delivery_encode(d, &b);
    b.data[0] = 2;
    assert_int_not_equal(delivery_decode(buf_view(&b), &got), 0);
}

static void items_come_in_order_of_their_numbers_and_of_one_stream_alone(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t = fixture_begin(f, true);
    uint64_t at = 0, order[] = { 1, 2, 255, 256, 65536, UINT64_C(1) << 40 };

    for (size_t i = ALM_LEN(order); i-- > 0;)
        put(t, "school", "all", order[i]);
    put(t, "school", "all-of-it", 3);
    put(t, "school", "al", 3);
    put(t, "school-nursery", "all", 3);
    for (size_t i = 0; i < ALM_LEN(order); i++) {
        assert_int_equal(next(t, "school", "all", at), 0);
        assert_true(item.seq == order[i]);
        at = item.seq;
    }
    assert_int_equal(next(t, "school", "all", at), -ENOENT);
    assert_int_equal(next(t, "school", "all", UINT64_MAX), -ENOENT);
    assert_int_equal(next(t, "sch", "ool", 0), -ENOENT);
    store_abort(t);
}

static int count(void *ctx, const struct queue_item *i)
{
    (void)i;
    (*(unsigned *)ctx)++;
    return 0;
}

static void a_range_has_its_upper_end_and_not_its_lower(void **state)
{
    struct store_txn *t = fixture_begin(*state, true);
    unsigned n = 0;

    for (uint64_t s = 1; s <= 10; s++)
        put(t, "school", "inbox", s);
    queue_item_del(t, "school", "inbox", 5);
    assert_int_equal(queue_items(t, "school", "inbox", 2, 8, count, &n), 0);
    assert_int_equal(n, 5);
    n = 0;
    assert_int_equal(queue_items(t, "school", "inbox", 8, 2, count, &n), 0);
    assert_int_equal(n, 0);
    store_abort(t);
}

static void a_dead_letter_keeps_its_content_and_leaves_the_queue(void **state)
{
    struct store_txn *t = fixture_begin(*state, true);

    put(t, "school", "inbox", 1);
    put(t, "school", "inbox", 2);
    assert_int_equal(queue_dead_put(t, "school", "inbox", 1), 0);
    assert_int_equal(queue_dead_put(t, "school", "inbox", 1), -ENOENT);
    assert_int_equal(next(t, "school", "inbox", 0), 0);
    assert_int_equal(item.seq, 2);
    assert_int_equal(queue_dead_next(t, "school", "inbox", 0, &item, &octets, &got), 0);
    assert_int_equal(item.seq, 1);
    assert_int_equal(got.event.octets[0], 1);
    queue_dead_del(t, "school", "inbox", 1);
    assert_int_equal(queue_dead_next(t, "school", "inbox", 0, &item, &octets, &got), -ENOENT);
    store_abort(t);
}

static void an_item_that_is_no_item_is_damage_and_says_which(void **state)
{
    struct store_txn *t = fixture_begin(*state, true);
    uint8_t key[] = { 'i', 's', 0, 'x', 0, 0, 0, 0, 0, 0, 0, 0, 7 };

    store_put(t, TABLE_QUEUES, bytes_of(key, sizeof(key)), fixture_text("\1short"));
    assert_int_equal(next(t, "s", "x", 0), -EBADMSG);
    assert_int_equal(item.seq, 7);
    store_abort(t);
}

/* The next number first; where it is not there, whatever comes after it. */
static void an_item_after_a_gap_is_found_and_a_damaged_one_named(void **state)
{
    static const uint64_t there[] = { 2, 3, 9, 300 };
    struct store_txn *t = fixture_begin(*state, true);
    uint8_t key[] = { 'i', 's', 'c', 'h', 'o', 'o', 'l', 0, 'i', 'n', 'b', 'o', 'x', 0, 0, 0, 0, 0, 0, 0, 0, 12 };
    struct msg_deliver *d = delivery(DELIVERY_NOTICE, 1);
    uint64_t at = 0;

    d->has_notice = true;
    for (size_t i = 0; i < ALM_LEN(there); i++) {
        struct queue_item put = { .seq = there[i], .leaf = 9, .put_on = 1, .dead_after = CIVIL_NONE };

        queue_item_put(t, "school", "inbox", &put, d);
    }
    for (size_t i = 0; i < ALM_LEN(there); i++, at = item.seq) {
        assert_int_equal(next(t, "school", "inbox", at), 0);
        assert_int_equal(item.seq, there[i]);
    }
    assert_int_equal(next(t, "school", "inbox", at), -ENOENT);
    assert_int_equal(item.seq, 0);
    store_put(t, TABLE_QUEUES, bytes_of(key, sizeof(key)), fixture_text("\1short"));
    assert_int_equal(next(t, "school", "inbox", 9), -EBADMSG); /* after a gap */
    assert_int_equal(item.seq, 12);
    assert_int_equal(next(t, "school", "inbox", 11), -EBADMSG); /* the next number */
    assert_int_equal(item.seq, 12);
    assert_int_equal(next(t, "school", "inbox", 12), 0);
    assert_int_equal(item.seq, 300);
    store_abort(t);
}

struct states {
    unsigned n;
    struct queue_record last;
    name_t stream;
};

static int see(void *ctx, const char *agency, const char *stream, const struct queue_record *r)
{
    struct states *s = ctx;

    (void)agency;
    s->n++;
    s->last = *r;
    text_of(s->stream, stream);
    return 0;
}

static void states_come_back_and_one_that_contradicts_itself_does_not(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t = fixture_begin(f, true);
    struct queue_record r = { .last = 9,
                              .delivered = 8,
                              .acked = 2,
                              .acked_most = 6,
                              .waiting = 3,
                              .bytes = 300,
                              .dead = 1,
                              .credit = 64,
                              .created_ms = -1,
                              .ended = true };
    struct states seen = { 0 };

    queues_put(t, "court", "all", &r);
    queues_put(t, "court", "north", &r);
    assert_int_equal(store_commit(t), 0);
    t = fixture_begin(f, true);
    assert_int_equal(queues_each(t, see, &seen), 0);
    assert_int_equal(seen.n, 2);
    assert_string_equal(seen.stream, "north");
    assert_true(seen.last.last == 9 && seen.last.acked == 2 && seen.last.acked_most == 6);
    assert_true(seen.last.ended && seen.last.created_ms == -1 && seen.last.dead == 1);
    queues_del(t, "court", "north");
    r.acked_most = 9; /* acknowledged, and never sent */
    queues_put(t, "court", "all", &r);
    assert_int_equal(queues_each(t, see, &seen), -EBADMSG);
    store_abort(t);
}

static void a_filter_comes_back_with_its_stream(void **state)
{
    struct store_txn *t = fixture_begin(*state, true);
    struct msg_subscribe s = { .severity_least = SEVERITY_MEDIUM, .n_areas = FILTER_MAX }, back;

    text_of(s.stream, "north");
    for (int i = 0; i < FILTER_MAX; i++)
        memset(s.areas[i], 'a' + i, NAME_MAX_LEN - 1);
    queues_filter_put(t, "court", &s);
    assert_int_equal(queues_filter_get(t, "court", "north", &back), 0);
    assert_memory_equal(&back, &s, sizeof(s));
    assert_int_equal(queues_filter_get(t, "court", "south", &back), -ENOENT);
    queues_del(t, "court", "north");
    assert_int_equal(queues_filter_get(t, "court", "north", &back), -ENOENT);
    store_abort(t);
}

static void a_share_is_counted_by_stream_and_cause_until_it_is_nothing(void **state)
{
    struct store_txn *t = fixture_begin(*state, true);
    uint32_t n = 9;

    assert_int_equal(queue_share(t, "school", "all", "police", &n), 0);
    assert_int_equal(n, 0);
    queue_share_put(t, "school", "all", "police", 3);
    queue_share_put(t, "school", "all", "charity", 2);
    queue_share_put(t, "school", "inbox", "police", 1);
    assert_int_equal(queue_share(t, "school", "all", "police", &n), 0);
    assert_int_equal(n, 3);
    queue_share_put(t, "school", "all", "police", 0);
    assert_int_equal(queue_share(t, "school", "all", "police", &n), 0);
    assert_int_equal(n, 0);
    queue_shares_del(t, "school", "all");
    assert_int_equal(queue_share(t, "school", "all", "charity", &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(queue_share(t, "school", "inbox", "police", &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(store_status(t), 0);
    store_abort(t);
}

static void contacts_are_kept_until_their_day_and_attempts_by_shield_and_asker(void **state)
{
    struct store_txn *t = fixture_begin(*state, true);
    struct contact_record r = { .put_on = -3, .asked = true, .n = 1 }, back;
    struct id query = { { 1 } }, other = { { 2 } };
    int32_t day;
    size_t n;

    text_of(r.asker, "school");
    text_of(r.masked[0].agency, "clinic");
    r.masked[0].question.octets[3] = 9;
    tokens(&r.subject);
    contacts_put(t, &query, &r);
    r.put_on = 5;
    contacts_put(t, &other, &r);
    assert_int_equal(contacts_get(t, &query, &back), 0);
    r.put_on = -3;
    assert_memory_equal(&back, &r, sizeof(r));
    assert_int_equal(contacts_sweep(t, 5, 100, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(contacts_get(t, &query, &back), -ENOENT);
    assert_int_equal(contacts_get(t, &other, &back), 0);
    assert_int_equal(contacts_sweep(t, 100, 0, &n), 0);
    assert_int_equal(n, 0);

    assert_int_equal(attempts_get(t, &query, "school", &day), -ENOENT);
    attempts_put(t, &query, "school", 19000);
    assert_int_equal(attempts_get(t, &query, "school", &day), 0);
    assert_int_equal(day, 19000);
    assert_int_equal(attempts_get(t, &query, "police", &day), -ENOENT);
    assert_int_equal(attempts_get(t, &other, "school", &day), -ENOENT);
    store_abort(t);
}

/* As they were written before they kept a subject, and what is no layout at all. */
static void a_contact_of_the_older_layout_is_read_without_a_subject(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct store_txn *t = fixture_begin(*state, true);
    struct contact_record back;
    const struct id query = { { 1 } };
    uint8_t key[1 + ID_LEN] = { 'q', 1 };
    const struct bytes at = bytes_of(key, sizeof(key));

    buf_init(&b, 256);
    buf_put_u8(&b, 1);
    buf_put_text(&b, "school");
    buf_put_i32(&b, 7);
    buf_put_u8(&b, 1);
    buf_put_u8(&b, 1);
    buf_put_text(&b, "clinic");
    buf_put(&b, query.octets, ID_LEN);
    store_put(t, TABLE_CONTACTS, at, buf_view(&b));
    assert_int_equal(contacts_get(t, &query, &back), 0);
    assert_string_equal(back.masked[0].agency, "clinic");
    assert_true(back.asked);
    assert_int_equal(back.subject.n, 0);
    contacts_put(t, &query, &back);
    assert_int_equal(contacts_get(t, &query, &back), 0);
    assert_int_equal(back.subject.n, 0);
    b.data[0] = 2; /* it promises a subject */
    store_put(t, TABLE_CONTACTS, at, buf_view(&b));
    assert_int_equal(contacts_get(t, &query, &back), -EBADMSG);
    b.data[0] = 3;
    store_put(t, TABLE_CONTACTS, at, buf_view(&b));
    assert_int_equal(contacts_get(t, &query, &back), -EBADMSG);
    store_abort(t);
}

#define QUEUES_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        QUEUES_TEST(every_kind_of_delivery_comes_back_as_it_was_put),
        QUEUES_TEST(items_come_in_order_of_their_numbers_and_of_one_stream_alone),
        QUEUES_TEST(a_range_has_its_upper_end_and_not_its_lower),
        QUEUES_TEST(a_dead_letter_keeps_its_content_and_leaves_the_queue),
        QUEUES_TEST(an_item_that_is_no_item_is_damage_and_says_which),
        QUEUES_TEST(an_item_after_a_gap_is_found_and_a_damaged_one_named),
        QUEUES_TEST(states_come_back_and_one_that_contradicts_itself_does_not),
        QUEUES_TEST(a_filter_comes_back_with_its_stream),
        QUEUES_TEST(a_share_is_counted_by_stream_and_cause_until_it_is_nothing),
        QUEUES_TEST(contacts_are_kept_until_their_day_and_attempts_by_shield_and_asker),
        QUEUES_TEST(a_contact_of_the_older_layout_is_read_without_a_subject),
        QUEUES_TEST(a_notice_of_the_older_layout_is_read_and_one_that_contradicts_itself_is_not),
    };

    return cmocka_run_group_tests_name("queues", tests, NULL, NULL);
}
