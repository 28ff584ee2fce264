/* SPDX-License-Identifier: Apache-2.0 */
/* consents_codec.c - consents and shields as bytes and back. What is read is checked against every
 * bound: a record may be damaged before it was sealed, or written by another version.
 *
 * A record has 9 KB, nearly all of it room: reading one writes each field, and of lists and texts as
 * far as they go, and zeroes the rest only where it failed. */
#include "store/consents_codec.h"

#include "store/fields.h"

#include <errno.h>
#include <string.h>

#define CONSENT_LAYOUT 2 /* written; read too: 1, which ends with the wording */
#define SHIELD_LAYOUT  1

void subject_encode(const struct token_set *s, struct buf *b)
{
    size_t n = s->n < TOKEN_SET_MAX ? s->n : TOKEN_SET_MAX;

    buf_put_u8(b, s->unborn);
    buf_put_u8(b, (uint8_t)n);
    for (size_t i = 0; i < n; i++) {
        buf_put_u8(b, s->tokens[i].kind);
        buf_put_u8(b, s->tokens[i].scheme);
        buf_put_u16(b, s->tokens[i].epoch);
        buf_put(b, s->tokens[i].value, TOKEN_LEN);
    }
}

void subject_decode(struct cursor *c, struct token_set *out)
{
    uint8_t n;

    out->unborn = field_take_bool(c);
    out->n = 0;
    n = cursor_u8(c);
    if (n > TOKEN_SET_MAX) {
        c->failed = true;
        return;
    }
    out->n = n;
    for (size_t i = 0; i < n; i++) {
        struct token *t = &out->tokens[i];
        struct bytes value;

        t->kind = cursor_u8(c);
        t->scheme = cursor_u8(c);
        t->epoch = cursor_u16(c);
        value = cursor_take(c, TOKEN_LEN);
        if (value.len)
            memcpy(t->value, value.data, TOKEN_LEN);
    }
}

static void put_scope(struct buf *b, const struct msg_scope *s)
{
    size_t n = s->n < SCOPE_MAX ? s->n : SCOPE_MAX;

    buf_put_u8(b, s->any);
    buf_put_u8(b, (uint8_t)n);
    for (size_t i = 0; i < n; i++)
        field_put_text(b, s->agencies[i], sizeof(s->agencies[i]));
}

static void take_scope(struct cursor *c, struct msg_scope *out)
{
    uint8_t n;

    out->any = field_take_bool(c);
    out->n = 0;
    n = cursor_u8(c);
    if (n > SCOPE_MAX) {
        c->failed = true;
        return;
    }
    out->n = n;
    for (size_t i = 0; i < n; i++)
        cursor_text(c, out->agencies[i], sizeof(out->agencies[i]));
}

static void put_consent(struct buf *b, const struct msg_consent *m)
{
    buf_put_u8(b, m->decision);
    subject_encode(&m->subject, b);
    field_put_text(b, m->purpose, sizeof(m->purpose));
    buf_put_u8(b, m->capacity);
    buf_put_u8(b, m->giver_authority);
    field_put_text(b, m->giver_ref, sizeof(m->giver_ref));
    put_scope(b, &m->recipients);
    put_scope(b, &m->sources);
    put_scope(b, &m->sensitive_sources);
    buf_put_i32(b, m->given_on);
    buf_put_i64(b, m->given_ms);
    buf_put_i32(b, m->expires_on);
    buf_put_i32(b, m->review_on);
    buf_put_i32(b, m->able_from);
    buf_put_i32(b, m->able_until);
    buf_put_u8(b, m->method);
    field_put_text(b, m->wording_version, sizeof(m->wording_version));
}

static void put_circumstances(struct buf *b, const struct msg_consent *m)
{
    field_put_text(b, m->competence_by, sizeof(m->competence_by));
    field_put_text(b, m->competence_role, sizeof(m->competence_role));
    buf_put_i32(b, m->competence_on);
    field_put_text(b, m->witness, sizeof(m->witness));
    field_put_text(b, m->language, sizeof(m->language));
    field_put_text(b, m->conditions, sizeof(m->conditions));
    buf_put_u8(b, m->safe_contact);
    buf_put_u8(b, m->has_family);
    field_put_id(b, &m->family);
    buf_put_u8(b, m->stage);
    field_put_text(b, m->not_possible, sizeof(m->not_possible));
}

static void take_consent(struct cursor *c, struct msg_consent *out)
{
    out->decision = cursor_u8(c);
    subject_decode(c, &out->subject);
    cursor_text(c, out->purpose, sizeof(out->purpose));
    out->capacity = cursor_u8(c);
    out->giver_authority = field_take_bool(c);
    cursor_text(c, out->giver_ref, sizeof(out->giver_ref));
    take_scope(c, &out->recipients);
    take_scope(c, &out->sources);
    take_scope(c, &out->sensitive_sources);
    out->given_on = cursor_i32(c);
    out->given_ms = cursor_i64(c);
    out->expires_on = cursor_i32(c);
    out->review_on = cursor_i32(c);
    out->able_from = cursor_i32(c);
    out->able_until = cursor_i32(c);
    out->method = cursor_u8(c);
    cursor_text(c, out->wording_version, sizeof(out->wording_version));
}

