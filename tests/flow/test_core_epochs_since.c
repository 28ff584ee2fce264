/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_epochs_since.c - what was under way when the key of tokens changed: nothing of it leaves past
 * a prohibition that was lodged since, and nothing of it is lost for being of the old key. */
#include "core_epochs.h"

#include "store/fault.h"

#define ONE_NEXT ((struct epoch_plan){ .current = 1, .next = 2 })
#define TWO_PREV ((struct epoch_plan){ .current = 2, .previous = 1 })
#define TWO      ((struct epoch_plan){ .current = 2 })

/* Whoever it is may shield: not the hub alone, which sees past its own. */
static void since_policy(struct layout *l)
{
    epoch_policy(l);
    l->shield_owners = (UINT64_C(1) << l->n_sectors) - 1;
}

static int since_setup(void **state)
{
    epoch_plan = (struct epoch_plan){ .current = 1 };
    town_policy_more = since_policy;
    return town_setup(state);
}

static const enum town_agency worried[] = { TOWN_POLICE, TOWN_SCHOOL, TOWN_CHARITY };

/* A new connection: what was sent and not acknowledged is sent again. Return: firings among it. */
static size_t hub_comes_again(struct town *t)
{
    town_forget(t);
    town_hello(t, TOWN_COUNCIL);
    town_turn(t);
    return worry_firings(t, TOWN_COUNCIL);
}

/* Three worry about Tess, the hub has been told and has not said that it heard; then the key changes. */
static void fired_and_changed(struct town *t)
{
    struct id ids[ALM_LEN(worried)];

    for (size_t i = 0; i < ALM_LEN(worried); i++) {
        assert_string_equal(worry_lodge(t, worried[i], "apart", TOWN_TESS), "");
        ids[i] = worry_last;
    }
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 1);
    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    for (size_t i = 0; i < ALM_LEN(worried); i++)
        assert_string_equal(carry(t, worried[i], RETOKEN_CONCERN, &ids[i], TOWN_TESS, 2), "");
    assert_string_equal(epoch_activate(t, TWO_PREV), "ok");
}

static void shielded_since(struct town *t, enum town_person p)
{
    struct msg *m = town_shield(t, p, 3);

    under(&m->shield.subject, 2);
    assert_string_equal(worry_say(t, TOWN_POLICE, m), "");
}

static void a_firing_that_waits_stops_at_a_shield_that_has_the_new_key_alone(void **state)
{
    struct town *t = *state;

    fired_and_changed(t);
    shielded_since(t, TOWN_TESS);
    assert_int_equal(hub_comes_again(t), 0);
    assert_int_equal(town_leaves(t, EVENT_NOT_DELIVERED, NULL), 1);
}

static void a_shield_of_somebody_else_stops_no_firing(void **state)
{
    struct town *t = *state;

    fired_and_changed(t);
    shielded_since(t, TOWN_SAM);
    assert_int_equal(hub_comes_again(t), 1);
    assert_int_equal(worry_firing.deliver.firing.n, 3);
}

static void a_firing_that_waits_outlasts_the_key_that_it_was_put_under(void **state)
{
    struct town *t = *state;

    fired_and_changed(t);
    assert_string_equal(epoch_activate(t, TWO), "ok");
    assert_int_equal(hub_comes_again(t), 1);
    assert_int_equal(worry_firing.deliver.firing.n, 3);
    assert_int_equal(worry_firing.deliver.firing.subject.tokens[0].epoch, 2);
}

/* What a shield is found by is more than what a refusal is: who is near to its person is hidden too. */
static void a_shield_is_not_carried_without_what_finds_who_is_near(void **state)
{
    struct town *t = *state;
    struct token sound = { .kind = TOKEN_PHONETIC_DOB, .scheme = TOKEN_HMAC, .epoch = 1 };
    struct msg *m = town_shield(t, TOWN_TESS, 3);
    struct id shield;

    memset(sound.value, 0x77, sizeof(sound.value));
    m->shield.subject.tokens[m->shield.subject.n++] = sound;
    assert_string_equal(worry_say(t, TOWN_POLICE, m), "");
    shield = worry_last;
    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    assert_string_equal(carry(t, TOWN_POLICE, RETOKEN_SHIELD, &shield, TOWN_TESS, 2),
                        "retoken-weaker");
    assert_string_equal(epoch_activate(t, TWO_PREV), "tokens-not-carried");
    m = retoken(t, RETOKEN_SHIELD, &shield, TOWN_TESS, 2);
    sound.epoch = 2;
    m->retoken.subject.tokens[m->retoken.subject.n++] = sound;
    assert_string_equal(worry_say(t, TOWN_POLICE, m), "");
    assert_string_equal(epoch_activate(t, TWO_PREV), "ok");
}

/* --- what asking under the old key costs --- */

