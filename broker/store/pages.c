/* SPDX-License-Identifier: Apache-2.0 */
/* pages.c - the only file that includes <lmdb.h>. Knows neither what values mean nor that they are
 * sealed.
 *
 * LMDB's pointers lead into the map: unaligned, and good only inside the transaction. */
#include "store/pages.h"

#include <errno.h>
#include <limits.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store/internal.h"
#include "store/raw.h"
#include "store/wild.h"

#define PAGES_MAP_DEFAULT ((size_t)16 << 30) /* bytes of address space, not of disk */
#define PAGES_STEP        4096               /* bytes: the smallest page there is */
#define PAGES_FREE        0                  /* LMDB's own table of free pages */
#define PAGES_META        2                  /* pages that are never free: the first two */
#define PAGES_FULL_BYTES  (1u << 20)         /* a disk with less than this free is full */

struct pages {
    MDB_env *env;
    MDB_dbi dbis[TABLE_COUNT];
    char path[PATH_MAX];
    int latched;         /* the first I/O error, or damage */
    bool wrecked;        /* a call of LMDB's was left half-way: its state is not to be touched again */
    struct wild_call in_lmdb;
    store_fault *fault;
    void *fault_ctx;
    pages_change *change;
    void *change_ctx;
    MDB_txn *writing;            /* the one write transaction, never looked into */
    uint64_t dirty;              /* tables that it has changed, a bit each */
    int spoilt;                  /* what it failed with first: LMDB does nothing in it after that */
    uint64_t n_changes[TABLE_COUNT];
    struct pages_kept {
        MDB_cursor *cursor; /* NULL: none */
        uint64_t changes;   /* n_changes of its table when it was taken */
        bool taken;
    } kept[TABLE_COUNT];    /* of the write transaction */
};
_Static_assert(TABLE_COUNT <= 64, "a set of tables is a word");

/* --- LMDB's assertions, and pages that point anywhere. A damaged page trips the first, and then LMDB aborts the
 * process; we leave the call instead, never touch the environment again and give -EBADMSG from then on. Each call
 * that walks pages is in a function of its own, so that nothing of a caller's is lost by the jump. ---
 */

static void pages_asserted(MDB_env *env, const char *msg)
{
    (void)env, (void)msg;
    wild_back(); /* returns: LMDB aborts, of our own mistake and not the data's */
}

#define LMDB_GUARDED(p, call)                                                                      \
    do {                                                                                           \
        int r_;                                                                                    \
        if ((p)->wrecked)                                                                          \
            return MDB_CORRUPTED;                                                                  \
        if (setjmp((p)->in_lmdb.back)) {                                                           \
            (p)->wrecked = true;                                                                   \
            return MDB_CORRUPTED;                                                                  \
        }                                                                                          \
        wild_enter(&(p)->in_lmdb);                                                                 \
        r_ = (call);                                                                               \
        wild_leave();                                                                              \
        return r_;                                                                                 \
    } while (0)

/* A value, and a key, are looked at from end to end while a page that cannot be read is an error still: whoever opens
 * the value is not in LMDB any more. What nobody can have put is damage. */
static int lmdb_reached(int code, const MDB_val *v, size_t most)
{
    const volatile uint8_t *at = v->mv_data;

    if (code || v->mv_size == 0)
        return code;
    if (v->mv_size > most)
        return MDB_CORRUPTED;
    for (size_t i = 0; i < v->mv_size; i += PAGES_STEP)
        (void)at[i];
    (void)at[v->mv_size - 1];
    return 0;
}

static int lmdb_get(struct pages *p, MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value)
{
    LMDB_GUARDED(p, lmdb_reached(mdb_get(txn, dbi, key, value), value, STORE_RAW_MAX));
}

static int lmdb_put(struct pages *p, MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value)
{
    LMDB_GUARDED(p, mdb_put(txn, dbi, key, value, 0));
}

static int lmdb_append(struct pages *p, MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value)
{
    LMDB_GUARDED(p, mdb_put(txn, dbi, key, value, MDB_APPEND));
}

static int lmdb_del(struct pages *p, MDB_txn *txn, MDB_dbi dbi, MDB_val *key)
{
    LMDB_GUARDED(p, mdb_del(txn, dbi, key, NULL));
}

