/* SPDX-License-Identifier: Apache-2.0 */
/* test_lodged.c - every kind of lodged record gone through and forgotten: nothing of it is left in any
 * table, whatever found it; legal holds and erasures as they are kept. */
#include "store_fixture.h"

#include "store/concerns.h"
#include "store/contacts.h"
#include "store/disputes.h"
#include "store/holds.h"
#include "store/lodged.h"
#include "store/overrides.h"
#include "store/raw.h"
#include "store/recalls.h"
#include "store/referrals.h"
#include "store/reliance.h"
#include "store/retokens.h"
#include "store/statements.h"
#include "store/watches.h"

static struct id id_of(uint8_t n)
{
    struct id id = { .octets = { 0x01, 0x93, [15] = n } };

    return id;
}

static struct token token_of(uint8_t kind, uint16_t epoch, uint8_t value)
{
    struct token t = { .kind = kind, .scheme = TOKEN_HMAC, .epoch = epoch };

    memset(t.value, value, sizeof(t.value));
    return t;
}

static struct token_set somebody(uint16_t epoch)
{
    return (struct token_set){ .n = 2,
                               .tokens = { token_of(TOKEN_NHS, epoch, 1),
                                           token_of(TOKEN_NAME_DOB, epoch, 2) } };
}

static struct token home_of(uint16_t epoch)
{
    return token_of(TOKEN_HOME, epoch, 7);
}

/* The same person under the next key, beside the record. */
static void carried(struct store_txn *t, enum subjects_kind kind, const struct id *id, bool home)
{
    struct retoken r = { .subject = somebody(2), .has_household = home };

    if (home)
        r.household = home_of(2);
    retokens_put(t, kind, id, &r);
}

static void put_consent(struct store *s, struct store_txn *t, const struct id *id)
{
    struct consent_record r = { .id = *id, .lodger = "council", .leaf = 3 };
    struct reliance told = { .agency = "school", .on = 5, .leaf = 9 };

    r.consent.decision = CONSENT_GRANTED;
    r.consent.subject = somebody(1);
    r.consent.expires_on = r.consent.review_on = r.consent.able_from = r.consent.able_until =
        r.consent.competence_on = r.withdrawn_on = CIVIL_NONE;
    r.consent.method = METHOD_SIGNED;
    r.consent.capacity = CAPACITY_SELF;
    r.consent.recipients.any = r.consent.sources.any = true;
    (void)snprintf(r.consent.purpose, sizeof(r.consent.purpose), "early-help");
    consents_put(t, s, &r);
    carried(t, SUBJECTS_CONSENT, id, false);
    reliance_put(t, id, &told);
}

static void put_overtaken(struct store *s, struct store_txn *t, const struct id *id)
{
    assert_int_equal(consents_withdraw(t, s, id, 40, 1, 2), -ENOENT);
}

static void put_shield(struct store *s, struct store_txn *t, const struct id *id)
{
    struct shield_record r = { .id = *id, .owner = "council", .leaf = 4 };

    r.shield.subject = somebody(1);
    r.shield.level = 2;
    r.shield.until = r.shield.review_on = CIVIL_NONE;
    shields_put(t, s, &r);
    carried(t, SUBJECTS_SHIELD, id, false);
    attempts_put(t, id, "school", 6);
    attempts_put(t, id, "police", 6);
}

static void put_dispute(struct store *s, struct store_txn *t, const struct id *id)
{
    struct dispute_record r = { .id = *id, .lodger = "school", .lifted_on = CIVIL_NONE };

    (void)s;
    r.dispute.subject = somebody(1);
    disputes_put(t, &r);
    carried(t, SUBJECTS_DISPUTE, id, false);
}

static void put_override(struct store *s, struct store_txn *t, const struct id *id)
{
    struct override_record r = { .id = *id, .agency = "council", .review_due_ms = 5, .leaf = 8 };

    (void)s;
    r.override.subject = somebody(1);
    overrides_put(t, &r);
}

