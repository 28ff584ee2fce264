/* SPDX-License-Identifier: Apache-2.0 */
/* reliance_fixture.h - rows of reliance with small numbers for names, for the tests of merging. */
#pragma once
#include "store_fixture.h"

#include "store/internal.h"
#include "store/raw.h"
#include "store/unmerged.h"

#define RELIANCE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

static inline struct id consent_id(uint32_t n)
{
    struct id id = { .octets = { 1, 2, 3 } };

    for (size_t i = 0; i < 4; i++)
        id.octets[ID_LEN - 4 + i] = (uint8_t)(n >> (24 - 8 * i));
    return id;
}

/* What agency @agency was told on a consent at @leaf; all else follows from that. */
static inline struct reliance relied(uint32_t agency, uint64_t leaf)
{
    struct reliance r = { .message = consent_id((uint32_t)leaf ^ 0x5555u),
                          .on = 20000 + (int32_t)(leaf % 1000),
                          .leaf = leaf };

    (void)snprintf(r.agency, sizeof(r.agency), "a%u", agency);
    return r;
}

static inline void rely(struct store_txn *t, uint32_t consent, uint32_t agency, uint64_t leaf)
{
    struct reliance r = relied(agency, leaf);
    struct id id = consent_id(consent);

    reliance_put(t, &id, &r);
}

/* In a transaction of its own. */
static inline void rely_once(struct fixture *f, uint32_t consent, uint32_t agency, uint64_t leaf)
{
    struct store_txn *t = fixture_begin(f, true);

    rely(t, consent, agency, leaf);
    assert_int_equal(store_commit(t), 0);
}

static inline uint64_t table_count(struct fixture *f, enum table table)
{
    struct store_txn *t = fixture_begin(f, false);
    uint64_t n = 0;

    assert_int_equal(store_raw_count(t, table, &n), 0);
    store_abort(t);
    return n;
}

static inline void merge(struct fixture *f, uint32_t steps)
{
    struct store_txn *t = fixture_begin(f, true);

    reliance_merge(t, steps);
    assert_int_equal(store_commit(t), 0);
}

static inline void merge_all(struct fixture *f)
{
    for (int i = 0; i < 2 && reliance_waits(f->store); i++)
        merge(f, UINT32_MAX);
    assert_false(reliance_waits(f->store));
    assert_int_equal(table_count(f, TABLE_RELIANCE_NEW), 0);
}
