/* SPDX-License-Identifier: Apache-2.0 */
/* test_referrals.c - referrals and sealing keys as stored: whole again, found by whom they concern,
 * and no token in a key. */
#include "store_fixture.h"

#include "store/referrals.h"

static struct referral_record record_of(uint8_t n)
{
    struct referral_record r = { .subject_kind = SUBJECT_PERSON,
                                 .origin = ORIGIN_AGENCY,
                                 .leaf = n,
                                 .state = REFERRAL_SENT,
                                 .kind = REFERRAL_SOFT,
                                 .running = true,
                                 .sent_on = 100,
                                 .since = 100,
                                 .last_on = 100,
                                 .due_on = 128 };

    memset(r.id.octets, n, sizeof(r.id.octets));
    (void)snprintf(r.from, sizeof(r.from), "school");
    (void)snprintf(r.to, sizeof(r.to), "charity");
    (void)snprintf(r.purpose, sizeof(r.purpose), "help");
    r.subject.n = 1;
    r.subject.tokens[0] = (struct token){ .kind = TOKEN_NHS, .scheme = TOKEN_HMAC, .epoch = 1 };
    memset(r.subject.tokens[0].value, n, TOKEN_LEN);
    r.n_steps = 1;
    r.steps[0] = (struct referral_step_record){ .on = 100, .leaf = n };
    (void)snprintf(r.steps[0].to, sizeof(r.steps[0].to), "charity");
    return r;
}

static void keep(struct fixture *f, const struct referral_record *r)
{
    struct store_txn *t = fixture_begin(f, true);

    referrals_put(t, r);
    assert_int_equal(store_commit(t), 0);
}

struct seen {
    uint8_t ids[64];
    size_t n, stop_after;
};

static int see(void *ctx, const struct referral_record *r)
{
    struct seen *s = ctx;

    assert_true(s->n < sizeof(s->ids));
    s->ids[s->n++] = r->id.octets[0];
    return s->stop_after && s->n == s->stop_after;
}

static void a_referral_comes_back_whole(void **state)
{
    struct fixture *f = *state;
    struct referral_record r = record_of(3), got;
    struct store_txn *t;

    r.pounds = 250;
    r.has_household = true;
    r.household = (struct token){ .kind = TOKEN_HOME, .scheme = TOKEN_HMAC, .epoch = 1 };
    (void)snprintf(r.steps[0].reason, sizeof(name_t), "hunger");
    keep(f, &r);
    t = fixture_begin(f, false);
    assert_int_equal(referrals_get(t, &r.id, &got), 0);
    assert_memory_equal(&got, &r, sizeof(r));
    memset(r.id.octets, 9, sizeof(r.id.octets));
    assert_int_equal(referrals_get(t, &r.id, &got), -ENOENT);
    store_abort(t);
}

static void referrals_are_found_by_the_person_and_by_the_home(void **state)
{
    struct fixture *f = *state;
    struct referral_record a = record_of(1), b = record_of(2), c = record_of(3);
    const struct token no_home = { .kind = 0 };
    struct seen s = { .n = 0 };
    struct store_txn *t;

    b.subject = a.subject;
    c.subject.n = 0;
    c.subject_kind = SUBJECT_HOUSEHOLD;
    c.has_household = b.has_household = true;
    c.household = (struct token){ .kind = TOKEN_HOME, .scheme = TOKEN_HMAC, .epoch = 1 };
    b.household = c.household;
    keep(f, &a);
    keep(f, &b);
    keep(f, &c);
    t = fixture_begin(f, false);
    assert_int_equal(referrals_about(t, &a.subject, &no_home, see, &s), 0);
    assert_int_equal(s.n, 2);
    s.n = 0;
    assert_int_equal(referrals_about(t, &c.subject, &c.household, see, &s), 0);
    assert_int_equal(s.n, 2);
    s.n = 0; /* found by both: once */
    assert_int_equal(referrals_about(t, &a.subject, &c.household, see, &s), 0);
    assert_int_equal(s.n, 3);
    store_abort(t);
}

static void an_agencys_are_listed_newest_first_also_those_that_it_passed_on(void **state)
{
    struct fixture *f = *state;
    struct referral_record r;
    name_t names[2] = { "charity", "council" };
    struct seen s = { .n = 0 };
    struct store_txn *t;

    for (uint8_t i = 1; i <= 3; i++) {
        r = record_of(i);
        keep(f, &r);
    }
    r = record_of(2);
    (void)snprintf(r.to, sizeof(r.to), "council");
    r.steps[r.n_steps++] =
        (struct referral_step_record){ .step = STEP_REDIRECTED, .to = "council" };
    keep(f, &r);
    t = fixture_begin(f, false);
    assert_int_equal(referrals_of(t, (const name_t *)names, 1, see, &s), 0);
    assert_int_equal(s.n, 3);
    assert_int_equal(s.ids[0], 3);
    assert_int_equal(s.ids[2], 1);
    s.n = 0;
    assert_int_equal(referrals_of(t, (const name_t *)&names[1], 1, see, &s), 0);
    assert_int_equal(s.n, 1);
    s.n = 0; /* of both: each once */
    assert_int_equal(referrals_of(t, (const name_t *)names, 2, see, &s), 0);
    assert_int_equal(s.n, 3);
    s = (struct seen){ .stop_after = 1 };
    assert_int_equal(referrals_of(t, (const name_t *)names, 2, see, &s), 0);
    assert_int_equal(s.n, 1);
    store_abort(t);
}

