/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_override.c - overrides around one core: who may approve and review, what ends one, what
 * a restart keeps. The council asks for early help about truancy, which the police would answer. */
#include "core_town.h"

#include <stdio.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)

static const int one_officer[] = { 0, -1 };
static struct id asked; /* the last override */

static struct msg *override_msg(struct town *t, const char *question, enum town_person p)
{
    struct msg *m = town_override(t, "early-help", question, p);

    assert_int_equal(id_new(town_wall, &asked), 0);
    m->id = asked;
    return m;
}

/* Return: "" when it was lodged, or why not. */
static const char *say(struct town *t, enum town_agency from, struct msg *m)
{
    static char word[64];

    town_forget(t);
    town_say(t, from, m);
    town_turn(t);
    (void)snprintf(word, sizeof(word), "%s", town_refusal(t, from));
    if (!*word)
        assert_int_equal(town_heard(t, from, MSG_RECEIPT), 1);
    town_forget(t);
    return word;
}

static const char *request(struct town *t)
{
    return say(t, TOWN_COUNCIL, override_msg(t, "truancy", TOWN_TESS));
}

static const char *approve(struct town *t, enum town_agency from, const char *ref, uint8_t decision)
{
    return say(t, from, town_approval(t, &asked, ref, decision));
}

static const char *review(struct town *t, enum town_agency from, const char *ref, uint8_t finding)
{
    struct msg *m = town_msg(t, MSG_OVERRIDE_REVIEW);

    town_practitioner(m, ref);
    m->override_review.override = asked;
    m->override_review.finding = finding;
    m->override_review.no_part = true;
    (void)snprintf(m->override_review.reason, sizeof(m->override_review.reason), "looked at");
    return say(t, from, m);
}

/* Does the question go out to the police? */
static bool goes_out(struct town *t, enum town_agency from, struct msg *m)
{
    bool out;

    town_forget(t);
    town_say(t, from, m);
    town_turn(t);
    out = town_heard(t, TOWN_POLICE, MSG_QUESTION) == 1;
    assert_string_equal(town_refusal(t, from), out ? "" : "no-consent-on-file");
    if (out) {
        town_answer(t, TOWN_POLICE, ANSWER_YES);
        town_mono += 3000;
        town_turn(t);
        assert_int_equal(town_heard(t, from, MSG_INSIGHT), 1);
    }
    town_forget(t);
    return out;
}

static bool council_hears(struct town *t)
{
    return goes_out(t, TOWN_COUNCIL, town_insight(t, "early-help", "truancy", TOWN_TESS));
}

static void everybody_is_there(struct town *t)
{
    for (int a = 0; a < TOWN_N; a++)
        town_say(t, (enum town_agency)a, town_lease(t));
    town_turn(t);
}

/* By the monotonic clock, with a log that goes on being signed. */
static void hours_run(struct town *t, int hours)
{
    town_mono += hours * HOUR_MS;
    t->core->heads.signed_ms = town_mono;
    everybody_is_there(t);
}

static uint8_t state_seen(struct town *t, enum town_agency from)
{
    struct msg *m = town_msg(t, MSG_OVERRIDE_QUERY);

    town_practitioner(m, "worker-7");
    m->override_query.override = asked;
    town_forget(t);
    town_say(t, from, m);
    town_turn(t);
    if (!town_heard(t, from, MSG_OVERRIDE_VIEW)) {
        assert_string_equal(town_refusal(t, from), "unknown-override");
        return 0;
    }
    return t->msg.override_view.state;
}

static void an_override_lets_ask_only_once_another_agency_approved(void **state)
{
    struct town *t = *state;
    struct ledger_clear l;

    assert_false(council_hears(t));
    assert_string_equal(request(t), "");
    assert_false(council_hears(t));
    assert_int_equal(state_seen(t, TOWN_COUNCIL), OVERRIDE_WAITING);
    assert_string_equal(approve(t, TOWN_POLICE, "senior-1", APPROVAL_APPROVE), "");
    assert_true(council_hears(t));
    assert_int_equal(town_leaves(t, EVENT_DISCLOSED, &l) > 0, 1);
    assert_int_equal(strncmp(l.detail, "by the override of leaf ", 24), 0);
    assert_int_equal(town_leaves(t, EVENT_OVERRIDE_REQUESTED, NULL), 1);
    assert_int_equal(town_leaves(t, EVENT_OVERRIDE_APPROVED, NULL), 1);
    assert_int_equal(state_seen(t, TOWN_COUNCIL), OVERRIDE_IN_FORCE);
}

