/* SPDX-License-Identifier: Apache-2.0 */
/* store_fixture.h - a store in a directory of its own, for the tests of broker/store. */
#pragma once
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

/* Files that a store leaves; nothing else is ever deleted. */
static inline void fixture_remove(const struct fixture *f)
{
    static const char *const names[] = { "data.mdb", "lock.mdb", "writer" };
    char path[128];

    for (size_t i = 0; i < ALM_LEN(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
        (void)unlink(path);
    }
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
