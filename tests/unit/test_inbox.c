/* SPDX-License-Identifier: Apache-2.0 */
/* test_inbox.c - what is delivered is on disk before it is acknowledged, is read in order, once
 * done stays done, and is not lost whatever happens to files, disk or process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "lib/inbox.h"
#include "temp_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <utime.h>

#define MAX 100

static struct inbox *opened_with(size_t max, int64_t keep_days)
{
    struct inbox *ib = NULL;

    assert_int_equal(crypto_init(), 0);
    assert_int_equal(inbox_open(temp_path("in"), max, keep_days, &ib), 0);
    return ib;
}

static struct inbox *opened(void)
{
    return opened_with(MAX, 30);
}

/* The event id that goes with a seq in these tests. */
static struct id event_of(uint64_t seq)
{
    struct id id = { { 0 } };

    id.octets[6] = 0x70;
    id.octets[8] = 0x80;
    id.octets[15] = (uint8_t)seq;
    id.octets[14] = (uint8_t)(seq >> 8);
    return id;
}

static int take(struct inbox *ib, const char *stream, uint64_t seq, const char *body)
{
    struct id event = event_of(seq);

    return inbox_take(ib, stream, seq, &event, bytes_str(body));
}

/* What is to be acknowledged of a stream, or 0. */
static uint64_t ack(struct inbox *ib)
{
    name_t stream;
    uint64_t seq = 0;

    inbox_sync(ib);
    if (!inbox_ack_due(ib, stream, &seq))
        return 0;
    inbox_acked(ib, stream, seq);
    return seq;
}

/* The i-th waiting body as text; "" none, "damaged". */
static const char *waiting(struct inbox *ib, const char *stream, size_t i)
{
    static char text[64];
    ALM_CLEANUP(buf_deinit) struct buf body;
    struct inbox_item item;

    buf_init(&body, 4096);
    text[0] = '\0';
    if (!inbox_at(ib, stream, i, &item))
        return text;
    if (inbox_body(ib, stream, &item, &body) == -EBADMSG)
        return "damaged";
    (void)snprintf(text, sizeof(text), "%.*s", (int)body.len, (const char *)body.data);
    return text;
}

static void file_of(uint64_t seq, const char *folder, char out[static 256])
{
    struct id event = event_of(seq);
    char name[ID_TEXT];

    id_format(&event, name);
    (void)snprintf(out, 256, "%s/in/%s/%020llu-%s.msg", temp_dir, folder, (unsigned long long)seq,
                   name);
}

static void deliveries_are_read_oldest_first_until_they_are_done(void **state)
{
    struct inbox *ib = opened();

    (void)state;
    assert_int_equal(take(ib, "inbox", 1, "one"), INBOX_STORED);
    assert_int_equal(take(ib, "inbox", 2, "two"), INBOX_STORED);
    assert_int_equal(ack(ib), 2);
    assert_int_equal(ack(ib), 0);
    assert_string_equal(waiting(ib, "inbox", 0), "one");
    assert_string_equal(waiting(ib, "inbox", 0), "one"); /* reading is not doing */
    assert_string_equal(waiting(ib, "inbox", 1), "two");
    assert_int_equal(inbox_done(ib, "inbox", 1), 0);
    assert_string_equal(waiting(ib, "inbox", 0), "two");
    assert_int_equal(inbox_done(ib, "inbox", 2), 0);
    assert_int_equal(inbox_waiting(ib, "inbox"), 0);
    inbox_close(ib);
}

static void nothing_is_acknowledged_before_it_is_durable(void **state)
{
    struct inbox *ib = opened();
    name_t stream;
    uint64_t seq;

    (void)state;
    assert_int_equal(take(ib, "inbox", 1, "one"), INBOX_STORED);
    assert_false(inbox_ack_due(ib, stream, &seq));
    inbox_sync(ib);
    assert_true(inbox_ack_due(ib, stream, &seq));
    assert_string_equal(stream, "inbox");
    inbox_close(ib);
}

