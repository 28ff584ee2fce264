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

static name_t sent_for; /* the purpose that went with the last one */

static int send_it(void *ctx, const struct msg *m, const char *purpose)
{
    int r = send_result;

    (void)snprintf(sent_for, sizeof(sent_for), "%s", purpose);

    (void)ctx;
    send_result = 0;
    if (r == 0)
        sent[n_sent++] = *m;
    return r;
}

static struct msg kept[8]; /* durably */
static size_t n_kept;

static int keep_it(void *ctx, const struct msg *m)
{
    (void)ctx;
    kept[n_kept++] = *m;
    return 0;
}

static bool no_rows;

static const struct index *index_of(void *ctx)
{
    (void)ctx;
    return no_rows ? NULL : f.index;
}

static int32_t day_told(void *ctx, int32_t day)
{
    (void)ctx;
    return day;
}

/* The source: says at once what it says, fails, or keeps its answer to itself until it is asked. */
enum { SOURCE_ANSWERS, SOURCE_FAILS, SOURCE_SILENT, SOURCE_LATER };
static int source_does;
static uint32_t waiting[300];
static size_t n_waiting;
static struct { /* of what was put last */
    bool by_hand;
    int64_t within_ms, due_ms;
    char asker[64];
} put_last;

static int put_it(void *ctx, uint32_t ticket, const struct alm_question *q, int64_t due_ms)
{
    struct alm_answer a;

    (void)ctx;
    put_last.by_hand = q->by_hand;
    put_last.within_ms = q->within_ms;
    put_last.due_ms = due_ms;
    (void)snprintf(put_last.asker, sizeof(put_last.asker), "%s", q->asker);
    if (source_does == SOURCE_SILENT) {
        waiting[n_waiting++] = ticket;
        return 0;
    }
    if (source_does == SOURCE_FAILS) {
        answering_came(answering, ticket, -ETIMEDOUT, NULL);
        return 0;
    }
    if (source_does == SOURCE_LATER) {
        answering_came(answering, ticket, ALM_LATER, NULL);
        return 0;
    }
    fixture_answer(&f, q, &a);
    answering_came(answering, ticket, 0, &a);
    return 0;
}

static const struct answering_setup setup_of = { .contact_route = "the desk",
                                                 .lead_professional = "the lead",
                                                 .index = index_of,
                                                 .data_day = day_told,
                                                 .put = put_it,
                                                 .prepare = prepare,
                                                 .send = send_it,
                                                 .keep = keep_it };

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
    n_sent = n_kept = n_waiting = 0;
    send_result = 0;
    no_rows = false;
    source_does = SOURCE_ANSWERS;
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

