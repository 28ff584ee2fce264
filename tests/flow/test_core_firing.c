/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_firing.c - firings around one core: which hub is told, once an episode; what it does
 * with it, what contributors then hear, and what is left of a firing that waited. */
#include "core_worry.h"

/* --- hubs --- */

static void a_hub_is_told_once_an_episode(void **state)
{
    struct town *t = *state;

    worry_subscribe(t, TOWN_COUNCIL, "");
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 0);
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 1);
    assert_string_equal(worry_firing.deliver.stream, "s-all");
    assert_string_equal(worry_firing.deliver.firing.rule, "worry");
    assert_string_equal(worry_firing.deliver.firing.decide_role, "social-worker");
    assert_true(worry_firing.deliver.firing.decide_by_ms > 0);
    assert_false(worry_firing.deliver.firing.has_household);
    assert_string_equal(worry_named(), "police,school");
    assert_string_equal(worry_lodge(t, TOWN_CHARITY, "neglect", TOWN_TESS), "");
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 0);
    assert_int_equal(town_leaves(t, EVENT_FIRED, NULL), 1);
    for (int a = 0; a < TOWN_N; a++)
        if (a != TOWN_COUNCIL)
            assert_int_equal(worry_firings(t, (enum town_agency)a), 0);
}

static void a_hub_gets_what_fires_without_its_own_concerns(void **state)
{
    struct town *t = *state;

    worry_subscribe(t, TOWN_COUNCIL, "worry");
    assert_string_equal(worry_lodge(t, TOWN_COUNCIL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 0);
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 1);
    assert_string_equal(worry_named(), "police,school");
}

static void a_grave_concern_fires_alone(void **state)
{
    struct town *t = *state;
    struct msg *m;

    worry_subscribe(t, TOWN_COUNCIL, "");
    m = worry_concern(t, "grave", TOWN_TESS);
    m->concern.severity = SEVERITY_CRITICAL;
    assert_string_equal(worry_say(t, TOWN_SCHOOL, m), "");
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 1);
    assert_true(worry_firing.deliver.firing.bypass);
    assert_int_equal(worry_firing.deliver.firing.severity, SEVERITY_CRITICAL);
}

static void a_firing_that_no_stream_takes_lies_in_the_hubs_inbox(void **state)
{
    struct town *t = *state;

    worry_subscribe(t, TOWN_COUNCIL, "worry-quiet"); /* of another rule */
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 1);
    assert_string_equal(worry_firing.deliver.stream, "inbox");
}

static void a_firing_about_a_home_names_the_home_and_no_person(void **state)
{
    struct town *t = *state;

    worry_subscribe(t, TOWN_COUNCIL, "");
    assert_string_equal(worry_say(t, TOWN_SCHOOL, worry_at_home(t, TOWN_TESS, true, 1)), "");
    assert_string_equal(worry_say(t, TOWN_POLICE, worry_at_home(t, TOWN_SAM, true, 1)), "");
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 1);
    assert_int_equal(worry_firing.deliver.firing.subject_kind, SUBJECT_HOUSEHOLD);
    assert_int_equal(worry_firing.deliver.firing.subject.n, 0);
    assert_true(worry_firing.deliver.firing.has_household);
}

/* --- after a firing --- */

static struct id fire(struct town *t)
{
    worry_subscribe(t, TOWN_COUNCIL, "");
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 1);
    return worry_firing.deliver.firing.episode;
}

/* TOWN_NOBODY: it names nobody. */
static void assert_about(const struct msg_notice *n, enum town_person p)
{
    struct token_set person = { 0 };

    if (p != TOWN_NOBODY)
        town_person(p, &person);
    assert_memory_equal(&n->subject, &person, sizeof(person));
}

