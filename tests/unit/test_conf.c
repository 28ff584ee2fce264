/* SPDX-License-Identifier: Apache-2.0 */
/* test_conf.c - configuration read strictly: every mistake with its file and line, all in one run.
 */
#include "conf/conf.h"

#include "alloc_fail.h"
#include "temp_dir.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct conf_errors *errors;
static struct conf *conf;

static int start(void **state)
{
    conf = NULL;
    return temp_dir_setup(state) || conf_errors_new(&errors);
}

static int stop(void **state)
{
    conf = conf_free(conf);
    errors = conf_errors_free(errors);
    return temp_dir_teardown(state);
}

static const struct conf_node *loaded(const char *text)
{
    conf = conf_free(conf);
    if (conf_load(temp_text("main.conf", text), errors, &conf) != 0) {
        print_error("%s\n", conf_errors_at(errors, 0));
        fail();
    }
    return conf_root(conf);
}

/* Error i is "FOLDER/" and want. */
static void assert_error(size_t i, const char *want)
{
    const char *got = conf_errors_at(errors, i);

    assert_non_null(got);
    if (strncmp(got, temp_dir, strlen(temp_dir)) == 0)
        got += strlen(temp_dir) + 1;
    assert_string_equal(got, want);
}

static void assert_refused_bytes(const void *text, size_t len, const char *want)
{
    struct conf_errors *e = conf_errors_free(errors);

    assert_int_equal(conf_errors_new(&e), 0);
    errors = e;
    assert_int_equal(conf_load(temp_write("main.conf", text, len), errors, &conf), -EINVAL);
    assert_null(conf);
    assert_error(0, want);
}

static void assert_refused(const char *text, const char *want)
{
    assert_refused_bytes(text, strlen(text), want);
}

static void conf_reads_every_type_with_its_line(void **state)
{
    const struct conf_node *root = loaded(
        "a = 7;\nb = { c = \"text\"; };\n\nd = [ 1, 2 ];\ne = ( \"x\", { f = true; } );\ng = 1.5;");
    const struct conf_node *e = conf_child(root, "e");

    (void)state;
    assert_int_equal(conf_len(root), 5);
    assert_int_equal(conf_type_of(conf_child(root, "a")), CONF_INT);
    assert_int_equal(conf_type_of(conf_child(root, "b")), CONF_GROUP);
    assert_int_equal(conf_type_of(conf_child(root, "d")), CONF_LIST);
    assert_int_equal(conf_line(conf_child(root, "d")), 4);
    assert_int_equal(conf_type_of(e), CONF_LIST);
    assert_null(conf_name(conf_at(e, 0)));
    assert_int_equal(conf_type_of(conf_child(conf_at(e, 1), "f")), CONF_BOOL);
    assert_int_equal(conf_type_of(conf_child(root, "g")), CONF_FLOAT);
    assert_null(conf_child(root, "h"));
    assert_null(conf_at(root, 5));
}

static void conf_reads_an_empty_file_as_an_empty_group(void **state)
{
    const struct conf_node *root = loaded("");

    (void)state;
    assert_int_equal(conf_type_of(root), CONF_GROUP);
    assert_int_equal(conf_len(root), 0);
}

static void conf_keeps_an_empty_string(void **state)
{
    const char *text = NULL;

    (void)state;
    assert_true(conf_string(conf_child(loaded("a = \"\";"), "a"), errors, &text));
    assert_string_equal(text, "");
}

static void conf_follows_include_relative_to_the_first_file(void **state)
{
    const struct conf_node *root;
    char want[256];

    (void)state;
    assert_int_equal(mkdir(temp_path("sub"), 0700), 0);
    (void)temp_text("sub/one.conf", "\nb = 2;\n@include \"sub/two.conf\"\n");
    (void)temp_text("sub/two.conf", "c = 3;\n");
    root = loaded("a = 1;\n@include \"sub/one.conf\"\nd = 4;\n");
    (void)snprintf(want, sizeof(want), "%s/sub/one.conf", temp_dir);
    assert_string_equal(conf_file(conf_child(root, "b")), want);
    assert_int_equal(conf_line(conf_child(root, "b")), 2);
    assert_int_equal(conf_line(conf_child(root, "d")), 3);
    assert_non_null(conf_child(root, "c"));
}

