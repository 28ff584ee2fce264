/* SPDX-License-Identifier: Apache-2.0 */
/* test_ctf.c - school transfer files: what they say, and what no file makes the reader do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ctf/backend.h"
#include "rows_fixture.h"

#include <unistd.h>

#define HEADER(qualifier)                                                                          \
    "<Header><DocumentName>Common Transfer File</DocumentName><CTFversion>21.0</CTFversion>"       \
    "<DateTime>2021-06-15T10:11:12</DateTime><DocumentQualifier>" qualifier                        \
    "</DocumentQualifier><SupplierID>None</SupplierID><SourceSchool><LEA>999</LEA>"                \
    "<Estab>4001</Estab><SchoolName>Elm School</SchoolName><AcademicYear>2020</AcademicYear>"      \
    "</SourceSchool><DestSchool><LEA>999</LEA><Estab>LLLL</Estab></DestSchool></Header>\n"
#define FILE_OF(declaration, qualifier, pupils)                                                    \
    declaration "<CTfile>" HEADER(qualifier) "<CTFpupilData>\n" pupils "</CTFpupilData></"         \
                                                                       "CTfile>\n"
#define XML           "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define WHOLE(pupils) FILE_OF(XML, "full", pupils)
#define WHO(upn, forename)                                                                         \
    "<UPN>" upn "</UPN><Surname>Brook</Surname><Forename>" forename                                \
    "</Forename><DOB>2012-05-06</DOB><Gender>M</Gender>"
#define BEN_UPN "E987991618001"
#define CYD_UPN "U987991618002"
#define ADDRESS                                                                                    \
    "<Address><BS7666Address><PAON>2</PAON><Street>Hazel Court</Street><Town>Oakshire</Town>"      \
    "</BS7666Address><PostCode>ZZ9 9ZA</PostCode></Address>"
#define SEN                                                                                        \
    "<SENhistory><SEN><StartDate>2019-01-10</StartDate><SENprovision>K</SENprovision></SEN>"       \
    "<SEN><StartDate>2020-09-01</StartDate><SENprovision>E</SENprovision></SEN></SENhistory>"
#define ATTENDANCE(away)                                                                           \
    "<Attendance><YearData><Year>2019</Year><LEA>999</LEA><Estab>4001</Estab>"                     \
    "<SessionsPossible>380</SessionsPossible><SessionsAuthorised>370</SessionsAuthorised>"         \
    "</YearData><YearData><Year>2020</Year><LEA>999</LEA><Estab>4001</Estab>"                      \
    "<SessionsPossible>300</SessionsPossible><SessionsAttended>200</SessionsAttended>"             \
    "<SessionsAuthorised>10</SessionsAuthorised><SessionsUnauthorised>" away                       \
    "</SessionsUnauthorised></YearData></Attendance>"
#define HISTORY                                                                                    \
    "<SchoolHistory><School><LEA>999</LEA><Estab>2002</Estab><EntryDate>2016-09-05</EntryDate>"    \
    "<LeavingDate>2017-07-20</LeavingDate></School><School><LEA>999</LEA><Estab>4001</Estab>"      \
    "<EntryDate>2017-09-04</EntryDate></School></SchoolHistory>"
#define CONTACTS                                                                                   \
    "<Contacts><Contact><Order>1</Order><Surname>Brook</Surname><Forename>Ada</Forename>"          \
    "<Relationship>MOT</Relationship><Responsibility>true</Responsibility>"                        \
    "<AddressAsPupil>true</AddressAsPupil></Contact></Contacts>"
#define CARE "<LookedAfter><InCare>true</InCare><CareAuthority>999</CareAuthority></LookedAfter>"
#define BEN                                                                                        \
    "<Pupil>" WHO(BEN_UPN, "Ben") CARE SEN ADDRESS CONTACTS ATTENDANCE("50") HISTORY "</Pupil>\n"
#define CYD "<Pupil>" WHO(CYD_UPN, "Cyd") ADDRESS "</Pupil>\n"

static const char questions[] = "questions = ( { id = \"ehcp\"; rule = \"state\"; kinds = [ "
                                "\"sen-E\" ]; end_kinds = [ \"sen-K\", "
                                "\"sen-N\", \"sen-end\" ]; }, { id = \"sen-ever\"; rule = "
                                "\"ever\"; kinds = [ \"sen-K\", \"sen-E\" "
                                "]; }, { id = \"absent\"; rule = \"window\"; kinds = [ "
                                "\"persistent-absence\" ]; window_days = 365; "
                                "}, { id = \"care\"; rule = \"state\"; kinds = [ \"in-care\" ]; "
                                "end_kinds = [ \"not-in-care\" ]; }, "
                                "{ id = \"on-roll\"; rule = \"involvement\"; }, { id = "
                                "\"lives-at\"; rule = \"residence\"; } );\n";

static struct rows_fixture f;

static int open_with(const char *settings)
{
    char conf[2048];

    (void)snprintf(conf, sizeof(conf), "ctf = { file = \"pupils.xml\"; %s };\n%s", settings,
                   questions);
    return fixture_open(&f, &backend_ctf, conf, true);
}

static int start_with(const char *settings, const char *file, bool strict)
{
    int r;

    if (file)
        (void)temp_text("pupils.xml", file);
    r = open_with(settings);
    return r == 0 ? fixture_load(&f, strict) : r;
}

static int start(const char *file)
{
    return start_with("", file, false);
}

static int teardown(void **state)
{
    fixture_close(&f);
    return temp_dir_teardown(state);
}

/* --- what a file says --- */
static void pupils_and_their_homes_are_told(void **state)
{
    (void)state;
    assert_int_equal(start(WHOLE(BEN CYD)), 0);
    assert_string_equal(f.people,
                        BEN_UPN "|Ben|Brook||" BEN_UPN "\n" CYD_UPN "|Cyd|Brook||" CYD_UPN "\n");
    assert_int_equal(f.n_homes, 1); /* a sister and a brother */
    assert_non_null(strstr(f.homes, "|2 Hazel Court|ZZ9 9ZA\n"));
    assert_int_equal(f.n_stays, 2);
    assert_string_equal(f.said, "");
}

