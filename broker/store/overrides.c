/* SPDX-License-Identifier: Apache-2.0 */
/* overrides.c - overrides kept and found. Whether one permits anything is policy's business. */
#include "store/overrides.h"

#include "store/fields.h"
#include "store/lodged.h"
#include "store/retokens.h"
#include "store/subjects.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define OVERRIDE_LAYOUT     2 /* written; read too: 1, which has no reasons of approval and review */
#define OVERRIDE_RECORD_MAX 16384
#define UNREVIEWED_TEXT     80 /* "unreviewed:" and an agency: a ':' is in no agency's id */

static void put_asked(struct buf *b, const struct msg_override *o)
{
    buf_put_u8(b, o->subject.unborn);
    buf_put_u8(b, o->subject.n);
    for (uint8_t i = 0; i < o->subject.n && i < TOKEN_SET_MAX; i++)
        field_put_token(b, &o->subject.tokens[i]);
    buf_put_u8(b, o->involvement);
    PUT_TEXT(b, o->question);
    buf_put_u8(b, o->has_parameter);
    field_put_token(b, &o->parameter);
    buf_put_u8(b, o->para18);
    buf_put_u8(b, o->harm);
    buf_put_u8(b, o->likelihood);
    buf_put_u8(b, o->immediacy);
    buf_put_u8(b, o->told);
    PUT_TEXT(b, o->not_told);
    PUT_TEXT(b, o->necessity);
    PUT_TEXT(b, o->proportionality);
    buf_put_u16(b, o->hours);
    buf_put_u8(b, o->immediate_danger);
    buf_put_u8(b, o->no_part);
}

static void take_asked(struct cursor *c, struct msg_override *o)
{
    o->subject.unborn = field_take_bool(c);
    o->subject.n = cursor_u8(c);
    if (o->subject.n > TOKEN_SET_MAX) {
        c->failed = true;
        return;
    }
    for (uint8_t i = 0; i < o->subject.n; i++)
        field_take_token(c, &o->subject.tokens[i]);
    o->involvement = field_take_bool(c);
    cursor_text(c, o->question, sizeof(o->question));
    o->has_parameter = field_take_bool(c);
    field_take_token(c, &o->parameter);
    o->para18 = cursor_u8(c);
    o->harm = cursor_u8(c);
    o->likelihood = cursor_u8(c);
    o->immediacy = cursor_u8(c);
    o->told = cursor_u8(c);
    cursor_text(c, o->not_told, sizeof(o->not_told));
    cursor_text(c, o->necessity, sizeof(o->necessity));
    cursor_text(c, o->proportionality, sizeof(o->proportionality));
    o->hours = cursor_u16(c);
    o->immediate_danger = field_take_bool(c);
    o->no_part = field_take_bool(c);
}

static void override_encode(const struct override_record *r, struct buf *b)
{
    buf_put_u8(b, OVERRIDE_LAYOUT);
    buf_put(b, r->id.octets, ID_LEN);
    PUT_TEXT(b, r->agency);
    PUT_TEXT(b, r->practitioner);
    PUT_TEXT(b, r->role);
    PUT_TEXT(b, r->purpose);
    PUT_TEXT(b, r->gateway);
    put_asked(b, &r->override);
    buf_put_i64(b, r->requested_ms);
    buf_put_i64(b, r->from_ms);
    buf_put_i64(b, r->until_ms);
    buf_put_i64(b, r->review_due_ms);
    buf_put_u64(b, r->leaf);
    buf_put_u8(b, r->approval);
    PUT_TEXT(b, r->approver);
    PUT_TEXT(b, r->approver_ref);
    buf_put_i64(b, r->approved_ms);
    buf_put_u8(b, r->vetoed);
    buf_put_u8(b, r->finding);
    PUT_TEXT(b, r->reviewer);
    PUT_TEXT(b, r->reviewer_ref);
    buf_put_i64(b, r->reviewed_ms);
    PUT_TEXT(b, r->approval_reason);
    PUT_TEXT(b, r->review_reason);
}

static int override_decode(struct bytes octets, struct override_record *out)
{
    struct cursor c = cursor_of(octets);
    uint8_t layout = cursor_u8(&c);
    struct bytes id;

    *out = (struct override_record){ 0 };
    if (layout < 1 || layout > OVERRIDE_LAYOUT)
        return -EBADMSG;
    id = cursor_take(&c, ID_LEN);
    if (id.len)
        memcpy(out->id.octets, id.data, ID_LEN);
    cursor_text(&c, out->agency, sizeof(out->agency));
    cursor_text(&c, out->practitioner, sizeof(out->practitioner));
    cursor_text(&c, out->role, sizeof(out->role));
    cursor_text(&c, out->purpose, sizeof(out->purpose));
    cursor_text(&c, out->gateway, sizeof(out->gateway));
    take_asked(&c, &out->override);
    out->requested_ms = cursor_i64(&c);
    out->from_ms = cursor_i64(&c);
    out->until_ms = cursor_i64(&c);
    out->review_due_ms = cursor_i64(&c);
    out->leaf = cursor_u64(&c);
    out->approval = cursor_u8(&c);
    cursor_text(&c, out->approver, sizeof(out->approver));
    cursor_text(&c, out->approver_ref, sizeof(out->approver_ref));
    out->approved_ms = cursor_i64(&c);
    out->vetoed = field_take_bool(&c);
    out->finding = cursor_u8(&c);
    cursor_text(&c, out->reviewer, sizeof(out->reviewer));
    cursor_text(&c, out->reviewer_ref, sizeof(out->reviewer_ref));
    out->reviewed_ms = cursor_i64(&c);
    if (layout >= 2) {
        cursor_text(&c, out->approval_reason, sizeof(out->approval_reason));
        cursor_text(&c, out->review_reason, sizeof(out->review_reason));
    }
    if (cursor_end(&c) < 0 || out->approval > APPROVAL_REFUSE ||
        out->finding > FINDING_NOT_JUSTIFIED)
        return -EBADMSG;
    return 0;
}

