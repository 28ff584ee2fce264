/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_kept.c - "a reply is decided when it is released": the decision by which it was asked for
 * may stand in for that one only while nothing that it rests on has changed. Whatever is lodged, and
 * whatever officers do, comes here between a question and its answer, one thing a test, and must be
 * seen. type=test; source: DESIGN.md section 1, promise 6. */
#include "core_kept.h"
#include "core_keeping.h"

#include "core/stages.h"

static const int one[] = { 0, -1 }, two[] = { 0, 1, -1 };

/* --- nothing changed --- */

static void a_decision_on_which_nothing_changed_is_taken_once(void **state)
{
    struct town *t = *state;

    kept_on_consent(t);
    kept_answered(t, ANSWER_YES);
    kept_told(t, INSIGHT_YES, 1);
    assert_int_equal(town_leaves(t, EVENT_DISCLOSED, NULL), 1);
}

static void what_others_ask_and_report_leaves_it_standing(void **state)
{
    struct town *t = *state;

    kept_on_consent(t);
    for (int i = 0; i < 3; i++) {
        town_say(t, TOWN_CHARITY, town_insight(t, "safeguarding", "truancy", TOWN_SAM));
        town_say(t, TOWN_SCHOOL, town_involvement(t, "safeguarding", TOWN_TESS));
        town_say(t, TOWN_CLINIC, town_lease(t));
        town_turn(t);
    }
    kept_meanwhile(t, TOWN_SCHOOL, worry_concern(t, "neglect", TOWN_TESS));
    assert_true(kept_waiting(t)->kept.whole);
    for (size_t i = 0; i < t->n_heard; i++) { /* each of what the police were asked */
        struct wire_envelope e;
        static struct msg m;

        if (t->heard[i].to != TOWN_POLICE ||
            wire_open(bytes_of(t->heard[i].octets, t->heard[i].len), &e) ||
            wire_decode(e.body, &m) || m.type != MSG_QUESTION || m.question.involvement)
            continue;
        t->msg = (struct msg){ .type = MSG_ANSWER };
        t->msg.in_reply_to = m.id;
        t->msg.answer = (struct msg_answer){ .value = ANSWER_NO, .data_as_of = TOWN_DAY, .since = CIVIL_NONE };
        town_say(t, TOWN_POLICE, &t->msg);
    }
    town_turn(t);
    kept_told(t, INSIGHT_NO, 1);
}

/* The same words, leaves and reliance as if it had been decided anew. */
static void what_stands_is_what_would_be_decided_now(void **state)
{
    static const struct {
        const char *purpose, *question;
        uint8_t shield;
    } rows[] = {
        { "early-help", "noise", 0 },    { "early-help", "truancy", 0 },
        { "early-help", "", 0 },         { "safeguarding", "lives-at", 0 },
        { "safeguarding", "", 0 },       { "child-protection", "seen", 0 },
        { "child-protection", "", 0 },   { "safeguarding", "lives-at", 1 },
        { "safeguarding", "noise", 2 },  { "early-help", "truancy", 3 },
        { "child-protection", "", 3 },
    };
    struct town *t = *state;
    struct core *c = t->core;

    for (int i = 0; i < 3; i++) {
        struct msg *m = town_consent(t, PURPOSE, TOWN_TESS);

        m->consent.sources.any = i != 1; /* the second and third in part */
        m->consent.sources.n = i == 1;
        (void)snprintf(m->consent.sources.agencies[0], sizeof(name_t), "police");
        (void)lodged(t, TOWN_COUNCIL, m);
    }
    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        struct msg *m = *rows[i].question
                            ? town_insight(t, rows[i].purpose, rows[i].question, TOWN_TESS)
                            : town_involvement(t, rows[i].purpose, TOWN_TESS);
        static struct decision now;
        struct id ids[POLICY_CONSENTS_MAX];
        struct pending *p;
        struct facts facts;

        if (rows[i].shield) {
            (void)lodged(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, rows[i].shield));
            m = *rows[i].question ? town_insight(t, rows[i].purpose, rows[i].question, TOWN_TESS)
                                  : town_involvement(t, rows[i].purpose, TOWN_TESS);
        }
        town_forget(t);
        town_say(t, TOWN_COUNCIL, m);
        assert_true(core_turn(c, 0) >= 0);
        while ((p = pending_due(c->pending, INT64_MAX)) != NULL && !id_equal(&p->ask.id, &m->id))
            ;
        assert_non_null(p);
        assert_true(p->kept.whole);
        assert_true(kept_stands(c, p));
        now = c->decision;
        facts = c->facts;
        memcpy(ids, c->consent_ids, sizeof(ids));
        memset(&c->decision, 0xa5, sizeof(c->decision));
        memset(c->consent_ids, 0xa5, sizeof(c->consent_ids));
        decide(c, &p->ask);
        assert_int_equal(now.outcome, c->decision.outcome);
        assert_int_equal(now.reason, c->decision.reason);
        assert_int_equal(now.telling, c->decision.telling);
        assert_int_equal(now.basis, c->decision.basis);
        assert_string_equal(now.rule, c->decision.rule);
        assert_int_equal(now.n_listed, c->decision.n_listed);
        assert_int_equal(now.review_due, c->decision.review_due);
        assert_int_equal(now.overridden, c->decision.overridden);
        assert_true(now.grants == c->decision.grants);
        assert_int_equal(now.n_holders, c->decision.n_holders);
        assert_memory_equal(now.holders, c->decision.holders, now.n_holders * sizeof(now.holders[0]));
        assert_memory_equal(now.visibility, c->decision.visibility, now.n_holders);
        assert_int_equal(facts.n_consents, c->facts.n_consents);
        assert_int_equal(facts.question, c->facts.question);
        assert_int_equal(facts.purpose, c->facts.purpose);
        assert_int_equal(facts.day, c->facts.day);
        for (uint16_t k = 0; k < facts.n_consents; k++)
            if (now.grants >> k & 1)
                assert_true(id_equal(&ids[k], &c->consent_ids[k]));
        /* nobody can decide on what is left of the facts: they are not whole */
        policy_decide(c->bundle, &facts, &c->decision);
        if (facts.n_consents)
            assert_int_equal(c->decision.reason, REASON_FACTS_INCOMPLETE);
        c->batch.txn = store_abort(c->batch.txn);
        questions_drop(c, p); /* it is due no more, so nobody else does */
    }
}

