/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_firing_hubs.c - one firing that goes to several hubs in one pass over the queues: what it
 * rests on is weighed once for those to whom it looks alike, and to nobody else's harm. */
#include "core_worry.h"

static void three_hubs(struct layout *l)
{
    worry_policy(l);
    l->agencies[TOWN_CHARITY].hub = true;
    l->agencies[TOWN_CLINIC].hub = true;
}

static int hubs_setup(void **state)
{
    town_policy_more = three_hubs;
    return town_setup(state);
}

/* What was not acknowledged goes again, to all of them in one pass and in this order. */
static void again(struct town *t, const enum town_agency *order)
{
    town_forget(t);
    for (int i = 0; i < 3; i++)
        town_hello(t, order[i]);
    town_turn(t);
    town_turn(t);
}

/* Every order of the three: whoever comes first is weighed for, the others may take what it left. */
static const enum town_agency orders[][3] = {
    { TOWN_COUNCIL, TOWN_CLINIC, TOWN_CHARITY }, { TOWN_COUNCIL, TOWN_CHARITY, TOWN_CLINIC },
    { TOWN_CLINIC, TOWN_COUNCIL, TOWN_CHARITY }, { TOWN_CLINIC, TOWN_CHARITY, TOWN_COUNCIL },
    { TOWN_CHARITY, TOWN_COUNCIL, TOWN_CLINIC }, { TOWN_CHARITY, TOWN_CLINIC, TOWN_COUNCIL },
};

static void subscribe_all(struct town *t)
{
    for (int i = 0; i < 3; i++)
        worry_subscribe(t, orders[0][i], "");
}

static const char *told(struct town *t, enum town_agency hub)
{
    return worry_firings(t, hub) == 1 ? worry_named() : "nothing";
}

static void each_hub_is_told_without_its_own_concerns_in_whatever_order(void **state)
{
    struct town *t = *state;

    subscribe_all(t);
    assert_string_equal(worry_lodge(t, TOWN_CHARITY, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    for (size_t i = 0; i < ALM_LEN(orders); i++) {
        again(t, orders[i]);
        assert_string_equal(told(t, TOWN_COUNCIL), "charity,police,school");
        assert_string_equal(told(t, TOWN_CLINIC), "charity,police,school");
        assert_string_equal(told(t, TOWN_CHARITY), "police,school");
    }
    assert_int_equal(town_leaves(t, EVENT_NOT_DELIVERED, NULL), 0);
}

/* For the charity's own part too few are left, and for the others not. */
static void what_stands_for_one_hub_may_not_for_another(void **state)
{
    for (size_t i = 0; i < ALM_LEN(orders); i++) {
        struct town *t = *state;
        struct ledger_clear l;
        struct id schools;

        subscribe_all(t);
        assert_string_equal(worry_lodge(t, TOWN_CHARITY, "neglect", TOWN_TESS), "");
        assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
        schools = worry_last;
        assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
        assert_string_equal(worry_change(t, TOWN_SCHOOL, &schools, true, 0), "");
        again(t, orders[i]);
        assert_string_equal(told(t, TOWN_COUNCIL), "charity,police");
        assert_string_equal(told(t, TOWN_CLINIC), "charity,police");
        assert_string_equal(told(t, TOWN_CHARITY), "nothing");
        assert_int_equal(town_leaves(t, EVENT_NOT_DELIVERED, &l), 1);
        assert_string_equal(l.reason, "no-longer-met");
        assert_int_equal(town_teardown(state), 0);
        assert_int_equal(hubs_setup(state), 0);
    }
}

static void a_shield_keeps_it_from_all_but_its_owner_in_whatever_order(void **state)
{
    for (size_t i = 0; i < ALM_LEN(orders); i++) {
        struct town *t = *state;
        struct ledger_clear l;

        subscribe_all(t);
        assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
        assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
        again(t, orders[i]);
        assert_string_equal(told(t, TOWN_CLINIC), "police,school"); /* so it was weighed, once */
        assert_string_equal(worry_say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 2)), "");
        again(t, orders[i]);
        assert_string_equal(told(t, TOWN_COUNCIL), "police,school");
        assert_string_equal(told(t, TOWN_CLINIC), "nothing");
        assert_string_equal(told(t, TOWN_CHARITY), "nothing");
        assert_int_equal(town_leaves(t, EVENT_NOT_DELIVERED, &l), 2);
        assert_string_equal(l.reason, "shielded");
        assert_int_equal(town_teardown(state), 0);
        assert_int_equal(hubs_setup(state), 0);
    }
}

