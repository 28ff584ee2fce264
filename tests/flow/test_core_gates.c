/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_gates.c - what a gate may say and bring about: of its own agencies alone, and no good gate or agency pays for
 * a list that was late, for a policy that moved somebody, or for a disk that was full. */
#include "core_town.h"

#include "core/deliver_queue.h"
#include "core_town_policy.h"
#include "engine/layout.h"
#include "pair/children.h"
#include "store/fault.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define SCHOOLS 1 /* its gate; 0 is everybody else's */

static const int alice[] = { 0, -1 };
static struct lay_agency moved[TOWN_N];
static int fail_commit; /* with this error, once */

static uint16_t slot_of(struct town *t, enum town_agency who)
{
    return agencies_find(&t->core->agencies, town_names[who]);
}

static void gate_says(struct town *t, unsigned gate, uint8_t type, enum town_agency who, uint64_t ref)
{
    struct pair_msg m = { .type = type, .ref = ref };

    if (type == PAIR_UNREACHABLE)
        text_cut(m.agency, sizeof(m.agency), town_names[who]);
    assert_int_equal(pair_put(t->gates[gate], &m), 0);
}

static void ask_truancy(struct town *t)
{
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "truancy", TOWN_TESS));
    town_turn(t);
}

static void assert_not_cut(struct town *t)
{
    uint8_t said[8];

    assert_int_equal(recv(t->supervisor, said, sizeof(said), MSG_DONTWAIT), -1);
    assert_int_equal(town_leaves(t, EVENT_REJECTED, NULL), 0);
}

static void assert_cut(struct town *t)
{
    uint8_t said[8];

    assert_int_equal(recv(t->supervisor, said, sizeof(said), MSG_DONTWAIT), 3);
    assert_int_equal(said[0], CHILD_CLOSE_GATE);
}

/* --- whom a gate may speak of --- */

static void promise_7_a_gate_cannot_say_that_anothers_agency_is_away(void **state)
{
    struct town *t = *state;

    gate_says(t, SCHOOLS, PAIR_UNREACHABLE, TOWN_POLICE, DELIVER_REF | slot_of(t, TOWN_POLICE));
    assert_int_equal(pair_flush(t->gates[SCHOOLS]), 0);
    town_turn(t);
    ask_truancy(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 1);
}

static void promise_7_a_gate_cannot_give_back_anothers_question(void **state)
{
    struct town *t = *state;

    ask_truancy(t);
    gate_says(t, SCHOOLS, PAIR_UNREACHABLE, TOWN_POLICE, town_frame_of(t, TOWN_POLICE, MSG_QUESTION)->ref);
    assert_int_equal(pair_flush(t->gates[SCHOOLS]), 0);
    town_turn(t);
    town_answer(t, TOWN_SCHOOL, ANSWER_NO);
    town_answer(t, TOWN_POLICE, ANSWER_YES);
    town_mono += 3000;
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_YES);
}

static void an_agency_that_its_own_gate_has_not_is_asked_no_more(void **state)
{
    struct town *t = *state;

    gate_says(t, 0, PAIR_UNREACHABLE, TOWN_POLICE, DELIVER_REF | slot_of(t, TOWN_POLICE));
    assert_int_equal(pair_flush(t->gates[0]), 0);
    town_turn(t);
    ask_truancy(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 0);
}

/* --- the list of whom it may admit --- */

/* Frames that the gate does not take, until there is no room for a list either. */
static void fill_queue(struct town *t, unsigned gate)
{
    static const uint8_t octets[60000];
    struct pair_msg m = { .type = PAIR_OUT, .frame = bytes_of(octets, sizeof(octets)) };
    int r = 0;

    text_cut(m.agency, sizeof(m.agency), "school");
    while (!r || m.frame.len > 1) {
        if (r)
            m.frame.len = m.frame.len / 2;
        r = pair_put(t->core->gates[gate].pair, &m);
        if (r)
            assert_int_equal(r, -ENOBUFS);
        else
            assert_true(pair_flush(t->core->gates[gate].pair) >= 0);
    }
}

/* What a slow gate reads at last. Return: peers of the newest list. */
static size_t read_all(struct town *t, unsigned gate)
{
    const struct pair_msg *m = NULL;
    size_t listed = SIZE_MAX;

    for (int turn = 0; turn < 200; turn++) {
        int n = pair_recv(t->gates[gate], &m);

        assert_true(n >= 0);
        for (int i = 0; i < n; i++) {
            if (m[i].type == PAIR_ALLOW)
                listed = m[i].n_peers;
        }
        assert_int_equal(core_turn(t->core, 0), CORE_GOES_ON);
    }
    return listed;
}

static void promise_6_a_key_that_was_revoked_while_its_gate_took_nothing_leaves_the_list_all_the_same(void **state)
{
    struct town *t = *state;
    const struct agency *a = &t->core->agencies.slots[slot_of(t, TOWN_NURSERY)];
    uint16_t before = t->allowed[SCHOOLS];
    char text[64];

    fill_queue(t, SCHOOLS);
    assert_true(base64_encode(a->reg.curve[0], 32, text, sizeof(text)) > 0);
    assert_string_equal(
        town_change(t, "agency-revoke-key",
                    json_pack("{s:s,s:s}", "agency", "school-nursery", "key", text), alice),
        "ok");
    assert_int_equal(read_all(t, SCHOOLS), before - 1);
}

