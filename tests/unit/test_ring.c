/* SPDX-License-Identifier: Apache-2.0 */
/* test_ring.c - keys come and go as the policy lists them; what is pinned stays pinned. The key holder
 * is played. */
#include "base/file.h"
#include "keyholder_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fetch *fetch;
static struct ring *ring;

static void ring_up(const struct secret *with)
{
    keyholder_reached(with, &fetch, &ring);
}

static void ring_down(void)
{
    ring = ring_free(ring);
    fetch = fetch_free(fetch);
}

static void serve(void)
{
    int64_t now = 0;

    keyholder_serves(fetch, ring, &now, 1);
}

static int teardown(void **state)
{
    ring_down();
    return temp_dir_teardown(state);
}

static int update(const struct msg_catalogue_epoch *a, const struct msg_catalogue_epoch *b)
{
    struct msg_catalogue_epoch both[2];
    size_t n = 0;

    if (a)
        both[n++] = *a;
    if (b)
        both[n++] = *b;
    return ring_update(ring, both, n, NULL, NULL);
}

static void shared_key_serves_until_the_policy_says_otherwise(void **state)
{
    bool next;

    (void)state;
    ring_up(&hmac);
    assert_int_equal(ring_current(ring)->scheme, TOKEN_HMAC);
    assert_int_equal(update(NULL, NULL), 0); /* an older broker says nothing */
    assert_int_equal(ring_current(ring)->epoch, 1);
    assert_int_equal(update(&shared, &oblivious), 1);
    assert_int_equal(ring_current(ring)->scheme, TOKEN_HMAC);
    assert_null(ring_carry_to(ring, &next)); /* the cache's key has not come */
    assert_true(next);
    serve();
    assert_non_null(ring_carry_to(ring, &next));
    assert_int_equal(update(&shared, &oblivious), 0);
    shared.state = EPOCH_PREVIOUS;
    oblivious.state = EPOCH_CURRENT;
    assert_int_equal(update(&shared, &oblivious), 0); /* no index lacks a key: nothing is read anew */
    assert_int_equal(ring_current(ring)->epoch, 2);
    assert_int_equal(ring_serving(ring)->epoch, 2);
}

static void keys_in_use_are_known_after_a_restart_before_the_broker_is_reached(void **state)
{
    (void)state;
    ring_up(NULL);
    assert_int_equal(ring_current(ring)->scheme, 0); /* not known yet */
    oblivious.state = EPOCH_CURRENT;
    assert_int_equal(update(&oblivious, NULL), 1);
    ring_down();
    ring_up(NULL);
    assert_int_equal(ring_current(ring)->scheme, TOKEN_OBLIVIOUS);
    assert_int_equal(ring_current(ring)->epoch, 2);
}

static void damaged_list_of_keys_is_as_none(void **state)
{
    char path[160];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/epochs", temp_dir);
    assert_int_equal(file_write(path, bytes_str("ALMEPO1?rubbish"), 0600), 0);
    ring_up(&hmac);
    assert_int_equal(ring_current(ring)->scheme, TOKEN_HMAC);
}

static void another_public_key_for_a_known_epoch_is_never_used(void **state)
{
    struct msg_catalogue_epoch false_one = oblivious;
    struct ring_view views[RING_MAX];
    struct secret other;

    (void)state;
    assert_int_equal(oprf_key_new(&other), 0);
    assert_int_equal(oprf_public(&other, false_one.public_key), 0);
    ring_up(&hmac);
    assert_int_equal(update(&shared, &oblivious), 1);
    assert_int_equal(update(&shared, &false_one), 0);
    serve(); /* with the first one's key: its proofs still hold */
    assert_int_equal(ring_view(ring, views), 2);
    assert_true(views[1].unlocked);
    ring_down();
    ring_up(&hmac);
    assert_int_equal(update(&shared, NULL), 0);
    (void)update(&shared, &false_one); /* as if new: the pin is on disk */
    assert_int_equal(ring_view(ring, views), 2);
    assert_false(views[1].usable);
    assert_string_not_equal(ring_text(ring), "");
}

static void shared_key_of_another_epoch_is_named_and_not_used(void **state)
{
    struct ring_view views[RING_MAX];

    (void)state;
    ring_up(&hmac);
    shared.epoch = 5;
    assert_int_equal(update(&shared, NULL), 1);
    assert_int_equal(ring_view(ring, views), 1);
    assert_false(views[0].usable);
    assert_string_not_equal(ring_text(ring), "");
    assert_int_equal(ring_current(ring)->scheme, 0);
}