static void acknowledgement_that_was_not_sent_stays_due(void **state)
{
    struct inbox *ib = opened();
    name_t stream;
    uint64_t seq;

    (void)state;
    assert_int_equal(take(ib, "inbox", 7, "seven"), INBOX_STORED);
    inbox_sync(ib);
    assert_true(inbox_ack_due(ib, stream, &seq));
    assert_true(inbox_ack_due(ib, stream, &seq));
    assert_int_equal(seq, 7);
    assert_int_equal(take(ib, "inbox", 9, "nine"), INBOX_STORED);
    inbox_sync(ib);
    inbox_acked(ib, "inbox", 7); /* sent just before nine came */
    assert_int_equal(ack(ib), 9);
    inbox_close(ib);
}

static void delivery_that_comes_again_is_acknowledged_again_and_stored_once(void **state)
{
    struct inbox *ib = opened();

    (void)state;
    assert_int_equal(take(ib, "inbox", 1, "one"), INBOX_STORED);
    assert_int_equal(ack(ib), 1);
    assert_int_equal(take(ib, "inbox", 1, "one"), INBOX_KNOWN);
    assert_int_equal(ack(ib), 1);
    assert_int_equal(inbox_waiting(ib, "inbox"), 1);
    assert_int_equal(inbox_done(ib, "inbox", 1), 0);
    assert_int_equal(take(ib, "inbox", 1, "one"), INBOX_KNOWN); /* also when it is done */
    assert_int_equal(inbox_waiting(ib, "inbox"), 0);
    inbox_close(ib);
}

static void duplicates_are_known_after_opening_again(void **state)
{
    struct inbox *ib = opened();

    (void)state;
    assert_int_equal(take(ib, "hub", 1, "one"), INBOX_STORED);
    assert_int_equal(take(ib, "hub", 2, "two"), INBOX_STORED);
    assert_int_equal(inbox_done(ib, "hub", 1), 0);
    inbox_close(ib);
    ib = opened();
    assert_int_equal(take(ib, "hub", 1, "one"), INBOX_KNOWN);
    assert_int_equal(take(ib, "hub", 2, "two"), INBOX_KNOWN);
    assert_int_equal(inbox_waiting(ib, "hub"), 1);
    assert_string_equal(waiting(ib, "hub", 0), "two");
    inbox_close(ib);
}

static void only_what_this_connection_brought_is_acknowledged(void **state)
{
    struct inbox *ib = opened();

    (void)state;
    assert_int_equal(take(ib, "inbox", 5, "five"), INBOX_STORED);
    assert_int_equal(ack(ib), 5);
    inbox_connected(ib);
    assert_int_equal(ack(ib), 0);
    assert_int_equal(take(ib, "inbox", 3, "three"), INBOX_STORED); /* played again from three */
    assert_int_equal(ack(ib), 3);
    inbox_close(ib);
}

static void another_event_under_a_known_number_is_kept_too(void **state)
{
    struct inbox *ib = opened();
    struct id other = event_of(999);

    (void)state;
    assert_int_equal(take(ib, "hub", 1, "one"), INBOX_STORED);
    assert_int_equal(inbox_take(ib, "hub", 1, &other, bytes_str("anew")), INBOX_STORED);
    assert_int_equal(inbox_waiting(ib, "hub"), 2);
    inbox_close(ib);
}

static void streams_do_not_mix(void **state)
{
    struct inbox *ib = opened();

    (void)state;
    assert_int_equal(take(ib, "hub", 1, "firing"), INBOX_STORED);
    assert_int_equal(take(ib, "inbox", 1, "referral"), INBOX_STORED);
    assert_int_equal(inbox_done(ib, "hub", 5), 0);
    assert_int_equal(inbox_waiting(ib, "hub"), 0);
    assert_string_equal(waiting(ib, "inbox", 0), "referral");
    inbox_close(ib);
}

static void order_is_kept_however_deliveries_come(void **state)
{
    struct inbox *ib = opened();

    (void)state;
    assert_int_equal(take(ib, "hub", 10, "ten"), INBOX_STORED);
    assert_int_equal(take(ib, "hub", 9, "nine"), INBOX_STORED);
    assert_int_equal(take(ib, "hub", 11, "eleven"), INBOX_STORED);
    inbox_close(ib);
    ib = opened();
    assert_string_equal(waiting(ib, "hub", 0), "nine");
    assert_string_equal(waiting(ib, "hub", 1), "ten");
    assert_string_equal(waiting(ib, "hub", 2), "eleven");
    inbox_close(ib);
}

