/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_deliver.c - deliveries around one core: two hubs, one of them slow; replay;
 * acknowledgements in any order; what a restart, a failed batch and a suspension do. */
#include "deliver_town.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/fault.h"

/* --- the inbox --- */

static void what_is_put_leaves_after_its_commit_in_order_and_with_a_leaf(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;

    put_notice(t, TOWN_SCHOOL, 3);
    put_done(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "1 2 3");
    assert_int_equal(t->msg.deliver.kind, DELIVERY_NOTICE);
    assert_string_equal(t->msg.deliver.notice.text, "note 2");
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_DELIVER), 0);
    assert_int_equal(town_leaves(t, EVENT_DELIVERED, &leaf), 1);
    assert_string_equal(leaf.agency, "school");
    assert_string_equal(leaf.detail, "stream inbox, 3 up to 3");
}

static void
a_batch_that_fails_delivers_nothing_and_the_next_starts_with_the_same_number(void **state)
{
    struct town *t = *state;

    put_notice(t, TOWN_SCHOOL, 2);
    deliver_due(t->core);
    batch_fail(t->core, -ENOSPC, "test");
    assert_int_equal(batch_finish(t->core), 0);
    town_turn(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "");
    assert_int_equal(town_leaves(t, EVENT_DELIVERED, NULL), 0);
    town_mono += 2000;
    put_notice(t, TOWN_SCHOOL, 1);
    put_done(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "1");
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.waiting, 1);
}

static void a_sending_whose_commit_fails_is_made_again(void **state)
{
    struct town *t = *state;

    falls_silent(t, TOWN_SCHOOL);
    put_notice(t, TOWN_SCHOOL, 2);
    put_done(t);
    town_say(t, TOWN_SCHOOL, town_lease(t));
    t->core->batch.error = 0;
    adapters_heard(t->core, slot_of(t, TOWN_SCHOOL));
    deliver_due(t->core);
    batch_fail(t->core, -ENOSPC, "test");
    assert_int_equal(batch_finish(t->core), 0);
    town_turn(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "");
    town_mono += 2000;
    town_turn(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "1 2"); /* never left, so not "again" */
}

static void nothing_is_sent_beyond_the_credit_and_an_acknowledgement_frees_it(void **state)
{
    struct town *t = *state;

    subscribed(t, TOWN_SCHOOL, INBOX, 2);
    put_notice(t, TOWN_SCHOOL, 5);
    put_done(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "1 2");
    assert_string_equal(acked(t, TOWN_SCHOOL, INBOX, 1), "");
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "3");
    assert_string_equal(acked(t, TOWN_SCHOOL, INBOX, 3), "");
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "4 5");
    assert_string_equal(acked(t, TOWN_SCHOOL, INBOX, 5), "");
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.waiting, 0);
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.bytes, 0);
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->flying, 0);
}

static void an_acknowledgement_said_again_or_out_of_order_changes_nothing(void **state)
{
    struct town *t = *state;

    put_notice(t, TOWN_SCHOOL, 4);
    put_done(t);
    town_forget(t);
    ack(t, TOWN_SCHOOL, INBOX, 3);
    ack(t, TOWN_SCHOOL, INBOX, 1);
    ack(t, TOWN_SCHOOL, INBOX, 3);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_SCHOOL), "");
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.acked, 3);
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.waiting, 1);
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->flying, 1);
}

static void an_acknowledgement_of_what_was_never_sent_is_refused(void **state)
{
    struct town *t = *state;

    subscribed(t, TOWN_SCHOOL, INBOX, 1);
    put_notice(t, TOWN_SCHOOL, 3);
    put_done(t);
    assert_string_equal(acked(t, TOWN_SCHOOL, INBOX, 2), "ack-beyond-sent");
    assert_string_equal(acked(t, TOWN_SCHOOL, INBOX, UINT64_MAX), "ack-beyond-sent");
    assert_string_equal(acked(t, TOWN_SCHOOL, "elsewhere", 1), "unknown-stream");
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.acked, 0);
}

static void one_agency_cannot_acknowledge_for_another(void **state)
{
    struct town *t = *state;

    put_notice(t, TOWN_SCHOOL, 1);
    put_done(t);
    assert_string_equal(acked(t, TOWN_POLICE, INBOX, 1), "unknown-stream");
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.acked, 0);
}

