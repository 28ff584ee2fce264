/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_watch.c - step-down around one core: who is told when somebody appears again, who is
 * not, and what moves and ends a watch. The council led; police and school are watched for. */
#include "core_worry.h"

static struct msg *watch_msg(struct town *t, enum town_person p)
{
    struct msg *m = town_msg(t, MSG_WATCH);
    struct msg_watch *w = &m->watch;

    worry_asker(m);
    town_person(p, &w->subject);
    w->has_household = true;
    town_home(1, &w->household);
    w->agencies.n = 2;
    (void)snprintf(w->agencies.agencies[0], sizeof(name_t), "police");
    (void)snprintf(w->agencies.agencies[1], sizeof(name_t), "school");
    w->from = TOWN_DAY;
    w->until = TOWN_DAY + 200;
    w->review_on = TOWN_DAY + 180;
    return m;
}

static struct id watch(struct town *t)
{
    assert_string_equal(worry_say(t, TOWN_COUNCIL, watch_msg(t, TOWN_TESS)), "");
    return worry_last;
}

static struct msg event; /* the last one looked at */

static size_t events(struct town *t, enum town_agency who)
{
    size_t n = worry_deliveries(t, who, DELIVERY_WATCH);

    if (n)
        assert_true(worry_delivery(t, who, DELIVERY_WATCH, n - 1, &event));
    return n;
}

/* Asks what the school would answer, under a purpose without consent. */
static size_t told_when_asked(struct town *t, enum town_agency who, enum town_person p)
{
    town_forget(t);
    town_say(t, who, town_insight(t, "safeguarding", "truancy", p));
    town_turn(t);
    return events(t, TOWN_COUNCIL);
}

static size_t told_when_lodged(struct town *t, enum town_agency who, struct msg *m)
{
    assert_string_equal(worry_say(t, who, m), "");
    return events(t, TOWN_COUNCIL);
}

static struct msg *about_home(struct town *t, unsigned home)
{
    struct msg *m = worry_concern(t, "home", TOWN_TESS);

    m->concern.subject_kind = SUBJECT_HOUSEHOLD;
    m->concern.subject.n = 0;
    m->concern.has_household = true;
    town_home(home, &m->concern.household);
    return m;
}

static const char *change(struct town *t, enum town_agency from, const struct id *watch_id,
                          bool end, unsigned home, int32_t day)
{
    struct msg *m = town_msg(t, MSG_WATCH_CHANGE);
    struct msg_watch_change *w = &m->watch_change;

    w->watch = *watch_id;
    w->end = end;
    w->moved_on = w->until = CIVIL_NONE;
    if (home) {
        w->has_household = true;
        town_home(home, &w->household);
        w->moved_on = day;
    } else if (!end) {
        w->until = day;
    }
    return worry_say(t, from, m);
}

/* --- who is told --- */

static void the_previous_lead_is_told_and_nobody_else(void **state)
{
    struct town *t = *state;
    struct id id = watch(t);

    assert_int_equal(told_when_lodged(t, TOWN_POLICE, worry_concern(t, "neglect", TOWN_TESS)), 1);
    assert_true(id_equal(&event.deliver.watch.watch, &id));
    assert_string_equal(event.deliver.watch.agency, "police");
    assert_int_equal(event.deliver.watch.on, TOWN_DAY);
    for (int a = 0; a < TOWN_N; a++)
        if (a != TOWN_COUNCIL)
            assert_int_equal(worry_deliveries(t, (enum town_agency)a, DELIVERY_WATCH), 0);
    assert_int_equal(town_leaves(t, EVENT_WATCH_LODGED, NULL), 1);
    assert_int_equal(town_leaves(t, EVENT_REAPPEARED, NULL), 1);
}

static void asking_under_a_permit_is_appearing_and_a_refused_question_is_not(void **state)
{
    struct town *t = *state;

    (void)watch(t);
    town_forget(t);
    town_say(t, TOWN_POLICE, town_insight(t, "early-help", "truancy", TOWN_TESS)); /* no consent */
    town_turn(t);
    assert_int_equal(events(t, TOWN_COUNCIL), 0);
    assert_int_equal(told_when_asked(t, TOWN_POLICE, TOWN_TESS), 1);
}

