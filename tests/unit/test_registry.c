/* SPDX-License-Identifier: Apache-2.0 */
/* test_registry.c - agencies, keys, officers, practitioners and bundles as kept. */
#include "store_fixture.h"

#include "store/registry.h"

static struct registry_agency agency_of(const char *id, uint8_t first_key)
{
    struct registry_agency a = {
        .standing = STANDING_ACTIVE, .n_curve = 2, .n_sign = 1, .added_ms = 10, .changed_ms = 20
    };

    assert_int_equal(text_copy(a.id, sizeof(a.id), id), 0);
    memset(a.curve[0], first_key, 32);
    memset(a.curve[1], first_key + 1, 32);
    memset(a.sign[0], first_key + 2, 32);
    return a;
}

static int put_agency(struct fixture *f, const struct registry_agency *a)
{
    struct store_txn *t = fixture_begin(f, true);

    registry_agency_put(t, a);
    return store_commit(t);
}

static int owner_of(struct fixture *f, enum registry_key_sort sort, uint8_t fill,
                    char out[static REGISTRY_ID_MAX])
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = fixture_begin(f, false);
    uint8_t key[32];

    memset(key, fill, sizeof(key));
    return registry_key_owner(t, sort, key, out);
}

static void registry_gives_back_an_agency_as_put(void **state)
{
    struct fixture *f = *state;
    struct registry_agency a = agency_of("police", 1), back;
    struct store_txn *t;

    assert_int_equal(put_agency(f, &a), 0);
    fixture_reopen(f);
    t = fixture_begin(f, false);
    assert_int_equal(registry_agency_get(t, "police", &back), 0);
    assert_memory_equal(&a, &back, sizeof(a));
    assert_int_equal(registry_agency_get(t, "polic", &back), -ENOENT);
    assert_int_equal(registry_agency_get(t, "", &back), -ENOENT);
    t = store_abort(t);
}

static void registry_knows_whose_each_key_is(void **state)
{
    struct fixture *f = *state;
    struct registry_agency a = agency_of("police", 1), b = agency_of("school", 11);
    char owner[REGISTRY_ID_MAX];

    assert_int_equal(put_agency(f, &a), 0);
    assert_int_equal(put_agency(f, &b), 0);
    assert_int_equal(owner_of(f, REGISTRY_KEY_CURVE, 2, owner), 0);
    assert_string_equal(owner, "police");
    assert_int_equal(owner_of(f, REGISTRY_KEY_SIGN, 13, owner), 0);
    assert_string_equal(owner, "school");
    assert_int_equal(owner_of(f, REGISTRY_KEY_SIGN, 2, owner),
                     -ENOENT); /* a CURVE key does not sign */
    assert_int_equal(owner_of(f, REGISTRY_KEY_CURVE, 99, owner), -ENOENT);
}

static void registry_forgets_a_key_that_is_revoked_and_keeps_the_others(void **state)
{
    struct fixture *f = *state;
    struct registry_agency a = agency_of("police", 1);
    char owner[REGISTRY_ID_MAX];

    assert_int_equal(put_agency(f, &a), 0);
    memcpy(a.curve[0], a.curve[1], 32);
    a.n_curve = 1;
    assert_int_equal(put_agency(f, &a), 0);
    assert_int_equal(owner_of(f, REGISTRY_KEY_CURVE, 1, owner), -ENOENT);
    assert_int_equal(owner_of(f, REGISTRY_KEY_CURVE, 2, owner), 0);
    assert_int_equal(owner_of(f, REGISTRY_KEY_SIGN, 3, owner), 0);
    a.n_curve = a.n_sign = 0;
    assert_int_equal(put_agency(f, &a), 0);
    assert_int_equal(owner_of(f, REGISTRY_KEY_SIGN, 3, owner), -ENOENT);
}

