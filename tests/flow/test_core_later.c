/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_later.c - agencies whose people answer by hand, through one core: what the asker gets
 * by its deadline and what later, what a desk is put and when again, and that every answer of a
 * desk has a receipt (DESIGN.md section 4: "a desk adapter's question is durable and takes hours").
 */
#include "later_town.h"

/* --- what the asker gets --- */

static void asker_is_told_by_its_deadline_that_an_answer_by_hand_is_awaited(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;

    asks_insight(t, "arrears", TOWN_TESS);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 1);
    assert_int_equal(t->msg.question.deadline_ms, 24 * HOUR_MS);
    assert_string_equal(t->msg.purpose, "safeguarding");
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 0);
    deadline_passes(t);
    told(t, INSIGHT_CANNOT_SAY, COMPLETE_NONE, town_wall + 24 * HOUR_MS);
    assert_int_equal(town_leaves(t, EVENT_DECIDED, NULL), 1);
    assert_int_equal(town_leaves(t, EVENT_DISCLOSED, NULL), 1);
    assert_int_equal(town_leaves(t, EVENT_PUT_TO_DESK, &leaf), 1);
    assert_string_equal(leaf.agency, "charity");
    assert_string_equal(leaf.question, "arrears");
    assert_true(leaf.about != LEAF_NONE);
}

static void agency_that_answers_by_machine_has_the_usual_time(void **state)
{
    struct town *t = *state;

    asks_insight(t, "truancy", TOWN_TESS);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 1);
    assert_true(t->msg.question.deadline_ms <= 2000);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 1);
    assert_true(t->msg.question.deadline_ms > 60000);
}

static void desk_that_answers_in_time_is_in_the_reply_and_gets_a_receipt(void **state)
{
    struct town *t = *state;
    struct id q;

    asks_insight(t, "arrears", TOWN_TESS);
    q = question_of(t, TOWN_CHARITY);
    answers(t, TOWN_CHARITY, &q, ANSWER_NO);
    told(t, INSIGHT_NO, COMPLETE_ALL, 0);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_RECEIPT), 1);
    assert_int_equal(finals(t, 0), 0);
    assert_int_equal(kept(t), 0);
}

static void late_answer_composes_as_any_other(void **state)
{
    static const struct {
        uint8_t said, value, completeness;
    } cases[] = {
        { ANSWER_YES, INSIGHT_YES, COMPLETE_ALL },
        { ANSWER_NO, INSIGHT_NO, COMPLETE_ALL },
        { ANSWER_NOT_KNOWN, INSIGHT_NO, COMPLETE_ALL },
        { ANSWER_CANNOT_SAY, INSIGHT_CANNOT_SAY, COMPLETE_NONE },
    };
    struct town *t = *state;

    for (size_t i = 0; i < ALM_LEN(cases); i++) {
        struct id q, query;

        town_forget(t);
        q = awaited(t);
        told(t, INSIGHT_CANNOT_SAY, COMPLETE_NONE, town_wall + 24 * HOUR_MS);
        query = t->msg.in_reply_to;
        hours_pass(t, 5);
        assert_int_equal(finals(t, 0), 0);
        answers(t, TOWN_CHARITY, &q, cases[i].said);
        finally(t, cases[i].value, cases[i].completeness);
        assert_true(id_equal(&t->msg.deliver.query, &query));
        assert_string_equal(t->msg.deliver.insight.policy_rule, "safeguarding/arrears");
        assert_int_equal(t->msg.deliver.insight.later_by_ms, 0);
        assert_int_equal(town_leaves(t, EVENT_ANSWERED_BY_HAND, NULL), i + 1);
        assert_int_equal(town_leaves(t, EVENT_DISCLOSED, NULL), 2 * (i + 1));
        acknowledged(t);
    }
    assert_int_equal(kept(t), 0);
}

