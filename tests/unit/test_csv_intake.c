/* SPDX-License-Identifier: Apache-2.0 */
/* test_csv_intake.c - extracts as they really come: in other encodings, cut off, half written, with
 * bad rows, and exchanged while they are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "csv/backend.h"
#include "rows_fixture.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HEAD "person_id,given_name,family_name,date_of_birth,nhs_number\n"
#define QUESTIONS                                                                                  \
    "questions = ( { id = \"plan\"; rule = \"state\"; kinds = [ \"start\" ]; end_kinds = [ "       \
    "\"end\" ]; }, { id = \"call\"; rule = \"window\"; kinds = [ \"call\" ]; window_days = 30; "   \
    "}, { id = \"with-us\"; rule = \"involvement\"; } );\n"

static struct rows_fixture f;

/* csv = { people = { file; WITH }; contacts; involvements; ALL }; */
static const char *conf_of(const char *with, const char *all)
{
    static char text[2048];

    (void)snprintf(text, sizeof(text),
                   "csv = { people = { file = \"people.csv\"; %s }; contacts = { file = "
                   "\"contacts.csv\"; }; involvements = { file = \"involvements.csv\"; };\n %s "
                   "};\n" QUESTIONS,
                   with, all);
    return text;
}

static void others(void)
{
    (void)temp_text("contacts.csv", "contact_id,person_id,household_id,date,kind\n");
    (void)temp_text("involvements.csv", "involvement_id,person_id,service,start_date,end_date\n");
}

static int start(const char *with, const char *all, bool strict)
{
    return fixture_start(&f, &backend_csv, conf_of(with, all), strict);
}

static int setup(void **state)
{
    if (temp_dir_setup(state) != 0)
        return -1;
    others();
    return 0;
}

static int teardown(void **state)
{
    fixture_close(&f);
    return temp_dir_teardown(state);
}

/* --- encodings --- */
static void windows_1252_is_read_where_it_is_said(void **state)
{
    (void)state;
    (void)temp_text("people.csv", HEAD "p1,Zo\xeb,O\x92Neill,2012-05-06,\n");
    assert_int_equal(start("encoding = \"windows-1252\";", "", true), 0);
    assert_string_equal(f.people, "p1|Zo\xc3\xab|O\xe2\x80\x99Neill||\n");
}

static void windows_1252_taken_for_utf8_is_refused_with_its_line(void **state)
{
    (void)state;
    (void)temp_text("people.csv", HEAD "p1,Ann,Brook,2012-05-06,\np2,Zo\xeb,Brook,2012-05-06,\n");
    assert_int_equal(start("", "", false), -EINVAL);
    assert_true(fixture_says(&f, "people.csv:3: bytes that are not UTF-8"));
    assert_true(fixture_says(&f, "which encoding"));
    assert_null(strstr(f.said, "Zo"));
}

static void bytes_that_an_encoding_lacks_are_refused_with_their_line(void **state)
{
    (void)state;
    (void)temp_text("people.csv", HEAD "p1,Ann,Brook,2012-05-06,\np2,B\x81,Brook,2012-05-06,\n");
    assert_int_equal(start("encoding = \"windows-1252\";", "", false), -EINVAL);
    assert_true(fixture_says(&f, "people.csv:3: bytes that the file's encoding does not have"));
}

static size_t utf16(const char *text, bool big, bool mark, char *out)
{
    size_t n = 0;

    if (mark) {
        out[n++] = big ? '\xfe' : '\xff';
        out[n++] = big ? '\xff' : '\xfe';
    }
    for (; *text; text++) {
        out[n++] = big ? 0 : *text;
        out[n++] = big ? *text : 0;
    }
    return n;
}

