/* SPDX-License-Identifier: Apache-2.0 */
/* fsck_records.c - a record of each table: does it read, is it found by what finds it, is there
 * what it names? A table without a row here (META, quotas, what was asked, receipts' bodies) is
 * examined in that its values open. */
#include <errno.h>
#include <string.h>

#include "backup/fsck_parts.h"
#include "store/concerns.h"
#include "store/consents.h"
#include "store/contacts.h"
#include "store/disputes.h"
#include "store/fields.h"
#include "store/overrides.h"
#include "store/recalls.h"
#include "store/referrals.h"
#include "store/referrals_home.h"
#include "store/registry.h"
#include "store/reliance.h"
#include "store/statements.h"
#include "store/subjects.h"
#include "store/watches.h"

typedef void record_check(struct fsck *f, struct bytes key, struct bytes value);

static struct id id_at(struct bytes key, size_t at)
{
    struct id id;

    memcpy(id.octets, key.data + at, ID_LEN);
    return id;
}

static void stray(struct fsck *f, enum table table, struct bytes key)
{
    fsck_say(f, table, key, ADVICE_STRAY, "no record or index of this table has such a key");
}

/* A record that an index entry names by letter and id. */
static bool names_record(struct fsck *f, enum table table, struct bytes key, uint8_t letter,
                         const uint8_t *id)
{
    uint8_t to[1 + ID_LEN] = { letter };

    memcpy(to + 1, id, ID_LEN);
    if (store_has(f->t, table, bytes_of(to, sizeof(to))))
        return true;
    fsck_say(f, table, key, ADVICE_STRAY, "it leads to a record that is not there");
    return false;
}

static void found_by(struct fsck *f, enum table table, struct bytes key, struct bytes entry)
{
    if (!store_has(f->t, table, entry))
        fsck_say(f, table, key, ADVICE_UNFOUND, "the entry that should lead to it is not there");
}

/* --- registry --- */

static void check_agency(struct fsck *f, struct bytes key, struct bytes value)
{
    struct registry_agency a = { .standing = 0 };
    char id[REGISTRY_ID_MAX] = "", owner[REGISTRY_ID_MAX];
    int r = key.len < sizeof(id) ? 0 : -EBADMSG;

    (void)value;
    if (r == 0) {
        memcpy(id, key.data, key.len);
        r = registry_agency_get(f->t, id, &a);
    }
    if (!fsck_good(f, r, TABLE_AGENCIES, key, "its key is not as the program makes it"))
        return;
    for (int i = 0; i < a.n_curve + a.n_sign; i++) {
        bool curve = i < a.n_curve;

        r = registry_key_owner(f->t, curve ? REGISTRY_KEY_CURVE : REGISTRY_KEY_SIGN,
                               curve ? a.curve[i] : a.sign[i - a.n_curve], owner);
        if (fsck_good(f, r, TABLE_AGENCIES, key, "one of its keys is not listed as its own") &&
            strcmp(owner, id) != 0)
            fsck_say(f, TABLE_AGENCIES, key, ADVICE_COUNTS,
                     "one of its keys is listed as another's");
    }
}

static void check_key(struct fsck *f, struct bytes key, struct bytes value)
{
    struct registry_agency a = { .standing = 0 };
    char owner[REGISTRY_ID_MAX];
    bool curve = key.len == 33 && key.data[0] == REGISTRY_KEY_CURVE, has = false;
    int r;

    (void)value;
    if (key.len != 33 || (!curve && key.data[0] != REGISTRY_KEY_SIGN)) {
        stray(f, TABLE_KEYS, key);
        return;
    }
    r = registry_key_owner(f->t, (enum registry_key_sort)key.data[0], key.data + 1, owner);
    if (r == 0)
        r = registry_agency_get(f->t, owner, &a);
    if (!fsck_good(f, r, TABLE_KEYS, key, "the agency whose key it is is not there"))
        return;
    for (int i = 0; i < (curve ? a.n_curve : a.n_sign); i++)
        has |= memcmp(curve ? a.curve[i] : a.sign[i], key.data + 1, 32) == 0;
    if (!has)
        fsck_say(f, TABLE_KEYS, key, ADVICE_STRAY, "the agency does not have this key any more");
}

