/* SPDX-License-Identifier: Apache-2.0 */
/* test_csv_rules.c - what an agency's rows say to each kind of question, day by day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "adapter_fixture.h"
#include "alloc_fail.h"

static const char conf_text[] =
    "csv = { people = { file = \"people.csv\"; }; homes = { file = \"homes.csv\"; }; residences = "
    "{ file = \"residences.csv\"; };\n"
    "  contacts = { file = \"contacts.csv\"; }; involvements = { file = \"involvements.csv\"; };\n"
    "  relationships = { people = { file = \"org-people.csv\"; }; residences = { file = "
    "\"org-residences.csv\"; };\n"
    "    involvements = { file = \"org-involvements.csv\"; }; referrals = { file = "
    "\"referrals.csv\"; }; }; };\n"
    "questions = (\n"
    "  { id = \"plan\"; rule = \"state\"; kinds = [ \"plan-start\" ]; end_kinds = [ \"plan-end\" "
    "]; },\n"
    "  { id = \"caf\"; rule = \"state\"; kinds = [ \"caf-start\" ]; end_kinds = [ \"caf-end\" ]; "
    "},\n"
    "  { id = \"incident\"; rule = \"window\"; kinds = [ \"incident\", \"call\" ]; window_days = "
    "30; },\n"
    "  { id = \"evicted\"; rule = \"ever\"; kinds = [ \"eviction\" ]; },\n"
    "  { id = \"with-us\"; rule = \"involvement\"; },\n"
    "  { id = \"in-hostel\"; rule = \"involvement\"; services = [ \"hostel\" ]; },\n"
    "  { id = \"lives-at\"; rule = \"residence\"; }\n"
    ");\n";
static const char people[] =
    "person_id,given_name,family_name,date_of_birth\n"
    "mum,Nora,Corran,1985-01-02\nluke,Luke,Corran,2012-05-06\nzoe,Zoe,Corran,2012-05-06\n"
    "kit,Kit,Lodger,1999-09-09\nmoved,Mo,Ved,1990-01-01\nnobody,No,Body,1990-01-01\ncara,Cara,"
    "Served,1991-02-02\n";
static const char homes[] = "household_id,address_line,postcode,shielded_from\n"
                            "h1,8 Phantom Road,ZZ7 8ZD,\nh2,41 Sample Street,ZZ7 "
                            "9ZB,2022-07-01\nyoi,Young offender institution,,\n";
static const char residences[] =
    "person_id,household_id,from_date,to_date\n"
    "mum,h1,2015-05-01,2022-07-01\nmum,h2,2022-07-01,\nluke,h1,2015-05-01,2022-07-01\nluke,h2,2022-"
    "07-01,\n"
    "zoe,h1,2015-05-01,2019-08-01\nmoved,h2,2020-01-01,\nkit,yoi,2022-01-01,2022-05-01\n";
static const char contacts[] =
    "contact_id,person_id,household_id,date,kind\n"
    "1,luke,h1,2021-01-10,plan-start\n"
    "2,luke,h1,2021-06-10,plan-end\n"
    "3,luke,h1,2021-06-10,plan-start\n" /* ended and begun on one day: still on */
    "4,luke,h2,2022-09-01,plan-end\n"
    "5,,h1,2022-06-20,incident\n" /* while mum and luke lived there, zoe did not */
    "6,,h2,2022-07-10,call\n"
    "7,kit,,2022-02-01,eviction\n"
    "8,,h1,2020-03-01,caf-start\n"
    "9,,h1,2020-09-01,caf-end\n"
    "10,moved,h1,2019-01-01,plan-start\n"; /* has long lived elsewhere */
static const char involvements[] =
    "involvement_id,person_id,service,start_date,end_date,contact_route\n"
    "1,mum,support,2021-01-01,2022-03-01,\n2,kit,hostel,2022-01-01,,hostel "
    "desk\n3,kit,advice,2021-05-01,,\n"
    "4,cara,healthcare,2021-01-01,,\n5,cara,care,2021-01-02,,\n6,cara,health,2021-01-03,,\n"
    "7,cara,care,2021-01-04,,\n8,cara,healthcare,2021-01-05,,\n";