static void registry_refuses_a_key_that_is_another_agencys(void **state)
{
    struct fixture *f = *state;
    struct registry_agency a = agency_of("police", 1),
                           b = agency_of("school", 3); /* its CURVE key 3 is police's signing key */
    char owner[REGISTRY_ID_MAX];

    assert_int_equal(put_agency(f, &a), 0);
    assert_int_equal(put_agency(f, &b), 0); /* of another sort: no clash */
    b = agency_of("health", 2);
    assert_int_equal(put_agency(f, &b), -EEXIST);
    b = agency_of("health", 51);
    memset(b.sign[0], 3, 32);
    assert_int_equal(put_agency(f, &b), -EEXIST);
    assert_int_equal(owner_of(f, REGISTRY_KEY_CURVE, 51, owner), -ENOENT);
    assert_int_equal(owner_of(f, REGISTRY_KEY_CURVE, 2, owner), 0);
    assert_string_equal(owner, "police");
}

static void registry_refuses_an_agency_that_breaks_a_bound(void **state)
{
    struct fixture *f = *state;
    struct registry_agency a = agency_of("police", 1);

    a.n_curve = REGISTRY_KEYS_MAX + 1;
    assert_int_equal(put_agency(f, &a), -EINVAL);
    a = agency_of("police", 1);
    a.n_sign = UINT8_MAX;
    assert_int_equal(put_agency(f, &a), -EINVAL);
    a = agency_of("police", 1);
    a.standing = 0;
    assert_int_equal(put_agency(f, &a), -EINVAL);
    a = agency_of("", 1);
    assert_int_equal(put_agency(f, &a), -EINVAL);
    a = agency_of("police", 1);
    memset(a.id, 'a', sizeof(a.id)); /* no NUL */
    assert_int_equal(put_agency(f, &a), -EINVAL);
}

static int list_agency(void *ctx, const struct registry_agency *a)
{
    char *out = ctx;
    size_t len = strlen(out);

    (void)snprintf(out + len, 128 - len, "%s:%u ", a->id, a->standing);
    return 0;
}

static void registry_lists_agencies_in_order_of_id(void **state)
{
    struct fixture *f = *state;
    struct registry_agency a = agency_of("school", 1), b = agency_of("health", 11);
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    char out[128] = "";

    b.standing = STANDING_SUSPENDED;
    assert_int_equal(put_agency(f, &a), 0);
    assert_int_equal(put_agency(f, &b), 0);
    t = fixture_begin(f, false);
    assert_int_equal(registry_agency_each(t, list_agency, out), 0);
    assert_string_equal(out, "health:2 school:1 ");
}

/* Records that a mistake or another version wrote, sealed all right. */
static void put_raw(struct fixture *f, enum table table, struct bytes key, struct bytes value)
{
    struct store_txn *t = fixture_begin(f, true);

    store_put(t, table, key, value);
    assert_int_equal(store_commit(t), 0);
}

static void registry_trusts_no_record_that_it_reads(void **state)
{
    static const uint8_t records[][8] = {
        { 0 },                /* no such layout */
        { 2, 1, 0, 0 },       /* a later one */
        { 1 },                /* ends */
        { 1, 3, 0, 0 },       /* no such standing */
        { 1, 1, 5, 0 },       /* five keys */
        { 1, 1, 1, 7, 7, 7 }, /* a key cut short */
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ALM_LEN(records); i++) {
        ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
        struct registry_agency a;
        struct registry_officer o;
        char out[128] = "";
        size_t n;

        put_raw(f, TABLE_AGENCIES, bytes_str("police"), bytes_of(records[i], i ? 1 + i : 0));
        put_raw(f, TABLE_OFFICERS, bytes_str("alice"), bytes_of(records[i], sizeof(records[i])));
        put_raw(f, TABLE_BUNDLES, bytes_str("active"), bytes_of(records[i], sizeof(records[i])));
        t = fixture_begin(f, false);
        assert_int_equal(registry_agency_get(t, "police", &a), -EBADMSG);
        assert_int_equal(registry_agency_each(t, list_agency, out), -EBADMSG);
        assert_int_equal(registry_officer_get(t, "alice", &o), -EBADMSG);
        assert_int_equal(registry_officer_count(t, &n), -EBADMSG);
        assert_int_equal(registry_bundle_active(t, a.sign[0]), -EBADMSG);
    }
}

