/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_deliver.c - deliveries around one core: two hubs, one of them slow; replay;
 * acknowledgements in any order; what a restart, a failed batch, a suspension, a full queue and too
 * long a silence do. What is delivered is put by hand, in a batch of its own. */
#include "core_town.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/deliver_queue.h"
#include "store/fault.h"

#define MINUTE_MS 60000

static const int one_officer[] = { 0, -1 }, two_officers[] = { 0, 1, -1 };

/* Episodes are another test's: here a firing stands until the test says that it does not. */
static const char *firings_end;
bool __wrap_firing_still(struct core *c, uint16_t slot, struct msg_deliver *d, const char **why);
bool __wrap_firing_still(struct core *c, uint16_t slot, struct msg_deliver *d, const char **why)
{
    (void)c;
    (void)slot;
    assert_int_equal(d->kind, DELIVERY_FIRING);
    *why = firings_end;
    return !firings_end;
}

static int two_hubs(void **state)
{
    firings_end = NULL;
    town_hubs = 1u << TOWN_POLICE;
    return town_setup(state);
}

static uint16_t slot_of(struct town *t, enum town_agency a)
{
    return agencies_find(&t->core->agencies, town_names[a]);
}

/* Everything put since the last turn leaves, and what it brought about is heard. */
static void put_done(struct town *t)
{
    deliver_due(t->core);
    assert_int_equal(batch_finish(t->core), 0);
    town_turn(t);
}

static void put_notice(struct town *t, enum town_agency to, unsigned n)
{
    struct id about;

    assert_int_equal(id_new(town_wall, &about), 0);
    for (unsigned i = 0; i < n; i++)
        notice_put(t->core, slot_of(t, to), NOTICE_OVERDUE, &about, "note %u", i);
}

static struct msg_firing *firing(struct town *t, const char *area, uint8_t severity)
{
    struct msg_firing *f = &deliver_begin(t->core, DELIVERY_FIRING, NULL)->firing;

    t->core->delivery.has_firing = true;
    f->episode = t->core->delivery.event;
    (void)snprintf(f->rule, sizeof(f->rule), "worries");
    (void)snprintf(f->title, sizeof(f->title), "Two agencies have reported concerns");
    (void)snprintf(f->category, sizeof(f->category), "neglect");
    (void)snprintf(f->area, sizeof(f->area), "%s", area);
    f->subject_kind = SUBJECT_PERSON;
    town_person(TOWN_TESS, &f->subject);
    f->severity = severity;
    f->fired_on = TOWN_DAY;
    return f;
}

static unsigned put_firing(struct town *t, const char *area, uint8_t severity)
{
    const struct deliver_terms terms = { .leaf = LEAF_NONE };

    (void)firing(t, area, severity);
    return deliver_firing(t->core, &terms);
}

static struct msg *subscribe_msg(struct town *t, const char *stream, uint16_t credit)
{
    struct msg *m = town_msg(t, MSG_SUBSCRIBE);

    (void)snprintf(m->subscribe.stream, sizeof(m->subscribe.stream), "%s", stream);
    m->subscribe.credit = credit;
    return m;
}

static const char *say(struct town *t, enum town_agency from, struct msg *m)
{
    static char word[64];

    town_forget(t);
    town_say(t, from, m);
    town_turn(t);
    (void)snprintf(word, sizeof(word), "%s", town_refusal(t, from));
    return word;
}

static void subscribed(struct town *t, enum town_agency who, const char *stream, uint16_t credit)
{
    assert_string_equal(say(t, who, subscribe_msg(t, stream, credit)), "");
    assert_int_equal(town_heard(t, who, MSG_RECEIPT), 1);
    town_forget(t);
}

static void ack(struct town *t, enum town_agency who, const char *stream, uint64_t seq)
{
    struct msg *m = town_msg(t, MSG_ACK);

    (void)snprintf(m->ack.stream, sizeof(m->ack.stream), "%s", stream);
    m->ack.seq = seq;
    town_say(t, who, m);
}

/* Acknowledged, and what it set free is heard. */
static const char *acked(struct town *t, enum town_agency who, const char *stream, uint64_t seq)
{
    town_forget(t);
    ack(t, who, stream, seq);
    town_turn(t);
    return town_refusal(t, who);
}

static void comes_back(struct town *t, enum town_agency who)
{
    struct msg *m = town_msg(t, MSG_HELLO);

    m->hello = (struct msg_hello){ .version_least = 1, .version_most = 1, .mode = MODE_EXERCISE };
    (void)snprintf(m->hello.software, sizeof(m->hello.software), "town/1");
    town_forget(t);
    town_say(t, who, m);
    town_turn(t);
}

/* Three leases missed; the others go on sending theirs. */
static void falls_silent(struct town *t, enum town_agency who)
{
    town_mono += 20000;
    for (int a = 0; a < TOWN_N; a++) {
        if (a != (int)who)
            town_say(t, (enum town_agency)a, town_lease(t));
    }
    town_turn(t);
    town_forget(t);
}

static void head_signed(struct town *t)
{
    t->core->heads.signed_ms = town_mono; /* the signer is not these tests' business */
}

