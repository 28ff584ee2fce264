/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_witness.c - a core asks its witnesses: they sign, lie, are slow, away, suspended, revoked; and
 * without them for too long nothing is shared. */
#include "witness_town.h"

/* --- signing --- */

static void each_witness_signs_the_same_head_every_minute(void **state)
{
    struct town *t = *state;
    uint64_t size;

    settle(t);
    n_cosign[TOWN_SCHOOL] = 0;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(witnessed(t, &size), 2);
        assert_true(size > 0 && held(TOWN_CLINIC) == size && held(TOWN_SCHOOL) == size);
        log_something(t);
        pass(t, 61000);
        assert_true(held(TOWN_SCHOOL) > size);
    }
    assert_true(n_cosign[TOWN_SCHOOL] >= 3 && n_cosign[TOWN_SCHOOL] <= 4);
    assert_int_equal(n_cosign[TOWN_COUNCIL], 0);
    assert_true(stopped_by(t, NULL));
}

static void an_idle_log_is_signed_again_so_that_it_stays_fresh(void **state)
{
    struct town *t = *state;
    unsigned before;
    uint64_t size, again;

    settle(t);
    (void)witnessed(t, &size);
    before = n_cosign[TOWN_CLINIC];
    pass(t, 180000);
    assert_int_equal(witnessed(t, &again), 2);
    assert_int_equal(again, size);
    assert_int_equal(n_cosign[TOWN_CLINIC], before + 3);
    leap(t, 3 * HOUR_MS);
    assert_true(shares(t));
}

static void a_witness_that_was_away_signs_what_it_missed_in_one_step(void **state)
{
    struct town *t = *state;
    uint64_t size;

    pass(t, 3000);
    away[TOWN_SCHOOL] = true;
    for (int i = 0; i < 3; i++) {
        log_something(t);
        pass(t, 61000);
    }
    assert_int_equal(witnessed(t, &size), 1);
    assert_true(held(TOWN_SCHOOL) < size && held(TOWN_CLINIC) == size);
    away[TOWN_SCHOOL] = false;
    pass(t, 6000);
    assert_int_equal(held(TOWN_SCHOOL), size);
    assert_int_equal(witnessed(t, &size), 2);
}

static void a_core_that_starts_finds_out_what_is_held_and_goes_on(void **state)
{
    struct town *t = *state;
    uint64_t size, later;

    pass(t, 3000);
    (void)witnessed(t, &size);
    town_reopen(t);
    log_something(t);
    pass(t, 6000);
    assert_int_equal(witnessed(t, &later), 2);
    assert_true(later > size);
    assert_true(stopped_by(t, NULL));
}

static void a_witness_whose_reply_was_lost_is_asked_from_where_it_is(void **state)
{
    struct town *t = *state;
    struct msg_cosign ask = { .old_size = 0 };
    struct msg_cosignature reply;
    ALM_CLEANUP(buf_deinit) struct buf note = { 0 };

    pass(t, 3000);
    log_something(t);
    pass(t, 2000);
    /* It signed a newer head than the core knows of: its state was written, its line lost. */
    note_of(t, last.size, last.root, &note);
    ask.note = buf_view(&note);
    ask.old_size = held(TOWN_SCHOOL);
    {
        ALM_CLEANUP(store_abortp) struct store_txn *txn = NULL;
        struct tree_proof proof;

        assert_int_equal(store_begin(t->core->store, false, &txn), 0);
        assert_int_equal(tree_prove_consistency(ask.old_size, last.size, ledger_node, txn, &proof), 0);
        ask.n_proof = (uint16_t)proof.n;
        memcpy(ask.proof, proof.hashes, proof.n * SHA256_LEN);
    }
    witness_take(witness[TOWN_SCHOOL], &ask, town_wall / 1000, &reply);
    assert_int_equal(reply.status, COSIGN_SIGNED);
    log_something(t);
    pass(t, 61000);
    assert_int_equal(held(TOWN_SCHOOL), last.size);
    assert_true(stopped_by(t, NULL));
}

/* --- lies --- */

static void lie_with_another_key(struct town *t, enum town_agency a, struct msg_cosignature *reply)
{
    static struct buf line;
    struct secret other = { { 77 } };
    uint8_t public_key[SIGN_PUBLIC_LEN];
    struct note_key key;
    struct bytes text;

    if (reply->status != COSIGN_SIGNED)
        return;
    buf_deinit(&line);
    buf_init(&line, COSIGN_LINE_MAX);
    assert_int_equal(sign_public(&other, public_key), 0);
    assert_int_equal(cosign_key_init(&key, town_names[a], public_key), 0);
    assert_int_equal(note_text(bytes_of(t->core->cosign->round_note, t->core->cosign->round_len), &text), 0);
    assert_int_equal(cosign_make(text, town_wall / 1000, &key, &other, &line), 0);
    reply->note = buf_view(&line);
}

