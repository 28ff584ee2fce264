/* SPDX-License-Identifier: Apache-2.0 */
/* test_outbox.c - what was accepted is sent until it is receipted or refused, whatever happens
 * meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "lib/outbox.h"
#include "temp_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define AGAIN_MS 1000

static struct outbox *opened(size_t max)
{
    struct outbox *o = NULL;

    assert_int_equal(crypto_init(), 0);
    assert_int_equal(outbox_open(temp_path("box"), max, &o), 0);
    return o;
}

static struct id put(struct outbox *o, int64_t ms, const char *frame)
{
    struct id id;

    assert_int_equal(id_new(ms, &id), 0);
    assert_int_equal(outbox_put(o, &id, 30, bytes_str(frame)), 0);
    return id;
}

static void path_of(const struct id *id, char out[static 256])
{
    char name[ID_TEXT];

    id_format(id, name);
    (void)snprintf(out, 256, "%s/box/%s.msg", temp_dir, name);
}

/* The next frame as text, or "" when nothing is due. */
static const char *next(struct outbox *o, int64_t now, struct id *id)
{
    static char text[64];
    ALM_CLEANUP(buf_deinit) struct buf frame;

    buf_init(&frame, 4096);
    text[0] = '\0';
    if (outbox_next(o, now, AGAIN_MS, id, &frame) == 0)
        (void)snprintf(text, sizeof(text), "%.*s", (int)frame.len, (const char *)frame.data);
    return text;
}

static void replaced_frame_goes_in_the_place_of_the_old_one(void **state)
{
    struct outbox *o = opened(1);
    struct id id = put(o, 1000, "old"), sent, none;

    (void)state;
    assert_int_equal(id_new(2000, &none), 0);
    assert_int_equal(outbox_replace(o, &none, 30, bytes_str("new")), -ENOENT);
    assert_int_equal(outbox_replace(o, &id, 30, bytes_str("new")), 0); /* also of a full one */
    assert_string_equal(next(o, 0, &sent), "new");
    o = outbox_close(o);
    o = opened(1);
    assert_string_equal(next(o, 0, &sent), "new");
    assert_true(id_equal(&sent, &id));
    outbox_close(o);
}

static void oldest_is_sent_first_and_again_until_receipted(void **state)
{
    struct outbox *o = opened(10);
    struct id first, second, id;

    (void)state;
    second = put(o, 2000, "second");
    first = put(o, 1000, "first");
    assert_string_equal(next(o, 0, &id), "first");
    assert_true(id_equal(&id, &first));
    assert_string_equal(next(o, 0, &id), "second");
    assert_string_equal(next(o, 0, &id), "");
    assert_int_equal(outbox_wait_ms(o, 0), AGAIN_MS);
    assert_string_equal(next(o, AGAIN_MS, &id), "first");
    assert_int_equal(outbox_done(o, &first), 0);
    assert_int_equal(outbox_done(o, &first), -ENOENT);
    assert_string_equal(next(o, AGAIN_MS, &id), "second");
    assert_int_equal(outbox_done(o, &second), 0);
    assert_int_equal(outbox_wait_ms(o, 0), -1);
    assert_null(outbox_close(o));
}

static void what_was_accepted_is_there_after_opening_again(void **state)
{
    struct outbox *o = opened(10);
    struct id id;

    (void)state;
    put(o, 1000, "first");
    put(o, 2000, "second");
    outbox_close(o);
    o = opened(10);
    assert_int_equal(outbox_count(o).waiting, 2);
    assert_string_equal(next(o, 0, &id), "first");
    outbox_close(o);
}

static void new_connection_makes_all_due(void **state)
{
    struct outbox *o = opened(10);
    struct id id;

    (void)state;
    put(o, 1000, "first");
    assert_string_equal(next(o, 0, &id), "first");
    outbox_all_due(o);
    assert_string_equal(next(o, 0, &id), "first");
    outbox_hold(o, &id, 5000);
    assert_string_equal(next(o, 4999, &id), "");
    assert_int_equal(outbox_wait_ms(o, 4000), 1000);
    outbox_close(o);
}

