/* SPDX-License-Identifier: Apache-2.0 */
/* test_answering.c - Questions as they come in: answered once, in time, and the same when they come
 * twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "adapter_fixture.h"
#include "host/answering.h"

#include <errno.h>

static struct adapter_fixture f;
static struct answering *answering;
static struct msg sent[600];
static size_t n_sent;
static int send_result; /* of the next sending only */

static int prepare(void *ctx, struct msg *m)
{
    (void)ctx;
    memset(m, 0, sizeof(*m));
    m->type = MSG_ANSWER;
    m->sent_ms = 1;
    return 0;
}

static int send_it(void *ctx, const struct msg *m)
{
    int r = send_result;

    (void)ctx;
    send_result = 0;
    if (r == 0)
        sent[n_sent++] = *m;
    return r;
}

static const struct answering_setup setup_of = { &f.holdings, "the desk", "the lead",
                                                 prepare,     send_it,    NULL };

static int setup(void **state)
{
    if (temp_dir_setup(state) != 0)
        return -1;
    temp_text("people.csv", "person_id,given_name,family_name,date_of_birth,nhs_number\na,Ann,Lee,"
                            "1990-01-01,9991010017\n"
                            "b1,Bob,Two,1980-01-01,9991012001\nb2,Bob,Two,1980-01-01,9991012001\n");
    temp_text("involvements.csv", "involvement_id,person_id,service,start_date,end_date\n1,a,"
                                  "support,2020-01-01,\n2,b1,support,2020-01-01,\n");
    temp_text("contacts.csv",
              "contact_id,person_id,household_id,date,kind\n1,,h1,2020-02-02,call\n");
    temp_text("homes.csv", "household_id,address_line,postcode\nh1,1 Row,ZZ7 8ZA\n");
    n_sent = 0;
    send_result = 0;
    if (fixture_open(
            &f,
            "csv = { people = { file = \"people.csv\"; }; involvements = { file = "
            "\"involvements.csv\"; };\n"
            "  contacts = { file = \"contacts.csv\"; }; homes = { file = \"homes.csv\"; }; };\n"
            "questions = ( { id = \"with-us\"; rule = \"involvement\"; }, { id = \"called\"; rule "
            "= \"ever\"; kinds = [ \"call\" ]; } );\n",
            true) != 0)
        return -1;
    return fixture_load(&f, true) == 0 ? answering_new(&setup_of, &answering) : -1;
}

static int teardown(void **state)
{
    answering = answering_free(answering);
    fixture_close(&f);
    return temp_dir_teardown(state);
}

static struct msg *question(const char *id, const char *given, const char *family, const char *born,
                            const char *nhs)
{
    static struct msg m;
    const struct identity who = { given, family, day_of(born), nhs, "", false };

    memset(&m, 0, sizeof(m));
    m.type = MSG_QUESTION;
    assert_int_equal(id_new(clock_wall_ms(), &m.id), 0);
    m.question.involvement = !id[0];
    (void)snprintf(m.question.question, sizeof(m.question.question), "%s", id);
    m.question.subject_kind = SUBJECT_PERSON;
    m.question.as_of = day_of("2022-01-01");
    m.question.deadline_ms = 1000;
    assert_int_equal(tokens_identity(&f.key, &who, &m.question.subject), 0);
    return &m;
}

static const struct msg_answer *answer_to(const struct msg *q)
{
    answering_take(answering, q, 0);
    (void)answering_step(answering, 10);
    assert_true(n_sent > 0);
    assert_true(id_equal(&sent[n_sent - 1].in_reply_to, &q->id));
    return &sent[n_sent - 1].answer;
}

static void known_person_is_answered(void **state)
{
    const struct msg_answer *a =
        answer_to(question("with-us", "Ann", "Lee", "1990-01-01", "9991010017"));

    (void)state;
    assert_int_equal(a->value, ANSWER_YES);
    assert_int_equal(a->data_as_of, day_of("2022-01-01"));
    assert_string_equal(a->service, ""); /* only who-is-involved tells more than yes */
    assert_string_equal(a->contact_route, "");
    assert_int_equal(a->since, CIVIL_NONE);
}

static void who_is_involved_tells_the_configured_desk(void **state)
{
    const struct msg_answer *a = answer_to(question("", "Ann", "Lee", "1990-01-01", "9991010017"));

    (void)state;
    assert_int_equal(a->value, ANSWER_YES);
    assert_string_equal(a->service, "support");
    assert_string_equal(a->contact_route, "the desk");
    assert_string_equal(a->lead_professional, "the lead");
    assert_int_equal(a->since, day_of("2020-01-01"));
}

static void unknown_person_is_not_known(void **state)
{
    (void)state;
    assert_int_equal(answer_to(question("with-us", "No", "Body", "1970-01-01", ""))->value,
                     ANSWER_NOT_KNOWN);
    assert_int_equal(answer_to(question("", "No", "Body", "1970-01-01", ""))->value,
                     ANSWER_NOT_KNOWN);
}

static void ambiguous_person_is_cannot_say(void **state)
{
    const struct msg_answer *a;

    (void)state;
    a = answer_to(question("with-us", "Ann", "Lee", "1990-01-01",
                           "")); /* name and birth date alone: possible */
    assert_int_equal(a->value, ANSWER_CANNOT_SAY);
    assert_int_equal(a->cause, CAUSE_AMBIGUOUS);
    a = answer_to(question("", "Bob", "Two", "1980-01-01", "9991012001")); /* two rows */
    assert_int_equal(a->cause, CAUSE_AMBIGUOUS);
    assert_string_equal(a->service, "");
}