static void registry_record_with_bytes_to_spare_is_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t record[4 + 16 + 1] = { 1, 1, 0, 0 };
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    struct registry_agency a;

    put_raw(f, TABLE_AGENCIES, bytes_str("good"), bytes_of(record, sizeof(record) - 1));
    put_raw(f, TABLE_AGENCIES, bytes_str("long"), bytes_of(record, sizeof(record)));
    t = fixture_begin(f, false);
    assert_int_equal(registry_agency_get(t, "good", &a), 0);
    assert_int_equal(registry_agency_get(t, "long", &a), -EBADMSG);
}

static void put_officer(struct fixture *f, const char *id, uint8_t standing, int want)
{
    struct registry_officer o = { .standing = standing, .added_ms = 5 };
    struct store_txn *t = fixture_begin(f, true);

    assert_int_equal(text_copy(o.id, sizeof(o.id), id), 0);
    memset(o.sign, id[0], sizeof(o.sign));
    registry_officer_put(t, &o);
    assert_int_equal(store_commit(t), want);
}

static int list_officer(void *ctx, const struct registry_officer *o)
{
    char *out = ctx;
    size_t len = strlen(out);

    (void)snprintf(out + len, 128 - len, "%s:%u:%c ", o->id, o->standing, o->sign[31]);
    return 0;
}

static void registry_counts_only_officers_in_good_standing(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    struct registry_officer o;
    char out[128] = "";
    size_t n = 9;

    put_officer(f, "bob", STANDING_ACTIVE, 0);
    put_officer(f, "alice", STANDING_ACTIVE, 0);
    put_officer(f, "carol", STANDING_SUSPENDED, 0);
    put_officer(f, "dan", 0, -EINVAL);
    put_officer(f, "", STANDING_ACTIVE, -EINVAL);
    t = fixture_begin(f, false);
    assert_int_equal(registry_officer_count(t, &n), 0);
    assert_int_equal(n, 2);
    assert_int_equal(registry_officer_each(t, list_officer, out), 0);
    assert_string_equal(out, "alice:1:a bob:1:b carol:2:c ");
    assert_int_equal(registry_officer_get(t, "carol", &o), 0);
    assert_int_equal(o.added_ms, 5);
    assert_int_equal(registry_officer_get(t, "dan", &o), -ENOENT);
}

static void registry_practitioner_is_in_good_standing_until_suspended(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t = fixture_begin(f, true);
    uint8_t standing;

    assert_int_equal(registry_practitioner_get(t, "school", "p-7", &standing), 0);
    assert_int_equal(standing, STANDING_ACTIVE);
    registry_practitioner_put(t, "school", "p-7", STANDING_SUSPENDED);
    assert_int_equal(store_commit(t), 0);
    fixture_reopen(f);
    t = fixture_begin(f, true);
    assert_int_equal(registry_practitioner_get(t, "school", "p-7", &standing), 0);
    assert_int_equal(standing, STANDING_SUSPENDED);
    assert_int_equal(registry_practitioner_get(t, "school", "p-8", &standing), 0);
    assert_int_equal(standing, STANDING_ACTIVE);
    assert_int_equal(registry_practitioner_get(t, "health", "p-7", &standing), 0);
    assert_int_equal(standing,
                     STANDING_ACTIVE); /* the same reference at another agency is another person */
    registry_practitioner_put(t, "school", "p-7", STANDING_ACTIVE);
    assert_int_equal(registry_practitioner_get(t, "school", "p-7", &standing), 0);
    assert_int_equal(standing, STANDING_ACTIVE);
    t = store_abort(t);
}

