/* SPDX-License-Identifier: Apache-2.0 */
/* test_consents.c - consents, withdrawals and shields: found by any strong or name-and-birth-date
 * token, each once, never forgotten. */
#include "store_fixture.h"

#include "store/consents.h"
#include "store/consents_codec.h"
#include "store/retokens.h"

static void add(struct token_set *s, uint8_t kind, uint8_t value)
{
    struct token *t = &s->tokens[s->n++];

    *t = (struct token){ .kind = kind, .scheme = TOKEN_HMAC, .epoch = 1 };
    memset(t->value, value, sizeof(t->value));
}

/* "N1D1C2": NHS, UPN, name and birth Date, Phonetic, name and postCode, Home and birth date. */
static struct token_set person_of(const char *text)
{
    static const char letters[] = "?NUDPCHAGQS";
    struct token_set s = { 0 };

    for (; *text; text += 2)
        add(&s, (uint8_t)(strchr(letters, text[0]) - letters), (uint8_t)text[1]);
    return s;
}

static struct id id_of(uint8_t n)
{
    struct id id = { { 0 } };

    id.octets[0] = 1;
    id.octets[ID_LEN - 1] = n;
    return id;
}

static struct consent_record grant_of(uint8_t n, const char *who, const char *purpose)
{
    struct consent_record r = {
        .id = id_of(n), .lodger = "school", .withdrawn_on = CIVIL_NONE, .leaf = n
    };

    r.consent = (struct msg_consent){ .decision = CONSENT_GRANTED,
                                      .subject = person_of(who),
                                      .capacity = CAPACITY_PARENT,
                                      .giver_authority = true,
                                      .given_on = 20000,
                                      .given_ms = 1700000000000,
                                      .expires_on = CIVIL_NONE,
                                      .review_on = 20100,
                                      .able_from = CIVIL_NONE,
                                      .able_until = 21000,
                                      .method = METHOD_SIGNED };
    (void)snprintf(r.consent.purpose, sizeof(name_t), "%s", purpose);
    return r;
}

static int put(struct fixture *f, const struct consent_record *r)
{
    struct store_txn *t = fixture_begin(f, true);

    consents_put(t, f->store, r);
    return store_commit(t);
}

static struct consent_record get(struct fixture *f, uint8_t n)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = fixture_begin(f, false);
    struct consent_record r;
    struct id id = id_of(n);

    memset(&r, 0, sizeof(r)); /* what no field fills is compared too */
    assert_int_equal(consents_get(t, &id, &r), 0);
    return r;
}

static int withdraw(struct fixture *f, uint8_t n, int32_t on, int64_t ms)
{
    struct store_txn *t = fixture_begin(f, true);
    struct id id = id_of(n);
    int r = consents_withdraw(t, f->store, &id, on, ms, 77);

    assert_int_equal(store_commit(t), 0);
    return r;
}

struct list {
    char text[256];
    int n, fail_at, stop_at;
};

static int list_one(void *ctx, const struct consent_record *r)
{
    struct list *l = ctx;
    size_t len = strlen(l->text);

    (void)snprintf(l->text + len, sizeof(l->text) - len, "%u ", r->id.octets[ID_LEN - 1]);
    l->n++;
    if (l->n == l->fail_at)
        return -ECANCELED;
    return l->n == l->stop_at;
}

static void check_about(struct fixture *f, const char *who, const char *purpose, const char *want)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = fixture_begin(f, false);
    struct token_set subject = person_of(who);
    struct list l = { 0 };

    assert_int_equal(consents_about(t, f->store, &subject, purpose, list_one, &l), 0);
    assert_string_equal(l.text, want);
}

static void consents_give_back_every_field_as_put(void **state)
{
    struct fixture *f = *state;
    struct consent_record r = grant_of(1, "N1U2D3P4C5H6", "early-help"), back;

    (void)snprintf(r.consent.giver_ref, sizeof(name_t), "giver-9");
    (void)snprintf(r.consent.wording_version, sizeof(name_t), "w-2");
    r.consent.recipients.any = true;
    r.consent.sources.n = SCOPE_MAX;
    for (size_t i = 0; i < SCOPE_MAX; i++)
        memset(r.consent.sources.agencies[i], 'a', sizeof(name_t) - 1);
    r.consent.sensitive_sources.n = 1;
    (void)snprintf(r.consent.sensitive_sources.agencies[0], sizeof(name_t), "sexual-health");
    r.consent.subject.unborn = true;
    assert_int_equal(put(f, &r), 0);
    fixture_reopen(f);
    back = get(f, 1);
    assert_memory_equal(&r, &back, sizeof(r));
}