static void household_contact_counts_for_an_unknown_person(void **state)
{
    struct msg *q = question("called", "No", "Body", "1970-01-01", "");

    (void)state;
    q->question.n_homes = 1;
    assert_int_equal(tokens_home(&f.key, "1 Row", "ZZ7 8ZA", &q->question.homes[0].token), 0);
    q->question.homes[0].from = day_of("2020-01-01");
    q->question.homes[0].until = CIVIL_NONE;
    assert_int_equal(answer_to(q)->value, ANSWER_YES);
    q = question("called", "No", "Body", "1970-01-01", "");
    assert_int_equal(answer_to(q)->value, ANSWER_NOT_KNOWN);
}

static void household_is_answered_by_its_token(void **state)
{
    struct msg *q = question("called", "No", "Body", "1970-01-01", "");

    (void)state;
    memset(&q->question.subject, 0, sizeof(q->question.subject));
    q->question.subject_kind = SUBJECT_HOUSEHOLD;
    assert_int_equal(tokens_home(&f.key, "1 Row", "ZZ7 8ZA", &q->question.household), 0);
    assert_int_equal(answer_to(q)->value, ANSWER_YES);
    assert_int_equal(id_new(clock_wall_ms(), &q->id), 0);
    q->question.household.value[0] ^= 1;
    assert_int_equal(answer_to(q)->value, ANSWER_NOT_KNOWN);
}

static void tokens_of_another_epoch_match_nobody(void **state)
{
    struct msg *q = question("with-us", "Ann", "Lee", "1990-01-01", "9991010017");

    (void)state;
    for (size_t i = 0; i < q->question.subject.n; i++)
        q->question.subject.tokens[i].epoch = 2;
    assert_int_equal(answer_to(q)->value, ANSWER_NOT_KNOWN);
}

static void same_question_twice_gets_the_same_answer(void **state)
{
    struct msg *q = question("with-us", "Ann", "Lee", "1990-01-01", "9991010017");

    (void)state;
    (void)answer_to(q);
    temp_text("involvements.csv",
              "involvement_id,person_id,service,start_date,end_date\n"); /* the rows have changed
                                                                            meanwhile */
    assert_int_equal(fixture_load(&f, true), 0);
    assert_int_equal(answer_to(q)->value, ANSWER_YES);
    assert_int_equal(n_sent, 2);
    assert_true(id_equal(&sent[0].id, &sent[1].id));
    assert_int_equal(id_new(clock_wall_ms(), &q->id), 0);
    assert_int_equal(answer_to(q)->value, ANSWER_NO);
}

static void overdue_question_is_dropped(void **state)
{
    (void)state;
    answering_take(answering, question("with-us", "Ann", "Lee", "1990-01-01", "9991010017"), 0);
    assert_false(answering_step(answering, 1000));
    assert_int_equal(n_sent, 0);
}

static void flood_is_bounded_and_answered_in_turns(void **state)
{
    size_t turns = 0;

    (void)state;
    for (int i = 0; i < 500; i++)
        answering_take(answering, question("with-us", "No", "Body", "1970-01-01", ""), 0);
    while (answering_waiting(answering)) {
        size_t before = n_sent;

        (void)answering_step(answering, 1);
        assert_true(n_sent - before <= 64);
        turns++;
    }
    assert_int_equal(n_sent, 256);
    assert_true(turns > 1);
}

static void answer_that_cannot_be_sent_becomes_cannot_say(void **state)
{
    const struct msg_answer *a;

    (void)state;
    send_result = -EINVAL;
    a = answer_to(question("", "Ann", "Lee", "1990-01-01", "9991010017"));
    assert_int_equal(a->value, ANSWER_CANNOT_SAY);
    assert_int_equal(a->cause, CAUSE_FAILED);
    assert_string_equal(a->service, "");
}

static void missing_rows_are_partial(void **state)
{
    const struct msg_answer *a;

    (void)state;
    assert_int_equal(unlink(temp_path("involvements.csv")), 0);
    assert_int_equal(fixture_load(&f, false), 0);
    a = answer_to(question("with-us", "Ann", "Lee", "1990-01-01", "9991010017"));
    assert_int_equal(a->value, ANSWER_CANNOT_SAY);
    assert_int_equal(a->cause, CAUSE_PARTIAL);
    assert_int_equal(
        answer_to(question("unheard-of", "Ann", "Lee", "1990-01-01", "9991010017"))->cause,
        CAUSE_UNSUPPORTED);
}

#define WITH_ROWS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ROWS(known_person_is_answered),
        WITH_ROWS(who_is_involved_tells_the_configured_desk),
        WITH_ROWS(unknown_person_is_not_known),
        WITH_ROWS(ambiguous_person_is_cannot_say),
        WITH_ROWS(household_contact_counts_for_an_unknown_person),
        WITH_ROWS(household_is_answered_by_its_token),
        WITH_ROWS(tokens_of_another_epoch_match_nobody),
        WITH_ROWS(same_question_twice_gets_the_same_answer),
        WITH_ROWS(overdue_question_is_dropped),
        WITH_ROWS(flood_is_bounded_and_answered_in_turns),
        WITH_ROWS(answer_that_cannot_be_sent_becomes_cannot_say),
        WITH_ROWS(missing_rows_are_partial),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