static void check_officer(struct fsck *f, struct bytes key, struct bytes value)
{
    struct registry_officer o;
    char id[REGISTRY_ID_MAX] = "";

    (void)value;
    if (key.len >= sizeof(id)) {
        stray(f, TABLE_OFFICERS, key);
        return;
    }
    memcpy(id, key.data, key.len);
    (void)fsck_good(f, registry_officer_get(f->t, id, &o), TABLE_OFFICERS, key, "");
}

static void check_bundle(struct fsck *f, struct bytes key, struct bytes value)
{
    ALM_CLEANUP(buf_deinit) struct buf compiled = { 0 };
    uint8_t hash[SHA256_LEN];
    int r;

    (void)value;
    buf_init(&compiled, STORE_VALUE_MAX);
    if (key.len == SHA256_LEN) {
        memcpy(hash, key.data, sizeof(hash));
    } else {
        r = registry_bundle_active(f->t, hash);
        if (!fsck_good(f, r, TABLE_BUNDLES, key, "it is not the mark of a policy in force"))
            return;
    }
    (void)fsck_good(f, registry_bundle_get(f->t, hash, &compiled), TABLE_BUNDLES, key,
                    "the policy in force is not there");
}

/* --- what agencies lodged --- */

static void check_consent(struct fsck *f, struct bytes key, struct bytes value)
{
    struct consent_record r;
    struct id id;

    (void)value;
    if (key.len == ID_LEN + 1 && key.data[ID_LEN] == 'w')
        return; /* a withdrawal that waits for its grant */
    if (key.len != ID_LEN) {
        stray(f, TABLE_CONSENTS, key);
        return;
    }
    id = id_at(key, 0);
    if (!fsck_good(f, consents_get(f->t, &id, &r), TABLE_CONSENTS, key, ""))
        return;
    fsck_names_leaf(f, TABLE_CONSENTS, key, r.leaf, 0);
    fsck_indexed(f, TABLE_CONSENTS, key, SUBJECTS_CONSENT, &r.consent.subject, &id);
    if (!r.is_withdrawal && !subjects_lodger_has(f->t, r.lodger, r.leaf, &id))
        fsck_say(f, TABLE_CONSENTS, key, ADVICE_UNFOUND, "its lodger's list leaves it out");
}

static void check_shield(struct fsck *f, struct bytes key, struct bytes value)
{
    struct shield_record r;
    struct id id;

    (void)value;
    if (key.len != ID_LEN) {
        stray(f, TABLE_SHIELDS, key);
        return;
    }
    id = id_at(key, 0);
    if (!fsck_good(f, shields_get(f->t, &id, &r), TABLE_SHIELDS, key, ""))
        return;
    fsck_names_leaf(f, TABLE_SHIELDS, key, r.leaf, 0);
    fsck_indexed(f, TABLE_SHIELDS, key, SUBJECTS_SHIELD, &r.shield.subject, &id);
}

static void check_override(struct fsck *f, struct bytes key, struct bytes value)
{
    static struct override_record r; /* large */
    struct id id;

    (void)value;
    if (key.len != ID_LEN) {
        stray(f, TABLE_OVERRIDES, key);
        return;
    }
    id = id_at(key, 0);
    if (!fsck_good(f, overrides_get(f->t, &id, &r), TABLE_OVERRIDES, key, ""))
        return;
    fsck_names_leaf(f, TABLE_OVERRIDES, key, r.leaf, 0);
    fsck_indexed(f, TABLE_OVERRIDES, key, SUBJECTS_OVERRIDE, &r.override.subject, &id);
    if (!overrides_listed(f->t, &r))
        fsck_say(f, TABLE_OVERRIDES, key, ADVICE_UNFOUND,
                 "the list of those that wait for their review has it wrongly, or leaves it out");
}

static void check_dispute(struct fsck *f, struct bytes key, struct bytes value)
{
    struct dispute_record r;
    struct id id;

    (void)value;
    if (key.len != ID_LEN) {
        stray(f, TABLE_DISPUTES, key);
        return;
    }
    id = id_at(key, 0);
    if (!fsck_good(f, disputes_get(f->t, &id, &r), TABLE_DISPUTES, key, ""))
        return;
    fsck_names_leaf(f, TABLE_DISPUTES, key, r.leaf, 0);
    fsck_indexed(f, TABLE_DISPUTES, key, SUBJECTS_DISPUTE, &r.dispute.subject, &id);
}

