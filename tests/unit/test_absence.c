/* SPDX-License-Identifier: Apache-2.0 */
/* test_absence.c - what is known to be absent from the index by tokens is: whatever was put, taken
 * back, deleted, carried to another epoch or forgotten, a look-up finds what it would find if it
 * looked. */
#include "drawn.h"
#include "store_fixture.h"

#include "store/absence.h"
#include "store/consents.h"
#include "store/internal.h"
#include "store/lodged.h"
#include "store/pages.h"
#include "store/periods.h"
#include "store/raw.h"
#include "store/retokens.h"
#include "store/subjects.h"

static const enum subjects_kind kinds[] = {
    SUBJECTS_CONSENT, SUBJECTS_SHIELD, SUBJECTS_OVERRIDE, SUBJECTS_CONCERN, SUBJECTS_EPISODE,
    SUBJECTS_WATCH,   SUBJECTS_DISPUTE, SUBJECTS_REFERRAL, SUBJECTS_RECALL, SUBJECTS_STATEMENT,
};
#define PEOPLE 12

static struct token token_of(uint8_t kind, uint8_t who, uint16_t epoch)
{
    struct token t = { .kind = kind, .scheme = TOKEN_HMAC, .epoch = epoch };

    memset(t.value, (int)(16 * epoch + who), sizeof(t.value));
    return t;
}

static struct token_set set_of(uint8_t who, uint16_t epoch)
{
    return (struct token_set){ .n = 3,
                               .tokens = { token_of(TOKEN_NHS, who, epoch),
                                           token_of(TOKEN_NAME_DOB, who, epoch),
                                           token_of(TOKEN_PHONETIC_DOB, who, epoch) } };
}

static struct id id_of(uint8_t n)
{
    struct id id = { { 9 } };

    id.octets[ID_LEN - 1] = n;
    return id;
}

static void find(struct store_txn *t, enum subjects_kind kind, const struct token_set *who,
                 bool doubt, struct subjects_found *out)
{
    store_doubt(store_of(t), doubt);
    assert_int_equal(subjects_find(t, kind, who, out), 0);
    store_doubt(store_of(t), false);
}

/* The same as with every look-up made. Return: records found. */
static size_t compare_one(struct store_txn *t, enum subjects_kind kind, const struct token_set *who)
{
    ALM_CLEANUP(subjects_found_deinit) struct subjects_found believed = { 0 };
    ALM_CLEANUP(subjects_found_deinit) struct subjects_found looked = { 0 };

    find(t, kind, who, false, &believed);
    find(t, kind, who, true, &looked);
    assert_int_equal(believed.n, looked.n);
    if (looked.n)
        assert_memory_equal(believed.ids.data, looked.ids.data, looked.n * ID_LEN);
    return looked.n;
}

static size_t compare_all(struct store_txn *t)
{
    size_t n = 0;

    for (size_t k = 0; k < ALM_LEN(kinds); k++) {
        for (uint8_t who = 0; who < PEOPLE; who++) {
            for (uint16_t epoch = 1; epoch <= 2; epoch++) {
                struct token_set s = set_of(who, epoch), home;
                struct token at = token_of(TOKEN_HOME, who, epoch);

                home = subjects_home(&at);
                n += compare_one(t, kinds[k], &s) + compare_one(t, kinds[k], &home);
                s.unborn = true;
                n += compare_one(t, kinds[k], &s);
            }
        }
    }
    return n;
}

static size_t compare_in(struct fixture *f, bool write)
{
    struct store_txn *t = fixture_begin(f, write);
    size_t n = compare_all(t);

    t = store_abort(t);
    return n;
}

/* --- Every change there is, in any order. --- */

static void change_something(struct store_txn *t)
{
    enum subjects_kind kind = kinds[draw(ALM_LEN(kinds))];
    uint8_t who = (uint8_t)draw(PEOPLE);
    struct token_set s = set_of(who, (uint16_t)(1 + draw(2)));
    struct token home = token_of(TOKEN_HOME, who, 1);
    struct id id = id_of((uint8_t)draw(4));

    s.unborn = draw(8) == 0;
    if (draw(6) == 0)
        s = subjects_home(&home);
    if (draw(2))
        subjects_add(t, kind, &s, &id);
    else
        subjects_remove(t, kind, &s, &id);
}

