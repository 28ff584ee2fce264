/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_ahead.c - while a batch is committed the next one is begun, and threads check its signatures: nothing of it
 * rests on what is not on disk, nothing is lost or told twice for it, and a quiet core does nothing. */
#include "core_town.h"

#include "core/retention.h"
#include "store/fault.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define SHARE 12 /* frames of a batch: enough signatures for the next to be begun */
#define SAID  30 /* in all: three batches */

static const int officer_one[] = { 0, -1 };
static int fail_commit;               /* with this error, once */
static size_t begun;                  /* frames of the next batch when this one was committed */
static unsigned commits, transactions;
static int32_t threads;
static struct id said[SAID];

static int on_step(void *ctx, enum store_step step)
{
    const struct town *t = ctx;
    int r = fail_commit;

    transactions += step == STORE_STEP_BEGIN;
    if (step != STORE_STEP_COMMIT)
        return 0;
    commits++;
    begun = t->core->batch.n_works;
    fail_commit = 0;
    return r;
}

static int setup(void **state)
{
    struct core_settings s;
    struct town *t;

    core_settings_init(&s);
    town_limits = s.limits;
    town_limits.check_threads = threads;
    if (town_setup(state))
        return -1;
    t = *state;
    store_fault_hook(t->core->store, on_step, t);
    fail_commit = 0;
    begun = commits = transactions = 0;
    return 0;
}

static int setup_threads(void **state)
{
    threads = 2;
    return setup(state);
}

static int setup_none(void **state)
{
    threads = 0;
    return setup(state);
}

/* Signed withdrawals of the school's, which wait in its line. */
static void say_many(struct town *t)
{
    for (size_t i = 0; i < SAID; i++) {
        struct msg *m = town_withdraw(t, "early-help", TOWN_TESS);

        assert_int_equal(id_new(town_wall, &m->id), 0);
        said[i] = m->id;
        town_say(t, TOWN_SCHOOL, m);
    }
}

static void turn_once(struct town *t, int expected)
{
    t->core->batch_most = SHARE;
    assert_int_equal(core_turn(t->core, 0), expected);
}

static void hear(struct town *t)
{
    t->core->batch_most = BATCH_WORKS;
    town_turn(t);
}

/* Each message was answered once, in one of these ways. */
static void assert_told(struct town *t, size_t receipts, size_t busy, size_t refusals)
{
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_RECEIPT), receipts);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_BUSY), busy);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_REFUSAL), refusals);
}

static void the_next_batch_is_begun_before_this_one_is_committed(void **state)
{
    struct town *t = *state;

    say_many(t);
    turn_once(t, CORE_GOES_ON);
    assert_int_equal(commits, 1);
    assert_int_equal(begun, SHARE);
    turn_once(t, CORE_GOES_ON);
    assert_int_equal(begun, SAID - 2 * SHARE);
    hear(t);
    assert_told(t, SAID, 0, 0);
    assert_int_equal(town_leaves(t, EVENT_WITHDRAWN, NULL), SAID);
}

static void without_threads_nothing_is_begun_early_and_all_is_decided(void **state)
{
    struct town *t = *state;

    say_many(t);
    turn_once(t, CORE_GOES_ON);
    assert_int_equal(begun, 0);
    hear(t);
    assert_told(t, SAID, 0, 0);
}

static void promise_2_nothing_of_the_next_batch_leaves_with_this_one(void **state)
{
    struct town *t = *state;

    say_many(t);
    turn_once(t, CORE_GOES_ON);
    fail_commit = ENOSPC;
    turn_once(t, CORE_GOES_ON);
    hear(t);
    /* the second batch of three was taken back, and nobody else's */
    assert_told(t, SAID - SHARE, SHARE, 0);
    assert_int_equal(town_leaves(t, EVENT_WITHDRAWN, NULL), SAID - SHARE);
}

static void a_batch_that_cannot_be_committed_takes_nothing_of_the_next_with_it(void **state)
{
    struct town *t = *state;

    say_many(t);
    fail_commit = ENOSPC;
    turn_once(t, CORE_GOES_ON);
    assert_int_equal(begun, SHARE);
    hear(t);
    assert_told(t, SAID - SHARE, SHARE, 0);
    assert_int_equal(town_leaves(t, EVENT_WITHDRAWN, NULL), SAID - SHARE);
}