/* Everybody goes on saying that they are there. */
static void minute_passes(struct town *t)
{
    for (int i = 0; i < 6; i++) {
        town_mono += MINUTE_MS / 6;
        head_signed(t);
        for (int a = 0; a < TOWN_N; a++)
            town_say(t, (enum town_agency)a, town_lease(t));
        town_turn(t);
    }
}

static const struct queue_now *queue(struct town *t, enum town_agency who, const char *stream)
{
    const struct queue *q = queue_find(t->core, slot_of(t, who), stream);

    assert_non_null(q);
    return &q->now;
}

/* The seqs that were heard of a stream, as text: "1 2 3"; '+' after one that was delivered before.
 */
static const char *seqs(struct town *t, enum town_agency who, const char *stream)
{
    static char text[4096];
    size_t at = 0;

    text[0] = '\0';
    for (size_t i = 0; i < t->n_heard; i++) {
        struct wire_envelope e;
        uint8_t type;

        if (t->heard[i].to != who)
            continue;
        assert_int_equal(wire_open(bytes_of(t->heard[i].octets, t->heard[i].len), &e), WIRE_OK);
        assert_int_equal(wire_peek(e.body, &type), WIRE_OK);
        if (type != MSG_DELIVER)
            continue;
        assert_int_equal(wire_decode(e.body, &t->msg), WIRE_OK);
        if (strcmp(t->msg.deliver.stream, stream) != 0)
            continue;
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%llu%s", at ? " " : "",
                               (unsigned long long)t->msg.deliver.seq,
                               t->msg.deliver.again ? "+" : "");
    }
    return text;
}

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

static void a_batch_that_fails_delivers_nothing_and_the_next_starts_with_the_same_number(
    void **state)
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
    deliver_unreachable(t->core, town_frame_of(t, TOWN_SCHOOL, MSG_DELIVER)->ref);
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
        town_change(t, "agency-suspend", json_pack("{s:s,s:s}", "agency", "school", "reason", "under review"), one_officer),
        "ok");
    assert_string_equal(acked(t, TOWN_SCHOOL, INBOX, 1), "agency-suspended");
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "");
    comes_back(t, TOWN_SCHOOL);
    minute_passes(t);
    assert_string_equal(seqs(t, TOWN_SCHOOL, INBOX), "");
    town_forget(t);
    assert_string_equal(
        town_change(t, "agency-resume", json_pack("{s:s,s:s}", "agency", "school", "reason", "put right"), two_officers),
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
    struct work hostile = { .agency = slot_of(t, TOWN_CHARITY), .id = { { 1, [6] = 0x70, [8] = 0x80 } } };
    struct work other = { .agency = slot_of(t, TOWN_POLICE), .id = { { 2, [6] = 0x70, [8] = 0x80 } } };

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
    char text[CIVIL_TEXT];

    civil_format(day, text);
    assert_string_equal(town_change(t, "day-set", json_pack("{s:s}", "day", text), one_officer),
                        "ok");
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

static int fail_commits(void *ctx, enum store_step step)
{
    (void)ctx;
    return step == STORE_STEP_COMMIT ? ENOSPC : 0;
}

static void an_acknowledgement_whose_commit_fails_counts_for_nothing(void **state)
{
    struct town *t = *state;

    put_notice(t, TOWN_SCHOOL, 4);
    put_done(t);
    store_fault_hook(t->core->store, fail_commits, NULL);
    ack(t, TOWN_SCHOOL, INBOX, 2);
    town_turn(t);
    store_fault_hook(t->core->store, NULL, NULL);
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.acked, 0);
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->r.waiting, 4);
    assert_int_equal(queue(t, TOWN_SCHOOL, INBOX)->flying, 4);
}

#define HUBS_TEST(f)  cmocka_unit_test_setup_teardown(f, two_hubs, town_teardown)
#define SMALL_TEST(f) cmocka_unit_test_setup_teardown(f, small_queues, town_teardown)

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
        HUBS_TEST(a_hub_that_the_policy_no_longer_names_gets_nothing_more),
        HUBS_TEST(stream_status_tells_an_agency_of_its_own_streams),
        SMALL_TEST(a_full_inbox_refuses_with_busy_and_what_is_put_all_the_same_is_kept),
        HUBS_TEST(promise_7_one_agency_fills_a_quarter_of_anothers_queue_at_most),
        SMALL_TEST(a_hub_that_reads_nothing_stops_no_other_hubs_firings),
        HUBS_TEST(what_cannot_be_delivered_in_time_is_a_dead_letter_and_its_sender_hears_so),
        HUBS_TEST(a_dead_letter_between_two_others_holds_up_no_acknowledgement),
        SMALL_TEST(an_officer_puts_dead_letters_back_and_status_counts_them),
        HUBS_TEST(acknowledged_ones_are_kept_for_thirty_days_and_then_forgotten),
        HUBS_TEST(a_turn_with_nothing_to_send_writes_nothing),
        HUBS_TEST(an_acknowledgement_whose_commit_fails_counts_for_nothing),
    };

    return cmocka_run_group_tests_name("core_deliver", tests, NULL, NULL);
}
