/* SPDX-License-Identifier: Apache-2.0 */
/* test_disputes.c - disputes, what rests on a consent, and records of an earlier layout. */
#include "store_fixture.h"

#include "store/consents_codec.h"
#include "store/disputes.h"
#include "store/reliance.h"

static struct id id_of(uint8_t n)
{
    struct id id = { { 1 } };

    id.octets[ID_LEN - 1] = n;
    return id;
}

static struct token_set person_of(uint8_t kind, uint8_t value)
{
    struct token_set s = { .n = 1 };

    s.tokens[0] = (struct token){ .kind = kind, .scheme = TOKEN_HMAC, .epoch = 1 };
    memset(s.tokens[0].value, value, TOKEN_LEN);
    return s;
}

static struct dispute_record dispute_of(uint8_t n, uint8_t who)
{
    struct dispute_record r = {
        .id = id_of(n), .lodger = "school", .lifted_on = CIVIL_NONE, .leaf = n
    };

    r.dispute.subject = person_of(TOKEN_NHS, who);
    r.dispute.on = 20000;
    (void)snprintf(r.dispute.purpose, sizeof(name_t), "early-help");
    return r;
}

static int put(struct fixture *f, const struct dispute_record *r)
{
    struct store_txn *t = fixture_begin(f, true);

    disputes_put(t, r);
    return store_commit(t);
}

static int count(void *ctx, const struct dispute_record *r)
{
    (void)r;
    ++*(int *)ctx;
    return 0;
}

static int fail_visit(void *ctx, const struct dispute_record *r)
{
    (void)ctx;
    (void)r;
    return -ECANCELED;
}

static int found(struct fixture *f, uint8_t who, const char *purpose)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = fixture_begin(f, false);
    struct token_set subject = person_of(TOKEN_NHS, who);
    int n = 0;

    assert_int_equal(disputes_about(t, &subject, purpose, count, &n), 0);
    return n;
}

static void disputes_give_back_every_field_as_put(void **state)
{
    struct fixture *f = *state;
    struct dispute_record r = dispute_of(1, 'a'), back;
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;

    r.dispute.subject.unborn = true;
    r.lifted = true;
    r.lifted_on = 20010;
    assert_int_equal(put(f, &r), 0);
    fixture_reopen(f);
    t = fixture_begin(f, false);
    assert_int_equal(disputes_get(t, &r.id, &back), 0);
    assert_memory_equal(&r, &back, sizeof(r));
    r.id = id_of(9);
    assert_int_equal(disputes_get(t, &r.id, &back), -ENOENT);
}

static void disputes_are_found_by_the_person_and_the_purpose_lifted_ones_too(void **state)
{
    struct fixture *f = *state;
    struct dispute_record a = dispute_of(1, 'a'), b = dispute_of(2, 'a'), c = dispute_of(3, 'b');

    b.lifted = true;
    assert_int_equal(put(f, &a), 0);
    assert_int_equal(put(f, &b), 0);
    assert_int_equal(put(f, &c), 0);
    assert_int_equal(found(f, 'a', "early-help"), 2);
    assert_int_equal(found(f, 'a', ""), 2);
    assert_int_equal(found(f, 'a', "housing"), 0);
    assert_int_equal(found(f, 'c', ""), 0);
}

static void disputes_of_another_lodger_or_without_a_findable_token_are_refused(void **state)
{
    struct fixture *f = *state;
    struct dispute_record a = dispute_of(1, 'a'), b = dispute_of(2, 'a');

    assert_int_equal(put(f, &a), 0);
    (void)snprintf(a.lodger, sizeof(a.lodger), "police");
    assert_int_equal(put(f, &a), -EEXIST);
    b.dispute.subject = person_of(TOKEN_DOB_HOME, 'a');
    assert_int_equal(put(f, &b), -EINVAL);
    assert_int_equal(found(f, 'a', ""), 1);
}

static void disputes_that_are_damaged_or_gone_stop_what_would_rest_on_them(void **state)
{
    static const uint8_t wrong[] = { 2 };
    struct fixture *f = *state;
    struct dispute_record a = dispute_of(1, 'a');
    struct token_set subject = person_of(TOKEN_NHS, 'a');
    struct store_txn *t;
    int n = 0;

    assert_int_equal(put(f, &a), 0);
    t = fixture_begin(f, true);
    assert_int_equal(disputes_about(t, &subject, "", fail_visit, &n), -ECANCELED);
    store_put(t, TABLE_DISPUTES, bytes_of(a.id.octets, ID_LEN), bytes_of(wrong, sizeof(wrong)));
    assert_int_equal(disputes_about(t, &subject, "", count, &n), -EBADMSG);
    store_del(t, TABLE_DISPUTES, bytes_of(a.id.octets, ID_LEN));
    assert_int_equal(disputes_about(t, &subject, "", count, &n), -EBADMSG);
    assert_int_equal(n, 0);
    t = store_abort(t);
}

struct told {
    char text[128];
    int n;
};

static int tell(void *ctx, const struct reliance *r)
{
    struct told *l = ctx;
    size_t len = strlen(l->text);

    (void)snprintf(l->text + len, sizeof(l->text) - len, "%s/%d/%d/%u ", r->agency, r->on,
                   (int)r->leaf, r->message.octets[ID_LEN - 1]);
    l->n++;
    return 0;
}

static void relying(struct store_txn *t, uint8_t consent, const char *agency, uint8_t message)
{
    struct reliance r = { .message = id_of(message), .on = 20000 + message, .leaf = message };
    struct id id = id_of(consent);

    (void)snprintf(r.agency, sizeof(r.agency), "%s", agency);
    reliance_put(t, &id, &r);
}

