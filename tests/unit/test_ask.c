/* SPDX-License-Identifier: Apache-2.0 */
/* test_ask.c - who is found by which tokens, and what leaves the adapter when it asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "adapter_fixture.h"

#include <errno.h>

static const char conf_text[] =
    "csv = { people = { file = \"people.csv\"; }; homes = { file = \"homes.csv\"; };\n"
    "  residences = { file = \"residences.csv\"; }; involvements = { file = \"involvements.csv\"; "
    "}; };\n";
static const char people[] =
    "person_id,given_name,family_name,date_of_birth,nhs_number,upn,unborn\n"
    "luke,Luke,Corran,2012-05-06,9991010017,,\n" /* twins: same birthday, home and family name */
    "zoe,Zoe,Corran,2012-05-06,9991012001,,\n"
    "ann1,Ann,Twice,1980-01-01,,,\nann2,Ann,Twice,1980-01-01,,,\n" /* one person in two rows */
    "nora,Nora,Corran,1985-01-02,,,\n"
    "baby,Nora,Corran,1985-01-02,,,yes\n" /* her unborn child */
    "old,Old,Mover,1950-01-01,,,\n"
    "john1,John,Lee,1950-05-05,,,\n";
static const char homes[] = "household_id,address_line,postcode,shielded_from\n"
                            "h1,8 Phantom Road,ZZ7 8ZD,\nh2,41 Sample Street,ZZ7 "
                            "9ZB,2022-07-01\nh2b,41 Sample St,ZZ7 9ZB,\nnfa,No fixed address,,\n";
static const char involvements[] =
    "involvement_id,person_id,service,start_date,end_date\n1,nora,x,2021-01-01,\n";

static struct adapter_fixture f;

static int setup(void **state)
{
    char residences[4096] = "person_id,household_id,from_date,to_date\n"
                            "luke,h1,2015-05-01,2022-07-01\nluke,h2,2022-07-01,\nzoe,h1,2015-05-01,"
                            "2022-07-01\nzoe,h2,2022-07-01,\n"
                            "nora,h1,2015-05-01,2022-07-01\nnora,h2,2022-07-01,\nann1,h1,2001-01-"
                            "01,\nann2,h1,2001-01-01,\nold,nfa,2022-01-01,\n";
    char more_homes[8192];
    size_t at = 0;

    if (temp_dir_setup(state) != 0)
        return -1;
    at = (size_t)snprintf(more_homes, sizeof(more_homes), "%s", homes);
    for (int i = 0; i < 30; i++) { /* one person with thirty homes */
        at += (size_t)snprintf(more_homes + at, sizeof(more_homes) - at,
                               "m%d,%d Many Row,ZZ7 7ZZ,\n", i, i + 1);
        (void)snprintf(residences + strlen(residences), sizeof(residences) - strlen(residences),
                       "old,m%d,%d-01-01,%d-01-01\n", i, 1980 + i, 1981 + i);
    }
    temp_text("people.csv", people);
    temp_text("homes.csv", more_homes);
    temp_text("residences.csv", residences);
    temp_text("involvements.csv", involvements);
    if (fixture_open(&f, conf_text, true) != 0 || fixture_load(&f, true) != 0) {
        print_error("%s", f.said);
        return -1;
    }
    return 0;
}

static int teardown(void **state)
{
    fixture_close(&f);
    return temp_dir_teardown(state);
}

/* Our own source says at once what it says; result is of the next question only. */
static int relate_result;

static int fixture_relate(void *ctx, const struct alm_subject *subject,
                          struct alm_relationship *out)
{
    int r = relate_result;

    (void)ctx;
    relate_result = 0;
    return r ? r : backend_csv.relate(f.backend, subject, out);
}

static struct asker asker_on(const char *day)
{
    return (struct asker){ &f.key, f.index, day_of(day), fixture_relate, NULL };
}