static void whatever_is_put_deleted_aborted_or_reopened_is_found_as_if_it_were_looked_for(void **state)
{
    struct fixture *f = *state;
    unsigned rounds = draw_anew(120);
    size_t found = 0;

    for (unsigned round = 0; round < rounds; round++) {
        struct store_txn *t = fixture_begin(f, true);

        for (unsigned n = draw(12); n; n--)
            change_something(t);
        found += compare_all(t);
        if (draw(3))
            assert_int_equal(store_commit(t), 0);
        else
            t = store_abort(t);
        found += compare_in(f, draw(2));
        if (draw(5) == 0)
            fixture_reopen(f);
    }
    assert_true(found > 1000);
}

static void nothing_is_looked_for_where_nothing_was_ever_put(void **state)
{
    struct fixture *f = *state;
    struct fixture_fault fault = { .step = STORE_STEP_GET, .countdown = 1, .error = EIO };
    struct store_txn *t = fixture_begin(f, true);

    store_fault_hook(f->store, fixture_fault, &fault);
    for (size_t k = 0; k < ALM_LEN(kinds); k++) {
        ALM_CLEANUP(subjects_found_deinit) struct subjects_found found = { 0 };
        struct token_set s = set_of(1, 1);

        assert_int_equal(subjects_find(t, kinds[k], &s, &found), 0);
        assert_int_equal(found.n, 0);
    }
    assert_int_equal(fault.countdown, 1);
    store_fault_hook(f->store, NULL, NULL);
    t = store_abort(t);
}

static void who_is_not_there_is_not_looked_for_beside_those_who_are(void **state)
{
    struct fixture *f = *state;
    struct fixture_fault fault = { .step = STORE_STEP_GET, .countdown = 1, .error = EIO };
    ALM_CLEANUP(subjects_found_deinit) struct subjects_found found = { 0 };
    struct token_set here = set_of(1, 1), other = set_of(2, 1);
    struct id id = id_of(1);
    struct store_txn *t = fixture_begin(f, true);

    subjects_add(t, SUBJECTS_SHIELD, &here, &id);
    store_fault_hook(f->store, fixture_fault, &fault);
    assert_int_equal(subjects_find(t, SUBJECTS_SHIELD, &other, &found), 0);
    assert_int_equal(fault.countdown, 1);
    store_fault_hook(f->store, NULL, NULL);
    t = store_abort(t);
}

static void a_reader_in_another_process_looks_for_everything(void **state)
{
    struct fixture *f = *state;
    struct store_options o = f->options;
    ALM_CLEANUP(store_closep) struct store *reader = NULL;
    ALM_CLEANUP(subjects_found_deinit) struct subjects_found found = { 0 };
    struct token_set s = set_of(1, 1);
    struct id id = id_of(1);
    struct store_txn *t;

    o.read_only = true;
    assert_int_equal(store_open(&o, &reader), 0);
    t = fixture_begin(f, true);
    subjects_add(t, SUBJECTS_SHIELD, &s, &id);
    assert_int_equal(store_commit(t), 0);
    assert_int_equal(store_begin(reader, false, &t), 0);
    assert_false(store_surely_absent(t, SUBJECTS_SHIELD, NULL));
    assert_int_equal(subjects_find(t, SUBJECTS_SHIELD, &s, &found), 0);
    assert_int_equal(found.n, 1);
    t = store_abort(t);
}

