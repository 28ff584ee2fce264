/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_heads.c - the core proves to the signer that its log continues the one that was signed;
 * the test is the signer, with the signer's own judgement. */
#include "core_town.h"
#include "log_rewritten.h"

#include "core/state.h"
#include "signer/head.h"
#include "tree/tree.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static struct head last; /* what the signer signed */
static struct head_ask asked;
static unsigned n_asked, n_refused;

static void ask_parse(struct bytes datagram)
{
    struct cursor c = cursor_of(datagram);
    struct bytes hashes;

    assert_int_equal(cursor_u8(&c), 'H');
    asked.size = cursor_u64(&c);
    memcpy(asked.root, cursor_take(&c, SHA256_LEN).data, SHA256_LEN);
    asked.from = cursor_u64(&c);
    asked.proof.n = cursor_u16(&c);
    assert_true(asked.proof.n <= TREE_PROOF_MAX);
    hashes = cursor_take(&c, asked.proof.n * SHA256_LEN);
    assert_int_equal(cursor_end(&c), 0);
    if (hashes.len)
        memcpy(asked.proof.hashes, hashes.data, hashes.len);
    n_asked++;
}

static void say(struct town *t, struct buf *b)
{
    assert_int_equal(buf_status(b), 0);
    assert_int_equal(send(t->signer, b->data, b->len, 0), (ssize_t)b->len);
    buf_deinit(b);
}

static void sign_asked(struct town *t)
{
    struct buf b = { 0 }, note = { 0 };
    struct checkpoint head = { .size = asked.size };
    struct note_key key;
    uint8_t public_key[SIGN_PUBLIC_LEN];

    memcpy(head.root, asked.root, SHA256_LEN);
    (void)snprintf(head.origin, sizeof(head.origin), "town.example/almoner");
    assert_int_equal(sign_public(&t->audit, public_key), 0);
    assert_int_equal(note_key_init(&key, head.origin, public_key), 0);
    buf_init(&note, NOTE_MAX);
    assert_int_equal(checkpoint_sign(&head, &key, &t->audit, &note), 0);
    last = (struct head){ .any = true, .size = asked.size };
    memcpy(last.root, asked.root, SHA256_LEN);
    buf_init(&b, NOTE_MAX + 64);
    buf_put_u8(&b, 'N');
    buf_put_u64(&b, asked.size);
    buf_put(&b, asked.root, SHA256_LEN);
    buf_put_u16(&b, (uint16_t)note.len);
    buf_put(&b, note.data, note.len);
    buf_deinit(&note);
    say(t, &b);
}

static void want_proof(struct town *t, uint64_t size)
{
    struct buf b = { 0 };

    buf_init(&b, 16);
    buf_put_u8(&b, 'P');
    buf_put_u64(&b, size);
    say(t, &b);
}

static void refuse(struct town *t)
{
    struct buf b = { 0 };

    n_refused++;
    buf_init(&b, 16);
    buf_put_u8(&b, 'X');
    buf_put_u16(&b, 0);
    say(t, &b);
}

/* What the core has asked meanwhile is answered as the signer answers it: the newest alone. */
static bool signer_plays(struct town *t)
{
    uint8_t datagram[8192];
    bool any = false;
    ssize_t n;

    while ((n = recv(t->signer, datagram, sizeof(datagram), MSG_DONTWAIT)) > 0) {
        ask_parse(bytes_of(datagram, (size_t)n));
        any = true;
    }
    if (!any)
        return false;
    switch (head_judge(&last, &asked)) {
    case HEAD_FOLLOWS:
    case HEAD_SAME:
        sign_asked(t);
        break;
    case HEAD_UNPROVED:
        want_proof(t, last.size);
        break;
    case HEAD_DISAGREES:
    case HEAD_SHRINKS:
    case HEAD_BREAKS:
        refuse(t);
    }
    return true;
}

static void heads_go_round(struct town *t, int64_t ms)
{
    town_mono += ms;
    for (int i = 0; i < 6; i++) {
        town_turn(t);
        if (!signer_plays(t))
            break;
    }
    town_turn(t);
}

static void log_something(struct town *t)
{
    town_say(t, TOWN_SCHOOL, town_withdraw(t, "early-help", TOWN_TESS));
    town_turn(t);
}

static bool shares(struct town *t)
{
    town_forget(t);
    town_say(t, TOWN_SCHOOL, town_lease(t));
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "truancy", TOWN_TESS));
    town_turn(t);
    return town_heard(t, TOWN_SCHOOL, MSG_QUESTION) == 1 && !town_heard(t, TOWN_COUNCIL, MSG_BUSY);
}

/* --- a store that somebody with its key rewrites --- */

/* Changes one leaf's record, and makes every node anew, so that the store agrees with itself. */
static void store_rewrite(struct town *t, uint8_t leaf)
{
    struct store_txn *txn = NULL;
    struct buf record = { 0 };
    uint8_t key[8] = { 0, 0, 0, 0, 0, 0, 0, leaf };

    buf_init(&record, STORE_VALUE_MAX);
    assert_int_equal(store_begin(t->core->store, true, &txn), 0);
    assert_int_equal(store_get(txn, TABLE_LOG, bytes_of(key, 8), &record), 0);
    record.data[5] ^= 1; /* in the nonce */
    store_put(txn, TABLE_LOG, bytes_of(key, 8), buf_view(&record));
    assert_int_equal(log_tree_anew(txn), ledger_size(t->core->ledger));
    assert_int_equal(store_commit(txn), 0);
    buf_deinit(&record);
    town_reopen(t);
}

