/* SPDX-License-Identifier: Apache-2.0 */
/* frames.c - see frames.h. */
#include "frames.h"

#include "base/clock.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK_REPLY 0x5a
static const struct id mark_id = { { 1, 0x90, 1, 2, 3, 4, 0x75, 6, 0x87, 8, 9, 10, 11, 12, 13, 14 } };
static const struct id mark_reply = { { 1, 0x90, 2, 2, 3, 4, 0x75, 6, 0x87, 9, 9, 10, 11, 12, 13, MARK_REPLY } };
static const struct wire_context frames_context = { .mode = MODE_LIVE, .origin = TOWN_ORIGIN };

static const char *const frame_words[FRAME_KINDS] = {
    "hello", "lease", "insight", "who-05", "who-20", "who-50", "answer", "concern", "referral", "subscribe", "ack", "ack-inbox",
};

int frame_kind_of(const char *word)
{
    for (int i = 0; i < FRAME_KINDS; i++) {
        if (!strcmp(frame_words[i], word))
            return i;
    }
    return -1;
}

static void make_asker(struct msg *m)
{
    (void)snprintf(m->practitioner.ref, sizeof(m->practitioner.ref), "p.one");
    (void)snprintf(m->practitioner.role, sizeof(m->practitioner.role), "worker");
    m->practitioner.login = LOGIN_PASSWORD;
}

static void make_relation(struct msg_relationship *r, int32_t today)
{
    r->kind = RELATION_INVOLVED;
    r->since = today - 100;
    r->until = CIVIL_NONE;
}

static void make_insight(struct msg *m, int32_t today)
{
    m->type = MSG_INSIGHT_QUERY;
    make_asker(m);
    town_purpose_name(0, m->purpose);
    town_question_name(0, m->insight_query.question);
    m->insight_query.subject_kind = SUBJECT_PERSON;
    town_person(0, &m->insight_query.subject);
    make_relation(&m->insight_query.relationship, today);
}

static void make_who(struct msg *m, const char *purpose, int32_t today)
{
    m->type = MSG_INVOLVEMENT_QUERY;
    make_asker(m);
    (void)snprintf(m->purpose, sizeof(m->purpose), "%s", purpose);
    m->involvement_query.subject_kind = SUBJECT_PERSON;
    town_person(0, &m->involvement_query.subject);
    make_relation(&m->involvement_query.relationship, today);
}

static void make_answer(struct msg *m, int32_t today)
{
    m->type = MSG_ANSWER;
    m->in_reply_to = mark_reply;
    m->answer.value = ANSWER_NO;
    m->answer.data_as_of = today;
    m->answer.since = CIVIL_NONE;
}

static void make_concern(struct msg *m, int32_t today)
{
    struct msg_concern *c = &m->concern;

    m->type = MSG_CONCERN;
    make_asker(m);
    town_purpose_name(0, m->purpose);
    (void)snprintf(m->basis, sizeof(m->basis), "duty");
    (void)snprintf(c->category, sizeof(c->category), "neglect");
    (void)snprintf(c->area, sizeof(c->area), "north");
    (void)snprintf(c->contact_route, sizeof(c->contact_route), "desk 4");
    c->severity = SEVERITY_LOW;
    c->subject_kind = SUBJECT_PERSON;
    town_person(0, &c->subject);
    c->observed_on = today;
    c->expires_on = CIVIL_NONE;
    c->has_origin = true;
    memset(c->origin, 0xa7, sizeof(c->origin));
}

static void make_referral(struct msg *m, int32_t today)
{
    struct msg_referral *r = &m->referral;

    m->type = MSG_REFERRAL;
    make_asker(m);
    town_purpose_name(0, m->purpose);
    r->kind = REFERRAL_SIGNPOSTING;
    r->origin = ORIGIN_AGENCY;
    (void)snprintf(r->to, sizeof(r->to), "agency-999");
    r->subject_kind = SUBJECT_PERSON;
    town_person(0, &r->subject);
    (void)snprintf(r->reason, sizeof(r->reason), "support");
    r->sent_on = today;
}

static void make_subscribe(struct msg *m)
{
    m->type = MSG_SUBSCRIBE;
    make_asker(m);
    (void)snprintf(m->subscribe.stream, sizeof(m->subscribe.stream), "all");
    m->subscribe.credit = 1024;
}

static void make_ack(struct msg *m, const char *stream, uint64_t seq)
{
    m->type = MSG_ACK;
    (void)snprintf(m->ack.stream, sizeof(m->ack.stream), "%s", stream);
    m->ack.seq = seq;
}

