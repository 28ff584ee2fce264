/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - sealed tables over LMDB: the only file that includes <lmdb.h>. Knows nothing of what
 * the records mean.
 *
 * LMDB's pointers lead into the map: unaligned, and good only inside the transaction. They are
 * opened or copied here and never leave. */
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <lmdb.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "store/fault.h"
#include "store/internal.h"

#define STORE_MAP_DEFAULT ((size_t)16 << 30) /* bytes of address space, not of disk */
#define STORE_FULL_BYTES  (1u << 20)         /* a disk with less than this free is full */
#define STORE_CHECK_READERS_EVERY                                                                  \
    1024 /* write transactions: slots of killed readers hold pages back */

struct store {
    MDB_env *env;
    MDB_dbi dbis[TABLE_COUNT];
    struct store_keys keys;
    struct buf sealed; /* reused by every put */
    struct token_epoch epoch; /* of tokens: retokens.c */
    char path[PATH_MAX];
    int lock_fd; /* held by the one writer; -1 in readers */
    bool read_only, writing;
    unsigned n_open, n_writes;
    int latched;         /* the first I/O error, or damage; every later begin gives it */
    bool wrecked, armed; /* an assertion of LMDB's fired: its state is not to be touched again */
    jmp_buf jump;
    store_fault *fault;
    void *fault_ctx;
};

struct store_txn {
    struct store *store;
    MDB_txn *txn; /* NULL once consumed */
    bool write;
    int status; /* sticky */
};

/* --- LMDB's assertions. A damaged page trips them, and then LMDB aborts the process; we leave the
 * call instead, never touch the environment again and give -EBADMSG from then on. Each call that
 * walks pages is in a function of its own, so that nothing of a caller's is lost by the jump. ---
 */

static void store_asserted(MDB_env *env, const char *msg)
{
    struct store *s = mdb_env_get_userctx(env);

    (void)msg;
    if (!s || !s->armed)
        return; /* LMDB aborts: our own mistake, not the data's */
    s->armed = false;
    s->wrecked = true;
    longjmp(s->jump, 1);
}

#define LMDB_GUARDED(s, call)                                                                      \
    do {                                                                                           \
        int r_;                                                                                    \
        if ((s)->wrecked)                                                                          \
            return MDB_CORRUPTED;                                                                  \
        if (setjmp((s)->jump))                                                                     \
            return MDB_CORRUPTED;                                                                  \
        (s)->armed = true;                                                                         \
        r_ = (call);                                                                               \
        (s)->armed = false;                                                                        \
        return r_;                                                                                 \
    } while (0)

static int lmdb_get(struct store *s, MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value)
{
    LMDB_GUARDED(s, mdb_get(txn, dbi, key, value));
}

static int lmdb_put(struct store *s, MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value)
{
    LMDB_GUARDED(s, mdb_put(txn, dbi, key, value, 0));
}

static int lmdb_del(struct store *s, MDB_txn *txn, MDB_dbi dbi, MDB_val *key)
{
    LMDB_GUARDED(s, mdb_del(txn, dbi, key, NULL));
}

static int lmdb_cursor_get(struct store *s, MDB_cursor *cursor, MDB_val *key, MDB_val *value,
                           MDB_cursor_op op)
{
    LMDB_GUARDED(s, mdb_cursor_get(cursor, key, value, op));
}

static int lmdb_commit(struct store *s, MDB_txn *txn)
{
    LMDB_GUARDED(s, mdb_txn_commit(txn));
}

static int lmdb_dbi_open(struct store *s, MDB_txn *txn, const char *name, unsigned flags,
                         MDB_dbi *dbi)
{
    LMDB_GUARDED(s, mdb_dbi_open(txn, name, flags, dbi));
}

/* --- Foreign codes, translated once. --- */

static int store_faulted(struct store *s, enum store_step step)
{
    return s->fault ? s->fault(s->fault_ctx, step) : 0;
}

