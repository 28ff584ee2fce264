/* SPDX-License-Identifier: Apache-2.0 */
/* test_odbc_memory.c - the SQL backend without memory, with a host that has gone or has no room,
 * and db.h by itself; over a SQLite file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "temp_dir.h"

#include "base/civil.h"
#include "base/crypto.h"
#include "conf/conf.h"
#include "odbc/backend.h"
#include "odbc/db.h"

#include <errno.h>

static const char *const tables[] = {
    "CREATE TABLE people (person_id text, given_name text, family_name text, date_of_birth text)",
    "INSERT INTO people VALUES ('p1', 'Tess', 'Amory', '1990-01-02'), ('p2', 'Luke', 'Corran', "
    "'2012-05-06')",
    "CREATE TABLE residences (person_id text, household_id text, from_date text, to_date text)",
    "INSERT INTO residences VALUES ('p1', 'h1', '2020-01-01', NULL)",
    "CREATE TABLE incidents (person_id text, happened text)",
    "INSERT INTO incidents VALUES ('p1', '2022-05-20')",
};
static const char conf_text[] =
    "odbc = { connection = \"%s\"; people = { sql = \"SELECT * FROM people\"; };\n"
    "  residences = { sql = \"SELECT * FROM residences\"; };\n"
    "  changed = \"SELECT count(*) FROM people\"; as_of = \"SELECT max(happened) FROM "
    "incidents\";\n"
    "  involvement = { sql = \"SELECT 'care' AS service, happened AS start_date FROM incidents "
    "WHERE person_id = ?\";\n"
    "    parameters = [ \"person\" ]; };\n"
    "  relationships = { statements = ( { sql = \"SELECT 'involvement' AS kind, happened AS since "
    "FROM incidents WHERE "
    "person_id = ?\";\n"
    "    parameters = [ \"person\" ]; } ); }; };\n"
    "questions = ( { id = \"incident\"; answers = \"rows\"; sql = \"SELECT 1 FROM incidents WHERE "
    "person_id = ? AND happened <= "
    "?\";\n"
    "  parameters = [ \"person\", \"as_of\" ]; } );\n";
static char connection[512];
static int32_t day;

static int setup(void **state)
{
    struct db *db = NULL;

    if (temp_dir_setup(state) != 0 || crypto_init() != 0 || civil_parse("2022-06-01", &day) != 0)
        return -1;
    (void)snprintf(connection, sizeof(connection), "Driver=SQLite3;Database=%s",
                   temp_path("rows.db"));
    if (db_new(&db) != 0 || db_connect(db, connection, 5) != 0)
        return -1;
    for (size_t i = 0; i < ALM_LEN(tables); i++)
        if (db_run(db, tables[i]) != 0)
            return -1;
    db_free(db);
    return 0;
}

struct sunk {
    size_t people, stays, reports;
    int refuse; /* what the sink says to people; 0: takes them */
};

static int sink_person(void *ctx, const struct alm_person *p)
{
    struct sunk *s = ctx;

    (void)p;
    s->people += s->refuse == 0;
    return s->refuse;
}

static int sink_home(void *ctx, const struct alm_home *h)
{
    (void)ctx;
    (void)h;
    return 0;
}

static int sink_stay(void *ctx, const char *person, const struct alm_stay *stay)
{
    (void)person;
    (void)stay;
    ((struct sunk *)ctx)->stays++;
    return 0;
}

static void sink_report(void *ctx, const char *where, unsigned long line, const char *text)
{
    (void)where;
    (void)line;
    (void)text;
    ((struct sunk *)ctx)->reports++;
}

struct opened {
    struct conf *conf;
    struct conf_errors *errors;
    struct alm_setup setup;
    void *backend;
};

static void opened_setup(struct opened *o)
{
    char text[2048];

    memset(o, 0, sizeof(*o));
    (void)snprintf(text, sizeof(text), conf_text, connection);
    assert_int_equal(conf_errors_new(&o->errors), 0);
    assert_int_equal(conf_load(temp_text("adapter.conf", text), o->errors, &o->conf), 0);
    o->setup =
        (struct alm_setup){ .root = conf_root(o->conf), .dir = temp_dir, .errors = o->errors };
    o->setup.limits = (struct alm_limits){ 20000, 1000, 1 << 20 };
}

static void opened_close(struct opened *o)
{
    backend_odbc.close(o->backend);
    conf_free(o->conf);
    conf_errors_free(o->errors);
}

static int opened_load(struct opened *o, struct sunk *s)
{
    const struct alm_sink sink = { s, sink_person, sink_home, sink_stay, sink_report };

    return backend_odbc.load(o->backend, &sink, true);
}

static uint8_t opened_ask(struct opened *o, const char *id, const char *person)
{
    static const uint8_t key[ALM_KEY_LEN];
    const struct alm_question q = { .key = key,
                                    .within_ms = 20000,
                                    .purpose = "",
                                    .asker = "",
                                    .involvement = !*id,
                                    .id = id,
                                    .as_of = day,
                                    .person = person };
    struct alm_answer a = { .data_as_of = ALM_DAY_NONE, .since = ALM_DAY_NONE };

    return backend_odbc.answer(o->backend, &q, &a) == 0 ? a.value : (uint8_t)ALM_CANNOT_SAY;
}