static void make(enum frame_kind kind, struct msg *m, int32_t today)
{
    switch (kind) {
    case FRAME_HELLO:
        m->type = MSG_HELLO;
        m->hello = (struct msg_hello){ .version_least = 1, .version_most = 1, .mode = MODE_LIVE, .software = "bench/1" };
        break;
    case FRAME_LEASE:
        m->type = MSG_LEASE;
        m->lease.civil_day = CIVIL_NONE;
        break;
    case FRAME_INSIGHT: make_insight(m, today); break;
    case FRAME_WHO_5:
    case FRAME_WHO_20:
    case FRAME_WHO_50: make_who(m, frame_words[kind], today); break;
    case FRAME_ANSWER: make_answer(m, today); break;
    case FRAME_CONCERN: make_concern(m, today); break;
    case FRAME_REFERRAL: make_referral(m, today); break;
    case FRAME_SUBSCRIBE: make_subscribe(m); break;
    case FRAME_ACK: make_ack(m, "all", 1); break;
    case FRAME_ACK_INBOX: make_ack(m, "inbox", 1); break;
    case FRAME_KINDS:
    default: break;
    }
}

/* Where these octets stand, 0 nowhere: nothing that is written over stands at the frame's start. */
static size_t find(const struct buf *frame, const void *octets, size_t len)
{
    const uint8_t *at = memmem(frame->data, frame->len, octets, len);

    return at ? (size_t)(at - frame->data) : 0;
}

static size_t put_varint(uint64_t v, uint8_t out[static 10])
{
    size_t n = 0;

    for (; v >= 128; v >>= 7)
        out[n++] = (uint8_t)(v | 128);
    out[n++] = (uint8_t)v;
    return n;
}

static void stencil_places(struct stencil *s, const struct msg *m)
{
    uint8_t octets[32], number[10];
    size_t len = put_varint((uint64_t)m->sent_ms, number);

    s->id = find(&s->frame, mark_id.octets, ID_LEN);
    s->reply_to = find(&s->frame, mark_reply.octets, ID_LEN);
    s->sent = find(&s->frame, number, len);
    s->purpose = find(&s->frame, "purpose-000", 11);
    s->question = find(&s->frame, "question-000", 12);
    s->receiver = find(&s->frame, "agency-999", 10);
    for (unsigned k = 0; k < TOWN_TOKENS; k++) {
        town_token_value(0, k, octets);
        s->tokens[k] = find(&s->frame, octets, TOKEN_LEN);
    }
    memset(octets, 0xa7, sizeof(octets));
    s->origin = find(&s->frame, octets, sizeof(octets));
    s->inbox = m->type == MSG_ACK && !strcmp(m->ack.stream, "inbox");
    s->seq = m->type == MSG_ACK ? find(&s->frame, m->ack.stream, strlen(m->ack.stream)) : 0;
    if (s->seq)
        s->seq += strlen(m->ack.stream) + 1; /* and the number's tag */
}

static int stencil_encode(struct msg *m, bool sign, struct stencil *s)
{
    struct wire_envelope e;
    int r;

    m->id = mark_id;
    m->sent_ms = clock_wall_ms();
    (void)snprintf(m->sender, sizeof(m->sender), "%s", s->who.name);
    r = wire_encode(m, &frames_context, sign ? &s->who.sign : NULL, &s->frame);
    if (!r && wire_open(buf_view(&s->frame), &e) != WIRE_OK)
        r = -EINVAL;
    if (r)
        return r;
    s->body = (size_t)(e.body.data - s->frame.data);
    s->body_len = e.body.len;
    s->signature = sign ? (size_t)(e.signature.data - s->frame.data) : 0;
    stencil_places(s, m);
    return 0;
}

int stencil_make(enum frame_kind kind, const struct town_agency *who, bool sign, struct stencil *out)
{
    static struct msg m;
    uint8_t public_key[32];

    memset(&m, 0, sizeof(m));
    memset(out, 0, sizeof(*out));
    out->who = *who;
    out->seq_len = 1;
    (void)crypto_sign_seed_keypair(public_key, out->key, who->sign.octets);
    buf_init(&out->frame, WIRE_FRAME_MAX);
    make(kind, &m, civil_today(clock_wall_ms()));
    return stencil_encode(&m, sign, out);
}

/* A number is written as shortly as it can be, or the frame is malformed: one that is longer than the last makes it anew. */
static void stencil_number(struct stencil *s, uint64_t seq)
{
    static struct msg m;
    uint8_t number[10];
    size_t len = put_varint(seq, number);

    if (len != s->seq_len) {
        memset(&m, 0, sizeof(m));
        make_ack(&m, s->inbox ? "inbox" : "all", seq);
        buf_reset(&s->frame);
        if (stencil_encode(&m, s->signature != 0, s))
            abort();
        s->seq_len = len;
    }
    memcpy(s->frame.data + s->seq, number, len);
}

