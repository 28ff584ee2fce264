/* SPDX-License-Identifier: Apache-2.0 */
/* test_backup_read.c - a backup is of one moment, whatever is written between its pages; one at a
 * time; given up rather than in the way. */
#include "store_fixture.h"

#include "backup/stream.h"
#include "reader/reader.h"
#include "store/periods.h"
#include "store/raw.h"

#define RECORDS 1500
#define LARGE   (3u << 20) /* a value of many pages */

static struct reader reader;

static struct reading *reading_at(struct fixture *f, size_t i)
{
    reader.store = f->store;
    reader.mode = 2;
    reader.origin = FIXTURE_ORIGIN;
    reader.readings[i] = (struct reading){ .state = READING_WALKING, .leaf = 7 };
    reader.readings[i].query.read = READ_BACKUP;
    return &reader.readings[i];
}

static void put_many(struct fixture *f, unsigned from, unsigned until, uint8_t value)
{
    struct store_txn *t = fixture_begin(f, true);
    uint8_t octets[400];

    memset(octets, value, sizeof(octets));
    for (unsigned i = from; i < until; i++) {
        uint8_t key[] = { (uint8_t)(i >> 8), (uint8_t)i };

        store_put(t, TABLE_CONSENTS, bytes_of(key, 2), bytes_of(octets, sizeof(octets)));
    }
    assert_int_equal(store_commit(t), 0);
}

static int setup(void **state)
{
    int r = fixture_setup(state);
    struct fixture *f = *state;

    memset(&reader, 0, sizeof(reader));
    f->options.map_bytes = (size_t)16 << 20; /* soon full */
    fixture_reopen(f);
    if (!r)
        put_many(*state, 0, RECORDS, 1);
    return r;
}

static int teardown(void **state)
{
    for (size_t i = 0; i < READER_CLIENTS; i++) {
        backup_read_free(reader.readings[i].backup);
        reader.readings[i].backup = NULL;
    }
    return fixture_teardown(state);
}

/* What came of a backup. */
struct came {
    struct stream_parser p;
    struct fixture *f;
    struct secret key, period;
    uint32_t number;
    enum table table;
    unsigned consents, changed;
    size_t largest;
    bool proved;
    uint64_t leaves;
    struct store_txn *t; /* opens values */
};

static void came_record(struct came *c, struct bytes body)
{
    ALM_CLEANUP(buf_deinit) struct buf plain = { 0 };
    struct stream_record r;

    assert_int_equal(stream_record_decode(body, &r), 0);
    if (r.value.len > c->largest)
        c->largest = r.value.len;
    if (c->table != TABLE_CONSENTS)
        return;
    c->consents++;
    if (!c->t)
        return;
    buf_init(&plain, STORE_VALUE_MAX);
    assert_int_equal(store_raw_open(c->t, TABLE_CONSENTS, r.key, r.value, &plain), 0);
    c->changed += plain.data[0] != 1;
}

static int came_item(void *ctx, enum stream_kind kind, struct bytes body)
{
    static struct stream_begin begin;
    struct came *c = ctx;
    struct stream_period p;
    struct stream_end end;
    char name[STREAM_NAME_MAX];
    int table;

    switch (kind) {
    case STREAM_BEGIN:
        assert_int_equal(stream_begin_decode(body, &begin), 0);
        assert_int_equal(begin.n_tables, TABLE_COUNT);
        c->leaves = begin.leaves;
        break;
    case STREAM_PERIOD:
        assert_int_equal(stream_period_decode(body, &c->key, &p), 0);
        c->period = p.secret;
        c->number = p.number;
        break;
    case STREAM_TABLE:
        assert_int_equal(stream_table_decode(body, name), 0);
        table = store_table_of(name);
        assert_true(table >= 0);
        c->table = (enum table)table;
        break;
    case STREAM_RECORD:
        came_record(c, body);
        break;
    case STREAM_END:
        assert_int_equal(stream_end_decode(body, &end), 0);
        c->proved = stream_prove(&c->p, &c->key, &end) == 0;
        break;
    }
    return 0;
}