static size_t due_of(struct town *t, enum town_agency who)
{
    struct msg *m = town_msg(t, MSG_DUE_QUERY);

    town_practitioner(m, "worker-7");
    town_forget(t);
    town_say(t, who, m);
    town_turn(t);
    assert_int_equal(town_heard(t, who, MSG_DUE_LIST), 1);
    return t->msg.due_list.n;
}

static void its_review_is_due_until_a_third_person_has_made_it(void **state)
{
    ALM_CLEANUP(store_abortp) struct store_txn *txn = NULL;
    struct town *t = *state;
    struct override_record r;

    assert_string_equal(request(t), "");
    assert_int_equal(due_of(t, TOWN_COUNCIL), 0); /* it never came into force */
    assert_string_equal(approve(t, TOWN_POLICE, "senior-1", APPROVAL_APPROVE), "");
    assert_int_equal(due_of(t, TOWN_COUNCIL), 1);
    assert_int_equal(t->msg.due_list.entries[0].kind, DUE_REVIEW);
    assert_true(id_equal(&t->msg.due_list.entries[0].about, &asked));
    assert_false(t->msg.due_list.entries[0].overdue);
    assert_int_equal(due_of(t, TOWN_POLICE), 0);
    assert_string_equal(review(t, TOWN_POLICE, "third-1", FINDING_JUSTIFIED), "");
    assert_int_equal(due_of(t, TOWN_COUNCIL), 0);
    assert_int_equal(store_begin(t->core->store, false, &txn), 0);
    assert_int_equal(overrides_get(txn, &asked, &r), 0);
    assert_string_equal(r.approval_reason, "I was told why");
    assert_string_equal(r.review_reason, "looked at");
}

static void a_late_review_is_told_to_its_agency_and_the_hubs_and_is_in_the_log(void **state)
{
    struct town *t = *state;

    assert_string_equal(request(t), "");
    assert_string_equal(approve(t, TOWN_POLICE, "senior-1", APPROVAL_APPROVE), "");
    town_forget(t);
    town_day(t, TOWN_DAY + 3); /* 48 hours, and no more */
    town_turn(t);
    assert_true(town_heard(t, TOWN_COUNCIL, MSG_DELIVER) > 0);
    assert_true(id_equal(&t->msg.deliver.notice.about, &asked));
    assert_int_equal(t->msg.deliver.notice.kind, NOTICE_OVERDUE);
    assert_true(town_heard(t, TOWN_COURT, MSG_DELIVER) > 0); /* the hub */
    assert_int_equal(t->msg.deliver.notice.kind, NOTICE_OVERDUE);
    assert_true(id_equal(&t->msg.deliver.notice.about, &asked));
    assert_string_equal(t->msg.deliver.notice.agency, "council");
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_DELIVER), 0);
    assert_int_equal(town_leaves(t, EVENT_OVERDUE, NULL), 1);
    assert_int_equal(due_of(t, TOWN_COUNCIL), 1);
    assert_true(t->msg.due_list.entries[0].overdue);
}

static void it_lets_ask_that_question_of_that_person_for_that_agency_alone(void **state)
{
    struct town *t = *state;

    assert_string_equal(request(t), "");
    assert_string_equal(approve(t, TOWN_POLICE, "senior-1", APPROVAL_APPROVE), "");
    assert_false(goes_out(t, TOWN_COUNCIL, town_insight(t, "early-help", "truancy", TOWN_SAM)));
    assert_false(goes_out(t, TOWN_COUNCIL, town_insight(t, "early-help", "noise", TOWN_TESS)));
    assert_false(goes_out(t, TOWN_COUNCIL, town_insight(t, "early-help", "lives-at", TOWN_TESS)));
    assert_false(goes_out(t, TOWN_COUNCIL, town_involvement(t, "early-help", TOWN_TESS)));
    assert_false(goes_out(t, TOWN_CHARITY, town_insight(t, "early-help", "truancy", TOWN_TESS)));
    assert_true(council_hears(t));
}

