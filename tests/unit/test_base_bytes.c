/* SPDX-License-Identifier: Apache-2.0 */
/* test_base_bytes.c - buffers that stay within bounds, readers that never read past an end. */
#include "base/bytes.h"

#include "alloc_fail.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void buf_keeps_what_is_put(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    (void)state;
    buf_init(&b, 100);
    buf_put(&b, "abc", 3);
    buf_printf(&b, "%d-%s", 42, "x");
    assert_int_equal(buf_status(&b), 0);
    assert_true(bytes_equal(buf_view(&b), bytes_str("abc42-x")));
}

static void buf_writes_integers_big_endian(void **state)
{
    static const uint8_t want[] = { 1,    2,    3,    4,    5,    6,    7,    8,    9,
                                    10,   11,   12,   13,   14,   15,   0xff, 0xff, 0xff,
                                    0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfd };
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    (void)state;
    buf_init(&b, 100);
    buf_put_u8(&b, 1);
    buf_put_u16(&b, 0x0203);
    buf_put_u32(&b, 0x04050607);
    buf_put_u64(&b, 0x08090a0b0c0d0e0f);
    buf_put_i32(&b, -2);
    buf_put_i64(&b, -3);
    assert_int_equal(buf_status(&b), 0);
    assert_true(bytes_equal(buf_view(&b), bytes_of(want, sizeof(want))));
}

static void buf_may_be_filled_to_the_last_byte(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    (void)state;
    buf_init(&b, 4);
    buf_printf(&b, "%s", "abcd");
    assert_int_equal(buf_status(&b), 0);
    assert_int_equal(buf_view(&b).len, 4);
}

static void buf_refuses_one_byte_past_its_max(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    (void)state;
    buf_init(&b, 4);
    buf_put(&b, "abcd", 4);
    buf_put_u8(&b, 1);
    assert_int_equal(buf_status(&b), -E2BIG);
    assert_int_equal(buf_view(&b).len, 4);
}

static void buf_refuses_a_length_that_would_wrap(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    (void)state;
    buf_init(&b, 16);
    buf_put(&b, "abcd", 4);
    buf_put(&b, "abcd", SIZE_MAX - 2);
    assert_int_equal(buf_status(&b), -E2BIG);
    buf_reset(&b);
    buf_put_var(&b, "abcd", SIZE_MAX);
    assert_int_equal(buf_status(&b), -E2BIG);
}

static void buf_error_sticks_until_reset(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    (void)state;
    buf_init(&b, 4);
    buf_put(&b, "abcde", 5);
    buf_put(&b, "a", 1);
    assert_int_equal(buf_status(&b), -E2BIG);
    assert_int_equal(buf_view(&b).len, 0);
    buf_reset(&b);
    buf_put(&b, "a", 1);
    assert_int_equal(buf_status(&b), 0);
}

static void buf_of_no_bytes_refuses_everything_but_nothing(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    (void)state;
    buf_put(&b, NULL, 0);
    assert_int_equal(buf_status(&b), 0);
    buf_put_u8(&b, 0);
    assert_int_equal(buf_status(&b), -E2BIG);
}

static void buf_says_when_memory_runs_out(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    uint8_t block[200] = { 0 };

    (void)state;
    for (long n = 0; n < 2; n++) {
        buf_init(&b, 1000);
        alloc_fail_nth(n);
        buf_put(&b, block, 10);
        buf_put(&b, block, sizeof(block));
        alloc_fail_nth(-1);
        assert_int_equal(buf_status(&b), -ENOMEM);
        assert_int_equal(buf_view(&b).len, n == 0 ? 0 : 10);
        buf_deinit(&b);
    }
}

static void cursor_reads_back_what_buf_wrote(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    char text[8];
    struct cursor c;

    (void)state;
    buf_init(&b, 100);
    buf_put_u8(&b, 200);
    buf_put_u16(&b, 60000);
    buf_put_u32(&b, 4000000000u);
    buf_put_u64(&b, UINT64_MAX);
    buf_put_i32(&b, INT32_MIN);
    buf_put_i64(&b, INT64_MIN);
    buf_put_text(&b, "seven77");
    buf_put_var(&b, "xy", 2);
    c = cursor_of(buf_view(&b));
    assert_int_equal(cursor_u8(&c), 200);
    assert_int_equal(cursor_u16(&c), 60000);
    assert_int_equal(cursor_u32(&c), 4000000000u);
    assert_true(cursor_u64(&c) == UINT64_MAX);
    assert_int_equal(cursor_i32(&c), INT32_MIN);
    assert_true(cursor_i64(&c) == INT64_MIN);
    cursor_text(&c, text, sizeof(text));
    assert_string_equal(text, "seven77");
    assert_true(bytes_equal(cursor_var(&c, 2), bytes_str("xy")));
    assert_int_equal(cursor_end(&c), 0);
}