static int lmdb_cursor_get(struct pages *p, MDB_cursor *cursor, MDB_val *key, MDB_val *value,
                           MDB_cursor_op op)
{
    LMDB_GUARDED(p, lmdb_reached(lmdb_reached(mdb_cursor_get(cursor, key, value, op), key, STORE_KEY_MAX),
                                 value, STORE_RAW_MAX));
}

static int lmdb_commit(struct pages *p, MDB_txn *txn)
{
    LMDB_GUARDED(p, mdb_txn_commit(txn));
}

static int lmdb_dbi_open(struct pages *p, MDB_txn *txn, const char *name, unsigned flags,
                         MDB_dbi *dbi)
{
    LMDB_GUARDED(p, mdb_dbi_open(txn, name, flags, dbi));
}

/* These two read a table's root when they are the first of their transaction. */
static int lmdb_cursor_open(struct pages *p, MDB_txn *txn, MDB_dbi dbi, MDB_cursor **out)
{
    LMDB_GUARDED(p, mdb_cursor_open(txn, dbi, out));
}

static int lmdb_stat(struct pages *p, MDB_txn *txn, MDB_dbi dbi, MDB_stat *out)
{
    LMDB_GUARDED(p, mdb_stat(txn, dbi, out));
}

/* One transaction's list of pages that it left free: their count, then their numbers from the highest down. LMDB
 * hands them to whoever writes next, as they stand there: a number that is none of the file's is a write to
 * anywhere, and one that is there twice is a page of two tables. */
static int lmdb_listed(const MDB_val *v, size_t last)
{
    const uint8_t *at = v->mv_data;
    size_t n, page, before = last + 1;

    if (v->mv_size < sizeof(n) || v->mv_size % sizeof(n))
        return MDB_CORRUPTED;
    memcpy(&n, at, sizeof(n));
    if (n > v->mv_size / sizeof(n) - 1)
        return MDB_CORRUPTED;
    for (size_t i = 1; i <= n; i++, before = page) {
        memcpy(&page, at + i * sizeof(page), sizeof(page));
        if (page < PAGES_META || page >= before)
            return MDB_CORRUPTED;
    }
    return 0;
}

static int lmdb_free_pages(MDB_txn *txn, size_t last)
{
    MDB_cursor *cursor = NULL;
    MDB_val k = { 0 }, v = { 0 };
    int code = mdb_cursor_open(txn, PAGES_FREE, &cursor);

    while (!code) {
        code = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
        if (!code)
            code = lmdb_listed(&v, last);
    }
    mdb_cursor_close(cursor);
    return code == MDB_NOTFOUND ? 0 : code;
}

static int lmdb_check_free(struct pages *p, MDB_txn *txn, size_t last)
{
    LMDB_GUARDED(p, lmdb_free_pages(txn, last));
}

/* --- Foreign codes, translated once. --- */