static void registry_practitioner_that_cannot_be_looked_up_is_not_in_good_standing(void **state)
{
    struct fixture *f = *state;
    struct fixture_fault fault = { .step = STORE_STEP_GET, .countdown = 1, .error = ENOMEM };
    ALM_CLEANUP(store_abortp) struct store_txn *t = fixture_begin(f, false);
    uint8_t standing = STANDING_ACTIVE;

    store_fault_hook(f->store, fixture_fault, &fault);
    assert_int_equal(registry_practitioner_get(t, "school", "p-7", &standing), -ENOMEM);
    assert_int_equal(standing, STANDING_SUSPENDED);
    assert_int_equal(registry_practitioner_get(t, "", "p-7", &standing), -EINVAL);
    assert_int_equal(registry_practitioner_get(t, "school", "", &standing), -EINVAL);
    assert_int_equal(standing, STANDING_SUSPENDED);
}

static void registry_keeps_bundles_under_their_hash_and_says_which_is_active(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
    struct store_txn *t = fixture_begin(f, true);
    uint8_t first[SHA256_LEN], second[SHA256_LEN], active[SHA256_LEN];

    buf_init(&out, 1 << 20);
    assert_int_equal(crypto_sha256(bytes_str("one"), first), 0);
    assert_int_equal(crypto_sha256(bytes_str("two"), second), 0);
    assert_int_equal(registry_bundle_active(t, active), -ENOENT);
    registry_bundle_put(t, first, bytes_str("one"));
    registry_bundle_put(t, second, bytes_str("two"));
    registry_bundle_activate(t, first);
    registry_bundle_activate(t, second);
    assert_int_equal(store_commit(t), 0);
    fixture_reopen(f);
    t = fixture_begin(f, false);
    assert_int_equal(registry_bundle_active(t, active), 0);
    assert_memory_equal(active, second, SHA256_LEN);
    assert_int_equal(registry_bundle_get(t, first, &out),
                     0); /* for ever, so that past decisions can be explained */
    assert_true(bytes_equal(buf_view(&out), bytes_str("one")));
    t = store_abort(t);
}

static void registry_activates_no_bundle_that_is_not_there(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t = fixture_begin(f, true);
    uint8_t hash[SHA256_LEN] = { 1 };

    registry_bundle_activate(t, hash);
    assert_int_equal(store_commit(t), -ENOENT);
}

static void registry_gives_no_bundle_that_does_not_hash_to_its_name(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
    struct store_txn *t = fixture_begin(f, true);
    uint8_t hash[SHA256_LEN];

    buf_init(&out, 1 << 20);
    assert_int_equal(crypto_sha256(bytes_str("one"), hash), 0);
    registry_bundle_put(t, hash, bytes_str("another"));
    assert_int_equal(registry_bundle_get(t, hash, &out), -EBADMSG);
    assert_int_equal(out.len, 0);
    hash[0] ^= 1;
    assert_int_equal(registry_bundle_get(t, hash, &out), -ENOENT);
    t = store_abort(t);
}

#define REGISTRY_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REGISTRY_TEST(registry_gives_back_an_agency_as_put),
        REGISTRY_TEST(registry_knows_whose_each_key_is),
        REGISTRY_TEST(registry_forgets_a_key_that_is_revoked_and_keeps_the_others),
        REGISTRY_TEST(registry_refuses_a_key_that_is_another_agencys),
        REGISTRY_TEST(registry_refuses_an_agency_that_breaks_a_bound),
        REGISTRY_TEST(registry_lists_agencies_in_order_of_id),
        REGISTRY_TEST(registry_trusts_no_record_that_it_reads),
        REGISTRY_TEST(registry_record_with_bytes_to_spare_is_refused),
        REGISTRY_TEST(registry_counts_only_officers_in_good_standing),
        REGISTRY_TEST(registry_practitioner_is_in_good_standing_until_suspended),
        REGISTRY_TEST(registry_practitioner_that_cannot_be_looked_up_is_not_in_good_standing),
        REGISTRY_TEST(registry_keeps_bundles_under_their_hash_and_says_which_is_active),
        REGISTRY_TEST(registry_activates_no_bundle_that_is_not_there),
        REGISTRY_TEST(registry_gives_no_bundle_that_does_not_hash_to_its_name),
    };

    return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
