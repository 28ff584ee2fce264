/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_erasure.c - erasure around one core: what is left of somebody when two officers have
 * ordered it, in the store, in what lies free in its file, in old copies and in the log; and what
 * stays. type=test; source: DESIGN.md section 8, "erasing deletes the wrapped key, re-wraps the rest
 * under a new period key and destroys the old one within a day". */
#include "core_keeping.h"

#include "core/stages.h"
#include "store/contacts.h"
#include "store/fault.h"
#include "store/queues.h"

static const int none[] = { -1 }, one[] = { 0, -1 }, two[] = { 0, 1, -1 };

static struct msg *concern(struct town *t, enum town_person p)
{
    struct msg *m = worry_concern(t, "grave", p);

    m->concern.severity = SEVERITY_HIGH; /* fires by itself: an episode, and a delivery to the hub */
    m->concern.has_household = true;
    town_home(1, &m->concern.household);
    return m;
}

static struct msg *watched(struct town *t, enum town_person p)
{
    struct msg *m = town_msg(t, MSG_WATCH);
    struct msg_watch *w = &m->watch;

    worry_asker(m);
    town_person(p, &w->subject);
    w->has_household = true;
    town_home(1, &w->household);
    w->agencies.n = 1;
    (void)snprintf(w->agencies.agencies[0], sizeof(name_t), "police");
    w->from = TOWN_DAY;
    w->until = TOWN_DAY + 200;
    w->review_on = TOWN_DAY + 180;
    return m;
}

struct life { /* what the town knows of somebody */
    struct id grant, refusal, shield, concern, watch;
    uint64_t asked;
};

static struct life live(struct town *t, enum town_person p)
{
    struct life l;
    struct msg *m;

    l.asked = keeping_asked(t, p);
    l.watch = keeping_said(t, TOWN_COUNCIL, watched(t, p));
    l.grant = keeping_said(t, TOWN_COUNCIL, town_consent(t, "early-help", p));
    m = town_consent(t, "early-help", p);
    m->consent.decision = CONSENT_REFUSED;
    m->consent.given_on = TOWN_DAY;
    m->consent.given_ms = town_wall;
    l.refusal = keeping_said(t, TOWN_POLICE, m);
    l.concern = keeping_said(t, TOWN_POLICE, concern(t, p));
    l.shield = keeping_said(t, TOWN_COUNCIL, town_shield(t, p, 1));
    (void)keeping_asked(t, p);
    return l;
}

static json_t *order(struct town *t, enum town_person p, bool prohibitions)
{
    return json_pack("{s:o,s:s,s:s,s:b}", "tokens", keeping_person(t, p), "cause", "objection", "reason",
                     "she asked for it", "also_prohibitions", prohibitions);
}

static void erase(struct town *t, enum town_person p, bool prohibitions)
{
    assert_string_equal(town_change(t, "erase", order(t, p, prohibitions), two), "ok");
    keeping_settle(t);
}

/* --- nothing is left --- */

static void an_erasure_leaves_nothing_that_names_the_person(void **state)
{
    struct town *t = *state;
    struct life tess = live(t, TOWN_TESS), sam = live(t, TOWN_SAM);
    size_t his = keeping_named(t, TOWN_SAM);
    struct ledger_clear l;

    assert_true(keeping_named(t, TOWN_TESS) > 5);
    erase(t, TOWN_TESS, true);
    assert_int_equal(keeping_named(t, TOWN_TESS), 0);
    assert_int_equal(keeping_named(t, TOWN_SAM), his); /* nobody else's is touched */
    assert_false(keeping_has(t, LODGED_CONSENT, &tess.grant) || keeping_has(t, LODGED_SHIELD, &tess.shield));
    assert_false(keeping_has(t, LODGED_CONCERN, &tess.concern) || keeping_has(t, LODGED_WATCH, &tess.watch));
    assert_false(keeping_leaf(t, tess.asked));
    assert_true(keeping_has(t, LODGED_CONSENT, &sam.refusal) && keeping_has(t, LODGED_CONCERN, &sam.concern));
    assert_true(keeping_leaf(t, sam.asked));
    assert_int_equal(town_leaves(t, EVENT_ERASE_ORDERED, &l), 1);
    assert_string_equal(l.detail, "erase objection, prohibitions in force too, with bob"); /* why is sealed */
    assert_int_equal(town_leaves(t, EVENT_ERASED, &l), 1);
    assert_non_null(strstr(l.detail, "kept 0, doubtful 0"));
    assert_true(l.about == keeping_leaf_of(t, EVENT_ERASE_ORDERED));
    assert_int_equal(town_leaves(t, EVENT_PERIOD_ENDED, NULL), 1);
}