static void conf_accepts_integers_up_to_their_limits(void **state)
{
    static const struct {
        const char *text;
        int64_t want;
    } rows[] = {
        { "a = 2147483647;", INT32_MAX },           { "a = -2147483648;", INT32_MIN },
        { "a = 0x7fffffff;", INT32_MAX },           { "a = 5000000000L;", 5000000000 },
        { "a = 9223372036854775807L;", INT64_MAX }, { "a = -9223372036854775808L;", INT64_MIN },
        { "a = 0x7fffffffffffffffLL;", INT64_MAX }, { "a = 007;", 7 },
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(rows); i++) {
        int64_t got = 0;

        assert_true(
            conf_int(conf_child(loaded(rows[i].text), "a"), errors, INT64_MIN, INT64_MAX, &got));
        assert_true(got == rows[i].want);
    }
}

static void conf_refuses_integers_that_libconfig_would_wrap(void **state)
{
    static const char *const bad[] = { "a = 5000000000;",
                                       "a = 2147483648;",
                                       "a = -2147483649;",
                                       "a = 4294967296;",
                                       "a = 0x80000000;",
                                       "a = 0xffffffff;",
                                       "a = 99999999999999999999999999;",
                                       "a=[1,2147483648];" };
    static const char *const bad_long[] = { "a = 9223372036854775808L;",
                                            "a = -9223372036854775809L;",
                                            "a = 0xffffffffffffffffL;",
                                            "a = 99999999999999999999L;" };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(bad); i++)
        assert_refused(bad[i], "main.conf:1: integer out of range: it does not fit in 32 bits");
    for (size_t i = 0; i < ALM_LEN(bad_long); i++)
        assert_refused(bad_long[i],
                       "main.conf:1: integer out of range: it does not fit in 64 bits");
}

static void conf_does_not_take_text_or_comments_for_integers(void **state)
{
    (void)state;
    (void)loaded(
        "a = \"5000000000\";\n# 5000000000\n// 5000000000\n/* 5000000000\n */\n"
        "b = \"\\\" 5000000000\";\nx5000000000 = 1;\nf = 5000000000.5; g = 5000000000e2;\n");
}

static void conf_gathers_all_errors_of_a_run(void **state)
{
    (void)state;
    assert_refused("a = 5000000000;\n\nb = -5000000000;\nc = ;\n",
                   "main.conf:1: integer out of range: it does not fit in 32 bits");
    assert_int_equal(conf_errors_count(errors), 3);
    assert_error(1, "main.conf:3: integer out of range: it does not fit in 32 bits");
    assert_error(2, "main.conf:4: syntax error");
}

static void conf_names_the_included_file_in_errors(void **state)
{
    (void)state;
    (void)temp_text("one.conf", "\n\nb = 5000000000;\n");
    assert_refused("a = 1;\n@include \"one.conf\"\n",
                   "one.conf:3: integer out of range: it does not fit in 32 bits");
    (void)temp_text("one.conf", "\nb = = 1;\n");
    assert_refused("a = 1;\n@include \"one.conf\"\n", "one.conf:2: syntax error");
}

static void conf_refuses_a_key_given_twice(void **state)
{
    (void)state;
    assert_refused("a = 1;\nb = 2;\na = 3;\n", "main.conf:3: duplicate setting name");
    assert_refused("g = {\n a = 1;\n a = 3; };\n", "main.conf:3: duplicate setting name");
    (void)temp_text("one.conf", "\na = 2;\n");
    assert_refused("a = 1;\n@include \"one.conf\"\n", "one.conf:2: duplicate setting name");
}

static void conf_refuses_include_of_a_folder(void **state)
{
    (void)state;
    char want[256];

    assert_int_equal(mkdir(temp_path("sub"), 0700), 0);
    (void)snprintf(want, sizeof(want), "main.conf:2: @include of a folder: %s/sub", temp_dir);
    assert_refused("a = 1;\n@include \"sub\"\n", want);
    (void)snprintf(want, sizeof(want), "main.conf:1: @include of a folder: %s/.", temp_dir);
    assert_refused("  @include \".\"\n", want);
}

static void conf_refuses_include_of_what_cannot_be_read(void **state)
{
    (void)state;
    char want[256];

    (void)snprintf(want, sizeof(want), "main.conf:1: @include cannot read %s/none.conf", temp_dir);
    assert_refused("@include \"none.conf\"\n", want);
    assert_int_equal(mkfifo(temp_path("fifo"), 0600), 0);
    (void)snprintf(want, sizeof(want), "main.conf:1: @include cannot read %s/fifo", temp_dir);
    assert_refused("@include \"fifo\"\n", want);
}

