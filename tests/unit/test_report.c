/* SPDX-License-Identifier: Apache-2.0 */
/* test_report.c - readings of a person, a practitioner and reports over a real store: what is found, what never comes out, and that
 * a slow officer, a growing log and a suspension change nothing for others. */
#include "base/clock.h"
#include "reader/reader.h"
#include "reader/sealed.h"
#include "store/ledger_keys.h"
#include "temp_dir.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <cmocka.h>

#define ORIGIN "rehearsal.example/almoner"
#define DAY0   20000 /* 2024-10-04, a Friday */

static struct store *store;
static struct ledger *ledger;
static struct local_server *server;
static struct reader reader;
static struct secret alice, store_key;
static int core = -1;
static char asked[65536];
static bool core_waits;

/* --- leaves --- */

static struct token token_of(uint8_t kind, uint16_t epoch, uint8_t seed)
{
    struct token t = { .kind = kind, .scheme = TOKEN_HMAC, .epoch = epoch };

    memset(t.value, seed, sizeof(t.value));
    return t;
}

static struct store_txn *writing(void)
{
    struct store_txn *t = NULL;

    assert_int_equal(store_begin(store, true, &t), 0);
    return t;
}

static void written(struct store_txn *t)
{
    int rc;

    ledger_flush(ledger, t);
    rc = store_commit(t);
    ledger_settle(ledger, rc);
    assert_int_equal(rc, 0);
}

static struct ledger_clear clear_of(uint8_t event, const char *agency, int32_t day)
{
    struct ledger_clear c = { .event = event,
                              .at_ms = (int64_t)day * 86400000 + 12 * 3600000,
                              .civil_day = day,
                              .mode = 2,
                              .about = UINT64_MAX };

    (void)snprintf(c.agency, sizeof(c.agency), "%s", agency);
    return c;
}

static void put_block(struct buf *b, char tag, const struct buf *inner)
{
    buf_put_u8(b, (uint8_t)tag);
    buf_put_u32(b, (uint32_t)inner->len);
    buf_put(b, inner->data, inner->len);
}

static void put_tokens(struct buf *b, const struct token *t, size_t n, bool unborn)
{
    ALM_CLEANUP(buf_deinit) struct buf in = { 0 };

    buf_init(&in, 4096);
    buf_put_u8(&in, unborn);
    buf_put_u8(&in, (uint8_t)n);
    for (size_t i = 0; i < n; i++) {
        buf_put_u8(&in, t[i].kind);
        buf_put_u8(&in, t[i].scheme);
        buf_put_u16(&in, t[i].epoch);
        buf_put(&in, t[i].value, TOKEN_LEN);
    }
    put_block(b, 'T', &in);
}

static void put_asker(struct buf *b, const char *ref)
{
    ALM_CLEANUP(buf_deinit) struct buf in = { 0 };

    buf_init(&in, 4096);
    buf_put_text(&in, ref);
    buf_put_u8(&in, 1);
    put_block(b, 'P', &in);
}

/* A leaf with tokens (or none), asked by a practitioner of its agency, about an earlier one (or none). */
static uint64_t leaf_put(struct store_txn *t, struct ledger_clear c, const struct token *tokens,
                         size_t n, bool unborn, const char *ref, uint64_t about)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct ledger_private p = { .class = 0 };
    uint64_t leaf, tag;

    c.about = about;
    buf_init(&b, 16384);
    buf_put_u8(&b, 1);
    put_asker(&b, ref);
    if (n)
        put_tokens(&b, tokens, n, unborn);
    for (size_t i = 0; i < n; i++) {
        if (!ledger_tag_worth(&tokens[i]))
            continue;
        assert_int_equal(ledger_tag_token(store, &tokens[i], unborn, &tag), 0);
        assert_int_equal(ledger_tag_add(&p, tag), 0);
    }
    assert_int_equal(ledger_tag_practitioner(store, c.agency, ref, &tag), 0);
    assert_int_equal(ledger_tag_add(&p, tag), 0);
    if (about != UINT64_MAX) {
        assert_int_equal(ledger_tag_about(store, about, &tag), 0);
        assert_int_equal(ledger_tag_add(&p, tag), 0);
    }
    p.sealed_part = buf_view(&b);
    ledger_append(ledger, t, &c, &p, &leaf);
    return leaf;
}

#define NOBODY NULL, 0, false
#define ALONE  UINT64_MAX

static void filler(unsigned n, int32_t day)
{
    struct store_txn *t = writing();

    for (unsigned i = 0; i < n; i++)
        (void)leaf_put(t, clear_of(EVENT_CONSENT_LODGED, "filler", day), NOBODY, "f", ALONE);
    written(t);
}

static uint64_t one(struct ledger_clear c, const struct token *tokens, size_t n, const char *ref,
                    uint64_t about)
{
    struct store_txn *t = writing();
    uint64_t leaf = leaf_put(t, c, tokens, n, false, ref, about);

    written(t);
    return leaf;
}