static const char org_people[] = "person_id,given_name,family_name,date_of_birth\nmum,Nora,Corran,"
                                 "1985-01-02\nteam,Tea,Mster,1991-01-01\n";
static const char org_residences[] =
    "person_id,household_id,from_date,to_date\nteam,h2,2022-01-01,\n";
static const char org_involvements[] =
    "involvement_id,person_id,service,start_date,end_date\n1,team,team work,2022-01-01,2022-11-01\n"
    "2,stranger,team work,2022-01-01,\n";
static const char referrals[] =
    "referral_id,person_id,household_id,sent_date,decision,decided_date,closed_date\n"
    "1,nobody,,2022-01-01,declined,2022-02-01,\n2,,h1,2021-01-01,accepted,2021-01-05,2021-03-01\n";

static struct adapter_fixture f;

static int setup(void **state)
{
    if (temp_dir_setup(state) != 0)
        return -1;
    temp_text("people.csv", people);
    temp_text("homes.csv", homes);
    temp_text("residences.csv", residences);
    temp_text("contacts.csv", contacts);
    temp_text("involvements.csv", involvements);
    temp_text("org-people.csv", org_people);
    temp_text("org-residences.csv", org_residences);
    temp_text("org-involvements.csv", org_involvements);
    temp_text("referrals.csv", referrals);
    if (fixture_open(&f, conf_text, true) != 0)
        return -1;
    return fixture_load(&f, true);
}

static int teardown(void **state)
{
    fixture_close(&f);
    return temp_dir_teardown(state);
}

static struct alm_answer ask(const struct alm_question *q)
{
    struct alm_answer a = { 0 };

    fixture_answer(&f, q, &a);
    return a;
}

/* clang-format off: a table, one row a line */
static const struct {
    const char *question, *person, *day;
    uint8_t value;
} about_people[] = {
    { "plan", "luke", "2021-01-09", ALM_NO },
    { "plan", "luke", "2021-01-10", ALM_YES },
    { "plan", "luke", "2021-06-10", ALM_YES },
    { "plan", "luke", "2022-08-31", ALM_YES },
    { "plan", "luke", "2022-09-01", ALM_NO },
    { "plan", "mum", "2022-01-01", ALM_NO },
    { "plan", NULL, "2022-01-01", ALM_NOT_KNOWN },
    { "incident", "mum", "2022-06-19", ALM_NO },
    { "incident", "mum", "2022-06-20", ALM_YES },
    { "incident", "mum", "2022-08-09", ALM_YES },
    { "incident", "mum", "2022-08-10", ALM_NO },
    { "incident", "zoe", "2022-06-25", ALM_NO },
    { "incident", "luke", "2022-07-20", ALM_YES },
    { "incident", "moved", "2022-07-11", ALM_YES },
    { "incident", "nobody", "2022-07-11", ALM_NO },
    { "evicted", "kit", "2022-01-31", ALM_NO },
    { "evicted", "kit", "2022-02-01", ALM_YES },
    { "evicted", "kit", "2030-01-01", ALM_YES },
    { "caf", "mum", "2020-03-01", ALM_YES },
    { "caf", "mum", "2020-08-31", ALM_YES },
    { "caf", "mum", "2020-09-01", ALM_NO },
    { "caf", "zoe", "2020-04-01", ALM_NO }, /* had left the home by then */
    { "with-us", "mum", "2020-12-31", ALM_NO },
    { "with-us", "mum", "2021-01-01", ALM_YES },
    { "with-us", "mum", "2022-02-28", ALM_YES },
    { "with-us", "mum", "2022-03-01", ALM_NO },
    { "with-us", NULL, "2022-01-01", ALM_NOT_KNOWN },
    { "in-hostel", "mum", "2022-01-01", ALM_NO },
    { "in-hostel", "kit", "2022-01-01", ALM_YES },
    { "in-hostel", "kit", "2021-12-31", ALM_NO },
};
/* clang-format on */