static void yes_of_another_by_the_deadline_is_final(void **state)
{
    struct town *t = *state;
    struct id desk, police;

    asks_insight(t, "truancy", TOWN_TESS);
    desk = question_of(t, TOWN_CHARITY);
    police = question_of(t, TOWN_POLICE);
    answers(t, TOWN_POLICE, &police, ANSWER_YES);
    deadline_passes(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_YES);
    assert_int_equal(t->msg.insight.later_by_ms, 0);
    assert_int_equal(kept(t), 0);
    answers(t, TOWN_CHARITY, &desk, ANSWER_NO);
    assert_string_equal(town_refusal(t, TOWN_CHARITY), "question-over");
    assert_int_equal(finals(t, 0), 0);
}

static void what_others_said_by_the_deadline_counts_in_the_final_reply(void **state)
{
    static const enum town_agency others[] = { TOWN_POLICE, TOWN_SCHOOL, TOWN_NURSERY };
    struct town *t = *state;
    struct id desk, q;

    asks_insight(t, "truancy", TOWN_TESS);
    desk = question_of(t, TOWN_CHARITY);
    for (size_t i = 0; i < ALM_LEN(others); i++) {
        q = question_of(t, others[i]);
        answers(t, others[i], &q, ANSWER_NO);
    }
    deadline_passes(t);
    told(t, INSIGHT_CANNOT_SAY, COMPLETE_MOST, town_wall + 24 * HOUR_MS);
    hours_pass(t, 1);
    answers(t, TOWN_CHARITY, &desk, ANSWER_NOT_KNOWN);
    finally(t, INSIGHT_NO, COMPLETE_ALL);
}

static void final_reply_waits_for_the_slower_of_two_desks(void **state)
{
    struct town *t = *state;
    struct id charity, police;

    awaited_of_both(t, &charity, &police);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.later_by_ms, town_wall + 72 * HOUR_MS);
    answers(t, TOWN_CHARITY, &charity, ANSWER_YES);
    assert_int_equal(finals(t, 0), 0); /* a yes waits too */
    hours_pass(t, 40);
    answers(t, TOWN_POLICE, &police, ANSWER_NO);
    assert_int_equal(finals(t, DELIVERY_INSIGHT), 1);
    assert_int_equal(t->msg.deliver.insight.value, INSIGHT_YES);
}

static void time_that_ends_unanswered_gives_what_there_is(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;
    struct id charity;

    asks_insight(t, "truancy", TOWN_TESS);
    charity = question_of(t, TOWN_CHARITY);
    deadline_passes(t);
    answers(t, TOWN_CHARITY, &charity, ANSWER_NO);
    hours_pass(t, 71);
    assert_int_equal(finals(t, 0), 0);
    hours_pass(t, 1);
    assert_int_equal(finals(t, DELIVERY_INSIGHT), 1);
    assert_int_equal(t->msg.deliver.insight.value, INSIGHT_CANNOT_SAY);
    assert_int_equal(town_leaves(t, EVENT_LAPSED, &leaf), 1);
    assert_string_equal(leaf.agency, "police");
    acknowledged(t);
    assert_int_equal(kept(t), 0);
}

static void late_answer_about_who_is_involved_names_the_service(void **state)
{
    struct town *t = *state;
    struct id desk;
    struct msg *m;

    asks(t, town_involvement(t, "safeguarding", TOWN_TESS));
    desk = question_of(t, TOWN_CHARITY);
    deadline_passes(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INVOLVEMENT), 1);
    assert_int_equal(t->msg.involvement.n, 0);
    assert_int_equal(t->msg.involvement.later_by_ms, town_wall + 24 * HOUR_MS);
    m = answer_msg(t, &desk, ANSWER_YES);
    (void)snprintf(m->answer.service, sizeof(m->answer.service), "Kitchen");
    m->answer.since = TOWN_DAY - 400;
    town_say(t, TOWN_CHARITY, m);
    town_turn(t);
    assert_int_equal(finals(t, DELIVERY_INVOLVEMENT), 1);
    assert_int_equal(t->msg.deliver.involvement.n, 1);
    assert_string_equal(t->msg.deliver.involvement.involved[0].agency, "charity");
    assert_string_equal(t->msg.deliver.involvement.involved[0].service, "Kitchen");
    assert_int_equal(t->msg.deliver.involvement.involved[0].since_band, SINCE_1_TO_3_YEARS);
}

