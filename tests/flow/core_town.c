/* SPDX-License-Identifier: Apache-2.0 */
/* core_town.c - see core_town.h. */
#include "core_town.h"

#include "cert/cert.h"
#include "core_town_kept.h"
#include "core_town_policy.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const char *const town_names[TOWN_MOST] = {
    "charity", "clinic",  "council", "court",   "police",  "school",  "school-nursery", "ward-01",
    "ward-02", "ward-03", "ward-04", "ward-05", "ward-06", "ward-07", "ward-08",        "ward-09",
    "ward-10", "ward-11", "ward-12", "ward-13", "ward-14", "ward-15", "ward-16",        "ward-17",
    "ward-18", "ward-19", "ward-20", "ward-21", "ward-22", "ward-23", "ward-24",
};
int64_t town_wall, town_mono;
uint8_t town_mode = MODE_EXERCISE;
struct core_limits town_limits;
const char *town_suspend;
unsigned town_hubs;
unsigned town_wards;

int town_all(void)
{
    return TOWN_N + (int)town_wards;
}

static int64_t town_wall_ms(void)
{
    return town_wall;
}
static int64_t town_mono_ms(void)
{
    return town_mono;
}

/* --- setting up --- */

static int town_pair(int *far_end)
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
    *far_end = fds[1];
    return fds[0];
}

static void town_settings(struct town *t, struct core_settings *s)
{
    uint8_t key[32];

    town_store_key(key);
    core_settings_init(s);
    s->wire.mode = town_mode;
    (void)snprintf(s->wire.origin, sizeof(s->wire.origin), "town.example/almoner");
    (void)snprintf(s->store_path, sizeof(s->store_path), "%s/store", t->dir);
    (void)snprintf(s->control_path, sizeof(s->control_path), "%s/control.sock", t->dir);
    memcpy(s->store_key.octets, key, sizeof(key));
    assert_int_equal(sign_public(&t->audit, s->audit_public), 0);
    s->map_bytes = (uint64_t)64 << 20;
    s->n_gates = 2;
    s->gates = calloc(2, sizeof(*s->gates));
    assert_non_null(s->gates);
    (void)snprintf(s->gates[0], sizeof(s->gates[0]), "*");
    (void)snprintf(s->gates[1], sizeof(s->gates[1]), "school");
    if (town_suspend) {
        s->n_suspend = 1;
        s->suspend = calloc(1, sizeof(*s->suspend));
        assert_non_null(s->suspend);
        (void)snprintf(s->suspend[0], sizeof(s->suspend[0]), "%s", town_suspend);
        town_suspend = NULL;
    }
    if (town_limits.messages_per_s)
        s->limits = town_limits;
}

static void town_open(struct town *t)
{
    struct core_settings s;
    const struct core_clock clock = { town_wall_ms, town_mono_ms };
    int gates[2], far_ends[2];
    struct core_ends ends = { .gates = gates };

    town_settings(t, &s);
    ends.supervisor = town_pair(&t->supervisor);
    ends.signer = town_pair(&t->signer);
    ends.reader = town_pair(&t->reader);
    for (int i = 0; i < 2; i++) {
        gates[i] = town_pair(&far_ends[i]);
        assert_int_equal(pair_open(far_ends[i], (size_t)64 << 20, &t->gates[i]), 0);
    }
    assert_int_equal(core_open(&s, &ends, &clock, &t->core), 0);
}

static void town_shut(struct town *t)
{
    int supervisor = t->core->supervisor;

    t->core = core_close(t->core);
    close(supervisor);
    close(t->supervisor);
    close(t->signer);
    close(t->reader);
    for (int i = 0; i < 2; i++)
        t->gates[i] = pair_close(t->gates[i]);
}

void (*town_between)(struct town *t);

void town_reopen(struct town *t)
{
    town_shut(t);
    if (town_between)
        town_between(t);
    town_between = NULL;
    town_open(t);
}

static void town_officers(struct town *t)
{
    const int none[] = { -1 }, two[] = { 0, 1, -1 };
    const char *const names[] = { "alice", "bob", "carol" };

    for (int i = 0; i < 3; i++) {
        uint8_t key[32];
        char text[64];

        assert_int_equal(sign_keypair(&t->officers[i], key), 0);
        assert_true(base64_encode(key, 32, text, sizeof(text)) > 0);
        assert_string_equal(town_change(t, "officer-add",
                                        json_pack("{s:s,s:s}", "officer", names[i], "public", text),
                                        i < 2 ? none : two),
                            "ok");
    }
}