static void memory_that_runs_out_anywhere_is_never_no(void **state)
{
    const struct alm_subject subject = { .person = "p1", .day = day };
    bool failed = true;

    (void)state;
    for (long n = 0; failed; n++) {
        struct alm_relationship relation = { 0, ALM_DAY_NONE, ALM_DAY_NONE };
        struct sunk s = { 0 };
        struct opened o;
        int r;

        assert_true(n < 10000);
        opened_setup(&o);
        alloc_fail_nth(n);
        r = backend_odbc.open(&o.setup, &o.backend);
        if (r == 0) {
            r = opened_load(&o, &s);
            assert_true(r == 0 ? s.people == 2 && s.stays == 1 : alloc_failed());
            r = opened_ask(&o, "incident", "p1");
            assert_true(r == ALM_YES || (r == ALM_CANNOT_SAY && alloc_failed()));
            r = opened_ask(&o, "", "p1");
            assert_true(r == ALM_YES || (r == ALM_CANNOT_SAY && alloc_failed()));
            r = backend_odbc.relate(o.backend, &subject, &relation);
            assert_true(r == 0 ? relation.kind == ALM_INVOLVED : alloc_failed());
        } else {
            assert_int_equal(r, -ENOMEM);
        }
        failed = alloc_failed();
        alloc_fail_nth(-1);
        if (o.backend) /* whatever ran out, the next one is answered */
            assert_int_equal(opened_ask(&o, "incident", "p2"), ALM_NO);
        opened_close(&o);
    }
}

static void a_host_that_has_gone_or_has_no_room_ends_the_load(void **state)
{
    static const int ends[] = { -EPIPE, -ENOBUFS, -ENOMEM };
    struct opened o;

    (void)state;
    opened_setup(&o);
    assert_int_equal(backend_odbc.open(&o.setup, &o.backend), 0);
    for (size_t i = 0; i < ALM_LEN(ends); i++) {
        struct sunk s = { .refuse = ends[i] };

        assert_int_equal(opened_load(&o, &s), ends[i]);
        assert_int_equal(s.stays, 0);
    }
    for (int fault = ALM_BAD_NAME; fault < ALM_FAULT_COUNT; fault++) {
        struct sunk s = { .refuse = fault };

        assert_int_equal(opened_load(&o, &s), -EINVAL);
        assert_int_equal(s.reports, 2);
    }
    opened_close(&o);
}

static void values_come_back_as_they_went_in_and_null_is_null(void **state)
{
    static const char *const texts[] = { "",  "x",    "'; --",           "Zo\xc3\xab",
                                         "?", "%s%n", "{d '2020-01-01'}" };
    const struct db_bounds bounds = { 0, 10, 1000 };
    struct db_statement *st = NULL;
    struct db *db = NULL;
    int32_t got;

    (void)state;
    assert_int_equal(db_new(&db), 0);
    assert_int_equal(db_connect(db, connection, 5), 0);
    assert_int_equal(db_prepare(db, "SELECT ? AS a, ? AS b", &st), 0);
    for (size_t i = 0; i < ALM_LEN(texts); i++) {
        const struct db_value values[] = { { false, texts[i], 0 },
                                           { true, NULL, day + (int32_t)i } };

        assert_int_equal(db_execute(st, values, 2, &bounds), 0);
        assert_int_equal(db_fetch(st), 0);
        assert_string_equal(db_text(st, (size_t)db_column_find(st, "A")), texts[i]);
        assert_int_equal(db_day(st, 1, &got), 0);
        assert_int_equal(got, day + (int32_t)i);
        assert_int_equal(db_fetch(st), DB_END);
        db_done(st);
    }
    {
        const struct db_value none[] = { { false, NULL, 0 }, { true, NULL, CIVIL_NONE } };

        assert_int_equal(db_execute(st, none, 2, &bounds), 0);
        assert_int_equal(db_fetch(st), 0);
        assert_null(db_text(st, 0));
        assert_int_equal(db_day(st, 1, &got), 0);
        assert_int_equal(got, CIVIL_NONE);
        db_done(st);
        assert_int_equal(db_execute(st, none, 1, &bounds), DB_MISSING);
    }
    assert_int_equal(db_column_find(st, "c"), -1);
    db_statement_free(st);
    db_free(db);
}

static void a_connection_that_is_not_there_does_nothing_and_says_why(void **state)
{
    struct db *db = NULL;

    (void)state;
    assert_int_equal(db_new(&db), 0);
    assert_false(db_connected(db));
    assert_int_equal(db_connect(db, "Driver=/no/such/driver.so", 1), DB_ABSENT);
    assert_string_not_equal(db_last_error(db)->state, "");
    assert_false(db_connected(db));
    db_disconnect(db);
    assert_int_equal(db_connect(db, connection, 1), 0);
    assert_int_equal(db_run(db, "SELEC 1"), DB_MISSING);
    assert_string_equal(db_trouble_word(DB_MISSING), "missing");
    assert_string_equal(db_trouble_word(-5), "failed");
    db_free(db);
    assert_null(db_free(NULL));
    assert_null(db_statement_free(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_that_runs_out_anywhere_is_never_no),
        cmocka_unit_test(a_host_that_has_gone_or_has_no_room_ends_the_load),
        cmocka_unit_test(values_come_back_as_they_went_in_and_null_is_null),
        cmocka_unit_test(a_connection_that_is_not_there_does_nothing_and_says_why),
    };

    return cmocka_run_group_tests(tests, setup, temp_dir_teardown);
}
