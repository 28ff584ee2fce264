/* SPDX-License-Identifier: Apache-2.0 */
/* registry.c - records of agencies, practitioners, officers and bundles. Decides nothing:
 * signatures and rights are the core's. */
#include "store/registry.h"

#include <errno.h>
#include <string.h>

#define REGISTRY_LAYOUT     1
#define REGISTRY_RECORD_MAX 1024
#define REGISTRY_KEY_LEN    32
#define BUNDLE_ACTIVE       "active"

/* Decoding a record: the layout byte first; another layout is not ours to guess. */
static struct cursor registry_read(const struct buf *b)
{
    struct cursor c = cursor_of(buf_view(b));

    if (cursor_u8(&c) != REGISTRY_LAYOUT)
        c.failed = true;
    return c;
}

static void registry_write(struct store_txn *t, enum table table, struct bytes key,
                           const struct buf *record)
{
    if (buf_status(record))
        store_fail(t, buf_status(record));
    else
        store_put(t, table, key, buf_view(record));
}

static bool registry_standing_good(uint8_t standing)
{
    return standing == STANDING_ACTIVE || standing == STANDING_SUSPENDED;
}

static bool registry_id_good(const char *id)
{
    size_t len = strnlen(id, REGISTRY_ID_MAX);

    return len > 0 && len < REGISTRY_ID_MAX;
}

/* --- Agencies. --- */

static void registry_keys_read(struct cursor *c, uint8_t *n,
                               uint8_t keys[static REGISTRY_KEYS_MAX][REGISTRY_KEY_LEN])
{
    *n = cursor_u8(c);
    if (*n > REGISTRY_KEYS_MAX) {
        c->failed = true;
        *n = 0;
    }
    for (uint8_t i = 0; i < *n; i++) {
        struct bytes key = cursor_take(c, REGISTRY_KEY_LEN);

        if (key.len)
            memcpy(keys[i], key.data, REGISTRY_KEY_LEN);
    }
}

static int registry_agency_decode(struct bytes key, const struct buf *b,
                                  struct registry_agency *out)
{
    struct cursor c = registry_read(b);

    *out = (struct registry_agency){ 0 };
    if (key.len == 0 || key.len >= sizeof(out->id))
        return -EBADMSG;
    memcpy(out->id, key.data, key.len);
    out->standing = cursor_u8(&c);
    registry_keys_read(&c, &out->n_curve, out->curve);
    registry_keys_read(&c, &out->n_sign, out->sign);
    out->added_ms = cursor_i64(&c);
    out->changed_ms = cursor_i64(&c);
    if (!registry_standing_good(out->standing))
        return -EBADMSG;
    return cursor_end(&c);
}

int registry_agency_get(struct store_txn *t, const char *id, struct registry_agency *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    int r;

    buf_init(&b, REGISTRY_RECORD_MAX);
    r = store_get(t, TABLE_AGENCIES, bytes_str(id), &b);
    return r < 0 ? r : registry_agency_decode(bytes_str(id), &b, out);
}

struct registry_key {
    uint8_t octets[1 + REGISTRY_KEY_LEN];
};

static struct bytes registry_key_of(struct registry_key *k, enum registry_key_sort sort,
                                    const uint8_t key[static REGISTRY_KEY_LEN])
{
    k->octets[0] = (uint8_t)sort;
    memcpy(k->octets + 1, key, REGISTRY_KEY_LEN);
    return bytes_of(k->octets, sizeof(k->octets));
}

int registry_key_owner(struct store_txn *t, enum registry_key_sort sort,
                       const uint8_t key[static REGISTRY_KEY_LEN], char out[static REGISTRY_ID_MAX])
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct registry_key k;
    struct cursor c;
    int r;

    buf_init(&b, REGISTRY_RECORD_MAX);
    r = store_get(t, TABLE_KEYS, registry_key_of(&k, sort, key), &b);
    if (r < 0)
        return r;
    c = registry_read(&b);
    cursor_text(&c, out, REGISTRY_ID_MAX);
    return cursor_end(&c);
}

/* One sort of an agency's keys; octets: n times REGISTRY_KEY_LEN. */
struct registry_keys {
    enum registry_key_sort sort;
    uint8_t n;
    const uint8_t *octets;
};