static void sen_follows_its_history_day_by_day(void **state)
{
    (void)state;
    assert_int_equal(start(WHOLE(BEN)), 0);
    assert_int_equal(fixture_ask(&f, "sen-ever", BEN_UPN, "2019-01-09").value, ALM_NO);
    assert_int_equal(fixture_ask(&f, "sen-ever", BEN_UPN, "2019-01-10").value, ALM_YES);
    assert_int_equal(fixture_ask(&f, "ehcp", BEN_UPN, "2020-08-31").value, ALM_NO);
    assert_int_equal(fixture_ask(&f, "ehcp", BEN_UPN, "2020-09-01").value, ALM_YES);
}

static void sen_that_ended_is_off_the_day_after(void **state)
{
    (void)state;
    assert_int_equal(
        start(WHOLE("<Pupil>" WHO(
            BEN_UPN, "Ben") "<SENhistory><SEN><StartDate>2019-01-10"
                            "</StartDate><SENprovision>E</SENprovision><EndDate>2020-07-20"
                            "</EndDate></SEN></SENhistory></Pupil>")),
        0);
    assert_int_equal(fixture_ask(&f, "ehcp", BEN_UPN, "2020-07-20").value, ALM_YES);
    assert_int_equal(fixture_ask(&f, "ehcp", BEN_UPN, "2020-07-21").value, ALM_NO);
}

static void absence_is_that_of_the_schools_own_last_year(void **state)
{
    (void)state;
    assert_int_equal(start(WHOLE("<Pupil>" WHO(BEN_UPN, "Ben") ATTENDANCE("20") "</Pupil>")), 0);
    assert_int_equal(fixture_ask(&f, "absent", BEN_UPN, "2021-06-15").value,
                     ALM_YES); /* 30 of 300 */
    fixture_close(&f);
    assert_int_equal(start(WHOLE("<Pupil>" WHO(BEN_UPN, "Ben") ATTENDANCE("19") "</Pupil>")), 0);
    assert_int_equal(fixture_ask(&f, "absent", BEN_UPN, "2021-06-15").value, ALM_NO);
}

