/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_retention.c - clocks around one core: the last day and the day after of each class, what
 * is kept in spite of its clock, and what is left when something has been forgotten. type=test;
 * source: DOMAIN.md section 7; DESIGN.md section 8, "Retention is policy". */
#include "core_keeping.h"

static const int one[] = { 0, -1 }, two[] = { 0, 1, -1 };

/* --- what can be lodged: each returns its id, and the leaf of it --- */

static struct id said(struct town *t, enum town_agency from, struct msg *m)
{
    assert_string_equal(worry_say(t, from, m), "");
    return worry_last;
}

static struct id lodge_grant(struct town *t)
{
    struct msg *m = town_consent(t, "early-help", TOWN_TESS);

    m->consent.given_on = t->core->day;
    m->consent.expires_on = t->core->day + 10;
    return said(t, TOWN_COUNCIL, m);
}

static struct id lodge_refusal_that_ends(struct town *t)
{
    struct msg *m = town_consent(t, "early-help", TOWN_TESS);

    m->consent.decision = CONSENT_REFUSED;
    m->consent.given_on = t->core->day;
    m->consent.expires_on = t->core->day + 10;
    return said(t, TOWN_COUNCIL, m);
}

static struct id lodge_shield(struct town *t)
{
    struct msg *m = town_shield(t, TOWN_TESS, 2);

    m->shield.from = t->core->day;
    m->shield.until = t->core->day + 10;
    return said(t, TOWN_COUNCIL, m);
}

static struct id lodge_concern(struct town *t, uint8_t part, uint8_t outcome)
{
    struct msg *m = worry_concern(t, "neglect", TOWN_TESS);
    struct id id;

    m->concern.expires_on = t->core->day + 10;
    m->concern.part = part;
    id = said(t, TOWN_POLICE, m);
    if (!outcome)
        return id;
    m = town_msg(t, MSG_CONCERN_CHANGE);
    m->concern_change.concern = id;
    m->concern_change.expires_on = CIVIL_NONE;
    m->concern_change.outcome = outcome;
    (void)said(t, TOWN_POLICE, m);
    return id;
}

static struct id lodge_concern_plain(struct town *t)
{
    return lodge_concern(t, 0, 0);
}

static struct id lodge_concern_at_risk(struct town *t)
{
    return lodge_concern(t, PART_AT_RISK, 0);
}

static struct id lodge_concern_alleged(struct town *t)
{
    return lodge_concern(t, PART_ALLEGED, 0);
}

static struct id lodge_concern_founded(struct town *t)
{
    return lodge_concern(t, PART_ALLEGED, OUTCOME_FOUNDED);
}

static struct id lodge_concern_unfounded(struct town *t)
{
    return lodge_concern(t, PART_ALLEGED, OUTCOME_UNFOUNDED);
}

static struct id lodge_override(struct town *t)
{
    struct msg *m = town_override(t, "early-help", "truancy", TOWN_TESS);

    town_forget(t);
    assert_int_equal(id_new(town_wall, &m->id), 0);
    worry_last = m->id;
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
    return worry_last;
}

/* clang-format off: a table, one row a line */
static const struct {
    const char *name;
    struct id (*lodge)(struct town *t);
    enum lodged_kind kind;
    uint8_t event;
    int last; /* day, from that of the lodging, on which it is still there */
} clocks[] = {
    { "a grant", lodge_grant, LODGED_CONSENT, EVENT_CONSENT_LODGED, 10 + KEEP_CONSENTS },
    { "a refusal that ended", lodge_refusal_that_ends, LODGED_CONSENT, EVENT_REFUSAL_LODGED, 10 + KEEP_CONSENTS },
    { "a shield", lodge_shield, LODGED_SHIELD, EVENT_SHIELD_LODGED, 10 + KEEP_SHIELDS },
    { "a concern", lodge_concern_plain, LODGED_CONCERN, EVENT_CONCERN_LODGED, 10 + KEEP_CONCERNS },
    { "a concern of somebody at risk", lodge_concern_at_risk, LODGED_CONCERN, EVENT_CONCERN_LODGED, 10 + KEEP_CONCERNS },
    { "a concern of somebody alleged", lodge_concern_alleged, LODGED_CONCERN, EVENT_CONCERN_LODGED, 10 + KEEP_ALLEGED },
    { "one that was founded", lodge_concern_founded, LODGED_CONCERN, EVENT_CONCERN_LODGED, 10 + KEEP_ALLEGED },
    { "one that was unfounded", lodge_concern_unfounded, LODGED_CONCERN, EVENT_CONCERN_LODGED, 10 + KEEP_UNFOUNDED },
    { "an override", lodge_override, LODGED_OVERRIDE, EVENT_OVERRIDE_REQUESTED, 3 + KEEP_OVERRIDES },
};

