/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_disputes.c - disputes between parents, the unborn, what a refusal tells, and who hears
 * that a consent is gone. */
#include "core_consent.h"

static const int one_officer[] = { 0, -1 }, nobody[] = { -1 };

/* --- disputes --- */

static void a_dispute_stops_parents_until_an_officer_lifts_it(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;
    struct id id, other;

    (void)lodged(t, TOWN_COUNCIL, consent_by(t, CAPACITY_PARENT));
    assert_true(noise_asked(t));
    id = lodged(t, TOWN_SCHOOL, dispute(t, PURPOSE, TOWN_TESS));
    assert_int_equal(town_leaves(t, EVENT_DISPUTED, &leaf), 1);
    assert_string_equal(leaf.agency, "school");
    assert_false(noise_asked(t));
    (void)lodged(t, TOWN_COUNCIL, consent_by(t, CAPACITY_PARENT)); /* nor by another parent */
    assert_false(noise_asked(t));
    town_reopen(t);
    assert_false(noise_asked(t));
    assert_int_equal(id_new(town_wall, &other), 0);
    assert_string_equal(lift(t, &other, one_officer), "unknown-dispute");
    assert_string_equal(lift(t, &id, nobody), "too-few-signatures");
    assert_false(noise_asked(t));
    assert_string_equal(lift(t, &id, one_officer), "ok");
    assert_string_equal(lift(t, &id, one_officer), "already-lifted");
    assert_int_equal(town_leaves(t, EVENT_DISPUTE_LIFTED, &leaf), 1);
    assert_string_equal(leaf.agency, "school");
    assert_non_null(strstr(leaf.detail, "court order"));
    assert_true(noise_asked(t));
    town_reopen(t);
    assert_true(noise_asked(t));
}

static void a_lift_without_a_reason_is_none(void **state)
{
    struct town *t = *state;
    struct id id = lodged(t, TOWN_SCHOOL, dispute(t, PURPOSE, TOWN_TESS));
    char text[ID_TEXT];

    id_format(&id, text);
    assert_string_equal(town_change(t, "dispute-lift",
                                    json_pack("{s:s,s:s}", "dispute", text, "reason", ""),
                                    one_officer),
                        "bad-change");
    assert_string_equal(town_change(t, "dispute-lift",
                                    json_pack("{s:s,s:s}", "dispute", "x", "reason", "y"),
                                    one_officer),
                        "bad-change");
    assert_int_equal(town_leaves(t, EVENT_DISPUTE_LIFTED, NULL), 0);
}

static void a_dispute_leaves_all_others_as_they_are(void **state)
{
    static const uint8_t others[] = { CAPACITY_SELF, CAPACITY_LOCAL_AUTHORITY, CAPACITY_ATTORNEY };
    struct town *t = *state;

    (void)lodged(t, TOWN_SCHOOL, dispute(t, PURPOSE, TOWN_TESS));
    for (size_t i = 0; i < ALM_LEN(others); i++) {
        (void)lodged(t, TOWN_COUNCIL, consent_by(t, others[i]));
        assert_true(noise_asked(t));
        (void)lodged(t, TOWN_COUNCIL, town_withdraw(t, PURPOSE, TOWN_TESS));
    }
}

static void a_dispute_is_about_one_person_and_one_purpose(void **state)
{
    struct town *t = *state;

    (void)lodged(t, TOWN_COUNCIL, consent_by(t, CAPACITY_PARENT));
    (void)lodged(t, TOWN_SCHOOL, dispute(t, PURPOSE, TOWN_SAM));
    (void)lodged(t, TOWN_SCHOOL, dispute(t, "safeguarding", TOWN_TESS));
    assert_true(noise_asked(t));
}

static void who_may_dispute_and_how_often(void **state)
{
    struct town *t = *state;
    struct msg *m = dispute(t, PURPOSE, TOWN_TESS);
    struct id id, again;

    refused(t, TOWN_COURT, m, "not-a-party");
    refused(t, TOWN_SCHOOL, dispute(t, "fund-raising", TOWN_TESS), "purpose-outside-protocol");
    m = dispute(t, PURPOSE, TOWN_TESS);
    m->dispute.on = TOWN_DAY + 1;
    refused(t, TOWN_SCHOOL, m, "given-in-the-future");
    m = dispute(t, PURPOSE, TOWN_TESS);
    m->dispute.on = TOWN_DAY - 31;
    refused(t, TOWN_SCHOOL, m, "given-too-long-ago");
    id = lodged(t, TOWN_SCHOOL, dispute(t, PURPOSE, TOWN_TESS));
    refused(t, TOWN_SCHOOL, dispute(t, PURPOSE, TOWN_TESS), "already-disputed");
    (void)lodged(t, TOWN_CHARITY, dispute(t, PURPOSE, TOWN_TESS)); /* another's stands beside it */
    assert_string_equal(lift(t, &id, one_officer), "ok");
    again = lodged(t, TOWN_SCHOOL, dispute(t, PURPOSE, TOWN_TESS)); /* they fell out again */
    assert_false(id_equal(&id, &again));
    assert_int_equal(town_leaves(t, EVENT_DISPUTED, NULL), 3);
}

