/* SPDX-License-Identifier: Apache-2.0 */
/* test_token_json.c - the file of match tokens: one spelling for one meaning, and nothing else is taken. */
#include "local/token_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define V1 "1111111111111111111111111111111111111111111111111111111111111111"
#define V2 "abcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcd"
#define TOKEN1 "{\"kind\":\"nhs\",\"scheme\":\"hmac\",\"epoch\":1,\"value\":\"" V1 "\"}"
#define TOKEN2 "{\"kind\":\"name-dob\",\"scheme\":\"hmac\",\"epoch\":1,\"value\":\"" V2 "\"}"
#define HOME   "{\"kind\":\"home\",\"scheme\":\"hmac\",\"epoch\":1,\"value\":\"" V2 "\"}"
#define HEAD                                                                                       \
    "\"almoner\":\"tokens/1\",\"mode\":\"live\",\"origin\":\"marlham.example/almoner\","             \
    "\"agency\":\"schools\",\"scheme\":\"hmac\",\"epoch\":1,\"unborn\":false"
#define FILE_OF(tokens) "{" HEAD ",\"tokens\":[" tokens "]}"

static int parse(const char *text, struct token_json *out, char *why, size_t size)
{
    json_t *o = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    int rc;

    assert_non_null(o);
    rc = token_json_read(o, out, why, size);
    json_decref(o);
    return rc;
}

static void tokens_are_read_as_they_were_made(void **state)
{
    struct token_json t, again;
    struct token_set set;
    char why[200] = "";
    json_t *o;

    (void)state;
    assert_int_equal(parse(FILE_OF(TOKEN1 "," TOKEN2), &t, why, sizeof(why)), 0);
    assert_int_equal(t.n, 2);
    assert_int_equal(t.mode, 1);
    assert_string_equal(t.origin, "marlham.example/almoner");
    assert_string_equal(t.agency, "schools");
    assert_int_equal(t.tokens[0].kind, TOKEN_NHS);
    assert_int_equal(t.tokens[1].value[0], 0xab);
    assert_false(token_json_household(&t));
    token_json_set(&t, TOKEN_HMAC, 1, &set);
    assert_int_equal(set.n, 2);
    token_json_set(&t, TOKEN_HMAC, 2, &set);
    assert_int_equal(set.n, 0);
    o = token_json_write(&t);
    assert_non_null(o);
    assert_int_equal(token_json_read(o, &again, why, sizeof(why)), 0);
    assert_memory_equal(&t, &again, sizeof(t));
    json_decref(o);
}

static void tokens_of_a_home_and_of_an_earlier_key_are_read(void **state)
{
    struct token_json t;
    struct token_set set;
    char why[200];

    (void)state;
    assert_int_equal(parse(FILE_OF(HOME), &t, why, sizeof(why)), 0);
    assert_true(token_json_household(&t));
    token_json_set(&t, TOKEN_HMAC, 1, &set);
    assert_int_equal(set.n, 0);
    assert_int_equal(parse(FILE_OF(TOKEN1 ",{\"kind\":\"nhs\",\"scheme\":\"oblivious\",\"epoch\":7,\"value\":\"" V1 "\"}"), &t, why, sizeof(why)), 0);
    assert_true(token_json_has_key(&t, TOKEN_OBLIVIOUS, 7));
    token_json_set(&t, TOKEN_OBLIVIOUS, 7, &set);
    assert_int_equal(set.n, 1);
    token_json_wipe(&t);
    assert_int_equal(t.n, 0);
}