static void put_concern(struct store *s, struct store_txn *t, const struct id *id)
{
    struct concern_record r = { .id = *id, .agency = "police", .outcome = OUTCOME_UNFOUNDED };

    (void)s;
    r.concern.subject_kind = SUBJECT_PERSON;
    r.concern.subject = somebody(1);
    r.concern.has_household = true;
    r.concern.household = home_of(1);
    r.concern.expires_on = 90;
    r.concern.part = PART_ALLEGED;
    concerns_put(t, &r);
    carried(t, SUBJECTS_CONCERN, id, true);
}

static void put_referral(struct store *s, struct store_txn *t, const struct id *id)
{
    struct referral_record *r = calloc(1, sizeof(*r));

    (void)s;
    assert_non_null(r);
    r->id = *id;
    (void)snprintf(r->from, sizeof(r->from), "council");
    (void)snprintf(r->to, sizeof(r->to), "charity");
    r->subject_kind = SUBJECT_PERSON;
    r->subject = somebody(1);
    r->has_household = true;
    r->household = home_of(1);
    r->running = true;
    r->leaf = 11;
    r->kind = REFERRAL_SOFT;
    r->n_steps = 2;
    (void)snprintf(r->steps[0].to, sizeof(name_t), "clinic");
    (void)snprintf(r->steps[1].to, sizeof(name_t), "charity");
    referrals_put(t, r);
    carried(t, SUBJECTS_REFERRAL, id, true);
    free(r);
}

static void put_statement(struct store *s, struct store_txn *t, const struct id *id)
{
    struct statement_record *r = calloc(1, sizeof(*r));

    (void)s;
    assert_non_null(r);
    r->id = *id;
    (void)snprintf(r->lodger, sizeof(r->lodger), "council");
    r->statement.subject = somebody(1);
    (void)snprintf(r->statement.text, sizeof(r->statement.text), "it was not so");
    statements_put(t, r);
    free(r);
}

static void put_episode(struct store *s, struct store_txn *t, const struct id *id)
{
    struct episode_record *r = calloc(1, sizeof(*r));

    (void)s;
    assert_non_null(r);
    r->id = *id;
    r->subject_kind = SUBJECT_PERSON;
    r->subject = somebody(1);
    r->severity = SEVERITY_LOW;
    r->over_on = 50;
    episodes_put(t, r);
    carried(t, SUBJECTS_EPISODE, id, false);
    free(r);
}

static void put_watch(struct store *s, struct store_txn *t, const struct id *id)
{
    struct watch_record *r = calloc(1, sizeof(*r));

    (void)s;
    assert_non_null(r);
    r->id = *id;
    (void)snprintf(r->agency, sizeof(r->agency), "council");
    r->watch.subject = somebody(1);
    r->watch.has_household = true;
    r->watch.household = home_of(1);
    r->watch.until = 70;
    r->watch.agencies.any = true;
    watches_put(t, r);
    carried(t, SUBJECTS_WATCH, id, true);
    free(r);
}

static const struct {
    enum lodged_kind kind;
    const char *name;
    void (*put)(struct store *s, struct store_txn *t, const struct id *id);
} kinds[] = {
    { LODGED_CONSENT, "a consent", put_consent },
    { LODGED_OVERTAKEN, "a withdrawal that waits", put_overtaken },
    { LODGED_SHIELD, "a shield", put_shield },
    { LODGED_DISPUTE, "a dispute", put_dispute },
    { LODGED_OVERRIDE, "an override", put_override },
    { LODGED_CONCERN, "a concern", put_concern },
    { LODGED_REFERRAL, "a referral", put_referral },
    { LODGED_STATEMENT, "a statement", put_statement },
    { LODGED_EPISODE, "an episode", put_episode },
    { LODGED_WATCH, "a watch", put_watch },
};

/* Values in all tables but those that every store has. */
static uint64_t left(struct store_txn *t)
{
    uint64_t n = 0, one;

    for (enum table table = 0; table < TABLE_COUNT; table++) {
        if (table == TABLE_META)
            continue;
        assert_int_equal(store_raw_count(t, table, &one), 0);
        n += one;
    }
    return n;
}

