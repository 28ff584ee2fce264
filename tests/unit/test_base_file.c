/* SPDX-License-Identifier: Apache-2.0 */
/* test_base_file.c - files whole or not at all, secrets private; and the operators' log. */
#include "base/file.h"

#include "base/log.h"
#include "temp_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static unsigned mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static int entries_in(const char *dir)
{
    DIR *d = opendir(dir);
    int n = 0;

    assert_non_null(d);
    while (readdir(d))
        n++;
    (void)closedir(d);
    return n - 2; /* . and .. */
}

static void file_write_then_read_gives_same_bytes(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    static uint8_t data[40000];

    (void)state;
    buf_init(&b, 100000);
    memset(data, 7, sizeof(data));
    assert_int_equal(file_write(temp_path("f"), bytes_of(data, sizeof(data)), 0640), 0);
    assert_int_equal(mode_of(temp_path("f")), 0640);
    assert_int_equal(file_read(temp_path("f"), sizeof(data), &b), 0);
    assert_true(bytes_equal(buf_view(&b), bytes_of(data, sizeof(data))));
    assert_int_equal(entries_in(temp_dir), 1); /* nothing temporary is left */
}

static void file_write_replaces_whole_and_ignores_umask(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    mode_t before = umask(077);

    (void)state;
    buf_init(&b, 100);
    assert_int_equal(file_write(temp_path("f"), bytes_str("a long text"), 0600), 0);
    assert_int_equal(file_write(temp_path("f"), bytes_str("short"), 0644), 0);
    (void)umask(before);
    assert_int_equal(mode_of(temp_path("f")), 0644);
    assert_int_equal(file_read(temp_path("f"), 100, &b), 0);
    assert_true(bytes_equal(buf_view(&b), bytes_str("short")));
}

static void file_write_failure_leaves_old_file_and_no_litter(void **state)
{
    (void)state;
    assert_int_equal(file_mkdirs(temp_path("d/in"), 0700), 0);
    assert_int_equal(file_write(temp_path("d"), bytes_str("x"), 0600), -EISDIR);
    assert_int_equal(file_write(temp_path("none/f"), bytes_str("x"), 0600), -ENOENT);
    assert_int_equal(entries_in(temp_dir), 1);
}

static void file_write_refuses_a_path_too_long(void **state)
{
    char path[5000];

    (void)state;
    memset(path, 'a', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(file_write(path, bytes_str("x"), 0600), -ENAMETOOLONG);
    assert_int_equal(file_mkdirs(path, 0700), -ENAMETOOLONG);
}

static void file_read_refuses_more_than_its_bound(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    (void)state;
    buf_init(&b, 100);
    buf_put(&b, "old", 3);
    assert_int_equal(file_read(temp_text("f", "12345"), 4, &b), -E2BIG);
    assert_true(bytes_equal(buf_view(&b), bytes_str("old")));
    assert_int_equal(file_read(temp_path("f"), 5, &b), 0);
    assert_true(bytes_equal(buf_view(&b), bytes_str("old12345")));
}

static void file_read_refuses_what_is_no_file(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    (void)state;
    buf_init(&b, 100);
    assert_int_equal(file_read(temp_path("none"), 100, &b), -ENOENT);
    assert_int_equal(file_read(temp_dir, 100, &b), -EISDIR);
    assert_int_equal(mkfifo(temp_path("fifo"), 0600), 0);
    assert_int_equal(file_read(temp_path("fifo"), 100, &b), -EINVAL); /* and does not hang */
    assert_int_equal(file_read("/dev/zero", 100, &b), -EINVAL);
    assert_int_equal(b.len, 0);
}

static void file_mkdirs_makes_parents_and_is_content_with_what_is_there(void **state)
{
    (void)state;
    assert_int_equal(file_mkdirs(temp_path("a/b/c"), 0700), 0);
    assert_int_equal(mode_of(temp_path("a/b/c")), 0700);
    assert_int_equal(file_mkdirs(temp_path("a/b/c"), 0700), 0);
    assert_int_equal(file_mkdirs(temp_path("a//b/d/"), 0700), 0);
}

static void file_mkdirs_refuses_a_file_in_the_way(void **state)
{
    (void)state;
    (void)temp_text("f", "x");
    assert_int_equal(file_mkdirs(temp_path("f"), 0700), -ENOTDIR);
    assert_int_equal(file_mkdirs(temp_path("f/g"), 0700), -ENOTDIR);
    assert_int_equal(file_mkdirs("", 0700), -EINVAL);
}

static void secret_file_is_private_and_reads_back(void **state)
{
    struct secret s, back;

    (void)state;
    for (size_t i = 0; i < sizeof(s.octets); i++)
        s.octets[i] = (uint8_t)(255 - i);
    assert_int_equal(file_write_secret(temp_path("s"), &s), 0);
    assert_int_equal(mode_of(temp_path("s")), 0600);
    assert_int_equal(file_check_private(temp_path("s")), 0);
    assert_int_equal(file_read_secret(temp_path("s"), &back), 0);
    assert_true(secret_equal(&s, &back));
}

static void secret_file_that_others_may_read_is_refused(void **state)
{
    static const mode_t open_modes[] = { 0640, 0604, 0620, 0602, 0610, 0601, 0777 };
    struct secret s = { { 1 } }, back;

    (void)state;
    assert_int_equal(file_write_secret(temp_path("s"), &s), 0);
    for (size_t i = 0; i < ALM_LEN(open_modes); i++) {
        assert_int_equal(chmod(temp_path("s"), open_modes[i]), 0);
        assert_int_equal(file_check_private(temp_path("s")), -EPERM);
        assert_int_equal(file_read_secret(temp_path("s"), &back), -EPERM);
    }
    assert_int_equal(file_check_private(temp_path("none")), -ENOENT);
    assert_int_equal(file_read_secret(temp_path("none"), &back), -ENOENT);
}

#define HEX62 "00112233445566778899aabbccddeeff00112233445566778899aabbccddee"

static void secret_file_with_anything_else_in_it_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "\n",
        HEX62,
        HEX62 "f\n",
        HEX62 "fg\n",
        HEX62 "ff\n\n",
        HEX62 "ff00\n",
        HEX62 "ff \n",
        " " HEX62 "f",
    };
    static const struct secret zero;
    struct secret s;

    (void)state;
    for (size_t i = 0; i < ALM_LEN(bad); i++) {
        assert_int_equal(chmod(temp_text("s", bad[i]), 0600), 0);
        memset(&s, 1, sizeof(s));
        assert_int_equal(file_read_secret(temp_path("s"), &s), -EINVAL);
        assert_true(secret_equal(&s, &zero));
    }
    assert_int_equal(file_read_secret(temp_text("s", HEX62 "ff"), &s),
                     0); /* the newline may be missing */
}