static int sensitive_desk(void **state)
{
    return with_desks(state, 0, 0, 48);
}

static void masked_service_that_answers_by_hand_can_be_asked_to_call(void **state)
{
    struct town *t = *state;
    struct id desk, query;
    struct msg *m;

    asks(t, town_involvement(t, "safeguarding", TOWN_TESS));
    desk = question_of(t, TOWN_CLINIC);
    deadline_passes(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INVOLVEMENT), 1);
    assert_false(t->msg.involvement.masked);
    query = t->msg.in_reply_to;
    answers(t, TOWN_CLINIC, &desk, ANSWER_YES);
    assert_int_equal(finals(t, DELIVERY_INVOLVEMENT), 1);
    assert_true(t->msg.deliver.involvement.masked);
    assert_int_equal(t->msg.deliver.involvement.n, 0);
    m = town_msg(t, MSG_CONTACT_REQUEST);
    m->contact_request.about = query;
    (void)snprintf(m->contact_request.contact_route, sizeof(m->contact_request.contact_route),
                   "01632 960001");
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "");
}

static void contact_asked(struct town *t, enum town_agency who, const struct id *about)
{
    struct msg *m = town_msg(t, MSG_CONTACT_REQUEST);

    m->contact_request.about = *about;
    (void)snprintf(m->contact_request.contact_route, sizeof(m->contact_request.contact_route),
                   "01632 960001");
    town_forget(t);
    town_say(t, who, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, who), "");
}

static void contact_asked_for_by_the_deadline_goes_on_after_the_final_reply(void **state)
{
    struct town *t = *state;
    struct id desk, clinic, query;

    asks(t, town_involvement(t, "safeguarding", TOWN_TESS));
    desk = question_of(t, TOWN_CHARITY);
    clinic = question_of(t, TOWN_CLINIC);
    answers(t, TOWN_CLINIC, &clinic, ANSWER_YES);
    deadline_passes(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INVOLVEMENT), 1);
    assert_true(t->msg.involvement.masked);
    query = t->msg.in_reply_to;
    contact_asked(t, TOWN_COUNCIL, &query);
    answers(t, TOWN_CHARITY, &desk, ANSWER_NO);
    assert_int_equal(finals(t, DELIVERY_INVOLVEMENT), 1);
    contact_asked(t, TOWN_COURT, &query); /* the hub passes it on */
    assert_int_equal(town_heard(t, TOWN_CLINIC, MSG_DELIVER), 1);
    assert_int_equal(t->msg.deliver.notice.kind, NOTICE_CONTACT_REQUEST);
}

/* "strain": two of arrears, noise, plan and truancy; the council, which is asked for plan, may not
 * ask it here. */
