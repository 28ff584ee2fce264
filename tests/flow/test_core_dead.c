/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_dead.c - deliveries that are too many, or too late: full queues, dead letters, what is
 * forgotten, what a failing disk does. */
#include "deliver_town.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/fault.h"

/* --- what is too much, or too late --- */

static int small_queues(void **state)
{
    struct core_settings s;

    core_settings_init(&s);
    town_limits = s.limits;
    town_limits.queue_items = 3;
    return two_hubs(state);
}

static void a_full_inbox_refuses_with_busy_and_what_is_put_all_the_same_is_kept(void **state)
{
    struct town *t = *state;
    struct work w = { .agency = slot_of(t, TOWN_POLICE), .id = { { 1, [6] = 0x70, [8] = 0x80 } } };

    falls_silent(t, TOWN_SCHOOL);
    assert_true(deliver_admit(t->core, &w, slot_of(t, TOWN_SCHOOL)));
    put_notice(t, TOWN_SCHOOL, 3);
    assert_false(deliver_admit(t->core, &w, slot_of(t, TOWN_SCHOOL)));
    assert_true(deliver_admit(t->core, &w, slot_of(t, TOWN_CHARITY)));
    put_notice(t, TOWN_SCHOOL, 1);
    put_done(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_BUSY), 1);
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.waiting, 3);
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.dead, 1);
    assert_int_equal(town_leaves(t, EVENT_DEAD_LETTER, NULL), 1);
    town_say(t, TOWN_SCHOOL, town_lease(t));
    town_turn(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "1 2 3");
}

/* promise 7 */
static void promise_7_one_agency_fills_a_quarter_of_anothers_queue_at_most(void **state)
{
    struct town *t = *state;
    struct work hostile = { .agency = slot_of(t, TOWN_CHARITY),
                            .id = { { 1, [6] = 0x70, [8] = 0x80 } } };
    struct work other = { .agency = slot_of(t, TOWN_POLICE),
                          .id = { { 2, [6] = 0x70, [8] = 0x80 } } };

    falls_silent(t, TOWN_SCHOOL);
    t->core->set.limits.queue_items = 12;
    t->core->batch.current = &hostile;
    put_notice(t, TOWN_SCHOOL, 3);
    assert_false(deliver_admit(t->core, &hostile, slot_of(t, TOWN_SCHOOL)));
    put_notice(t, TOWN_SCHOOL, 2); /* what is put all the same lies aside */
    t->core->batch.current = &other;
    assert_true(deliver_admit(t->core, &other, slot_of(t, TOWN_SCHOOL)));
    put_notice(t, TOWN_SCHOOL, 1);
    t->core->batch.current = NULL;
    put_done(t);
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.waiting, 4);
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.dead, 2);
    town_say(t, TOWN_SCHOOL, town_lease(t));
    town_turn(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "1 2 3 6");
    assert_string_equal(acked(t, TOWN_SCHOOL, INBOX, 1), ""); /* a place is free again */
    assert_true(deliver_admit(t->core, &hostile, slot_of(t, TOWN_SCHOOL)));
}

static void put_for(struct town *t, struct work *cause, unsigned n)
{
    t->core->batch.current = cause;
    put_notice(t, TOWN_SCHOOL, n);
    t->core->batch.current = NULL;
}

static struct work cause_of(struct town *t, enum town_agency a)
{
    return (struct work){ .agency = slot_of(t, a),
                          .id = { { (uint8_t)(a + 1), [6] = 0x70, [8] = 0x80 } } };
}

