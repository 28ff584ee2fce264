/* SPDX-License-Identifier: Apache-2.0 */
/* subjects.c - the index from tokens to records. Keys hold HMACs, never tokens: a copy of the file
 * matches nobody. */
#include "store/subjects.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/internal.h"

#define SUBJECTS_IDS_MAX                                                                           \
    ((size_t)1                                                                                     \
     << 20) /* records about one person that are read at once; more is an error, so a refusal */
#define SUBJECTS_LODGER_MAX    80 /* an agency, or "unreviewed:" and one */
#define SUBJECTS_LODGER_DOMAIN 0xff /* first byte blinded for a lodger: no token kind has it */

/* Record kind, HMAC, then for a lodger the leaf, then the id. */
struct subjects_key {
    uint8_t octets[SUBJECTS_FOUND_BY + sizeof(uint64_t) + ID_LEN];
    size_t len;
};

static void subjects_key_add(struct subjects_key *k, const void *data, size_t len)
{
    memcpy(k->octets + k->len, data, len);
    k->len += len;
}

static struct bytes subjects_key_view(const struct subjects_key *k)
{
    return bytes_of(k->octets, k->len);
}

static bool subjects_of_person(const struct token *t)
{
    return token_kind_facts(t->kind)->finds;
}

/* A shield is found by whatever says that two people's names are alike, for what is near to it is
 * quarantined: nothing is near by a home alone (proto/match). */
static bool subjects_indexed(enum subjects_kind kind, const struct token *t)
{
    if (kind == SUBJECTS_SHIELD && token_kind_facts(t->kind)->who)
        return true;
    return subjects_of_person(t) || t->kind == TOKEN_HOME;
}

struct token_set subjects_home(const struct token *home)
{
    return (struct token_set){ .n = 1, .tokens = { *home } };
}

static size_t subjects_len(const struct token_set *s)
{
    return s->n < TOKEN_SET_MAX ? s->n : TOKEN_SET_MAX;
}

bool subjects_findable(const struct token_set *subject)
{
    for (size_t i = 0; i < subjects_len(subject); i++) {
        if (subjects_of_person(&subject->tokens[i]))
            return true;
    }
    return false;
}

/* The key up to the id. An unborn child has its mother's tokens and is somebody else, so that it
 * goes into the HMAC. */
static int subjects_token_key(struct store_txn *t, enum subjects_kind kind,
                              const struct token *token, bool unborn, struct subjects_key *out)
{
    uint8_t octets[5 + TOKEN_LEN] = { token->kind, token->scheme, (uint8_t)(token->epoch >> 8),
                                      (uint8_t)token->epoch, unborn };
    uint8_t blinded[SHA256_LEN], kind_octet = (uint8_t)kind;
    int r;

    memcpy(octets + 5, token->value, TOKEN_LEN);
    r = store_blind(store_of(t), bytes_of(octets, sizeof(octets)), blinded);
    if (r < 0)
        return r;
    out->len = 0;
    subjects_key_add(out, &kind_octet, 1);
    subjects_key_add(out, blinded, sizeof(blinded));
    return 0;
}

/* --- Which records an entry finds. --- */

#define ONE(table) ((uint64_t)1 << (table))
static const struct {
    uint8_t kind;
    uint64_t tables;
} subjects_kept[] = {
    { SUBJECTS_CONSENT, ONE(TABLE_CONSENTS) },
    { SUBJECTS_SHIELD, ONE(TABLE_SHIELDS) },
    { SUBJECTS_OVERRIDE, ONE(TABLE_OVERRIDES) },
    { SUBJECTS_CONCERN, ONE(TABLE_CONCERNS) },
    { SUBJECTS_EPISODE, ONE(TABLE_EPISODES) },
    { SUBJECTS_WATCH, ONE(TABLE_WATCHES) },
    { SUBJECTS_DISPUTE, ONE(TABLE_DISPUTES) },
    { SUBJECTS_REFERRAL, ONE(TABLE_REFERRALS) },
    { SUBJECTS_RECALL, ONE(TABLE_RECALLS) },
    { SUBJECTS_STATEMENT, ONE(TABLE_STATEMENTS) },
    { SUBJECTS_LODGER, ONE(TABLE_CONSENTS) | ONE(TABLE_OVERRIDES) },
};

