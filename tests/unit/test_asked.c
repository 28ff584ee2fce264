/* SPDX-License-Identifier: Apache-2.0 */
/* test_asked.c - what came of a message under a caller's id is known as long as it may be asked
 * again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "lib/asked.h"
#include "temp_dir.h"

#include <errno.h>
#include <utime.h>

static const uint8_t content[SHA256_LEN] = { 1, 2, 3 };
static struct msg said;

static struct asked *opened(void)
{
    struct asked *a = NULL;

    assert_int_equal(asked_open(temp_path("asked"), &a), 0);
    return a;
}

static struct id id_at(int64_t ms)
{
    struct id id;

    assert_int_equal(id_new(ms, &id), 0);
    return id;
}

static const struct msg *receipt(uint64_t leaf)
{
    memset(&said, 0, sizeof(said));
    said.type = MSG_RECEIPT;
    said.receipt = (struct msg_receipt){ leaf, 1234 };
    return &said;
}

static const struct msg *refusal(const char *reason)
{
    memset(&said, 0, sizeof(said));
    said.type = MSG_REFUSAL;
    (void)snprintf(said.refusal.reason, sizeof(said.refusal.reason), "%s", reason);
    return &said;
}

static void path_of(const struct id *id, char out[static 256])
{
    char name[ID_TEXT];

    id_format(id, name);
    (void)snprintf(out, 256, "%s/asked/%s", temp_dir, name);
}

static void unknown_id_was_never_asked(void **state)
{
    ALM_CLEANUP(asked_closep) struct asked *a = opened();
    struct asked_record rec;
    struct id id = id_at(1);

    (void)state;
    assert_int_equal(asked_find(a, &id, &rec), -ENOENT);
    assert_int_equal(asked_settle(a, &id, receipt(1)),
                     0); /* not of a caller's choosing: nothing is kept */
    assert_int_equal(asked_find(a, &id, &rec), -ENOENT);
}

static void first_receipt_is_kept_over_a_restart(void **state)
{
    ALM_CLEANUP(asked_closep) struct asked *a = opened();
    struct asked_record rec;
    struct id id = id_at(1);

    (void)state;
    assert_int_equal(asked_note(a, &id, content), 0);
    assert_int_equal(asked_find(a, &id, &rec), 0);
    assert_int_equal(rec.outcome, ASKED_OPEN);
    assert_int_equal(asked_settle(a, &id, receipt(41)), 0);
    asked_closep(&a);
    a = opened();
    assert_int_equal(asked_find(a, &id, &rec), 0);
    assert_int_equal(rec.outcome, ASKED_RECEIPTED);
    assert_int_equal(rec.leaf, 41);
    assert_int_equal(rec.at_ms, 1234);
    assert_memory_equal(rec.content, content, sizeof(content));
}

static void first_word_stands(void **state)
{
    ALM_CLEANUP(asked_closep) struct asked *a = opened();
    struct asked_record rec;
    struct id id = id_at(1);

    (void)state;
    assert_int_equal(asked_note(a, &id, content), 0);
    assert_int_equal(asked_settle(a, &id, refusal("not-a-party")), 0);
    assert_int_equal(asked_settle(a, &id, receipt(9)), 0);
    assert_int_equal(asked_find(a, &id, &rec), 0);
    assert_int_equal(rec.outcome, ASKED_REFUSED);
    assert_string_equal(rec.reason, "not-a-party");
}

static void busy_settles_nothing(void **state)
{
    ALM_CLEANUP(asked_closep) struct asked *a = opened();
    struct asked_record rec;
    struct id id = id_at(1);

    (void)state;
    assert_int_equal(asked_note(a, &id, content), 0);
    said.type = MSG_BUSY;
    assert_int_equal(asked_settle(a, &id, &said), 0);
    assert_int_equal(asked_find(a, &id, &rec), 0);
    assert_int_equal(rec.outcome, ASKED_OPEN);
}

static void damaged_record_is_an_error_and_never_unknown(void **state)
{
    ALM_CLEANUP(asked_closep) struct asked *a = opened();
    struct asked_record rec;
    struct id id = id_at(1);
    char path[256];

    (void)state;
    assert_int_equal(asked_note(a, &id, content), 0);
    path_of(&id, path);
    for (off_t len = 0; len < 50; len += 7) {
        assert_int_equal(truncate(path, len), 0);
        assert_int_equal(asked_find(a, &id, &rec), -EBADMSG);
    }
    assert_int_equal(asked_settle(a, &id, receipt(1)), -EBADMSG);
}

static void only_old_records_go(void **state)
{
    ALM_CLEANUP(asked_closep) struct asked *a = opened();
    int64_t now = clock_wall_ms();
    struct utimbuf long_ago = { now / 1000 - (ASKED_KEEP_DAYS + 1) * 86400,
                                now / 1000 - (ASKED_KEEP_DAYS + 1) * 86400 };
    struct id old = id_at(1), new = id_at(2);
    struct asked_record rec;
    char path[256];

    (void)state;
    assert_int_equal(asked_note(a, &old, content), 0);
    assert_int_equal(asked_note(a, &new, content), 0);
    path_of(&old, path);
    assert_int_equal(utime(path, &long_ago), 0);
    (void)temp_text("asked/notes", "mine");
    asked_prune(a, now);
    assert_int_equal(asked_find(a, &old, &rec), -ENOENT);
    assert_int_equal(asked_find(a, &new, &rec), 0);
    assert_int_equal(access(temp_path("asked/notes"), F_OK), 0);
}

static void folder_that_cannot_be_made_is_an_error(void **state)
{
    struct asked *a = NULL;

    (void)state;
    (void)temp_text("file", "in the way");
    assert_int_equal(asked_open(temp_path("file/asked"), &a), -ENOTDIR);
    assert_null(a);
}

#define T(test) cmocka_unit_test_setup_teardown(test, temp_dir_setup, temp_dir_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(unknown_id_was_never_asked),
        T(first_receipt_is_kept_over_a_restart),
        T(first_word_stands),
        T(busy_settles_nothing),
        T(damaged_record_is_an_error_and_never_unknown),
        T(only_old_records_go),
        T(folder_that_cannot_be_made_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