/* Runs one log line with standard error in a file. Return: what it wrote. */
static const char *logged(enum log_level level, const char *event, const char *value)
{
    static char text[4096];
    int kept = dup(STDERR_FILENO), fd = open(temp_path("log"), O_CREAT | O_TRUNC | O_RDWR, 0600);
    ssize_t n;

    assert_true(kept >= 0 && fd >= 0);
    assert_true(dup2(fd, STDERR_FILENO) >= 0);
    log_line(level, event, value ? "key=%s" : "", value);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    n = pread(fd, text, sizeof(text) - 1, 0);
    assert_true(n >= 0);
    text[n] = '\0';
    (void)close(fd);
    (void)close(kept);
    return text;
}

static void log_line_is_logfmt_with_time_level_process_and_event(void **state)
{
    const char *line;

    (void)state;
    log_init("test", LOG_INFO);
    line = logged(LOG_WARN, "gate-ready", "value");
    assert_int_equal(strncmp(line, "ts=20", 5), 0);
    assert_non_null(strstr(line, "Z level=warn proc=test event=gate-ready key=value\n"));
    assert_non_null(strstr(logged(LOG_ERROR, "bare", NULL), "level=error proc=test event=bare\n"));
}

static void log_line_below_the_least_level_is_not_written(void **state)
{
    (void)state;
    log_init("test", LOG_WARN);
    assert_string_equal(logged(LOG_INFO, "quiet", "x"), "");
}

static void log_value_cannot_forge_a_line(void **state)
{
    const char *line;

    (void)state;
    log_init("test", LOG_INFO);
    line = logged(LOG_INFO, "forged", "a\nts=1 level=info\r\x1b[2J\x7f");
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    assert_null(strchr(line, '\x1b'));
    assert_null(strchr(line, '\r'));
}

static void log_line_that_is_too_long_is_cut_and_still_ended(void **state)
{
    static char long_value[3000];
    const char *line;

    (void)state;
    log_init("test", LOG_INFO);
    memset(long_value, 'x', sizeof(long_value) - 1);
    line = logged(LOG_INFO, "long", long_value);
    assert_int_equal(strlen(line), 1024);
    assert_int_equal(line[1023], '\n');
}

static void log_quote_escapes_and_bounds(void **state)
{
    static char long_value[3000];

    (void)state;
    memset(long_value, '"', sizeof(long_value) - 1);
    assert_string_equal(LOG_Q("a \"b\" \\c"), "\"a \\\"b\\\" \\\\c\"");
    assert_string_equal(LOG_Q(""), "\"\"");
    assert_true(strlen(LOG_Q(long_value)) < LOG_QUOTE_MAX);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, temp_dir_setup, temp_dir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(file_write_then_read_gives_same_bytes),
        IN_FOLDER(file_write_replaces_whole_and_ignores_umask),
        IN_FOLDER(file_write_failure_leaves_old_file_and_no_litter),
        IN_FOLDER(file_write_refuses_a_path_too_long),
        IN_FOLDER(file_read_refuses_more_than_its_bound),
        IN_FOLDER(file_read_refuses_what_is_no_file),
        IN_FOLDER(file_mkdirs_makes_parents_and_is_content_with_what_is_there),
        IN_FOLDER(file_mkdirs_refuses_a_file_in_the_way),
        IN_FOLDER(secret_file_is_private_and_reads_back),
        IN_FOLDER(secret_file_that_others_may_read_is_refused),
        IN_FOLDER(secret_file_with_anything_else_in_it_is_refused),
        IN_FOLDER(log_line_is_logfmt_with_time_level_process_and_event),
        IN_FOLDER(log_line_below_the_least_level_is_not_written),
        IN_FOLDER(log_value_cannot_forge_a_line),
        IN_FOLDER(log_line_that_is_too_long_is_cut_and_still_ended),
        IN_FOLDER(log_quote_escapes_and_bounds),
    };

    return cmocka_run_group_tests_name("base_file", tests, NULL, NULL);
}
