/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_promises.c - DESIGN.md section 1, promises 1 to 5, in one core; 6 and 7 are in
 * test_core_withdrawn.c. */
#include "core_town.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/fault.h"

static const enum town_agency everybody[] = { TOWN_CHARITY, TOWN_CLINIC, TOWN_COUNCIL,
                                              TOWN_POLICE,  TOWN_SCHOOL, TOWN_NURSERY };

static size_t questions_heard(struct town *t)
{
    size_t n = 0;

    for (int a = 0; a < TOWN_N; a++)
        n += town_heard(t, (enum town_agency)a, MSG_QUESTION);
    return n;
}

static void lodge(struct town *t, enum town_agency who, struct msg *m)
{
    town_say(t, who, m);
    town_turn(t);
    assert_int_equal(town_heard(t, who, MSG_RECEIPT), 1);
    town_forget(t);
}

/* --- 1: "Deny by default, fail closed." --- */

static void assert_refused(struct town *t, enum town_agency who, struct msg *m, const char *reason)
{
    struct ledger_clear leaf;

    town_say(t, who, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, who), reason);
    assert_true(t->msg.refusal.way_forward[0] != '\0');
    assert_int_equal(questions_heard(t), 0);
    assert_true(town_leaves(t, EVENT_REFUSED, &leaf) > 0);
    assert_string_equal(leaf.reason, reason);
    town_forget(t);
}

static void promise_1_what_no_rule_permits_is_refused(void **state)
{
    struct town *t = *state;
    struct msg *m;

    assert_refused(t, TOWN_COUNCIL, town_insight(t, "fund-raising", "truancy", TOWN_TESS),
                   "purpose-outside-protocol");
    assert_refused(t, TOWN_COURT, town_insight(t, "safeguarding", "truancy", TOWN_TESS),
                   "not-a-party");
    assert_refused(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "debts", TOWN_TESS),
                   "question-not-permitted");
    m = town_insight(t, "safeguarding", "truancy", TOWN_TESS);
    (void)snprintf(m->practitioner.role, sizeof(m->practitioner.role), "volunteer");
    assert_refused(t, TOWN_COUNCIL, m, "role-not-permitted");
    m = town_insight(t, "safeguarding", "truancy", TOWN_TESS);
    (void)snprintf(m->practitioner.role, sizeof(m->practitioner.role), "no-such-role");
    assert_refused(t, TOWN_COUNCIL, m, "role-not-permitted");
    m = town_insight(t, "early-help", "truancy", TOWN_TESS);
    m->insight_query.relationship.kind = RELATION_NONE;
    assert_refused(t, TOWN_COUNCIL, m, "no-relationship");
    m = town_insight(t, "safeguarding", "truancy", TOWN_TESS);
    (void)snprintf(m->basis, sizeof(m->basis), "consent");
    assert_refused(t, TOWN_COUNCIL, m, "basis-not-listed");
}

static void promise_1_without_a_policy_nothing_is_permitted(void **state)
{
    struct town *t = *state;

    t->core->bundle = bundle_free(t->core->bundle);
    assert_refused(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "truancy", TOWN_TESS),
                   "no-policy");
    assert_refused(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS), "no-policy");
    assert_refused(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 1), "no-policy");
}

static int fail_gets(void *ctx, enum store_step step)
{
    (void)ctx;
    return step == STORE_STEP_GET ? EIO : 0;
}

static void promise_1_a_store_that_cannot_be_read_lets_nothing_through(void **state)
{
    struct town *t = *state;

    store_fault_hook(t->core->store, fail_gets, NULL);
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "truancy", TOWN_TESS));
    assert_true(core_turn(t->core, 0) <= 0); /* it may end, to be started again */
    store_fault_hook(t->core->store, NULL, NULL);
    town_reopen(t);
    assert_int_equal(questions_heard(t), 0);
}

static int meets_damage(void *ctx, enum store_step step)
{
    (void)ctx;
    return step == STORE_STEP_GET ? EBADMSG : 0;
}

/* Else every message would be told "busy" from then on: after damage nothing of the store is read any more. */
static void promise_1_a_core_that_met_a_damaged_page_lets_nothing_through_and_ends(void **state)
{
    struct town *t = *state;

    store_fault_hook(t->core->store, meets_damage, NULL);
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "truancy", TOWN_TESS));
    assert_int_equal(core_turn(t->core, 0), -EBADMSG);
    town_reopen(t);
    assert_int_equal(questions_heard(t), 0);
}

/* --- 2: "Nothing leaves before its commit is on disk." --- */