static void epoch_that_the_policy_drops_leaves_no_cache(void **state)
{
    char path[160];
    struct secret disk;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/epoch-2.cache", temp_dir);
    ring_up(&hmac);
    assert_int_equal(update(&shared, &oblivious), 1);
    assert_int_equal(ring_disk_key(ring, TOKEN_OBLIVIOUS, 2, &disk), -EAGAIN);
    serve();
    assert_int_equal(ring_disk_key(ring, TOKEN_OBLIVIOUS, 2, &disk), 0);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(update(&shared, NULL), 0);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(ring_disk_key(ring, TOKEN_OBLIVIOUS, 2, &disk), -ENOENT);
}

static void index_of_a_ring_that_knows_no_key_waits_and_makes_nothing(void **state)
{
    ALM_CLEANUP(index_freep) struct index *x = NULL;
    struct alm_sink sink;
    struct alm_person p = { "a", "Ann", "Lee", 1, "", "", false, false };

    (void)state;
    ring_up(NULL);
    assert_int_equal(ring_index_new(ring, &x), 0);
    index_sink(x, &sink);
    assert_int_equal(sink.person(sink.ctx, &p), 0);
    assert_int_equal(index_step(x, 10), -EAGAIN);
    oblivious.state = EPOCH_CURRENT;
    assert_int_equal(update(&oblivious, NULL), 1);
    assert_int_equal(index_step(x, 10), -EAGAIN); /* that index never; a new load has the key */
    assert_false(index_ready(x, ring_serving(ring)));
}

static void typed_tokens_are_forgotten_and_wanted_again(void **state)
{
    struct identity who = { "Ann", "Lee", 1, "", "", false };
    struct token_set set;

    (void)state;
    ring_up(NULL);
    oblivious.state = EPOCH_CURRENT;
    assert_int_equal(update(&oblivious, NULL), 1);
    assert_int_equal(tokens_identity(ring_current(ring), &who, &set), -EAGAIN);
    assert_true(ring_wanting(ring));
    serve();
    assert_int_equal(tokens_identity(ring_current(ring), &who, &set), 0);
    ring_forget(ring);
    assert_int_equal(tokens_identity(ring_current(ring), &who, &set), -EAGAIN);
}

/* Rows read, tokens fetched: the serving index. */
static struct index *served(void)
{
    struct alm_person p = { "a", "Ann", "Lee", 1, "", "", false, false };
    struct alm_sink sink;
    struct index *x = NULL;

    assert_int_equal(ring_index_new(ring, &x), 0);
    index_sink(x, &sink);
    assert_int_equal(sink.person(sink.ctx, &p), 0);
    for (int i = 0; i < 10 && index_finish(x) != 0; i++)
        serve();
    assert_true(index_done(x));
    return x;
}

static void disk_that_fails_is_not_tried_again_at_each_turn(void **state)
{
    ALM_CLEANUP(index_freep) struct index *x = NULL;
    char path[160], beside[168];
    struct stat before, after;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/epoch-2.cache", temp_dir);
    (void)snprintf(beside, sizeof(beside), "%s.new", path);
    oblivious.state = EPOCH_CURRENT;
    ring_up(NULL);
    assert_int_equal(update(&oblivious, NULL), 1);
    serve();
    x = served();
    assert_int_equal(mkdir(beside, 0700), 0);
    assert_int_equal(stat(path, &before), 0);
    ring_step(ring, 10000, x, NULL);
    assert_int_equal(rmdir(beside), 0);
    ring_step(ring, 10001, x, NULL);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    ring_step(ring, 50000, x, NULL);
    assert_int_equal(stat(path, &after), 0);
    assert_int_not_equal(before.st_ino, after.st_ino);
    ring_down();
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, keyholder_setup, teardown)
    const struct CMUnitTest tests[] = {
        T(shared_key_serves_until_the_policy_says_otherwise),
        T(keys_in_use_are_known_after_a_restart_before_the_broker_is_reached),
        T(damaged_list_of_keys_is_as_none),
        T(another_public_key_for_a_known_epoch_is_never_used),
        T(shared_key_of_another_epoch_is_named_and_not_used),
        T(epoch_that_the_policy_drops_leaves_no_cache),
        T(index_of_a_ring_that_knows_no_key_waits_and_makes_nothing),
        T(typed_tokens_are_forgotten_and_wanted_again),
        T(disk_that_fails_is_not_tried_again_at_each_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