static void a_team_of_an_agency_watched_for_counts(void **state)
{
    struct town *t = *state;

    (void)watch(t);
    assert_int_equal(told_when_asked(t, TOWN_NURSERY, TOWN_TESS), 1);
    assert_string_equal(event.deliver.watch.agency, "school-nursery");
}

static void others_and_the_lead_itself_are_not_reappearance(void **state)
{
    struct town *t = *state;

    (void)watch(t);
    assert_int_equal(told_when_asked(t, TOWN_CHARITY, TOWN_TESS), 0);
    assert_int_equal(told_when_asked(t, TOWN_COUNCIL, TOWN_TESS), 0);
    assert_int_equal(told_when_asked(t, TOWN_POLICE, TOWN_SAM), 0);
    assert_int_equal(told_when_asked(t, TOWN_POLICE, TOWN_NOBODY), 0);
}

static void once_for_each_agency_and_day(void **state)
{
    struct town *t = *state;

    (void)watch(t);
    assert_int_equal(told_when_asked(t, TOWN_POLICE, TOWN_TESS), 1);
    assert_int_equal(told_when_asked(t, TOWN_POLICE, TOWN_TESS), 0);
    assert_int_equal(told_when_asked(t, TOWN_SCHOOL, TOWN_TESS), 1);
    worry_day(t, TOWN_DAY + 1);
    assert_int_equal(told_when_asked(t, TOWN_POLICE, TOWN_TESS), 1);
    town_reopen(t);
    assert_int_equal(told_when_asked(t, TOWN_POLICE, TOWN_TESS),
                     0); /* the restart forgot nothing */
}

static void a_sensitive_agency_is_not_named(void **state)
{
    struct town *t = *state;
    struct msg *m = watch_msg(t, TOWN_TESS);

    m->watch.agencies.n = 0;
    m->watch.agencies.any = true;
    assert_string_equal(worry_say(t, TOWN_COUNCIL, m), "");
    assert_int_equal(told_when_asked(t, TOWN_CLINIC, TOWN_TESS), 1);
    assert_true(event.deliver.watch.masked);
    assert_string_equal(event.deliver.watch.agency, "");
    assert_string_equal(event.deliver.watch.contact_route, "");
}

/* What the police hear when they ask, with a watch and without: how much, and of what length. */
static size_t police_hear(struct town *t, enum town_person p, size_t *octets)
{
    size_t n = 0;

    town_forget(t);
    town_say(t, TOWN_POLICE, town_insight(t, "safeguarding", "worry", p));
    town_turn(t);
    *octets = 0;
    for (size_t i = 0; i < t->n_heard; i++) {
        n += t->heard[i].to == TOWN_POLICE;
        *octets += t->heard[i].to == TOWN_POLICE ? t->heard[i].len : 0;
    }
    return n;
}

static void the_agency_at_which_they_appear_hears_what_it_always_hears(void **state)
{
    struct town *t = *state;
    size_t with, without;

    (void)watch(t);
    assert_int_equal(police_hear(t, TOWN_TESS, &with), police_hear(t, TOWN_SAM, &without));
    assert_int_equal(with, without);
    assert_int_equal(town_leaves(t, EVENT_REAPPEARED, NULL), 1);
}

static void whom_a_shield_hides_does_not_appear(void **state)
{
    struct town *t = *state;

    assert_string_equal(worry_say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3)), "");
    assert_string_equal(worry_say(t, TOWN_CHARITY, watch_msg(t, TOWN_TESS)), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_int_equal(worry_deliveries(t, TOWN_CHARITY, DELIVERY_WATCH), 0);
    assert_int_equal(town_leaves(t, EVENT_REAPPEARED, NULL), 0);
}

/* --- homes --- */

static void a_concern_about_the_home_counts_and_one_about_a_neighbour_does_not(void **state)
{
    struct town *t = *state;
    struct msg *m;

    (void)watch(t);
    m = worry_concern(t, "home", TOWN_SAM);
    m->concern.has_household = true;
    town_home(1, &m->concern.household); /* Sam is at Tess's home */
    assert_int_equal(told_when_lodged(t, TOWN_POLICE, m), 0);
    assert_int_equal(told_when_lodged(t, TOWN_POLICE, about_home(t, 2)), 0);
    assert_int_equal(told_when_lodged(t, TOWN_POLICE, about_home(t, 1)), 1);
}

