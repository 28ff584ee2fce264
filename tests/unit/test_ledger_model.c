/* SPDX-License-Identifier: Apache-2.0 */
/* test_ledger_model.c - the log beside a plain list of what is in it: appended to, searched,
 * forgotten from, taken back, failed at any step, reopened and led through periods in any order.
 * Roots, proofs, sealed parts, classes and tags are those of the list, and the examination finds
 * nothing. */
#include "drawn.h"
#include "fsck_fixture.h"
#include "ledger_fixture.h"

#include "store/periods.h"
#include "tree/tree.h"

#define LEAVES_MOST 6000
#define TAGS_MOST   6
#define TAGS        97 /* different ones, so that many leaves share one */

struct leaf {
    uint32_t said; /* what its sealed part is made of */
    uint16_t tags[TAGS_MOST];
    uint8_t n_tags, class;
    bool forgotten;
};
static struct model {
    struct leaf leaves[LEAVES_MOST];
    uint64_t n;
} now, committed;
static uint8_t roots[LEAVES_MOST + 1][SHA256_LEN]; /* of each size that the log has had */

/* Any length from nothing to some hundred octets. */
static struct bytes part_of(uint32_t said, uint8_t octets[static 300])
{
    size_t len = said % 300;

    for (size_t i = 0; i < len; i++)
        octets[i] = (uint8_t)(said * 2654435761u >> (i % 4) * 8);
    return bytes_of(octets, len);
}

static uint64_t tag_of(uint16_t n)
{
    return UINT64_C(0x9e3779b97f4a7c15) * (n + 1u);
}

/* --- one record against the list --- */

static bool has_tag(const struct leaf *l, const uint64_t *tags, size_t n)
{
    for (size_t i = 0; i < n && !l->forgotten; i++) {
        for (uint8_t k = 0; k < l->n_tags; k++) {
            if (tag_of(l->tags[k]) == tags[i])
                return true;
        }
    }
    return false;
}

struct reading {
    struct store_txn *t;
    uint64_t next;
};

static int same_record(void *ctx, const struct ledger_record *r)
{
    ALM_CLEANUP(buf_deinit) struct buf opened = { 0 };
    struct reading *w = ctx;
    const struct leaf *l = &now.leaves[r->leaf];
    uint8_t octets[300], class = 0, hash[SHA256_LEN];
    struct tree_proof proof;
    bool forgotten = !l->forgotten;
    int status;

    buf_init(&opened, 1 << 16);
    assert_int_equal(r->leaf, w->next++);
    assert_int_equal(r->erased, l->forgotten);
    status = ledger_sealed_open(w->t, r, &opened);
    assert_int_equal(status, l->forgotten ? -ENODATA : 0);
    if (status == 0)
        assert_true(bytes_equal(buf_view(&opened), part_of(l->said, octets)));
    assert_int_equal(ledger_class_of(w->t, r->leaf, &class, &forgotten), 0);
    assert_int_equal(class, l->class);
    assert_int_equal(forgotten, l->forgotten);
    if (draw(8))
        return 0;
    assert_int_equal(ledger_record_hash(r, hash), 0);
    assert_int_equal(tree_prove_inclusion(r->leaf, now.n, ledger_node, w->t, &proof), 0);
    assert_int_equal(tree_check_inclusion(hash, r->leaf, now.n, &proof, roots[now.n]), 0);
    return 0;
}

static void check_records(struct store_txn *t)
{
    struct reading w = { .t = t, .next = draw((uint32_t)now.n) };
    uint64_t until = w.next + draw(100);

    assert_int_equal(ledger_each(t, w.next, until, same_record, &w), 0);
    assert_int_equal(w.next, until < now.n ? until : now.n > w.next ? now.n : w.next);
}

/* --- searching --- */

struct finding {
    const uint64_t *tags;
    size_t n_tags;
    uint64_t next;
};

static int same_found(void *ctx, uint64_t leaf, uint8_t class)
{
    struct finding *f = ctx;

    assert_true(leaf < now.n);
    for (; f->next < leaf; f->next++)
        assert_false(has_tag(&now.leaves[f->next], f->tags, f->n_tags));
    assert_true(has_tag(&now.leaves[leaf], f->tags, f->n_tags));
    assert_int_equal(class, now.leaves[leaf].class);
    f->next = leaf + 1;
    return draw(12) == 0;
}

