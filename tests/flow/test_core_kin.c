/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_kin.c - what may not be asked beside what was asked, where it is not the same person: a
 * household and its members; and how long it is remembered when the clock is not to be relied on. */
#include "core_town.h"
#include "core_town_policy.h"

#include <errno.h>
#include <string.h>

static void ask(struct town *t, enum town_agency who, const char *purpose, const char *question,
                enum town_person about)
{
    town_say(t, who, town_insight(t, purpose, question, about));
    town_turn(t);
}

/* --- a household and its members --- */

static int households(void **state)
{
    int r;

    town_extras.households = true;
    r = town_setup(state);
    memset(&town_extras, 0, sizeof(town_extras));
    return r;
}

static void ask_household(struct town *t, enum town_agency who, const char *question, unsigned home)
{
    struct msg *m = town_insight(t, "safeguarding", question, TOWN_TESS);

    m->insight_query.subject_kind = SUBJECT_HOUSEHOLD;
    memset(&m->insight_query.subject, 0, sizeof(m->insight_query.subject));
    town_home(home, &m->insight_query.household);
    town_forget(t);
    town_say(t, who, m);
    town_turn(t);
}

/* home 0: the query says none. */
static void ask_member(struct town *t, enum town_agency who, const char *question,
                       enum town_person about, unsigned home)
{
    struct msg *m = town_insight(t, "safeguarding", question, about);

    if (home) {
        m->insight_query.n_homes = 1;
        town_home(home, &m->insight_query.homes[0].token);
        m->insight_query.homes[0].from = TOWN_DAY - 400;
        m->insight_query.homes[0].until = CIVIL_NONE;
    }
    town_forget(t);
    town_say(t, who, m);
    town_turn(t);
}

static void a_member_after_the_household_is_refused_and_a_stranger_is_not(void **state)
{
    struct town *t = *state;

    ask_household(t, TOWN_CLINIC, "strain", 1);
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "");
    ask_member(t, TOWN_CLINIC, "strain", TOWN_TESS, 1);
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "differencing");
    town_reopen(t);
    ask_member(t, TOWN_CLINIC, "strain", TOWN_SAM, 1);
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "differencing");
    ask_member(t, TOWN_CLINIC, "strain", TOWN_TESS, 2);
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "");
}

static void the_household_after_a_member_is_refused(void **state)
{
    struct town *t = *state;

    ask_member(t, TOWN_CLINIC, "strain", TOWN_TESS, 1);
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "");
    ask_member(t, TOWN_CLINIC, "strain", TOWN_SAM, 1); /* two members are no pair */
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "");
    ask_household(t, TOWN_CLINIC, "strain", 1);
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "differencing");
    ask_household(t, TOWN_CLINIC, "strain", 2);
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "");
}

static void another_organisation_or_a_plain_question_is_not_refused(void **state)
{
    struct town *t = *state;

    ask_household(t, TOWN_CLINIC, "strain", 1);
    ask_household(t, TOWN_POLICE, "plan", 1);
    ask_member(t, TOWN_POLICE, "plan", TOWN_TESS, 1); /* under a duty */
    assert_string_equal(town_refusal(t, TOWN_POLICE), "");
    ask_member(t, TOWN_COURT, "strain", TOWN_TESS, 1);
    assert_string_not_equal(town_refusal(t, TOWN_COURT), "differencing");
}

/* The limit of it: the broker knows no household but by what the queries say. */
static void a_member_whose_query_says_no_home_is_not_known_as_one(void **state)
{
    struct town *t = *state;

    ask_household(t, TOWN_CLINIC, "strain", 1);
    ask_member(t, TOWN_CLINIC, "strain", TOWN_TESS, 0);
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "");
}

static void after_the_period_a_member_may_be_asked_about(void **state)
{
    struct town *t = *state;

    ask_member(t, TOWN_CLINIC, "strain", TOWN_TESS, 1);
    town_day(t, TOWN_DAY + 89);
    ask_household(t, TOWN_CLINIC, "strain", 1);
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "differencing");
    town_day(t, TOWN_DAY + 90);
    assert_int_equal(town_asked_kept(t, "d"), 0);
    ask_household(t, TOWN_CLINIC, "strain", 1);
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "");
}

/* --- a clock that jumps --- */

static int live(void **state)
{
    town_mode = MODE_LIVE;
    return town_setup(state);
}

static void clock_to(struct town *t, int64_t wall)
{
    town_wall = wall;
    town_turn(t);
    town_forget(t);
}

static void a_clock_that_jumps_ahead_forgets_nothing_early(void **state)
{
    struct town *t = *state;
    int64_t now = town_wall;

    ask(t, TOWN_CLINIC, "safeguarding", "strain", TOWN_TESS);
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "");
    clock_to(t, now + 300 * INT64_C(86400000));
    assert_true(town_asked_kept(t, "d") > 0);
    town_reopen(t);
    ask(t, TOWN_CLINIC, "safeguarding", "band", TOWN_TESS);
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "differencing");
    clock_to(t, now); /* and when it is put right again */
    town_forget(t);
    ask(t, TOWN_CLINIC, "safeguarding", "band", TOWN_TESS);
    assert_string_equal(town_refusal(t, TOWN_CLINIC), "differencing");
}

static void after_the_period_by_clock_and_days_it_is_forgotten_in_life_too(void **state)
{
    struct town *t = *state;

    ask(t, TOWN_CLINIC, "safeguarding", "strain", TOWN_TESS);
    for (int i = 0; i < 89; i++)
        clock_to(t, town_wall + INT64_C(86400000));
    assert_true(town_asked_kept(t, "d") > 0);
    clock_to(t, town_wall + INT64_C(86400000));
    assert_int_equal(town_asked_kept(t, "d"), 0);
}

/* Down for the whole period: by the clock it is over, and by the days it is not. */
static void days_on_which_the_broker_was_down_do_not_count(void **state)
{
    struct town *t = *state;

    ask(t, TOWN_CLINIC, "safeguarding", "strain", TOWN_TESS);
    town_wall += 100 * INT64_C(86400000);
    town_reopen(t);
    town_turn(t);
    assert_true(town_asked_kept(t, "d") > 0);
}

#define HOUSEHOLD_TEST(f) cmocka_unit_test_setup_teardown(f, households, town_teardown)
#define LIVE_TEST(f)      cmocka_unit_test_setup_teardown(f, live, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSEHOLD_TEST(a_member_after_the_household_is_refused_and_a_stranger_is_not),
        HOUSEHOLD_TEST(the_household_after_a_member_is_refused),
        HOUSEHOLD_TEST(another_organisation_or_a_plain_question_is_not_refused),
        HOUSEHOLD_TEST(a_member_whose_query_says_no_home_is_not_known_as_one),
        HOUSEHOLD_TEST(after_the_period_a_member_may_be_asked_about),
        LIVE_TEST(a_clock_that_jumps_ahead_forgets_nothing_early),
        LIVE_TEST(after_the_period_by_clock_and_days_it_is_forgotten_in_life_too),
        LIVE_TEST(days_on_which_the_broker_was_down_do_not_count),
    };

    return cmocka_run_group_tests_name("core_kin", tests, NULL, NULL);
}