static void an_agency_that_was_away_gets_all_of_it_in_order(void **state)
{
    struct town *t = *state;

    falls_silent(t, TOWN_SCHOOL);
    for (int day = 0; day < 7; day++) {
        put_notice(t, TOWN_SCHOOL, 3);
        put_done(t);
    }
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_DELIVER), 0);
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->sent, 0);
    town_say(t, TOWN_SCHOOL, town_lease(t));
    town_turn(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX),
                        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21");
}

static void a_new_connection_gets_again_what_the_old_one_did_not_acknowledge(void **state)
{
    struct town *t = *state;

    put_notice(t, TOWN_SCHOOL, 3);
    put_done(t);
    assert_string_equal(acked(t, TOWN_SCHOOL, INBOX, 1), "");
    comes_back(t, TOWN_SCHOOL);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "2+ 3+");
    assert_int_equal(town_leaves(t, EVENT_DELIVERED, NULL), 1); /* the first sending is the leaf */
}

static void a_gate_with_nobody_there_says_so_and_a_lease_brings_it_all_again(void **state)
{
    struct town *t = *state;

    put_notice(t, TOWN_SCHOOL, 2);
    put_done(t);
    deliver_unreachable(t->core, 1, town_frame_of(t, TOWN_SCHOOL, MSG_DELIVER)->ref);
    town_forget(t);
    put_notice(t, TOWN_SCHOOL, 1);
    put_done(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "");
    town_say(t, TOWN_SCHOOL, town_lease(t));
    town_turn(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "1+ 2+ 3");
}

static void what_is_not_acknowledged_in_a_minute_is_sent_again_one_at_a_time(void **state)
{
    struct town *t = *state;

    put_notice(t, TOWN_SCHOOL, 3);
    put_done(t);
    town_forget(t);
    minute_passes(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "1+");
    minute_passes(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "1+ 1+");
    assert_string_equal(acked(t, TOWN_SCHOOL, INBOX, 1), "");
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "2+ 3+");
}

static void a_core_that_starts_again_sends_what_was_not_acknowledged(void **state)
{
    struct town *t = *state;

    put_notice(t, TOWN_SCHOOL, 3);
    put_done(t);
    assert_string_equal(acked(t, TOWN_SCHOOL, INBOX, 2), "");
    town_reopen(t);
    town_forget(t);
    head_signed(t);
    town_turn(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), ""); /* nobody has been heard yet */
    town_say(t, TOWN_SCHOOL, town_lease(t));
    town_turn(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "3+");
    put_notice(t, TOWN_SCHOOL, 1);
    put_done(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "3+ 4");
}

static void an_acknowledgement_that_crosses_a_restart_counts(void **state)
{
    struct town *t = *state;

    put_notice(t, TOWN_SCHOOL, 3);
    put_done(t);
    town_reopen(t);
    head_signed(t);
    assert_string_equal(acked(t, TOWN_SCHOOL, INBOX, 2), "");
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "3+");
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.waiting, 1);
    assert_string_equal(acked(t, TOWN_SCHOOL, INBOX, 3), "");
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.waiting, 0);
}

/* promise 6 */
static void promise_6_nothing_is_delivered_to_a_suspended_agency(void **state)
{
    struct town *t = *state;

    subscribed(t, TOWN_SCHOOL, INBOX, 1);
    put_notice(t, TOWN_SCHOOL, 2);
    put_done(t);
    assert_string_equal(
        town_change(t, "agency-suspend",
                    json_pack("{s:s,s:s}", "agency", "school", "reason", "under review"),
                    one_officer),
        "ok");
    assert_string_equal(acked(t, TOWN_SCHOOL, INBOX, 1), "agency-suspended");
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "");
    comes_back(t, TOWN_SCHOOL);
    minute_passes(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "");
    town_forget(t);
    assert_string_equal(
        town_change(t, "agency-resume",
                    json_pack("{s:s,s:s}", "agency", "school", "reason", "put right"),
                    two_officers),
        "ok");
    comes_back(t, TOWN_SCHOOL);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "1+"); /* none of it was lost */
}

static void nothing_is_delivered_while_no_head_is_signed(void **state)
{
    struct town *t = *state;

    town_mono += 121000;
    for (int a = 0; a < TOWN_N; a++)
        town_say(t, (enum town_agency)a, town_lease(t));
    town_turn(t);
    put_notice(t, TOWN_SCHOOL, 1);
    put_done(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "");
    town_mono += 2000;
    head_signed(t);
    town_turn(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "1");
}

