/* SPDX-License-Identifier: Apache-2.0 */
/* witness_town.h - the town with two witnesses: the school's and the clinic's adapters judge with the
 * adapters' own code and state files, the test is the signer with the signer's own judgement, and holds
 * the clock. For test_core_witness*.c. */
#pragma once
#include "core_town.h"

#include "core_town_policy.h"
#include "engine/layout.h"
#include "lib/witness.h"
#include "local/local.h"
#include "signer/head.h"
#include "tree/tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ORIGIN  "town.example/almoner"
#define HOUR_MS 3600000

static struct policy_witnesses named; /* by the next policy */
static struct note_key log_key;
static struct witness *witness[TOWN_N];
static char states[TOWN_N][96];
static bool away[TOWN_N], mute[TOWN_N];
static unsigned n_cosign[TOWN_N]; /* Cosigns with a head that it heard */
static unsigned n_asked[TOWN_N];  /* and without one */
/* Whatever an agency is to say in the place of what it would. */
static void (*lie)(struct town *t, enum town_agency a, struct msg_cosignature *reply);

static struct head last; /* what the signer signed */
static bool signer_gated, signer_stopped;
static unsigned n_told, signer_needed, signer_answered; /* by 'A' */
static enum held_verdict met; /* the worst of it */

static inline void name_witnesses(struct layout *l)
{
    l->witnesses = named;
}

static inline void open_witness(struct town *t, enum town_agency a)
{
    const struct witness_setup setup = { town_names[a], states[a], &log_key, &t->keys[a] };

    witness[a] = witness_close(witness[a]);
    (void)snprintf(states[a], sizeof(states[a]), "%s/%s.head", t->dir, town_names[a]);
    assert_int_equal(witness_open(&setup, &witness[a]), 0);
}

static inline int setup_with(void **state, uint8_t need)
{
    uint8_t public_key[SIGN_PUBLIC_LEN];
    struct town *t;

    named = (struct policy_witnesses){ .n = 2, .agencies = { TOWN_CLINIC, TOWN_SCHOOL }, .need = need,
                                       .outage_hours = 4, .every_s = 60 };
    memset(&last, 0, sizeof(last));
    memset(away, 0, sizeof(away));
    memset(mute, 0, sizeof(mute));
    memset(n_cosign, 0, sizeof(n_cosign));
    memset(n_asked, 0, sizeof(n_asked));
    lie = NULL;
    met = HELD_KNOWN;
    signer_gated = signer_stopped = false;
    n_told = signer_needed = signer_answered = 0;
    town_policy_more = name_witnesses;
    assert_int_equal(town_setup(state), 0);
    t = *state;
    assert_int_equal(sign_public(&t->audit, public_key), 0);
    assert_int_equal(note_key_init(&log_key, ORIGIN, public_key), 0);
    open_witness(t, TOWN_CLINIC);
    open_witness(t, TOWN_SCHOOL);
    return 0;
}

static inline int setup(void **state)
{
    return setup_with(state, 1);
}

static inline int setup_two(void **state)
{
    return setup_with(state, 2);
}

static inline int teardown(void **state)
{
    for (int a = 0; a < TOWN_N; a++)
        witness[a] = witness_close(witness[a]);
    return town_teardown(state);
}

/* --- the signer --- */

static inline void say(struct town *t, struct buf *b)
{
    assert_int_equal(buf_status(b), 0);
    assert_int_equal(send(t->signer, b->data, b->len, 0), (ssize_t)b->len);
    buf_deinit(b);
}

static inline void signer_wants(struct town *t, bool wanted, bool first)
{
    struct buf b = { 0 };

    buf_init(&b, 16);
    buf_put_u8(&b, 'W');
    buf_put_u64(&b, last.any ? last.size : 0);
    buf_put_u8(&b, wanted);
    buf_put_u8(&b, first);
    say(t, &b);
}

static inline void note_of(struct town *t, uint64_t size, const uint8_t root[static SHA256_LEN],
                    struct buf *note)
{
    struct checkpoint head = { .size = size };

    (void)snprintf(head.origin, sizeof(head.origin), ORIGIN);
    memcpy(head.root, root, SHA256_LEN);
    buf_init(note, NOTE_MAX);
    assert_int_equal(checkpoint_sign(&head, &log_key, &t->audit, note), 0);
}

