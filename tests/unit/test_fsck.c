/* SPDX-License-Identifier: Apache-2.0 */
/* test_fsck.c - a sound store is found sound, and each of a table of planted damages is found where
 * it lies. */
#include "store_fixture.h"

#include "backup/fsck.h"
#include "store/concerns.h"
#include "store/consents.h"
#include "store/contacts.h"
#include "store/disputes.h"
#include "store/laters.h"
#include "store/ledger.h"
#include "store/overrides.h"
#include "store/queues.h"
#include "store/raw.h"
#include "store/referrals.h"
#include "store/registry.h"
#include "store/reliance.h"
#include "store/watches.h"

#define LEAVES 40
#define HEAD_1 33
#define HEAD_2 40

static struct secret audit;
static struct note_key head_key;

#define text_of(to, from) assert_int_equal(text_copy(to, sizeof(to), from), 0)

/* --- a small store with something of everything --- */

static struct id id_of(uint8_t n)
{
    struct id id = { { 0 } };

    memset(id.octets, n, ID_LEN);
    return id;
}

static struct token_set person(uint8_t n)
{
    struct token_set s = { .n = 2 };

    s.tokens[0] = (struct token){ .kind = TOKEN_NHS, .scheme = TOKEN_HMAC, .epoch = 1 };
    s.tokens[1] = (struct token){ .kind = TOKEN_NAME_DOB, .scheme = TOKEN_HMAC, .epoch = 1 };
    memset(s.tokens[0].value, n, TOKEN_LEN);
    memset(s.tokens[1].value, n + 100, TOKEN_LEN);
    return s;
}

/* Even leaves are decisions, odd ones the disclosures that follow from them. */
static void put_leaves(struct fixture *f, struct ledger *l, unsigned until)
{
    static const struct ledger_private priv = {
        .sealed_part = { .data = (const uint8_t *)"tokens and the answer", .len = 21 }
    };
    struct store_txn *t = fixture_begin(f, true);
    int r;

    while (ledger_size(l) < until) {
        uint64_t leaf = ledger_size(l);
        struct ledger_clear c = { .event = leaf % 2 ? EVENT_DISCLOSED : EVENT_DECIDED,
                                  .at_ms = 1780000000000 + (int64_t)leaf,
                                  .civil_day = 20700,
                                  .mode = 2,
                                  .about = leaf % 2 ? leaf - 1 : UINT64_MAX,
                                  .outcome = 1 };

        text_of(c.agency, "school");
        ledger_append(l, t, &c, &priv, &leaf);
    }
    r = store_commit(t);
    ledger_settle(l, r);
    assert_int_equal(r, 0);
}

static void put_head(struct fixture *f, struct ledger *l, const struct secret *with)
{
    uint8_t public_key[SIGN_PUBLIC_LEN];
    struct note_key by;
    ALM_CLEANUP(buf_deinit) struct buf note = { 0 };
    struct checkpoint c = { .size = ledger_size(l) };
    struct store_txn *t = fixture_begin(f, true);

    text_of(c.origin, FIXTURE_ORIGIN);
    ledger_root(l, c.root);
    buf_init(&note, NOTE_MAX);
    assert_int_equal(sign_public(with, public_key), 0);
    assert_int_equal(note_key_init(&by, FIXTURE_ORIGIN, public_key), 0);
    assert_int_equal(checkpoint_sign(&c, &by, with, &note), 0);
    buf_put_u8(&note, 0);
    ledger_head_put(t, c.size, (const char *)note.data);
    assert_int_equal(store_commit(t), 0);
}

static void put_registry(struct store_txn *t)
{
    struct registry_agency a = { .standing = STANDING_ACTIVE, .n_curve = 1, .n_sign = 1 };
    struct registry_officer o = { .standing = STANDING_ACTIVE };
    uint8_t hash[SHA256_LEN];

    text_of(a.id, "school");
    memset(a.curve[0], 1, 32);
    memset(a.sign[0], 2, 32);
    registry_agency_put(t, &a);
    text_of(o.id, "alice");
    memset(o.sign, 3, 32);
    registry_officer_put(t, &o);
    assert_int_equal(crypto_sha256(bytes_str("a policy"), hash), 0);
    registry_bundle_put(t, hash, bytes_str("a policy"));
    registry_bundle_activate(t, hash);
}