static void while_any_dispute_stands_parents_grants_do_not(void **state)
{
    struct town *t = *state;
    struct id one, two;

    (void)lodged(t, TOWN_COUNCIL, consent_by(t, CAPACITY_PARENT));
    one = lodged(t, TOWN_SCHOOL, dispute(t, PURPOSE, TOWN_TESS));
    two = lodged(t, TOWN_CHARITY, dispute(t, PURPOSE, TOWN_TESS));
    assert_string_equal(lift(t, &one, one_officer), "ok");
    assert_false(noise_asked(t));
    assert_string_equal(lift(t, &two, one_officer), "ok");
    assert_true(noise_asked(t));
}

/* A dispute that may be a twin's: the asker is told "cannot say", and not that anything is
 * disputed. */
static void a_dispute_that_may_be_anothers_makes_it_cannot_say(void **state)
{
    struct town *t = *state;
    struct msg *m;

    (void)lodged(t, TOWN_COUNCIL, consent_by(t, CAPACITY_PARENT));
    m = dispute(t, PURPOSE, TOWN_TESS);
    m->dispute.subject.tokens[0].value[5] ^= 1; /* another NHS number */
    (void)lodged(t, TOWN_SCHOOL, m);
    town_say(t, TOWN_COUNCIL, town_insight(t, PURPOSE, "noise", TOWN_TESS));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 1); /* about nobody */
    assert_false(
        token_equal(&t->msg.question.subject.tokens[0], &t->msg.question.subject.tokens[1]));
    town_answer(t, TOWN_POLICE, ANSWER_NOT_KNOWN);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(town_leaves(t, EVENT_REFUSED, NULL), 1);
    (void)lodged(t, TOWN_COUNCIL, consent_by(t, CAPACITY_SELF)); /* their own is in no doubt */
    assert_true(noise_asked(t));
}

static struct msg_refusal told_why(struct town *t)
{
    struct msg_refusal r;

    town_forget(t);
    town_say(t, TOWN_COUNCIL, town_insight(t, PURPOSE, "noise", TOWN_TESS));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_REFUSAL), 1);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 0);
    memcpy(&r, &t->msg.refusal, sizeof(r));
    (void)lodged(t, TOWN_SCHOOL, town_withdraw(t, PURPOSE, TOWN_TESS));
    return r;
}

/* DESIGN.md promise 5: one line for all of them, in the same bytes. */
static void no_new_state_of_a_consent_tells_which_it_is(void **state)
{
    struct town *t = *state;
    struct msg_refusal none = told_why(t), why;
    struct msg *m;

    m = consent_by(t, CAPACITY_SELF); /* asked in vain */
    m->consent.decision = CONSENT_NOT_POSSIBLE;
    (void)snprintf(m->consent.not_possible, sizeof(name_t), "not-reached");
    (void)lodged(t, TOWN_COUNCIL, m);
    why = told_why(t);
    assert_memory_equal(&why, &none, sizeof(none));
    m = consent_by(t, CAPACITY_SELF); /* of another stage */
    m->consent.stage = 1;
    (void)lodged(t, TOWN_COUNCIL, m);
    why = told_why(t);
    assert_memory_equal(&why, &none, sizeof(none));
    (void)lodged(t, TOWN_COUNCIL, consent_by(t, CAPACITY_PARENT)); /* disputed */
    (void)lodged(t, TOWN_SCHOOL, dispute(t, PURPOSE, TOWN_TESS));
    why = told_why(t);
    assert_memory_equal(&why, &none, sizeof(none));
    m = consent_by(t, CAPACITY_SELF); /* its review long overdue */
    m->consent.review_on = TOWN_DAY;
    (void)lodged(t, TOWN_COUNCIL, m);
    town_day(t, TOWN_DAY + TOWN_GRACE + 1);
    why = told_why(t);
    assert_memory_equal(&why, &none, sizeof(none));
}

/* --- the unborn --- */

static struct msg *about_unborn(struct msg *m)
{
    if (m->type == MSG_CONSENT) {
        m->consent.subject.unborn = true;
    } else {
        m->insight_query.subject.unborn = true;
        m->insight_query.subject_kind = SUBJECT_UNBORN;
    }
    return m;
}

