/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_due.c - the decision clock around one core: what is due, when it is late, who is told
 * of it, who sees it listed. A firing of "worry" is due within a day, one of "worry-grave" within
 * the hour: in an exercise that is the end of the civil day. */
#include "core_worry.h"

#include "core/due.h"
#include "core/stages.h"

static struct msg_due_list list;

/* Return: how many there are on the first page. */
static size_t listed(struct town *t, enum town_agency who, bool overdue_only)
{
    struct msg *m = town_msg(t, MSG_DUE_QUERY);

    worry_asker(m);
    m->due_query.overdue_only = overdue_only;
    town_forget(t);
    town_say(t, who, m);
    town_turn(t);
    assert_int_equal(town_heard(t, who, MSG_DUE_LIST), 1);
    list = t->msg.due_list;
    return list.n;
}

static struct id fire(struct town *t)
{
    struct msg m;

    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_true(worry_delivery(t, TOWN_COUNCIL, DELIVERY_FIRING, 0, &m));
    return m.deliver.firing.episode;
}

static void a_firing_is_due_and_names_a_role(void **state)
{
    struct town *t = *state;
    struct id episode = fire(t);

    assert_int_equal(listed(t, TOWN_COUNCIL, false), 1);
    assert_true(id_equal(&list.entries[0].about, &episode));
    assert_int_equal(list.entries[0].kind, DUE_FIRING);
    assert_string_equal(list.entries[0].role, "social-worker");
    assert_false(list.entries[0].overdue);
    assert_true(list.entries[0].due_ms == (TOWN_DAY + INT64_C(2)) * 86400000 - 1);
    assert_int_equal(list.pages, 1);
    assert_int_equal(listed(t, TOWN_COUNCIL, true), 0);
    assert_int_equal(town_leaves(t, EVENT_OVERDUE, NULL), 0);
}

static void everybody_sees_their_own_alone(void **state)
{
    struct town *t = *state;

    (void)fire(t);
    for (int a = 0; a < TOWN_N; a++)
        if (a != TOWN_COUNCIL)
            assert_int_equal(listed(t, (enum town_agency)a, false), 0);
}

static void what_is_late_is_told_once_and_stays_listed(void **state)
{
    struct town *t = *state;
    struct id episode = fire(t);
    struct ledger_clear l;
    struct msg_notice n;

    worry_day(t, TOWN_DAY + 1); /* within its day */
    assert_int_equal(worry_notices(t, TOWN_COUNCIL, NOTICE_OVERDUE, NULL), 0);
    worry_day(t, TOWN_DAY + 2);
    assert_int_equal(worry_notices(t, TOWN_COUNCIL, NOTICE_OVERDUE, &n), 1);
    assert_true(id_equal(&n.about, &episode));
    assert_int_equal(town_leaves(t, EVENT_OVERDUE, &l), 1);
    assert_string_equal(l.agency, "council");
    assert_string_equal(l.detail, "firing, role social-worker");
    assert_int_equal(listed(t, TOWN_COUNCIL, true), 1);
    assert_true(list.entries[0].overdue);
    worry_day(t, TOWN_DAY + 3);
    assert_int_equal(worry_notices(t, TOWN_COUNCIL, NOTICE_OVERDUE, NULL), 0);
    town_reopen(t);
    worry_day(t, TOWN_DAY + 4);
    assert_int_equal(town_leaves(t, EVENT_OVERDUE, NULL), 1);
    assert_int_equal(listed(t, TOWN_COUNCIL, true), 1);
}

static void what_was_decided_in_time_is_never_late(void **state)
{
    struct town *t = *state;
    struct id episode = fire(t);

    assert_string_equal(worry_step(t, TOWN_COUNCIL, &episode, FIRING_ACTED), "");
    assert_int_equal(listed(t, TOWN_COUNCIL, false), 0);
    worry_day(t, TOWN_DAY + 30);
    assert_int_equal(worry_notices(t, TOWN_COUNCIL, NOTICE_OVERDUE, NULL), 0);
    assert_int_equal(town_leaves(t, EVENT_OVERDUE, NULL), 0);
}

static void what_was_decided_late_is_listed_no_more(void **state)
{
    struct town *t = *state;
    struct id episode = fire(t);

    worry_day(t, TOWN_DAY + 10);
    assert_int_equal(listed(t, TOWN_COUNCIL, true), 1);
    assert_string_equal(worry_step(t, TOWN_COUNCIL, &episode, FIRING_CLOSED), "");
    assert_int_equal(listed(t, TOWN_COUNCIL, false), 0);
}

static void what_is_over_is_not_due_any_more(void **state)
{
    struct town *t = *state;

    (void)fire(t);
    worry_day(t, TOWN_DAY + WORRY_CLOSED);
    assert_int_equal(listed(t, TOWN_COUNCIL, true), 1);
    worry_day(t, TOWN_DAY + WORRY_CLOSED + 1);
    assert_int_equal(listed(t, TOWN_COUNCIL, false), 0);
}