uint64_t subjects_tables(struct bytes key)
{
    uint64_t all = 0;

    for (size_t i = 0; i < ALM_LEN(subjects_kept); i++) {
        if (key.len && subjects_kept[i].kind == key.data[0])
            return subjects_kept[i].tables;
        all |= subjects_kept[i].tables;
    }
    return all;
}

typedef void subjects_change(struct store_txn *t, struct bytes key);

static void subjects_put(struct store_txn *t, struct bytes key)
{
    store_put(t, TABLE_SUBJECTS, key, bytes_of(NULL, 0));
}

static void subjects_del(struct store_txn *t, struct bytes key)
{
    store_del(t, TABLE_SUBJECTS, key);
}

static void subjects_each(struct store_txn *t, enum subjects_kind kind,
                          const struct token_set *subject, const struct id *id,
                          subjects_change *change)
{
    for (size_t i = 0; i < subjects_len(subject); i++) {
        struct subjects_key k;
        int r;

        if (!subjects_indexed(kind, &subject->tokens[i]))
            continue;
        r = subjects_token_key(t, kind, &subject->tokens[i], subject->unborn, &k);
        if (r < 0) {
            store_fail(t, r);
            return;
        }
        subjects_key_add(&k, id->octets, ID_LEN);
        change(t, subjects_key_view(&k));
    }
}

void subjects_add(struct store_txn *t, enum subjects_kind kind, const struct token_set *subject,
                  const struct id *id)
{
    subjects_each(t, kind, subject, id, subjects_put);
}

void subjects_remove(struct store_txn *t, enum subjects_kind kind, const struct token_set *subject,
                     const struct id *id)
{
    subjects_each(t, kind, subject, id, subjects_del);
}

bool subjects_makes(struct store_txn *t, enum subjects_kind kind, const struct token_set *subject,
                    struct bytes key)
{
    for (size_t i = 0; i < subjects_len(subject); i++) {
        struct subjects_key k;
        int r;

        if (!subjects_indexed(kind, &subject->tokens[i]))
            continue;
        r = subjects_token_key(t, kind, &subject->tokens[i], subject->unborn, &k);
        if (r < 0)
            store_fail(t, r);
        else if (key.len >= k.len && memcmp(key.data, k.octets, k.len) == 0)
            return true;
    }
    return false;
}

void subjects_found_deinit(struct subjects_found *f)
{
    buf_deinit(&f->ids);
}

struct id subjects_found_at(const struct subjects_found *f, size_t i)
{
    struct id id;

    memcpy(id.octets, f->ids.data + i * ID_LEN, ID_LEN);
    return id;
}

/* The id is the end of every key. */
static int subjects_collect(void *ctx, struct bytes key, struct bytes value)
{
    struct subjects_found *f = ctx;

    (void)value;
    if (key.len < SUBJECTS_FOUND_BY + ID_LEN)
        return -EBADMSG;
    buf_put(&f->ids, key.data + key.len - ID_LEN, ID_LEN);
    f->n++;
    return buf_status(&f->ids);
}

static int subjects_compare(const void *a, const void *b)
{
    return memcmp(a, b, ID_LEN);
}

/* The same record is found by each token that it shares. */
static void subjects_make_unique(struct subjects_found *f)
{
    size_t n = 0;

    if (f->n < 2)
        return;
    qsort(f->ids.data, f->n, ID_LEN, subjects_compare);
    for (size_t i = 0; i < f->n; i++) {
        const uint8_t *id = f->ids.data + i * ID_LEN;

        if (n && memcmp(f->ids.data + (n - 1) * ID_LEN, id, ID_LEN) == 0)
            continue;
        memmove(f->ids.data + n * ID_LEN, id, ID_LEN);
        n++;
    }
    f->n = n;
    f->ids.len = n * ID_LEN;
}

