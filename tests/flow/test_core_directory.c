/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_directory.c - which services meet a need here, and whether a family is eligible: the
 * criteria of "meals" are no truancy (asked of charity, police and school) and no plan (council).
 */
#include "referral_town.h"

static const struct msg_directory *find(struct town *t, const char *need, const char *area,
                                        uint8_t kind)
{
    struct msg *m = town_msg(t, MSG_DIRECTORY_QUERY);

    (void)snprintf(m->directory_query.need, sizeof(name_t), "%s", need);
    (void)snprintf(m->directory_query.area, sizeof(name_t), "%s", area);
    m->directory_query.kind = kind;
    assert_string_equal(says(t, TOWN_SCHOOL, m), "");
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_DIRECTORY), 1);
    return &t->msg.directory;
}

static void services_are_found_by_need_area_and_kind(void **state)
{
    struct town *t = *state;
    const struct msg_directory *d = find(t, "", "", 0);

    assert_int_equal(d->n, 2);
    assert_int_equal(d->pages, 1);
    assert_string_equal(d->services[0].id, "meals");
    assert_string_equal(d->services[0].agency, "charity");
    assert_string_equal(d->services[0].needs[0], "food");
    assert_true(d->services[0].criteria);
    assert_false(d->services[1].criteria);
    assert_int_equal(find(t, "food", "", 0)->n, 1);
    assert_int_equal(find(t, "money", "", 0)->services[0].kinds, 3);
    assert_int_equal(find(t, "", "north", 0)->n, 1); /* "talking" works in the south */
    assert_int_equal(find(t, "", "south", 0)->n, 2);
    assert_int_equal(find(t, "", "", REFERRAL_HARD)->n, 1);
    assert_int_equal(find(t, "food", "north", REFERRAL_BOOKED)->n, 1);
    assert_int_equal(find(t, "counselling", "north", 0)->n, 0);
}

static void a_need_or_area_that_no_policy_knows_is_an_error_and_no_empty_list(void **state)
{
    struct town *t = *state;
    struct msg *m = town_msg(t, MSG_DIRECTORY_QUERY);

    (void)snprintf(m->directory_query.need, sizeof(name_t), "gold");
    assert_string_equal(says(t, TOWN_SCHOOL, m), "unknown-need");
    m = town_msg(t, MSG_DIRECTORY_QUERY);
    (void)snprintf(m->directory_query.area, sizeof(name_t), "moon");
    assert_string_equal(says(t, TOWN_SCHOOL, m), "unknown-area");
    m = town_msg(t, MSG_DIRECTORY_QUERY);
    m->directory_query.page = UINT16_MAX;
    assert_string_equal(says(t, TOWN_SCHOOL, m), "");
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_DIRECTORY), 1);
    assert_int_equal(t->msg.directory.n, 0);
}

/* --- eligibility --- */

static struct msg *eligible_msg(struct town *t, const char *purpose, const char *service,
                                enum town_person p)
{
    struct msg *m = town_msg(t, MSG_ELIGIBILITY_QUERY);

    by_worker(m, purpose);
    (void)snprintf(m->eligibility_query.service, sizeof(name_t), "%s", service);
    m->eligibility_query.subject_kind = SUBJECT_PERSON;
    town_person(p, &m->eligibility_query.subject);
    m->eligibility_query.relationship.kind = RELATION_INVOLVED;
    m->eligibility_query.relationship.since = TOWN_DAY - 100;
    m->eligibility_query.relationship.until = CIVIL_NONE;
    return m;
}

