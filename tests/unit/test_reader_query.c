/* SPDX-License-Identifier: Apache-2.0 */
/* test_reader_query.c - the reader's pure parts: queries read strictly, words for what came of a
 * message, nonces. */
#include "base/clock.h"
#include "reader/reader.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void reader_says_what_came_of_it(void **state)
{
    static const struct {
        uint8_t event, outcome, told, completeness;
        const char *question, *says, *how, *complete;
    } cases[] = {
        { EVENT_DECIDED, 1, 0, 0, "caf-open", "permitted", "", "" },
        { EVENT_REFUSED, 0, 1, 0, "caf-open", "refused", "reason", "" },
        { EVENT_REFUSED, 0, 2, 0, "caf-open", "refused", "no-consent-line", "" },
        { EVENT_DISCLOSED, 1, 0, 1, "caf-open", "told", "", "all" },
        { EVENT_DISCLOSED, 1, 0, 2, "caf-open", "told", "", "most" },
        { EVENT_DISCLOSED, 1, 3, 4, "caf-open", "told", "hidden", "none" },
        { EVENT_DISCLOSED, 1, 0, 3, "who-is-involved", "told", "", "some" },
        { EVENT_DISCLOSED, 200, 200, 200, "caf-open", "", "",
          "" }, /* a newer core's words are not guessed */
        { EVENT_WITHDRAWN, 1, 0, 0, "", "", "", "" },
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(cases); i++) {
        struct ledger_record r = { .clear = { .event = cases[i].event,
                                              .outcome = cases[i].outcome,
                                              .told = cases[i].told,
                                              .completeness = cases[i].completeness,
                                              .about = UINT64_MAX } };
        json_t *row;

        assert_int_equal(text_copy(r.clear.question, sizeof(r.clear.question), cases[i].question),
                         0);
        row = row_clear(&r);
        assert_string_equal(json_string_value(json_object_get(row, "outcome")), cases[i].says);
        assert_string_equal(json_string_value(json_object_get(row, "told")), cases[i].how);
        assert_string_equal(json_string_value(json_object_get(row, "completeness")),
                            cases[i].complete);
        json_decref(row);
    }
}

static void reader_query_is_read_strictly(void **state)
{
#define FRESH "\"at\":\"2026-05-03T10:11:12Z\",\"nonce\":\"0199f0c2-7d1e-7a55-9a3c-5f0e8a1b2c3d\""
    static const char *const bad[] = {
        "",
        "[]",
        "{",
        "{}",
        "{\"read\":\"tail\"}",
        "{\"read\":\"tail\",\"at\":\"2026-05-03T10:11:12Z\"}",
        "{\"read\":\"burn\"," FRESH "}",
        "{\"read\":5," FRESH "}",
        "{\"read\":\"tail\",\"read\":\"tail\"," FRESH "}",
        "{\"read\":\"tail\",\"colour\":1," FRESH "}",
        "{\"read\":\"tail\",\"leaf\":1," FRESH "}",
        "{\"read\":\"show\"," FRESH "}",
        "{\"read\":\"show\",\"leaf\":-1," FRESH "}",
        "{\"read\":\"show\",\"leaf\":\"1\"," FRESH "}",
        "{\"read\":\"show\",\"leaf\":1,\"count\":2," FRESH "}",
        "{\"read\":\"head\",\"from\":1," FRESH "}",
        "{\"read\":\"tail\",\"count\":100001," FRESH "}",
        "{\"read\":\"tail\",\"count\":1.5," FRESH "}",
        "{\"read\":\"tail\",\"count\":99999999999999999999," FRESH "}",
        "{\"read\":\"tail\",\"event\":\"party\"," FRESH "}",
        "{\"read\":\"tail\",\"event\":\"unknown\"," FRESH "}",
        "{\"read\":\"tail\",\"event\":7," FRESH "}",
        "{\"read\":\"tail\",\"agency\":\"A B\"," FRESH "}",
        "{\"read\":\"tail\",\"since\":\"2026-02-30\"," FRESH "}",
        "{\"read\":\"tail\",\"until\":5," FRESH "}",
        "{\"read\":\"tail\",\"follow\":\"yes\"," FRESH "}",
        "{\"read\":\"tail\",\"follow\":true,\"from\":3," FRESH "}",
        "{\"read\":\"export\",\"agency\":\"x\"," FRESH "}",
        "{\"read\":\"tail\",\"from count\":3," FRESH "}",
        "{\"read\":\"tail\",\"\":3," FRESH "}",
        "{\"read\":\"tail\",\"at\":\"2026-05-03\",\"nonce\":\"0199f0c2-7d1e-7a55-9a3c-"
        "5f0e8a1b2c3d\"}",
        "{\"read\":\"tail\",\"at\":\"2026-05-03T10:11:12\",\"nonce\":\"0199f0c2-7d1e-7a55-9a3c-"
        "5f0e8a1b2c3d\"}",
        "{\"read\":\"tail\",\"at\":\"2026-05-03T25:11:12Z\",\"nonce\":\"0199f0c2-7d1e-7a55-9a3c-"
        "5f0e8a1b2c3d\"}",
        "{\"read\":\"tail\",\"at\":\"2026-05-03T10:1x:12Z\",\"nonce\":\"0199f0c2-7d1e-7a55-9a3c-"
        "5f0e8a1b2c3d\"}",
        "{\"read\":\"tail\",\"at\":\"2026-05-03T10:11:12.Z "
        "\",\"nonce\":\"0199f0c2-7d1e-7a55-9a3c-5f0e8a1b2c3d\"}",
        "{\"read\":\"tail\",\"at\":\"2026-05-03T10:11:12Z\",\"nonce\":\"x\"}",
        "{\"read\":\"tail\",\"at\":5,\"nonce\":5}",
    };
    struct query q;
    char why[256];

    (void)state;
    for (size_t i = 0; i < ALM_LEN(bad); i++) {
        why[0] = '\0';
        if (query_parse(bad[i], &q, why, sizeof(why)) != -EINVAL || !why[0])
            fail_msg("taken: %s", bad[i]);
    }
    assert_int_equal(query_parse("{\"read\":\"tail\"," FRESH "}", &q, why, sizeof(why)), 0);
    assert_int_equal(q.read, READ_TAIL);
    assert_int_equal(q.count, 20);
    assert_int_equal(q.at_ms, INT64_C(1777803072000));
    assert_int_equal(query_parse("{\"read\":\"tail\",\"from\":3,\"until\":\"2026-05-03\"," FRESH
                                 "}",
                                 &q, why, sizeof(why)),
                     0);
    assert_int_equal(q.read, READ_LIST);
    query_shape(&q, why);
    assert_string_equal(why, "from=3 count=20 until=2026-05-03");
}

