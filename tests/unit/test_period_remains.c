/* SPDX-License-Identifier: Apache-2.0 */
/* test_period_remains.c - what is left of a value that was erased opens with nothing that is left.
 */
#include "periods_fixture.h"

#include <sys/stat.h>

#include "base/file.h"
#include "store/ledger_keys.h"
#include "store/raw.h"

#define PLAIN "tokens and the answer"

struct raw_block { /* or another value */
    enum table table;
    uint8_t key[9];
    struct buf octets;
};

static int keep_block(void *ctx, struct bytes key, struct bytes value)
{
    struct raw_block *b = ctx;

    assert_int_equal(key.len, sizeof(b->key));
    memcpy(b->key, key.data, key.len);
    buf_put(&b->octets, value.data, value.len);
    return 1;
}

static void append_leaves(struct fixture *f, int n)
{
    struct store_txn *t = fixture_begin(f, true);
    struct ledger *l = NULL;

    assert_int_equal(ledger_open(f->store, &l), 0);
    for (int i = 0; i < n; i++) {
        struct ledger_clear c = { .event = EVENT_DECIDED, .mode = 2, .about = UINT64_MAX };
        struct ledger_private p = { .sealed_part = bytes_str(PLAIN), .n_tags = 1, .tags = { 77 } };
        uint64_t leaf;

        ledger_append(l, t, &c, &p, &leaf);
    }
    assert_int_equal(store_commit(t), 0);
    l = ledger_close(l);
}

static void copy_file(const char *from, const char *to, const char *name)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    char path[256];

    buf_init(&b, 64 << 20);
    (void)snprintf(path, sizeof(path), "%s/%s", from, name);
    assert_int_equal(file_read(path, 64 << 20, &b), 0);
    (void)snprintf(path, sizeof(path), "%s/%s", to, name);
    assert_int_equal(file_write(path, buf_view(&b), 0600), 0);
}

/* At how many places of a file something lies that opens, in this store, as that block. */
static size_t places_that_open(struct store *s, struct bytes file, const struct raw_block *block)
{
    ALM_CLEANUP(buf_deinit) struct buf plain = { 0 };
    struct store_txn *t = NULL;
    size_t n = 0;

    buf_init(&plain, 1 << 20);
    assert_int_equal(store_begin(s, false, &t), 0);
    for (size_t at = 0; at + block->octets.len <= file.len; at++) {
        buf_reset(&plain);
        if (memcmp(file.data + at, block->octets.data, 4) != 0)
            continue; /* not of that period */
        n += store_raw_open(t, block->table, bytes_of(block->key, sizeof(block->key)),
                            bytes_of(file.data + at, block->octets.len), &plain) == 0;
    }
    t = store_abort(t);
    return n;
}