int subjects_find(struct store_txn *t, enum subjects_kind kind, const struct token_set *subject,
                  struct subjects_found *out)
{
    *out = (struct subjects_found){ 0 };
    buf_init(&out->ids, SUBJECTS_IDS_MAX * ID_LEN);
    if (store_surely_absent(t, kind, NULL))
        return 0;
    for (size_t i = 0; i < subjects_len(subject); i++) {
        struct subjects_key k;
        int r;

        if (!subjects_indexed(kind, &subject->tokens[i]))
            continue;
        r = subjects_token_key(t, kind, &subject->tokens[i], subject->unborn, &k);
        if (r == 0 && !store_surely_absent(t, kind, k.octets + 1))
            r = store_scan(t, TABLE_SUBJECTS, subjects_key_view(&k), bytes_of(NULL, 0), false,
                           subjects_collect, out);
        if (r < 0)
            return r;
    }
    subjects_make_unique(out);
    return 0;
}

static int subjects_lodger_key(struct store_txn *t, const char *lodger, struct subjects_key *out)
{
    uint8_t octets[1 + SUBJECTS_LODGER_MAX] = { SUBJECTS_LODGER_DOMAIN }, blinded[SHA256_LEN],
                       kind = SUBJECTS_LODGER;
    size_t len = strnlen(lodger, SUBJECTS_LODGER_MAX);
    int r;

    if (len == SUBJECTS_LODGER_MAX)
        return -EINVAL;
    memcpy(octets + 1, lodger, len);
    r = store_blind(store_of(t), bytes_of(octets, 1 + len), blinded);
    if (r < 0)
        return r;
    out->len = 0;
    subjects_key_add(out, &kind, 1);
    subjects_key_add(out, blinded, sizeof(blinded));
    return 0;
}

/* The whole key. */
static int subjects_lodger_entry(struct store_txn *t, const char *lodger, uint64_t leaf,
                                 const struct id *id, struct subjects_key *k)
{
    uint8_t order[sizeof(leaf)];
    int r = subjects_lodger_key(t, lodger, k);

    if (r < 0)
        return r;
    for (size_t i = 0; i < sizeof(order); i++)
        order[i] = (uint8_t)(leaf >> (56 - 8 * i));
    subjects_key_add(k, order, sizeof(order));
    subjects_key_add(k, id->octets, ID_LEN);
    return 0;
}

static void subjects_lodger_change(struct store_txn *t, const char *lodger, uint64_t leaf,
                                   const struct id *id, subjects_change *change)
{
    struct subjects_key k;
    int r = subjects_lodger_entry(t, lodger, leaf, id, &k);

    if (r < 0)
        store_fail(t, r);
    else
        change(t, subjects_key_view(&k));
}

bool subjects_lodger_has(struct store_txn *t, const char *lodger, uint64_t leaf,
                         const struct id *id)
{
    struct subjects_key k;
    int r = subjects_lodger_entry(t, lodger, leaf, id, &k);

    if (r < 0)
        store_fail(t, r);
    return r == 0 && store_has(t, TABLE_SUBJECTS, subjects_key_view(&k));
}

void subjects_lodger_add(struct store_txn *t, const char *lodger, uint64_t leaf,
                         const struct id *id)
{
    subjects_lodger_change(t, lodger, leaf, id, subjects_put);
}

void subjects_lodger_remove(struct store_txn *t, const char *lodger, uint64_t leaf,
                            const struct id *id)
{
    subjects_lodger_change(t, lodger, leaf, id, subjects_del);
}

int subjects_lodger_find(struct store_txn *t, const char *lodger, struct subjects_found *out)
{
    struct subjects_key k;
    int r;

    *out = (struct subjects_found){ 0 };
    buf_init(&out->ids, SUBJECTS_IDS_MAX * ID_LEN);
    r = subjects_lodger_key(t, lodger, &k);
    if (r < 0)
        return r;
    return store_scan(t, TABLE_SUBJECTS, subjects_key_view(&k), bytes_of(NULL, 0), false,
                      subjects_collect, out);
}