static void promise_2_no_disclosure_without_a_durable_record(void **state)
{
    struct town *t = *state;
    size_t decided = town_leaves(t, EVENT_DECIDED, NULL);

    /* the decision */
    store_fault_hook(t->core->store, town_fail_commits, NULL);
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "truancy", TOWN_TESS));
    town_say(t, TOWN_POLICE, town_withdraw(t, "early-help", TOWN_TESS));
    town_turn(t);
    assert_int_equal(questions_heard(t), 0);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_BUSY), 1);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_BUSY), 1);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_RECEIPT), 0);
    assert_int_equal(pending_count(t->core->pending), 0);
    assert_int_equal(
        t->core->agencies.slots[agencies_find(&t->core->agencies, "council")].n_pending, 0);
    store_fault_hook(t->core->store, NULL, NULL);
    assert_int_equal(town_leaves(t, EVENT_DECIDED, NULL), decided);

    /* the disclosure */
    town_forget(t);
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "noise", TOWN_TESS));
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_DECIDED, NULL), decided + 1);
    store_fault_hook(t->core->store, town_fail_commits, NULL);
    town_answer(t, TOWN_POLICE, ANSWER_YES);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 0);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_BUSY), 1);
    store_fault_hook(t->core->store, NULL, NULL);
    assert_int_equal(town_leaves(t, EVENT_DISCLOSED, NULL), 0);
    assert_int_equal(pending_count(t->core->pending), 0);
}

static void promise_2_a_reply_is_recorded_with_its_decision(void **state)
{
    struct town *t = *state;
    struct ledger_clear decided, disclosed;
    struct msg *m = town_insight(t, "safeguarding", "noise", TOWN_TESS);
    struct id query;

    town_say(t, TOWN_COUNCIL, m);
    query = m->id;
    town_turn(t);
    town_answer(t, TOWN_POLICE, ANSWER_YES);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(town_leaves(t, EVENT_DECIDED, &decided), 1);
    assert_int_equal(town_leaves(t, EVENT_DISCLOSED, &disclosed), 1);
    assert_true(id_equal(&disclosed.message, &query) && id_equal(&decided.message, &query));
    assert_true(disclosed.about != LEAF_NONE);
    assert_int_equal(disclosed.outcome, 1); /* the answer itself is sealed */
    assert_string_equal(disclosed.rule, "safeguarding/noise");
    assert_string_equal(decided.agency, "council");
    assert_string_equal(decided.role, "social-worker");
    assert_int_equal(decided.n_holders, 1);
    assert_string_equal(decided.holders[0], "police");
    assert_int_equal(strlen(decided.policy), 64);
    assert_int_equal(decided.mode, MODE_EXERCISE);
    assert_int_equal(decided.civil_day, TOWN_DAY);
}

static void promise_2_failed_answer_batch_leaves_the_query_waiting_for_that_holder(void **state)
{
    struct town *t = *state;

    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "truancy", TOWN_TESS));
    town_turn(t);
    store_fault_hook(t->core->store, town_fail_commits, NULL);
    town_answer(t, TOWN_SCHOOL, ANSWER_NO);
    town_say(t, TOWN_POLICE,
             town_withdraw(t, "early-help", TOWN_SAM)); /* makes the batch a write */
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_BUSY), 1);
    store_fault_hook(t->core->store, NULL, NULL);
    town_answer(t, TOWN_SCHOOL, ANSWER_YES); /* it may say it again */
    town_answer(t, TOWN_NURSERY, ANSWER_NO);
    town_answer(t, TOWN_POLICE, ANSWER_NO);
    town_answer(t, TOWN_CHARITY, ANSWER_NO);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_YES);
}

/* --- 3: "The broker does not know who anybody is." --- */

/* The sealed part of the record that was written last. */
static bool sealed_holds(struct town *t, struct bytes needle)
{
    return memmem(t->core->sealed.data, t->core->sealed.len, needle.data, needle.len) != NULL;
}

static void
promise_3_a_holder_that_does_not_know_the_person_leaves_no_token_in_the_records(void **state)
{
    struct town *t = *state;
    struct msg *m = town_insight(t, "safeguarding", "noise", TOWN_TESS);
    uint8_t token[TOKEN_LEN];

    memcpy(token, m->insight_query.subject.tokens[0].value, sizeof(token));
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
    assert_true(sealed_holds(t, bytes_of(token, sizeof(token)))); /* the query's own record */
    town_answer(t, TOWN_POLICE, ANSWER_NOT_KNOWN);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(town_leaves(t, EVENT_DISCLOSED, NULL), 1);
    assert_false(sealed_holds(t, bytes_of(token, sizeof(token))));
    assert_false(
        town_log_holds(t, bytes_of(token, sizeof(token)))); /* as stored, every record is sealed */
}