static void put_lodged(struct fixture *f, struct store_txn *t)
{
    static struct consent_record c;
    static struct shield_record s;
    static struct override_record o;
    static struct dispute_record d;
    struct reliance r = { .message = id_of(60), .on = 20700, .leaf = 1 };

    c = (struct consent_record){ .id = id_of(1), .withdrawn_on = CIVIL_NONE, .leaf = 2 };
    text_of(c.lodger, "school");
    text_of(c.consent.purpose, "early-help");
    c.consent.subject = person(1);
    c.consent.decision = CONSENT_GRANTED;
    c.consent.capacity = CAPACITY_PARENT;
    c.consent.method = METHOD_SIGNED;
    c.consent.given_on = 20000;
    c.consent.expires_on = c.consent.able_from = c.consent.able_until = CIVIL_NONE;
    consents_put(t, f->store, &c);
    s = (struct shield_record){ .id = id_of(2), .leaf = 4 };
    text_of(s.owner, "school");
    s.shield.subject = person(2);
    s.shield.level = 1;
    s.shield.until = s.shield.review_on = CIVIL_NONE;
    shields_put(t, f->store, &s);
    o = (struct override_record){ .id = id_of(3), .leaf = 6 };
    text_of(o.agency, "school");
    o.override.subject = person(3);
    overrides_put(t, &o);
    d = (struct dispute_record){ .id = id_of(4), .lifted_on = CIVIL_NONE, .leaf = 8 };
    text_of(d.lodger, "school");
    text_of(d.dispute.purpose, "early-help");
    d.dispute.subject = person(4);
    disputes_put(t, &d);
    text_of(r.agency, "police");
    reliance_put(t, &c.id, &r);
}

static void put_cases(struct store_txn *t)
{
    static struct concern_record c;
    static struct watch_record w;
    static struct referral_record r;

    c = (struct concern_record){ .id = id_of(5), .lodged_on = 20700, .leaf = 10 };
    text_of(c.agency, "school");
    c.concern.subject_kind = SUBJECT_PERSON;
    c.concern.subject = person(5);
    c.concern.observed_on = 20699;
    c.concern.expires_on = 20800;
    concerns_put(t, &c);
    w = (struct watch_record){ .id = id_of(6), .leaf = 12, .home_since = CIVIL_NONE };
    text_of(w.agency, "school");
    w.watch.subject = person(6);
    w.watch.until = 20800;
    watches_put(t, &w);
    r = (struct referral_record){ .id = id_of(7),
                                  .subject_kind = SUBJECT_PERSON,
                                  .origin = ORIGIN_AGENCY,
                                  .leaf = 14,
                                  .state = REFERRAL_SENT,
                                  .kind = REFERRAL_SOFT,
                                  .running = true,
                                  .sent_on = 20700,
                                  .since = 20700,
                                  .last_on = 20700,
                                  .due_on = 20728,
                                  .n_steps = 1 };
    text_of(r.from, "school");
    text_of(r.to, "charity");
    r.subject = person(7);
    r.steps[0] = (struct referral_step_record){ .on = 20700, .leaf = 14 };
    text_of(r.steps[0].to, "charity");
    referrals_put(t, &r);
}

static void put_deliveries(struct store_txn *t)
{
    static struct msg_deliver d;
    struct queue_record q = { .last = 3, .delivered = 1, .acked = 1, .acked_most = 1 };
    struct contact_record k = { .put_on = 20700 };
    struct later_ref later = { .leaf = 16, .until_ms = 1, .query = id_of(9) };
    struct id query = id_of(8), question = id_of(90);

    d = (struct msg_deliver){ .kind = DELIVERY_NOTICE, .at_ms = 1, .has_notice = true };
    d.notice.kind = NOTICE_OVERDUE;
    for (uint64_t seq = 1; seq <= 3; seq++) {
        struct queue_item i = { .seq = seq, .leaf = 18, .put_on = 20700, .dead_after = CIVIL_NONE };

        text_of(i.cause, "police");
        queue_item_put(t, "school", "inbox", &i, &d);
        if (seq > q.acked_most) {
            q.waiting++;
            q.bytes += i.bytes;
        }
    }
    queues_put(t, "school", "inbox", &q);
    queue_share_put(t, "school", "inbox", "police", 2);
    text_of(k.asker, "school");
    contacts_put(t, &query, &k);
    text_of(later.asker, "school");
    laters_put(t, later.leaf, bytes_str("the core's"));
    laters_open(t, &later);
    laters_ask(t, &later, "desk", &question);
}