static void factor_answered_by_hand_decides_a_composite_later(void **state)
{
    struct town *t = *state;
    struct id factors[2], police[2];
    size_t n = 0, k = 0;

    town_say(t, TOWN_CLINIC, town_insight(t, "safeguarding", "strain", TOWN_TESS));
    town_turn(t);
    for (size_t i = 0; i < t->n_heard; i++) {
        static struct msg m;
        struct wire_envelope e;

        assert_int_equal(wire_open(bytes_of(t->heard[i].octets, t->heard[i].len), &e), WIRE_OK);
        assert_int_equal(wire_decode(e.body, &m), WIRE_OK);
        if (m.type == MSG_QUESTION && t->heard[i].to == TOWN_CHARITY && n < 2)
            factors[n++] = m.id;
        if (m.type == MSG_QUESTION && t->heard[i].to == TOWN_POLICE && k < 2)
            police[k++] = m.id;
    }
    assert_int_equal(n, 2);
    assert_int_equal(k, 2);
    answers(t, TOWN_POLICE, &police[0], ANSWER_YES);
    answers(t, TOWN_POLICE, &police[1], ANSWER_NO);
    deadline_passes(t);
    assert_int_equal(town_heard(t, TOWN_CLINIC, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_CANNOT_SAY);
    assert_true(t->msg.insight.later_by_ms > 0);
    assert_int_equal(town_leaves(t, EVENT_PUT_TO_DESK, NULL), 1); /* not how many factors */
    hours_pass(t, 3);
    answers(t, TOWN_CHARITY, &factors[0], ANSWER_YES);
    assert_int_equal(town_heard(t, TOWN_CLINIC, MSG_DELIVER), 0);
    answers(t, TOWN_CHARITY, &factors[1], ANSWER_YES);
    assert_int_equal(town_heard(t, TOWN_CLINIC, MSG_DELIVER), 1);
    assert_int_equal(t->msg.deliver.insight.value, INSIGHT_YES);
    assert_int_equal(t->msg.deliver.kind, DELIVERY_INSIGHT);
}

static void eligibility_waits_for_nobody(void **state)
{
    struct town *t = *state;
    struct msg *m = town_insight(t, "safeguarding", "plan", TOWN_TESS);
    struct msg_insight_query q = m->insight_query;

    m->type = MSG_ELIGIBILITY_QUERY;
    memset(&m->eligibility_query, 0, sizeof(m->eligibility_query));
    (void)snprintf(m->eligibility_query.service, sizeof(m->eligibility_query.service), "meals");
    m->eligibility_query.subject_kind = SUBJECT_PERSON;
    m->eligibility_query.subject = q.subject;
    m->eligibility_query.relationship = q.relationship;
    asks(t, m);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 1);
    assert_true(t->msg.question.deadline_ms <= 2000);
    deadline_passes(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_ELIGIBILITY), 1);
    assert_int_equal(kept(t), 0);
}

/* --- who is away --- */

static void desk_that_is_away_is_asked_when_it_comes_and_has_the_time_that_is_left(void **state)
{
    struct town *t = *state;
    struct id q;

    falls_silent(t, TOWN_CHARITY);
    asks_insight(t, "arrears", TOWN_TESS);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 0);
    told(t, INSIGHT_CANNOT_SAY, COMPLETE_NONE,
         town_wall + 24 * HOUR_MS); /* nobody to wait for now */
    assert_int_equal(town_leaves(t, EVENT_PUT_TO_DESK, NULL), 0);
    hours_pass(t, 20);
    hello(t, TOWN_CHARITY);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_WELCOME), 1);
    q = question_of(t, TOWN_CHARITY);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 1);
    assert_int_equal(t->msg.question.deadline_ms, 4 * HOUR_MS);
    assert_int_equal(town_leaves(t, EVENT_PUT_TO_DESK, NULL), 1);
    answers(t, TOWN_CHARITY, &q, ANSWER_YES);
    finally(t, INSIGHT_YES, COMPLETE_ALL);
}

static void open_question_comes_again_with_each_hello_under_its_first_id(void **state)
{
    struct town *t = *state;
    struct msg_question first;
    struct id q;

    asks_insight(t, "arrears", TOWN_TESS);
    q = question_of(t, TOWN_CHARITY);
    first = t->msg.question;
    deadline_passes(t);
    for (int i = 1; i <= 3; i++) {
        hours_pass(t, 2);
        hello(t, TOWN_CHARITY);
        assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 1);
        assert_true(id_equal(&t->msg.id, &q));
        assert_int_equal(t->msg.question.deadline_ms, (24 - 2 * i) * HOUR_MS);
        t->msg.question.deadline_ms = first.deadline_ms;
        assert_memory_equal(&t->msg.question, &first, sizeof(first));
    }
    assert_int_equal(town_leaves(t, EVENT_PUT_TO_DESK, NULL), 1);
    answers(t, TOWN_CHARITY, &q, ANSWER_NO);
    hello(t, TOWN_CHARITY);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 0);
}

