/* SPDX-License-Identifier: Apache-2.0 */
/* test_reader.c - the reader over a real store: who may read, that the core has recorded it first,
 * what comes out, and that nobody waits for another. */
#include "base/clock.h"
#include "reader/reader.h"
#include "store/ledger_keys.h"
#include "tools/verify.h"
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define ORIGIN "rehearsal.example/almoner"
#define SECRET "token-of-a-person"
#define LEAVES 1500

static char dir[64], path[96];
static struct store *writer, *store;
static struct ledger *ledger;
static struct local_server *server;
static struct reader reader;
static int core = -1; /* the core's end of the pair */
static struct secret alice, store_key;
static int64_t later_ms;
static enum { CORE_RECORDS, CORE_DENIES, CORE_SILENT } core_does;
static unsigned n_asked;
static char last_asked[1024];

static void append_leaves(unsigned n, const char *agency)
{
    struct store_txn *t;

    assert_int_equal(store_begin(writer, true, &t), 0);
    for (unsigned i = 0; i < n; i++) {
        struct ledger_clear c = { .event = i % 3 ? EVENT_DECIDED : EVENT_REFUSED,
                                  .at_ms = 1780000000000 + i,
                                  .civil_day = 20000 + (int32_t)(i / 100),
                                  .mode = 2,
                                  .about = UINT64_MAX,
                                  .outcome = i % 3 ? 1 : 0,
                                  .n_holders = 1 };
        uint64_t leaf;

        (void)snprintf(c.agency, sizeof(c.agency), "%s-%u", agency, i % 5);
        (void)snprintf(c.holders[0], sizeof(c.holders[0]), "police");
        (void)snprintf(c.reason, sizeof(c.reason), "%s", i % 3 ? "" : "no-consent");
        ledger_append(ledger, t, &c,
                      &(struct ledger_private){ .sealed_part = bytes_str(SECRET) }, &leaf);
    }
    ledger_settle(ledger, store_commit(t));
}

static void put_officer(const char *id, uint8_t standing)
{
    struct registry_officer o = { .standing = standing };
    struct store_txn *t;

    assert_int_equal(text_copy(o.id, sizeof(o.id), id), 0);
    assert_int_equal(sign_public(&alice, o.sign), 0);
    assert_int_equal(store_begin(writer, true, &t), 0);
    registry_officer_put(t, &o);
    assert_int_equal(store_commit(t), 0);
}