static void utf16_is_read_in_either_order_with_a_mark_or_without(void **state)
{
    static const char text[] = HEAD "p1,Ann,Brook,2012-05-06,\n";
    static const struct {
        bool big, mark;
        const char *with;
    } all[] = {
        { false, true, "" }, /* a mark needs no setting */
        { true, true, "" },
        { false, true, "encoding = \"utf-16\";" },
        { true, true, "encoding = \"utf-16\";" },
        { false, false, "encoding = \"utf-16\";" },
        { true, false, "encoding = \"utf-16be\";" },
        { false, false, "encoding = \"utf-16le\";" },
    };
    char bytes[2 * sizeof(text) + 2];

    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        (void)temp_write("people.csv", bytes, utf16(text, all[i].big, all[i].mark, bytes));
        assert_int_equal(start(all[i].with, "", true), 0);
        assert_string_equal(f.people, "p1|Ann|Brook||\n");
        fixture_close(&f);
    }
}

static void utf16_cut_off_within_a_character_is_refused(void **state)
{
    static const char text[] = HEAD "p1,Ann,Brook,2012-05-06,\n";
    char bytes[2 * sizeof(text) + 2];
    size_t n = utf16(text, false, true, bytes);

    (void)state;
    (void)temp_write("people.csv", bytes, n - 1);
    assert_int_equal(start("", "", false), -EINVAL);
    fixture_close(&f);
    (void)temp_write("people.csv", bytes, utf16("person_id,a\0b", false, true, bytes));
    assert_int_equal(start("", "", false), 0); /* no such columns: missing, not wrong */
    assert_true(fixture_says(&f, "no column given_name"));
}

static void utf8_mark_is_believed_before_the_setting(void **state)
{
    (void)state;
    (void)temp_text("people.csv", "\xef\xbb\xbf" HEAD "p1,Zo\xc3\xab,Brook,2012-05-06,\n");
    assert_int_equal(start("encoding = \"windows-1252\";", "", true), 0);
    assert_string_equal(f.people, "p1|Zo\xc3\xab|Brook||\n");
}

static void group_says_encoding_and_delimiter_for_every_file_that_does_not(void **state)
{
    (void)state;
    (void)temp_text("people.csv",
                    "person_id;given_name;family_name;date_of_birth\np1;Zo\xeb;Brook;2012-05-06\n");
    (void)temp_text("contacts.csv", "contact_id\tperson_id\thousehold_id\tdate\tkind\n");
    (void)temp_text("involvements.csv", "person_id;start_date;end_date\np1;2020-01-01;\n");
    assert_int_equal(
        fixture_start(&f, &backend_csv,
                      "csv = { encoding = \"iso-8859-1\"; delimiter = \";\"; people = { file = "
                      "\"people.csv\"; }; contacts = { file = \"contacts.csv\"; delimiter = "
                      "\"\\t\"; }; involvements = { file = \"involvements.csv\"; }; };\n" QUESTIONS,
                      true),
        0);
    assert_int_equal(fixture_ask(&f, "with-us", "p1", "2021-01-01").value, ALM_YES);
}

static void semicolons_that_nobody_announced_are_named(void **state)
{
    (void)state;
    (void)temp_text("people.csv", "person_id;given_name;family_name;date_of_birth\n");
    assert_int_equal(start("", "", true), -EINVAL);
    assert_true(fixture_says(&f, "delimiter = \";\""));
}

static void settings_that_cannot_be_are_errors(void **state)
{
    static const char *const all[] = {
        "encoding = \"latin-9000\";", "delimiter = \"#\";",
        "bad_rows = \"ignore\";",     "bad_rows = \"reject\";", /* without a place for them */
        "rejects = \"r.txt\";",                                 /* without bad_rows */
        "rejects_most = 0;",          "expected_least = 1;",    /* of a file, not of all */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        assert_int_equal(fixture_open(&f, &backend_csv, conf_of("", all[i]), true), -EINVAL);
        assert_true(conf_errors_count(f.errors) > 0);
        fixture_close(&f);
    }
}

/* --- whole extracts alone --- */
#define TWO HEAD "p1,Ann,Brook,2012-05-06,\np2,Ben,Brook,2012-05-06,\n"

