/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_holds.c - legal holds and erasures where they meet something else: each other, another
 * order, another key, a tag that is by chance another's. type=test; source: DOMAIN.md section 7,
 * "legal hold"; DESIGN.md section 7, "tokens have an epoch". */
#include "core_keeping.h"

#include "core_epochs.h"

static const int one[] = { 0, -1 }, two[] = { 0, 1, -1 };

static struct id grants(struct town *t, enum town_person p)
{
    return keeping_said(t, TOWN_COUNCIL, town_consent(t, "early-help", p));
}

/* Fires by itself: an episode, and a delivery to the hub. */
static struct id worries(struct town *t, enum town_person p)
{
    struct msg *m = worry_concern(t, "grave", p);

    m->concern.severity = SEVERITY_HIGH;
    return keeping_said(t, TOWN_POLICE, m);
}

static json_t *erasure(json_t *tokens)
{
    return json_pack("{s:o,s:s,s:s,s:b}", "tokens", tokens, "cause", "objection", "reason", "she asked for it",
                     "also_prohibitions", 1);
}

/* An order whose id is made at this time, and sorts so. */
static const char *order(struct town *t, enum town_person p, int64_t at_ms)
{
    json_t *change = town_change_text("erase", erasure(keeping_person(t, p)));
    char nonce[ID_TEXT];
    struct id id;

    assert_int_equal(id_new(at_ms, &id), 0);
    id_format(&id, nonce);
    json_object_set_new(change, "nonce", json_string(nonce));
    return town_submit(t, change, two);
}

static void until_phase(struct town *t, uint8_t phase)
{
    for (int i = 0; i < 200 && t->core->retention->erasure.phase < phase; i++)
        assert_true(core_turn(t->core, 0) >= 0);
    assert_int_equal(t->core->retention->erasure.phase, phase);
}

/* --- two orders --- */

/* Two officers' clocks differ: the second order comes before the first in order of id. */
static void an_order_that_overtakes_another_erases_all_of_its_own(void **state)
{
    struct town *t = *state;

    for (uint8_t phase = ERASURE_WAITING; phase <= ERASURE_FORGET; phase++) {
        (void)keeping_asked(t, TOWN_TESS);
        (void)keeping_asked(t, TOWN_SAM);
        (void)worries(t, TOWN_TESS);
        (void)worries(t, TOWN_SAM);
        assert_string_equal(order(t, TOWN_TESS, town_wall + 60000), "ok");
        until_phase(t, phase);
        assert_string_equal(order(t, TOWN_SAM, town_wall), "ok");
        keeping_settle(t);
        assert_int_equal(keeping_named(t, TOWN_SAM), 0);
        assert_int_equal(keeping_named(t, TOWN_TESS), 0);
    }
    assert_int_equal(town_leaves(t, EVENT_ERASED, NULL), 6);
}

/* --- a hold beside an erasure --- */

static const char *hold(struct town *t, json_t *tokens)
{
    return town_change(t, "hold-add", json_pack("{s:o,s:s}", "tokens", tokens, "reason", "inquiry"), one);
}

static json_t *alone(struct town *t, enum town_person p, uint8_t i)
{
    struct token_set who, set = { .n = 1 };

    town_person(p, &who);
    set.tokens[0] = who.tokens[i];
    return keeping_tokens(t, &set);
}

static void lift(struct town *t)
{
    char text[ID_TEXT];

    assert_int_equal(t->core->retention->n_holds, 1);
    id_format(&t->core->retention->holds[0].record.id, text);
    assert_string_equal(town_change(t, "hold-lift", json_pack("{s:s,s:s}", "hold", text, "reason", "over"), two), "ok");
    keeping_settle(t);
}

/* The inquiry named her by one number, the order by another: what has both is held. */
static void what_a_hold_covers_is_not_erased_however_the_order_names_it(void **state)
{
    struct town *t = *state;
    struct id grant, concern;
    uint64_t leaf = keeping_asked(t, TOWN_TESS), disclosed = keeping_leaf_of(t, EVENT_DISCLOSED), his;

    grant = grants(t, TOWN_TESS);
    concern = worries(t, TOWN_TESS);
    his = keeping_asked(t, TOWN_SAM);
    assert_string_equal(hold(t, alone(t, TOWN_TESS, 0)), "ok");
    assert_string_equal(town_change(t, "erase", erasure(alone(t, TOWN_TESS, 1)), two), "ok");
    keeping_settle(t);
    assert_true(keeping_has(t, LODGED_CONSENT, &grant) && keeping_has(t, LODGED_CONCERN, &concern));
    assert_true(keeping_count(t, LODGED_EPISODE) > 0);
    assert_true(keeping_leaf(t, leaf) && keeping_leaf(t, disclosed) && keeping_leaf(t, his));
}

