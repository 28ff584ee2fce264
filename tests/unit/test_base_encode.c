/* SPDX-License-Identifier: Apache-2.0 */
/* test_base_encode.c - one text for one value: hex, base64 (RFC 4648), UTF-8 (RFC 3629). */
#include "base/bytes.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void hex_goes_there_and_back(void **state)
{
    static const uint8_t data[] = { 0x00, 0x1f, 0xab, 0xff };
    uint8_t back[4];
    char text[9];

    (void)state;
    hex_encode(data, sizeof(data), text);
    assert_string_equal(text, "001fabff");
    assert_int_equal(hex_decode(text, back, sizeof(back)), 0);
    assert_memory_equal(back, data, sizeof(data));
    assert_int_equal(hex_decode("001FABff", back, sizeof(back)), 0);
    assert_memory_equal(back, data, sizeof(data));
}

static void hex_refuses_wrong_length_and_wrong_digits(void **state)
{
    static const char *const bad[] = { "",         "001fabf",  "001fabff0", "001fabfg",
                                       "001fab f", "0x1fabff", " 01fabff" };
    uint8_t out[4];

    (void)state;
    for (size_t i = 0; i < ALM_LEN(bad); i++)
        assert_int_equal(hex_decode(bad[i], out, sizeof(out)), -EINVAL);
}

/* type=test source=RFC 4648 section 10 */
static const struct {
    const char *plain, *text;
} base64_vectors[] = {
    { "", "" },
    { "f", "Zg==" },
    { "fo", "Zm8=" },
    { "foo", "Zm9v" },
    { "foob", "Zm9vYg==" },
    { "fooba", "Zm9vYmE=" },
    { "foobar", "Zm9vYmFy" },
};

static void base64_agrees_with_rfc_4648(void **state)
{
    char text[16], plain[16];

    (void)state;
    for (size_t i = 0; i < ALM_LEN(base64_vectors); i++) {
        size_t n_plain = strlen(base64_vectors[i].plain), n_text = strlen(base64_vectors[i].text);

        assert_int_equal(base64_encode(base64_vectors[i].plain, n_plain, text, sizeof(text)),
                         n_text);
        assert_string_equal(text, base64_vectors[i].text);
        assert_int_equal(base64_decode(text, n_text, plain, sizeof(plain)), n_plain);
        assert_memory_equal(plain, base64_vectors[i].plain, n_plain);
    }
}

static void base64_carries_every_byte(void **state)
{
    uint8_t data[256], back[256];
    char text[345];

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)i;
    assert_int_equal(base64_encode(data, sizeof(data), text, sizeof(text)), 344);
    assert_int_equal(base64_decode(text, 344, back, sizeof(back)), 256);
    assert_memory_equal(data, back, sizeof(data));
}

static void base64_refuses_what_is_not_canonical(void **state)
{
    static const char *const bad[] = {
        "Z",        "Zg",           "Zg=",      "Zg===", "=",    "====",     "=g==", "Z===",
        "Zg==Zm9v", /* padding in the middle */
        "Zm9v\n",   "Zm9v\n\n\n\n", " Zm9v   ", "Zm-v",  "Zm_v", "Zm9v!!!!", "Zh==", /* left-over
                                                                                        bits that
                                                                                        are not zero
                                                                                      */
        "Zm9=",     "Z=9v",         "Zm=v",
    };
    char out[16];

    (void)state;
    for (size_t i = 0; i < ALM_LEN(bad); i++)
        assert_int_equal(base64_decode(bad[i], strlen(bad[i]), out, sizeof(out)), -EINVAL);
    assert_int_equal(base64_decode("Zm\0v", 4, out, sizeof(out)), -EINVAL);
}

static void base64_minds_the_room_it_has(void **state)
{
    char text[4], plain[2];

    (void)state;
    assert_int_equal(base64_encode("foo", 3, text, sizeof(text)), -ENOSPC);
    assert_int_equal(base64_decode("Zm9v", 4, plain, sizeof(plain)), -ENOSPC);
    assert_int_equal(base64_decode("Zm8=", 4, plain, sizeof(plain)), 2);
}

static void utf8_accepts_what_rfc_3629_allows(void **state)
{
    static const char *const good[] = {
        "",
        "plain",
        "caf\xc3\xa9",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(good); i++)
        assert_true(utf8_valid(good[i], strlen(good[i])));
}

static void utf8_refuses_what_rfc_3629_forbids(void **state)
{
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "a\xc3",
        "\xc3(", /* stray, cut short, wrong tail */
        "\xc0\x80",
        "\xc1\xbf",
        "\xe0\x9f\xbf",
        "\xf0\x8f\xbf\xbf", /* overlong */
        "\xed\xa0\x80",
        "\xed\xbf\xbf", /* surrogates */
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
        "\xfe", /* past U+10FFFF */
        "\xe2\x82",
        "\xe2\x28\xa1",
        "\xe2\x82\x28",
        "\xf0\x9f\x98",
        "\xf0\x9f\x98\x28",
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(bad); i++)
        assert_false(utf8_valid(bad[i], strlen(bad[i])));
    assert_false(utf8_valid("a\0b", 3));
}

static void text_copy_refuses_rather_than_cuts(void **state)
{
    char out[4] = "xyz";

    (void)state;
    assert_int_equal(text_copy(out, sizeof(out), "abc"), 0);
    assert_string_equal(out, "abc");
    assert_int_equal(text_copy(out, sizeof(out), "abcd"), -ENOSPC);
    assert_string_equal(out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hex_goes_there_and_back),
        cmocka_unit_test(hex_refuses_wrong_length_and_wrong_digits),
        cmocka_unit_test(base64_agrees_with_rfc_4648),
        cmocka_unit_test(base64_carries_every_byte),
        cmocka_unit_test(base64_refuses_what_is_not_canonical),
        cmocka_unit_test(base64_minds_the_room_it_has),
        cmocka_unit_test(utf8_accepts_what_rfc_3629_allows),
        cmocka_unit_test(utf8_refuses_what_rfc_3629_forbids),
        cmocka_unit_test(text_copy_refuses_rather_than_cuts),
    };

    return cmocka_run_group_tests_name("base_encode", tests, NULL, NULL);
}