static void damage(struct town *t, const struct id *shield, bool there)
{
    ALM_CLEANUP(store_abortp) struct store_txn *txn = NULL;
    struct bytes key = bytes_of(shield->octets, ID_LEN);

    assert_int_equal(store_begin(t->core->store, true, &txn), 0);
    if (there)
        store_put(txn, TABLE_SHIELDS, key, bytes_str("nothing that can be read"));
    else
        store_del(txn, TABLE_SHIELDS, key);
    assert_int_equal(store_commit(txn), 0);
    txn = NULL;
}

/* A count reads every record. Whoever asks over and over must not have it made over and over. */
static void a_count_that_failed_is_not_made_again_at_each_question(void **state)
{
    struct town *t = *state;
    struct id id = { .octets = { 0xff, 1 } };

    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    assert_string_equal(epoch_activate(t, TWO_PREV), "ok");
    damage(t, &id, true);
    assert_string_equal(asked(t, TOWN_POLICE, "safeguarding", TOWN_SAM, 1), "token-epoch");
    damage(t, &id, false);
    assert_string_equal(asked(t, TOWN_POLICE, "safeguarding", TOWN_SAM, 1), "token-epoch");
    assert_string_equal(asked(t, TOWN_POLICE, "safeguarding", TOWN_SAM, 2), "asked");
    town_mono += 60001;
    t->core->heads.signed_ms = town_mono;
    for (int a = 0; a < TOWN_N; a++)
        town_say(t, (enum town_agency)a, town_lease(t));
    town_turn(t);
    assert_string_equal(asked(t, TOWN_POLICE, "safeguarding", TOWN_SAM, 1), "asked");
}

/* --- what it leaves behind, on a disk that is full for it --- */

static enum store_step full_for;  /* this step finds no room, once the policy is in force */
static unsigned commits, refused; /* the first is the policy's own */

static int on_step(void *ctx, enum store_step step)
{
    bool full = commits > 0 && step == full_for;

    (void)ctx;
    commits += step == STORE_STEP_COMMIT;
    refused += full;
    return full ? ENOSPC : 0;
}

#define GRANTS 70 /* more than are settled beside the policy */

/* Key 1 is dropped, and not all of its tokens can be erased. */
static void dropped_on_a_full_disk(struct town *t, enum store_step step)
{
    for (int p = 0; p < GRANTS; p++)
        assert_string_equal(worry_say(t, TOWN_CHARITY, town_consent(t, "early-help", (enum town_person)(10 + p))), "");
    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    assert_string_equal(epoch_activate(t, TWO_PREV), "ok");
    full_for = step;
    commits = refused = 0;
    store_fault_hook(t->core->store, on_step, NULL);
    assert_string_equal(epoch_activate(t, TWO), "ok");
    for (int i = 0; i < 20; i++)
        town_turn(t);
    assert_true(epoch_kept(t, 1));
}

static void room_again(struct town *t)
{
    store_fault_hook(t->core->store, NULL, NULL);
    town_mono += 60001;
    town_turn(t);
    assert_false(epoch_kept(t, 1));
}

static void a_step_that_cannot_be_committed_is_not_tried_again_at_once(void **state)
{
    struct town *t = *state;

    dropped_on_a_full_disk(t, STORE_STEP_COMMIT);
    assert_in_range(refused, 1, 2);
    room_again(t);
}

static void a_step_that_finds_no_room_is_tried_again_later_and_not_at_once(void **state)
{
    struct town *t = *state;

    dropped_on_a_full_disk(t, STORE_STEP_PUT);
    assert_in_range(refused, 1, 2);
    room_again(t);
}

/* It has room for less: nobody else waits for that step. */
static void a_step_that_finds_no_room_stops_nobody(void **state)
{
    struct town *t = *state;

    dropped_on_a_full_disk(t, STORE_STEP_DEL);
    assert_string_equal(asked(t, TOWN_POLICE, "safeguarding", TOWN_SAM, 2), "asked");
    room_again(t);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, since_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_firing_that_waits_stops_at_a_shield_that_has_the_new_key_alone),
        TEST(a_shield_of_somebody_else_stops_no_firing),
        TEST(a_firing_that_waits_outlasts_the_key_that_it_was_put_under),
        TEST(a_shield_is_not_carried_without_what_finds_who_is_near),
        TEST(a_count_that_failed_is_not_made_again_at_each_question),
        TEST(a_step_that_cannot_be_committed_is_not_tried_again_at_once),
        TEST(a_step_that_finds_no_room_is_tried_again_later_and_not_at_once),
        TEST(a_step_that_finds_no_room_stops_nobody),
    };

    if (crypto_init() < 0)
        return 70;
    return cmocka_run_group_tests_name("core_epochs_since", tests, NULL, NULL);
}