static bool pages_disk_full(struct pages *p)
{
    struct statvfs fs;

    if (pages_faulted(p, STORE_STEP_SPACE))
        return true;
    return statvfs(p->path, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize < PAGES_FULL_BYTES;
}

static const struct {
    int code, error;
} pages_codes[] = {
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
static int pages_error(struct pages *p, int code)
{
    int r = code > 0 ? -code : -EIO;

    if (code == 0)
        return 0;
    if (code == MDB_BAD_TXN && (p->spoilt || p->latched)) /* no new error, but of what went before */
        return p->spoilt ? p->spoilt : p->latched;
    for (size_t i = 0; i < ALM_LEN(pages_codes); i++) {
        if (pages_codes[i].code == code)
            r = pages_codes[i].error;
    }
    /* LMDB makes EIO of a short write, which is what a disk that has just filled up gives. */
    if (code == EIO && pages_disk_full(p))
        r = -ENOSPC;
    if ((r == -EIO || r == -EBADMSG) && !p->latched)
        p->latched = r;
    return r;
}

/* Of a put or a delete. */
static int pages_written(struct pages *p, int code)
{
    int r = pages_error(p, code);

    if (r < 0 && !p->spoilt)
        p->spoilt = r;
    return r;
}

/* --- Opening and closing. --- */

/* Makes a file that was cut short as long as LMDB believes it is: what is missing then reads as a
 * damaged page, not as a SIGBUS. A file may rightly be some pages short, of pages that were taken
 * and given back in one transaction. */
static int pages_fill_up(const struct pages *p, const char *data_path)
{
    MDB_envinfo info;
    MDB_stat stat_of;
    struct stat st;
    off_t want;

    if (mdb_env_info(p->env, &info) != 0 || mdb_env_stat(p->env, &stat_of) != 0 ||
        stat(data_path, &st) < 0)
        return -EIO;
    want = (off_t)(info.me_last_pgno + 1) * (off_t)stat_of.ms_psize;
    if ((size_t)want > info.me_mapsize)
        return -EBADMSG;
    if (st.st_size < want && truncate(data_path, want) < 0)
        return -errno;
    return 0;
}

/* Before the first write: what is damaged in the list of free pages would be written over. It is as long as there are
 * such pages, eight bytes each. */
static int pages_check_free(struct pages *p)
{
    MDB_envinfo info;
    MDB_txn *txn = NULL;
    int code = mdb_env_info(p->env, &info);

    if (!code)
        code = mdb_txn_begin(p->env, NULL, MDB_RDONLY, &txn);
    if (!code)
        code = lmdb_check_free(p, txn, info.me_last_pgno);
    if (txn && !p->wrecked)
        mdb_txn_abort(txn);
    return pages_error(p, code);
}

/* An absent or empty data file where a store was once made is a loss, not a new store. */
static int pages_check_data_file(const char *data_path, bool made)
{
    struct stat st;

    if (!made)
        return 0;
    return stat(data_path, &st) == 0 && st.st_size > 0 ? 0 : -EBADMSG;
}

static int pages_open_env(struct pages *p, const struct pages_options *o)
{
    char data_path[PATH_MAX + 16];
    unsigned flags = MDB_NOTLS | (o->read_only ? MDB_RDONLY : 0);
    int code, r;

    (void)snprintf(data_path, sizeof(data_path), "%s/data.mdb", o->path);
    r = pages_check_data_file(data_path, o->made);
    if (r < 0)
        return r;
    code = mdb_env_create(&p->env);
    if (code)
        return pages_error(p, code);
    wild_watch();
    (void)mdb_env_set_assert(p->env, pages_asserted);
    code = mdb_env_set_maxdbs(p->env, TABLE_COUNT);
    if (!code)
        code = mdb_env_set_mapsize(p->env, o->map_bytes ? o->map_bytes : PAGES_MAP_DEFAULT);
    if (!code)
        code = mdb_env_open(p->env, o->path, flags, 0600);
    if (code)
        return pages_error(p, code);
    if (o->read_only)
        return 0;
    (void)mdb_reader_check(p->env, NULL); /* clears slots of the killed; nothing rests on it */
    r = pages_fill_up(p, data_path);
    return r < 0 ? r : pages_check_free(p);
}

int pages_open(const struct pages_options *o, struct pages **out)
{
    struct pages *p = calloc(1, sizeof(*p));
    int r;

    if (!p)
        return -ENOMEM;
    r = text_copy(p->path, sizeof(p->path), o->path) < 0 ? -ENAMETOOLONG : pages_open_env(p, o);
    if (r < 0) {
        (void)pages_close(p);
        return r;
    }
    *out = p;
    return 0;
}

struct pages *pages_close(struct pages *p)
{
    if (!p)
        return NULL;
    if (p->env && !p->wrecked) /* after an assertion LMDB's state is anybody's guess: the process's
                                  end frees it */
        mdb_env_close(p->env);
    free(p);
    return NULL;
}

int pages_open_tables(struct pages *p, MDB_txn *txn, bool create)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        int code =
            lmdb_dbi_open(p, txn, store_tables[i].name, create ? MDB_CREATE : 0, &p->dbis[i]);

        if (code)
            return pages_error(p, code);
    }
    return 0;
}

int pages_latched(const struct pages *p)
{
    return p->latched;
}

void pages_latch(struct pages *p, int error)
{
    if (!p->latched)
        p->latched = error;
}

bool pages_wrecked(const struct pages *p)
{
    return p->wrecked;
}

void pages_fault_hook(struct pages *p, store_fault *fault, void *ctx)
{
    p->fault = fault;
    p->fault_ctx = ctx;
}

int pages_faulted(struct pages *p, enum store_step step)
{
    return p->fault ? p->fault(p->fault_ctx, step) : 0;
}

