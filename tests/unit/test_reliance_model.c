/* SPDX-License-Identifier: Apache-2.0 */
/* test_reliance_model.c - who was told on which consent beside a plain array: put, forgotten, merged,
 * taken back, failed at any step, reopened and led through periods in any order. */
#include "drawn.h"
#include "reliance_fixture.h"

#include "store/lodged.h"
#include "store/periods.h"

#define CONSENTS 120
#define AGENCIES 7

static struct model {
    uint64_t leaves[CONSENTS][AGENCIES]; /* 0: was told nothing */
} now, committed;
static uint64_t next_leaf;

struct seen {
    uint32_t consent, next;
};

static int same(void *ctx, const struct reliance *r)
{
    struct seen *s = ctx;
    uint32_t agency = (uint32_t)strtoul(r->agency + 1, NULL, 10);
    struct reliance want = relied(agency, r->leaf);

    assert_true(agency >= s->next && agency < AGENCIES);
    for (; s->next < agency; s->next++)
        assert_int_equal(now.leaves[s->consent][s->next], 0);
    assert_int_equal(now.leaves[s->consent][agency], r->leaf);
    assert_true(id_equal(&want.message, &r->message));
    assert_int_equal(want.on, r->on);
    s->next = agency + 1;
    return 0;
}

static void check_one(struct store_txn *t, uint32_t consent)
{
    struct seen s = { .consent = consent };
    struct id id = consent_id(consent);

    assert_int_equal(reliance_each(t, &id, same, &s), 0);
    for (; s.next < AGENCIES; s.next++)
        assert_int_equal(now.leaves[consent][s.next], 0);
}

static void check_all(struct fixture *f, bool write)
{
    struct store_txn *t = fixture_begin(f, write);

    for (uint32_t i = 0; i < CONSENTS; i++)
        check_one(t, i);
    store_abort(t);
}

static void put_some(struct store_txn *t)
{
    for (uint32_t n = draw(draw(4) ? 4 : 60); n; n--) {
        uint32_t consent = draw(draw(3) ? CONSENTS : 4), agency = draw(AGENCIES);

        rely(t, consent, agency, ++next_leaf);
        now.leaves[consent][agency] = next_leaf;
    }
}

static void do_something(struct store_txn *t, bool faulty)
{
    uint32_t consent = draw(CONSENTS);
    struct id id = consent_id(consent);
    bool done;
    int r;

    switch (draw(9)) {
    case 0:
        reliance_forget(t, &id);
        memset(now.leaves[consent], 0, sizeof(now.leaves[consent]));
        break;
    case 1:
        reliance_merge(t, draw(draw(2) ? 5 : 200));
        break;
    case 2:
        r = store_period_step(t, 1 + draw(30), &done);
        if (r != -EINVAL) /* none is being left */
            store_fail(t, r);
        break;
    case 3:
    case 4:
        if (!faulty)
            check_one(t, consent);
        break;
    default:
        put_some(t);
    }
}

static void one_transaction(struct fixture *f)
{
    static const enum store_step steps[] = { STORE_STEP_GET, STORE_STEP_PUT, STORE_STEP_DEL,
                                             STORE_STEP_COMMIT };
    static const int errors[] = { ENOSPC, ENOMEM, EIO };
    struct fixture_fault fault = { .step = steps[draw(4)], .error = errors[draw(3)] };
    bool faulty = draw(4) == 0, keep = draw(6) != 0;
    struct store_txn *t = fixture_begin(f, true);
    int r = -ECANCELED;

    fault.countdown = fault.step == STORE_STEP_COMMIT ? 1 : 1 + (int)draw(draw(2) ? 4 : 40);
    if (faulty)
        store_fault_hook(f->store, fixture_fault, &fault);
    for (uint32_t n = 1 + draw(5); n && !store_status(t); n--)
        do_something(t, faulty);
    if (keep)
        r = store_commit(t);
    else
        t = store_abort(t);
    store_fault_hook(f->store, NULL, NULL);
    assert_true(r == 0 || !keep || (faulty && (r == -fault.error || r == -EBADMSG)));
    if (r == 0)
        committed = now;
    else
        now = committed;
}

static void small_generations(struct fixture *f)
{
    store_unmerged(f->store)->most_rows = 1 + draw(draw(2) ? 300 : 40);
    store_unmerged(f->store)->most_records = 1 + draw(60);
}

static void who_was_told_is_what_was_committed_whatever_was_tried(void **state)
{
    struct fixture *f = *state;
    unsigned rounds = draw_anew(1500);

    small_generations(f);
    for (unsigned round = 0; round < rounds; round++) {
        one_transaction(f);
        if (store_latched(f->store) || draw(15) == 0) {
            fixture_reopen(f);
            small_generations(f);
        }
        if (draw(8) == 0) {
            int r = draw(2) ? store_period_begin(f->store) : store_period_end(f->store);

            assert_true(r == 0 || r == -EBUSY);
        }
        check_all(f, draw(2));
    }
    for (int i = 0; i < 2; i++) {
        merge_all(f);
        check_all(f, true);
        check_all(f, false);
        fixture_reopen(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RELIANCE_TEST(who_was_told_is_what_was_committed_whatever_was_tried),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