/* clang-format on */
static void each_clock_keeps_its_last_day_and_not_the_day_after(void **state)
{
    struct town *t = *state;

    for (size_t i = 0; i < ALM_LEN(clocks); i++) {
        int32_t day = t->core->day;
        struct id id;
        uint64_t leaf;

        town_wall += 2000;
        id = clocks[i].lodge(t);
        leaf = keeping_leaf_of(t, clocks[i].event);
        keeping_day(t, day + clocks[i].last);
        if (!keeping_has(t, clocks[i].kind, &id) || !keeping_leaf(t, leaf))
            fail_msg("%s: gone on its last day", clocks[i].name);
        keeping_day(t, day + clocks[i].last + 1);
        if (keeping_has(t, clocks[i].kind, &id))
            fail_msg("%s: there on the day after", clocks[i].name);
        if (keeping_leaf(t, leaf))
            fail_msg("%s: its leaf can be opened on the day after", clocks[i].name);
    }
    assert_int_equal(keeping_named(t, TOWN_TESS), 0);
}

static uint64_t asked(struct town *t, enum town_person p)
{
    town_forget(t);
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "truancy", p));
    town_turn(t);
    return keeping_leaf_of(t, EVENT_DECIDED);
}

/* The school says yes; whoever else was asked is not waited for. */
static uint64_t told(struct town *t)
{
    town_answer(t, TOWN_SCHOOL, ANSWER_YES);
    town_turn(t);
    town_mono += 5000;
    town_turn(t);
    return keeping_leaf_of(t, EVENT_DISCLOSED);
}

static void a_decision_and_its_disclosure_go_the_day_after_their_clock(void **state)
{
    struct town *t = *state;
    int32_t day = t->core->day;
    uint64_t decided = asked(t, TOWN_TESS), disclosed;

    disclosed = told(t);
    keeping_day(t, day + KEEP_DECISIONS);
    assert_true(keeping_leaf(t, decided) && keeping_leaf(t, disclosed));
    keeping_day(t, day + KEEP_DECISIONS + 1);
    assert_false(keeping_leaf(t, decided) || keeping_leaf(t, disclosed));
}

static void what_officers_did_outlives_the_decisions(void **state)
{
    struct town *t = *state;
    uint64_t activated = keeping_leaf_of(t, EVENT_POLICY_ACTIVATED);
    int32_t day = t->core->day;

    keeping_day(t, day + KEEP_OFFICERS);
    assert_true(keeping_leaf(t, activated));
    keeping_day(t, day + KEEP_OFFICERS + 1);
    assert_false(keeping_leaf(t, activated));
}

static void a_class_without_a_clock_has_its_default(void **state)
{
    struct town *t = *state;
    int32_t day = t->core->day;
    uint64_t decided;

    town_policy_more = worry_policy;
    town_activate(t);
    decided = asked(t, TOWN_TESS);
    keeping_day(t, day + 2192);
    assert_true(keeping_leaf(t, decided));
    keeping_day(t, day + 2193);
    assert_false(keeping_leaf(t, decided));
}

/* --- what is kept in spite of its clock --- */

