/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_concerns.c - concerns around one core: who may lodge what, and what they
 * add up to. */
#include "core_worry.h"

static const int one_officer[] = { 0, -1 };

/* --- lodging --- */

static void a_concern_gets_a_receipt_and_a_leaf_that_names_nobody(void **state)
{
    struct town *t = *state;
    struct ledger_clear l;
    struct token_set tess;

    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_int_equal(town_leaves(t, EVENT_CONCERN_LODGED, &l), 1);
    assert_string_equal(l.agency, "school");
    assert_string_equal(l.detail, "neglect, area north, severity 1, person");
    town_person(TOWN_TESS, &tess);
    assert_false(town_log_holds(t, bytes_of(tess.tokens[0].value, TOKEN_LEN)));
    assert_int_equal(town_leaves(t, EVENT_FIRED, NULL), 0);
}

static void the_same_concern_again_gets_the_same_receipt_and_counts_once(void **state)
{
    struct town *t = *state;
    struct msg *m = worry_concern(t, "neglect", TOWN_TESS);
    struct msg again;
    uint64_t leaf;

    assert_int_equal(id_new(town_wall, &m->id), 0);
    again = *m;
    assert_string_equal(worry_say(t, TOWN_SCHOOL, m), "");
    leaf = t->msg.receipt.leaf;
    assert_string_equal(worry_say(t, TOWN_SCHOOL, &again), "");
    assert_int_equal(t->msg.receipt.leaf, leaf);
    again.concern.severity = SEVERITY_HIGH;
    assert_string_equal(worry_say(t, TOWN_SCHOOL, &again), "id-reused");
    again.concern.severity = SEVERITY_LOW; /* another agency under the same id */
    assert_string_equal(worry_say(t, TOWN_POLICE, &again), "id-reused");
    assert_int_equal(town_leaves(t, EVENT_CONCERN_LODGED, NULL), 1);
}

/* As an outbox sends them that waited for the broker: what stops comes first, but not before what it stops. */
static void a_concern_and_its_withdrawal_that_come_together_are_both_taken(void **state)
{
    struct town *t = *state;
    struct msg *m;
    struct id id;

    town_forget(t);
    m = worry_concern(t, "neglect", TOWN_TESS);
    assert_int_equal(id_new(town_wall, &m->id), 0);
    id = m->id;
    town_say(t, TOWN_SCHOOL, m);
    m = town_msg(t, MSG_CONCERN_CHANGE);
    m->concern_change.concern = id;
    m->concern_change.withdraw = true;
    m->concern_change.expires_on = CIVIL_NONE;
    town_say(t, TOWN_SCHOOL, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_SCHOOL), "");
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_RECEIPT), 2);
    assert_string_equal(worry_change(t, TOWN_SCHOOL, &id, true, 0), "concern-withdrawn");
}

static const char *with_purpose(struct town *t, enum town_agency from, const char *purpose)
{
    struct msg *m = worry_concern(t, "neglect", TOWN_TESS);

    (void)snprintf(m->purpose, sizeof(m->purpose), "%s", purpose);
    return worry_say(t, from, m);
}

static const char *with_basis(struct town *t, const char *basis)
{
    struct msg *m = worry_concern(t, "neglect", TOWN_TESS);

    (void)snprintf(m->basis, sizeof(m->basis), "%s", basis);
    return worry_say(t, TOWN_SCHOOL, m);
}

static void only_a_party_lodges_and_only_for_a_purpose_that_watches_concerns(void **state)
{
    struct town *t = *state;

    assert_string_equal(with_purpose(t, TOWN_COURT, "safeguarding"), "not-a-party");
    assert_string_equal(with_purpose(t, TOWN_SCHOOL, "child-protection"), "question-not-permitted");
    assert_string_equal(with_purpose(t, TOWN_SCHOOL, "early-help"), "question-not-permitted");
    assert_string_equal(with_purpose(t, TOWN_SCHOOL, "gossip"), "purpose-outside-protocol");
    assert_string_equal(with_basis(t, "consent"), "basis-not-listed");
    assert_string_equal(with_basis(t, "hunch"), "basis-not-listed");
    assert_int_equal(town_leaves(t, EVENT_CONCERN_LODGED, NULL), 0);
    assert_string_equal(with_basis(t, "safeguarding"), "");
    assert_string_equal(with_purpose(t, TOWN_NURSERY, "safeguarding"), ""); /* the school's team */
}

