/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - sealed tables: transactions, records, walks. Knows nothing of what the records mean,
 * and of LMDB only what pages.h says. */
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "store/absence.h"
#include "store/blinded.h"
#include "store/internal.h"
#include "store/pages.h"
#include "store/raw.h"
#include "store/subjects.h"
#include "store/unmerged.h"

#define STORE_CHECK_READERS_EVERY 1024 /* write transactions: slots of killed readers hold pages back */
#define STORE_FOLLOW_TRIES        5    /* beginnings of a reader that the writer's new periods overtake */

struct store {
    struct pages *pages;
    struct store_keys keys;
    struct hmac *blind; /* owned; under keys.blind */
    struct blinded *blinded;
    struct absence *absence; /* NULL in readers: another process writes */
    bool doubt;              /* the tests': nothing is believed absent */
    struct unmerged *unmerged; /* NULL in readers */
    struct store_periods periods;
    struct buf sealed;        /* reused by every put */
    struct token_epoch epoch; /* of tokens: retokens.c */
    char path[PATH_MAX];
    int lock_fd; /* held by the one writer; -1 in readers */
    bool read_only, writing;
    unsigned n_open, n_writes;
};

static void store_change_comes(void *ctx, enum table table, struct bytes key, bool put);
static void store_learn(struct store_txn *t, size_t most);

struct store_txn {
    struct store *store;
    struct MDB_txn *txn; /* NULL once consumed */
    bool write;
    int status;     /* sticky */
    absence_kinds known;
    store_pay *pay; /* NULL: nothing is owed */
    void *pay_ctx;
    struct store_block block;
};

/* --- Opening and closing. --- */

static int store_begin_plain(struct store *s, bool write, struct store_txn **out);

/* Tables and what the store was made for, in one transaction: a store is made whole or not at all. */
static int store_open_whole(struct store *s, const struct store_options *o, bool made)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    struct store_txn *done;
    int r = store_begin_plain(s, !o->read_only, &t);

    if (r < 0)
        return r;
    /* A table that is gone from a store that was made is not begun anew: its name was damaged. */
    r = pages_open_tables(s->pages, t->txn, t->write && !made);
    if (r == -ENOENT && made)
        r = -EBADMSG;
    if (r == 0)
        r = store_meta_check(t, o, made);
    if (r == 0)
        r = store_periods_open(t, made);
    if (r == 0 && t->write)
        r = reliance_open(t, &t->store->unmerged);
    if (r < 0)
        return r;
    store_learn(t, ABSENCE_AT_ONCE);
    done = t;
    t = NULL;
    return store_commit(done);
}

/* A reader that opens while the writer leaves a period may be overtaken. */
static int store_open_tries(struct store *s, const struct store_options *o, bool made)
{
    int r = -ESTALE;

    for (int i = 0; i < STORE_FOLLOW_TRIES && r == -ESTALE; i++)
        r = store_open_whole(s, o, made);
    return r == -ESTALE ? store_periods_lost(s) : r;
}

int store_open(const struct store_options *o, struct store **out)
{
    ALM_CLEANUP(store_closep) struct store *s = calloc(1, sizeof(*s));
    bool made = false;
    int r;

    if (!s)
        return -ENOMEM;
    s->lock_fd = -1;
    s->read_only = o->read_only;
    buf_init(&s->sealed, STORE_RAW_MAX);
    r = text_copy(s->path, sizeof(s->path), o->path) < 0 ? -ENAMETOOLONG
                                                         : store_keys_derive(&s->keys, o->key);
    if (r == 0)
        r = hmac_new(&s->keys.blind, &s->blind);
    if (r == 0)
        r = blinded_new(&s->blinded);
    if (r == 0 && !o->read_only)
        r = absence_new(ABSENCE_MOST, &s->absence);
    if (r == 0 && !o->read_only)
        r = file_mkdirs(o->path, 0700);
    if (r < 0)
        return r;
    if (!o->read_only) {
        r = store_lock_take(o->path, &made);
        if (r < 0)
            return r;
        s->lock_fd = r;
    }
    r = pages_open(
        &(struct pages_options){
            .path = o->path, .map_bytes = o->map_bytes, .read_only = o->read_only, .made = made },
        &s->pages);
    if (r == 0)
        pages_watch(s->pages, store_change_comes, s);
    if (r == 0)
        r = store_open_tries(s, o, made);
    if (r == 0 && !o->read_only && !made)
        r = store_lock_mark_made(s->lock_fd, o->path);
    if (r < 0)
        return r;
    *out = s;
    s = NULL;
    return 0;
}