static void a_prohibition_in_force_is_kept_for_as_long_as_it_forbids(void **state)
{
    struct town *t = *state;
    struct msg *m = town_consent(t, "early-help", TOWN_TESS);
    struct id refusal, shield, dispute;

    m->consent.decision = CONSENT_REFUSED;
    refusal = said(t, TOWN_COUNCIL, m);
    shield = said(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 2));
    m = town_msg(t, MSG_DISPUTE);
    (void)snprintf(m->purpose, sizeof(m->purpose), "early-help");
    (void)snprintf(m->dispute.purpose, sizeof(m->dispute.purpose), "early-help");
    town_person(TOWN_TESS, &m->dispute.subject);
    m->dispute.on = t->core->day;
    dispute = said(t, TOWN_SCHOOL, m);
    keeping_day(t, TOWN_DAY + 3000);
    assert_true(keeping_has(t, LODGED_CONSENT, &refusal));
    assert_true(keeping_has(t, LODGED_SHIELD, &shield));
    assert_true(keeping_has(t, LODGED_DISPUTE, &dispute));
    assert_true(keeping_named(t, TOWN_TESS) > 0);
}

static void a_shield_that_was_lifted_has_its_clock_from_that_day(void **state)
{
    struct town *t = *state;
    struct id shield = said(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 2));
    char text[ID_TEXT];

    keeping_day(t, TOWN_DAY + 300);
    id_format(&shield, text);
    assert_string_equal(town_change(t, "shield-lift",
                                    json_pack("{s:s,s:s}", "shield", text, "reason", "moved"), two),
                        "ok");
    keeping_day(t, TOWN_DAY + 300 + KEEP_SHIELDS);
    assert_true(keeping_has(t, LODGED_SHIELD, &shield));
    keeping_day(t, TOWN_DAY + 301 + KEEP_SHIELDS);
    assert_false(keeping_has(t, LODGED_SHIELD, &shield));
}

static void a_withdrawal_stays_while_a_grant_that_it_ended_is_there(void **state)
{
    struct town *t = *state;
    struct msg *m = town_consent(t, "early-help", TOWN_TESS);
    struct id grant, withdrawal;

    grant = said(t, TOWN_COUNCIL, m);
    town_wall += 5000;
    withdrawal = said(t, TOWN_POLICE, town_withdraw(t, "early-help", TOWN_TESS));
    keeping_day(t, TOWN_DAY + KEEP_CONSENTS);
    assert_true(keeping_has(t, LODGED_CONSENT, &grant) && keeping_has(t, LODGED_CONSENT, &withdrawal));
    keeping_day(t, TOWN_DAY + KEEP_CONSENTS + 1);
    assert_false(keeping_has(t, LODGED_CONSENT, &grant)); /* nothing lives again */
    keeping_day(t, TOWN_DAY + KEEP_CONSENTS + 2);
    assert_false(keeping_has(t, LODGED_CONSENT, &withdrawal));
}

static const char *hold(struct town *t, enum town_person p, const int *officers)
{
    return town_change(t, "hold-add",
                       json_pack("{s:o,s:s}", "tokens", keeping_person(t, p), "reason", "inquiry"),
                       officers);
}

static void lift(struct town *t, const int *officers, const char *expected)
{
    char text[ID_TEXT];

    assert_int_equal(t->core->retention->n_holds, 1);
    id_format(&t->core->retention->holds[0].record.id, text);
    assert_string_equal(town_change(t, "hold-lift",
                                    json_pack("{s:s,s:s}", "hold", text, "reason", "inquiry over"),
                                    officers),
                        expected);
}

static void a_hold_keeps_what_is_about_whom_it_names_and_nothing_else(void **state)
{
    struct town *t = *state;
    struct id concern = lodge_concern_plain(t), grant = lodge_grant(t);
    uint64_t hers = asked(t, TOWN_TESS), disclosed = told(t), his;

    his = asked(t, TOWN_SAM);
    assert_string_equal(hold(t, TOWN_TESS, one), "ok");
    keeping_day(t, TOWN_DAY + 200);
    assert_true(keeping_leaf(t, hers) && keeping_leaf(t, disclosed));
    assert_true(keeping_has(t, LODGED_CONCERN, &concern) && keeping_has(t, LODGED_CONSENT, &grant));
    assert_false(keeping_leaf(t, his));
    assert_true(t->core->retention->s.counts.held > 0);
    lift(t, one, "too-few-signatures");
    lift(t, two, "ok");
    keeping_day(t, TOWN_DAY + 201);
    assert_false(keeping_leaf(t, hers) || keeping_leaf(t, disclosed));
    assert_false(keeping_has(t, LODGED_CONCERN, &concern) || keeping_has(t, LODGED_CONSENT, &grant));
}