static void question_with_no_time_left_for_a_person_does_not_come_again(void **state)
{
    struct town *t = *state;

    asks_insight(t, "arrears", TOWN_TESS);
    deadline_passes(t);
    hours_pass(t, 23);
    town_wall += 59 * 60000 + 1;
    hello(t, TOWN_CHARITY);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 0);
}

static void desk_that_comes_before_the_deadline_is_in_the_reply(void **state)
{
    struct town *t = *state;
    struct id q;

    falls_silent(t, TOWN_CHARITY);
    asks_insight(t, "truancy", TOWN_TESS);
    hello(t, TOWN_CHARITY);
    q = question_of(t, TOWN_CHARITY);
    answers(t, TOWN_CHARITY, &q, ANSWER_YES);
    assert_int_equal(finals(t, 0), 0);
    deadline_passes(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_YES);
    assert_int_equal(t->msg.insight.later_by_ms, 0);
    assert_int_equal(kept(t), 0);
}

static void final_reply_waits_for_an_asker_that_is_away(void **state)
{
    struct town *t = *state;
    struct id q = awaited(t);

    falls_silent(t, TOWN_COUNCIL);
    answers(t, TOWN_CHARITY, &q, ANSWER_YES);
    assert_int_equal(finals(t, 0), 0);
    assert_int_equal(town_leaves(t, EVENT_DISCLOSED, NULL), 1);
    hello(t, TOWN_COUNCIL);
    finally(t, INSIGHT_YES, COMPLETE_ALL);
    assert_int_equal(town_leaves(t, EVENT_DISCLOSED, NULL), 2);
    hello(t, TOWN_COUNCIL); /* not acknowledged: again, and no other leaf for the same */
    finally(t, INSIGHT_YES, COMPLETE_ALL);
    assert_true(t->msg.deliver.again);
    assert_int_equal(town_leaves(t, EVENT_DISCLOSED, NULL), 2);
    acknowledged(t);
    assert_int_equal(kept(t), 0);
    hello(t, TOWN_COUNCIL);
    assert_int_equal(finals(t, 0), 0);
}

static void asker_that_is_gone_by_the_deadline_finds_the_reply_when_it_comes_back(void **state)
{
    struct town *t = *state;
    struct id q;

    asks_insight(t, "truancy", TOWN_TESS);
    q = question_of(t, TOWN_CHARITY);
    answers(t, TOWN_CHARITY, &q, ANSWER_YES);
    falls_silent(t, TOWN_COUNCIL); /* and the deadline passes */
    assert_int_equal(town_leaves(t, EVENT_NOT_DISCLOSED, NULL), 1);
    hello(t, TOWN_COUNCIL);
    assert_int_equal(finals(t, DELIVERY_INSIGHT), 1);
    assert_int_equal(t->msg.deliver.insight.value, INSIGHT_YES);
}

/* --- its answers --- */

struct sealed_search {
    struct store_txn *txn;
    struct bytes needle;
    size_t n;
};

static int sealed_visit(void *ctx, const struct ledger_record *r)
{
    ALM_CLEANUP(buf_deinit) struct buf opened = { 0 };
    struct sealed_search *s = ctx;

    if (r->clear.event != EVENT_ANSWERED_BY_HAND)
        return 0;
    buf_init(&opened, WIRE_FRAME_MAX);
    assert_int_equal(ledger_sealed_open(s->txn, r, &opened), 0);
    s->n += memmem(opened.data, opened.len, s->needle.data, s->needle.len) != NULL;
    assert_null(memmem(r->clear_octets.data, r->clear_octets.len, s->needle.data, s->needle.len));
    return 0;
}