/* "no copy of the live store, its free pages": a thief has yesterday's disk, and today's keys. */
static void no_copy_of_before_opens_with_any_key_that_is_left(void **state)
{
    struct town *t = *state;
    struct keeping_values *old;
    size_t lie;

    (void)live(t, TOWN_TESS);
    (void)live(t, TOWN_SAM);
    old = keeping_copy(t);
    assert_int_equal(keeping_open(t, old), old->n);
    erase(t, TOWN_TESS, true);
    lie = keeping_on_disk(t, old);
    print_message("# of %zu values as they lay before, %zu still lie in the data file\n", old->n, lie);
    assert_true(lie > 0); /* in its free pages: or this would show nothing */
    assert_int_equal(keeping_open(t, old), 0);
    town_reopen(t);
    assert_int_equal(keeping_open(t, old), 0);
    keeping_copy_free(old);
}

static size_t secrets(const struct town *t)
{
    char path[4200];
    struct dirent *e;
    size_t n = 0;
    DIR *d;

    (void)snprintf(path, sizeof(path), "%s/periods", t->core->set.store_path);
    d = opendir(path);
    if (!d) {
        (void)snprintf(path, sizeof(path), "%s/../periods", t->core->set.store_path);
        d = opendir(path);
    }
    assert_non_null(d);
    while ((e = readdir(d)) != NULL)
        n += strstr(e->d_name, ".key") != NULL;
    (void)closedir(d);
    return n;
}

/* "... or a new backup": it holds what the store holds, and the secrets that there are. */
static void one_secret_is_left_for_a_backup_and_it_is_a_new_one(void **state)
{
    struct town *t = *state;
    struct store_period before, after;
    ALM_CLEANUP(secret_wipe) struct secret s = { 0 };
    struct store_txn *txn;

    (void)live(t, TOWN_TESS);
    keeping_settle(t);
    txn = keeping_read(t);
    assert_int_equal(store_period_state(txn, &before), 0);
    store_abort(txn);
    erase(t, TOWN_TESS, true);
    txn = keeping_read(t);
    assert_int_equal(store_period_state(txn, &after), 0);
    store_abort(txn);
    assert_int_equal(after.current, before.current + 1);
    assert_int_equal(after.leaving, 0);
    assert_int_equal(secrets(t), 1);
    assert_int_equal(store_period_secret(t->core->store, before.current, &s), -ENOENT);
    assert_int_equal(store_period_secret(t->core->store, after.current, &s), 0);
}

/* "an export": the sealed octets of her leaves are hashes now, and every proof is as it was. */
static void all_proofs_verify_and_no_export_has_her_sealed_parts(void **state)
{
    struct town *t = *state;
    uint8_t before[SHA256_LEN], after[SHA256_LEN], leaf[SHA256_LEN];
    uint64_t size, hers = live(t, TOWN_TESS).asked;
    struct tree_proof proof;
    struct store_txn *txn;

    keeping_settle(t);
    size = keeping_last(t) + 1;
    keeping_root(t, before, size);
    txn = keeping_read(t);
    assert_int_equal(ledger_node(txn, 0, hers, leaf), 0);
    assert_int_equal(tree_prove_inclusion(hers, size, ledger_node, txn, &proof), 0);
    store_abort(txn);
    erase(t, TOWN_TESS, true);
    keeping_root(t, after, size); /* of every record, forgotten ones by their hash */
    assert_memory_equal(before, after, SHA256_LEN);
    assert_int_equal(tree_check_inclusion(leaf, hers, size, &proof, after), 0);
    keeping_root(t, after, UINT64_MAX);
}

static void deliveries_about_her_are_gone_from_queues_and_dead_letters(void **state)
{
    struct town *t = *state;
    struct token_set who;

    (void)live(t, TOWN_TESS);
    (void)live(t, TOWN_SAM);
    town_person(TOWN_TESS, &who);
    keeping_day(t, TOWN_DAY + 45); /* undelivered for longer than the policy's days */
    assert_true(keeping_named(t, TOWN_TESS) > 0);
    erase(t, TOWN_TESS, true);
    assert_int_equal(keeping_named(t, TOWN_TESS), 0);
    town_reopen(t);
    town_turn(t);
    assert_int_equal(keeping_named(t, TOWN_TESS), 0);
}

static uint64_t due(struct town *t)
{
    ALM_CLEANUP(store_abortp) struct store_txn *txn = keeping_read(t);
    uint64_t n = 0;

    assert_int_equal(store_raw_count(txn, TABLE_DUE, &n), 0);
    return n;
}

