/* SPDX-License-Identifier: Apache-2.0 */
/* reliance.c - rows under a consent's id and an agency's.
 *
 * What a transaction puts is appended to TABLE_RELIANCE_NEW as one value when it is committed, and
 * merged into TABLE_RELIANCE in order of key by later ones (unmerged.h). What was put last holds.
 */
#include "store/reliance.h"

#include "store/internal.h"
#include "store/lodged.h"
#include "store/unmerged.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RELIANCE_LAYOUT 1
#define RELIANCE_MAX    64 /* bytes of a row */
#define NEW_LAYOUT      1
#define NEW_KEY         8
#define MERGE_STEPS     64 /* fewer are not worth the pages of a commit, unless time presses */

/* --- rows as bytes --- */

static void row_encode(struct buf *b, const struct reliance *r)
{
    buf_put(b, r->message.octets, ID_LEN);
    buf_put_i32(b, r->on);
    buf_put_u64(b, r->leaf);
}

static void row_decode(struct cursor *c, struct reliance *r)
{
    struct bytes id = cursor_take(c, ID_LEN);

    if (id.len)
        memcpy(r->message.octets, id.data, ID_LEN);
    r->on = cursor_i32(c);
    r->leaf = cursor_u64(c);
}

static struct bytes new_key(uint64_t number, uint8_t key[static NEW_KEY])
{
    for (size_t i = 0; i < NEW_KEY; i++)
        key[i] = (uint8_t)(number >> (56 - 8 * i));
    return bytes_of(key, NEW_KEY);
}

/* u8 layout, then of each row: consent 16, text agency, message 16, i32 day, u64 leaf. */
static void new_encode(struct buf *b, const struct unmerged_row *row)
{
    buf_put(b, row->consent.octets, ID_LEN);
    buf_put_text(b, row->told.agency);
    row_encode(b, &row->told);
}

int reliance_rows(struct bytes value, reliance_row *visit, void *ctx)
{
    struct cursor c = cursor_of(value);
    int r = cursor_u8(&c) == NEW_LAYOUT ? 0 : -EBADMSG;

    while (r == 0 && c.left) {
        struct reliance row = { .on = 0 };
        struct id consent = { 0 };
        struct bytes id = cursor_take(&c, ID_LEN);

        if (id.len)
            memcpy(consent.octets, id.data, ID_LEN);
        cursor_text(&c, row.agency, sizeof(row.agency));
        row_decode(&c, &row);
        r = c.failed || !row.agency[0] ? -EBADMSG : visit(ctx, &consent, &row);
    }
    return r ? r : cursor_end(&c);
}

/* --- putting --- */

void reliance_put(struct store_txn *t, const struct id *consent, const struct reliance *r)
{
    struct unmerged *u = store_unmerged(store_of(t));

    if (!u || !store_txn_writes(t))
        store_fail(t, -EROFS);
    else
        store_fail(t, r->agency[0] ? unmerged_note(u, consent, r) : -EINVAL);
}

typedef void store_putter(struct store_txn *t, enum table table, struct bytes key,
                          struct bytes value);

static void new_put(struct store_txn *t, uint64_t number, const struct buf *b, store_putter *put)
{
    uint8_t key[NEW_KEY];

    store_fail(t, buf_status(b));
    if (!store_status(t))
        put(t, TABLE_RELIANCE_NEW, new_key(number, key), buf_view(b));
}

static void fresh_append(struct store_txn *t, const struct unmerged *u)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    buf_init(&b, STORE_VALUE_MAX);
    buf_put_u8(&b, NEW_LAYOUT);
    for (uint32_t i = 0; i < u->n_fresh; i++)
        new_encode(&b, &u->fresh[i]);
    new_put(t, u->growing.end, &b, store_append);
}

/* --- merging --- */

static void row_put(struct store_txn *t, const struct unmerged_row *row)
{
    ALM_CLEANUP(buf_deinit) struct buf key = { 0 }, b = { 0 };

    buf_init(&key, STORE_KEY_MAX);
    buf_put(&key, row->consent.octets, ID_LEN);
    buf_put(&key, row->told.agency, strlen(row->told.agency));
    buf_init(&b, RELIANCE_MAX);
    buf_put_u8(&b, RELIANCE_LAYOUT);
    row_encode(&b, &row->told);
    if (buf_status(&key) || buf_status(&b))
        store_fail(t, buf_status(&key) ? buf_status(&key) : buf_status(&b));
    else
        store_put(t, TABLE_RELIANCE, buf_view(&key), buf_view(&b));
}

/* A row, unless a later one follows it; when there are no more, a value that held some. */
static void merge_one(struct store_txn *t, struct unmerged_generation *g)
{
    uint8_t key[NEW_KEY];

    if (g->at.row != UNMERGED_END) {
        const struct unmerged_row *row = &g->rows[g->at.row];
        uint32_t next = row->next[0];

        if (!row->forgotten && (next == UNMERGED_END || unmerged_compare(&g->rows[next], row) != 0))
            row_put(t, row);
        g->at.row = next;
    } else {
        store_del(t, TABLE_RELIANCE_NEW, new_key(g->at.begin++, key));
    }
    g->at.steps++;
}