static void check_search(struct store_txn *t)
{
    uint64_t tags[3], next, until = now.n - draw(1 + (uint32_t)now.n / 4), from;
    struct finding f = { .tags = tags, .n_tags = 1 + draw(3) };
    int r = 1;

    for (size_t i = 0; i < f.n_tags; i++)
        tags[i] = tag_of((uint16_t)draw(TAGS));
    from = next = f.next = draw((uint32_t)now.n);
    while (r == 1) {
        r = ledger_find(t, tags, f.n_tags, &next, until, 1 + draw(40), same_found, &f);
        assert_true(r == 0 || r == 1);
        assert_int_equal(r, next < until);
        for (; f.next < next; f.next++)
            assert_false(has_tag(&now.leaves[f.next], f.tags, f.n_tags));
    }
    assert_int_equal(next, from < until ? until : from);
}

static void check_tagged(struct store_txn *t)
{
    uint64_t tag = tag_of((uint16_t)draw(TAGS)), leaf = draw((uint32_t)now.n + 3);
    int r = ledger_tagged(t, leaf, &tag, 1);

    assert_int_equal(r, leaf >= now.n ? -ENOENT : has_tag(&now.leaves[leaf], &tag, 1));
}

/* One leaf, mostly of the last block, as whoever looks at leaves one by one does: t keeps the
 * block. */
static void check_one(struct store_txn *t)
{
    uint64_t leaf =
        now.n > 40 && draw(3) ? now.n - 1 - draw(2) * draw(40) : draw((uint32_t)now.n + 1);
    bool forgotten = false;
    uint8_t class = 0;
    int r = ledger_class_of(t, leaf, &class, &forgotten);

    if (store_status(t))
        return;
    assert_int_equal(r, leaf >= now.n ? -ENOENT : 0);
    if (r == 0) {
        assert_int_equal(class, now.leaves[leaf].class);
        assert_int_equal(forgotten, now.leaves[leaf].forgotten);
    }
}

/* --- the tree --- */

static void check_tree(struct store_txn *t)
{
    uint64_t size = draw((uint32_t)now.n + 1);
    uint8_t root[SHA256_LEN];
    struct tree_proof proof;

    if (size) {
        assert_int_equal(tree_root_at(size, ledger_node, t, root), 0);
        assert_memory_equal(root, roots[size], SHA256_LEN);
        assert_int_equal(tree_prove_consistency(size, now.n, ledger_node, t, &proof), 0);
        assert_int_equal(tree_check_consistency(size, now.n, roots[size], roots[now.n], &proof), 0);
    }
}

static void check_some(struct store_txn *t)
{
    uint64_t size;

    assert_int_equal(ledger_count(t, &size), 0);
    assert_int_equal(size, now.n);
    if (!size)
        return;
    check_records(t);
    check_search(t);
    check_tagged(t);
    check_tree(t);
}

/* --- what is done to it --- */

static struct ledger *ledger;

static void append_one(struct store_txn *t)
{
    static const uint8_t events[] = { EVENT_DECIDED, EVENT_CONSENT_LODGED, EVENT_SHIELD_LODGED,
                                      EVENT_LOG_READ };
    struct leaf *l = &now.leaves[now.n];
    struct ledger_clear c = clear_of(events[draw(4)], "school");
    struct ledger_private p = { .class = draw(3) ? 0 : (uint8_t)(1 + draw(CLASS_COUNT - 1)) };
    uint8_t octets[300];
    uint64_t leaf;

    *l = (struct leaf){ .said = draw(1 << 20), .n_tags = (uint8_t)draw(TAGS_MOST + 1) };
    l->class = p.class ? p.class : ledger_event_class(c.event);
    p.sealed_part = part_of(l->said, octets);
    for (uint8_t i = 0; i < l->n_tags; i++) {
        l->tags[i] = (uint16_t)draw(TAGS);
        p.tags[p.n_tags++] = tag_of(l->tags[i]);
    }
    ledger_append(ledger, t, &c, &p, &leaf);
    if (store_status(t))
        return;
    assert_int_equal(leaf, now.n);
    now.n++;
    ledger_root(ledger, roots[now.n]);
}

static int choose(void *ctx, uint64_t leaf, uint8_t class)
{
    const unsigned *of = ctx;

    assert_false(now.leaves[leaf].forgotten);
    assert_int_equal(class, now.leaves[leaf].class);
    if (draw(*of))
        return 0;
    now.leaves[leaf].forgotten = true;
    return 1;
}