static void check_statement(struct fsck *f, struct bytes key, struct bytes value)
{
    static struct statement_record r; /* large */
    struct id id;

    (void)value;
    if (key.len != ID_LEN) {
        stray(f, TABLE_STATEMENTS, key);
        return;
    }
    id = id_at(key, 0);
    if (!fsck_good(f, statements_get(f->t, &id, &r), TABLE_STATEMENTS, key, ""))
        return;
    fsck_names_leaf(f, TABLE_STATEMENTS, key, r.leaf, 0);
    fsck_indexed(f, TABLE_STATEMENTS, key, SUBJECTS_STATEMENT, &r.statement.subject, &id);
}

/* --- records with a last day (lasting.h): 'r' id and 'd' day id lead to each other --- */

#define LASTING_RECORD (1 + ID_LEN)
#define LASTING_DAY    (1 + 4 + ID_LEN)

static void lasting_day(struct fsck *f, enum table table, struct bytes key)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    uint8_t to[LASTING_RECORD] = { 'r' };
    struct cursor c;

    memcpy(to + 1, key.data + 5, ID_LEN);
    buf_init(&b, STORE_VALUE_MAX);
    if (!fsck_good(f, store_get(f->t, table, bytes_of(to, sizeof(to)), &b), table, key,
                   "it leads to a record that is not there"))
        return;
    c = cursor_of(buf_view(&b));
    if (cursor_i32(&c) != field_take_day(key.data + 1))
        fsck_say(f, table, key, ADVICE_STRAY, "the record that it leads to has another last day");
}

/* Return: whether it is a record, to be looked into further. */
static bool lasting_check(struct fsck *f, enum table table, struct bytes key, struct bytes value)
{
    uint8_t entry[LASTING_DAY] = { 'd' };
    struct cursor c = cursor_of(value);

    if (key.len == LASTING_DAY && key.data[0] == 'd') {
        lasting_day(f, table, key);
        return false;
    }
    if (key.len != LASTING_RECORD || key.data[0] != 'r') {
        stray(f, table, key);
        return false;
    }
    field_put_day(entry + 1, cursor_i32(&c));
    memcpy(entry + 5, key.data + 1, ID_LEN);
    found_by(f, table, key, bytes_of(entry, sizeof(entry)));
    return true;
}

static void check_concern(struct fsck *f, struct bytes key, struct bytes value)
{
    static struct concern_record r;
    struct id id;

    if (!lasting_check(f, TABLE_CONCERNS, key, value))
        return;
    id = id_at(key, 1);
    if (!fsck_good(f, concerns_get(f->t, &id, &r), TABLE_CONCERNS, key, ""))
        return;
    fsck_names_leaf(f, TABLE_CONCERNS, key, r.leaf, 0);
    if (r.withdrawn)
        return;
    fsck_indexed(f, TABLE_CONCERNS, key, SUBJECTS_CONCERN, &r.concern.subject, &id);
    if (r.concern.has_household)
        fsck_home(f, TABLE_CONCERNS, key, SUBJECTS_CONCERN, &r.concern.household, &id);
}

static void check_episode(struct fsck *f, struct bytes key, struct bytes value)
{
    static struct episode_record r;
    struct id id;

    if (!lasting_check(f, TABLE_EPISODES, key, value))
        return;
    id = id_at(key, 1);
    if (!fsck_good(f, episodes_get(f->t, &id, &r), TABLE_EPISODES, key, ""))
        return;
    fsck_names_leaf(f, TABLE_EPISODES, key, r.leaf, 0);
    fsck_indexed(f, TABLE_EPISODES, key, SUBJECTS_EPISODE, &r.subject, &id);
    if (r.household.kind == TOKEN_HOME)
        fsck_home(f, TABLE_EPISODES, key, SUBJECTS_EPISODE, &r.household, &id);
}

static void check_watch(struct fsck *f, struct bytes key, struct bytes value)
{
    static struct watch_record r;
    struct id id;

    if (!lasting_check(f, TABLE_WATCHES, key, value))
        return;
    id = id_at(key, 1);
    if (!fsck_good(f, watches_get(f->t, &id, &r), TABLE_WATCHES, key, ""))
        return;
    fsck_names_leaf(f, TABLE_WATCHES, key, r.leaf, 0);
    if (r.ended)
        return;
    fsck_indexed(f, TABLE_WATCHES, key, SUBJECTS_WATCH, &r.watch.subject, &id);
    if (r.watch.has_household)
        fsck_home(f, TABLE_WATCHES, key, SUBJECTS_WATCH, &r.watch.household, &id);
}

/* --- referrals, recalls --- */

