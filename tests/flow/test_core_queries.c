/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_queries.c - questions through one core: who is asked, what counts as an answer, what
 * comes back, what its record holds. */
#include "core_town.h"

#include "core/stages.h"

#include <stdio.h>
#include <string.h>

/* Everybody whom the question "truancy" is put to. */
static const enum town_agency truancy_holders[] = { TOWN_CHARITY, TOWN_POLICE, TOWN_SCHOOL,
                                                    TOWN_NURSERY };

static void ask_truancy(struct town *t)
{
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "truancy", TOWN_TESS));
    town_turn(t);
}

static void all_answer(struct town *t, uint8_t value)
{
    for (size_t i = 0; i < ALM_LEN(truancy_holders); i++)
        town_answer(t, truancy_holders[i], value);
    town_turn(t);
}

static void query_is_put_to_each_holder_under_an_id_of_its_own(void **state)
{
    struct town *t = *state;
    struct id first;

    ask_truancy(t);
    for (size_t i = 0; i < ALM_LEN(truancy_holders); i++)
        assert_int_equal(town_heard(t, truancy_holders[i], MSG_QUESTION), 1);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_QUESTION), 0);
    assert_int_equal(town_heard(t, TOWN_COURT, MSG_QUESTION), 0);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_QUESTION), 1);
    first = t->msg.id;
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 1);
    assert_false(id_equal(&first, &t->msg.id));
}

static struct msg question_of(struct town *t, enum town_agency who)
{
    struct msg m;

    assert_int_equal(town_heard(t, who, MSG_QUESTION), 1);
    m = t->msg;
    return m;
}

/* Encoded once, for however many: nothing but the id may come from one holder's into another's. */
static void query_is_the_same_to_each_holder_but_for_its_id(void **state)
{
    static const enum town_agency holders[] = { TOWN_CHARITY, TOWN_POLICE, TOWN_SCHOOL, TOWN_NURSERY };
    struct town *t = *state;
    struct msg first, m;

    ask_truancy(t);
    first = question_of(t, holders[0]);
    for (size_t i = 1; i < ALM_LEN(holders); i++) {
        const struct town_frame *a = town_frame_of(t, holders[0], MSG_QUESTION),
                                *b = town_frame_of(t, holders[i], MSG_QUESTION);
        size_t other = 0;

        m = question_of(t, holders[i]);
        assert_false(id_equal(&m.id, &first.id));
        assert_int_equal(a->len, b->len);
        assert_true(a->ref != b->ref);
        for (size_t k = 0; k < a->len; k++)
            other += a->octets[k] != b->octets[k];
        assert_true(other > 0 && other <= ID_LEN);
    }
}

/* Whom a shield hides: the asker's own organisation is asked about the person, all others about
 * somebody who is nobody. One of the two must not be made of the other. */
static void hidden_query_is_not_made_of_the_one_to_colleagues(void **state)
{
    static const enum town_agency holders[] = { TOWN_CHARITY, TOWN_POLICE, TOWN_SCHOOL, TOWN_NURSERY };
    struct town *t = *state;
    struct token_set tess, nobody = { .n = 0 };

    town_say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    town_turn(t);
    town_forget(t);
    town_person(TOWN_TESS, &tess);
    town_say(t, TOWN_SCHOOL, town_insight(t, "safeguarding", "truancy", TOWN_TESS));
    town_turn(t);
    for (size_t i = 0; i < ALM_LEN(holders); i++) {
        bool own = holders[i] == TOWN_SCHOOL || holders[i] == TOWN_NURSERY;

        if (!town_heard(t, holders[i], MSG_QUESTION))
            continue;
        assert_int_equal(t->msg.question.subject.n, tess.n);
        assert_int_equal(!memcmp(t->msg.question.subject.tokens[0].value, tess.tokens[0].value, TOKEN_LEN), own);
        if (!own && nobody.n) /* and all of them about the same nobody */
            assert_memory_equal(&t->msg.question.subject, &nobody, sizeof(nobody));
        if (!own)
            nobody = t->msg.question.subject;
    }
    assert_true(nobody.n > 0);
    assert_int_equal(town_heard(t, TOWN_NURSERY, MSG_QUESTION), 1);
}