static void the_home_asked_about_must_be_the_one_named(void **state)
{
    struct town *t = *state;
    struct msg *m = override_msg(t, "lives-at", TOWN_TESS);

    m->override.has_parameter = true;
    town_home(1, &m->override.parameter);
    assert_string_equal(say(t, TOWN_COUNCIL, m), "");
    assert_string_equal(approve(t, TOWN_POLICE, "senior-1", APPROVAL_APPROVE), "");
    m = town_insight(t, "early-help", "lives-at", TOWN_TESS);
    town_home(2, &m->insight_query.parameter);
    assert_false(goes_out(t, TOWN_COUNCIL, m));
    assert_true(goes_out(t, TOWN_COUNCIL, town_insight(t, "early-help", "lives-at", TOWN_TESS)));
}

static void who_may_approve(void **state)
{
    struct town *t = *state;

    assert_string_equal(approve(t, TOWN_POLICE, "senior-1", APPROVAL_APPROVE), "unknown-override");
    assert_string_equal(say(t, TOWN_SCHOOL, override_msg(t, "truancy", TOWN_TESS)), "");
    assert_string_equal(approve(t, TOWN_SCHOOL, "senior-1", APPROVAL_APPROVE), "same-organisation");
    assert_string_equal(approve(t, TOWN_NURSERY, "senior-1", APPROVAL_APPROVE),
                        "same-organisation");
    assert_string_equal(approve(t, TOWN_CLINIC, "senior-1", APPROVAL_APPROVE), "not-an-approver");
    assert_string_equal(approve(t, TOWN_COUNCIL, "senior-1", APPROVAL_APPROVE), "not-an-approver");
    assert_string_equal(approve(t, TOWN_POLICE, "worker-7", APPROVAL_APPROVE), "same-practitioner");
    assert_int_equal(state_seen(t, TOWN_CLINIC), 0);
    assert_int_equal(state_seen(t, TOWN_POLICE), OVERRIDE_WAITING);
    assert_string_equal(approve(t, TOWN_COURT, "senior-1", APPROVAL_APPROVE), ""); /* the hub */
    assert_string_equal(approve(t, TOWN_POLICE, "senior-2", APPROVAL_REFUSE), "already-decided");
    assert_int_equal(state_seen(t, TOWN_SCHOOL), OVERRIDE_IN_FORCE);
}

static void only_somebody_senior_approves(void **state)
{
    struct town *t = *state;
    struct msg *m;

    assert_string_equal(request(t), "");
    m = town_msg(t, MSG_APPROVAL);
    town_practitioner(m, "junior-1");
    m->approval = (struct msg_approval){
        .override = asked, .decision = APPROVAL_APPROVE, .no_part = true, .reason = "seen"
    };
    assert_string_equal(say(t, TOWN_POLICE, m), "not-senior");
    assert_false(council_hears(t));
}

static void what_may_not_be_asked_for(void **state)
{
    struct town *t = *state;
    struct msg *m = override_msg(t, "truancy", TOWN_TESS);

    (void)snprintf(m->purpose, sizeof(m->purpose), "safeguarding");
    assert_string_equal(say(t, TOWN_COUNCIL, m), "override-not-allowed");
    assert_string_equal(say(t, TOWN_COUNCIL, override_msg(t, "nothing", TOWN_TESS)),
                        "override-not-allowed");
    m = override_msg(t, "truancy", TOWN_TESS);
    (void)snprintf(m->basis, sizeof(m->basis), "consent");
    assert_string_equal(say(t, TOWN_COUNCIL, m), "override-gateway");
    m = override_msg(t, "truancy", TOWN_TESS);
    m->override.hours = 73;
    assert_string_equal(say(t, TOWN_COUNCIL, m), "override-too-long");
    assert_string_equal(say(t, TOWN_COURT, override_msg(t, "truancy", TOWN_TESS)), "not-a-party");
}

static void it_ends_when_its_hours_have_passed_and_no_clock_brings_it_back(void **state)
{
    struct town *t = *state;

    assert_string_equal(request(t), "");
    assert_string_equal(approve(t, TOWN_POLICE, "senior-1", APPROVAL_APPROVE), "");
    town_wall -= 48 * HOUR_MS; /* a clock put back prolongs nothing */
    hours_run(t, 23);
    assert_true(council_hears(t));
    hours_run(t, 1);
    assert_false(council_hears(t));
    assert_int_equal(state_seen(t, TOWN_COUNCIL), OVERRIDE_OVER);
    assert_string_equal(approve(t, TOWN_POLICE, "senior-1", APPROVAL_REFUSE), "override-over");
}