static void check_referral(struct fsck *f, struct bytes key, struct bytes value)
{
    static struct referral_record r;
    uint8_t running[1 + ID_LEN] = { 'o' };
    struct id id;

    (void)value;
    if (key.len == 1 + SHA256_LEN + ID_LEN && key.data[0] == 'h') {
        (void)names_record(f, TABLE_REFERRALS, key, 'r', key.data + 1 + SHA256_LEN);
        return;
    }
    if (key.len == 1 + SHA256_LEN + 8 + ID_LEN && key.data[0] == 'a') {
        (void)names_record(f, TABLE_REFERRALS, key, 'r', key.data + 1 + SHA256_LEN + 8);
        return;
    }
    if (key.len != 1 + ID_LEN || (key.data[0] != 'r' && key.data[0] != 'o')) {
        stray(f, TABLE_REFERRALS, key);
        return;
    }
    if (key.data[0] == 'o' && !names_record(f, TABLE_REFERRALS, key, 'r', key.data + 1))
        return;
    id = id_at(key, 1);
    if (!fsck_good(f, referrals_get(f->t, &id, &r), TABLE_REFERRALS, key, "") || key.data[0] == 'o')
        return;
    memcpy(running + 1, id.octets, ID_LEN);
    if (store_has(f->t, TABLE_REFERRALS, bytes_of(running, sizeof(running))) != r.running)
        fsck_say(f, TABLE_REFERRALS, key, ADVICE_UNFOUND,
                 r.running ? "it runs, and is not among those that do"
                           : "it is over, and is among those that run");
    fsck_names_leaf(f, TABLE_REFERRALS, key, r.leaf, 0);
    fsck_indexed(f, TABLE_REFERRALS, key, SUBJECTS_REFERRAL, &r.subject, &id);
    if (!referrals_listed(f->t, &r))
        fsck_say(f, TABLE_REFERRALS, key, ADVICE_UNFOUND,
                 "the list of an agency that it is for, or was, leaves it out");
    if (r.has_household)
        fsck_home(f, TABLE_REFERRALS, key, SUBJECTS_REFERRAL, &r.household, &id);
}

static void check_recall(struct fsck *f, struct bytes key, struct bytes value)
{
    static struct recall_record r;
    const uint8_t *id = NULL;
    struct id at;

    (void)value;
    if (key.len >= 1 + ID_LEN && (key.data[0] == 'f' || key.data[0] == 'p'))
        id = key.data + 1;
    else if (key.len >= 1 + ID_LEN && (key.data[0] == 'a' || key.data[0] == 'j'))
        id = key.data + key.len - ID_LEN;
    if (id) {
        (void)names_record(f, TABLE_RECALLS, key, 'r', id);
        return;
    }
    if (key.len != 1 + ID_LEN || key.data[0] != 'r') {
        stray(f, TABLE_RECALLS, key);
        return;
    }
    at = id_at(key, 1);
    if (!fsck_good(f, recalls_get(f->t, &at, &r), TABLE_RECALLS, key, ""))
        return;
    fsck_names_leaf(f, TABLE_RECALLS, key, r.leaf, 0);
    if (!r.household.kind)
        fsck_indexed(f, TABLE_RECALLS, key, SUBJECTS_RECALL, &r.subject, &at);
}

/* --- what is kept of replies --- */

/* u8 layout, id, i32 day, u64 leaf: reliance.c. */
static void check_reliance(struct fsck *f, struct bytes key, struct bytes value)
{
    struct cursor c = cursor_of(value);
    uint64_t leaf;

    (void)cursor_u8(&c);
    (void)cursor_take(&c, ID_LEN);
    (void)cursor_i32(&c);
    leaf = cursor_u64(&c);
    if (cursor_end(&c) || key.len <= ID_LEN) {
        stray(f, TABLE_RELIANCE, key);
        return;
    }
    fsck_names_leaf(f, TABLE_RELIANCE, key, leaf, 0);
}

struct unmerged_rows {
    struct fsck *f;
    struct bytes key;
};

static int check_unmerged_row(void *ctx, const struct id *consent, const struct reliance *r)
{
    const struct unmerged_rows *of = ctx;

    (void)consent;
    fsck_names_leaf(of->f, TABLE_RELIANCE_NEW, of->key, r->leaf, 0);
    return 0;
}

static void check_unmerged(struct fsck *f, struct bytes key, struct bytes value)
{
    struct unmerged_rows of = { f, key };

    if (key.len != 8 || reliance_rows(value, check_unmerged_row, &of) < 0)
        stray(f, TABLE_RELIANCE_NEW, key);
}