static void a_hold_survives_a_restart(void **state)
{
    struct town *t = *state;
    uint64_t hers = asked(t, TOWN_TESS);

    assert_string_equal(hold(t, TOWN_TESS, one), "ok");
    town_reopen(t);
    keeping_day(t, TOWN_DAY + 200);
    assert_true(keeping_leaf(t, hers));
}

static void holds_that_say_nothing_of_whom_or_why_are_refused(void **state)
{
    struct town *t = *state;
    json_t *other = keeping_person(t, TOWN_TESS), *live = keeping_person(t, TOWN_TESS);
    size_t before = town_leaves(t, EVENT_HOLD_CHANGED, NULL);

    json_object_set_new(other, "origin", json_string("elsewhere.example/almoner"));
    json_object_set_new(live, "mode", json_string("live"));
    assert_string_equal(town_change(t, "hold-add", json_pack("{s:s}", "reason", "inquiry"), one), "bad-change");
    assert_string_equal(town_change(t, "hold-add", json_pack("{s:o}", "tokens", keeping_person(t, TOWN_TESS)), one), "bad-change");
    assert_string_equal(town_change(t, "hold-add", json_pack("{s:o,s:s}", "tokens", other, "reason", "x"), one), "other-broker");
    assert_string_equal(town_change(t, "hold-add", json_pack("{s:o,s:s}", "tokens", live, "reason", "x"), one), "other-broker");
    assert_string_equal(town_change(t, "hold-add",
                                    json_pack("{s:o,s:s,s:s}", "tokens", keeping_person(t, TOWN_TESS), "reason", "x", "review", "1999-01-01"),
                                    one),
                        "bad-change");
    assert_string_equal(town_change(t, "hold-lift", json_pack("{s:s,s:s}", "hold", "0193f1c2-7d10-7a44-9c1e-3f1d2b4c5a6b", "reason", "x"), two),
                        "unknown-hold");
    assert_int_equal(town_leaves(t, EVENT_HOLD_CHANGED, NULL), before);
}

/* --- the run --- */

static void a_day_on_which_nothing_is_due_leaves_no_leaf(void **state)
{
    struct town *t = *state;
    uint64_t last;

    (void)asked(t, TOWN_TESS);
    keeping_settle(t);
    last = keeping_last(t);
    keeping_day(t, TOWN_DAY + 1);
    assert_int_equal(keeping_last(t), last + 1); /* the day itself */
    assert_int_equal(town_leaves(t, EVENT_RETENTION_BEGUN, NULL), 0);
}

static void a_run_begins_and_ends_with_a_leaf_that_counts_and_the_tree_still_proves(void **state)
{
    struct town *t = *state;
    struct ledger_clear l;
    uint8_t before[SHA256_LEN], after[SHA256_LEN];
    uint64_t size;

    (void)asked(t, TOWN_TESS);
    (void)lodge_concern_plain(t);
    size = keeping_last(t) + 1;
    keeping_root(t, before, size);
    keeping_day(t, TOWN_DAY + KEEP_DECISIONS + 1);
    assert_int_equal(town_leaves(t, EVENT_RETENTION_BEGUN, NULL), 1);
    assert_int_equal(town_leaves(t, EVENT_RETENTION_DONE, &l), 1);
    assert_non_null(strstr(l.detail, "1 records"));
    assert_int_equal(town_leaves(t, EVENT_PERIOD_ENDED, &l), 1);
    keeping_root(t, after, size);
    assert_memory_equal(before, after, SHA256_LEN);
    keeping_root(t, after, UINT64_MAX);
}