static void full_inbox_stores_what_is_under_way_and_acknowledges_nothing(void **state)
{
    struct inbox *ib = opened_with(2, 30);

    (void)state;
    for (uint64_t seq = 1; seq <= 3; seq++)
        assert_int_equal(take(ib, "hub", seq, "x"), INBOX_STORED);
    assert_int_equal(ack(ib), 0);
    assert_true(inbox_count(ib).full);
    assert_int_equal(inbox_done(ib, "hub", 1), 0);
    assert_false(inbox_count(ib).full);
    assert_int_equal(ack(ib), 3); /* room again: the broker may go on */
    inbox_close(ib);
}

static void beyond_all_room_the_broker_keeps_it_until_the_next_connection(void **state)
{
    struct inbox *ib = opened_with(1, 30);
    uint64_t seq = 1;

    (void)state;
    for (; seq <= 1 + INBOX_SLACK; seq++)
        assert_int_equal(take(ib, "hub", seq, "x"), INBOX_STORED);
    assert_int_equal(take(ib, "hub", seq, "x"), -ENOBUFS);
    assert_int_equal(take(ib, "hub", seq + 1, "x"),
                     -ESTALE); /* or an acknowledgement would cover the lost one */
    assert_true(inbox_stalled(ib));
    assert_int_equal(take(ib, "inbox", 1, "others go on"), INBOX_STORED);
    assert_int_equal(inbox_done(ib, "hub", seq), 0);
    inbox_connected(ib);
    assert_false(inbox_stalled(ib));
    assert_int_equal(take(ib, "hub", seq, "x"), INBOX_STORED);
    inbox_close(ib);
}

/* RLIMIT_FSIZE stands for a full disk: the write fails half-way. */
static void write_that_fails_is_not_acknowledged_and_leaves_nothing(void **state)
{
    struct inbox *ib = opened();
    struct rlimit was, tight;

    (void)state;
    assert_int_equal(take(ib, "hub", 1, "one"), INBOX_STORED);
    assert_int_equal(ack(ib), 1);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    tight = was;
    tight.rlim_cur = 20;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    assert_int_equal(take(ib, "hub", 2, "two"), -EFBIG);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_int_equal(ack(ib), 0);
    assert_int_equal(take(ib, "hub", 3, "three"), -ESTALE);
    assert_int_equal(inbox_waiting(ib, "hub"), 1);
    inbox_connected(ib);
    assert_int_equal(take(ib, "hub", 2, "two"), INBOX_STORED);
    assert_int_equal(ack(ib), 2);
    inbox_close(ib);
}

static void half_written_file_was_never_accepted(void **state)
{
    struct inbox *ib = opened();

    (void)state;
    assert_int_equal(take(ib, "hub", 1, "one"), INBOX_STORED);
    inbox_close(ib);
    (void)temp_text("in/hub/.coming", "ALMINB1 half");
    ib = opened();
    assert_int_equal(inbox_waiting(ib, "hub"), 1);
    assert_int_equal(access(temp_path("in/hub/.coming"), F_OK), -1);
    inbox_close(ib);
}

static void damage(const char *path, const char *how)
{
    if (strcmp(how, "truncate") == 0) {
        assert_int_equal(truncate(path, 30), 0);
    } else if (strcmp(how, "empty") == 0) {
        assert_int_equal(truncate(path, 0), 0);
    } else if (strcmp(how, "flip") == 0) {
        FILE *f = fopen(path, "r+");

        assert_non_null(f);
        assert_int_equal(fseek(f, -1, SEEK_END), 0);
        assert_int_equal(fputc('!', f), '!');
        assert_int_equal(fclose(f), 0);
    } else if (strcmp(how, "folder") == 0) {
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkdir(path, 0700), 0);
    } else {
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkfifo(path, 0600), 0);
    }
}