struct store *store_close(struct store *s)
{
    if (!s)
        return NULL;
    assert(s->n_open == 0 || pages_wrecked(s->pages));
    s->pages = pages_close(s->pages);
    if (s->lock_fd >= 0)
        (void)close(s->lock_fd);
    buf_deinit(&s->sealed);
    s->blind = hmac_free(s->blind);
    s->blinded = blinded_free(s->blinded);
    s->absence = absence_free(s->absence);
    s->unmerged = unmerged_free(s->unmerged);
    store_keys_wipe(&s->keys);
    crypto_wipe(&s->periods, sizeof(s->periods));
    free(s);
    return NULL;
}

void store_closep(struct store **s)
{
    *s = store_close(*s);
}

struct token_epoch store_epoch(const struct store *s)
{
    return s->epoch;
}

void store_set_epoch(struct store *s, struct token_epoch e)
{
    if (s->epoch.scheme != e.scheme || s->epoch.epoch != e.epoch)
        pages_changed(s->pages, UINT64_MAX >> (64 - TABLE_COUNT)); /* records show other tokens */
    s->epoch = e;
}

int store_latched(const struct store *s)
{
    return pages_latched(s->pages);
}

void store_latch(struct store *s, int error)
{
    pages_latch(s->pages, error);
}

int store_step_now(struct store *s, enum store_step step)
{
    int code = pages_faulted(s->pages, step);

    if (code == EIO)
        store_latch(s, -EIO);
    return -code;
}

struct store_periods *store_periods(struct store *s)
{
    return &s->periods;
}

const char *store_path(const struct store *s)
{
    return s->path;
}

const struct store_keys *store_keys(const struct store *s)
{
    return &s->keys;
}

bool store_read_only(const struct store *s)
{
    return s->read_only;
}

bool store_writing(const struct store *s)
{
    return s->writing;
}

struct unmerged *store_unmerged(const struct store *s)
{
    return s->unmerged;
}

bool store_txn_writes(const struct store_txn *t)
{
    return t->write;
}

/* --- Transactions. --- */

static int store_begin_plain(struct store *s, bool write, struct store_txn **out)
{
    struct store_txn *t = calloc(1, sizeof(*t));
    int r;

    if (!t)
        return -ENOMEM;
    t->store = s;
    t->write = write;
    r = pages_begin(s->pages, write, s->n_open == 0, &t->txn);
    if (r < 0) {
        free(t);
        return r;
    }
    s->n_open++;
    s->writing |= write;
    *out = t;
    return 0;
}

/* The snapshot may be older by one period than the files: then a newer snapshot is taken. */
static int store_begin_reader(struct store *s, struct store_txn **out)
{
    int r = -ESTALE;

    for (int i = 0; i < STORE_FOLLOW_TRIES && r == -ESTALE; i++) {
        struct store_txn *t = NULL;

        r = store_begin_plain(s, false, &t);
        if (r < 0)
            return r;
        r = store_periods_follow(t, s->n_open == 1);
        if (r == 0)
            *out = t;
        else
            t = store_abort(t);
    }
    return r == -ESTALE ? store_periods_lost(s) : r;
}

int store_begin(struct store *s, bool write, struct store_txn **out)
{
    int r;

    if (store_latched(s))
        return store_latched(s);
    if (write && s->read_only)
        return -EROFS;
    if (write && s->writing)
        return -EBUSY; /* LMDB would wait for itself for ever */
    if (write && ++s->n_writes % STORE_CHECK_READERS_EVERY == 0)
        pages_check_readers(s->pages);
    if (s->read_only)
        return store_begin_reader(s, out);
    r = store_begin_plain(s, write, out);
    if (r == 0)
        store_learn(*out, ABSENCE_A_STEP);
    return r;
}

static void store_end(struct store_txn *t, bool kept)
{
    struct store *s = t->store;

    pages_abort(s->pages, t->txn);
    s->n_open--;
    if (t->write) {
        s->writing = false;
        unmerged_settle(s->unmerged, kept);
    }
    blinded_wipe(s->blinded);
    if (t->block.octets.data)
        crypto_wipe(t->block.octets.data, t->block.octets.cap);
    buf_deinit(&t->block.octets);
    free(t);
}