static void fill(struct fixture *f)
{
    ALM_CLEANUP(ledger_closep) struct ledger *l = NULL;
    struct reliance r = { .message = id_of(62), .on = 20700, .leaf = 3 };
    struct id consent = id_of(1);
    struct store_txn *t;

    assert_int_equal(ledger_open(f->store, &l), 0);
    put_leaves(f, l, HEAD_1);
    put_head(f, l, &audit);
    put_leaves(f, l, HEAD_2);
    put_head(f, l, &audit);
    t = fixture_begin(f, true);
    put_registry(t);
    put_lodged(f, t);
    put_cases(t);
    put_deliveries(t);
    assert_int_equal(store_commit(t), 0);
    t = fixture_begin(f, true);
    reliance_merge(t, UINT32_MAX);
    assert_int_equal(store_commit(t), 0);
    t = fixture_begin(f, true); /* and one that is not merged */
    text_of(r.agency, "school");
    reliance_put(t, &consent, &r);
    assert_int_equal(store_commit(t), 0);
}

static int setup(void **state)
{
    uint8_t key[SIGN_PUBLIC_LEN];

    if (fixture_setup(state) || sign_keypair(&audit, key) ||
        note_key_init(&head_key, FIXTURE_ORIGIN, key))
        return -1;
    fill(*state);
    return 0;
}

/* --- what is found --- */

struct found {
    const char *table, *what;
    unsigned n, fits;
    char first[256];
};

static void note_found(void *ctx, const struct fsck_finding *f)
{
    struct found *w = ctx;

    assert_true(*f->todo);
    if (!w->n++)
        (void)snprintf(w->first, sizeof(w->first), "%s %s: %s", f->table, f->record, f->what);
    w->fits += w->table && !strcmp(f->table, w->table) && strstr(f->what, w->what);
}

static struct fsck_counts examine(struct fixture *f, struct found *w)
{
    struct fsck_options o = {
        .key = head_key, .origin = FIXTURE_ORIGIN, .found = note_found, .ctx = w
    };
    struct fsck_counts n;
    int r = fsck_run(f->store, &o, &n);

    assert_int_equal(r, 0);
    assert_int_equal(n.findings, w->n);
    return n;
}

static void fsck_finds_nothing_in_a_sound_store_and_counts_it(void **state)
{
    struct found w = { .table = NULL };
    struct fsck_counts n = examine(*state, &w);

    if (w.n)
        print_message("# %s\n", w.first);
    assert_int_equal(w.n, 0);
    assert_int_equal(n.leaves, LEAVES);
    assert_int_equal(n.heads, 2);
    assert_true(n.records > LEAVES * 2);
}

/* --- planted damages --- */

struct first_key {
    uint8_t octets[STORE_KEY_MAX], value[4096];
    size_t len, value_len;
    uint8_t letter; /* only keys that begin with it; 0: any */
    size_t length;  /* only keys of this length; 0: any */
};

static int first_one(void *ctx, struct bytes key, struct bytes value)
{
    struct first_key *k = ctx;

    if ((k->letter && key.data[0] != k->letter) || (k->length && key.len != k->length))
        return 0;
    memcpy(k->octets, key.data, key.len);
    k->len = key.len;
    assert_true(value.len <= sizeof(k->value));
    memcpy(k->value, value.data, value.len);
    k->value_len = value.len;
    return 1;
}

static struct bytes first_of(struct store_txn *t, enum table table, struct first_key *k)
{
    assert_int_equal(store_scan_raw(t, table, bytes_of(NULL, 0), bytes_of(NULL, 0), first_one, k),
                     0);
    assert_true(k->len > 0);
    return bytes_of(k->octets, k->len);
}

enum plant { PLANT_DEL, PLANT_FLIP, PLANT_PUT, PLANT_MOVE };
struct damage {
    const char *name;
    enum table table;
    uint8_t letter; /* of the key that is damaged */
    size_t length;
    enum plant plant;
    const char *in, *what; /* where it is found, and as what */
};