static void lie_with_garbage(struct town *t, enum town_agency a, struct msg_cosignature *reply)
{
    (void)t;
    (void)a;
    reply->note = bytes_str("\xe2\x80\x94 school garbage\n");
    reply->size = reply->size ? reply->size : 1;
}

static void lie_with_the_size(struct town *t, enum town_agency a, struct msg_cosignature *reply)
{
    (void)t;
    (void)a;
    reply->size++;
    if (!reply->note.len)
        reply->note = bytes_str("x");
}

static void lie_with_another_text(struct town *t, enum town_agency a, struct msg_cosignature *reply)
{
    static struct buf line;
    uint8_t public_key[SIGN_PUBLIC_LEN];
    struct note_key key;

    if (reply->status != COSIGN_SIGNED)
        return;
    buf_deinit(&line);
    buf_init(&line, COSIGN_LINE_MAX);
    assert_int_equal(sign_public(&t->keys[a], public_key), 0);
    assert_int_equal(cosign_key_init(&key, town_names[a], public_key), 0);
    assert_int_equal(cosign_make(bytes_str("other.example/log\n9\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n"),
                                 town_wall / 1000, &key, &t->keys[a], &line), 0);
    reply->note = buf_view(&line);
}

static void lie_about_tomorrow(struct town *t, enum town_agency a, struct msg_cosignature *reply)
{
    static struct buf line;
    uint8_t public_key[SIGN_PUBLIC_LEN];
    struct note_key key;
    struct bytes text;

    if (reply->status != COSIGN_SIGNED)
        return;
    buf_deinit(&line);
    buf_init(&line, COSIGN_LINE_MAX);
    assert_int_equal(sign_public(&t->keys[a], public_key), 0);
    assert_int_equal(cosign_key_init(&key, town_names[a], public_key), 0);
    assert_int_equal(note_text(bytes_of(t->core->cosign->round_note, t->core->cosign->round_len), &text), 0);
    assert_int_equal(cosign_make(text, town_wall / 1000 + 86400, &key, &t->keys[a], &line), 0);
    reply->note = buf_view(&line);
}

static void lie_with_a_head_of_another_key(struct town *t, enum town_agency a, struct msg_cosignature *reply)
{
    static struct buf note;
    struct secret other = { { 77 } };
    struct checkpoint head = { .size = 100000 };
    uint8_t public_key[SIGN_PUBLIC_LEN];
    struct note_key key;

    (void)t;
    (void)a;
    buf_deinit(&note);
    buf_init(&note, NOTE_MAX);
    assert_int_equal(sign_public(&other, public_key), 0);
    assert_int_equal(note_key_init(&key, ORIGIN, public_key), 0);
    (void)snprintf(head.origin, sizeof(head.origin), ORIGIN);
    assert_int_equal(checkpoint_sign(&head, &key, &other, &note), 0);
    *reply = (struct msg_cosignature){ .status = COSIGN_CONFLICT, .size = head.size, .note = buf_view(&note) };
}

/* Not one of them counts, and none of them stops anything before the limit. */
static void a_witness_that_lies_is_as_one_that_is_away(void **state)
{
    static void (*const lies[])(struct town *, enum town_agency, struct msg_cosignature *) = {
        lie_with_another_key, lie_with_garbage, lie_with_the_size, lie_with_another_text,
        lie_about_tomorrow, lie_with_a_head_of_another_key,
    };
    struct town *t = *state;
    uint64_t size;

    for (size_t i = 0; i < ALM_LEN(lies); i++) {
        unsigned before = n_cosign[TOWN_SCHOOL];

        lie = lies[i];
        pass(t, 61000);
        if (witnessed(t, &size) != 0)
            fail_msg("lie %zu counted", i);
        assert_true(n_cosign[TOWN_SCHOOL] + n_asked[TOWN_SCHOOL] > before);
        assert_true(n_cosign[TOWN_SCHOOL] - before <= 4); /* nobody is asked again and again */
        assert_true(stopped_by(t, NULL));
        assert_non_null(t->core->cosign->at[0].trouble);
        assert_int_equal(!strcmp(t->core->cosign->at[0].trouble, "clock-ahead"), lie == lie_about_tomorrow);
    }
    leap(t, 4 * HOUR_MS);
    pass(t, 61000);
    assert_true(stopped_by(t, "witnesses-away"));
    lie = NULL;
    pass(t, 61000);
    assert_int_equal(witnessed(t, &size), 2);
    assert_true(stopped_by(t, NULL) && shares(t));
}