static void a_share_that_a_failed_batch_had_taken_is_free_again(void **state)
{
    struct town *t = *state;
    struct work charity = cause_of(t, TOWN_CHARITY);

    falls_silent(t, TOWN_SCHOOL);
    t->core->set.limits.queue_items = 12;
    put_for(t, &charity, 1);
    put_done(t);
    put_for(t, &charity, 2);
    assert_false(deliver_admit(t->core, &charity, slot_of(t, TOWN_SCHOOL)));
    deliver_due(t->core);
    batch_fail(t->core, -ENOSPC, "test");
    assert_int_equal(batch_finish(t->core), 0);
    town_mono += 2000;
    town_turn(t);
    assert_true(deliver_admit(t->core, &charity, slot_of(t, TOWN_SCHOOL)));
    put_for(t, &charity, 2); /* and the one before them counts still */
    assert_false(deliver_admit(t->core, &charity, slot_of(t, TOWN_SCHOOL)));
    put_done(t);
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.waiting, 3);
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.dead, 0);
}

static void shares_outlast_a_restart(void **state)
{
    struct town *t = *state;
    struct work charity = cause_of(t, TOWN_CHARITY);

    falls_silent(t, TOWN_SCHOOL);
    t->core->set.limits.queue_items = 12;
    put_for(t, &charity, 3);
    put_done(t);
    town_reopen(t);
    t->core->set.limits.queue_items = 12;
    assert_false(deliver_admit(t->core, &charity, slot_of(t, TOWN_SCHOOL)));
}

/* Memory has room for one share of a queue: the others' are put, and read again. */
static void shares_that_memory_has_no_room_for_count_all_the_same(void **state)
{
    static const enum town_agency who[] = { TOWN_CHARITY, TOWN_POLICE, TOWN_COURT };
    struct town *t = *state;

    falls_silent(t, TOWN_SCHOOL);
    t->core->set.limits.queue_items = 12;
    t->core->deliveries->shares_held = 1;
    for (unsigned i = 0; i < 9; i++) {
        struct work w = cause_of(t, who[i % ALM_LEN(who)]);

        assert_true(deliver_admit(t->core, &w, slot_of(t, TOWN_SCHOOL)));
        put_for(t, &w, 1);
    }
    for (unsigned i = 0; i < ALM_LEN(who); i++) {
        struct work w = cause_of(t, who[i]);

        assert_false(deliver_admit(t->core, &w, slot_of(t, TOWN_SCHOOL)));
    }
    put_done(t);
    town_say(t, TOWN_SCHOOL, town_lease(t));
    town_turn(t);
    assert_string_equal(acked(t, TOWN_SCHOOL, INBOX, 4), ""); /* two of the charity's, one of each other's */
    for (unsigned i = 0; i < ALM_LEN(who); i++) {
        struct work w = cause_of(t, who[i]);

        assert_true(deliver_admit(t->core, &w, slot_of(t, TOWN_SCHOOL)));
        put_for(t, &w, 1);
        assert_int_equal(deliver_admit(t->core, &w, slot_of(t, TOWN_SCHOOL)), i == 0);
    }
    put_done(t);
}

static void a_hub_that_reads_nothing_stops_no_other_hubs_firings(void **state)
{
    struct town *t = *state;

    subscribed(t, TOWN_COURT, "all", 1);
    subscribed(t, TOWN_POLICE, "all", 100);
    falls_silent(t, TOWN_COURT);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(put_firing(t, "north", SEVERITY_LOW), 2);
        put_done(t);
        assert_string_equal(town_heard(t, TOWN_POLICE, MSG_DELIVER) ? "" : "nothing", "");
        (void)acked(t, TOWN_POLICE, "all", (uint64_t)i + 1);
    }
    assert_int_equal(queue(t, TOWN_COURT, "all")->r.waiting, 3);
    assert_int_equal(queue(t, TOWN_COURT, "all")->r.dead, 7);
    assert_int_equal(queue(t, TOWN_POLICE, "all")->r.dead, 0);
}

static void day_is(struct town *t, int32_t day)
{
    town_day(t, day);
    for (int i = 0; i < 8; i++)
        town_turn(t);
}