static void damaged_file_is_told_in_its_place_and_passes_when_done(void **state)
{
    static const char *const hows[] = { "truncate", "empty", "flip", "fifo" };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(hows); i++) {
        struct inbox *ib = opened();
        char path[256];
        char stream[16];

        (void)snprintf(stream, sizeof(stream), "hub%zu", i);
        for (uint64_t seq = 1; seq <= 3; seq++)
            assert_int_equal(take(ib, stream, seq, "whole"), INBOX_STORED);
        inbox_close(ib);
        file_of(2, stream, path);
        damage(path, hows[i]);
        ib = opened();
        assert_int_equal(inbox_count(ib).bad, 1);
        assert_string_equal(waiting(ib, stream, 0), "whole");
        assert_string_equal(waiting(ib, stream, 1), "damaged");
        assert_string_equal(waiting(ib, stream, 2), "whole");
        assert_int_equal(inbox_done(ib, stream, 2), 0);
        assert_string_equal(waiting(ib, stream, 0), "whole");
        assert_int_equal(inbox_count(ib).bad, 0);
        inbox_close(ib);
    }
}

static void damage_while_we_run_is_found_when_it_is_read(void **state)
{
    struct inbox *ib = opened();
    char path[256];

    (void)state;
    assert_int_equal(take(ib, "hub", 1, "one"), INBOX_STORED);
    file_of(1, "hub", path);
    damage(path, "truncate");
    assert_string_equal(waiting(ib, "hub", 0), "damaged");
    assert_string_equal(waiting(ib, "hub", 0), "damaged");
    assert_int_equal(inbox_count(ib).bad, 1); /* once */
    inbox_close(ib);
}

static void file_taken_away_is_damage_not_a_crash(void **state)
{
    struct inbox *ib = opened();
    char path[256];

    (void)state;
    assert_int_equal(take(ib, "hub", 1, "one"), INBOX_STORED);
    file_of(1, "hub", path);
    assert_int_equal(unlink(path), 0);
    assert_string_equal(waiting(ib, "hub", 0), "damaged");
    assert_int_equal(inbox_done(ib, "hub", 1), 0);
    assert_int_equal(inbox_waiting(ib, "hub"), 0);
    inbox_close(ib);
}

static void damaged_one_that_is_delivered_again_is_healed(void **state)
{
    struct inbox *ib = opened();
    char path[256];

    (void)state;
    assert_int_equal(take(ib, "hub", 1, "one"), INBOX_STORED);
    inbox_close(ib);
    file_of(1, "hub", path);
    damage(path, "flip");
    ib = opened();
    assert_string_equal(waiting(ib, "hub", 0), "damaged");
    assert_int_equal(take(ib, "hub", 1, "one"), INBOX_STORED);
    assert_string_equal(waiting(ib, "hub", 0), "one");
    assert_int_equal(inbox_count(ib).bad, 0);
    inbox_close(ib);
}

static void strange_files_are_left_alone(void **state)
{
    struct inbox *ib = opened();

    (void)state;
    assert_int_equal(take(ib, "hub", 1, "one"), INBOX_STORED);
    inbox_close(ib);
    (void)temp_text("in/hub/notes.txt", "mine");
    (void)temp_text("in/hub/1-x.msg", "mine");
    (void)temp_text("in/hub/99999999999999999999-01234567-89ab-7def-8123-456789abcdef.msg",
                    "too great a number");
    (void)temp_text("in/file", "mine");
    assert_int_equal(mkdir(temp_path("in/Capital"), 0700), 0);
    ib = opened();
    assert_int_equal(inbox_waiting(ib, "hub"), 1);
    assert_int_equal(inbox_n_streams(ib), 2);
    assert_int_equal(access(temp_path("in/hub/notes.txt"), F_OK), 0);
    inbox_close(ib);
}

static void stream_whose_name_would_be_a_path_is_refused(void **state)
{
    static const char *const names[] = { "", ".", "..", "../up", "a/b", ".hidden", "Hub", "a b" };
    struct inbox *ib = opened();

    (void)state;
    for (size_t i = 0; i < ALM_LEN(names); i++) {
        assert_int_equal(take(ib, names[i], 1, "x"), -EINVAL);
        assert_int_equal(inbox_stream(ib, names[i]), -EINVAL);
    }
    assert_int_equal(inbox_n_streams(ib), 1);
    inbox_close(ib);
}

static void more_streams_than_there_is_room_for_are_refused(void **state)
{
    struct inbox *ib = opened();
    char name[16];

    (void)state;
    for (int i = 1; i < INBOX_STREAMS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "s%d", i);
        assert_int_equal(inbox_stream(ib, name), 0);
    }
    assert_int_equal(inbox_stream(ib, "one-more"), -ENOSPC);
    assert_int_equal(inbox_stream(ib, "s3"), 0);
    assert_false(inbox_has_stream(ib, "one-more"));
    inbox_close(ib);
}

