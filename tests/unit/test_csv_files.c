/* SPDX-License-Identifier: Apache-2.0 */
/* test_csv_files.c - bad files, each with the error it must get; missing ones, which make "cannot
 * say" and never "no". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "adapter_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/time.h>

#define CONF_FILES                                                                                 \
    "people = { file = \"people.csv\"; }; homes = { file = \"homes.csv\"; }; residences = { file " \
    "= \"residences.csv\"; };\n"                                                                   \
    "contacts = { file = \"contacts.csv\"; }; involvements = { file = \"involvements.csv\"; };\n"
#define CONF_QUESTIONS                                                                             \
    "questions = ( { id = \"evicted\"; rule = \"ever\"; kinds = [ \"eviction\" ]; },\n"            \
    "  { id = \"with-us\"; rule = \"involvement\"; }, { id = \"lives-at\"; rule = \"residence\"; " \
    "} );\n"
static const char conf_plain[] = "csv = { " CONF_FILES " };\n" CONF_QUESTIONS;

#define PEOPLE_HEAD "person_id,given_name,family_name,date_of_birth,nhs_number,upn\n"
#define PEOPLE_GOOD                                                                                \
    PEOPLE_HEAD "p1,Ann,Lee,1990-01-01,9991010017,\np2,Bob,Lee,1991-01-01,,E987990118021\n"
#define HOMES_GOOD    "household_id,address_line,postcode\nh1,1 Row,ZZ7 8ZA\n"
#define STAYS_GOOD    "person_id,household_id,from_date,to_date\np1,h1,2020-01-01,\n"
#define CONTACTS_GOOD "contact_id,person_id,household_id,date,kind\n1,p1,,2020-01-01,eviction\n"
#define INVOLVED_GOOD "involvement_id,person_id,service,start_date,end_date\n1,p1,x,2020-01-01,\n"

static struct adapter_fixture f;

static void good_files(void)
{
    temp_text("people.csv", PEOPLE_GOOD);
    temp_text("homes.csv", HOMES_GOOD);
    temp_text("residences.csv", STAYS_GOOD);
    temp_text("contacts.csv", CONTACTS_GOOD);
    temp_text("involvements.csv", INVOLVED_GOOD);
}

static int setup(void **state)
{
    if (temp_dir_setup(state) != 0)
        return -1;
    good_files();
    return fixture_open(&f, conf_plain, true);
}

static int teardown(void **state)
{
    fixture_close(&f);
    return temp_dir_teardown(state);
}

/* clang-format off: a table, one row a line */
#define TEXT(text) text, sizeof(text) - 1
static const struct {
    const char *file, *text;
    size_t len;
    const char *said; /* at the beginning of a line of the report */
} bad[] = {
    { "people.csv", TEXT(""), "people.csv:1: the file is empty" },
    { "people.csv", TEXT("\n\n"), "people.csv:1: the file is empty" },
    { "people.csv", TEXT(PEOPLE_HEAD "p1,A\0nn,Lee,1990-01-01,,\n"), "people.csv:2: a NUL byte" },
    { "people.csv",
      TEXT(PEOPLE_HEAD "p1,Ann,Lee,1990-01-01,,\np2,B\xf6"
                       "b,Lee,1990-01-01,,\n"),
      "people.csv:3: bytes that are not UTF-8" },
    { "people.csv", TEXT("p\0e\0r\0"), "people.csv:1: a NUL byte" },
    { "people.csv", TEXT(PEOPLE_HEAD "p1,Ann \"Annie\",Lee,1990-01-01,,\n"),
      "people.csv:2: a stray quote" },
    { "people.csv", TEXT(PEOPLE_HEAD "p1,\"Ann\" Annie,Lee,1990-01-01,,\n"),
      "people.csv:2: a stray quote" },
    { "people.csv", TEXT(PEOPLE_HEAD "p1,Ann,Lee,1990-01-01,,\np2,\"Bob,Lee,1990-01-01,,\n"),
      "people.csv:3: a quote that opens here" },
    { "people.csv", TEXT(PEOPLE_HEAD "p1,Ann,Lee,1990-01-01,\n"),
      "people.csv:2: the row has 5 fields and the header 6" },
    { "people.csv", TEXT(PEOPLE_HEAD "p1,Ann,Lee, Lee,1990-01-01,,\n"),
      "people.csv:2: the row has 7 fields and the header 6" },
    { "people.csv",
      TEXT(PEOPLE_HEAD "p1,\"Ann\n\nMary\",Lee,1990-01-01,,\np2,Bob,Lee,1990-13-01,,\n"),
      "people.csv:5: not a date" },
    { "people.csv", TEXT(PEOPLE_HEAD "\n\np1,Ann,Lee,01/02/1990,,\n"), "people.csv:4: not a date" },
    { "people.csv", TEXT(PEOPLE_HEAD "p1,Ann,Lee,1990-02-30,,\n"), "people.csv:2: not a date" },
    { "people.csv", TEXT(PEOPLE_HEAD "p1,Ann,Lee,,,\n"), "people.csv:2: not a date" },
    { "people.csv", TEXT(PEOPLE_HEAD "p1,,Lee,1990-01-01,,\n"), "people.csv:2: the name is empty" },
    { "people.csv", TEXT(PEOPLE_HEAD ",Ann,Lee,1990-01-01,,\n"),
      "people.csv:2: the reference is empty" },
    { "people.csv", TEXT(PEOPLE_HEAD "p1,Ann,Lee,1990-01-01,,\np1,Bob,Lee,1990-01-01,,\n"),
      "people.csv:3: this reference was given" },
    { "people.csv", TEXT(PEOPLE_HEAD "p1,Ann,Lee,1990-01-01,9991010018,\n"),
      "people.csv:2: not an NHS number" },
    { "people.csv", TEXT(PEOPLE_HEAD "p1,Ann,Lee,1990-01-01,,X987990118021\n"),
      "people.csv:2: not a UPN" },
    { "people.csv", TEXT("person_id,given_name,family_name\np1,Ann,Lee\n"),
      "people.csv:1: the header has no column date_of_birth" },
    { "people.csv", TEXT("person_id;given_name;family_name;date_of_birth\n"),
      "people.csv:1: the header has no column person_id; save the file with commas" },
    { "people.csv", TEXT("person_id,given_name,given_name,family_name,date_of_birth\n"),
      "people.csv:1: two columns have the same name" },
    { "people.csv",
      TEXT(
          "person_id,given_name,family_name,date_of_birth,unborn\np1,Ann,Lee,1990-01-01,perhaps\n"),
      "people.csv:2: unborn is yes or no" },
    { "homes.csv", TEXT("household_id,address_line,postcode\nh1,1 Row,ZZ78\n"),
      "homes.csv:2: not a postcode" },
    { "homes.csv", TEXT("household_id,address_line,postcode\nh1,,ZZ7 8ZA\n"),
      "homes.csv:2: a postcode without an address" },
    { "homes.csv", TEXT("household_id,address_line,postcode\nh1,1 Row,ZZ7 8ZA\nh1,2 Row,ZZ7 8ZA\n"),
      "homes.csv:3: this reference was given" },
    { "homes.csv",
      TEXT("household_id,address_line,postcode,shielded_from\nh1,1 Row,ZZ7 8ZA,soon\n"),
      "homes.csv:2: not a date" },
    { "residences.csv", TEXT("person_id,household_id,from_date,to_date\np9,h1,2020-01-01,\n"),
      "residences.csv:2: this person is in no people file" },
    { "residences.csv",
      TEXT("person_id,household_id,from_date,to_date\np1,h1,2020-01-02,2020-01-01\n"),
      "residences.csv:2: the row ends before" },
    { "residences.csv", TEXT("person_id,household_id,from_date,to_date\np1,,2020-01-02,\n"),
      "residences.csv:2: a stay needs" },
    { "residences.csv", TEXT("person_id,household_id,from_date\np1,h1,2020-01-02\n"),
      "residences.csv:1: the header has no column to_date" },
    { "contacts.csv", TEXT("contact_id,person_id,household_id,date,kind\n1,p9,,2020-01-01,x\n"),
      "contacts.csv:2: this person is in no people file" },
    { "contacts.csv", TEXT("contact_id,person_id,household_id,date,kind\n1,,,2020-01-01,x\n"),
      "contacts.csv:2: a contact bears" },
    { "contacts.csv", TEXT("contact_id,person_id,household_id,date,kind\n1,p1,,,x\n"),
      "contacts.csv:2: not a date" },
    { "contacts.csv", TEXT("contact_id,person_id,household_id,date,kind\n1,p1,,2020-01-01,\n"),
      "contacts.csv:2: a contact needs a kind" },
    { "contacts.csv",
      TEXT("contact_id,person_id,household_id,date,kind\n1,p1,,2020-01-01,x\n1,p1,,2020-01-02,x\n"),
      "contacts.csv:3: this id stands" },
    { "involvements.csv", TEXT("person_id,start_date,end_date\n,2020-01-01,\n"),
      "involvements.csv:2: an involvement needs" },
    { "involvements.csv", TEXT("person_id,start_date,end_date\np1,2020-01-02,2020-01-01\n"),
      "involvements.csv:2: the row ends before" },
};
/* clang-format on */