static void reader_nonce_is_used_once_and_never_forgotten_early(void **state)
{
    struct nonces *n = NULL;
    struct id id = { { 1 } };

    (void)state;
    assert_int_equal(nonces_new(3, &n), 0);
    for (uint8_t i = 0; i < 3; i++) {
        id.octets[1] = i;
        assert_int_equal(nonces_admit(n, &id, 100 + i, 50), 0);
        assert_int_equal(nonces_admit(n, &id, 100 + i, 50), NONCE_SEEN);
    }
    id.octets[1] = 9;
    assert_int_equal(nonces_admit(n, &id, 200, 50), NONCE_FULL);
    assert_int_equal(nonces_admit(n, &id, 200, 100), 0); /* the first has expired */
    id.octets[1] = 1;
    assert_int_equal(nonces_admit(n, &id, 200, 100), NONCE_SEEN);
    n = nonces_free(n);
}

static void a_basis_finds_what_was_claimed_and_what_carried_it(void **state)
{
    static const struct {
        const char *claimed, *detail;
        bool found;
    } rows[] = {
        { "duty", "", true },
        { "", "law=duty", true },
        { "power", "law=power,duty", true },
        { "power", "by the override of leaf 7 law=duty; self-claimed relationship", true },
        { "power", "law=duty; self-claimed relationship", true },
        { "", "", false },
        { "power", "law=power", false },
        { "", "law=duty-of-care", false }, /* not half of another's name */
        { "", "law=a,duty2,b", false },
        { "", "law=", false },
        { "", "duty", false },
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        struct query q = { .since = CIVIL_NONE, .until = CIVIL_NONE, .basis = "duty" };
        struct ledger_clear c = { .event = EVENT_DECIDED };

        assert_int_equal(text_copy(c.basis, sizeof(c.basis), rows[i].claimed), 0);
        assert_int_equal(text_copy(c.detail, sizeof(c.detail), rows[i].detail), 0);
        assert_int_equal(query_wants(&q, &c), rows[i].found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_basis_finds_what_was_claimed_and_what_carried_it),
        cmocka_unit_test(reader_says_what_came_of_it),
        cmocka_unit_test(reader_query_is_read_strictly),
        cmocka_unit_test(reader_nonce_is_used_once_and_never_forgotten_early),
    };

    return cmocka_run_group_tests_name("reader_query", tests, NULL, NULL);
}