static void town_enrol(struct town *t, enum town_agency a)
{
    const int one[] = { 0, -1 };
    uint8_t key[32], curve[32] = { 0 };
    char sign_text[64], curve_text[CERT_KEY_TEXT];

    assert_int_equal(sign_keypair(&t->keys[a], key), 0);
    curve[0] = (uint8_t)(a + 1);
    cert_key_encode(curve, curve_text);
    assert_true(base64_encode(key, 32, sign_text, sizeof(sign_text)) > 0);
    assert_string_equal(town_change(t, "agency-add",
                                    json_pack("{s:s,s:s,s:s}", "agency", town_names[a], "curve",
                                              curve_text, "sign", sign_text),
                                    one),
                        "ok");
}

void town_activate(struct town *t)
{
    const int two[] = { 0, 1, -1 };
    ALM_CLEANUP(buf_deinit) struct buf compiled = { 0 };
    uint8_t hash[32];
    char hex[65], *text;
    json_t *fields;

    buf_init(&compiled, 1 << 20);
    town_policy(&compiled);
    assert_int_equal(buf_status(&compiled), 0);
    assert_int_equal(crypto_sha256(buf_view(&compiled), hash), 0);
    hex_encode(hash, sizeof(hash), hex);
    text = malloc(compiled.len * 2 + 16);
    assert_true(base64_encode(compiled.data, compiled.len, text, compiled.len * 2 + 16) > 0);
    fields = json_pack("{s:s,s:s}", "bundle", text, "hash", hex);
    if (t->core->policy[0]) {
        json_object_set_new(fields, "from", json_string(t->core->policy));
        json_object_set_new(fields, "acknowledged", json_array());
    }
    assert_string_equal(town_change(t, "policy-activate", fields, two), "ok");
    free(text);
}

int town_setup(void **state)
{
    struct town *t = calloc(1, sizeof(*t));
    uint8_t key[32];

    assert_non_null(t);
    t->heard = calloc(TOWN_HEARD_MAX, sizeof(*t->heard));
    assert_non_null(t->heard);
    town_wall = (int64_t)TOWN_DAY * 86400000 + 43200000;
    town_mono = 1000000;
    assert_int_equal(crypto_init(), 0);
    log_init("test", LOG_ERROR + 1);
    assert_int_equal(sign_keypair(&t->audit, key), 0);
    (void)snprintf(t->dir, sizeof(t->dir), "/tmp/alm-core-XXXXXX");
    assert_non_null(mkdtemp(t->dir));
    town_listen(t);
    town_open(t);
    town_officers(t);
    for (int a = 0; a < town_all(); a++)
        town_enrol(t, (enum town_agency)a);
    town_activate(t);
    if (town_mode == MODE_EXERCISE)
        town_day(t, TOWN_DAY);
    for (int a = 0; a < town_all(); a++)
        town_hello(t, (enum town_agency)a);
    town_turn(t);
    town_forget(t);
    *state = t;
    return 0;
}

static int town_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

int town_teardown(void **state)
{
    struct town *t = *state;

    memset(&town_limits, 0, sizeof(town_limits));
    town_hubs = 0;
    town_wards = 0;
    town_policy_more = NULL;
    town_shut(t);
    town_mode = MODE_EXERCISE;
    if (!town_keep(t))
        (void)nftw(t->dir, town_remove, 8, FTW_DEPTH | FTW_PHYS);
    free(t->heard);
    free(t);
    return 0;
}

/* --- talking --- */

static enum town_agency town_agency_of(const char *name)
{
    for (int a = 0; a < town_all(); a++) {
        if (!strcmp(town_names[a], name))
            return (enum town_agency)a;
    }
    fail_msg("the core wrote to %s", name);
    return TOWN_MOST;
}

static void town_hear(struct town *t, unsigned gate)
{
    const struct pair_msg *m = NULL;
    int n;

    while ((n = pair_recv(t->gates[gate], &m)) > 0) {
        for (int i = 0; i < n; i++) {
            struct town_frame *f = &t->heard[t->n_heard];

            if (m[i].type == PAIR_ALLOW)
                t->allowed[gate] = m[i].n_peers;
            if (m[i].type != PAIR_OUT)
                continue;
            assert_true(t->n_heard < TOWN_HEARD_MAX);
            f->to = town_agency_of(m[i].agency);
            f->ref = m[i].ref;
            f->len = m[i].frame.len;
            memcpy(f->octets, m[i].frame.data, f->len);
            t->n_heard++;
        }
    }
    assert_int_equal(n, 0);
}