static int up(void **state)
{
    struct store_options o = {
        .path = dir, .key = &store_key, .mode = 2, .origin = ORIGIN, .map_bytes = 64u << 20
    };
    int pair[2];

    (void)state;
    if (crypto_init() || crypto_random(&alice, sizeof(alice)) ||
        crypto_random(&store_key, sizeof(store_key)))
        return -1;
    (void)snprintf(dir, sizeof(dir), "/tmp/almoner-reader-XXXXXX");
    if (!mkdtemp(dir) || store_open(&o, &writer) || ledger_open(writer, &ledger))
        return -1;
    append_leaves(LEAVES, "agency");
    put_officer("alice", STANDING_ACTIVE);
    put_officer("carol", STANDING_SUSPENDED);
    /* LMDB may not be opened twice in one process: the reader here reads through the writer's
     * handle */
    store = writer;
    (void)snprintf(path, sizeof(path), "%s/officers", dir);
    if (local_server_open(path, 0600, READER_CLIENTS, &server) ||
        socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
        return -1;
    core = pair[1];
    reader = (struct reader){
        .store = store, .server = server, .core = pair[0], .mode = 2, .origin = ORIGIN
    };
    later_ms = 0;
    core_does = CORE_RECORDS;
    n_asked = 0;
    return nonces_new(64, &reader.nonces);
}

static int down(void **state)
{
    char command[128];

    (void)state;
    reader_drop(&reader);
    reader.nonces = nonces_free(reader.nonces);
    server = local_server_close(server);
    close(core);
    close(reader.core);
    ledger = ledger_close(ledger);
    writer = store_close(writer);
    for (const char *const *f = (const char *const[]){ "data.mdb", "lock.mdb", "writer",
                                                        "periods/00000001.key", NULL };
         *f; f++) {
        (void)snprintf(command, sizeof(command), "%s/%s", dir, *f);
        (void)unlink(command);
    }
    (void)snprintf(command, sizeof(command), "%s/periods", dir);
    (void)rmdir(command);
    return rmdir(dir); /* nothing else may be left behind */
}

/* The core's side: records (or not) what is asked of it. */
static void core_turn(void)
{
    uint8_t said[2048], reply[13] = { 'K' };
    ssize_t n;

    if (core_does == CORE_SILENT)
        return;
    while ((n = recv(core, said, sizeof(said), MSG_DONTWAIT)) > 0) {
        struct cursor c = cursor_of(bytes_of(said, (size_t)n));
        struct bytes text;

        assert_int_equal(cursor_u8(&c), 'L');
        memcpy(reply + 1, said + 1, 4);
        (void)cursor_u32(&c);
        text = cursor_take(&c, cursor_u16(&c));
        assert_int_equal(cursor_end(&c), 0);
        (void)snprintf(last_asked, sizeof(last_asked), "%.*s", (int)text.len,
                       (const char *)text.data);
        n_asked++;
        reply[12] = 77;
        if (core_does == CORE_DENIES) {
            uint8_t deny[9] = { 'D' };

            memcpy(deny + 1, said + 1, 4);
            deny[6] = 2;
            deny[7] = 'n';
            deny[8] = 'o';
            assert_int_equal(send(core, deny, sizeof(deny), 0), sizeof(deny));
        } else {
            assert_int_equal(send(core, reply, sizeof(reply), 0), sizeof(reply));
        }
    }
}

static void turn(void)
{
    struct pollfd fds[READER_CLIENTS + 1];
    size_t n = local_server_poll_fds(server, fds, ALM_LEN(fds));

    (void)poll(fds, (nfds_t)n, 1);
    local_server_step(server, fds, n, clock_mono_ms() + later_ms, reader_on_request, &reader);
    core_turn();
    reader_on_core(&reader, clock_mono_ms() + later_ms);
    (void)reader_turn(&reader, clock_mono_ms() + later_ms);
}

/* --- the officer's side --- */

static const struct {
    uint8_t mode;
    const char *origin;
} here = { 2, ORIGIN };

static json_t *signed_query(const char *officer, const char *query, uint8_t mode,
                            const char *origin)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    uint8_t sig[SIGN_LEN];
    char text[96];

    buf_init(&b, 16384);
    buf_put(&b, "almoner/read/v1", 16);
    buf_put_u8(&b, mode);
    buf_put_u8(&b, (uint8_t)strlen(origin));
    buf_put(&b, origin, strlen(origin));
    buf_put(&b, query, strlen(query));
    assert_int_equal(sign_make(&alice, buf_view(&b), sig), 0);
    assert_true(base64_encode(sig, sizeof(sig), text, sizeof(text)) > 0);
    return json_pack("{s:s, s:s, s:s, s:s}", "op", "audit-list", "officer", officer, "sig", text,
                     "query", query);
}

static const char *query_text(const char *fields)
{
    static char text[2048];
    char at[25], nonce[ID_TEXT];
    struct id id;

    clock_format_utc(clock_wall_ms(), at);
    assert_int_equal(id_new(clock_wall_ms(), &id), 0);
    id_format(&id, nonce);
    (void)snprintf(text, sizeof(text), "{%s,\"at\":\"%s\",\"nonce\":\"%s\"}", fields, at, nonce);
    return text;
}

static struct local_call *call_with(json_t *request)
{
    struct local_call *c = NULL;

    assert_int_equal(local_call_open(path, request, &c), 0);
    json_decref(request);
    return c;
}
static struct local_call *call(const char *fields)
{
    return call_with(signed_query("alice", query_text(fields), here.mode, here.origin));
}

/* The next reply within some turns; NULL when none comes. */
static json_t *next_reply(struct local_call *c, int *more)
{
    json_t *reply = NULL;

    for (int i = 0; i < 400; i++) {
        turn();
        *more = local_call_next(c, 0, &reply);
        if (*more != -ETIMEDOUT)
            return *more < 0 ? NULL : reply;
    }
    return NULL;
}

/* All rows of a reading, gathered; the last reply's other fields too. */
static json_t *all_rows(struct local_call *c)
{
    json_t *rows = json_array(), *reply;
    int more = 1;

    while (more == 1) {
        reply = next_reply(c, &more);
        if (!reply)
            fail_msg("no reply (%d)", more);
        if (!json_is_true(json_object_get(reply, "ok")))
            fail_msg("refused: %s", json_string_value(json_object_get(reply, "message")));
        assert_int_equal(json_integer_value(json_object_get(reply, "reading")), 77);
        assert_int_equal(json_array_extend(rows, json_object_get(reply, "rows")), 0);
        json_decref(reply);
    }
    c = local_call_close(c);
    return rows;
}