static bool store_disk_full(struct store *s)
{
    struct statvfs fs;

    if (store_faulted(s, STORE_STEP_SPACE))
        return true;
    return statvfs(s->path, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize < STORE_FULL_BYTES;
}

static const struct {
    int code, error;
} store_codes[] = {
    { MDB_NOTFOUND, -ENOENT },          { MDB_PAGE_NOTFOUND, -EBADMSG },
    { MDB_CORRUPTED, -EBADMSG },        { MDB_PANIC, -EIO },
    { MDB_VERSION_MISMATCH, -EBADMSG }, { MDB_INVALID, -EBADMSG },
    { MDB_MAP_FULL, -ENOSPC },          { MDB_READERS_FULL, -EUSERS },
    { MDB_TXN_FULL, -EFBIG },           { MDB_CURSOR_FULL, -EBADMSG },
    { MDB_PAGE_FULL, -EBADMSG },        { MDB_MAP_RESIZED, -ESTALE },
    { MDB_INCOMPATIBLE, -EBADMSG },     { MDB_BAD_VALSIZE, -EINVAL },
};

/* Damage to pages and I/O errors latch; a full disk does not, because LMDB rolled back and room may
 * come again. */
static int store_error(struct store *s, int code)
{
    int r = code > 0 ? -code : -EIO;

    if (code == 0)
        return 0;
    for (size_t i = 0; i < ALM_LEN(store_codes); i++) {
        if (store_codes[i].code == code)
            r = store_codes[i].error;
    }
    /* LMDB makes EIO of a short write, which is what a disk that has just filled up gives. */
    if (code == EIO && store_disk_full(s))
        r = -ENOSPC;
    if ((r == -EIO || r == -EBADMSG) && !s->latched)
        s->latched = r;
    return r;
}

/* --- Opening and closing. --- */

/* Makes a file that was cut short as long as LMDB believes it is: what is missing then reads as a
 * damaged page, not as a SIGBUS. A file may rightly be some pages short, of pages that were taken
 * and given back in one transaction. */
static int store_fill_up(const struct store *s, const char *data_path)
{
    MDB_envinfo info;
    MDB_stat stat_of;
    struct stat st;
    off_t want;

    if (mdb_env_info(s->env, &info) != 0 || mdb_env_stat(s->env, &stat_of) != 0 ||
        stat(data_path, &st) < 0)
        return -EIO;
    want = (off_t)(info.me_last_pgno + 1) * (off_t)stat_of.ms_psize;
    if ((size_t)want > info.me_mapsize)
        return -EBADMSG;
    if (st.st_size < want && truncate(data_path, want) < 0)
        return -errno;
    return 0;
}

/* An absent or empty data file where a store was once made is a loss, not a new store. */
static int store_check_data_file(const char *data_path, bool made)
{
    struct stat st;

    if (!made)
        return 0;
    return stat(data_path, &st) == 0 && st.st_size > 0 ? 0 : -EBADMSG;
}

static int store_open_env(struct store *s, const struct store_options *o, bool made)
{
    char data_path[PATH_MAX + 16];
    unsigned flags = MDB_NOTLS | (o->read_only ? MDB_RDONLY : 0);
    int code, r;

    (void)snprintf(data_path, sizeof(data_path), "%s/data.mdb", o->path);
    r = store_check_data_file(data_path, made);
    if (r < 0)
        return r;
    code = mdb_env_create(&s->env);
    if (code)
        return store_error(s, code);
    (void)mdb_env_set_userctx(s->env, s);
    (void)mdb_env_set_assert(s->env, store_asserted);
    code = mdb_env_set_maxdbs(s->env, TABLE_COUNT);
    if (!code)
        code = mdb_env_set_mapsize(s->env, o->map_bytes ? o->map_bytes : STORE_MAP_DEFAULT);
    if (!code)
        code = mdb_env_open(s->env, o->path, flags, 0600);
    if (code)
        return store_error(s, code);
    if (o->read_only)
        return 0;
    (void)mdb_reader_check(s->env, NULL); /* clears slots of the killed; nothing rests on it */
    return store_fill_up(s, data_path);
}

static int store_open_tables(struct store_txn *t)
{
    struct store *s = t->store;

    for (size_t i = 0; i < TABLE_COUNT; i++) {
        int code =
            lmdb_dbi_open(s, t->txn, store_tables[i].name, t->write ? MDB_CREATE : 0, &s->dbis[i]);

        if (code)
            return store_error(s, code);
    }
    return 0;
}

/* Tables and what the store was made for, in one transaction: a store is made whole or not at all.
 */
static int store_open_whole(struct store *s, const struct store_options *o, bool made)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    struct store_txn *done;
    int r = store_begin(s, !o->read_only, &t);

    if (r < 0)
        return r;
    r = store_open_tables(t);
    if (r == 0)
        r = store_meta_check(t, o, made);
    if (r < 0)
        return r;
    done = t;
    t = NULL;
    return store_commit(done);
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
    buf_init(&s->sealed, STORE_VALUE_MAX + SEAL_OVERHEAD);
    r = text_copy(s->path, sizeof(s->path), o->path) < 0 ? -ENAMETOOLONG
                                                         : store_keys_derive(&s->keys, o->key);
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
    r = store_open_env(s, o, made);
    if (r == 0)
        r = store_open_whole(s, o, made);
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
    assert(s->n_open == 0 || s->wrecked);
    if (s->env && !s->wrecked) /* after an assertion LMDB's state is anybody's guess: the process's
                                  end frees it */
        mdb_env_close(s->env);
    if (s->lock_fd >= 0)
        (void)close(s->lock_fd);
    buf_deinit(&s->sealed);
    store_keys_wipe(&s->keys);
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
    s->epoch = e;
}