static void contributors_hear_that_they_joined_others_once_the_hub_has_acted(void **state)
{
    struct town *t = *state;
    struct id episode = fire(t), charitys;
    struct msg_notice n;

    assert_int_equal(worry_notices(t, TOWN_SCHOOL, NOTICE_JOINED_OTHERS, NULL), 0);
    assert_int_equal(worry_notices(t, TOWN_POLICE, NOTICE_JOINED_OTHERS, NULL), 0);
    assert_string_equal(worry_step(t, TOWN_COUNCIL, &episode, FIRING_ACTED), "");
    assert_int_equal(worry_notices(t, TOWN_SCHOOL, NOTICE_JOINED_OTHERS, &n), 1);
    assert_string_equal(n.agency, "council");
    assert_about(&n, TOWN_TESS); /* by its own concern's tokens */
    assert_int_equal(worry_notices(t, TOWN_POLICE, NOTICE_JOINED_OTHERS, NULL), 1);
    assert_int_equal(worry_notices(t, TOWN_CHARITY, NOTICE_JOINED_OTHERS, NULL), 0);
    assert_string_equal(worry_step(t, TOWN_COUNCIL, &episode, FIRING_ACTED), ""); /* again: nothing new */
    assert_int_equal(worry_notices(t, TOWN_SCHOOL, NOTICE_JOINED_OTHERS, NULL), 0);
    /* who joins now hears at once */
    assert_string_equal(worry_lodge(t, TOWN_CHARITY, "neglect", TOWN_TESS), "");
    charitys = worry_last;
    assert_int_equal(worry_notices(t, TOWN_CHARITY, NOTICE_JOINED_OTHERS, &n), 1);
    assert_true(id_equal(&n.about, &charitys)); /* its own concern, not the episode */
    assert_about(&n, TOWN_TESS);
}

/* Whoever the firing did not name knows by its own concern whom the call would be about; who lodged
 * nothing hears nothing. */
static void an_unnamed_contributor_asked_to_call_sees_its_own_concern(void **state)
{
    struct town *t = *state;
    struct msg_notice n;
    struct id schools;
    struct msg *m;

    worry_subscribe(t, TOWN_COUNCIL, "");
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "quiet", TOWN_TESS), "");
    schools = worry_last;
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "quiet", TOWN_TESS), "");
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 1);
    m = town_msg(t, MSG_CONTACT_REQUEST);
    m->contact_request.about = worry_firing.deliver.firing.episode;
    (void)snprintf(m->contact_request.contact_route, sizeof(m->contact_request.contact_route), "1");
    assert_string_equal(worry_say(t, TOWN_COUNCIL, m), "");
    assert_int_equal(worry_notices(t, TOWN_SCHOOL, NOTICE_CONTACT_REQUEST, &n), 1);
    assert_true(id_equal(&n.about, &schools));
    assert_about(&n, TOWN_TESS);
    assert_int_equal(worry_notices(t, TOWN_POLICE, NOTICE_CONTACT_REQUEST, &n), 1);
    assert_about(&n, TOWN_TESS);
    assert_int_equal(worry_notices(t, TOWN_CHARITY, NOTICE_CONTACT_REQUEST, NULL), 0);
    assert_int_equal(worry_notices(t, TOWN_COUNCIL, NOTICE_CONTACT_REQUEST, NULL), 0);
}

static void only_a_hub_that_got_it_says_what_it_did(void **state)
{
    struct town *t = *state;
    struct id episode = fire(t), none;

    assert_int_equal(id_new(town_wall, &none), 0);
    assert_string_equal(worry_step(t, TOWN_SCHOOL, &episode, FIRING_ACTED), "unknown-firing");
    assert_string_equal(worry_step(t, TOWN_COURT, &episode, FIRING_CLOSED), "unknown-firing");
    assert_string_equal(worry_step(t, TOWN_COUNCIL, &none, FIRING_ACTED), "unknown-firing");
    assert_int_equal(worry_notices(t, TOWN_SCHOOL, NOTICE_JOINED_OTHERS, NULL), 0);
    assert_string_equal(worry_step(t, TOWN_COUNCIL, &episode, FIRING_CLOSED), "");
    assert_string_equal(worry_step(t, TOWN_COUNCIL, &episode, FIRING_ACTED), "firing-closed");
    assert_int_equal(town_leaves(t, EVENT_FIRING_UPDATED, NULL), 1);
}