static void being_on_roll_is_the_schools_own_entry(void **state)
{
    struct alm_answer a;

    (void)state;
    assert_int_equal(
        start_with("service = \"primary school\"; contact_route = \"office\";", WHOLE(BEN), true),
        0);
    assert_int_equal(fixture_ask(&f, "on-roll", BEN_UPN, "2017-09-03").value, ALM_NO);
    a = fixture_ask(&f, "who", BEN_UPN, "2021-06-15");
    assert_int_equal(a.value, ALM_YES);
    assert_string_equal(a.service, "primary school");
    assert_string_equal(a.contact_route, "office");
    assert_int_equal(a.since, fixture_day("2017-09-04"));
}

static void care_is_as_of_the_files_day(void **state)
{
    (void)state;
    assert_int_equal(start(WHOLE(BEN)), 0);
    assert_int_equal(fixture_ask(&f, "care", BEN_UPN, "2021-06-15").value, ALM_YES);
    fixture_close(&f);
    assert_int_equal(start(WHOLE("<Pupil>" WHO(BEN_UPN, "Ben") "<LookedAfter><InCare>false</InCare>"
                                                               "</LookedAfter></Pupil>")),
                     0);
    assert_int_equal(fixture_ask(&f, "care", BEN_UPN, "2021-06-15").value, ALM_NO);
}

static void data_day_is_the_headers(void **state)
{
    struct alm_state s = { .data_day = CIVIL_NONE };

    (void)state;
    assert_int_equal(start_with("data_as_of = \"file\";", WHOLE(BEN), false), 0);
    f.ops->describe(f.backend, &s);
    assert_int_equal(s.data_day, fixture_day("2021-06-15"));
    assert_false(s.partial);
}

static void address_lines_are_read_with_the_flat_that_stands_alone(void **state)
{
    (void)state;
    assert_int_equal(
        start(WHOLE("<Pupil>" WHO(
            BEN_UPN,
            "Ben") "<Address><AddressLines><AddressLine1>Flat 3"
                   "</AddressLine1><AddressLine2>9 Hazel Court</AddressLine2></AddressLines>"
                   "<PostCode>ZZ9 9ZB</PostCode></Address></Pupil><Pupil>" WHO(
                       CYD_UPN,
                       "Cyd") "<Address><AddressLines><AddressLine1>9 Hazel Court</AddressLine1>"
                              "<AddressLine2>Little Oak</AddressLine2></AddressLines>"
                              "<PostCode>ZZ9 9ZB</PostCode></Address></Pupil>")),
        0);
    assert_non_null(strstr(f.homes, "|Flat 3 9 Hazel Court|ZZ9 9ZB\n"));
    assert_non_null(strstr(f.homes, "|9 Hazel Court|ZZ9 9ZB\n"));
}

/* --- what is missing is never "no" --- */
static void section_that_a_pupil_lacks_is_unknown(void **state)
{
    static const char *const all[] = { "ehcp", "sen-ever", "absent", "care", "on-roll", "who" };

    (void)state;
    assert_int_equal(start(WHOLE(BEN CYD)), 0);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        const struct alm_answer a = fixture_ask(&f, all[i], CYD_UPN, "2021-06-15");

        assert_int_equal(a.value, ALM_CANNOT_SAY);
        assert_int_equal(a.cause, ALM_PARTIAL);
    }
}

static void section_said_to_be_complete_is_none_where_it_is_absent(void **state)
{
    (void)state;
    assert_int_equal(start_with("complete = [ \"sen\" ];", WHOLE(CYD), true), 0);
    assert_int_equal(fixture_ask(&f, "ehcp", CYD_UPN, "2021-06-15").value, ALM_NO);
    assert_int_equal(fixture_ask(&f, "care", CYD_UPN, "2021-06-15").value, ALM_CANNOT_SAY);
}

static void empty_sections_say_none_only_where_that_is_what_they_mean(void **state)
{
    (void)state;
    assert_int_equal(
        start(WHOLE("<Pupil>" WHO(CYD_UPN, "Cyd") "<LookedAfter/><SENhistory/><Address/>"
                                                  "<Attendance/><SchoolHistory/></Pupil>")),
        0);
    assert_int_equal(fixture_ask(&f, "ehcp", CYD_UPN, "2021-06-15").value, ALM_NO);
    assert_int_equal(fixture_ask(&f, "care", CYD_UPN, "2021-06-15").value, ALM_CANNOT_SAY);
    assert_int_equal(fixture_ask(&f, "absent", CYD_UPN, "2021-06-15").value, ALM_CANNOT_SAY);
    assert_int_equal(fixture_ask(&f, "on-roll", CYD_UPN, "2021-06-15").value, ALM_CANNOT_SAY);
    assert_int_equal(f.n_homes, 0);
}

