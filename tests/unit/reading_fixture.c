/* SPDX-License-Identifier: Apache-2.0 */
/* reading_fixture.c - see reading_fixture.h. */
#include "reading_fixture.h"
#include "base/clock.h"
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


struct store *store;
struct ledger *ledger;
struct local_server *server;
struct reader reader;
char asked[65536];
bool core_waits;
static struct secret alice, store_key;
static int core = -1;

/* --- leaves --- */

struct token token_of(uint8_t kind, uint16_t epoch, uint8_t seed)
{
    struct token t = { .kind = kind, .scheme = TOKEN_HMAC, .epoch = epoch };

    memset(t.value, seed, sizeof(t.value));
    return t;
}

struct store_txn *writing(void)
{
    struct store_txn *t = NULL;

    assert_int_equal(store_begin(store, true, &t), 0);
    return t;
}

void written(struct store_txn *t)
{
    int rc;

    ledger_flush(ledger, t);
    rc = store_commit(t);
    ledger_settle(ledger, rc);
    assert_int_equal(rc, 0);
}

struct ledger_clear clear_of(uint8_t event, const char *agency, int32_t day)
{
    struct ledger_clear c = { .event = event,
                              .at_ms = (int64_t)day * 86400000 + 12 * 3600000,
                              .civil_day = day,
                              .mode = 2,
                              .about = UINT64_MAX };

    (void)snprintf(c.agency, sizeof(c.agency), "%s", agency);
    return c;
}

void put_block(struct buf *b, char tag, const struct buf *inner)
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

void put_asker(struct buf *b, const char *ref)
{
    ALM_CLEANUP(buf_deinit) struct buf in = { 0 };

    buf_init(&in, 4096);
    buf_put_text(&in, ref);
    buf_put_u8(&in, 1);
    put_block(b, 'P', &in);
}

/* A leaf with tokens (or none), asked by a practitioner of its agency, about an earlier one (or none). */
uint64_t leaf_put(struct store_txn *t, struct ledger_clear c, const struct token *tokens,
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

void filler(unsigned n, int32_t day)
{
    struct store_txn *t = writing();

    for (unsigned i = 0; i < n; i++)
        (void)leaf_put(t, clear_of(EVENT_CONSENT_LODGED, "filler", day), NOBODY, "f", ALONE);
    written(t);
}

uint64_t one(struct ledger_clear c, const struct token *tokens, size_t n, const char *ref,
             uint64_t about)
{
    struct store_txn *t = writing();
    uint64_t leaf = leaf_put(t, c, tokens, n, false, ref, about);

    written(t);
    return leaf;
}

void put_officer(uint8_t standing)
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

int up(void **state)
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

int down(void **state)
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

void turn(void)
{
    struct pollfd fds[READER_CLIENTS + 1];
    size_t n = local_server_poll_fds(server, fds, ALM_LEN(fds));

    (void)poll(fds, (nfds_t)n, 0);
    local_server_step(server, fds, n, clock_mono_ms(), reader_on_request, &reader);
    core_turn();
    reader_on_core(&reader, clock_mono_ms());
    (void)reader_turn(&reader, clock_mono_ms());
}

struct local_call *call(const char *fields)
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

json_t *next_reply(struct local_call *c, int *more)
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
json_t *rows_of(struct local_call *c, json_t **last)
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

json_t *read_rows(const char *fields)
{
    return rows_of(call(fields), NULL);
}

void refuses(const char *fields, const char *word)
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

json_int_t leaf_at(const json_t *rows, size_t i)
{
    return json_integer_value(json_object_get(json_array_get(rows, i), "leaf"));
}

const char *text_at(const json_t *rows, size_t i, const char *key)
{
    return json_string_value(json_object_get(json_array_get(rows, i), key));
}

/* A query of a person by these tokens, with more fields. */
const char *person(const struct token *tokens, size_t n, bool unborn, const char *more)
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