/* Else it would be overdue for ever: nobody can acknowledge what is not there. */
static void nobody_owes_a_word_about_a_recall_that_was_erased(void **state)
{
    struct town *t = *state;
    struct msg *m;

    (void)keeping_asked(t, TOWN_TESS);
    m = town_msg(t, MSG_CORRECTION);
    m->correction.subject_kind = SUBJECT_PERSON;
    town_person(TOWN_TESS, &m->correction.subject);
    (void)snprintf(m->correction.question, sizeof(name_t), "truancy");
    m->correction.from = m->correction.until = TOWN_DAY;
    m->correction.kind = CORRECTION_WRONG_ANSWER;
    (void)snprintf(m->correction.reason, sizeof(m->correction.reason), "another pupil");
    (void)keeping_said(t, TOWN_SCHOOL, m);
    town_turn(t);
    assert_true(due(t) > 0);
    erase(t, TOWN_TESS, true);
    assert_int_equal(keeping_count(t, LODGED_RECALL), 0);
    assert_int_equal(due(t), 0);
}

static int full(void *ctx, enum store_step step)
{
    (void)ctx;
    return step == STORE_STEP_PUT ? ENOSPC : 0;
}

/* Room is made: it is not put off to another day, which in an exercise may never come. */
static void an_erasure_that_met_a_full_disk_goes_on_when_there_is_room(void **state)
{
    struct town *t = *state;

    (void)live(t, TOWN_TESS);
    keeping_settle(t);
    assert_string_equal(town_change(t, "erase", order(t, TOWN_TESS, true), two), "ok");
    store_fault_hook(t->core->store, full, NULL);
    for (int i = 0; i < 20; i++)
        assert_true(core_turn(t->core, 0) >= 0);
    assert_true(t->core->retention->erasing || !t->core->retention->loaded);
    assert_false(retention_waiting(t->core)); /* nor does it try in each turn, and take the others along */
    store_fault_hook(t->core->store, NULL, NULL);
    assert_true(keeping_named(t, TOWN_TESS) > 0);
    town_mono += 61000;
    town_turn(t);
    keeping_settle(t);
    assert_int_equal(keeping_named(t, TOWN_TESS), 0);
}

struct rotting {
    uint8_t octets[4096];
    size_t len;
};

static int rot(void *ctx, struct bytes key, struct bytes value)
{
    struct rotting *r = ctx;

    (void)key;
    assert_true(value.len && value.len <= sizeof(r->octets));
    memcpy(r->octets, value.data, value.len);
    r->len = value.len;
    r->octets[r->len - 1] ^= 1;
    return 1;
}

/* Of whom it is nobody can say: it stays, is said of, and holds up nothing. */
static void one_damaged_record_does_not_keep_all_others(void **state)
{
    struct town *t = *state;
    struct life tess = live(t, TOWN_TESS), sam = live(t, TOWN_SAM);
    struct rotting r = { .len = 0 };
    struct store_txn *txn;
    struct ledger_clear l;
    struct bytes key = bytes_of(sam.grant.octets, ID_LEN);

    keeping_settle(t);
    assert_int_equal(store_begin(t->core->store, true, &txn), 0);
    assert_int_equal(store_scan_raw(txn, TABLE_CONSENTS, key, bytes_of(NULL, 0), rot, &r), 0);
    assert_true(r.len > 0);
    store_put_raw(txn, TABLE_CONSENTS, key, bytes_of(r.octets, r.len));
    assert_int_equal(store_commit(txn), 0);
    assert_string_equal(town_change(t, "erase", order(t, TOWN_TESS, true), two), "ok");
    for (int i = 0; i < 200; i++)
        assert_true(core_turn(t->core, 0) >= 0);
    assert_false(keeping_has(t, LODGED_CONSENT, &tess.refusal) || keeping_has(t, LODGED_SHIELD, &tess.shield));
    assert_false(keeping_leaf(t, tess.asked));
    assert_true(keeping_has(t, LODGED_CONSENT, &sam.grant));
    assert_int_equal(town_leaves(t, EVENT_ERASED, &l), 1);
    assert_null(strstr(l.detail, "doubtful 0"));
}