static void pupil_who_is_not_in_a_part_may_be_in_the_rest(void **state)
{
    static const char part[] = FILE_OF(XML, "partial", BEN);
    struct alm_state s = { .data_day = CIVIL_NONE };

    (void)state;
    assert_int_equal(start(part), 0);
    assert_true(fixture_says(&f, "a part of the school's pupils"));
    assert_int_equal(fixture_ask(&f, "ehcp", NULL, "2021-06-15").value, ALM_CANNOT_SAY);
    assert_int_equal(fixture_ask(&f, "sen-ever", BEN_UPN, "2021-06-15").value, ALM_YES);
    f.ops->describe(f.backend, &s);
    assert_true(s.partial);
    fixture_close(&f);
    assert_int_equal(start_with("whole = true;", part, true), 0);
    assert_int_equal(fixture_ask(&f, "ehcp", NULL, "2021-06-15").value, ALM_NOT_KNOWN);
}

static void file_that_is_absent_makes_everything_partial(void **state)
{
    (void)state;
    (void)unlink(temp_path("pupils.xml"));
    assert_int_equal(start(NULL), 0);
    assert_true(fixture_says(&f, "no such file"));
    assert_int_equal(fixture_ask(&f, "ehcp", NULL, "2021-06-15").value, ALM_CANNOT_SAY);
    fixture_close(&f);
    assert_int_equal(start_with("", NULL, true), -EINVAL);
}

static void households_are_not_what_a_transfer_file_speaks_of(void **state)
{
    struct alm_answer a;

    (void)state;
    assert_int_equal(start(WHOLE(BEN)), 0);
    a = fixture_ask_home(&f, "absent", "2 hazel court|ZZ99ZA", "2021-06-15");
    assert_int_equal(a.value, ALM_CANNOT_SAY);
    assert_int_equal(a.cause, ALM_UNSUPPORTED);
}

static void fewer_pupils_than_expected_are_not_taken(void **state)
{
    (void)state;
    assert_int_equal(start_with("expected_least = 2;", WHOLE(BEN), false), -EINVAL);
    assert_true(fixture_says(&f, "1 pupils, and expected_least is 2"));
}

static void kinds_that_no_transfer_file_has_are_errors_of_the_configuration(void **state)
{
    static const char conf[] =
        "ctf = { file = \"pupils.xml\"; };\nquestions = ( { id = \"x\"; rule = "
        "\"ever\"; kinds = [ \"exclusion\" ]; } );\n";

    (void)state;
    assert_int_equal(fixture_open(&f, &backend_ctf, conf, true), -EINVAL);
    assert_non_null(strstr(conf_errors_at(f.errors, 0), "no kind \"exclusion\""));
    fixture_close(&f);
    assert_int_equal(open_with("complete = [ \"everything\" ];"), -EINVAL);
}

/* --- bad pupils --- */
static void repeated_pupil_is_told_with_the_line(void **state)
{
    (void)state;
    assert_int_equal(start(WHOLE(BEN BEN)), -EINVAL);
    assert_true(fixture_says(&f, "pupils.xml:5: "));
}

static void bad_pupils_are_rejected_where_they_may_be(void **state)
{
    static const char file[] = WHOLE(BEN "<Pupil>" WHO(
        "B000000000000",
        "Dan") "</Pupil>" /* wrong check letter */
               "<Pupil>" WHO(
                   CYD_UPN, "Cyd") "<SENhistory><SEN><StartDate>2019-02-30</"
                                   "StartDate><SENprovision>K</SENprovision>"
                                   "</SEN></SENhistory><Address><AddressLines><AddressLine1>1 "
                                   "Row</AddressLine1>"
                                   "</AddressLines><PostCode>NOWHERE</PostCode></Address></Pupil>");

    (void)state;
    assert_int_equal(start(file), -EINVAL);
    fixture_close(&f);
    assert_int_equal(start_with("bad_rows = \"reject\"; rejects = \"rejects.txt\";", file, false),
                     0);
    assert_int_equal(f.n_people, 2);
    assert_int_equal(fixture_ask(&f, "ehcp", BEN_UPN, "2021-06-15").value, ALM_YES);
    assert_int_equal(fixture_ask(&f, "sen-ever", CYD_UPN, "2021-06-15").value, ALM_CANNOT_SAY);
    assert_int_equal(fixture_ask(&f, "ehcp", NULL, "2021-06-15").value, ALM_CANNOT_SAY);
    assert_null(strstr(f.said, "Cyd"));
    assert_null(strstr(f.said, "NOWHERE"));
}