static void an_agency_that_is_no_witness_is_told_so(void **state)
{
    struct town *t = *state;
    struct msg *m = town_msg(t, MSG_COSIGNATURE);

    assert_int_equal(id_new(town_wall, &m->in_reply_to), 0);
    m->cosignature.status = COSIGN_REFUSED;
    town_say(t, TOWN_POLICE, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_POLICE), "not-a-witness");
}

static void what_a_witness_says_unasked_or_twice_changes_nothing(void **state)
{
    struct town *t = *state;
    struct msg *m;
    uint64_t size, before;

    pass(t, 3000);
    (void)witnessed(t, &before);
    for (int i = 0; i < 3; i++) {
        m = town_msg(t, MSG_COSIGNATURE);
        assert_int_equal(id_new(town_wall, &m->in_reply_to), 0);
        m->cosignature = (struct msg_cosignature){ .status = COSIGN_CONFLICT };
        town_say(t, TOWN_SCHOOL, m);
        town_turn(t);
        town_forget(t);
    }
    assert_int_equal(witnessed(t, &size), 2);
    assert_int_equal(size, before);
}

/* --- away, slow, suspended, revoked --- */

static void without_witnesses_for_too_long_sharing_stops_and_says_so_and_resumes(void **state)
{
    struct town *t = *state;
    uint64_t size;

    pass(t, 3000);
    assert_int_equal(witnessed(t, &size), 2);
    away[TOWN_CLINIC] = away[TOWN_SCHOOL] = true;
    leap(t, 4 * HOUR_MS - 10000);
    assert_true(stopped_by(t, NULL));
    leap(t, 10000 + 4000);
    assert_true(stopped_by(t, "witnesses-away"));
    assert_false(shares(t)); /* its lease counts, its signature is what is missing */
    /* Withdrawals and refusals are taken all the same. */
    town_say(t, TOWN_COUNCIL, town_withdraw(t, "early-help", TOWN_SAM));
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_RECEIPT), 1);
    away[TOWN_SCHOOL] = false;
    pass(t, 61000);
    assert_true(stopped_by(t, NULL));
    assert_true(shares(t));
}

static void a_restart_makes_no_signature_younger(void **state)
{
    struct town *t = *state;

    pass(t, 3000);
    away[TOWN_CLINIC] = away[TOWN_SCHOOL] = true;
    for (int i = 0; i < 4; i++) { /* four hours and some seconds */
        leap(t, HOUR_MS);
        town_reopen(t);
        pass(t, 3000);
        assert_true(stopped_by(t, i < 3 ? NULL : "witnesses-away"));
    }
    leap(t, 60000);
    assert_true(stopped_by(t, "witnesses-away"));
}

static void two_are_needed_where_the_policy_says_two(void **state)
{
    struct town *t = *state;
    uint64_t size, later;

    settle(t);
    assert_int_equal(witnessed(t, &size), 2);
    away[TOWN_CLINIC] = true;
    log_something(t);
    pass(t, 61000);
    (void)witnessed(t, &later);
    assert_int_equal(later, size); /* the newer head has one line, and exports go on with this one */
    leap(t, 4 * HOUR_MS);
    pass(t, 61000);
    assert_true(stopped_by(t, "witnesses-away"));
    away[TOWN_CLINIC] = false;
    pass(t, 61000);
    assert_int_equal(witnessed(t, &later), 2);
    assert_true(later > size && stopped_by(t, NULL));
}

static void a_slow_witness_does_not_hold_up_the_other(void **state)
{
    struct town *t = *state;
    uint64_t size;

    mute[TOWN_SCHOOL] = true;
    pass(t, 121000);
    assert_int_equal(witnessed(t, &size), 1);
    assert_true(n_cosign[TOWN_SCHOOL] <= 3);
    assert_true(shares(t));
    mute[TOWN_SCHOOL] = false;
    pass(t, 61000);
    assert_int_equal(witnessed(t, &size), 2);
}

static const char *standing(struct town *t, const char *kind, const char *agency)
{
    const int two[] = { 0, 1, -1 };

    return town_change(t, kind, json_pack("{s:s,s:s}", "agency", agency, "reason", "a test"), two);
}

static void a_suspended_witness_is_not_asked_and_what_it_signed_ages(void **state)
{
    struct town *t = *state;
    unsigned before;

    away[TOWN_CLINIC] = true;
    pass(t, 3000);
    assert_string_equal(standing(t, "agency-suspend", "school"), "ok");
    before = n_cosign[TOWN_SCHOOL];
    pass(t, 121000);
    assert_int_equal(n_cosign[TOWN_SCHOOL], before);
    assert_true(stopped_by(t, NULL)); /* not at that moment */
    leap(t, 4 * HOUR_MS);
    assert_true(stopped_by(t, "witnesses-away"));
    assert_string_equal(standing(t, "agency-resume", "school"), "ok");
    pass(t, 6000);
    assert_true(stopped_by(t, NULL));
}