static void what_is_taken_back_in_the_same_batch_counts_no_more(void **state)
{
    struct town *t = *state;
    struct msg *m;
    struct id schools;

    subscribe_all(t);
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    schools = worry_last;
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    again(t, orders[0]);
    assert_string_equal(told(t, TOWN_CLINIC), "police,school");
    town_forget(t);
    m = town_msg(t, MSG_CONCERN_CHANGE);
    worry_asker(m);
    m->concern_change.concern = schools;
    m->concern_change.withdraw = true;
    m->concern_change.expires_on = CIVIL_NONE;
    assert_int_equal(id_new(town_wall, &m->id), 0);
    town_say(t, TOWN_SCHOOL, m);
    for (int i = 0; i < 3; i++)
        town_hello(t, orders[0][i]);
    town_turn(t);
    town_turn(t);
    for (int i = 0; i < 3; i++)
        assert_string_equal(told(t, orders[0][i]), "nothing");
    assert_int_equal(town_leaves(t, EVENT_NOT_DELIVERED, NULL), 3);
}

static void an_agency_that_was_suspended_since_is_named_to_no_hub(void **state)
{
    const int two[] = { 0, 1, -1 };
    struct town *t = *state;

    subscribe_all(t);
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    again(t, orders[0]);
    assert_string_equal(told(t, TOWN_CLINIC), "police,school");
    town_forget(t);
    assert_string_equal(town_change(t, "agency-suspend", 
                                    json_pack("{s:s,s:s}", "agency", "school", "reason", "under review"), two),
                        "ok");
    town_turn(t);
    again(t, orders[0]);
    for (int i = 0; i < 3; i++)
        assert_string_equal(told(t, orders[0][i]), "nothing");
}

/* --- two dozen --- */

#define WARDS 24

static int wards_setup(void **state)
{
    town_wards = WARDS;
    town_policy_more = worry_policy;
    return town_setup(state);
}

/* Each of these crosses for every hub that it has not reached, for it is enough alone. */
static void lodges_a_grave_one(struct town *t, enum town_agency who)
{
    struct msg *m = worry_concern(t, "grave", TOWN_TESS);

    m->concern.severity = SEVERITY_HIGH;
    assert_string_equal(worry_say(t, who, m), "");
}

/* All of them follow the stream, and it fires. Return: the episode. */
static struct id fires_to_the_wards(struct town *t)
{
    for (int w = TOWN_WARD; w < town_all(); w++)
        worry_subscribe(t, (enum town_agency)w, "");
    lodges_a_grave_one(t, TOWN_SCHOOL);
    assert_int_equal(worry_firings(t, TOWN_WARD), 1);
    return worry_firing.deliver.firing.episode;
}

/* Each ward heard so many firings since the town forgot: of this episode, and who worries. */
static void each_ward_heard(struct town *t, size_t n, const struct id *episode, const char *named)
{
    for (int w = TOWN_WARD; w < town_all(); w++) {
        size_t heard = worry_firings(t, (enum town_agency)w);

        if (heard != n)
            fail_msg("%s heard of it %zu times, not %zu", town_names[w], heard, n);
        if (n == 0)
            continue;
        assert_true(id_equal(&worry_firing.deliver.firing.episode, episode));
        assert_string_equal(worry_named(), named);
    }
}