static void consents_about_finds_by_any_strong_or_name_token_each_once(void **state)
{
    struct fixture *f = *state;
    struct consent_record a = grant_of(1, "N1U1D1C1H1", "early-help"),
                          b = grant_of(2, "U1", "early-help"), c = grant_of(3, "N1D9", "housing"),
                          d = grant_of(4, "N2U2D2C1H1", "early-help");

    assert_int_equal(put(f, &d), 0);
    assert_int_equal(put(f, &c), 0);
    assert_int_equal(put(f, &b), 0);
    assert_int_equal(put(f, &a), 0);
    check_about(f, "N1U1D1P1C1H1", "", "1 2 3 ");
    check_about(f, "N1U1D1", "early-help", "1 2 ");
    check_about(f, "N1", "housing", "3 ");
    check_about(f, "D1", "", "1 ");
    check_about(f, "N1N2", "", "1 3 4 ");
    check_about(f, "N1", "early", "");
    check_about(f, "N9U9D8", "", "");
}

static void consents_about_does_not_find_by_weak_tokens(void **state)
{
    struct fixture *f = *state;
    struct consent_record a = grant_of(1, "D1P1C1H1", "early-help");

    assert_int_equal(put(f, &a), 0);
    check_about(f, "P1C1H1", "", ""); /* a twin's home, a father's name: never by these */
    check_about(f, "", "", "");
    check_about(f, "D1", "", "1 ");
}

static void consents_about_tells_an_unborn_child_from_its_mother(void **state)
{
    struct fixture *f = *state;
    struct consent_record a = grant_of(1, "N1D1", "early-help");
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    struct list l = { 0 };

    a.consent.subject.unborn = true;
    assert_int_equal(put(f, &a), 0);
    check_about(f, "N1D1", "", "");
    t = fixture_begin(f, false);
    assert_int_equal(consents_about(t, f->store, &a.consent.subject, "", list_one, &l), 0);
    assert_string_equal(l.text, "1 ");
}

static void consents_about_does_not_find_across_epochs(void **state)
{
    struct fixture *f = *state;
    struct consent_record a = grant_of(1, "N1", "early-help");

    a.consent.subject.tokens[0].epoch = 2;
    assert_int_equal(put(f, &a), 0);
    check_about(f, "N1", "", "");
}

static void consents_about_stops_and_fails_as_the_visitor_says(void **state)
{
    struct fixture *f = *state;
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    struct token_set subject = person_of("N1");
    struct list stops = { .stop_at = 2 }, fails = { .fail_at = 2 };

    for (uint8_t i = 1; i <= 4; i++) {
        struct consent_record r = grant_of(i, "N1", "early-help");

        assert_int_equal(put(f, &r), 0);
    }
    t = fixture_begin(f, false);
    assert_int_equal(consents_about(t, f->store, &subject, "", list_one, &stops), 0);
    assert_string_equal(stops.text, "1 2 ");
    assert_int_equal(consents_about(t, f->store, &subject, "", list_one, &fails), -ECANCELED);
}

static void consents_without_a_findable_token_are_refused(void **state)
{
    struct fixture *f = *state;
    struct consent_record a = grant_of(1, "P1C1H1", "early-help");

    assert_false(consents_findable(&a.consent.subject));
    assert_int_equal(put(f, &a), -EINVAL);
    a = grant_of(1, "", "early-help");
    assert_int_equal(put(f, &a), -EINVAL);
    a = grant_of(1, "P1D1", "early-help");
    assert_true(consents_findable(&a.consent.subject));
    assert_int_equal(put(f, &a), 0);
}