static inline void signer_sign(struct town *t, const struct head_ask *ask)
{
    struct buf b = { 0 }, note = { 0 };

    note_of(t, ask->size, ask->root, &note);
    last = (struct head){ .any = true, .size = ask->size };
    memcpy(last.root, ask->root, SHA256_LEN);
    buf_init(&b, NOTE_MAX + 64);
    buf_put_u8(&b, 'N');
    buf_put_u64(&b, ask->size);
    buf_put(&b, ask->root, SHA256_LEN);
    buf_put_u16(&b, (uint16_t)note.len);
    buf_put(&b, note.data, note.len);
    buf_deinit(&note);
    say(t, &b);
}

static inline void signer_hear_ask(struct town *t, struct cursor *c)
{
    struct head_ask ask = { .size = cursor_u64(c) };
    struct bytes hashes;
    struct buf b = { 0 };

    memcpy(ask.root, cursor_take(c, SHA256_LEN).data, SHA256_LEN);
    ask.from = cursor_u64(c);
    ask.proof.n = cursor_u16(c);
    hashes = cursor_take(c, ask.proof.n * SHA256_LEN);
    assert_int_equal(cursor_end(c), 0);
    if (hashes.len)
        memcpy(ask.proof.hashes, hashes.data, hashes.len);
    buf_init(&b, 64);
    switch (signer_gated ? HEAD_SAME : head_judge(&last, &ask)) {
    case HEAD_FOLLOWS:
    case HEAD_SAME:
        if (!signer_gated)
            signer_sign(t, &ask);
        buf_deinit(&b);
        return;
    case HEAD_UNPROVED:
        buf_put_u8(&b, 'P');
        buf_put_u64(&b, last.size);
        break;
    case HEAD_DISAGREES:
    case HEAD_SHRINKS:
    case HEAD_BREAKS:
        signer_stopped = true;
        buf_put_u8(&b, 'X');
        buf_put_u16(&b, 0);
        break;
    }
    say(t, &b);
}

static inline void signer_hear_witness(struct town *t, struct cursor *c)
{
    struct tree_proof proof = { .n = 0 };
    struct head held = { .any = true };
    struct checkpoint head;
    struct bytes hashes, note;
    enum held_verdict now;
    uint64_t at;

    signer_answered = cursor_u16(c);
    signer_needed = cursor_u16(c);
    at = cursor_u64(c);
    proof.n = cursor_u16(c);
    hashes = cursor_take(c, proof.n * SHA256_LEN);
    note = cursor_take(c, cursor_u16(c));
    assert_int_equal(cursor_end(c), 0);
    if (hashes.len)
        memcpy(proof.hashes, hashes.data, hashes.len);
    if (at != (last.any ? last.size : 0)) { /* of another head than ours */
        signer_wants(t, signer_gated, false);
        return;
    }
    n_told++;
    if (note.len) {
        assert_int_equal(checkpoint_open(note, &log_key, ORIGIN, &head), 0);
        held.size = head.size;
        memcpy(held.root, head.root, SHA256_LEN);
        now = head_meet(&last, &held, &proof);
        met = now > met ? now : met;
        if (now == HELD_AHEAD)
            last = held;
    }
    signer_gated = signer_gated && signer_answered < signer_needed;
    signer_wants(t, signer_gated, false);
}

static inline bool signer_plays(struct town *t)
{
    static uint8_t datagram[16384];
    bool any = false;
    ssize_t n;

    while ((n = recv(t->signer, datagram, sizeof(datagram), MSG_DONTWAIT)) > 0) {
        struct cursor c = cursor_of(bytes_of(datagram, (size_t)n));
        uint8_t what = cursor_u8(&c);

        any = true;
        if (what == 'H')
            signer_hear_ask(t, &c);
        else if (what == 'A')
            signer_hear_witness(t, &c);
        else
            fail_msg("the core told the signer %c", what);
    }
    return any;
}

/* --- the witnesses --- */

static inline void witness_answers(struct town *t, enum town_agency a, const struct msg *m)
{
    struct msg_cosignature reply = { .status = COSIGN_REFUSED };
    struct id asked = m->id;
    struct msg *out;

    if (m->cosign.note.len)
        n_cosign[a]++;
    else
        n_asked[a]++;
    if (mute[a] || away[a])
        return;
    if (witness[a])
        witness_take(witness[a], &m->cosign, town_wall / 1000, &reply);
    if (lie)
        lie(t, a, &reply);
    out = town_msg(t, MSG_COSIGNATURE);
    out->in_reply_to = asked;
    out->cosignature = reply;
    town_say(t, a, out);
}

