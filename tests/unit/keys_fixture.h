/* SPDX-License-Identifier: Apache-2.0 */
/* keys_fixture.h - a log of leaves with known tags, for the tests of record keys. */
#pragma once
#include "store_fixture.h"

#include "store/ledger_keys.h"

#define PLAIN "tokens and the answer"

static inline struct ledger *open_ledger(struct fixture *f)
{
    struct ledger *l = NULL;

    assert_int_equal(ledger_open(f->store, &l), 0);
    return l;
}

static inline struct ledger_clear clear_of(uint8_t event)
{
    return (struct ledger_clear){ .event = event, .civil_day = 20000, .mode = 2, .about = UINT64_MAX };
}

/* Leaf n has the tags 1000 + n and n % 7, and is of a class by its event. */
static inline void append_in(struct ledger *l, struct store_txn *t, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        struct ledger_clear c = clear_of(ledger_size(l) % 2 ? EVENT_CONCERN_LODGED : EVENT_DECIDED);
        struct ledger_private p = { .sealed_part = bytes_str(PLAIN), .n_tags = 2 };
        uint64_t leaf;

        p.tags[0] = 1000 + ledger_size(l);
        p.tags[1] = ledger_size(l) % 7;
        ledger_append(l, t, &c, &p, &leaf);
    }
}

static inline int append(struct fixture *f, struct ledger *l, uint64_t n)
{
    struct store_txn *t = fixture_begin(f, true);
    int r;

    append_in(l, t, n);
    r = store_commit(t);
    ledger_settle(l, r);
    return r;
}

struct seen {
    uint64_t leaves[64];
    size_t n;
    size_t stop_at;
    int fail;
};

static inline int see(void *ctx, uint64_t leaf, uint8_t class)
{
    struct seen *s = ctx;

    assert_int_equal(class, leaf % 2 ? CLASS_CONCERN : CLASS_DECISION);
    assert_true(s->n < ALM_LEN(s->leaves));
    s->leaves[s->n++] = leaf;
    if (s->fail)
        return s->fail;
    return s->stop_at && s->n == s->stop_at;
}

/* The first leaf that has this tag; UINT64_MAX none. */
static inline uint64_t find_one(struct store_txn *t, uint64_t tag)
{
    struct seen s = { .stop_at = 1 };
    uint64_t next = 0;
    int r;

    do {
        r = ledger_find(t, &tag, 1, &next, UINT64_MAX, 4, see, &s);
        assert_true(r >= 0);
    } while (r == 1 && s.n == 0);
    return s.n ? s.leaves[0] : UINT64_MAX;
}

struct opened {
    struct store_txn *t;
    uint64_t n, forgotten;
    int failed;
};

static inline int open_one(void *ctx, const struct ledger_record *r)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct opened *o = ctx;
    int status;

    buf_init(&b, 4096);
    status = ledger_sealed_open(o->t, r, &b);
    o->n++;
    o->forgotten += status == -ENODATA;
    if (status != -ENODATA && (status || !bytes_equal(buf_view(&b), bytes_str(PLAIN))))
        o->failed = status ? status : -EINVAL;
    return 0;
}

/* Every record of the log opens, or was forgotten. Return: how many were forgotten. */
static inline uint64_t open_all(struct fixture *f, uint64_t want)
{
    struct store_txn *t = fixture_begin(f, false);
    struct opened o = { .t = t };

    assert_int_equal(ledger_each(t, 0, UINT64_MAX, open_one, &o), 0);
    assert_int_equal(o.failed, 0);
    assert_int_equal(o.n, want);
    t = store_abort(t);
    return o.forgotten;
}

#define KEYS_TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