static void conf_refuses_include_in_any_other_form(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        { "@include main\n",
          "main.conf:1: @include wants the name of a file in double quotes, without backslashes" },
        { "@include \"a\\\"b\"\n",
          "main.conf:1: @include wants the name of a file in double quotes, without backslashes" },
        { "@include \"\"\n",
          "main.conf:1: @include wants the name of a file in double quotes, without backslashes" },
        { "@include \"unclosed\n",
          "main.conf:1: @include wants the name of a file in double quotes, without backslashes" },
        { "\n@include \"/etc/passwd\"\n",
          "main.conf:2: @include wants a path relative to the folder of the first file" },
        { "a = 1; @include \"x\"\n",
          "main.conf:1: '@' may only start an @include at the beginning of a line" },
        { "@import \"x\"\n",
          "main.conf:1: '@' may only start an @include at the beginning of a line" },
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(rows); i++)
        assert_refused(rows[i].text, rows[i].want);
}

static void conf_refuses_a_file_that_includes_itself(void **state)
{
    (void)state;
    assert_refused(
        "a = 1;\n@include \"main.conf\"\n",
        "main.conf:2: @include within @include goes too deep (a file that includes itself?)");
}

static void conf_refuses_includes_that_multiply(void **state)
{
    char name[8], text[256];

    (void)state; /* each includes the next twelve times */
    for (int i = 0; i < 7; i++) {
        size_t at = 0;

        for (int k = 0; k < 12; k++)
            at += (size_t)snprintf(text + at, sizeof(text) - at, "@include \"f%d\"\n", i + 1);
        (void)snprintf(name, sizeof(name), "f%d", i);
        (void)temp_text(name, text);
    }
    (void)temp_text("f7", "\n");
    assert_refused("@include \"f0\"\n", "f6:1: too much is included");
}

static void conf_refuses_bytes_that_are_not_utf8(void **state)
{
    (void)state;
    assert_refused("a = 1;\nb = \"caf\xe9\";\n", "main.conf:2: the text is not valid UTF-8");
    assert_refused("# \xff\n", "main.conf:1: the text is not valid UTF-8");
    assert_refused_bytes("a = 1;\n\nb = \"x\0y\";\n", 19, "main.conf:3: NUL byte in the text");
    assert_refused("a = \"x\\xff\";\n", "main.conf:1: a string is not valid UTF-8");
    assert_refused("\na = \"x\\x00y\";\n", "main.conf:2: NUL character in a string");
    assert_refused_bytes("a\xef\xbf", 3, "main.conf:1: the text is not valid UTF-8");
}

static void conf_goes_on_after_a_bad_file(void **state)
{
    (void)state;
    (void)temp_text("one.conf", "# \xff\n");
    (void)temp_text("two.conf", "b = 5000000000;\n");
    assert_refused("@include \"one.conf\"\n@include \"two.conf\"\n",
                   "one.conf:1: the text is not valid UTF-8");
    assert_error(1, "two.conf:1: integer out of range: it does not fit in 32 bits");
}

static void conf_reads_good_utf8(void **state)
{
    const char *text = NULL;

    (void)state;
    assert_true(conf_string(conf_child(loaded("a = \"caf\xc3\xa9\";"), "a"), errors, &text));
    assert_string_equal(text, "caf\xc3\xa9");
}

static void conf_refuses_what_is_opened_and_never_closed(void **state)
{
    (void)state;
    assert_refused("a = 1;\nb = \"text\n\n",
                   "main.conf:2: a string is opened here and never closed");
    assert_refused("a = 1;\n\n/* text\n\n",
                   "main.conf:3: a comment is opened here and never closed");
    assert_refused("a = {\n b = 1;\n", "main.conf:3: syntax error");
    assert_refused("a = \"x\\", "main.conf:1: a string is opened here and never closed");
}

static void conf_refuses_bottomless_nesting(void **state)
{
    char text[2001];

    (void)state;
    memset(text, '(', sizeof(text) - 1);
    memcpy(text, "a = ", 4);
    text[2000] = '\0';
    assert_refused(text, "main.conf:1: brackets are nested too deep");
}