static void full_outbox_refuses_and_keeps_what_it_has(void **state)
{
    struct outbox *o = opened(1);
    struct id id;

    (void)state;
    put(o, 1000, "first");
    assert_int_equal(id_new(2000, &id), 0);
    assert_int_equal(outbox_put(o, &id, 30, bytes_str("second")), -ENOBUFS);
    assert_int_equal(outbox_count(o).waiting, 1);
    outbox_close(o);
}

static void same_id_twice_is_refused(void **state)
{
    struct outbox *o = opened(5);
    struct id id = put(o, 1000, "first");

    (void)state;
    assert_int_equal(outbox_put(o, &id, 30, bytes_str("other")), -EEXIST);
    assert_string_equal(next(o, 0, &id), "first");
    outbox_close(o);
}

/* RLIMIT_FSIZE stands for a full disk: the write fails half-way. */
static void write_that_fails_leaves_nothing_behind(void **state)
{
    struct outbox *o = opened(5);
    struct rlimit was, tight;
    struct id id;
    int r;

    (void)state;
    assert_int_equal(id_new(1000, &id), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    tight = was;
    tight.rlim_cur = 20;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    r = outbox_put(o, &id, 30, bytes_str("first"));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_int_equal(r, -EFBIG);
    assert_int_equal(outbox_count(o).waiting, 0);
    outbox_close(o);
    o = opened(5);
    assert_int_equal(outbox_count(o).waiting, 0);
    assert_int_equal(outbox_count(o).bad, 0);
    outbox_close(o);
}

static void folder_that_cannot_be_made_is_an_error(void **state)
{
    struct outbox *o = NULL;

    (void)state;
    temp_text("file", "");
    assert_int_equal(outbox_open(temp_path("file/box"), 5, &o), -ENOTDIR);
    assert_null(o);
}

static void second_adapter_is_kept_out(void **state)
{
    struct outbox *o = opened(5), *other = NULL;

    (void)state;
    assert_int_equal(outbox_open(temp_path("box"), 5, &other), -EBUSY);
    outbox_close(o);
    assert_int_equal(outbox_open(temp_path("box"), 5, &other), 0);
    outbox_close(other);
}

static void damage(const struct id *id, long at, int octet)
{
    char path[256];
    FILE *f;

    path_of(id, path);
    f = fopen(path, "r+");
    assert_non_null(f);
    assert_int_equal(fseek(f, at, SEEK_SET), 0);
    assert_int_equal(fputc(octet, f), octet);
    assert_int_equal(fclose(f), 0);
}

static void damaged_files_are_set_aside_and_the_rest_is_sent(void **state)
{
    struct outbox *o = opened(5);
    struct id magic = put(o, 1000, "magic"), body = put(o, 2000, "body"), cut = put(o, 3000, "cut"),
              id;
    char path[256];

    (void)state;
    put(o, 4000, "good");
    damage(&magic, 0, 'X');
    damage(&body, 8 + 1 + 32, 'X');
    path_of(&cut, path);
    assert_int_equal(truncate(path, 10), 0);
    assert_string_equal(next(o, 0, &id), "good"); /* met while sending */
    assert_int_equal(outbox_count(o).bad, 3);
    assert_int_equal(outbox_count(o).waiting, 1);
    outbox_close(o);
    o = opened(5); /* counted again when opened */
    assert_int_equal(outbox_count(o).bad, 3);
    outbox_close(o);
}

static void damaged_file_is_set_aside_when_opening(void **state)
{
    struct outbox *o = opened(5);
    struct id id = put(o, 1000, "body");

    (void)state;
    damage(&id, 8 + 1 + 32, 'X');
    outbox_close(o);
    o = opened(5);
    assert_int_equal(outbox_count(o).waiting, 0);
    assert_int_equal(outbox_count(o).bad, 1);
    outbox_close(o);
}

static void strangers_and_leftovers_do_no_harm(void **state)
{
    struct outbox *o = opened(5);

    (void)state;
    outbox_close(o);
    temp_text("box/README", "not ours");
    temp_text("box/0193f1c2-7d10-7a44-9c1e-3f1d2b4c5a6b.msg.Xy12", "half");
    assert_int_equal(mkdir(temp_path("box/0193f1c2-7d10-7a44-9c1e-3f1d2b4c5a6c.msg"), 0700), 0);
    o = opened(5);
    assert_int_equal(outbox_count(o).waiting, 0);
    assert_int_equal(access(temp_path("box/README"), F_OK), 0);
    assert_int_equal(access(temp_path("box/0193f1c2-7d10-7a44-9c1e-3f1d2b4c5a6b.msg.Xy12"), F_OK),
                     -1);
    outbox_close(o);
}

static void refusal_is_kept_for_the_operator(void **state)
{
    struct outbox *o = opened(5);
    struct id id = put(o, 1000, "first");
    char name[ID_TEXT], path[256];

    (void)state;
    assert_int_equal(outbox_refuse(o, &id, "not-a-party"), 0);
    assert_int_equal(outbox_refuse(o, &id, "not-a-party"), -ENOENT);
    assert_int_equal(outbox_count(o).waiting, 0);
    assert_int_equal(outbox_count(o).refused, 1);
    id_format(&id, name);
    (void)snprintf(path, sizeof(path), "%s/box/refused/%s", temp_dir, name);
    assert_int_equal(access(path, F_OK), 0);
    outbox_close(o);
}

static void files_are_the_owners_alone(void **state)
{
    struct outbox *o = opened(5);
    struct id id = put(o, 1000, "first");
    char path[256];

    (void)state;
    path_of(&id, path);
    assert_int_equal(file_check_private(path), 0);
    assert_int_equal(file_check_private(temp_path("box")), 0);
    outbox_close(o);
}

/* The child says each id once it was accepted; then it is killed wherever it is. */
static void child_writes(int fd)
{
    struct outbox *o = NULL;
    struct id id;

    if (crypto_init() != 0 || outbox_open(temp_path("box"), 100000, &o) != 0)
        _exit(1);
    for (;;) {
        if (id_new(clock_wall_ms(), &id) != 0 ||
            outbox_put(o, &id, 30, bytes_str("a message")) != 0)
            _exit(1);
        if (write(fd, id.octets, ID_LEN) != ID_LEN)
            _exit(1);
    }
}

static void nothing_accepted_is_lost_to_sigkill(void **state)
{
    (void)state;
    for (int round = 0; round < 10; round++) {
        struct outbox *o = NULL;
        struct id id;
        int fds[2], status;
        size_t n = 0;
        pid_t child;

        assert_int_equal(pipe(fds), 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            (void)close(fds[0]);
            child_writes(fds[1]);
        }
        (void)close(fds[1]);
        assert_int_equal(read(fds[0], id.octets, ID_LEN), ID_LEN); /* it is at work */
        (void)usleep((useconds_t)(1000 * round));
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        o = opened(100000);
        do {
            assert_true(outbox_has(o, &id));
            n++;
        } while (read(fds[0], id.octets, ID_LEN) == ID_LEN);
        assert_true(outbox_count(o).waiting >= n);
        assert_int_equal(outbox_count(o).bad, 0);
        (void)close(fds[0]);
        outbox_close(o);
    }
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, temp_dir_setup, temp_dir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(oldest_is_sent_first_and_again_until_receipted),
        IN_A_FOLDER(replaced_frame_goes_in_the_place_of_the_old_one),
        IN_A_FOLDER(what_was_accepted_is_there_after_opening_again),
        IN_A_FOLDER(new_connection_makes_all_due),
        IN_A_FOLDER(full_outbox_refuses_and_keeps_what_it_has),
        IN_A_FOLDER(same_id_twice_is_refused),
        IN_A_FOLDER(write_that_fails_leaves_nothing_behind),
        IN_A_FOLDER(folder_that_cannot_be_made_is_an_error),
        IN_A_FOLDER(second_adapter_is_kept_out),
        IN_A_FOLDER(damaged_files_are_set_aside_and_the_rest_is_sent),
        IN_A_FOLDER(damaged_file_is_set_aside_when_opening),
        IN_A_FOLDER(strangers_and_leftovers_do_no_harm),
        IN_A_FOLDER(refusal_is_kept_for_the_operator),
        IN_A_FOLDER(files_are_the_owners_alone),
        IN_A_FOLDER(nothing_accepted_is_lost_to_sigkill),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