/* Read over what another record left there, and over nothing. */
static void consents_and_shields_read_over_another_show_nothing_of_it(void **state)
{
    static const uint8_t left[] = { 0, 0xff, 1, 'x' };
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    ALM_CLEANUP(buf_deinit) struct buf again = { 0 };
    struct consent_record r = grant_of(1, "N1D1", "help"), out;
    struct shield_record s = { .owner = "council", .shield = { .subject = person_of("N1"), .level = 2 } },
                         shield;

    (void)state;
    (void)snprintf(r.consent.conditions, sizeof(text_t), "only by letter");
    buf_init(&b, CONSENT_RECORD_MAX);
    buf_init(&again, CONSENT_RECORD_MAX);
    for (size_t i = 0; i < ALM_LEN(left); i++) {
        buf_reset(&b);
        buf_reset(&again);
        consent_encode(&r, &b);
        memset(&out, left[i], sizeof(out));
        assert_int_equal(consent_decode(buf_view(&b), &out), 0);
        consent_encode(&out, &again);
        assert_true(bytes_equal(buf_view(&b), buf_view(&again)));
        assert_true(token_set_same(&out.consent.subject, &r.consent.subject));
        assert_int_equal(out.consent.recipients.n + out.consent.sources.n, 0);
        memset(&out, left[i], sizeof(out));
        assert_int_equal(consent_decode(bytes_of(b.data, b.len - 1), &out), -EBADMSG);
        for (size_t at = 0; at < sizeof(out); at++)
            assert_int_equal(((const uint8_t *)&out)[at], 0);

        buf_reset(&b);
        buf_reset(&again);
        shield_encode(&s, &b);
        memset(&shield, left[i], sizeof(shield));
        assert_int_equal(shield_decode(buf_view(&b), &shield), 0);
        shield_encode(&shield, &again);
        assert_true(bytes_equal(buf_view(&b), buf_view(&again)));
        memset(&shield, left[i], sizeof(shield));
        assert_int_equal(shield_decode(bytes_of(b.data, b.len - 1), &shield), -EBADMSG);
        for (size_t at = 0; at < sizeof(shield); at++)
            assert_int_equal(((const uint8_t *)&shield)[at], 0);
    }
}

/* The first layout ends with the wording; it has no circumstances, whatever lay there. */
static void consents_of_the_first_layout_read_over_another_have_no_circumstances(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct consent_record r = grant_of(1, "N1D1", "help"), out;
    uint8_t first[CONSENT_RECORD_MAX];
    size_t tail = 4 + 8 + 8, circumstances = 4 + 4 + 4 + 4 + 4 + 4 + 1 + 1 + ID_LEN + 1 + 4;

    (void)state;
    buf_init(&b, CONSENT_RECORD_MAX);
    consent_encode(&r, &b);
    assert_true(b.len <= sizeof(first));
    memcpy(first, b.data, b.len - tail - circumstances);
    memcpy(first + b.len - tail - circumstances, b.data + b.len - tail, tail);
    first[0] = 1;
    memset(&out, 'x', sizeof(out));
    assert_int_equal(consent_decode(bytes_of(first, b.len - circumstances), &out), 0);
    assert_string_equal(out.consent.competence_by, "");
    assert_string_equal(out.consent.competence_role, "");
    assert_int_equal(out.consent.competence_on, CIVIL_NONE);
    assert_string_equal(out.consent.witness, "");
    assert_string_equal(out.consent.language, "");
    assert_string_equal(out.consent.conditions, "");
    assert_string_equal(out.consent.not_possible, "");
    assert_false(out.consent.safe_contact || out.consent.has_family);
    assert_int_equal(out.consent.stage + out.consent.family.octets[0] +
                         out.consent.family.octets[ID_LEN - 1], 0);
    assert_int_equal(out.leaf, r.leaf);
}