static void who_answered_by_hand_is_in_the_sealed_part_of_its_leaf(void **state)
{
    ALM_CLEANUP(store_abortp) struct store_txn *txn = NULL;
    struct town *t = *state;
    struct sealed_search s = { .needle = bytes_str("volunteer-9") };
    struct msg *m;
    struct id q = awaited(t);

    m = answer_msg(t, &q, ANSWER_NOT_KNOWN);
    (void)snprintf(m->answer.by, sizeof(m->answer.by), "volunteer-9");
    m->answer.by_ms = town_wall - 5000;
    town_say(t, TOWN_CHARITY, m);
    town_turn(t);
    finally(t, INSIGHT_NO, COMPLETE_ALL);
    assert_int_equal(store_begin(t->core->store, false, &txn), 0);
    s.txn = txn;
    assert_int_equal(ledger_each(txn, 0, UINT64_MAX, sealed_visit, &s), 0);
    assert_int_equal(s.n, 1);
}

static void same_answer_again_gets_its_first_receipt(void **state)
{
    struct town *t = *state;
    static struct msg sent;
    struct id q;
    uint64_t leaf;

    q = awaited(t);
    sent = *answer_msg(t, &q, ANSWER_YES);
    town_say(t, TOWN_CHARITY, &sent);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_RECEIPT), 1);
    leaf = t->msg.receipt.leaf;
    for (int i = 0; i < 3; i++) { /* before it was acknowledged, after it, and after a week */
        town_forget(t);
        town_say(t, TOWN_CHARITY, &sent);
        town_turn(t);
        assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_RECEIPT), 1);
        assert_int_equal(t->msg.receipt.leaf, leaf);
        assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_DELIVER), 0);
        if (i == 0) {
            hello(t, TOWN_COUNCIL);
            acknowledged(t);
        } else {
            hours_pass(t, 168);
        }
    }
    assert_int_equal(town_leaves(t, EVENT_ANSWERED_BY_HAND, NULL), 1);
}

static void same_id_with_another_answer_is_refused(void **state)
{
    struct town *t = *state;
    static struct msg sent;
    struct id q = awaited(t);

    sent = *answer_msg(t, &q, ANSWER_NO);
    town_say(t, TOWN_CHARITY, &sent);
    town_turn(t);
    sent.answer.value = ANSWER_YES;
    town_say(t, TOWN_CHARITY, &sent);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_CHARITY), "id-reused");
    finally(t, INSIGHT_NO, COMPLETE_ALL);
}

static void other_answer_to_the_same_question_is_refused_and_the_first_counts(void **state)
{
    struct town *t = *state;
    struct id charity, police;

    awaited_of_both(t, &charity, &police);
    answers(t, TOWN_CHARITY, &charity, ANSWER_NO);
    answers(t, TOWN_CHARITY, &charity, ANSWER_YES);
    assert_string_equal(town_refusal(t, TOWN_CHARITY), "question-answered");
    answers(t, TOWN_POLICE, &police, ANSWER_NO);
    assert_int_equal(finals(t, DELIVERY_INSIGHT), 1);
    assert_int_equal(t->msg.deliver.insight.value, INSIGHT_CANNOT_SAY); /* the school was silent */
    answers(t, TOWN_CHARITY, &charity, ANSWER_YES);
    assert_string_equal(town_refusal(t, TOWN_CHARITY), "question-over");
    assert_int_equal(town_leaves(t, EVENT_STRAY_ANSWER, NULL), 2);
}

