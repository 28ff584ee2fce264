/* SPDX-License-Identifier: Apache-2.0 */
/* test_retokens.c - a record's tokens under more than one epoch: which set is shown when, what finds it,
 * and what is left when an epoch goes. */
#include "store_fixture.h"

#include "store/concerns.h"
#include "store/consents.h"
#include "store/disputes.h"
#include "store/overrides.h"
#include "store/referrals.h"
#include "store/retokens.h"
#include "store/watches.h"

#define ONE ((struct token_epoch){ TOKEN_HMAC, 1 })
#define TWO ((struct token_epoch){ TOKEN_HMAC, 2 })

static struct token token_of(uint8_t kind, uint8_t who, uint16_t epoch)
{
    struct token t = { .kind = kind, .scheme = TOKEN_HMAC, .epoch = epoch };

    memset(t.value, (int)(16 * epoch + who), sizeof(t.value));
    return t;
}

static struct token_set set_of(uint8_t who, uint16_t epoch)
{
    return (struct token_set){ .n = 2,
                               .tokens = { token_of(TOKEN_NHS, who, epoch),
                                           token_of(TOKEN_NAME_DOB, who, epoch) } };
}

static struct id id_of(uint8_t n)
{
    struct id id = { { 1 } };

    id.octets[ID_LEN - 1] = n;
    return id;
}

static struct retoken other_of(uint8_t who, bool home, uint16_t epoch)
{
    struct retoken r = { .subject = set_of(who, epoch), .has_household = home };

    if (home)
        r.household = token_of(TOKEN_HOME, who, epoch);
    return r;
}

/* --- every kind of record, by the same few words --- */

struct seen { /* what was found, and with which tokens */
    unsigned n;
    uint16_t epoch, home; /* of the last one; 0: it has none */
};

static void seen_one(struct seen *s, const struct token_set *subject, const struct token *home)
{
    s->n++;
    s->epoch = token_set_epoch(subject).epoch;
    s->home = home && home->kind ? home->epoch : 0;
}

#define VISIT(name, type, subject, home)                                                           \
    static int name##_visit(void *ctx, const struct type *r)                                       \
    {                                                                                              \
        seen_one(ctx, &r->subject, home);                                                          \
        return 0;                                                                                  \
    }
VISIT(consent, consent_record, consent.subject, NULL)
VISIT(shield, shield_record, shield.subject, NULL)
VISIT(dispute, dispute_record, dispute.subject, NULL)
VISIT(concern, concern_record, concern.subject, &r->concern.household)
VISIT(episode, episode_record, subject, NULL)
VISIT(watch, watch_record, watch.subject, &r->watch.household)
VISIT(referral, referral_record, subject, &r->household)