static void consents_withdrawn_stay_so_at_the_earliest_withdrawal(void **state)
{
    struct fixture *f = *state;
    struct consent_record a = grant_of(1, "N1", "early-help");

    assert_int_equal(put(f, &a), 0);
    assert_int_equal(get(f, 1).withdrawn_on, CIVIL_NONE);
    assert_int_equal(withdraw(f, 1, 20010, 500), 0);
    assert_int_equal(withdraw(f, 1, 20020, 100), 0);
    assert_int_equal(get(f, 1).withdrawn_on, 20010);
    assert_int_equal(withdraw(f, 1, 20010, 400), 0);
    assert_int_equal(get(f, 1).withdrawn_ms, 400);
    assert_int_equal(withdraw(f, 1, 20005, 900), 0);
    assert_int_equal(get(f, 1).withdrawn_on, 20005);
    assert_int_equal(withdraw(f, 1, CIVIL_NONE, 0), -EINVAL);
    assert_int_equal(get(f, 1).withdrawn_on, 20005);
}

static void consents_put_again_do_not_undo_a_withdrawal(void **state)
{
    struct fixture *f = *state;
    struct consent_record a = grant_of(1, "N1", "early-help");

    assert_int_equal(put(f, &a), 0);
    assert_int_equal(withdraw(f, 1, 20010, 500), 0);
    a.consent.able_until = 22000;
    assert_int_equal(put(f, &a), 0);
    assert_int_equal(get(f, 1).withdrawn_on, 20010);
    assert_int_equal(get(f, 1).consent.able_until, 22000);
}

static void consents_withdrawn_before_they_arrive_arrive_withdrawn(void **state)
{
    struct fixture *f = *state;
    struct consent_record a = grant_of(1, "N1", "early-help"),
                          other = grant_of(2, "N1", "early-help");

    assert_int_equal(withdraw(f, 1, 20015, 5), -ENOENT);
    assert_int_equal(withdraw(f, 1, 20012, 5), -ENOENT); /* the earlier of two */
    assert_int_equal(withdraw(f, 1, 20018, 5), -ENOENT);
    fixture_reopen(f);
    assert_int_equal(put(f, &other), 0);
    assert_int_equal(put(f, &a), 0);
    assert_int_equal(get(f, 1).withdrawn_on, 20012);
    assert_int_equal(get(f, 2).withdrawn_on, CIVIL_NONE);
    check_about(f, "N1", "", "1 2 "); /* what waited is no record of its own */
    assert_int_equal(put(f, &a), 0);
    assert_int_equal(get(f, 1).withdrawn_on, 20012);
}

static void consents_withdrawing_a_refusal_or_a_withdrawal_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct consent_record a = grant_of(1, "N1", "early-help"), b = grant_of(2, "N1", "early-help");

    a.consent.decision = CONSENT_REFUSED;
    b.is_withdrawal = true;
    assert_int_equal(put(f, &a), 0);
    assert_int_equal(put(f, &b), 0);
    assert_int_equal(withdraw(f, 1, 20010, 1), -EINVAL);
    assert_int_equal(withdraw(f, 2, 20010, 1), -EINVAL);
    assert_int_equal(get(f, 1).withdrawn_on, CIVIL_NONE);
    assert_int_equal(withdraw(f, 3, 20010, 1), -ENOENT);
    a = grant_of(3, "N1", "early-help");
    a.consent.decision = CONSENT_REFUSED; /* what came under that id is no grant: it stands */
    assert_int_equal(put(f, &a), 0);
    assert_int_equal(get(f, 3).withdrawn_on, CIVIL_NONE);
}

static void consents_of_another_lodger_are_never_overwritten(void **state)
{
    struct fixture *f = *state;
    struct consent_record a = grant_of(1, "N1", "early-help"), b = grant_of(1, "N2", "early-help");

    assert_int_equal(put(f, &a), 0);
    (void)snprintf(b.lodger, sizeof(b.lodger), "police");
    assert_int_equal(put(f, &b), -EEXIST);
    assert_string_equal(get(f, 1).lodger, "school");
    check_about(f, "N2", "", "");
    check_about(f, "N1", "", "1 ");
}

static void consents_put_with_other_tokens_are_found_by_the_new_ones_only(void **state)
{
    struct fixture *f = *state;
    struct consent_record a = grant_of(1, "N1D1", "early-help"),
                          b = grant_of(1, "N1D2", "early-help");

    assert_int_equal(put(f, &a), 0);
    assert_int_equal(put(f, &b), 0);
    check_about(f, "D1", "", "");
    check_about(f, "D2", "", "1 ");
    check_about(f, "N1", "", "1 ");
}