static void rows_answer_about_people_day_by_day(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALM_LEN(about_people); i++) {
        const struct alm_question q = { .id = about_people[i].question,
                                        .person = about_people[i].person,
                                        .as_of = day_of(about_people[i].day) };
        struct alm_answer a = ask(&q);

        if (a.value != about_people[i].value)
            print_error("row %zu: %s of %s on %s\n", i, q.id, q.person ? q.person : "-",
                        about_people[i].day);
        assert_int_equal(a.value, about_people[i].value);
        assert_int_equal(a.data_as_of, q.as_of);
    }
}

/* clang-format off: a table, one row a line */
static const struct {
    const char *question, *home, *day;
    uint8_t value;
} about_households[] = {
    { "incident", "h1", "2022-06-25", ALM_YES }, { "incident", "h2", "2022-06-25", ALM_NO },
    { "incident", "h2", "2022-07-10", ALM_YES }, { "incident", NULL, "2022-07-10", ALM_NOT_KNOWN },
    { "plan", "h1", "2022-01-01", ALM_YES }, /* luke lives there */
    { "plan", "h2", "2019-06-01", ALM_NO },  /* nobody lives there yet */
    { "plan", "h2", "2022-01-01", ALM_NO },  /* moved lives there, but only "contacts with that
                                                household id count" */
    { "plan", "h2", "2022-08-01", ALM_NO },  /* so with luke, who has moved in */
    { "plan", "h1", "2022-08-01", ALM_NO },  /* luke has moved out, and moved lives elsewhere:
                                                neither is "in it" */
    { "caf", "h1", "2020-05-01", ALM_YES },      { "caf", "h1", "2021-05-01", ALM_NO },
    { "plan", "h1", "2019-06-01", ALM_YES }, /* moved has a contact there, and we know no other home
                                                of that day */
};
/* clang-format on */

static void rows_answer_about_households(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALM_LEN(about_households); i++) {
        struct alm_question q = { .id = about_households[i].question,
                                  .about_household = true,
                                  .as_of = day_of(about_households[i].day) };

        q.household = (struct alm_place){ .n = about_households[i].home ? 1 : 0,
                                          .homes = { about_households[i].home },
                                          .from = CIVIL_NONE,
                                          .until = CIVIL_NONE };
        if (ask(&q).value != about_households[i].value)
            print_error("row %zu: %s of %s on %s\n", i, q.id, about_households[i].home,
                        about_households[i].day);
        assert_int_equal(ask(&q).value, about_households[i].value);
    }
}

/* clang-format off: a table, one row a line */
static const struct {
    const char *person, *home, *day;
    uint8_t value;
} lives_at[] = {
    { "mum", "h1", "2022-06-30", ALM_YES },
    { "mum", "h1", "2022-07-01", ALM_NO },
    { "mum", "h2", "2022-07-01", ALM_YES },
    { "mum", NULL, "2022-07-01", ALM_NO }, /* a home we do not hold: she lives in another */
    { "kit", "h1", "2022-02-01", ALM_NO },
    { "kit", "h1", "2022-05-01", ALM_NOT_KNOWN },
    { "nobody", "h1", "2022-02-01", ALM_NOT_KNOWN },
    { NULL, "h1", "2022-02-01", ALM_NOT_KNOWN },
};
/* clang-format on */

static void residence_is_the_home_on_the_day(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALM_LEN(lives_at); i++) {
        struct alm_question q = { .id = "lives-at",
                                  .person = lives_at[i].person,
                                  .as_of = day_of(lives_at[i].day),
                                  .has_parameter = true };

        q.parameter = (struct alm_place){ .n = lives_at[i].home ? 1 : 0,
                                          .homes = { lives_at[i].home },
                                          .from = CIVIL_NONE,
                                          .until = CIVIL_NONE };
        assert_int_equal(ask(&q).value, lives_at[i].value);
    }
}

