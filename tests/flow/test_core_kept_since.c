/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_kept_since.c - what nobody lodges between a question and its answer, and changes the
 * decision all the same: time, keys of tokens, and batches that fail. And what is never kept.
 * type=test; source: DESIGN.md section 1, promise 6. */
#include "core_kept.h"

#include "store/fault.h"
#include "store/lodged.h"

#include <errno.h>

static const int one[] = { 0, -1 }, two[] = { 0, 1, -1 };

/* --- what time does --- */

static void a_day_that_ends_a_consent_is_seen(void **state)
{
    struct town *t = *state;
    struct msg *m = town_consent(t, PURPOSE, TOWN_TESS);

    m->consent.expires_on = TOWN_DAY;
    (void)lodged(t, TOWN_COUNCIL, m);
    kept_ask(t, town_insight(t, PURPOSE, "noise", TOWN_TESS), true);
    town_day(t, TOWN_DAY + 1);
    kept_not_told(t, "no-consent-on-file", "consent-expired");
}

static void a_day_on_which_a_shield_begins_is_seen(void **state)
{
    struct town *t = *state;
    struct msg *m = town_shield(t, TOWN_TESS, 3);

    m->shield.from = TOWN_DAY + 1;
    (void)lodged(t, TOWN_COUNCIL, m);
    kept_without(t);
    town_day(t, TOWN_DAY + 1);
    kept_answered(t, ANSWER_YES);
    kept_told(t, INSIGHT_NO, 0);
}

/* Whatever else is put on a new day, and whoever puts it. */
static void a_day_alone_is_seen(void **state)
{
    struct town *t = *state;

    kept_without(t);
    t->core->day = TOWN_DAY + 1;
    kept_looked_at_again(t);
}

static void a_registry_that_was_read_anew_is_seen(void **state)
{
    struct town *t = *state;
    ALM_CLEANUP(store_abortp) struct store_txn *txn = NULL;

    kept_without(t);
    assert_int_equal(store_begin(t->core->store, false, &txn), 0);
    assert_int_equal(agencies_load(&t->core->agencies, txn, t->core->bundle, t->core->set.gates,
                                   t->core->set.n_gates),
                     0);
    txn = store_abort(txn);
    kept_looked_at_again(t);
}

static struct id put_by_override(struct town *t, uint16_t hours)
{
    struct msg *m = town_override(t, PURPOSE, "noise", TOWN_TESS);

    m->override.hours = hours;
    m->override.immediate_danger = true;
    return lodged(t, TOWN_COUNCIL, m);
}

static void an_override_is_looked_at_again_for_its_hours(void **state)
{
    struct town *t = *state;

    (void)put_by_override(t, 1);
    kept_ask(t, town_insight(t, PURPOSE, "noise", TOWN_TESS), false);
    town_mono += INT64_C(3600) * 1000; /* nothing is put, and the hour is over */
    t->core->heads.signed_ms = town_mono;
    kept_not_told(t, "no-consent-on-file", "no-consent");
}

static void an_override_beside_a_consent_is_looked_at_again(void **state)
{
    struct town *t = *state;

    (void)put_by_override(t, 24);
    (void)lodged(t, TOWN_COUNCIL, town_consent(t, PURPOSE, TOWN_TESS));
    kept_ask(t, town_insight(t, PURPOSE, "noise", TOWN_TESS), false);
    kept_looked_at_again(t);
}

/* A clock that was set back while nobody ran: it begins when the clock says so, and nothing is put then. */
static void an_override_that_lies_ahead_is_looked_for_again(void **state)
{
    struct town *t = *state;

    (void)put_by_override(t, 24);
    (void)lodged(t, TOWN_COUNCIL, town_consent(t, PURPOSE, TOWN_TESS));
    town_wall -= INT64_C(3600) * 1000;
    town_reopen(t);
    kept_ask(t, town_insight(t, PURPOSE, "noise", TOWN_TESS), false);
    assert_int_equal(t->core->facts.n_overrides, 0);
    kept_looked_at_again(t);
}

static void a_veto_is_seen(void **state)
{
    struct town *t = *state;
    struct id id = put_by_override(t, 24);
    char text[ID_TEXT];

    id_format(&id, text);
    kept_ask(t, town_insight(t, PURPOSE, "noise", TOWN_TESS), false);
    assert_string_equal(town_change(t, "override-veto",
                                    json_pack("{s:s,s:s}", "override", text, "reason", "no"), one),
                        "ok");
    kept_not_told(t, "no-consent-on-file", "no-consent");
}