/* A kill after any turn. */
static void an_erasure_goes_on_after_a_kill_at_every_step(void **state)
{
    struct town *t = *state;
    struct ledger_clear l;
    int kills = 0;

    for (int i = 0; i < 20; i++)
        (void)keeping_asked(t, i % 2 ? TOWN_TESS : TOWN_SAM);
    (void)live(t, TOWN_TESS);
    keeping_settle(t);
    /* The order is committed in the turn that it comes with. */
    assert_string_equal(town_change(t, "erase", order(t, TOWN_TESS, true), two), "ok");
    for (; kills < 500 && keeping_busy(t); kills++) {
        town_reopen(t);
        assert_true(core_turn(t->core, 0) >= 0);
    }
    assert_false(keeping_busy(t));
    print_message("# killed %d times\n", kills);
    assert_true(kills > 5);
    assert_int_equal(keeping_named(t, TOWN_TESS), 0);
    assert_true(keeping_named(t, TOWN_SAM) > 0);
    assert_int_equal(town_leaves(t, EVENT_ERASED, &l), 1);
    assert_true(l.about == keeping_leaf_of(t, EVENT_ERASE_ORDERED));
}

static void two_erasures_follow_one_another(void **state)
{
    struct town *t = *state;

    (void)live(t, TOWN_TESS);
    (void)live(t, TOWN_SAM);
    assert_string_equal(town_change(t, "erase", order(t, TOWN_TESS, true), two), "ok");
    assert_string_equal(town_change(t, "erase", order(t, TOWN_SAM, true), two), "ok");
    keeping_settle(t);
    assert_int_equal(keeping_named(t, TOWN_TESS) + keeping_named(t, TOWN_SAM), 0);
    assert_int_equal(town_leaves(t, EVENT_ERASED, NULL), 2);
}

/* --- what stays --- */

static void a_prohibition_in_force_is_kept_and_still_forbids(void **state)
{
    struct town *t = *state;
    struct life tess = live(t, TOWN_TESS);
    struct ledger_clear l;

    erase(t, TOWN_TESS, false);
    assert_false(keeping_has(t, LODGED_CONSENT, &tess.grant) || keeping_has(t, LODGED_CONCERN, &tess.concern));
    assert_true(keeping_has(t, LODGED_CONSENT, &tess.refusal));
    assert_true(keeping_has(t, LODGED_SHIELD, &tess.shield));
    assert_int_equal(town_leaves(t, EVENT_ERASED, &l), 1);
    assert_non_null(strstr(l.detail, "kept 2,"));
    assert_false(keeping_leaf(t, tess.asked));
    assert_true(keeping_leaf(t, keeping_leaf_of(t, EVENT_SHIELD_LODGED))); /* who laid it, and why */
    assert_true(keeping_leaf(t, keeping_leaf_of(t, EVENT_REFUSAL_LODGED)));
}

/* A withdrawal forbids as long as its grant is there, and both may go: in whatever order they came. */
static void a_withdrawal_goes_with_the_last_grant_that_it_ended(void **state)
{
    struct town *t = *state;
    struct id withdrawal, grant;
    struct ledger_clear l;

    withdrawal = keeping_said(t, TOWN_POLICE, town_withdraw(t, "early-help", TOWN_TESS));
    grant = keeping_said(t, TOWN_COUNCIL, town_consent(t, "early-help", TOWN_TESS)); /* given the day before */
    keeping_day(t, TOWN_DAY + 40);
    assert_true(keeping_has(t, LODGED_CONSENT, &withdrawal) && keeping_has(t, LODGED_CONSENT, &grant));
    erase(t, TOWN_TESS, false);
    assert_false(keeping_has(t, LODGED_CONSENT, &grant));
    assert_false(keeping_has(t, LODGED_CONSENT, &withdrawal));
    assert_int_equal(town_leaves(t, EVENT_ERASED, &l), 1);
    assert_non_null(strstr(l.detail, "kept 0,"));
    assert_int_equal(keeping_named(t, TOWN_TESS), 0);
}

static void a_record_whose_number_differs_is_doubtful_and_stays(void **state)
{
    struct town *t = *state;
    struct msg *m = town_consent(t, "early-help", TOWN_TESS);
    struct ledger_clear l;
    struct token_set sam;
    struct id twin;

    town_person(TOWN_SAM, &sam);
    m->consent.subject.tokens[1] = sam.tokens[1]; /* her number, another's pupil number */
    twin = keeping_said(t, TOWN_COUNCIL, m);
    erase(t, TOWN_TESS, true);
    assert_true(keeping_has(t, LODGED_CONSENT, &twin));
    assert_int_equal(town_leaves(t, EVENT_ERASED, &l), 1);
    assert_null(strstr(l.detail, "doubtful 0"));
}