static void words_that_the_policy_does_not_know_are_refused(void **state)
{
    struct town *t = *state;
    struct msg *m = worry_concern(t, "weather", TOWN_TESS);

    assert_string_equal(worry_say(t, TOWN_SCHOOL, m), "unknown-category");
    m = worry_concern(t, "neglect", TOWN_TESS);
    (void)snprintf(m->concern.area, sizeof(m->concern.area), "the-moon");
    assert_string_equal(worry_say(t, TOWN_SCHOOL, m), "unknown-area");
}

static const char *dated(struct town *t, int32_t observed, int32_t expires)
{
    struct msg *m = worry_concern(t, "neglect", TOWN_TESS);

    m->concern.observed_on = observed;
    m->concern.expires_on = expires;
    return worry_say(t, TOWN_SCHOOL, m);
}

static void dates_that_cannot_be_are_refused(void **state)
{
    struct town *t = *state;

    assert_string_equal(dated(t, TOWN_DAY + 1, CIVIL_NONE), "observed-in-the-future");
    assert_string_equal(dated(t, TOWN_DAY - 366, CIVIL_NONE), "observed-too-long-ago");
    assert_string_equal(dated(t, TOWN_DAY - 10, TOWN_DAY - 1), "bad-expiry");
    assert_string_equal(dated(t, TOWN_DAY - 10, TOWN_DAY + 356), "bad-expiry");
    assert_string_equal(dated(t, TOWN_DAY - 10, TOWN_DAY + 355), "");
    assert_string_equal(dated(t, TOWN_DAY - 365, CIVIL_NONE), "");
}

static void a_suspended_practitioner_lodges_nothing(void **state)
{
    struct town *t = *state;

    assert_string_equal(town_change(t, "practitioner-suspend",
                                    json_pack("{s:s,s:s,s:s}", "agency", "school", "practitioner",
                                              "worker-7", "reason", "looked up a friend"),
                                    one_officer),
                        "ok");
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS),
                        "practitioner-suspended");
}

static void an_agency_may_not_fill_what_is_weighed_about_a_person(void **state)
{
    struct town *t = *state;

    for (int i = 0; i < 64; i++)
        assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "too-many-concerns");
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_SAM), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "0:police,school");
}

/* --- what they add up to --- */

static void two_agencies_fire_and_one_alone_does_not(void **state)
{
    struct town *t = *state;

    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_NURSERY, "neglect", TOWN_TESS), ""); /* a team */
    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "no");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_SAM), "");
    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "no");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "0:police,school");
    assert_string_equal(t->msg.threshold_state.contributors[0].contact_route, "desk 4");
    assert_string_equal(t->msg.threshold_state.contributors[1].agency_name, "The school");
    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry", TOWN_SAM), "no");
    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry-quiet", TOWN_TESS), "no");
}

static void the_readers_own_concerns_do_not_count_towards_what_it_reads(void **state)
{
    struct town *t = *state;

    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_COUNCIL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "no");
    assert_string_equal(worry_fired(t, TOWN_NURSERY, "worry", TOWN_TESS), "no");
    assert_string_equal(worry_fired(t, TOWN_CHARITY, "worry", TOWN_TESS), "0:council,school");
}

static void a_sensitive_contributor_counts_and_is_not_named(void **state)
{
    struct town *t = *state;

    assert_string_equal(worry_lodge(t, TOWN_CLINIC, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "0:police+masked");
}

static void a_rule_that_names_nobody_names_nobody(void **state)
{
    struct town *t = *state;

    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "quiet", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "quiet", TOWN_TESS), "");
    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry-quiet", TOWN_TESS), "0:+masked");
}

static const char *of_event(struct town *t, enum town_agency from, uint8_t event)
{
    struct msg *m = worry_concern(t, "apart", TOWN_TESS);

    m->concern.has_origin = true;
    memset(m->concern.origin, event, sizeof(m->concern.origin));
    return worry_say(t, from, m);
}

