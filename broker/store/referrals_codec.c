/* SPDX-License-Identifier: Apache-2.0 */
/* referrals_codec.c - a referral's record as bytes. What comes back was sealed by this program, and
 * is checked all the same. */
#include "store/referrals_codec.h"

#include "store/fields.h"

#include <errno.h>
#include <string.h>

#define REFERRAL_LAYOUT 1

#define TAKE_TEXT(c, field) cursor_text(c, field, sizeof(field))

static void put_subject(struct buf *b, const struct referral_record *r)
{
    buf_put_u8(b, r->subject_kind);
    buf_put_u8(b, r->subject.unborn);
    buf_put_u8(b, r->subject.n);
    for (uint8_t i = 0; i < r->subject.n && i < TOKEN_SET_MAX; i++)
        field_put_token(b, &r->subject.tokens[i]);
    buf_put_u8(b, r->has_household);
    field_put_token(b, &r->household);
}

static void take_subject(struct cursor *c, struct referral_record *r)
{
    r->subject_kind = cursor_u8(c);
    r->subject.unborn = field_take_bool(c);
    r->subject.n = cursor_u8(c);
    if (r->subject.n > TOKEN_SET_MAX) {
        c->failed = true;
        return;
    }
    for (uint8_t i = 0; i < r->subject.n; i++)
        field_take_token(c, &r->subject.tokens[i]);
    r->has_household = field_take_bool(c);
    field_take_token(c, &r->household);
}

static void put_step(struct buf *b, const struct referral_step_record *s)
{
    buf_put_u8(b, s->step);
    buf_put_i32(b, s->on);
    buf_put_i64(b, s->at_ms);
    buf_put_u64(b, s->leaf);
    PUT_TEXT(b, s->by);
    PUT_TEXT(b, s->reason);
    PUT_TEXT(b, s->outcome);
    PUT_TEXT(b, s->to);
    buf_put_u8(b, s->kind);
}

static void take_step(struct cursor *c, struct referral_step_record *s)
{
    s->step = cursor_u8(c);
    s->on = cursor_i32(c);
    s->at_ms = cursor_i64(c);
    s->leaf = cursor_u64(c);
    TAKE_TEXT(c, s->by);
    TAKE_TEXT(c, s->reason);
    TAKE_TEXT(c, s->outcome);
    TAKE_TEXT(c, s->to);
    s->kind = cursor_u8(c);
}

void referral_encode(const struct referral_record *r, struct buf *b)
{
    uint8_t n = r->n_steps < REFERRAL_STEPS_MAX ? r->n_steps : REFERRAL_STEPS_MAX;

    buf_put_u8(b, REFERRAL_LAYOUT);
    buf_put(b, r->id.octets, ID_LEN);
    PUT_TEXT(b, r->from);
    PUT_TEXT(b, r->to);
    PUT_TEXT(b, r->purpose);
    PUT_TEXT(b, r->basis);
    PUT_TEXT(b, r->role);
    PUT_TEXT(b, r->practitioner);
    PUT_TEXT(b, r->service);
    PUT_TEXT(b, r->reason);
    PUT_TEXT(b, r->area);
    buf_put_u8(b, r->origin);
    put_subject(b, r);
    buf_put_u16(b, r->made);
    buf_put_u32(b, r->pounds);
    buf_put_u8(b, r->sealed);
    buf_put_u64(b, r->leaf);
    buf_put_i64(b, r->lodged_ms);
    buf_put_u8(b, r->state);
    buf_put_u8(b, r->kind);
    buf_put_u8(b, r->due);
    buf_put_i32(b, r->sent_on);
    buf_put_i32(b, r->since);
    buf_put_i32(b, r->last_on);
    buf_put_i32(b, r->due_on);
    buf_put_u8(b, r->running);
    buf_put_u8(b, r->hidden);
    buf_put_u8(b, r->late_told);
    buf_put_u8(b, r->decided);
    buf_put_u8(b, n);
    for (uint8_t i = 0; i < n; i++)
        put_step(b, &r->steps[i]);
}

static void take_terms(struct cursor *c, struct referral_record *out)
{
    out->made = cursor_u16(c);
    out->pounds = cursor_u32(c);
    out->sealed = field_take_bool(c);
    out->leaf = cursor_u64(c);
    out->lodged_ms = cursor_i64(c);
    out->state = cursor_u8(c);
    out->kind = cursor_u8(c);
    out->due = cursor_u8(c);
    out->sent_on = cursor_i32(c);
    out->since = cursor_i32(c);
    out->last_on = cursor_i32(c);
    out->due_on = cursor_i32(c);
    out->running = field_take_bool(c);
    out->hidden = field_take_bool(c);
    out->late_told = field_take_bool(c);
    out->decided = field_take_bool(c);
    out->n_steps = cursor_u8(c);
    if (out->n_steps > REFERRAL_STEPS_MAX) {
        c->failed = true;
        return;
    }
    for (uint8_t i = 0; i < out->n_steps; i++)
        take_step(c, &out->steps[i]);
}

int referral_decode(struct bytes octets, struct referral_record *out)
{
    struct cursor c = cursor_of(octets);
    struct bytes id;

    *out = (struct referral_record){ 0 };
    if (cursor_u8(&c) != REFERRAL_LAYOUT)
        return -EBADMSG;
    id = cursor_take(&c, ID_LEN);
    if (id.len)
        memcpy(out->id.octets, id.data, ID_LEN);
    TAKE_TEXT(&c, out->from);
    TAKE_TEXT(&c, out->to);
    TAKE_TEXT(&c, out->purpose);
    TAKE_TEXT(&c, out->basis);
    TAKE_TEXT(&c, out->role);
    TAKE_TEXT(&c, out->practitioner);
    TAKE_TEXT(&c, out->service);
    TAKE_TEXT(&c, out->reason);
    TAKE_TEXT(&c, out->area);
    out->origin = cursor_u8(&c);
    take_subject(&c, out);
    if (!c.failed)
        take_terms(&c, out);
    return cursor_end(&c);
}