static void put_referral(struct town *t, enum town_agency from, enum town_agency to, int64_t days)
{
    struct deliver_terms terms = { .leaf = 1, .undelivered_days = days };
    struct msg_deliver *d = deliver_begin(t->core, DELIVERY_REFERRAL, NULL);

    d->has_referral = true;
    d->referral_id = d->event;
    (void)snprintf(d->from, sizeof(d->from), "%s", town_names[from]);
    d->referral.kind = REFERRAL_HARD;
    d->referral.origin = ORIGIN_AGENCY;
    (void)snprintf(d->referral.to, sizeof(d->referral.to), "%s", town_names[to]);
    d->referral.subject_kind = SUBJECT_PERSON;
    town_person(TOWN_TESS, &d->referral.subject);
    (void)snprintf(d->referral.reason, sizeof(d->referral.reason), "worry");
    d->referral.sent_on = t->core->day;
    deliver_put(t->core, slot_of(t, to), &terms);
}

static void what_cannot_be_delivered_in_time_is_a_dead_letter_and_its_sender_hears_so(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;

    falls_silent(t, TOWN_SCHOOL);
    put_referral(t, TOWN_POLICE, TOWN_SCHOOL, 14);
    put_notice(t, TOWN_SCHOOL, 1); /* may wait for longer */
    put_done(t);
    day_is(t, TOWN_DAY + 14);
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.dead, 0);
    day_is(t, TOWN_DAY + 15);
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.dead, 1);
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.waiting, 1);
    assert_int_equal(town_leaves(t, EVENT_DEAD_LETTER, &leaf), 1);
    assert_string_equal(leaf.agency, "school");
    assert_string_equal(leaf.reason, "undelivered");
    assert_int_equal(leaf.about, 1);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_DELIVER), 1);
    assert_int_equal(t->msg.deliver.notice.kind, NOTICE_UNDELIVERED);
    town_say(t, TOWN_SCHOOL, town_lease(t));
    town_turn(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "2");
}

static void a_dead_letter_between_two_others_holds_up_no_acknowledgement(void **state)
{
    struct town *t = *state;

    const struct deliver_terms soon = { .leaf = LEAF_NONE, .undelivered_days = 14 };
    struct id about;

    subscribed(t, TOWN_SCHOOL, INBOX, 2);
    assert_int_equal(id_new(town_wall, &about), 0);
    (void)notice_begin(t->core, NOTICE_OVERDUE, &about);
    deliver_put(t->core, slot_of(t, TOWN_SCHOOL), &soon);
    put_notice(t, TOWN_SCHOOL, 2);
    put_done(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "1 2");
    town_forget(t);
    day_is(t, TOWN_DAY + 20); /* sent, never acknowledged: dead, and its place is free */
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.dead, 1);
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->flying, 1);
    comes_back(t, TOWN_SCHOOL);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "2+ 3");
    assert_string_equal(acked(t, TOWN_SCHOOL, INBOX, 3), "");
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.waiting, 0);
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->flying, 0);
}

static json_t *requeue(const char *agency)
{
    return json_pack("{s:s,s:s}", "agency", agency, "stream", INBOX);
}

static void an_officer_puts_dead_letters_back_and_status_counts_them(void **state)
{
    struct town *t = *state;
    json_t *list;

    falls_silent(t, TOWN_SCHOOL);
    put_notice(t, TOWN_SCHOOL, 5); /* of three places */
    put_done(t);
    list = deliver_dead(t->core);
    assert_int_equal(json_array_size(list), 1);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 0), "dead")), 2);
    json_decref(list);
    assert_string_equal(town_change(t, "dead-letters-requeue", requeue("school"), one_officer),
                        "queue-full");
    assert_string_equal(town_change(t, "dead-letters-requeue", requeue("police"), one_officer),
                        "nothing-there");
    town_say(t, TOWN_SCHOOL, town_lease(t));
    town_turn(t);
    assert_string_equal(acked(t, TOWN_SCHOOL, INBOX, 3), "");
    assert_string_equal(town_change(t, "dead-letters-requeue", requeue("school"), one_officer),
                        "ok");
    town_turn(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "6 7");
    assert_string_equal(t->msg.deliver.notice.text, "note 4");
    assert_int_equal(town_leaves(t, EVENT_REQUEUED, NULL), 1);
    list = deliver_dead(t->core);
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
    list = deliver_status(t->core);
    assert_int_equal(json_array_size(list), 1);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 0), "waiting")), 2);
    json_decref(list);
}