void town_turn(struct town *t)
{
    for (int i = 0; i < 4; i++)
        assert_true(core_turn(t->core, 0) >= 0);
    town_hear(t, 0);
    town_hear(t, 1);
}

void town_forget(struct town *t)
{
    t->n_heard = 0;
}

void town_say_frame(struct town *t, unsigned gate, enum town_agency from, struct bytes frame)
{
    struct pair_msg m = { .type = PAIR_IN, .frame = frame };

    (void)snprintf(m.agency, sizeof(m.agency), "%s", town_names[from]);
    assert_int_equal(pair_put(t->gates[gate], &m), 0);
    while (pair_flush(t->gates[gate]) == 1) /* more than the socket holds */
        assert_true(core_turn(t->core, 0) >= 0);
}

struct bytes town_sign(struct town *t, const struct msg *m, const struct secret *key)
{
    static struct buf frame;

    buf_deinit(&frame);
    buf_init(&frame, WIRE_FRAME_MAX);
    assert_int_equal(wire_encode(m, &t->core->set.wire, key, &frame), 0);
    return buf_view(&frame);
}

void town_say(struct town *t, enum town_agency from, struct msg *m)
{
    (void)snprintf(m->sender, sizeof(m->sender), "%s", town_names[from]);
    if (!m->sent_ms)
        m->sent_ms = town_wall;
    if (id_is_zero(&m->id))
        assert_int_equal(id_new(town_wall, &m->id), 0);
    town_say_frame(t, from == TOWN_SCHOOL || from == TOWN_NURSERY, from,
                   town_sign(t, m, &t->keys[from]));
}

static void town_decode(const struct town_frame *f, struct msg *out)
{
    struct wire_envelope e;

    assert_int_equal(wire_open(bytes_of(f->octets, f->len), &e), WIRE_OK);
    assert_int_equal(wire_decode(e.body, out), WIRE_OK);
}

static uint8_t town_type(const struct town_frame *f)
{
    struct wire_envelope e;
    uint8_t type;

    assert_int_equal(wire_open(bytes_of(f->octets, f->len), &e), WIRE_OK);
    assert_int_equal(wire_peek(e.body, &type), WIRE_OK);
    return type;
}

const struct town_frame *town_frame_of(struct town *t, enum town_agency who, uint8_t type)
{
    const struct town_frame *found = NULL;

    for (size_t i = 0; i < t->n_heard; i++) {
        if (t->heard[i].to == who && town_type(&t->heard[i]) == type)
            found = &t->heard[i];
    }
    return found;
}

size_t town_heard(struct town *t, enum town_agency who, uint8_t type)
{
    const struct town_frame *last = town_frame_of(t, who, type);
    size_t n = 0;

    for (size_t i = 0; i < t->n_heard; i++)
        n += t->heard[i].to == who && town_type(&t->heard[i]) == type;
    if (last)
        town_decode(last, &t->msg);
    return n;
}

const char *town_refusal(struct town *t, enum town_agency who)
{
    return town_heard(t, who, MSG_REFUSAL) ? t->msg.refusal.reason : "";
}

/* --- officers --- */

json_t *town_change_text(const char *kind, json_t *fields)
{
    char at[25], nonce[ID_TEXT];
    struct id id;

    clock_format_utc(town_wall, at);
    assert_int_equal(id_new(town_wall, &id), 0);
    id_format(&id, nonce);
    json_object_set_new(fields, "change", json_string(kind));
    json_object_set_new(fields, "at", json_string(at));
    json_object_set_new(fields, "nonce", json_string(nonce));
    return fields;
}

