/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_witness_fork.c - logs that were altered, cut short and gone on with, or put back from an old
 * copy, each found by one witness; what the signer hears of it, and what officers see. */
#include "witness_town.h"
#include "log_rewritten.h"

#include "base/file.h"

#include <ftw.h>
#include <sys/stat.h>

#define RECORDS_MAX 256

/* --- an old copy of everything the broker has --- */

static char copy_from[64], copy_to[64];

static int copy_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    ALM_CLEANUP(buf_deinit) struct buf octets = { 0 };
    char to[256];

    (void)ftw;
    (void)snprintf(to, sizeof(to), "%s%s", copy_to, path + strlen(copy_from));
    if (type == FTW_D)
        return mkdir(to, 0700) && errno != EEXIST ? -1 : 0;
    if (!S_ISREG(st->st_mode) || strstr(path, ".head"))
        return 0; /* the witnesses' are at the agencies */
    buf_init(&octets, (size_t)256 << 20);
    if (file_read(path, (size_t)256 << 20, &octets))
        return -1;
    return file_write(to, buf_view(&octets), 0600);
}

static void copy(const char *from, const char *to)
{
    (void)snprintf(copy_from, sizeof(copy_from), "%s", from);
    (void)snprintf(copy_to, sizeof(copy_to), "%s", to);
    assert_int_equal(nftw(from, copy_one, 8, FTW_PHYS), 0);
}

