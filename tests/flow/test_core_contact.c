/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_contact.c - contact brokered through the hub (the court), and what a shield's owner
 * (the council) hears of those who ask. The clinic is sensitive: masked for safeguarding. */
#include "core_town.h"

#include <stdio.h>
#include <string.h>

#include "core/deliver_queue.h"

static struct id query_id, question_id;

/* The school asks who is involved with Tess; the clinic says yes or that it does not know her. */
static void ask_involvement(struct town *t, uint8_t clinic_says)
{
    struct msg *m = town_involvement(t, "safeguarding", TOWN_TESS);

    town_forget(t);
    assert_int_equal(id_new(town_wall, &query_id), 0);
    m->id = query_id;
    town_say(t, TOWN_SCHOOL, m);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_CLINIC, MSG_QUESTION), 1);
    question_id = t->msg.id;
    town_answer(t, TOWN_CLINIC, clinic_says);
    town_mono += 3000;
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_INVOLVEMENT), 1);
    assert_int_equal(t->msg.involvement.masked, clinic_says == ANSWER_YES);
    town_forget(t);
}

/* Return: "" when it got a receipt, or why it was refused. */
static const char *request(struct town *t, enum town_agency from, const struct id *about)
{
    static char word[64];
    struct msg *m = town_msg(t, MSG_CONTACT_REQUEST);

    m->contact_request.about = *about;
    (void)snprintf(m->contact_request.contact_route, sizeof(m->contact_request.contact_route),
                   "01632 960001");
    (void)snprintf(m->contact_request.text, sizeof(m->contact_request.text), "please call");
    town_forget(t);
    town_say(t, from, m);
    town_turn(t);
    (void)snprintf(word, sizeof(word), "%s", town_refusal(t, from));
    if (!*word)
        assert_int_equal(town_heard(t, from, MSG_RECEIPT), 1);
    return word;
}

/* Notices that the agency heard since the last request; the last one is in t->msg. */
static size_t notices(struct town *t, enum town_agency who, uint8_t kind)
{
    size_t n = town_heard(t, who, MSG_DELIVER);

    if (n)
        assert_int_equal(t->msg.deliver.notice.kind, kind);
    return n;
}

/* The notice in t->msg says that it is about this person; TOWN_NOBODY: it names nobody. */
static void about(const struct town *t, enum town_person p)
{
    struct token_set person = { 0 };

    if (p != TOWN_NOBODY)
        town_person(p, &person);
    assert_memory_equal(&t->msg.deliver.notice.subject, &person, sizeof(person));
}

static size_t everybodys_notices(struct town *t)
{
    size_t n = 0;

    for (int a = 0; a < TOWN_N; a++)
        n += town_heard(t, (enum town_agency)a, MSG_DELIVER);
    return n;
}

static void a_masked_service_is_asked_to_call_through_the_hub_alone(void **state)
{
    struct town *t = *state;

    ask_involvement(t, ANSWER_YES);
    assert_string_equal(request(t, TOWN_SCHOOL, &query_id), "");
    assert_int_equal(notices(t, TOWN_COURT, NOTICE_CONTACT_REQUEST), 1);
    assert_true(id_equal(&t->msg.deliver.notice.about, &query_id));
    assert_string_equal(t->msg.deliver.notice.agency, "school");
    assert_string_equal(t->msg.deliver.notice.contact_route, "01632 960001");
    about(t, TOWN_NOBODY);                      /* the hub did not ask about her */
    assert_int_equal(everybodys_notices(t), 1); /* the clinic hears nothing yet */

    assert_string_equal(request(t, TOWN_COURT, &query_id), "");
    assert_int_equal(notices(t, TOWN_CLINIC, NOTICE_CONTACT_REQUEST), 1);
    assert_true(id_equal(&t->msg.deliver.notice.about, &question_id)); /* that it answered */
    about(t, TOWN_TESS);
    assert_string_equal(t->msg.deliver.notice.agency, "court");
    assert_int_equal(everybodys_notices(t), 1);
    assert_int_equal(town_leaves(t, EVENT_CONTACT_REQUESTED, NULL), 2);
}

static void a_reply_that_masked_nothing_is_no_way_to_anybody(void **state)
{
    struct town *t = *state;

    ask_involvement(t, ANSWER_NOT_KNOWN);
    assert_string_equal(request(t, TOWN_SCHOOL, &query_id), "nothing-masked");
    assert_int_equal(everybodys_notices(t), 0);
}