static void an_unborn_child_is_not_its_mother(void **state)
{
    struct town *t = *state;
    struct life tess = live(t, TOWN_TESS);
    struct token_set who;

    town_person(TOWN_TESS, &who);
    who.unborn = true;
    assert_string_equal(town_change(t, "erase",
                                    json_pack("{s:o,s:s,s:s}", "tokens", keeping_tokens(t, &who), "cause",
                                              "objection", "reason", "x"),
                                    two),
                        "ok");
    keeping_settle(t);
    assert_true(keeping_has(t, LODGED_CONSENT, &tess.grant) && keeping_leaf(t, tess.asked));
}

/* --- what is refused --- */

static void nothing_is_erased_under_a_hold(void **state)
{
    struct town *t = *state;
    struct life tess = live(t, TOWN_TESS);

    assert_string_equal(town_change(t, "hold-add",
                                    json_pack("{s:o,s:s}", "tokens", keeping_person(t, TOWN_TESS), "reason", "inquiry"),
                                    one),
                        "ok");
    assert_string_equal(town_change(t, "erase", order(t, TOWN_TESS, true), two), "held");
    assert_string_equal(town_change(t, "erase", order(t, TOWN_SAM, true), two), "ok");
    keeping_settle(t);
    assert_true(keeping_has(t, LODGED_CONSENT, &tess.grant) && keeping_leaf(t, tess.asked));
    assert_int_equal(town_leaves(t, EVENT_ERASE_ORDERED, NULL), 1);
}

static void orders_that_are_not_whole_are_refused_and_erase_nothing(void **state)
{
    struct town *t = *state;
    struct life tess = live(t, TOWN_TESS);
    struct token_set home = { .n = 1 };
    json_t *elsewhere = keeping_person(t, TOWN_TESS), *weak;
    struct token_set who;

    town_home(1, &home.tokens[0]);
    town_person(TOWN_TESS, &who);
    who.tokens[0].kind = TOKEN_PHONETIC_DOB;
    who.n = 1;
    weak = keeping_tokens(t, &who);
    json_object_set_new(elsewhere, "origin", json_string("elsewhere.example/almoner"));
    assert_string_equal(town_change(t, "erase", order(t, TOWN_TESS, true), none), "too-few-signatures");
    assert_string_equal(town_change(t, "erase", order(t, TOWN_TESS, true), one), "too-few-signatures");
#define ORDER(tokens, cause, reason)                                                               \
    town_change(t, "erase", json_pack("{s:o,s:s,s:s}", "tokens", tokens, "cause", cause, "reason", reason), two)
    assert_string_equal(ORDER(keeping_person(t, TOWN_TESS), "because", "x"), "bad-change");
    assert_string_equal(ORDER(keeping_person(t, TOWN_TESS), "objection", ""), "bad-change");
    assert_string_equal(ORDER(json_object(), "objection", "x"), "bad-change");
    assert_string_equal(ORDER(elsewhere, "objection", "x"), "other-broker");
    assert_string_equal(ORDER(weak, "objection", "x"), "nobody-named");
    assert_string_equal(ORDER(keeping_tokens(t, &home), "objection", "x"), "nobody-named");
#undef ORDER
    keeping_settle(t);
    assert_true(keeping_has(t, LODGED_CONSENT, &tess.grant) && keeping_leaf(t, tess.asked));
    assert_int_equal(town_leaves(t, EVENT_ERASE_ORDERED, NULL), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, keeping_setup, town_teardown)
    const struct CMUnitTest tests[] = {
        T(an_erasure_leaves_nothing_that_names_the_person),
        T(no_copy_of_before_opens_with_any_key_that_is_left),
        T(one_secret_is_left_for_a_backup_and_it_is_a_new_one),
        T(all_proofs_verify_and_no_export_has_her_sealed_parts),
        T(deliveries_about_her_are_gone_from_queues_and_dead_letters),
        T(nobody_owes_a_word_about_a_recall_that_was_erased),
        T(an_erasure_that_met_a_full_disk_goes_on_when_there_is_room),
        T(one_damaged_record_does_not_keep_all_others),
        T(an_erasure_goes_on_after_a_kill_at_every_step),
        T(two_erasures_follow_one_another),
        T(a_prohibition_in_force_is_kept_and_still_forbids),
        T(a_withdrawal_goes_with_the_last_grant_that_it_ended),
        T(a_record_whose_number_differs_is_doubtful_and_stays),
        T(an_unborn_child_is_not_its_mother),
        T(nothing_is_erased_under_a_hold),
        T(orders_that_are_not_whole_are_refused_and_erase_nothing),
    };

    return cmocka_run_group_tests_name("erasure", tests, NULL, NULL);
}
