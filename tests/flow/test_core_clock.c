/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_clock.c - a broker in life whose wall clock is set back across midnight: what was lodged stays lodged. */
#include "core_epochs.h"

static void everybody_may_shield(struct layout *l)
{
    epoch_policy(l);
    l->shield_owners = (UINT64_C(1) << l->n_sectors) - 1;
}

static int live_setup(void **state)
{
    epoch_plan = (struct epoch_plan){ .current = 1 };
    town_policy_more = everybody_may_shield;
    town_mode = MODE_LIVE;
    return town_setup(state);
}

static void shielded_from(struct town *t, int32_t day)
{
    struct msg *m = town_shield(t, TOWN_TESS, 3);

    m->shield.from = day;
    assert_string_equal(worry_say(t, TOWN_SCHOOL, m), "");
}

static const char *asked_about_tess(struct town *t)
{
    return asked(t, TOWN_POLICE, "safeguarding", TOWN_TESS, 1);
}

static void promise_6_a_clock_set_back_across_midnight_takes_no_shield_off(void **state)
{
    struct town *t = *state;

    assert_string_equal(asked_about_tess(t), "asked");
    town_wall = (int64_t)(TOWN_DAY + 1) * 86400000 + 10000;
    shielded_from(t, TOWN_DAY + 1);
    assert_string_equal(asked_about_tess(t), "hidden");
    town_wall -= 3600000;
    assert_string_equal(asked_about_tess(t), "hidden");
}

static void a_shield_of_a_day_that_has_not_come_yet_hides_nobody(void **state)
{
    struct town *t = *state;

    shielded_from(t, TOWN_DAY + 1);
    assert_string_equal(asked_about_tess(t), "asked");
    town_wall = (int64_t)(TOWN_DAY + 1) * 86400000 + 10000;
    assert_string_equal(asked_about_tess(t), "hidden");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, live_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(promise_6_a_clock_set_back_across_midnight_takes_no_shield_off),
        TEST(a_shield_of_a_day_that_has_not_come_yet_hides_nobody),
    };

    return cmocka_run_group_tests_name("core_clock", tests, NULL, NULL);
}
