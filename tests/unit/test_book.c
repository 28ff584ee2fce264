/* SPDX-License-Identifier: Apache-2.0 */
/* test_book.c - whom our records are about: sealed, found again, gone when the record is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "lib/book.h"
#include "lib/outbox.h"
#include "temp_dir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct tokens_key hmac = { .scheme = TOKEN_HMAC, .epoch = 1 };
static const struct secret key = { { 5 } };
static struct book *b;
static struct outbox *outbox;
static struct book_subject who;
static char dir[128];

static struct id record(uint8_t n)
{
    return (struct id){ { 0x01, 0x99, 0xf0, 0xc2, 0x7d, 0x1e, 0x7a, 0x55, 0x9a, 0x3c, 0, 0, 0, 0, 0, n } };
}

static void reopen(bool unlock)
{
    b = book_close(b);
    assert_int_equal(book_open(dir, &b), 0);
    if (unlock)
        book_unlock(b, &key);
}

#define PUT(to, text) memcpy(to, text, sizeof(text))

static int setup(void **state)
{
    char path[160];

    if (crypto_init() != 0 || temp_dir_setup(state) != 0)
        return -1;
    (void)snprintf(dir, sizeof(dir), "%s/lodged", temp_dir);
    (void)snprintf(path, sizeof(path), "%s/outbox", temp_dir);
    memset(&who, 0, sizeof(who));
    who.has_subject = true;
    who.day = 18000;
    who.subject.born = 15000;
    who.subject.n_homes = 1;
    PUT(who.subject.given, "Xanthippe");
    PUT(who.subject.family, "Quill");
    PUT(who.subject.nhs, "9991010017");
    PUT(who.subject.homes[0].address, "1 Row");
    PUT(who.subject.homes[0].postcode, "ZZ7 8ZA");
    PUT(who.origin, "MP-0815");
    if (outbox_open(path, 10, &outbox) != 0 || book_open(dir, &b) != 0)
        return -1;
    book_unlock(b, &key);
    return 0;
}

static int teardown(void **state)
{
    b = book_close(b);
    outbox = outbox_close(outbox);
    return temp_dir_teardown(state);
}

static void note(uint8_t n, int32_t until)
{
    struct id id = record(n);

    assert_int_equal(book_note(b, &id, RETOKEN_SHIELD, until, &hmac, &who), 0);
}

static struct book_entry *entry(uint8_t n)
{
    struct id id = record(n);

    return book_find(b, &id);
}

static void what_was_typed_comes_back_whole_after_a_restart(void **state)
{
    struct book_subject read;

    (void)state;
    note(1, 18100);
    reopen(true);
    assert_non_null(entry(1));
    assert_int_equal(entry(1)->until, 18100);
    assert_int_equal(entry(1)->kind, RETOKEN_SHIELD);
    assert_int_equal(book_read(b, entry(1), &read), 0);
    assert_memory_equal(&read, &who, sizeof(who));
}

static void nothing_of_it_can_be_read_on_the_disk(void **state)
{
    static const char *const secrets[] = { "Xanthippe", "Quill", "9991010017", "1 Row", "0815" };
    struct buf file;
    char path[256], name[ID_TEXT];
    struct id id = record(1);

    (void)state;
    note(1, CIVIL_NONE);
    id_format(&id, name);
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    buf_init(&file, 65536);
    assert_int_equal(file_read(path, 65536, &file), 0);
    for (size_t i = 0; i < ALM_LEN(secrets); i++)
        assert_null(memmem(file.data, file.len, secrets[i], strlen(secrets[i])));
    buf_deinit(&file);
}

static void locked_book_takes_and_gives_nothing(void **state)
{
    struct book_subject read;
    struct id id = record(2);

    (void)state;
    note(1, CIVIL_NONE);
    reopen(false);
    assert_false(book_unlocked(b));
    assert_int_equal(book_note(b, &id, RETOKEN_SHIELD, CIVIL_NONE, &hmac, &who), -EAGAIN);
    assert_int_equal(book_read(b, entry(1), &read), -EAGAIN);
    assert_int_equal(book_count(b, 0, 0).records, 1);
}

static void wrong_key_a_flipped_byte_and_a_file_by_another_name_are_found(void **state)
{
    static const struct secret wrong = { { 6 } };
    struct book_subject read;
    char from[256], to[256], name[ID_TEXT], as[ID_TEXT];
    struct id one = record(1), two = record(2);

    (void)state;
    note(1, CIVIL_NONE);
    reopen(false);
    book_unlock(b, &wrong);
    assert_int_equal(book_read(b, entry(1), &read), -EBADMSG);
    id_format(&one, name);
    id_format(&two, as);
    (void)snprintf(from, sizeof(from), "%s/%s", dir, name);
    (void)snprintf(to, sizeof(to), "%s/%s", dir, as);
    assert_int_equal(rename(from, to), 0);
    reopen(true);
    assert_int_equal(book_read(b, entry(2), &read), -EBADMSG);
    assert_int_equal(file_write(to, bytes_str("rubbish"), 0600), 0);
    reopen(true);
    assert_null(entry(2)); /* left where it lies, with a line in the log */
}