static struct asked_subject typed(const char *given, const char *family, const char *born,
                                  const char *nhs)
{
    struct asked_subject s = { .born = day_of(born),
                               .home = { .from = CIVIL_NONE, .until = CIVIL_NONE } };

    (void)snprintf(s.given, sizeof(s.given), "%s", given);
    (void)snprintf(s.family, sizeof(s.family), "%s", family);
    (void)snprintf(s.nhs, sizeof(s.nhs), "%s", nhs);
    return s;
}

static void at_home(struct asked_subject *s, const char *address, const char *postcode,
                    const char *from, const char *until)
{
    struct asked_home *h = &s->homes[s->n_homes++];

    (void)snprintf(h->address, sizeof(h->address), "%s", address);
    (void)snprintf(h->postcode, sizeof(h->postcode), "%s", postcode);
    h->from = day_of(from);
    h->until = day_of(until);
}

static struct ask worked_out(const struct asked_subject *s, const char *day, bool past_shield)
{
    struct asker a = asker_on(day);
    const char *wrong = NULL;
    struct ask ask;

    assert_int_equal(ask_work_out(&a, s, past_shield, "", &ask, &wrong), 0);
    return ask;
}

static size_t count_kind(const struct token_set *s, uint8_t kind)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++)
        n += s->tokens[i].kind == kind;
    return n;
}

static bool set_has_home(const struct ask *ask, const char *address, const char *postcode)
{
    struct token home;

    assert_int_equal(tokens_home(&f.key, address, postcode, &home), 0);
    for (size_t i = 0; i < ask->n_homes; i++) {
        if (token_equal(&ask->homes[i].token, &home))
            return true;
    }
    return false;
}

static void one_person_is_found_by_a_strong_token(void **state)
{
    struct asked_subject s = typed("Lucas", "Corran", "2012-05-06", "9991010017");

    (void)state;
    assert_string_equal(worked_out(&s, "2022-01-01", false).person, "luke");
}

static void name_and_birth_date_need_one_more(void **state)
{
    struct asked_subject s = typed("nora", "CORRAN", "1985-01-02", "");

    (void)state;
    assert_int_equal(worked_out(&s, "2022-01-01", false).known,
                     INDEX_POSSIBLE);
    at_home(&s, "8 Phantom Rd", "zz78zd", "2016-01-01", "");
    assert_string_equal(worked_out(&s, "2022-01-01", false).person, "nora");
}

static void twins_are_two_people(void **state)
{
    struct asked_subject luke = typed("Luke", "Corran", "2012-05-06", ""),
                         zoe = typed("Zoe", "Corran", "2012-05-06", "9991012001");
    struct asked_subject third = typed("Mina", "Corran", "2012-05-06", "9991014004");

    (void)state;
    at_home(&luke, "8 Phantom Road", "ZZ7 8ZD", "2015-05-01", "");
    at_home(&zoe, "8 Phantom Road", "ZZ7 8ZD", "2015-05-01", "");
    at_home(&third, "8 Phantom Road", "ZZ7 8ZD", "2015-05-01", "");
    assert_string_equal(worked_out(&luke, "2022-01-01", false).person, "luke");
    assert_string_equal(worked_out(&zoe, "2022-01-01", false).person, "zoe");
    assert_int_equal(worked_out(&third, "2022-01-01", false).known,
                     INDEX_UNKNOWN); /* her number is neither's */
}

static void strong_token_of_another_is_a_conflict(void **state)
{
    struct asked_subject s =
        typed("Luke", "Corran", "2012-05-06",
              "9991014004"); /* luke's name, birthday and home; not his number */

    (void)state;
    at_home(&s, "8 Phantom Road", "ZZ7 8ZD", "2015-05-01", "");
    assert_int_equal(worked_out(&s, "2022-01-01", false).known, INDEX_CONFLICT);
}

static void one_person_in_two_rows_is_ambiguous(void **state)
{
    struct asked_subject s = typed("Ann", "Twice", "1980-01-01", "");

    (void)state;
    at_home(&s, "8 Phantom Road", "ZZ7 8ZD", "2015-05-01", "");
    assert_int_equal(worked_out(&s, "2022-01-01", false).known, INDEX_MANY);
    assert_null(worked_out(&s, "2022-01-01", false).person);
}