static void question_names_the_asking_agency_and_no_practitioner_or_case(void **state)
{
    struct town *t = *state;

    ask_truancy(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_QUESTION), 1);
    assert_string_equal(t->msg.question.asking_agency, "council");
    assert_string_equal(t->msg.question.asking_sector, "childrens-services");
    assert_string_equal(t->msg.purpose, "safeguarding");
    assert_int_equal(t->msg.question.as_of, TOWN_DAY);
    assert_true(t->msg.question.deadline_ms > 0 && t->msg.question.deadline_ms <= 2000);
    assert_string_equal(t->msg.practitioner.ref, "");
    assert_string_equal(t->msg.case_ref, "");
}

static void question_of_a_sensitive_asker_names_its_sector_only(void **state)
{
    struct town *t = *state;

    town_say(t, TOWN_CLINIC, town_insight(t, "safeguarding", "truancy", TOWN_TESS));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_QUESTION), 1);
    assert_string_equal(t->msg.question.asking_agency, "");
    assert_string_equal(t->msg.question.asking_sector, "sexual-health");
}

static void yes_waits_for_all_the_others(void **state)
{
    struct town *t = *state;

    ask_truancy(t);
    town_answer(t, TOWN_SCHOOL, ANSWER_YES);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 0);
    town_answer(t, TOWN_NURSERY, ANSWER_NO);
    town_answer(t, TOWN_POLICE, ANSWER_NOT_KNOWN);
    town_answer(t, TOWN_CHARITY, ANSWER_NOT_KNOWN);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_YES);
    assert_int_equal(t->msg.insight.completeness, COMPLETE_ALL);
    assert_int_equal(t->msg.insight.as_of, TOWN_DAY);
    assert_string_equal(t->msg.insight.policy_rule, "safeguarding/truancy");
}

static void no_when_every_holder_answered_and_none_holds_it(void **state)
{
    struct town *t = *state;

    ask_truancy(t);
    all_answer(t, ANSWER_NOT_KNOWN);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_NO);
    assert_int_equal(t->msg.insight.completeness, COMPLETE_ALL);
}

static void dead_holder_makes_it_cannot_say_with_completeness(void **state)
{
    struct town *t = *state;

    ask_truancy(t);
    town_answer(t, TOWN_SCHOOL, ANSWER_NO);
    town_answer(t, TOWN_NURSERY, ANSWER_NO);
    town_answer(t, TOWN_POLICE, ANSWER_NO);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 0);
    town_mono += 2001;
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_CANNOT_SAY);
    assert_int_equal(t->msg.insight.completeness, COMPLETE_MOST);
}

static void yes_at_the_deadline_is_a_yes_although_others_are_silent(void **state)
{
    struct town *t = *state;

    ask_truancy(t);
    town_answer(t, TOWN_SCHOOL, ANSWER_YES);
    town_turn(t);
    town_mono += 2001;
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_YES);
    assert_int_equal(t->msg.insight.completeness, COMPLETE_SOME);
}

static void unreachable_holder_is_not_waited_for(void **state)
{
    struct town *t = *state;
    struct pair_msg gone = { .type = PAIR_UNREACHABLE };
    const struct town_frame *f;

    ask_truancy(t);
    town_answer(t, TOWN_SCHOOL, ANSWER_NO);
    town_answer(t, TOWN_NURSERY, ANSWER_NO);
    town_answer(t, TOWN_POLICE, ANSWER_NO);
    f = town_frame_of(t, TOWN_CHARITY, MSG_QUESTION);
    assert_non_null(f);
    gone.ref = f->ref;
    (void)snprintf(gone.agency, sizeof(gone.agency), "charity");
    assert_int_equal(pair_put(t->gates[0], &gone), 0);
    assert_int_equal(pair_flush(t->gates[0]), 0);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_CANNOT_SAY);
}

static void holder_that_cannot_say_makes_the_reply_cannot_say(void **state)
{
    struct town *t = *state;

    ask_truancy(t);
    town_answer(t, TOWN_SCHOOL, ANSWER_CANNOT_SAY);
    town_answer(t, TOWN_NURSERY, ANSWER_NO);
    town_answer(t, TOWN_POLICE, ANSWER_NO);
    town_answer(t, TOWN_CHARITY, ANSWER_NO);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_CANNOT_SAY);
    assert_int_equal(t->msg.insight.completeness, COMPLETE_MOST);
}