static void tokens_of_another_epoch_are_cannot_say_and_never_not_known(void **state)
{
    struct msg *q = question("with-us", "Ann", "Lee", "1990-01-01", "9991010017");
    const struct msg_answer *a;

    (void)state;
    for (size_t i = 0; i < q->question.subject.n; i++)
        q->question.subject.tokens[i].epoch = 2;
    a = answer_to(q);
    assert_int_equal(a->value, ANSWER_CANNOT_SAY);
    assert_int_equal(a->cause, CAUSE_FAILED);
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

/* Whether an answer needs a signature is said of the question's purpose, also when it is told again. */
static void answer_goes_with_the_purpose_of_its_question(void **state)
{
    struct msg first = *question("with-us", "Ann", "Lee", "1990-01-01", "9991010017"), *second;

    (void)state;
    (void)snprintf(first.purpose, sizeof(first.purpose), "help");
    (void)answer_to(&first);
    assert_string_equal(sent_for, "help");
    assert_string_equal(sent[n_sent - 1].purpose, ""); /* beside the answer, not in it */
    second = question("with-us", "No", "Body", "1970-01-01", "");
    (void)snprintf(second->purpose, sizeof(second->purpose), "protect");
    (void)answer_to(second);
    assert_string_equal(sent_for, "protect");
    (void)answer_to(&first);
    assert_string_equal(sent_for, "help");
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
    while (answering_count(answering)) {
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

static void source_that_fails_costs_one_cannot_say(void **state)
{
    const struct msg_answer *a;

    (void)state;
    source_does = SOURCE_FAILS;
    a = answer_to(question("with-us", "Ann", "Lee", "1990-01-01", "9991010017"));
    assert_int_equal(a->value, ANSWER_CANNOT_SAY);
    assert_int_equal(a->cause, CAUSE_FAILED);
    assert_int_equal(a->data_as_of, day_of("2022-01-01"));
    source_does = SOURCE_ANSWERS;
    a = answer_to(question("with-us", "Ann", "Lee", "1990-01-01", "9991010017"));
    assert_int_equal(a->value, ANSWER_YES);
}

static void source_is_told_how_long_there_is_before_the_brokers_deadline(void **state)
{
    struct msg *q = question("with-us", "Ann", "Lee", "1990-01-01", "9991010017");

    (void)state;
    (void)snprintf(q->question.asking_sector, sizeof(q->question.asking_sector), "health");
    (void)answer_to(q);
    assert_int_equal(put_last.due_ms, 875); /* an eighth is for the way back */
    assert_int_equal(put_last.within_ms, 865);
    assert_string_equal(put_last.asker, "health");
    assert_false(put_last.by_hand);
}

static void answers_come_in_any_order_and_once(void **state)
{
    struct msg *q = question("with-us", "Ann", "Lee", "1990-01-01", "9991010017");
    const struct alm_answer yes = { .value = ALM_YES,
                                    .data_as_of = ALM_DAY_NONE,
                                    .since = ALM_DAY_NONE },
                            no = { .value = ALM_NO,
                                   .data_as_of = day_of("2021-12-31"),
                                   .since = ALM_DAY_NONE };
    struct id first = q->id, second;

    (void)state;
    source_does = SOURCE_SILENT;
    answering_take(answering, q, 0);
    q = question("with-us", "Ann", "Lee", "1990-01-01", "9991010017");
    second = q->id;
    answering_take(answering, q, 0);
    assert_false(answering_step(answering, 1));
    assert_int_equal(n_waiting, 2);
    assert_int_equal(answering_count(answering), 2);
    answering_came(answering, waiting[1], 0, &no);
    answering_came(answering, waiting[0], 0, &yes);
    answering_came(answering, waiting[0], 0, &no); /* of a worker that was given up */
    assert_int_equal(n_sent, 2);
    assert_true(id_equal(&sent[0].in_reply_to, &second) && id_equal(&sent[1].in_reply_to, &first));
    assert_int_equal(sent[0].answer.value, ANSWER_NO);
    assert_int_equal(sent[0].answer.data_as_of, day_of("2021-12-31"));
    assert_int_equal(sent[1].answer.value, ANSWER_YES);
    assert_int_equal(sent[1].answer.data_as_of, day_of("2022-01-01")); /* the source's state says */
    assert_int_equal(answering_count(answering), 0);
}

static void question_put_again_while_it_is_under_way_gets_one_answer_twice(void **state)
{
    struct msg *q = question("with-us", "Ann", "Lee", "1990-01-01", "9991010017");
    const struct alm_answer yes = { .value = ALM_YES,
                                    .data_as_of = ALM_DAY_NONE,
                                    .since = ALM_DAY_NONE };

    (void)state;
    source_does = SOURCE_SILENT;
    answering_take(answering, q, 0);
    (void)answering_step(answering, 1);
    answering_take(answering, q, 2);
    (void)answering_step(answering, 3);
    assert_int_equal(n_waiting, 1);
    answering_came(answering, waiting[0], 0, &yes);
    assert_int_equal(n_sent, 2);
    assert_true(id_equal(&sent[0].id, &sent[1].id));
}

static void no_rows_yet_is_cannot_say_in_time_and_never_no(void **state)
{
    (void)state;
    no_rows = true;
    answering_take(answering, question("with-us", "No", "Body", "1970-01-01", ""), 0);
    (void)answering_step(answering, 1);
    assert_int_equal(n_sent, 0); /* they may come */
    assert_int_equal(answering_due_ms(answering), 875);
    (void)answering_step(answering, 880);
    assert_int_equal(n_sent, 1);
    assert_int_equal(sent[0].answer.value, ANSWER_CANNOT_SAY);
    assert_int_equal(sent[0].answer.cause, CAUSE_FAILED);
    answering_take(answering, question("with-us", "No", "Body", "1970-01-01", ""), 1000);
    (void)answering_step(answering, 1001);
    no_rows = false;
    (void)answering_step(answering, 1002);
    assert_int_equal(n_sent, 2);
    assert_int_equal(sent[1].answer.value, ANSWER_NOT_KNOWN);
}

static struct msg *question_of_hours(void)
{
    struct msg *q = question("with-us", "Ann", "Lee", "1990-01-01", "9991010017");

    q->question.deadline_ms = 8 * 3600 * 1000;
    return q;
}

static void answer_by_hand_is_kept_until_it_has_a_receipt(void **state)
{
    struct alm_ready ready = {
        .answer = { .value = ALM_NO, .data_as_of = ALM_DAY_NONE, .since = ALM_DAY_NONE }
    };
    struct msg *q = question_of_hours();

    (void)state;
    source_does = SOURCE_LATER;
    answering_take(answering, q, 0);
    (void)answering_step(answering, 10);
    assert_true(put_last.by_hand);
    assert_int_equal(answering_count(answering), 0); /* it lies with the person */
    assert_int_equal(n_sent + n_kept, 0);
    memcpy(ready.key, q->id.octets, sizeof(ready.key));
    assert_true(answering_ready(answering, &ready));
    assert_int_equal(n_kept, 1);
    assert_true(id_equal(&kept[0].in_reply_to, &q->id));
    assert_int_equal(kept[0].answer.value, ANSWER_NO);
    /* Put again at the next connection, before the receipt: the same Answer, not a second one. */
    source_does = SOURCE_ANSWERS;
    answering_take(answering, q, 20);
    (void)answering_step(answering, 30);
    assert_true(answering_ready(answering, &ready));
    assert_int_equal(n_kept, 3);
    assert_true(id_equal(&kept[1].id, &kept[0].id) && id_equal(&kept[2].id, &kept[0].id));
    assert_int_equal(kept[1].answer.value, ANSWER_NO);
}

static void answer_at_once_to_a_question_of_hours_is_kept_too(void **state)
{
    struct msg *q = question_of_hours();

    (void)state;
    answering_take(answering, q, 0);
    answering_take(answering, q, 1); /* the broker sends it again at each connection */
    (void)answering_step(answering, 10);
    assert_int_equal(n_kept, 1);
    assert_int_equal(n_sent, 0);
    assert_int_equal(kept[0].answer.value, ANSWER_YES);
}

static void worker_that_falls_over_a_question_of_hours_is_not_the_end_of_it(void **state)
{
    struct msg *q = question_of_hours();
    int64_t now =
        clock_mono_ms(); /* what waits is set by the clock, which began when the machine did */

    (void)state;
    source_does = SOURCE_FAILS;
    answering_take(answering, q, now);
    (void)answering_step(answering, now + 10);
    assert_int_equal(n_kept, 0);
    assert_int_equal(answering_count(answering), 1);
    source_does = SOURCE_ANSWERS;
    (void)answering_step(answering, clock_mono_ms());
    assert_int_equal(n_kept, 0); /* not at once */
    (void)answering_step(answering, clock_mono_ms() + 10000);
    assert_int_equal(n_kept, 1);
    assert_int_equal(kept[0].answer.value, ANSWER_YES);
}

static int32_t old_rows(void *ctx, bool found)
{
    (void)ctx;
    return found ? ALM_DAY_NONE : day_of("2021-11-30"); /* of a list of people that is a month old */
}

static void not_known_is_as_old_as_the_list_in_which_somebody_is_not(void **state)
{
    struct answering_setup aged = setup_of;
    const struct msg_answer *a;

    (void)state;
    aged.rows_day = old_rows;
    answering = answering_free(answering);
    assert_int_equal(answering_new(&aged, &answering), 0);
    a = answer_to(question("with-us", "No", "Body", "1970-01-01", ""));
    assert_int_equal(a->value, ANSWER_NOT_KNOWN);
    assert_int_equal(a->data_as_of, day_of("2021-11-30"));
    a = answer_to(question("with-us", "Ann", "Lee", "1990-01-01", "9991010017"));
    assert_int_equal(a->data_as_of, day_of("2022-01-01"));
}

/* What was resolved by the rows before may name another person, or nobody, in the rows of now. */
static void question_put_by_rows_that_were_exchanged_is_looked_for_anew(void **state)
{
    struct msg *q = question("with-us", "Ann", "Lee", "1990-01-01", "9991010017");

    (void)state;
    source_does = SOURCE_SILENT;
    answering_take(answering, q, 0);
    (void)answering_step(answering, 1);
    assert_int_equal(n_waiting, 1);
    temp_text("people.csv", "person_id,given_name,family_name,date_of_birth,nhs_number\n"
                            "a,Zoe,Else,1991-02-03,9991012001\n");
    temp_text("involvements.csv", "involvement_id,person_id,service,start_date,end_date\n1,a,"
                                  "support,2020-01-01,\n");
    assert_int_equal(fixture_load(&f, true), 0);
    source_does = SOURCE_ANSWERS;
    answering_came(answering, waiting[0], -ESTALE, NULL);
    (void)answering_step(answering, 2);
    assert_int_equal(n_sent, 1);
    assert_int_equal(sent[0].answer.value, ANSWER_NOT_KNOWN);
    assert_int_equal(answering_count(answering), 0);
}

static void question_of_hours_waits_for_an_index_that_is_not_whole(void **state)
{
    struct msg *q = question_of_hours();

    (void)state;
    for (size_t i = 0; i < q->question.subject.n; i++)
        q->question.subject.tokens[i].epoch = 2;
    answering_take(answering, q, 0);
    assert_false(answering_step(answering, 1));
    (void)answering_step(answering, 3600 * 1000);
    assert_int_equal(n_kept, 0); /* "cannot say" would be the end of it */
    assert_int_equal(answering_count(answering), 1);
    (void)answering_step(answering, q->question.deadline_ms - 100);
    assert_int_equal(n_kept, 1);
    assert_int_equal(kept[0].answer.cause, CAUSE_FAILED);
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
        WITH_ROWS(tokens_of_another_epoch_are_cannot_say_and_never_not_known),
        WITH_ROWS(same_question_twice_gets_the_same_answer),
        WITH_ROWS(answer_goes_with_the_purpose_of_its_question),
        WITH_ROWS(overdue_question_is_dropped),
        WITH_ROWS(flood_is_bounded_and_answered_in_turns),
        WITH_ROWS(answer_that_cannot_be_sent_becomes_cannot_say),
        WITH_ROWS(missing_rows_are_partial),
        WITH_ROWS(source_that_fails_costs_one_cannot_say),
        WITH_ROWS(source_is_told_how_long_there_is_before_the_brokers_deadline),
        WITH_ROWS(answers_come_in_any_order_and_once),
        WITH_ROWS(question_put_again_while_it_is_under_way_gets_one_answer_twice),
        WITH_ROWS(no_rows_yet_is_cannot_say_in_time_and_never_no),
        WITH_ROWS(answer_by_hand_is_kept_until_it_has_a_receipt),
        WITH_ROWS(answer_at_once_to_a_question_of_hours_is_kept_too),
        WITH_ROWS(worker_that_falls_over_a_question_of_hours_is_not_the_end_of_it),
        WITH_ROWS(not_known_is_as_old_as_the_list_in_which_somebody_is_not),
        WITH_ROWS(question_put_by_rows_that_were_exchanged_is_looked_for_anew),
        WITH_ROWS(question_of_hours_waits_for_an_index_that_is_not_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