static void a_move_carries_the_watch_and_new_occupants_do_not_inherit_it(void **state)
{
    struct town *t = *state;
    struct id id = watch(t);

    assert_string_equal(change(t, TOWN_COUNCIL, &id, false, 2, TOWN_DAY), "");
    assert_int_equal(told_when_lodged(t, TOWN_POLICE, about_home(t, 1)), 0);
    assert_int_equal(told_when_lodged(t, TOWN_POLICE, about_home(t, 2)), 1);
    assert_int_equal(told_when_asked(t, TOWN_SCHOOL, TOWN_TESS),
                     1); /* she is watched all the same */
}

static void a_move_into_the_future_is_none(void **state)
{
    struct town *t = *state;
    struct id id = watch(t);

    assert_string_equal(change(t, TOWN_COUNCIL, &id, false, 2, TOWN_DAY + 1), "bad-dates");
    assert_int_equal(told_when_lodged(t, TOWN_POLICE, about_home(t, 1)), 1);
}

/* --- ending --- */

static void an_ended_watch_tells_nothing(void **state)
{
    struct town *t = *state;
    struct id id = watch(t);

    assert_string_equal(change(t, TOWN_COUNCIL, &id, true, 0, 0), "");
    assert_int_equal(told_when_asked(t, TOWN_POLICE, TOWN_TESS), 0);
    assert_string_equal(change(t, TOWN_COUNCIL, &id, true, 0, 0), "watch-over");
    assert_string_equal(change(t, TOWN_COUNCIL, &id, false, 2, TOWN_DAY), "watch-over");
}

static void a_watch_is_in_force_from_its_first_day_to_its_last(void **state)
{
    struct town *t = *state;
    struct msg *m = watch_msg(t, TOWN_TESS);

    m->watch.from = TOWN_DAY + 2;
    m->watch.until = m->watch.review_on = TOWN_DAY + 10;
    assert_string_equal(worry_say(t, TOWN_COUNCIL, m), "");
    assert_int_equal(told_when_asked(t, TOWN_POLICE, TOWN_TESS), 0);
    worry_day(t, TOWN_DAY + 10);
    assert_int_equal(told_when_asked(t, TOWN_POLICE, TOWN_TESS), 1);
    worry_day(t, TOWN_DAY + 11);
    assert_int_equal(told_when_asked(t, TOWN_POLICE, TOWN_TESS), 0);
    assert_string_equal(change(t, TOWN_COUNCIL, &worry_last, true, 0, 0), "unknown-watch");
}

static void without_its_review_a_watch_tells_nothing_until_it_is_renewed(void **state)
{
    struct town *t = *state;
    struct id id = watch(t);

    worry_day(t, TOWN_DAY + 181);
    assert_int_equal(worry_notices(t, TOWN_COUNCIL, NOTICE_OVERDUE, NULL), 1);
    assert_int_equal(told_when_asked(t, TOWN_POLICE, TOWN_TESS), 0);
    assert_string_equal(change(t, TOWN_COUNCIL, &id, false, 0, TOWN_DAY + 300), "");
    assert_int_equal(told_when_asked(t, TOWN_POLICE, TOWN_TESS), 1);
}

static void nobody_but_the_lead_changes_a_watch(void **state)
{
    struct town *t = *state;
    struct id id = watch(t), none;

    assert_int_equal(id_new(town_wall, &none), 0);
    assert_string_equal(change(t, TOWN_POLICE, &id, true, 0, 0), "unknown-watch");
    assert_string_equal(change(t, TOWN_COURT, &id, false, 2, TOWN_DAY), "unknown-watch");
    assert_string_equal(change(t, TOWN_COUNCIL, &none, true, 0, 0), "unknown-watch");
    assert_int_equal(told_when_asked(t, TOWN_POLICE, TOWN_TESS), 1);
}

/* --- lodging --- */

static const char *dated(struct town *t, int32_t from, int32_t until, int32_t review)
{
    struct msg *m = watch_msg(t, TOWN_TESS);

    m->watch.from = from;
    m->watch.until = until;
    m->watch.review_on = review;
    return worry_say(t, TOWN_COUNCIL, m);
}