/* --- whom a policy moved --- */

static void nursery_of_its_own(struct layout *l)
{
    memcpy(moved, l->agencies, sizeof(moved));
    moved[TOWN_NURSERY].organisation = TOWN_NURSERY;
    l->agencies = moved;
}

static void move_nursery(struct town *t)
{
    town_policy_more = nursery_of_its_own;
    town_activate(t);
    town_turn(t);
    assert_int_equal(t->allowed[SCHOOLS], 1);
}

static void nursery_says(struct town *t)
{
    struct msg *m = town_lease(t);

    text_cut(m->sender, sizeof(m->sender), town_names[TOWN_NURSERY]);
    m->sent_ms = town_wall;
    assert_int_equal(id_new(town_wall, &m->id), 0);
    town_say_frame(t, SCHOOLS, TOWN_NURSERY, town_sign(t, m, &t->keys[TOWN_NURSERY]));
    town_turn(t);
}

static void a_gate_is_not_cut_for_what_it_brought_of_an_agency_before_it_heard_that_it_moved(void **state)
{
    struct town *t = *state;

    move_nursery(t);
    town_forget(t);
    nursery_says(t);
    assert_not_cut(t);
    assert_int_equal(t->n_heard, 0); /* nor is it believed */
}

static void a_gate_that_goes_on_speaking_for_an_agency_that_moved_is_cut(void **state)
{
    struct town *t = *state;

    move_nursery(t);
    nursery_says(t);
    assert_not_cut(t);
    town_mono += 61000;
    nursery_says(t);
    assert_cut(t);
}

static void a_gate_that_never_had_an_agency_is_cut_at_once_for_speaking_for_it(void **state)
{
    struct town *t = *state;

    move_nursery(t);
    town_say_frame(t, SCHOOLS, TOWN_POLICE, bytes_of("\xff", 1));
    town_turn(t);
    assert_cut(t);
}

/* --- what is recorded of a gate that is cut --- */

static int on_step(void *ctx, enum store_step step)
{
    int r = fail_commit;

    (void)ctx;
    if (step != STORE_STEP_COMMIT)
        return 0;
    fail_commit = 0;
    return r;
}

static void a_gate_that_is_cut_in_a_batch_that_cannot_be_committed_has_its_leaf_in_the_next(void **state)
{
    struct town *t = *state;

    store_fault_hook(t->core->store, on_step, NULL);
    fail_commit = ENOSPC;
    town_say_frame(t, SCHOOLS, TOWN_COUNCIL, bytes_of("\xff", 1));
    town_say(t, TOWN_CHARITY, town_lease(t));
    town_turn(t);
    assert_cut(t);
    assert_int_equal(fail_commit, 0);
    assert_int_equal(town_leaves(t, EVENT_REJECTED, NULL), 1);
}

/* --- a gate that never stops saying that it is ready --- */

static void a_gate_that_says_ready_without_end_is_sent_one_list_a_turn(void **state)
{
    struct town *t = *state;
    const struct pair_msg *m = NULL;
    size_t lists = 0;
    int n;

    for (int i = 0; i < 100; i++)
        gate_says(t, SCHOOLS, PAIR_READY, TOWN_SCHOOL, 0);
    assert_int_equal(pair_flush(t->gates[SCHOOLS]), 0);
    assert_int_equal(core_turn(t->core, 0), CORE_GOES_ON);
    while ((n = pair_recv(t->gates[SCHOOLS], &m)) > 0) {
        for (int i = 0; i < n; i++)
            lists += m[i].type == PAIR_ALLOW;
    }
    assert_int_equal(lists, 1);
}

#define TOWN_TEST(name) cmocka_unit_test_setup_teardown(name, town_setup, town_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TOWN_TEST(promise_7_a_gate_cannot_say_that_anothers_agency_is_away),
        TOWN_TEST(promise_7_a_gate_cannot_give_back_anothers_question),
        TOWN_TEST(an_agency_that_its_own_gate_has_not_is_asked_no_more),
        TOWN_TEST(promise_6_a_key_that_was_revoked_while_its_gate_took_nothing_leaves_the_list_all_the_same),
        TOWN_TEST(a_gate_is_not_cut_for_what_it_brought_of_an_agency_before_it_heard_that_it_moved),
        TOWN_TEST(a_gate_that_goes_on_speaking_for_an_agency_that_moved_is_cut),
        TOWN_TEST(a_gate_that_never_had_an_agency_is_cut_at_once_for_speaking_for_it),
        TOWN_TEST(a_gate_that_is_cut_in_a_batch_that_cannot_be_committed_has_its_leaf_in_the_next),
        TOWN_TEST(a_gate_that_says_ready_without_end_is_sent_one_list_a_turn),
    };

    return cmocka_run_group_tests_name("core_gates", tests, NULL, NULL);
}