static void check_lodger(struct fixture *f, const char *lodger, size_t offset, size_t max,
                         const char *want, size_t total)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = fixture_begin(f, false);
    struct list l = { 0 };
    size_t n = 99;

    assert_int_equal(consents_by_lodger(t, lodger, offset, max, list_one, &l, &n), 0);
    assert_string_equal(l.text, want);
    assert_int_equal(n, total);
}

static void consents_are_listed_to_their_lodger_newest_first_by_page(void **state)
{
    static const uint64_t leaves[] = { 50, 30, 300, 256, 40 };
    struct fixture *f = *state;
    struct consent_record w = grant_of(9, "N1", "early-help");

    for (uint8_t i = 1; i <= 5; i++) {
        struct consent_record r = grant_of(i, "N1", "early-help");

        r.leaf = leaves[i - 1];
        if (i == 4)
            (void)snprintf(r.lodger, sizeof(r.lodger), "police");
        assert_int_equal(put(f, &r), 0);
    }
    w.is_withdrawal = true;
    assert_int_equal(put(f, &w), 0);
    check_lodger(f, "school", 0, 10, "3 1 5 2 ", 4);
    check_lodger(f, "school", 1, 2, "1 5 ", 4);
    check_lodger(f, "school", 3, 2, "2 ", 4);
    check_lodger(f, "school", 4, 2, "", 4);
    check_lodger(f, "school", SIZE_MAX, 2, "", 4);
    check_lodger(f, "police", 0, 10, "4 ", 1);
    check_lodger(f, "health", 0, 10, "", 0);
    check_lodger(f, "schoo", 0, 10, "", 0);
}

static void consents_are_listed_once_after_a_change_under_a_later_leaf(void **state)
{
    struct fixture *f = *state;
    struct consent_record a = grant_of(1, "N1", "early-help"), b = grant_of(2, "N1", "early-help");

    assert_int_equal(put(f, &a), 0);
    assert_int_equal(put(f, &b), 0);
    a.leaf = 100;
    assert_int_equal(put(f, &a), 0);
    check_lodger(f, "school", 0, 10, "1 2 ", 2);
}

static void consents_record_that_makes_no_sense_stops_what_would_rest_on_it(void **state)
{
    static const uint8_t octets[] = { 1, 2, 3 };
    struct fixture *f = *state;
    struct consent_record a = grant_of(1, "N1", "early-help"), b = grant_of(2, "N1", "early-help");
    struct token_set subject = person_of("N1");
    struct list l = { 0 };
    struct id one = id_of(1), two = id_of(2);
    struct store_txn *t;

    assert_int_equal(put(f, &a), 0);
    assert_int_equal(put(f, &b), 0);
    t = fixture_begin(f, true);
    store_put(t, TABLE_CONSENTS, bytes_of(one.octets, ID_LEN), bytes_of(octets, sizeof(octets)));
    assert_int_equal(consents_get(t, &one, &a), -EBADMSG);
    assert_int_equal(consents_about(t, f->store, &subject, "", list_one, &l), -EBADMSG);
    assert_int_equal(consents_withdraw(t, f->store, &one, 20010, 1, 1), -EBADMSG);
    store_del(t, TABLE_CONSENTS,
              bytes_of(one.octets, ID_LEN)); /* taken away, its index entries left */
    assert_int_equal(consents_about(t, f->store, &subject, "", list_one, &l), -EBADMSG);
    b.consent.decision = 0;
    consents_put(t, f->store, &b);
    assert_int_equal(consents_get(t, &two, &b), -EBADMSG);
    t = store_abort(t);
}

static void consents_put_that_fails_at_any_step_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct consent_record a = grant_of(1, "N1U1D1", "early-help");
    int step = 0, r = -1;

    while (r != 0) {
        struct fixture_fault fault = { .step = STORE_STEP_PUT,
                                       .countdown = ++step,
                                       .error = ENOMEM };

        store_fault_hook(f->store, fixture_fault, &fault);
        r = put(f, &a);
        store_fault_hook(f->store, NULL, NULL);
        if (r) {
            assert_int_equal(r, -ENOMEM);
            check_about(f, "N1U1D1", "", "");
            check_lodger(f, "school", 0, 10, "", 0);
        }
    }
    assert_int_equal(step, 6); /* record, three tokens, lodger: five puts can fail */
    check_about(f, "N1U1D1", "", "1 ");
}