int store_latched(const struct store *s)
{
    return s->latched;
}

/* --- Transactions. --- */

static int store_begin_txn(struct store *s, bool write, MDB_txn **txn)
{
    int code = store_faulted(s, STORE_STEP_BEGIN);

    if (!code)
        code = mdb_txn_begin(s->env, NULL, write ? 0 : MDB_RDONLY, txn);
    /* The writer was opened with a larger map: take its size over, which is safe only without open
     * transactions. */
    if (code == MDB_MAP_RESIZED && s->n_open == 0) {
        code = mdb_env_set_mapsize(s->env, 0);
        if (!code)
            code = mdb_txn_begin(s->env, NULL, write ? 0 : MDB_RDONLY, txn);
    }
    return store_error(s, code);
}

int store_begin(struct store *s, bool write, struct store_txn **out)
{
    struct store_txn *t;
    int r;

    if (s->latched)
        return s->latched;
    if (write && s->read_only)
        return -EROFS;
    if (write && s->writing)
        return -EBUSY; /* LMDB would wait for itself for ever */
    if (write && ++s->n_writes % STORE_CHECK_READERS_EVERY == 0)
        (void)mdb_reader_check(s->env, NULL);
    t = calloc(1, sizeof(*t));
    if (!t)
        return -ENOMEM;
    t->store = s;
    t->write = write;
    r = store_begin_txn(s, write, &t->txn);
    if (r < 0) {
        free(t);
        return r;
    }
    s->n_open++;
    s->writing |= write;
    *out = t;
    return 0;
}

static void store_end(struct store_txn *t)
{
    struct store *s = t->store;

    if (t->txn && !s->wrecked)
        mdb_txn_abort(t->txn);
    s->n_open--;
    if (t->write)
        s->writing = false;
    free(t);
}

int store_commit(struct store_txn *t)
{
    struct store *s = t->store;
    int r = t->status;

    if (r == 0)
        r = s->latched; /* a reader of this process met damage meanwhile */
    if (r == 0) { /* also when reading: only a commit keeps table handles opened in it */
        MDB_txn *txn = t->txn;
        int code = t->write ? store_faulted(s, STORE_STEP_COMMIT) : 0;

        if (!code) {
            t->txn = NULL; /* commit consumes the handle even when it fails */
            code = lmdb_commit(s, txn);
        }
        r = store_error(s, code);
    }
    store_end(t);
    return r;
}