static const struct damage damages[] = {
    { "an agency's value flipped", TABLE_AGENCIES, 0, 0, PLANT_FLIP, "agencies", "does not open" },
    { "a record of META flipped", TABLE_META, 0, 0, PLANT_FLIP, "meta", "does not open" },
    { "a key's entry gone", TABLE_KEYS, 0, 0, PLANT_DEL, "agencies", "not listed" },
    { "an agency gone", TABLE_AGENCIES, 0, 0, PLANT_DEL, "keys", "not there" },
    { "the policy in force gone", TABLE_BUNDLES, 0, 32, PLANT_DEL, "bundles", "not there" },
    { "a policy's value flipped", TABLE_BUNDLES, 0, 32, PLANT_FLIP, "bundles", "does not open" },
    { "an officer moved to another key", TABLE_OFFICERS, 0, 0, PLANT_MOVE, "officers",
      "does not open" },
    { "a consent gone", TABLE_CONSENTS, 0, 0, PLANT_DEL, "subjects", "not there" },
    { "a consent flipped", TABLE_CONSENTS, 0, 0, PLANT_FLIP, "consents", "does not open" },
    { "a shield gone", TABLE_SHIELDS, 0, 0, PLANT_DEL, "subjects", "not there" },
    { "an override gone", TABLE_OVERRIDES, 0, 0, PLANT_DEL, "subjects", "not there" },
    { "a dispute gone", TABLE_DISPUTES, 0, 0, PLANT_DEL, "subjects", "not there" },
    { "an entry of the index gone", TABLE_SUBJECTS, 0, 49, PLANT_DEL, "", "does not lead to it" },
    { "an entry of the index that nobody made", TABLE_SUBJECTS, 0, 0, PLANT_PUT, "subjects",
      "no index" },
    { "a concern gone", TABLE_CONCERNS, 'r', 0, PLANT_DEL, "concerns", "not there" },
    { "a concern's last day gone", TABLE_CONCERNS, 'd', 0, PLANT_DEL, "concerns",
      "should lead to it" },
    { "a watch's last day gone", TABLE_WATCHES, 'd', 0, PLANT_DEL, "watches", "should lead to it" },
    { "a referral gone", TABLE_REFERRALS, 'r', 0, PLANT_DEL, "referrals", "not there" },
    { "a referral that runs, not among those that do", TABLE_REFERRALS, 'o', 0, PLANT_DEL,
      "referrals", "runs" },
    { "a stray key among the referrals", TABLE_REFERRALS, 0, 0, PLANT_PUT, "referrals",
      "no record" },
    { "a reliance flipped", TABLE_RELIANCE, 0, 0, PLANT_FLIP, "reliance", "does not open" },
    { "a reliance gone to another's place before it was merged", TABLE_RELIANCE_NEW, 0, 0, PLANT_MOVE,
      "reliance-new", "does not open" },
    { "a reliance flipped before it was merged", TABLE_RELIANCE_NEW, 0, 0, PLANT_FLIP,
      "reliance-new", "does not open" },
    { "a stray key among them", TABLE_RELIANCE_NEW, 0, 0, PLANT_PUT, "reliance-new", "no record" },
    { "a contact gone", TABLE_CONTACTS, 'q', 0, PLANT_DEL, "contacts", "not there" },
    { "a contact's day gone", TABLE_CONTACTS, 'd', 0, PLANT_DEL, "contacts", "should lead to it" },
    { "a query that waits gone", TABLE_LATER, 'r', 0, PLANT_DEL, "later", "not there" },
    { "a delivery gone", TABLE_QUEUES, 'i', 0, PLANT_DEL, "", "" },
    { "a queue's state flipped", TABLE_QUEUES, 's', 0, PLANT_FLIP, "queues", "does not open" },
    { "a share gone", TABLE_QUEUES, 'n', 0, PLANT_DEL, "queues", "share" },
    { "a leaf gone", TABLE_LOG, 0, 0, PLANT_DEL, "log", "missing" },
    { "a leaf flipped", TABLE_LOG, 0, 0, PLANT_FLIP, "log", "does not open" },
    { "a leaf in another's place", TABLE_LOG, 0, 0, PLANT_MOVE, "log", "does not open" },
    { "a hash of the tree gone", TABLE_TREE, 0, 0, PLANT_DEL, "tree", "missing" },
    { "a hash of the tree flipped", TABLE_TREE, 0, 0, PLANT_FLIP, "tree", "does not open" },
    { "a head flipped", TABLE_HEADS, 0, 0, PLANT_FLIP, "heads", "does not open" },
    { "a block of keys gone", TABLE_LEAF_KEYS, 0, 0, PLANT_DEL, "leaf-keys", "gone" },
    { "a block of keys flipped", TABLE_LEAF_KEYS, 0, 0, PLANT_FLIP, "leaf-keys", "does not open" },
};