static void consent_about_an_unborn_child_is_the_mothers_and_ends_with_birth(void **state)
{
    struct town *t = *state;

    refused(t, TOWN_COUNCIL, about_unborn(consent_by(t, CAPACITY_PARENT)), "unborn-mother-only");
    refused(t, TOWN_COUNCIL, about_unborn(consent_by(t, CAPACITY_LOCAL_AUTHORITY)),
            "unborn-mother-only");
    (void)lodged(t, TOWN_COUNCIL, about_unborn(consent_by(t, CAPACITY_SELF)));
    assert_true(
        asked_of(t, TOWN_COUNCIL, about_unborn(town_insight(t, PURPOSE, "noise", TOWN_TESS))));
    /* the mother is another subject than her child */
    assert_false(noise_asked(t));
    /* born: tokens of its own, to which nothing carries over */
    assert_false(asked_of(t, TOWN_COUNCIL, town_insight(t, PURPOSE, "noise", TOWN_SAM)));
    (void)lodged(t, TOWN_COUNCIL, town_consent(t, PURPOSE, TOWN_SAM)); /* asked for anew */
    assert_true(asked_of(t, TOWN_COUNCIL, town_insight(t, PURPOSE, "noise", TOWN_SAM)));
}

static void a_mothers_consent_about_herself_says_nothing_of_her_unborn_child(void **state)
{
    struct town *t = *state;

    (void)lodged(t, TOWN_COUNCIL, consent_by(t, CAPACITY_SELF));
    assert_true(noise_asked(t));
    assert_false(
        asked_of(t, TOWN_COUNCIL, about_unborn(town_insight(t, PURPOSE, "noise", TOWN_TESS))));
}

/* --- who hears that it is gone --- */

static void those_who_were_told_hear_that_it_is_gone_once_each(void **state)
{
    struct town *t = *state;
    struct id last;

    (void)lodged(t, TOWN_COUNCIL, consent_by(t, CAPACITY_PARENT));
    (void)lodged(t, TOWN_COUNCIL, consent_by(t, CAPACITY_SELF)); /* both carried it */
    (void)told(t, TOWN_COUNCIL);
    (void)told(t, TOWN_CHARITY);
    last = told(t, TOWN_CHARITY);
    town_reopen(t);
    for (unsigned who = 0; who < TOWN_N; who++)
        comes_back(t, (enum town_agency)who);
    town_say(t, TOWN_SCHOOL, town_withdraw(t, PURPOSE, TOWN_TESS));
    town_turn(t);
    assert_int_equal(notices(t, TOWN_COUNCIL), 1);
    assert_int_equal(notices(t, TOWN_CHARITY), 1);
    assert_true(id_equal(&t->msg.deliver.stop.message, &last));
    assert_non_null(strstr(t->msg.deliver.stop.text, "no longer in force"));
    assert_int_equal(notices(t, TOWN_SCHOOL), 0); /* it was never told */
    assert_int_equal(notices(t, TOWN_POLICE), 0); /* it told */
    town_forget(t);
    town_say(t, TOWN_SCHOOL, town_withdraw(t, PURPOSE, TOWN_TESS)); /* ended before */
    town_turn(t);
    assert_int_equal(notices(t, TOWN_CHARITY), 0);
}