/* --- Cursors that are kept: opening one is an allocation, and a query walks a dozen times. --- */

static void pages_unkeep(struct pages *p, size_t table)
{
    if (p->kept[table].cursor && !p->wrecked)
        mdb_cursor_close(p->kept[table].cursor);
    p->kept[table] = (struct pages_kept){ .cursor = NULL };
}

/* Before its transaction ends: LMDB would free them, and they would still be kept. */
static void pages_unkeep_all(struct pages *p)
{
    for (size_t i = 0; i < TABLE_COUNT; i++)
        pages_unkeep(p, i);
}

/* --- What changed. --- */

void pages_watch(struct pages *p, pages_change *change, void *ctx)
{
    p->change = change;
    p->change_ctx = ctx;
}

void pages_changed(struct pages *p, uint64_t tables)
{
    p->dirty |= tables;
    for (; tables; tables &= tables - 1)
        p->n_changes[__builtin_ctzll(tables) % TABLE_COUNT]++;
}

uint64_t pages_changes(const struct pages *p, uint64_t tables)
{
    uint64_t n = 0;

    for (; tables; tables &= tables - 1)
        n += p->n_changes[__builtin_ctzll(tables) % TABLE_COUNT];
    return n;
}

/* What every put and every delete passes. */
static void pages_change_comes(struct pages *p, enum table table, struct bytes key, bool put)
{
    pages_changed(p, (uint64_t)1 << table);
    if (p->change)
        p->change(p->change_ctx, table, key, put);
}

/* What it had changed is as it was before, which is a change once more. */
static void pages_taken_back(struct pages *p)
{
    p->writing = NULL;
    p->spoilt = 0;
    pages_changed(p, p->dirty);
    p->dirty = 0;
}

/* --- Transactions. --- */

int pages_begin(struct pages *p, bool write, bool alone, MDB_txn **out)
{
    int code = pages_faulted(p, STORE_STEP_BEGIN);

    if (!code)
        code = mdb_txn_begin(p->env, NULL, write ? 0 : MDB_RDONLY, out);
    /* The writer was opened with a larger map: take its size over, which is safe only without open
     * transactions. */
    if (code == MDB_MAP_RESIZED && alone) {
        code = mdb_env_set_mapsize(p->env, 0);
        if (!code)
            code = mdb_txn_begin(p->env, NULL, write ? 0 : MDB_RDONLY, out);
    }
    if (!code && write) {
        p->writing = *out;
        p->dirty = 0;
        p->spoilt = 0;
    }
    return pages_error(p, code);
}

int pages_commit(struct pages *p, MDB_txn **txn, bool write)
{
    MDB_txn *consumed = *txn;
    int code = write ? pages_faulted(p, STORE_STEP_COMMIT) : 0;

    if (write)
        pages_unkeep_all(p);
    if (!code) {
        *txn = NULL; /* commit consumes the handle even when it fails */
        code = lmdb_commit(p, consumed);
    }
    if (code && write)
        pages_taken_back(p);
    else if (write)
        p->writing = NULL;
    return pages_error(p, code);
}

void pages_abort(struct pages *p, MDB_txn *txn)
{
    if (txn && txn == p->writing) {
        pages_unkeep_all(p);
        pages_taken_back(p);
    }
    if (txn && !p->wrecked)
        mdb_txn_abort(txn);
}

void pages_check_readers(struct pages *p)
{
    (void)mdb_reader_check(p->env, NULL);
}

/* --- Values. --- */

static MDB_val pages_val(struct bytes b)
{
    return (MDB_val){ .mv_size = b.len, .mv_data = (void *)(uintptr_t)b.data };
}

int pages_get(struct pages *p, MDB_txn *txn, enum table table, struct bytes key,
              struct bytes *value)
{
    MDB_val k = pages_val(key), v = { 0 };
    int code = pages_faulted(p, STORE_STEP_GET);

    if (!code)
        code = lmdb_get(p, txn, p->dbis[table], &k, &v);
    *value = bytes_of(v.mv_data, v.mv_size);
    return pages_error(p, code);
}

int pages_put(struct pages *p, MDB_txn *txn, enum table table, struct bytes key, struct bytes value)
{
    MDB_val k = pages_val(key), v = pages_val(value);
    int code = pages_faulted(p, STORE_STEP_PUT);

    pages_change_comes(p, table, key, true);
    return pages_written(p, code ? code : lmdb_put(p, txn, p->dbis[table], &k, &v));
}

