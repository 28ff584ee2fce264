/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_pins.c - answers that stand for some days, through one core: when they do, what ends
 * them, and that they tell nothing that a fresh answer would not (DESIGN.md section 4, "Pinning"). */
#include "core_town.h"
#include "core_town_policy.h"

#include <stdio.h>
#include <string.h>

#define STANDS 30

static int pinning(void **state)
{
    int r;

    town_extras.pin_days = STANDS;
    r = town_setup(state);
    memset(&town_extras, 0, sizeof(town_extras));
    return r;
}

static int without(void **state)
{
    return town_setup(state);
}

static void ask_for(struct town *t, enum town_agency who, const char *purpose, enum town_person about)
{
    town_forget(t);
    town_say(t, who, town_insight(t, purpose, "plan", about));
    town_turn(t);
}

static void ask(struct town *t, enum town_person about)
{
    ask_for(t, TOWN_POLICE, "safeguarding", about);
}

/* Asked anew, and answered. */
static void answered(struct town *t, enum town_person about, uint8_t value)
{
    ask(t, about);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_QUESTION), 1);
    town_answer(t, TOWN_COUNCIL, value);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_INSIGHT), 1);
}

static void expect_stands(struct town *t, uint8_t value, int32_t as_of)
{
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_QUESTION), 0);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, value);
    assert_int_equal(t->msg.insight.as_of, as_of);
}

static void expect_asked_anew(struct town *t)
{
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_INSIGHT), 0);
    assert_true(town_heard(t, TOWN_COUNCIL, MSG_QUESTION) == 1);
}

static void an_answer_stands_and_shows_its_day(void **state)
{
    struct town *t = *state;
    uint64_t disclosed;
    struct ledger_clear leaf;

    answered(t, TOWN_TESS, ANSWER_YES);
    assert_int_equal(t->msg.insight.as_of, TOWN_DAY);
    town_day(t, TOWN_DAY + STANDS - 1);
    disclosed = town_leaves(t, EVENT_DISCLOSED, NULL);
    ask(t, TOWN_TESS);
    expect_stands(t, INSIGHT_YES, TOWN_DAY);
    assert_string_equal(t->msg.insight.policy_rule, "safeguarding/plan");
    assert_int_equal(town_leaves(t, EVENT_DISCLOSED, &leaf), disclosed + 1); /* recorded all the same */
    assert_int_equal(strncmp(leaf.detail, "an answer given before, which stands law=", 41), 0);
    assert_int_equal(leaf.n_holders, 0);
    town_reopen(t);
    ask(t, TOWN_TESS);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.as_of, TOWN_DAY);
}

static void a_no_stands_as_well(void **state)
{
    struct town *t = *state;

    answered(t, TOWN_TESS, ANSWER_NO);
    town_day(t, TOWN_DAY + 3);
    ask(t, TOWN_TESS);
    expect_stands(t, INSIGHT_NO, TOWN_DAY);
}

static void after_its_days_it_is_asked_anew_and_forgotten(void **state)
{
    struct town *t = *state;

    answered(t, TOWN_TESS, ANSWER_YES);
    assert_true(town_asked_kept(t, "p") > 0);
    town_day(t, TOWN_DAY + STANDS);
    assert_int_equal(town_asked_kept(t, "p"), 0);
    ask(t, TOWN_TESS);
    expect_asked_anew(t);
}

static void cannot_say_is_never_kept(void **state)
{
    struct town *t = *state;

    answered(t, TOWN_TESS, ANSWER_CANNOT_SAY);
    assert_int_equal(t->msg.insight.value, INSIGHT_CANNOT_SAY);
    assert_int_equal(town_asked_kept(t, "p"), 0);
    ask(t, TOWN_TESS);
    expect_asked_anew(t);
}

static void silence_is_never_kept(void **state)
{
    struct town *t = *state;

    ask(t, TOWN_TESS);
    town_mono += 2001;
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_INSIGHT), 1);
    assert_int_equal(town_asked_kept(t, "p"), 0);
}