static void who_asked_about_somebody_hidden_hears_it_like_anybody(void **state)
{
    struct town *t = *state;
    text_t text;
    struct id id;

    for (unsigned shielded = 0; shielded < 2; shielded++) {
        (void)lodged(t, TOWN_COUNCIL, consent_by(t, CAPACITY_PARENT));
        if (shielded)
            (void)lodged(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
        id = told(t, TOWN_CHARITY);
        town_forget(t);
        town_say(t, TOWN_COUNCIL, town_withdraw(t, PURPOSE, TOWN_TESS));
        town_turn(t);
        assert_int_equal(notices(t, TOWN_CHARITY), 1);
        assert_true(id_equal(&t->msg.deliver.stop.message, &id));
        if (shielded)
            assert_string_equal(t->msg.deliver.stop.text, text);
        memcpy(text, t->msg.deliver.stop.text, sizeof(text));
        town_wall += 1000; /* the next consent is given after the withdrawal */
    }
}

static void every_ending_tells_and_none_says_which(void **state)
{
    struct town *t = *state;
    text_t texts[4];

    for (unsigned i = 0; i < 4; i++) {
        struct id id = lodged(t, TOWN_COUNCIL, consent_by(t, CAPACITY_PARENT));
        struct msg *m = i == 0   ? town_withdraw(t, PURPOSE, TOWN_TESS)
                        : i == 1 ? town_msg(t, MSG_CONSENT_CHANGE)
                        : i == 2 ? dispute(t, PURPOSE, TOWN_TESS)
                                 : consent_by(t, CAPACITY_SELF);

        (void)told(t, TOWN_CHARITY);
        m = i == 0   ? town_withdraw(t, PURPOSE, TOWN_TESS)
            : i == 1 ? town_msg(t, MSG_CONSENT_CHANGE)
            : i == 2 ? dispute(t, PURPOSE, TOWN_TESS)
                     : consent_by(t, CAPACITY_SELF);
        if (i == 0) {
            m->withdrawal.has_consent = true;
            m->withdrawal.consent = id;
        }
        if (i == 1) {
            m->consent_change.consent = id;
            m->consent_change.able_until = TOWN_DAY - 1;
        }
        if (i == 3)
            m->consent.decision = CONSENT_REFUSED;
        town_say(t, TOWN_COUNCIL, m);
        town_turn(t);
        assert_int_equal(notices(t, TOWN_CHARITY), 1);
        memcpy(texts[i], t->msg.deliver.stop.text, sizeof(texts[i]));
        assert_string_equal(texts[i], texts[0]);
        assert_false(noise_asked(t));
        if (i == 2) {
            struct ledger_clear leaf;

            (void)town_leaves(t, EVENT_DISPUTED, &leaf);
            assert_string_equal(lift(t, &leaf.message, one_officer), "ok");
        }
        (void)lodged(t, TOWN_COUNCIL, town_withdraw(t, PURPOSE, TOWN_TESS));
    }
}

static void a_refusal_tells_only_those_of_whom_it_speaks(void **state)
{
    struct town *t = *state;
    struct msg *m;

    (void)lodged(t, TOWN_COUNCIL, consent_by(t, CAPACITY_SELF));
    (void)told(t, TOWN_COUNCIL);
    (void)told(t, TOWN_CHARITY);
    m = consent_by(t, CAPACITY_SELF);
    m->consent.decision = CONSENT_REFUSED;
    m->consent.recipients = (struct msg_scope){ .n = 1, .agencies = { "charity" } };
    m->consent.given_on = TOWN_DAY;
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
    assert_int_equal(notices(t, TOWN_CHARITY), 1);
    assert_int_equal(notices(t, TOWN_COUNCIL), 0);
    assert_true(noise_asked(t)); /* the council still may */
}

static void nothing_that_leaves_a_consent_standing_tells_anybody(void **state)
{
    struct town *t = *state;
    struct msg *m;
    struct id id = lodged(t, TOWN_COUNCIL, consent_by(t, CAPACITY_SELF));

    (void)told(t, TOWN_CHARITY);
    m = town_msg(t, MSG_CONSENT_CHANGE);
    m->consent_change.consent = id;
    m->consent_change.able_until = TOWN_DAY;
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
    assert_int_equal(notices(t, TOWN_CHARITY), 0);
    town_say(t, TOWN_SCHOOL, dispute(t, PURPOSE, TOWN_TESS)); /* it was no parent's */
    town_turn(t);
    assert_int_equal(notices(t, TOWN_CHARITY), 0);
    m = consent_by(t, CAPACITY_SELF);
    m->consent.decision = CONSENT_REFUSED;
    m->consent.sources = (struct msg_scope){ .n = 1, .agencies = { "school" } };
    town_say(t, TOWN_COUNCIL, m); /* one source less */
    town_turn(t);
    assert_int_equal(notices(t, TOWN_CHARITY), 0);
    m = town_withdraw(t, "safeguarding", TOWN_TESS);
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
    assert_int_equal(notices(t, TOWN_CHARITY), 0);
}

#define CONSENT_TEST(name) cmocka_unit_test_setup_teardown(name, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONSENT_TEST(a_dispute_stops_parents_until_an_officer_lifts_it),
        CONSENT_TEST(a_lift_without_a_reason_is_none),
        CONSENT_TEST(a_dispute_leaves_all_others_as_they_are),
        CONSENT_TEST(a_dispute_is_about_one_person_and_one_purpose),
        CONSENT_TEST(who_may_dispute_and_how_often),
        CONSENT_TEST(while_any_dispute_stands_parents_grants_do_not),
        CONSENT_TEST(a_dispute_that_may_be_anothers_makes_it_cannot_say),
        CONSENT_TEST(no_new_state_of_a_consent_tells_which_it_is),
        CONSENT_TEST(consent_about_an_unborn_child_is_the_mothers_and_ends_with_birth),
        CONSENT_TEST(a_mothers_consent_about_herself_says_nothing_of_her_unborn_child),
        CONSENT_TEST(those_who_were_told_hear_that_it_is_gone_once_each),
        CONSENT_TEST(who_asked_about_somebody_hidden_hears_it_like_anybody),
        CONSENT_TEST(every_ending_tells_and_none_says_which),
        CONSENT_TEST(a_refusal_tells_only_those_of_whom_it_speaks),
        CONSENT_TEST(nothing_that_leaves_a_consent_standing_tells_anybody),
    };

    return cmocka_run_group_tests_name("core disputes", tests, NULL, NULL);
}