static json_int_t leaf_at(const json_t *rows, size_t i)
{
    return json_integer_value(json_object_get(json_array_get(rows, i), "leaf"));
}

static void assert_refused(json_t *request, const char *word)
{
    struct local_call *c = call_with(request);
    int more;
    json_t *reply = next_reply(c, &more);

    assert_non_null(reply);
    if (!json_is_false(json_object_get(reply, "ok")) ||
        strcmp(json_string_value(json_object_get(reply, "error")), word) != 0)
        fail_msg("not %s: %s", word, json_dumps(reply, 0));
    assert_null(json_object_get(reply, "rows"));
    json_decref(reply);
    c = local_call_close(c);
}

/* --- tests --- */

static void reader_tail_gives_the_newest_leaves_in_order(void **state)
{
    json_t *rows = all_rows(call("\"read\":\"tail\",\"count\":5"));

    (void)state;
    assert_int_equal(json_array_size(rows), 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(leaf_at(rows, i), LEAVES - 5 + i);
    assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "event")),
                        "decided");
    json_decref(rows);
}

static void reader_asks_the_core_to_record_before_the_first_row(void **state)
{
    struct local_call *c;
    json_t *reply;
    int more;

    (void)state;
    core_does = CORE_SILENT;
    c = call("\"read\":\"tail\",\"count\":5,\"agency\":\"agency-1\"");
    assert_null(next_reply(c, &more)); /* nothing leaves until the leaf is committed */
    core_does = CORE_RECORDS;
    reply = next_reply(c, &more);
    assert_non_null(reply);
    json_decref(reply);
    assert_int_equal(n_asked, 1);
    assert_non_null(strstr(last_asked, "\"officer\":\"alice\""));
    assert_non_null(strstr(last_asked, "\"command\":\"audit tail\""));
    assert_non_null(strstr(last_asked, "count=5 agency=agency-1"));
    assert_null(strstr(last_asked, "nonce"));
    c = local_call_close(c);
}

static void reader_shows_nothing_that_the_core_did_not_record(void **state)
{
    struct local_call *c;
    json_t *reply;
    int more;

    (void)state;
    core_does = CORE_DENIES;
    assert_refused(signed_query("alice", query_text("\"read\":\"tail\""), 2, ORIGIN),
                   "not-recorded");
    core_does = CORE_SILENT;
    c = call("\"read\":\"tail\"");
    assert_null(next_reply(c, &more));
    later_ms = ASK_MS + 10;
    reply = next_reply(c, &more);
    assert_non_null(reply);
    assert_string_equal(json_string_value(json_object_get(reply, "error")), "not-recorded");
    json_decref(reply);
    c = local_call_close(c);
    core_does = CORE_RECORDS; /* a late word about a reading given up changes nothing */
    for (int i = 0; i < 5; i++)
        turn();
    json_decref(all_rows(call("\"read\":\"tail\",\"count\":1")));
}

static void reader_refuses_whoever_did_not_sign_for_this_broker(void **state)
{
    json_t *q;

    (void)state;
    assert_refused(signed_query("alice", query_text("\"read\":\"tail\""), 1, ORIGIN), "not-signed");
    assert_refused(signed_query("alice", query_text("\"read\":\"tail\""), 2, "real.example/log"),
                   "not-signed");
    assert_refused(signed_query("mallory", query_text("\"read\":\"tail\""), 2, ORIGIN),
                   "not-signed");
    assert_refused(signed_query("carol", query_text("\"read\":\"tail\""), 2, ORIGIN), "not-signed");
    q = signed_query("alice", query_text("\"read\":\"tail\""), 2, ORIGIN);
    assert_int_equal(json_object_set_new(q, "query", json_string(query_text("\"read\":\"head\""))),
                     0);
    assert_refused(q, "not-signed");
    for (const char *const *sig = (const char *const[]){ "", "AAAA", "!", NULL }; *sig; sig++) {
        q = signed_query("alice", query_text("\"read\":\"tail\""), 2, ORIGIN);
        assert_int_equal(json_object_set_new(q, "sig", json_string(*sig)), 0);
        assert_refused(q, "not-signed");
    }
    assert_refused(json_pack("{s:s}", "op", "audit-list"), "bad-request");
    assert_refused(json_pack("{s:s}", "op", "status"), "bad-request");
    assert_refused(json_object(), "bad-request");
    assert_int_equal(n_asked, 0);
}