struct store_txn *store_abort(struct store_txn *t)
{
    if (t)
        store_end(t);
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

/* --- Records. --- */

static bool store_key_good(struct bytes key)
{
    return key.len > 0 && key.len <= STORE_KEY_MAX;
}

static MDB_val store_val(struct bytes b)
{
    return (MDB_val){ .mv_size = b.len, .mv_data = (void *)(uintptr_t)b.data };
}

static int store_put_now(struct store_txn *t, enum table table, struct bytes key,
                         struct bytes value)
{
    struct store *s = t->store;
    struct store_ad ad;
    MDB_val k, v;
    int r, code;

    if (!t->write)
        return -EROFS;
    if (!store_key_good(key) || value.len > STORE_VALUE_MAX)
        return -EINVAL;
    buf_reset(&s->sealed);
    r = seal(&s->keys.seal[table], store_associated(&ad, table, key), value, &s->sealed);
    if (r < 0)
        return r;
    k = store_val(key);
    v = store_val(buf_view(&s->sealed));
    code = store_faulted(s, STORE_STEP_PUT);
    return store_error(s, code ? code : lmdb_put(s, t->txn, s->dbis[table], &k, &v));
}

void store_put(struct store_txn *t, enum table table, struct bytes key, struct bytes value)
{
    if (!t->status)
        t->status = store_put_now(t, table, key, value);
}

void store_del(struct store_txn *t, enum table table, struct bytes key)
{
    struct store *s = t->store;
    MDB_val k = store_val(key);
    int code;

    if (t->status)
        return;
    if (!t->write || !store_key_good(key)) {
        t->status = t->write ? -EINVAL : -EROFS;
        return;
    }
    code = store_faulted(s, STORE_STEP_DEL);
    if (!code)
        code = lmdb_del(s, t->txn, s->dbis[table], &k);
    if (code != MDB_NOTFOUND)
        t->status = store_error(s, code);
}

static int store_unseal(struct store *s, enum table table, struct bytes key, MDB_val v,
                        struct buf *out)
{
    struct store_ad ad;

