/* SPDX-License-Identifier: Apache-2.0 */
/* queues_codec.c - what waits for an agency, as bytes. Not the wire's form: that is padded to the
 * largest of its type, and a queue holds many. */
#include "store/queues_codec.h"

#include "store/fields.h"
#include "store/queues.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define DELIVERY_LAYOUT 1
#define NOTICE_SUBJECT  2 /* the layout of a notice that has a subject; layout 1 followed by it */

#define TAKE_TEXT(c, field) cursor_text(c, field, sizeof(field))

static void take_octets(struct cursor *c, uint8_t *out, size_t len)
{
    struct bytes octets = cursor_take(c, len);

    if (octets.len == len)
        memcpy(out, octets.data, len);
}

static void put_subject(struct buf *b, uint8_t kind, const struct token_set *s, bool has_household,
                        const struct token *household)
{
    buf_put_u8(b, kind);
    buf_put_u8(b, s->unborn);
    buf_put_u8(b, s->n);
    for (uint8_t i = 0; i < s->n && i < TOKEN_SET_MAX; i++)
        field_put_token(b, &s->tokens[i]);
    buf_put_u8(b, has_household);
    field_put_token(b, household);
}

static void take_subject(struct cursor *c, uint8_t *kind, struct token_set *s, bool *has_household,
                         struct token *household)
{
    *kind = cursor_u8(c);
    s->unborn = field_take_bool(c);
    s->n = cursor_u8(c);
    if (s->n > TOKEN_SET_MAX) {
        c->failed = true;
        s->n = 0;
    }
    for (uint8_t i = 0; i < s->n; i++)
        field_take_token(c, &s->tokens[i]);
    *has_household = field_take_bool(c);
    field_take_token(c, household);
}

static void put_sealed(struct buf *b, struct bytes sealed, const uint8_t to[static 32])
{
    buf_put_var(b, sealed.data, sealed.len);
    buf_put(b, to, 32);
}

static void take_sealed(struct cursor *c, struct bytes *sealed, uint8_t to[static 32])
{
    *sealed = cursor_var(c, SEALED_MAX);
    take_octets(c, to, 32);
}

static void put_firing(struct buf *b, const struct msg_deliver *d)
{
    const struct msg_firing *f = &d->firing;

    buf_put(b, f->episode.octets, ID_LEN);
    PUT_TEXT(b, f->rule);
    PUT_TEXT(b, f->title);
    put_subject(b, f->subject_kind, &f->subject, f->has_household, &f->household);
    PUT_TEXT(b, f->category);
    PUT_TEXT(b, f->area);
    buf_put_u8(b, f->severity);
    buf_put_i32(b, f->fired_on);
    buf_put_u8(b, f->bypass);
    PUT_TEXT(b, f->decide_role);
    buf_put_i64(b, f->decide_by_ms);
    buf_put_u8(b, f->masked);
    buf_put_u8(b, f->n);
    for (uint8_t i = 0; i < f->n && i < CONTRIBUTORS_MAX; i++) {
        PUT_TEXT(b, f->contributors[i].agency);
        PUT_TEXT(b, f->contributors[i].agency_name);
        PUT_TEXT(b, f->contributors[i].contact_route);
    }
}

static void take_firing(struct cursor *c, struct msg_deliver *d)
{
    struct msg_firing *f = &d->firing;

    d->has_firing = true;
    field_take_id(c, &f->episode);
    TAKE_TEXT(c, f->rule);
    TAKE_TEXT(c, f->title);
    take_subject(c, &f->subject_kind, &f->subject, &f->has_household, &f->household);
    TAKE_TEXT(c, f->category);
    TAKE_TEXT(c, f->area);
    f->severity = cursor_u8(c);
    f->fired_on = cursor_i32(c);
    f->bypass = field_take_bool(c);
    TAKE_TEXT(c, f->decide_role);
    f->decide_by_ms = cursor_i64(c);
    f->masked = field_take_bool(c);
    f->n = cursor_u8(c);
    if (f->n > CONTRIBUTORS_MAX) {
        c->failed = true;
        f->n = 0;
    }
    for (uint8_t i = 0; i < f->n; i++) {
        TAKE_TEXT(c, f->contributors[i].agency);
        TAKE_TEXT(c, f->contributors[i].agency_name);
        TAKE_TEXT(c, f->contributors[i].contact_route);
    }
}