static void put_officer(uint8_t standing)
{
    struct registry_officer o = { .standing = standing };
    struct store_txn *t = writing();

    (void)snprintf(o.id, sizeof(o.id), "alice");
    assert_int_equal(sign_public(&alice, o.sign), 0);
    registry_officer_put(t, &o);
    written(t);
}

static void put_agency(const char *id)
{
    struct registry_agency a = { .standing = STANDING_ACTIVE };
    struct store_txn *t = writing();

    (void)snprintf(a.id, sizeof(a.id), "%s", id);
    registry_agency_put(t, &a);
    written(t);
}

/* --- the reader, with a core that records everything as leaf 0 --- */

static int up(void **state)
{
    struct store_options o = { .key = &store_key, .mode = 2, .origin = ORIGIN, .map_bytes = (size_t)1 << 30 };
    int pair[2];

    if (crypto_init() || crypto_random(&alice, sizeof(alice)) ||
        crypto_random(&store_key, sizeof(store_key)) || temp_dir_setup(state) ||
        civil_set_zone("Europe/London"))
        return -1;
    o.path = temp_dir;
    if (store_open(&o, &store) || ledger_open(store, &ledger) ||
        local_server_open(temp_path("officers"), 0600, READER_CLIENTS, &server) ||
        socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
        return -1;
    core = pair[1];
    reader = (struct reader){
        .store = store, .server = server, .core = pair[0], .mode = 2, .origin = ORIGIN
    };
    put_officer(STANDING_ACTIVE);
    put_agency("school");
    (void)one(clear_of(EVENT_GENESIS, "", DAY0), NULL, 0, "-", ALONE);
    return nonces_new(256, &reader.nonces);
}

static int down(void **state)
{
    reader_drop(&reader);
    reader.nonces = nonces_free(reader.nonces);
    server = local_server_close(server);
    close(core);
    close(reader.core);
    ledger = ledger_close(ledger);
    store = store_close(store);
    return temp_dir_teardown(state);
}

static void core_turn(void)
{
    static uint8_t said[65536];
    uint8_t reply[13] = { 'K' };
    ssize_t n;

    while (!core_waits && (n = recv(core, said, sizeof(said), MSG_DONTWAIT)) > 0) {
        memcpy(reply + 1, said + 1, 4);
        (void)snprintf(asked, sizeof(asked), "%.*s", (int)n - 7, (const char *)said + 7);
        assert_int_equal(send(core, reply, sizeof(reply), 0), sizeof(reply));
    }
}

static void turn(void)
{
    struct pollfd fds[READER_CLIENTS + 1];
    size_t n = local_server_poll_fds(server, fds, ALM_LEN(fds));

    (void)poll(fds, (nfds_t)n, 0);
    local_server_step(server, fds, n, clock_mono_ms(), reader_on_request, &reader);
    core_turn();
    reader_on_core(&reader, clock_mono_ms());
    (void)reader_turn(&reader, clock_mono_ms());
}

static struct local_call *call(const char *fields)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    static char text[40000];
    char at[25], nonce[ID_TEXT], sig_text[96];
    uint8_t sig[SIGN_LEN];
    struct local_call *c = NULL;
    struct id id;
    json_t *o;

    clock_format_utc(clock_wall_ms(), at);
    assert_int_equal(id_new(clock_wall_ms(), &id), 0);
    id_format(&id, nonce);
    (void)snprintf(text, sizeof(text), "{%s,\"at\":\"%s\",\"nonce\":\"%s\"}", fields, at, nonce);
    buf_init(&b, 65536);
    buf_put(&b, "almoner/read/v1", 16);
    buf_put_u8(&b, 2);
    buf_put_u8(&b, (uint8_t)strlen(ORIGIN));
    buf_put(&b, ORIGIN, strlen(ORIGIN));
    buf_put(&b, text, strlen(text));
    assert_int_equal(sign_make(&alice, buf_view(&b), sig), 0);
    assert_true(base64_encode(sig, sizeof(sig), sig_text, sizeof(sig_text)) > 0);
    o = json_pack("{s:s, s:s, s:s, s:s}", "op", "audit-list", "officer", "alice", "sig", sig_text,
                  "query", text);
    assert_int_equal(local_call_open(temp_path("officers"), o, &c), 0);
    json_decref(o);
    return c;
}

static json_t *next_reply(struct local_call *c, int *more)
{
    json_t *reply = NULL;

    for (int i = 0; i < 20000; i++) {
        turn();
        *more = local_call_next(c, 0, &reply);
        if (*more != -ETIMEDOUT)
            return *more < 0 ? NULL : reply;
    }
    return NULL;
}

/* All rows; *last (or NULL): the last reply's report. */
static json_t *rows_of(struct local_call *c, json_t **last)
{
    json_t *rows = json_array(), *reply;
    int more = 1;

    while (more == 1) {
        reply = next_reply(c, &more);
        if (!reply)
            fail_msg("no reply (%d)", more);
        if (!json_is_true(json_object_get(reply, "ok")))
            fail_msg("refused: %s", json_string_value(json_object_get(reply, "message")));
        assert_int_equal(json_array_extend(rows, json_object_get(reply, "rows")), 0);
        if (!more && last)
            *last = json_incref(json_object_get(reply, "report"));
        json_decref(reply);
    }
    c = local_call_close(c);
    return rows;
}

