/* SPDX-License-Identifier: Apache-2.0 */
/* periods_fixture.h - values of several tables, and a whole change of period, for the tests of it. */
#pragma once
#include "store_fixture.h"

#include "store/periods.h"

#define VALUES 40

static inline void period_path(const char *dir, uint32_t number, char out[static 128])
{
    (void)snprintf(out, 128, "%s/periods/%08u.key", dir, number);
}

static inline bool period_there(const struct fixture *f, uint32_t number)
{
    char path[128];

    period_path(f->dir, number, path);
    return access(path, F_OK) == 0;
}

static inline struct store_period state_of(struct store *s)
{
    struct store_period p;
    struct store_txn *t = NULL;

    assert_int_equal(store_begin(s, false, &t), 0);
    assert_int_equal(store_period_state(t, &p), 0);
    t = store_abort(t);
    return p;
}

static inline void put_values(struct store *s, const char *what)
{
    static const enum table tables[] = { TABLE_CONSENTS, TABLE_DUE, TABLE_RETOKENS, TABLE_BUNDLES };
    struct store_txn *t = NULL;

    assert_int_equal(store_begin(s, true, &t), 0);
    for (int i = 0; i < VALUES; i++) {
        char key[16];

        (void)snprintf(key, sizeof(key), "key %d", i);
        store_put(t, tables[i % 4], fixture_text(key), fixture_text(what));
    }
    assert_int_equal(store_commit(t), 0);
}

static inline int check_values(struct store *s, const char *what)
{
    static const enum table tables[] = { TABLE_CONSENTS, TABLE_DUE, TABLE_RETOKENS, TABLE_BUNDLES };

    for (int i = 0; i < VALUES; i++) {
        char key[16];
        int r;

        (void)snprintf(key, sizeof(key), "key %d", i);
        r = fixture_get_one(s, tables[i % 4], key, what);
        if (r < 0)
            return r;
    }
    return 0;
}

static inline int step(struct store *s, size_t records, bool *done)
{
    struct store_txn *t = NULL;
    int r = store_begin(s, true, &t);

    if (r < 0)
        return r;
    r = store_period_step(t, records, done);
    assert_int_equal(store_status(t), r);
    return store_commit(t);
}

/* To the end, however far it is. Return: 0 or -errno. */
static inline int leave(struct store *s)
{
    bool done = false;
    int r = 0;

    while (r == 0 && !done)
        r = step(s, 7, &done);
    return r < 0 ? r : store_period_end(s);
}

#define PERIOD_TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
