/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_epochs_since.c - what was under way when the key of tokens changed: nothing of it leaves past
 * a prohibition that was lodged since, and nothing of it is lost for being of the old key. */
#include "core_epochs.h"

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, since_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_firing_that_waits_stops_at_a_shield_that_has_the_new_key_alone),
        TEST(a_shield_of_somebody_else_stops_no_firing),
        TEST(a_firing_that_waits_outlasts_the_key_that_it_was_put_under),
        TEST(a_shield_is_not_carried_without_what_finds_who_is_near),
        TEST(a_count_that_failed_is_not_made_again_at_each_question),
    };

    if (crypto_init() < 0)
        return 70;
    return cmocka_run_group_tests_name("core_epochs_since", tests, NULL, NULL);
}