/* --- what was lodged meanwhile --- */

static void a_withdrawal_is_seen(void **state)
{
    struct town *t = *state;

    kept_on_consent(t);
    kept_meanwhile(t, TOWN_SCHOOL, town_withdraw(t, PURPOSE, TOWN_TESS));
    kept_not_told(t, "no-consent-on-file", "consent-withdrawn");
}

static void a_withdrawal_by_its_id_is_seen(void **state)
{
    struct town *t = *state;
    struct msg *m;

    kept_on_consent(t);
    m = town_withdraw(t, PURPOSE, TOWN_TESS);
    m->withdrawal.has_consent = true;
    m->withdrawal.consent = kept_grant;
    m->withdrawal.subject.n = 0;
    kept_meanwhile(t, TOWN_COUNCIL, m);
    kept_not_told(t, "no-consent-on-file", "consent-withdrawn");
}

static void a_withdrawal_in_the_batch_of_the_answer_is_seen(void **state)
{
    struct town *t = *state;

    kept_on_consent(t);
    town_answer(t, TOWN_POLICE, ANSWER_YES);
    town_say(t, TOWN_SCHOOL, town_withdraw(t, PURPOSE, TOWN_TESS));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 0);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "no-consent-on-file");
    assert_int_equal(t->core->decisions_kept, 0);
}

static void a_refusal_is_seen(void **state)
{
    struct town *t = *state;
    struct msg *m;

    kept_on_consent(t);
    m = town_consent(t, PURPOSE, TOWN_TESS);
    m->consent.decision = CONSENT_REFUSED;
    m->consent.given_on = TOWN_DAY;
    m->consent.given_ms = town_wall;
    kept_meanwhile(t, TOWN_CHARITY, m);
    kept_not_told(t, "no-consent-on-file", "consent-refused");
}

static void the_end_of_a_givers_standing_is_seen(void **state)
{
    struct town *t = *state;
    struct msg *m;

    kept_on_consent(t);
    m = town_msg(t, MSG_CONSENT_CHANGE);
    m->consent_change.consent = kept_grant;
    m->consent_change.able_until = TOWN_DAY - 1;
    kept_meanwhile(t, TOWN_COUNCIL, m);
    kept_not_told(t, "no-consent-on-file", "consent-invalid");
}