static void reader_refuses_repeated_and_stale_readings(void **state)
{
    const char *text = query_text("\"read\":\"tail\",\"count\":1");
    json_t *q = signed_query("alice", text, 2, ORIGIN), *again = json_deep_copy(q);
    char old[256];

    (void)state;
    json_decref(all_rows(call_with(q)));
    assert_refused(again, "repeated");
    (void)snprintf(old, sizeof(old),
                   "{\"read\":\"tail\",\"at\":\"2020-01-01T00:00:00Z\",\"nonce\":\"0199f0c2-7d1e-"
                   "7a55-9a3c-5f0e8a1b2c3d\"}");
    assert_refused(signed_query("alice", old, 2, ORIGIN), "stale");
    (void)snprintf(old, sizeof(old),
                   "{\"read\":\"tail\",\"at\":\"2199-01-01T00:00:00Z\",\"nonce\":\"0199f0c2-7d1e-"
                   "7a55-9a3c-5f0e8a1b2c3d\"}");
    assert_refused(signed_query("alice", old, 2, ORIGIN), "stale");
}

static void reader_filters_by_agency_event_reason_and_day(void **state)
{
    json_t *rows = all_rows(call("\"read\":\"tail\",\"from\":0,\"count\":100000,\"agency\":"
                                 "\"agency-3\",\"event\":\"refused\",\"reason\":\"no-consent\","
                                 "\"since\":\"2024-10-05\",\"until\":\"2024-10-06\""));
    json_t *row;
    size_t i;

    (void)state;
    assert_true(json_array_size(rows) > 5);
    json_array_foreach(rows, i, row)
    {
        const char *day = json_string_value(json_object_get(row, "day"));

        assert_string_equal(json_string_value(json_object_get(row, "agency")), "agency-3");
        assert_string_equal(json_string_value(json_object_get(row, "reason")), "no-consent");
        assert_true(!strcmp(day, "2024-10-05") || !strcmp(day, "2024-10-06"));
    }
    json_decref(rows);
    rows = all_rows(
        call("\"read\":\"tail\",\"count\":3,\"event\":\"withdrawn\"")); /* none: the whole log is
                                                                           looked through */
    assert_int_equal(json_array_size(rows), 0);
    json_decref(rows);
}

static void reader_lists_from_a_leaf_on(void **state)
{
    json_t *rows = all_rows(call("\"read\":\"tail\",\"from\":100,\"count\":1000"));

    (void)state;
    assert_int_equal(json_array_size(rows), 1000);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(leaf_at(rows, i), 100 + i);
    json_decref(rows);
    rows = all_rows(call("\"read\":\"tail\",\"from\":99999,\"count\":10"));
    assert_int_equal(json_array_size(rows), 0);
    json_decref(rows);
}

static void reader_shows_one_leaf_and_says_when_there_is_none(void **state)
{
    json_t *rows = all_rows(call("\"read\":\"show\",\"leaf\":1499"));

    (void)state;
    assert_int_equal(json_array_size(rows), 1);
    assert_int_equal(leaf_at(rows, 0), 1499);
    json_decref(rows);
    assert_refused(
        signed_query("alice", query_text("\"read\":\"show\",\"leaf\":999999"), 2, ORIGIN),
        "no-such-leaf");
}

static void reader_says_when_no_head_was_signed(void **state)
{
    (void)state;
    assert_refused(signed_query("alice", query_text("\"read\":\"head\""), 2, ORIGIN), "no-head");
}

static void reader_export_verifies_against_the_signed_head(void **state)
{
    struct checkpoint head = { .origin = ORIGIN, .size = LEAVES };
    ALM_CLEANUP(buf_deinit) struct buf note = { 0 };
    ALM_CLEANUP(secret_wipe) struct secret seed;
    uint8_t public_key[SIGN_PUBLIC_LEN];
    struct note_key key;
    struct store_txn *t;
    struct verify v;
    json_t *rows, *row, *reply;
    struct local_call *c;
    size_t i;
    int more;

    (void)state;
    buf_init(&note, NOTE_MAX);
    assert_int_equal(sign_keypair(&seed, public_key), 0);
    assert_int_equal(note_key_init(&key, ORIGIN, public_key), 0);
    ledger_root(ledger, head.root);
    assert_int_equal(checkpoint_sign(&head, &key, &seed, &note), 0);
    buf_put_u8(&note, 0);
    assert_int_equal(store_begin(writer, true, &t), 0);
    ledger_head_put(t, LEAVES, (const char *)note.data);
    assert_int_equal(ledger_forget(t, 7), 0); /* erased, and still proved */
    assert_int_equal(store_commit(t), 0);
    append_leaves(3, "later");
    c = call("\"read\":\"head\"");
    reply = next_reply(c, &more);
    assert_non_null(reply);
    assert_int_equal(json_integer_value(json_object_get(reply, "leaves")), LEAVES + 3);
    assert_int_equal(
        verify_begin(&v, bytes_str(json_string_value(json_object_get(reply, "note"))), &key), 0);
    json_decref(reply);
    c = local_call_close(c);
    rows = all_rows(call("\"read\":\"export\",\"from\":0,\"count\":1500"));
    assert_int_equal(json_array_size(rows), LEAVES);
    json_array_foreach(rows, i, row) assert_int_equal(verify_row(&v, row), 0);
    assert_int_equal(verify_end(&v), 0);
    json_decref(rows);
}