static void put_referral(struct buf *b, const struct msg_deliver *d)
{
    const struct msg_referral *r = &d->referral;

    buf_put(b, d->referral_id.octets, ID_LEN);
    buf_put_u8(b, r->kind);
    buf_put_u8(b, r->origin);
    PUT_TEXT(b, r->to);
    PUT_TEXT(b, r->service);
    put_subject(b, r->subject_kind, &r->subject, r->has_household, &r->household);
    PUT_TEXT(b, r->reason);
    buf_put_i32(b, r->sent_on);
    buf_put_u16(b, r->made);
    buf_put_u32(b, r->pounds);
    put_sealed(b, r->sealed, r->sealed_to);
}

static void take_referral(struct cursor *c, struct msg_deliver *d)
{
    struct msg_referral *r = &d->referral;

    d->has_referral = true;
    field_take_id(c, &d->referral_id);
    r->kind = cursor_u8(c);
    r->origin = cursor_u8(c);
    TAKE_TEXT(c, r->to);
    TAKE_TEXT(c, r->service);
    take_subject(c, &r->subject_kind, &r->subject, &r->has_household, &r->household);
    TAKE_TEXT(c, r->reason);
    r->sent_on = cursor_i32(c);
    r->made = cursor_u16(c);
    r->pounds = cursor_u32(c);
    take_sealed(c, &r->sealed, r->sealed_to);
}

static void put_update(struct buf *b, const struct msg_deliver *d)
{
    const struct msg_referral_update *u = &d->update;

    buf_put(b, u->referral.octets, ID_LEN);
    buf_put_u8(b, u->step);
    buf_put_i32(b, u->on);
    PUT_TEXT(b, u->reason);
    PUT_TEXT(b, u->redirect_to);
    buf_put_u8(b, u->kind);
    PUT_TEXT(b, u->outcome);
    put_sealed(b, u->sealed, u->sealed_to);
}

static void take_update(struct cursor *c, struct msg_deliver *d)
{
    struct msg_referral_update *u = &d->update;

    d->has_update = true;
    field_take_id(c, &u->referral);
    u->step = cursor_u8(c);
    u->on = cursor_i32(c);
    TAKE_TEXT(c, u->reason);
    TAKE_TEXT(c, u->redirect_to);
    u->kind = cursor_u8(c);
    TAKE_TEXT(c, u->outcome);
    take_sealed(c, &u->sealed, u->sealed_to);
}

static void put_watch(struct buf *b, const struct msg_deliver *d)
{
    buf_put(b, d->watch.watch.octets, ID_LEN);
    buf_put_i32(b, d->watch.on);
    buf_put_u8(b, d->watch.masked);
    PUT_TEXT(b, d->watch.agency);
    PUT_TEXT(b, d->watch.contact_route);
}

static void take_watch(struct cursor *c, struct msg_deliver *d)
{
    d->has_watch = true;
    field_take_id(c, &d->watch.watch);
    d->watch.on = cursor_i32(c);
    d->watch.masked = field_take_bool(c);
    TAKE_TEXT(c, d->watch.agency);
    TAKE_TEXT(c, d->watch.contact_route);
}

static void put_notice(struct buf *b, const struct msg_deliver *d)
{
    buf_put_u8(b, d->notice.kind);
    buf_put(b, d->notice.about.octets, ID_LEN);
    PUT_TEXT(b, d->notice.agency);
    PUT_TEXT(b, d->notice.contact_route);
    PUT_TEXT(b, d->notice.text);
    buf_put_i64(b, d->notice.due_ms);
    if (d->notice.subject.n)
        field_put_set(b, &d->notice.subject);
}

static void take_notice(struct cursor *c, struct msg_deliver *d)
{
    d->has_notice = true;
    d->notice.kind = cursor_u8(c);
    field_take_id(c, &d->notice.about);
    TAKE_TEXT(c, d->notice.agency);
    TAKE_TEXT(c, d->notice.contact_route);
    TAKE_TEXT(c, d->notice.text);
    d->notice.due_ms = cursor_i64(c);
}

/* Which query alone: what it is told is worked out anew at each sending. */
static void put_reply(struct buf *b, const struct msg_deliver *d)
{
    field_put_id(b, &d->query);
}

static void take_insight(struct cursor *c, struct msg_deliver *d)
{
    d->has_insight = true;
    field_take_id(c, &d->query);
}

static void take_involvement(struct cursor *c, struct msg_deliver *d)
{
    d->has_involvement = true;
    field_take_id(c, &d->query);
}

static void put_stop(struct buf *b, const struct msg_deliver *d)
{
    const struct msg_stop_using *s = &d->stop;

    field_put_id(b, &s->recall);
    field_put_id(b, &s->message);
    PUT_TEXT(b, s->question);
    buf_put_i32(b, s->told_on);
    buf_put_u8(b, s->cause);
    buf_put_u16(b, s->replies);
    buf_put_i64(b, s->due_ms);
    PUT_TEXT(b, s->text);
}