static void consents_leave_no_token_in_the_keys_on_disk(void **state)
{
    struct fixture *f = *state;
    struct consent_record a = grant_of(1, "NZ", "early-help");
    char path[128], run[TOKEN_LEN], chunk[4096];
    FILE *file;

    memset(run, 'Z', sizeof(run));
    assert_int_equal(put(f, &a), 0);
    (void)snprintf(path, sizeof(path), "%s/data.mdb", f->dir);
    file = fopen(path, "rb");
    assert_non_null(file);
    while (fread(chunk, 1, sizeof(chunk), file) == sizeof(chunk))
        assert_null(memmem(chunk, sizeof(chunk), run, 8));
    (void)fclose(file);
}

/* --- Shields. --- */

static struct shield_record shield_of(uint8_t n, const char *who)
{
    struct shield_record r = { .id = id_of(n), .owner = "refuge", .leaf = n };

    r.shield = (struct msg_shield){ .subject = person_of(who),
                                    .level = 2,
                                    .from = 19000,
                                    .until = CIVIL_NONE,
                                    .review_on = 21000 };
    (void)snprintf(r.shield.reason, sizeof(text_t), "a reason that officers read");
    return r;
}

static int put_shield(struct fixture *f, const struct shield_record *r)
{
    struct store_txn *t = fixture_begin(f, true);

    shields_put(t, f->store, r);
    return store_commit(t);
}

static int list_shield(void *ctx, const struct shield_record *r)
{
    struct list *l = ctx;
    size_t len = strlen(l->text);

    (void)snprintf(l->text + len, sizeof(l->text) - len, "%u%s ", r->id.octets[ID_LEN - 1],
                   r->lifted ? "-" : "");
    l->n++;
    return l->n == l->fail_at ? -ECANCELED : l->n == l->stop_at;
}

static void check_shields(struct fixture *f, const char *who, const char *want)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = fixture_begin(f, false);
    struct token_set subject = person_of(who);
    struct list l = { 0 };

    assert_int_equal(shields_about(t, f->store, &subject, list_shield, &l), 0);
    assert_string_equal(l.text, want);
}

static void shields_are_found_by_any_strong_or_name_token_each_once(void **state)
{
    struct fixture *f = *state;
    struct shield_record a = shield_of(1, "N1U1D1H1"), b = shield_of(2, "D1"), back;
    struct consent_record c =
        grant_of(1, "N1", "early-help"); /* the same id in the other table is no matter */
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;

    assert_int_equal(put_shield(f, &a), 0);
    assert_int_equal(put_shield(f, &b), 0);
    assert_int_equal(put(f, &c), 0);
    check_shields(f, "N1U1D1", "1 2 ");
    check_shields(f, "U1", "1 ");
    check_shields(f, "H1", "");
    check_about(f, "D1", "", "");
    t = fixture_begin(f, false);
    memset(&back, 0, sizeof(back)); /* what no field fills is compared too */
    assert_int_equal(shields_get(t, &a.id, &back), 0);
    assert_memory_equal(&a, &back, sizeof(a));
    a.id.octets[5] = 9;
    assert_int_equal(shields_get(t, &a.id, &back), -ENOENT);
}

/* What is near to a shield is quarantined (proto/match), so it must be found. */
static void shields_are_found_by_whatever_says_that_names_are_alike_and_by_no_home(void **state)
{
    struct fixture *f = *state;
    struct shield_record a = shield_of(1, "N1D1P1G1C1H1Q1S1");

    assert_int_equal(put_shield(f, &a), 0);
    check_shields(f, "D2P1", "1 ");
    check_shields(f, "D2G1", "1 ");
    check_shields(f, "D2C1", "1 ");
    check_shields(f, "D2P1G1C1H1", "1 ");
    check_shields(f, "D2H1Q1S1", "");
    a.shield.subject = person_of("N1D1P3");
    assert_int_equal(put_shield(f, &a), 0); /* what it was found by is forgotten */
    check_shields(f, "D2P1G1C1", "");
    check_shields(f, "D2P3", "1 ");
}