static void what_a_put_that_failed_left_behind_is_only_perhaps(void **state)
{
    struct fixture *f = *state;
    struct fixture_fault fault = { .step = STORE_STEP_PUT, .countdown = 1, .error = ENOSPC };
    struct token_set s = set_of(1, 1);
    struct id id = id_of(1);
    struct store_txn *t = fixture_begin(f, true);

    store_fault_hook(f->store, fixture_fault, &fault);
    subjects_add(t, SUBJECTS_SHIELD, &s, &id);
    assert_int_equal(store_commit(t), -ENOSPC);
    store_fault_hook(f->store, NULL, NULL);
    assert_int_equal(compare_in(f, true), 0);
    t = fixture_begin(f, true);
    assert_false(store_surely_absent(t, SUBJECTS_SHIELD, NULL));
    assert_true(store_surely_absent(t, SUBJECTS_DISPUTE, NULL));
    t = store_abort(t);
}

static void a_raw_entry_is_found(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(subjects_found_deinit) struct subjects_found found = { 0 };
    struct token_set s = set_of(1, 1);
    struct id id = id_of(1);
    struct store_txn *t = fixture_begin(f, true);
    uint8_t key[SUBJECTS_FOUND_BY + ID_LEN] = { SUBJECTS_SHIELD };
    uint8_t octets[5 + TOKEN_LEN] = { TOKEN_NHS, TOKEN_HMAC, 0, 1, 0 };

    memcpy(octets + 5, s.tokens[0].value, TOKEN_LEN);
    assert_int_equal(store_blind(f->store, bytes_of(octets, sizeof(octets)), key + 1), 0);
    memcpy(key + SUBJECTS_FOUND_BY, id.octets, ID_LEN);
    store_put_raw(t, TABLE_SUBJECTS, bytes_of(key, sizeof(key)), fixture_text("as it lay there"));
    assert_int_equal(subjects_find(t, SUBJECTS_SHIELD, &s, &found), 0);
    assert_int_equal(found.n, 1);
    t = store_abort(t);
}

/* --- Shields, as the core sees them. --- */

static int count(void *ctx, const struct shield_record *r)
{
    (void)r;
    ++*(unsigned *)ctx;
    return 0;
}

static unsigned shields(struct fixture *f, const struct token_set *who)
{
    unsigned n = 0;
    struct store_txn *t = fixture_begin(f, true);

    assert_int_equal(shields_about(t, f->store, who, count, &n), 0);
    t = store_abort(t);
    return n;
}

static struct shield_record lodge(struct fixture *f, uint8_t who)
{
    struct shield_record r = { .id = id_of(who),
                               .owner = "council",
                               .shield = { .subject = set_of(who, 1), .level = 2, .until = CIVIL_NONE } };
    struct store_txn *t = fixture_begin(f, true);

    shields_put(t, f->store, &r);
    assert_int_equal(store_commit(t), 0);
    return r;
}

static void a_shield_is_found_once_lodged_and_after_reopening_and_by_its_other_epoch(void **state)
{
    struct fixture *f = *state;
    struct token_set one = set_of(1, 1), two = set_of(1, 2), near = { .n = 1 };
    struct retoken other = { .subject = two };
    struct shield_record r;
    struct store_txn *t;

    near.tokens[0] = one.tokens[2]; /* the sound of the name alone: near to it */
    assert_int_equal(shields(f, &one), 0);
    r = lodge(f, 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(shields(f, &one), 1);
        assert_int_equal(shields(f, &near), 1);
        assert_int_equal(shields(f, &two), 0);
        fixture_reopen(f);
    }
    t = fixture_begin(f, true);
    retokens_put(t, SUBJECTS_SHIELD, &r.id, &other);
    assert_int_equal(store_commit(t), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(shields(f, &one), 1);
        assert_int_equal(shields(f, &two), 1);
        fixture_reopen(f);
    }
    t = fixture_begin(f, true);
    assert_int_equal(shields_forget(t, &r.id), 0);
    assert_int_equal(store_commit(t), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(shields(f, &one) + shields(f, &two), 0);
        fixture_reopen(f);
    }
}

static void a_shield_that_was_forgotten_in_a_transaction_taken_back_is_found(void **state)
{
    struct fixture *f = *state;
    struct shield_record r = lodge(f, 1);

    for (int reopen = 0; reopen < 2; reopen++) {
        struct store_txn *t = fixture_begin(f, true);

        assert_int_equal(shields_forget(t, &r.id), 0);
        t = store_abort(t);
        assert_int_equal(shields(f, &r.shield.subject), 1);
        fixture_reopen(f);
    }
}

