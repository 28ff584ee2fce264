/* SPDX-License-Identifier: Apache-2.0 */
/* test_carry.c - what becomes of a record when the broker has said something to its Retoken. The broker
 * is played. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "host/carry.h"
#include "temp_dir.h"

#include <stdio.h>
#include <string.h>

static struct host host;
static const struct secret first = { { 7 } }, second = { { 8 } };
static const struct tokens_key one = { .scheme = TOKEN_HMAC, .epoch = 1 };

static struct id id_of(uint8_t n)
{
    struct id id = { { n } };

    return id;
}

/* The policy: key 1 is the current one, and this the next; 0: none is. */
static void policy(uint16_t next)
{
    const struct msg_catalogue_epoch epochs[] = {
        { .scheme = TOKEN_HMAC, .epoch = 1, .state = EPOCH_CURRENT },
        { .scheme = TOKEN_HMAC, .epoch = next, .state = EPOCH_NEXT },
    };

    assert_true(ring_update(host.ring, epochs, next ? 2 : 1, NULL, NULL) >= 0);
}

static int setup(void **state)
{
    const struct fetch_setup f = { .ctx = NULL };
    struct ring_setup s = { .agency = "school", .hmac = &first, .hmac_epoch = 1, .hmac_next = &second,
                            .hmac_next_epoch = 2 };
    struct book_subject about = { .has_subject = true, .subject = { .given = "Ann" } };
    char lodged[160];
    struct id record = id_of(1);

    memset(&host, 0, sizeof(host));
    if (crypto_init() != 0 || temp_dir_setup(state) != 0 || fetch_new(&f, &host.fetch) != 0)
        return -1;
    s.dir = temp_dir;
    s.fetch = host.fetch;
    (void)snprintf(lodged, sizeof(lodged), "%s/lodged", temp_dir);
    if (ring_new(&s, &host.ring) != 0 || book_open(lodged, &host.book) != 0)
        return -1;
    book_unlock(host.book, &second);
    return book_note(host.book, &record, RETOKEN_SHIELD, CIVIL_NONE, &one, &about);
}

static int teardown(void **state)
{
    host.ring = ring_free(host.ring);
    host.fetch = fetch_free(host.fetch);
    host.book = book_close(host.book);
    return temp_dir_teardown(state);
}

static struct book_entry *entry(void)
{
    struct id record = id_of(1);

    return book_find(host.book, &record);
}

/* As carry_one leaves it. */
static void sent(uint16_t epoch)
{
    entry()->sent = id_of(99);
    entry()->sent_scheme = TOKEN_HMAC;
    entry()->sent_epoch = epoch;
}

static bool said(uint8_t type, const char *reason)
{
    struct msg *m = calloc(1, sizeof(*m));
    struct id retoken = id_of(99);
    bool taken;

    assert_non_null(m);
    m->type = type;
    if (type == MSG_REFUSAL)
        (void)snprintf(m->refusal.reason, sizeof(m->refusal.reason), "%s", reason);
    taken = carry_settled(&host, &retoken, m);
    free(m);
    return taken;
}

static void receipt_carries_to_the_key_that_was_sent_not_to_the_one_that_is_next_by_now(void **state)
{
    (void)state;
    policy(2);
    sent(2);
    policy(3); /* the officers changed their minds while it lay in the outbox */
    assert_true(said(MSG_RECEIPT, ""));
    assert_int_equal(entry()->carried_epoch, 2);
    assert_int_equal(book_count(host.book, TOKEN_HMAC, 3).carried, 0);
    assert_int_equal(book_n_sent(host.book), 0);
}

static void refused_for_a_key_that_is_no_longer_next_is_made_anew_under_the_one_that_is(void **state)
{
    (void)state;
    policy(2);
    sent(3);
    assert_true(said(MSG_REFUSAL, "token-epoch"));
    assert_false(entry()->lost);
    assert_int_equal(book_n_sent(host.book), 0);
    sent(2);
    assert_true(said(MSG_REFUSAL, "token-epoch"));
    assert_true(entry()->lost); /* the broker knows no such key: asking again changes nothing */
}

static void refused_as_another_persons_is_lost_and_one_that_is_gone_leaves_the_book(void **state)
{
    (void)state;
    policy(2);
    sent(2);
    assert_true(said(MSG_REFUSAL, "retoken-weaker"));
    assert_true(entry()->lost);
    sent(2);
    assert_true(said(MSG_REFUSAL, "record-over"));
    assert_null(entry());
}

static void record_that_ended_while_its_retoken_was_under_way_is_not_counted_for_ever(void **state)
{
    struct id record = id_of(1);

    (void)state;
    policy(2);
    sent(2);
    assert_int_equal(book_n_sent(host.book), 1);
    book_end(host.book, &record);
    assert_int_equal(book_n_sent(host.book), 0);
    assert_false(said(MSG_RECEIPT, ""));
}

static void home_that_moved_meanwhile_is_not_taken_for_carried(void **state)
{
    static const struct asked_home anew = { .address = "2 Elm Road", .postcode = "AB1 2CD" };
    struct id record = id_of(1);

    (void)state;
    policy(2);
    sent(2);
    assert_int_equal(book_rehome(host.book, &record, &anew), 0);
    assert_false(said(MSG_RECEIPT, "")); /* of the home before */
    assert_int_equal(entry()->carried_epoch, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(receipt_carries_to_the_key_that_was_sent_not_to_the_one_that_is_next_by_now),
        T(refused_for_a_key_that_is_no_longer_next_is_made_anew_under_the_one_that_is),
        T(refused_as_another_persons_is_lost_and_one_that_is_gone_leaves_the_book),
        T(record_that_ended_while_its_retoken_was_under_way_is_not_counted_for_ever),
        T(home_that_moved_meanwhile_is_not_taken_for_carried),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