static void a_stranger_is_unknown(void **state)
{
    struct asked_subject s = typed("Some", "Body", "1970-01-01", "");

    (void)state;
    at_home(&s, "8 Phantom Road", "ZZ7 8ZD", "2015-05-01", "");
    assert_int_equal(worked_out(&s, "2022-01-01", false).known, INDEX_UNKNOWN);
}

static void unborn_child_is_not_her_mother(void **state)
{
    struct asked_subject s = typed("Nora", "Corran", "1985-01-02", "");

    (void)state;
    s.unborn = true;
    at_home(&s, "8 Phantom Road", "ZZ7 8ZD", "2015-05-01", "");
    assert_int_equal(worked_out(&s, "2022-01-01", false).subject_kind, SUBJECT_UNBORN);
    assert_true(worked_out(&s, "2022-01-01", false).subject.unborn);
    assert_null(worked_out(&s, "2022-01-01", false)
                    .person); /* our row of the child has no home to match by: only possible */
}

static void our_own_record_adds_what_it_knows(void **state)
{
    struct asked_subject s = typed("Luke", "Corran", "2012-05-06", "");
    struct ask ask;

    (void)state;
    at_home(&s, "8 Phantom Road", "ZZ7 8ZD", "2016-01-01", "");
    ask = worked_out(&s, "2022-01-01", false);
    assert_int_equal(count_kind(&ask.subject, TOKEN_NHS), 1); /* not typed */
    assert_int_equal(count_kind(&ask.subject, TOKEN_HOME), 0);
    assert_int_equal(ask.n_homes, 2); /* typed and ours: the same home, other dates */
}

static void shielded_home_leaves_no_trace(void **state)
{
    struct asked_subject s = typed("Luke", "Corran", "2012-05-06", "9991010017");
    struct ask before, shielded, past;

    (void)state;
    at_home(&s, "8 Phantom Road", "ZZ7 8ZD", "2015-05-01", "2022-07-01");
    at_home(&s, "41 Sample Street", "ZZ7 9ZB", "2022-07-01",
            ""); /* typed too: the practitioner knows it */
    before = worked_out(&s, "2022-06-30", false);
    shielded = worked_out(&s, "2022-07-01", false);
    past = worked_out(&s, "2022-07-01", true);
    assert_false(set_has_home(&before, "41 Sample Street", "ZZ7 9ZB")); /* not lived in yet */
    assert_false(set_has_home(&shielded, "41 Sample Street", "ZZ7 9ZB"));
    assert_true(set_has_home(&past, "41 Sample Street", "ZZ7 9ZB"));
    assert_true(set_has_home(&shielded, "8 Phantom Road", "ZZ7 8ZD"));
    assert_int_equal(count_kind(&shielded.subject, TOKEN_NAME_POSTCODE), 1);
    assert_int_equal(count_kind(&shielded.subject, TOKEN_DOB_HOME), 1);
    assert_int_equal(count_kind(&past.subject, TOKEN_DOB_HOME), 2);
    assert_string_equal(shielded.person, "luke");
}

static void home_typed_by_our_reference_of_a_shielded_one_is_left_out(void **state)
{
    struct asked_subject s = typed("Some", "Body", "1970-01-01", "");
    struct ask ask;

    (void)state;
    at_home(&s, "Flat A, 41 Sample Street", "ZZ7 9ZB", "2022-07-01",
            ""); /* written another way: another token */
    (void)snprintf(s.homes[0].ref, sizeof(s.homes[0].ref), "h2");
    ask = worked_out(&s, "2022-08-01", false);
    assert_int_equal(ask.n_homes, 0);
    assert_int_equal(count_kind(&ask.subject, TOKEN_NAME_POSTCODE), 0);
}

