/* SPDX-License-Identifier: Apache-2.0 */
/* test_recall_store.c - recalls, those they are told to, and statements as the store keeps them. */
#include "store_fixture.h"

#include "store/recalls.h"
#include "store/statements.h"
#include "wire/msg.h"

static struct id id_of(uint8_t n)
{
    return (struct id){ { n, [6] = 0x70, [8] = 0x80, [15] = n } };
}

static struct token token_of(uint8_t kind, uint8_t value)
{
    struct token t = { .kind = kind, .scheme = TOKEN_HMAC, .epoch = 1 };

    memset(t.value, value, sizeof(t.value));
    return t;
}

static struct recall_record recall_of(uint8_t n, const char *lodger, uint64_t leaf)
{
    struct recall_record r = { .id = id_of(n),
                               .cause = STOP_CORRECTED,
                               .kind = CORRECTION_WRONG_PERSON,
                               .question = "plan",
                               .from = 10,
                               .until = 20,
                               .subject_kind = SUBJECT_PERSON,
                               .lodged_on = 21,
                               .lodged_ms = 22,
                               .leaf = leaf,
                               .phase = RECALL_SEARCHING,
                               .next = 3,
                               .replies_next = 4 };

    (void)snprintf(r.lodger, sizeof(r.lodger), "%s", lodger);
    r.subject.n = 2;
    r.subject.tokens[0] = token_of(TOKEN_NAME_DOB, n);
    r.subject.tokens[1] = token_of(TOKEN_NHS, n);
    return r;
}

static struct store_txn *writing(void **state)
{
    return fixture_begin(*state, true);
}

static void a_recall_comes_back_as_it_was_put(void **state)
{
    struct store_txn *t = writing(state);
    struct recall_record put = recall_of(1, "police", 5), got;

    recalls_put(t, &put);
    assert_int_equal(recalls_get(t, &put.id, &got), 0);
    assert_memory_equal(&got, &put, sizeof(got));
    put = recall_of(2, "police", 6);
    put.subject_kind = SUBJECT_HOUSEHOLD;
    memset(&put.subject, 0, sizeof(put.subject));
    put.household = token_of(TOKEN_HOME, 9);
    recalls_put(t, &put);
    assert_int_equal(recalls_get(t, &put.id, &got), 0);
    assert_memory_equal(&got, &put, sizeof(got));
    put.id = id_of(3);
    assert_int_equal(recalls_get(t, &put.id, &got), -ENOENT);
    (void)store_abort(t);
}

static void those_not_done_come_in_the_order_of_lodging(void **state)
{
    struct store_txn *t = writing(state);
    struct recall_record late = recall_of(1, "police", 300), early = recall_of(2, "school", 7), got;

    assert_int_equal(recalls_open(t, &got), -ENOENT);
    recalls_put(t, &late);
    recalls_put(t, &early);
    assert_int_equal(recalls_open(t, &got), 0);
    assert_int_equal(got.leaf, 7);
    early.phase = RECALL_TOLD;
    recalls_put(t, &early);
    assert_int_equal(recalls_open(t, &got), 0);
    assert_int_equal(got.leaf, 300);
    late.phase = RECALL_TOLD;
    recalls_put(t, &late);
    assert_int_equal(recalls_open(t, &got), -ENOENT);
    (void)store_abort(t);
}

static int count(void *ctx, const struct recall_record *r)
{
    (void)r;
    ++*(unsigned *)ctx;
    return 0;
}

static unsigned of(struct store_txn *t, const char *lodger, uint64_t after)
{
    unsigned n = 0;

    assert_int_equal(recalls_of(t, lodger, after, count, &n), 0);
    return n;
}

static void one_lodgers_are_found_from_a_leaf_on_and_nobody_elses(void **state)
{
    struct store_txn *t = writing(state);
    struct recall_record r = recall_of(1, "police", 5);

    recalls_put(t, &r);
    r = recall_of(2, "police", 50);
    recalls_put(t, &r);
    r = recall_of(3, "police-team", 60); /* another's id that begins alike */
    recalls_put(t, &r);
    r = recall_of(4, "", 70); /* a consent that ended */
    recalls_put(t, &r);
    assert_int_equal(of(t, "police", UINT64_MAX), 2);
    assert_int_equal(of(t, "police", 4), 2);
    assert_int_equal(of(t, "police", 5), 1);
    assert_int_equal(of(t, "police", 50), 0);
    assert_int_equal(of(t, "school", UINT64_MAX), 0);
    (void)store_abort(t);
}

static int parties_count(void *ctx, const struct recall_party *p)
{
    *(unsigned *)ctx += p->replies;
    return 0;
}

static int founds_count(void *ctx, const struct recall_found *f)
{
    *(uint64_t *)ctx += f->leaf;
    return 0;
}