static void check_contact(struct fsck *f, struct bytes key, struct bytes value)
{
    struct contact_record r;
    uint8_t entry[1 + 4 + ID_LEN] = { 'd' };
    struct id id;

    (void)value;
    if (key.len > 1 + ID_LEN && key.data[0] == 'a')
        return;
    if (key.len == sizeof(entry) && key.data[0] == 'd') {
        (void)names_record(f, TABLE_CONTACTS, key, 'q', key.data + 5);
        return;
    }
    if (key.len != 1 + ID_LEN || key.data[0] != 'q') {
        stray(f, TABLE_CONTACTS, key);
        return;
    }
    id = id_at(key, 1);
    if (!fsck_good(f, contacts_get(f->t, &id, &r), TABLE_CONTACTS, key, ""))
        return;
    field_put_day(entry + 1, r.put_on);
    memcpy(entry + 5, id.octets, ID_LEN);
    found_by(f, TABLE_CONTACTS, key, bytes_of(entry, sizeof(entry)));
}

/* laters.c: every entry leads to a record by its leaf, in its value or at its key's end. */
static void check_later(struct fsck *f, struct bytes key, struct bytes value)
{
    uint8_t to[9] = { 'r' };
    struct cursor c = cursor_of(value);

    if (key.len < 9 || !strchr("riaqtd", key.data[0])) {
        stray(f, TABLE_LATER, key);
        return;
    }
    if (key.data[0] == 'r') {
        fsck_names_leaf(f, TABLE_LATER, key, fsck_u64(key, 1), EVENT_DECIDED);
        return;
    }
    if (key.data[0] == 'a' || key.data[0] == 't')
        memcpy(to + 1, key.data + key.len - 8, 8);
    else if (cursor_u8(&c) == 1 && c.left == 8)
        memcpy(to + 1, c.at, 8);
    if (!store_has(f->t, TABLE_LATER, bytes_of(to, sizeof(to))))
        fsck_say(f, TABLE_LATER, key, ADVICE_STRAY, "it leads to a query that is not there");
}

/* The core's (broker/core/receipts.c): u8 version, hash, u64 leaf, i64 time. */
static void check_receipt(struct fsck *f, struct bytes key, struct bytes value)
{
    struct cursor c = cursor_of(value);
    uint64_t leaf;

    (void)cursor_u8(&c);
    (void)cursor_take(&c, SHA256_LEN);
    leaf = cursor_u64(&c);
    (void)cursor_i64(&c);
    if (cursor_end(&c))
        fsck_say(f, TABLE_RECEIPTS, key, ADVICE_DAMAGED, "it does not read");
    else if (leaf != UINT64_MAX)
        fsck_names_leaf(f, TABLE_RECEIPTS, key, leaf, 0);
}

/* The core's (broker/core/due.c): 'r' kind about agency; 't', 'l' time kind about agency; 'a'
 * agency 0 time kind about. */
static void check_due(struct fsck *f, struct bytes key, struct bytes value)
{
    ALM_CLEANUP(buf_deinit) struct buf to = { 0 };
    const uint8_t *nul = key.len > 1 ? memchr(key.data + 1, 0, key.len - 1) : NULL;
    struct cursor c = cursor_of(value);
    uint64_t due;
    uint8_t told;

    buf_init(&to, STORE_KEY_MAX);
    if (key.len > 1 + 1 + ID_LEN && key.data[0] == 'r') {
        (void)cursor_u8(&c);
        due = cursor_u64(&c) ^ UINT64_C(1) << 63;
        told = cursor_u8(&c);
        buf_put_u8(&to, told ? 'l' : 't');
        buf_put_u64(&to, due);
        buf_put(&to, key.data + 1, key.len - 1);
        found_by(f, TABLE_DUE, key, buf_view(&to));
        buf_reset(&to);
        buf_put_u8(&to, 'a');
        buf_put(&to, key.data + 2 + ID_LEN, key.len - 2 - ID_LEN);
        buf_put_u8(&to, 0);
        buf_put_u64(&to, due);
        buf_put(&to, key.data + 1, 1 + ID_LEN);
        found_by(f, TABLE_DUE, key, buf_view(&to));
        return;
    }
    buf_put_u8(&to, 'r');
    if (key.len > 1 + 8 + 1 + ID_LEN && (key.data[0] == 't' || key.data[0] == 'l')) {
        buf_put(&to, key.data + 9, key.len - 9);
    } else if (key.data[0] == 'a' && nul && key.data + key.len - nul == 1 + 8 + 1 + ID_LEN) {
        buf_put(&to, nul + 9, 1 + ID_LEN);
        buf_put(&to, key.data + 1, (size_t)(nul - key.data) - 1);
    } else {
        stray(f, TABLE_DUE, key);
        return;
    }
    if (!store_has(f->t, TABLE_DUE, buf_view(&to)))
        fsck_say(f, TABLE_DUE, key, ADVICE_STRAY, "it leads to something due that is not there");
}