static void reader_never_lets_out_what_is_sealed(void **state)
{
    static const char *const queries[] = { "\"read\":\"tail\",\"count\":20",
                                           "\"read\":\"show\",\"leaf\":3",
                                           "\"read\":\"export\",\"from\":0,\"count\":20" };
    char plain[64];

    (void)state;
    assert_true(base64_encode(SECRET, strlen(SECRET), plain, sizeof(plain)) > 0);
    for (size_t i = 0; i < ALM_LEN(queries); i++) {
        json_t *rows = all_rows(call(queries[i]));
        char *text = json_dumps(rows, 0);

        assert_null(strstr(text, SECRET));
        plain[20] = '\0';
        assert_null(strstr(text, plain));
        free(text);
        json_decref(rows);
    }
}

static void reader_slow_officer_blocks_nobody(void **state)
{
    struct local_call *slow[4];

    (void)state;
    for (size_t i = 0; i < 4; i++)
        slow[i] = call("\"read\":\"tail\",\"from\":0,\"count\":100000"); /* and never reads */
    for (int i = 0; i < 50; i++)
        turn();
    json_decref(all_rows(call("\"read\":\"tail\",\"count\":2")));
    for (size_t i = 0; i < READER_CLIENTS; i++)
        if (reader.readings[i].state == READING_WALKING)
            assert_true(local_client_pending(server, reader.readings[i].client) <
                        4u << 20); /* pages wait, they do not pile up */
    for (size_t i = 0; i < 4; i++)
        slow[i] = local_call_close(slow[i]);
    for (int i = 0; i < 5; i++)
        turn();
    for (size_t i = 0; i < READER_CLIENTS; i++)
        assert_int_equal(reader.readings[i].state, READING_FREE);
}

static void reader_follows_the_log_until_the_officer_is_suspended(void **state)
{
    struct local_call *c =
        call("\"read\":\"tail\",\"count\":1,\"follow\":true,\"event\":\"refused\"");
    json_t *reply;
    int more;

    (void)state;
    reply = next_reply(c, &more);
    assert_int_equal(more, 1);
    assert_int_equal(json_array_size(json_object_get(reply, "rows")), 1);
    json_decref(reply);
    assert_null(next_reply(c, &more));
    append_leaves(4, "new");
    reply = next_reply(c, &more);
    assert_int_equal(more, 1);
    assert_int_equal(json_array_size(json_object_get(reply, "rows")), 2);
    assert_int_equal(leaf_at(json_object_get(reply, "rows"), 0), LEAVES);
    json_decref(reply);
    put_officer("alice", STANDING_SUSPENDED);
    append_leaves(1, "newer");
    reply = next_reply(c, &more);
    assert_int_equal(more, 0);
    assert_true(json_is_false(json_object_get(reply, "ok")));
    json_decref(reply);
    c = local_call_close(c);
}

int main(void)
{
#define READER_TEST(f) cmocka_unit_test_setup_teardown(f, up, down)
    const struct CMUnitTest tests[] = {
        READER_TEST(reader_tail_gives_the_newest_leaves_in_order),
        READER_TEST(reader_asks_the_core_to_record_before_the_first_row),
        READER_TEST(reader_shows_nothing_that_the_core_did_not_record),
        READER_TEST(reader_refuses_whoever_did_not_sign_for_this_broker),
        READER_TEST(reader_refuses_repeated_and_stale_readings),
        READER_TEST(reader_filters_by_agency_event_reason_and_day),
        READER_TEST(reader_lists_from_a_leaf_on),
        READER_TEST(reader_shows_one_leaf_and_says_when_there_is_none),
        READER_TEST(reader_says_when_no_head_was_signed),
        READER_TEST(reader_export_verifies_against_the_signed_head),
        READER_TEST(reader_never_lets_out_what_is_sealed),
        READER_TEST(reader_slow_officer_blocks_nobody),
        READER_TEST(reader_follows_the_log_until_the_officer_is_suspended),
    };

    return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