/* Answers each Question that was heard for a criterion; 0: that one stays silent. */
static void all_answer(struct town *t, uint8_t truancy, uint8_t plan)
{
    struct {
        enum town_agency who;
        struct id id;
        uint8_t value;
    } due[32];
    size_t n = 0;

    for (size_t i = 0; i < t->n_heard; i++) {
        struct wire_envelope e;
        uint8_t type;

        assert_int_equal(wire_open(bytes_of(t->heard[i].octets, t->heard[i].len), &e), WIRE_OK);
        assert_int_equal(wire_peek(e.body, &type), WIRE_OK);
        if (type != MSG_QUESTION)
            continue;
        assert_int_equal(wire_decode(e.body, &t->msg), WIRE_OK);
        assert_true(n < ALM_LEN(due));
        due[n].who = t->heard[i].to;
        due[n].id = t->msg.id;
        due[n++].value = strcmp(t->msg.question.question, "plan") ? truancy : plan;
    }
    for (size_t i = 0; i < n; i++) {
        struct msg *m = town_msg(t, MSG_ANSWER);

        if (!due[i].value)
            continue;
        m->in_reply_to = due[i].id;
        m->answer.value = due[i].value;
        m->answer.data_as_of = TOWN_DAY;
        m->answer.since = CIVIL_NONE;
        town_say(t, due[i].who, m);
    }
    town_turn(t);
    town_mono += 3000;
    t->core->heads.signed_ms = town_mono;
    town_turn(t);
}

/* Truancy is asked of three agencies, plan of one; every one of them says the same. */
static const struct msg_eligibility *asked(struct town *t, enum town_agency who, uint8_t truancy,
                                           uint8_t plan)
{
    town_forget(t);
    town_say(t, who, eligible_msg(t, SAFEGUARDING, "meals", TOWN_TESS));
    town_turn(t);
    all_answer(t, truancy, plan);
    assert_int_equal(town_heard(t, who, MSG_ELIGIBILITY), 1);
    return &t->msg.eligibility;
}

static void a_family_is_eligible_when_every_criterion_is_met_by_its_owners_word(void **state)
{
    struct town *t = *state;
    const struct msg_eligibility *e = asked(t, TOWN_COUNCIL, ANSWER_NO, ANSWER_NO);
    struct ledger_clear leaf;

    assert_int_equal(e->value, ELIGIBLE_YES);
    assert_int_equal(e->completeness, COMPLETE_ALL);
    assert_int_equal(e->n_missing, 0);
    assert_int_equal(town_leaves(t, EVENT_DISCLOSED, &leaf), 1);
    assert_string_equal(leaf.question, "eligible");
    assert_string_equal(leaf.detail, "service=meals");
}

static void one_criterion_that_is_not_met_is_enough_and_is_not_named(void **state)
{
    struct town *t = *state;
    const struct msg_eligibility *e = asked(t, TOWN_SCHOOL, ANSWER_NO, ANSWER_YES);

    assert_int_equal(e->value, ELIGIBLE_NO);
    assert_int_equal(e->n_missing, 0);
    e = asked(t, TOWN_SCHOOL, 0, ANSWER_YES); /* nor what else is missing */
    assert_int_equal(e->value, ELIGIBLE_NO);
    assert_int_equal(e->n_missing, 0);
}

static void what_could_not_be_answered_is_named_by_its_criterion(void **state)
{
    struct town *t = *state;
    const struct msg_eligibility *e = asked(t, TOWN_SCHOOL, ANSWER_NO, 0);

    assert_int_equal(e->value, ELIGIBLE_CANNOT_SAY);
    assert_int_equal(e->n_missing, 1);
    assert_string_equal(e->missing[0], "plan");
    e = asked(t, TOWN_POLICE, 0, 0);
    assert_int_equal(e->value, ELIGIBLE_CANNOT_SAY);
    assert_int_equal(e->n_missing, 2);
    assert_int_equal(e->completeness, COMPLETE_NONE);
}

static void a_holder_hears_the_question_and_nothing_of_the_service(void **state)
{
    struct town *t = *state;

    town_forget(t);
    town_say(t, TOWN_SCHOOL, eligible_msg(t, SAFEGUARDING, "meals", TOWN_TESS));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_QUESTION), 1);
    assert_string_equal(t->msg.question.question, "plan");
    assert_string_equal(t->msg.purpose, SAFEGUARDING);
    assert_string_equal(t->msg.practitioner.ref, "");
}

static void what_the_holders_said_of_a_criterion_is_in_no_record(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;

    (void)asked(t, TOWN_SCHOOL, ANSWER_NO, ANSWER_YES);
    (void)town_leaves(t, EVENT_DISCLOSED, &leaf);
    assert_null(strstr(leaf.detail, "plan"));
    assert_string_equal(leaf.question, "eligible");
}

