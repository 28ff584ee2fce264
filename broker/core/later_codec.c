/* SPDX-License-Identifier: Apache-2.0 */
/* later_codec.c - a query that waits for answers by hand, as bytes (TABLE_LATER, 'r'). Agencies
 * stand by name: slots are of one process. */
#include "later.h"

#include "store/fields.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LATER_LAYOUT 2

enum { PLACE_DESK = 1, PLACE_SENT = 2, PLACE_TRULY = 4, PLACE_ANSWERED = 8, PLACE_DETAIL = 16 };

#define TAKE_TEXT(c, field) cursor_text(c, field, sizeof(field))

static const char *agency_name(const struct core *c, uint16_t slot)
{
    return slot == AGENCY_NONE ? "" : c->agencies.slots[slot].reg.id;
}

static uint16_t agency_slot(const struct core *c, struct cursor *at)
{
    name_t id;

    TAKE_TEXT(at, id);
    return id[0] ? agencies_find(&c->agencies, id) : AGENCY_NONE;
}

/* --- what was asked --- */

static void put_ask(const struct core *c, const struct ask *a, struct buf *b)
{
    field_put_id(b, &a->id);
    buf_put_text(b, agency_name(c, a->agency));
    PUT_TEXT(b, a->practitioner.ref);
    PUT_TEXT(b, a->practitioner.role);
    buf_put_u8(b, a->practitioner.login);
    PUT_TEXT(b, a->purpose);
    PUT_TEXT(b, a->basis);
    PUT_TEXT(b, a->case_ref);
    buf_put_u8(b, a->involvement);
    PUT_TEXT(b, a->question);
    buf_put_u8(b, a->has_parameter);
    field_put_token(b, &a->parameter);
    buf_put_u8(b, a->subject_kind);
    field_put_set(b, &a->subject);
    field_put_token(b, &a->household);
    buf_put_u16(b, a->statements);
    buf_put_u8(b, a->relation);
    buf_put_i32(b, a->relation_since);
    buf_put_i32(b, a->relation_until);
    buf_put_u8(b, a->relation_reason);
}

static void take_ask(const struct core *c, struct cursor *at, struct ask *a)
{
    field_take_id(at, &a->id);
    a->agency = agency_slot(c, at);
    TAKE_TEXT(at, a->practitioner.ref);
    TAKE_TEXT(at, a->practitioner.role);
    a->practitioner.login = cursor_u8(at);
    TAKE_TEXT(at, a->purpose);
    TAKE_TEXT(at, a->basis);
    TAKE_TEXT(at, a->case_ref);
    a->involvement = field_take_bool(at);
    TAKE_TEXT(at, a->question);
    a->has_parameter = field_take_bool(at);
    field_take_token(at, &a->parameter);
    a->subject_kind = cursor_u8(at);
    field_take_set(at, &a->subject);
    field_take_token(at, &a->household);
    a->statements = cursor_u16(at);
    a->relation = cursor_u8(at);
    a->relation_since = cursor_i32(at);
    a->relation_until = cursor_i32(at);
    a->relation_reason = field_take_bool(at);
}

/* Its tokens and homes alone; the rest of a question is worked out anew each time it is put. */
static void put_tokens(struct buf *b, const struct msg_question *q)
{
    buf_put_u8(b, q->subject_kind);
    if (!q->subject_kind)
        return;
    field_put_set(b, &q->subject);
    field_put_token(b, &q->household);
    buf_put_u8(b, q->has_parameter);
    field_put_token(b, &q->parameter);
    buf_put_u8(b, q->n_homes);
    for (uint8_t i = 0; i < q->n_homes && i < HOMES_MAX; i++) {
        field_put_token(b, &q->homes[i].token);
        buf_put_i32(b, q->homes[i].from);
        buf_put_i32(b, q->homes[i].until);
    }
}

static void take_tokens(struct cursor *at, struct msg_question *q)
{
    q->subject_kind = cursor_u8(at);
    if (!q->subject_kind)
        return;
    field_take_set(at, &q->subject);
    field_take_token(at, &q->household);
    q->has_parameter = field_take_bool(at);
    field_take_token(at, &q->parameter);
    q->n_homes = cursor_u8(at);
    if (q->n_homes > HOMES_MAX) {
        at->failed = true;
        q->n_homes = 0;
    }
    for (uint8_t i = 0; i < q->n_homes; i++) {
        field_take_token(at, &q->homes[i].token);
        q->homes[i].from = cursor_i32(at);
        q->homes[i].until = cursor_i32(at);
    }
}

/* --- whom, and what they said --- */