static void nobody_asks_for_contact_through_anothers_question(void **state)
{
    struct town *t = *state;
    struct id unknown;

    ask_involvement(t, ANSWER_YES);
    assert_string_equal(request(t, TOWN_POLICE, &query_id), "nothing-masked");
    assert_int_equal(id_new(town_wall, &unknown), 0);
    assert_string_equal(request(t, TOWN_POLICE, &unknown), "nothing-masked"); /* the same words */
    assert_int_equal(everybodys_notices(t), 0);
}

/* Asked in vain: nothing is kept of who did not know her, so nobody is named to them. */
static void an_agency_that_did_not_know_the_person_gets_no_notice(void **state)
{
    struct town *t = *state;

    ask_involvement(t, ANSWER_NOT_KNOWN);
    assert_string_equal(request(t, TOWN_SCHOOL, &query_id), "nothing-masked");
    assert_string_equal(request(t, TOWN_COURT, &query_id), "");
    assert_int_equal(town_heard(t, TOWN_CLINIC, MSG_DELIVER), 0);
    assert_int_equal(everybodys_notices(t), 0);
}

/* A hub is told the same of what was never asked for, of what is unknown, and of an episode that it
 * did not get: a receipt, and nothing happens. */
static void a_hub_cannot_go_on_where_the_asker_has_not_begun(void **state)
{
    struct town *t = *state;
    struct id unknown;

    ask_involvement(t, ANSWER_YES);
    assert_string_equal(request(t, TOWN_COURT, &query_id), "");
    assert_int_equal(everybodys_notices(t), 0);
    assert_int_equal(id_new(town_wall, &unknown), 0);
    assert_string_equal(request(t, TOWN_COURT, &unknown), "");
    assert_int_equal(everybodys_notices(t), 0);
}

static void what_was_masked_is_forgotten_after_sixty_days(void **state)
{
    struct town *t = *state;

    ask_involvement(t, ANSWER_YES);
    town_day(t, TOWN_DAY + 61);
    town_turn(t);
    town_turn(t);
    assert_string_equal(request(t, TOWN_SCHOOL, &query_id), "nothing-masked");
}

static void the_same_request_again_reaches_nobody_twice(void **state)
{
    struct town *t = *state;
    struct msg *m = town_msg(t, MSG_CONTACT_REQUEST);
    struct msg again;

    ask_involvement(t, ANSWER_YES);
    m = town_msg(t, MSG_CONTACT_REQUEST);
    m->contact_request.about = query_id;
    (void)snprintf(m->contact_request.contact_route, sizeof(m->contact_request.contact_route),
                   "01632 960001");
    assert_int_equal(id_new(town_wall, &m->id), 0);
    again = *m;
    town_say(t, TOWN_SCHOOL, m);
    again.sent_ms = town_wall;
    town_say(t, TOWN_SCHOOL, &again);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_RECEIPT), 2);
    assert_int_equal(notices(t, TOWN_COURT, NOTICE_CONTACT_REQUEST), 1);
}

/* --- shields --- */

static void lodged(struct town *t, struct msg *m)
{
    town_forget(t);
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "");
    town_forget(t);
}

static void ask(struct town *t, enum town_agency from, enum town_person p)
{
    town_forget(t);
    town_say(t, from, town_insight(t, "safeguarding", "noise", p));
    town_turn(t);
}

static void an_attempt_on_a_shielded_person_is_told_to_the_shields_owner_once_a_day(void **state)
{
    struct town *t = *state;

    lodged(t, town_shield(t, TOWN_TESS, 3));
    ask(t, TOWN_SCHOOL, TOWN_TESS);
    assert_int_equal(notices(t, TOWN_COUNCIL, NOTICE_SHIELD_ATTEMPT), 1);
    assert_string_equal(t->msg.deliver.notice.agency, "school");
    assert_string_equal(t->msg.deliver.notice.contact_route, "");
    about(t, TOWN_TESS); /* as its owner lodged her */
    assert_int_equal(everybodys_notices(t), 1);
    ask(t, TOWN_SCHOOL, TOWN_TESS);
    assert_int_equal(everybodys_notices(t), 0);
    ask(t, TOWN_CHARITY, TOWN_TESS); /* another asker */
    assert_int_equal(notices(t, TOWN_COUNCIL, NOTICE_SHIELD_ATTEMPT), 1);
    town_day(t, TOWN_DAY + 1);
    ask(t, TOWN_SCHOOL, TOWN_TESS);
    assert_int_equal(notices(t, TOWN_COUNCIL, NOTICE_SHIELD_ATTEMPT), 1);
}

