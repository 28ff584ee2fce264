/* SPDX-License-Identifier: Apache-2.0 */
/* test_report_kinds.c - reports that count or choose, their periods, and what is refused. */
#include "reading_fixture.h"
#include "base/clock.h"
#include "reader/sealed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- periods --- */

static void days_are_found_by_bisection_whatever_their_length(void **state)
{
    static const unsigned lengths[] = { 3, 0, 1, 700, 0, 0, 33, 1, 1030, 2 };
    char fields[200], since[CIVIL_TEXT], until[CIVIL_TEXT];

    (void)state;
    for (int d = 0; d < 10; d++) {
        struct store_txn *w = writing();

        for (unsigned i = 0; i < lengths[d]; i++) {
            struct ledger_clear c = clear_of(EVENT_REFUSED, "school", DAY0 + 1 + d);

            (void)snprintf(c.reason, sizeof(c.reason), "r");
            (void)leaf_put(w, c, NOBODY, "a", ALONE);
        }
        written(w);
    }
    for (int a = 0; a <= 10; a++) {
        for (int b = a; b <= 11; b++) {
            json_t *last = NULL, *rows;
            unsigned want = 0;

            for (int d = 0; d < 10; d++)
                want += d + 1 >= a && d + 1 <= b ? lengths[d] : 0;
            civil_format(DAY0 + a, since);
            civil_format(DAY0 + b, until);
            (void)snprintf(fields, sizeof(fields), "\"read\":\"report\",\"report\":\"refusals\",\"since\":\"%s\",\"until\":\"%s\"", since, until);
            rows = rows_of(call(fields), &last);
            assert_int_equal(json_array_size(rows), 0);
            assert_int_equal(json_integer_value(json_object_get(last, "leaves")), want + (a == 0));
            json_decref(rows);
            json_decref(last);
        }
    }
}

static void a_list_and_a_tail_of_some_days_are_those_days_alone(void **state)
{
    uint64_t first;
    json_t *rows;

    (void)state;
    filler(700, DAY0);
    first = 701; /* after the first leaf and those */
    filler(3, DAY0 + 2);
    filler(1500, DAY0 + 3);
    rows = read_rows("\"read\":\"tail\",\"from\":0,\"count\":100,\"since\":\"2024-10-05\",\"until\":\"2024-10-06\"");
    assert_int_equal(json_array_size(rows), 3);
    assert_int_equal(leaf_at(rows, 0), first);
    json_decref(rows);
    rows = read_rows("\"read\":\"tail\",\"from\":702,\"count\":100,\"since\":\"2024-10-05\",\"until\":\"2024-10-06\"");
    assert_int_equal(json_array_size(rows), 2);
    json_decref(rows);
    rows = read_rows("\"read\":\"tail\",\"count\":2,\"until\":\"2024-10-06\"");
    assert_int_equal(json_array_size(rows), 2);
    assert_int_equal(leaf_at(rows, 1), first + 2);
    json_decref(rows);
    rows = read_rows("\"read\":\"tail\",\"count\":1000,\"since\":\"2024-10-06\",\"until\":\"2024-10-06\"");
    assert_int_equal(json_array_size(rows), 3);
    json_decref(rows);
    rows = read_rows("\"read\":\"tail\",\"count\":10,\"since\":\"2024-10-05\",\"until\":\"2024-10-05\"");
    assert_int_equal(json_array_size(rows), 0); /* a day without leaves */
    json_decref(rows);
    rows = read_rows("\"read\":\"tail\",\"from\":5000,\"count\":10,\"until\":\"2024-10-05\"");
    assert_int_equal(json_array_size(rows), 0);
    json_decref(rows);
}

/* --- reports --- */

static json_int_t cell(const json_t *report, const char *row, const char *column)
{
    const json_t *t = json_array_get(json_object_get(report, "tables"), 0), *r, *v;
    size_t i, c;

    json_array_foreach(json_object_get(t, "rows"), i, r)
    {
        if (strcmp(json_string_value(json_object_get(r, "row")), row) != 0)
            continue;
        json_array_foreach(json_object_get(t, "columns"), c, v)
        {
            if (!strcmp(json_string_value(v), column))
                return json_integer_value(json_array_get(json_object_get(r, "cells"), c));
        }
    }
    return -1;
}