static void bad_files_are_told_with_file_and_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALM_LEN(bad); i++) {
        good_files();
        temp_write(bad[i].file, bad[i].text, bad[i].len);
        assert_int_equal(fixture_load(&f, true), -EINVAL);
        if (strncmp(f.said, bad[i].said, strlen(bad[i].said)) != 0)
            print_error("row %zu: expected \"%s\", was told: %s", i, bad[i].said, f.said);
        assert_int_equal(strncmp(f.said, bad[i].said, strlen(bad[i].said)), 0);
        assert_false(f.loaded);
    }
}

static void errors_never_quote_what_stood_there(void **state)
{
    (void)state;
    temp_text("people.csv", PEOPLE_HEAD
              "p1,Annabel,Leeward,1990-99-01,,\np2,Bobby,Leeward,1990-01-01,1112223334,\n");
    assert_int_equal(fixture_load(&f, true), -EINVAL);
    assert_null(strstr(f.said, "Anna"));
    assert_null(strstr(f.said, "1990-99"));
    assert_null(strstr(f.said, "111222"));
}

static void all_errors_of_a_file_come_in_one_run(void **state)
{
    (void)state;
    temp_text("people.csv", PEOPLE_HEAD "p1,,Lee,1990-01-01,,\np2,Bob,Lee,1990,,\n");
    temp_text("homes.csv", "household_id,address_line,postcode\nh1,1 Row,ZZ78\n");
    assert_int_equal(fixture_load(&f, true), -EINVAL);
    assert_non_null(strstr(f.said, "people.csv:2: "));
    assert_non_null(strstr(f.said, "people.csv:3: "));
}