/* --- keys of tokens --- */

static void a_record_carried_to_another_key_is_seen(void **state)
{
    struct town *t = *state;
    struct msg *m;

    assert_string_equal(epoch_activate(t, (struct epoch_plan){ .current = 1, .next = 2 }), "ok");
    kept_on_consent(t);
    m = retoken(t, LODGED_CONSENT, &kept_grant, TOWN_TESS, 2);
    kept_meanwhile(t, TOWN_COUNCIL, m);
    kept_looked_at_again(t);
}

static void under_the_key_before_it_is_looked_at_again(void **state)
{
    struct town *t = *state;

    assert_string_equal(epoch_activate(t, (struct epoch_plan){ .current = 2, .previous = 1 }), "ok");
    kept_ask(t, town_insight(t, "safeguarding", "lives-at", TOWN_TESS), false);
    kept_answered(t, ANSWER_YES);
    town_mono += 2001; /* everybody else is silent */
    town_turn(t);
    kept_told(t, INSIGHT_YES, 0);
}

static void a_key_that_became_the_one_before_is_seen(void **state)
{
    struct town *t = *state;

    kept_without(t);
    assert_string_equal(epoch_activate(t, (struct epoch_plan){ .current = 2, .previous = 1 }), "ok");
    kept_looked_at_again(t);
}

/* --- what is never kept --- */

static void more_grants_than_are_kept_are_read_again(void **state)
{
    struct town *t = *state;

    for (int i = 0; i <= KEPT_GRANTS; i++)
        (void)lodged(t, TOWN_COUNCIL, town_consent(t, PURPOSE, TOWN_TESS));
    kept_ask(t, town_insight(t, PURPOSE, "noise", TOWN_TESS), false);
    kept_looked_at_again(t);
}

/* As many refusals as no one agency may lodge: not all can be weighed. */
static void facts_that_are_not_whole_are_read_again(void **state)
{
    static const enum town_agency lodgers[] = { TOWN_CHARITY, TOWN_CLINIC, TOWN_COUNCIL, TOWN_POLICE,
                                                TOWN_SCHOOL };
    struct town *t = *state;

    for (size_t i = 0; i < POLICY_CONSENTS_MAX + 1; i++) {
        struct msg *m = town_consent(t, PURPOSE, TOWN_TESS);

        m->consent.decision = CONSENT_REFUSED;
        town_mono += 200;
        (void)lodged(t, lodgers[i % ALM_LEN(lodgers)], m);
    }
    kept_ask(t, town_insight(t, PURPOSE, "noise", TOWN_TESS), false);
    assert_true(kept_waiting(t)->hidden);
}

static void a_composites_parts_are_decided_again(void **state)
{
    struct town *t = *state;

    town_say(t, TOWN_CLINIC, town_insight(t, "safeguarding", "strain", TOWN_TESS));
    town_turn(t);
    assert_non_null(kept_waiting(t)->factors);
    assert_false(kept_waiting(t)->kept.whole);
}

/* --- batches that fail --- */

static void a_withdrawal_that_failed_changes_nothing_and_is_looked_for(void **state)
{
    struct town *t = *state;

    kept_on_consent(t);
    store_fault_hook(t->core->store, town_fail_commits, NULL);
    town_say(t, TOWN_SCHOOL, town_withdraw(t, PURPOSE, TOWN_TESS));
    town_turn(t);
    store_fault_hook(t->core->store, NULL, NULL);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_BUSY), 1);
    kept_looked_at_again(t);
}

static void a_withdrawal_said_again_after_it_failed_is_seen(void **state)
{
    struct town *t = *state;

    kept_on_consent(t);
    store_fault_hook(t->core->store, town_fail_commits, NULL);
    town_say(t, TOWN_SCHOOL, town_withdraw(t, PURPOSE, TOWN_TESS));
    town_turn(t);
    store_fault_hook(t->core->store, NULL, NULL);
    kept_meanwhile(t, TOWN_SCHOOL, town_withdraw(t, PURPOSE, TOWN_TESS));
    kept_not_told(t, "no-consent-on-file", "consent-withdrawn");
}