static void where_the_policy_does_not_turn_it_on_every_answer_is_asked_anew(void **state)
{
    struct town *t = *state;

    answered(t, TOWN_TESS, ANSWER_YES);
    assert_int_equal(town_asked_kept(t, "p"), 0);
    ask(t, TOWN_TESS);
    expect_asked_anew(t);
}

static void another_person_purpose_or_agency_is_asked_anew(void **state)
{
    struct town *t = *state;

    answered(t, TOWN_TESS, ANSWER_YES);
    ask(t, TOWN_SAM);
    expect_asked_anew(t);
    ask_for(t, TOWN_POLICE, "child-protection", TOWN_TESS);
    expect_asked_anew(t);
    ask_for(t, TOWN_CHARITY, "safeguarding", TOWN_TESS);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_INSIGHT), 0);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_QUESTION), 1);
}

static void other_identifiers_are_asked_anew_and_their_order_does_not_matter(void **state)
{
    struct town *t = *state;
    struct msg *m;
    struct token first;

    answered(t, TOWN_TESS, ANSWER_YES);
    m = town_insight(t, "safeguarding", "plan", TOWN_TESS);
    first = m->insight_query.subject.tokens[0];
    m->insight_query.subject.tokens[0] = m->insight_query.subject.tokens[2];
    m->insight_query.subject.tokens[2] = first;
    town_forget(t);
    town_say(t, TOWN_POLICE, m);
    town_turn(t);
    expect_stands(t, INSIGHT_YES, TOWN_DAY);
    m = town_insight(t, "safeguarding", "plan", TOWN_TESS);
    m->insight_query.subject.tokens[0] = m->insight_query.subject.tokens[2];
    m->insight_query.subject.n = 1;
    memset(m->insight_query.subject.tokens + 1, 0, 2 * sizeof(first));
    town_forget(t);
    town_say(t, TOWN_POLICE, m);
    town_turn(t);
    expect_asked_anew(t);
}

/* --- a fresh permit, always --- */

static void it_is_told_only_after_a_fresh_permit(void **state)
{
    struct town *t = *state;
    struct msg *m;

    answered(t, TOWN_TESS, ANSWER_YES);
    m = town_insight(t, "safeguarding", "plan", TOWN_TESS);
    memset(m->practitioner.role, 0, sizeof(m->practitioner.role));
    memcpy(m->practitioner.role, "volunteer", 10);
    town_forget(t);
    town_say(t, TOWN_POLICE, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_POLICE), "role-not-permitted");
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_INSIGHT), 0);
}

static void under_consent_it_ends_with_the_consent(void **state)
{
    struct town *t = *state;

    town_say(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS));
    town_turn(t);
    ask_for(t, TOWN_POLICE, "early-help", TOWN_TESS);
    town_answer(t, TOWN_COUNCIL, ANSWER_YES);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_INSIGHT), 1);
    ask_for(t, TOWN_POLICE, "early-help", TOWN_TESS);
    expect_stands(t, INSIGHT_YES, TOWN_DAY);
    town_say(t, TOWN_SCHOOL, town_withdraw(t, "early-help", TOWN_TESS));
    town_turn(t);
    ask_for(t, TOWN_POLICE, "early-help", TOWN_TESS);
    assert_string_equal(town_refusal(t, TOWN_POLICE), "no-consent-on-file");
    assert_int_equal(town_asked_kept(t, "p"), 0);
}

/* --- what drops it --- */

static void expect_dropped_by(struct town *t, enum town_agency by, struct msg *m)
{
    assert_true(town_asked_kept(t, "p") > 0);
    town_forget(t);
    town_say(t, by, m);
    town_turn(t);
    assert_int_equal(town_heard(t, by, MSG_RECEIPT), 1);
    assert_int_equal(town_asked_kept(t, "p"), 0);
}