static void good_files_of_other_makes_are_read(void **state)
{
    (void)state;
    temp_text("people.csv", "\xef\xbb\xbf"
                            "upn,person_id,given_name,family_name,date_of_birth,shoe size\r\n"
                            ",p1,\"Ann \"\"Annie\"\"\",\"Lee, Jr\",1990-01-01,5\r\n"
                            ",p2,Bob,Lee,1991-01-01,6"); /* a mark, CRLF, quotes, another order, a
                                                            strange column, no last line end */
    assert_int_equal(fixture_load(&f, true), 0);
    assert_string_equal(f.said, "");
    assert_int_equal(index_n_people(f.index), 2);
}

static struct alm_answer ask(const char *id, const char *person)
{
    struct alm_question q = {
        .id = id, .person = person, .as_of = day_of("2021-01-01"), .has_parameter = true
    };
    struct alm_answer a = { 0 };

    q.parameter.n = 0;
    fixture_answer(&f, &q, &a);
    return a;
}

static void missing_file_or_column_is_cannot_say_and_never_no(void **state)
{
    static const struct {
        const char *file, *question;
    } rows[] = {
        { "contacts.csv", "evicted" }, { "residences.csv", "evicted" },
        { "people.csv", "evicted" },   { "involvements.csv", "with-us" },
        { "people.csv", "with-us" },   { "residences.csv", "lives-at" },
        { "homes.csv", "lives-at" },
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        for (int lacking = 0; lacking < 2; lacking++) {
            good_files();
            if (lacking)
                temp_text(rows[i].file, "something_else\n");
            else
                assert_int_equal(unlink(temp_path(rows[i].file)), 0);
            assert_int_equal(fixture_load(&f, true), -EINVAL); /* --check says it */
            assert_int_equal(fixture_load(&f, false), 0);
            assert_int_equal(ask(rows[i].question, "p2").value, ALM_CANNOT_SAY);
            assert_int_equal(ask(rows[i].question, "p2").cause, ALM_PARTIAL);
        }
    }
}

