/* SPDX-License-Identifier: Apache-2.0 */
/* pins.c - an answer that stands for some days: "looked up only after a fresh permit, shows its as-of,
 * is dropped by any consent, shield or correction on that subject, and never holds 'cannot say'"
 * (DESIGN.md section 4). Only where the policy turns it on, for questions that holders answer.
 *
 * A pin is one agency's: of this question for this purpose about this subject, under exactly the
 * tokens that it sent. It stands while the decision is the same: policy, rule, consent or override
 * or neither, holders, the standing of each. A refusal that hides is pinned and looked up like a permit, apart from it: an
 * unknown person's "no" is pinned, so one who is hidden must not be told by a fresh day.
 * TABLE_ASKED:
 *   'p', HMAC(who asked what of whom) 32 -> u8 version 1, u8 hidden, u8 value, u8 completeness, i32
 *        as of, i32 first day that it no longer stands, decision 32, u8 n, n x HMAC(token) 32
 *   't', HMAC(token) 32, first 16 of that HMAC -> that HMAC 32: what falls with a consent or shield
 *   'e', u32 that day, that HMAC 32 -> empty: in order, for the sweep */
#include "stages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PIN_VERSION   1
#define PIN_DOMAIN    0xfc /* first bytes blinded: no token kind has them, nor the other indexes */
#define TOKEN_DOMAIN  0xfb
#define PIN_KEY       (1 + SHA256_LEN)
#define PIN_TOKEN_KEY (1 + SHA256_LEN + 16)
#define PIN_DAY_KEY   (1 + 4 + SHA256_LEN)
#define DROP_MOST     64  /* pins found at a time; then the scan begins again */
#define SWEEP_MOST    256 /* of one batch; the rest waits for the next */

struct pin_record {
    uint8_t key[PIN_KEY];
    bool hidden;
    struct pin pin;
    int32_t until;
    uint8_t decision[SHA256_LEN];
    uint8_t n;
    uint8_t tokens[TOKEN_SET_MAX + 1][SHA256_LEN];
};

/* --- keys --- */

static int pin_token_order(const void *a, const void *b)
{
    const struct token *x = a, *y = b;

    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->scheme != y->scheme)
        return x->scheme < y->scheme ? -1 : 1;
    if (x->epoch != y->epoch)
        return x->epoch < y->epoch ? -1 : 1;
    return memcmp(x->value, y->value, TOKEN_LEN);
}

static void pin_put_token(struct buf *b, const struct token *t)
{
    buf_put_u8(b, t->kind);
    buf_put_u8(b, t->scheme);
    buf_put_u16(b, t->epoch);
    buf_put(b, t->value, TOKEN_LEN);
}

static int pin_key(struct core *c, const struct ask *ask, uint8_t key[static PIN_KEY])
{
    struct token_set sorted = ask->subject;
    struct buf *b = &c->scratch;

    if (sorted.n > TOKEN_SET_MAX)
        return -EINVAL;
    qsort(sorted.tokens, sorted.n, sizeof(sorted.tokens[0]), pin_token_order);
    buf_reset(b);
    buf_put_u8(b, PIN_DOMAIN);
    buf_put_text(b, c->agencies.slots[ask->agency].reg.id);
    buf_put_text(b, ask->purpose);
    buf_put_text(b, ask->question);
    buf_put_u8(b, ask->subject_kind);
    buf_put_u8(b, sorted.unborn);
    buf_put_u8(b, sorted.n);
    for (uint8_t i = 0; i < sorted.n; i++)
        pin_put_token(b, &sorted.tokens[i]);
    pin_put_token(b, &ask->household);
    buf_put_u8(b, ask->has_parameter);
    pin_put_token(b, &ask->parameter);
    key[0] = 'p';
    return buf_status(b) ? buf_status(b) : store_blind(c->store, buf_view(b), key + 1);
}

/* Whatever finds a person when something is forbidden, born or not: what is lodged under it drops. */
static bool pin_indexed(const struct token *t)
{
    return token_kind_strong(t->kind) || t->kind == TOKEN_NAME_DOB || t->kind == TOKEN_HOME;
}