static void any_consent_refusal_withdrawal_or_shield_of_the_person_drops_it(void **state)
{
    struct town *t = *state;
    struct msg *m;

    answered(t, TOWN_TESS, ANSWER_YES);
    expect_dropped_by(t, TOWN_SCHOOL, town_consent(t, "early-help", TOWN_TESS)); /* another purpose */
    answered(t, TOWN_TESS, ANSWER_YES);
    m = town_consent(t, "early-help", TOWN_TESS);
    m->consent.decision = CONSENT_REFUSED;
    expect_dropped_by(t, TOWN_SCHOOL, m);
    answered(t, TOWN_TESS, ANSWER_YES);
    expect_dropped_by(t, TOWN_SCHOOL, town_withdraw(t, "early-help", TOWN_TESS));
    answered(t, TOWN_TESS, ANSWER_YES);
    expect_dropped_by(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 1));
    ask(t, TOWN_TESS);
    expect_asked_anew(t);
}

static void one_identifier_in_common_is_enough_to_drop_it(void **state)
{
    struct town *t = *state;
    struct token_set tess;
    struct msg *m;

    answered(t, TOWN_TESS, ANSWER_YES);
    town_person(TOWN_TESS, &tess);
    m = town_consent(t, "early-help", TOWN_SAM);
    m->consent.subject.tokens[2] = tess.tokens[2];
    expect_dropped_by(t, TOWN_SCHOOL, m);
}

static void what_is_lodged_of_another_person_leaves_it(void **state)
{
    struct town *t = *state;

    answered(t, TOWN_TESS, ANSWER_YES);
    town_say(t, TOWN_COUNCIL, town_shield(t, TOWN_SAM, 3));
    town_say(t, TOWN_SCHOOL, town_consent(t, "early-help", TOWN_SAM));
    town_turn(t);
    ask(t, TOWN_TESS);
    expect_stands(t, INSIGHT_YES, TOWN_DAY);
}

static void a_withdrawal_by_its_id_drops_it(void **state)
{
    struct town *t = *state;
    struct msg *m = town_consent(t, "early-help", TOWN_TESS);
    struct id consent;

    town_say(t, TOWN_SCHOOL, m);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_RECEIPT), 1);
    consent = t->msg.in_reply_to;
    answered(t, TOWN_TESS, ANSWER_YES);
    m = town_msg(t, MSG_WITHDRAWAL);
    m->withdrawal.has_consent = true;
    m->withdrawal.consent = consent;
    m->withdrawal.given_on = TOWN_DAY;
    m->withdrawal.given_ms = town_wall;
    expect_dropped_by(t, TOWN_SCHOOL, m);
}

static void lifting_a_shield_drops_it(void **state)
{
    struct town *t = *state;
    const int two[] = { 0, 1, -1 };
    char text[ID_TEXT];

    town_say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 1));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_RECEIPT), 1);
    id_format(&t->msg.in_reply_to, text);
    answered(t, TOWN_TESS, ANSWER_YES);
    assert_true(town_asked_kept(t, "p") > 0);
    assert_string_equal(
        town_change(t, "shield-lift", json_pack("{s:s,s:s}", "shield", text, "reason", "safe"), two),
        "ok");
    assert_int_equal(town_asked_kept(t, "p"), 0);
}

static void a_suspended_holders_answer_stands_no_longer(void **state)
{
    struct town *t = *state;
    const int one[] = { 0, -1 };

    answered(t, TOWN_TESS, ANSWER_YES);
    assert_string_equal(town_change(t, "agency-suspend",
                                    json_pack("{s:s,s:s}", "agency", "council", "reason", "x"), one),
                        "ok");
    ask(t, TOWN_TESS);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_CANNOT_SAY); /* nobody else holds it */
}

static void under_another_policy_it_is_asked_anew(void **state)
{
    struct town *t = *state;

    answered(t, TOWN_TESS, ANSWER_YES);
    town_extras.pin_days = STANDS + 1;
    town_activate(t);
    memset(&town_extras, 0, sizeof(town_extras));
    town_turn(t);
    ask(t, TOWN_TESS);
    expect_asked_anew(t);
}