static void take_circumstances(struct cursor *c, struct msg_consent *out)
{
    cursor_text(c, out->competence_by, sizeof(out->competence_by));
    cursor_text(c, out->competence_role, sizeof(out->competence_role));
    out->competence_on = cursor_i32(c);
    cursor_text(c, out->witness, sizeof(out->witness));
    cursor_text(c, out->language, sizeof(out->language));
    cursor_text(c, out->conditions, sizeof(out->conditions));
    out->safe_contact = field_take_bool(c);
    out->has_family = field_take_bool(c);
    field_take_id(c, &out->family);
    out->stage = cursor_u8(c);
    cursor_text(c, out->not_possible, sizeof(out->not_possible));
}

/* Of the first layout, which has none of them. */
static void no_circumstances(struct msg_consent *out)
{
    out->competence_by[0] = out->competence_role[0] = '\0';
    out->competence_on = CIVIL_NONE;
    out->witness[0] = out->language[0] = out->conditions[0] = out->not_possible[0] = '\0';
    out->safe_contact = out->has_family = false;
    out->family = (struct id){ { 0 } };
    out->stage = 0;
}

void consent_encode(const struct consent_record *r, struct buf *out)
{
    buf_put_u8(out, CONSENT_LAYOUT);
    field_put_id(out, &r->id);
    field_put_text(out, r->lodger, sizeof(r->lodger));
    buf_put_u8(out, r->is_withdrawal);
    put_consent(out, &r->consent);
    put_circumstances(out, &r->consent);
    buf_put_i32(out, r->withdrawn_on);
    buf_put_i64(out, r->withdrawn_ms);
    buf_put_u64(out, r->leaf);
}

/* A decision that is none of the three would be taken for whatever its reader asks first. */
static bool consent_sensible(const struct consent_record *r)
{
    return r->is_withdrawal || r->consent.decision == CONSENT_GRANTED ||
           r->consent.decision == CONSENT_REFUSED || r->consent.decision == CONSENT_NOT_POSSIBLE;
}

static int consent_take(struct bytes octets, struct consent_record *out)
{
    struct cursor c = cursor_of(octets);
    uint8_t layout = cursor_u8(&c);

    if (layout < 1 || layout > CONSENT_LAYOUT)
        return -EBADMSG;
    field_take_id(&c, &out->id);
    cursor_text(&c, out->lodger, sizeof(out->lodger));
    out->is_withdrawal = field_take_bool(&c);
    take_consent(&c, &out->consent);
    if (layout >= 2)
        take_circumstances(&c, &out->consent);
    else
        no_circumstances(&out->consent);
    out->withdrawn_on = cursor_i32(&c);
    out->withdrawn_ms = cursor_i64(&c);
    out->leaf = cursor_u64(&c);
    if (cursor_end(&c) < 0 || !consent_sensible(out))
        return -EBADMSG;
    return 0;
}

int consent_decode(struct bytes octets, struct consent_record *out)
{
    int r = consent_take(octets, out);

    if (r < 0)
        memset(out, 0, sizeof(*out));
    return r;
}

void shield_encode(const struct shield_record *r, struct buf *out)
{
    buf_put_u8(out, SHIELD_LAYOUT);
    field_put_id(out, &r->id);
    field_put_text(out, r->owner, sizeof(r->owner));
    subject_encode(&r->shield.subject, out);
    buf_put_u8(out, r->shield.level);
    buf_put_i32(out, r->shield.from);
    buf_put_i32(out, r->shield.until);
    buf_put_i32(out, r->shield.review_on);
    field_put_text(out, r->shield.reason, sizeof(r->shield.reason));
    buf_put_u8(out, r->lifted);
    buf_put_u64(out, r->leaf);
}

static int shield_take(struct bytes octets, struct shield_record *out)
{
    struct cursor c = cursor_of(octets);

    if (cursor_u8(&c) != SHIELD_LAYOUT)
        return -EBADMSG;
    field_take_id(&c, &out->id);
    cursor_text(&c, out->owner, sizeof(out->owner));
    subject_decode(&c, &out->shield.subject);
    out->shield.level = cursor_u8(&c);
    out->shield.from = cursor_i32(&c);
    out->shield.until = cursor_i32(&c);
    out->shield.review_on = cursor_i32(&c);
    cursor_text(&c, out->shield.reason, sizeof(out->shield.reason));
    out->lifted = field_take_bool(&c);
    out->leaf = cursor_u64(&c);
    if (cursor_end(&c) < 0 || out->shield.level < 1 || out->shield.level > 3)
        return -EBADMSG;
    return 0;
}

int shield_decode(struct bytes octets, struct shield_record *out)
{
    int r = shield_take(octets, out);

    if (r < 0)
        memset(out, 0, sizeof(*out));
    return r;
}