static void another_period_loses_none_of_the_index(void **state)
{
    struct fixture *f = *state;
    struct shield_record r = lodge(f, 1);
    bool done = false;

    assert_int_equal(store_period_begin(f->store), 0);
    while (!done) {
        struct store_txn *t = fixture_begin(f, true);

        assert_int_equal(store_period_step(t, 2, &done), 0);
        assert_int_equal(store_commit(t), 0);
        assert_int_equal(shields(f, &r.shield.subject), 1);
        fixture_reopen(f);
    }
    assert_int_equal(store_period_end(f->store), 0);
    assert_int_equal(shields(f, &r.shield.subject), 1);
    (void)lodge(f, 2);
    fixture_reopen(f);
    assert_int_equal(shields(f, &r.shield.subject), 1);
    assert_true(compare_in(f, true) > 0);
}

/* --- A walk that takes more than one transaction. --- */

static struct bytes entry(uint8_t kind, uint16_t n, uint8_t key[static SUBJECTS_FOUND_BY + ID_LEN])
{
    memset(key, 0, SUBJECTS_FOUND_BY + ID_LEN);
    key[0] = kind;
    key[1] = (uint8_t)(n >> 8);
    key[2] = (uint8_t)n;
    key[3] = 7;
    return bytes_of(key, SUBJECTS_FOUND_BY + ID_LEN);
}

struct walk {
    struct fixture *f;
    struct pages *p;
    struct absence *a;
    struct MDB_txn *txn;
};

static void walk_begin(struct walk *w, size_t step)
{
    assert_int_equal(pages_begin(w->p, true, true, &w->txn), 0);
    absence_fill(w->a, w->p, w->txn, step);
}

static void walk_open(struct walk *w, struct fixture *f, uint64_t most)
{
    f->store = store_close(f->store);
    w->f = f;
    assert_int_equal(pages_open(&(struct pages_options){ .path = f->dir, .map_bytes = 64 << 20 }, &w->p),
                     0);
    assert_int_equal(absence_new(most, &w->a), 0);
    assert_int_equal(pages_begin(w->p, true, true, &w->txn), 0);
    assert_int_equal(pages_open_tables(w->p, w->txn, true), 0);
}

static void walk_end(struct walk *w, bool commit)
{
    if (commit)
        assert_int_equal(pages_commit(w->p, &w->txn, true), 0);
    else
        pages_abort(w->p, w->txn);
    w->txn = NULL;
}

static void walk_close(struct walk *w)
{
    w->a = absence_free(w->a);
    w->p = pages_close(w->p);
    fixture_open(w->f);
}

static void put_entries(struct walk *w, uint8_t kind, uint16_t from, uint16_t to)
{
    uint8_t key[SUBJECTS_FOUND_BY + ID_LEN];

    for (uint16_t n = from; n < to; n++)
        assert_int_equal(pages_put(w->p, w->txn, TABLE_SUBJECTS, entry(kind, n, key), fixture_text("v")), 0);
}

static bool sure(struct walk *w, absence_kinds known, uint8_t kind, uint16_t n)
{
    uint8_t key[SUBJECTS_FOUND_BY + ID_LEN];

    return absence_sure(w->a, known, kind, entry(kind, n, key).data + 1);
}

/* Each entry is deleted at each moment of a walk in steps of two, in a transaction that is aborted. */
static void an_entry_deleted_while_the_walk_comes_by_and_back_again_is_not_absent(void **state)
{
    enum { N = 9 };

    for (uint16_t victim = 0; victim < N; victim++) {
        for (unsigned moment = 0; moment < N; moment++) {
            struct walk w = { 0 };
            uint8_t key[SUBJECTS_FOUND_BY + ID_LEN];

            walk_open(&w, *state, ABSENCE_MOST);
            put_entries(&w, SUBJECTS_SHIELD, 0, N);
            walk_end(&w, true);
            for (unsigned i = 0; i < 3 * N; i++) {
                walk_begin(&w, 2);
                if (i == moment)
                    assert_int_equal(
                        pages_del(w.p, w.txn, TABLE_SUBJECTS, entry(SUBJECTS_SHIELD, victim, key)), 0);
                walk_end(&w, i != moment);
                for (uint16_t n = 0; n < N; n++)
                    assert_false(sure(&w, absence_known(w.a), SUBJECTS_SHIELD, n));
            }
            assert_true(sure(&w, absence_known(w.a), SUBJECTS_SHIELD, N));
            walk_close(&w);
        }
    }
}