#define GET(name, type, call, subject, home)                                                       \
    static struct type name##_record;                                                              \
    static void name##_get(struct store_txn *t, const struct id *id, struct seen *s)               \
    {                                                                                              \
        assert_int_equal(call(t, id, &name##_record), 0);                                          \
        seen_one(s, &name##_record.subject, home);                                                 \
    }
GET(consent, consent_record, consents_get, consent.subject, NULL)
GET(shield, shield_record, shields_get, shield.subject, NULL)
GET(dispute, dispute_record, disputes_get, dispute.subject, NULL)
GET(concern, concern_record, concerns_get, concern.subject, &concern_record.concern.household)
GET(episode, episode_record, episodes_get, subject, NULL)
GET(watch, watch_record, watches_get, watch.subject, &watch_record.watch.household)
GET(referral, referral_record, referrals_get, subject, &referral_record.household)

static void consent_put(struct store_txn *t, const struct id *id, bool anew)
{
    if (!anew)
        consent_record = (struct consent_record){ .id = *id,
                                                  .lodger = "school",
                                                  .withdrawn_on = CIVIL_NONE,
                                                  .consent = { .decision = CONSENT_REFUSED,
                                                               .subject = set_of(1, 1),
                                                               .purpose = "help",
                                                               .expires_on = CIVIL_NONE } };
    consents_put(t, store_of(t), &consent_record);
}

static void shield_put(struct store_txn *t, const struct id *id, bool anew)
{
    if (!anew)
        shield_record = (struct shield_record){ .id = *id,
                                                .owner = "council",
                                                .shield = { .subject = set_of(1, 1),
                                                            .level = 2,
                                                            .until = CIVIL_NONE } };
    shields_put(t, store_of(t), &shield_record);
}

static void dispute_put(struct store_txn *t, const struct id *id, bool anew)
{
    if (!anew)
        dispute_record = (struct dispute_record){ .id = *id,
                                                  .lodger = "school",
                                                  .dispute = { .subject = set_of(1, 1),
                                                               .purpose = "help" },
                                                  .lifted_on = CIVIL_NONE };
    disputes_put(t, &dispute_record);
}

static void concern_put(struct store_txn *t, const struct id *id, bool anew)
{
    if (!anew)
        concern_record = (struct concern_record){ .id = *id,
                                                  .agency = "school",
                                                  .concern = { .severity = 1,
                                                               .subject_kind = SUBJECT_PERSON,
                                                               .subject = set_of(1, 1),
                                                               .has_household = true,
                                                               .household =
                                                                   token_of(TOKEN_HOME, 1, 1),
                                                               .expires_on = 30000 } };
    concerns_put(t, &concern_record);
}

static void episode_put(struct store_txn *t, const struct id *id, bool anew)
{
    if (!anew)
        episode_record = (struct episode_record){ .id = *id,
                                                  .rule = "worry",
                                                  .subject_kind = SUBJECT_PERSON,
                                                  .subject = set_of(1, 1),
                                                  .over_on = 30000 };
    episodes_put(t, &episode_record);
}

static void watch_put(struct store_txn *t, const struct id *id, bool anew)
{
    if (!anew)
        watch_record = (struct watch_record){ .id = *id,
                                              .agency = "charity",
                                              .watch = { .subject = set_of(1, 1),
                                                         .has_household = true,
                                                         .household = token_of(TOKEN_HOME, 1, 1),
                                                         .until = 30000 } };
    watches_put(t, &watch_record);
}

static void referral_put(struct store_txn *t, const struct id *id, bool anew)
{
    if (!anew)
        referral_record = (struct referral_record){ .id = *id,
                                                    .from = "school",
                                                    .to = "clinic",
                                                    .subject_kind = SUBJECT_PERSON,
                                                    .subject = set_of(1, 1),
                                                    .has_household = true,
                                                    .household = token_of(TOKEN_HOME, 1, 1),
                                                    .state = REFERRAL_SENT,
                                                    .kind = REFERRAL_SOFT,
                                                    .due_on = CIVIL_NONE,
                                                    .running = true };
    referrals_put(t, &referral_record);
}

static int consent_find(struct store_txn *t, const struct token_set *by, struct seen *s)
{
    return consents_about(t, store_of(t), by, "", consent_visit, s);
}
static int shield_find(struct store_txn *t, const struct token_set *by, struct seen *s)
{
    return shields_about(t, store_of(t), by, shield_visit, s);
}
static int dispute_find(struct store_txn *t, const struct token_set *by, struct seen *s)
{
    return disputes_about(t, by, "", dispute_visit, s);
}
static int concern_find(struct store_txn *t, const struct token_set *by, struct seen *s)
{
    return concerns_about(t, by, concern_visit, s);
}
static int episode_find(struct store_txn *t, const struct token_set *by, struct seen *s)
{
    return episodes_about(t, by, episode_visit, s);
}
static int watch_find(struct store_txn *t, const struct token_set *by, struct seen *s)
{
    return watches_about(t, by, watch_visit, s);
}
static int referral_find(struct store_txn *t, const struct token_set *by, struct seen *s)
{
    static const struct token no_home;

    return referrals_about(t, by, &no_home, referral_visit, s);
}

static const struct {
    enum subjects_kind kind;
    bool home;
    void (*put)(struct store_txn *t, const struct id *id, bool anew);
    void (*get)(struct store_txn *t, const struct id *id, struct seen *s);
    int (*find)(struct store_txn *t, const struct token_set *by, struct seen *s);
} kinds[] = {
    { SUBJECTS_CONSENT, false, consent_put, consent_get, consent_find },
    { SUBJECTS_SHIELD, false, shield_put, shield_get, shield_find },
    { SUBJECTS_DISPUTE, false, dispute_put, dispute_get, dispute_find },
    { SUBJECTS_CONCERN, true, concern_put, concern_get, concern_find },
    { SUBJECTS_EPISODE, false, episode_put, episode_get, episode_find },
    { SUBJECTS_WATCH, true, watch_put, watch_get, watch_find },
    { SUBJECTS_REFERRAL, true, referral_put, referral_get, referral_find },
};

static struct seen found(struct fixture *f, size_t k, uint16_t epoch)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = fixture_begin(f, false);
    struct token_set by = set_of(1, epoch);
    struct seen s = { 0 };

    assert_int_equal(kinds[k].find(t, &by, &s), 0);
    return s;
}

static struct seen got(struct fixture *f, size_t k)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = fixture_begin(f, false);
    struct id id = id_of((uint8_t)k);
    struct seen s = { 0 };

    kinds[k].get(t, &id, &s);
    return s;
}

static void lodge(struct fixture *f, size_t k, bool carried)
{
    struct store_txn *t = fixture_begin(f, true);
    struct id id = id_of((uint8_t)k);
    struct retoken other = other_of(1, kinds[k].home, 2);

    kinds[k].put(t, &id, false);
    if (carried)
        retokens_put(t, kinds[k].kind, &id, &other);
    assert_int_equal(store_commit(t), 0);
}

static void put_again(struct fixture *f, size_t k)
{
    struct store_txn *t = fixture_begin(f, true);
    struct id id = id_of((uint8_t)k);
    struct seen s = { 0 };

    kinds[k].get(t, &id, &s);
    kinds[k].put(t, &id, true);
    assert_int_equal(store_commit(t), 0);
}

/* In steps of one record, with another process at each. */
static unsigned settle(struct fixture *f, struct token_epoch a, struct token_epoch b, bool reopen)
{
    struct token_epochs e = { .n = b.scheme ? 2 : 1, .at = { a, b } };
    bool done = false;
    unsigned steps = 0;

    while (!done) {
        struct store_txn *t = fixture_begin(f, true);

        assert_int_equal(retokens_settle(t, &e, 1, &done), 0);
        assert_int_equal(store_commit(t), 0);
        if (reopen)
            fixture_reopen(f);
        if (++steps > 1000)
            fail_msg("it never ends");
    }
    return steps;
}
#define NO_EPOCH ((struct token_epoch){ .scheme = 0 })

/* --- the tests --- */

static void a_record_is_found_under_each_epoch_and_shown_with_that_ones_tokens(void **state)
{
    struct fixture *f = *state;

    for (size_t k = 0; k < ALM_LEN(kinds); k++) {
        lodge(f, k, true);
        for (uint16_t epoch = 1; epoch <= 2; epoch++) {
            struct seen s = found(f, k, epoch);

            assert_int_equal(s.n, 1);
            assert_int_equal(s.epoch, epoch);
            assert_int_equal(s.home, kinds[k].home ? epoch : 0);
        }
        assert_int_equal(found(f, k, 3).n, 0);
    }
}

static void by_its_id_it_has_the_current_ones_if_it_was_carried(void **state)
{
    struct fixture *f = *state;

    for (size_t k = 0; k < ALM_LEN(kinds); k++) {
        lodge(f, k, k % 2);
        assert_int_equal(got(f, k).epoch, 1);
        retokens_current(f->store, TWO);
        assert_int_equal(got(f, k).epoch, k % 2 ? 2 : 1);
        retokens_current(f->store, ONE);
        assert_int_equal(got(f, k).epoch, 1);
    }
}

static void putting_it_again_changes_no_tokens(void **state)
{
    struct fixture *f = *state;

    for (size_t k = 0; k < ALM_LEN(kinds); k++) {
        lodge(f, k, true);
        retokens_current(f->store, TWO);
        put_again(f, k);
        put_again(f, k);
        assert_int_equal(found(f, k, 1).epoch, 1);
        assert_int_equal(found(f, k, 2).epoch, 2);
        retokens_current(f->store, ONE);
        assert_int_equal(got(f, k).epoch, 1);
        put_again(f, k);
        assert_int_equal(found(f, k, 2).n, 1);
    }
}

static void when_its_epoch_goes_the_other_set_is_its_own(void **state)
{
    struct fixture *f = *state;

    for (size_t k = 0; k < ALM_LEN(kinds); k++)
        lodge(f, k, true);
    assert_true(settle(f, TWO, NO_EPOCH, true) > ALM_LEN(kinds));
    for (size_t k = 0; k < ALM_LEN(kinds); k++) {
        assert_int_equal(found(f, k, 1).n, 0);
        assert_int_equal(found(f, k, 2).n, 1);
        assert_int_equal(got(f, k).epoch, 2);
        assert_int_equal(got(f, k).home, kinds[k].home ? 2 : 0);
        put_again(f, k);
        assert_int_equal(found(f, k, 2).n, 1);
    }
    assert_int_equal(settle(f, TWO, NO_EPOCH, false), 1); /* nothing is left to do */
}

static void a_record_that_was_never_carried_keeps_no_tokens_and_can_still_be_changed(void **state)
{
    struct fixture *f = *state;

    for (size_t k = 0; k < ALM_LEN(kinds); k++)
        lodge(f, k, false);
    (void)settle(f, TWO, NO_EPOCH, true);
    for (size_t k = 0; k < ALM_LEN(kinds); k++) {
        assert_int_equal(found(f, k, 1).n, 0);
        assert_int_equal(got(f, k).epoch, 0);
        assert_int_equal(got(f, k).home, 0);
        put_again(f, k);
        assert_int_equal(got(f, k).epoch, 0);
    }
}

static void while_both_epochs_are_listed_nothing_goes_and_a_next_that_is_given_up_does(void **state)
{
    struct fixture *f = *state;

    for (size_t k = 0; k < ALM_LEN(kinds); k++)
        lodge(f, k, true);
    (void)settle(f, ONE, TWO, false);
    for (size_t k = 0; k < ALM_LEN(kinds); k++) {
        assert_int_equal(found(f, k, 1).n, 1);
        assert_int_equal(found(f, k, 2).n, 1);
    }
    (void)settle(f, ONE, NO_EPOCH, true);
    for (size_t k = 0; k < ALM_LEN(kinds); k++) {
        assert_int_equal(found(f, k, 1).n, 1);
        assert_int_equal(found(f, k, 2).n, 0);
        assert_int_equal(got(f, k).epoch, 1);
    }
}

static void an_override_loses_its_tokens_and_is_still_reviewed(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t = fixture_begin(f, true);
    struct override_record r = { .id = id_of(1),
                                 .agency = "school",
                                 .review_due_ms = 5,
                                 .override = { .subject = set_of(1, 1), .hours = 1 } },
                           back;

    overrides_put(t, &r);
    assert_int_equal(store_commit(t), 0);
    (void)settle(f, TWO, NO_EPOCH, false);
    t = fixture_begin(f, true);
    assert_int_equal(overrides_get(t, &r.id, &back), 0);
    assert_int_equal(back.override.subject.n, 0);
    back.finding = FINDING_JUSTIFIED;
    overrides_put(t, &back);
    assert_int_equal(store_commit(t), 0);
}

static void what_is_withdrawn_or_ended_is_found_under_no_epoch(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t;
    struct id concern = id_of(3), watch = id_of(5);

    lodge(f, 3, true);
    lodge(f, 5, true);
    t = fixture_begin(f, true);
    assert_int_equal(concerns_get(t, &concern, &concern_record), 0);
    concern_record.withdrawn = true;
    concerns_put(t, &concern_record);
    assert_int_equal(watches_get(t, &watch, &watch_record), 0);
    watch_record.ended = true;
    watches_put(t, &watch_record);
    assert_int_equal(store_commit(t), 0);
    for (uint16_t epoch = 1; epoch <= 2; epoch++) {
        assert_int_equal(found(f, 3, epoch).n, 0);
        assert_int_equal(found(f, 5, epoch).n, 0);
    }
    (void)settle(f, TWO, NO_EPOCH, false); /* and does not come back with another key */
    assert_int_equal(found(f, 3, 2).n, 0);
    assert_int_equal(found(f, 5, 2).n, 0);
}

static void a_watch_that_moves_is_seen_at_its_new_home_alone(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t;
    struct id id = id_of(5);
    struct token old1 = token_of(TOKEN_HOME, 1, 1), old2 = token_of(TOKEN_HOME, 1, 2);
    struct token now = token_of(TOKEN_HOME, 9, 2);
    struct seen s[3] = { { 0 } };

    lodge(f, 5, true);
    retokens_current(f->store, TWO);
    t = fixture_begin(f, true);
    assert_int_equal(watches_get(t, &id, &watch_record), 0);
    watch_record.watch.household = now;
    watches_put(t, &watch_record);
    assert_int_equal(watches_at(t, &old1, watch_visit, &s[0]), 0);
    assert_int_equal(watches_at(t, &old2, watch_visit, &s[1]), 0);
    assert_int_equal(watches_at(t, &now, watch_visit, &s[2]), 0);
    assert_int_equal(store_commit(t), 0);
    assert_int_equal(s[0].n + s[1].n, 0);
    assert_int_equal(s[2].n, 1);
    assert_int_equal(s[2].epoch, 2);
    assert_int_equal(s[2].home, 2);
    (void)settle(f, TWO, NO_EPOCH, false);
    assert_int_equal(got(f, 5).home, 2);
    assert_int_equal(found(f, 5, 2).n, 1);
}

static void a_forgotten_record_leaves_nothing_under_any_epoch(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t;
    size_t n = 0;

    lodge(f, 3, true);
    lodge(f, 4, true);
    t = fixture_begin(f, true);
    assert_int_equal(concerns_sweep(t, 30001, 10, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(episodes_sweep(t, 30001, 10, NULL, NULL, &n), 0);
    assert_int_equal(store_commit(t), 0);
    for (uint16_t epoch = 1; epoch <= 2; epoch++)
        assert_int_equal(found(f, 3, epoch).n + found(f, 4, epoch).n, 0);
}

static void an_index_entry_without_its_set_is_damage(void **state)
{
    struct fixture *f = *state;
    uint8_t key[1 + ID_LEN + 3] = { SUBJECTS_SHIELD };
    struct token_set by = set_of(1, 2);
    struct id id = id_of(1);
    struct seen s = { 0 };
    struct store_txn *t;

    lodge(f, 1, true);
    memcpy(key + 1, id.octets, ID_LEN);
    key[1 + ID_LEN] = TOKEN_HMAC;
    key[1 + ID_LEN + 2] = 2;
    t = fixture_begin(f, true);
    store_del(t, TABLE_RETOKENS, bytes_of(key, sizeof(key)));
    assert_int_equal(shields_about(t, f->store, &by, shield_visit, &s), -EBADMSG);
    store_abort(t);
    assert_int_equal(s.n, 0);
}

static int survey_one(void *ctx, const struct survey_record *r)
{
    unsigned *n = ctx;

    n[0]++;
    n[1] += survey_has(r, TWO);
    n[2] += survey_forbids(r);
    return 0;
}

static void the_survey_sees_each_record_and_what_it_has(void **state)
{
    struct fixture *f = *state;
    unsigned n[3] = { 0 };
    struct store_txn *t;

    for (size_t k = 0; k < ALM_LEN(kinds); k++)
        lodge(f, k, k < 2);
    t = fixture_begin(f, true);
    shield_record.lifted = true;
    shields_put(t, f->store, &shield_record);
    assert_int_equal(store_commit(t), 0);
    t = fixture_begin(f, false);
    assert_int_equal(retokens_survey(t, 20000, survey_one, n), 0);
    store_abort(t);
    assert_int_equal(n[0], 6); /* an episode is nobody's to carry */
    assert_int_equal(n[1], 2);
    assert_int_equal(n[2], 2); /* the refusal and the dispute; the shield was lifted */
}

/* A store of the version before, which found shields by numbers, names and birth dates alone. */
static void a_shield_of_an_older_store_is_found_by_what_is_near_once_settled(void **state)
{
    struct fixture *f = *state;
    struct token_set sound = { .n = 1, .tokens = { token_of(TOKEN_PHONETIC_DOB, 1, 1) } };
    struct store_txn *t = fixture_begin(f, true);
    struct id id = id_of(1);
    struct seen s = { 0 };

    shield_put(t, &id, false);
    shield_record.shield.subject.tokens[shield_record.shield.subject.n++] = sound.tokens[0];
    shields_put(t, store_of(t), &shield_record);
    assert_int_equal(store_commit(t), 0);
    t = fixture_begin(f, true);
    subjects_remove(t, SUBJECTS_SHIELD, &sound, &id);
    assert_int_equal(shield_find(t, &sound, &s), 0);
    assert_int_equal(s.n, 0);
    assert_int_equal(store_commit(t), 0);
    (void)settle(f, ONE, NO_EPOCH, true);
    t = fixture_begin(f, false);
    assert_int_equal(shield_find(t, &sound, &s), 0);
    assert_int_equal(s.n, 1);
    store_abort(t);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_record_is_found_under_each_epoch_and_shown_with_that_ones_tokens),
        TEST(by_its_id_it_has_the_current_ones_if_it_was_carried),
        TEST(putting_it_again_changes_no_tokens),
        TEST(when_its_epoch_goes_the_other_set_is_its_own),
        TEST(a_record_that_was_never_carried_keeps_no_tokens_and_can_still_be_changed),
        TEST(while_both_epochs_are_listed_nothing_goes_and_a_next_that_is_given_up_does),
        TEST(an_override_loses_its_tokens_and_is_still_reviewed),
        TEST(what_is_withdrawn_or_ended_is_found_under_no_epoch),
        TEST(a_watch_that_moves_is_seen_at_its_new_home_alone),
        TEST(a_forgotten_record_leaves_nothing_under_any_epoch),
        TEST(an_index_entry_without_its_set_is_damage),
        TEST(the_survey_sees_each_record_and_what_it_has),
        TEST(a_shield_of_an_older_store_is_found_by_what_is_near_once_settled),
    };

    return cmocka_run_group_tests_name("retokens", tests, NULL, NULL);
}