static void reliance_keeps_the_latest_for_each_consent_and_agency(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t = fixture_begin(f, true);
    struct told l = { .n = 0 };
    struct id id = id_of(1);

    relying(t, 1, "school", 5);
    relying(t, 1, "police", 6);
    relying(t, 1, "school", 7);
    relying(t, 2, "surgery", 8);
    assert_int_equal(store_commit(t), 0);
    fixture_reopen(f);
    t = fixture_begin(f, false);
    assert_int_equal(reliance_each(t, &id, tell, &l), 0);
    assert_string_equal(l.text, "police/20006/6/6 school/20007/7/7 ");
    id = id_of(3);
    assert_int_equal(reliance_each(t, &id, tell, &l), 0);
    assert_int_equal(l.n, 2);
    t = store_abort(t);
}

static void reliance_that_is_damaged_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t = fixture_begin(f, true);
    struct told l = { .n = 0 };
    struct id id = id_of(1);

    store_put(t, TABLE_RELIANCE, bytes_of(id.octets, ID_LEN), bytes_of("\1", 1));
    assert_int_equal(reliance_each(t, &id, tell, &l), -EBADMSG);
    assert_int_equal(l.n, 0);
    t = store_abort(t);
}

#define TRAILER       20 /* day, ms and leaf of a withdrawal: what follows */
#define CIRCUMSTANCES 47 /* what the second layout added, when all of it is empty */

/* As a broker of the first layout wrote it. */
static void first_layout(const struct consent_record *r, struct buf *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    buf_init(&b, CONSENT_RECORD_MAX);
    consent_encode(r, &b);
    assert_int_equal(buf_status(&b), 0);
    buf_init(out, CONSENT_RECORD_MAX);
    buf_put_u8(out, 1);
    buf_put(out, b.data + 1, b.len - 1 - CIRCUMSTANCES - TRAILER);
    buf_put(out, b.data + b.len - TRAILER, TRAILER);
}

static void consents_of_the_first_layout_are_read_and_name_no_professional(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf old = { 0 };
    struct consent_record r = { .id = id_of(1),
                                .lodger = "school",
                                .withdrawn_on = 20050,
                                .withdrawn_ms = 9,
                                .leaf = 3 },
                          back;

    (void)state;
    r.consent = (struct msg_consent){ .decision = CONSENT_GRANTED,
                                      .subject = person_of(TOKEN_NHS, 'a'),
                                      .capacity = CAPACITY_GILLICK,
                                      .giver_authority = true,
                                      .given_on = 20000,
                                      .expires_on = CIVIL_NONE,
                                      .review_on = CIVIL_NONE,
                                      .able_from = 19000,
                                      .able_until = CIVIL_NONE,
                                      .competence_on = CIVIL_NONE,
                                      .method = METHOD_SIGNED };
    first_layout(&r, &old);
    memset(&back, 0, sizeof(back)); /* what no field fills is compared too */
    assert_int_equal(consent_decode(buf_view(&old), &back), 0);
    assert_memory_equal(&r, &back, sizeof(r));
}

static void consents_keep_their_circumstances(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct consent_record r = { .id = id_of(1), .lodger = "school", .withdrawn_on = CIVIL_NONE },
                          back;

    (void)state;
    r.consent = (struct msg_consent){ .decision = CONSENT_NOT_POSSIBLE,
                                      .subject = person_of(TOKEN_NHS, 'a'),
                                      .capacity = CAPACITY_BEST_INTERESTS,
                                      .competence_on = 19999,
                                      .competence_by = "sw-1",
                                      .competence_role = "social-worker",
                                      .witness = "w-1",
                                      .language = "cy",
                                      .conditions = "not to the father",
                                      .safe_contact = true,
                                      .has_family = true,
                                      .family = id_of(7),
                                      .stage = 2,
                                      .not_possible = "not-reached" };
    buf_init(&b, CONSENT_RECORD_MAX);
    consent_encode(&r, &b);
    memset(&back, 0, sizeof(back));
    assert_int_equal(consent_decode(buf_view(&b), &back), 0);
    assert_memory_equal(&r, &back, sizeof(r));
    b.data[0] = 3; /* of a broker to come */
    assert_int_equal(consent_decode(buf_view(&b), &back), -EBADMSG);
    b.data[0] = 1; /* not what that layout looks like */
    assert_int_equal(consent_decode(buf_view(&b), &back), -EBADMSG);
    b.data[0] = 2;
    assert_int_equal(consent_decode(bytes_of(b.data, b.len - 1), &back), -EBADMSG);
}

#define DISPUTES_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DISPUTES_TEST(disputes_give_back_every_field_as_put),
        DISPUTES_TEST(disputes_are_found_by_the_person_and_the_purpose_lifted_ones_too),
        DISPUTES_TEST(disputes_of_another_lodger_or_without_a_findable_token_are_refused),
        DISPUTES_TEST(disputes_that_are_damaged_or_gone_stop_what_would_rest_on_them),
        DISPUTES_TEST(reliance_keeps_the_latest_for_each_consent_and_agency),
        DISPUTES_TEST(reliance_that_is_damaged_is_an_error),
        cmocka_unit_test(consents_of_the_first_layout_are_read_and_name_no_professional),
        cmocka_unit_test(consents_keep_their_circumstances),
    };

    return cmocka_run_group_tests_name("disputes", tests, NULL, NULL);
}