static void yes_stands_where_only_another_file_is_missing(void **state)
{
    (void)state;
    assert_int_equal(unlink(temp_path("residences.csv")), 0);
    assert_int_equal(fixture_load(&f, false), 0);
    assert_int_equal(ask("evicted", "p1").value, ALM_YES);
    assert_int_equal(ask("with-us", "p2").value, ALM_NO); /* it reads no residences */
}

static void file_that_is_a_folder_or_unreadable_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(unlink(temp_path("contacts.csv")), 0);
    assert_int_equal(mkdir(temp_path("contacts.csv"), 0700), 0);
    assert_int_equal(fixture_load(&f, false), -EINVAL);
    assert_non_null(strstr(f.said, "contacts.csv:0: cannot be read"));
    assert_int_equal(rmdir(temp_path("contacts.csv")), 0);
    assert_int_equal(mkfifo(temp_path("contacts.csv"), 0600), 0);
    assert_int_equal(fixture_load(&f, false), -EINVAL);
}

static void live_rows_are_as_old_as_the_oldest_file(void **state)
{
    const struct timeval long_ago[2] = { { 1577880000, 0 },
                                         { 1577880000, 0 } }; /* 2020-01-01 12:00 UTC */
    struct adapter_fixture live;
    struct alm_question q = { .id = "evicted", .person = "p2", .as_of = day_of("2021-01-01") };
    struct alm_answer a = { 0 };

    (void)state;
    assert_int_equal(utimes(temp_path("contacts.csv"), long_ago), 0);
    assert_int_equal(fixture_open(&live,
                                  "csv = { " CONF_FILES " max_age_days = 366; };\n" CONF_QUESTIONS,
                                  false),
                     0);
    assert_int_equal(fixture_load(&live, true), 0);
    fixture_answer(&live, &q, &a);
    assert_int_equal(a.value, ALM_NO);
    assert_int_equal(a.data_as_of, day_of("2020-01-01"));
    q.as_of = day_of("2021-01-02"); /* 367 days */
    fixture_answer(&live, &q, &a);
    assert_int_equal(a.value, ALM_CANNOT_SAY);
    assert_int_equal(a.cause, ALM_STALE);
    fixture_close(&live);
}