static int pin_token(struct core *c, const struct token *t, uint8_t out[static SHA256_LEN])
{
    uint8_t octets[1 + 4 + TOKEN_LEN] = { TOKEN_DOMAIN, t->kind, t->scheme,
                                          (uint8_t)(t->epoch >> 8), (uint8_t)t->epoch };

    memcpy(octets + 5, t->value, TOKEN_LEN);
    return store_blind(c->store, bytes_of(octets, sizeof(octets)), out);
}

static void pin_token_key(const uint8_t *token, const uint8_t *key, uint8_t out[static PIN_TOKEN_KEY])
{
    out[0] = 't';
    memcpy(out + 1, token, SHA256_LEN);
    memcpy(out + 1 + SHA256_LEN, key + 1, PIN_TOKEN_KEY - 1 - SHA256_LEN);
}

static void pin_day_key(int32_t day, const uint8_t *key, uint8_t out[static PIN_DAY_KEY])
{
    uint32_t order = (uint32_t)day ^ 0x80000000u; /* days before 1970 come first */

    out[0] = 'e';
    for (int i = 0; i < 4; i++)
        out[1 + i] = (uint8_t)(order >> (24 - 8 * i));
    memcpy(out + 5, key + 1, SHA256_LEN);
}

/* --- what it rests on --- */

/* c->decision, as far as another answer might come of another. */
static int pin_decision(struct core *c, uint8_t out[static SHA256_LEN])
{
    const struct decision *d = &c->decision;
    /* a hidden refusal has no basis, but what it would have rested on may change all the same */
    uint8_t rests_on = d->overridden ? GATEWAY_OVERRIDE : d->grants ? GATEWAY_CONSENT : 0;
    struct buf *b = &c->scratch;

    buf_reset(b);
    buf_put_text(b, c->policy);
    buf_put_text(b, d->rule);
    buf_put_u8(b, rests_on);
    buf_put_u16(b, d->n_holders);
    for (uint16_t i = 0; i < d->n_holders; i++) {
        uint16_t slot = c->agencies.by_index[d->holders[i]];

        buf_put_text(b, bundle_agency_at(c->bundle, d->holders[i])->id);
        buf_put_u8(b, slot != AGENCY_NONE && agency_active(&c->agencies.slots[slot]));
    }
    return buf_status(b) ? buf_status(b) : crypto_sha256(buf_view(b), out);
}

/* How many days an answer to this may stand; 0: none. */
static uint16_t pin_days(const struct core *c, const struct ask *ask)
{
    const struct policy_question *q;

    if (!c->bundle || ask->involvement || c->facts.question == POLICY_NONE ||
        c->facts.purpose == POLICY_NONE || !bundle_purpose_at(c->bundle, c->facts.purpose)->pinning)
        return 0;
    q = bundle_question_at(c->bundle, c->facts.question);
    return q->kind == QUESTION_HOLDERS ? q->pin_days : 0;
}

/* --- records --- */

static void pin_copy(struct cursor *at, uint8_t out[static SHA256_LEN])
{
    struct bytes b = cursor_take(at, SHA256_LEN);

    if (b.len == SHA256_LEN)
        memcpy(out, b.data, SHA256_LEN);
}

static int pin_decode(struct bytes value, struct pin_record *out)
{
    struct cursor at = cursor_of(value);
    uint8_t version = cursor_u8(&at);

    out->hidden = cursor_u8(&at) != 0;
    out->pin.value = cursor_u8(&at);
    out->pin.completeness = cursor_u8(&at);
    out->pin.as_of = cursor_i32(&at);
    out->until = cursor_i32(&at);
    pin_copy(&at, out->decision);
    out->n = cursor_u8(&at);
    if (out->n > TOKEN_SET_MAX + 1)
        return -EBADMSG;
    for (uint8_t i = 0; i < out->n; i++)
        pin_copy(&at, out->tokens[i]);
    return version == PIN_VERSION && !cursor_end(&at) ? 0 : -EBADMSG;
}

/* r->key is set. Return: 0; -ENOENT; -errno. */
static int pin_get(struct core *c, struct store_txn *t, struct pin_record *r)
{
    int e;

    buf_reset(&c->scratch);
    e = store_get(t, TABLE_ASKED, bytes_of(r->key, PIN_KEY), &c->scratch);
    return e ? e : pin_decode(buf_view(&c->scratch), r);
}

