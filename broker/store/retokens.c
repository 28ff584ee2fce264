/* SPDX-License-Identifier: Apache-2.0 */
/* retokens.c - further sets of tokens of a record, kept and presented. Whether one may be put is the
 * core's business. */
#include "store/retokens.h"

#include <errno.h>
#include <string.h>

#include "store/fields.h"
#include "store/internal.h"
#include "store/referrals_home.h"

#define RETOKEN_LAYOUT 1
#define RETOKEN_MAX    2048 /* bytes of one set */
#define RECORD_KEY     (1 + ID_LEN)
#define SET_KEY        (RECORD_KEY + 3)

bool token_epoch_same(struct token_epoch a, struct token_epoch b)
{
    return a.scheme == b.scheme && a.epoch == b.epoch;
}

bool token_epochs_has(const struct token_epochs *e, struct token_epoch one)
{
    for (uint8_t i = 0; i < e->n; i++) {
        if (token_epoch_same(e->at[i], one))
            return true;
    }
    return false;
}

static struct token_epoch token_epoch_of(const struct token *t)
{
    return (struct token_epoch){ .scheme = t->scheme, .epoch = t->epoch };
}

struct token_epoch token_set_epoch(const struct token_set *set)
{
    return set->n ? token_epoch_of(&set->tokens[0]) : (struct token_epoch){ .scheme = 0 };
}

bool token_set_same(const struct token_set *a, const struct token_set *b)
{
    if (a->n != b->n || a->unborn != b->unborn)
        return false;
    for (uint8_t i = 0; i < a->n && i < TOKEN_SET_MAX; i++) {
        if (!token_equal(&a->tokens[i], &b->tokens[i]))
            return false;
    }
    return true;
}

struct token_epoch retoken_epoch(const struct retoken *r)
{
    return r->subject.n || !r->has_household ? token_set_epoch(&r->subject)
                                             : token_epoch_of(&r->household);
}

static bool view_has_home(const struct tokens_view *v)
{
    if (!v->household)
        return false;
    return v->has_household ? *v->has_household : v->household->kind == TOKEN_HOME;
}

struct token_epoch tokens_epoch(const struct tokens_view *v)
{
    if (v->subject->n || !view_has_home(v))
        return token_set_epoch(v->subject);
    return token_epoch_of(v->household);
}

static struct tokens_view view_of(struct retoken *r)
{
    return (struct tokens_view){ .subject = &r->subject,
                                 .has_household = &r->has_household,
                                 .household = &r->household,
                                 .has_origin = &r->has_origin,
                                 .origin = r->origin };
}

void retokens_current(struct store *s, struct token_epoch e)
{
    store_set_epoch(s, e);
}

/* --- keys and bytes --- */

static struct bytes record_key(enum subjects_kind kind, const struct id *id,
                               uint8_t out[static SET_KEY])
{
    out[0] = (uint8_t)kind;
    memcpy(out + 1, id->octets, ID_LEN);
    return bytes_of(out, RECORD_KEY);
}

static struct bytes set_key(enum subjects_kind kind, const struct id *id, struct token_epoch e,
                            uint8_t out[static SET_KEY])
{
    (void)record_key(kind, id, out);
    out[RECORD_KEY] = e.scheme;
    out[RECORD_KEY + 1] = (uint8_t)(e.epoch >> 8);
    out[RECORD_KEY + 2] = (uint8_t)e.epoch;
    return bytes_of(out, SET_KEY);
}

static void retoken_encode(const struct retoken *r, struct buf *b)
{
    buf_put_u8(b, RETOKEN_LAYOUT);
    field_put_set(b, &r->subject);
    buf_put_u8(b, r->has_household);
    field_put_token(b, &r->household);
    buf_put_u8(b, r->has_origin);
    buf_put(b, r->origin, sizeof(r->origin));
}

static int retoken_decode(struct bytes octets, struct retoken *out)
{
    struct cursor c = cursor_of(octets);
    struct bytes origin;

    memset(out, 0, sizeof(*out));
    if (cursor_u8(&c) != RETOKEN_LAYOUT)
        return -EBADMSG;
    field_take_set(&c, &out->subject);
    out->has_household = field_take_bool(&c);
    field_take_token(&c, &out->household);
    out->has_origin = field_take_bool(&c);
    origin = cursor_take(&c, sizeof(out->origin));
    if (origin.len)
        memcpy(out->origin, origin.data, sizeof(out->origin));
    return cursor_end(&c);
}

int retokens_get(struct store_txn *t, enum subjects_kind kind, const struct id *id,
                 struct token_epoch e, struct retoken *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    uint8_t key[SET_KEY];
    int r;

    buf_init(&b, RETOKEN_MAX);
    r = store_get(t, TABLE_RETOKENS, set_key(kind, id, e, key), &b);
    if (r < 0)
        return r;
    r = retoken_decode(buf_view(&b), out);
    return r < 0 || token_epoch_same(retoken_epoch(out), e) ? r : -EBADMSG;
}