static void nothing_is_believed_of_a_kind_before_all_of_it_was_seen(void **state)
{
    struct walk w = { 0 };
    unsigned steps = 0;

    walk_open(&w, *state, ABSENCE_MOST);
    put_entries(&w, SUBJECTS_SHIELD, 0, 5);
    put_entries(&w, SUBJECTS_CONSENT, 0, 5);
    walk_end(&w, true);
    assert_false(sure(&w, UINT32_MAX, SUBJECTS_SHIELD, 99));
    while (!sure(&w, UINT32_MAX, SUBJECTS_CONSENT, 99)) {
        assert_int_equal(sure(&w, UINT32_MAX, SUBJECTS_SHIELD, 99), steps > 5);
        assert_false(absence_of_all(w.a, UINT32_MAX, SUBJECTS_CONSENT));
        walk_begin(&w, 1);
        walk_end(&w, true);
        assert_true(++steps < 20);
    }
    assert_true(absence_of_all(w.a, UINT32_MAX, SUBJECTS_DISPUTE));
    assert_false(absence_of_all(w.a, UINT32_MAX, SUBJECTS_SHIELD));
    assert_false(sure(&w, UINT32_MAX, SUBJECTS_LODGER, 99)); /* no kind of these */
    walk_close(&w);
}

/* It may see what was deleted before the walk came by. */
static void a_transaction_older_than_the_walk_believes_nothing(void **state)
{
    struct walk w = { 0 };
    absence_kinds before;

    walk_open(&w, *state, ABSENCE_MOST);
    put_entries(&w, SUBJECTS_SHIELD, 0, 1);
    before = absence_known(w.a);
    walk_end(&w, true);
    walk_begin(&w, 100);
    assert_false(sure(&w, before, SUBJECTS_SHIELD, 99));
    assert_false(absence_of_all(w.a, before, SUBJECTS_DISPUTE));
    assert_true(sure(&w, absence_known(w.a), SUBJECTS_SHIELD, 99));
    walk_end(&w, true);
    walk_close(&w);
}

static void a_kind_for_which_there_is_no_room_is_never_believed_and_the_others_are(void **state)
{
    struct walk w = { 0 };

    walk_open(&w, *state, 2 * 256 * sizeof(uint32_t));
    put_entries(&w, SUBJECTS_SHIELD, 0, 10);
    put_entries(&w, SUBJECTS_CONCERN, 0, 300);
    walk_end(&w, true);
    walk_begin(&w, 1000);
    assert_true(sure(&w, UINT32_MAX, SUBJECTS_SHIELD, 99));
    assert_false(sure(&w, UINT32_MAX, SUBJECTS_CONCERN, 999));
    for (uint16_t n = 0; n < 10; n++)
        assert_false(sure(&w, UINT32_MAX, SUBJECTS_SHIELD, n));
    for (uint16_t n = 0; n < 300; n++) { /* one that was complete overflows as well */
        uint8_t key[SUBJECTS_FOUND_BY + ID_LEN];

        absence_put(w.a, entry(SUBJECTS_DISPUTE, n, key));
        assert_false(sure(&w, UINT32_MAX, SUBJECTS_DISPUTE, n));
    }
    assert_false(sure(&w, UINT32_MAX, SUBJECTS_DISPUTE, 999));
    assert_false(absence_of_all(w.a, UINT32_MAX, SUBJECTS_DISPUTE));
    assert_true(absence_bytes(w.a) <= 2 * 256 * sizeof(uint32_t));
    walk_end(&w, true);
    walk_close(&w);
}