static void everything_else_is_refused_and_no_value_is_repeated(void **state)
{
    static const char *const bad[] = {
        "[]",
        "7",
        "{}",
        "{\"almoner\":\"tokens/2\"}",
        "{\"almoner\":1}",
        FILE_OF(""),
        "{" HEAD "}",
        "{" HEAD ",\"tokens\":{}}",
        "{" HEAD ",\"tokens\":[" TOKEN1 "],\"name\":\"" V2 "\"}",
        FILE_OF(TOKEN1 "," TOKEN1),
        FILE_OF(TOKEN1 "," HOME),
        FILE_OF(TOKEN1 ",7"),
        FILE_OF("{\"kind\":\"nhs\",\"scheme\":\"hmac\",\"epoch\":1}"),
        FILE_OF("{\"kind\":\"nhs\",\"scheme\":\"hmac\",\"epoch\":1,\"value\":\"" V1 "\",\"more\":1}"),
        FILE_OF("{\"kind\":\"unknown\",\"scheme\":\"hmac\",\"epoch\":1,\"value\":\"" V1 "\"}"),
        FILE_OF("{\"kind\":\"nhs\",\"scheme\":\"plain\",\"epoch\":1,\"value\":\"" V1 "\"}"),
        FILE_OF("{\"kind\":\"nhs\",\"scheme\":\"hmac\",\"epoch\":0,\"value\":\"" V1 "\"}"),
        FILE_OF("{\"kind\":\"nhs\",\"scheme\":\"hmac\",\"epoch\":65536,\"value\":\"" V1 "\"}"),
        FILE_OF("{\"kind\":\"nhs\",\"scheme\":\"hmac\",\"epoch\":\"1\",\"value\":\"" V1 "\"}"),
        FILE_OF("{\"kind\":\"nhs\",\"scheme\":\"hmac\",\"epoch\":2,\"value\":\"" V1 "\"}"), /* none is of the file's key */
        FILE_OF("{\"kind\":\"nhs\",\"scheme\":\"hmac\",\"epoch\":1,\"value\":\"1111\"}"),
        FILE_OF("{\"kind\":\"nhs\",\"scheme\":\"hmac\",\"epoch\":1,\"value\":\"ABCDEFabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcd\"}"),
        FILE_OF("{\"kind\":\"nhs\",\"scheme\":\"hmac\",\"epoch\":1,\"value\":\"" V1 "11\"}"),
        "{\"almoner\":\"tokens/1\",\"mode\":\"test\",\"origin\":\"o\",\"agency\":\"a\",\"scheme\":\"hmac\",\"epoch\":1,\"unborn\":false,\"tokens\":[" TOKEN1 "]}",
        "{\"almoner\":\"tokens/1\",\"mode\":\"live\",\"origin\":\"\",\"agency\":\"a\",\"scheme\":\"hmac\",\"epoch\":1,\"unborn\":false,\"tokens\":[" TOKEN1 "]}",
        "{\"almoner\":\"tokens/1\",\"mode\":\"live\",\"origin\":\"o\",\"agency\":\"A b\",\"scheme\":\"hmac\",\"epoch\":1,\"unborn\":false,\"tokens\":[" TOKEN1 "]}",
        "{\"almoner\":\"tokens/1\",\"mode\":\"live\",\"origin\":\"o\",\"agency\":\"a\",\"scheme\":\"\",\"epoch\":1,\"unborn\":false,\"tokens\":[" TOKEN1 "]}",
        "{\"almoner\":\"tokens/1\",\"mode\":\"live\",\"origin\":\"o\",\"agency\":\"a\",\"scheme\":\"hmac\",\"epoch\":1,\"unborn\":0,\"tokens\":[" TOKEN1 "]}",
        "{\"almoner\":\"tokens/1\",\"mode\":\"live\",\"origin\":\"o\",\"agency\":\"a\",\"scheme\":\"hmac\",\"epoch\":1,\"unborn\":true,\"tokens\":[" HOME "]}",
        "{\"almoner\":\"tokens/1\",\"mode\":\"live\",\"agency\":\"a\",\"scheme\":\"hmac\",\"epoch\":1,\"unborn\":false,\"tokens\":[" TOKEN1 "]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct token_json t;
        char why[200] = "";

        if (parse(bad[i], &t, why, sizeof(why)) != -22)
            fail_msg("taken: %s", bad[i]);
        assert_true(strlen(why) > 5);
        assert_null(strstr(why, "1111"));
        assert_null(strstr(why, "abcdef"));
        assert_int_equal(t.n, 0);
    }
}

static void as_many_tokens_as_a_person_has_and_not_one_more(void **state)
{
    struct token_json t = { .mode = 2, .origin = "o", .agency = "a", .scheme = TOKEN_HMAC, .epoch = 1 }, again;
    json_t *o;
    char why[200];

    (void)state;
    for (uint8_t i = 0; i < TOKEN_JSON_MAX; i++) {
        t.tokens[i] = (struct token){ .kind = TOKEN_NAME_POSTCODE, .scheme = TOKEN_HMAC, .epoch = (uint16_t)(1 + i / TOKEN_SET_MAX) };
        t.tokens[i].value[0] = i;
    }
    t.n = TOKEN_JSON_MAX;
    o = token_json_write(&t);
    assert_non_null(o);
    assert_int_equal(token_json_read(o, &again, why, sizeof(why)), 0);
    assert_int_equal(again.n, TOKEN_JSON_MAX);
    char *text = json_dumps(o, JSON_COMPACT);
    assert_true(strlen(text) < TOKEN_JSON_TEXT_MAX);
    free(text);
    json_decref(o);
    t.tokens[TOKEN_JSON_MAX - 1].epoch = 1; /* 37 of one key */
    assert_null(token_json_write(&t));
    t.n = 0;
    assert_null(token_json_write(&t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_read_as_they_were_made),
        cmocka_unit_test(tokens_of_a_home_and_of_an_earlier_key_are_read),
        cmocka_unit_test(everything_else_is_refused_and_no_value_is_repeated),
        cmocka_unit_test(as_many_tokens_as_a_person_has_and_not_one_more),
    };

    return cmocka_run_group_tests_name("token_json", tests, NULL, NULL);
}
