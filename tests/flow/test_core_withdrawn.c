/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_withdrawn.c - DESIGN.md promises 6 and 7: what ended, came first or misbehaved in the
 * middle of things. */
#include "core_town.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/fault.h"

static void lodge(struct town *t, enum town_agency who, struct msg *m)
{
    town_say(t, who, m);
    town_turn(t);
    assert_int_equal(town_heard(t, who, MSG_RECEIPT), 1);
    town_forget(t);
}

/* --- 6: "nothing withdrawn is used" --- */

static void ask_with_consent(struct town *t)
{
    lodge(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS));
    town_say(t, TOWN_COUNCIL, town_insight(t, "early-help", "noise", TOWN_TESS));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 1);
}

static void promise_6_nothing_withdrawn_is_used(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;

    ask_with_consent(t);
    town_say(t, TOWN_SCHOOL, town_withdraw(t, "early-help", TOWN_TESS));
    town_turn(t);
    town_answer(t, TOWN_POLICE, ANSWER_YES);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 0);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "no-consent-on-file");
    assert_int_equal(town_leaves(t, EVENT_DISCLOSED, NULL), 0);
    assert_int_equal(town_leaves(t, EVENT_NOT_DISCLOSED, &leaf), 1);
    assert_string_equal(leaf.reason, "consent-withdrawn");
}

static void
promise_6_a_withdrawal_in_the_same_batch_comes_before_the_answer_and_the_query(void **state)
{
    struct town *t = *state;

    ask_with_consent(t);
    town_answer(t, TOWN_POLICE, ANSWER_YES);
    town_say(t, TOWN_COUNCIL, town_insight(t, "early-help", "truancy", TOWN_TESS));
    town_say(t, TOWN_SCHOOL, town_withdraw(t, "early-help", TOWN_TESS)); /* the last to come */
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 0);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_REFUSAL), 2);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 0);
}

static void promise_6_a_consented_question_is_answered_until_then(void **state)
{
    struct town *t = *state;

    ask_with_consent(t);
    town_answer(t, TOWN_POLICE, ANSWER_YES);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_YES);
    town_say(t, TOWN_SCHOOL, town_withdraw(t, "early-help", TOWN_TESS));
    town_say(t, TOWN_COUNCIL, town_insight(t, "early-help", "noise", TOWN_TESS));
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "no-consent-on-file");
}

static void promise_6_a_withdrawal_that_comes_before_its_grant_covers_it(void **state)
{
    struct town *t = *state;
    struct msg *m;

    lodge(t, TOWN_POLICE, town_withdraw(t, "early-help", TOWN_TESS));
    lodge(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS)); /* given the day before */
    town_say(t, TOWN_COUNCIL, town_insight(t, "early-help", "noise", TOWN_TESS));
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "no-consent-on-file");
    town_forget(t);
    m = town_consent(t, "early-help", TOWN_TESS); /* "only a new grant undoes it" */
    m->consent.given_on = TOWN_DAY;
    m->consent.given_ms = town_wall + 1;
    lodge(t, TOWN_COUNCIL, m);
    town_say(t, TOWN_COUNCIL, town_insight(t, "early-help", "noise", TOWN_TESS));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 1);
}

static void promise_6_a_withdrawal_with_fewer_identifiers_still_covers(void **state)
{
    struct town *t = *state;
    struct msg *m;

    lodge(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS));
    m = town_withdraw(t, "early-help", TOWN_TESS);
    m->withdrawal.subject.tokens[0] =
        m->withdrawal.subject.tokens[2]; /* name and birth date alone */
    m->withdrawal.subject.n = 1;
    lodge(t, TOWN_SCHOOL, m);
    town_say(t, TOWN_COUNCIL, town_insight(t, "early-help", "noise", TOWN_TESS));
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "no-consent-on-file");
}

static void promise_6_a_withdrawal_that_may_be_anothers_makes_it_cannot_say(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;
    struct msg *m;

    lodge(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS));
    m = town_withdraw(t, "early-help", TOWN_TESS);
    memset(m->withdrawal.subject.tokens[0].value, 0x77,
           TOKEN_LEN); /* same name and birth date, another NHS number */
    m->withdrawal.subject.tokens[1] = m->withdrawal.subject.tokens[2];
    m->withdrawal.subject.n = 2;
    lodge(t, TOWN_SCHOOL, m);
    town_say(t, TOWN_COUNCIL, town_insight(t, "early-help", "noise", TOWN_TESS));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_REFUSAL), 0);
    assert_int_equal(town_leaves(t, EVENT_REFUSED, &leaf), 1);
    assert_string_equal(leaf.reason, "match-conflict");
    assert_int_equal(leaf.told, TELL_HIDDEN);
}

