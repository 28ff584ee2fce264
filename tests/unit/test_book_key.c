/* SPDX-License-Identifier: Apache-2.0 */
/* test_book_key.c - the key of the book lies on disk under the keys in use, and under no other. The key
 * holder is played. */
#include "host/book_key.h"
#include "keyholder_fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct host host;
static int64_t now;

static void start(const struct secret *with)
{
    char lodged[160];

    memset(&host, 0, sizeof(host));
    (void)snprintf(host.config.tokens, sizeof(host.config.tokens), "%s", temp_dir);
    host.config.token.epoch = with ? 1 : 0;
    (void)snprintf(lodged, sizeof(lodged), "%s/lodged", temp_dir);
    keyholder_reached(with, &host.fetch, &host.ring);
    assert_int_equal(book_open(lodged, &host.book), 0);
    book_key_step(&host, now += 10000);
}

static void stop(void)
{
    host.ring = ring_free(host.ring);
    host.fetch = fetch_free(host.fetch);
    host.book = book_close(host.book);
}

static void serve(void)
{
    keyholder_serves(host.fetch, host.ring, &now, 10000);
    book_key_step(&host, now += 10000);
}

static void policy(const struct msg_catalogue_epoch *a, const struct msg_catalogue_epoch *b)
{
    struct msg_catalogue_epoch both[2] = { *a };

    if (b)
        both[1] = *b;
    assert_true(ring_update(host.ring, both, b ? 2 : 1, NULL, NULL) >= 0);
    book_key_step(&host, now += 10000);
}

static bool there(const char *name)
{
    char path[160];

    (void)snprintf(path, sizeof(path), "%s/%s", temp_dir, name);
    return access(path, F_OK) == 0;
}

static void gone(const char *name)
{
    char path[160];

    (void)snprintf(path, sizeof(path), "%s/%s", temp_dir, name);
    assert_int_equal(unlink(path), 0);
}

static void note(void)
{
    const struct book_subject s = { .has_subject = true, .subject = { .given = "Ann" } };
    struct id record = { { 1 } };

    assert_int_equal(book_note(host.book, &record, RETOKEN_SHIELD, CIVIL_NONE,
                               ring_current(host.ring), &s),
                     0);
}

static int read_back(void)
{
    struct book_subject s;
    struct id record = { { 1 } };
    const struct book_entry *e = book_find(host.book, &record);

    assert_non_null(e);
    return book_read(host.book, e, &s);
}

static int setup(void **state)
{
    now = 0;
    if (keyholder_setup(state))
        return -1;
    oblivious.state = EPOCH_CURRENT;
    return 0;
}

static int teardown(void **state)
{
    stop();
    return temp_dir_teardown(state);
}

static void book_opens_only_when_a_key_in_use_has_wrapped_its_own(void **state)
{
    (void)state;
    start(NULL);
    assert_false(book_unlocked(host.book)); /* no key is known: a kill would lose what it seals */
    policy(&oblivious, NULL);
    assert_false(book_unlocked(host.book)); /* nor has the key holder given its value yet */
    serve();
    assert_true(book_unlocked(host.book));
    assert_true(there("book-2-2.key"));
    note();
    stop();
    start(NULL);
    serve();
    assert_int_equal(read_back(), 0);
}

static void lost_list_of_keys_does_not_have_the_book_sealed_with_another(void **state)
{
    (void)state;
    start(NULL);
    policy(&oblivious, NULL);
    serve();
    note();
    stop();
    gone("epochs");
    start(NULL);
    assert_false(book_unlocked(host.book));
    policy(&oblivious, NULL);
    serve();
    assert_int_equal(read_back(), 0);
}

static void key_that_the_policy_drops_does_not_open_the_book_any_more(void **state)
{
    (void)state;
    shared.state = EPOCH_PREVIOUS;
    start(&hmac);
    assert_true(there("book-1-1.key"));
    note();
    policy(&oblivious, &shared);
    assert_true(there("book-1-1.key")); /* the other has not come: this is all there is */
    serve();
    assert_true(there("book-1-1.key") && there("book-2-2.key"));
    policy(&oblivious, NULL);
    assert_false(there("book-1-1.key"));
    assert_true(there("book-2-2.key"));
    stop();
    start(NULL);
    serve();
    assert_int_equal(read_back(), 0);
}

static void key_dropped_before_the_next_one_came_is_kept_until_it_has(void **state)
{
    (void)state;
    start(&hmac);
    note();
    policy(&oblivious, NULL);
    assert_true(there("book-1-1.key"));
    stop(); /* killed there */
    start(&hmac);
    assert_int_equal(read_back(), 0); /* by the shared key, which the configuration still has */
    serve();
    assert_true(there("book-2-2.key"));
    assert_false(there("book-1-1.key"));
    assert_int_equal(read_back(), 0);
}

static void nothing_is_sealed_with_a_key_that_could_not_be_kept(void **state)
{
    char path[160];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/book-1-1.key", temp_dir);
    assert_int_equal(mkdir(path, 0700), 0);
    start(&hmac);
    assert_false(book_unlocked(host.book));
    assert_int_equal(rmdir(path), 0);
    book_key_step(&host, now += 10000);
    assert_true(book_unlocked(host.book));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(book_opens_only_when_a_key_in_use_has_wrapped_its_own),
        T(lost_list_of_keys_does_not_have_the_book_sealed_with_another),
        T(key_that_the_policy_drops_does_not_open_the_book_any_more),
        T(key_dropped_before_the_next_one_came_is_kept_until_it_has),
        T(nothing_is_sealed_with_a_key_that_could_not_be_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
