/* SPDX-License-Identifier: Apache-2.0 */
/* test_fsck_found.c - what finds records, each way of it: a store where one is gone is not called
 * sound. */
#include "ledger_fixture.h"

#include "backup/fsck.h"
#include "store/concerns.h"
#include "store/consents.h"
#include "store/disputes.h"
#include "store/internal.h"
#include "store/lodged.h"
#include "store/overrides.h"
#include "store/referrals.h"
#include "store/referrals_home.h"
#include "store/retokens.h"
#include "store/watches.h"

#define LEAVES 20

static struct token token_of(uint8_t kind, uint8_t who, uint16_t epoch)
{
    struct token t = { .kind = kind, .scheme = TOKEN_HMAC, .epoch = epoch };

    memset(t.value, 16 * epoch + who, sizeof(t.value));
    return t;
}

static struct token home_of(uint8_t who, uint16_t epoch)
{
    return token_of(TOKEN_HOME, who, epoch);
}

static struct token_set set_of(uint8_t who, uint16_t epoch)
{
    return (struct token_set){
        .n = 2, .tokens = { token_of(TOKEN_NHS, who, epoch), token_of(TOKEN_NAME_DOB, who, epoch) }
    };
}

static struct id id_of(uint8_t n)
{
    struct id id = { { 1 } };

    id.octets[ID_LEN - 1] = n;
    return id;
}

#define text_of(to, from) assert_int_equal(text_copy(to, sizeof(to), from), 0)

/* --- one record of each kind, by the number of its person --- */

enum who {
    CONSENT = 1,
    SHIELD,
    DISPUTE,
    OVERRIDE,
    CONCERN,
    CONCERN_HOME,
    EPISODE_HOME,
    WATCH,
    REFERRAL
};

static void put_lodged(struct store_txn *t)
{
    static struct consent_record c;
    static struct shield_record s;
    static struct dispute_record d;
    static struct override_record o;

    c = (struct consent_record){ .id = id_of(CONSENT), .withdrawn_on = CIVIL_NONE, .leaf = 3 };
    text_of(c.lodger, "school");
    c.consent.subject = set_of(CONSENT, 1);
    c.consent.decision = CONSENT_REFUSED;
    c.consent.expires_on = CIVIL_NONE;
    consents_put(t, store_of(t), &c);
    s = (struct shield_record){ .id = id_of(SHIELD), .leaf = 4 };
    text_of(s.owner, "school");
    s.shield.subject = set_of(SHIELD, 1);
    s.shield.level = 1;
    s.shield.until = CIVIL_NONE;
    shields_put(t, store_of(t), &s);
    d = (struct dispute_record){ .id = id_of(DISPUTE), .lifted_on = CIVIL_NONE, .leaf = 5 };
    text_of(d.lodger, "school");
    d.dispute.subject = set_of(DISPUTE, 1);
    disputes_put(t, &d);
    o = (struct override_record){ .id = id_of(OVERRIDE), .leaf = 6, .review_due_ms = 1 };
    text_of(o.agency, "school");
    o.override.subject = set_of(OVERRIDE, 1);
    overrides_put(t, &o);
}

static void put_concern(struct store_txn *t, uint8_t who, bool person)
{
    static struct concern_record c;

    c = (struct concern_record){ .id = id_of(who), .lodged_on = 20700, .leaf = 7 };
    text_of(c.agency, "school");
    c.concern.subject_kind = person ? SUBJECT_PERSON : SUBJECT_HOUSEHOLD;
    if (person)
        c.concern.subject = set_of(who, 1);
    c.concern.has_household = true;
    c.concern.household = home_of(who, 1);
    c.concern.observed_on = 20699;
    c.concern.expires_on = 20800;
    concerns_put(t, &c);
}

static void put_cases(struct store_txn *t)
{
    static struct episode_record e;
    static struct watch_record w;
    static struct referral_record r;

    put_concern(t, CONCERN, true);
    put_concern(t, CONCERN_HOME, false);
    e = (struct episode_record){ .id = id_of(EPISODE_HOME),
                                 .subject_kind = SUBJECT_HOUSEHOLD,
                                 .household = home_of(EPISODE_HOME, 1),
                                 .over_on = 20800 };
    episodes_put(t, &e);
    w = (struct watch_record){ .id = id_of(WATCH), .home_since = CIVIL_NONE };
    text_of(w.agency, "school");
    w.watch.subject = set_of(WATCH, 1);
    w.watch.has_household = true;
    w.watch.household = home_of(WATCH, 1);
    w.watch.until = 20800;
    watches_put(t, &w);
    r = (struct referral_record){ .id = id_of(REFERRAL),
                                  .subject_kind = SUBJECT_PERSON,
                                  .state = REFERRAL_SENT,
                                  .kind = REFERRAL_SOFT,
                                  .running = true,
                                  .has_household = true,
                                  .n_steps = 1 };
    text_of(r.from, "school");
    r.subject = set_of(REFERRAL, 1);
    r.household = home_of(REFERRAL, 1);
    referrals_put(t, &r);
}

