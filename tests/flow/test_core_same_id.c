/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_same_id.c - "Same id again" of a query: never an answer, whether it is looked up or known
 * to be new without looking, in whatever order ids come, and whatever became of the batch, the
 * process and the clock between the two.
 * type=test; source: DESIGN.md section 3. */
#include "core_town.h"

#include "core/stages.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

enum became { DECIDED, REFUSED, BUSY };

/* Of this moment, in the order of n; the last octets are another's for each. */
static struct id id_of(int64_t ms, unsigned n)
{
    struct id id;

    assert_int_equal(id_new(ms, &id), 0);
    id.octets[6] = 0x70;
    id.octets[7] = 0;
    id.octets[8] = 0x80;
    id.octets[9] = (uint8_t)n;
    return id;
}

static void say(struct town *t, enum town_agency who, const struct id *id)
{
    struct msg *m = town_insight(t, "safeguarding", "truancy", TOWN_TESS);

    m->id = *id;
    town_say(t, who, m);
}

/* What became of the one query that was said; then nothing waits any more. */
static enum became settle(struct town *t, enum town_agency who)
{
    size_t put, busy;
    bool refused;

    town_turn(t);
    put = town_heard(t, TOWN_CHARITY, MSG_QUESTION);
    busy = town_heard(t, who, MSG_BUSY);
    refused = strcmp(town_refusal(t, who), "already-asked") == 0;
    assert_int_equal(put + busy + refused, 1);
    for (enum town_agency a = 0; put && a < TOWN_N; a++) {
        if (town_heard(t, a, MSG_QUESTION))
            town_answer(t, a, ANSWER_NO);
    }
    town_turn(t);
    assert_int_equal(town_heard(t, who, MSG_INSIGHT), put);
    town_forget(t);
    return put ? DECIDED : busy ? BUSY : REFUSED;
}

static enum became ask(struct town *t, enum town_agency who, const struct id *id)
{
    say(t, who, id);
    return settle(t, who);
}

static enum became ask_in_vain(struct town *t, enum town_agency who, const struct id *id)
{
    enum became b;

    store_fault_hook(t->core->store, town_fail_commits, NULL);
    b = ask(t, who, id);
    store_fault_hook(t->core->store, NULL, NULL);
    return b;
}

static void ids_that_rise_are_new_without_a_look(void **state)
{
    struct town *t = *state;
    uint64_t sure = t->core->newest.n_sure;

    for (unsigned i = 0; i < 5; i++) {
        struct id id = id_of(town_wall, i);

        id.octets[15] = (uint8_t)i; /* else one of five might be taken for another */
        assert_int_equal(ask(t, TOWN_COUNCIL, &id), DECIDED);
    }
    assert_int_equal(t->core->newest.n_sure - sure, 5);
}

static void the_same_id_gets_no_second_answer(void **state)
{
    struct town *t = *state;
    struct id id = id_of(town_wall, 0);

    assert_int_equal(ask(t, TOWN_COUNCIL, &id), DECIDED);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask(t, TOWN_COUNCIL, &id), REFUSED);
}

static void twice_in_one_batch_is_once(void **state)
{
    struct town *t = *state;

    for (unsigned i = 0; i < 2; i++) { /* the first of an agency, and one that is known to be new */
        struct id id = id_of(town_wall, i);

        say(t, TOWN_COUNCIL, &id);
        say(t, TOWN_COUNCIL, &id);
        town_turn(t);
        assert_int_equal(town_heard(t, TOWN_CHARITY, MSG_QUESTION), 1);
        assert_string_equal(town_refusal(t, TOWN_COUNCIL), "already-asked");
        town_forget(t);
    }
}

static void ids_out_of_order_are_each_new_once(void **state)
{
    static const unsigned order[] = { 9, 3, 7, 1, 8, 12, 2, 11 };
    struct town *t = *state;
    struct id ids[ALM_LEN(order)];

    for (size_t i = 0; i < ALM_LEN(order); i++)
        ids[i] = id_of(town_wall, order[i]);
    for (size_t i = 0; i < ALM_LEN(order); i++)
        assert_int_equal(ask(t, TOWN_COUNCIL, &ids[i]), DECIDED);
    for (size_t i = 0; i < ALM_LEN(order); i++)
        assert_int_equal(ask(t, TOWN_COUNCIL, &ids[i]), REFUSED);
}