/* Return: what it failed with. */
static int forget_some(struct store_txn *t)
{
    uint64_t leaf = draw((uint32_t)now.n + 2), next;
    unsigned of = 1 + draw(6);
    int r;

    if (draw(2)) {
        bool forgotten;
        uint8_t class;

        r = ledger_class_of(t, leaf, &class, &forgotten); /* so that t has its block at hand */
        if (r == 0)
            r = ledger_forget(t, leaf);
        if (r == 0)
            r = ledger_class_of(t, leaf, &class, &forgotten);
        if (r == 0) {
            assert_true(forgotten);
            now.leaves[leaf].forgotten = true;
        }
    } else {
        r = ledger_forget_in(t, leaf, leaf + 1 + draw(1500), choose, &of, &next);
    }
    if (r == -ENOENT && leaf >= now.n)
        return 0;
    return r < 0 ? r : 0;
}

static uint32_t batch_size(void)
{
    static const uint32_t most[] = { 1, 3, 3, 8, 40, 40, 100, 1100 };
    uint32_t n = draw(most[draw(ALM_LEN(most))] + 1);

    return now.n + n < LEAVES_MOST ? n : 0;
}

/* Return: what it failed with. */
static int do_something(struct store_txn *t, bool faulty)
{
    bool done;
    int r;

    switch (draw(7)) {
    case 0:
        r = forget_some(t);
        break;
    case 1:
        ledger_flush(ledger, t);
        r = store_status(t);
        break;
    case 2:
        r = store_period_step(t, 1 + draw(3000), &done);
        r = r == -EINVAL ? 0 : r; /* none is being left */
        break;
    case 3:
        if (!faulty)
            check_some(t);
        r = store_status(t);
        break;
    default:
        for (uint32_t n = batch_size(); n; n--) {
            append_one(t);
            if (!faulty && draw(20) == 0)
                check_one(t);
        }
        r = store_status(t);
    }
    return r;
}

static void reopen(struct fixture *f)
{
    ledger = ledger_close(ledger);
    fixture_reopen(f);
    ledger = open_ledger(f);
}

static void change_period(struct fixture *f)
{
    int r = draw(2) ? store_period_begin(f->store) : store_period_end(f->store);

    assert_true(r == 0 || r == -EBUSY || (r < 0 && store_latched(f->store)));
}

static void one_transaction(struct fixture *f)
{
    static const enum store_step steps[] = { STORE_STEP_GET, STORE_STEP_PUT, STORE_STEP_DEL,
                                             STORE_STEP_COMMIT };
    static const int errors[] = { ENOSPC, ENOMEM, EIO };
    struct fixture_fault fault = { .step = steps[draw(4)], .error = errors[draw(3)] };
    bool faulty = draw(4) == 0, keep = draw(5) != 0;
    struct store_txn *t = fixture_begin(f, true);
    int r = 0;

    fault.countdown = fault.step == STORE_STEP_COMMIT ? 1 : 1 + (int)draw(draw(2) ? 6 : 200);
    if (faulty)
        store_fault_hook(f->store, fixture_fault, &fault);
    for (uint32_t n = 1 + draw(5); n && r == 0; n--) {
        r = do_something(t, faulty);
        if (r == 0 && !faulty && draw(2))
            check_one(t);
    }
    if (r == 0 && keep)
        r = store_commit(t);
    else
        t = store_abort(t);
    ledger_settle(ledger, keep ? r : -ECANCELED);
    store_fault_hook(f->store, NULL, NULL);
    assert_true(r == 0 || (faulty && (r == -fault.error || r == -EBADMSG)));
    if (r == 0 && keep)
        committed = now;
    else
        now = committed;
}

static void log_is_what_was_committed_whatever_was_tried(void **state)
{
    struct fixture *f = *state;
    unsigned rounds = draw_anew(400);

    now.n = committed.n = 0;
    ledger = open_ledger(f);
    for (unsigned round = 0; round < rounds; round++) {
        uint8_t root[SHA256_LEN];
        struct store_txn *t;

        if (now.n > LEAVES_MOST - 1200 && draw(40) == 0)
            break;
        one_transaction(f);
        if (store_latched(f->store) || draw(12) == 0)
            reopen(f);
        if (draw(6) == 0)
            change_period(f);
        assert_int_equal(ledger_size(ledger), now.n);
        ledger_root(ledger, root);
        if (now.n)
            assert_memory_equal(root, roots[now.n], SHA256_LEN);
        t = fixture_begin(f, false);
        check_some(t);
        t = store_abort(t);
        if (draw(60) == 0)
            assert_int_equal(sound_leaves(f->store), now.n);
    }
    reopen(f);
    assert_int_equal(sound_leaves(f->store), now.n);
    ledger = ledger_close(ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEDGER_TEST(log_is_what_was_committed_whatever_was_tried),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