static json_t *read_rows(const char *fields)
{
    return rows_of(call(fields), NULL);
}

static void refuses(const char *fields, const char *word)
{
    struct local_call *c = call(fields);
    int more;
    json_t *reply = next_reply(c, &more);

    assert_non_null(reply);
    if (!json_is_false(json_object_get(reply, "ok")) ||
        strcmp(json_string_value(json_object_get(reply, "error")), word) != 0)
        fail_msg("not %s: %s", word, json_dumps(reply, 0));
    json_decref(reply);
    c = local_call_close(c);
}

static json_int_t leaf_at(const json_t *rows, size_t i)
{
    return json_integer_value(json_object_get(json_array_get(rows, i), "leaf"));
}

static const char *text_at(const json_t *rows, size_t i, const char *key)
{
    return json_string_value(json_object_get(json_array_get(rows, i), key));
}

/* A query of a person by these tokens, with more fields. */
static const char *person(const struct token *tokens, size_t n, bool unborn, const char *more)
{
    static char out[32768];
    struct token_json t = { .mode = 2, .origin = ORIGIN, .agency = "school", .scheme = TOKEN_HMAC, .epoch = tokens[0].epoch, .unborn = unborn };
    json_t *o;
    char *text;

    t.n = (uint8_t)n;
    memcpy(t.tokens, tokens, n * sizeof(*tokens));
    o = token_json_write(&t);
    assert_non_null(o);
    text = json_dumps(o, JSON_COMPACT);
    (void)snprintf(out, sizeof(out), "\"read\":\"person\",\"tokens\":%s%s", text, more);
    free(text);
    json_decref(o);
    return out;
}

/* --- a person --- */

static void a_person_is_found_by_each_token_with_what_belongs_to_it(void **state)
{
    struct token nhs = token_of(TOKEN_NHS, 1, 0x51), name = token_of(TOKEN_NAME_DOB, 1, 0x52), other = token_of(TOKEN_NHS, 1, 0x53);
    struct token both[2] = { nhs, name }, conflict[2] = { name, other };
    uint64_t by_nhs, by_name, answer, step, doubtful, later;
    json_t *rows;

    (void)state;
    filler(40, DAY0);
    by_nhs = one(clear_of(EVENT_DECIDED, "school", DAY0), &nhs, 1, "t.finch", ALONE);
    answer = one(clear_of(EVENT_DISCLOSED, "school", DAY0), NULL, 0, "t.finch", by_nhs);
    step = one(clear_of(EVENT_OUTCOME, "school", DAY0), NULL, 0, "t.finch", answer);
    (void)one(clear_of(EVENT_DECIDED, "school", DAY0), &other, 1, "t.finch", ALONE);
    filler(2100, DAY0 + 1); /* past the large blocks */
    by_name = one(clear_of(EVENT_CONCERN_LODGED, "police", DAY0 + 2), both, 2, "p.one", ALONE);
    doubtful = one(clear_of(EVENT_DECIDED, "police", DAY0 + 2), conflict, 2, "p.one", ALONE);
    filler(1000, DAY0 + 2);
    later = one(clear_of(EVENT_DISCLOSED, "school", DAY0 + 3), NULL, 0, "t.finch", by_nhs);
    filler(100, DAY0 + 3);

    rows = read_rows(person(both, 2, false, ""));
    assert_int_equal(json_array_size(rows), 6);
    assert_int_equal(leaf_at(rows, 0), by_nhs);
    assert_int_equal(leaf_at(rows, 1), answer);
    assert_int_equal(leaf_at(rows, 2), step);
    assert_int_equal(leaf_at(rows, 3), by_name);
    assert_int_equal(leaf_at(rows, 4), doubtful);
    assert_int_equal(leaf_at(rows, 5), later);
    assert_string_equal(text_at(rows, 0, "match"), "match");
    assert_string_equal(text_at(rows, 1, "match"), "belongs");
    assert_string_equal(text_at(rows, 3, "class"), "concerns");
    assert_string_equal(text_at(rows, 4, "match"), "conflict");
    assert_null(json_object_get(json_array_get(rows, 0), "opened"));
    json_decref(rows);

    rows = read_rows(person(both, 2, false, ",\"since\":\"2024-10-05\",\"until\":\"2024-10-06\""));
    assert_int_equal(json_array_size(rows), 2);
    assert_int_equal(leaf_at(rows, 0), by_name);
    json_decref(rows);
    rows = read_rows(person(both, 2, true, "")); /* her unborn child is somebody else */
    assert_int_equal(json_array_size(rows), 0);
    json_decref(rows);
}