void store_owe(struct store_txn *t, store_pay *pay, void *ctx)
{
    t->pay = pay;
    t->pay_ctx = ctx;
}

int store_pay_now(struct store_txn *t)
{
    store_pay *pay = t->pay;

    t->pay = NULL;
    if (pay && !t->status)
        store_fail(t, pay(t->pay_ctx, t));
    return t->status;
}

struct store_block *store_block_of(struct store_txn *t)
{
    return &t->block;
}

int store_commit(struct store_txn *t)
{
    struct store *s = t->store;
    int r = store_pay_now(t) || !t->write ? t->status : reliance_pay(t);

    if (r == 0)
        r = store_latched(s); /* a reader of this process met damage meanwhile */
    if (r == 0) /* also when reading: only a commit keeps table handles opened in it */
        r = pages_commit(s->pages, &t->txn, t->write);
    store_end(t, r == 0);
    return r;
}

struct store_txn *store_abort(struct store_txn *t)
{
    if (t)
        store_end(t, false);
    return NULL;
}

void store_abortp(struct store_txn **t)
{
    *t = store_abort(*t);
}

int store_status(const struct store_txn *t)
{
    return t->status;
}

void store_fail(struct store_txn *t, int error)
{
    if (!t->status)
        t->status = error;
}

struct store *store_of(const struct store_txn *t)
{
    return t->store;
}

/* --- What changed. --- */

static void store_change_comes(void *ctx, enum table table, struct bytes key, bool put)
{
    struct store *s = ctx;

    if (table != TABLE_SUBJECTS)
        return;
    pages_changed(s->pages, subjects_tables(key));
    if (put && s->absence)
        absence_put(s->absence, key);
}

uint64_t store_changes(const struct store *s, uint64_t tables)
{
    if (s->read_only) /* nothing is put here: this counts the questions */
        pages_changed(s->pages, (uint64_t)1 << TABLE_META);
    return pages_changes(s->pages, s->read_only ? (uint64_t)1 << TABLE_META : tables);
}

/* --- What is absent. --- */

/* At a transaction's beginning: it has changed nothing yet, and sees what is committed. */
static void store_learn(struct store_txn *t, size_t most)
{
    if (!t->store->absence)
        return;
    if (t->write)
        absence_fill(t->store->absence, t->store->pages, t->txn, most);
    t->known = absence_known(t->store->absence);
}

bool store_surely_absent(const struct store_txn *t, uint8_t kind, const uint8_t *blinded)
{
    const struct absence *a = t->store->absence;

    if (!a || t->store->doubt)
        return false;
    return blinded ? absence_sure(a, t->known, kind, blinded) : absence_of_all(a, t->known, kind);
}

void store_doubt(struct store *s, bool doubt)
{
    s->doubt = doubt;
}

/* --- Records. --- */

static bool store_key_good(struct bytes key)
{
    return key.len > 0 && key.len <= STORE_KEY_MAX;
}

/* Seals into s->sealed: of a personal table its period goes before, and the period's key is used. */
static int store_seal(struct store *s, enum table table, struct bytes key, struct bytes value)
{
    const struct seal_key *with = &s->keys.seal[table];
    struct store_ad ad;

    buf_reset(&s->sealed);
    if (!store_fixed[table]) {
        with = store_period_key(s, s->periods.current, table);
        if (!with)
            return -EBADMSG;
        buf_put_u32(&s->sealed, s->periods.current);
    }
    return seal_with(with, store_associated(&ad, table, key), value, &s->sealed);
}

typedef int store_putting(struct pages *p, struct MDB_txn *txn, enum table table, struct bytes key,
                          struct bytes value);

static int store_put_now(struct store_txn *t, enum table table, struct bytes key,
                         struct bytes value, store_putting *putting)
{
    struct store *s = t->store;
    int r;

    if (!t->write)
        return -EROFS;
    if (!store_key_good(key) || value.len > STORE_VALUE_MAX)
        return -EINVAL;
    r = store_seal(s, table, key, value);
    return r < 0 ? r : putting(s->pages, t->txn, table, key, buf_view(&s->sealed));
}