static void those_that_run_are_walked_in_parts_and_those_that_ended_are_not(void **state)
{
    struct fixture *f = *state;
    struct id at = { 0 };
    struct seen s = { .n = 0 };
    struct referral_record r;
    struct store_txn *t;

    for (uint8_t i = 1; i <= 5; i++) {
        r = record_of(i);
        keep(f, &r);
    }
    r = record_of(3);
    r.running = false;
    keep(f, &r);
    t = fixture_begin(f, false);
    assert_int_equal(referrals_running(t, &at, 2, see, &s, &at), 0);
    assert_int_equal(s.n, 2);
    assert_int_equal(at.octets[0], 2);
    assert_int_equal(referrals_running(t, &at, 2, see, &s, &at), 0);
    assert_int_equal(referrals_running(t, &at, 2, see, &s, &at), 0);
    assert_true(id_is_zero(&at));
    assert_int_equal(s.n, 4);
    assert_memory_equal(s.ids, ((uint8_t[]){ 1, 2, 4, 5 }), 4);
    store_abort(t);
}

static void a_record_that_its_index_names_and_that_is_gone_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct referral_record r = record_of(1);
    const struct token no_home = { .kind = 0 };
    uint8_t key[1 + ID_LEN] = { 'r' };
    struct seen s = { .n = 0 };
    struct store_txn *t;

    keep(f, &r);
    memcpy(key + 1, r.id.octets, ID_LEN);
    t = fixture_begin(f, true);
    store_del(t, TABLE_REFERRALS, bytes_of(key, sizeof(key)));
    assert_int_equal(referrals_about(t, &r.subject, &no_home, see, &s), -EBADMSG);
    store_put(t, TABLE_REFERRALS, bytes_of(key, sizeof(key)), bytes_str("\x01nonsense"));
    assert_int_equal(referrals_get(t, &r.id, &r), -EBADMSG);
    store_abort(t);
}

static int see_key(void *ctx, struct bytes key, struct bytes value)
{
    const uint8_t *token = ctx;

    (void)value;
    for (size_t i = 0; i + 8 <= key.len; i++)
        assert_memory_not_equal(key.data + i, token, 8);
    return 0;
}

static void promise_3_no_token_stands_in_a_key(void **state)
{
    static const uint8_t token[] = { 0xc3, 0xc3, 0xc3, 0xc3, 0xc3, 0xc3, 0xc3, 0xc3 };
    struct fixture *f = *state;
    struct referral_record r = record_of(1);
    struct store_txn *t;

    r.has_household = true;
    r.household = (struct token){ .kind = TOKEN_HOME, .scheme = TOKEN_HMAC, .epoch = 1 };
    memset(r.household.value, 0xc3, TOKEN_LEN);
    memset(r.subject.tokens[0].value, 0xc3, TOKEN_LEN);
    keep(f, &r);
    t = fixture_begin(f, false);
    for (enum table table = TABLE_META; table < TABLE_COUNT; table++)
        assert_int_equal(store_scan(t, table, bytes_of(NULL, 0), bytes_of(NULL, 0), false, see_key,
                                    (void *)(uintptr_t)token),
                         0);
    store_abort(t);
}

struct chain {
    uint8_t keys[8];
    size_t n;
};

static int see_sealing(void *ctx, const struct sealing_record *r)
{
    struct chain *c = ctx;

    assert_true(c->n < sizeof(c->keys));
    assert_memory_equal(r->body.data, "body", r->body.len);
    assert_int_equal(r->signature[0], r->key.key[0]);
    c->keys[c->n++] = r->key.key[0];
    return 0;
}

static void a_chain_of_sealing_keys_comes_back_oldest_first_and_is_its_agencys_alone(void **state)
{
    struct fixture *f = *state;
    struct chain c = { .n = 0 };
    struct store_txn *t = fixture_begin(f, true);

    for (uint8_t i = 1; i <= 3; i++) {
        struct sealing_record r = { .agency = "charity",
                                    .leaf = 300u * i,
                                    .body = bytes_str("body") };

        r.key.key[0] = r.signature[0] = i;
        r.key.has_previous = i > 1;
        sealing_put(t, &r);
    }
    sealing_put(
        t, &(struct sealing_record){ .agency = "charity-2", .leaf = 5, .body = bytes_str("body") });
    assert_int_equal(store_commit(t), 0);
    t = fixture_begin(f, false);
    assert_int_equal(sealing_each(t, "charity", see_sealing, &c), 0);
    assert_int_equal(c.n, 3);
    assert_memory_equal(c.keys, ((uint8_t[]){ 1, 2, 3 }), 3);
    c.n = 0;
    assert_int_equal(sealing_each(t, "nobody", see_sealing, &c), 0);
    assert_int_equal(c.n, 0);
    store_abort(t);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_referral_comes_back_whole),
        TEST(referrals_are_found_by_the_person_and_by_the_home),
        TEST(an_agencys_are_listed_newest_first_also_those_that_it_passed_on),
        TEST(those_that_run_are_walked_in_parts_and_those_that_ended_are_not),
        TEST(a_record_that_its_index_names_and_that_is_gone_is_an_error),
        TEST(promise_3_no_token_stands_in_a_key),
        TEST(a_chain_of_sealing_keys_comes_back_oldest_first_and_is_its_agencys_alone),
    };

    return cmocka_run_group_tests_name("referrals", tests, NULL, NULL);
}