static void concerns_of_one_event_are_one(void **state)
{
    struct town *t = *state;

    assert_string_equal(of_event(t, TOWN_SCHOOL, 1), "");
    assert_string_equal(of_event(t, TOWN_POLICE, 1), "");
    assert_string_equal(of_event(t, TOWN_CHARITY, 2), "");
    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry-apart", TOWN_TESS), "no");
    assert_string_equal(of_event(t, TOWN_POLICE, 3), "");
    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry-apart", TOWN_TESS),
                        "0:charity,police,school");
}

static void concerns_at_a_home_add_up_whoever_they_are_about(void **state)
{
    struct town *t = *state;

    assert_string_equal(worry_say(t, TOWN_SCHOOL, worry_at_home(t, TOWN_TESS, true, 1)), "");
    assert_string_equal(worry_say(t, TOWN_POLICE, worry_at_home(t, TOWN_SAM, true, 2)), "");
    assert_string_equal(worry_fired_at(t, TOWN_COUNCIL, "worry-home", 1), "no");
    assert_string_equal(worry_say(t, TOWN_POLICE, worry_at_home(t, TOWN_SAM, false, 1)), "");
    assert_string_equal(worry_fired_at(t, TOWN_COUNCIL, "worry-home", 1), "0:police,school");
    assert_string_equal(worry_fired_at(t, TOWN_COUNCIL, "worry-home", 2), "no");
}

static void a_rule_about_homes_is_not_asked_about_a_person_nor_the_other_way(void **state)
{
    struct town *t = *state;

    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry-home", TOWN_TESS),
                        "question-not-permitted");
    assert_string_equal(worry_fired_at(t, TOWN_COUNCIL, "worry", 1), "question-not-permitted");
}

static void who_may_not_ask_gets_no_state(void **state)
{
    struct town *t = *state;
    struct msg *m;

    assert_string_equal(worry_fired(t, TOWN_COURT, "worry", TOWN_TESS), "not-a-party");
    assert_string_equal(
        worry_ask(t, TOWN_COUNCIL, town_insight(t, "child-protection", "worry", TOWN_TESS)),
        "question-not-permitted");
    m = town_insight(t, "safeguarding", "worry", TOWN_TESS);
    (void)snprintf(m->practitioner.role, sizeof(m->practitioner.role), "volunteer");
    assert_string_equal(worry_ask(t, TOWN_COUNCIL, m), "role-not-permitted");
}

static void a_concern_counts_from_its_day_to_its_last_and_within_the_window(void **state)
{
    struct town *t = *state;

    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    worry_day(t, TOWN_DAY + WORRY_WINDOW + 1);
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "no");
    /* observed earlier than the one before it: both are then in one window */
    assert_string_equal(dated(t, TOWN_DAY + 5, TOWN_DAY + 100), "");
    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "31:police,school");
    worry_day(t, TOWN_DAY + 100);
    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "31:police,school");
    worry_day(t, TOWN_DAY + 101);
    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "no");
}

static void concerns_survive_a_restart(void **state)
{
    struct town *t = *state;

    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    town_reopen(t);
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "0:police,school");
}

/* --- amending and withdrawing --- */

static void what_is_withdrawn_counts_no_more_and_only_its_reporter_withdraws(void **state)
{
    struct town *t = *state;
    struct id schools, none;

    assert_int_equal(id_new(town_wall, &none), 0);
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    schools = worry_last;
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_change(t, TOWN_POLICE, &schools, true, 0), "unknown-concern");
    assert_string_equal(worry_change(t, TOWN_NURSERY, &schools, true, 0), "unknown-concern");
    assert_string_equal(worry_change(t, TOWN_SCHOOL, &none, true, 0), "unknown-concern");
    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "0:police,school");
    assert_string_equal(worry_change(t, TOWN_SCHOOL, &schools, true, 0), "");
    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "no");
    assert_string_equal(worry_change(t, TOWN_SCHOOL, &schools, true, 0), "concern-withdrawn");
    assert_string_equal(worry_change(t, TOWN_SCHOOL, &schools, false, 2), "concern-withdrawn");
    assert_int_equal(town_leaves(t, EVENT_CONCERN_WITHDRAWN, NULL), 1);
}