/* --- what is hidden --- */

/* The unknown person's "no" stands, so that of one who is hidden stands too: by the day and by who is
 * asked they are the same. */
static void a_hidden_persons_no_stands_like_an_unknown_persons(void **state)
{
    struct town *t = *state;
    const enum town_person both[] = { TOWN_NOBODY, TOWN_TESS };

    town_say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    town_turn(t);
    for (size_t i = 0; i < ALM_LEN(both); i++) {
        ask(t, both[i]);
        assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_QUESTION), 1);
        town_answer(t, TOWN_COUNCIL, ANSWER_NOT_KNOWN);
        town_turn(t);
        assert_int_equal(town_heard(t, TOWN_POLICE, MSG_INSIGHT), 1);
        assert_int_equal(t->msg.insight.value, INSIGHT_NO);
    }
    town_day(t, TOWN_DAY + 2);
    for (size_t i = 0; i < ALM_LEN(both); i++) {
        ask(t, both[i]);
        expect_stands(t, INSIGHT_NO, TOWN_DAY);
    }
}

static void who_got_a_no_that_stands_hears_of_the_consents_end_hidden_or_not(void **state)
{
    struct town *t = *state;
    struct id second;

    town_say(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS));
    town_say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    town_turn(t);
    ask_for(t, TOWN_POLICE, "early-help", TOWN_TESS);
    town_answer(t, TOWN_COUNCIL, ANSWER_NOT_KNOWN);
    town_turn(t);
    town_forget(t);
    town_say(t, TOWN_POLICE, town_insight(t, "early-help", "plan", TOWN_TESS));
    second = t->msg.id;
    town_turn(t);
    expect_stands(t, INSIGHT_NO, TOWN_DAY);
    town_forget(t);
    town_say(t, TOWN_SCHOOL, town_withdraw(t, "early-help", TOWN_TESS));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_DELIVER), 1);
    assert_int_equal(t->msg.deliver.kind, DELIVERY_STOP_USING);
    assert_int_equal(t->msg.deliver.stop.cause, STOP_CONSENT_ENDED);
    assert_true(id_equal(&t->msg.deliver.stop.message, &second));
}

/* Asked for by the charity, approved by the council. */
static void under_override(struct town *t, enum town_person about)
{
    struct msg *m = town_override(t, "early-help", "plan", about);
    struct id id;

    town_say(t, TOWN_CHARITY, m);
    id = m->id;
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_RECEIPT), 1);
    town_say(t, TOWN_COUNCIL, town_approval(t, &id, "senior-1", APPROVAL_APPROVE));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_RECEIPT), 1);
    town_forget(t);
}

/* The first day it rests on consent, the second on the override: asked anew of both. */
static void when_it_rests_on_something_else_who_is_hidden_is_asked_anew_too(void **state)
{
    struct town *t = *state;
    const enum town_person both[] = { TOWN_SAM, TOWN_TESS };

    town_say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    for (size_t i = 0; i < ALM_LEN(both); i++) {
        struct msg *m = town_consent(t, "early-help", both[i]);

        m->consent.expires_on = TOWN_DAY;
        town_say(t, TOWN_COUNCIL, m);
        town_turn(t);
        town_forget(t);
        under_override(t, both[i]);
        ask_for(t, TOWN_CHARITY, "early-help", both[i]);
        town_answer(t, TOWN_COUNCIL, ANSWER_NOT_KNOWN);
        town_turn(t);
        ask_for(t, TOWN_CHARITY, "early-help", both[i]);
        assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_QUESTION), 0);
        assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_INSIGHT), 1);
    }
    town_day(t, TOWN_DAY + 1);
    for (size_t i = 0; i < ALM_LEN(both); i++) {
        ask_for(t, TOWN_CHARITY, "early-help", both[i]);
        assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_QUESTION), 1);
    }
}