static void residence_that_nobody_knows_is_cannot_say_and_not_no(void **state)
{
    struct town *t = *state;
    static const enum town_agency all[] = { TOWN_CHARITY, TOWN_CLINIC, TOWN_COUNCIL,
                                            TOWN_POLICE,  TOWN_SCHOOL, TOWN_NURSERY };

    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "lives-at", TOWN_NOBODY));
    town_turn(t);
    for (size_t i = 0; i < ALM_LEN(all); i++)
        town_answer(t, all[i], ANSWER_NOT_KNOWN);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_CANNOT_SAY);
}

static void answer_of_an_agency_that_was_not_asked_is_dropped_and_recorded(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;
    struct msg *m;
    struct id question;

    ask_truancy(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_QUESTION), 1);
    question = t->msg.id;
    m = town_msg(t, MSG_ANSWER);
    m->in_reply_to = question;
    m->answer.value = ANSWER_YES;
    m->answer.data_as_of = TOWN_DAY;
    m->answer.since = CIVIL_NONE;
    town_say(t, TOWN_COURT, m); /* it has somehow learnt the question's id */
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_STRAY_ANSWER, &leaf), 1);
    assert_string_equal(leaf.agency, "court");
    all_answer(t, ANSWER_NO);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_NO);
}

static void second_answer_of_a_holder_does_not_count_and_is_recorded(void **state)
{
    struct town *t = *state;

    ask_truancy(t);
    town_answer(t, TOWN_SCHOOL, ANSWER_NO);
    town_turn(t);
    town_answer(t, TOWN_SCHOOL, ANSWER_YES);
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_STRAY_ANSWER, NULL), 1);
    town_answer(t, TOWN_NURSERY, ANSWER_NO);
    town_answer(t, TOWN_POLICE, ANSWER_NO);
    town_answer(t, TOWN_CHARITY, ANSWER_NO);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_NO);
}

static void late_answer_changes_nothing_and_is_recorded(void **state)
{
    struct town *t = *state;

    ask_truancy(t);
    town_mono += 2001;
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_CANNOT_SAY);
    assert_int_equal(t->msg.insight.completeness, COMPLETE_NONE);
    town_answer(t, TOWN_SCHOOL, ANSWER_YES);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(town_leaves(t, EVENT_STRAY_ANSWER, NULL), 1);
}

static void involvement_names_some_masks_the_sensitive_and_sorts(void **state)
{
    struct town *t = *state;

    town_say(t, TOWN_COUNCIL, town_involvement(t, "safeguarding", TOWN_TESS));
    town_turn(t);
    town_answer(t, TOWN_SCHOOL, ANSWER_YES);
    town_answer(t, TOWN_NURSERY, ANSWER_NO);
    town_answer(t, TOWN_CLINIC, ANSWER_YES);
    town_answer(t, TOWN_CHARITY, ANSWER_YES);
    town_answer(t, TOWN_POLICE, ANSWER_NOT_KNOWN);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INVOLVEMENT), 1);
    assert_int_equal(t->msg.involvement.n, 2);
    assert_true(t->msg.involvement.masked);
    assert_string_equal(t->msg.involvement.involved[0].agency, "charity");
    assert_string_equal(t->msg.involvement.involved[1].agency, "school");
    assert_string_equal(t->msg.involvement.involved[1].contact_route, "desk of school");
    assert_int_equal(t->msg.involvement.involved[1].since_band, SINCE_1_TO_3_YEARS);
    assert_int_equal(t->msg.involvement.completeness, COMPLETE_ALL);
}

static void household_question_carries_the_home_alone(void **state)
{
    struct town *t = *state;
    struct msg *m = town_insight(t, "safeguarding", "noise", TOWN_TESS);

    m->insight_query.subject_kind = SUBJECT_HOUSEHOLD;
    memset(&m->insight_query.subject, 0, sizeof(m->insight_query.subject));
    town_home(3, &m->insight_query.household);
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 1);
    assert_int_equal(t->msg.question.subject_kind, SUBJECT_HOUSEHOLD);
    assert_int_equal(t->msg.question.subject.n, 0);
    assert_int_equal(t->msg.question.household.kind, TOKEN_HOME);
    town_answer(t, TOWN_POLICE, ANSWER_YES);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_YES);
}