static void a_person_is_found_under_an_earlier_key_and_by_no_weak_token(void **state)
{
    struct token old = token_of(TOKEN_NHS, 1, 0x61), now = token_of(TOKEN_NHS, 2, 0x62),
                 weak = token_of(TOKEN_PHONETIC_DOB, 2, 0x63);
    struct token both[2] = { now, old }, found[2] = { weak, now };
    uint64_t first = one(clear_of(EVENT_DECIDED, "school", DAY0), &old, 1, "a", ALONE),
             second = one(clear_of(EVENT_DECIDED, "school", DAY0), found, 2, "a", ALONE);
    json_t *rows;

    (void)state;
    (void)one(clear_of(EVENT_DECIDED, "school", DAY0), &weak, 1, "a", ALONE);
    rows = read_rows(person(both, 2, false, ""));
    assert_int_equal(json_array_size(rows), 2);
    assert_int_equal(leaf_at(rows, 0), first);
    assert_int_equal(leaf_at(rows, 1), second);
    assert_string_equal(text_at(rows, 0, "match"), "match");
    json_decref(rows);
    rows = read_rows(person(&weak, 1, false, ""));
    assert_int_equal(json_array_size(rows), 0);
    json_decref(rows);
}

static void a_forgotten_leaf_is_found_by_nobody(void **state)
{
    struct token t = token_of(TOKEN_NHS, 1, 0x71);
    uint64_t gone = one(clear_of(EVENT_DECIDED, "school", DAY0), &t, 1, "t.finch", ALONE), stays;
    struct store_txn *w;
    json_t *rows;

    (void)state;
    stays = one(clear_of(EVENT_DECIDED, "school", DAY0), &t, 1, "t.finch", ALONE);
    w = writing();
    assert_int_equal(ledger_forget(w, gone), 0);
    written(w);
    rows = read_rows(person(&t, 1, false, ",\"opened\":true"));
    assert_int_equal(json_array_size(rows), 1);
    assert_int_equal(leaf_at(rows, 0), stays);
    json_decref(rows);
    rows = read_rows("\"read\":\"practitioner\",\"agency\":\"school\",\"practitioner\":\"t.finch\"");
    assert_int_equal(json_array_size(rows), 1);
    json_decref(rows);
}

static void what_is_opened_holds_no_token_and_goes_under_the_seal_of_the_reading(void **state)
{
    struct token t = token_of(TOKEN_NHS, 1, 0xa7);
    json_t *rows, *o, *sealed;
    char *text;

    (void)state;
    (void)one(clear_of(EVENT_DECIDED, "school", DAY0), &t, 1, "t.finch", ALONE);
    rows = read_rows(person(&t, 1, false, ",\"opened\":true,\"shield_agreed\":\"police\",\"family\":{\"safe_contact\":\"by the aunt\",\"redactions\":[{\"leaf\":1,\"cause\":\"third-party\",\"text\":\"the neighbour\"}]}"));
    assert_int_equal(json_array_size(rows), 1);
    assert_string_equal(json_string_value(json_object_get(
                            json_object_get(json_array_get(rows, 0), "opened"), "practitioner")),
                        "t.finch");
    text = json_dumps(rows, 0);
    assert_null(strstr(text, "a7a7"));
    free(text);
    json_decref(rows);

    o = json_loads(asked, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(o, "command")), "report family");
    assert_string_equal(json_string_value(json_object_get(o, "query")),
                        "opened=yes shield_agreed=police safe_contact=yes redacted=1:third-party");
    sealed = json_object_get(o, "sealed");
    assert_non_null(json_object_get(sealed, "tokens"));
    assert_string_equal(json_string_value(json_object_get(json_object_get(sealed, "family"),
                                                          "safe_contact")),
                        "by the aunt");
    (void)json_object_del(o, "sealed");
    text = json_dumps(o, 0);
    assert_null(strstr(text, "a7a7"));
    assert_null(strstr(text, "aunt"));
    assert_null(strstr(text, "neighbour"));
    free(text);
    json_decref(o);
}

static void a_reading_about_a_practitioner_names_them_under_seal_alone(void **state)
{
    json_t *rows, *o;
    char *text;

    (void)state;
    (void)one(clear_of(EVENT_DECIDED, "school", DAY0), NULL, 0, "t.finch", ALONE);
    (void)one(clear_of(EVENT_DECIDED, "police", DAY0), NULL, 0, "t.finch", ALONE);
    rows = read_rows("\"read\":\"practitioner\",\"agency\":\"school\",\"practitioner\":\"t.finch\"");
    assert_int_equal(json_array_size(rows), 1);
    assert_string_equal(text_at(rows, 0, "agency"), "school");
    json_decref(rows);
    o = json_loads(asked, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(o, "query")), "agency=school");
    (void)json_object_del(o, "sealed");
    text = json_dumps(o, 0);
    assert_null(strstr(text, "finch"));
    free(text);
    json_decref(o);
    refuses("\"read\":\"practitioner\",\"agency\":\"nowhere\",\"practitioner\":\"t.finch\"", "no-such-agency");
    rows = read_rows("\"read\":\"practitioner\",\"agency\":\"school\",\"practitioner\":\"t.finc\"");
    assert_int_equal(json_array_size(rows), 0);
    json_decref(rows);
}

