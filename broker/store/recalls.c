/* SPDX-License-Identifier: Apache-2.0 */
/* recalls.c - recalls, those whom they are told to, and how far the search for them is. */
#include "store/recalls.h"

#include "store/fields.h"
#include "store/subjects.h"

#include <errno.h>
#include <string.h>

#define RECALL_LAYOUT     1
#define RECALL_RECORD_MAX 4096
#define ERASE_STEP        256 /* keys gathered before they are deleted */

/* --- keys --- */

struct recall_key {
    uint8_t octets[1 + 64 + 8 + ID_LEN];
    size_t len;
};

static void key_add(struct recall_key *k, const void *data, size_t len)
{
    if (k->len + len > sizeof(k->octets)) /* an agency's id is shorter */
        len = sizeof(k->octets) - k->len;
    memcpy(k->octets + k->len, data, len);
    k->len += len;
}

static void key_add_leaf(struct recall_key *k, uint64_t leaf)
{
    uint8_t order[8];

    for (size_t i = 0; i < sizeof(order); i++)
        order[i] = (uint8_t)(leaf >> (56 - 8 * i));
    key_add(k, order, sizeof(order));
}

static struct recall_key key_of(char place, const struct id *id)
{
    struct recall_key k = { .octets = { (uint8_t)place }, .len = 1 };

    if (id)
        key_add(&k, id->octets, ID_LEN);
    return k;
}

static struct bytes key_view(const struct recall_key *k)
{
    return bytes_of(k->octets, k->len);
}

static struct recall_key key_of_lodger(const char *lodger)
{
    struct recall_key k = key_of('a', NULL);

    key_add(&k, lodger, strnlen(lodger, 63));
    key_add(&k, "", 1);
    return k;
}

static struct recall_key key_of_own(const struct recall_record *r)
{
    struct recall_key k = key_of_lodger(r->lodger);

    key_add_leaf(&k, r->leaf);
    key_add(&k, r->id.octets, ID_LEN);
    return k;
}

static struct recall_key key_of_job(const struct recall_record *r)
{
    struct recall_key k = key_of('j', NULL);

    key_add_leaf(&k, r->leaf);
    key_add(&k, r->id.octets, ID_LEN);
    return k;
}

static struct recall_key key_of_found(const struct id *recall, uint64_t leaf)
{
    struct recall_key k = key_of('f', recall);

    key_add_leaf(&k, leaf);
    return k;
}

static struct recall_key key_of_party(const struct id *recall, const char *agency)
{
    struct recall_key k = key_of('p', recall);

    key_add(&k, agency, strnlen(agency, 63));
    return k;
}

/* Of a key that ends with one. */
static struct id key_id(struct bytes key)
{
    struct id id = { 0 };

    if (key.len >= ID_LEN)
        memcpy(id.octets, key.data + key.len - ID_LEN, ID_LEN);
    return id;
}

static void put(struct store_txn *t, const struct recall_key *k, const struct buf *b)
{
    if (buf_status(b))
        store_fail(t, buf_status(b));
    else
        store_put(t, TABLE_RECALLS, key_view(k), buf_view(b));
}

/* --- recalls --- */

static void recall_encode(const struct recall_record *r, struct buf *b)
{
    buf_put_u8(b, RECALL_LAYOUT);
    field_put_id(b, &r->id);
    buf_put_u8(b, r->cause);
    buf_put_u8(b, r->kind);
    PUT_TEXT(b, r->lodger);
    PUT_TEXT(b, r->question);
    buf_put_i32(b, r->from);
    buf_put_i32(b, r->until);
    buf_put_u8(b, r->subject_kind);
    field_put_set(b, &r->subject);
    buf_put_u8(b, r->household.kind != 0);
    if (r->household.kind)
        field_put_token(b, &r->household);
    buf_put_i32(b, r->lodged_on);
    buf_put_i64(b, r->lodged_ms);
    buf_put_u64(b, r->leaf);
    buf_put_u8(b, r->phase);
    buf_put_u64(b, r->next);
    buf_put_u64(b, r->replies_next);
}