static void another_severity_may_fire_and_may_unfire(void **state)
{
    struct town *t = *state;
    struct id last;

    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "grave", TOWN_TESS), "");
    last = worry_last;
    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry-grave", TOWN_TESS), "no");
    assert_string_equal(worry_change(t, TOWN_SCHOOL, &last, false, SEVERITY_HIGH), "");
    assert_int_equal(town_leaves(t, EVENT_FIRED, NULL), 1);
    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry-grave", TOWN_TESS), "0:school");
    assert_string_equal(worry_change(t, TOWN_SCHOOL, &last, false, SEVERITY_LOW), "");
    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry-grave", TOWN_TESS), "no");
}

static void a_suspended_agencys_concerns_count_no_more(void **state)
{
    struct town *t = *state;

    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_string_equal(town_change(t, "agency-suspend",
                                    json_pack("{s:s,s:s}", "agency", "police", "reason", "lies"),
                                    one_officer),
                        "ok");
    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "no");
}

/* --- shields --- */

static void whom_a_shield_hides_has_no_concerns_that_anybody_sees(void **state)
{
    struct town *t = *state;
    const struct town_frame *f;
    size_t len;

    assert_string_equal(worry_fired(t, TOWN_CHARITY, "worry", TOWN_NOBODY), "no");
    f = town_frame_of(t, TOWN_CHARITY, MSG_THRESHOLD_STATE);
    len = f->len;
    assert_string_equal(worry_say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3)), "");
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_fired(t, TOWN_CHARITY, "worry", TOWN_TESS), "no");
    f = town_frame_of(t, TOWN_CHARITY, MSG_THRESHOLD_STATE);
    assert_int_equal(f->len, len);
    assert_string_equal(worry_fired(t, TOWN_COUNCIL, "worry", TOWN_TESS),
                        "0:police,school"); /* its owner */
}

static void a_shield_on_the_home_hides_no_concern(void **state)
{
    struct town *t = *state;

    assert_string_equal(worry_say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 1)), "");
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_fired(t, TOWN_CHARITY, "worry", TOWN_TESS), "0:police,school");
}

#define IN_TOWN(name) cmocka_unit_test_setup_teardown(name, worry_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(a_concern_gets_a_receipt_and_a_leaf_that_names_nobody),
        IN_TOWN(the_same_concern_again_gets_the_same_receipt_and_counts_once),
        IN_TOWN(a_concern_and_its_withdrawal_that_come_together_are_both_taken),
        IN_TOWN(only_a_party_lodges_and_only_for_a_purpose_that_watches_concerns),
        IN_TOWN(words_that_the_policy_does_not_know_are_refused),
        IN_TOWN(dates_that_cannot_be_are_refused),
        IN_TOWN(a_suspended_practitioner_lodges_nothing),
        IN_TOWN(an_agency_may_not_fill_what_is_weighed_about_a_person),
        IN_TOWN(two_agencies_fire_and_one_alone_does_not),
        IN_TOWN(the_readers_own_concerns_do_not_count_towards_what_it_reads),
        IN_TOWN(a_sensitive_contributor_counts_and_is_not_named),
        IN_TOWN(a_rule_that_names_nobody_names_nobody),
        IN_TOWN(concerns_of_one_event_are_one),
        IN_TOWN(concerns_at_a_home_add_up_whoever_they_are_about),
        IN_TOWN(a_rule_about_homes_is_not_asked_about_a_person_nor_the_other_way),
        IN_TOWN(who_may_not_ask_gets_no_state),
        IN_TOWN(a_concern_counts_from_its_day_to_its_last_and_within_the_window),
        IN_TOWN(concerns_survive_a_restart),
        IN_TOWN(what_is_withdrawn_counts_no_more_and_only_its_reporter_withdraws),
        IN_TOWN(another_severity_may_fire_and_may_unfire),
        IN_TOWN(a_suspended_agencys_concerns_count_no_more),
        IN_TOWN(whom_a_shield_hides_has_no_concerns_that_anybody_sees),
        IN_TOWN(a_shield_on_the_home_hides_no_concern),
    };

    return cmocka_run_group_tests_name("core_concerns", tests, NULL, NULL);
}