/* --- many rows, slow officers --- */

#ifdef __SANITIZE_ADDRESS__ /* five times as slow */
#define MANY 20000
#else
#define MANY 100000
#endif

static void a_slow_officer_of_a_hundred_thousand_rows_keeps_nobody_and_sees_no_later_leaf(void **state)
{
    struct token t = token_of(TOKEN_NHS, 1, 0x81);
    struct local_call *slow;
    json_t *rows, *reply;
    size_t n = 0;
    int more = 1;

    (void)state;
    for (int i = 0; i < 10; i++) {
        struct store_txn *w = writing();

        for (int k = 0; k < MANY / 10; k++)
            (void)leaf_put(w, clear_of(EVENT_DECIDED, "school", DAY0), &t, 1, false, "t.finch", ALONE);
        written(w);
    }
    slow = call(person(&t, 1, false, ""));
    for (int i = 0; i < 2000; i++)
        turn(); /* it takes nothing: what is kept for it is a page or two */
    for (size_t i = 0; i < READER_CLIENTS; i++)
        if (reader.readings[i].state == READING_WALKING)
            assert_true(local_client_pending(server, reader.readings[i].client) < 2 * PAGE_BYTES + 65536);
    (void)one(clear_of(EVENT_DECIDED, "school", DAY0), &t, 1, "t.finch", ALONE);
    rows = read_rows("\"read\":\"tail\",\"count\":3"); /* another is served meanwhile */
    assert_int_equal(json_array_size(rows), 3);
    json_decref(rows);
    while (more == 1) {
        reply = next_reply(slow, &more);
        assert_non_null(reply);
        assert_true(json_is_true(json_object_get(reply, "ok")));
        rows = json_object_get(reply, "rows");
        for (size_t i = 0; i < json_array_size(rows); i++)
            assert_int_equal(leaf_at(rows, i), 1 + n++);
        json_decref(reply);
    }
    assert_int_equal(n, MANY);
    slow = local_call_close(slow);
}

static void an_officer_who_is_suspended_meanwhile_reads_no_further(void **state)
{
    struct token t = token_of(TOKEN_NHS, 1, 0x82);
    struct local_call *c;
    json_t *reply;
    int more;
    bool refused = false;

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct store_txn *w = writing();

        for (int k = 0; k < 1000; k++)
            (void)leaf_put(w, clear_of(EVENT_DECIDED, "school", DAY0), &t, 1, false, "t.finch", ALONE);
        written(w);
    }
    c = call(person(&t, 1, false, ""));
    reply = next_reply(c, &more);
    assert_non_null(reply);
    assert_int_equal(more, 1);
    json_decref(reply);
    put_officer(STANDING_SUSPENDED);
    while (more == 1) {
        reply = next_reply(c, &more);
        assert_non_null(reply);
        refused = refused || !json_is_true(json_object_get(reply, "ok"));
        json_decref(reply);
    }
    assert_true(refused);
    c = local_call_close(c);
}

static void who_waits_long_is_told_how_far_it_is(void **state)
{
    struct token t = token_of(TOKEN_NHS, 1, 0x83);
    struct local_call *c;
    json_t *reply, *progress;
    int more;

    (void)state;
    for (int i = 0; i < 4; i++)
        filler(9000, DAY0); /* more than one step looks at */
    c = call(person(&t, 1, false, ""));
    core_waits = true;
    for (int i = 0; i < 100 && reader.readings[0].state != READING_ASKED; i++)
        turn();
    core_waits = false;
    reader.readings[0].told_ms = 1; /* long ago */
    reply = next_reply(c, &more);
    assert_non_null(reply);
    assert_int_equal(more, 1);
    progress = json_object_get(reply, "progress");
    assert_true(json_integer_value(json_object_get(progress, "at")) > 0);
    assert_true(json_integer_value(json_object_get(progress, "end")) > 36000);
    json_decref(reply);
    c = local_call_close(c);
}

/* --- periods --- */

static void days_are_found_by_bisection_whatever_their_length(void **state)
{
    static const unsigned lengths[] = { 3, 0, 1, 700, 0, 0, 33, 1, 1030, 2 };
    char fields[200], since[CIVIL_TEXT], until[CIVIL_TEXT];

    (void)state;
    for (int d = 0; d < 10; d++) {
        struct store_txn *w = writing();

        for (unsigned i = 0; i < lengths[d]; i++) {
            struct ledger_clear c = clear_of(EVENT_REFUSED, "school", DAY0 + 1 + d);

            (void)snprintf(c.reason, sizeof(c.reason), "r");
            (void)leaf_put(w, c, NOBODY, "a", ALONE);
        }
        written(w);
    }
    for (int a = 0; a <= 10; a++) {
        for (int b = a; b <= 11; b++) {
            json_t *last = NULL, *rows;
            unsigned want = 0;

            for (int d = 0; d < 10; d++)
                want += d + 1 >= a && d + 1 <= b ? lengths[d] : 0;
            civil_format(DAY0 + a, since);
            civil_format(DAY0 + b, until);
            (void)snprintf(fields, sizeof(fields), "\"read\":\"report\",\"report\":\"refusals\",\"since\":\"%s\",\"until\":\"%s\"", since, until);
            rows = rows_of(call(fields), &last);
            assert_int_equal(json_array_size(rows), 0);
            assert_int_equal(json_integer_value(json_object_get(last, "leaves")), want + (a == 0));
            json_decref(rows);
            json_decref(last);
        }
    }
}

