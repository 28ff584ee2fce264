/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_door.c - what one core refuses before it decides anything: what is not signed, or not by
 * whom it comes from, or not now; and how an adapter is welcomed. */
#include "core_town.h"

#include "core/stages.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* A query as this agency would send it, for a test to sign. */
static struct msg *made_out(struct town *t, const char *sender)
{
    struct msg *m = town_insight(t, "safeguarding", "truancy", TOWN_TESS);

    (void)snprintf(m->sender, sizeof(m->sender), "%s", sender);
    m->sent_ms = town_wall;
    assert_int_equal(id_new(town_wall, &m->id), 0);
    return m;
}

static void bad_signature_is_refused_and_recorded(void **state)
{
    struct town *t = *state;
    struct msg *m = made_out(t, "council");
    uint8_t frame[WIRE_FRAME_MAX];
    struct ledger_clear leaf;
    struct wire_envelope e;
    struct bytes good;

    good = town_sign(t, m, &t->keys[TOWN_COUNCIL]);
    memcpy(frame, good.data, good.len);
    assert_int_equal(wire_open(bytes_of(frame, good.len), &e), WIRE_OK);
    frame[(size_t)(e.signature.data - frame) + 5] ^= 1;
    town_say_frame(t, 0, TOWN_COUNCIL, bytes_of(frame, good.len));
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "bad-signature");
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_QUESTION), 0);
    assert_int_equal(town_leaves(t, EVENT_REJECTED, &leaf), 1);
    assert_string_equal(leaf.agency, "council");
    assert_string_equal(leaf.reason, "bad-signature");
}

static void message_signed_with_another_agencys_key_is_refused(void **state)
{
    struct town *t = *state;
    struct msg *m = made_out(t, "council");

    town_say_frame(t, 0, TOWN_COUNCIL, town_sign(t, m, &t->keys[TOWN_POLICE]));
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "unknown-key");
}

static void message_that_names_another_sender_is_refused(void **state)
{
    struct town *t = *state;
    struct msg *m = made_out(t, "police");

    town_say_frame(t, 0, TOWN_COUNCIL, town_sign(t, m, &t->keys[TOWN_COUNCIL]));
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "wrong-sender");
}

static void unsigned_message_is_refused(void **state)
{
    struct town *t = *state;
    struct msg *m = made_out(t, "council");

    town_say_frame(t, 0, TOWN_COUNCIL, town_sign(t, m, NULL));
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "unsigned");
}

static void stale_query_is_refused_from_either_side_of_now(void **state)
{
    struct town *t = *state;
    struct msg *m = town_insight(t, "safeguarding", "truancy", TOWN_TESS);

    m->sent_ms = town_wall - 121000;
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "stale");
    town_forget(t);
    m = town_insight(t, "safeguarding", "truancy", TOWN_TESS);
    m->sent_ms = town_wall + 121000;
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "stale");
}

static void message_that_only_the_broker_sends_is_refused(void **state)
{
    struct town *t = *state;
    struct msg *m = town_msg(t, MSG_BUSY);
    ALM_CLEANUP(buf_deinit) struct buf frame = { 0 };

    buf_init(&frame, WIRE_FRAME_MAX);
    m->busy.retry_after_ms = 1;
    m->sent_ms = town_wall;
    assert_int_equal(id_new(town_wall, &m->id), 0);
    assert_int_equal(wire_encode(m, &t->core->set.wire, &t->keys[TOWN_COUNCIL], &frame), 0);
    town_say_frame(t, 0, TOWN_COUNCIL, buf_view(&frame));
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "wrong-sender");
    assert_int_equal(town_leaves(t, EVENT_REJECTED, NULL), 1);
}

static void garbage_is_refused_and_recorded(void **state)
{
    struct town *t = *state;

    town_say_frame(t, 0, TOWN_COUNCIL, bytes_of("\xff\xff\xff\xff", 4));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_REFUSAL), 1);
    assert_int_equal(town_leaves(t, EVENT_REJECTED, NULL), 1);
}

static void gate_that_speaks_for_another_organisation_is_closed(void **state)
{
    struct town *t = *state;
    struct msg *m = made_out(t, "council");
    uint8_t said[8] = { 0 };

    town_say_frame(t, 1, TOWN_COUNCIL, town_sign(t, m, &t->keys[TOWN_COUNCIL]));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_QUESTION), 0);
    assert_int_equal(town_leaves(t, EVENT_REJECTED, NULL), 1);
    assert_int_equal(recv(t->supervisor, said, sizeof(said), MSG_DONTWAIT), 3);
    assert_int_equal(said[0], CHILD_CLOSE_GATE);
    assert_int_equal(said[2], 1);
}

static void hello_of_another_mode_is_refused(void **state)
{
    struct town *t = *state;
    struct msg *m = town_msg(t, MSG_HELLO);

    m->hello = (struct msg_hello){ .version_least = 1, .version_most = 1, .mode = MODE_LIVE };
    (void)snprintf(m->hello.software, sizeof(m->hello.software), "town/1");
    town_say(t, TOWN_SCHOOL, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_SCHOOL), "wrong-mode");
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_WELCOME), 0);
}

static void hello_gets_welcome_and_the_catalogue(void **state)
{
    struct town *t = *state;
    struct msg *m = town_msg(t, MSG_HELLO);

    m->hello = (struct msg_hello){ .version_least = 1, .version_most = 9, .mode = MODE_EXERCISE };
    (void)snprintf(m->hello.software, sizeof(m->hello.software), "town/1");
    town_say(t, TOWN_SCHOOL, m);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_WELCOME), 1);
    assert_string_equal(t->msg.welcome.origin, "town.example/almoner");
    assert_int_equal(t->msg.welcome.civil_day, TOWN_DAY);
    assert_int_equal(strlen(t->msg.welcome.policy), 64);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_CATALOGUE), 1);
    assert_int_equal(t->msg.catalogue.pages, 1);
    assert_int_equal(t->msg.catalogue.n_questions, bundle_n_questions(t->core->bundle));
    assert_int_equal(t->msg.catalogue.n_purposes, 3);
}

#define TOWN_TEST(f) cmocka_unit_test_setup_teardown(f, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOWN_TEST(bad_signature_is_refused_and_recorded),
        TOWN_TEST(message_signed_with_another_agencys_key_is_refused),
        TOWN_TEST(message_that_names_another_sender_is_refused),
        TOWN_TEST(unsigned_message_is_refused),
        TOWN_TEST(stale_query_is_refused_from_either_side_of_now),
        TOWN_TEST(message_that_only_the_broker_sends_is_refused),
        TOWN_TEST(garbage_is_refused_and_recorded),
        TOWN_TEST(gate_that_speaks_for_another_organisation_is_closed),
        TOWN_TEST(hello_of_another_mode_is_refused),
        TOWN_TEST(hello_gets_welcome_and_the_catalogue),
    };

    return cmocka_run_group_tests_name("core_door", tests, NULL, NULL);
}