static inline bool witnesses_play(struct town *t)
{
    static struct msg m;
    bool any = false;

    for (size_t i = 0; i < t->n_heard; i++) {
        const struct town_frame *f = &t->heard[i];
        struct wire_envelope e;

        assert_int_equal(wire_open(bytes_of(f->octets, f->len), &e), WIRE_OK);
        assert_int_equal(wire_decode(e.body, &m), WIRE_OK);
        if (m.type != MSG_COSIGN)
            continue;
        any = true;
        witness_answers(t, f->to, &m);
    }
    town_forget(t);
    return any;
}

/* Time passes, in steps that no lease is missed in; everybody who is not away is heard of. */
static inline void pass(struct town *t, int64_t ms)
{
    int64_t until = town_mono + ms;

    do {
        int64_t step = until - town_mono > 3000 ? 3000 : until - town_mono;

        town_mono += step;
        town_wall += step;
        for (int a = 0; a < TOWN_N; a++) {
            if (!away[a])
                town_say(t, (enum town_agency)a, town_lease(t));
        }
        for (int i = 0; i < 8; i++) {
            bool any;

            town_turn(t);
            any = witnesses_play(t);
            any = signer_plays(t) || any;
            if (!any && i)
                break;
        }
    } while (town_mono < until);
}

/* The newest head is signed, and by every witness that is there. */
static inline void settle(struct town *t)
{
    pass(t, 3000);
    pass(t, 61000);
}

/* A long time, of which only the end matters: nobody speaks until then. */
static inline void leap(struct town *t, int64_t ms)
{
    town_mono += ms;
    town_wall += ms;
    pass(t, 0);
}

static inline void log_something(struct town *t)
{
    town_say(t, TOWN_COUNCIL, town_withdraw(t, "early-help", TOWN_TESS));
    town_turn(t);
}

static inline bool shares(struct town *t)
{
    bool told;

    town_forget(t);
    for (int a = 0; a < TOWN_N; a++)
        town_say(t, (enum town_agency)a, town_lease(t));
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "truancy", TOWN_TESS));
    town_turn(t);
    told = town_heard(t, TOWN_SCHOOL, MSG_QUESTION) == 1;
    town_forget(t);
    return told;
}

/* The witnesses whose lines stand under the newest head that enough have signed; its size. */
static inline unsigned witnessed(struct town *t, uint64_t *size)
{
    ALM_CLEANUP(store_abortp) struct store_txn *txn = NULL;
    ALM_CLEANUP(buf_deinit) struct buf note = { 0 };
    static const enum town_agency all[] = { TOWN_CLINIC, TOWN_SCHOOL };
    unsigned n = 0;

    buf_init(&note, NOTE_MAX);
    assert_int_equal(store_begin(t->core->store, false, &txn), 0);
    *size = 0;
    if (heads_witnessed(txn, size, &note))
        return 0;
    for (size_t i = 0; i < ALM_LEN(all); i++) {
        uint8_t public_key[SIGN_PUBLIC_LEN];
        struct checkpoint head;
        struct note_key key;

        assert_int_equal(sign_public(&t->keys[all[i]], public_key), 0);
        assert_int_equal(cosign_key_init(&key, town_names[all[i]], public_key), 0);
        assert_int_equal(checkpoint_open(buf_view(&note), &log_key, ORIGIN, &head), 0);
        assert_int_equal(head.size, *size);
        n += cosign_find(buf_view(&note), &key, NULL) == 0;
    }
    return n;
}

static inline uint64_t held(enum town_agency a)
{
    struct witness_about about;

    witness_about(witness[a], &about);
    return about.held.any ? about.held.head.size : 0;
}

static inline json_t *control(struct town *t, const char *op)
{
    ALM_CLEANUP(local_call_closep) struct local_call *call = NULL;
    json_t *request = json_pack("{s:s}", "op", op), *reply = NULL;
    char path[96];

    (void)snprintf(path, sizeof(path), "%s/control.sock", t->dir);
    assert_int_equal(local_call_open(path, request, &call), 0);
    town_turn(t);
    assert_true(local_call_next(call, 1000, &reply) >= 0);
    json_decref(request);
    return reply;
}

static inline bool stopped_by(struct town *t, const char *word)
{
    json_t *o = control(t, "status");
    const char *by = json_string_value(json_object_get(o, "stopped_by"));
    bool same = word ? by && !strcmp(by, word) : !by;

    assert_int_equal(json_is_true(json_object_get(o, "sharing")), !by);
    json_decref(o);
    return same;
}