/* --- streams --- */

static void a_hub_gets_the_firings_that_its_filter_takes(void **state)
{
    struct town *t = *state;
    struct msg *m = subscribe_msg(t, "north", 10);

    m->subscribe.n_areas = 1;
    (void)snprintf(m->subscribe.areas[0], NAME_MAX_LEN, "north");
    m->subscribe.severity_least = SEVERITY_MEDIUM;
    assert_string_equal(say(t, TOWN_COURT, m), "");
    subscribed(t, TOWN_POLICE, "all", 10);
    assert_int_equal(put_firing(t, "north", SEVERITY_HIGH), 2);
    assert_int_equal(put_firing(t, "south", SEVERITY_HIGH), 1);
    assert_int_equal(put_firing(t, "north", SEVERITY_LOW), 1);
    put_done(t);
    assert_string_equal(seqs(t, TOWN_COURT, "north"), "1");
    assert_string_equal(seqs(t, TOWN_POLICE, "all"), "1 2 3");
    assert_string_equal(t->msg.deliver.firing.area, "north");
    assert_string_equal(seqs(t, TOWN_POLICE, INBOX), "");
}

static void only_a_hub_may_subscribe_and_only_to_what_the_policy_has(void **state)
{
    struct town *t = *state;
    struct msg *m;

    assert_string_equal(say(t, TOWN_SCHOOL, subscribe_msg(t, "all", 10)), "not-a-hub");
    m = subscribe_msg(t, "all", 10);
    m->subscribe.n_areas = 1;
    (void)snprintf(m->subscribe.areas[0], NAME_MAX_LEN, "atlantis");
    assert_string_equal(say(t, TOWN_COURT, m), "unknown-area");
    m = subscribe_msg(t, "all", 10);
    m->subscribe.n_categories = 1;
    (void)snprintf(m->subscribe.categories[0], NAME_MAX_LEN, "gossip");
    assert_string_equal(say(t, TOWN_COURT, m), "unknown-category");
    m = subscribe_msg(t, "all", 10);
    m->subscribe.n_triggers = 1;
    (void)snprintf(m->subscribe.triggers[0], NAME_MAX_LEN, "truancy"); /* not a threshold */
    assert_string_equal(say(t, TOWN_COURT, m), "unknown-trigger");
    m = subscribe_msg(t, "gone", 0);
    m->subscribe.end = true;
    assert_string_equal(say(t, TOWN_COURT, m), "unknown-stream");
    m = subscribe_msg(t, INBOX, 0);
    m->subscribe.end = true;
    assert_string_equal(say(t, TOWN_COURT, m), "inbox-is-whole");
    assert_int_equal(town_leaves(t, EVENT_SUBSCRIBED, NULL), 0);
    assert_null(queue_find(t->core, slot_of(t, TOWN_COURT), "all"));
}

static void a_hub_may_follow_sixteen_streams(void **state)
{
    struct town *t = *state;
    char name[16];

    for (int i = 0; i < STREAMS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "s%d", i);
        subscribed(t, TOWN_COURT, name, 1);
    }
    assert_string_equal(say(t, TOWN_COURT, subscribe_msg(t, "one-more", 1)), "too-many-streams");
    subscribed(t, TOWN_COURT, "s3", 2); /* changing one takes no place */
}

static void a_slow_hub_slows_no_other(void **state)
{
    struct town *t = *state;

    subscribed(t, TOWN_COURT, "all", 1);
    subscribed(t, TOWN_POLICE, "all", 100);
    for (int i = 0; i < 20; i++)
        assert_int_equal(put_firing(t, "north", SEVERITY_LOW), 2);
    put_done(t);
    assert_string_equal(seqs(t, TOWN_COURT, "all"), "1");
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_DELIVER), 20);
    for (uint64_t i = 1; i < 20; i++) {
        assert_string_equal(acked(t, TOWN_COURT, "all", i), "");
        assert_int_equal(town_heard(t, TOWN_COURT, MSG_DELIVER), 1);
        assert_int_equal(t->msg.deliver.seq, i + 1);
    }
}