static void a_record_that_is_forgotten_leaves_nothing_in_any_table(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < ALM_LEN(kinds); i++) {
        struct store_txn *t = NULL;
        struct id id = id_of((uint8_t)(i + 1));

        assert_int_equal(store_begin(f->store, true, &t), 0);
        kinds[i].put(f->store, t, &id);
        if (store_status(t) || left(t) == 0)
            fail_msg("%s: not put (%d)", kinds[i].name, store_status(t));
        assert_int_equal(lodged_forget(t, kinds[i].kind, &id), 0);
        if (left(t))
            fail_msg("%s: %llu values are left", kinds[i].name, (unsigned long long)left(t));
        assert_int_equal(lodged_forget(t, kinds[i].kind, &id), -ENOENT);
        assert_int_equal(store_commit(t), 0);
    }
}

static void what_others_lodged_about_the_same_person_is_found_as_before(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t = NULL;
    struct id one = id_of(1), two = id_of(2);
    struct token_set who = somebody(1);
    struct concern_record r;
    uint64_t before;

    assert_int_equal(store_begin(f->store, true, &t), 0);
    put_concern(f->store, t, &two);
    put_consent(f->store, t, &two);
    before = left(t);
    put_concern(f->store, t, &one);
    put_consent(f->store, t, &one);
    assert_int_equal(lodged_forget(t, LODGED_CONCERN, &one), 0);
    assert_int_equal(lodged_forget(t, LODGED_CONSENT, &one), 0);
    assert_int_equal(left(t), before);
    assert_int_equal(concerns_get(t, &two, &r), 0);
    assert_int_equal(r.concern.part, PART_ALLEGED);
    assert_int_equal(r.outcome, OUTCOME_UNFOUNDED);
    assert_true(token_equal(&r.concern.subject.tokens[0], &who.tokens[0]));
    assert_int_equal(store_commit(t), 0);
}