static void once_it_is_closed_the_next_concern_opens_another(void **state)
{
    struct town *t = *state;
    struct id first = fire(t);

    assert_string_equal(worry_step(t, TOWN_COUNCIL, &first, FIRING_CLOSED), "");
    assert_string_equal(worry_lodge(t, TOWN_CHARITY, "neglect", TOWN_TESS), "");
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 1);
    assert_false(id_equal(&worry_firing.deliver.firing.episode, &first));
    assert_string_equal(worry_named(), "charity,police,school");
    assert_int_equal(town_leaves(t, EVENT_FIRED, NULL), 2);
}

static void an_episode_that_nobody_closes_is_over_in_time(void **state)
{
    struct town *t = *state;

    (void)fire(t);
    worry_day(t, TOWN_DAY + WORRY_CLOSED - 1);
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 0);
    worry_day(t, TOWN_DAY + WORRY_CLOSED + 1);
    assert_string_equal(worry_lodge(t, TOWN_CHARITY, "neglect", TOWN_TESS), "");
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 0); /* it had been reached: nothing crossed */
    worry_day(t, TOWN_DAY + WORRY_CLOSED + 40);
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 1);
}

static void the_hub_hears_when_what_a_firing_counted_is_taken_back(void **state)
{
    struct town *t = *state;
    struct id schools, episode;
    struct msg_notice n;

    worry_subscribe(t, TOWN_COUNCIL, "");
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    schools = worry_last;
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 1);
    episode = worry_firing.deliver.firing.episode;
    assert_string_equal(worry_change(t, TOWN_SCHOOL, &schools, true, 0), "");
    assert_int_equal(worry_notices(t, TOWN_COUNCIL, NOTICE_WITHDRAWN, &n), 1);
    assert_true(id_equal(&n.about, &episode));
    assert_string_equal(n.agency, ""); /* not whose */
    assert_about(&n, TOWN_NOBODY);
    assert_int_equal(worry_notices(t, TOWN_POLICE, NOTICE_WITHDRAWN, NULL), 0);
    /* lodged and taken back again: the hub has been told */
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    schools = worry_last;
    assert_string_equal(worry_change(t, TOWN_SCHOOL, &schools, true, 0), "");
    assert_int_equal(worry_notices(t, TOWN_COUNCIL, NOTICE_WITHDRAWN, NULL), 0);
    /* who took it back did not join anybody */
    assert_string_equal(worry_step(t, TOWN_COUNCIL, &episode, FIRING_ACTED), "");
    assert_int_equal(worry_notices(t, TOWN_SCHOOL, NOTICE_JOINED_OTHERS, NULL), 0);
}

/* The council's adapter is away while it fires; what it gets when it is back. */
static void come_back(struct town *t)
{
    town_forget(t);
    town_hello(t, TOWN_COUNCIL);
    town_turn(t);
    town_turn(t);
}

static void away(struct town *t)
{
    worry_subscribe(t, TOWN_COUNCIL, "");
    town_reopen(t); /* a new core has heard nothing of anybody yet */
}

static void a_firing_that_waits_is_not_delivered_once_too_few_are_left(void **state)
{
    struct town *t = *state;
    struct id schools;
    struct ledger_clear l;

    away(t);
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    schools = worry_last;
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_int_equal(town_leaves(t, EVENT_FIRED, NULL), 1);
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 0);
    assert_string_equal(worry_change(t, TOWN_SCHOOL, &schools, true, 0), "");
    come_back(t);
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 0);
    assert_int_equal(town_leaves(t, EVENT_NOT_DELIVERED, &l), 1);
    assert_string_equal(l.reason, "no-longer-met");
}