/* --- what finds a record --- */

void tokens_index(struct store_txn *t, enum subjects_kind kind, const struct id *id,
                  const struct tokens_view *v, bool in)
{
    void (*change)(struct store_txn *, enum subjects_kind, const struct token_set *,
                   const struct id *) = in ? subjects_add : subjects_remove;
    struct token_set home;

    change(t, kind, v->subject, id);
    if (!view_has_home(v))
        return;
    if (kind == SUBJECTS_REFERRAL) {
        referrals_home(t, id, v->household, in);
        return;
    }
    home = subjects_home(v->household);
    change(t, kind, &home, id);
}

static void retoken_index(struct store_txn *t, enum subjects_kind kind, const struct id *id,
                          struct retoken *r, bool in)
{
    struct tokens_view v = view_of(r);

    tokens_index(t, kind, id, &v, in);
}

void retokens_put(struct store_txn *t, enum subjects_kind kind, const struct id *id,
                  const struct retoken *put)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct retoken kept = *put, old;
    uint8_t key[SET_KEY];
    int r = retokens_get(t, kind, id, retoken_epoch(put), &old);

    if (r < 0 && r != -ENOENT) {
        store_fail(t, r);
        return;
    }
    if (r == 0)
        retoken_index(t, kind, id, &old, false);
    buf_init(&b, RETOKEN_MAX);
    retoken_encode(put, &b);
    store_fail(t, buf_status(&b));
    store_put(t, TABLE_RETOKENS, set_key(kind, id, retoken_epoch(put), key), buf_view(&b));
    retoken_index(t, kind, id, &kept, true);
}

/* --- all of one record --- */

struct sets { /* of one record */
    size_t n;
    struct token_epoch at[RETOKENS_MAX];
};

static int sets_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct sets *s = ctx;

    (void)value;
    if (key.len != SET_KEY || s->n == RETOKENS_MAX)
        return -EBADMSG;
    s->at[s->n++] = (struct token_epoch){ .scheme = key.data[RECORD_KEY],
                                          .epoch = (uint16_t)(key.data[RECORD_KEY + 1] << 8 |
                                                              key.data[RECORD_KEY + 2]) };
    return 0;
}

static int sets_of(struct store_txn *t, enum subjects_kind kind, const struct id *id,
                   struct sets *out)
{
    uint8_t key[SET_KEY];

    out->n = 0;
    return store_scan(t, TABLE_RETOKENS, record_key(kind, id, key), bytes_of(NULL, 0), false,
                      sets_visit, out);
}

int retokens_epochs(struct store_txn *t, enum subjects_kind kind, const struct id *id,
                    struct token_epoch out[static RETOKENS_MAX], uint8_t *n)
{
    struct sets s;
    int r = sets_of(t, kind, id, &s);

    memcpy(out, s.at, s.n * sizeof(*out));
    *n = (uint8_t)s.n;
    return r;
}

static int set_drop(struct store_txn *t, enum subjects_kind kind, const struct id *id,
                    struct token_epoch e)
{
    struct retoken old;
    uint8_t key[SET_KEY];
    int r = retokens_get(t, kind, id, e, &old);

    if (r < 0)
        return r;
    retoken_index(t, kind, id, &old, false);
    store_del(t, TABLE_RETOKENS, set_key(kind, id, e, key));
    return 0;
}

int retokens_drop_but(struct store_txn *t, enum subjects_kind kind, const struct id *id,
                      const struct token_epochs *e)
{
    struct sets s;
    int r = sets_of(t, kind, id, &s);

    for (size_t i = 0; i < s.n && r == 0; i++)
        r = token_epochs_has(e, s.at[i]) ? 0 : set_drop(t, kind, id, s.at[i]);
    return r;
}

void retokens_drop(struct store_txn *t, enum subjects_kind kind, const struct id *id)
{
    struct sets s;
    int r = sets_of(t, kind, id, &s);

    for (size_t i = 0; i < s.n && r == 0; i++)
        r = set_drop(t, kind, id, s.at[i]);
    store_fail(t, r);
}

/* --- presenting --- */

static void view_take(struct tokens_view *v, const struct retoken *from, struct token_epoch e)
{
    bool own_home = view_has_home(v) && token_epoch_same(token_epoch_of(v->household), e);

    *v->subject = from->subject;
    if (v->household && (from->has_household || !own_home)) {
        *v->household = from->has_household ? from->household : (struct token){ 0 };
        if (v->has_household)
            *v->has_household = from->has_household;
    }
    if (v->origin) {
        *v->has_origin = from->has_origin;
        memcpy(v->origin, from->origin, sizeof(from->origin));
    }
}

int tokens_present(struct store_txn *t, enum subjects_kind kind, const struct id *id,
                   struct token_epoch e, struct tokens_view *v)
{
    struct retoken other;
    int r;