static void a_witness_whose_key_is_revoked_signs_in_vain(void **state)
{
    const int one[] = { 0, -1 };
    struct town *t = *state;
    uint8_t key[SIGN_PUBLIC_LEN];
    char text[64];
    uint64_t size;

    pass(t, 3000);
    assert_int_equal(sign_public(&t->keys[TOWN_SCHOOL], key), 0);
    assert_true(base64_encode(key, sizeof(key), text, sizeof(text)) > 0);
    assert_string_equal(town_change(t, "agency-revoke-key",
                                    json_pack("{s:s,s:s}", "agency", "school", "key", text), one),
                        "ok");
    log_something(t);
    pass(t, 61000);
    assert_int_equal(witnessed(t, &size), 1);
    away[TOWN_CLINIC] = true;
    leap(t, 4 * HOUR_MS + 60000);
    assert_true(stopped_by(t, "witnesses-away"));
}

static void a_policy_that_names_nobody_needs_nobody(void **state)
{
    struct town *t = *state;
    uint64_t size;

    pass(t, 3000);
    assert_int_equal(witnessed(t, &size), 2);
    named = (struct policy_witnesses){ .outage_hours = 4, .every_s = 60 };
    town_activate(t);
    leap(t, 100 * HOUR_MS);
    assert_true(shares(t));
    assert_int_equal(witnessed(t, &size), 0); /* and exports take the newest head */
    assert_int_equal(size, 0);
}

static void a_witness_that_is_newly_named_has_the_whole_limit(void **state)
{
    struct town *t = *state;

    pass(t, 3000);
    away[TOWN_CHARITY] = true;
    named = (struct policy_witnesses){ .n = 1, .agencies = { TOWN_CHARITY }, .need = 1, .outage_hours = 4,
                                       .every_s = 60 };
    town_activate(t);
    leap(t, 4 * HOUR_MS - 60000);
    assert_true(stopped_by(t, NULL));
    town_reopen(t); /* nor does a restart begin it anew */
    leap(t, 120000);
    assert_true(stopped_by(t, "witnesses-away"));
}

static void a_batch_that_fails_keeps_neither_a_line_nor_its_freshness(void **state)
{
    struct town *t = *state;
    unsigned before = n_cosign[TOWN_SCHOOL];

    t->core->cosign->at[0].took_now = t->core->cosign->at[0].put_now = true;
    t->core->cosign->at[0].out = true;
    cosign_settle(t->core, false);
    assert_false(t->core->cosign->at[0].out);
    pass(t, 6000);
    assert_true(n_cosign[TOWN_SCHOOL] > before);
}

#define WITNESS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define PAIR_TEST(f)    cmocka_unit_test_setup_teardown(f, setup_two, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITNESS_TEST(each_witness_signs_the_same_head_every_minute),
        WITNESS_TEST(an_idle_log_is_signed_again_so_that_it_stays_fresh),
        WITNESS_TEST(a_witness_that_was_away_signs_what_it_missed_in_one_step),
        WITNESS_TEST(a_core_that_starts_finds_out_what_is_held_and_goes_on),
        WITNESS_TEST(a_witness_whose_reply_was_lost_is_asked_from_where_it_is),
        WITNESS_TEST(a_witness_that_lies_is_as_one_that_is_away),
        WITNESS_TEST(an_agency_that_is_no_witness_is_told_so),
        WITNESS_TEST(what_a_witness_says_unasked_or_twice_changes_nothing),
        WITNESS_TEST(without_witnesses_for_too_long_sharing_stops_and_says_so_and_resumes),
        WITNESS_TEST(a_restart_makes_no_signature_younger),
        PAIR_TEST(two_are_needed_where_the_policy_says_two),
        WITNESS_TEST(a_slow_witness_does_not_hold_up_the_other),
        WITNESS_TEST(a_suspended_witness_is_not_asked_and_what_it_signed_ages),
        WITNESS_TEST(a_witness_whose_key_is_revoked_signs_in_vain),
        WITNESS_TEST(a_policy_that_names_nobody_needs_nobody),
        WITNESS_TEST(a_witness_that_is_newly_named_has_the_whole_limit),
        WITNESS_TEST(a_batch_that_fails_keeps_neither_a_line_nor_its_freshness),
    };

    return cmocka_run_group_tests_name("core_witness", tests, NULL, NULL);
}