void stencil_free(struct stencil *s)
{
    buf_deinit(&s->frame);
}

static void put_digits(uint8_t *at, unsigned n)
{
    at[0] = (uint8_t)('0' + n / 100 % 10);
    at[1] = (uint8_t)('0' + n / 10 % 10);
    at[2] = (uint8_t)('0' + n % 10);
}

/* The signature is over "almoner/v1" 0, mode, origin's length, origin, body. */
static void stencil_sign(struct stencil *s)
{
    static const char head[] = "almoner/v1";
    static uint8_t input[WIRE_FRAME_MAX];
    size_t at = sizeof(head), origin = strlen(TOWN_ORIGIN);

    memcpy(input, head, at);
    input[at++] = MODE_LIVE;
    input[at++] = (uint8_t)origin;
    memcpy(input + at, TOWN_ORIGIN, origin);
    at += origin;
    memcpy(input + at, s->frame.data + s->body, s->body_len);
    (void)crypto_sign_detached(s->frame.data + s->signature, NULL, input, at + s->body_len, s->key);
}

struct bytes stencil_fill(struct stencil *s, const struct fill *f)
{
    uint8_t *d, number[10];

    if (s->seq)
        stencil_number(s, f->event);
    d = s->frame.data;
    if (f->id)
        memcpy(d + s->id, f->id, ID_LEN);
    if (f->reply_to && s->reply_to)
        memcpy(d + s->reply_to, f->reply_to, ID_LEN);
    memcpy(d + s->sent, number, put_varint((uint64_t)f->now_ms, number)); /* as many bytes until 2039 */
    if (s->purpose)
        put_digits(d + s->purpose + 8, s->receiver || s->origin ? 0 : town_purpose_of(f->person));
    if (s->question)
        put_digits(d + s->question + 9, f->question);
    if (s->receiver)
        put_digits(d + s->receiver + 7, f->receiver);
    for (unsigned k = 0; k < TOWN_TOKENS && s->tokens[k]; k++)
        town_token_value(f->person, k, d + s->tokens[k]);
    if (s->origin)
        town_token_value(f->event + 1, 3, d + s->origin);
    if (s->signature)
        stencil_sign(s);
    return buf_view(&s->frame);
}

/* --- reading --- */

struct field {
    uint32_t number;
    uint64_t value;
    struct bytes view;
};

static uint64_t take_varint(struct bytes *in, bool *ok)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 64 && in->len; shift += 7) {
        uint8_t c = *in->data;

        *in = bytes_of(in->data + 1, in->len - 1);
        v |= (uint64_t)(c & 127) << shift;
        if (c < 128)
            return v;
    }
    *ok = false;
    return 0;
}

static bool take_field(struct bytes *in, struct field *f)
{
    bool ok = true;
    uint64_t tag;

    if (!in->len)
        return false;
    tag = take_varint(in, &ok);
    f->number = (uint32_t)(tag >> 3);
    f->value = take_varint(in, &ok);
    f->view = bytes_of(NULL, 0);
    if ((tag & 7) == 2 && ok) {
        ok = f->value <= in->len;
        if (ok) {
            f->view = bytes_of(in->data, f->value);
            *in = bytes_of(in->data + f->value, in->len - f->value);
        }
    }
    return ok && ((tag & 7) == 2 || (tag & 7) == 0);
}

bool frame_glance(struct bytes frame, struct glance *out)
{
    struct bytes body = { 0 };
    struct field f;

    memset(out, 0, sizeof(*out));
    while (!body.len && take_field(&frame, &f)) {
        if (f.number == 3)
            body = f.view;
    }
    while (take_field(&body, &f)) {
        if (f.number == 1 && f.view.len == ID_LEN)
            out->id = f.view.data;
        else if (f.number == 2 && f.view.len == ID_LEN)
            out->reply_to = f.view.data;
        else if (f.number >= MSG_HELLO && f.number < 200) {
            out->type = (uint8_t)f.number;
            out->payload = f.view;
        }
    }
    return out->type != 0;
}

uint64_t frame_number(struct bytes message, uint32_t field)
{
    struct field f;

    while (take_field(&message, &f)) {
        if (f.number == field)
            return f.value;
    }
    return 0;
}

bool frame_in_inbox(struct bytes deliver)
{
    struct field f;

    return take_field(&deliver, &f) && f.number == 1 && f.view.len == 5 && !memcmp(f.view.data, "inbox", 5);
}