static void thirty_homes_leave_room_for_the_person(void **state)
{
    struct asked_subject s = typed("Old", "Mover", "1950-01-01", "");
    struct ask ask;

    (void)state;
    at_home(&s, "30 Many Row", "ZZ7 7ZZ", "2009-01-01", "2010-01-01");
    ask = worked_out(&s, "2022-08-01", false);
    assert_string_equal(ask.person, "old");
    assert_int_equal(count_kind(&ask.subject, TOKEN_NAME_DOB), 1);
    assert_int_equal(ask.n_homes, HOMES_MAX);
    assert_true(set_has_home(&ask, "30 Many Row", "ZZ7 7ZZ")); /* newest first */
    assert_false(set_has_home(&ask, "1 Many Row", "ZZ7 7ZZ"));
}

static void home_without_postcode_sends_nothing(void **state)
{
    struct asked_subject s = typed("Some", "Body", "1970-01-01", "");

    (void)state;
    at_home(&s, "No fixed address", "", "2020-01-01", "");
    assert_int_equal(worked_out(&s, "2022-08-01", false).n_homes, 0);
}

static void home_without_a_beginning_counts_from_today(void **state)
{
    struct asked_subject s = typed("Some", "Body", "1970-01-01", "");
    struct ask ask;

    (void)state;
    at_home(&s, "1 Many Row", "ZZ7 7ZZ", "", "");
    at_home(&s, "2 Many Row", "ZZ7 7ZZ", "", "2020-01-01"); /* over, and nobody knows since when */
    ask = worked_out(&s, "2022-08-01", false);
    assert_int_equal(ask.n_homes, 1);
    assert_int_equal(ask.homes[0].from, day_of("2022-08-01"));
    assert_int_equal(count_kind(&ask.subject, TOKEN_DOB_HOME), 2);
}

static void relationship_with_whom_she_lives_is_found(void **state)
{
    struct asked_subject s = typed("New", "Baby", "2022-01-01", "");

    (void)state;
    at_home(&s, "8 Phantom Road", "ZZ7 8ZD", "2022-01-01", "");
    assert_int_equal(worked_out(&s, "2022-02-01", false).relationship.kind, RELATION_SAME_HOME);
    assert_int_equal(worked_out(&s, "2022-08-01", false).relationship.kind,
                     RELATION_NONE); /* nora has moved */
}

static void self_claimed_only_where_our_rows_show_none(void **state)
{
    struct asked_subject none = typed("Some", "Body", "1970-01-01", ""),
                         nora = typed("Nora", "Corran", "1985-01-02", "");
    struct asker a = asker_on("2022-01-01");
    const char *wrong = NULL;
    struct ask ask;

    (void)state;
    at_home(&nora, "8 Phantom Road", "ZZ7 8ZD", "2015-05-01", "");
    assert_int_equal(ask_work_out(&a, &none, false, "came to our desk", &ask, &wrong), 0);
    assert_int_equal(ask.relationship.kind, RELATION_SELF_CLAIMED);
    assert_string_equal(ask.relationship.reason, "came to our desk");
    assert_int_equal(ask_work_out(&a, &nora, false, "came to our desk", &ask, &wrong), 0);
    assert_int_equal(ask.relationship.kind, RELATION_INVOLVED);
    assert_string_equal(ask.relationship.reason, "");
}

static void source_that_cannot_say_takes_no_reason_of_ones_own(void **state)
{
    struct asked_subject nora = typed("Nora", "Corran", "1985-01-02", "");
    struct asker a = asker_on("2022-01-01");
    const char *wrong = NULL;
    struct ask ask;

    (void)state;
    at_home(&nora, "8 Phantom Road", "ZZ7 8ZD", "2015-05-01", "");
    relate_result = -ETIMEDOUT;
    assert_int_equal(ask_work_out(&a, &nora, false, "", &ask, &wrong), -EREMOTEIO);
    relate_result = -ETIMEDOUT;
    assert_int_equal(ask_work_out(&a, &nora, false, "came to our desk", &ask, &wrong), 0);
    assert_int_equal(ask.relationship.kind, RELATION_SELF_CLAIMED);
    relate_result = -EINPROGRESS; /* it will say: run again */
    assert_int_equal(ask_work_out(&a, &nora, false, "came to our desk", &ask, &wrong),
                     -EINPROGRESS);
}