static void promise_3_clear_parts_hold_no_token_practitioner_or_case(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;

    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "noise", TOWN_TESS));
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_DECIDED, &leaf), 1);
    assert_null(memmem(&leaf, sizeof(leaf), "worker-7", 8));
    assert_null(memmem(&leaf, sizeof(leaf), "case-1234567", 12));
    assert_true(sealed_holds(t, bytes_str("worker-7")));
    assert_false(town_log_holds(t, bytes_str("worker-7")));
}

/* --- 4: "never which factor or agency" --- */

static void promise_4_an_insight_says_nothing_of_who_answered(void **state)
{
    struct town *t = *state;
    struct town_frame *by_school = calloc(2, sizeof(*by_school));

    assert_non_null(by_school);
    for (int k = 0; k < 2; k++) {
        town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "truancy", TOWN_TESS));
        town_turn(t);
        town_answer(t, TOWN_SCHOOL, k ? ANSWER_NO : ANSWER_YES);
        town_answer(t, TOWN_NURSERY, ANSWER_NO);
        town_answer(t, TOWN_POLICE, k ? ANSWER_YES : ANSWER_NO);
        town_answer(t, TOWN_CHARITY, ANSWER_NO);
        town_turn(t);
        assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
        by_school[k] = *town_frame_of(t, TOWN_COUNCIL, MSG_INSIGHT);
        town_forget(t);
    }
    assert_int_equal(by_school[0].len, by_school[1].len);
    free(by_school);
}

/* --- 5: "Refusing does not tell." --- */

struct told { /* a frame without what differs anyway: its own id and the id it replies to */
    size_t len;
    struct msg_refusal refusal;
};

static struct told told(struct town *t)
{
    struct told r = { 0 };

    town_say(t, TOWN_COUNCIL, town_insight(t, "early-help", "truancy", TOWN_TESS));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_REFUSAL), 1);
    r.refusal = t->msg.refusal;
    r.len = town_frame_of(t, TOWN_COUNCIL, MSG_REFUSAL)->len;
    assert_int_equal(questions_heard(t), 0);
    town_forget(t);
    return r;
}

static void same(struct town *t, const struct told *a, const char *recorded)
{
    struct told b = told(t);
    struct ledger_clear leaf;

    assert_int_equal(a->len, b.len);
    assert_memory_equal(&a->refusal, &b.refusal, sizeof(a->refusal));
    assert_true(town_leaves(t, EVENT_REFUSED, &leaf) > 0);
    assert_string_equal(leaf.reason, recorded);
}

static void promise_5_refusing_does_not_tell(void **state)
{
    struct town *t = *state;
    struct told never = told(t);
    struct msg *m;

    assert_string_equal(never.refusal.reason, "no-consent-on-file");
    assert_string_equal(never.refusal.text, NO_CONSENT_LINE);
    m = town_consent(t, "early-help", TOWN_TESS);
    m->consent.recipients.any = false;
    m->consent.recipients.n = 1;
    (void)snprintf(m->consent.recipients.agencies[0], sizeof(name_t), "charity");
    lodge(t, TOWN_COUNCIL, m);
    same(t, &never, "consent-scope");
    m = town_consent(t, "early-help", TOWN_TESS);
    m->consent.capacity = CAPACITY_CARER_WITHOUT_PR;
    lodge(t, TOWN_COUNCIL, m);
    same(t, &never, "consent-invalid");
    m = town_consent(t, "early-help", TOWN_TESS);
    m->consent.given_on = TOWN_DAY - 20;
    m->consent.expires_on = TOWN_DAY - 1;
    lodge(t, TOWN_COUNCIL, m);
    same(t, &never, "consent-expired");
    lodge(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS));
    lodge(t, TOWN_POLICE, town_withdraw(t, "early-help", TOWN_TESS));
    same(t, &never, "consent-withdrawn");
    m = town_consent(t, "early-help", TOWN_TESS);
    m->consent.decision = CONSENT_REFUSED;
    m->consent.given_on = TOWN_DAY;
    lodge(t, TOWN_COUNCIL, m);
    same(t, &never, "consent-refused");
}

struct conversation { /* who heard a question of what size, and what came back */
    size_t questions[TOWN_N];
    size_t reply_len;
    struct msg_insight reply;
};