static void homes_of_the_question_count_where_we_know_no_residence(void **state)
{
    const struct alm_place there = {
        .n = 1, .homes = { "h1" }, .from = day_of("2022-06-01"), .until = CIVIL_NONE
    };
    const struct alm_place left = {
        .n = 1, .homes = { "h1" }, .from = day_of("2022-01-01"), .until = day_of("2022-06-20")
    };
    struct alm_question q = {
        .id = "incident", .as_of = day_of("2022-06-25"), .n_places = 1, .places = &there
    };

    (void)state;
    assert_int_equal(ask(&q).value, ALM_YES); /* unknown to us, but lived where it happened */
    q.person = "nobody";
    assert_int_equal(ask(&q).value, ALM_YES); /* known, and we hold no residence of theirs */
    q.person = "zoe";
    assert_int_equal(ask(&q).value, ALM_NO); /* our own rows say that she had left */
    q.person = NULL;
    q.places = &left;
    assert_int_equal(ask(&q).value, ALM_NOT_KNOWN); /* gone on the day it happened */
    q.id = "with-us";
    q.places = &there;
    assert_int_equal(ask(&q).value, ALM_NOT_KNOWN); /* a home says nothing of an involvement */
}

static void a_service_within_anothers_name_is_told_too_and_none_twice(void **state)
{
    const struct alm_question q = {
        .involvement = true, .id = "", .person = "cara", .as_of = day_of("2022-06-01")
    };
    struct alm_answer a = ask(&q);

    (void)state;
    assert_int_equal(a.value, ALM_YES);
    assert_string_equal(a.service, "healthcare, care, health");
}

static void involvement_tells_services_route_and_since(void **state)
{
    const struct alm_question q = {
        .involvement = true, .id = "", .person = "kit", .as_of = day_of("2022-06-01")
    };
    struct alm_answer a = ask(&q);

    (void)state;
    assert_int_equal(a.value, ALM_YES);
    assert_string_equal(a.service, "hostel, advice");
    assert_string_equal(a.contact_route, "hostel desk");
    assert_int_equal(a.since, day_of("2021-05-01"));
}

static void question_that_nobody_configured_is_unsupported(void **state)
{
    struct alm_question q = { .id = "unheard-of", .person = "mum", .as_of = day_of("2022-06-01") };

    (void)state;
    assert_int_equal(ask(&q).value, ALM_CANNOT_SAY);
    assert_int_equal(ask(&q).cause, ALM_UNSUPPORTED);
    q.id = "lives-at"; /* without its home */
    assert_int_equal(ask(&q).cause, ALM_UNSUPPORTED);
    q.id = "with-us";
    q.about_household = true;
    assert_int_equal(ask(&q).cause, ALM_UNSUPPORTED);
}

/* clang-format off: a table, one row a line */
static const struct {
    const char *person, *home, *day; /* home: typed, as the present one */
    uint8_t kind;
    const char *since, *until;
} relations[] = {
    { "mum", NULL, "2022-02-28", ALM_INVOLVED, "2021-01-01", "" },
    { "mum", NULL, "2022-03-01", ALM_WAS_INVOLVED, "2021-01-01", "2022-03-01" },
    { "mum", NULL, "2023-03-01", ALM_WAS_INVOLVED, "2021-01-01",
      "2022-03-01" }, /* 365 days after */
    { "mum", NULL, "2023-03-02", ALM_SAME_HOME, "2022-01-01",
      "2022-11-01" }, /* 366: only the team's, about who lives with her */
    { "luke", NULL, "2021-06-01", ALM_SAME_HOME, "2021-01-01", "" },
    { "luke", NULL, "2022-08-01", ALM_SAME_HOME, "2022-01-01",
      "" },                                                   /* the team's is open, mum's is not */
    { "zoe", NULL, "2021-06-01", ALM_RELATION_NONE, "", "" }, /* lives nowhere we know */
    { "zoe", "h1", "2021-06-01", ALM_SAME_HOME, "2021-01-01", "" }, /* was typed to live there */
    { NULL, "h1", "2021-06-01", ALM_SAME_HOME, "2021-01-01", "" },
    { NULL, "h1", "2021-02-28", ALM_SAME_HOME, "2021-01-01",
      "" }, /* an involvement before a referral */
    { NULL, "yoi", "2021-02-28", ALM_RELATION_NONE, "", "" },
    { "nobody", NULL, "2021-12-31", ALM_RELATION_NONE, "", "" },
    { "nobody", NULL, "2022-01-31", ALM_REFERRAL, "2022-01-01", "" },
    { "nobody", NULL, "2022-02-01", ALM_RELATION_NONE, "", "" }, /* declined */
    { NULL, NULL, "2022-02-01", ALM_RELATION_NONE, "", "" },
    { "team", NULL, "2022-06-01", ALM_INVOLVED, "2022-01-01", "" },
};
/* clang-format on */