static void conf_refuses_numbers_that_are_none(void **state)
{
    (void)state;
    assert_refused("a = 0x;\n", "main.conf:1: syntax error");
    assert_refused("a = 1 2;\n", "main.conf:1: syntax error");
    assert_refused("a = --1;\n", "main.conf:1: syntax error");
    assert_refused("a = 1k;\n", "main.conf:1: syntax error");
}

static void conf_refuses_a_file_that_cannot_be_read(void **state)
{
    (void)state;
    assert_int_equal(conf_load(temp_path("none"), errors, &conf), -EINVAL);
    assert_error(0, "none: cannot be read: No such file or directory");
    assert_int_equal(conf_load(temp_dir, errors, &conf), -EINVAL);
    assert_non_null(strstr(conf_errors_at(errors, 1), "cannot be read: Is a directory"));
    assert_null(conf);
}

static void conf_typed_reads_refuse_other_types(void **state)
{
    const struct conf_node *root = loaded("\ni = 1;\ns = \"x\";\nb = true;\nf = 1.0;\ng = {};\n");
    const char *text = "kept";
    int64_t number = 77;
    bool flag = true;

    (void)state;
    assert_false(conf_string(conf_child(root, "i"), errors, &text));
    assert_false(conf_int(conf_child(root, "f"), errors, 0, 9, &number));
    assert_false(conf_int(conf_child(root, "s"), errors, 0, 9, &number));
    assert_false(conf_int(conf_child(root, "b"), errors, 0, 9, &number));
    assert_false(conf_bool(conf_child(root, "i"), errors, &flag));
    assert_false(conf_string(conf_child(root, "g"), errors, &text));
    assert_string_equal(text, "kept");
    assert_true(number == 77);
    assert_error(0, "main.conf:2: i wants a string, not an integer");
    assert_error(1, "main.conf:5: f wants an integer, not a fraction");
    assert_error(5, "main.conf:6: g wants a string, not a group { }");
}

static void conf_int_refuses_values_out_of_range(void **state)
{
    const struct conf_node *root = loaded("a = 10;\nb = -1;\n");
    int64_t number = 77;

    (void)state;
    assert_false(conf_int(conf_child(root, "a"), errors, 0, 9, &number));
    assert_false(conf_int(conf_child(root, "b"), errors, 0, 9, &number));
    assert_true(conf_int(conf_child(root, "a"), errors, 10, 10, &number));
    assert_true(number == 10);
    assert_error(0, "main.conf:1: a must be from 0 to 9");
    assert_error(1, "main.conf:2: b must be from 0 to 9");
}

static void conf_only_names_the_nearest_key(void **state)
{
    static const char *const known[] = { "purpose", "questions", "roles", NULL };
    const struct conf_node *root =
        loaded("purpose = 1;\npurpos = 2;\nqestion = 3;\nzebra = 4;\nRoles = 5;");

    (void)state;
    conf_only(root, errors, known);
    assert_int_equal(conf_errors_count(errors), 4);
    assert_error(0, "main.conf:2: unknown key purpos (did you mean purpose?)");
    assert_error(1, "main.conf:3: unknown key qestion (did you mean questions?)");
    assert_error(2, "main.conf:4: unknown key zebra");
    assert_error(3, "main.conf:5: unknown key Roles (did you mean roles?)");
}

static void conf_only_survives_very_long_names(void **state)
{
    static const char *const known[] = { "purpose", NULL };
    char text[2100];

    (void)state;
    memset(text, 'a', 2000);
    memcpy(text + 2000, " = 1;\n", 7);
    conf_only(loaded(text), errors, known);
    assert_int_equal(conf_errors_count(errors), 1);
}

static void conf_errors_are_bounded_and_all_counted(void **state)
{
    (void)state;
    for (int i = 0; i < 250; i++)
        conf_fail_at(errors, "file", (unsigned)i, "error");
    assert_int_equal(conf_errors_count(errors), 250);
    assert_string_equal(conf_errors_at(errors, 99), "file:99: error");
    assert_null(conf_errors_at(errors, 100));
}

static void conf_errors_hold_no_control_characters(void **state)
{
    (void)state;
    conf_fail(errors, NULL, "name %s", "a\n\x1b[2Jb");
    assert_string_equal(conf_errors_at(errors, 0), "name a??[2Jb");
}