    if (e.scheme == 0 || token_epoch_same(tokens_epoch(v), e))
        return 0;
    r = retokens_get(t, kind, id, e, &other);
    if (r == 0)
        view_take(v, &other, e);
    return r;
}

int tokens_now(struct store_txn *t, enum subjects_kind kind, const struct id *id,
               struct tokens_view *v)
{
    int r = tokens_present(t, kind, id, store_epoch(store_of(t)), v);

    return r == -ENOENT ? 0 : r;
}

int tokens_found(struct store_txn *t, enum subjects_kind kind, const struct id *id,
                 const struct token_set *by, struct tokens_view *v)
{
    /* A home that they moved to has the epoch of that day, whatever the person's. */
    bool moved = by->n && view_has_home(v) && token_equal(v->household, &by->tokens[0]);
    int r = tokens_present(t, kind, id, token_set_epoch(by), v);

    if (r == -ENOENT)
        return moved ? 0 : -EBADMSG;
    return r;
}

static bool view_same_home(const struct tokens_view *a, const struct tokens_view *b)
{
    if (view_has_home(a) != view_has_home(b))
        return false;
    return !view_has_home(a) || token_equal(a->household, b->household);
}

/* They moved: what other epochs say of the home is of the one before. */
static int homes_drop(struct store_txn *t, enum subjects_kind kind, const struct id *id)
{
    struct sets s;
    int r = sets_of(t, kind, id, &s);

    for (size_t i = 0; i < s.n && r == 0; i++) {
        struct retoken set;

        r = retokens_get(t, kind, id, s.at[i], &set);
        if (r == 0 && set.has_household && set.subject.n) {
            set.has_household = false;
            set.household = (struct token){ 0 };
            retokens_put(t, kind, id, &set);
        }
    }
    return r;
}

int tokens_keep(struct store_txn *t, enum subjects_kind kind, const struct id *id,
                const struct tokens_view *raw, struct tokens_view *put)
{
    struct retoken shown = { .subject = *raw->subject };
    struct tokens_view v = view_of(&shown);
    int r;

    if (raw->household) {
        shown.has_household = view_has_home(raw);
        shown.household = *raw->household;
    }
    if (token_epoch_same(tokens_epoch(raw), tokens_epoch(put)))
        return view_same_home(raw, put) ? 0 : homes_drop(t, kind, id);
    r = tokens_present(t, kind, id, tokens_epoch(put), &v);
    if (r < 0 && r != -ENOENT)
        return r;
    *put->subject = *raw->subject;
    if (put->origin) {
        *put->has_origin = *raw->has_origin;
        memcpy(put->origin, raw->origin, sizeof(((struct retoken *)0)->origin));
    }
    if (!put->household)
        return 0;
    if (!view_same_home(&v, put))
        return homes_drop(t, kind, id);
    *put->household = *raw->household;
    if (put->has_household)
        *put->has_household = *raw->has_household;
    return 0;
}

/* --- settling one record --- */

static bool home_listed(const struct tokens_view *v, const struct token_epochs *e)
{
    return view_has_home(v) && token_epochs_has(e, token_epoch_of(v->household));
}

/* Which of its other sets takes the place of its own: the current one if it has it. */
static int settle_heir(struct store_txn *t, enum subjects_kind kind, const struct id *id,
                       const struct token_epochs *e, struct retoken *out)
{
    int r = -ENOENT;

    for (uint8_t i = 0; i < e->n && r == -ENOENT; i++)
        r = retokens_get(t, kind, id, e->at[i], out);
    return r;
}

static void view_clear(struct tokens_view *v, const struct token_epochs *e)
{
    bool home = home_listed(v, e);

    v->subject->n = 0;
    memset(v->subject->tokens, 0, sizeof(v->subject->tokens));
    if (v->household && !home) {
        *v->household = (struct token){ 0 };
        if (v->has_household)
            *v->has_household = false;
    }
    if (v->origin) {
        *v->has_origin = false;
        memset(v->origin, 0, sizeof(((struct retoken *)0)->origin));
    }
}

int tokens_settle(struct store_txn *t, enum subjects_kind kind, const struct id *id,
                  const struct token_epochs *e, struct tokens_view *v)
{
    struct token_epoch own = tokens_epoch(v);
    struct retoken heir;
    uint8_t key[SET_KEY];
    int r;

    if (own.scheme == 0 || token_epochs_has(e, own))
        return 0;
    r = settle_heir(t, kind, id, e, &heir);
    if (r < 0 && r != -ENOENT)
        return r;
    tokens_index(t, kind, id, v, false);
    if (r == -ENOENT) {
        view_clear(v, e);
    } else {
        store_del(t, TABLE_RETOKENS, set_key(kind, id, retoken_epoch(&heir), key));
        view_take(v, &heir, retoken_epoch(&heir));
    }
    tokens_index(t, kind, id, v, true);
    return 1;
}