static void out_of_hours_is_by_local_clocks(void **state)
{
    /* 2024-10-04 is a Friday of summer time, 2024-11-08 one of winter time: 08:30 local is 07:30 and 08:30 UTC */
    static const struct {
        int day, hour, minute;
        bool out;
    } cases[] = {
        { 0, 7, 29, true },   { 0, 7, 30, false },  { 0, 16, 59, false }, { 0, 17, 0, true },
        { 1, 12, 0, true },   { 2, 12, 0, true },   { 3, 12, 0, false },  { 35, 8, 29, true },
        { 35, 8, 30, false }, { 35, 17, 59, false }, { 35, 18, 0, true },
    };
    json_t *rows, *last = NULL;
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < ALM_LEN(cases); i++) {
        struct ledger_clear c = clear_of(i % 2 ? EVENT_DECIDED : EVENT_REFUSED, "school", DAY0 + cases[i].day);

        c.at_ms = ((int64_t)(DAY0 + cases[i].day) * 86400 + cases[i].hour * 3600 + cases[i].minute * 60) * 1000;
        (void)one(c, NULL, 0, "a", ALONE);
    }
    (void)one(clear_of(EVENT_CONSENT_LODGED, "school", DAY0 + 1), NULL, 0, "a", ALONE); /* no question */
    rows = rows_of(call("\"read\":\"report\",\"report\":\"out-of-hours\""), &last);
    for (size_t i = 0; i < ALM_LEN(cases); i++) {
        if (!cases[i].out)
            continue;
        assert_int_equal(leaf_at(rows, n), 1 + i);
        n++;
    }
    assert_int_equal(json_array_size(rows), n);
    assert_string_equal(text_at(rows, 0, "local"), "Fri 2024-10-04 08:29");
    assert_string_equal(text_at(rows, n - 1, "local"), "Fri 2024-11-08 18:00");
    assert_int_equal(cell(last, "total", "questions"), n);
    json_decref(rows);
    json_decref(last);
}

static void a_sample_is_drawn_by_lot_from_what_was_permitted(void **state)
{
    json_t *rows, *last = NULL, *again;
    int same = 0;

    (void)state;
    for (int i = 0; i < 300; i++) {
        struct ledger_clear c = clear_of(i % 3 ? EVENT_DECIDED : EVENT_REFUSED, i % 2 ? "school" : "police", DAY0);

        c.outcome = i % 3 != 0;
        (void)one(c, NULL, 0, "t.finch", ALONE);
    }
    rows = rows_of(call("\"read\":\"report\",\"report\":\"sample\",\"each\":7,\"opened\":true"), &last);
    assert_int_equal(json_array_size(rows), 14);
    for (size_t i = 0; i < 14; i++) {
        assert_string_equal(text_at(rows, i, "event"), "decided");
        assert_string_equal(text_at(rows, i, "agency"), i < 7 ? "police" : "school");
        assert_string_equal(json_string_value(json_object_get(json_object_get(json_array_get(rows, i), "opened"), "practitioner")), "t.finch");
    }
    assert_int_equal(cell(last, "school", "permitted"), 100);
    assert_int_equal(cell(last, "total", "drawn"), 14);
    again = read_rows("\"read\":\"report\",\"report\":\"sample\",\"each\":7");
    for (size_t i = 0; i < 14; i++)
        for (size_t k = 0; k < 14; k++)
            same += leaf_at(rows, i) == leaf_at(again, k);
    assert_true(same < 14); /* all the same by chance: less than once in 10^20 */
    json_decref(again);
    json_decref(rows);
    json_decref(last);
    rows = read_rows("\"read\":\"report\",\"report\":\"sample\",\"each\":50,\"agency\":\"school\",\"event\":\"refused\"");
    assert_int_equal(json_array_size(rows), 0); /* nobody justifies a refusal */
    json_decref(rows);
}

static void heard(struct buf *b, const char *silent)
{
    ALM_CLEANUP(buf_deinit) struct buf in = { 0 };

    buf_init(&in, 4096);
    buf_put_u16(&in, 2);
    buf_put_text(&in, "council");
    buf_put_u8(&in, 1);
    buf_put_u8(&in, 2);
    buf_put_text(&in, silent);
    buf_put_u8(&in, 0);
    buf_put_u8(&in, 0);
    buf_put_u8(&in, 2);
    put_block(b, 'A', &in);
}