static void a_criterion_that_the_asker_may_not_ask_refuses_the_whole(void **state)
{
    struct town *t = *state;
    struct msg *m = eligible_msg(t, "early-help", "meals", TOWN_TESS);

    assert_string_equal(says(t, TOWN_SCHOOL, m), "no-consent-on-file");
    assert_int_equal(town_leaves(t, EVENT_DECIDED, NULL), 0);
    m = eligible_msg(t, SAFEGUARDING, "meals", TOWN_TESS);
    (void)snprintf(m->practitioner.role, sizeof(name_t), "volunteer");
    assert_string_equal(says(t, TOWN_SCHOOL, m), "role-not-permitted");
    assert_string_equal(says(t, TOWN_COURT, eligible_msg(t, SAFEGUARDING, "meals", TOWN_TESS)),
                        "not-a-party");
    for (int a = 0; a < TOWN_N; a++)
        assert_int_equal(town_heard(t, (enum town_agency)a, MSG_QUESTION), 0);
}

static void a_reason_of_the_askers_own_is_marked_for_officers(void **state)
{
    struct town *t = *state;
    struct msg *m = eligible_msg(t, SAFEGUARDING, "meals", TOWN_TESS);
    struct ledger_clear leaf;

    m->eligibility_query.relationship.kind = RELATION_SELF_CLAIMED;
    m->eligibility_query.relationship.since = TOWN_DAY;
    (void)snprintf(m->eligibility_query.relationship.reason,
                   sizeof(m->eligibility_query.relationship.reason), "met at the school gate");
    town_say(t, TOWN_SCHOOL, m);
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_DECIDED, &leaf), 1);
    assert_string_equal(leaf.detail, "service=meals; self-claimed relationship");
}

static void a_service_without_criteria_or_of_no_directory_is_told(void **state)
{
    struct town *t = *state;

    assert_string_equal(says(t, TOWN_SCHOOL, eligible_msg(t, SAFEGUARDING, "talking", TOWN_TESS)),
                        "no-criteria");
    assert_string_equal(says(t, TOWN_SCHOOL, eligible_msg(t, SAFEGUARDING, "circus", TOWN_TESS)),
                        "unknown-service");
}

static void the_same_query_is_answered_once(void **state)
{
    struct town *t = *state;
    struct msg *m = eligible_msg(t, SAFEGUARDING, "meals", TOWN_TESS), again;

    assert_int_equal(id_new(town_wall, &m->id), 0);
    m->sent_ms = town_wall;
    again = *m;
    town_forget(t);
    town_say(t, TOWN_SCHOOL, m);
    town_turn(t);
    all_answer(t, ANSWER_NO, ANSWER_NO);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_ELIGIBILITY), 1);
    t->msg = again;
    assert_string_equal(says(t, TOWN_SCHOOL, &t->msg), "already-asked");
}

/* The random tokens are one set for all criteria, as true ones would be. */
static void promise_5_a_hidden_person_is_asked_about_alike_and_is_nobody(void **state)
{
    struct town *t = *state;
    struct token_set sam, seen[2];
    size_t n = 0;

    town_person(TOWN_SAM, &sam);
    assert_string_equal(says(t, TOWN_COUNCIL, town_shield(t, TOWN_SAM, 3)), "");
    town_forget(t);
    town_say(t, TOWN_SCHOOL, eligible_msg(t, SAFEGUARDING, "meals", TOWN_SAM));
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_SCHOOL), "");
    if (town_heard(t, TOWN_COUNCIL, MSG_QUESTION))
        seen[n++] = t->msg.question.subject;
    if (town_heard(t, TOWN_POLICE, MSG_QUESTION))
        seen[n++] = t->msg.question.subject;
    assert_int_equal(n, 2);
    assert_int_equal(match_broad(&seen[0], &sam), MATCH_NONE);
    assert_int_equal(match_strict(&seen[0], &seen[1]), MATCH_YES);
    all_answer(t, ANSWER_NOT_KNOWN, ANSWER_NOT_KNOWN);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_ELIGIBILITY), 1);
    assert_int_equal(t->msg.eligibility.value, ELIGIBLE_YES); /* as for anybody whom nobody knows */
    assert_int_equal(delivered(t, TOWN_COUNCIL, DELIVERY_NOTICE), 1);
}