static void came_begin(struct came *c, struct fixture *f)
{
    *c = (struct came){ .f = f };
    stream_parser_init(&c->p);
    assert_int_equal(store_subkey(f->store, STREAM_LABEL, &c->key), 0);
}

static void came_take(struct came *c, json_t *row)
{
    const char *text = json_string_value(json_object_get(row, "octets"));
    uint8_t *octets = malloc(1 << 20);
    int n;

    assert_non_null(text);
    assert_non_null(octets);
    n = base64_decode(text, strlen(text), octets, 1 << 20);
    assert_true(n > 0 && n <= 256 << 10);
    assert_int_equal(stream_feed(&c->p, bytes_of(octets, (size_t)n), came_item, c), 0);
    free(octets);
    json_decref(row);
}

/* One page. Return: backup_slice's. */
static int page(struct came *c, struct reading *g, int64_t ms)
{
    json_t *row = NULL;
    int r = backup_slice(&reader, g, ms, &row);

    if (r >= 0)
        came_take(c, row);
    return r;
}

static void rest(struct came *c, struct reading *g)
{
    int r, pages = 0;

    while ((r = page(c, g, 1000)) == 1)
        assert_true(++pages < 1000);
    assert_int_equal(r, 0);
    assert_int_equal(stream_ended(&c->p), 0);
    assert_true(c->proved);
    stream_parser_deinit(&c->p);
}

static void a_backup_has_every_record_and_its_proof(void **state)
{
    struct fixture *f = *state;
    struct reading *g = reading_at(f, 0);
    struct came c;

    came_begin(&c, f);
    rest(&c, g);
    assert_int_equal(c.consents, RECORDS);
    assert_int_equal(c.number, 1);
}

static void a_backup_is_of_one_moment_whatever_is_written_between_its_pages(void **state)
{
    struct fixture *f = *state;
    struct reading *g = reading_at(f, 0);
    struct came c;
    unsigned n = 0;
    int r;

    came_begin(&c, f);
    c.t = fixture_begin(f, false);
    while ((r = page(&c, g, 1000)) == 1) {
        put_many(f, RECORDS + 10 * n, RECORDS + 10 * (n + 1), 2); /* new ones */
        put_many(f, RECORDS - 20 * (n + 1), RECORDS - 20 * n, 3); /* ones that were not sent yet */
        n++;
    }
    assert_int_equal(r, 0);
    assert_true(n > 1 && c.proved);
    assert_int_equal(c.consents, RECORDS);
    assert_int_equal(c.changed, 0);
    store_abort(c.t);
    stream_parser_deinit(&c.p);
}

static void a_backup_opens_with_its_own_period_when_that_was_left_meanwhile(void **state)
{
    struct fixture *f = *state;
    struct reading *g = reading_at(f, 0);
    struct secret before;
    struct came c;
    bool done = false;

    assert_int_equal(store_period_secret(f->store, 1, &before), 0);
    came_begin(&c, f);
    assert_int_equal(page(&c, g, 1000), 1);
    assert_int_equal(store_period_begin(f->store), 0);
    while (!done) {
        struct store_txn *t = fixture_begin(f, true);

        assert_int_equal(store_period_step(t, 500, &done), 0);
        assert_int_equal(store_commit(t), 0);
    }
    assert_int_equal(store_period_end(f->store), 0);
    rest(&c, g);
    assert_int_equal(c.number, 1);
    assert_true(secret_equal(&c.period, &before));
    assert_int_equal(c.consents, RECORDS);
}

static void a_backup_begun_while_a_period_is_left_has_both_secrets(void **state)
{
    struct fixture *f = *state;
    struct reading *g = reading_at(f, 0);
    struct came c;
    struct store_txn *t;
    bool done = false;

    assert_int_equal(store_period_begin(f->store), 0);
    t = fixture_begin(f, true);
    assert_int_equal(store_period_step(t, 100, &done), 0);
    assert_int_equal(store_commit(t), 0);
    assert_false(done);
    came_begin(&c, f);
    rest(&c, g);
    assert_int_equal(c.number, 1); /* the last that came: the one that is left */
    assert_int_equal(c.consents, RECORDS);
}