static void relationship_is_worked_out_from_our_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALM_LEN(relations); i++) {
        const struct alm_place place = { .n = 1,
                                         .homes = { relations[i].home },
                                         .from = day_of("2015-01-01"),
                                         .until = CIVIL_NONE };
        const struct alm_subject s = { relations[i].person, day_of(relations[i].day),
                                       relations[i].home ? 1 : 0, &place };
        struct alm_relationship r = { 0 };

        assert_int_equal(backend_csv.relate(f.backend, &s, &r), 0);
        if (r.kind != relations[i].kind)
            print_error("row %zu\n", i);
        assert_int_equal(r.kind, relations[i].kind);
        assert_int_equal(r.since, day_of(relations[i].since));
        assert_int_equal(r.until, day_of(relations[i].until));
    }
}

static void people_of_the_organisation_are_not_known_to_askers(void **state)
{
    const struct identity who = { "Tea", "Mster", day_of("1991-01-01"), "", "", false };
    struct token_set set;
    struct token at_home[TOKENS_AT_HOME];
    size_t person;

    (void)state;
    assert_int_equal(tokens_identity(&f.key, &who, &set), ALM_OK);
    assert_int_equal(tokens_at_home(&f.key, &who, "41 Sample Street", "ZZ7 9ZB", at_home), ALM_OK);
    assert_true(token_set_add_home(&set, at_home));
    assert_int_equal(index_find(f.index, &set, false, &person), INDEX_UNKNOWN);
    assert_int_equal(index_find(f.index, &set, true, &person), INDEX_ONE);
    assert_int_equal(index_n_people(f.index), 7);
}

static void failed_reload_keeps_the_rows_before(void **state)
{
    const struct alm_question q = { .id = "plan", .person = "luke", .as_of = day_of("2022-01-01") };

    (void)state;
    temp_text("contacts.csv",
              "contact_id,person_id,household_id,date,kind\n1,luke,h1,not-a-day,plan-start\n");
    assert_int_equal(fixture_load(&f, false), -22);
    assert_int_equal(ask(&q).value, ALM_YES);
    temp_text("contacts.csv", "contact_id,person_id,household_id,date,kind\n");
    assert_int_equal(fixture_load(&f, false), 0);
    assert_int_equal(ask(&q).value, ALM_NO);
}

static void memory_that_runs_out_anywhere_fails_the_load_and_keeps_the_rows_before(void **state)
{
    const struct alm_question q = { .id = "plan", .person = "luke", .as_of = day_of("2022-01-01") };
    int r = -1;

    (void)state;
    for (long n = 0; r != 0; n++) {
        assert_true(n < 100000);
        alloc_fail_nth(n);
        r = fixture_load(&f, true);
        if (!alloc_failed()) {
            assert_int_equal(r, 0);
            break;
        }
        assert_int_not_equal(r, 0);
        assert_int_equal(ask(&q).value, ALM_YES);
    }
    alloc_fail_nth(-1);
    assert_int_equal(ask(&q).value, ALM_YES);
}

#define WITH_ROWS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ROWS(rows_answer_about_people_day_by_day),
        WITH_ROWS(rows_answer_about_households),
        WITH_ROWS(residence_is_the_home_on_the_day),
        WITH_ROWS(homes_of_the_question_count_where_we_know_no_residence),
        WITH_ROWS(involvement_tells_services_route_and_since),
        WITH_ROWS(a_service_within_anothers_name_is_told_too_and_none_twice),
        WITH_ROWS(question_that_nobody_configured_is_unsupported),
        WITH_ROWS(relationship_is_worked_out_from_our_rows),
        WITH_ROWS(people_of_the_organisation_are_not_known_to_askers),
        WITH_ROWS(failed_reload_keeps_the_rows_before),
        WITH_ROWS(memory_that_runs_out_anywhere_fails_the_load_and_keeps_the_rows_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