static void the_other_hub_that_got_it_hears_that_it_is_late(void **state)
{
    struct town *t = *state;
    struct msg_notice n;

    (void)fire(t);
    worry_day(t, TOWN_DAY + 2);
    assert_int_equal(worry_notices(t, TOWN_COUNCIL, NOTICE_OVERDUE, &n),
                     2); /* its own, and the other's */
    assert_int_equal(worry_notices(t, TOWN_CHARITY, NOTICE_OVERDUE, NULL), 2);
    assert_int_equal(worry_notices(t, TOWN_COURT, NOTICE_OVERDUE, NULL),
                     0); /* a hub that did not */
    assert_int_equal(worry_notices(t, TOWN_SCHOOL, NOTICE_OVERDUE, NULL), 0);
}

static void two_hubs(struct layout *l)
{
    worry_policy(l);
    l->agencies[TOWN_CHARITY].hub = true;
}

static int two_hubs_setup(void **state)
{
    town_policy_more = two_hubs;
    return town_setup(state);
}

/* --- the store of what is due, by the core's own calls --- */

static struct due item(uint8_t number, const char *agency, int64_t due_ms)
{
    struct due d = { .kind = DUE_REFERRAL, .due_ms = due_ms };

    d.about.octets[0] = number;
    d.about.octets[6] = 0x70; /* as a UUIDv7 */
    d.about.octets[8] = 0x80;
    (void)snprintf(d.agency, sizeof(d.agency), "%s", agency);
    (void)snprintf(d.role, sizeof(d.role), "manager");
    (void)snprintf(d.text, sizeof(d.text), "item %u", number);
    return d;
}

static void put(struct town *t, const struct due *d)
{
    due_put(t->core, d);
    assert_int_equal(batch_finish(t->core), 0);
}

static void items_are_listed_earliest_first_and_by_pages(void **state)
{
    struct town *t = *state;
    struct msg *m;

    for (uint8_t i = 0; i < 40; i++) {
        struct due d = item(i, "school", due_end_of(t->core, TOWN_DAY + 100 - i));

        put(t, &d);
    }
    assert_int_equal(listed(t, TOWN_SCHOOL, false), LIST_MAX);
    assert_int_equal(list.pages, 2);
    assert_string_equal(list.entries[0].text, "item 39");
    assert_string_equal(list.entries[31].text, "item 8");
    m = town_msg(t, MSG_DUE_QUERY);
    worry_asker(m);
    m->due_query.page = 1;
    town_forget(t);
    town_say(t, TOWN_SCHOOL, m);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_DUE_LIST), 1);
    assert_int_equal(t->msg.due_list.n, 8);
    assert_string_equal(t->msg.due_list.entries[7].text, "item 0");
}

static void an_item_put_again_moves_and_is_not_late_any_more(void **state)
{
    struct town *t = *state;
    struct due d = item(1, "school", due_end_of(t->core, TOWN_DAY - 1));

    put(t, &d);
    town_turn(t);
    assert_int_equal(worry_notices(t, TOWN_SCHOOL, NOTICE_OVERDUE, NULL), 1);
    d.due_ms = due_end_of(t->core, TOWN_DAY + 5);
    put(t, &d);
    assert_int_equal(listed(t, TOWN_SCHOOL, true), 0);
    assert_int_equal(listed(t, TOWN_SCHOOL, false), 1);
    worry_day(t, TOWN_DAY + 6);
    assert_int_equal(worry_notices(t, TOWN_SCHOOL, NOTICE_OVERDUE, NULL), 1);
}

static void a_late_referral_is_told_to_the_hubs_too(void **state)
{
    struct town *t = *state;
    struct due d = item(1, "school", due_end_of(t->core, TOWN_DAY - 1));
    struct msg_notice n;

    put(t, &d);
    town_turn(t);
    assert_int_equal(worry_notices(t, TOWN_COUNCIL, NOTICE_OVERDUE, &n), 1);
    assert_string_equal(n.agency, "school");
    assert_int_equal(worry_notices(t, TOWN_COURT, NOTICE_OVERDUE, NULL), 1);
    assert_int_equal(worry_notices(t, TOWN_POLICE, NOTICE_OVERDUE, NULL), 0);
}

static void a_sensitive_service_that_is_late_is_named_to_no_hub(void **state)
{
    struct town *t = *state;
    struct due d = item(1, "clinic", due_end_of(t->core, TOWN_DAY - 1));
    struct msg_notice n;

    put(t, &d);
    town_turn(t);
    assert_int_equal(worry_notices(t, TOWN_CLINIC, NOTICE_OVERDUE, NULL), 1);
    assert_int_equal(worry_notices(t, TOWN_COUNCIL, NOTICE_OVERDUE, &n), 1);
    assert_true(id_equal(&n.about, &d.about));
    assert_string_equal(n.agency, "");
    assert_string_equal(n.contact_route, "");
}