/* --- found by agency until reviewed --- */

static void unreviewed_text(const char *agency, char out[static UNREVIEWED_TEXT])
{
    (void)snprintf(out, UNREVIEWED_TEXT, "unreviewed:%.63s", agency);
}

static bool unreviewed(const struct override_record *r)
{
    return r->review_due_ms != 0 && r->finding == 0;
}

/* --- records --- */

static int override_put_now(struct store_txn *t, const struct override_record *r)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    char text[UNREVIEWED_TEXT];

    /* One whose tokens went with their epoch is still reviewed. */
    if (!subjects_findable(&r->override.subject) &&
        !store_has(t, TABLE_OVERRIDES, bytes_of(r->id.octets, ID_LEN)))
        return -EINVAL;
    buf_init(&b, OVERRIDE_RECORD_MAX);
    override_encode(r, &b);
    if (buf_status(&b))
        return buf_status(&b);
    store_put(t, TABLE_OVERRIDES, bytes_of(r->id.octets, ID_LEN), buf_view(&b));
    subjects_add(t, SUBJECTS_OVERRIDE, &r->override.subject, &r->id);
    unreviewed_text(r->agency, text);
    if (unreviewed(r))
        subjects_lodger_add(t, text, r->leaf, &r->id);
    else
        subjects_lodger_remove(t, text, r->leaf, &r->id);
    return 0;
}

/* It lasts hours: nobody carries it to another epoch. */
int overrides_settle(struct store_txn *t, const struct id *id, const struct token_epochs *e)
{
    struct override_record record;
    struct tokens_view v = { .subject = &record.override.subject };
    int r = overrides_get(t, id, &record);

    if (r == 0)
        r = tokens_settle(t, SUBJECTS_OVERRIDE, id, e, &v);
    if (r <= 0)
        return r;
    record.override.has_parameter = false;
    record.override.parameter = (struct token){ 0 };
    r = override_put_now(t, &record);
    return r < 0 ? r : 1;
}

void overrides_put(struct store_txn *t, const struct override_record *r)
{
    store_fail(t, override_put_now(t, r));
}

int overrides_get(struct store_txn *t, const struct id *id, struct override_record *out)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    int r;

    buf_init(&b, OVERRIDE_RECORD_MAX);
    r = store_get(t, TABLE_OVERRIDES, bytes_of(id->octets, ID_LEN), &b);
    return r < 0 ? r : override_decode(buf_view(&b), out);
}

/* A record that its index names and that is not there has been taken away: fail. */
static int overrides_each(struct store_txn *t, const struct subjects_found *found,
                          overrides_visit *visit, void *ctx)
{
    int r = 0;

    for (size_t i = 0; i < found->n && r == 0; i++) {
        struct id id = subjects_found_at(found, i);
        struct override_record record;

        r = overrides_get(t, &id, &record);
        if (r == 0)
            r = visit(ctx, &record);
        else if (r == -ENOENT)
            r = -EBADMSG;
    }
    return r < 0 ? r : 0;
}

int overrides_about(struct store_txn *t, const struct token_set *subject, overrides_visit *visit,
                    void *ctx)
{
    ALM_CLEANUP(subjects_found_deinit) struct subjects_found found = { 0 };
    int r = subjects_find(t, SUBJECTS_OVERRIDE, subject, &found);

    return r < 0 ? r : overrides_each(t, &found, visit, ctx);
}

int overrides_unreviewed(struct store_txn *t, const char *agency, overrides_visit *visit, void *ctx)
{
    ALM_CLEANUP(subjects_found_deinit) struct subjects_found found = { 0 };
    char text[UNREVIEWED_TEXT];
    int r;

    unreviewed_text(agency, text);
    r = subjects_lodger_find(t, text, &found);
    return r < 0 ? r : overrides_each(t, &found, visit, ctx);
}

bool overrides_listed(struct store_txn *t, const struct override_record *r)
{
    char text[UNREVIEWED_TEXT];

    unreviewed_text(r->agency, text);
    return subjects_lodger_has(t, text, r->leaf, &r->id) == unreviewed(r);
}

int overrides_forget(struct store_txn *t, const struct id *id)
{
    struct override_record record;
    struct tokens_view v = { .subject = &record.override.subject };
    char text[UNREVIEWED_TEXT];
    int r = overrides_get(t, id, &record);

    if (r < 0)
        return r;
    tokens_index(t, SUBJECTS_OVERRIDE, id, &v, false);
    unreviewed_text(record.agency, text);
    subjects_lodger_remove(t, text, record.leaf, id);
    store_del(t, TABLE_OVERRIDES, bytes_of(id->octets, ID_LEN));
    crypto_wipe(&record, sizeof(record));
    return 0;
}