static void a_value_larger_than_a_page_goes_in_several(void **state)
{
    struct fixture *f = *state;
    struct reading *g = reading_at(f, 0);
    struct store_txn *t = fixture_begin(f, true);
    uint8_t *large = calloc(1, LARGE);
    struct came c;

    store_put(t, TABLE_BUNDLES, bytes_str("large"), bytes_of(large, LARGE));
    assert_int_equal(store_commit(t), 0);
    free(large);
    came_begin(&c, f);
    rest(&c, g);
    assert_int_equal(c.largest, LARGE + SEAL_OVERHEAD);
    assert_int_equal(c.consents, RECORDS);
}

static void a_second_backup_waits_for_the_first(void **state)
{
    struct fixture *f = *state;
    struct reading *one = reading_at(f, 0), *two = reading_at(f, 1);
    json_t *row = NULL;
    struct came c;

    came_begin(&c, f);
    assert_int_equal(page(&c, one, 1000), 1);
    assert_int_equal(backup_slice(&reader, two, 1000, &row), -EBUSY);
    assert_null(row);
    rest(&c, one);
    one->backup = backup_read_free(one->backup);
    one->state = READING_FREE;
    came_begin(&c, f);
    rest(&c, two);
}

static void a_backup_that_nobody_takes_or_that_lasts_too_long_is_given_up(void **state)
{
    struct fixture *f = *state;
    struct reading *g = reading_at(f, 0);
    json_t *row = NULL;
    struct came c;

    came_begin(&c, f);
    assert_int_equal(page(&c, g, 1000), 1);
    assert_false(backup_stalled(g, 31000));
    assert_true(backup_stalled(g, 31001));
    assert_int_equal(backup_slice(&reader, g, 1000 + 5 * 3600 * 1000, &row), -ETIMEDOUT);
    assert_null(row);
    stream_parser_deinit(&c.p);
}

static bool nearly_full(struct fixture *f)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = fixture_begin(f, false);
    uint64_t taken, most;

    assert_int_equal(store_raw_room(t, &taken, &most), 0);
    return taken > most / 10 * 9 + (256 << 10);
}

static void a_backup_is_given_up_before_it_fills_the_store(void **state)
{
    struct fixture *f = *state;
    struct reading *g = reading_at(f, 0);
    json_t *row = NULL;
    struct came c;
    int n = 0;

    came_begin(&c, f);
    assert_int_equal(page(&c, g, 1000), 1);
    while (!nearly_full(f)) { /* nothing that the snapshot holds is used again */
        put_many(f, 0, RECORDS, 2);
        assert_true(++n < 1000);
    }
    assert_int_equal(backup_slice(&reader, g, 1000, &row), -ENOSPC);
    g->backup = backup_read_free(g->backup);
    for (int i = 0; i < 20; i++)
        put_many(f, 0, RECORDS, 3); /* and those who write have their room back */
    stream_parser_deinit(&c.p);
}

static void what_goes_wrong_is_said_in_words(void **state)
{
    static const int known[] = { -EBUSY, -ENOSPC, -ETIMEDOUT };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(known); i++) {
        json_t *o = backup_error(known[i]);

        assert_true(json_is_false(json_object_get(o, "ok")));
        json_decref(o);
    }
    assert_null(backup_error(-EBADMSG));
    assert_null(backup_denied(bytes_str("unknown-officer")));
    json_decref(backup_denied(bytes_str("key-expired")));
    json_decref(backup_denied(bytes_str("key-too-long")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_backup_has_every_record_and_its_proof, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_backup_is_of_one_moment_whatever_is_written_between_its_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_backup_opens_with_its_own_period_when_that_was_left_meanwhile, setup, teardown),
        cmocka_unit_test_setup_teardown(a_backup_begun_while_a_period_is_left_has_both_secrets,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_value_larger_than_a_page_goes_in_several, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_second_backup_waits_for_the_first, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_backup_that_nobody_takes_or_that_lasts_too_long_is_given_up, setup, teardown),
        cmocka_unit_test_setup_teardown(a_backup_is_given_up_before_it_fills_the_store, setup,
                                        teardown),
        cmocka_unit_test(what_goes_wrong_is_said_in_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
