/* SPDX-License-Identifier: Apache-2.0 */
/* referrals.c - referrals kept and found. Keys hold HMACs of agencies and homes, never the tokens
 * themselves; a person's are in TABLE_SUBJECTS. */
#include "store/referrals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/referrals_codec.h"
#include "store/referrals_home.h"
#include "store/lodged.h"
#include "store/retokens.h"
#include "store/subjects.h"

#define FOUND_MAX ((size_t)1 << 20) /* referrals that one look-up reads; more is an error */

enum place { PLACE_RECORD = 'r', PLACE_HOME = 'h', PLACE_AGENCY = 'a', PLACE_RUNNING = 'o' };
struct place_key {
    uint8_t octets[1 + SHA256_LEN + sizeof(uint64_t) + ID_LEN];
    size_t len;
};

static struct place_key place_key(enum place place)
{
    return (struct place_key){ .octets = { (uint8_t)place }, .len = 1 };
}

static void key_add(struct place_key *k, const void *data, size_t len)
{
    memcpy(k->octets + k->len, data, len);
    k->len += len;
}

static struct bytes key_view(const struct place_key *k)
{
    return bytes_of(k->octets, k->len);
}

static struct place_key key_of(enum place place, const struct id *id)
{
    struct place_key k = place_key(place);

    key_add(&k, id->octets, ID_LEN);
    return k;
}

/* Newest first: leaves count down. */
static void key_add_leaf(struct place_key *k, uint64_t leaf)
{
    uint8_t order[sizeof(leaf)];

    for (size_t i = 0; i < sizeof(order); i++)
        order[i] = (uint8_t)(~leaf >> (56 - 8 * i));
    key_add(k, order, sizeof(order));
}

static int key_home(struct store_txn *t, const struct token *home, struct place_key *out)
{
    uint8_t octets[5 + TOKEN_LEN] = { PLACE_HOME, home->kind, home->scheme,
                                      (uint8_t)(home->epoch >> 8), (uint8_t)home->epoch };
    uint8_t blinded[SHA256_LEN];
    int r;

    memcpy(octets + 5, home->value, TOKEN_LEN);
    r = store_blind(store_of(t), bytes_of(octets, sizeof(octets)), blinded);
    *out = place_key(PLACE_HOME);
    key_add(out, blinded, sizeof(blinded));
    return r;
}

static int key_agency(struct store_txn *t, const char *agency, struct place_key *out)
{
    uint8_t octets[1 + NAME_MAX_LEN] = { PLACE_AGENCY }, blinded[SHA256_LEN];
    size_t len = strnlen(agency, NAME_MAX_LEN - 1);
    int r;

    memcpy(octets + 1, agency, len);
    r = store_blind(store_of(t), bytes_of(octets, 1 + len), blinded);
    *out = place_key(PLACE_AGENCY);
    key_add(out, blinded, sizeof(blinded));
    return r;
}

static void index_put(struct store_txn *t, int r, struct place_key *k)
{
    if (r < 0)
        store_fail(t, r);
    else
        store_put(t, TABLE_REFERRALS, key_view(k), bytes_of(NULL, 0));
}

/* The whole key of an agency's entry. */
static int key_listed(struct store_txn *t, const char *agency, const struct referral_record *r,
                      struct place_key *k)
{
    int e = key_agency(t, agency, k);

    key_add_leaf(k, r->leaf);
    key_add(k, r->id.octets, ID_LEN);
    return e;
}

static void index_agency(struct store_txn *t, const char *agency, const struct referral_record *r)
{
    struct place_key k;
    int e;

    if (!agency[0])
        return;
    e = key_listed(t, agency, r, &k);
    index_put(t, e, &k);
}

void referrals_home(struct store_txn *t, const struct id *id, const struct token *home, bool in)
{
    struct place_key k;
    int e = key_home(t, home, &k);

    key_add(&k, id->octets, ID_LEN);
    if (in)
        index_put(t, e, &k);
    else if (e < 0)
        store_fail(t, e);
    else
        store_del(t, TABLE_REFERRALS, key_view(&k));
}

