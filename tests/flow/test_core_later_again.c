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

int main(void)
{
    const struct CMUnitTest tests[] = {
        ONE_DESK(desk_that_says_hello_without_end_is_put_its_questions_now_and_then),
        TWO_DESKS(one_desk_that_is_put_off_holds_up_no_other),
    };

    if (crypto_init() < 0)
        return 70;
    return cmocka_run_group_tests_name("core_later_again", tests, NULL, NULL);
}