static void nobody_approves_what_was_asked_for_long_ago(void **state)
{
    struct town *t = *state;

    assert_string_equal(request(t), "");
    town_wall += 72 * HOUR_MS;
    assert_string_equal(approve(t, TOWN_POLICE, "senior-1", APPROVAL_APPROVE), "override-over");
}

static void an_approval_taken_back_ends_it_at_once(void **state)
{
    struct town *t = *state;

    assert_string_equal(request(t), "");
    assert_string_equal(approve(t, TOWN_POLICE, "senior-1", APPROVAL_APPROVE), "");
    assert_true(council_hears(t));
    assert_string_equal(approve(t, TOWN_POLICE, "senior-1", APPROVAL_REFUSE), "");
    assert_false(council_hears(t));
    assert_int_equal(state_seen(t, TOWN_COUNCIL), OVERRIDE_REFUSED);
    assert_string_equal(approve(t, TOWN_POLICE, "senior-1", APPROVAL_APPROVE), "override-over");
}

static void an_answer_on_its_way_is_not_told_after_a_veto(void **state)
{
    struct town *t = *state;
    char text[ID_TEXT];

    assert_string_equal(request(t), "");
    assert_string_equal(approve(t, TOWN_POLICE, "senior-1", APPROVAL_APPROVE), "");
    town_say(t, TOWN_COUNCIL, town_insight(t, "early-help", "truancy", TOWN_TESS));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 1);
    town_answer(t, TOWN_POLICE, ANSWER_YES);
    id_format(&asked, text);
    assert_string_equal(town_change(t, "override-veto",
                                    json_pack("{s:s,s:s}", "override", text, "reason", "no need"),
                                    one_officer),
                        "ok");
    town_mono += 3000;
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 0);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "no-consent-on-file");
    assert_int_equal(town_leaves(t, EVENT_OVERRIDE_VETOED, NULL), 1);
    assert_int_equal(state_seen(t, TOWN_COUNCIL), OVERRIDE_VETOED);
}

static void a_suspended_approver_approves_nothing_any_more(void **state)
{
    struct town *t = *state;

    assert_string_equal(request(t), "");
    assert_string_equal(approve(t, TOWN_COURT, "senior-1", APPROVAL_APPROVE), "");
    assert_true(council_hears(t));
    assert_string_equal(town_change(t, "agency-suspend",
                                    json_pack("{s:s,s:s}", "agency", "court", "reason", "inquiry"),
                                    one_officer),
                        "ok");
    assert_false(council_hears(t));
}

static void a_restart_keeps_it(void **state)
{
    struct town *t = *state;

    assert_string_equal(request(t), "");
    assert_string_equal(approve(t, TOWN_POLICE, "senior-1", APPROVAL_APPROVE), "");
    town_reopen(t);
    everybody_is_there(t);
    assert_true(council_hears(t));
}

static void one_person_acts_alone_in_immediate_danger_only(void **state)
{
    struct town *t = *state;
    struct msg *m = override_msg(t, "truancy", TOWN_TESS);

    m->override.immediate_danger = true;
    assert_string_equal(say(t, TOWN_COUNCIL, m), "");
    assert_true(council_hears(t));
    assert_string_equal(review(t, TOWN_COUNCIL, "third-1", FINDING_JUSTIFIED), "same-organisation");
    assert_string_equal(review(t, TOWN_CLINIC, "third-1", FINDING_JUSTIFIED), "unknown-override");
    assert_string_equal(review(t, TOWN_COURT, "third-1", FINDING_NOT_JUSTIFIED), "");
    assert_false(council_hears(t));
    assert_int_equal(state_seen(t, TOWN_COUNCIL), OVERRIDE_NOT_JUSTIFIED);
}

static void a_third_person_reviews(void **state)
{
    struct town *t = *state;

    assert_string_equal(request(t), "");
    assert_string_equal(review(t, TOWN_COURT, "third-1", FINDING_JUSTIFIED), "nothing-to-review");
    assert_string_equal(approve(t, TOWN_POLICE, "senior-1", APPROVAL_APPROVE), "");
    assert_string_equal(review(t, TOWN_COUNCIL, "worker-7", FINDING_JUSTIFIED),
                        "same-practitioner");
    assert_string_equal(review(t, TOWN_POLICE, "senior-1", FINDING_JUSTIFIED), "same-practitioner");
    assert_string_equal(review(t, TOWN_COUNCIL, "third-1", FINDING_JUSTIFIED), "");
    assert_string_equal(review(t, TOWN_COURT, "third-2", FINDING_NOT_JUSTIFIED), "already-decided");
    assert_true(council_hears(t));
}