static void one_agencys_ids_say_nothing_of_anothers(void **state)
{
    struct town *t = *state;
    struct id low = id_of(town_wall, 1), high = id_of(town_wall, 9);

    assert_int_equal(ask(t, TOWN_COUNCIL, &high), DECIDED);
    assert_int_equal(ask(t, TOWN_SCHOOL, &low), DECIDED);
    assert_int_equal(ask(t, TOWN_SCHOOL, &high), DECIDED); /* the same id, of somebody else */
    assert_int_equal(ask(t, TOWN_COUNCIL, &low), DECIDED);
    assert_int_equal(ask(t, TOWN_SCHOOL, &high), REFUSED);
    assert_int_equal(ask(t, TOWN_SCHOOL, &low), REFUSED);
    assert_int_equal(ask(t, TOWN_COUNCIL, &high), REFUSED);
    assert_int_equal(ask(t, TOWN_COUNCIL, &low), REFUSED);
}

/* Nobody above it ever: everything of that agency is looked up, and all is as it should be. */
static void the_last_id_of_all_stops_nobody(void **state)
{
    struct town *t = *state;
    struct id last = id_of(town_wall, 0), mine = id_of(town_wall, 1), other = id_of(town_wall, 2);

    memset(last.octets, 0xff, 6);
    assert_int_equal(ask(t, TOWN_COUNCIL, &last), DECIDED);
    town_reopen(t);
    town_forget(t);
    assert_int_equal(ask(t, TOWN_COUNCIL, &mine), DECIDED);
    assert_int_equal(ask(t, TOWN_SCHOOL, &other), DECIDED);
    assert_int_equal(ask(t, TOWN_COUNCIL, &mine), REFUSED);
    assert_int_equal(ask(t, TOWN_COUNCIL, &last), REFUSED);
    assert_int_equal(ask(t, TOWN_SCHOOL, &other), REFUSED);
}

static void a_new_core_knows_what_the_last_one_was_asked(void **state)
{
    struct town *t = *state;
    struct id low = id_of(town_wall, 1), middle = id_of(town_wall, 5), high = id_of(town_wall, 9);

    assert_int_equal(ask(t, TOWN_COUNCIL, &middle), DECIDED);
    for (int i = 0; i < 2; i++) {
        town_reopen(t);
        town_forget(t);
        assert_int_equal(ask(t, TOWN_COUNCIL, &middle), REFUSED);
    }
    town_reopen(t);
    town_forget(t);
    assert_int_equal(ask(t, TOWN_COUNCIL, &low), DECIDED); /* below one that it has not seen */
    assert_int_equal(ask(t, TOWN_COUNCIL, &middle), REFUSED);
    assert_int_equal(ask(t, TOWN_COUNCIL, &high), DECIDED);
    assert_int_equal(ask(t, TOWN_COUNCIL, &low), REFUSED);
    assert_int_equal(ask(t, TOWN_COUNCIL, &high), REFUSED);
}

static void a_batch_that_failed_neither_uses_an_id_nor_frees_one(void **state)
{
    struct town *t = *state;
    struct id low = id_of(town_wall, 1), middle = id_of(town_wall, 5), high = id_of(town_wall, 9);

    assert_int_equal(ask(t, TOWN_COUNCIL, &middle), DECIDED);
    assert_int_equal(ask_in_vain(t, TOWN_COUNCIL, &high), BUSY);
    assert_int_equal(ask_in_vain(t, TOWN_COUNCIL, &low), BUSY);
    assert_int_equal(ask(t, TOWN_COUNCIL, &middle), REFUSED);
    assert_int_equal(ask(t, TOWN_COUNCIL, &high), DECIDED); /* nothing of it was kept: it may come again */
    assert_int_equal(ask(t, TOWN_COUNCIL, &low), DECIDED);
    assert_int_equal(ask(t, TOWN_COUNCIL, &high), REFUSED);
    assert_int_equal(ask(t, TOWN_COUNCIL, &low), REFUSED);
}