/* All but the override, which nobody carries. */
static const struct {
    enum subjects_kind kind;
    uint8_t who;
    bool person, home;
} carried[] = {
    { SUBJECTS_CONSENT, CONSENT, true, false },
    { SUBJECTS_SHIELD, SHIELD, true, false },
    { SUBJECTS_DISPUTE, DISPUTE, true, false },
    { SUBJECTS_CONCERN, CONCERN, true, true },
    { SUBJECTS_CONCERN, CONCERN_HOME, false, true },
    { SUBJECTS_EPISODE, EPISODE_HOME, false, true },
    { SUBJECTS_WATCH, WATCH, true, true },
    { SUBJECTS_REFERRAL, REFERRAL, true, true },
};

static void carry_all(struct store_txn *t)
{
    for (size_t i = 0; i < ALM_LEN(carried); i++) {
        struct retoken set = { .has_household = carried[i].home };
        struct id id = id_of(carried[i].who);

        if (carried[i].person)
            set.subject = set_of(carried[i].who, 2);
        if (carried[i].home)
            set.household = home_of(carried[i].who, 2);
        retokens_put(t, carried[i].kind, &id, &set);
    }
}

static int setup(void **state)
{
    struct fixture *f;
    struct ledger *l;
    struct store_txn *t;

    if (fixture_setup(state))
        return -1;
    f = *state;
    l = open_ledger(f);
    assert_int_equal(append(f, l, LEAVES), 0);
    l = ledger_close(l);
    t = fixture_begin(f, true);
    put_lodged(t);
    put_cases(t);
    carry_all(t);
    assert_int_equal(store_commit(t), 0);
    return 0;
}

/* --- what is found --- */

struct found {
    unsigned n;
    char first[256];
};

static void note_found(void *ctx, const struct fsck_finding *f)
{
    struct found *w = ctx;

    if (!w->n++)
        (void)snprintf(w->first, sizeof(w->first), "%s %s: %s", f->table, f->record, f->what);
}

static struct found examine(struct fixture *f)
{
    struct found w = { .n = 0 };
    struct fsck_options o = { .origin = FIXTURE_ORIGIN, .found = note_found, .ctx = &w };
    struct fsck_counts n;

    assert_int_equal(fsck_run(f->store, &o, &n), 0);
    assert_int_equal(n.findings, w.n);
    return w;
}

/* Nothing is found in the store as it is, and what is asked for in the store as it becomes. */
static void finds(struct fixture *f, struct store_txn *t, const char *name, unsigned who,
                  const char *what)
{
    struct found w;

    assert_int_equal(store_commit(t), 0);
    w = examine(f);
    if (!w.n)
        fail_msg("%s of %u: nothing found", name, who);
    if (!strstr(w.first, what))
        fail_msg("%s of %u: %s", name, who, w.first);
}

static void fsck_finds_nothing_in_a_store_whose_records_were_carried(void **state)
{
    struct found w = examine(*state);

    if (w.n)
        fail_msg("%s", w.first);
}

static void fsck_finds_nothing_in_what_is_over_or_was_settled(void **state)
{
    struct fixture *f = *state;
    struct token_epochs e = { .n = 1, .at = { { TOKEN_HMAC, 2 } } };
    static struct concern_record c;
    static struct watch_record watch;
    struct id concern = id_of(CONCERN), ended = id_of(WATCH);
    struct store_txn *t = fixture_begin(f, true);
    struct found w;
    bool done = false;

    assert_int_equal(concerns_get(t, &concern, &c), 0);
    c.withdrawn = true;
    concerns_put(t, &c);
    assert_int_equal(watches_get(t, &ended, &watch), 0);
    watch.ended = true;
    watches_put(t, &watch);
    assert_int_equal(store_commit(t), 0);
    w = examine(f);
    if (w.n)
        fail_msg("over: %s", w.first);
    t = fixture_begin(f, true);
    while (!done)
        assert_int_equal(retokens_settle(t, &e, 3, &done), 0);
    assert_int_equal(store_commit(t), 0);
    w = examine(f);
    if (w.n)
        fail_msg("settled: %s", w.first);
}

/* --- what is gone --- */