static int recall_decode(struct bytes octets, struct recall_record *out)
{
    struct cursor c = cursor_of(octets);

    memset(out, 0, sizeof(*out));
    if (cursor_u8(&c) != RECALL_LAYOUT)
        return -EBADMSG;
    field_take_id(&c, &out->id);
    out->cause = cursor_u8(&c);
    out->kind = cursor_u8(&c);
    cursor_text(&c, out->lodger, sizeof(out->lodger));
    cursor_text(&c, out->question, sizeof(out->question));
    out->from = cursor_i32(&c);
    out->until = cursor_i32(&c);
    out->subject_kind = cursor_u8(&c);
    field_take_set(&c, &out->subject);
    if (field_take_bool(&c))
        field_take_token(&c, &out->household);
    out->lodged_on = cursor_i32(&c);
    out->lodged_ms = cursor_i64(&c);
    out->leaf = cursor_u64(&c);
    out->phase = cursor_u8(&c);
    out->next = cursor_u64(&c);
    out->replies_next = cursor_u64(&c);
    if (cursor_end(&c) || !out->cause || out->cause > STOP_STATEMENT || !out->phase ||
        out->phase > RECALL_DAMAGED)
        return -EBADMSG;
    return 0;
}

static struct token_set recall_tokens(const struct recall_record *r)
{
    return r->household.kind ? subjects_home(&r->household) : r->subject;
}

void recalls_put(struct store_txn *t, const struct recall_record *r)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct recall_key k = key_of('r', &r->id), own = key_of_own(r), job = key_of_job(r);
    struct token_set tokens = recall_tokens(r);

    buf_init(&b, RECALL_RECORD_MAX);
    recall_encode(r, &b);
    put(t, &k, &b);
    if (r->lodger[0])
        store_put(t, TABLE_RECALLS, key_view(&own), bytes_of(NULL, 0));
    if (r->phase >= RECALL_TOLD)
        store_del(t, TABLE_RECALLS, key_view(&job));
    else
        store_put(t, TABLE_RECALLS, key_view(&job), bytes_of(NULL, 0));
    subjects_add(t, SUBJECTS_RECALL, &tokens, &r->id);
}

int recalls_get(struct store_txn *t, const struct id *id, struct recall_record *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct recall_key k = key_of('r', id);
    int r;

    buf_init(&b, RECALL_RECORD_MAX);
    r = store_get(t, TABLE_RECALLS, key_view(&k), &b);
    return r < 0 ? r : recall_decode(buf_view(&b), out);
}

/* What an index names is there, or somebody took it away. */
static int recall_named(struct store_txn *t, const struct id *id, struct recall_record *out)
{
    int r = recalls_get(t, id, out);

    return r == -ENOENT ? -EBADMSG : r;
}

static int first_key(void *ctx, struct bytes key, struct bytes value)
{
    (void)value;
    *(struct id *)ctx = key_id(key);
    return 1;
}

int recalls_open(struct store_txn *t, struct recall_record *out)
{
    struct id id = { 0 };
    int r = store_scan(t, TABLE_RECALLS, bytes_str("j"), bytes_of(NULL, 0), false, first_key, &id);

    if (r < 0)
        return r;
    return id_is_zero(&id) ? -ENOENT : recall_named(t, &id, out);
}

struct visiting {
    struct store_txn *t;
    recalls_visit *visit;
    void *ctx;
};

static int recall_one(void *ctx, struct bytes key, struct bytes value)
{
    struct visiting *v = ctx;
    struct recall_record record;
    int r = recall_decode(value, &record);

    (void)key;
    return r < 0 ? r : v->visit(v->ctx, &record);
}

int recalls_each(struct store_txn *t, recalls_visit *visit, void *ctx)
{
    struct visiting v = { t, visit, ctx };
    int r = store_scan(t, TABLE_RECALLS, bytes_str("r"), bytes_of(NULL, 0), true, recall_one, &v);

    return r < 0 ? r : 0;
}

static int recall_own(void *ctx, struct bytes key, struct bytes value)
{
    struct visiting *v = ctx;
    struct recall_record record;
    struct id id = key_id(key);
    int r = recall_named(v->t, &id, &record);

    (void)value;
    return r < 0 ? r : v->visit(v->ctx, &record);
}

