/* SPDX-License-Identifier: Apache-2.0 */
/* test_report.c - readings of a person and a practitioner: what is found, what never comes out, and that a slow officer, a growing
 * log and a suspension change nothing for others. */
#include "reading_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- a person --- */

static void a_person_is_found_by_each_token_with_what_belongs_to_it(void **state)
{
    struct token nhs = token_of(TOKEN_NHS, 1, 0x51), name = token_of(TOKEN_NAME_DOB, 1, 0x52), other = token_of(TOKEN_NHS, 1, 0x53);
    struct token both[2] = { nhs, name }, conflict[2] = { name, other };
    uint64_t by_nhs, by_name, answer, step, doubtful, later;
    json_t *rows;

    (void)state;
    filler(40, DAY0);
    by_nhs = one(clear_of(EVENT_DECIDED, "school", DAY0), &nhs, 1, "t.finch", ALONE);
    answer = one(clear_of(EVENT_DISCLOSED, "school", DAY0), NULL, 0, "t.finch", by_nhs);
    step = one(clear_of(EVENT_OUTCOME, "school", DAY0), NULL, 0, "t.finch", answer);
    (void)one(clear_of(EVENT_DECIDED, "school", DAY0), &other, 1, "t.finch", ALONE);
    filler(2100, DAY0 + 1); /* past the large blocks */
    by_name = one(clear_of(EVENT_CONCERN_LODGED, "police", DAY0 + 2), both, 2, "p.one", ALONE);
    doubtful = one(clear_of(EVENT_DECIDED, "police", DAY0 + 2), conflict, 2, "p.one", ALONE);
    filler(1000, DAY0 + 2);
    later = one(clear_of(EVENT_DISCLOSED, "school", DAY0 + 3), NULL, 0, "t.finch", by_nhs);
    filler(100, DAY0 + 3);

    rows = read_rows(person(both, 2, false, ""));
    assert_int_equal(json_array_size(rows), 6);
    assert_int_equal(leaf_at(rows, 0), by_nhs);
    assert_int_equal(leaf_at(rows, 1), answer);
    assert_int_equal(leaf_at(rows, 2), step);
    assert_int_equal(leaf_at(rows, 3), by_name);
    assert_int_equal(leaf_at(rows, 4), doubtful);
    assert_int_equal(leaf_at(rows, 5), later);
    assert_string_equal(text_at(rows, 0, "match"), "match");
    assert_string_equal(text_at(rows, 1, "match"), "belongs");
    assert_string_equal(text_at(rows, 3, "class"), "concerns");
    assert_string_equal(text_at(rows, 4, "match"), "conflict");
    assert_null(json_object_get(json_array_get(rows, 0), "opened"));
    json_decref(rows);

    rows = read_rows(person(both, 2, false, ",\"since\":\"2024-10-05\",\"until\":\"2024-10-06\""));
    assert_int_equal(json_array_size(rows), 2);
    assert_int_equal(leaf_at(rows, 0), by_name);
    json_decref(rows);
    rows = read_rows(person(both, 2, true, "")); /* her unborn child is somebody else */
    assert_int_equal(json_array_size(rows), 0);
    json_decref(rows);
}

static void a_person_is_found_under_an_earlier_key_and_by_no_weak_token(void **state)
{
    struct token old = token_of(TOKEN_NHS, 1, 0x61), now = token_of(TOKEN_NHS, 2, 0x62),
                 weak = token_of(TOKEN_PHONETIC_DOB, 2, 0x63);
    struct token both[2] = { now, old }, found[2] = { weak, now };
    uint64_t first = one(clear_of(EVENT_DECIDED, "school", DAY0), &old, 1, "a", ALONE),
             second = one(clear_of(EVENT_DECIDED, "school", DAY0), found, 2, "a", ALONE);
    json_t *rows;

    (void)state;
    (void)one(clear_of(EVENT_DECIDED, "school", DAY0), &weak, 1, "a", ALONE);
    rows = read_rows(person(both, 2, false, ""));
    assert_int_equal(json_array_size(rows), 2);
    assert_int_equal(leaf_at(rows, 0), first);
    assert_int_equal(leaf_at(rows, 1), second);
    assert_string_equal(text_at(rows, 0, "match"), "match");
    json_decref(rows);
    rows = read_rows(person(&weak, 1, false, ""));
    assert_int_equal(json_array_size(rows), 0);
    json_decref(rows);
}