static void file_with_fewer_rows_than_expected_is_not_taken(void **state)
{
    (void)state;
    (void)temp_text("people.csv", TWO);
    assert_int_equal(start("expected_least = 3;", "", false), -EINVAL);
    assert_true(fixture_says(&f, "2 rows, and expected_least is 3"));
    fixture_close(&f);
    assert_int_equal(start("expected_least = 2;", "", false), 0);
}

static void trailer_must_stand_last_and_count_right(void **state)
{
    static const struct {
        const char *rows, *says;
    } all[] = {
        { TWO, "is not the trailer" },
        { TWO "END,3,,,\n", "counts another number" },
        { TWO "END,two,,,\n", "second field is the number" },
        { TWO "END\n", "second field is the number" },
        { HEAD "p1,Ann,Brook,2012-05-06,\nEND,1\np2,Ben,Brook,2012-05-06,\n", "after the trailer" },
        { HEAD "p1,Ann,Brook,2012-05-06,\nEND,1\nEND,1\n", "after the trailer" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        (void)temp_text("people.csv", all[i].rows);
        assert_int_equal(start("trailer = \"END\";", "", false), -EINVAL);
        assert_true(fixture_says(&f, all[i].says));
        fixture_close(&f);
    }
    (void)temp_text("people.csv", TWO "END,2\n"); /* need not be as long as the header */
    assert_int_equal(start("trailer = \"END\";", "", true), 0);
    assert_int_equal(f.n_people, 2);
}

static void manifest_counts_every_file(void **state)
{
    static const struct {
        const char *manifest, *says;
    } all[] = {
        { "file,rows\npeople.csv,3\ncontacts.csv,0\ninvolvements.csv,0\n",
          "2 rows, and the manifest says 3" },
        { "file,rows\npeople.csv,1\ncontacts.csv,0\ninvolvements.csv,0\n",
          "2 rows, and the manifest says 1" },
        { "file,rows\npeople.csv,2\ncontacts.csv,0\n", "does not list this file" },
        { "file,rows\npeople.csv,many\ncontacts.csv,0\ninvolvements.csv,0\n", "rows is a number" },
        { "file,rows\npeople.csv,2\npeople.csv,3\n", "another number" },
        { "file\npeople.csv\n", "no column rows" },
        { "", "empty" },
    };

    (void)state;
    (void)temp_text("people.csv", TWO);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        (void)temp_text("manifest.csv", all[i].manifest);
        assert_int_equal(start("", "manifest = \"manifest.csv\";", false), -EINVAL);
        assert_true(fixture_says(&f, all[i].says));
        fixture_close(&f);
    }
    assert_int_equal(unlink(temp_path("manifest.csv")), 0);
    assert_int_equal(start("", "manifest = \"manifest.csv\";", false), -EINVAL);
    assert_true(fixture_says(&f, "no such file"));
    fixture_close(&f);
    (void)temp_text("manifest.csv",
                    "file,rows\nold.csv,9\npeople.csv,2\ncontacts.csv,0\ninvolvements.csv,0\n");
    assert_int_equal(start("", "manifest = \"manifest.csv\";", true), 0);
}

static void more_rows_than_the_sink_takes_end_the_load_at_once(void **state)
{
    (void)state;
    (void)temp_text("people.csv", TWO);
    assert_int_equal(fixture_open(&f, &backend_csv, conf_of("", ""), true), 0);
    f.room = 1;
    assert_int_equal(fixture_load(&f, false), -ENOBUFS);
    assert_string_equal(f.said, ""); /* the sink has said it */
}

/* --- rejected rows --- */
#define REJECT "bad_rows = \"reject\"; rejects = \"rejects.txt\"; "
static const char some_bad[] = HEAD "p1,Ann,Brook,2012-05-06,\n"
                                    "p2,Ben,Brook,2012-02-31,\n"           /* no such day */
                                    "p3,Cyd,Brook,2012-05-06,9997010028\n" /* wrong check digit */
                                    "p4,Dan,Brook,2012-05-06,\n";
static const char their_contacts[] = "contact_id,person_id,household_id,date,kind\n"
                                     "1,p1,,2021-01-01,start\n"
                                     "2,p2,,2021-01-01,start\n" /* of a rejected person */
                                     "3,p4,,2021-13-01,end\n"   /* no such day */
                                     "4,p4,,2021-01-01,start\n";