static void element_that_stands_twice_or_is_too_long_is_a_fault(void **state)
{
    char text[2000], longer[700];

    (void)state;
    assert_int_equal(start(WHOLE("<Pupil>" WHO(BEN_UPN, "Ben") "<UPN>" CYD_UPN "</UPN></Pupil>")),
                     -EINVAL);
    assert_true(fixture_says(&f, "stands twice"));
    fixture_close(&f);
    memset(longer, 'a', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    (void)snprintf(
        text, sizeof(text),
        "<CTfile>" HEADER("full") "<CTFpupilData><Pupil><UPN>" BEN_UPN
                                  "</UPN><Surname>%s</Surname></Pupil></CTFpupilData></CTfile>",
        longer);
    assert_int_equal(start(text), -EINVAL);
    assert_true(fixture_says(&f, "too long"));
}

/* --- hostile and broken files --- */
static void file_is_refused(const char *file, size_t len, const char *says)
{
    (void)temp_write("pupils.xml", file, len);
    assert_int_equal(start(NULL), -EINVAL);
    if (!fixture_says(&f, says))
        print_error("expected %s, was told %s", says, f.said);
    assert_true(fixture_says(&f, says));
    assert_int_equal(f.n_people, 0);
    fixture_close(&f);
}

#define REFUSED(text, says) file_is_refused(text, sizeof(text) - 1, says)
#define BODY                "<CTfile>" HEADER("full") "<CTFpupilData>" BEN "</CTFpupilData></CTfile>"

static void any_document_type_is_refused_before_a_parser_sees_it(void **state)
{
    (void)state;
    REFUSED(XML "<!DOCTYPE CTfile>" BODY, "pupils.xml:2: a document type");
    REFUSED("<!DOCTYPE CTfile SYSTEM \"http://127.0.0.1/ctf.dtd\">" BODY, "a document type");
    REFUSED("\n\n\n<!DOCTYPE CTfile [ ]>" BODY, "pupils.xml:4: a document type");
    REFUSED(XML "<!-- <!DOCTYPE x> -->" BODY, "a document type"); /* even in a comment */
}

static void billion_laughs_are_not_told(void **state)
{
    (void)state;
    REFUSED(XML "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
                "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;\">]>"
                "<CTfile>&d;</CTfile>",
            "a document type or entity");
    REFUSED(XML "<CTfile><!ENTITY a \"ha\"></CTfile>", "a document type or entity");
}

static void no_other_file_is_read(void **state)
{
    (void)state;
    (void)temp_text("secret.txt", "secret");
    REFUSED(XML
            "<!DOCTYPE l [<!ENTITY x SYSTEM \"secret.txt\">]><CTfile><Header>&x;</Header></CTfile>",
            "a document type or entity");
    REFUSED(XML
            "<CTfile xmlns:xi=\"http://www.w3.org/2001/XInclude\"><xi:include href=\"secret.txt\" "
            "parse=\"text\"/></CTfile>",
            "no header");
}

static void entity_that_nobody_declared_is_refused(void **state)
{
    (void)state;
    REFUSED("<CTfile>" HEADER("full") "<CTFpupilData><Pupil><UPN>&upn;</UPN></Pupil></CTFpupilData>"
                                      "</CTfile>",
            "not well-formed");
}

static void document_type_cannot_hide_in_an_encoding(void **state)
{
    static const char text[] =
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?><!DOCTYPE l []><CTfile/>";
    char wide[2 * sizeof(text) + 2];
    size_t n = 0;

    (void)state;
    wide[n++] = '\xff';
    wide[n++] = '\xfe';
    for (const char *p = text; *p; p++) {
        wide[n++] = *p;
        wide[n++] = '\0';
    }
    file_is_refused(wide, n, "a document type");
    REFUSED("<?xml version=\"1.0\" encoding=\"UTF-7\"?>+ADwAIQ-DOCTYPE l+AFsAXQA+-<CTfile/>",
            "an encoding that is not taken");
    REFUSED("<?xml version='1.0' encoding='IBM037'?><CTfile/>", "an encoding that is not taken");
    REFUSED("\x4c\x6f\xa7\x94\x93", "does not begin with <"); /* <?xml in EBCDIC */
    REFUSED("<?xml version=\"1.0\" encoding=\"UTF-8", "does not end");
}

static void file_that_is_cut_off_is_refused_wherever_it_ends(void **state)
{
    static const char whole[] = WHOLE(BEN CYD);

    (void)state;
    for (size_t len = 0; len + 2 < sizeof(whole) - 1; len += 61) {
        (void)temp_write("pupils.xml", whole, len);
        assert_int_equal(start(NULL), -EINVAL);
        assert_true(f.said[0] != '\0');
        fixture_close(&f);
    }
    REFUSED("", "the file is empty");
}

static void bytes_of_another_encoding_are_refused_unless_it_is_said(void **state)
{
    (void)state;
    REFUSED(WHOLE("<Pupil>" WHO(BEN_UPN, "Zo\xeb") "</Pupil>"),
            "bytes that its encoding does not have");
    assert_int_equal(start(FILE_OF("<?xml version=\"1.0\" encoding=\"windows-1252\"?>", "full",
                                   "<Pupil>" WHO(BEN_UPN, "Zo\xeb") "</Pupil>")),
                     0);
    assert_non_null(strstr(f.people, "|Zo\xc3\xab|Brook|"));
}

static void other_documents_are_not_transfer_files(void **state)
{
    (void)state;
    REFUSED("<html><body/></html>", "not a Common Transfer File");
    REFUSED("<CTfile/>", "no header");
    REFUSED("<CTfile>" HEADER("full") "</CTfile>", "no pupil");
    REFUSED("<CTfile><CTFpupilData>" BEN "</CTFpupilData></CTfile>", "before the header");
    REFUSED("<CTfile><Header><DateTime>soon</DateTime></Header><CTFpupilData>" BEN
            "</CTFpupilData></CTfile>",
            "DateTime is no date");
    REFUSED("person_id,given_name\n", "does not begin with <");
}

static void elements_within_elements_have_an_end(void **state)
{
    char deep[4096] = "";
    size_t n = 0;

    (void)state;
    n += (size_t)snprintf(deep + n, sizeof(deep) - n, "<CTfile>");
    for (int i = 0; i < 200; i++)
        n += (size_t)snprintf(deep + n, sizeof(deep) - n, "<a%d>", i);
    file_is_refused(deep, n, "too deep");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, temp_dir_setup, teardown)
    const struct CMUnitTest tests[] = {
        T(pupils_and_their_homes_are_told),
        T(sen_follows_its_history_day_by_day),
        T(sen_that_ended_is_off_the_day_after),
        T(absence_is_that_of_the_schools_own_last_year),
        T(being_on_roll_is_the_schools_own_entry),
        T(care_is_as_of_the_files_day),
        T(data_day_is_the_headers),
        T(address_lines_are_read_with_the_flat_that_stands_alone),
        T(section_that_a_pupil_lacks_is_unknown),
        T(section_said_to_be_complete_is_none_where_it_is_absent),
        T(empty_sections_say_none_only_where_that_is_what_they_mean),
        T(pupil_who_is_not_in_a_part_may_be_in_the_rest),
        T(file_that_is_absent_makes_everything_partial),
        T(households_are_not_what_a_transfer_file_speaks_of),
        T(fewer_pupils_than_expected_are_not_taken),
        T(kinds_that_no_transfer_file_has_are_errors_of_the_configuration),
        T(repeated_pupil_is_told_with_the_line),
        T(bad_pupils_are_rejected_where_they_may_be),
        T(element_that_stands_twice_or_is_too_long_is_a_fault),
        T(any_document_type_is_refused_before_a_parser_sees_it),
        T(billion_laughs_are_not_told),
        T(no_other_file_is_read),
        T(entity_that_nobody_declared_is_refused),
        T(document_type_cannot_hide_in_an_encoding),
        T(file_that_is_cut_off_is_refused_wherever_it_ends),
        T(bytes_of_another_encoding_are_refused_unless_it_is_said),
        T(other_documents_are_not_transfer_files),
        T(elements_within_elements_have_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