static void a_forgotten_leaf_is_found_by_nobody(void **state)
{
    struct token t = token_of(TOKEN_NHS, 1, 0x71);
    uint64_t gone = one(clear_of(EVENT_DECIDED, "school", DAY0), &t, 1, "t.finch", ALONE), stays;
    struct store_txn *w;
    json_t *rows;

    (void)state;
    stays = one(clear_of(EVENT_DECIDED, "school", DAY0), &t, 1, "t.finch", ALONE);
    w = writing();
    assert_int_equal(ledger_forget(w, gone), 0);
    written(w);
    rows = read_rows(person(&t, 1, false, ",\"opened\":true"));
    assert_int_equal(json_array_size(rows), 1);
    assert_int_equal(leaf_at(rows, 0), stays);
    json_decref(rows);
    rows = read_rows("\"read\":\"practitioner\",\"agency\":\"school\",\"practitioner\":\"t.finch\"");
    assert_int_equal(json_array_size(rows), 1);
    json_decref(rows);
}

static void what_is_opened_holds_no_token_and_goes_under_the_seal_of_the_reading(void **state)
{
    struct token t = token_of(TOKEN_NHS, 1, 0xa7);
    json_t *rows, *o, *sealed;
    char *text;

    (void)state;
    (void)one(clear_of(EVENT_DECIDED, "school", DAY0), &t, 1, "t.finch", ALONE);
    rows = read_rows(person(&t, 1, false, ",\"opened\":true,\"shield_agreed\":\"police\",\"family\":{\"safe_contact\":\"by the aunt\",\"redactions\":[{\"leaf\":1,\"cause\":\"third-party\",\"text\":\"the neighbour\"}]}"));
    assert_int_equal(json_array_size(rows), 1);
    assert_string_equal(json_string_value(json_object_get(
                            json_object_get(json_array_get(rows, 0), "opened"), "practitioner")),
                        "t.finch");
    text = json_dumps(rows, 0);
    assert_null(strstr(text, "a7a7"));
    free(text);
    json_decref(rows);

    o = json_loads(asked, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(o, "command")), "report family");
    assert_string_equal(json_string_value(json_object_get(o, "query")),
                        "opened=yes shield_agreed=police safe_contact=yes redacted=1:third-party");
    sealed = json_object_get(o, "sealed");
    assert_non_null(json_object_get(sealed, "tokens"));
    assert_string_equal(json_string_value(json_object_get(json_object_get(sealed, "family"),
                                                          "safe_contact")),
                        "by the aunt");
    (void)json_object_del(o, "sealed");
    text = json_dumps(o, 0);
    assert_null(strstr(text, "a7a7"));
    assert_null(strstr(text, "aunt"));
    assert_null(strstr(text, "neighbour"));
    free(text);
    json_decref(o);
}

static void a_reading_about_a_practitioner_names_them_under_seal_alone(void **state)
{
    json_t *rows, *o;
    char *text;

    (void)state;
    (void)one(clear_of(EVENT_DECIDED, "school", DAY0), NULL, 0, "t.finch", ALONE);
    (void)one(clear_of(EVENT_DECIDED, "police", DAY0), NULL, 0, "t.finch", ALONE);
    rows = read_rows("\"read\":\"practitioner\",\"agency\":\"school\",\"practitioner\":\"t.finch\"");
    assert_int_equal(json_array_size(rows), 1);
    assert_string_equal(text_at(rows, 0, "agency"), "school");
    json_decref(rows);
    o = json_loads(asked, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(o, "query")), "agency=school");
    (void)json_object_del(o, "sealed");
    text = json_dumps(o, 0);
    assert_null(strstr(text, "finch"));
    free(text);
    json_decref(o);
    refuses("\"read\":\"practitioner\",\"agency\":\"nowhere\",\"practitioner\":\"t.finch\"", "no-such-agency");
    rows = read_rows("\"read\":\"practitioner\",\"agency\":\"school\",\"practitioner\":\"t.finc\"");
    assert_int_equal(json_array_size(rows), 0);
    json_decref(rows);
}

/* --- many rows, slow officers --- */

#ifdef __SANITIZE_ADDRESS__ /* five times as slow */
#define MANY 20000
#else
#define MANY 100000
#endif