/* --- reports --- */

static json_int_t cell(const json_t *report, const char *row, const char *column)
{
    const json_t *t = json_array_get(json_object_get(report, "tables"), 0), *r, *v;
    size_t i, c;

    json_array_foreach(json_object_get(t, "rows"), i, r)
    {
        if (strcmp(json_string_value(json_object_get(r, "row")), row) != 0)
            continue;
        json_array_foreach(json_object_get(t, "columns"), c, v)
        {
            if (!strcmp(json_string_value(v), column))
                return json_integer_value(json_array_get(json_object_get(r, "cells"), c));
        }
    }
    return -1;
}

static void out_of_hours_is_by_local_clocks(void **state)
{
    /* 2024-10-04 is a Friday of summer time, 2024-11-08 one of winter time: 08:30 local is 07:30 and 08:30 UTC */
    static const struct {
        int day, hour, minute;
        bool out;
    } cases[] = {
        { 0, 7, 29, true },   { 0, 7, 30, false },  { 0, 16, 59, false }, { 0, 17, 0, true },
        { 1, 12, 0, true },   { 2, 12, 0, true },   { 3, 12, 0, false },  { 35, 8, 29, true },
        { 35, 8, 30, false }, { 35, 17, 59, false }, { 35, 18, 0, true },
    };
    json_t *rows, *last = NULL;
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < ALM_LEN(cases); i++) {
        struct ledger_clear c = clear_of(i % 2 ? EVENT_DECIDED : EVENT_REFUSED, "school", DAY0 + cases[i].day);

        c.at_ms = ((int64_t)(DAY0 + cases[i].day) * 86400 + cases[i].hour * 3600 + cases[i].minute * 60) * 1000;
        (void)one(c, NULL, 0, "a", ALONE);
    }
    (void)one(clear_of(EVENT_CONSENT_LODGED, "school", DAY0 + 1), NULL, 0, "a", ALONE); /* no question */
    rows = rows_of(call("\"read\":\"report\",\"report\":\"out-of-hours\""), &last);
    for (size_t i = 0; i < ALM_LEN(cases); i++) {
        if (!cases[i].out)
            continue;
        assert_int_equal(leaf_at(rows, n), 1 + i);
        n++;
    }
    assert_int_equal(json_array_size(rows), n);
    assert_string_equal(text_at(rows, 0, "local"), "Fri 2024-10-04 08:29");
    assert_string_equal(text_at(rows, n - 1, "local"), "Fri 2024-11-08 18:00");
    assert_int_equal(cell(last, "total", "questions"), n);
    json_decref(rows);
    json_decref(last);
}

static void a_sample_is_drawn_by_lot_from_what_was_permitted(void **state)
{
    json_t *rows, *last = NULL, *again;
    int same = 0;

    (void)state;
    for (int i = 0; i < 300; i++) {
        struct ledger_clear c = clear_of(i % 3 ? EVENT_DECIDED : EVENT_REFUSED, i % 2 ? "school" : "police", DAY0);

        c.outcome = i % 3 != 0;
        (void)one(c, NULL, 0, "t.finch", ALONE);
    }
    rows = rows_of(call("\"read\":\"report\",\"report\":\"sample\",\"each\":7,\"opened\":true"), &last);
    assert_int_equal(json_array_size(rows), 14);
    for (size_t i = 0; i < 14; i++) {
        assert_string_equal(text_at(rows, i, "event"), "decided");
        assert_string_equal(text_at(rows, i, "agency"), i < 7 ? "police" : "school");
        assert_string_equal(json_string_value(json_object_get(json_object_get(json_array_get(rows, i), "opened"), "practitioner")), "t.finch");
    }
    assert_int_equal(cell(last, "school", "permitted"), 100);
    assert_int_equal(cell(last, "total", "drawn"), 14);
    again = read_rows("\"read\":\"report\",\"report\":\"sample\",\"each\":7");
    for (size_t i = 0; i < 14; i++)
        for (size_t k = 0; k < 14; k++)
            same += leaf_at(rows, i) == leaf_at(again, k);
    assert_true(same < 14); /* all the same by chance: less than once in 10^20 */
    json_decref(again);
    json_decref(rows);
    json_decref(last);
    rows = read_rows("\"read\":\"report\",\"report\":\"sample\",\"each\":50,\"agency\":\"school\",\"event\":\"refused\"");
    assert_int_equal(json_array_size(rows), 0); /* nobody justifies a refusal */
    json_decref(rows);
}