static void stream_never_subscribed_is_not_there(void **state)
{
    struct inbox *ib = opened();

    (void)state;
    assert_true(inbox_has_stream(ib, "inbox"));
    assert_false(inbox_has_stream(ib, "hub"));
    assert_int_equal(inbox_done(ib, "hub", 1), -ENOENT);
    assert_int_equal(inbox_again(ib, "hub", 1), -ENOENT);
    inbox_close(ib);
}

static void done_ones_are_read_again_from_where_one_asks(void **state)
{
    struct inbox *ib = opened();

    (void)state;
    for (uint64_t seq = 1; seq <= 4; seq++)
        assert_int_equal(take(ib, "hub", seq, seq == 3 ? "three" : "x"), INBOX_STORED);
    assert_int_equal(inbox_done(ib, "hub", 4), 0);
    assert_int_equal(inbox_again(ib, "hub", 3), 0);
    assert_int_equal(inbox_waiting(ib, "hub"), 2);
    assert_string_equal(waiting(ib, "hub", 0), "three");
    inbox_close(ib);
    ib = opened();
    assert_int_equal(inbox_waiting(ib, "hub"), 2);
    inbox_close(ib);
}

static bool count_visit(void *ctx, const struct inbox_item *item, struct bytes body)
{
    char *order = ctx;

    (void)item;
    (void)strncat(order, (const char *)body.data, 1);
    return strlen(order) < 3;
}

static void walk_meets_done_ones_first_and_stops_when_told(void **state)
{
    struct inbox *ib = opened();
    char order[8] = "";

    (void)state;
    assert_int_equal(take(ib, "hub", 1, "a"), INBOX_STORED);
    assert_int_equal(take(ib, "hub", 2, "b"), INBOX_STORED);
    assert_int_equal(take(ib, "hub", 3, "c"), INBOX_STORED);
    assert_int_equal(take(ib, "hub", 4, "d"), INBOX_STORED);
    assert_int_equal(inbox_done(ib, "hub", 2), 0);
    assert_int_equal(inbox_walk(ib, "hub", count_visit, order), 0);
    assert_string_equal(order, "abc");
    assert_int_equal(inbox_walk(ib, "nowhere", count_visit, order), -ENOENT);
    inbox_close(ib);
}

static void old_done_ones_go_and_what_waits_stays(void **state)
{
    struct inbox *ib = opened_with(MAX, 30);
    int64_t now = clock_wall_ms();
    char path[256];
    struct utimbuf long_ago = { (now / 1000) - 31 * 86400, (now / 1000) - 31 * 86400 };

    (void)state;
    for (uint64_t seq = 1; seq <= 3; seq++)
        assert_int_equal(take(ib, "hub", seq, "x"), INBOX_STORED);
    assert_int_equal(inbox_done(ib, "hub", 2), 0);
    file_of(1, "hub/done", path);
    assert_int_equal(utime(path, &long_ago), 0);
    file_of(3, "hub", path);
    assert_int_equal(utime(path, &long_ago), 0);
    inbox_prune(ib, now);
    file_of(1, "hub/done", path);
    assert_int_equal(access(path, F_OK), -1);
    file_of(2, "hub/done", path);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(inbox_waiting(ib, "hub"), 1);
    assert_string_equal(waiting(ib, "hub", 0), "x");
    inbox_close(ib);
}

static void no_more_done_ones_are_kept_than_may_wait(void **state)
{
    struct inbox *ib = opened_with(2, 30);
    char path[256];

    (void)state;
    for (uint64_t seq = 1; seq <= 3; seq++)
        assert_int_equal(take(ib, "hub", seq, "x"), INBOX_STORED);
    assert_int_equal(inbox_done(ib, "hub", 3), 0);
    inbox_prune(ib, clock_wall_ms());
    file_of(1, "hub/done", path);
    assert_int_equal(access(path, F_OK), -1);
    file_of(2, "hub/done", path);
    assert_int_equal(access(path, F_OK), 0);
    inbox_close(ib);
}

static void second_adapter_is_kept_out(void **state)
{
    struct inbox *ib = opened(), *other = NULL;

    (void)state;
    assert_int_equal(inbox_open(temp_path("in"), MAX, 30, &other), -EBUSY);
    assert_null(other);
    inbox_close(ib);
}