static void nothing_is_worked_out_before_our_own_rows_are_there(void **state)
{
    struct asked_subject nora = typed("Nora", "Corran", "1985-01-02", "");
    struct asker a = asker_on("2022-01-01");
    const char *wrong = NULL;
    struct ask ask;

    (void)state;
    a.index = NULL; /* whether a home is shielded is not known */
    assert_int_equal(ask_work_out(&a, &nora, false, "", &ask, &wrong), -EBUSY);
}

static void household_is_one_token(void **state)
{
    struct asked_subject s = { .household = true, .born = CIVIL_NONE };
    struct ask ask;

    (void)state;
    s.home = (struct asked_home){
        .address = "8 Phantom Road", .postcode = "ZZ7 8ZD", .from = CIVIL_NONE, .until = CIVIL_NONE
    };
    ask = worked_out(&s, "2022-01-01", false);
    assert_int_equal(ask.subject_kind, SUBJECT_HOUSEHOLD);
    assert_int_equal(ask.household.kind, TOKEN_HOME);
    assert_int_equal(ask.subject.n, 0);
    assert_int_equal(ask.relationship.kind, RELATION_SAME_HOME);
}

static void what_was_typed_wrongly_is_named(void **state)
{
    struct asker a = asker_on("2022-01-01");
    struct asked_subject s = typed("Ann", "Lee", "1990-01-01", "9991010018");
    const char *wrong = NULL;
    struct ask ask;

    (void)state;
    assert_int_equal(ask_work_out(&a, &s, false, "", &ask, &wrong), ALM_BAD_NHS);
    assert_string_equal(wrong, "nhs_number");
    s = typed("Ann", "Lee", "", "");
    assert_int_equal(ask_work_out(&a, &s, false, "", &ask, &wrong), ALM_BAD_BORN);
    assert_string_equal(wrong, "date_of_birth");
    s = typed("Ann", "Lee", "1990-01-01", "");
    at_home(&s, "1 Row", "ZZ7 8ZA", "", "");
    at_home(&s, "1 Row", "nowhere", "", "");
    assert_int_equal(ask_work_out(&a, &s, false, "", &ask, &wrong), ALM_BAD_POSTCODE);
    assert_string_equal(wrong, "homes[1]");
}

static void one_address_may_be_two_homes_of_ours(void **state)
{
    struct alm_place place;
    struct token home;

    (void)state;
    assert_int_equal(tokens_home(&f.key, "41 Sample Street", "ZZ7 9ZB", &home), 0);
    ask_place(f.index, &home, CIVIL_NONE, CIVIL_NONE, &place);
    assert_int_equal(place.n, 2); /* h2 and h2b */
}

#define WITH_ROWS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ROWS(one_person_is_found_by_a_strong_token),
        WITH_ROWS(name_and_birth_date_need_one_more),
        WITH_ROWS(twins_are_two_people),
        WITH_ROWS(strong_token_of_another_is_a_conflict),
        WITH_ROWS(one_person_in_two_rows_is_ambiguous),
        WITH_ROWS(a_stranger_is_unknown),
        WITH_ROWS(unborn_child_is_not_her_mother),
        WITH_ROWS(our_own_record_adds_what_it_knows),
        WITH_ROWS(shielded_home_leaves_no_trace),
        WITH_ROWS(home_typed_by_our_reference_of_a_shielded_one_is_left_out),
        WITH_ROWS(thirty_homes_leave_room_for_the_person),
        WITH_ROWS(home_without_postcode_sends_nothing),
        WITH_ROWS(home_without_a_beginning_counts_from_today),
        WITH_ROWS(relationship_with_whom_she_lives_is_found),
        WITH_ROWS(self_claimed_only_where_our_rows_show_none),
        WITH_ROWS(source_that_cannot_say_takes_no_reason_of_ones_own),
        WITH_ROWS(nothing_is_worked_out_before_our_own_rows_are_there),
        WITH_ROWS(household_is_one_token),
        WITH_ROWS(what_was_typed_wrongly_is_named),
        WITH_ROWS(one_address_may_be_two_homes_of_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
