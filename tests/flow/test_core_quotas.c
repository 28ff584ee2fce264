/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_quotas.c - permitted questions of a day through one core: what counts, what does not,
 * and that neither a restart nor the clock gives a fresh count; and what a practitioner states. */
#include "core_town.h"
#include "core_town_policy.h"
#include "core/stages.h"

#include <string.h>

#define DAY_MS INT64_C(86400000)

static void ask_as(struct town *t, enum town_agency who, const char *ref, const char *question,
                   enum town_person about)
{
    struct msg *m = town_insight(t, "safeguarding", question, about);

    memset(m->practitioner.ref, 0, sizeof(m->practitioner.ref));
    memcpy(m->practitioner.ref, ref, strlen(ref));
    town_forget(t);
    town_say(t, who, m);
    town_turn(t);
}

static void ask(struct town *t, enum town_agency who, const char *question, enum town_person about)
{
    ask_as(t, who, "p-1", question, about);
}

static void expect_put(struct town *t, enum town_agency who)
{
    assert_string_equal(town_refusal(t, who), "");
    assert_true(t->n_heard > 0);
}

static void expect_over(struct town *t, enum town_agency who)
{
    struct ledger_clear leaf;

    assert_string_equal(town_refusal(t, who), "over-quota");
    assert_int_equal(t->n_heard, 1); /* nobody else heard of it */
    assert_true(town_leaves(t, EVENT_REFUSED, &leaf) > 0);
    assert_string_equal(leaf.reason, "over-quota");
    assert_int_equal(leaf.told, TELL_REASON);
}

static int with(void **state, struct town_extras extras, uint8_t mode)
{
    int r;

    town_extras = extras;
    town_mode = mode;
    r = town_setup(state);
    memset(&town_extras, 0, sizeof(town_extras));
    return r;
}

static int by_practitioner(void **state)
{
    return with(state, (struct town_extras){ .practitioner = 2 }, MODE_EXERCISE);
}
static int by_agency(void **state)
{
    return with(state, (struct town_extras){ .agency = 2 }, MODE_EXERCISE);
}
static int by_subject(void **state)
{
    return with(state, (struct town_extras){ .subject = 2 }, MODE_EXERCISE);
}
static int live(void **state)
{
    return with(state, (struct town_extras){ .practitioner = 2 }, MODE_LIVE);
}
static int conditional(void **state)
{
    return with(state, (struct town_extras){ .conditions = CONDITION_PARA18_REASON | CONDITION_NECESSITY },
                MODE_EXERCISE);
}

static void a_practitioner_asks_as_often_as_the_policy_says(void **state)
{
    struct town *t = *state;

    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    expect_put(t, TOWN_POLICE);
    ask(t, TOWN_POLICE, "truancy", TOWN_SAM);
    expect_put(t, TOWN_POLICE);
    ask(t, TOWN_POLICE, "plan", TOWN_NOBODY);
    expect_over(t, TOWN_POLICE);
    ask(t, TOWN_POLICE, "plan", TOWN_TESS); /* not even what was asked before */
    expect_over(t, TOWN_POLICE);
    ask_as(t, TOWN_POLICE, "p-2", "plan", TOWN_TESS); /* a colleague */
    expect_put(t, TOWN_POLICE);
    ask(t, TOWN_COUNCIL, "truancy", TOWN_TESS); /* "p-1" of another agency is another person */
    expect_put(t, TOWN_COUNCIL);
}

static void an_agencys_practitioners_share_its_quota_and_its_team_has_its_own(void **state)
{
    struct town *t = *state;

    ask_as(t, TOWN_SCHOOL, "p-1", "plan", TOWN_TESS);
    ask_as(t, TOWN_SCHOOL, "p-2", "plan", TOWN_SAM);
    expect_put(t, TOWN_SCHOOL);
    ask_as(t, TOWN_SCHOOL, "p-3", "plan", TOWN_NOBODY);
    expect_over(t, TOWN_SCHOOL);
    ask_as(t, TOWN_NURSERY, "p-1", "plan", TOWN_NOBODY);
    expect_put(t, TOWN_NURSERY);
}

static void about_one_person_an_organisation_and_its_teams_ask_together(void **state)
{
    struct town *t = *state;

    ask_as(t, TOWN_SCHOOL, "p-1", "plan", TOWN_TESS);
    ask_as(t, TOWN_NURSERY, "p-2", "truancy", TOWN_TESS);
    expect_put(t, TOWN_NURSERY);
    ask_as(t, TOWN_SCHOOL, "p-3", "arrears", TOWN_TESS);
    expect_over(t, TOWN_SCHOOL);
    ask_as(t, TOWN_SCHOOL, "p-3", "arrears", TOWN_SAM);
    expect_put(t, TOWN_SCHOOL);
    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    expect_put(t, TOWN_POLICE);
}