struct sample {
    char name[8], level[8];
    int64_t wait_ms;
    bool strict;
};

static const struct setting sample_settings[] = {
    { .key = "name",
      .type = SETTING_STRING,
      .offset = offsetof(struct sample, name),
      .size = 8,
      .min = 1,
      .max = 7 },
    { .key = "level",
      .type = SETTING_CHOICE,
      .offset = offsetof(struct sample, level),
      .size = 8,
      .choices = { "low", "high" },
      .fallback = "low" },
    { .key = "wait_ms",
      .type = SETTING_INT,
      .offset = offsetof(struct sample, wait_ms),
      .min = 10,
      .max = 5000,
      .fallback = "2000" },
    { .key = "strict",
      .type = SETTING_BOOL,
      .offset = offsetof(struct sample, strict),
      .fallback = "true" },
};

static void sample_read(const char *text, struct sample *out)
{
    static const char *const also[] = { "gates", NULL };

    settings_read(sample_settings, ALM_LEN(sample_settings), loaded(text), also, errors, out);
}

static void settings_are_read_by_the_table(void **state)
{
    struct sample s = { 0 };

    (void)state;
    sample_read("name = \"core\"; level = \"high\"; wait_ms = 10; strict = false; gates = ();", &s);
    assert_int_equal(conf_errors_count(errors), 0);
    assert_string_equal(s.name, "core");
    assert_string_equal(s.level, "high");
    assert_true(s.wait_ms == 10);
    assert_false(s.strict);
}

static void settings_left_out_have_their_defaults(void **state)
{
    struct sample s = { 0 };

    (void)state;
    sample_read("name = \"core\";", &s);
    assert_int_equal(conf_errors_count(errors), 0);
    assert_string_equal(s.level, "low");
    assert_true(s.wait_ms == 2000);
    assert_true(s.strict);
}

static void settings_required_and_missing_are_errors(void **state)
{
    struct sample s = { 0 };

    (void)state;
    sample_read("", &s);
    assert_int_equal(conf_errors_count(errors), 1);
    settings_read(sample_settings, ALM_LEN(sample_settings), NULL, NULL, errors, &s);
    assert_int_equal(conf_errors_count(errors), 2);
    assert_error(1, "name is missing");
}

static void settings_mistakes_are_all_reported_and_leave_defaults(void **state)
{
    struct sample s = { 0 };

    (void)state;
    sample_read("name = \"too long a name\";\nlevel = \"middling\";\nwait_ms = 9;\nstrict = "
                "1;\nstrickt = true;",
                &s);
    assert_int_equal(conf_errors_count(errors), 5);
    assert_error(0, "main.conf:1: name must be 1 to 7 bytes long");
    assert_error(1, "main.conf:2: level must be one of: low, high");
    assert_error(2, "main.conf:3: wait_ms must be from 10 to 5000");
    assert_error(3, "main.conf:4: strict wants true or false, not an integer");
    assert_error(4, "main.conf:5: unknown key strickt (did you mean strict?)");
    assert_string_equal(s.level, "low");
    assert_true(s.wait_ms == 2000);
}

static void settings_refuse_an_empty_string_where_one_is_needed(void **state)
{
    struct sample s = { 0 };

    (void)state;
    sample_read("name = \"\";", &s);
    assert_error(0, "main.conf:1: name must be 1 to 7 bytes long");
}

static void settings_refuse_what_is_no_group(void **state)
{
    struct sample s = { 0 };

    (void)state;
    settings_read(sample_settings, ALM_LEN(sample_settings),
                  conf_child(loaded("\ncore = 1;"), "core"), NULL, errors, &s);
    assert_error(0, "main.conf:2: core must be a group { }");
}

static void conf_survives_want_of_memory_at_every_step(void **state)
{
    const char *path;
    long n = 0;

    (void)state;
    (void)temp_text("one.conf", "b = [ \"x\", \"y\" ];\n");
    path = temp_text("main.conf",
                     "a = { s = \"text\"; };\n@include \"one.conf\"\nc = (1, { d = true; });\n");
    for (;; n++) {
        int r;

        alloc_fail_nth(n);
        r = conf_load(path, errors, &conf);
        if (!alloc_failed()) {
            alloc_fail_nth(-1);
            assert_int_equal(r, 0);
            break;
        }
        alloc_fail_nth(-1);
        assert_true(r == -ENOMEM || r == -EINVAL);
        assert_null(conf);
    }
    assert_true(n > 10);
}