static bool index_has(struct store_txn *t, int r, const struct place_key *k)
{
    if (r < 0)
        store_fail(t, r);
    return r == 0 && store_has(t, TABLE_REFERRALS, key_view(k));
}

bool referrals_at_home(struct store_txn *t, const struct id *id, const struct token *home)
{
    struct place_key k;
    int e = key_home(t, home, &k);

    key_add(&k, id->octets, ID_LEN);
    return index_has(t, e, &k);
}

static bool listed_by(struct store_txn *t, const char *agency, const struct referral_record *r)
{
    struct place_key k;
    int e;

    if (!agency[0])
        return true;
    e = key_listed(t, agency, r, &k);
    return index_has(t, e, &k);
}

bool referrals_listed(struct store_txn *t, const struct referral_record *r)
{
    bool all = listed_by(t, r->from, r) && listed_by(t, r->to, r);

    for (uint8_t i = 0; i < r->n_steps && all; i++)
        all = listed_by(t, r->steps[i].to, r);
    return all;
}

static void index_running(struct store_txn *t, const struct referral_record *r)
{
    struct place_key k = key_of(PLACE_RUNNING, &r->id);

    if (r->running)
        store_put(t, TABLE_REFERRALS, key_view(&k), bytes_of(NULL, 0));
    else
        store_del(t, TABLE_REFERRALS, key_view(&k));
}

static struct tokens_view referral_tokens(struct referral_record *r)
{
    return (struct tokens_view){ .subject = &r->subject,
                                 .has_household = &r->has_household,
                                 .household = &r->household };
}

static int referral_load(struct store_txn *t, const struct id *id, struct referral_record *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct place_key k = key_of(PLACE_RECORD, id);
    int r;

    buf_init(&b, REFERRAL_RECORD_MAX);
    r = store_get(t, TABLE_REFERRALS, key_view(&k), &b);
    return r < 0 ? r : referral_decode(buf_view(&b), out);
}

static void referral_write(struct store_txn *t, const struct referral_record *r)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct place_key k = key_of(PLACE_RECORD, &r->id);

    buf_init(&b, REFERRAL_RECORD_MAX);
    referral_encode(r, &b);
    if (buf_status(&b))
        store_fail(t, buf_status(&b));
    else
        store_put(t, TABLE_REFERRALS, key_view(&k), buf_view(&b));
}

/* One that is there keeps its tokens. old: room for it. */
static int referral_keep(struct store_txn *t, struct referral_record *r,
                         struct referral_record *old)
{
    struct tokens_view put = referral_tokens(r), raw = referral_tokens(old);
    int found = referral_load(t, &r->id, old);

    if (found < 0)
        return found == -ENOENT ? 0 : found;
    return tokens_keep(t, SUBJECTS_REFERRAL, &r->id, &raw, &put);
}

static void referral_put_now(struct store_txn *t, struct referral_record *r)
{
    struct tokens_view v = referral_tokens(r);

    referral_write(t, r);
    tokens_index(t, SUBJECTS_REFERRAL, &r->id, &v, true);
    index_running(t, r);
    index_agency(t, r->from, r);
    index_agency(t, r->to, r);
    for (uint8_t i = 0; i < r->n_steps; i++)
        index_agency(t, r->steps[i].to, r);
}

void referrals_put(struct store_txn *t, const struct referral_record *r)
{
    struct referral_record *both = calloc(2, sizeof(*both)); /* too large for a stack */
    int status = both ? 0 : -ENOMEM;

    if (both) {
        both[0] = *r;
        status = referral_keep(t, &both[0], &both[1]);
    }
    store_fail(t, status);
    if (!status)
        referral_put_now(t, &both[0]);
    if (both)
        crypto_wipe(both, 2 * sizeof(*both));
    free(both);
}

int referrals_get(struct store_txn *t, const struct id *id, struct referral_record *out)
{
    struct tokens_view v = referral_tokens(out);
    int r = referral_load(t, id, out);

    return r < 0 ? r : tokens_now(t, SUBJECTS_REFERRAL, id, &v);
}