static void records_are_gone_through_in_order_from_any_place(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t = NULL;
    struct id ids[4], at;
    size_t n = 9;

    assert_int_equal(store_begin(f->store, true, &t), 0);
    for (uint8_t i = 1; i <= 5; i++) {
        at = id_of(i);
        put_concern(f->store, t, &at);
        put_overtaken(f->store, t, &at);
        if (i != 3)
            put_consent(f->store, t, &at);
    }
    assert_int_equal(lodged_ids(t, LODGED_CONCERN, &(struct id){ 0 }, 4, ids, &n), 0);
    assert_int_equal(n, 4);
    at = ids[3];
    assert_int_equal(at.octets[15], 4);
    assert_int_equal(lodged_ids(t, LODGED_CONCERN, &at, 4, ids, &n), 0);
    assert_int_equal(n, 1);
    at = id_of(2);
    assert_int_equal(lodged_ids(t, LODGED_OVERTAKEN, &at, 4, ids, &n), 0); /* a grant takes its own */
    assert_int_equal(n, 1);
    assert_int_equal(ids[0].octets[15], 3);
    assert_int_equal(lodged_ids(t, LODGED_SHIELD, &(struct id){ 0 }, 4, ids, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(lodged_ids(t, LODGED_END, &(struct id){ 0 }, 4, ids, &n), -EINVAL);
    assert_int_equal(lodged_forget(t, (enum lodged_kind)0, &at), -EINVAL);
    store_abort(t);
}

/* --- holds and erasures --- */

static struct about_whom about(void)
{
    struct about_whom a = { .n = 4 };

    for (uint8_t i = 0; i < a.n; i++)
        a.tokens[i] = token_of(TOKEN_NHS, (uint16_t)(1 + i / 2), (uint8_t)(20 + i));
    return a;
}

static int hold_count(void *ctx, const struct hold_record *r)
{
    size_t *n = ctx;

    assert_int_equal(r->about.n, 4);
    assert_string_equal(r->officer, "alice");
    ++*n;
    return 0;
}

static void a_hold_is_there_until_it_is_taken_away(void **state)
{
    struct fixture *f = *state;
    struct hold_record r = { .id = id_of(1), .officer = "alice", .put_on = 5, .review_on = 370,
                             .leaf = 17, .about = about() }, got;
    struct store_txn *t = NULL;
    size_t n = 0;

    assert_int_equal(store_begin(f->store, true, &t), 0);
    holds_put(t, &r);
    r.id = id_of(2);
    holds_put(t, &r);
    assert_int_equal(store_commit(t), 0);
    assert_int_equal(store_begin(f->store, true, &t), 0);
    assert_int_equal(holds_each(t, hold_count, &n), 0);
    assert_int_equal(n, 2);
    assert_int_equal(holds_get(t, &r.id, &got), 0);
    assert_int_equal(got.review_on, 370);
    assert_int_equal(got.leaf, 17);
    assert_memory_equal(&got.about, &r.about, sizeof(got.about));
    holds_del(t, &r.id);
    assert_int_equal(holds_get(t, &r.id, &got), -ENOENT);
    store_abort(t);
}

static void erasures_are_taken_one_after_another_with_what_they_found(void **state)
{
    struct fixture *f = *state;
    struct erasure_record r = { .id = id_of(2), .cause = "objection", .prohibitions = true,
                                .phase = ERASURE_FIND, .next = 77, .n_leaves = 3, .about = about() }, got;
    struct store_txn *t = NULL;
    uint64_t leaves[4];
    size_t n = 0;

    assert_int_equal(store_begin(f->store, true, &t), 0);
    assert_int_equal(erasures_first(t, &got), -ENOENT);
    erasures_put(t, &r);
    for (uint64_t leaf = 10; leaf < 16; leaf++)
        erasure_found_put(t, &r.id, leaf * 1000);
    r.id = id_of(1);
    r.phase = ERASURE_RECORDS;
    erasures_put(t, &r);
    assert_int_equal(erasures_first(t, &got), 0);
    assert_true(id_equal(&got.id, &r.id) && got.prohibitions && got.next == 77);
    assert_int_equal(erasure_found(t, &r.id, 0, 4, leaves, &n), 0);
    assert_int_equal(n, 0); /* those are the other's */
    erasures_del(t, &r.id);
    assert_int_equal(erasures_first(t, &got), 0);
    assert_string_equal(got.cause, "objection");
    assert_int_equal(erasure_found(t, &got.id, 12000, 4, leaves, &n), 0);
    assert_int_equal(n, 4);
    assert_int_equal(leaves[0], 12000);
    erasure_found_del(t, &got.id, 12000);
    assert_int_equal(erasure_found(t, &got.id, 12000, 4, leaves, &n), 0);
    assert_int_equal(n, 3);
    store_abort(t);
}

static void a_hold_or_erasure_that_makes_no_sense_is_damage(void **state)
{
    struct fixture *f = *state;
    struct hold_record hold = { .id = id_of(1), .officer = "alice" }, got;
    struct erasure_record erasure = { .id = id_of(1), .cause = "objection", .about = about() }, first;
    struct store_txn *t = NULL;
    uint8_t key[1 + ID_LEN] = { 'h' };

    assert_int_equal(store_begin(f->store, true, &t), 0);
    holds_put(t, &hold); /* of nobody */
    assert_int_equal(holds_get(t, &hold.id, &got), -EBADMSG);
    hold.about = about();
    holds_put(t, &hold);
    assert_int_equal(holds_get(t, &hold.id, &got), 0);
    memcpy(key + 1, hold.id.octets, ID_LEN);
    store_put(t, TABLE_HOLDS, bytes_of(key, sizeof(key)), bytes_str("\x02"));
    assert_int_equal(holds_get(t, &hold.id, &got), -EBADMSG);
    assert_int_equal(holds_each(t, hold_count, &(size_t){ 0 }), -EBADMSG);
    erasures_put(t, &erasure); /* in no phase */
    assert_int_equal(erasures_first(t, &first), -EBADMSG);
    erasure.phase = ERASURE_FORGET + 1;
    erasures_put(t, &erasure);
    assert_int_equal(erasures_first(t, &first), -EBADMSG);
    store_abort(t);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(a_record_that_is_forgotten_leaves_nothing_in_any_table),
        T(what_others_lodged_about_the_same_person_is_found_as_before),
        T(records_are_gone_through_in_order_from_any_place),
        T(a_hold_is_there_until_it_is_taken_away),
        T(erasures_are_taken_one_after_another_with_what_they_found),
        T(a_hold_or_erasure_that_makes_no_sense_is_damage),
    };

    return cmocka_run_group_tests_name("lodged", tests, NULL, NULL);
}