static void converse(struct town *t, enum town_person p, struct conversation *out)
{
    struct token_set real;

    memset(out, 0, sizeof(*out));
    town_forget(t);
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "lives-at", p));
    town_turn(t);
    town_person(p, &real);
    for (size_t i = 0; i < ALM_LEN(everybody); i++) {
        assert_int_equal(town_heard(t, everybody[i], MSG_QUESTION), 1);
        out->questions[everybody[i]] = town_frame_of(t, everybody[i], MSG_QUESTION)->len;
        assert_int_equal(t->msg.question.subject.n, real.n);
        for (uint8_t k = 0; k < real.n; k++)
            assert_int_equal(t->msg.question.subject.tokens[k].kind, real.tokens[k].kind);
    }
    for (size_t i = 0; i < ALM_LEN(everybody); i++)
        town_answer(t, everybody[i], ANSWER_NOT_KNOWN);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    out->reply = t->msg.insight;
    out->reply_len = town_frame_of(t, TOWN_COUNCIL, MSG_INSIGHT)->len;
}

static void promise_5_a_hidden_reason_sends_an_unknown_persons_messages(void **state)
{
    struct town *t = *state;
    struct conversation unknown, shielded;
    struct ledger_clear leaf;

    lodge(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 1));
    converse(t, TOWN_NOBODY, &unknown);
    converse(t, TOWN_TESS, &shielded);
    assert_memory_equal(unknown.questions, shielded.questions, sizeof(unknown.questions));
    assert_int_equal(unknown.reply_len, shielded.reply_len);
    assert_memory_equal(&unknown.reply, &shielded.reply, sizeof(unknown.reply));
    assert_int_equal(unknown.reply.value, INSIGHT_CANNOT_SAY);
    assert_int_equal(town_leaves(t, EVENT_REFUSED, &leaf), 1);
    assert_string_equal(leaf.reason, "shielded-address");
    assert_int_equal(leaf.told, TELL_HIDDEN);
}

static void promise_5_hidden_tokens_are_nobodys(void **state)
{
    struct town *t = *state;
    struct token_set real;
    struct token home;

    lodge(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 1));
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "lives-at", TOWN_TESS));
    town_turn(t);
    town_person(TOWN_TESS, &real);
    town_home(1, &home);
    for (size_t i = 0; i < ALM_LEN(everybody); i++) {
        assert_int_equal(town_heard(t, everybody[i], MSG_QUESTION), 1);
        if (everybody[i] == TOWN_COUNCIL)
            continue; /* the asker: see below */
        for (uint8_t k = 0; k < real.n; k++)
            assert_false(token_equal(&t->msg.question.subject.tokens[k], &real.tokens[k]));
        assert_false(token_equal(&t->msg.question.parameter, &home));
    }
}

static void promise_5_an_asker_that_is_itself_a_holder_gets_its_own_tokens_back(void **state)
{
    struct town *t = *state;
    struct token_set real;
    struct token home;

    lodge(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 1));
    town_say(t, TOWN_NURSERY, town_insight(t, "safeguarding", "lives-at", TOWN_TESS));
    town_turn(t);
    town_person(TOWN_TESS, &real);
    town_home(1, &home);
    assert_int_equal(town_heard(t, TOWN_NURSERY, MSG_QUESTION), 1);
    assert_true(token_equal(&t->msg.question.subject.tokens[0], &real.tokens[0]));
    assert_true(token_equal(&t->msg.question.parameter, &home));
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_QUESTION), 1); /* its organisation */
    assert_true(token_equal(&t->msg.question.subject.tokens[0], &real.tokens[0]));
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 1);
    assert_false(token_equal(&t->msg.question.subject.tokens[0], &real.tokens[0]));
    town_answer(t, TOWN_SCHOOL, ANSWER_YES); /* what it knows itself it is not told here */
    town_answer(t, TOWN_NURSERY, ANSWER_NO);
    town_answer(t, TOWN_POLICE, ANSWER_NOT_KNOWN);
    town_answer(t, TOWN_CHARITY, ANSWER_NOT_KNOWN);
    town_answer(t, TOWN_CLINIC, ANSWER_NOT_KNOWN);
    town_answer(t, TOWN_COUNCIL, ANSWER_NOT_KNOWN);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_NURSERY, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_CANNOT_SAY);
    assert_int_equal(t->msg.insight.completeness, COMPLETE_ALL);
}

static void promise_5_a_purpose_that_sees_past_the_shield_is_answered(void **state)
{
    struct town *t = *state;
    struct token_set real;

    lodge(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 1));
    town_say(t, TOWN_COUNCIL, town_insight(t, "child-protection", "lives-at", TOWN_TESS));
    town_turn(t);
    town_person(TOWN_TESS, &real);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_QUESTION), 1);
    assert_true(token_equal(&t->msg.question.subject.tokens[0], &real.tokens[0]));
}