static void done_by_one_agency_leaves_the_others(void **state)
{
    struct town *t = *state;
    struct due one = item(1, "school", due_end_of(t->core, TOWN_DAY + 1));
    struct due other = item(1, "police", due_end_of(t->core, TOWN_DAY + 1));

    put(t, &one);
    put(t, &other);
    due_done(t->core, DUE_REFERRAL, &one.about, "school");
    due_done(t->core, DUE_REFERRAL, &one.about, "charity"); /* has none */
    due_done(t->core, DUE_FEEDBACK, &one.about, "police");  /* nor this */
    assert_int_equal(batch_finish(t->core), 0);
    assert_int_equal(listed(t, TOWN_SCHOOL, false), 0);
    assert_int_equal(listed(t, TOWN_POLICE, false), 1);
}

static void more_than_a_batch_tells_of_are_told_by_the_next(void **state)
{
    struct town *t = *state;

    for (uint8_t i = 0; i < 100; i++) {
        struct due d = item(i, "school", due_end_of(t->core, TOWN_DAY - 1));

        due_put(t->core, &d);
    }
    assert_int_equal(batch_finish(t->core), 0);
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_OVERDUE, NULL), 100);
}

static void what_is_not_late_is_not_read(void **state)
{
    struct town *t = *state;

    for (uint8_t i = 0; i < 60; i++) {
        struct due d = item(i, "school", due_end_of(t->core, TOWN_DAY + 1 + i));

        put(t, &d);
    }
    town_turn(t);
    due_sweep(t->core);
    assert_null(t->core->batch.txn); /* the earliest instant is held in memory */
    worry_day(t, TOWN_DAY + 2);
    assert_int_equal(town_leaves(t, EVENT_OVERDUE, NULL), 1);
}

static void control_counts_what_is_open_and_what_is_late(void **state)
{
    struct town *t = *state;
    struct due one = item(1, "school", due_end_of(t->core, TOWN_DAY - 1));
    struct due other = item(2, "police", due_end_of(t->core, TOWN_DAY + 1));
    json_t *status;

    put(t, &one);
    put(t, &other);
    town_turn(t);
    status = due_status(t->core);
    assert_int_equal(json_integer_value(json_object_get(status, "open")), 2);
    assert_int_equal(json_integer_value(json_object_get(status, "overdue")), 1);
    json_decref(status);
}

/* --- the clock --- */

static void in_life_an_item_is_late_the_moment_after_it_is_due(void **state)
{
    struct town *t = *state;
    int64_t end;

    t->core->set.wire.mode = MODE_LIVE;
    t->core->wall_ms = town_wall;
    assert_true(due_in_hours(t->core, 24) == town_wall + 86400000);
    assert_true(due_now(t->core) == town_wall);
    end = due_end_of(t->core, TOWN_DAY);
    assert_int_equal(civil_today(end), TOWN_DAY);
    assert_int_equal(civil_today(end + 1), TOWN_DAY + 1);
    t->core->set.wire.mode = MODE_EXERCISE;
}

static void the_days_on_which_clocks_change_end_where_they_end(void **state)
{
    struct town *t = *state;

    t->core->set.wire.mode = MODE_LIVE;
    for (int32_t day = TOWN_DAY; day < TOWN_DAY + 400; day++) {
        int64_t end = due_end_of(t->core, day);

        assert_int_equal(civil_today(end), day);
        assert_int_equal(civil_today(end + 1), day + 1);
    }
    t->core->set.wire.mode = MODE_EXERCISE;
}

#define IN_TOWN(name) cmocka_unit_test_setup_teardown(name, worry_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(a_firing_is_due_and_names_a_role),
        IN_TOWN(everybody_sees_their_own_alone),
        IN_TOWN(what_is_late_is_told_once_and_stays_listed),
        IN_TOWN(what_was_decided_in_time_is_never_late),
        IN_TOWN(what_was_decided_late_is_listed_no_more),
        IN_TOWN(what_is_over_is_not_due_any_more),
        cmocka_unit_test_setup_teardown(the_other_hub_that_got_it_hears_that_it_is_late,
                                        two_hubs_setup, town_teardown),
        IN_TOWN(items_are_listed_earliest_first_and_by_pages),
        IN_TOWN(an_item_put_again_moves_and_is_not_late_any_more),
        IN_TOWN(a_late_referral_is_told_to_the_hubs_too),
        IN_TOWN(a_sensitive_service_that_is_late_is_named_to_no_hub),
        IN_TOWN(done_by_one_agency_leaves_the_others),
        IN_TOWN(more_than_a_batch_tells_of_are_told_by_the_next),
        IN_TOWN(what_is_not_late_is_not_read),
        IN_TOWN(control_counts_what_is_open_and_what_is_late),
        IN_TOWN(in_life_an_item_is_late_the_moment_after_it_is_due),
        IN_TOWN(the_days_on_which_clocks_change_end_where_they_end),
    };

    assert_int_equal(civil_set_zone("Europe/London"), 0);
    return cmocka_run_group_tests_name("core_due", tests, NULL, NULL);
}