static void read_rejects(char *out, size_t size, mode_t *mode)
{
    const char *path = temp_path("rejects.txt");
    FILE *file = fopen(path, "r");
    struct stat st;
    size_t n;

    assert_non_null(file);
    n = fread(out, 1, size - 1, file);
    out[n] = '\0';
    (void)fclose(file);
    assert_int_equal(stat(path, &st), 0);
    *mode = st.st_mode & 07777;
}

static void bad_row_refuses_the_whole_load_unless_it_may_be_rejected(void **state)
{
    (void)state;
    (void)temp_text("people.csv", some_bad);
    assert_int_equal(start("", "", false), -EINVAL);
    assert_true(fixture_says(&f, "people.csv:3:"));
    assert_true(fixture_says(&f, "people.csv:4:"));
}

static void rejected_rows_are_named_by_line_and_reason_and_never_by_content(void **state)
{
    char text[4096];
    mode_t mode;

    (void)state;
    (void)temp_text("people.csv", some_bad);
    (void)temp_text("contacts.csv", their_contacts);
    assert_int_equal(start("", REJECT, false), 0);
    assert_int_equal(f.n_people, 2);
    read_rejects(text, sizeof(text), &mode);
    assert_int_equal(mode, 0600);
    assert_non_null(strstr(text, "people.csv:3: not a date"));
    assert_non_null(strstr(text, "people.csv:4: "));
    assert_non_null(strstr(text, "contacts.csv:4: not a date"));
    assert_null(strstr(text, "contacts.csv:3")); /* goes with its person */
    assert_null(strstr(text, "Ben"));
    assert_null(strstr(text, "9997010028"));
    assert_null(strstr(text, "02-31"));
}

static void no_answer_that_could_rest_on_a_rejected_row_is_given(void **state)
{
    struct alm_answer a;

    (void)state;
    (void)temp_text("people.csv", some_bad);
    (void)temp_text("contacts.csv", their_contacts);
    assert_int_equal(start("", REJECT, false), 0);
    assert_int_equal(fixture_ask(&f, "plan", "p1", "2021-06-01").value, ALM_YES);
    assert_int_equal(fixture_ask(&f, "call", "p1", "2021-06-01").value,
                     ALM_NO);                        /* nothing of theirs */
    a = fixture_ask(&f, "plan", "p4", "2021-06-01"); /* the rejected row was the end */
    assert_int_equal(a.value, ALM_CANNOT_SAY);
    assert_int_equal(a.cause, ALM_PARTIAL);
    assert_int_equal(fixture_ask(&f, "call", "p4", "2021-06-01").value, ALM_CANNOT_SAY);
    a = fixture_ask(&f, "plan", NULL, "2021-06-01"); /* perhaps one of the two rejected people */
    assert_int_equal(a.value, ALM_CANNOT_SAY);
    assert_int_equal(a.cause, ALM_PARTIAL);
    assert_int_equal(fixture_ask(&f, "who", NULL, "2021-06-01").value, ALM_CANNOT_SAY);
    assert_int_equal(fixture_ask(&f, "who", "p1", "2021-06-01").value, ALM_NO);
}

static void rejected_row_that_names_nobody_makes_everybody_partial(void **state)
{
    (void)state;
    (void)temp_text("people.csv", TWO);
    (void)temp_text("contacts.csv", "contact_id,person_id,household_id,date,kind\n"
                                    "1,p1,,2021-01-01,start\n"
                                    "2,p2\n"); /* too few fields: whose is it? */
    assert_int_equal(start("", REJECT, false), 0);
    assert_int_equal(fixture_ask(&f, "plan", "p1", "2021-06-01").value, ALM_CANNOT_SAY);
    assert_int_equal(fixture_ask(&f, "call", "p1", "2021-06-01").value, ALM_CANNOT_SAY);
    assert_int_equal(fixture_ask(&f, "with-us", "p1", "2021-06-01").value, ALM_NO);
}