static void silent_adapter_is_not_waited_for_until_its_next_lease(void **state)
{
    struct town *t = *state;

    town_mono += 16000; /* three leases of five seconds missed */
    town_say(t, TOWN_POLICE, town_lease(t));
    town_say(t, TOWN_COUNCIL, town_lease(t));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_LEASE), 1);
    assert_int_equal(t->msg.lease.civil_day, TOWN_DAY);
    ask_truancy(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_QUESTION), 0);
    town_answer(t, TOWN_POLICE, ANSWER_NO);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_CANNOT_SAY);
    assert_int_equal(t->msg.insight.completeness, COMPLETE_SOME);
}

/* --- what the leaf says of the law --- */

struct laws_seen {
    size_t decided, disclosed, refused;
};

static int see_laws(void *ctx, const struct ledger_record *r)
{
    struct laws_seen *l = ctx;
    bool named = strcmp(r->clear.detail, "law=safeguarding") == 0;

    l->decided += r->clear.event == EVENT_DECIDED && named;
    l->disclosed += r->clear.event == EVENT_DISCLOSED && named;
    l->refused += r->clear.event == EVENT_REFUSED && !r->clear.detail[0];
    return 0;
}

static void decision_and_disclosure_name_the_law_that_carried_them_and_a_refusal_none(void **state)
{
    struct laws_seen l = { 0 };
    struct town *t = *state;
    struct store_txn *txn = NULL;
    int r;

    ask_truancy(t);
    all_answer(t, ANSWER_NO);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    town_say(t, TOWN_COUNCIL, town_insight(t, "early-help", "truancy", TOWN_TESS));
    town_turn(t);
    assert_int_equal(store_begin(t->core->store, false, &txn), 0);
    r = ledger_each(txn, 0, UINT64_MAX, see_laws, &l);
    store_abort(txn);
    assert_int_equal(r, 0);
    assert_int_equal(l.decided, 1);
    assert_int_equal(l.disclosed, 1);
    assert_int_equal(l.refused, 1);
}

/* --- its record, and asking again --- */

struct looking {
    struct store_txn *txn;
    bool found;
};

static int find_reason(void *ctx, const struct ledger_record *r)
{
    struct looking *l = ctx;
    static const char reason[] = "met at the school gate";
    ALM_CLEANUP(buf_deinit) struct buf opened = { 0 };

    buf_init(&opened, WIRE_FRAME_MAX);
    if (!strstr(r->clear.detail, "self-claimed relationship"))
        return 0;
    if (memmem(r->clear_octets.data, r->clear_octets.len, reason, sizeof(reason) - 1) ||
        ledger_sealed_open(l->txn, r, &opened) || !opened.len)
        return 0;
    l->found = l->found || memmem(opened.data, opened.len, reason, sizeof(reason) - 1);
    return 0;
}

static void self_claimed_relationships_reason_is_kept_sealed(void **state)
{
    struct town *t = *state;
    struct msg *m = town_insight(t, "safeguarding", "noise", TOWN_TESS);
    struct looking l = { NULL, false };
    int r;

    m->insight_query.relationship.kind = RELATION_SELF_CLAIMED;
    m->insight_query.relationship.since = TOWN_DAY;
    (void)snprintf(m->insight_query.relationship.reason,
                   sizeof(m->insight_query.relationship.reason), "met at the school gate");
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
    assert_int_equal(store_begin(t->core->store, false, &l.txn), 0);
    r = ledger_each(l.txn, 0, UINT64_MAX, find_reason, &l);
    store_abort(l.txn); /* an assertion that fails would leave it open */
    assert_int_equal(r, 0);
    assert_true(l.found);
}

static void repeated_query_gets_already_asked_and_never_an_answer(void **state)
{
    struct town *t = *state;
    struct msg *m = town_insight(t, "safeguarding", "truancy", TOWN_TESS);
    struct msg again;

    town_say(t, TOWN_COUNCIL, m);
    again = *m;
    town_turn(t);
    all_answer(t, ANSWER_NO);
    town_forget(t);
    town_say(t, TOWN_COUNCIL, &again);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "already-asked");
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 0);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_QUESTION), 0);
    assert_int_equal(town_leaves(t, EVENT_REJECTED, NULL), 1);
    town_reopen(t); /* the ids are not forgotten with the process */
    town_forget(t);
    town_say(t, TOWN_COUNCIL, &again);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "already-asked");
}