static void when_the_disk_is_gone_the_next_batch_hears_busy_too(void **state)
{
    struct town *t = *state;
    const struct pair_msg *m = NULL;
    size_t busy = 0;
    int n;

    say_many(t);
    fail_commit = EIO;
    turn_once(t, -EIO);
    assert_int_equal(begun, SHARE);
    while ((n = pair_recv(t->gates[1], &m)) > 0) {
        for (int i = 0; i < n; i++) {
            struct wire_envelope e;
            uint8_t type;

            if (m[i].type != PAIR_OUT)
                continue;
            assert_int_equal(wire_open(m[i].frame, &e), WIRE_OK);
            assert_int_equal(wire_peek(e.body, &type), WIRE_OK);
            busy += type == MSG_BUSY;
        }
    }
    assert_int_equal(busy, SAID);
}

static void a_core_that_is_stopped_says_busy_to_what_it_had_begun(void **state)
{
    struct town *t = *state;
    uint8_t stop = 'S';

    say_many(t);
    turn_once(t, CORE_GOES_ON);
    assert_int_equal(begun, SHARE);
    assert_int_equal(send(t->supervisor, &stop, 1, 0), 1);
    turn_once(t, CORE_STOPPED); /* what it had begun is decided, the rest is not */
    assert_int_equal(commits, 2);
}

/* The change is made in the batch that was begun before it came. */
static void change_beside_what_was_begun(struct town *t, const char *kind, json_t *fields, const int *officers)
{
    say_many(t);
    turn_once(t, CORE_GOES_ON);
    assert_int_equal(begun, SHARE);
    t->core->batch_most = SHARE;
    assert_string_equal(town_change(t, kind, fields, officers), "ok");
    hear(t);
}

static json_t *suspending(const char *agency)
{
    return json_pack("{s:s,s:s}", "agency", agency, "reason", "under review");
}

static json_t *key_of_school(struct town *t)
{
    const struct agency *a = &t->core->agencies.slots[agencies_find(&t->core->agencies, "school")];
    char text[64];

    assert_true(base64_encode(a->reg.sign[0], SIGN_PUBLIC_LEN, text, sizeof(text)) > 0);
    return json_pack("{s:s,s:s}", "agency", "school", "key", text);
}

static void promise_6_a_key_revoked_meanwhile_does_not_count_for_what_was_checked_with_it(void **state)
{
    struct town *t = *state;
    size_t receipts;

    change_beside_what_was_begun(t, "agency-revoke-key", key_of_school(t), officer_one);
    receipts = town_heard(t, TOWN_SCHOOL, MSG_RECEIPT);
    assert_true(receipts >= SHARE && receipts < SAID);
    assert_told(t, receipts, 0, SAID - receipts);
    assert_string_equal(town_refusal(t, TOWN_SCHOOL), "unknown-key");
    assert_int_equal(town_leaves(t, EVENT_WITHDRAWN, NULL), receipts);
}

static void promise_6_an_agency_suspended_meanwhile_lodges_nothing_that_was_begun(void **state)
{
    struct town *t = *state;
    size_t receipts;

    change_beside_what_was_begun(t, "agency-suspend", suspending("school"),
                                 officer_one);
    receipts = town_heard(t, TOWN_SCHOOL, MSG_RECEIPT);
    assert_true(receipts >= SHARE && receipts < SAID);
    assert_told(t, receipts, 0, SAID - receipts);
    assert_string_equal(town_refusal(t, TOWN_SCHOOL), "agency-suspended");
    assert_int_equal(town_leaves(t, EVENT_WITHDRAWN, NULL), receipts);
}

static void while_agencies_are_changing_nothing_is_begun_early(void **state)
{
    struct town *t = *state;
    size_t before;

    store_fault_hook(t->core->store, NULL, NULL);
    assert_string_equal(town_change(t, "agency-suspend", suspending("charity"),
                                    officer_one),
                        "ok");
    store_fault_hook(t->core->store, on_step, t);
    before = commits;
    say_many(t);
    t->core->batch.registry_changed = true; /* as a change of this batch leaves it */
    turn_once(t, CORE_GOES_ON);
    assert_int_equal(commits, before + 1);
    assert_int_equal(begun, 0);
    hear(t);
    assert_told(t, SAID, 0, 0);
}

static void a_bad_signature_among_good_ones_is_refused_alone(void **state)
{
    struct town *t = *state;
    struct secret right = t->keys[TOWN_SCHOOL];

    say_many(t);
    t->keys[TOWN_SCHOOL] = t->keys[TOWN_CLINIC];
    town_say(t, TOWN_SCHOOL, town_withdraw(t, "early-help", TOWN_SAM)); /* a key id that it does not have */
    t->keys[TOWN_SCHOOL] = right;
    hear(t);
    assert_told(t, SAID, 0, 1);
    assert_string_equal(town_refusal(t, TOWN_SCHOOL), "unknown-key");
}