static void pin_delete(struct core *c, struct store_txn *t, const struct pin_record *r)
{
    uint8_t day_key[PIN_DAY_KEY], token_key[PIN_TOKEN_KEY];

    pin_day_key(r->until, r->key, day_key);
    store_del(t, TABLE_ASKED, bytes_of(day_key, sizeof(day_key)));
    for (uint8_t i = 0; i < r->n; i++) {
        pin_token_key(r->tokens[i], r->key, token_key);
        store_del(t, TABLE_ASKED, bytes_of(token_key, sizeof(token_key)));
    }
    store_del(t, TABLE_ASKED, bytes_of(r->key, PIN_KEY));
    c->batch.wrote = true;
}

static int pin_store(struct core *c, struct store_txn *t, const struct pin_record *r)
{
    uint8_t day_key[PIN_DAY_KEY], token_key[PIN_TOKEN_KEY];
    struct buf *b = &c->scratch;

    buf_reset(b);
    buf_put_u8(b, PIN_VERSION);
    buf_put_u8(b, r->hidden);
    buf_put_u8(b, r->pin.value);
    buf_put_u8(b, r->pin.completeness);
    buf_put_i32(b, r->pin.as_of);
    buf_put_i32(b, r->until);
    buf_put(b, r->decision, SHA256_LEN);
    buf_put_u8(b, r->n);
    for (uint8_t i = 0; i < r->n; i++)
        buf_put(b, r->tokens[i], SHA256_LEN);
    if (buf_status(b))
        return buf_status(b);
    store_put(t, TABLE_ASKED, bytes_of(r->key, PIN_KEY), buf_view(b));
    pin_day_key(r->until, r->key, day_key);
    store_put(t, TABLE_ASKED, bytes_of(day_key, sizeof(day_key)), bytes_of(NULL, 0));
    for (uint8_t i = 0; i < r->n; i++) {
        pin_token_key(r->tokens[i], r->key, token_key);
        store_put(t, TABLE_ASKED, bytes_of(token_key, sizeof(token_key)),
                  bytes_of(r->key + 1, SHA256_LEN));
    }
    c->batch.wrote = true;
    return store_status(t);
}

/* --- looking up --- */

static bool pin_stands(const struct core *c, const struct pin_record *r, bool hidden,
                       const uint8_t *decision)
{
    /* before its own day the clock has gone back: when it ends is anybody's guess */
    return r->hidden == hidden && c->day >= r->pin.as_of && c->day < r->until &&
           !memcmp(r->decision, decision, SHA256_LEN) &&
           (r->pin.value == INSIGHT_YES || r->pin.value == INSIGHT_NO);
}

static bool pin_find(struct core *c, struct store_txn *t, const struct ask *ask, bool hidden,
                     struct pin *out)
{
    uint8_t decision[SHA256_LEN];
    struct pin_record r = { .n = 0 };
    int e = pin_key(c, ask, r.key);


    if (!e)
        e = pin_decision(c, decision);
    if (!e)
        e = pin_get(c, t, &r);
    if (e == -ENOENT)
        return false;
    if (e) {
        batch_fail(c, e, "pins");
        return false;
    }
    *out = r.pin;
    return pin_stands(c, &r, hidden, decision);
}

bool pins_find(struct core *c, const struct ask *ask, bool hidden, struct pin *out)
{
    struct store_txn *t;

    return pin_days(c, ask) && (t = batch_txn(c)) && pin_find(c, t, ask, hidden, out);
}