/* Put while an erasure is under way, it keeps whatever is still there. */
static void a_hold_that_comes_in_the_middle_of_an_erasure_keeps_what_is_left(void **state)
{
    struct town *t = *state;
    uint64_t leaf, disclosed;

    /* The officers' call takes two turns: put when all of hers is found, it comes before the first is forgotten. */
    for (uint8_t phase = ERASURE_WAITING; phase <= ERASURE_FIND; phase++) {
        leaf = keeping_asked(t, TOWN_TESS);
        disclosed = keeping_leaf_of(t, EVENT_DISCLOSED);
        (void)grants(t, TOWN_TESS);
        town_wall += 1000;
        assert_string_equal(order(t, TOWN_TESS, town_wall), "ok");
        until_phase(t, phase);
        assert_true(keeping_leaf(t, leaf));
        assert_string_equal(hold(t, keeping_person(t, TOWN_TESS)), "ok");
        keeping_settle(t);
        assert_true(keeping_leaf(t, leaf) && keeping_leaf(t, disclosed));
        assert_false(t->core->retention->erasing);
        town_reopen(t);
        keeping_settle(t);
        assert_true(keeping_leaf(t, leaf));
        lift(t);
    }
}

static void a_hold_of_tokens_that_find_nobody_is_refused(void **state)
{
    struct town *t = *state;
    struct token_set who;

    town_person(TOWN_TESS, &who);
    who.tokens[0].kind = TOKEN_PHONETIC_DOB;
    who.n = 1;
    assert_string_equal(hold(t, keeping_tokens(t, &who)), "nobody-named");
    town_home(1, &who.tokens[0]);
    assert_string_equal(hold(t, keeping_tokens(t, &who)), "ok");
}

/* --- a tag that is another's by chance --- */

static int theirs_visit(void *ctx, const struct ledger_record *r)
{
    (void)ctx;
    (void)r;
    return 1;
}

/* Eight octets find; they prove nothing. A leaf without tokens, about nothing of hers, stays. */
static void a_leaf_that_a_tag_finds_by_chance_is_not_erased(void **state)
{
    struct town *t = *state;
    struct ledger_private priv = { .sealed_part = bytes_of("\1", 1) };
    struct ledger_clear clear = { .event = EVENT_DISCLOSED, .mode = MODE_EXERCISE, .about = UINT64_MAX };
    struct store_txn *txn = NULL;
    struct token_set who;
    uint64_t hers = keeping_asked(t, TOWN_TESS), leaf = 0;

    keeping_settle(t);
    town_person(TOWN_TESS, &who);
    clear.civil_day = t->core->day;
    clear.at_ms = town_wall;
    assert_int_equal(ledger_tag_add_set(t->core->store, &priv, &who), 0);
    assert_int_equal(store_begin(t->core->store, true, &txn), 0);
    ledger_append(t->core->ledger, txn, &clear, &priv, &leaf);
    ledger_flush(t->core->ledger, txn);
    assert_int_equal(store_commit(txn), 0);
    ledger_settle(t->core->ledger, 0);
    assert_string_equal(order(t, TOWN_TESS, town_wall), "ok");
    keeping_settle(t);
    assert_false(keeping_leaf(t, hers));
    assert_true(keeping_leaf(t, leaf));
    txn = keeping_read(t);
    assert_int_equal(ledger_each(txn, leaf, leaf + 1, theirs_visit, NULL), 0);
    store_abort(txn);
}

/* --- another key --- */

static void keeping_epochs(struct layout *l)
{
    epoch_policy(l);
    keeping_clocks(l);
}

static int epochs_setup(void **state)
{
    epoch_plan = (struct epoch_plan){ .current = 1 };
    town_policy_more = keeping_epochs;
    return town_setup(state);
}

/* Lodged under the first key and carried to the second: a hold with tokens of the first still covers it. */
static void a_hold_covers_what_was_carried_to_another_key(void **state)
{
    struct town *t = *state;
    struct msg *m = town_shield(t, TOWN_TESS, 2);
    struct id shield, concern;

    m->shield.until = TOWN_DAY + 10;
    shield = keeping_said(t, TOWN_COUNCIL, m);
    concern = keeping_said(t, TOWN_POLICE, worry_concern(t, "neglect", TOWN_TESS));
    assert_string_equal(hold(t, keeping_person(t, TOWN_TESS)), "ok");
    assert_string_equal(epoch_activate(t, (struct epoch_plan){ .current = 1, .next = 2 }), "ok");
    assert_string_equal(carry(t, TOWN_COUNCIL, RETOKEN_SHIELD, &shield, TOWN_TESS, 2), "");
    assert_string_equal(carry(t, TOWN_POLICE, RETOKEN_CONCERN, &concern, TOWN_TESS, 2), "");
    assert_string_equal(epoch_activate(t, (struct epoch_plan){ .current = 2, .previous = 1 }), "ok");
    keeping_day(t, TOWN_DAY + 1000);
    assert_true(keeping_has(t, LODGED_SHIELD, &shield));
    assert_true(keeping_has(t, LODGED_CONCERN, &concern));
}