static void a_watch_is_reviewed_within_six_months_and_ends_within_a_year(void **state)
{
    struct town *t = *state;

    assert_string_equal(dated(t, TOWN_DAY, TOWN_DAY + 300, TOWN_DAY + 184), "watch-too-long");
    assert_string_equal(dated(t, TOWN_DAY, TOWN_DAY + 367, TOWN_DAY + 100), "watch-too-long");
    assert_string_equal(dated(t, TOWN_DAY - 100, TOWN_DAY - 1, TOWN_DAY - 1), "bad-dates");
    assert_string_equal(dated(t, TOWN_DAY, TOWN_DAY + 100, TOWN_DAY - 1), "bad-dates");
    assert_string_equal(dated(t, TOWN_DAY, TOWN_DAY + 366, TOWN_DAY + 183), "");
}

static void who_may_not_watch(void **state)
{
    struct town *t = *state;
    struct msg *m = watch_msg(t, TOWN_TESS);

    assert_string_equal(worry_say(t, TOWN_COURT, m), "not-a-party");
    m = watch_msg(t, TOWN_TESS);
    (void)snprintf(m->purpose, sizeof(m->purpose), "early-help");
    assert_string_equal(worry_say(t, TOWN_COUNCIL, m), "question-not-permitted");
    m = watch_msg(t, TOWN_TESS);
    (void)snprintf(m->watch.agencies.agencies[1], sizeof(name_t), "gendarmerie");
    assert_string_equal(worry_say(t, TOWN_COUNCIL, m), "unknown-agency");
    assert_int_equal(town_leaves(t, EVENT_WATCH_LODGED, NULL), 0);
}

static void a_lead_watches_a_person_only_so_often(void **state)
{
    struct town *t = *state;

    for (int i = 0; i < 8; i++)
        (void)watch(t);
    assert_string_equal(worry_say(t, TOWN_COUNCIL, watch_msg(t, TOWN_TESS)), "too-many-watches");
    assert_string_equal(worry_say(t, TOWN_COUNCIL, watch_msg(t, TOWN_SAM)), "");
}

static void a_watch_that_ended_meanwhile_is_not_delivered(void **state)
{
    struct town *t = *state;
    struct id id = watch(t);
    struct ledger_clear l;

    town_reopen(t); /* the council's adapter is not there */
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_int_equal(events(t, TOWN_COUNCIL), 0);
    assert_int_equal(town_leaves(t, EVENT_REAPPEARED, NULL), 1);
    /* its word that the watch is over comes before its delivery goes */
    assert_string_equal(change(t, TOWN_COUNCIL, &id, true, 0, 0), "");
    town_hello(t, TOWN_COUNCIL);
    town_turn(t);
    assert_int_equal(events(t, TOWN_COUNCIL), 0);
    assert_int_equal(town_leaves(t, EVENT_NOT_DELIVERED, &l), 1);
    assert_string_equal(l.reason, "watch-over");
}

#define IN_TOWN(name) cmocka_unit_test_setup_teardown(name, worry_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(the_previous_lead_is_told_and_nobody_else),
        IN_TOWN(asking_under_a_permit_is_appearing_and_a_refused_question_is_not),
        IN_TOWN(a_team_of_an_agency_watched_for_counts),
        IN_TOWN(others_and_the_lead_itself_are_not_reappearance),
        IN_TOWN(once_for_each_agency_and_day),
        IN_TOWN(a_sensitive_agency_is_not_named),
        IN_TOWN(the_agency_at_which_they_appear_hears_what_it_always_hears),
        IN_TOWN(whom_a_shield_hides_does_not_appear),
        IN_TOWN(a_concern_about_the_home_counts_and_one_about_a_neighbour_does_not),
        IN_TOWN(a_move_carries_the_watch_and_new_occupants_do_not_inherit_it),
        IN_TOWN(a_move_into_the_future_is_none),
        IN_TOWN(an_ended_watch_tells_nothing),
        IN_TOWN(a_watch_is_in_force_from_its_first_day_to_its_last),
        IN_TOWN(without_its_review_a_watch_tells_nothing_until_it_is_renewed),
        IN_TOWN(nobody_but_the_lead_changes_a_watch),
        IN_TOWN(a_watch_is_reviewed_within_six_months_and_ends_within_a_year),
        IN_TOWN(who_may_not_watch),
        IN_TOWN(a_lead_watches_a_person_only_so_often),
        IN_TOWN(a_watch_that_ended_meanwhile_is_not_delivered),
    };

    return cmocka_run_group_tests_name("core_watch", tests, NULL, NULL);
}