static void heard(struct buf *b, const char *silent)
{
    ALM_CLEANUP(buf_deinit) struct buf in = { 0 };

    buf_init(&in, 4096);
    buf_put_u16(&in, 2);
    buf_put_text(&in, "council");
    buf_put_u8(&in, 1);
    buf_put_u8(&in, 2);
    buf_put_text(&in, silent);
    buf_put_u8(&in, 0);
    buf_put_u8(&in, 0);
    buf_put_u8(&in, 2);
    put_block(b, 'A', &in);
}

static uint64_t disclosed(uint64_t about, uint8_t completeness, const char *silent)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct ledger_clear c = clear_of(EVENT_DISCLOSED, "school", DAY0 + 1);
    struct store_txn *t = writing();
    uint64_t leaf;

    c.about = about;
    c.outcome = 1;
    c.completeness = completeness;
    buf_init(&b, 4096);
    buf_put_u8(&b, 1);
    if (*silent)
        heard(&b, silent);
    ledger_append(ledger, t, &c, &(struct ledger_private){ .sealed_part = buf_view(&b) }, &leaf);
    written(t);
    return leaf;
}

static uint64_t decided(uint8_t event, bool permitted)
{
    struct ledger_clear c = clear_of(event, "school", DAY0);

    c.outcome = permitted;
    c.n_holders = 2;
    (void)snprintf(c.holders[0], sizeof(c.holders[0]), "council");
    (void)snprintf(c.holders[1], sizeof(c.holders[1]), "clinic");
    return one(c, NULL, 0, "t.finch", ALONE);
}

static void what_was_never_answered_is_told_with_who_was_silent(void **state)
{
    uint64_t whole = decided(EVENT_DECIDED, true), part = decided(EVENT_DECIDED, true),
             never = decided(EVENT_DECIDED, true), gone = decided(EVENT_DECIDED, true),
             late = decided(EVENT_DECIDED, true), composite = decided(EVENT_DECIDED, true);
    json_t *rows, *last = NULL;
    struct ledger_clear c = clear_of(EVENT_NOT_DISCLOSED, "school", DAY0 + 1);

    (void)state;
    (void)decided(EVENT_REFUSED, false);
    (void)disclosed(whole, 1, "");
    (void)disclosed(part, 2, "clinic");
    (void)snprintf(c.reason, sizeof(c.reason), "asker-gone");
    (void)one(c, NULL, 0, "t.finch", gone);
    (void)disclosed(late, 3, "clinic");
    (void)disclosed(late, 1, ""); /* the final reply, when somebody answered by hand */
    (void)disclosed(composite, 2, "");
    /* the answers are of the day after: they count all the same */
    rows = rows_of(call("\"read\":\"report\",\"report\":\"unanswered\",\"until\":\"2024-10-04\""), &last);
    assert_int_equal(json_array_size(rows), 4);
    assert_int_equal(leaf_at(rows, 0), part);
    assert_string_equal(text_at(rows, 0, "why"), "not-all-answered");
    assert_int_equal(json_array_size(json_object_get(json_array_get(rows, 0), "no_answer")), 1);
    assert_int_equal(leaf_at(rows, 1), never);
    assert_string_equal(text_at(rows, 1, "why"), "never");
    assert_int_equal(leaf_at(rows, 2), gone);
    assert_string_equal(text_at(rows, 2, "why"), "asker-gone");
    assert_int_equal(leaf_at(rows, 3), composite);
    assert_int_equal(cell(last, "clinic", "asked"), 6);
    assert_int_equal(cell(last, "clinic", "no answer"), 1);
    assert_int_equal(cell(last, "council", "no answer"), 0);
    json_decref(rows);
    json_decref(last);
    rows = read_rows("\"read\":\"report\",\"report\":\"unanswered\",\"agency\":\"school\",\"since\":\"2024-10-05\"");
    assert_int_equal(json_array_size(rows), 0); /* the questions were asked before */
    json_decref(rows);
}

/* --- what is refused --- */