static void fewer_identifiers_of_the_same_person_are_the_same_person(void **state)
{
    struct town *t = *state;
    struct msg *m;

    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    expect_put(t, TOWN_POLICE);
    m = town_insight(t, "safeguarding", "plan", TOWN_TESS);
    for (uint8_t i = 0; i < m->insight_query.subject.n; i++) {
        if (m->insight_query.subject.tokens[i].kind != TOKEN_NAME_DOB)
            continue;
        m->insight_query.subject.tokens[0] = m->insight_query.subject.tokens[i];
        m->insight_query.subject.n = 1;
    }
    assert_int_equal(m->insight_query.subject.n, 1);
    memset(m->insight_query.subject.tokens + 1, 0,
           sizeof(m->insight_query.subject.tokens) - sizeof(m->insight_query.subject.tokens[0]));
    town_forget(t);
    town_say(t, TOWN_POLICE, m);
    town_turn(t);
    expect_over(t, TOWN_POLICE);
}

static void a_home_is_a_subject_too(void **state)
{
    struct town *t = *state;

    for (int i = 0; i < 3; i++) {
        struct msg *m = town_insight(t, "safeguarding", "noise", TOWN_TESS);

        m->insight_query.subject_kind = SUBJECT_HOUSEHOLD;
        memset(&m->insight_query.subject, 0, sizeof(m->insight_query.subject));
        town_home(1, &m->insight_query.household);
        town_forget(t);
        town_say(t, TOWN_COUNCIL, m);
        town_turn(t);
    }
    expect_over(t, TOWN_COUNCIL);
}

static void who_is_involved_counts_like_any_question(void **state)
{
    struct town *t = *state;

    for (int i = 0; i < 3; i++) {
        town_forget(t);
        town_say(t, TOWN_POLICE, town_involvement(t, "safeguarding", i ? TOWN_TESS : TOWN_SAM));
        town_turn(t);
    }
    expect_over(t, TOWN_POLICE);
}

static void what_was_refused_does_not_count(void **state)
{
    struct town *t = *state;

    for (int i = 0; i < 5; i++) {
        town_forget(t);
        town_say(t, TOWN_POLICE, town_insight(t, "early-help", "plan", TOWN_TESS));
        town_turn(t);
        assert_string_equal(town_refusal(t, TOWN_POLICE), "no-consent-on-file");
    }
    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    expect_put(t, TOWN_POLICE);
    for (int i = 0; i < 3; i++) { /* nor does what was refused for the quota */
        ask(t, TOWN_POLICE, "plan", TOWN_TESS);
        expect_over(t, TOWN_POLICE);
    }
}

/* Else the count would tell whom something hides. */
static void what_is_hidden_counts_like_a_permit(void **state)
{
    struct town *t = *state;

    town_say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    town_turn(t);
    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    expect_put(t, TOWN_POLICE);
    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    expect_over(t, TOWN_POLICE);
}

/* An earlier gate speaks first: who may not ask learns nothing of what colleagues asked. */
static void who_may_not_ask_hears_that_and_not_of_the_quota(void **state)
{
    struct town *t = *state;
    struct msg *m;

    ask_as(t, TOWN_POLICE, "p-1", "plan", TOWN_TESS);
    ask_as(t, TOWN_POLICE, "p-1", "plan", TOWN_TESS);
    m = town_insight(t, "safeguarding", "plan", TOWN_TESS);
    memset(m->practitioner.role, 0, sizeof(m->practitioner.role));
    memcpy(m->practitioner.role, "volunteer", 10);
    town_forget(t);
    town_say(t, TOWN_POLICE, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_POLICE), "role-not-permitted");
}

/* The last that is permitted is answered, though by then no more may be asked. */
static void a_question_within_the_quota_is_answered_to_its_end(void **state)
{
    struct town *t = *state;

    ask(t, TOWN_POLICE, "plan", TOWN_SAM);
    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    town_answer(t, TOWN_COUNCIL, ANSWER_YES);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_YES);
}

static void a_restart_gives_no_fresh_quota(void **state)
{
    struct town *t = *state;

    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    town_reopen(t);
    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    expect_over(t, TOWN_POLICE);
}

static void tomorrow_is_another_day_and_yesterdays_counts_are_gone(void **state)
{
    struct town *t = *state;

    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    assert_true(town_asked_kept(t, "q") > 0);
    town_day(t, TOWN_DAY + 1);
    assert_int_equal(town_asked_kept(t, "q"), 0);
    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    expect_put(t, TOWN_POLICE);
    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    expect_over(t, TOWN_POLICE);
}

/* --- a clock that is not to be relied on --- */

static void clock_to(struct town *t, int64_t wall)
{
    town_wall = wall;
    town_mono += 1000;
    town_turn(t);
    town_forget(t);
}