static void promise_6_a_refusal_with_fewer_identifiers_still_refuses(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;
    struct msg *m;

    lodge(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS));
    m = town_consent(t, "early-help", TOWN_TESS);
    m->consent.decision = CONSENT_REFUSED;
    m->consent.given_on = TOWN_DAY;
    m->consent.subject.tokens[0] = m->consent.subject.tokens[2]; /* name and birth date alone */
    m->consent.subject.n = 1;
    lodge(t, TOWN_CHARITY, m);
    town_say(t, TOWN_COUNCIL, town_insight(t, "early-help", "noise", TOWN_TESS));
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "no-consent-on-file");
    assert_int_equal(town_leaves(t, EVENT_REFUSED, &leaf), 1);
    assert_string_equal(leaf.reason, "consent-refused");
}

static void promise_6_a_grant_with_fewer_identifiers_permits_nothing(void **state)
{
    struct town *t = *state;
    struct msg *m = town_consent(t, "early-help", TOWN_TESS);

    m->consent.subject.tokens[0] = m->consent.subject.tokens[2]; /* permits are matched strictly */
    m->consent.subject.n = 1;
    lodge(t, TOWN_CHARITY, m);
    town_say(t, TOWN_COUNCIL, town_insight(t, "early-help", "noise", TOWN_TESS));
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "no-consent-on-file");
}

static void promise_6_a_shield_lodged_meanwhile_hides_the_answer(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;

    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "noise", TOWN_TESS));
    town_turn(t);
    lodge(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    town_say(t, TOWN_POLICE, town_lease(t));
    town_say(t, TOWN_COUNCIL,
             town_insight(t, "safeguarding", "noise",
                          TOWN_TESS)); /* so that there is a question to answer again */
    town_turn(t);
    town_answer(t, TOWN_POLICE, ANSWER_NOT_KNOWN);
    town_mono += 2001;
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 2);
    assert_true(town_leaves(t, EVENT_DISCLOSED, &leaf) == 2);
    assert_string_equal(leaf.reason, "shielded-existence");
}

static void promise_6_a_yes_about_a_person_shielded_meanwhile_is_not_told(void **state)
{
    struct town *t = *state;

    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "noise", TOWN_TESS));
    town_turn(t);
    town_say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    town_answer(t, TOWN_POLICE, ANSWER_YES);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_NO); /* as of a person whom nobody knows */
}

static void promise_4_a_person_shown_again_meanwhile_is_never_a_no(void **state)
{
    struct town *t = *state;
    struct msg *m = town_shield(t, TOWN_TESS, 3);
    static const int both[] = { 0, 1, -1 };
    char shield[ID_TEXT];

    town_say(t, TOWN_COUNCIL, m);
    id_format(&m->id, shield);
    town_turn(t);
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "noise", TOWN_TESS));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 1); /* about nobody */
    assert_string_equal(town_change(t, "shield-lift",
                                    json_pack("{s:s,s:s}", "shield", shield, "reason", "moved"),
                                    both),
                        "ok");
    town_answer(t, TOWN_POLICE, ANSWER_NOT_KNOWN);
    town_mono += 2001;
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_CANNOT_SAY);
}

static void promise_6_a_holder_suspended_meanwhile_has_said_nothing(void **state)
{
    struct town *t = *state;
    const int one[] = { 0, -1 };

    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "truancy", TOWN_TESS));
    town_turn(t);
    town_answer(t, TOWN_SCHOOL, ANSWER_YES);
    town_answer(t, TOWN_NURSERY, ANSWER_NO);
    town_answer(t, TOWN_POLICE, ANSWER_NO);
    town_turn(t);
    assert_string_equal(town_change(t, "agency-suspend",
                                    json_pack("{s:s,s:s}", "agency", "school", "reason", "lies"),
                                    one),
                        "ok");
    town_answer(t, TOWN_CHARITY, ANSWER_NO);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_CANNOT_SAY);
}