static void a_slow_officer_of_a_hundred_thousand_rows_keeps_nobody_and_sees_no_later_leaf(void **state)
{
    struct token t = token_of(TOKEN_NHS, 1, 0x81);
    struct local_call *slow;
    json_t *rows, *reply;
    size_t n = 0;
    int more = 1;

    (void)state;
    for (int i = 0; i < 10; i++) {
        struct store_txn *w = writing();

        for (int k = 0; k < MANY / 10; k++)
            (void)leaf_put(w, clear_of(EVENT_DECIDED, "school", DAY0), &t, 1, false, "t.finch", ALONE);
        written(w);
    }
    slow = call(person(&t, 1, false, ""));
    for (int i = 0; i < 2000; i++)
        turn(); /* it takes nothing: what is kept for it is a page or two */
    for (size_t i = 0; i < READER_CLIENTS; i++)
        if (reader.readings[i].state == READING_WALKING)
            assert_true(local_client_pending(server, reader.readings[i].client) < 2 * PAGE_BYTES + 65536);
    (void)one(clear_of(EVENT_DECIDED, "school", DAY0), &t, 1, "t.finch", ALONE);
    rows = read_rows("\"read\":\"tail\",\"count\":3"); /* another is served meanwhile */
    assert_int_equal(json_array_size(rows), 3);
    json_decref(rows);
    while (more == 1) {
        reply = next_reply(slow, &more);
        assert_non_null(reply);
        assert_true(json_is_true(json_object_get(reply, "ok")));
        rows = json_object_get(reply, "rows");
        for (size_t i = 0; i < json_array_size(rows); i++)
            assert_int_equal(leaf_at(rows, i), 1 + n++);
        json_decref(reply);
    }
    assert_int_equal(n, MANY);
    slow = local_call_close(slow);
}

static void an_officer_who_is_suspended_meanwhile_reads_no_further(void **state)
{
    struct token t = token_of(TOKEN_NHS, 1, 0x82);
    struct local_call *c;
    json_t *reply;
    int more;
    bool refused = false;

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct store_txn *w = writing();

        for (int k = 0; k < 1000; k++)
            (void)leaf_put(w, clear_of(EVENT_DECIDED, "school", DAY0), &t, 1, false, "t.finch", ALONE);
        written(w);
    }
    c = call(person(&t, 1, false, ""));
    reply = next_reply(c, &more);
    assert_non_null(reply);
    assert_int_equal(more, 1);
    json_decref(reply);
    put_officer(STANDING_SUSPENDED);
    while (more == 1) {
        reply = next_reply(c, &more);
        assert_non_null(reply);
        refused = refused || !json_is_true(json_object_get(reply, "ok"));
        json_decref(reply);
    }
    assert_true(refused);
    c = local_call_close(c);
}

static void who_waits_long_is_told_how_far_it_is(void **state)
{
    struct token t = token_of(TOKEN_NHS, 1, 0x83);
    struct local_call *c;
    json_t *reply, *progress;
    int more;

    (void)state;
    for (int i = 0; i < 4; i++)
        filler(9000, DAY0); /* more than one step looks at */
    c = call(person(&t, 1, false, ""));
    core_waits = true;
    for (int i = 0; i < 100 && reader.readings[0].state != READING_ASKED; i++)
        turn();
    core_waits = false;
    reader.readings[0].told_ms = 1; /* long ago */
    reply = next_reply(c, &more);
    assert_non_null(reply);
    assert_int_equal(more, 1);
    progress = json_object_get(reply, "progress");
    assert_true(json_integer_value(json_object_get(progress, "at")) > 0);
    assert_true(json_integer_value(json_object_get(progress, "end")) > 36000);
    json_decref(reply);
    c = local_call_close(c);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, up, down)
    const struct CMUnitTest tests[] = {
        T(a_person_is_found_by_each_token_with_what_belongs_to_it),
        T(a_person_is_found_under_an_earlier_key_and_by_no_weak_token),
        T(a_forgotten_leaf_is_found_by_nobody),
        T(what_is_opened_holds_no_token_and_goes_under_the_seal_of_the_reading),
        T(a_reading_about_a_practitioner_names_them_under_seal_alone),
        T(a_slow_officer_of_a_hundred_thousand_rows_keeps_nobody_and_sees_no_later_leaf),
        T(an_officer_who_is_suspended_meanwhile_reads_no_further),
        T(who_waits_long_is_told_how_far_it_is),
    };

    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