static void a_grant_that_failed_leaves_no_decision_behind(void **state)
{
    struct town *t = *state;

    store_fault_hook(t->core->store, town_fail_commits, NULL);
    town_say(t, TOWN_COUNCIL, town_consent(t, PURPOSE, TOWN_TESS)); /* before the query, in one batch */
    town_say(t, TOWN_COUNCIL, town_insight(t, PURPOSE, "noise", TOWN_TESS));
    town_turn(t);
    store_fault_hook(t->core->store, NULL, NULL);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_BUSY), 2);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 0);
    assert_int_equal(pending_count(t->core->pending), 0);
    town_forget(t);
    town_say(t, TOWN_COUNCIL, town_insight(t, PURPOSE, "noise", TOWN_TESS));
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "no-consent-on-file");
}

static int fail_for_the_charity(void *ctx, enum store_step step)
{
    const struct town *t = ctx;
    const struct work *w = t->core->batch.current;

    if (step != STORE_STEP_PUT || !w)
        return 0;
    return strcmp(t->core->agencies.slots[w->agency].reg.id, "charity") ? 0 : ENOMEM;
}

/* The charity's grant is left out and the rest is decided again: on what it gave nothing may stand. */
static void a_batch_that_begins_again_keeps_no_decision_of_its_first_time(void **state)
{
    struct town *t = *state;

    town_say(t, TOWN_SCHOOL, town_consent(t, PURPOSE, TOWN_SAM));
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "noise", TOWN_TESS));
    town_say(t, TOWN_CHARITY, town_insight(t, "safeguarding", "noise", TOWN_TESS)); /* the last to be decided */
    store_fault_hook(t->core->store, fail_for_the_charity, t);
    town_turn(t);
    store_fault_hook(t->core->store, NULL, NULL);
    assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_BUSY), 1);
    assert_int_equal(pending_count(t->core->pending), 1);
    assert_true(kept_waiting(t)->kept.whole);
    t->core->decisions_kept = 0;
    kept_answered(t, ANSWER_YES);
    kept_told(t, INSIGHT_YES, 1);
}

static void a_policy_whose_batch_failed_is_looked_at_again(void **state)
{
    struct town *t = *state;
    ALM_CLEANUP(buf_deinit) struct buf compiled = { 0 };
    uint8_t hash[SHA256_LEN];
    char hex[2 * SHA256_LEN + 1], *text;
    json_t *fields;

    kept_without(t);
    town_policy_more = kept_purposes_over;
    buf_init(&compiled, 1 << 20);
    town_policy(&compiled);
    town_policy_more = NULL;
    assert_int_equal(crypto_sha256(buf_view(&compiled), hash), 0);
    hex_encode(hash, sizeof(hash), hex);
    text = malloc(compiled.len * 2 + 16);
    assert_non_null(text);
    assert_true(base64_encode(compiled.data, compiled.len, text, compiled.len * 2 + 16) > 0);
    fields = json_pack("{s:s,s:s,s:s,s:[]}", "bundle", text, "hash", hex, "from", t->core->policy,
                       "acknowledged");
    free(text);
    store_fault_hook(t->core->store, town_fail_commits, NULL);
    assert_string_equal(town_change(t, "policy-activate", fields, two), "busy");
    store_fault_hook(t->core->store, NULL, NULL);
    kept_looked_at_again(t);
}

#define TEST(f)       cmocka_unit_test_setup_teardown(f, town_setup, town_teardown)
#define TEST_EPOCH(f) cmocka_unit_test_setup_teardown(f, epoch_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_day_that_ends_a_consent_is_seen),
        TEST(a_day_on_which_a_shield_begins_is_seen),
        TEST(a_day_alone_is_seen),
        TEST(a_registry_that_was_read_anew_is_seen),
        TEST(an_override_is_looked_at_again_for_its_hours),
        TEST(an_override_beside_a_consent_is_looked_at_again),
        TEST(an_override_that_lies_ahead_is_looked_for_again),
        TEST(a_veto_is_seen),
        TEST_EPOCH(a_record_carried_to_another_key_is_seen),
        TEST_EPOCH(under_the_key_before_it_is_looked_at_again),
        TEST_EPOCH(a_key_that_became_the_one_before_is_seen),
        TEST(more_grants_than_are_kept_are_read_again),
        TEST(facts_that_are_not_whole_are_read_again),
        TEST(a_composites_parts_are_decided_again),
        TEST(a_withdrawal_that_failed_changes_nothing_and_is_looked_for),
        TEST(a_withdrawal_said_again_after_it_failed_is_seen),
        TEST(a_grant_that_failed_leaves_no_decision_behind),
        TEST(a_batch_that_begins_again_keeps_no_decision_of_its_first_time),
        TEST(a_policy_whose_batch_failed_is_looked_at_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