static bool registry_keys_have(const struct registry_keys *keys,
                               const uint8_t key[static REGISTRY_KEY_LEN])
{
    for (size_t i = 0; i < keys->n; i++) {
        if (memcmp(keys->octets + i * REGISTRY_KEY_LEN, key, REGISTRY_KEY_LEN) == 0)
            return true;
    }
    return false;
}

/* Takes out of TABLE_KEYS what is no longer there, puts in what is; refuses another agency's. */
static int registry_keys_put(struct store_txn *t, const char *id, const struct registry_keys *old,
                             const struct registry_keys *keys)
{
    ALM_CLEANUP(buf_deinit) struct buf record = { 0 };
    struct registry_key k;
    char owner[REGISTRY_ID_MAX];

    buf_init(&record, REGISTRY_RECORD_MAX);
    buf_put_u8(&record, REGISTRY_LAYOUT);
    buf_put_text(&record, id);
    for (size_t i = 0; i < old->n; i++) {
        const uint8_t *key = old->octets + i * REGISTRY_KEY_LEN;

        if (!registry_keys_have(keys, key))
            store_del(t, TABLE_KEYS, registry_key_of(&k, old->sort, key));
    }
    for (size_t i = 0; i < keys->n; i++) {
        const uint8_t *key = keys->octets + i * REGISTRY_KEY_LEN;
        int r = registry_key_owner(t, keys->sort, key, owner);

        if (r == 0 && strcmp(owner, id) != 0)
            return -EEXIST;
        if (r < 0 && r != -ENOENT)
            return r;
        registry_write(t, TABLE_KEYS, registry_key_of(&k, keys->sort, key), &record);
    }
    return 0;
}

static int registry_agency_keys_put(struct store_txn *t, const struct registry_agency *old,
                                    const struct registry_agency *a)
{
    const struct registry_keys curve[] = { { REGISTRY_KEY_CURVE, old->n_curve, old->curve[0] },
                                           { REGISTRY_KEY_CURVE, a->n_curve, a->curve[0] } };
    const struct registry_keys sign[] = { { REGISTRY_KEY_SIGN, old->n_sign, old->sign[0] },
                                          { REGISTRY_KEY_SIGN, a->n_sign, a->sign[0] } };
    int r = registry_keys_put(t, a->id, &curve[0], &curve[1]);

    return r < 0 ? r : registry_keys_put(t, a->id, &sign[0], &sign[1]);
}

static int registry_agency_put_now(struct store_txn *t, const struct registry_agency *a)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct registry_agency old;
    int r;

    if (!registry_id_good(a->id) || a->n_curve > REGISTRY_KEYS_MAX ||
        a->n_sign > REGISTRY_KEYS_MAX || !registry_standing_good(a->standing))
        return -EINVAL;
    r = registry_agency_get(t, a->id, &old);
    if (r == -ENOENT)
        old = (struct registry_agency){ 0 };
    else if (r < 0)
        return r;
    r = registry_agency_keys_put(t, &old, a);
    if (r < 0)
        return r;
    buf_init(&b, REGISTRY_RECORD_MAX);
    buf_put_u8(&b, REGISTRY_LAYOUT);
    buf_put_u8(&b, a->standing);
    buf_put_u8(&b, a->n_curve);
    buf_put(&b, a->curve, (size_t)a->n_curve * REGISTRY_KEY_LEN);
    buf_put_u8(&b, a->n_sign);
    buf_put(&b, a->sign, (size_t)a->n_sign * REGISTRY_KEY_LEN);
    buf_put_i64(&b, a->added_ms);
    buf_put_i64(&b, a->changed_ms);
    registry_write(t, TABLE_AGENCIES, bytes_str(a->id), &b);
    return 0;
}

void registry_agency_put(struct store_txn *t, const struct registry_agency *a)
{
    store_fail(t, registry_agency_put_now(t, a));
}

/* Walking agencies and officers: the record decoded, then the caller's visit. */
struct registry_walk {
    registry_agency_visit *agency;
    registry_officer_visit *officer;
    void *ctx;
};