/* The day's walk takes a receipt out, and its batch fails: it is there again. */
static void a_receipt_that_came_back_is_found(void **state)
{
    struct town *t = *state;
    struct id low = id_of(town_wall, 1), high = id_of(town_wall, 9);

    assert_int_equal(ask(t, TOWN_COUNCIL, &high), DECIDED);
    town_reopen(t);
    town_forget(t);
    town_wall += 400 * DAY_MS;
    assert_int_equal(ask_in_vain(t, TOWN_COUNCIL, &low), BUSY);
    assert_int_equal(ask(t, TOWN_COUNCIL, &high), REFUSED);
    assert_int_equal(ask(t, TOWN_COUNCIL, &low), DECIDED);
    assert_int_equal(ask(t, TOWN_COUNCIL, &low), REFUSED);
}

static void a_clock_that_is_set_gives_no_second_answer(void **state)
{
    static const int64_t jumps[] = { -3600000, 7200000, -DAY_MS, 2 * DAY_MS, 0 };
    struct town *t = *state;
    struct id ids[ALM_LEN(jumps)];

    for (size_t i = 0; i < ALM_LEN(jumps); i++) {
        ids[i] = id_of(town_wall, (unsigned)i);
        assert_int_equal(ask(t, TOWN_COUNCIL, &ids[i]), DECIDED);
        town_wall += jumps[i];
        for (size_t k = 0; k <= i; k++)
            assert_int_equal(ask(t, TOWN_COUNCIL, &ids[k]), REFUSED);
    }
}

/* --- in any order, against a list of what was kept --- */

#define POOL  48
#define ROUND 400 /* steps, after which there are other ids, above these */
#define STEPS 8000

static uint32_t dice_state;

static unsigned dice(unsigned n)
{
    dice_state = dice_state * 1664525u + 1013904223u;
    return (dice_state >> 8) % n;
}

struct pool {
    struct id ids[POOL];
    bool kept[2][POOL], now[2][POOL]; /* committed; with the open transaction. By agency */
};

static void pool_fill(struct pool *p, int64_t ms)
{
    memset(p, 0, sizeof(*p));
    for (unsigned i = 0; i < POOL; i++)
        p->ids[i] = id_of(ms, i);
}

static bool pool_new(struct town *t, const struct pool *p, unsigned of, unsigned i, struct receipt *r)
{
    const uint16_t slot = agencies_find(&t->core->agencies, town_names[of ? TOWN_SCHOOL : TOWN_COUNCIL]);
    bool fresh = receipts_query(t->core, slot, &p->ids[i], r) == RECEIPT_NEW;

    assert_int_equal(fresh, !p->now[of][i]);
    return fresh;
}

static void pool_ask_kept(struct town *t, struct pool *p, unsigned of, unsigned i)
{
    struct receipt r;

    if (!pool_new(t, p, of, i, &r))
        return;
    r.leaf = 0;
    receipts_put(t->core, town_names[of ? TOWN_SCHOOL : TOWN_COUNCIL], &p->ids[i], &r);
    p->now[of][i] = true;
}

/* One in four is told Busy: no receipt. */
static void pool_ask(struct town *t, struct pool *p, unsigned of, unsigned i)
{
    struct receipt r;

    if (dice(4))
        pool_ask_kept(t, p, of, i);
    else
        (void)pool_new(t, p, of, i, &r);
}

/* As retention does it: straight from the table. */
static void pool_drop(struct town *t, struct pool *p, unsigned of, unsigned i)
{
    uint8_t key[REGISTRY_ID_MAX + ID_LEN];
    const char *agency = town_names[of ? TOWN_SCHOOL : TOWN_COUNCIL];
    size_t len = strlen(agency) + 1;
    struct store_txn *txn = batch_txn(t->core);

    assert_non_null(txn);
    memcpy(key, agency, len);
    memcpy(key + len, p->ids[i].octets, ID_LEN);
    store_del(txn, TABLE_RECEIPTS, bytes_of(key, len + ID_LEN));
    t->core->batch.wrote = true;
    p->now[of][i] = false;
}