void pins_release(struct core *c, const struct ask *ask, const struct pin *pin, bool hidden,
                  uint64_t about)
{
    struct msg *m = tell_begin(c, MSG_INSIGHT, &ask->id);
    struct ledger_clear *l;
    uint64_t leaf;

    m->insight.value = pin->value;
    m->insight.completeness = pin->completeness;
    m->insight.as_of = pin->as_of;
    m->insight.review_due = c->decision.review_due;
    text_cut(m->insight.policy_rule, sizeof(m->insight.policy_rule), c->decision.rule);
    text_cut(m->insight.guidance, sizeof(m->insight.guidance), release_guidance(c));
    if (tell_send(c, ask->agency)) {
        tell_word(c, ask->agency, &ask->id, "internal");
        return;
    }
    l = record_begin(c, EVENT_DISCLOSED, ask->agency);
    record_ask(c, ask);
    record_heard(c, 0, pin->value); /* nobody was asked */
    memcpy(l->rule, c->decision.rule, sizeof(l->rule));
    l->about = about;
    l->outcome = 1;
    l->completeness = pin->completeness;
    text_cut(l->detail, sizeof(l->detail), "an answer given before, which stands");
    record_laws(c);
    if (hidden) {
        l->told = TELL_HIDDEN;
        text_cut(l->reason, sizeof(l->reason), reason_word((enum reason)c->decision.reason));
    }
    leaf = record_end(c);
    reliance_record(c, ask, leaf);
}

/* --- pinning --- */

static int pin_tokens(struct core *c, const struct ask *ask, struct pin_record *r)
{
    int e = 0;

    r->n = 0;
    for (uint8_t i = 0; i < ask->subject.n && i < TOKEN_SET_MAX && !e; i++)
        if (pin_indexed(&ask->subject.tokens[i]))
            e = pin_token(c, &ask->subject.tokens[i], r->tokens[r->n++]);
    if (!e && ask->household.kind)
        e = pin_token(c, &ask->household, r->tokens[r->n++]);
    return e;
}

static void pin_put(struct core *c, struct store_txn *t, const struct ask *ask, bool hidden,
                    uint16_t days)
{
    const struct msg_insight *said = &c->reply.insight;
    struct pin_record r = { .hidden = hidden,
                            .pin = { said->value, said->completeness, said->as_of },
                            .until = said->as_of + days };
    struct pin_record before = { .n = 0 };
    int e = pin_key(c, ask, r.key);

    memcpy(before.key, r.key, sizeof(before.key));
    if (!e)
        e = pin_get(c, t, &before);
    if (!e || e == -EBADMSG)
        pin_delete(c, t, &before);
    if (e == -ENOENT || e == -EBADMSG)
        e = 0;
    if (!e)
        e = pin_decision(c, r.decision);
    if (!e)
        e = pin_tokens(c, ask, &r);
    if (!e)
        e = pin_store(c, t, &r);
    if (e)
        batch_fail(c, e, "pins");
}

void pins_put(struct core *c, const struct ask *ask, bool hidden)
{
    uint16_t days = pin_days(c, ask);
    struct store_txn *t;

    if (days && c->reply.type == MSG_INSIGHT && c->reply.insight.value != INSIGHT_CANNOT_SAY &&
        (t = batch_txn(c)))
        pin_put(c, t, ask, hidden, days);
}

/* --- dropping --- */

struct pin_drop {
    uint8_t keys[DROP_MOST][PIN_KEY];
    size_t n;
};

static int pin_drop_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct pin_drop *d = ctx;

    (void)key;
    if (value.len != SHA256_LEN)
        return -EBADMSG;
    d->keys[d->n][0] = 'p';
    memcpy(d->keys[d->n++] + 1, value.data, SHA256_LEN);
    return d->n == DROP_MOST;
}

static int pin_drop_token(struct core *c, struct store_txn *t, const struct token *token)
{
    struct pin_drop d;
    uint8_t prefix[1 + SHA256_LEN] = { 't' };
    int e = pin_token(c, token, prefix + 1);

    do {
        d.n = 0;
        if (!e)
            e = store_scan(t, TABLE_ASKED, bytes_of(prefix, sizeof(prefix)), bytes_of(NULL, 0), true,
                           pin_drop_visit, &d);
        for (size_t i = 0; !e && i < d.n; i++) {
            struct pin_record r = { .n = 0 };
            uint8_t token_key[PIN_TOKEN_KEY];

            memcpy(r.key, d.keys[i], sizeof(r.key));
            e = pin_get(c, t, &r);
            if (!e)
                pin_delete(c, t, &r);
            pin_token_key(prefix + 1, r.key, token_key); /* also one whose pin is gone */
            store_del(t, TABLE_ASKED, bytes_of(token_key, sizeof(token_key)));
            c->batch.wrote = true;
            e = e == -ENOENT ? 0 : e;
        }
    } while (!e && d.n == DROP_MOST);
    return e;
}