static void a_clock_set_back_gives_no_fresh_quota(void **state)
{
    struct town *t = *state;
    int64_t now = town_wall;

    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    expect_put(t, TOWN_POLICE);
    clock_to(t, now - DAY_MS);
    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    expect_over(t, TOWN_POLICE);
    clock_to(t, now - 400 * DAY_MS);
    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    expect_over(t, TOWN_POLICE);
    town_reopen(t);
    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    expect_over(t, TOWN_POLICE);
}

static void after_a_clock_was_set_back_each_day_that_passes_is_a_day(void **state)
{
    struct town *t = *state;
    int64_t now = town_wall;

    clock_to(t, now + 400 * DAY_MS);
    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    clock_to(t, now);
    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    expect_over(t, TOWN_POLICE);
    clock_to(t, now + DAY_MS); /* not a year of waiting */
    ask(t, TOWN_POLICE, "plan", TOWN_TESS);
    expect_put(t, TOWN_POLICE);
}

static void the_days_are_counted_one_at_a_time_however_far_the_clock_jumps(void **state)
{
    struct town *t = *state;
    uint32_t before = t->core->days.n;

    assert_true(before > 0);
    clock_to(t, town_wall + 300 * DAY_MS);
    assert_int_equal(t->core->days.n, before + 1);
    assert_false(day_past(t->core, TOWN_DAY, before, 90));
    town_reopen(t);
    assert_int_equal(t->core->days.n, before + 1);
    for (int i = 2; i <= 90; i++)
        clock_to(t, town_wall + DAY_MS);
    assert_int_equal(t->core->days.n, before + 90);
    assert_true(day_past(t->core, TOWN_DAY, before, 90));
    assert_false(day_past(t->core, t->core->day - 89, before, 90));
}

/* --- what the practitioner states --- */

static void stated(struct town *t, uint16_t statements)
{
    struct msg *m = town_insight(t, "safeguarding", "plan", TOWN_TESS);

    m->insight_query.statements = statements;
    town_forget(t);
    town_say(t, TOWN_POLICE, m);
    town_turn(t);
}

static void a_gateway_opens_to_who_states_all_that_it_asks_for(void **state)
{
    struct town *t = *state;
    static const uint16_t too_little[] = { 0, CONDITION_PARA18_REASON, CONDITION_NECESSITY,
                                           CONDITION_PUBLIC_TASK_STATEMENT |
                                               CONDITION_NOT_MORE_DETRIMENTAL };

    for (size_t i = 0; i < ALM_LEN(too_little); i++) {
        stated(t, too_little[i]);
        assert_string_equal(town_refusal(t, TOWN_POLICE), "gateway-not-in-force");
    }
    stated(t, CONDITION_PARA18_REASON | CONDITION_NECESSITY);
    assert_string_equal(town_refusal(t, TOWN_POLICE), "");
    town_answer(t, TOWN_COUNCIL, ANSWER_YES);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_INSIGHT), 1); /* stated still, at the reply */
    assert_int_equal(t->msg.insight.value, INSIGHT_YES);
}

static void who_is_involved_states_likewise(void **state)
{
    struct town *t = *state;
    struct msg *m = town_involvement(t, "safeguarding", TOWN_TESS);

    town_say(t, TOWN_POLICE, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_POLICE), "gateway-not-in-force");
    m = town_involvement(t, "safeguarding", TOWN_TESS);
    m->involvement_query.statements = STATEMENTS_MOST;
    town_forget(t);
    town_say(t, TOWN_POLICE, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_POLICE), "");
}

#define IN(setup, f) cmocka_unit_test_setup_teardown(f, setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(by_practitioner, a_practitioner_asks_as_often_as_the_policy_says),
        IN(by_agency, an_agencys_practitioners_share_its_quota_and_its_team_has_its_own),
        IN(by_subject, about_one_person_an_organisation_and_its_teams_ask_together),
        IN(by_subject, fewer_identifiers_of_the_same_person_are_the_same_person),
        IN(by_subject, a_home_is_a_subject_too),
        IN(by_practitioner, who_is_involved_counts_like_any_question),
        IN(by_practitioner, what_was_refused_does_not_count),
        IN(by_practitioner, what_is_hidden_counts_like_a_permit),
        IN(by_practitioner, who_may_not_ask_hears_that_and_not_of_the_quota),
        IN(by_practitioner, a_question_within_the_quota_is_answered_to_its_end),
        IN(by_practitioner, a_restart_gives_no_fresh_quota),
        IN(by_subject, a_restart_gives_no_fresh_quota),
        IN(by_practitioner, tomorrow_is_another_day_and_yesterdays_counts_are_gone),
        IN(live, a_clock_set_back_gives_no_fresh_quota),
        IN(live, after_a_clock_was_set_back_each_day_that_passes_is_a_day),
        IN(live, the_days_are_counted_one_at_a_time_however_far_the_clock_jumps),
        IN(conditional, a_gateway_opens_to_who_states_all_that_it_asks_for),
        IN(conditional, who_is_involved_states_likewise),
    };

    return cmocka_run_group_tests_name("core_quotas", tests, NULL, NULL);
}