static char backup[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void backup_take(struct town *t)
{
    (void)snprintf(backup, sizeof(backup), "%s", "/tmp/alm-copy-XXXXXX");
    assert_non_null(mkdtemp(backup));
    copy(t->dir, backup);
}

static void backup_put_back(struct town *t)
{
    copy(backup, t->dir);
    (void)nftw(backup, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* --- a store that somebody with its key rewrites, and who can have any head signed --- */

struct records {
    struct buf at[RECORDS_MAX];
    uint64_t n;
};
static struct records records;

/* Reads all records, lets them be changed, and makes store and tree agree with what they are then. The
 * number of leaves stays: whoever deletes one repeats another at the end. */
static void rewrite(struct town *t, void (*change)(struct records *r))
{
    struct store_txn *txn = NULL;
    uint8_t key[8];

    assert_int_equal(store_begin(t->core->store, true, &txn), 0);
    for (records.n = 0; records.n < RECORDS_MAX; records.n++) {
        buf_init(&records.at[records.n], 1 << 20);
        if (store_get(txn, TABLE_LOG, log_number_key(records.n, key), &records.at[records.n]))
            break;
    }
    assert_true(records.n > 8 && records.n < RECORDS_MAX);
    change(&records);
    for (uint64_t i = 0; i < records.n; i++)
        store_put(txn, TABLE_LOG, log_number_key(i, key), buf_view(&records.at[i]));
    assert_int_equal(log_tree_anew(txn), ledger_size(t->core->ledger));
    assert_int_equal(store_commit(txn), 0);
    for (uint64_t i = 0; i <= records.n; i++)
        buf_deinit(&records.at[i]);
    memset(&last, 0, sizeof(last));
}

static void alter(struct records *r)
{
    r->at[3].data[5] ^= 1; /* in the nonce */
}

static void swap_two(struct records *r)
{
    struct buf third = r->at[3];

    r->at[3] = r->at[4];
    r->at[4] = third;
}

static void delete_one(struct records *r)
{
    struct buf gone = r->at[3];

    memmove(&r->at[3], &r->at[4], sizeof(r->at[0]) * (size_t)(r->n - 4));
    buf_reset(&gone);
    buf_put(&gone, r->at[r->n - 2].data, r->at[r->n - 2].len);
    r->at[r->n - 1] = gone;
}

static void change_nothing(struct records *r)
{
    (void)r;
}

static bool evidence(enum town_agency a)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s" WITNESS_FORK_SUFFIX, states[a]);
    return access(path, F_OK) == 0;
}

/* The clinic is away throughout: one witness is enough. */
static uint64_t one_witness_has_signed(struct town *t)
{
    uint64_t size;

    away[TOWN_CLINIC] = true;
    for (int i = 0; i < 5; i++)
        log_something(t);
    settle(t);
    assert_int_equal(witnessed(t, &size), 1);
    assert_true(size > 8);
    return size;
}

static void assert_found(struct town *t, uint64_t before)
{
    uint64_t size;

    assert_int_equal(held(TOWN_SCHOOL), before);
    (void)witnessed(t, &size);
    assert_true(size <= before); /* nothing of the new story has its line */
    assert_true(stopped_by(t, "log-forked") || stopped_by(t, "signer-refused"));
    assert_false(shares(t));
    assert_true(n_told > 0); /* the signer has seen it too */
}

static void found_when_rewritten(struct town *t, void (*change)(struct records *r))
{
    uint64_t before = one_witness_has_signed(t);

    rewrite(t, change);
    town_reopen(t);
    log_something(t);
    settle(t);
    assert_true(evidence(TOWN_SCHOOL));
    assert_found(t, before);
}

static void a_log_altered_by_whoever_can_sign_is_found_by_one_witness(void **state)
{
    found_when_rewritten(*state, alter);
    assert_true(met != HELD_KNOWN);
}

static void a_leaf_deleted_by_whoever_can_sign_is_found_by_one_witness(void **state)
{
    found_when_rewritten(*state, delete_one);
}

static void leaves_moved_by_whoever_can_sign_are_found_by_one_witness(void **state)
{
    found_when_rewritten(*state, swap_two);
}

static void a_log_that_was_only_read_is_not_suspected(void **state)
{
    struct town *t = *state;

    (void)one_witness_has_signed(t);
    rewrite(t, change_nothing);
    town_reopen(t);
    settle(t);
    assert_false(evidence(TOWN_SCHOOL));
    assert_true(stopped_by(t, NULL));
}

static void a_log_cut_short_and_gone_on_with_is_found_by_one_witness(void **state)
{
    struct town *t = *state;
    uint64_t before;

    settle(t);
    backup_take(t);
    before = one_witness_has_signed(t);
    town_between = backup_put_back;
    town_reopen(t);
    memset(&last, 0, sizeof(last)); /* the signer knows nothing: its state went too, or it is in on it */
    while (ledger_size(t->core->ledger) <= before + 3)
        log_something(t);
    settle(t);
    assert_found(t, before);
}

static void an_old_copy_of_everything_is_refused_once_one_witness_answers(void **state)
{
    struct town *t = *state;
    struct head old;
    uint64_t before;

    settle(t);
    backup_take(t);
    old = last;
    before = one_witness_has_signed(t);
    town_between = backup_put_back;
    town_reopen(t);
    last = old; /* signer.head was in the folder */
    assert_true(before > ledger_size(t->core->ledger));
    signer_gated = true;
    signer_wants(t, true, true);
    pass(t, 3000);
    assert_true(n_asked[TOWN_SCHOOL] > 0);
    assert_true(signer_needed == 1 && signer_answered == 1);
    assert_int_equal(met, HELD_AHEAD);
    assert_int_equal(last.size, before);
    pass(t, 12000);
    assert_true(signer_stopped);
    assert_found(t, before);
}

static void an_old_copy_is_refused_also_when_the_witness_comes_back_later(void **state)
{
    struct town *t = *state;
    struct head old;
    uint64_t before;

    settle(t);
    backup_take(t);
    old = last;
    before = one_witness_has_signed(t);
    town_between = backup_put_back;
    town_reopen(t);
    last = old;
    away[TOWN_SCHOOL] = true;
    settle(t);
    assert_true(stopped_by(t, NULL)); /* nobody can tell yet */
    away[TOWN_SCHOOL] = false;
    pass(t, 61000);
    assert_found(t, before);
}

static void the_signer_hears_of_every_witness_before_it_signs(void **state)
{
    struct town *t = *state;

    pass(t, 3000);
    log_something(t);
    pass(t, 61000);
    town_reopen(t);
    n_told = 0;
    signer_gated = true;
    signer_wants(t, true, true);
    pass(t, 6000);
    assert_true(n_asked[TOWN_SCHOOL] > 0 && n_asked[TOWN_CLINIC] > 0);
    assert_true(n_told >= 2 && signer_answered == 2 && signer_needed == 2);
    assert_int_equal(met, HELD_KNOWN);
    assert_false(signer_gated);
    pass(t, 6000);
    assert_true(stopped_by(t, NULL));
}

static void where_nobody_is_a_witness_the_signer_is_told_at_once(void **state)
{
    struct town *t = *state;

    named = (struct policy_witnesses){ .outage_hours = 4, .every_s = 60 };
    town_activate(t);
    n_told = 0;
    signer_needed = 9;
    signer_gated = true;
    signer_wants(t, true, true);
    pass(t, 0);
    assert_true(n_told == 1 && signer_needed == 0 && !signer_gated);
}

static void nonsense_of_the_signer_is_passed_over(void **state)
{
    struct town *t = *state;

    assert_int_equal(send(t->signer, "W", 1, 0), 1);
    assert_int_equal(send(t->signer, "Wxxxxxxxxxxxxxxxxxxxxx", 22, 0), 22);
    pass(t, 3000);
    assert_true(stopped_by(t, NULL));
}

/* --- what officers see --- */

static void officers_see_who_signed_what_and_when(void **state)
{
    struct town *t = *state;
    json_t *o, *school, *list;
    size_t i;

    mute[TOWN_CLINIC] = true;
    pass(t, 3000);
    o = control(t, "witnesses");
    list = json_object_get(o, "witnesses");
    assert_int_equal(json_array_size(list), 2);
    json_array_foreach(list, i, school)
    {
        const char *agency = json_string_value(json_object_get(school, "agency"));

        if (!strcmp(agency, "school")) {
            struct note_key key;

            assert_true(json_is_true(json_object_get(school, "fresh")));
            assert_int_equal(json_integer_value(json_object_get(school, "size")), held(TOWN_SCHOOL));
            assert_int_equal(cosign_key_parse(json_string_value(json_object_get(school, "under")), &key), 0);
            assert_true(*json_string_value(json_object_get(school, "signed_at")));
        } else {
            assert_string_equal(agency, "clinic");
            assert_false(json_is_true(json_object_get(school, "fresh")));
            assert_string_equal(json_string_value(json_object_get(school, "signed_at")), "");
        }
    }
    assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "summary"), "signed")), 1);
    json_decref(o);
}

#define WITNESS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define PAIR_TEST(f)    cmocka_unit_test_setup_teardown(f, setup_two, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITNESS_TEST(a_log_altered_by_whoever_can_sign_is_found_by_one_witness),
        WITNESS_TEST(a_leaf_deleted_by_whoever_can_sign_is_found_by_one_witness),
        WITNESS_TEST(leaves_moved_by_whoever_can_sign_are_found_by_one_witness),
        WITNESS_TEST(a_log_that_was_only_read_is_not_suspected),
        WITNESS_TEST(a_log_cut_short_and_gone_on_with_is_found_by_one_witness),
        WITNESS_TEST(an_old_copy_of_everything_is_refused_once_one_witness_answers),
        WITNESS_TEST(an_old_copy_is_refused_also_when_the_witness_comes_back_later),
        PAIR_TEST(the_signer_hears_of_every_witness_before_it_signs),
        WITNESS_TEST(where_nobody_is_a_witness_the_signer_is_told_at_once),
        WITNESS_TEST(nonsense_of_the_signer_is_passed_over),
        WITNESS_TEST(officers_see_who_signed_what_and_when),
    };

    return cmocka_run_group_tests_name("core_witness_fork", tests, NULL, NULL);
}