static void promise_7_heaps_of_grants_neither_hide_nor_outweigh_a_refusal(void **state)
{
    struct town *t = *state;
    struct msg *m;

    for (int i = 0; i < POLICY_CONSENTS_MAX + 8; i++) {
        town_mono += 100; /* within its rate */
        lodge(t, TOWN_CHARITY, town_consent(t, "early-help", TOWN_TESS));
    }
    town_say(t, TOWN_COUNCIL, town_insight(t, "early-help", "noise", TOWN_TESS));
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_DECIDED, NULL), 1);
    m = town_consent(t, "early-help", TOWN_TESS);
    m->consent.decision = CONSENT_REFUSED;
    m->consent.given_on = TOWN_DAY;
    lodge(t, TOWN_SCHOOL, m);
    town_say(t, TOWN_COUNCIL, town_insight(t, "early-help", "noise", TOWN_TESS));
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "no-consent-on-file");
}

static void promise_7_heaps_of_withdrawals_do_not_hide_who_agreed_since(void **state)
{
    struct town *t = *state;
    struct msg *m;

    for (int i = 0; i < POLICY_CONSENTS_MAX + 8; i++) {
        town_mono += 100; /* within its rate */
        town_wall += 100;
        lodge(t, TOWN_CHARITY, town_withdraw(t, "early-help", TOWN_TESS));
    }
    m = town_consent(t, "early-help", TOWN_TESS);
    lodge(t, TOWN_COUNCIL, m); /* given the day before: covered */
    town_say(t, TOWN_COUNCIL, town_insight(t, "early-help", "noise", TOWN_TESS));
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "no-consent-on-file");
    town_forget(t);
    town_wall += 1000;
    m = town_consent(t, "early-help", TOWN_TESS);
    m->consent.given_on = TOWN_DAY;
    m->consent.given_ms = town_wall;
    lodge(t, TOWN_COUNCIL, m);
    town_say(t, TOWN_COUNCIL, town_insight(t, "early-help", "noise", TOWN_TESS));
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_DECIDED, NULL), 1);
}

static void promise_7_heaps_of_consents_hide_nobody_from_who_asks_under_a_duty(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;

    for (int i = 0; i < POLICY_CONSENTS_MAX + 8; i++) {
        town_mono += 100; /* within its rate */
        lodge(t, TOWN_CHARITY, town_consent(t, "safeguarding", TOWN_TESS));
    }
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "noise", TOWN_TESS));
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_DECIDED, &leaf), 1);
    assert_int_equal(town_leaves(t, EVENT_REFUSED, NULL), 0);
    town_answer(t, TOWN_POLICE, ANSWER_YES);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_YES);
}

#define TOWN_TEST(f) cmocka_unit_test_setup_teardown(f, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOWN_TEST(promise_1_what_no_rule_permits_is_refused),
        TOWN_TEST(promise_1_without_a_policy_nothing_is_permitted),
        TOWN_TEST(promise_1_a_store_that_cannot_be_read_lets_nothing_through),
        TOWN_TEST(promise_1_a_core_that_met_a_damaged_page_lets_nothing_through_and_ends),
        TOWN_TEST(promise_2_no_disclosure_without_a_durable_record),
        TOWN_TEST(promise_2_a_reply_is_recorded_with_its_decision),
        TOWN_TEST(promise_2_failed_answer_batch_leaves_the_query_waiting_for_that_holder),
        TOWN_TEST(promise_3_a_holder_that_does_not_know_the_person_leaves_no_token_in_the_records),
        TOWN_TEST(promise_3_clear_parts_hold_no_token_practitioner_or_case),
        TOWN_TEST(promise_4_an_insight_says_nothing_of_who_answered),
        TOWN_TEST(promise_5_refusing_does_not_tell),
        TOWN_TEST(promise_5_a_hidden_reason_sends_an_unknown_persons_messages),
        TOWN_TEST(promise_5_hidden_tokens_are_nobodys),
        TOWN_TEST(promise_5_an_asker_that_is_itself_a_holder_gets_its_own_tokens_back),
        TOWN_TEST(promise_5_a_purpose_that_sees_past_the_shield_is_answered),
        TOWN_TEST(promise_7_heaps_of_consents_hide_nobody_from_who_asks_under_a_duty),
        TOWN_TEST(promise_7_heaps_of_grants_neither_hide_nor_outweigh_a_refusal),
        TOWN_TEST(promise_7_heaps_of_withdrawals_do_not_hide_who_agreed_since),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