static void contact_of_a_person_in_no_file_is_rejected_for_everybody(void **state)
{
    (void)state;
    (void)temp_text("people.csv", TWO);
    (void)temp_text("contacts.csv", "contact_id,person_id,household_id,date,kind\n"
                                    "1,p9,,2021-01-01,call\n");
    assert_int_equal(start("", REJECT, false), 0);
    assert_int_equal(fixture_ask(&f, "call", "p1", "2021-01-02").value, ALM_CANNOT_SAY);
}

static void household_is_partial_when_anybody_s_row_was_rejected(void **state)
{
    (void)state;
    (void)temp_text("people.csv", TWO);
    (void)temp_text("contacts.csv", "contact_id,person_id,household_id,date,kind\n"
                                    "1,,h1,2021-01-01,call\n2,p1,h1,2021-14-01,call\n");
    assert_int_equal(start("", REJECT, false), 0);
    assert_int_equal(fixture_ask_home(&f, "call", "h1", "2021-01-02").value, ALM_YES);
    assert_int_equal(fixture_ask_home(&f, "call", "h1", "2021-06-02").value, ALM_CANNOT_SAY);
    assert_int_equal(fixture_ask(&f, "call", "p2", "2021-06-02").value, ALM_NO);
}

static void repeated_person_is_rejected_and_doubted(void **state)
{
    (void)state;
    (void)temp_text("people.csv", TWO "p1,Other,Person,1980-01-01,\n");
    assert_int_equal(start("", REJECT, false), 0);
    assert_int_equal(f.n_people, 2);
    assert_int_equal(fixture_ask(&f, "with-us", "p1", "2021-06-01").value, ALM_CANNOT_SAY);
    assert_int_equal(fixture_ask(&f, "with-us", "p2", "2021-06-01").value, ALM_NO);
}

static void too_many_rejects_refuse_the_load(void **state)
{
    (void)state;
    (void)temp_text("people.csv", some_bad);
    assert_int_equal(start("", REJECT "rejects_most = 1;", false), -EINVAL);
    fixture_close(&f);
    assert_int_equal(start("", REJECT "rejects_most = 2;", false), 0);
}

static void check_takes_no_bad_row_even_where_a_run_rejects_it(void **state)
{
    (void)state;
    (void)temp_text("people.csv", some_bad);
    (void)unlink(temp_path("rejects.txt"));
    assert_int_equal(start("", REJECT, true), -EINVAL);
    assert_int_equal(access(temp_path("rejects.txt"), F_OK), -1);
}

static void rejects_file_of_a_clean_load_is_empty(void **state)
{
    char text[4096];
    mode_t mode;

    (void)state;
    (void)temp_text("people.csv", some_bad);
    assert_int_equal(start("", REJECT, false), 0);
    fixture_close(&f);
    (void)temp_text("people.csv", TWO);
    assert_int_equal(start("", REJECT, false), 0);
    read_rejects(text, sizeof(text), &mode);
    assert_string_equal(text, "");
}

static void rejects_file_that_cannot_be_written_refuses_the_load(void **state)
{
    (void)state;
    (void)temp_text("people.csv", some_bad);
    assert_int_equal(start("", "bad_rows = \"reject\"; rejects = \"nowhere/rejects.txt\";", false),
                     -EINVAL);
    assert_true(fixture_says(&f, "cannot be written"));
}

static void stray_quote_refuses_the_file_because_rows_end_nowhere(void **state)
{
    (void)state;
    (void)temp_text("people.csv", HEAD "p1,A\"nn,Brook,2012-05-06,\n");
    assert_int_equal(start("", REJECT, false), -EINVAL);
    assert_true(fixture_says(&f, "stray quote"));
}

/* --- a file that changes --- */
static void swap_people(void *ctx)
{
    (void)ctx;
    (void)temp_text("people.new", TWO "p3,Cyd,Brook,2012-05-06,\n");
    assert_int_equal(rename(temp_path("people.new"), temp_path("people.csv")), 0);
}