int referrals_settle(struct store_txn *t, const struct id *id, const struct token_epochs *e)
{
    struct referral_record *record = calloc(1, sizeof(*record));
    struct tokens_view v;
    int r;

    if (!record)
        return -ENOMEM;
    v = referral_tokens(record);
    r = referral_load(t, id, record);
    if (r == 0)
        r = tokens_settle(t, SUBJECTS_REFERRAL, id, e, &v);
    if (r > 0)
        referral_write(t, record);
    crypto_wipe(record, sizeof(*record));
    free(record);
    return r;
}

int referrals_survey(struct store_txn *t, const struct id *id, struct survey_seen *s)
{
    struct referral_record *record = calloc(1, sizeof(*record));
    struct tokens_view v;
    int r;

    if (!record)
        return -ENOMEM;
    v = referral_tokens(record);
    r = referral_load(t, id, record);
    if (r == 0) {
        memcpy(s->out->lodger, record->from, sizeof(s->out->lodger));
        s->out->over = !record->running;
        survey_tokens(s, &v);
    }
    crypto_wipe(record, sizeof(*record));
    free(record);
    return r;
}

struct found { /* n times order (8 bytes) and id */
    struct buf octets;
    size_t n, most;
};
#define FOUND_LEN (sizeof(uint64_t) + ID_LEN)

static void found_add(struct found *f, const uint8_t *order, const uint8_t *id)
{
    static const uint8_t none[sizeof(uint64_t)];

    buf_put(&f->octets, order ? order : none, sizeof(none));
    buf_put(&f->octets, id, ID_LEN);
    f->n++;
}

static int found_by_agency(void *ctx, struct bytes key, struct bytes value)
{
    struct found *f = ctx;

    (void)value;
    if (key.len != 1 + SHA256_LEN + FOUND_LEN)
        return -EBADMSG;
    found_add(f, key.data + 1 + SHA256_LEN, key.data + key.len - ID_LEN);
    return buf_status(&f->octets);
}

/* The id is the end of every key; most 0: all. */
static int found_by_id(void *ctx, struct bytes key, struct bytes value)
{
    struct found *f = ctx;

    (void)value;
    if (key.len < 1 + ID_LEN)
        return -EBADMSG;
    if (f->most && f->n == f->most)
        return 1;
    found_add(f, NULL, key.data + key.len - ID_LEN);
    return buf_status(&f->octets);
}

static int found_compare(const void *a, const void *b)
{
    return memcmp(a, b, FOUND_LEN);
}

/* In order, each once. A record that its index names and that is not there has been taken away. */
static int found_each(struct store_txn *t, struct found *f, const struct token_set *by,
                      referrals_visit *visit, void *ctx)
{
    struct referral_record *record;
    struct tokens_view v;
    int r = 0;

    if (!f->n)
        return 0;
    qsort(f->octets.data, f->n, FOUND_LEN, found_compare);
    record = calloc(1, sizeof(*record));
    if (!record)
        return -ENOMEM;
    for (size_t i = 0; i < f->n && r == 0; i++) {
        const uint8_t *at = f->octets.data + i * FOUND_LEN;
        struct id id;

        if (i && !memcmp(at, at - FOUND_LEN, FOUND_LEN))
            continue;
        memcpy(id.octets, at + sizeof(uint64_t), ID_LEN);
        r = referral_load(t, &id, record);
        v = referral_tokens(record);
        if (r == 0)
            r = by ? tokens_found(t, SUBJECTS_REFERRAL, &id, by, &v)
                   : tokens_now(t, SUBJECTS_REFERRAL, &id, &v);
        r = r == -ENOENT ? -EBADMSG : r ? r : visit(ctx, record);
    }
    crypto_wipe(record, sizeof(*record));
    free(record);
    return r < 0 ? r : 0;
}

static void found_deinit(struct found *f)
{
    buf_deinit(&f->octets);
}