void pins_drop(struct core *c, const struct token_set *subject)
{
    struct store_txn *t = batch_txn(c);
    int e = 0;

    if (!t)
        return;
    for (uint8_t i = 0; i < subject->n && i < TOKEN_SET_MAX && !e; i++)
        if (pin_indexed(&subject->tokens[i]))
            e = pin_drop_token(c, t, &subject->tokens[i]);
    if (!e)
        e = store_status(t);
    if (e) /* then nothing may be lodged either: what stands would rest on what has ended */
        batch_fail(c, e, "pins");
}

static void pin_drop_consent(struct core *c, const struct id *id)
{
    struct store_txn *t = batch_txn(c);
    int e = t ? consents_get(t, id, &c->pinned_record) : 0;

    if (!e && t)
        pins_drop(c, &c->pinned_record.consent.subject);
    else if (e && e != -ENOENT)
        batch_fail(c, e, "pins");
}

void pins_drop_lodged(struct core *c)
{
    const struct msg *m = &c->in;

    if (m->type == MSG_CONSENT)
        pins_drop(c, &m->consent.subject);
    else if (m->type == MSG_SHIELD)
        pins_drop(c, &m->shield.subject);
    else if (m->type == MSG_DISPUTE)
        pins_drop(c, &m->dispute.subject);
    else if (m->type == MSG_CONSENT_CHANGE)
        pin_drop_consent(c, &m->consent_change.consent);
    else if (m->type == MSG_WITHDRAWAL && m->withdrawal.has_consent)
        pin_drop_consent(c, &m->withdrawal.consent);
    if (m->type == MSG_WITHDRAWAL)
        pins_drop(c, &m->withdrawal.subject);
    if (m->type == MSG_CORRECTION && m->correction.household.kind)
        pins_drop(c, &(struct token_set){ .n = 1, .tokens = { m->correction.household } });
    else if (m->type == MSG_CORRECTION)
        pins_drop(c, &m->correction.subject);
}

/* --- forgetting --- */

struct pin_sweep {
    struct core *c;
    struct store_txn *t;
    unsigned n;
};

static int pin_sweep_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct pin_sweep *s = ctx;
    uint8_t day_key[PIN_DAY_KEY];
    struct pin_record r = { .n = 0 };
    uint32_t order = 0;
    int e;

    (void)value;
    if (key.len != PIN_DAY_KEY)
        return -EBADMSG;
    memcpy(day_key, key.data, sizeof(day_key)); /* the view ends when the entry is deleted */
    for (int i = 1; i <= 4; i++)
        order = order << 8 | day_key[i];
    if ((int32_t)(order ^ 0x80000000u) > s->c->day || s->n++ == SWEEP_MOST)
        return 1;
    r.key[0] = 'p';
    memcpy(r.key + 1, day_key + 5, SHA256_LEN);
    e = pin_get(s->c, s->t, &r);
    if (!e && r.until <= s->c->day)
        pin_delete(s->c, s->t, &r);
    store_del(s->t, TABLE_ASKED, bytes_of(day_key, sizeof(day_key)));
    s->c->batch.wrote = true;
    return e && e != -ENOENT ? e : store_status(s->t);
}

void pins_sweep(struct core *c)
{
    struct pin_sweep s = { .c = c };
    const uint8_t prefix = 'e';
    int r;

    if (!c->day_known || c->pins_swept == c->day || c->batch.error)
        return;
    s.t = batch_txn(c);
    if (!s.t)
        return;
    r = store_scan(s.t, TABLE_ASKED, bytes_of(&prefix, 1), bytes_of(NULL, 0), false, pin_sweep_visit,
                   &s);
    if (r < 0) /* what is over is never told again, swept or not */
        log_error("asked-not-swept", "error=%d", -r);
    if (r < 0 || s.n <= SWEEP_MOST)
        c->pins_swept = c->day;
}