int recalls_of(struct store_txn *t, const char *lodger, uint64_t after, recalls_visit *visit,
               void *ctx)
{
    struct visiting v = { t, visit, ctx };
    struct recall_key prefix = key_of_lodger(lodger), from = prefix;
    int r;

    key_add_leaf(&from, after == UINT64_MAX ? 0 : after + 1);
    r = store_scan(t, TABLE_RECALLS, key_view(&prefix), key_view(&from), false, recall_own, &v);
    return r < 0 ? r : 0;
}

int recalls_about(struct store_txn *t, const struct token_set *subject, recalls_visit *visit,
                  void *ctx)
{
    ALM_CLEANUP(subjects_found_deinit) struct subjects_found found = { 0 };
    int r = subjects_find(t, SUBJECTS_RECALL, subject, &found);

    for (size_t i = 0; i < found.n && r == 0; i++) {
        struct id id = subjects_found_at(&found, i);
        struct recall_record record;

        r = recall_named(t, &id, &record);
        if (r == 0)
            r = visit(ctx, &record);
    }
    return r < 0 ? r : 0;
}

/* --- whom it is told to --- */

static void party_encode(const struct recall_party *p, struct buf *b)
{
    buf_put_u8(b, RECALL_LAYOUT);
    field_put_id(b, &p->message);
    PUT_TEXT(b, p->question);
    buf_put_i32(b, p->told_on);
    buf_put_u16(b, p->replies);
    buf_put_u8(b, p->hidden);
    buf_put_u8(b, p->state);
    buf_put_u8(b, p->done);
    buf_put_i64(b, p->due_ms);
    buf_put_u64(b, p->leaf);
}

static int party_decode(struct bytes octets, struct recall_party *out)
{
    struct cursor c = cursor_of(octets);

    if (cursor_u8(&c) != RECALL_LAYOUT)
        return -EBADMSG;
    field_take_id(&c, &out->message);
    cursor_text(&c, out->question, sizeof(out->question));
    out->told_on = cursor_i32(&c);
    out->replies = cursor_u16(&c);
    out->hidden = field_take_bool(&c);
    out->state = cursor_u8(&c);
    out->done = cursor_u8(&c);
    out->due_ms = cursor_i64(&c);
    out->leaf = cursor_u64(&c);
    return cursor_end(&c) || !out->state || out->state > PARTY_GONE ? -EBADMSG : 0;
}

void recall_party_put(struct store_txn *t, const struct id *recall, const struct recall_party *p)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct recall_key k = key_of_party(recall, p->agency);

    buf_init(&b, RECALL_RECORD_MAX);
    party_encode(p, &b);
    put(t, &k, &b);
}

int recall_party_get(struct store_txn *t, const struct id *recall, const char *agency,
                     struct recall_party *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct recall_key k = key_of_party(recall, agency);
    int r;

    memset(out, 0, sizeof(*out));
    buf_init(&b, RECALL_RECORD_MAX);
    r = store_get(t, TABLE_RECALLS, key_view(&k), &b);
    if (r < 0)
        return r;
    memcpy(out->agency, agency, strnlen(agency, sizeof(out->agency) - 1));
    return party_decode(buf_view(&b), out);
}

struct visiting_parties {
    recall_party_visit *visit;
    void *ctx;
};

static int party_one(void *ctx, struct bytes key, struct bytes value)
{
    const struct visiting_parties *v = ctx;
    struct recall_party p = { .replies = 0 };
    size_t at = 1 + ID_LEN;
    int r;

    if (key.len <= at || key.len - at >= sizeof(p.agency))
        return -EBADMSG;
    memcpy(p.agency, key.data + at, key.len - at);
    r = party_decode(value, &p);
    return r < 0 ? r : v->visit(v->ctx, &p);
}

int recall_parties(struct store_txn *t, const struct id *recall, recall_party_visit *visit,
                   void *ctx)
{
    struct visiting_parties v = { visit, ctx };
    struct recall_key k = key_of('p', recall);
    int r = store_scan(t, TABLE_RECALLS, key_view(&k), bytes_of(NULL, 0), true, party_one, &v);

    return r < 0 ? r : 0;
}

/* --- decisions found --- */