static void overrides_that_nobody_reviewed_stop_the_next(void **state)
{
    struct town *t = *state;
    struct msg *m = override_msg(t, "truancy", TOWN_TESS);
    struct id first = asked;

    m->override.immediate_danger = true;
    assert_string_equal(say(t, TOWN_COUNCIL, m), "");
    town_wall += 24 * HOUR_MS - 1;
    assert_string_equal(request(t), "");
    town_wall += 1;
    assert_string_equal(request(t), "unreviewed-overrides");
    assert_string_equal(say(t, TOWN_CHARITY, override_msg(t, "truancy", TOWN_TESS)), "");
    town_reopen(t);
    assert_string_equal(request(t), "unreviewed-overrides");
    asked = first;
    assert_string_equal(review(t, TOWN_COURT, "third-1", FINDING_JUSTIFIED), "");
    assert_string_equal(request(t), "");
}

static void a_refusal_by_the_person_is_passed_and_a_shield_is_not(void **state)
{
    struct town *t = *state;
    struct msg *m = town_consent(t, "early-help", TOWN_TESS);

    m->consent.decision = CONSENT_REFUSED;
    assert_string_equal(say(t, TOWN_CHARITY, m), "");
    assert_string_equal(request(t), "");
    assert_string_equal(approve(t, TOWN_POLICE, "senior-1", APPROVAL_APPROVE), "");
    assert_true(council_hears(t));
    assert_string_equal(say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3)), "");
    town_say(t, TOWN_COUNCIL, town_insight(t, "early-help", "truancy", TOWN_TESS));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 1);
    assert_memory_not_equal(t->msg.question.subject.tokens[0].value,
                            override_msg(t, "truancy", TOWN_TESS)->override.subject.tokens[0].value,
                            TOKEN_LEN);
}

static void heard_under_it(struct town *t, uint8_t answer, struct msg_insight *out)
{
    town_forget(t);
    town_say(t, TOWN_COUNCIL, town_insight(t, "early-help", "truancy", TOWN_TESS));
    town_turn(t);
    town_answer(t, TOWN_POLICE, answer);
    town_mono += 3000;
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    *out = t->msg.insight;
}

static void who_is_hidden_is_told_under_it_what_an_unknown_person_is(void **state)
{
    struct town *t = *state;
    struct msg_insight unknown, hidden;

    assert_string_equal(request(t), "");
    assert_string_equal(approve(t, TOWN_POLICE, "senior-1", APPROVAL_APPROVE), "");
    heard_under_it(t, ANSWER_NOT_KNOWN, &unknown);
    assert_string_equal(say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3)), "");
    heard_under_it(t, ANSWER_NOT_KNOWN, &hidden);
    assert_non_null(strstr(unknown.guidance, "under an override"));
    assert_memory_equal(&hidden, &unknown, sizeof(hidden));
}

#define T(name) cmocka_unit_test_setup_teardown(name, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_override_lets_ask_only_once_another_agency_approved),
        T(it_lets_ask_that_question_of_that_person_for_that_agency_alone),
        T(its_review_is_due_until_a_third_person_has_made_it),
        T(a_late_review_is_told_to_its_agency_and_the_hubs_and_is_in_the_log),
        T(the_home_asked_about_must_be_the_one_named),
        T(who_may_approve),
        T(only_somebody_senior_approves),
        T(what_may_not_be_asked_for),
        T(it_ends_when_its_hours_have_passed_and_no_clock_brings_it_back),
        T(nobody_approves_what_was_asked_for_long_ago),
        T(an_approval_taken_back_ends_it_at_once),
        T(an_answer_on_its_way_is_not_told_after_a_veto),
        T(a_suspended_approver_approves_nothing_any_more),
        T(a_restart_keeps_it),
        T(one_person_acts_alone_in_immediate_danger_only),
        T(a_third_person_reviews),
        T(overrides_that_nobody_reviewed_stop_the_next),
        T(a_refusal_by_the_person_is_passed_and_a_shield_is_not),
        T(who_is_hidden_is_told_under_it_what_an_unknown_person_is),
    };

    return cmocka_run_group_tests_name("core_override", tests, NULL, NULL);
}