static int person_and_swap(void *ctx, const struct alm_person *p)
{
    int r = fixture_person(ctx, p);

    if (((struct rows_fixture *)ctx)->n_people == 2)
        swap_people(NULL);
    return r;
}

static void files_exchanged_while_they_are_read_are_read_again(void **state)
{
    const struct alm_sink sink = { &f, person_and_swap, fixture_home, fixture_stay,
                                   fixture_report };

    (void)state;
    (void)temp_text("people.csv", TWO);
    assert_int_equal(fixture_open(&f, &backend_csv, conf_of("", ""), true), 0);
    assert_int_equal(f.ops->load(f.backend, &sink, false), -EAGAIN);
    assert_true(fixture_says(&f, "exchanged while they were read"));
    fixture_close(&f);
    assert_int_equal(start("", "", false), 0); /* as the host would, with another worker */
    assert_int_equal(f.n_people, 3);
}

static void pause_ms(long ms)
{
    const struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

    (void)nanosleep(&t, NULL);
}

static int changed_within(int tries)
{
    int r = 0;

    while (r == 0 && tries-- > 0) {
        r = f.ops->changed(f.backend);
        if (r == 0)
            pause_ms(50);
    }
    return r;
}

static void new_file_is_told_once(void **state)
{
    (void)state;
    (void)temp_text("people.csv", TWO);
    assert_int_equal(start("", "reload_s = 1; settle_s = 0;", false), 0);
    assert_int_equal(f.ops->changed(f.backend), 0);
    swap_people(NULL);
    assert_int_equal(changed_within(200), 1);
    assert_int_equal(changed_within(30), 0); /* if the load fails, not again before it changes */
}

static void file_that_still_grows_is_not_told(void **state)
{
    (void)state;
    (void)temp_text("people.csv", TWO);
    assert_int_equal(start("", "reload_s = 1; settle_s = 3600;", false), 0);
    swap_people(NULL);
    assert_int_equal(changed_within(50), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(windows_1252_is_read_where_it_is_said, setup, teardown),
        cmocka_unit_test_setup_teardown(windows_1252_taken_for_utf8_is_refused_with_its_line, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(bytes_that_an_encoding_lacks_are_refused_with_their_line,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(utf16_is_read_in_either_order_with_a_mark_or_without, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(utf16_cut_off_within_a_character_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(utf8_mark_is_believed_before_the_setting, setup, teardown),
        cmocka_unit_test_setup_teardown(
            group_says_encoding_and_delimiter_for_every_file_that_does_not, setup, teardown),
        cmocka_unit_test_setup_teardown(semicolons_that_nobody_announced_are_named, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(settings_that_cannot_be_are_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(file_with_fewer_rows_than_expected_is_not_taken, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(trailer_must_stand_last_and_count_right, setup, teardown),
        cmocka_unit_test_setup_teardown(manifest_counts_every_file, setup, teardown),
        cmocka_unit_test_setup_teardown(more_rows_than_the_sink_takes_end_the_load_at_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(bad_row_refuses_the_whole_load_unless_it_may_be_rejected,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            rejected_rows_are_named_by_line_and_reason_and_never_by_content, setup, teardown),
        cmocka_unit_test_setup_teardown(no_answer_that_could_rest_on_a_rejected_row_is_given, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(rejected_row_that_names_nobody_makes_everybody_partial,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(contact_of_a_person_in_no_file_is_rejected_for_everybody,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(household_is_partial_when_anybody_s_row_was_rejected, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(repeated_person_is_rejected_and_doubted, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_rejects_refuse_the_load, setup, teardown),
        cmocka_unit_test_setup_teardown(check_takes_no_bad_row_even_where_a_run_rejects_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(rejects_file_of_a_clean_load_is_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(rejects_file_that_cannot_be_written_refuses_the_load, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(stray_quote_refuses_the_file_because_rows_end_nowhere,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(files_exchanged_while_they_are_read_are_read_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(new_file_is_told_once, setup, teardown),
        cmocka_unit_test_setup_teardown(file_that_still_grows_is_not_told, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