static void put_place(const struct core *c, const struct pending_holder *h, struct buf *b)
{
    bool answered = h->state == HOLDER_ANSWERED;
    bool detail = answered && h->detail;

    buf_put_text(b, agency_name(c, h->agency));
    field_put_id(b, &h->question);
    buf_put_u8(b, h->factor);
    buf_put_u8(b, (uint8_t)((h->desk ? PLACE_DESK : 0) | (h->sent ? PLACE_SENT : 0) |
                            (h->truly ? PLACE_TRULY : 0) | (answered ? PLACE_ANSWERED : 0) |
                            (detail ? PLACE_DETAIL : 0)));
    buf_put_i64(b, h->until_ms);
    if (!answered)
        return;
    buf_put_u8(b, h->value);
    buf_put_u8(b, h->cause);
    buf_put_i32(b, h->said_on);
    if (!detail)
        return;
    PUT_TEXT(b, h->detail->service);
    PUT_TEXT(b, h->detail->contact_route);
    PUT_TEXT(b, h->detail->lead_professional);
    buf_put_i32(b, h->detail->since);
}

static int take_detail(struct cursor *at, struct pending_holder *h)
{
    h->detail = calloc(1, sizeof(*h->detail));
    if (!h->detail)
        return -ENOMEM;
    TAKE_TEXT(at, h->detail->service);
    TAKE_TEXT(at, h->detail->contact_route);
    TAKE_TEXT(at, h->detail->lead_professional);
    h->detail->since = cursor_i32(at);
    return 0;
}

static int take_place(const struct core *c, struct cursor *at, struct pending_holder *h)
{
    uint8_t flags;

    h->agency = agency_slot(c, at);
    field_take_id(at, &h->question);
    h->factor = cursor_u8(at);
    flags = cursor_u8(at);
    h->until_ms = cursor_i64(at);
    h->desk = flags & PLACE_DESK;
    h->sent = flags & PLACE_SENT;
    h->truly = flags & PLACE_TRULY;
    if (h->factor >= POLICY_FACTORS_MAX)
        at->failed = true;
    if (!(flags & PLACE_ANSWERED))
        return 0;
    h->state = HOLDER_ANSWERED;
    h->value = cursor_u8(at);
    h->cause = cursor_u8(at);
    h->said_on = cursor_i32(at);
    return flags & PLACE_DETAIL ? take_detail(at, h) : 0;
}

/* --- the whole --- */

void later_encode(const struct core *c, const struct pending *p, struct buf *out)
{
    const struct later *l = p->later;

    buf_put_u8(out, LATER_LAYOUT);
    put_ask(c, &p->ask, out);
    buf_put_u16(out, p->n_holders);
    buf_put_u64(out, p->leaf);
    buf_put_u8(out, p->hidden);
    buf_put_i64(out, l->until_ms);
    buf_put_u8(out, l->due);
    buf_put_u8(out, l->told.outcome);
    buf_put_u8(out, l->told.value);
    buf_put_u8(out, l->told.completeness);
    put_tokens(out, &l->asked);
    put_tokens(out, &l->nobody);
    buf_put_u8(out, p->factors ? POLICY_FACTORS_MAX : 0);
    for (size_t i = 0; p->factors && i < POLICY_FACTORS_MAX; i++)
        PUT_TEXT(out, p->factors[i]);
    for (uint16_t i = 0; i < p->n_holders; i++)
        put_place(c, &p->holders[i], out);
}

static int take_factors(struct cursor *at, struct pending *p)
{
    uint8_t n = cursor_u8(at);

    if (n != 0 && n != POLICY_FACTORS_MAX)
        return -EBADMSG;
    if (!n)
        return 0;
    p->factors = calloc(POLICY_FACTORS_MAX, sizeof(name_t));
    if (!p->factors)
        return -ENOMEM;
    for (size_t i = 0; i < POLICY_FACTORS_MAX; i++)
        TAKE_TEXT(at, p->factors[i]);
    return 0;
}

static int take_rest(const struct core *c, struct cursor *at, struct pending *p)
{
    struct later *l = p->later;
    int r;

    p->leaf = cursor_u64(at);
    p->hidden = field_take_bool(at);
    l->until_ms = cursor_i64(at);
    l->due = field_take_bool(at);
    l->told.outcome = cursor_u8(at);
    l->told.value = cursor_u8(at);
    l->told.completeness = cursor_u8(at);
    take_tokens(at, &l->asked);
    take_tokens(at, &l->nobody);
    r = take_factors(at, p);
    for (uint16_t i = 0; i < p->n_holders && !r; i++)
        r = at->failed ? -EBADMSG : take_place(c, at, &p->holders[i]);
    return r ? r : cursor_end(at);
}

int later_decode(const struct core *c, struct bytes octets, struct pending **out)
{
    ALM_CLEANUP(pending_freep) struct pending *p = NULL;
    struct cursor at = cursor_of(octets);
    struct ask ask = { 0 };
    uint16_t n;
    int r;

    if (cursor_u8(&at) != LATER_LAYOUT)
        return -EBADMSG;
    take_ask(c, &at, &ask);
    n = cursor_u16(&at);
    if (at.failed)
        return -EBADMSG;
    r = pending_alone(&ask, n, &p);
    if (!r)
        r = later_prepare(p);
    if (!r)
        r = take_rest(c, &at, p);
    if (r)
        return r;
    *out = p;
    p = NULL;
    return 0;
}