static void folder_that_cannot_be_made_is_an_error(void **state)
{
    struct inbox *ib = NULL;

    (void)state;
    (void)temp_text("file", "in the way");
    assert_int_equal(inbox_open(temp_path("file"), MAX, 30, &ib), -ENOTDIR);
    assert_null(ib);
    assert_null(inbox_close(NULL));
}

static void files_and_folders_are_the_owners_alone(void **state)
{
    struct inbox *ib = opened();
    struct stat st;
    char path[256];

    (void)state;
    assert_int_equal(take(ib, "hub", 1, "one"), INBOX_STORED);
    file_of(1, "hub", path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(temp_path("in/hub"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat(temp_path("in"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    inbox_close(ib);
}

/* A writer is killed again and again; what it said was acknowledged is there. */
static void killed_writer_loses_nothing_that_it_acknowledged(void **state)
{
    uint64_t seen = 0;

    (void)state;
    for (int round = 0; round < 8; round++) {
        int pipes[2];
        pid_t pid;
        uint64_t seq;

        assert_int_equal(pipe(pipes), 0);
        pid = fork();
        if (pid == 0) {
            struct inbox *ib = NULL;

            if (inbox_open(temp_path("in"), 100000, 30, &ib) != 0)
                _exit(1);
            for (seq = seen + 1;; seq++) {
                struct id event = event_of(seq);

                if (inbox_take(ib, "hub", seq, &event, bytes_str("kept")) < 0)
                    _exit(1);
                inbox_sync(ib);
                if (write(pipes[1], &seq, sizeof(seq)) != (ssize_t)sizeof(seq))
                    _exit(1);
            }
        }
        close(pipes[1]);
        for (int i = 0; i < 5 + round; i++)
            assert_int_equal(read(pipes[0], &seen, sizeof(seen)), sizeof(seen));
        kill(pid, SIGKILL);
        while (read(pipes[0], &seen, sizeof(seen)) == (ssize_t)sizeof(seen)) {
        }
        close(pipes[0]);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
    }
    {
        struct inbox *ib = opened_with(100000, 30);

        assert_true(inbox_waiting(ib, "hub") >= seen);
        assert_int_equal(inbox_count(ib).bad, 0);
        assert_string_equal(waiting(ib, "hub", seen - 1), "kept");
        inbox_close(ib);
    }
}

#define T(test) cmocka_unit_test_setup_teardown(test, temp_dir_setup, temp_dir_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(deliveries_are_read_oldest_first_until_they_are_done),
        T(nothing_is_acknowledged_before_it_is_durable),
        T(acknowledgement_that_was_not_sent_stays_due),
        T(delivery_that_comes_again_is_acknowledged_again_and_stored_once),
        T(duplicates_are_known_after_opening_again),
        T(only_what_this_connection_brought_is_acknowledged),
        T(another_event_under_a_known_number_is_kept_too),
        T(streams_do_not_mix),
        T(order_is_kept_however_deliveries_come),
        T(full_inbox_stores_what_is_under_way_and_acknowledges_nothing),
        T(beyond_all_room_the_broker_keeps_it_until_the_next_connection),
        T(write_that_fails_is_not_acknowledged_and_leaves_nothing),
        T(half_written_file_was_never_accepted),
        T(damaged_file_is_told_in_its_place_and_passes_when_done),
        T(damage_while_we_run_is_found_when_it_is_read),
        T(file_taken_away_is_damage_not_a_crash),
        T(damaged_one_that_is_delivered_again_is_healed),
        T(strange_files_are_left_alone),
        T(stream_whose_name_would_be_a_path_is_refused),
        T(more_streams_than_there_is_room_for_are_refused),
        T(stream_never_subscribed_is_not_there),
        T(done_ones_are_read_again_from_where_one_asks),
        T(walk_meets_done_ones_first_and_stops_when_told),
        T(old_done_ones_go_and_what_waits_stays),
        T(no_more_done_ones_are_kept_than_may_wait),
        T(second_adapter_is_kept_out),
        T(folder_that_cannot_be_made_is_an_error),
        T(files_and_folders_are_the_owners_alone),
        T(killed_writer_loses_nothing_that_it_acknowledged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