static int ignore_sealing(void *ctx, const struct sealing_record *r)
{
    (void)ctx;
    (void)r;
    return 0;
}

static void check_sealing(struct fsck *f, struct bytes key, struct bytes value)
{
    name_t agency = "";
    size_t len = key.len > 9 ? key.len - 9 : 0;

    (void)value;
    if (!len || len >= sizeof(agency) || key.data[len]) {
        stray(f, TABLE_SEALING, key);
        return;
    }
    memcpy(agency, key.data, len);
    (void)fsck_good(f, sealing_each(f->t, agency, ignore_sealing, NULL), TABLE_SEALING, key, "");
}

/* Whose further tokens they are: a record of its kind must be there. */
static void check_retoken(struct fsck *f, struct bytes key, struct bytes value)
{
    static const struct {
        uint8_t kind;
        enum table table;
        const char *prefix;
    } of[] = {
        { SUBJECTS_CONSENT, TABLE_CONSENTS, "" },   { SUBJECTS_SHIELD, TABLE_SHIELDS, "" },
        { SUBJECTS_OVERRIDE, TABLE_OVERRIDES, "" }, { SUBJECTS_DISPUTE, TABLE_DISPUTES, "" },
        { SUBJECTS_CONCERN, TABLE_CONCERNS, "r" },  { SUBJECTS_EPISODE, TABLE_EPISODES, "r" },
        { SUBJECTS_WATCH, TABLE_WATCHES, "r" },     { SUBJECTS_REFERRAL, TABLE_REFERRALS, "r" },
    };
    uint8_t to[1 + ID_LEN];

    (void)value;
    if (key.len != 1 + ID_LEN + 3)
        return; /* how far the settling is */
    for (size_t i = 0; i < ALM_LEN(of); i++) {
        size_t at = strlen(of[i].prefix);

        if (of[i].kind != key.data[0])
            continue;
        memcpy(to, of[i].prefix, at);
        memcpy(to + at, key.data + 1, ID_LEN);
        if (!store_has(f->t, of[i].table, bytes_of(to, at + ID_LEN)))
            fsck_say(f, TABLE_RETOKENS, key, ADVICE_STRAY,
                     "the record whose tokens they are is not there");
    }
    fsck_carried(f, key);
}

static void check_subject(struct fsck *f, struct bytes key, struct bytes value)
{
    (void)value;
    fsck_subject(f, key);
}

static record_check *const checks[TABLE_COUNT] = {
    [TABLE_AGENCIES] = check_agency,
    [TABLE_KEYS] = check_key,
    [TABLE_OFFICERS] = check_officer,
    [TABLE_BUNDLES] = check_bundle,
    [TABLE_CONSENTS] = check_consent,
    [TABLE_SHIELDS] = check_shield,
    [TABLE_SUBJECTS] = check_subject,
    [TABLE_RECEIPTS] = check_receipt,
    [TABLE_OVERRIDES] = check_override,
    [TABLE_CONCERNS] = check_concern,
    [TABLE_EPISODES] = check_episode,
    [TABLE_WATCHES] = check_watch,
    [TABLE_DUE] = check_due,
    [TABLE_CONTACTS] = check_contact,
    [TABLE_REFERRALS] = check_referral,
    [TABLE_SEALING] = check_sealing,
    [TABLE_DISPUTES] = check_dispute,
    [TABLE_RELIANCE] = check_reliance,
    [TABLE_RELIANCE_NEW] = check_unmerged,
    [TABLE_LATER] = check_later,
    [TABLE_RETOKENS] = check_retoken,
    [TABLE_RECALLS] = check_recall,
    [TABLE_STATEMENTS] = check_statement,
};

void fsck_record(struct fsck *f, enum table table, struct bytes key, struct bytes value)
{
    if (checks[table])
        checks[table](f, key, value);
}