static void promise_6_a_shield_between_question_and_reply_hides_what_was_said(void **state)
{
    struct town *t = *state;

    town_forget(t);
    town_say(t, TOWN_SCHOOL, eligible_msg(t, SAFEGUARDING, "meals", TOWN_TESS));
    town_turn(t);
    town_say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    town_turn(t);
    all_answer(t, ANSWER_NO, ANSWER_YES);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_ELIGIBILITY), 1);
    assert_int_equal(t->msg.eligibility.value, ELIGIBLE_YES);
}

static void a_core_that_ends_before_the_reply_leaves_a_decision_never_disclosed(void **state)
{
    struct town *t = *state;

    town_say(t, TOWN_SCHOOL, eligible_msg(t, SAFEGUARDING, "meals", TOWN_TESS));
    town_turn(t);
    town_reopen(t);
    assert_int_equal(town_leaves(t, EVENT_DECIDED, NULL), 1);
    assert_int_equal(town_leaves(t, EVENT_DISCLOSED, NULL), 0);
    assert_int_equal(asked(t, TOWN_SCHOOL, ANSWER_NO, ANSWER_NO)->value, ELIGIBLE_YES);
}

/* Also of somebody hidden: the asker got a reply like anybody's. */
static void whoever_was_told_on_the_strength_of_a_consent_hears_that_it_is_gone(void **state)
{
    struct town *t = *state;
    struct id question;

    for (unsigned shielded = 0; shielded < 2; shielded++) {
        struct msg *m = town_consent(t, "early-help", TOWN_TESS);

        m->consent.given_on = TOWN_DAY;
        m->consent.given_ms = town_wall;
        town_say(t, TOWN_SCHOOL, m);
        if (shielded)
            town_say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
        town_turn(t);
        town_forget(t);
        town_say(t, TOWN_COUNCIL, eligible_msg(t, "early-help", "meals", TOWN_TESS));
        question = t->msg.id;
        town_turn(t);
        all_answer(t, ANSWER_NO, ANSWER_NO);
        assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_ELIGIBILITY), 1);
        town_forget(t);
        town_say(t, TOWN_SCHOOL, town_withdraw(t, "early-help", TOWN_TESS));
        town_turn(t);
        assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_DELIVER), 1);
        assert_int_equal(t->msg.deliver.kind, DELIVERY_STOP_USING);
        assert_int_equal(t->msg.deliver.stop.cause, STOP_CONSENT_ENDED);
        assert_true(id_equal(&t->msg.deliver.stop.message, &question));
        town_wall += 1000; /* the next consent is given after the withdrawal */
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, town_setup, town_teardown)
    const struct CMUnitTest tests[] = {
        TEST(services_are_found_by_need_area_and_kind),
        TEST(a_need_or_area_that_no_policy_knows_is_an_error_and_no_empty_list),
        TEST(a_family_is_eligible_when_every_criterion_is_met_by_its_owners_word),
        TEST(one_criterion_that_is_not_met_is_enough_and_is_not_named),
        TEST(what_could_not_be_answered_is_named_by_its_criterion),
        TEST(a_holder_hears_the_question_and_nothing_of_the_service),
        TEST(what_the_holders_said_of_a_criterion_is_in_no_record),
        TEST(a_criterion_that_the_asker_may_not_ask_refuses_the_whole),
        TEST(a_reason_of_the_askers_own_is_marked_for_officers),
        TEST(a_service_without_criteria_or_of_no_directory_is_told),
        TEST(the_same_query_is_answered_once),
        TEST(promise_5_a_hidden_person_is_asked_about_alike_and_is_nobody),
        TEST(promise_6_a_shield_between_question_and_reply_hides_what_was_said),
        TEST(whoever_was_told_on_the_strength_of_a_consent_hears_that_it_is_gone),
        TEST(a_core_that_ends_before_the_reply_leaves_a_decision_never_disclosed),
    };

    return cmocka_run_group_tests_name("core_directory", tests, NULL, NULL);
}