int pages_del(struct pages *p, MDB_txn *txn, enum table table, struct bytes key)
{
    MDB_val k = pages_val(key);
    int code = pages_faulted(p, STORE_STEP_DEL);

    pages_change_comes(p, table, key, false);
    if (!code)
        code = lmdb_del(p, txn, p->dbis[table], &k);
    return code == MDB_NOTFOUND ? 0 : pages_written(p, code);
}

int pages_count(struct pages *p, MDB_txn *txn, enum table table, uint64_t *n)
{
    MDB_stat stat_of;

    if (p->wrecked)
        return -EBADMSG;
    *n = 0;
    if (lmdb_stat(p, txn, p->dbis[table], &stat_of) != 0)
        return p->wrecked ? -EBADMSG : p->spoilt ? p->spoilt : -EIO;
    *n = stat_of.ms_entries;
    return 0;
}

int pages_room(struct pages *p, uint64_t *taken, uint64_t *most)
{
    MDB_envinfo info;
    MDB_stat stat_of;

    if (p->wrecked)
        return -EBADMSG;
    if (mdb_env_info(p->env, &info) != 0 || mdb_env_stat(p->env, &stat_of) != 0)
        return -EIO;
    *taken = ((uint64_t)info.me_last_pgno + 1) * stat_of.ms_psize;
    *most = info.me_mapsize;
    return 0;
}

int pages_append(struct pages *p, MDB_txn *txn, enum table table, struct bytes key,
                 struct bytes value)
{
    MDB_val k = pages_val(key), v = pages_val(value);
    int code = pages_faulted(p, STORE_STEP_PUT);

    pages_change_comes(p, table, key, true);
    if (!code)
        code = lmdb_append(p, txn, p->dbis[table], &k, &v);
    return code == MDB_KEYEXIST ? -EINVAL : pages_written(p, code);
}

/* --- Cursors. --- */

/* One that has seen the table as it is may go on where it stands; what LMDB does to one whose pages
 * were changed under it nothing rests on here. */
int pages_cursor(struct pages *p, MDB_txn *txn, enum table table, MDB_cursor **out)
{
    struct pages_kept *kept = &p->kept[table];
    int r = 0;

    if (p->wrecked)
        return -EBADMSG;
    if (txn != p->writing || kept->taken) /* a walk within a walk */
        return pages_error(p, lmdb_cursor_open(p, txn, p->dbis[table], out));
    if (kept->changes != p->n_changes[table])
        pages_unkeep(p, table);
    if (!kept->cursor)
        r = pages_error(p, lmdb_cursor_open(p, txn, p->dbis[table], &kept->cursor));
    if (r < 0)
        return r;
    kept->taken = true;
    kept->changes = p->n_changes[table];
    *out = kept->cursor;
    return 0;
}

void pages_cursor_close(struct pages *p, enum table table, MDB_cursor *cursor)
{
    struct pages_kept *kept = &p->kept[table];

    if (!cursor || p->wrecked)
        return;
    if (kept->cursor == cursor)
        kept->taken = false;
    else
        mdb_cursor_close(cursor);
}

int pages_move(struct pages *p, MDB_cursor *cursor, enum pages_to to, struct bytes *key,
               struct bytes *value)
{
    static const MDB_cursor_op ops[] = { [PAGES_FIRST] = MDB_FIRST,
                                         [PAGES_LAST] = MDB_LAST,
                                         [PAGES_NEXT] = MDB_NEXT,
                                         [PAGES_PREV] = MDB_PREV,
                                         [PAGES_FROM] = MDB_SET_RANGE };
    MDB_val k = pages_val(*key), v = { 0 };
    int code = pages_faulted(p, STORE_STEP_GET), r;

    r = pages_error(p, code ? code : lmdb_cursor_get(p, cursor, &k, &v, ops[to]));
    if (r < 0)
        return r;
    if (k.mv_size == 0 || k.mv_size > STORE_KEY_MAX)
        return -EBADMSG;
    *key = bytes_of(k.mv_data, k.mv_size);
    *value = bytes_of(v.mv_data, v.mv_size);
    return 0;
}