static void merge_until(struct store_txn *t, struct unmerged *u, uint32_t steps)
{
    while (u->frozen.at.steps < steps && !unmerged_none(&u->frozen) && !store_status(t))
        merge_one(t, &u->frozen);
}

int reliance_pay(struct store_txn *t)
{
    struct unmerged *u = store_unmerged(store_of(t));
    uint32_t due;

    if (!u->n_fresh)
        return store_status(t);
    fresh_append(t, u);
    due = unmerged_due(u);
    if (due >= u->frozen.at.steps + MERGE_STEPS || unmerged_pressing(u))
        merge_until(t, u, due);
    return store_status(t);
}

void reliance_merge(struct store_txn *t, uint32_t steps)
{
    struct unmerged *u = store_unmerged(store_of(t));

    if (!u || !store_txn_writes(t)) {
        store_fail(t, -EROFS);
        return;
    }
    unmerged_freeze(u);
    steps = steps < UNMERGED_END - u->frozen.at.steps ? u->frozen.at.steps + steps : UNMERGED_END;
    merge_until(t, u, steps);
}

uint64_t reliance_noted(const struct store *s)
{
    const struct unmerged *u = store_unmerged(s);

    return u ? u->noted : 0;
}

bool reliance_waits(const struct store *s)
{
    const struct unmerged *u = store_unmerged(s);

    return u && !(unmerged_none(&u->frozen) && unmerged_none(&u->growing));
}

/* --- opening --- */

struct opening {
    struct unmerged *u;
    uint64_t first, number; /* 0: there was none */
};

static int opening_row(void *ctx, const struct id *consent, const struct reliance *r)
{
    struct opening *o = ctx;

    return unmerged_load(o->u, o->number, consent, r);
}

static int opening_value(void *ctx, struct bytes key, struct bytes value)
{
    struct opening *o = ctx;
    struct cursor c = cursor_of(key);

    o->number = cursor_u64(&c);
    if (cursor_end(&c) || o->number == 0 || o->number == UINT64_MAX)
        return -EBADMSG;
    if (!o->first)
        o->first = o->number;
    return reliance_rows(value, opening_row, o);
}

int reliance_open(struct store_txn *t, struct unmerged **out)
{
    struct opening o = { .number = 0 };
    int r = unmerged_new(out);

    if (r < 0)
        return r;
    o.u = *out;
    r = store_scan(t, TABLE_RELIANCE_NEW, bytes_of(NULL, 0), bytes_of(NULL, 0), true,
                   opening_value, &o);
    if (r == 0 && o.first)
        unmerged_loaded(o.u, o.first, o.number + 1);
    return r;
}

/* --- whoever was told --- */

struct latest { /* of one consent, in order of agency */
    const struct id *consent;
    struct reliance *rows; /* owned */
    size_t n, room;
};

static void latest_deinit(struct latest *l)
{
    free(l->rows);
}

static int latest_room(struct latest *l)
{
    size_t room = l->room ? 2 * l->room : 16;
    struct reliance *moved;

    if (l->n < l->room)
        return 0;
    moved = realloc(l->rows, room * sizeof(*moved));
    if (!moved)
        return -ENOMEM;
    l->rows = moved;
    l->room = room;
    return 0;
}

/* In the place of what is older. */
static int latest_put(struct latest *l, const struct reliance *r)
{
    size_t low = 0, high = l->n;
    int e;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(l->rows[middle].agency, r->agency) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < l->n && strcmp(l->rows[low].agency, r->agency) == 0) {
        l->rows[low] = *r;
        return 0;
    }
    e = latest_room(l);
    if (e < 0)
        return e;
    memmove(l->rows + low + 1, l->rows + low, (l->n - low) * sizeof(*l->rows));
    l->rows[low] = *r;
    l->n++;
    return 0;
}

static int latest_merged(void *ctx, struct bytes key, struct bytes value)
{
    struct reliance r = { .on = 0 };
    struct cursor c = cursor_of(value);

    if (key.len <= ID_LEN || key.len - ID_LEN >= sizeof(r.agency) ||
        cursor_u8(&c) != RELIANCE_LAYOUT)
        return -EBADMSG;
    memcpy(r.agency, key.data + ID_LEN, key.len - ID_LEN);
    row_decode(&c, &r);
    return cursor_end(&c) < 0 ? -EBADMSG : latest_put(ctx, &r);
}

static int latest_row(void *ctx, const struct id *consent, const struct reliance *r)
{
    struct latest *l = ctx;

    return id_equal(consent, l->consent) ? latest_put(l, r) : 0;
}

/* A reading transaction sees the store as it was: what memory knows may be newer, or merged since.
 */