static void what_was_forgotten_opens_from_no_old_copy(void **state)
{
    struct town *t = *state;
    struct keeping_values *old;

    (void)asked(t, TOWN_TESS);
    (void)lodge_concern_plain(t);
    (void)lodge_grant(t);
    old = keeping_copy(t);
    assert_true(old->n > 10);
    assert_int_equal(keeping_open(t, old), old->n);
    keeping_day(t, TOWN_DAY + 60);
    print_message("# %zu of %zu old values still lie in the data file\n", keeping_on_disk(t, old), old->n);
    assert_int_equal(keeping_open(t, old), 0);
    town_reopen(t);
    assert_int_equal(keeping_open(t, old), 0);
    keeping_copy_free(old);
}

/* A clock that is set to another year would end every clock there is, and nothing brings that back. */
static void a_day_far_from_the_last_is_not_believed_until_an_officer_says_so(void **state)
{
    struct town *t = *state;
    int32_t day = t->core->day;
    uint64_t leaf = asked(t, TOWN_TESS);

    keeping_settle(t);
    town_wall += INT64_C(60) * 86400000; /* it was off for so long */
    town_turn(t);
    keeping_settle(t);
    assert_int_equal(t->core->retention->s.day, day + 60);
    assert_false(keeping_leaf(t, leaf));
    leaf = asked(t, TOWN_TESS);
    town_wall += INT64_C(3650) * 86400000;
    for (int i = 0; i < 50; i++)
        town_turn(t);
    assert_int_equal(t->core->day, day + 3710);
    assert_int_equal(t->core->retention->s.day, day + 60);
    assert_false(t->core->retention->hot);
    assert_true(keeping_leaf(t, leaf));
    assert_string_equal(town_change(t, "retention-run", json_object(), one), "ok");
    keeping_settle(t);
    assert_false(keeping_leaf(t, leaf));
}

static int live_setup(void **state)
{
    town_mode = MODE_LIVE;
    return keeping_setup(state);
}

static void receipts_go_after_their_days(void **state)
{
    struct town *t = *state;
    struct msg *m = town_consent(t, "early-help", TOWN_TESS);
    ALM_CLEANUP(store_abortp) struct store_txn *txn = NULL;
    uint64_t n = 0, then = 0;

    (void)said(t, TOWN_COUNCIL, m);
    txn = keeping_read(t);
    assert_int_equal(store_raw_count(txn, TABLE_RECEIPTS, &n), 0);
    txn = store_abort(txn);
    assert_true(n > 0);
    town_wall += INT64_C(40) * 86400000;
    keeping_day(t, TOWN_DAY + 1);
    txn = keeping_read(t);
    assert_int_equal(store_raw_count(txn, TABLE_RECEIPTS, &then), 0);
    txn = store_abort(txn);
    assert_true(then >= n); /* the last day is theirs; the day's own change has one */
    town_wall += INT64_C(2) * 86400000;
    keeping_day(t, TOWN_DAY + 2);
    txn = keeping_read(t);
    assert_int_equal(store_raw_count(txn, TABLE_RECEIPTS, &then), 0);
    assert_true(then <= 2);
}

static size_t dead_letters(struct town *t)
{
    json_t *list = deliver_dead(t->core), *q;
    size_t i, n = 0;

    json_array_foreach(list, i, q)
        n += (size_t)json_integer_value(json_object_get(q, "dead"));
    json_decref(list);
    return n;
}

static void a_dead_letter_is_kept_as_long_as_a_decision(void **state)
{
    struct town *t = *state;
    struct msg *m = town_msg(t, MSG_WATCH);
    struct msg_watch *w = &m->watch;

    worry_asker(m);
    town_person(TOWN_TESS, &w->subject);
    w->agencies.any = true;
    w->from = t->core->day;
    w->until = w->review_on = t->core->day + 20;
    (void)said(t, TOWN_COUNCIL, m);
    (void)lodge_concern_plain(t); /* she appears again: the council is told, and never says that it heard */
    keeping_day(t, TOWN_DAY + 35);
    assert_true(dead_letters(t) > 0);
    keeping_day(t, TOWN_DAY + KEEP_DECISIONS);
    assert_true(dead_letters(t) > 0);
    keeping_day(t, TOWN_DAY + KEEP_DECISIONS + 1);
    assert_int_equal(dead_letters(t), 0);
}