static void paths_are_relative_to_the_folder_of_their_file(void **state)
{
    const struct conf_node *root = loaded("a = 1;\n");
    char path[PATH_MAX] = "people.csv", there[PATH_MAX] = "/srv/people.csv", none[PATH_MAX] = "";

    (void)state;
    conf_path_absolute(root, errors, "/etc/almoner", path, PATH_MAX);
    conf_path_absolute(root, errors, "/etc/almoner", there, PATH_MAX);
    conf_path_absolute(root, errors, "/etc/almoner", none, PATH_MAX);
    assert_string_equal(path, "/etc/almoner/people.csv");
    assert_string_equal(there, "/srv/people.csv");
    assert_string_equal(none, "");
    assert_int_equal(conf_errors_count(errors), 0);
}

static void a_path_that_is_too_long_is_an_error_and_never_cut(void **state)
{
    const struct conf_node *root = loaded("a = 1;\n");
    char path[PATH_MAX], before[PATH_MAX];

    (void)state;
    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    memcpy(before, path, sizeof(before));
    conf_path_absolute(root, errors, "/etc/almoner", path, PATH_MAX);
    assert_string_equal(path, before);
    assert_int_equal(conf_errors_count(errors), 1);
    memset(path + 2000, 0, sizeof(path) - 2000); /* long, and it fits: whole */
    conf_path_absolute(root, errors, "/etc", path, PATH_MAX);
    assert_int_equal(strlen(path), 2000 + strlen("/etc/"));
    assert_int_equal(conf_errors_count(errors), 1);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(conf_reads_every_type_with_its_line),
        IN_FOLDER(conf_reads_an_empty_file_as_an_empty_group),
        IN_FOLDER(conf_keeps_an_empty_string),
        IN_FOLDER(conf_follows_include_relative_to_the_first_file),
        IN_FOLDER(conf_accepts_integers_up_to_their_limits),
        IN_FOLDER(conf_refuses_integers_that_libconfig_would_wrap),
        IN_FOLDER(conf_does_not_take_text_or_comments_for_integers),
        IN_FOLDER(conf_gathers_all_errors_of_a_run),
        IN_FOLDER(conf_names_the_included_file_in_errors),
        IN_FOLDER(conf_refuses_a_key_given_twice),
        IN_FOLDER(conf_refuses_include_of_a_folder),
        IN_FOLDER(conf_refuses_include_of_what_cannot_be_read),
        IN_FOLDER(conf_refuses_include_in_any_other_form),
        IN_FOLDER(conf_refuses_a_file_that_includes_itself),
        IN_FOLDER(conf_refuses_includes_that_multiply),
        IN_FOLDER(conf_refuses_bytes_that_are_not_utf8),
        IN_FOLDER(conf_goes_on_after_a_bad_file),
        IN_FOLDER(conf_reads_good_utf8),
        IN_FOLDER(conf_refuses_what_is_opened_and_never_closed),
        IN_FOLDER(conf_refuses_bottomless_nesting),
        IN_FOLDER(conf_refuses_numbers_that_are_none),
        IN_FOLDER(conf_refuses_a_file_that_cannot_be_read),
        IN_FOLDER(conf_typed_reads_refuse_other_types),
        IN_FOLDER(conf_int_refuses_values_out_of_range),
        IN_FOLDER(conf_only_names_the_nearest_key),
        IN_FOLDER(conf_only_survives_very_long_names),
        IN_FOLDER(conf_errors_are_bounded_and_all_counted),
        IN_FOLDER(conf_errors_hold_no_control_characters),
        IN_FOLDER(settings_are_read_by_the_table),
        IN_FOLDER(settings_left_out_have_their_defaults),
        IN_FOLDER(settings_required_and_missing_are_errors),
        IN_FOLDER(settings_mistakes_are_all_reported_and_leave_defaults),
        IN_FOLDER(settings_refuse_an_empty_string_where_one_is_needed),
        IN_FOLDER(settings_refuse_what_is_no_group),
        IN_FOLDER(paths_are_relative_to_the_folder_of_their_file),
        IN_FOLDER(a_path_that_is_too_long_is_an_error_and_never_cut),
        IN_FOLDER(conf_survives_want_of_memory_at_every_step),
    };

    return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