static void promise_6_a_receipt_survives_the_core(void **state)
{
    struct town *t = *state;
    struct msg *m = town_withdraw(t, "early-help", TOWN_TESS);
    struct msg again;
    uint64_t leaf;

    town_say(t, TOWN_SCHOOL, m);
    again = *m;
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_RECEIPT), 1);
    leaf = t->msg.receipt.leaf;
    town_reopen(t);
    town_forget(t);
    town_wall += 7 * 86400000ll;
    town_say(t, TOWN_SCHOOL, &again);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_RECEIPT), 1);
    assert_int_equal(t->msg.receipt.leaf, leaf);
    assert_int_equal(town_leaves(t, EVENT_WITHDRAWN, NULL), 1);
}

/* --- 7: "One hostile agency harms only itself." --- */

static void promise_7_a_flooding_agency_does_not_keep_another_from_being_answered(void **state)
{
    struct town *t = *state;

    t->core->set.limits.messages_per_s = 2;
    for (int i = 0; i < 40; i++)
        town_say(t, TOWN_CHARITY, town_insight(t, "safeguarding", "truancy", TOWN_TESS));
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "noise", TOWN_TESS));
    town_turn(t);
    assert_true(town_heard(t, TOWN_CHARITY, MSG_BUSY) >= 30);
    town_answer(t, TOWN_POLICE, ANSWER_NO);
    town_mono += 2001;
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
}

static int fail_for_the_charity(void *ctx, enum store_step step)
{
    const struct town *t = ctx;
    const struct work *w = t->core->batch.current;

    if (step != STORE_STEP_PUT || !w)
        return 0;
    return strcmp(t->core->agencies.slots[w->agency].reg.id, "charity") ? 0 : ENOMEM;
}

static void promise_7_a_message_over_which_the_batch_fails_is_left_out_alone(void **state)
{
    struct town *t = *state;

    store_fault_hook(t->core->store, fail_for_the_charity, t);
    town_say(t, TOWN_SCHOOL, town_withdraw(t, "early-help", TOWN_TESS));
    town_say(t, TOWN_CHARITY, town_consent(t, "early-help", TOWN_TESS));
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "noise", TOWN_TESS));
    town_turn(t);
    store_fault_hook(t->core->store, NULL, NULL);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_BUSY), 1);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_RECEIPT), 0);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_RECEIPT), 1);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_BUSY), 0);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 1);
    assert_int_equal(town_leaves(t, EVENT_WITHDRAWN, NULL), 1);
    assert_int_equal(town_leaves(t, EVENT_DECIDED, NULL), 1);
    assert_int_equal(town_leaves(t, EVENT_CONSENT_LODGED, NULL), 0);
    assert_int_equal(pending_count(t->core->pending), 1);
    town_answer(t, TOWN_POLICE, ANSWER_YES);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
}

#define TOWN_TEST(f) cmocka_unit_test_setup_teardown(f, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOWN_TEST(promise_6_nothing_withdrawn_is_used),
        TOWN_TEST(promise_6_a_withdrawal_in_the_same_batch_comes_before_the_answer_and_the_query),
        TOWN_TEST(promise_6_a_consented_question_is_answered_until_then),
        TOWN_TEST(promise_6_a_withdrawal_that_comes_before_its_grant_covers_it),
        TOWN_TEST(promise_6_a_withdrawal_with_fewer_identifiers_still_covers),
        TOWN_TEST(promise_6_a_withdrawal_that_may_be_anothers_makes_it_cannot_say),
        TOWN_TEST(promise_6_a_refusal_with_fewer_identifiers_still_refuses),
        TOWN_TEST(promise_6_a_grant_with_fewer_identifiers_permits_nothing),
        TOWN_TEST(promise_6_a_shield_lodged_meanwhile_hides_the_answer),
        TOWN_TEST(promise_6_a_yes_about_a_person_shielded_meanwhile_is_not_told),
        TOWN_TEST(promise_4_a_person_shown_again_meanwhile_is_never_a_no),
        TOWN_TEST(promise_6_a_holder_suspended_meanwhile_has_said_nothing),
        TOWN_TEST(promise_6_a_receipt_survives_the_core),
        TOWN_TEST(promise_7_a_message_over_which_the_batch_fails_is_left_out_alone),
        TOWN_TEST(promise_7_a_flooding_agency_does_not_keep_another_from_being_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