static void due(struct town *t, int asked_times)
{
    for (int i = 0; i < asked_times; i++) {
        town_wall += 1000;
        town_mono += 5000; /* what was asked before is answered by now */
        (void)asked(t, i % 2 ? TOWN_TESS : TOWN_SAM);
    }
    for (int i = 0; i < 5; i++) {
        town_wall += 1000;
        (void)lodge_concern_plain(t);
    }
    (void)lodge_grant(t);
}

/* A kill after any turn: what was committed is all that the next has. */
static void a_run_goes_on_after_a_kill_at_every_step(void **state)
{
    struct town *t = *state;
    struct ledger_clear l;
    int kills = 0;

    due(t, 150);
    town_day(t, TOWN_DAY + 100);
    for (; kills < 500 && keeping_busy(t); kills++) {
        town_reopen(t);
        assert_true(core_turn(t->core, 0) >= 0);
    }
    assert_false(keeping_busy(t));
    print_message("# killed %d times\n", kills);
    assert_true(kills > 4);
    assert_int_equal(keeping_named(t, TOWN_TESS), 0);
    assert_int_equal(keeping_named(t, TOWN_SAM), 0);
    assert_int_equal(town_leaves(t, EVENT_RETENTION_BEGUN, NULL), 1);
    assert_int_equal(town_leaves(t, EVENT_RETENTION_DONE, &l), 1);
    assert_non_null(strstr(l.detail, "6 records"));
}

/* The exercise's days go by faster than the job: it ends up where a slow one would. */
static void days_that_go_by_quickly_lose_nothing_and_forget_everything_due(void **state)
{
    struct town *t = *state;
    struct id late;

    due(t, 30);
    for (int32_t day = TOWN_DAY + 1; day < TOWN_DAY + 90; day++) {
        town_forget(t);
        town_day(t, day);
    }
    late = lodge_concern_plain(t);
    keeping_settle(t);
    assert_true(keeping_has(t, LODGED_CONCERN, &late));
    assert_int_equal(keeping_count(t, LODGED_CONCERN), 1);
    assert_int_equal(keeping_named(t, TOWN_SAM), 0);
}

static void officers_may_have_it_run_once_more_the_same_day(void **state)
{
    struct town *t = *state;
    uint64_t hers = asked(t, TOWN_TESS);

    assert_string_equal(hold(t, TOWN_TESS, one), "ok");
    keeping_day(t, TOWN_DAY + 100);
    lift(t, two, "ok");
    keeping_settle(t);
    assert_true(keeping_leaf(t, hers)); /* today's run is over */
    assert_string_equal(town_change(t, "retention-run", json_object(), one), "ok");
    keeping_settle(t);
    assert_false(keeping_leaf(t, hers));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, keeping_setup, town_teardown)
    const struct CMUnitTest tests[] = {
        T(each_clock_keeps_its_last_day_and_not_the_day_after),
        T(a_decision_and_its_disclosure_go_the_day_after_their_clock),
        T(what_officers_did_outlives_the_decisions),
        T(a_class_without_a_clock_has_its_default),
        T(a_prohibition_in_force_is_kept_for_as_long_as_it_forbids),
        T(a_shield_that_was_lifted_has_its_clock_from_that_day),
        T(a_withdrawal_stays_while_a_grant_that_it_ended_is_there),
        T(a_hold_keeps_what_is_about_whom_it_names_and_nothing_else),
        T(a_hold_survives_a_restart),
        T(holds_that_say_nothing_of_whom_or_why_are_refused),
        T(a_day_on_which_nothing_is_due_leaves_no_leaf),
        T(a_run_begins_and_ends_with_a_leaf_that_counts_and_the_tree_still_proves),
        T(what_was_forgotten_opens_from_no_old_copy),
        cmocka_unit_test_setup_teardown(a_day_far_from_the_last_is_not_believed_until_an_officer_says_so, live_setup, town_teardown),
        T(receipts_go_after_their_days),
        T(a_dead_letter_is_kept_as_long_as_a_decision),
        T(a_run_goes_on_after_a_kill_at_every_step),
        T(days_that_go_by_quickly_lose_nothing_and_forget_everything_due),
        T(officers_may_have_it_run_once_more_the_same_day),
    };

    return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