static void a_hub_has_what_it_acknowledged_sent_again_from_where_it_says(void **state)
{
    struct town *t = *state;
    struct msg *m;

    subscribed(t, TOWN_COURT, "all", 10);
    for (int i = 0; i < 5; i++)
        (void)put_firing(t, "north", SEVERITY_LOW);
    put_done(t);
    assert_string_equal(acked(t, TOWN_COURT, "all", 4), "");
    m = subscribe_msg(t, "all", 10);
    m->subscribe.from = 3;
    assert_string_equal(say(t, TOWN_COURT, m), "");
    assert_string_equal(seqs(t, TOWN_COURT, "all"), "3+ 4+ 5+");
    assert_int_equal(queue(t, TOWN_COURT, "all")->r.waiting, 1); /* a replay fills no queue */
    town_reopen(t);
    head_signed(t);
    comes_back(t, TOWN_COURT);
    assert_string_equal(seqs(t, TOWN_COURT, "all"), "3+ 4+ 5+"); /* and goes on after a restart */
    assert_string_equal(acked(t, TOWN_COURT, "all", 5), "");
    assert_int_equal(queue(t, TOWN_COURT, "all")->r.waiting, 0);
    m = subscribe_msg(t, "all", 10);
    m->subscribe.from = 99; /* nothing is skipped */
    assert_string_equal(say(t, TOWN_COURT, m), "");
    (void)put_firing(t, "north", SEVERITY_LOW);
    put_done(t);
    assert_string_equal(seqs(t, TOWN_COURT, "all"), "6");
}

/* promise 6 */
static void promise_6_what_no_longer_stands_is_passed_over_and_the_log_says_why(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;

    subscribed(t, TOWN_COURT, "all", 2);
    for (int i = 0; i < 3; i++)
        (void)put_firing(t, "north", SEVERITY_LOW);
    put_done(t);
    assert_string_equal(seqs(t, TOWN_COURT, "all"), "1 2");
    firings_end = "no-longer-met";
    comes_back(t, TOWN_COURT);
    assert_string_equal(seqs(t, TOWN_COURT, "all"), ""); /* nor what was delivered before */
    assert_int_equal(town_leaves(t, EVENT_NOT_DELIVERED, &leaf), 3);
    assert_string_equal(leaf.agency, "court");
    assert_string_equal(leaf.reason, "no-longer-met");
    assert_int_equal(queue(t, TOWN_COURT, "all")->r.waiting, 0);
    assert_int_equal(queue(t, TOWN_COURT, "all")->flying, 0);
    firings_end = NULL;
    (void)put_firing(t, "north", SEVERITY_LOW);
    put_done(t);
    assert_string_equal(seqs(t, TOWN_COURT, "all"), "4"); /* and the next is not held up */
    assert_string_equal(acked(t, TOWN_COURT, "all", 4), "");
}

static void an_ended_stream_takes_and_sends_nothing_and_its_numbers_go_on(void **state)
{
    struct town *t = *state;
    struct msg *m;

    subscribed(t, TOWN_COURT, "all", 1);
    (void)put_firing(t, "north", SEVERITY_LOW);
    (void)put_firing(t, "north", SEVERITY_LOW);
    put_done(t);
    m = subscribe_msg(t, "all", 0);
    m->subscribe.end = true;
    assert_string_equal(say(t, TOWN_COURT, m), "");
    assert_int_equal(put_firing(t, "north", SEVERITY_LOW), 0);
    put_done(t);
    comes_back(t, TOWN_COURT);
    assert_string_equal(seqs(t, TOWN_COURT, "all"), "");
    subscribed(t, TOWN_COURT, "all", 5);
    (void)put_firing(t, "north", SEVERITY_LOW);
    put_done(t);
    assert_string_equal(seqs(t, TOWN_COURT, "all"), "3");
}

static void what_fires_while_a_hub_is_suspended_reaches_it_when_it_is_resumed(void **state)
{
    struct town *t = *state;

    subscribed(t, TOWN_POLICE, "all", 10);
    assert_string_equal(
        town_change(t, "agency-suspend",
                    json_pack("{s:s,s:s}", "agency", "police", "reason", "under review"),
                    one_officer),
        "ok");
    assert_int_equal(put_firing(t, "north", SEVERITY_LOW), 1);
    put_done(t);
    comes_back(t, TOWN_POLICE);
    assert_string_equal(seqs(t, TOWN_POLICE, "all"), "");
    assert_string_equal(
        town_change(t, "agency-resume",
                    json_pack("{s:s,s:s}", "agency", "police", "reason", "put right"),
                    two_officers),
        "ok");
    town_turn(t);
    assert_string_equal(seqs(t, TOWN_POLICE, "all"), "1");
}