static void plant(struct fixture *f, const struct damage *d)
{
    static struct first_key k;
    struct store_txn *t = fixture_begin(f, true);
    struct bytes key;

    k = (struct first_key){ .letter = d->letter, .length = d->length };
    key = first_of(t, d->table, &k);
    switch (d->plant) {
    case PLANT_DEL:
        if (d->table == TABLE_QUEUES && d->letter == 'i')
            k.octets[k.len - 1] = 2; /* one that waits */
        store_del(t, d->table, key);
        break;
    case PLANT_FLIP:
        k.value[k.value_len / 2] ^= 1;
        store_put_raw(t, d->table, key, bytes_of(k.value, k.value_len));
        break;
    case PLANT_PUT:
        store_put(t, d->table, bytes_str("nobody's"), bytes_str("a value"));
        break;
    case PLANT_MOVE:
        k.octets[k.len - 1] ^= 1;
        store_put_raw(t, d->table, key, bytes_of(k.value, k.value_len));
        break;
    }
    assert_int_equal(store_commit(t), 0);
}

static void fsck_finds_each_of_a_table_of_planted_damages(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALM_LEN(damages); i++) {
        const struct damage *d = &damages[i];
        struct found w = { .table = d->in, .what = d->what };
        void *own = NULL;

        assert_int_equal(setup(&own), 0);
        plant(own, d);
        (void)examine(own, &w);
        if (!w.n || (*d->in && !w.fits))
            fail_msg("%s: %u found, none in %s; first: %s", d->name, w.n, d->in, w.first);
        assert_int_equal(fixture_teardown(&own), 0);
    }
}

static void fsck_finds_newest_leaves_that_were_cut_off(void **state)
{
    struct found w = { .table = "log", .what = "newest leaves are gone" };
    struct fixture *f = *state;
    struct store_txn *t = fixture_begin(f, true);

    for (uint8_t leaf = 36; leaf < LEAVES; leaf++) {
        uint8_t key[8] = { [7] = leaf };

        store_del(t, TABLE_LOG, bytes_of(key, sizeof(key)));
    }
    assert_int_equal(store_commit(t), 0);
    (void)examine(f, &w);
    assert_true(w.fits > 0);
}

/* Values that open, made by somebody with the store's key. */
static void fsck_finds_a_head_that_another_key_signed(void **state)
{
    ALM_CLEANUP(ledger_closep) struct ledger *l = NULL;
    struct found w = { .table = "heads", .what = "not signed by the broker's own key" };
    struct secret other;
    uint8_t key[SIGN_PUBLIC_LEN];
    struct fixture *f = *state;

    assert_int_equal(sign_keypair(&other, key), 0);
    assert_int_equal(ledger_open(f->store, &l), 0);
    put_head(f, l, &other);
    (void)examine(f, &w);
    assert_int_equal(w.fits, 1);
}

struct leaf_copy {
    uint8_t octets[4096];
    size_t len;
};

static int copy_one(void *ctx, struct bytes key, struct bytes value)
{
    struct leaf_copy *c = ctx;

    (void)key;
    memcpy(c->octets, value.data, value.len);
    c->len = value.len;
    return 1;
}

/* Rows are of 32 leaves: of the last the tree keeps no hash yet, and their keys' block their root.
 */
