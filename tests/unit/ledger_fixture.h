/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_fixture.h - what the tests of the log share: records that are alike, and a log of so many. */
#pragma once
#include "store_fixture.h"

#include "store/ledger_keys.h"

static inline struct ledger_clear clear_of(uint8_t event, const char *agency)
{
    struct ledger_clear c = {
        .event = event, .at_ms = 1700000000123, .civil_day = 20000, .mode = 2, .about = UINT64_MAX
    };

    (void)snprintf(c.agency, sizeof(c.agency), "%s", agency);
    return c;
}

static const struct ledger_private answer = {
    .sealed_part = { .data = (const uint8_t *)"tokens and the answer", .len = 21 }
};

static inline struct ledger *open_ledger(struct fixture *f)
{
    struct ledger *l = NULL;

    assert_int_equal(ledger_open(f->store, &l), 0);
    return l;
}

static inline int append(struct fixture *f, struct ledger *l, int n)
{
    struct store_txn *t = fixture_begin(f, true);
    int r;

    for (int i = 0; i < n; i++) {
        struct ledger_clear c = clear_of(EVENT_DECIDED, "school");
        uint64_t leaf, before = ledger_size(l);

        (void)snprintf(c.detail, sizeof(c.detail), "number %d", (int)before);
        ledger_append(l, t, &c, &answer, &leaf);
        assert_int_equal(leaf, before);
    }
    r = store_commit(t);
    ledger_settle(l, r);
    return r;
}

#define LEDGER_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