static uint64_t disclosed(uint64_t about, uint8_t completeness, const char *silent)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct ledger_clear c = clear_of(EVENT_DISCLOSED, "school", DAY0 + 1);
    struct store_txn *t = writing();
    uint64_t leaf;

    c.about = about;
    c.outcome = 1;
    c.completeness = completeness;
    buf_init(&b, 4096);
    buf_put_u8(&b, 1);
    if (*silent)
        heard(&b, silent);
    ledger_append(ledger, t, &c, &(struct ledger_private){ .sealed_part = buf_view(&b) }, &leaf);
    written(t);
    return leaf;
}

static uint64_t decided(uint8_t event, bool permitted)
{
    struct ledger_clear c = clear_of(event, "school", DAY0);

    c.outcome = permitted;
    c.n_holders = 2;
    (void)snprintf(c.holders[0], sizeof(c.holders[0]), "council");
    (void)snprintf(c.holders[1], sizeof(c.holders[1]), "clinic");
    return one(c, NULL, 0, "t.finch", ALONE);
}

static void what_was_never_answered_is_told_with_who_was_silent(void **state)
{
    uint64_t whole = decided(EVENT_DECIDED, true), part = decided(EVENT_DECIDED, true),
             never = decided(EVENT_DECIDED, true), gone = decided(EVENT_DECIDED, true),
             late = decided(EVENT_DECIDED, true), composite = decided(EVENT_DECIDED, true);
    json_t *rows, *last = NULL;
    struct ledger_clear c = clear_of(EVENT_NOT_DISCLOSED, "school", DAY0 + 1);

    (void)state;
    (void)decided(EVENT_REFUSED, false);
    (void)disclosed(whole, 1, "");
    (void)disclosed(part, 2, "clinic");
    (void)snprintf(c.reason, sizeof(c.reason), "asker-gone");
    (void)one(c, NULL, 0, "t.finch", gone);
    (void)disclosed(late, 3, "clinic");
    (void)disclosed(late, 1, ""); /* the final reply, when somebody answered by hand */
    (void)disclosed(composite, 2, "");
    /* the answers are of the day after: they count all the same */
    rows = rows_of(call("\"read\":\"report\",\"report\":\"unanswered\",\"until\":\"2024-10-04\""), &last);
    assert_int_equal(json_array_size(rows), 4);
    assert_int_equal(leaf_at(rows, 0), part);
    assert_string_equal(text_at(rows, 0, "why"), "not-all-answered");
    assert_int_equal(json_array_size(json_object_get(json_array_get(rows, 0), "no_answer")), 1);
    assert_int_equal(leaf_at(rows, 1), never);
    assert_string_equal(text_at(rows, 1, "why"), "never");
    assert_int_equal(leaf_at(rows, 2), gone);
    assert_string_equal(text_at(rows, 2, "why"), "asker-gone");
    assert_int_equal(leaf_at(rows, 3), composite);
    assert_int_equal(cell(last, "clinic", "asked"), 6);
    assert_int_equal(cell(last, "clinic", "no answer"), 1);
    assert_int_equal(cell(last, "council", "no answer"), 0);
    json_decref(rows);
    json_decref(last);
    rows = read_rows("\"read\":\"report\",\"report\":\"unanswered\",\"agency\":\"school\",\"since\":\"2024-10-05\"");
    assert_int_equal(json_array_size(rows), 0); /* the questions were asked before */
    json_decref(rows);
}

/* --- what is refused --- */