static int latest_value(void *ctx, struct bytes key, struct bytes value)
{
    (void)key;
    return reliance_rows(value, latest_row, ctx);
}

static int latest_known(struct latest *l, const struct unmerged *u)
{
    const struct unmerged_generation *const of[] = { &u->frozen, &u->growing };
    int r = 0;

    for (size_t i = 0; i < ALM_LEN(of); i++) {
        uint32_t at = unmerged_first(of[i], l->consent);

        for (; at != UNMERGED_END && r == 0; at = of[i]->rows[at].next[0]) {
            if (!id_equal(&of[i]->rows[at].consent, l->consent))
                break;
            if (!of[i]->rows[at].forgotten)
                r = latest_put(l, &of[i]->rows[at].told);
        }
    }
    for (uint32_t i = 0; i < u->n_fresh && r == 0; i++)
        r = latest_row(l, &u->fresh[i].consent, &u->fresh[i].told);
    return r;
}

int reliance_each(struct store_txn *t, const struct id *consent, reliance_visit *visit, void *ctx)
{
    ALM_CLEANUP(latest_deinit) struct latest l = { .consent = consent };
    int r = store_scan(t, TABLE_RELIANCE, bytes_of(consent->octets, ID_LEN),
                       (struct bytes){ NULL, 0 }, true, latest_merged, &l);

    if (r == 0 && store_txn_writes(t))
        r = latest_known(&l, store_unmerged(store_of(t)));
    else if (r == 0)
        r = store_scan(t, TABLE_RELIANCE_NEW, bytes_of(NULL, 0), bytes_of(NULL, 0), true,
                       latest_value, &l);
    for (size_t i = 0; i < l.n && r == 0; i++) {
        r = visit(ctx, &l.rows[i]);
        if (r > 0) /* it has seen enough */
            return 0;
    }
    return r;
}

/* --- forgetting --- */

static int reliance_drop(void *ctx, struct bytes key, struct bytes value)
{
    struct store_txn *t = ctx;
    uint8_t copy[STORE_KEY_MAX]; /* the view ends when the entry is deleted */

    (void)value;
    memcpy(copy, key.data, key.len);
    store_del(t, TABLE_RELIANCE, bytes_of(copy, key.len));
    return store_status(t);
}

struct leaving {
    const struct id *consent; /* is left out */
    struct buf kept;
};

static void leaving_deinit(struct leaving *l)
{
    buf_deinit(&l->kept);
}

static int leaving_row(void *ctx, const struct id *consent, const struct reliance *r)
{
    struct unmerged_row row = { .consent = *consent, .told = *r };
    struct leaving *l = ctx;

    if (!id_equal(consent, l->consent))
        new_encode(&l->kept, &row);
    return 0;
}

/* A value is put again without the rows about a consent. */
static void leave_out(struct store_txn *t, uint64_t number, const struct id *consent)
{
    ALM_CLEANUP(leaving_deinit) struct leaving l = { .consent = consent };
    ALM_CLEANUP(buf_deinit) struct buf was = { 0 };
    uint8_t key[NEW_KEY];
    int r;

    buf_init(&l.kept, STORE_VALUE_MAX);
    buf_init(&was, STORE_VALUE_MAX);
    r = store_get(t, TABLE_RELIANCE_NEW, new_key(number, key), &was);
    buf_put_u8(&l.kept, NEW_LAYOUT);
    if (r == 0)
        r = reliance_rows(buf_view(&was), leaving_row, &l);
    if (r < 0) /* it was there when the store was opened */
        store_fail(t, r == -ENOENT ? -EBADMSG : r);
    else if (l.kept.len < was.len)
        new_put(t, number, &l.kept, store_put);
}

/* Rows that are merged already lie in their value until all of their generation are. */
static void forget_in(struct store_txn *t, struct unmerged *u, struct unmerged_generation *g,
                      const struct id *consent)
{
    uint32_t at = unmerged_first(g, consent);

    for (; at != UNMERGED_END && !store_status(t); at = g->rows[at].next[0]) {
        const struct unmerged_row *row = &g->rows[at];

        if (!id_equal(&row->consent, consent))
            break;
        if (row->forgotten)
            continue;
        if (row->record >= g->at.begin)
            leave_out(t, row->record, consent);
        store_fail(t, unmerged_forgot(u, g, at));
    }
}

void reliance_forget(struct store_txn *t, const struct id *consent)
{
    struct unmerged *u = store_unmerged(store_of(t));
    int r = store_scan(t, TABLE_RELIANCE, bytes_of(consent->octets, ID_LEN), bytes_of(NULL, 0),
                       false, reliance_drop, t);

    store_fail(t, r < 0 ? r : u && store_txn_writes(t) ? 0 : -EROFS);
    if (store_status(t))
        return;
    unmerged_forget_fresh(u, consent);
    forget_in(t, u, &u->frozen, consent);
    forget_in(t, u, &u->growing, consent);
}