static void a_firing_that_waits_names_those_who_are_left(void **state)
{
    struct town *t = *state;
    struct id schools;

    away(t);
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    schools = worry_last;
    assert_string_equal(worry_lodge(t, TOWN_CHARITY, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_change(t, TOWN_SCHOOL, &schools, true, 0), "");
    come_back(t);
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 1);
    assert_string_equal(worry_named(), "charity,police");
}

static void the_charity_is_hub(struct layout *l)
{
    worry_policy(l);
    l->agencies[TOWN_COUNCIL].hub = false;
    l->agencies[TOWN_CHARITY].hub = true;
}

static int charity_setup(void **state)
{
    town_policy_more = the_charity_is_hub;
    return town_setup(state);
}

static void whom_a_shield_hides_fires_for_nobody_but_its_owner(void **state)
{
    struct town *t = *state;

    worry_subscribe(t, TOWN_CHARITY, "");
    assert_string_equal(worry_say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 2)), "");
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_int_equal(worry_firings(t, TOWN_CHARITY), 0);
    assert_int_equal(town_leaves(t, EVENT_FIRED, NULL), 0);
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_SAM), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_SAM), "");
    assert_int_equal(worry_firings(t, TOWN_CHARITY), 1);
}

static void an_agency_that_is_no_hub_is_told_nothing(void **state)
{
    struct town *t = *state;

    /* of this town's policy the council is none; nor may it follow a stream */
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 0);
    assert_int_equal(worry_firings(t, TOWN_CHARITY), 1); /* in its inbox */
}

static const char *unborn(struct town *t, enum town_agency from)
{
    struct msg *m = worry_concern(t, "neglect", TOWN_TESS);

    m->concern.subject_kind = SUBJECT_UNBORN;
    m->concern.subject.unborn = true;
    return worry_say(t, from, m);
}

static void an_unborn_child_is_not_its_mother(void **state)
{
    struct town *t = *state;

    worry_subscribe(t, TOWN_COUNCIL, "");
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(unborn(t, TOWN_POLICE), "");
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 0);
    assert_string_equal(unborn(t, TOWN_CHARITY), "");
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 1);
    assert_int_equal(worry_firing.deliver.firing.subject_kind, SUBJECT_UNBORN);
    assert_string_equal(worry_named(), "charity,police");
}

#define IN_TOWN(name) cmocka_unit_test_setup_teardown(name, worry_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(a_hub_is_told_once_an_episode),
        IN_TOWN(a_hub_gets_what_fires_without_its_own_concerns),
        IN_TOWN(a_grave_concern_fires_alone),
        IN_TOWN(a_firing_that_no_stream_takes_lies_in_the_hubs_inbox),
        IN_TOWN(a_firing_about_a_home_names_the_home_and_no_person),
        IN_TOWN(contributors_hear_that_they_joined_others_once_the_hub_has_acted),
        IN_TOWN(an_unnamed_contributor_asked_to_call_sees_its_own_concern),
        IN_TOWN(only_a_hub_that_got_it_says_what_it_did),
        IN_TOWN(once_it_is_closed_the_next_concern_opens_another),
        IN_TOWN(an_episode_that_nobody_closes_is_over_in_time),
        IN_TOWN(the_hub_hears_when_what_a_firing_counted_is_taken_back),
        IN_TOWN(a_firing_that_waits_is_not_delivered_once_too_few_are_left),
        IN_TOWN(a_firing_that_waits_names_those_who_are_left),
        cmocka_unit_test_setup_teardown(whom_a_shield_hides_fires_for_nobody_but_its_owner,
                                        charity_setup, town_teardown),
        cmocka_unit_test_setup_teardown(an_agency_that_is_no_hub_is_told_nothing, charity_setup,
                                        town_teardown),
        IN_TOWN(an_unborn_child_is_not_its_mother),
    };

    return cmocka_run_group_tests_name("core_firing", tests, NULL, NULL);
}