void store_put(struct store_txn *t, enum table table, struct bytes key, struct bytes value)
{
    if (!t->status)
        t->status = store_put_now(t, table, key, value, pages_put);
}

void store_append(struct store_txn *t, enum table table, struct bytes key, struct bytes value)
{
    if (!t->status)
        t->status = store_put_now(t, table, key, value, pages_append);
}

void store_put_raw(struct store_txn *t, enum table table, struct bytes key, struct bytes value)
{
    if (t->status)
        return;
    if (!t->write || !store_key_good(key) || value.len > STORE_RAW_MAX)
        t->status = t->write ? -EINVAL : -EROFS;
    else
        t->status = pages_put(t->store->pages, t->txn, table, key, value);
}

void store_del(struct store_txn *t, enum table table, struct bytes key)
{
    if (t->status)
        return;
    if (!t->write || !store_key_good(key))
        t->status = t->write ? -EINVAL : -EROFS;
    else
        t->status = pages_del(t->store->pages, t->txn, table, key);
}

static int store_unseal(struct store *s, enum table table, struct bytes key, struct bytes value,
                        struct buf *out)
{
    const struct seal_key *with = &s->keys.seal[table];
    struct cursor c = cursor_of(value);
    struct store_ad ad;

    if (!store_fixed[table]) {
        uint32_t period = cursor_u32(&c);

        with = c.failed ? NULL : store_period_key(s, period, table);
    }
    if (!with || c.left < SEAL_OVERHEAD || c.left > STORE_VALUE_MAX + SEAL_OVERHEAD)
        return -EBADMSG;
    return seal_open_with(with, store_associated(&ad, table, key), bytes_of(c.at, c.left), out);
}

int store_raw_open(struct store_txn *t, enum table table, struct bytes key, struct bytes value,
                   struct buf *out)
{
    return store_key_good(key) ? store_unseal(t->store, table, key, value, out) : -EBADMSG;
}

int store_raw_count(struct store_txn *t, enum table table, uint64_t *n)
{
    return pages_count(t->store->pages, t->txn, table, n);
}

int store_raw_room(struct store_txn *t, uint64_t *taken, uint64_t *most)
{
    return pages_room(t->store->pages, taken, most);
}

static int store_locate(struct store_txn *t, enum table table, struct bytes key, struct bytes *v)
{
    if (!store_key_good(key))
        return -ENOENT; /* no such key can have been put */
    return pages_get(t->store->pages, t->txn, table, key, v);
}

int store_get(struct store_txn *t, enum table table, struct bytes key, struct buf *out)
{
    struct bytes v = { 0 };
    int r = store_locate(t, table, key, &v);

    return r < 0 ? r : store_unseal(t->store, table, key, v, out);
}

bool store_has(struct store_txn *t, enum table table, struct bytes key)
{
    struct bytes v = { 0 };
    int r = store_locate(t, table, key, &v);

    if (r < 0 && r != -ENOENT)
        store_fail(t, r);
    return r == 0;
}

/* --- Walking a table. --- */

struct store_walk {
    struct store_txn *t;
    enum table table;
    struct MDB_cursor *cursor;
    uint64_t changes; /* of the table when the cursor was set */
    uint8_t key[STORE_KEY_MAX]; /* a copy: the visitor may write */
    size_t key_len;
    struct bytes value;
    struct buf opened;
};

static void store_walk_deinit(struct store_walk *w)
{
    pages_cursor_close(w->t->store->pages, w->table, w->cursor);
    buf_deinit(&w->opened);
}

static int store_walk_init(struct store_walk *w, struct store_txn *t, enum table table)
{
    w->t = t;
    w->table = table;
    w->cursor = NULL;
    w->key_len = 0;
    buf_init(&w->opened, STORE_VALUE_MAX);
    return pages_cursor(t->store->pages, t->txn, table, &w->cursor);
}

/* Return: 0 there; -ENOENT no such; -errno. */
static int store_walk_to(struct store_walk *w, struct bytes key, enum pages_to to)
{
    int r = pages_move(w->t->store->pages, w->cursor, to, &key, &w->value);

    if (r < 0)
        return r;
    memcpy(w->key, key.data, key.len);
    w->key_len = key.len;
    w->changes = pages_changes(w->t->store->pages, (uint64_t)1 << w->table);
    return 0;
}