static void cursor_gives_zero_past_the_end(void **state)
{
    static const uint8_t three[] = { 1, 2, 3 };
    struct cursor c = cursor_of(bytes_of(three, sizeof(three)));

    (void)state;
    assert_int_equal(cursor_u32(&c), 0);
    assert_true(c.failed);
    assert_int_equal(cursor_u8(&c), 0); /* once failed, always */
    assert_int_equal(cursor_end(&c), -EBADMSG);
}

static void cursor_end_refuses_bytes_left_over(void **state)
{
    struct cursor c = cursor_of(bytes_str("ab"));

    (void)state;
    assert_int_equal(cursor_u8(&c), 'a');
    assert_int_equal(cursor_end(&c), -EBADMSG);
}

static void cursor_refuses_a_var_longer_than_allowed(void **state)
{
    static const uint8_t data[] = { 0, 0, 0, 3, 'a', 'b', 'c' };
    struct cursor c = cursor_of(bytes_of(data, sizeof(data)));

    (void)state;
    assert_int_equal(cursor_var(&c, 2).len, 0);
    assert_true(c.failed);
}

static void cursor_refuses_a_var_longer_than_what_is_there(void **state)
{
    static const uint8_t data[] = { 0xff, 0xff, 0xff, 0xff, 'a' };
    struct cursor c = cursor_of(bytes_of(data, sizeof(data)));

    (void)state;
    assert_int_equal(cursor_var(&c, SIZE_MAX).len, 0);
    assert_int_equal(cursor_end(&c), -EBADMSG);
}

static void cursor_text_refuses_a_nul_inside(void **state)
{
    static const uint8_t data[] = { 0, 0, 0, 3, 'a', 0, 'c' };
    struct cursor c = cursor_of(bytes_of(data, sizeof(data)));
    char text[8] = "before";

    (void)state;
    cursor_text(&c, text, sizeof(text));
    assert_true(c.failed);
    assert_string_equal(text, "");
}

static void cursor_text_refuses_text_that_does_not_fit(void **state)
{
    static const uint8_t data[] = { 0, 0, 0, 3, 'a', 'b', 'c' };
    struct cursor c = cursor_of(bytes_of(data, sizeof(data)));
    char text[3] = "x";

    (void)state;
    cursor_text(&c, text, sizeof(text));
    assert_true(c.failed);
    assert_string_equal(text, "");
}

static void cursor_over_nothing_is_at_its_end(void **state)
{
    struct cursor c = cursor_of((struct bytes){ 0 });

    (void)state;
    assert_int_equal(cursor_end(&c), 0);
    assert_int_equal(cursor_take(&c, 0).len, 0);
    assert_int_equal(cursor_end(&c), 0);
}

static void bytes_equal_minds_length(void **state)
{
    (void)state;
    assert_true(bytes_equal(bytes_of(NULL, 0), bytes_str("")));
    assert_false(bytes_equal(bytes_str("ab"), bytes_str("abc")));
    assert_false(bytes_equal(bytes_str("abd"), bytes_str("abc")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buf_keeps_what_is_put),
        cmocka_unit_test(buf_writes_integers_big_endian),
        cmocka_unit_test(buf_may_be_filled_to_the_last_byte),
        cmocka_unit_test(buf_refuses_one_byte_past_its_max),
        cmocka_unit_test(buf_refuses_a_length_that_would_wrap),
        cmocka_unit_test(buf_error_sticks_until_reset),
        cmocka_unit_test(buf_of_no_bytes_refuses_everything_but_nothing),
        cmocka_unit_test(buf_says_when_memory_runs_out),
        cmocka_unit_test(cursor_reads_back_what_buf_wrote),
        cmocka_unit_test(cursor_gives_zero_past_the_end),
        cmocka_unit_test(cursor_end_refuses_bytes_left_over),
        cmocka_unit_test(cursor_refuses_a_var_longer_than_allowed),
        cmocka_unit_test(cursor_refuses_a_var_longer_than_what_is_there),
        cmocka_unit_test(cursor_text_refuses_a_nul_inside),
        cmocka_unit_test(cursor_text_refuses_text_that_does_not_fit),
        cmocka_unit_test(cursor_over_nothing_is_at_its_end),
        cmocka_unit_test(bytes_equal_minds_length),
    };

    return cmocka_run_group_tests_name("base_bytes", tests, NULL, NULL);
}