static void a_hub_that_the_policy_no_longer_names_gets_nothing_more(void **state)
{
    struct town *t = *state;

    subscribed(t, TOWN_POLICE, "all", 1);
    (void)put_firing(t, "north", SEVERITY_LOW);
    (void)put_firing(t, "north", SEVERITY_LOW);
    put_done(t);
    assert_string_equal(seqs(t, TOWN_POLICE, "all"), "1");
    town_hubs = 0;
    town_activate(t);
    assert_string_equal(acked(t, TOWN_POLICE, "all", 1), "");
    assert_string_equal(seqs(t, TOWN_POLICE, "all"), "");
    assert_int_equal(put_firing(t, "north", SEVERITY_LOW), 0);
    put_done(t);
    comes_back(t, TOWN_POLICE);
    assert_string_equal(seqs(t, TOWN_POLICE, "all"), "");
}

static void stream_status_tells_an_agency_of_its_own_streams(void **state)
{
    struct town *t = *state;

    subscribed(t, TOWN_COURT, "all", 2);
    subscribed(t, TOWN_POLICE, "other", 2);
    for (int i = 0; i < 3; i++)
        (void)put_firing(t, "north", SEVERITY_LOW);
    put_done(t);
    assert_string_equal(acked(t, TOWN_COURT, "all", 1), "");
    town_forget(t);
    town_say(t, TOWN_COURT, town_msg(t, MSG_STREAM_QUERY));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COURT, MSG_STREAM_STATUS), 1);
    assert_int_equal(t->msg.stream_status.n, 1);
    assert_string_equal(t->msg.stream_status.entries[0].stream, "all");
    assert_int_equal(t->msg.stream_status.entries[0].last, 3);
    assert_int_equal(t->msg.stream_status.entries[0].acked, 1);
    assert_int_equal(t->msg.stream_status.entries[0].credit, 2);
    assert_true(t->msg.stream_status.entries[0].oldest_ms == town_wall);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HUBS_TEST(what_is_put_leaves_after_its_commit_in_order_and_with_a_leaf),
        HUBS_TEST(a_batch_that_fails_delivers_nothing_and_the_next_starts_with_the_same_number),
        HUBS_TEST(a_sending_whose_commit_fails_is_made_again),
        HUBS_TEST(nothing_is_sent_beyond_the_credit_and_an_acknowledgement_frees_it),
        HUBS_TEST(an_acknowledgement_said_again_or_out_of_order_changes_nothing),
        HUBS_TEST(an_acknowledgement_of_what_was_never_sent_is_refused),
        HUBS_TEST(one_agency_cannot_acknowledge_for_another),
        HUBS_TEST(an_agency_that_was_away_gets_all_of_it_in_order),
        HUBS_TEST(a_new_connection_gets_again_what_the_old_one_did_not_acknowledge),
        HUBS_TEST(a_gate_with_nobody_there_says_so_and_a_lease_brings_it_all_again),
        HUBS_TEST(what_is_not_acknowledged_in_a_minute_is_sent_again_one_at_a_time),
        HUBS_TEST(a_core_that_starts_again_sends_what_was_not_acknowledged),
        HUBS_TEST(an_acknowledgement_that_crosses_a_restart_counts),
        HUBS_TEST(promise_6_nothing_is_delivered_to_a_suspended_agency),
        HUBS_TEST(nothing_is_delivered_while_no_head_is_signed),
        HUBS_TEST(a_hub_gets_the_firings_that_its_filter_takes),
        HUBS_TEST(only_a_hub_may_subscribe_and_only_to_what_the_policy_has),
        HUBS_TEST(a_hub_may_follow_sixteen_streams),
        HUBS_TEST(a_slow_hub_slows_no_other),
        HUBS_TEST(a_hub_has_what_it_acknowledged_sent_again_from_where_it_says),
        HUBS_TEST(promise_6_what_no_longer_stands_is_passed_over_and_the_log_says_why),
        HUBS_TEST(an_ended_stream_takes_and_sends_nothing_and_its_numbers_go_on),
        HUBS_TEST(what_fires_while_a_hub_is_suspended_reaches_it_when_it_is_resumed),
        HUBS_TEST(a_hub_that_the_policy_no_longer_names_gets_nothing_more),
        HUBS_TEST(stream_status_tells_an_agency_of_its_own_streams),
    };

    return cmocka_run_group_tests_name("core_deliver", tests, NULL, NULL);
}