static void take_home(struct store_txn *t, enum subjects_kind kind, uint8_t who, uint16_t epoch)
{
    struct token home = home_of(who, epoch);
    struct token_set set = subjects_home(&home);
    struct id id = id_of(who);

    if (kind == SUBJECTS_REFERRAL)
        referrals_home(t, &id, &home, false);
    else
        subjects_remove(t, kind, &set, &id);
}

static void fsck_finds_a_record_that_its_home_does_not_lead_to(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALM_LEN(carried); i++) {
        for (uint16_t epoch = 1; epoch <= 2 && carried[i].home; epoch++) {
            void *own = NULL;
            struct store_txn *t;

            assert_int_equal(setup(&own), 0);
            t = fixture_begin(own, true);
            take_home(t, carried[i].kind, carried[i].who, epoch);
            finds(own, t, epoch == 1 ? "home" : "carried home", carried[i].who, "lead to it");
            assert_int_equal(fixture_teardown(&own), 0);
        }
    }
}

static void fsck_finds_a_record_that_tokens_it_was_carried_to_do_not_lead_to(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALM_LEN(carried); i++) {
        for (uint8_t which = 0; which < 2 && carried[i].person; which++) {
            struct token_set all = set_of(carried[i].who, 2);
            struct token_set set = { .n = 1, .tokens = { all.tokens[which] } };
            struct id id = id_of(carried[i].who);
            void *own = NULL;
            struct store_txn *t;

            assert_int_equal(setup(&own), 0);
            t = fixture_begin(own, true);
            subjects_remove(t, carried[i].kind, &set, &id);
            finds(own, t, "carried token", carried[i].who, "does not lead to it");
            assert_int_equal(fixture_teardown(&own), 0);
        }
    }
}

/* What finds it is still there: whoever asks under that epoch gets an error for an answer. */
static void fsck_finds_that_a_set_a_record_was_carried_with_is_gone(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALM_LEN(carried); i++) {
        uint8_t key[1 + ID_LEN + 3] = { (uint8_t)carried[i].kind };
        struct id id = id_of(carried[i].who);
        void *own = NULL;
        struct store_txn *t;

        memcpy(key + 1, id.octets, ID_LEN);
        key[1 + ID_LEN] = TOKEN_HMAC;
        key[sizeof(key) - 1] = 2;
        assert_int_equal(setup(&own), 0);
        t = fixture_begin(own, true);
        assert_true(store_has(t, TABLE_RETOKENS, bytes_of(key, sizeof(key))));
        store_del(t, TABLE_RETOKENS, bytes_of(key, sizeof(key)));
        finds(own, t, "set", carried[i].who,
              carried[i].kind == SUBJECTS_REFERRAL ? "" : "not by these tokens");
        assert_int_equal(fixture_teardown(&own), 0);
    }
}

static void fsck_finds_a_consent_that_its_lodgers_list_leaves_out(void **state)
{
    struct store_txn *t = fixture_begin(*state, true);
    struct id id = id_of(CONSENT);

    subjects_lodger_remove(t, "school", 3, &id);
    finds(*state, t, "list", CONSENT, "list");
}

static void fsck_finds_an_override_that_nobody_would_review(void **state)
{
    struct store_txn *t = fixture_begin(*state, true);
    struct id id = id_of(OVERRIDE);

    subjects_lodger_remove(t, "unreviewed:school", 6, &id);
    finds(*state, t, "review", OVERRIDE, "list");
}

static int first_key(void *ctx, struct bytes key, struct bytes value)
{
    struct buf *b = ctx;

    (void)value;
    buf_put(b, key.data, key.len);
    return 1;
}

static void fsck_finds_a_referral_that_an_agencys_list_leaves_out(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf key = { 0 };
    struct store_txn *t = fixture_begin(*state, true);

    buf_init(&key, STORE_KEY_MAX);
    assert_int_equal(
        store_scan(t, TABLE_REFERRALS, bytes_str("a"), fixture_nothing(), false, first_key, &key),
        0);
    store_del(t, TABLE_REFERRALS, buf_view(&key));
    finds(*state, t, "list", REFERRAL, "list");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fsck_finds_nothing_in_a_store_whose_records_were_carried),
        TEST(fsck_finds_nothing_in_what_is_over_or_was_settled),
        cmocka_unit_test(fsck_finds_a_record_that_its_home_does_not_lead_to),
        cmocka_unit_test(fsck_finds_a_record_that_tokens_it_was_carried_to_do_not_lead_to),
        cmocka_unit_test(fsck_finds_that_a_set_a_record_was_carried_with_is_gone),
        TEST(fsck_finds_a_consent_that_its_lodgers_list_leaves_out),
        TEST(fsck_finds_an_override_that_nobody_would_review),
        TEST(fsck_finds_a_referral_that_an_agencys_list_leaves_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