/* A copy of the store as it is, with its period's file, opened beside it. */
static void copy_store(struct fixture *f, struct fixture *old)
{
    static const char *const names[] = { "data.mdb", "writer", "periods/00000001.key" };
    char path[128];

    *old = (struct fixture){ .key = f->key, .options = f->options };
    (void)snprintf(old->dir, sizeof(old->dir), "/tmp/almoner-store-XXXXXX");
    assert_non_null(mkdtemp(old->dir));
    (void)snprintf(path, sizeof(path), "%s/periods", old->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    for (size_t i = 0; i < ALM_LEN(names); i++)
        copy_file(f->dir, old->dir, names[i]);
    old->options.path = old->dir;
    old->options.key = &old->key;
    fixture_open(old);
}

static void keep_first(struct fixture *f, enum table table, struct raw_block *block)
{
    struct store_txn *t = fixture_begin(f, false);

    *block = (struct raw_block){ .table = table };
    buf_init(&block->octets, 1 << 20);
    assert_int_equal(
        store_scan_raw(t, table, fixture_nothing(), fixture_nothing(), keep_block, block), 0);
    assert_true(block->octets.len > 0);
    t = store_abort(t);
}

/* Erases, and ends the period. The live file still holds the old value in a free page (a snapshot
 * sees to that), and the old copy of the store opens it there, which shows that the search is
 * honest; nothing that the live store has left does, nor opens the old copy. */
static void check_remains(struct fixture *f, enum table table, void (*erase)(struct store_txn *t))
{
    ALM_CLEANUP(buf_deinit) struct buf file = { 0 };
    struct store_txn *t, *snapshot;
    struct raw_block block;
    struct fixture old;
    char path[128];

    keep_first(f, table, &block);
    copy_store(f, &old);
    snapshot = fixture_begin(f, false);
    t = fixture_begin(f, true);
    erase(t);
    assert_int_equal(store_commit(t), 0);
    assert_int_equal(store_period_begin(f->store), 0);
    assert_int_equal(leave(f->store), 0);
    snapshot = store_abort(snapshot);
    fixture_reopen(f);

    buf_init(&file, 64 << 20);
    (void)snprintf(path, sizeof(path), "%s/data.mdb", f->dir);
    assert_int_equal(file_read(path, 64 << 20, &file), 0);
    assert_true(places_that_open(old.store, buf_view(&file), &block) > 0);
    assert_int_equal(places_that_open(f->store, buf_view(&file), &block), 0);

    old.store = store_close(old.store);
    period_path(old.dir, 1, path);
    assert_int_equal(unlink(path), 0);
    copy_file(f->dir, old.dir, "periods/00000002.key");
    assert_int_equal(store_open(&old.options, &old.store), -EBADMSG);
    fixture_remove(&old);
    buf_deinit(&block.octets);
}

static void forget_leaf(struct store_txn *t)
{
    assert_int_equal(ledger_forget(t, 7), 0);
}

static void nothing_that_is_left_opens_the_key_of_a_forgotten_leaf(void **state)
{
    struct fixture *f = *state;

    append_leaves(f, 20);
    check_remains(f, TABLE_LEAF_KEYS, forget_leaf);
}

static void delete_record(struct store_txn *t)
{
    store_del(t, TABLE_CONSENTS, fixture_text("consent-1"));
}

static void nothing_that_is_left_opens_a_record_that_was_deleted(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(fixture_put_one(f->store, TABLE_CONSENTS, "consent-1", "whose it was"), 0);
    put_values(f->store, "one");
    check_remains(f, TABLE_CONSENTS, delete_record);
}

static void a_wiped_file_holds_nothing_of_the_secret(void **state)
{
    struct fixture *f = *state;
    char path[128], beside[160];
    ALM_CLEANUP(buf_deinit) struct buf before = { 0 }, after = { 0 };

    put_values(f->store, "one");
    period_path(f->dir, 1, path);
    (void)snprintf(beside, sizeof(beside), "%s/beside", f->dir);
    assert_int_equal(link(path, beside), 0); /* the same octets on the disk, under another name */
    buf_init(&before, 4096);
    buf_init(&after, 4096);
    assert_int_equal(file_read(beside, 4096, &before), 0);
    assert_int_equal(store_period_begin(f->store), 0);
    assert_int_equal(leave(f->store), 0);
    assert_int_equal(file_read(beside, 4096, &after), 0);
    assert_int_equal(unlink(beside), 0);
    assert_int_equal(after.len, before.len);
    for (size_t i = 0; i < after.len; i++)
        assert_int_equal(after.data[i], 0);
}

static void secret_of_a_period_is_given_for_a_backup_and_taken_back_by_a_restore(void **state)
{
    struct fixture *f = *state;
    struct secret secret, none;
    char path[128];

    put_values(f->store, "one");
    assert_int_equal(store_period_secret(f->store, 2, &none), -ENOENT);
    assert_int_equal(store_period_secret(f->store, 0, &none), -ENOENT);
    assert_int_equal(store_period_secret(f->store, 1, &secret), 0);
    f->store = store_close(f->store);
    assert_int_equal(store_period_restore(f->dir, &f->key, 1, &secret), -EEXIST);
    period_path(f->dir, 1, path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(store_period_restore(f->dir, &f->key, 1, &secret), 0);
    fixture_open(f);
    assert_int_equal(check_values(f->store, "one"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PERIOD_TEST(nothing_that_is_left_opens_the_key_of_a_forgotten_leaf),
        PERIOD_TEST(nothing_that_is_left_opens_a_record_that_was_deleted),
        PERIOD_TEST(a_wiped_file_holds_nothing_of_the_secret),
        PERIOD_TEST(secret_of_a_period_is_given_for_a_backup_and_taken_back_by_a_restore),
    };

    return cmocka_run_group_tests_name("period_remains", tests, NULL, NULL);
}
