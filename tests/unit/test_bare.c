/* SPDX-License-Identifier: Apache-2.0 */
/* test_bare.c - what went without a signature: found by its id, once, and not for long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/bare.h"

#include <stdio.h>
#include <string.h>

static struct bare bare;
static struct buf out;

static int setup(void **state)
{
    (void)state;
    bare = (struct bare){ 0 };
    buf_init(&out, 4096);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bare_wipe(&bare);
    buf_deinit(&out);
    return 0;
}

static struct id id_of(unsigned n)
{
    struct id id = { { 0 } };

    memcpy(id.octets, &n, sizeof(n));
    id.octets[15] = 1;
    return id;
}

static void note(unsigned n, const char *frame, int64_t now_ms)
{
    struct id id = id_of(n);

    bare_note(&bare, &id, bytes_str(frame), now_ms);
}

static bool take(unsigned n)
{
    struct id id = id_of(n);

    buf_reset(&out);
    return bare_take(&bare, &id, &out);
}

static void what_was_sent_is_found_by_its_id(void **state)
{
    (void)state;
    note(1, "one", 0);
    note(2, "two", 0);
    assert_true(take(1));
    assert_true(bytes_equal(buf_view(&out), bytes_str("one")));
    assert_true(take(2));
    assert_true(bytes_equal(buf_view(&out), bytes_str("two")));
}

static void what_was_taken_is_not_found_again(void **state)
{
    (void)state;
    note(1, "one", 0);
    assert_true(take(1));
    assert_false(take(1));
}

static void what_has_its_reply_is_not_found(void **state)
{
    struct id id = id_of(1), other = id_of(9);

    (void)state;
    note(1, "one", 0);
    bare_done(&bare, &other); /* of nothing that is here */
    bare_done(&bare, &id);
    assert_false(take(1));
}

static void what_was_never_sent_is_not_found(void **state)
{
    (void)state;
    assert_false(take(1));
    note(1, "one", 0);
    assert_false(take(2));
}

static void told_again_under_its_id_it_takes_one_place(void **state)
{
    (void)state;
    note(1, "one", 0);
    note(1, "one", 5);
    assert_true(take(1));
    assert_true(bytes_equal(buf_view(&out), bytes_str("one")));
    assert_false(take(1));
}

static void beyond_the_bound_the_oldest_goes_and_is_still_known_to_have_gone_bare(void **state)
{
    (void)state;
    for (unsigned n = 0; n <= BARE_MAX; n++)
        note(n, "frame", 0);
    assert_false(take(0));
    assert_true(take(1));
    assert_true(take(BARE_MAX));
    assert_true(bare_recently(&bare, 1));
}

static void it_is_forgotten_in_time_and_not_before(void **state)
{
    (void)state;
    note(1, "one", 1000);
    note(2, "two", 2000);
    bare_expire(&bare, 1000 + BARE_MS);
    assert_false(take(1));
    assert_true(take(2));
    assert_true(bare_recently(&bare, 1999 + BARE_MS));
    bare_expire(&bare, 2000 + BARE_MS);
    assert_false(bare_recently(&bare, 2000 + BARE_MS));
}

static void a_session_that_never_sends_bare_refuses_none_as_such(void **state)
{
    (void)state;
    assert_false(bare_recently(&bare, 0));
    bare_expire(&bare, 1 << 30);
    assert_false(bare_recently(&bare, 0));
}

/* Longer than any frame: nothing is kept, and nothing of the one before under this id either. */
static void a_frame_that_cannot_be_kept_is_not_found(void **state)
{
    static const uint8_t large[70000] = { 1 };
    struct id id = id_of(1);

    (void)state;
    note(1, "one", 0);
    bare_note(&bare, &id, bytes_of(large, sizeof(large)), 0);
    assert_false(take(1));
    assert_true(bare_recently(&bare, 1));
}

static void without_room_for_it_it_is_not_taken_but_it_is_gone(void **state)
{
    struct buf small;
    struct id id = id_of(1);

    (void)state;
    buf_init(&small, 2);
    note(1, "one", 0);
    assert_false(bare_take(&bare, &id, &small));
    assert_false(take(1));
    buf_deinit(&small);
}

static void wiped_it_is_as_if_nothing_had_been_sent(void **state)
{
    (void)state;
    note(1, "one", 0);
    bare_wipe(&bare);
    assert_false(take(1));
    assert_false(bare_recently(&bare, 1));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_sent_is_found_by_its_id),
        TEST(what_was_taken_is_not_found_again),
        TEST(what_has_its_reply_is_not_found),
        TEST(what_was_never_sent_is_not_found),
        TEST(told_again_under_its_id_it_takes_one_place),
        TEST(beyond_the_bound_the_oldest_goes_and_is_still_known_to_have_gone_bare),
        TEST(it_is_forgotten_in_time_and_not_before),
        TEST(a_session_that_never_sends_bare_refuses_none_as_such),
        TEST(a_frame_that_cannot_be_kept_is_not_found),
        TEST(without_room_for_it_it_is_not_taken_but_it_is_gone),
        TEST(wiped_it_is_as_if_nothing_had_been_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