void recall_found_put(struct store_txn *t, const struct id *recall, const struct recall_found *f)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct recall_key k = key_of_found(recall, f->leaf);

    buf_init(&b, RECALL_RECORD_MAX);
    buf_put_u8(&b, RECALL_LAYOUT);
    PUT_TEXT(&b, f->agency);
    buf_put_u8(&b, f->hidden);
    put(t, &k, &b);
}

static int found_decode(struct bytes key, struct bytes octets, struct recall_found *out)
{
    struct cursor c = cursor_of(octets), k = cursor_of(key);

    memset(out, 0, sizeof(*out));
    (void)cursor_take(&k, 1 + ID_LEN);
    out->leaf = cursor_u64(&k);
    if (cursor_u8(&c) != RECALL_LAYOUT)
        return -EBADMSG;
    cursor_text(&c, out->agency, sizeof(out->agency));
    out->hidden = field_take_bool(&c);
    return cursor_end(&k) || cursor_end(&c) ? -EBADMSG : 0;
}

int recall_found_get(struct store_txn *t, const struct id *recall, uint64_t leaf,
                     struct recall_found *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct recall_key k = key_of_found(recall, leaf);
    int r;

    buf_init(&b, RECALL_RECORD_MAX);
    r = store_get(t, TABLE_RECALLS, key_view(&k), &b);
    return r < 0 ? r : found_decode(key_view(&k), buf_view(&b), out);
}

struct visiting_founds {
    recall_found_visit *visit;
    void *ctx;
};

static int found_one(void *ctx, struct bytes key, struct bytes value)
{
    const struct visiting_founds *v = ctx;
    struct recall_found f;
    int r = found_decode(key, value, &f);

    return r < 0 ? r : v->visit(v->ctx, &f);
}

int recall_founds(struct store_txn *t, const struct id *recall, recall_found_visit *visit,
                  void *ctx)
{
    struct visiting_founds v = { visit, ctx };
    struct recall_key k = key_of('f', recall);
    int r = store_scan(t, TABLE_RECALLS, key_view(&k), bytes_of(NULL, 0), true, found_one, &v);

    return r < 0 ? r : 0;
}

/* --- erasing --- */

struct gathering {
    size_t n;
    struct recall_key keys[ERASE_STEP];
};

static int key_gather(void *ctx, struct bytes key, struct bytes value)
{
    struct gathering *g = ctx;

    (void)value;
    if (key.len > sizeof(g->keys[0].octets))
        return -EBADMSG;
    memcpy(g->keys[g->n].octets, key.data, key.len);
    g->keys[g->n++].len = key.len;
    return g->n == ERASE_STEP;
}

/* Gathered first: nothing is deleted under the scan that reads it. */
static void erase_under(struct store_txn *t, const struct recall_key *prefix)
{
    struct gathering g = { .n = ERASE_STEP };

    while (g.n == ERASE_STEP && !store_status(t)) {
        int r;

        g.n = 0;
        r = store_scan(t, TABLE_RECALLS, key_view(prefix), bytes_of(NULL, 0), false, key_gather,
                       &g);
        store_fail(t, r < 0 ? r : 0);
        for (size_t i = 0; i < g.n; i++)
            store_del(t, TABLE_RECALLS, key_view(&g.keys[i]));
    }
}

void recall_founds_erase(struct store_txn *t, const struct id *recall)
{
    struct recall_key k = key_of('f', recall);

    erase_under(t, &k);
}

void recalls_erase(struct store_txn *t, const struct id *id)
{
    struct recall_key parties = key_of('p', id), k = key_of('r', id), own, job;
    struct recall_record record;
    struct token_set tokens;
    int r = recalls_get(t, id, &record);

    if (r == -ENOENT)
        return;
    if (r < 0) {
        store_fail(t, r);
        return;
    }
    own = key_of_own(&record);
    job = key_of_job(&record);
    tokens = recall_tokens(&record);
    subjects_remove(t, SUBJECTS_RECALL, &tokens, id);
    recall_founds_erase(t, id);
    erase_under(t, &parties);
    store_del(t, TABLE_RECALLS, key_view(&own));
    store_del(t, TABLE_RECALLS, key_view(&job));
    store_del(t, TABLE_RECALLS, key_view(&k));
}