/* When the tokens of the first key go, a hold that has no others would cover nothing any more. */
static void a_key_is_not_dropped_while_a_hold_has_tokens_of_no_other(void **state)
{
    struct town *t = *state;
    struct id concern = keeping_said(t, TOWN_POLICE, worry_concern(t, "neglect", TOWN_TESS));
    uint64_t leaf = keeping_leaf_of(t, EVENT_CONCERN_LODGED);
    struct token_set both, first;
    char before[ID_TEXT];

    assert_string_equal(hold(t, keeping_person(t, TOWN_TESS)), "ok");
    assert_string_equal(epoch_activate(t, (struct epoch_plan){ .current = 1, .next = 2 }), "ok");
    assert_string_equal(carry(t, TOWN_POLICE, RETOKEN_CONCERN, &concern, TOWN_TESS, 2), "");
    assert_string_equal(epoch_activate(t, (struct epoch_plan){ .current = 2, .previous = 1 }), "ok");
    assert_string_equal(epoch_activate(t, (struct epoch_plan){ .current = 2 }), "hold-tokens");
    assert_int_equal(t->core->retention->n_holds, 1);
    id_format(&t->core->retention->holds[0].record.id, before);
    town_person(TOWN_TESS, &both);
    first = both;
    under(&both, 2);
    memcpy(both.tokens + both.n, first.tokens, first.n * sizeof(first.tokens[0]));
    both.n = (uint8_t)(both.n + first.n);
    town_wall += 1000;
    assert_string_equal(hold(t, keeping_tokens(t, &both)), "ok"); /* of both keys, as an adapter makes them */
    assert_string_equal(town_change(t, "hold-lift", json_pack("{s:s,s:s}", "hold", before, "reason", "made anew"), two), "ok");
    assert_string_equal(epoch_activate(t, (struct epoch_plan){ .current = 2 }), "ok");
    keeping_day(t, TOWN_DAY + 1000);
    assert_true(keeping_has(t, LODGED_CONCERN, &concern));
    assert_true(keeping_leaf(t, leaf));
}

/* Its grant stands under the key before, where it does not see it: erased, it would let it live. */
static void a_withdrawal_forbids_while_a_key_is_in_force_under_which_its_grant_may_be(void **state)
{
    struct town *t = *state;
    struct msg *m;
    struct id grant = grants(t, TOWN_TESS), withdrawal;
    struct token_set who;

    assert_string_equal(epoch_activate(t, (struct epoch_plan){ .current = 2, .previous = 1 }), "ok");
    m = town_withdraw(t, "early-help", TOWN_TESS);
    under(&m->withdrawal.subject, 2);
    withdrawal = keeping_said(t, TOWN_POLICE, m);
    keeping_day(t, TOWN_DAY + 40); /* no grant of before it can still come */
    town_person(TOWN_TESS, &who);
    under(&who, 2);
    assert_string_equal(town_change(t, "erase",
                                    json_pack("{s:o,s:s,s:s}", "tokens", keeping_tokens(t, &who), "cause", "objection", "reason", "x"),
                                    two),
                        "ok");
    keeping_settle(t);
    assert_true(keeping_has(t, LODGED_CONSENT, &grant));
    assert_true(keeping_has(t, LODGED_CONSENT, &withdrawal));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, keeping_setup, town_teardown)
#define E(name) cmocka_unit_test_setup_teardown(name, epochs_setup, town_teardown)
    const struct CMUnitTest tests[] = {
        T(an_order_that_overtakes_another_erases_all_of_its_own),
        T(what_a_hold_covers_is_not_erased_however_the_order_names_it),
        T(a_hold_that_comes_in_the_middle_of_an_erasure_keeps_what_is_left),
        T(a_hold_of_tokens_that_find_nobody_is_refused),
        T(a_leaf_that_a_tag_finds_by_chance_is_not_erased),
        E(a_hold_covers_what_was_carried_to_another_key),
        E(a_key_is_not_dropped_while_a_hold_has_tokens_of_no_other),
        E(a_withdrawal_forbids_while_a_key_is_in_force_under_which_its_grant_may_be),
    };

    return cmocka_run_group_tests_name("holds", tests, NULL, NULL);
}