static void acknowledged_ones_are_kept_for_thirty_days_and_then_forgotten(void **state)
{
    struct town *t = *state;
    struct msg *m;

    put_notice(t, TOWN_SCHOOL, 400); /* more than one batch of the sweep */
    put_done(t);
    while (queue(t, TOWN_SCHOOL, INBOX)->r.waiting)
        assert_string_equal(acked(t, TOWN_SCHOOL, INBOX, queue(t, TOWN_SCHOOL, INBOX)->sent), "");
    day_is(t, TOWN_DAY + 30);
    m = subscribe_msg(t, INBOX, 1);
    m->subscribe.from = 1;
    assert_string_equal(say(t, TOWN_SCHOOL, m), "");
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "1+");
    day_is(t, TOWN_DAY + 31);
    m = subscribe_msg(t, INBOX, 1);
    m->subscribe.from = 1;
    assert_string_equal(say(t, TOWN_SCHOOL, m), "");
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "");
    put_notice(t, TOWN_SCHOOL, 1);
    put_done(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "401");
}

static void a_turn_with_nothing_to_send_writes_nothing(void **state)
{
    struct town *t = *state;
    uint64_t size;

    falls_silent(t, TOWN_SCHOOL);
    put_notice(t, TOWN_SCHOOL, 50);
    put_done(t);
    size = ledger_size(t->core->ledger);
    for (int i = 0; i < 20; i++)
        town_turn(t);
    assert_false(deliver_waiting(t->core));
    assert_int_equal(ledger_size(t->core->ledger), size);
}

static void an_acknowledgement_whose_commit_fails_counts_for_nothing(void **state)
{
    struct town *t = *state;

    put_notice(t, TOWN_SCHOOL, 4);
    put_done(t);
    store_fault_hook(t->core->store, town_fail_commits, NULL);
    ack(t, TOWN_SCHOOL, INBOX, 2);
    town_turn(t);
    store_fault_hook(t->core->store, NULL, NULL);
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.acked, 0);
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.waiting, 4);
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->flying, 4);
}

#define SMALL_TEST(f) cmocka_unit_test_setup_teardown(f, small_queues, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SMALL_TEST(a_full_inbox_refuses_with_busy_and_what_is_put_all_the_same_is_kept),
        HUBS_TEST(promise_7_one_agency_fills_a_quarter_of_anothers_queue_at_most),
        HUBS_TEST(a_share_that_a_failed_batch_had_taken_is_free_again),
        HUBS_TEST(shares_outlast_a_restart),
        HUBS_TEST(shares_that_memory_has_no_room_for_count_all_the_same),
        SMALL_TEST(a_hub_that_reads_nothing_stops_no_other_hubs_firings),
        HUBS_TEST(what_cannot_be_delivered_in_time_is_a_dead_letter_and_its_sender_hears_so),
        HUBS_TEST(a_dead_letter_between_two_others_holds_up_no_acknowledgement),
        SMALL_TEST(an_officer_puts_dead_letters_back_and_status_counts_them),
        HUBS_TEST(acknowledged_ones_are_kept_for_thirty_days_and_then_forgotten),
        HUBS_TEST(a_turn_with_nothing_to_send_writes_nothing),
        HUBS_TEST(an_acknowledgement_whose_commit_fails_counts_for_nothing),
    };

    return cmocka_run_group_tests_name("core_dead", tests, NULL, NULL);
}