static void fsck_finds_a_leaf_rewritten_by_somebody_with_the_stores_key(void **state)
{
    static const struct {
        uint8_t leaf;
        const char *table, *what;
    } cases[] = {
        { 20, "tree", "not its record's" },
        { 37, "leaf-keys", "of other leaves" },
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(cases); i++) {
        struct found w = { .table = cases[i].table, .what = cases[i].what };
        static struct leaf_copy c;
        uint8_t key[8] = { [7] = cases[i].leaf };
        struct store_txn *t;
        uint8_t *agency;
        void *own = NULL;

        assert_int_equal(setup(&own), 0);
        t = fixture_begin(own, true);
        assert_int_equal(
            store_scan(t, TABLE_LOG, bytes_of(NULL, 0), bytes_of(key, 8), true, copy_one, &c), 0);
        agency = memmem(c.octets, c.len, "school", 6);
        assert_non_null(agency);
        memcpy(agency, "police", 6);
        store_put(t, TABLE_LOG, bytes_of(key, 8), bytes_of(c.octets, c.len));
        assert_int_equal(store_commit(t), 0);
        (void)examine(own, &w);
        assert_int_equal(w.fits, 1);
        assert_int_equal(fixture_teardown(&own), 0);
    }
}

static void fsck_finds_newest_leaves_that_were_cut_off_before_a_head_was_signed(void **state)
{
    struct found w = { .table = "leaf-keys", .what = "newest are gone" };
    struct fixture *f = *state;
    const uint8_t key[8] = { [7] = LEAVES - 1 };
    struct store_txn *t = fixture_begin(f, true);

    store_del(t, TABLE_LOG, bytes_of(key, sizeof(key)));
    assert_int_equal(store_commit(t), 0);
    (void)examine(f, &w);
    assert_int_equal(w.fits, 1);
}

static void fsck_finds_rows_of_the_tree_that_were_altered_or_are_too_many(void **state)
{
    static const struct {
        uint8_t to;
        size_t at;
        const char *what;
    } cases[] = {
        { 0, 5 * 32, "not its record's" },
        { 0, 32 * 32, "not that of the two below" },
        { 1, 0, "more leaves than the log" },
    };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(cases); i++) {
        struct found w = { .table = "tree", .what = cases[i].what };
        ALM_CLEANUP(buf_deinit) struct buf row = { 0 };
        const uint8_t from[8] = { 0 }, to[8] = { [7] = cases[i].to };
        struct store_txn *t;
        void *own = NULL;

        assert_int_equal(setup(&own), 0);
        t = fixture_begin(own, true);
        buf_init(&row, 4096);
        assert_int_equal(store_get(t, TABLE_TREE, bytes_of(from, 8), &row), 0);
        row.data[cases[i].at] ^= 1;
        store_put(t, TABLE_TREE, bytes_of(to, 8), buf_view(&row));
        assert_int_equal(store_commit(t), 0);
        (void)examine(own, &w);
        assert_int_equal(w.fits, 1);
        assert_int_equal(fixture_teardown(&own), 0);
    }
}

/* Such a block would hold keys of leaves that are forgotten by now. */
static void fsck_finds_a_block_of_keys_that_became_part_of_a_larger_one_and_is_still_there(void **state)
{
    ALM_CLEANUP(ledger_closep) struct ledger *l = NULL;
    ALM_CLEANUP(buf_deinit) struct buf block = { 0 };
    const uint8_t last[9] = { [8] = 1100 / 32 }, stray[9] = { [8] = 3 };
    struct found none = { .table = NULL }, w = { .table = "leaf-keys", .what = "no leaf needs" };
    struct fixture *f = *state;
    struct store_txn *t;

    assert_int_equal(ledger_open(f->store, &l), 0);
    put_leaves(f, l, 1100);
    (void)examine(f, &none);
    assert_int_equal(none.n, 0);
    t = fixture_begin(f, true);
    buf_init(&block, 1 << 16);
    assert_int_equal(store_get(t, TABLE_LEAF_KEYS, bytes_of(last, sizeof(last)), &block), 0);
    store_put(t, TABLE_LEAF_KEYS, bytes_of(stray, sizeof(stray)), buf_view(&block));
    assert_int_equal(store_commit(t), 0);
    (void)examine(f, &w);
    assert_int_equal(w.fits, 1);
}

