/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_later_again.c - what waits for people and is said again: the questions to a desk that says
 * Hello over and over, and the day that a final reply speaks of. */
#include "later_town.h"

static size_t heard_after_hello(struct town *t)
{
    hello(t, TOWN_CHARITY);
    return town_heard(t, TOWN_CHARITY, MSG_QUESTION);
}

static void a_while_passes(struct town *t)
{
    town_mono += 5001;
    t->core->heads.signed_ms = town_mono;
    town_forget(t);
    town_turn(t);
}

/* "One hostile agency harms only itself": each round reads and decides all that is out to it. */
static void desk_that_says_hello_without_end_is_put_its_questions_now_and_then(void **state)
{
    struct town *t = *state;
    size_t n = 0;

    asks_insight(t, "arrears", TOWN_TESS);
    asks_insight(t, "arrears", TOWN_SAM);
    for (int i = 0; i < 50; i++)
        n += heard_after_hello(t);
    assert_int_equal(n, 2 * 8);
    a_while_passes(t); /* what was put off is not forgotten */
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 2);
    a_while_passes(t);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 0);
}

static void one_desk_that_is_put_off_holds_up_no_other(void **state)
{
    struct town *t = *state;

    asks_insight(t, "truancy", TOWN_TESS);
    for (int i = 0; i < 8; i++)
        assert_int_equal(heard_after_hello(t), 1);
    assert_int_equal(heard_after_hello(t), 0);
    hello(t, TOWN_POLICE);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 1);
}

static const char *asks_one_more(struct town *t)
{
    town_forget(t);
    asks_insight(t, "arrears", TOWN_TESS);
    return town_heard(t, TOWN_COUNCIL, MSG_BUSY) ? "busy" : "asked";
}

/* What was answered is kept until it is acknowledged: who acknowledges nothing has a place the fewer. */
static void final_replies_that_nobody_acknowledges_are_counted_too(void **state)
{
    struct town *t = *state;
    struct id q;

    t->core->set.limits.later_agency = 2;
    for (int i = 0; i < 2; i++) {
        assert_string_equal(asks_one_more(t), "asked");
        q = question_of(t, TOWN_CHARITY);
        deadline_passes(t);
        answers(t, TOWN_CHARITY, &q, ANSWER_NO);
        finally(t, INSIGHT_NO, COMPLETE_ALL);
    }
    assert_string_equal(asks_one_more(t), "busy");
    hello(t, TOWN_COUNCIL);
    acknowledged(t); /* both */
    assert_int_equal(kept(t), 0);
    assert_string_equal(asks_one_more(t), "asked");
}

/* "Every answer carries its as-of": what was answered last week is not today's because it comes today. */
static void final_reply_is_of_the_day_of_its_oldest_answer_whenever_it_comes(void **state)
{
    struct town *t = *state;
    struct id charity, police;

    awaited_of_both(t, &charity, &police);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.as_of, TOWN_DAY);
    town_day(t, TOWN_DAY + 1);
    answers(t, TOWN_CHARITY, &charity, ANSWER_YES);
    town_day(t, TOWN_DAY + 2);
    answers(t, TOWN_POLICE, &police, ANSWER_NO);
    finally(t, INSIGHT_YES, COMPLETE_SOME);
    assert_int_equal(t->msg.deliver.insight.as_of, TOWN_DAY + 1);
    town_day(t, TOWN_DAY + 6);
    town_reopen(t);
    hello(t, TOWN_COUNCIL); /* it had not been acknowledged */
    finally(t, INSIGHT_YES, COMPLETE_SOME);
    assert_int_equal(t->msg.deliver.insight.as_of, TOWN_DAY + 1);
}

static void what_machines_said_by_the_deadline_dates_the_final_reply(void **state)
{
    struct town *t = *state;
    struct id desk, q;
    struct msg *m = town_involvement(t, "safeguarding", TOWN_TESS);

    asks(t, m);
    desk = question_of(t, TOWN_CHARITY);
    q = question_of(t, TOWN_SCHOOL);
    answers(t, TOWN_SCHOOL, &q, ANSWER_NO);
    deadline_passes(t);
    town_day(t, TOWN_DAY + 3);
    answers(t, TOWN_CHARITY, &desk, ANSWER_NOT_KNOWN);
    assert_int_equal(finals(t, DELIVERY_INVOLVEMENT), 1);
    assert_int_equal(t->msg.deliver.involvement.as_of, TOWN_DAY);
}

static void final_reply_to_which_nobody_said_anything_is_of_the_day_that_it_comes(void **state)
{
    struct town *t = *state;

    asks_insight(t, "arrears", TOWN_TESS);
    deadline_passes(t);
    town_day(t, TOWN_DAY + 1);
    hours_pass(t, 25);
    finally(t, INSIGHT_CANNOT_SAY, COMPLETE_NONE);
    assert_int_equal(t->msg.deliver.insight.as_of, TOWN_DAY + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ONE_DESK(desk_that_says_hello_without_end_is_put_its_questions_now_and_then),
        TWO_DESKS(one_desk_that_is_put_off_holds_up_no_other),
        ONE_DESK(final_replies_that_nobody_acknowledges_are_counted_too),
        TWO_DESKS(final_reply_is_of_the_day_of_its_oldest_answer_whenever_it_comes),
        ONE_DESK(what_machines_said_by_the_deadline_dates_the_final_reply),
        ONE_DESK(final_reply_to_which_nobody_said_anything_is_of_the_day_that_it_comes),
    };

    if (crypto_init() < 0)
        return 70;
    return cmocka_run_group_tests_name("core_later_again", tests, NULL, NULL);
}
