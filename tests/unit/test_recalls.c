/* SPDX-License-Identifier: Apache-2.0 */
/* test_recalls.c - what was taken back from an agency stays until it is done, once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/recalls.h"
#include "temp_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct id id_of(uint8_t n)
{
    struct id id = { { n, [6] = 0x70, [8] = 0x80, [15] = n } };

    return id;
}

static struct recalls *opened(void)
{
    struct recalls *r = NULL;

    assert_int_equal(recalls_open(temp_path("recalls"), &r), 0);
    return r;
}

struct seen {
    size_t n;
    char text[64];
};

static bool see(void *ctx, const struct id *recall, struct bytes body)
{
    struct seen *s = ctx;

    assert_false(id_is_zero(recall));
    assert_true(body.len + strlen(s->text) < sizeof(s->text));
    memcpy(s->text + strlen(s->text), body.data, body.len);
    s->n++;
    return true;
}

static const char *all(const struct recalls *r)
{
    static struct seen s;

    s = (struct seen){ .n = 0 };
    assert_int_equal(recalls_each(r, see, &s), 0);
    return s.text;
}

static void keep(const struct recalls *r, uint8_t n, const char *body)
{
    struct id id = id_of(n);

    assert_int_equal(recalls_keep(r, &id, bytes_str(body)), 0);
}

static void a_recall_is_there_until_it_is_done_also_after_a_restart(void **state)
{
    struct recalls *r = opened();
    struct id one = id_of(1);

    (void)state;
    keep(r, 2, "two ");
    keep(r, 1, "one ");
    r = recalls_close(r);
    r = opened();
    assert_string_equal(all(r), "one two ");
    assert_int_equal(recalls_done(r, &one), 0);
    assert_string_equal(all(r), "two ");
    r = recalls_close(r);
    r = opened();
    assert_string_equal(all(r), "two ");
    recalls_close(r);
}

static void one_that_comes_again_is_kept_once_and_not_again_when_it_is_done(void **state)
{
    struct recalls *r = opened();
    struct id one = id_of(1);

    (void)state;
    keep(r, 1, "one ");
    keep(r, 1, "another ");
    assert_string_equal(all(r), "one ");
    assert_int_equal(recalls_done(r, &one), 0);
    keep(r, 1, "one ");
    assert_string_equal(all(r), "");
    recalls_close(r);
}

static void what_is_not_here_cannot_be_done(void **state)
{
    struct recalls *r = opened();
    struct id one = id_of(1);

    (void)state;
    assert_int_equal(recalls_done(r, &one), -ENOENT);
    keep(r, 1, "one ");
    assert_int_equal(recalls_done(r, &one), 0);
    assert_int_equal(recalls_done(r, &one), -ENOENT);
    recalls_close(r);
}

static void other_files_are_left_alone_and_files_are_the_owners(void **state)
{
    struct recalls *r = opened();
    struct id one = id_of(1);
    char text[ID_TEXT], path[4096];
    struct stat st;
    int fd;

    (void)state;
    keep(r, 1, "one ");
    (void)snprintf(path, sizeof(path), "%s/notes.msg", temp_path("recalls"));
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_string_equal(all(r), "one ");
    id_format(&one, text);
    (void)snprintf(path, sizeof(path), "%s/%s.msg", temp_path("recalls"), text);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 077, 0);
    recalls_close(r);
}

static void a_folder_that_cannot_be_made_is_an_error(void **state)
{
    struct recalls *r = NULL;
    int fd = open(temp_path("recalls"), O_WRONLY | O_CREAT, 0600);

    (void)state;
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_not_equal(recalls_open(temp_path("recalls"), &r), 0);
    assert_null(r);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, temp_dir_setup, temp_dir_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_recall_is_there_until_it_is_done_also_after_a_restart),
        TEST(one_that_comes_again_is_kept_once_and_not_again_when_it_is_done),
        TEST(what_is_not_here_cannot_be_done),
        TEST(other_files_are_left_alone_and_files_are_the_owners),
        TEST(a_folder_that_cannot_be_made_is_an_error),
    };

    return cmocka_run_group_tests_name("recalls", tests, NULL, NULL);
}