static json_t *town_signatures(struct town *t, const char *text, const int *officers)
{
    static const char *const names[] = { "alice", "bob", "carol" };
    const char *origin = t->core->set.wire.origin;
    json_t *list = json_array();

    for (; *officers >= 0; officers++) {
        ALM_CLEANUP(buf_deinit) struct buf signed_bytes = { 0 };
        uint8_t sig[SIGN_LEN];
        char sig_text[128];

        buf_init(&signed_bytes, 8u << 20);
        buf_put(&signed_bytes, "almoner/change/v1", 18);
        buf_put_u8(&signed_bytes, town_mode);
        buf_put_u8(&signed_bytes, (uint8_t)strlen(origin));
        buf_put(&signed_bytes, origin, strlen(origin));
        buf_put(&signed_bytes, text, strlen(text));
        assert_int_equal(sign_make(&t->officers[*officers % 10], buf_view(&signed_bytes), sig), 0);
        assert_true(base64_encode(sig, sizeof(sig), sig_text, sizeof(sig_text)) > 0);
        json_array_append_new(
            list, json_pack("{s:s,s:s}", "officer", names[*officers % 10], "sig", sig_text));
    }
    return list;
}

const char *town_submit(struct town *t, json_t *change, const int *officers)
{
    static char word[64];
    ALM_CLEANUP(local_call_closep) struct local_call *call = NULL;
    char path[96], *text = json_dumps(change, JSON_COMPACT);
    json_t *request = json_pack("{s:s,s:s,s:o}", "op", "change", "change", text, "signatures",
                                town_signatures(t, text, officers));
    json_t *reply = NULL;

    (void)snprintf(path, sizeof(path), "%s/control.sock", t->dir);
    assert_int_equal(local_call_open(path, request, &call), 0);
    if (t->beside) {
        assert_true(core_turn(t->core, 0) >=
                    0); /* the connection is accepted, the request is read at the next turn */
        town_say(t, t->beside_from, t->beside);
        t->beside = NULL;
    }
    town_turn(t);
    assert_true(local_call_next(call, 1000, &reply) >= 0);
    (void)snprintf(word, sizeof(word), "%s",
                   json_is_true(json_object_get(reply, "ok"))
                       ? "ok"
                       : json_string_value(json_object_get(reply, "error")));
    json_decref(reply);
    json_decref(request);
    json_decref(change);
    free(text);
    return word;
}

const char *town_change(struct town *t, const char *kind, json_t *fields, const int *officers)
{
    return town_submit(t, town_change_text(kind, fields), officers);
}

void town_day(struct town *t, int32_t day)
{
    static const int one[] = { 0, -1 };
    char text[CIVIL_TEXT];

    civil_format(day, text);
    assert_string_equal(town_change(t, "day-set", json_pack("{s:s}", "day", text), one), "ok");
}

/* --- the store and the log --- */

size_t town_asked_kept(struct town *t, const char *prefix)
{
    ALM_CLEANUP(store_abortp) struct store_txn *txn = NULL;
    ALM_CLEANUP(buf_deinit) struct buf last = { 0 };
    int r;

    buf_init(&last, STORE_KEY_MAX);
    assert_int_equal(store_begin(t->core->store, false, &txn), 0);
    r = store_last(txn, TABLE_ASKED, bytes_str(prefix), &last);
    assert_true(r == 0 || r == -ENOENT);
    return last.len;
}

int town_fail_commits(void *ctx, enum store_step step)
{
    (void)ctx;
    return step == STORE_STEP_COMMIT ? ENOSPC : 0;
}

struct town_counting {
    uint8_t event;
    struct ledger_clear *last;
    size_t n;
    struct bytes needle;
    bool found;
};

static int town_count(void *ctx, const struct ledger_record *r)
{
    struct town_counting *k = ctx;

    if (k->needle.len &&
        (memmem(r->clear_octets.data, r->clear_octets.len, k->needle.data, k->needle.len) ||
         memmem(r->sealed_octets.data, r->sealed_octets.len, k->needle.data, k->needle.len)))
        k->found = true;
    if (r->clear.event != k->event)
        return 0;
    k->n++;
    if (k->last)
        *k->last = r->clear;
    return 0;
}

static void town_each(struct town *t, struct town_counting *k)
{
    ALM_CLEANUP(store_abortp) struct store_txn *txn = NULL;

    assert_int_equal(store_begin(t->core->store, false, &txn), 0);
    assert_int_equal(ledger_each(txn, 0, UINT64_MAX, town_count, k), 0);
}

size_t town_leaves(struct town *t, uint8_t event, struct ledger_clear *last)
{
    struct town_counting k = { .event = event, .last = last };

    town_each(t, &k);
    return k.n;
}

bool town_log_holds(struct town *t, struct bytes needle)
{
    struct town_counting k = { .needle = needle };

    town_each(t, &k);
    return k.found;
}