/* A query that waits remembers where its question stood; the policy may be another by then. */
static void question_is_found_wherever_it_stood(void **state)
{
    struct town *t = *state;
    struct core *c = t->core;
    size_t n = bundle_n_questions(c->bundle);
    const struct bundle *b = c->bundle;
    struct ask ask = { .involvement = false };

    for (uint16_t q = 0; q <= n; q++) {
        bool known = q < n;

        (void)snprintf(ask.question, sizeof(ask.question), "%s", known ? bundle_question_at(b, q)->id : "none-such");
        for (uint16_t hint = 0; hint <= n + 1; hint++) {
            ask.question_hint = hint > n ? UINT16_MAX : hint;
            assert_int_equal(ask_question(c, &ask), known ? q : POLICY_NONE);
        }
    }
    (void)snprintf(ask.question, sizeof(ask.question), "%s", bundle_question_at(b, 0)->id);
    ask.question_hint = 0;
    c->bundle = NULL;
    assert_int_equal(ask_question(c, &ask), POLICY_NONE);
    c->bundle = (struct bundle *)(uintptr_t)b;
    ask.involvement = true;
    assert_int_equal(ask_question(c, &ask), POLICY_NONE);
}

/* The record's room is used again, and is not zeroed to its end. */
static void record_names_nobody_whom_the_one_before_it_named(void **state)
{
    static const char other[ALM_LEN(((struct ledger_clear *)0)->holders[0])];
    struct town *t = *state;
    struct msg *m;
    struct ledger_clear leaf;

    ask_truancy(t);
    assert_int_equal(town_leaves(t, EVENT_DECIDED, &leaf), 1);
    assert_int_equal(leaf.n_holders, 4);
    m = town_insight(t, "safeguarding", "truancy", TOWN_TESS);
    m->sent_ms = town_wall - 10 * 60000;
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_REJECTED, &leaf), 1);
    assert_int_equal(leaf.n_holders, 0);
    for (size_t i = 0; i < ALM_LEN(leaf.holders); i++)
        assert_memory_equal(leaf.holders[i], other, sizeof(other));
    assert_string_equal(leaf.question, "");
    assert_string_equal(leaf.detail, "");
}

#define TOWN_TEST(f) cmocka_unit_test_setup_teardown(f, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOWN_TEST(query_is_put_to_each_holder_under_an_id_of_its_own),
        TOWN_TEST(query_is_the_same_to_each_holder_but_for_its_id),
        TOWN_TEST(hidden_query_is_not_made_of_the_one_to_colleagues),
        TOWN_TEST(question_names_the_asking_agency_and_no_practitioner_or_case),
        TOWN_TEST(question_of_a_sensitive_asker_names_its_sector_only),
        TOWN_TEST(yes_waits_for_all_the_others),
        TOWN_TEST(no_when_every_holder_answered_and_none_holds_it),
        TOWN_TEST(dead_holder_makes_it_cannot_say_with_completeness),
        TOWN_TEST(yes_at_the_deadline_is_a_yes_although_others_are_silent),
        TOWN_TEST(unreachable_holder_is_not_waited_for),
        TOWN_TEST(holder_that_cannot_say_makes_the_reply_cannot_say),
        TOWN_TEST(silent_adapter_is_not_waited_for_until_its_next_lease),
        TOWN_TEST(residence_that_nobody_knows_is_cannot_say_and_not_no),
        TOWN_TEST(answer_of_an_agency_that_was_not_asked_is_dropped_and_recorded),
        TOWN_TEST(second_answer_of_a_holder_does_not_count_and_is_recorded),
        TOWN_TEST(late_answer_changes_nothing_and_is_recorded),
        TOWN_TEST(involvement_names_some_masks_the_sensitive_and_sorts),
        TOWN_TEST(household_question_carries_the_home_alone),
        TOWN_TEST(decision_and_disclosure_name_the_law_that_carried_them_and_a_refusal_none),
        TOWN_TEST(self_claimed_relationships_reason_is_kept_sealed),
        TOWN_TEST(repeated_query_gets_already_asked_and_never_an_answer),
        TOWN_TEST(question_is_found_wherever_it_stood),
        TOWN_TEST(record_names_nobody_whom_the_one_before_it_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