static void take_stop(struct cursor *c, struct msg_deliver *d)
{
    struct msg_stop_using *s = &d->stop;

    d->has_stop = true;
    field_take_id(c, &s->recall);
    field_take_id(c, &s->message);
    TAKE_TEXT(c, s->question);
    s->told_on = cursor_i32(c);
    s->cause = cursor_u8(c);
    s->replies = cursor_u16(c);
    s->due_ms = cursor_i64(c);
    TAKE_TEXT(c, s->text);
}

struct delivery_part {
    void (*put)(struct buf *b, const struct msg_deliver *d);
    void (*take)(struct cursor *c, struct msg_deliver *d);
    size_t at, len; /* of the part in the struct */
};
#define PART(field) offsetof(struct msg_deliver, field), sizeof(((struct msg_deliver *)NULL)->field)
static const struct delivery_part delivery_parts[] = {
    /* by enum delivery_kind */
    /* contributors are written whole as they are counted */
    [DELIVERY_FIRING] = { put_firing, take_firing, offsetof(struct msg_deliver, firing),
                          offsetof(struct msg_firing, contributors) },
    [DELIVERY_REFERRAL] = { put_referral, take_referral, PART(referral) },
    [DELIVERY_REFERRAL_UPDATE] = { put_update, take_update, PART(update) },
    [DELIVERY_WATCH] = { put_watch, take_watch, PART(watch) },
    [DELIVERY_NOTICE] = { put_notice, take_notice, PART(notice) },
    [DELIVERY_INSIGHT] = { put_reply, take_insight, PART(insight) },
    [DELIVERY_INVOLVEMENT] = { put_reply, take_involvement, PART(involvement) },
    [DELIVERY_STOP_USING] = { put_stop, take_stop, PART(stop) },
};

static const struct delivery_part *delivery_part(uint8_t kind)
{
    return kind < ALM_LEN(delivery_parts) && delivery_parts[kind].put ? &delivery_parts[kind]
                                                                      : NULL;
}

void delivery_zero(struct msg_deliver *d, uint8_t kind)
{
    const struct delivery_part *part = delivery_part(kind);

    memset(d, 0, offsetof(struct msg_deliver, firing));
    d->query = (struct id){ 0 };
    d->kind = kind;
    if (part)
        memset((uint8_t *)d + part->at, 0, part->len);
}

void delivery_copy(struct msg_deliver *to, const struct msg_deliver *from)
{
    const struct delivery_part *part = delivery_part(from->kind);

    memcpy(to, from, offsetof(struct msg_deliver, firing));
    to->query = from->query;
    if (part)
        memcpy((uint8_t *)to + part->at, (const uint8_t *)from + part->at, part->len);
    for (uint8_t i = 0; from->has_firing && i < from->firing.n && i < CONTRIBUTORS_MAX; i++)
        to->firing.contributors[i] = from->firing.contributors[i];
}

void delivery_encode(const struct msg_deliver *d, struct buf *out)
{
    const struct delivery_part *part = delivery_part(d->kind);

    buf_put_u8(out, d->kind == DELIVERY_NOTICE && d->notice.subject.n ? NOTICE_SUBJECT
                                                                      : DELIVERY_LAYOUT);
    buf_put_u8(out, d->kind);
    buf_put(out, d->event.octets, ID_LEN);
    buf_put_i64(out, d->at_ms);
    PUT_TEXT(out, d->from);
    if (part)
        part->put(out, d);
}

int delivery_decode(struct bytes octets, struct msg_deliver *out)
{
    struct cursor c = cursor_of(octets);
    const struct delivery_part *part;
    uint8_t layout;

    layout = cursor_u8(&c);
    delivery_zero(out, cursor_u8(&c));
    if (layout != DELIVERY_LAYOUT && layout != NOTICE_SUBJECT)
        return -EBADMSG;
    part = delivery_part(out->kind);
    if (!part)
        return -EBADMSG;
    field_take_id(&c, &out->event);
    out->at_ms = cursor_i64(&c);
    TAKE_TEXT(&c, out->from);
    part->take(&c, out);
    if (layout == NOTICE_SUBJECT) {
        field_take_set(&c, &out->notice.subject);
        if (out->kind != DELIVERY_NOTICE || !out->notice.subject.n)
            return -EBADMSG;
    }
    return cursor_end(&c);
}