/* After a visitor that has written to this table, the cursor is not to be trusted: the place is found by key. */
static int store_walk_next(struct store_walk *w)
{
    uint8_t key[STORE_KEY_MAX];
    size_t len = w->key_len;
    int r;

    if (w->changes == pages_changes(w->t->store->pages, (uint64_t)1 << w->table))
        return store_walk_to(w, bytes_of(NULL, 0), PAGES_NEXT);
    memcpy(key, w->key, len);
    r = store_walk_to(w, bytes_of(key, len), PAGES_FROM);
    if (r == 0 && bytes_equal(bytes_of(key, len), bytes_of(w->key, w->key_len)))
        r = store_walk_to(w, bytes_of(NULL, 0), PAGES_NEXT);
    return r;
}

static bool store_walk_under(const struct store_walk *w, struct bytes prefix)
{
    return w->key_len >= prefix.len &&
           (prefix.len == 0 || memcmp(w->key, prefix.data, prefix.len) == 0);
}

enum store_show { SHOW_KEYS, SHOW_VALUES, SHOW_RAW };

static int store_walk_visit(struct store_walk *w, enum store_show show, store_visit *visit,
                            void *ctx)
{
    struct bytes key = bytes_of(w->key, w->key_len);
    int r;

    if (show != SHOW_VALUES)
        return visit(ctx, key, show == SHOW_RAW ? w->value : bytes_of(NULL, 0));
    buf_reset(&w->opened);
    r = store_unseal(w->t->store, w->table, key, w->value, &w->opened);
    return r < 0 ? r : visit(ctx, key, buf_view(&w->opened));
}

static int store_walk_all(struct store_txn *t, enum table table, struct bytes prefix,
                          struct bytes from, enum store_show show, store_visit *visit, void *ctx)
{
    ALM_CLEANUP(store_walk_deinit) struct store_walk w;
    struct bytes start = from.len ? from : prefix;
    int r = store_walk_init(&w, t, table);

    if (r < 0)
        return r;
    if (start.len > STORE_KEY_MAX)
        return -EINVAL;
    r = store_walk_to(&w, start, start.len ? PAGES_FROM : PAGES_FIRST);
    while (r == 0 && store_walk_under(&w, prefix)) {
        r = store_walk_visit(&w, show, visit, ctx);
        if (r)
            return r < 0 ? r : 0;
        r = store_walk_next(&w);
    }
    return r == -ENOENT ? 0 : r;
}

int store_scan(struct store_txn *t, enum table table, struct bytes prefix, struct bytes from,
               bool values, store_visit *visit, void *ctx)
{
    return store_walk_all(t, table, prefix, from, values ? SHOW_VALUES : SHOW_KEYS, visit, ctx);
}

int store_scan_raw(struct store_txn *t, enum table table, struct bytes prefix, struct bytes from,
                   store_visit *visit, void *ctx)
{
    return store_walk_all(t, table, prefix, from, SHOW_RAW, visit, ctx);
}

int store_last(struct store_txn *t, enum table table, struct bytes prefix, struct buf *key_out)
{
    ALM_CLEANUP(store_walk_deinit) struct store_walk w;
    uint8_t past[STORE_KEY_MAX];
    size_t past_len;
    int r = store_walk_init(&w, t, table);

    if (r < 0)
        return r;
    if (prefix.len > STORE_KEY_MAX)
        return -EINVAL;
    past_len = store_past(prefix, past);
    r = past_len ? store_walk_to(&w, bytes_of(past, past_len), PAGES_FROM) : -ENOENT;
    if (r == 0)
        r = store_walk_to(&w, bytes_of(NULL, 0), PAGES_PREV);
    else if (r == -ENOENT)
        r = store_walk_to(&w, bytes_of(NULL, 0), PAGES_LAST);
    if (r < 0)
        return r;
    if (!store_walk_under(&w, prefix))
        return -ENOENT;
    buf_put(key_out, w.key, w.key_len);
    return buf_status(key_out);
}

int store_blind(const struct store *s, struct bytes data, uint8_t out[static SHA256_LEN])
{
    return blinded_make(s->blinded, s->blind, data, out);
}

int store_subkey(const struct store *s, const char *label, struct secret *out)
{
    return crypto_derive(&s->keys.subkey_root, label, out);
}

void store_fault_hook(struct store *s, store_fault *fault, void *ctx)
{
    pages_fault_hook(s->pages, fault, ctx);
}
