/* SPDX-License-Identifier: Apache-2.0 */
/* store_fixture.h - a store in a directory of its own, for the tests of broker/store. */
#pragma once
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/fault.h"
#include "store/store.h"

#define FIXTURE_ORIGIN "marlham.example/almoner"

struct fixture {
    char dir[64];
    struct secret key;
    struct store_options options;
    struct store *store;
};

/* The periods' files; nothing else is ever deleted. */
static inline void fixture_remove_periods(const char *dir)
{
    char folder[128], path[512];
    struct dirent *e;
    DIR *d;

    (void)snprintf(folder, sizeof(folder), "%s/periods", dir);
    d = opendir(folder);
    while (d && (e = readdir(d)) != NULL) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
        (void)unlink(path);
    }
    if (d)
        (void)closedir(d);
    (void)rmdir(folder);
}

/* Files that a store leaves; nothing else is ever deleted. */
static inline void fixture_remove(const struct fixture *f)
{
    static const char *const names[] = { "data.mdb", "lock.mdb", "writer" };
    char path[128];

    for (size_t i = 0; i < ALM_LEN(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
        (void)unlink(path);
    }
    fixture_remove_periods(f->dir);
    (void)rmdir(f->dir);
}

static inline void fixture_open(struct fixture *f)
{
    assert_int_equal(store_open(&f->options, &f->store), 0);
}

static inline void fixture_reopen(struct fixture *f)
{
    f->store = store_close(f->store);
    fixture_open(f);
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    assert_int_equal(crypto_init(), 0);
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/almoner-store-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    memset(f->key.octets, 7, sizeof(f->key.octets));
    f->options = (struct store_options){ .path = f->dir,
                                         .key = &f->key,
                                         .mode = 2,
                                         .origin = FIXTURE_ORIGIN,
                                         .map_bytes = (size_t)64 << 20 };
    fixture_open(f);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;

    f->store = store_close(f->store);
    fixture_remove(f);
    free(f);
    return 0;
}

static inline struct store_txn *fixture_begin(struct fixture *f, bool write)
{
    struct store_txn *t = NULL;

    assert_int_equal(store_begin(f->store, write, &t), 0);
    return t;
}

/* Fails one step with an errno, the nth time that it is taken. */
struct fixture_fault {
    enum store_step step;
    int countdown, error;
    bool disk_full;
};

static inline int fixture_fault(void *ctx, enum store_step step)
{
    struct fixture_fault *f = ctx;

    if (step == STORE_STEP_SPACE)
        return f->disk_full;
    return step == f->step && --f->countdown == 0 ? f->error : 0;
}

static inline struct bytes fixture_text(const char *s)
{
    return bytes_str(s);
}

static inline struct bytes fixture_nothing(void)
{
    return bytes_of(NULL, 0);
}

static inline int fixture_put_one(struct store *s, enum table table, const char *key,
                                  const char *value)
{
    struct store_txn *t = NULL;
    int r = store_begin(s, true, &t);

    if (r < 0)
        return r;
    store_put(t, table, fixture_text(key), fixture_text(value));
    return store_commit(t);
}

/* Return: as store_get; the value must be this when it is 0. */
static inline int fixture_get_one(struct store *s, enum table table, const char *key,
                                  const char *value)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    int r = store_begin(s, false, &t);

    if (r < 0)
        return r;
    buf_init(&b, 1 << 20);
    r = store_get(t, table, fixture_text(key), &b);
    if (r == 0)
        assert_true(bytes_equal(buf_view(&b), fixture_text(value)));
    return r;
}

struct fixture_seen {
    char keys[256];
    int stop_at, fail_at, n;
    struct store_txn *t; /* delete what is visited */
};

static inline int fixture_see(void *ctx, struct bytes key, struct bytes value)
{
    struct fixture_seen *s = ctx;
    size_t len = strlen(s->keys);

    (void)snprintf(s->keys + len, sizeof(s->keys) - len, "%.*s%s%.*s ", (int)key.len,
                   (const char *)key.data, value.data ? "=" : "", (int)value.len,
                   value.data ? (const char *)value.data : "");
    if (s->t)
        store_del(s->t, TABLE_HEADS, key);
    s->n++;
    if (s->n == s->fail_at)
        return -ECANCELED;
    return s->n == s->stop_at;
}