static void a_query_that_says_too_much_or_too_little_is_refused(void **state)
{
    static const char *const bad[] = {
        "\"read\":\"person\"",
        "\"read\":\"person\",\"tokens\":{}",
        "\"read\":\"person\",\"tokens\":[]",
        "\"read\":\"practitioner\",\"agency\":\"school\"",
        "\"read\":\"practitioner\",\"practitioner\":\"x\"",
        "\"read\":\"practitioner\",\"agency\":\"school\",\"practitioner\":\"\"",
        "\"read\":\"report\"",
        "\"read\":\"report\",\"report\":\"everything\"",
        "\"read\":\"report\",\"report\":\"refusals\",\"each\":5",
        "\"read\":\"report\",\"report\":\"refusals\",\"opened\":true",
        "\"read\":\"report\",\"report\":\"unanswered\",\"opened\":true",
        "\"read\":\"report\",\"report\":\"sample\",\"each\":0",
        "\"read\":\"report\",\"report\":\"sample\",\"each\":51",
        "\"read\":\"report\",\"report\":\"sample\",\"tokens\":{}",
        "\"read\":\"report\",\"report\":\"refusals\",\"since\":\"2024-10-05\",\"until\":\"2024-10-04\"",
        "\"read\":\"report\",\"report\":\"refusals\",\"opened\":1",
        "\"read\":\"tail\",\"opened\":true",
        "\"read\":\"tail\",\"rule\":\"A B\"",
    };
    static const char *const of_person[] = {
        ",\"shield_agreed\":\"police\"",
        ",\"opened\":true,\"shield_agreed\":\"\"",
        ",\"opened\":true,\"shield_agreed\":\"The Police\"",
        ",\"family\":{\"safe_contact\":\"x\",\"redactions\":[]}",
        ",\"opened\":true,\"family\":{}",
        ",\"opened\":true,\"family\":{\"safe_contact\":\"\",\"redactions\":[]}",
        ",\"opened\":true,\"family\":{\"safe_contact\":\"x\",\"redactions\":[{\"leaf\":1,\"cause\":\"shame\",\"text\":\"x\"}]}",
        ",\"opened\":true,\"family\":{\"safe_contact\":\"x\",\"redactions\":[{\"leaf\":1,\"cause\":\"third-party\"}]}",
        ",\"opened\":true,\"family\":{\"safe_contact\":\"x\",\"redactions\":[{\"leaf\":1,\"cause\":\"third-party\",\"text\":\"x\"},{\"leaf\":1,\"cause\":\"third-party\",\"text\":\"y\"}]}",
        ",\"opened\":true,\"family\":{\"safe_contact\":\"x\",\"redactions\":[],\"more\":1}",
        ",\"agency\":\"school\"",
    };
    struct token t = token_of(TOKEN_NHS, 1, 0x91), home = token_of(TOKEN_HOME, 1, 0x92);

    (void)state;
    asked[0] = '\0';
    for (size_t i = 0; i < ALM_LEN(bad); i++)
        refuses(bad[i], "bad-query");
    for (size_t i = 0; i < ALM_LEN(of_person); i++)
        refuses(person(&t, 1, false, of_person[i]), "bad-query");
    refuses(person(&home, 1, false, ",\"opened\":true"), "bad-query");
    assert_string_equal(asked, ""); /* none of them came to be a reading */
    refuses("\"read\":\"report\",\"report\":\"refusals\",\"agency\":\"nowhere\"", "no-such-agency");
}

static void a_sealed_part_that_is_none_opens_nothing(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    json_t *list = json_array(), *o;

    (void)state;
    assert_null(sealed_json(bytes_of(NULL, 0), SEALED_ALL, false));
    assert_null(sealed_json(bytes_of("\x02", 1), SEALED_ALL, false));
    assert_null(sealed_json(bytes_of("\x01P\xff\xff\xff\xff", 6), SEALED_ALL, false));
    assert_null(sealed_json(bytes_of("\x01P\0\0\0\2\0\0", 8), SEALED_ALL, false));
    buf_init(&b, 4096);
    buf_put_u8(&b, 1);
    put_asker(&b, "t.finch");
    heard(&b, "clinic");
    buf_put_u8(&b, 'z'); /* of a newer writer */
    buf_put_u32(&b, 1);
    buf_put_u8(&b, 9);
    o = sealed_json(buf_view(&b), SEALED_ALL, false);
    assert_string_equal(json_string_value(json_object_get(o, "told")), "no");
    json_decref(o);
    o = sealed_json(buf_view(&b), SEALED_ASKER, false);
    assert_int_equal(json_object_size(o), 2);
    json_decref(o);
    assert_int_equal(sealed_silent(buf_view(&b), list), 0);
    assert_int_equal(json_array_size(list), 1);
    json_decref(list);
    for (size_t cut = 1; cut < b.len; cut++) { /* however short it is cut, it is read to its end or not at all */
        o = sealed_json(bytes_of(b.data, cut), SEALED_ALL, false);
        json_decref(o);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, up, down)
    const struct CMUnitTest tests[] = {
        T(days_are_found_by_bisection_whatever_their_length),
        T(a_list_and_a_tail_of_some_days_are_those_days_alone),
        T(out_of_hours_is_by_local_clocks),
        T(a_sample_is_drawn_by_lot_from_what_was_permitted),
        T(what_was_never_answered_is_told_with_who_was_silent),
        T(a_query_that_says_too_much_or_too_little_is_refused),
        cmocka_unit_test(a_sealed_part_that_is_none_opens_nothing),
    };

    return cmocka_run_group_tests_name("report_kinds", tests, NULL, NULL);
}