static int setup(void **state)
{
    memset(&last, 0, sizeof(last));
    n_asked = n_refused = 0;
    return town_setup(state);
}

static void each_larger_head_comes_with_a_proof_that_the_signer_accepts(void **state)
{
    struct town *t = *state;

    for (int i = 0; i < 9; i++) {
        heads_go_round(t, 2000);
        assert_int_equal(last.size, ledger_size(t->core->ledger));
        assert_int_equal(t->core->heads.signed_size, last.size);
        log_something(t);
    }
    assert_int_equal(n_refused, 0);
    assert_true(shares(t));
}

static void an_idle_broker_has_a_head_signed_each_minute_all_the_same(void **state)
{
    struct town *t = *state;

    heads_go_round(t, 2000);
    for (int i = 0; i < 3; i++) {
        unsigned before = n_asked;
        uint64_t size = ledger_size(t->core->ledger);

        heads_go_round(t, 60000);
        assert_int_equal(n_asked, before + 1);
        assert_int_equal(last.size, size);
        assert_int_equal(t->core->heads.signed_ms, town_mono);
    }
}

static void a_core_that_does_not_know_what_was_signed_is_told_and_proves_it(void **state)
{
    struct town *t = *state;

    heads_go_round(t, 2000);
    log_something(t);
    town_reopen(t);
    log_something(t);
    heads_go_round(t, 2000);
    assert_int_equal(n_refused, 0);
    assert_int_equal(last.size, ledger_size(t->core->ledger));
}

static void a_rewritten_store_is_refused_by_the_signer_and_sharing_stops(void **state)
{
    struct town *t = *state;
    struct head before;

    log_something(t);
    heads_go_round(t, 2000);
    assert_int_equal(t->core->heads.signed_size, last.size);
    before = last;
    store_rewrite(t, 2);
    log_something(t);
    assert_true(ledger_size(t->core->ledger) > before.size);
    heads_go_round(t, 2000);
    assert_true(n_refused > 0);
    assert_true(t->core->heads.refused);
    assert_false(shares(t));
    assert_int_equal(last.size, before.size);
    town_reopen(t); /* a restart does not help it */
    heads_go_round(t, 61000);
    assert_true(t->core->heads.refused);
    assert_false(shares(t));
}

static void a_rewritten_store_of_the_same_size_is_refused_too(void **state)
{
    struct town *t = *state;

    log_something(t);
    heads_go_round(t, 2000);
    store_rewrite(t, 1);
    heads_go_round(t, 2000);
    assert_true(t->core->heads.refused);
}

static void
a_signer_that_asks_for_one_proof_again_and_again_does_not_keep_the_core_busy(void **state)
{
    struct town *t = *state;
    uint8_t datagram[8192];
    unsigned n = 0;

    heads_go_round(t, 2000);
    log_something(t);
    town_mono += 2000;
    for (int i = 0; i < 20; i++) {
        town_turn(t);
        while (recv(t->signer, datagram, sizeof(datagram), MSG_DONTWAIT) > 0)
            n++;
        want_proof(t, 1);
    }
    assert_int_equal(n, 2); /* what it asked first, and once from 1 */
    want_proof(t, UINT64_MAX);
    town_turn(t);
    assert_int_equal(recv(t->signer, datagram, sizeof(datagram), MSG_DONTWAIT), -1);
}

static void a_head_is_not_asked_for_while_nodes_for_its_proof_are_missing(void **state)
{
    struct town *t = *state;
    struct store_txn *txn;
    const uint8_t first_row[8] = { 0 };
    unsigned before;

    while (ledger_size(t->core->ledger) <= ROW_LEAVES)
        log_something(t);
    heads_go_round(t, 2000);
    log_something(t);
    log_something(t);
    assert_int_equal(store_begin(t->core->store, true, &txn), 0);
    store_del(txn, TABLE_TREE, bytes_of(first_row, 8));
    assert_int_equal(store_commit(txn), 0);
    before = n_asked;
    heads_go_round(t, 2000);
    assert_int_equal(n_asked, before);
    town_mono += 121000; /* and so sharing stops */
    assert_false(shares(t));
}

#define HEADS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEADS_TEST(each_larger_head_comes_with_a_proof_that_the_signer_accepts),
        HEADS_TEST(an_idle_broker_has_a_head_signed_each_minute_all_the_same),
        HEADS_TEST(a_core_that_does_not_know_what_was_signed_is_told_and_proves_it),
        HEADS_TEST(a_rewritten_store_is_refused_by_the_signer_and_sharing_stops),
        HEADS_TEST(a_rewritten_store_of_the_same_size_is_refused_too),
        HEADS_TEST(a_signer_that_asks_for_one_proof_again_and_again_does_not_keep_the_core_busy),
        HEADS_TEST(a_head_is_not_asked_for_while_nodes_for_its_proof_are_missing),
    };

    return cmocka_run_group_tests_name("core_heads", tests, NULL, NULL);
}