static void a_shield_is_seen(void **state)
{
    struct town *t = *state;

    kept_without(t);
    kept_meanwhile(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    kept_answered(t, ANSWER_YES);
    kept_told(t, INSIGHT_NO, 0); /* as of a person whom nobody knows */
}

static void a_shield_that_was_lifted_is_seen(void **state)
{
    struct town *t = *state;
    struct msg *m = town_shield(t, TOWN_TESS, 3);
    char text[ID_TEXT];
    struct id shield = lodged(t, TOWN_COUNCIL, m);

    id_format(&shield, text);
    kept_without(t);
    assert_true(kept_waiting(t)->hidden);
    assert_string_equal(town_change(t, "shield-lift",
                                    json_pack("{s:s,s:s}", "shield", text, "reason", "moved"), two),
                        "ok");
    kept_answered(t, ANSWER_NOT_KNOWN);
    kept_told(t, INSIGHT_CANNOT_SAY, 0); /* they were asked about nobody */
}

static void a_shield_that_stays_hides_again_without_being_read(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;

    (void)lodged(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    kept_without(t);
    kept_answered(t, ANSWER_NOT_KNOWN);
    kept_told(t, INSIGHT_NO, 1);
    assert_int_equal(town_leaves(t, EVENT_DISCLOSED, &leaf), 1);
    assert_string_equal(leaf.reason, "shielded-existence");
    assert_int_equal(leaf.told, TELL_HIDDEN);
}

static void a_dispute_is_seen(void **state)
{
    struct town *t = *state;

    (void)lodged(t, TOWN_COUNCIL, consent_by(t, CAPACITY_PARENT));
    kept_ask(t, town_insight(t, PURPOSE, "noise", TOWN_TESS), true);
    kept_meanwhile(t, TOWN_SCHOOL, dispute(t, PURPOSE, TOWN_TESS));
    kept_not_told(t, "no-consent-on-file", "consent-invalid");
}

static void a_grant_is_seen_beside_another(void **state)
{
    struct town *t = *state;

    kept_on_consent(t);
    kept_meanwhile(t, TOWN_CHARITY, town_consent(t, PURPOSE, TOWN_TESS));
    kept_looked_at_again(t);
}

/* --- what officers did meanwhile --- */

static void the_suspension_of_the_asker_is_seen(void **state)
{
    struct town *t = *state;

    kept_without(t);
    assert_string_equal(town_change(t, "agency-suspend",
                                    json_pack("{s:s,s:s}", "agency", "council", "reason", "breach"),
                                    one),
                        "ok");
    kept_not_told(t, "agency-suspended", "agency-suspended");
}

static void the_suspension_of_a_holder_is_seen(void **state)
{
    struct town *t = *state;

    kept_ask(t, town_insight(t, "safeguarding", "truancy", TOWN_TESS), true);
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
    kept_told(t, INSIGHT_CANNOT_SAY, 0);
}

static void the_suspension_of_the_practitioner_is_seen(void **state)
{
    struct town *t = *state;

    kept_without(t);
    assert_string_equal(town_change(t, "practitioner-suspend",
                                    json_pack("{s:s,s:s,s:s}", "agency", "council", "practitioner",
                                              "worker-7", "reason", "left"),
                                    one),
                        "ok");
    kept_not_told(t, "practitioner-suspended", "practitioner-suspended");
}

static void another_policy_is_seen(void **state)
{
    struct town *t = *state;

    kept_without(t);
    town_policy_more = kept_purposes_over;
    town_activate(t);
    kept_answered(t, ANSWER_YES);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 0);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_REFUSAL), 1);
    assert_int_equal(t->core->decisions_kept, 0);
}

static void a_policy_that_is_gone_is_seen(void **state)
{
    struct town *t = *state;

    kept_without(t);
    t->core->bundle = bundle_free(t->core->bundle);
    kept_not_told(t, "no-policy", "no-policy");
}

static void an_erasure_is_seen(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;

    kept_on_consent(t);
    assert_string_equal(town_change(t, "erase",
                                    json_pack("{s:o,s:s,s:s,s:b}", "tokens",
                                              keeping_person(t, TOWN_TESS), "cause", "objection",
                                              "reason", "she asked", "also_prohibitions", 0),
                                    two),
                        "ok");
    keeping_settle(t);
    kept_answered(t, ANSWER_YES);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "no-consent-on-file");
    assert_int_equal(town_leaves(t, EVENT_NOT_DISCLOSED, &leaf), 1);
    assert_string_equal(leaf.reason, "no-consent");
    assert_int_equal(t->core->decisions_kept, 0);
}

#define TEST(f)       cmocka_unit_test_setup_teardown(f, town_setup, town_teardown)
#define TEST_WORRY(f) cmocka_unit_test_setup_teardown(f, worry_setup, town_teardown)
#define TEST_KEEP(f)  cmocka_unit_test_setup_teardown(f, keeping_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_decision_on_which_nothing_changed_is_taken_once),
        TEST_WORRY(what_others_ask_and_report_leaves_it_standing),
        TEST(what_stands_is_what_would_be_decided_now),
        TEST(a_withdrawal_is_seen),
        TEST(a_withdrawal_by_its_id_is_seen),
        TEST(a_withdrawal_in_the_batch_of_the_answer_is_seen),
        TEST(a_refusal_is_seen),
        TEST(the_end_of_a_givers_standing_is_seen),
        TEST(a_shield_is_seen),
        TEST(a_shield_that_was_lifted_is_seen),
        TEST(a_shield_that_stays_hides_again_without_being_read),
        TEST(a_dispute_is_seen),
        TEST(a_grant_is_seen_beside_another),
        TEST(the_suspension_of_the_asker_is_seen),
        TEST(the_suspension_of_a_holder_is_seen),
        TEST(the_suspension_of_the_practitioner_is_seen),
        TEST(another_policy_is_seen),
        TEST(a_policy_that_is_gone_is_seen),
        TEST_KEEP(an_erasure_is_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