static void each_ward_acknowledges(struct town *t)
{
    for (int w = TOWN_WARD; w < town_all(); w++) {
        struct msg *m;

        assert_int_equal(worry_firings(t, (enum town_agency)w), 1);
        m = town_msg(t, MSG_ACK);
        (void)snprintf(m->ack.stream, sizeof(m->ack.stream), "%s", worry_firing.deliver.stream);
        m->ack.seq = worry_firing.deliver.seq;
        town_say(t, (enum town_agency)w, m);
    }
    town_turn(t);
}

/* Another core on the same store, and everybody connects to it. */
static void after_a_restart(struct town *t)
{
    town_reopen(t);
    t->core->heads.signed_ms = town_mono;
    town_forget(t);
    for (int a = 0; a < town_all(); a++)
        town_hello(t, (enum town_agency)a);
    for (int i = 0; i < 4; i++)
        town_turn(t);
}

static void each_of_two_dozen_hubs_hears_of_a_firing_once(void **state)
{
    struct town *t = *state;
    struct id episode = fires_to_the_wards(t);

    each_ward_heard(t, 1, &episode, "school");
    assert_false(worry_firing.deliver.again);
    lodges_a_grave_one(t, TOWN_POLICE);
    each_ward_heard(t, 0, &episode, "");
    after_a_restart(t); /* nobody had acknowledged it: the same once more, and said to be */
    each_ward_heard(t, 1, &episode, "police,school");
    assert_true(worry_firing.deliver.again);
    each_ward_acknowledges(t);
    after_a_restart(t);
    each_ward_heard(t, 0, &episode, "");
    lodges_a_grave_one(t, TOWN_CHARITY);
    each_ward_heard(t, 0, &episode, "");
    assert_int_equal(town_leaves(t, EVENT_FIRED, NULL), 1);
    assert_int_equal(town_leaves(t, EVENT_NOT_DELIVERED, NULL), 0);
}

/* "Whichever hub took it": the last that it went to answers as well as the first. */
static void the_last_of_two_dozen_hubs_answers_for_what_came_of_it(void **state)
{
    const enum town_agency last = (enum town_agency)(town_all() - 1);
    struct town *t = *state;
    struct id episode = fires_to_the_wards(t);
    struct ledger_clear leaf;
    struct msg_notice n;

    assert_string_equal(worry_step(t, TOWN_COURT, &episode, FIRING_ACTED), "unknown-firing");
    assert_string_equal(worry_step(t, last, &episode, FIRING_ACTED), "");
    assert_int_equal(worry_notices(t, TOWN_SCHOOL, NOTICE_JOINED_OTHERS, &n), 1);
    assert_string_equal(n.agency, town_names[last]);
    after_a_restart(t);
    assert_string_equal(worry_step(t, last, &episode, FIRING_CLOSED), "");
    assert_int_equal(town_leaves(t, EVENT_FIRING_UPDATED, &leaf), 2);
    assert_string_equal(leaf.agency, town_names[last]);
    assert_string_equal(worry_step(t, TOWN_WARD, &episode, FIRING_ACTED), "firing-closed");
}

#define WITH_HUBS(name) cmocka_unit_test_setup_teardown(name, hubs_setup, town_teardown)
#define WITH_WARDS(name) cmocka_unit_test_setup_teardown(name, wards_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HUBS(each_hub_is_told_without_its_own_concerns_in_whatever_order),
        WITH_HUBS(what_stands_for_one_hub_may_not_for_another),
        WITH_HUBS(a_shield_keeps_it_from_all_but_its_owner_in_whatever_order),
        WITH_HUBS(what_is_taken_back_in_the_same_batch_counts_no_more),
        WITH_HUBS(an_agency_that_was_suspended_since_is_named_to_no_hub),
        WITH_WARDS(each_of_two_dozen_hubs_hears_of_a_firing_once),
        WITH_WARDS(the_last_of_two_dozen_hubs_answers_for_what_came_of_it),
    };

    return cmocka_run_group_tests_name("core_firing_hubs", tests, NULL, NULL);
}