static void pool_end(struct town *t, struct pool *p, bool fails)
{
    if (fails)
        store_fault_hook(t->core->store, town_fail_commits, NULL);
    t->core->batch.wrote |= t->core->batch.txn != NULL;
    assert_true(core_turn(t->core, 0) >= 0);
    store_fault_hook(t->core->store, NULL, NULL);
    memcpy(fails ? p->now : p->kept, fails ? p->kept : p->now, sizeof(p->now));
}

/* More ids than are remembered: everything is begun anew in the middle of a batch. */
static void pool_flood(struct town *t)
{
    struct receipt r = { .leaf = 0, .at_ms = town_wall };

    for (unsigned i = 0; i <= RECEIPTS_SINCE_MOST; i++) {
        struct id id = id_of(town_wall, i);

        receipts_put(t->core, town_names[TOWN_CLINIC], &id, &r);
    }
}

static void pool_step(struct town *t, struct pool *p)
{
    unsigned of = dice(2), i = dice(POOL);

    switch (dice(40)) {
    case 0:
        pool_end(t, p, true);
        break;
    case 1:
        pool_end(t, p, false);
        break;
    case 2:
    case 3:
        pool_drop(t, p, of, i);
        break;
    case 4:
        if (!dice(10))
            pool_flood(t);
        break;
    case 5:
        if (dice(10))
            break;
        pool_end(t, p, false);
        town_reopen(t);
        break;
    default:
        pool_ask(t, p, of, i);
    }
}

/* The first look comes after the highest was taken out, and that is taken back. */
static void what_was_learnt_in_a_batch_that_failed_is_forgotten(void **state)
{
    struct town *t = *state;
    struct pool p;

    pool_fill(&p, town_wall);
    pool_ask_kept(t, &p, 0, 9);
    pool_end(t, &p, false);
    town_reopen(t);
    pool_drop(t, &p, 0, 9);
    pool_ask(t, &p, 0, 3);
    assert_true(t->core->newest.n_sure > 0);
    pool_end(t, &p, true);
    pool_ask(t, &p, 0, 9);
    pool_ask(t, &p, 0, 3);
    pool_end(t, &p, false);
}

static void what_was_kept_is_found_and_nothing_else_in_any_order(void **state)
{
    struct town *t = *state;
    struct pool p = { .kept = { { false } } };
    uint64_t sure = 0;

    town_turn(t);
    dice_state = 1;
    for (unsigned i = 0; i < STEPS; i++) {
        if (i % ROUND == 0)
            pool_fill(&p, town_wall + i);
        pool_step(t, &p);
        sure = t->core->newest.n_sure > sure ? t->core->newest.n_sure : sure;
    }
    assert_true(sure > 0);
    pool_end(t, &p, false);
}

#define IN(name) cmocka_unit_test_setup_teardown(name, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(ids_that_rise_are_new_without_a_look),
        IN(the_same_id_gets_no_second_answer),
        IN(twice_in_one_batch_is_once),
        IN(ids_out_of_order_are_each_new_once),
        IN(one_agencys_ids_say_nothing_of_anothers),
        IN(the_last_id_of_all_stops_nobody),
        IN(a_new_core_knows_what_the_last_one_was_asked),
        IN(a_batch_that_failed_neither_uses_an_id_nor_frees_one),
        IN(a_receipt_that_came_back_is_found),
        IN(a_clock_that_is_set_gives_no_second_answer),
        IN(what_was_learnt_in_a_batch_that_failed_is_forgotten),
        IN(what_was_kept_is_found_and_nothing_else_in_any_order),
    };

    return cmocka_run_group_tests_name("core_same_id", tests, NULL, NULL);
}