/* A view as a buf to read from; never written to. */
static struct buf registry_view(struct bytes value)
{
    return (struct buf){ .data = (uint8_t *)(uintptr_t)value.data, .len = value.len };
}

static int registry_agency_walk(void *ctx, struct bytes key, struct bytes value)
{
    const struct registry_walk *w = ctx;
    const struct buf b = registry_view(value);
    struct registry_agency a;
    int r = registry_agency_decode(key, &b, &a);

    return r < 0 ? r : w->agency(w->ctx, &a);
}

int registry_agency_each(struct store_txn *t, registry_agency_visit *visit, void *ctx)
{
    struct registry_walk w = { .agency = visit, .ctx = ctx };

    return store_scan(t, TABLE_AGENCIES, bytes_of(NULL, 0), bytes_of(NULL, 0), true,
                      registry_agency_walk, &w);
}

/* --- Officers. --- */

static int registry_officer_decode(struct bytes key, const struct buf *b,
                                   struct registry_officer *out)
{
    struct cursor c = registry_read(b);
    struct bytes sign;

    *out = (struct registry_officer){ 0 };
    if (key.len == 0 || key.len >= sizeof(out->id))
        return -EBADMSG;
    memcpy(out->id, key.data, key.len);
    sign = cursor_take(&c, sizeof(out->sign));
    if (sign.len)
        memcpy(out->sign, sign.data, sizeof(out->sign));
    out->standing = cursor_u8(&c);
    out->added_ms = cursor_i64(&c);
    if (!registry_standing_good(out->standing))
        return -EBADMSG;
    return cursor_end(&c);
}

int registry_officer_get(struct store_txn *t, const char *id, struct registry_officer *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    int r;

    buf_init(&b, REGISTRY_RECORD_MAX);
    r = store_get(t, TABLE_OFFICERS, bytes_str(id), &b);
    return r < 0 ? r : registry_officer_decode(bytes_str(id), &b, out);
}

void registry_officer_put(struct store_txn *t, const struct registry_officer *o)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    if (!registry_id_good(o->id) || !registry_standing_good(o->standing)) {
        store_fail(t, -EINVAL);
        return;
    }
    buf_init(&b, REGISTRY_RECORD_MAX);
    buf_put_u8(&b, REGISTRY_LAYOUT);
    buf_put(&b, o->sign, sizeof(o->sign));
    buf_put_u8(&b, o->standing);
    buf_put_i64(&b, o->added_ms);
    registry_write(t, TABLE_OFFICERS, bytes_str(o->id), &b);
}

static int registry_officer_walk(void *ctx, struct bytes key, struct bytes value)
{
    const struct registry_walk *w = ctx;
    const struct buf b = registry_view(value);
    struct registry_officer o;
    int r = registry_officer_decode(key, &b, &o);

    return r < 0 ? r : w->officer(w->ctx, &o);
}

int registry_officer_each(struct store_txn *t, registry_officer_visit *visit, void *ctx)
{
    struct registry_walk w = { .officer = visit, .ctx = ctx };

    return store_scan(t, TABLE_OFFICERS, bytes_of(NULL, 0), bytes_of(NULL, 0), true,
                      registry_officer_walk, &w);
}

static int registry_officer_tally(void *ctx, const struct registry_officer *o)
{
    size_t *n = ctx;

    *n += o->standing == STANDING_ACTIVE;
    return 0;
}

int registry_officer_count(struct store_txn *t, size_t *active)
{
    *active = 0;
    return registry_officer_each(t, registry_officer_tally, active);
}

/* --- Practitioners. Their references are blinded in the key: an opaque reference is still one
 * person's. --- */

static int registry_practitioner_key(struct store_txn *t, const char *agency, const char *ref,
                                     uint8_t out[static SHA256_LEN])
{
    uint8_t octets[2 * REGISTRY_ID_MAX];
    size_t agency_len = strnlen(agency, REGISTRY_ID_MAX), ref_len = strnlen(ref, REGISTRY_ID_MAX);

    if (!registry_id_good(agency) || !registry_id_good(ref))
        return -EINVAL;
    memcpy(octets, agency, agency_len);
    octets[agency_len] = '\0';
    memcpy(octets + agency_len + 1, ref, ref_len);
    return store_blind(store_of(t), bytes_of(octets, agency_len + 1 + ref_len), out);
}