/* clang-format off: a table, one row a line */
static const struct {
    const char *conf, *said;
} bad_confs[] = {
    { "agency = \"x\";\n", "backend = \"csv\" needs a group csv" },
    { "csv = { };\n", ":1: csv needs people" },
    { "csv = { people = \"people.csv\"; };\n", ":1: people is a group" },
    { "csv = { people = { }; };\n", ":1: " },
    { "csv = { people = { file = 7; }; };\n", ":1: " },
    { "csv = { people = { file = \"p\"; columns = { shoe = \"x\"; }; }; };\n",
      ":1: unknown key shoe" },
    { "csv = { people = { file = \"p\"; columns = { upn = 3; }; }; };\n", ":1: " },
    { "csv = { people = { file = \"p\"; colums = { }; }; };\n",
      ":1: unknown key colums (did you mean columns?)" },
    { "csv = { people = { file = \"p\"; };\n  peple = { file = \"p\"; }; };\n",
      ":2: unknown key peple (did you mean people?)" },
    { "csv = { people = { file = \"p\"; };\n  relationships = { contacts = { file = \"p\"; }; }; "
      "};\n",
      ":2: unknown key contacts" },
    { "csv = { people = { file = \"p\"; }; max_age_days = -1; };\n", ":1: " },
    { "csv = { people = { file = \"p\"; }; data_as_of = \"sometimes\"; };\n",
      ":1: data_as_of must be one of" },
    { "csv = { people = { file = \"p\"; }; };\nquestions = \"all\";\n", ":2: questions is a list" },
    { "csv = { people = { file = \"p\"; }; };\nquestions = ( 7 );\n", ":2: a question is a group" },
    { "csv = { people = { file = \"p\"; }; };\nquestions = ( { rule = \"ever\"; } );\n", ":2: " },
    { "csv = { people = { file = \"p\"; }; };\nquestions = ( { id = \"q\"; rule = \"never\"; } "
      ");\n",
      ":2: rule must be one of" },
    { "csv = { people = { file = \"p\"; }; };\nquestions = ( { id = \"q\"; rule = \"ever\"; kinds "
      "= [ \"x\" ]; } );\n",
      ":2: rule ever needs csv.contacts" },
    { "csv = { " CONF_FILES " };\nquestions = ( { id = \"q\"; rule = \"ever\"; } );\n",
      ":4: this rule needs kinds" },
    { "csv = { " CONF_FILES " };\nquestions = ( { id = \"q\"; rule = \"ever\"; kinds = [ \"x\" ]; "
      "window_days = 3; } );\n",
      ":4: this rule takes no window_days" },
    { "csv = { " CONF_FILES
      " };\nquestions = ( { id = \"q\"; rule = \"window\"; kinds = [ \"x\" ]; } );\n",
      ":4: this rule needs window_days" },
    { "csv = { " CONF_FILES " };\nquestions = ( { id = \"q\"; rule = \"window\"; kinds = [ \"x\" "
      "]; window_days = 5000000000; } );\n",
      ":4: " },
    { "csv = { " CONF_FILES
      " };\nquestions = ( { id = \"q\"; rule = \"state\"; kinds = [ \"x\" ]; } );\n",
      ":4: this rule needs end_kinds" },
    { "csv = { " CONF_FILES
      " };\nquestions = ( { id = \"q\"; rule = \"ever\"; kinds = [ 4 ]; } );\n",
      ":4: " },
    { "csv = { " CONF_FILES
      " };\nquestions = ( { id = \"q\"; rule = \"residence\"; services = [ \"x\" ]; } );\n",
      ":4: this rule takes no services" },
    { "csv = { " CONF_FILES " };\nquestions = ( { id = \"q\"; rule = \"residence\"; },\n  { id = "
      "\"q\"; rule = \"residence\"; } );\n",
      ":5: this question is configured twice" },
};
/* clang-format on */

static void bad_configuration_is_told_with_file_and_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALM_LEN(bad_confs); i++) {
        struct adapter_fixture one;
        bool found = false;
        int r = fixture_open(&one, bad_confs[i].conf, true);

        for (size_t e = 0; one.errors && conf_errors_at(one.errors, e); e++)
            found = found || strstr(conf_errors_at(one.errors, e), bad_confs[i].said);
        if (!found || r == 0)
            print_error("row %zu: expected \"%s\", first told: %s\n", i, bad_confs[i].said,
                        one.errors && conf_errors_at(one.errors, 0) ? conf_errors_at(one.errors, 0)
                                                                    : "-");
        assert_true(found);
        assert_int_not_equal(r, 0);
        fixture_close(&one);
    }
}

#define WITH_FILES(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FILES(bad_files_are_told_with_file_and_line),
        WITH_FILES(errors_never_quote_what_stood_there),
        WITH_FILES(all_errors_of_a_file_come_in_one_run),
        WITH_FILES(good_files_of_other_makes_are_read),
        WITH_FILES(missing_file_or_column_is_cannot_say_and_never_no),
        WITH_FILES(yes_stands_where_only_another_file_is_missing),
        WITH_FILES(file_that_is_a_folder_or_unreadable_is_an_error),
        WITH_FILES(live_rows_are_as_old_as_the_oldest_file),
        WITH_FILES(bad_configuration_is_told_with_file_and_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