static void a_changed_octet_among_good_frames_is_refused_alone(void **state)
{
    struct town *t = *state;
    struct msg *m;
    struct bytes frame;
    struct wire_envelope e;

    say_many(t);
    m = town_withdraw(t, "early-help", TOWN_SAM);
    (void)snprintf(m->sender, sizeof(m->sender), "school");
    m->sent_ms = town_wall;
    assert_int_equal(id_new(town_wall, &m->id), 0);
    frame = town_sign(t, m, &t->keys[TOWN_SCHOOL]);
    assert_int_equal(wire_open(frame, &e), WIRE_OK);
    ((uint8_t *)(uintptr_t)e.signature.data)[7] ^= 1;
    town_say_frame(t, 1, TOWN_SCHOOL, frame);
    hear(t);
    assert_told(t, SAID, 0, 1);
    assert_string_equal(town_refusal(t, TOWN_SCHOOL), "bad-signature");
}

static void promise_7_who_floods_has_no_more_signatures_checked_than_messages_let_through(void **state)
{
    struct town *t = *state;
    struct budget *b = &t->core->agencies.slots[agencies_find(&t->core->agencies, "school")].budget;

    b->tokens_milli = 15000; /* fifteen messages */
    b->answers_due = 0;
    b->filled_ms = town_mono;
    say_many(t);
    turn_once(t, CORE_GOES_ON);
    assert_int_equal(t->core->batch.n_checks, 3); /* of the twelve that are begun: what is left */
    assert_int_equal(begun, SHARE);
    hear(t);
    assert_told(t, 15, SAID - 15, 0);
}

static void a_turn_with_nothing_to_do_opens_no_transaction(void **state)
{
    struct town *t = *state;

    hear(t);
    hear(t);
    transactions = commits = 0;
    for (int i = 0; i < 20; i++) {
        town_mono += 30;
        town_wall += 30;
        turn_once(t, CORE_GOES_ON);
    }
    assert_int_equal(transactions, 0);
    assert_int_equal(commits, 0);
}

static bool retention_stepped(struct town *t)
{
    turn_once(t, CORE_GOES_ON);
    return t->core->retention->stepped;
}

static void retention_gives_way_to_frames_and_comes_to_its_end_all_the_same(void **state)
{
    struct town *t = *state;
    struct retention *k = t->core->retention;

    k->hot = true;
    k->s.phase = RETENTION_RECORDS;
    k->s.kind = LODGED_CONSENT;
    town_mono += 50; /* since the last one */
    say_many(t);
    assert_true(retention_stepped(t));
    assert_false(retention_stepped(t));
    town_mono += 50;
    assert_true(retention_stepped(t));
    for (int i = 0; i < 4; i++) /* nobody waits any more */
        turn_once(t, CORE_GOES_ON);
    assert_int_equal(k->s.phase, RETENTION_IDLE);
}

#define WITH(f, how) cmocka_unit_test_setup_teardown(f, setup_##how, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(the_next_batch_is_begun_before_this_one_is_committed, threads),
        WITH(without_threads_nothing_is_begun_early_and_all_is_decided, none),
        WITH(promise_2_nothing_of_the_next_batch_leaves_with_this_one, threads),
        WITH(a_batch_that_cannot_be_committed_takes_nothing_of_the_next_with_it, threads),
        WITH(when_the_disk_is_gone_the_next_batch_hears_busy_too, threads),
        WITH(a_core_that_is_stopped_says_busy_to_what_it_had_begun, threads),
        WITH(promise_6_a_key_revoked_meanwhile_does_not_count_for_what_was_checked_with_it, threads),
        WITH(promise_6_an_agency_suspended_meanwhile_lodges_nothing_that_was_begun, threads),
        WITH(while_agencies_are_changing_nothing_is_begun_early, threads),
        WITH(a_bad_signature_among_good_ones_is_refused_alone, threads),
        WITH(a_changed_octet_among_good_frames_is_refused_alone, threads),
        WITH(promise_7_who_floods_has_no_more_signatures_checked_than_messages_let_through, threads),
        WITH(a_turn_with_nothing_to_do_opens_no_transaction, none),
        WITH(retention_gives_way_to_frames_and_comes_to_its_end_all_the_same, threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