static void a_shield_lodged_between_question_and_reply_tells_its_owner_too(void **state)
{
    struct town *t = *state;

    ask(t, TOWN_SCHOOL, TOWN_TESS);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 1);
    town_say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));
    town_turn(t);
    assert_int_equal(everybodys_notices(t), 0);
    town_answer(t, TOWN_POLICE, ANSWER_YES);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_INSIGHT), 1);
    assert_int_not_equal(t->msg.insight.value, INSIGHT_YES);
    assert_int_equal(notices(t, TOWN_COUNCIL, NOTICE_SHIELD_ATTEMPT), 1);
    assert_string_equal(t->msg.deliver.notice.agency, "school");
}

static void nobody_is_told_of_questions_that_no_shield_hides(void **state)
{
    struct town *t = *state;

    lodged(t, town_shield(t, TOWN_TESS, 3));
    ask(t, TOWN_SCHOOL, TOWN_SAM);
    assert_int_equal(everybodys_notices(t), 0);
    ask(t, TOWN_COUNCIL, TOWN_TESS); /* the owner itself */
    assert_int_equal(everybodys_notices(t), 0);
}

/* promise 5: the frames to the asker and to the holders are those of a person whom nobody shields
 */
static void promise_5_an_attempt_changes_nothing_that_the_asker_sees(void **state)
{
    struct town *t = *state;
    size_t asked[2], heard[2], lengths[2];

    lodged(t, town_shield(t, TOWN_TESS, 3));
    for (int i = 0; i < 2; i++) {
        ask(t, TOWN_SCHOOL, i ? TOWN_TESS : TOWN_NOBODY);
        asked[i] = town_heard(t, TOWN_POLICE, MSG_QUESTION);
        heard[i] = 0;
        town_answer(t, TOWN_POLICE, ANSWER_NOT_KNOWN);
        town_turn(t);
        for (size_t k = 0; k < t->n_heard; k++)
            heard[i] += t->heard[k].to == TOWN_SCHOOL;
        lengths[i] = town_frame_of(t, TOWN_SCHOOL, MSG_INSIGHT)->len;
    }
    assert_int_equal(asked[0], 1);
    assert_int_equal(asked[1], 1);
    assert_int_equal(heard[0], 1);
    assert_int_equal(heard[1], 1);
    assert_int_equal(lengths[0], lengths[1]);
}

static void
a_seventeenth_live_shield_of_one_person_is_refused_and_sixteen_hide_nothing_more(void **state)
{
    struct town *t = *state;

    for (int i = 0; i < SHIELDS_MAX; i++)
        lodged(t, town_shield(t, TOWN_TESS, 1));
    town_say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 1));
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "too-many-shields");
    lodged(t, town_shield(t, TOWN_SAM, 1)); /* another person's shelf is another */
    /* A shield of her home hides no noise: sixteen of them are no more than one. */
    ask(t, TOWN_SCHOOL, TOWN_TESS);
    town_answer(t, TOWN_POLICE, ANSWER_YES);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_INSIGHT), 1);
    assert_int_equal(t->msg.insight.value, INSIGHT_YES);
}

#define TOWN_TEST(f) cmocka_unit_test_setup_teardown(f, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOWN_TEST(a_masked_service_is_asked_to_call_through_the_hub_alone),
        TOWN_TEST(a_reply_that_masked_nothing_is_no_way_to_anybody),
        TOWN_TEST(nobody_asks_for_contact_through_anothers_question),
        TOWN_TEST(an_agency_that_did_not_know_the_person_gets_no_notice),
        TOWN_TEST(a_hub_cannot_go_on_where_the_asker_has_not_begun),
        TOWN_TEST(what_was_masked_is_forgotten_after_sixty_days),
        TOWN_TEST(the_same_request_again_reaches_nobody_twice),
        TOWN_TEST(an_attempt_on_a_shielded_person_is_told_to_the_shields_owner_once_a_day),
        TOWN_TEST(a_shield_lodged_between_question_and_reply_tells_its_owner_too),
        TOWN_TEST(nobody_is_told_of_questions_that_no_shield_hides),
        TOWN_TEST(promise_5_an_attempt_changes_nothing_that_the_asker_sees),
        TOWN_TEST(a_seventeenth_live_shield_of_one_person_is_refused_and_sixteen_hide_nothing_more),
    };

    return cmocka_run_group_tests_name("core_contact", tests, NULL, NULL);
}