static void answer_of_an_agency_that_was_not_asked_counts_for_nothing(void **state)
{
    struct town *t = *state;
    struct id charity;

    asks_insight(t, "arrears", TOWN_TESS);
    charity = question_of(t, TOWN_CHARITY);
    deadline_passes(t);
    answers(t, TOWN_POLICE, &charity, ANSWER_YES);
    assert_string_equal(town_refusal(t, TOWN_POLICE), "question-over");
    answers(t, TOWN_SCHOOL, &charity, ANSWER_YES);
    assert_string_equal(town_refusal(t, TOWN_SCHOOL), "question-over");
    assert_int_equal(finals(t, 0), 0);
    assert_int_equal(town_leaves(t, EVENT_STRAY_ANSWER, NULL), 2);
    assert_int_equal(town_leaves(t, EVENT_ANSWERED_BY_HAND, NULL), 0);
    answers(t, TOWN_CHARITY, &charity, ANSWER_NO);
    finally(t, INSIGHT_NO, COMPLETE_ALL);
}

static void answer_to_a_question_that_was_never_put_is_refused(void **state)
{
    struct town *t = *state;
    struct id nothing;

    assert_int_equal(id_new(town_wall, &nothing), 0);
    answers(t, TOWN_CHARITY, &nothing, ANSWER_YES);
    assert_string_equal(town_refusal(t, TOWN_CHARITY), "question-over");
    answers(t, TOWN_SCHOOL, &nothing, ANSWER_YES); /* which is no desk: recorded, and no reply */
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_REFUSAL), 0);
    assert_int_equal(town_leaves(t, EVENT_STRAY_ANSWER, NULL), 2);
}

static void answer_after_its_time_is_refused(void **state)
{
    struct town *t = *state;
    struct id q = awaited(t);

    hours_pass(t, 24);
    finally(t, INSIGHT_CANNOT_SAY, COMPLETE_NONE);
    answers(t, TOWN_CHARITY, &q, ANSWER_YES);
    assert_string_equal(town_refusal(t, TOWN_CHARITY), "question-over");
    assert_int_equal(finals(t, DELIVERY_INSIGHT), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ONE_DESK(asker_is_told_by_its_deadline_that_an_answer_by_hand_is_awaited),
        ONE_DESK(agency_that_answers_by_machine_has_the_usual_time),
        ONE_DESK(desk_that_answers_in_time_is_in_the_reply_and_gets_a_receipt),
        ONE_DESK(late_answer_composes_as_any_other),
        ONE_DESK(yes_of_another_by_the_deadline_is_final),
        ONE_DESK(what_others_said_by_the_deadline_counts_in_the_final_reply),
        TWO_DESKS(final_reply_waits_for_the_slower_of_two_desks),
        TWO_DESKS(time_that_ends_unanswered_gives_what_there_is),
        ONE_DESK(late_answer_about_who_is_involved_names_the_service),
        cmocka_unit_test_setup_teardown(masked_service_that_answers_by_hand_can_be_asked_to_call,
                                        sensitive_desk, no_desks_after),
        ONE_DESK(contact_asked_for_by_the_deadline_goes_on_after_the_final_reply),
        ONE_DESK(factor_answered_by_hand_decides_a_composite_later),
        ONE_DESK(eligibility_waits_for_nobody),
        ONE_DESK(desk_that_is_away_is_asked_when_it_comes_and_has_the_time_that_is_left),
        ONE_DESK(open_question_comes_again_with_each_hello_under_its_first_id),
        ONE_DESK(question_with_no_time_left_for_a_person_does_not_come_again),
        ONE_DESK(desk_that_comes_before_the_deadline_is_in_the_reply),
        ONE_DESK(final_reply_waits_for_an_asker_that_is_away),
        ONE_DESK(who_answered_by_hand_is_in_the_sealed_part_of_its_leaf),
        ONE_DESK(asker_that_is_gone_by_the_deadline_finds_the_reply_when_it_comes_back),
        ONE_DESK(same_answer_again_gets_its_first_receipt),
        ONE_DESK(same_id_with_another_answer_is_refused),
        TWO_DESKS(other_answer_to_the_same_question_is_refused_and_the_first_counts),
        TWO_DESKS(answer_of_an_agency_that_was_not_asked_counts_for_nothing),
        ONE_DESK(answer_to_a_question_that_was_never_put_is_refused),
        ONE_DESK(answer_after_its_time_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