static void fsck_finds_a_disclosure_without_its_decision(void **state)
{
    ALM_CLEANUP(ledger_closep) struct ledger *l = NULL;
    static const struct ledger_private none;
    struct found w = { .table = "log", .what = "without a decision" };
    struct fixture *f = *state;
    struct store_txn *t;
    struct ledger_clear c = {
        .event = EVENT_DISCLOSED, .at_ms = 1, .civil_day = 20700, .mode = 2, .about = 1
    };
    uint64_t leaf;
    int r;

    assert_int_equal(ledger_open(f->store, &l), 0);
    t = fixture_begin(f, true);
    ledger_append(l, t, &c, &none, &leaf); /* about a disclosure */
    c.about = UINT64_MAX;
    ledger_append(l, t, &c, &none, &leaf); /* a list of what the agency itself lodged */
    text_of(c.rule, "children:protection:cp-plan-current");
    ledger_append(l, t, &c, &none, &leaf); /* by a rule, about nothing */
    r = store_commit(t);
    ledger_settle(l, r);
    assert_int_equal(r, 0);
    (void)examine(f, &w);
    assert_int_equal(w.fits, 2);
}

static void fsck_finds_a_cursor_beyond_what_was_put_and_a_wrong_count(void **state)
{
    struct found w = { .table = "queues", .what = "beyond its cursor" };
    struct fixture *f = *state;
    struct store_txn *t = fixture_begin(f, true);
    struct queue_record q = { .last = 2, .delivered = 2, .acked = 2, .acked_most = 2, .dead = 1 };

    queues_put(t, "school", "inbox", &q);
    assert_int_equal(store_commit(t), 0);
    (void)examine(f, &w);
    assert_int_equal(w.fits, 1);
    assert_true(w.n >=
                3); /* also a number never given, dead letters that are not there, the share */
}

static void fsck_finds_records_that_name_leaves_the_log_does_not_have(void **state)
{
    struct found w = { .table = "reliance-new", .what = "the log does not have" };
    struct reliance r = { .message = id_of(61), .on = 20700, .leaf = 4000 };
    struct fixture *f = *state;
    struct store_txn *t = fixture_begin(f, true);
    struct id consent = id_of(1);

    text_of(r.agency, "housing");
    reliance_put(t, &consent, &r);
    assert_int_equal(store_commit(t), 0);
    (void)examine(f, &w);
    assert_int_equal(w.fits, 1);
    w = (struct found){ .table = "reliance", .what = "the log does not have" };
    t = fixture_begin(f, true);
    reliance_merge(t, UINT32_MAX);
    assert_int_equal(store_commit(t), 0);
    t = fixture_begin(f, true); /* the one that was put after what was not merged yet */
    reliance_merge(t, UINT32_MAX);
    assert_int_equal(store_commit(t), 0);
    (void)examine(f, &w);
    assert_int_equal(w.fits, 1);
}

static void fsck_changes_nothing(void **state)
{
    struct fixture *f = *state;
    uint64_t taken[2], most;

    for (int i = 0; i < 2; i++) {
        struct found w = { .table = NULL };
        struct store_txn *t = fixture_begin(f, false);

        assert_int_equal(store_raw_room(t, &taken[i], &most), 0);
        store_abort(t);
        (void)examine(f, &w);
    }
    assert_int_equal(taken[0], taken[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fsck_finds_nothing_in_a_sound_store_and_counts_it, setup,
                                        fixture_teardown),
        cmocka_unit_test(fsck_finds_each_of_a_table_of_planted_damages),
        cmocka_unit_test_setup_teardown(fsck_finds_newest_leaves_that_were_cut_off, setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(fsck_finds_a_head_that_another_key_signed, setup,
                                        fixture_teardown),
        cmocka_unit_test(fsck_finds_a_leaf_rewritten_by_somebody_with_the_stores_key),
        cmocka_unit_test_setup_teardown(
            fsck_finds_newest_leaves_that_were_cut_off_before_a_head_was_signed, setup,
            fixture_teardown),
        cmocka_unit_test(fsck_finds_rows_of_the_tree_that_were_altered_or_are_too_many),
        cmocka_unit_test_setup_teardown(
            fsck_finds_a_block_of_keys_that_became_part_of_a_larger_one_and_is_still_there, setup,
            fixture_teardown),
        cmocka_unit_test_setup_teardown(fsck_finds_a_disclosure_without_its_decision, setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(fsck_finds_a_cursor_beyond_what_was_put_and_a_wrong_count,
                                        setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(fsck_finds_records_that_name_leaves_the_log_does_not_have,
                                        setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(fsck_changes_nothing, setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