static void what_is_erased_is_gone_with_all_that_belongs_to_it(void **state)
{
    struct store_txn *t = writing(state);
    struct recall_record r = recall_of(1, "police", 5), other = recall_of(2, "police", 6), got;
    struct recall_party p = { .agency = "council", .state = PARTY_FOUND, .replies = 3 };
    struct token_set tess = r.subject;
    unsigned n = 0;
    uint64_t leaves = 0;

    recalls_put(t, &r);
    recalls_put(t, &other);
    recall_party_put(t, &other.id, &p);
    for (uint64_t leaf = 0; leaf < 600; leaf++) { /* more than are gathered at once */
        struct recall_found f = { .leaf = leaf, .agency = "council" };

        recall_found_put(t, &r.id, &f);
    }
    recall_party_put(t, &r.id, &p);
    assert_int_equal(recall_founds(t, &r.id, founds_count, &leaves), 0);
    assert_int_equal(leaves, 599 * 600 / 2);
    assert_int_equal(recalls_about(t, &tess, count, &n), 0);
    assert_int_equal(n, 1);
    recalls_erase(t, &r.id);
    recalls_erase(t, &r.id); /* again: nothing */
    assert_int_equal(store_status(t), 0);
    assert_int_equal(recalls_get(t, &r.id, &got), -ENOENT);
    leaves = n = 0;
    assert_int_equal(recall_founds(t, &r.id, founds_count, &leaves), 0);
    assert_int_equal(recall_parties(t, &r.id, parties_count, &n), 0);
    assert_int_equal(leaves + n, 0);
    assert_int_equal(recalls_about(t, &tess, count, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(of(t, "police", UINT64_MAX), 1);
    assert_int_equal(recall_parties(t, &other.id, parties_count, &n), 0);
    assert_int_equal(n, 3); /* the other's stay */
    (void)store_abort(t);
}

static struct statement_record statement_of(uint8_t n, const char *text)
{
    struct statement_record s = { .id = id_of(n), .lodger = "school", .lodged_on = 5, .leaf = 9 };

    s.statement.subject.n = 1;
    s.statement.subject.tokens[0] = token_of(TOKEN_NAME_DOB, n);
    (void)snprintf(s.statement.text, sizeof(s.statement.text), "%s", text);
    return s;
}

static int statement_seen(void *ctx, const struct statement_record *r)
{
    (void)snprintf(ctx, STATEMENT_MAX_LEN, "%s", r->statement.text);
    return 0;
}

static void a_statement_is_found_by_its_person_and_stays_as_it_was_said(void **state)
{
    static char text[STATEMENT_MAX_LEN];
    struct store_txn *t = writing(state);
    struct statement_record s = statement_of(1, "We said so."), got;

    memset(s.statement.text, 'x', STATEMENT_MAX_LEN - 1);
    statements_put(t, &s);
    assert_int_equal(statements_get(t, &s.id, &got), 0);
    assert_memory_equal(&got, &s, sizeof(got));
    assert_int_equal(statements_about(t, &s.statement.subject, statement_seen, text), 0);
    assert_int_equal(strlen(text), STATEMENT_MAX_LEN - 1);
    text[0] = '\0';
    s = statement_of(2, "");
    assert_int_equal(statements_about(t, &s.statement.subject, statement_seen, text), 0);
    assert_string_equal(text, "");
    statements_erase(t, &got.id);
    assert_int_equal(statements_get(t, &got.id, &s), -ENOENT);
    assert_int_equal(statements_about(t, &got.statement.subject, statement_seen, text), 0);
    assert_string_equal(text, "");
    (void)store_abort(t);
}

static void a_statement_is_never_replaced(void **state)
{
    struct store_txn *t = writing(state);
    struct statement_record s = statement_of(1, "We said so.");

    statements_put(t, &s);
    assert_int_equal(store_status(t), 0);
    statements_put(t, &s);
    assert_int_equal(store_status(t), -EEXIST);
    (void)store_abort(t);
    t = writing(state);
    s.statement.subject.n = 0;
    statements_put(t, &s); /* nobody could find it */
    assert_int_equal(store_status(t), -EINVAL);
    (void)store_abort(t);
}

static void a_record_of_a_later_layout_is_damage(void **state)
{
    static const uint8_t later[] = { 2, 0, 0 };
    struct store_txn *t = writing(state);
    struct id id = id_of(1);
    uint8_t key[1 + ID_LEN] = { 'r' };
    struct recall_record r;
    struct statement_record s;

    memcpy(key + 1, id.octets, ID_LEN);
    store_put(t, TABLE_RECALLS, bytes_of(key, sizeof(key)), bytes_of(later, sizeof(later)));
    store_put(t, TABLE_STATEMENTS, bytes_of(id.octets, ID_LEN), bytes_of(later, sizeof(later)));
    assert_int_equal(recalls_get(t, &id, &r), -EBADMSG);
    assert_int_equal(statements_get(t, &id, &s), -EBADMSG);
    (void)store_abort(t);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_recall_comes_back_as_it_was_put),
        TEST(those_not_done_come_in_the_order_of_lodging),
        TEST(one_lodgers_are_found_from_a_leaf_on_and_nobody_elses),
        TEST(what_is_erased_is_gone_with_all_that_belongs_to_it),
        TEST(a_statement_is_found_by_its_person_and_stays_as_it_was_said),
        TEST(a_statement_is_never_replaced),
        TEST(a_record_of_a_later_layout_is_damage),
    };

    return cmocka_run_group_tests_name("recall_store", tests, NULL, NULL);
}