static void what_stood_before_a_shield_is_not_told_after_it(void **state)
{
    struct town *t = *state;

    answered(t, TOWN_TESS, ANSWER_YES);
    town_say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    town_turn(t);
    ask(t, TOWN_TESS);
    expect_asked_anew(t); /* with random tokens */
    town_answer(t, TOWN_COUNCIL, ANSWER_NOT_KNOWN);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_NO);
}

/* Nobody lodges anything on the day that a shield begins. */
static void what_stood_before_a_shields_first_day_is_not_told_on_it(void **state)
{
    struct town *t = *state;
    struct msg *m = town_shield(t, TOWN_TESS, 3);

    m->shield.from = TOWN_DAY + 5;
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
    answered(t, TOWN_TESS, ANSWER_YES);
    town_day(t, TOWN_DAY + 4);
    ask(t, TOWN_TESS);
    expect_stands(t, INSIGHT_YES, TOWN_DAY);
    town_day(t, TOWN_DAY + 5);
    ask(t, TOWN_TESS);
    expect_asked_anew(t);
}

static void the_store_has_no_token_of_it(void **state)
{
    struct town *t = *state;
    ALM_CLEANUP(store_abortp) struct store_txn *txn = NULL;
    ALM_CLEANUP(buf_deinit) struct buf last = { 0 };
    struct token_set tess;

    answered(t, TOWN_TESS, ANSWER_YES);
    town_person(TOWN_TESS, &tess);
    buf_init(&last, STORE_KEY_MAX);
    assert_int_equal(store_begin(t->core->store, false, &txn), 0);
    assert_int_equal(store_last(txn, TABLE_ASKED, bytes_str("t"), &last), 0);
    assert_int_equal(last.len, 1 + SHA256_LEN + 16); /* no token stands in a key */
    assert_null(memmem(last.data, last.len, tess.tokens[0].value, 8));
}

#define PIN_TEST(f) cmocka_unit_test_setup_teardown(f, pinning, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PIN_TEST(an_answer_stands_and_shows_its_day),
        PIN_TEST(a_no_stands_as_well),
        PIN_TEST(after_its_days_it_is_asked_anew_and_forgotten),
        PIN_TEST(cannot_say_is_never_kept),
        PIN_TEST(silence_is_never_kept),
        cmocka_unit_test_setup_teardown(
            where_the_policy_does_not_turn_it_on_every_answer_is_asked_anew, without, town_teardown),
        PIN_TEST(another_person_purpose_or_agency_is_asked_anew),
        PIN_TEST(other_identifiers_are_asked_anew_and_their_order_does_not_matter),
        PIN_TEST(it_is_told_only_after_a_fresh_permit),
        PIN_TEST(under_consent_it_ends_with_the_consent),
        PIN_TEST(any_consent_refusal_withdrawal_or_shield_of_the_person_drops_it),
        PIN_TEST(one_identifier_in_common_is_enough_to_drop_it),
        PIN_TEST(what_is_lodged_of_another_person_leaves_it),
        PIN_TEST(a_withdrawal_by_its_id_drops_it),
        PIN_TEST(lifting_a_shield_drops_it),
        PIN_TEST(a_suspended_holders_answer_stands_no_longer),
        PIN_TEST(under_another_policy_it_is_asked_anew),
        PIN_TEST(a_hidden_persons_no_stands_like_an_unknown_persons),
        PIN_TEST(who_got_a_no_that_stands_hears_of_the_consents_end_hidden_or_not),
        PIN_TEST(when_it_rests_on_something_else_who_is_hidden_is_asked_anew_too),
        PIN_TEST(what_stood_before_a_shield_is_not_told_after_it),
        PIN_TEST(what_stood_before_a_shields_first_day_is_not_told_on_it),
        PIN_TEST(the_store_has_no_token_of_it),
    };

    return cmocka_run_group_tests_name("core_pins", tests, NULL, NULL);
}
