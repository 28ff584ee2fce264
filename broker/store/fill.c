/* SPDX-License-Identifier: Apache-2.0 */
/* fill.c - appends sealed values as they come; nothing is looked up and nothing opened. */
#include "store/fill.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/internal.h"
#include "store/pages.h"
#include "store/raw.h"

struct store_fill {
    struct pages *pages;
    struct MDB_txn *txn;
    int lock_fd;
};

static int fill_begin(struct store_fill *f)
{
    return f->txn ? 0 : pages_begin(f->pages, true, true, &f->txn);
}

static int fill_tables(struct store_fill *f)
{
    int r = fill_begin(f);

    if (r == 0)
        r = pages_open_tables(f->pages, f->txn, true);
    return r ? r : store_fill_commit(f);
}

int store_fill_open(const char *path, size_t map_bytes, struct store_fill **out)
{
    ALM_CLEANUP(store_fill_closep) struct store_fill *f = calloc(1, sizeof(*f));
    bool made = false;
    int r;

    if (!f)
        return -ENOMEM;
    f->lock_fd = store_lock_take(path, &made);
    if (f->lock_fd < 0)
        return f->lock_fd;
    if (made)
        return -EEXIST;
    r = store_lock_mark_made(f->lock_fd, path);
    if (r == 0)
        r = pages_open(&(struct pages_options){ .path = path, .map_bytes = map_bytes }, &f->pages);
    if (r == 0)
        r = fill_tables(f);
    if (r)
        return r;
    *out = f;
    f = NULL;
    return 0;
}

int store_fill_put(struct store_fill *f, enum table table, struct bytes key, struct bytes sealed)
{
    int r;

    if (key.len == 0 || key.len > STORE_KEY_MAX || sealed.len < SEAL_OVERHEAD ||
        sealed.len > STORE_RAW_MAX)
        return -EINVAL;
    r = fill_begin(f);
    return r ? r : pages_append(f->pages, f->txn, table, key, sealed);
}

int store_fill_commit(struct store_fill *f)
{
    return f->txn ? pages_commit(f->pages, &f->txn, true) : 0;
}

int store_fill_subkey(const struct secret *store_key, const char *label, struct secret *out)
{
    ALM_CLEANUP(secret_wipe) struct secret root = { 0 };
    int r = store_subkey_root(store_key, &root);

    return r ? r : crypto_derive(&root, label, out);
}

struct store_fill *store_fill_close(struct store_fill *f)
{
    if (!f)
        return NULL;
    if (f->txn)
        pages_abort(f->pages, f->txn);
    f->pages = pages_close(f->pages);
    if (f->lock_fd >= 0)
        (void)close(f->lock_fd);
    free(f);
    return NULL;
}

void store_fill_closep(struct store_fill **f)
{
    *f = store_fill_close(*f);
}