static void shields_lifted_are_still_found_and_say_so(void **state)
{
    struct fixture *f = *state;
    struct shield_record a = shield_of(1, "N1");

    assert_int_equal(put_shield(f, &a), 0);
    a.lifted = true;
    assert_int_equal(put_shield(f, &a), 0);
    check_shields(f, "N1", "1- ");
}

static void shields_of_another_owner_or_without_a_findable_token_are_refused(void **state)
{
    struct fixture *f = *state;
    struct shield_record a = shield_of(1, "N1"), b = shield_of(2, "P1H1");

    assert_int_equal(put_shield(f, &a), 0);
    (void)snprintf(a.owner, sizeof(a.owner), "police");
    assert_int_equal(put_shield(f, &a), -EEXIST);
    assert_int_equal(put_shield(f, &b), -EINVAL);
    check_shields(f, "N1", "1 ");
}

static void shields_record_that_makes_no_sense_stops_what_would_rest_on_it(void **state)
{
    struct fixture *f = *state;
    struct shield_record a = shield_of(1, "N1");
    struct token_set subject = person_of("N1");
    struct list l = { 0 };
    struct store_txn *t = fixture_begin(f, true);

    a.shield.level = 4;
    shields_put(t, f->store, &a);
    assert_int_equal(shields_about(t, f->store, &subject, list_shield, &l), -EBADMSG);
    store_put(t, TABLE_SHIELDS, bytes_of(a.id.octets, ID_LEN), bytes_of(NULL, 0));
    assert_int_equal(shields_get(t, &a.id, &a), -EBADMSG);
    t = store_abort(t);
}

#define CONSENTS_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONSENTS_TEST(consents_give_back_every_field_as_put),
        CONSENTS_TEST(consents_about_finds_by_any_strong_or_name_token_each_once),
        CONSENTS_TEST(consents_about_does_not_find_by_weak_tokens),
        CONSENTS_TEST(consents_about_tells_an_unborn_child_from_its_mother),
        CONSENTS_TEST(consents_about_does_not_find_across_epochs),
        CONSENTS_TEST(consents_about_stops_and_fails_as_the_visitor_says),
        CONSENTS_TEST(consents_without_a_findable_token_are_refused),
        CONSENTS_TEST(consents_and_shields_read_over_another_show_nothing_of_it),
        CONSENTS_TEST(consents_of_the_first_layout_read_over_another_have_no_circumstances),
        CONSENTS_TEST(consents_withdrawn_stay_so_at_the_earliest_withdrawal),
        CONSENTS_TEST(consents_put_again_do_not_undo_a_withdrawal),
        CONSENTS_TEST(consents_withdrawn_before_they_arrive_arrive_withdrawn),
        CONSENTS_TEST(consents_withdrawing_a_refusal_or_a_withdrawal_changes_nothing),
        CONSENTS_TEST(consents_of_another_lodger_are_never_overwritten),
        CONSENTS_TEST(consents_put_with_other_tokens_are_found_by_the_new_ones_only),
        CONSENTS_TEST(consents_are_listed_to_their_lodger_newest_first_by_page),
        CONSENTS_TEST(consents_are_listed_once_after_a_change_under_a_later_leaf),
        CONSENTS_TEST(consents_record_that_makes_no_sense_stops_what_would_rest_on_it),
        CONSENTS_TEST(consents_put_that_fails_at_any_step_leaves_nothing),
        CONSENTS_TEST(consents_leave_no_token_in_the_keys_on_disk),
        CONSENTS_TEST(shields_are_found_by_any_strong_or_name_token_each_once),
        CONSENTS_TEST(shields_are_found_by_whatever_says_that_names_are_alike_and_by_no_home),
        CONSENTS_TEST(shields_lifted_are_still_found_and_say_so),
        CONSENTS_TEST(shields_of_another_owner_or_without_a_findable_token_are_refused),
        CONSENTS_TEST(shields_record_that_makes_no_sense_stops_what_would_rest_on_it),
    };

    return cmocka_run_group_tests_name("consents", tests, NULL, NULL);
}