int registry_practitioner_get(struct store_txn *t, const char *agency, const char *ref,
                              uint8_t *standing)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    char kept_agency[REGISTRY_ID_MAX], kept_ref[REGISTRY_ID_MAX];
    uint8_t key[SHA256_LEN];
    struct cursor c;
    int r = registry_practitioner_key(t, agency, ref, key);

    *standing = STANDING_SUSPENDED; /* what an error leaves behind */
    if (r < 0)
        return r;
    buf_init(&b, REGISTRY_RECORD_MAX);
    r = store_get(t, TABLE_PRACTITIONERS, bytes_of(key, sizeof(key)), &b);
    if (r == -ENOENT) {
        *standing = STANDING_ACTIVE;
        return 0;
    }
    if (r < 0)
        return r;
    c = registry_read(&b);
    cursor_text(&c, kept_agency, sizeof(kept_agency));
    cursor_text(&c, kept_ref, sizeof(kept_ref));
    *standing = cursor_u8(&c);
    if (cursor_end(&c) < 0 || !registry_standing_good(*standing)) {
        *standing = STANDING_SUSPENDED;
        return -EBADMSG;
    }
    return 0;
}

void registry_practitioner_put(struct store_txn *t, const char *agency, const char *ref,
                               uint8_t standing)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    uint8_t key[SHA256_LEN];
    int r =
        registry_standing_good(standing) ? registry_practitioner_key(t, agency, ref, key) : -EINVAL;

    if (r < 0) {
        store_fail(t, r);
        return;
    }
    buf_init(&b, REGISTRY_RECORD_MAX);
    buf_put_u8(&b, REGISTRY_LAYOUT);
    buf_put_text(&b, agency);
    buf_put_text(&b, ref);
    buf_put_u8(&b, standing);
    registry_write(t, TABLE_PRACTITIONERS, bytes_of(key, sizeof(key)), &b);
}

/* --- Bundles. --- */

void registry_bundle_put(struct store_txn *t, const uint8_t hash[static 32], struct bytes compiled)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    buf_init(&b, STORE_VALUE_MAX);
    buf_put_u8(&b, REGISTRY_LAYOUT);
    buf_put(&b, compiled.data, compiled.len);
    registry_write(t, TABLE_BUNDLES, bytes_of(hash, 32), &b);
}

int registry_bundle_get(struct store_txn *t, const uint8_t hash[static 32], struct buf *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    uint8_t actual[SHA256_LEN];
    struct cursor c;
    int r;

    buf_init(&b, STORE_VALUE_MAX);
    r = store_get(t, TABLE_BUNDLES, bytes_of(hash, 32), &b);
    if (r < 0)
        return r;
    c = registry_read(&b);
    if (c.failed)
        return -EBADMSG;
    r = crypto_sha256(bytes_of(c.at, c.left), actual);
    if (r < 0)
        return r;
    if (memcmp(actual, hash, sizeof(actual)) != 0)
        return -EBADMSG;
    buf_put(out, c.at, c.left);
    return buf_status(out);
}

void registry_bundle_activate(struct store_txn *t, const uint8_t hash[static 32])
{
    uint8_t record[1 + 32] = { REGISTRY_LAYOUT };

    if (!store_has(t, TABLE_BUNDLES, bytes_of(hash, 32))) {
        store_fail(t, -ENOENT);
        return;
    }
    memcpy(record + 1, hash, 32);
    store_put(t, TABLE_BUNDLES, bytes_str(BUNDLE_ACTIVE), bytes_of(record, sizeof(record)));
}

int registry_bundle_active(struct store_txn *t, uint8_t hash[static 32])
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct cursor c;
    struct bytes kept;
    int r;

    buf_init(&b, REGISTRY_RECORD_MAX);
    r = store_get(t, TABLE_BUNDLES, bytes_str(BUNDLE_ACTIVE), &b);
    if (r < 0)
        return r;
    c = registry_read(&b);
    kept = cursor_take(&c, 32);
    r = cursor_end(&c);
    if (r == 0)
        memcpy(hash, kept.data, 32);
    return r;
}