    if (v.mv_size < SEAL_OVERHEAD || v.mv_size > STORE_VALUE_MAX + SEAL_OVERHEAD)
        return -EBADMSG;
    return seal_open(&s->keys.seal[table], store_associated(&ad, table, key),
                     bytes_of(v.mv_data, v.mv_size), out);
}

static int store_locate(struct store_txn *t, enum table table, struct bytes key, MDB_val *v)
{
    struct store *s = t->store;
    MDB_val k = store_val(key);
    int code;

    if (!store_key_good(key))
        return -ENOENT; /* no such key can have been put */
    code = store_faulted(s, STORE_STEP_GET);
    return store_error(s, code ? code : lmdb_get(s, t->txn, s->dbis[table], &k, v));
}

int store_get(struct store_txn *t, enum table table, struct bytes key, struct buf *out)
{
    MDB_val v = { 0 };
    int r = store_locate(t, table, key, &v);

    return r < 0 ? r : store_unseal(t->store, table, key, v, out);
}

bool store_has(struct store_txn *t, enum table table, struct bytes key)
{
    MDB_val v = { 0 };
    int r = store_locate(t, table, key, &v);

    if (r < 0 && r != -ENOENT)
        store_fail(t, r);
    return r == 0;
}

/* --- Walking a table. --- */

struct store_walk {
    struct store_txn *t;
    enum table table;
    MDB_cursor *cursor;
    uint8_t key[STORE_KEY_MAX]; /* a copy: the visitor may write */
    size_t key_len;
    MDB_val value;
    struct buf opened;
};

static void store_walk_deinit(struct store_walk *w)
{
    if (w->cursor && !w->t->store->wrecked)
        mdb_cursor_close(w->cursor);
    buf_deinit(&w->opened);
}

static int store_walk_init(struct store_walk *w, struct store_txn *t, enum table table)
{
    *w = (struct store_walk){ .t = t, .table = table };
    buf_init(&w->opened, STORE_VALUE_MAX);
    if (t->store->wrecked)
        return -EBADMSG;
    return store_error(t->store, mdb_cursor_open(t->txn, t->store->dbis[table], &w->cursor));
}

/* Return: 0 there; -ENOENT no such; -errno. */
static int store_walk_to(struct store_walk *w, struct bytes key, MDB_cursor_op op)
{
    struct store *s = w->t->store;
    MDB_val k = store_val(key);
    int code = store_faulted(s, STORE_STEP_GET), r;

    r = store_error(s, code ? code : lmdb_cursor_get(s, w->cursor, &k, &w->value, op));
    if (r < 0)
        return r;
    if (k.mv_size == 0 || k.mv_size > STORE_KEY_MAX)
        return -EBADMSG;
    memcpy(w->key, k.mv_data, k.mv_size);
    w->key_len = k.mv_size;
    return 0;
}

/* After a visitor that may have written, the cursor is no longer to be trusted: find the place by
 * key. */
static int store_walk_next(struct store_walk *w)
{
    uint8_t key[STORE_KEY_MAX];
    size_t len = w->key_len;
    int r;

    if (!w->t->write)
        return store_walk_to(w, bytes_of(NULL, 0), MDB_NEXT);
    memcpy(key, w->key, len);
    r = store_walk_to(w, bytes_of(key, len), MDB_SET_RANGE);
    if (r == 0 && bytes_equal(bytes_of(key, len), bytes_of(w->key, w->key_len)))
        r = store_walk_to(w, bytes_of(NULL, 0), MDB_NEXT);
    return r;
}

static bool store_walk_under(const struct store_walk *w, struct bytes prefix)
{
    return w->key_len >= prefix.len &&
           (prefix.len == 0 || memcmp(w->key, prefix.data, prefix.len) == 0);
}

static int store_walk_visit(struct store_walk *w, bool values, store_visit *visit, void *ctx)
{
    struct bytes key = bytes_of(w->key, w->key_len);
    int r;

    if (!values)
        return visit(ctx, key, bytes_of(NULL, 0));
    buf_reset(&w->opened);
    r = store_unseal(w->t->store, w->table, key, w->value, &w->opened);
    return r < 0 ? r : visit(ctx, key, buf_view(&w->opened));
}

int store_scan(struct store_txn *t, enum table table, struct bytes prefix, struct bytes from,
               bool values, store_visit *visit, void *ctx)
{
    ALM_CLEANUP(store_walk_deinit) struct store_walk w;
    struct bytes start = from.len ? from : prefix;
    int r = store_walk_init(&w, t, table);

    if (r < 0)
        return r;
    if (start.len > STORE_KEY_MAX)
        return -EINVAL;
    r = store_walk_to(&w, start, start.len ? MDB_SET_RANGE : MDB_FIRST);
    while (r == 0 && store_walk_under(&w, prefix)) {
        r = store_walk_visit(&w, values, visit, ctx);
        if (r)
            return r < 0 ? r : 0;
        r = store_walk_next(&w);
    }
    return r == -ENOENT ? 0 : r;
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
    r = past_len ? store_walk_to(&w, bytes_of(past, past_len), MDB_SET_RANGE) : -ENOENT;
    if (r == 0)
        r = store_walk_to(&w, bytes_of(NULL, 0), MDB_PREV);
    else if (r == -ENOENT)
        r = store_walk_to(&w, bytes_of(NULL, 0), MDB_LAST);
    if (r < 0)
        return r;
    if (!store_walk_under(&w, prefix))
        return -ENOENT;
    buf_put(key_out, w.key, w.key_len);
    return buf_status(key_out);
}

int store_blind(const struct store *s, struct bytes data, uint8_t out[static SHA256_LEN])
{
    return crypto_hmac(&s->keys.blind, data, out);
}

int store_subkey(const struct store *s, const char *label, struct secret *out)
{
    return crypto_derive(&s->keys.subkey_root, label, out);
}

void store_fault_hook(struct store *s, store_fault *fault, void *ctx)
{
    s->fault = fault;
    s->fault_ctx = ctx;
}