int referrals_about(struct store_txn *t, const struct token_set *subject,
                    const struct token *household, referrals_visit *visit, void *ctx)
{
    ALM_CLEANUP(subjects_found_deinit) struct subjects_found people = { 0 };
    ALM_CLEANUP(found_deinit) struct found f = { 0 };
    struct token_set home = subjects_home(household);
    int r = subjects_find(t, SUBJECTS_REFERRAL, subject, &people);

    buf_init(&f.octets, FOUND_MAX * FOUND_LEN);
    for (size_t i = 0; i < people.n && !r; i++) {
        struct id id = subjects_found_at(&people, i);

        found_add(&f, NULL, id.octets);
        r = buf_status(&f.octets);
    }
    if (!r && household->kind) {
        struct place_key k;

        r = key_home(t, household, &k);
        if (!r)
            r = store_scan(t, TABLE_REFERRALS, key_view(&k), bytes_of(NULL, 0), false, found_by_id,
                           &f);
    }
    return r < 0 ? r : found_each(t, &f, subject->n ? subject : &home, visit, ctx);
}

int referrals_of(struct store_txn *t, const name_t *agencies, size_t n, referrals_visit *visit,
                 void *ctx)
{
    ALM_CLEANUP(found_deinit) struct found f = { 0 };
    int r = 0;

    buf_init(&f.octets, FOUND_MAX * FOUND_LEN);
    for (size_t i = 0; i < n && !r; i++) {
        struct place_key k;

        r = key_agency(t, agencies[i], &k);
        if (!r)
            r = store_scan(t, TABLE_REFERRALS, key_view(&k), bytes_of(NULL, 0), false,
                           found_by_agency, &f);
    }
    return r < 0 ? r : found_each(t, &f, NULL, visit, ctx);
}

int referrals_running(struct store_txn *t, const struct id *after, size_t most,
                      referrals_visit *visit, void *ctx, struct id *last)
{
    static const uint8_t nothing = 0;
    ALM_CLEANUP(found_deinit) struct found f = { .most = most };
    struct place_key all = place_key(PLACE_RUNNING), from = key_of(PLACE_RUNNING, after);
    int r;

    buf_init(&f.octets, FOUND_MAX * FOUND_LEN);
    key_add(&from, &nothing, 1); /* the first key past the one that was the last */
    r = store_scan(t, TABLE_REFERRALS, key_view(&all),
                   id_is_zero(after) ? bytes_of(NULL, 0) : key_view(&from), false, found_by_id, &f);
    if (r < 0)
        return r;
    *last = (struct id){ 0 };
    if (f.n == most)
        memcpy(last->octets, f.octets.data + (f.n - 1) * FOUND_LEN + sizeof(uint64_t), ID_LEN);
    return found_each(t, &f, NULL, visit, ctx);
}

/* --- forgetting --- */

static void unindex_agency(struct store_txn *t, const char *agency, const struct referral_record *r)
{
    struct place_key k;
    int e;

    if (!agency[0])
        return;
    e = key_agency(t, agency, &k);
    key_add_leaf(&k, r->leaf);
    key_add(&k, r->id.octets, ID_LEN);
    if (e < 0)
        store_fail(t, e);
    else
        store_del(t, TABLE_REFERRALS, key_view(&k));
}

static void referral_forget_now(struct store_txn *t, struct referral_record *r)
{
    struct tokens_view v = referral_tokens(r);
    struct place_key k = key_of(PLACE_RUNNING, &r->id);

    tokens_index(t, SUBJECTS_REFERRAL, &r->id, &v, false);
    retokens_drop(t, SUBJECTS_REFERRAL, &r->id);
    store_del(t, TABLE_REFERRALS, key_view(&k));
    unindex_agency(t, r->from, r);
    unindex_agency(t, r->to, r);
    for (uint8_t i = 0; i < r->n_steps; i++)
        unindex_agency(t, r->steps[i].to, r);
    k = key_of(PLACE_RECORD, &r->id);
    store_del(t, TABLE_REFERRALS, key_view(&k));
}

int referrals_forget(struct store_txn *t, const struct id *id)
{
    struct referral_record *record = calloc(1, sizeof(*record));
    int r = record ? referral_load(t, id, record) : -ENOMEM;

    if (r == 0)
        referral_forget_now(t, record);
    if (record)
        crypto_wipe(record, sizeof(*record));
    free(record);
    return r;
}