static void a_query_that_says_too_much_or_too_little_is_refused(void **state)
{
    static const char *const bad[] = {
        "\"read\":\"person\"",
        "\"read\":\"person\",\"tokens\":{}",
        "\"read\":\"person\",\"tokens\":[]",
        "\"read\":\"practitioner\",\"agency\":\"school\"",
        "\"read\":\"practitioner\",\"practitioner\":\"x\"",
        "\"read\":\"practitioner\",\"agency\":\"school\",\"practitioner\":\"\"",
        "\"read\":\"report\"",
        "\"read\":\"report\",\"report\":\"everything\"",
        "\"read\":\"report\",\"report\":\"refusals\",\"each\":5",
        "\"read\":\"report\",\"report\":\"refusals\",\"opened\":true",
        "\"read\":\"report\",\"report\":\"unanswered\",\"opened\":true",
        "\"read\":\"report\",\"report\":\"sample\",\"each\":0",
        "\"read\":\"report\",\"report\":\"sample\",\"each\":51",
        "\"read\":\"report\",\"report\":\"sample\",\"tokens\":{}",
        "\"read\":\"report\",\"report\":\"refusals\",\"since\":\"2024-10-05\",\"until\":\"2024-10-04\"",
        "\"read\":\"report\",\"report\":\"refusals\",\"opened\":1",
        "\"read\":\"tail\",\"opened\":true",
        "\"read\":\"tail\",\"rule\":\"A B\"",
    };
    static const char *const of_person[] = {
        ",\"shield_agreed\":\"police\"",
        ",\"opened\":true,\"shield_agreed\":\"\"",
        ",\"opened\":true,\"shield_agreed\":\"The Police\"",
        ",\"family\":{\"safe_contact\":\"x\",\"redactions\":[]}",
        ",\"opened\":true,\"family\":{}",
        ",\"opened\":true,\"family\":{\"safe_contact\":\"\",\"redactions\":[]}",
        ",\"opened\":true,\"family\":{\"safe_contact\":\"x\",\"redactions\":[{\"leaf\":1,\"cause\":\"shame\",\"text\":\"x\"}]}",
        ",\"opened\":true,\"family\":{\"safe_contact\":\"x\",\"redactions\":[{\"leaf\":1,\"cause\":\"third-party\"}]}",
        ",\"opened\":true,\"family\":{\"safe_contact\":\"x\",\"redactions\":[{\"leaf\":1,\"cause\":\"third-party\",\"text\":\"x\"},{\"leaf\":1,\"cause\":\"third-party\",\"text\":\"y\"}]}",
        ",\"opened\":true,\"family\":{\"safe_contact\":\"x\",\"redactions\":[],\"more\":1}",
        ",\"agency\":\"school\"",
    };
    struct token t = token_of(TOKEN_NHS, 1, 0x91), home = token_of(TOKEN_HOME, 1, 0x92);

    (void)state;
    asked[0] = '\0';
    for (size_t i = 0; i < ALM_LEN(bad); i++)
        refuses(bad[i], "bad-query");
    for (size_t i = 0; i < ALM_LEN(of_person); i++)
        refuses(person(&t, 1, false, of_person[i]), "bad-query");
    refuses(person(&home, 1, false, ",\"opened\":true"), "bad-query");
    assert_string_equal(asked, ""); /* none of them came to be a reading */
    refuses("\"read\":\"report\",\"report\":\"refusals\",\"agency\":\"nowhere\"", "no-such-agency");
}

static void a_sealed_part_that_is_none_opens_nothing(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    json_t *list = json_array(), *o;

    (void)state;
    assert_null(sealed_json(bytes_of(NULL, 0), SEALED_ALL, false));
    assert_null(sealed_json(bytes_of("\x02", 1), SEALED_ALL, false));
    assert_null(sealed_json(bytes_of("\x01P\xff\xff\xff\xff", 6), SEALED_ALL, false));
    assert_null(sealed_json(bytes_of("\x01P\0\0\0\2\0\0", 8), SEALED_ALL, false));
    buf_init(&b, 4096);
    buf_put_u8(&b, 1);
    put_asker(&b, "t.finch");
    heard(&b, "clinic");
    buf_put_u8(&b, 'z'); /* of a newer writer */
    buf_put_u32(&b, 1);
    buf_put_u8(&b, 9);
    o = sealed_json(buf_view(&b), SEALED_ALL, false);
    assert_string_equal(json_string_value(json_object_get(o, "told")), "no");
    json_decref(o);
    o = sealed_json(buf_view(&b), SEALED_ASKER, false);
    assert_int_equal(json_object_size(o), 2);
    json_decref(o);
    assert_int_equal(sealed_silent(buf_view(&b), list), 0);
    assert_int_equal(json_array_size(list), 1);
    json_decref(list);
    for (size_t cut = 1; cut < b.len; cut++) { /* however short it is cut, it is read to its end or not at all */
        o = sealed_json(bytes_of(b.data, cut), SEALED_ALL, false);
        json_decref(o);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, up, down)
    const struct CMUnitTest tests[] = {
        T(a_person_is_found_by_each_token_with_what_belongs_to_it),
        T(a_person_is_found_under_an_earlier_key_and_by_no_weak_token),
        T(a_forgotten_leaf_is_found_by_nobody),
        T(what_is_opened_holds_no_token_and_goes_under_the_seal_of_the_reading),
        T(a_reading_about_a_practitioner_names_them_under_seal_alone),
        T(a_slow_officer_of_a_hundred_thousand_rows_keeps_nobody_and_sees_no_later_leaf),
        T(an_officer_who_is_suspended_meanwhile_reads_no_further),
        T(who_waits_long_is_told_how_far_it_is),
        T(days_are_found_by_bisection_whatever_their_length),
        T(out_of_hours_is_by_local_clocks),
        T(a_sample_is_drawn_by_lot_from_what_was_permitted),
        T(what_was_never_answered_is_told_with_who_was_silent),
        T(a_query_that_says_too_much_or_too_little_is_refused),
        cmocka_unit_test(a_sealed_part_that_is_none_opens_nothing),
    };

    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