static void entry_is_due_until_it_is_carried_and_not_while_it_is_under_way(void **state)
{
    struct id sent = record(99);

    (void)state;
    note(1, CIVIL_NONE);
    assert_null(book_due(b, TOKEN_HMAC, 1, outbox)); /* lodged under that one */
    assert_ptr_equal(book_due(b, TOKEN_OBLIVIOUS, 2, outbox), entry(1));
    entry(1)->sent = sent;
    assert_null(book_due(b, TOKEN_OBLIVIOUS, 2, outbox));
    assert_ptr_equal(book_sent(b, &sent), entry(1));
    reopen(true); /* killed: it is made again */
    assert_ptr_equal(book_due(b, TOKEN_OBLIVIOUS, 2, outbox), entry(1));
    assert_int_equal(book_carried(b, entry(1), TOKEN_OBLIVIOUS, 2), 0);
    reopen(true);
    assert_null(book_due(b, TOKEN_OBLIVIOUS, 2, outbox));
    assert_int_equal(book_count(b, TOKEN_OBLIVIOUS, 2).carried, 1);
    assert_ptr_equal(book_due(b, TOKEN_OBLIVIOUS, 3, outbox), entry(1));
}

static void record_that_the_broker_does_not_have_yet_is_not_carried(void **state)
{
    struct id id = record(1);

    (void)state;
    note(1, CIVIL_NONE);
    assert_int_equal(outbox_put(outbox, &id, MSG_SHIELD, bytes_str("frame")), 0);
    assert_null(book_due(b, TOKEN_OBLIVIOUS, 2, outbox));
    assert_int_equal(outbox_done(outbox, &id), 0);
    assert_ptr_equal(book_due(b, TOKEN_OBLIVIOUS, 2, outbox), entry(1));
}

static void moved_home_is_carried_anew(void **state)
{
    struct asked_home home = { .address = "2 Row", .postcode = "ZZ7 8ZB", .from = 1, .until = 2 };
    struct book_subject read;
    struct id id = record(1), none = record(2);

    (void)state;
    note(1, CIVIL_NONE);
    assert_int_equal(book_carried(b, entry(1), TOKEN_OBLIVIOUS, 2), 0);
    assert_int_equal(book_rehome(b, &id, &home), 0);
    assert_int_equal(book_rehome(b, &none, &home), -ENOENT);
    assert_ptr_equal(book_due(b, TOKEN_OBLIVIOUS, 2, outbox), entry(1));
    assert_int_equal(book_read(b, entry(1), &read), 0);
    assert_true(read.has_home && read.had_home);
    assert_string_equal(read.home.address, "2 Row");
}

static void ended_record_leaves_nothing(void **state)
{
    struct id one = record(1);

    (void)state;
    note(1, CIVIL_NONE);
    note(2, 18000);
    note(3, CIVIL_NONE);
    book_end(b, &one);
    book_end(b, &one);
    book_prune(b, 18000 + BOOK_AFTER_DAYS);
    assert_non_null(entry(2));
    book_prune(b, 18001 + BOOK_AFTER_DAYS);
    reopen(true);
    assert_int_equal(book_count(b, 0, 0).records, 1);
    assert_non_null(entry(3));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(what_was_typed_comes_back_whole_after_a_restart),
        T(nothing_of_it_can_be_read_on_the_disk),
        T(locked_book_takes_and_gives_nothing),
        T(wrong_key_a_flipped_byte_and_a_file_by_another_name_are_found),
        T(entry_is_due_until_it_is_carried_and_not_while_it_is_under_way),
        T(record_that_the_broker_does_not_have_yet_is_not_carried),
        T(moved_home_is_carried_anew),
        T(ended_record_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