static void a_kind_that_cannot_be_read_is_never_believed(void **state)
{
    struct walk w = { 0 };
    struct fixture_fault fault = { .step = STORE_STEP_GET, .countdown = 3, .error = ENOMEM };

    walk_open(&w, *state, ABSENCE_MOST);
    put_entries(&w, SUBJECTS_SHIELD, 0, 5);
    walk_end(&w, true);
    pages_fault_hook(w.p, fixture_fault, &fault);
    walk_begin(&w, 100);
    pages_fault_hook(w.p, NULL, NULL);
    for (uint16_t n = 0; n < 10; n++)
        assert_false(sure(&w, UINT32_MAX, SUBJECTS_SHIELD, n));
    assert_false(absence_of_all(w.a, UINT32_MAX, SUBJECTS_SHIELD));
    assert_true(sure(&w, UINT32_MAX, SUBJECTS_DISPUTE, 1));
    walk_end(&w, true);
    walk_close(&w);
}

static void thousands_of_entries_are_none_of_them_absent(void **state)
{
    enum { N = 20000 };
    struct walk w = { 0 };
    size_t wrong = 0;

    walk_open(&w, *state, ABSENCE_MOST);
    put_entries(&w, SUBJECTS_CONCERN, 0, N);
    walk_end(&w, true);
    walk_begin(&w, N + 1);
    for (uint16_t n = 0; n < N; n++)
        assert_false(sure(&w, UINT32_MAX, SUBJECTS_CONCERN, n));
    for (uint16_t n = N; n < 2 * N; n++)
        wrong += !sure(&w, UINT32_MAX, SUBJECTS_CONCERN, n);
    assert_int_equal(wrong, 0); /* their first four octets differ */
    walk_end(&w, true);
    walk_close(&w);
}

/* --- What was blinded lately. --- */

static void what_is_blinded_twice_is_the_same_and_forgotten_between_transactions(void **state)
{
    struct fixture *f = *state;
    uint8_t data[80], first[100][SHA256_LEN], again[SHA256_LEN];

    for (int round = 0; round < 3; round++) {
        struct store_txn *t = fixture_begin(f, true);

        for (uint8_t n = 0; n < 100; n++) {
            uint8_t *out = round ? again : first[n];

            memset(data, n, sizeof(data));
            assert_int_equal(store_blind(f->store, bytes_of(data, n % sizeof(data)), out), 0);
            if (round)
                assert_memory_equal(again, first[n], SHA256_LEN);
            assert_int_equal(store_blind(f->store, bytes_of(data, n % sizeof(data)), again), 0);
            assert_memory_equal(again, first[n], SHA256_LEN);
        }
        t = store_abort(t);
    }
    assert_memory_not_equal(first[5], first[6], SHA256_LEN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(whatever_is_put_deleted_aborted_or_reopened_is_found_as_if_it_were_looked_for),
        TEST(nothing_is_looked_for_where_nothing_was_ever_put),
        TEST(who_is_not_there_is_not_looked_for_beside_those_who_are),
        TEST(a_reader_in_another_process_looks_for_everything),
        TEST(what_a_put_that_failed_left_behind_is_only_perhaps),
        TEST(a_raw_entry_is_found),
        TEST(a_shield_is_found_once_lodged_and_after_reopening_and_by_its_other_epoch),
        TEST(a_shield_that_was_forgotten_in_a_transaction_taken_back_is_found),
        TEST(another_period_loses_none_of_the_index),
        TEST(an_entry_deleted_while_the_walk_comes_by_and_back_again_is_not_absent),
        TEST(nothing_is_believed_of_a_kind_before_all_of_it_was_seen),
        TEST(a_transaction_older_than_the_walk_believes_nothing),
        TEST(a_kind_for_which_there_is_no_room_is_never_believed_and_the_others_are),
        TEST(a_kind_that_cannot_be_read_is_never_believed),
        TEST(thousands_of_entries_are_none_of_them_absent),
        TEST(what_is_blinded_twice_is_the_same_and_forgotten_between_transactions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
